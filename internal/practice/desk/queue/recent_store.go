package queue

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Visited remembers that the actor opened a ticket, or changed it from a list.
// Only the actor ever sees it.
func (q *Queue) Visited(ctx context.Context, ticketID int64) error {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return nil
	}
	now := q.d.Clock().UTC()
	last, err := database.One(ctx, q.d.DB.Reader(), func(r database.Row) (time.Time, error) {
		var at time.Time
		err := r.Scan((*database.Time)(&at))
		return at, err
	}, `SELECT at FROM ticket_visits WHERE person_id = $1 AND ticket_id = $2`, actor.ID, ticketID)
	if err != nil && !apperr.Is(err, apperr.NotFound) {
		return err
	}
	if err == nil && now.Sub(last) < sameVisit {
		return nil
	}
	return q.d.DB.Write(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO ticket_visits (person_id, ticket_id, at) VALUES ($1, $2, $3)
			ON CONFLICT (person_id, ticket_id) DO UPDATE SET at = excluded.at`, actor.ID, ticketID, database.Time(now)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM ticket_visits WHERE person_id = $1 AND at < (
			SELECT min(kept.at) FROM (SELECT at FROM ticket_visits WHERE person_id = $1 ORDER BY at DESC LIMIT $2) kept)`, actor.ID, maxRecent)
		return err
	})
}

// recent gives the tickets the actor opened last, newest first. They may be ones
// the actor can no longer see.
func (q *Queue) recent(ctx context.Context, most int) ([]int64, error) {
	return database.All(ctx, q.d.DB.Reader(), database.Scalar[int64],
		`SELECT ticket_id FROM ticket_visits WHERE person_id = $1 ORDER BY at DESC, ticket_id DESC LIMIT $2`, access.From(ctx).ID, most)
}
