package mail

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/steward-itsm/steward/internal/platform/markdown"
)

// maxHTML is how many bytes of HTML are read. What is longer is kept as a file.
const maxHTML = 4 << 20

// maxRemote is how many pictures of other servers are noted.
const maxRemote = 500

// policy is what may leave of a stranger's HTML: words, tables, links, and pictures
// that the message brought along. No style: it could cover what stands beside it.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "b", "em", "i", "u", "s", "del", "ins", "small", "sub", "sup", "mark",
		"code", "pre", "tt", "kbd", "samp", "blockquote", "q", "cite", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot",
		"tr", "th", "td", "center", "address", "abbr", "span")
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`^(auto|ltr|rtl)$`)).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`)).Globally()
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|center|right|justify)$`)).OnElements("p", "div", "td", "th", "tr", "table", "h1", "h2", "h3", "h4")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^[0-9]{1,2}$`)).OnElements("td", "th")
	p.AllowAttrs("border").Matching(regexp.MustCompile(`^[1-9]$`)).OnElements("table")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,6}$`)).OnElements("ol")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^mail-quote$`)).OnElements("div", "blockquote")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^mail-(remote|inline)$`)).OnElements("img")
	p.AllowAttrs("data-remote").Matching(regexp.MustCompile(`^[0-9]{1,4}$`)).OnElements("img")
	p.AllowAttrs("data-cid").OnElements("img")
	p.AllowAttrs("width", "height").Matching(regexp.MustCompile(`^[0-9]{1,4}$`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true) // brings rel="noopener"
	return p
})

// quoteContainers are what mail programs wrap a quoted message in.
var (
	quoteClasses = map[string]bool{
		"gmail_quote": true, "gmail_quote_container": true, "yahoo_quoted": true, "protonmail_quote": true, "zmail_extra": true, "tutanota_quote": true,
		"moz-cite-prefix": true, "gmail_extra": false, "skiptranslate": false,
	}
	quoteIDs = map[string]bool{"divrplyfwdmsg": true, "appendonsend": false, "olk_src_body_section": true, "mail-editor-reference-message-container": true}
)

func isQuote(n *html.Node) bool {
	if n.DataAtom == atom.Blockquote && (attr(n, "type") == "cite" || strings.Contains(attr(n, "class"), "gmail_quote")) {
		return true
	}
	for class := range strings.FieldsSeq(attr(n, "class")) {
		if quoteClasses[strings.ToLower(class)] {
			return true
		}
	}
	return quoteIDs[strings.ToLower(attr(n, "id"))]
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// dropped are elements that go with all they hold.
var dropped = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Head: true, atom.Title: true, atom.Meta: true, atom.Link: true, atom.Iframe: true, atom.Frame: true,
	atom.Object: true, atom.Embed: true, atom.Applet: true, atom.Noscript: true, atom.Template: true, atom.Svg: true, atom.Math: true, atom.Base: true,
	atom.Input: true, atom.Select: true, atom.Textarea: true, atom.Button: true, atom.Audio: true, atom.Video: true, atom.Canvas: true, atom.Map: true,
}

// hiding are styles that keep a text from being seen.
var hiding = regexp.MustCompile(`(?i)(^|[;\s])(display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(px|pt|em|%)?\s*(;|!|$)|opacity\s*:\s*0(\.0+)?\s*(;|!|$)|max-height\s*:\s*0(px)?\s*(;|!|$))`)

func isHidden(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "hidden" || a.Key == "style" && hiding.MatchString(a.Val) {
			return true
		}
	}
	return false
}

// sanitise gives HTML that is safe to show. Pictures leave a marker; Show puts them
// in.
func (r *reader) sanitise(source string) string {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil { // nested beyond what the parser takes
		r.m.remark("html_unreadable", "The formatted text cannot be read; its words are shown without it.", "")
		return markdown.Plain(textOf(source))
	}
	r.dress(doc)
	body := find(doc, atom.Body)
	if body == nil {
		body = doc
	}
	var b strings.Builder
	for child := body.FirstChild; child != nil; child = child.NextSibling {
		if err := html.Render(&b, child); err != nil {
			return markdown.Plain(textOf(source))
		}
	}
	return strings.TrimSpace(policy().Sanitize(b.String()))
}

