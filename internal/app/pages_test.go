package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// adminPages are the pages of administration and who may open them, beside the
// administrator.
var adminPages = map[string][]string{
	"/people":         {"agent", "team_lead", "service_owner", "relationship_manager", "auditor"},
	"/groups":         {"agent", "team_lead", "service_owner", "relationship_manager", "auditor"},
	"/organisations":  {"agent", "team_lead", "service_owner", "relationship_manager", "auditor"},
	"/services":       {"agent", "team_lead", "service_owner", "relationship_manager", "auditor", "requester"},
	"/kinds":          {},
	"/kinds/incident": {},
	"/jobs":           {},
	"/audit":          {"auditor"},
	"/admin/import":   {},
}

func TestAdministrationOpensOnlyToThoseWhoMay(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		for _, role := range []string{"administrator", "auditor", "agent", "requester", "supplier_agent"} {
			c := s.SignedIn(role)
			for page, also := range adminPages {
				allowed := role == "administrator"
				for _, r := range also {
					allowed = allowed || r == role
				}
				a := c.Get(page)
				if allowed && a.Status != http.StatusOK {
					t.Errorf("%s gets %d on %s", role, a.Status, page)
				}
				if !allowed && a.Status == http.StatusOK && !strings.Contains(page, "people") && !strings.Contains(page, "groups") && !strings.Contains(page, "organisations") && page != "/services" {
					t.Errorf("%s may open %s", role, page)
				}
			}
		}
	})
}

func TestRequestersAndSuppliersSeeNobodyInTheDirectory(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		for _, role := range []string{"requester", "supplier_agent"} {
			c := s.SignedIn(role)
			for _, page := range []string{"/people", "/choose/people?q=other", "/choose/people?q=a", fmt.Sprintf("/people/%d", s.Persons["other"])} {
				if body := c.Get(page).Body; strings.Contains(body, "Other Requester") || strings.Contains(body, "other@example.org") {
					t.Errorf("%s reads of another person on %s", role, page)
				}
			}
		}
	})
}

func TestNobodyIsSentToTheSignInPage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		c := s.SignedIn("")
		for _, page := range []string{"/", "/queue", "/people", "/portal", "/profile", "/admin/import", "/no/such/page"} {
			a := c.Get(page)
			if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
				t.Errorf("%s answers %d to %q", page, a.Status, a.Header.Get("Location"))
			}
		}
		if a := c.Get("/api/v1/tickets"); a.Status != http.StatusUnauthorized || !strings.Contains(a.Header.Get("Content-Type"), "problem+json") {
			t.Errorf("the API answers %d %s", a.Status, a.Header.Get("Content-Type"))
		}
	})
}

func TestAPersonIsAddedEditedAndConflictsKeepBothTexts(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		c := s.SignedIn("administrator")
		bad := c.Post("/people", url.Values{"name": {""}, "email": {"not an address"}, "active": {"true"}})
		doc := bad.HTML(t)
		if bad.Status != http.StatusUnprocessableEntity || doc.Find(`input[name=email]`).AttrOr("value", "") != "not an address" || doc.Find(".s-field-wrong").Length() < 2 {
			t.Errorf("a wrong person: %d, %d wrong fields", bad.Status, doc.Find(".s-field-wrong").Length())
		}
		made := c.Post("/people", url.Values{"name": {"Zoë Núñez"}, "email": {"zoe@example.org"}, "active": {"true"}})
		at := made.Header.Get("Location")
		if made.Status != http.StatusSeeOther || !strings.HasPrefix(at, "/people/") {
			t.Fatalf("adding: %d %s", made.Status, made.Body)
		}
		version := c.Get(at+"/edit").HTML(t).Find(`input[name=version]`).AttrOr("value", "")
		edit := func(title string) apptest.Answer {
			return c.Post(at, url.Values{"name": {"Zoë Núñez"}, "email": {"zoe@example.org"}, "active": {"true"}, "job_title": {title}, "version": {version}})
		}
		if a := edit("Buyer"); a.Status != http.StatusSeeOther {
			t.Fatalf("editing: %d %s", a.Status, a.Body)
		}
		stale := edit("Accountant")
		if stale.Status != http.StatusConflict || stale.HTML(t).Find(`input[name=job_title]`).AttrOr("value", "") != "Accountant" {
			t.Errorf("a stale edit: %d, keeps %q", stale.Status, stale.HTML(t).Find(`input[name=job_title]`).AttrOr("value", ""))
		}
	})
}

