package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

func TestPeriodicJobFiresOncePerSlotAcrossNodesAndCatchesUpOnce(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		slots := make(chan time.Time, 100)
		var nodes []*jobs.Queue
		for i := range 3 {
			own := db
			if db.Engine() == database.PostgreSQL {
				own = another(t, db)
			}
			q := jobs.New(own, jobs.Options{Clock: c.Now, Node: fmt.Sprint(i), Poll: 10 * time.Millisecond})
			jobs.Define(q, "tick", func(_ context.Context, job *jobs.Job, _ string) error {
				slots <- job.RunAt
				return nil
			}, jobs.KindOptions{}).Schedule("tick", jobs.Every(10*time.Minute), "")
			start(t, q)
			nodes = append(nodes, q)
		}
		eventually(t, "the schedule is known", func() bool {
			n, err := database.One(t.Context(), db.Reader(), database.Scalar[int], "SELECT count(*) FROM job_schedules WHERE name = 'tick'")
			return err == nil && n == 1
		})
		poke := func() {
			for _, q := range nodes {
				q.Poke()
			}
		}
		fired := func() (n int) {
			err := db.Reader().QueryRow(t.Context(), "SELECT count(*) FROM jobs WHERE kind = 'tick'").Scan(&n)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		origin := c.Now()
		for i := 1; i <= 5; i++ {
			c.Advance(10 * time.Minute)
			poke()
			want := origin.Add(time.Duration(i) * 10 * time.Minute)
			if got := receive(t, slots); !got.Equal(want) {
				t.Errorf("fired for %s, want %s", got, want)
			}
			eventually(t, "the job ends", func() bool {
				n, err := database.One(t.Context(), db.Reader(), database.Scalar[int], "SELECT count(*) FROM jobs WHERE kind = 'tick' AND state = 'done'")
				return err == nil && n == i
			})
			if n := fired(); n != i {
				t.Fatalf("%d jobs after %d slots", n, i)
			}
		}
		c.Advance(5 * time.Hour) // thirty slots of downtime
		poke()
		if got, want := receive(t, slots), origin.Add(50*time.Minute+5*time.Hour); !got.Equal(want) {
			t.Errorf("caught up with %s, want %s", got, want)
		}
		poke()
		if n := fired(); n != 6 {
			t.Errorf("%d jobs, want one more for all the missed slots", n)
		}
	}, jobs.Migrations)
}

func TestUnfinishedPeriodicJobIsNotStacked(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		var runs atomic.Int64
		q := jobs.New(db, jobs.Options{Clock: c.Now, Poll: 10 * time.Millisecond})
		jobs.Define(q, "fetch", func(context.Context, *jobs.Job, int) error {
			runs.Add(1)
			return errors.New("the mailbox is away")
		}, jobs.KindOptions{Backoff: jobs.Exponential(time.Hour, time.Hour)}).Schedule("fetch", jobs.Every(time.Minute), 0)
		start(t, q)
		slot := func() (at int64) {
			err := db.Reader().QueryRow(t.Context(), "SELECT COALESCE(max(slot), 0) FROM job_schedules WHERE name = 'fetch'").Scan(&at)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		eventually(t, "the schedule is known", func() bool { return slot() > 0 })
		for range 10 {
			before := slot()
			c.Advance(time.Minute)
			q.Poke()
			eventually(t, "the slot is taken", func() bool { return slot() > before })
		}
		eventually(t, "the job ran", func() bool { return runs.Load() == 1 })
		n, err := database.One(t.Context(), db.Reader(), database.Scalar[int], "SELECT count(*) FROM jobs WHERE kind = 'fetch'")
		if err != nil || n != 1 {
			t.Errorf("%d jobs, %v; want one", n, err)
		}
	}, jobs.Migrations)
}

func TestDailySlotsFollowTheLocalClock(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ name, now, last, next string }{
		{"winter", "2026-01-10T12:00:00Z", "2026-01-10T01:30:00Z", "2026-01-11T01:30:00Z"},
		{"at the slot", "2026-01-10T01:30:00Z", "2026-01-10T01:30:00Z", "2026-01-11T01:30:00Z"},
		{"before the slot", "2026-01-10T01:29:59Z", "2026-01-09T01:30:00Z", "2026-01-10T01:30:00Z"},
		{"the skipped 02:30 is 03:30", "2026-03-29T12:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"},
		{"the doubled 02:30 counts once", "2026-10-25T12:00:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"},
	} {
		s := jobs.Daily(2, 30, berlin)
		if got := s.Last(at(c.now)); !got.Equal(at(c.last)) {
			t.Errorf("%s: last %s, want %s", c.name, got, c.last)
		}
		if got := s.Next(at(c.now)); !got.Equal(at(c.next)) {
			t.Errorf("%s: next %s, want %s", c.name, got, c.next)
		}
	}
}

func TestSlotsSurroundNow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.UnixMicro(rapid.Int64Range(-1e15, 4e15).Draw(t, "now"))
		zone := time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)
		for _, s := range []jobs.Schedule{
			jobs.Every(time.Duration(rapid.Int64Range(1, 1e15).Draw(t, "interval"))),
			jobs.Daily(rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), zone),
		} {
			last, next := s.Last(now), s.Next(now)
			if last.After(now) || !next.After(now) {
				t.Fatalf("%v: %s, %s do not surround %s", s, last, next, now)
			}
			if !s.Last(next).Equal(next) || !s.Last(next.Add(-time.Microsecond)).Equal(last) {
				t.Fatalf("%v: %s and %s are not neighbours", s, last, next)
			}
		}
	})
}

func TestClockThatWasAheadDoesNotSilenceASchedule(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	nine := now.Add(-30 * time.Minute)
	for _, c := range []struct {
		name  string
		fired time.Time
		want  bool
	}{
		{"never", time.Time{}, true},
		{"the slot before", nine.Add(-time.Hour), true},
		{"this slot", nine, false},
		{"a node a little ahead fired the next", nine.Add(time.Hour), true},
		{"within the slack", now.Add(time.Minute), false},
		{"a clock years ahead", nine.AddDate(4, 0, 0), true},
	} {
		if slot, fires := jobs.Due(jobs.Every(time.Hour), c.fired, now); fires != c.want || !slot.Equal(nine) {
			t.Errorf("%s: fires %t for %s", c.name, fires, slot)
		}
	}
}
