package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// A restore empties the database, leaves a mark, builds the schema the backup
// was made with, loads it, brings it up to date and takes the mark away. A
// database that carries the mark is refused by Migrate and Status, so that
// nobody serves half of one.

// Empty reports whether the database has no tables yet.
func (db *DB) Empty(ctx context.Context) (bool, error) {
	tables, err := db.Tables(ctx, db.Reader())
	return len(tables) == 0, err
}

// BeginRestore drops everything the database holds and builds the schema of the
// given migrations. Conflict when the program does not know one of them.
func (db *DB) BeginRestore(ctx context.Context, steps []int64, sources ...fs.FS) error {
	p, err := db.provider(sources)
	if err != nil {
		return err
	}
	var known []int64
	for _, s := range p.ListSources() {
		known = append(known, s.Version)
	}
	for _, step := range steps {
		if !slices.Contains(known, step) {
			return apperr.New(apperr.Conflict, "The backup was made by a newer Steward: it has a migration %d that this program does not know.", step)
		}
	}
	if err := db.wipe(ctx); err != nil {
		return err
	}
	db.ids.ready.Store(false) // the epoch and the numbers taken belonged to what is gone
	db.numbers.forget()
	for _, step := range steps {
		if _, err := p.ApplyVersion(ctx, step, true); err != nil {
			return apperr.Wrap(err, apperr.Internal, "The schema of the backup could not be built (migration %d).", step)
		}
	}
	return nil
}

// FinishRestore brings a loaded database up to date, runs after, and lets it
// be used.
func (db *DB) FinishRestore(ctx context.Context, after func() error, sources ...fs.FS) error {
	if _, err := db.migrate(ctx, sources); err != nil {
		return err
	}
	if err := after(); err != nil {
		return err
	}
	return db.Bulk(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, "DROP TABLE "+unfinishedTable)
		return err
	})
}

func (db *DB) refuseUnfinished(ctx context.Context) error {
	query := "SELECT count(*) FROM sqlite_master WHERE name = $1"
	if db.engine == PostgreSQL {
		query = "SELECT count(*) FROM pg_class WHERE relname = $1 AND relnamespace = current_schema()::regnamespace"
	}
	n, err := One(ctx, db.Reader(), Scalar[int], query, unfinishedTable)
	if err != nil {
		return err
	}
	if n > 0 {
		return apperr.New(apperr.Conflict, "A restore into this database was not finished. Run `steward restore --force` again.")
	}
	return nil
}

// wipe drops everything and leaves the mark, in one transaction.
func (db *DB) wipe(ctx context.Context) error {
	if db.engine == SQLite {
		return db.wipeSQLite(ctx)
	}
	return db.Bulk(ctx, func(tx *Tx) error {
		drops, err := All(ctx, tx, Scalar[string], `
			SELECT format('DROP %s IF EXISTS %I CASCADE',
				CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname)
			FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
				AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype = 'i') -- an identity column's
			UNION ALL
			SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
			FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
				AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`)
		if err != nil {
			return err
		}
		return execAll(ctx, tx, append(drops, leaveMark))
	})
}

const leaveMark = "CREATE TABLE " + unfinishedTable + " (note TEXT)"

func (db *DB) wipeSQLite(ctx context.Context) error {
	return db.withoutForeignKeys(ctx, func(tx *Tx) error {
		// Views first, and virtual tables before the tables they keep for themselves.
		drops, err := All(ctx, tx, Scalar[string], `
			SELECT 'DROP ' || CASE type WHEN 'view' THEN 'VIEW' ELSE 'TABLE' END || ' IF EXISTS "' || replace(name, '"', '""') || '"'
			FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite%'
			ORDER BY CASE type WHEN 'view' THEN 0 WHEN 'virtual' THEN 1 ELSE 2 END, name`)
		if err != nil {
			return err
		}
		return execAll(ctx, tx, append(drops, leaveMark+" STRICT"))
	})
}

