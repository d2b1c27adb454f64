package results

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Read is the verb of those who read what is published to their organisation.
const Read access.Verb = "view_results"

// Verbs are what this room lets roles allow.
func Verbs() []access.VerbInfo {
	return []access.VerbInfo{{
		Verb: Read, Label: text.Key("Read published service levels"), Phrase: text.Key("reading the published service levels of one's own organisation"), Scopes: []access.Scope{access.ScopeAll},
		Roles: []string{access.RoleRequester},
	}}
}

// Month is a month of a calendar, such as 2026-03.
type Month string

const monthLayout = "2006-01"

// ParseMonth reads a month; false for what is none.
func ParseMonth(s string) (Month, bool) {
	t, err := time.Parse(monthLayout, s)
	return Month(s), err == nil && t.Year() >= 1970 && t.Year() <= 9000
}

// MonthOf gives the month of an instant where somebody is.
func MonthOf(t time.Time, zone *time.Location) Month { return Month(t.In(zone).Format(monthLayout)) }

// Bounds gives the first instant of the month and the first one after it.
func (m Month) Bounds(zone *time.Location) (from, to time.Time) {
	t, err := time.Parse(monthLayout, string(m))
	if err != nil {
		return from, to
	}
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, zone).UTC(), time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, zone).UTC()
}

// Add gives the month so many months later.
func (m Month) Add(n int) Month {
	t, err := time.Parse(monthLayout, string(m))
	if err != nil {
		return m
	}
	return Month(t.AddDate(0, n, 0).Format(monthLayout))
}

// Line is what became of the promises for one target.
type Line struct {
	Measure  clock.Measure `json:"measure"`
	State    string        `json:"state,omitempty"`
	Priority int           `json:"priority"` // of the target; 0 is all others
	Target   clock.Target  `json:"target"`
	Kept     int           `json:"kept"`
	Broken   int           `json:"broken"`
}

// ServiceLine is what became of the promises about one service; 0 is about none.
type ServiceLine struct {
	Service int64 `json:"service"`
	Kept    int   `json:"kept"`
	Broken  int   `json:"broken"`
}

// Figures are what a month adds up to.
type Figures struct {
	Agreement string          `json:"agreement"` // its name
	Measures  []clock.Measure `json:"measures"`  // that were chosen; none is all
	Goal      int             `json:"goal"`      // aimed at, in hundredths of a percent; 0 is nothing
	Kept      int             `json:"kept"`
	Broken    int             `json:"broken"`
	Tickets   int             `json:"tickets"`
	Lines     []Line          `json:"lines"`
	Services  []ServiceLine   `json:"services"`
}

// Attained is the share of promises that were kept, from 0 to 1; false when there were
// none.
func (f *Figures) Attained() (float64, bool) { return share(f.Kept, f.Broken) }

// Of is what the promises of one measure add up to.
func (f *Figures) Of(m clock.Measure) (kept, broken int) {
	for _, l := range f.Lines {
		if l.Measure == m {
			kept, broken = kept+l.Kept, broken+l.Broken
		}
	}
	return kept, broken
}

func share(kept, broken int) (float64, bool) {
	if kept+broken == 0 {
		return 0, false
	}
	return float64(kept) / float64(kept+broken), true
}

// whole is a share of one in hundredths of a percent.
const whole = 10_000

// Add adds up what was decided in a month. terms gives what a version of the
// agreement says.
func Add(decided []clock.Decision, terms func(version int64) *clock.Terms) Figures {
	var f Figures
	tickets := map[int64]bool{}
	for i := range decided {
		d := &decided[i]
		tickets[d.Ticket] = true
		target := targetOf(d, terms)
		at := slices.IndexFunc(f.Lines, func(l Line) bool {
			return l.Measure == d.Measure && l.State == d.State && l.Priority == target.Priority
		})
		if at < 0 {
			at = len(f.Lines)
			f.Lines = append(f.Lines, Line{Measure: d.Measure, State: d.State, Priority: target.Priority})
		}
		f.Lines[at].Target = target // of the latest, should the agreement have changed
		of := slices.IndexFunc(f.Services, func(s ServiceLine) bool { return s.Service == d.Service })
		if of < 0 {
			of = len(f.Services)
			f.Services = append(f.Services, ServiceLine{Service: d.Service})
		}
		if d.Broken {
			f.Broken, f.Lines[at].Broken, f.Services[of].Broken = f.Broken+1, f.Lines[at].Broken+1, f.Services[of].Broken+1
		} else {
			f.Kept, f.Lines[at].Kept, f.Services[of].Kept = f.Kept+1, f.Lines[at].Kept+1, f.Services[of].Kept+1
		}
	}
	f.Tickets = len(tickets)
	slices.SortFunc(f.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(slices.Index(clock.Measures(), a.Measure), slices.Index(clock.Measures(), b.Measure)), cmp.Compare(a.State, b.State),
			cmp.Compare(uint(a.Priority-1), uint(b.Priority-1))) // 0 is the last
	})
	slices.SortFunc(f.Services, func(a, b ServiceLine) int {
		return cmp.Or(cmp.Compare(b.Kept+b.Broken, a.Kept+a.Broken), cmp.Compare(a.Service, b.Service))
	})
	return f
}

