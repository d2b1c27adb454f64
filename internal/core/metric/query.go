package metric

import (
	"math"
	"strings"
	"time"
)

// Cut is what a figure is divided by.
type Cut string

// The cuts. All are as the ticket was at the instant that counts, but for the
// tier and the supplier, which are the group's of today, and custom fields other
// than the category, which are the ticket's of today.
const (
	ByService      Cut = "service"
	ByGroup        Cut = "group"
	ByTier         Cut = "tier"
	ByOrganisation Cut = "organisation" // of the requester
	BySupplier     Cut = "supplier"     // home organisation of the group
	ByCategory     Cut = "category"     // the custom field "category"
	ByPriority     Cut = "priority"
	ByKind         Cut = "kind"
	ByChannel      Cut = "channel"
	ByState        Cut = "state"   // of TimeInState: the state, and what it waits for
	BySubject      Cut = "subject" // of RecurringMinor: service and category
)

// FieldCut cuts by a custom field.
func FieldCut(key string) Cut { return Cut("field." + key) }

// Field is the key of a custom field's cut; "" for the others.
func (c Cut) Field() string {
	key, ok := strings.CutPrefix(string(c), "field.")
	if !ok {
		return ""
	}
	return key
}

// Period is the length of the steps of a series.
type Period string

// The periods: days, weeks (from Monday), months and quarters of the reader's zone.
const (
	Whole   Period = ""
	Day     Period = "day"
	Week    Period = "week"
	Month   Period = "month"
	Quarter Period = "quarter"
)

// Periods lists the periods a series can have.
func Periods() []Period { return []Period{Day, Week, Month, Quarter} }

// Only narrows a query to what one slice of a cut holds: Only{ByGroup, "42"}.
type Only struct {
	Cut Cut
	Key string
}

// Query asks for figures of one metric.
type Query struct {
	Metric Key
	From   time.Time // its day begins the range, in Zone
	To     time.Time // the first day that is not part of it, in Zone; a stock's figure is of this instant
	Period Period    // steps of the series; Whole gives none
	Cut    Cut       // divides the figure; "" does not
	Only   []Only
	Filter string         // in the filter language: tickets that match today
	Zone   *time.Location // nil is UTC
	// RecordedBy leaves out what was written down after it; zero leaves out nothing.
	RecordedBy time.Time
	// Slices bounds how many slices of a cut are given, the largest first; 0 is
	// 20. What is beyond is gathered in one slice with Rest set.
	Slices int
}

// Figure is one number and what it was made of.
type Figure struct {
	Value       float64 // in the unit; counts only when Known
	Known       bool    // false when there was nothing to compute it from
	Count       int64   // what it was computed from: tickets, stretches or entries
	Numerator   float64 // of a mean, a rate or a share; of a count the count itself
	Denominator float64 // 1 for a count
	Mean        float64 // of a metric with Spread
	P90         float64 // of a metric with Spread
}

// OrNaN gives the value, and NaN where there is none.
func (f Figure) OrNaN() float64 {
	if !f.Known {
		return math.NaN()
	}
	return f.Value
}

// Point is one step of a series.
type Point struct {
	From, To time.Time // excluding To
	Figure
	Partial bool // not over yet
}

// Slice is one part of a cut.
type Slice struct {
	Key   string // an id, a priority, a kind, a channel, a state; "" where the ticket had none
	Label string
	Rest  bool // all that is beyond Query.Slices
	Figure
	Points []Point // with a Period
}

// Basis says where a figure was read from.
type Basis string

// The bases.
const (
	FromRollups Basis = "rollups" // sums by day, over all tickets of some kinds
	FromFacts   Basis = "facts"   // one by one
	FromEvents  Basis = "events"  // the timelines themselves, anew
)

// Result answers a query.
type Result struct {
	Definition Definition
	Query      Query // with its defaults filled in and From and To at the beginning of days
	Figure
	Points []Point
	Slices []Slice
	Ages   []AgeBucket // of BacklogAge

	Basis      Basis
	ComputedAt time.Time
	UpTo       time.Time // what was recorded until then is in it
	LeftOut    []LeftOut
}

// LeftOut is something the figure does not hold.
type LeftOut struct {
	Reason LeftOutReason
	Count  int64    // of tickets, where it is known
	Kinds  []string // for HiddenKinds
}

// LeftOutReason says why something is not in a figure.
type LeftOutReason string

// The reasons.
const (
	HiddenKinds   LeftOutReason = "hidden_kinds"   // confidential kinds the reader does not see as a whole
	HiddenTickets LeftOutReason = "hidden_tickets" // the reader sees only some tickets
	LateRecords   LeftOutReason = "late_records"   // written down after RecordedBy
	NotFolded     LeftOutReason = "not_folded"     // saved moments ago, or an import that is still being read
)

// Answer is what one of several queries came to.
type Answer struct {
	Result
	Err error // Invalid or NotFound: the query makes no sense, and Result is empty
}

// AgeBucket is how much of the backlog is of an age.
type AgeBucket struct {
	From, To time.Duration // To 0: and older
	Count    int64
}

// TicketValue is a ticket behind a figure.
type TicketValue struct {
	TicketID int64
	At       time.Time // the instant that put it there; of a stock, since when it counts
	Value    float64   // what it added, in the unit
}

// TicketPage is one page of the tickets behind a figure.
type TicketPage struct {
	Items []TicketValue
	Next  string // cursor of the next page; "" when this is the last
}

// FlowQuery asks for the real flow of tickets: its steps from state to state, or
// from group to group.
type FlowQuery struct {
	Between Cut // ByState or ByGroup
	From    time.Time
	To      time.Time
	Only    []Only
	Filter  string
	Zone    *time.Location
}

// FlowStep is one way tickets went, however often. From is "" at the beginning
// of a ticket, To is "" at its end; otherwise they are the keys of slices.
type FlowStep struct {
	From, To string
	Count    int64
	Median   time.Duration // spent at From before the step
	P90      time.Duration
}