func find(n *html.Node, what atom.Atom) *html.Node {
	for child := range n.Descendants() {
		if child.Type == html.ElementNode && child.DataAtom == what {
			return child
		}
	}
	return nil
}

// dress takes out what may not stay and marks quotes and pictures.
func (r *reader) dress(doc *html.Node) {
	var gone, heads []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && introduces(n) && hasFields(n) {
			heads = append(heads, n)
		}
		switch {
		case n.Type == html.CommentNode || n.Type == html.DoctypeNode:
			gone = append(gone, n)
		case n.Type != html.ElementNode:
		case dropped[n.DataAtom] && n.DataAtom != atom.Head:
			gone = append(gone, n)
		case n.DataAtom != atom.Body && isHidden(n):
			r.m.remark("hidden_text", "Text that was made invisible was left out of the formatted text.", "")
			gone = append(gone, n)
		case n.DataAtom == atom.Img:
			if !r.picture(n) {
				gone = append(gone, n)
			}
		default:
			quote := isQuote(n)
			kept := n.Attr[:0]
			for _, a := range n.Attr {
				if a.Key != "class" && a.Key != "id" && a.Key != "style" && !strings.HasPrefix(a.Key, "on") && a.Key != "background" && a.Key != "data-remote" && a.Key != "data-cid" {
					kept = append(kept, a)
				}
			}
			if n.Attr = kept; quote {
				if n.DataAtom != atom.Blockquote {
					n.DataAtom, n.Data = atom.Div, "div"
				}
				n.Attr = append(n.Attr, html.Attribute{Key: "class", Val: "mail-quote"})
			}
		}
	}
	for _, n := range gone {
		if n.Parent != nil {
			n.Parent.RemoveChild(n)
		}
	}
	for _, n := range heads {
		wrapQuoted(n)
	}
}

// wrapQuoted makes a quote of the fields that introduce an earlier message and of all
// that follows them, which is how Outlook quotes.
func wrapQuoted(head *html.Node) {
	for p := head.Parent; p != nil; p = p.Parent {
		if isMarkedQuote(p) {
			return // within one that was found before
		}
	}
	for !followed(head) && head.Parent != nil && head.Parent.DataAtom != atom.Body && isBlock(head.Parent) {
		head = head.Parent
	}
	if head.Parent == nil || !isBlock(head) {
		return
	}
	quote := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div", Attr: []html.Attribute{{Key: "class", Val: "mail-quote"}}}
	head.Parent.InsertBefore(quote, head)
	for n := head; n != nil; {
		next := n.NextSibling
		n.Parent.RemoveChild(n)
		quote.AppendChild(n)
		n = next
	}
}

// hasFields finds the names of fields, in bold as Outlook writes them.
func hasFields(n *html.Node) bool {
	if attr(n, "id") == "divRplyFwdMsg" {
		return true
	}
	names := 0
	for child := range n.Descendants() {
		if (child.DataAtom == atom.B || child.DataAtom == atom.Strong) && endsInColon(strings.TrimSpace(textContent(child))) {
			names++
		}
	}
	return names >= 3
}

func textContent(n *html.Node) string {
	var b strings.Builder
	for child := range n.Descendants() {
		if child.Type == html.TextNode {
			b.WriteString(child.Data)
		}
	}
	return b.String()
}

// followed reports whether words stand behind a node, beside it.
func followed(n *html.Node) bool {
	for n = n.NextSibling; n != nil; n = n.NextSibling {
		if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" || n.Type == html.ElementNode && !blank(n) {
			return true
		}
	}
	return false
}

func isBlock(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Div, atom.Section, atom.Article, atom.Center, atom.Blockquote:
		return true
	}
	return false
}

