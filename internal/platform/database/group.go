package database

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"
)

// SQLite makes a transaction durable by waiting for the disk, which takes longer
// than the transaction itself. So writers that come at the same time share one:
// each runs in turn, within a savepoint of its own, and all of them are told
// once the disk has them. A writer that fails undoes only itself.

const (
	// maxGroup is how many writers share a transaction at most.
	maxGroup = 64
	// maxGroupTime is how long after its begin a transaction takes another writer:
	// nobody who has written shall wait long for those who follow.
	maxGroupTime = 10 * time.Millisecond
)

// errGroupLost is what becomes of writers whose shared transaction was rolled
// back for somebody else's sake. They are run again.
var errGroupLost = errors.New("database: the shared transaction was rolled back")

// turn lets one writer write at a time, in the order they came.
type turn struct {
	taken   chan struct{} // holds one token while somebody writes
	waiting atomic.Int64
	open    *group // that takes more writers; belongs to whoever holds the token
}

func newTurn() *turn { return &turn{taken: make(chan struct{}, 1)} }

// group is a transaction that several writers share.
type group struct {
	tx      *sql.Tx
	cancel  context.CancelFunc
	begun   time.Time
	members int
	done    chan struct{} // closed when err says how it ended
	err     error
}

// writeTogether runs fn in a transaction that it may share with others.
func (db *DB) writeTogether(ctx context.Context, fn func(tx *Tx) error) error {
	for {
		err := db.writeInGroup(ctx, fn)
		if !errors.Is(err, errGroupLost) {
			return err
		}
		if ctx.Err() != nil {
			return translate(ctx.Err())
		}
	}
}

func (db *DB) writeInGroup(ctx context.Context, fn func(tx *Tx) error) error {
	g, err := db.join(ctx)
	if err != nil {
		return err
	}
	tx := &Tx{querier: querier{g.tx}, db: db}
	if err := db.runMember(ctx, g, tx, fn); err != nil {
		return err
	}
	<-g.done
	if g.err != nil {
		return g.err
	}
	for _, after := range tx.afterCommit {
		after()
	}
	return nil
}

// join waits for the turn, and gives the transaction that is open or a new one.
func (db *DB) join(ctx context.Context) (*group, error) {
	wait, cancel := context.WithTimeout(ctx, db.timeout)
	defer cancel()
	db.turn.waiting.Add(1)
	select {
	case db.turn.taken <- struct{}{}:
		db.turn.waiting.Add(-1)
	case <-wait.Done():
		db.turn.waiting.Add(-1)
		go db.settle() // those before may have counted on this one
		return nil, translate(wait.Err())
	}
	if g := db.turn.open; g != nil {
		return g, nil
	}
	// Not the first writer's context: the others must not fail with it.
	shared, cancelShared := context.WithTimeout(context.WithoutCancel(ctx), db.timeout)
	tx, err := db.writer.BeginTx(shared, nil)
	if err != nil {
		cancelShared()
		<-db.turn.taken
		return nil, translate(err)
	}
	g := &group{tx: tx, cancel: cancelShared, begun: time.Now(), done: make(chan struct{})}
	db.turn.open = g
	return g, nil
}

// settle commits a transaction that waits for a writer who does not come.
func (db *DB) settle() {
	db.turn.taken <- struct{}{}
	if g := db.turn.open; g != nil && db.turn.waiting.Load() == 0 {
		db.end(g, committing(g.tx.Commit()))
	}
	<-db.turn.taken
}

// runMember runs one writer's part and gives the turn on. Whoever finds nobody
// waiting behind commits for all.
func (db *DB) runMember(ctx context.Context, g *group, tx *Tx, fn func(tx *Tx) error) (err error) {
	finished := false
	defer func() {
		if !finished { // fn panicked
			db.leave(g)
		}
		<-db.turn.taken
	}()
	first := g.members == 0
	if !first {
		if _, err := g.tx.ExecContext(context.WithoutCancel(ctx), "SAVEPOINT member"); err != nil {
			finished = true
			db.end(g, errGroupLost)
			return errGroupLost
		}
	}
	err = fn(tx)
	finished = true
	if err == nil && !first {
		_, err = g.tx.ExecContext(context.WithoutCancel(ctx), "RELEASE member")
		err = translate(err)
	}
	if err != nil {
		db.leave(g)
		return err
	}
	g.members++
	db.pass(g)
	return nil
}

// leave undoes what the writer whose turn it is has done. When the engine has
// rolled back everything, as on a full disk, the others run again.
func (db *DB) leave(g *group) {
	if g.members == 0 {
		db.end(g, errGroupLost)
		return
	}
	if _, err := g.tx.ExecContext(context.Background(), "ROLLBACK TO member; RELEASE member"); err != nil {
		db.end(g, errGroupLost)
		return
	}
	db.pass(g)
}

// pass leaves the transaction open for whoever waits, or commits it.
func (db *DB) pass(g *group) {
	if db.turn.waiting.Load() > 0 && g.members < maxGroup && time.Since(g.begun) < maxGroupTime {
		return
	}
	db.end(g, committing(g.tx.Commit()))
}

// end tells the members how their transaction ended.
func (db *DB) end(g *group, err error) {
	db.turn.open = nil
	if err != nil {
		_ = g.tx.Rollback() // after a failed commit there may be nothing left to undo
	}
	g.cancel()
	g.err = err
	close(g.done)
}

// foreignWrites gives a number that changes when anybody but this program's writer
// has committed to the file; SQLite counts that for each connection.
func (db *DB) foreignWrites(ctx context.Context) (version int64, err error) {
	select {
	case db.turn.taken <- struct{}{}:
	case <-ctx.Done():
		return 0, translate(ctx.Err())
	}
	defer func() { <-db.turn.taken }()
	writer := runner(db.writer)
	if g := db.turn.open; g != nil {
		writer = g.tx
	}
	return Scalar[int64](querier{writer}.QueryRow(ctx, "PRAGMA data_version"))
}
