package operations

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/ui/text"
)

type kind = *workflow.Definition

// name says what somebody did to many tickets.
func name(ctx context.Context, op *ticket.Operation) string {
	if op.Title != "" {
		return op.Title
	}
	switch op.Kind {
	case ticket.BulkEdit:
		return text.T(ctx, "Bulk edit")
	case ticket.MergeInto:
		return text.T(ctx, "Merge")
	case ticket.SplitOff:
		return text.T(ctx, "Split")
	case ticket.ConvertKind:
		return text.T(ctx, "Change of kind")
	case ticket.RunMacro:
		return text.T(ctx, "Macro")
	}
	return text.T(ctx, "Operation")
}

// outcome says what became of a ticket.
func outcome(ctx context.Context, o ticket.ItemOutcome) string {
	switch o {
	case ticket.OutcomeWaiting:
		return text.T(ctx, "Still to be done")
	case ticket.OutcomeChanged:
		return text.T(ctx, "Changed")
	case ticket.OutcomeSame:
		return text.T(ctx, "Was so already")
	case ticket.OutcomeFailed:
		return text.T(ctx, "Not changed")
	case ticket.OutcomeUndone:
		return text.T(ctx, "Undone")
	case ticket.OutcomePartly:
		return text.T(ctx, "Undone in part")
	case ticket.OutcomeKept:
		return text.T(ctx, "Could not be undone")
	}
	return string(o)
}

// state says how far an operation is.
func state(ctx context.Context, s ticket.OperationState) string {
	switch s {
	case ticket.Running:
		return text.T(ctx, "Being done")
	case ticket.Done:
		return text.T(ctx, "Done")
	case ticket.Undoing:
		return text.T(ctx, "Being undone")
	case ticket.Taken:
		return text.T(ctx, "Undone")
	}
	return string(s)
}

// field names a field as people call it.
func field(ctx context.Context, key string) string {
	switch key {
	case ticket.FieldState, ticket.FieldWaitReason, ticket.FieldResolution, ticket.FieldResolutionCode, ticket.FieldRating, ticket.FieldMergedInto:
		return text.T(ctx, "State")
	case ticket.FieldGroup, ticket.FieldAssignee:
		return text.T(ctx, "Assignment")
	case ticket.FieldImpact, ticket.FieldUrgency, ticket.FieldPriority, ticket.FieldPriorityReason:
		return text.T(ctx, "Priority")
	case ticket.FieldRequester, ticket.FieldOrganisation:
		return text.T(ctx, "Requester")
	case ticket.FieldTitle:
		return text.T(ctx, "Title")
	case ticket.FieldDescription:
		return text.T(ctx, "Description")
	case ticket.FieldService:
		return text.T(ctx, "Service")
	case ticket.FieldParent:
		return text.T(ctx, "Parent")
	case ticket.FieldKind, ticket.FieldNumber:
		return text.T(ctx, "Kind")
	}
	if len(key) > len(ticket.CustomPrefix) && key[:len(ticket.CustomPrefix)] == ticket.CustomPrefix {
		return key[len(ticket.CustomPrefix):]
	}
	return key
}

// kept says in words what an undo could not give back, and why. who is the name
// of whoever changed it meanwhile; "" when it is not known.
func kept(ctx context.Context, k ticket.Kept, who string) string {
	switch k.Why {
	case ticket.KeptChanged:
		if who != "" {
			return text.T(ctx, "%s stays: %s changed it meanwhile.", field(ctx, k.Field), who)
		}
		return text.T(ctx, "%s stays: it was changed meanwhile.", field(ctx, k.Field))
	case ticket.KeptSent:
		return text.T(ctx, "The reply was sent and stays.")
	case ticket.KeptNoted:
		return text.T(ctx, "Notes and files stay on the timeline.")
	case ticket.KeptWorkedOn:
		return text.T(ctx, "It has been worked on since, so it stays.")
	case ticket.KeptForbidden:
		return text.T(ctx, "You may not change this ticket.")
	case ticket.KeptImpossible:
		return text.T(ctx, "%s stays: what it was before is no longer possible.", field(ctx, k.Field))
	case ticket.KeptReplies:
		return text.T(ctx, "What was written while it was merged stays with the other ticket.")
	}
	return string(k.Why)
}

// told says how an operation came out, for a toast.
func told(ctx context.Context, op *ticket.Operation) string {
	changed, failed := op.Counts[ticket.OutcomeChanged], op.Counts[ticket.OutcomeFailed]
	switch {
	case op.State == ticket.Running:
		return text.N(ctx, op.Meant(), "%d ticket is being changed", "%d tickets are being changed")
	case failed > 0:
		return text.N(ctx, changed, "%d ticket changed, %[2]s not", "%d tickets changed, %[2]s not", text.Number(ctx, int64(failed)))
	}
	return text.N(ctx, changed, "%d ticket changed", "%d tickets changed")
}
