package text_test

import (
	"context"
	"testing"
	"time"

	"golang.org/x/text/language"

	"github.com/steward-itsm/steward/internal/ui/text"
)

func reader(r text.Reader) context.Context { return text.With(context.Background(), r) }

func TestTextsFormatNumbersAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, c := range []struct{ got, want string }{
		{text.T(ctx, "Resolve ticket"), "Resolve ticket"},
		{text.T(ctx, "100% done"), "100% done"},
		{text.T(ctx, "%s assigned this to %s", "Ana", "Ben"), "Ana assigned this to Ben"},
		{text.N(ctx, 1, "%d ticket", "%d tickets"), "1 ticket"},
		{text.N(ctx, 1234, "%d ticket", "%d tickets"), "1,234 tickets"},
		{text.N(ctx, 2, "%[2]s has %[1]d task", "%[2]s has %[1]d tasks", "Ana"), "Ana has 2 tasks"},
		{text.In(ctx, "verb", "Open"), "Open"},
		{text.List(ctx, []string{"Ana", "Ben", "Carla"}), "Ana, Ben and Carla"},
		{text.Percent(ctx, 0.9534), "95.3%"},
		{text.Percent(ctx, 1), "100%"},
		{text.FileSize(ctx, 812), "812 B"},
		{text.FileSize(ctx, 1_430_000), "1.4 MB"},
		{text.Money(ctx, 123450, "EUR"), "EUR 1,234.50"},
		{text.Money(ctx, 500, "JPY"), "JPY 500"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestRelativeTimeIsSaidFromTheReadersNow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 13, 5, 0, 0, time.UTC)
	ctx := reader(text.Reader{Now: now})
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{0, "just now"},
		{-44 * time.Second, "just now"},
		{-3 * time.Minute, "3 min ago"},
		{-(2*time.Hour + 10*time.Minute), "2 h 10 min ago"},
		{2*time.Hour + 10*time.Minute, "in 2 h 10 min"},
		{76 * time.Hour, "in 3 d 4 h"},
		{2 * time.Hour, "in 2 h"},
		{-31 * 24 * time.Hour, "21 Oct 2026"},
	} {
		if got := text.Relative(ctx, now.Add(c.after)); got != c.want {
			t.Errorf("%v: got %q, want %q", c.after, got, c.want)
		}
	}
}

func TestAPromiseSaysInWordsThatItIsPast(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 13, 5, 0, 0, time.UTC)
	ctx := reader(text.Reader{Now: now})
	for after, want := range map[time.Duration]string{
		-12 * time.Minute: "12 min overdue",
		-30 * time.Second: "just now",
		time.Hour:         "in 1 h",
	} {
		if got := text.Due(ctx, now.Add(after)); got != want {
			t.Errorf("%v: got %q, want %q", after, got, want)
		}
	}
}

func TestAnInstantIsNamedInTheReadersZone(t *testing.T) {
	t.Parallel()
	ljubljana, err := time.LoadLocation("Europe/Ljubljana")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 21, 13, 5, 0, 0, time.UTC)
	ctx := reader(text.Reader{Location: ljubljana})
	if got, want := text.Instant(ctx, at), "Saturday 21 Nov 2026, 14:05 CET"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	american := reader(text.Reader{Language: language.AmericanEnglish})
	if got, want := text.Clock(american, at), "1:05 PM"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := text.Relative(ctx, at), "21 Nov 2026, 14:05"; got != want {
		t.Errorf("without a now: got %q, want %q", got, want)
	}
}

func TestAReaderWithoutALanguageWeHaveReadsEnglish(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]language.Tag{
		"":                  language.English,
		"xx, *;q=0.1":       language.English,
		"en-GB,en;q=0.9":    language.English,
		"not a header;;q=x": language.English,
	} {
		if got := text.Match(header); got != want {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
	if got := text.Direction(reader(text.Reader{Language: language.Arabic})); got != "rtl" {
		t.Errorf("Arabic is written %s, want rtl", got)
	}
}

func TestALabelWithinASentence(t *testing.T) {
	t.Parallel()
	german := text.With(context.Background(), text.Reader{Language: language.German})
	for _, c := range []struct {
		ctx         context.Context
		label, want string
	}{
		{context.Background(), "Incident", "incident"},
		{context.Background(), "VPN access", "VPN access"},
		{context.Background(), "", ""},
		{german, "Störung", "Störung"},
	} {
		if got := text.Within(c.ctx, c.label); got != c.want {
			t.Errorf("%q became %q", c.label, got)
		}
	}
}
