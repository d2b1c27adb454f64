package macro

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/practice/desk/macro/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// fieldLabel is what people call a field of a kind; def may be nil.
func fieldLabel(ctx context.Context, field string, kinds ...*workflow.Definition) string {
	switch field {
	case ticket.FieldTitle:
		return text.T(ctx, "Title")
	case ticket.FieldDescription:
		return text.T(ctx, "Description")
	case ticket.FieldState:
		return text.T(ctx, "State")
	case ticket.FieldWaitReason:
		return text.T(ctx, "Waiting for")
	case ticket.FieldImpact:
		return text.T(ctx, "Impact")
	case ticket.FieldUrgency:
		return text.T(ctx, "Urgency")
	case ticket.FieldPriority:
		return text.T(ctx, "Priority")
	case ticket.FieldPriorityReason:
		return text.T(ctx, "Why the priority differs")
	case ticket.FieldService:
		return text.T(ctx, "Service")
	case ticket.FieldGroup:
		return text.T(ctx, "Group")
	case ticket.FieldAssignee:
		return text.T(ctx, "Assignee")
	case ticket.FieldTags:
		return text.T(ctx, "Tags")
	case ticket.FieldWatchers:
		return text.T(ctx, "Watchers")
	case ticket.FieldResolutionCode:
		return text.T(ctx, "Resolution code")
	case ticket.FieldResolution:
		return text.T(ctx, "Resolution")
	}
	if key, ok := strings.CutPrefix(field, ticket.CustomPrefix); ok {
		for _, d := range kinds {
			if f, known := d.Field(key); known {
				return text.T(ctx, f.Label)
			}
		}
	}
	return field
}

// changed says what rehearsals change on tickets, value by value, with the names
// of all of them.
func (s *Macros) changed(ctx context.Context, previews ...Preview) ([][]view.Change, error) {
	var m Macro // that speaks of everything the changes name
	for i := range previews {
		for _, c := range previews[i].Item.Wrote.Changes {
			m.Steps = append(m.Steps, mentioned(c.Field, c.From)...)
			m.Steps = append(m.Steps, mentioned(c.Field, c.To)...)
		}
	}
	n, err := s.named(ctx, &m)
	if err != nil {
		return nil, err
	}
	out := make([][]view.Change, len(previews))
	for i := range previews {
		def, err := s.d.Tickets.Kinds().In(ctx).Get(previews[i].Ticket.Kind)
		if err != nil {
			return nil, err
		}
		for _, c := range asked(previews[i].Item.Wrote.Changes) {
			out[i] = append(out[i], view.Change{Label: fieldLabel(ctx, c.Field, def), From: n.value(ctx, def, c.Field, c.From), To: n.value(ctx, def, c.Field, c.To)})
		}
	}
	return out, nil
}

// asked leaves out what only follows from other changes, such as counts and instants.
func asked(changes []ticket.Change) []ticket.Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c ticket.Change) bool {
		return !strings.HasPrefix(c.Field, ticket.CustomPrefix) && !slices.Contains(shownFields(), c.Field)
	})
}

// shownFields are the fields that people know by a name.
func shownFields() []string {
	return []string{
		ticket.FieldTitle, ticket.FieldDescription, ticket.FieldState, ticket.FieldWaitReason, ticket.FieldImpact, ticket.FieldUrgency, ticket.FieldPriority,
		ticket.FieldPriorityReason, ticket.FieldService, ticket.FieldGroup, ticket.FieldAssignee, ticket.FieldTags, ticket.FieldWatchers,
		ticket.FieldResolutionCode, ticket.FieldResolution,
	}
}

// mentioned are steps that name the same as a value of a field.
func mentioned(field, value string) []MacroStep {
	var out []MacroStep
	for part := range strings.SplitSeq(value, ",") {
		id, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			continue
		}
		switch field {
		case ticket.FieldGroup:
			out = append(out, MacroStep{GroupID: id})
		case ticket.FieldAssignee, ticket.FieldWatchers:
			out = append(out, MacroStep{AssigneeID: id})
		case ticket.FieldService:
			out = append(out, MacroStep{Do: SetField, Field: ticket.FieldService, Value: part})
		}
	}
	return out
}

