package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// Offering is a level at which a service is offered.
type Offering struct {
	ID          int64     `json:"id" example:"4294967340"`
	ServiceID   int64     `json:"service_id" example:"4294967330"`
	Name        string    `json:"name" example:"Premium"`
	Description string    `json:"description,omitempty"`
	Active      bool      `json:"active" doc:"Customers can be given it."`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Version     int64     `json:"version" example:"1"`
}

func offeringOf(o service.Offering) Offering {
	return Offering{o.ID, o.ServiceID, o.Name, o.Description, o.Active, o.CreatedAt, o.UpdatedAt, o.Version}
}

func exampleOffering() Offering {
	return Offering{ID: 4294967340, ServiceID: 4294967330, Name: "Premium", Active: true, CreatedAt: exampleTime, UpdatedAt: exampleTime, Version: 1}
}

// OfferingUse says who has which offering since when.
type OfferingUse struct {
	ID             int64     `json:"id" example:"4294967350"`
	ServiceID      int64     `json:"service_id" example:"4294967330"`
	OrganisationID int64     `json:"organisation_id,omitempty" doc:"With everything below it; left out for everybody who has none of their own."`
	OfferingID     int64     `json:"offering_id,omitempty" doc:"Left out for none any more."`
	Since          time.Time `json:"since"`
}

func useOf(u service.Use) OfferingUse { return OfferingUse(u) }

