package escalation

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

// Clocks computes the clocks of tickets and says when they changed.
type Clocks interface {
	Compute(ctx context.Context, ids []int64) (map[int64][]clock.Clock, error)
	Courses(ctx context.Context, ids []int64) (map[int64]clock.Course, clock.Book, error)
	Recent(ctx context.Context, from time.Time, most int) ([]int64, error)
	Recheck(ctx context.Context, tx *database.Tx) error
}

// Agreements name agreements.
type Agreements interface {
	Book(ctx context.Context, q database.Querier) ([]clock.Agreement, error)
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Names gives the names behind ids, each in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
	// Managers gives who stands above a person, the nearest first; 0 for who left.
	Managers(ctx context.Context, q database.Querier, person int64, most int) ([]int64, error)
	// AwayAt says which of some persons are away.
	AwayAt(ctx context.Context, q database.Querier, at time.Time, persons []int64) (people.Book, error)
}

// Majors knows which tickets are major incidents.
type Majors interface {
	Lasts(ctx context.Context, q database.Querier, ticketID int64) (bool, error)
}

// Roles know roles and who has them.
type Roles interface {
	Definitions(ctx context.Context, q database.Querier) ([]access.Role, error)
	PersonsHolding(ctx context.Context, q database.Querier, key string, limit int) ([]int64, error)
}

// Teller puts notices into inboxes, and knows who is told instead of somebody away.
type Teller interface {
	Instead(ctx context.Context, t *ticket.Ticket, person int64, internal bool) ([]notify.Instead, error)
	Send(ctx context.Context, tx *database.Tx, notices ...notify.Notice) error
}

// Deps are what a Service leans on.
type Deps struct {
	DB         *database.DB
	Tickets    *ticket.Service
	Kinds      *workflow.Registry
	Clocks     Clocks
	Agreements Agreements
	Names      Names
	Roles      Roles
	Notices    Teller
	Majors     Majors // nil knows none
	Rooms      Rooms  // nil has none
	Actors     *actors.Cache
	// Reading gives a context in which texts are in a person's language and zone.
	Reading func(ctx context.Context, p actors.Person) context.Context
	Audit   *audit.Log
	Jobs    *jobs.Queue
	Frame   module.Frame
	Now     func() time.Time
	Logger  *slog.Logger
	HTTPS   bool
}

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	d    Deps
	fire *jobs.Kind[due]
}

// due is the job that fires what is due of a ticket.
type due struct {
	Ticket int64 `json:"ticket"`
}

// NewService makes the service and defines its job on the queue.
func NewService(d Deps) *Service {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{d: d}
	s.fire = jobs.Define(d.Jobs, "escalation.fire", func(ctx context.Context, _ *jobs.Job, what due) error { return s.Fire(ctx, what.Ticket) }, jobs.KindOptions{})
	return s
}

func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }

// Manages reports whether somebody may write ladders.
func Manages(a access.Actor) bool { return a.Can(access.ManageSettings, access.AnyKind) }

// Reads reports whether somebody may look at ladders: colleagues.
func Reads(a access.Actor) bool { return a.Can(access.ReadNotes, access.AnyKind) || Manages(a) }

func mayRead(ctx context.Context) error {
	if Reads(access.From(ctx)) {
		return nil
	}
	return mayManage(ctx)
}

func mayManage(ctx context.Context) error {
	return access.From(ctx).Require(access.ManageSettings, access.AnyKind)
}

// List gives every ladder, by name.
func (s *Service) List(ctx context.Context) ([]Ladder, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	return readLadders(ctx, s.d.DB.Reader())
}

// Get gives one ladder.
func (s *Service) Get(ctx context.Context, id int64) (Ladder, error) {
	if err := mayRead(ctx); err != nil {
		return Ladder{}, err
	}
	return readLadder(ctx, s.d.DB.Reader(), id)
}

