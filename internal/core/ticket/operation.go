package ticket

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// OperationKind says what sort of act an operation was.
type OperationKind string

// The kinds of operations.
const (
	BulkEdit    OperationKind = "bulk"
	MergeInto   OperationKind = "merge"
	SplitOff    OperationKind = "split"
	ConvertKind OperationKind = "convert"
	RunMacro    OperationKind = "macro"
)

// OperationState says how far an operation is.
type OperationState string

// The states of an operation.
const (
	Running OperationState = "running" // some tickets are still to be done
	Done    OperationState = "done"
	Undoing OperationState = "undoing" // some tickets are still to be given back
	Taken   OperationState = "undone"
)

// Act is what somebody is about to do to any number of tickets.
type Act struct {
	Kind  OperationKind
	Title string // what tells it from others of its kind: a macro's name; at most 250 characters
	// Wish is what was asked for, kept as JSON: to say it later, to go on with it,
	// and to tell requests under one idempotency key apart. nil keeps nothing.
	Wish any
}

// Operation is one act of one person that changed any number of tickets, and can
// be undone until UndoUntil.
type Operation struct {
	ID         int64
	Kind       OperationKind
	Title      string
	Wish       json.RawMessage
	Actor      ActorRef
	State      OperationState
	CreatedAt  time.Time
	FinishedAt time.Time
	UndoUntil  time.Time
	UndoneAt   time.Time // when the undo began
	UndoneBy   int64
	Counts     map[ItemOutcome]int // of the tickets it was meant for or made
	Followed   int                 // further tickets that it changed: children, the other ends of links
}

// Meant is how many tickets the operation was meant for, those it made included.
func (o *Operation) Meant() int {
	n := 0
	for _, count := range o.Counts {
		n += count
	}
	return n
}

// ItemOutcome is what became of one ticket in an operation.
type ItemOutcome string

// The outcomes.
const (
	OutcomeWaiting ItemOutcome = "waiting" // not yet done
	OutcomeChanged ItemOutcome = "changed"
	OutcomeSame    ItemOutcome = "same" // it was so already
	OutcomeFailed  ItemOutcome = "failed"
	OutcomeUndone  ItemOutcome = "undone"
	OutcomePartly  ItemOutcome = "partly" // undone, but for what Kept says
	OutcomeKept    ItemOutcome = "kept"   // could not be undone
)

// Role says why a ticket is part of an operation.
type Role string

// The roles.
const (
	RoleMeant    Role = "meant"
	RoleFollowed Role = "followed" // changed by what was done to another one
	RoleMade     Role = "made"     // created by the operation
)

// Item is one ticket of an operation.
type Item struct {
	OperationID int64
	TicketID    int64
	Place       int
	Role        Role
	Outcome     ItemOutcome
	Message     string // why it failed, for whoever did it
	FirstSeq    int    // of the timeline: the first and the last entry that the operation wrote
	LastSeq     int
	Wrote       Wrote
	Kept        []Kept
}

// Wrote is the difference an operation made to a ticket.
type Wrote struct {
	Changes []Change  `json:"changes,omitempty"`
	Links   []linkRow `json:"links,omitempty"`
	Replied bool      `json:"replied,omitempty"`
	Noted   bool      `json:"noted,omitempty"`
	Files   bool      `json:"files,omitempty"`
}

// UndoFor is how long an operation can be undone.
const UndoFor = 7 * 24 * time.Hour

// MaxOperation is how many tickets one operation can be meant for.
const MaxOperation = 5000

// MaxAtOnce is how many of them are changed in one transaction; more are done in
// parts, by a job.
const MaxAtOnce = 300

// Operate runs an act in one transaction: all that fn does through the batch is
// recorded as one operation, or none of it happens. fn may be run again from the
// start when somebody saves one of the tickets in between, so it must not keep
// what it learned from an earlier run. Under an idempotency key it has its effect
// once.
//
// What is refused for one ticket ends the whole, unless fn lets Batch.Try record
// it and go on with the next.
func (s *Service) Operate(ctx context.Context, act Act, fn func(ctx context.Context, b *Batch) error) (Operation, error) {
	var op Operation
	err := s.write(ctx, func(tx *database.Tx) error {
		id, replayed, err := once.Do(ctx, tx, s.now(), []any{"operation", act}, func() (id int64, err error) {
			op, err = s.operate(ctx, tx, act, fn)
			return op.ID, err
		})
		if err == nil && replayed {
			op, err = loadOperation(ctx, tx, id)
		}
		return err
	})
	return op, err
}

