package timesheet

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Report adds up the time that the actor may know of: their own, and everybody's on
// tickets they may report on. InvalidField filter when that cannot be read.
func (s *Service) Report(ctx context.Context, q Query) ([]Line, error) {
	var args database.Args
	where, err := s.known(ctx, q, access.View, &args)
	if err != nil {
		return nil, err
	}
	column := q.By.column()
	return database.All(ctx, s.db.Reader(), func(r database.Row) (Line, error) {
		var l Line
		err := r.Scan((*database.ID)(&l.ID), &l.Minutes, &l.Billable, &l.Entries)
		return l, err
	}, `SELECT `+column+`, SUM(e.minutes), SUM(CASE WHEN e.billable THEN e.minutes ELSE 0 END), COUNT(*) FROM time_entries e JOIN tickets t ON t.id = e.ticket_id
		WHERE `+where+` GROUP BY `+column+` ORDER BY SUM(e.minutes) DESC, `+column+` LIMIT `+args.Arg(maxLines), args.Values()...)
}

// Export hands the entries of a report to fn, in the order of days, page by page.
// Only tickets that the actor may export are in it.
func (s *Service) Export(ctx context.Context, q Query, fn func([]Row) error) error {
	day, id := "", int64(0)
	for {
		var args database.Args
		where, err := s.known(ctx, q, access.Export, &args)
		if err != nil {
			return err
		}
		rows, err := database.All(ctx, s.db.Reader(), func(r database.Row) (Row, error) {
			var x Row
			e := &x.Entry
			err := r.Scan(&e.ID, &e.TicketID, &e.PersonID, &e.ActivityID, &e.Day, &e.Minutes, &e.Billable, &e.Note, &e.RecordedBy, (*database.Time)(&e.RecordedAt), (*database.ID)(&e.Corrects),
				&x.Number, &x.Title, (*database.ID)(&x.GroupID), (*database.ID)(&x.ServiceID), (*database.ID)(&x.CustomerID))
			return x, err
		}, `SELECT `+entryColumns+`, t.number, t.title, t.group_id, t.service_id, t.organisation_id FROM time_entries e JOIN tickets t ON t.id = e.ticket_id
			WHERE `+where+` AND (e.day, e.id) > (`+args.Arg(day)+`, `+args.Arg(id)+`) ORDER BY e.day, e.id LIMIT `+args.Arg(exportPage), args.Values()...)
		if err != nil {
			return err
		}
		if err := fn(rows); err != nil || len(rows) < exportPage {
			return err
		}
		last := rows[len(rows)-1]
		day, id = last.Day, last.ID
	}
}
