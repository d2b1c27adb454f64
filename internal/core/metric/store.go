package metric

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrations make the tables of figures.
var Migrations fs.FS = func() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}()

const factColumns = `ticket_id, seq, part, what, at, recorded_at, weight, kind, service_id, group_id, organisation_id, priority, channel, category,
	value, net, moves, touches, bounced, contact, line, state, next, person_id`

func (f *Fact) row() []any {
	bucket, net := -1, -1
	if len(spreads(f.What)) > 0 {
		bucket = bucketOf(f.Value)
	}
	if f.What == Resolved {
		net = bucketOf(f.Net)
	}
	return []any{
		f.TicketID, f.Seq, f.Part, string(f.What), database.Time(f.At), database.Time(f.RecordedAt), f.Weight,
		f.Kind, f.Service, f.Group, f.Organisation, f.Priority, f.Channel, f.Category,
		f.Value, f.Net, f.Moves, f.Touches, one(f.Bounced), one(f.FirstContact), f.Line, f.State, f.Next, f.Person, bucket, net,
	}
}

func scanFact(r database.Row) (Fact, error) {
	var f Fact
	var bounced, contact int64
	err := r.Scan(&f.TicketID, &f.Seq, &f.Part, &f.What, (*database.Time)(&f.At), (*database.Time)(&f.RecordedAt), &f.Weight,
		&f.Kind, &f.Service, &f.Group, &f.Organisation, &f.Priority, &f.Channel, &f.Category,
		&f.Value, &f.Net, &f.Moves, &f.Touches, &bounced, &contact, &f.Line, &f.State, &f.Next, &f.Person)
	f.Bounced, f.FirstContact = bounced != 0, contact != 0
	return f, err
}

func insertFacts(ctx context.Context, tx *database.Tx, facts []Fact) error {
	rows := make([][]any, len(facts))
	for i := range facts {
		rows[i] = facts[i].row()
	}
	return insertRows(ctx, tx, `INSERT INTO metric_facts (`+factColumns+`, bucket, bucket_net)`, "", rows)
}

// replaceStretches writes the stretches of some tickets anew: the last one of a
// ticket ends when something happens to it.
func replaceStretches(ctx context.Context, tx *database.Tx, tickets []int64, stretches []Stretch) error {
	var args database.Args
	if _, err := tx.Exec(ctx, `DELETE FROM metric_stretches WHERE ticket_id IN `+database.In(&args, tickets), args.Values()...); err != nil {
		return err
	}
	rows := make([][]any, len(stretches))
	for i, s := range stretches {
		rows[i] = []any{
			s.TicketID, s.Part, database.Time(s.Since), database.Time(s.Began), database.Time(s.Ended), database.Time(s.BeganRecorded), database.Time(s.EndedRecorded),
			s.Kind, s.Service, s.Group, s.Organisation, s.Priority, s.Channel, s.Category,
		}
	}
	return insertRows(ctx, tx, `INSERT INTO metric_stretches (ticket_id, part, since, began, ended, began_recorded, ended_recorded,
		kind, service_id, group_id, organisation_id, priority, channel, category)`, "", rows)
}

// cursors gives how far some timelines were folded.
func cursors(ctx context.Context, q database.Querier, tickets []int64) (map[int64]int, error) {
	var args database.Args
	out := map[int64]int{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var ticket int64
		var seq int
		err := r.Scan(&ticket, &seq)
		out[ticket] = seq
		return err
	}, `SELECT ticket_id, seq FROM metric_cursors WHERE ticket_id IN `+database.In(&args, tickets), args.Values()...)
	return out, err
}

func moveCursors(ctx context.Context, tx *database.Tx, to map[int64]int, order []int64) error {
	rows := make([][]any, 0, len(order))
	for _, ticket := range order {
		rows = append(rows, []any{ticket, to[ticket]})
	}
	return insertRows(ctx, tx, `INSERT INTO metric_cursors (ticket_id, seq)`, `ON CONFLICT (ticket_id) DO UPDATE SET seq = excluded.seq`, rows)
}

// zoneRow is a zone whose days are summed.
type zoneRow struct {
	ID       int64
	Name     string
	FilledTo int64
	Ready    bool
}

// has reports whether the facts of a ticket are to be in the zone's sums.
func (z zoneRow) has(ticket int64) bool { return z.Ready || ticket <= z.FilledTo }

func zones(ctx context.Context, q database.Querier) ([]zoneRow, error) {
	return database.All(ctx, q, func(r database.Row) (zoneRow, error) {
		var z zoneRow
		err := r.Scan(&z.ID, &z.Name, &z.FilledTo, &z.Ready)
		return z, err
	}, `SELECT id, name, filled_to, ready FROM metric_zones ORDER BY id`)
}

// state is the one row of metric_state.
type state struct {
	sweeping bool
	sweptTo  int64
	foldedAt time.Time
}

func readState(ctx context.Context, q database.Querier) (state, error) {
	var s state
	var to *int64
	err := q.QueryRow(ctx, `SELECT swept_to, folded_at FROM metric_state WHERE id = 1`).Scan(&to, (*database.Time)(&s.foldedAt))
	if to != nil {
		s.sweeping, s.sweptTo = true, *to
	}
	return s, err
}

// lock makes the jobs of all nodes take turns, transaction by transaction, and
// notes when timelines were last read.
func lock(ctx context.Context, tx *database.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE metric_state SET folded_at = $1 WHERE id = 1`, database.Time(now))
	return err
}
