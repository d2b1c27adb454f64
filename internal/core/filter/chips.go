package filter

import "strings"

// Chip is one term of a filter as a person sees it.
type Chip struct {
	Text    string // the term in the language
	Field   string // the field's name; "" for words, groups and alternatives
	Label   string // the field's label
	Value   string // "Critical, High", "≤ High", "paper jam"
	Negated bool
	Without string // the filter's text without this term
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
			c.Field, c.Label, c.Value = s.chipOf(inner)
		case *WordNode:
			c.Value = inner.Text
		default:
			c.Value = Format(inner)
		}
		chips = append(chips, c)
	}
	return chips
}

func (s *Schema) chipOf(n *TermNode) (field, label, value string) {
	f, ok := s.Field(n.Field)
	if !ok {
		f = &Field{Name: n.Field}
	}
	var values []string
	for _, v := range n.Values {
		text := f.labelOf(v.Low)
		switch v.Op {
		case OpLess:
			text = "< " + text
		case OpAtMost:
			text = "≤ " + text
		case OpGreater:
			text = "> " + text
		case OpAtLeast:
			text = "≥ " + text
		case OpContains:
			text = "contains " + text
		case OpRange:
			text += " to " + f.labelOf(v.High)
		case OpIs:
		}
		values = append(values, text)
	}
	return f.Name, f.label(), strings.Join(values, ", ")
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
