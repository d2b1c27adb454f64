package account

import (
	"context"
	"net/http"
	"slices"

	"golang.org/x/text/language"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/account/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

type profileForm struct {
	Phone    string `form:"phone,line"`
	Location string `form:"location,line"`
	Language string `form:"language,line"`
	Zone     string `form:"zone,line"`
	Theme    string `form:"theme,line"`
	Density  string `form:"density,line"`
	Start    string `form:"start,line"`
	Keys     bool   `form:"keys"`
}

func (f profileForm) input() people.Profile {
	return people.Profile{Phone: f.Phone, Location: f.Location, Preferences: people.Preferences{
		Language: f.Language, Zone: f.Zone, Theme: f.Theme, Density: f.Density,
		Start: f.Start, KeysOff: !f.Keys,
	}}
}

func (p pages) profile(w http.ResponseWriter, r *http.Request) error {
	person, err := p.People.Person(r.Context(), access.From(r.Context()).ID)
	if err != nil {
		return err
	}
	return p.showProfile(w, r, person, profileForm{
		Phone: person.Phone, Location: person.Location, Language: person.Language, Zone: person.Zone, Theme: person.Theme, Density: person.Density,
		Start: person.Start, Keys: !person.KeysOff,
	}, nil)
}

func (p pages) saveProfile(w http.ResponseWriter, r *http.Request) error {
	var f profileForm
	err := web.Form(r, &f, nil)
	if err == nil {
		err = p.checkStart(r.Context(), f.Start)
	}
	if err == nil {
		_, err = p.People.UpdateProfile(r.Context(), f.input())
	}
	if _, inForm := wrong(r.Context(), err); inForm {
		person, readErr := p.People.Person(r.Context(), access.From(r.Context()).ID)
		if readErr != nil {
			return readErr
		}
		return p.showProfile(w, r, person, f, err)
	}
	if err != nil {
		return err
	}
	p.keepLooks(w, f.Theme, f.Density)
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "Your profile is saved.")}, p.HTTPS)
	return web.Redirect(w, r, "/profile")
}

func (p pages) showProfile(w http.ResponseWriter, r *http.Request, person people.Person, f profileForm, failed error) error {
	ctx := r.Context()
	organisation, err := p.organisation(ctx, person.OrganisationID)
	if err != nil {
		return err
	}
	held, err := p.Roles.HeldBy(ctx, person.ID)
	if err != nil {
		return err
	}
	managers, err := p.People.PersonNames(ctx, p.DB.Reader(), []int64{person.ManagerID})
	if err != nil {
		return err
	}
	m := view.Profile{
		Manager: managers[person.ManagerID].Name, Name: person.Name, Email: person.Email, JobTitle: person.JobTitle, Organisation: organisation,
		Phone: f.Phone, Location: f.Location, Language: f.Language, Zone: f.Zone, Theme: f.Theme, Density: f.Density,
		Languages: languages(), Zones: zones,
		Start: f.Start, Starts: p.starts(ctx), Keys: f.Keys,
	}
	if person.Zone == "" { // otherwise the reader's zone is the chosen one
		m.BrowserZone = text.From(ctx).Location.String()
	}
	for _, a := range held {
		m.Roles = append(m.Roles, view.Role{Name: text.Label(ctx, "role", a.RoleName), Group: a.GroupName, Organisation: a.OrganisationName})
	}
	m.Errors, _ = wrong(ctx, failed)
	return p.page(w, r, text.T(ctx, "My profile"), statusOf(failed), m.View())
}

// starts are the pages the reader can begin with.
func (p pages) starts(ctx context.Context) []view.Option {
	if p.Places == nil {
		return nil
	}
	var out []view.Option
	for _, item := range p.Places(ctx) {
		out = append(out, view.Option{Value: item.URL, Label: text.T(ctx, item.Label)})
	}
	return out
}

// checkStart refuses a page that is not among those on offer.
func (p pages) checkStart(ctx context.Context, start string) error {
	if start == "" || slices.ContainsFunc(p.starts(ctx), func(o view.Option) bool { return o.Value == start }) {
		return nil
	}
	return apperr.InvalidField("start", "Choose one of the pages.")
}

func languages() []view.Option {
	var all []view.Option
	for _, l := range text.Languages() {
		all = append(all, view.Option{Value: l.Tag.String(), Label: l.Name})
	}
	return all
}

// preferences takes one choice of the user menu. It works before signing in,
// too: the browser then keeps it.
func (p pages) preferences(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Theme    *string `form:"theme,line"`
		Density  *string `form:"density,line"`
		Language *string `form:"language,line"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	ctx := r.Context()
	if actor := access.From(ctx); actor.IsPerson() {
		person, err := p.People.Person(ctx, actor.ID)
		if err != nil {
			return err
		}
		in := people.Profile{Phone: person.Phone, Location: person.Location, Preferences: person.Preferences}
		choose(&in.Theme, f.Theme, "light", "dark")
		choose(&in.Density, f.Density, "compact")
		if f.Language != nil {
			if _, err := language.Parse(*f.Language); err == nil {
				in.Language = *f.Language
			}
		}
		if in.Preferences != person.Preferences {
			if _, err := p.People.UpdateProfile(ctx, in); err != nil {
				return err
			}
		}
	}
	var theme, density string
	if choose(&theme, f.Theme, "light", "dark") {
		p.keep(w, "theme", theme)
	}
	if choose(&density, f.Density, "compact") {
		p.keep(w, "density", density)
	}
	return web.Redirect(w, r, back(r))
}

// choose sets a preference if the form has it; a value that is none of the
// choices ("auto", "comfortable") is no preference.
func choose(to *string, from *string, choices ...string) bool {
	if from == nil {
		return false
	}
	*to = ""
	for _, c := range choices {
		if *from == c {
			*to = c
		}
	}
	return true
}

// keepLooks lets the sign-in page look as the person likes it.
func (p pages) keepLooks(w http.ResponseWriter, theme, density string) {
	p.keep(w, "theme", theme)
	p.keep(w, "density", density)
}

func (p pages) keep(w http.ResponseWriter, name, value string) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, Secure: p.HTTPS, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// back is the page the browser was on, if it was one of ours.
func back(r *http.Request) string {
	referer := r.Header.Get("Referer")
	for _, scheme := range []string{"http://", "https://"} {
		if rest, ok := cutPrefix(referer, scheme+r.Host); ok {
			return web.LocalPath(rest, "/")
		}
	}
	return "/"
}

func cutPrefix(s, prefix string) (string, bool) {
	if len(s) > len(prefix) && s[:len(prefix)] == prefix && s[len(prefix)] == '/' {
		return s[len(prefix):], true
	}
	return "", false
}
