package database_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/database"
)

func openNotes(t *testing.T) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: filepath.Join(t.TempDir(), "group.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func put(ctx context.Context, tx *database.Tx, name string) error {
	_, err := tx.Exec(ctx, "INSERT INTO sequences (name, next_value) VALUES ($1, 1)", name)
	return err
}

// kept gives the names that put wrote.
func kept(t *testing.T, db *database.DB) []string {
	t.Helper()
	names, err := database.All(t.Context(), db.Reader(), database.Scalar[string], "SELECT name FROM sequences WHERE name LIKE $1 ORDER BY name", "note-%")
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// together runs writers so that all of them but the first wait while it writes.
func together(t *testing.T, db *database.DB, writers ...func(tx *database.Tx) error) []error {
	t.Helper()
	errs := make([]error, len(writers))
	var all sync.WaitGroup
	begun, go1 := make(chan struct{}), make(chan struct{})
	run := func(i int, fn func(tx *database.Tx) error) {
		defer func() {
			if p := recover(); p != nil {
				errs[i] = fmt.Errorf("panic: %v", p)
			}
		}()
		errs[i] = db.Write(t.Context(), fn)
	}
	all.Go(func() {
		var once sync.Once
		run(0, func(tx *database.Tx) error {
			once.Do(func() { close(begun); <-go1 })
			return writers[0](tx)
		})
	})
	<-begun
	for i, fn := range writers[1:] {
		all.Go(func() { run(i+1, fn) })
		for db.Waiting() <= i {
			runtime.Gosched()
		}
	}
	close(go1)
	all.Wait()
	return errs
}

func TestAWriterThatFailsUndoesOnlyItself(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	wrong := errors.New("wrong")
	hooks := make([]bool, 6)
	writer := func(i int, then func() error) func(tx *database.Tx) error {
		return func(tx *database.Tx) error {
			tx.AfterCommit(func() { hooks[i] = true })
			if err := put(t.Context(), tx, fmt.Sprint("note-", i)); err != nil {
				return err
			}
			return then()
		}
	}
	fine := func() error { return nil }
	errs := together(t, db,
		writer(0, fine), writer(1, func() error { return wrong }), writer(2, fine), writer(3, func() error { panic("help") }), writer(4, fine),
		func(tx *database.Tx) error { return put(t.Context(), tx, "note-4") }) // taken by the one before
	for i, want := range []string{"<nil>", "wrong", "<nil>", "panic: help", "<nil>", "This already exists."} {
		if got := fmt.Sprint(errs[i]); !strings.Contains(got, want) {
			t.Errorf("writer %d ended with %s, not %s", i, got, want)
		}
	}
	if got := kept(t, db); !slices.Equal(got, []string{"note-0", "note-2", "note-4"}) {
		t.Errorf("kept: %v", got)
	}
	if !slices.Equal(hooks, []bool{true, false, true, false, true, false}) {
		t.Errorf("after the commit ran: %v", hooks)
	}
}

func TestWritersWhoseTransactionWasLostRunAgain(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	runs := make([]int, 3)
	wrong := errors.New("wrong")
	errs := together(t, db,
		func(tx *database.Tx) error { runs[0]++; return put(t.Context(), tx, "note-0") },
		func(tx *database.Tx) error { runs[1]++; return put(t.Context(), tx, "note-1") },
		func(tx *database.Tx) error {
			runs[2]++
			// As the engine does by itself when the disk is full.
			if _, err := tx.Exec(t.Context(), "ROLLBACK"); err != nil {
				return err
			}
			return wrong
		})
	if errs[0] != nil || errs[1] != nil || !errors.Is(errs[2], wrong) {
		t.Errorf("%v", errs)
	}
	if !slices.Equal(runs, []int{2, 2, 1}) {
		t.Errorf("the writers ran %v times", runs)
	}
	if got := kept(t, db); !slices.Equal(got, []string{"note-0", "note-1"}) {
		t.Errorf("kept: %v", got)
	}
}

func TestAWriterWhoStopsWaitingKeepsNobodyFromCommitting(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	ctx, giveUp := context.WithCancel(t.Context())
	var late error
	var all sync.WaitGroup
	if err := db.Write(t.Context(), func(tx *database.Tx) error {
		all.Go(func() { late = db.Write(ctx, func(*database.Tx) error { return nil }) })
		for db.Waiting() == 0 {
			runtime.Gosched()
		}
		tx.AfterCommit(func() {})
		defer giveUp() // counted as waiting, gone a moment later
		return put(t.Context(), tx, "note-0")
	}); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if late != nil && !errors.Is(late, context.Canceled) {
		t.Errorf("who gave up was told %v", late)
	}
	if got := kept(t, db); len(got) != 1 {
		t.Errorf("kept: %v", got)
	}
}

func TestMoreStatementsThanAreKeptCompiled(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	for round := range 2 {
		for i := range 2 * database.MaxPrepared {
			// The inner statement is the outer one's twin while that one is being read.
			query := "SELECT " + strconv.Itoa(i) + " + $1 UNION ALL SELECT $1 ORDER BY 1"
			err := db.Write(t.Context(), func(tx *database.Tx) error {
				return database.Each(t.Context(), tx, func(database.Row) error {
					got, err := database.All(t.Context(), tx, database.Scalar[int], query, round)
					if err == nil && !slices.Equal(got, []int{round, i + round}) {
						err = fmt.Errorf("%v", got)
					}
					return err
				}, query, round)
			})
			if err != nil {
				t.Fatalf("statement %d: %v", i, err)
			}
		}
	}
}
