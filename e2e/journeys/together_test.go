package journeys_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// soon is how late another screen may know. The product promises a second; the
// machine that tests it has a browser and a dozen other tests to run meanwhile.
const soon = 3 * time.Second

// together has people at work on the same ticket at the same time.
func together(t *testing.T, b browser) {
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			w := furnished(t, engine)
			g := newGate(t, w.URL)
			agent := b.open(t, g.url, "agent", desktop)
			agent.signIn(w.System, "agent")
			agent.excuse("status of 409", "status of 422", "net::ERR_", "htmx:sse:error")
			agent.goTo("/tickets/" + w.open.Number)
			seesTheReply(b, w, agent)
			seesColleagues(b, w, agent)
			keepsBothTexts(b, w, agent)
			catchesUp(w, agent, g)
			agent.close()
			countsWhatIsNew(b, w)
		})
	}
}

const written = "What I was about to say"

// seesTheReply has the requester answer while the agent types.
func seesTheReply(b browser, w *world, agent *tab) {
	agent.keys("r")
	agent.until(focused + `.matches("textarea[name=body]")`)
	agent.write(written)

	requester := b.visit(agent.t, w.System, "requester", phone)
	requester.goTo("/portal/tickets/" + w.open.Number)
	requester.fill("Your message", "Now it prints nothing at all.")
	requester.press("Send")
	took := agent.within(soon, `document.querySelector(".s-timeline").innerText.includes("Now it prints nothing at all.")`)
	agent.t.Logf("the reply was there after %v", took.Round(time.Millisecond))
	requester.close()
	agent.keepsWriting()
}

// keepsWriting fails when the agent lost the text or the place in it.
func (p *tab) keepsWriting() {
	p.t.Helper()
	got := value[string](p, focused+`.name + ":" + `+focused+`.value + ":" + `+focused+`.selectionEnd`)
	if want := fmt.Sprintf("body:%s:%d", written, len(written)); got != want {
		p.t.Errorf("the agent was typing %q, and now it is %q", want, got)
	}
}

// seesColleagues has the team lead look at the ticket, and write.
func seesColleagues(b browser, w *world, agent *tab) {
	lead := b.visit(agent.t, w.System, "team_lead", desktop)
	lead.goTo("/tickets/" + w.open.Number)
	agent.reads("team lead person")
	lead.reads("agent person")
	lead.keys("i")
	lead.until(focused + `.matches("textarea[name=body]")`)
	lead.write("Shall I")
	agent.reads("team lead person is typing")
	lead.close()
	agent.until(`!(` + shown("team lead person is typing") + `)`)
	agent.keepsWriting()
}

// keepsBothTexts has two people write another title at once.
func keepsBothTexts(b browser, w *world, agent *tab) {
	agent.keys(kb.Escape + "e")
	agent.until(focused + `.matches("[data-in-place] input[name=value]")`)
	agent.fill("Title", "Printer on 2nd floor: every other page")

	lead := b.visit(agent.t, w.System, "team_lead", desktop)
	lead.goTo("/tickets/" + w.open.Number)
	lead.keys("e")
	lead.until(focused + `.matches("[data-in-place] input[name=value]")`)
	lead.fill("Title", "Label printer is broken")
	lead.keys(kb.Enter)
	lead.until(`document.querySelector("h1")?.innerText === "Label printer is broken"`)
	lead.close()

	agent.until(`document.title.length > 0`)
	if got := agent.holds("Title"); got != "Printer on 2nd floor: every other page" {
		agent.t.Errorf("the other's title took the place of what was typed: %q", got)
	}
	agent.press("Save")
	agent.reads("Label printer is broken", "Nothing is lost")
	if got := agent.holds("Yours"); got != "Printer on 2nd floor: every other page" {
		agent.t.Errorf("beside the conflict there is %q", got)
	}
	agent.fill("Yours", "Label printer on 2nd floor is broken")
	agent.press("Save this")
	agent.until(`document.querySelector("h1")?.innerText === "Label printer on 2nd floor is broken"`)
	if got := w.number(w.open.Number).Title; got != "Label printer on 2nd floor is broken" {
		agent.t.Errorf("the title is %q", got)
	}
}

// catchesUp breaks the network while things happen.
func catchesUp(w *world, agent *tab, g *gate) {
	g.cut()
	agent.reads("Offline")
	_, err := w.Core.Tickets.Reply(w.As("requester"), ticket.ByID(w.open.ID), ticket.PublicReply{Body: "Is anybody there?"})
	w.check(err)
	g.mend()
	agent.until(`document.querySelector(".s-timeline").innerText.includes("Is anybody there?")`)
	agent.until(`document.getElementById("live-state").dataset.state === "live"`)
	if n := value[int](agent, `[...document.querySelectorAll(".s-timeline .s-entry")].filter((e) => e.innerText.includes("Now it prints nothing")).length`); n != 1 {
		agent.t.Errorf("the reply from before stands there %d times", n)
	}
	if got := agent.holds("Text"); got != written {
		agent.t.Errorf("what was being written is now %q", got)
	}
}

// countsWhatIsNew has a queue open while tickets come in.
func countsWhatIsNew(b browser, w *world) {
	queue := b.visit(w.t, w.System, "agent", desktop)
	queue.goTo("/queue")
	first := `document.querySelector("main .s-row .s-ref").innerText`
	top := value[string](queue, first)
	for i := range 4 {
		w.ticket("other", ticket.Create{Title: fmt.Sprintf("New in the queue %d", i+1)})
	}
	queue.within(soon, shown("4 new"))
	if now := value[string](queue, first); now != top {
		w.t.Errorf("the list moved: %s is where %s was", now, top)
	}
	_, err := w.Core.Tickets.Reply(w.As("requester"), ticket.ByID(w.asked.ID), ticket.PublicReply{Body: "I use the telephone."})
	w.check(err)
	queue.within(soon, `document.querySelector("#ticket-`+fmt.Sprint(w.asked.ID)+`").innerText.includes("In progress")`)
	queue.keys(".")
	queue.until(`!document.querySelector(".s-pill")`)
	queue.reads("New in the queue 1", "New in the queue 4")
	queue.close()
}