var dataImage = regexp.MustCompile(`^data:image/(png|gif|jpeg|jpg|webp|bmp);base64,`)

// picture makes a marker of a picture; false if there is nothing to show.
func (r *reader) picture(n *html.Node) bool {
	src := strings.TrimSpace(attr(n, "src"))
	var kept []html.Attribute
	for _, a := range n.Attr {
		if a.Key == "alt" || a.Key == "width" || a.Key == "height" {
			kept = append(kept, a)
		}
	}
	lower := strings.ToLower(src[:min(len(src), 64)])
	switch {
	case strings.HasPrefix(lower, "cid:"):
		cid := src[4:]
		if plain, err := url.PathUnescape(cid); err == nil {
			cid = plain
		}
		for i, a := range r.m.Attachments {
			if a.ContentID == cid && strings.HasPrefix(a.Type, "image/") {
				if r.m.Attachments[i].Role == RoleFile {
					r.m.Attachments[i].Role = RoleInline
				}
				n.Attr = append(kept, html.Attribute{Key: "class", Val: "mail-inline"}, html.Attribute{Key: "data-cid", Val: cid})
				return true
			}
		}
		n.Attr = append(kept, html.Attribute{Key: "class", Val: "mail-inline"}) // its picture is missing; the words for it stay
		return true
	case dataImage.MatchString(lower):
		data, err := base64.StdEncoding.DecodeString(strings.Map(noBlanks, src[strings.IndexByte(src, ',')+1:]))
		if r.parts++; err != nil || len(data) == 0 || r.parts > r.limits.Parts || r.spend(len(data)) != nil {
			return false
		}
		cid := fmt.Sprintf("data-%d@inline", len(r.m.Attachments)+1)
		declared := strings.Replace(lower[len("data:"):strings.IndexByte(lower, ';')], "image/jpg", "image/jpeg", 1)
		r.add(Attachment{Declared: declared, ContentID: cid, Role: RoleInline, Data: data})
		n.Attr = append(kept, html.Attribute{Key: "class", Val: "mail-inline"}, html.Attribute{Key: "data-cid", Val: cid})
		return true
	case strings.HasPrefix(lower, "//"):
		src = "https:" + src
		fallthrough
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		if u, err := url.Parse(src); err != nil || u.Host == "" || len(src) > 4000 || len(r.m.Remote) >= maxRemote {
			return false
		}
		number := len(r.m.Remote)
		for i, known := range r.m.Remote {
			if known == src {
				number = i
				break
			}
		}
		if number == len(r.m.Remote) {
			r.m.Remote = append(r.m.Remote, src)
		}
		n.Attr = append(kept, html.Attribute{Key: "class", Val: "mail-remote"}, html.Attribute{Key: "data-remote", Val: strconv.Itoa(number)})
		return true
	}
	return false
}

func noBlanks(r rune) rune {
	if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
		return -1
	}
	return r
}

// textOf gives the words of HTML as a person reads them: paragraphs, lists, rows
// of tables, links with their address, quotes with "> ".
func textOf(source string) string {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return cleanText(strings.TrimSpace(wordsOf(source)))
	}
	w := &textWriter{}
	w.node(doc, textPlace{})
	return cleanText(strings.Trim(string(w.out), "\n")) + "\n"
}

// wordsOf takes the tags out of HTML that is nested too deep to be parsed.
func wordsOf(source string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	skip := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken:
			name, _ := z.TagName()
			if a := atom.Lookup(name); a == atom.Script || a == atom.Style {
				skip = string(name)
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if string(name) == skip {
				skip = ""
			}
			if a := atom.Lookup(name); a == atom.P || a == atom.Div || a == atom.Tr || a == atom.Li {
				b.WriteByte('\n')
			}
		case html.TextToken:
			if skip == "" {
				b.Write(z.Text())
			}
		}
	}
}

