package jobs_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

// effects is a table whose rows the tests' jobs write.
var effects = fstest.MapFS{"9001_effects.sql": {Data: []byte(`-- +goose Up
CREATE TABLE effects (
    job   BIGINT NOT NULL PRIMARY KEY,
    times BIGINT NOT NULL
);
-- +goose Down
DROP TABLE effects;
`)}}

const countEffect = `INSERT INTO effects (job, times) VALUES ($1, 1)
	ON CONFLICT (job) DO UPDATE SET times = effects.times + 1`

// total gives how many jobs had an effect, and how many effects there were;
// zeros while the database cannot be reached.
func total(t testing.TB, db *database.DB) (jobs, times int) {
	t.Helper()
	err := db.Reader().QueryRow(t.Context(), "SELECT count(*), CAST(COALESCE(sum(times), 0) AS BIGINT) FROM effects").Scan(&jobs, &times)
	if err != nil {
		t.Log(err)
		return 0, 0
	}
	return jobs, times
}

// another opens the database once more, as another node does.
func another(t testing.TB, db *database.DB) *database.DB {
	t.Helper()
	other, err := database.Open(t.Context(), database.Options{URL: db.URL(), MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	return other
}

func TestKilledNodesJobsAreTakenOverWhenItsLeaseEnds(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.PostgreSQL, jobs.Migrations)
	const lease = 3 * time.Second // long beside any pause of a busy machine
	make1 := func(db *database.DB, name string, run func(context.Context, *jobs.Job) error) (*jobs.Queue, *jobs.Kind[int]) {
		q := jobs.New(db, jobs.Options{Node: name, Lease: lease, Poll: 20 * time.Millisecond, Workers: 2})
		return q, jobs.Define(q, "work", func(ctx context.Context, job *jobs.Job, _ int) error { return run(ctx, job) }, jobs.KindOptions{})
	}
	entered, attempts := make(chan int64, 10), make(chan int, 10)
	dying, k := make1(another(t, db), "dying", func(ctx context.Context, job *jobs.Job) error {
		entered <- job.ID
		<-ctx.Done()
		return ctx.Err()
	})
	if err := dying.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := enqueue(t, db, k, 1, jobs.Key("k"))
	receive(t, entered)
	second := enqueue(t, db, k, 2, jobs.Key("k")) // held behind the first
	survivor, _ := make1(another(t, db), "survivor", func(_ context.Context, job *jobs.Job) error {
		attempts <- job.Attempt
		return nil
	})
	start(t, survivor)

	// While the node beats, nobody takes its jobs.
	beats := func() (n int) {
		if err := db.Reader().QueryRow(t.Context(), "SELECT max(beat) FROM job_nodes WHERE name = 'dying'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := beats()
	eventually(t, "the node keeps its lease", func() bool { return beats() > before+2 })
	if s := get(t, survivor, first).State; s != jobs.Running || len(attempts) > 0 {
		t.Fatalf("job of a living node is %s, %d attempts elsewhere", s, len(attempts))
	}

	dying.Kill()
	if got := receive(t, attempts); got != 2 {
		t.Errorf("taken over as attempt %d, want 2", got)
	}
	awaitState(t, survivor, first, jobs.Done)
	awaitState(t, survivor, second, jobs.Done)
	_, failures, err := survivor.Get(t.Context(), first)
	if err != nil || len(failures) != 1 || failures[0].Node != "dying" {
		t.Errorf("history %+v, %v", failures, err)
	}
}

func TestSQLiteTakesOverAtTheStart(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.SQLite, jobs.Migrations)
	entered := make(chan int, 10)
	make1 := func(run func(context.Context) error) (*jobs.Queue, *jobs.Kind[int]) {
		q := jobs.New(db, jobs.Options{})
		return q, jobs.Define(q, "work", func(ctx context.Context, job *jobs.Job, _ int) error {
			entered <- job.Attempt
			return run(ctx)
		}, jobs.KindOptions{MaxAttempts: 2})
	}
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for attempt := range 2 {
		q, k := make1(hang)
		if err := q.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if attempt == 0 {
			enqueue(t, db, k, 1)
		}
		if got := receive(t, entered); got != attempt+1 {
			t.Errorf("attempt %d, want %d", got, attempt+1)
		}
		q.Kill()
	}
	// A job that took its node down at every attempt ends as a dead letter.
	q, _ := make1(hang)
	start(t, q)
	eventually(t, "the killer is dead", func() bool {
		dead, err := q.Dead(t.Context(), jobs.DeadQuery{})
		return err == nil && len(dead) == 1
	})
}

func TestNodeThatLostItsLeaseCancelsItsJobsAndGoesOn(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		q := jobs.New(db, jobs.Options{Lease: 200 * time.Millisecond, Poll: 20 * time.Millisecond})
		entered, causes := make(chan struct{}, 10), make(chan error, 10)
		var runs atomic.Int64
		k := jobs.Define(q, "work", func(ctx context.Context, _ *jobs.Job, _ int) error {
			entered <- struct{}{}
			if runs.Add(1) > 1 {
				return nil
			}
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil // it claims success, too late
		}, jobs.KindOptions{})
		start(t, q)
		id := enqueue(t, db, k, 1)
		receive(t, entered)
		if db.Engine() == database.PostgreSQL {
			write(t, db, func(tx *database.Tx) error { // another node took the job over
				if _, err := tx.Exec(t.Context(), "DELETE FROM job_nodes"); err != nil {
					return err
				}
				_, err := tx.Exec(t.Context(), "UPDATE jobs SET state = 'scheduled', node = NULL, run_at = run_at + 1000 WHERE id = $1", id)
				return err
			})
		} else {
			q.LoseLease()
			write(t, db, func(tx *database.Tx) error {
				_, err := tx.Exec(t.Context(), "UPDATE jobs SET state = 'scheduled', node = NULL, run_at = run_at + 1000 WHERE id = $1", id)
				return err
			})
			q.Poke()
		}
		if cause := receive(t, causes); cause == nil {
			t.Error("the run was not cancelled")
		}
		receive(t, entered) // the same node, registered anew, does it again
		awaitState(t, q, id, jobs.Done)
		if r := get(t, q, id); r.Attempts != 2 {
			t.Errorf("attempts %d, want 2: the lost run must not count as the end", r.Attempts)
		}
	}, jobs.Migrations)
}

