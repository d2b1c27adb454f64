package queue

import (
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// section is one short list of "My work". Its filter is shown to nobody, but is
// what "All of them" leads to, and what its number counts.
type section struct {
	id, title, filter, sort string
	most                    int
	open                    bool          // the filter finds open tickets only
	team                    bool          // of one's groups rather than one's own
	empty                   ui.EmptyState // shown when there is nothing; without a title the section is left out
}

// workSections are the lists of somebody's home, most pressing first. No ticket
// is in two of them: each begins where the one before has ended.
func workSections(ctx context.Context, actor access.Actor) []section {
	burning := section{
		id: "work-burning", team: true, open: true, title: text.T(ctx, "Burning"), sort: "priority", most: 6,
		filter: "state:open priority:<=2 -assignee:me",
	}
	next := section{
		id: "work-next", team: true, open: true, title: text.T(ctx, "Next to take"), sort: "priority", most: 5,
		filter: "state:open priority:>=3 assignee:none",
		empty:  ui.EmptyState{Icon: ui.IconCheck, Title: text.T(ctx, "Nothing waits to be taken"), Text: text.T(ctx, "Every open ticket of your groups has somebody.")},
	}
	if len(actor.Groups()) > 0 {
		burning.filter += " group:mine"
		next.filter += " group:mine"
		burning.title = text.T(ctx, "Burning in my groups")
	}
	return []section{
		{id: "work-answered", title: text.T(ctx, "Answered by the requester"), filter: "assignee:me unanswered:any", sort: "updated", most: 6},
		burning,
		{
			id: "work-mine", open: true, title: text.T(ctx, "Assigned to me"), filter: "assignee:me state:open unanswered:none", sort: "priority", most: 8,
			empty: ui.EmptyState{
				Icon: ui.IconInbox, Title: text.T(ctx, "Nothing is assigned to you"), Text: text.T(ctx, "Take the next ticket below, or pick one from the queue."),
				Actions: []templ.Component{ui.Button{Label: text.T(ctx, "Open the queue"), URL: "/queue"}},
			},
		},
		next,
	}
}

// workColumns are what the short lists show.
var workColumns = []string{
	view.ColumnNumber, view.ColumnTitle, view.ColumnState, view.ColumnPriority, view.ColumnRequester, view.ColumnAssignee, view.ColumnUpdated,
}

// recentShown is how many tickets the way back leads to.
const recentShown = 6

// myWork is the home of everybody with a desk: what is mine, what burns, what to
// take next, and the way back to what was open last.
func (q *Queue) myWork(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	actor := access.From(ctx)
	sections := q.sections(ctx, actor)
	texts := make([]string, 0, len(sections))
	for _, s := range sections {
		texts = append(texts, s.filter)
	}
	bound, err := q.d.Tickets.Conditions(ctx, texts, zone(ctx))
	if err != nil {
		return err
	}
	shown := chosen(columns(ctx, nil, nil), workColumns)
	var ids wanted
	pages := make([]ticket.Page, len(sections))
	for i, s := range sections {
		sort, err := ticket.ParseSort(s.sort)
		if err != nil {
			return err
		}
		if bound[i].Err != nil {
			continue // a kind without what the section asks about: nothing to show
		}
		if pages[i], err = q.d.Tickets.List(ctx, ticket.Query{Condition: bound[i].Condition, Sort: sort, Limit: s.most, Open: s.open}); err != nil {
			return err
		}
		ids.of(pages[i].Tickets, shown)
	}
	recent, err := q.recentTickets(ctx, pages)
	if err != nil {
		return err
	}
	ids.of(recent, shown)
	n, err := q.names(ctx, ids)
	if err != nil {
		return err
	}
	m := view.Work{
		Greeting: text.T(ctx, "My work"), Date: text.Date(ctx, q.d.Clock()),
		Live: view.Live{ChangesURL: q.workChanges(actor), Event: Event, Since: q.d.Clock(), TopURL: "/"},
	}
	steps, err := q.d.FirstSteps(ctx)
	if err != nil {
		return err
	}
	for _, s := range steps {
		m.Steps = append(m.Steps, view.FirstStep(s))
	}
	if m.Plugged, err = q.d.Home(ctx); err != nil {
		return err
	}
	for i, s := range sections {
		if part, ok := q.workPart(ctx, s, pages[i], shown, n); ok {
			if s.team {
				m.Team = append(m.Team, part)
			} else {
				m.Mine = append(m.Mine, part)
			}
		}
	}
	if len(recent) > 0 {
		m.Team = append(m.Team, view.WorkPart{
			Title: text.T(ctx, "Opened last"),
			List:  view.List{ID: "work-recent", Caption: text.T(ctx, "Opened last"), Columns: plain(shown), Tickets: q.rows(ctx, recent, n)},
		})
	}
	return q.d.Frame.Page(w, r, module.Page{
		Title: m.Greeting, Active: MenuMyWork, Wide: true, Topics: []string{Topic}, Bundles: []string{liveBundle},
	}, m.Page())
}

func (q *Queue) workPart(ctx context.Context, s section, page ticket.Page, shown []view.Column, n names) (view.WorkPart, bool) {
	if len(page.Tickets) == 0 && s.empty.Title == "" {
		return view.WorkPart{}, false
	}
	part := view.WorkPart{
		Title: s.title, Count: len(page.Tickets), More: page.Next != "",
		List: view.List{ID: s.id, Caption: s.title, Columns: plain(shown), Tickets: q.rows(ctx, page.Tickets, n), Empty: s.empty},
	}
	if len(page.Tickets) > 0 {
		part.AllURL = place{View: defaultView, Sort: s.sort}.filtered(s.filter).url("/queue")
	}
	return part, true
}

// plain are columns without links that sort.
func plain(columns []view.Column) []view.Shown {
	out := make([]view.Shown, 0, len(columns))
	for _, c := range columns {
		out = append(out, view.Shown{Column: c})
	}
	return out
}

// workChanges asks after everything that could belong to one of the sections.
func (q *Queue) workChanges(actor access.Actor) string {
	mine := "assignee:me"
	if len(actor.Groups()) > 0 {
		mine = "(assignee:me OR group:mine (priority:<=2 OR assignee:none))"
	}
	return place{View: defaultView, Columns: strings.Join(workColumns, ",")}.filtered(q.present("state:open " + mine)).url("/queue/changes")
}

// recentTickets gives what the actor opened last and no section shows.
func (q *Queue) recentTickets(ctx context.Context, pages []ticket.Page) ([]ticket.Ticket, error) {
	ids, err := q.recent(ctx, maxRecent)
	if err != nil {
		return nil, err
	}
	shown := map[int64]bool{}
	for _, p := range pages {
		for _, t := range p.Tickets {
			shown[t.ID] = true
		}
	}
	var wantedIDs []int64
	for _, id := range ids {
		if !shown[id] && len(wantedIDs) < recentShown {
			wantedIDs = append(wantedIDs, id)
		}
	}
	return q.d.Tickets.ByIDs(ctx, wantedIDs)
}
