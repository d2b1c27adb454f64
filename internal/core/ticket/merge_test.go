package ticket_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func ref(t ticket.Ticket) ticket.Ref { return ticket.ByID(t.ID) }

func (d desk) merge(t *testing.T, target ticket.Ticket, sources ...ticket.Ticket) ticket.Operation {
	t.Helper()
	var refs []ticket.Ref
	for _, s := range sources {
		refs = append(refs, ref(s))
	}
	return must(d.Merge(d.as(d.ana), ref(target), refs))(t)
}

func TestMergedTicketsGoOnInAnother(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		carlas := d.incident(t, "Printer jams")
		colins := must(d.Create(d.as(d.colin), ticket.Create{Kind: "incident", Title: "My payslip does not print", Description: "salary 3141"}))(t)
		child := must(d.Create(d.as(d.ana), ticket.Create{Kind: "incident", Title: "Child", RequesterID: d.carla, ParentID: colins.ID}))(t)
		must(d.Reply(d.as(d.colin), ref(colins), ticket.PublicReply{Body: "Is anybody there?"}))(t)
		must(d.Watch(d.as(d.lea), ref(colins), true))(t)
		colins = d.get(t, colins)
		before := []ticket.Ticket{d.get(t, carlas), colins, d.get(t, child)}
		d.world.Clock.Advance(time.Minute)

		op := d.merge(t, carlas, colins)
		source, target := d.get(t, colins), d.get(t, carlas)
		if source.Category != workflow.Cancelled || source.MergedIntoID != carlas.ID || !cmp.Equal(target.MergedFrom, []int64{colins.ID}) {
			t.Errorf("merged: source %+v\ntarget %+v", source, target)
		}
		// Lea may see the target and watches it; Colin may not, and so does not.
		if !cmp.Equal(target.Watchers, []int64{d.lea}) || !target.UnansweredSince.Equal(colins.UnansweredSince) || d.get(t, child).ParentID != carlas.ID {
			t.Errorf("the target %+v, its new child %+v", target, d.get(t, child))
		}
		if links := must(d.Links(d.as(d.ana), &source))(t); len(links) != 1 || links[0].Type != ticket.MergedWith || links[0].Inverse || links[0].Other.ID != carlas.ID {
			t.Errorf("links of the source: %+v", links)
		}
		if links := must(d.Links(d.as(d.ana), &target))(t); len(links) != 2 || !links[1].Inverse || links[1].Other.ID != colins.ID {
			t.Errorf("links of the target: %+v", links)
		}
		_, err := d.Transition(d.as(d.ana), ref(colins), ticket.Step{Transition: "reopen", Comment: "No."})
		wantKind(t, err, apperr.Conflict)

		// What Colin writes lands on the target, for those who work on it.
		d.world.Clock.Advance(time.Minute)
		if got := must(d.Reply(d.as(d.colin), ref(colins), ticket.PublicReply{Body: "the code is 2718"}))(t); got.ID != colins.ID {
			t.Errorf("the reply answered with %s", got.Number)
		}
		events := d.timeline(t, target)
		if last := events[len(events)-1]; last.Body != "the code is 2718" || last.Via() != colins.ID || d.get(t, target).FirstResponseAt.After(time.Time{}) {
			t.Errorf("the target's timeline ends with %+v", last)
		}
		must(d.Reply(d.as(d.carla), ref(carlas), ticket.PublicReply{Body: "my boss is away"}))(t)
		must(d.Reply(d.as(d.ana), ref(carlas), ticket.PublicReply{Body: "A new printer comes tomorrow."}))(t)
		d.nobodyReadsAnother(t, colins, carlas)

		undone := must(d.Undo(d.as(d.ana), op.ID))(t)
		if undone.State != ticket.Taken {
			t.Errorf("undone as %+v", undone)
		}
		sameFold(t, before[1], d.get(t, colins))
		sameFold(t, before[2], d.get(t, child))
		if now := d.get(t, carlas); now.MergedFrom != nil || now.Watchers != nil {
			t.Errorf("the target after the undo %+v", now)
		}
		i := slices.IndexFunc(d.items(t, d.ana, undone), func(i ticket.ItemOf) bool { return i.TicketID == colins.ID })
		if kept := d.items(t, d.ana, undone)[i].Kept; len(kept) != 1 || kept[0].Why != ticket.KeptReplies {
			t.Errorf("kept %+v", kept)
		}
		for _, one := range before {
			d.isFold(t, one)
		}
	})
}