// withoutForeignKeys runs fn in a transaction of SQLite that checks no
// references. It holds the one writing connection, because the switch belongs to
// a connection and can only be turned between transactions.
func (db *DB) withoutForeignKeys(ctx context.Context, fn func(tx *Tx) error) (err error) {
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = 0"); err != nil {
		return translate(err)
	}
	defer func() {
		if _, perr := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA foreign_keys = 1"); perr != nil {
			err = errors.Join(err, translate(perr))
		}
	}()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing; before, the first error counts
	if err := fn(&Tx{querier: querier{tx}, db: db}); err != nil {
		return err
	}
	return translate(tx.Commit())
}

func execAll(ctx context.Context, q Querier, statements []string) error {
	for _, s := range statements {
		if _, err := q.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// Load is Bulk for rows in any order: references are checked once, at the end,
// table by table. Checking them row by row would take the square of the time
// where a column that refers has no index.
func (db *DB) Load(ctx context.Context, fn func(tx *Tx) error) error {
	if db.engine == SQLite {
		return db.withoutForeignKeys(ctx, func(tx *Tx) error {
			if err := fn(tx); err != nil {
				return err
			}
			return checkReferences(ctx, tx)
		})
	}
	return db.Bulk(ctx, func(tx *Tx) error {
		restore, err := dropForeignKeys(ctx, tx)
		if err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		if err := execAll(ctx, tx, restore); err != nil {
			return err
		}
		return raiseIdentities(ctx, tx)
	})
}

// raiseIdentities makes identity columns count on from the rows that were
// loaded. SQLite's AUTOINCREMENT does so by itself.
func raiseIdentities(ctx context.Context, tx *Tx) error {
	raise, err := All(ctx, tx, Scalar[string], `
		SELECT format('SELECT setval(%L, greatest((SELECT max(%I) FROM %s), 1))',
			pg_get_serial_sequence(a.attrelid::regclass::text, a.attname), a.attname, a.attrelid::regclass)
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attidentity <> ''`)
	if err != nil {
		return err
	}
	return execAll(ctx, tx, raise)
}

func checkReferences(ctx context.Context, tx *Tx) error {
	wrong, err := All(ctx, tx, Scalar[string], `SELECT "table" || ' refers to a missing row of ' || parent FROM pragma_foreign_key_check LIMIT 1`)
	if err == nil && len(wrong) > 0 {
		err = referenced(errors.New(wrong[0]))
	}
	return err
}

// dropForeignKeys gives the statements that bring the constraints back, which
// checks them.
func dropForeignKeys(ctx context.Context, tx *Tx) (restore []string, err error) {
	var drops []string
	err = Each(ctx, tx, func(r Row) error {
		var drop, add string
		err := r.Scan(&drop, &add)
		drops, restore = append(drops, drop), append(restore, add)
		return err
	}, `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname),
			format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
		FROM pg_constraint c
		WHERE c.contype = 'f' AND c.conparentid = 0 AND c.connamespace = current_schema()::regnamespace
		ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	return restore, execAll(ctx, tx, drops)
}

// InUse reports whether another process of this product has the database open.
// On PostgreSQL this one must have opened it under a Name of its own.
func (db *DB) InUse(ctx context.Context) (bool, error) {
	if db.engine == PostgreSQL {
		n, err := One(ctx, db.Reader(), Scalar[int], `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name LIKE $1 AND application_name <> current_setting('application_name')`,
			applicationName+"%")
		return n > 0, err
	}
	// Only the sole user of a file may change its journal mode. The pool of readers
	// counts as another one, so it lets its connections go for a moment.
	db.reader.SetMaxIdleConns(0)
	defer db.reader.SetMaxIdleConns(db.reader.Stats().MaxOpenConnections)
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return false, translate(err)
	}
	defer conn.Close() //nolint:errcheck // goes back to the pool
	ask := func(pragma string) (answer string, err error) {
		err = conn.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&answer)
		return answer, err
	}
	if _, err := ask("busy_timeout = 200"); err != nil {
		return false, translate(err)
	}
	mode, err := ask("journal_mode = DELETE")
	busy := err != nil && strings.Contains(err.Error(), "locked")
	if err != nil && !busy {
		return false, translate(err)
	}
	_, timeoutErr := ask("busy_timeout = 10000")
	_, modeErr := ask("journal_mode = WAL")
	return busy || mode != "delete", translate(errors.Join(timeoutErr, modeErr))
}
