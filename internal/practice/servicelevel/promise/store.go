package promise

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func note(ctx context.Context, tx *database.Tx, ticketID int64) error {
	return tx.Later(ctx, `INSERT INTO clock_outbox (id, ticket_id) VALUES ($1, $2)`, tx.NextID(), ticketID)
}

// noteOpen notes every ticket with a clock that has not ended.
func noteOpen(ctx context.Context, tx *database.Tx) error {
	open, err := database.All(ctx, tx, database.Scalar[int64], `SELECT DISTINCT ticket_id FROM ticket_clocks WHERE stage IN ('running', 'paused') ORDER BY ticket_id`)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(open, takeNotes) {
		var args database.Args
		rows := make([]string, 0, len(part))
		for _, id := range part {
			rows = append(rows, database.In(&args, []int64{tx.NextID(), id}))
		}
		if err := tx.Later(ctx, `INSERT INTO clock_outbox (id, ticket_id) VALUES `+strings.Join(rows, ", "), args.Values()...); err != nil {
			return err
		}
	}
	return nil
}

func readRecent(ctx context.Context, q database.Querier, from time.Time, most int) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT DISTINCT ticket_id FROM ticket_clocks WHERE ended_at IS NULL OR ended_at >= $1 ORDER BY ticket_id DESC LIMIT $2`,
		database.Time(from), most)
}

// readNotes gives the oldest notes by ticket.
func readNotes(ctx context.Context, q database.Querier) (map[int64][]int64, error) {
	notes := map[int64][]int64{}
	return notes, database.Each(ctx, q, func(r database.Row) error {
		var id, ticketID int64
		err := r.Scan(&id, &ticketID)
		notes[ticketID] = append(notes[ticketID], id)
		return err
	}, `SELECT id, ticket_id FROM clock_outbox ORDER BY id LIMIT $1`, takeNotes)
}

func dropNotes(ctx context.Context, tx *database.Tx, ids []int64) error {
	var args database.Args
	_, err := tx.Exec(ctx, `DELETE FROM clock_outbox WHERE id IN `+database.In(&args, ids), args.Values()...)
	return err
}

// lock lets one node write clocks at a time.
func lock(ctx context.Context, tx *database.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE clock_state SET kept_at = $1 WHERE id = 1`, database.Time(now))
	return err
}

func startSweep(ctx context.Context, tx *database.Tx) error {
	return tx.Later(ctx, `INSERT INTO clock_state (id, swept_to) VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET swept_to = 0`)
}

func readSweep(ctx context.Context, q database.Querier) (at int64, sweeping bool, err error) {
	err = q.QueryRow(ctx, `SELECT COALESCE(swept_to, 0), swept_to IS NOT NULL FROM clock_state WHERE id = 1`).Scan(&at, &sweeping)
	return at, sweeping, err
}

func nextTickets(ctx context.Context, q database.Querier, after int64, most int) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT t.id FROM tickets t WHERE t.id > $1 ORDER BY t.id LIMIT $2`, after, most)
}

func moveSweep(ctx context.Context, tx *database.Tx, from, to int64) error {
	_, err := tx.Exec(ctx, `UPDATE clock_state SET swept_to = $1 WHERE id = 1 AND swept_to = $2`, to, from)
	return err
}

func endSweep(ctx context.Context, tx *database.Tx, at int64) error {
	_, err := tx.Exec(ctx, `UPDATE clock_state SET swept_to = NULL WHERE id = 1 AND swept_to = $1`, at)
	return err
}

// readOverdue gives tickets with clocks that are kept as running towards an instant
// that is over.
func readOverdue(ctx context.Context, q database.Querier, now time.Time, most int) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT DISTINCT c.ticket_id FROM (
		SELECT ticket_id FROM ticket_clocks WHERE stage = 'running' AND breached_at IS NULL AND due_at < $1 ORDER BY due_at LIMIT $2) c`, database.Time(now), most)
}

