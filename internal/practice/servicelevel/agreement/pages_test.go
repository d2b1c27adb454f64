package agreement_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
	"github.com/steward-itsm/steward/internal/ui"
)

// plainFrame has nothing around the page but the title.
type plainFrame struct{}

func (plainFrame) Page(w http.ResponseWriter, r *http.Request, p module.Page, body web.Component) error {
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	return web.Render(w, r, status, framed{p.Title, body})
}

type framed struct {
	title string
	body  web.Component
}

func (f framed) Render(ctx context.Context, w io.Writer) error {
	return ui.Bare{Title: f.title}.View().Render(templ.WithChildren(ctx, f.body), w)
}

func (o office) ask(t *testing.T, who int64, r *http.Request) (*httptest.ResponseRecorder, *goquery.Document) {
	t.Helper()
	mux, err := web.NewMux(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o.Module().Routes(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r.WithContext(o.As(who)))
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(w.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	return w, doc
}

func (o office) get(t *testing.T, path string) (*httptest.ResponseRecorder, *goquery.Document) {
	t.Helper()
	return o.ask(t, o.admin, httptest.NewRequest(http.MethodGet, path, nil))
}

func (o office) post(t *testing.T, path string, f url.Values) (*httptest.ResponseRecorder, *goquery.Document) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return o.ask(t, o.admin, r)
}

// filled is a form as a browser posts it.
func filled(changes ...string) url.Values {
	f := url.Values{
		"do": {"save"}, "role": {"sla"}, "name": {"Gold"}, "calendar": {"2"}, "warn": {"75, 100"}, "rows": {"2"},
		"t.0.what": {"response"}, "t.0.p1": {"1h"}, "t.0.p0": {"4 h"},
		"t.1.what": {"resolution"}, "t.1.p1": {"4h"}, "t.1.p0": {"2 business days until 17:00"},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		f.Set(changes[i], changes[i+1])
	}
	return f
}

func url64(id int64) string { return "/agreements/" + strconv.FormatInt(id, 10) }

func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

func TestAnEmptyListTeachesTheFirstSteps(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		_, doc := o.get(t, "/agreements")
		if doc.Find(`a[href="/agreements/new?standard=1"]`).Length() == 0 || doc.Find("table").Length() > 0 {
			t.Errorf("no first step: %s", words(doc.Find("body")))
		}
		_, doc = o.get(t, "/agreements/new?standard=1")
		value := func(name string) string { v, _ := doc.Find(`input[name="` + name + `"]`).Attr("value"); return v }
		if value("t.0.p1") != "1h" || value("t.1.p1") != "4h" || value("name") == "" {
			t.Errorf("the standard set: %q %q %q", value("t.0.p1"), value("t.1.p1"), value("name"))
		}
		if labels, fields := doc.Find("table.s-terms td label").Length(), doc.Find("table.s-terms td input, table.s-terms td select").Length(); labels != fields || fields == 0 {
			t.Error("a cell has no label")
		}
	})
}

func TestAnAgreementIsWrittenOnItsPage(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		w, _ := o.post(t, "/agreements", filled())
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		_, doc := o.get(t, w.Header().Get("Location"))
		var lines []string
		doc.Find("#terms dt").Each(func(_ int, dt *goquery.Selection) { lines = append(lines, words(dt)+" "+words(dt.Next())) })
		terms := strings.Join(lines, "; ")
		for _, want := range []string{"First answer, P1 Critical 1 h", "Resolution, All others 2 business days until 17:00", "Warnings at 75% and 100%", "Counted by Office hours"} {
			if !strings.Contains(strings.ReplaceAll(terms, "\u00a0", " "), want) {
				t.Errorf("%q is missing: %s", want, terms)
			}
		}
		page, err := o.List(o.As(o.agent), agreement.Query{})
		if err != nil || len(page.Items) != 1 || len(page.Items[0].Versions[0].Targets) != 4 {
			t.Fatalf("%+v %v", page, err)
		}
		_, doc = o.get(t, "/agreements")
		if row := words(doc.Find("#agreements tbody tr")); !strings.Contains(row, "Gold") || !strings.Contains(row, "Every customer (SLA)") || !strings.Contains(row, "In force") {
			t.Errorf("its row: %s", row)
		}
	})
}

