package snooze

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// asleep and returned choose rows of snoozes.
const (
	asleep   = `s.woken_at IS NULL AND s.seen_at IS NULL`
	returned = `s.woken_at IS NOT NULL AND s.seen_at IS NULL`
)

// attributes are the fields of filters: whom a ticket is set aside for, until
// when, and to whom it came back.
func (s *Service) attributes() []ticket.Attribute {
	who := func(name, label, state string) ticket.Attribute {
		return ticket.Attribute{
			Field: filter.Field{
				Name: name, Label: label, Type: filter.TypeRefs, SQL: "z.person_id", Ref: ticket.RefPerson, Self: true,
				Exists: s.db.Among("t.id", `SELECT z.ticket_id FROM (`+persons(state)+`) z WHERE {}`),
			},
			Load: func(ctx context.Context, q database.Querier, ids []int64) (map[int64][]filter.Value, error) {
				return loadValues(ctx, q, ids, `SELECT z.ticket_id, z.person_id FROM (`+persons(state)+`) z`, filter.Int)
			},
		}
	}
	return []ticket.Attribute{
		who("snoozed", "Set aside for", asleep),
		{
			Field: filter.Field{
				Name: "snoozed-until", Label: "Set aside until", Type: filter.TypeTime, SQL: "s.until_at", Future: true,
				Exists: `t.id IN (SELECT s.ticket_id FROM snoozes s WHERE ` + asleep + ` AND s.until_at IS NOT NULL AND {})`,
			},
			Load: func(ctx context.Context, q database.Querier, ids []int64) (map[int64][]filter.Value, error) {
				return loadValues(ctx, q, ids, `SELECT z.ticket_id, z.until_at FROM (SELECT s.ticket_id, s.until_at FROM snoozes s WHERE `+asleep+` AND s.until_at IS NOT NULL) z`, func(n int64) filter.Value { return filter.Time(time.UnixMicro(n)) })
			},
		},
		who("back", "Came back to", returned),
	}
}

// persons gives for whom tickets are set aside, a group being its members.
func persons(state string) string {
	return `SELECT s.ticket_id, s.person_id FROM snoozes s WHERE ` + state + ` AND s.person_id IS NOT NULL
		UNION ALL SELECT s.ticket_id, m.person_id FROM snoozes s JOIN group_members m ON m.group_id = s.group_id WHERE ` + state
}

func loadValues(ctx context.Context, q database.Querier, ids []int64, query string, value func(int64) filter.Value) (map[int64][]filter.Value, error) {
	var args database.Args
	out := map[int64][]filter.Value{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var id, v int64
		err := r.Scan(&id, &v)
		out[id] = append(out[id], value(v))
		return err
	}, query+` WHERE z.ticket_id IN `+database.In(&args, ids)+` ORDER BY z.ticket_id LIMIT `+args.Arg(10_000), args.Values()...)
	return out, err
}
