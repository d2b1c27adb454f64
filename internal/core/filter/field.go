package filter

import (
	"errors"
	"fmt"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/words"
)

// Type says what a field holds and thus which values it can be compared with.
type Type uint8

// The types of fields.
const (
	TypeText   Type = iota + 1 // compared as folded text; no order
	TypeEnum                   // one of its options
	TypeNumber                 // an integer, or a decimal number scaled to one
	TypeBool                   // yes or no
	TypeTime                   // an instant
	TypeRef                    // the id of another record
	TypeRefs                   // a set of ids
	TypeTags                   // a set of texts, compared like TypeText
)

// Set reports whether a record may have several values in a field of the type.
func (t Type) Set() bool { return t == TypeRefs || t == TypeTags }

// Field declares one field of a schema. Its SQL parts are trusted text: a
// schema never takes them from a user.
type Field struct {
	Name    string   // as written before the colon: lower case
	Aliases []string // other names a person may type
	Label   string   // "Assigned to", for chips and messages
	Type    Type

	// SQL is a column or an expression that needs no brackets, of type TEXT for
	// texts (already folded, see Fold) and options, BIGINT for numbers, ids and
	// times (UTC microseconds), BOOLEAN for yes or no.
	SQL string
	// Exists is for values in rows of another table, as every set's are: a test
	// that is never NULL with {} for a condition on SQL, such as
	//	EXISTS (SELECT 1 FROM watchers w WHERE w.ticket_id = t.id AND {})
	Exists string
	// Required promises that every record has a value; SQL is then never NULL.
	Required bool

	// Fold makes texts of this field comparable, on both sides; nil is Fold.
	Fold func(string) string

	Options []Option // of TypeEnum, in the order people see them
	Groups  []Group  // of TypeEnum: names for several options
	Ordered bool     // of TypeEnum: options can be compared by Rank
	ByRank  bool     // of TypeEnum: the column holds an option's Rank, not its Key

	Scale int // of TypeNumber: digits after the point; 1250 is 12.50 with Scale 2

	// Future turns relative times (TypeTime) to what is still to come: due:<4h
	// is "less than 4 hours left" and includes what is overdue. Otherwise they
	// are ages: created:<7d is "younger than 7 days".
	Future bool

	Ref  string // of TypeRef and TypeRefs: what is referred to, for the Resolver ("person")
	Self bool   // of TypeRef and TypeRefs: "me" is the person who asks
}

// Option is one value of a TypeEnum field.
type Option struct {
	Key   string
	Label string
	Rank  int64 // its place when options are compared
}

// Group names several options at once, as the state "open" names every state
// in which work goes on. An option of the same name goes before the group.
type Group struct {
	Key     string
	Label   string
	Options []string // keys
}

// kind is what the values of the field are made of.
func (f *Field) kind() valueKind {
	switch f.Type {
	case TypeText, TypeTags:
		return kindText
	case TypeEnum:
		if f.ByRank {
			return kindInt
		}
		return kindText
	case TypeBool:
		return kindBool
	case TypeTime:
		return kindTime
	case TypeNumber, TypeRef, TypeRefs:
	}
	return kindInt
}

// isText is for fields whose texts are folded before they are compared.
func (f *Field) isText() bool { return f.Type == TypeText || f.Type == TypeTags }

func (f *Field) fold(text string) string {
	if f.Fold != nil {
		return f.Fold(text)
	}
	return Fold(text)
}

// stored is the value that stands for an option.
func (f *Field) stored(o Option) Value {
	if f.ByRank {
		return Int(o.Rank)
	}
	return Text(o.Key)
}

func (f *Field) label() string {
	if f.Label != "" {
		return f.Label
	}
	return f.Name
}

// named is the label in what is said about the field, read like the rest of it.
func (f *Field) named() words.Text { return words.Text{Key: f.label()} }

// validate finds the mistakes in a declaration that would make it mean
// different things in Go and in SQL.
func (f *Field) validate(matchOnly bool) error {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("filter: field %q "+format, append([]any{f.Name}, args...)...))
	}
	if !isFieldName(f.Name) || strings.ToLower(f.Name) != f.Name {
		problem("has a name that cannot be written")
	}
	for _, alias := range f.Aliases {
		if !isFieldName(alias) || strings.ToLower(alias) != alias {
			problem("has an alias %q that cannot be written", alias)
		}
	}
	if f.Type < TypeText || f.Type > TypeTags {
		problem("has no type")
	}
	switch {
	case f.SQL == "" && !matchOnly:
		problem("has no SQL")
	case f.Exists == "" && f.Type.Set() && !matchOnly:
		problem("is a set and needs Exists")
	case f.Exists != "" && strings.Count(f.Exists, "{}") != 1:
		problem("needs {} once in Exists")
	}
	if f.Required && (f.Exists != "" || f.Type.Set()) {
		problem("cannot be Required: its values are rows that may be missing")
	}
	if f.Scale < 0 || f.Scale > 9 {
		problem("has a scale outside 0 to 9")
	}
	keys := map[string]bool{}
	for _, o := range f.Options {
		if o.Key == "" || keys[o.Key] {
			problem("has the option %q twice or without a key", o.Key)
		}
		keys[o.Key] = true
	}
	for _, g := range f.Groups {
		for _, key := range g.Options {
			if !keys[key] {
				problem("has no option %q for its group %q", key, g.Key)
			}
		}
	}
	return errors.Join(problems...)
}
