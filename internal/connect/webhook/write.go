package webhook

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// adminURL is where channels are set up.
const adminURL = "/admin/channels"

// write puts a message into words, as what is true and may be seen at this moment. reason
// says why there is nothing to send; "" sends it.
func (s *Service) write(ctx context.Context, c *Channel, m *Stored) (words *said, to target, reason string, err error) {
	words = &said{ID: m.ID, Kind: m.Kind, Change: m.Content.Change, URL: m.Content.URL}
	if m.PersonID == 0 {
		reason, err = s.forRoom(ctx, c, m, words)
		return words, to, reason, err
	}
	to, err = s.target(ctx, s.DB.Reader(), c.ID, m.PersonID)
	if apperr.Is(err, apperr.NotFound) || err == nil && (to.whole == "" || m.Kind != channel.Code && to.verifiedAt.IsZero()) {
		return words, to, reasonNoTarget, nil
	}
	if err != nil {
		return words, to, "", err
	}
	p, err := s.Actors.Person(ctx, m.PersonID)
	if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Forbidden) || err == nil && !p.Actor.IsPerson() {
		return words, to, reasonNobody, nil
	}
	if err != nil {
		return words, to, "", err
	}
	as := access.With(s.Reading(ctx, m.PersonID, ""), p.Actor)
	if m.Kind == channel.Code {
		if to.code == "" || !to.codeUntil.After(s.now()) {
			return words, to, reasonExpired, nil
		}
		said := text.T(as, "Your code for Steward: %s", to.code)
		words.Lines = []line{{Line: channel.Line{Text: said, Why: text.T(as, "Somebody wants to be told things here. If it was not you, do nothing."), URL: s.BaseURL + WaysURL}}}
		return words, to, "", nil
	}
	reason, err = s.forPerson(as, c, m, words)
	return words, to, reason, err
}

// forPerson leaves out what its reader may not see any more.
func (s *Service) forPerson(ctx context.Context, c *Channel, m *Stored, words *said) (string, error) {
	actor := access.From(ctx)
	var ids []int64
	for _, l := range m.Content.Lines {
		if l.Ticket != 0 && !slices.Contains(ids, l.Ticket) {
			ids = append(ids, l.Ticket)
		}
	}
	visible := map[int64]*ticket.Ticket{}
	found, err := s.Tickets.ByIDs(ctx, ids)
	if err != nil {
		return "", err
	}
	for i := range found {
		visible[found[i].ID] = &found[i]
	}
	facts := c.Facts
	if notify.AudienceOf(actor) != notify.Insiders { // how a desk sorts its work is not for those who asked
		facts = slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return f != FactTitle && f != FactService })
	}
	about, err := s.about(ctx, facts, found)
	if err != nil {
		return "", err
	}
	for _, l := range m.Content.Lines {
		out := line{Line: l}
		if l.Ticket != 0 {
			t := visible[l.Ticket]
			if t == nil || l.Internal && !actor.Check(access.ReadNotes, t.Record()).Allowed {
				continue
			}
			out.Number, out.Title, out.Facts = t.Number, t.Title, about[t.ID]
		} else if l.Internal && notify.AudienceOf(actor) != notify.Insiders {
			continue
		}
		if !slices.Contains(facts, FactTitle) {
			out.Title = ""
		}
		words.Lines = append(words.Lines, out)
	}
	if len(words.Lines) == 0 {
		return reasonNobody, nil
	}
	if n := len(words.Lines); n > 1 {
		words.Head = text.N(ctx, n, "%d thing is new for you", "%d things are new for you")
	}
	s.bound(ctx, words)
	return "", nil
}

func (s *Service) bound(ctx context.Context, words *said) {
	if n := len(words.Lines) - mostLines; n > 0 {
		words.Lines, words.More = words.Lines[:mostLines], n
		words.MoreText = text.N(ctx, n, "and %d more", "and %d more")
	}
}

// forRoom says of a ticket what the room may be told.
func (s *Service) forRoom(ctx context.Context, c *Channel, m *Stored, words *said) (string, error) {
	reading := s.Reading(ctx, 0, c.Language)
	words.Change = text.T(reading, "An administrator changes what this room is told: %s", s.BaseURL+adminURL+"/"+id(c.ID))
	var about map[int64][]fact
	var t ticket.Ticket
	if m.TicketID != 0 {
		var err error
		if t, err = s.Tickets.Get(ctx, ticket.ByID(m.TicketID)); apperr.Is(err, apperr.NotFound) {
			return reasonNobody, nil
		} else if err != nil {
			return "", err
		}
		if def, err := s.Tickets.Kinds().Get(t.Kind); err == nil && def.Confidential {
			return reasonConfined, nil
		}
		if about, err = s.about(reading, c.Facts, []ticket.Ticket{t}); err != nil {
			return "", err
		}
	}
	for _, l := range m.Content.Lines {
		out := line{Line: l}
		if m.TicketID != 0 {
			out.Number, out.Title, out.URL, out.Facts = t.Number, "", s.BaseURL+"/tickets/"+t.Number, about[t.ID]
			if slices.Contains(c.Facts, FactTitle) {
				out.Title = t.Title
			}
		}
		words.Lines = append(words.Lines, out)
	}
	s.bound(reading, words)
	return "", nil
}

// about says facts of tickets in the words of their reader, each kind of names in one
// query. The title is none of them: it stands beside the number.
func (s *Service) about(ctx context.Context, wanted []Fact, all []ticket.Ticket) (map[int64][]fact, error) {
	var services, groups []int64
	for i := range all {
		services, groups = append(services, all[i].ServiceID), append(groups, all[i].GroupID)
	}
	q := s.DB.Reader()
	serviceNames, err := s.Services.Names(ctx, q, services)
	if err != nil {
		return nil, err
	}
	groupNames, err := s.People.GroupNames(ctx, q, groups)
	if err != nil {
		return nil, err
	}
	out := map[int64][]fact{}
	for i := range all {
		t := &all[i]
		add := func(f Fact, label, value string) {
			if value != "" && slices.Contains(wanted, f) {
				out[t.ID] = append(out[t.ID], fact{f, label, value})
			}
		}
		add(FactService, text.T(ctx, "Service"), serviceNames[t.ServiceID])
		if def, err := s.Tickets.Kinds().In(ctx).Get(t.Kind); err == nil {
			if t.Priority > 0 {
				add(FactPriority, text.T(ctx, "Priority"), workflow.Label(def.Matrix.Priority, t.Priority))
			}
			if state, known := def.State(t.State); known {
				add(FactState, text.T(ctx, "State"), state.Label)
			}
		}
		add(FactGroup, text.T(ctx, "Group"), groupNames[t.GroupID].Name)
	}
	return out, nil
}
