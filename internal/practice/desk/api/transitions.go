package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func (a *API) registerTransitions(api huma.API) {
	register(a, api, openapi.Operation{
		ID: "list-transitions", Method: http.MethodGet, Path: "/tickets/{ref}/transitions", Tag: tagTickets,
		Summary:     "List the steps a ticket can take",
		Description: "The steps of its workflow that you can take on the ticket now, with what each needs.",
		Errors:      []int{http.StatusNotFound},
		Answer: Steps{Items: []Step{{
			Key: "resolve", Label: "Resolve", To: State{Labelled{"resolved", "Resolved"}, "resolved"}, Primary: true,
			Requires: []string{"resolution_code", "resolution"}, ResolutionCodes: []Labelled{{"solved", "Solved permanently"}},
		}}},
	}, a.steps)
	register(a, api, openapi.Operation{
		ID: "take-transition", Method: http.MethodPost, Path: "/tickets/{ref}/transitions", Tag: tagTickets,
		Summary: "Take a step of the workflow",
		Description: "Moves the ticket. What is needed beside `transition` is in `requires` of `GET …/transitions`. A comment is an " +
			"internal note, or a public reply with `comment_public`; a requester's is always public. 409 when the step does not " +
			"start where the ticket is now.",
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired}, Options: writing(),
		Request: map[string]any{"transition": "resolve", "resolution_code": "solved", "resolution": "The rollers were cleaned."},
		Answer:  exampleTicket(),
	}, a.step)
}

// Step is a step of a ticket's workflow.
type Step struct {
	Key             string     `json:"key" example:"resolve"`
	Label           string     `json:"label" example:"Resolve"`
	To              State      `json:"to" doc:"Where it leads."`
	Primary         bool       `json:"primary,omitempty" doc:"The usual next step."`
	Requires        []string   `json:"requires" nullable:"false" doc:"What must be sent with it: comment, reason, resolution_code, resolution; or a field that the ticket must have."`
	Reasons         []Labelled `json:"reasons,omitempty" nullable:"false" doc:"What reason may be."`
	ResolutionCodes []Labelled `json:"resolution_codes,omitempty" nullable:"false" doc:"What resolution_code may be."`
}

// Steps are the steps that can be taken.
type Steps struct {
	Items []Step `json:"items" nullable:"false"`
}

type stepsOutput struct{ Body Steps }

func (a *API) steps(ctx context.Context, in *struct{ Which }) (*stepsOutput, error) {
	t, err := a.tickets.Get(ctx, in.ref())
	if err != nil {
		return nil, err
	}
	possible, err := a.tickets.Steps(ctx, &t)
	if err != nil {
		return nil, err
	}
	def, v := a.definition(&t), viewOf(ctx, &t)
	out := &stepsOutput{Body: Steps{Items: []Step{}}}
	for _, tr := range possible {
		out.Body.Items = append(out.Body.Items, stepOf(tr, def, v))
	}
	return out, nil
}

func stepOf(tr workflow.Transition, def *workflow.Definition, v view) Step {
	s := Step{Key: tr.Key, Label: tr.Label, To: stateOf(def, tr.To, "", v), Primary: tr.Primary, Requires: append([]string{}, tr.Requires...)}
	if to, ok := def.State(tr.To); ok {
		for _, r := range to.Reasons {
			s.Reasons = append(s.Reasons, Labelled{r.Key, v.audience(r.Label, r.RequesterLabel)})
		}
	}
	if tr.Needs(ticket.FieldResolutionCode) {
		for _, c := range def.Codes {
			s.ResolutionCodes = append(s.ResolutionCodes, Labelled{c.Key, c.Label})
		}
	}
	return s
}

// StepTaken is the wish to take a step.
type StepTaken struct {
	Transition     string  `json:"transition" maxLength:"40" example:"resolve"`
	Reason         string  `json:"reason,omitempty" maxLength:"40" doc:"Why it waits, for steps onto hold." example:"caller"`
	Comment        string  `json:"comment,omitempty" maxLength:"1000000" doc:"Markdown."`
	CommentPublic  bool    `json:"comment_public,omitempty" doc:"The comment is a reply that the requester reads."`
	ResolutionCode string  `json:"resolution_code,omitempty" maxLength:"40" example:"solved"`
	Resolution     string  `json:"resolution,omitempty" maxLength:"1000000" doc:"Markdown, in the requester's words."`
	Attachments    []int64 `json:"attachments,omitempty" nullable:"false" maxItems:"50" doc:"Ids of files you uploaded; they go with the comment."`
}

type stepInput struct {
	Which
	openapi.Changing
	openapi.Once
	Body StepTaken
}

func (a *API) step(ctx context.Context, in *stepInput) (*ticketOutput, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	keyed, replay := idempotent(ctx, in.Once)
	b := &in.Body
	t, err := a.tickets.Transition(keyed, in.ref(), ticket.Step{
		Version: version, Transition: b.Transition, Reason: b.Reason, Comment: ticket.Markdown(b.Comment), CommentPublic: b.CommentPublic,
		ResolutionCode: b.ResolutionCode, Resolution: ticket.Markdown(b.Resolution), Attachments: b.Attachments,
	})
	if err != nil {
		return nil, err
	}
	replay()
	return a.ticketOut(ctx, &t)
}
