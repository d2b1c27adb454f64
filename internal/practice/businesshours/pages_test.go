package businesshours_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/businesshours"
	"github.com/steward-itsm/steward/internal/ui"
)

// office is a world behind the pages.
type office struct {
	*coretest.World
	calendars               *calendar.Service
	mux                     *web.Mux
	admin, agent, requester int64
	now                     context.Context // whoever asks next
}

// plain is a frame with nothing around the page but the title.
type plain struct{}

func (plain) Page(w http.ResponseWriter, r *http.Request, p module.Page, body web.Component) error {
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

func each(t *testing.T, fn func(t *testing.T, o *office)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Harbour Group", 0)
		o := &office{
			World: w, calendars: calendar.New(w.DB, w.Log, w.Clock.Now),
			admin: w.Person("Ada", company, access.RoleAdministrator), agent: w.Person("Ben", company, access.RoleAgent), requester: w.Person("Carla", company),
		}
		p := businesshours.New(businesshours.Deps{DB: w.DB, Calendars: o.calendars, Frame: plain{}, Now: w.Clock.Now, BaseURL: "https://desk.example"})
		mux, err := web.NewMux(web.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.mux = mux
		p.Feeds().Routes(o.mux)
		p.Module().Routes(o.mux)
		o.now = o.As(o.admin)
		fn(t, o)
	}, calendar.Migrations)
}

func (o *office) ask(t *testing.T, r *http.Request) (*httptest.ResponseRecorder, *goquery.Document) {
	t.Helper()
	w := httptest.NewRecorder()
	o.mux.ServeHTTP(w, r.WithContext(o.now))
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(w.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	return w, doc
}

func (o *office) get(t *testing.T, path string) (*httptest.ResponseRecorder, *goquery.Document) {
	t.Helper()
	return o.ask(t, httptest.NewRequest("GET", path, nil))
}

func (o *office) post(t *testing.T, path string, f url.Values) (*httptest.ResponseRecorder, *goquery.Document) {
	t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return o.ask(t, r)
}

func (o *office) standard(t *testing.T) calendar.Record {
	t.Helper()
	c, err := o.calendars.Standard(t.Context(), o.DB.Reader())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fields are what a form would post as it stands.
func fields(doc *goquery.Document, form string) url.Values {
	out := url.Values{}
	doc.Find(form + " input, " + form + " select, " + form + " textarea").Each(func(_ int, s *goquery.Selection) {
		name, kind := s.AttrOr("name", ""), s.AttrOr("type", "")
		if _, ticked := s.Attr("checked"); name == "" || kind == "checkbox" && !ticked || kind == "file" {
			return
		}
		value := s.AttrOr("value", "")
		if goquery.NodeName(s) == "select" {
			value = s.Find("option[selected]").AttrOr("value", "")
		}
		if goquery.NodeName(s) == "textarea" {
			value = s.Text()
		}
		out.Add(name, value)
	})
	return out
}

func TestACalendarIsAddedInOneLineOfHours(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		w, doc := o.post(t, "/calendars", url.Values{"name": {"Munich"}, "zone": {"Europe/Berlin"}, "hours": {"Mon-Fri nine to five"}})
		if w.Code != http.StatusUnprocessableEntity || doc.Find("#f-hours-error").Length() != 1 || doc.Find("#f-name").AttrOr("value", "") != "Munich" {
			t.Fatalf("%d %s", w.Code, doc.Find("form").Text())
		}
		w, _ = o.post(t, "/calendars", url.Values{"name": {"Munich"}, "zone": {"Europe/Berlin"}, "hours": {"Mo-Fr 9-12, 13-17"}, "region": {"DE-BY"}})
		if w.Code != http.StatusSeeOther {
			t.Fatal(w.Code, w.Body)
		}
		_, doc = o.get(t, w.Header().Get("Location"))
		for text, selector := range map[string]string{"Mon-Fri 09:00-12:00, 13:00-17:00": ".s-steps", "Germany, Bayern": ".s-steps", "Europe/Berlin": ".s-values", "Munich": "h1"} {
			if !strings.Contains(doc.Find(selector).Text(), text) {
				t.Errorf("%s does not say %q: %s", selector, text, doc.Find(selector).Text())
			}
		}
		if n := doc.Find(".s-year-day .s-hidden").Length(); n != 365 && n != 366 {
			t.Errorf("the year has %d days", n)
		}
	})
}