type textPlace struct {
	quote int  // levels
	pre   bool // blanks count
	list  *int // number of the next item, nil in a list without
	item  bool
}

type textWriter struct {
	out    []byte
	prefix string
	breaks int  // line ends that are due before the next word
	space  bool // a blank is due
	begun  bool // the line has something on it
}

// maxQuoted is how many levels of a quote are shown as such.
const maxQuoted = 10

func (w *textWriter) block(n int) {
	w.space = false
	if len(w.out) > 0 && w.breaks < n {
		w.breaks = n
	}
}

func (w *textWriter) write(s string) {
	if s == "" {
		return
	}
	for ; w.breaks > 0; w.breaks-- {
		w.out = append(w.out, '\n')
		if w.breaks > 1 && w.prefix != "" {
			w.out = append(w.out, strings.TrimRight(w.prefix, " ")...)
		}
		w.begun = false
	}
	if !w.begun {
		w.out = append(w.out, w.prefix...)
		w.begun = true
	} else if w.space {
		w.out = append(w.out, ' ')
	}
	w.space = false
	w.out = append(w.out, s...)
}

func (w *textWriter) children(n *html.Node, at textPlace) {
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		w.node(child, at)
	}
}

func (w *textWriter) quoted(n *html.Node, at textPlace) {
	if at.quote >= maxQuoted {
		w.children(n, at)
		return
	}
	w.block(1)
	w.flush()
	before := w.prefix
	w.prefix = strings.Repeat(">", at.quote+1) + " "
	at.quote++
	w.children(n, at)
	w.block(1)
	w.flush()
	w.prefix = before
}

// flush ends the line, so that the next one has the prefix of its own place.
func (w *textWriter) flush() {
	if w.breaks > 0 {
		w.out = append(w.out, '\n')
		w.breaks--
		w.begun = false
		if w.breaks > 0 { // an empty line between belongs to neither
			w.out = append(w.out, '\n')
			w.breaks = 0
		}
	}
}

func (w *textWriter) node(n *html.Node, at textPlace) {
	switch n.Type {
	case html.TextNode:
		w.text(n.Data, at.pre)
		return
	case html.DocumentNode:
		w.children(n, at)
		return
	case html.ElementNode:
	default:
		return
	}
	if dropped[n.DataAtom] || n.DataAtom != atom.Body && isHidden(n) {
		return
	}
	if n.DataAtom == atom.Blockquote && isCite(n) || quoteIDs[strings.ToLower(attr(n, "id"))] && attr(n, "id") != "divRplyFwdMsg" {
		w.quoted(n, at)
		return
	}
	if hasClass(n, "yahoo_quoted") || hasClass(n, "tutanota_quote") {
		w.quoted(n, at)
		return
	}
	if introduces(n) {
		w.block(2)
	}
	switch n.DataAtom {
	case atom.Br:
		if !w.begun || w.breaks > 0 {
			w.breaks++
		} else {
			w.breaks = 1
		}
		w.space = false
	case atom.Hr:
		w.block(1)
		w.write("________________________________")
		w.block(1)
	case atom.P, atom.Pre, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Blockquote, atom.Dl, atom.Ul, atom.Ol:
		gap := 2
		if n.DataAtom == atom.P && tight(n) && !blank(n) || at.item {
			gap = 1
		}
		w.block(gap)
		inner := at
		inner.pre = at.pre || n.DataAtom == atom.Pre
		if n.DataAtom == atom.Ol {
			first := 1
			if start, err := strconv.Atoi(attr(n, "start")); err == nil {
				first = start
			}
			inner.list = &first
		} else if n.DataAtom == atom.Ul {
			inner.list = nil
		}
		w.children(n, inner)
		w.block(gap)
	case atom.Div, atom.Tr, atom.Address, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Dt, atom.Dd, atom.Center, atom.Form, atom.Fieldset, atom.Caption, atom.Main, atom.Aside:
		w.block(1)
		w.children(n, at)
		w.block(1)
	case atom.Li:
		w.block(1)
		if at.list != nil {
			w.write(strconv.Itoa(*at.list) + ".")
			*at.list++
		} else {
			w.write("-")
		}
		w.space = true
		inner := at
		inner.item = true
		w.children(n, inner)
		w.block(1)
	case atom.Td, atom.Th:
		if w.begun && w.breaks == 0 {
			w.space = true
		}
		w.children(n, at)
		w.space = w.begun && w.breaks == 0
	case atom.Img:
		if alt := strings.TrimSpace(attr(n, "alt")); alt != "" && len(alt) < 200 {
			w.write("[" + strings.Join(strings.Fields(alt), " ") + "]")
		}
	case atom.A:
		start := len(w.out)
		w.children(n, at)
		w.link(n, string(w.out[min(start, len(w.out)):]))
	default:
		w.children(n, at)
	}
}

