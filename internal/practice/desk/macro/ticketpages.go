package macro

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/macro/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// on gives the ticket an address names.
func (s *Macros) on(r *http.Request) (ticket.Ticket, error) {
	if err := mayUse(r.Context()); err != nil {
		return ticket.Ticket{}, err
	}
	return s.d.Tickets.Get(r.Context(), ticket.ByNumber(r.PathValue("number")))
}

// For gives the macros that fit a ticket and hold the words, the useful first.
func (s *Macros) For(ctx context.Context, t *ticket.Ticket, words string) ([]Macro, error) {
	if err := mayUse(ctx); err != nil {
		return nil, err
	}
	found, err := s.offered(ctx, words, t.Kind)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(found))
	for i := range found {
		texts[i] = found[i].Condition
	}
	bound, err := s.d.Tickets.Conditions(ctx, texts, zone(ctx))
	if err != nil {
		return nil, err
	}
	var known []Macro
	var conditions []filter.Condition
	for i := range found {
		if bound[i].Err == nil { // a condition that names what is no longer there fits nothing
			known, conditions = append(known, found[i]), append(conditions, bound[i].Condition)
		}
	}
	fits, err := s.d.Tickets.FitsEach(ctx, s.d.DB.Reader(), conditions, t)
	if err != nil {
		return nil, err
	}
	out := known[:0]
	for i := range known {
		if fits[i] {
			out = append(out, known[i])
		}
	}
	return out, nil
}

