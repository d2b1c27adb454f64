package ticket_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// sameFold compares two tickets but for what every save moves.
func sameFold(t *testing.T, want, got ticket.Ticket) {
	t.Helper()
	ignored := cmpopts.IgnoreFields(ticket.Ticket{}, "Version", "LastSeq", "UpdatedAt")
	if diff := cmp.Diff(want, got, ignored, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s is not what it was (-before +after the undo):\n%s", want.Number, diff)
	}
}

// isFold checks that a ticket's row is what its timeline says.
func (d desk) isFold(t *testing.T, tk ticket.Ticket) {
	t.Helper()
	now := d.get(t, tk)
	folded, err := ticket.Replay(now.ID, now.Number, d.timeline(t, now), d.definition(t, now.Kind))
	if err != nil {
		t.Fatal(err)
	}
	ignored := cmpopts.IgnoreFields(ticket.Ticket{}, "Version")
	if diff := cmp.Diff(folded, now, ignored, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the row of %s is not the fold of its timeline (-fold +row):\n%s", now.Number, diff)
	}
}

func (d desk) items(t *testing.T, person int64, op ticket.Operation) []ticket.ItemOf {
	t.Helper()
	return must(d.OperationItems(d.as(person), &op, ticket.ItemQuery{}))(t)
}

func TestAnOperationIsUndoneAsFarAsNobodyChangedAnything(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		a, b, c := d.incident(t, "Printer jams"), d.incident(t, "Printer on fire"), d.resolve(t, d.incident(t, "Printer solved"))
		before := []ticket.Ticket{d.get(t, a), d.get(t, b), d.get(t, c)}
		d.world.Clock.Advance(time.Hour)
		tags := []string{"printer"}
		op := must(d.Operate(d.as(d.ana), ticket.Act{Kind: ticket.BulkEdit}, func(ctx context.Context, batch *ticket.Batch) error {
			for _, one := range before {
				err := batch.Try(ctx, ticket.ByID(one.ID), func(ctx context.Context, ref ticket.Ref) error {
					if _, err := batch.Edit(ctx, ref, ticket.Edit{GroupID: &d.printing, Tags: &tags, Impact: ptr(1)}); err != nil {
						return err
					}
					_, err := batch.Transition(ctx, ref, ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "New printer."})
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		}))(t)
		if op.Counts[ticket.OutcomeChanged] != 2 || op.Counts[ticket.OutcomeFailed] != 1 || op.State != ticket.Done {
			t.Fatalf("the operation came out as %+v", op)
		}
		items := d.items(t, d.ana, op)
		if len(items) != 3 || items[2].Outcome != ticket.OutcomeFailed || items[2].Message == "" {
			t.Errorf("items %+v", items)
		}
		sameFold(t, before[2], d.get(t, c)) // what was refused half-way is gone whole
		if now := d.get(t, a); now.GroupID != d.printing || now.State != "resolved" || now.Priority != 2 {
			t.Fatalf("changed to %+v", now)
		}

		d.world.Clock.Advance(time.Hour)
		// Meanwhile somebody moves one of them on, and tags it.
		more := []string{"printer", "urgent"}
		must(d.Edit(d.as(d.ben), ticket.ByID(b.ID), ticket.Edit{AssigneeID: &d.ben, Tags: &more}))(t)
		undone := must(d.Undo(d.as(d.ana), op.ID))(t)
		if undone.State != ticket.Taken || undone.Counts[ticket.OutcomeUndone] != 1 || undone.Counts[ticket.OutcomePartly] != 1 {
			t.Errorf("the undo came out as %+v", undone)
		}
		sameFold(t, before[0], d.get(t, a))
		now := d.get(t, b)
		if now.State != "new" || now.GroupID != d.printing || now.AssigneeID != d.ben || !cmp.Equal(now.Tags, []string{"urgent"}) || !now.ResolvedAt.IsZero() || now.ReopenCount != 0 {
			t.Errorf("after the undo %+v", now)
		}
		kept := d.items(t, d.ana, undone)[1].Kept
		if len(kept) != 1 || kept[0].Why != ticket.KeptChanged || kept[0].By.ID != d.ben {
			t.Errorf("kept %+v", kept)
		}
		for _, one := range before {
			d.isFold(t, one)
		}
		events := d.timeline(t, a)
		last := events[len(events)-1]
		if last.Type != ticket.Undone || last.Operation != op.ID || last.Internal {
			t.Errorf("the timeline ends with %+v", last)
		}
		_, err := d.Undo(d.as(d.ana), op.ID)
		wantKind(t, err, apperr.Conflict)
	})
}

