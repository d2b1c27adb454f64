package absence

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/absence/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// banner says on a ticket's page that its assignee is away, and offers to give it to
// who stands in.
func (a *Absences) banner(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	actor := access.From(ctx)
	if t.AssigneeID == 0 || t.AssigneeID == actor.ID || !t.Category.Active() || !works(actor) {
		return nil, nil
	}
	book, err := a.d.People.AwayNow(ctx, t.AssigneeID)
	if err != nil || len(book) == 0 {
		return nil, err
	}
	names, err := a.names(ctx, book)
	if err != nil {
		return nil, err
	}
	m := ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "%s is %s", names[t.AssigneeID].Name, awayWords(ctx, book, t.AssigneeID, t.GroupID, names))}
	substitute, may, err := a.mayTake(ctx, book, t)
	if err != nil {
		return nil, err
	}
	if may {
		url := view.GiveURL(t.Number) + "?to=" + formatID(substitute)
		label := text.T(ctx, "Give it to %s", names[substitute].Name)
		if substitute == actor.ID {
			label = text.T(ctx, "Take it")
		}
		m.Actions = []templ.Component{ui.Button{Label: label, Small: true, Post: url, HX: ui.HX{Post: url, Swap: "none"}}}
	}
	return m, nil
}

// mayTake gives who stands in for a ticket's assignee, if the reader may give it to them
// and they can have it.
func (a *Absences) mayTake(ctx context.Context, book people.Book, t *ticket.Ticket) (int64, bool, error) {
	chain, ok := book.Chain(t.AssigneeID, t.GroupID)
	if !ok || len(chain) == 0 || !access.From(ctx).Check(access.Assign, t.Record()).Allowed {
		return 0, false, nil
	}
	substitute := chain[len(chain)-1]
	if t.GroupID != 0 {
		err := a.d.People.CheckGroup(ctx, a.d.DB.Reader(), t.GroupID, substitute)
		if apperr.Is(err, apperr.Invalid) {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
	}
	return substitute, true, nil
}

// give gives a ticket to somebody: who stands in, or, undone, back to who had it.
func (a *Absences) give(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var in struct {
		To int64 `form:"to"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	before, err := a.d.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	t, err := a.d.Tickets.Edit(ctx, ticket.ByID(before.ID), ticket.Edit{AssigneeID: &in.To})
	if err != nil {
		return err
	}
	names, err := a.d.People.PersonNames(ctx, a.d.DB.Reader(), []int64{t.AssigneeID})
	if err != nil {
		return err
	}
	toast := web.Toast{
		Text: text.T(ctx, "%s is given to %s", t.Number, names[t.AssigneeID].Name), Undo: view.GiveURL(t.Number) + "?to=" + strconv.FormatInt(before.AssigneeID, 10),
	}
	if !web.IsHTMX(r) {
		web.Flash(w, toast, a.d.HTTPS)
		return web.Redirect(w, r, view.TicketURL(t.Number))
	}
	web.ShowToast(w, toast)
	web.Trigger(w, "ticket-changed", nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
