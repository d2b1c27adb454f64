// Package databasetest gives every test a database of its own, on SQLite and
// on a real PostgreSQL.
//
// The server is the one STEWARD_TEST_POSTGRES names. Without that variable the
// package starts one from the machine's PostgreSQL binaries, shared by all test
// processes of this user and left running for the next run (Stop it with
// `make test-clean`). PostgreSQL is never skipped.
package databasetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// Each runs fn on a fresh SQLite and a fresh PostgreSQL database, in parallel,
// with the given migrations applied.
func Each(t *testing.T, fn func(t *testing.T, db *database.DB), migrations ...fs.FS) {
	t.Helper()
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			fn(t, Open(t, engine, migrations...))
		})
	}
}

// Open gives one fresh migrated database that is closed when the test ends.
func Open(t testing.TB, engine database.Engine, migrations ...fs.FS) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: URL(t, engine, migrations...), MaxConns: 8})
	if err != nil {
		t.Fatalf("open %s: %v", engine, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close %s: %v", engine, err)
		}
	})
	return db
}

// URL gives the address of a fresh migrated database; it is dropped when the
// test ends. For tests that open it several times, as nodes do.
func URL(t testing.TB, engine database.Engine, migrations ...fs.FS) string {
	t.Helper()
	if engine == database.SQLite {
		return sqliteURL(t, migrations)
	}
	return postgresURL(t, migrations)
}

// EmptyURL gives the address of a database that holds nothing at all, as an
// administrator makes one; it is dropped when the test ends.
func EmptyURL(t testing.TB, engine database.Engine) string {
	t.Helper()
	if engine == database.SQLite {
		return "sqlite:" + filepath.Join(t.TempDir(), "steward.db")
	}
	server, admin := postgresAdmin(t)
	defer admin.Close()
	return createPostgres(t, server, admin, "template1")
}

// templates remembers, per process, the migrated SQLite file of each set of migrations.
var templates sync.Map // fingerprint -> func() ([]byte, error)

func sqliteURL(t testing.TB, migrations []fs.FS) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "steward.db")
	made, _ := templates.LoadOrStore(fingerprint(t, migrations), sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "steward-template-*")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		file := filepath.Join(dir, "t.db")
		if err := migrate(context.Background(), file, migrations); err != nil {
			return nil, err
		}
		return os.ReadFile(file)
	}))
	image, err := made.(func() ([]byte, error))()
	if err != nil {
		t.Fatalf("migrate SQLite: %v", err)
	}
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

func migrate(ctx context.Context, address string, migrations []fs.FS) error {
	db, err := database.Open(ctx, database.Options{URL: address, MaxConns: 2})
	if err != nil {
		return err
	}
	if _, err := db.Migrate(ctx, migrations...); err != nil {
		_ = db.Close() // the migration's error is the one that counts
		return err
	}
	if db.Engine() == database.SQLite {
		// The template is copied as one file, so nothing may be left in its log.
		if err := db.Write(ctx, func(*database.Tx) error { return nil }); err != nil {
			return err
		}
	}
	return db.Close()
}

func postgresURL(t testing.TB, migrations []fs.FS) string {
	t.Helper()
	server, admin := postgresAdmin(t)
	defer admin.Close()
	template := "template_" + fingerprint(t, migrations)
	if err := ensureTemplate(t.Context(), admin, server, template, migrations); err != nil {
		t.Fatalf("migrate PostgreSQL: %v", err)
	}
	return createPostgres(t, server, admin, template)
}

// postgresAdmin connects to the server's own database.
func postgresAdmin(t testing.TB) (server string, admin *database.DB) {
	t.Helper()
	server, err := Server()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	if admin, err = database.Open(t.Context(), database.Options{URL: server, MaxConns: 1}); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return server, admin
}

func createPostgres(t testing.TB, server string, admin *database.DB, template string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), serial())
	if _, err := admin.Reader().Exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		admin, err := database.Open(context.Background(), database.Options{URL: server, MaxConns: 1})
		if err != nil {
			t.Errorf("drop %s: %v", name, err)
			return
		}
		defer admin.Close()
		if _, err := admin.Reader().Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
	})
	return withDatabase(server, name)
}

var serial = func() func() int64 {
	var mu sync.Mutex
	var n int64
	return func() int64 {
		mu.Lock()
		defer mu.Unlock()
		n++
		return n
	}
}()

// ensureTemplate makes the migrated template once for all processes: an
// advisory lock of admin's one connection keeps two of them from racing.
func ensureTemplate(ctx context.Context, admin *database.DB, server, name string, migrations []fs.FS) error {
	q := admin.Reader()
	if _, err := q.Exec(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
		return err
	}
	defer q.Exec(ctx, "SELECT pg_advisory_unlock(hashtext($1))", name) //nolint:errcheck // closing the connection unlocks too
	n, err := database.One(ctx, q, database.Scalar[int], "SELECT count(*) FROM pg_database WHERE datname = $1", name)
	if err != nil || n > 0 {
		return err
	}
	draft := name + "_draft"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + draft + " WITH (FORCE)", "CREATE DATABASE " + draft} {
		if _, err := q.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := migrate(ctx, withDatabase(server, draft), migrations); err != nil {
		return err
	}
	_, err = q.Exec(ctx, "ALTER DATABASE "+draft+" RENAME TO "+name)
	return err
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}

func fingerprint(t testing.TB, migrations []fs.FS) string {
	t.Helper()
	h := sha256.New()
	for _, m := range migrations {
		err := fs.WalkDir(m, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".sql") {
				return err
			}
			text, err := fs.ReadFile(m, path)
			fmt.Fprintf(h, "%s\n%s\n", path, text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:20]
}
