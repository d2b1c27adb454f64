package ticket_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

func TestLanesOfAListInOneQueryEach(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		var all []int64
		for i := range 5 {
			all = append(all, d.incident(t, fmt.Sprintf("Ticket %d", i)).ID)
			d.world.Clock.Advance(time.Minute)
		}
		d.resolve(t, d.get(t, ticket.Ticket{ID: all[1]}))
		ana := d.as(d.ana)
		groups, partial, err := d.Groups(ana, filter.True(), "state", 100)
		if diff := cmp.Diff([]ticket.Group{{Value: "new", Count: 4}, {Value: "resolved", Count: 1}}, groups); err != nil || partial || diff != "" {
			t.Errorf("%v, partial %t: %s", err, partial, diff)
		}
		if _, partial, _ := d.Groups(ana, filter.True(), "assignee", 3); !partial {
			t.Error("five tickets are more than three")
		}
		for _, field := range []string{"tag", "watcher", "nonsense"} {
			_, _, err := d.Groups(ana, filter.True(), field, 100)
			wantKind(t, err, "invalid", "by")
		}
		oldest := ticket.Sort{Field: "created"}
		var queries []ticket.Query
		for _, state := range []string{"new", "in_progress", "resolved"} {
			c := must(d.LaneOf(ana, "state", state))(t)
			queries = append(queries, ticket.Query{Condition: c, Sort: oldest, Limit: 3})
		}
		pages := must(d.Lists(ana, queries))(t)
		for i, want := range [][]int64{{all[0], all[2], all[3]}, nil, {all[1]}} {
			var got []int64
			for _, tk := range pages[i].Tickets {
				got = append(got, tk.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("lane %d: %s", i, diff)
			}
		}
		if pages[0].Next == "" || pages[2].Next != "" {
			t.Error("the first lane goes on, the last does not")
		}
		rest := must(d.List(ana, ticket.Query{Condition: queries[0].Condition, Sort: oldest, After: pages[0].Next}))(t)
		if len(rest.Tickets) != 1 || rest.Tickets[0].ID != all[4] {
			t.Errorf("after the cursor: %+v", rest.Tickets)
		}
		queries[0].Until = pages[0].Next
		if diff := cmp.Diff([]int64{all[0], all[1], all[2], all[3]}, must(d.ListIDs(ana, queries))(t)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLanesTellNobodyWhatTheyMayNotSee(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		inc := d.incident(t, "Printer jams")
		must(d.Edit(d.as(d.ana), ticket.ByID(inc.ID), ticket.Edit{AssigneeID: &d.ana}))(t)
		requester := d.as(d.carla)
		for _, field := range []string{"assignee", "group", "impact"} {
			groups, _, err := d.Groups(requester, filter.True(), field, 100)
			if err != nil || len(groups) > 0 {
				t.Errorf("by %s a requester counts %v, %v", field, groups, err)
			}
			c := must(d.LaneOf(requester, field, ""))(t)
			if pages := must(d.Lists(requester, []ticket.Query{{Condition: c}}))(t); len(pages[0].Tickets) > 0 {
				t.Errorf("by %s a requester finds %v", field, pages)
			}
		}
		groups, _, err := d.Groups(requester, filter.True(), "state", 100)
		if diff := cmp.Diff([]ticket.Group{{Value: "new", Count: 1}}, groups); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}