// link adds the address of a link whose words do not say it.
func (w *textWriter) link(n *html.Node, words string) {
	href := strings.TrimSpace(attr(n, "href"))
	u, err := url.Parse(href)
	words = strings.TrimSpace(words)
	if err != nil || words == "" || len(href) > 2000 || u.Scheme != "http" && u.Scheme != "https" {
		return
	}
	bare := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(s), "https://"), "http://")
		return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	}
	if bare(words) != bare(href) {
		w.space = true
		w.write("<" + href + ">")
	}
}

func isCite(n *html.Node) bool {
	// Programs also use blockquote to indent; only a quote says that it is one.
	return attr(n, "type") == "cite" || strings.Contains(attr(n, "class"), "gmail_quote") || attr(n, "cite") != "" || hasClass(n, "protonmail_quote") || insideQuote(n)
}

func insideQuote(n *html.Node) bool {
	for p, up := n.Parent, 0; p != nil && up < 4; p, up = p.Parent, up+1 {
		if isQuote(p) {
			return true
		}
	}
	return false
}

func hasClass(n *html.Node, class string) bool {
	for c := range strings.FieldsSeq(attr(n, "class")) {
		if strings.EqualFold(c, class) {
			return true
		}
	}
	return false
}

var borderTop = regexp.MustCompile(`border-top:solid#[0-9a-f]{3,6}`)

// introduces finds what Outlook begins a quoted message with: a line above the
// fields, or a container of that name.
func introduces(n *html.Node) bool {
	if n.DataAtom != atom.Div {
		return false
	}
	return attr(n, "id") == "divRplyFwdMsg" || borderTop.MatchString(strings.ReplaceAll(strings.ToLower(attr(n, "style")), " ", ""))
}

// blank finds the paragraphs that stand for an empty line.
func blank(n *html.Node) bool {
	for child := range n.Descendants() {
		if child.Type == html.TextNode && strings.TrimSpace(child.Data) != "" || child.DataAtom == atom.Img {
			return false
		}
	}
	return true
}

// tight finds Word's paragraphs, which have no space between them.
func tight(n *html.Node) bool {
	class := strings.ToLower(attr(n, "class"))
	style := strings.ReplaceAll(strings.ToLower(attr(n, "style")), " ", "")
	return strings.HasPrefix(class, "mso") || strings.Contains(style, "margin:0") || strings.Contains(style, "margin-top:0") && strings.Contains(style, "margin-bottom:0")
}

func (w *textWriter) text(s string, pre bool) {
	if pre {
		for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
			if i > 0 {
				w.breaks++
				w.space = false
			}
			w.write(line)
		}
		return
	}
	s = strings.ReplaceAll(s, "\u00a0", " ")
	words := strings.Fields(s)
	if len(words) == 0 {
		if s != "" && w.begun && w.breaks == 0 {
			w.space = true
		}
		return
	}
	if strings.ContainsAny(s[:1], " \t\r\n") && w.begun && w.breaks == 0 {
		w.space = true
	}
	w.write(strings.Join(words, " "))
	w.space = strings.ContainsAny(s[len(s)-1:], " \t\r\n")
}
