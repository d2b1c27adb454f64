package app_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
)

// startImport posts a log to be imported and gives the address of its run.
func startImport(t *testing.T, c *apptest.Client, name, log string) string {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := form.WriteField("zone", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	file, err := form.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte(log)); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	a := c.Do(http.MethodPost, "/admin/import", &body, http.Header{"Content-Type": {form.FormDataContentType()}})
	expect(t, a, http.StatusSeeOther)
	return a.Header.Get("Location")
}

// readsGerman has somebody choose German in their profile.
func readsGerman(t *testing.T, c *apptest.Client) {
	t.Helper()
	profile := c.Get("/profile").HTML(t).Find("select[name=language]").Closest("form")
	values := url.Values{}
	profile.Find("input[name], select[name]").Each(func(_ int, f *goquery.Selection) {
		value := f.AttrOr("value", "")
		if f.Is("select") {
			value = f.Find("option[selected]").AttrOr("value", "")
		}
		values.Add(f.AttrOr("name", ""), value)
	})
	values.Set("language", "de")
	if a := c.Post(profile.AttrOr("action", ""), values); a.Status >= 400 {
		t.Fatalf("the language is not taken: %d %s", a.Status, a.Body)
	}
}

// TestWhoStartedAnImportIsToldHowItEnded: in their language, with the way to it,
// also of one that failed; and only they.
func TestWhoStartedAnImportIsToldHowItEnded(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		admin := s.SignedIn(access.RoleAdministrator)
		readsGerman(t, admin)
		if err := s.Core.Jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Core.Jobs.Stop(s.As("system")); err != nil {
				t.Error(err)
			}
		})
		const log = "number,incident_state,sys_mod_count,opened_at,sys_updated_at,caller_id,assignment_group\n" +
			"INC7,New,0,1/3/2016 08:00,1/3/2016 08:00,Caller 1,Group 1\n" +
			"INC7,Active,1,1/3/2016 08:00,1/3/2016 09:00,Caller 1,Group 1\n" +
			"INC8,New,0,1/3/2016 08:30,1/3/2016 08:30,Caller 2,Group 1\n" +
			"INC9\n"
		good := startImport(t, admin, "march.csv", log)
		bad := startImport(t, admin, "lunch.csv", "soup,salad\nyes,no\n")
		ctx := s.As(access.RoleAdministrator)
		told := map[string]notify.Line{}
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range 1500 {
			page, err := s.Core.Notices.Inbox(ctx, notify.Query{})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range page.Lines {
				told[l.Subject.URL] = l
			}
			if len(told) >= 2 {
				break
			}
			<-tick.C
		}
		for at, want := range map[string]string{
			good: "Der Import ist fertig: 2 Störungen, davon neu: 2, ergänzt: 0, unverändert: 0. 1 Zeile war nicht lesbar.",
			bad:  "Der Import ist nach 0 Störungen fehlgeschlagen: Die Datei hat keine Spalte \"number\"",
		} {
			l, found := told[at]
			if !found || len(l.Notices) != 1 || l.Notices[0].Kind != notify.Finished || !strings.HasPrefix(l.Notices[0].Detail, want) {
				t.Errorf("of %s is told %+v", at, l)
			}
		}
		if said := admin.Get(bad).HTML(t).Find(".s-alert").Text(); !strings.Contains(said, "Die Datei hat keine Spalte \"number\"") {
			t.Errorf("the page of the run says %q", said)
		}
		page := admin.Get("/inbox").HTML(t).Find("main")
		if page.Find("a[href='"+good+"']").Length() == 0 || !strings.Contains(page.Text(), "march.csv") || !strings.Contains(page.Text(), "lunch.csv") {
			t.Error("the inbox does not lead to the runs")
		}
		others, err := s.Core.Notices.Inbox(s.As(access.RoleAgent), notify.Query{})
		if err != nil || len(others.Lines) != 0 {
			t.Errorf("somebody else is told %+v, %v", others.Lines, err)
		}
	})
}
