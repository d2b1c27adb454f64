package ticket

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Batch is an operation under way. Its methods are those of Service, with the
// same checks and errors, in the operation's transaction.
type Batch struct {
	s     *Service
	tx    *database.Tx
	id    int64
	kind  OperationKind
	items map[int64]*Item // by ticket
}

type batchKey struct{}

func withBatch(ctx context.Context, b *Batch) context.Context {
	return context.WithValue(ctx, batchKey{}, b)
}

// batchOf gives the operation that a save belongs to, if any.
func batchOf(ctx context.Context) *Batch {
	b, _ := ctx.Value(batchKey{}).(*Batch)
	return b
}

func newBatch(s *Service, tx *database.Tx, op Operation) *Batch {
	return &Batch{s: s, tx: tx, id: op.ID, kind: op.Kind, items: map[int64]*Item{}}
}

// Tx is the operation's transaction, for what a practice keeps beside tickets.
func (b *Batch) Tx() *database.Tx { return b.tx }

// Get gives a ticket as the operation has left it so far; NotFound if the actor
// may not see it.
func (b *Batch) Get(ctx context.Context, ref Ref) (Ticket, error) {
	t, err := load(ctx, b.tx, ref)
	if err == nil && !access.From(ctx).Check(access.View, t.Record()).Allowed {
		return Ticket{}, notFound()
	}
	return t, err
}

// Edit is Service.Edit.
func (b *Batch) Edit(ctx context.Context, ref Ref, cmd Edit) (Ticket, error) {
	return b.meant(b.s.editIn(withBatch(ctx, b), b.tx, ref, cmd))
}

// Transition is Service.Transition.
func (b *Batch) Transition(ctx context.Context, ref Ref, cmd Step) (Ticket, error) {
	return b.meant(b.s.transitionIn(withBatch(ctx, b), b.tx, ref, cmd))
}

// Reply is Service.Reply. An undo cannot take it back.
func (b *Batch) Reply(ctx context.Context, ref Ref, cmd PublicReply) (Ticket, error) {
	if err := checkMessage(string(cmd.Body), cmd.Attachments); err != nil {
		return Ticket{}, err
	}
	return b.meant(b.s.replyIn(withBatch(ctx, b), b.tx, ref, cmd))
}

// Note is Service.Note. An undo leaves it where it is.
func (b *Batch) Note(ctx context.Context, ref Ref, cmd InternalNote) (Ticket, error) {
	if err := checkMessage(string(cmd.Body), cmd.Attachments); err != nil {
		return Ticket{}, err
	}
	ctx = withBatch(ctx, b)
	return b.meant(b.s.converseIn(ctx, b.tx, ref, cmd.Version, func(c *change) error { return c.addNote(ctx, cmd) }))
}

// Act is Service.Act. An undo leaves what the practice did as it is.
func (b *Batch) Act(ctx context.Context, ref Ref, verb access.Verb, fn func(a *Acting) error) (Ticket, error) {
	return b.meant(b.s.actIn(withBatch(ctx, b), b.tx, ref, verb, fn))
}

// Watch is Service.Watch.
func (b *Batch) Watch(ctx context.Context, ref Ref, watching bool) (Ticket, error) {
	return b.meant(b.s.watchIn(withBatch(ctx, b), b.tx, ref, watching))
}

// Link is Service.Link.
func (b *Batch) Link(ctx context.Context, ref Ref, typ LinkType, other Ref) (Ticket, error) {
	return b.meant(b.s.relateIn(withBatch(ctx, b), b.tx, ref, typ, other, Linked))
}

// Unlink is Service.Unlink.
func (b *Batch) Unlink(ctx context.Context, ref Ref, typ LinkType, other Ref) (Ticket, error) {
	return b.meant(b.s.relateIn(withBatch(ctx, b), b.tx, ref, typ, other, Unlinked))
}

// Create is Service.Create. An undo cancels the ticket if nobody has touched it.
func (b *Batch) Create(ctx context.Context, cmd Create) (Ticket, error) {
	t, err := b.s.create(withBatch(ctx, b), b.tx, cmd)
	if err == nil {
		b.item(t.ID).Role = RoleMade
	}
	return t, err
}

// Try does something to one ticket. What is refused is recorded with the ticket
// and undone, and Try gives nil so that the next one can follow; any other error
// ends the operation.
func (b *Batch) Try(ctx context.Context, ref Ref, fn func(ctx context.Context, ref Ref) error) error {
	t, err := load(ctx, b.tx, ref)
	if err != nil {
		return err
	}
	before := b.snapshot()
	err = b.tx.Savepoint(ctx, func() error {
		if err := b.permitted(ctx, &t); err != nil {
			return err
		}
		return fn(withBatch(ctx, b), ByID(t.ID))
	})
	if err != nil && !refused(err) {
		return err
	}
	if err != nil {
		b.items = before
	}
	item := b.item(t.ID)
	item.Role = RoleMeant
	if err != nil {
		item.Message = reason(ctx, err)
	}
	switch {
	case item.LastSeq != 0: // also by an earlier part of the operation
		item.Outcome = OutcomeChanged
	case err != nil:
		item.Outcome = OutcomeFailed
	default:
		item.Outcome = OutcomeSame
	}
	return nil
}

