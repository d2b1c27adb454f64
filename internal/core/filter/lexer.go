package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenOpen
	tokenClose
	tokenMinus
	tokenAnd
	tokenOr
	tokenNot
	tokenWord
	tokenPhrase
	tokenField // a name and its colon; values follow, see lexer.operator and lexer.operand
)

type token struct {
	Span
	kind tokenKind
	text string // of a word, a phrase or a field's name
}

// lexer reads a filter's text. The parser drives it: what may stand in a value
// (a colon, a leading minus) differs from what may stand in a word.
type lexer struct {
	text string
	pos  int
}

// next reads the next token outside values.
func (l *lexer) next() (token, error) {
	l.skipSpace()
	start := l.pos
	r, size := l.peek()
	single := func(kind tokenKind) (token, error) {
		l.pos += size
		return token{kind: kind, Span: Span{start, l.pos}}, nil
	}
	switch {
	case size == 0:
		return single(tokenEnd)
	case r == '(':
		return single(tokenOpen)
	case r == ')':
		return single(tokenClose)
	case r == '-':
		return single(tokenMinus)
	case isQuote(r):
		text, err := l.quoted()
		return token{kind: tokenPhrase, Span: Span{start, l.pos}, text: text}, err
	}
	colon := -1
	for ; size > 0 && !endsWord(r); r, size = l.peek() {
		if r == ':' && colon < 0 {
			colon = l.pos
			if isFieldName(l.text[start:colon]) {
				l.pos++
				return token{kind: tokenField, Span: Span{start, l.pos}, text: strings.ToLower(l.text[start:colon])}, nil
			}
		}
		l.pos += size
	}
	t := token{kind: tokenWord, Span: Span{start, l.pos}, text: l.text[start:l.pos]}
	switch t.text {
	case "AND":
		t.kind = tokenAnd
	case "OR":
		t.kind = tokenOr
	case "NOT":
		t.kind = tokenNot
	}
	return t, nil
}

// operator reads the comparison at the start of a value. "!=" is reported
// apart, as it negates the whole term.
func (l *lexer) operator() (op Op, negated bool) {
	for _, known := range []struct {
		text    string
		op      Op
		negated bool
	}{
		{"<=", OpAtMost, false},
		{">=", OpAtLeast, false},
		{"!=", OpIs, true},
		{"<", OpLess, false},
		{">", OpGreater, false},
		{"=", OpIs, false},
		{"~", OpContains, false},
	} {
		if l.accept(known.text) {
			return known.op, known.negated
		}
	}
	return OpIs, false
}

// operand reads one end of a value, quoted or up to the next space, comma,
// bracket, quotation mark or "..". It is empty if nothing stands there.
func (l *lexer) operand() (Operand, error) {
	r, size := l.peek()
	if isQuote(r) {
		text, err := l.quoted()
		return Operand{Text: text, Quoted: true}, err
	}
	start := l.pos
	if strings.ContainsRune("<>=!~", r) && size > 0 {
		return Operand{}, errorAt(Span{start, start + size}, "A value cannot begin with %c. Put it in quotation marks if you mean the character itself.", r)
	}
	for ; size > 0 && !endsWord(r) && r != ',' && !strings.HasPrefix(l.text[l.pos:], ".."); r, size = l.peek() {
		l.pos += size
	}
	return Operand{Text: l.text[start:l.pos]}, nil
}

// quoted reads text in quotation marks. Inside straight marks only a straight
// one closes; phones write curved ones, which close each other. A backslash
// stands for itself except before a quotation mark or a backslash, so that
// "C:\temp" can be typed as it is.
func (l *lexer) quoted() (string, error) {
	start := l.pos
	opening, size := l.peek()
	l.pos += size
	var text strings.Builder
	for {
		r, size := l.peek()
		switch {
		case size == 0:
			return "", errorAt(Span{start, l.pos}, "The quotation mark is not closed.")
		case r == '"' || opening != '"' && isQuote(r):
			l.pos += size
			return text.String(), nil
		case r == '\\':
			l.pos += size
			if escaped, _ := l.peek(); escaped == '\\' || escaped == '"' {
				l.pos++
				r = escaped
			}
		default:
			l.pos += size
		}
		text.WriteRune(r)
	}
}

func (l *lexer) peek() (r rune, size int) {
	return utf8.DecodeRuneInString(l.text[l.pos:])
}

func (l *lexer) accept(text string) bool {
	if !strings.HasPrefix(l.text[l.pos:], text) {
		return false
	}
	l.pos += len(text)
	return true
}

// skipSpace also skips a minus that stands alone: it is punctuation in pasted
// text ("VPN - cannot connect"), not a negation.
func (l *lexer) skipSpace() {
	for {
		r, size := l.peek()
		if r == '-' && (l.pos == 0 || endsWord(l.before())) {
			if after, _ := utf8.DecodeRuneInString(l.text[l.pos+1:]); l.pos+1 == len(l.text) || unicode.IsSpace(after) || after == ')' {
				l.pos++
				continue
			}
		}
		if size == 0 || !unicode.IsSpace(r) {
			return
		}
		l.pos += size
	}
}

func (l *lexer) before() rune {
	r, _ := utf8.DecodeLastRuneInString(l.text[:l.pos])
	return r
}

func endsWord(r rune) bool {
	return r == '(' || r == ')' || isQuote(r) || unicode.IsSpace(r)
}

func isQuote(r rune) bool {
	return r == '"' || r == '“' || r == '”' || r == '„'
}

// isFieldName reports whether text before a colon names a field: a letter, then
// letters, digits, '_', '-' and '.'. So 10:30 is a word.
func isFieldName(text string) bool {
	for i, r := range text {
		switch {
		case unicode.IsLetter(r):
		case i > 0 && (unicode.IsDigit(r) || r == '_' || r == '-' || r == '.'):
		default:
			return false
		}
	}
	return text != ""
}
