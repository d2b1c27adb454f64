package operations

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/operations/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// onlyPersons keeps out programs and those who are not signed in.
func onlyPersons(ctx context.Context) error {
	if !access.From(ctx).IsPerson() {
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	return nil
}

// list answers the reader's operations, or everybody's.
func (o *Operations) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := onlyPersons(ctx); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64) // anything else begins at the newest
	m := view.List{Everybody: r.FormValue("who") == "all", MayAll: mayBulk(access.From(ctx))}
	found, more, err := o.d.Tickets.Operations(ctx, ticket.OperationQuery{Everybody: m.Everybody, Before: before})
	if err != nil {
		return err
	}
	if m.Items, err = o.models(ctx, found); err != nil {
		return err
	}
	if more {
		next := url.Values{"before": {strconv.FormatInt(found[len(found)-1].ID, 10)}}
		if m.Everybody {
			next.Set("who", "all")
		}
		m.More = view.ListURL + "?" + next.Encode()
	}
	return o.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "What I did"), Active: menuID}, m.Page())
}

// models says what was done, with the names of those who did and undid it.
func (o *Operations) models(ctx context.Context, found []ticket.Operation) ([]view.Operation, error) {
	var persons []int64
	for i := range found {
		persons = append(persons, found[i].Actor.ID, found[i].UndoneBy)
	}
	names, err := o.d.Names.PersonNames(ctx, o.d.DB.Reader(), persons)
	if err != nil {
		return nil, err
	}
	out := make([]view.Operation, 0, len(found))
	for i := range found {
		out = append(out, o.model(ctx, &found[i], names))
	}
	return out, nil
}

func (o *Operations) model(ctx context.Context, op *ticket.Operation, names map[int64]people.PersonName) view.Operation {
	me := access.From(ctx).ID
	m := view.Operation{
		ID: op.ID, Name: name(ctx, op), State: state(ctx, op.State), At: op.CreatedAt, Until: op.UndoUntil, UndoneAt: op.UndoneAt,
		MayUndo: o.d.Tickets.MayUndo(ctx, op), Tone: ui.Neutral,
	}
	if op.State == ticket.Done {
		m.Tone = ui.Success
	}
	if op.Actor.ID != me {
		m.By = names[op.Actor.ID].Name
	}
	if op.UndoneBy != 0 && op.UndoneBy != op.Actor.ID {
		m.UndoneBy = names[op.UndoneBy].Name
	}
	for _, c := range []struct {
		outcome ticket.ItemOutcome
		words   func(n int) string
	}{
		{ticket.OutcomeChanged, func(n int) string { return text.N(ctx, n, "%d changed", "%d changed") }},
		{ticket.OutcomeSame, func(n int) string { return text.N(ctx, n, "%d was so already", "%d were so already") }},
		{ticket.OutcomeFailed, func(n int) string { return text.N(ctx, n, "%d not changed", "%d not changed") }},
		{ticket.OutcomeUndone, func(n int) string { return text.N(ctx, n, "%d undone", "%d undone") }},
		{ticket.OutcomePartly, func(n int) string { return text.N(ctx, n, "%d undone in part", "%d undone in part") }},
		{ticket.OutcomeKept, func(n int) string { return text.N(ctx, n, "%d could not be undone", "%d could not be undone") }},
	} {
		if n := op.Counts[c.outcome]; n > 0 {
			m.Counts = append(m.Counts, c.words(n))
		}
	}
	switch op.State {
	case ticket.Running:
		m.Of, m.Done = op.Meant(), op.Meant()-op.Counts[ticket.OutcomeWaiting]
	case ticket.Undoing:
		m.Of, m.Done = op.Meant(), op.Meant()-op.Counts[ticket.OutcomeChanged]
	case ticket.Done, ticket.Taken:
	}
	return m
}

// pageOfItems is how many tickets of an operation are shown at once.
const pageOfItems = 100

