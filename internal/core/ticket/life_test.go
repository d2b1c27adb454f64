package ticket_test

import (
	"context"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// world is a service with a directory of three persons: 1 asks, 2 and 3 help in group 10.
type world struct {
	*ticket.Service
	db *database.DB
}

type directory struct{}

func (directory) OrganisationOf(context.Context, database.Querier, int64) (int64, error) {
	return 100, nil
}
func (directory) CheckGroup(context.Context, database.Querier, int64, int64) error { return nil }
func (directory) SupportGroup(context.Context, database.Querier, int64) (int64, error) {
	return 10, nil
}

type silent struct{}

func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

func open(t *testing.T, db *database.DB) world {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	return world{ticket.New(ticket.Deps{
		DB: db, Kinds: kinds, Directory: directory{}, Announcer: silent{}, Search: search.New(db), Now: time.Now,
	}), db}
}

func as(t *testing.T, id int64, role string) context.Context {
	t.Helper()
	for _, r := range access.BuiltInRoles() {
		if r.Key == role {
			return access.With(t.Context(), access.NewPerson(id, role, 100, access.Facts{Grants: r.Bind(0, "", ""), Groups: []int64{10}}))
		}
	}
	t.Fatalf("no role %s", role)
	return nil
}

func TestIncidentLivesFromIntakeToClosure(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := open(t, db)
		caller, agent := as(t, 1, "requester"), as(t, 2, "agent")
		inc, err := w.Create(caller, ticket.Create{Kind: "incident", Title: "Printer on floor 3 jams", Description: "It eats paper.", ServiceID: 7})
		if err != nil {
			t.Fatal(err)
		}
		if inc.Number != "INC-1" || inc.Priority != 3 || inc.GroupID != 10 || inc.State != "new" {
			t.Errorf("opened as %+v", inc)
		}
		ref := ticket.ByNumber(inc.Number)
		steps := []func() (ticket.Ticket, error){
			func() (ticket.Ticket, error) { return w.Transition(agent, ref, ticket.Step{Transition: "start"}) },
			func() (ticket.Ticket, error) {
				return w.Note(agent, ref, ticket.InternalNote{Body: "the fuser again"})
			},
			func() (ticket.Ticket, error) {
				return w.Transition(agent, ref, ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which tray?", CommentPublic: true})
			},
			func() (ticket.Ticket, error) {
				return w.Reply(caller, ref, ticket.PublicReply{Body: "The lower tray"})
			},
		}
		for i, step := range steps {
			if inc, err = step(); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
		}
		if inc.State != "in_progress" || inc.WaitReason != "" || inc.AssigneeID != 2 {
			t.Errorf("after the caller's reply: state %s, reason %q, assignee %d", inc.State, inc.WaitReason, inc.AssigneeID)
		}
		inc, err = w.Transition(agent, ref, ticket.Step{Transition: "resolve", Version: inc.Version, ResolutionCode: "solved", Resolution: "Cleaned the rollers."})
		if err != nil {
			t.Fatal(err)
		}
		if inc, err = w.Transition(caller, ref, ticket.Step{Transition: "close"}); err != nil {
			t.Fatal(err)
		}
		if inc, err = w.Rate(caller, ref, ticket.Rating{Score: 5}); err != nil {
			t.Fatal(err)
		}
		events, err := w.Timeline(agent, &inc, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		def, _ := w.Kinds().Get("incident")
		replayed, err := ticket.Replay(inc.ID, inc.Number, events, def)
		if err != nil || replayed.State != "closed" || replayed.Rating != 5 || !replayed.ResolvedAt.Equal(inc.ResolvedAt) {
			t.Errorf("replayed %+v, %v", replayed, err)
		}
		public, err := w.PublicTimeline(caller, &inc, 0, 100)
		if err != nil || len(public) == 0 {
			t.Fatal(public, err)
		}
		c, err := w.Condition(agent, `printer state:done "lower tray"`, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		page, err := w.List(agent, ticket.Query{Condition: c})
		if err != nil || len(page.Tickets) != 1 {
			t.Errorf("found %d tickets: %v", len(page.Tickets), err)
		}
	}, workflow.Migrations, ticket.Migrations, search.Migrations)
}

func TestNotesAreNotFoundByThoseWhoMayNotReadThem(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := open(t, db)
		caller, agent := as(t, 1, "requester"), as(t, 2, "agent")
		inc, err := w.Create(caller, ticket.Create{Kind: "incident", Title: "Slow laptop"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Note(agent, ticket.ByID(inc.ID), ticket.InternalNote{Body: "zebra suspicion"}); err != nil {
			t.Fatal(err)
		}
		for ctx, want := range map[context.Context]int{caller: 0, agent: 1} {
			c, err := w.Condition(ctx, "zebra", time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			page, err := w.List(ctx, ticket.Query{Condition: c})
			if err != nil || len(page.Tickets) != want {
				t.Errorf("%s found %d: %v", access.From(ctx).Name, len(page.Tickets), err)
			}
		}
	}, workflow.Migrations, ticket.Migrations, search.Migrations)
}