// replaceClocks writes what the clocks of some tickets say.
func replaceClocks(ctx context.Context, tx *database.Tx, ids []int64, computed map[int64]Clocks, typical clock.Typical, now time.Time) error {
	var gone database.Args
	if _, err := tx.Exec(ctx, `DELETE FROM ticket_clocks WHERE ticket_id IN `+database.In(&gone, ids), gone.Values()...); err != nil {
		return err
	}
	type row struct {
		ticket int64
		c      *clock.Clock
		likely clock.Prospect
	}
	var rows []row
	for _, id := range ids {
		of := computed[id]
		foreseen := prospects(&of, typical)
		for i := range of.All {
			r := row{ticket: id, c: &of.All[i]}
			if len(foreseen[i]) > 0 {
				r.likely = foreseen[i][0]
			}
			rows = append(rows, r)
		}
	}
	const batch = 100
	for part := range slices.Chunk(rows, batch) {
		var args database.Args
		values := make([]string, 0, len(part))
		for _, r := range part {
			c := r.c
			values = append(values, database.In(&args, []any{
				r.ticket, string(c.Role), c.Party, string(c.Measure), c.State, c.Cycle, c.Agreement, c.Version, c.Target.Calendar, string(c.Stage),
				database.Time(c.Started), database.Time(c.Ended), database.Time(c.Due), database.Time(c.Breached), c.Used.Microseconds(), c.Whole().Microseconds(), pausedLate(c),
				database.Time(r.likely.At), string(r.likely.Cause), !r.likely.At.IsZero() && !r.likely.At.After(now),
			}))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO ticket_clocks (ticket_id, role, party_id, measure, state, cycle, agreement_id, version_id, calendar_id, stage,
			started_at, ended_at, due_at, breached_at, used, whole, late_pause, likely_at, likely_why, likely) VALUES `+strings.Join(values, ", "), args.Values()...); err != nil {
			return err
		}
	}
	return nil
}

// open is what is kept of a ticket's most urgent open clock.
type open struct {
	calendar int64
	due      time.Time // zero while it is paused
	breached bool
}

// readOpen gives the most urgent open clock of some tickets: a running one before
// those that are paused.
func readOpen(ctx context.Context, q database.Querier, ids []int64) (map[int64]open, error) {
	var args database.Args
	out := map[int64]open{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var o open
		if err := r.Scan(&id, &o.calendar, (*database.Time)(&o.due), &o.breached); err != nil {
			return err
		}
		if _, seen := out[id]; !seen {
			out[id] = o
		}
		return nil
	}, `SELECT c.ticket_id, c.calendar_id, c.due_at, c.breached_at IS NOT NULL FROM ticket_clocks c
		WHERE c.stage IN ('running', 'paused') AND c.ticket_id IN `+database.In(&args, ids)+` ORDER BY c.ticket_id, c.due_at IS NULL, c.due_at`, args.Values()...)
	return out, err
}

// outcome is the SQL of what became of a ticket's promises.
const outcome = `SELECT CASE WHEN COUNT(c.breached_at) > 0 THEN 'broken' WHEN SUM(CASE WHEN c.likely THEN 1 ELSE 0 END) > 0 THEN 'likely'
	WHEN SUM(CASE WHEN c.stage IN ('running', 'paused') THEN 1 ELSE 0 END) > 0 THEN 'on_course' ELSE 'kept' END
	FROM ticket_clocks c WHERE c.ticket_id = `

// readOutcomes gives what became of the promises on some tickets; those without one
// are left out.
func readOutcomes(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error) {
	var args database.Args
	out := map[int64]string{}
	return out, database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var is string
		err := r.Scan(&id, &is)
		out[id] = is
		return err
	}, `SELECT t.id, (`+outcome+`t.id HAVING COUNT(*) > 0) FROM tickets t WHERE t.id IN `+database.In(&args, ids)+` AND EXISTS (SELECT 1 FROM ticket_clocks c WHERE c.ticket_id = t.id)`, args.Values()...)
}

// slotOf is the column that a report is cut by.
func slotOf(d Dimension) string {
	switch d {
	case ByService:
		return "COALESCE(t.service_id, 0)"
	case ByGroup:
		return "COALESCE(t.group_id, 0)"
	case ByCustomer:
		return "COALESCE(t.organisation_id, 0)"
	case BySupplier:
		return "c.party_id"
	case ByAgreement:
	}
	return "c.agreement_id"
}

// counted chooses the promises of a report: those that ended in its period, or were
// broken in it and are open.
func counted(q ReportQuery, where string, args *database.Args) string {
	from, to := args.Arg(database.Time(q.From)), args.Arg(database.Time(q.To))
	sql := ` FROM ticket_clocks c JOIN tickets t ON t.id = c.ticket_id WHERE (c.stage = 'completed' AND c.ended_at >= ` + from + ` AND c.ended_at < ` + to +
		` OR c.ended_at IS NULL AND c.breached_at >= ` + from + ` AND c.breached_at < ` + to + `) AND ` + where
	if q.By == BySupplier {
		q.Role = clock.UC
	}
	switch q.Only {
	case OnlyKept:
		sql += ` AND c.breached_at IS NULL`
	case OnlyNear:
		sql += ` AND c.breached_at IS NULL AND c.used * 100 >= c.whole * ` + args.Arg(near)
	case OnlyBroken:
		sql += ` AND c.breached_at IS NOT NULL`
	case OnlyLate:
		sql += ` AND c.late_pause`
	}
	if q.Role != "" {
		sql += ` AND c.role = ` + args.Arg(string(q.Role))
	}
	return sql
}

func readLines(ctx context.Context, q database.Querier, query ReportQuery, after *mark, limit int, where string, args *database.Args) ([]Line, error) {
	slot := slotOf(query.By)
	const key = `c.role || ' ' || c.measure`
	sql := `SELECT ` + slot + `, c.role, c.measure, SUM(CASE WHEN c.breached_at IS NULL THEN 1 ELSE 0 END),
		SUM(CASE WHEN c.breached_at IS NULL AND c.used * 100 >= c.whole * ` + args.Arg(near) + ` THEN 1 ELSE 0 END),
		SUM(CASE WHEN c.breached_at IS NULL THEN 0 ELSE 1 END), SUM(CASE WHEN c.late_pause THEN 1 ELSE 0 END)` + counted(query, where, args) +
		` GROUP BY ` + slot + `, c.role, c.measure`
	if after != nil {
		sql += ` HAVING (0 - COUNT(*), ` + slot + `, ` + key + `) > (` + args.Arg(-after.At) + `, ` + args.Arg(after.ID) + `, ` + args.Arg(after.Key) + `)`
	}
	return database.All(ctx, q, func(r database.Row) (Line, error) {
		var l Line
		err := r.Scan(&l.ID, (*string)(&l.Role), (*string)(&l.Measure), &l.Kept, &l.Near, &l.Broken, &l.LatePauses)
		return l, err
	}, sql+` ORDER BY 0 - COUNT(*), `+slot+`, `+key+` LIMIT `+args.Arg(limit), args.Values()...)
}

func readBehind(ctx context.Context, q database.Querier, query ReportQuery, id int64, measure clock.Measure, after *mark, limit int, where string, args *database.Args) ([]Outcome, error) {
	const decided = `COALESCE(c.ended_at, c.breached_at)`
	const key = `c.role || ' ' || c.party_id || ' ' || c.state || ' ' || c.cycle`
	sql := `SELECT c.ticket_id, c.measure, ` + decided + `, c.breached_at IS NOT NULL, c.used, c.whole, ` + key + counted(query, where, args) +
		` AND ` + slotOf(query.By) + ` = ` + args.Arg(id) + ` AND c.measure = ` + args.Arg(string(measure))
	if after != nil {
		sql += ` AND (` + decided + `, c.ticket_id, ` + key + `) < (` + args.Arg(after.At) + `, ` + args.Arg(after.ID) + `, ` + args.Arg(after.Key) + `)`
	}
	sql += ` ORDER BY ` + decided + ` DESC, c.ticket_id DESC, ` + key + ` DESC LIMIT ` + args.Arg(limit)
	return database.All(ctx, q, func(r database.Row) (Outcome, error) {
		var o Outcome
		var used, whole int64
		err := r.Scan(&o.TicketID, (*string)(&o.Measure), (*database.Time)(&o.Ended), &o.Broken, &used, &whole, &o.key)
		o.Used, o.Whole = time.Duration(used)*time.Microsecond, time.Duration(whole)*time.Microsecond
		return o, err
	}, sql, args.Values()...)
}

// maxFound bounds from how many tickets those of a trial are taken.
const maxFound = 200_000

// readTried gives the tickets that came in since an instant, oldest first. Of an
// agreement with a customer that names kinds or services it gives only tickets of
// those; which group had a ticket, its row does not say.
func readTried(ctx context.Context, q database.Querier, role clock.Role, terms clock.Terms, from time.Time, where string, args *database.Args) ([]int64, error) {
	sql := `SELECT t.id FROM tickets t WHERE t.created_at >= ` + args.Arg(database.Time(from)) + ` AND ` + where
	if len(terms.Kinds) > 0 {
		sql += ` AND t.kind IN ` + database.In(args, terms.Kinds)
	}
	if role == clock.SLA && len(terms.Services) > 0 {
		sql += ` AND t.service_id IN ` + database.In(args, terms.Services)
	}
	if role == clock.SLA && len(terms.Offerings) > 0 {
		sql += ` AND t.service_id IN (SELECT o.service_id FROM service_offerings o WHERE o.id IN ` + database.In(args, terms.Offerings) + `)`
	}
	return database.All(ctx, q, database.Scalar[int64], sql+` ORDER BY t.created_at, t.id LIMIT `+args.Arg(maxFound), args.Values()...)
}

func readLearned(ctx context.Context, q database.Querier) (at time.Time, sweeping bool, err error) {
	err = q.QueryRow(ctx, `SELECT learned_at, swept_to IS NOT NULL FROM clock_state WHERE id = 1`).Scan((*database.Time)(&at), &sweeping)
	return at, sweeping, err
}

// readEnded gives the tickets that were resolved last, the latest first.
func readEnded(ctx context.Context, q database.Querier, since time.Time, most int) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT t.id FROM tickets t WHERE t.resolved_at >= $1 ORDER BY t.resolved_at DESC, t.id DESC LIMIT $2`, database.Time(since), most)
}

// readOpenTickets gives the tickets with open promises.
func readOpenTickets(ctx context.Context, q database.Querier) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT DISTINCT c.ticket_id FROM ticket_clocks c WHERE c.stage IN ('running', 'paused') ORDER BY 1 LIMIT $1`, maxFound)
}

// noteAll is note for many tickets.
func noteAll(ctx context.Context, tx *database.Tx, tickets []int64) error {
	const batch = 200
	for part := range slices.Chunk(tickets, batch) {
		var args database.Args
		values := make([]string, 0, len(part))
		for _, id := range part {
			values = append(values, database.In(&args, []any{tx.NextID(), id}))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO clock_outbox (id, ticket_id) VALUES `+strings.Join(values, ", "), args.Values()...); err != nil {
			return err
		}
	}
	return nil
}

