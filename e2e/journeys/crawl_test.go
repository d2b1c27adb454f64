package journeys_test

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
)

// walk is what one person finds who follows every link of the product.
type walk struct {
	t     *testing.T
	c     *apptest.Client
	role  string
	found map[string]int    // how many addresses of a shape were visited
	from  map[string]string // addresses, and where the link to each was
	pages []visited
}

// visited is a page that somebody was led to.
type visited struct {
	role, path, shape string
	doc               *goquery.Document
}

// perShape is how many addresses of one shape are visited: they are alike.
const perShape = 3

// follow walks from the start page along every link that a role is shown.
func follow(t *testing.T, s *apptest.System, role string) []visited {
	t.Helper()
	w := &walk{t: t, c: s.SignedIn(role), role: role, found: map[string]int{}, from: map[string]string{"/": ""}}
	for queue := []string{"/"}; len(queue) > 0; {
		path := queue[0]
		queue = append(queue[1:], w.visit(path)...)
	}
	return w.pages
}

// visit looks at one page and gives the addresses to look at next.
func (w *walk) visit(path string) []string {
	from := w.from[path]
	a := w.c.Get(path)
	for range 3 {
		if a.Status != http.StatusSeeOther {
			break
		}
		path = a.Header.Get("Location")
		a = w.c.Get(path)
	}
	if a.Status != http.StatusOK {
		w.t.Errorf("%s is shown a link on %s to %s, which answers %d", w.role, from, path, a.Status)
		return nil
	}
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		return nil
	}
	doc := a.HTML(w.t)
	for _, wrong := range wellFormed(doc) {
		w.t.Errorf("%s of %s: %s", path, w.role, wrong)
	}
	w.pages = append(w.pages, visited{w.role, path, shapeOf(path), doc})
	return w.next(path, doc)
}

// next gives the links of a page that lead to something new.
func (w *walk) next(path string, doc *goquery.Document) []string {
	var out []string
	at := &url.URL{Path: path}
	if parsed, err := url.Parse(path); err == nil {
		at = parsed
	}
	doc.Find("a[href], area[href]").Each(func(_ int, link *goquery.Selection) {
		href, err := at.Parse(link.AttrOr("href", ""))
		if err != nil {
			w.t.Errorf("%s of %s: a link to %q", path, w.role, link.AttrOr("href", ""))
			return
		}
		if href.Host != "" || href.Scheme != "" {
			return
		}
		href.Fragment = ""
		address, shape := href.String(), shapeOf(href.String())
		if _, ok := w.from[address]; ok || w.found[shape] >= perShape || strings.HasPrefix(address, "/styleguide") {
			return
		}
		w.from[address] = path
		w.found[shape]++
		out = append(out, address)
	})
	return out
}

// wellFormed lists what every page must have and lacks.
func wellFormed(doc *goquery.Document) []string {
	var wrong []string
	want := func(ok bool, what string) {
		if !ok {
			wrong = append(wrong, what)
		}
	}
	want(doc.Find("h1").Length() == 1, "not one h1")
	want(strings.TrimSpace(doc.Find("title").Text()) != "", "no title")
	want(doc.Find("main").Length() == 1, "not one main")
	want(doc.Find("html[lang]").Length() == 1, "no language")
	want(doc.Find("style, [style], script:not([src])").Length() == 0, "a style or a script inside the page")
	doc.Find("*").Each(func(_ int, e *goquery.Selection) {
		for _, attr := range e.Nodes[0].Attr {
			want(!strings.HasPrefix(attr.Key, "on"), "a script in "+attr.Key)
		}
	})
	doc.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, f *goquery.Selection) {
		html, err := goquery.OuterHtml(f)
		want(err == nil && isLabelled(doc, f), "no label for "+html)
	})
	doc.Find("button, a[href]").Not("[aria-hidden=true]").Each(func(_ int, e *goquery.Selection) {
		html, err := goquery.OuterHtml(e)
		want(err == nil && strings.TrimSpace(e.Text()+e.AttrOr("aria-label", "")+e.Find("img").AttrOr("alt", "")) != "", "nothing says what is "+html)
	})
	keys := map[string]string{}
	doc.Find("main [data-key]").Each(func(_ int, e *goquery.Selection) {
		if e.Closest("tr, [data-row], dialog").Length() > 0 {
			return // a row's keys work where the focus is, a dialog's over the page
		}
		key, label := e.AttrOr("data-key", ""), e.AttrOr("data-key-label", "")
		want(keys[key] == "" || keys[key] == label, "the key "+key+" is both "+keys[key]+" and "+label)
		keys[key] = label
	})
	ids := map[string]bool{}
	doc.Find("[id]").Each(func(_ int, e *goquery.Selection) {
		id := e.AttrOr("id", "")
		want(!ids[id], "two elements are "+id)
		ids[id] = true
	})
	return wrong
}

func isLabelled(doc *goquery.Document, f *goquery.Selection) bool {
	if f.AttrOr("aria-label", "") != "" || f.AttrOr("aria-labelledby", "") != "" || f.Closest("label").Length() > 0 {
		return true
	}
	id := f.AttrOr("id", "")
	return id != "" && doc.Find("label").FilterFunction(func(_ int, l *goquery.Selection) bool { return l.AttrOr("for", "") == id }).Length() > 0
}

var (
	digits    = regexp.MustCompile(`/\d+(/|$)`)
	numbers   = regexp.MustCompile(`/[A-Z]{3}-\d+(/|$)`)
	roleKey   = regexp.MustCompile(`^/roles/[a-z_]+(/|$)`)
	kindKey   = regexp.MustCompile(`^/kinds/[a-z_]+(/|$)`)
	figureKey = regexp.MustCompile(`^/figures/[a-z_]+(/|$)`)
	ofField   = regexp.MustCompile(`/(edit|steps)/[a-z_]+$`)
	fileName  = regexp.MustCompile(`^/(portal/files|attachments)/.*`)
)

// shapeOf names the page behind an address: the address without what stands
// for one record, and the names of its parameters.
func shapeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	shape := numbers.ReplaceAllString(u.Path, "/{number}$1")
	shape = digits.ReplaceAllString(shape, "/{id}$1")
	if shape != "/roles/new" {
		shape = roleKey.ReplaceAllString(shape, "/roles/{key}$1")
	}
	shape = kindKey.ReplaceAllString(shape, "/kinds/{key}$1")
	shape = figureKey.ReplaceAllString(shape, "/figures/{key}$1")
	shape = fileName.ReplaceAllString(shape, "/$1/{file}")
	var names []string
	for name := range u.Query() {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > 0 {
		shape += "?" + strings.Join(names, "&")
	}
	return shape
}

// roles are the people who follow the links, those who see most first.
func roles() []string {
	out := []string{access.RoleAdministrator, access.RoleAgent}
	for _, r := range access.BuiltInRoles() {
		if !slices.Contains(out, r.Key) {
			out = append(out, r.Key)
		}
	}
	return out
}

// distinct keeps one address of each page, without regard to parameters unless
// they make a page of their own.
func distinct(all []visited) []visited {
	byPage := map[string]visited{}
	var order []string
	for _, v := range all {
		page, _, _ := strings.Cut(v.shape, "?")
		page = ofField.ReplaceAllString(page, "/$1/{one}")
		if _, ok := byPage[page]; !ok {
			byPage[page] = v
			order = append(order, page)
		}
	}
	out := make([]visited, 0, len(order))
	for _, page := range order {
		v := byPage[page]
		v.shape = page
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b visited) int { return cmp.Or(cmp.Compare(a.role, b.role), cmp.Compare(a.shape, b.shape)) })
	return out
}
