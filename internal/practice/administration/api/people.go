package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// Person is somebody in the directory.
type Person struct {
	ID             int64     `json:"id" example:"4294967312"`
	Name           string    `json:"name" example:"Ana Silva"`
	Email          string    `json:"email,omitempty" example:"ana.silva@example.com"`
	Phone          string    `json:"phone,omitempty"`
	JobTitle       string    `json:"job_title,omitempty"`
	OrganisationID int64     `json:"organisation_id,omitempty"`
	Location       string    `json:"location,omitempty"`
	Language       string    `json:"language,omitempty" doc:"As the person chose it: a BCP 47 tag." example:"de"`
	Zone           string    `json:"zone,omitempty" doc:"As the person chose it: an IANA name." example:"Europe/Berlin"`
	VIP            bool      `json:"vip"`
	Active         bool      `json:"active" doc:"Inactive people cannot sign in and cannot be chosen."`
	ServiceAccount bool      `json:"service_account" doc:"A program: it has tokens, but no password."`
	ManagerID      int64     `json:"manager_id,omitempty" doc:"Who is told when something goes up the line."`
	Source         string    `json:"source,omitempty" doc:"The system the person was imported from."`
	SourceRef      string    `json:"source_ref,omitempty" doc:"Their key there."`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
	Version        int64     `json:"version" doc:"Counts saves; the ETag is this number in quotation marks." example:"3"`
}

func personOf(p people.Person) Person {
	return Person{
		ID: p.ID, Name: p.Name, Email: p.Email, Phone: p.Phone, JobTitle: p.JobTitle, OrganisationID: p.OrganisationID, Location: p.Location,
		Language: p.Language, Zone: p.Zone, VIP: p.VIP, Active: p.Active, ServiceAccount: p.ServiceAccount, ManagerID: p.ManagerID,
		Source: p.Source, SourceRef: p.SourceRef, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, Version: p.Version,
	}
}

var exampleTime = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func examplePerson() Person {
	return Person{
		ID: 4294967312, Name: "Ana Silva", Email: "ana.silva@example.com", JobTitle: "Engineer", OrganisationID: 4294967301,
		Zone: "Europe/Lisbon", Active: true, CreatedAt: exampleTime, UpdatedAt: exampleTime, Version: 3,
	}
}

func (a *api) registerMe(h huma.API) {
	register(h, openapi.Operation{
		ID: "get-me", Method: http.MethodGet, Path: "/me", Tag: tagMe,
		Summary:     "Say who is calling",
		Description: "Whom the token or the session belongs to, their roles, and what may be done with it.",
		Answer:      Me{Person: examplePerson(), Roles: []string{"agent"}, Verbs: []string{"view", "create", "comment"}, Groups: []int64{4294967320}},
	}, a.me)
}

// Me is who is calling.
type Me struct {
	Person Person   `json:"person"`
	Roles  []string `json:"roles" nullable:"false" doc:"Keys of the roles held, directly or through groups."`
	Verbs  []string `json:"verbs" nullable:"false" doc:"What may be done with some record, within the scopes of the token."`
	Groups []int64  `json:"groups" nullable:"false"`
}

func (a *api) me(ctx context.Context, _ *struct{}) (*struct{ Body Me }, error) {
	actor := access.From(ctx)
	p, err := a.People.Person(ctx, actor.ID)
	if err != nil {
		return nil, err
	}
	me := Me{Person: personOf(p), Roles: append([]string{}, actor.Roles()...), Verbs: []string{}, Groups: append([]int64{}, actor.Groups()...)}
	for _, info := range a.Roles.Verbs().Verbs() {
		if actor.Can(info.Verb, access.AnyKind) {
			me.Verbs = append(me.Verbs, string(info.Verb))
		}
	}
	return &struct{ Body Me }{me}, nil
}

