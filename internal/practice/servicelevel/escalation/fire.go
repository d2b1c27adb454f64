package escalation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

// Plan brings the rungs of some tickets in line with what their clocks say: new ones
// are written, those that have not fired are moved, and what has no clock any more is
// taken away. What fired or was skipped stays. swept tells that the clocks changed
// because of what is promised: what has its instant in the past then is skipped.
func (s *Service) Plan(ctx context.Context, tx *database.Tx, tickets []int64, clocks map[int64][]clock.Clock, swept bool) error {
	ladders, err := readLadders(ctx, tx)
	if err != nil {
		return err
	}
	known, err := readSteps(ctx, tx, tickets)
	if err != nil || len(ladders) == 0 && len(known) == 0 {
		return err
	}
	facts, err := readAbout(ctx, tx, tickets)
	if err != nil {
		return err
	}
	type place struct {
		ticket int64
		step
	}
	there := make(map[place]*Step, len(known))
	for i := range known {
		there[place{known[i].Ticket, known[i].step}] = &known[i]
	}
	p, now := newPlanner(), s.now()
	var added []Step
	for _, id := range tickets {
		for i := range clocks[id] {
			c := &clocks[id][i]
			if !c.Stage.Open() {
				continue
			}
			l := Choose(ladders, c, facts[id].critical)
			if l == nil {
				continue
			}
			for _, want := range p.steps(l, c) {
				key := place{id, want.step}
				old, ok := there[key]
				delete(there, key)
				switch {
				case !ok:
					added = append(added, firstPlan(id, want, facts[id], swept, now))
				case old.Status == Planned && (!old.At.Equal(want.At) || !old.Fire.Equal(want.Fire) || old.Ladder != want.Ladder):
					if err := moveStep(ctx, tx, old.ID, &want); err != nil {
						return err
					}
				}
			}
		}
	}
	var gone []int64
	for _, old := range there {
		if old.Status == Planned {
			gone = append(gone, old.ID)
		}
	}
	slices.Sort(gone)
	if err := dropSteps(ctx, tx, gone); err != nil {
		return err
	}
	return insertSteps(ctx, tx, added)
}

// firstPlan is a step that was not known before: planned, or skipped if its instant
// lies where nobody could have been told.
func firstPlan(id int64, want planned, facts about, swept bool, now time.Time) Step {
	s := Step{Ticket: id, step: want.step, Ladder: want.Ladder, Status: Planned, At: want.At, Fire: want.Fire}
	if want.At.IsZero() || want.At.After(now) {
		return s
	}
	switch {
	case want.At.Before(want.Since):
		s.Reason = BeforeLadder
	case want.At.Before(facts.recorded):
		s.Reason = BeforeTicket
	case swept:
		s.Reason = Retroactive
	default:
		return s
	}
	s.Status, s.Ended = Skipped, now
	return s
}

const (
	fireEvery = 5 * time.Second
	// mostDue bounds how many tickets one look hands to the queue; the next goes on.
	mostDue = 500
	// lateAfter is when a rung counts as missed, so that a later one tells of it.
	lateAfter = 5 * time.Minute
	// fireTries is how often a ticket that is saved all the time is tried at once.
	fireTries = 5
)

// Sweep hands the tickets of which something is due to the queue, each once.
func (s *Service) Sweep(ctx context.Context) error {
	ids, err := readDue(ctx, s.d.DB.Reader(), s.now(), mostDue)
	if err != nil || len(ids) == 0 {
		return err
	}
	work := make([]due, 0, len(ids))
	for _, id := range ids {
		work = append(work, due{id})
	}
	return s.d.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := s.fire.EnqueueAll(ctx, tx, work, func(d due) []jobs.Option {
			return []jobs.Option{jobs.Unique(fmt.Sprintf("escalation:%d", d.Ticket))}
		})
		return err
	})
}

// errMoved says that a ticket was saved while its clocks were computed.
var errMoved = errors.New("escalation: the ticket was saved meanwhile")

