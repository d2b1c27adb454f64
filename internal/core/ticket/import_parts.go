package ticket

import (
	"context"
	"strconv"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// loseMinutes notes on a rating how much time it says was lost.
func (e *Event) loseMinutes(minutes *int) {
	if _, noted := e.Change(FieldMinutesLost); e.Type != Rated || minutes == nil || noted {
		return
	}
	e.Changes = append(e.Changes, Change{Field: FieldMinutesLost, To: strconv.Itoa(*minutes)})
}

// storeParts keeps what an imported event brings besides itself: its files, whose
// bytes the importer has put into the blob store before, and its verdict.
func storeParts(ctx context.Context, tx *database.Tx, e *Event, minutesLost *int) error {
	for i := range e.Attachments {
		a := &e.Attachments[i]
		a.ID, a.TicketID, a.Seq, a.Internal, a.UploaderID, a.CreatedAt = tx.NextID(), e.TicketID, e.Seq, e.Internal, e.Actor.ID, e.At
		_, err := tx.Exec(ctx, `INSERT INTO ticket_attachments (id, ticket_id, seq, internal, name, media_type, size, sha256, uploader_id, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			a.ID, a.TicketID, a.Seq, a.Internal, cleanFileName(a.Name), a.MediaType, a.Size, a.SHA256, a.UploaderID, database.Time(a.CreatedAt))
		if err != nil {
			return err
		}
	}
	if e.Type != Rated {
		return nil
	}
	c, _ := e.Change(FieldRating)
	score, err := strconv.Atoi(c.To)
	if err != nil {
		return nil //nolint:nilerr // an event that only speaks of a rating sets none
	}
	return storeRating(ctx, tx, e.TicketID, StoredRating{
		Rating: Rating{Score: score, MinutesLost: minutesLost, Comment: e.Body}, PersonID: e.Actor.ID, At: e.At,
	})
}

// storeLinks keeps the links that histories tell of, once all of their tickets
// are there. A link is noted on both timelines and kept once, by its holder.
func storeLinks(ctx context.Context, tx *database.Tx, histories []History) error {
	for _, h := range histories {
		for _, e := range h.Events {
			c, ok := e.Change(FieldLink)
			if e.Type != Linked || !ok || e.TicketID == 0 {
				continue
			}
			typ, inverse, other := ParseLink(c.To)
			if inverse || other == 0 {
				continue
			}
			if _, err := tx.Exec(ctx, `INSERT INTO ticket_links (from_id, to_id, type, created_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (from_id, to_id, type) DO NOTHING`, e.TicketID, other, string(typ), database.Time(e.At)); err != nil {
				return err
			}
		}
	}
	return nil
}