func (a *api) registerPeople(h huma.API) {
	register(h, openapi.Operation{
		ID: "list-people", Method: http.MethodGet, Path: "/people", Tag: tagPeople,
		Summary: "List people",
		Description: "The people you may look up, by name. Without the permission to look people up that is only yourself. " +
			"`q` finds the beginnings of words of names and e-mail addresses.",
		Answer: openapi.Page[Person]{Items: []Person{examplePerson()}},
	}, a.listPeople)
	register(h, openapi.Operation{
		ID: "create-person", Method: http.MethodPost, Path: "/people", Tag: tagPeople, Status: http.StatusCreated,
		Summary:     "Add a person",
		Description: "Adds a person, or a service account. Needs the permission to manage people in the organisation.",
		Errors:      []int{http.StatusConflict},
		Request:     map[string]any{"name": "Ana Silva", "email": "ana.silva@example.com", "organisation_id": 4294967301},
		Answer:      examplePerson(),
	}, a.createPerson)
	register(h, openapi.Operation{
		ID: "get-person", Method: http.MethodGet, Path: "/people/{id}", Tag: tagPeople,
		Summary: "Get a person", Description: "Keep the ETag: changes ask for it in If-Match.",
		Errors: []int{http.StatusNotFound}, Answer: examplePerson(),
	}, a.getPerson)
	register(h, openapi.Operation{
		ID: "edit-person", Method: http.MethodPatch, Path: "/people/{id}", Tag: tagPeople,
		Summary:     "Change a person",
		Description: "A JSON merge patch (RFC 7396): what is left out stays, null clears. Whoever leaves is made inactive; nobody is deleted.",
		Errors:      changing, Request: map[string]any{"job_title": "Lead engineer", "phone": nil}, Answer: examplePerson(),
	}, a.editPerson)
	register(h, openapi.Operation{
		ID: "list-groups-of-person", Method: http.MethodGet, Path: "/people/{id}/groups", Tag: tagPeople,
		Summary: "List a person's groups", Description: "The groups a person is a member of, by name.",
		Errors: []int{http.StatusNotFound}, Answer: items(MembershipOf{Group: exampleGroup(), Lead: true}),
	}, a.groupsOfPerson)
}

type listPeopleInput struct {
	openapi.Paging
	Q              string `query:"q" maxLength:"200" doc:"Beginnings of words of the name or e-mail address."`
	OrganisationID int64  `query:"organisation_id" minimum:"1" doc:"Of this organisation and all below it."`
	GroupID        int64  `query:"group_id" minimum:"1" doc:"Members of the group."`
	Active         string `query:"active" enum:"true,false,any" default:"true"`
	VIP            bool   `query:"vip" doc:"Only VIPs."`
	ServiceAccount bool   `query:"service_account" doc:"Only service accounts."`
}

func (a *api) listPeople(ctx context.Context, in *listPeopleInput) (*openapi.Listed[Person], error) {
	cursor, err := after(in.Paging)
	if err != nil {
		return nil, err
	}
	page, err := a.People.People(ctx, people.PersonQuery{
		Text: in.Q, Within: in.OrganisationID, Group: in.GroupID, Active: in.Active == "true", Inactive: in.Active == "false",
		VIP: in.VIP, Service: in.ServiceAccount, After: cursor, Limit: in.Limit,
	})
	return listed(ctx, page, personOf), err
}

// NewPerson is what a person is made of.
type NewPerson struct {
	Name           string `json:"name" minLength:"1" maxLength:"200"`
	Email          string `json:"email,omitempty" maxLength:"254"`
	Phone          string `json:"phone,omitempty" maxLength:"60"`
	JobTitle       string `json:"job_title,omitempty" maxLength:"120"`
	OrganisationID int64  `json:"organisation_id,omitempty" minimum:"1"`
	Location       string `json:"location,omitempty" maxLength:"200"`
	VIP            bool   `json:"vip,omitempty"`
	ServiceAccount bool   `json:"service_account,omitempty"`
	ManagerID      int64  `json:"manager_id,omitempty" minimum:"1"`
}

