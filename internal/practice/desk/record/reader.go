package record

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

// desk is a ticket in front of somebody: what it is, what life its kind leads,
// and what its reader may see and do.
type desk struct {
	p      *Record
	ticket ticket.Ticket
	def    *workflow.Definition
	reader reader
	names  cast
	alone  bool // on a page of its own, not beside a list

	written map[module.Said]module.Written // how messages of the page were written
}

// reader is what somebody may see and do on one ticket. Buttons and texts follow
// it; whether something is allowed is decided by ticket.Service all the same.
type reader struct {
	actor  access.Actor
	works  bool // is more to the ticket than its requester or watcher
	inside bool // reads internal notes: the whole timeline
	people bool // may look people up

	comments, notes, edits, assigns, links bool
}

func readerOf(actor access.Actor, t *ticket.Ticket) reader {
	record := t.Record()
	may := func(verb access.Verb) bool { return actor.Check(verb, record).Allowed }
	seeing := actor.Check(access.View, record)
	return reader{
		actor:  actor,
		works:  actor.Trusted() || slices.ContainsFunc(seeing.Grants, func(g access.Grant) bool { return g.Scope != access.ScopeOwn }),
		inside: may(access.ReadNotes), people: actor.Can(access.ViewPeople, access.AnyKind),
		comments: may(access.Comment), notes: may(access.Note), edits: may(access.Edit), assigns: may(access.Assign), links: may(access.Link),
	}
}

// isColleague reports whether somebody may know who else looks at a ticket.
func isColleague(ctx context.Context, t *ticket.Ticket) bool {
	r := readerOf(access.From(ctx), t)
	return r.works && r.inside && r.people
}

func (r reader) colleague() bool { return r.works && r.inside && r.people }

// open loads a ticket for its reader.
func (p *Record) open(ctx context.Context, ref ticket.Ref) (*desk, error) {
	t, err := p.d.Tickets.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	return p.deskOf(ctx, t)
}

func (p *Record) deskOf(ctx context.Context, t ticket.Ticket) (*desk, error) {
	def, err := p.d.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return nil, err
	}
	return &desk{p: p, ticket: t, def: def, reader: readerOf(access.From(ctx), &t)}, nil
}

func (d *desk) ref() ticket.Ref { return ticket.ByID(d.ticket.ID) }
