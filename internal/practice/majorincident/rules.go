package majorincident

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Rule proposes or accepts incidents that fit it. Rules are asked in their order
// when an incident changes that is open, nobody's child and no candidate yet; the
// first that fits decides.
type Rule struct {
	ID       int64
	Position int
	Name     string
	Filter   string // in the filter language
	Children int    // fits only with at least so many open children
	Accepts  bool   // otherwise it proposes
	Active   bool
	Version  int
}

// maxRules bounds how many conditions one save is followed by.
const maxRules = 20

// rulesInForce remembers for a moment whether there are active rules at all, so
// that an installation without any asks nothing after a save.
type rulesInForce struct{ known atomic.Pointer[rulesKnown] }

type rulesKnown struct {
	any   bool
	until time.Time
}

const rulesRemembered = 2 * time.Second

func (r *rulesInForce) forget() { r.known.Store(nil) }

// judgeLater has a saved incident, or the parent it was made a child of, looked at
// by the rules, outside the save.
func (s *Service) judgeLater(ctx context.Context, tx *database.Tx, saved *ticket.Saved) error {
	t := &saved.After
	if t.Kind != "incident" || !t.Category.Active() {
		return nil
	}
	id := t.ID
	if t.ParentID != 0 {
		if t.ParentID == saved.Before.ParentID {
			return nil
		}
		id = t.ParentID
	}
	if any, err := s.anyRules(ctx, tx); err != nil || !any {
		return err
	}
	return s.judged(ctx, tx, id)
}

const ruleColumns = `r.id, r.position, r.name, r.filter, r.children, r.accepts, r.active, r.version`

func scanRule(r database.Row) (Rule, error) {
	var out Rule
	err := r.Scan(&out.ID, &out.Position, &out.Name, &out.Filter, &out.Children, &out.Accepts, &out.Active, &out.Version)
	return out, err
}

// Rules lists all rules in their order, for those who change settings or command.
func (s *Service) Rules(ctx context.Context) ([]Rule, error) {
	actor := access.From(ctx)
	if !actor.Can(Manage, access.AnyKind) {
		if err := actor.Require(access.ManageSettings, access.AnyKind); err != nil {
			return nil, err
		}
	}
	return rules(ctx, s.db.Reader(), false)
}

// fits tries a rule on a ticket, in the zone of nobody: rules speak of what a
// ticket is, and of spans, rather than of days.
func (s *Service) fits(ctx context.Context, r *Rule, t *ticket.Ticket) (bool, error) {
	c, err := s.tickets.Condition(ctx, r.Filter, time.UTC)
	if err != nil {
		return false, nil //nolint:nilerr // it was right when it was written; its page shows what is wrong now
	}
	ids, err := s.tickets.IDs(ctx, ticket.Query{Condition: c, Among: []int64{t.ID}, Limit: 1})
	if err != nil || len(ids) == 0 || r.Children == 0 {
		return len(ids) > 0, err
	}
	children, err := s.tickets.Condition(ctx, "state:open parent:"+t.Number, time.UTC)
	if err != nil {
		return false, err
	}
	n, _, err := s.tickets.Count(ctx, children, r.Children)
	return n >= r.Children, err
}

func cut(s string, most int) string {
	r := []rune(s)
	return string(r[:min(len(r), most)])
}

func (r *Rule) check(ctx context.Context, tickets *ticket.Service) error {
	r.Name, r.Filter = clean(r.Name), clean(r.Filter)
	var wrong apperr.Problems
	checkLine(&wrong, "name", r.Name, true)
	if r.Children < 0 || r.Children > 500 {
		wrong.Add("children", "Give a number of linked tickets between 0 and 500.")
	}
	if _, err := tickets.Condition(ctx, r.Filter, time.UTC); err != nil {
		wrong.Add("filter", "%s", apperr.Message(err))
	}
	return wrong.Err()
}

func (s *Service) audited(ctx context.Context, tx *database.Tx, what string, before, after *Rule) error {
	e := audit.Entry{Action: what, ObjectType: "major_incident_rule"}
	if before != nil {
		e.ObjectID, e.ObjectName, e.Before = audit.ID(before.ID), before.Name, before
	}
	if after != nil {
		e.ObjectID, e.ObjectName, e.After = audit.ID(after.ID), after.Name, after
	}
	return s.log.Append(ctx, tx, e)
}

// judge asks the rules about one ticket. It is run as a job, by the system.
func (s *Service) judge(ctx context.Context, ticketID int64) error {
	t, err := s.tickets.Get(ctx, ticket.ByID(ticketID))
	if apperr.Is(err, apperr.NotFound) || err == nil && candidate(&t) != nil {
		return nil
	}
	if err != nil {
		return err
	}
	there, err := s.proposals(ctx, ticketID)
	if err != nil || there > 0 { // a rule does not insist on what people rejected
		return err
	}
	all, err := rules(ctx, s.db.Reader(), true)
	if err != nil {
		return err
	}
	for _, r := range all {
		fits, err := s.fits(ctx, &r, &t)
		if err != nil {
			return err
		}
		if fits {
			_, err := s.Propose(ctx, ticket.ByID(t.ID), Proposal{Summary: cut(t.Title, maxLine), Reason: r.Name, Accept: r.Accepts})
			if apperr.Is(err, apperr.Conflict) { // somebody proposed it meanwhile
				return nil
			}
			return err
		}
	}
	return nil
}
