// Package workflow holds the life of a kind of ticket as data: its states, the
// transitions between them with who may take them, under which condition, with
// which fields and effects, its custom fields and its priority matrix. One
// engine reads every definition; no kind's life is written in code.
//
// States follow ITIL 4 practice: each has a category that tools and clocks
// understand (new, open, waiting, resolved, closed, cancelled) and labels that
// people do. A missed target is a flag elsewhere, never a state.
package workflow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Category is what a state means to every rule that must not know its name.
type Category string

// The six categories, in the order a ticket usually passes them.
const (
	New       Category = "new"       // nobody has started
	Open      Category = "open"      // being worked on
	Waiting   Category = "waiting"   // on hold, for a stated reason
	Resolved  Category = "resolved"  // done, until the requester agrees or time passes
	Closed    Category = "closed"    // done for good
	Cancelled Category = "cancelled" // will not be done
)

// Categories lists all categories in order.
func Categories() []Category {
	return []Category{New, Open, Waiting, Resolved, Closed, Cancelled}
}

// Active reports whether work is still owed.
func (c Category) Active() bool { return c == New || c == Open || c == Waiting }

// Clock is what a state does to service-level clocks.
type Clock string

// The three effects on a clock.
const (
	Run   Clock = "run"
	Pause Clock = "pause"
	Stop  Clock = "stop"
)

// Reason says why a waiting state waits, and what that does to the clock.
type Reason struct {
	Key            string `toml:"key" json:"key"`
	Label          string `toml:"label" json:"label"`
	RequesterLabel string `toml:"requester_label" json:"requester_label"`
	Clock          Clock  `toml:"clock" json:"clock"`
	// OnRequester marks the reason that the requester's answer ends.
	OnRequester bool `toml:"on_requester" json:"on_requester,omitempty"`
}

// State is one station of a kind's life.
type State struct {
	Key            string   `toml:"key" json:"key"`
	Category       Category `toml:"category" json:"category"`
	Label          string   `toml:"label" json:"label"`
	RequesterLabel string   `toml:"requester_label" json:"requester_label"`
	Clock          Clock    `toml:"clock" json:"clock"`
	Reasons        []Reason `toml:"reason" json:"reasons,omitempty"`
}

// Party says in which role somebody takes a transition.
type Party string

// The parties a transition can name.
const (
	Agent     Party = "agent"     // may transition the ticket by permission
	Requester Party = "requester" // is the person the ticket is for
	System    Party = "system"    // rules, timers, parents, importers
)

// Transition is one allowed step.
type Transition struct {
	Key      string   `toml:"key" json:"key"`
	Label    string   `toml:"label" json:"label"`
	From     []string `toml:"from" json:"from"`
	To       string   `toml:"to" json:"to"`
	By       []Party  `toml:"by" json:"by"`
	When     string   `toml:"when" json:"when,omitempty"`         // a condition in the filter language, on the ticket
	Requires []string `toml:"requires" json:"requires,omitempty"` // field names: comment, reason, resolution_code, resolution, group, assignee, …
	Effects  []string `toml:"effects" json:"effects,omitempty"`   // names of registered effects, in order
	Primary  bool     `toml:"primary" json:"primary,omitempty"`   // the usual next step
	Hotkey   string   `toml:"hotkey" json:"hotkey,omitempty"`
}

// FieldType is the type of a custom field.
type FieldType string

// The types of custom fields.
const (
	Text   FieldType = "text"
	Number FieldType = "number"
	Bool   FieldType = "bool"
	Date   FieldType = "date"
	Choice FieldType = "choice"
)

// Field is a custom field of a kind.
type Field struct {
	Key              string    `toml:"key" json:"key"`
	Label            string    `toml:"label" json:"label"`
	Help             string    `toml:"help" json:"help,omitempty"`
	Type             FieldType `toml:"type" json:"type"`
	Options          []string  `toml:"options" json:"options,omitempty"` // for Choice; empty takes any text
	Required         bool      `toml:"required" json:"required,omitempty"`
	RequesterVisible bool      `toml:"requester_visible" json:"requester_visible,omitempty"`
	// Retired fields are shown where they have a value and not asked for any more:
	// what an import brought along, or what an organisation no longer needs.
	Retired bool `toml:"retired" json:"retired,omitempty"`
}

// Level is one step of impact, urgency or priority; 1 is the highest.
type Level struct {
	Value int    `toml:"value" json:"value"`
	Label string `toml:"label" json:"label"`
}

// Matrix computes priority from impact and urgency (ITIL 4 incident management).
type Matrix struct {
	Impact   []Level `toml:"impact" json:"impact"`
	Urgency  []Level `toml:"urgency" json:"urgency"`
	Priority []Level `toml:"priority" json:"priority"`
	// Cells holds the priority for [impact index][urgency index].
	Cells [][]int `toml:"cells" json:"cells"`
}

