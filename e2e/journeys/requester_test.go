package journeys_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// jargon is what a requester never has to read.
var jargon = []string{"incident", "on hold", "priority", "impact", "urgency", "assignee", "awaiting caller", "transition", "resolution code"}

// onThePhone asks for help, answers, confirms and rates, and takes another one
// up again, with a thumb.
func onThePhone(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	p := b.visit(t, w.System, "requester", phone)
	p.excuse("status of 422")
	p.goTo("/")
	p.reads("What do you need?", "Waiting for your answer", "I cannot see my payslip of October")
	p.plain()
	number := p.asks(w)
	p.answers(w, number)
	p.rates(w, number)
	p.reopens(w)
}

// plain fails when the page does not fit or speaks the desk's language.
func (p *tab) plain() {
	p.t.Helper()
	p.fits()
	p.readsNo(jargon...)
}

// asks opens a ticket with three fields.
func (p *tab) asks(w *world) string {
	p.t.Helper()
	p.fill("What do you need?", "My screen stays black")
	p.press("Continue")
	p.arrives("/portal/new$")
	p.plain()
	if got := p.holds("What is it about?"); got != "My screen stays black" {
		p.t.Errorf("the title is %q", got)
	}
	p.press("Something is broken")
	p.fill("What should we know?", "Since the lights went out at ten.")
	p.press("Send")
	p.arrives(`/portal/tickets/INC-\d+$`)
	p.reads("Thank you. Your number is INC-", "Received", "My screen stays black", "Since the lights went out at ten.")
	p.plain()
	number := value[string](p, `location.pathname.split("/").at(-1)`)
	if got := w.number(number); got.RequesterID != w.Persons["requester"] || got.Channel != "portal" {
		p.t.Errorf("%s is of %d by %s", number, got.RequesterID, got.Channel)
	}
	return number
}

// answers is asked while the page is open, and what is written ends the waiting.
func (p *tab) answers(w *world, number string) {
	p.t.Helper()
	ours := w.number(number)
	w.step(ours, "agent", ticket.Step{Transition: "start"})
	p.reads("Being worked on")
	w.step(ours, "agent", ticket.Step{Transition: "hold", Reason: "caller", Comment: "Is the little lamp on?", CommentPublic: true})
	p.reads("We are waiting for your answer.", "Is the little lamp on?")
	p.plain()
	p.press("Answer")
	p.fill("Your message", "It blinks in orange.")
	p.press("Send")
	p.reads("It blinks in orange.", "Being worked on")
	p.until(`!(` + shown("We are waiting for your answer.") + `)`)
	if got := w.number(number); got.State != "in_progress" {
		p.t.Errorf("after the answer the ticket is %s", got.State)
	}
}

// rates confirms that it works, and says how it went.
func (p *tab) rates(w *world, number string) {
	p.t.Helper()
	w.step(w.number(number), "agent", ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "The cable was loose."})
	p.reads("Does it work now?", "The cable was loose.")
	p.plain()
	p.press("It works now")
	p.reads("How did it go?")
	p.until(`!(` + shown("Does it work now?") + `)`)
	p.plain()
	p.press("Send")
	p.until(`document.querySelector("#rating-form .s-error")`)
	p.pressOn(`#rating-form input[name=score][value="4"]`)
	p.fill("How much working time", "20")
	p.fill("Anything else?", "Thank you!")
	p.press("Send")
	p.reads("Thank you for your rating", "4 of 5")
	p.plain()
	t := w.number(number)
	rating, rated, err := w.Core.Tickets.RatingOf(w.As("requester"), &t)
	w.check(err)
	if !rated || rating.Score != 4 || rating.MinutesLost == nil || *rating.MinutesLost != 20 || t.State != "closed" {
		p.t.Errorf("the rating of the %s ticket is %+v", t.State, rating)
	}
}

// reopens finds a solved ticket in the list, and says that it still does not work.
func (p *tab) reopens(w *world) {
	p.t.Helper()
	p.press("Menu")
	p.press("My tickets")
	p.arrives("/portal/tickets$")
	p.plain()
	p.press("Done")
	p.press("A second screen for my desk")
	p.arrives("/portal/tickets/" + w.solved.Number + "$")
	p.plain()
	p.press("It still does not work")
	p.fill("Your message", "It has no cable.")
	p.pressOn(`[data-send]`)
	p.reads("It has no cable.", "Being worked on")
	p.plain()
	if got := w.number(w.solved.Number); !got.Category.Active() {
		p.t.Errorf("after it was taken up again the ticket is %s", got.State)
	}
}