func replaceTypical(ctx context.Context, tx *database.Tx, typical clock.Typical, now time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE clock_state SET learned_at = $1 WHERE id = 1`, database.Time(now)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM clock_typical`); err != nil {
		return err
	}
	for p, s := range typical {
		if err := tx.Later(ctx, `INSERT INTO clock_typical (role, measure, step, kind, state, group_id, to_end, length) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			string(p.Role), string(p.Measure), p.Of, p.Kind, p.State, p.Group, database.JSON{V: inMicroseconds(s.ToEnd)}, database.JSON{V: inMicroseconds(s.Length)}); err != nil {
			return err
		}
	}
	return nil
}

func inMicroseconds(all []time.Duration) []int64 {
	out := make([]int64, 0, len(all))
	for _, d := range all {
		out = append(out, d.Microseconds())
	}
	return out
}

func durations(microseconds []int64) []time.Duration {
	out := make([]time.Duration, 0, len(microseconds))
	for _, m := range microseconds {
		out = append(out, time.Duration(m)*time.Microsecond)
	}
	return out
}

func readTypical(ctx context.Context, q database.Querier) (clock.Typical, error) {
	out := clock.Typical{}
	return out, database.Each(ctx, q, func(r database.Row) error {
		var p clock.Place
		var toEnd, length []int64
		err := r.Scan((*string)(&p.Role), (*string)(&p.Measure), &p.Of, &p.Kind, &p.State, &p.Group, database.JSON{V: &toEnd}, database.JSON{V: &length})
		out[p] = &clock.Sample{ToEnd: durations(toEnd), Length: durations(length)}
		return err
	}, `SELECT c.role, c.measure, c.step, c.kind, c.state, c.group_id, c.to_end, c.length FROM clock_typical c`)
}

const turns = `likely_at <= $1 AND likely_at IS NOT NULL AND NOT likely`

func anyTurns(ctx context.Context, q database.Querier, now time.Time) (bool, error) {
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM (SELECT 1 FROM ticket_clocks WHERE `+turns+` LIMIT 1) c`, database.Time(now))
	return n > 0, err
}

