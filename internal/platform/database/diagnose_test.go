package database_test

import (
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func find(t *testing.T, db *database.DB, name string, ahead time.Duration) database.Severity {
	t.Helper()
	list, err := db.Diagnose(t.Context(), func() time.Time { return time.Now().Add(ahead) }, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Name == name {
			return f.Severity
		}
	}
	return ""
}

func TestCheckUpFindsWhatLosesData(t *testing.T) {
	t.Parallel()
	lite := databasetest.Open(t, database.SQLite, notes)
	if got := find(t, lite, "database", 0) + find(t, lite, "integrity", 0); got != database.Fine+database.Fine {
		t.Errorf("SQLite: %s", got)
	}
	pg := databasetest.Open(t, database.PostgreSQL, notes)
	if got := find(t, pg, "database", 0); got != database.Fine {
		t.Errorf("PostgreSQL: %s", got)
	}
	for ahead, want := range map[time.Duration]database.Severity{0: database.Fine, 10 * time.Second: database.Warn, -time.Hour: database.Fail} {
		if got := find(t, pg, "clock", ahead); got != want {
			t.Errorf("a clock %s ahead: %s", ahead, got)
		}
	}
	var fsync string
	if err := pg.Reader().QueryRow(t.Context(), "SELECT current_setting('fsync')").Scan(&fsync); err != nil {
		t.Fatal(err)
	}
	if got := find(t, pg, "fsync", 0); (fsync == "off") != (got == database.Fail) {
		t.Errorf("fsync is %s and was found %q", fsync, got)
	}
}
