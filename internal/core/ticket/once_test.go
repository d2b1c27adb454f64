package ticket_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func TestEveryUseCaseThatAddsHappensOncePerKey(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk, other := d.incident(t, "x"), d.incident(t, "other")
		ref := ticket.ByID(tk.ID)
		version := tk.Version
		for name, do := range map[string]func(ctx context.Context) error{
			"transition": func(ctx context.Context) error {
				_, err := d.Transition(ctx, ref, ticket.Step{Version: version, Transition: "start"})
				return err
			},
			"link": func(ctx context.Context) error {
				_, err := d.Link(ctx, ref, ticket.RelatedTo, ticket.ByID(other.ID))
				return err
			},
			"parent": func(ctx context.Context) error {
				_, err := d.Link(ctx, ref, ticket.ChildOf, ticket.ByID(other.ID))
				return err
			},
		} {
			version = d.get(t, tk).Version
			for i := range 3 {
				ctx := ticket.WithIdempotencyKey(d.as(d.ana), name)
				if err := do(ctx); err != nil {
					t.Errorf("%s, time %d: %v", name, i, err)
				}
				if ticket.Replayed(ctx) != (i > 0) {
					t.Errorf("%s, time %d: replayed is %v", name, i, ticket.Replayed(ctx))
				}
			}
			if now := d.get(t, tk).Version; now != version+1 {
				t.Errorf("%s: %d saves", name, now-version)
			}
		}
		_, err := d.Transition(ticket.WithIdempotencyKey(d.as(d.ana), "transition"), ref, ticket.Step{Transition: "cancel", Comment: "x"})
		wantKind(t, err, apperr.Conflict)
	})
}

func TestUploadHappensOncePerKey(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		ctx := ticket.WithIdempotencyKey(d.as(d.ana), "k")
		first := must(d.Upload(ctx, "a.txt", strings.NewReader("a")))(t)
		again := must(d.Upload(ctx, "a.txt", strings.NewReader("a")))(t)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Error(diff)
		}
		_, err := d.Upload(ctx, "a.txt", strings.NewReader("b"))
		wantKind(t, err, apperr.Conflict)
		part := must(d.Upload(ticket.PartOfIdempotencyKey(ctx, "file"), "b.txt", strings.NewReader("b")))(t)
		if part.ID == first.ID {
			t.Error("a part of a key is taken for the key")
		}
	})
}

func TestManyTicketsAreOpenedEachOnItsOwn(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		cmds := []ticket.Create{{Kind: "incident", Title: "a"}, {Kind: "incident"}, {Kind: "request", Title: "c"}}
		made := d.CreateMany(ticket.WithIdempotencyKey(d.as(d.ana), "k"), cmds, false)
		if made[0].Err != nil || made[2].Err != nil || made[2].Ticket.Number != "REQ-1" {
			t.Errorf("made %+v", made)
		}
		wantKind(t, made[1].Err, apperr.Invalid, "title")
		// Sent again with the mistake mended, the others are not opened twice.
		cmds[1].Title = "b"
		again := d.CreateMany(ticket.WithIdempotencyKey(d.as(d.ana), "k"), cmds, false)
		if again[0].Ticket.ID != made[0].Ticket.ID || again[1].Ticket.Number != "INC-2" || again[2].Ticket.ID != made[2].Ticket.ID {
			t.Errorf("again %+v", again)
		}
	})
}

func TestManyTicketsAreOpenedTogetherOrNotAtAll(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		key := func() context.Context { return ticket.WithIdempotencyKey(d.as(d.ana), "k") }
		cmds := []ticket.Create{{Kind: "incident", Title: "a"}, {Kind: "incident"}, {Kind: "incident", Title: "c"}}
		made := d.CreateMany(key(), cmds, true)
		wantKind(t, made[1].Err, apperr.Invalid, "title")
		if made[0].Err != nil || made[0].Ticket.ID != 0 || made[2].Err != nil || made[2].Ticket.ID != 0 {
			t.Errorf("made %+v", made)
		}
		if page := must(d.List(d.as(d.ana), ticket.Query{Condition: filter.True()}))(t); len(page.Tickets) != 0 {
			t.Errorf("%d tickets were opened all the same", len(page.Tickets))
		}
		cmds[1].Title = "b"
		made = d.CreateMany(key(), cmds, true)
		again := d.CreateMany(key(), cmds, true)
		for i := range made {
			if made[i].Err != nil || made[i].Ticket.ID == 0 || again[i].Ticket.ID != made[i].Ticket.ID {
				t.Errorf("ticket %d: %+v, again %+v", i, made[i], again[i])
			}
		}
	})
}

func TestReplyThatNamesAVersionIsRefusedWhenItIsNotCurrent(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		must(d.Reply(d.as(d.ana), ticket.ByID(tk.ID), ticket.PublicReply{Version: tk.Version, Body: "a"}))(t)
		_, err := d.Reply(d.as(d.ana), ticket.ByID(tk.ID), ticket.PublicReply{Version: tk.Version, Body: "b"})
		wantKind(t, err, apperr.Conflict)
		_, err = d.Note(d.as(d.ana), ticket.ByID(tk.ID), ticket.InternalNote{Version: tk.Version, Body: "b"})
		wantKind(t, err, apperr.Conflict)
	})
}

func TestHiddenFileIsLikeOneThatIsNotThere(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		file := d.upload(t, d.ana, "a.txt", "a")
		_, _, hidden := d.Attachment(d.as(d.ben), file.ID)
		_, _, missing := d.Attachment(d.as(d.ben), 1)
		if hidden == nil || missing == nil || hidden.Error() != missing.Error() {
			t.Errorf("hidden: %v, missing: %v", hidden, missing)
		}
	})
}
