package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// pipeline is a transaction on one connection to PostgreSQL that saves trips: it
// begins when it must, and sends what was put off together.
type pipeline struct {
	conn    *sql.Conn
	begun   bool
	expired context.Context // ends with the time that a transaction may take
	later   pgx.Batch
}

// put notes a statement for the next trip.
func (p *pipeline) put(query string, args []any) error {
	plain, err := values(args)
	if err != nil {
		return err
	}
	p.begin()
	p.later.Queue(query, plain...)
	return nil
}

// values asks arguments for what they are to the database, as database/sql does.
func values(args []any) ([]any, error) {
	out := make([]any, len(args))
	for i, a := range args {
		v, ok := a.(driver.Valuer)
		if !ok {
			out[i] = a
			continue
		}
		var err error
		if out[i], err = v.Value(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// begin puts BEGIN before the first statement that needs it.
func (p *pipeline) begin() {
	if !p.begun {
		p.begun = true
		p.later.Queue("BEGIN")
	}
}

// ready makes the connection fit for a statement: what was put off has run, and
// the transaction has begun unless the statement only reads.
func (p *pipeline) ready(ctx context.Context, query string) error {
	if err := p.expired.Err(); err != nil {
		return translate(err)
	}
	if !readsOnly(query) {
		p.begin()
	}
	return p.flush(ctx)
}

// readsOnly reports whether a statement is certain to need no transaction: it
// only reads, and takes no lock that a transaction would hold.
func readsOnly(query string) bool {
	return strings.HasPrefix(query, "SELECT") && !strings.Contains(query, "FOR UPDATE") && !strings.Contains(query, "FOR SHARE") &&
		!strings.Contains(query, "pg_") && !strings.Contains(query, "val(") // nextval, setval
}

func (p *pipeline) flush(ctx context.Context) error {
	if p.later.Len() == 0 {
		return nil
	}
	_, err := p.send(ctx, p.later.Len())
	return translate(err)
}

// exec makes one trip with what was put off and a statement, and says how many
// rows that one affected.
func (p *pipeline) exec(ctx context.Context, query string, args []any) (affected int64, err error) {
	if err := p.expired.Err(); err != nil {
		return 0, translate(err)
	}
	if err := p.put(query, args); err != nil {
		return 0, err
	}
	last, err := p.send(ctx, p.later.Len()-1)
	return last.RowsAffected(), translate(err)
}

// send makes one trip with everything that was put off, and gives what the server
// says of the last statement. The first error is the one that counts: the
// server skips what follows it. Of the first earlier statements, which whoever
// sends did not write, it is a putOff.
func (p *pipeline) send(ctx context.Context, earlier int) (last pgconn.CommandTag, err error) {
	batch := p.later
	p.drop()
	err = p.conn.Raw(func(c any) error {
		conn, ok := c.(*stdlib.Conn)
		if !ok {
			return errors.New("database: the PostgreSQL driver's connections have changed")
		}
		results := conn.Conn().SendBatch(ctx, &batch)
		for i := range batch.Len() {
			if last, err = results.Exec(); err != nil {
				_ = results.Close() // says the same again
				return p.blame(err, batch.QueuedQueries[i].SQL, i < earlier)
			}
		}
		return results.Close()
	})
	return last, err
}

// blame says of an error that the server answered which statement it is of, where
// that is not the one at hand.
func (p *pipeline) blame(err error, query string, earlier bool) error {
	var answered *pgconn.PgError
	if !earlier || !errors.As(err, &answered) {
		return err
	}
	return &putOff{query: query, err: translate(err)}
}

// putOff is the error of a statement that was put off. It comes up where another
// statement made it run, and has no kind there, lest that one be taken for what
// failed: a duplicate found by a later read is not that read's. Out of the
// transaction or the savepoint it was put off in, settled gives its kind back.
type putOff struct {
	query string
	err   error
}

// Error implements error.
func (e *putOff) Error() string {
	const most = 200
	query := strings.Join(strings.Fields(e.query), " ")
	if len(query) > most {
		query = query[:most] + "…"
	}
	return "a statement that was put off failed: " + query + ": " + e.err.Error()
}

// settled gives an error that comes of a putOff its kind.
func settled(err error) error {
	var e *putOff
	if !errors.As(err, &e) {
		return err
	}
	return outcome{err, e.err}
}

// outcome reads as an error and is of the kind of its cause.
type outcome struct{ text, cause error }

// Error implements error.
func (o outcome) Error() string { return o.text.Error() }

// Unwrap gives both to errors.Is and errors.As.
func (o outcome) Unwrap() []error { return []error{o.text, o.cause} }

// drop forgets what was put off.
func (p *pipeline) drop() {
	p.later = pgx.Batch{}
}

// commit sends what is left, and COMMIT with it. Of a transaction that an error
// ended, which somebody passed over, the server says ROLLBACK and calls it no error.
func (p *pipeline) commit(ctx context.Context) error {
	if !p.begun {
		return nil
	}
	p.later.Queue("COMMIT")
	last, err := p.send(ctx, p.later.Len()-1)
	if err == nil && last.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

// rollback undoes what was written. A connection that cannot is thrown away, and
// the server rolls back by itself.
func (p *pipeline) rollback(ctx context.Context) {
	p.drop()
	if !p.begun {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := p.conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		_ = p.conn.Raw(func(any) error { return driver.ErrBadConn }) // says only what it was told
	}
}

func (db *DB) writePostgres(ctx context.Context, fn func(tx *Tx) error) error {
	expired, cancel := context.WithTimeout(ctx, db.timeout)
	defer cancel()
	conn, err := db.writer.Conn(expired)
	if err != nil {
		return translate(err)
	}
	defer conn.Close() //nolint:errcheck // goes back to the pool
	tx := &Tx{querier: querier{conn}, db: db, line: &pipeline{conn: conn, expired: expired}}
	done := false
	defer func() {
		if !done {
			tx.line.rollback(ctx) // after an error or a panic; the first error is the one that counts
		}
	}()
	if err := fn(tx); err != nil {
		return settled(err)
	}
	if err := tx.line.commit(expired); err != nil {
		return committing(settled(err))
	}
	done = true
	for _, after := range tx.afterCommit {
		after()
	}
	return nil
}
