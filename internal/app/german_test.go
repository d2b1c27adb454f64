package app_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
)

func TestProblemsAreInTheLanguageThatAProgramAccepts(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		c := s.SignedIn(access.RoleAdministrator)
		for _, read := range []struct{ accepts, detail, message string }{
			{"de-CH, en;q=0.5", "Geben Sie einen Namen an.", "Geben Sie einen Namen an."},
			{"", "Give a name.", "Give a name."},
			{"tlh", "Give a name.", "Give a name."},
		} {
			h := http.Header{"Content-Type": {"application/json"}}
			if read.accepts != "" {
				h.Set("Accept-Language", read.accepts)
			}
			a := c.Do(http.MethodPost, "/api/v1/people", strings.NewReader(`{"name":" "}`), h)
			var p web.Problem
			if err := json.Unmarshal([]byte(a.Body), &p); err != nil || a.Status != http.StatusUnprocessableEntity || a.Header.Get("Content-Type") != web.ProblemType {
				t.Fatalf("%d %s: %v", a.Status, a.Body, err)
			}
			wrong := slices.IndexFunc(p.Errors, func(f web.ProblemField) bool { return f.Name == "name" })
			if p.Type != "urn:steward:problem:invalid" || p.Detail != read.detail || wrong < 0 || p.Errors[wrong].Message != read.message {
				t.Errorf("with Accept-Language %q: %s", read.accepts, a.Body)
			}
		}
	})
}

func TestAFormSaysWhatIsWrongInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		c := s.SignedIn(access.RoleAdministrator)
		wrong := func() []string {
			t.Helper()
			a := c.Post("/people", url.Values{"name": {""}, "email": {"not an address"}, "active": {"true"}})
			if a.Status != http.StatusUnprocessableEntity {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			var said []string
			for _, e := range a.HTML(t).Find(".s-field-wrong").EachIter() {
				said = append(said, strings.TrimSpace(e.Text()))
			}
			return said
		}
		if said := wrong(); !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "Give a name.") }) {
			t.Errorf("in English: %q", said)
		}
		if a := c.Post("/profile", profile("language", "de")); a.Status != http.StatusSeeOther {
			t.Fatalf("choosing German: %d %s", a.Status, a.Body)
		}
		said := wrong()
		if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "Geben Sie einen Namen an.") }) {
			t.Errorf("in German: %q", said)
		}
		if a := c.Get("/people/1"); a.Status != http.StatusNotFound || strings.Contains(a.Body, "does not exist") {
			t.Errorf("somebody who does not exist: %d %s", a.Status, a.HTML(t).Find("main").Text())
		}
	})
}

func TestChipsAreInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		c := s.SignedIn(access.RoleAgent)
		if a := c.Post("/profile", profile("language", "de")); a.Status != http.StatusSeeOther {
			t.Fatalf("choosing German: %d %s", a.Status, a.Body)
		}
		page := c.Get("/queue?" + url.Values{"q": {"priority:<=2 title:~jam created:2026-01-01..2026-02-01"}}.Encode())
		for _, want := range []string{"Priorität: ≤ Hoch", "enthält jam", "2026-01-01 bis 2026-02-01"} {
			if !strings.Contains(page.HTML(t).Find("main").Text(), want) {
				t.Errorf("no chip says %q", want)
			}
		}
		wrong := c.Get("/queue?" + url.Values{"q": {"stat:open"}}.Encode()).HTML(t).Find("main").Text()
		if !strings.Contains(wrong, "Es gibt kein Feld „stat“. Meinten Sie „state“?") {
			t.Errorf("an unknown field: %.300q", wrong[max(0, strings.Index(wrong, "stat")-80):])
		}
	})
}

// TestGermanNounsStayCapitalisedInHeadings: the form of a kind names it as German does.
func TestGermanNounsStayCapitalisedInHeadings(t *testing.T) {
	t.Parallel()
	s := apptest.New(t, database.SQLite)
	agent := s.SignedIn("agent")
	readsGerman(t, agent)
	for kind, want := range map[string]string{"incident": "Neue Störung", "request": "Neue Anfrage"} {
		if got := strings.TrimSpace(agent.Get("/tickets/new?kind=" + kind).HTML(t).Find("h1").Text()); got != want {
			t.Errorf("the form of a new %s is called %q", kind, got)
		}
	}
}
