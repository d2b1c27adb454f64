package live_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/live"
)

// BenchmarkDelivery publishes one event at a time and reports how long after
// the commit the last of all screens, half of them on another node, has it.
func BenchmarkDelivery(b *testing.B) {
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		for _, screens := range []int{2, 1000} {
			b.Run(fmt.Sprintf("%s/screens=%d", engine, screens), func(b *testing.B) {
				db := databasetest.Open(b, engine, live.Migrations)
				hubs := []*live.Hub{newHub(b, db), newHub(b, another(b, db))}
				var subs []*live.Subscription
				for i := range screens {
					subs = append(subs, subscribe(b, hubs[i%2], live.Cursor{}, "queue", fmt.Sprint("ticket:", i)))
				}
				var waits []time.Duration
				for b.Loop() {
					publish(b, db, hubs[0], changed("1", "queue", "ticket:1"))
					committed := time.Now()
					var all sync.WaitGroup
					for _, s := range subs {
						all.Go(func() { keys(b, s, 1) })
					}
					all.Wait()
					waits = append(waits, time.Since(committed))
				}
				slices.Sort(waits)
				b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "us-median")
				b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "us-p99")
			})
		}
	}
}

// BenchmarkPublish measures what an event adds to a transaction.
func BenchmarkPublish(b *testing.B) {
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		b.Run(string(engine), func(b *testing.B) {
			db := databasetest.Open(b, engine, live.Migrations)
			h := newHub(b, db)
			err := db.Write(b.Context(), func(tx *database.Tx) error {
				for b.Loop() {
					if err := h.Publish(b.Context(), tx, changed("1", "queue", "ticket:1", "org:1")); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}