func TestEffectsHappenExactlyOnceWithLostConnectionsAndAKilledNode(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		const n = 3000
		worker := func(db *database.DB) (*jobs.Queue, *jobs.Kind[int]) {
			q := jobs.New(db, jobs.Options{Lease: 400 * time.Millisecond, Poll: 20 * time.Millisecond})
			return q, jobs.Define(q, "count", func(ctx context.Context, job *jobs.Job, _ int) error {
				return db.Write(ctx, func(tx *database.Tx) error {
					if _, err := tx.Exec(ctx, countEffect, job.ID); err != nil {
						return err
					}
					return job.Complete(ctx, tx)
				})
			}, jobs.KindOptions{Backoff: jobs.Exponential(time.Millisecond, 50*time.Millisecond)})
		}
		q, k := worker(db)
		payloads := make([]int, n)
		write(t, db, func(tx *database.Tx) error {
			_, err := k.EnqueueAll(t.Context(), tx, payloads, nil)
			return err
		})
		if db.Engine() == database.SQLite {
			// Killed again and again, it goes on where it was.
			for part := 1; part <= 3; part++ {
				if err := q.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				eventually(t, "some are done", func() bool { done, _ := total(t, db); return done >= part*n/5 })
				q.Kill()
				q, _ = worker(db)
			}
			start(t, q)
		} else {
			start(t, q)
			doomed, _ := worker(another(t, db))
			if err := doomed.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			for part := 1; part <= 3; part++ {
				eventually(t, "some are done", func() bool { done, _ := total(t, db); return done >= part*n/5 })
				if part == 2 {
					doomed.Kill()
				}
				// Every connection breaks, also in the middle of a commit.
				rows, err := db.Reader().Query(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
					WHERE datname = current_database() AND pid <> pg_backend_pid()`)
				if err == nil {
					_ = rows.Close()
				}
			}
		}
		eventually(t, "all are done", func() bool { done, _ := total(t, db); return done == n })
		if _, times := total(t, db); times != n {
			t.Errorf("%d effects of %d jobs", times, n)
		}
		eventually(t, "no job is left", func() bool {
			stats, err := q.Stats(t.Context())
			return err == nil && len(stats) == 0
		})
	}, jobs.Migrations, effects)
}

func TestTenThousandJobsHaveTheirEffectOnce(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		const n = 10000
		worker := func(db *database.DB) *jobs.Kind[int] {
			q := jobs.New(db, jobs.Options{})
			k := jobs.Define(q, "count", func(ctx context.Context, job *jobs.Job, i int) error {
				if i%20 != 0 {
					return nil
				}
				return db.Write(ctx, func(tx *database.Tx) error {
					_, err := tx.Exec(ctx, `INSERT INTO effects (job, times) VALUES ($1, 1) ON CONFLICT (job) DO NOTHING`, i)
					return err
				})
			}, jobs.KindOptions{})
			start(t, q)
			return k
		}
		k := worker(db)
		if db.Engine() == database.PostgreSQL {
			worker(another(t, db))
		}
		payloads := make([]int, n)
		for i := range payloads {
			payloads[i] = i
		}
		write(t, db, func(tx *database.Tx) error {
			added, err := k.EnqueueAll(t.Context(), tx, payloads, nil)
			if added != n {
				t.Errorf("added %d", added)
			}
			return err
		})
		eventually(t, "all effects are there", func() bool { done, _ := total(t, db); return done == n/20 })
		eventually(t, "all jobs are done", func() bool {
			done, err := database.One(t.Context(), db.Reader(), database.Scalar[int], "SELECT count(*) FROM jobs WHERE state = 'done' AND attempts = 1")
			return err == nil && done == n
		})
	}, jobs.Migrations, effects)
}

func TestStopWaitsForRunningJobsAndHandsTheOthersBack(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		q := jobs.New(db, jobs.Options{Workers: 1})
		enter, leave := make(chan struct{}), make(chan struct{})
		var quick atomic.Int64
		k := jobs.Define(q, "work", func(_ context.Context, _ *jobs.Job, slow bool) error {
			if !slow {
				quick.Add(1)
				return nil
			}
			enter <- struct{}{}
			<-leave
			return nil
		}, jobs.KindOptions{})
		if err := q.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		write(t, db, func(tx *database.Tx) error { // quick ones, so that the node claims ahead
			_, err := k.EnqueueAll(t.Context(), tx, make([]bool, 2000), nil)
			return err
		})
		eventually(t, "the quick ones are done", func() bool { return quick.Load() == 2000 })
		slow := enqueue(t, db, k, true)
		receive(t, enter)
		var waiting []int64
		for range 20 {
			waiting = append(waiting, enqueue(t, db, k, false))
		}
		eventually(t, "one is claimed ahead", func() bool { return get(t, q, waiting[0]).State == jobs.Running })
		stopped := make(chan error, 1)
		go func() { stopped <- q.Stop(context.Background()) }()
		for _, id := range waiting {
			if r := awaitState(t, q, id, jobs.Ready); r.Attempts != 0 {
				t.Errorf("handed back with %d attempts", r.Attempts)
			}
		}
		select {
		case <-stopped:
			t.Error("Stop did not wait for the running job")
		default:
		}
		close(leave)
		if err := receive(t, stopped); err != nil {
			t.Error(err)
		}
		if r := get(t, q, slow); r.State != jobs.Done {
			t.Errorf("the running job is %s", r.State)
		}
		left, err := database.One(t.Context(), db.Reader(), database.Scalar[int], "SELECT count(*) FROM job_nodes")
		if err != nil || left != 0 {
			t.Errorf("%d nodes left, %v", left, err)
		}
	}, jobs.Migrations)
}

func TestStopCancelsJobsThatOutlastItsPatience(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		q := jobs.New(db, jobs.Options{})
		enter := make(chan struct{})
		k := jobs.Define(q, "work", func(ctx context.Context, _ *jobs.Job, _ int) error {
			enter <- struct{}{}
			<-ctx.Done()
			return errors.New("interrupted")
		}, jobs.KindOptions{MaxAttempts: 1})
		if err := q.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		id := enqueue(t, db, k, 1)
		receive(t, enter)
		impatient, cancel := context.WithCancel(t.Context())
		cancel()
		if err := q.Stop(impatient); err != nil {
			t.Error(err)
		}
		if r := get(t, q, id); r.State != jobs.Ready || r.Attempts != 0 {
			t.Errorf("the job is %s after %d attempts, want ready after none", r.State, r.Attempts)
		}
	}, jobs.Migrations)
}

func TestBusyNodeSharesWithAnIdleOne(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.PostgreSQL, jobs.Migrations)
	ran := make(chan string, 10)
	gate := make(chan struct{})
	worker := func(name string) *jobs.Kind[int] {
		// Notices are hints: one that comes before the other node listens is made
		// good by the next look.
		q := jobs.New(another(t, db), jobs.Options{Workers: 1, Poll: 5 * time.Second})
		k := jobs.Define(q, "work", func(context.Context, *jobs.Job, int) error {
			ran <- name
			<-gate
			return nil
		}, jobs.KindOptions{})
		start(t, q)
		return k
	}
	a := worker("a")
	worker("b")
	got := map[string]int{}
	for i := range 2 {
		enqueue(t, db, a, i)
		got[receive(t, ran)]++
	}
	if got["a"] != 1 || got["b"] != 1 {
		t.Errorf("ran on %v, want one on each", got)
	}
	// A process that runs no jobs tells those that do.
	close(gate)
	silent := jobs.New(db, jobs.Options{})
	k := jobs.Define(silent, "work", func(context.Context, *jobs.Job, int) error { return nil }, jobs.KindOptions{})
	enqueue(t, db, k, 3, jobs.Key("k"))
	receive(t, ran)
}

func TestIdleQueueOnlyLooksNowAndThenAndNeverWrites(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		q := jobs.New(db, jobs.Options{Poll: 20 * time.Millisecond, Lease: 80 * time.Millisecond})
		ctx, counter := database.WithCounter(t.Context())
		if err := q.Start(ctx); err != nil {
			t.Fatal(err)
		}
		defer stop(t, q)
		eventually(t, "the start is over", func() bool { return counter.N() >= 10 })
		settled, since := counter.N(), time.Now()
		eventually(t, "ten more looks", func() bool { return counter.N() >= settled+30 })
		if took := time.Since(since); took < 150*time.Millisecond {
			t.Errorf("ten looks took only %s: the loop is busy", took)
		}
		for _, query := range counter.Queries()[settled:] {
			if !strings.HasPrefix(query, "SELECT") && !strings.HasPrefix(query, "WITH RECURSIVE") {
				t.Errorf("idle, and yet: %s", query)
			}
		}
	}, jobs.Migrations)
}
