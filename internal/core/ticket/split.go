package ticket

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// SplitWish is the wish for a new ticket out of one message of another.
type SplitWish struct {
	Seq    int     // of the message
	Create Create  // the new ticket; its attachments are added to those of the message
	Files  []int64 // which files of the message go along
}

// Split opens a new ticket out of one message of a timeline, and says so on both.
// A message that the requester may not read stays internal on the new one: it
// becomes a note there. Errors: those of Create, and NotFound for a message that
// the actor may not read.
func (s *Service) Split(ctx context.Context, ref Ref, wish SplitWish) (Operation, Ticket, error) {
	type asked struct {
		Ref Ref
		SplitWish
	}
	var made Ticket
	op, err := s.Operate(ctx, Act{Kind: SplitOff, Wish: asked{ref, wish}}, func(ctx context.Context, b *Batch) (err error) {
		made, err = b.Split(ctx, ref, wish)
		return err
	})
	if err == nil && made.ID == 0 { // done before, under the same idempotency key
		made, err = s.madeBy(ctx, &op)
	}
	return op, made, err
}

// madeBy finds the ticket that an operation created.
func (s *Service) madeBy(ctx context.Context, op *Operation) (Ticket, error) {
	items, err := s.OperationItems(ctx, op, ItemQuery{Limit: maxPage})
	if err != nil {
		return Ticket{}, err
	}
	for i := range items {
		if items[i].Role == RoleMade {
			return s.Get(ctx, ByID(items[i].TicketID))
		}
	}
	return Ticket{}, notFound()
}

// Message gives an entry of a timeline that a ticket can be split off: something
// that was said, and that the actor may read.
func (s *Service) Message(ctx context.Context, t *Ticket, seq int) (Event, error) {
	events, err := s.TimelineStretch(ctx, t, Stretch{After: seq - 1, Before: seq + 1, Limit: 1})
	if err == nil && (len(events) != 1 || !events[0].splittable()) {
		err = noMessage()
	}
	if err != nil {
		return Event{}, err
	}
	return events[0], nil
}

func noMessage() error { return apperr.New(apperr.NotFound, "There is no such message.") }

// splittable reports whether something was said in an event.
func (e *Event) splittable() bool {
	switch e.Type {
	case Created, Replied, Noted, Attached:
		return true
	}
	return false
}

// Split is Service.Split within an operation.
func (b *Batch) Split(ctx context.Context, ref Ref, wish SplitWish) (Ticket, error) {
	ctx = withBatch(ctx, b)
	c, err := b.s.begin(ctx, b.tx, ref, 0)
	if err != nil {
		return Ticket{}, err
	}
	if err := c.may(access.Link); err != nil {
		return Ticket{}, err
	}
	reads := c.actor.Check(access.ReadNotes, c.before.Record()).Allowed
	events, err := loadStretch(ctx, b.tx, c.ticket.ID, Stretch{After: wish.Seq - 1, Before: wish.Seq + 1, Limit: 1}, reads)
	if err != nil {
		return Ticket{}, err
	}
	if len(events) != 1 || !events[0].splittable() {
		return Ticket{}, noMessage()
	}
	made, err := b.splitOff(ctx, &events[0], wish)
	if err != nil {
		return Ticket{}, err
	}
	e := c.event(Split, true, "")
	c.events[e].Changes = []Change{{Field: FieldSplitInto, To: formatID(made.ID)}}
	if _, err := c.save(ctx); err != nil {
		return Ticket{}, err
	}
	return made, nil
}

// splitOff opens the new ticket, with the message's files, and links it.
func (b *Batch) splitOff(ctx context.Context, message *Event, wish SplitWish) (Ticket, error) {
	files, err := b.copyFiles(ctx, message, wish.Files)
	if err != nil {
		return Ticket{}, err
	}
	if !message.Internal {
		wish.Create.Attachments = append(wish.Create.Attachments, files...)
	}
	made, err := b.Create(ctx, wish.Create)
	if err != nil {
		return Ticket{}, err
	}
	if message.Internal {
		if made, err = b.Note(ctx, ByID(made.ID), InternalNote{Body: Markdown(message.Body), Attachments: files}); err != nil {
			return Ticket{}, err
		}
	}
	c, err := b.s.begin(ctx, b.tx, ByID(made.ID), 0)
	if err != nil {
		return Ticket{}, err
	}
	row := linkRow{From: made.ID, To: message.TicketID, Type: RelatedTo}
	changed, err := row.insert(ctx, b.tx, c.now)
	if err != nil {
		return Ticket{}, err
	}
	b.linked(made.ID, changed)
	e := c.event(Split, true, "")
	c.events[e].Changes = []Change{{Field: FieldSplitFrom, To: formatID(message.TicketID)}}
	return c.save(ctx)
}

// copyFiles makes uploads of the actor's own of some files of a message: the bytes
// are stored once.
func (b *Batch) copyFiles(ctx context.Context, message *Event, ids []int64) ([]int64, error) {
	actor := access.From(ctx)
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) > MaxAttachments {
		return nil, apperr.InvalidField("attachments", "At most %d files go with a message.", MaxAttachments)
	}
	var out []int64
	for _, id := range ids {
		for _, a := range message.Attachments {
			if a.ID != id {
				continue
			}
			copied := b.tx.NextID()
			if _, err := b.tx.Exec(ctx, `INSERT INTO ticket_attachments (id, internal, name, media_type, size, sha256, uploader_id, created_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, copied, true, a.Name, a.MediaType, a.Size, a.SHA256, actor.ID, database.Time(micro(b.s.now()))); err != nil {
				return nil, err
			}
			out = append(out, copied)
		}
	}
	return out, nil
}
