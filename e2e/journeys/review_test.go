package journeys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// reviewed has the agent write an answer, the team lead look at it, both change it
// at once, and the lead send it.
func reviewed(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	agent := b.visit(t, w.System, "agent", desktop)
	lead := b.visit(t, w.System, "team_lead", desktop)
	agent.excuse("status of 409")
	lead.excuse("status of 409", "status of 422")
	at := "/tickets/" + w.open.Number
	lead.goTo(at)
	lead.until(`document.querySelector("#live-state").dataset.state === "live"`)
	sharesByKey(agent, lead, at)
	asksForAChange(agent, lead, at)
	bothChangeIt(agent, lead)

	lead.keys("uo") // sends it
	lead.until(`document.querySelector(".s-timeline").innerText.includes("drafted by agent person")`)
	lead.until(`!document.querySelector(".s-shared")`)
	agent.within(soon, `document.querySelector(".s-timeline").innerText.includes("drafted by agent person") && !document.querySelector(".s-shared")`)
	agent.goTo("/inbox")
	agent.reads("team lead person sent your draft")

	requester := b.visit(t, w.System, "requester", phone)
	requester.goTo("/portal/tickets/" + w.open.Number)
	requester.reads("the tray was moved", "from the warehouse")
	requester.readsNo("drafted", "Draft of", "agent person finds")
	requester.close()
	events, err := w.Core.Tickets.Timeline(w.As("team_lead"), &w.open, 0, 0)
	w.check(err)
	last := events[len(events)-1]
	if last.Type != ticket.Replied || last.Actor.ID != w.Persons["team_lead"] || !strings.Contains(last.Body, "the tray was moved") {
		t.Errorf("sent was %+v", last)
	}
	privateAgain(agent, lead, at)
	agent.close()
	lead.close()
}

// sharesByKey writes an answer and shares it without a mouse; the lead, who looks at
// the ticket, sees it by themselves.
func sharesByKey(agent, lead *tab, at string) {
	agent.goTo(at)
	agent.keys("r")
	agent.until(focused + `.matches("textarea[name=body]")`)
	agent.write("Please look whether the tray was moved.")
	agent.reads("Draft saved")
	agent.keys(kb.Escape)
	agent.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	agent.keys("ud")
	agent.until(`document.querySelector("dialog[open] textarea[name=body]")?.value === "Please look whether the tray was moved."`)
	agent.find("Ask for a review", "team lead", "team lead person")
	agent.fill("What they should look at", "Is the tone right?")
	agent.press("Share draft")
	agent.reads("The draft is shared", "Your draft, shared for review")
	agent.keeps("")
	took := lead.within(soon, `document.querySelector(".s-shared")?.innerText.includes("Draft of agent person, shared for review")`)
	lead.t.Logf("the draft was there after %v", took.Round(time.Millisecond))
	lead.reads("Is the tone right?", "Waits for your review")
}

// asksForAChange finds the draft in the list of what waits, and reviews it.
func asksForAChange(agent, lead *tab, at string) {
	lead.goTo("/inbox")
	lead.reads("agent person asks you to review a draft")
	lead.goTo("/")
	lead.reads("Waiting for my review")
	lead.keys("gr")
	lead.arrives("/drafts$")
	lead.reads("Waiting for my review", "Is the tone right?")
	lead.pressOn(".s-drafts-list a")
	lead.arrives(at + "$")
	lead.keys("ur")
	lead.until(`document.querySelector("dialog[open] input[name=verdict]")`)
	lead.press("Please change")
	lead.press("Send review")
	lead.reads("Say what should be changed.")
	lead.fill("Remark", "Say where it comes from.")
	lead.press("Send review")
	lead.reads("team lead person asks for a change")
	agent.within(soon, `document.querySelector(".s-shared")?.innerText.includes("Say where it comes from.")`)
	agent.reads("Please change")
}

// bothChangeIt has both save another text: the slower one sees both.
func bothChangeIt(agent, lead *tab) {
	lead.keys("uc")
	lead.until(`document.querySelector("dialog[open] textarea[name=body]")`)
	agent.keys("uc")
	agent.until(`document.querySelector("dialog[open] textarea[name=body]")`)
	agent.fill("Text of the draft", "We think the tray was moved.")
	agent.press("Save draft")
	agent.until(`document.querySelector(".s-shared").innerText.includes("We think the tray was moved.")`)
	lead.within(soon, `document.querySelector(".s-shared").innerText.includes("We think the tray was moved.")`)
	lead.fill("Text of the draft", "We write from the warehouse.")
	lead.press("Save draft")
	lead.reads("agent person changed this draft meanwhile", "We think the tray was moved.")
	if got := lead.holds("Text of the draft"); got != "We write from the warehouse." {
		lead.t.Errorf("beside the conflict there is %q", got)
	}
	lead.fill("Text of the draft", "We think the tray was moved. We write from the warehouse.")
	lead.press("Save mine over it")
	lead.until(`document.querySelector(".s-shared").innerText.includes("moved. We write from the warehouse.")`)
	agent.within(soon, `document.querySelector(".s-shared").innerText.includes("moved. We write from the warehouse.")`)
}

// privateAgain shares a note and takes it back: it stands where one writes.
func privateAgain(agent, lead *tab, at string) {
	agent.goTo(at)
	agent.keeps("") // what was shared is nobody's private draft
	agent.press("Internal note")
	agent.fill("Text", "Only a thought")
	agent.press("Share for review")
	agent.until(`document.querySelector("dialog[open] textarea[name=body]")?.value === "Only a thought"`)
	agent.press("Share draft")
	lead.within(soon, `document.querySelector(".s-shared-note")?.innerText.includes("Only a thought")`)
	agent.press("More about this draft")
	agent.press("Take back, only I see it")
	agent.reads("Only you see the draft again")
	agent.keeps("Only a thought")
	lead.within(soon, `!document.querySelector(".s-shared")`)
}
