package ticket

import (
	"context"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

const operationColumns = `o.id, o.kind, o.title, o.wish, o.actor_type, o.actor_id, o.state, o.created_at, o.finished_at, o.undo_until, o.undone_at, o.undone_by`

func scanOperation(r database.Row) (Operation, error) {
	var o Operation
	err := r.Scan(&o.ID, &o.Kind, &o.Title, database.JSON{V: &o.Wish}, &o.Actor.Type, (*database.ID)(&o.Actor.ID), &o.State,
		(*database.Time)(&o.CreatedAt), (*database.Time)(&o.FinishedAt), (*database.Time)(&o.UndoUntil), (*database.Time)(&o.UndoneAt), (*database.ID)(&o.UndoneBy))
	return o, err
}

func insertOperation(ctx context.Context, tx *database.Tx, o *Operation) error {
	_, err := tx.Exec(ctx, `INSERT INTO ticket_operations (id, kind, title, wish, actor_type, actor_id, state, created_at, finished_at, undo_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		o.ID, string(o.Kind), o.Title, string(o.Wish), string(o.Actor.Type), database.ID(o.Actor.ID), string(o.State),
		database.Time(o.CreatedAt), database.Time(o.FinishedAt), database.Time(o.UndoUntil))
	return err
}

func finishOperation(ctx context.Context, tx *database.Tx, id int64, state OperationState, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE ticket_operations SET state = $1, finished_at = COALESCE(finished_at, $2) WHERE id = $3`, string(state), database.Time(at), id)
	return err
}

// loadOperation reads one operation with its counts.
func loadOperation(ctx context.Context, q database.Querier, id int64) (Operation, error) {
	o, err := database.One(ctx, q, scanOperation, `SELECT `+operationColumns+` FROM ticket_operations o WHERE o.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		return o, noOperation()
	}
	if err != nil {
		return o, err
	}
	one := []Operation{o}
	err = countItems(ctx, q, one)
	return one[0], err
}

func (s *Service) operationsOf(ctx context.Context, person int64, ids []int64) ([]int64, error) {
	var args database.Args
	return database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT o.id FROM ticket_operations o WHERE (o.actor_type = `+args.Arg(string(access.TypePerson))+
		` AND o.actor_id = `+args.Arg(person)+` OR o.undone_by = `+args.Arg(person)+`) AND o.id IN `+database.In(&args, ids), args.Values()...)
}

func noOperation() error {
	return apperr.New(apperr.NotFound, "There is no such operation, or you may not see it.")
}

// countItems fills in the counts of some operations with one query.
func countItems(ctx context.Context, q database.Querier, operations []Operation) error {
	if len(operations) == 0 {
		return nil
	}
	place := map[int64]int{}
	ids := make([]int64, len(operations))
	for i := range operations {
		place[operations[i].ID], ids[i] = i, operations[i].ID
		operations[i].Counts = map[ItemOutcome]int{}
	}
	var args database.Args
	return database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var role Role
		var outcome ItemOutcome
		var n int
		if err := r.Scan(&id, &role, &outcome, &n); err != nil {
			return err
		}
		o := &operations[place[id]]
		if role == RoleFollowed {
			o.Followed += n
		} else {
			o.Counts[outcome] += n
		}
		return nil
	}, `SELECT i.operation_id, i.role, i.outcome, count(*) FROM ticket_operation_items i WHERE i.operation_id IN `+database.In(&args, ids)+`
		GROUP BY i.operation_id, i.role, i.outcome ORDER BY 1, 2, 3`, args.Values()...)
}

const itemColumns = `i.operation_id, i.ticket_id, i.place, i.role, i.outcome, i.message, i.first_seq, i.last_seq, i.wrote, i.kept`

func scanItem(r database.Row) (Item, error) {
	var i Item
	err := r.Scan(&i.OperationID, &i.TicketID, &i.Place, &i.Role, &i.Outcome, &i.Message, &i.FirstSeq, &i.LastSeq,
		database.JSON{V: &i.Wrote}, database.JSON{V: &i.Kept})
	return i, err
}

// enlist stores tickets that an operation is still to be done to.
func enlist(ctx context.Context, tx *database.Tx, operation int64, ids []int64) error {
	const rows = 200
	place := 0
	for len(ids) > 0 {
		n := min(rows, len(ids))
		var args database.Args
		values := make([]string, 0, n)
		for _, id := range ids[:n] {
			place++
			values = append(values, "("+strings.Join([]string{
				args.Arg(operation), args.Arg(id), args.Arg(place), args.Arg(string(RoleMeant)), args.Arg(string(OutcomeWaiting)),
			}, ", ")+")")
		}
		if _, err := tx.Exec(ctx, `INSERT INTO ticket_operation_items (operation_id, ticket_id, place, role, outcome) VALUES `+strings.Join(values, ", "), args.Values()...); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

func saveItem(ctx context.Context, tx *database.Tx, i *Item) error {
	return tx.Later(ctx, `INSERT INTO ticket_operation_items (operation_id, ticket_id, place, role, outcome, message, first_seq, last_seq, wrote, kept)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (operation_id, ticket_id) DO UPDATE SET role = excluded.role, outcome = excluded.outcome, message = excluded.message,
		first_seq = excluded.first_seq, last_seq = excluded.last_seq, wrote = excluded.wrote, kept = excluded.kept`,
		i.OperationID, i.TicketID, i.Place, string(i.Role), string(i.Outcome), i.Message, i.FirstSeq, i.LastSeq,
		database.JSON{V: i.Wrote}, database.JSON{V: i.keptList()})
}

func (i *Item) keptList() []Kept {
	if i.Kept == nil {
		return []Kept{}
	}
	return i.Kept
}

// itemsOf gives the stored items of some tickets in an operation.
func itemsOf(ctx context.Context, q database.Querier, operation int64, tickets []int64) (map[int64]Item, error) {
	out := map[int64]Item{}
	for len(tickets) > 0 {
		n := min(500, len(tickets))
		var args database.Args
		items, err := database.All(ctx, q, scanItem, `SELECT `+itemColumns+` FROM ticket_operation_items i
			WHERE i.operation_id = `+args.Arg(operation)+` AND i.ticket_id IN `+database.In(&args, tickets[:n]), args.Values()...)
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			out[i.TicketID] = i
		}
		tickets = tickets[n:]
	}
	return out, nil
}

// itemQuery asks for a part of an operation's items.
type itemQuery struct {
	operation int64
	outcomes  []ItemOutcome // none: all
	after     int           // place
	backwards bool
	limit     int
}

func loadItems(ctx context.Context, q database.Querier, ask itemQuery) ([]Item, error) {
	var args database.Args
	query := `SELECT ` + itemColumns + ` FROM ticket_operation_items i WHERE i.operation_id = ` + args.Arg(ask.operation)
	if len(ask.outcomes) > 0 {
		outcomes := make([]string, len(ask.outcomes))
		for i, o := range ask.outcomes {
			outcomes[i] = string(o)
		}
		query += ` AND i.outcome IN ` + database.In(&args, outcomes)
	}
	if ask.after > 0 {
		query += ` AND i.place > ` + args.Arg(ask.after)
	}
	order := ` ORDER BY i.place, i.ticket_id LIMIT `
	if ask.backwards {
		order = ` ORDER BY i.place DESC, i.ticket_id DESC LIMIT `
	}
	return database.All(ctx, q, scanItem, query+order+args.Arg(ask.limit), args.Values()...)
}
