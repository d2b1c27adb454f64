package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// Permission allows one verb on one kind of ticket within a scope.
type Permission struct {
	Verb  string `json:"verb" doc:"One of GET /verbs." example:"view"`
	Kind  string `json:"kind" required:"false" default:"*" doc:"The key of a kind of tickets, or * for any." example:"*"`
	Scope string `json:"scope" enum:"all,own,group,organisation,service,supplier"`
}

// Role is a named list of permissions.
type Role struct {
	Key         string       `json:"key" example:"team_lead"`
	Name        string       `json:"name" example:"Team lead"`
	Description string       `json:"description,omitempty"`
	BuiltIn     bool         `json:"built_in" doc:"Shipped with Steward: it can be copied, not changed."`
	Permissions []Permission `json:"permissions" nullable:"false"`
	Version     int64        `json:"version,omitempty" doc:"Of a role that can be changed." example:"2"`
}

func roleOf(r access.Role) Role {
	out := Role{Key: r.Key, Name: r.Name, Description: r.Description, BuiltIn: r.BuiltIn, Permissions: []Permission{}, Version: r.Version}
	for _, p := range r.Permissions {
		out.Permissions = append(out.Permissions, Permission{string(p.Verb), p.Kind, string(p.Scope)})
	}
	return out
}

func exampleRole() Role {
	return Role{Key: "reader", Name: "Reader", Permissions: []Permission{{"view", "incident", "group"}}, Version: 2}
}

func (a *api) registerRoles(h huma.API) {
	register(h, openapi.Operation{
		ID: "list-verbs", Method: http.MethodGet, Path: "/verbs", Tag: tagRoles,
		Summary: "List what can be allowed", Description: "The verbs that roles and tokens are made of, with the scopes that fit them.",
		Answer: items(Verb{Verb: "view", Label: "See", Tickets: true, Scopes: []string{"all", "own"}}),
	}, a.listVerbs)
	register(h, openapi.Operation{
		ID: "list-roles", Method: http.MethodGet, Path: "/roles", Tag: tagRoles,
		Summary: "List roles", Description: "The built-in roles, then the installation's own.", Answer: items(exampleRole()),
	}, a.listRoles)
	register(h, openapi.Operation{
		ID: "create-role", Method: http.MethodPost, Path: "/roles", Tag: tagRoles, Status: http.StatusCreated,
		Summary: "Add a role", Description: "Needs the permission to manage roles.", Errors: []int{http.StatusConflict},
		Request: exampleRoleInput(), Answer: exampleRole(),
	}, a.createRole)
	register(h, openapi.Operation{
		ID: "get-role", Method: http.MethodGet, Path: "/roles/{key}", Tag: tagRoles,
		Summary: "Get a role", Description: "Keep the ETag: changes ask for it in If-Match.", Errors: []int{http.StatusNotFound}, Answer: exampleRole(),
	}, a.getRole)
	register(h, openapi.Operation{
		ID: "replace-role", Method: http.MethodPut, Path: "/roles/{key}", Tag: tagRoles,
		Summary: "Replace a role", Description: "Takes the whole role. Whoever holds it has the new permissions at once. Built-in roles are refused.",
		Errors: changing, Request: exampleRoleInput(), Answer: exampleRole(),
	}, a.replaceRole)
	register(h, openapi.Operation{
		ID: "delete-role", Method: http.MethodDelete, Path: "/roles/{key}", Tag: tagRoles,
		Summary: "Delete a role", Description: "Only a role that nobody holds.", Errors: changing,
	}, a.deleteRole)
}

func exampleRoleInput() map[string]any {
	return map[string]any{"key": "reader", "name": "Reader", "permissions": []any{map[string]any{"verb": "view", "kind": "incident", "scope": "group"}}}
}

// Verb is something that can be allowed.
type Verb struct {
	Verb    string   `json:"verb" example:"view"`
	Label   string   `json:"label" example:"See"`
	Tickets bool     `json:"tickets" doc:"Done to tickets, thus with a kind; otherwise to the product itself."`
	Scopes  []string `json:"scopes" nullable:"false"`
}

func (a *api) listVerbs(context.Context, *struct{}) (*all[Verb], error) {
	return whole(a.Roles.Verbs().Verbs(), func(info access.VerbInfo) Verb {
		v := Verb{Verb: string(info.Verb), Label: info.Label, Tickets: info.Tickets, Scopes: []string{}}
		for _, s := range info.Scopes {
			v.Scopes = append(v.Scopes, string(s))
		}
		return v
	}), nil
}

func (a *api) listRoles(ctx context.Context, _ *struct{}) (*all[Role], error) {
	list, err := a.Roles.All(ctx)
	if err != nil {
		return nil, err
	}
	return whole(list, roleOf), nil
}

// RoleInput is what a role is made of.
type RoleInput struct {
	Key         string       `json:"key,omitempty" maxLength:"40" doc:"Needed for a new role; a role keeps its key." example:"reader"`
	Name        string       `json:"name" minLength:"1" maxLength:"80"`
	Description string       `json:"description,omitempty" maxLength:"500"`
	Permissions []Permission `json:"permissions" nullable:"false" maxItems:"500"`
}

func (in RoleInput) role() access.Role {
	r := access.Role{Key: in.Key, Name: in.Name, Description: in.Description, Permissions: []access.Permission{}}
	for _, p := range in.Permissions {
		if p.Kind == "" {
			p.Kind = access.AnyKind
		}
		r.Permissions = append(r.Permissions, access.Permission{Verb: access.Verb(p.Verb), Kind: p.Kind, Scope: access.Scope(p.Scope)})
	}
	return r
}

func (a *api) createRole(ctx context.Context, in *struct {
	openapi.Once
	Body RoleInput
},
) (*made[Role], error) {
	keyed, replay := idempotent(ctx, in.Once)
	r, err := a.Roles.Create(keyed, in.Body.role())
	if err != nil {
		return nil, err
	}
	replay()
	return &made[Role]{Location: openapi.Prefix + "/roles/" + r.Key, ETag: openapi.ETag(int(r.Version)), Body: roleOf(r)}, nil
}

// ByKey is the part of an input that says which role.
type ByKey struct {
	Key string `path:"key" maxLength:"40" example:"team_lead"`
}

func (a *api) getRole(ctx context.Context, in *struct {
	ByKey
	openapi.Held
},
) (*saved[Role], error) {
	r, err := a.Roles.Get(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	return shown(ctx, r.Version, roleOf(r))
}

func (a *api) replaceRole(ctx context.Context, in *struct {
	ByKey
	openapi.Changing
	Body RoleInput
},
) (*saved[Role], error) {
	current, err := a.Roles.Get(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	version, err := versioned(ctx, in.Changing, current.Version)
	if err != nil {
		return nil, err
	}
	if in.Body.Key != "" && in.Body.Key != in.Key {
		return nil, apperr.InvalidField("key", "A role keeps its key.")
	}
	role := in.Body.role()
	role.Key, role.Version = in.Key, version
	r, err := a.Roles.Update(ctx, role)
	if err != nil {
		return nil, err
	}
	return &saved[Role]{ETag: openapi.ETag(int(r.Version)), Body: roleOf(r)}, nil
}

func (a *api) deleteRole(ctx context.Context, in *struct {
	ByKey
	openapi.Changing
},
) (*nothing, error) {
	current, err := a.Roles.Get(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	version, err := versioned(ctx, in.Changing, current.Version)
	if err != nil {
		return nil, err
	}
	return nil, a.Roles.Delete(ctx, in.Key, version)
}
