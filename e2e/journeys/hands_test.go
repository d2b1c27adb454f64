package journeys_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long a person waits before they think that it does not work.
const patience = 30 * time.Second

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// goTo opens an address of the product and waits until its scripts run, if there are any.
func (p *tab) goTo(path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.base + path))
	p.settle()
}

// settle waits until the page is there, its scripts have started and know all
// that is in it: nobody is quicker than that.
func (p *tab) settle() {
	p.t.Helper()
	p.until(`document.readyState === "complete" && (!document.querySelector("script") || !(` + scripted + `) ||
		document.documentElement.classList.contains("s-scripted") && !document.querySelector(":is([hx-get], [hx-post]):not([data-htmx-powered])"))`)
}

// scripted tells whether scripts run: a browser without them shows what is in noscript.
const scripted = `(() => { const n = document.createElement("div"); n.innerHTML = "<noscript><p></p></noscript>"; return !n.querySelector("p"); })()`

// evaluate gives the value of an expression, and whether there was a page to ask.
func evaluate[T any](p *tab, expression string) (T, error) {
	return chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// value gives the value of an expression.
func value[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := evaluate[T](p, expression)
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to become true. chromedp's own polling would
// need eval in the page, which the policy forbids.
func (p *tab) until(expression string) {
	p.t.Helper()
	p.within(patience, expression)
}

// within waits no longer than a limit, and gives how long it took.
func (p *tab) within(limit time.Duration, expression string) time.Duration {
	p.t.Helper()
	start := time.Now()
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		// A page that is about to leave has no answer.
		if yes, err := evaluate[bool](p, "Boolean("+expression+")"); err == nil && yes {
			return time.Since(start)
		}
		select {
		case <-tick.C:
		case <-p.ctx.Done():
			p.t.Fatalf("%s: %s: %v", p.name, expression, p.ctx.Err())
		case <-deadline:
			p.t.Fatalf("%s at %s waited in vain for %s; the page says:\n%s", p.name, p.where(), expression, p.says("main"))
		}
	}
}

// says gives the text that a part of the page shows.
func (p *tab) says(selector string) string {
	said, err := evaluate[string](p, `(document.querySelector(`+quote(selector)+`) ?? document.body).innerText`)
	if err != nil {
		return err.Error()
	}
	return said
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return strconv.Quote(s)
	}
	return string(b)
}

// shown is an expression: whether the page shows a text, as it is read and not
// as style sheets write it.
func shown(text string) string {
	return `document.body.innerText.toLowerCase().replace(/\s+/g, " ").includes(` + quote(strings.ToLower(text)) + `)`
}

// reads waits until the page shows the texts.
func (p *tab) reads(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.until(shown(text))
	}
}

// readsNo fails when the page shows one of the texts.
func (p *tab) readsNo(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		if value[bool](p, shown(text)) {
			p.t.Errorf("%s reads %q at %s", p.name, text, p.where())
		}
	}
}

// arrives waits until the path fits a pattern, and gives the address.
func (p *tab) arrives(pattern string) string {
	p.t.Helper()
	p.until(`new RegExp(` + quote("^"+pattern) + `).test(location.pathname)`)
	p.settle()
	return p.where()
}

// named is an expression: the element to press with an accessible name, in the
// open dialog if there is one. The name may be its beginning.
func named(name string) string {
	return fmt.Sprintf(`(() => {
		const want = %s.toLowerCase();
		const scope = [...document.querySelectorAll("dialog[open], .s-menu-list:popover-open")].at(-1) ?? document;
		const words = (e) => {
			const texts = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
			let all = "";
			while (texts.nextNode()) {
				const around = texts.currentNode.parentElement;
				if (around.checkVisibility() && !around.closest("[aria-hidden=true]")) all += texts.currentNode.data;
			}
			return all;
		};
		const name = (e) => (e.getAttribute("aria-label") || words(e.labels?.[0] ?? e)).replace(/\s+/g, " ").trim().toLowerCase();
		const all = [...scope.querySelectorAll("a[href], button, summary, input[type=radio], input[type=checkbox], [role=option], label")]
			.filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.disabled);
		return all.find((e) => name(e) === want) ?? all.find((e) => name(e).startsWith(want)) ?? null;
	})()`, quote(name))
}

// offers reports whether there is something with this name to press.
func (p *tab) offers(name string) bool {
	p.t.Helper()
	return value[bool](p, named(name)+" !== null")
}

// press presses what has a name, with the mouse or a finger: what lies under
// something else cannot be pressed.
func (p *tab) press(name string) {
	p.t.Helper()
	p.pressAt(name, named(name))
}

// pressOn presses what a selector finds.
func (p *tab) pressOn(selector string) {
	p.t.Helper()
	p.pressAt(selector, `document.querySelector(`+quote(selector)+`)`)
}

// point is the middle of an element, and what is there instead of it.
type point struct {
	X, Y    float64
	Instead string
}

