package ticket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Announcer tells open screens what happened, within the transaction.
type Announcer interface {
	Announce(ctx context.Context, tx *database.Tx, a Announcement) error
}

// Announcement says that a ticket has a new version.
type Announcement struct {
	TicketID     int64
	Number       string
	Version      int
	Created      bool
	RequesterID  int64
	InternalOnly bool // nothing a requester could see has changed
}

// Directory answers questions about people and services that rules need.
type Directory interface {
	// OrganisationOf gives a person's organisation; InvalidField when there is no such active person.
	OrganisationOf(ctx context.Context, q database.Querier, person int64) (int64, error)
	// CheckGroup fails with InvalidField unless the group exists, is active, and has the person
	// as a member (person 0 is not checked).
	CheckGroup(ctx context.Context, q database.Querier, group, person int64) error
	// SupportGroup gives the group that takes tickets of a service first; 0 for none.
	// InvalidField when there is no such service.
	SupportGroup(ctx context.Context, q database.Querier, service int64) (int64, error)
}

// Service holds the use cases of tickets of every kind. The actor is taken
// from the context (access.From).
type Service struct {
	db          *database.DB
	kinds       *workflow.Registry
	directory   Directory
	announce    Announcer
	now         func() time.Time
	effects     map[string]Effect
	followLater func(ctx context.Context, tx *database.Tx, f Following) error
	search      *search.Index
	blobs       blob.Store
	maxUpload   int64
	resolver    filter.Resolver
	actorOf     func(ctx context.Context, person int64) (access.Actor, error)
	kept        atomic.Pointer[keptSchema]

	followers  []Follower
	attributes []Attribute
	guards     []Guard

	importFollowers []ImportFollower
	holders         []Holder
}

// Deps are what a Service leans on.
type Deps struct {
	DB        *database.DB
	Kinds     *workflow.Registry
	Directory Directory
	Announcer Announcer
	Now       func() time.Time
	Search    *search.Index
	Blobs     blob.Store
	MaxUpload int64             // bytes of one attachment; 0 picks 100 MiB
	Resolver  filter.Resolver   // names in filters: person, group, service, organisation, ticket
	Effects   map[string]Effect // brought by practices, by the name workflows use
	// ActorOf tells what a person may do who is not at work now; nil: nothing. A
	// merge asks it who may see the ticket that goes on.
	ActorOf func(ctx context.Context, person int64) (access.Actor, error)
}

// New makes the service.
func New(d Deps) *Service {
	s := &Service{db: d.DB, kinds: d.Kinds, directory: d.Directory, announce: d.Announcer, search: d.Search, blobs: d.Blobs, maxUpload: d.MaxUpload, resolver: d.Resolver, now: d.Now, actorOf: d.ActorOf}
	if s.maxUpload == 0 {
		s.maxUpload = 100 << 20
	}
	s.effects = map[string]Effect{"assign_actor": assignActor, "sync_children": syncChildren}
	for name, e := range d.Effects {
		s.effects[name] = e
	}
	return s
}

// Kinds gives the definitions in force.
func (s *Service) Kinds() *workflow.Registry { return s.kinds }

// Ref names a ticket by number or by id.
type Ref struct {
	Number string
	ID     int64
}

// ByNumber refers to "INC-1042".
func ByNumber(number string) Ref { return Ref{Number: number} }

// ByID refers to the ticket with the id.
func ByID(id int64) Ref { return Ref{ID: id} }

// Record gives what access rules look at.
func (t *Ticket) Record() access.Record {
	return access.Record{
		Kind: t.Kind, Requester: t.RequesterID, OpenedBy: t.OpenedByID, Assignee: t.AssigneeID,
		Watchers: t.Watchers, Group: t.GroupID, Organisation: t.OrganisationID, Service: t.ServiceID,
	}
}

// errStale is what a lost race looks like inside this package: the row has
// another version than a moment ago. The save is then run again, and begin finds
// out whether the caller minds.
var errStale = errors.New("ticket: somebody saved first")

// Get gives a ticket that the actor may see; NotFound otherwise, so that
// numbers of hidden tickets cannot be told from unused ones.
func (s *Service) Get(ctx context.Context, ref Ref) (Ticket, error) {
	t, err := load(ctx, s.db.Reader(), ref)
	if err != nil {
		return Ticket{}, err
	}
	if !access.From(ctx).Check(access.View, t.Record()).Allowed {
		return Ticket{}, notFound()
	}
	return t, nil
}

