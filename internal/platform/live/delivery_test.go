package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/live"
)

// TestTransactionThatCommitsLateIsNotSkipped is the case that a cursor of ids
// gets wrong: the older transaction commits after the younger was delivered.
func TestTransactionThatCommitsLateIsNotSkipped(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.PostgreSQL, live.Migrations)
	h := newHub(t, db)
	s := subscribe(t, h, live.Cursor{}, "a")
	published, commit := make(chan struct{}), make(chan struct{})
	late := make(chan error, 1)
	go func() {
		late <- db.Write(t.Context(), func(tx *database.Tx) error {
			err := tx.Savepoint(t.Context(), func() error { return h.Publish(t.Context(), tx, changed("old", "a")) })
			close(published)
			<-commit
			return err
		})
	}()
	<-published
	publish(t, db, h, changed("young", "a"))
	got, at := keys(t, s, 1)
	if got[0] != "young" {
		t.Fatalf("got %v", got)
	}
	close(commit)
	if err := <-late; err != nil {
		t.Fatal(err)
	}
	if got, _ := keys(t, s, 1); got[0] != "old" {
		t.Errorf("got %v", got)
	}
	// A browser that went away in between learns it, too, and only it.
	back := subscribe(t, newHub(t, another(t, db)), at, "a")
	publish(t, db, h, changed("end", "a"))
	if got, _ := keys(t, back, 2); got[0] != "old" || got[1] != "end" {
		t.Errorf("after the return %v", got)
	}
}

// traffic is what writers committed, by topic.
type traffic struct {
	mu        sync.Mutex
	committed map[string]map[string]bool
}

func (tr *traffic) add(topics []string, key string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, topic := range topics {
		if tr.committed[topic] == nil {
			tr.committed[topic] = map[string]bool{}
		}
		tr.committed[topic][key] = true
	}
}

func (tr *traffic) of(topics []string) map[string]bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	all := map[string]bool{}
	for _, topic := range topics {
		for k := range tr.committed[topic] {
			all[k] = true
		}
	}
	return all
}

// TestNothingIsLostOrDoubledUnderConcurrentWritersAndReconnects lets writers on
// two nodes commit in random order, some rolling back, while readers come and
// go between the nodes. Each reader must get every committed event of its
// topics exactly once: more than promised, but what the cursor can do.
func TestNothingIsLostOrDoubledUnderConcurrentWritersAndReconnects(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		const writers, perWriter, readers = 6, 60, 6
		dbs := []*database.DB{db, another(t, db)}
		hubs := []*live.Hub{newHub(t, dbs[0]), newHub(t, dbs[1])}
		topics := []string{"a", "b", "c", "d"}
		boom := errors.New("boom")
		tr := &traffic{committed: map[string]map[string]bool{}}
		origin := place(t, hubs[0])

		var writing, reading sync.WaitGroup
		for w := range writers {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			writing.Go(func() {
				for i := range perWriter {
					key := fmt.Sprintf("%d/%d", w, i)
					to := topics[random.IntN(3):][:1+random.IntN(2)]
					delay, fails := time.Duration(random.IntN(15))*time.Millisecond, random.IntN(6) == 0
					if db.Engine() == database.SQLite {
						delay = 0 // the only writer would wait for nothing
					}
					node := random.IntN(2)
					err := dbs[node].Write(t.Context(), func(tx *database.Tx) error {
						if err := hubs[node].Publish(t.Context(), tx, changed(key, to...)); err != nil {
							return err
						}
						<-time.After(delay)
						if fails {
							return boom
						}
						return nil
					})
					switch {
					case err == nil:
						tr.add(to, key)
					case !errors.Is(err, boom):
						t.Error(err)
					}
				}
			})
		}
		var finished atomic.Bool
		for r := range readers {
			random := rand.New(rand.NewPCG(uint64(r), 2))
			mine := topics[random.IntN(3):][:1+random.IntN(2)]
			reading.Go(func() {
				got := map[string]int{}
				at := origin
				deadline := time.Now().Add(patience)
				for {
					done := finished.Load()
					at = readSome(t, hubs[random.IntN(2)], mine, at, got, 1+random.IntN(10), done)
					want := tr.of(mine)
					if done && len(got) >= len(want) || time.Now().After(deadline) || t.Failed() {
						for k := range want {
							if got[k] != 1 {
								t.Errorf("reader %d got %s %d times", r, k, got[k])
							}
						}
						if len(got) != len(want) {
							t.Errorf("reader %d got %d events, %d were committed", r, len(got), len(want))
						}
						return
					}
				}
			})
		}
		writing.Wait()
		finished.Store(true)
		reading.Wait()
	}, live.Migrations)
}

