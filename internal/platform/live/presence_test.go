package live_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/live"
)

var (
	ana = live.Person{ID: 1, Name: "Ana"}
	ben = live.Person{ID: 2, Name: "Ben"}
)

func awaitPresent(t testing.TB, h *live.Hub, topic string, want ...live.Present) {
	t.Helper()
	var diff string
	deadline := time.Now().Add(patience)
	eventually(t, "presence is as wanted", func() bool {
		diff = cmp.Diff(append([]live.Present{}, want...), h.Presence().List(topic))
		if diff != "" && time.Now().After(deadline.Add(-time.Second)) {
			t.Fatal(diff)
		}
		return diff == ""
	})
}

func TestPresenceIsKnownOnEveryNode(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		here, there := newHub(t, db), newHub(t, another(t, db))
		leaveAna := here.Presence().Join("ticket:1", ana)
		again := here.Presence().Join("ticket:1", ana) // a second tab
		there.Presence().Join("ticket:1", ben)
		for _, h := range []*live.Hub{here, there} {
			awaitPresent(t, h, "ticket:1", live.Present{Person: ana}, live.Present{Person: ben})
		}
		// Typing reaches whichever node the next request hits.
		there.Presence().Typing("ticket:1", ana, true)
		for _, h := range []*live.Hub{here, there} {
			awaitPresent(t, h, "ticket:1", live.Present{Person: ana, Typing: true}, live.Present{Person: ben})
		}
		here.Presence().Typing("ticket:1", ana, false)
		leaveAna()
		for _, h := range []*live.Hub{here, there} {
			awaitPresent(t, h, "ticket:1", live.Present{Person: ana}, live.Present{Person: ben})
		}
		again()
		again()
		for _, h := range []*live.Hub{here, there} {
			awaitPresent(t, h, "ticket:1", live.Present{Person: ben})
		}
		// A node that comes later asks; one that stops takes leave.
		late := newHub(t, another(t, db))
		awaitPresent(t, late, "ticket:1", live.Present{Person: ben})
		there.Close()
		for _, h := range []*live.Hub{here, late} {
			awaitPresent(t, h, "ticket:1")
		}
	}, live.Migrations)
}

func TestPresenceOfASilentNodeFades(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		var mu sync.Mutex
		now := time.Now()
		h := live.New(db, live.Options{Clock: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
		t.Cleanup(h.Close)
		advance := func(d time.Duration) {
			mu.Lock()
			now = now.Add(d)
			mu.Unlock()
			h.Presence().Fade()
		}
		h.Presence().Join("a", ana)
		// What a node says before it is killed.
		say := func(sign string) {
			if err := db.Notify(t.Context(), "live.presence", "killed\n"+sign); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "the other's word arrives", func() bool {
			say(`{"a":"join","t":"a","s":"killed/1","p":{"id":2,"name":"Ben"}}`)
			return len(h.Presence().List("a")) == 2
		})
		say(`{"a":"type","t":"a","s":"typing/2","p":{"id":2,"name":"Ben"}}` + "\nnot JSON\n" + `{"a":"unknown"}`)
		awaitPresent(t, h, "a", live.Present{Person: ana}, live.Present{Person: ben, Typing: true})
		s := subscribe(t, h, live.Cursor{}, "a")
		next(t, s) // who is there now
		advance(10 * time.Second)
		awaitPresent(t, h, "a", live.Present{Person: ana}, live.Present{Person: ben})
		if b := next(t, s); len(b.Messages) != 1 || string(b.Messages[0].Data) != `[{"id":1,"name":"Ana","typing":false},{"id":2,"name":"Ben","typing":false}]` {
			t.Errorf("told %+v", b)
		}
		advance(31 * time.Second)
		awaitPresent(t, h, "a", live.Present{Person: ana})
		if b := next(t, s); string(b.Messages[0].Data) != `[{"id":1,"name":"Ana","typing":false}]` {
			t.Errorf("told %+v", b)
		}
	}, live.Migrations)
}

func TestManyPresentPeopleFitIntoNotices(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.PostgreSQL, live.Migrations)
	here, there := newHub(t, db), newHub(t, another(t, db))
	for i := range 300 {
		here.Presence().Join("queue", live.Person{ID: int64(i), Name: fmt.Sprintf("A person with the long name %d", i)})
	}
	eventually(t, "all are known", func() bool { return len(there.Presence().List("queue")) == 300 })
}

func TestStreamMakesAPersonPresent(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHub(t, db)
		srv := serve(t, live.Handler(h, everyone, live.HandlerOptions{Person: func(r *http.Request) (live.Person, bool) {
			id, err := strconv.ParseInt(r.URL.Query().Get("who"), 10, 64)
			return live.Person{ID: id, Name: fmt.Sprint("P", id)}, err == nil
		}}))
		one := connect(t, srv, "", "topic=ticket:1&present=ticket:1&who=1")
		one.next()
		if e := one.next(); e.Name != live.KindPresence || e.Data != `{"key":"ticket:1","data":[{"id":1,"name":"P1","typing":false}]}` {
			t.Errorf("got %+v", e)
		}
		two := connect(t, srv, "", "topic=ticket:1&present=ticket:1&who=2")
		if e := one.next(); e.Data != `{"key":"ticket:1","data":[{"id":1,"name":"P1","typing":false},{"id":2,"name":"P2","typing":false}]}` {
			t.Errorf("got %+v", e)
		}
		two.close()
		if e := one.next(); e.Data != `{"key":"ticket:1","data":[{"id":1,"name":"P1","typing":false}]}` {
			t.Errorf("got %+v", e)
		}
	}, live.Migrations)
}
