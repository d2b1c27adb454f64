package database

import (
	"context"
	"database/sql"
	"errors"
)

// Snapshot runs fn with a reader that sees the database as it is at one moment,
// however long fn takes and whatever is written meanwhile.
func (db *DB) Snapshot(ctx context.Context, fn func(q Querier) error) error {
	return db.long(ctx, db.reader, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, func(tx *sql.Tx) error {
		// Both engines take their picture at the first read, not at BEGIN.
		catalogue := "sqlite_master"
		if db.engine == PostgreSQL {
			catalogue = "pg_namespace"
		}
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+catalogue).Scan(&n); err != nil {
			return err
		}
		return fn(querier{tx})
	})
}

// Bulk runs fn in a write transaction without a time limit and without a second
// try, for loading whole databases. It gives out no ids.
func (db *DB) Bulk(ctx context.Context, fn func(tx *Tx) error) error {
	return db.long(ctx, db.writer, nil, func(tx *sql.Tx) error {
		return fn(&Tx{querier: querier{tx}, db: db})
	})
}

// long runs fn in a transaction that the engine does not cut short.
func (db *DB) long(ctx context.Context, pool *sql.DB, options *sql.TxOptions, fn func(tx *sql.Tx) error) error {
	if db.engine == SQLite {
		options = nil // knows no levels: every transaction is serialisable
	}
	tx, err := pool.BeginTx(ctx, options)
	if err != nil {
		return translate(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing; before, the first error counts
	if db.engine == PostgreSQL {
		for _, statement := range []string{"SET LOCAL statement_timeout = 0", "SET LOCAL idle_in_transaction_session_timeout = 0"} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return translate(err)
			}
		}
	}
	if err := fn(tx); err != nil {
		return translate(err)
	}
	if err := tx.Commit(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return translate(err)
	}
	return nil
}
