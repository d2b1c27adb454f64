package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/backup"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// The schema has what makes a restore hard: references to itself and in a
// circle, every type, names that are words of SQL, rows put in by a migration,
// a generated column, a search index and a view.
var schema = fstest.MapFS{
	"9001_people.sql": {Data: []byte(`-- +goose Up
CREATE TABLE people (
    id     BIGINT NOT NULL PRIMARY KEY,
    "order" TEXT NOT NULL,
    boss   BIGINT REFERENCES people (id),
    room   BIGINT NOT NULL
);
CREATE TABLE facts (
    person BIGINT NOT NULL REFERENCES people (id),
    name   TEXT NOT NULL,
    done   BOOLEAN NOT NULL DEFAULT FALSE,
    weight DOUBLE PRECISION,
    doc    JSONB,
    raw    BYTEA,
    at     BIGINT,
    PRIMARY KEY (name, person)
);
CREATE TABLE roles (
    name TEXT NOT NULL PRIMARY KEY
);
INSERT INTO roles (name) VALUES ('agent'), ('manager');
CREATE VIEW bosses AS SELECT id FROM people WHERE boss IS NULL;
`)},
	"9002_rooms.sqlite.sql": {Data: []byte(`-- +goose Up
CREATE TABLE rooms (id INTEGER NOT NULL PRIMARY KEY, janitor INTEGER NOT NULL REFERENCES people (id), twice INTEGER GENERATED ALWAYS AS (id * 2)) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (body);
CREATE TABLE index_state (id INTEGER NOT NULL PRIMARY KEY) STRICT;
`)},
	"9002_rooms.postgres.sql": {Data: []byte(`-- +goose Up
CREATE TABLE rooms (id BIGINT NOT NULL PRIMARY KEY, janitor BIGINT NOT NULL REFERENCES people (id), twice BIGINT GENERATED ALWAYS AS (id * 2) STORED);
ALTER TABLE people ADD FOREIGN KEY (room) REFERENCES rooms (id) DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE index_words (id BIGINT NOT NULL PRIMARY KEY, body TSVECTOR);
-- +goose StatementBegin
CREATE FUNCTION greet() RETURNS TEXT LANGUAGE sql AS 'SELECT ''hello''';
-- +goose StatementEnd
`)},
}

var later = fstest.MapFS{"9003_nick.sql": {Data: []byte("-- +goose Up\nALTER TABLE people ADD COLUMN nick TEXT NOT NULL DEFAULT 'none';\n")}}

var skip = []string{"index_*"}

