package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func (a *API) registerDefinitions(api huma.API) {
	register(a, api, openapi.Operation{
		ID: "list-kinds", Method: http.MethodGet, Path: "/kinds", Tag: tagDefinitions,
		Summary: "List the kinds of tickets",
		Description: "The kinds you can see or open tickets of, with their states, steps, fields and levels. Requesters are given their own " +
			"words, and only what concerns them.",
		Answer: Kinds{Items: []Kind{exampleKind()}},
	}, a.kinds)
	register(a, api, openapi.Operation{
		ID: "get-kind", Method: http.MethodGet, Path: "/kinds/{key}", Tag: tagDefinitions,
		Summary:     "Get a kind of tickets",
		Description: "One of `GET /kinds`.",
		Errors:      []int{http.StatusNotFound}, Answer: exampleKind(),
	}, a.kind)
	register(a, api, openapi.Operation{
		ID: "list-filter-fields", Method: http.MethodGet, Path: "/filter-fields", Tag: tagDefinitions,
		Summary:     "Describe the fields of filters",
		Description: "What the filter language knows of tickets: everything a client needs to build conditions, or to check them as they are typed.",
		Answer: FilterFields{
			Fields: []FilterField{{Name: "priority", Label: "Priority", Type: "enum", Ordered: true, Options: []Labelled{{"1", "Critical"}, {"2", "High"}}, Aliases: []string{}}},
			Sorts:  []string{"updated", "priority"},
		},
	}, a.filterFields)
}

// Kind is a kind of tickets.
type Kind struct {
	Labelled
	Plural         string           `json:"plural" example:"Incidents"`
	Prefix         string           `json:"prefix" doc:"Of numbers." example:"INC"`
	Description    string           `json:"description,omitempty"`
	CanCreate      bool             `json:"can_create" doc:"You may open tickets of this kind."`
	Initial        string           `json:"initial" doc:"The state a new ticket is in." example:"new"`
	AutoCloseDays  int              `json:"auto_close_days,omitempty" doc:"After so many days a resolved ticket closes by itself."`
	ReopenDays     int              `json:"reopen_days,omitempty" doc:"For so many days the requester can reopen it."`
	DefaultImpact  int              `json:"default_impact" example:"2"`
	DefaultUrgency int              `json:"default_urgency" example:"2"`
	States         []KindState      `json:"states" nullable:"false"`
	Transitions    []KindTransition `json:"transitions" nullable:"false"`
	Fields         []KindField      `json:"fields" nullable:"false" doc:"Its own fields, beside those every ticket has."`
	Resolutions    []Labelled       `json:"resolution_codes" nullable:"false"`
	Impacts        []Level          `json:"impacts" nullable:"false"`
	Urgencies      []Level          `json:"urgencies" nullable:"false"`
	Priorities     []Level          `json:"priorities" nullable:"false"`
	Matrix         [][]int          `json:"matrix" nullable:"false" doc:"The priority for each impact (rows) and urgency (columns), in their order."`
	Version        int              `json:"version" doc:"0 is the one the product ships with."`
}

// KindState is a state of a kind.
type KindState struct {
	State
	Reasons []Labelled `json:"reasons,omitempty" nullable:"false" doc:"Why a ticket may wait in it."`
}

// KindTransition is a step of a kind's workflow.
type KindTransition struct {
	Labelled
	From     []string `json:"from" nullable:"false" doc:"States."`
	To       string   `json:"to" example:"resolved"`
	Requires []string `json:"requires" nullable:"false"`
}

// KindField is a field of a kind's own.
type KindField struct {
	Labelled
	Help     string   `json:"help,omitempty"`
	Type     string   `json:"type" enum:"text,number,bool,date,choice"`
	Options  []string `json:"options,omitempty" nullable:"false" doc:"Of a choice."`
	Required bool     `json:"required,omitempty"`
}

// Kinds is the list of kinds.
type Kinds struct {
	Items []Kind `json:"items" nullable:"false"`
}

func (a *API) kinds(ctx context.Context, _ *struct{}) (*struct{ Body Kinds }, error) {
	out := Kinds{Items: []Kind{}}
	for _, def := range workflow.Sorted(a.tickets.Kinds().All()) {
		if knows(ctx, def) {
			out.Items = append(out.Items, kindOf(ctx, def))
		}
	}
	return &struct{ Body Kinds }{out}, nil
}

