// Package words is what rules say to people, before it is known who reads it: a
// sentence in English, which is its key in the catalogue of a language, and the
// values it tells of. Rules and errors carry a Text; the edge that shows it knows
// the reader, and reads it in their language (Text.In). What is not at an edge - a
// log, the command line - reads the English (Text.String).
package words

import (
	"context"
	"encoding/json"
	"fmt"
)

// Text is a sentence with verbs as in package fmt. Among its values may be other
// Texts and Labels, which are read in the same language. The zero Text is empty.
type Text struct {
	Key  string
	Args []any
}

// Of makes a Text. The format must be a literal, so that the catalogue has it.
func Of(format string, args ...any) Text { return Text{Key: format, Args: args} }

// Key marks a sentence that becomes a Text elsewhere, as a parameter, for the
// catalogue. It returns its argument.
func Key(sentence string) string { return sentence }

// Said makes a Text of words that are in the reader's language already, or that
// somebody wrote.
func Said(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{Key: "%s", Args: []any{s}}
}

// Empty reports whether there is nothing to say.
func (t Text) Empty() bool { return t.Key == "" }

// String reads the text in English.
func (t Text) String() string {
	if len(t.Args) == 0 {
		return t.Key
	}
	return fmt.Sprintf(t.Key, t.Args...)
}

// MarshalJSON writes the English.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// In reads the text in the language of the context's reader.
func (t Text) In(ctx context.Context) string {
	c, ok := ctx.Value(catalogueKey{}).(Catalogue)
	if !ok {
		return t.String()
	}
	return t.in(c)
}

func (t Text) in(c Catalogue) string {
	if len(t.Args) == 0 {
		return c.Text(t.Key)
	}
	args := make([]any, len(t.Args))
	for i, a := range t.Args {
		switch a := a.(type) {
		case Text:
			args[i] = a.in(c)
		case Label:
			args[i] = c.Label(a.Meaning, a.Word)
		default:
			args[i] = a
		}
	}
	return c.Text(t.Key, args...)
}

// Label is the name of something that has one in data: a state, a field, a role.
// The meaning says of what sort it is, as the catalogue has it: "kind", "role".
type Label struct{ Meaning, Word string }

// String gives the label as it is written.
func (l Label) String() string { return l.Word }

// In reads the label in the language of the context's reader.
func (l Label) In(ctx context.Context) string {
	if c, ok := ctx.Value(catalogueKey{}).(Catalogue); ok {
		return c.Label(l.Meaning, l.Word)
	}
	return l.Word
}

// Catalogue reads texts and labels in one language.
type Catalogue struct {
	Text  func(key string, args ...any) string
	Label func(meaning, label string) string
}

type catalogueKey struct{}

// With gives a context whose texts are read by a catalogue.
func With(ctx context.Context, c Catalogue) context.Context {
	return context.WithValue(ctx, catalogueKey{}, c)
}
