package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

const patience = 60 * time.Second

// clock is a clock that only a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func start(t testing.TB, q *jobs.Queue) {
	t.Helper()
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, q) })
}

func stop(t testing.TB, q *jobs.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := q.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func write(t testing.TB, db *database.DB, fn func(tx *database.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func enqueue[T any](t testing.TB, db *database.DB, k *jobs.Kind[T], payload T, opts ...jobs.Option) int64 {
	t.Helper()
	var id int64
	write(t, db, func(tx *database.Tx) (err error) {
		id, err = k.Enqueue(t.Context(), tx, payload, opts...)
		return err
	})
	return id
}

func receive[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		}
	}
}

func get(t testing.TB, q *jobs.Queue, id int64) jobs.Record {
	t.Helper()
	r, _, err := q.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func awaitState(t testing.TB, q *jobs.Queue, id int64, want jobs.State) jobs.Record {
	t.Helper()
	var r jobs.Record
	eventually(t, "job becomes "+string(want), func() bool { r = get(t, q, id); return r.State == want })
	return r
}

func TestCommittedJobRunsAndRolledBackOneNever(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		q := jobs.New(db, jobs.Options{})
		ran := make(chan string, 10)
		k := jobs.Define(q, "greet", func(_ context.Context, _ *jobs.Job, name string) error {
			ran <- name
			return nil
		}, jobs.KindOptions{})
		start(t, q)
		boom := errors.New("boom")
		err := db.Write(t.Context(), func(tx *database.Tx) error {
			if _, err := k.Enqueue(t.Context(), tx, "nobody"); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		id := enqueue(t, db, k, "Ana")
		if got := receive(t, ran); got != "Ana" {
			t.Errorf("ran %q", got)
		}
		awaitState(t, q, id, jobs.Done)
		stop(t, q)
		if len(ran) != 0 {
			t.Error("the rolled-back job ran")
		}
	}, jobs.Migrations)
}

func TestFailedJobRetriesWithBackoffAndKeepsItsHistory(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		q := jobs.New(db, jobs.Options{Clock: c.Now, Node: "n1"})
		attempts := make(chan int, 10)
		k := jobs.Define(q, "flaky", func(_ context.Context, job *jobs.Job, _ int) error {
			attempts <- job.Attempt
			if job.Attempt < 3 {
				return errors.New("no luck\x00 yet \xff")
			}
			return nil
		}, jobs.KindOptions{Backoff: jobs.Exponential(10*time.Second, time.Hour)})
		start(t, q)
		id := enqueue(t, db, k, 1)
		for attempt, delay := range []time.Duration{10 * time.Second, 20 * time.Second} {
			if got := receive(t, attempts); got != attempt+1 {
				t.Fatalf("attempt %d, want %d", got, attempt+1)
			}
			r := awaitState(t, q, id, jobs.Scheduled)
			wait := r.RunAt.Sub(c.Now())
			if wait < delay*8/10 || wait > delay*12/10 {
				t.Errorf("attempt %d is followed after %s, want about %s", attempt+1, wait, delay)
			}
			c.Advance(wait - time.Microsecond)
			q.Poke()
			c.Advance(time.Microsecond)
			q.Poke()
		}
		receive(t, attempts)
		r := awaitState(t, q, id, jobs.Done)
		if r.Attempts != 3 {
			t.Errorf("attempts %d, want 3", r.Attempts)
		}
		_, failures, err := q.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if len(failures) != 2 || failures[1].Attempt != 2 || failures[1].Node != "n1" || !strings.HasPrefix(failures[1].Message, "no luck") {
			t.Errorf("history %+v", failures)
		}
	}, jobs.Migrations)
}

func TestSnoozeCostsNoAttempt(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		q := jobs.New(db, jobs.Options{Clock: c.Now})
		var runs atomic.Int64
		k := jobs.Define(q, "waits", func(_ context.Context, job *jobs.Job, _ int) error {
			if job.Attempt != 1 {
				t.Errorf("attempt %d, want 1", job.Attempt)
			}
			if runs.Add(1) < 4 {
				return jobs.Later(time.Minute)
			}
			return nil
		}, jobs.KindOptions{MaxAttempts: 2})
		start(t, q)
		id := enqueue(t, db, k, 1)
		for range 3 {
			awaitState(t, q, id, jobs.Scheduled)
			c.Advance(time.Minute)
			q.Poke()
			n := runs.Load()
			eventually(t, "it runs again", func() bool { return runs.Load() > n || get(t, q, id).State == jobs.Done })
		}
		awaitState(t, q, id, jobs.Done)
	}, jobs.Migrations)
}

