package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func (a *API) registerTickets(api huma.API) {
	register(a, api, openapi.Operation{
		ID: "list-tickets", Method: http.MethodGet, Path: "/tickets", Tag: tagTickets,
		Summary: "List tickets",
		Description: "The tickets you may see, one page at a time. `filter` is written in the same language as the queue's filters: " +
			"`state:open priority:<=2 assignee:me service:\"Payroll\"`; see `GET /filter-fields` for the fields. A filter on a field " +
			"that only staff see finds only tickets whose field you see. Descriptions and resolutions are left out.",
		Answer: TicketPage{Items: []Ticket{exampleTicket()}, NextCursor: "eyJzIjoiLXVwZGF0ZWQifQ", Count: &Count{Value: 42, Exact: true}},
	}, a.list)
	register(a, api, openapi.Operation{
		ID: "create-ticket", Method: http.MethodPost, Path: "/tickets", Tag: tagTickets, Status: http.StatusCreated,
		Summary: "Open a ticket",
		Description: "Opens a ticket of a kind. Whatever is left out takes the kind's default; without a group, the ticket goes to the " +
			"group that supports its service. Opening for somebody else, and assigning, need their permissions.",
		Errors: []int{http.StatusConflict}, Options: writing(),
		Request: map[string]any{
			"kind": "incident", "title": "Printer on floor 3 jams", "description": "It eats paper since this morning.",
			"impact": 3, "urgency": 2, "channel": "phone", "tags": []string{"printer"},
		},
		Answer: exampleTicket(),
	}, a.create)
	register(a, api, openapi.Operation{
		ID: "get-ticket", Method: http.MethodGet, Path: "/tickets/{ref}", Tag: tagTickets,
		Summary:     "Get a ticket",
		Description: "The ticket as you may see it. Keep its ETag: changes ask for it in If-Match.",
		Errors:      []int{http.StatusNotFound},
		Answer:      exampleTicket(),
	}, a.get)
	register(a, api, openapi.Operation{
		ID: "edit-ticket", Method: http.MethodPatch, Path: "/tickets/{ref}", Tag: tagTickets,
		Summary: "Change a ticket's fields",
		Description: "A JSON merge patch (RFC 7396): what is left out stays, null clears. The state is changed by transitions, not here. " +
			"A `priority` overrides the matrix of impact and urgency and needs `priority_reason`; null ends the override.",
		Errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired},
		Options: writing(),
		Request: map[string]any{"group_id": 4294967320, "assignee_id": nil, "tags": []string{"printer", "floor-3"}},
		Answer:  exampleTicket(),
	}, a.edit)
}

// Count is how many records a list has, counted no further than a thousand.
type Count struct {
	Value int  `json:"value" example:"42"`
	Exact bool `json:"exact" doc:"False when there are more than value." example:"true"`
}

const mostCounted = 1000

// TicketPage is one page of a list of tickets.
type TicketPage struct {
	Items      []Ticket `json:"items" nullable:"false"`
	NextCursor string   `json:"next_cursor,omitempty" doc:"The cursor of the next page; missing on the last one."`
	Count      *Count   `json:"count,omitempty" doc:"With count=true."`
}

type listInput struct {
	openapi.Paging
	Filter string   `query:"filter" maxLength:"8000" doc:"Conditions in the filter language; none lists everything." example:"state:open assignee:me"`
	Sort   string   `query:"sort" maxLength:"40" default:"-updated" doc:"One of updated, created, priority, title, state, resolved, reopened; a minus sign in front turns the order." example:"priority"`
	Count  bool     `query:"count" doc:"Count the whole list as well, up to a thousand."`
	Zone   string   `query:"zone" maxLength:"60" doc:"The IANA time zone in which days of the filter begin; UTC without." example:"Europe/Berlin"`
	Fields []string `query:"fields" maxItems:"60" doc:"Which of the properties that may be missing to give, separated by commas; all without." example:"requester,assignee"`
}

type listOutput struct {
	Link string `header:"Link" doc:"The next page's address with rel=next (RFC 8288)."`
	Body TicketPage
}

