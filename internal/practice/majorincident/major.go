package majorincident

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Manage is the verb of those who command major incidents.
const Manage access.Verb = "manage_major"

// Verbs are what this practice lets roles allow.
func Verbs() []access.VerbInfo {
	return []access.VerbInfo{{
		Verb: Manage, Label: text.Key("Command major incidents"), Phrase: text.Key("commanding major incidents"), Scopes: []access.Scope{access.ScopeAll},
		Roles: []string{access.RoleTeamLead, access.RoleAdministrator},
	}}
}

// State is where a major incident stands.
type State string

// The states.
const (
	Proposed  State = "proposed"
	Accepted  State = "accepted"
	Rejected  State = "rejected"
	Cancelled State = "cancelled"
	Resolved  State = "resolved"
)

// next is what may follow each state.
var next = map[State][]State{
	Proposed: {Accepted, Rejected, Cancelled},
	Accepted: {Resolved, Cancelled},
	Resolved: {Accepted},
}

// Leads reports whether a state may follow another.
func (s State) Leads(to State) bool { return slices.Contains(next[s], to) }

// Open reports whether something is still to be decided, done or reviewed.
func (s State) Open() bool { return s == Proposed || s == Accepted || s == Resolved }

// Role is a part that somebody plays.
type Role string

// The roles of a major incident.
const (
	Commander     Role = "commander"    // decides, and answers for the whole
	Technician    Role = "technician"   // leads the technical work
	Communicator  Role = "communicator" // writes the updates
	ScribeOfEvent Role = "scribe"       // writes down what was decided when
	Liaison       Role = "liaison"      // speaks with the suppliers
)

// Roles lists the roles in the order in which they are filled.
func Roles() []Role { return []Role{Commander, Technician, Communicator, Liaison, ScribeOfEvent} }

// Major is one major incident. Its ticket is the record of the work; this is what
// is beside it.
type Major struct {
	ID       int64
	TicketID int64
	State    State
	Summary  string // what is broken, in one line for everybody who manages it
	Impact   string // what that means for the business
	People   int    // how many are affected, as estimated; 0 is unknown

	ProposedBy int64 // person; 0 is a rule
	ProposedAt time.Time
	Reason     string // why it is one; for a rule, its name
	DecidedBy  int64
	DecidedAt  time.Time
	Decision   string // why it was rejected or cancelled

	Cadence    time.Duration // between updates; 0 has none
	NextUpdate time.Time     // when the next is due; zero when none is
	ResolvedAt time.Time

	Public     bool   // the banner is up
	PublicText string // what it says

	Review   Review
	Services []int64 // affected, the ticket's own included
	Roles    map[Role]int64
	Version  int
}

// Update is what was told to some audience.
type Update struct {
	ID      int64
	MajorID int64
	At      time.Time
	By      int64
	Public  bool
	Body    string
	Replied int // linked tickets that it was sent to
}

// Review is the post-incident review.
type Review struct {
	Overview    string
	Findings    string
	Cause       string
	Remedy      string
	CompletedAt time.Time
	CompletedBy int64
}

// Complete reports whether the review is done.
func (r *Review) Complete() bool { return !r.CompletedAt.IsZero() }

// check says what a review lacks before it can be complete.
func (r *Review) check() error {
	var p apperr.Problems
	for _, part := range []struct{ name, value string }{{"overview", r.Overview}, {"findings", r.Findings}, {"cause", r.Cause}, {"remedy", r.Remedy}} {
		if strings.TrimSpace(part.value) == "" {
			p.Add(part.name, "Write this part before the review is complete.")
		}
	}
	return p.Err()
}

// Action is an improvement that a review calls for.
type Action struct {
	ID      int64
	MajorID int64
	Title   string
	OwnerID int64
	Due     time.Time // a day
	DoneAt  time.Time
	DoneBy  int64
}

// Late reports whether the action should have been done by now.
func (a *Action) Late(now time.Time) bool {
	return a.DoneAt.IsZero() && !a.Due.IsZero() && now.After(a.Due.AddDate(0, 0, 1))
}

// The bounds of what is written and how often one is told.
const (
	maxLine    = 300
	maxText    = 20000
	MinCadence = 5 * time.Minute
	MaxCadence = 24 * time.Hour
	// DefaultCadence is how often people are told when nobody chose.
	DefaultCadence = 30 * time.Minute
	maxServices    = 50
	maxActions     = 100
)

// plan gives when the next update is due after one at an instant.
func (m *Major) plan(from time.Time) time.Time {
	if m.State != Accepted || m.Cadence == 0 {
		return time.Time{}
	}
	return from.Add(m.Cadence)
}

// Overdue reports whether an update should have been sent by now.
func (m *Major) Overdue(now time.Time) bool {
	return m.State == Accepted && !m.NextUpdate.IsZero() && !now.Before(m.NextUpdate)
}

// needsReview reports whether its ticket must stay open for the review.
func (m *Major) needsReview() bool {
	return m.State == Accepted || m.State == Resolved && !m.Review.Complete()
}

func checkLine(p *apperr.Problems, name, value string, required bool) {
	switch {
	case required && strings.TrimSpace(value) == "":
		p.Add(name, "Write something here.")
	case utf8.RuneCountInString(value) > maxLine || strings.ContainsAny(value, "\r\n"):
		p.Add(name, "Use one line of at most %d characters.", maxLine)
	}
}

func checkText(p *apperr.Problems, name, value string, required bool) {
	switch {
	case required && strings.TrimSpace(value) == "":
		p.Add(name, "Write something here.")
	case utf8.RuneCountInString(value) > maxText:
		p.Add(name, "Use at most %d characters.", maxText)
	}
}

func checkCadence(p *apperr.Problems, d time.Duration) {
	if d != 0 && (d < MinCadence || d > MaxCadence) {
		p.Add("cadence", "Choose between %d minutes and %d hours, or none.", int(MinCadence.Minutes()), int(MaxCadence.Hours()))
	}
}

// clean takes away what no text may hold.
func clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
}