// nobodyReadsAnother checks that each requester sees the answers, and of what the
// other wrote nothing.
func (d desk) nobodyReadsAnother(t *testing.T, colins, carlas ticket.Ticket) {
	t.Helper()
	_, err := d.Get(d.as(d.colin), ref(carlas))
	wantKind(t, err, apperr.NotFound)
	source, target := d.get(t, colins), d.get(t, carlas)
	goesOn := must(d.Continuation(d.as(d.colin), &source))(t)
	var said []string
	for _, e := range goesOn.Events {
		said = append(said, e.Message)
	}
	if goesOn.Number != carlas.Number || goesOn.Sees || !cmp.Equal(said, []string{"the code is 2718", "A new printer comes tomorrow."}) {
		t.Errorf("for Colin it goes on as %s with %q", goesOn.Number, said)
	}
	public := must(d.PublicTimeline(d.as(d.carla), &target, 0, 0))(t)
	for _, e := range public {
		if strings.Contains(e.Message, "2718") {
			t.Errorf("Carla reads what Colin wrote: %+v", e)
		}
	}
	if sources := must(d.Sources(d.as(d.carla), &target))(t); len(sources) != 0 {
		t.Errorf("Carla sees the sources %+v", sources)
	}
	sources := must(d.Sources(d.as(d.ana), &target))(t)
	events, more, err := d.EventsOf(d.as(d.ana), sources, ticket.Between{Limit: 100})
	if err != nil || more || len(events) < 3 || events[0].Body != "salary 3141" {
		t.Errorf("Ana reads %+v of the source: %v", events, err)
	}
	for _, word := range []string{"2718", "3141"} {
		condition := must(d.Condition(d.as(d.carla), word, time.UTC))(t)
		if page := must(d.List(d.as(d.carla), ticket.Query{Condition: condition}))(t); len(page.Tickets) != 0 {
			t.Errorf("Carla finds %q", word)
		}
	}
}

func TestMergesInChainsAndCircles(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		a, b, c := d.incident(t, "A"), d.incident(t, "B"), d.incident(t, "C")
		first := d.merge(t, b, a)
		for name, wrong := range map[string]func() error{
			"into itself":          func() error { _, err := d.Merge(d.as(d.ana), ref(c), []ticket.Ref{ref(c)}); return err },
			"again":                func() error { _, err := d.Merge(d.as(d.ana), ref(b), []ticket.Ref{ref(a)}); return err },
			"a merged one":         func() error { _, err := d.Merge(d.as(d.ana), ref(c), []ticket.Ref{ref(a)}); return err },
			"into what is merged":  func() error { _, err := d.Merge(d.as(d.ana), ref(a), []ticket.Ref{ref(c)}); return err },
			"in a circle":          func() error { _, err := d.Merge(d.as(d.ana), ref(a), []ticket.Ref{ref(b)}); return err },
			"nothing":              func() error { _, err := d.Merge(d.as(d.ana), ref(c), nil); return err },
			"what is not there":    func() error { _, err := d.Merge(d.as(d.ana), ref(c), []ticket.Ref{ticket.ByID(1)}); return err },
			"without the right":    func() error { _, err := d.Merge(d.as(d.oscar), ref(c), []ticket.Ref{ref(b)}); return err },
			"as a requester":       func() error { _, err := d.Merge(d.as(d.carla), ref(c), []ticket.Ref{ref(b)}); return err },
			"one good and one not": func() error { _, err := d.Merge(d.as(d.ana), ref(b), []ticket.Ref{ref(c), ref(a)}); return err },
			"into what is not there": func() error {
				_, err := d.Merge(d.as(d.ana), ticket.ByNumber("INC-99"), []ticket.Ref{ref(c)})
				return err
			},
		} {
			if err := wrong(); err == nil || apperr.KindOf(err) == apperr.Internal {
				t.Errorf("merging %s: %v", name, err)
			}
		}
		second := d.merge(t, c, b)
		must(d.Reply(d.as(d.carla), ref(a), ticket.PublicReply{Body: "To the end of the chain"}))(t)
		if events := d.timeline(t, c); events[len(events)-1].Via() != a.ID {
			t.Errorf("the reply did not arrive: %+v", events[len(events)-1])
		}
		target := d.get(t, c)
		if sources := must(d.Sources(d.as(d.ana), &target))(t); len(sources) != 2 {
			t.Errorf("sources %+v", sources)
		}
		// Undoing the first merge while the second stands frees only its source.
		must(d.Undo(d.as(d.ana), first.ID))(t)
		if got := d.get(t, a); got.State != "new" || got.MergedIntoID != 0 {
			t.Errorf("after the first undo %+v", got)
		}
		must(d.Undo(d.as(d.ana), second.ID))(t)
		for _, one := range []ticket.Ticket{a, b, c} {
			if now := d.get(t, one); now.State != "new" || now.MergedIntoID != 0 || now.MergedFrom != nil {
				t.Errorf("in the end %+v", now)
			}
			d.isFold(t, one)
		}
	})
}

