package workaround

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Workarounds"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "How people can go on until a ticket is resolved. Giving one keeps the promise of a workaround. For those who read internal notes."}}
}

// GivenWorkaround is a workaround on a ticket.
type GivenWorkaround struct {
	ID          int64      `json:"id" example:"4294967500"`
	TicketID    int64      `json:"ticket_id" example:"4294967400"`
	Body        string     `json:"body" example:"Print on the printer of the second floor."`
	Public      bool       `json:"public" doc:"The requester was told."`
	GivenBy     int64      `json:"given_by"`
	GivenAt     time.Time  `json:"given_at"`
	WithdrawnBy int64      `json:"withdrawn_by,omitempty"`
	WithdrawnAt *time.Time `json:"withdrawn_at,omitempty" doc:"Missing while it stands."`
}

// NewWorkaround is what is said.
type NewWorkaround struct {
	Body   string `json:"body" minLength:"1" doc:"Markdown." example:"Print on the printer of the second floor."`
	Public bool   `json:"public,omitempty" doc:"Tells the requester, as a reply. Otherwise it is an internal note."`
}

type api struct {
	service *Service
	tickets *ticket.Service
}

func (a api) register(h huma.API) {
	at := time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)
	example := GivenWorkaround{ID: 4294967500, TicketID: 4294967400, Body: "Print on the printer of the second floor.", Public: true, GivenBy: 4294967312, GivenAt: at}
	const path = "/tickets/{ref}/workarounds"
	openapi.Register(h, openapi.Operation{
		ID: "list-workarounds", Method: http.MethodGet, Path: path, Tag: tag, Summary: "List a ticket's workarounds",
		Description: "The newest first, those that were taken back included.", Errors: []int{http.StatusNotFound},
		Answer: openapi.Page[GivenWorkaround]{Items: []GivenWorkaround{example}},
	}, a.list)
	openapi.Register(h, openapi.Operation{
		ID: "give-workaround", Method: http.MethodPost, Path: path, Tag: tag, Summary: "Give a workaround", Status: http.StatusCreated,
		Description: "Writes it as a message of the timeline and keeps the promise of a workaround.", Errors: []int{http.StatusNotFound, http.StatusConflict},
		Request: map[string]any{"body": "Print on the printer of the second floor.", "public": true}, Answer: example,
	}, a.give)
	openapi.Register(h, openapi.Operation{
		ID: "withdraw-workaround", Method: http.MethodDelete, Path: path + "/{id}", Tag: tag, Summary: "Take a workaround back", Status: http.StatusOK,
		Description: "It counts as if it had not been given. The message stays on the timeline.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, a.withdraw)
}

// ref reads a number or an id.
func ref(s string) ticket.Ref {
	if id, err := strconv.ParseInt(s, 10, 64); err == nil && id > 0 {
		return ticket.ByID(id)
	}
	return ticket.ByNumber(s)
}

func documentOf(w *Workaround) GivenWorkaround {
	d := GivenWorkaround{ID: w.ID, TicketID: w.TicketID, Body: w.Body, Public: w.Public, GivenBy: w.GivenBy, GivenAt: w.GivenAt, WithdrawnBy: w.WithdrawnBy}
	if !w.Stands() {
		d.WithdrawnAt = &w.WithdrawnAt
	}
	return d
}

func (a api) list(ctx context.Context, in *struct {
	Ref string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
},
) (*openapi.Listed[GivenWorkaround], error) {
	t, err := a.tickets.Get(ctx, ref(in.Ref))
	if err != nil {
		return nil, err
	}
	if !access.From(ctx).Check(access.ReadNotes, t.Record()).Allowed {
		return nil, apperr.New(apperr.Forbidden, "Only those who work on this ticket see its workarounds.")
	}
	all, err := a.service.Of(ctx, &t)
	items := make([]GivenWorkaround, 0, len(all))
	for i := range all {
		items = append(items, documentOf(&all[i]))
	}
	return openapi.List(ctx, items, ""), err
}

type answer struct{ Body GivenWorkaround }

func (a api) give(ctx context.Context, in *struct {
	openapi.Once
	Ref  string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
	Body NewWorkaround
},
) (*answer, error) {
	keyed := once.With(ctx, in.IdempotencyKey)
	w, err := a.service.Give(keyed, ref(in.Ref), in.Body.Body, in.Body.Public)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return &answer{documentOf(&w)}, nil
}

func (a api) withdraw(ctx context.Context, in *struct {
	Ref string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
	ID  int64  `path:"id" minimum:"1"`
},
) (*answer, error) {
	w, err := a.service.Withdraw(ctx, ref(in.Ref), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer{documentOf(&w)}, nil
}
