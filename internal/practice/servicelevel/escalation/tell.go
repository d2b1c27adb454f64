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
	person  int64
	why     notify.Reason
	instead *notify.Instead // of somebody who is away
}

// tell tells everybody whom rungs name, each once, and instead of those who are away
// who stands in for them.
func (s *Service) tell(ctx context.Context, tx *database.Tx, t *ticket.Ticket, all []ripe, said *told, ahead foreseen) error {
	to, err := s.recipients(ctx, tx, t, all, ahead.up)
	if err != nil {
		return err
	}
	if err := s.sayUp(ctx, tx, t, all, ahead.up, said); err != nil || len(to) == 0 {
		return err
	}
	to = ahead.routed(to)
	urgent, err := s.urgency(ctx, tx, t)
	if err != nil {
		return err
	}
	notices := make([]notify.Notice, 0, len(to))
	ids := make([]int64, 0, len(to))
	for _, r := range to {
		reading, known := ahead.readers[r.person]
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
		n := notify.Notice{
			To: r.person, Kind: notify.Escalated, Reason: r.why, Subject: notify.Ticket(t.ID), Actor: ticket.ActorRef{Type: access.TypeSystem}, Routed: true, Urgent: urgent,
			Internal: r.why != notify.AsRequester, Detail: detail, Key: fmt.Sprintf("escalation:%d", all[len(all)-1].ID),
		}
		switch {
		case r.instead != nil:
			n = r.instead.Of(n)
		case r.why == notify.AsManager:
			n.For = t.AssigneeID
		}
		notices = append(notices, n)
	}
	if err := s.sayWho(ctx, tx, t, ids, len(ids) < len(to), said); err != nil {
		return err
	}
	if err := s.sayInstead(ctx, tx, to, said); err != nil {
		return err
	}
	return s.d.Notices.Send(ctx, tx, notices...)
}

