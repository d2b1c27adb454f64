package filter

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Completion is what could stand at the cursor.
type Completion struct {
	// Replace is the part of the text that a suggestion takes the place of.
	Replace Span
	// Typed is what the person has written of it so far.
	Typed string
	// Field is the field whose value is being written, nil if it is a field's
	// name or a word. Names of a Ref are for the caller to suggest.
	Field       *Field
	Suggestions []Suggestion
}

// Suggestion is one way to go on.
type Suggestion struct {
	Text  string // to insert
	Label string // for people
}

// maxSuggestions is what a person can take in; typing on narrows them.
const maxSuggestions = 20

// Complete suggests fields and values at the cursor, a byte offset. The text
// need not be complete nor correct.
func (s *Schema) Complete(text string, cursor int) Completion {
	cursor = max(0, min(cursor, len(text), MaxLength))
	at := spotAt(text[:cursor])
	c := Completion{Typed: text[at.typed:cursor], Replace: Span{at.start, cursor}}
	rest := text[cursor:]
	if at.field == "" {
		c.Replace.End += wordLength(rest, ":")
		if strings.HasPrefix(text[c.Replace.End:], ":") {
			c.Replace.End++
		}
		if !at.quoted {
			c.Suggestions = s.suggestFields(c.Typed)
		}
		return c
	}
	if at.quoted {
		if r, size := utf8.DecodeRuneInString(rest); isQuote(r) {
			c.Replace.End += size
		}
	} else {
		c.Replace.End += wordLength(rest, ",")
	}
	f, ok := s.Field(at.field)
	if !ok {
		return c
	}
	c.Field = f
	c.Suggestions = f.suggestValues(c.Typed, at.compared, at.quoted)
	return c
}

// spot is where in a filter's syntax a person is typing.
type spot struct {
	field    string // whose value it is, "" outside values
	start    int    // of the word, quotation mark included
	typed    int    // of the word, quotation mark excluded
	quoted   bool
	compared bool // an operator or a range precedes
}

// spotAt reads the text before the cursor leniently, where Parse would refuse.
func spotAt(text string) spot {
	var at spot
	l := lexer{text: text}
	begin := func() { at.start, at.typed = l.pos, l.pos }
	for {
		r, size := l.peek()
		switch {
		case size == 0:
			return at
		case isQuote(r):
			opened := l.pos
			if _, err := l.quoted(); err != nil {
				at.start, at.typed, at.quoted = opened, opened+size, true
				return at
			}
			continue
		case endsWord(r):
			l.pos += size
			at = spot{}
			begin()
			continue
		case at.field == "" && r == '-' && l.pos == at.start:
			l.pos += size
			begin()
			continue
		case at.field == "" && r == ':' && isFieldName(text[at.start:l.pos]):
			at.field = strings.ToLower(text[at.start:l.pos])
			l.pos += size
			begin()
			continue
		case at.field != "" && r == ',':
			l.pos += size
			at.compared = false
			begin()
			continue
		case at.field != "" && strings.HasPrefix(text[l.pos:], ".."):
			l.pos += len("..")
			at.compared = true
			begin()
			continue
		case at.field != "" && l.pos == at.start && strings.ContainsRune("<>=!~", r):
			op, _ := l.operator()
			if op == OpIs && l.pos == at.start { // a lone "!"
				l.pos += size
			}
			at.compared = op != OpIs
			begin()
			continue
		}
		l.pos += size
	}
}

// wordLength is how far a word goes on after the cursor.
func wordLength(rest, alsoEnds string) int {
	end := strings.IndexFunc(rest, func(r rune) bool { return endsWord(r) || strings.ContainsRune(alsoEnds, r) })
	if end < 0 {
		return len(rest)
	}
	return end
}

func (s *Schema) suggestFields(typed string) []Suggestion {
	var found []ranked
	for _, f := range s.Fields() {
		names := append([]string{f.Name, f.Label}, f.Aliases...)
		if rank, ok := rankOf(typed, names...); ok {
			found = append(found, ranked{Suggestion{f.Name + ":", f.label()}, rank})
		}
	}
	return best(found)
}

func (f *Field) suggestValues(typed string, compared, quoted bool) []Suggestion {
	var found []ranked
	add := func(key, label string) {
		if label == "" {
			label = key
		}
		if rank, ok := rankOf(typed, key, label); ok {
			found = append(found, ranked{Suggestion{Quote(key), label}, rank})
		}
	}
	for _, o := range f.Options {
		add(o.Key, o.Label)
	}
	if f.Type == TypeTime && !quoted {
		for _, word := range timeWords() {
			add(word, strings.ReplaceAll(word, "-", " "))
		}
	}
	if compared {
		return best(found)
	}
	for _, g := range f.Groups {
		if !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Key == g.Key }) {
			add(g.Key, g.Label)
		}
	}
	if f.Type == TypeBool {
		add("yes", "Yes")
		add("no", "No")
	}
	if quoted {
		return best(found)
	}
	if f.Self {
		add("me", "Me")
	}
	if !f.Required {
		add("none", "None")
		add("any", "Any")
	}
	return best(found)
}

type ranked struct {
	Suggestion
	rank int
}

// rankOf says how well a typed beginning fits: 0 is the start of a name, 1 the
// start of a word inside one.
func rankOf(typed string, names ...string) (rank int, ok bool) {
	typed = Fold(typed)
	rank = 2
	for _, name := range names {
		name = Fold(name)
		switch {
		case name == "":
		case strings.HasPrefix(name, typed):
			return 0, true
		case strings.Contains(name, " "+typed), strings.Contains(name, "."+typed), strings.Contains(name, "_"+typed):
			rank = 1
		}
	}
	return rank, rank < 2
}

func best(found []ranked) []Suggestion {
	slices.SortStableFunc(found, func(a, b ranked) int { return a.rank - b.rank })
	var out []Suggestion
	for _, f := range found[:min(len(found), maxSuggestions)] {
		out = append(out, f.Suggestion)
	}
	return out
}
