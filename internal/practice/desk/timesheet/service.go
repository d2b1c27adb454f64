package timesheet

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	db      *database.DB
	tickets *ticket.Service
	audit   *audit.Log
	now     func() time.Time
}

// NewService makes the service.
func NewService(db *database.DB, tickets *ticket.Service, log *audit.Log, now func() time.Time) *Service {
	return &Service{db: db, tickets: tickets, audit: log, now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }}
}

// What is said on the timeline: that time was recorded, never how much, which is
// for those alone who may report on it. To is the activity.
const (
	saidRecorded  = "time.recorded"
	saidCorrected = "time.corrected"
	saidWithdrawn = "time.withdrawn"
)

// act does something with time of a person (0 is the actor) on a ticket.
func (s *Service) act(ctx context.Context, ref ticket.Ref, person int64, fn func(a *ticket.Acting, person int64) error) error {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return apperr.New(apperr.Forbidden, "Only persons record time.")
	}
	_, err := s.tickets.Act(ctx, ref, access.Note, func(a *ticket.Acting) error {
		if person == 0 {
			person = actor.ID
		}
		if err := s.mayFor(ctx, a.Tx(), actor, person); err != nil {
			return err
		}
		return fn(a, person)
	})
	return err
}

// mayFor fails unless the time is the actor's own or of somebody they lead.
func (s *Service) mayFor(ctx context.Context, q database.Querier, actor access.Actor, person int64) error {
	if person == actor.ID {
		return nil
	}
	leading, err := leads(ctx, q, actor.ID, person)
	if err == nil && !leading {
		err = apperr.New(apperr.Forbidden, "Only a lead of their group records time for somebody else.")
	}
	return err
}

// activity gives an activity that time can be recorded for; 0 is the first. Where
// no administrator has made any, one comes into being. A correction may keep one
// that is not in use any more.
func (s *Service) activity(ctx context.Context, tx *database.Tx, id int64, retired bool) (Activity, error) {
	all, err := activities(ctx, tx)
	if err != nil {
		return Activity{}, err
	}
	if len(all) == 0 && id == 0 {
		a := Activity{ID: tx.NextID(), Name: "Work", Billable: true, Active: true, Place: 1, Version: 1}
		return a, insertActivity(ctx, tx, &a)
	}
	for _, a := range all {
		if (id == 0 || a.ID == id) && (a.Active || retired && a.ID == id) {
			return a, nil
		}
	}
	return Activity{}, apperr.InvalidField("activity", "Choose what the time was spent on.")
}

// Correct puts another entry in the place of one. Conflict when that was corrected
// or withdrawn meanwhile.
func (s *Service) Correct(ctx context.Context, ref ticket.Ref, id int64, n Spent) (Entry, error) {
	if err := n.check(s.now()); err != nil {
		return Entry{}, err
	}
	var e Entry
	err := s.onEntry(ctx, ref, id, func(a *ticket.Acting, old Entry) error {
		var err error
		if n.Activity == 0 {
			n.Activity = old.ActivityID
		}
		e, err = s.add(ctx, a, Entry{PersonID: old.PersonID, ActivityID: n.Activity, Day: n.Day, Minutes: n.Minutes, Note: n.Note, Corrects: old.ID}, saidCorrected)
		return err
	})
	return e, err
}

// Withdraw lets an entry no longer count. It gives the entry that says so: its
// correction is the way back.
func (s *Service) Withdraw(ctx context.Context, ref ticket.Ref, id int64) (Entry, error) {
	var e Entry
	err := s.onEntry(ctx, ref, id, func(a *ticket.Acting, old Entry) error {
		var err error
		e, err = s.add(ctx, a, Entry{PersonID: old.PersonID, ActivityID: old.ActivityID, Day: old.Day, Note: old.Note, Corrects: old.ID}, saidWithdrawn)
		return err
	})
	return e, err
}

func (s *Service) onEntry(ctx context.Context, ref ticket.Ref, id int64, fn func(a *ticket.Acting, old Entry) error) error {
	return s.act(ctx, ref, 0, func(a *ticket.Acting, _ int64) error {
		old, err := s.entry(ctx, a.Tx(), a.Ticket().ID, id)
		if err != nil {
			return err
		}
		return fn(a, old)
	})
}

