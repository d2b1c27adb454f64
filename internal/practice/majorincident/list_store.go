package majorincident

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// List gives major incidents, the newest first, as far as the actor reads their
// tickets as a colleague. next is the Before of the page that follows, 0 at the end.
func (s *Service) List(ctx context.Context, q Query) (found []Listed, next int64, err error) {
	if !access.From(ctx).Can(access.ReadNotes, access.AnyKind) {
		return nil, 0, apperr.New(apperr.Forbidden, "Major incidents are for those who read internal notes.")
	}
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 50
	}
	var args database.Args
	where := "1 = 1"
	if q.State != "" {
		where += " AND m.state = " + args.Arg(string(q.State))
	}
	if q.Before != 0 {
		where += " AND m.id < " + args.Arg(q.Before)
	}
	rows, err := database.All(ctx, s.db.Reader(), scan, `SELECT `+columns+` FROM major_incidents m WHERE `+where+` ORDER BY m.id DESC LIMIT `+args.Arg(q.Limit+1), args.Values()...)
	if err != nil {
		return nil, 0, err
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		next = rows[q.Limit-1].ID
	}
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].TicketID
	}
	tickets, err := s.visible(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	for _, m := range rows {
		if t, ok := tickets[m.TicketID]; ok && s.mayRead(ctx, &t) {
			found = append(found, Listed{m, t})
		}
	}
	return found, next, nil
}