func (a *api) createPerson(ctx context.Context, in *struct {
	openapi.Once
	Body NewPerson
},
) (*made[Person], error) {
	keyed, replay := idempotent(ctx, in.Once)
	b := in.Body
	p, err := a.People.CreatePerson(keyed, people.PersonInput{
		Name: b.Name, Email: b.Email, Phone: b.Phone, JobTitle: b.JobTitle, OrganisationID: b.OrganisationID, Location: b.Location,
		VIP: b.VIP, ServiceAccount: b.ServiceAccount, ManagerID: b.ManagerID, Active: true,
	})
	if err != nil {
		return nil, err
	}
	replay()
	return &made[Person]{Location: location("people", p.ID), ETag: openapi.ETag(int(p.Version)), Body: personOf(p)}, nil
}

func (a *api) getPerson(ctx context.Context, in *struct {
	ByID
	openapi.Held
},
) (*saved[Person], error) {
	p, err := a.People.Person(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return shown(ctx, p.Version, personOf(p))
}

// PersonPatch names what to change.
type PersonPatch struct {
	Name           openapi.Field[string] `json:"name,omitempty" nullable:"false" minLength:"1" maxLength:"200"`
	Email          openapi.Field[string] `json:"email,omitempty" maxLength:"254"`
	Phone          openapi.Field[string] `json:"phone,omitempty" maxLength:"60"`
	JobTitle       openapi.Field[string] `json:"job_title,omitempty" maxLength:"120"`
	OrganisationID openapi.Field[int64]  `json:"organisation_id,omitempty" minimum:"1"`
	Location       openapi.Field[string] `json:"location,omitempty" maxLength:"200"`
	VIP            openapi.Field[bool]   `json:"vip,omitempty" nullable:"false"`
	Active         openapi.Field[bool]   `json:"active,omitempty" nullable:"false"`
	ServiceAccount openapi.Field[bool]   `json:"service_account,omitempty" nullable:"false"`
	ManagerID      openapi.Field[int64]  `json:"manager_id,omitempty" minimum:"1"`
}

func (a *api) editPerson(ctx context.Context, in *struct {
	ByID
	openapi.Changing
	Body PersonPatch `contentType:"application/merge-patch+json"`
},
) (*saved[Person], error) {
	current, err := a.People.Person(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	version, err := versioned(ctx, in.Changing, current.Version)
	if err != nil {
		return nil, err
	}
	b, input := in.Body, current.PersonInput
	var wrong apperr.Problems
	notNull(&wrong, b.Name.Null, "name")
	notNull(&wrong, b.VIP.Null, "vip")
	notNull(&wrong, b.Active.Null, "active")
	notNull(&wrong, b.ServiceAccount.Null, "service_account")
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	patched(b.Name, &input.Name)
	patched(b.Email, &input.Email)
	patched(b.Phone, &input.Phone)
	patched(b.JobTitle, &input.JobTitle)
	patched(b.OrganisationID, &input.OrganisationID)
	patched(b.Location, &input.Location)
	patched(b.VIP, &input.VIP)
	patched(b.Active, &input.Active)
	patched(b.ServiceAccount, &input.ServiceAccount)
	patched(b.ManagerID, &input.ManagerID)
	p, err := a.People.UpdatePerson(ctx, in.ID, version, input)
	if err != nil {
		return nil, err
	}
	return &saved[Person]{ETag: openapi.ETag(int(p.Version)), Body: personOf(p)}, nil
}

// MembershipOf is a group from a member's side.
type MembershipOf struct {
	Group Group `json:"group"`
	Lead  bool  `json:"lead"`
}

func (a *api) groupsOfPerson(ctx context.Context, in *ByID) (*all[MembershipOf], error) {
	list, err := a.People.MembershipsOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return whole(list, func(m people.Membership) MembershipOf { return MembershipOf{groupOf(m.Group), m.Lead} }), nil
}
