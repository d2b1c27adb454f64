package snooze

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Set aside"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "Tickets that wait outside of one's lists until a time or an event. Neither their state nor their clocks change."}}
}

// Aside is a ticket that is set aside, or came back and was not seen yet.
type Aside struct {
	ID       int64      `json:"id" example:"4294967500"`
	TicketID int64      `json:"ticket_id" example:"4294967400"`
	PersonID int64      `json:"person_id,omitempty" doc:"For whom: a person,"`
	GroupID  int64      `json:"group_id,omitempty" doc:"or the members of a group."`
	SetBy    int64      `json:"set_by"`
	SetAt    time.Time  `json:"set_at"`
	Until    *time.Time `json:"until,omitempty"`
	Wakes    Event      `json:"wakes,omitempty" enum:"answered,changed,linked" doc:"What brings it back before the time."`
	LinkedID int64      `json:"linked_id,omitempty" doc:"The ticket whose end brings it back."`
	Reason   string     `json:"reason,omitempty"`
	WokenAt  *time.Time `json:"woken_at,omitempty" doc:"Missing while it is set aside."`
	WokenBy  Cause      `json:"woken_by,omitempty" enum:"time,answered,changed,linked,hand,undo,replaced,done"`
}

// NewAside says until when.
type NewAside struct {
	Until  string `json:"until,omitempty" maxLength:"80" doc:"An instant (RFC 3339), or words as on the page: tomorrow 9, monday, in 3 h." example:"tomorrow 9"`
	Zone   string `json:"zone,omitempty" maxLength:"60" doc:"The IANA time zone of the words; UTC when it is missing." example:"Europe/Lisbon"`
	Wakes  Event  `json:"wakes,omitempty" enum:"answered,changed,linked"`
	Linked string `json:"linked,omitempty" maxLength:"40" doc:"Number of the linked ticket, for linked." example:"INC-1042"`
	Group  int64  `json:"group_id,omitempty" minimum:"1" doc:"One of your groups: for all its members. Missing is for yourself."`
	Reason string `json:"reason,omitempty" maxLength:"200"`
}

type api struct {
	service *Service
	tickets *ticket.Service
}

func (a api) register(h huma.API) {
	at, until := time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC), time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	example := Aside{ID: 4294967500, TicketID: 4294967400, PersonID: 4294967312, SetBy: 4294967312, SetAt: at, Until: &until, Reason: "The part comes tomorrow."}
	openapi.Register(h, openapi.Operation{
		ID: "list-set-aside", Method: http.MethodGet, Path: "/set-aside", Tag: tag, Summary: "List what you have set aside",
		Description: "Tickets that you or one of your groups have set aside and that are not back yet, the latest first.",
		Answer:      openapi.Page[Aside]{Items: []Aside{example}},
	}, a.list)
	openapi.Register(h, openapi.Operation{
		ID: "get-ticket-set-aside", Method: http.MethodGet, Path: "/tickets/{ref}/set-aside", Tag: tag, Summary: "Tell whether a ticket is set aside for you",
		Description: "What is set aside for you or one of your groups, and what is back and was not seen yet.", Errors: []int{http.StatusNotFound},
		Answer: openapi.Page[Aside]{Items: []Aside{example}},
	}, a.of)
	openapi.Register(h, openapi.Operation{
		ID: "set-ticket-aside", Method: http.MethodPost, Path: "/tickets/{ref}/set-aside", Tag: tag, Summary: "Set a ticket aside", Status: http.StatusCreated,
		Description: "It takes the place of what you set aside for the same person or group before.", Errors: []int{http.StatusNotFound, http.StatusConflict},
		Request: map[string]any{"until": "tomorrow 9", "zone": "Europe/Lisbon", "reason": "The part comes tomorrow."}, Answer: example,
	}, a.set)
	openapi.Register(h, openapi.Operation{
		ID: "bring-ticket-back", Method: http.MethodDelete, Path: "/tickets/{ref}/set-aside/{id}", Tag: tag, Summary: "Bring a ticket back",
		Description: "Before its time, or, once it is back, to say that you have seen it.", Errors: []int{http.StatusNotFound},
	}, a.bringBack)
}

