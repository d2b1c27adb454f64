package journeys_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// boards looks at one list as a board and beside its tickets, by keys and by mouse.
func boards(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	p := b.visit(t, w.System, "agent", desktop)
	p.excuse("status of 409", "status of 422")
	p.goTo("/queue?q=state:open+toner")
	p.keys("2")
	p.until(`document.querySelector(".s-board") && new URL(location.href).searchParams.get("layout") === "board"`)
	p.settle()
	p.moveByKeys(w)
	p.moveByMouse(w)
	p.moveOfAnother(w)
	p.split(w)
}

// inLane is an expression: whether a card stands in the column with a name.
func inLane(title, lane string) string {
	return `[...document.querySelectorAll(".s-lane")].find((l) => l.querySelector(".s-lane-name").innerText.trim() === ` + quote(lane) + `)
		?.querySelector(".s-tiles").innerText.includes(` + quote(title) + `)`
}

const toner = "Where do I order toner?"

// card is the card of a title.
func card(title string) string {
	return `[...document.querySelectorAll(".s-tile")].find((t) => t.querySelector(".s-tile-title").innerText === ` + quote(title) + `)`
}

func (p *tab) moveByKeys(w *world) {
	p.t.Helper()
	for value[string](p, focused+`.closest(".s-tile")?.querySelector(".s-tile-title").innerText ?? ""`) != toner {
		p.keys("j")
	}
	p.keys(">")
	p.until(inLane(toner, "In progress"))
	p.until(focused + ` === ` + card(toner))
	if got := w.titled(toner).State; got != "in_progress" {
		p.t.Errorf("the card stands in progress, the ticket is %s", got)
	}
	p.keys(">") // a hold wants to know what for
	p.until(`document.querySelector("dialog[open] input[name=reason]")`)
	p.keys(kb.Escape)
	p.until(`!document.querySelector("dialog[open]")`)
	p.until(inLane(toner, "In progress"))
	p.until(focused + ` === ` + card(toner)) // the focus is where it was
	p.keys("<")
	p.reads("cannot go from “In progress” to “New”")
	p.keys("m")
	p.until(`document.querySelector("dialog[open]")?.innerText.includes("Put on hold")`)
	p.keys(kb.Escape)
	p.keys("?")
	p.until(`document.querySelector("#key-help[open]")`)
	for _, words := range []string{"Move to the column after", "Board", "Group"} {
		p.until(`document.querySelector("#key-help").innerText.includes(` + quote(words) + `)`)
	}
	p.keys(kb.Escape)
}

// titled gives the ticket with a title.
func (w *world) titled(title string) ticket.Ticket {
	w.t.Helper()
	c, err := w.Core.Tickets.Condition(w.As("administrator"), `title:"`+title+`"`, time.UTC)
	w.check(err)
	page, err := w.Core.Tickets.List(w.As("administrator"), ticket.Query{Condition: c, Limit: 1})
	w.check(err)
	if len(page.Tickets) != 1 {
		w.t.Fatalf("there is no %q", title)
	}
	return page.Tickets[0]
}

// moveByMouse carries a card to the column of its reader.
func (p *tab) moveByMouse(w *world) {
	p.t.Helper()
	p.goTo("/queue?q=state:open+toner&layout=board&by=assignee")
	mine := `[...document.querySelectorAll(".s-lane")].find((l) => l.innerText.includes("agent person"))`
	from := value[point](p, middle(card(toner)))
	to := value[point](p, middle(mine))
	mouse := func(kind input.DispatchMouseEventType, x, y float64) {
		_, err := chromedp.Call(p.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1})
		if err != nil {
			p.t.Fatal(err)
		}
	}
	mouse(input.DispatchMouseEventTypeMousePressed, from.X, from.Y)
	mouse(input.DispatchMouseEventTypeMouseMoved, from.X+20, from.Y)
	mouse(input.DispatchMouseEventTypeMouseMoved, to.X, to.Y)
	p.until(`document.querySelector(".s-tile-carried") && document.querySelector(".s-lane-over")`)
	mouse(input.DispatchMouseEventTypeMouseReleased, to.X, to.Y)
	p.until(mine + `.querySelector(".s-tiles").innerText.includes(` + quote(toner) + `)`)
	if got := w.titled(toner).AssigneeID; got != w.Persons["agent"] {
		p.t.Errorf("the ticket is %d's", got)
	}
}

// middle is an expression: the middle of an element.
func middle(element string) string {
	return `(() => { const r = (` + element + `).getBoundingClientRect(); return {X: r.left + r.width / 2, Y: r.top + r.height / 2, Instead: ""}; })()`
}

// moveOfAnother sees what a colleague moves, in its old place.
func (p *tab) moveOfAnother(w *world) {
	p.t.Helper()
	p.goTo("/queue?q=state:open+toner&layout=board&by=state")
	p.until(`document.querySelector("#live-state[data-state=live]")`)
	w.step(w.titled(toner), "team_lead", ticket.Step{Transition: "hold", Reason: "vendor", Comment: "Ordered."})
	p.until(card(toner) + `.querySelector(".s-tile-now").checkVisibility()`)
	p.reads("Now: On hold")
	p.until(inLane(toner, "In progress"))
}

// split walks a list at the side of its tickets and works one of them.
func (p *tab) split(w *world) {
	p.t.Helper()
	p.goTo("/queue?q=state:open+printer")
	p.keys("3")
	p.until(`document.querySelector("[data-split] #beside .s-record")`)
	p.settle()
	beside := `document.querySelector("#beside h1")?.innerText`
	first := value[string](p, beside)
	p.keys("j") // from nowhere: the one after the present one
	p.until(beside + ` !== ` + quote(first))
	second := value[string](p, beside)
	p.until(`document.title.includes(` + quote(second) + `) && new URL(location.href).searchParams.get("open")`)
	p.until(focused + `.matches("[data-beside][aria-current]")`)
	p.settle()
	p.keys("i")
	p.until(focused + `.matches("#beside textarea[name=body]")`)
	p.write("Looked at beside the list.")
	p.keysWith(kb.ModifierCtrl, kb.Enter)
	p.until(`document.querySelector("#beside .s-timeline").innerText.includes("Looked at beside the list.")`)
	p.keys(kb.Escape)
	p.keys("k")
	p.until(beside + ` === ` + quote(first))
	p.keys(kb.Enter)
	p.until(focused + `.id === "beside"`)
	p.keys(kb.Escape)
	p.until(focused + `.matches("[data-beside]")`)
}
