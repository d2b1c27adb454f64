package promise

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

const (
	keepTickets = 100 // timelines read at a time
	takeNotes   = 500 // rows of the outbox read at a time
)

// Follow notes that a ticket's timeline grew: a ticket.Follower.
func (s *Service) Follow(ctx context.Context, tx *database.Tx, saved *ticket.Saved) error {
	return s.FollowImport(ctx, tx, saved.After.ID)
}

// FollowImport is Follow for imports: a ticket.ImportFollower.
func (s *Service) FollowImport(ctx context.Context, tx *database.Tx, ticketID int64) error {
	return note(ctx, tx, ticketID)
}

// Changed has the clocks of all tickets computed anew, after what is promised or when
// somebody works was changed in the transaction.
func (s *Service) Changed(ctx context.Context, tx *database.Tx, _ int64) error {
	return startSweep(ctx, tx)
}

// Moved has computed anew what a group that belongs to another supplier since an instant
// has to do with: open promises, or all when that was in the past.
func (s *Service) Moved(ctx context.Context, tx *database.Tx, from time.Time) error {
	if from.Before(s.now().Add(-time.Minute)) {
		return startSweep(ctx, tx)
	}
	return noteOpen(ctx, tx)
}

// Keep brings what is kept of clocks up to date: of tickets whose timeline grew, of
// those whose promise was broken by time alone, and of all after a change of what is
// promised; until there is nothing left or the budget is used up. It is a periodic
// job; on how many nodes it runs does not matter.
func (s *Service) Keep(ctx context.Context, budget time.Duration) error {
	end := s.now().Add(budget)
	for s.now().Before(end) && ctx.Err() == nil {
		busy := false
		for _, work := range []func(context.Context) (bool, error){s.takeOutbox, s.takeBroken, s.takeLikely, s.sweep, s.learn} {
			more, err := work(ctx)
			if err != nil {
				return err
			}
			busy = busy || more
		}
		if !busy {
			return nil
		}
	}
	return ctx.Err()
}

// takeOutbox computes tickets that were noted. What is noted after the rows were
// read stays for the next time.
func (s *Service) takeOutbox(ctx context.Context) (bool, error) {
	notes, err := readNotes(ctx, s.d.DB.Reader())
	if err != nil || len(notes) == 0 {
		return false, err
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(notes)), keepTickets) {
		if err := s.keep(ctx, part, false, func(tx *database.Tx) error {
			var ids []int64
			for _, t := range part {
				ids = append(ids, notes[t]...)
			}
			return dropNotes(ctx, tx, ids)
		}); err != nil {
			return false, err
		}
	}
	return true, nil
}

// takeBroken computes tickets with a clock that ran past its due time.
func (s *Service) takeBroken(ctx context.Context) (bool, error) {
	ids, err := readOverdue(ctx, s.d.DB.Reader(), s.now(), keepTickets)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	return len(ids) == keepTickets, s.keep(ctx, ids, false, func(*database.Tx) error { return nil })
}

// sweep computes the next tickets of a pass over all of them.
func (s *Service) sweep(ctx context.Context) (bool, error) {
	at, sweeping, err := readSweep(ctx, s.d.DB.Reader())
	if err != nil || !sweeping {
		return false, err
	}
	ids, err := nextTickets(ctx, s.d.DB.Reader(), at, keepTickets)
	if err != nil {
		return false, err
	}
	if len(ids) == 0 {
		return false, s.d.DB.Write(ctx, func(tx *database.Tx) error { return endSweep(ctx, tx, at) })
	}
	return true, s.keep(ctx, ids, true, func(tx *database.Tx) error { return moveSweep(ctx, tx, at, ids[len(ids)-1]) })
}

// keep computes tickets and writes what their clocks say. Timelines are read before
// the transaction, which only writes; what is noted meanwhile is computed again.
func (s *Service) keep(ctx context.Context, ids []int64, swept bool, also func(tx *database.Tx) error) error {
	computed, err := s.computeAll(ctx, ids)
	if err != nil {
		return err
	}
	typical, err := s.typical(ctx)
	if err != nil {
		return err
	}
	return s.d.DB.Write(ctx, func(tx *database.Tx) error {
		if err := lock(ctx, tx, s.now()); err != nil {
			return err
		}
		if err := replaceClocks(ctx, tx, ids, computed, typical, s.now()); err != nil {
			return err
		}
		for _, id := range ids {
			if err := ticket.SetDue(ctx, tx, id, nextDue(computed[id].All)); err != nil {
				return err
			}
		}
		for _, follow := range s.kept {
			if err := follow(ctx, tx, ids, clocksOf(computed), swept); err != nil {
				return err
			}
		}
		return also(tx)
	})
}

// nextDue is when the first of the open promises is due, or was; zero when nothing is.
func nextDue(clocks []clock.Clock) time.Time {
	var first time.Time
	for i := range clocks {
		c := &clocks[i]
		if c.Stage == clock.Running && !c.Due.IsZero() && (first.IsZero() || c.Due.Before(first)) {
			first = c.Due
		}
	}
	return first
}

// StartSweep has the clocks of all tickets computed: for a database whose derived
// tables are empty.
func StartSweep(ctx context.Context, db *database.DB) error {
	return db.Write(ctx, func(tx *database.Tx) error { return startSweep(ctx, tx) })
}