// Fire fires what is due of a ticket, once, whoever else tries it at the same time.
// When nothing is due any more, nothing happens.
func (s *Service) Fire(ctx context.Context, id int64) error {
	ctx = access.With(ctx, access.System())
	for try := 1; ; try++ {
		err := s.fireOnce(ctx, id)
		switch {
		case apperr.Is(err, apperr.NotFound):
			return nil
		case !errors.Is(err, errMoved) || try == fireTries:
			return err
		}
		// Writers on SQLite share a transaction: what moved is seen by readers when it ends.
		select {
		case <-time.After(time.Duration(try) * 10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Service) fireOnce(ctx context.Context, id int64) error {
	before, err := s.d.Tickets.Get(ctx, ticket.ByID(id))
	if err != nil {
		return err
	}
	clocks, err := s.d.Clocks.Compute(ctx, []int64{id})
	if err != nil {
		return err
	}
	ahead, err := s.foresee(ctx, &before, clocks[id])
	if err != nil {
		return err
	}
	_, err = s.d.Tickets.Act(ctx, ticket.ByID(id), access.Note, func(a *ticket.Acting) error {
		t := a.Ticket()
		if t.LastSeq != before.LastSeq {
			return errMoved
		}
		if err := s.Plan(ctx, a.Tx(), []int64{id}, clocks, false); err != nil {
			return err
		}
		return s.take(ctx, a, &t, clocks[id], ahead)
	})
	return err
}

// told is what an entry of the timeline keeps of a firing: names as they were then.
type told struct {
	Rungs    []saidRung    `json:"rungs"`            // that fired
	Missed   []saidRung    `json:"missed,omitempty"` // that were missed and are told of here
	People   []string      `json:"people,omitempty"` // who was told, the first of them
	More     int           `json:"more,omitempty"`   // and so many
	Up       []saidUp      `json:"up,omitempty"`
	Instead  []saidInstead `json:"instead,omitempty"`
	Rooms    []string      `json:"rooms,omitempty"` // that were told
	Group    string        `json:"group,omitempty"` // that got the ticket
	Priority int           `json:"priority,omitempty"`
	Tag      string        `json:"tag,omitempty"`
	Failed   string        `json:"failed,omitempty"` // what could not be done
}

// saidUp says where a way up the line led.
type saidUp struct {
	Levels  int      `json:"levels"`
	Of      string   `json:"of,omitempty"` // the assignee; "" while there was none
	People  []string `json:"people,omitempty"`
	Instead string   `json:"instead,omitempty"` // who they are, where nobody stands that high
}

// Who is told where nobody stands that high.
const (
	insteadLead  = "lead"
	insteadOwner = "owner"
)

// saidInstead names who was told instead of somebody who was away.
type saidInstead struct {
	Person string `json:"person"`
	For    string `json:"for"`
}

// saidRung is a rung as it is told of.
type saidRung struct {
	Ladder  string        `json:"ladder,omitempty"`
	Measure clock.Measure `json:"measure"`
	State   string        `json:"state,omitempty"`
	With    string        `json:"with,omitempty"` // the group or supplier that promised
	Anchor  Anchor        `json:"anchor"`
	Percent int           `json:"percent,omitempty"`
	Span    time.Duration `json:"span,omitempty"`
	ByClock bool          `json:"by_clock,omitempty"`
	Due     time.Time     `json:"due,omitzero"`
	Round   int           `json:"round,omitempty"`
}

// saidFired is the name of the entry on the timeline.
const saidFired = "escalation.fired"

// ripe is a step that is due, with all that belongs to it.
type ripe struct {
	*Step
	ladder *Ladder
	rung   *Rung
	clock  *clock.Clock
}

// take fires what is due, in the transaction that saves the ticket.
func (s *Service) take(ctx context.Context, a *ticket.Acting, t *ticket.Ticket, clocks []clock.Clock, ahead foreseen) error {
	now := s.now()
	found, err := s.ripe(ctx, a.Tx(), t.ID, clocks, now)
	if err != nil || len(found) == 0 {
		return err
	}
	if found, err = s.matching(ctx, a.Tx(), t, found, now); err != nil {
		return err
	}
	var fired, missed []ripe
	for i, r := range found {
		overtaken := now.Sub(r.Fire) > lateAfter && slices.ContainsFunc(found[i+1:], func(o ripe) bool { return o.Clock == r.Clock })
		status, reason := Fired, Reason("")
		if overtaken {
			status, reason = Skipped, Overtaken
		}
		ended, err := endStep(ctx, a.Tx(), r.ID, status, reason, now)
		switch {
		case err != nil:
			return err
		case !ended: // another node did
		case overtaken:
			missed = append(missed, r)
		default:
			fired = append(fired, r)
		}
	}
	if len(fired) == 0 {
		return nil
	}
	return s.effect(ctx, a, t, fired, missed, ahead)
}

// matching keeps the steps whose condition the ticket meets; the others are skipped.
func (s *Service) matching(ctx context.Context, tx *database.Tx, t *ticket.Ticket, found []ripe, now time.Time) ([]ripe, error) {
	var out []ripe
	for _, r := range found {
		fits := true
		if r.rung.Condition != "" {
			var err error
			fits, err = s.d.Tickets.Matches(ctx, tx, r.rung.Condition, t)
			if err != nil && !apperr.Is(err, apperr.Invalid) { // one that names what is gone fits nothing
				return nil, err
			}
		}
		if fits {
			out = append(out, r)
		} else if _, err := endStep(ctx, tx, r.ID, Skipped, NotMatching, now); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ripe gives what is due of a ticket, by its instant.
func (s *Service) ripe(ctx context.Context, q database.Querier, id int64, clocks []clock.Clock, now time.Time) ([]ripe, error) {
	steps, err := readSteps(ctx, q, []int64{id})
	if err != nil {
		return nil, err
	}
	ladders, err := readLadders(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []ripe
	for i := range steps {
		st := &steps[i]
		if st.Status != Planned || st.Fire.IsZero() || st.Fire.After(now) {
			continue
		}
		at := slices.IndexFunc(ladders, func(l Ladder) bool { return l.ID == st.Ladder })
		on := slices.IndexFunc(clocks, func(c clock.Clock) bool { return c.Key == st.Clock })
		if at < 0 || on < 0 {
			continue
		}
		if rung, ok := ladders[at].rung(st.Rung); ok {
			out = append(out, ripe{st, &ladders[at], rung, &clocks[on]})
		}
	}
	slices.SortStableFunc(out, func(a, b ripe) int { return a.At.Compare(b.At) })
	return out, nil
}

// effect does what rungs do, and says so on the timeline.
func (s *Service) effect(ctx context.Context, a *ticket.Acting, t *ticket.Ticket, fired, missed []ripe, ahead foreseen) error {
	names, err := s.parties(ctx, a.Tx(), fired, missed)
	if err != nil {
		return err
	}
	var said told
	for _, r := range fired {
		said.Rungs = append(said.Rungs, r.said(names))
	}
	for _, r := range missed {
		said.Missed = append(said.Missed, r.said(names))
	}
	// Of several groups, priorities and tags the last rung's counts, missed ones included.
	all := slices.Concat(missed, fired)
	if err := s.change(ctx, a, t, all, &said); err != nil {
		return err
	}
	if err := s.tell(ctx, a.Tx(), t, all, &said, ahead); err != nil {
		return err
	}
	if err := s.tellRooms(ctx, a.Tx(), t, all, &said); err != nil {
		return err
	}
	text, err := json.Marshal(said)
	a.Say(saidFired, "", string(text))
	return err
}

// change does to the ticket what rungs ask for. What the ticket does not allow is
// said, and keeps nobody from being told.
func (s *Service) change(ctx context.Context, a *ticket.Acting, t *ticket.Ticket, all []ripe, said *told) error {
	var group int64
	raise, tag := false, ""
	for _, r := range all {
		if r.rung.Group != 0 {
			group = r.rung.Group
		}
		if r.rung.Tag != "" {
			tag = r.rung.Tag
		}
		raise = raise || r.rung.Raise
	}
	try := func(cmd ticket.Edit) (bool, error) {
		err := a.Edit(ctx, cmd)
		if apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.NotFound) {
			said.Failed = apperr.Message(err).String()
			return false, nil
		}
		return err == nil, err
	}
	if group != 0 && group != t.GroupID {
		names, err := s.d.Names.GroupNames(ctx, a.Tx(), []int64{group})
		if err != nil {
			return err
		}
		done, err := try(ticket.Edit{GroupID: &group})
		if err != nil {
			return err
		}
		if done {
			said.Group = names[group].Name
		}
	}
	if up := t.Priority - 1; raise && up >= 1 {
		done, err := try(ticket.Edit{Priority: &up, PriorityReason: "Escalated: " + all[len(all)-1].ladder.Name})
		if err != nil {
			return err
		}
		if done {
			said.Priority = up
		}
	}
	if tag != "" && !slices.Contains(t.Tags, tag) {
		tags := append(slices.Clone(t.Tags), tag)
		done, err := try(ticket.Edit{Tags: &tags})
		if err != nil {
			return err
		}
		if done {
			said.Tag = tag
		}
	}
	return nil
}

func (r *ripe) said(names map[clock.Party]string) saidRung {
	return saidRung{
		Ladder: r.ladder.Name, Measure: r.clock.Measure, State: r.clock.State, With: names[r.clock.With()],
		Anchor: r.rung.Anchor, Percent: r.rung.Percent, Span: r.rung.Span + time.Duration(r.Round)*r.rung.Every, ByClock: r.rung.ByClock, Due: r.clock.Due, Round: r.Round,
	}
}

// parties names the groups and suppliers whose promises clocks are.
func (s *Service) parties(ctx context.Context, q database.Querier, sets ...[]ripe) (map[clock.Party]string, error) {
	var clocks []*clock.Clock
	for _, set := range sets {
		for _, r := range set {
			clocks = append(clocks, r.clock)
		}
	}
	return s.partyNames(ctx, q, clocks)
}

func (s *Service) partyNames(ctx context.Context, q database.Querier, clocks []*clock.Clock) (map[clock.Party]string, error) {
	var groups, suppliers []int64
	for _, c := range clocks {
		switch with := c.With(); with.Type {
		case clock.Group:
			groups = append(groups, with.ID)
		case clock.Supplier:
			suppliers = append(suppliers, with.ID)
		case clock.Nobody, clock.Requester:
		}
	}
	out := map[clock.Party]string{}
	if len(groups) > 0 {
		found, err := s.d.Names.GroupNames(ctx, q, groups)
		if err != nil {
			return nil, err
		}
		for id, g := range found {
			out[clock.Party{Type: clock.Group, ID: id}] = g.Name
		}
	}
	if len(suppliers) > 0 {
		found, err := s.d.Names.OrganisationNames(ctx, q, suppliers)
		if err != nil {
			return nil, err
		}
		for id, name := range found {
			out[clock.Party{Type: clock.Supplier, ID: id}] = name
		}
	}
	return out, nil
}
