package text_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"

	"github.com/steward-itsm/steward/internal/ui/text"
)

// catalogue reads a language's file.
func catalogue(t *testing.T, path string) text.File {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var f text.File
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// others are the files of every language but English.
func others(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("locales/*.json")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(path string) bool { return filepath.Base(path) == "en.json" })
}

// TestTextsThatAreNotTranslatedAreListed does not fail: a text that a language
// lacks is shown in English. See the list with go test -v.
func TestTextsThatAreNotTranslatedAreListed(t *testing.T) {
	t.Parallel()
	english := catalogue(t, "locales/en.json")
	for _, path := range others(t) {
		have := catalogue(t, path).Messages
		var missing, unused []string
		for key := range english.Messages {
			if have[key].Other == "" {
				missing = append(missing, key)
			}
		}
		for key := range have {
			if _, used := english.Messages[key]; !used {
				unused = append(unused, key)
			}
		}
		slices.Sort(missing)
		slices.Sort(unused)
		t.Logf("%s: %d of %d texts are missing\n%s\n%d are no longer used\n%s", path, len(missing), len(english.Messages),
			strings.Join(missing, "\n"), len(unused), strings.Join(unused, "\n"))
	}
}

// placeholder is what stands for a value: %s, %[2]d, %%, {day}, {{service}}.
var placeholder = regexp.MustCompile(`%(?:\[\d+\])?[sdv]|%%|\{\{[a-z_.]+|\{[a-z]+\}`)

// placeholders lists a text's, without their order.
func placeholders(s string) []string {
	found := placeholder.FindAllString(s, -1)
	slices.Sort(found)
	return found
}

// unordered drops the numbers of arguments, which only say the order.
func unordered(found []string) []string {
	out := make([]string, len(found))
	for i, p := range found {
		out[i] = regexp.MustCompile(`\[\d+\]`).ReplaceAllString(p, "")
	}
	slices.Sort(out)
	return out
}

func TestTranslationsHoldThePlaceholdersOfTheirTexts(t *testing.T) {
	t.Parallel()
	english := catalogue(t, "locales/en.json").Messages
	for _, path := range others(t) {
		for key, m := range catalogue(t, path).Messages {
			original, used := english[key]
			if !used {
				continue
			}
			if diff := cmp.Diff(unordered(placeholders(original.Other)), unordered(placeholders(m.Other))); diff != "" {
				t.Errorf("%s: %q\n%q\n%s", path, key, m.Other, diff)
			}
			if (original.One == "") != (m.One == "") {
				t.Errorf("%s: %q has a plural in one language only", path, key)
			}
			// A singular may leave its number out, but must not ask for more.
			for _, p := range unordered(placeholders(m.One)) {
				if !slices.Contains(unordered(placeholders(original.Other)), p) {
					t.Errorf("%s: the singular of %q asks for %s", path, key, p)
				}
			}
			if strings.TrimSpace(m.Other) != m.Other {
				t.Errorf("%s: %q begins or ends with a space: %q", path, key, m.Other)
			}
		}
	}
}

func TestGermanIsWrittenAsGerman(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 13, 5, 0, 0, time.UTC)
	ctx := reader(text.Reader{Language: language.German, Now: now})
	for _, c := range []struct{ got, want string }{
		{text.T(ctx, "Queue"), "Warteschlange"},
		{text.N(ctx, 1, "%d ticket", "%d tickets"), "1 Ticket"},
		{text.N(ctx, 1234, "%d ticket", "%d tickets"), "1.234 Tickets"},
		{text.In(ctx, "create", "New"), "Neu"},
		{text.T(ctx, "There is no such text"), "There is no such text"},
		{text.Decimal(ctx, 3.14159, 2), "3,14"},
		{text.FileSize(ctx, 1_430_000), "1,4 MB"},
		{text.Money(ctx, 123450, "EUR"), "EUR 1.234,50"},
		{text.List(ctx, []string{"Ana", "Ben", "Carla"}), "Ana, Ben und Carla"},
		{text.Relative(ctx, now.Add(-130*time.Minute)), "vor 2 Std. 10 Min."},
		{text.Relative(ctx, now.Add(76*time.Hour)), "in 3 T 4 Std."},
		{text.Due(ctx, now.Add(-12*time.Minute)), "12 Min. überfällig"},
		{text.Date(ctx, now), "21. Nov. 2026"},
		{text.Instant(ctx, now), "Samstag, 21. Nov. 2026, 13:05 UTC"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	for header, want := range map[string]language.Tag{"de": language.German, "de-AT,de;q=0.9,en;q=0.8": language.German, "fr,de;q=0.5": language.German, "en,de;q=0.9": language.English} {
		if got := text.Match(header); got != want {
			t.Errorf("%q: got %v", header, got)
		}
	}
}
