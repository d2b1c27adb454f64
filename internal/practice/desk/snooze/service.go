package snooze

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	db      *database.DB
	tickets *ticket.Service
	names   Names
	now     func() time.Time
	wake    *jobs.Kind[wakeUp]
}

// NewService makes the service and defines its job on the queue.
func NewService(db *database.DB, tickets *ticket.Service, names Names, queue *jobs.Queue, now func() time.Time) *Service {
	s := &Service{db: db, tickets: tickets, names: names, now: now}
	s.wake = jobs.Define(queue, "snooze.wake", s.onTime, jobs.KindOptions{})
	return s
}

// Set sets an open ticket aside; what was set aside for the same person or group
// before gives way. NotFound or Forbidden without the ticket or its notes, Invalid
// with what is wrong, Conflict when no work is owed on the ticket.
func (s *Service) Set(ctx context.Context, ref ticket.Ref, cmd SetAside) (Snooze, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return Snooze{}, apperr.New(apperr.Forbidden, "Only a person sets tickets aside.")
	}
	now := s.now().UTC().Truncate(time.Microsecond)
	if err := cmd.check(actor, now); err != nil {
		return Snooze{}, err
	}
	linked, err := s.linked(ctx, ref, cmd)
	if err != nil {
		return Snooze{}, err
	}
	set := Snooze{
		SetterID: actor.ID, PersonID: actor.ID, Until: cmd.Until.UTC().Truncate(time.Microsecond), Wakes: cmd.Wakes, LinkedID: linked.ID, Reason: cmd.Reason, SetAt: now,
	}
	if cmd.Group != 0 {
		set.PersonID, set.GroupID = 0, cmd.Group
	}
	_, err = s.tickets.Act(ctx, ref, access.Note, func(a *ticket.Acting) error {
		set.TicketID = a.Ticket().ID
		id, replayed, err := once.Do(ctx, a.Tx(), now, []any{"snooze", set.TicketID, cmd.request()}, func() (int64, error) {
			return s.set(ctx, a, &set, linked.Number)
		})
		if err == nil && replayed {
			set, err = load(ctx, a.Tx(), set.TicketID, id)
		}
		return err
	})
	return set, err
}

// linked gives the ticket whose end is waited for: one that the ticket is linked
// with, that the actor sees, and that is not done yet.
func (s *Service) linked(ctx context.Context, ref ticket.Ref, cmd SetAside) (ticket.Ticket, error) {
	if cmd.Wakes != Linked {
		return ticket.Ticket{}, nil
	}
	t, err := s.tickets.Get(ctx, ref)
	if err != nil {
		return t, err
	}
	links, err := s.tickets.Links(ctx, &t)
	if err != nil {
		return t, err
	}
	for _, l := range links {
		if l.Other.ID == cmd.Linked.ID || l.Other.Number == cmd.Linked.Number && cmd.Linked.ID == 0 {
			if !l.Other.Category.Active() {
				return t, apperr.InvalidField("linked", "%s is done already.", l.Other.Number)
			}
			return l.Other, nil
		}
	}
	return t, apperr.InvalidField("linked", "This ticket is not linked with that one.")
}

func (s *Service) set(ctx context.Context, a *ticket.Acting, set *Snooze, linked string) (int64, error) {
	t := a.Ticket()
	if !t.Category.Active() {
		return 0, apperr.New(apperr.Conflict, "Nothing is left to be done on this ticket, so it cannot be set aside.")
	}
	open, err := openOf(ctx, a.Tx(), t.ID)
	if err != nil {
		return 0, err
	}
	var seen []int64
	for i := range open {
		old := &open[i]
		switch {
		case old.PersonID != set.PersonID || old.GroupID != set.GroupID:
		case old.Asleep():
			if _, err := end(ctx, a.Tx(), old, ByReplaced, set.SetAt); err != nil {
				return 0, err
			}
		default:
			seen = append(seen, old.ID)
		}
	}
	if err := markSeen(ctx, a.Tx(), seen, set.SetAt); err != nil {
		return 0, err
	}
	set.ID = a.Tx().NextID()
	if err := insert(ctx, a.Tx(), set); err != nil {
		return 0, err
	}
	if err := s.plan(ctx, a.Tx(), set); err != nil {
		return 0, err
	}
	said, err := s.said(ctx, a.Tx(), set, linked)
	if err != nil {
		return 0, err
	}
	a.Say(saidSet, "", said)
	return set.ID, nil
}

