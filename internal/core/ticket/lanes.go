package ticket

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// A lane is the part of a list whose tickets have one value in a field: a column
// of a board, a group of a list. Groups finds the lanes, Lists and ListIDs read
// all of them in one query each.

// Group is how many tickets of a list have a value in a field.
type Group struct {
	Value string // as the column holds it: a key, a level, an id; "" is none
	Count int
}

// maxGroups bounds how many values Groups gives, those of most tickets.
const maxGroups = 100

// Groups counts the tickets of a list by their values in a field of the schema,
// the most frequent first. It looks at no more than most tickets; partial tells
// that there are more, and that the counts are then the least there can be. A
// ticket on which the actor may not see the field is not counted. Errors:
// Invalid when the field has no single value to group by.
func (s *Service) Groups(ctx context.Context, c filter.Condition, field string, most int) (groups []Group, partial bool, err error) {
	actor := access.From(ctx)
	schema, err := s.schema(actor)
	if err != nil {
		return nil, false, err
	}
	f, ok := schema.Field(field)
	if !ok || f.Type.Set() || f.Exists != "" {
		return nil, false, apperr.InvalidField("by", "A list cannot be grouped by %q.", field)
	}
	var args database.Args
	where, err := s.visible(ctx, Query{Condition: s.showing(actor, schema, c, f.Name)}, &args)
	if err != nil {
		return nil, false, err
	}
	seen := 0
	err = database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var g Group
		err := r.Scan(&g.Value, &g.Count)
		seen += g.Count
		if len(groups) < maxGroups {
			groups = append(groups, g)
		}
		return err
	}, `SELECT COALESCE(CAST(g.value AS TEXT), '') AS value, count(*) AS n FROM (SELECT `+f.SQL+` AS value FROM tickets t WHERE `+where+
		` LIMIT `+args.Arg(most+1)+`) g GROUP BY 1 ORDER BY 2 DESC, 1`, args.Values()...)
	return groups, seen > most, err
}

// LaneOf gives the condition that a ticket has a value in a field, written as
// Group.Value is; "" is no value. Errors: Invalid when the field cannot have it.
func (s *Service) LaneOf(ctx context.Context, field, value string) (filter.Condition, error) {
	actor := access.From(ctx)
	schema, err := s.schema(actor)
	if err != nil {
		return filter.False(), err
	}
	f, ok := schema.Field(field)
	if !ok || f.Type.Set() {
		return filter.False(), apperr.InvalidField("by", "A list cannot be grouped by %q.", field)
	}
	c := filter.IsNull(f)
	switch {
	case value == "":
	case f.Type == filter.TypeRef || f.Type == filter.TypeNumber || f.ByRank:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return filter.False(), apperr.InvalidField("column", "There is no such column.")
		}
		c = filter.Eq(f, filter.Int(n))
	default:
		c = filter.Eq(f, filter.Text(value))
	}
	return s.showing(actor, schema, c, f.Name), nil
}

// laneColumns are the columns of tickets as the outer query of Lists reads them.
var laneColumns = strings.ReplaceAll(columns, "t.", "l.")

// Lists gives the first page of several lists of one order in one query, without
// the tickets' long texts. Errors as List's.
func (s *Service) Lists(ctx context.Context, queries []Query) ([]Page, error) {
	if len(queries) == 0 {
		return nil, nil
	}
	var args database.Args
	union, err := s.union(ctx, queries, columns, 1, &args)
	if err != nil {
		return nil, err
	}
	type laid struct {
		lane   int
		ticket Ticket
	}
	direction := directionOf(queries[0].Sort)
	rows, err := database.All(ctx, s.db.Reader(), func(r database.Row) (laid, error) {
		var l laid
		err := r.Scan(append([]any{&l.lane}, l.ticket.destinations()...)...)
		return l, err
	}, `SELECT l.lane, `+laneColumns+` FROM (`+union+`) l ORDER BY l.lane, l.place`+direction+`, l.id`+direction, args.Values()...)
	if err != nil {
		return nil, err
	}
	// The tickets of all pages lie in one slice, so that their sets are read at once.
	pages := make([]Page, len(queries))
	var tickets []Ticket
	var lanes []int
	room := make([]int, len(queries))
	for _, row := range rows {
		room[row.lane]++
		if limit := queries[row.lane].Limit; room[row.lane] > limit {
			last := tickets[len(tickets)-1]
			pages[row.lane].Next = cursorOf(&last, queries[row.lane].Sort).String()
			continue
		}
		tickets, lanes = append(tickets, row.ticket), append(lanes, row.lane)
	}
	if err := loadSets(ctx, s.db.Reader(), tickets); err != nil {
		return nil, err
	}
	for i, lane := range lanes {
		pages[lane].Tickets = append(pages[lane].Tickets, tickets[i])
	}
	return pages, nil
}

// ListIDs is IDs for several lists in one query: the ids of all of them, in no
// particular order, each once.
func (s *Service) ListIDs(ctx context.Context, queries []Query) ([]int64, error) {
	if len(queries) == 0 {
		return nil, nil
	}
	var args database.Args
	union, err := s.union(ctx, queries, "t.id", 0, &args)
	if err != nil {
		return nil, err
	}
	ids, err := database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT l.id FROM (`+union+`) l ORDER BY l.id`, args.Values()...)
	return slices.Compact(ids), err
}

// union writes several lists as one, with the number of each and what it is
// sorted by; beyond is how many more than its limit each reads. It fills in the
// queries' defaults.
func (s *Service) union(ctx context.Context, queries []Query, selected string, beyond int, args *database.Args) (string, error) {
	parts := make([]string, 0, len(queries))
	for i := range queries {
		queries[i].Sort = queries[0].Sort
		from, err := s.page(ctx, &queries[i], args)
		if err != nil {
			return "", err
		}
		n := strconv.Itoa(i)
		parts = append(parts, `SELECT lane, place, `+strings.ReplaceAll(selected, "t.", "")+` FROM (SELECT `+n+` AS lane, `+
			sortColumns[queries[i].Sort.Field]+` AS place, `+selected+from+args.Arg(queries[i].Limit+beyond)+`) lane`+n)
	}
	return strings.Join(parts, " UNION ALL "), nil
}

func directionOf(sort Sort) string {
	if sort.Descending {
		return " DESC"
	}
	return " ASC"
}
