package record

import (
	"context"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// besideOwn is how many entries of merged tickets stand between those of a page.
const besideOwn = 200

// withSources puts what was said and done on tickets that go on in this one where
// it belongs in time, as far as the reader may see them. Only whole pages of the
// timeline are read with them: a part that asks for what is new is of this ticket.
func (d *desk) withSources(ctx context.Context, own []entry, earlier int, part ticket.Stretch) ([]entry, error) {
	if len(d.ticket.MergedFrom) == 0 || part.After > 0 {
		return own, nil
	}
	sources, err := d.p.d.Tickets.Sources(ctx, &d.ticket)
	if err != nil || len(sources) == 0 {
		return own, err
	}
	between := ticket.Between{Types: part.Types, Limit: besideOwn}
	if earlier > 1 && len(own) > 0 {
		between.After = own[0].at
	}
	if part.Before > 0 {
		if between.Until, err = d.instantOf(ctx, part.Before); err != nil {
			return own, err
		}
	}
	events, _, err := d.p.d.Tickets.EventsOf(ctx, sources, between)
	if err != nil {
		return own, err
	}
	bySource := map[int64]*ticket.Ticket{}
	for i := range sources {
		bySource[sources[i].ID] = &sources[i]
	}
	all := own
	for i := range events {
		if events[i].Type == ticket.Merged {
			continue // this ticket says the same
		}
		if e, ok := d.foreign(&events[i], bySource[events[i].TicketID]); ok {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return a.at.Compare(b.at) })
	return all, nil
}

// instantOf is when an entry of this ticket was written.
func (d *desk) instantOf(ctx context.Context, seq int) (time.Time, error) {
	events, err := d.p.d.Tickets.TimelineStretch(ctx, &d.ticket, ticket.Stretch{After: seq - 1, Before: seq + 1, Limit: 1})
	if err != nil || len(events) == 0 {
		return time.Time{}, err
	}
	return events[0].At, nil
}

// foreign is an entry of another ticket; false when the reader gets nothing of it.
func (d *desk) foreign(e *ticket.Event, source *ticket.Ticket) (entry, bool) {
	if d.reader.inside {
		out := entryOf(e)
		out.source = source
		return out, true
	}
	p, ok := e.Public()
	out := publicEntry(p)
	out.source = source
	return out, ok
}

func entryOf(e *ticket.Event) entry {
	return entry{
		seq: e.Seq, at: e.At, actor: e.Actor, typ: e.Type, internal: e.Internal, body: e.Body, changes: e.Changes, files: e.Attachments,
		operation: e.Operation,
	}
}

// at gives the desk from which an entry is told: that of the ticket it is from.
func (d *desk) from(ctx context.Context, e *entry) *desk {
	if e.source == nil {
		return d
	}
	other := *d
	other.ticket = *e.source
	if def, err := d.p.d.Tickets.Kinds().In(ctx).Get(e.source.Kind); err == nil {
		other.def = def
	}
	return &other
}

// origin says where an entry is from that was not written to this ticket.
func (d *desk) origin(e *entry) ui.Link {
	if e.source != nil {
		return ui.Link{Label: e.source.Number, URL: view.TicketURL(e.source.Number), Mono: true}
	}
	if c, ok := e.change(ticket.FieldVia); ok {
		event := ticket.Event{Changes: []ticket.Change{c}}
		if t, known := d.names.tickets[event.Via()]; known {
			return ui.Link{Label: t.Number, URL: view.TicketURL(t.Number), Mono: true}
		}
	}
	return ui.Link{}
}

// act names the operation that an entry is part of, or takes back.
func (d *desk) act(ctx context.Context, e *entry) (why string, link ui.Link) {
	op, known := d.names.operations[e.operation]
	if !known {
		return "", ui.Link{}
	}
	name := operationName(ctx, &op)
	if e.typ == ticket.Undone {
		why = text.T(ctx, "to undo: %s", name)
	}
	if d.reader.actor.Can(access.Bulk, access.AnyKind) || op.Actor.ID == d.reader.actor.ID && op.Actor.Type == d.reader.actor.Type {
		link = ui.Link{Label: name, URL: view.OperationURL(op.ID)}
	}
	return why, link
}

// operationName says what somebody did to many tickets.
func operationName(ctx context.Context, op *ticket.Operation) string {
	if op.Title != "" {
		return op.Title
	}
	switch op.Kind {
	case ticket.BulkEdit:
		return text.T(ctx, "bulk edit")
	case ticket.MergeInto:
		return text.T(ctx, "merge")
	case ticket.SplitOff:
		return text.T(ctx, "split")
	case ticket.ConvertKind:
		return text.T(ctx, "change of kind")
	case ticket.RunMacro:
		return text.T(ctx, "macro")
	}
	return text.T(ctx, "operation")
}

// mergedInto tells a merge, from this ticket's side.
func (d *desk) mergedInto(ctx context.Context, c ticket.Change) string {
	if c.To == "" {
		return text.T(ctx, "took this out of %s again", d.other(ctx, parseID(c.From)))
	}
	return text.T(ctx, "merged this into %s", d.other(ctx, parseID(c.To)))
}

// tookIn tells which tickets came into this one, or left it again.
func (d *desk) tookIn(ctx context.Context, c ticket.Change) string {
	names := func(ids []string) (out []string) {
		for _, id := range ids {
			out = append(out, d.other(ctx, parseID(id)))
		}
		return out
	}
	came, left := difference(c.To, c.From), difference(c.From, c.To)
	if len(came) > 0 {
		return text.T(ctx, "merged %s into this", text.List(ctx, names(came)))
	}
	if len(left) > 0 {
		return text.T(ctx, "took %s out of this again", text.List(ctx, names(left)))
	}
	return ""
}
