package ticket

import (
	"context"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// Timelines gives the whole timelines of some tickets, oldest entry first,
// internal entries included and without texts and files: for what is computed
// from timelines, never to be shown.
func Timelines(ctx context.Context, q database.Querier, ids []int64) (map[int64][]Event, error) {
	var args database.Args
	out := make(map[int64][]Event, len(ids))
	err := database.Each(ctx, q, func(r database.Row) error {
		var e Event
		err := r.Scan(&e.TicketID, &e.Seq, (*database.Time)(&e.At), (*database.Time)(&e.RecordedAt), &e.Actor.Type, (*database.ID)(&e.Actor.ID),
			&e.Type, &e.Internal, database.JSON{V: &e.Changes})
		out[e.TicketID] = append(out[e.TicketID], e)
		return err
	}, `SELECT e.ticket_id, e.seq, e.at, e.recorded_at, e.actor_type, e.actor_id, e.type, e.internal, e.changes
		FROM ticket_events e WHERE e.ticket_id IN `+database.In(&args, ids)+` ORDER BY e.ticket_id, e.seq`, args.Values()...)
	return out, err
}
