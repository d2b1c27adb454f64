package macro

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// Exchange is macros on their way to another installation: what they name, they
// name by name.
type Exchange struct {
	Format string          `json:"format" enum:"steward-macros" example:"steward-macros"`
	Macros []ExchangeMacro `json:"macros" maxItems:"200" nullable:"false"`
}

// ExchangeMacro is one of them. Its files stay behind.
type ExchangeMacro struct {
	Title     string         `json:"title" minLength:"1" maxLength:"80"`
	About     string         `json:"about,omitempty" maxLength:"200"`
	Steps     []ExchangeStep `json:"steps" minItems:"1" maxItems:"20" nullable:"false"`
	Kinds     []string       `json:"kinds,omitempty" maxItems:"50"`
	Condition string         `json:"condition,omitempty" maxLength:"4096"`
	Next      string         `json:"next,omitempty" enum:"stay,next,list" default:"stay"`
	Audience  string         `json:"audience,omitempty" enum:"mine,group,everyone" default:"mine"`
	Group     string         `json:"group,omitempty" maxLength:"200" doc:"Whose it is, for the audience group."`
}

// ExchangeStep is a step with names in the place of ids.
type ExchangeStep struct {
	Do             Do       `json:"do" enum:"set,assign,transition,tag,note,reply,watch"`
	Field          string   `json:"field,omitempty" maxLength:"80"`
	Value          string   `json:"value,omitempty" maxLength:"4000" doc:"Of service its name."`
	Reason         string   `json:"reason,omitempty" maxLength:"4000"`
	Group          string   `json:"group,omitempty" maxLength:"200"`
	Assignee       string   `json:"assignee,omitempty" enum:"me,nobody,person,"`
	Person         string   `json:"person,omitempty" maxLength:"200"`
	Transition     string   `json:"transition,omitempty" maxLength:"80"`
	ResolutionCode string   `json:"resolution_code,omitempty" maxLength:"80"`
	Add            []string `json:"add,omitempty" maxItems:"30"`
	Remove         []string `json:"remove,omitempty" maxItems:"30"`
	Text           string   `json:"text,omitempty" maxLength:"20000"`
	Off            bool     `json:"off,omitempty"`
}

// ImportedMacros says what became of imported macros.
type ImportedMacros struct {
	Macros []MacroShown `json:"macros" nullable:"false"`
}

const exchangeFormat = "steward-macros"

func (s *Macros) registerExchange(h huma.API, example MacroShown) {
	exchange := Exchange{Format: exchangeFormat, Macros: []ExchangeMacro{{
		Title: "Over to the network team", Next: "stay", Audience: "everyone", Steps: []ExchangeStep{{Do: Assign, Group: "Network"}, {Do: Tag, Add: []string{"network"}}},
	}}}
	openapi.Register(h, openapi.Operation{
		ID: "export-macros", Method: http.MethodGet, Path: "/macros-export", Tag: tagMacros, Summary: "Export macros",
		Description: "All that you have, with names in the place of ids, for another installation. Files are not part of it.", Answer: exchange,
	}, s.apiExport)
	openapi.Register(h, openapi.Operation{
		ID: "import-macros", Method: http.MethodPost, Path: "/macros-import", Tag: tagMacros, Summary: "Import macros", Status: http.StatusCreated,
		Description: "Takes what an export gave: all of it or, when something is wrong, none. They become yours; sharing needs the permission to share views.",
		Errors:      []int{http.StatusConflict}, Request: exchange, Answer: ImportedMacros{Macros: []MacroShown{example}},
	}, s.apiImport)
}

