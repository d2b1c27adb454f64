package promise

import (
	"context"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// maxTried is how many tickets a trial looks at: some seconds of work. Of more it
// takes so many, spread evenly over the time.
const maxTried = 3000

// Try says what an agreement with other terms would have done to the tickets that
// came in from an instant on, of those whose notes the actor reads.
func (s *Service) Try(ctx context.Context, subject clock.Agreement, terms clock.Terms, from time.Time) (clock.Trial, error) {
	if err := access.From(ctx).Require(access.ReadNotes, access.AnyKind); err != nil {
		return clock.Trial{}, err
	}
	q := s.d.DB.Reader()
	agreements, err := s.d.Agreements.Book(ctx, q)
	if err != nil {
		return clock.Trial{}, err
	}
	var args database.Args
	where, err := s.d.Tickets.Where(ctx, filter.True(), access.ReadNotes, &args)
	if err != nil {
		return clock.Trial{}, err
	}
	ids, err := readTried(ctx, q, subject.Role, terms, from, where, &args)
	if err != nil {
		return clock.Trial{}, err
	}
	trial := clock.NewTrial(clock.Book{Agreements: agreements}, subject, terms, s.now())
	trial.Found = len(ids)
	all := trial.Agreements()
	for part := range slices.Chunk(spread(ids, maxTried), keepTickets) {
		courses, book, err := s.courses(ctx, part, all)
		if err != nil {
			return *trial, err
		}
		trial.LookUp(book)
		for _, id := range part {
			trial.Add(courses[id])
		}
	}
	trial.Sort()
	return *trial, nil
}

// spread takes at most so many of a list, evenly from its first to its last.
func spread(ids []int64, most int) []int64 {
	if len(ids) <= most {
		return ids
	}
	out := make([]int64, 0, most)
	for i := range most {
		out = append(out, ids[i*len(ids)/most])
	}
	return out
}
