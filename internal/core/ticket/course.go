package ticket

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Course is where a ticket has been: its state, what it waited for and its
// group, from each instant on at which one of them changed.
type Course struct {
	TicketID int64
	Steps    []CourseStep
}

// CourseStep is what held from an instant on.
type CourseStep struct {
	At    time.Time
	State string // key
	Wait  string // key of a waiting reason; "" when it waits for nothing
	Group string // id in digits; "" for none
}

// CourseQuery asks for the courses of tickets that were created in a period.
type CourseQuery struct {
	Condition filter.Condition
	From, To  time.Time // To is excluded
	Most      int       // of tickets, the newest ones; at most MaxCourses
}

// MaxCourses bounds how many courses are read at once.
const MaxCourses = 25_000

// Courses hands the courses of tickets to fn, in the order of their ids: those
// that match, that the actor may view and export, and whose work the actor may
// see. It costs one query. more tells that there were more tickets than asked for.
func (s *Service) Courses(ctx context.Context, q CourseQuery, fn func(Course) error) (more bool, err error) {
	most := MaxCourses
	if q.Most > 0 {
		most = min(q.Most, MaxCourses)
	}
	var args database.Args
	where, err := s.visibleWork(ctx, q.Condition, &args)
	if err != nil {
		return false, err
	}
	query := `SELECT e.ticket_id, e.at, e.changes FROM ticket_events e WHERE e.ticket_id IN (
			SELECT t.id FROM tickets t WHERE ` + where + ` AND t.created_at >= ` + args.Arg(database.Time(q.From)) + ` AND t.created_at < ` + args.Arg(database.Time(q.To)) + `
			ORDER BY t.created_at DESC, t.id DESC LIMIT ` + args.Arg(most+1) + `)
		AND (CAST(e.changes AS TEXT) LIKE '%"state"%' OR CAST(e.changes AS TEXT) LIKE '%"group"%' OR CAST(e.changes AS TEXT) LIKE '%"wait_reason"%')
		ORDER BY e.ticket_id, e.seq`
	var c Course
	seen := 0
	hand := func() error {
		if seen == 0 || seen > most {
			return nil
		}
		return fn(c)
	}
	err = database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var id int64
		var at time.Time
		var changes string
		if err := r.Scan(&id, (*database.Time)(&at), &changes); err != nil {
			return err
		}
		if seen == 0 || id != c.TicketID {
			if err := hand(); err != nil {
				return err
			}
			c, seen = Course{TicketID: id}, seen+1
		}
		return c.move(at, changes)
	}, query, args.Values()...)
	if err != nil {
		return false, err
	}
	return seen > most, hand()
}

// visibleWork is visible for what a ticket's work tells: who held it, and what
// for. It is shown to those who may edit the ticket or read its notes.
func (s *Service) visibleWork(ctx context.Context, c filter.Condition, args *database.Args) (string, error) {
	actor := access.From(ctx)
	schema, err := s.schema(actor)
	if err != nil {
		return "", err
	}
	works := filter.Or(actor.Condition(access.ReadNotes, schema), actor.Condition(access.Edit, schema))
	return s.visible(ctx, Query{Condition: filter.And(c, works), Verb: access.Export}, args)
}

// move goes on with what an event changed.
func (c *Course) move(at time.Time, changes string) error {
	var list []Change
	if err := json.Unmarshal([]byte(changes), &list); err != nil {
		return err
	}
	step := CourseStep{At: at}
	if n := len(c.Steps); n > 0 {
		step = c.Steps[n-1]
		step.At = at
	}
	before := step
	for _, change := range list {
		switch change.Field {
		case FieldState:
			step.State = strings.Clone(change.To)
		case FieldWaitReason:
			step.Wait = strings.Clone(change.To)
		case FieldGroup:
			step.Group = strings.Clone(change.To)
		}
	}
	if step != before || len(c.Steps) == 0 {
		c.Steps = append(c.Steps, step)
	}
	return nil
}
