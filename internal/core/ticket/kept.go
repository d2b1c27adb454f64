package ticket

import (
	"context"
	"io"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// KeptFile is a file that something (a canned reply, a macro) keeps in order to
// send it again and again. Whoever sees the keeper may read it.
type KeptFile struct {
	ID        int64
	KeeperID  int64
	Name      string
	MediaType string
	Size      int64
	SHA256    string
}

// MaxKept is how many files one keeper has at most.
const MaxKept = 10

const keptColumns = `k.id, k.keeper_id, k.name, k.media_type, k.size, k.sha256`

func scanKept(r database.Row) (KeptFile, error) {
	var k KeptFile
	err := r.Scan(&k.ID, &k.KeeperID, &k.Name, &k.MediaType, &k.Size, &k.SHA256)
	return k, err
}

// Keep makes the files of a keeper those of its files named in kept, and the
// uploads of the actor named in added, within the transaction that saves the
// keeper. An upload that is gone is Invalid on the field attachments.
func (s *Service) Keep(ctx context.Context, tx *database.Tx, keeper int64, kept, added []int64) error {
	if len(kept)+len(added) > MaxKept {
		return apperr.InvalidField("attachments", "There can be at most %d files.", MaxKept)
	}
	if err := s.dropKept(ctx, tx, keeper, kept); err != nil {
		return err
	}
	if len(added) == 0 {
		return nil
	}
	uploads, err := looseUploads(ctx, tx, added)
	if err != nil {
		return err
	}
	if len(uploads) != len(added) {
		return apperr.InvalidField("attachments", "One of the files is gone. Please attach it again.")
	}
	for _, u := range uploads {
		if _, err := tx.Exec(ctx, `INSERT INTO kept_files (id, keeper_id, name, media_type, size, sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			tx.NextID(), keeper, u.Name, u.MediaType, u.Size, u.SHA256, database.Time(s.now())); err != nil {
			return err
		}
	}
	return nil
}

// dropKept lets go of a keeper's files but those that stay. Their bytes are then
// a loose upload's that is overdue: the next sweep removes them, unless somebody
// else has the same.
func (s *Service) dropKept(ctx context.Context, tx *database.Tx, keeper int64, stay []int64) error {
	var args database.Args
	where := `k.keeper_id = ` + args.Arg(keeper)
	if len(stay) > 0 {
		where += ` AND k.id NOT IN ` + database.In(&args, stay)
	}
	gone, err := database.All(ctx, tx, scanKept, `SELECT `+keptColumns+` FROM kept_files k WHERE `+where, args.Values()...)
	if err != nil {
		return err
	}
	for _, k := range gone {
		if _, err := tx.Exec(ctx, `INSERT INTO ticket_attachments (id, internal, name, media_type, size, sha256, uploader_id, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, 0, $7)`, tx.NextID(), true, k.Name, k.MediaType, k.Size, k.SHA256, database.Time(s.now().Add(-2*looseFor))); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM kept_files WHERE id = $1`, k.ID); err != nil {
			return err
		}
	}
	return nil
}

// CopyKept gives a keeper the files of another one.
func (s *Service) CopyKept(ctx context.Context, tx *database.Tx, from, to int64) error {
	files, err := database.All(ctx, tx, scanKept, `SELECT `+keptColumns+` FROM kept_files k WHERE k.keeper_id = $1 ORDER BY k.id LIMIT $2`, from, MaxKept)
	if err != nil {
		return err
	}
	for _, k := range files {
		if _, err := tx.Exec(ctx, `INSERT INTO kept_files (id, keeper_id, name, media_type, size, sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			tx.NextID(), to, k.Name, k.MediaType, k.Size, k.SHA256, database.Time(s.now())); err != nil {
			return err
		}
	}
	return nil
}

// Kept lists the files of some keepers, in the order they were added. Whether the
// actor may see the keepers is for the caller to know.
func (s *Service) Kept(ctx context.Context, q database.Querier, keepers ...int64) ([]KeptFile, error) {
	if len(keepers) == 0 {
		return nil, nil
	}
	var args database.Args
	return database.All(ctx, q, scanKept, `SELECT `+keptColumns+` FROM kept_files k WHERE k.keeper_id IN `+database.In(&args, keepers)+
		` ORDER BY k.keeper_id, k.id LIMIT `+args.Arg(MaxKept*len(keepers)), args.Values()...)
}

// OpenKept gives a kept file of a keeper with its bytes; NotFound when it has none such.
func (s *Service) OpenKept(ctx context.Context, keeper, id int64) (KeptFile, io.ReadSeekCloser, error) {
	k, err := database.One(ctx, s.db.Reader(), scanKept, `SELECT `+keptColumns+` FROM kept_files k WHERE k.id = $1 AND k.keeper_id = $2`, id, keeper)
	if err != nil {
		if apperr.Is(err, apperr.NotFound) {
			err = apperr.New(apperr.NotFound, "There is no such file.")
		}
		return k, nil, err
	}
	body, _, err := blob.Open(ctx, s.blobs, k.SHA256)
	return k, body, err
}

// TakeKept makes uploads of the actor from the files of a keeper, as if they had
// just been chosen: a message then takes them.
func (s *Service) TakeKept(ctx context.Context, tx *database.Tx, keeper int64) ([]Attachment, error) {
	files, err := s.Kept(ctx, tx, keeper)
	if err != nil {
		return nil, err
	}
	out := make([]Attachment, 0, len(files))
	for _, k := range files {
		a := Attachment{
			ID: tx.NextID(), Internal: true, Name: k.Name, MediaType: k.MediaType, Size: k.Size, SHA256: k.SHA256,
			UploaderID: access.From(ctx).ID, CreatedAt: micro(s.now()),
		}
		if _, err := tx.Exec(ctx, `INSERT INTO ticket_attachments (id, internal, name, media_type, size, sha256, uploader_id, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, a.ID, a.Internal, a.Name, a.MediaType, a.Size, a.SHA256, a.UploaderID, database.Time(a.CreatedAt)); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func looseUploads(ctx context.Context, q database.Querier, ids []int64) ([]Attachment, error) {
	var args database.Args
	query := `SELECT ` + attachmentColumns + ` FROM ticket_attachments a WHERE a.ticket_id IS NULL AND a.uploader_id = ` + args.Arg(access.From(ctx).ID)
	return database.All(ctx, q, scanAttachment,
		query+` AND a.id IN `+database.In(&args, ids)+` ORDER BY a.created_at, a.id LIMIT `+args.Arg(MaxAttachments), args.Values()...)
}
