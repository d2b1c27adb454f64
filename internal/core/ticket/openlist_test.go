package ticket_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// TestIDsOfAnOpenList asks what an open list asks: which of its tickets still
// belong to it, and what is new in the part that is shown.
func TestIDsOfAnOpenList(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		var all []int64
		for i := range 6 {
			all = append(all, d.incident(t, fmt.Sprintf("Ticket %d", i)).ID)
			d.world.Clock.Advance(time.Minute)
		}
		ana := d.as(d.ana)
		newest := ticket.Sort{Field: "created", Descending: true}
		open := must(d.Condition(ana, "state:open", time.UTC))(t)
		ids := func(ctx context.Context, q ticket.Query) []int64 {
			q.Condition, q.Sort = open, newest
			return must(d.IDs(ctx, q))(t)
		}
		page := must(d.List(ana, ticket.Query{Condition: open, Sort: newest, Limit: 2}))(t)
		for name, c := range map[string]struct {
			q    ticket.Query
			want []int64
		}{
			"all":                 {ticket.Query{}, []int64{all[5], all[4], all[3], all[2], all[1], all[0]}},
			"among some":          {ticket.Query{Among: []int64{all[1], all[4], 99}}, []int64{all[4], all[1]}},
			"among none":          {ticket.Query{Among: []int64{}}, nil},
			"until the first end": {ticket.Query{Until: page.Next}, []int64{all[5], all[4]}},
			"after the first end": {ticket.Query{After: page.Next, Limit: 2}, []int64{all[3], all[2]}},
		} {
			if diff := cmp.Diff(c.want, ids(ana, c.q)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		d.resolve(t, d.get(t, ticket.Ticket{ID: all[4]}))
		if diff := cmp.Diff([]int64{all[1]}, ids(ana, ticket.Query{Among: []int64{all[1], all[4]}})); diff != "" {
			t.Error("a ticket that left the list:", diff)
		}
		if got := ids(d.as(d.colin), ticket.Query{Among: all}); len(got) > 0 {
			t.Errorf("somebody else's tickets: %v", got)
		}
		_, err := d.IDs(ana, ticket.Query{Condition: open, Sort: ticket.Sort{Field: "title"}, Until: page.Next})
		wantKind(t, err, "invalid", "cursor")
	})
}

func TestUnansweredSinceTheRequestersFirstWord(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		inc := d.incident(t, "Printer jams")
		say := func(person int64) {
			d.world.Clock.Advance(time.Minute)
			must(d.Reply(d.as(person), ticket.ByID(inc.ID), ticket.PublicReply{Body: "…"}))(t)
		}
		since := func(want time.Time) {
			t.Helper()
			if got := d.get(t, inc).UnansweredSince; !got.Equal(want) {
				t.Errorf("unanswered since %v, want %v", got, want)
			}
		}
		since(time.Time{})
		say(d.carla)
		first := d.world.Clock.Now()
		say(d.carla)
		since(first)
		must(d.Note(d.as(d.ana), ticket.ByID(inc.ID), ticket.InternalNote{Body: "looking"}))(t)
		since(first)
		found := must(d.IDs(d.as(d.ana), ticket.Query{Condition: must(d.Condition(d.as(d.ana), "unanswered:any", time.UTC))(t)}))(t)
		if !slices.Equal(found, []int64{inc.ID}) {
			t.Errorf("unanswered:any finds %v", found)
		}
		say(d.ana)
		since(time.Time{})
		say(d.carla)
		d.resolve(t, d.get(t, inc))
		since(time.Time{})
	})
}

