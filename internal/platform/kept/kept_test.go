package kept_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/kept"
)

// source is what a cache is in front of: it counts what it is asked.
type source struct {
	values map[int64]string
	asked  []int64
}

func (s *source) one(_ context.Context, id int64) (string, error) {
	s.asked = append(s.asked, id)
	v, found := s.values[id]
	if !found {
		return "", errors.New("none")
	}
	return v, nil
}

func (s *source) many(_ context.Context, ids []int64) (map[int64]string, error) {
	s.asked = append(s.asked, ids...)
	out := map[int64]string{}
	for _, id := range ids {
		if v, found := s.values[id]; found {
			out[id] = v
		}
	}
	return out, nil
}

func (s *source) wants(t *testing.T, ids ...int64) {
	t.Helper()
	slices.Sort(s.asked)
	if diff := cmp.Diff(ids, s.asked); diff != "" {
		t.Errorf("asked: %s", diff)
	}
	s.asked = nil
}

// settled makes a cache on PostgreSQL listen: when that begins, all is forgotten once.
func settled(t *testing.T, db *database.DB, topic string) {
	t.Helper()
	if db.Engine() == database.SQLite {
		return
	}
	heard := make(chan struct{}, 1)
	stop := db.Subscribe(topic+"-settled", func(string) {
		select {
		case heard <- struct{}{}:
		default:
		}
	})
	defer stop()
	for {
		if err := db.Notify(t.Context(), topic+"-settled", ""); err != nil {
			t.Fatal(err)
		}
		select {
		case <-heard:
			return
		case <-time.After(10 * time.Millisecond): // it does not listen yet: tell again
		case <-t.Context().Done():
			t.Fatal("nothing was heard")
		}
	}
}

func TestWhatIsKeptIsAskedForOnce(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		c := kept.New[int64, string](db, kept.Options{Topic: "names", Clock: func() time.Time { return now }})
		defer c.Close()
		settled(t, db, "names")
		s := &source{values: map[int64]string{1: "Ann", 2: "Bob"}}
		get := func(id int64) string {
			t.Helper()
			v, err := c.Get(t.Context(), id, s.one)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		for range 2 {
			if get(1) != "Ann" {
				t.Error("another name")
			}
		}
		s.wants(t, 1)
		many, err := c.Many(t.Context(), []int64{1, 2, 3}, s.many)
		if diff := cmp.Diff(map[int64]string{1: "Ann", 2: "Bob"}, many); diff != "" || err != nil {
			t.Error(diff, err)
		}
		s.wants(t, 2, 3)
		if _, err := c.Get(t.Context(), 3, s.one); err == nil {
			t.Error("somebody has no name and no error")
		}
		s.wants(t, 3) // an error is not kept

		s.values[1] = "Anna"
		c.Forget(1)
		if get(1) != "Anna" {
			t.Error("the name of before")
		}
		s.wants(t, 1)
		now = now.Add(kept.MaxAge)
		get(2)
		s.wants(t, 2)
		c.Forget()
		get(1)
		get(2)
		s.wants(t, 1, 2)
	})
}

func TestNobodyKeepsWhatWasReadBeforeAChange(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := kept.New[int64, string](db, kept.Options{Topic: "names"})
		defer c.Close()
		settled(t, db, "names")
		s := &source{values: map[int64]string{1: "new"}}
		old, err := c.Get(t.Context(), 1, func(context.Context, int64) (string, error) {
			c.Forget(1) // somebody saves while this one is reading
			return "old", nil
		})
		if old != "old" || err != nil {
			t.Fatal(old, err)
		}
		if v, _ := c.Get(t.Context(), 1, s.one); v != "new" {
			t.Error("what was read before the change was kept")
		}
	})
}

func TestAChangeReachesTheWriterFirstAndThenEveryNode(t *testing.T) {
	t.Parallel()
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			url := databasetest.URL(t, engine)
			node := func() (*database.DB, *kept.Cache[int64, string]) {
				db, err := database.Open(t.Context(), database.Options{URL: url})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { db.Close() })
				c := kept.New[int64, string](db, kept.Options{Topic: "names"})
				t.Cleanup(c.Close)
				settled(t, db, "names")
				return db, c
			}
			db, here := node()
			there := here
			if engine == database.PostgreSQL {
				_, there = node()
			}
			s := &source{values: map[int64]string{1: "Ann"}}
			name := func(c *kept.Cache[int64, string]) string {
				t.Helper()
				v, err := c.Get(t.Context(), 1, s.one)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			name(here)
			name(there)
			s.asked = nil
			if err := db.Write(t.Context(), func(tx *database.Tx) error { here.Changed(tx); return errors.New("undone") }); err == nil {
				t.Fatal("an error was lost")
			}
			if name(here); len(s.asked) > 0 {
				t.Error("a change that was undone made it forget")
			}
			s.values[1] = "Anna"
			if err := db.Write(t.Context(), func(tx *database.Tx) error { here.Changed(tx, 1); return nil }); err != nil {
				t.Fatal(err)
			}
			if v := name(here); v != "Anna" {
				t.Errorf("after the own write: %q", v)
			}
			for name(there) != "Anna" {
				select {
				case <-time.After(5 * time.Millisecond):
				case <-t.Context().Done():
					t.Fatal("the other node did not hear of it")
				}
			}
		})
	}
}

func TestACacheIsBounded(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := kept.New[int64, string](db, kept.Options{Topic: "names", Most: 3})
		defer c.Close()
		settled(t, db, "names")
		s := &source{values: map[int64]string{1: "a", 2: "b", 3: "c", 4: "d", 5: "e"}}
		all := slices.Sorted(maps.Keys(s.values))
		for range 2 {
			got, err := c.Many(t.Context(), all, s.many)
			if diff := cmp.Diff(s.values, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		}
		if len(s.asked) >= 2*len(all) {
			t.Error("nothing was kept")
		}
	})
}
