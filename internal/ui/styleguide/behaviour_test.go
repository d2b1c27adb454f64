package styleguide_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// worksByKeyboardAlone follows an agent who never touches the mouse.
func worksByKeyboardAlone(t *testing.T, b browser) {
	t.Run("a list is walked, selected and opened", func(t *testing.T) {
		p := b.open(t, "/styleguide/lists", 1280, 900)
		p.press("j")
		p.until(`document.activeElement.id === "ticket-0"`)
		p.press("j")
		p.press("x")
		p.until(`document.activeElement.id === "ticket-1" && document.activeElement.getAttribute("aria-selected") === "true"`)
		p.until(`!document.querySelector("[data-bulk]").hidden && document.querySelector("[data-bulk-count]").textContent === "1 selected"`)
		p.press("k")
		p.press(kb.Enter)
		p.until(`location.pathname === "/styleguide/record"`)
	})

	t.Run("two keys in a row go places", func(t *testing.T) {
		p := b.open(t, "/styleguide", 1280, 900)
		p.press("g")
		p.press("q")
		p.until(`location.pathname === "/styleguide/lists"`)
	})

	t.Run("typing text triggers no keys", func(t *testing.T) {
		p := b.open(t, "/styleguide/lists", 1280, 900)
		p.press("/")
		p.until(`document.activeElement.matches(".s-search-input")`)
		p.press("jx?n")
		p.until(`document.activeElement.value === "jx?n" && !document.querySelector("dialog[open], :popover-open:not(#toasts)")`)
		p.press(kb.Escape)
		p.until(`document.activeElement === document.body`)
	})

	t.Run("the help lists the keys of this page", func(t *testing.T) {
		p := b.open(t, "/styleguide/lists", 1280, 900)
		p.press("?")
		p.until(`document.querySelector("#key-help[open]").textContent.includes("Next row")`)
		p.until(`document.querySelector("#key-help[open]").textContent.includes("Queue")`)
		p.press(kb.Escape)
		p.until(`!document.querySelector("dialog[open]")`)
	})

	t.Run("the palette finds actions and places", func(t *testing.T) {
		p := b.open(t, "/styleguide/record", 1280, 900)
		p.pressWith(kb.ModifierCtrl, "k")
		p.until(`document.querySelector("#palette[open] #palette-actions [role=option]")`)
		p.press("forms")
		p.until(`document.querySelector("#palette-results [role=option][aria-selected=true]")?.textContent.includes("Forms")`)
		p.press(kb.Enter)
		p.until(`location.pathname === "/styleguide/fields"`)
	})

	t.Run("a key chooses the internal note and leads to the text", func(t *testing.T) {
		p := b.open(t, "/styleguide/record", 1280, 900)
		p.press("i")
		p.until(`document.activeElement.id === "composer-body"`)
		p.until(`getComputedStyle(document.querySelector("#composer .s-composer-private")).display === "flex"`)
	})
}

// editsInPlace covers saving, refusal and giving up.
func editsInPlace(t *testing.T, b browser) {
	p := b.open(t, "/styleguide/record", 1280, 900)
	p.click("#value-title dd")
	p.until(`document.activeElement.name === "title"`)

	eval[any](p, `document.activeElement.form.noValidate = true; document.activeElement.value = ""; null`)
	p.press(kb.Enter)
	p.until(`document.querySelector("#value-title .s-error")?.textContent.includes("needs a title")`)
	p.until(`document.activeElement.matches("#value-title [aria-invalid=true]")`)

	p.press("The printer is back")
	p.press(kb.Enter)
	p.until(`document.querySelector("#value-title .s-value-content")?.textContent.includes("The printer is back")`)
	p.until(`document.activeElement.matches("#value-title .s-value-edit")`)
	p.until(`document.querySelector("#toasts").textContent.includes("Title changed")`)

	p.press(kb.Enter)
	p.until(`document.activeElement.name === "title"`)
	p.press(kb.Escape)
	p.until(`document.querySelector("#value-title .s-value-edit")`)
}

