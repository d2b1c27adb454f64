package words_test

import (
	"context"
	"errors"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/words"
)

func TestATextThatIsKeptReadsAsBefore(t *testing.T) {
	t.Parallel()
	inner := words.Of("of the kind %s", words.Label{Meaning: "kind", Word: "Incident"})
	text := words.Of("%q in line %d of %v: %.1f %s, %d", "number", 12, errors.New("the log"), 2.5, inner, uint8(7))
	again := words.Recall(text.Stored())
	if got, want := again.String(), words.Of("%q in line %d of %v: %.1f %s, %d", "number", 12, "the log", 2.5, inner, 7).String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	ctx := words.With(context.Background(), words.Catalogue{
		Text:  func(key string, _ ...any) string { return "de: " + key },
		Label: func(_, word string) string { return word },
	})
	if got := words.Recall(words.Of("The file is empty.").Stored()).In(ctx); got != "de: The file is empty." {
		t.Errorf("in another language %q", got)
	}
	for _, plain := range []string{"", "The file is empty.", `{"a":1}`, "12"} {
		if got := words.Recall(plain).String(); got != plain {
			t.Errorf("%q became %q", plain, got)
		}
	}
}
