package ticket

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Draft is what a person typed and has not sent. Slot is "reply", "note" or
// "new:KIND" (with ticket 0).
type Draft struct {
	TicketID  int64
	Slot      string
	Body      string
	UpdatedAt time.Time
}

// SaveDraft keeps a text; an empty one removes the draft.
func (s *Service) SaveDraft(ctx context.Context, ticketID int64, slot, body string) error {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	var p apperr.Problems
	checkText(&p, "body", body)
	if len(slot) == 0 || len(slot) > 60 {
		p.Add("slot", "A draft needs a place.")
	}
	if err := p.Err(); err != nil {
		return err
	}
	if ticketID != 0 {
		if _, err := s.Get(ctx, ByID(ticketID)); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if body == "" {
			return forgetDraft(ctx, tx, actor.ID, ticketID, slot)
		}
		_, err := tx.Exec(ctx, `INSERT INTO ticket_drafts (person_id, ticket_id, slot, body, updated_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (person_id, ticket_id, slot) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at`,
			actor.ID, ticketID, slot, body, database.Time(s.now()))
		return err
	})
}

// Drafts gives the actor's drafts on a ticket.
func (s *Service) Drafts(ctx context.Context, ticketID int64) ([]Draft, error) {
	return database.All(ctx, s.db.Reader(), func(r database.Row) (Draft, error) {
		var d Draft
		err := r.Scan(&d.TicketID, &d.Slot, &d.Body, (*database.Time)(&d.UpdatedAt))
		return d, err
	}, `SELECT ticket_id, slot, body, updated_at FROM ticket_drafts WHERE person_id = $1 AND ticket_id = $2 ORDER BY slot LIMIT 20`, access.From(ctx).ID, ticketID)
}

// How long a draft stays that nobody goes on with, and how many a person has:
// what was touched longest ago goes first.
const (
	DraftLasts = 90 * 24 * time.Hour
	MaxDrafts  = 200
)

// AllDrafts gives the actor's drafts on every ticket, what was typed last first.
func (s *Service) AllDrafts(ctx context.Context) ([]Draft, error) {
	return database.All(ctx, s.db.Reader(), func(r database.Row) (Draft, error) {
		var d Draft
		err := r.Scan(&d.TicketID, &d.Slot, &d.Body, (*database.Time)(&d.UpdatedAt))
		return d, err
	}, `SELECT ticket_id, slot, body, updated_at FROM ticket_drafts WHERE person_id = $1 ORDER BY updated_at DESC, ticket_id, slot LIMIT $2`, access.From(ctx).ID, MaxDrafts)
}

// draftsAtOnce bounds one round of ForgetDrafts, and how many persons it looks at.
const draftsAtOnce = 1000

// ForgetDrafts removes drafts that are older than DraftLasts, and those of
// persons who have more than MaxDrafts.
func (s *Service) ForgetDrafts(ctx context.Context) error {
	for {
		n, err := s.forgetOldDrafts(ctx)
		if err != nil {
			return err
		}
		if n < draftsAtOnce {
			break
		}
	}
	crowded, err := database.All(ctx, s.db.Reader(), database.Scalar[int64],
		`SELECT person_id FROM ticket_drafts GROUP BY person_id HAVING COUNT(*) > $1 ORDER BY person_id LIMIT $2`, MaxDrafts, draftsAtOnce)
	if err != nil {
		return err
	}
	for _, person := range crowded {
		err := s.db.Write(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM ticket_drafts WHERE person_id = $1 AND (ticket_id, slot) IN (
				SELECT ticket_id, slot FROM ticket_drafts WHERE person_id = $1 ORDER BY updated_at DESC, ticket_id, slot LIMIT $2 OFFSET $3)`, person, draftsAtOnce, MaxDrafts)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) forgetOldDrafts(ctx context.Context) (n int64, err error) {
	err = s.db.Write(ctx, func(tx *database.Tx) (err error) {
		n, err = tx.Exec(ctx, `DELETE FROM ticket_drafts WHERE (person_id, ticket_id, slot) IN (
			SELECT person_id, ticket_id, slot FROM ticket_drafts WHERE updated_at < $1 ORDER BY person_id, ticket_id, slot LIMIT $2)`,
			database.Time(s.now().Add(-DraftLasts)), draftsAtOnce)
		return err
	})
	return n, err
}

func forgetDraft(ctx context.Context, tx *database.Tx, person, ticketID int64, slot string) error {
	_, err := tx.Exec(ctx, `DELETE FROM ticket_drafts WHERE person_id = $1 AND ticket_id = $2 AND slot = $3`, person, ticketID, slot)
	return err
}