// Code is a resolution code.
type Code struct {
	Key   string `toml:"key" json:"key"`
	Label string `toml:"label" json:"label"`
}

// Definition is everything that makes a kind.
type Definition struct {
	Key            string       `toml:"key" json:"key"`
	Prefix         string       `toml:"prefix" json:"prefix"` // of numbers: INC makes INC-1042
	Label          string       `toml:"label" json:"label"`
	Plural         string       `toml:"plural" json:"plural"`
	RequesterLabel string       `toml:"requester_label" json:"requester_label"`
	Description    string       `toml:"description" json:"description"`
	Icon           string       `toml:"icon" json:"icon"`
	Confidential   bool         `toml:"confidential" json:"confidential"` // permissions on any kind do not reach it
	Initial        string       `toml:"initial" json:"initial"`
	DefaultImpact  int          `toml:"default_impact" json:"default_impact"`
	DefaultUrgency int          `toml:"default_urgency" json:"default_urgency"`
	AutoCloseDays  int          `toml:"auto_close_days" json:"auto_close_days"` // after resolution; 0 never
	ReopenDays     int          `toml:"reopen_days" json:"reopen_days"`         // how long a requester may reopen; 0 always
	States         []State      `toml:"state" json:"states"`
	Transitions    []Transition `toml:"transition" json:"transitions"`
	Fields         []Field      `toml:"field" json:"fields,omitempty"`
	Codes          []Code       `toml:"code" json:"codes"`
	Matrix         Matrix       `toml:"matrix" json:"matrix"`
	// Translations give labels in further languages: by language ("de"), then by the
	// label as it is written here. The product's own labels need none.
	Translations map[string]map[string]string `toml:"translations" json:"translations,omitempty"`
	Version      int                          `toml:"-" json:"version"` // 0 is the built-in one
}

// State finds a state by key.
func (d *Definition) State(key string) (State, bool) {
	for _, s := range d.States {
		if s.Key == key {
			return s, true
		}
	}
	return State{}, false
}

// Reason finds a waiting reason of a state.
func (s State) Reason(key string) (Reason, bool) {
	for _, r := range s.Reasons {
		if r.Key == key {
			return r, true
		}
	}
	return Reason{}, false
}

// ClockFor gives the effect on the clock of the state with a waiting reason.
func (s State) ClockFor(reason string) Clock {
	if r, ok := s.Reason(reason); ok && r.Clock != "" {
		return r.Clock
	}
	return s.Clock
}

// Transition finds a transition by key.
func (d *Definition) Transition(key string) (Transition, bool) {
	for _, t := range d.Transitions {
		if t.Key == key {
			return t, true
		}
	}
	return Transition{}, false
}

// From lists the transitions that leave a state and that one of the parties may take.
func (d *Definition) From(state string, parties ...Party) []Transition {
	var out []Transition
	for _, t := range d.Transitions {
		if slices.Contains(t.From, state) && t.AllowsAny(parties) {
			out = append(out, t)
		}
	}
	return out
}

// AllowsAny reports whether one of the parties may take the transition.
func (t Transition) AllowsAny(parties []Party) bool {
	return slices.ContainsFunc(t.By, func(p Party) bool { return slices.Contains(parties, p) })
}

// Needs reports whether the transition requires a field.
func (t Transition) Needs(field string) bool { return slices.Contains(t.Requires, field) }

