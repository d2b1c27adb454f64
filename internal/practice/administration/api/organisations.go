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

// Organisation is a company or a part of one.
type Organisation struct {
	ID          int64     `json:"id" example:"4294967301"`
	Kind        string    `json:"kind" enum:"own,unit,customer,supplier"`
	Name        string    `json:"name" example:"Harbour Group"`
	ParentID    int64     `json:"parent_id,omitempty"`
	Description string    `json:"description,omitempty"`
	Active      bool      `json:"active"`
	Source      string    `json:"source,omitempty"`
	SourceRef   string    `json:"source_ref,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Version     int64     `json:"version" example:"1"`
}

func organisationOf(o people.Organisation) Organisation {
	return Organisation{
		ID: o.ID, Kind: string(o.Kind), Name: o.Name, ParentID: o.ParentID, Description: o.Description, Active: o.Active,
		Source: o.Source, SourceRef: o.SourceRef, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt, Version: o.Version,
	}
}

func exampleOrganisation() Organisation {
	return Organisation{ID: 4294967301, Kind: "own", Name: "Harbour Group", Active: true, CreatedAt: exampleTime, UpdatedAt: exampleTime, Version: 1}
}

func (a *api) registerOrganisations(h huma.API) {
	register(h, openapi.Operation{
		ID: "list-organisations", Method: http.MethodGet, Path: "/organisations", Tag: tagOrganisations,
		Summary: "List organisations", Description: "The organisations you may see, by name. Without the permission to look people up that is only your own.",
		Answer: openapi.Page[Organisation]{Items: []Organisation{exampleOrganisation()}},
	}, a.listOrganisations)
	register(h, openapi.Operation{
		ID: "create-organisation", Method: http.MethodPost, Path: "/organisations", Tag: tagOrganisations, Status: http.StatusCreated,
		Summary: "Add an organisation", Description: "Adds an organisation at the top or below another one. A unit needs a parent.", Errors: []int{http.StatusConflict},
		Request: map[string]any{"kind": "customer", "name": "Riverside Clinic"}, Answer: exampleOrganisation(),
	}, a.createOrganisation)
	register(h, openapi.Operation{
		ID: "get-organisation", Method: http.MethodGet, Path: "/organisations/{id}", Tag: tagOrganisations,
		Summary: "Get an organisation", Description: "Keep the ETag: changes ask for it in If-Match.",
		Errors: []int{http.StatusNotFound}, Answer: exampleOrganisation(),
	}, a.getOrganisation)
	register(h, openapi.Operation{
		ID: "edit-organisation", Method: http.MethodPatch, Path: "/organisations/{id}", Tag: tagOrganisations,
		Summary: "Change an organisation", Description: "A JSON merge patch (RFC 7396). Another `parent_id` moves it with everything below it.",
		Errors: changing, Request: map[string]any{"name": "Harbour Holding"}, Answer: exampleOrganisation(),
	}, a.editOrganisation)
}

func (a *api) listOrganisations(ctx context.Context, in *struct {
	openapi.Paging
	Q        string `query:"q" maxLength:"200" doc:"Beginnings of words of the name."`
	Kind     string `query:"kind" enum:"own,unit,customer,supplier"`
	Within   int64  `query:"within" minimum:"1" doc:"This organisation and all below it."`
	ParentID int64  `query:"parent_id" minimum:"1" doc:"Directly below this one."`
	Top      bool   `query:"top" doc:"Only those with nothing above them."`
	Active   bool   `query:"active" default:"true" doc:"Only active ones."`
},
) (*openapi.Listed[Organisation], error) {
	cursor, err := after(in.Paging)
	if err != nil {
		return nil, err
	}
	q := people.OrganisationQuery{
		Text: in.Q, Kind: people.OrganisationKind(in.Kind), Within: in.Within, Active: in.Active, After: cursor, Limit: in.Limit,
	}
	if in.ParentID != 0 || in.Top {
		q.Within, q.Children = in.ParentID, true
	}
	page, err := a.People.Organisations(ctx, q)
	return listed(ctx, page, organisationOf), err
}

// NewOrganisation is what an organisation is made of.
type NewOrganisation struct {
	Kind        string `json:"kind" enum:"own,unit,customer,supplier"`
	Name        string `json:"name" minLength:"1" maxLength:"200"`
	ParentID    int64  `json:"parent_id,omitempty" minimum:"1"`
	Description string `json:"description,omitempty" maxLength:"2000"`
}

func (a *api) createOrganisation(ctx context.Context, in *struct {
	openapi.Once
	Body NewOrganisation
},
) (*made[Organisation], error) {
	keyed, replay := idempotent(ctx, in.Once)
	b := in.Body
	o, err := a.People.CreateOrganisation(keyed, people.OrganisationInput{
		Kind: people.OrganisationKind(b.Kind), Name: b.Name, ParentID: b.ParentID, Description: b.Description, Active: true,
	})
	if err != nil {
		return nil, err
	}
	replay()
	return &made[Organisation]{Location: location("organisations", o.ID), ETag: openapi.ETag(int(o.Version)), Body: organisationOf(o)}, nil
}

func (a *api) getOrganisation(ctx context.Context, in *struct {
	ByID
	openapi.Held
},
) (*saved[Organisation], error) {
	o, err := a.People.Organisation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return shown(ctx, o.Version, organisationOf(o))
}

// OrganisationPatch names what to change.
type OrganisationPatch struct {
	Kind        openapi.Field[string] `json:"kind,omitempty" nullable:"false" enum:"own,unit,customer,supplier"`
	Name        openapi.Field[string] `json:"name,omitempty" nullable:"false" minLength:"1" maxLength:"200"`
	ParentID    openapi.Field[int64]  `json:"parent_id,omitempty" minimum:"1"`
	Description openapi.Field[string] `json:"description,omitempty" maxLength:"2000"`
	Active      openapi.Field[bool]   `json:"active,omitempty" nullable:"false"`
}

func (a *api) editOrganisation(ctx context.Context, in *struct {
	ByID
	openapi.Changing
	Body OrganisationPatch `contentType:"application/merge-patch+json"`
},
) (*saved[Organisation], error) {
	current, err := a.People.Organisation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	version, err := versioned(ctx, in.Changing, current.Version)
	if err != nil {
		return nil, err
	}
	b, input := in.Body, current.OrganisationInput
	var wrong apperr.Problems
	notNull(&wrong, b.Kind.Null, "kind")
	notNull(&wrong, b.Name.Null, "name")
	notNull(&wrong, b.Active.Null, "active")
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	kind := string(input.Kind)
	patched(b.Kind, &kind)
	input.Kind = people.OrganisationKind(kind)
	patched(b.Name, &input.Name)
	patched(b.ParentID, &input.ParentID)
	patched(b.Description, &input.Description)
	patched(b.Active, &input.Active)
	o, err := a.People.UpdateOrganisation(ctx, in.ID, version, input)
	if err != nil {
		return nil, err
	}
	return &saved[Organisation]{ETag: openapi.ETag(int(o.Version)), Body: organisationOf(o)}, nil
}