// Create adds a ladder, once per idempotency key. Its rungs fire for what comes from
// now on. Invalid beside each field.
func (s *Service) Create(ctx context.Context, in Ladder) (Ladder, error) {
	var made Ladder
	if err := mayManage(ctx); err != nil {
		return made, err
	}
	in.tidy()
	if err := s.check(ctx, &in); err != nil {
		return made, err
	}
	err := s.d.DB.Write(ctx, func(tx *database.Tx) error {
		id, replayed, err := once.Do(ctx, tx, s.now(), []any{"create escalation ladder", in}, func() (int64, error) {
			var err error
			made, err = s.add(ctx, tx, in)
			return made.ID, err
		})
		if err == nil && replayed {
			made, err = readLadder(ctx, tx, id)
		}
		return err
	})
	return made, err
}

func (s *Service) add(ctx context.Context, tx *database.Tx, l Ladder) (Ladder, error) {
	n, err := countLadders(ctx, tx)
	if err != nil {
		return l, err
	}
	if n >= MaxLadders {
		return l, apperr.InvalidField("name", "There are %d ladders, which is as many as there can be.", n)
	}
	now := s.now()
	l.ID, l.CreatedAt, l.UpdatedAt, l.Version = tx.NextID(), now, now, 1
	for i := range l.Rungs {
		l.Rungs[i].ID, l.Rungs[i].Since = tx.NextID(), now
	}
	if err := insertLadder(ctx, tx, &l); err != nil {
		return l, duplicateName(err, l.Name)
	}
	if err := s.d.Audit.Append(ctx, tx, entry("create", &l, nil, &l)); err != nil {
		return l, err
	}
	return l, s.d.Clocks.Recheck(ctx, tx)
}

// Change stores a ladder over the version that was read. A rung that got another
// place, or is new, fires for what comes from now on; so does every rung of a ladder
// that comes into force again.
func (s *Service) Change(ctx context.Context, id, version int64, in Ladder) (Ladder, error) {
	var out Ladder
	if err := mayManage(ctx); err != nil {
		return out, err
	}
	in.tidy()
	if err := s.check(ctx, &in); err != nil {
		return out, err
	}
	err := s.d.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := readLadder(ctx, tx, id)
		if err != nil {
			return err
		}
		if version != 0 && version != before.Version {
			return stale(&before)
		}
		out = in
		out.ID, out.CreatedAt, out.UpdatedAt, out.Version = id, before.CreatedAt, s.now(), before.Version+1
		out.Rungs = slices.Clone(in.Rungs)
		for i := range out.Rungs {
			r := &out.Rungs[i]
			old, known := before.rung(r.ID)
			switch {
			case !known || r.ID == 0:
				r.ID, r.Since = tx.NextID(), out.UpdatedAt
			case !old.sameInstant(r), !before.Active && out.Active:
				r.Since = out.UpdatedAt
			default:
				r.Since = old.Since
			}
		}
		if err := updateLadder(ctx, tx, &out); err != nil {
			return duplicateName(err, out.Name)
		}
		if err := s.d.Audit.Append(ctx, tx, entry("update", &out, &before, &out)); err != nil {
			return err
		}
		return s.d.Clocks.Recheck(ctx, tx)
	})
	return out, err
}

// Delete takes a ladder away; what it has done stays on the timelines.
func (s *Service) Delete(ctx context.Context, id, version int64) error {
	if err := mayManage(ctx); err != nil {
		return err
	}
	return s.d.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := readLadder(ctx, tx, id)
		if err != nil {
			return err
		}
		if version == 0 {
			version = before.Version
		}
		if err := deleteLadder(ctx, tx, id, version); err != nil {
			return err
		}
		if err := s.d.Audit.Append(ctx, tx, entry("delete", &before, &before, nil)); err != nil {
			return err
		}
		return s.d.Clocks.Recheck(ctx, tx)
	})
}

func entry(action string, l *Ladder, before, after *Ladder) audit.Entry {
	e := audit.Entry{Action: "escalation_ladder." + action, ObjectType: "escalation_ladder", ObjectID: audit.ID(l.ID), ObjectName: l.Name}
	if before != nil {
		e.Before = documentOf(before)
	}
	if after != nil {
		e.After = documentOf(after)
	}
	return e
}

