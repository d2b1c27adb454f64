package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Definition is what a Schema is made of.
type Definition struct {
	Fields []Field
	// Families add fields that are not known when the schema is made, such as
	// the custom fields of a kind: field.location.
	Families []Family
	// Text finds words without a field; nil refuses them.
	Text TextSearch
	// MatchOnly allows fields without SQL: the schema's conditions are then for
	// Match alone.
	MatchOnly bool
}

// Family gives the fields whose name starts with a prefix.
type Family struct {
	Prefix string // with its dot: "field."
	// Lookup finds a field by its full name in lower case.
	Lookup func(name string) (Field, bool)
	// List gives all fields that may be suggested; nil suggests none.
	List func() []Field
}

// Schema knows the fields of one kind of record. It is safe for concurrent use.
type Schema struct {
	fields    []*Field
	byName    map[string]*Field // aliases included
	families  []Family
	text      TextSearch
	matchOnly bool
}

// NewSchema checks a definition. The error is for whoever declares fields, not
// for whoever types filters.
func NewSchema(d Definition) (*Schema, error) {
	s := &Schema{byName: map[string]*Field{}, families: slices.Clone(d.Families), text: d.Text, matchOnly: d.MatchOnly}
	var problems []error
	for _, declared := range d.Fields {
		f := &declared
		problems = append(problems, f.validate(d.MatchOnly))
		s.fields = append(s.fields, f)
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if s.byName[name] != nil {
				problems = append(problems, fmt.Errorf("filter: two fields are called %q", name))
			}
			s.byName[name] = f
		}
	}
	for _, family := range s.families {
		if !isFieldName(family.Prefix) || !strings.HasSuffix(family.Prefix, ".") || family.Lookup == nil {
			problems = append(problems, fmt.Errorf("filter: the family %q needs a prefix with a dot and Lookup", family.Prefix))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return s, nil
}

// WithText gives the same schema with another text search.
func (s *Schema) WithText(text TextSearch) *Schema {
	with := *s
	with.text = text
	return &with
}

// Field finds a field by name or alias, families included. The field must not
// be changed.
func (s *Schema) Field(name string) (*Field, bool) {
	f, err := s.lookup(name)
	return f, f != nil && err == nil
}

// MustField is Field for programs that build conditions on fields they know.
func (s *Schema) MustField(name string) *Field {
	f, err := s.lookup(name)
	if f == nil || err != nil {
		panic(fmt.Sprintf("filter: no field %q: %v", name, err))
	}
	return f
}

// Fields lists the declared fields in order, then those of the families.
func (s *Schema) Fields() []*Field {
	fields := slices.Clone(s.fields)
	for _, family := range s.families {
		if family.List == nil {
			continue
		}
		for _, f := range family.List() {
			fields = append(fields, &f)
		}
	}
	return fields
}

// lookup gives nil for a name that no field has, and an error for a field that
// a family declared wrongly.
func (s *Schema) lookup(name string) (*Field, error) {
	if f := s.byName[name]; f != nil {
		return f, nil
	}
	for _, family := range s.families {
		if !strings.HasPrefix(name, family.Prefix) {
			continue
		}
		if f, ok := family.Lookup(name); ok {
			return &f, f.validate(s.matchOnly)
		}
	}
	return nil, nil //nolint:nilnil // no such field is an answer, not an error
}

// Canonical returns the filter with every alias replaced by its field's name,
// so that terms on one field can be told to be so.
func (s *Schema) Canonical(n Node) Node {
	all := func(nodes []Node) []Node {
		out := make([]Node, 0, len(nodes))
		for _, n := range nodes {
			out = append(out, s.Canonical(n))
		}
		return out
	}
	switch n := n.(type) {
	case *AndNode:
		return &AndNode{Span: n.Span, Nodes: all(n.Nodes)}
	case *OrNode:
		return &OrNode{Span: n.Span, Nodes: all(n.Nodes)}
	case *NotNode:
		return &NotNode{Span: n.Span, Node: s.Canonical(n.Node)}
	case *TermNode:
		if f, ok := s.Field(n.Field); ok && f.Name != n.Field {
			return &TermNode{Span: n.Span, Field: f.Name, Values: n.Values}
		}
	}
	return n
}
