package agreement

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Limits of what one installation and one agreement hold.
const (
	MaxAgreements = 2000
	MaxVersions   = 200 // of one agreement
	MaxTargets    = 100 // of one version
	MaxServices   = 500 // that one version names
	maxName       = 200
	maxText       = 5000
	maxWarnings   = 10
	maxWithin     = 10_000 * time.Hour // of business time
	maxDays       = 1000
	dayMinutes    = 24 * 60
)

// Agreement is an agreement as it is kept.
type Agreement struct {
	ID          int64
	Name        string
	Role        clock.Role
	Party       int64 // SLA: the customer's organisation, 0 for every customer; OLA: the group; UC: the supplier's organisation
	Description string
	OwnerID     int64     // who is accountable; 0 for nobody
	Ends        time.Time // no ticket comes under it from then on; zero for never
	Versions    []Version // by From; never empty
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Version     int64
}

// Version is what an agreement says from an instant on, and who wrote it.
type Version struct {
	clock.Version
	AuthorID  int64
	CreatedAt time.Time
}

// State is where an agreement stands in its life.
type State string

// The states.
const (
	Planned State = "planned" // no ticket comes under it yet
	InForce State = "in_force"
	Ended   State = "ended"
)

// States lists the states in the order of an agreement's life.
func States() []State { return []State{Planned, InForce, Ended} }

// State says where an agreement stands at an instant.
func (a *Agreement) State(now time.Time) State {
	switch {
	case !a.Ends.IsZero() && !now.Before(a.Ends):
		return Ended
	case a.Versions[0].From.After(now):
		return Planned
	}
	return InForce
}

// At gives the version that says what holds at an instant, or what will hold first;
// of an ended agreement it is the last that held.
func (a *Agreement) At(now time.Time) Version {
	found := a.Versions[0]
	for _, v := range a.Versions {
		if !v.From.After(now) {
			found = v
		}
	}
	return found
}

// Clock gives the agreement as clocks are computed by it.
func (a *Agreement) Clock() clock.Agreement {
	out := clock.Agreement{ID: a.ID, Name: a.Name, Role: a.Role, Party: a.Party, Ends: a.Ends}
	for _, v := range a.Versions {
		out.Versions = append(out.Versions, v.Version)
	}
	return out
}

// uses reports whether something of it is counted by a calendar.
func uses(t *clock.Terms, calendar int64) bool {
	return t.Calendar == calendar || slices.ContainsFunc(t.Targets, func(x clock.Target) bool { return x.Calendar == calendar })
}

// Draft is what a new agreement is made of.
type Draft struct {
	Name        string
	Role        clock.Role
	Party       int64
	Description string
	OwnerID     int64
	From        time.Time // when the first version begins, also in the past; zero is now
	Ends        time.Time
	Terms       clock.Terms
}

// Changes are what is changed of an agreement; what is nil stays.
type Changes struct {
	Name        *string
	Description *string
	OwnerID     *int64
	Ends        *time.Time // zero is never
	Terms       *clock.Terms
	From        time.Time // when Terms begin; zero is now
}

// known is what terms can refer to.
type known struct {
	kinds     []*workflow.Definition
	services  map[int64]bool
	offerings map[int64]service.OfferingName
	calendars map[int64]bool
}

func clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
}

func checkName(wrong *apperr.Problems, name string) {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		wrong.Add("name", "Give a name.")
	case n > maxName || strings.ContainsAny(name, "\r\n\t"):
		wrong.Add("name", "A name is a single line of at most %d characters.", maxName)
	}
}

func checkText(wrong *apperr.Problems, text string) {
	if utf8.RuneCountInString(text) > maxText {
		wrong.Add("description", "Use at most %d characters.", maxText)
	}
}

// Tidy brings terms into the one form in which they are kept: lists sorted and
// without doubles, targets in the order in which they come due.
func Tidy(t clock.Terms) clock.Terms {
	t.Kinds, t.Services, t.Offerings, t.Pauses = sorted(t.Kinds), sorted(t.Services), sorted(t.Offerings), sorted(t.Pauses)
	if !t.OwnPauses {
		t.Pauses = nil
	}
	t.Warn = slices.Clone(t.Warn)
	t.Targets = slices.Clone(t.Targets)
	for i := range t.Targets {
		x := &t.Targets[i]
		if x.State = strings.TrimSpace(x.State); x.Calendar == t.Calendar {
			x.Calendar = 0
		}
		if x.Within != 0 && x.Days == 0 {
			x.Until = 0
		}
	}
	if t.Reopen == clock.Continue {
		t.Reopen = ""
	}
	return t
}

