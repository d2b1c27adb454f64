package ticket

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Uploads describes those of some files that the actor has uploaded and not
// sent yet, in the order of their upload: what a form shows again after an error.
func (s *Service) Uploads(ctx context.Context, ids []int64) ([]Attachment, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > MaxAttachments {
		ids = ids[:MaxAttachments]
	}
	var args database.Args
	query := `SELECT ` + attachmentColumns + ` FROM ticket_attachments a WHERE a.ticket_id IS NULL AND a.uploader_id = ` + args.Arg(access.From(ctx).ID)
	return database.All(ctx, s.db.Reader(), scanAttachment,
		query+` AND a.id IN `+database.In(&args, ids)+` ORDER BY a.created_at, a.id LIMIT `+args.Arg(MaxAttachments), args.Values()...)
}
