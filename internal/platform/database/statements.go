package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"

	"modernc.org/sqlite"
)

// SQLite has no server that could remember a statement: whoever sends a text has
// it compiled again, which costs more than running it. These connections keep
// what they compiled, each for itself, so nothing above notices.

// maxPrepared is how many compiled statements a connection keeps.
const maxPrepared = 128

// preparing opens SQLite connections that keep their compiled statements.
type preparing struct{ driver.Connector }

func newPreparing(name string) (driver.Connector, error) {
	c, err := sqlite.NewConnector(name)
	return preparing{c}, err
}

// liteConn is what the driver's connections can do.
type liteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Connect opens one connection.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	base, ok := c.(liteConn)
	if !ok {
		return nil, errors.Join(errors.New("database: the SQLite driver's connections have changed"), c.Close())
	}
	return &preparedConn{liteConn: base, kept: map[string]*prepared{}}, nil
}

// preparedConn is used by one goroutine at a time, as database/sql promises.
type preparedConn struct {
	liteConn
	kept map[string]*prepared
	uses uint64
}

// prepared is a compiled statement. While its rows are being read it is not to be
// run again.
type prepared struct {
	run  liteStmt
	last uint64
	busy bool
}

type liteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// prepare gives the compiled statement of a text; nil when it is in use.
func (c *preparedConn) prepare(ctx context.Context, query string) (*prepared, error) {
	c.uses++
	if p := c.kept[query]; p != nil {
		p.last = c.uses
		if p.busy {
			return nil, nil
		}
		return p, nil
	}
	s, err := c.PrepareContext(ctx, unnamed(query))
	if err != nil {
		return nil, err
	}
	run, ok := s.(liteStmt)
	if !ok {
		return nil, errors.Join(errors.New("database: the SQLite driver's statements have changed"), s.Close())
	}
	if len(c.kept) >= maxPrepared {
		if err := c.drop(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	p := &prepared{run: run, last: c.uses}
	c.kept[query] = p
	return p, nil
}

// unnamed writes ? for parameters that stand once each and in their order, $1, $2 and
// so on. To SQLite $1 is a name, and the driver asks for the name of every one,
// which goes through all of them: 300 values cost 45,000 steps.
func unnamed(query string) string {
	var out strings.Builder
	from, next := 0, 1
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case c == '\'' || c == '"':
			end := strings.IndexByte(query[i+1:], c)
			if end < 0 {
				return query
			}
			i += 1 + end
		case c == '-' && strings.HasPrefix(query[i:], "--"), c == '/' && strings.HasPrefix(query[i:], "/*"), c == '?':
			return query
		case c == '$':
			end := i + 1
			for end < len(query) && query[end] >= '0' && query[end] <= '9' {
				end++
			}
			if query[i+1:end] != strconv.Itoa(next) {
				return query
			}
			out.WriteString(query[from:i])
			out.WriteByte('?')
			from, next, i = end, next+1, end-1
		}
	}
	out.WriteString(query[from:])
	return out.String()
}

// drop forgets the statement that was not used for the longest time.
func (c *preparedConn) drop() error {
	oldest, found := "", false
	for query, p := range c.kept {
		if !p.busy && (!found || p.last < c.kept[oldest].last) {
			oldest, found = query, true
		}
	}
	if !found {
		return nil
	}
	p := c.kept[oldest]
	delete(c.kept, oldest)
	return p.run.Close()
}

// ExecContext implements driver.ExecerContext.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	// Without arguments it may be a script, or a pragma that compiling would run.
	if len(args) == 0 {
		return c.liteConn.ExecContext(ctx, query, args)
	}
	p, err := c.prepare(ctx, query)
	if err != nil || p == nil {
		return c.liteConn.ExecContext(ctx, query, args)
	}
	return p.run.ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) == 0 {
		return c.liteConn.QueryContext(ctx, query, args)
	}
	p, err := c.prepare(ctx, query)
	if err != nil || p == nil {
		return c.liteConn.QueryContext(ctx, query, args)
	}
	rows, err := p.run.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	p.busy = true
	return &preparedRows{rows, p}, nil
}

// Close forgets what was compiled and closes the connection.
func (c *preparedConn) Close() error {
	var errs []error
	for _, p := range c.kept {
		errs = append(errs, p.run.Close())
	}
	c.kept = nil
	return errors.Join(append(errs, c.liteConn.Close())...)
}

// preparedRows gives its statement back when it is closed.
type preparedRows struct {
	driver.Rows
	p *prepared
}

// Close implements driver.Rows.
func (r *preparedRows) Close() error {
	r.p.busy = false
	return r.Rows.Close()
}