// Entry gives an entry that counts and that the actor may correct. NotFound for
// somebody else's, Conflict for one that was corrected or withdrawn.
func (s *Service) Entry(ctx context.Context, t *ticket.Ticket, id int64) (Entry, error) {
	return s.entry(ctx, s.db.Reader(), t.ID, id)
}

func (s *Service) entry(ctx context.Context, q database.Querier, ticketID, id int64) (Entry, error) {
	e, err := loadEntry(ctx, q, ticketID, id)
	if e.ID != 0 && s.mayFor(ctx, q, access.From(ctx), e.PersonID) != nil {
		return Entry{}, errNoEntry()
	}
	return e, err
}

// Cell is a place of the week's table.
type Cell struct {
	Ticket   int64
	Activity int64
	Day      string
}

// SetCell makes the actor's entries in a cell add up to some minutes, by an entry
// or by corrections of the latest ones.
func (s *Service) SetCell(ctx context.Context, c Cell, minutes int) error {
	var p apperr.Problems
	checkDay(&p, "day", c.Day, s.now())
	if minutes < 0 || minutes > MaxMinutes {
		p.Add("minutes", "A day has at most 24 hours.")
	}
	if err := p.Err(); err != nil {
		return err
	}
	return s.act(ctx, ticket.ByID(c.Ticket), 0, func(a *ticket.Acting, person int64) error {
		entries, err := inCell(ctx, a.Tx(), c, person)
		if err != nil {
			return err
		}
		sum := 0
		for i := range entries {
			sum += entries[i].Minutes
		}
		if minutes > sum && len(entries) != 1 {
			_, err := s.add(ctx, a, Entry{PersonID: person, ActivityID: c.Activity, Day: c.Day, Minutes: minutes - sum}, saidRecorded)
			return err
		}
		return s.shift(ctx, a, entries, minutes-sum)
	})
}

// shift corrects entries, the latest first, until their sum has changed by so much.
func (s *Service) shift(ctx context.Context, a *ticket.Acting, entries []Entry, by int) error {
	for i := range entries {
		old := &entries[i]
		now := max(old.Minutes+by, 0)
		if now == old.Minutes {
			return nil
		}
		by -= now - old.Minutes
		said := saidCorrected
		if now == 0 {
			said = saidWithdrawn
		}
		if _, err := s.add(ctx, a, Entry{PersonID: old.PersonID, ActivityID: old.ActivityID, Day: old.Day, Minutes: now, Note: old.Note, Corrects: old.ID}, said); err != nil {
			return err
		}
	}
	return nil
}

// Sheet is the time on a ticket as its reader may know it.
type Sheet struct {
	Total   int     // minutes of all
	Entries []Entry // one's own, or everybody's for those who report on time
}

// Of gives the time on a ticket; Forbidden without its notes.
func (s *Service) Of(ctx context.Context, t *ticket.Ticket) (Sheet, error) {
	actor := access.From(ctx)
	if err := actor.Check(access.ReadNotes, t.Record()).Err(); err != nil {
		return Sheet{}, err
	}
	total, err := sums(ctx, s.db.Reader(), []int64{t.ID})
	if err != nil {
		return Sheet{}, err
	}
	all, err := onTicket(ctx, s.db.Reader(), t.ID)
	sheet := Sheet{Total: total[t.ID]}
	everybody := actor.Check(access.ReportTime, t.Record()).Allowed
	for _, e := range all {
		if everybody || e.PersonID == actor.ID {
			sheet.Entries = append(sheet.Entries, e)
		}
	}
	return sheet, err
}

// Running gives the actor's timer, if one runs.
func (s *Service) Running(ctx context.Context) (Timer, bool, error) {
	return loadTimer(ctx, s.db.Reader(), access.From(ctx).ID)
}

// Stop ends the actor's timer and records its time; without minutes, what it shows.
// NotFound when none runs, as when another device has stopped it.
func (s *Service) Stop(ctx context.Context, n Spent) (Entry, error) {
	timer, is, err := s.Running(ctx)
	if err != nil {
		return Entry{}, err
	}
	if !is {
		return Entry{}, errNoTimer()
	}
	n.Person = 0
	if n.Minutes == 0 {
		n.Minutes = timer.Minutes(s.now())
	}
	if err := n.check(s.now()); err != nil {
		return Entry{}, err
	}
	var e Entry
	err = s.act(ctx, ticket.ByID(timer.TicketID), 0, func(a *ticket.Acting, person int64) error {
		if err := endTimer(ctx, a.Tx(), timer); err != nil {
			return err
		}
		var err error
		e, err = s.add(ctx, a, Entry{PersonID: person, ActivityID: n.Activity, Day: n.Day, Minutes: n.Minutes, Note: n.Note}, saidRecorded)
		return err
	})
	return e, err
}

