package database_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

var notes = fstest.MapFS{"9001_notes.sql": {Data: []byte(`-- +goose Up
CREATE TABLE notes (
    id     BIGINT  NOT NULL PRIMARY KEY,
    title  TEXT    NOT NULL UNIQUE,
    parent BIGINT  REFERENCES notes (id),
    at     BIGINT,
    done   BOOLEAN NOT NULL DEFAULT FALSE,
    extra  JSONB   NOT NULL DEFAULT '{}',
    weight DOUBLE PRECISION,
    raw    BYTEA
);
-- +goose Down
DROP TABLE notes;
`)}}

type note struct {
	ID, Parent int64
	Title      string
	At         time.Time
	Done       bool
	Extra      map[string]string
}

func scanNote(r database.Row) (note, error) {
	var n note
	err := r.Scan(&n.ID, (*database.ID)(&n.Parent), &n.Title, (*database.Time)(&n.At), &n.Done, database.JSON{V: &n.Extra})
	return n, err
}

func insert(ctx context.Context, tx *database.Tx, n note) error {
	_, err := tx.Exec(ctx, `INSERT INTO notes (id, parent, title, at, done, extra) VALUES ($1, $2, $3, $4, $5, $6)`,
		n.ID, database.ID(n.Parent), n.Title, database.Time(n.At), n.Done, database.JSON{V: n.Extra})
	return err
}

func TestValuesComeBackAsTheyWereStored(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		want := note{
			ID: 1, Title: "é\U0001F600", At: time.Date(2026, 3, 1, 2, 3, 4, 5000, time.FixedZone("x", 3600)).UTC(),
			Done: true, Extra: map[string]string{"a": "b"},
		}
		if err := db.Write(ctx, func(tx *database.Tx) error { return insert(ctx, tx, want) }); err != nil {
			t.Fatal(err)
		}
		got, err := database.One(ctx, db.Reader(), scanNote,
			"SELECT id, parent, title, at, done, extra FROM notes WHERE done AND extra->>'a' = $1", "b")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}, notes)
}

func TestDriverErrorsBecomeKinds(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		write := func(n note) error {
			return db.Write(ctx, func(tx *database.Tx) error { return insert(ctx, tx, n) })
		}
		if err := write(note{ID: 1, Title: "a"}); err != nil {
			t.Fatal(err)
		}
		_, missing := database.One(ctx, db.Reader(), scanNote, "SELECT id, parent, title, at, done, extra FROM notes WHERE id = 99")
		for _, c := range []struct {
			name string
			err  error
			want apperr.Kind
		}{
			{"duplicate", write(note{ID: 2, Title: "a"}), apperr.Conflict},
			{"dangling reference", write(note{ID: 3, Title: "b", Parent: 77}), apperr.InUse},
			{"no row", missing, apperr.NotFound},
			{"null", db.Write(ctx, func(tx *database.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO notes (id, title) VALUES ($1, NULL)", 5)
				return err
			}), apperr.Invalid},
		} {
			if !apperr.Is(c.err, c.want) {
				t.Errorf("%s: got %v, want kind %s", c.name, c.err, c.want)
			}
		}
	}, notes)
}

func TestFailedWriteLeavesNothingAndRunsNoHooks(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		hooks := 0
		boom := errors.New("boom")
		err := db.Write(ctx, func(tx *database.Tx) error {
			tx.AfterCommit(func() { hooks++ })
			if err := insert(ctx, tx, note{ID: 1, Title: "a"}); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("got %v", err)
		}
		n, err := database.One(ctx, db.Reader(), database.Scalar[int], "SELECT count(*) FROM notes")
		if err != nil || n != 0 || hooks != 0 {
			t.Errorf("rows %d, hooks %d, err %v", n, hooks, err)
		}
	}, notes)
}

func TestSavepointUndoesOnlyItsOwnWrites(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		err := db.Write(ctx, func(tx *database.Tx) error {
			if err := insert(ctx, tx, note{ID: 1, Title: "a"}); err != nil {
				return err
			}
			err := tx.Savepoint(ctx, func() error { return insert(ctx, tx, note{ID: 2, Title: "a"}) })
			if !apperr.Is(err, apperr.Conflict) {
				t.Errorf("got %v, want a conflict", err)
			}
			return insert(ctx, tx, note{ID: 3, Title: "c"})
		})
		if err != nil {
			t.Fatal(err)
		}
		ids, err := database.All(ctx, db.Reader(), database.Scalar[int64], "SELECT id FROM notes ORDER BY id")
		if diff := cmp.Diff([]int64{1, 3}, ids); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}, notes)
}

