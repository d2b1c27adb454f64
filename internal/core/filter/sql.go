package filter

import "strings"

// Args takes the arguments of a statement; *database.Args is one.
type Args interface {
	// Arg notes a value and gives its placeholder, "$n".
	Arg(v any) string
}

// SQL writes the condition for a WHERE clause, valid on SQLite and PostgreSQL.
// It may stand beside AND, OR and in a CASE as it is. It must not be negated
// there: a record without a value makes it NULL. Negate the Condition instead.
//
// A field that was declared without SQL, for a schema that is only matched in
// Go, makes it panic.
func (c Condition) SQL(args Args) string {
	w := writer{args: args}
	c.root().sql(&w, false)
	return w.String()
}

type writer struct {
	strings.Builder
	args Args
}

// test writes a test on a field's value. Without a value neither the test nor
// its opposite would hold in SQL, so the opposite says so in words.
func (w *writer) test(f *Field, negated bool, positive, negative func()) {
	switch before, after, exists := strings.Cut(f.Exists, "{}"); {
	case f.SQL == "":
		panic("filter: field " + f.Name + " has no SQL")
	case exists:
		if negated {
			w.WriteString("NOT ")
		}
		w.WriteString(before)
		positive()
		w.WriteString(after)
	case !negated:
		positive()
	case f.Required:
		negative()
	default:
		w.WriteString("(" + f.SQL + " IS NULL OR ")
		negative()
		w.WriteString(")")
	}
}

func (w *writer) literal(v Value) {
	switch v.kind {
	case kindText:
		w.WriteString(w.args.Arg(v.text))
	case kindInt, kindTime:
		w.WriteString(w.args.Arg(v.number))
	case kindBool: // spelled out, so that partial indexes apply
		if v.number == 1 {
			w.WriteString("TRUE")
		} else {
			w.WriteString("FALSE")
		}
	}
}

func (e constant) sql(w *writer, negated bool) {
	if bool(e) != negated {
		w.WriteString("TRUE")
	} else {
		w.WriteString("FALSE")
	}
}

func (e allOf) sql(w *writer, negated bool) { w.list(e, " AND ", " OR ", negated) }

func (e anyOf) sql(w *writer, negated bool) { w.list(e, " OR ", " AND ", negated) }

func (e opposite) sql(w *writer, negated bool) { e.of.sql(w, !negated) }

// list writes a conjunction or disjunction; negated it is the other one of the
// opposites (De Morgan), which holds because no part is ever unknown.
func (w *writer) list(parts []expr, join, joinOpposites string, negated bool) {
	if negated {
		join = joinOpposites
	}
	w.WriteByte('(')
	for i, part := range parts {
		if i > 0 {
			w.WriteString(join)
		}
		part.sql(w, negated)
	}
	w.WriteByte(')')
}

func (e oneOf) sql(w *writer, negated bool) {
	write := func(one, many string) func() {
		return func() {
			w.WriteString(e.field.SQL)
			if len(e.values) == 1 {
				w.WriteString(one)
				w.literal(e.values[0])
				return
			}
			w.WriteString(many)
			for i, v := range e.values {
				if i > 0 {
					w.WriteString(", ")
				}
				w.literal(v)
			}
			w.WriteByte(')')
		}
	}
	w.test(e.field, negated, write(" = ", " IN ("), write(" <> ", " NOT IN ("))
}

func (e within) sql(w *writer, negated bool) {
	kind := e.field.kind()
	write := func(lowOps, highOps [2]string, join string) func() {
		return func() {
			both := e.low != nil && e.high != nil
			if both {
				w.WriteByte('(')
			}
			if e.low != nil {
				w.limit(e.field, e.low, kind, lowOps)
			}
			if both {
				w.WriteString(join)
			}
			if e.high != nil {
				w.limit(e.field, e.high, kind, highOps)
			}
			if both {
				w.WriteByte(')')
			}
		}
	}
	w.test(e.field, negated,
		write([2]string{" >= ", " > "}, [2]string{" <= ", " < "}, " AND "),
		write([2]string{" < ", " <= "}, [2]string{" > ", " >= "}, " OR "))
}

// limit writes one end; ops are for an included and an excluded value.
func (w *writer) limit(f *Field, l *limit, kind valueKind, ops [2]string) {
	w.WriteString(f.SQL)
	if l.excluded {
		w.WriteString(ops[1])
	} else {
		w.WriteString(ops[0])
	}
	w.literal(Value{kind: kind, number: l.value})
}

func (e contains) sql(w *writer, negated bool) {
	write := func(op string) func() {
		return func() {
			pattern := w.args.Arg("%" + escapeLike.Replace(e.text) + "%")
			w.WriteString(e.field.SQL + op + pattern + ` ESCAPE '\'`)
		}
	}
	w.test(e.field, negated, write(" LIKE "), write(" NOT LIKE "))
}

// EscapeLike makes a text mean itself within a pattern of LIKE ... ESCAPE '\'.
func EscapeLike(text string) string { return escapeLike.Replace(text) }

// maxHeld bounds the words that HoldsWords looks for.
const maxHeld = 6

// HoldsWords is the condition that a column of folded text holds every word of what
// somebody typed, in whatever order; "TRUE" for no words. Of very many only the
// first count.
func HoldsWords(column, typed string, args Args) string {
	words := strings.Fields(Fold(strings.ToValidUTF8(strings.ReplaceAll(typed, "\x00", ""), "")))
	if len(words) == 0 {
		return "TRUE"
	}
	parts := make([]string, 0, maxHeld)
	for _, word := range words[:min(maxHeld, len(words))] {
		parts = append(parts, column+" LIKE "+args.Arg("%"+EscapeLike(word)+"%")+` ESCAPE '\'`)
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// escapeLike is for LIKE ... ESCAPE '\'.
var escapeLike = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (e present) sql(w *writer, negated bool) {
	if e.field.Exists == "" && negated {
		w.WriteString(e.field.SQL + " IS NULL")
		return
	}
	w.test(e.field, negated, func() { w.WriteString(e.field.SQL + " IS NOT NULL") }, nil)
}
