package filter

import (
	"slices"
	"strings"
)

// option binds a value of a TypeEnum field.
func (b *binder) option(f *Field, v ValueNode) (Condition, error) {
	if v.Op == OpContains {
		return False(), errorAt(v.Span, "%s has fixed values. Leave the ~ out.", f.named())
	}
	low, err := f.mustFind(v.Low, v.Span)
	if err != nil {
		return False(), err
	}
	if v.Op == OpIs {
		values := make([]Value, 0, len(low))
		for _, o := range low {
			values = append(values, f.stored(o))
		}
		return In(f, values...), nil
	}
	if !f.Ordered {
		return False(), errorAt(v.Span, "The values of %s have no order. List those you want: %s:a,b.", f.named(), f.Name)
	}
	if len(low) != 1 {
		return False(), errorAt(v.Span, "“%s” stands for several values and has no place in their order.", v.Low.Text)
	}
	if v.Op != OpRange {
		return byRank(f, v.Op, low[0].Rank), nil
	}
	high, err := f.mustFind(v.High, v.Span)
	switch {
	case err != nil:
		return False(), err
	case len(high) != 1:
		return False(), errorAt(v.Span, "“%s” stands for several values and has no place in their order.", v.High.Text)
	case high[0].Rank < low[0].Rank:
		return False(), errBackwards(v.Span)
	}
	return And(byRank(f, OpAtLeast, low[0].Rank), byRank(f, OpAtMost, high[0].Rank)), nil
}

// find gives the options that a text names: by key, as a group, by label, or by
// a group's label, in this order.
func (f *Field) find(text string) (options []Option, group bool) {
	folded := Fold(text)
	for _, by := range []func(key, label string) string{
		func(key, _ string) string { return key },
		func(_, label string) string { return label },
	} {
		for _, o := range f.Options {
			if Fold(by(o.Key, o.Label)) == folded {
				return []Option{o}, false
			}
		}
		for _, g := range f.Groups {
			if Fold(by(g.Key, g.Label)) == folded {
				return slices.DeleteFunc(slices.Clone(f.Options), func(o Option) bool {
					return !slices.Contains(g.Options, o.Key)
				}), true
			}
		}
	}
	return nil, false
}

func (f *Field) mustFind(o Operand, at Span) ([]Option, error) {
	options, group := f.find(o.Text)
	if len(options) > 0 || group { // a group may be empty, a value not unknown
		return options, nil
	}
	var known []string
	for _, o := range f.Options {
		known = append(known, o.Key, o.Label)
	}
	for _, g := range f.Groups {
		known = append(known, g.Key, g.Label)
	}
	if near, ok := nearest(o.Text, known); ok {
		return nil, errorAt(at, "%s has no value “%s”. Did you mean “%s”?", f.named(), o.Text, near)
	}
	const few = 12
	var keys []string
	for _, o := range f.Options {
		keys = append(keys, o.Key)
	}
	if len(keys) > few {
		keys = append(keys[:few], "…")
	}
	return nil, errorAt(at, "%s has no value “%s”. It can be %s.", f.named(), o.Text, strings.Join(keys, ", "))
}
