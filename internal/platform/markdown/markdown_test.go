package markdown_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"github.com/steward-itsm/steward/internal/platform/markdown"
)

func parse(t testing.TB, fragment string) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(fragment))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func render(t testing.TB, source string) *goquery.Document {
	t.Helper()
	return parse(t, markdown.HTML(source, links))
}

// links knows INC-1 and the person 7.
var links = markdown.Context{
	Host: "steward.example",
	Ticket: func(number string) (markdown.Reference, bool) {
		return markdown.Reference{URL: "/tickets/" + number, Hint: "Printer jams · In progress"}, number == "INC-1"
	},
	Person: func(id string) (markdown.Reference, bool) {
		return markdown.Reference{URL: "/people/" + id, Label: "Ana Silva"}, id == "7"
	},
}

func TestMarkdownBecomesMarkup(t *testing.T) {
	t.Parallel()
	for source, selector := range map[string]string{
		"**bold**": "p > strong", "_it_": "p > em", "~~gone~~": "p > del", "`code`": "p > code", "> quote": "blockquote > p", "- a\n- b": "ul > li + li",
		"3. a\n4. b": "ol[start='3']", "# Head": "h3", "##### Deep": "h5", "```go\nx := 1\n```": "pre[dir=ltr] > code", "a\nb": "p > br",
		"|a|b|\n|-|:-:|\n|1|2|": "table td[align=center]", "- [x] done": "li > input[type=checkbox][checked][disabled]",
		"see https://example.com/x": "a[href='https://example.com/x'][rel~=nofollow][rel~=noopener][target=_blank]",
		"[x](mailto:a@example.com)": "a[href='mailto:a@example.com']", "[x](/tickets/INC-1)": "a[href='/tickets/INC-1']:not([target])",
		"![shot](/attachments/42)": "img[src='/attachments/42'][alt=shot][loading=lazy]",
	} {
		if doc := render(t, source); doc.Find(selector).Length() != 1 {
			h, _ := doc.Find("body").Html()
			t.Errorf("%q has no %s:\n%s", source, selector, h)
		}
	}
}

func TestNothingThatIsWrittenVanishes(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"<server> is down", "a <b>c</b> d", "<div>block</div>", "<!-- comment -->", "[Status]: OK", "x < y && z > w", "<script>alert(1)</script>",
		"<?php echo 1 ?>", "&lt; literally", "<img src=x>", "a\n\n<table>\n<tr>\n\nb",
	} {
		shown := strings.Join(strings.Fields(render(t, source).Text()), "")
		want := strings.Join(strings.Fields(html.UnescapeString(source)), "")
		if shown != want {
			t.Errorf("%q is shown as %q", source, shown)
		}
	}
}

// hostile is what people send who mean harm.
var hostile = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `<a href="javascript:alert(1)">x</a>`,
	`[x](javascript:alert(1))`, `[x](JaVaScRiPt:alert(1))`, "[x](java\nscript:alert(1))", `[x](&#106;avascript:alert(1))`, `[x](data:text/html,<script>alert(1)</script>)`,
	`[x](vbscript:msgbox(1))`, `<javascript:alert(1)>`, `![x](javascript:alert(1))`, `![x](https://evil.example/pixel.png)`, `![x](//evil.example/p)`,
	`![x](data:image/svg+xml;base64,PHN2Zz4=)`, `![x" onerror="alert(1)](/attachments/1)`, `![x](/attachments/1?x=1)`, `![x](/attachments/../logout)`,
	"`<script>alert(1)</script>`", "```\n<script>alert(1)</script>\n```", `<iframe src="//evil.example">`, `<form action="/tickets/1/close"><input name=x>`,
	`<style>*{display:none}</style>`, `<p style="position:fixed">x</p>`, `<a href="/x" class="s-mention">fake</a>`, `<div id="main">clobber</div>`,
	`[x](https://a.example" onclick="alert(1))`, `[a](<javascript:alert(1)>)`, `[x](\x01javascript:alert(1))`, `<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `[@x](person:7" onmouseover="alert(1))`, `[x](person:javascript)`, `<hx-partial hx-target="body">x</hx-partial>`,
	`<div hx-get="/sign-out" hx-trigger="load">x</div>`, "<a\thref=x\tdata-key='r'>", `http://x.example/"onmouseover="alert(1)`, `<x onclick=alert(1)//`, `"><script>`,
}

func TestNothingHostileSurvives(t *testing.T) {
	t.Parallel()
	for _, source := range slices.Concat(hostile, []string{strings.Join(hostile, "\n\n"), strings.Join(hostile, " ")}) {
		harmless(t, source, markdown.HTML(source, links))
		harmless(t, source, markdown.Plain(source))
	}
}

func FuzzNothingHostileSurvives(f *testing.F) {
	for _, source := range hostile {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if utf8.ValidString(source) {
			harmless(t, source, markdown.HTML(source, links))
		}
	})
}

