package filter

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Value is one typed value of a field. It is comparable with ==.
type Value struct {
	kind   valueKind
	text   string
	number int64 // a number, an id, microseconds since 1970 UTC, or 1 for true
}

type valueKind uint8

const (
	kindText valueKind = iota + 1
	kindInt
	kindBool
	kindTime
)

func (k valueKind) String() string {
	return [...]string{"no value", "a text", "an integer", "a boolean", "a time"}[k]
}

// Text is a value of a text or tags field, or the key of an option.
func Text(s string) Value { return Value{kind: kindText, text: s} }

// Int is a number, scaled by the field's Scale, or the id that a reference holds.
func Int(n int64) Value { return Value{kind: kindInt, number: n} }

// Bool is a value of a yes-or-no field.
func Bool(b bool) Value {
	v := Value{kind: kindBool}
	if b {
		v.number = 1
	}
	return v
}

// Time is an instant, to the microsecond that databases keep.
func Time(t time.Time) Value { return Value{kind: kindTime, number: t.UnixMicro()} }

// Texts makes a value of each string.
func Texts[S ~string](texts ...S) []Value {
	values := make([]Value, 0, len(texts))
	for _, s := range texts {
		values = append(values, Text(string(s)))
	}
	return values
}

// IDs makes a value of each id but 0, which is how the product writes "none".
func IDs[N ~int | ~int64](ids ...N) []Value {
	values := make([]Value, 0, len(ids))
	for _, id := range ids {
		if id != 0 {
			values = append(values, Int(int64(id)))
		}
	}
	return values
}

// Times makes a value of each instant but the zero one, which is how the
// product writes "none".
func Times(times ...time.Time) []Value {
	values := make([]Value, 0, len(times))
	for _, t := range times {
		if !t.IsZero() {
			values = append(values, Time(t))
		}
	}
	return values
}

// Record is what a Condition is matched against.
type Record interface {
	// Values gives the values that the record has in a field: none if it is
	// empty or unknown, several only for sets. Texts come as people wrote them.
	Values(field string) []Value
}

// MapRecord is a Record made of a map from field names.
type MapRecord map[string][]Value

// Values implements Record.
func (r MapRecord) Values(field string) []Value { return r[field] }

// sorted returns the values in order and each once.
func sorted(values []Value) []Value {
	slices.SortFunc(values, compareValues)
	return slices.Compact(values)
}

func compareValues(a, b Value) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.number, b.number), strings.Compare(a.text, b.text))
}

// storable reports whether a text can stand in a database at all. PostgreSQL
// refuses NUL and broken UTF-8 even in an argument.
func storable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}