// readSome connects, takes some batches, disconnects, and gives the place it left at.
func readSome(t *testing.T, h *live.Hub, topics []string, at live.Cursor, got map[string]int, batches int, done bool) live.Cursor {
	s, err := h.Subscribe(t.Context(), topics, at)
	if err != nil {
		t.Error(err)
		return at
	}
	defer s.Close()
	wait := 300 * time.Millisecond
	if done {
		wait = 1500 * time.Millisecond // everything is committed: what is missing comes within this
	}
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	for range batches {
		b, err := s.Next(ctx)
		if err != nil {
			if c := s.Cursor(); !c.IsZero() {
				return c
			}
			return at
		}
		if b.Resync {
			t.Error("told to start over")
		}
		for _, m := range b.Messages {
			got[m.Key]++
		}
		at = b.Cursor
	}
	return at
}

func TestEventOfANodeThatDiedBeforeItsNoticeComesWithinASecond(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s := subscribe(t, newHub(t, db), live.Cursor{}, "a")
		mute := live.New(another(t, db), live.Options{})
		mute.Close() // it still publishes, but tells nobody
		publish(t, another(t, db), mute, changed("1", "a"))
		since := time.Now()
		keys(t, s, 1)
		if took := time.Since(since); took > 1500*time.Millisecond {
			t.Errorf("it took %s", took)
		}
	}, live.Migrations)
}

func TestHubWithoutItsListenConnectionStillDeliversAndRecovers(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.PostgreSQL, live.Migrations)
	listening := another(t, db)
	// A long poll shows that notices work; a short one that they are not needed.
	patient := live.New(listening, live.Options{Poll: time.Hour})
	t.Cleanup(patient.Close)
	polling := newHub(t, listening)
	writer := newHub(t, db)
	a, b := subscribe(t, patient, live.Cursor{}, "a"), subscribe(t, polling, live.Cursor{}, "a")
	listeners := func() (pids []int) {
		pids, err := database.All(t.Context(), db.Reader(), database.Scalar[int], `SELECT pid FROM pg_stat_activity
			WHERE datname = current_database() AND query LIKE 'LISTEN%' ORDER BY backend_start LIMIT 10`)
		if err != nil {
			t.Fatal(err)
		}
		return pids
	}
	eventually(t, "both nodes listen", func() bool { return len(listeners()) == 2 })
	publish(t, db, writer, changed("1", "a"))
	keys(t, a, 1)
	keys(t, b, 1)

	for _, pid := range listeners() {
		if _, err := db.Reader().Exec(t.Context(), "SELECT pg_terminate_backend($1)", pid); err != nil {
			t.Fatal(err)
		}
	}
	publish(t, db, writer, changed("2", "a"))
	since := time.Now()
	keys(t, b, 1)
	if took := time.Since(since); took > 1500*time.Millisecond {
		t.Errorf("without notices it took %s", took)
	}
	keys(t, a, 1) // once the bus is back, it says so, and the hub looks
	eventually(t, "both nodes listen again", func() bool { return len(listeners()) == 2 })
	publish(t, db, writer, changed("3", "a"))
	since = time.Now()
	keys(t, a, 1)
	if took := time.Since(since); took > time.Second {
		t.Errorf("after the recovery it took %s", took)
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		}
	}
}
