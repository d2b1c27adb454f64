package journeys_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// byKeyboard is an agent's day without a mouse.
func byKeyboard(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	p := b.visit(t, w.System, "agent", desktop)
	p.excuse("status of 422")
	p.goTo("/")
	p.keys("gq")
	p.arrives("/queue$")
	p.walkRows()
	p.filterByKeyboard()
	p.saveViewByKeyboard()
	number := p.takeByKeyboard(w)
	p.workByKeyboard(w, number)
	p.helpAndPalette(w)
}

// focused is an expression: the element that has the focus.
const focused = `document.activeElement`

// walkRows goes down and up a list.
func (p *tab) walkRows() {
	p.t.Helper()
	row := func(n int) string {
		return focused + ` === document.querySelectorAll("main [data-list] .s-row")[` + string(rune('0'+n)) + `]`
	}
	p.keys("j")
	p.until(row(0))
	p.keys("jj")
	p.until(row(2))
	p.keys("k")
	p.until(row(1))
	p.keys("x")
	p.until(`document.querySelector("[data-bulk]:not([hidden])")`)
	p.keys("x")
	p.keys("o")
	p.arrives(`/tickets/`)
	p.keys("gq")
	p.arrives("/queue$")
}

// filterByKeyboard writes a condition with the help of what is offered.
func (p *tab) filterByKeyboard() {
	p.t.Helper()
	p.keys("f")
	p.until(focused + `.matches(".s-filter-input")`)
	p.keys(kb.End)
	p.write(" serv")
	p.until(`[...document.querySelectorAll("[role=option]")].some((o) => o.innerText.includes("service"))`)
	p.keys(kb.ArrowDown + kb.Enter)
	p.until(focused + `.value.endsWith("service:")`)
	p.write("Pay")
	p.until(`[...document.querySelectorAll("[role=option]")].some((o) => o.innerText.includes("Payroll"))`)
	p.keys(kb.ArrowDown + kb.Enter)
	p.until(focused + `.value.includes("Payroll")`)
	p.keys(kb.Escape)
	p.keys("f" + kb.Enter)
	p.until(`new URL(location.href).searchParams.get("q")?.includes("service:Payroll")`)
	p.settle()
	p.reads("Service: Payroll", "I cannot see my payslip of October")
	p.readsNo("Where do I order toner?")
}

// tabTo presses the tabulator until what has a name has the focus.
func (p *tab) tabTo(name string) {
	p.t.Helper()
	for range 80 {
		p.keys(kb.Tab)
		if value[bool](p, `((`+focused+`.getAttribute("aria-label") || `+focused+`.textContent || "").trim().toLowerCase() === `+quote(strings.ToLower(name))+`)`) {
			return
		}
	}
	p.t.Fatalf("the tabulator does not reach %q", name)
}

func (p *tab) saveViewByKeyboard() {
	p.t.Helper()
	p.tabTo("Save as view")
	p.keys(kb.Enter)
	p.until(`document.querySelector("dialog[open]") && ` + focused + `.name === "name"`)
	p.write("Pay matters")
	p.keys(kb.Enter)
	p.until(`new URL(location.href).searchParams.get("view")`)
	p.settle()
	p.reads("Pay matters")
}

// takeByKeyboard takes a ticket from the list, and opens it.
func (p *tab) takeByKeyboard(w *world) string {
	p.t.Helper()
	title := "Where do I order toner?"
	p.goTo("/queue?q=toner+state:new+subject:~order")
	p.reads(title)
	p.keys("jt")
	p.until(`document.querySelector("main .s-row").innerText.includes("agent person")`)
	number := value[string](p, `document.querySelector("main .s-row .s-ref").innerText.trim()`)
	if taken := w.number(number); taken.AssigneeID != w.Persons["agent"] {
		p.t.Errorf("%s is assigned to %d", number, taken.AssigneeID)
	}
	p.until(focused + `.matches(".s-row")`)
	p.keys(kb.Enter)
	p.arrives("/tickets/" + number + "$")
	return number
}

