package snooze_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/desk/snooze"
)

func TestATicketSetAsideLeavesTheListsThatSayItAndNothingElseChanges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "Printer jams")
		w.set(t, w.ana, tk, snooze.SetAside{Until: w.in(3 * time.Hour), Reason: "  the part\ncomes "})
		for filter, want := range map[string]int{
			"snoozed:me": 1, "-snoozed:me": 0, "snoozed:any": 1, "snoozed:none": 0, "snoozed-until:<4h": 1, "snoozed-until:<2h": 0, "back:me": 0, "state:open": 1,
		} {
			if got := w.finds(t, w.ana, filter); got != want {
				t.Errorf("Ana finds %d by %s, want %d", got, filter, want)
			}
		}
		if w.finds(t, w.ben, "-snoozed:me") != 1 {
			t.Error("it left Ben's list")
		}
		now := w.get(t, tk)
		if now.State != tk.State || now.Category != tk.Category || now.AssigneeID != w.ana || now.Version != tk.Version+1 {
			t.Errorf("it became %+v", now)
		}
		if last := w.said.last(); !last.InternalOnly || last.TicketID != tk.ID {
			t.Errorf("announced was %+v", last)
		}
		open := w.open(t, w.ana, tk)
		if len(open) != 1 || open[0].Reason != "the part comes" || !open[0].Asleep() || len(w.open(t, w.ben, tk)) != 0 {
			t.Errorf("%+v", open)
		}
	})
}

func TestATeamSetsAsideForItsMembers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		_, err := w.snoozes.Set(w.As(w.ana), ticket.ByID(tk.ID), snooze.SetAside{Until: w.in(time.Hour), Group: w.printing})
		want(t, err, apperr.Invalid, "group")
		z := w.set(t, w.ana, tk, snooze.SetAside{Until: w.in(time.Hour), Group: w.network})
		for person, want := range map[int64]int{w.ana: 1, w.lea: 1, w.ben: 0} {
			if got := w.finds(t, person, "snoozed:me"); got != want {
				t.Errorf("%d finds %d", person, got)
			}
		}
		want(t, w.snoozes.Wake(w.As(w.ben), ticket.ByID(tk.ID), z.ID, false), apperr.NotFound)
		ok(t, w.snoozes.Wake(w.As(w.lea), ticket.ByID(tk.ID), z.ID, false))
		if w.finds(t, w.ana, "snoozed:any") != 0 || w.finds(t, w.ana, "back:any") != 0 {
			t.Error("it sleeps on, or is marked although somebody fetched it")
		}
	})
}

// TestWhatHappensBringsItBack tries every event against every way of waiting.
func TestWhatHappensBringsItBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		events := map[string]func(ref ticket.Ref) error{
			"the requester's reply": func(ref ticket.Ref) error {
				_, err := w.tickets.Reply(w.As(w.asker), ref, ticket.PublicReply{Body: "Now it works."})
				return err
			},
			"a colleague's reply": func(ref ticket.Ref) error {
				_, err := w.tickets.Reply(w.As(w.ben), ref, ticket.PublicReply{Body: "Any news?"})
				return err
			},
			"one's own note": func(ref ticket.Ref) error {
				_, err := w.tickets.Note(w.As(w.ana), ref, ticket.InternalNote{Body: "Called."})
				return err
			},
			"a colleague's aside": func(ref ticket.Ref) error {
				_, err := w.snoozes.Set(w.As(w.ben), ref, snooze.SetAside{Until: w.in(time.Hour)})
				return err
			},
			"the end": func(ref ticket.Ref) error {
				_, err := w.tickets.Transition(w.As(w.ben), ref, ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."})
				return err
			},
		}
		woken := map[snooze.Event]map[string]snooze.Cause{
			snooze.NoEvent:  {"the end": snooze.ByDone},
			snooze.Answered: {"the requester's reply": snooze.ByAnswer, "the end": snooze.ByDone},
			snooze.Changed:  {"the requester's reply": snooze.ByChange, "a colleague's reply": snooze.ByChange, "the end": snooze.ByDone},
		}
		for wakes, causes := range woken {
			for name, happen := range events {
				tk := w.incident(t, name)
				ref := ticket.ByID(tk.ID)
				z := w.set(t, w.ana, tk, snooze.SetAside{Until: w.in(24 * time.Hour), Wakes: wakes})
				ok(t, happen(ref))
				by, back := stored(t, w, z)
				if by != causes[name] || back != causes[name].Marks() {
					t.Errorf("waiting for %q, %s: ended by %q, marked %v", wakes, name, by, back)
				}
				if marked := w.finds(t, w.ana, "back:me number:"+tk.Number) == 1; marked != back {
					t.Errorf("waiting for %q, %s: found back %v", wakes, name, marked)
				}
			}
		}
	})
}

