package metric

import (
	"slices"
	"time"
)

// Key names a metric: "time_to_resolve".
type Key string

// The metrics.
const (
	VolumeIn         Key = "volume_in"
	VolumeOut        Key = "volume_out"
	NetFlow          Key = "net_flow"
	Backlog          Key = "backlog"
	BacklogAge       Key = "backlog_age"
	FirstResponse    Key = "first_response"
	TimeToResolve    Key = "time_to_resolve"
	TimeToResolveNet Key = "time_to_resolve_net"
	FirstContact     Key = "first_contact"
	FirstLine        Key = "first_line"
	ReopenRate       Key = "reopen_rate"
	Reassignments    Key = "reassignments"
	PingPong         Key = "ping_pong"
	Touches          Key = "touches"
	TimeInState      Key = "time_in_state"
	TimeWithHolder   Key = "time_with_holder"
	Satisfaction     Key = "satisfaction"
	ResponseRate     Key = "response_rate"
	LostTime         Key = "lost_time"
	RecurringMinor   Key = "recurring_minor"
	AfterHours       Key = "after_hours"
	Concentration    Key = "concentration"
)

// Unit says what a figure counts.
type Unit string

// The units. A share is a number from 0 to 1.
const (
	Tickets Unit = "tickets"
	Seconds Unit = "seconds"
	Share   Unit = "share"
	Score   Unit = "score" // 1 to 5
	Times   Unit = "times" // how often something happened to a ticket
)

// Direction says which way a figure should go.
type Direction string

// The directions.
const (
	Up     Direction = "up"
	Down   Direction = "down"
	Steady Direction = "steady" // neither is better in itself
)

// Directions lists the directions.
func Directions() []Direction { return []Direction{Up, Down, Steady} }

// Group gathers metrics that answer the same question.
type Group string

// The groups, in the order of the catalogue.
const (
	GroupFlow       Group = "flow"
	GroupSpeed      Group = "speed"
	GroupQuality    Group = "quality"
	GroupEffort     Group = "effort"
	GroupExperience Group = "experience"
	GroupCuts       Group = "cuts" // death by a thousand cuts
)

// Groups lists the groups in order.
func Groups() []Group {
	return []Group{GroupFlow, GroupSpeed, GroupQuality, GroupEffort, GroupExperience, GroupCuts}
}

// Words are a metric's texts, in English: keys of the message catalogue.
type Words struct {
	Name     string
	Meaning  string   // the definition in words
	Formula  string   // with names instead of numbers
	Excluded []string // what is left out, one sentence each
}

// Definition is a metric of the catalogue, with what the organisation set for it.
type Definition struct {
	Key   Key
	Group Group
	Words
	Unit      Unit
	Direction Direction
	Target    *float64 // in the unit; nil is none
	OwnerID   int64    // a person; 0 is nobody
	// Stock figures hold at an instant, the end of the period; the others are of
	// what happened during it.
	Stock bool
	// Spread tells that figures are percentiles: the value is the median, and
	// Figure.P90 and Figure.Mean stand beside it.
	Spread bool
	Cuts   []Cut // what it can be cut by; custom fields (FieldCut) besides

	Version       int       // of owner, target and direction; 0 is as shipped
	EffectiveFrom time.Time // of that version
}

// Better reports whether b is better than a, in the metric's direction.
func (d *Definition) Better(a, b float64) bool {
	switch d.Direction {
	case Up:
		return b > a
	case Down:
		return b < a
	default:
		return false
	}
}

// Meets reports whether a value reaches the target; false without a target.
func (d *Definition) Meets(value float64) bool {
	if d.Target == nil {
		return false
	}
	switch d.Direction {
	case Up:
		return value >= *d.Target
	case Down:
		return value <= *d.Target
	default:
		return value == *d.Target
	}
}

// CanCut reports whether the metric can be cut so.
func (d *Definition) CanCut(c Cut) bool {
	return c == "" || slices.Contains(d.Cuts, c) || c.Field() != "" && slices.Contains(d.Cuts, ByCategory)
}
