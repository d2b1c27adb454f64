package app_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// sqlFiles lists the names of the SQL files in some file systems, sorted.
func sqlFiles(t *testing.T, sources ...fs.FS) []string {
	t.Helper()
	var out []string
	for _, src := range sources {
		err := fs.WalkDir(src, ".", func(p string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(p, ".sql") {
				out = append(out, path.Base(p))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(out)
	return out
}

func TestNoRoomsMigrationsAreForgotten(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(sqlFiles(t, os.DirFS("..")), sqlFiles(t, app.Migrations()...)); diff != "" {
		t.Errorf("in the tree and in Migrations:\n%s", diff)
	}
}

func TestWholeSchemaIsTheSameOnBothEngines(t *testing.T) {
	t.Parallel()
	schema := func(engine database.Engine) []string {
		lines, err := databasetest.Open(t, engine, app.Migrations()...).Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// How words are indexed is each engine's own business.
		return slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "search_") })
	}
	if diff := cmp.Diff(schema(database.SQLite), schema(database.PostgreSQL)); diff != "" {
		t.Error(diff)
	}
}

func TestDerivedTablesAreMadeAnew(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if err := app.Rebuild(t.Context(), db); err != nil {
			t.Error(err)
		}
	}, app.Migrations()...)
}