func (a *API) kind(ctx context.Context, in *struct {
	Key string `path:"key" maxLength:"40" example:"incident"`
},
) (*struct{ Body Kind }, error) {
	def, err := a.tickets.Kinds().Get(in.Key)
	if err != nil || !knows(ctx, def) {
		return nil, apperr.New(apperr.NotFound, "There is no such kind, or you may not see it.")
	}
	return &struct{ Body Kind }{kindOf(ctx, def)}, nil
}

// knows reports whether the reader may know that there is such a kind:
// confidential ones are not even named to others.
func knows(ctx context.Context, def *workflow.Definition) bool {
	actor := access.From(ctx)
	return actor.Can(access.View, def.Key) || actor.Can(access.Create, def.Key)
}

func kindOf(ctx context.Context, def *workflow.Definition) Kind {
	actor, v := access.From(ctx), requesterView
	if actor.Can(access.Edit, def.Key) || actor.Can(access.ReadNotes, def.Key) {
		v = insiderView
	}
	k := Kind{
		Labelled: Labelled{def.Key, v.audience(def.Label, def.RequesterLabel)}, Plural: def.Plural, Prefix: def.Prefix, Description: def.Description,
		CanCreate: actor.Can(access.Create, def.Key), Initial: def.Initial, AutoCloseDays: def.AutoCloseDays, ReopenDays: def.ReopenDays,
		DefaultImpact: def.DefaultImpact, DefaultUrgency: def.DefaultUrgency, Version: def.Version,
		States: []KindState{}, Transitions: []KindTransition{}, Fields: []KindField{}, Resolutions: []Labelled{},
		Impacts: levels(def.Matrix.Impact), Urgencies: levels(def.Matrix.Urgency), Priorities: levels(def.Matrix.Priority), Matrix: def.Matrix.Cells,
	}
	for _, s := range def.States {
		state := KindState{State: stateOf(def, s.Key, "", v)}
		for _, r := range s.Reasons {
			state.Reasons = append(state.Reasons, Labelled{r.Key, v.audience(r.Label, r.RequesterLabel)})
		}
		k.States = append(k.States, state)
	}
	for _, t := range def.Transitions {
		if v == insiderView || slices.Contains(t.By, workflow.Requester) {
			k.Transitions = append(k.Transitions, KindTransition{
				Labelled: Labelled{t.Key, t.Label}, From: t.From, To: t.To, Requires: append([]string{}, t.Requires...),
			})
		}
	}
	for _, f := range def.Fields {
		if v == insiderView || f.RequesterVisible || f.Required {
			k.Fields = append(k.Fields, KindField{Labelled: Labelled{f.Key, f.Label}, Help: f.Help, Type: string(f.Type), Options: f.Options, Required: f.Required})
		}
	}
	if v == insiderView {
		for _, c := range def.Codes {
			k.Resolutions = append(k.Resolutions, Labelled(c))
		}
	}
	return k
}

func levels(of []workflow.Level) []Level {
	out := make([]Level, 0, len(of))
	for _, l := range of {
		out = append(out, Level(l))
	}
	return out
}

// FilterField is a field of the filter language.
type FilterField struct {
	Name     string        `json:"name" doc:"As written before the colon." example:"priority"`
	Label    string        `json:"label" example:"Priority"`
	Aliases  []string      `json:"aliases" nullable:"false" doc:"Other names it answers to."`
	Type     string        `json:"type" enum:"text,enum,number,bool,time,ref,refs,tags" doc:"ref and refs take names, #id, and with self also me."`
	Ref      string        `json:"ref,omitempty" doc:"What ref and refs refer to: person, group, service, organisation, ticket."`
	Self     bool          `json:"self,omitempty" doc:"me is you."`
	Options  []Labelled    `json:"options,omitempty" nullable:"false" doc:"The values of an enum."`
	Groups   []FilterGroup `json:"groups,omitempty" nullable:"false" doc:"Names for several options at once."`
	Ordered  bool          `json:"ordered,omitempty" doc:"Options can be compared with <, <=, > and >=."`
	Optional bool          `json:"optional,omitempty" doc:"none and any tell tickets without and with a value apart."`
}