func TestFiltersReadTogetherMeanTheSame(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		names := &names{known: map[string]int64{"Network": d.network, "Ana": d.ana}}
		s := ticket.New(ticket.Deps{
			DB: d.world.DB, Kinds: d.Kinds(), Directory: realDirectory{d.world.People, d.world.Services}, Announcer: d.said, Now: d.world.Clock.Now, Resolver: names,
		})
		ctx := d.as(d.ana)
		texts := []string{"group:Network", "assignee:Ana OR group:Network", "state:opn", "((", "assignee:Nobody", "group:mine", ""}
		bound := must(s.Conditions(ctx, texts, time.UTC))(t)
		if names.asked != 1 {
			t.Errorf("names were asked for %d times", names.asked)
		}
		for i, text := range texts {
			one, err := s.Condition(ctx, text, time.UTC)
			if (err == nil) != (bound[i].Err == nil) || err == nil && !one.Equal(bound[i].Condition) {
				t.Errorf("%q alone: %v, %v; together: %v, %v", text, one, err, bound[i].Condition, bound[i].Err)
			}
			wrong := new(filter.Error)
			if bound[i].Err != nil && !errors.As(bound[i].Err, &wrong) {
				t.Errorf("%q: %v does not say where", text, bound[i].Err)
			}
		}
		mine := must(d.Condition(ctx, "group:mine", time.UTC))(t)
		if got, want := len(must(d.IDs(ctx, ticket.Query{Condition: mine}))(t)), 0; got != want {
			t.Errorf("%d tickets before there is one", got)
		}
		inc := d.incident(t, "Slow network")
		if got := must(d.IDs(ctx, ticket.Query{Condition: mine}))(t); !slices.Equal(got, []int64{inc.ID}) {
			t.Errorf("group:mine finds %v", got)
		}
		none := must(d.Condition(d.as(d.audrey), "group:mine", time.UTC))(t)
		if got := must(d.IDs(d.as(d.audrey), ticket.Query{Condition: none}))(t); len(got) > 0 {
			t.Errorf("somebody without a group finds %v", got)
		}
	})
}

// names is a resolver that counts how often it is asked.
type names struct {
	known map[string]int64
	asked int
}

func (n *names) Resolve(_ context.Context, asked []filter.Name) ([][]int64, error) {
	n.asked++
	out := make([][]int64, len(asked))
	for i, name := range asked {
		if id, ok := n.known[name.Text]; ok {
			out[i] = []int64{id}
		}
	}
	return out, nil
}

// TestListsAreFoundByIndex keeps the plans that queues, portals and counts lean
// on: what was measured to take milliseconds must not become a scan.
func TestListsAreFoundByIndex(t *testing.T) {
	t.Parallel()
	d := sqliteDesk(t)
	const newestFirst = ` ORDER BY t.updated_at DESC, t.id DESC`
	for name, c := range map[string]struct{ where, order, index string }{
		"urgent of a group": {
			`t.group_id = 1 AND t.state IN ('new', 'in_progress') AND t.priority IN (1, 2)` + ticket.OpenOnly, ` ORDER BY t.priority, t.id`, "tickets_open_priority",
		},
		"answered":       {`t.assignee_id = 1 AND t.unanswered_since IS NOT NULL`, ` ORDER BY t.updated_at, t.id`, "tickets_assignee_unanswered"},
		"open tickets":   {`t.state IN ('new', 'in_progress')`, newestFirst, ""},
		"most urgent":    {`t.state IN ('new', 'in_progress')`, ` ORDER BY t.priority, t.id`, ""},
		"of a group":     {`t.group_id = 1 AND t.state IN ('new', 'in_progress')`, newestFirst, ""},
		"of a person":    {`t.assignee_id = 1 AND t.state IN ('new', 'in_progress')`, newestFirst, ""},
		"resolved since": {`t.resolved_at >= 1`, ` ORDER BY COALESCE(t.resolved_at, 0) DESC, t.id DESC`, ""},
		"own":            {`(t.requester_id = 1 OR t.opened_by_id = 1 OR t.id IN (SELECT w.ticket_id FROM ticket_watchers w WHERE w.person_id = 1))`, newestFirst, ""},
		"with a tag":     {`t.id IN (SELECT g.ticket_id FROM ticket_tags g WHERE g.tag = 'vip')`, newestFirst, ""},
	} {
		plan, err := database.All(t.Context(), d.world.DB.Reader(), func(r database.Row) (string, error) {
			var id, parent, unused int
			var detail string
			err := r.Scan(&id, &parent, &unused, &detail)
			return detail, err
		}, `EXPLAIN QUERY PLAN SELECT t.id, t.title FROM tickets t WHERE `+c.where+c.order+` LIMIT 51`)
		if err != nil {
			t.Fatal(err)
		}
		steps := strings.Join(plan, "\n")
		if strings.Contains(steps, "SCAN t") || c.index != "" && (!strings.Contains(steps, c.index) || strings.Contains(steps, "TEMP B-TREE")) {
			t.Errorf("%s: %q", name, plan)
		}
	}
}

func TestOpenTicketsAreThoseThatAreNotDone(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		open, done := d.incident(t, "Open"), d.incident(t, "Done")
		d.step(t, d.ana, done, ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Restarted the spooler."})
		got := must(d.IDs(d.as(d.ana), ticket.Query{Condition: filter.True(), Open: true}))(t)
		if !slices.Equal(got, []int64{open.ID}) {
			t.Errorf("open are %v, not %d alone", got, open.ID)
		}
	})
}
