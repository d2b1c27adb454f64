package queue

import (
	"context"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// splitBundle is the script that shows the ticket one walks to.
const splitBundle = "split.js"

// inSplit answers the list at the side of one of its tickets; to scripts, only
// what follows in the list, or only the ticket.
func (q *Queue) inSplit(w http.ResponseWriter, r *http.Request, l *list) error {
	ctx := r.Context()
	if l.place.Open != "" && l.place.After == "" && web.IsFragment(r) {
		b, err := q.beside(ctx, l.place.Open, r.FormValue("tab"))
		if err != nil {
			return err
		}
		return web.Render(w, r, http.StatusOK, b.model.View())
	}
	page, err := q.d.Tickets.List(ctx, ticket.Query{Condition: l.where, Sort: l.sort, After: l.place.After, Limit: pageSize})
	if err != nil {
		return err
	}
	var ids wanted
	ids.of(page.Tickets, chosen(l.all, cardColumns))
	more := ""
	if page.Next != "" {
		more = l.place.after(page.Next).url("/queue")
	}
	if l.place.After != "" && web.IsFragment(r) {
		n, err := q.names(ctx, ids)
		if err != nil {
			return err
		}
		return web.Render(w, r, http.StatusOK, view.SplitPart(q.splitRows(ctx, l, page.Tickets, n), more))
	}
	m, n, err := q.queueModel(ctx, l, ids)
	if err != nil {
		return err
	}
	m.Count, m.More = len(page.Tickets), page.Next != ""
	shown := module.Page{Title: m.Title, Active: MenuQueue, Wide: true, Topics: []string{Topic}, Bundles: []string{liveBundle, splitBundle}}
	m.Split = &view.Split{Tickets: q.splitRows(ctx, l, page.Tickets, n), MoreURL: more, Empty: q.nothing(ctx, l)}
	if open := opened(l, page.Tickets); open != "" {
		b, err := q.beside(ctx, open, r.FormValue("tab"))
		if err != nil {
			return err
		}
		b.model.LiveURL = "" // the page's own stream follows it
		m.Split.Beside, m.Split.Open = b.model, open
		shown.Topics, shown.Present = append(shown.Topics, b.about.Topics...), b.about.Present
		shown.Bundles = append(shown.Bundles, b.about.Bundles...)
	}
	return q.d.Frame.Page(w, r, shown, m.Page())
}

// opened is the ticket that stands beside the list: the one of the address, else
// the first.
func opened(l *list, tickets []ticket.Ticket) string {
	if l.place.Open != "" {
		return l.place.Open
	}
	if len(tickets) > 0 {
		return tickets[0].Number
	}
	return ""
}

// neighbour is a ticket's page beside a list.
type neighbour struct {
	about module.Page
	model view.Beside
}

// beside reads a ticket's page. One that cannot be shown is said in its place:
// the list is still there to choose another.
func (q *Queue) beside(ctx context.Context, number, tab string) (neighbour, error) {
	live := func([]string, string) string { return "" }
	if q.d.Live != nil {
		live = q.d.Live(ctx) // before the ticket is read, so that nothing is missed
	}
	about, body, err := q.d.Beside(ctx, number, tab)
	missing := apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Forbidden)
	if missing {
		about.Title = number
		body = ui.EmptyState{
			Icon: ui.IconTicket, Title: text.T(ctx, "This ticket cannot be shown"), Text: apperr.Message(err).In(ctx),
			Actions: []templ.Component{ui.Button{Label: text.T(ctx, "Go to the start page"), URL: "/"}},
		}
		err = nil
	}
	topics := append([]string{Topic}, about.Topics...)
	return neighbour{about, view.Beside{Title: about.Title, Number: number, Body: body, LiveURL: live(topics, about.Present), Missing: missing}}, err
}

// splitRows are tickets as the list at the side shows them.
func (q *Queue) splitRows(ctx context.Context, l *list, tickets []ticket.Ticket, n names) []view.Ticket {
	rows := q.rows(ctx, tickets, n)
	open := opened(l, tickets)
	for i := range rows {
		rows[i].Beside = l.place.opened(rows[i].Number).url("/queue")
		rows[i].Shown = rows[i].Number == open
	}
	return rows
}

// hasSplit reports whether tickets can stand beside a list.
func (q *Queue) hasSplit() bool { return q.d.Beside != nil }

// splitChoice is the layout in the choice of layouts.
func (q *Queue) splitChoice(m view.Layouts) view.Layouts {
	if !q.hasSplit() {
		m.Choices = slices.DeleteFunc(m.Choices, func(c view.LayoutChoice) bool { return c.Key == "3" })
	}
	return m
}
