package ticket

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// SetDue keeps when the next promise on a ticket is due, zero for nothing that is, so
// that lists can be sorted by it. It is no event and no new version: whoever computes
// promises says what follows from timeline, agreements and calendars.
func SetDue(ctx context.Context, tx *database.Tx, ticketID int64, due time.Time) error {
	return tx.Later(ctx, `UPDATE tickets SET due_at = $1 WHERE id = $2 AND due_at IS DISTINCT FROM $1`, database.Time(due), ticketID)
}