func TestReaderOnSQLiteCannotWrite(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.SQLite, notes)
	if _, err := db.Reader().Exec(t.Context(), "DELETE FROM notes"); err == nil {
		t.Error("a reader deleted rows")
	}
}

func TestSQLiteFileIsForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "steward.db")
	db, err := database.Open(t.Context(), database.Options{URL: path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Migrate(t.Context(), notes); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("steward.db%s: %v %v", suffix, info.Mode(), err)
		}
	}
}

func TestIDsAndNumbersAreUniqueAcrossNodes(t *testing.T) {
	t.Parallel()
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			url := databasetest.URL(t, engine, notes)
			var mu sync.Mutex
			ids, numbers := map[int64]int{}, map[int64]int{}
			var wg sync.WaitGroup
			for range 2 {
				db, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 4})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = db.Close() })
				for range 3 {
					wg.Go(func() {
						for range 40 {
							err := db.Write(t.Context(), func(tx *database.Tx) error {
								n, err := tx.NextNumber(t.Context(), "INC")
								mu.Lock()
								defer mu.Unlock()
								numbers[n]++
								ids[tx.NextID()]++
								return err
							})
							if err != nil {
								t.Error(err)
								return
							}
						}
					})
				}
			}
			wg.Wait()
			if len(ids) != 240 || len(numbers) != 240 {
				t.Errorf("%d distinct ids and %d distinct numbers of 240", len(ids), len(numbers))
			}
		})
	}
}

func TestBothEnginesHaveTheSameSchema(t *testing.T) {
	t.Parallel()
	lite, err := databasetest.Open(t, database.SQLite, notes).Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pg, err := databasetest.Open(t, database.PostgreSQL, notes).Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lite, pg); diff != "" {
		t.Error(diff)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if _, err := db.Migrate(t.Context()); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("got %v, want a conflict", err)
		}
		if n, err := db.Migrate(t.Context(), notes); n != 0 || err != nil {
			t.Errorf("a second migration took %d steps: %v", n, err)
		}
	}, notes)
}

func TestNoticesReachEveryNode(t *testing.T) {
	t.Parallel()
	url := databasetest.URL(t, database.PostgreSQL, notes)
	open := func() *database.DB {
		db, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	a, b := open(), open()
	up, got := make(chan struct{}, 4), make(chan string, 4)
	stop := b.Subscribe("topic", func(p string) {
		if p == database.Reconnected {
			up <- struct{}{}
			return
		}
		got <- p
	})
	defer stop()
	<-up
	if err := a.Notify(t.Context(), "topic", "hello\nworld"); err != nil {
		t.Fatal(err)
	}
	if p := <-got; p != "hello\nworld" {
		t.Errorf("got %q", p)
	}
}

func TestANodeSeesThatAnotherProcessWroteToItsFile(t *testing.T) {
	t.Parallel()
	url := databasetest.URL(t, database.SQLite, notes)
	open := func() *database.DB {
		db, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	written := 0
	write := func(db *database.DB) {
		t.Helper()
		written++
		if err := db.Write(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO notes (id, title) VALUES ($1, $2)", written, strconv.Itoa(written))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	node, command := open(), open()
	look := func() int64 {
		t.Helper()
		version, err := node.ForeignWrites(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	before := look()
	write(node)
	if look() != before {
		t.Error("what the node writes itself is news to it")
	}
	write(command)
	if look() == before {
		t.Error("what another process wrote is no news to the node")
	}
	told := make(chan string, 1)
	defer node.Subscribe("topic", func(payload string) {
		select {
		case told <- payload:
		default:
		}
	})()
	for tick := time.Tick(20 * time.Millisecond); ; {
		select {
		case got := <-told:
			if got != database.Reconnected {
				t.Errorf("it was told %q", got)
			}
			return
		case <-tick:
			write(command)
		}
	}
}
