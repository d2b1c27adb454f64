package timesheet

import (
	"context"
	"fmt"
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
			e, err = database.One(ctx, a.Tx(), scanEntry, `SELECT `+entryColumns+` FROM time_entries e WHERE e.id = $1`, id)
		}
		return err
	})
	return e, err
}

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
	_, err = a.Tx().Exec(ctx, `DELETE FROM time_asked WHERE person_id = $1 AND ticket_id = $2`, e.PersonID, e.TicketID)
	return e, err
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

// Start lets the actor's timer run for a ticket. One that runs for another ticket
// is stopped, and its time recorded: that entry is given, too.
func (s *Service) Start(ctx context.Context, ref ticket.Ref, day string) (stopped Entry, err error) {
	t, err := s.tickets.Get(ctx, ref)
	if err != nil {
		return stopped, err
	}
	running, is, err := s.Running(ctx)
	if err != nil {
		return stopped, err
	}
	if is && running.TicketID != t.ID {
		if stopped, err = s.Stop(ctx, Spent{Day: day}); err != nil && !apperr.Is(err, apperr.NotFound) {
			return stopped, err
		}
	}
	return stopped, s.act(ctx, ticket.ByID(t.ID), 0, func(a *ticket.Acting, person int64) error {
		_, err := a.Tx().Exec(ctx, `INSERT INTO time_timers (person_id, ticket_id, started_at) VALUES ($1, $2, $3) ON CONFLICT (person_id) DO NOTHING`,
			person, t.ID, database.Time(s.now()))
		return err
	})
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

// endTimer removes a timer, once on however many devices it is stopped.
func endTimer(ctx context.Context, tx *database.Tx, t Timer) error {
	n, err := tx.Exec(ctx, `DELETE FROM time_timers WHERE person_id = $1 AND ticket_id = $2 AND started_at = $3`, t.PersonID, t.TicketID, database.Time(t.StartedAt))
	if err == nil && n == 0 {
		err = errNoTimer()
	}
	return err
}

func (s *Service) document(a *Activity) map[string]any {
	return map[string]any{"name": a.Name, "billable": a.Billable, "active": a.Active}
}

// Activities lists what time can be spent on, retired activities included.
func (s *Service) Activities(ctx context.Context) ([]Activity, error) {
	return activities(ctx, s.db.Reader())
}

func insertActivity(ctx context.Context, tx *database.Tx, a *Activity) error {
	_, err := tx.Exec(ctx, `INSERT INTO time_activities (id, name, billable, active, place, version) VALUES ($1, $2, $3, $4, $5, $6)`, a.ID, a.Name, a.Billable, a.Active, a.Place, a.Version)
	return err
}

// SaveActivity adds an activity (id 0) or changes one. It asks for the permission
// to change settings. What was recorded as billable stays so.
func (s *Service) SaveActivity(ctx context.Context, a Activity) (Activity, error) {
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return a, err
	}
	if err := a.check(); err != nil {
		return a, err
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		all, err := activities(ctx, tx)
		if err != nil {
			return err
		}
		e := audit.Entry{Action: "time_activity.update", ObjectType: "time_activity", ObjectName: a.Name, After: s.document(&a)}
		if a.ID == 0 {
			if len(all) >= maxActivities {
				return apperr.InvalidField("name", "There are %d activities, which is as many as there can be.", len(all))
			}
			a.ID, a.Version, a.Place, e.Action = tx.NextID(), 1, int64(len(all)+1), "time_activity.create"
			if err := insertActivity(ctx, tx, &a); err != nil {
				return err
			}
		} else {
			n, err := tx.Exec(ctx, `UPDATE time_activities SET name = $1, billable = $2, active = $3, version = version + 1 WHERE id = $4`, a.Name, a.Billable, a.Active, a.ID)
			if err == nil && n == 0 {
				err = apperr.New(apperr.NotFound, "This activity does not exist.")
			}
			if err != nil {
				return err
			}
			for i := range all {
				if all[i].ID == a.ID {
					e.Before = s.document(&all[i])
				}
			}
		}
		e.ObjectID = audit.ID(a.ID)
		return s.audit.Append(ctx, tx, e)
	})
	return a, err
}

// Prompts gives which kinds ask for time; a kind that is missing does not.
func (s *Service) Prompts(ctx context.Context) (map[string]Prompt, error) {
	return prompts(ctx, s.db.Reader())
}

// SetPrompt says whether agents of a kind are asked for time when they reply or
// resolve. It asks for the permission to change settings.
func (s *Service) SetPrompt(ctx context.Context, kind string, to Prompt) error {
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	def, err := s.tickets.Kinds().Get(kind)
	if err != nil {
		return err
	}
	if to != Off && to != Offered && to != Required {
		return apperr.InvalidField("prompt", "Time is not asked for, offered or required.")
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := prompts(ctx, tx)
		if err != nil || before[kind] == to || before[kind] == "" && to == Off {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO time_prompts (kind, prompt) VALUES ($1, $2) ON CONFLICT (kind) DO UPDATE SET prompt = excluded.prompt`, kind, string(to)); err != nil {
			return err
		}
		return s.audit.Append(ctx, tx, audit.Entry{
			Action: "time_prompt.update", ObjectType: "time_prompt", ObjectID: kind, ObjectName: def.Label,
			Before: map[string]any{"prompt": before[kind]}, After: map[string]any{"prompt": to},
		})
	})
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
	_, err = tx.Exec(ctx, `INSERT INTO time_asked (person_id, ticket_id, asked_at) VALUES ($1, $2, $3) ON CONFLICT (person_id, ticket_id) DO NOTHING`,
		saved.Actor.ID, saved.After.ID, database.Time(s.now()))
	return err
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

// asked reports whether the actor was asked for time on a ticket.
func (s *Service) asked(ctx context.Context, ticketID int64) (bool, error) {
	n, err := database.One(ctx, s.db.Reader(), database.Scalar[int], `SELECT COUNT(*) FROM time_asked WHERE person_id = $1 AND ticket_id = $2`, access.From(ctx).ID, ticketID)
	return n > 0, err
}

// Dismiss leaves the question for time without an answer; Forbidden where the kind
// requires one.
func (s *Service) Dismiss(ctx context.Context, ref ticket.Ref) error {
	return s.act(ctx, ref, 0, func(a *ticket.Acting, person int64) error {
		asking, err := prompts(ctx, a.Tx())
		if err != nil {
			return err
		}
		if asking[a.Ticket().Kind] == Required {
			return apperr.New(apperr.Forbidden, "Time must be recorded on tickets of this kind.")
		}
		_, err = a.Tx().Exec(ctx, `DELETE FROM time_asked WHERE person_id = $1 AND ticket_id = $2`, person, a.Ticket().ID)
		return err
	})
}

// Unrecorded is the guard before a ticket is resolved: where the kind requires it,
// whoever resolves has recorded time on the ticket.
func (s *Service) Unrecorded(ctx context.Context, q database.Querier, t *ticket.Ticket) error {
	actor := access.From(ctx)
	if !actor.IsPerson() || actor.ID == t.RequesterID {
		return nil
	}
	asking, err := prompts(ctx, q)
	if err != nil || asking[t.Kind] != Required {
		return err
	}
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT COUNT(*) FROM time_entries e WHERE e.ticket_id = $1 AND e.person_id = $2 AND `+counts, t.ID, actor.ID)
	if err != nil {
		return fmt.Errorf("timesheet: %w", err)
	}
	if n == 0 {
		return apperr.InvalidField("time", "Record the time you spent on this ticket first.")
	}
	return nil
}