// visibleTicket is Get within a transaction.
func (s *Service) visibleTicket(ctx context.Context, tx *database.Tx, id int64) (Ticket, error) {
	t, err := load(ctx, tx, ByID(id))
	if err == nil && !access.From(ctx).Check(access.View, t.Record()).Allowed {
		return Ticket{}, notFound()
	}
	return t, err
}

// Explain says by which grants the actor may see the ticket.
func (s *Service) Explain(ctx context.Context, t *Ticket) access.Decision {
	return access.From(ctx).Check(access.View, t.Record())
}

// ReadsNotes reports whether the actor reads the internal notes of the ticket.
func (s *Service) ReadsNotes(ctx context.Context, t *Ticket) bool {
	return access.From(ctx).Check(access.ReadNotes, t.Record()).Allowed
}

// change is one save under way: the ticket as it was, as it becomes, and the
// events that take it there.
type change struct {
	s      *Service
	tx     *database.Tx
	actor  access.Actor
	def    *workflow.Definition
	before Ticket
	ticket Ticket
	events []Event
	files  map[int][]int64 // uploads to bind, by index of the event
	now    time.Time
	depth  int // of parents and children that follow one another
}

// begin loads the ticket for a change and checks that the actor may see it.
func (s *Service) begin(ctx context.Context, tx *database.Tx, ref Ref, version int) (*change, error) {
	t, err := load(ctx, tx, ref)
	if err != nil {
		return nil, err
	}
	actor := access.From(ctx)
	if !actor.Check(access.View, t.Record()).Allowed {
		return nil, notFound()
	}
	if version != 0 && version != t.Version {
		return nil, apperr.Stale(&t, "Somebody else saved this ticket after you opened it.")
	}
	def, err := s.kinds.Get(t.Kind)
	if err != nil {
		return nil, err
	}
	return &change{s: s, tx: tx, actor: actor, def: def, before: cloneTicket(t), ticket: t, now: s.instant(&t)}, nil
}

// instant gives the time of an event: now, but never before the ticket's last
// event, so that a clock set back cannot turn a timeline over.
func (s *Service) instant(t *Ticket) time.Time {
	now := micro(s.now())
	if now.Before(t.UpdatedAt) {
		return t.UpdatedAt
	}
	return now
}

func cloneTicket(t Ticket) Ticket {
	t.Tags = slices.Clone(t.Tags)
	t.Watchers = slices.Clone(t.Watchers)
	return t
}

// may fails with Forbidden unless the actor may do the verb on the ticket as it was.
func (c *change) may(verb access.Verb) error {
	return c.actor.Check(verb, c.before.Record()).Err()
}

// event opens a new entry and returns its index.
func (c *change) event(typ EventType, internal bool, body string) int {
	c.events = append(c.events, Event{
		TicketID: c.ticket.ID, Seq: c.ticket.LastSeq + 1, At: c.now, RecordedAt: c.now,
		Actor: ActorRef{Type: c.actor.Type, ID: c.personID()}, Type: typ, Internal: internal, Body: body,
	})
	c.ticket.LastSeq++
	return len(c.events) - 1
}

func (c *change) personID() int64 {
	if c.actor.Type == access.TypePerson || c.actor.Type == access.TypeSupplier {
		return c.actor.ID
	}
	return 0
}

// set notes one field's change on an event, unless nothing changes.
func (c *change) set(event int, field, value string) error {
	from := c.ticket.Get(field)
	if from == value {
		return nil
	}
	if err := c.ticket.Set(field, value); err != nil {
		return err
	}
	e := &c.events[event]
	for i := range e.Changes {
		if e.Changes[i].Field != field {
			continue
		}
		e.Changes[i].To = value
		if e.Changes[i].From == value { // back to what it was
			e.Changes = slices.Delete(e.Changes, i, i+1)
		}
		return nil
	}
	e.Changes = append(e.Changes, Change{Field: field, From: from, To: value})
	return nil
}

func (c *change) setID(event int, field string, id int64) error {
	return c.set(event, field, formatID(id))
}

func (c *change) setInt(event int, field string, n int) error {
	if n == 0 {
		return c.set(event, field, "")
	}
	return c.set(event, field, strconv.Itoa(n))
}

// attach notes uploads that belong to an event.
func (c *change) attach(event int, ids []int64) {
	if len(ids) == 0 {
		return
	}
	if c.files == nil {
		c.files = map[int][]int64{}
	}
	c.files[event] = append(c.files[event], ids...)
}