// urgency says whether a ticket cannot wait: it is a major incident, or about a service
// that the business stops without.
func (s *Service) urgency(ctx context.Context, q database.Querier, t *ticket.Ticket) (notify.Urgency, error) {
	if s.d.Majors != nil {
		if major, err := s.d.Majors.Lasts(ctx, q, t.ID); err != nil || major {
			return notify.MajorIncident, err
		}
	}
	facts, err := readAbout(ctx, q, []int64{t.ID})
	if err != nil || !facts[t.ID].critical {
		return "", err
	}
	return notify.CriticalService, nil
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

// sayInstead notes who was told instead of whom.
func (s *Service) sayInstead(ctx context.Context, tx *database.Tx, to []recipient, said *told) error {
	var ids []int64
	for _, r := range to {
		if r.instead != nil {
			ids = append(ids, r.person, r.instead.For)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	names, err := s.d.Names.PersonNames(ctx, tx, ids)
	for _, r := range to {
		if r.instead != nil {
			said.Instead = append(said.Instead, saidInstead{names[r.person].Name, names[r.instead.For].Name})
		}
	}
	return err
}

// foreseen is what is found out before the transaction of a firing, which must not wait
// for another connection: how those who will be told read, and who is told instead of
// those who are away.
type foreseen struct {
	readers map[int64]context.Context
	instead map[int64][]notify.Instead
	up      map[int]upward
}

// upward is where a way up the line leads.
type upward struct {
	persons []int64
	why     notify.Reason
}

// climb finds who stands so many levels above the assignee and may see the ticket; else
// the group's leads, else the service's owner, who are told as such.
func (s *Service) climb(ctx context.Context, t *ticket.Ticket, levels map[int]upward) error {
	if len(levels) == 0 {
		return nil
	}
	near, err := readAround(ctx, s.d.DB.Reader(), t.GroupID, t.ServiceID)
	if err != nil {
		return err
	}
	var line []int64
	if t.AssigneeID != 0 {
		if line, err = s.d.Names.Managers(ctx, s.d.DB.Reader(), t.AssigneeID, MaxUp); err != nil {
			return err
		}
	}
	may := func(person int64) (bool, error) {
		if person == 0 {
			return false, nil
		}
		return s.d.Tickets.PersonMay(ctx, person, access.ReadNotes, t)
	}
	for n := range levels {
		if n <= len(line) {
			ok, err := may(line[n-1])
			if err != nil {
				return err
			}
			if ok {
				levels[n] = upward{[]int64{line[n-1]}, notify.AsManager}
				continue
			}
		}
		switch {
		case len(near.leads) > 0:
			levels[n] = upward{near.leads, notify.AsLead}
		case near.owner != 0:
			levels[n] = upward{[]int64{near.owner}, notify.AsOwner}
		}
	}
	return nil
}

// upWords is where a way up the line leads, with names.
func (s *Service) upWords(ctx context.Context, q database.Querier, t *ticket.Ticket, levels int, way upward) (saidUp, error) {
	names, err := s.d.Names.PersonNames(ctx, q, append([]int64{t.AssigneeID}, way.persons...))
	u := saidUp{Levels: levels, Of: names[t.AssigneeID].Name}
	for _, p := range way.persons {
		u.People = append(u.People, names[p].Name)
	}
	switch way.why {
	case notify.AsManager:
	case notify.AsLead:
		u.Instead = insteadLead
	default:
		u.Instead = insteadOwner
	}
	return u, err
}

// sayUp notes where each way up the line led.
func (s *Service) sayUp(ctx context.Context, tx *database.Tx, t *ticket.Ticket, all []ripe, up map[int]upward, said *told) error {
	for n := 1; n <= MaxUp; n++ {
		if !slices.ContainsFunc(all, func(r ripe) bool { return r.rung.Up == n }) {
			continue
		}
		u, err := s.upWords(ctx, tx, t, n, up[n])
		if err != nil {
			return err
		}
		said.Up = append(said.Up, u)
	}
	return nil
}

func (s *Service) foresee(ctx context.Context, t *ticket.Ticket, clocks []clock.Clock) (foreseen, error) {
	out := foreseen{readers: map[int64]context.Context{}, instead: map[int64][]notify.Instead{}, up: map[int]upward{}}
	due, err := s.ripe(ctx, s.d.DB.Reader(), t.ID, clocks, s.now())
	if err != nil || len(due) == 0 {
		return out, err
	}
	for _, r := range due {
		for i := range r.ladder.Rungs { // of all its rungs: another may become due meanwhile
			if n := r.ladder.Rungs[i].Up; n > 0 {
				out.up[n] = upward{}
			}
		}
	}
	if err := s.climb(ctx, t, out.up); err != nil {
		return out, err
	}
	to, err := s.recipients(ctx, s.d.DB.Reader(), t, due, out.up)
	if err != nil {
		return out, err
	}
	persons := make([]int64, 0, len(to))
	for _, r := range to {
		persons = append(persons, r.person)
	}
	away, err := s.d.Names.AwayAt(ctx, s.d.DB.Reader(), s.now(), persons)
	if err != nil {
		return out, err
	}
	for _, r := range to {
		if _, is := away[r.person]; !is || !r.replaceable() {
			continue
		}
		if out.instead[r.person], err = s.d.Notices.Instead(ctx, t, r.person, true); err != nil {
			return out, err
		}
	}
	for _, r := range out.routed(to) {
		p, err := s.d.Actors.Person(ctx, r.person)
		if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Forbidden) || apperr.Is(err, apperr.Unauthenticated) {
			continue
		}
		if err != nil {
			return out, err
		}
		out.readers[r.person] = s.d.Reading(ctx, p)
	}
	return out, nil
}

// replaceable reports whether somebody else must be told while the recipient is away.
// Of a whole group the others are told anyway, and what is for the requester is theirs.
func (r *recipient) replaceable() bool {
	return r.why != notify.AsMember && r.why != notify.AsRequester
}

// routed adds those who are told instead of others, each once.
func (f *foreseen) routed(to []recipient) []recipient {
	out := slices.Clone(to)
	for _, r := range to {
		for _, i := range f.instead[r.person] {
			if len(out) < mostTold && !slices.ContainsFunc(out, func(o recipient) bool { return o.person == i.Person }) {
				out = append(out, recipient{i.Person, i.Reason, &i})
			}
		}
	}
	return out
}

// recipients are all whom rungs tell, those nearest to the work first.
func (s *Service) recipients(ctx context.Context, q database.Querier, t *ticket.Ticket, all []ripe, up map[int]upward) ([]recipient, error) {
	near, err := readAround(ctx, q, t.GroupID, t.ServiceID)
	if err != nil {
		return nil, err
	}
	var out []recipient
	add := func(why notify.Reason, persons ...int64) {
		for _, p := range persons {
			if p != 0 && len(out) < mostTold && !slices.ContainsFunc(out, func(r recipient) bool { return r.person == p }) {
				out = append(out, recipient{person: p, why: why})
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
		if way := up[r.rung.Up]; r.rung.Up > 0 {
			add(way.why, way.persons...)
		}
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
