package account

import (
	"net/http"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/account/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p pages) signInForm(w http.ResponseWriter, r *http.Request) error {
	next := web.LocalPath(r.FormValue("next"), "/")
	if access.From(r.Context()).IsPerson() {
		return web.Redirect(w, r, next)
	}
	needed, err := p.Identity.NeedsSetup(r.Context())
	if err != nil {
		return err
	}
	if needed {
		return web.Redirect(w, r, identity.SetupPath)
	}
	private(w)
	return web.Render(w, r, http.StatusOK, view.SignIn{Next: next}.View())
}

func (p pages) signIn(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Email    string `form:"email,line"`
		Password string `form:"password,raw"`
		Next     string `form:"next"`
	}
	err := web.Form(r, &f, nil)
	next := web.LocalPath(f.Next, "/")
	var opened identity.Opened
	if err == nil {
		opened, err = p.Identity.SignIn(r.Context(), f.Email, f.Password, p.Identity.OriginOf(r))
	}
	if apperr.Is(err, apperr.Unauthenticated) || apperr.Is(err, apperr.TooMany) || apperr.Is(err, apperr.Invalid) {
		private(w)
		return web.Render(w, r, statusOf(err), view.SignIn{Email: f.Email, Next: next, Error: apperr.Message(err).In(r.Context())}.View())
	}
	if err != nil {
		return err
	}
	if old := p.Identity.TokenOf(r); old != "" { // signing in again leaves no second session behind
		if err := p.Identity.SignOut(r.Context(), old); err != nil {
			return err
		}
	}
	p.Identity.SetCookies(w, opened)
	switch {
	case opened.MustChange:
		next = identity.PasswordPath
	case next == "/" && p.Start != nil:
		next = web.LocalPath(p.Start(r.Context(), opened.PersonID), "/")
	}
	return web.Redirect(w, r, next)
}

func (p pages) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := p.Identity.SignOut(r.Context(), p.Identity.TokenOf(r)); err != nil {
		return err
	}
	p.Identity.ClearCookies(w)
	// What the browser kept of pages must not come back with its back button.
	w.Header().Set("Clear-Site-Data", `"cache"`)
	return web.Redirect(w, r, identity.SignInPath)
}

func (p pages) setupForm(w http.ResponseWriter, r *http.Request) error {
	return p.showSetup(w, r, view.Setup{}, nil)
}

func (p pages) setup(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Code         string `form:"code,line"`
		Organisation string `form:"organisation,line"`
		Name         string `form:"name,line"`
		Email        string `form:"email,line"`
		Password     string `form:"password,raw"`
	}
	err := web.Form(r, &f, nil)
	var opened identity.Opened
	if err == nil {
		opened, err = p.Identity.CompleteSetup(r.Context(), identity.FirstRun{
			Code: f.Code, Organisation: f.Organisation, Name: f.Name, Email: f.Email, Password: f.Password,
		}, p.Identity.OriginOf(r))
	}
	if apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.TooMany) {
		return p.showSetup(w, r, view.Setup{Code: f.Code, Organisation: f.Organisation, Name: f.Name, Email: f.Email}, err)
	}
	if apperr.Is(err, apperr.Conflict) {
		return web.Redirect(w, r, identity.SignInPath)
	}
	if err != nil {
		return err
	}
	p.Identity.SetCookies(w, opened)
	if p.Zone != nil {
		if err := p.Zone(access.With(r.Context(), access.System()), text.From(r.Context()).Location.String()); err != nil {
			return err
		}
	}
	return web.Redirect(w, r, "/")
}

func (p pages) showSetup(w http.ResponseWriter, r *http.Request, m view.Setup, failed error) error {
	needed, err := p.Identity.NeedsSetup(r.Context())
	if err != nil {
		return err
	}
	if !needed {
		return web.Redirect(w, r, identity.SignInPath)
	}
	m.Errors, _ = wrong(r.Context(), failed)
	if failed != nil && len(m.Errors) == 0 {
		m.Error = apperr.Message(failed).In(r.Context())
	}
	private(w)
	return web.Render(w, r, statusOf(failed), m.View())
}
