package main

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", which the product uses too

	"github.com/steward-itsm/steward/internal/platform/database"
)

// bareSQLite asks SQLite itself, through the driver and with the settings that the
// product uses: synchronous FULL, every transaction committed on its own.
type bareSQLite struct {
	w      *world
	writer *sql.DB
	reader *sql.DB
	mu     sync.Mutex // whose turn it is to write
	serial atomic.Int64
}

func openBareSQLite(path string, w *world) (*bareSQLite, error) {
	pragmas := "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=temp_store(2)&_pragma=mmap_size(0)&_pragma=journal_mode(WAL)"
	writer, err := sql.Open("sqlite", "file:"+path+pragmas+"&_txlock=immediate&_pragma=synchronous(FULL)&_pragma=cache_size(-16000)&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", "file:"+path+pragmas+"&_pragma=query_only(1)&_pragma=cache_size(-8000)")
	b := &bareSQLite{w: w, writer: writer, reader: reader}
	b.serial.Store(1 << 52) // above the product's own ids
	return b, err
}

func (b *bareSQLite) close() error { return errors.Join(b.writer.Close(), b.reader.Close()) }

// bareClient runs one operation's statements, which are prepared once.
type bareClient struct {
	b     *bareSQLite
	limit limit
	conn  *sql.Conn // of a reader
	stmts []*sql.Stmt
	names [][]string
}

func (b *bareSQLite) client(l limit) (client, error) {
	c := &bareClient{b: b, limit: l}
	ctx := context.Background()
	if !l.writes {
		var err error
		if c.conn, err = b.reader.Conn(ctx); err != nil {
			return nil, err
		}
	}
	for _, text := range l.statements {
		bound, names := bind(text)
		var stmt *sql.Stmt
		var err error
		if l.writes {
			stmt, err = b.writer.Prepare(bound)
		} else {
			stmt, err = c.conn.PrepareContext(ctx, bound)
		}
		if err != nil {
			return nil, err
		}
		c.stmts, c.names = append(c.stmts, stmt), append(c.names, names)
	}
	return c, nil
}

func (c *bareClient) do(rng *rand.Rand) (int64, error) {
	values := c.b.w.variables(rng, time.Now().UnixMicro())
	values["id"] = c.b.serial.Add(1)
	values["seq"] = values["id"]
	args := make([][]any, len(c.stmts))
	for i, names := range c.names {
		for _, name := range names {
			args[i] = append(args[i], values[name])
		}
	}
	if c.limit.writes {
		return 0, c.write(args)
	}
	for i, stmt := range c.stmts {
		if err := drain(stmt, args[i]); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

func (c *bareClient) write(args [][]any) error {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	tx, err := c.b.writer.Begin()
	if err != nil {
		return err
	}
	for i, stmt := range c.stmts {
		if _, err := tx.Stmt(stmt).Exec(args[i]...); err != nil { //nolint:sqlclosecheck // it is closed with the transaction
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// drain reads every column of every row, as whoever asks for them does.
func drain(stmt *sql.Stmt, args []any) error {
	rows, err := stmt.Query(args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *bareClient) close() {
	for _, s := range c.stmts {
		_ = s.Close() // the connection is what counts
	}
	if c.conn != nil {
		_ = c.conn.Close() // goes back to the pool
	}
}

func (b *bareSQLite) contender(o *operation) *contender {
	l := limits[o.name]
	return &contender{name: "limit-" + string(database.SQLite), meter: processes{}, client: func(int) (client, error) { return b.client(l) }}
}
