package promise

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
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
	After    string     // where a page of lines or of promises goes on; "" is the beginning
	Limit    int        // of a page; 0 is as many as there can be
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

// maxLines bounds a page of a report.
const maxLines = 500

// mayReport reports whether somebody may see reports: who reads notes of some ticket.
func mayReport(a access.Actor) bool { return a.Can(access.ReadNotes, access.AnyKind) }

// Report adds up what became of the promises that ended in a period, or were broken
// in it and are still open, over the tickets whose notes the actor reads: the lines
// with most promises first. next is where the page after this one begins, "" without one.
func (s *Service) Report(ctx context.Context, q ReportQuery) (lines []Line, next string, err error) {
	if err := access.From(ctx).Require(access.ReadNotes, access.AnyKind); err != nil {
		return nil, "", err
	}
	if err := q.check(); err != nil {
		return nil, "", err
	}
	after, err := parseMark(q.After)
	if err != nil {
		return nil, "", err
	}
	var args database.Args
	where, err := s.d.Tickets.Where(ctx, filter.True(), access.ReadNotes, &args)
	if err != nil {
		return nil, "", err
	}
	limit := pageOf(q.Limit, maxLines)
	lines, err = readLines(ctx, s.d.DB.Reader(), q, after, limit+1, where, &args)
	if len(lines) > limit {
		lines = lines[:limit]
		last := &lines[limit-1]
		next = mark{At: int64(last.Kept + last.Broken), ID: last.ID, Key: string(last.Role) + " " + string(last.Measure)}.String()
	}
	return lines, next, err
}

// pageOf gives how many things a page has.
func pageOf(asked, most int) int {
	if asked < 1 || asked > most {
		return most
	}
	return asked
}

// mark is where a page of a report ended.
type mark struct {
	At  int64  `json:"a"` // how many promises a line has; when a promise ended
	ID  int64  `json:"i"`
	Key string `json:"k"`
}

// String writes a mark for an address.
func (m mark) String() string {
	raw, _ := json.Marshal(m) // numbers and a string always marshal
	return base64.RawURLEncoding.EncodeToString(raw)
}

// parseMark reads a mark; nil for none, Invalid for what is none of ours.
func parseMark(s string) (*mark, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // the beginning is no mark
	}
	var m mark
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil || m.Key == "" || strings.ContainsRune(m.Key, 0) {
		return nil, apperr.InvalidField("cursor", "This page marker belongs to another list. Start from the beginning.")
	}
	return &m, nil
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
	key      string // tells promises of one ticket apart
}

// maxOutcomes bounds a page of the promises behind a line.
const maxOutcomes = 200

// Behind lists the promises of one line, the newest first; next is where the page
// after this one begins, "" without one.
func (s *Service) Behind(ctx context.Context, q ReportQuery, id int64, measure clock.Measure) (out []Outcome, next string, err error) {
	if err := access.From(ctx).Require(access.ReadNotes, access.AnyKind); err != nil {
		return nil, "", err
	}
	if err := q.check(); err != nil {
		return nil, "", err
	}
	after, err := parseMark(q.After)
	if err != nil {
		return nil, "", err
	}
	var args database.Args
	where, err := s.d.Tickets.Where(ctx, filter.True(), access.ReadNotes, &args)
	if err != nil {
		return nil, "", err
	}
	limit := pageOf(q.Limit, maxOutcomes)
	out, err = readBehind(ctx, s.d.DB.Reader(), q, id, measure, after, limit+1, where, &args)
	if len(out) > limit {
		out = out[:limit]
		last := &out[limit-1]
		next = mark{At: last.Ended.UnixMicro(), ID: last.TicketID, Key: last.key}.String()
	}
	return out, next, err
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
