package timesheet

import (
	"context"
	"embed"
	"io/fs"

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