// Discard ends the actor's timer without recording anything.
func (s *Service) Discard(ctx context.Context) error {
	timer, is, err := s.Running(ctx)
	if err != nil {
		return err
	}
	if !is {
		return errNoTimer()
	}
	return s.db.Write(ctx, func(tx *database.Tx) error { return endTimer(ctx, tx, timer) })
}

func errNoTimer() error { return apperr.New(apperr.NotFound, "No timer of yours is running.") }

func (s *Service) document(a *Activity) map[string]any {
	return map[string]any{"name": a.Name, "billable": a.Billable, "active": a.Active}
}

// Activities lists what time can be spent on, retired activities included.
func (s *Service) Activities(ctx context.Context) ([]Activity, error) {
	return activities(ctx, s.db.Reader())
}

// Prompts gives which kinds ask for time; a kind that is missing does not.
func (s *Service) Prompts(ctx context.Context) (map[string]Prompt, error) {
	return prompts(ctx, s.db.Reader())
}

// worked reports whether a save is one after which time is asked for.
func worked(saved *ticket.Saved) bool {
	for i := range saved.Events {
		if saved.Events[i].Type == ticket.Replied {
			return true
		}
	}
	return saved.Before.Category.Active() && !saved.After.Category.Active()
}

// Record writes down time that was spent on a ticket. Invalid beside each field;
// Forbidden for somebody whom the actor does not lead.
func (s *Service) Record(ctx context.Context, ref ticket.Ref, n Spent) (Entry, error) {
	if err := n.check(s.now()); err != nil {
		return Entry{}, err
	}
	var e Entry
	err := s.act(ctx, ref, n.Person, func(a *ticket.Acting, person int64) error {
		id, replayed, err := once.Do(ctx, a.Tx(), s.now(), []any{"time", a.Ticket().ID, n}, func() (int64, error) {
			var err error
			e, err = s.add(ctx, a, Entry{PersonID: person, ActivityID: n.Activity, Day: n.Day, Minutes: n.Minutes, Note: n.Note}, saidRecorded)
			return e.ID, err
		})
		if err == nil && replayed {
			e, err = entryByID(ctx, a.Tx(), id)
		}
		return err
	})
	return e, err
}

// add stores an entry and answers the question for time, if it was asked.
func (s *Service) add(ctx context.Context, a *ticket.Acting, e Entry, said string) (Entry, error) {
	activity, err := s.activity(ctx, a.Tx(), e.ActivityID, e.Corrects != 0)
	if err != nil {
		return e, err
	}
	e.ID, e.TicketID, e.ActivityID, e.Billable = a.Tx().NextID(), a.Ticket().ID, activity.ID, activity.Billable
	e.RecordedBy, e.RecordedAt = access.From(ctx).ID, s.now()
	if err := insertEntry(ctx, a.Tx(), &e); err != nil {
		return e, err
	}
	a.Say(said, "", activity.Name)
	return e, answered(ctx, a.Tx(), e.PersonID, e.TicketID)
}

// Follow notes whom to ask for time: agents who reply or resolve, where the kind
// asks.
func (s *Service) Follow(ctx context.Context, tx *database.Tx, saved *ticket.Saved) error {
	if saved.Created() || !saved.Actor.IsPerson() || saved.Actor.ID == saved.After.RequesterID || !worked(saved) ||
		!saved.Actor.Check(access.Note, saved.After.Record()).Allowed || !saved.Actor.Check(access.ReadNotes, saved.After.Record()).Allowed {
		return nil
	}
	asking, err := prompts(ctx, tx)
	if err != nil || asking[saved.After.Kind] == "" || asking[saved.After.Kind] == Off {
		return err
	}
	return ask(ctx, tx, saved.Actor.ID, saved.After.ID, s.now())
}
