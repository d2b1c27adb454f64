// Package markdown turns what people wrote into HTML that is safe to show.
//
// Nothing anybody types is trusted: HTML in a text is shown as the text it is,
// pictures come only from our own attachments, links go only where a browser can
// do no harm, and what the renderer made is sanitised once more before it leaves.
// Every block finds its own writing direction, so that a right-to-left answer
// reads well under a left-to-right question.
//
// A text can speak of tickets ("INC-1042") and of persons ("[@Ana](person:7)").
// Who those are is asked of the caller, who knows what the reader may see.
package markdown

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	htmlrenderer "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// MaxSource is how many bytes are read as Markdown. What is longer is a log or an
// attack; it is shown as plain paragraphs.
const MaxSource = 32_000

// Reference is what a word in a text points to.
type Reference struct {
	URL   string // a path of this server, or http(s)
	Label string // shown instead of what was written; "" leaves it
	Hint  string // shown on hover
}

// Context tells what a text may point to. The zero value links nothing.
type Context struct {
	// Ticket finds a ticket by its number; false leaves the number as it stands.
	Ticket func(number string) (Reference, bool)
	// Person finds a person who is mentioned; false leaves the name as it stands.
	Person func(id string) (Reference, bool)
	// Host is this server's: links to its own tickets are shown as such.
	Host string
}

// number is how tickets are numbered everywhere: INC-1042.
var number = regexp.MustCompile(`\b[A-Z]{1,8}-[0-9]{1,15}\b`)

// Numbers lists what looks like tickets' numbers in texts, each once, at most
// limit of them.
func Numbers(limit int, sources ...string) []string {
	var out []string
	seen := map[string]bool{}
	for _, source := range sources {
		if len(source) > MaxSource {
			continue // shown plain, without links
		}
		for _, n := range number.FindAllString(source, -1) {
			if !seen[n] && len(out) < limit {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	return out
}

// HTML renders a text.
func HTML(source string, c Context) string {
	source = strings.ReplaceAll(source, "\r\n", "\n")
	if len(source) > MaxSource || tooDeep(source) {
		return Plain(source)
	}
	var b bytes.Buffer
	p := parser.NewContext()
	p.Set(contextKey, c)
	if err := engine().Convert([]byte(source), &b, parser.WithContext(p)); err != nil {
		return Plain(source) // a buffer takes everything; this is for a renderer's own mistakes
	}
	return policy().Sanitize(b.String())
}

// Plain shows a text as it stands, in paragraphs.
func Plain(source string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.ReplaceAll(source, "\r\n", "\n"), "\n\n") {
		if part = strings.Trim(part, "\n"); part == "" {
			continue
		}
		b.WriteString(`<p dir="auto">`)
		b.WriteString(strings.ReplaceAll(html.EscapeString(part), "\n", "<br/>"))
		b.WriteString("</p>")
	}
	return b.String()
}

// Cut gives the beginning of a long text, at most limit bytes, ending between two
// lines where it can; false if the text is not longer.
func Cut(source string, limit int) (head string, cut bool) {
	if len(source) <= limit {
		return source, false
	}
	head = source[:limit]
	for !utf8.ValidString(head[max(0, len(head)-utf8.UTFMax):]) && len(head) > 0 && !utf8.RuneStart(source[len(head)]) {
		head = head[:len(head)-1]
	}
	for _, end := range []string{"\n\n", "\n", " "} {
		if i := strings.LastIndex(head, end); i >= limit/2 {
			head = head[:i]
			break
		}
	}
	if fences := strings.Count("\n"+head, "\n```"); fences%2 == 1 {
		head += "\n```"
	}
	return head, true
}

// maxDepth bounds how deep quotes and lists may lie in one another. Each level is
// a level of recursion in the parser and in the reader's browser.
const maxDepth = 40

// tooDeep finds lines that open more containers than any person would.
func tooDeep(source string) bool {
	for line := range strings.SplitSeq(source, "\n") {
		if opened(line) > maxDepth {
			return true
		}
	}
	return false
}

// opened counts the quotes and list items that a line begins with. Eight blanks
// of indentation count as one more.
func opened(line string) int {
	depth, blanks := 0, 0
	for i := 0; i < len(line) && depth <= maxDepth; i++ {
		ends := i+1 == len(line) || line[i+1] == ' ' || line[i+1] == '\t'
		switch c := line[i]; {
		case c == ' ' || c == '\t':
			if blanks++; blanks%8 == 0 {
				depth++
			}
		case c == '>':
			depth++
		case (c == '-' || c == '*' || c == '+' || c == '.' || c == ')') && ends:
			depth++
		case '0' <= c && c <= '9':
		default:
			return depth
		}
	}
	return depth
}

var contextKey = parser.NewContextKey()

// engine reads and renders; it is made once and safe for concurrent use.
var engine = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(
		// Without link reference definitions: "[Status]: OK" would vanish as one.
		goldmark.WithParser(parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...), parser.WithInlineParsers(parser.DefaultInlineParsers()...))),
		goldmark.WithExtensions(
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)), // no style attribute: the page's policy forbids it
			extension.Strikethrough, extension.Linkify, extension.TaskList,
		),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(transformer{}, 900))),
		goldmark.WithRendererOptions(
			htmlrenderer.WithHardWraps(), // a line break people type is one they mean
			renderer.WithNodeRenderers(util.Prioritized(asText{}, 100)),
		),
	)
})