func sorted[T int64 | string](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// checkTerms says what is wrong with terms, field by field: "calendar",
// "targets.0.within".
func checkTerms(wrong *apperr.Problems, t *clock.Terms, k *known) {
	kinds := k.kinds
	for _, key := range t.Kinds {
		if !slices.ContainsFunc(k.kinds, func(d *workflow.Definition) bool { return d.Key == key }) {
			wrong.Add("kinds", "There is no kind called %s.", key)
		}
	}
	if named := slices.DeleteFunc(slices.Clone(k.kinds), func(d *workflow.Definition) bool { return !slices.Contains(t.Kinds, d.Key) }); len(named) > 0 {
		kinds = named
	}
	if len(t.Services) > MaxServices {
		wrong.Add("services", "Name at most %d services, or none for all.", MaxServices)
	}
	if slices.ContainsFunc(t.Services, func(id int64) bool { return !k.services[id] }) {
		wrong.Add("services", "One of these services does not exist.")
	}
	if len(t.Offerings) > MaxServices {
		wrong.Add("offerings", "Name at most %d offerings, or none for all.", MaxServices)
	}
	for _, id := range t.Offerings {
		switch o, ok := k.offerings[id]; {
		case !ok && len(t.Offerings) <= MaxServices:
			wrong.Add("offerings", "One of these offerings does not exist.")
		case ok && len(t.Services) > 0 && !slices.Contains(t.Services, o.ServiceID):
			wrong.Add("offerings", "“%s” is an offering of %s, which is not among the services.", o.Name, o.Service)
		}
	}
	switch {
	case t.Calendar == 0:
		wrong.Add("calendar", "Choose the calendar by which it counts.")
	case !k.calendars[t.Calendar]:
		wrong.Add("calendar", "This calendar does not exist.")
	}
	if t.Reopen != "" && t.Reopen != clock.Continue && t.Reopen != clock.Restart {
		wrong.Add("reopen", "A reopened ticket goes on, or begins again.")
	}
	for _, key := range t.Pauses {
		if !slices.ContainsFunc(kinds, func(d *workflow.Definition) bool { return waits(d, key) }) {
			wrong.Add("pauses", "No ticket under this agreement waits for “%s”.", key)
		}
	}
	if len(t.Warn) > maxWarnings {
		wrong.Add("warn", "Warn at most %d times.", maxWarnings)
	}
	for i, percent := range t.Warn {
		if percent < 1 || percent > 200 || i > 0 && percent <= t.Warn[i-1] {
			wrong.Add("warn", "Warnings are percents from 1 to 200, each higher than the one before.")
			break
		}
	}
	checkTargets(wrong, t, kinds, k)
}

func waits(d *workflow.Definition, reason string) bool {
	return slices.ContainsFunc(d.States, func(s workflow.State) bool {
		_, ok := s.Reason(reason)
		return ok
	})
}

func checkTargets(wrong *apperr.Problems, t *clock.Terms, kinds []*workflow.Definition, k *known) {
	switch {
	case len(t.Targets) == 0:
		wrong.Add("targets", "Promise something: an agreement has at least one target.")
	case len(t.Targets) > MaxTargets:
		wrong.Add("targets", "Use at most %d targets.", MaxTargets)
	}
	lowest := lowestPriority(kinds)
	for i, x := range t.Targets {
		at := fmt.Sprintf("targets.%d.", i)
		switch {
		case !slices.Contains(clock.Measures(), x.Measure):
			wrong.Add(at+"measure", "Choose what is promised.")
		case x.Measure == clock.Step && x.State == "":
			wrong.Add(at+"state", "Choose the state that lasts no longer.")
		case x.Measure == clock.Step && !slices.ContainsFunc(kinds, func(d *workflow.Definition) bool { return stepOf(d, x.State) }):
			wrong.Add(at+"state", "No kind under this agreement has an open state called “%s”.", x.State)
		case x.Measure != clock.Step && x.State != "":
			wrong.Add(at+"state", "Only the stay in one state names a state.")
		}
		same := func(y clock.Target) bool {
			return y.Measure == x.Measure && y.State == x.State && y.Priority == x.Priority
		}
		switch {
		case x.Priority < 0 || x.Priority > lowest:
			wrong.Add(at+"priority", "Priorities go from 1, the highest, to %d; 0 is for all others.", lowest)
		case slices.ContainsFunc(t.Targets[:i], same):
			wrong.Add(at+"priority", "This is promised already for this priority.")
		}
		switch {
		case x.Within < 0 || x.Days < 0:
			wrong.Add(at+"within", "Give how long it may take, such as 8h or 30m.")
		case x.Within > 0 && x.Days > 0:
			wrong.Add(at+"within", "Promise hours or business days: they count differently.")
		case x.Within == 0 && x.Days == 0 && x.Until == 0:
			wrong.Add(at+"within", "Give how long it may take, such as 8h or 30m.")
		case x.Within > maxWithin || x.Days > maxDays:
			wrong.Add(at+"within", "This is too long to be a promise.")
		case x.InDays() && (x.Until < 1 || x.Until > dayMinutes):
			wrong.Add(at+"until", "Give the time of day until which it is due, such as 17:00.")
		}
		if x.Calendar != 0 && !k.calendars[x.Calendar] {
			wrong.Add(at+"calendar", "This calendar does not exist.")
		}
	}
}

// stepOf reports whether a kind has a state in which work is still owed.
func stepOf(d *workflow.Definition, state string) bool {
	s, ok := d.State(state)
	return ok && s.Category.Active()
}

// lowestPriority is the greatest number of a priority that kinds have.
func lowestPriority(kinds []*workflow.Definition) int {
	lowest := 0
	for _, d := range kinds {
		for _, p := range d.Matrix.Priority {
			lowest = max(lowest, p.Value)
		}
	}
	return lowest
}
