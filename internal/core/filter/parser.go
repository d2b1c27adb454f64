package filter

import (
	"strings"
	"unicode/utf8"
)

// What Parse accepts at most. The limits keep the SQL of one filter small
// enough for both databases and for the reader.
const (
	MaxLength = 4096 // bytes of text
	MaxDepth  = 32   // levels of AND, OR and NOT
	MaxTerms  = 200  // words and values
)

// Parse reads a filter's text. An empty text is an *AndNode without nodes and
// matches everything. The error, if any, is an *Error.
func Parse(text string) (Node, error) {
	whole := Span{0, len(text)}
	switch {
	case len(text) > MaxLength:
		return nil, errorAt(Span{MaxLength, len(text)}, "The filter is too long: it may have %d characters.", MaxLength)
	case !utf8.ValidString(text):
		return nil, errorAt(whole, "The filter contains bytes that are not text.")
	case strings.ContainsRune(text, 0):
		at := strings.IndexByte(text, 0)
		return nil, errorAt(Span{at, at + 1}, "The filter contains a character that cannot be searched for.")
	}
	p := parser{lexer: lexer{text: text}}
	n, err := p.whole()
	if err != nil {
		return nil, err
	}
	depth, size := measure(n)
	switch {
	case depth > MaxDepth:
		return nil, errorAt(whole, "The filter is nested too deeply: at most %d levels.", MaxDepth)
	case size > MaxTerms:
		return nil, errorAt(whole, "The filter has too many terms: at most %d words and values.", MaxTerms)
	}
	return n, nil
}

// parser descends recursively; the bound on the text's length bounds its depth.
type parser struct {
	lexer lexer
	token token // the next one, not yet used
}

func (p *parser) advance() (err error) {
	p.token, err = p.lexer.next()
	return err
}

func (p *parser) whole() (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == tokenEnd {
		return &AndNode{}, nil
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.token.kind == tokenClose {
		return nil, errorAt(p.token.Span, "This bracket closes nothing.")
	}
	return n, nil
}

// or = and { "OR" and }
func (p *parser) or() (Node, error) {
	var nodes []Node
	for {
		n, err := p.and()
		if err != nil {
			return nil, err
		}
		if inner, ok := n.(*OrNode); ok {
			nodes = append(nodes, inner.Nodes...)
		} else {
			nodes = append(nodes, n)
		}
		if p.token.kind != tokenOr {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(nodes) == 1 {
		return nodes[0], nil
	}
	return &OrNode{Span: around(nodes), Nodes: nodes}, nil
}

// and = not { [ "AND" ] not }
func (p *parser) and() (Node, error) {
	var nodes []Node
	for {
		n, err := p.not()
		if err != nil {
			return nil, err
		}
		if inner, ok := n.(*AndNode); ok {
			nodes = append(nodes, inner.Nodes...)
		} else {
			nodes = append(nodes, n)
		}
		if p.token.kind == tokenAnd {
			if err := p.advance(); err != nil {
				return nil, err
			}
			continue
		}
		if k := p.token.kind; k == tokenEnd || k == tokenClose || k == tokenOr {
			break
		}
	}
	if len(nodes) == 1 {
		return nodes[0], nil
	}
	return &AndNode{Span: around(nodes), Nodes: nodes}, nil
}

// not = ( "NOT" | "-" ) not | "(" or ")" | term | word | phrase
func (p *parser) not() (Node, error) {
	t := p.token
	switch t.kind {
	case tokenField:
		return p.term(t)
	case tokenWord, tokenPhrase:
		if t.text == "" {
			return nil, errorAt(t.Span, "There is nothing between the quotation marks.")
		}
		n := &WordNode{Span: t.Span, Operand: Operand{Text: t.text, Quoted: t.kind == tokenPhrase}}
		return n, p.advance()
	case tokenNot, tokenMinus:
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := p.not()
		if err != nil {
			return nil, err
		}
		return &NotNode{Span: Span{t.Pos, n.Where().End}, Node: n}, nil
	case tokenOpen:
		return p.group(t)
	case tokenAnd, tokenOr:
		return nil, errorAt(t.Span, "%s stands between two conditions. Put it in quotation marks to search for the word.", p.lexer.text[t.Pos:t.End])
	case tokenClose:
		return nil, errorAt(t.Span, "Something is missing before this bracket.")
	case tokenEnd:
	}
	return nil, errorAt(t.Span, "Something is missing at the end.")
}

func (p *parser) group(open token) (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenClose {
		return nil, errorAt(open.Span, "The bracket is not closed.")
	}
	return n, p.advance()
}

// term = field ":" [ "!=" ] value { "," value }
func (p *parser) term(field token) (Node, error) {
	n := &TermNode{Field: field.text}
	negated := false
	for {
		value, different, err := p.value(field)
		if err != nil {
			return nil, err
		}
		if different && len(n.Values) > 0 {
			return nil, errorAt(value.Span, "Write != once, before the first value: it holds for the whole list.")
		}
		negated = negated || different
		n.Values = append(n.Values, value)
		if !p.lexer.accept(",") {
			break
		}
	}
	n.Span = Span{field.Pos, p.lexer.pos}
	if r, size := p.lexer.peek(); size > 0 && r != ')' && (r == '(' || isQuote(r)) {
		return nil, errorAt(Span{p.lexer.pos, p.lexer.pos + size}, "A space is missing here, or quotation marks around the whole value.")
	}
	if negated {
		return &NotNode{Span: n.Span, Node: n}, p.advance()
	}
	return n, p.advance()
}

// value = [ operator ] operand | [ operand ] ".." [ operand ]
//
// A range open at one end is read as the comparison it stands for.
func (p *parser) value(field token) (v ValueNode, negated bool, err error) {
	l := &p.lexer
	start := l.pos
	v.Op, negated = l.operator()
	compared := l.pos > start
	if v.Low, err = l.operand(); err != nil {
		return v, false, err
	}
	low, high := v.Low != (Operand{}), false
	if dots := l.pos; l.accept("..") {
		if v.Op != OpIs {
			return v, false, errorAt(Span{start, l.pos}, "A range takes no operator. Put the value in quotation marks if the dots belong to it.")
		}
		if v.High, err = l.operand(); err != nil {
			return v, false, err
		}
		high = v.High != (Operand{})
		if strings.HasPrefix(l.text[l.pos:], "..") {
			return v, false, errorAt(Span{start, l.pos + 2}, "A range has two ends. Put the value in quotation marks if the dots belong to it.")
		}
		switch {
		case low && high:
			v.Op = OpRange
		case low:
			v.Op = OpAtLeast
		case high:
			v.Op, v.Low, v.High = OpAtMost, v.High, Operand{}
		default:
			return v, false, errorAt(Span{dots, l.pos}, "A range needs at least one end.")
		}
	}
	v.Span = Span{start, l.pos}
	if !low && !high {
		after := l.text[field.Pos:l.pos]
		if !compared {
			return v, false, errorAt(Span{field.Pos, l.pos}, "A value is missing after %s. To search for the text itself, put it in quotation marks.", after)
		}
		return v, false, errorAt(Span{field.Pos, l.pos}, "A value is missing after %s.", after)
	}
	return v, negated, nil
}

func around(nodes []Node) Span {
	return Span{nodes[0].Where().Pos, nodes[len(nodes)-1].Where().End}
}
