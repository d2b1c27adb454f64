package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// HeldRole is a role as somebody holds it.
type HeldRole struct {
	Role             string `json:"role" example:"team_lead"`
	Name             string `json:"name" example:"Team lead"`
	GroupID          int64  `json:"group_id,omitempty" doc:"The group that gives it; missing if it is held directly."`
	GroupName        string `json:"group_name,omitempty"`
	OrganisationID   int64  `json:"organisation_id,omitempty" doc:"What it is bound to; missing for the holder's own organisation."`
	OrganisationName string `json:"organisation_name,omitempty"`
}

func heldRole(a roles.Assignment) HeldRole {
	return HeldRole{
		Role: a.RoleKey, Name: a.RoleName, GroupID: a.GroupID, GroupName: a.GroupName,
		OrganisationID: a.OrganisationID, OrganisationName: a.OrganisationName,
	}
}

// RoleHolder is a person or group that holds a role directly.
type RoleHolder struct {
	ID               int64  `json:"id" example:"4294967312"`
	Name             string `json:"name" example:"Ana Silva"`
	OrganisationName string `json:"organisation_name,omitempty"`
}

func (a *api) registerHolders(h huma.API) {
	held := items(HeldRole{Role: "team_lead", Name: "Team lead", GroupID: 4294967320, GroupName: "Network"})
	granting := []int{http.StatusNotFound, http.StatusConflict}
	register(h, openapi.Operation{
		ID: "list-roles-of-person", Method: http.MethodGet, Path: "/people/{id}/roles", Tag: tagRoles,
		Summary: "List a person's roles", Description: "Directly and through groups. Everybody may ask for their own.", Errors: []int{http.StatusNotFound}, Answer: held,
	}, func(ctx context.Context, in *ByID) (*all[HeldRole], error) {
		if err := a.isPerson(ctx, in.ID); err != nil {
			return nil, err
		}
		list, err := a.Roles.HeldBy(ctx, in.ID)
		return whole(list, heldRole), err
	})
	register(h, openapi.Operation{
		ID: "list-roles-of-group", Method: http.MethodGet, Path: "/groups/{id}/roles", Tag: tagRoles,
		Summary: "List a group's roles", Description: "What every member gets.", Errors: []int{http.StatusNotFound}, Answer: held,
	}, func(ctx context.Context, in *ByID) (*all[HeldRole], error) {
		if err := a.isGroup(ctx, in.ID); err != nil {
			return nil, err
		}
		list, err := a.Roles.GivenBy(ctx, in.ID)
		return whole(list, heldRole), err
	})
	register(h, openapi.Operation{
		ID: "grant-role-to-person", Method: http.MethodPut, Path: "/people/{id}/roles/{role}", Tag: tagRoles, Status: http.StatusNoContent,
		Summary: "Give a person a role", Description: "A role that is held already is fine. Needs the permission to manage roles.", Errors: granting,
	}, a.change(a.isPerson, a.Roles.GrantToPerson))
	register(h, openapi.Operation{
		ID: "revoke-role-from-person", Method: http.MethodDelete, Path: "/people/{id}/roles/{role}", Tag: tagRoles,
		Summary: "Take a role from a person", Description: "A role that is not held is fine. The last one who may manage roles keeps it.", Errors: granting,
	}, a.change(a.isPerson, a.Roles.RevokeFromPerson))
	register(h, openapi.Operation{
		ID: "grant-role-to-group", Method: http.MethodPut, Path: "/groups/{id}/roles/{role}", Tag: tagRoles, Status: http.StatusNoContent,
		Summary: "Give a group's members a role", Description: "A role that is given already is fine. Needs the permission to manage roles.", Errors: granting,
	}, a.change(a.isGroup, a.Roles.GrantToGroup))
	register(h, openapi.Operation{
		ID: "revoke-role-from-group", Method: http.MethodDelete, Path: "/groups/{id}/roles/{role}", Tag: tagRoles,
		Summary: "Take a role from a group's members", Description: "A role that is not given is fine. The last one who may manage roles keeps it.", Errors: granting,
	}, a.change(a.isGroup, a.Roles.RevokeFromGroup))
	example := openapi.Page[RoleHolder]{Items: []RoleHolder{{ID: 4294967312, Name: "Ana Silva"}}}
	register(h, openapi.Operation{
		ID: "list-people-with-role", Method: http.MethodGet, Path: "/roles/{key}/people", Tag: tagRoles,
		Summary: "List who holds a role", Description: "People who hold it directly, by name; those who get it from a group are its members.",
		Errors: []int{http.StatusNotFound}, Answer: example,
	}, a.holders(a.Roles.HoldingPersons))
	register(h, openapi.Operation{
		ID: "list-groups-with-role", Method: http.MethodGet, Path: "/roles/{key}/groups", Tag: tagRoles,
		Summary: "List the groups that give a role", Description: "By name.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, a.holders(a.Roles.HoldingGroups))
}

func (a *api) isPerson(ctx context.Context, id int64) error {
	_, err := a.People.Person(ctx, id)
	return err
}

func (a *api) isGroup(ctx context.Context, id int64) error {
	_, err := a.People.Group(ctx, id)
	return err
}

type holdersInput struct {
	ByKey
	openapi.Paging
}

func holder(h roles.Holder) RoleHolder { return RoleHolder(h) }

// ofRole is the part of an input that says which role of whom.
type ofRole struct {
	ByID
	Role           string `path:"role" maxLength:"40" example:"team_lead"`
	OrganisationID int64  `query:"organisation_id" minimum:"1" doc:"What the role is bound to; without it, the holder's own organisation."`
}

// change makes an operation of a use case that gives or takes a role.
func (a *api) change(exists func(context.Context, int64) error,
	do func(ctx context.Context, id int64, role string, organisation int64) error,
) func(context.Context, *ofRole) (*nothing, error) {
	return func(ctx context.Context, in *ofRole) (*nothing, error) {
		if err := exists(ctx, in.ID); err != nil {
			return nil, err
		}
		if _, err := a.Roles.Get(ctx, in.Role); err != nil {
			return nil, second(err, "role")
		}
		return nil, do(ctx, in.ID, in.Role, in.OrganisationID)
	}
}

// holders makes an operation of a use case that lists who holds a role.
func (a *api) holders(list func(context.Context, string, lookup.Cursor, int) (lookup.Page[roles.Holder], error),
) func(context.Context, *holdersInput) (*openapi.Listed[RoleHolder], error) {
	return func(ctx context.Context, in *holdersInput) (*openapi.Listed[RoleHolder], error) {
		cursor, err := after(in.Paging)
		if err != nil {
			return nil, err
		}
		if _, err := a.Roles.Get(ctx, in.Key); err != nil {
			return nil, err
		}
		page, err := list(ctx, in.Key, cursor, in.Limit)
		return listed(ctx, page, holder), err
	}
}
