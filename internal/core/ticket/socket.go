package ticket

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Saved is one save: what the ticket was, what it is, and what was written on
// its timeline.
type Saved struct {
	Before Ticket // Version is 0 when the ticket was created
	After  Ticket
	Events []Event
	Actor  access.Actor

	said []Change
}

// Say adds an internal entry to the timeline, after those of the save and by the
// same actor; see Acting.Say.
func (s *Saved) Say(what, from, to string) {
	s.said = append(s.said, Change{Field: ActivityPrefix + what, From: from, To: to})
}

// Created reports whether the save made the ticket.
func (s *Saved) Created() bool { return s.Before.Version == 0 }

// Follower hears of every save, within its transaction: what it fails with
// undoes the save. It keeps to a few statements; what takes longer it enqueues as
// a job. An import tells only ImportFollowers: what it writes happened long ago.
type Follower func(ctx context.Context, tx *database.Tx, saved *Saved) error

// Attribute is a field of filters whose values a practice keeps beside the
// ticket, in tables of its own.
type Attribute struct {
	Field filter.Field // its SQL looks the value up for t.id
	// Load gives the values of some tickets, for conditions that are tried in Go,
	// such as a workflow's. Tickets without a value may be left out.
	Load func(ctx context.Context, q database.Querier, ids []int64) (map[int64][]filter.Value, error)
}

// ImportFollower hears of tickets whose timeline an import wrote, within its
// transaction: for what is computed from timelines.
type ImportFollower func(ctx context.Context, tx *database.Tx, ticketID int64) error

// FollowImports adds one; like Follow.
func (s *Service) FollowImports(f ImportFollower) { s.importFollowers = append(s.importFollowers, f) }

func (s *Service) tellImported(ctx context.Context, tx *database.Tx, ticketID int64) error {
	for _, follow := range s.importFollowers {
		if err := follow(ctx, tx, ticketID); err != nil {
			return err
		}
	}
	return nil
}

// Follow adds a follower, and Extend attributes. Both belong to putting the
// system together: they are not safe once it serves.
func (s *Service) Follow(f Follower) { s.followers = append(s.followers, f) }

// Extend adds fields to what filters, views and workflows can name.
func (s *Service) Extend(attributes ...Attribute) {
	s.attributes = append(s.attributes, attributes...)
}

// tell tells the followers of a save, and puts what they say on the timeline.
func (c *change) tell(ctx context.Context, after *Ticket, events []Event) error {
	if len(c.s.followers) == 0 {
		return nil
	}
	saved := &Saved{Before: c.before, After: cloneTicket(*after), Events: slices.Clone(events), Actor: c.actor}
	for _, follow := range c.s.followers {
		if err := follow(ctx, c.tx, saved); err != nil {
			return err
		}
	}
	return c.add(ctx, after, saved.said)
}

// add writes what followers said: the ticket is stored already, and stays at the
// version that this save gave it.
func (c *change) add(ctx context.Context, t *Ticket, said []Change) error {
	if len(said) == 0 {
		return nil
	}
	stored := cloneTicket(*t)
	for _, change := range said {
		e := Event{
			TicketID: t.ID, Seq: t.LastSeq + 1, At: c.now, RecordedAt: c.now, Type: Acted, Internal: true,
			Actor: ActorRef{Type: c.actor.Type, ID: c.personID()}, Changes: []Change{change},
		}
		if err := t.Apply(e, c.def); err != nil {
			return err
		}
		if err := insertEvent(ctx, c.tx, &e); err != nil {
			return err
		}
	}
	return update(ctx, c.tx, t, &stored)
}

// extended is a ticket with the values of attributes that a condition names.
type extended struct {
	*Ticket
	values map[string][]filter.Value
}

// Values implements filter.Record.
func (e extended) Values(field string) []filter.Value {
	if v, ok := e.values[field]; ok {
		return v
	}
	return e.Ticket.Values(field)
}

// withAttributes loads the attributes that conditions name, each once.
func (s *Service) withAttributes(ctx context.Context, q database.Querier, t *Ticket, conditions ...filter.Condition) (filter.Record, error) {
	e := extended{Ticket: t, values: map[string][]filter.Value{}}
	var names []string
	for i := range conditions {
		names = append(names, conditions[i].Fields()...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		i := slices.IndexFunc(s.attributes, func(a Attribute) bool { return a.Field.Name == name })
		if i < 0 {
			continue
		}
		values, err := s.attributes[i].Load(ctx, q, []int64{t.ID})
		if err != nil {
			return nil, err
		}
		e.values[name] = values[t.ID]
	}
	return e, nil
}

// fields are all fields of filters: the ticket's own and the practices'.
func (s *Service) fields() []filter.Field {
	own := ticketFields(s.db, s.kinds.All())
	for _, a := range s.attributes {
		own = append(own, a.Field)
	}
	return own
}
