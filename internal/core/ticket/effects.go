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

// maxChildren bounds how many children move in one transaction.
const maxChildren = 500

// childrenAtOnce is how many the job moves in one, so that people can work meanwhile.
const childrenAtOnce = 100

// Following says which children still have to go where their parent went.
type Following struct {
	Parent    int64  `json:"parent"`
	State     string `json:"state"` // the one that the parent took
	Reopening bool   `json:"reopening,omitempty"`
	Depth     int    `json:"depth,omitempty"`
	After     int64  `json:"after"` // the child that was looked at last
}

// FollowLater has the children of a parent that has more than one transaction
// takes follow it in a job, which calls FollowOn; without it, and in an operation,
// which must be whole to be undone, all follow at once. later runs in the
// transaction that moved the parent. For wiring, before anything is served.
func (s *Service) FollowLater(later func(ctx context.Context, tx *database.Tx, f Following) error) {
	s.followLater = later
}

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
	l := lead{s: c.s, tx: c.tx, to: e.To.Category, step: e.Step, reopening: reopening, depth: c.depth}
	for after, more := int64(0), true; more; {
		var err error
		if after, more, err = l.move(ctx, c.ticket.ID, after, maxChildren); err != nil {
			return err
		}
		if more && c.s.followLater != nil && batchOf(ctx) == nil {
			return c.s.followLater(ctx, c.tx, Following{Parent: c.ticket.ID, State: e.To.Key, Reopening: reopening, Depth: c.depth, After: after})
		}
	}
	return nil
}

// FollowOn moves the rest of a parent's children, some in each transaction. It ends
// when the parent has gone elsewhere meanwhile: then that is what they follow. It
// may be run again.
func (s *Service) FollowOn(ctx context.Context, f Following) error {
	for more := true; more; {
		var after int64
		err := s.write(ctx, func(tx *database.Tx) error {
			parent, err := load(ctx, tx, ByID(f.Parent))
			if err != nil {
				return err
			}
			more = parent.State == f.State
			if !more {
				return nil
			}
			l := lead{s: s, tx: tx, to: parent.Category, step: Step{Reason: parent.WaitReason}, reopening: f.Reopening, depth: f.Depth}
			if parent.Category == workflow.Resolved {
				l.step.ResolutionCode, l.step.Resolution = parent.ResolutionCode, Markdown(parent.Resolution)
			}
			after, more, err = l.move(ctx, f.Parent, f.After, childrenAtOnce)
			return err
		})
		if err != nil {
			return err
		}
		f.After = after
	}
	return nil
}

// lead is where a parent went.
type lead struct {
	s         *Service
	tx        *database.Tx
	to        workflow.Category
	step      Step
	reopening bool
	depth     int
}

// move moves some children of a parent, from the one after the last that was
// looked at. more tells that there are others.
func (l *lead) move(ctx context.Context, parent, after int64, most int) (last int64, more bool, err error) {
	children, err := childrenAfter(ctx, l.tx, parent, after, most+1)
	if err != nil || len(children) == 0 {
		return after, false, err
	}
	more = len(children) > most
	children = children[:min(len(children), most)]
	if err := loadSets(ctx, l.tx, children); err != nil {
		return after, false, err
	}
	for i := range children {
		if err := l.follow(ctx, &children[i]); err != nil {
			return after, false, err
		}
	}
	return children[len(children)-1].ID, more, nil
}

// follow moves one child, if its own workflow has a step that leads where the
// parent went. A child that may not take it now (a condition, a field that is
// missing) stays where it is: it must not hold up its parent.
func (l *lead) follow(ctx context.Context, child *Ticket) error {
	if !child.Category.Active() && !l.reopening || l.reopening && child.Category != workflow.Resolved {
		return nil
	}
	def, err := l.s.kinds.Get(child.Kind)
	if err != nil {
		return err
	}
	for _, tr := range def.From(child.State, workflow.System) {
		to, _ := def.State(tr.To)
		if to.Category != l.to || to.Key == child.State && child.WaitReason == l.step.Reason {
			continue
		}
		step := Step{Transition: tr.Key, ResolutionCode: l.step.ResolutionCode, Resolution: l.step.Resolution}
		if to.Category == workflow.Waiting {
			if _, known := to.Reason(l.step.Reason); !known {
				return nil
			}
			step.Reason = l.step.Reason
		}
		if to.Category == workflow.Resolved {
			if _, known := def.Code(step.ResolutionCode); !known && len(def.Codes) > 0 {
				step.ResolutionCode = def.Codes[0].Key
			}
		}
		follower := &change{
			s: l.s, tx: l.tx, actor: access.System(), def: def, before: cloneTicket(*child), ticket: *child,
			now: l.s.instant(child), depth: l.depth + 1,
		}
		err := l.tx.Savepoint(ctx, func() error {
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