// harmless checks every element and attribute that a browser would see.
func harmless(t *testing.T, source, out string) {
	t.Helper()
	elements := strings.Fields("html head body p br hr h3 h4 h5 strong em del code pre blockquote ul ol li table thead tbody tr th td a img input")
	attributes := strings.Fields("dir align start href title class src alt loading type checked disabled rel target")
	parse(t, out).Find("*").Each(func(_ int, s *goquery.Selection) {
		node := s.Get(0)
		if !slices.Contains(elements, node.Data) {
			t.Errorf("%q lets <%s> through:\n%s", source, node.Data, out)
		}
		for _, a := range node.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case !slices.Contains(attributes, a.Key):
				t.Errorf("%q lets the attribute %s through:\n%s", source, a.Key, out)
			case a.Key == "href" && !strings.HasPrefix(value, "http:") && !strings.HasPrefix(value, "https:") && !strings.HasPrefix(value, "mailto:") &&
				!strings.HasPrefix(value, "tel:") && strings.Contains(value[:strings.IndexAny(value+"/", "/?#")], ":"):
				t.Errorf("%q links to %q", source, a.Val)
			case a.Key == "src" && !strings.HasPrefix(value, "/attachments/"):
				t.Errorf("%q loads %q", source, a.Val)
			}
		}
	})
}

func TestForeignPicturesBecomeLinks(t *testing.T) {
	t.Parallel()
	doc := render(t, "![the chart](https://evil.example/p.png)")
	if doc.Find("img").Length() != 0 || doc.Find("a[href='https://evil.example/p.png']").Text() != "the chart" {
		h, _ := doc.Find("body").Html()
		t.Error(h)
	}
}

func TestTicketsAndPersonsAreLinkedOnlyWhereKnown(t *testing.T) {
	t.Parallel()
	doc := render(t, "INC-1 and INC-2, **INC-1**, `INC-1`, [INC-1](/x), XINC-1, INC-1a\n[@somebody](person:7) [@stranger](person:8) https://steward.example/tickets/INC-1 https://other.example/tickets/INC-1")
	if n := doc.Find("a.s-ref[href='/tickets/INC-1'][title='Printer jams · In progress']").Length(); n != 3 {
		h, _ := doc.Find("body").Html()
		t.Errorf("%d references:\n%s", n, h)
	}
	if got := doc.Find("a.s-mention[href='/people/7']").Text(); got != "@Ana Silva" {
		t.Errorf("mentioned as %q", got)
	}
	if doc.Find("a:contains(stranger)").Length() != 0 || !strings.Contains(doc.Text(), "@stranger") {
		t.Error("an unknown person is linked, or gone")
	}
	if doc.Find("code:contains('INC-1')").Length() != 1 || doc.Find("code a").Length() != 0 {
		t.Error("code was linked")
	}
	if got := markdown.Numbers(2, "INC-1 inc-2 REQ-7 INC-1", "CHG-9"); !slices.Equal(got, []string{"INC-1", "REQ-7"}) {
		t.Errorf("numbers %v", got)
	}
}

func TestEveryBlockFindsItsDirection(t *testing.T) {
	t.Parallel()
	doc := render(t, "שלום עולם\n\nhello\n\n- مرحبا\n\n> اقتباس\n\n|א|\n|-|\n|ב|")
	for _, selector := range []string{"p", "li", "blockquote", "td", "th"} {
		doc.Find(selector).Each(func(_ int, s *goquery.Selection) {
			if dir, _ := s.Attr("dir"); dir != "auto" {
				t.Errorf("<%s> has the direction %q", selector, dir)
			}
		})
	}
}

func TestLongAndDeepTextsAreShownPlain(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"long":   strings.Repeat("line of a log\n", 5000),
		"quotes": strings.Repeat(">", 5000) + " deep",
		"lists":  strings.Repeat("- ", 5000) + "deep",
	} {
		doc := render(t, source)
		if doc.Find("p[dir=auto]").Length() == 0 || doc.Find("blockquote, ul").Length() != 0 {
			t.Errorf("%s is not plain", name)
		}
		if got, want := len(strings.Join(strings.Fields(doc.Text()), "")), len(strings.Join(strings.Fields(source), "")); got != want {
			t.Errorf("%s: %d of %d letters shown", name, got, want)
		}
	}
	if render(t, strings.Repeat("> ", 10)+"fine").Find("blockquote").Length() != 10 {
		t.Error("ten quotes are not too many")
	}
	if render(t, strings.Repeat("-", 300)).Find("hr").Length() != 1 {
		t.Error("a long rule is a rule")
	}
}

// The worst that fits must not hold a page up.
func TestPathologicalTextsRenderInTime(t *testing.T) {
	t.Parallel()
	start := time.Now()
	for _, unit := range []string{">", "> ", "[", "![", "[a](", "*a ", "**a*", "`a ", "- ", "1. ", "<a ", "<!--", "www.", "a@", "~~a", "&", "[a]:\n", "|a"} {
		markdown.HTML(strings.Repeat(unit, markdown.MaxSource/len(unit)), links)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestCutEndsBetweenLinesAndClosesCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		limit  int
		head   string
		cut    bool
	}{
		{"short", 10, "short", false},
		{"one two\n\nthree four five", 14, "one two", true},
		{"aaaa bbbb cccc", 12, "aaaa bbbb", true},
		{"éééééééé", 5, "éé", true},
		{"```\ncode line one\ncode line two\n```", 25, "```\ncode line one\n```", true},
		{"👩‍👩‍👧👩‍👩‍👧", 3, "", true},
	} {
		head, cut := markdown.Cut(c.source, c.limit)
		if head != c.head || cut != c.cut || !utf8.ValidString(head) {
			t.Errorf("Cut(%q, %d) = %q, %v; want %q, %v", c.source, c.limit, head, cut, c.head, c.cut)
		}
	}
}