func exec(t *testing.T, db *database.DB, query string, args ...any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// fill puts in rows that refer to rows that come later.
func fill(t *testing.T, db *database.DB, people int) {
	t.Helper()
	ctx := t.Context()
	err := db.Write(ctx, func(tx *database.Tx) error {
		if db.Engine() == database.SQLite {
			if _, err := tx.Exec(ctx, "PRAGMA defer_foreign_keys = 1"); err != nil {
				return err
			}
		}
		for i := people; i >= 1; i-- { // the highest is everybody's boss
			boss := database.ID(people)
			if i == people {
				boss = 0
			}
			if _, err := tx.Exec(ctx, `INSERT INTO people (id, "order", boss, room) VALUES ($1, $2, $3, 1)`,
				i, fmt.Sprintf("Änne \U0001F600 %d \"quoted\" <b>\n\\", i), boss); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "INSERT INTO rooms (id, janitor) VALUES (1, 2)"); err != nil {
			return err
		}
		for i, w := range []any{1.5, -0.0, 1e300, 0.1, math.Pi, nil, float64(3)} {
			if _, err := tx.Exec(ctx, "INSERT INTO facts (person, name, done, weight, doc, raw, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
				1, fmt.Sprintf("fact %d", i), i%2 == 0, w, `{"b": [1, 2.50, {"z": null, "a": "é"}], "a": 12345678901234567890}`,
				[]byte{0, 255, byte(i)}, int64(math.MaxInt64-i)); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO facts (person, name, raw) VALUES (2, 'Empty', $1)", []byte{})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM roles WHERE name = 'manager'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func store(t *testing.T) *blob.Folder {
	t.Helper()
	f, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var made = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func write(t *testing.T, db *database.DB, blobs blob.Store) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := backup.Write(t.Context(), &out, backup.Options{DB: db, Blobs: blobs, Product: "test", Skip: skip, Now: made}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func verify(t *testing.T, archive []byte) *backup.Archive {
	t.Helper()
	a, err := backup.Verify(t.Context(), bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// vacant gives a database without any table, and its address.
func vacant(t *testing.T, engine database.Engine) *database.DB {
	t.Helper()
	url := databasetest.URL(t, engine)
	open := func(name string) *database.DB {
		db, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 4, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open("steward restore")
	t.Cleanup(func() { _ = db.Close() })
	for _, table := range []string{"sequences", "schema_migrations"} {
		err := db.Bulk(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(t.Context(), "DROP TABLE "+table)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func restore(t *testing.T, archive []byte, engine database.Engine, migrations ...fs.FS) (*database.DB, *blob.Folder) {
	t.Helper()
	db, blobs := vacant(t, engine), store(t)
	if err := verify(t, archive).Restore(t.Context(), backup.Target{DB: db, Blobs: blobs, Migrations: migrations}); err != nil {
		t.Fatal(err)
	}
	return db, blobs
}

// sums says what an archive adds up to. JSON texts differ between engines, and
// so do the parts that hold them.
func sums(t *testing.T, archive []byte, without ...string) backup.Sums {
	t.Helper()
	s := verify(t, archive).Sums
	for _, table := range without {
		delete(s.Tables, table)
	}
	return s
}

func TestInstallationMovesBetweenEnginesAndBack(t *testing.T) {
	t.Parallel()
	other := map[database.Engine]database.Engine{database.SQLite: database.PostgreSQL, database.PostgreSQL: database.SQLite}
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		fill(t, db, 500)
		blobs := store(t)
		for _, content := range []string{"one", "two", strings.Repeat("x", 1<<20), ""} {
			if _, err := blobs.Put(t.Context(), strings.NewReader(content), 1<<30); err != nil {
				t.Fatal(err)
			}
		}
		first := write(t, db, blobs)
		there, theirBlobs := restore(t, first, other[db.Engine()], schema)
		second := write(t, there, theirBlobs)
		back, backBlobs := restore(t, second, db.Engine(), schema)
		third := write(t, back, backBlobs)
		again, _ := restore(t, third, other[db.Engine()], schema)
		fourth := write(t, again, theirBlobs)

		if diff := cmp.Diff(sums(t, first, "facts"), sums(t, second, "facts")); diff != "" {
			t.Errorf("there: %s", diff)
		}
		if diff := cmp.Diff(sums(t, first, "facts"), sums(t, third, "facts")); diff != "" {
			t.Errorf("and back: %s", diff)
		}
		// On the second journey even the JSON texts are the same.
		if diff := cmp.Diff(sums(t, second), sums(t, fourth)); diff != "" {
			t.Errorf("a second time: %s", diff)
		}
		if diff := cmp.Diff(facts(t, db), facts(t, back)); diff != "" {
			t.Errorf("facts: %s", diff)
		}
		if got := sums(t, first).Tables; got["roles"].Rows != 1 || got["people"].Rows != 500 || got["index_words"].Rows != 0 || len(got) != 5 {
			t.Errorf("tables %v", got)
		}
	}, schema)
}

// facts reads the table that has every type, its documents by value.
func facts(t *testing.T, db *database.DB) []string {
	t.Helper()
	lines, err := database.All(t.Context(), db.Reader(), func(r database.Row) (string, error) {
		var person int64
		var name string
		var done bool
		var weight *float64
		var doc map[string]any
		var raw []byte
		var at *int64
		err := r.Scan(&person, &name, &done, &weight, database.JSON{V: &doc}, &raw, &at)
		w, when := "null", "null"
		if weight != nil {
			w = fmt.Sprint(*weight)
		}
		if at != nil {
			when = fmt.Sprint(*at)
		}
		return fmt.Sprint(person, name, done, w, doc, raw, raw == nil, when), err
	}, "SELECT person, name, done, weight, doc, raw, at FROM facts")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

func TestBackupUnderLoadIsOneMoment(t *testing.T) {
	t.Parallel()
	accounts := fstest.MapFS{"9001_accounts.sql": {Data: []byte(`-- +goose Up
CREATE TABLE debits (id BIGINT NOT NULL PRIMARY KEY, amount BIGINT NOT NULL
);
CREATE TABLE credits (id BIGINT NOT NULL PRIMARY KEY, amount BIGINT NOT NULL
);
INSERT INTO debits (id, amount) VALUES (1, 0);
INSERT INTO credits (id, amount) VALUES (1, 0);
`)}}
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		running := make(chan struct{})
		var once sync.Once
		for w := range 3 {
			wg.Go(func() {
				for i := int64(0); ctx.Err() == nil; i++ {
					err := db.Write(t.Context(), func(tx *database.Tx) error {
						for _, table := range []string{"debits", "credits"} {
							if _, err := tx.Exec(t.Context(), "UPDATE "+table+" SET amount = amount + $1 WHERE id = 1", i); err != nil {
								return err
							}
							if _, err := tx.Exec(t.Context(), "INSERT INTO "+table+" (id, amount) VALUES ($1, $2)", int64(w+2)<<32+i, i); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						t.Error(err)
						return
					}
					once.Do(func() { close(running) })
				}
			})
		}
		<-running
		var archives [][]byte
		for range 5 {
			archives = append(archives, write(t, db, nil))
		}
		stop()
		wg.Wait()
		for _, archive := range archives {
			copied, _ := restore(t, archive, database.SQLite, accounts)
			total := func(table string) string {
				s, err := database.One(t.Context(), copied.Reader(), database.Scalar[string],
					"SELECT count(*) || ' rows, ' || sum(amount) FROM "+table)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			if d, c := total("debits"), total("credits"); d != c {
				t.Errorf("debits %s, credits %s", d, c)
			}
		}
	}, accounts)
}

func TestOldBackupIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		fill(t, db, 3)
		copied, _ := restore(t, write(t, db, nil), db.Engine(), schema, later)
		n, err := database.One(t.Context(), copied.Reader(), database.Scalar[int], "SELECT count(*) FROM people WHERE nick = 'none'")
		if err != nil || n != 3 {
			t.Errorf("%d, %v", n, err)
		}
		newer := write(t, copied, nil)
		err = verify(t, newer).Restore(t.Context(), backup.Target{DB: vacant(t, db.Engine()), Migrations: []fs.FS{schema}})
		if !apperr.Is(err, apperr.Conflict) || !strings.Contains(apperr.Message(err), "newer Steward") {
			t.Errorf("a backup from the future: %v", err)
		}
	}, schema)
}

func TestRestoreNeedsAnEmptyDatabaseOrForce(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		fill(t, db, 10)
		archive := write(t, db, nil)
		target, _ := restore(t, archive, db.Engine(), schema)
		exec(t, target, "UPDATE people SET room = 1, boss = NULL")
		a := verify(t, archive)
		if err := a.Restore(t.Context(), backup.Target{DB: target, Migrations: []fs.FS{schema}}); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("got %v", err)
		}
		rebuilt := false
		err := a.Restore(t.Context(), backup.Target{
			DB: target, Migrations: []fs.FS{schema}, Force: true,
			Rebuild: func(context.Context) error { rebuilt = true; return nil },
		})
		if err != nil || !rebuilt {
			t.Errorf("with force: %v, rebuilt %v", err, rebuilt)
		}
		if diff := cmp.Diff(sums(t, archive, "facts"), sums(t, write(t, target, nil), "facts")); diff != "" {
			t.Error(diff)
		}
	}, schema)
}

func TestRestoreRefusesADatabaseInUse(t *testing.T) {
	t.Parallel()
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			source := databasetest.Open(t, engine, schema)
			archive := write(t, source, nil)
			url := databasetest.URL(t, engine)
			node, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 2})
			if err != nil {
				t.Fatal(err)
			}
			mine, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 2, Name: "steward restore"})
			if err != nil {
				t.Fatal(err)
			}
			defer mine.Close()
			target := backup.Target{DB: mine, Migrations: []fs.FS{schema}, Force: true}
			if err := verify(t, archive).Restore(t.Context(), target); !apperr.Is(err, apperr.Conflict) || !strings.Contains(apperr.Message(err), "Stop every node") {
				t.Errorf("while a node runs: %v", err)
			}
			if err := node.Close(); err != nil {
				t.Fatal(err)
			}
			// A PostgreSQL server takes a moment to notice that a client left.
			deadline := time.NewTimer(10 * time.Second)
			defer deadline.Stop()
			for {
				err := verify(t, archive).Restore(t.Context(), target)
				if err == nil {
					break
				}
				select {
				case <-deadline.C:
					t.Fatalf("after it stopped: %v", err)
				case <-time.After(20 * time.Millisecond):
				}
			}
		})
	}
}

