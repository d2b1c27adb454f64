package macro

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/words"
)

// check puts a step into its canonical form for tickets of some kinds, keeping
// only what its Do needs, and gives what is wrong with each field.
func (s *MacroStep) check(kinds []*workflow.Definition) []apperr.Field {
	var p apperr.Problems
	switch s.Do {
	case SetField:
		*s = MacroStep{Do: SetField, Field: strings.TrimSpace(s.Field), Value: strings.TrimSpace(s.Value), Reason: oneLine(s.Reason)}
		s.checkSet(&p, kinds)
	case Assign:
		*s = MacroStep{Do: Assign, GroupID: s.GroupID, Assignee: s.Assignee, AssigneeID: s.AssigneeID}
		s.checkAssign(&p)
	case Transition:
		*s = MacroStep{Do: Transition, Transition: s.Transition, Reason: s.Reason, ResolutionCode: s.ResolutionCode, Text: strings.TrimSpace(s.Text)}
		s.checkTransition(&p, kinds)
	case Tag:
		*s = MacroStep{Do: Tag, Add: cleanTags(s.Add), Remove: cleanTags(s.Remove)}
		if len(s.Add)+len(s.Remove) == 0 {
			p.Add("add", "Write at least one tag.")
		}
		if len(s.Add) > ticket.MaxTags || slices.ContainsFunc(slices.Concat(s.Add, s.Remove), func(t string) bool { return utf8.RuneCountInString(t) > ticket.MaxTagLength }) {
			p.Add("add", "At most %d tags, each of at most %d characters.", ticket.MaxTags, ticket.MaxTagLength)
		}
	case AddNote:
		*s = MacroStep{Do: AddNote, Text: strings.TrimSpace(s.Text)}
		length(&p, "text", s.Text, maxText, words.Key("Write the note."))
		_, err := phrase.ParseInternal(s.Text)
		takeText(&p, err)
	case Reply:
		*s = MacroStep{Do: Reply, Text: strings.TrimSpace(s.Text)}
		length(&p, "text", s.Text, maxText, words.Key("Write the reply."))
		_, err := phrase.ParsePublic(s.Text)
		takeText(&p, err)
	case Watch:
		*s = MacroStep{Do: Watch, Off: s.Off}
	default:
		p.Add("do", "Choose what this step does.")
	}
	return apperr.FieldsOf(p.Err())
}

func takeText(p *apperr.Problems, err error) {
	for _, f := range apperr.FieldsOf(err) {
		p.Add("text", "%s", f.Message)
	}
}

func (s *MacroStep) checkSet(p *apperr.Problems, kinds []*workflow.Definition) {
	level := func(levels func(workflow.Matrix) []workflow.Level) {
		n, err := strconv.Atoi(s.Value)
		known := slices.ContainsFunc(kinds, func(d *workflow.Definition) bool {
			return slices.ContainsFunc(levels(d.Matrix), func(l workflow.Level) bool { return l.Value == n })
		})
		if err != nil || !known {
			p.Add("value", "Choose one of the levels.")
		}
	}
	switch s.Field {
	case ticket.FieldImpact:
		level(func(m workflow.Matrix) []workflow.Level { return m.Impact })
	case ticket.FieldUrgency:
		level(func(m workflow.Matrix) []workflow.Level { return m.Urgency })
	case ticket.FieldPriority:
		level(func(m workflow.Matrix) []workflow.Level { return m.Priority })
		length(p, "reason", s.Reason, ticket.MaxFieldLength, words.Key("Say why the priority differs from the matrix."))
	case ticket.FieldService:
		if id, err := strconv.ParseInt(s.Value, 10, 64); err != nil || id < 0 {
			p.Add("value", "Choose a service.")
		}
	case ticket.FieldTitle:
		s.Value = oneLine(s.Value)
		length(p, "value", s.Value, ticket.MaxTitle, words.Key("Write the new title."))
	default:
		s.checkCustom(p, kinds)
	}
	if s.Field != ticket.FieldPriority {
		s.Reason = ""
	}
}

