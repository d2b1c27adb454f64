package journeys_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// told is an agent who hears of news without asking, reads them by keyboard, and
// then turns single keys off.
func told(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	p := b.visit(t, w.System, "agent", desktop)
	if _, err := w.Core.Notices.MarkRead(w.As("agent")); err != nil {
		t.Fatal(err)
	}
	p.goTo("/queue")
	p.until(`document.querySelector("#live-state").dataset.state === "live" && !document.querySelector(".s-bell-count")`)
	note := ticket.Markdown(fmt.Sprintf("Look, [@agent person](person:%d).", w.Persons["agent"]))
	_, err := w.Core.Tickets.Note(w.As("team_lead"), ticket.ByID(w.open.ID), ticket.InternalNote{Body: note})
	w.check(err)
	p.until(`document.querySelector(".s-bell-count")?.textContent === "1"`)
	p.keys("gb")
	p.arrives("/inbox$")
	p.reads("team lead person mentioned you", w.open.Number)
	p.keys("j")
	p.until(focused + `.matches(".s-notice-unread")`)
	p.keys("e")
	p.until(`!document.querySelector(".s-bell-count") && !document.querySelector(".s-notice-unread")`)
	p.goTo("/profile")
	p.press("Single letters are shortcuts")
	p.press("Save")
	p.reads("Your profile is saved.")
	p.goTo("/inbox")
	p.keys("j")
	p.keys("gq")
	p.until(`document.activeElement === document.body && location.pathname === "/inbox"`)
	p.close()
}

// inGerman looks at the main pages in German at the width of a phone: nothing is
// wider than the screen, and the pages say their language.
func inGerman(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	for role, pages := range map[string][]string{
		"agent":     {"/", "/queue", "/tickets/" + w.open.Number, "/tickets/new", "/inbox", "/inbox/settings", "/drafts", "/profile"},
		"requester": {"/portal", "/portal/new", "/portal/tickets/" + w.asked.Number, "/inbox"},
	} {
		if a := w.SignedIn(role).Post("/preferences", url.Values{"language": {"de"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("%s chooses German: %d", role, a.Status)
		}
		p := b.visit(t, w.System, role, phone)
		for _, page := range pages {
			p.goTo(page)
			p.until(`document.documentElement.lang === "de"`)
			p.fits()
		}
		p.close()
	}
}
