package filter_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/filter"
)

// now is a Wednesday.
var now = time.Date(2026, 3, 18, 14, 30, 0, 0, time.UTC)

// tickets declares one field of every type and shape.
func tickets(t testing.TB) *filter.Schema {
	t.Helper()
	states := []filter.Option{
		{Key: "new", Label: "New"},
		{Key: "in_progress", Label: "In progress"},
		{Key: "on_hold", Label: "On hold"},
		{Key: "resolved", Label: "Resolved"},
		{Key: "closed", Label: "Closed"},
	}
	fields := []filter.Field{
		{Name: "number", Label: "Number", Type: filter.TypeText, SQL: "t.number", Required: true, Fold: strings.ToUpper},
		{
			Name: "state", Aliases: []string{"status"}, Label: "State", Type: filter.TypeEnum, SQL: "t.state", Required: true,
			Options: states, Groups: []filter.Group{
				{Key: "open", Label: "Open", Options: []string{"new", "in_progress", "on_hold"}},
				{Key: "closed", Label: "Finished", Options: []string{"resolved", "closed"}},
			},
		},
		{
			Name: "priority", Label: "Priority", Type: filter.TypeEnum, SQL: "t.priority", Ordered: true, ByRank: true,
			Options: []filter.Option{
				{Key: "1", Label: "Critical", Rank: 1},
				{Key: "2", Label: "High", Rank: 2},
				{Key: "3", Label: "Moderate", Rank: 3},
				{Key: "4", Label: "Low", Rank: 4},
			},
		},
		{
			Name: "impact", Label: "Impact", Type: filter.TypeEnum, SQL: "t.impact", Ordered: true,
			Options: []filter.Option{{Key: "none", Rank: 0}, {Key: "low", Rank: 1}, {Key: "high", Rank: 2}},
			Groups:  []filter.Group{{Key: "some", Options: []string{"low", "high"}}},
		},
		{Name: "vip", Label: "VIP", Type: filter.TypeBool, SQL: "t.vip"},
		{Name: "reopened", Label: "Reopened", Type: filter.TypeNumber, SQL: "t.reopened", Required: true},
		{Name: "cost", Label: "Cost", Type: filter.TypeNumber, SQL: "t.cost", Scale: 2},
		{Name: "created", Label: "Created", Type: filter.TypeTime, SQL: "t.created", Required: true},
		{Name: "due", Aliases: []string{"breach"}, Label: "Due", Type: filter.TypeTime, SQL: "t.due", Future: true},
		{Name: "assignee", Aliases: []string{"owner"}, Label: "Assigned to", Type: filter.TypeRef, SQL: "t.assignee", Ref: "person", Self: true},
		{Name: "group", Label: "Group", Type: filter.TypeRef, SQL: "t.team", Ref: "group"},
		{
			Name: "watcher", Label: "Watcher", Type: filter.TypeRefs, SQL: "w.person", Ref: "person", Self: true,
			Exists: "EXISTS (SELECT 1 FROM watchers w WHERE w.ticket = t.id AND {})",
		},
		{
			Name: "tag", Label: "Tag", Type: filter.TypeTags, SQL: "g.tag",
			Exists: "EXISTS (SELECT 1 FROM tags g WHERE g.ticket = t.id AND {})",
		},
		{Name: "subject", Label: "Subject", Type: filter.TypeText, SQL: "t.subject_folded"},
	}
	location := filter.Field{
		Name: "field.location", Label: "Location", Type: filter.TypeText, SQL: "v.folded",
		Exists: "EXISTS (SELECT 1 FROM extras v WHERE v.ticket = t.id AND v.field = 'location' AND {})",
	}
	s, err := filter.NewSchema(filter.Definition{
		Fields: fields,
		Families: []filter.Family{{
			Prefix: "field.",
			Lookup: func(name string) (filter.Field, bool) { return location, name == location.Name },
			List:   func() []filter.Field { return []filter.Field{location} },
		}},
		Text: filter.ContainsWords(&fields[0], &fields[len(fields)-1]),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// directory resolves names from a fixed list and counts how often it is asked.
type directory struct{ asked int }

func (d *directory) Resolve(_ context.Context, names []filter.Name) ([][]int64, error) {
	d.asked++
	known := map[filter.Name][]int64{
		{Kind: "person", Text: "ada"}:             {1},
		{Kind: "person", Text: "smith"}:           {2, 3},
		{Kind: "person", Text: "ada@example.org"}: {1},
		{Kind: "person", Text: "me"}:              {9}, // somebody whose name is Me
		{Kind: "group", Text: "network"}:          {4},
		{Kind: "group", Text: "everybody"}:        make([]int64, 501),
	}
	var ids [][]int64
	for _, n := range names {
		ids = append(ids, known[filter.Name{Kind: n.Kind, Text: filter.Fold(n.Text)}])
	}
	return ids, nil
}

func env() filter.Env { return filter.Env{Now: now, Me: 7, Resolve: &directory{}} }

func bind(t testing.TB, s *filter.Schema, text string) filter.Condition {
	t.Helper()
	c, err := s.Bind(t.Context(), parse(t, text), env())
	if err != nil {
		t.Fatalf("bind %q: %v", text, err)
	}
	return c
}
