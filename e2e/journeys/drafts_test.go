package journeys_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// losesNothing reloads, signs out, and breaks the network in the middle of a
// sentence.
func losesNothing(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	g := newGate(t, w.URL)
	p := b.open(t, g.url, "agent", desktop)
	p.excuse("status of 422", "net::ERR_", "htmx:sse:error", "htmx:error: Failed to fetch")
	email, secret := password(t, w.System, "agent")
	at := "/tickets/" + w.open.Number
	p.signInByForm(at, email, secret)

	p.press("Internal note")
	p.fill("Text", "They have a spare one")
	p.reads("Draft saved")
	p.do(chromedp.Reload())
	p.settle()
	p.keeps("They have a spare one")

	p.fill("Text", "They have a spare one in the cellar")
	p.do(chromedp.Reload()) // before it was saved
	p.settle()
	p.keeps("They have a spare one in the cellar")
	p.reads("Draft saved")

	p.press("Account of agent person")
	p.press("Sign out")
	p.arrives("/sign-in")
	p.signInByForm(at, email, secret)
	p.keeps("They have a spare one in the cellar")
	if !value[bool](p, `document.querySelector("[name=kind][value=note]").checked`) {
		t.Error("what was a note has become a reply")
	}

	g.cut()
	p.fill("Text", "They have a spare one in the cellar, behind the door")
	p.reads("Draft kept on this device")
	p.press("Add note")
	p.reads("cannot be reached")
	p.keeps("They have a spare one in the cellar, behind the door")
	g.mend()
	p.press("Add note")
	p.until(`document.querySelector(".s-timeline").innerText.includes("behind the door")`)
	p.keeps("")
	p.do(chromedp.Reload())
	p.settle()
	p.keeps("")
	formsKeepWhatWasTyped(p, w)
}

// signInByForm asks for a page, and signs in when asked to.
func (p *tab) signInByForm(path, email, secret string) {
	p.t.Helper()
	p.goTo(path)
	p.arrives("/sign-in")
	p.fill("E-mail", email)
	p.fill("Password", "something else")
	p.press("Sign in")
	p.until(`document.querySelector(".s-alert")`)
	if got := p.holds("E-mail"); got != email {
		p.t.Errorf("after a wrong password the address is %q", got)
	}
	p.fill("Password", secret)
	p.press("Sign in")
	p.arrives(path)
}

// keeps fails when the composer does not hold a text.
func (p *tab) keeps(text string) {
	p.t.Helper()
	p.until(`document.querySelector("textarea[name=body]").value === ` + quote(text))
}

// formsKeepWhatWasTyped sends forms that lack something.
func formsKeepWhatWasTyped(p *tab, w *world) {
	p.goTo("/tickets/new?kind=incident")
	p.fill("Title", "Something")
	p.fill("Tags", "one, two")
	p.press("Create")
	p.until(`document.querySelector(".s-field-wrong")`)
	if title, tags := p.holds("Title"), p.holds("Tags"); title != "Something" || tags != "one, two" {
		p.t.Errorf("the form came back with %q and %q", title, tags)
	}
	p.find("Requester", "other", "Other Requester")
	p.press("Create")
	p.arrives(`/tickets/INC-\d+$`)
	p.reads("Something", "Other Requester")

	p.goTo("/portal/new")
	p.press("Something is broken")
	p.fill("What is it about?", " ")
	p.fill("What should we know?", "It is dark.")
	p.press("Send")
	p.until(`document.querySelector(".s-field-wrong")`)
	if body := p.holds("What should we know?"); body != "It is dark." || !value[bool](p, `document.querySelector("[name=kind]:checked")`+" !== null") {
		p.t.Errorf("the form came back with %q", body)
	}
}
