package databasetest_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func TestAnOwnServerKeepsItsDataOverAKill(t *testing.T) {
	t.Parallel()
	server := databasetest.NewServer(t)
	open := func() *database.DB {
		db, err := database.Open(t.Context(), database.Options{URL: server.URL(), MaxConns: 2})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	for _, statement := range []string{"CREATE TABLE kept (n bigint)", "INSERT INTO kept VALUES (42)"} {
		if _, err := db.Reader().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range []func(){server.Kill, server.Stop} {
		end()
		if err := db.Ping(t.Context()); err == nil {
			t.Error("a server that has ended answers")
		}
		server.Start()
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	db = open()
	defer db.Close()
	n, err := database.One(t.Context(), db.Reader(), database.Scalar[int], "SELECT n FROM kept")
	if err != nil || n != 42 {
		t.Errorf("kept %d: %v", n, err)
	}
}
