package portal

import (
	"cmp"
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// stateWords says a state as its requester understands it: what it waits for
// rather than that it waits.
func stateWords(def *workflow.Definition, state, reason string) string {
	s, known := def.State(state)
	if !known {
		return ""
	}
	if r, ok := s.Reason(reason); ok && r.RequesterLabel != "" {
		return r.RequesterLabel
	}
	return cmp.Or(s.RequesterLabel, s.Label)
}

// wordsFor is stateWords for the first state of a category.
func wordsFor(def *workflow.Definition, category workflow.Category) string {
	for _, s := range def.States {
		if s.Category == category {
			return cmp.Or(s.RequesterLabel, s.Label)
		}
	}
	return ""
}

// stations are the categories a ticket passes when all goes well; waiting is
// work that stands still.
var stations = []workflow.Category{workflow.New, workflow.Open, workflow.Resolved, workflow.Closed}

// journey says how far a ticket has come, in the requester's words. started is
// when work began; zero when that is not known.
func journey(def *workflow.Definition, t *ticket.Ticket, started time.Time) []ui.Step {
	at := map[workflow.Category]time.Time{workflow.New: t.CreatedAt, workflow.Open: started, workflow.Resolved: t.ResolvedAt, workflow.Closed: t.ClosedAt}
	if t.Category == workflow.Cancelled {
		return []ui.Step{
			{Label: wordsFor(def, workflow.New), At: t.CreatedAt, State: ui.StepDone},
			{Label: stateWords(def, t.State, ""), At: t.ClosedAt, State: ui.StepStopped},
		}
	}
	now := t.Category
	if now == workflow.Waiting {
		now = workflow.Open
	}
	var steps []ui.Step
	state := ui.StepDone
	for _, c := range stations {
		label := wordsFor(def, c)
		if label == "" {
			continue
		}
		step := ui.Step{Label: label, At: at[c], State: state}
		switch {
		case c == now && c == workflow.Closed:
			// The end of the way is behind, not under way.
		case c == now:
			step.State, state = ui.StepCurrent, ui.StepAhead
			step.Label = stateWords(def, t.State, t.WaitReason)
			if t.WaitsForRequester(def) {
				step.Tone = ui.Warning
			}
		}
		if step.State == ui.StepAhead {
			step.At = time.Time{}
		}
		steps = append(steps, step)
	}
	return steps
}

// startOfWork finds when a ticket first came into work.
func startOfWork(def *workflow.Definition, events []ticket.PublicEvent) time.Time {
	for _, e := range events {
		if s, ok := def.State(e.State); ok && s.Category == workflow.Open {
			return e.At
		}
	}
	return time.Time{}
}

// stepIcon is the shape of a step in the conversation.
func stepIcon(def *workflow.Definition, state string) ui.Icon {
	s, _ := def.State(state)
	switch s.Category {
	case workflow.Waiting:
		return ui.IconClockPause
	case workflow.Resolved:
		return ui.IconCircleCheck
	case workflow.Closed:
		return ui.IconCircleDot
	case workflow.Cancelled:
		return ui.IconCircleX
	case workflow.New, workflow.Open:
	}
	return ui.IconCircleHalf2
}

// firstName is what strangers are called by: the first word of a name that is
// not a title.
func firstName(name string) string {
	words := strings.Fields(name)
	for _, w := range words {
		if !strings.HasSuffix(w, ".") {
			return w
		}
	}
	return strings.Join(words, " ")
}

// who says in a sentence who looks after a ticket; "" when nobody needs to.
func (c cast) who(ctx context.Context, t *ticket.Ticket) string {
	if !t.Category.Active() {
		return ""
	}
	person, group := firstName(c.persons[t.AssigneeID].Name), c.groups[t.GroupID].Name
	switch {
	case person != "" && group != "":
		return text.T(ctx, "%s from %s is looking after it.", person, group)
	case person != "" || group != "":
		return text.T(ctx, "%s is looking after it.", cmp.Or(person, group))
	case t.Category != workflow.New:
		return ""
	}
	return text.T(ctx, "We have received it and will look at it soon.")
}

// maxCarried is how long a first line may be to serve as a title as it is.
const maxCarried = 100

// carried makes a title and a text of what was typed into the first page's box:
// a short line is the title; of a longer one the first sentence, and nothing is lost.
func carried(ask string) (title, body string) {
	ask = strings.TrimSpace(ask)
	if utf8.RuneCountInString(ask) <= maxCarried && !strings.Contains(ask, "\n") {
		return ask, ""
	}
	title, _, _ = strings.Cut(ask, "\n")
	if end := strings.IndexAny(title, ".!?"); end > 0 {
		title = title[:end]
	}
	if r := []rune(title); len(r) > maxCarried {
		title = string(r[:maxCarried])
		if space := strings.LastIndexByte(title, ' '); space > 0 {
			title = title[:space]
		}
		title += "…"
	}
	return strings.TrimSpace(title), ask
}

// beforeOf gives the sequence number with which the conversation goes on
// backwards from the events that were read; 0 when they reach its beginning.
func beforeOf(events []ticket.PublicEvent, before, last, limit int) int {
	if len(events) > 0 {
		if events[0].Seq > 1 {
			return events[0].Seq
		}
		return 0
	}
	// All that was read stays inside: at least limit entries were passed.
	if before == 0 {
		before = last + 1
	}
	return max(before-limit, 0)
}
