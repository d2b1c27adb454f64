package timesheet

import (
	"context"
	"errors"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Dimension is what a report adds up by.
type Dimension string

// The dimensions.
const (
	ByPerson       Dimension = "person"
	ByTicket       Dimension = "ticket"
	ByGroup        Dimension = "group"
	ByService      Dimension = "service"
	ByOrganisation Dimension = "organisation"
	ByActivity     Dimension = "activity"
)

// Dimensions lists all of them.
func Dimensions() []Dimension {
	return []Dimension{ByPerson, ByTicket, ByGroup, ByService, ByOrganisation, ByActivity}
}

func (d Dimension) column() string {
	switch d {
	case ByTicket:
		return "e.ticket_id"
	case ByGroup:
		return "t.group_id"
	case ByService:
		return "t.service_id"
	case ByOrganisation:
		return "t.organisation_id"
	case ByActivity:
		return "e.activity_id"
	case ByPerson:
	}
	return "e.person_id"
}

// Query asks for time in some days, both included, on the tickets of a filter.
type Query struct {
	From, To string
	By       Dimension
	Filter   string // in the filter language; "" is every ticket
}

// maxDays bounds a report.
const maxDays = 3 * 366

func (q *Query) check() error {
	var p apperr.Problems
	from, err := time.Parse(time.DateOnly, q.From)
	if err != nil {
		p.Add("from", "Write the day as 2026-03-02.")
	}
	to, err2 := time.Parse(time.DateOnly, q.To)
	switch {
	case err2 != nil:
		p.Add("to", "Write the day as 2026-03-02.")
	case err == nil && to.Before(from):
		p.Add("to", "The last day is before the first one.")
	case err == nil && to.Sub(from) > maxDays*24*time.Hour:
		p.Add("to", "A report spans three years at most.")
	}
	return p.Err()
}

// Line is one line of a report.
type Line struct {
	ID                         int64 // of the person, ticket, group, service, organisation or activity; 0 is none
	Minutes, Billable, Entries int
}

// maxLines bounds a report: the longest times come first.
const maxLines = 1000

// known is the condition of the entries that a report counts.
func (s *Service) known(ctx context.Context, q Query, verb access.Verb, args *database.Args) (string, error) {
	actor := access.From(ctx)
	switch {
	case actor.Type == "":
		return "", apperr.New(apperr.Unauthenticated, "Please sign in first.")
	case !Uses(actor):
		return "", apperr.New(apperr.Forbidden, "Time is for those who work tickets here.")
	}
	if err := q.check(); err != nil {
		return "", err
	}
	tickets := filter.True()
	if q.Filter != "" {
		var err error
		if tickets, err = s.tickets.Condition(ctx, q.Filter, nil); err != nil {
			if wrong := new(filter.Error); errors.As(err, &wrong) {
				err = apperr.InvalidField("filter", "%s", wrong.Msg)
			}
			return "", err
		}
	}
	seen, err := s.tickets.Where(ctx, tickets, verb, args)
	if err != nil {
		return "", err
	}
	others, err := s.tickets.Where(ctx, filter.True(), access.ReportTime, args)
	if err != nil {
		return "", err
	}
	return `e.day >= ` + args.Arg(q.From) + ` AND e.day <= ` + args.Arg(q.To) + ` AND ` + counts + ` AND (` + seen + `) AND (e.person_id = ` + args.Arg(actor.ID) + ` OR (` + others + `))`, nil
}

// Row is an entry as an export tells it.
type Row struct {
	Entry
	Number, Title                  string
	GroupID, ServiceID, CustomerID int64
}

// exportPage is how many entries an export reads at once.
const exportPage = 500

// Uses reports whether somebody records time: those who read internal notes.
func Uses(actor access.Actor) bool { return actor.Can(access.ReadNotes, access.AnyKind) }