func TestWhatIsWrongStandsBesideTheCell(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		w, doc := o.post(t, "/agreements", filled("t.1.p1", "1d 4h", "warn", "soon"))
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(words(doc.Find("#t-1-p1-error")), "A day can be 24 hours") || doc.Find("#f-warn-error").Length() != 1 {
			t.Errorf("%d %s", w.Code, words(doc.Find("form#editor")))
		}
		if v, _ := doc.Find("#t-1-p1").Attr("value"); v != "1d 4h" {
			t.Errorf("what was typed is %q", v)
		}
		_, doc = o.post(t, "/agreements", filled("rows", "3", "t.2.what", "response", "t.2.p1", "2h"))
		if doc.Find("#t-2-p1-error").Length() != 1 {
			t.Errorf("a promise twice: %s", words(doc.Find("form#editor")))
		}
		_, doc = o.post(t, "/agreements", filled("t.0.what", "step:closed"))
		if doc.Find("#t-0-what-error").Length() != 1 {
			t.Errorf("a state that is over: %s", words(doc.Find("form#editor")))
		}
		_, doc = o.post(t, "/agreements", filled("t.0.p1", "", "t.0.p0", "", "t.1.p1", "", "t.1.p0", ""))
		if doc.Find("#targets-error").Length() != 1 {
			t.Errorf("nothing promised: %s", words(doc.Find("form#editor")))
		}
		_, doc = o.post(t, "/agreements/length", url.Values{"row": {"1"}, "priority": {"2"}, "label": {"P2"}, "t.1.p2": {"2 days"}})
		if doc.Find("#t-1-p2-field #t-1-p2-error").Length() != 1 {
			t.Errorf("as the cell is left: %s", words(doc.Find("body")))
		}
	})
}

func TestMoreRowsAndAPreviewSaveNothing(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.delivered(t, "Mail")
		o.create(t, agreement.Draft{Name: "Network", Role: clock.OLA, Party: o.network, Terms: resolution(6*time.Hour, officeHours)})
		_, doc := o.post(t, "/agreements", filled("do", "row"))
		if n := doc.Find("table.s-terms tbody tr").Length(); n != 3 {
			t.Errorf("%d rows", n)
		}
		w, doc := o.post(t, "/agreements", filled("do", "preview"))
		if got := words(doc.Find("#preview")); w.Code != http.StatusOK || !strings.Contains(got, "“Network” (OLA) may take 6 h") || !strings.Contains(got, "Mail") || !strings.Contains(got, "of the hours") {
			t.Errorf("%d %s", w.Code, got)
		}
		if page, err := o.List(o.As(o.agent), agreement.Query{Role: clock.SLA}); err != nil || len(page.Items) > 0 {
			t.Errorf("%+v %v", page, err)
		}
	})
}

func TestAChangeMakesAVersionThatTellsWhatChanged(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made, _ := o.post(t, "/agreements", filled())
		at := made.Header().Get("Location")
		o.Clock.Advance(time.Hour)
		_, doc := o.get(t, at+"/edit")
		if v, _ := doc.Find("#t-1-p0").Attr("value"); v != "2 business days until 17:00" {
			t.Errorf("the form says %q", v)
		}
		w, _ := o.post(t, at, filled("version", "1", "t.1.p1", "3h"))
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		_, doc = o.get(t, at)
		newest := doc.Find("#versions li").First()
		if was, is := words(newest.Find("del")), words(newest.Find("ins")); was != "was 4 h" || is != "is 3 h" || newest.Find("dt").Length() != 1 {
			t.Errorf("%q became %q", was, is)
		}
		w, doc = o.post(t, at, filled("version", "1", "t.1.p1", "2h"))
		if v, _ := doc.Find(`form#editor input[name="version"]`).Attr("value"); w.Code != http.StatusConflict || v != "2" {
			t.Errorf("a stale save: %d, version %q", w.Code, v)
		}
		w, _ = o.post(t, at, filled("version", "2", "t.1.p1", "2h", "from", "2026-05-01T00:00"))
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w, _ := o.post(t, at+"/versions/3/withdraw?version=3", nil); w.Code != http.StatusSeeOther {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w, doc := o.post(t, at+"/end", url.Values{"version": {"4"}, "ends": {"2020-01-01T00:00"}}); w.Code != http.StatusUnprocessableEntity || doc.Find("#f-ends-error").Length() != 1 {
			t.Errorf("%d", w.Code)
		}
		if w, _ := o.post(t, at+"/end", url.Values{"version": {"4"}}); w.Code != http.StatusSeeOther {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		_, doc = o.get(t, at)
		if doc.Find("form#end").Length() > 0 || !strings.Contains(words(doc.Find("body")), "Ended") {
			t.Error("it has not ended")
		}
	})
}