func TestAVersionIsEditedShownAndSaved(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		c := o.standard(t)
		path := "/calendars/2/versions/first"
		_, doc := o.get(t, path)
		f := fields(doc, "#editor")
		if f.Get("hours.mon") != "09:00-17:00" || f.Get("hours.sat") != "" {
			t.Fatal(f)
		}
		f.Set("quick", "Mon-Thu 8-16; Sat 10-12")
		f.Set("do", "fill")
		_, doc = o.post(t, path, f)
		f = fields(doc, "#editor")
		if f.Get("hours.mon") != "08:00-16:00" || f.Get("hours.fri") != "" || f.Get("hours.sat") != "10:00-12:00" {
			t.Fatal(f)
		}
		f.Set("region", "DE-BY")
		f.Set("do", "region")
		_, doc = o.post(t, path, f)
		f = fields(doc, "#editor")
		if len(f["closed"]) < 12 || f.Get("regions") != "DE-BY" {
			t.Fatal(f)
		}
		kept := f["closed"][:0]
		for _, name := range f["closed"] {
			if name != "DE-BY|Fronleichnam" {
				kept = append(kept, name)
			}
		}
		f["closed"] = kept
		f["h.name"], f["h.from"], f["h.to"], f["h.yearly"] = []string{"Outing", ""}, []string{"2027-06-10", ""}, []string{"2027-06-11", ""}, []string{"0"}
		f["o.name"], f["o.date"], f["o.hours"] = []string{"Stocktaking"}, []string{"2026-12-27"}, []string{"ten to two"}
		f.Set("do", "save")
		w, doc := o.post(t, path, f)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(doc.Find("#openings .s-error").Text(), "not understood") || o.standard(t).Version != c.Version {
			t.Fatal(w.Code, doc.Find("#openings").Text())
		}
		f["o.hours"] = []string{"10-14"}
		f.Set("do", "preview")
		w, doc = o.post(t, path, f)
		if w.Code != http.StatusOK || !strings.Contains(doc.Find("#preview").Text(), "Newly closed") || o.standard(t).Version != c.Version {
			t.Fatal(w.Code, doc.Find("#preview").Text())
		}
		f.Set("do", "save")
		if w, _ = o.post(t, path, f); w.Code != http.StatusSeeOther {
			t.Fatal(w.Code, w.Body)
		}
		v := o.standard(t).Versions[0]
		if v.Week.String() != "Mon-Thu 08:00-16:00; Sat 10:00-12:00" || len(v.Holidays) != 1 || !v.Holidays[0].Yearly || v.Holidays[0].Days() != 2 ||
			v.Openings[0].Spans[0] != (calendar.Span{From: 600, To: 840}) || strings.Join(v.Regions[0].Except, ",") != "Fronleichnam" {
			t.Errorf("%+v", v)
		}
		w, doc = o.post(t, path, f) // with the version that was read before
		if w.Code != http.StatusConflict || fields(doc, "#editor").Get("h.name") != "Outing" {
			t.Error(w.Code)
		}
		if w, _ = o.post(t, path, fields(doc, "#editor")); w.Code != http.StatusSeeOther {
			t.Error("saving again does not put it over theirs:", w.Code)
		}
	})
}

