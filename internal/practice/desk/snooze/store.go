package snooze

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the table of what was set aside.
var Migrations fs.FS = migrations

const columns = `z.id, z.ticket_id, z.setter_id, z.person_id, z.group_id, z.until_at, z.wakes, z.linked_id, z.reason, z.set_at, z.woken_at, z.woken_by, z.seen_at`

func scan(r database.Row) (Snooze, error) {
	var s Snooze
	err := r.Scan(&s.ID, &s.TicketID, &s.SetterID, (*database.ID)(&s.PersonID), (*database.ID)(&s.GroupID), (*database.Time)(&s.Until), &s.Wakes,
		(*database.ID)(&s.LinkedID), &s.Reason, (*database.Time)(&s.SetAt), (*database.Time)(&s.WokenAt), &s.WokenBy, (*database.Time)(&s.SeenAt))
	return s, err
}

func insert(ctx context.Context, tx *database.Tx, s *Snooze) error {
	_, err := tx.Exec(ctx, `INSERT INTO snoozes (id, ticket_id, setter_id, person_id, group_id, until_at, wakes, linked_id, reason, set_at, woken_at, woken_by, seen_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, '', NULL)`,
		s.ID, s.TicketID, s.SetterID, database.ID(s.PersonID), database.ID(s.GroupID), database.Time(s.Until), string(s.Wakes), database.ID(s.LinkedID),
		s.Reason, database.Time(s.SetAt))
	return err
}

// load gives one snooze of a ticket.
func load(ctx context.Context, q database.Querier, ticketID, id int64) (Snooze, error) {
	s, err := database.One(ctx, q, scan, `SELECT `+columns+` FROM snoozes z WHERE z.id = $1 AND z.ticket_id = $2`, id, ticketID)
	if apperr.Is(err, apperr.NotFound) {
		return s, errNone()
	}
	return s, err
}

func errNone() error {
	return apperr.New(apperr.NotFound, "This ticket was not set aside, or not for you.")
}

// maxOpen bounds what is read of one ticket: one row for each person and group.
const maxOpen = 500

// openOf gives what sleeps on a ticket, and what was not seen since it came back.
func openOf(ctx context.Context, q database.Querier, ticketID int64) ([]Snooze, error) {
	return database.All(ctx, q, scan, `SELECT `+columns+` FROM snoozes z WHERE z.ticket_id = $1 AND z.seen_at IS NULL ORDER BY z.id LIMIT $2`, ticketID, maxOpen)
}

// openFor gives what somebody has set aside or has come back to them, on some tickets.
func openFor(ctx context.Context, q database.Querier, actor access.Actor, tickets []int64) ([]Snooze, error) {
	var args database.Args
	return database.All(ctx, q, scan, `SELECT `+columns+` FROM snoozes z WHERE z.seen_at IS NULL AND `+concerning(actor, &args)+
		` AND z.ticket_id IN `+database.In(&args, tickets)+` ORDER BY z.id LIMIT `+args.Arg(maxOpen), args.Values()...)
}

// asleepFor gives a page of what somebody has set aside, the latest first.
func asleepFor(ctx context.Context, q database.Querier, actor access.Actor, before int64, limit int) ([]Snooze, error) {
	var args database.Args
	where := `z.seen_at IS NULL AND z.woken_at IS NULL AND ` + concerning(actor, &args)
	if before != 0 {
		where += ` AND z.id < ` + args.Arg(before)
	}
	return database.All(ctx, q, scan, `SELECT `+columns+` FROM snoozes z WHERE `+where+` ORDER BY z.id DESC LIMIT `+args.Arg(limit), args.Values()...)
}

// concerning is Snooze.Concerns as a condition.
func concerning(actor access.Actor, args *database.Args) string {
	return `(z.person_id = ` + args.Arg(actor.ID) + ` OR z.group_id IN ` + database.In(args, actor.Groups()) + `)`
}

// end ends a snooze if nothing else has: whoever gets true has ended it.
func end(ctx context.Context, tx *database.Tx, s *Snooze, by Cause, now time.Time) (bool, error) {
	seen := now
	if by.Marks() {
		seen = time.Time{}
	}
	n, err := tx.Exec(ctx, `UPDATE snoozes SET woken_at = $1, woken_by = $2, seen_at = $3 WHERE id = $4 AND woken_at IS NULL`,
		database.Time(now), string(by), database.Time(seen), s.ID)
	if n > 0 {
		s.WokenAt, s.WokenBy, s.SeenAt = now, by, seen
	}
	return n > 0, err
}

// resume lets a snooze that was ended by hand go on.
func resume(ctx context.Context, tx *database.Tx, s *Snooze) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE snoozes SET woken_at = NULL, woken_by = '', seen_at = NULL WHERE id = $1 AND woken_by = $2`, s.ID, string(ByHand))
	return n > 0, err
}

func markSeen(ctx context.Context, tx *database.Tx, ids []int64, now time.Time) error {
	var args database.Args
	_, err := tx.Exec(ctx, `UPDATE snoozes SET seen_at = `+args.Arg(database.Time(now))+` WHERE woken_at IS NOT NULL AND seen_at IS NULL AND id IN `+
		database.In(&args, ids), args.Values()...)
	return err
}

// due gives what sleeps although its time has come, the oldest first.
func due(ctx context.Context, q database.Querier, now time.Time, limit int) ([]Snooze, error) {
	return database.All(ctx, q, scan, `SELECT `+columns+` FROM snoozes z WHERE z.woken_at IS NULL AND z.until_at <= $1 ORDER BY z.until_at, z.id LIMIT $2`,
		database.Time(now), limit)
}

// waitingFor gives what waits for a ticket to be done.
func waitingFor(ctx context.Context, q database.Querier, ticketID int64) ([]Snooze, error) {
	return database.All(ctx, q, scan, `SELECT `+columns+` FROM snoozes z WHERE z.woken_at IS NULL AND z.linked_id = $1 ORDER BY z.id LIMIT $2`, ticketID, maxOpen)
}