// show answers the page of one operation; to a page that is open while it goes on
// only its content.
func (o *Operations) show(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := onlyPersons(ctx); err != nil {
		return err
	}
	op, err := o.d.Tickets.Operation(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	m, err := o.one(ctx, r, &op)
	if err != nil {
		return err
	}
	if web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, m.Part())
	}
	return o.d.Frame.Page(w, r, module.Page{Title: m.Name, Active: menuID, Topics: []string{"queue"}}, m.Page())
}

func (o *Operations) one(ctx context.Context, r *http.Request, op *ticket.Operation) (view.One, error) {
	after, _ := strconv.Atoi(r.FormValue("after"))
	afterID, _ := strconv.ParseInt(r.FormValue("ticket"), 10, 64)
	items, err := o.d.Tickets.OperationItems(ctx, op, ticket.ItemQuery{After: after, AfterID: afterID, Limit: pageOfItems + 1})
	if err != nil {
		return view.One{}, err
	}
	persons := []int64{op.Actor.ID, op.UndoneBy}
	for i := range items {
		for _, k := range items[i].Kept {
			persons = append(persons, k.By.ID)
		}
	}
	names, err := o.d.Names.PersonNames(ctx, o.d.DB.Reader(), persons)
	if err != nil {
		return view.One{}, err
	}
	m := view.One{Operation: o.model(ctx, op, names)}
	if len(items) > pageOfItems {
		items = items[:pageOfItems]
		last := &items[pageOfItems-1]
		m.More = view.OneURL(op.ID) + "?" + url.Values{"after": {strconv.Itoa(last.Place)}, "ticket": {strconv.FormatInt(last.TicketID, 10)}}.Encode()
	}
	for i := range items {
		m.Items = append(m.Items, itemModel(ctx, &items[i], names))
	}
	return m, nil
}

func itemModel(ctx context.Context, i *ticket.ItemOf, names map[int64]people.PersonName) view.Item {
	out := view.Item{Number: i.Ticket.Number, Title: i.Ticket.Title, Outcome: outcome(ctx, i.Outcome), Followed: i.Role == ticket.RoleFollowed, Tone: ui.Neutral}
	switch i.Outcome {
	case ticket.OutcomeChanged:
		out.Tone = ui.Success
	case ticket.OutcomeFailed, ticket.OutcomePartly, ticket.OutcomeKept:
		out.Tone = ui.Warning
	case ticket.OutcomeWaiting, ticket.OutcomeSame, ticket.OutcomeUndone:
	}
	if i.Message != "" {
		out.Words = append(out.Words, i.Message)
	}
	for _, k := range i.Kept {
		out.Words = append(out.Words, kept(ctx, k, names[k.By.ID].Name))
	}
	return out
}

// undo takes back an operation. From a toast the page stays where it is.
func (o *Operations) undo(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := onlyPersons(ctx); err != nil {
		return err
	}
	op, err := o.Undo(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	toast := web.Toast{Text: text.T(ctx, "Undone")}
	if op.Counts[ticket.OutcomePartly]+op.Counts[ticket.OutcomeKept] > 0 {
		toast = web.Toast{Text: text.T(ctx, "Undone as far as possible; see “What I did” for what stays"), Tone: "warning"}
	}
	if !web.IsHTMX(r) {
		web.Flash(w, toast, o.d.HTTPS)
		return web.Redirect(w, r, view.OneURL(op.ID))
	}
	web.ShowToast(w, toast)
	changed(w)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// changed tells the lists and the ticket of an open page to look again.
func changed(w http.ResponseWriter) {
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, "desk-changed", nil)
	web.Trigger(w, "ticket-changed", nil)
}

// goesOn is the banner over a merged ticket.
func (o *Operations) goesOn(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	if t.MergedIntoID == 0 {
		return nil, nil
	}
	next, err := o.d.Tickets.Continuation(ctx, t)
	if err != nil {
		return nil, err
	}
	undo := ""
	if op, ok, err := o.d.Tickets.MergeOf(ctx, t); err != nil {
		return nil, err
	} else if ok && o.d.Tickets.MayUndo(ctx, &op) {
		undo = view.UndoURL(op.ID)
	}
	if !next.Sees {
		return view.GoesOn(next.Number, "", "", undo), nil
	}
	return view.GoesOn(next.Number, next.Number, next.Ticket.Title, undo), nil
}
