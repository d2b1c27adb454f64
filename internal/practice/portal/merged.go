package portal

import (
	"context"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/practice/portal/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// goesOn tells whoever asked for a merged ticket how it goes on: under which
// number, in which state, and what those who work on it said. Nothing that others
// wrote who asked for the same is in it.
func (p *Portal) goesOn(ctx context.Context, t *ticket.Ticket, m *view.Ticket) error {
	if t.MergedIntoID == 0 {
		return nil
	}
	next, err := p.Tickets.Continuation(ctx, t)
	if err != nil {
		return err
	}
	def, err := p.Tickets.Kinds().In(ctx).Get(next.Ticket.Kind)
	if err != nil {
		return err
	}
	m.GoesOn = view.GoesOn{Number: next.Number, Open: next.Sees && concerns(&next.Ticket, access.From(ctx).ID)}
	m.State, m.Category = stateWords(def, next.Ticket.State, next.Ticket.WaitReason), ui.Category(next.Ticket.Category)
	m.Key = next.Number + "." + next.Ticket.State + "." + next.Ticket.WaitReason
	m.Steps = journey(def, &next.Ticket, next.Ticket.AssignedAt)
	m.Reply = next.Ticket.Category.Active() && access.From(ctx).Check(access.Comment, t.Record()).Allowed
	m.Confirm, m.Reopen, m.Cancel, m.Answer, m.Again = false, false, false, false, !m.Reply
	var writers []int64
	for _, e := range next.Events {
		writers = append(writers, e.Actor.ID)
	}
	c, err := p.castOf(ctx, []ticket.Ticket{next.Ticket}, writers...)
	if err != nil {
		return err
	}
	m.Who = c.who(ctx, &next.Ticket)
	for i := range next.Events {
		for _, s := range p.said(ctx, c, def, t, &next.Events[i]) {
			s.From = next.Number
			m.Talk = append(m.Talk, s)
		}
	}
	return nil
}

// goingOn is the list entry of a merged ticket: in the state in which it goes on.
func (p *Portal) goingOn(ctx context.Context, t *ticket.Ticket, next *ticket.Continuation) (view.Item, error) {
	def, err := p.Tickets.Kinds().In(ctx).Get(next.Ticket.Kind)
	if err != nil {
		return view.Item{}, err
	}
	return view.Item{
		Number: t.Number, Title: t.Title, State: stateWords(def, next.Ticket.State, next.Ticket.WaitReason), Category: ui.Category(next.Ticket.Category),
		Note: text.T(ctx, "Goes on as %s", next.Number), At: t.CreatedAt,
	}, nil
}

// targets are the tickets in which merged ones go on.
func targets(next map[int64]ticket.Continuation) []ticket.Ticket {
	var out []ticket.Ticket
	for _, c := range next {
		out = append(out, c.Ticket)
	}
	return out
}

// byAge puts two lists together, what was asked last first.
func byAge(a, b []ticket.Ticket) []ticket.Ticket {
	out := slices.Concat(a, b)
	slices.SortStableFunc(out, func(x, y ticket.Ticket) int { return y.CreatedAt.Compare(x.CreatedAt) })
	return out
}

// besideOwn is how many entries of merged tickets stand between those of a page.
const besideOwn = 100

// withSources puts what was said on the reader's own tickets that go on in this
// one where it belongs in time.
func (p *Portal) withSources(ctx context.Context, t *ticket.Ticket, events []ticket.PublicEvent, before int, m *view.Ticket) error {
	if len(t.MergedFrom) == 0 {
		return nil
	}
	sources, err := p.Tickets.Sources(ctx, t)
	if err != nil {
		return err
	}
	me := access.From(ctx).ID
	sources = slices.DeleteFunc(sources, func(s ticket.Ticket) bool { return !concerns(&s, me) })
	between := ticket.Between{Limit: besideOwn, Types: []ticket.EventType{ticket.Created, ticket.Replied}}
	if m.Earlier > 0 && len(events) > 0 {
		between.After = events[0].At
	}
	if before > 0 && len(events) > 0 {
		between.Until = events[len(events)-1].At
	}
	theirs, _, err := p.Tickets.EventsOf(ctx, sources, between)
	if err != nil || len(theirs) == 0 {
		return err
	}
	writers := make([]int64, len(theirs))
	for i := range theirs {
		writers[i] = theirs[i].Actor.ID
	}
	c, err := p.castOf(ctx, nil, writers...)
	if err != nil {
		return err
	}
	for i := range theirs {
		event, public := theirs[i].Public()
		if !public || event.Message == "" && len(event.Attachments) == 0 {
			continue
		}
		name, role, own := c.author(ctx, event.Actor, t)
		s := view.Say{Seq: event.Seq, At: event.At, Author: name, Role: role, Own: own, Files: filesOf(event.Attachments), From: strconv.FormatInt(event.TicketID, 10)}
		if event.Message != "" {
			s.Body = templ.Raw(markdown.HTML(event.Message, markdown.Context{}))
		}
		m.Talk = append(m.Talk, s)
	}
	slices.SortStableFunc(m.Talk, func(a, b view.Say) int { return a.At.Compare(b.At) })
	return nil
}

// mergedWords says that a ticket goes on elsewhere.
func mergedWords(ctx context.Context) string {
	return text.T(ctx, "This goes on together with another ticket about the same matter.")
}
