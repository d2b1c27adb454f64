package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func (a *API) registerConversation(api huma.API) {
	adding := []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed}
	register(a, api, openapi.Operation{
		ID: "list-timeline", Method: http.MethodGet, Path: "/tickets/{ref}/timeline", Tag: tagConversation,
		Summary: "Read a ticket's timeline",
		Description: "Everything that happened to the ticket, the latest first. Readers of internal notes get every entry with all its " +
			"changes; others get what was said to them, and where the ticket stood.",
		Errors: []int{http.StatusNotFound},
		Answer: openapi.Page[Entry]{Items: []Entry{{
			Seq: 2, At: exampleLater, Actor: Actor{"person", 4294967313, "Ana Silva"}, Type: "reply", Message: "Which tray is it?",
		}}, NextCursor: "2"},
	}, a.timeline)
	register(a, api, openapi.Operation{
		ID: "add-reply", Method: http.MethodPost, Path: "/tickets/{ref}/replies", Tag: tagConversation, Status: http.StatusCreated,
		Summary: "Reply publicly",
		Description: "Says something that the requester, and a supplier who works on the ticket, can read. The requester's own reply ends " +
			"a hold that waits for them. The answer is the ticket as it is then.",
		Errors: adding, Options: writing(),
		Request: map[string]any{"body": "Which tray is it?"}, Answer: exampleTicket(),
	}, a.reply)
	register(a, api, openapi.Operation{
		ID: "add-note", Method: http.MethodPost, Path: "/tickets/{ref}/notes", Tag: tagConversation, Status: http.StatusCreated,
		Summary: "Write an internal note",
		Description: "Says something that never leaves for requesters and suppliers. Who is mentioned, as `[@Ana Silva](person:42)`, " +
			"watches the ticket from then on.",
		Errors: adding, Options: writing(),
		Request: map[string]any{"body": "The fuser again."}, Answer: exampleTicket(),
	}, a.note)
	register(a, api, openapi.Operation{
		ID: "get-rating", Method: http.MethodGet, Path: "/tickets/{ref}/rating", Tag: tagConversation,
		Summary:     "Get the requester's rating",
		Description: "What the requester thought of the outcome. 404 while there is no rating.",
		Errors:      []int{http.StatusNotFound},
		Answer:      Verdict{Score: 5, MinutesLost: ptr(20), Comment: "Quick.", By: &Named{4294967312, "Carla Reyes"}, At: exampleLater},
	}, a.rating)
	register(a, api, openapi.Operation{
		ID: "rate-ticket", Method: http.MethodPost, Path: "/tickets/{ref}/rating", Tag: tagConversation, Status: http.StatusCreated,
		Summary:     "Rate the outcome",
		Description: "The requester's verdict on a resolved or closed ticket; a later one takes the place of an earlier one.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict},
		Request:     map[string]any{"score": 5, "minutes_lost": 20, "comment": "Quick."}, Answer: exampleTicket(),
	}, a.rate)
}

type timelineInput struct {
	Which
	openapi.Paging
	Types []string `query:"types" maxItems:"16" enum:"created,reply,note,change,transition,link,unlink,attach,rating,sync,import,activity,merge,split,convert,undo" doc:"Only these types of entries, separated by commas." example:"reply,note"`
}

// mostPublic is how much of a timeline is looked through for a page of public
// entries, most of which are.
const mostPublic = 1000

func (a *API) timeline(ctx context.Context, in *timelineInput) (*openapi.Listed[Entry], error) {
	t, err := a.tickets.Get(ctx, in.ref())
	if err != nil {
		return nil, err
	}
	part := ticket.Stretch{Limit: in.Limit + 1}
	for _, typ := range in.Types {
		part.Types = append(part.Types, ticket.EventType(typ))
	}
	before, err := in.After()
	if err != nil {
		return nil, err
	}
	part.Before = int(before)
	entries, err := a.entries(ctx, &t, part)
	if err != nil {
		return nil, err
	}
	// Both give the oldest first, and one more than asked for if there are more.
	next := ""
	if over := len(entries) - in.Limit; over > 0 {
		entries = entries[over:]
		next = strconv.Itoa(entries[0].Seq)
	}
	latestFirst := make([]Entry, 0, len(entries))
	for i := len(entries) - 1; i >= 0; i-- {
		latestFirst = append(latestFirst, entries[i])
	}
	return openapi.List(ctx, latestFirst, next), nil
}

