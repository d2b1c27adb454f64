package draft_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/desk/draft"
)

func TestADraftIsSharedReviewedAndSentByAnother(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "VPN drops")
		d := w.share(t, tk, draft.Share{Body: "Please restart the client.", ReviewerID: w.lea, Asked: "Is the tone right?"})
		if d.Author != "Ana Agent" || d.Version != 1 || !d.WaitsFor(w.lea) || d.Reviewer != "Lea Leader" {
			t.Fatalf("%+v", d)
		}
		if got := w.told(t, w.lea); !slices.Equal(got, []string{"reviewer ask"}) {
			t.Errorf("Lea is told %v", got)
		}
		for _, person := range []int64{w.ana, w.ben, w.lea} {
			if got := w.sees(t, person, tk); len(got) != 1 {
				t.Errorf("%d sees %v", person, got)
			}
		}
		_, err := w.drafts.Review(w.As(w.ana), ticket.ByID(tk.ID), d.ID, draft.Finding{Verdict: draft.Ready})
		want(t, err, apperr.Forbidden)
		_, err = w.drafts.Review(w.As(w.lea), ticket.ByID(tk.ID), d.ID, draft.Finding{Version: 1, Verdict: draft.Change, Remark: "Say why."})
		ok(t, err)
		asked := w.lea
		d, err = w.drafts.Change(w.As(w.ana), ticket.ByID(tk.ID), d.ID, draft.Edit{Version: 1, Body: "Please restart the client: it was updated.", Reviewer: &asked})
		ok(t, err)
		if !d.WaitsFor(w.lea) || d.Version != 2 {
			t.Errorf("%+v", d)
		}
		_, err = w.drafts.Review(w.As(w.lea), ticket.ByID(tk.ID), d.ID, draft.Finding{Version: 2, Verdict: draft.Ready})
		ok(t, err)
		saved, err := w.drafts.Send(w.As(w.ben), ticket.ByID(tk.ID), d.ID, 2)
		ok(t, err)
		if got := w.told(t, w.ana); !slices.Equal(got, []string{"author sent", "author ready", "author change"}) {
			t.Errorf("Ana is told %v", got)
		}
		events := w.events(t, saved)
		last := events[len(events)-1]
		if last.Type != ticket.Replied || last.Internal || last.Actor.ID != w.ben || last.Body != "Please restart the client: it was updated." {
			t.Errorf("%+v", last)
		}
		if c, said := last.Change(ticket.ActivityPrefix + "draft.by"); !said || !strings.Contains(c.To, "Ana Agent") || !strings.Contains(c.To, "Lea Leader") {
			t.Errorf("it does not say who drafted it: %+v", last.Changes)
		}
		if got := w.acts(t, tk); !slices.Equal(got, []string{"shared", "reviewed", "asked", "reviewed", "by"}) {
			t.Errorf("the timeline has %v", got)
		}
		if len(w.sees(t, w.ana, tk)) != 0 {
			t.Error("what was sent is still a draft")
		}
		_, err = w.drafts.Send(w.As(w.lea), ticket.ByID(tk.ID), d.ID, 2)
		want(t, err, apperr.NotFound)
	})
}

