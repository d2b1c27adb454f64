package app_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
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

func TestMigratingTwiceAndFromManyNodesIsMigratingOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := databasetest.EmptyURL(t, engine)
			steps := make([]int, 3)
			var wg sync.WaitGroup
			for node := range steps {
				if engine == database.SQLite && node > 0 {
					continue // it is served by one process
				}
				wg.Go(func() {
					db, err := database.Open(t.Context(), database.Options{URL: address, MaxConns: 2})
					if err != nil {
						t.Error(err)
						return
					}
					defer db.Close()
					for range 2 {
						n, err := db.Migrate(t.Context(), app.Migrations()...)
						if err != nil {
							t.Error(err)
						}
						steps[node] += n
					}
					if st, err := db.Status(t.Context(), app.Migrations()...); err != nil || st.Pending != 0 || st.Current != st.Latest {
						t.Errorf("%+v %v", st, err)
					}
				})
			}
			wg.Wait()
			if got, want := steps[0]+steps[1]+steps[2], len(app.Migrations()); got < want {
				t.Errorf("%v steps were taken by the nodes, and there are %d rooms with some", steps, want)
			}
		})
	}
}
