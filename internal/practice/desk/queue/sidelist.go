package queue

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// maxCount bounds what is counted: past it nobody reads the number.
const maxCount = 999

// tally is how much a view holds, or why that cannot be said.
type tally struct {
	n     int
	wrong string
}

func (t tally) String() string {
	if t.n > maxCount {
		return strconv.Itoa(maxCount) + "+"
	}
	return strconv.Itoa(t.n)
}

// countViews counts all views and the list that is shown (the last tally) in one
// query, after one question for the names in all their filters.
func (q *Queue) countViews(ctx context.Context, l *list) ([]tally, error) {
	texts := make([]string, 0, len(l.views)+1)
	for i := range l.views {
		texts = append(texts, l.views[i].Filter)
	}
	bound, err := q.d.Tickets.Conditions(ctx, append(texts, l.filter), zone(ctx))
	if err != nil {
		return nil, err
	}
	tallies := make([]tally, len(bound))
	var where []filter.Condition
	var of []int
	for i, b := range bound {
		if b.Err != nil {
			tallies[i].wrong = apperr.Message(b.Err).In(ctx)
			continue
		}
		where, of = append(where, b.Condition), append(of, i)
	}
	counts, err := q.d.Tickets.Counts(ctx, where, maxCount)
	if err != nil {
		return nil, err
	}
	for i, n := range counts {
		tallies[of[i]].n = n
	}
	return tallies, nil
}

// counts answers the side list with its numbers, and the size of the list that
// is shown. A page does not wait for it.
func (q *Queue) counts(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	l, err := q.open(ctx, placeOf(r.URL.Query()))
	if err != nil {
		return err
	}
	tallies, err := q.countViews(ctx, l)
	if err != nil {
		return err
	}
	last := len(tallies) - 1
	var ids wanted
	ids.sharing(l.views)
	n, err := q.names(ctx, ids)
	if err != nil {
		return err
	}
	side := q.sideList(ctx, l, n, tallies[:last])
	var lanesNow []view.Tally
	if l.arranged.By != "" && !l.empty {
		ls, err := q.tallied(ctx, l)
		if err != nil {
			return err
		}
		for i := range ls.all {
			lanesNow = append(lanesNow, ls.all[i].shownTally(ctx, ls.partial))
		}
	}
	m := view.Counts{Lanes: lanesNow, Groups: side.Groups, Count: min(tallies[last].n, maxCount), More: tallies[last].n > maxCount, Known: !l.empty}
	return web.Render(w, r, http.StatusOK, m.View())
}

// sideList shows the views in their parts: built-in, one's own, each group's,
// everyone's. Without tallies the numbers are still to come.
func (q *Queue) sideList(ctx context.Context, l *list, n names, tallies []tally) ui.SideList {
	var builtin, own, everyone ui.SideGroup
	own.Label, everyone.Label = text.T(ctx, "My views"), text.T(ctx, "Everyone")
	groups := map[int64]*ui.SideGroup{}
	var order []int64
	for i := range l.views {
		v := &l.views[i]
		item := ui.SideItem{Label: viewName(ctx, v), URL: place{View: v.key()}.url("/queue"), Icon: ui.Icon(v.Icon), Active: v.key() == l.view.key()}
		if item.Icon == "" {
			item.Icon = ui.IconListDetails
		}
		if tallies != nil {
			item.Count, item.Wrong = tallies[i].String(), tallies[i].wrong
		}
		switch {
		case v.Key != "":
			builtin.Items = append(builtin.Items, item)
		case v.Audience == sharing.Everyone:
			everyone.Items = append(everyone.Items, item)
		case v.Audience == sharing.Group:
			if groups[v.GroupID] == nil {
				groups[v.GroupID] = &ui.SideGroup{Label: n.groups[v.GroupID].Name}
				order = append(order, v.GroupID)
			}
			groups[v.GroupID].Items = append(groups[v.GroupID].Items, item)
		default:
			own.Items = append(own.Items, item)
		}
	}
	side := ui.SideList{
		ID: "views", Label: text.T(ctx, "Views"), Groups: []ui.SideGroup{builtin},
		Live: ui.HX{Get: l.exported().url("/queue/counts"), Trigger: "load, counts-due from:body", Swap: "innerHTML"},
	}
	for _, id := range order {
		side.Groups = append(side.Groups, *groups[id])
	}
	side.Groups = slices.DeleteFunc(append(side.Groups, everyone, own), func(g ui.SideGroup) bool { return len(g.Items) == 0 })
	if access.From(ctx).IsPerson() {
		side.Foot = []ui.SideItem{{Label: text.T(ctx, "Manage views"), Icon: ui.IconSettings, URL: "/queue/views"}}
	}
	return side
}

// sharing notes the groups that share views.
func (w *wanted) sharing(views []savedView) {
	for i := range views {
		if views[i].Audience == sharing.Group {
			w.groups = append(w.groups, views[i].GroupID)
		}
	}
}
