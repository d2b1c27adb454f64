package filter

import (
	"fmt"
	"maps"
	"slices"
)

// Condition is a typed, immutable condition. The zero Condition matches nothing.
type Condition struct{ expr expr }

// expr is a part of a condition.
type expr interface {
	match(r Record) bool
	// sql writes the test, or its exact opposite, which matches where the test
	// is false or unknown.
	sql(w *writer, negated bool)
	// syntax is the part in the language, see Condition.String.
	syntax() Node
	// each calls visit with every field the part looks at.
	each(visit func(name string))
}

type (
	constant bool
	allOf    []expr
	anyOf    []expr
	opposite struct{ of expr }
)

// True matches every record.
func True() Condition { return Condition{constant(true)} }

// False matches no record.
func False() Condition { return Condition{constant(false)} }

// And matches what all conditions match; of none, everything.
func And(conditions ...Condition) Condition {
	parts := collector{join: func(a, b oneOf) (oneOf, bool) {
		// A record has one value at most, unless the field is a set.
		return a.intersect(b), !a.field.Type.Set()
	}}
	for _, c := range conditions {
		inner, ok := c.root().(allOf)
		if !ok {
			inner = allOf{c.root()}
		}
		for _, e := range inner {
			if e == expr(constant(false)) || !parts.add(e) {
				return False()
			}
		}
	}
	switch len(parts.list) {
	case 0:
		return True()
	case 1:
		return Condition{parts.list[0]}
	}
	return Condition{allOf(parts.list)}
}

// Or matches what at least one condition matches; of none, nothing.
func Or(conditions ...Condition) Condition {
	parts := collector{join: func(a, b oneOf) (oneOf, bool) { return a.union(b), true }}
	for _, c := range conditions {
		inner, ok := c.root().(anyOf)
		if !ok {
			inner = anyOf{c.root()}
		}
		for _, e := range inner {
			if e == expr(constant(true)) {
				return True()
			}
			parts.add(e)
		}
	}
	switch len(parts.list) {
	case 0:
		return False()
	case 1:
		return Condition{parts.list[0]}
	}
	return Condition{anyOf(parts.list)}
}

// collector gathers the parts of a conjunction or disjunction without
// constants and repetitions, and makes one list of the lists on one field.
type collector struct {
	list []expr
	join func(a, b oneOf) (joined oneOf, allowed bool)
}

// add reports false if a joined list has become empty: nothing can match it.
func (c *collector) add(e expr) (possible bool) {
	if _, ok := e.(constant); ok {
		return true
	}
	if one, ok := e.(oneOf); ok {
		for i, other := range c.list {
			if other, ok := other.(oneOf); ok && other.field.Name == one.field.Name {
				if joined, allowed := c.join(other, one); allowed {
					c.list[i] = joined
					return len(joined.values) > 0
				}
			}
		}
	}
	same := func(other expr) bool { return Equal(other.syntax(), e.syntax()) }
	if !slices.ContainsFunc(c.list, same) {
		c.list = append(c.list, e)
	}
	return true
}

// Not matches exactly what the condition does not match, records without a
// value included.
func Not(c Condition) Condition {
	switch e := c.root().(type) {
	case constant:
		return Condition{!e}
	case opposite:
		return Condition{e.of}
	default:
		return Condition{opposite{e}}
	}
}

// Match reports whether the record fulfils the condition.
func (c Condition) Match(r Record) bool { return c.root().match(r) }

// Always reports whether the condition matches every record whatever it holds.
func (c Condition) Always() bool { return c.root() == expr(constant(true)) }

// Never reports whether the condition matches no record whatever it holds.
func (c Condition) Never() bool { return c.root() == expr(constant(false)) }

// Fields names the fields whose values the condition depends on, sorted.
func (c Condition) Fields() []string {
	names := map[string]bool{}
	c.root().each(func(name string) { names[name] = true })
	return slices.Sorted(maps.Keys(names))
}

// String gives the condition in the language, with ids written #1 and times in
// UTC; "-()" is the condition that matches nothing.
func (c Condition) String() string { return Format(c.root().syntax()) }

// Equal reports whether two conditions are the same tree. Different trees may
// still mean the same.
func (c Condition) Equal(other Condition) bool { return c.String() == other.String() }

func (c Condition) root() expr {
	if c.expr == nil {
		return constant(false)
	}
	return c.expr
}

func (e constant) match(Record) bool { return bool(e) }
func (e constant) each(func(string)) {}

func (e allOf) match(r Record) bool {
	return !slices.ContainsFunc(e, func(part expr) bool { return !part.match(r) })
}

func (e anyOf) match(r Record) bool {
	return slices.ContainsFunc(e, func(part expr) bool { return part.match(r) })
}

func (e opposite) match(r Record) bool { return !e.of.match(r) }

func (e allOf) each(visit func(string)) {
	for _, part := range e {
		part.each(visit)
	}
}

func (e anyOf) each(visit func(string)) { allOf(e).each(visit) }

func (e opposite) each(visit func(string)) { e.of.each(visit) }

func (e constant) syntax() Node {
	if e {
		return &AndNode{}
	}
	return &NotNode{Node: &AndNode{}}
}

func (e allOf) syntax() Node {
	n := &AndNode{}
	for _, part := range e {
		n.Nodes = append(n.Nodes, Terms(part.syntax())...)
	}
	return n
}

func (e anyOf) syntax() Node {
	n := &OrNode{}
	for _, part := range e {
		n.Nodes = append(n.Nodes, part.syntax())
	}
	return n
}

func (e opposite) syntax() Node {
	if p, ok := e.of.(present); ok {
		return Term(p.field.Name, "none")
	}
	return &NotNode{Node: e.of.syntax()}
}

// mustAccept stops a program that compares a field with a value of another
// type: the rule it builds could only be wrong.
func mustAccept(f *Field, kind valueKind) {
	if f.kind() != kind {
		panic(fmt.Sprintf("filter: field %q cannot be compared with %s", f.Name, kind))
	}
}