// TestUndoingAMergeRestoresEveryFold merges random tickets, one after the other,
// and takes the merges back in reverse.
func TestUndoingAMergeRestoresEveryFold(t *testing.T) {
	t.Parallel()
	d := sqliteDesk(t)
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 11)) //nolint:gosec // repeatable on purpose
		var all []ticket.Ticket
		for i := range 6 {
			tk := d.incident(t, fmt.Sprintf("Seed %d, ticket %d", seed, i))
			switch r.IntN(5) {
			case 0:
				tk = d.resolve(t, tk)
			case 1:
				tk = must(d.Reply(d.as(d.carla), ref(tk), ticket.PublicReply{Body: "Any news?"}))(t)
			case 2:
				tk = must(d.Transition(d.as(d.ana), ref(tk), ticket.Step{Transition: "hold", Reason: "vendor"}))(t)
			case 3:
				if i > 0 {
					tk = must(d.Edit(d.as(d.ana), ref(tk), ticket.Edit{ParentID: &all[r.IntN(i)].ID}))(t)
				}
			}
			must(d.Watch(d.as(d.lea), ref(tk), r.IntN(2) == 0))(t)
			all = append(all, d.get(t, tk))
		}
		var states [][]ticket.Ticket
		var done []ticket.Operation
		now := func() (out []ticket.Ticket) {
			for _, tk := range all {
				out = append(out, d.get(t, tk))
			}
			return out
		}
		for range 8 {
			d.world.Clock.Advance(time.Minute)
			before := now()
			op, err := d.Merge(d.as(d.ana), ref(all[r.IntN(6)]), []ticket.Ref{ref(all[r.IntN(6)]), ref(all[r.IntN(6)])})
			if err == nil {
				states, done = append(states, before), append(done, op)
			}
		}
		for i := range slices.Backward(done) {
			d.world.Clock.Advance(time.Minute)
			must(d.Undo(d.as(d.ana), done[i].ID))(t)
			for j, tk := range now() {
				sameFold(t, states[i][j], tk)
				d.isFold(t, tk)
			}
			if t.Failed() {
				t.Fatalf("seed %d, merge %d of %d", seed, i+1, len(done))
			}
		}
	}
}

func TestATicketIsSplitOutOfAMessage(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		a := d.incident(t, "Printer jams")
		file := must(d.Upload(d.as(d.carla), "photo.txt", strings.NewReader("a photo")))(t)
		must(d.Reply(d.as(d.carla), ref(a), ticket.PublicReply{Body: "And my phone is broken, too.", Attachments: []int64{file.ID}}))(t)
		must(d.Note(d.as(d.ana), ref(a), ticket.InternalNote{Body: "She breaks everything."}))(t)
		events := d.timeline(t, a)
		said, note := events[1], events[2]
		wish := ticket.SplitWish{Seq: said.Seq, Files: []int64{said.Attachments[0].ID}, Create: ticket.Create{
			Kind: "incident", Title: "Phone is broken", Description: ticket.Markdown(said.Body), RequesterID: d.carla, Channel: "portal",
		}}
		op, made, err := d.Split(d.as(d.ana), ref(a), wish)
		if err != nil {
			t.Fatal(err)
		}
		first := d.timeline(t, made)
		if len(first) != 2 || len(first[0].Attachments) != 1 || first[1].Type != ticket.Split || made.RequesterID != d.carla {
			t.Errorf("split off %+v", first)
		}
		if last := d.timeline(t, a); last[len(last)-1].Type != ticket.Split {
			t.Errorf("the source ends with %+v", last[len(last)-1])
		}
		if links := must(d.Links(d.as(d.ana), &a))(t); len(links) != 1 || links[0].Other.ID != made.ID {
			t.Errorf("links %+v", links)
		}
		must(d.Undo(d.as(d.ana), op.ID))(t)
		if got := d.get(t, made); got.Category != workflow.Cancelled || len(must(d.Links(d.as(d.ana), &a))(t)) != 0 {
			t.Errorf("after the undo %+v", got)
		}
		d.isFold(t, made)
		d.isFold(t, a)

		// What came of a note stays inside; what was worked on stays.
		wish.Seq, wish.Files, wish.Create.Description = note.Seq, nil, ""
		op, made, err = d.Split(d.as(d.ana), ref(a), wish)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range must(d.PublicTimeline(d.as(d.carla), &made, 0, 0))(t) {
			if strings.Contains(e.Message, "breaks") {
				t.Errorf("Carla reads the note: %+v", e)
			}
		}
		must(d.Reply(d.as(d.carla), ref(made), ticket.PublicReply{Body: "Thanks."}))(t)
		undone := must(d.Undo(d.as(d.ana), op.ID))(t)
		if got := d.get(t, made); got.State != "new" || undone.Counts[ticket.OutcomeKept] != 1 {
			t.Errorf("after the undo %+v of %+v", got, undone)
		}
		_, _, err = d.Split(d.as(d.sam), ref(a), wish)
		wantKind(t, err, apperr.NotFound)
		_, _, err = d.Split(d.as(d.oscar), ref(a), wish)
		wantKind(t, err, apperr.NotFound)
	})
}

