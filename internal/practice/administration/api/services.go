package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// Service is what tickets are about.
type Service struct {
	ID              int64     `json:"id" example:"4294967330"`
	Name            string    `json:"name" example:"Payroll"`
	Description     string    `json:"description,omitempty"`
	OwnerID         int64     `json:"owner_id,omitempty" doc:"The person who answers for it."`
	BusinessOwnerID int64     `json:"business_owner_id,omitempty" doc:"The person who pays for it."`
	Criticality     int       `json:"criticality" minimum:"1" maximum:"4" doc:"1 is the highest."`
	MissionCritical bool      `json:"mission_critical" doc:"The business stops without it."`
	Stage           string    `json:"stage" enum:"planned,live,retiring,retired"`
	ProviderID      int64     `json:"provider_id,omitempty" doc:"The organisation that provides it."`
	SupportGroupID  int64     `json:"support_group_id,omitempty" doc:"The group that takes its tickets first."`
	ParentID        int64     `json:"parent_id,omitempty" doc:"The service it is a part of."`
	Source          string    `json:"source,omitempty"`
	SourceRef       string    `json:"source_ref,omitempty"`
	CreatedAt       time.Time `json:"created_at"`
	UpdatedAt       time.Time `json:"updated_at"`
	Version         int64     `json:"version" example:"4"`
}

func serviceOf(s service.Service) Service {
	return Service{
		ID: s.ID, Name: s.Name, Description: s.Description, OwnerID: s.OwnerID, BusinessOwnerID: s.BusinessOwnerID, Criticality: s.Criticality,
		MissionCritical: s.MissionCritical, Stage: string(s.Stage), ProviderID: s.ProviderID, SupportGroupID: s.SupportGroupID, ParentID: s.ParentID,
		Source: s.Source, SourceRef: s.SourceRef, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, Version: s.Version,
	}
}

func exampleService() Service {
	return Service{
		ID: 4294967330, Name: "Payroll", OwnerID: 4294967312, Criticality: 1, MissionCritical: true, Stage: "live", SupportGroupID: 4294967320,
		CreatedAt: exampleTime, UpdatedAt: exampleTime, Version: 4,
	}
}

func (a *api) registerServices(h huma.API) {
	register(h, openapi.Operation{
		ID: "list-services", Method: http.MethodGet, Path: "/services", Tag: tagServices,
		Summary: "List services", Description: "By name.", Answer: openapi.Page[Service]{Items: []Service{exampleService()}},
	}, a.listServices)
	register(h, openapi.Operation{
		ID: "create-service", Method: http.MethodPost, Path: "/services", Tag: tagServices, Status: http.StatusCreated,
		Summary: "Add a service", Description: "Needs the permission to manage services.", Errors: []int{http.StatusConflict},
		Request: map[string]any{"name": "Payroll", "criticality": 1, "stage": "live", "owner_id": 4294967312}, Answer: exampleService(),
	}, a.createService)
	register(h, openapi.Operation{
		ID: "get-service", Method: http.MethodGet, Path: "/services/{id}", Tag: tagServices,
		Summary: "Get a service", Description: "Keep the ETag: changes ask for it in If-Match.",
		Errors: []int{http.StatusNotFound}, Answer: exampleService(),
	}, a.getService)
	register(h, openapi.Operation{
		ID: "edit-service", Method: http.MethodPatch, Path: "/services/{id}", Tag: tagServices,
		Summary: "Change a service", Description: "A JSON merge patch (RFC 7396). Service owners may change their own.",
		Errors: changing, Request: map[string]any{"stage": "retiring", "support_group_id": nil}, Answer: exampleService(),
	}, a.editService)
}

func (a *api) listServices(ctx context.Context, in *struct {
	openapi.Paging
	Q          string `query:"q" maxLength:"200" doc:"Beginnings of words of the name."`
	Stage      string `query:"stage" enum:"planned,live,retiring,retired"`
	InUse      bool   `query:"in_use" doc:"Only those that tickets can be opened about."`
	OwnerID    int64  `query:"owner_id" minimum:"1" doc:"Owned by this person, or paid for."`
	Unowned    bool   `query:"unowned" doc:"Only those, not retired, for which nobody active answers."`
	ProviderID int64  `query:"provider_id" minimum:"1"`
	ParentID   int64  `query:"parent_id" minimum:"1" doc:"Parts of this service."`
},
) (*openapi.Listed[Service], error) {
	cursor, err := after(in.Paging)
	if err != nil {
		return nil, err
	}
	page, err := a.Services.List(ctx, service.Query{
		Text: in.Q, Stage: service.Stage(in.Stage), InUse: in.InUse, Owner: in.OwnerID, Unowned: in.Unowned, Provider: in.ProviderID, Parent: in.ParentID,
		After: cursor, Limit: in.Limit,
	})
	return listed(ctx, page, serviceOf), err
}

