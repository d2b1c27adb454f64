package account

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// Preferences are how somebody reads the product; what is empty follows the browser.
type Preferences struct {
	Language string `json:"language" maxLength:"40" doc:"A BCP 47 tag." example:"de"`
	Zone     string `json:"zone" maxLength:"60" doc:"An IANA name." example:"Europe/Berlin"`
	Theme    string `json:"theme" enum:",light,dark" example:"dark"`
	Density  string `json:"density" enum:",compact"`
	Start    string `json:"start" maxLength:"500" doc:"The page one begins with." example:"/queue"`
	KeysOff  bool   `json:"keys_off" doc:"Single letters are no shortcuts."`
}

func preferencesOf(p people.Preferences) Preferences { return Preferences(p) }

// preferencesAnswer is what is in force.
type preferencesAnswer struct{ Body Preferences }

func (p pages) register(h huma.API) {
	example := Preferences{Language: "de", Zone: "Europe/Berlin", Theme: "dark", Start: "/queue"}
	const tag = "Me"
	openapi.Register(h, openapi.Operation{
		ID: "get-preferences", Method: http.MethodGet, Path: "/me/preferences", Tag: tag, Summary: "Get your preferences",
		Description: "Language, time zone, looks, start page and keys, as you chose them.", Answer: example,
	}, p.apiPreferences)
	openapi.Register(h, openapi.Operation{
		ID: "replace-preferences", Method: http.MethodPut, Path: "/me/preferences", Tag: tag, Summary: "Set your preferences",
		Description: "All of them at once: what is empty follows the browser.", Request: example, Answer: example,
	}, p.apiReplacePreferences)
}

func (p pages) apiPreferences(ctx context.Context, _ *struct{}) (*preferencesAnswer, error) {
	me, err := p.myself(ctx)
	return &preferencesAnswer{preferencesOf(me.Preferences)}, err
}

func (p pages) apiReplacePreferences(ctx context.Context, in *struct{ Body Preferences }) (*preferencesAnswer, error) {
	me, err := p.myself(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.checkStart(ctx, in.Body.Start); err != nil {
		return nil, err
	}
	saved, err := p.People.UpdateProfile(ctx, people.Profile{Phone: me.Phone, Location: me.Location, Preferences: people.Preferences(in.Body)})
	return &preferencesAnswer{preferencesOf(saved.Preferences)}, err
}

func (p pages) myself(ctx context.Context) (people.Person, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return people.Person{}, apperr.New(apperr.Unauthenticated, "Send an API token or sign in.")
	}
	return p.People.Person(ctx, actor.ID)
}
