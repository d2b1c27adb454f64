package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func (a *API) registerBulk(api huma.API) {
	register(a, api, openapi.Operation{
		ID: "create-tickets", Method: http.MethodPost, Path: "/tickets/bulk", Tag: tagTickets,
		Summary: "Open many tickets",
		Description: "Opens up to a hundred tickets. Each has its own result, in the order they were sent, and one that is refused does not " +
			"keep the others out. With `atomic` all are opened or none: the answer to a refusal is then a problem that names the " +
			"ticket (`tickets.3.title`). Needs the permission to edit many at once.",
		Errors:  []int{http.StatusConflict},
		Options: []web.Option{web.MaxBody(16 << 20)},
		Request: map[string]any{"tickets": []any{
			map[string]any{"kind": "incident", "title": "Disk of db-3 is nearly full", "channel": "monitoring"},
			map[string]any{"kind": "incident", "title": ""},
		}},
		Answer: NewTicketResults{Results: []NewTicketResult{
			{Index: 0, Status: http.StatusCreated, Ticket: ptr(exampleTicket())},
			{Index: 1, Status: http.StatusUnprocessableEntity, Problem: &web.Problem{
				Type: "urn:steward:problem:invalid", Title: "Unprocessable Entity", Status: http.StatusUnprocessableEntity,
				Detail: "Say in a few words what it is about.",
				Errors: []web.ProblemField{{Name: "tickets.1.title", Pointer: "#/tickets/1/title", Message: "Say in a few words what it is about."}},
			}},
		}},
	}, a.createMany)
}

// NewTickets is the wish for many tickets.
type NewTickets struct {
	Tickets []NewTicketInBulk `json:"tickets" nullable:"false" minItems:"1" maxItems:"100"`
	Atomic  bool              `json:"atomic,omitempty" doc:"All or none."`
}

// NewTicketInBulk is NewTicket whose title is checked with the ticket, so that
// an empty one spoils only its own.
type NewTicketInBulk struct {
	NewTicket
	Title string `json:"title" doc:"One line, at most 250 characters." example:"Printer on floor 3 jams"`
}

// NewTicketResults are what became of them.
type NewTicketResults struct {
	Results []NewTicketResult `json:"results" nullable:"false" doc:"One for each ticket sent, in their order."`
}

// NewTicketResult is what became of one ticket.
type NewTicketResult struct {
	Index   int          `json:"index" doc:"Its place among the tickets sent, from 0."`
	Status  int          `json:"status" doc:"What the answer would have been, had it been sent alone." example:"201"`
	Ticket  *Ticket      `json:"ticket,omitempty" doc:"If it was opened."`
	Problem *web.Problem `json:"problem,omitempty" doc:"If it was refused."`
}

type createManyInput struct {
	openapi.Once
	Body NewTickets
}

type createManyOutput struct {
	Body NewTicketResults
}

func (a *API) createMany(ctx context.Context, in *createManyInput) (*createManyOutput, error) {
	if err := access.From(ctx).Require(access.Bulk, access.AnyKind); err != nil {
		return nil, err
	}
	cmds := make([]ticket.Create, len(in.Body.Tickets))
	for i := range in.Body.Tickets {
		wish := in.Body.Tickets[i].NewTicket
		wish.Title = in.Body.Tickets[i].Title
		cmds[i] = wish.command()
	}
	results := make([]NewTicketResult, len(cmds))
	created := make([]ticket.Ticket, 0, len(cmds))
	places := make([]int, 0, len(cmds))
	keyed, replay := idempotent(ctx, in.Once)
	for i, made := range a.tickets.CreateMany(keyed, cmds, in.Body.Atomic) {
		results[i].Index = i
		if made.Err != nil {
			err := numbered(made.Err, i)
			if in.Body.Atomic {
				return nil, err
			}
			results[i].Problem = openapi.Problem(ctx, a.outside(ctx, err))
			results[i].Status = results[i].Problem.Status
			continue
		}
		created, places = append(created, made.Ticket), append(places, i)
	}
	replay()
	shown, err := a.show(ctx, created)
	if err != nil {
		return nil, err
	}
	for i, place := range places {
		results[place].Status, results[place].Ticket = http.StatusCreated, &shown[i]
	}
	return &createManyOutput{Body: NewTicketResults{Results: results}}, nil
}

// numbered gives the error of one ticket of a list with its fields named as they
// are in the list.
func numbered(err error, index int) error {
	var e *apperr.Error
	if !errors.As(err, &e) {
		return err
	}
	told := *e
	told.Err = err
	told.Fields = make([]apperr.Field, len(e.Fields))
	for i, f := range e.Fields {
		told.Fields[i] = apperr.Field{Name: "tickets." + strconv.Itoa(index) + "." + f.Name, Message: f.Message}
	}
	return &told
}

func ptr[T any](v T) *T { return &v }