func (a *API) list(ctx context.Context, in *listInput) (*listOutput, error) {
	at, err := zone(in.Zone)
	if err != nil {
		return nil, err
	}
	condition, err := a.tickets.Condition(ctx, in.Filter, at)
	if err != nil {
		return nil, err
	}
	sort, err := ticket.ParseSort(in.Sort)
	if err != nil {
		return nil, err
	}
	keep, err := chosen(in.Fields)
	if err != nil {
		return nil, err
	}
	page, err := a.tickets.List(ctx, ticket.Query{Condition: condition, Sort: sort, After: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	shown, err := a.show(ctx, page.Tickets)
	if err != nil {
		return nil, err
	}
	for i := range shown {
		keep(&shown[i])
	}
	out := &listOutput{Link: openapi.NextLink(ctx, page.Next), Body: TicketPage{Items: shown, NextCursor: page.Next}}
	if in.Count {
		n, more, err := a.tickets.Count(ctx, condition, mostCounted)
		if err != nil {
			return nil, err
		}
		out.Body.Count = &Count{Value: n, Exact: !more}
	}
	return out, nil
}

type getInput struct {
	Which
	openapi.Held
}

type ticketOutput struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body Ticket
}

// ticketOut answers with a ticket as its reader may see it.
func (a *API) ticketOut(ctx context.Context, t *ticket.Ticket) (*ticketOutput, error) {
	shown, err := a.one(ctx, t)
	if err != nil {
		return nil, err
	}
	return &ticketOutput{ETag: openapi.ETag(t.Version), Body: shown}, nil
}

func (a *API) get(ctx context.Context, in *getInput) (*ticketOutput, error) {
	t, err := a.tickets.Get(ctx, in.ref())
	if err != nil {
		return nil, err
	}
	if openapi.Fresh(ctx, t.Version) {
		return nil, nil //nolint:nilnil // answered with 304
	}
	return a.ticketOut(ctx, &t)
}

// NewTicket is the wish for a ticket.
type NewTicket struct {
	Kind        string                `json:"kind" maxLength:"40" doc:"The key of a kind; see GET /kinds." example:"incident"`
	Title       string                `json:"title" minLength:"1" maxLength:"250" doc:"One line." example:"Printer on floor 3 jams"`
	Description string                `json:"description,omitempty" maxLength:"1000000" doc:"Markdown."`
	RequesterID int64                 `json:"requester_id,omitempty" minimum:"1" doc:"Whom it is for; you without."`
	ServiceID   int64                 `json:"service_id,omitempty" minimum:"1"`
	GroupID     int64                 `json:"group_id,omitempty" minimum:"1"`
	AssigneeID  int64                 `json:"assignee_id,omitempty" minimum:"1"`
	ParentID    int64                 `json:"parent_id,omitempty" minimum:"1" doc:"The id of the parent ticket."`
	Impact      int                   `json:"impact,omitempty" minimum:"1" doc:"A level of the kind's matrix." example:"3"`
	Urgency     int                   `json:"urgency,omitempty" minimum:"1" doc:"A level of the kind's matrix." example:"2"`
	Channel     string                `json:"channel,omitempty" enum:"portal,phone,walk_in,email,chat,api,monitoring" doc:"How it came in; api without." example:"phone"`
	Tags        []string              `json:"tags,omitempty" nullable:"false" maxItems:"30" example:"printer"`
	Watchers    []int64               `json:"watchers,omitempty" nullable:"false" maxItems:"100" doc:"Ids of persons."`
	Fields      map[string]FieldValue `json:"fields,omitempty" doc:"The kind's own fields by key."`
	Attachments []int64               `json:"attachments,omitempty" nullable:"false" maxItems:"50" doc:"Ids of files you uploaded."`
}

func (n *NewTicket) command() ticket.Create {
	cmd := ticket.Create{
		Kind: n.Kind, Title: n.Title, Description: ticket.Markdown(n.Description), RequesterID: n.RequesterID, ServiceID: n.ServiceID,
		GroupID: n.GroupID, AssigneeID: n.AssigneeID, ParentID: n.ParentID, Impact: n.Impact, Urgency: n.Urgency, Channel: n.Channel,
		Tags: n.Tags, Watchers: n.Watchers, Fields: fieldTexts(n.Fields), Attachments: n.Attachments,
	}
	if cmd.Channel == "" {
		cmd.Channel = "api"
	}
	return cmd
}

func fieldTexts(fields map[string]FieldValue) map[string]string {
	if fields == nil {
		return nil
	}
	out := make(map[string]string, len(fields))
	for key, value := range fields {
		out[key] = value.Text
	}
	return out
}

type createInput struct {
	openapi.Once
	Body NewTicket
}

type createdOutput struct {
	Location string `header:"Location" doc:"The path of what was made."`
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Body     Ticket
}

func (a *API) create(ctx context.Context, in *createInput) (*createdOutput, error) {
	keyed, replay := idempotent(ctx, in.Once)
	t, err := a.tickets.Create(keyed, in.Body.command())
	if err != nil {
		return nil, err
	}
	replay()
	return a.createdOut(ctx, &t, "")
}

// createdOut answers with the ticket something was added to; below is where.
func (a *API) createdOut(ctx context.Context, t *ticket.Ticket, below string) (*createdOutput, error) {
	shown, err := a.one(ctx, t)
	if err != nil {
		return nil, err
	}
	return &createdOutput{Location: openapi.Prefix + "/tickets/" + t.Number + below, ETag: openapi.ETag(t.Version), Body: shown}, nil
}

// idempotent prepares a context in which the effect happens once per key; replay
// marks the answer if it had happened before.
func idempotent(ctx context.Context, o openapi.Once) (_ context.Context, replay func()) {
	keyed := ticket.WithIdempotencyKey(ctx, o.IdempotencyKey)
	return keyed, func() {
		if ticket.Replayed(keyed) {
			openapi.Replayed(ctx)
		}
	}
}

// TicketPatch names the fields to change.
type TicketPatch struct {
	Title          openapi.Field[string]   `json:"title,omitempty" nullable:"false" minLength:"1" maxLength:"250"`
	Description    openapi.Field[string]   `json:"description,omitempty" maxLength:"1000000" doc:"Markdown."`
	RequesterID    openapi.Field[int64]    `json:"requester_id,omitempty" nullable:"false" minimum:"1"`
	ServiceID      openapi.Field[int64]    `json:"service_id,omitempty" minimum:"1"`
	GroupID        openapi.Field[int64]    `json:"group_id,omitempty" minimum:"1" doc:"A new group drops an assignee who is not one of its members."`
	AssigneeID     openapi.Field[int64]    `json:"assignee_id,omitempty" minimum:"1"`
	ParentID       openapi.Field[int64]    `json:"parent_id,omitempty" minimum:"1"`
	Impact         openapi.Field[int]      `json:"impact,omitempty" nullable:"false" minimum:"1"`
	Urgency        openapi.Field[int]      `json:"urgency,omitempty" nullable:"false" minimum:"1"`
	Priority       openapi.Field[int]      `json:"priority,omitempty" minimum:"1" doc:"Overrides the matrix; null follows it again."`
	PriorityReason string                  `json:"priority_reason,omitempty" maxLength:"4000" doc:"Needed with priority."`
	Tags           openapi.Field[[]string] `json:"tags,omitempty" maxItems:"30" doc:"All of them; null removes all."`
	Fields         map[string]FieldValue   `json:"fields,omitempty" doc:"Those given are set; null clears one."`
}

func (p *TicketPatch) command(version int) (ticket.Edit, error) {
	var problems apperr.Problems
	for name, null := range map[string]bool{
		"title": p.Title.Null, "requester_id": p.RequesterID.Null, "impact": p.Impact.Null, "urgency": p.Urgency.Null,
	} {
		if null {
			problems.Add(name, "This cannot be empty.")
		}
	}
	if p.PriorityReason != "" && !p.Priority.Set {
		problems.Add("priority", "A reason needs the priority it is for.")
	}
	cmd := ticket.Edit{
		Version: version, Title: p.Title.Pointer(), RequesterID: p.RequesterID.Pointer(), ServiceID: p.ServiceID.Pointer(),
		GroupID: p.GroupID.Pointer(), AssigneeID: p.AssigneeID.Pointer(), ParentID: p.ParentID.Pointer(),
		Impact: p.Impact.Pointer(), Urgency: p.Urgency.Pointer(), Tags: p.Tags.Pointer(), Fields: fieldTexts(p.Fields),
		PriorityReason: p.PriorityReason,
	}
	if p.Description.Set {
		text := ticket.Markdown(p.Description.Value)
		cmd.Description = &text
	}
	if p.Priority.Null {
		cmd.PriorityByMatrix = true
	} else {
		cmd.Priority = p.Priority.Pointer()
	}
	return cmd, problems.Err()
}

type editInput struct {
	Which
	openapi.Changing
	Body TicketPatch `contentType:"application/merge-patch+json"`
}

func (a *API) edit(ctx context.Context, in *editInput) (*ticketOutput, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	cmd, err := in.Body.command(version)
	if err != nil {
		return nil, err
	}
	t, err := a.tickets.Edit(ctx, in.ref(), cmd)
	if err != nil {
		return nil, err
	}
	return a.ticketOut(ctx, &t)
}