func TestUnusablePayloadPanicAndPermanentErrorAndTimeout(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		q := jobs.New(db, jobs.Options{Logger: slog.New(slog.DiscardHandler)})
		permanent := jobs.Define(q, "permanent", func(context.Context, *jobs.Job, int) error {
			return jobs.Discard(errors.New("no such customer"))
		}, jobs.KindOptions{})
		panics := jobs.Define(q, "panics", func(context.Context, *jobs.Job, int) error { panic("ouch") }, jobs.KindOptions{MaxAttempts: 1})
		slow := jobs.Define(q, "slow", func(ctx context.Context, _ *jobs.Job, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}, jobs.KindOptions{MaxAttempts: 1, Timeout: time.Millisecond})
		unread := jobs.Define(q, "unread", func(context.Context, *jobs.Job, int) error { return nil }, jobs.KindOptions{})
		start(t, q)
		for want, id := range map[string]int64{
			"no such customer": enqueue(t, db, permanent, 1),
			"panic: ouch":      enqueue(t, db, panics, 1),
			"deadline":         enqueue(t, db, slow, 1),
		} {
			r := awaitState(t, q, id, jobs.Dead)
			if !strings.Contains(r.LastError, want) || r.Attempts != 1 {
				t.Errorf("want %q after one attempt, got %q after %d", want, r.LastError, r.Attempts)
			}
		}
		late := jobs.RunAt(time.Now().Add(time.Hour))
		id := enqueue(t, db, unread, 1, late)
		write(t, db, func(tx *database.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE jobs SET payload = '{', state = 'ready' WHERE id = $1", id)
			return err
		})
		q.Poke()
		awaitState(t, q, id, jobs.Dead)
	}, jobs.Migrations)
}

func TestDeadLettersAreListedReplayedAndDiscarded(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		q := jobs.New(db, jobs.Options{})
		var healed atomic.Bool
		k := jobs.Define(q, "sends", func(_ context.Context, _ *jobs.Job, _ int) error {
			if healed.Load() {
				return nil
			}
			return errors.New("refused")
		}, jobs.KindOptions{MaxAttempts: 1})
		other := jobs.Define(q, "other", func(context.Context, *jobs.Job, int) error { return jobs.Discard(errors.New("no")) }, jobs.KindOptions{})
		start(t, q)
		var ids []int64
		for i := range 5 {
			ids = append(ids, enqueue(t, db, k, i))
		}
		awaitState(t, q, enqueue(t, db, other, 0), jobs.Dead)
		for _, id := range ids {
			awaitState(t, q, id, jobs.Dead)
		}
		var listed []int64
		for before := int64(0); ; {
			page, err := q.Dead(ctx, jobs.DeadQuery{Kind: "sends", Before: before, Limit: 2})
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, r := range page {
				listed = append(listed, r.ID)
				before = r.ID
			}
		}
		if diff := cmp.Diff([]int64{ids[4], ids[3], ids[2], ids[1], ids[0]}, listed); diff != "" {
			t.Error(diff)
		}
		healed.Store(true)
		write(t, db, func(tx *database.Tx) error {
			n, err := q.Replay(ctx, tx, ids[0], ids[1], ids[2], 999999)
			if n != 3 {
				t.Errorf("replayed %d, want 3", n)
			}
			return err
		})
		for _, id := range ids[:3] {
			awaitState(t, q, id, jobs.Done)
		}
		write(t, db, func(tx *database.Tx) error {
			n, err := q.Discard(ctx, tx, ids[2], ids[3])
			if n != 1 {
				t.Errorf("discarded %d, want 1: the other is done", n)
			}
			return err
		})
		if r := get(t, q, ids[3]); r.State != jobs.Discarded || r.LastError != "refused" {
			t.Errorf("got %+v", r)
		}
		stats, err := q.Stats(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, s := range stats {
			got[s.Kind+" "+string(s.State)] = s.Jobs
		}
		if diff := cmp.Diff(map[string]int{"other dead": 1, "sends dead": 1}, got); diff != "" {
			t.Error(diff)
		}
		if _, _, err := q.Get(ctx, 999999); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("got %v, want not found", err)
		}
	}, jobs.Migrations)
}

func TestUniqueJobIsThereOnceUntilItEnds(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		q := jobs.New(db, jobs.Options{})
		enter, leave := make(chan struct{}), make(chan struct{})
		k := jobs.Define(q, "rebuild", func(context.Context, *jobs.Job, int) error {
			enter <- struct{}{}
			<-leave
			return nil
		}, jobs.KindOptions{})
		start(t, q)
		first := enqueue(t, db, k, 1, jobs.Unique("a"))
		receive(t, enter)
		if again := enqueue(t, db, k, 2, jobs.Unique("a")); again != first {
			t.Errorf("got job %d, want the running %d", again, first)
		}
		if other := enqueue(t, db, k, 3, jobs.Unique("b"), jobs.RunAt(time.Now().Add(time.Hour))); other == first {
			t.Error("another key gave the same job")
		}
		write(t, db, func(tx *database.Tx) error {
			added, err := k.EnqueueAll(t.Context(), tx, []int{4, 5, 6}, func(int) []jobs.Option {
				return []jobs.Option{jobs.Unique("a")}
			})
			if added != 0 {
				t.Errorf("added %d, want 0", added)
			}
			return err
		})
		leave <- struct{}{}
		awaitState(t, q, first, jobs.Done)
		next := enqueue(t, db, k, 7, jobs.Unique("a"))
		if next == first {
			t.Error("an ended job kept its unique key")
		}
		receive(t, enter)
		leave <- struct{}{}
	}, jobs.Migrations)
}

