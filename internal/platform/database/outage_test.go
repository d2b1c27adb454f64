package database_test

import (
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// TestAServerThatGoesAwayIsUnavailable ends the server at each moment of a
// transaction: people are told the truth about what was saved, and nothing is
// taken for an error of our own.
func TestAServerThatGoesAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	server := databasetest.NewServer(t)
	db, err := database.Open(t.Context(), database.Options{URL: server.URL(), MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	insert := func(tx *database.Tx, name string) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO sequences (name, next_value) VALUES ($1, 1)", name)
		return err
	}
	for _, moment := range []struct {
		name string
		fn   func(tx *database.Tx) error
		want string
	}{
		{"before a statement", func(tx *database.Tx) error {
			server.Kill()
			return insert(tx, "a")
		}, "Nothing was saved"},
		{"after a statement failed", func(tx *database.Tx) error {
			server.Kill()
			_ = insert(tx, "b") // the first failure is not the one that is looked at
			return insert(tx, "c")
		}, "Nothing was saved"},
		{"before the commit", func(tx *database.Tx) error {
			err := insert(tx, "d")
			server.Kill()
			return err
		}, "may or may not be saved"},
	} {
		err := db.Write(t.Context(), moment.fn)
		if !apperr.Is(err, apperr.Unavailable) || !strings.Contains(apperr.Message(err).String(), moment.want) {
			t.Errorf("%s: %v", moment.name, err)
		}
		server.Start()
	}
	if err := db.Write(t.Context(), func(tx *database.Tx) error { return insert(tx, "e") }); err != nil {
		t.Errorf("after the server came back: %v", err)
	}
}
