package queue

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
)

// maxWatched is how many rows one question may name: those on the screen and
// around it.
const maxWatched = 200

// overlap is how far "since the page was made" reaches behind that instant: a
// save takes its instant before it is seen, and nodes' clocks differ.
const overlap = 15 * time.Second

// longest is how far back "new" reaches, however long a page is open.
const longest = 24 * time.Hour

// seen is a row as the page that asks has it.
type seen struct {
	id      int64
	version int
}

// readSeen reads "42.7,43.1": ids with the versions that are shown. What is not
// of this form is passed over.
func readSeen(s string) []seen {
	var out []seen
	for part := range strings.SplitSeq(s, ",") {
		id, version, _ := strings.Cut(part, ".")
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || len(out) == maxWatched {
			continue
		}
		v, _ := strconv.Atoi(version) // no version is older than any
		out = append(out, seen{n, v})
	}
	return out
}

// changes answers a list that is open: rows whose version is newer than shown,
// rows that may not be seen any more, and which tickets belong to the part of the
// list that is shown (until its last row) and came since. It is asked for after
// every message of the live stream, so that one answer serves any number of
// changes, and a connection that was away catches up by asking once.
func (q *Queue) changes(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	l, err := q.open(ctx, placeOf(r.URL.Query()))
	if err != nil {
		return err
	}
	ask := question{
		rows: readSeen(r.FormValue("rows")), until: r.FormValue("until"), since: sinceOf(r.FormValue("since"), q.d.Clock()),
		where: l.where, sort: l.sort,
	}
	if l.arranged.By != "" {
		if ask.parts, err = q.partsOf(ctx, l.arranged.By, r.Form["lane"], r.Form["until"]); err != nil {
			return err
		}
	}
	a, err := q.ask(ctx, ask)
	if err != nil {
		return err
	}
	m, err := q.changed(ctx, l, a)
	if err != nil {
		return err
	}
	m.TopURL = web.LocalPath(r.FormValue("top"), "/queue")
	return web.Render(w, r, http.StatusOK, m.View())
}

// sinceOf reads when the page was made; one that does not say was made just now.
func sinceOf(micros string, now time.Time) time.Time {
	since := now
	if n, err := strconv.ParseInt(micros, 10, 64); err == nil {
		since = time.UnixMicro(n)
	}
	if oldest := now.Add(-longest); since.Before(oldest) {
		return oldest
	}
	return since.Add(-overlap)
}

// question is what an open list wants to know.
type question struct {
	rows  []seen
	until string // cursor of the last row that is shown; "" when the list is whole
	since time.Time
	where filter.Condition
	sort  ticket.Sort
	parts []part // of a list in lanes; nil is one part, shown until the cursor
}

// part is a lane as the page that asks shows it.
type part struct {
	where filter.Condition
	until string // "" when the lane is shown whole
}

// partsOf reads which lanes a page shows and where each of them ends, and adds
// the part of all tickets that belong to none of them.
func (q *Queue) partsOf(ctx context.Context, by string, values, until []string) ([]part, error) {
	parts := []part{}
	shown := filter.False()
	for i, value := range values[:min(len(values), maxLanes)] {
		where, err := q.d.Tickets.LaneOf(ctx, by, value)
		if err != nil {
			return nil, err
		}
		p := part{where: where}
		if i < len(until) {
			p.until = until[i]
		}
		parts, shown = append(parts, p), filter.Or(shown, where)
	}
	return append(parts, part{where: filter.Not(shown)}), nil
}

// answer is what has happened to it.
type answer struct {
	newer []ticket.Ticket
	left  []int64 // of newer: no longer in the list
	gone  []int64
	fresh []int64
}

func (q *Queue) ask(ctx context.Context, ask question) (answer, error) {
	var a answer
	ids := make([]int64, 0, len(ask.rows))
	versions := map[int64]int{}
	for _, row := range ask.rows {
		ids = append(ids, row.id)
		versions[row.id] = row.version
	}
	now, err := q.d.Tickets.ByIDs(ctx, ids)
	if err != nil {
		return a, err
	}
	var newer []int64
	a.gone = ids
	for _, t := range now {
		a.gone = slices.DeleteFunc(a.gone, func(id int64) bool { return id == t.ID })
		if t.Version != versions[t.ID] {
			a.newer, newer = append(a.newer, t), append(newer, t.ID)
		}
	}
	if len(newer) > 0 {
		in, err := q.d.Tickets.IDs(ctx, ticket.Query{Condition: ask.where, Sort: ask.sort, Among: newer, Limit: maxWatched})
		if err != nil {
			return a, err
		}
		a.left = slices.DeleteFunc(newer, func(id int64) bool { return slices.Contains(in, id) })
	}
	schema, err := q.d.Tickets.Schema(ctx)
	if err != nil {
		return a, err
	}
	recent := filter.Compare(schema.MustField("updated"), filter.OpGreater, filter.Time(ask.since))
	if ask.parts == nil {
		a.fresh, err = q.d.Tickets.IDs(ctx, ticket.Query{Condition: filter.And(recent, ask.where), Sort: ask.sort, Until: ask.until, Limit: maxWatched})
	} else {
		var queries []ticket.Query
		for _, p := range ask.parts {
			queries = append(queries, ticket.Query{Condition: filter.And(recent, ask.where, p.where), Sort: ask.sort, Until: p.until, Limit: laneSize})
		}
		a.fresh, err = q.d.Tickets.ListIDs(ctx, queries)
	}
	a.fresh = slices.DeleteFunc(a.fresh, func(id int64) bool { _, shown := versions[id]; return shown })
	return a, err
}

// changed makes the rows of an answer, or the cards.
func (q *Queue) changed(ctx context.Context, l *list, a answer) (view.Changes, error) {
	shown := l.columns
	if l.arranged.Layout != asList {
		shown = chosen(l.all, cardColumns)
	}
	ls := lanes{}
	var err error
	if l.arranged.By != "" {
		if ls.by, err = q.groupingOf(ctx, l.arranged.By); err != nil {
			return view.Changes{}, err
		}
		for i := range a.newer {
			ls.all = append(ls.all, q.laneOf(ctx, ls.by.Key, a.newer[i].Get(ls.by.Key)))
		}
	}
	var ids wanted
	ids.of(a.newer, shown)
	ls.refers(&ids)
	n, err := q.names(ctx, ids)
	if err != nil {
		return view.Changes{}, err
	}
	m := view.Changes{Gone: a.gone, New: a.fresh}
	var rows []view.Ticket
	switch l.arranged.Layout {
	case asBoard:
		ls.name(ctx, n)
		m.Layout, m.By, m.Moves = view.ChangedCards, ls.by.Key, ls.by.Moves
		rows = q.cards(ctx, &ls, a.newer, n)
	case asSplit:
		m.Layout = view.ChangedSplit
		rows = q.splitRows(ctx, l, a.newer, n)
	case asList:
		rows = q.rows(ctx, a.newer, n)
	}
	for i := range rows {
		rows[i].Left = slices.Contains(a.left, rows[i].ID)
	}
	m.List = view.List{ID: "queue", Columns: shownColumns(l), Select: "id", Tickets: rows}
	return m, nil
}
