package journeys_test

import (
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// prepared gives the desk what the demo's agents use often.
func (w *world) prepared() {
	w.t.Helper()
	_, err := w.Core.People.CreateGroup(w.As("system"), people.GroupInput{Name: "Network operations", OrganisationID: w.Own, Active: true})
	w.check(err)
	w.check(w.Core.Prepare(w.As("system"), w.Persons["team_lead"]))
}

// preparedWork answers with a canned reply and runs a macro, by keyboard.
func preparedWork(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	p := b.visit(t, w.System, "agent", desktop)
	p.goTo("/tickets/" + w.open.Number)
	p.press("Reply")
	p.fill("Text", "Good morning. /pass")
	p.until(`document.querySelector(".s-listbox:popover-open [aria-selected=true]")?.innerText.includes("Password reset")`)
	p.keys("\r")
	p.until(`document.querySelector("#composer-body").value.includes("Forgotten password")`)
	said := value[string](p, `document.querySelector("#composer-body").value`)
	if !strings.HasPrefix(said, "Good morning. Hello requester,") || strings.Contains(said, "/pass") {
		t.Errorf("the reply begins %q", said)
	}
	p.reads("Draft saved")

	p.goTo("/tickets/" + w.open.Number)
	p.keys("b")
	p.until(`document.querySelector("dialog[open] .s-macro-choice")`)
	p.keys("1")
	p.until(`document.querySelector("dialog[open] .s-dialog-foot")`)
	p.reads("needs-photo", "The requester reads:")
	p.keys("b")
	p.reads("Undo")
}
