package ticket

import (
	"context"
	"strings"

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
)

// Link is a link as seen from one ticket: "this is <Type> of Other".
type Link struct {
	Type    LinkType
	Inverse bool // the other ticket holds the link: it is the duplicate, or was caused by this
	Other   Ticket
}

// Link connects two tickets the actor may both see; linking twice is no error.
func (s *Service) Link(ctx context.Context, ref Ref, typ LinkType, other Ref) (Ticket, error) {
	switch typ {
	case RelatedTo, DuplicateOf, CausedBy:
	case ChildOf, ParentOf:
		return s.linkParent(ctx, ref, typ, other)
	default:
		return Ticket{}, apperr.InvalidField("type", "A link is parent, child, related, duplicate_of or caused_by.")
	}
	return s.relink(ctx, ref, other, func(c *change, to *Ticket) (EventType, error) {
		n, err := c.tx.Exec(ctx, `INSERT INTO ticket_links (from_id, to_id, type, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (from_id, to_id, type) DO NOTHING`, c.ticket.ID, to.ID, string(typ), database.Time(c.now))
		if err != nil || n == 0 {
			return "", err
		}
		return Linked, nil
	}, typ)
}

// Unlink removes a link, whichever of the two holds it.
func (s *Service) Unlink(ctx context.Context, ref Ref, typ LinkType, other Ref) (Ticket, error) {
	if typ == ChildOf || typ == ParentOf {
		child, parent := ref, other
		if typ == ParentOf {
			child, parent = other, ref
		}
		return s.setParentOf(ctx, child, parent, false, ref)
	}
	return s.relink(ctx, ref, other, func(c *change, to *Ticket) (EventType, error) {
		n, err := c.tx.Exec(ctx, `DELETE FROM ticket_links WHERE type = $3 AND ((from_id = $1 AND to_id = $2) OR (from_id = $2 AND to_id = $1))`,
			c.ticket.ID, to.ID, string(typ))
		if err != nil || n == 0 {
			return "", err
		}
		return Unlinked, nil
	}, typ)
}

// relink changes a row of links and notes it on both timelines.
func (s *Service) relink(ctx context.Context, ref, other Ref, fn func(c *change, to *Ticket) (EventType, error), typ LinkType) (Ticket, error) {
	var saved Ticket
	err := s.write(ctx, func(tx *database.Tx) error {
		return s.onceOn(ctx, tx, []any{"link", ref, typ, other}, &saved, func() error {
			from, err := s.begin(ctx, tx, ref, 0)
			if err != nil {
				return err
			}
			to, err := s.begin(ctx, tx, other, 0)
			if err != nil {
				return missingUnless(false, err)
			}
			if from.ticket.ID == to.ticket.ID {
				return apperr.InvalidField("other", "A ticket cannot be linked to itself.")
			}
			if err := from.may(access.Link); err != nil {
				return err
			}
			event, err := fn(from, &to.ticket)
			if err != nil {
				return err
			}
			if event == "" {
				saved = from.before
				return nil
			}
			if saved, err = from.note(ctx, event, string(typ), to.ticket.ID); err != nil {
				return err
			}
			_, err = to.note(ctx, event, "inverse_"+string(typ), from.ticket.ID)
			return err
		})
	})
	return saved, err
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

func (s *Service) linkParent(ctx context.Context, ref Ref, typ LinkType, other Ref) (Ticket, error) {
	child, parent := ref, other
	if typ == ParentOf {
		child, parent = other, ref
	}
	return s.setParentOf(ctx, child, parent, true, ref)
}

// setParentOf sets or clears a child's parent and gives the ticket that was asked for.
func (s *Service) setParentOf(ctx context.Context, child, parent Ref, on bool, asked Ref) (Ticket, error) {
	var saved Ticket
	err := s.write(ctx, func(tx *database.Tx) error {
		return s.onceOn(ctx, tx, []any{"parent", child, parent, on}, &saved, func() error {
			c, err := s.begin(ctx, tx, child, 0)
			if err != nil {
				return missingUnless(child == asked, err)
			}
			p, err := s.begin(ctx, tx, parent, 0)
			if err != nil {
				return missingUnless(parent == asked, err)
			}
			if err := c.may(access.Link); err != nil {
				return err
			}
			id := int64(0)
			if on {
				id = p.ticket.ID
			} else if c.ticket.ParentID != p.ticket.ID {
				saved, err = load(ctx, tx, asked)
				return err
			}
			if err := c.setParent(ctx, c.event(Changed, true, ""), id); err != nil {
				return err
			}
			if _, err := c.save(ctx); err != nil {
				return err
			}
			saved, err = load(ctx, tx, asked)
			return err
		})
	})
	return saved, err
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
	rows, err := database.All(ctx, s.db.Reader(), func(r database.Row) (row, error) {
		var l row
		var direction int
		err := r.Scan(append([]any{&l.typ, &direction}, l.other.destinations()...)...)
		l.inverse = direction == 1
		return l, err
	}, `WITH linked (place, link, direction, other_id) AS (
			SELECT 0, 'child', 0, p.id FROM tickets p WHERE p.id = $2
			UNION ALL SELECT 1, 'parent', 0, k.id FROM tickets k WHERE k.parent_id = $1
			UNION ALL SELECT 2, l.type, 0, l.to_id FROM ticket_links l WHERE l.from_id = $1
			UNION ALL SELECT 3, l.type, 1, l.from_id FROM ticket_links l WHERE l.to_id = $1)
		SELECT linked.link, linked.direction, `+columns+` FROM linked JOIN tickets t ON t.id = linked.other_id
		ORDER BY linked.place, linked.link, t.id LIMIT $3`, t.ID, t.ParentID, most)
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
