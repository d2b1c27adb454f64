package database

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Migrations of all rooms form one timeline: files NNNN_name.sql, each number
// used once, in goose's format. They are written in PostgreSQL's words; for
// SQLite the types are renamed and tables made STRICT. Where that is not
// enough, NNNN_name.sqlite.sql and NNNN_name.postgres.sql stand side by side.

// base is the migration this package needs for itself.
const base = `-- +goose Up
CREATE TABLE sequences (
    name       TEXT   NOT NULL PRIMARY KEY,
    next_value BIGINT NOT NULL
);
-- +goose Down
DROP TABLE sequences;
`

// Status says where a database stands.
type Status struct {
	Current int64 // the newest applied migration
	Latest  int64 // the newest this binary knows
	Pending int
}

// Migrate brings the schema up to date and returns how many steps it took.
// Several nodes may call it at once. A database that is newer than the binary
// is refused with Conflict, and so is one that a restore has not finished.
func (db *DB) Migrate(ctx context.Context, sources ...fs.FS) (int, error) {
	if err := db.refuseUnfinished(ctx); err != nil {
		return 0, err
	}
	return db.migrate(ctx, sources)
}

func (db *DB) migrate(ctx context.Context, sources []fs.FS) (int, error) {
	p, err := db.provider(sources)
	if err != nil {
		return 0, err
	}
	st, err := status(ctx, p)
	if err != nil {
		return 0, err
	}
	if st.Pending == 0 {
		return 0, nil
	}
	done, err := p.Up(ctx)
	if err != nil {
		return 0, apperr.Wrap(err, apperr.Internal, "The database could not be brought up to date.")
	}
	return len(done), nil
}

// Status compares the schema with what the binary knows; Conflict when the
// database is newer.
func (db *DB) Status(ctx context.Context, sources ...fs.FS) (Status, error) {
	if err := db.refuseUnfinished(ctx); err != nil {
		return Status{}, err
	}
	p, err := db.provider(sources)
	if err != nil {
		return Status{}, err
	}
	return status(ctx, p)
}

func status(ctx context.Context, p *goose.Provider) (Status, error) {
	var st Status
	current, err := p.GetDBVersion(ctx)
	if err != nil {
		return st, translate(err)
	}
	st.Current = current
	list, err := p.Status(ctx)
	if err != nil {
		return st, translate(err)
	}
	for _, m := range list {
		st.Latest = max(st.Latest, m.Source.Version)
		if m.State == goose.StatePending {
			st.Pending++
		}
	}
	if st.Current > st.Latest {
		return st, apperr.New(apperr.Conflict,
			"The database is at version %d, but this program only knows versions up to %d. Run a newer Steward.", st.Current, st.Latest)
	}
	return st, nil
}

func (db *DB) provider(sources []fs.FS) (*goose.Provider, error) {
	merged, err := merge(db.engine, sources)
	if err != nil {
		return nil, err
	}
	opts := []goose.ProviderOption{
		goose.WithAllowOutofOrder(true), // a new practice's numbers may lie below another's
		goose.WithDisableGlobalRegistry(true),
		goose.WithTableName("schema_migrations"),
	}
	dialect := goose.DialectSQLite3
	if db.engine == PostgreSQL {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, db.schema, merged, opts...)
}

// merge lays all rooms' migrations into one folder, in one engine's words.
func merge(engine Engine, sources []fs.FS) (fs.FS, error) {
	out := fstest.MapFS{"0001_sequences.sql": {Data: adapt(engine, []byte(base))}}
	versions := map[string]string{"0001": "0001_sequences.sql"}
	other := "." + string(PostgreSQL) + ".sql"
	if engine == PostgreSQL {
		other = "." + string(SQLite) + ".sql"
	}
	for _, src := range sources {
		err := fs.WalkDir(src, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".sql") || strings.HasSuffix(path, other) {
				return err
			}
			text, err := fs.ReadFile(src, path)
			if err != nil {
				return err
			}
			name := strings.Replace(d.Name(), "."+string(engine)+".sql", ".sql", 1)
			version, _, _ := strings.Cut(name, "_")
			if prev, taken := versions[version]; taken {
				return fmt.Errorf("database: migrations %s and %s have the same number", prev, name)
			}
			versions[version] = name
			if name == d.Name() {
				text = adapt(engine, text)
			}
			out[name] = &fstest.MapFile{Data: text}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

var (
	tableEnd    = regexp.MustCompile(`(?m)^\);$`)
	sqliteTypes = []struct {
		from *regexp.Regexp
		to   string
	}{
		{regexp.MustCompile(`\b(BIGINT|BOOLEAN)\b`), "INTEGER"},
		{regexp.MustCompile(`\bJSONB\b`), "TEXT"},
		{regexp.MustCompile(`\bDOUBLE PRECISION\b`), "REAL"},
		{regexp.MustCompile(`\bBYTEA\b`), "BLOB"},
		{regexp.MustCompile(` COLLATE "C"`), ""}, // byte order, which is SQLite's only one
	}
)

func adapt(engine Engine, text []byte) []byte {
	if engine != SQLite {
		return text
	}
	for _, t := range sqliteTypes {
		text = t.from.ReplaceAll(text, []byte(t.to))
	}
	return tableEnd.ReplaceAll(text, []byte(") STRICT;"))
}

// Schema lists every table's columns as "table.column type null|not null",
// sorted, in SQLite's words: equal on both engines for the same migrations.
func (db *DB) Schema(ctx context.Context) ([]string, error) {
	query := `SELECT table_name || '.' || column_name || ' ' || data_type || CASE is_nullable WHEN 'YES' THEN ' null' ELSE ' not null' END
		FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT IN ('schema_migrations', 'unfinished_restore')`
	if db.engine == SQLite {
		query = `SELECT m.name || '.' || c.name || ' ' || lower(c.type) || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN ' not null' ELSE ' null' END
			FROM sqlite_master m JOIN pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT IN ('schema_migrations', 'unfinished_restore') AND m.sql NOT LIKE 'CREATE VIRTUAL%'`
	}
	lines, err := All(ctx, db.Reader(), Scalar[string], query)
	if err != nil {
		return nil, err
	}
	if db.engine == PostgreSQL {
		toSQLite := strings.NewReplacer(" bigint ", " integer ", " boolean ", " integer ", " jsonb ", " text ",
			" double precision ", " real ", " bytea ", " blob ")
		for i := range lines {
			lines[i] = toSQLite.Replace(lines[i])
		}
	}
	slices.Sort(lines)
	return lines, nil
}
