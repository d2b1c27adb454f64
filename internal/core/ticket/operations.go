package ticket

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// OperationQuery asks for one page of operations, newest first.
type OperationQuery struct {
	Everybody bool  // also those of others, for who may edit many at once
	Before    int64 // id of the last one of the page before; 0 begins
	Limit     int   // 1 to 100; 0 is 20
}

// Operations lists what the actor did, or everybody as far as the actor sees one
// of the tickets. more tells that the list goes on.
func (s *Service) Operations(ctx context.Context, q OperationQuery) (list []Operation, more bool, err error) {
	actor := access.From(ctx)
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 20
	}
	var args database.Args
	where := `o.actor_type = ` + args.Arg(string(actor.Type)) + ` AND o.actor_id = ` + args.Arg(database.ID(actor.ID))
	if q.Everybody && actor.Can(access.Bulk, access.AnyKind) {
		visible, err := s.visible(ctx, Query{Condition: filter.True(), Verb: access.Bulk}, &args)
		if err != nil {
			return nil, false, err
		}
		where = `(` + where + ` OR EXISTS (SELECT 1 FROM ticket_operation_items i JOIN tickets t ON t.id = i.ticket_id WHERE i.operation_id = o.id AND ` + visible + `))`
	}
	if q.Before != 0 {
		where += ` AND (o.created_at, o.id) < (SELECT b.created_at, b.id FROM ticket_operations b WHERE b.id = ` + args.Arg(q.Before) + `)`
	}
	list, err = database.All(ctx, s.db.Reader(), scanOperation, `SELECT `+operationColumns+` FROM ticket_operations o WHERE `+where+
		` ORDER BY o.created_at DESC, o.id DESC LIMIT `+args.Arg(q.Limit+1), args.Values()...)
	if err != nil {
		return nil, false, err
	}
	if more = len(list) > q.Limit; more {
		list = list[:q.Limit]
	}
	if err := countItems(ctx, s.db.Reader(), list); err != nil {
		return nil, false, err
	}
	for i := range list {
		s.hideCounts(ctx, &list[i])
	}
	return list, more, nil
}

// OperationNames gives some operations without counts, for those who read of them
// on a timeline.
func (s *Service) OperationNames(ctx context.Context, ids []int64) (map[int64]Operation, error) {
	var args database.Args
	out := map[int64]Operation{}
	return out, database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		op, err := scanOperation(r)
		op.Wish = nil
		out[op.ID] = op
		return err
	}, `SELECT `+operationColumns+` FROM ticket_operations o WHERE o.id IN `+database.In(&args, ids)+` LIMIT 1000`, args.Values()...)
}

// MergeOf gives the operation by which a ticket was merged into another one;
// false when it was not, or nobody remembers.
func (s *Service) MergeOf(ctx context.Context, t *Ticket) (Operation, bool, error) {
	if t.MergedIntoID == 0 {
		return Operation{}, false, nil
	}
	op, err := database.One(ctx, s.db.Reader(), scanOperation, `SELECT `+operationColumns+` FROM ticket_operations o
		JOIN ticket_events e ON e.operation_id = o.id WHERE e.ticket_id = $1 AND e.type = $2 ORDER BY e.seq DESC LIMIT 1`, t.ID, string(Merged))
	if apperr.Is(err, apperr.NotFound) {
		return op, false, nil
	}
	op.Wish = nil
	return op, err == nil, err
}

// hideCounts keeps from others how many tickets there were: some may be hidden
// from them.
func (s *Service) hideCounts(ctx context.Context, op *Operation) {
	actor := access.From(ctx)
	if op.Actor.Type != actor.Type || op.Actor.ID != actor.ID {
		op.Counts, op.Followed, op.Wish = nil, 0, nil
	}
}