// findsPeopleByTyping covers the combobox with one and with many choices.
func findsPeopleByTyping(t *testing.T, b browser) {
	p := b.open(t, "/styleguide/fields", 1280, 1400)
	p.do(chromedp.Focus(chromedp.CSS("#f-requester")))
	eval[any](p, `document.activeElement.select()`)
	p.press("carl")
	p.until(`document.querySelectorAll("#f-requester-list:popover-open [role=option]").length === 1`)
	if got := eval[int](p, `document.querySelectorAll("[name=requester]").length`); got != 0 {
		t.Error("typing must take the earlier choice back")
	}
	p.press(kb.Enter)
	p.until(`document.querySelector("[name=requester]").value === "3" && document.querySelector("#f-requester").value === "Carla Jiménez"`)

	p.do(chromedp.Focus(chromedp.CSS("#f-watchers")))
	p.press("ana")
	p.until(`document.querySelector("#f-watchers-list:popover-open [aria-selected=true]")?.dataset.value === "1"`)
	p.press(kb.Enter)
	p.until(`document.querySelectorAll("input[name=watchers]").length === 3`)
	p.press(kb.Backspace)
	p.until(`document.querySelectorAll("input[name=watchers]").length === 2`)

	// Passing through an empty field chooses nothing, and a name that is not
	// found does not send the form.
	p.do(chromedp.Focus(chromedp.CSS("#f-requester")), chromedp.Focus(chromedp.CSS("#f-watchers")))
	p.until(`document.querySelectorAll("#f-watchers-list:popover-open [role=option]").length > 0`)
	p.press(kb.Tab)
	p.until(`document.activeElement.id !== "f-watchers"`)
	if got := eval[int](p, `document.querySelectorAll("input[name=watchers]").length`); got != 2 {
		t.Errorf("passing through chose somebody: %d watchers", got)
	}
	p.do(chromedp.Focus(chromedp.CSS("#f-requester")))
	eval[any](p, `document.addEventListener("submit", () => { window.submitted = true }); document.activeElement.select()`)
	p.press("nobody at all")
	p.until(`document.querySelector("#f-requester-list:popover-open")?.textContent === "Nothing found"`)
	p.press(kb.Enter)
	if eval[bool](p, `Boolean(window.submitted)`) {
		t.Error("a name that is not found sent the form")
	}
}

// completesAFilter covers the filter bar.
func completesAFilter(t *testing.T, b browser) {
	p := b.open(t, "/styleguide/lists", 1280, 900)
	p.press("f")
	p.press(kb.End)
	p.press(" as")
	p.until(`document.querySelector("#filter-list:popover-open")?.textContent.includes("assignee:me")`)
	p.press(kb.ArrowDown)
	p.press(kb.Enter)
	p.until(`document.querySelector("#filter").value.endsWith(" assignee:me")`)
}

// losesNothingTyped covers drafts: saved while typing, kept on the device
// when the server is away, brought back on the next visit.
func losesNothingTyped(t *testing.T, b browser) {
	p := b.open(t, "/styleguide/record", 1280, 900)
	p.press("r")
	p.until(`document.activeElement.id === "composer-body"`)
	p.press(" It works.")
	p.until(`document.querySelector("#composer [data-draft-state]").textContent === "Draft saved"`)
	p.until(`Object.keys(localStorage).length === 0`)

	eval[any](p, `window.fetch = () => Promise.reject(new TypeError("offline")); null`)
	p.press(" Thank you.")
	p.until(`document.querySelector("#composer [data-draft-state]").textContent === "Draft kept on this device"`)
	p.do(chromedp.Reload())
	p.until(`document.querySelector("#composer-body")?.value.endsWith("It works. Thank you.")`)
}

// savesWholeForms covers drafts of forms: all fields, tried again when the server
// was away.
func savesWholeForms(t *testing.T, b browser) {
	p := b.open(t, "/styleguide/fields", 1280, 900)
	eval[any](p, `window.sent = []; window.real = window.fetch; window.fetch = (url, options) => {
		window.sent.push(options.body.toString()); return window.away ? Promise.reject(new TypeError("offline")) : window.real(url, options) }; null`)
	p.do(chromedp.Focus(chromedp.CSS("#long-subject")))
	p.press("!")
	p.until(`document.querySelector("#long [data-draft-state]").textContent === "Draft saved"`)
	if got := eval[string](p, `window.sent[0]`); !strings.Contains(got, "subject=%21Payslips+do+not+open&") || !strings.Contains(got, "field.floor=Second") {
		t.Errorf("sent %s", got)
	}
	eval[any](p, `window.away = true`)
	p.press("!")
	p.until(`document.querySelector("#long [data-draft-state]").textContent === "What you typed is not saved yet."`)
	eval[any](p, `window.away = false`)
	p.press("!")
	p.until(`document.querySelector("#long [data-draft-state]").textContent === "Draft saved"`)
}