// reason says why something was refused, in the words of whoever asked for it.
func reason(ctx context.Context, err error) string {
	if fields := apperr.FieldsOf(err); len(fields) > 0 {
		return fields[0].Message.In(ctx)
	}
	return apperr.Message(err).In(ctx)
}

// permitted checks what an operation itself needs, besides what it does.
func (b *Batch) permitted(ctx context.Context, t *Ticket) error {
	actor := access.From(ctx)
	if !actor.Check(access.View, t.Record()).Allowed {
		return notFound()
	}
	if b.kind == BulkEdit {
		return actor.Check(access.Bulk, t.Record()).Err()
	}
	return nil
}

// refused reports whether an error says no to one ticket, rather than that
// something is broken.
func refused(err error) bool {
	switch apperr.KindOf(err) {
	case apperr.Invalid, apperr.Conflict, apperr.Forbidden, apperr.NotFound:
		return !errors.Is(err, errStale)
	}
	return false
}

// meant notes that the operation was meant for the ticket that was saved.
func (b *Batch) meant(t Ticket, err error) (Ticket, error) {
	if err == nil {
		if item, ok := b.items[t.ID]; ok && item.Role == RoleFollowed {
			item.Role = RoleMeant
		}
	}
	return t, err
}

func (b *Batch) item(id int64) *Item {
	item, ok := b.items[id]
	if !ok {
		item = &Item{OperationID: b.id, TicketID: id, Place: len(b.items) + 1, Role: RoleFollowed, Outcome: OutcomeChanged}
		b.items[id] = item
	}
	return item
}

// snapshot copies the items, for what may be taken back.
func (b *Batch) snapshot() map[int64]*Item {
	out := make(map[int64]*Item, len(b.items))
	for id, item := range b.items {
		kept := *item
		out[id] = &kept
	}
	return out
}

// list gives the items in the order in which they were touched.
func (b *Batch) list() []Item {
	var out []Item
	for _, item := range slices.SortedFunc(maps.Values(b.items), func(x, y *Item) int { return cmp.Compare(x.Place, y.Place) }) {
		out = append(out, *item)
	}
	return out
}

// wrote notes what a save made of a ticket.
func (b *Batch) wrote(before, after *Ticket, events []Event) {
	item := b.item(after.ID)
	item.Outcome = OutcomeChanged
	if item.FirstSeq == 0 {
		item.FirstSeq = events[0].Seq
	}
	item.LastSeq = after.LastSeq
	if before.Version == 0 {
		item.Role = RoleMade
		return
	}
	item.Wrote.Changes = joinChanges(item.Wrote.Changes, difference(before, after))
	for i := range events {
		item.Wrote.Replied = item.Wrote.Replied || events[i].Type == Replied
		item.Wrote.Noted = item.Wrote.Noted || events[i].Type == Noted || events[i].Type == Acted
		item.Wrote.Files = item.Wrote.Files || events[i].Type == Attached
	}
}

// linked notes links that were made or removed from a ticket's side.
func (b *Batch) linked(id int64, rows []linkRow) {
	item := b.item(id)
	item.Wrote.Links = append(slices.Clone(item.Wrote.Links), rows...)
}

// flush stores the items, joined with what earlier parts of the operation did to
// the same tickets.
func (b *Batch) flush(ctx context.Context) error {
	ids := slices.Collect(maps.Keys(b.items))
	known, err := itemsOf(ctx, b.tx, b.id, ids)
	if err != nil {
		return err
	}
	for _, item := range b.list() {
		if old, ok := known[item.TicketID]; ok {
			item = old.joined(item)
		}
		if err := saveItem(ctx, b.tx, &item); err != nil {
			return err
		}
	}
	return nil
}

// joined is what two parts of an operation did to a ticket.
func (i Item) joined(later Item) Item {
	out := later
	out.Place = i.Place
	if i.FirstSeq != 0 {
		out.FirstSeq = i.FirstSeq
	}
	out.LastSeq = max(i.LastSeq, later.LastSeq)
	if i.Role != RoleFollowed {
		out.Role = i.Role
	}
	if i.LastSeq != 0 {
		out.Outcome = OutcomeChanged
	}
	if out.Message == "" {
		out.Message = i.Message
	}
	out.Wrote.Changes = joinChanges(i.Wrote.Changes, later.Wrote.Changes)
	out.Wrote.Links = append(slices.Clone(i.Wrote.Links), later.Wrote.Links...)
	out.Wrote.Replied = i.Wrote.Replied || later.Wrote.Replied
	out.Wrote.Noted = i.Wrote.Noted || later.Wrote.Noted
	out.Wrote.Files = i.Wrote.Files || later.Wrote.Files
	return out
}
