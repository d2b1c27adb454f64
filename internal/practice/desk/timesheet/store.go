package timesheet

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of time spent.
var Migrations fs.FS = migrations

// counts is the test of an entry e that nothing has corrected or withdrawn.
const counts = `e.minutes > 0 AND NOT EXISTS (SELECT 1 FROM time_entries c WHERE c.corrects_id = e.id)`

const entryColumns = `e.id, e.ticket_id, e.person_id, e.activity_id, e.day, e.minutes, e.billable, e.note, e.recorded_by, e.recorded_at, e.corrects_id`

func scanEntry(r database.Row) (Entry, error) {
	var e Entry
	err := r.Scan(&e.ID, &e.TicketID, &e.PersonID, &e.ActivityID, &e.Day, &e.Minutes, &e.Billable, &e.Note, &e.RecordedBy, (*database.Time)(&e.RecordedAt), (*database.ID)(&e.Corrects))
	return e, err
}

func insertEntry(ctx context.Context, tx *database.Tx, e *Entry) error {
	_, err := tx.Exec(ctx, `INSERT INTO time_entries (id, ticket_id, person_id, activity_id, day, minutes, billable, note, recorded_by, recorded_at, corrects_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.ID, e.TicketID, e.PersonID, e.ActivityID, e.Day, e.Minutes, e.Billable, e.Note, e.RecordedBy, database.Time(e.RecordedAt), database.ID(e.Corrects))
	return err
}

// loadEntry gives an entry of a ticket that still counts; Conflict when another
// took its place.
func loadEntry(ctx context.Context, q database.Querier, ticketID, id int64) (Entry, error) {
	e, err := database.One(ctx, q, scanEntry, `SELECT `+entryColumns+` FROM time_entries e WHERE e.id = $1 AND e.ticket_id = $2`, id, ticketID)
	if apperr.Is(err, apperr.NotFound) {
		return e, errNoEntry()
	}
	if err != nil {
		return e, err
	}
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT COUNT(*) FROM time_entries e WHERE e.id = $1 AND `+counts, id)
	if err == nil && n == 0 {
		err = apperr.New(apperr.Conflict, "This entry was corrected or withdrawn meanwhile.")
	}
	return e, err
}

func errNoEntry() error {
	return apperr.New(apperr.NotFound, "This entry does not exist, or it is not yours.")
}

// maxEntries bounds what is shown of one ticket or one week.
const maxEntries = 500

// onTicket gives the entries of a ticket, the latest first.
func onTicket(ctx context.Context, q database.Querier, ticketID int64) ([]Entry, error) {
	return database.All(ctx, q, scanEntry, `SELECT `+entryColumns+` FROM time_entries e WHERE e.ticket_id = $1 AND `+counts+` ORDER BY e.day DESC, e.id DESC LIMIT $2`, ticketID, maxEntries)
}

// between gives the entries of a person in some days.
func between(ctx context.Context, q database.Querier, person int64, from, to string) ([]Entry, error) {
	return database.All(ctx, q, scanEntry, `SELECT `+entryColumns+` FROM time_entries e WHERE e.person_id = $1 AND e.day >= $2 AND e.day <= $3 AND `+counts+` ORDER BY e.ticket_id, e.activity_id, e.day, e.id LIMIT $4`,
		person, from, to, maxEntries)
}

// inCell gives a person's entries on a ticket of an activity and day.
func inCell(ctx context.Context, q database.Querier, c Cell, person int64) ([]Entry, error) {
	return database.All(ctx, q, scanEntry, `SELECT `+entryColumns+` FROM time_entries e WHERE e.person_id = $1 AND e.ticket_id = $2 AND e.activity_id = $3 AND e.day = $4 AND `+counts+` ORDER BY e.id DESC LIMIT $5`,
		person, c.Ticket, c.Activity, c.Day, maxEntries)
}

// sums adds up the minutes of some tickets.
func sums(ctx context.Context, q database.Querier, tickets []int64) (map[int64]int, error) {
	var args database.Args
	out := map[int64]int{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var n int
		err := r.Scan(&id, &n)
		out[id] = n
		return err
	}, `SELECT e.ticket_id, SUM(e.minutes) FROM time_entries e WHERE e.ticket_id IN `+database.In(&args, tickets)+` AND `+counts+` GROUP BY e.ticket_id`, args.Values()...)
	return out, err
}

func scanActivity(r database.Row) (Activity, error) {
	var a Activity
	err := r.Scan(&a.ID, &a.Name, &a.Billable, &a.Active, &a.Place, &a.Version)
	return a, err
}

const activityColumns = `a.id, a.name, a.billable, a.active, a.place, a.version`

// maxActivities bounds the list that administrators keep.
const maxActivities = 100

func activities(ctx context.Context, q database.Querier) ([]Activity, error) {
	return database.All(ctx, q, scanActivity, `SELECT `+activityColumns+` FROM time_activities a ORDER BY a.place, a.id LIMIT $1`, maxActivities)
}

func loadTimer(ctx context.Context, q database.Querier, person int64) (Timer, bool, error) {
	t, err := database.One(ctx, q, func(r database.Row) (Timer, error) {
		var t Timer
		err := r.Scan(&t.PersonID, &t.TicketID, (*database.Time)(&t.StartedAt))
		return t, err
	}, `SELECT person_id, ticket_id, started_at FROM time_timers WHERE person_id = $1`, person)
	if apperr.Is(err, apperr.NotFound) {
		return Timer{}, false, nil
	}
	return t, err == nil, err
}

// leads reports whether somebody leads a group that a person is in.
func leads(ctx context.Context, q database.Querier, lead, person int64) (bool, error) {
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT COUNT(*) FROM group_members l JOIN group_members m ON m.group_id = l.group_id WHERE l.person_id = $1 AND l.lead AND m.person_id = $2`, lead, person)
	return n > 0, err
}

func prompts(ctx context.Context, q database.Querier) (map[string]Prompt, error) {
	out := map[string]Prompt{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var kind string
		var p Prompt
		err := r.Scan(&kind, &p)
		out[kind] = p
		return err
	}, `SELECT kind, prompt FROM time_prompts ORDER BY kind LIMIT 1000`)
	return out, err
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

// endTimer removes a timer, once on however many devices it is stopped.
func endTimer(ctx context.Context, tx *database.Tx, t Timer) error {
	n, err := tx.Exec(ctx, `DELETE FROM time_timers WHERE person_id = $1 AND ticket_id = $2 AND started_at = $3`, t.PersonID, t.TicketID, database.Time(t.StartedAt))
	if err == nil && n == 0 {
		err = errNoTimer()
	}
	return err
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

// entryByID gives an entry whether it counts or not.
func entryByID(ctx context.Context, q database.Querier, id int64) (Entry, error) {
	return database.One(ctx, q, scanEntry, `SELECT `+entryColumns+` FROM time_entries e WHERE e.id = $1`, id)
}

// answered takes the question for time back.
func answered(ctx context.Context, tx *database.Tx, person, ticketID int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM time_asked WHERE person_id = $1 AND ticket_id = $2`, person, ticketID)
	return err
}

// ask notes that somebody is to be asked for the time they spent on a ticket.
func ask(ctx context.Context, tx *database.Tx, person, ticketID int64, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO time_asked (person_id, ticket_id, asked_at) VALUES ($1, $2, $3) ON CONFLICT (person_id, ticket_id) DO NOTHING`,
		person, ticketID, database.Time(at))
	return err
}
