package ticket_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// verbs are the ways to act on a ticket, each with the words it is tested by.
var verbs = map[string]func(d desk, ctx context.Context, ref ticket.Ref) error{
	"see": func(d desk, ctx context.Context, ref ticket.Ref) error { _, err := d.Get(ctx, ref); return err },
	"reply": func(d desk, ctx context.Context, ref ticket.Ref) error {
		_, err := d.Reply(ctx, ref, ticket.PublicReply{Body: "x"})
		return err
	},
	"note": func(d desk, ctx context.Context, ref ticket.Ref) error {
		_, err := d.Note(ctx, ref, ticket.InternalNote{Body: "x"})
		return err
	},
	"edit": func(d desk, ctx context.Context, ref ticket.Ref) error {
		_, err := d.Edit(ctx, ref, ticket.Edit{Tags: &[]string{access.From(ctx).Name}})
		return err
	},
	"assign": func(d desk, ctx context.Context, ref ticket.Ref) error {
		_, err := d.Edit(ctx, ref, ticket.Edit{GroupID: &d.supplierTeam})
		return err
	},
	"start": func(d desk, ctx context.Context, ref ticket.Ref) error {
		_, err := d.Transition(ctx, ref, ticket.Step{Transition: "start"})
		return err
	},
	"cancel": func(d desk, ctx context.Context, ref ticket.Ref) error {
		_, err := d.Transition(ctx, ref, ticket.Step{Transition: "cancel", Comment: "x"})
		return err
	},
	"link": func(d desk, ctx context.Context, ref ticket.Ref) error {
		_, err := d.Unlink(ctx, ref, ticket.ChildOf, ref)
		return err
	},
	"watch": func(d desk, ctx context.Context, ref ticket.Ref) error { _, err := d.Watch(ctx, ref, true); return err },
	"set watchers": func(d desk, ctx context.Context, ref ticket.Ref) error {
		_, err := d.SetWatchers(ctx, ref, 0, []int64{d.ana})
		return err
	},
}

func TestEachRoleDoesWhatItsPermissionsSayAndNothingElse(t *testing.T) {
	all := []string{"see", "reply", "note", "edit", "assign", "start", "cancel", "link", "watch", "set watchers"}
	eachDesk(t, func(t *testing.T, d desk) {
		roles := []struct {
			name    string
			person  int64
			allowed []string
		}{
			{"agent", d.ben, all},
			{"team lead", d.lea, all},
			{"requester of the ticket", d.carla, []string{"see", "reply", "cancel", "watch"}},
			{"another requester", d.colin, nil},
			{"agent of the supplier who has it", d.sam, []string{"see", "reply", "edit", "assign", "start", "cancel", "watch"}},
			{"auditor", d.audrey, []string{"see", "watch"}},
			{"relationship manager", d.rita, []string{"see", "reply", "note", "watch"}},
			{"owner of the service", d.oscar, []string{"see", "reply", "note", "edit", "link", "watch", "set watchers"}},
		}
		for _, role := range roles {
			for _, verb := range all {
				tk := must(d.Create(d.as(d.ana), ticket.Create{
					Kind: "incident", Title: verb, RequesterID: d.carla, GroupID: d.supplierTeam, ServiceID: d.payroll,
				}))(t)
				err := verbs[verb](d, d.as(role.person), ticket.ByID(tk.ID))
				want := slices.Contains(role.allowed, verb)
				switch {
				case want && err != nil:
					t.Errorf("%s cannot %s: %v", role.name, verb, err)
				case !want && len(role.allowed) == 0 && !apperr.Is(err, apperr.NotFound):
					t.Errorf("%s learns by trying to %s that the ticket exists: %v", role.name, verb, err)
				case !want && len(role.allowed) > 0 && !apperr.Is(err, apperr.Forbidden):
					t.Errorf("%s may %s: %v", role.name, verb, err)
				}
			}
		}
	})
}

func TestHiddenTicketLooksLikeOneThatDoesNotExist(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		stranger := d.as(d.colin)
		for name, verb := range verbs {
			hidden, missing := verb(d, stranger, ticket.ByID(tk.ID)), verb(d, stranger, ticket.ByNumber("INC-4711"))
			if hidden == nil || missing == nil || hidden.Error() != missing.Error() {
				t.Errorf("%s: hidden %v, missing %v", name, hidden, missing)
			}
		}
		for name, read := range map[string]func() error{
			"timeline":        func() error { _, err := d.Timeline(stranger, &tk, 0, 0); return err },
			"public timeline": func() error { _, err := d.PublicTimeline(stranger, &tk, 0, 0); return err },
			"moves":           func() error { _, err := d.Moves(stranger, &tk); return err },
		} {
			wantKind(t, read(), apperr.NotFound)
			_ = name
		}
		if got := must(d.ByIDs(stranger, []int64{tk.ID}))(t); len(got) != 0 {
			t.Error("found by id")
		}
		if page := must(d.List(stranger, ticket.Query{Condition: filter.True()}))(t); len(page.Tickets) != 0 {
			t.Error("listed")
		}
	})
}

func TestNobodySignedInMayDoNothing(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		for name, verb := range verbs {
			if err := verb(d, t.Context(), ticket.ByID(tk.ID)); err == nil {
				t.Errorf("nobody may %s", name)
			}
		}
		if _, err := d.Create(t.Context(), ticket.Create{Kind: "incident", Title: "x"}); err == nil {
			t.Error("nobody may create")
		}
		if _, err := d.Upload(t.Context(), "a.txt", strings.NewReader("x")); err == nil {
			t.Error("nobody may upload")
		}
	})
}

func TestWhoMaySeeIsExplained(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		for person, want := range map[int64]string{
			d.ben: "The role Agent allows seeing tickets.", d.carla: "The role Requester allows seeing tickets requested, opened or watched by oneself.",
		} {
			reasons := access.From(d.as(person)).Explain(access.View, tk.Record(), access.NewCatalogue())
			if len(reasons) != 1 || reasons[0] != want {
				t.Errorf("explained as %q", reasons)
			}
			if !d.Explain(d.as(person), &tk).Allowed {
				t.Error("Explain refuses")
			}
		}
	})
}

func TestSupplierSeesOnlyPublicMoves(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		must(d.Edit(d.as(d.ana), ticket.ByID(tk.ID), ticket.Edit{GroupID: &d.printing}))(t)
		tk = must(d.Edit(d.as(d.ana), ticket.ByID(tk.ID), ticket.Edit{GroupID: &d.supplierTeam}))(t)
		d.world.Clock.Advance(time.Minute)
		tk = d.step(t, d.sam, tk, ticket.Step{Transition: "start"})
		moves := must(d.Moves(d.as(d.sam), &tk))(t)
		if got := ticket.Intervals(moves, ticket.FieldState); len(got) != 2 {
			t.Errorf("states %+v", got)
		}
		for _, e := range moves {
			if e.Internal {
				t.Errorf("an internal event: %+v", e)
			}
		}
		all := must(d.Moves(d.as(d.ana), &tk))(t)
		if got := ticket.Intervals(all, ticket.FieldGroup); len(got) != 1 || got[0].Value != fmt.Sprint(d.supplierTeam) {
			t.Errorf("holders at one instant %+v", got)
		}
		if n := ticket.Reassignments(all); n != 2 {
			t.Errorf("%d reassignments", n)
		}
	})
}
