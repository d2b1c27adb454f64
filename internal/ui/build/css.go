package main

import "strings"

// node is a rule of a style sheet. It knows no more CSS than purging needs:
// heads, blocks and declarations, with strings, comments and brackets skipped
// correctly.
type node struct {
	head         string // selector list, or "@media ..." for an at-rule
	declarations []string
	children     []node
	block        bool // false for statements such as @charset
}

func (n node) isAtRule() bool { return strings.HasPrefix(n.head, "@") }

// hasRules tells an at-rule that holds rules (@media) from one that holds
// declarations (@font-face) or nothing (@charset).
func (n node) hasRules() bool { return n.block && n.children != nil }

func (n node) atName() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(n.head, "@"), " ")
	return name
}

func (n node) atArgument() string {
	_, arg, _ := strings.Cut(n.head, " ")
	return strings.TrimSpace(arg)
}

// parseCSS reads a style sheet into rules. Comments are dropped.
func parseCSS(css string) []node {
	p := &cssReader{text: css}
	return p.rules()
}

type cssReader struct {
	text string
	pos  int
}

// rules reads until the closing brace of the enclosing block or the end.
func (p *cssReader) rules() []node {
	nodes := []node{}
	for {
		head, stop := p.until("{};")
		switch stop {
		case 0, '}':
			return nodes
		case ';':
			if head != "" {
				nodes = append(nodes, node{head: head})
			}
		case '{':
			nodes = append(nodes, p.body(head))
		}
	}
}

// body reads the block of a rule whose opening brace was just read.
func (p *cssReader) body(head string) node {
	n := node{head: head, block: true}
	if strings.HasPrefix(head, "@") && !strings.HasPrefix(head, "@font-face") && !strings.HasPrefix(head, "@page") {
		n.children = p.rules()
		return n
	}
	for {
		declaration, stop := p.until(";}")
		if declaration != "" {
			n.declarations = append(n.declarations, declaration)
		}
		if stop != ';' {
			return n
		}
	}
}

// until reads up to one of the stop characters outside strings, comments and
// brackets, and returns what was read and the stop (0 at the end).
func (p *cssReader) until(stops string) (string, byte) {
	var b strings.Builder
	depth := 0
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case strings.HasPrefix(p.text[p.pos:], "/*"):
			end := strings.Index(p.text[p.pos+2:], "*/")
			if end < 0 {
				p.pos = len(p.text)
				continue
			}
			p.pos += end + 4
			continue
		case c == '"' || c == '\'':
			b.WriteString(p.quoted(c))
			continue
		case c == '\\' && p.pos+1 < len(p.text):
			b.WriteString(p.text[p.pos : p.pos+2])
			p.pos += 2
			continue
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case depth == 0 && strings.IndexByte(stops, c) >= 0:
			p.pos++
			return strings.TrimSpace(b.String()), c
		}
		b.WriteByte(c)
		p.pos++
	}
	return strings.TrimSpace(b.String()), 0
}

// quoted reads a string whose opening quote is at the current position.
func (p *cssReader) quoted(quote byte) string {
	start := p.pos
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch p.text[p.pos] {
		case '\\':
			p.pos++
		case quote:
			p.pos++
			return p.text[start:p.pos]
		}
	}
	return p.text[start:]
}

// render writes rules back as text.
func render(nodes []node) string {
	var b strings.Builder
	writeNodes(&b, nodes)
	return b.String()
}

func writeNodes(b *strings.Builder, nodes []node) {
	for _, n := range nodes {
		b.WriteString(n.head)
		if !n.block {
			b.WriteString(";\n")
			continue
		}
		b.WriteString("{")
		for _, d := range n.declarations {
			b.WriteString(d)
			b.WriteString(";")
		}
		writeNodes(b, n.children)
		b.WriteString("}\n")
	}
}