var attachment = regexp.MustCompile(`^/(portal/)?(attachments|files)/[0-9]{1,19}$`)

// policy is what may leave.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h3", "h4", "h5", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li",
		"table", "thead", "tbody", "tr", "th", "td")
	blocks := []string{"p", "h3", "h4", "h5", "blockquote", "li", "th", "td", "pre"}
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`^(auto|ltr)$`)).OnElements(blocks...)
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|center|right)$`)).OnElements("th", "td")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^s-(mention|ref)$`)).OnElements("a")
	p.AllowAttrs("src").Matching(attachment).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("loading").Matching(regexp.MustCompile(`^lazy$`)).OnElements("img")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").OnElements("input")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnFullyQualifiedLinks(true)
	p.RequireNoReferrerOnFullyQualifiedLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
})

// transformer rewrites the tree before it is rendered.
type transformer struct{}

// Transform implements parser.ASTTransformer.
func (transformer) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	c, _ := pc.Get(contextKey).(Context)
	w := rewriter{c: c, source: reader.Source()}
	// The tree changes under the rewriter's hands, so the nodes are gathered first.
	var nodes []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			nodes = append(nodes, n)
		}
		return ast.WalkContinue, nil
	})
	for _, n := range nodes {
		w.rewrite(n)
	}
}

type rewriter struct {
	c      Context
	source []byte
}

func (w rewriter) rewrite(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		n.Level = min(n.Level+2, 5) // the page's own headings stand above
		n.SetAttributeString("dir", []byte("auto"))
	case *ast.Paragraph, *ast.ListItem, *ast.Blockquote:
		n.SetAttributeString("dir", []byte("auto"))
	case *ast.Image:
		w.image(n)
	case *ast.Link:
		w.link(n)
	case *ast.AutoLink:
		w.autoLink(n)
	case *ast.Text:
		if linkable(n) {
			w.text(n)
		}
	default:
		if n.Kind().String() == "TableCell" {
			n.SetAttributeString("dir", []byte("auto"))
		}
	}
}

// image keeps pictures that are attachments; others become links, so that
// reading a ticket tells no foreign server that it was read.
func (w rewriter) image(n *ast.Image) {
	if attachment.Match(n.Destination) {
		n.SetAttributeString("loading", []byte("lazy"))
		return
	}
	link := ast.NewLink()
	link.Destination, link.Title = n.Destination, n.Title
	adopt(link, n)
	if !link.HasChildren() {
		link.AppendChild(link, ast.NewString(n.Destination))
	}
	n.Parent().ReplaceChild(n.Parent(), n, link)
}

// link resolves mentions and keeps other links within what is harmless.
func (w rewriter) link(n *ast.Link) {
	id, isPerson := bytes.CutPrefix(n.Destination, []byte("person:"))
	if !isPerson {
		return
	}
	ref, known := Reference{}, false
	if w.c.Person != nil {
		ref, known = w.c.Person(string(id))
	}
	if !known || ref.URL == "" {
		// What it says stays; where it leads is nobody's business.
		for child := n.FirstChild(); child != nil; {
			next := child.NextSibling()
			n.Parent().InsertBefore(n.Parent(), n, child)
			child = next
		}
		n.Parent().RemoveChild(n.Parent(), n)
		return
	}
	n.Destination = []byte(ref.URL)
	n.Title = []byte(ref.Hint)
	n.SetAttributeString("class", []byte("s-mention"))
	if ref.Label != "" {
		n.RemoveChildren(n)
		n.AppendChild(n, ast.NewString([]byte("@"+ref.Label)))
	}
}