func TestAVersionBeginsAsACopyFromNextYear(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		_, doc := o.get(t, "/calendars/2/versions/new")
		f := fields(doc, "#editor")
		next := date.Of(o.Clock.Now().Year()+1, 1, 1)
		if f.Get("from") != next.String() || f.Get("hours.mon") != "09:00-17:00" {
			t.Fatal(f)
		}
		f.Set("hours.fri", "9-13")
		if w, _ := o.post(t, "/calendars/2/versions/new", f); w.Code != http.StatusSeeOther {
			t.Fatal(w.Code, w.Body)
		}
		c := o.standard(t)
		if len(c.Versions) != 2 || c.Versions[1].From != next || c.Versions[0].Week.String() != "Mon-Fri 09:00-17:00" {
			t.Fatalf("%+v", c.Versions)
		}
		f.Set("version", "2")
		w, doc := o.post(t, "/calendars/2/versions/new", f)
		if w.Code != http.StatusUnprocessableEntity || doc.Find("#f-from-error").Length() != 1 {
			t.Error("a second version from the same day:", w.Code)
		}
		if w, _ := o.post(t, "/calendars/2/versions/"+next.String()+"/delete", url.Values{"version": {"2"}}); w.Code != http.StatusSeeOther || len(o.standard(t).Versions) != 1 {
			t.Error("the version is still there:", w.Code)
		}
		if w, _ := o.post(t, "/calendars/2/versions/first/delete", url.Values{"version": {"3"}}); w.Code != http.StatusConflict {
			t.Error("the first version is gone:", w.Code)
		}
	})
}

func TestTheCalculatorSaysWhenAndWhy(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.now = o.As(o.agent)
		for query, want := range map[string][]string{
			"at=2026-11-20T15:00&amount=4&unit=hours":             {"Due Monday 23 Nov 2026, 11:00 UTC", "2 h", "outside hours"},
			"at=2026-11-20T15:00&amount=1&unit=days&until=17:00":  {"Due Monday 23 Nov 2026, 17:00 UTC", "the day of the start", "day 1"},
			"at=2026-11-20T15:00&amount=2.5&unit=hours":           {"Due Monday 23 Nov 2026, 09:30 UTC", "30 min"},
			"at=2026-11-20T15:00&amount=9999&unit=hours":          {"steps are left out"},
			"at=tomorrow&amount=many&unit=days&until=the+evening": {"Give a date and a time.", "Give a number", "Give a time"},
			"at=2026-11-20T15:00&amount=-1&unit=hours":            {"Give a number"},
			"at=2026-11-20T15:00&amount=1.5&unit=days":            {"Give a number"},
		} {
			w, doc := o.get(t, "/calendars/2?"+query)
			for _, text := range want {
				if w.Code != http.StatusOK || !strings.Contains(doc.Find("#calculator").Text(), text) {
					t.Errorf("%s does not say %q: %s", query, text, doc.Find("#calculator").Text())
				}
			}
		}
	})
}

func TestACalendarInUseStays(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		w, doc := o.post(t, "/calendars/2/delete", nil)
		if w.Code != http.StatusConflict || !strings.Contains(doc.Find(".s-alert").Text(), "standard") {
			t.Error(w.Code, doc.Find(".s-alert").Text())
		}
		made, err := o.calendars.Create(o.As(o.admin), calendar.Calendar{Name: "Munich", Zone: "Europe/Berlin", Versions: []calendar.Version{{Week: calendar.OfficeHours()}}})
		if err != nil {
			t.Fatal(err)
		}
		uses := []calendar.Use{{Label: "Gold", URL: "/levels/1"}}
		o.calendars.Uses(func(context.Context, database.Querier, int64) ([]calendar.Use, error) { return uses, nil })
		at := "/calendars/" + strconv.FormatInt(made.ID, 10)
		if w, doc := o.post(t, at+"/delete", nil); w.Code != http.StatusConflict || doc.Find(`a[href="/levels/1"]`).Length() != 1 {
			t.Error(w.Code)
		}
		uses = nil
		if w, _ := o.post(t, at+"/delete", nil); w.Code != http.StatusSeeOther {
			t.Error(w.Code)
		}
		if w, _ := o.post(t, at+"/restore", nil); w.Header().Get("Location") != at {
			t.Error(w.Code)
		}
	})
}

