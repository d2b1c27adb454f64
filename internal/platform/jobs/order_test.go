package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

// errand is a job of the order tests: it fails a number of times before it
// succeeds, or for good.
type errand struct {
	Key   string
	Nth   int // position among all errands, in the order of enqueueing
	Fails int
}

// ledger records what ran on which key.
type ledger struct {
	mu      sync.Mutex
	current map[string]int   // key -> errand that runs now
	runs    map[string][]int // key -> errands in the order of their runs
	faults  []string
}

func newLedger() *ledger { return &ledger{current: map[string]int{}, runs: map[string][]int{}} }

func (l *ledger) enter(e errand) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other, busy := l.current[e.Key]; busy {
		l.faults = append(l.faults, fmt.Sprintf("errand %d began on key %s while %d ran", e.Nth, e.Key, other))
	}
	l.current[e.Key] = e.Nth
	l.runs[e.Key] = append(l.runs[e.Key], e.Nth)
}

func (l *ledger) leave(e errand) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.current, e.Key)
}

const allowed = 3 // attempts of an errand

// node makes one node that runs errands and notes them in the ledger.
func node(t testing.TB, db *database.DB, l *ledger) (*jobs.Queue, *jobs.Kind[errand]) {
	t.Helper()
	q := jobs.New(db, jobs.Options{Poll: 50 * time.Millisecond})
	k := jobs.Define(q, "errand", func(_ context.Context, job *jobs.Job, e errand) error {
		l.enter(e)
		defer l.leave(e)
		if job.Attempt <= e.Fails {
			return errors.New("not yet")
		}
		return nil
	}, jobs.KindOptions{MaxAttempts: allowed, Backoff: func(int) time.Duration { return 0 }})
	start(t, q)
	return q, k
}

func TestJobsOfAKeyRunOneAtATimeInOrderOverSeveralNodes(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		l := newLedger()
		_, first := node(t, db, l)
		second := first
		if db.Engine() == database.PostgreSQL {
			other, err := database.Open(t.Context(), database.Options{URL: db.URL(), MaxConns: 8})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = other.Close() })
			_, second = node(t, other, l)
		}
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			var all []errand
			want := map[string][]int{}
			for i := range rapid.IntRange(1, 25).Draw(rt, "errands") {
				e := errand{
					Key:   fmt.Sprintf("%d/%d", round, rapid.IntRange(0, 3).Draw(rt, "key")),
					Nth:   i,
					Fails: rapid.SampledFrom([]int{0, 0, 0, 1, 2, allowed}).Draw(rt, "fails"),
				}
				all = append(all, e)
				for range min(e.Fails+1, allowed) {
					want[e.Key] = append(want[e.Key], i)
				}
			}
			for len(all) > 0 {
				n := rapid.IntRange(1, len(all)).Draw(rt, "in one transaction")
				k := rapid.SampledFrom([]*jobs.Kind[errand]{first, second}).Draw(rt, "node")
				write(t, db, func(tx *database.Tx) error {
					_, err := k.EnqueueAll(t.Context(), tx, all[:n], func(e errand) []jobs.Option {
						return []jobs.Option{jobs.Key(e.Key)}
					})
					return err
				})
				all = all[n:]
			}
			ended := func() bool {
				l.mu.Lock()
				defer l.mu.Unlock()
				for key, runs := range want {
					if len(l.runs[key]) < len(runs) {
						return false
					}
				}
				return true
			}
			eventually(t, "all errands end", ended)
			l.mu.Lock()
			defer l.mu.Unlock()
			for key, runs := range want {
				if !slices.Equal(l.runs[key], runs) {
					rt.Fatalf("key %s ran %v, want %v", key, l.runs[key], runs)
				}
			}
			if len(l.faults) > 0 {
				rt.Fatal(l.faults)
			}
		})
	}, jobs.Migrations)
}