func (s *Service) operate(ctx context.Context, tx *database.Tx, act Act, fn func(ctx context.Context, b *Batch) error) (Operation, error) {
	op, err := s.newOperation(ctx, tx, act, Done)
	if err != nil {
		return op, err
	}
	b := newBatch(s, tx, op)
	if err := fn(withBatch(ctx, b), b); err != nil {
		return op, err
	}
	if err := b.flush(ctx); err != nil {
		return op, err
	}
	return loadOperation(ctx, tx, op.ID)
}

// newOperation stores an operation of the actor that is about to begin, or done.
func (s *Service) newOperation(ctx context.Context, tx *database.Tx, act Act, state OperationState) (Operation, error) {
	actor := access.From(ctx)
	now := micro(s.now())
	op := Operation{
		ID: tx.NextID(), Kind: act.Kind, Title: cleanTitle(act.Title), State: state, CreatedAt: now, UndoUntil: now.Add(UndoFor),
		Actor: ActorRef{Type: actor.Type, ID: actor.ID},
	}
	if state == Done {
		op.FinishedAt = now
	}
	wish, err := json.Marshal(act.Wish)
	if err != nil {
		return op, err
	}
	op.Wish = wish
	return op, insertOperation(ctx, tx, &op)
}

// errRehearsed ends the transaction of a rehearsal.
var errRehearsed = errors.New("ticket: only rehearsed")

// Rehearse tells what Operate would do to each ticket, and does none of it. At
// most MaxAtOnce tickets can be rehearsed.
func (s *Service) Rehearse(ctx context.Context, act Act, fn func(ctx context.Context, b *Batch) error) ([]Item, error) {
	var items []Item
	err := s.write(ctx, func(tx *database.Tx) error {
		b := newBatch(s, tx, Operation{Kind: act.Kind, ID: tx.NextID()})
		if err := fn(withBatch(ctx, b), b); err != nil {
			return err
		}
		items = b.list()
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		return items, nil
	}
	return nil, err
}

// Enlist stores an operation that is meant for many tickets without doing it;
// Advance does, part by part. then runs in the same transaction: it enqueues the
// job that calls Advance. Invalid if there are more than MaxOperation tickets.
func (s *Service) Enlist(ctx context.Context, act Act, ids []int64, then func(ctx context.Context, tx *database.Tx, op Operation) error) (Operation, error) {
	if len(ids) > MaxOperation {
		return Operation{}, apperr.New(apperr.Invalid, "At most %d tickets can be changed at once.", MaxOperation)
	}
	var op Operation
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		id, _, err := once.Do(ctx, tx, s.now(), []any{"enlist", act, ids}, func() (int64, error) {
			made, err := s.newOperation(ctx, tx, act, Running)
			if err != nil {
				return 0, err
			}
			if err := enlist(ctx, tx, made.ID, ids); err != nil {
				return 0, err
			}
			return made.ID, then(ctx, tx, made)
		})
		if err != nil {
			return err
		}
		op, err = loadOperation(ctx, tx, id)
		return err
	})
	return op, err
}

// Advance does an enlisted operation to its next tickets, at most most of them,
// and gives it as it is then: Running while there are more. What is refused for a
// ticket is recorded with it.
func (s *Service) Advance(ctx context.Context, id int64, most int, fn func(ctx context.Context, b *Batch, ref Ref) error) (Operation, error) {
	var op Operation
	err := s.write(ctx, func(tx *database.Tx) error {
		var err error
		if op, err = loadOperation(ctx, tx, id); err != nil || op.State != Running {
			return err
		}
		if who := access.From(ctx); who.ID != op.Actor.ID || who.Type != op.Actor.Type {
			return apperr.New(apperr.Forbidden, "An operation is carried out by whoever began it.")
		}
		waiting, err := loadItems(ctx, tx, itemQuery{operation: id, outcomes: []ItemOutcome{OutcomeWaiting}, limit: min(most, MaxAtOnce)})
		if err != nil {
			return err
		}
		b := newBatch(s, tx, op)
		for _, item := range waiting {
			err := b.Try(withBatch(ctx, b), ByID(item.TicketID), func(ctx context.Context, ref Ref) error { return fn(ctx, b, ref) })
			if err != nil {
				return err
			}
		}
		if err := b.flush(ctx); err != nil {
			return err
		}
		if len(waiting) < min(most, MaxAtOnce) {
			if err := finishOperation(ctx, tx, id, Done, micro(s.now())); err != nil {
				return err
			}
		}
		op, err = loadOperation(ctx, tx, id)
		return err
	})
	return op, err
}