// StatesIn lists the keys of the states of some categories.
func (d *Definition) StatesIn(categories ...Category) []string {
	var keys []string
	for _, s := range d.States {
		if slices.Contains(categories, s.Category) {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

// Code finds a resolution code.
func (d *Definition) Code(key string) (Code, bool) {
	for _, c := range d.Codes {
		if c.Key == key {
			return c, true
		}
	}
	return Code{}, false
}

// Field finds a custom field.
func (d *Definition) Field(key string) (Field, bool) {
	for _, f := range d.Fields {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// Lookup gives the priority for an impact and an urgency; false when the
// matrix does not know one of them.
func (m Matrix) Lookup(impact, urgency int) (int, bool) {
	i := slices.IndexFunc(m.Impact, func(l Level) bool { return l.Value == impact })
	u := slices.IndexFunc(m.Urgency, func(l Level) bool { return l.Value == urgency })
	if i < 0 || u < 0 || i >= len(m.Cells) || u >= len(m.Cells[i]) {
		return 0, false
	}
	return m.Cells[i][u], true
}

// Label gives the label of a level, or the number itself.
func Label(levels []Level, value int) string {
	for _, l := range levels {
		if l.Value == value {
			return l.Label
		}
	}
	return fmt.Sprint(value)
}

// Validate checks that a definition hangs together, so that an edited one
// cannot strand tickets: states reachable, references real, matrix complete.
func (d *Definition) Validate() error {
	var p apperr.Problems
	if !isKey(d.Key) {
		p.Add("key", "The key must be lower-case letters, digits and underscores.")
	}
	if d.Prefix == "" || strings.ToUpper(d.Prefix) != d.Prefix || len(d.Prefix) > 8 {
		p.Add("prefix", "The prefix must be one to eight capital letters.")
	}
	d.validateStates(&p)
	d.validateTransitions(&p)
	d.validateMatrix(&p)
	seen := map[string]bool{}
	for _, f := range d.Fields {
		if !isKey(f.Key) || seen[f.Key] {
			p.Add("field", "The field key %q is not usable or used twice.", f.Key)
		}
		seen[f.Key] = true
		if !slices.Contains([]FieldType{Text, Number, Bool, Date, Choice}, f.Type) {
			p.Add("field", "The field %q has an unknown type.", f.Key)
		}
		if f.Retired && f.Required {
			p.Add("field", "The field %q cannot be needed and no longer asked for.", f.Key)
		}
	}
	return p.Err()
}

func (d *Definition) validateStates(p *apperr.Problems) {
	seen := map[string]bool{}
	for _, s := range d.States {
		if !isKey(s.Key) || seen[s.Key] {
			p.Add("state", "The state key %q is not usable or used twice.", s.Key)
		}
		seen[s.Key] = true
		if !slices.Contains(Categories(), s.Category) {
			p.Add("state", "The state %q has an unknown category.", s.Key)
		}
		if !slices.Contains([]Clock{Run, Pause, Stop}, s.Clock) {
			p.Add("state", "The state %q must run, pause or stop the clock.", s.Key)
		}
		if s.Category == Waiting && len(s.Reasons) == 0 {
			p.Add("state", "The waiting state %q needs at least one reason.", s.Key)
		}
	}
	if !seen[d.Initial] {
		p.Add("initial", "The initial state does not exist.")
	}
	for _, c := range []Category{Resolved, Closed} {
		if len(d.StatesIn(c)) == 0 {
			p.Add("state", "There must be a state of the category %s.", c)
		}
	}
	reached := map[string]bool{d.Initial: true}
	for grew := true; grew; {
		grew = false
		for _, t := range d.Transitions {
			if !reached[t.To] && slices.ContainsFunc(t.From, func(f string) bool { return reached[f] }) {
				reached[t.To], grew = true, true
			}
		}
	}
	for _, s := range d.States {
		if !reached[s.Key] {
			p.Add("state", "No transition leads to the state %q.", s.Key)
		}
	}
}

func (d *Definition) validateTransitions(p *apperr.Problems) {
	seen := map[string]bool{}
	for _, t := range d.Transitions {
		if !isKey(t.Key) || seen[t.Key] {
			p.Add("transition", "The transition key %q is not usable or used twice.", t.Key)
		}
		seen[t.Key] = true
		for _, s := range append([]string{t.To}, t.From...) {
			if _, ok := d.State(s); !ok {
				p.Add("transition", "The transition %q names the unknown state %q.", t.Key, s)
			}
		}
		if len(t.By) == 0 {
			p.Add("transition", "The transition %q can be taken by nobody.", t.Key)
		}
	}
}

func (d *Definition) validateMatrix(p *apperr.Problems) {
	m := d.Matrix
	if len(m.Impact) == 0 || len(m.Urgency) == 0 || len(m.Priority) == 0 {
		p.Add("matrix", "The matrix needs levels of impact, urgency and priority.")
		return
	}
	if len(m.Cells) != len(m.Impact) {
		p.Add("matrix", "The matrix needs one row per impact.")
		return
	}
	for i, row := range m.Cells {
		if len(row) != len(m.Urgency) {
			p.Add("matrix", "Row %d of the matrix needs one cell per urgency.", i+1)
			continue
		}
		for _, cell := range row {
			if !slices.ContainsFunc(m.Priority, func(l Level) bool { return l.Value == cell }) {
				p.Add("matrix", "The matrix names the unknown priority %d.", cell)
			}
		}
	}
	if _, ok := m.Lookup(d.DefaultImpact, d.DefaultUrgency); !ok {
		p.Add("matrix", "The default impact and urgency are not in the matrix.")
	}
}

func isKey(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for i, r := range s {
		if (r < 'a' || r > 'z') && (i == 0 || (r < '0' || r > '9') && r != '_') {
			return false
		}
	}
	return true
}

// Sorted gives definitions by label, for menus.
func Sorted(defs []*Definition) []*Definition {
	out := slices.Clone(defs)
	slices.SortFunc(out, func(a, b *Definition) int { return cmp.Compare(a.Label, b.Label) })
	return out
}
