package ticket

import (
	"context"
	"errors"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// assignActor makes an agent who starts or ends work on an unassigned ticket
// its assignee, if they may work in its group.
func assignActor(ctx context.Context, e *Effecting) error {
	t := e.Ticket()
	if t.AssigneeID != 0 || !e.Actor().IsPerson() || e.Actor().ID == t.RequesterID {
		return nil
	}
	if t.GroupID != 0 {
		err := e.c.s.directory.CheckGroup(ctx, e.Tx(), t.GroupID, e.Actor().ID)
		if apperr.Is(err, apperr.Invalid) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return e.Set(FieldAssignee, formatID(e.Actor().ID))
}

// maxDepth bounds how far a chain of parents and children is followed.
const maxDepth = 5

// maxChildren bounds how many children one transition moves.
const maxChildren = 500

// syncChildren lets children follow their parent: into work, onto hold (but not
// to wait for a caller, who is each child's own), and to a resolution, whose
// text and code they take over. A reopened parent reopens them, unless the
// caller of the parent did it. Closing is left to each child's requester or to
// the days that pass (the rules of ServiceNow's incident parents).
func syncChildren(ctx context.Context, e *Effecting) error {
	c := e.c
	if c.depth >= maxDepth {
		return nil
	}
	reopening := !c.before.Category.Active() && e.To.Category.Active()
	byCaller := c.actor.IsPerson() && c.actor.ID == c.before.RequesterID
	reason, _ := e.To.Reason(e.Step.Reason)
	if (reopening && byCaller) || reason.OnRequester || e.To.Category == workflow.Closed || e.To.Category == workflow.Cancelled {
		return nil
	}
	children, err := database.All(ctx, c.tx, scanTicket,
		`SELECT `+columns+textColumns+` FROM tickets t WHERE t.parent_id = $1 ORDER BY t.id LIMIT $2`, c.ticket.ID, maxChildren)
	if err != nil || len(children) == 0 {
		return err
	}
	if err := loadSets(ctx, c.tx, children); err != nil {
		return err
	}
	for i := range children {
		if err := c.follow(ctx, e, &children[i], reopening); err != nil {
			return err
		}
	}
	return nil
}

// follow moves one child, if its own workflow has a step that leads where the
// parent went. A child that may not take it now (a condition, a field that is
// missing) stays where it is: it must not hold up its parent.
func (c *change) follow(ctx context.Context, e *Effecting, child *Ticket, reopening bool) error {
	if !child.Category.Active() && !reopening || reopening && child.Category != workflow.Resolved {
		return nil
	}
	def, err := c.s.kinds.Get(child.Kind)
	if err != nil {
		return err
	}
	for _, tr := range def.From(child.State, workflow.System) {
		to, _ := def.State(tr.To)
		if to.Category != e.To.Category || to.Key == child.State && child.WaitReason == e.Step.Reason {
			continue
		}
		step := Step{Transition: tr.Key, ResolutionCode: e.Step.ResolutionCode, Resolution: e.Step.Resolution}
		if to.Category == workflow.Waiting {
			if _, known := to.Reason(e.Step.Reason); !known {
				return nil
			}
			step.Reason = e.Step.Reason
		}
		if to.Category == workflow.Resolved {
			if _, known := def.Code(step.ResolutionCode); !known && len(def.Codes) > 0 {
				step.ResolutionCode = def.Codes[0].Key
			}
		}
		follower := &change{
			s: c.s, tx: c.tx, actor: access.System(), def: def, before: cloneTicket(*child), ticket: *child,
			now: c.s.instant(child), depth: c.depth + 1,
		}
		err := c.tx.Savepoint(ctx, func() error {
			if err := follower.transition(ctx, step, Synced); err != nil {
				return err
			}
			_, err := follower.save(ctx)
			return err
		})
		if cannotFollow(err) {
			continue
		}
		return err
	}
	return nil
}

func cannotFollow(err error) bool {
	return !errors.Is(err, errStale) && (apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.Conflict) || apperr.Is(err, apperr.Forbidden))
}
