package account

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// Deps are what the pages lean on.
type Deps struct {
	DB       *database.DB
	Identity *identity.Service
	People   *people.Service
	Roles    *roles.Store
	Kinds    *workflow.Registry
	Frame    module.Frame
	Now      func() time.Time
	// Places lists the pages that whoever reads finds in the menus, for choosing
	// the one to begin with; nil offers no choice.
	Places func(ctx context.Context) []module.MenuItem
	// Start gives the page a person begins with; nil is the first page for everybody.
	Start func(ctx context.Context, person int64) string
	// Zone hears at the first run where the organisation is, as the browser says; nil does not ask.
	Zone  func(ctx context.Context, zone string) error
	HTTPS bool // people reach the product over https
}

type pages struct{ Deps }

// New gives what plugs into the running system.
func New(d Deps) module.Module {
	p := pages{d}
	return module.Module{Name: "account", Routes: p.routes, Open: true, API: p.register}
}

// routes are open: signing in is for whoever is not signed in. The rest asks by
// itself.
func (p pages) routes(mux *web.Mux) {
	mux.Handle("GET "+identity.SignInPath, p.signInForm)
	mux.Handle("POST "+identity.SignInPath, p.signIn)
	mux.Handle("POST "+identity.SignOutPath, p.signOut)
	mux.Handle("GET "+identity.SetupPath, p.setupForm)
	mux.Handle("POST "+identity.SetupPath, p.setup)
	mux.Handle("POST /preferences", p.preferences)

	own := mux.With(web.Use(p.Identity.Require))
	own.Handle("GET /profile", p.profile)
	own.Handle("POST /profile", p.saveProfile)
	own.Handle("GET "+identity.PasswordPath, p.passwordForm)
	own.Handle("POST "+identity.PasswordPath, p.changePassword)
	own.Handle("GET /profile/security", p.security)
	own.Handle("POST /profile/sessions/{id}/end", p.endSession)
	own.Handle("POST /profile/sessions/end", p.endSessions)
	own.Handle("GET /profile/tokens", p.tokens)
	own.Handle("POST /profile/tokens", p.createToken)
	own.Handle("GET /people/{id}/tokens", p.tokens)
	own.Handle("POST /people/{id}/tokens", p.createToken)
	own.Handle("POST /tokens/{id}/revoke", p.revokeToken)
}

// problems gives the message of each wrong field of a form.
type problems map[string]string

// wrong tells what belongs beside the fields of a form from what does not.
func wrong(ctx context.Context, err error) (bad problems, inForm bool) {
	bad = problems{}
	for _, f := range apperr.FieldsOf(err) {
		bad[f.Name] = f.Message.In(ctx)
	}
	return bad, apperr.Is(err, apperr.Invalid)
}

func statusOf(err error) int {
	switch apperr.KindOf(err) {
	case "":
		return http.StatusOK
	case apperr.TooMany:
		return http.StatusTooManyRequests
	case apperr.Unauthenticated, apperr.Invalid:
		return http.StatusUnprocessableEntity
	}
	return http.StatusConflict
}

func pathID(r *http.Request) (int64, error) {
	n, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || n <= 0 {
		return 0, apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	return n, nil
}

// page puts a body of these pages into the product's layout.
func (p pages) page(w http.ResponseWriter, r *http.Request, title string, status int, body web.Component) error {
	return p.Frame.Page(w, r, module.Page{Title: title, Status: status}, body)
}

// private keeps an answer that holds a secret, or who is signed in, out of
// every cache and out of the browser's history.
func private(w http.ResponseWriter) { w.Header().Set("Cache-Control", "no-store") }

func (p pages) organisation(ctx context.Context, id int64) (string, error) {
	names, err := p.People.OrganisationNames(ctx, p.DB.Reader(), []int64{id})
	return names[id], err
}
