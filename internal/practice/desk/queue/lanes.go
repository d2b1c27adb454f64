package queue

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	laneSize   = 20     // tickets of a lane that come at a time
	maxLanes   = 24     // shown beside or below each other
	maxTallied = 20_000 // tickets whose lanes are counted
)

// lane is a column of a board or a group of a list: the tickets of the list that
// have one value in the field it is grouped by.
type lane struct {
	value    string // as ticket.Group has it; "" is none
	label    string
	category workflow.Category // of a state
	order    int               // among lanes whose order is not that of their labels
	count    int
	limit    int // how many tickets it may hold; 0 says nothing
	done     bool
	where    filter.Condition
	page     ticket.Page
}

// lanes are those of one list.
type lanes struct {
	by      grouping
	all     []lane
	partial bool // the counts are the least there can be
	dropped int  // lanes that are not shown
}

// tallied finds the lanes of a list and counts them: those that hold something,
// and, on a board, those that a ticket could be moved to.
func (q *Queue) tallied(ctx context.Context, l *list) (lanes, error) {
	out := lanes{}
	var err error
	if out.by, err = q.groupingOf(ctx, l.arranged.By); err != nil {
		return out, err
	}
	groups, partial, err := q.d.Tickets.Groups(ctx, l.where, out.by.Key, maxTallied)
	if err != nil {
		return out, err
	}
	out.partial = partial
	if l.arranged.Layout == asBoard {
		out.all = q.standing(ctx, out.by.Key)
	}
	for _, g := range groups {
		i := slices.IndexFunc(out.all, func(a lane) bool { return a.value == g.Value })
		if i < 0 {
			out.all = append(out.all, q.laneOf(ctx, out.by.Key, g.Value))
			i = len(out.all) - 1
		}
		out.all[i].count = g.Count
	}
	if len(out.all) > maxLanes {
		slices.SortStableFunc(out.all, func(a, b lane) int { return cmp.Compare(b.count, a.count) })
		out.dropped = len(out.all) - maxLanes
		out.all = out.all[:maxLanes]
	}
	for i := range out.all {
		a := &out.all[i]
		within, err := q.d.Tickets.LaneOf(ctx, out.by.Key, a.value)
		if err != nil {
			return out, err
		}
		a.where = filter.And(within, l.where)
		a.limit = l.limits.column(a.value, a.done)
	}
	return out, nil
}

// standing are the lanes that a board has although they may be empty.
func (q *Queue) standing(ctx context.Context, by string) []lane {
	var values []string
	kinds := q.d.Tickets.Kinds().In(ctx).All()
	switch by {
	case ticket.FieldState:
		for _, def := range kinds {
			values = append(values, def.StatesIn(workflow.New, workflow.Open, workflow.Waiting, workflow.Resolved)...)
		}
	case ticket.FieldPriority:
		for _, def := range kinds {
			for _, level := range def.Matrix.Priority {
				values = append(values, strconv.Itoa(level.Value))
			}
		}
	case ticket.FieldAssignee:
		values = []string{""}
		if actor := access.From(ctx); actor.IsPerson() {
			values = append(values, strconv.FormatInt(actor.ID, 10))
		}
	case ticket.FieldGroup:
		for _, id := range access.From(ctx).Groups() {
			values = append(values, strconv.FormatInt(id, 10))
		}
	default:
		if f, ok := customField(kinds, by); ok {
			values = options(f)
		}
	}
	var out []lane
	for _, v := range values {
		if !slices.ContainsFunc(out, func(a lane) bool { return a.value == v }) {
			out = append(out, q.laneOf(ctx, by, v))
		}
	}
	return out
}

// customField finds the custom field of a name such as "field.room".
func customField(kinds []*workflow.Definition, name string) (workflow.Field, bool) {
	key, ok := strings.CutPrefix(name, ticket.CustomPrefix)
	for _, def := range kinds {
		if f, found := def.Field(key); ok && found {
			return f, true
		}
	}
	return workflow.Field{}, false
}

// options are the values a custom field can be chosen from, beside none.
func options(f workflow.Field) []string {
	values := f.Options
	if f.Type == workflow.Bool {
		values = []string{"true", "false"}
	}
	if len(values) == 0 {
		return nil
	}
	return append([]string{""}, values...)
}

