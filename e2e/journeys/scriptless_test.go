package journeys_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// withoutAnyScript works a ticket, and asks for help, in a browser that runs none.
func withoutAnyScript(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	agent := b.visit(t, w.System, "agent", desktop)
	agent.withoutScripts()
	agent.excuse("status of 422")
	agent.goTo("/queue")
	if value[bool](agent, `document.documentElement.classList.contains("s-scripted")`) {
		t.Fatal("scripts run")
	}
	agent.filtersWithoutScripts()
	agent.worksWithoutScripts(w)
	agent.takesInWithoutScripts()
	agent.close()

	p := b.visit(t, w.System, "requester", phone)
	p.withoutScripts()
	p.excuse("status of 422")
	p.asksWithoutScripts(w)
}

func (p *tab) filtersWithoutScripts() {
	p.t.Helper()
	p.fill("Filter", "payslip state:open")
	p.keys(kb.Enter)
	p.until(`new URL(location.href).searchParams.get("q") === "payslip state:open"`)
	p.reads("I cannot see my payslip of October")
	p.readsNo("Where do I order toner?")
}

func (p *tab) worksWithoutScripts(w *world) {
	p.t.Helper()
	at := "/tickets/" + w.open.Number
	p.goTo(at)
	p.fill("Text", "We are looking into it.")
	p.press("Send reply")
	p.reads("We are looking into it.")
	p.press("Internal note")
	p.fill("Text", "Is it the same again?")
	p.pressOn("[data-send]")
	p.reads("Is it the same again?")

	p.press("Change Title")
	p.arrives(at + "/edit/title$")
	p.fill("Title", "Every other label is missing")
	p.press("Save")
	p.arrives(at + "$")
	p.until(`document.querySelector("h1").innerText === "Every other label is missing"`)

	p.press("Resolve")
	p.arrives(at + "/steps/resolve$")
	p.choose("How was it resolved?", "Solved p")
	p.fill("What was done?", " ")
	p.press("Resolve")
	p.until(`document.querySelector(".s-error")`)
	if got := p.holds("How was it resolved?"); got != "solved" {
		p.t.Errorf("the form came back with %q", got)
	}
	p.fill("What was done?", "A new roller.")
	p.press("Resolve")
	p.arrives(at + "$")
	p.reads("Resolved", "A new roller.")
	if got := w.number(w.open.Number); got.State != "resolved" || got.Title != "Every other label is missing" {
		p.t.Errorf("%s is %s: %s", got.Number, got.State, got.Title)
	}
}

func (p *tab) takesInWithoutScripts() {
	p.t.Helper()
	p.press("New")
	p.press("New request")
	p.fill("Requester", "Other Requester")
	p.fill("Title", "A desk that goes up")
	p.fill("Service", "Printing")
	p.press("Create")
	p.arrives(`/tickets/REQ-\d+$`)
	p.reads("A desk that goes up", "Other Requester", "Printing")
}

func (p *tab) asksWithoutScripts(w *world) {
	p.t.Helper()
	p.goTo("/portal")
	p.fits()
	p.fill("What do you need?", "A key for the cellar")
	p.press("Continue")
	p.press("I need something")
	p.press("Send")
	p.arrives(`/portal/tickets/REQ-\d+$`)
	p.reads("Thank you. Your number is REQ-")
	p.fits()
	p.goTo("/portal/tickets/" + w.asked.Number)
	p.fill("Your message", "I use Firefox.")
	p.press("Send")
	p.reads("I use Firefox.", "Being worked on")
	p.goTo("/portal/tickets/" + w.solved.Number)
	p.press("It works now")
	p.reads("How did it go?")
	p.pressOn(`#rating-form input[name=score][value="5"]`)
	p.press("Send")
	p.reads("5 of 5")
	if got := w.number(w.solved.Number); got.State != "closed" {
		p.t.Errorf("the confirmed ticket is %s", got.State)
	}
}