func TestUrgentGoesFirstAndLongKindsHaveTheirOwnWorkers(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		q := jobs.New(db, jobs.Options{Workers: 1, LongWorkers: 1})
		order, imports := make(chan string, 10), make(chan struct{})
		k := jobs.Define(q, "short", func(_ context.Context, _ *jobs.Job, name string) error {
			order <- name
			return nil
		}, jobs.KindOptions{})
		long := jobs.Define(q, "import", func(context.Context, *jobs.Job, int) error {
			imports <- struct{}{}
			<-imports
			return nil
		}, jobs.KindOptions{Long: true})
		write(t, db, func(tx *database.Tx) error {
			for name, p := range map[string]jobs.Priority{"3 low": jobs.Low, "2 normal": jobs.Normal, "1 urgent": jobs.Urgent} {
				if _, err := k.Enqueue(t.Context(), tx, name, jobs.WithPriority(p)); err != nil {
					return err
				}
			}
			_, err := long.Enqueue(t.Context(), tx, 1)
			return err
		})
		start(t, q)
		receive(t, imports)
		got := []string{receive(t, order), receive(t, order), receive(t, order)}
		if diff := cmp.Diff([]string{"1 urgent", "2 normal", "3 low"}, got); diff != "" {
			t.Error(diff)
		}
		imports <- struct{}{}
	}, jobs.Migrations)
}

func TestScheduledJobWaitsForItsTime(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		q := jobs.New(db, jobs.Options{Clock: c.Now})
		ran := make(chan time.Time, 1)
		k := jobs.Define(q, "remind", func(_ context.Context, job *jobs.Job, _ int) error {
			ran <- c.Now()
			return nil
		}, jobs.KindOptions{})
		start(t, q)
		at := c.Now().Add(time.Hour)
		id := enqueue(t, db, k, 1, jobs.RunAt(at))
		c.Advance(time.Hour - time.Second)
		q.Poke()
		if s := get(t, q, id).State; s != jobs.Scheduled {
			t.Errorf("state %s before its time", s)
		}
		c.Advance(time.Second)
		q.Poke()
		if got := receive(t, ran); got.Before(at) {
			t.Errorf("ran at %s, before %s", got, at)
		}
	}, jobs.Migrations)
}

func TestEndedJobsArePrunedAndDeadOnesKept(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		q := jobs.New(db, jobs.Options{Clock: c.Now})
		k := jobs.Define(q, "some", func(_ context.Context, _ *jobs.Job, fail bool) error {
			if fail {
				return jobs.Discard(errors.New("no"))
			}
			return nil
		}, jobs.KindOptions{})
		start(t, q)
		done, dead := enqueue(t, db, k, false), enqueue(t, db, k, true)
		awaitState(t, q, done, jobs.Done)
		awaitState(t, q, dead, jobs.Dead)
		gone := func(id int64) bool {
			c.Advance(time.Hour) // the next slot: an unfinished pruning takes the place of a new one
			q.Poke()
			_, _, err := q.Get(t.Context(), id)
			return apperr.Is(err, apperr.NotFound)
		}
		eventually(t, "the done job is pruned", func() bool { return gone(done) })
		if s := get(t, q, dead).State; s != jobs.Dead {
			t.Errorf("the dead letter is %s", s)
		}
		c.Advance(91 * 24 * time.Hour)
		eventually(t, "the dead letter is pruned", func() bool { return gone(dead) })
	}, jobs.Migrations)
}

func TestMisuseIsRefused(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.SQLite, jobs.Migrations)
	q := jobs.New(db, jobs.Options{})
	k := jobs.Define(q, "k", func(context.Context, *jobs.Job, string) error { return nil }, jobs.KindOptions{})
	for name, opt := range map[string]jobs.Option{
		"empty key": jobs.Key(""), "long key": jobs.Key(strings.Repeat("x", 201)), "no text": jobs.Unique("a\xff"), "NUL": jobs.Unique("a\x00"),
	} {
		err := db.Write(t.Context(), func(tx *database.Tx) error {
			_, err := k.Enqueue(t.Context(), tx, "", opt)
			return err
		})
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	err := db.Write(t.Context(), func(tx *database.Tx) error {
		_, err := k.Enqueue(t.Context(), tx, strings.Repeat("x", 300<<10))
		return err
	})
	if err == nil {
		t.Error("a payload of 300 kB was accepted")
	}
	defer func() {
		if recover() == nil {
			t.Error("a kind was defined twice")
		}
	}()
	jobs.Define(q, "k", func(context.Context, *jobs.Job, string) error { return nil }, jobs.KindOptions{})
}
