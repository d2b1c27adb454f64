package ticket_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// longHistory is an incident with more events than are read at a time.
func longHistory(d desk, ref string, events int) ticket.History {
	h := ticket.History{Kind: "incident", Source: "test", SourceRef: ref}
	at := d.world.Clock.Now().Add(-24 * time.Hour)
	for i := range events {
		e := ticket.Event{Seq: i + 1, At: at.Add(time.Duration(i) * time.Second), Actor: ticket.ActorRef{Type: access.TypeImporter}, Type: ticket.Replied, Body: fmt.Sprintf("%s %d", ref, i)}
		if i == 0 {
			e.Type = ticket.Created
			for field, value := range map[string]string{
				ticket.FieldKind: "incident", ticket.FieldTitle: ref, ticket.FieldState: "new", ticket.FieldImpact: "2", ticket.FieldUrgency: "2", ticket.FieldPriority: "3",
				ticket.FieldRequester: fmt.Sprint(d.carla),
			} {
				e.Changes = append(e.Changes, ticket.Change{Field: field, To: value})
			}
		}
		h.Events = append(h.Events, e)
	}
	return h
}

func TestWholeTimelinesAreHandedOutHoweverLong(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		err := d.world.DB.Write(d.world.System(), func(tx *database.Tx) error {
			_, err := d.Import(d.world.System(), tx, []ticket.History{longHistory(d, "A", 999), longHistory(d, "B", 2), longHistory(d, "C", 2001), longHistory(d, "D", 1)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		page := must(d.List(d.world.System(), ticket.Query{Condition: filter.True(), Texts: true}))(t)
		got := map[string]int{}
		err = d.EachTimeline(d.world.System(), page.Tickets, func(tk *ticket.Ticket, events []ticket.Event) error {
			got[tk.SourceRef] = len(events)
			for i, e := range events {
				if e.Seq != i+1 || e.TicketID != tk.ID {
					return fmt.Errorf("%s: event %d has the number %d of ticket %d", tk.SourceRef, i, e.Seq, e.TicketID)
				}
			}
			return nil
		})
		if diff := cmp.Diff(map[string]int{"A": 999, "B": 2, "C": 2001, "D": 1}, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

func TestWholeTimelinesLeaveNotesOutForThoseWhoMayNotReadThem(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		ours := d.incident(t, "x")
		theirs := must(d.Create(d.as(d.ana), ticket.Create{Kind: "incident", Title: "y", Description: "long", RequesterID: d.carla, GroupID: d.supplierTeam}))(t)
		secret, open := d.upload(t, d.ana, "secret.txt", "secret"), d.upload(t, d.ana, "open.txt", "open")
		must(d.Note(d.as(d.ana), ticket.ByID(theirs.ID), ticket.InternalNote{Body: "they are slow", Attachments: []int64{secret.ID}}))(t)
		must(d.Reply(d.as(d.ana), ticket.ByID(theirs.ID), ticket.PublicReply{Body: "please look", Attachments: []int64{open.ID}}))(t)
		read := func(person int64) (out []string) {
			page := must(d.List(d.as(person), ticket.Query{Condition: filter.True(), Verb: access.Export, Texts: true}))(t)
			err := d.EachTimeline(d.as(person), page.Tickets, func(tk *ticket.Ticket, events []ticket.Event) error {
				out = append(out, tk.Title+tk.Description)
				for _, e := range events {
					out = append(out, string(e.Type))
					for _, a := range e.Attachments {
						out = append(out, a.Name)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		want := []string{"x", "created", "ylong", "created", "note", "secret.txt", "reply", "open.txt"}
		if diff := cmp.Diff(want, read(d.ana)); diff != "" {
			t.Errorf("agent: %s", diff)
		}
		if diff := cmp.Diff([]string{"ylong", "created", "reply", "open.txt"}, read(d.sam)); diff != "" {
			t.Errorf("supplier: %s", diff)
		}
		if got := read(d.carla); got != nil {
			t.Errorf("a requester, who may not export, got %v", got)
		}
		_ = ours
	})
}

func TestHeldLinksAndRatingsComeForManyTicketsAtOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		a, b, c := d.incident(t, "a"), d.incident(t, "b"), d.incident(t, "c")
		must(d.Link(d.as(d.ana), ticket.ByID(a.ID), ticket.DuplicateOf, ticket.ByID(b.ID)))(t)
		must(d.Link(d.as(d.ana), ticket.ByID(a.ID), ticket.RelatedTo, ticket.ByID(c.ID)))(t)
		must(d.Link(d.as(d.ana), ticket.ByID(b.ID), ticket.CausedBy, ticket.ByID(c.ID)))(t)
		d.resolve(t, c)
		must(d.Rate(d.as(d.carla), ticket.ByID(c.ID), ticket.Rating{Score: 4, MinutesLost: ptr(30), Comment: "fine"}))(t)
		all := must(d.List(d.as(d.ana), ticket.Query{Condition: filter.True()}))(t).Tickets
		got := map[string][]string{}
		for id, links := range must(d.HeldLinks(d.as(d.ana), all))(t) {
			for _, l := range links {
				i := slices.IndexFunc(all, func(t ticket.Ticket) bool { return t.ID == id })
				got[all[i].Title] = append(got[all[i].Title], string(l.Type)+" "+l.Other.Title)
			}
		}
		want := map[string][]string{"a": {"duplicate_of b", "related c"}, "b": {"caused_by c"}}
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
			t.Error(diff)
		}
		ratings := must(d.Ratings(d.as(d.ana), all))(t)
		if r := ratings[c.ID]; len(ratings) != 1 || r.Score != 4 || *r.MinutesLost != 30 || r.Comment != "fine" || r.PersonID != d.carla {
			t.Errorf("ratings %+v", ratings)
		}
		// The supplier sees one end of a link only.
		must(d.Edit(d.as(d.ana), ticket.ByID(a.ID), ticket.Edit{GroupID: &d.supplierTeam}))(t)
		theirs := must(d.List(d.as(d.sam), ticket.Query{Condition: filter.True()}))(t).Tickets
		if links := must(d.HeldLinks(d.as(d.sam), theirs))(t); len(theirs) != 1 || len(links) != 0 {
			t.Errorf("the supplier sees %d tickets and the links %v", len(theirs), links)
		}
	})
}

func TestFilterOnWhatOnlyStaffSeeFindsNothingForOthers(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := must(d.Create(d.as(d.ana), ticket.Create{
			Kind: "incident", Title: "x", RequesterID: d.carla, GroupID: d.supplierTeam, AssigneeID: d.sam, Impact: 1, Tags: []string{"difficult"}, Watchers: []int64{d.ana, d.carla},
		}))(t)
		must(d.Reply(d.as(d.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: "hello"}))(t)
		found := func(person int64, text string) bool {
			many := must(d.Conditions(d.as(person), []string{text}, time.UTC))(t)
			c := must(d.Condition(d.as(person), text, time.UTC))(t)
			n, _, err := d.Count(d.as(person), c, 10)
			if err != nil || many[0].Err != nil {
				t.Fatal(err, many[0].Err)
			}
			also, _, err := d.Count(d.as(person), many[0].Condition, 10)
			if err != nil || also != n {
				t.Errorf("%q alone finds %d, among others %d, %v", text, n, also, err)
			}
			return n == 1
		}
		work := []string{
			"impact:1", "-impact:3", "urgency:2", fmt.Sprintf("assignee:#%d", d.sam), "-assignee:none", fmt.Sprintf("group:#%d", d.supplierTeam),
			"tag:difficult", "-tag:easy", "responded:any", "unanswered:none", "reassigned:0", "resolution:none", "state:open OR tag:difficult",
		}
		inside := []string{fmt.Sprintf("watcher:#%d", d.ana), "parent:none", `source:""`}
		for _, text := range append(slices.Clone(work), inside...) {
			if found(d.carla, text) {
				t.Errorf("the requester learns that %s", text)
			}
			if !found(d.ana, text) {
				t.Errorf("an agent does not find %s", text)
			}
		}
		for _, text := range work {
			if !found(d.sam, text) {
				t.Errorf("the supplier who works on it does not find %s", text)
			}
		}
		for _, text := range inside {
			if found(d.sam, text) {
				t.Errorf("the supplier learns that %s", text)
			}
		}
		for _, text := range []string{"state:open", "priority:<=2", "watcher:me", "requester:me", "title:x", "kind:incident", "rating:none"} {
			if !found(d.carla, text) {
				t.Errorf("the requester does not find %s", text)
			}
		}
	})
}
