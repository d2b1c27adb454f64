package mail

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Showing says how the HTML of a message stands on a page. Its words are those of
// the page, in the reader's language.
type Showing struct {
	// Inline gives the picture that came along with a Content-ID; nil, and one
	// without an address, leave its words.
	Inline func(contentID string, width, height int) Shown
	// Remote gives the address of the picture Message.Remote[n]; nil and "" leave
	// its words.
	Remote func(n int) string
	Quote  string // what quotes are folded under; "" leaves them as they are
	Table  string // what a table is called that may be moved within its place
}

// Shown is a picture on a page.
type Shown struct {
	URL           string
	Alt           string // where the message says nothing
	Width, Height int    // 0 when unknown
}

// Show puts a message's HTML onto a page: with the pictures that may be shown, its
// quotes folded, and tables that cannot make the page wide.
func Show(safe string, s Showing) string {
	body := &html.Node{Type: html.ElementNode, DataAtom: atom.Body, Data: "body"}
	nodes, err := html.ParseFragment(strings.NewReader(safe), body)
	if err != nil {
		return safe // without its pictures
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	s.pictures(body)
	s.tables(body)
	trueLinks(body)
	if s.Quote != "" && strings.TrimSpace(wordsOutsideQuotes(body)) != "" {
		s.quotes(body)
	}
	var b strings.Builder
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		if err := html.Render(&b, n); err != nil {
			return safe
		}
	}
	return b.String()
}

// pictures puts pictures, or the words for them, in the places of their markers.
func (s Showing) pictures(root *html.Node) {
	var marks []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.DataAtom == atom.Img {
			marks = append(marks, n)
		}
	}
	for _, n := range marks {
		width, _ := strconv.Atoi(attr(n, "width"))
		height, _ := strconv.Atoi(attr(n, "height"))
		shown := Shown{Width: width, Height: height}
		far, isFar := strconv.Atoi(attr(n, "data-remote"))
		cid := attr(n, "data-cid")
		switch {
		case cid != "" && s.Inline != nil:
			shown = s.Inline(cid, width, height)
		case cid == "" && isFar == nil && s.Remote != nil:
			shown.URL = s.Remote(far)
		}
		alt := strings.TrimSpace(attr(n, "alt"))
		if shown.URL == "" {
			absent(n, alt, width > 0 && width <= 3 || height > 0 && height <= 3)
			continue
		}
		n.Attr = []html.Attribute{
			{Key: "src", Val: shown.URL}, {Key: "alt", Val: firstOf(alt, shown.Alt)}, {Key: "loading", Val: "lazy"}, {Key: "decoding", Val: "async"}, {Key: "referrerpolicy", Val: "no-referrer"},
		}
		if shown.Width > 0 && shown.Height > 0 {
			n.Attr = append(n.Attr, html.Attribute{Key: "width", Val: strconv.Itoa(shown.Width)}, html.Attribute{Key: "height", Val: strconv.Itoa(shown.Height)})
		}
	}
}

// absent puts the words of a picture that is not shown in its place. What would
// hardly be seen has none.
func absent(n *html.Node, alt string, tiny bool) {
	if alt != "" && !tiny {
		words := &html.Node{Type: html.ElementNode, DataAtom: atom.Span, Data: "span", Attr: []html.Attribute{{Key: "class", Val: "mail-absent"}}}
		words.AppendChild(&html.Node{Type: html.TextNode, Data: alt})
		n.Parent.InsertBefore(words, n)
	}
	n.Parent.RemoveChild(n)
}

var looksLikeAddress = regexp.MustCompile(`^(?i:https?://|www\.)\S+$|^[\w.-]+\.[a-zA-Z]{2,}(/\S*)?$`)

// trueLinks says where a link leads whose words name another place.
func trueLinks(root *html.Node) {
	var links []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.DataAtom == atom.A {
			links = append(links, n)
		}
	}
	host := func(address string) string {
		if !strings.Contains(address, "://") {
			address = "https://" + address
		}
		u, err := url.Parse(address)
		if err != nil {
			return ""
		}
		return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	}
	for _, n := range links {
		words, leads := strings.TrimSpace(textContent(n)), host(attr(n, "href"))
		if leads == "" || !looksLikeAddress.MatchString(words) || host(words) == leads {
			continue
		}
		said := &html.Node{Type: html.ElementNode, DataAtom: atom.Span, Data: "span", Attr: []html.Attribute{{Key: "class", Val: "mail-absent"}}}
		said.AppendChild(&html.Node{Type: html.TextNode, Data: "→ " + leads})
		n.Parent.InsertBefore(said, n.NextSibling)
	}
}

// tables gives each table that stands in no other a place in which it moves.
func (s Showing) tables(n *html.Node) {
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		if child.Type == html.ElementNode && child.DataAtom == atom.Table {
			place := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div", Attr: []html.Attribute{
				{Key: "class", Val: "mail-table"}, {Key: "tabindex", Val: "0"}, {Key: "role", Val: "group"}, {Key: "aria-label", Val: s.Table},
			}}
			n.InsertBefore(place, child)
			n.RemoveChild(child)
			place.AppendChild(child)
		} else {
			s.tables(child)
		}
		child = next
	}
}

func isMarkedQuote(n *html.Node) bool {
	return n.Type == html.ElementNode && hasClass(n, "mail-quote")
}

// between reports whether a node may stand between two parts of one quote.
func between(n *html.Node) bool {
	return n.Type == html.TextNode && strings.TrimSpace(n.Data) == "" || n.DataAtom == atom.Br
}

func wordsOutsideQuotes(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if isMarkedQuote(n) {
		return ""
	}
	var b strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		b.WriteString(wordsOutsideQuotes(child))
	}
	return b.String()
}

// quotes folds each quote that stands in no other; neighbours are one.
func (s Showing) quotes(n *html.Node) {
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		if !isMarkedQuote(child) {
			s.quotes(child)
			child = next
			continue
		}
		fold := &html.Node{Type: html.ElementNode, DataAtom: atom.Details, Data: "details", Attr: []html.Attribute{{Key: "class", Val: "s-letter-fold"}}}
		summary := &html.Node{Type: html.ElementNode, DataAtom: atom.Summary, Data: "summary"}
		summary.AppendChild(&html.Node{Type: html.TextNode, Data: s.Quote})
		fold.AppendChild(summary)
		n.InsertBefore(fold, child)
		for last := child; last != nil; {
			after := last.NextSibling
			n.RemoveChild(last)
			fold.AppendChild(last)
			last = after
			for after != nil && between(after) {
				after = after.NextSibling
			}
			if after == nil || !isMarkedQuote(after) {
				break
			}
			for last != after {
				more := last.NextSibling
				n.RemoveChild(last)
				fold.AppendChild(last)
				last = more
			}
		}
		child = fold.NextSibling
	}
}
