package ticket

import "context"

// Uploads describes those of some files that the actor has uploaded and not
// sent yet, in the order of their upload: what a form shows again after an error.
func (s *Service) Uploads(ctx context.Context, ids []int64) ([]Attachment, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > MaxAttachments {
		ids = ids[:MaxAttachments]
	}
	return looseUploads(ctx, s.db.Reader(), ids)
}
