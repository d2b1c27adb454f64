package promise

import (
	"context"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Dimension is what a report is cut by.
type Dimension string

// What a report can be cut by. A supplier is the party of an underpinning contract.
const (
	ByAgreement Dimension = "agreement"
	ByService   Dimension = "service"
	ByGroup     Dimension = "group"
	ByCustomer  Dimension = "customer"
	BySupplier  Dimension = "supplier"
)

// Dimensions lists all of them.
func Dimensions() []Dimension {
	return []Dimension{ByAgreement, ByService, ByGroup, ByCustomer, BySupplier}
}

// near is the percentage of a target from which a promise that was kept is a near
// miss, and a pause is one just before the breach.
const near = 90

// ReportQuery asks what became of promises.
type ReportQuery struct {
	From, To time.Time // To is excluded
	By       Dimension
	Role     clock.Role // "" is every one
	Only     Only       // of Behind: "" is every one
}

// Only narrows the promises behind a line.
type Only string

// What can be asked for.
const (
	OnlyKept   Only = "kept"
	OnlyNear   Only = "near"   // kept, nearly not
	OnlyBroken Only = "broken" // those that are still open included
	OnlyLate   Only = "late"   // paused when they were nearly broken
)

// Line is what became of the promises of one measure for one thing.
type Line struct {
	ID         int64 // of the agreement, service, group or organisation; 0 for none
	Role       clock.Role
	Measure    clock.Measure
	Kept       int // of them Near nearly not
	Near       int
	Broken     int // those that are still open included
	LatePauses int // paused when they were nearly broken, whatever became of them
}

// Attainment is the share of promises that were kept, from 0 to 1.
func (l Line) Attainment() float64 {
	if l.Kept+l.Broken == 0 {
		return 0
	}
	return float64(l.Kept) / float64(l.Kept+l.Broken)
}

// maxLines bounds a report.
const maxLines = 500

// mayReport reports whether somebody may see reports: who reads notes of some ticket.
func mayReport(a access.Actor) bool { return a.Can(access.ReadNotes, access.AnyKind) }

// Report adds up what became of the promises that ended in a period, or were broken
// in it and are still open, over the tickets whose notes the actor reads.
func (s *Service) Report(ctx context.Context, q ReportQuery) ([]Line, error) {
	if err := access.From(ctx).Require(access.ReadNotes, access.AnyKind); err != nil {
		return nil, err
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	var args database.Args
	where, err := s.d.Tickets.Where(ctx, filter.True(), access.ReadNotes, &args)
	if err != nil {
		return nil, err
	}
	return readLines(ctx, s.d.DB.Reader(), q, where, &args)
}

func (q *ReportQuery) check() error {
	var wrong apperr.Problems
	if q.By == "" {
		q.By = ByAgreement
	}
	if !slices.Contains(Dimensions(), q.By) {
		wrong.Add("by", "Reports cannot be cut by this.")
	}
	if q.Role != "" && !slices.Contains(clock.Roles(), q.Role) {
		wrong.Add("role", "There are no such agreements.")
	}
	if q.Only != "" && !slices.Contains([]Only{OnlyKept, OnlyNear, OnlyBroken, OnlyLate}, q.Only) {
		wrong.Add("only", "Promises cannot be narrowed by this.")
	}
	if !q.From.Before(q.To) {
		wrong.Add("to", "The period must end after it begins.")
	}
	return wrong.Err()
}

// Outcome is one promise of a report.
type Outcome struct {
	TicketID int64
	Measure  clock.Measure
	Ended    time.Time // or broken, when it is still open
	Broken   bool
	Used     time.Duration
	Whole    time.Duration
}

// maxOutcomes bounds the promises behind a line.
const maxOutcomes = 200

// Behind lists the promises of one line, the newest first; more tells that there
// are further ones.
func (s *Service) Behind(ctx context.Context, q ReportQuery, id int64, measure clock.Measure) (out []Outcome, more bool, err error) {
	if err := access.From(ctx).Require(access.ReadNotes, access.AnyKind); err != nil {
		return nil, false, err
	}
	if err := q.check(); err != nil {
		return nil, false, err
	}
	var args database.Args
	where, err := s.d.Tickets.Where(ctx, filter.True(), access.ReadNotes, &args)
	if err != nil {
		return nil, false, err
	}
	out, err = readBehind(ctx, s.d.DB.Reader(), q, id, measure, where, &args)
	if len(out) > maxOutcomes {
		return out[:maxOutcomes], true, err
	}
	return out, false, err
}

// pausedLate reports whether a clock was paused by hand when it was nearly broken.
func pausedLate(c *clock.Clock) bool {
	whole := c.Whole()
	if whole <= 0 {
		return false
	}
	var used time.Duration
	for i := range c.Intervals {
		is := &c.Intervals[i]
		if is.Why == clock.Waiting && used*100 >= whole*near && (c.Breached.IsZero() || is.From.Before(c.Breached)) {
			return true
		}
		used += is.Used
	}
	return false
}
