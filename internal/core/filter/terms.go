package filter

import "slices"

// Terms lists the conditions that must all hold: the chips of a filter. A
// filter that is a single condition, an OR included, is its own only term.
func Terms(n Node) []Node {
	if and, ok := n.(*AndNode); ok {
		return slices.Clone(and.Nodes)
	}
	return []Node{n}
}

// FieldOf names the field that a term compares, "" for words, groups and
// alternatives. Negated says whether the term is excluded.
func FieldOf(n Node) (field string, negated bool) {
	switch n := n.(type) {
	case *TermNode:
		return n.Field, false
	case *NotNode:
		field, negated = FieldOf(n.Node)
		return field, !negated
	}
	return "", false
}

// Term builds a term that a person could have typed: field:a,b.
func Term(field string, values ...string) Node {
	n := &TermNode{Field: field}
	for _, v := range values {
		n.Values = append(n.Values, ValueNode{Low: Operand{Text: v, Quoted: !isBareOperand(v)}})
	}
	return n
}

// Add returns the filter with one more term at its end, unless it has it already.
func Add(n, term Node) Node {
	terms := Terms(n)
	if slices.ContainsFunc(terms, func(t Node) bool { return Equal(t, term) }) {
		return n
	}
	return conjunction(append(terms, Terms(term)...))
}

// Remove returns the filter without its terms on the field, negated ones
// included.
func Remove(n Node, field string) Node {
	return conjunction(slices.DeleteFunc(Terms(n), on(field)))
}

// Replace returns the filter with term in the place of its first term on the
// field and without the others; if there is none, term comes at the end.
func Replace(n Node, field string, term Node) Node {
	terms := Terms(n)
	i := slices.IndexFunc(terms, on(field))
	if i < 0 {
		return Add(n, term)
	}
	rest := slices.DeleteFunc(slices.Clone(terms[i+1:]), on(field))
	return conjunction(slices.Concat(terms[:i], Terms(term), rest))
}

// RemoveAt returns the filter without its i-th term, as counted by Terms.
func RemoveAt(n Node, i int) Node {
	terms := Terms(n)
	if i < 0 || i >= len(terms) {
		return n
	}
	return conjunction(slices.Delete(terms, i, i+1))
}

// on does not match an empty field: words and groups have none.
func on(field string) func(Node) bool {
	return func(n Node) bool {
		name, _ := FieldOf(n)
		return name != "" && name == field
	}
}

func conjunction(terms []Node) Node {
	if len(terms) == 1 {
		return terms[0]
	}
	return &AndNode{Nodes: terms}
}