// laneOf describes the lane of a value, as far as that needs no names.
func (q *Queue) laneOf(ctx context.Context, by, value string) lane {
	a := lane{value: value, label: value, order: 1}
	if value == "" {
		a.label, a.order = text.T(ctx, "None"), 2
	}
	for k, def := range q.d.Tickets.Kinds().In(ctx).All() {
		switch by {
		case ticket.FieldState:
			i := slices.IndexFunc(def.States, func(s workflow.State) bool { return s.Key == value })
			if i < 0 {
				continue
			}
			s := def.States[i]
			a.label, a.category, a.done = text.T(ctx, s.Label), s.Category, !s.Category.Active()
			a.order = slices.Index(workflow.Categories(), s.Category)*1000 + k*100 + i
		case ticket.FieldPriority:
			i := slices.IndexFunc(def.Matrix.Priority, func(l workflow.Level) bool { return strconv.Itoa(l.Value) == value })
			if i < 0 {
				continue
			}
			a.label, a.order = text.T(ctx, def.Matrix.Priority[i].Label), def.Matrix.Priority[i].Value
		case ticket.FieldKind:
			if def.Key != value {
				continue
			}
			a.label, a.order = text.T(ctx, def.Plural), k
		default:
			f, ok := def.Field(strings.TrimPrefix(by, ticket.CustomPrefix))
			if !ok {
				continue
			}
			if f.Type == workflow.Bool && value != "" {
				a.label = yesOrNo(ctx, value == "true")
			}
			if i := slices.Index(f.Options, value); i >= 0 {
				a.order = i - len(f.Options)
			}
		}
		return a
	}
	return a
}

// refers says whether a field's values are ids, and notes them in what is wanted.
func (ls *lanes) refers(w *wanted) {
	for _, a := range ls.all {
		id, err := strconv.ParseInt(a.value, 10, 64)
		if err != nil {
			continue
		}
		switch ls.by.Key {
		case ticket.FieldAssignee, ticket.FieldRequester:
			w.persons = append(w.persons, id)
		case ticket.FieldGroup:
			w.groups = append(w.groups, id)
		case ticket.FieldService:
			w.services = append(w.services, id)
		case ticket.FieldOrganisation:
			w.organisations = append(w.organisations, id)
		}
	}
}

// name puts names in the place of ids, and the lanes in their order.
func (ls *lanes) name(ctx context.Context, n names) {
	me := strconv.FormatInt(access.From(ctx).ID, 10)
	for i := range ls.all {
		a := &ls.all[i]
		id, err := strconv.ParseInt(a.value, 10, 64)
		switch ls.by.Key {
		case ticket.FieldAssignee:
			if a.value == "" {
				a.label, a.order = text.T(ctx, "Unassigned"), -1
			}
			if a.value == me {
				a.order = 0
			}
		case ticket.FieldGroup, ticket.FieldService, ticket.FieldOrganisation, ticket.FieldRequester:
		default:
			continue
		}
		if err == nil {
			a.label = n.any(id, text.T(ctx, "Somebody you may not look up"))
		}
	}
	slices.SortStableFunc(ls.all, func(a, b lane) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(filter.Fold(a.label), filter.Fold(b.label)))
	})
}

// fill reads the beginning of each lane, in one query.
func (q *Queue) fill(ctx context.Context, l *list, ls *lanes) error {
	queries := make([]ticket.Query, 0, len(ls.all))
	for _, a := range ls.all {
		queries = append(queries, ticket.Query{Condition: a.where, Sort: l.sort, Limit: laneSize})
	}
	pages, err := q.d.Tickets.Lists(ctx, queries)
	for i := range pages {
		ls.all[i].page = pages[i]
	}
	return err
}

// oneLane is the lane that an address names, with what follows its cursor.
func (q *Queue) oneLane(ctx context.Context, l *list) (lanes, error) {
	by, err := q.groupingOf(ctx, l.arranged.By)
	if err != nil {
		return lanes{}, err
	}
	a := q.laneOf(ctx, by.Key, *l.place.Column)
	within, err := q.d.Tickets.LaneOf(ctx, by.Key, a.value)
	if err != nil {
		return lanes{}, err
	}
	a.where = filter.And(within, l.where)
	a.page, err = q.d.Tickets.List(ctx, ticket.Query{Condition: a.where, Sort: l.sort, After: l.place.After, Limit: laneSize})
	return lanes{by: by, all: []lane{a}}, err
}

// laneFilter is the filter of a list narrowed to one lane, as a person would write it.
func laneFilter(by, value, list string) string {
	if value == "" {
		value = "none"
	} else if _, err := strconv.ParseInt(value, 10, 64); err == nil && slices.Contains([]string{
		ticket.FieldAssignee, ticket.FieldGroup, ticket.FieldService, ticket.FieldOrganisation, ticket.FieldRequester,
	}, by) {
		value = "#" + value
	} else {
		value = filter.Quote(value)
	}
	term := by + ":" + value
	node, err := filter.Parse(list)
	if _, either := node.(*filter.OrNode); err == nil && either {
		list = "(" + list + ")"
	}
	return strings.TrimSpace(list + " " + term)
}

// tally says how full a lane is.
func (a *lane) tally(ctx context.Context, partial bool) string {
	n := text.Number(ctx, int64(a.count))
	if partial {
		n += "+"
	}
	return n
}

// errNoMove is why tickets cannot be moved between the lanes of a field.
func errNoMove(by grouping) error {
	return apperr.New(apperr.Conflict, "“%s” cannot be changed by moving a ticket.", by.Label)
}
