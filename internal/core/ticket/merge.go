package ticket

import (
	"context"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// replyIn adds a public message within a transaction.
func (s *Service) replyIn(ctx context.Context, tx *database.Tx, ref Ref, cmd PublicReply) (Ticket, error) {
	return s.converseIn(ctx, tx, ref, cmd.Version, func(c *change) error { return c.reply(ctx, cmd) })
}