func TestUnfinishedRestoreIsNotServed(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		fill(t, db, 5)
		archive := write(t, db, nil)
		target := vacant(t, db.Engine())
		boom := errors.New("boom")
		err := verify(t, archive).Restore(t.Context(), backup.Target{
			DB: target, Migrations: []fs.FS{schema}, Rebuild: func(context.Context) error { return boom },
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if _, err := target.Migrate(t.Context(), schema); !apperr.Is(err, apperr.Conflict) || !strings.Contains(apperr.Message(err), "not finished") {
			t.Errorf("migrate: %v", err)
		}
		if _, err := target.Status(t.Context(), schema); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("status: %v", err)
		}
		if err := verify(t, archive).Restore(t.Context(), backup.Target{DB: target, Migrations: []fs.FS{schema}, Force: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := target.Migrate(t.Context(), schema); err != nil {
			t.Errorf("after a second try: %v", err)
		}
	}, schema)
}

func TestDamageIsFoundBeforeAnythingIsTouched(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.SQLite, schema)
	fill(t, db, 2000)
	archive := write(t, db, nil)
	for name, broken := range map[string][]byte{
		"cut in the middle":  archive[:len(archive)/2],
		"cut at the end":     archive[:len(archive)-10],
		"nothing":            {},
		"something else":     []byte("PK\x03\x04 a zip file"),
		"one byte different": flip(archive, len(archive)/2),
	} {
		if _, err := backup.Verify(t.Context(), bytes.NewReader(broken)); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func flip(b []byte, at int) []byte {
	out := bytes.Clone(b)
	out[at] ^= 0x40
	return out
}

func TestRowsThatViolateAReferenceAreRefused(t *testing.T) {
	t.Parallel()
	// A database whose references nobody enforced, as a broken tool might leave it.
	loose := fstest.MapFS{}
	for name, file := range schema {
		text := strings.ReplaceAll(string(file.Data), "person BIGINT NOT NULL REFERENCES people (id)", "person BIGINT NOT NULL")
		loose[name] = &fstest.MapFile{Data: []byte(text)}
	}
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		exec(t, db, "INSERT INTO facts (person, name) VALUES (77, 'dangling')")
		target := vacant(t, db.Engine())
		err := verify(t, write(t, db, nil)).Restore(t.Context(), backup.Target{DB: target, Migrations: []fs.FS{schema}})
		if !apperr.Is(err, apperr.InUse) {
			t.Errorf("got %v", err)
		}
		if _, err := target.Migrate(t.Context(), schema); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("the database may be served: %v", err)
		}
	}, loose)
}

func TestDamagedFileIsToldAndNotRestored(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.SQLite, schema)
	blobs := &rotten{Folder: store(t)}
	good, err := blobs.Put(t.Context(), strings.NewReader("good"), 100)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := blobs.Put(t.Context(), strings.NewReader("bad"), 100)
	if err != nil {
		t.Fatal(err)
	}
	blobs.key = bad.Key
	var out bytes.Buffer
	got, err := backup.Write(t.Context(), &out, backup.Options{DB: db, Blobs: blobs, Now: made})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(backup.BlobSum{Files: 2, Bytes: 7, Damaged: []string{bad.Key}}, got.Blobs); diff != "" {
		t.Error(diff)
	}
	_, restored := restore(t, out.Bytes(), database.SQLite, schema)
	if _, err := restored.Stat(t.Context(), good.Key); err != nil {
		t.Error(err)
	}
	if _, err := restored.Stat(t.Context(), bad.Key); !apperr.Is(err, apperr.NotFound) {
		t.Errorf("the damaged file: %v", err)
	}
}