func TestConvertingKeepsTheHistory(t *testing.T) {
	kind := *builtin(t, "request")
	kind.Key, kind.Prefix, kind.Label = "order", "ORD", "Order"
	kind.Fields = []workflow.Field{{Key: "cost", Label: "Cost centre", Type: workflow.Text, Required: true}}
	kind.States = slices.Clone(kind.States)
	kind.Transitions = slices.Clone(kind.Transitions)
	for i, s := range kind.States {
		if s.Key == "in_progress" {
			kind.States[i].Key = "procuring"
		}
	}
	for i, tr := range kind.Transitions {
		kind.Transitions[i].From = slices.Clone(tr.From)
		for j, from := range tr.From {
			kind.Transitions[i].From[j] = strings.ReplaceAll(from, "in_progress", "procuring")
		}
		kind.Transitions[i].To = strings.ReplaceAll(tr.To, "in_progress", "procuring")
	}
	eachDesk(t, func(t *testing.T, d desk) {
		a := must(d.Transition(d.as(d.ana), ref(d.incident(t, "I need a printer")), ticket.Step{Transition: "start"}))(t)
		d.world.Clock.Advance(time.Minute)
		_, err := d.Convert(d.as(d.ana), ref(a), ticket.Conversion{Kind: "order"})
		wantKind(t, err, apperr.Invalid, "field.cost")
		_, err = d.Convert(d.as(d.ana), ref(a), ticket.Conversion{Kind: "incident"})
		wantKind(t, err, apperr.Invalid, "kind")
		_, err = d.Convert(d.as(d.carla), ref(a), ticket.Conversion{Kind: "request"})
		wantKind(t, err, apperr.Forbidden)
		op := must(d.Convert(d.as(d.ana), ref(a), ticket.Conversion{Kind: "order", Fields: map[string]string{"cost": "4711"}}))(t)
		now := d.get(t, a)
		if now.Number != "ORD-1" || now.Kind != "order" || now.State != "procuring" || now.Fields["cost"] != "4711" || now.ReopenCount != 0 {
			t.Errorf("converted to %+v", now)
		}
		d.findableAs(t, now, "INC-1", "ORD-1")
		// Meanwhile it is resolved: an undo keeps that, in the old kind's words.
		d.step(t, d.ana, now, ticket.Step{Transition: "resolve", ResolutionCode: builtin(t, "request").Codes[0].Key, Resolution: "Bought."})
		must(d.Undo(d.as(d.ana), op.ID))(t)
		now = d.get(t, a)
		if now.Number != "INC-1" || now.Kind != "incident" || now.State != "resolved" || len(now.Fields) != 0 {
			t.Errorf("after the undo %+v", now)
		}
		d.findableAs(t, now, "INC-1", "ORD-1")
		d.isFold(t, a)

		b := must(d.Transition(d.as(d.ana), ref(d.incident(t, "Another")), ticket.Step{Transition: "start"}))(t)
		before := d.get(t, b)
		op = must(d.Convert(d.as(d.ana), ref(b), ticket.Conversion{Kind: "order", Fields: map[string]string{"cost": "1"}}))(t)
		must(d.Undo(d.as(d.ana), op.ID))(t)
		sameFold(t, before, d.get(t, b))
		// Back and forth by hand: each kind's number comes back.
		must(d.Convert(d.as(d.ana), ref(b), ticket.Conversion{Kind: "order", Fields: map[string]string{"cost": "1"}}))(t)
		if got := d.get(t, b); got.Number != "ORD-2" {
			t.Errorf("converted again to %s", got.Number)
		}
		d.isFold(t, b)
	}, &kind)
}