func TestThePriorityMatrixIsEditedAndUsedAtOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		c := s.SignedIn("administrator")
		page := c.Get("/kinds/incident").HTML(t)
		form := url.Values{}
		page.Find("#editor input, #editor select").Each(func(_ int, f *goquery.Selection) {
			name, _ := f.Attr("name")
			value := f.AttrOr("value", "")
			if f.Is("select") {
				value = f.Find("option[selected]").AttrOr("value", "")
			}
			if f.AttrOr("type", "") != "checkbox" {
				form.Set(name, value)
			}
		})
		form.Set("cell_1_1", "1")
		if a := c.Post("/kinds/incident", form); a.Status != http.StatusSeeOther {
			t.Fatalf("saving: %d %s", a.Status, a.Body)
		}
		inc := s.Ticket("requester", "incident", "After the matrix changed")
		if inc.Priority != 1 {
			t.Errorf("priority %d, want 1", inc.Priority)
		}
		if a := c.Post("/kinds/incident", form); a.Status != http.StatusConflict {
			t.Errorf("saving from the version before: %d, want a conflict", a.Status)
		}
		if report, err := s.Core.Audit.Verify(s.As("administrator")); err != nil || report.Problem != "" {
			t.Errorf("audit chain: %+v, %v", report, err)
		}
	})
}

func TestBothEnginesHaveTheWholeSchemaAlike(t *testing.T) {
	t.Parallel()
	var schemas [2][]string
	for i, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		lines, err := databasetest.Open(t, engine, app.Migrations()...).Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if !strings.HasPrefix(l, "search_") { // the index is each engine's own
				schemas[i] = append(schemas[i], l)
			}
		}
	}
	if diff := cmp.Diff(schemas[0], schemas[1]); diff != "" {
		t.Error(diff)
	}
}

func TestASignedInPersonKeepsTheNavigationOnErrorPages(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		for _, path := range []string{"/no/such/page", "/tickets/INC-999999", "/people/1"} {
			a := s.SignedIn("agent").Get(path)
			if a.Status != http.StatusNotFound || a.HTML(t).Find(`nav a[href="/queue"]`).Length() == 0 {
				t.Errorf("%s: %d, without navigation", path, a.Status)
			}
		}
	})
}

func TestAServiceForWhichNobodyAnswersIsFlaggedAndNotHidden(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		admin := s.SignedIn("administrator")
		if body := admin.Get("/services").Body; strings.Contains(body, "Nobody answers for 1 service") {
			t.Error("a service with an owner is flagged")
		}
		expect(t, admin.Post("/services", url.Values{"name": {"Fax"}, "criticality": {"3"}, "stage": {"live"}}), http.StatusSeeOther)
		page := admin.Get("/services")
		if !strings.Contains(page.Body, "Nobody answers for 1 service") || page.HTML(t).Find("#services tbody tr").Length() != 2 {
			t.Error("it is not flagged, or hidden")
		}
		if rows := admin.Get("/services?owner=none").HTML(t).Find("#services tbody tr"); rows.Length() != 1 || !strings.Contains(rows.Text(), "Fax") {
			t.Errorf("the list of them is %q", rows.Text())
		}
		if body := s.SignedIn("requester").Get("/services").Body; strings.Contains(body, "Nobody answers for 1 service") || !strings.Contains(body, "Fax") {
			t.Error("who cannot mend it is told, or does not see it")
		}
		var page2 struct{ Items []struct{ Name string } }
		byJSON{t, admin}.do("GET", "/services?unowned=true", "", 200, &page2)
		if len(page2.Items) != 1 || page2.Items[0].Name != "Fax" {
			t.Errorf("by JSON: %+v", page2)
		}
	})
}