// checkCustom checks a custom field: one of the kinds must have it.
func (s *MacroStep) checkCustom(p *apperr.Problems, kinds []*workflow.Definition) {
	key, custom := strings.CutPrefix(s.Field, ticket.CustomPrefix)
	for _, d := range kinds {
		f, ok := d.Field(key)
		if !custom || !ok {
			continue
		}
		value, err := f.Canonical(s.Value)
		if err != nil {
			p.Add("value", "%s", apperr.Message(err))
		}
		s.Value = value
		return
	}
	p.Add("field", "Choose a field that these tickets have.")
}

func (s *MacroStep) checkAssign(p *apperr.Problems) {
	if s.Assignee != "person" {
		s.AssigneeID = 0
	}
	switch {
	case !slices.Contains([]string{"", "me", "nobody", "person"}, s.Assignee):
		p.Add("assignee", "Choose who has it.")
	case s.Assignee == "person" && s.AssigneeID <= 0:
		p.Add("assignee_id", "Choose the person.")
	case s.Assignee == "" && s.GroupID == 0:
		p.Add("group", "Choose a group or a person.")
	}
}

// checkTransition checks a step of the workflow and all that it requires: one of
// the kinds must have it, and those that have it must be content.
func (s *MacroStep) checkTransition(p *apperr.Problems, kinds []*workflow.Definition) {
	length(p, "text", s.Text, maxText, "")
	_, err := phrase.ParsePublic(s.Text)
	takeText(p, err)
	known := false
	wrong := map[string]bool{}
	add := func(field, message string) {
		if !wrong[field] {
			p.Add(field, "%s", message)
		}
		wrong[field] = true
	}
	for _, d := range kinds {
		tr, ok := d.Transition(s.Transition)
		if !ok || !tr.AllowsAny([]workflow.Party{workflow.Agent}) {
			continue
		}
		known = true
		to, _ := d.State(tr.To)
		if to.Category == workflow.Waiting {
			r, ok := to.Reason(s.Reason)
			if !ok {
				add("reason", "Say what it waits for.")
			}
			if ok && r.OnRequester && s.Text == "" {
				add("text", "Write to the requester what you need from them.")
			}
		}
		if _, ok := d.Code(s.ResolutionCode); tr.Needs(ticket.FieldResolutionCode) && !ok {
			add("resolution_code", "Choose how it was resolved.")
		}
		if tr.Needs(ticket.FieldResolution) && s.Text == "" {
			add("text", "Say in the requester's words what was done.")
		}
		if tr.Needs("comment") && s.Text == "" {
			add("text", "Say why.")
		}
	}
	if !known {
		p.Add("transition", "Choose a step that these tickets have.")
	}
}

// command is the step of the workflow as it is taken on a ticket, with its words.
// To whom the words go follows from the step: a resolution is the requester's to
// read, and so is what is asked of them; another step's words are a note.
func (s *MacroStep) command(def *workflow.Definition, words string) (ticket.Step, error) {
	tr, ok := def.Transition(s.Transition)
	if !ok {
		return ticket.Step{}, errors.New("macro: the workflow has no such step")
	}
	to, _ := def.State(tr.To)
	cmd := ticket.Step{Transition: tr.Key}
	switch to.Category {
	case workflow.Resolved:
		cmd.ResolutionCode, cmd.Resolution = s.ResolutionCode, ticket.Markdown(words)
	case workflow.Waiting:
		r, _ := to.Reason(s.Reason)
		cmd.Reason, cmd.Comment, cmd.CommentPublic = s.Reason, ticket.Markdown(words), r.OnRequester
	case workflow.New, workflow.Open, workflow.Closed, workflow.Cancelled:
		cmd.Comment = ticket.Markdown(words)
	}
	return cmd, nil
}