// autoLink shows a pasted address of one of our own tickets by its title.
func (w rewriter) autoLink(n *ast.AutoLink) {
	if w.c.Host == "" || w.c.Ticket == nil {
		return
	}
	url := string(n.URL(w.source))
	rest, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimPrefix(url, "https://"), "http://"), w.c.Host)
	if !ok {
		return
	}
	path, _, _ := strings.Cut(rest, "#")
	path, _, _ = strings.Cut(path, "?")
	for _, prefix := range []string{"/tickets/", "/portal/tickets/"} {
		if name, ours := strings.CutPrefix(path, prefix); ours && number.MatchString(name) && number.FindString(name) == name {
			if ref, known := w.c.Ticket(name); known {
				n.Parent().ReplaceChild(n.Parent(), n, reference(ref, name))
			}
			return
		}
	}
}

// linkable reports whether a text stands where a link may be put.
func linkable(n ast.Node) bool {
	for p := n.Parent(); p != nil; p = p.Parent() {
		switch p.(type) {
		case *ast.Link, *ast.AutoLink, *ast.Image, *ast.CodeSpan:
			return false
		}
	}
	return true
}

// text links the tickets' numbers in a run of text.
func (w rewriter) text(n *ast.Text) {
	if w.c.Ticket == nil {
		return
	}
	value := n.Segment.Value(w.source)
	parent := n.Parent()
	at := 0
	for _, m := range number.FindAllIndex(value, -1) {
		name := string(value[m[0]:m[1]])
		ref, known := w.c.Ticket(name)
		if !known {
			continue
		}
		if m[0] > at {
			parent.InsertBefore(parent, n, ast.NewTextSegment(text.NewSegment(n.Segment.Start+at, n.Segment.Start+m[0])))
		}
		parent.InsertBefore(parent, n, reference(ref, name))
		at = m[1]
	}
	// What is left keeps the line break that ends the run.
	n.Segment = text.NewSegment(n.Segment.Start+at, n.Segment.Stop)
}

func reference(ref Reference, written string) *ast.Link {
	link := ast.NewLink()
	link.Destination, link.Title = []byte(ref.URL), []byte(ref.Hint)
	link.SetAttributeString("class", []byte("s-ref"))
	if ref.Label != "" {
		written = ref.Label
	}
	link.AppendChild(link, ast.NewString([]byte(written)))
	return link
}

func adopt(to, from ast.Node) {
	for child := from.FirstChild(); child != nil; {
		next := child.NextSibling()
		to.AppendChild(to, child)
		child = next
	}
}

// asText renders HTML that somebody typed as the text it is, and code from left
// to right.
type asText struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (asText) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindRawHTML, rawHTML)
	r.Register(ast.KindHTMLBlock, htmlBlock)
	r.Register(ast.KindCodeBlock, code)
	r.Register(ast.KindFencedCodeBlock, code)
}

func rawHTML(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if n, ok := node.(*ast.RawHTML); ok && entering {
		for i := range n.Segments.Len() {
			segment := n.Segments.At(i)
			_, _ = w.WriteString(html.EscapeString(string(segment.Value(source))))
		}
	}
	return ast.WalkSkipChildren, nil
}

func htmlBlock(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n, ok := node.(*ast.HTMLBlock)
	if !ok || !entering {
		return ast.WalkContinue, nil
	}
	var all strings.Builder
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		all.Write(segment.Value(source))
	}
	if n.HasClosure() {
		all.Write(n.ClosureLine.Value(source))
	}
	_, _ = w.WriteString(Plain(all.String()))
	return ast.WalkContinue, nil
}

func code(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	_, _ = w.WriteString(`<pre dir="ltr"><code>`)
	for i := range node.Lines().Len() {
		segment := node.Lines().At(i)
		_, _ = w.WriteString(html.EscapeString(string(segment.Value(source))))
	}
	_, _ = w.WriteString("</code></pre>\n")
	return ast.WalkSkipChildren, nil
}