// workByKeyboard answers, notes, waits for the caller, goes on and resolves.
func (p *tab) workByKeyboard(w *world, number string) {
	p.t.Helper()
	writing := focused + `.matches("textarea[name=body]")`
	p.keys("r")
	p.until(writing)
	p.write("On the intranet, under Supplies.")
	p.keysWith(kb.ModifierCtrl, kb.Enter)
	p.until(`document.querySelector(".s-timeline").innerText.includes("under Supplies")`)
	p.emptied()
	p.keys("i")
	p.until(writing)
	p.write("Third time this month: we should put it on the start page.")
	p.keysWith(kb.ModifierCtrl, kb.Enter)
	p.until(`document.querySelector(".s-timeline .s-entry-note")?.innerText.includes("Third time")`)
	p.emptied()
	if drafts, err := w.Core.Tickets.Drafts(w.As("agent"), w.number(number).ID); err != nil || len(drafts) > 0 {
		p.t.Errorf("what was sent is still a draft: %v, %v", drafts, err)
	}
	p.keys("h")
	p.until(`document.querySelector("dialog[open]")?.contains(` + focused + `)`)
	p.keys(" ") // the first reason: the caller
	p.until(`document.querySelector("dialog[open] input[name=reason]:checked").value === "caller"`)
	p.tabTo("Put on hold")
	p.keys(kb.Enter)
	p.until(`document.querySelector("dialog[open] .s-error")`) // it wants a question
	p.until(`document.querySelector("dialog[open] textarea[name=comment]")`)
	for value[string](p, focused+`.name ?? ""`) != "comment" {
		p.keys(kb.Tab)
	}
	p.write("Which colour do you need?")
	p.keys(kb.Tab)
	if !value[bool](p, focused+`.checked`) {
		p.keys(" ")
	}
	p.tabTo("Put on hold")
	p.keys(kb.Enter)
	p.until(`!document.querySelector("dialog[open]")`)
	p.reads("Awaiting caller", "Which colour do you need?")

	p.keys("s")
	p.until(`document.querySelector("dialog[open]")?.contains(` + focused + `)`)
	p.keys("Solved p" + kb.Tab)
	p.write("Black toner is ordered.")
	p.tabTo("Resolve")
	p.keys(kb.Enter)
	p.until(`!document.querySelector("dialog[open]")`)
	p.reads("Resolved", "Black toner is ordered.")
	if done := w.number(number); done.State != "resolved" || done.ResolutionCode != "solved" {
		p.t.Errorf("%s is %s, %q", number, done.State, done.ResolutionCode)
	}
}

// emptied waits until what was written in the composer is sent and gone from it.
func (p *tab) emptied() {
	p.t.Helper()
	p.until(`document.querySelector("textarea[name=body]").value === ""`)
	p.keys(kb.Escape) // out of the text
	p.until(focused + ` === document.body`)
}

// helpAndPalette asks for the keys, and jumps by name.
func (p *tab) helpAndPalette(w *world) {
	p.t.Helper()
	p.keys("?")
	p.until(`document.querySelector("#key-help[open]")`)
	for _, words := range []string{"Reply", "Internal note", "Queue", "Reopen"} {
		if !strings.Contains(p.says("#key-help"), words) {
			p.t.Errorf("the help does not know %q:\n%s", words, p.says("#key-help"))
		}
	}
	p.keys(kb.Escape)
	p.until(`!document.querySelector("dialog[open]")`)
	for typed, to := range map[string]string{
		w.asked.Number: "/tickets/" + w.asked.Number, "payslip": "/tickets/" + w.asked.Number, "other req": "/people/", "background": "/jobs", "pay matt": "/queue",
	} {
		if typed == "background" {
			continue // not an agent's page
		}
		p.keysWith(kb.ModifierCtrl, "k")
		p.until(focused + `.id === "palette-input"`)
		p.write(typed)
		option := `document.querySelector("#palette-results [role=option]")`
		p.until(option + ` && ` + option + `.href?.includes(` + quote(to) + `)`)
		p.until(`document.querySelector("#palette [aria-selected=true]")?.href?.includes(` + quote(to) + `)`)
		p.keys(kb.Enter)
		p.arrives(to)
	}
}
