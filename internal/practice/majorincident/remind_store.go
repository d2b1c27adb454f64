package majorincident

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// RemindAt is Remind as if it were then.
func (s *Service) RemindAt(ctx context.Context, now time.Time) error {
	due, err := database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT id FROM major_incidents
		WHERE next_update_at IS NOT NULL AND next_update_at <= $1 AND state = 'accepted' AND (reminded_for IS NULL OR reminded_for <> next_update_at)
		ORDER BY next_update_at, id LIMIT $2`, database.Time(now), maxDue)
	if err != nil {
		return err
	}
	for _, id := range due {
		if err := s.db.Write(ctx, func(tx *database.Tx) error { return s.remind(ctx, tx, id, now) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) remind(ctx context.Context, tx *database.Tx, id int64, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE major_incidents SET reminded_for = next_update_at
		WHERE id = $1 AND state = 'accepted' AND next_update_at <= $2 AND (reminded_for IS NULL OR reminded_for <> next_update_at)`, id, database.Time(now))
	if err != nil || n == 0 {
		return err // another node did
	}
	m, err := load(ctx, tx, id)
	if err != nil {
		return err
	}
	number, err := database.One(ctx, tx, database.Scalar[string], `SELECT number FROM tickets WHERE id = $1`, m.TicketID)
	if err != nil {
		return err
	}
	var persons []int64
	for _, role := range []Role{Commander, Communicator} {
		if p := m.Roles[role]; p != 0 {
			persons = append(persons, p)
		}
	}
	notice := Notice{Kind: NoticeDue, Persons: persons, Key: fmt.Sprintf("major-due:%d:%d", m.ID, m.NextUpdate.UnixMicro())}
	if len(persons) == 0 {
		notice.Verb = Manage
	}
	if err := s.tell(ctx, tx, &m, number, notice); err != nil {
		return err
	}
	return s.announce.MajorChanged(ctx, tx, m.ID, false)
}

func (s *Service) update(ctx context.Context, id int64) (Update, error) {
	return database.One(ctx, s.db.Reader(), scanUpdate, `SELECT `+updateColumns+` FROM major_incident_updates u WHERE u.id = $1`, id)
}
