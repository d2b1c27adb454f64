package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func (a *API) registerWatchers(api huma.API) {
	example := Watchers{Items: []Named{{4294967313, "Ana Silva"}}}
	register(a, api, openapi.Operation{
		ID: "list-watchers", Method: http.MethodGet, Path: "/tickets/{ref}/watchers", Tag: tagTickets,
		Summary:     "List who watches a ticket",
		Description: "The persons who hear of every change. Needs the permission to read internal notes.",
		Errors:      []int{http.StatusNotFound}, Answer: example,
	}, a.watchers)
	register(a, api, openapi.Operation{
		ID: "set-watchers", Method: http.MethodPut, Path: "/tickets/{ref}/watchers", Tag: tagTickets,
		Summary: "Say who watches a ticket",
		Description: "Makes the given persons the watchers, and nobody else. Needs the permission to read internal notes as well: whoever " +
			"cannot see the watchers cannot say who of them stays.",
		Errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired},
		Request: map[string]any{"persons": []int64{4294967313}}, Answer: example,
	}, a.setWatchers)
	register(a, api, openapi.Operation{
		ID: "watch-ticket", Method: http.MethodPut, Path: "/tickets/{ref}/watchers/me", Tag: tagTickets, Status: http.StatusNoContent,
		Summary:     "Watch a ticket yourself",
		Description: "Adds you to the watchers; nothing happens if you are one.",
		Errors:      []int{http.StatusNotFound},
	}, func(ctx context.Context, in *struct{ Which }) (*struct{}, error) { return a.watch(ctx, in.Which, true) })
	register(a, api, openapi.Operation{
		ID: "unwatch-ticket", Method: http.MethodDelete, Path: "/tickets/{ref}/watchers/me", Tag: tagTickets, Status: http.StatusNoContent,
		Summary:     "Stop watching a ticket",
		Description: "Takes you off the watchers; nothing happens if you are none.",
		Errors:      []int{http.StatusNotFound},
	}, func(ctx context.Context, in *struct{ Which }) (*struct{}, error) {
		return a.watch(ctx, in.Which, false)
	})
}

// Watchers are the persons who watch a ticket.
type Watchers struct {
	Items []Named `json:"items" nullable:"false"`
}

type watchersOutput struct {
	ETag string `header:"ETag" doc:"The ticket's version, for If-Match."`
	Body Watchers
}

func (a *API) watchers(ctx context.Context, in *struct{ Which }) (*watchersOutput, error) {
	t, err := a.inside(ctx, in.Which)
	if err != nil {
		return nil, err
	}
	return a.watchersOut(ctx, &t)
}

// inside gives a ticket to somebody who may know who watches it.
func (a *API) inside(ctx context.Context, which Which) (ticket.Ticket, error) {
	t, err := a.tickets.Get(ctx, which.ref())
	if err != nil {
		return t, err
	}
	return t, access.From(ctx).Check(access.ReadNotes, t.Record()).Err()
}

func (a *API) watchersOut(ctx context.Context, t *ticket.Ticket) (*watchersOutput, error) {
	n, err := a.names(ctx, &wanted{persons: t.Watchers})
	if err != nil {
		return nil, err
	}
	out := &watchersOutput{ETag: openapi.ETag(t.Version), Body: Watchers{Items: []Named{}}}
	for _, id := range t.Watchers {
		out.Body.Items = append(out.Body.Items, *n.person(id))
	}
	return out, nil
}

type setWatchersInput struct {
	Which
	openapi.Changing
	Body NewWatchers
}

// NewWatchers says who shall watch.
type NewWatchers struct {
	Persons []int64 `json:"persons" nullable:"false" maxItems:"100" doc:"Their ids."`
}

func (a *API) setWatchers(ctx context.Context, in *setWatchersInput) (*watchersOutput, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := a.inside(ctx, in.Which); err != nil {
		return nil, err
	}
	t, err := a.tickets.SetWatchers(ctx, in.ref(), version, in.Body.Persons)
	if err != nil {
		return nil, err
	}
	return a.watchersOut(ctx, &t)
}

func (a *API) watch(ctx context.Context, which Which, watching bool) (*struct{}, error) {
	_, err := a.tickets.Watch(ctx, which.ref(), watching)
	return nil, err
}