// save folds the events into the ticket and stores both. Events without
// content are dropped; nothing at all to say is no save.
func (c *change) save(ctx context.Context) (Ticket, error) {
	created := c.before.Version == 0
	result := cloneTicket(c.before)
	kept := c.events[:0]
	files := map[int][]int64{}
	for i, e := range c.events {
		if e.Type == Changed && len(e.Changes) == 0 && len(c.files[i]) == 0 {
			continue
		}
		if len(c.files[i]) > 0 {
			files[len(kept)] = c.files[i]
		}
		kept = append(kept, e)
	}
	if len(kept) == 0 {
		return c.before, nil
	}
	for i := range kept {
		kept[i].Seq = c.before.LastSeq + i + 1
		if err := result.Apply(kept[i], c.def); err != nil {
			return Ticket{}, err
		}
	}
	result.Number = c.ticket.Number
	result.Version = c.before.Version + 1
	var err error
	if created {
		err = insert(ctx, c.tx, &result)
	} else {
		err = update(ctx, c.tx, &result, &c.before)
	}
	if err != nil {
		return Ticket{}, err
	}
	publicChange := false
	b := batchOf(ctx)
	for i := range kept {
		if b != nil {
			kept[i].Operation = b.id
		}
		if err := insertEvent(ctx, c.tx, &kept[i]); err != nil {
			return Ticket{}, err
		}
		if err := bindAttachments(ctx, c.tx, &kept[i], files[i], c.actor.ID); err != nil {
			return Ticket{}, err
		}
		if err := c.indexEvent(ctx, &kept[i]); err != nil {
			return Ticket{}, err
		}
		_, public := kept[i].Public()
		publicChange = publicChange || public
	}
	if err := c.indexTicket(ctx, &result, created); err != nil {
		return Ticket{}, err
	}
	if err := c.tell(ctx, &result, kept); err != nil {
		return Ticket{}, err
	}
	if b != nil {
		b.wrote(&c.before, &result, kept)
	}
	if publicChange {
		if err := c.tellSources(ctx, &result); err != nil {
			return Ticket{}, err
		}
	}
	err = c.s.announce.Announce(ctx, c.tx, Announcement{
		TicketID: result.ID, Number: result.Number, Version: result.Version, Created: created,
		RequesterID:  result.RequesterID,
		InternalOnly: !publicChange && result.Title == c.before.Title && result.RequesterID == c.before.RequesterID,
	})
	return result, err
}

func (c *change) indexTicket(ctx context.Context, t *Ticket, created bool) error {
	same := !created && t.Number == c.before.Number && t.Title == c.before.Title && t.Description == c.before.Description && t.Resolution == c.before.Resolution
	if same {
		return nil
	}
	var former map[int64][]string
	if !created {
		var err error
		if former, err = formerNumbers(ctx, c.tx, []int64{t.ID}); err != nil {
			return err
		}
	}
	return c.s.search.Index(ctx, c.tx, t.ID, 0, false, ticketText(t, former[t.ID]...))
}

// ticketText is what full-text search knows of the ticket itself.
func ticketText(t *Ticket, former ...string) string {
	return strings.Join(append([]string{t.Number, t.Title, t.Description, t.Resolution}, former...), "\n")
}

func (c *change) indexEvent(ctx context.Context, e *Event) error {
	if e.Type == Created || e.Body == "" {
		return nil
	}
	return c.s.search.Index(ctx, c.tx, e.TicketID, e.Seq, e.Internal, e.Body)
}

// write runs a save, and runs it again when somebody saved in between: a reply
// must not fail because a colleague changed the priority. A save that names the
// version it read then ends in begin's Conflict. Each round somebody gets
// through, so the tries bound how many may save one ticket at the same moment.
func (s *Service) write(ctx context.Context, fn func(tx *database.Tx) error) error {
	const tries = 64
	for range tries {
		if err := s.db.Write(ctx, fn); !errors.Is(err, errStale) {
			return err
		}
	}
	return apperr.New(apperr.Unavailable, "Too many people are saving this ticket at once. Please try again.")
}

// number gives the next number of a kind.
func number(ctx context.Context, tx *database.Tx, def *workflow.Definition) (string, error) {
	n, err := tx.NextNumber(ctx, SequenceName(def.Prefix))
	return fmt.Sprintf("%s-%d", def.Prefix, n), err
}

// SequenceName is the name of the sequence that numbers of a prefix come from.
func SequenceName(prefix string) string { return "number:" + prefix }