// value is a field's value in words; "" is none.
func (n names) value(ctx context.Context, def *workflow.Definition, field, value string) string {
	if value == "" {
		return ""
	}
	number, _ := strconv.ParseInt(value, 10, 64)
	switch field {
	case ticket.FieldGroup:
		return n.groups[number].Name
	case ticket.FieldAssignee:
		return n.persons[number].Name
	case ticket.FieldService:
		return n.services[number]
	case ticket.FieldWatchers:
		var all []string
		for part := range strings.SplitSeq(value, ",") {
			id, _ := strconv.ParseInt(part, 10, 64)
			all = append(all, n.persons[id].Name)
		}
		return text.List(ctx, all)
	case ticket.FieldTags:
		return strings.ReplaceAll(value, ",", ", ")
	case ticket.FieldState:
		if s, ok := def.State(value); ok {
			return text.T(ctx, s.Label)
		}
	case ticket.FieldWaitReason:
		return text.T(ctx, reasonLabel(def, value))
	case ticket.FieldImpact:
		return text.T(ctx, workflow.Label(def.Matrix.Impact, int(number)))
	case ticket.FieldUrgency:
		return text.T(ctx, workflow.Label(def.Matrix.Urgency, int(number)))
	case ticket.FieldPriority:
		return text.T(ctx, workflow.Label(def.Matrix.Priority, int(number)))
	case ticket.FieldResolutionCode:
		if c, ok := def.Code(value); ok {
			return text.T(ctx, c.Label)
		}
	}
	return value
}

func reasonLabel(def *workflow.Definition, key string) string {
	for _, s := range def.States {
		if r, ok := s.Reason(key); ok {
			return r.Label
		}
	}
	return key
}

// summary says what a macro does, a few words for each step.
func (n names) summary(ctx context.Context, m *Macro, kinds []*workflow.Definition) []string {
	var out []string
	for i := range m.Steps {
		out = append(out, n.stepWords(ctx, &m.Steps[i], kinds))
	}
	return out
}

func (n names) stepWords(ctx context.Context, s *MacroStep, kinds []*workflow.Definition) string {
	switch s.Do {
	case SetField:
		value := s.Value
		if i := slices.IndexFunc(kinds, func(d *workflow.Definition) bool { return true }); i >= 0 {
			value = n.value(ctx, kinds[i], s.Field, s.Value)
		}
		return text.T(ctx, "%s: %s", fieldLabel(ctx, s.Field, kinds...), value)
	case Assign:
		return text.T(ctx, "Assign to %s", n.assigned(ctx, s))
	case Transition:
		for _, d := range kinds {
			if tr, ok := d.Transition(s.Transition); ok {
				return text.T(ctx, tr.Label)
			}
		}
		return s.Transition
	case Tag:
		var tags []string
		for _, t := range s.Add {
			tags = append(tags, "+"+t)
		}
		for _, t := range s.Remove {
			tags = append(tags, "−"+t)
		}
		return text.T(ctx, "Tags: %s", strings.Join(tags, " "))
	case AddNote:
		return text.T(ctx, "Add a note")
	case Reply:
		return text.T(ctx, "Reply to the requester")
	case Watch:
		if s.Off {
			return text.T(ctx, "Stop watching")
		}
		return text.T(ctx, "Watch")
	}
	return string(s.Do)
}

func (n names) assigned(ctx context.Context, s *MacroStep) string {
	var parts []string
	if s.GroupID != 0 {
		parts = append(parts, n.groups[s.GroupID].Name)
	}
	switch s.Assignee {
	case "me":
		parts = append(parts, text.T(ctx, "me"))
	case "nobody":
		parts = append(parts, text.T(ctx, "nobody"))
	case "person":
		parts = append(parts, n.persons[s.AssigneeID].Name)
	}
	return strings.Join(parts, ", ")
}