// ref reads a number or an id.
func ref(s string) ticket.Ref {
	if id, err := strconv.ParseInt(s, 10, 64); err == nil && id > 0 {
		return ticket.ByID(id)
	}
	return ticket.ByNumber(s)
}

func asideOf(z *Snooze) Aside {
	instant := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	return Aside{
		ID: z.ID, TicketID: z.TicketID, PersonID: z.PersonID, GroupID: z.GroupID, SetBy: z.SetterID, SetAt: z.SetAt, Until: instant(z.Until),
		Wakes: z.Wakes, LinkedID: z.LinkedID, Reason: z.Reason, WokenAt: instant(z.WokenAt), WokenBy: z.WokenBy,
	}
}

func asides(of []Snooze) []Aside {
	out := make([]Aside, 0, len(of))
	for i := range of {
		out = append(out, asideOf(&of[i]))
	}
	return out
}

func (a api) list(ctx context.Context, in *openapi.Paging) (*openapi.Listed[Aside], error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return nil, apperr.New(apperr.Forbidden, "Only persons set tickets aside.")
	}
	before, err := in.After()
	if err != nil {
		return nil, err
	}
	found, err := asleepFor(ctx, a.service.db.Reader(), actor, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = strconv.FormatInt(found[in.Limit-1].ID, 10)
	}
	if found, err = a.usable(ctx, found); err != nil {
		return nil, err
	}
	return openapi.List(ctx, asides(found), next), nil
}

// usable leaves out what is about tickets that the actor does not work on: a
// group's may be of a ticket that not all of the group see.
func (a api) usable(ctx context.Context, found []Snooze) ([]Snooze, error) {
	ids := make([]int64, len(found))
	for i := range found {
		ids[i] = found[i].TicketID
	}
	tickets, err := a.tickets.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(z Snooze) bool {
		return !slices.ContainsFunc(tickets, func(t ticket.Ticket) bool { return t.ID == z.TicketID && mayUse(ctx, &t) })
	}), nil
}

func (a api) of(ctx context.Context, in *struct {
	Ref string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
},
) (*openapi.Listed[Aside], error) {
	t, err := a.tickets.Get(ctx, ref(in.Ref))
	if err != nil {
		return nil, err
	}
	if !mayUse(ctx, &t) {
		return nil, apperr.New(apperr.Forbidden, "Only those who work on this ticket set it aside.")
	}
	open, err := a.service.Of(ctx, &t)
	return openapi.List(ctx, asides(open), ""), err
}

type asideAnswer struct {
	Body Aside
}

func (a api) set(ctx context.Context, in *struct {
	openapi.Once
	Ref  string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
	Body NewAside
},
) (*asideAnswer, error) {
	cmd := SetAside{Wakes: in.Body.Wakes, Group: in.Body.Group, Reason: in.Body.Reason}
	if in.Body.Linked != "" {
		cmd.Linked = ref(in.Body.Linked)
	}
	zone, err := time.LoadLocation(in.Body.Zone)
	if err != nil || in.Body.Zone == "Local" {
		return nil, apperr.InvalidField("zone", "This time zone is not known.")
	}
	if cmd.Typed = in.Body.Until; cmd.Typed != "" {
		if cmd.Until, err = ParseWhen(in.Body.Until, a.service.now().In(zone)); err != nil {
			return nil, err
		}
	}
	keyed := once.With(ctx, in.IdempotencyKey)
	z, err := a.service.Set(keyed, ref(in.Ref), cmd)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return &asideAnswer{asideOf(&z)}, nil
}

func (a api) bringBack(ctx context.Context, in *struct {
	Ref string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
	ID  int64  `path:"id" minimum:"1"`
},
) (*struct{}, error) {
	if err := a.service.Wake(ctx, ref(in.Ref), in.ID, false); err != nil {
		return nil, err
	}
	return nil, a.service.Seen(ctx, ref(in.Ref), in.ID)
}