func TestWhoMayUndoAnOperation(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		a := d.incident(t, "Switch down")
		act := func() ticket.Operation {
			return must(d.Operate(d.as(d.ana), ticket.Act{Kind: ticket.RunMacro, Title: "Escalate"}, func(ctx context.Context, b *ticket.Batch) error {
				_, err := b.Edit(ctx, ticket.ByID(a.ID), ticket.Edit{Impact: ptr(1)})
				return err
			}))(t)
		}
		op := act()
		for name, who := range map[string]int64{"requester": d.carla, "supplier": d.sam, "auditor": d.audrey, "service owner": d.oscar} {
			_, err := d.Undo(d.as(who), op.ID)
			if !apperr.Is(err, apperr.NotFound) {
				t.Errorf("a %s got %v", name, err)
			}
			if _, err := d.Operation(d.as(who), op.ID); !apperr.Is(err, apperr.NotFound) {
				t.Errorf("a %s saw it: %v", name, err)
			}
		}
		if seen := must(d.Operation(d.as(d.lea), op.ID))(t); seen.Counts != nil || seen.Wish != nil {
			t.Errorf("somebody else's operation says %+v", seen)
		}
		if undone := must(d.Undo(d.as(d.lea), op.ID))(t); undone.UndoneBy != d.lea || d.get(t, a).Impact != 2 {
			t.Errorf("a lead's undo came out as %+v", undone)
		}
		op = act()
		d.world.Clock.Advance(ticket.UndoFor + time.Second)
		_, err := d.Undo(d.as(d.ana), op.ID)
		wantKind(t, err, apperr.Conflict)
		if list, _, err := d.Operations(d.as(d.lea), ticket.OperationQuery{}); err != nil || len(list) != 0 {
			t.Errorf("the lead's own operations: %v, %v", list, err)
		}
		if list, more, err := d.Operations(d.as(d.lea), ticket.OperationQuery{Everybody: true, Limit: 1}); err != nil || len(list) != 1 || !more {
			t.Errorf("everybody's operations: %v, %v, %v", list, more, err)
		}
	})
}

// TestAnOperationOfSomebodyElseIsUndoneWholeOrNotAtAll for those who may edit many
// at once, but not every ticket that it changed.
func TestAnOperationOfSomebodyElseIsUndoneWholeOrNotAtAll(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		var permissions []access.Permission
		for _, verb := range []access.Verb{access.View, access.Edit, access.Bulk} {
			permissions = append(permissions, access.Permission{Verb: verb, Kind: access.AnyKind, Scope: access.ScopeGroup})
		}
		must(d.world.Roles.Create(d.world.System(), access.Role{Key: "group_lead", Name: "Group lead", Permissions: permissions}))(t)
		gus := d.world.Person("Gus Group", must(d.world.People.Person(d.world.System(), d.ana))(t).OrganisationID, "group_lead")
		if err := d.world.People.SetMember(d.world.System(), d.network, gus, false); err != nil {
			t.Fatal(err)
		}
		ours, theirs := d.incident(t, "Switch down"), d.incident(t, "Printer jams")
		must(d.Edit(d.as(d.ana), ref(theirs), ticket.Edit{GroupID: &d.printing}))(t)
		act := func(tickets ...ticket.Ticket) ticket.Operation {
			return must(d.Operate(d.as(d.ana), ticket.Act{Kind: ticket.BulkEdit}, func(ctx context.Context, b *ticket.Batch) error {
				for _, tk := range tickets {
					if _, err := b.Edit(ctx, ref(tk), ticket.Edit{Impact: ptr(1)}); err != nil {
						return err
					}
				}
				return nil
			}))(t)
		}
		both := act(ours, theirs)
		_, err := d.Undo(d.as(gus), both.ID)
		wantKind(t, err, apperr.Forbidden)
		if d.get(t, ours).Impact != 1 {
			t.Error("a part was undone")
		}
		must(d.Undo(d.as(d.ana), both.ID))(t)
		_, err = d.Undo(d.as(gus), act(theirs).ID)
		wantKind(t, err, apperr.NotFound)
		if undone := must(d.Undo(d.as(gus), act(ours).ID))(t); undone.UndoneBy != gus {
			t.Errorf("%+v", undone)
		}
	})
}

