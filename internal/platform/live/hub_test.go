package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/live"
)

const patience = 30 * time.Second

func newHub(t testing.TB, db *database.DB) *live.Hub {
	t.Helper()
	h := live.New(db, live.Options{})
	t.Cleanup(h.Close)
	return h
}

// another opens the database once more, as another node does. SQLite is served
// by one process: there the hubs share it.
func another(t testing.TB, db *database.DB) *database.DB {
	t.Helper()
	if db.Engine() == database.SQLite {
		return db
	}
	other, err := database.Open(t.Context(), database.Options{URL: db.URL(), MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	return other
}

func publish(t testing.TB, db *database.DB, h *live.Hub, events ...live.Event) {
	t.Helper()
	if err := db.Write(t.Context(), func(tx *database.Tx) error { return h.Publish(t.Context(), tx, events...) }); err != nil {
		t.Fatal(err)
	}
}

func changed(key string, topics ...string) live.Event {
	return live.Event{Topics: topics, Kind: "changed", Key: key}
}

func subscribe(t testing.TB, h *live.Hub, from live.Cursor, topics ...string) *live.Subscription {
	t.Helper()
	s, err := h.Subscribe(t.Context(), topics, from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func next(t testing.TB, s *live.Subscription) live.Batch {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b, err := s.Next(ctx)
	if err != nil {
		t.Fatalf("nothing came: %v", err)
	}
	return b
}

// keys reads until n messages came and gives their keys.
func keys(t testing.TB, s *live.Subscription, n int) (got []string, at live.Cursor) {
	t.Helper()
	for len(got) < n {
		b := next(t, s)
		if b.Resync {
			t.Fatal("told to start over")
		}
		for _, m := range b.Messages {
			got = append(got, m.Key)
		}
		at = b.Cursor
	}
	return got, at
}

func place(t testing.TB, h *live.Hub) live.Cursor {
	t.Helper()
	c, err := h.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCommittedEventReachesTheScreensOfEveryNode(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		here, there := newHub(t, db), newHub(t, another(t, db))
		near, far := subscribe(t, here, live.Cursor{}, "ticket:1", "queue"), subscribe(t, there, live.Cursor{}, "ticket:1")
		boom := errors.New("boom")
		err := db.Write(t.Context(), func(tx *database.Tx) error {
			if err := here.Publish(t.Context(), tx, changed("never", "ticket:1")); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		publish(t, db, here,
			changed("other", "ticket:2"),
			live.Event{Topics: []string{"ticket:1", "queue"}, Kind: "changed", Key: "1", Data: map[string]any{"html": "<b>\n"}})
		since := time.Now()
		for _, s := range []*live.Subscription{near, far} {
			b := next(t, s)
			want := []live.Message{{Kind: "changed", Key: "1", Data: json.RawMessage(`{"html":"\u003cb\u003e\n"}`)}}
			if diff := cmp.Diff(want, b.Messages); diff != "" {
				t.Error(diff)
			}
		}
		if took := time.Since(since); took > time.Second {
			t.Errorf("it took %s", took)
		}
	}, live.Migrations)
}

func TestBrowserThatWasAwayCatchesUp(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		here, there := newHub(t, db), newHub(t, another(t, db))
		rendered := place(t, here) // a page takes it before it reads its data
		publish(t, db, here, changed("1", "a"), changed("2", "b"), changed("3", "a", "b"))
		s := subscribe(t, here, rendered, "a")
		got, at := keys(t, s, 2)
		if diff := cmp.Diff([]string{"1", "3"}, got); diff != "" {
			t.Error(diff)
		}
		s.Close()
		publish(t, db, here, changed("4", "a"))
		publish(t, db, there, changed("5", "b"))
		publish(t, db, there, changed("6", "a"))
		text, err := live.ParseCursor(at.String())
		if err != nil {
			t.Fatal(err)
		}
		s = subscribe(t, there, text, "a")
		publish(t, db, here, changed("7", "a"))
		got, _ = keys(t, s, 3)
		if diff := cmp.Diff([]string{"4", "6", "7"}, got); diff != "" {
			t.Error(diff)
		}
	}, live.Migrations)
}

func TestCursorMovesOnWithoutEvents(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHub(t, db)
		quiet, loud := subscribe(t, h, live.Cursor{}, "quiet"), subscribe(t, h, live.Cursor{}, "loud")
		before := quiet.Cursor()
		publish(t, db, h, changed("1", "loud"))
		_, at := keys(t, loud, 1)
		if now := quiet.Cursor(); now.String() == before.String() || now.String() != at.String() {
			t.Errorf("the cursor went from %s to %s, want %s", before, now, at)
		}
	}, live.Migrations)
}

func TestWhoCannotBeServedWithoutGapsStartsOver(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Now()
		h := live.New(db, live.Options{Clock: func() time.Time { return now }})
		t.Cleanup(h.Close)
		origin := place(t, h)
		expect := func(name string, from live.Cursor, resync bool) {
			t.Helper()
			s := subscribe(t, h, from, "a")
			defer s.Close()
			publish(t, db, h, changed("after", "a"))
			b := next(t, s)
			if b.Resync != resync {
				t.Errorf("%s: resync is %t", name, b.Resync)
			}
			if resync && len(b.Messages) == 0 {
				b = next(t, s)
			}
			if n := len(b.Messages); n == 0 || b.Messages[n-1].Key != "after" || b.Resync && !resync {
				t.Errorf("%s: then came %+v", name, b)
			}
		}
		expect("from now on", live.Cursor{}, false)
		expect("from the beginning", origin, false)

		// Long away: what it missed is pruned.
		now = now.Add(live.Retention + time.Hour)
		publish(t, db, h, changed("new", "b"))
		if err := h.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Whoever still sees a transaction open that is as old as the pruned ones
		// starts over, to be safe. The tests next door have such in the same server.
		pruned := place(t, h)
		eventually(t, "all transactions of then are over", func() bool { return place(t, h).After(pruned) })
		expect("after the pruning", place(t, h), false)
		expect("older than the pruning", origin, true)

		// Too much missed.
		before := place(t, h)
		var many []live.Event
		for range 1001 {
			many = append(many, changed("x", "a"))
		}
		publish(t, db, h, many...)
		expect("too far behind", before, true)

		// A restored database counts anew.
		before = place(t, h)
		if err := db.Write(t.Context(), func(tx *database.Tx) error { return live.Reset(t.Context(), tx) }); err != nil {
			t.Fatal(err)
		}
		expect("of another life", before, true)
		expect("from the future", place(t, h).Later(1000000), true)
	}, live.Migrations)
}

func TestSlowSubscriberIsToldToStartOverAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHub(t, db)
		slow, quick := subscribe(t, h, live.Cursor{}, "a"), subscribe(t, h, live.Cursor{}, "a")
		for i := range 8 {
			var events []live.Event
			for j := range 100 {
				events = append(events, changed(fmt.Sprint(i, j), "a"))
			}
			publish(t, db, h, events...)
			keys(t, quick, 100)
		}
		b := next(t, slow)
		if !b.Resync || len(b.Messages) > 500 {
			t.Errorf("resync %t with %d messages", b.Resync, len(b.Messages))
		}
		publish(t, db, h, changed("later", "a"))
		if got, _ := keys(t, slow, 1); got[0] != "later" {
			t.Errorf("got %v", got)
		}
	}, live.Migrations)
}

func TestEventsLeftFromBeforeARestoreAreDropped(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.PostgreSQL, live.Migrations)
	h := newHub(t, db)
	err := db.Write(t.Context(), func(tx *database.Tx) error { // dumped from a server that had counted far
		_, err := tx.Exec(t.Context(), `INSERT INTO live_events (txn, event, topic, kind, item, data, at)
			SELECT 1000000000000 + g, g, 'a', 'changed', 'old', '{}', 1 FROM generate_series(1, 6000) g`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s := subscribe(t, h, live.Cursor{}, "a")
	if b := next(t, s); !b.Resync {
		t.Errorf("got %+v", b)
	}
	publish(t, db, h, changed("new", "a"))
	if got, _ := keys(t, s, 1); got[0] != "new" {
		t.Errorf("got %v", got)
	}
}

func TestIdleHubDoesNotReadAtAll(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		h := live.New(db, live.Options{Poll: time.Millisecond})
		t.Cleanup(h.Close)
		publish(t, db, h, changed("1", "a"))
		s := subscribe(t, h, live.Cursor{}, "a")
		publish(t, db, h, changed("2", "a"))
		keys(t, s, 1)
		if !h.Following() {
			t.Error("it does not follow although somebody is subscribed")
		}
		s.Close()
		if h.Following() {
			t.Error("it follows for nobody")
		}
	}, live.Migrations)
}

func TestEventsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.SQLite, live.Migrations)
	h := newHub(t, db)
	long := strings.Repeat("x", 201)
	for name, e := range map[string]live.Event{
		"no topic":      {Kind: "a"},
		"empty topic":   {Kind: "a", Topics: []string{""}},
		"long topic":    {Kind: "a", Topics: []string{long}},
		"line in topic": {Kind: "a", Topics: []string{"a\nb"}},
		"no text":       {Kind: "a", Topics: []string{"a\xff"}},
		"no kind":       {Topics: []string{"a"}},
		"line in kind":  {Kind: "a\ndata: x", Topics: []string{"a"}},
		"own kind":      {Kind: live.KindResync, Topics: []string{"a"}},
		"much data":     {Kind: "a", Topics: []string{"a"}, Data: strings.Repeat("x", 5000)},
		"no JSON":       {Kind: "a", Topics: []string{"a"}, Data: func() {}},
	} {
		err := db.Write(t.Context(), func(tx *database.Tx) error { return h.Publish(t.Context(), tx, e) })
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestClosedHubEndsItsSubscriptions(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		h := live.New(db, live.Options{})
		s := subscribe(t, h, live.Cursor{}, "a")
		ended := make(chan error, 1)
		go func() {
			_, err := s.Next(context.Background())
			ended <- err
		}()
		h.Close()
		if err := <-ended; !errors.Is(err, live.ErrClosed) {
			t.Errorf("got %v", err)
		}
		if _, err := h.Subscribe(t.Context(), []string{"a"}, live.Cursor{}); !errors.Is(err, live.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}, live.Migrations)
}
