package ticket

import (
	"context"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Upload stores a file that a later message of the same person will take. It
// belongs to nobody else until then, and is removed after a day.
func (s *Service) Upload(ctx context.Context, name string, r io.Reader) (Attachment, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return Attachment{}, apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	if !actor.Can(access.Create, access.AnyKind) && !actor.Can(access.Comment, access.AnyKind) {
		return Attachment{}, actor.Require(access.Comment, access.AnyKind)
	}
	head := &sniffer{r: r}
	stored, err := s.blobs.Put(ctx, head, s.maxUpload)
	if err != nil {
		return Attachment{}, err
	}
	a := Attachment{
		Internal: true, Name: cleanFileName(name), MediaType: head.mediaType(), Size: stored.Size, SHA256: stored.Key,
		UploaderID: actor.ID, CreatedAt: micro(s.now()),
	}
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		id, replayed, err := once.Do(ctx, tx, s.now(), []any{"upload", a.Name, a.SHA256}, func() (int64, error) {
			a.ID = tx.NextID()
			_, err := tx.Exec(ctx, `INSERT INTO ticket_attachments (id, internal, name, media_type, size, sha256, uploader_id, created_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, a.ID, a.Internal, a.Name, a.MediaType, a.Size, a.SHA256, a.UploaderID, database.Time(a.CreatedAt))
			return a.ID, err
		})
		if err == nil && replayed {
			a, err = loadAttachment(ctx, tx, id)
		}
		return err
	})
	return a, err
}

// Attachment gives a file of a ticket the actor may see, with its bytes. Files
// of internal notes are given only to those who read notes; loose ones only to
// whoever uploaded them.
func (s *Service) Attachment(ctx context.Context, id int64) (Attachment, io.ReadSeekCloser, error) {
	missing := apperr.New(apperr.NotFound, "There is no such file, or you may not see it.")
	a, err := loadAttachment(ctx, s.db.Reader(), id)
	if apperr.Is(err, apperr.NotFound) {
		return a, nil, missing
	}
	if err != nil {
		return a, nil, err
	}
	actor := access.From(ctx)
	if a.TicketID == 0 {
		if a.UploaderID != actor.ID {
			return Attachment{}, nil, missing
		}
	} else {
		t, err := s.Get(ctx, ByID(a.TicketID))
		if err != nil || a.Internal && !s.ReadsNotes(ctx, &t) {
			return Attachment{}, nil, missing
		}
	}
	body, _, err := blob.Open(ctx, s.blobs, a.SHA256)
	return a, body, err
}

func loadAttachment(ctx context.Context, q database.Querier, id int64) (Attachment, error) {
	return database.One(ctx, q, scanAttachment, `SELECT `+attachmentColumns+` FROM ticket_attachments a WHERE a.id = $1`, id)
}

// Attach adds uploaded files to a ticket without a message.
func (s *Service) Attach(ctx context.Context, ref Ref, ids []int64, internal bool) (Ticket, error) {
	if len(ids) == 0 {
		return Ticket{}, apperr.InvalidField("attachments", "Choose at least one file.")
	}
	return s.converse(ctx, ref, 0, []any{ids, internal}, func(c *change) error {
		verb := access.Comment
		if internal {
			verb = access.Note
		}
		if err := c.may(verb); err != nil {
			return err
		}
		c.attach(c.event(Attached, internal, ""), ids)
		return nil
	})
}

// looseFor is how long an upload waits for a message to take it.
const looseFor = 24 * time.Hour

// Discard gives up a file the actor uploaded and has not sent; the next sweep
// removes it.
func (s *Service) Discard(ctx context.Context, id int64) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE ticket_attachments SET created_at = $1 WHERE id = $2 AND ticket_id IS NULL AND uploader_id = $3`,
			database.Time(s.now().Add(-2*looseFor)), id, access.From(ctx).ID)
		return err
	})
}

// Holder reports whether another room keeps bytes of its own under a key of the
// file store, so that a sweep leaves them.
type Holder func(ctx context.Context, q database.Querier, key string) (bool, error)

// HoldFiles adds one. For wiring, before anything is served.
func (s *Service) HoldFiles(h Holder) { s.holders = append(s.holders, h) }

// SweepUploads removes files that no message took within a day, and their bytes
// when no other attachment or kept file has the same.
func (s *Service) SweepUploads(ctx context.Context) (int, error) {
	type loose struct {
		id  int64
		sum string
	}
	due := s.now().Add(-looseFor)
	found, err := database.All(ctx, s.db.Reader(), func(r database.Row) (loose, error) {
		var l loose
		err := r.Scan(&l.id, &l.sum)
		return l, err
	}, `SELECT id, sha256 FROM ticket_attachments WHERE ticket_id IS NULL AND created_at < $1 ORDER BY created_at LIMIT 500`, database.Time(due))
	if err != nil || len(found) == 0 {
		return 0, err
	}
	var gone []string
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		gone = gone[:0]
		for _, l := range found {
			if _, err := tx.Exec(ctx, `DELETE FROM ticket_attachments WHERE id = $1 AND ticket_id IS NULL`, l.id); err != nil {
				return err
			}
			n, err := database.One(ctx, tx, database.Scalar[int], `SELECT (SELECT count(*) FROM (SELECT 1 FROM ticket_attachments WHERE sha256 = $1 LIMIT 1) same)
				+ (SELECT count(*) FROM (SELECT 1 FROM kept_files WHERE sha256 = $1 LIMIT 1) kept)`, l.sum)
			if err != nil {
				return err
			}
			for _, holds := range s.holders {
				held, err := holds(ctx, tx, l.sum)
				if err != nil {
					return err
				}
				if held {
					n++
				}
			}
			if n == 0 {
				gone = append(gone, l.sum)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, sum := range gone {
		// Somebody may be uploading the same bytes at this moment: what was put
		// since stays.
		if _, err := s.blobs.Delete(ctx, sum, due); err != nil {
			return len(found), err
		}
	}
	return len(found), nil
}

// sniffer keeps the first bytes that pass through, to tell what they are. What
// the browser claims about a file is not asked.
type sniffer struct {
	r    io.Reader
	head []byte
}

// Read passes through.
func (s *sniffer) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if room := 512 - len(s.head); room > 0 && n > 0 {
		s.head = append(s.head, p[:min(room, n)]...)
	}
	return n, err
}

func (s *sniffer) mediaType() string { return http.DetectContentType(s.head) }

// Inline reports whether a browser may show the file in place: pictures that
// cannot carry a script. Everything else is downloaded.
func (a *Attachment) Inline() bool {
	switch a.MediaType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

// cleanFileName drops folders, control characters and excess from a file's name.
func cleanFileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		// Marks that turn the writing direction make "gpj.exe" read "exe.jpg".
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '"' || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	if name == "" || name == "." || name == ".." || name == "/" {
		name = "file"
	}
	for utf8.RuneCountInString(name) > 200 {
		_, size := utf8.DecodeRuneInString(name)
		name = name[size:] // the end of a name, with its extension, says more than its beginning
	}
	return name
}
