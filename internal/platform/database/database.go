// Package database is the one door to the two engines: SQLite, embedded, where
// a new installation starts, and PostgreSQL 15+, shared by many nodes.
//
// Statements are written once, with $n placeholders in the subset both engines
// understand. What must differ is a method of DB (Listen, NextNumber, ...) or a
// migration file per engine. Errors are translated here into the kinds of
// apperr, so that no caller knows a driver.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Engine names a database engine.
type Engine string

// The two engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgres"
)

// Options says which database to open and how.
type Options struct {
	URL      string        // "postgres://…", "sqlite:PATH" or a bare path
	MaxConns int           // pool size; 0 picks 16
	Timeout  time.Duration // longest time a write transaction may take; 0 picks 30 s
	Logger   *slog.Logger
	Name     string // how connections call themselves on a PostgreSQL server; "" is "steward"
}

// DB is an open database. All methods are safe for concurrent use.
type DB struct {
	engine  Engine
	url     string
	writer  *sql.DB // SQLite: exactly one connection; PostgreSQL: the pool
	reader  *sql.DB // SQLite: a pool of read-only connections; PostgreSQL: the pool
	side    *sql.DB // PostgreSQL: a few connections that never wait for the pool (numbers)
	schema  *sql.DB // for migrations, which may take longer than any other statement
	timeout time.Duration
	log     *slog.Logger
	ids     idSource
	numbers numberSource
	bus     bus
	turn    *turn // SQLite: whose turn it is to write
}

// Open connects and checks that the database answers.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.MaxConns <= 0 {
		o.MaxConns = 16
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Name == "" {
		o.Name = applicationName
	}
	db := &DB{url: o.URL, timeout: o.Timeout, log: o.Logger, turn: newTurn()}
	var err error
	if db.engine = EngineOf(o.URL); db.engine == PostgreSQL {
		err = db.openPostgres(ctx, o)
	} else {
		err = db.openSQLite(ctx, o)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// EngineOf says which engine a database setting (Options.URL) means.
func EngineOf(setting string) Engine {
	if strings.HasPrefix(setting, "postgres://") || strings.HasPrefix(setting, "postgresql://") {
		return PostgreSQL
	}
	return SQLite
}

// Engine says which engine is behind.
func (db *DB) Engine() Engine { return db.engine }

// URL gives what Open was given. It may hold a password: never log it.
func (db *DB) URL() string { return db.url }

// Close waits for running statements and closes every connection.
func (db *DB) Close() error {
	db.bus.close()
	var errs []error
	if db.reader != nil && db.reader != db.writer {
		errs = append(errs, db.reader.Close())
	}
	if db.side != nil {
		errs = append(errs, db.side.Close())
	}
	if db.schema != nil && db.schema != db.writer {
		errs = append(errs, db.schema.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.Close())
	}
	return errors.Join(errs...)
}

// Ping asks the engine for an answer; Unavailable when there is none.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	return db.Reader().QueryRow(ctx, "SELECT 1").Scan(&one)
}

// Querier runs statements: a reader outside a transaction, or a Tx.
type Querier interface {
	Exec(ctx context.Context, query string, args ...any) (affected int64, err error)
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) Row
}

// Row is what scan functions read from: one row of a result.
type Row interface{ Scan(dest ...any) error }

// runner is what *sql.DB and *sql.Tx share.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

type querier struct{ r runner }

func (q querier) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	count(ctx, query)
	res, err := q.r.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, translate(err)
	}
	n, err := res.RowsAffected()
	return n, translate(err)
}

func (q querier) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	count(ctx, query)
	rows, err := q.r.QueryContext(ctx, query, args...)
	return rows, translate(err)
}

func (q querier) QueryRow(ctx context.Context, query string, args ...any) Row {
	count(ctx, query)
	return row{q.r.QueryRowContext(ctx, query, args...)}
}

type row struct{ r *sql.Row }

func (r row) Scan(dest ...any) error { return translate(r.r.Scan(dest...)) }

// Reader runs reads outside a transaction. On SQLite it can never write.
func (db *DB) Reader() Querier { return querier{db.reader} }

// Read runs fn with a reader; it exists for symmetry with Write.
func (db *DB) Read(_ context.Context, fn func(q Querier) error) error { return fn(db.Reader()) }

// All runs a query and collects every row with scan.
func All[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, translate(err)
		}
		out = append(out, v)
	}
	return out, translate(rows.Err())
}

// Each runs a query and hands every row to fn without keeping any.
func Each(ctx context.Context, q Querier, fn func(Row) error, query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return translate(err)
		}
	}
	return translate(rows.Err())
}

// One runs a query for a single row; apperr.NotFound when there is none.
func One[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) (T, error) {
	v, err := scan(q.QueryRow(ctx, query, args...))
	if err != nil {
		var zero T
		return zero, translate(err)
	}
	return v, nil
}

// Scalar is a scan function for a single column.
func Scalar[T any](r Row) (T, error) {
	var v T
	err := r.Scan(&v)
	return v, err
}

// Counter counts the statements run under a context; tests use it to bound
// the queries of a page.
type Counter struct {
	n       atomic.Int64
	mu      sync.Mutex
	queries []string
}

// N is the number of statements so far.
func (c *Counter) N() int { return int(c.n.Load()) }

// Queries lists the statements so far, for a failing test's message.
func (c *Counter) Queries() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.queries...)
}

type counterKey struct{}

// WithCounter gives a context under which statements are counted.
func WithCounter(ctx context.Context) (context.Context, *Counter) {
	c := &Counter{}
	return context.WithValue(ctx, counterKey{}, c), c
}

func count(ctx context.Context, query string) {
	if c, ok := ctx.Value(counterKey{}).(*Counter); ok {
		c.n.Add(1)
		c.mu.Lock()
		c.queries = append(c.queries, query)
		c.mu.Unlock()
	}
}

// Args collects arguments while a statement is put together.
type Args struct{ values []any }

// Arg notes a value and gives its placeholder.
func (a *Args) Arg(v any) string {
	a.values = append(a.values, v)
	return fmt.Sprintf("$%d", len(a.values))
}

// Values are the arguments in the order of their placeholders.
func (a *Args) Values() []any { return a.values }

// In gives "($1, $2, …)" for a list, and "(NULL)", which matches nothing, for an empty one.
func In[T any](a *Args, values []T) string {
	if len(values) == 0 {
		return "(NULL)"
	}
	var b strings.Builder
	b.WriteByte('(')
	for i, v := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(a.Arg(v))
	}
	b.WriteByte(')')
	return b.String()
}
