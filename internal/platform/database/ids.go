package database

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// idSource makes ids that are unique across nodes without asking the database
// for each: a process takes an epoch once, and counts below it. 21 bits of
// epoch and 32 bits of count stay inside the 53 bits that JavaScript keeps exact.
type idSource struct {
	mu    sync.Mutex
	ready atomic.Bool
	next  atomic.Int64
}

const idCountBits = 32

func (s *idSource) ensure(ctx context.Context, db *DB) error {
	if s.ready.Load() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready.Load() {
		return nil
	}
	var epoch int64
	q := querier{db.writer}
	err := q.QueryRow(ctx, `INSERT INTO sequences (name, next_value) VALUES ('epoch', 2)
		ON CONFLICT (name) DO UPDATE SET next_value = sequences.next_value + 1
		RETURNING next_value - 1`).Scan(&epoch)
	if err != nil {
		return err
	}
	s.next.Store(epoch << idCountBits)
	s.ready.Store(true)
	return nil
}

// NextID gives an id that no other row of any table has or will have. It may
// be called inside and outside transactions.
func (db *DB) NextID(ctx context.Context) (int64, error) {
	if err := db.ids.ensure(ctx, db); err != nil {
		return 0, err
	}
	return db.ids.next.Add(1), nil
}

// NextID is DB.NextID for code that holds a transaction; it cannot fail there,
// because Write made sure of the epoch.
func (tx *Tx) NextID() int64 { return tx.db.ids.next.Add(1) }

// numberSource hands out people-facing numbers (the 1042 of INC-1042).
//
// On SQLite the counter is a row of the same transaction: no gaps. On
// PostgreSQL such a row would make every creation wait for the one before to
// commit, so each process reserves numbers on a connection of its own: one at a
// time while the desk is quiet, in growing blocks while it is busy.
type numberSource struct {
	mu     sync.Mutex
	blocks map[string]*numberBlock
}

type numberBlock struct {
	mu       sync.Mutex
	next     int64
	end      int64
	size     int64
	reserved time.Time
}

const maxNumberBlock = 256

func (s *numberSource) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocks = nil
}

// NextNumber gives the next number of a named sequence, unique across nodes.
// A rolled-back transaction may leave a gap on PostgreSQL.
func (tx *Tx) NextNumber(ctx context.Context, name string) (int64, error) {
	if tx.db.engine == SQLite {
		return reserve(ctx, tx, name, 1)
	}
	return tx.db.numbers.take(ctx, tx.db, name)
}

// ReserveNumbers gives the first of n numbers in a row, inside the transaction.
// It makes other reservations wait until the commit: for importers.
func (tx *Tx) ReserveNumbers(ctx context.Context, name string, n int64) (int64, error) {
	return reserve(ctx, tx, name, n)
}

// RaiseNumber makes sure that the next number of a sequence is above floor.
func (tx *Tx) RaiseNumber(ctx context.Context, name string, floor int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO sequences (name, next_value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET next_value = excluded.next_value
		WHERE sequences.next_value < excluded.next_value`, name, floor+1)
	return err
}

func reserve(ctx context.Context, q Querier, name string, n int64) (int64, error) {
	var first int64
	err := q.QueryRow(ctx, `INSERT INTO sequences (name, next_value) VALUES ($1, 1 + $2)
		ON CONFLICT (name) DO UPDATE SET next_value = sequences.next_value + $2
		RETURNING next_value - $2`, name, n).Scan(&first)
	return first, err
}

func (s *numberSource) take(ctx context.Context, db *DB, name string) (int64, error) {
	s.mu.Lock()
	if s.blocks == nil {
		s.blocks = map[string]*numberBlock{}
	}
	b := s.blocks[name]
	if b == nil {
		b = &numberBlock{size: 1}
		s.blocks[name] = b
	}
	s.mu.Unlock()

	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next >= b.end {
		now := time.Now()
		if now.Sub(b.reserved) < 100*time.Millisecond {
			b.size = min(b.size*4, maxNumberBlock)
		} else {
			b.size = 1
		}
		first, err := reserve(ctx, querier{db.side}, name, b.size)
		if err != nil {
			return 0, apperr.Wrap(err, apperr.KindOf(err), "A number could not be given out.")
		}
		b.next, b.end, b.reserved = first, first+b.size, now
	}
	n := b.next
	b.next++
	return n, nil
}
