package metric

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Follow notes that a ticket's timeline grew: a ticket.Follower.
func Follow(ctx context.Context, tx *database.Tx, saved *ticket.Saved) error {
	return FollowImport(ctx, tx, saved.After.ID)
}

// FollowImport is Follow for imports: a ticket.ImportFollower.
func FollowImport(ctx context.Context, tx *database.Tx, ticketID int64) error {
	return tx.Later(ctx, `INSERT INTO metric_outbox (id, ticket_id) VALUES ($1, $2)`, tx.NextID(), ticketID)
}

const (
	foldTickets = 25   // timelines in a transaction, which others wait for on SQLite
	takeNotes   = 500  // rows of the outbox read at a time
	fillFacts   = 4000 // facts summed at a time for a new zone
)

// Run folds what happened since it last ran: all of it, or until the budget is
// used up. It is a periodic job; on how many nodes it runs does not matter.
func (s *Service) Run(ctx context.Context, budget time.Duration) error {
	if err := s.ensureZone(ctx, "UTC"); err != nil {
		return err
	}
	end := s.now().Add(budget)
	for s.now().Before(end) && ctx.Err() == nil {
		busy := false
		for _, work := range []func(context.Context) (bool, error){s.takeOutbox, s.sweep, s.fillZone} {
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

// takeOutbox folds tickets that were noted. What is noted after the rows were
// read stays for the next time.
func (s *Service) takeOutbox(ctx context.Context) (bool, error) {
	type note struct{ id, ticket int64 }
	notes, err := database.All(ctx, s.db.Reader(), func(r database.Row) (note, error) {
		var n note
		err := r.Scan(&n.id, &n.ticket)
		return n, err
	}, `SELECT id, ticket_id FROM metric_outbox ORDER BY id LIMIT $1`, takeNotes)
	if err != nil || len(notes) == 0 {
		return false, err
	}
	byTicket := map[int64][]int64{}
	for _, n := range notes {
		byTicket[n.ticket] = append(byTicket[n.ticket], n.id)
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(byTicket)), foldTickets) {
		err := s.foldTickets(ctx, part, func(tx *database.Tx) error {
			var ids []int64
			for _, t := range part {
				ids = append(ids, byTicket[t]...)
			}
			var args database.Args
			_, err := tx.Exec(ctx, `DELETE FROM metric_outbox WHERE id IN `+database.In(&args, ids), args.Values()...)
			return err
		})
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// sweep folds the next tickets of a sweep over all of them: after an upgrade, a
// restored backup, or Rebuild.
func (s *Service) sweep(ctx context.Context) (bool, error) {
	st, err := readState(ctx, s.db.Reader())
	if err != nil || !st.sweeping {
		return false, err
	}
	ids, err := database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT t.id FROM tickets t WHERE t.id > $1 ORDER BY t.id LIMIT $2`, st.sweptTo, foldTickets)
	if err != nil {
		return false, err
	}
	if len(ids) == 0 {
		return false, s.db.Write(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE metric_state SET swept_to = NULL WHERE id = 1 AND swept_to = $1`, st.sweptTo)
			return err
		})
	}
	return true, s.foldTickets(ctx, ids, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE metric_state SET swept_to = $1 WHERE id = 1 AND swept_to = $2`, ids[len(ids)-1], st.sweptTo)
		return err
	})
}

// folded is what became of one timeline.
type folded struct {
	life Life
	seq  int
}

// foldTickets brings the facts and roll-ups of some tickets up to date. The
// timelines are read before the transaction, which only writes.
func (s *Service) foldTickets(ctx context.Context, ids []int64, also func(tx *database.Tx) error) error {
	lives, err := s.lives(ctx, ids)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if err := lock(ctx, tx, s.now()); err != nil {
			return err
		}
		done, err := cursors(ctx, tx, ids)
		if err != nil {
			return err
		}
		if err := s.storeLives(ctx, tx, ids, lives, done); err != nil {
			return err
		}
		return also(tx)
	})
}

// lives folds whole timelines in memory.
func (s *Service) lives(ctx context.Context, ids []int64) (map[int64]folded, error) {
	rules, err := s.rules(ctx)
	if err != nil {
		return nil, err
	}
	timelines, err := ticket.Timelines(ctx, s.db.Reader(), ids)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]folded, len(timelines))
	for ticketID, events := range timelines {
		life, err := Fold(events, rules)
		if err != nil {
			// One timeline that does not apply must not keep all others from being counted.
			s.log.WarnContext(ctx, "a timeline could not be read to its end for figures", "ticket", ticketID, "error", err)
		}
		out[ticketID] = folded{life: life, seq: events[len(events)-1].Seq}
	}
	return out, nil
}

// rules gives what Fold needs, as things are now.
func (s *Service) rules(ctx context.Context) (Rules, error) {
	places, err := s.places.GroupPlaces(ctx, s.db.Reader())
	if err != nil {
		return Rules{}, err
	}
	return Rules{
		Kind: func(key string) *workflow.Definition {
			def, err := s.kinds.Get(key)
			if err != nil {
				return nil
			}
			return def
		},
		Tier: func(group int64) int { return places[group].Tier },
	}, nil
}

// storeLives writes what is new in some lives: facts beyond the cursors done.
func (s *Service) storeLives(ctx context.Context, tx *database.Tx, ids []int64, lives map[int64]folded, done map[int64]int) error {
	list, err := zones(ctx, tx)
	if err != nil {
		return err
	}
	var facts []Fact
	var stretches []Stretch
	var grown []int64
	reached := map[int64]int{}
	for _, ticketID := range ids {
		l := lives[ticketID]
		if l.seq <= done[ticketID] {
			continue
		}
		grown, reached[ticketID] = append(grown, ticketID), l.seq
		stretches = append(stretches, l.life.Stretches...)
		for _, f := range l.life.Facts {
			if f.Seq > done[ticketID] {
				facts = append(facts, f)
			}
		}
	}
	if len(grown) == 0 {
		return nil
	}
	sums := newSums()
	for i := range facts {
		for _, z := range list {
			if z.has(facts[i].TicketID) {
				sums.add(&facts[i], z.ID, s.location(z.Name))
			}
		}
	}
	if err := insertFacts(ctx, tx, facts); err != nil {
		return err
	}
	if err := replaceStretches(ctx, tx, grown, stretches); err != nil {
		return err
	}
	if err := sums.store(ctx, tx); err != nil {
		return err
	}
	return moveCursors(ctx, tx, reached, grown)
}

// ensureZone has the days of a zone summed from now on. The sums are filled by
// Run; until then figures in the zone are read from the facts.
func (s *Service) ensureZone(ctx context.Context, name string) error {
	known, err := zones(ctx, s.db.Reader())
	if err != nil || slices.ContainsFunc(known, func(z zoneRow) bool { return z.Name == name }) {
		return err
	}
	if len(known) >= maxZones {
		return nil
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if err := lock(ctx, tx, s.now()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO metric_zones (id, name, filled_to, ready)
			SELECT COALESCE(MAX(id), 0) + 1, $1, 0, FALSE FROM metric_zones WHERE TRUE ON CONFLICT (name) DO NOTHING`, name)
		return err
	})
}

