package promise

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// How often and of what the past is learned: the tickets that were resolved last.
const (
	learnEvery   = 6 * time.Hour
	learnTickets = 4000
	learnDays    = 365
)

// past keeps in memory what is known of comparable promises.
type past struct {
	mu      sync.Mutex
	typical clock.Typical
	read    time.Time
}

// typical gives what is known of comparable promises; what another node learned is
// known here within a minute.
func (s *Service) typical(ctx context.Context) (clock.Typical, error) {
	s.past.mu.Lock()
	defer s.past.mu.Unlock()
	now := s.now()
	if s.past.typical != nil && now.Sub(s.past.read).Abs() < time.Minute {
		return s.past.typical, nil
	}
	found, err := readTypical(ctx, s.d.DB.Reader())
	if err == nil {
		s.past.typical, s.past.read = found, now
	}
	return found, err
}

// learn looks at what promises took on the tickets that were resolved last, and has
// the tickets with open promises computed anew. It is bounded, however many tickets
// there are.
func (s *Service) learn(ctx context.Context) (bool, error) {
	q, now := s.d.DB.Reader(), s.now()
	last, sweeping, err := readLearned(ctx, q)
	if err != nil || sweeping || !last.IsZero() && now.Sub(last) < learnEvery {
		return false, err
	}
	agreements, err := s.d.Agreements.Book(ctx, q)
	if err != nil || len(agreements) == 0 {
		return false, err
	}
	ids, err := readEnded(ctx, q, now.AddDate(0, 0, -learnDays), learnTickets)
	if err != nil {
		return false, err
	}
	typical := clock.Typical{}
	for part := range slices.Chunk(ids, keepTickets) {
		courses, book, err := s.courses(ctx, part, agreements)
		if err != nil {
			return false, err
		}
		for _, id := range part {
			clocks := clock.Compute(courses[id], book, now)
			for i := range clocks {
				typical.Learn(courses[id], &clocks[i], book.Hours)
			}
		}
	}
	typical.Ready()
	open, err := readOpenTickets(ctx, q)
	if err != nil {
		return false, err
	}
	err = s.d.DB.Write(ctx, func(tx *database.Tx) error {
		if err := replaceTypical(ctx, tx, typical, now); err != nil {
			return err
		}
		return noteAll(ctx, tx, open)
	})
	s.past.mu.Lock()
	s.past.read = time.Time{}
	s.past.mu.Unlock()
	return len(open) > 0, err
}

// takeLikely marks promises whose instant has come from which on they are likely to
// break. Nothing is computed for that.
func (s *Service) takeLikely(ctx context.Context) (bool, error) {
	due, err := anyTurns(ctx, s.d.DB.Reader(), s.now())
	if err != nil || !due {
		return false, err
	}
	return false, s.d.DB.Write(ctx, func(tx *database.Tx) error { return turn(ctx, tx, s.now()) })
}

// prospects says of each clock of a ticket why it is likely to break, as far as that
// can be said.
func prospects(c *Clocks, typical clock.Typical) [][]clock.Prospect {
	out := make([][]clock.Prospect, len(c.All))
	for i := range c.All {
		out[i] = clock.Foresee(c.Course, &c.All[i], c.All, c.Hours, typical)
	}
	return out
}

// Likely is an open promise that is likely to break.
type Likely struct {
	TicketID int64
	Clock    clock.Clock
	Course   clock.Course
	Why      []clock.Prospect // those that hold now, the first one first
}

// maxLikely bounds a page of them.
const maxLikely = 200

// Likely lists promises that are likely to break, by when they are due, of tickets
// whose notes the actor reads. after is the last of the page before; more tells that
// there are further ones. What was noted a moment ago and is no longer so is left out.
func (s *Service) Likely(ctx context.Context, after Cursor, limit int) (out []Likely, next Cursor, err error) {
	if err := access.From(ctx).Require(access.ReadNotes, access.AnyKind); err != nil {
		return nil, next, err
	}
	limit = min(max(limit, 1), maxLikely)
	var args database.Args
	where, err := s.d.Tickets.Where(ctx, filter.True(), access.ReadNotes, &args)
	if err != nil {
		return nil, next, err
	}
	found, err := readLikely(ctx, s.d.DB.Reader(), where, &args, after, limit+1)
	if err != nil {
		return nil, next, err
	}
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].cursor
	}
	ids := make([]int64, 0, len(found))
	for _, f := range found {
		ids = append(ids, f.ticket)
	}
	computed, err := s.computeAll(ctx, database.Distinct(ids))
	if err != nil {
		return nil, next, err
	}
	typical, err := s.typical(ctx)
	if err != nil {
		return nil, next, err
	}
	now := s.now()
	for _, f := range found {
		c := computed[f.ticket]
		i := slices.IndexFunc(c.All, func(c clock.Clock) bool { return c.Key == f.key })
		if i < 0 {
			continue
		}
		why := holding(clock.Foresee(c.Course, &c.All[i], c.All, c.Hours, typical), now)
		if len(why) > 0 {
			out = append(out, Likely{f.ticket, c.All[i], c.Course, why})
		}
	}
	return out, next, nil
}

// holding are the prospects whose instant has come, the firmest first.
func holding(all []clock.Prospect, now time.Time) []clock.Prospect {
	out := slices.DeleteFunc(slices.Clone(all), func(p clock.Prospect) bool { return p.At.After(now) })
	slices.SortFunc(out, func(a, b clock.Prospect) int {
		return slices.Index(clock.Causes(), a.Cause) - slices.Index(clock.Causes(), b.Cause)
	})
	return out
}

// Cursor is where a page of likely promises ended.
type Cursor struct {
	Due    int64 // microseconds; a far instant for what is paused
	Ticket int64
	Key    string
}