// Operation gives an operation of the actor, or one of somebody else's if the
// actor may edit many at once and sees one of its tickets; then without counts.
func (s *Service) Operation(ctx context.Context, id int64) (Operation, error) {
	op, err := loadOperation(ctx, s.db.Reader(), id)
	if err != nil {
		return op, err
	}
	actor := access.From(ctx)
	if s.did(ctx, &op) {
		return op, nil
	}
	if !actor.Can(access.Bulk, access.AnyKind) {
		return Operation{}, noOperation()
	}
	seen, err := s.OperationItems(ctx, &op, ItemQuery{Limit: 1})
	if err != nil || len(seen) == 0 {
		return Operation{}, firstError(err, noOperation())
	}
	s.hideCounts(ctx, &op)
	return op, nil
}

// OwnOperations gives those of some operations that the actor did or took back.
func (s *Service) OwnOperations(ctx context.Context, ids []int64) ([]int64, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() || len(ids) == 0 {
		return nil, nil
	}
	return s.operationsOf(ctx, actor.ID, ids)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// ItemQuery asks for one page of an operation's tickets.
type ItemQuery struct {
	Outcomes []ItemOutcome // none: all
	After    int           // place of the last one of the page before
	AfterID  int64         // its ticket
	Limit    int           // 1 to 200; 0 is 50
}

// ItemOf is what an operation did to a ticket that its reader may see.
type ItemOf struct {
	Item
	Ticket Ticket // without its long texts, tags and watchers
}

// OperationItems gives the tickets of an operation that the actor may see, in the
// order in which they were done.
func (s *Service) OperationItems(ctx context.Context, op *Operation, q ItemQuery) ([]ItemOf, error) {
	if q.Limit <= 0 || q.Limit > maxPage {
		q.Limit = 50
	}
	var args database.Args
	where, err := s.visible(ctx, Query{Condition: filter.True()}, &args)
	if err != nil {
		return nil, err
	}
	where += ` AND i.operation_id = ` + args.Arg(op.ID) + ` AND (i.place, i.ticket_id) > (` + args.Arg(q.After) + `, ` + args.Arg(q.AfterID) + `)`
	if len(q.Outcomes) > 0 {
		outcomes := make([]string, len(q.Outcomes))
		for i, o := range q.Outcomes {
			outcomes[i] = string(o)
		}
		where += ` AND i.outcome IN ` + database.In(&args, outcomes)
	}
	return database.All(ctx, s.db.Reader(), func(r database.Row) (ItemOf, error) {
		var i ItemOf
		err := r.Scan(append([]any{
			&i.OperationID, &i.TicketID, &i.Place, &i.Role, &i.Outcome, &i.Message, &i.FirstSeq, &i.LastSeq,
			database.JSON{V: &i.Wrote},
			database.JSON{V: &i.Kept},
		}, i.Ticket.destinations()...)...)
		return i, err
	}, `SELECT `+itemColumns+`, `+columns+` FROM ticket_operation_items i JOIN tickets t ON t.id = i.ticket_id WHERE `+where+
		` ORDER BY i.place, i.ticket_id LIMIT `+args.Arg(q.Limit), args.Values()...)
}

// ForgetOperations removes what operations did to tickets when it can no longer
// be undone and is a year old; the timelines keep what happened.
func (s *Service) ForgetOperations(ctx context.Context) error {
	const kept, batch = 365 * 24 * time.Hour, 200
	old := database.Time(s.now().Add(-kept))
	for {
		n := int64(0)
		err := s.db.Write(ctx, func(tx *database.Tx) error {
			ids, err := database.All(ctx, tx, database.Scalar[int64], `SELECT id FROM ticket_operations WHERE created_at < $1 ORDER BY created_at, id LIMIT $2`, old, batch)
			if err != nil || len(ids) == 0 {
				return err
			}
			var args database.Args
			list := database.In(&args, ids)
			if _, err := tx.Exec(ctx, `DELETE FROM ticket_operation_items WHERE operation_id IN `+list, args.Values()...); err != nil {
				return err
			}
			n, err = tx.Exec(ctx, `DELETE FROM ticket_operations WHERE id IN `+list, args.Values()...)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