func (s *Macros) apiExport(ctx context.Context, _ *struct{}) (*struct{ Body Exchange }, error) {
	const most = 200
	found, err := s.List(ctx, Query{Limit: most})
	if err != nil {
		return nil, err
	}
	all := make([]*Macro, len(found))
	for i := range found {
		all[i] = &found[i]
	}
	n, err := s.named(ctx, all...)
	if err != nil {
		return nil, err
	}
	out := Exchange{Format: exchangeFormat, Macros: make([]ExchangeMacro, 0, len(found))}
	for _, m := range all {
		x := ExchangeMacro{
			Title: m.Title, About: m.About, Kinds: m.Kinds, Condition: m.Condition, Next: string(m.Next), Audience: string(m.Audience), Group: n.groups[m.GroupID].Name,
		}
		for i := range m.Steps {
			step := &m.Steps[i]
			e := ExchangeStep{
				Do: step.Do, Field: step.Field, Value: step.Value, Reason: step.Reason, Group: n.groups[step.GroupID].Name, Assignee: step.Assignee,
				Person: n.persons[step.AssigneeID].Name, Transition: step.Transition, ResolutionCode: step.ResolutionCode, Add: step.Add, Remove: step.Remove,
				Text: step.Text, Off: step.Off,
			}
			if id := step.serviceID(); id != 0 {
				e.Value = n.services[id]
			}
			x.Steps = append(x.Steps, e)
		}
		out.Macros = append(out.Macros, x)
	}
	return &struct{ Body Exchange }{out}, nil
}

func (s *Macros) apiImport(ctx context.Context, in *struct {
	openapi.Once
	Body Exchange
},
) (*struct{ Body ImportedMacros }, error) {
	made, err := s.Import(once.With(ctx, in.IdempotencyKey), in.Body)
	if err != nil {
		return nil, err
	}
	docs, err := s.documents(ctx, made...)
	if err != nil {
		return nil, err
	}
	return &struct{ Body ImportedMacros }{ImportedMacros{docs}}, nil
}

// Import makes macros of what an export gave: all of them, or none and what is
// wrong, on fields such as macros.0.step.1.group.
func (s *Macros) Import(ctx context.Context, x Exchange) ([]Macro, error) {
	if err := mayUse(ctx); err != nil {
		return nil, err
	}
	var p apperr.Problems
	all := make([]Macro, len(x.Macros))
	for i := range x.Macros {
		m, err := s.fromExchange(ctx, &x.Macros[i])
		if err == nil {
			err = s.check(ctx, &m)
		}
		if err != nil && !apperr.Is(err, apperr.Invalid) {
			return nil, err
		}
		for _, f := range apperr.FieldsOf(err) {
			p.Add(fmt.Sprintf("macros.%d.%s", i, f.Name), "%s", f.Message)
		}
		all[i] = m
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	return s.createAll(ctx, all)
}

func (s *Macros) fromExchange(ctx context.Context, x *ExchangeMacro) (Macro, error) {
	var p apperr.Problems
	var broken error
	find := func(field, kind, name string) int64 {
		id, err := s.resolve(ctx, &p, field, kind, name)
		broken = errors.Join(broken, err)
		return id
	}
	in := MacroInput{Title: x.Title, About: x.About, Kinds: x.Kinds, Condition: x.Condition, Next: x.Next, Audience: x.Audience, GroupID: find("group", ticket.RefGroup, x.Group)}
	for i := range x.Steps {
		e := &x.Steps[i]
		step := MacroStep{
			Do: e.Do, Field: e.Field, Value: e.Value, Reason: e.Reason, Assignee: e.Assignee, Transition: e.Transition, ResolutionCode: e.ResolutionCode,
			Add: e.Add, Remove: e.Remove, Text: e.Text, Off: e.Off,
			GroupID: find(stepField(i, "group"), ticket.RefGroup, e.Group), AssigneeID: find(stepField(i, "person"), ticket.RefPerson, e.Person),
		}
		if e.Do == SetField && e.Field == ticket.FieldService && e.Value != "" {
			step.Value = strconv.FormatInt(find(stepField(i, "value"), ticket.RefService, e.Value), 10)
		}
		in.Steps = append(in.Steps, step)
	}
	if in.Next == "" {
		in.Next = string(Stay)
	}
	if in.Audience == "" {
		in.Audience = string(sharing.Mine)
	}
	var m Macro
	in.apply(&m)
	if broken != nil {
		return m, broken
	}
	return m, p.Err()
}