// plan enqueues the return at its time.
func (s *Service) plan(ctx context.Context, tx *database.Tx, set *Snooze) error {
	if set.Until.IsZero() {
		return nil
	}
	_, err := s.wake.Enqueue(ctx, tx, wakeUp{Ticket: set.TicketID, Snooze: set.ID, By: ByTime}, jobs.RunAt(set.Until))
	return err
}

// Wake brings a ticket back by hand. It is for those whom it was set aside for,
// and for who did it; undo says that it should not have been. Waking what is awake
// is no error.
func (s *Service) Wake(ctx context.Context, ref ticket.Ref, id int64, undo bool) error {
	by := ByHand
	if undo {
		by = ByUndo
	}
	return s.on(ctx, ref, id, func(a *ticket.Acting, z *Snooze) error {
		ended, err := end(ctx, a.Tx(), z, by, s.now().UTC())
		if err != nil || !ended {
			return err
		}
		return s.sayBack(ctx, a.Tx(), z, a.Say)
	})
}

// Resume undoes a waking by hand: the ticket sleeps on. Conflict when it was not
// woken by hand, was set aside anew meanwhile, or its time has come.
func (s *Service) Resume(ctx context.Context, ref ticket.Ref, id int64) error {
	return s.on(ctx, ref, id, func(a *ticket.Acting, z *Snooze) error {
		over := apperr.New(apperr.Conflict, "This cannot be taken back any more. Set the ticket aside again.")
		if !z.Until.IsZero() && !z.Until.After(s.now()) {
			return over
		}
		open, err := openOf(ctx, a.Tx(), z.TicketID)
		if err != nil {
			return err
		}
		for i := range open {
			if open[i].Asleep() && open[i].PersonID == z.PersonID && open[i].GroupID == z.GroupID {
				return over
			}
		}
		resumed, err := resume(ctx, a.Tx(), z)
		switch {
		case err != nil:
			return err
		case !resumed:
			return over
		}
		// The planned return may have run while it was awake, and found nothing to do.
		if err := s.plan(ctx, a.Tx(), z); err != nil {
			return err
		}
		said, err := s.said(ctx, a.Tx(), z, "")
		if err != nil {
			return err
		}
		a.Say(saidSet, "", said)
		return nil
	})
}

// Seen notes that those whom a ticket came back to have looked.
func (s *Service) Seen(ctx context.Context, ref ticket.Ref, id int64) error {
	return s.on(ctx, ref, id, func(a *ticket.Acting, z *Snooze) error {
		return markSeen(ctx, a.Tx(), []int64{z.ID}, s.now().UTC())
	})
}

// on does something to a snooze that the actor may touch.
func (s *Service) on(ctx context.Context, ref ticket.Ref, id int64, fn func(a *ticket.Acting, z *Snooze) error) error {
	actor := access.From(ctx)
	_, err := s.tickets.Act(ctx, ref, access.Note, func(a *ticket.Acting) error {
		z, err := load(ctx, a.Tx(), a.Ticket().ID, id)
		if err != nil {
			return err
		}
		if !z.Concerns(actor) && z.SetterID != actor.ID && !actor.Trusted() {
			return errNone()
		}
		return fn(a, &z)
	})
	return err
}

// Of gives what the actor has set aside of a ticket, and what came back to them
// and was not seen yet.
func (s *Service) Of(ctx context.Context, t *ticket.Ticket) ([]Snooze, error) {
	return s.ofMany(ctx, []int64{t.ID})
}

func (s *Service) ofMany(ctx context.Context, tickets []int64) ([]Snooze, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() || len(tickets) == 0 {
		return nil, nil
	}
	return openFor(ctx, s.db.Reader(), actor, tickets)
}

// wakeUp is the job that ends a snooze.
type wakeUp struct {
	Ticket int64 `json:"ticket"`
	Snooze int64 `json:"snooze"`
	By     Cause `json:"by"`
}

// onTime ends a snooze whose time has come, or whose linked ticket is done. A job
// that comes twice, or too late, finds nothing to end.
func (s *Service) onTime(ctx context.Context, _ *jobs.Job, w wakeUp) error {
	return s.back(ctx, w)
}

func (s *Service) back(ctx context.Context, w wakeUp) error {
	ctx = access.With(ctx, access.System())
	_, err := s.tickets.Act(ctx, ticket.ByID(w.Ticket), access.Note, func(a *ticket.Acting) error {
		z, err := load(ctx, a.Tx(), w.Ticket, w.Snooze)
		if err != nil {
			return err
		}
		if w.By == ByTime && z.Until.After(s.now()) {
			return nil // it was resumed, and has a job of its own
		}
		ended, err := end(ctx, a.Tx(), &z, w.By, s.now().UTC())
		if err != nil || !ended {
			return err
		}
		return s.sayBack(ctx, a.Tx(), &z, a.Say)
	})
	if apperr.Is(err, apperr.NotFound) {
		return nil
	}
	return err
}

