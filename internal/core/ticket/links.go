package ticket

import (
	"context"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// LinkType says what one ticket is to another.
type LinkType string

// The types of links. Child and parent are kept in Ticket.ParentID; the others as rows.
const (
	RelatedTo   LinkType = "related"
	DuplicateOf LinkType = "duplicate_of"
	CausedBy    LinkType = "caused_by"
	ParentOf    LinkType = "parent"
	ChildOf     LinkType = "child"
	MergedWith  LinkType = "merged_into" // made and undone by a merge, not by Link
)

// Link is a link as seen from one ticket: "this is <Type> of Other".
type Link struct {
	Type    LinkType
	Inverse bool // the other ticket holds the link: it is the duplicate, or was caused by this
	Other   Ticket
}

// Link connects two tickets the actor may both see; linking twice is no error.
func (s *Service) Link(ctx context.Context, ref Ref, typ LinkType, other Ref) (Ticket, error) {
	return s.relate(ctx, ref, typ, other, Linked)
}

// Unlink removes a link, whichever of the two holds it.
func (s *Service) Unlink(ctx context.Context, ref Ref, typ LinkType, other Ref) (Ticket, error) {
	return s.relate(ctx, ref, typ, other, Unlinked)
}

// relate makes or removes a link, once per idempotency key.
func (s *Service) relate(ctx context.Context, ref Ref, typ LinkType, other Ref, event EventType) (Ticket, error) {
	name := "link"
	if typ == ChildOf || typ == ParentOf {
		name = "parent"
	}
	var saved Ticket
	err := s.write(ctx, func(tx *database.Tx) error {
		return s.onceOn(ctx, tx, []any{name, ref, typ, other, event}, &saved, func() (err error) {
			saved, err = s.relateIn(ctx, tx, ref, typ, other, event)
			return err
		})
	})
	return saved, err
}

func (s *Service) relateIn(ctx context.Context, tx *database.Tx, ref Ref, typ LinkType, other Ref, event EventType) (Ticket, error) {
	switch typ {
	case RelatedTo, DuplicateOf, CausedBy:
		return s.relink(ctx, tx, ref, typ, other, event)
	case ChildOf:
		return s.setParentOf(ctx, tx, ref, other, event == Linked, ref)
	case ParentOf:
		return s.setParentOf(ctx, tx, other, ref, event == Linked, ref)
	}
	return Ticket{}, apperr.InvalidField("type", "A link is parent, child, related, duplicate_of or caused_by.")
}

// relink changes a row of links and notes it on both timelines.
func (s *Service) relink(ctx context.Context, tx *database.Tx, ref Ref, typ LinkType, other Ref, event EventType) (Ticket, error) {
	from, err := s.begin(ctx, tx, ref, 0)
	if err != nil {
		return Ticket{}, err
	}
	to, err := s.begin(ctx, tx, other, 0)
	if err != nil {
		return Ticket{}, missingUnless(false, err)
	}
	if from.ticket.ID == to.ticket.ID {
		return Ticket{}, apperr.InvalidField("other", "A ticket cannot be linked to itself.")
	}
	if err := from.may(access.Link); err != nil {
		return Ticket{}, err
	}
	row := linkRow{From: from.ticket.ID, To: to.ticket.ID, Type: typ}
	var changed []linkRow
	if event == Linked {
		changed, err = row.insert(ctx, tx, from.now)
	} else {
		changed, err = row.delete(ctx, tx)
	}
	if err != nil || len(changed) == 0 {
		return from.before, err
	}
	if b := batchOf(ctx); b != nil {
		b.linked(from.ticket.ID, changed)
	}
	saved, err := from.note(ctx, event, string(typ), to.ticket.ID)
	if err != nil {
		return saved, err
	}
	_, err = to.note(ctx, event, "inverse_"+string(typ), from.ticket.ID)
	return saved, err
}

// linkRow is a link as it is stored: from is the duplicate of to.
type linkRow struct {
	From int64    `json:"from"`
	To   int64    `json:"to"`
	Type LinkType `json:"type"`
	Gone bool     `json:"gone,omitempty"` // what an operation removed
}

// insert makes the link and gives it, unless it is there already.
func (l linkRow) insert(ctx context.Context, tx *database.Tx, at time.Time) ([]linkRow, error) {
	n, err := tx.Exec(ctx, `INSERT INTO ticket_links (from_id, to_id, type, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (from_id, to_id, type) DO NOTHING`, l.From, l.To, string(l.Type), database.Time(at))
	if err != nil || n == 0 {
		return nil, err
	}
	return []linkRow{l}, nil
}

// delete removes the link, whichever of the two holds it, and gives what was stored.
func (l linkRow) delete(ctx context.Context, tx *database.Tx) ([]linkRow, error) {
	var gone []linkRow
	for _, row := range []linkRow{{l.From, l.To, l.Type, true}, {l.To, l.From, l.Type, true}} {
		n, err := tx.Exec(ctx, `DELETE FROM ticket_links WHERE from_id = $1 AND to_id = $2 AND type = $3`, row.From, row.To, string(row.Type))
		if err != nil {
			return nil, err
		}
		if n > 0 {
			gone = append(gone, row)
		}
	}
	return gone, nil
}

// missingUnless turns the absence of a ticket that is to be linked into a wrong
// field; that of the one that was asked for stays what it is.
func missingUnless(asked bool, err error) error {
	if !asked && apperr.Is(err, apperr.NotFound) {
		return apperr.InvalidField("other", "There is no such ticket, or you may not see it.")
	}
	return err
}

// note saves an event that says which link came or went.
func (c *change) note(ctx context.Context, event EventType, typ string, other int64) (Ticket, error) {
	e := c.event(event, true, "")
	value := typ + " " + formatID(other)
	link := Change{Field: FieldLink, To: value}
	if event == Unlinked {
		link = Change{Field: FieldLink, From: value}
	}
	c.events[e].Changes = append(c.events[e].Changes, link)
	return c.save(ctx)
}

// setParentOf sets or clears a child's parent and gives the ticket that was asked for.
func (s *Service) setParentOf(ctx context.Context, tx *database.Tx, child, parent Ref, on bool, asked Ref) (Ticket, error) {
	c, err := s.begin(ctx, tx, child, 0)
	if err != nil {
		return Ticket{}, missingUnless(child == asked, err)
	}
	p, err := s.begin(ctx, tx, parent, 0)
	if err != nil {
		return Ticket{}, missingUnless(parent == asked, err)
	}
	if err := c.may(access.Link); err != nil {
		return Ticket{}, err
	}
	id := int64(0)
	if on {
		id = p.ticket.ID
	} else if c.ticket.ParentID != p.ticket.ID {
		return load(ctx, tx, asked)
	}
	if err := c.setParent(ctx, c.event(Changed, true, ""), id); err != nil {
		return Ticket{}, err
	}
	if _, err := c.save(ctx); err != nil {
		return Ticket{}, err
	}
	return load(ctx, tx, asked)
}

// setParent changes the parent after checking that no circle arises. Changes of
// parents wait for one another until the commit: two that are fine alone may make
// a circle together.
func (c *change) setParent(ctx context.Context, e int, parent int64) error {
	if parent != 0 {
		if _, err := c.tx.ReserveNumbers(ctx, "ticket_parents", 1); err != nil {
			return err
		}
	}
	for id, depth := parent, 0; id != 0; depth++ {
		if id == c.ticket.ID || depth > 20 {
			return apperr.InvalidField(FieldParent, "A ticket cannot be its own ancestor.")
		}
		p, err := load(ctx, c.tx, ByID(id))
		if err != nil || depth == 0 && !c.actor.Check(access.View, p.Record()).Allowed {
			return apperr.InvalidField(FieldParent, "There is no such parent ticket.")
		}
		id = p.ParentID
	}
	return c.setID(e, FieldParent, parent)
}

// Links lists what a ticket is linked to, as far as the actor may see it:
// parent first, then children, then the others. At most 200.
func (s *Service) Links(ctx context.Context, t *Ticket) ([]Link, error) {
	type row struct {
		typ     LinkType
		inverse bool
		other   Ticket
	}
	const most = 200
	var args database.Args
	for _, v := range []any{t.ID, t.ParentID, most, t.MergedIntoID} {
		args.Arg(v)
	}
	merged := database.In(&args, t.MergedFrom)
	rows, err := database.All(ctx, s.db.Reader(), func(r database.Row) (row, error) {
		var l row
		var direction int
		err := r.Scan(append([]any{&l.typ, &direction}, l.other.destinations()...)...)
		l.inverse = direction == 1
		return l, err
	}, `WITH linked (place, link, direction, other_id) AS (
			SELECT -1, 'merged_into', 0, m.id FROM tickets m WHERE m.id = $4
			UNION ALL SELECT 4, 'merged_into', 1, f.id FROM tickets f WHERE f.id IN `+merged+`
			UNION ALL
			SELECT 0, 'child', 0, p.id FROM tickets p WHERE p.id = $2
			UNION ALL SELECT 1, 'parent', 0, k.id FROM tickets k WHERE k.parent_id = $1
			UNION ALL SELECT 2, l.type, 0, l.to_id FROM ticket_links l WHERE l.from_id = $1
			UNION ALL SELECT 3, l.type, 1, l.from_id FROM ticket_links l WHERE l.to_id = $1)
		SELECT linked.link, linked.direction, `+columns+` FROM linked JOIN tickets t ON t.id = linked.other_id
		ORDER BY linked.place, linked.link, t.id LIMIT $3`, args.Values()...)
	if err != nil {
		return nil, err
	}
	others := make([]Ticket, len(rows))
	for i := range rows {
		others[i] = rows[i].other
	}
	if err := loadSets(ctx, s.db.Reader(), others); err != nil {
		return nil, err
	}
	actor := access.From(ctx)
	var out []Link
	for i, l := range rows {
		if actor.Check(access.View, others[i].Record()).Allowed {
			out = append(out, Link{Type: l.typ, Inverse: l.inverse, Other: others[i]})
		}
	}
	return out, nil
}

// ParseLink reads the value a link event notes: the type, whether the other
// ticket holds it, and the other's id.
func ParseLink(value string) (typ LinkType, inverse bool, other int64) {
	name, id, _ := strings.Cut(value, " ")
	other, _ = parseID(id)
	name, inverse = strings.CutPrefix(name, "inverse_")
	return LinkType(name), inverse, other
}
