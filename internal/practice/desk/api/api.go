package api

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// People gives the names of people, groups and organisations; core/people does.
type People interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Services gives the names of services; core/service does.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Deps are what the operations lean on.
type Deps struct {
	Tickets   *ticket.Service
	People    People
	Services  Services
	DB        *database.DB // names are read from it
	MaxUpload int64        // bytes of one file, as the tickets' service has it; 0 is 100 MiB
}

// API holds the operations.
type API struct {
	tickets   *ticket.Service
	people    People
	services  Services
	db        *database.DB
	maxUpload int64
}

// New makes the API.
func New(d Deps) *API {
	if d.MaxUpload == 0 {
		d.MaxUpload = 100 << 20
	}
	return &API{tickets: d.Tickets, people: d.People, services: d.Services, db: d.DB, maxUpload: d.MaxUpload}
}

// The groups that operations are shown in.
const (
	tagTickets      = "Tickets"
	tagConversation = "Conversation"
	tagFiles        = "Files"
	tagFinding      = "Finding"
	tagDefinitions  = "Definitions"
)

// Tags describes the groups of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{
		{Name: tagTickets, Description: "The record: open it, change it, take it through its workflow, link it."},
		{Name: tagConversation, Description: "The timeline: public replies, internal notes, everything that changed, the requester's rating."},
		{Name: tagFiles, Description: "Files of tickets. Upload first, then send the ids with a ticket or a message; or add files to a ticket in one step."},
		{Name: tagFinding, Description: "Full-text search, tickets about the same thing, and the export."},
		{Name: tagDefinitions, Description: "What tickets are made of here: kinds with their states, steps and fields, and the fields of the filter language."},
	}
}

// Register adds the operations.
func (a *API) Register(api huma.API) {
	a.registerTickets(api)
	a.registerBulk(api)
	a.registerTransitions(api)
	a.registerConversation(api)
	a.registerWatchers(api)
	a.registerLinks(api)
	a.registerFiles(api)
	a.registerFinding(api)
	a.registerExport(api)
	a.registerDefinitions(api)
}

// register adds an operation whose errors speak of the API's inputs, not of the
// service's.
func register[I, O any](a *API, api huma.API, o openapi.Operation, handler func(context.Context, *I) (*O, error)) {
	openapi.Register(api, o, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.outside(ctx, err)
		}
		return out, nil
	})
}

// outside gives an error as this API tells it: fields by the names of its
// inputs, and the ticket of a conflict as its reader may see it.
func (a *API) outside(ctx context.Context, err error) error {
	var e *apperr.Error
	if !errors.As(err, &e) {
		return err
	}
	told := *e
	told.Err = err
	told.Fields = nil
	for _, f := range e.Fields {
		told.Fields = append(told.Fields, apperr.Field{Name: inputName(f.Name), Message: f.Message})
	}
	told.Detail = nil
	if t, ok := e.Detail.(*ticket.Ticket); ok {
		shown, showErr := a.one(ctx, t)
		if showErr != nil {
			return errors.Join(showErr, err)
		}
		told.Detail = shown
	}
	return &told
}

// inputName gives the name of the input that fills a field of a ticket.
func inputName(field string) string {
	prefix, name := "", field
	if i := strings.LastIndexByte(field, '.'); i >= 0 && strings.HasPrefix(field, "tickets.") {
		// Of a list: "tickets.3.requester", and a custom field's "tickets.3.field.room".
		parts := strings.SplitN(field, ".", 3)
		prefix, name = parts[0]+"."+parts[1]+".", parts[2]
	}
	switch name {
	case ticket.FieldRequester, ticket.FieldService, ticket.FieldGroup, ticket.FieldAssignee, ticket.FieldParent:
		name += "_id"
	default:
		if key, ok := strings.CutPrefix(name, ticket.CustomPrefix); ok {
			name = "fields." + key
		}
	}
	return prefix + name
}

// ref reads a ticket's name in an address: its number or its id.
func ref(text string) ticket.Ref {
	id := int64(0)
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || id > 1<<53 {
			return ticket.ByNumber(text)
		}
		id = id*10 + int64(c-'0')
	}
	if id == 0 {
		return ticket.ByNumber(text)
	}
	return ticket.ByID(id)
}

// Which is the part of an input that says which ticket.
type Which struct {
	Ref string `path:"ref" maxLength:"40" doc:"The ticket's number, or its id." example:"INC-1042"`
}

func (w Which) ref() ticket.Ref { return ref(w.Ref) }

// writing gives texts of a million characters room, however they are escaped:
// `\ud83d\ude00` is one of them.
func writing() []web.Option { return []web.Option{web.MaxBody(16 << 20)} }

// zone reads the name of a time zone; "" is UTC.
func zone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	at, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, apperr.InvalidField("zone", "This is not the name of a time zone, such as Europe/Berlin.")
	}
	return at, nil
}