func stale(now *Ladder) error {
	return apperr.Stale(now, "Somebody else saved this ladder after you opened it.")
}

func duplicateName(err error, name string) error {
	var e *apperr.Error
	if errors.As(err, &e) && e.Kind == apperr.Conflict && e.Detail == nil { // with a detail it is a stale version
		return apperr.InvalidField("name", "There is already a ladder called %s.", name)
	}
	return err
}

// check reports what is wrong with a ladder, in itself and with what it names.
func (s *Service) check(ctx context.Context, l *Ladder) error {
	var wrong apperr.Problems
	l.check(&wrong)
	q := s.d.DB.Reader()
	agreements, err := s.d.Agreements.Names(ctx, q, l.Agreements)
	if err != nil {
		return err
	}
	if len(agreements) < len(l.Agreements) {
		wrong.Add("agreements", "One of these agreements is gone.")
	}
	var persons, groups []int64
	for i := range l.Rungs {
		persons, groups = append(persons, l.Rungs[i].Persons...), append(groups, l.Rungs[i].Group)
	}
	known, err := readPersons(ctx, q, persons)
	if err != nil {
		return err
	}
	groupNames, err := s.d.Names.GroupNames(ctx, q, groups)
	if err != nil {
		return err
	}
	definitions, err := s.d.Roles.Definitions(ctx, q)
	if err != nil {
		return err
	}
	rooms, err := s.rooms(ctx, q)
	if err != nil {
		return err
	}
	for i := range l.Rungs {
		r, at := &l.Rungs[i], "rungs."+itoa(i)+"."
		if slices.ContainsFunc(r.Persons, func(p int64) bool { return !slices.Contains(known, p) }) {
			wrong.Add(at+"persons", "One of these persons no longer works here.")
		}
		if _, ok := groupNames[r.Group]; r.Group != 0 && !ok {
			wrong.Add(at+"group", "There is no such group.")
		}
		if slices.ContainsFunc(r.Channels, func(id int64) bool {
			return !slices.ContainsFunc(rooms, func(r channel.Room) bool { return r.ID == id })
		}) {
			wrong.Add(at+"channels", "One of these rooms is gone.")
		}
		if r.Role != "" && !slices.ContainsFunc(definitions, func(d access.Role) bool { return d.Key == r.Role }) {
			wrong.Add(at+"role", "There is no such role.")
		}
		if r.Condition != "" {
			if _, err := s.d.Tickets.Condition(ctx, r.Condition, time.UTC); err != nil {
				wrong.Say(at+"condition", apperr.Message(err))
			}
		}
	}
	return wrong.Err()
}

// Of gives what is planned, fired and skipped on a ticket, by when it comes or came.
// Like clocks, it is for those who read internal notes; others get nothing.
func (s *Service) Of(ctx context.Context, t *ticket.Ticket) ([]Step, error) {
	if !access.From(ctx).Check(access.ReadNotes, t.Record()).Allowed {
		return nil, nil
	}
	all, err := readSteps(ctx, s.d.DB.Reader(), []int64{t.ID})
	slices.SortStableFunc(all, func(a, b Step) int { return a.when().Compare(b.when()) })
	return all, err
}

// when is where a step stands among others: what is paused last.
func (s *Step) when() time.Time {
	switch {
	case !s.Ended.IsZero():
		return s.Ended
	case s.Fire.IsZero():
		return time.Unix(1<<40, 0)
	}
	return s.Fire
}

// Preview is what a ladder would have done.
type Preview struct {
	From    time.Time
	Tickets int // looked at
	More    bool
	Fired   int
	Reached int // tickets of which something fired
	ByRung  []int
	Items   []PreviewItem // the newest first
}

// PreviewItem is one firing of a preview.
type PreviewItem struct {
	Ticket        int64
	Number, Title string
	At            time.Time
	Rung          int // of the ladder, from 0
	Round         int
	Clock         *clock.Clock
}

// The bounds of a preview.
const (
	PreviewDays    = 30
	previewTickets = 400
	previewItems   = 50
)

