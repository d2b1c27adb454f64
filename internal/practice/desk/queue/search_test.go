package queue_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

func TestSearchMarksWhatItFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Projector shows green", func(c *ticket.Create) { c.Description = "In the room Aquarium since Monday." })
		w.incident("Something else")
		w.do(w.tickets.Note(w.As(w.agent), ticket.ByID(inc.ID), ticket.InternalNote{Body: "The lamp is from the aquarium's old projector"}))
		agent := w.as(t, w.agent)
		page := agent.get("/search?q=aquarium").want(http.StatusOK)
		w.queries(t, 6)
		if got := page.Find(".s-hit").Length(); got != 1 {
			t.Fatalf("%d hits", got)
		}
		page.says(".s-hit-title", "Projector shows green")
		if got := page.Find(".s-hit-text mark").First().Text(); !strings.EqualFold(got, "aquarium") {
			t.Errorf("marked %q", got)
		}
		if page.Find(`a[href^="/queue?"]`).Length() != 1 {
			t.Error("no way to the same search as a list")
		}
		agent.get(`/search?q="green+projector"`).want(http.StatusOK).says(".s-empty-title", "Nothing found")
		agent.get(`/search?q="shows+green"`).want(http.StatusOK).says(".s-hit-title", "Projector")
		agent.get("/search?q=error:+%28green").want(http.StatusOK)
		agent.get("/search?q=<script>alert(1)</script>").want(http.StatusOK).hides("<script>alert")
		agent.get("/search").want(http.StatusOK).says(".s-empty-title", "What are you looking for?")
		agent.get("/search?q=agentson").says(".s-party-name", "Ana Agentson")
	})
}

func TestNumberGoesStraightToItsTicket(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Slow cable")
		for _, typed := range []string{inc.Number, strings.ToLower(inc.Number), "+" + inc.Number + "+"} {
			res := w.as(t, w.agent).get("/search?q=" + typed).want(http.StatusSeeOther)
			if got := res.header.Get("Location"); got != "/tickets/"+inc.Number {
				t.Errorf("%q leads to %q", typed, got)
			}
		}
		w.as(t, w.agent).get("/search?q=INC-99999").want(http.StatusOK)
	})
}

func TestRequesterFindsOnlyTheirOwnAndNoNotes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		own := w.incident("My cable is slow", with(w.network, w.agent))
		other := w.incident("Cable of somebody else", func(c *ticket.Create) { c.RequesterID = w.other })
		w.do(w.tickets.Note(w.As(w.agent), ticket.ByID(own.ID), ticket.InternalNote{Body: "A tiresome cable person"}))
		asker := w.as(t, w.asker)
		page := asker.get("/search?q=cable").want(http.StatusOK)
		page.says(".s-hit-title", "My cable is slow")
		page.says(".s-hit-meta", "Received")
		if got := page.hrefs(".s-hit-title a"); len(got) != 1 || got[0] != "/portal/tickets/"+own.Number {
			t.Errorf("the hit leads to %v", got)
		}
		page.hides(other.Title, other.Number, "tiresome", "Agentson", "Network team", "/queue", "Moderate")
		asker.get("/search?q=tiresome").says(".s-empty-title", "Nothing found")
		asker.get("/search?q=" + other.Number).want(http.StatusOK).hides(other.Title)
		asker.get("/search?q=agentson").hides("Ana Agentson")
		palette := asker.quick().get("/palette?q=cable").want(http.StatusOK)
		palette.says(".s-palette-item", "My cable is slow")
		palette.hides(other.Title, "tiresome")
		asker.quick().get("/palette?q=agentson").hides("Ana")
		asker.quick().get("/palette?q=pay").hides("Payroll")
		asker.quick().get("/palette?q=open").hides("/queue?view=")
	})
}

func TestPaletteFindsAllSorts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Payslips are blank")
		agent := w.as(t, w.agent).quick()
		titles := func(a *answer) []string {
			var out []string
			for _, s := range a.Find(".s-palette-title").EachIter() {
				out = append(out, s.Text())
			}
			return out
		}
		if diff := cmp.Diff([]string{"Tickets", "Services"}, titles(agent.get("/palette?q=pay"))); diff != "" {
			t.Error(diff)
		}
		w.queries(t, 7)
		agent.get("/palette?q=1").says(".s-palette-item", "Payslips are blank")
		agent.get("/palette?q=inc-1").says(".s-palette-item small", inc.Number)
		agent.get("/palette?q=olaf").says(".s-palette-group[aria-label=People]", "Olaf Othersson")
		agent.get("/palette?q=high").says(".s-palette-group[aria-label=Views]", "High priority")
		agent.get("/palette?q=new+inc").says(".s-palette-group[aria-label='Go to']", "New incident")
		agent.get("/palette?q=secret").hides("Secret page")
		if got := titles(agent.get("/palette?q=")); len(got) != 1 || got[0] != "Go to" {
			t.Errorf("with nothing typed: %v", got)
		}
		if err := w.queue.Visited(w.As(w.agent), inc.ID); err != nil {
			t.Fatal(err)
		}
		agent.get("/palette?q=").says(".s-palette-group[aria-label='Opened last']", "Payslips are blank")
	})
}

func TestCompletionAtTheCaret(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.Person("Olaf Othersson", 0)
		agent := w.as(t, w.agent).quick()
		inserts := func(q, at string) []string {
			var out []string
			page := agent.get("/queue/complete?" + form("q", q, "at", at).Encode()).want(http.StatusOK)
			for _, s := range page.Find("[data-insert]").EachIter() {
				out = append(out, s.AttrOr("data-insert", ""))
			}
			return out
		}
		for name, c := range map[string]struct{ q, at, want string }{
			"field":                    {"prio", "4", "priority:"},
			"field after a term":       {"state:open prio", "15", "priority:"},
			"value":                    {"state:res", "9", "state:resolved"},
			"second value":             {"state:new,res", "13", "state:new,resolved"},
			"excluded":                 {"-state:res", "10", "-state:resolved"},
			"person":                   {"assignee:ana", "12", `assignee:"Ana Agentson"`},
			"me":                       {"assignee:m", "10", "assignee:me"},
			"my groups":                {"group:mi", "8", "group:mine"},
			"group in quotation marks": {`group:"Net`, "10", `group:"Network team"`},
			"service":                  {"service:pay", "11", "service:Payroll"},
			"after an astral letter":   {"😀 state:res", "12", "state:resolved"},
			"in the middle":            {"state:res assignee:me", "9", "state:resolved"},
		} {
			if got := inserts(c.q, c.at); !has(got, c.want) {
				t.Errorf("%s: %q at %s gives %q, want %q among them", name, c.q, c.at, got, c.want)
			}
		}
		if got := inserts("assignee:olaf", "13"); has(got, `assignee:"Olaf Othersson"`) || len(got) != 2 {
			t.Errorf("two of one name are offered as %q", got)
		}
		inserts("\xff\xfe", "99")
		inserts("assignee:“ana", "14")
		inserts("title:\"a “b", "99")
		inserts(strings.Repeat("ä😀", 3000), "9000")
		inserts("state:open", "-5")
	})
}