// maxZones bounds what is written for every fact.
const maxZones = 12

// fillZone sums the facts of the next tickets for a zone that is not ready.
func (s *Service) fillZone(ctx context.Context) (bool, error) {
	list, err := zones(ctx, s.db.Reader())
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(list, func(z zoneRow) bool { return !z.Ready })
	if i < 0 {
		return false, nil
	}
	return true, s.db.Write(ctx, func(tx *database.Tx) error {
		if err := lock(ctx, tx, s.now()); err != nil {
			return err
		}
		now, err := zones(ctx, tx)
		if err != nil {
			return err
		}
		return s.fillNext(ctx, tx, now[i])
	})
}

func (s *Service) fillNext(ctx context.Context, tx *database.Tx, z zoneRow) error {
	if z.Ready {
		return nil
	}
	facts, err := database.All(ctx, tx, scanFact, `SELECT `+factColumns+` FROM metric_facts WHERE ticket_id > $1 ORDER BY ticket_id, seq, part LIMIT $2`, z.FilledTo, fillFacts)
	if err != nil {
		return err
	}
	last := len(facts) < fillFacts
	to := z.FilledTo
	if len(facts) > 0 {
		to = facts[len(facts)-1].TicketID
	}
	if !last {
		// The last ticket may go on beyond what was read.
		cut := slices.IndexFunc(facts, func(f Fact) bool { return f.TicketID == to })
		if cut == 0 {
			if facts, err = database.All(ctx, tx, scanFact, `SELECT `+factColumns+` FROM metric_facts WHERE ticket_id = $1 ORDER BY seq, part`, to); err != nil {
				return err
			}
		} else {
			facts, to = facts[:cut], facts[cut-1].TicketID
		}
	}
	sums := newSums()
	for i := range facts {
		sums.add(&facts[i], z.ID, s.location(z.Name))
	}
	if err := sums.store(ctx, tx); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE metric_zones SET filled_to = $1, ready = $2 WHERE id = $3`, to, last, z.ID)
	return err
}

// StartSweep has every timeline looked at again: for a database whose derived
// tables are empty, as after a restored backup.
func StartSweep(ctx context.Context, db *database.DB) error {
	return db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO metric_state (id, swept_to) VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET swept_to = 0`)
		return err
	})
}

// Rebuild throws all facts and roll-ups away; Run then builds them anew. While
// it does, figures are incomplete and say so.
func (s *Service) Rebuild(ctx context.Context) error {
	if err := s.mayManage(ctx); err != nil {
		return err
	}
	err := s.db.Bulk(ctx, func(tx *database.Tx) error {
		if err := lock(ctx, tx, s.now()); err != nil {
			return err
		}
		for _, table := range []string{"metric_spreads", "metric_days", "metric_facts", "metric_stretches", "metric_cursors"} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE metric_state SET swept_to = 0 WHERE id = 1`)
		return err
	})
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error { return s.auditRebuild(ctx, tx) })
}

// location gives a zone by name; UTC for one that this machine does not know.
func (s *Service) location(name string) *time.Location {
	if l, ok := s.locations.Load(name); ok {
		return l.(*time.Location) //nolint:forcetypeassert // nothing else is stored
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		l = time.UTC
	}
	s.locations.Store(name, l)
	return l
}

// unfolded counts the tickets whose newest entries are not in the figures, up to a thousand.
func (s *Service) unfolded(ctx context.Context) (n int64, sweeping bool, foldedAt time.Time, err error) {
	var to *int64
	err = s.db.Reader().QueryRow(ctx, `SELECT (SELECT count(*) FROM (SELECT 1 FROM metric_outbox LIMIT 1000) o), swept_to, folded_at FROM metric_state WHERE id = 1`).
		Scan(&n, &to, (*database.Time)(&foldedAt))
	if apperr.Is(err, apperr.NotFound) {
		err = nil
	}
	return n, to != nil, foldedAt, err
}