// choose offers the macros for a ticket, over its page.
func (s *Macros) choose(w http.ResponseWriter, r *http.Request) error {
	t, err := s.on(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	q := web.Typed(r, "q", maxTyped)
	found, err := s.For(ctx, &t, q)
	if err != nil {
		return err
	}
	const most = 30
	rows, err := s.rows(ctx, found[:min(most, len(found))])
	if err != nil {
		return err
	}
	m := view.Choose{Number: t.Number, Query: q, Macros: rows}
	return s.dialog(w, r, http.StatusOK, t.Number, text.T(ctx, "Run a macro on %s", t.Number), m.Form())
}

// dialog answers a form over the ticket's page, or as a page of its own.
func (s *Macros) dialog(w http.ResponseWriter, r *http.Request, status int, number, title string, form templ.Component) error {
	d := view.Dialog{Title: title, BackURL: view.TicketURL(number), Back: number, Form: form}
	if web.IsFragment(r) {
		return web.Render(w, r, status, d.View())
	}
	return s.d.Frame.Page(w, r, module.Page{Title: title, Active: MenuID, Status: status}, d.Page())
}

// preview says what a macro would do to a ticket.
func (s *Macros) preview(w http.ResponseWriter, r *http.Request) error {
	t, err := s.on(r)
	if err != nil {
		return err
	}
	m, err := s.Get(r.Context(), web.PathID(r, "id"))
	if err != nil {
		return err
	}
	return s.showPreview(w, r, http.StatusOK, &m, &t, "")
}

func (s *Macros) showPreview(w http.ResponseWriter, r *http.Request, status int, m *Macro, t *ticket.Ticket, problem string) error {
	ctx := r.Context()
	shown, err := s.previewModel(ctx, m, t)
	if err != nil {
		return err
	}
	if problem != "" {
		shown.Notice = problem
	}
	return s.dialog(w, r, status, t.Number, text.T(ctx, "%s on %s", m.Title, t.Number), shown.Form())
}

func (s *Macros) previewModel(ctx context.Context, m *Macro, t *ticket.Ticket) (view.Preview, error) {
	out := view.Preview{Number: t.Number, Title: t.Title, Macro: m.ID, Version: t.Version, MacroVersion: m.Version}
	p, err := s.Rehearse(ctx, m, ticket.ByID(t.ID))
	if wrong := refusal(ctx, err); wrong != "" {
		out.Refused = wrong
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Refused = refusal(ctx, p.Err)
	changes, err := s.changed(ctx, p)
	if err != nil {
		return out, err
	}
	out.Changes = changes[0]
	for _, words := range p.Words {
		out.Words = append(out.Words, view.Words{Public: words.Public, Text: words.Text})
	}
	out.Others = len(p.Others)
	if m.replies() {
		files, err := s.d.Tickets.Kept(ctx, s.d.DB.Reader(), m.ID)
		if err != nil {
			return out, err
		}
		for _, f := range files {
			out.Files = append(out.Files, f.Name)
		}
	}
	return out, nil
}

// refusal says in words why a ticket is refused; "" for another error, or none.
func refusal(ctx context.Context, err error) string {
	switch apperr.KindOf(err) {
	case apperr.Invalid, apperr.Conflict, apperr.Forbidden:
	default:
		return ""
	}
	var words []string
	for _, f := range apperr.FieldsOf(err) {
		words = append(words, f.Message.In(ctx))
	}
	if len(words) > 0 {
		return strings.Join(words, " ")
	}
	return apperr.Message(err).In(ctx)
}

// run runs a macro on a ticket, if both are still as the preview had them.
func (s *Macros) run(w http.ResponseWriter, r *http.Request) error {
	t, err := s.on(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	var in struct {
		Version      int   `form:"version"`
		MacroVersion int64 `form:"macro_version"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	m, err := s.Get(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	if in.Version != 0 && in.Version != t.Version || in.MacroVersion != 0 && in.MacroVersion != m.Version {
		return s.showPreview(w, r, http.StatusConflict, &m, &t, text.T(ctx, "Something has changed meanwhile. This is what it does now."))
	}
	listURL, next, err := s.d.List(r, t.ID)
	if err != nil {
		return err
	}
	op, err := s.Run(ctx, &m, ticket.ByID(t.ID))
	if refusal(ctx, err) != "" {
		return s.showPreview(w, r, http.StatusUnprocessableEntity, &m, &t, "")
	}
	if err != nil {
		return err
	}
	said := web.Toast{Text: text.T(ctx, "%s: %s", t.Number, m.Title), Undo: view.OperationURL(op.ID) + "/undo"}
	switch {
	case m.Next == NextTicket && next != "":
		return s.goTo(w, r, view.TicketURL(next), said)
	case m.Next != Stay && listURL != "":
		return s.goTo(w, r, listURL, said)
	case m.Next != Stay:
		return s.goTo(w, r, "/queue", said)
	case !s.sees(ctx, t.ID):
		return s.goTo(w, r, "/queue", said)
	case !web.IsHTMX(r):
		return s.goTo(w, r, view.TicketURL(t.Number), said)
	}
	web.ShowToast(w, said)
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, "ticket-changed", nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Macros) sees(ctx context.Context, id int64) bool {
	_, err := s.d.Tickets.Get(ctx, ticket.ByID(id))
	return err == nil
}

func (s *Macros) goTo(w http.ResponseWriter, r *http.Request, to string, said web.Toast) error {
	web.Flash(w, said, s.d.HTTPS)
	return web.Redirect(w, r, to)
}

// undo takes a run back.
func (s *Macros) undo(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	op, err := s.d.Tickets.Undo(ctx, web.PathID(r, "operation"))
	if err != nil {
		return err
	}
	said := web.Toast{Text: text.T(ctx, "“%s” is undone", op.Title)}
	if n := op.Counts[ticket.OutcomePartly] + op.Counts[ticket.OutcomeKept]; n > 0 {
		said.Text = text.N(ctx, n, "“%[2]s” is undone; on %[1]d ticket something stays as others have it now, or was sent", "“%[2]s” is undone; on %[1]d tickets something stays as others have it now, or was sent", op.Title)
	}
	if !web.IsHTMX(r) {
		return s.goTo(w, r, back(r), said)
	}
	web.ShowToast(w, said)
	web.Trigger(w, "ticket-changed", nil)
	web.Trigger(w, "desk-changed", nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// back is the page somebody came from.
func back(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host || from.Path == r.URL.Path {
		return "/queue"
	}
	return web.LocalPath(from.RequestURI(), "/queue")
}

// try shows what a macro would do to a ticket of one's choice, without a way to
// run it: to see whether it is right.
func (s *Macros) try(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	m, err := s.Get(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	rows, err := s.rows(ctx, []Macro{m})
	if err != nil {
		return err
	}
	page := view.Try{Macro: rows[0], Number: strings.ToUpper(strings.TrimSpace(web.Typed(r, "ticket", maxTyped)))}
	status := http.StatusOK
	if chosen, err := strconv.ParseInt(r.FormValue("ticket"), 10, 64); err == nil {
		t, err := s.d.Tickets.Get(ctx, ticket.ByID(chosen))
		if err == nil {
			page.Number = t.Number
		}
	}
	if page.Number != "" {
		t, err := s.d.Tickets.Get(ctx, ticket.ByNumber(page.Number))
		switch {
		case apperr.Is(err, apperr.NotFound):
			page.Error, status = text.T(ctx, "There is no such ticket, or you may not see it."), http.StatusUnprocessableEntity
		case err != nil:
			return err
		default:
			shown, err := s.previewModel(ctx, &m, &t)
			if err != nil {
				return err
			}
			page.Preview = &shown
		}
	}
	return s.page(w, r, status, text.T(ctx, "Try out %s", m.Title), page.Page())
}

// chosenTickets are those that were selected in a list, as far as the actor sees them.
func (s *Macros) chosenTickets(ctx context.Context, ids []int64) ([]ticket.Ticket, error) {
	if len(ids) == 0 {
		return nil, apperr.InvalidField("id", "Select at least one ticket.")
	}
	if len(ids) > maxRun {
		return nil, apperr.InvalidField("id", "A macro runs on at most %d tickets at once.", maxRun)
	}
	return s.d.Tickets.ByIDs(ctx, ids)
}

type bulkForm struct {
	IDs   []int64 `form:"id"`
	Macro int64   `form:"macro"`
	Back  string  `form:"back"`
}

// bulk offers macros for selected tickets, and says what the chosen one would do
// to each of them.
func (s *Macros) bulk(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayUse(ctx); err != nil {
		return err
	}
	var in bulkForm
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	if in.Back == "" {
		in.Back = back(r)
	}
	tickets, err := s.chosenTickets(ctx, in.IDs)
	if err != nil {
		return err
	}
	m := view.Bulk{Back: web.LocalPath(in.Back, "/queue"), IDs: in.IDs, Count: len(tickets)}
	title := text.N(ctx, len(tickets), "Run a macro on %d ticket", "Run a macro on %d tickets")
	if in.Macro == 0 {
		var kinds []string
		for i := range tickets {
			kinds = append(kinds, tickets[i].Kind)
		}
		slices.Sort(kinds)
		found, err := s.offered(ctx, "", slices.Compact(kinds)...)
		if err != nil {
			return err
		}
		if m.Macros, err = s.rows(ctx, found); err != nil {
			return err
		}
		return s.page(w, r, http.StatusOK, title, m.Page(title))
	}
	chosen, err := s.Get(ctx, in.Macro)
	if err != nil {
		return err
	}
	m.Macro, m.MacroTitle, m.Replies = chosen.ID, chosen.Title, chosen.replies()
	if m.Rows, err = s.rehearseMany(ctx, &chosen, tickets); err != nil {
		return err
	}
	return s.page(w, r, http.StatusOK, title, m.Page(title))
}

func (s *Macros) rehearseMany(ctx context.Context, m *Macro, tickets []ticket.Ticket) ([]view.BulkRow, error) {
	items, err := s.rehearsed(ctx, m, tickets)
	if err != nil {
		return nil, err
	}
	previews := make([]Preview, len(tickets))
	for i := range tickets {
		previews[i] = Preview{Ticket: tickets[i], Item: *items[tickets[i].ID]}
	}
	changes, err := s.changed(ctx, previews...)
	if err != nil {
		return nil, err
	}
	out := make([]view.BulkRow, len(tickets))
	for i := range tickets {
		item := &previews[i].Item
		out[i] = view.BulkRow{
			Number: tickets[i].Number, Title: tickets[i].Title, Refused: item.Message, Replies: item.Wrote.Replied, Notes: item.Wrote.Noted, Changes: changes[i],
		}
	}
	return out, nil
}

// runBulk runs a macro on selected tickets.
func (s *Macros) runBulk(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var in bulkForm
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	m, err := s.Get(ctx, in.Macro)
	if err != nil {
		return err
	}
	tickets, err := s.chosenTickets(ctx, in.IDs)
	if err != nil {
		return err
	}
	op, err := s.RunMany(ctx, &m, tickets)
	if err != nil {
		return err
	}
	if op.Counts[ticket.OutcomeFailed] > 0 {
		return web.Redirect(w, r, view.OperationURL(op.ID)+"?"+url.Values{"back": {in.Back}}.Encode())
	}
	return s.goTo(w, r, web.LocalPath(in.Back, "/queue"), web.Toast{
		Text: text.N(ctx, len(tickets), "%[2]s: done on %[1]d ticket", "%[2]s: done on %[1]d tickets", m.Title), Undo: view.OperationURL(op.ID) + "/undo",
	})
}

// ran says what became of each ticket of a run on many.
func (s *Macros) ran(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayUse(ctx); err != nil {
		return err
	}
	op, err := s.d.Tickets.Operation(ctx, web.PathID(r, "operation"))
	if err == nil && op.Kind != ticket.RunMacro {
		err = apperr.New(apperr.NotFound, "There is no such run of a macro.")
	}
	if err != nil {
		return err
	}
	items, err := s.d.Tickets.OperationItems(ctx, &op, ticket.ItemQuery{Limit: 200})
	if err != nil {
		return err
	}
	m := view.Ran{ID: op.ID, Title: op.Title, At: op.CreatedAt, Back: web.LocalPath(r.FormValue("back"), "/queue"), MayUndo: s.d.Tickets.MayUndo(ctx, &op)}
	for i := range items {
		if items[i].Role != ticket.RoleMeant {
			continue
		}
		m.Rows = append(m.Rows, view.RanRow{Number: items[i].Ticket.Number, Title: items[i].Ticket.Title, Outcome: outcome(ctx, items[i].Outcome), Failed: items[i].Outcome == ticket.OutcomeFailed, Why: items[i].Message})
	}
	return s.page(w, r, http.StatusOK, op.Title, m.Page())
}

func outcome(ctx context.Context, o ticket.ItemOutcome) string {
	switch o {
	case ticket.OutcomeChanged:
		return text.T(ctx, "Done")
	case ticket.OutcomeSame:
		return text.T(ctx, "It was so already")
	case ticket.OutcomeFailed:
		return text.T(ctx, "Not done")
	case ticket.OutcomeUndone:
		return text.T(ctx, "Undone")
	case ticket.OutcomePartly:
		return text.T(ctx, "Partly undone")
	case ticket.OutcomeKept:
		return text.T(ctx, "Could not be undone")
	case ticket.OutcomeWaiting:
		return text.T(ctx, "Waiting")
	}
	return string(o)
}
