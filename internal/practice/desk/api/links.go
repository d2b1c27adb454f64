package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func (a *API) registerLinks(api huma.API) {
	example := Links{Items: []Link{{Type: string(ticket.DuplicateOf), Other: TicketSummary{
		TicketName: TicketName{4294967388, "INC-1037", "No printer on floor 3 works"},
		Kind:       Labelled{"incident", "Incident"}, State: State{Labelled{"in_progress", "In progress"}, "open"},
	}}}}
	register(a, api, openapi.Operation{
		ID: "list-links", Method: http.MethodGet, Path: "/tickets/{ref}/links", Tag: tagTickets,
		Summary:     "List what a ticket is linked to",
		Description: "Its parent, its children and the others, as far as you may see them; at most 200.",
		Errors:      []int{http.StatusNotFound}, Answer: example,
	}, a.links)
	register(a, api, openapi.Operation{
		ID: "add-link", Method: http.MethodPost, Path: "/tickets/{ref}/links", Tag: tagTickets, Status: http.StatusCreated,
		Summary:     "Link a ticket to another",
		Description: "Says what this ticket is to the other. You must see both; a link that is there already is no error.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict},
		Request:     map[string]any{"type": "duplicate_of", "other": "INC-1037"}, Answer: example,
	}, a.link)
	register(a, api, openapi.Operation{
		ID: "remove-link", Method: http.MethodDelete, Path: "/tickets/{ref}/links/{type}/{other}", Tag: tagTickets, Status: http.StatusNoContent,
		Summary:     "Remove a link",
		Description: "Whichever of the two holds it. A link that is not there is no error.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict},
	}, a.unlink)
}

// Links are what a ticket is linked to.
type Links struct {
	Items []Link `json:"items" nullable:"false"`
}

type linksOutput struct{ Body Links }

func (a *API) links(ctx context.Context, in *struct{ Which }) (*linksOutput, error) {
	t, err := a.tickets.Get(ctx, in.ref())
	if err != nil {
		return nil, err
	}
	return a.linksOut(ctx, &t)
}

func (a *API) linksOut(ctx context.Context, t *ticket.Ticket) (*linksOutput, error) {
	found, err := a.tickets.Links(ctx, t)
	if err != nil {
		return nil, err
	}
	out := &linksOutput{Body: Links{Items: []Link{}}}
	for i := range found {
		out.Body.Items = append(out.Body.Items, Link{
			Type: string(found[i].Type), Inverse: found[i].Inverse, Other: a.summary(ctx, &found[i].Other),
		})
	}
	return out, nil
}

type linkInput struct {
	Which
	openapi.Once
	Body NewLink
}

// NewLink is a link to make.
type NewLink struct {
	Type  string `json:"type" enum:"parent,child,related,duplicate_of,caused_by" doc:"What this ticket is to the other." example:"duplicate_of"`
	Other string `json:"other" minLength:"1" maxLength:"40" doc:"The other ticket's number, or its id." example:"INC-1037"`
}

func (a *API) link(ctx context.Context, in *linkInput) (*linksOutput, error) {
	keyed, replay := idempotent(ctx, in.Once)
	t, err := a.tickets.Link(keyed, in.ref(), ticket.LinkType(in.Body.Type), ref(in.Body.Other))
	if err != nil {
		return nil, err
	}
	replay()
	return a.linksOut(ctx, &t)
}

type unlinkInput struct {
	Which
	Type  string `path:"type" enum:"parent,child,related,duplicate_of,caused_by" doc:"What this ticket is to the other." example:"related"`
	Other string `path:"other" maxLength:"40" doc:"The other ticket's number, or its id." example:"INC-1037"`
}

func (a *API) unlink(ctx context.Context, in *unlinkInput) (*struct{}, error) {
	_, err := a.tickets.Unlink(ctx, in.ref(), ticket.LinkType(in.Type), ref(in.Other))
	return nil, err
}
