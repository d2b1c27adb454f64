package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// Group is a team that tickets are assigned to.
type Group struct {
	ID             int64     `json:"id" example:"4294967320"`
	Name           string    `json:"name" example:"Network"`
	Tier           int       `json:"tier,omitempty" minimum:"1" maximum:"3" doc:"The support tier, L1 to L3; missing for none."`
	OrganisationID int64     `json:"organisation_id,omitempty" doc:"Where the group is at home: in-house or a supplier."`
	HomeSince      time.Time `json:"home_since,omitzero" doc:"Since when it is at home there; left out for always."`
	Email          string    `json:"email,omitempty"`
	Description    string    `json:"description,omitempty"`
	Active         bool      `json:"active"`
	Source         string    `json:"source,omitempty"`
	SourceRef      string    `json:"source_ref,omitempty"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
	Version        int64     `json:"version" example:"2"`
}

func groupOf(g people.Group) Group {
	return Group{
		ID: g.ID, Name: g.Name, Tier: g.Tier, OrganisationID: g.OrganisationID, HomeSince: g.HomeSince, Email: g.Email, Description: g.Description, Active: g.Active,
		Source: g.Source, SourceRef: g.SourceRef, CreatedAt: g.CreatedAt, UpdatedAt: g.UpdatedAt, Version: g.Version,
	}
}

func exampleGroup() Group {
	return Group{ID: 4294967320, Name: "Network", Tier: 2, OrganisationID: 4294967301, Active: true, CreatedAt: exampleTime, UpdatedAt: exampleTime, Version: 2}
}

func (a *api) registerGroups(h huma.API) {
	register(h, openapi.Operation{
		ID: "list-groups", Method: http.MethodGet, Path: "/groups", Tag: tagGroups,
		Summary: "List groups", Description: "The groups you may see, by name: all for the in-house desk, their own for a supplier's agents.",
		Answer: openapi.Page[Group]{Items: []Group{exampleGroup()}},
	}, a.listGroups)
	register(h, openapi.Operation{
		ID: "create-group", Method: http.MethodPost, Path: "/groups", Tag: tagGroups, Status: http.StatusCreated,
		Summary: "Add a group", Description: "Adds a group without members.", Errors: []int{http.StatusConflict},
		Request: map[string]any{"name": "Network", "tier": 2}, Answer: exampleGroup(),
	}, a.createGroup)
	register(h, openapi.Operation{
		ID: "get-group", Method: http.MethodGet, Path: "/groups/{id}", Tag: tagGroups,
		Summary: "Get a group", Description: "Keep the ETag: changes ask for it in If-Match.",
		Errors: []int{http.StatusNotFound}, Answer: exampleGroup(),
	}, a.getGroup)
	register(h, openapi.Operation{
		ID: "edit-group", Method: http.MethodPatch, Path: "/groups/{id}", Tag: tagGroups,
		Summary: "Change a group", Description: "A JSON merge patch (RFC 7396). A group that is no longer needed is made inactive. A group that gets another home belongs there from now on, and what was measured before stays with the home it had; `home_since` says another instant, or with null that it was always so.",
		Errors: changing, Request: map[string]any{"tier": 3}, Answer: exampleGroup(),
	}, a.editGroup)
	register(h, openapi.Operation{
		ID: "list-members", Method: http.MethodGet, Path: "/groups/{id}/members", Tag: tagGroups,
		Summary: "List a group's members", Description: "Those who lead it first, then by name.",
		Errors: []int{http.StatusNotFound}, Answer: items(GroupMember{PersonID: 4294967312, Name: "Ana Silva", Lead: true, Active: true}),
	}, a.listMembers)
	register(h, openapi.Operation{
		ID: "set-member", Method: http.MethodPut, Path: "/groups/{id}/members/{person}", Tag: tagGroups, Status: http.StatusNoContent,
		Summary:     "Make somebody a member",
		Description: "Makes a person a member, or changes whether they lead the group. Where the group gives roles to its members it needs the permission to manage roles too.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, Request: map[string]any{"lead": true},
	}, a.setMember)
	register(h, openapi.Operation{
		ID: "remove-member", Method: http.MethodDelete, Path: "/groups/{id}/members/{person}", Tag: tagGroups,
		Summary: "Take a member out", Description: "Somebody who is no member is fine.",
		Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.removeMember)
}

func (a *api) listGroups(ctx context.Context, in *struct {
	openapi.Paging
	Q              string `query:"q" maxLength:"200" doc:"Beginnings of words of the name."`
	OrganisationID int64  `query:"organisation_id" minimum:"1" doc:"At home in this organisation or below it."`
	Tier           int    `query:"tier" minimum:"1" maximum:"3"`
	Active         bool   `query:"active" default:"true" doc:"Only active ones."`
},
) (*openapi.Listed[Group], error) {
	cursor, err := after(in.Paging)
	if err != nil {
		return nil, err
	}
	page, err := a.People.Groups(ctx, people.GroupQuery{
		Text: in.Q, Within: in.OrganisationID, Tier: in.Tier, Active: in.Active, After: cursor, Limit: in.Limit,
	})
	return listed(ctx, page, groupOf), err
}

// NewGroup is what a group is made of.
type NewGroup struct {
	Name           string `json:"name" minLength:"1" maxLength:"200"`
	Tier           int    `json:"tier,omitempty" minimum:"1" maximum:"3"`
	OrganisationID int64  `json:"organisation_id,omitempty" minimum:"1"`
	Email          string `json:"email,omitempty" maxLength:"254"`
	Description    string `json:"description,omitempty" maxLength:"2000"`
}

func (a *api) createGroup(ctx context.Context, in *struct {
	openapi.Once
	Body NewGroup
},
) (*made[Group], error) {
	keyed, replay := idempotent(ctx, in.Once)
	b := in.Body
	g, err := a.People.CreateGroup(keyed, people.GroupInput{
		Name: b.Name, Tier: b.Tier, OrganisationID: b.OrganisationID, Email: b.Email, Description: b.Description, Active: true,
	})
	if err != nil {
		return nil, err
	}
	replay()
	return &made[Group]{Location: location("groups", g.ID), ETag: openapi.ETag(int(g.Version)), Body: groupOf(g)}, nil
}

func (a *api) getGroup(ctx context.Context, in *struct {
	ByID
	openapi.Held
},
) (*saved[Group], error) {
	g, err := a.People.Group(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return shown(ctx, g.Version, groupOf(g))
}

// GroupPatch names what to change.
type GroupPatch struct {
	Name           openapi.Field[string]    `json:"name,omitempty" nullable:"false" minLength:"1" maxLength:"200"`
	Tier           openapi.Field[int]       `json:"tier,omitempty" minimum:"1" maximum:"3"`
	OrganisationID openapi.Field[int64]     `json:"organisation_id,omitempty" minimum:"1"`
	HomeSince      openapi.Field[time.Time] `json:"home_since,omitempty" format:"date-time"`
	Email          openapi.Field[string]    `json:"email,omitempty" maxLength:"254"`
	Description    openapi.Field[string]    `json:"description,omitempty" maxLength:"2000"`
	Active         openapi.Field[bool]      `json:"active,omitempty" nullable:"false"`
}

func (a *api) editGroup(ctx context.Context, in *struct {
	ByID
	openapi.Changing
	Body GroupPatch `contentType:"application/merge-patch+json"`
},
) (*saved[Group], error) {
	current, err := a.People.Group(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	version, err := versioned(ctx, in.Changing, current.Version)
	if err != nil {
		return nil, err
	}
	b, input := in.Body, current.GroupInput
	var wrong apperr.Problems
	notNull(&wrong, b.Name.Null, "name")
	notNull(&wrong, b.Active.Null, "active")
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	patched(b.Name, &input.Name)
	patched(b.Tier, &input.Tier)
	patched(b.OrganisationID, &input.OrganisationID)
	patched(b.Email, &input.Email)
	patched(b.Description, &input.Description)
	patched(b.Active, &input.Active)
	if b.HomeSince.Set {
		input.Since = &b.HomeSince.Value
	}
	g, err := a.People.UpdateGroup(ctx, in.ID, version, input)
	if err != nil {
		return nil, err
	}
	return &saved[Group]{ETag: openapi.ETag(int(g.Version)), Body: groupOf(g)}, nil
}

// GroupMember is a person in a group.
type GroupMember struct {
	PersonID int64  `json:"person_id" example:"4294967312"`
	Name     string `json:"name" example:"Ana Silva"`
	Lead     bool   `json:"lead"`
	Active   bool   `json:"active"`
}

func (a *api) listMembers(ctx context.Context, in *ByID) (*all[GroupMember], error) {
	list, err := a.People.Members(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return whole(list, func(m people.Member) GroupMember { return GroupMember(m) }), nil
}

// InGroup is the part of an input that says which member of which group.
type InGroup struct {
	ByID
	Person int64 `path:"person" minimum:"1" example:"4294967312"`
}

func (a *api) setMember(ctx context.Context, in *struct {
	InGroup
	Body struct {
		Lead bool `json:"lead,omitempty"`
	}
},
) (*nothing, error) {
	if err := a.knows(ctx, in.InGroup); err != nil {
		return nil, err
	}
	return nil, a.People.SetMember(ctx, in.ID, in.Person, in.Body.Lead)
}

func (a *api) removeMember(ctx context.Context, in *InGroup) (*nothing, error) {
	if err := a.knows(ctx, *in); err != nil {
		return nil, err
	}
	return nil, a.People.RemoveMember(ctx, in.ID, in.Person)
}

// knows tells a missing group from a missing person.
func (a *api) knows(ctx context.Context, in InGroup) error {
	if _, err := a.People.Group(ctx, in.ID); err != nil {
		return err
	}
	_, err := a.People.Person(ctx, in.Person)
	return second(err, "person")
}
