package queue

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// layout is how a list is laid out. All of them show the same tickets.
type layout string

const (
	asList  layout = "list"  // rows, in groups if it has something to group by
	asBoard layout = "board" // columns of cards
	asSplit layout = "split" // the list at the side of one of its tickets
)

// arrangement is a layout with the field whose values are its columns or groups.
type arrangement struct {
	Layout layout
	By     string // name of a field of the filter language; "" does not group
}

// arranged reads how a list shall look: as the address says, else as the view.
func arranged(p place, v *savedView) arrangement {
	a := arrangement{v.Layout, v.By}
	if p.Layout != "" {
		a = arrangement{Layout: layout(p.Layout)}
	}
	if p.By != nil {
		a.By = *p.By
	}
	return a.tidy()
}

// tidy gives a board its columns, and nothing to a list that cannot have any.
func (a arrangement) tidy() arrangement {
	switch a.Layout {
	case asBoard:
		if a.By == "" {
			a.By = ticket.FieldState
		}
	case asSplit:
		a.By = ""
	default:
		a.Layout = asList
	}
	return a
}

// grouping is a field that lists can be grouped by.
type grouping struct {
	Key   string // in the filter language
	Label string
	Moves bool // a ticket can be moved from one value to another
}

// groupings are the fields that lists can be grouped by, for the kinds in force.
func groupings(ctx context.Context, kinds []*workflow.Definition) []grouping {
	all := []grouping{
		{ticket.FieldState, text.T(ctx, "State"), true},
		{ticket.FieldPriority, text.T(ctx, "Priority"), true},
		{ticket.FieldAssignee, text.T(ctx, "Assignee"), true},
		{ticket.FieldGroup, text.T(ctx, "Group"), true},
		{ticket.FieldService, text.T(ctx, "Service"), true},
		{ticket.FieldOrganisation, text.T(ctx, "Organisation"), false},
		{ticket.FieldRequester, text.T(ctx, "Requester"), false},
		{ticket.FieldKind, text.T(ctx, "Kind"), false},
	}
	for _, def := range kinds {
		for _, f := range def.Fields {
			key := ticket.CustomPrefix + f.Key
			if !slices.ContainsFunc(all, func(g grouping) bool { return g.Key == key }) {
				all = append(all, grouping{key, f.Label, true})
			}
		}
	}
	return all
}

// groupingOf finds the field; Invalid when lists cannot be grouped by it.
func (q *Queue) groupingOf(ctx context.Context, key string) (grouping, error) {
	all := groupings(ctx, q.d.Tickets.Kinds().In(ctx).All())
	i := slices.IndexFunc(all, func(g grouping) bool { return g.Key == key })
	if i < 0 {
		return grouping{}, apperr.InvalidField("by", "A list cannot be grouped by “%s”.", key)
	}
	return all[i], nil
}

// limits say how many tickets each column of a board may hold.
type limits struct {
	every int            // 0 is no limit
	of    map[string]int // by the column's value
}

// maxLimit is the largest limit that says something.
const maxLimit = 999

// parseLimits reads "8" for every column and "in_progress:5" for one; several
// with spaces or commas between. Invalid says which part makes no sense.
func parseLimits(s string) (limits, error) {
	l := limits{of: map[string]int{}}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		column, number, named := strings.Cut(part, ":")
		if !named {
			number = column
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > maxLimit || named && column == "" {
			return limits{}, apperr.InvalidField("work_limit", "“%s” is no limit. Write a number for every column, or a column and a number: in_progress:5", part)
		}
		if named {
			l.of[column] = n
		} else {
			l.every = n
		}
	}
	return l, nil
}

// column gives the limit of a column; 0 has none. Done work needs none unless asked for.
func (l limits) column(value string, done bool) int {
	if n, ok := l.of[value]; ok {
		return n
	}
	if done {
		return 0
	}
	return l.every
}