// FilterGroup is a name for several options.
type FilterGroup struct {
	Labelled
	Options []string `json:"options" nullable:"false"`
}

// FilterFields describe the filter language and the orders of lists.
type FilterFields struct {
	Fields []FilterField `json:"fields" nullable:"false"`
	Sorts  []string      `json:"sorts" nullable:"false" doc:"What sort can be; a minus sign in front turns the order."`
}

func (a *API) filterFields(ctx context.Context, _ *struct{}) (*struct{ Body FilterFields }, error) {
	schema, err := a.tickets.Schema(ctx)
	if err != nil {
		return nil, err
	}
	out := FilterFields{Fields: []FilterField{}, Sorts: ticket.SortFields()}
	words := a.wordsOfKinds(ctx)
	for _, f := range schema.Fields() {
		if key, custom := strings.CutPrefix(f.Name, ticket.CustomPrefix); custom && !words["field "+key] {
			continue
		}
		out.Fields = append(out.Fields, filterField(f, words))
	}
	return &struct{ Body FilterFields }{out}, nil
}

// wordsOfKinds gives the words of the kinds the reader knows, so that a
// confidential kind's own are not given away.
func (a *API) wordsOfKinds(ctx context.Context) map[string]bool {
	words := map[string]bool{}
	for _, def := range a.tickets.Kinds().All() {
		if !knows(ctx, def) {
			continue
		}
		k := kindOf(ctx, def)
		words["kind "+def.Key] = true
		for _, s := range k.States {
			words["state "+s.Key] = true
			for _, r := range s.Reasons {
				words["waiting "+r.Key] = true
			}
		}
		for _, f := range k.Fields {
			words["field "+f.Key] = true
		}
		for _, c := range k.Resolutions {
			words["resolution "+c.Key] = true
		}
	}
	return words
}

// filterField describes a field; options of kinds that are not known are left out.
func filterField(f *filter.Field, words map[string]bool) FilterField {
	out := FilterField{
		Name: f.Name, Label: f.Label, Aliases: append([]string{}, f.Aliases...), Type: typeName(f.Type),
		Ref: f.Ref, Self: f.Self, Ordered: f.Ordered, Optional: !f.Required,
	}
	ofKinds := slices.Contains([]string{"kind", "state", "waiting", "resolution"}, f.Name)
	shown := map[string]bool{}
	for _, o := range f.Options {
		if !ofKinds || words[f.Name+" "+o.Key] {
			shown[o.Key] = true
			out.Options = append(out.Options, Labelled{o.Key, o.Label})
		}
	}
	for _, g := range f.Groups {
		group := FilterGroup{Labelled: Labelled{g.Key, g.Label}, Options: []string{}}
		for _, key := range g.Options {
			if shown[key] {
				group.Options = append(group.Options, key)
			}
		}
		out.Groups = append(out.Groups, group)
	}
	return out
}

func typeName(t filter.Type) string {
	switch t {
	case filter.TypeText:
		return "text"
	case filter.TypeEnum:
		return "enum"
	case filter.TypeNumber:
		return "number"
	case filter.TypeBool:
		return "bool"
	case filter.TypeTime:
		return "time"
	case filter.TypeRef:
		return "ref"
	case filter.TypeRefs:
		return "refs"
	case filter.TypeTags:
		return "tags"
	}
	return "text"
}

func exampleKind() Kind {
	return Kind{
		Labelled: Labelled{"incident", "Incident"}, Plural: "Incidents", Prefix: "INC", CanCreate: true, Initial: "new",
		AutoCloseDays: 5, ReopenDays: 30, DefaultImpact: 2, DefaultUrgency: 2,
		States:      []KindState{{State: State{Labelled{"new", "New"}, "new"}}},
		Transitions: []KindTransition{{Labelled: Labelled{"start", "Start work"}, From: []string{"new"}, To: "in_progress", Requires: []string{}}},
		Fields:      []KindField{}, Resolutions: []Labelled{{"solved", "Solved permanently"}},
		Impacts: []Level{{1, "High"}}, Urgencies: []Level{{1, "High"}}, Priorities: []Level{{1, "Critical"}}, Matrix: [][]int{{1}},
	}
}
