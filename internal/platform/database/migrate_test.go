package database_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func TestMigrationMayTakeLongerThanAnyOtherStatement(t *testing.T) {
	t.Parallel()
	slow := fstest.MapFS{"9001_slow.sql": {Data: []byte("-- +goose Up\nSELECT pg_sleep(0.4);\n")}}
	db, err := database.Open(t.Context(), database.Options{URL: databasetest.URL(t, database.PostgreSQL), MaxConns: 2, Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Migrate(t.Context(), slow); err != nil {
		t.Error(err)
	}
	if _, err := db.Reader().Exec(t.Context(), "SELECT pg_sleep(0.4)"); err == nil {
		t.Error("another statement was not stopped")
	}
}