// Preview says what a ladder would have done in the last 30 days, or to one ticket
// since it came in, if it had been in force among the others. It writes nothing.
func (s *Service) Preview(ctx context.Context, l Ladder, only ticket.Ref) (Preview, error) {
	var out Preview
	if err := mayManage(ctx); err != nil {
		return out, err
	}
	l.tidy()
	if err := s.check(ctx, &l); err != nil {
		return out, err
	}
	l.Active = true
	now := s.now()
	out.From = now.AddDate(0, 0, -PreviewDays)
	var ids []int64
	if only != (ticket.Ref{}) {
		t, err := s.d.Tickets.Get(ctx, only)
		if err != nil {
			return out, apperr.InvalidField("ticket", "There is no such ticket, or you may not see it.")
		}
		ids, out.From = []int64{t.ID}, t.CreatedAt
	} else {
		recent, err := s.d.Clocks.Recent(ctx, out.From, previewTickets+1)
		if err != nil {
			return out, err
		}
		out.More = len(recent) > previewTickets
		ids = recent[:min(len(recent), previewTickets)]
	}
	seen, err := s.seen(ctx, ids)
	if err != nil || len(seen) == 0 {
		return out, err
	}
	ids = slices.DeleteFunc(ids, func(id int64) bool { _, ok := seen[id]; return !ok })
	ladders, err := s.with(ctx, &l)
	if err != nil {
		return out, err
	}
	facts, err := readAbout(ctx, s.d.DB.Reader(), ids)
	if err != nil {
		return out, err
	}
	out.Tickets, out.ByRung = len(ids), make([]int, len(l.Rungs))
	for part := range slices.Chunk(ids, 100) {
		courses, book, err := s.d.Clocks.Courses(ctx, part)
		if err != nil {
			return out, err
		}
		for _, id := range part {
			out.take(&l, seen[id], simulate(courses[id], book, func(c *clock.Clock) *Ladder {
				if chosen := Choose(ladders, c, facts[id].critical); chosen != nil && chosen.ID == l.ID {
					return chosen
				}
				return nil
			}, out.From, now))
		}
	}
	slices.SortStableFunc(out.Items, func(a, b PreviewItem) int { return b.At.Compare(a.At) })
	out.Items = out.Items[:min(len(out.Items), previewItems)]
	return out, nil
}

func (p *Preview) take(l *Ladder, t ticket.Ticket, fired []firing) {
	if len(fired) > 0 {
		p.Reached++
	}
	p.Fired += len(fired)
	for _, f := range fired {
		i := slices.IndexFunc(l.Rungs, func(r Rung) bool { return r.ID == f.Rung })
		p.ByRung[i]++
		p.Items = append(p.Items, PreviewItem{Ticket: t.ID, Number: t.Number, Title: t.Title, At: f.Fired, Rung: i, Round: f.Round, Clock: f.Clock})
	}
}

// seen gives those of some tickets whose notes the actor reads.
func (s *Service) seen(ctx context.Context, ids []int64) (map[int64]ticket.Ticket, error) {
	out := make(map[int64]ticket.Ticket, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	actor := access.From(ctx)
	const batch = 200
	for part := range slices.Chunk(ids, batch) {
		found, err := s.d.Tickets.ByIDs(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			if actor.Check(access.ReadNotes, t.Record()).Allowed {
				out[t.ID] = t
			}
		}
	}
	return out, nil
}

// with gives all ladders as if one of them were saved as it is. Rungs that have no id
// yet get numbers of their own.
func (s *Service) with(ctx context.Context, l *Ladder) ([]Ladder, error) {
	ladders, err := readLadders(ctx, s.d.DB.Reader())
	if err != nil {
		return nil, err
	}
	ladders = slices.DeleteFunc(ladders, func(o Ladder) bool { return o.ID == l.ID })
	l.Rungs = slices.Clone(l.Rungs)
	for i := range l.Rungs {
		if l.Rungs[i].ID == 0 {
			l.Rungs[i].ID = -int64(i) - 1
		}
	}
	return append(ladders, *l), nil
}