func stored(t *testing.T, w *world, z snooze.Snooze) (by snooze.Cause, back bool) {
	t.Helper()
	err := w.DB.Reader().QueryRow(t.Context(), `SELECT woken_by, woken_at IS NOT NULL AND seen_at IS NULL FROM snoozes WHERE id = $1`, z.ID).Scan(&by, &back)
	ok(t, err)
	return by, back
}

func TestItComesBackOnceOnManyNodesAlsoAfterDowntime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		w.set(t, w.ana, tk, snooze.SetAside{Until: w.in(time.Hour), Reason: "the part comes"})
		w.Clock.Advance(5 * time.Hour) // nothing ran when its time came
		nodes := []*node{w.node}
		if w.DB.Engine() == database.PostgreSQL { // SQLite serves one process
			nodes = append(nodes, newNode(t, w.World))
		}
		for _, n := range nodes {
			ok(t, n.queue.Start(t.Context()))
			ok(t, n.snoozes.Sweep(t.Context()))
		}
		deadline := time.NewTimer(30 * time.Second)
		defer deadline.Stop()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for w.finds(t, w.ana, "back:me") == 0 {
			select {
			case <-tick.C:
			case <-deadline.C:
				t.Fatal("it does not come back")
			}
		}
		for _, n := range nodes {
			ok(t, n.queue.Stop(t.Context()))
		}
		if got := w.acts(t, tk); !slices.Equal(got, []string{"activity.snooze.set", "activity.snooze.back"}) {
			t.Errorf("the timeline has %v", got)
		}
		open := w.open(t, w.ana, tk)
		if len(open) != 1 || open[0].WokenBy != snooze.ByTime || open[0].Asleep() {
			t.Fatalf("%+v", open)
		}
		// Whoever does something about it has seen the mark.
		_, err := w.tickets.Note(w.As(w.ana), ticket.ByID(tk.ID), ticket.InternalNote{Body: "Installed."})
		ok(t, err)
		if w.finds(t, w.ana, "back:me") != 0 {
			t.Error("the mark stays")
		}
	})
}

func TestALinkedTicketsEndBringsItBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		waiting, cause, stranger := w.incident(t, "waits"), w.incident(t, "cause"), w.incident(t, "stranger")
		_, err := w.tickets.Link(w.As(w.ana), ticket.ByID(waiting.ID), ticket.CausedBy, ticket.ByID(cause.ID))
		ok(t, err)
		_, err = w.snoozes.Set(w.As(w.ana), ticket.ByID(waiting.ID), snooze.SetAside{Wakes: snooze.Linked, Linked: ticket.ByNumber(stranger.Number)})
		want(t, err, apperr.Invalid, "linked")
		z := w.set(t, w.ana, waiting, snooze.SetAside{Wakes: snooze.Linked, Linked: ticket.ByNumber(cause.Number)})
		_, err = w.tickets.Transition(w.As(w.ben), ticket.ByID(cause.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."})
		ok(t, err)
		ok(t, w.queue.Start(t.Context()))
		deadline := time.NewTimer(30 * time.Second)
		defer deadline.Stop()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			if by, back := stored(t, w, z); by == snooze.ByLinked && back {
				break
			}
			select {
			case <-tick.C:
			case <-deadline.C:
				t.Fatal("it does not come back")
			}
		}
		ok(t, w.queue.Stop(t.Context()))
	})
}

func TestWakingEarlyAndTakingItBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		ref := ticket.ByID(tk.ID)
		z := w.set(t, w.ana, tk, snooze.SetAside{Until: w.in(time.Hour)})
		ok(t, w.snoozes.Wake(w.As(w.ana), ref, z.ID, false))
		ok(t, w.snoozes.Wake(w.As(w.ana), ref, z.ID, false)) // twice is no error
		if w.finds(t, w.ana, "snoozed:me") != 0 {
			t.Error("it sleeps on")
		}
		ok(t, w.snoozes.Resume(w.As(w.ana), ref, z.ID))
		if w.finds(t, w.ana, "snoozed:me") != 1 {
			t.Error("it does not sleep again")
		}
		ok(t, w.snoozes.Wake(w.As(w.ana), ref, z.ID, true))
		want(t, w.snoozes.Resume(w.As(w.ana), ref, z.ID), apperr.Conflict)
		other := w.set(t, w.ana, tk, snooze.SetAside{Until: w.in(time.Hour)})
		ok(t, w.snoozes.Wake(w.As(w.ana), ref, other.ID, false))
		w.set(t, w.ana, tk, snooze.SetAside{Until: w.in(time.Hour)})
		want(t, w.snoozes.Resume(w.As(w.ana), ref, other.ID), apperr.Conflict)
		ok(t, nil)
		w.Clock.Advance(3 * time.Hour)
		want(t, w.snoozes.Resume(w.As(w.ana), ref, other.ID), apperr.Conflict)
	})
}

func TestSettingAsideAgainTakesThePlaceOfTheFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		first := w.set(t, w.ana, tk, snooze.SetAside{Until: w.in(time.Hour)})
		w.set(t, w.ana, tk, snooze.SetAside{Until: w.in(5 * time.Hour)})
		if by, _ := stored(t, w, first); by != snooze.ByReplaced {
			t.Errorf("the first was ended by %q", by)
		}
		w.Clock.Advance(2 * time.Hour)
		ok(t, w.snoozes.Sweep(t.Context()))
		if w.finds(t, w.ana, "snoozed:me") != 1 || w.finds(t, w.ana, "back:me") != 0 {
			t.Error("it came back at the time that was replaced")
		}
	})
}

func TestTheSameRequestSetsAsideOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		cmd := snooze.SetAside{Until: w.in(time.Hour)}
		var ids []int64
		for range 2 {
			z, err := w.snoozes.Set(once.With(w.As(w.ana), "k"), ticket.ByID(tk.ID), cmd)
			ok(t, err)
			ids = append(ids, z.ID)
		}
		if ids[0] != ids[1] || len(w.acts(t, tk)) != 1 {
			t.Errorf("%v, %v", ids, w.acts(t, tk))
		}
	})
}

func TestWhoMaySetAsideAndWhatIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "x", RequesterID: w.asker, GroupID: w.vendors})
		ok(t, err)
		set := func(ctx context.Context, cmd snooze.SetAside) error {
			_, err := w.snoozes.Set(ctx, ticket.ByID(tk.ID), cmd)
			return err
		}
		later := snooze.SetAside{Until: w.in(time.Hour)}
		want(t, set(w.As(w.asker), later), apperr.Forbidden)
		want(t, set(w.As(w.vendor), later), apperr.Forbidden)
		want(t, set(t.Context(), later), apperr.Forbidden)
		want(t, set(w.As(w.ana), snooze.SetAside{}), apperr.Invalid, "until")
		want(t, set(w.As(w.ana), snooze.SetAside{Until: w.in(-time.Second)}), apperr.Invalid, "until")
		want(t, set(w.As(w.ana), snooze.SetAside{Until: w.in(400 * 24 * time.Hour)}), apperr.Invalid, "until")
		want(t, set(w.As(w.ana), snooze.SetAside{Wakes: "moon"}), apperr.Invalid, "wakes")
		want(t, set(w.As(w.ana), snooze.SetAside{Wakes: snooze.Linked}), apperr.Invalid, "linked")
		want(t, set(w.As(w.ana), snooze.SetAside{Until: w.in(time.Hour), Reason: string(make([]byte, 300))}), apperr.Invalid, "reason")
		_, err = w.tickets.Transition(w.As(w.ana), ticket.ByID(tk.ID), ticket.Step{Transition: "cancel", Comment: "x"})
		ok(t, err)
		want(t, set(w.As(w.ana), snooze.SetAside{Until: w.in(time.Hour)}), apperr.Conflict)
		if w.finds(t, w.asker, "snoozed:none") != 0 || w.finds(t, w.vendor, "snoozed:any") != 0 {
			t.Error("those outside learn by a filter what is set aside")
		}
	})
}
