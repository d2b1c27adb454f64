package identity

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// seen gathers which sessions and tokens were used, so that using one costs no
// write: a reader must not wait for whoever is writing.
type seen struct {
	mu       sync.Mutex
	sessions map[int64]struct{}
	tokens   map[int64]struct{}
}

const (
	// seenAfter is how old the note must be before a use is noted again.
	seenAfter = time.Minute
	// seenEvery is how often notes are written.
	seenEvery = 20 * time.Second
)

func (s *seen) session(id int64) { s.add(&s.sessions, id) }
func (s *seen) token(id int64)   { s.add(&s.tokens, id) }

func (s *seen) add(set *map[int64]struct{}, id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *set == nil {
		*set = map[int64]struct{}{}
	}
	(*set)[id] = struct{}{}
}

func (s *seen) take() (sessions, tokens []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions, tokens = slices.Sorted(maps.Keys(s.sessions)), slices.Sorted(maps.Keys(s.tokens))
	s.sessions, s.tokens = nil, nil
	return sessions, tokens
}

// keepNoting writes notes until the service is closed, and once more then.
func (s *Service) keepNoting(ctx context.Context) {
	tick := time.NewTicker(seenEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.logNoting(s.NoteSeen(ctx))
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			s.logNoting(s.NoteSeen(last))
			cancel()
			return
		}
	}
}

func (s *Service) logNoting(err error) {
	if err != nil {
		s.log.Warn("which sessions are in use could not be noted", "error", err)
	}
}

// NoteSeen writes down which sessions and tokens were used since the last time.
// It runs by itself; tests and shutdown call it.
func (s *Service) NoteSeen(ctx context.Context) error {
	sessions, tokens := s.seen.take()
	if len(sessions)+len(tokens) == 0 {
		return nil
	}
	now := s.now()
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if err := note(ctx, tx, "UPDATE sessions SET seen_at = ", "seen_at", now, sessions); err != nil {
			return err
		}
		return note(ctx, tx, "UPDATE api_tokens SET used_at = ", "used_at", now, tokens)
	})
}

func note(ctx context.Context, tx *database.Tx, update, column string, now time.Time, ids []int64) error {
	const batch = 500
	for part := range slices.Chunk(ids, batch) {
		var args database.Args
		at := args.Arg(database.Time(now))
		if _, err := tx.Exec(ctx, update+at+" WHERE id IN "+database.In(&args, part)+
			" AND COALESCE("+column+", 0) < "+at, args.Values()...); err != nil {
			return err
		}
	}
	return nil
}
