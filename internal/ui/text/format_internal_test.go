package text

import (
	"testing"

	"golang.org/x/text/message"
	"pgregory.net/rapid"
)

// What is plain is written by fmt, which takes a fifth of the time; it must not show.
func TestPlainTextsReadAsTheLanguageWritesThem(t *testing.T) {
	t.Parallel()
	formats := []string{"%s left", "Priority %s: %s", "%[2]s of %[1]s", "100 %% of %v", "%d", "%s: %d %% used", "no verbs"}
	for tag, c := range catalogues() {
		rapid.Check(t, func(rt *rapid.T) {
			format := rapid.SampledFrom(formats).Draw(rt, "format")
			arg := rapid.OneOf(rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.IntRange(-100_000, 100_000), func(n int) any { return n }))
			args := []any{arg.Draw(rt, "first"), arg.Draw(rt, "second")}
			switch format {
			case "%s left", "100 %% of %v", "%d":
				args = args[:1]
			}
			if got, want := c.format(format, args), c.printer.Sprintf(message.Key(format, format), args...); got != want {
				rt.Fatalf("%s: %q of %v is %q and was %q", tag, format, args, got, want)
			}
		})
	}
}