func TestAFileIsShownBeforeItIsSaved(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		const file = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Feast <b>\r\nDTSTART;VALUE=DATE:20270701\r\nEND:VEVENT\r\n" +
			"BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Other\r\nDTSTART;VALUE=DATE:20270801\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:3\r\nSUMMARY:Party\r\nDTSTART:20270701T100000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		send := func(content string) (*httptest.ResponseRecorder, *goquery.Document) {
			body := "--b\r\nContent-Disposition: form-data; name=\"as\"\r\n\r\nholidays\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.ics\"\r\n\r\n" + content + "\r\n--b--\r\n"
			r := httptest.NewRequest("POST", "/calendars/2/versions/first/import", strings.NewReader(body))
			r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			return o.ask(t, r)
		}
		if w, doc := send("<html>"); w.Code != http.StatusUnprocessableEntity || doc.Find("#f-file-error").Length() != 1 {
			t.Error(w.Code)
		}
		w, doc := send(file)
		if w.Code != http.StatusOK || !strings.Contains(doc.Find("#found").Text(), "Adds 2 holidays") || !strings.Contains(doc.Find("#found").Text(), "1 is left out") || len(o.standard(t).Versions[0].Holidays) != 0 {
			t.Fatal(w.Code, doc.Find("#found").Text())
		}
		f := fields(doc, "#take")
		f["take"] = []string{"0"}
		if w, _ := o.post(t, "/calendars/2/versions/first/import/save", f); w.Code != http.StatusSeeOther {
			t.Fatal(w.Code, w.Body)
		}
		if h := o.standard(t).Versions[0].Holidays; len(h) != 1 || h[0].Name != "Feast <b>" {
			t.Errorf("%+v", h)
		}
		if _, doc = send(file); !strings.Contains(doc.Find("#found").Text(), "1 is known already") {
			t.Error(doc.Find("#found").Text())
		}
	})
}

func TestWhoMayWhatOnThesePages(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.now = o.As(o.agent)
		_, doc := o.get(t, "/calendars/2")
		if doc.Find(`a[href$="/edit"], a[href*="/versions/"], form[action$="/subscription"]`).Length() != 0 {
			t.Error("an agent is offered what only administrators may do")
		}
		for _, path := range []string{"/calendars/new", "/calendars/2/edit", "/calendars/2/versions/first", "/calendars/2/versions/first/import"} {
			if w, _ := o.get(t, path); w.Code != http.StatusForbidden {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		for _, path := range []string{"/calendars", "/calendars/2", "/calendars/2/delete", "/calendars/2/standard", "/calendars/2/versions/first", "/calendars/2/subscription", "/calendars/2/versions/first/import/save"} {
			if w, _ := o.post(t, path, url.Values{"carried": {"{}"}, "hours": {"24x7"}, "name": {"X"}, "zone": {"UTC"}}); w.Code != http.StatusForbidden {
				t.Errorf("POST %s: %d", path, w.Code)
			}
		}
		o.now = o.As(o.requester)
		for _, path := range []string{"/calendars", "/calendars/2", "/calendars/2/export"} {
			if w, _ := o.get(t, path); w.Code != http.StatusForbidden {
				t.Errorf("a requester, %s: %d", path, w.Code)
			}
		}
		o.now = o.As(o.admin)
		_, doc = o.post(t, "/calendars/2/subscription", nil)
		address := doc.Find("#f-address").AttrOr("value", "")
		o.now = t.Context() // nobody
		path, ok := strings.CutPrefix(address, "https://desk.example")
		if w, _ := o.get(t, path); !ok || w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "BEGIN:VCALENDAR") || w.Header().Get("Content-Type") != "text/calendar; charset=utf-8" {
			t.Errorf("%q: %d", address, w.Code)
		}
		if w, _ := o.get(t, "/feeds/calendars/guess.ics"); w.Code != http.StatusNotFound {
			t.Error(w.Code)
		}
	})
}

func TestPagesAskFewQuestions(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		for _, name := range []string{"A", "B", "C", "D"} {
			if _, err := o.calendars.Create(o.As(o.admin), calendar.Calendar{Name: name, Zone: "UTC", Versions: []calendar.Version{{Week: calendar.Always()}}}); err != nil {
				t.Fatal(err)
			}
		}
		for path, most := range map[string]int{"/calendars": 2, "/calendars/2": 2, "/calendars/2/versions/first": 2} {
			ctx, queries := database.WithCounter(o.As(o.admin))
			o.now = ctx
			if w, _ := o.get(t, path); w.Code != http.StatusOK || queries.N() > most {
				t.Errorf("%s: %d, %d queries: %v", path, w.Code, queries.N(), queries.Queries())
			}
		}
	})
}