func turn(ctx context.Context, tx *database.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE ticket_clocks SET likely = TRUE WHERE `+turns, database.Time(now))
	return err
}

// likelyRow names a promise that is likely to break.
type likelyRow struct {
	ticket int64
	key    clock.Key
	cursor Cursor
}

// notDue stands, in the order of likely promises, for the instant of what is not due.
const notDue = "253402300800000000"

func readLikely(ctx context.Context, q database.Querier, where string, args *database.Args, after Cursor, limit int) ([]likelyRow, error) {
	const key = `c.role || ' ' || c.party_id || ' ' || c.measure || ' ' || c.state || ' ' || c.cycle`
	const due = `COALESCE(c.due_at, ` + notDue + `)`
	sql := `SELECT c.ticket_id, c.role, c.party_id, c.measure, c.state, c.cycle, ` + due + `, ` + key + ` FROM ticket_clocks c JOIN tickets t ON t.id = c.ticket_id
		WHERE c.likely AND c.breached_at IS NULL AND c.ended_at IS NULL AND ` + where
	if after.Ticket != 0 {
		sql += ` AND (` + due + `, c.ticket_id, ` + key + `) > (` + args.Arg(after.Due) + `, ` + args.Arg(after.Ticket) + `, ` + args.Arg(after.Key) + `)`
	}
	return database.All(ctx, q, func(r database.Row) (likelyRow, error) {
		var l likelyRow
		err := r.Scan(&l.ticket, (*string)(&l.key.Role), &l.key.Party, (*string)(&l.key.Measure), &l.key.State, &l.key.Cycle, &l.cursor.Due, &l.cursor.Key)
		l.cursor.Ticket = l.ticket
		return l, err
	}, sql+` ORDER BY 7, 1, 8 LIMIT `+args.Arg(limit), args.Values()...)
}

// maxDecided bounds what one customer's month holds.
const maxDecided = 500_000

// readDecided goes by when promises were decided: the plus keeps SQLite from reading
// every ticket that the customer ever had.
func readDecided(ctx context.Context, q database.Querier, d clock.Decisions) ([]clock.Decision, error) {
	var args database.Args
	from, to := args.Arg(database.Time(d.From)), args.Arg(database.Time(d.To))
	return database.All(ctx, q, func(r database.Row) (clock.Decision, error) {
		var x clock.Decision
		var used, whole int64
		err := r.Scan(&x.Ticket, &x.Number, &x.Kind, (*database.ID)(&x.Service), &x.Priority, &x.Version, (*string)(&x.Measure), &x.State, &x.Cycle,
			(*database.Time)(&x.At), &x.Broken, &used, &whole)
		x.Used, x.Whole = time.Duration(used)*time.Microsecond, time.Duration(whole)*time.Microsecond
		return x, err
	}, `SELECT c.ticket_id, t.number, t.kind, t.service_id, t.priority, c.version_id, c.measure, c.state, c.cycle, COALESCE(c.breached_at, c.ended_at),
			c.breached_at IS NOT NULL, c.used, c.whole
		FROM ticket_clocks c JOIN tickets t ON t.id = c.ticket_id
		WHERE c.role = 'sla' AND c.agreement_id = `+args.Arg(d.Agreement)+` AND c.stage <> 'cancelled'
			AND (c.breached_at >= `+from+` AND c.breached_at < `+to+` OR c.breached_at IS NULL AND c.stage = 'completed' AND c.ended_at >= `+from+` AND c.ended_at < `+to+`)
			AND +t.organisation_id IN (SELECT o.organisation_id FROM organisation_tree o WHERE o.ancestor_id = `+args.Arg(d.Customer)+`)
		ORDER BY 10, c.ticket_id, c.measure, c.state, c.cycle LIMIT `+args.Arg(maxDecided), args.Values()...)
}

func readCovering(ctx context.Context, q database.Querier, tickets []int64) (map[int64]int64, error) {
	out := map[int64]int64{}
	for part := range slices.Chunk(tickets, takeNotes) {
		var args database.Args
		err := database.Each(ctx, q, func(r database.Row) error {
			var ticket, agreement int64
			err := r.Scan(&ticket, &agreement)
			out[ticket] = agreement
			return err
		}, `SELECT c.ticket_id, MAX(c.agreement_id) FROM ticket_clocks c WHERE c.role = 'sla' AND c.stage <> 'cancelled' AND c.ticket_id IN `+database.In(&args, part)+
			` GROUP BY c.ticket_id`, args.Values()...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readRisks(ctx context.Context, q database.Querier, requester int64, agreements []int64, most int) ([]clock.Risk, error) {
	var args database.Args
	return database.All(ctx, q, func(r database.Row) (clock.Risk, error) {
		var x clock.Risk
		err := r.Scan(&x.Agreement, &x.Ticket, &x.Number, &x.Title, (*string)(&x.Measure), &x.State, (*database.Time)(&x.Due), &x.Broken)
		return x, err
	}, `SELECT c.agreement_id, t.id, t.number, t.title, c.measure, c.state, c.due_at, c.breached_at IS NOT NULL
		FROM tickets t JOIN ticket_clocks c ON c.ticket_id = t.id
		WHERE t.requester_id = `+args.Arg(requester)+` AND c.role = 'sla' AND c.stage IN ('running', 'paused') AND (c.likely OR c.breached_at IS NOT NULL)
			AND c.agreement_id IN `+database.In(&args, agreements)+`
		ORDER BY c.due_at IS NULL, c.due_at, t.id, c.measure, c.state LIMIT `+args.Arg(most), args.Values()...)
}
