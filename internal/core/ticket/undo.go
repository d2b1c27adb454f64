package ticket

import (
	"context"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/filter"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Undo takes back an operation, at most MaxAtOnce tickets of it in one
// transaction; while the operation it gives is Undoing, there are more, and Undo
// goes on with them. Nothing is deleted: each ticket gets an entry that gives back
// the fields that still hold what the operation wrote; what does not is said by
// the items' Kept. Errors: NotFound, Forbidden for those who neither did it nor
// could have, Conflict when it is still running, was undone, or is too long ago.
func (s *Service) Undo(ctx context.Context, id int64) (Operation, error) {
	var op Operation
	err := s.write(ctx, func(tx *database.Tx) error {
		var err error
		if op, err = loadOperation(ctx, tx, id); err != nil {
			return err
		}
		if err := s.mayUndo(ctx, &op); err != nil {
			return err
		}
		if err := s.mayUndoAll(ctx, tx, &op); err != nil {
			return err
		}
		items, err := loadItems(ctx, tx, itemQuery{operation: id, outcomes: []ItemOutcome{OutcomeChanged}, backwards: true, limit: MaxAtOnce})
		if err != nil {
			return err
		}
		for i := range items {
			if err := s.undoItem(ctx, tx, &op, &items[i]); err != nil {
				return err
			}
		}
		state := Undoing
		if len(items) < MaxAtOnce {
			state = Taken
		}
		if _, err := tx.Exec(ctx, `UPDATE ticket_operations SET state = $1, undone_at = COALESCE(undone_at, $2), undone_by = COALESCE(undone_by, $3) WHERE id = $4`,
			string(state), database.Time(micro(s.now())), database.ID(access.From(ctx).ID), id); err != nil {
			return err
		}
		op, err = loadOperation(ctx, tx, id)
		return err
	})
	return op, err
}

// MayUndo reports whether the actor can undo an operation now, as far as it can
// be said without looking at each ticket.
func (s *Service) MayUndo(ctx context.Context, op *Operation) bool { return s.mayUndo(ctx, op) == nil }

func (s *Service) mayUndo(ctx context.Context, op *Operation) error {
	actor := access.From(ctx)
	switch {
	case !s.did(ctx, op) && !(actor.IsPerson() && actor.Can(access.Bulk, access.AnyKind)):
		return noOperation()
	case op.State == Running:
		return apperr.New(apperr.Conflict, "This is still being done. Undo it when it is finished.")
	case op.State == Taken:
		return apperr.New(apperr.Conflict, "This has been undone already.")
	case op.State == Undoing && op.UndoneBy != actor.ID:
		return apperr.New(apperr.Conflict, "Somebody else is undoing this.")
	case op.State == Done && s.now().After(op.UndoUntil):
		return apperr.New(apperr.Conflict, "This is too long ago to be undone.")
	}
	return nil
}

// mayUndoAll keeps somebody else's operation whole: only who may edit every ticket
// that it changed can take it back. NotFound when they may edit none, so that
// nothing is learned of it.
func (s *Service) mayUndoAll(ctx context.Context, tx *database.Tx, op *Operation) error {
	if s.did(ctx, op) {
		return nil
	}
	var args database.Args
	where, err := s.visible(ctx, Query{Condition: filter.True(), Verb: access.Edit}, &args)
	if err != nil {
		return err
	}
	var all, may int
	err = tx.QueryRow(ctx, `SELECT count(*), count(CASE WHEN `+where+` THEN 1 END) FROM ticket_operation_items i JOIN tickets t ON t.id = i.ticket_id
		WHERE i.operation_id = `+args.Arg(op.ID)+` AND i.outcome = `+args.Arg(string(OutcomeChanged)), args.Values()...).Scan(&all, &may)
	switch {
	case err != nil:
		return err
	case may == 0 && all > 0:
		return noOperation()
	case may < all:
		return apperr.New(apperr.Forbidden, "This touched tickets that you may not change. Whoever did it can undo it.")
	}
	return nil
}

// did reports whether the actor is who did an operation.
func (s *Service) did(ctx context.Context, op *Operation) bool {
	actor := access.From(ctx)
	return op.Actor.Type == actor.Type && op.Actor.ID == actor.ID
}

// undoing is the undo of one ticket under way.
type undoing struct {
	s    *Service
	op   *Operation
	item *Item
	c    *change
	back []Change
	kept []Kept
}

// undoItem gives one ticket back and records with the item what became of it.
func (s *Service) undoItem(ctx context.Context, tx *database.Tx, op *Operation, item *Item) error {
	t, err := load(ctx, tx, ByID(item.TicketID))
	if err != nil {
		return err
	}
	def, err := s.kinds.Get(t.Kind)
	if err != nil {
		return err
	}
	u := &undoing{s: s, op: op, item: item, c: &change{
		s: s, tx: tx, actor: access.From(ctx), def: def, before: cloneTicket(t), ticket: t, now: s.instant(&t),
	}}
	if item.Role == RoleMade {
		u.unmake()
	} else {
		u.back, u.kept = giveBack(&t, item.Wrote)
	}
	if err := u.possible(ctx); err != nil {
		return err
	}
	if u.permitted() {
		err = u.write(ctx)
	} else {
		u.back, u.kept = nil, []Kept{{Why: KeptForbidden}}
		item.Wrote.Links = nil
	}
	if err != nil {
		return err
	}
	if err := u.blame(ctx); err != nil {
		return err
	}
	item.Kept, item.Outcome = u.kept, OutcomeUndone
	switch {
	case len(u.kept) > 0 && len(u.back) == 0:
		item.Outcome = OutcomeKept
	case len(u.kept) > 0:
		item.Outcome = OutcomePartly
	}
	return saveItem(ctx, tx, item)
}

// unmake cancels a ticket that the operation created, unless somebody has
// touched it since.
func (u *undoing) unmake() {
	t := &u.c.ticket
	state := u.c.def.StatesIn(workflow.Cancelled)
	if t.LastSeq != u.item.LastSeq || len(state) == 0 {
		u.kept = append(u.kept, Kept{Why: KeptWorkedOn})
		u.item.Wrote.Links = nil
		return
	}
	after := Ticket{State: state[0], ClosedAt: u.c.now}
	for _, field := range []string{FieldState, FieldWaitReason, FieldClosedAt, FieldUnansweredSince} {
		if from, to := t.Get(field), after.Get(field); from != to {
			u.back = append(u.back, Change{Field: field, From: from, To: to})
		}
	}
}

// possible takes out of what is given back what can no longer be: a group or a
// person that is gone, a parent that became a child, a state the kind does not have.
func (u *undoing) possible(ctx context.Context) error {
	restored := u.restored()
	if holds(u.back, FieldGroup, FieldAssignee) {
		err := error(nil)
		if restored.GroupID != 0 {
			err = u.s.directory.CheckGroup(ctx, u.c.tx, restored.GroupID, restored.AssigneeID)
		}
		if err := u.impossibleIf(err, FieldGroup, FieldAssignee, FieldAssignedAt, FieldReassignCount); err != nil {
			return err
		}
	}
	if holds(u.back, FieldParent) && restored.ParentID != 0 {
		check := &change{s: u.s, tx: u.c.tx, actor: access.System(), def: u.c.def, ticket: cloneTicket(u.c.ticket)}
		if err := u.impossibleIf(check.setParent(ctx, check.event(Changed, true, ""), restored.ParentID), FieldParent); err != nil {
			return err
		}
	}
	return u.fitState()
}

// impossibleIf takes fields out of what is given back if err says no to them.
func (u *undoing) impossibleIf(err error, fields ...string) error {
	if err == nil || !refused(err) {
		return err
	}
	u.back = slices.DeleteFunc(u.back, func(c Change) bool { return slices.Contains(fields, c.Field) })
	u.kept = append(u.kept, Kept{Field: fields[0], Why: KeptImpossible})
	return nil
}

// fitState sees to it that a ticket that gets its old kind back is in one of that
// kind's states.
func (u *undoing) fitState() error {
	if !holds(u.back, FieldKind) {
		return nil
	}
	restored := u.restored()
	def, err := u.s.kinds.Get(restored.Kind)
	if err != nil {
		return err
	}
	if _, known := def.State(restored.State); !known {
		from := restored.State
		stateFor(&restored, u.c.def, def)
		u.back = append(u.back, Change{Field: FieldState, From: from, To: restored.State})
	}
	u.c.def = def
	return nil
}

// restored is the ticket as the undo leaves it.
func (u *undoing) restored() Ticket {
	t := cloneTicket(u.c.ticket)
	for _, c := range u.back {
		if err := t.Set(c.Field, c.To); err != nil {
			return u.c.ticket // what was stored by Get can be set
		}
	}
	return t
}

// permitted reports whether the actor has the rights that the operation took, on
// the ticket as it is or as it was: who moved a ticket out of their own reach can
// take that back. Whoever did not do it must see the ticket, too.
func (u *undoing) permitted() bool {
	actor := u.c.actor
	restored := u.restored()
	now, was := u.c.ticket.Record(), restored.Record()
	own := u.op.Actor.Type == actor.Type && u.op.Actor.ID == actor.ID
	if !own && (!actor.Check(access.View, now).Allowed || !actor.Check(access.Bulk, now).Allowed) {
		return false
	}
	for _, verb := range u.verbs() {
		if !actor.Check(verb, now).Allowed && !actor.Check(verb, was).Allowed {
			return false
		}
	}
	return true
}

// verbs are the rights it takes to write what is given back.
func (u *undoing) verbs() []access.Verb {
	var out []access.Verb
	need := func(v access.Verb) {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	for _, c := range u.back {
		switch c.Field {
		case FieldState, FieldWaitReason, FieldResolution, FieldResolutionCode:
			need(access.Transition)
		case FieldGroup, FieldAssignee:
			need(access.Assign)
		case FieldMergedInto, FieldMergedFrom:
			need(access.Link)
		case FieldWatchers: // each adds and removes themselves
		default:
			if !derived(c.Field) {
				need(access.Edit)
			}
		}
	}
	if len(u.item.Wrote.Links) > 0 {
		need(access.Link)
	}
	return out
}

// derived reports whether a field follows from others.
func derived(field string) bool {
	switch field {
	case FieldAssignedAt, FieldFirstResponseAt, FieldResolvedAt, FieldClosedAt, FieldUnansweredSince, FieldReopenCount, FieldReassignCount, FieldRating:
		return true
	}
	return false
}

// write appends the entry that gives everything back.
func (u *undoing) write(ctx context.Context) error {
	links, err := u.unlink(ctx)
	if err != nil {
		return err
	}
	if len(u.back)+len(links) == 0 {
		return nil
	}
	moved := holds(u.back, FieldState)
	e := u.c.event(Undone, !moved, "")
	u.c.events[e].Operation = u.op.ID
	for _, c := range u.back {
		if err := u.c.set(e, c.Field, c.To); err != nil {
			return err
		}
	}
	u.c.events[e].Changes = append(u.c.events[e].Changes, links...)
	_, err = u.c.save(ctx)
	return err
}

// unlink takes back links, notes that on the other timelines, and gives what this
// one is to say.
func (u *undoing) unlink(ctx context.Context) ([]Change, error) {
	var out []Change
	for _, row := range slices.Backward(u.item.Wrote.Links) {
		var changed []linkRow
		var err error
		if row.Gone {
			changed, err = row.insert(ctx, u.c.tx, u.c.now)
		} else {
			changed, err = row.delete(ctx, u.c.tx)
		}
		if err != nil {
			return nil, err
		}
		if len(changed) == 0 {
			continue
		}
		mine, theirs, other := string(row.Type), "inverse_"+string(row.Type), row.To
		if row.From != u.c.ticket.ID {
			mine, theirs, other = theirs, mine, row.From
		}
		out = append(out, linkChange(mine, other, row.Gone))
		if err := u.noteAt(ctx, other, linkChange(theirs, u.c.ticket.ID, row.Gone)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func linkChange(typ string, other int64, came bool) Change {
	value := typ + " " + formatID(other)
	if came {
		return Change{Field: FieldLink, To: value}
	}
	return Change{Field: FieldLink, From: value}
}

// noteAt says on another ticket's timeline what an undo changed there.
func (u *undoing) noteAt(ctx context.Context, id int64, what Change) error {
	t, err := load(ctx, u.c.tx, ByID(id))
	if err != nil {
		return err
	}
	def, err := u.s.kinds.Get(t.Kind)
	if err != nil {
		return err
	}
	c := &change{s: u.s, tx: u.c.tx, actor: u.c.actor, def: def, before: cloneTicket(t), ticket: t, now: u.s.instant(&t)}
	e := c.event(Undone, true, "")
	c.events[e].Operation = u.op.ID
	c.events[e].Changes = []Change{what}
	_, err = c.save(ctx)
	return err
}

func holds(changes []Change, fields ...string) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return slices.Contains(fields, c.Field) })
}

// blame finds out who changed meanwhile what could not be given back, and what
// was written to a merged ticket and stays with the other.
func (u *undoing) blame(ctx context.Context) error {
	if slices.ContainsFunc(u.kept, func(k Kept) bool { return k.Why == KeptChanged }) {
		events, err := loadStretch(ctx, u.c.tx, u.item.TicketID, Stretch{After: u.item.LastSeq, Before: u.c.before.LastSeq + 1, Limit: maxStretch}, true)
		if err != nil {
			return err
		}
		for i := range u.kept {
			k := &u.kept[i]
			for _, e := range slices.Backward(events) {
				if _, changed := e.Change(k.Field); changed && k.Why == KeptChanged {
					k.By, k.At = e.Actor, e.At
					break
				}
			}
		}
	}
	if !holds(u.back, FieldMergedInto) {
		return nil
	}
	via, err := u.repliesVia(ctx)
	if err == nil && via {
		u.kept = append(u.kept, Kept{Why: KeptReplies})
	}
	return err
}

// repliesVia reports whether something was written to the merged ticket while it
// was one.
func (u *undoing) repliesVia(ctx context.Context) (bool, error) {
	events, err := loadStretch(ctx, u.c.tx, u.c.before.MergedIntoID, Stretch{Limit: maxStretch, Types: []EventType{Replied}}, true)
	if err != nil {
		return false, err
	}
	since := u.op.CreatedAt.Add(-time.Microsecond)
	return slices.ContainsFunc(events, func(e Event) bool {
		return e.Via() == u.item.TicketID && e.At.After(since)
	}), nil
}
