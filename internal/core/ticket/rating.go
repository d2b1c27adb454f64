package ticket

import (
	"context"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// StoredRating is a verdict with its author and instant.
type StoredRating struct {
	Rating
	PersonID int64
	At       time.Time
}

// Rate records the requester's verdict on a resolved or closed ticket; a second
// one replaces the first.
func (s *Service) Rate(ctx context.Context, ref Ref, r Rating) (Ticket, error) {
	var p apperr.Problems
	if r.Score < 1 || r.Score > 5 {
		p.Add("score", "Choose one to five.")
	}
	if r.MinutesLost != nil && (*r.MinutesLost < 0 || *r.MinutesLost > 100_000) {
		p.Add("minutes_lost", "Give the time lost in minutes.")
	}
	checkText(&p, "comment", r.Comment)
	if err := p.Err(); err != nil {
		return Ticket{}, err
	}
	return s.converse(ctx, ref, 0, r, func(c *change) error {
		if !c.actor.IsPerson() || c.actor.ID != c.before.RequesterID {
			return apperr.New(apperr.Forbidden, "Only the requester can rate the outcome.")
		}
		if c.before.Category != workflow.Resolved && c.before.Category != workflow.Closed {
			return apperr.New(apperr.Conflict, "This can be rated once it is resolved.")
		}
		e := c.event(Rated, false, r.Comment)
		if err := c.setInt(e, FieldRating, r.Score); err != nil {
			return err
		}
		if r.MinutesLost != nil {
			if err := c.set(e, FieldMinutesLost, strconv.Itoa(*r.MinutesLost)); err != nil {
				return err
			}
		}
		return storeRating(ctx, c.tx, c.ticket.ID, StoredRating{Rating: r, PersonID: c.actor.ID, At: c.now})
	})
}

// storeRating keeps a verdict in place of any earlier one.
func storeRating(ctx context.Context, tx *database.Tx, ticketID int64, r StoredRating) error {
	minutes := any(nil)
	if r.MinutesLost != nil {
		minutes = *r.MinutesLost
	}
	_, err := tx.Exec(ctx, `INSERT INTO ticket_ratings (ticket_id, person_id, score, minutes_lost, comment, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (ticket_id) DO UPDATE SET person_id = excluded.person_id, score = excluded.score, minutes_lost = excluded.minutes_lost,
		comment = excluded.comment, created_at = excluded.created_at`,
		ticketID, r.PersonID, r.Score, minutes, r.Comment, database.Time(r.At))
	return err
}

// RatingOf gives the verdict on a ticket; false when there is none, or when the
// ticket was reopened since.
func (s *Service) RatingOf(ctx context.Context, t *Ticket) (StoredRating, bool, error) {
	if t.Rating == 0 {
		return StoredRating{}, false, nil
	}
	r, err := database.One(ctx, s.db.Reader(), func(row database.Row) (StoredRating, error) {
		var r StoredRating
		var minutes *int
		err := row.Scan(&r.PersonID, &r.Score, &minutes, &r.Comment, (*database.Time)(&r.At))
		r.MinutesLost = minutes
		return r, err
	}, `SELECT person_id, score, minutes_lost, comment, created_at FROM ticket_ratings WHERE ticket_id = $1`, t.ID)
	if apperr.Is(err, apperr.NotFound) {
		return r, false, nil
	}
	return r, err == nil, err
}
