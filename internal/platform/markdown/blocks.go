package markdown

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Span is a stretch of text in one style.
type Span struct {
	Text string
	Bold bool
	Code bool
	URL  string // where it leads; "" nowhere
}

// Block is a paragraph, or what stands like one, of a text that is not for a browser.
type Block struct {
	Heading bool
	Code    bool   // lines that keep their breaks
	Rule    bool   // a line across
	Quote   int    // how deep it is quoted
	Indent  int    // how deep in lists
	Row     bool   // of a table; a span of Cell stands between its cells
	Mark    string // in front of the first line of a list's item: "•", "2."
	Spans   []Span
}

// Cell is the text of the span between two cells of a table's row.
const Cell = "  |  "

// Blocks reads a text for paper: the same that HTML shows, as plain blocks.
func Blocks(source string) []Block {
	source = strings.ReplaceAll(source, "\r\n", "\n")
	if len(source) > MaxSource || tooDeep(source) {
		return plainBlocks(source)
	}
	p := parser.NewContext()
	p.Set(contextKey, Context{})
	raw := []byte(source)
	r := &blockReader{source: raw}
	r.children(engine().Parser().Parse(text.NewReader(raw), parser.WithContext(p)), Block{})
	return r.out
}

// Words gives a text on one line and without its marks, for where a sentence quotes it.
func Words(source string) string {
	var b strings.Builder
	for _, block := range Blocks(source) {
		b.WriteByte(' ')
		b.WriteString(block.Mark)
		b.WriteByte(' ')
		for _, s := range block.Spans {
			b.WriteString(s.Text)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func plainBlocks(source string) []Block {
	var out []Block
	for part := range strings.SplitSeq(source, "\n\n") {
		if part = strings.Trim(part, "\n"); part != "" {
			out = append(out, Block{Spans: []Span{{Text: part}}})
		}
	}
	return out
}

type blockReader struct {
	source []byte
	out    []Block
}

// children reads what lies in a container; around says where that is.
func (r *blockReader) children(n ast.Node, around Block) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		r.block(c, around)
		around.Mark = "" // it stands before the first block of an item
	}
}

func (r *blockReader) block(n ast.Node, around Block) {
	b := around
	switch n := n.(type) {
	case *ast.Blockquote:
		b.Quote++
		r.children(n, b)
		return
	case *ast.List:
		r.list(n, b)
		return
	case *ast.Heading:
		b.Heading = true
	case *ast.ThematicBreak:
		b.Rule = true
	case *ast.CodeBlock, *ast.FencedCodeBlock, *ast.HTMLBlock:
		b.Code = true
		b.Spans = []Span{{Text: strings.TrimRight(r.lines(n), "\n"), Code: true}}
		r.out = append(r.out, b)
		return
	case *extast.Table:
		for row := n.FirstChild(); row != nil; row = row.NextSibling() {
			r.row(row, b)
		}
		return
	}
	r.inline(n, Span{}, &b.Spans)
	if len(b.Spans) > 0 || b.Rule || b.Mark != "" {
		r.out = append(r.out, b)
	}
}

func (r *blockReader) list(n *ast.List, b Block) {
	b.Indent++
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		b.Mark = "•"
		if n.IsOrdered() {
			b.Mark = strconv.Itoa(number) + "."
			number++
		}
		r.children(item, b)
	}
}

// row is a table's row on one line.
func (r *blockReader) row(row ast.Node, b Block) {
	b.Row = true
	for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
		if len(b.Spans) > 0 {
			b.Spans = append(b.Spans, Span{Text: Cell})
		}
		r.inline(cell, Span{Bold: row.Kind() == extast.KindTableHeader}, &b.Spans)
	}
	r.out = append(r.out, b)
}

func (r *blockReader) lines(n ast.Node) string {
	var b strings.Builder
	lines := n.Lines()
	for i := range lines.Len() {
		at := lines.At(i)
		b.Write(at.Value(r.source))
	}
	if h, ok := n.(*ast.HTMLBlock); ok && h.HasClosure() {
		b.Write(h.ClosureLine.Value(r.source))
	}
	return b.String()
}

// inline gathers the spans under a node in a style.
func (r *blockReader) inline(n ast.Node, style Span, out *[]Span) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		s := style
		switch c := c.(type) {
		case *ast.Text:
			s.Text = string(c.Segment.Value(r.source))
			if !s.Code && !c.IsRaw() { // as the HTML shows it: escapes and entities are what they stand for
				s.Text = plainText(s.Text)
			}
			if c.SoftLineBreak() || c.HardLineBreak() {
				s.Text += "\n"
			}
		case *ast.String:
			s.Text = string(c.Value)
		case *ast.AutoLink:
			s.Text, s.URL = string(c.Label(r.source)), string(c.URL(r.source))
		case *ast.RawHTML:
			for i := range c.Segments.Len() {
				at := c.Segments.At(i)
				s.Text += string(at.Value(r.source))
			}
		case *extast.TaskCheckBox:
			s.Text = "[ ] "
			if c.IsChecked {
				s.Text = "[x] "
			}
		case *ast.CodeSpan:
			s.Code = true
			r.inline(c, s, out)
			continue
		case *ast.Emphasis:
			s.Bold = s.Bold || c.Level > 1
			r.inline(c, s, out)
			continue
		case *ast.Link:
			s.URL = string(c.Destination)
			r.inline(c, s, out)
			continue
		default:
			r.inline(c, s, out)
			continue
		}
		if s.Text != "" {
			*out = append(*out, s)
		}
	}
}

// plainText takes the backslashes of escapes out of a text, and puts characters in
// the place of entities.
func plainText(s string) string {
	return string(util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences([]byte(s)))))
}
