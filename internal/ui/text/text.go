// Package text turns English source text into what this reader should see.
//
// The English text is the key, as in gettext: a page says
// text.T(ctx, "Resolve ticket") and reads well without a catalogue at hand.
// Who reads (language, zone, theme, the instant of rendering) travels in the
// context, so no component takes a locale argument and no rule asks the
// clock. A language is one JSON file in locales/, a copy of en.json with the
// values translated; en.json itself is collected from the sources by
// internal/ui/text/extract and a test keeps it complete.
package text

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Theme is the reader's choice of colours. The zero value follows the device.
type Theme string

// The themes a reader may choose.
const (
	ThemeAuto  Theme = ""
	ThemeLight Theme = "light"
	ThemeDark  Theme = "dark"
)

// Density is the reader's choice of row height. The zero value is comfortable.
type Density string

// The densities a reader may choose.
const (
	DensityComfortable Density = ""
	DensityCompact     Density = "compact"
)

// Reader is who reads a page and from where. The zero value reads English in
// UTC, follows the device's theme and sees exact instants instead of "2 h ago".
type Reader struct {
	Language language.Tag
	Location *time.Location // nil is UTC
	Now      time.Time      // the instant the page is rendered; zero shows no relative times
	Theme    Theme
	Density  Density
	KeysOff  bool // single letters do nothing
}

type readerKey struct{}

// With returns a context whose texts are for this reader.
func With(ctx context.Context, r Reader) context.Context {
	return context.WithValue(ctx, readerKey{}, r)
}

// From returns the reader of this context, with English and UTC filled in.
func From(ctx context.Context) Reader {
	r, _ := ctx.Value(readerKey{}).(Reader)
	if r.Language == language.Und {
		r.Language = language.English
	}
	if r.Location == nil {
		r.Location = time.UTC
	}
	return r
}

// T returns the reader's text for the English key. With arguments the text is
// a format: %s, %d and %v as in package fmt, numbers grouped as the language
// does. Without arguments it is taken as it is, so "100% done" is safe.
func T(ctx context.Context, key string, args ...any) string {
	c := catalogueFor(From(ctx).Language)
	return c.format(c.lookup(key), args)
}

// In is T for a word that needs a context to be translated: "Open" as a verb
// on a button and "Open" as a state are different words in most languages.
func In(ctx context.Context, meaning, key string, args ...any) string {
	c := catalogueFor(From(ctx).Language)
	s, ok := c.messages[contextKey(meaning, key)]
	if !ok || s.Other == "" {
		return c.format(key, args)
	}
	return c.format(s.Other, args)
}

// Label is In for a label that lives in data rather than in the sources: a state of
// a workflow, the name of a role. What has no translation, such as what an
// organisation wrote itself, is given as it is.
func Label(ctx context.Context, meaning, label string) string {
	c := catalogueFor(From(ctx).Language)
	if m, ok := c.messages[contextKey(meaning, label)]; ok && m.Other != "" {
		return m.Other
	}
	return label
}

// N returns the form of a text that fits the number n, which is the first
// argument of the format: text.N(ctx, 3, "%d ticket", "%d tickets").
func N(ctx context.Context, n int, one, other string, args ...any) string {
	c := catalogueFor(From(ctx).Language)
	return c.format(c.plural(n, one, other), append([]any{n}, args...))
}

// Key marks a text that is translated where it is shown, not where it is
// written (labels in tables of data). It returns its argument; the extractor
// finds it.
func Key(s string) string { return s }

// contextKey is how a word with a meaning is written in a catalogue.
func contextKey(meaning, key string) string { return key + " [" + meaning + "]" }

func (c *catalogue) lookup(key string) string {
	if m, ok := c.messages[key]; ok && m.Other != "" {
		return m.Other
	}
	return key
}

func (c *catalogue) plural(n int, one, other string) string {
	abs := n
	if abs < 0 {
		abs = -abs
	}
	form := plural.Cardinal.MatchPlural(c.tag, abs, 0, 0, 0, 0)
	if m, ok := c.messages[one]; ok && m.Other != "" {
		return m.form(form)
	}
	if form == plural.One {
		return one
	}
	return other
}

func (c *catalogue) format(s string, args []any) string {
	if len(args) == 0 {
		return s
	}
	if c.arabicDigits && plain(s, args) {
		return fmt.Sprintf(s, args...)
	}
	return c.printer.Sprintf(message.Key(s, s), args...)
}

// plain reports whether fmt writes the same: every argument is used, and none is
// written in another way in another language, as texts and numbers without groups are.
func plain(format string, args []any) bool {
	if strings.Count(format, "%")-2*strings.Count(format, "%%") != len(args) {
		return false
	}
	for _, a := range args {
		switch v := a.(type) {
		case string:
		case int:
			if v <= -1000 || v >= 1000 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// Match returns the language we have that fits best what a browser asks for
// in its Accept-Language header; English if none does.
func Match(acceptLanguage string) language.Tag {
	langs := Languages()
	tags := make([]language.Tag, len(langs))
	for i, l := range langs {
		tags[i] = l.Tag
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(wanted) == 0 {
		return language.English
	}
	_, i, confidence := language.NewMatcher(tags).Match(wanted...)
	if confidence == language.No {
		return language.English
	}
	return tags[i]
}

// Direction is the writing direction of the reader's language: "ltr" or "rtl".
func Direction(ctx context.Context) string {
	script, _ := From(ctx).Language.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo":
		return "rtl"
	}
	return "ltr"
}

// List joins names as a sentence does: "Ana, Ben and Carla".
func List(ctx context.Context, items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	last := len(items) - 1
	return T(ctx, "%s and %s", strings.Join(items[:last], ", "), items[last])
}
