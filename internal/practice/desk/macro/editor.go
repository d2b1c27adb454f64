package macro

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/practice/desk/macro/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// editor makes the controls of steps, for the kinds a macro is for.
type editor struct {
	ctx   context.Context
	names names
	kinds []*workflow.Definition
	typed map[string]string
}

// adds are the steps that can be added.
func (e editor) adds() []ui.Option {
	ctx := e.ctx
	out := []ui.Option{
		{Value: string(Assign), Label: text.T(ctx, "Assign")},
		{Value: string(Transition), Label: text.T(ctx, "Change the state")},
		{Value: string(Reply), Label: text.T(ctx, "Reply to the requester")},
		{Value: string(AddNote), Label: text.T(ctx, "Add an internal note")},
		{Value: string(Tag), Label: text.T(ctx, "Add or remove tags")},
		{Value: string(Watch), Label: text.T(ctx, "Watch the ticket")},
	}
	fields := settable()
	for _, d := range e.kinds {
		for _, f := range d.Fields {
			if name := ticket.CustomPrefix + f.Key; !f.Retired && !slices.Contains(fields, name) {
				fields = append(fields, name)
			}
		}
	}
	for _, f := range fields {
		out = append(out, ui.Option{Value: string(SetField) + "/" + f, Label: text.T(ctx, "Set: %s", fieldLabel(ctx, f, e.kinds...)), Group: text.T(ctx, "Set a field")})
	}
	return out
}

// step is one step with its controls.
func (e editor) step(i int, s *MacroStep, of int) view.Step {
	v := view.Step{
		Index: i, First: i == 0, Last: i == of-1, Do: string(s.Do), Field: s.Field, Value: s.Value, Reason: s.Reason, Text: s.Text, Off: s.Off,
		Add: strings.Join(s.Add, ", "), Remove: strings.Join(s.Remove, ", "),
	}
	switch s.Do {
	case SetField:
		v.Label = text.T(e.ctx, "Set: %s", fieldLabel(e.ctx, s.Field, e.kinds...))
		v.NeedsReason = s.Field == ticket.FieldPriority
		e.value(&v, s)
	case Assign:
		v.Label = text.T(e.ctx, "Assign")
		v.Group, v.Person = e.choice(s.GroupID, e.names.groups[s.GroupID].Name, ui.PartyGroup), e.choice(s.AssigneeID, e.names.persons[s.AssigneeID].Name, ui.PartyPerson)
		v.Assignees = e.assignees(s.Assignee)
	case Transition:
		v.Label = text.T(e.ctx, "Change the state")
		e.transitions(&v, s)
	case Tag:
		v.Label = text.T(e.ctx, "Tags")
	case AddNote:
		v.Label = text.T(e.ctx, "Add an internal note")
	case Reply:
		v.Label = text.T(e.ctx, "Reply to the requester")
	case Watch:
		v.Label = text.T(e.ctx, "Watch the ticket")
	}
	v.GroupText, v.PersonText, v.ServiceText = e.typed[stepField(i, "group")], e.typed[stepField(i, "assignee_id")], e.typed[stepField(i, "service")]
	return v
}

func (editor) choice(id int64, name string, kind ui.PartyKind) []ui.Choice {
	if id == 0 || name == "" {
		return nil
	}
	return []ui.Choice{{Value: strconv.FormatInt(id, 10), Label: name, Kind: kind}}
}

func (e editor) assignees(chosen string) []ui.Option {
	out := []ui.Option{
		{Value: "", Label: text.T(e.ctx, "Leave as it is")},
		{Value: "me", Label: text.T(e.ctx, "Me, whoever runs it")},
		{Value: "nobody", Label: text.T(e.ctx, "Nobody")},
		{Value: "person", Label: text.T(e.ctx, "This person")},
	}
	for i := range out {
		out[i].Selected = out[i].Value == chosen
	}
	return out
}

// value is the control for a field's value.
func (e editor) value(v *view.Step, s *MacroStep) {
	levels := func(of func(workflow.Matrix) []workflow.Level) {
		seen := map[int]bool{}
		for _, d := range e.kinds {
			for _, l := range of(d.Matrix) {
				if seen[l.Value] {
					continue
				}
				seen[l.Value] = true
				key := strconv.Itoa(l.Value)
				v.Values = append(v.Values, ui.Option{Value: key, Label: text.T(e.ctx, l.Label), Selected: key == s.Value})
			}
		}
	}
	switch s.Field {
	case ticket.FieldImpact:
		levels(func(m workflow.Matrix) []workflow.Level { return m.Impact })
	case ticket.FieldUrgency:
		levels(func(m workflow.Matrix) []workflow.Level { return m.Urgency })
	case ticket.FieldPriority:
		levels(func(m workflow.Matrix) []workflow.Level { return m.Priority })
	case ticket.FieldService:
		v.AsksService = true
		id := s.serviceID()
		v.Service = e.choice(id, e.names.services[id], ui.PartyService)
	case ticket.FieldTitle:
	default:
		e.custom(v, s)
	}
}

func (e editor) custom(v *view.Step, s *MacroStep) {
	for _, d := range e.kinds {
		f, ok := d.Field(strings.TrimPrefix(s.Field, ticket.CustomPrefix))
		if !ok {
			continue
		}
		options := f.Options
		if f.Type == workflow.Bool {
			v.Values = []ui.Option{
				{Value: "true", Label: text.T(e.ctx, "Yes"), Selected: s.Value == "true"}, {Value: "false", Label: text.T(e.ctx, "No"), Selected: s.Value == "false"},
			}
		}
		for _, o := range options {
			v.Values = append(v.Values, ui.Option{Value: o, Label: text.T(e.ctx, o), Selected: o == s.Value})
		}
		v.Date = f.Type == workflow.Date
		return
	}
}

// transitions are the controls of a step of the workflow.
func (e editor) transitions(v *view.Step, s *MacroStep) {
	ctx := e.ctx
	add := func(to *[]ui.Option, key, label, chosen string) {
		if !slices.ContainsFunc(*to, func(o ui.Option) bool { return o.Value == key }) {
			*to = append(*to, ui.Option{Value: key, Label: text.T(ctx, label), Selected: key == chosen})
		}
	}
	for _, d := range e.kinds {
		for _, tr := range d.Transitions {
			if !tr.AllowsAny([]workflow.Party{workflow.Agent}) {
				continue
			}
			add(&v.Transitions, tr.Key, tr.Label, s.Transition)
			to, _ := d.State(tr.To)
			for _, r := range to.Reasons {
				add(&v.Reasons, r.Key, r.Label, s.Reason)
			}
		}
		for _, c := range d.Codes {
			add(&v.Codes, c.Key, c.Label, s.ResolutionCode)
		}
	}
}
