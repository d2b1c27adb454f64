package journeys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// workday is a whole day of an agent who has no mouse. Wherever a key leads, the
// focus is somewhere, and can be seen there.
func workday(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	p := b.open(t, w.URL, "agent", desktop)
	p.excuse("status of 422", "status of 409")
	p.signInByKeyboard(w)
	p.walkRows()
	p.keys("gm")
	p.arrives("/$")
	p.throughTickets(w)
	number := p.answersByKeyboard(w)
	p.changesValues(w, number)
	p.keepsLists(w, number)
	p.runsMacro(w, number)
	p.changesMany(w)
	p.mergesByKeyboard(w)
	p.splitsAndConverts(w)
	p.setsAside(w)
	p.movesOnBoard(w)
	p.walksBeside(w)
	p.asksPalette(w)
	p.opensFigures(w)
	p.proposesMajor(w)
}

// workdayNarrow is the essential part of it in a narrow window.
func workdayNarrow(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	p := b.open(t, w.URL, "agent", device{360, 780, false})
	p.excuse("status of 422", "status of 409")
	p.signInByKeyboard(w)
	number := p.answersByKeyboard(w)
	p.changesValues(w, number)
	p.runsMacro(w, number)
	p.changesMany(w)
	p.asksPalette(w)
}

// unseen is an expression: why the focus cannot be seen, or "".
const unseen = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) return "nothing has the focus";
	if (!e.checkVisibility({visibilityProperty: true})) return "what has the focus is hidden: " + e.outerHTML.slice(0, 160);
	const r = e.getBoundingClientRect();
	if (e.id === "main") return "";
	if (r.bottom <= 0 || r.top >= innerHeight || r.right <= 0 || r.left >= innerWidth) return "what has the focus is out of sight: " + e.outerHTML.slice(0, 160);
	const marked = (x) => { const s = getComputedStyle(x); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== "none"; };
	const near = [e, ...(e.labels ?? [])];
	for (let x = e.parentElement, n = 0; x && n < 3; x = x.parentElement, n++) near.push(x);
	return near.some(marked) || e.matches("textarea, .s-row") ? "" : "the focus has no mark: " + e.outerHTML.slice(0, 160);
})()`

// seen fails when the focus is lost or cannot be seen.
func (p *tab) seen(after string) {
	p.t.Helper()
	p.settle()
	deadline := time.Now().Add(patience / 10) // a page may be scrolling
	for tick := time.Tick(20 * time.Millisecond); ; <-tick {
		why, err := evaluate[string](p, unseen)
		if err == nil && why == "" {
			return
		}
		if time.Now().After(deadline) {
			p.t.Errorf("%s, after %s at %s: %s (%v)", p.name, after, p.where(), why, err)
			return
		}
	}
}

// at waits until an element that fits a selector has the focus, and is seen.
func (p *tab) at(selector string) {
	p.t.Helper()
	p.until(focused + `.matches(` + quote(selector) + `)`)
	p.seen("coming to " + selector)
}

// dialog waits for a dialog that has the focus.
func (p *tab) dialog() {
	p.t.Helper()
	p.until(`document.querySelector("dialog[open]")?.contains(` + focused + `)`)
	p.seen("a dialog opened")
}

// noDialog waits until no dialog is open, and wants the focus to be back somewhere.
func (p *tab) noDialog(after string) {
	p.t.Helper()
	p.until(`!document.querySelector("dialog[open]")`)
	p.until(focused + ` !== document.body`)
	p.seen(after)
}

// tabInto presses the tabulator until a field with a name has the focus.
func (p *tab) tabInto(name string) {
	p.t.Helper()
	for range 60 {
		if value[string](p, focused+`.name ?? ""`) == name {
			return
		}
		p.keys(kb.Tab)
		if value[bool](p, focused+` !== document.body`) { // past the end of a page is the browser itself
			p.seen("the tabulator")
		}
	}
	p.t.Fatalf("the tabulator does not reach the field %q at %s", name, p.where())
}

func (p *tab) signInByKeyboard(w *world) {
	p.t.Helper()
	email, secret := password(p.t, w.System, "agent")
	p.goTo("/")
	p.arrives("/sign-in")
	p.tabInto("email")
	p.write(email)
	p.tabInto("password")
	p.write(secret)
	p.keys(kb.Enter)
	p.arrives("/$")
	p.reads("My work")
	p.keys("gq")
	p.arrives("/queue$")
}

// throughTickets goes from one ticket of a list to the next, and back to the list.
func (p *tab) throughTickets(w *world) {
	p.t.Helper()
	p.keys("gq")
	p.arrives("/queue$")
	p.keys("f")
	p.at(".s-filter-input")
	p.keysWith(kb.ModifierCtrl, "a")
	p.write("state:open printer")
	p.keys(kb.Escape)
	p.keys("f" + kb.Enter)
	p.until(`new URL(location.href).searchParams.get("q")?.includes("printer")`)
	p.settle()
	p.keys("j")
	p.at(".s-row")
	row := value[string](p, focused+`.id`)
	p.keys(kb.Enter)
	first := p.arrives(`/tickets/`)
	p.keys("gn")
	p.until(`location.pathname.startsWith("/tickets/") && location.pathname !== ` + quote(first))
	p.keys("gl")
	p.arrives("/queue$")
	p.until(focused + `.id === ` + quote(row)) // where the list was left
	p.seen("coming back to the list")
}

// answersByKeyboard opens a ticket, answers it with a canned reply, and asks a
// colleague in a note.
func (p *tab) answersByKeyboard(w *world) string {
	p.t.Helper()
	p.goTo("/queue?q=toner+state:new")
	p.keys("j")
	p.at(".s-row")
	p.keys(kb.Enter)
	p.arrives(`/tickets/`)
	number := value[string](p, `location.pathname.split("/").at(-1)`)
	p.keys("r")
	p.at("textarea[name=body]")
	p.write("Good morning. /pass")
	p.until(`document.querySelector(".s-listbox:popover-open [aria-selected=true]")?.innerText.includes("Password reset")`)
	p.keys(kb.Enter)
	p.until(`document.querySelector("#composer-body").value.includes("Forgotten password")`)
	p.at("textarea[name=body]")
	p.keysWith(kb.ModifierCtrl, kb.Enter)
	p.until(`document.querySelector(".s-timeline").innerText.includes("Good morning.")`)
	p.until(`document.querySelector("#composer-body").value === ""`)
	p.seen("sending a reply")
	p.keys(kb.Escape)
	p.keys("i")
	p.at("textarea[name=body]")
	p.write("Can you look, @team")
	p.until(`document.querySelector(".s-listbox:popover-open [role=option]")?.innerText.includes("team lead")`)
	p.keys(kb.ArrowDown + kb.Enter)
	p.until(`document.querySelector("#composer-body").value.includes("person:")`)
	p.keysWith(kb.ModifierCtrl, kb.Enter)
	p.until(`document.querySelector(".s-timeline .s-entry-note")?.innerText.includes("Can you look")`)
	p.until(`document.querySelector("#composer-body").value === ""`)
	p.seen("sending a note")
	p.keys(kb.Escape)
	return number
}

// changesValues takes the ticket, begins it and gives it another priority.
func (p *tab) changesValues(w *world, number string) {
	p.t.Helper()
	p.keys("t")
	p.until(`document.querySelector("#v-assignee").innerText.includes("agent person")`)
	p.seen("taking the ticket")
	p.pressed("Start work")
	p.until(`document.querySelector("#record-facts").innerText.includes("In progress")`)
	p.seen("starting the work")
	p.keys("s")
	p.dialog()
	p.keys(kb.Escape)
	p.noDialog("leaving a step")
	p.keys("up")
	p.at("#v-priority select")
	p.keys("1")
	p.tabTo("Save")
	p.keys(kb.Enter)
	p.until(`document.querySelector("#v-priority .s-error")`)
	p.seen("a priority without its reason")
	p.tabInto("reason")
	p.write("The whole floor waits")
	p.keys(kb.Enter)
	p.at("#v-priority .s-value-edit")
	p.until(`document.querySelector("#v-priority").innerText.includes("Critical")`)
	p.seen("saving a value")
	if got := w.number(number); got.Priority != 1 {
		p.t.Errorf("the priority is %d", got.Priority)
	}
}

// keepsLists adds a checklist, ticks it off, and records time.
func (p *tab) keepsLists(w *world, number string) {
	p.t.Helper()
	p.keys("c")
	p.dialog()
	p.at("input[name=name]")
	p.write("Before it leaves")
	p.keys(kb.Enter)
	p.until(`document.querySelector(".s-checklist")`)
	p.noDialog("adding a checklist")
	p.tabInto("text")
	p.write("Toner is in")
	p.keys(kb.Enter)
	p.until(`document.querySelectorAll(".s-checklist-item").length === 1`)
	p.at("input[name=text]")
	for range 40 {
		p.keysWith(kb.ModifierShift, kb.Tab)
		if value[bool](p, focused+`.matches(".s-tick")`) {
			break
		}
	}
	p.at(".s-tick")
	p.keys(" ")
	p.until(`document.querySelector(".s-tick[aria-checked=true]")`)
	p.at(".s-tick")
	p.keys("m")
	p.dialog()
	p.tabInto("length")
	p.write("20")
	p.keys(kb.Enter)
	p.noDialog("recording time")
	p.until(`document.querySelector(".s-time-entries")?.innerText.includes("20")`)
}

// runsMacro runs the first macro, which shows what it does before.
func (p *tab) runsMacro(w *world, number string) {
	p.t.Helper()
	p.keys("b")
	p.dialog()
	p.until(`document.querySelector("dialog[open] .s-macro-choice")`)
	p.keys("1")
	p.until(`document.querySelector("dialog[open] .s-dialog-foot")`)
	p.keys("b") // and to the next ticket of the list
	p.until(`!document.querySelector("dialog[open]")`)
	p.until(`document.querySelector("#toasts [data-key='u u']")`)
}

// changesMany selects several and changes them together, looks before, and undoes it.
func (p *tab) changesMany(w *world) {
	p.t.Helper()
	p.goTo("/queue?q=state:new")
	p.keys("jxjx")
	p.until(`document.querySelectorAll(".s-row[aria-selected]").length === 2`)
	chosen := value[[]string](p, `[...document.querySelectorAll(".s-row[aria-selected] .s-ref")].map((r) => r.innerText.trim())`)
	tagged := func() (n int) {
		for _, number := range chosen {
			if strings.Contains(strings.Join(w.number(number).Tags, " "), "by-hand") {
				n++
			}
		}
		return n
	}
	p.keys("ue")
	p.arrives("/bulk$")
	p.tabInto("add_tags")
	p.write("by-hand")
	p.pressed("Show what will happen")
	p.until(`document.querySelector(".s-operation-preview")`)
	p.settle()
	p.pressed("Change them")
	p.until(`document.querySelector("#toasts [data-key='u u']")`)
	if got := tagged(); got != 2 {
		p.t.Errorf("%d of %v are tagged", got, chosen)
	}
	p.undone()
	if got := tagged(); got != 0 {
		p.t.Errorf("after the undo %d of %v are tagged", got, chosen)
	}
}

// pressed goes to what has a name by the tabulator, and presses Enter.
func (p *tab) pressed(name string) {
	p.t.Helper()
	p.tabTo(name)
	p.seen("the tabulator")
	p.keys(kb.Enter)
}

// undone takes back what the notice on the page offers to take back.
func (p *tab) undone() {
	p.t.Helper()
	p.until(`document.querySelector("#toasts [data-key='u u']")`)
	p.keys("uu")
	p.until(`!document.querySelector("#toasts [data-key='u u']")`)
	p.settle()
	p.reads("Undone")
}

// mergesByKeyboard merges a ticket into another, and undoes it.
func (p *tab) mergesByKeyboard(w *world) {
	p.t.Helper()
	from, into := w.titled("The calendar shows the wrong hour"), w.titled("Wireless network drops in meeting room 3")
	p.goTo("/tickets/" + from.Number)
	p.keys("um")
	p.dialog()
	p.at("dialog [role=combobox]")
	p.write(into.Number)
	p.until(`[...document.querySelectorAll("[role=option]")].some((o) => o.checkVisibility() && o.innerText.includes(` + quote(into.Title) + `))`)
	p.keys(kb.ArrowDown + kb.Enter)
	p.pressed("Show what will happen")
	p.until(`document.querySelector("dialog[open] .s-operation-ahead")?.innerText.includes(` + quote(from.Number) + `)`)
	p.until(`document.querySelector("dialog[open]").contains(` + focused + `)`) // it stays where the keyboard is
	p.pressed("Merge")
	p.until(`!document.querySelector("dialog[open]")`)
	p.undone()
	if got := w.titled(from.Title); got.State == "closed" || got.State == "cancelled" {
		p.t.Errorf("after the undo %s is %s", got.Number, got.State)
	}
}

// splitsAndConverts makes a ticket of a message, and a request of an incident and back.
func (p *tab) splitsAndConverts(w *world) {
	p.t.Helper()
	p.goTo("/tickets/" + w.open.Number)
	p.tabOnto(".s-entry [popovertarget]")
	p.keys(kb.ArrowDown)
	p.until(focused + `.closest(".s-menu-list")`)
	for range 6 {
		if value[bool](p, focused+`.innerText.includes("New ticket from this")`) {
			break
		}
		p.keys(kb.ArrowDown)
	}
	p.keys(kb.Enter)
	p.dialog()
	p.at("dialog input[name=title]")
	p.keysWith(kb.ModifierCtrl, "a")
	p.write("The tray is missing")
	p.pressed("Open the ticket")
	p.until(`!document.querySelector("dialog[open]")`)
	p.undone()

	t := w.titled("The calendar shows the wrong hour")
	p.goTo("/tickets/" + t.Number)
	p.keys("uk")
	p.dialog()
	p.pressed("Change the kind")
	p.until(`!document.querySelector("dialog[open]")`)
	p.undone()
	if got := w.titled(t.Title); got.Kind != t.Kind {
		p.t.Errorf("%s is a %s", got.Number, got.Kind)
	}
}

// setsAside puts a ticket away until tomorrow.
func (p *tab) setsAside(w *world) {
	p.t.Helper()
	p.goTo("/tickets/" + w.titled("Wireless network drops in meeting room 3").Number)
	p.keys("z")
	p.dialog()
	p.tabInto("until")
	p.write("tomorrow 9")
	p.keys(kb.Enter)
	p.noDialog("setting aside")
	p.reads("set aside")
}

// movesOnBoard moves a card to the column beside its own.
func (p *tab) movesOnBoard(w *world) {
	p.t.Helper()
	title := "The calendar shows the wrong hour"
	p.goTo("/queue?q=state:open+calendar")
	p.keys("2")
	p.until(`document.querySelector(".s-board")`)
	p.settle()
	p.keys("j")
	p.at(".s-tile")
	p.keys(">")
	p.until(inLane(title, "In progress"))
	p.until(focused + ` === ` + card(title))
	p.seen("moving a card")
}

// walksBeside walks a list at the side of its tickets.
func (p *tab) walksBeside(w *world) {
	p.t.Helper()
	p.goTo("/queue?q=state:open+printer")
	p.keys("3")
	p.until(`document.querySelector("[data-split] #beside .s-record")`)
	p.settle()
	before := value[string](p, `document.querySelector("#beside h1").innerText`)
	p.keys("j")
	p.until(`document.querySelector("#beside h1")?.innerText !== ` + quote(before))
	p.seen("walking beside")
	p.keys(kb.Enter)
	p.until(focused + `.id === "beside"`)
	p.seen("going into the ticket")
	p.keys("i")
	p.at("#beside textarea[name=body]")
	p.keys(kb.Escape + kb.Escape)
	p.keys("w")
	p.until(`document.querySelector("#beside [data-key=w]")?.getAttribute("aria-pressed") === "true"`)
	p.seen("watching")
	p.keys(kb.Escape)
	p.at("[data-beside]")
	p.keys("1")
	p.until(`document.querySelector("main .s-table")`)
}

// asksPalette does something of the page by its name, and asks for the keys.
func (p *tab) asksPalette(w *world) {
	p.t.Helper()
	p.goTo("/tickets/" + w.asked.Number)
	p.keysWith(kb.ModifierCtrl, "k")
	p.at("#palette-input")
	p.write("record time")
	p.until(`[...document.querySelectorAll("#palette-actions [role=option]")].some((o) => o.getAttribute("aria-selected") === "true" && o.innerText.includes("Record time"))`)
	p.keys(kb.Enter)
	p.until(`document.querySelector("dialog[open] input[name=length]")`)
	p.dialog()
	p.keys(kb.Escape)
	p.noDialog("leaving what the palette opened")
	p.keys("?")
	p.until(`document.querySelector("#key-help[open]")`)
	p.dialog()
	p.keys(kb.Escape)
	p.noDialog("the help")
}

// opensFigures goes from a board's number to how it is computed, and to the
// tickets behind it.
func (p *tab) opensFigures(w *world) {
	p.t.Helper()
	w.check(w.Core.Metrics.Run(w.As("system"), time.Minute)) // a job does it in a moment
	p.keys("gd")
	p.arrives("/dashboards$")
	p.keys("j")
	p.at(".s-row")
	p.keys(kb.Enter)
	p.arrives("/dashboards/")
	p.tabOnto(".s-tile h2 a")
	p.keys(kb.Enter)
	p.arrives("/dashboards/.+/tiles/")
	p.reads("How this is computed", "Tickets behind it")
	p.keys("j")
	p.at(".s-row")
	p.keys(kb.Enter)
	p.arrives("/tickets/")
}

// tabOnto presses the tabulator until what fits a selector has the focus.
func (p *tab) tabOnto(selector string) {
	p.t.Helper()
	for range 200 {
		p.keys(kb.Tab)
		if value[bool](p, focused+`.matches(`+quote(selector)+`)`) {
			p.seen("the tabulator")
			return
		}
	}
	p.t.Fatalf("the tabulator does not reach %s at %s", selector, p.where())
}

// proposesMajor proposes a major incident.
func (p *tab) proposesMajor(w *world) {
	p.t.Helper()
	p.goTo("/tickets/" + w.open.Number)
	p.tabTo("More")
	p.keys(kb.ArrowDown)
	for range 12 {
		if value[bool](p, focused+`.innerText.includes("Propose as a major incident")`) {
			break
		}
		p.keys(kb.ArrowDown)
	}
	p.keys(kb.Enter)
	p.until(`document.querySelector("[name=summary]")`)
	p.tabInto("summary")
	p.keysWith(kb.ModifierCtrl, "a")
	p.write("Nobody prints labels")
	p.tabInto("reason")
	p.write("The warehouse stands still")
	p.keysWith(kb.ModifierShift, kb.Tab)
	p.seen("going back a field")
	p.pressed("Propose it")
	p.reads("Nobody prints labels")
}
