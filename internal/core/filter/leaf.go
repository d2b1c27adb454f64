package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The tests on one field. A set fulfils them when any of its values does.
type (
	oneOf struct {
		field  *Field
		values []Value // sorted, unique, folded, not empty
	}
	within struct {
		field     *Field
		low, high *limit // at least one
	}
	limit struct {
		value    int64
		excluded bool // the value itself is outside
	}
	contains struct {
		field *Field
		text  string // folded
	}
	present struct{ field *Field }
)

// Eq matches records whose field, or one value of it if it is a set, is v.
//
// Like all constructors of tests it panics if the field cannot hold the value.
func Eq(f *Field, v Value) Condition { return In(f, v) }

// In matches records whose field, or one value of it if it is a set, is one of
// the values; of none, nothing. It is meant for some hundred values at most:
// each is an argument of the SQL.
func In(f *Field, values ...Value) Condition {
	list := make([]Value, 0, len(values))
	for _, v := range values {
		mustAccept(f, v.kind)
		if !storable(v.text) {
			continue // no record can hold it
		}
		if f.isText() {
			v.text = f.fold(v.text)
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		return False()
	}
	return Condition{oneOf{f, sorted(list)}}
}

// Compare matches records whose number or time is less or greater than v, or
// whose ordered option's rank is. The op is one of OpLess, OpAtMost, OpGreater
// and OpAtLeast.
func Compare(f *Field, op Op, v Value) Condition {
	mustAccept(f, v.kind)
	if f.Type == TypeEnum {
		i := slices.IndexFunc(f.Options, func(o Option) bool { return f.stored(o) == v })
		if !f.Ordered || i < 0 {
			panic(fmt.Sprintf("filter: field %q cannot be compared by rank with %v", f.Name, v))
		}
		return byRank(f, op, f.Options[i].Rank)
	}
	if f.Type != TypeNumber && f.Type != TypeTime {
		panic(fmt.Sprintf("filter: field %q has no order", f.Name))
	}
	switch op {
	case OpLess, OpAtMost:
		return Condition{within{field: f, high: &limit{v.number, op == OpLess}}}
	case OpGreater, OpAtLeast:
		return Condition{within{field: f, low: &limit{v.number, op == OpGreater}}}
	case OpIs, OpContains, OpRange:
	}
	panic(fmt.Sprintf("filter: Compare does not take the operator %d", op))
}

// Contains matches records whose text, or one of whose tags, contains the text,
// without regard to case and accents.
func Contains(f *Field, text string) Condition {
	mustAccept(f, kindText)
	if !f.isText() {
		panic(fmt.Sprintf("filter: field %q holds options, not text", f.Name))
	}
	if !storable(text) {
		return False()
	}
	return Condition{contains{f, f.fold(text)}}
}

// IsNull matches records without a value in the field.
func IsNull(f *Field) Condition {
	if f.Required {
		return False()
	}
	return Condition{opposite{present{f}}}
}

// byRank lists the options, so that neither the database nor Go needs to know
// ranks when the condition is evaluated.
func byRank(f *Field, op Op, rank int64) Condition {
	var values []Value
	for _, o := range f.Options {
		if (op == OpLess && o.Rank < rank) || (op == OpAtMost && o.Rank <= rank) ||
			(op == OpGreater && o.Rank > rank) || (op == OpAtLeast && o.Rank >= rank) {
			values = append(values, f.stored(o))
		}
	}
	return In(f, values...)
}

func (e oneOf) union(other oneOf) oneOf {
	return oneOf{e.field, sorted(slices.Concat(e.values, other.values))}
}

func (e oneOf) intersect(other oneOf) oneOf {
	both := slices.DeleteFunc(slices.Clone(e.values), func(v Value) bool { return !other.has(v) })
	return oneOf{e.field, both}
}

func (e oneOf) has(v Value) bool {
	_, found := slices.BinarySearchFunc(e.values, v, compareValues)
	return found
}

func (e oneOf) match(r Record) bool {
	for _, v := range r.Values(e.field.Name) {
		if v.kind == kindText && e.field.isText() {
			v.text = e.field.fold(v.text)
		}
		if e.has(v) {
			return true
		}
	}
	return false
}

func (e within) match(r Record) bool {
	kind := e.field.kind()
	return slices.ContainsFunc(r.Values(e.field.Name), func(v Value) bool {
		return v.kind == kind && e.low.below(v.number) && e.high.above(v.number)
	})
}

func (l *limit) below(n int64) bool {
	return l == nil || l.value < n || l.value == n && !l.excluded
}

func (l *limit) above(n int64) bool {
	return l == nil || l.value > n || l.value == n && !l.excluded
}

func (e contains) match(r Record) bool {
	return slices.ContainsFunc(r.Values(e.field.Name), func(v Value) bool {
		return v.kind == kindText && strings.Contains(e.field.fold(v.text), e.text)
	})
}

func (e present) match(r Record) bool { return len(r.Values(e.field.Name)) > 0 }

func (e oneOf) each(visit func(string))    { visit(e.field.Name) }
func (e within) each(visit func(string))   { visit(e.field.Name) }
func (e contains) each(visit func(string)) { visit(e.field.Name) }
func (e present) each(visit func(string))  { visit(e.field.Name) }

func (e oneOf) syntax() Node {
	n := &TermNode{Field: e.field.Name}
	for _, v := range e.values {
		n.Values = append(n.Values, ValueNode{Low: e.field.operand(v)})
	}
	return n
}

func (e within) syntax() Node {
	var nodes []Node
	add := func(l *limit, outside, inside Op) {
		if l == nil {
			return
		}
		op := inside
		if l.excluded {
			op = outside
		}
		value := e.field.operand(Value{kind: e.field.kind(), number: l.value})
		nodes = append(nodes, &TermNode{Field: e.field.Name, Values: []ValueNode{{Op: op, Low: value}}})
	}
	add(e.low, OpGreater, OpAtLeast)
	add(e.high, OpLess, OpAtMost)
	return conjunction(nodes)
}

func (e contains) syntax() Node {
	return &TermNode{Field: e.field.Name, Values: []ValueNode{{Op: OpContains, Low: Operand{Text: e.text, Quoted: true}}}}
}

func (e present) syntax() Node { return Term(e.field.Name, "any") }

// operand writes a value as a person would.
func (f *Field) operand(v Value) Operand {
	switch f.Type {
	case TypeRef, TypeRefs:
		return Operand{Text: "#" + strconv.FormatInt(v.number, 10)}
	case TypeNumber:
		return Operand{Text: formatDecimal(v.number, f.Scale)}
	case TypeBool:
		if v.number == 1 {
			return Operand{Text: "yes"}
		}
		return Operand{Text: "no"}
	case TypeTime:
		return Operand{Text: time.UnixMicro(v.number).UTC().Format("2006-01-02T15:04:05.000000Z")}
	case TypeEnum:
		for _, o := range f.Options {
			if f.stored(o) == v {
				return Operand{Text: o.Key, Quoted: !isBareOperand(o.Key)}
			}
		}
		if f.ByRank {
			return Operand{Text: strconv.FormatInt(v.number, 10)}
		}
	case TypeText, TypeTags:
	}
	return Operand{Text: v.text, Quoted: true}
}
