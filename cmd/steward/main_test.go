package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"steward": main})
}

// TestCommands runs the stories in testdata over the real command line; each
// has a PostgreSQL database of its own in $POSTGRES.
func TestCommands(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("POSTGRES", databasetest.URL(t, database.PostgreSQL))
			return nil
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}
