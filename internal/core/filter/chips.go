package filter

import (
	"context"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/words"
)

// Chip is one term of a filter as a person sees it.
type Chip struct {
	Text    string // the term in the language
	Field   string // the field's name; "" for words, groups and alternatives
	Label   string // the field's label
	Value   string // "Critical, High", "≤ High", "paper jam"
	Negated bool
	Without string // the filter's text without this term

	values []words.Text
}

// In gives the value in the language of the context's reader.
func (c Chip) In(ctx context.Context) string {
	if len(c.values) == 0 {
		return c.Value
	}
	return c.read(func(t words.Text) string { return t.In(ctx) })
}

func (c Chip) read(in func(words.Text) string) string {
	read := make([]string, len(c.values))
	for i, v := range c.values {
		read[i] = in(v)
	}
	return strings.Join(read, ", ")
}

// Chips shows the terms of a filter, with labels in the place of keys. Terms on
// unknown fields appear as they were typed.
func (s *Schema) Chips(n Node) []Chip {
	var chips []Chip
	for i, term := range Terms(n) {
		c := Chip{Text: Format(term), Without: Format(RemoveAt(n, i))}
		inner := term
		for {
			not, ok := inner.(*NotNode)
			if !ok {
				break
			}
			inner, c.Negated = not.Node, !c.Negated
		}
		switch inner := inner.(type) {
		case *TermNode:
			c.Field, c.Label, c.values = s.chipOf(inner)
			c.Value = c.read(words.Text.String)
		case *WordNode:
			c.Value = inner.Text
		default:
			c.Value = Format(inner)
		}
		chips = append(chips, c)
	}
	return chips
}

func (s *Schema) chipOf(n *TermNode) (field, label string, values []words.Text) {
	f, ok := s.Field(n.Field)
	if !ok {
		f = &Field{Name: n.Field}
	}
	for _, v := range n.Values {
		text := words.Of("%s", f.shown(v.Low))
		switch v.Op {
		case OpLess:
			text.Key = "< %s"
		case OpAtMost:
			text.Key = "≤ %s"
		case OpGreater:
			text.Key = "> %s"
		case OpAtLeast:
			text.Key = "≥ %s"
		case OpContains:
			text = words.Of("contains %s", f.shown(v.Low))
		case OpRange:
			text = words.Of("%s to %s", f.shown(v.Low), f.shown(v.High))
		case OpIs:
		}
		values = append(values, text)
	}
	return f.Name, f.label(), values
}

// shown is a value for people: the label of its option or group, or as it was typed.
func (f *Field) shown(o Operand) any {
	if label := f.labelOf(o); label != o.Text {
		return words.Label{Meaning: "kind", Word: label}
	}
	return o.Text
}

// labelOf shows a value by the label of its option or group.
func (f *Field) labelOf(o Operand) string {
	folded := Fold(o.Text)
	for _, option := range f.Options {
		if Fold(option.Key) == folded && option.Label != "" {
			return option.Label
		}
	}
	for _, group := range f.Groups {
		if Fold(group.Key) == folded && group.Label != "" {
			return group.Label
		}
	}
	return o.Text
}
