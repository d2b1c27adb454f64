package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// TestRungsFireOnceThoughNodesAreKilled has hundreds of rungs come due within
// seconds, kills two of three nodes meanwhile, and starts another: each rung fires,
// is told of and stands on the timeline once.
func TestRungsFireOnceThoughNodesAreKilled(t *testing.T) {
	t.Parallel()
	const incidents = 150
	i := install(t, database.PostgreSQL)
	_, token := i.administrator()
	var nodes []*node
	for _, name := range []string{"a", "b", "c"} {
		i.set("NODE", name)
		nodes = append(nodes, i.start())
	}
	db := i.database(t)
	admin := program(nodes[2].url, token)
	var me struct{ Person struct{ ID int64 } }
	admin.want(t, http.StatusOK, http.MethodGet, "/me", nil).into(t, &me)
	admin.want(t, http.StatusCreated, http.MethodPost, "/agreements", map[string]any{
		"name": "Gold", "role": "sla", "terms": map[string]any{"calendar_id": aroundTheClock, "targets": []map[string]any{{"measure": "resolution", "within": "2m"}}},
	})
	admin.want(t, http.StatusCreated, http.MethodPost, "/escalation-ladders", map[string]any{
		"name": "Standard", "active": true, "rungs": []map[string]any{
			{"anchor": "percent", "percent": 25, "person_ids": []int64{me.Person.ID}}, {"anchor": "percent", "percent": 30, "person_ids": []int64{me.Person.ID}, "tag": "late"},
		},
	})
	var wg sync.WaitGroup
	for n := range 5 {
		wg.Go(func() {
			for k := range incidents / 5 {
				admin.open(t, fmt.Sprintf("Incident %d of %d", k, n))
			}
		})
	}
	wg.Wait()
	count := func(query string) int {
		t.Helper()
		n, err := database.One(t.Context(), db.Reader(), database.Scalar[int], query)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	fired := func() int { return count(`SELECT count(*) FROM escalations WHERE status = 'fired'`) }
	eventually(t, time.Minute, "rungs fire", func() bool { return fired() > incidents/10 })
	nodes[0].kill()
	first := fired()
	eventually(t, time.Minute, "more rungs fire", func() bool { return fired() > first+incidents/10 })
	nodes[1].kill()
	second := fired()
	if second >= 2*incidents {
		t.Fatal("everything had fired before the nodes were killed: make more incidents")
	}
	i.set("NODE", "d")
	last := i.start()
	eventually(t, 3*time.Minute, "every rung fires", func() bool { return fired() == 2*incidents })
	if n := count(`SELECT count(*) FROM escalations`); n != 2*incidents {
		t.Errorf("%d rungs for %d incidents with two each", n, incidents)
	}
	// Two rungs that come due together are one save and one notice; apart, two.
	rungs := count(`SELECT count(*) FROM (SELECT DISTINCT ticket_id, ended_at FROM escalations) x`)
	if told, said := count(`SELECT count(*) FROM notices WHERE kind = 'escalation'`), count(`SELECT count(*) FROM ticket_events WHERE type = 'activity'`); told != rungs || said != rungs {
		t.Errorf("%d firings, %d notices, %d entries on timelines", rungs, told, said)
	}
	if n := count(`SELECT count(*) FROM notices WHERE kind = 'escalation' GROUP BY cause ORDER BY count(*) DESC LIMIT 1`); n != 1 {
		t.Errorf("somebody was told %d times of one thing", n)
	}
	nodes[2].calm()
	last.calm()
	t.Logf("killed after %d and %d of %d", first, second, 2*incidents)
}

// aroundTheClock is the calendar that never closes.
const aroundTheClock = 1
