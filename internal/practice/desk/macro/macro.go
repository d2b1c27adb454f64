package macro

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/words"
)

// Next says where an agent goes when a macro has run.
type Next string

// What can follow.
const (
	Stay       Next = "stay"
	NextTicket Next = "next" // of the list one came from
	BackToList Next = "list"
)

// Macro is ordered steps under a name.
type Macro struct {
	ID        int64
	Title     string
	About     string // when to use it
	Steps     []MacroStep
	Kinds     []string // of tickets it is for; none is all
	Condition string   // a filter that the ticket must fit; "" is any
	Next      Next
	sharing.Scope
	Uses      int64 // by everybody
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

// Do is what a step does.
type Do string

// What steps can do.
const (
	SetField   Do = "set"
	Assign     Do = "assign"
	Transition Do = "transition"
	Tag        Do = "tag"
	AddNote    Do = "note"
	Reply      Do = "reply"
	Watch      Do = "watch"
)

// MacroStep is one thing that a macro does. Which fields count follows from Do.
type MacroStep struct {
	Do Do `json:"do" enum:"set,assign,transition,tag,note,reply,watch"`

	Field  string `json:"field,omitempty" maxLength:"80" doc:"set: title, impact, urgency, priority, service, or field.KEY."`
	Value  string `json:"value,omitempty" maxLength:"4000" doc:"set: the new value; of service its id."`
	Reason string `json:"reason,omitempty" maxLength:"4000" doc:"set priority: why it differs from the matrix. transition: the key of what it waits for."`

	GroupID    int64  `json:"group_id,omitempty" minimum:"0" doc:"assign: the group; 0 leaves it."`
	Assignee   string `json:"assignee,omitempty" enum:"me,nobody,person," doc:"assign: who; empty leaves it."`
	AssigneeID int64  `json:"assignee_id,omitempty" minimum:"0" doc:"assign: the person, for assignee person."`

	Transition     string `json:"transition,omitempty" maxLength:"80" doc:"transition: the key of the step of the workflow."`
	ResolutionCode string `json:"resolution_code,omitempty" maxLength:"80" doc:"transition: how it was resolved."`

	Add    []string `json:"add,omitempty" maxItems:"30" doc:"tag: tags that come."`
	Remove []string `json:"remove,omitempty" maxItems:"30" doc:"tag: tags that go."`

	// Text is the note's (internal variables), the reply's (public ones), or the
	// transition's resolution or words to the requester (public ones).
	Text string `json:"text,omitempty" maxLength:"20000" doc:"note, reply: Markdown with variables. transition: the resolution, or the words that go with it; requesters read them."`

	Off bool `json:"off,omitempty" doc:"watch: ends watching."`
}

// Limits of a macro.
const (
	maxTitle  = 80 // characters
	maxAbout  = 200
	maxSteps  = 20
	maxText   = 20_000
	maxFilter = 4096
	maxMacros = 200 // of one person
)

// check puts a macro into its canonical form and reports what is wrong, beside
// the fields title, about, kinds, next, audience and group, and step.N.FIELD.
func (m *Macro) check(actor access.Actor, kinds []*workflow.Definition) error {
	var p apperr.Problems
	m.Title, m.About, m.Condition = oneLine(m.Title), oneLine(m.About), strings.TrimSpace(m.Condition)
	length(&p, "title", m.Title, maxTitle, words.Key("Give the macro a name."))
	length(&p, "about", m.About, maxAbout, "")
	length(&p, "condition", m.Condition, maxFilter, "")
	if !slices.Contains([]Next{Stay, NextTicket, BackToList}, m.Next) {
		p.Add("next", "Choose what follows.")
	}
	m.Scope.Check(&p, actor)
	slices.Sort(m.Kinds)
	m.Kinds = slices.Compact(m.Kinds)
	fitting := make([]*workflow.Definition, 0, len(kinds))
	for _, key := range m.Kinds {
		i := slices.IndexFunc(kinds, func(d *workflow.Definition) bool { return d.Key == key })
		if i < 0 {
			p.Add("kinds", "There is no kind of ticket called “%s”.", key)
			continue
		}
		fitting = append(fitting, kinds[i])
	}
	if len(m.Kinds) == 0 {
		fitting = kinds
	}
	m.checkSteps(&p, fitting)
	return p.Err()
}

func (m *Macro) checkSteps(p *apperr.Problems, kinds []*workflow.Definition) {
	switch n := len(m.Steps); {
	case n == 0:
		p.Add("steps", "Add at least one step.")
	case n > maxSteps:
		p.Add("steps", "A macro has at most %d steps.", maxSteps)
	}
	seen := map[Do]int{}
	for i := range m.Steps {
		step := &m.Steps[i]
		if seen[step.Do]++; seen[step.Do] > 1 && (step.Do == Reply || step.Do == Transition || step.Do == Assign) {
			p.Add(stepField(i, "do"), "A macro does this once at most.")
		}
		for _, wrong := range step.check(kinds) {
			p.Add(stepField(i, wrong.Name), "%s", wrong.Message)
		}
	}
}

// stepField names a field of the i-th step, counted from 0.
func stepField(i int, name string) string { return fmt.Sprintf("step.%d.%s", i, name) }

// fits reports whether the macro is for tickets of a kind.
func (m *Macro) fits(kind string) bool { return len(m.Kinds) == 0 || slices.Contains(m.Kinds, kind) }

// replies reports whether the macro writes to the requester: what cannot be undone.
func (m *Macro) replies() bool {
	return slices.ContainsFunc(m.Steps, func(s MacroStep) bool { return s.Do == Reply })
}

func length(p *apperr.Problems, field, value string, most int, missing string) {
	switch n := utf8.RuneCountInString(value); {
	case n == 0 && missing != "":
		p.Say(field, words.Text{Key: missing})
	case n > most:
		p.Add(field, "Keep this under %d characters.", most)
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		p.Add(field, "This text has characters that cannot be stored.")
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func cleanTags(tags []string) []string {
	var out []string
	for _, tag := range tags {
		tag = strings.ToLower(strings.Join(strings.Fields(strings.NewReplacer(",", " ", `"`, " ").Replace(tag)), "-"))
		if tag != "" && !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return out
}

// settable are the fields of every ticket that a step can set.
func settable() []string {
	return []string{ticket.FieldImpact, ticket.FieldUrgency, ticket.FieldPriority, ticket.FieldService, ticket.FieldTitle}
}