// sweepLimit bounds one round of Sweep.
const sweepLimit = 500

// Sweep wakes what is due and has no job any more, as after a restored backup.
func (s *Service) Sweep(ctx context.Context) error {
	// What the jobs are about to wake by themselves is left to them.
	late, err := due(ctx, s.db.Reader(), s.now().Add(-time.Minute), sweepLimit)
	if err != nil {
		return err
	}
	var failed []error
	for _, z := range late {
		if err := s.back(ctx, wakeUp{Ticket: z.TicketID, Snooze: z.ID, By: ByTime}); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Follow brings tickets back for what happens to them, and notes that those whom
// one came back to did something about it.
func (s *Service) Follow(ctx context.Context, tx *database.Tx, saved *ticket.Saved) error {
	if saved.Created() {
		return nil
	}
	open, err := openOf(ctx, tx, saved.After.ID)
	if err != nil {
		return err
	}
	now := s.now().UTC()
	var seen []int64
	for i := range open {
		z := &open[i]
		if !z.Asleep() {
			if z.Concerns(saved.Actor) && touched(saved) {
				seen = append(seen, z.ID)
			}
			continue
		}
		by, woken := z.wokenBy(saved)
		if !woken {
			continue
		}
		if _, err := end(ctx, tx, z, by, now); err != nil {
			return err
		}
		if !by.Marks() {
			continue
		}
		if err := s.sayBack(ctx, tx, z, saved.Say); err != nil {
			return err
		}
	}
	if len(seen) > 0 {
		if err := markSeen(ctx, tx, seen, now); err != nil {
			return err
		}
	}
	return s.wakeLinked(ctx, tx, saved)
}

// touched reports whether a save did something to the ticket itself.
func touched(saved *ticket.Saved) bool {
	for i := range saved.Events {
		if saved.Events[i].Type != ticket.Acted {
			return true
		}
	}
	return false
}

// wakeLinked wakes what waited for this ticket to be done: other tickets, so a job
// does it.
func (s *Service) wakeLinked(ctx context.Context, tx *database.Tx, saved *ticket.Saved) error {
	if !saved.Before.Category.Active() || saved.After.Category.Active() {
		return nil
	}
	waiting, err := waitingFor(ctx, tx, saved.After.ID)
	if err != nil || len(waiting) == 0 {
		return err
	}
	payloads := make([]wakeUp, 0, len(waiting))
	for _, z := range waiting {
		payloads = append(payloads, wakeUp{Ticket: z.TicketID, Snooze: z.ID, By: ByLinked})
	}
	_, err = s.wake.EnqueueAll(ctx, tx, payloads, nil)
	return err
}

// What is said on the timeline. The text is a told as JSON.
const (
	saidSet  = "snooze.set"
	saidBack = "snooze.back"
)

// told is what an entry of the timeline keeps: names as they were then.
type told struct {
	For    string    `json:"for,omitempty"` // the group's or person's name; "" is for who did it
	Until  time.Time `json:"until,omitzero"`
	Wakes  Event     `json:"wakes,omitempty"`
	Linked string    `json:"linked,omitempty"` // the number of the ticket it waits for
	Reason string    `json:"reason,omitempty"`
	By     Cause     `json:"by,omitempty"`
}

func (s *Service) said(ctx context.Context, q database.Querier, z *Snooze, linked string) (string, error) {
	name, err := s.groupName(ctx, q, z)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(told{For: name, Until: z.Until, Wakes: z.Wakes, Linked: linked, Reason: z.Reason})
	return string(text), err
}

func (s *Service) sayBack(ctx context.Context, q database.Querier, z *Snooze, say func(what, from, to string)) error {
	name, err := s.groupName(ctx, q, z)
	if err != nil {
		return err
	}
	if name == "" {
		persons, err := s.names.PersonNames(ctx, q, []int64{z.PersonID})
		if err != nil {
			return err
		}
		name = persons[z.PersonID].Name
	}
	text, err := json.Marshal(told{For: name, Reason: z.Reason, By: z.WokenBy})
	say(saidBack, "", string(text))
	return err
}

func (s *Service) groupName(ctx context.Context, q database.Querier, z *Snooze) (string, error) {
	if z.GroupID == 0 {
		return "", nil
	}
	groups, err := s.names.GroupNames(ctx, q, []int64{z.GroupID})
	return groups[z.GroupID].Name, err
}