func TestWhatWouldHoldIsAskedOnAPage(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.create(t, sla("Gold", 8*time.Hour))
		in := sla("Requests", time.Hour)
		in.Terms.Kinds = []string{"request"}
		o.create(t, in)
		_, doc := o.get(t, "/agreements/holding?kind=incident&priority=1")
		if got := words(doc.Find("#verdicts tbody")); !strings.Contains(got, "It holds") || !strings.Contains(got, "Resolution: 8 h") || !strings.Contains(got, "other kinds of tickets") {
			t.Errorf("%s", got)
		}
	})
}

func TestPagesAreForThoseWhoMay(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made := o.create(t, sla("Gold", 8*time.Hour))
		for _, c := range []struct {
			who          int64
			method, path string
			want         int
		}{
			{o.agent, "GET", "/agreements", 200},
			{o.agent, "GET", url64(made.ID), 200},
			{o.agent, "GET", url64(made.ID) + "/edit", 403},
			{o.agent, "GET", "/agreements/new", 403},
			{o.agent, "POST", "/agreements", 403},
			{o.agent, "POST", url64(made.ID), 403},
			{o.agent, "POST", url64(made.ID) + "/end", 403},
			{o.requester, "GET", "/agreements", 403},
			{o.requester, "GET", url64(made.ID), 403},
			{o.requester, "GET", "/agreements/holding?kind=incident", 403},
			{o.admin, "GET", "/agreements/12345", 404},
		} {
			if w, doc := o.ask(t, c.who, httptest.NewRequest(c.method, c.path, nil)); w.Code != c.want {
				t.Errorf("%s %s: %d, want %d: %s", c.method, c.path, w.Code, c.want, words(doc.Find("body")))
			}
		}
		_, doc := o.ask(t, o.agent, httptest.NewRequest("GET", url64(made.ID), nil))
		if doc.Find(`a[href$="/edit"], form#end`).Length() > 0 {
			t.Error("who may not change is shown how")
		}
	})
}

func TestTheListCostsTheSameForManyAgreements(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		queries := func() int {
			t.Helper()
			mux, err := web.NewMux(web.Options{})
			if err != nil {
				t.Fatal(err)
			}
			o.Module().Routes(mux)
			ctx, counter := database.WithCounter(o.As(o.agent))
			mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/agreements", nil).WithContext(ctx))
			return counter.N()
		}
		o.create(t, sla("One", time.Hour))
		first := queries()
		for _, name := range []string{"Two", "Three", "Four"} {
			in := sla(name, time.Hour)
			in.OwnerID, in.Terms.Services = o.admin, []int64{o.payroll}
			o.create(t, in)
		}
		if second := queries(); second > first+3 || second > 8 { // services, persons, ... are asked for once there are some
			t.Errorf("one agreement costs %d queries, four cost %d", first, second)
		}
	})
}

func TestAnAgreementSaysWhoAnswersForItsServices(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		orphan := o.World.Service("Fax", 0)
		in := sla("Gold", 8*time.Hour)
		in.Terms.Services = []int64{o.payroll, orphan}
		a := o.create(t, in)
		_, doc := o.get(t, url64(a.ID))
		if rows := words(doc.Find("#owners tbody")); !strings.Contains(rows, "Payroll AD Ada") && !strings.Contains(rows, "Ada") || !strings.Contains(rows, "Fax Nobody") {
			t.Errorf("it says %q", rows)
		}
		all := o.create(t, sla("Silver", 8*time.Hour))
		if _, doc := o.get(t, url64(all.ID)); doc.Find("#services a[href='/services']").Length() != 1 {
			t.Error("of all services it names none and leads nowhere")
		}
	})
}
