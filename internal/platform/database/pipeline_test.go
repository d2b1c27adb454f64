package database_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

const insertLater = "INSERT INTO sequences (name, next_value) VALUES ($1, 1)"

func TestWhatWasPutOffIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		write := func(fn func(tx *database.Tx) error) error { return db.Write(t.Context(), fn) }
		later := func(tx *database.Tx, name string) error { return tx.Later(t.Context(), insertLater, name) }

		if err := write(func(tx *database.Tx) error {
			if err := later(tx, "note-a"); err != nil {
				return err
			}
			names, err := database.All(t.Context(), tx, database.Scalar[string], "SELECT name FROM sequences WHERE name LIKE $1", "note-%")
			if err != nil || len(names) != 1 {
				t.Errorf("a read in the same transaction finds %v, %v", names, err)
			}
			return later(tx, "note-b")
		}); err != nil {
			t.Fatal(err)
		}

		ran := false
		err := write(func(tx *database.Tx) error {
			tx.AfterCommit(func() { ran = true })
			if err := later(tx, "note-c"); err != nil {
				return err
			}
			return later(tx, "note-a")
		})
		if !apperr.Is(err, apperr.Conflict) || ran {
			t.Errorf("a duplicate among what was put off ended with %v", err)
		}

		wrong := errors.New("wrong")
		if err := write(func(tx *database.Tx) error { return errors.Join(later(tx, "note-d"), wrong) }); !errors.Is(err, wrong) {
			t.Errorf("%v", err)
		}

		if err := write(func(tx *database.Tx) error {
			if err := later(tx, "note-e"); err != nil {
				return err
			}
			err := tx.Savepoint(t.Context(), func() error { return errors.Join(later(tx, "note-f"), wrong) })
			if !errors.Is(err, wrong) {
				t.Errorf("the savepoint ended with %v", err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if got := kept(t, db); !slices.Equal(got, []string{"note-a", "note-b", "note-e"}) {
			t.Errorf("kept: %v", got)
		}
	})
}

func TestWhatWasPutOffWithinASavepointFailsThere(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if err := db.Write(t.Context(), func(tx *database.Tx) error {
			if err := put(t.Context(), tx, "note-a"); err != nil {
				return err
			}
			err := tx.Savepoint(t.Context(), func() error { return tx.Later(t.Context(), insertLater, "note-a") })
			if !apperr.Is(err, apperr.Conflict) {
				t.Errorf("the savepoint ended with %v", err)
			}
			return put(t.Context(), tx, "note-b")
		}); err != nil {
			t.Fatal(err)
		}
		if got := kept(t, db); !slices.Equal(got, []string{"note-a", "note-b"}) {
			t.Errorf("kept: %v", got)
		}
	})
}

// TestAStatementPutOffDoesNotPassForALaterOne: a duplicate that a later statement
// finds is not that one's conflict. The transaction's error has the kind, and says
// what failed.
func TestAStatementPutOffDoesNotPassForALaterOne(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.PostgreSQL)
	ctx := t.Context()
	if err := db.Write(ctx, func(tx *database.Tx) error { return put(ctx, tx, "note-a") }); err != nil {
		t.Fatal(err)
	}
	read := func(tx *database.Tx) error {
		_, err := database.One(ctx, tx, database.Scalar[int64], "SELECT next_value FROM sequences WHERE name = $1", "note-a")
		return err
	}
	for name, next := range map[string]func(tx *database.Tx) error{
		"a read":  read,
		"a write": func(tx *database.Tx) error { return put(ctx, tx, "note-b") },
		"a list": func(tx *database.Tx) error {
			_, err := database.All(ctx, tx, database.Scalar[string], "SELECT name FROM sequences")
			return err
		},
		"a savepoint": func(tx *database.Tx) error {
			return tx.Savepoint(ctx, func() error { return put(ctx, tx, "note-b") })
		},
		"nothing": func(*database.Tx) error { return nil },
	} {
		err := db.Write(ctx, func(tx *database.Tx) error {
			if err := tx.Later(ctx, "UPDATE sequences SET next_value = 2 WHERE name = $1", "note-a"); err != nil {
				return err
			}
			if err := tx.Later(ctx, insertLater, "note-a"); err != nil {
				return err
			}
			err := next(tx)
			if apperr.Is(err, apperr.Conflict) || err == nil && name != "nothing" {
				t.Errorf("%s ended with %v", name, err)
			}
			return err
		})
		if !apperr.Is(err, apperr.Conflict) || !strings.Contains(err.Error(), insertLater) {
			t.Errorf("with %s after it, the transaction ended with %v", name, err)
		}
	}
	if err := db.Write(ctx, func(tx *database.Tx) error {
		err := tx.Savepoint(ctx, func() error { return errors.Join(tx.Later(ctx, insertLater, "note-a"), read(tx)) })
		if !apperr.Is(err, apperr.Conflict) {
			t.Errorf("the savepoint it was put off in ended with %v", err)
		}
		return put(ctx, tx, "note-c")
	}); err != nil {
		t.Error(err)
	}
}

// TestAPassedOverErrorDoesNotLookLikeASave: PostgreSQL ends a transaction at its
// first error, and then answers COMMIT with ROLLBACK.
func TestAPassedOverErrorDoesNotLookLikeASave(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.PostgreSQL, notes)
	ctx := t.Context()
	err := db.Write(ctx, func(tx *database.Tx) error {
		if err := insert(ctx, tx, note{ID: 1, Title: "kept"}); err != nil {
			return err
		}
		_ = insert(ctx, tx, note{ID: 2, Title: "kept"}) // the title is taken
		return nil
	})
	n, countErr := database.One(ctx, db.Reader(), database.Scalar[int], "SELECT count(*) FROM notes")
	if countErr != nil {
		t.Fatal(countErr)
	}
	if err == nil || n != 0 {
		t.Errorf("the save answered %v, and %d rows are there", err, n)
	}
}
