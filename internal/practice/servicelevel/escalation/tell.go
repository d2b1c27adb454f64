package escalation

import (
	"context"
	"fmt"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// mostTold bounds whom one firing tells.
const mostTold = 200

// recipient is somebody to be told, and what they are to the ticket.
type recipient struct {
	person int64
	why    notify.Reason
}

// tell tells everybody whom rungs name, each once.
func (s *Service) tell(ctx context.Context, tx *database.Tx, t *ticket.Ticket, all []ripe, said *told, readers map[int64]context.Context) error {
	to, err := s.recipients(ctx, tx, t, all)
	if err != nil || len(to) == 0 {
		return err
	}
	notices := make([]notify.Notice, 0, len(to))
	ids := make([]int64, 0, len(to))
	for _, r := range to {
		reading, known := readers[r.person]
		if !known {
			reading = ctx
		}
		detail := text.T(reading, "This takes longer than promised. Somebody looks after it.")
		if r.why != notify.AsRequester {
			detail = s.sentence(reading, t, said)
		}
		if r.why != notify.AsRequester {
			ids = append(ids, r.person)
		}
		notices = append(notices, notify.Notice{
			To: r.person, Kind: notify.Escalated, Reason: r.why, Subject: notify.Ticket(t.ID), Actor: ticket.ActorRef{Type: access.TypeSystem},
			Internal: r.why != notify.AsRequester, Detail: detail, Key: fmt.Sprintf("escalation:%d", all[len(all)-1].ID),
		})
	}
	if err := s.sayWho(ctx, tx, t, ids, len(ids) < len(to), said); err != nil {
		return err
	}
	return s.d.Notices.Send(ctx, tx, notices...)
}

// sayWho notes the names of those who are told.
func (s *Service) sayWho(ctx context.Context, tx *database.Tx, t *ticket.Ticket, ids []int64, requester bool, said *told) error {
	if requester {
		ids = append(ids, t.RequesterID)
	}
	const most = 5
	names, err := s.d.Names.PersonNames(ctx, tx, ids[:min(len(ids), most)])
	if err != nil {
		return err
	}
	for _, id := range ids[:min(len(ids), most)] {
		said.People = append(said.People, names[id].Name)
	}
	said.More = max(0, len(ids)-most)
	return nil
}

// readers gives, for those who will be told of a ticket, a context in which texts are
// in their language. It is asked before the transaction, which must not wait for
// another connection.
func (s *Service) readers(ctx context.Context, t *ticket.Ticket, clocks []clock.Clock) (map[int64]context.Context, error) {
	due, err := s.ripe(ctx, s.d.DB.Reader(), t.ID, clocks, s.now())
	if err != nil || len(due) == 0 {
		return nil, err
	}
	to, err := s.recipients(ctx, s.d.DB.Reader(), t, due)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]context.Context, len(to))
	for _, r := range to {
		p, err := s.d.Actors.Person(ctx, r.person)
		if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Forbidden) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[r.person] = s.d.Reading(ctx, p)
	}
	return out, nil
}

// recipients are all whom rungs tell, those nearest to the work first.
func (s *Service) recipients(ctx context.Context, q database.Querier, t *ticket.Ticket, all []ripe) ([]recipient, error) {
	near, err := readAround(ctx, q, t.GroupID, t.ServiceID)
	if err != nil {
		return nil, err
	}
	var out []recipient
	add := func(why notify.Reason, persons ...int64) {
		for _, p := range persons {
			if p != 0 && len(out) < mostTold && !slices.ContainsFunc(out, func(r recipient) bool { return r.person == p }) {
				out = append(out, recipient{p, why})
			}
		}
	}
	for _, audience := range Audiences() {
		if !slices.ContainsFunc(all, func(r ripe) bool { return slices.Contains(r.rung.Tell, audience) }) {
			continue
		}
		switch audience {
		case Assignee:
			if add(notify.AsAssignee, t.AssigneeID); t.AssigneeID == 0 {
				add(notify.AsMember, near.members...)
			}
		case Members:
			add(notify.AsMember, near.members...)
		case Leads:
			add(notify.AsLead, near.leads...)
		case ServiceOwner:
			add(notify.AsOwner, near.owner)
		case BusinessOwner:
			add(notify.AsOwner, near.businessOwner)
		case Chain:
			add(notify.AsLead, near.leads...)
			add(notify.AsOwner, near.owner, near.businessOwner)
		case Requester:
			add(notify.AsRequester, t.RequesterID)
		}
	}
	for _, r := range all {
		if r.rung.Role != "" {
			holding, err := s.d.Roles.PersonsHolding(ctx, q, r.rung.Role, mostTold)
			if err != nil {
				return nil, err
			}
			add(notify.AsRole, holding...)
		}
		named, err := readPersons(ctx, q, r.rung.Persons)
		if err != nil {
			return nil, err
		}
		add(notify.AsListed, named...)
	}
	return out, nil
}