// TestNothingOfADraftLeavesBeforeItIsSent looks at all that outsiders get, and at
// what stands in the timeline and the index.
func TestNothingOfADraftLeavesBeforeItIsSent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const secret = "Xylophone"
		tk := w.incident(t, "VPN drops")
		_, err := w.tickets.Watch(w.As(w.asker), ticket.ByID(tk.ID), true)
		ok(t, err)
		_, err = w.tickets.Edit(w.System(), ticket.ByID(tk.ID), ticket.Edit{GroupID: &w.vendors, AssigneeID: &w.vendor})
		ok(t, err)
		d := w.share(t, tk, draft.Share{Body: secret, ReviewerID: w.lea, Asked: secret})
		n := w.share(t, tk, draft.Share{Kind: draft.Note, Body: secret})
		_, err = w.drafts.Review(w.As(w.ben), ticket.ByID(tk.ID), d.ID, draft.Finding{Verdict: draft.Change, Remark: secret})
		ok(t, err)
		ref := ticket.ByID(tk.ID)
		for name, person := range map[string]int64{"the requester": w.asker, "the supplier's agent": w.vendor, "who may only read": w.reader} {
			if got := w.sees(t, person, tk); len(got) != 0 {
				t.Errorf("%s sees %v", name, got)
			}
			ctx := w.As(person)
			now, err := w.tickets.Get(ctx, ref)
			if err != nil {
				t.Fatalf("%s does not see the ticket: %v", name, err)
			}
			_, err = w.drafts.Get(ctx, &now, d.ID)
			want(t, err, apperr.NotFound)
			_, err = w.drafts.Share(ctx, ref, draft.Share{Kind: draft.Reply, Body: "Mine"})
			want(t, err, apperr.Forbidden)
			_, err = w.drafts.Change(ctx, ref, d.ID, draft.Edit{Body: "Mine"})
			want(t, err, apperr.NotFound)
			_, err = w.drafts.Review(ctx, ref, n.ID, draft.Finding{Verdict: draft.Ready})
			want(t, err, apperr.NotFound)
			_, err = w.drafts.Send(ctx, ref, d.ID, 1)
			want(t, err, apperr.NotFound)
			want(t, w.drafts.TakeBack(ctx, ref, d.ID), apperr.NotFound)
			want(t, w.drafts.Discard(ctx, ref, d.ID), apperr.NotFound)
			want(t, w.drafts.Restore(ctx, ref, d.ID), apperr.NotFound)
			_, err = w.drafts.Share(w.As(w.ana), ref, draft.Share{Kind: draft.Reply, Body: "x", ReviewerID: person})
			want(t, err, apperr.Invalid, "reviewer")
			if list, err := w.drafts.Mine(ctx); err != nil || len(list.Mine)+len(list.Waiting)+len(list.Private) != 0 {
				t.Errorf("%s has %+v, %v", name, list, err)
			}
		}
		public, err := w.tickets.PublicTimeline(w.As(w.asker), &tk, 0, 0)
		ok(t, err)
		for _, e := range public {
			if strings.Contains(fmt.Sprintf("%+v", e), "draft") || strings.Contains(fmt.Sprintf("%+v", e), secret) {
				t.Errorf("the requester reads %+v", e)
			}
		}
		for _, e := range w.events(t, tk) {
			if strings.Contains(fmt.Sprintf("%+v", e), secret) {
				t.Errorf("the timeline has %+v", e)
			}
		}
		for _, words := range []string{secret} {
			hits, err := w.tickets.Find(w.As(w.ben), []filter.Word{{Text: words}}, 10)
			ok(t, err)
			if len(hits) != 0 {
				t.Errorf("a search for %s finds %+v", words, hits)
			}
		}
		var found int
		ok(t, w.DB.Reader().QueryRow(t.Context(), `SELECT COUNT(*) FROM notices WHERE NOT internal AND kind = 'review' OR detail LIKE '%`+secret+`%' OR title LIKE '%`+secret+`%'`).Scan(&found))
		if found != 0 {
			t.Errorf("%d notices speak of it", found)
		}
		for _, topic := range w.said.of(draft.Event) {
			if !strings.HasPrefix(topic, "desk:") {
				t.Errorf("%s hears of it", topic)
			}
		}
		// When it is sent, who drafted it is for colleagues.
		_, err = w.drafts.Send(w.As(w.ben), ref, d.ID, 0)
		ok(t, err)
		public, err = w.tickets.PublicTimeline(w.As(w.asker), &tk, 0, 0)
		ok(t, err)
		last := fmt.Sprintf("%+v", public[len(public)-1])
		if !strings.Contains(last, secret) || strings.Contains(last, "Ana") || strings.Contains(last, "draft") {
			t.Errorf("the requester reads %s", last)
		}
	})
}

func TestWhoIsSlowerLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "VPN drops")
		ref := ticket.ByID(tk.ID)
		d := w.share(t, tk, draft.Share{Body: "One"})
		_, err := w.drafts.Change(w.As(w.ben), ref, d.ID, draft.Edit{Version: 1, Body: "Two, by Ben"})
		ok(t, err)
		_, err = w.drafts.Change(w.As(w.lea), ref, d.ID, draft.Edit{Version: 1, Body: "Two, by Lea"})
		want(t, err, apperr.Conflict)
		now, is := draft.ConflictOf(err)
		if !is || now.Body != "Two, by Ben" || now.Editor != "Ben Agent" || now.Version != 2 {
			t.Fatalf("the conflict carries %+v", now)
		}
		_, err = w.drafts.Send(w.As(w.lea), ref, d.ID, 1)
		want(t, err, apperr.Conflict)
		_, err = w.drafts.Review(w.As(w.lea), ref, d.ID, draft.Finding{Version: 1, Verdict: draft.Ready})
		want(t, err, apperr.Conflict)
		d, err = w.drafts.Change(w.As(w.lea), ref, d.ID, draft.Edit{Version: now.Version, Body: "Both"})
		ok(t, err)
		texts, err := w.drafts.Texts(w.As(w.ana), &d)
		ok(t, err)
		var said []string
		for _, x := range texts {
			said = append(said, x.Editor+": "+x.Body)
		}
		if !slices.Equal(said, []string{"Ben Agent: Two, by Ben", "Ana Agent: One"}) {
			t.Errorf("the versions are %v", said)
		}
		if topics := w.said.of(draft.Event); len(topics) != 2 || topics[0] != fmt.Sprintf("desk:%d", tk.ID) {
			t.Errorf("told were %v", topics)
		}
		for range 30 {
			d, err = w.drafts.Change(w.As(w.lea), ref, d.ID, draft.Edit{Version: d.Version, Body: fmt.Sprint("Version after ", d.Version)})
			ok(t, err)
		}
		if texts, err = w.drafts.Texts(w.As(w.ana), &d); err != nil || len(texts) != 20 {
			t.Errorf("%d versions are kept, %v", len(texts), err)
		}
	})
}

func TestAMergedTicketsDraftsGoOnWhereItDoes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two, three := w.incident(t, "One"), w.incident(t, "Two"), w.incident(t, "Three")
		d := w.share(t, one, draft.Share{Body: "Of one"})
		w.share(t, two, draft.Share{Body: "Of two"})
		merge := func(source, target ticket.Ticket) ticket.Operation {
			op, err := w.tickets.Merge(w.As(w.lea), ticket.ByID(target.ID), []ticket.Ref{ticket.ByID(source.ID)})
			ok(t, err)
			return op
		}
		first := merge(one, two)
		second := merge(two, three)
		if got := w.sees(t, w.ben, three); !slices.Equal(got, []string{"Of one", "Of two"}) {
			t.Errorf("the last target has %v", got)
		}
		if len(w.sees(t, w.ben, one))+len(w.sees(t, w.ben, two)) != 0 {
			t.Error("they are also where nothing goes on")
		}
		list, err := w.drafts.Mine(w.As(w.ana))
		ok(t, err)
		if len(list.Mine) != 2 || list.ShownOn(&list.Mine[0]).ID != three.ID {
			t.Errorf("Ana's list leads to %+v", list)
		}
		_, err = w.drafts.Send(w.As(w.ben), ticket.ByID(one.ID), d.ID, 1)
		want(t, err, apperr.Conflict)
		_, err = w.drafts.Share(w.As(w.ben), ticket.ByID(one.ID), draft.Share{Kind: draft.Reply, Body: "More"})
		want(t, err, apperr.Conflict)
		_, err = w.tickets.Undo(w.As(w.lea), second.ID)
		ok(t, err)
		if got := w.sees(t, w.ben, two); len(got) != 2 || len(w.sees(t, w.ben, three)) != 0 {
			t.Errorf("undone, the middle has %v", got)
		}
		_, err = w.tickets.Undo(w.As(w.lea), first.ID)
		ok(t, err)
		if got := w.sees(t, w.ben, one); !slices.Equal(got, []string{"Of one"}) {
			t.Errorf("undone, the first has %v", got)
		}
		merge(one, two)
		sent, err := w.drafts.Send(w.As(w.ben), ticket.ByID(two.ID), d.ID, 1)
		ok(t, err)
		if events := w.events(t, sent); sent.ID != two.ID || events[len(events)-1].Body != "Of one" {
			t.Errorf("it was sent to %s", sent.Number)
		}
	})
}

