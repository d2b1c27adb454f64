package macro

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// form is what the form of a macro posts.
type form struct {
	Title       string            `form:"title,line"`
	About       string            `form:"about,line"`
	Condition   string            `form:"condition,line"`
	Next        string            `form:"next"`
	Kinds       []string          `form:"kinds"`
	Audience    string            `form:"audience"`
	Group       int64             `form:"group"`
	Version     int64             `form:"version"`
	Copy        int64             `form:"copy"`
	Kept        []int64           `form:"kept"`
	Attachments []int64           `form:"attachments"`
	Raw         map[string]string `form:"step.*"`
	Edit        string            `form:"edit"` // "add", "remove:2", "up:2", "down:2": another step, not a save
	New         string            `form:"new"`  // what is added

	Steps []MacroStep
	typed map[string]string // names typed without choosing, by the field
}

func (f *form) apply(m *Macro) {
	m.Title, m.About, m.Condition, m.Next, m.Kinds = f.Title, f.About, f.Condition, Next(f.Next), f.Kinds
	m.Audience, m.GroupID = sharing.Audience(f.Audience), f.Group
	m.Steps = slices.Clone(f.Steps)
}

func formOf(m *Macro) form {
	return form{
		Title: m.Title, About: m.About, Condition: m.Condition, Next: string(m.Next), Kinds: m.Kinds, Audience: string(m.Audience), Group: m.GroupID,
		Version: m.Version, Steps: m.Steps,
	}
}

// read makes steps of what was posted. Names that were typed without choosing are
// looked up; those that name nothing are Invalid beside their field.
func (s *Macros) read(ctx context.Context, f *form) error {
	f.typed = map[string]string{}
	var p apperr.Problems
	for i := 0; i <= maxSteps && f.Raw[fmt.Sprintf("%d.do", i)] != ""; i++ {
		get := func(name string) string { return f.Raw[fmt.Sprintf("%d.%s", i, name)] }
		id := func(name, kind string) (int64, error) {
			if chosen, err := strconv.ParseInt(get(name), 10, 64); err == nil {
				return chosen, nil
			}
			typed := strings.TrimSpace(get(name + ".text"))
			f.typed[stepField(i, name)] = typed
			return s.resolve(ctx, &p, stepField(i, name), kind, typed)
		}
		step := MacroStep{
			Do: Do(get("do")), Field: get("field"), Value: get("value"), Reason: get("reason"), Assignee: get("assignee"),
			Transition: get("transition"), ResolutionCode: get("resolution_code"), Add: tags(get("add")), Remove: tags(get("remove")), Text: get("text"), Off: get("off") == "true",
		}
		var err error
		if step.GroupID, err = id("group", ticket.RefGroup); err != nil {
			return err
		}
		if step.AssigneeID, err = id("assignee_id", ticket.RefPerson); err != nil {
			return err
		}
		if step.Do == SetField && step.Field == ticket.FieldService {
			n, err := id("service", ticket.RefService)
			if err != nil {
				return err
			}
			step.Value = strconv.FormatInt(n, 10)
		}
		f.Steps = append(f.Steps, step)
	}
	return p.Err()
}

// resolve finds the one thing that a name means; 0 for no name.
func (s *Macros) resolve(ctx context.Context, p *apperr.Problems, field, kind, name string) (int64, error) {
	if name == "" {
		return 0, nil
	}
	found, err := s.d.Resolver.Resolve(ctx, []filter.Name{{Kind: kind, Text: name}})
	if err != nil {
		return 0, err
	}
	switch len(found[0]) {
	case 0:
		p.Add(field, "Nothing is called “%s” here.", name)
		return 0, nil
	case 1:
		return found[0][0], nil
	}
	p.Add(field, "“%s” could be several. Choose one from the list.", name)
	return 0, nil
}

func tags(text string) []string { return cleanTags(strings.Split(text, ",")) }

// edits changes the list of steps as a button of the form asks; false when it was
// pressed to save.
func (f *form) edits() bool {
	what, at, _ := strings.Cut(f.Edit, ":")
	i, err := strconv.Atoi(at)
	inside := err == nil && i >= 0 && i < len(f.Steps)
	switch {
	case what == "":
		return false
	case what == "add" && len(f.Steps) < maxSteps && f.New != "":
		do, field, _ := strings.Cut(f.New, "/")
		f.Steps = append(f.Steps, MacroStep{Do: Do(do), Field: field})
	case what == "remove" && inside:
		f.Steps = slices.Delete(f.Steps, i, i+1)
		f.typed = nil
	case what == "up" && inside && i > 0:
		f.Steps[i-1], f.Steps[i] = f.Steps[i], f.Steps[i-1]
		f.typed = nil
	case what == "down" && inside && i < len(f.Steps)-1:
		f.Steps[i+1], f.Steps[i] = f.Steps[i], f.Steps[i+1]
		f.typed = nil
	}
	return true
}
