package notify

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// How long notices last.
const (
	ReadLasts   = 30 * 24 * time.Hour // after it was read
	UnreadLasts = 90 * 24 * time.Hour // after it came
)

// maxExpired bounds how many rows one statement deletes, so that nobody waits for it.
const maxExpired = 2000

// Expire deletes notices that are over: read long ago, never read, or more than a
// person keeps. To be called now and then.
func (s *Service) Expire(ctx context.Context) error {
	now := s.now()
	old := `SELECT id FROM notices WHERE read_at < $1 OR at < $2 LIMIT $3`
	if err := s.deleteAll(ctx, old, database.Time(now.Add(-ReadLasts)), database.Time(now.Add(-UnreadLasts)), maxExpired); err != nil {
		return err
	}
	crowded, err := database.All(ctx, s.db.Reader(), database.Scalar[int64],
		`SELECT person_id FROM notices GROUP BY person_id HAVING count(*) > $1 ORDER BY person_id LIMIT $2`, Kept, maxExpired)
	if err != nil {
		return err
	}
	for _, person := range crowded {
		rest := `SELECT id FROM notices WHERE person_id = $1 ORDER BY at DESC, id DESC LIMIT $2 OFFSET $3`
		if err := s.deleteAll(ctx, rest, person, maxExpired, Kept); err != nil {
			return err
		}
	}
	return nil
}

// deleteAll deletes what a query selects, again until it selects nothing.
func (s *Service) deleteAll(ctx context.Context, query string, args ...any) error {
	for {
		var n int64
		err := s.db.Write(ctx, func(tx *database.Tx) (err error) {
			n, err = tx.Exec(ctx, `DELETE FROM notices WHERE id IN (`+query+`)`, args...)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
