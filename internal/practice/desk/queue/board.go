package queue

import (
	"context"
	"encoding/base32"
	"net/http"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// boardBundle is the script with which a pointer moves cards, and keys walk
// between columns.
const boardBundle = "board.js"

// cardColumns are what a card shows, for finding the names on it.
var cardColumns = []string{view.ColumnRequester, view.ColumnAssignee, view.ColumnGroup, view.ColumnService}

// inLanes answers a list that is grouped, as a board or as a table, or what
// follows in one of its lanes.
func (q *Queue) inLanes(w http.ResponseWriter, r *http.Request, l *list) error {
	ctx := r.Context()
	more := l.place.Column != nil && web.IsFragment(r)
	read := q.allLanes
	if l.place.Column != nil {
		read = q.oneLane
	}
	ls, err := read(ctx, l)
	if err != nil {
		return err
	}
	shown := l.columns
	if l.arranged.Layout == asBoard {
		shown = chosen(l.all, cardColumns)
	}
	var ids wanted
	for _, a := range ls.all {
		ids.of(a.page.Tickets, shown)
	}
	ls.refers(&ids)
	if more {
		n, err := q.names(ctx, ids)
		if err != nil {
			return err
		}
		ls.name(ctx, n)
		return web.Render(w, r, http.StatusOK, q.laneRows(ctx, l, &ls, n))
	}
	m, n, err := q.queueModel(ctx, l, ids)
	if err != nil {
		return err
	}
	ls.name(ctx, n)
	for _, a := range ls.all {
		m.Count += a.count
	}
	m.More = ls.partial
	bundles := []string{liveBundle}
	if l.arranged.Layout == asBoard {
		m.Board = q.board(ctx, l, &ls, n)
		bundles = append(bundles, boardBundle)
	} else {
		m.List = q.grouped(ctx, l, &ls, n)
	}
	return q.d.Frame.Page(w, r, module.Page{Title: m.Title, Active: MenuQueue, Wide: true, Topics: []string{Topic}, Bundles: bundles}, m.Page())
}

// allLanes finds the lanes of a list and reads the beginning of each.
func (q *Queue) allLanes(ctx context.Context, l *list) (lanes, error) {
	ls, err := q.tallied(ctx, l)
	if err != nil {
		return ls, err
	}
	return ls, q.fill(ctx, l, &ls)
}

// laneRows is what follows in a lane.
func (q *Queue) laneRows(ctx context.Context, l *list, ls *lanes, n names) web.Component {
	a := &ls.all[0]
	if l.arranged.Layout == asBoard {
		return view.LanePart(q.cards(ctx, ls, a.page.Tickets, n), ls.by.Key, ls.by.Moves, l.moreOf(a))
	}
	part := q.list(ctx, l, ticket.Page{Tickets: a.page.Tickets}, n)
	t := part.Table(ctx)
	t.More = ui.LoadMore{URL: l.moreOf(a)}
	return ui.Rows(t)
}

// moreOf is where a lane goes on; "" when it is shown whole.
func (l *list) moreOf(a *lane) string {
	if a.page.Next == "" {
		return ""
	}
	return l.place.in(a.value, a.page.Next).url("/queue")
}

// laneID is the id of a lane's element: values can be any text.
func laneID(value string) string {
	return "lane-" + strings.ToLower(strings.TrimRight(base32.StdEncoding.EncodeToString([]byte(value)), "="))
}

func (a *lane) shownTally(ctx context.Context, partial bool) view.Tally {
	return view.Tally{Lane: laneID(a.value) + "-tally", Count: a.tally(ctx, partial), Limit: a.limit, Over: a.limit > 0 && a.count > a.limit}
}

// board makes the columns.
func (q *Queue) board(ctx context.Context, l *list, ls *lanes, n names) *view.Board {
	b := &view.Board{By: ls.by.Key, ByLabel: ls.by.Label, Moves: ls.by.Moves, Dropped: ls.dropped, Empty: q.nothing(ctx, l)}
	if l.empty {
		return b
	}
	for i := range ls.all {
		a := &ls.all[i]
		b.Lanes = append(b.Lanes, view.Lane{
			ID: laneID(a.value), Value: a.value, Label: a.label, Category: ui.Category(a.category), Party: ls.party(a), Tally: a.shownTally(ctx, ls.partial),
			URL: l.laneURL(ls.by.Key, a.value), Tickets: q.cards(ctx, ls, a.page.Tickets, n), MoreURL: l.moreOf(a),
		})
	}
	return b
}

// laneURL is a lane as a list of its own.
func (l *list) laneURL(by, value string) string {
	return l.place.filtered(laneFilter(by, value, l.filter)).arranged(arrangement{Layout: asList}).url("/queue")
}

// party is the person or group whose lane it is.
func (ls *lanes) party(a *lane) *ui.Party {
	kinds := map[string]ui.PartyKind{
		ticket.FieldAssignee: ui.PartyPerson, ticket.FieldRequester: ui.PartyPerson, ticket.FieldGroup: ui.PartyGroup,
		ticket.FieldService: ui.PartyService, ticket.FieldOrganisation: ui.PartyOrg,
	}
	kind, ok := kinds[ls.by.Key]
	if !ok || a.value == "" {
		return nil
	}
	return &ui.Party{Name: a.label, Kind: kind}
}

// cards are tickets as a board shows them, with the lane each is in.
func (q *Queue) cards(ctx context.Context, ls *lanes, tickets []ticket.Ticket, n names) []view.Ticket {
	rows := q.rows(ctx, tickets, n)
	actor := access.From(ctx)
	for i := range rows {
		t := &tickets[i]
		rows[i].Lane = t.Get(ls.by.Key)
		rows[i].LaneLabel = rows[i].Lane
		if at := slices.IndexFunc(ls.all, func(a lane) bool { return a.value == rows[i].Lane }); at >= 0 {
			rows[i].LaneLabel = ls.all[at].label
		}
		rows[i].MayShift = ls.by.Moves && actor.Check(shiftVerb(ls.by.Key), t.Record()).Allowed
	}
	return rows
}

// shiftVerb is what somebody must be allowed in order to move a card.
func shiftVerb(by string) access.Verb {
	switch by {
	case ticket.FieldState:
		return access.Transition
	case ticket.FieldAssignee, ticket.FieldGroup:
		return access.Assign
	}
	return access.Edit
}

// grouped makes a table whose rows stand under the names of their lanes.
func (q *Queue) grouped(ctx context.Context, l *list, ls *lanes, n names) view.List {
	shown := q.list(ctx, l, ticket.Page{}, n)
	for i := range ls.all {
		a := &ls.all[i]
		shown.Groups = append(shown.Groups, view.RowGroup{
			Lane: view.Lane{
				ID: laneID(a.value), Value: a.value, Label: a.label, Category: ui.Category(a.category), Party: ls.party(a),
				Tally: a.shownTally(ctx, ls.partial), URL: l.laneURL(ls.by.Key, a.value),
			},
			Tickets: q.rows(ctx, a.page.Tickets, n), MoreURL: l.moreOf(a),
		})
	}
	shown.Dropped = ls.dropped
	return shown
}

// layouts are the ways to look at the list.
func (q *Queue) layouts(ctx context.Context, l *list) view.Layouts {
	a := l.arranged
	by := a.By
	m := view.Layouts{Choices: []view.LayoutChoice{
		{Label: text.T(ctx, "List"), Icon: ui.IconList, Key: "1", Active: a.Layout == asList, URL: l.place.arranged(arrangement{Layout: asList}).url("/queue")},
		{Label: text.T(ctx, "Board"), Icon: ui.IconLayoutKanban, Key: "2", Active: a.Layout == asBoard, URL: l.place.arranged(arrangement{asBoard, by}.tidy()).url("/queue")},
		{Label: text.T(ctx, "Split"), Icon: ui.IconLayoutSidebar, Key: "3", Active: a.Layout == asSplit, URL: l.place.arranged(arrangement{Layout: asSplit}).url("/queue")},
	}}
	m = q.splitChoice(m)
	if a.Layout == asSplit {
		return m
	}
	if a.Layout == asList {
		m.By = append(m.By, ui.MenuItem{Label: text.T(ctx, "Nothing"), Choice: true, Checked: by == "", URL: l.place.arranged(arrangement{Layout: asList}).url("/queue")})
	}
	for _, g := range groupings(ctx, q.d.Tickets.Kinds().In(ctx).All()) {
		if g.Key == by {
			m.ByLabel = g.Label
		}
		m.By = append(m.By, ui.MenuItem{Label: g.Label, Choice: true, Checked: g.Key == by, URL: l.place.arranged(arrangement{a.Layout, g.Key}).url("/queue")})
	}
	return m
}