func TestRepliesAreNotTakenBack(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		a := d.incident(t, "No network")
		must(d.Reply(d.as(d.carla), ticket.ByID(a.ID), ticket.PublicReply{Body: "Hello?"}))(t)
		op := must(d.Operate(d.as(d.ana), ticket.Act{Kind: ticket.BulkEdit}, func(ctx context.Context, b *ticket.Batch) error {
			if _, err := b.Reply(ctx, ticket.ByID(a.ID), ticket.PublicReply{Body: "We know."}); err != nil {
				return err
			}
			_, err := b.Edit(ctx, ticket.ByID(a.ID), ticket.Edit{Impact: ptr(1)})
			return err
		}))(t)
		must(d.Undo(d.as(d.ana), op.ID))(t)
		now := d.get(t, a)
		if now.Impact != 2 || !now.UnansweredSince.IsZero() || now.FirstResponseAt.IsZero() {
			t.Errorf("after the undo %+v", now)
		}
		item := d.items(t, d.ana, op)[0]
		if item.Outcome != ticket.OutcomePartly || len(item.Kept) != 1 || item.Kept[0].Why != ticket.KeptSent {
			t.Errorf("the item says %+v", item)
		}
		d.isFold(t, a)
	})
}

func TestARehearsalChangesNothing(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		a, b := d.incident(t, "One"), d.resolve(t, d.incident(t, "Two"))
		before := d.get(t, a)
		items := must(d.Rehearse(d.as(d.ana), ticket.Act{Kind: ticket.BulkEdit}, func(ctx context.Context, batch *ticket.Batch) error {
			for _, one := range []ticket.Ticket{a, b} {
				if err := batch.Try(ctx, ticket.ByID(one.ID), func(ctx context.Context, ref ticket.Ref) error {
					_, err := batch.Transition(ctx, ref, ticket.Step{Transition: "start"})
					return err
				}); err != nil {
					return err
				}
			}
			return nil
		}))(t)
		if len(items) != 2 || items[0].Outcome != ticket.OutcomeChanged || items[1].Outcome != ticket.OutcomeFailed {
			t.Errorf("rehearsed %+v", items)
		}
		if now := d.get(t, a); now.Version != before.Version {
			t.Errorf("the rehearsal saved %+v", now)
		}
	})
}

func TestManyTicketsAreDoneInParts(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		var ids []int64
		for i := range 7 {
			ids = append(ids, d.incident(t, fmt.Sprintf("Ticket %d", i)).ID)
		}
		enqueued := 0
		op := must(d.Enlist(d.as(d.ana), ticket.Act{Kind: ticket.BulkEdit}, ids, func(context.Context, *database.Tx, ticket.Operation) error {
			enqueued++
			return nil
		}))(t)
		do := func(who int64) (ticket.Operation, error) {
			return d.Advance(d.as(who), op.ID, 3, func(ctx context.Context, b *ticket.Batch, ref ticket.Ref) error {
				_, err := b.Edit(ctx, ref, ticket.Edit{Urgency: ptr(1)})
				return err
			})
		}
		_, err := do(d.lea)
		wantKind(t, err, apperr.Forbidden)
		_, err = d.Undo(d.as(d.ana), op.ID)
		wantKind(t, err, apperr.Conflict)
		for part, want := range []int{3, 6, 7} {
			now := must(do(d.ana))(t)
			if now.Counts[ticket.OutcomeChanged] != want || (now.State == ticket.Done) != (want == 7) {
				t.Errorf("after part %d: %+v", part+1, now)
			}
		}
		undone := must(d.Undo(d.as(d.ana), op.ID))(t)
		if enqueued != 1 || undone.Counts[ticket.OutcomeUndone] != 7 || undone.State != ticket.Taken {
			t.Errorf("enqueued %d times, undone %+v", enqueued, undone)
		}
	})
}

