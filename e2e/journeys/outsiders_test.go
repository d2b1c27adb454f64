package journeys_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// outsiders have a supplier's agent at work on what was handed over, and an
// auditor who reads everything.
func outsiders(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	supplies(b, w)
	audits(b, w)
	for _, role := range []string{"supplier_agent", "requester"} {
		pages := follow(t, w.System, role)
		for _, page := range pages {
			readsNothingInternal(t, page)
		}
		pressEverything(t, w.System, role, pages)
	}
}

// internal is what only colleagues may read: notes, their files, and the reason
// beside a priority.
var internal = []string{"burnt last year", "service contract", "They promised to come today", "The whole warehouse waits"}

func readsNothingInternal(t *testing.T, page visited) {
	t.Helper()
	text := page.doc.Text()
	for _, secret := range internal {
		if strings.Contains(text, secret) {
			t.Errorf("%s reads %q at %s", page.role, secret, page.path)
		}
	}
}

// supplies finds what was handed over, works on it, and nothing else.
func supplies(b browser, w *world) {
	p := b.visit(w.t, w.System, "supplier_agent", desktop)
	p.excuse("status of 404")
	p.goTo("/queue?view=open")
	p.reads(w.handed.Number, "The printer in the canteen smells of smoke")
	p.readsNo(w.open.Number, "payslip", "toner")
	p.press("The printer in the canteen smells of smoke")
	p.arrives("/tickets/" + w.handed.Number)
	p.readsNo(internal...)
	if p.offers("Internal note") {
		w.t.Error("a supplier's agent is offered to write internal notes")
	}
	p.press("Resume work")
	p.reads("In progress")
	p.fill("Your message", "We come at three.")
	p.pressOn("[data-send]")
	p.until(`document.querySelector(".s-timeline").innerText.includes("We come at three.")`)
	_, err := w.Core.Tickets.Note(w.As("agent"), ticket.ByID(w.handed.ID), ticket.InternalNote{Body: ticket.Markdown(internal[0])})
	w.check(err)
	_, err = w.Core.Tickets.Reply(w.As("other"), ticket.ByID(w.handed.ID), ticket.PublicReply{Body: "Please hurry."})
	w.check(err)
	p.until(`document.querySelector(".s-timeline").innerText.includes("Please hurry.")`)
	p.readsNo(internal...)
	p.goTo("/search?q=printer")
	p.reads("The printer in the canteen smells of smoke")
	p.readsNo("label printer", w.open.Number)
	p.goTo("/tickets/" + w.open.Number)
	p.reads("no such ticket")
	p.close()
}

// audits reads what others wrote and did, and is offered nothing to change it.
func audits(b browser, w *world) {
	p := b.visit(w.t, w.System, "auditor", desktop)
	p.goTo("/tickets/" + w.open.Number)
	p.reads("The label printer on the second floor", "burnt last year", "The whole warehouse waits")
	for _, name := range []string{"Resolve", "Start work", "Change Title", "Change Priority", "Assign to me", "Internal note", "Send reply", "Link a ticket"} {
		if p.offers(name) {
			w.t.Errorf("the auditor is offered %q", name)
		}
	}
	p.goTo("/audit")
	p.reads("Verify the chain")
	p.press("Verify the chain")
	p.reads("is whole")
	p.close()

	before := w.versions()
	pages := follow(w.t, w.System, "auditor")
	pressEverything(w.t, w.System, "auditor", pages)
	if after := w.versions(); !maps.Equal(before, after) {
		w.t.Errorf("the auditor changed tickets: %v, before %v", after, before)
	}
}

// versions tells of every ticket how often it was changed.
func (w *world) versions() map[string]int {
	w.t.Helper()
	page, err := w.Core.Tickets.List(w.As("administrator"), ticket.Query{Limit: 100})
	w.check(err)
	out := map[string]int{}
	for _, t := range page.Tickets {
		out[t.Number] = t.Version
	}
	return out
}

// pressEverything sends every form of the pages that somebody is led to, as it
// stands there. The answer may be that something is missing, but not that it may
// not be done, or that there is no such thing.
func pressEverything(t *testing.T, s *apptest.System, role string, pages []visited) {
	t.Helper()
	c := s.SignedIn(role)
	pressed := map[string]bool{"/sign-out": true, "/profile/sessions/{id}/end": true, "/profile/sessions/end": true}
	for _, page := range pages {
		page.doc.Find("form[method=post]:has([type=submit]:not([formaction])), [formaction], [hx-post]:not(form)").Each(func(_ int, e *goquery.Selection) {
			at := either(e.AttrOr("action", ""), e.AttrOr("formaction", ""), e.AttrOr("hx-post", ""), page.path)
			shape, _, _ := strings.Cut(shapeOf(at), "?")
			if pressed[shape] || e.AttrOr("disabled", "no") != "no" {
				return
			}
			pressed[shape] = true
			a := c.Post(at, fieldsOf(e))
			switch a.Status {
			case http.StatusOK, http.StatusNoContent, http.StatusSeeOther, http.StatusConflict, http.StatusUnprocessableEntity:
			default:
				t.Errorf("%s is offered on %s to press %s, which answers %d", role, page.path, at, a.Status)
			}
		})
	}
}

func either(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// fieldsOf is what a form posts as it stands.
func fieldsOf(form *goquery.Selection) url.Values {
	out := url.Values{}
	form.Find("input[name], textarea[name], select[name]").Each(func(_ int, f *goquery.Selection) {
		name := f.AttrOr("name", "")
		switch {
		case f.Is("select"):
			f.Find("option[selected]").Each(func(_ int, o *goquery.Selection) { out.Add(name, o.AttrOr("value", "")) })
		case f.Is("textarea"):
			out.Add(name, f.Text())
		case f.Is("[type=checkbox]:not([checked]), [type=radio]:not([checked]), [type=file]"):
		default:
			out.Add(name, f.AttrOr("value", ""))
		}
	})
	return out
}
