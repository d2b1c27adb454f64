package operations

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/desk/operations/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Subject is the type of record that notices of finished operations are about.
const Subject = "operation"

// Notices tells people what concerns them.
type Notices interface {
	GuardSubjects(subjectType string, g notify.Guard)
	Send(ctx context.Context, tx *database.Tx, notices ...notify.Notice) error
}

// guard says of operations which the actor did or took back. It is a notify.Guard of Subject.
func (o *Operations) guard(ctx context.Context, ids []int64) ([]int64, error) {
	return o.d.Tickets.OwnOperations(ctx, ids)
}

// tell lets whoever asked for an operation know how its job ended; once, however
// often the job is tried.
func (o *Operations) tell(ctx context.Context, p part, failure error) error {
	reader, err := o.d.Reading(ctx, p.Person)
	if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Forbidden) || apperr.Is(err, apperr.Unauthenticated) {
		return nil // they are gone
	}
	if err != nil {
		return err
	}
	op, err := o.d.Tickets.Operation(reader, p.Operation)
	if err != nil {
		return err
	}
	at, end := op.FinishedAt, ":done"
	if p.Undo {
		at, end = op.UndoneAt, ":undone"
	}
	if at.IsZero() {
		at = o.d.Now()
	}
	return o.d.DB.Write(ctx, func(tx *database.Tx) error {
		return o.d.Notices.Send(ctx, tx, notify.Notice{
			To: p.Person, Kind: notify.Finished, Reason: notify.AsStarter, At: at,
			Subject: notify.Subject{Type: Subject, ID: op.ID, Title: name(reader, &op), URL: view.OneURL(op.ID)},
			Detail:  ended(reader, &op, p.Undo, failure), Key: Subject + ":" + view.OneURL(op.ID) + end,
		})
	})
}

// ended says in a sentence or two how an operation ended, in the language of the reader.
func ended(ctx context.Context, op *ticket.Operation, undo bool, failure error) string {
	n := func(outcomes ...ticket.ItemOutcome) (sum int) {
		for _, one := range outcomes {
			sum += op.Counts[one]
		}
		return sum
	}
	left := 0
	var said string
	switch {
	case failure != nil:
		return text.T(ctx, "It stopped and is done only in part: %s", apperr.Message(failure).In(ctx))
	case undo:
		said = text.N(ctx, n(ticket.OutcomeUndone, ticket.OutcomePartly), "%d ticket is as it was before.", "%d tickets are as they were before.")
		left = n(ticket.OutcomeKept, ticket.OutcomePartly)
	default:
		said = text.N(ctx, n(ticket.OutcomeChanged, ticket.OutcomeSame), "%d ticket is as you wanted it.", "%d tickets are as you wanted them.")
		left = n(ticket.OutcomeFailed)
	}
	if left > 0 {
		said += " " + text.N(ctx, left, "%d ticket could not be changed, or not wholly: the operation says why.", "%d tickets could not be changed, or not wholly: the operation says why.")
	}
	return said
}