func (a *api) registerOfferings(h huma.API) {
	use := OfferingUse{ID: 4294967350, ServiceID: 4294967330, OrganisationID: 4294967301, OfferingID: 4294967340, Since: exampleTime}
	register(h, openapi.Operation{
		ID: "list-offerings", Method: http.MethodGet, Path: "/services/{id}/offerings", Tag: tagServices,
		Summary: "List a service's offerings", Description: "The levels at which it is offered, such as standard and premium.",
		Errors: []int{http.StatusNotFound}, Answer: items(exampleOffering()),
	}, a.listOfferings)
	register(h, openapi.Operation{
		ID: "create-offering", Method: http.MethodPost, Path: "/services/{id}/offerings", Tag: tagServices, Status: http.StatusCreated,
		Summary: "Add an offering", Description: "Agreements can then be for it.", Errors: []int{http.StatusNotFound, http.StatusConflict},
		Request: map[string]any{"name": "Premium"}, Answer: exampleOffering(),
	}, a.createOffering)
	register(h, openapi.Operation{
		ID: "edit-offering", Method: http.MethodPatch, Path: "/services/{id}/offerings/{offering}", Tag: tagServices,
		Summary: "Change an offering", Description: "A JSON merge patch (RFC 7396). One that is no longer offered is made inactive; who has it keeps it.",
		Errors: changing, Request: map[string]any{"active": false}, Answer: exampleOffering(),
	}, a.editOffering)
	register(h, openapi.Operation{
		ID: "list-offering-uses", Method: http.MethodGet, Path: "/services/{id}/offering-uses", Tag: tagServices,
		Summary: "List who has which offering", Description: "With what was before, the newest first, at most 500. For colleagues: it names customers.",
		Errors: []int{http.StatusNotFound}, Answer: items(use),
	}, a.listUses)
	register(h, openapi.Operation{
		ID: "give-offering", Method: http.MethodPost, Path: "/services/{id}/offering-uses", Tag: tagServices,
		Summary:     "Give a customer an offering",
		Description: "From an instant on. What was said of the same customer from the same instant on is replaced. Tickets that came in before stay with what was promised them then.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, Request: map[string]any{"organisation_id": 4294967301, "offering_id": 4294967340}, Answer: use,
	}, a.giveOffering)
	register(h, openapi.Operation{
		ID: "take-back-offering", Method: http.MethodDelete, Path: "/services/{id}/offering-uses/{use}", Tag: tagServices,
		Summary: "Take back what was said of an offering", Description: "As if it had not been said; to end a use, give the customer none from an instant on.",
		Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.takeBackOffering)
}

func (a *api) listOfferings(ctx context.Context, in *ByID) (*all[Offering], error) {
	if _, err := a.Services.Get(ctx, in.ID); err != nil {
		return nil, err
	}
	list, err := a.Services.Offerings(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return whole(list, offeringOf), nil
}

func (a *api) createOffering(ctx context.Context, in *struct {
	ByID
	openapi.Once
	Body struct {
		Name        string `json:"name" minLength:"1" maxLength:"200"`
		Description string `json:"description,omitempty" maxLength:"5000"`
	}
},
) (*made[Offering], error) {
	keyed, replay := idempotent(ctx, in.Once)
	o, err := a.Services.AddOffering(keyed, in.ID, service.OfferingInput{Name: in.Body.Name, Description: in.Body.Description, Active: true})
	if err != nil {
		return nil, err
	}
	replay()
	return &made[Offering]{Location: location("services", in.ID) + "/offerings/" + strconv.FormatInt(o.ID, 10), ETag: openapi.ETag(int(o.Version)), Body: offeringOf(o)}, nil
}

func (a *api) editOffering(ctx context.Context, in *struct {
	ByID
	Offering int64 `path:"offering" minimum:"1" example:"4294967340"`
	openapi.Changing
	Body struct {
		Name        openapi.Field[string] `json:"name,omitempty" nullable:"false" minLength:"1" maxLength:"200"`
		Description openapi.Field[string] `json:"description,omitempty" maxLength:"5000"`
		Active      openapi.Field[bool]   `json:"active,omitempty" nullable:"false"`
	} `contentType:"application/merge-patch+json"`
},
) (*saved[Offering], error) {
	if _, err := a.Services.Get(ctx, in.ID); err != nil {
		return nil, err
	}
	current, err := a.Services.Offering(ctx, in.Offering)
	if err == nil && current.ServiceID != in.ID {
		err = apperr.New(apperr.NotFound, "This service has no such offering.")
	}
	if err != nil {
		return nil, second(err, "offering")
	}
	version, err := versioned(ctx, in.Changing, current.Version)
	if err != nil {
		return nil, err
	}
	b, input := in.Body, current.OfferingInput
	var wrong apperr.Problems
	notNull(&wrong, b.Name.Null, "name")
	notNull(&wrong, b.Active.Null, "active")
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	patched(b.Name, &input.Name)
	patched(b.Description, &input.Description)
	patched(b.Active, &input.Active)
	o, err := a.Services.UpdateOffering(ctx, in.Offering, version, input)
	if err != nil {
		return nil, err
	}
	return &saved[Offering]{ETag: openapi.ETag(int(o.Version)), Body: offeringOf(o)}, nil
}

func (a *api) listUses(ctx context.Context, in *ByID) (*all[OfferingUse], error) {
	if _, err := a.Services.Get(ctx, in.ID); err != nil {
		return nil, err
	}
	list, err := a.Services.Uses(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return whole(list, useOf), nil
}

func (a *api) giveOffering(ctx context.Context, in *struct {
	ByID
	Body struct {
		OrganisationID int64     `json:"organisation_id,omitempty" minimum:"1" doc:"With everything below it; missing is everybody who has none of their own."`
		OfferingID     int64     `json:"offering_id,omitempty" minimum:"1" doc:"Missing is none any more."`
		Since          time.Time `json:"since,omitzero" doc:"Missing is now."`
	}
},
) (*struct{ Body OfferingUse }, error) {
	b := in.Body
	u, err := a.Services.Give(ctx, service.Use{ServiceID: in.ID, OrganisationID: b.OrganisationID, OfferingID: b.OfferingID, Since: b.Since})
	if err != nil {
		return nil, err
	}
	return &struct{ Body OfferingUse }{useOf(u)}, nil
}

func (a *api) takeBackOffering(ctx context.Context, in *struct {
	ByID
	Use int64 `path:"use" minimum:"1" example:"4294967350"`
},
) (*nothing, error) {
	if _, err := a.Services.Get(ctx, in.ID); err != nil {
		return nil, err
	}
	return nil, second(a.Services.TakeBack(ctx, in.ID, in.Use), "use")
}