// entries gives a stretch of a timeline in the form its reader may see.
func (a *API) entries(ctx context.Context, t *ticket.Ticket, part ticket.Stretch) ([]Entry, error) {
	var w wanted
	def := a.definition(t)
	if v := viewOf(ctx, t); v < insiderView {
		part.Limit = mostPublic
		events, err := a.tickets.PublicTimelineStretch(ctx, t, part)
		if err != nil {
			return nil, err
		}
		w.publicEvents(events)
		n, err := a.names(ctx, &w)
		if err != nil {
			return nil, err
		}
		return n.publicEntries(events, def, v), nil
	}
	events, err := a.tickets.TimelineStretch(ctx, t, part)
	if err != nil {
		return nil, err
	}
	w.events(events)
	n, err := a.names(ctx, &w)
	if err != nil {
		return nil, err
	}
	return n.entries(events, def), nil
}

// Message is something to say.
type Message struct {
	Body        string  `json:"body,omitempty" maxLength:"1000000" doc:"Markdown; may be missing if there are files." example:"Which tray is it?"`
	Attachments []int64 `json:"attachments,omitempty" nullable:"false" maxItems:"50" doc:"Ids of files you uploaded."`
}

type messageInput struct {
	Which
	openapi.Once
	openapi.Adding
	Body Message
}

func (a *API) reply(ctx context.Context, in *messageInput) (*createdOutput, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	return a.say(ctx, in.Once, func(ctx context.Context) (ticket.Ticket, error) {
		return a.tickets.Reply(ctx, in.ref(), ticket.PublicReply{Version: version, Body: ticket.Markdown(in.Body.Body), Attachments: in.Body.Attachments})
	})
}

func (a *API) note(ctx context.Context, in *messageInput) (*createdOutput, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	return a.say(ctx, in.Once, func(ctx context.Context) (ticket.Ticket, error) {
		return a.tickets.Note(ctx, in.ref(), ticket.InternalNote{Version: version, Body: ticket.Markdown(in.Body.Body), Attachments: in.Body.Attachments})
	})
}

func (a *API) say(ctx context.Context, once openapi.Once, fn func(ctx context.Context) (ticket.Ticket, error)) (*createdOutput, error) {
	keyed, replay := idempotent(ctx, once)
	t, err := fn(keyed)
	if err != nil {
		return nil, err
	}
	replay()
	return a.createdOut(ctx, &t, "/timeline")
}

type ratingOutput struct{ Body Verdict }

func (a *API) rating(ctx context.Context, in *struct{ Which }) (*ratingOutput, error) {
	t, err := a.tickets.Get(ctx, in.ref())
	if err != nil {
		return nil, err
	}
	r, rated, err := a.tickets.RatingOf(ctx, &t)
	if err != nil {
		return nil, err
	}
	if !rated {
		return nil, apperr.New(apperr.NotFound, "This ticket has no rating.")
	}
	n, err := a.names(ctx, &wanted{persons: []int64{r.PersonID}})
	if err != nil {
		return nil, err
	}
	return &ratingOutput{Body: n.verdict(r)}, nil
}

func (n *names) verdict(r ticket.StoredRating) Verdict {
	return Verdict{Score: r.Score, MinutesLost: r.MinutesLost, Comment: r.Comment, By: n.person(r.PersonID), At: r.At}
}

type rateInput struct {
	Which
	openapi.Once
	Body NewVerdict
}

// NewVerdict is a rating to give.
type NewVerdict struct {
	Score       int    `json:"score" minimum:"1" maximum:"5" example:"5"`
	MinutesLost *int   `json:"minutes_lost,omitempty" minimum:"0" maximum:"100000" doc:"Working time the matter cost you." example:"20"`
	Comment     string `json:"comment,omitempty" maxLength:"100000"`
}

func (a *API) rate(ctx context.Context, in *rateInput) (*createdOutput, error) {
	return a.say(ctx, in.Once, func(ctx context.Context) (ticket.Ticket, error) {
		return a.tickets.Rate(ctx, in.ref(), ticket.Rating{Score: in.Body.Score, MinutesLost: in.Body.MinutesLost, Comment: in.Body.Comment})
	})
}
