package ticket_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func TestRepliesArePublicAndNotesAreNot(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "Printer jams")
		ref := ticket.ByID(tk.ID)
		d.world.Clock.Advance(time.Minute)
		tk = must(d.Reply(d.as(d.ana), ref, ticket.PublicReply{Body: "Which floor?"}))(t)
		if !tk.FirstResponseAt.Equal(d.world.Clock.Now()) {
			t.Errorf("first response at %v", tk.FirstResponseAt)
		}
		if d.said.last().InternalOnly {
			t.Error("a reply was announced as internal")
		}
		tk = must(d.Note(d.as(d.ana), ref, ticket.InternalNote{Body: "the fuser again"}))(t)
		if !d.said.last().InternalOnly {
			t.Error("a note was announced as public")
		}
		types := func(events []ticket.Event) (out []ticket.EventType) {
			for _, e := range events {
				out = append(out, e.Type)
			}
			return out
		}
		if got := types(d.timeline(t, tk)); !slices.Equal(got, []ticket.EventType{ticket.Created, ticket.Replied, ticket.Noted}) {
			t.Errorf("timeline %v", got)
		}
		seen := must(d.Timeline(d.as(d.carla), &tk, 0, 0))(t)
		if got := types(seen); !slices.Equal(got, []ticket.EventType{ticket.Created, ticket.Replied}) {
			t.Errorf("the requester sees %v", got)
		}
		for _, e := range must(d.PublicTimeline(d.as(d.carla), &tk, 0, 0))(t) {
			if strings.Contains(e.Message, "fuser") {
				t.Errorf("the note leaked: %+v", e)
			}
		}
	})
}

func TestEmptyAndOversizedMessagesAreRefused(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		ref := ticket.ByID(d.incident(t, "x").ID)
		for _, body := range []string{"", "  \n\t", strings.Repeat("x", ticket.MaxText+1), strings.Repeat("é", ticket.MaxText+1), "\xff", "a\x00"} {
			_, err := d.Reply(d.as(d.ana), ref, ticket.PublicReply{Body: ticket.Markdown(body)})
			wantKind(t, err, apperr.Invalid, "body")
			_, err = d.Note(d.as(d.ana), ref, ticket.InternalNote{Body: ticket.Markdown(body)})
			wantKind(t, err, apperr.Invalid, "body")
		}
		long := strings.Repeat("é", ticket.MaxText)
		must(d.Reply(d.as(d.ana), ref, ticket.PublicReply{Body: ticket.Markdown(long)}))(t)
		tk := d.get(t, ticket.Ticket{ID: ref.ID})
		if events := d.timeline(t, tk); events[len(events)-1].Body != long {
			t.Error("a text of the greatest length came back changed")
		}
	})
}

func TestWhoeverIsMentionedInANoteWatches(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		body := "[@Ben Okafor](person:" + strconv.FormatInt(d.ben, 10) + ") and [@Nobody](person:12345), please look"
		tk = must(d.Note(d.as(d.ana), ticket.ByID(tk.ID), ticket.InternalNote{Body: ticket.Markdown(body)}))(t)
		if !slices.Equal(tk.Watchers, []int64{d.ben}) || !slices.Equal(d.get(t, tk).Watchers, []int64{d.ben}) {
			t.Errorf("watchers %v", tk.Watchers)
		}
	})
}

func TestMentionsAreReadInOrderAndOnce(t *testing.T) {
	t.Parallel()
	text := "[@B](person:2) [@A](person:1) [@B again](person:2) [x](person:3) [@zero](person:0) [@long](person:9999999999999999999)"
	if got := ticket.Mentions(text); !slices.Equal(got, []int64{2, 1}) {
		t.Errorf("got %v", got)
	}
}

func TestRequestersReplyEndsTheHoldThatWaitsForThem(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		hold := func(reason string, comment ticket.Markdown) {
			tk = d.step(t, d.ana, tk, ticket.Step{Transition: "hold", Reason: reason, Comment: comment, CommentPublic: comment != ""})
		}
		reply := func(person int64) {
			tk = must(d.Reply(d.as(person), ticket.ByID(tk.ID), ticket.PublicReply{Body: "here"}))(t)
		}
		hold("vendor", "")
		if reply(d.carla); tk.State != "on_hold" {
			t.Errorf("the caller's reply ended a hold for the vendor: %s", tk.State)
		}
		hold("caller", "Which floor?")
		if reply(d.ana); tk.State != "on_hold" {
			t.Errorf("the agent's reply ended a hold for the caller: %s", tk.State)
		}
		if reply(d.carla); tk.State != "in_progress" || tk.WaitReason != "" {
			t.Errorf("after the caller's reply: %s, %q", tk.State, tk.WaitReason)
		}
		events := d.timeline(t, tk)
		last := events[len(events)-1]
		if last.Type != ticket.Transitioned || last.Actor.Type != access.TypeSystem || events[len(events)-2].Actor.ID != d.carla {
			t.Errorf("the timeline does not say that the product resumed work after the reply: %+v", last)
		}
		if holds := ticket.Holds(events, d.definition(t, "incident"), ""); len(holds) != 2 || holds[0].Value != "vendor" || holds[1].End.IsZero() {
			t.Errorf("holds %+v", holds)
		}
	})
}

func TestSameIdempotencyKeyHappensOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		keyed := func(key string) context.Context { return ticket.WithIdempotencyKey(d.as(d.ana), key) }
		cmd := ticket.Create{Kind: "incident", Title: "once", RequesterID: d.carla}
		first, again := must(d.Create(keyed("k"), cmd))(t), must(d.Create(keyed("k"), cmd))(t)
		if first.ID != again.ID || first.Number != again.Number {
			t.Errorf("created %s and %s", first.Number, again.Number)
		}
		cmd.Title = "other"
		_, err := d.Create(keyed("k"), cmd)
		wantKind(t, err, apperr.Conflict)
		_, err = d.Create(keyed(strings.Repeat("k", 256)), cmd)
		wantKind(t, err, apperr.Invalid, "Idempotency-Key")
		if other := must(d.Create(ticket.WithIdempotencyKey(d.as(d.ben), "k"), cmd))(t); other.ID == first.ID {
			t.Error("a key of one person answered another")
		}

		ref := ticket.ByID(first.ID)
		for range 3 {
			must(d.Reply(keyed("r"), ref, ticket.PublicReply{Body: "said once"}))(t)
		}
		if n := len(d.timeline(t, first)); n != 2 {
			t.Errorf("%d events, want the opening and one reply", n)
		}
		_, err = d.Reply(keyed("r"), ref, ticket.PublicReply{Body: "something else"})
		wantKind(t, err, apperr.Conflict)
		_, err = d.Note(keyed("r"), ref, ticket.InternalNote{Body: "said once"})
		wantKind(t, err, apperr.Conflict)

		d.world.Clock.Advance(ticket.IdempotencyRetention + time.Minute)
		if err := d.ForgetIdempotencyKeys(d.world.System()); err != nil {
			t.Fatal(err)
		}
		cmd.Title = "once"
		if later := must(d.Create(keyed("k"), cmd))(t); later.ID == first.ID {
			t.Error("a forgotten key still answers")
		}
	})
}

func TestFailedRequestDoesNotUseUpItsKey(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		ctx := ticket.WithIdempotencyKey(d.as(d.ana), "k")
		_, err := d.Create(ctx, ticket.Create{Kind: "incident"})
		wantKind(t, err, apperr.Invalid)
		must(d.Create(ctx, ticket.Create{Kind: "incident", Title: "now right"}))(t)
	})
}

func TestTwinsOfOneRequestAtTheSameMomentMakeOneTicket(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		ctx := ticket.WithIdempotencyKey(d.as(d.ana), "twin")
		ids := make([]int64, 8)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				tk, err := d.Create(ctx, ticket.Create{Kind: "incident", Title: "one"})
				if err != nil {
					t.Error(err)
				}
				ids[i] = tk.ID
			})
		}
		wg.Wait()
		if ids = slices.Compact(ids); len(ids) != 1 {
			t.Errorf("made %d tickets", len(ids))
		}
	})
}

func TestReplayedAnswerIsNotShownToSomebodyWhoLostAccess(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		must(d.Create(ticket.WithIdempotencyKey(d.as(d.carla), "k"), ticket.Create{Kind: "incident", Title: "mine", RequesterID: d.carla}))(t)
		nobody := access.With(t.Context(), access.NewPerson(d.carla, "Carla Reyes", 0, access.Facts{}))
		_, err := d.Create(ticket.WithIdempotencyKey(nobody, "k"), ticket.Create{Kind: "incident", Title: "mine", RequesterID: d.carla})
		wantKind(t, err, apperr.NotFound)
	})
}

func TestDraftsBelongToOnePersonAndPlace(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		save := func(person int64, id int64, slot, body string) error {
			return d.SaveDraft(d.as(person), id, slot, body)
		}
		for _, err := range []error{
			save(d.ana, tk.ID, "reply", "half a sent"), save(d.ana, tk.ID, "note", "secret"), save(d.ana, 0, "new:incident", "a=b"),
			save(d.ben, tk.ID, "reply", "ben's"), save(d.ana, tk.ID, "reply", "half a sentence"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		got := map[string]string{}
		for _, draft := range must(d.Drafts(d.as(d.ana), tk.ID))(t) {
			got[draft.Slot] = draft.Body
		}
		if len(got) != 2 || got["reply"] != "half a sentence" || got["note"] != "secret" {
			t.Errorf("drafts %v", got)
		}
		if err := save(d.ana, tk.ID, "reply", ""); err != nil {
			t.Fatal(err)
		}
		if left := must(d.Drafts(d.as(d.ana), tk.ID))(t); len(left) != 1 {
			t.Errorf("after emptying the reply: %+v", left)
		}
		wantKind(t, save(d.colin, tk.ID, "reply", "not mine"), apperr.NotFound)
		wantKind(t, save(d.ana, tk.ID, strings.Repeat("s", 61), "x"), apperr.Invalid, "slot")
		wantKind(t, d.SaveDraft(t.Context(), tk.ID, "reply", "x"), apperr.Unauthenticated)
	})
}