// targetOf gives the target that a promise was measured by.
func targetOf(d *clock.Decision, terms func(version int64) *clock.Terms) clock.Target {
	if t := terms(d.Version); t != nil {
		if target, ok := t.Promise(d.Measure, d.State, d.Priority); ok {
			return target
		}
	}
	return clock.Target{Measure: d.Measure, State: d.State, Within: d.Whole}
}

// Chosen leaves of what was decided the measures that are published; none chosen is
// all of them.
func Chosen(decided []clock.Decision, measures []clock.Measure) []clock.Decision {
	if len(measures) == 0 {
		return decided
	}
	return slices.DeleteFunc(decided, func(d clock.Decision) bool { return !slices.Contains(measures, d.Measure) })
}

// Fingerprint tells two drafts of a month apart.
func Fingerprint(f *Figures, decided []clock.Decision) string {
	h := sha256.New()
	e := json.NewEncoder(h)
	_ = e.Encode(f) // a hash never fails, and plain data always marshals
	for i := range decided {
		_ = e.Encode([]any{decided[i].Ticket, decided[i].Measure, decided[i].State, decided[i].Cycle, decided[i].Broken, decided[i].At.UnixMicro()})
	}
	return hex.EncodeToString(h.Sum(nil))[:24]
}

// Why says why a promise counts differently than when it was published.
type Why string

// The reasons, the firmest first.
const (
	OtherCustomer  Why = "other_customer"  // its ticket belongs to another organisation now
	OtherAgreement Why = "other_agreement" // its ticket was put under another agreement
	Reopened       Why = "reopened"        // its ticket was opened again
	Cancelled      Why = "cancelled"       // its ticket was cancelled
	OtherPriority  Why = "other_priority"  // its ticket has another priority now
	TicketChanged  Why = "ticket_changed"  // something else happened on its ticket
	TermsChanged   Why = "terms_changed"   // nothing happened on its ticket: hours or terms were corrected
)

// Whys lists the reasons.
func Whys() []Why {
	return []Why{OtherCustomer, OtherAgreement, Reopened, Cancelled, OtherPriority, TicketChanged, TermsChanged}
}

// Outcome is what became of a promise in a month.
type Outcome string

// The outcomes.
const (
	Kept       Outcome = "kept"
	Broken     Outcome = "broken"
	NotCounted Outcome = "not_counted"
)

func outcomeOf(d *clock.Decision) Outcome {
	if d.Broken {
		return Broken
	}
	return Kept
}

// Change is a promise that counts differently than when it was published.
type Change struct {
	Ticket  int64
	Number  string
	Measure clock.Measure
	State   string
	Was, Is Outcome
	Why     Why
}

type decisionKey struct {
	ticket  int64
	measure clock.Measure
	state   string
	cycle   int
}

func keyOf(d *clock.Decision) decisionKey { return decisionKey{d.Ticket, d.Measure, d.State, d.Cycle} }

// Compare says what counts differently now than it did: another outcome, another
// target, or not in this month at all. It leaves Why empty.
func Compare(published, now []clock.Decision, terms func(version int64) *clock.Terms) []Change {
	is := make(map[decisionKey]*clock.Decision, len(now))
	for i := range now {
		is[keyOf(&now[i])] = &now[i]
	}
	var out []Change
	for i := range published {
		was := &published[i]
		key := keyOf(was)
		found := is[key]
		delete(is, key)
		c := Change{Ticket: was.Ticket, Number: was.Number, Measure: was.Measure, State: was.State, Was: outcomeOf(was), Is: NotCounted}
		if found != nil {
			if c.Is = outcomeOf(found); c.Is == c.Was && targetOf(found, terms).Priority == targetOf(was, terms).Priority && found.Service == was.Service {
				continue
			}
		}
		out = append(out, c)
	}
	for i := range now {
		if d := &now[i]; is[keyOf(d)] != nil {
			out = append(out, Change{Ticket: d.Ticket, Number: d.Number, Measure: d.Measure, State: d.State, Was: NotCounted, Is: outcomeOf(d)})
		}
	}
	return out
}

// Recount is what a published month comes to now.
type Recount struct {
	Figures Figures  `json:"figures"`
	Reasons []Reason `json:"reasons"`
}

// Reason is why so many promises count differently.
type Reason struct {
	Why   Why `json:"why"`
	Count int `json:"count"`
}

// reasonsOf counts changes by their reasons.
func reasonsOf(changes []Change) []Reason {
	var out []Reason
	for _, why := range Whys() {
		n := 0
		for i := range changes {
			if changes[i].Why == why {
				n++
			}
		}
		if n > 0 {
			out = append(out, Reason{why, n})
		}
	}
	return out
}
