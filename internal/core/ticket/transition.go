package ticket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/words"
)

type level = workflow.Level

// Effect is what a transition does besides changing the state. It runs in the
// transaction, after the state has changed; its error undoes the transition.
type Effect func(ctx context.Context, e *Effecting) error

// Effecting is what an effect sees and may touch.
type Effecting struct {
	c     *change
	event int
	Step  Step
	To    workflow.State
}

// Ticket is the ticket as the transition leaves it so far.
func (e *Effecting) Ticket() Ticket { return e.c.ticket }

// Actor is who took the transition.
func (e *Effecting) Actor() access.Actor { return e.c.actor }

// Tx is the transaction of the save.
func (e *Effecting) Tx() *database.Tx { return e.c.tx }

// Set changes a field of the ticket on the transition's own event.
func (e *Effecting) Set(field, value string) error { return e.c.set(e.event, field, value) }

// Transition takes a step of the ticket's workflow. Errors: Forbidden when the
// step is not for this actor, Conflict when it does not start in the ticket's
// state or the version is stale, Invalid with the fields it requires.
func (s *Service) Transition(ctx context.Context, ref Ref, cmd Step) (Ticket, error) {
	var saved Ticket
	err := s.write(ctx, func(tx *database.Tx) error {
		return s.onceOn(ctx, tx, []any{"transition", ref, cmd}, &saved, func() (err error) {
			saved, err = s.transitionIn(ctx, tx, ref, cmd)
			return err
		})
	})
	return saved, err
}

func (s *Service) transitionIn(ctx context.Context, tx *database.Tx, ref Ref, cmd Step) (Ticket, error) {
	c, err := s.begin(ctx, tx, ref, cmd.Version)
	if err != nil {
		return Ticket{}, err
	}
	if err := c.transition(ctx, cmd, Transitioned); err != nil {
		return Ticket{}, err
	}
	return c.save(ctx)
}

// Steps lists the transitions that the actor can take on the ticket now.
func (s *Service) Steps(ctx context.Context, t *Ticket) ([]workflow.Transition, error) {
	def, err := s.kinds.In(ctx).Get(t.Kind)
	if err != nil {
		return nil, err
	}
	if t.MergedIntoID != 0 {
		return nil, nil
	}
	parties := partiesOf(access.From(ctx), t)
	var out []workflow.Transition
	for _, tr := range def.From(t.State, parties...) {
		if s.checkStep(ctx, s.db.Reader(), tr, t, def, parties) == nil {
			out = append(out, tr)
		}
	}
	return out, nil
}

// partiesOf says in which roles an actor faces a ticket. Somebody whose only
// permission is that the ticket is their own is its requester, not an agent.
func partiesOf(actor access.Actor, t *Ticket) []workflow.Party {
	if actor.Trusted() {
		return []workflow.Party{workflow.System, workflow.Agent}
	}
	var parties []workflow.Party
	d := actor.Check(access.Transition, t.Record())
	for _, g := range d.Grants {
		if g.Scope != access.ScopeOwn {
			parties = append(parties, workflow.Agent)
			break
		}
	}
	if d.Allowed && actor.IsPerson() && (actor.ID == t.RequesterID || actor.ID == t.OpenedByID) {
		parties = append(parties, workflow.Requester)
	}
	return parties
}

// checkStep is the rule on who may take a step from where, and when.
func (s *Service) checkStep(ctx context.Context, q database.Querier, tr workflow.Transition, t *Ticket, def *workflow.Definition, parties []workflow.Party) error {
	if !tr.AllowsAny(parties) {
		return apperr.New(apperr.Forbidden, "“%s” is not something you can do on this ticket.", tr.Label)
	}
	now := s.instant(t)
	onlyRequester := len(parties) == 1 && parties[0] == workflow.Requester
	if onlyRequester && reopens(def, tr, t) && def.ReopenDays > 0 && now.After(t.ClosedOrResolvedAt().Add(days(def.ReopenDays))) {
		return apperr.New(apperr.Forbidden, "This was done more than %d days ago. Please open a new ticket; it will be linked.", def.ReopenDays)
	}
	if tr.When == "" {
		return nil
	}
	ok, err := s.matches(ctx, q, tr.When, t, now)
	if err != nil {
		return err
	}
	if !ok {
		return apperr.New(apperr.Conflict, "“%s” is only possible when %s.", tr.Label, tr.When)
	}
	return nil
}