func TestRetryingJobHoldsItsKeyAndADeadOneReleasesIt(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		q := jobs.New(db, jobs.Options{Clock: c.Now})
		ran := make(chan int, 10)
		k := jobs.Define(q, "sync", func(_ context.Context, _ *jobs.Job, n int) error {
			ran <- n
			if n == 1 {
				return errors.New("the supplier is away")
			}
			return nil
		}, jobs.KindOptions{MaxAttempts: 2, Backoff: jobs.Exponential(time.Minute, time.Minute)})
		start(t, q)
		a := enqueue(t, db, k, 1, jobs.Key("supplier:1"))
		b := enqueue(t, db, k, 2, jobs.Key("supplier:1"))
		other := enqueue(t, db, k, 3, jobs.Key("supplier:2"))
		awaitState(t, q, a, jobs.Scheduled)
		awaitState(t, q, other, jobs.Done)
		if s := get(t, q, b).State; s != jobs.Held {
			t.Errorf("the second job is %s while the first retries", s)
		}
		c.Advance(2 * time.Minute)
		q.Poke()
		awaitState(t, q, a, jobs.Dead)
		awaitState(t, q, b, jobs.Done)

		// Replayed, it goes before the younger jobs of its key.
		blocker := enqueue(t, db, k, 1, jobs.Key("supplier:1"))
		awaitState(t, q, blocker, jobs.Scheduled)
		younger := enqueue(t, db, k, 4, jobs.Key("supplier:1"))
		write(t, db, func(tx *database.Tx) error {
			_, err := q.Replay(t.Context(), tx, a)
			return err
		})
		for len(ran) > 0 {
			<-ran
		}
		for range 2 { // blocker's second attempt, then a's two
			c.Advance(2 * time.Minute)
			q.Poke()
			if got := receive(t, ran); got != 1 {
				t.Fatalf("ran %d", got)
			}
			awaitState(t, q, blocker, jobs.Dead)
			eventually(t, "the replayed job had a run", func() bool { return get(t, q, a).Attempts > 0 && get(t, q, a).State != jobs.Running })
		}
		c.Advance(2 * time.Minute)
		q.Poke()
		awaitState(t, q, younger, jobs.Done)
		awaitState(t, q, a, jobs.Dead)
	}, jobs.Migrations)
}

func TestKeyStrandedByACrashAfterTheCommitIsFound(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		l := newLedger()
		q, _ := node(t, db, l)
		// A process that only enqueues and dies before it can tell anybody.
		dead, err := database.Open(t.Context(), database.Options{URL: db.URL()})
		if err != nil {
			t.Fatal(err)
		}
		mute := jobs.New(dead, jobs.Options{})
		k := jobs.Define(mute, "errand", func(context.Context, *jobs.Job, errand) error { return nil }, jobs.KindOptions{})
		if err := mute.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		id := enqueue(t, dead, k, errand{Key: "k"}, jobs.Key("k"))
		if err := dead.Close(); err != nil {
			t.Fatal(err)
		}
		awaitState(t, q, id, jobs.Done)
	}, jobs.Migrations)
}

func TestLongBacklogOfOneKeyDoesNotHoldTheOthers(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		q := jobs.New(db, jobs.Options{})
		k, release := stuck(t, db, q, 20000)
		defer release()
		for i := range 20 {
			awaitState(t, q, enqueue(t, db, k, 1+i, jobs.Key(fmt.Sprint("other", i))), jobs.Done)
		}
	}, jobs.Migrations)
}

// stuck starts a node where one key has a backlog of so many jobs, the first of
// which runs until release, which takes the backlog away.
func stuck(t testing.TB, db *database.DB, q *jobs.Queue, backlog int) (k *jobs.Kind[int], release func()) {
	t.Helper()
	gate := make(chan struct{})
	k = jobs.Define(q, "send", func(_ context.Context, _ *jobs.Job, n int) error {
		if n == 0 {
			<-gate
		}
		return nil
	}, jobs.KindOptions{})
	start(t, q)
	write(t, db, func(tx *database.Tx) error {
		_, err := k.EnqueueAll(t.Context(), tx, make([]int, backlog), func(int) []jobs.Option {
			return []jobs.Option{jobs.Key("stuck")}
		})
		return err
	})
	return k, func() {
		t.Helper()
		write(t, db, func(tx *database.Tx) error {
			_, err := tx.Exec(t.Context(), "DELETE FROM jobs WHERE state = 'held'")
			return err
		})
		close(gate)
	}
}