// NewService is what a service is made of.
type NewService struct {
	Name            string `json:"name" minLength:"1" maxLength:"200"`
	Description     string `json:"description,omitempty" maxLength:"5000"`
	OwnerID         int64  `json:"owner_id,omitempty" minimum:"1"`
	BusinessOwnerID int64  `json:"business_owner_id,omitempty" minimum:"1"`
	Criticality     int    `json:"criticality,omitempty" minimum:"1" maximum:"4" default:"3"`
	MissionCritical bool   `json:"mission_critical,omitempty"`
	Stage           string `json:"stage,omitempty" enum:"planned,live,retiring,retired" default:"live"`
	ProviderID      int64  `json:"provider_id,omitempty" minimum:"1"`
	SupportGroupID  int64  `json:"support_group_id,omitempty" minimum:"1"`
	ParentID        int64  `json:"parent_id,omitempty" minimum:"1"`
}

func (a *api) createService(ctx context.Context, in *struct {
	openapi.Once
	Body NewService
},
) (*made[Service], error) {
	keyed, replay := idempotent(ctx, in.Once)
	b := in.Body
	s, err := a.Services.Create(keyed, service.Input{
		Name: b.Name, Description: b.Description, OwnerID: b.OwnerID, BusinessOwnerID: b.BusinessOwnerID, Criticality: b.Criticality,
		MissionCritical: b.MissionCritical, Stage: service.Stage(b.Stage), ProviderID: b.ProviderID, SupportGroupID: b.SupportGroupID, ParentID: b.ParentID,
	})
	if err != nil {
		return nil, err
	}
	replay()
	return &made[Service]{Location: location("services", s.ID), ETag: openapi.ETag(int(s.Version)), Body: serviceOf(s)}, nil
}

func (a *api) getService(ctx context.Context, in *struct {
	ByID
	openapi.Held
},
) (*saved[Service], error) {
	s, err := a.Services.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return shown(ctx, s.Version, serviceOf(s))
}

// ServicePatch names what to change.
type ServicePatch struct {
	Name            openapi.Field[string] `json:"name,omitempty" nullable:"false" minLength:"1" maxLength:"200"`
	Description     openapi.Field[string] `json:"description,omitempty" maxLength:"5000"`
	OwnerID         openapi.Field[int64]  `json:"owner_id,omitempty" minimum:"1"`
	BusinessOwnerID openapi.Field[int64]  `json:"business_owner_id,omitempty" minimum:"1"`
	Criticality     openapi.Field[int]    `json:"criticality,omitempty" nullable:"false" minimum:"1" maximum:"4"`
	MissionCritical openapi.Field[bool]   `json:"mission_critical,omitempty" nullable:"false"`
	Stage           openapi.Field[string] `json:"stage,omitempty" nullable:"false" enum:"planned,live,retiring,retired"`
	ProviderID      openapi.Field[int64]  `json:"provider_id,omitempty" minimum:"1"`
	SupportGroupID  openapi.Field[int64]  `json:"support_group_id,omitempty" minimum:"1"`
	ParentID        openapi.Field[int64]  `json:"parent_id,omitempty" minimum:"1"`
}

func (a *api) editService(ctx context.Context, in *struct {
	ByID
	openapi.Changing
	Body ServicePatch `contentType:"application/merge-patch+json"`
},
) (*saved[Service], error) {
	current, err := a.Services.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	version, err := versioned(ctx, in.Changing, current.Version)
	if err != nil {
		return nil, err
	}
	b, input := in.Body, current.Input
	var wrong apperr.Problems
	notNull(&wrong, b.Name.Null, "name")
	notNull(&wrong, b.Criticality.Null, "criticality")
	notNull(&wrong, b.MissionCritical.Null, "mission_critical")
	notNull(&wrong, b.Stage.Null, "stage")
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	stage := string(input.Stage)
	patched(b.Stage, &stage)
	input.Stage = service.Stage(stage)
	patched(b.Name, &input.Name)
	patched(b.Description, &input.Description)
	patched(b.OwnerID, &input.OwnerID)
	patched(b.BusinessOwnerID, &input.BusinessOwnerID)
	patched(b.Criticality, &input.Criticality)
	patched(b.MissionCritical, &input.MissionCritical)
	patched(b.ProviderID, &input.ProviderID)
	patched(b.SupportGroupID, &input.SupportGroupID)
	patched(b.ParentID, &input.ParentID)
	s, err := a.Services.Update(ctx, in.ID, version, input)
	if err != nil {
		return nil, err
	}
	return &saved[Service]{ETag: openapi.ETag(int(s.Version)), Body: serviceOf(s)}, nil
}
