package ticket_test

import (
	"context"
	"slices"
	"testing"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestFollowersHearOfASaveAndCanRefuseIt(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		var heard []ticket.Saved
		d.Follow(func(_ context.Context, _ *database.Tx, s *ticket.Saved) error {
			heard = append(heard, *s)
			if s.After.Title == "Never" {
				return apperr.InvalidField("title", "Not like this.")
			}
			return nil
		})
		tk := d.incident(t, "Printer jams")
		if len(heard) != 1 || !heard[0].Created() || heard[0].After.ID != tk.ID || len(heard[0].Events) != 1 {
			t.Fatalf("of the first save was heard: %+v", heard)
		}
		must(d.Edit(d.as(d.ana), ticket.ByID(tk.ID), ticket.Edit{Title: ptr("Printer burns")}))(t)
		last := heard[len(heard)-1]
		if c, ok := last.Events[0].Change(ticket.FieldTitle); last.Created() || !ok || c.From != "Printer jams" || last.Before.Title != c.From || last.Actor.ID != d.ana {
			t.Errorf("of the change was heard: %+v", last)
		}
		_, err := d.Edit(d.as(d.ana), ticket.ByID(tk.ID), ticket.Edit{Title: ptr("Never")})
		if !apperr.Is(err, apperr.Invalid) {
			t.Errorf("the refusal became %v", err)
		}
		if got := d.get(t, tk); got.Title != "Printer burns" || len(d.timeline(t, tk)) != 2 {
			t.Errorf("what was refused is kept: %q, %d events", got.Title, len(d.timeline(t, tk)))
		}
	})
}

// TestAttributesAnswerInListsAndInWorkflows gives tickets a length of their title,
// as a practice gives them a value from a table of its own.
func TestAttributesAnswerInListsAndInWorkflows(t *testing.T) {
	careful := *builtin(t, "incident")
	careful.Key, careful.Prefix = "careful", "CAR"
	for i := range careful.Transitions {
		if careful.Transitions[i].Key == "start" {
			careful.Transitions[i].When = "length:>5"
		}
	}
	eachDesk(t, func(t *testing.T, d desk) {
		d.Extend(ticket.Attribute{
			Field: filter.Field{Name: "length", Label: "Length", Type: filter.TypeNumber, SQL: "length(t.title)", Required: true},
			Load: func(ctx context.Context, q database.Querier, ids []int64) (map[int64][]filter.Value, error) {
				n, err := database.One(ctx, q, database.Scalar[int64], `SELECT length(title) FROM tickets WHERE id = $1`, ids[0])
				return map[int64][]filter.Value{ids[0]: {filter.Int(n)}}, err
			},
		})
		open := func(title string) ticket.Ticket {
			return must(d.Create(d.as(d.ana), ticket.Create{Kind: "careful", Title: title, RequesterID: d.carla}))(t)
		}
		short, long := open("Fax"), open("The fax burns")
		where, err := d.Condition(d.as(d.ana), "length:>5", nil)
		if err != nil {
			t.Fatal(err)
		}
		page, err := d.List(d.as(d.ana), ticket.Query{Condition: where})
		if err != nil || len(page.Tickets) != 1 || page.Tickets[0].ID != long.ID {
			t.Errorf("the list has %d tickets, %v", len(page.Tickets), err)
		}
		if _, err := d.Transition(d.as(d.ana), ticket.ByID(short.ID), ticket.Step{Transition: "start"}); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("the workflow let the short one pass: %v", err)
		}
		d.step(t, d.ana, long, ticket.Step{Transition: "start"})
		var conditions []filter.Condition
		for _, text := range []string{"length:>5", "length:<5", "state:in_progress", "length:>500"} {
			conditions = append(conditions, must(d.Condition(d.as(d.ana), text, nil))(t))
		}
		now := d.get(t, long)
		ctx, queries := database.WithCounter(d.as(d.ana))
		fits := must(d.FitsEach(ctx, d.world.DB.Reader(), conditions, &now))(t)
		if !slices.Equal(fits, []bool{true, false, true, false}) || queries.N() != 1 {
			t.Errorf("the conditions fit: %v, by %d queries", fits, queries.N())
		}
	}, &careful)
}

func builtin(t *testing.T, kind string) *workflow.Definition {
	t.Helper()
	for _, d := range must(workflow.Builtin())(t) {
		if d.Key == kind {
			return d
		}
	}
	t.Fatalf("no built-in kind %s", kind)
	return nil
}
