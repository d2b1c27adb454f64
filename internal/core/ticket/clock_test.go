package ticket_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// TestAClockThatIsSetBackDoesNotTurnATimelineOver lets the clock jump back
// before each thing that can happen to a ticket and its child.
func TestAClockThatIsSetBackDoesNotTurnATimelineOver(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		parent, child := d.incident(t, "parent"), d.incident(t, "child")
		back := func(by time.Duration) {
			d.world.Clock.Advance(time.Minute)
			d.world.Clock.Advance(-by)
		}
		ref := ticket.ByID(parent.ID)
		for _, act := range []func() error{
			func() error {
				_, err := d.Edit(d.as(d.ana), ticket.ByID(child.ID), ticket.Edit{ParentID: &parent.ID})
				return err
			},
			func() error {
				_, err := d.Reply(d.as(d.ana), ref, ticket.PublicReply{Body: "Which tray?"})
				return err
			},
			func() error {
				_, err := d.Note(d.as(d.ana), ref, ticket.InternalNote{Body: "The fuser again."})
				return err
			},
			func() error {
				_, err := d.Transition(d.as(d.ana), ref, ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which tray is it?", CommentPublic: true})
				return err
			},
			func() error {
				_, err := d.Reply(d.as(d.carla), ref, ticket.PublicReply{Body: "The lower one."})
				return err
			},
			func() error {
				_, err := d.Link(d.as(d.ana), ref, ticket.RelatedTo, ticket.ByID(child.ID))
				return err
			},
			func() error { d.resolve(t, parent); return nil },
			func() error {
				_, err := d.Transition(d.as(d.carla), ref, ticket.Step{Transition: "reopen", Comment: "It did it again.", CommentPublic: true})
				return err
			},
			func() error { d.resolve(t, parent); return nil },
			func() error {
				_, err := d.Rate(d.as(d.carla), ref, ticket.Rating{Score: 4})
				return err
			},
		} {
			back(30 * 24 * time.Hour)
			if err := act(); err != nil {
				t.Fatal(err)
			}
		}
		for _, tk := range []ticket.Ticket{parent, child} {
			stored, events := d.get(t, tk), d.timeline(t, tk)
			for i := 1; i < len(events); i++ {
				if events[i].At.Before(events[i-1].At) {
					t.Errorf("%s: entry %d is at %s, before the one before it", tk.Number, events[i].Seq, events[i].At)
				}
			}
			for _, field := range []string{ticket.FieldState, ticket.FieldAssignee} {
				for _, iv := range ticket.Intervals(events, field) {
					if iv.Length(stored.UpdatedAt) < 0 {
						t.Errorf("%s: %s was %q for %s", tk.Number, field, iv.Value, iv.Length(stored.UpdatedAt))
					}
				}
			}
			for name, at := range map[string]time.Time{"updated": stored.UpdatedAt, "resolved": stored.ResolvedAt, "responded": stored.FirstResponseAt} {
				if !at.IsZero() && at.Before(stored.CreatedAt) {
					t.Errorf("%s was %s at %s, before it was created", tk.Number, name, at)
				}
			}
			folded, err := ticket.Replay(tk.ID, tk.Number, events, d.definition(t, "incident"))
			if diff := cmp.Diff(folded, stored, cmpopts.IgnoreFields(ticket.Ticket{}, "Version"), cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("%s: folded (-) and stored (+) differ: %v\n%s", tk.Number, err, diff)
			}
		}

		// Nothing is due early; when the clock is right again, everything goes its way.
		if n, err := d.CloseResolved(d.world.System(), 10); err != nil || n != 0 {
			t.Errorf("%d tickets were closed before their time: %v", n, err)
		}
		d.world.Clock.Advance(365 * 24 * time.Hour)
		if n, err := d.CloseResolved(d.world.System(), 10); err != nil || n == 0 {
			t.Errorf("%d tickets were closed in the end: %v", n, err)
		}
	})
}

// TestAKeyIsKnownAlsoWhenTheClockWasSetBack asks for the same thing again.
func TestAKeyIsKnownAlsoWhenTheClockWasSetBack(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		create := func() ticket.Ticket {
			ctx := ticket.WithIdempotencyKey(d.as(d.ana), "once")
			return must(d.Create(ctx, ticket.Create{Kind: "incident", Title: "once", RequesterID: d.carla}))(t)
		}
		first := create()
		d.world.Clock.Advance(-48 * time.Hour)
		if err := d.ForgetIdempotencyKeys(d.world.System()); err != nil {
			t.Fatal(err)
		}
		if again := create(); again.ID != first.ID {
			t.Errorf("made twice: %s and %s", first.Number, again.Number)
		}
	})
}