// findableAs checks that each of the numbers leads to the ticket.
func (d desk) findableAs(t *testing.T, tk ticket.Ticket, numbers ...string) {
	t.Helper()
	for _, n := range numbers {
		if got, err := d.Get(d.as(d.ana), ticket.ByNumber(n)); err != nil || got.ID != tk.ID {
			t.Errorf("by its number %s: %+v, %v", n, got, err)
		}
		condition := must(d.Condition(d.as(d.ana), n, time.UTC))(t)
		if page := must(d.List(d.as(d.ana), ticket.Query{Condition: condition}))(t); len(page.Tickets) != 1 {
			t.Errorf("searching for %s finds %d tickets", n, len(page.Tickets))
		}
	}
	found := must(d.Referred(d.as(d.ana), numbers))(t)
	for _, n := range numbers {
		if found[n].ID != tk.ID {
			t.Errorf("#%s refers to %+v", n, found[n])
		}
	}
	known, err := ticket.Numbered(context.Background(), d.world.DB.Reader(), numbers)
	if err != nil || len(known) != len(numbers) {
		t.Errorf("numbered %v, %v", known, err)
	}
}

// TestAMergeMovesAllChildrenOrSaysThatItCannot: none stays behind below a ticket
// that goes on elsewhere.
func TestAMergeMovesAllChildrenOrSaysThatItCannot(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		small, large := d.incident(t, "Printer jams"), d.incident(t, "Nobody can print")
		must(d.Operate(d.as(d.ana), ticket.Act{Kind: ticket.MergeInto, Wish: "children"}, func(ctx context.Context, b *ticket.Batch) error {
			for i := range 501 {
				if _, err := b.Create(ctx, ticket.Create{Kind: "incident", Title: fmt.Sprint("Child ", i), RequesterID: d.carla, ParentID: large.ID}); err != nil {
					return err
				}
			}
			return nil
		}))(t)
		_, err := d.Merge(d.as(d.ana), ref(small), []ticket.Ref{ref(large)})
		if apperr.ByField(t.Context(), err)["sources"] == "" || d.get(t, large).MergedIntoID != 0 || d.get(t, small).MergedFrom != nil {
			t.Errorf("a merge that cannot move all children: %v", err)
		}
		d.merge(t, large, small) // the other way round it is
	})
}

// TestAMergeAsksTheGuardsOfTheStateItEndsIn: what a practice still wants of a
// ticket holds it back from a merge, too.
func TestAMergeAsksTheGuardsOfTheStateItEndsIn(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		source, target := d.incident(t, "Printer jams"), d.incident(t, "Nobody can print")
		content := false
		d.Guard(ticket.Guard{Label: "Tea first", To: workflow.Cancelled, Check: func(_ context.Context, _ database.Querier, tk *ticket.Ticket) error {
			if content || tk.ID != source.ID {
				return nil
			}
			return apperr.InvalidField("tea", "The kettle is cold.")
		}})
		_, err := d.Merge(d.as(d.ana), ref(target), []ticket.Ref{ref(source)})
		wantKind(t, err, apperr.Invalid, "tea")
		if d.get(t, source).MergedIntoID != 0 || d.get(t, target).MergedFrom != nil {
			t.Error("it was merged all the same")
		}
		content = true
		d.merge(t, target, source)
	})
}

func TestASplitTakesNoMoreFilesThanAMessageHas(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		a := d.incident(t, "Printer jams")
		file := must(d.Upload(d.as(d.carla), "photo.txt", strings.NewReader("a photo")))(t)
		must(d.Reply(d.as(d.carla), ref(a), ticket.PublicReply{Body: "And my phone is broken.", Attachments: []int64{file.ID}}))(t)
		said := d.timeline(t, a)[1]
		wish := ticket.SplitWish{Seq: said.Seq, Create: ticket.Create{Kind: "incident", Title: "Phone is broken", RequesterID: d.carla}}
		for id := range int64(ticket.MaxAttachments + 1) {
			wish.Files = append(wish.Files, id+1)
		}
		_, _, err := d.Split(d.as(d.ana), ref(a), wish)
		wantKind(t, err, apperr.Invalid, "attachments")
		// One that is named again and again is one, and another ticket's file none.
		wish.Files = slices.Repeat([]int64{said.Attachments[0].ID}, ticket.MaxAttachments+1)
		wish.Files = append(wish.Files, 1)
		_, made, err := d.Split(d.as(d.ana), ref(a), wish)
		if err != nil || len(d.timeline(t, made)[0].Attachments) != 1 {
			t.Errorf("split off %+v, %v", made, err)
		}
	})
}