// leavesThePageAloneOnFailure covers requests that do not succeed.
func leavesThePageAloneOnFailure(t *testing.T, b browser) {
	p := b.open(t, "/styleguide", 1280, 900)
	p.click(`button[hx-confirm]`)
	p.until(`document.querySelector("dialog[open]")?.textContent.includes("removes 3 records")`)
	p.press(kb.Escape)
	p.until(`!document.querySelector("dialog[open]") && !document.querySelector("#toasts").textContent`)
	p.click(`button[hx-confirm]`)
	p.until(`document.querySelector("dialog[open]")`)
	p.press(kb.Enter)
	p.until(`document.querySelector("#toasts:popover-open")?.textContent.includes("Assigned")`)

	eval[any](p, `window.fetch = () => Promise.resolve(new Response("<div class=s-problem><span data-problem>The ticket is locked.</span></div>", {status: 422})); null`)
	p.click(`form[hx-post] .s-button`)
	p.until(`document.querySelector("#toasts").textContent.includes("The ticket is locked.")`)
	if got := eval[int](p, `document.querySelectorAll("main .s-problem").length`); got != 0 {
		t.Error("a problem took the place of the form that asked")
	}
}

// continuesLists covers keyset paging and live rows.
func continuesLists(t *testing.T, b browser) {
	p := b.open(t, "/styleguide/lists", 1280, 1200)
	before := eval[int](p, `document.querySelectorAll("#tickets-rows .s-row").length`)
	p.click("#tickets .s-load-more")
	p.until(`document.querySelectorAll("#tickets-rows .s-row").length > 7 && !document.querySelector("#tickets .s-load-more")`)
	if after := eval[int](p, `document.querySelectorAll("#tickets-rows > .s-row").length`); after != 2*before {
		t.Errorf("%d rows became %d, want twice as many", before, after)
	}
	// A row that arrives by the stream stands where the old one stood.
	eval[any](p, `htmx.swap({text: '<hx-partial hx-target="#ticket-2" hx-swap="outerHTML"><tr id="ticket-2" class="s-row s-fresh"><td>Changed</td></tr></hx-partial>', sourceElement: document.querySelector("#live"), swap: "none", target: document.body})`)
	p.until(`document.querySelector("tbody > #ticket-2")?.textContent === "Changed" && document.querySelector("#ticket-2").nextElementSibling.id === "ticket-3"`)
}

// followsTheStream covers what arrives while the page is open.
func followsTheStream(t *testing.T, b browser) {
	p := b.open(t, "/styleguide/record", 1280, 900)
	p.until(`document.querySelector("#live-state").dataset.state === "live"`)
	eval[any](p, `document.querySelector("#presence").dataset.topic = "ticket:42"; document.querySelector("#presence").dataset.self = "7"; null`)
	eval[any](p, `htmx.trigger("#live", "presence", {data: JSON.stringify({key: "ticket:42", data: [{id: 7, name: "Ben Okafor", typing: false}, {id: 8, name: "Ana Novak", typing: true}]})}); null`)
	p.until(`document.querySelector("#presence").textContent.includes("Ana Novak is typing")`)
	// The server and the scripts give a name the same initials and colour.
	p.until(`document.querySelector("#presence .s-avatar").className === document.querySelector("#e1 .s-avatar").className`)
	if n := eval[int](p, `document.querySelectorAll("#presence .s-avatar").length`); n != 1 {
		t.Errorf("%d people are shown, want the other one only", n)
	}
	eval[any](p, `window.resumed = false; document.body.addEventListener("live-resumed", () => window.resumed = true); htmx.trigger("#live", "resync", {}); null`)
	p.until(`window.resumed`)
}