func reopens(def *workflow.Definition, tr workflow.Transition, t *Ticket) bool {
	to, _ := def.State(tr.To)
	return !t.Category.Active() && to.Category.Active()
}

// ClosedOrResolvedAt is when work was last declared done; zero while it is owed.
func (t *Ticket) ClosedOrResolvedAt() time.Time {
	if !t.ResolvedAt.IsZero() {
		return t.ResolvedAt
	}
	return t.ClosedAt
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// transition takes a step within a change; typ tells a followed step from a taken one.
func (c *change) transition(ctx context.Context, cmd Step, typ EventType) error {
	if c.before.MergedIntoID != 0 {
		return errMerged()
	}
	tr, ok := c.def.Transition(cmd.Transition)
	if !ok {
		return apperr.InvalidField("transition", "There is no step called %q.", cmd.Transition)
	}
	if !slices.Contains(tr.From, c.ticket.State) {
		return apperr.Stale(&c.before, "“%s” is not possible in the state this ticket is in now.", words.Label{Meaning: "kind", Word: tr.Label})
	}
	parties := partiesOf(c.actor, &c.before)
	if err := c.s.checkStep(ctx, c.tx, tr, &c.before, c.def, parties); err != nil {
		return err
	}
	to, _ := c.def.State(tr.To)
	if err := c.checkRequired(&cmd, tr, to, parties); err != nil {
		return err
	}
	if err := c.checkGuards(ctx, to); err != nil {
		return err
	}
	if err := c.comment(ctx, cmd, parties); err != nil {
		return err
	}
	e := c.event(typ, false, "")
	reopening := reopens(c.def, tr, &c.before)
	sets := []Change{{Field: FieldState, To: to.Key}, {Field: FieldWaitReason, To: waitReason(to, cmd.Reason)}}
	switch {
	case to.Category == workflow.Resolved:
		sets = append(sets, Change{Field: FieldResolutionCode, To: cmd.ResolutionCode}, Change{Field: FieldResolution, To: string(cmd.Resolution)})
	case reopening:
		sets = append(sets, Change{Field: FieldResolutionCode}, Change{Field: FieldResolution}, Change{Field: FieldRating})
	}
	for _, v := range sets {
		if err := c.set(e, v.Field, v.To); err != nil {
			return err
		}
	}
	if len(tr.Effects) == 0 {
		return nil
	}
	effecting := &Effecting{c: c, event: e, Step: cmd, To: to}
	for _, name := range tr.Effects {
		effect, ok := c.s.effects[name]
		if !ok {
			return apperr.New(apperr.Internal, "The workflow names the unknown effect %q.", name)
		}
		if err := effect(ctx, effecting); err != nil {
			return err
		}
	}
	return nil
}

func waitReason(to workflow.State, reason string) string {
	if to.Category != workflow.Waiting {
		return ""
	}
	return reason
}

// checkRequired collects every field the step needs and does not have.
func (c *change) checkRequired(cmd *Step, tr workflow.Transition, to workflow.State, parties []workflow.Party) error {
	var p apperr.Problems
	cmd.Comment = Markdown(strings.TrimSpace(string(cmd.Comment)))
	cmd.Resolution = Markdown(strings.TrimSpace(string(cmd.Resolution)))
	checkText(&p, "comment", string(cmd.Comment))
	checkText(&p, FieldResolution, string(cmd.Resolution))
	if to.Category == workflow.Waiting {
		r, ok := to.Reason(cmd.Reason)
		if !ok {
			p.Add("reason", "Say what it waits for.")
		}
		// Whoever is waited for must be told what is wanted of them.
		if ok && r.OnRequester && !slices.Contains(parties, workflow.System) && (cmd.Comment == "" || !cmd.CommentPublic) {
			p.Add("comment", "Write to the requester what you need from them.")
		}
	}
	for _, field := range tr.Requires {
		switch field {
		case "comment":
			if cmd.Comment == "" && !slices.Contains(parties, workflow.System) {
				p.Add("comment", "Say why.")
			}
		case "reason": // checked above, with the state's own reasons
		case FieldResolutionCode:
			if _, ok := c.def.Code(cmd.ResolutionCode); !ok {
				p.Add(FieldResolutionCode, "Choose how it was resolved.")
			}
		case FieldResolution:
			if cmd.Resolution == "" {
				p.Add(FieldResolution, "Say in the requester's words what was done.")
			}
		default:
			if c.ticket.Get(field) == "" {
				p.Add(field, "This is needed before “%s”.", tr.Label)
			}
		}
	}
	return p.Err()
}

// comment adds the words that come with a step as a message of their own. Who
// writes no internal notes (a requester, a supplier's agent) has only public words.
func (c *change) comment(ctx context.Context, cmd Step, parties []workflow.Party) error {
	if cmd.Comment == "" && len(cmd.Attachments) == 0 {
		return nil
	}
	public := cmd.CommentPublic || !slices.Contains(parties, workflow.Agent) || c.may(access.Note) != nil
	if public {
		if err := c.may(access.Comment); err != nil {
			return err
		}
		c.attach(c.event(Replied, false, string(cmd.Comment)), cmd.Attachments)
		return nil
	}
	if err := c.may(access.Note); err != nil {
		return err
	}
	e := c.event(Noted, true, string(cmd.Comment))
	c.attach(e, cmd.Attachments)
	return c.watchMentioned(ctx, e, string(cmd.Comment))
}

// endHold resumes work because the requester has answered.
func (c *change) endHold(ctx context.Context) error {
	for _, tr := range c.def.From(c.ticket.State, workflow.System) {
		to, _ := c.def.State(tr.To)
		if to.Category != workflow.Open {
			continue
		}
		return c.asSystem(func() error {
			return c.transition(ctx, Step{Transition: tr.Key}, Transitioned)
		})
	}
	return nil
}

// asSystem runs fn with the product itself as the actor.
func (c *change) asSystem(fn func() error) error {
	actor := c.actor
	c.actor = access.System()
	defer func() { c.actor = actor }()
	return fn()
}

// CloseResolved closes tickets whose resolution nobody contested within the
// days their kind gives, at most limit at a time, and returns how many. One that
// cannot be closed does not keep the others open.
func (s *Service) CloseResolved(ctx context.Context, limit int) (int, error) {
	ctx = access.With(ctx, access.System())
	closed := 0
	var failed []error
	for _, def := range s.kinds.All() {
		if def.AutoCloseDays == 0 {
			continue
		}
		step := closingStep(def)
		if step == "" {
			continue
		}
		ids, err := database.All(ctx, s.db.Reader(), database.Scalar[int64],
			`SELECT t.id FROM tickets t WHERE t.category = $1 AND t.resolved_at < $2 AND t.kind = $3 ORDER BY t.resolved_at, t.id LIMIT $4`,
			string(workflow.Resolved), database.Time(s.now().Add(-days(def.AutoCloseDays))), def.Key, limit-closed)
		if err != nil {
			return closed, err
		}
		for _, id := range ids {
			_, err := s.Transition(ctx, ByID(id), Step{Transition: step})
			switch {
			case err == nil:
				closed++
			case apperr.Is(err, apperr.Invalid): // a practice keeps it open, as a major incident before its review
			case !apperr.Is(err, apperr.Conflict): // with Conflict somebody reopened or closed it a moment ago
				failed = append(failed, fmt.Errorf("close ticket %d: %w", id, err))
			}
		}
	}
	return closed, errors.Join(failed...)
}

func closingStep(def *workflow.Definition) string {
	for _, key := range def.StatesIn(workflow.Resolved) {
		for _, tr := range def.From(key, workflow.System) {
			if to, _ := def.State(tr.To); to.Category == workflow.Closed {
				return tr.Key
			}
		}
	}
	return ""
}
