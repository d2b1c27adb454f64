package api

import (
	"context"
	"errors"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// Deps are what the operations lean on.
type Deps struct {
	People   *people.Service
	Services *service.Store
	Roles    *roles.Store
	Identity *identity.Service
	Audit    *audit.Log
}

type api struct{ Deps }

// The groups that operations are shown in.
const (
	tagMe            = "Me"
	tagPeople        = "People"
	tagGroups        = "Groups"
	tagOrganisations = "Organisations"
	tagServices      = "Services"
	tagRoles         = "Roles"
	tagSignIn        = "Tokens and sessions"
	tagAudit         = "Audit"
)

// Tags describes the groups of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{
		{Name: tagMe, Description: "Who is calling, and what they may do."},
		{Name: tagPeople, Description: "The directory, as far as you may look people up."},
		{Name: tagGroups, Description: "Teams that tickets are assigned to, and their members."},
		{Name: tagOrganisations, Description: "The own company, customers and suppliers as a tree."},
		{Name: tagServices, Description: "What tickets are about."},
		{Name: tagRoles, Description: "Roles, what they allow, and who holds them."},
		{Name: tagSignIn, Description: "API tokens, browsers that are signed in, and the history of sign-ins. Whatever could be used to take over an account needs a session: a token is refused."},
		{Name: tagAudit, Description: "The log of everything administrators changed."},
	}
}

// Register adds the operations.
func Register(h huma.API, d Deps) {
	a := &api{d}
	a.registerMe(h)
	a.registerPeople(h)
	a.registerGroups(h)
	a.registerOrganisations(h)
	a.registerServices(h)
	a.registerOfferings(h)
	a.registerRoles(h)
	a.registerHolders(h)
	a.registerSignIn(h)
	a.registerAudit(h)
}

// register adds an operation for whoever says who they are, and whose errors
// speak of the API's inputs, not of the services'.
func register[I, O any](h huma.API, o openapi.Operation, handler func(context.Context, *I) (*O, error)) {
	openapi.Register(h, o, func(ctx context.Context, in *I) (*O, error) {
		if access.From(ctx).Type == "" {
			return nil, apperr.New(apperr.Unauthenticated, "Send an API token or sign in.")
		}
		out, err := handler(ctx, in)
		if err != nil {
			return nil, outside(err)
		}
		return out, nil
	})
}

// outside gives an error as this API tells it: fields by the names of its
// inputs, and the record of a conflict as the API writes it.
func outside(err error) error {
	var e *apperr.Error
	if !errors.As(err, &e) {
		return err
	}
	told := *e
	told.Err, told.Fields = err, nil
	for _, f := range e.Fields {
		told.Fields = append(told.Fields, apperr.Field{Name: inputName(f.Name), Message: f.Message})
	}
	switch current := e.Detail.(type) {
	case people.Person:
		told.Detail = personOf(current)
	case people.Group:
		told.Detail = groupOf(current)
	case people.Organisation:
		told.Detail = organisationOf(current)
	case service.Service:
		told.Detail = serviceOf(current)
	case service.Offering:
		told.Detail = offeringOf(current)
	case access.Role:
		told.Detail = roleOf(current)
	}
	return &told
}

// inputName gives the name of the input that fills a field of a record.
func inputName(field string) string {
	switch field {
	case "organisation", "parent", "owner", "business_owner", "provider", "support_group", "offering", "manager":
		return field + "_id"
	}
	return field
}

// ByID is the part of an input that says which record.
type ByID struct {
	ID int64 `path:"id" minimum:"1" example:"4294967312"`
}

// second turns "not found" into a wrong input, for records that are named beside
// the one the address is about.
func second(err error, input string) error {
	if apperr.Is(err, apperr.NotFound) {
		return apperr.InvalidField(input, "%s", apperr.Message(err))
	}
	return err
}

// patched sets a value that a merge patch names; null clears it.
func patched[T any](f openapi.Field[T], to *T) {
	if f.Set {
		*to = f.Value
	}
}

// notNull notes properties that cannot be cleared.
func notNull(wrong *apperr.Problems, null bool, name string) {
	if null {
		wrong.Add(name, "This cannot be empty.")
	}
}

// versioned gives the version a change is meant for: what If-Match names, or
// whatever is there for "*".
func versioned(ctx context.Context, c openapi.Changing, current int64) (int64, error) {
	version, err := c.Version(ctx)
	if version == 0 {
		return current, err
	}
	return int64(version), err
}

// idempotent prepares a context in which the effect happens once per key; replay
// marks the answer if it had happened before.
func idempotent(ctx context.Context, o openapi.Once) (_ context.Context, replay func()) {
	keyed := once.With(ctx, o.IdempotencyKey)
	return keyed, func() {
		if once.Replayed(keyed) {
			openapi.Replayed(ctx)
		}
	}
}

// saved is the answer with a record of a version.
type saved[T any] struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body T
}

// made is the answer with a record that is new.
type made[T any] struct {
	Location string `header:"Location" doc:"The path of what was made."`
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Body     T
}

func location(collection string, id int64) string {
	return openapi.Prefix + "/" + collection + "/" + strconv.FormatInt(id, 10)
}

// nothing is the answer without a body.
type nothing struct{}

// shown answers with the record, or that the client holds it already.
func shown[T any](ctx context.Context, version int64, body T) (*saved[T], error) {
	if openapi.Fresh(ctx, int(version)) {
		return nil, nil //nolint:nilnil // answered with 304
	}
	return &saved[T]{ETag: openapi.ETag(int(version)), Body: body}, nil
}

func after(p openapi.Paging) (lookup.Cursor, error) { return lookup.ParseCursor(p.Cursor) }

// listed answers with a page of records in the API's words.
func listed[T, U any](ctx context.Context, page lookup.Page[T], write func(T) U) *openapi.Listed[U] {
	items := make([]U, 0, len(page.Items))
	for _, item := range page.Items {
		items = append(items, write(item))
	}
	return openapi.List(ctx, items, page.Next.String())
}

// all answers with a list that is short by nature and has no pages.
type all[T any] struct {
	Body struct {
		Items []T `json:"items" nullable:"false"`
	}
}

func whole[T, U any](list []T, write func(T) U) *all[U] {
	out := &all[U]{}
	out.Body.Items = make([]U, 0, len(list))
	for _, item := range list {
		out.Body.Items = append(out.Body.Items, write(item))
	}
	return out
}

// items is an example of a list without pages.
func items(list ...any) map[string]any { return map[string]any{"items": list} }

// changing are the refusals of an operation that changes a record.
var changing = []int{404, 409, 412, 428}
