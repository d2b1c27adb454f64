package filter

import "slices"

// Word is a piece of text to search for: one word, or a phrase if it was
// quoted.
type Word struct {
	Text   string
	Phrase bool
}

// TextSearch finds the words of a filter that name no field. All words it is
// given must be found. A word may hold nothing that an index keeps, such as
// "!!": it should then be ignored rather than find nothing.
type TextSearch interface {
	// SQL writes the test; NULL counts as not found.
	SQL(args Args, words []Word) string
	// Match is the same test in Go.
	Match(r Record, words []Word) bool
	// Fields names the fields that Match looks at.
	Fields() []string
}

// Search matches records in which by finds all words.
func Search(by TextSearch, words ...Word) Condition {
	if len(words) == 0 {
		return True()
	}
	for _, w := range words {
		if !storable(w.Text) {
			return False()
		}
	}
	return Condition{search{by, slices.Clone(words)}}
}

// ContainsWords is the plain TextSearch, for lists that need no index: each
// word stands somewhere in one of the fields, without regard to case and
// accents.
func ContainsWords(fields ...*Field) TextSearch { return containsWords(fields) }

type containsWords []*Field

func (fields containsWords) condition(words []Word) Condition {
	var all []Condition
	for _, w := range words {
		var somewhere []Condition
		for _, f := range fields {
			somewhere = append(somewhere, Contains(f, w.Text))
		}
		all = append(all, Or(somewhere...))
	}
	return And(all...)
}

func (fields containsWords) SQL(args Args, words []Word) string {
	return fields.condition(words).SQL(args)
}

func (fields containsWords) Match(r Record, words []Word) bool {
	return fields.condition(words).Match(r)
}

func (fields containsWords) Fields() []string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return names
}

type search struct {
	by    TextSearch
	words []Word
}

func (e search) match(r Record) bool { return e.by.Match(r, e.words) }

func (e search) sql(w *writer, negated bool) {
	test := e.by.SQL(w.args, e.words)
	if negated {
		w.WriteString("NOT COALESCE(" + test + ", FALSE)")
		return
	}
	w.WriteString("(" + test + ")")
}

func (e search) each(visit func(string)) {
	for _, name := range e.by.Fields() {
		visit(name)
	}
}

func (e search) syntax() Node {
	var nodes []Node
	for _, w := range e.words {
		nodes = append(nodes, &WordNode{Operand: Operand{Text: w.Text, Quoted: w.Phrase}})
	}
	return conjunction(nodes)
}
