package jobs_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

func benchEach(b *testing.B, fn func(b *testing.B, db *database.DB)) {
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		b.Run(string(engine), func(b *testing.B) { fn(b, databasetest.Open(b, engine, jobs.Migrations)) })
	}
}

// BenchmarkThroughput runs jobs that do nothing, enqueued beforehand: jobs/s is
// what the queue itself can do.
func BenchmarkThroughput(b *testing.B) {
	for _, keys := range []int{0, 100} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			benchEach(b, func(b *testing.B, db *database.DB) {
				q := jobs.New(db, jobs.Options{})
				var ran atomic.Int64
				k := jobs.Define(q, "noop", func(context.Context, *jobs.Job, int) error { ran.Add(1); return nil }, jobs.KindOptions{})
				payloads := make([]int, b.N)
				for i := range payloads {
					payloads[i] = i
				}
				began := time.Now()
				write(b, db, func(tx *database.Tx) error {
					_, err := k.EnqueueAll(b.Context(), tx, payloads, func(i int) []jobs.Option {
						if keys == 0 {
							return nil
						}
						return []jobs.Option{jobs.Key(fmt.Sprint(i % keys))}
					})
					return err
				})
				b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "enqueued/s")
				b.ResetTimer()
				if err := q.Start(b.Context()); err != nil {
					b.Fatal(err)
				}
				eventually(b, "all ran", func() bool { return ran.Load() == int64(b.N) })
				stop(b, q) // which records the last ones
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			})
		})
	}
}

// BenchmarkLatency enqueues one job at a time on an idle node and reports how
// long after the commit it starts.
func BenchmarkLatency(b *testing.B) {
	benchEach(b, func(b *testing.B, db *database.DB) {
		q := jobs.New(db, jobs.Options{})
		started := make(chan time.Time)
		k := jobs.Define(q, "noop", func(context.Context, *jobs.Job, int) error { started <- time.Now(); return nil }, jobs.KindOptions{})
		start(b, q)
		var waits []time.Duration
		for b.Loop() {
			id := enqueue(b, db, k, 1)
			committed := time.Now()
			waits = append(waits, max((<-started).Sub(committed), 0))
			awaitState(b, q, id, jobs.Done)
		}
		slices.Sort(waits)
		b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "us-median")
		b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "us-p99")
	})
}

// BenchmarkBesideBacklog runs one job after the other while another key holds
// back many: the cost of one must not depend on how many.
func BenchmarkBesideBacklog(b *testing.B) {
	for _, backlog := range []int{1, 20000} {
		b.Run(fmt.Sprintf("backlog=%d", backlog), func(b *testing.B) {
			benchEach(b, func(b *testing.B, db *database.DB) {
				q := jobs.New(db, jobs.Options{})
				k, release := stuck(b, db, q, backlog)
				defer release()
				for b.Loop() {
					awaitState(b, q, enqueue(b, db, k, 1, jobs.Key("other")), jobs.Done)
				}
			})
		})
	}
}
