package ticket_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// crowd is a desk full of different tickets, some of them imported half empty.
func (d desk) crowd(t *testing.T) []ticket.Ticket {
	t.Helper()
	agent := d.as(d.ana)
	titles := []string{"Printer jams", "PRINTER Ärger", "100% of “disk_space” used", "", "עזרה 🚑", "Printer jams"}
	for i := range 24 {
		cmd := ticket.Create{
			Kind: []string{"incident", "request", "visit"}[i%3], Title: titles[i%len(titles)] + " x", RequesterID: []int64{d.carla, d.colin}[i%2],
			Impact: 1 + i%3, Urgency: 1 + i/3%3, Channel: ticket.Channels()[i%4],
		}
		if i%2 == 0 {
			cmd.ServiceID = d.payroll
		}
		if i%4 == 1 {
			cmd.GroupID, cmd.AssigneeID = d.printing, d.ben
		}
		if i%5 == 0 {
			cmd.Tags = []string{"vip", fmt.Sprint("t", i%2)}
		}
		if i%6 == 0 {
			cmd.Watchers = []int64{d.ana, d.lea}
		}
		if cmd.Kind == "visit" {
			cmd.Fields = map[string]string{"room": []string{"Blue", "Green"}[i%2], "seats": fmt.Sprint(i)}
		}
		tk := must(d.Create(agent, cmd))(t)
		d.world.Clock.Advance(37 * time.Minute)
		switch i % 8 {
		case 1:
			d.step(t, d.ana, tk, ticket.Step{Transition: "hold", Reason: "vendor"})
		case 2, 3:
			tk = d.step(t, d.ana, tk, ticket.Step{Transition: "resolve", ResolutionCode: d.definition(t, cmd.Kind).Codes[0].Key, Resolution: "done"})
			must(d.Rate(d.as(cmd.RequesterID), ticket.ByID(tk.ID), ticket.Rating{Score: 1 + i%5}))(t)
		case 4:
			d.step(t, d.ana, tk, ticket.Step{Transition: "cancel", Comment: "no"})
		case 5:
			must(d.Edit(agent, ticket.ByID(tk.ID), ticket.Edit{Priority: ptr(5), PriorityReason: "hm"}))(t)
		case 6:
			must(d.Reply(agent, ticket.ByID(tk.ID), ticket.PublicReply{Body: "hello"}))(t)
		}
	}
	err := d.world.DB.Write(d.world.System(), func(tx *database.Tx) error {
		_, err := d.Import(d.world.System(), tx, []ticket.History{{
			Kind: "incident", Source: "elsewhere", SourceRef: "1", Events: []ticket.Event{{
				At: d.world.Clock.Now(), Type: ticket.Imported, Actor: ticket.ActorRef{Type: access.TypeImporter},
				Changes: []ticket.Change{{Field: "kind", To: "incident"}, {Field: "title", To: "bare"}, {Field: "state", To: "new"}},
			}},
		}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page := must(d.List(d.world.System(), ticket.Query{Condition: filter.True(), Limit: 200, Sort: ticket.Sort{Field: "created"}}))(t)
	return page.Tickets
}

// A condition tried on a ticket in memory and the same one asked of the database
// must agree on every ticket, for every field the schema has.
func TestConditionsMeanTheSameInMemoryAndInTheDatabase(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		crowd := d.crowd(t)
		system := d.world.System()
		schema := must(d.Schema(system))(t)
		fields := slices.Collect(maps.Keys(values(d, crowd)))
		slices.Sort(fields)
		for _, f := range schema.Fields() {
			if _, tried := values(d, crowd)[f.Name]; !tried {
				t.Errorf("the field %s is not tried: add values for it", f.Name)
			}
		}
		rapid.Check(t, func(r *rapid.T) {
			text := ""
			for i := range rapid.IntRange(1, 3).Draw(r, "terms") {
				if i > 0 {
					text += rapid.SampledFrom([]string{" ", " OR ", " -"}).Draw(r, "join")
				}
				field := rapid.SampledFrom(fields).Draw(r, "field")
				text += field + ":" + rapid.SampledFrom(values(d, crowd)[field]).Draw(r, "value")
			}
			c, err := d.Condition(access.With(t.Context(), access.From(d.as(d.ana))), text, time.UTC)
			if err != nil {
				r.Skip(err) // not every value goes with every field's operators
			}
			page, err := d.List(system, ticket.Query{Condition: c, Limit: 200})
			if err != nil {
				r.Fatalf("%s: %v", text, err)
			}
			listed := map[int64]bool{}
			for _, tk := range page.Tickets {
				listed[tk.ID] = true
			}
			for i := range crowd {
				if crowd[i].ID != 0 && c.Match(&crowd[i]) != listed[crowd[i].ID] {
					r.Fatalf("%s: in memory %v, in the database %v for %+v", text, c.Match(&crowd[i]), listed[crowd[i].ID], crowd[i])
				}
			}
		})
	}, visitKind())
}

// values are texts to compare each field with.
func values(d desk, crowd []ticket.Ticket) map[string][]string {
	id := func(ids ...int64) (out []string) {
		for _, n := range ids {
			out = append(out, fmt.Sprintf("#%d", n))
		}
		return append(out, "any", "none", "#1")
	}
	levels := []string{"1", "<=2", ">3", "5", "any", "none"}
	instants := []string{"<1h", ">2h", "<1d", "any", "none", ">=2026-03-02", "2026-03-02"}
	numbers := []string{"0", ">0", "1", "any", "none"}
	persons := append(id(d.ana, d.ben, d.carla, d.colin), "me")
	return map[string][]string{
		"kind": {"incident", "request", "visit", "any", "none"}, "state": {"new", "open", "done", "waiting", "active", "on_hold", "cancelled", "any"},
		"waiting": {"vendor", "caller", "any", "none"}, "priority": levels, "impact": levels, "urgency": levels,
		"number": {crowd[0].Number, "~inc", "inc-1", "any", "none"}, "title": {`"printer jams x"`, "~PRINTER", "~ärger", "~100%", "~_", "~🚑", "any", "none"},
		"assignee": persons, "group": id(d.network, d.printing), "requester": persons, "opened_by": persons,
		"organisation": id(crowd[0].OrganisationID), "service": id(d.payroll), "parent": id(crowd[0].ID), "watcher": persons,
		"tag": {"vip", "VIP", "t1", "any", "none"}, "created": instants, "updated": instants, "resolved": instants, "closed": instants, "responded": instants, "unanswered": instants, "due": instants,
		"reopened": numbers, "reassigned": numbers, "rating": {"1", ">=3", "any", "none"}, "channel": {"portal", "phone", "walk_in", "any", "none"},
		"resolution": {"solved", "any", "none"}, "source": {"elsewhere", `""`, "any", "none"},
		"field.room": {"Blue", "blue", "any", "none"}, "field.seats": {"9", "~1", "any", "none"}, "field.day": {"any", "none"}, "field.tea": {"none"}, "field.wishes": {"none"},
	}
}

func TestListGoesOnExactlyWhereThePageEnded(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		crowd := d.crowd(t)
		for _, field := range ticket.SortFields() {
			for _, down := range []bool{false, true} {
				q := ticket.Query{Condition: filter.True(), Sort: ticket.Sort{Field: field, Descending: down}, Limit: 7}
				seen := map[int64]bool{}
				for {
					page := must(d.List(d.world.System(), q))(t)
					for _, tk := range page.Tickets {
						if seen[tk.ID] {
							t.Fatalf("sorted by %s: %s comes twice", q.Sort, tk.Number)
						}
						seen[tk.ID] = true
					}
					if page.Next == "" {
						break
					}
					q.After = page.Next
				}
				if len(seen) != len(crowd) {
					t.Errorf("sorted by %s: %d of %d tickets", q.Sort, len(seen), len(crowd))
				}
			}
		}
	}, visitKind())
}

func TestCountsAgreeWithTheList(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		d.crowd(t)
		ctx := d.as(d.ben)
		var conditions []filter.Condition
		var want []int
		for _, text := range []string{"state:open", "assignee:me", "tag:vip kind:visit", "title:nothing"} {
			c := must(d.Condition(ctx, text, time.UTC))(t)
			conditions = append(conditions, c)
			want = append(want, len(must(d.List(ctx, ticket.Query{Condition: c, Limit: 200}))(t).Tickets))
		}
		if got := must(d.Counts(ctx, conditions, 100))(t); !slices.Equal(got, want) {
			t.Errorf("counts %v, lists %v", got, want)
		}
		n, more, err := d.Count(ctx, conditions[0], 3)
		if n != 3 || !more || err != nil {
			t.Errorf("counted %d, more %v, %v", n, more, err)
		}
	}, visitKind())
}