func (p *tab) pressAt(what, element string) {
	p.t.Helper()
	p.settle()
	find := `(() => {
		const e = ` + element + `;
		if (!e) return {X: 0, Y: 0, Instead: "nothing"};
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getClientRects()[0] ?? e.getBoundingClientRect();
		const x = r.left + r.width / 2, y = r.top + r.height / 2;
		const there = document.elementFromPoint(x, y);
		const same = there && (e.contains(there) || there.contains(e) || e.labels && [...e.labels].some((l) => l.contains(there)));
		return {X: x, Y: y, Instead: same ? "" : (there?.outerHTML ?? "nothing").slice(0, 200)};
	})()`
	// A page that a phone still scrolls to the field that was typed in moves away from
	// under the finger: nobody presses before it stands still.
	var at point
	seen := false
	deadline := time.Now().Add(patience)
	for tick := time.Tick(20 * time.Millisecond); ; <-tick {
		found, err := evaluate[point](p, find)
		there := err == nil && found.Instead == ""
		if there && seen && found == at {
			break
		}
		at, seen = found, there
		if time.Now().After(deadline) {
			p.t.Fatalf("%s cannot press %q at %s: there is %s (%v); the page says:\n%s", p.name, what, p.where(), found.Instead, err, p.says("main"))
		}
	}
	if p.device.touch {
		p.do(chromedp.TapXY(at.X, at.Y))
	} else {
		p.do(chromedp.MouseClickXY(at.X, at.Y))
	}
}

// field is an expression: the field with a label, in the open dialog if there is one.
func field(label string) string {
	return fmt.Sprintf(`(() => {
		const want = %s.toLowerCase();
		const scope = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
		const name = (e) => (e.getAttribute("aria-label") || e.labels?.[0]?.textContent || "").replace(/\s+/g, " ").trim().toLowerCase();
		const all = [...scope.querySelectorAll("input:not([type=hidden]), textarea, select")].filter((e) => e.checkVisibility());
		return all.find((e) => name(e) === want) ?? all.find((e) => name(e).startsWith(want)) ?? null;
	})()`, quote(label))
}

// fill writes into the field with a label, in the place of what is there.
func (p *tab) fill(label, text string) {
	p.t.Helper()
	p.settle()
	p.until(field(label) + " !== null")
	value[bool](p, `(() => { const e = `+field(label)+`; e.focus(); e.select?.(); return true; })()`)
	p.write(text)
}

// write types a text where the cursor is.
func (p *tab) write(text string) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		p.t.Fatal(err)
	}
}

// holds gives what is written in the field with a label.
func (p *tab) holds(label string) string {
	p.t.Helper()
	p.until(field(label) + " !== null")
	return value[string](p, field(label)+".value")
}

// choose picks an option of the select with a label.
func (p *tab) choose(label, option string) {
	p.t.Helper()
	p.until(field(label) + " !== null")
	ok := value[bool](p, `(() => {
		const e = `+field(label)+`;
		const o = [...e.options].find((o) => o.textContent.trim().toLowerCase().startsWith(`+quote(strings.ToLower(option))+`));
		if (!o) return false;
		e.focus();
		e.value = o.value;
		e.dispatchEvent(new Event("input", {bubbles: true}));
		e.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`)
	if !ok {
		p.t.Fatalf("%s cannot choose %q as %q: there is %s", p.name, option, label, value[string](p, field(label)+".innerText"))
	}
}

// find types into a field that completes from the server, and takes the first
// that it offers with the text.
func (p *tab) find(label, typed, offered string) {
	p.t.Helper()
	p.fill(label, typed)
	option := `[...document.querySelectorAll("[role=option]")].find((o) => o.checkVisibility() && o.innerText.toLowerCase().includes(` + quote(strings.ToLower(offered)) + `)) ?? null`
	p.until("(" + option + ") !== null")
	p.pressAt(offered, "("+option+")")
}

// keys presses keys one after the other, at whatever has the focus. A key's text
// goes with its keydown, as from a keyboard, so that a page which prevents the
// key's default gets no character.
func (p *tab) keys(keys string) {
	p.t.Helper()
	p.keysWith(kb.ModifierNone, keys)
}

// keysWith presses keys while modifiers are held.
func (p *tab) keysWith(held kb.Modifier, keys string) {
	p.t.Helper()
	p.settle()
	for _, r := range keys {
		key, ok := kb.Keys[r]
		if !ok {
			p.t.Fatalf("no key for %q", r)
		}
		event := input.DispatchKeyEventParams{
			Type: input.DispatchKeyEventTypeKeyDown, Modifiers: int64(held), Key: key.Key, Code: key.Code,
			WindowsVirtualKeyCode: key.Windows, NativeVirtualKeyCode: key.Native,
		}
		if held == kb.ModifierNone {
			event.Text = key.Text
		}
		p.dispatch(event)
		event.Type, event.Text = input.DispatchKeyEventTypeKeyUp, ""
		p.dispatch(event)
	}
}

func (p *tab) dispatch(event input.DispatchKeyEventParams) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, event); err != nil {
		p.t.Fatal(err)
	}
}

// fits fails when the page is wider than the screen.
func (p *tab) fits() {
	p.t.Helper()
	wide := value[string](p, `(() => {
		const width = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= width) return "";
		const out = [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > width + 1);
		return out.slice(0, 3).map((e) => e.outerHTML.slice(0, 160)).join("\n") || "something unseen";
	})()`)
	if wide != "" {
		p.t.Errorf("%s is wider than %d px: %s", p.where(), p.device.width, wide)
	}
}