func TestItsAuthorTakesADraftBackOrDiscardsIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "VPN drops")
		ref := ticket.ByID(tk.ID)
		d := w.share(t, tk, draft.Share{Body: "Shared"})
		want(t, w.drafts.TakeBack(w.As(w.ben), ref, d.ID), apperr.Forbidden)
		want(t, w.drafts.Discard(w.As(w.ben), ref, d.ID), apperr.Forbidden)
		ok(t, w.tickets.SaveDraft(w.As(w.ana), tk.ID, "reply", "Begun since"))
		ok(t, w.drafts.TakeBack(w.As(w.ana), ref, d.ID))
		typed, err := w.tickets.Drafts(w.As(w.ana), tk.ID)
		ok(t, err)
		if len(typed) != 1 || typed[0].Body != "Begun since\n\nShared" || len(w.sees(t, w.ben, tk)) != 0 {
			t.Errorf("Ana writes %+v", typed)
		}
		want(t, w.drafts.Restore(w.As(w.ana), ref, d.ID), apperr.Conflict)

		d = w.share(t, tk, draft.Share{Body: "Again", ReviewerID: w.lea})
		ok(t, w.drafts.Discard(w.As(w.ana), ref, d.ID))
		ok(t, w.drafts.Restore(w.As(w.ana), ref, d.ID))
		if got := w.sees(t, w.ben, tk); !slices.Equal(got, []string{"Again"}) {
			t.Errorf("brought back is %v", got)
		}
		// Who left leaves it to the others.
		ana, err := w.People.Person(w.System(), w.ana)
		ok(t, err)
		_, err = w.People.UpdatePerson(w.System(), w.ana, ana.Version, people.PersonInput{Name: ana.Name, OrganisationID: ana.OrganisationID})
		ok(t, err)
		if got := w.sees(t, w.ben, tk); !slices.Equal(got, []string{"Again"}) {
			t.Errorf("of somebody who left there is %v", got)
		}
		ok(t, w.drafts.Discard(w.As(w.ben), ref, d.ID))
		if len(w.sees(t, w.lea, tk)) != 0 {
			t.Error("it is still there")
		}
	})
}

func TestAReplyWithGapsIsNotSent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "VPN drops")
		d := w.share(t, tk, draft.Share{Body: "Hello {{requester.first_name}}"})
		_, err := w.drafts.Send(w.As(w.ben), ticket.ByID(tk.ID), d.ID, 1)
		want(t, err, apperr.Invalid, "body")
		if len(w.sees(t, w.ben, tk)) != 1 {
			t.Error("it is gone")
		}
	})
}

func TestADraftHoldsItsFiles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "VPN drops")
		ref := ticket.ByID(tk.ID)
		up := func(person int64, name string) int64 {
			a, err := w.tickets.Upload(w.As(person), name, strings.NewReader("content of "+name))
			ok(t, err)
			return a.ID
		}
		d := w.share(t, tk, draft.Share{Body: "See there.", Files: []int64{up(w.ana, "plan.txt"), up(w.ana, "old.txt")}})
		w.Clock.Advance(48 * time.Hour)
		_, err := w.tickets.SweepUploads(w.System())
		ok(t, err)
		_, err = w.drafts.Change(w.As(w.ben), ref, d.ID, draft.Edit{Body: "Theirs", Files: &draft.Files{Add: []int64{up(w.ana, "not mine.txt")}}})
		want(t, err, apperr.Invalid, "attachments")
		kept, err := w.tickets.Kept(w.As(w.ben), w.DB.Reader(), d.ID)
		ok(t, err)
		_, err = w.drafts.Change(w.As(w.ben), ref, d.ID, draft.Edit{Body: "See there.", Files: &draft.Files{Keep: []int64{kept[0].ID}, Add: []int64{up(w.ben, "new.txt")}}})
		ok(t, err)
		saved, err := w.drafts.Send(w.As(w.lea), ref, d.ID, 0)
		ok(t, err)
		files, err := w.tickets.Attachments(w.As(w.asker), &saved)
		ok(t, err)
		var names []string
		for _, f := range files {
			names = append(names, f.Name)
		}
		if slices.Sort(names); !slices.Equal(names, []string{"new.txt", "plan.txt"}) {
			t.Errorf("the requester gets %v", names)
		}
	})
}

func TestDraftsDoNotPileUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "VPN drops")
		for i := range draft.MaxOnTicket {
			w.share(t, tk, draft.Share{Body: fmt.Sprint("Draft ", i)})
		}
		_, err := w.drafts.Share(w.As(w.ben), ticket.ByID(tk.ID), draft.Share{Kind: draft.Reply, Body: "One more"})
		want(t, err, apperr.Conflict)

		ok(t, w.tickets.SaveDraft(w.As(w.ana), tk.ID, "note", "Private and old"))
		w.Clock.Advance(draft.SharedLasts + time.Hour)
		for i := range ticket.MaxDrafts + 3 {
			ok(t, w.tickets.SaveDraft(w.As(w.ben), 0, fmt.Sprint("new:", i), "x"))
			w.Clock.Advance(time.Second)
		}
		ok(t, w.drafts.Expire(w.System()))
		if got := w.sees(t, w.ben, tk); len(got) != 0 {
			t.Errorf("nobody went on with %v", got)
		}
		count := func(query string) (n int) {
			ok(t, w.DB.Reader().QueryRow(t.Context(), query).Scan(&n))
			return n
		}
		if n := count(`SELECT COUNT(*) FROM ticket_drafts`); n != ticket.MaxDrafts {
			t.Errorf("%d private drafts are left", n)
		}
		if n := count(`SELECT COUNT(*) FROM ticket_drafts WHERE slot = 'new:2'`); n != 0 {
			t.Error("the newest went first")
		}
		w.Clock.Advance(draft.DroppedLasts + time.Hour)
		ok(t, w.drafts.Expire(w.System()))
		if n := count(`SELECT COUNT(*) FROM shared_drafts`); n != 0 {
			t.Errorf("%d ended drafts are kept", n)
		}
	})
}

func TestSharingTwiceUnderOneKeySharesOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "VPN drops")
		for range 2 {
			_, err := w.drafts.Share(once.With(w.As(w.ana), "k"), ticket.ByID(tk.ID), draft.Share{Kind: draft.Note, Body: "Once"})
			ok(t, err)
		}
		if got := w.sees(t, w.ben, tk); len(got) != 1 {
			t.Errorf("%v", got)
		}
	})
}

// TestAskingOnlyThoseWhoWantIt heeds what people chose to be told.
func TestAskingOnlyThoseWhoWantIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "VPN drops")
		ok(t, w.notices.Choose(w.As(w.lea), map[notify.Kind]bool{notify.Reviewed: false}))
		w.share(t, tk, draft.Share{Body: "Hello.", ReviewerID: w.lea})
		if got := w.told(t, w.lea); len(got) != 0 {
			t.Errorf("Lea is told %v", got)
		}
		list, err := w.drafts.Mine(w.As(w.lea))
		ok(t, err)
		if len(list.Waiting) != 1 {
			t.Error("it does not wait for her")
		}
	})
}

func TestATicketsDraftsAreOneQuery(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "VPN drops")
		ctx, counter := database.WithCounter(w.As(w.ben))
		measure := func() int {
			before := counter.N()
			_, err := w.drafts.Of(ctx, &tk)
			ok(t, err)
			return counter.N() - before
		}
		if n := measure(); n != 1 {
			t.Errorf("none are %d queries", n)
		}
		for range 5 {
			w.share(t, tk, draft.Share{Body: "Hello.", ReviewerID: w.lea})
		}
		if n := measure(); n != 1 {
			t.Errorf("five are %d queries", n)
		}
		if access.From(ctx).ID != w.ben {
			t.Error("somebody else asked")
		}
	})
}