// TestUndoRestoresEveryFold does random things to random tickets in one operation
// and takes them back: every ticket is then what it was, and what its timeline says.
func TestUndoRestoresEveryFold(t *testing.T) {
	t.Parallel()
	d := sqliteDesk(t)
	const seeds = 40
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // repeatable on purpose
		var all []ticket.Ticket
		for i := range 5 {
			tk := d.incident(t, fmt.Sprintf("Seed %d, ticket %d", seed, i))
			switch r.IntN(4) {
			case 0:
				tk = d.resolve(t, tk)
			case 1:
				tk = must(d.Reply(d.as(d.carla), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Any news?"}))(t)
			case 2:
				tk = must(d.Link(d.as(d.ana), ticket.ByID(tk.ID), ticket.ChildOf, ticket.ByID(d.incident(t, "Parent").ID)))(t)
			}
			all = append(all, d.get(t, tk))
		}
		d.world.Clock.Advance(time.Minute)
		links := d.linkCounts(t, all)
		op := must(d.Operate(d.as(d.ana), ticket.Act{Kind: ticket.RunMacro}, func(ctx context.Context, b *ticket.Batch) error {
			for range 12 {
				d.doSomething(ctx, r, b, all)
			}
			return nil
		}))(t)
		d.world.Clock.Advance(time.Minute)
		undone := must(d.Undo(d.as(d.ana), op.ID))(t)
		if undone.State != ticket.Taken || undone.Counts[ticket.OutcomeKept]+undone.Counts[ticket.OutcomePartly] > 0 {
			t.Errorf("seed %d: %+v", seed, undone)
		}
		for _, before := range all {
			sameFold(t, before, d.get(t, before))
			d.isFold(t, before)
		}
		if diff := cmp.Diff(links, d.linkCounts(t, all)); diff != "" {
			t.Errorf("seed %d: links differ:\n%s", seed, diff)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (d desk) linkCounts(t *testing.T, all []ticket.Ticket) map[string]int {
	t.Helper()
	out := map[string]int{}
	for i := range all {
		out[all[i].Number] = len(must(d.Links(d.as(d.ana), &all[i]))(t))
	}
	return out
}

// doSomething does one random thing; what is refused has no effect.
func (d desk) doSomething(ctx context.Context, r *rand.Rand, b *ticket.Batch, all []ticket.Ticket) {
	ref, other := ticket.ByID(all[r.IntN(len(all))].ID), ticket.ByID(all[r.IntN(len(all))].ID)
	tags := []string{[]string{"a", "b", "c"}[r.IntN(3)]}
	title := fmt.Sprint("Renamed ", r.IntN(9))
	acts := []func(ctx context.Context, ref ticket.Ref) error{
		func(ctx context.Context, ref ticket.Ref) error {
			_, err := b.Edit(ctx, ref, ticket.Edit{GroupID: &d.printing, Tags: &tags})
			return err
		},
		func(ctx context.Context, ref ticket.Ref) error {
			_, err := b.Edit(ctx, ref, ticket.Edit{Title: &title, Priority: ptr(1), PriorityReason: "VIP", ServiceID: &d.payroll})
			return err
		},
		func(ctx context.Context, ref ticket.Ref) error {
			_, err := b.Edit(ctx, ref, ticket.Edit{AssigneeID: &d.ana, RequesterID: &d.colin})
			return err
		},
		func(ctx context.Context, ref ticket.Ref) error {
			_, err := b.Transition(ctx, ref, ticket.Step{Transition: "resolve", ResolutionCode: "gone", Resolution: "Gone."})
			return err
		},
		func(ctx context.Context, ref ticket.Ref) error {
			_, err := b.Transition(ctx, ref, ticket.Step{Transition: "hold", Reason: "vendor"})
			return err
		},
		func(ctx context.Context, ref ticket.Ref) error {
			_, err := b.Watch(ctx, ref, r.IntN(2) == 0)
			return err
		},
		func(ctx context.Context, ref ticket.Ref) error {
			_, err := b.Link(ctx, ref, ticket.DuplicateOf, other)
			return err
		},
		func(ctx context.Context, ref ticket.Ref) error {
			_, err := b.Link(ctx, ref, ticket.ChildOf, other)
			return err
		},
	}
	act := acts[r.IntN(len(acts))]
	_ = b.Try(ctx, ref, act)
}
