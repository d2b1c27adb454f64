package database

import (
	"context"
	"database/sql"
	"errors"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Tx is a write transaction.
//
// On PostgreSQL it begins with the first statement that may write: what is read
// before sees what is committed, which at the level READ COMMITTED is no
// different inside.
type Tx struct {
	querier
	db          *DB
	afterCommit []func()
	line        *pipeline // PostgreSQL: the connection; nil for a transaction of database/sql
}

// AfterCommit registers what to do once the transaction is durable: waking a
// worker, telling a screen. It must not fail and must not block.
func (tx *Tx) AfterCommit(fn func()) { tx.afterCommit = append(tx.afterCommit, fn) }

// DB gives the database the transaction runs on.
func (tx *Tx) DB() *DB { return tx.db }

// Later runs a statement before the next one or the commit at the latest. On
// PostgreSQL statements put off so share one trip to the server, with the commit
// if nothing comes between; its error then comes up in whatever makes them run,
// names the statement, and has its kind only out of the transaction or savepoint.
// On SQLite, which is no trip away, it runs at once.
func (tx *Tx) Later(ctx context.Context, query string, args ...any) error {
	if tx.line == nil {
		_, err := tx.querier.Exec(ctx, query, args...)
		return err
	}
	count(ctx, query)
	return tx.line.put(query, args)
}

// Exec implements Querier.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if tx.line == nil {
		return tx.querier.Exec(ctx, query, args...)
	}
	count(ctx, query)
	return tx.line.exec(ctx, query, args)
}

// Query implements Querier.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := tx.ready(ctx, query); err != nil {
		return nil, err
	}
	return tx.querier.Query(ctx, query, args...)
}

// QueryRow implements Querier.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) Row {
	if err := tx.ready(ctx, query); err != nil {
		return failed{err}
	}
	return tx.querier.QueryRow(ctx, query, args...)
}

func (tx *Tx) ready(ctx context.Context, query string) error {
	if tx.line == nil {
		return nil
	}
	return tx.line.ready(ctx, query)
}

// failed is the row of a query that could not be asked.
type failed struct{ err error }

// Scan implements Row.
func (f failed) Scan(...any) error { return f.err }

// Write runs fn in a transaction and commits when it returns nil. Deadlocks
// and serialisation failures are tried again, so fn must have no effect
// outside tx but through AfterCommit. A panic rolls back.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	if err := db.ids.ensure(ctx, db); err != nil {
		return err
	}
	once := db.writePostgres
	if db.engine == SQLite {
		once = db.writeTogether
	}
	const tries = 5
	var err error
	for range tries {
		if err = once(ctx, fn); !retryable(err) {
			return err
		}
	}
	return apperr.Wrap(err, apperr.Unavailable, "The database is too busy right now. Please try again.")
}

// Savepoint runs fn so that its failure undoes only fn's own writes and leaves
// the transaction usable on both engines.
func (tx *Tx) Savepoint(ctx context.Context, fn func() error) error {
	if _, err := tx.Exec(ctx, "SAVEPOINT sp"); err != nil {
		return err
	}
	err := fn()
	if err == nil && tx.line != nil {
		err = tx.line.flush(ctx)
	}
	if err == nil {
		_, err = tx.Exec(ctx, "RELEASE SAVEPOINT sp")
		return err
	}
	err = settled(err)
	if tx.line != nil {
		tx.line.drop() // what fn put off is undone by never running
	}
	if _, rerr := tx.Exec(ctx, "ROLLBACK TO SAVEPOINT sp"); rerr != nil {
		return errors.Join(err, rerr)
	}
	_, rerr := tx.Exec(ctx, "RELEASE SAVEPOINT sp")
	return errors.Join(err, rerr)
}
