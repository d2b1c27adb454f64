package filter

import "strings"

// Format prints a filter in its canonical form: one space between terms, "-"
// for NOT, brackets and quotation marks only where they are needed or were
// typed. Parse(Format(n)) equals n for every n that Parse returned and whose
// canonical text is not longer than MaxLength.
func Format(n Node) string {
	var b strings.Builder
	format(&b, n)
	return b.String()
}

func format(b *strings.Builder, n Node) {
	switch n := n.(type) {
	case *AndNode:
		formatList(b, n.Nodes, " ")
	case *OrNode:
		formatList(b, n.Nodes, " OR ")
	case *NotNode:
		b.WriteByte('-')
		formatInner(b, n.Node)
	case *TermNode:
		b.WriteString(n.Field)
		b.WriteByte(':')
		for i, v := range n.Values {
			if i > 0 {
				b.WriteByte(',')
			}
			formatValue(b, v)
		}
	case *WordNode:
		if n.Quoted || !isBareWord(n.Text) {
			formatQuoted(b, n.Text)
		} else {
			b.WriteString(n.Text)
		}
	}
}

func formatList(b *strings.Builder, nodes []Node, separator string) {
	for i, n := range nodes {
		if i > 0 {
			b.WriteString(separator)
		}
		formatInner(b, n)
	}
}

func formatInner(b *strings.Builder, n Node) {
	switch n.(type) {
	case *AndNode, *OrNode:
		b.WriteByte('(')
		format(b, n)
		b.WriteByte(')')
	default:
		format(b, n)
	}
}

func formatValue(b *strings.Builder, v ValueNode) {
	b.WriteString(v.Op.String())
	if v.Op == OpRange {
		formatOperand(b, v.Low, strings.HasSuffix(v.Low.Text, "."))
		b.WriteString("..")
		formatOperand(b, v.High, false)
		return
	}
	formatOperand(b, v.Low, false)
}

func formatOperand(b *strings.Builder, o Operand, quote bool) {
	if quote || o.Quoted || !isBareOperand(o.Text) {
		formatQuoted(b, o.Text)
		return
	}
	b.WriteString(o.Text)
}

func formatQuoted(b *strings.Builder, text string) {
	b.WriteByte('"')
	for _, r := range text {
		if r == '"' || r == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
}

// isBareWord asks the lexer itself whether it would read text as one word.
func isBareWord(text string) bool {
	l := lexer{text: text}
	t, err := l.next()
	return err == nil && t.kind == tokenWord && t.text == text
}

// isBareOperand asks the lexer itself whether it would read text as one value.
func isBareOperand(text string) bool {
	l := lexer{text: text}
	o, err := l.operand()
	return err == nil && o.Text == text && text != ""
}

// Quote writes a text as one value of a term, in quotation marks if it needs
// them.
func Quote(text string) string {
	var b strings.Builder
	formatOperand(&b, Operand{Text: text}, false)
	return b.String()
}
