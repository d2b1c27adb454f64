package styleguide_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/ui/styleguide"
)

func fetch(t *testing.T, path string) *goquery.Document {
	t.Helper()
	w := httptest.NewRecorder()
	withReader(styleguide.Handler(time.Now)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/styleguide"+path, nil))
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestComponentsNeedNothingThePolicyForbids keeps inline scripts and styles, and
// what htmx would have to evaluate, out of every component.
func TestComponentsNeedNothingThePolicyForbids(t *testing.T) {
	t.Parallel()
	for _, path := range pagePaths {
		doc := fetch(t, path)
		doc.Find("*").Each(func(_ int, e *goquery.Selection) {
			for _, a := range e.Nodes[0].Attr {
				forbidden := a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") ||
					strings.HasPrefix(a.Val, "js:") || strings.HasPrefix(a.Val, "javascript:") || a.Key == "hx-trigger" && strings.Contains(a.Val, "[")
				if forbidden {
					t.Errorf("%s: <%s %s=%q>", path, goquery.NodeName(e), a.Key, a.Val)
				}
			}
		})
		if n := doc.Find("script:not([src]), style").Length(); n > 0 {
			t.Errorf("%s: %d inline scripts or styles", path, n)
		}
	}
}

func TestEveryIDIsUniqueAndEveryReferenceHasATarget(t *testing.T) {
	t.Parallel()
	for _, path := range pagePaths {
		doc := fetch(t, path)
		seen := map[string]bool{}
		doc.Find("[id]").Each(func(_ int, e *goquery.Selection) {
			id := e.AttrOr("id", "")
			if seen[id] {
				t.Errorf("%s: two elements have the id %q", path, id)
			}
			seen[id] = true
		})
		for _, attribute := range []string{"for", "aria-describedby", "aria-labelledby", "aria-controls", "popovertarget", "data-opens"} {
			doc.Find("[" + attribute + "]").Each(func(_ int, e *goquery.Selection) {
				for id := range strings.FieldsSeq(e.AttrOr(attribute, "")) {
					if !seen[id] {
						t.Errorf("%s: %s=%q leads nowhere", path, attribute, id)
					}
				}
			})
		}
	}
}

// TestPagesWorkWithoutScripts: what htmx does in place, a link or a form does too.
func TestPagesWorkWithoutScripts(t *testing.T) {
	t.Parallel()
	for _, path := range pagePaths {
		fetch(t, path).Find("a[hx-get]").Each(func(_ int, e *goquery.Selection) {
			if e.AttrOr("href", "") == "" {
				t.Errorf("%s: a link without address asks for %s", path, e.AttrOr("hx-get", ""))
			}
		})
		fetch(t, path).Find("form[hx-post]").Each(func(_ int, e *goquery.Selection) {
			if e.AttrOr("action", "") == "" || e.AttrOr("method", "") != "post" {
				t.Errorf("%s: a form for %s does not post by itself", path, e.AttrOr("hx-post", ""))
			}
		})
	}
}

func TestAFieldTellsItsErrorToAScreenReader(t *testing.T) {
	t.Parallel()
	title := fetch(t, "/fields").Find("#f-title")
	if title.AttrOr("aria-invalid", "") != "true" || title.AttrOr("aria-describedby", "") != "f-title-help f-title-error" {
		t.Errorf("got aria-invalid=%q aria-describedby=%q", title.AttrOr("aria-invalid", ""), title.AttrOr("aria-describedby", ""))
	}
}

func TestAnInternalNoteIsNamedAsOne(t *testing.T) {
	t.Parallel()
	note := fetch(t, "/record").Find(".s-entry-note")
	if note.Length() != 1 || !strings.Contains(note.Find("article").AttrOr("aria-label", ""), "Internal note") || !strings.Contains(note.Find(".s-entry-private").Text(), "Internal note") {
		t.Errorf("the note does not say in words that it is internal: %s", note.Text())
	}
}
