package administration

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// TicketLine is a ticket on somebody's history page.
type TicketLine struct {
	Number, Title, State, Category string
	UpdatedAt                      time.Time
}

// SignIn is one attempt to sign in.
type SignIn struct {
	At      time.Time
	Success bool
	Address string
	Device  string
}

// History tells what happened around a person elsewhere in the product.
type History interface {
	TicketsOf(ctx context.Context, person int64, limit int) ([]TicketLine, error)
	SignInsOf(ctx context.Context, person int64, limit int) ([]SignIn, error)
	// ResetPassword gives a password that the person must change when they sign in with it.
	ResetPassword(ctx context.Context, person int64) (string, error)
}

// Deps are what administration leans on.
type Deps struct {
	DB       *database.DB
	People   *people.Service
	Services *service.Store
	Roles    *roles.Store
	Audit    *audit.Log
	Kinds    *workflow.Registry
	Jobs     *jobs.Queue
	History  History
	Guards   func(to workflow.Category) []string // what practices ask before steps to a category; nil asks nothing
	Frame    module.Frame
	Now      func() time.Time
}

type pages struct{ Deps }

// New gives what plugs into the running system.
func New(d Deps) module.Module {
	p := pages{d}
	can := func(verbs ...access.Verb) func(access.Actor) bool {
		return func(a access.Actor) bool {
			for _, v := range verbs {
				if a.Can(v, access.AnyKind) {
					return true
				}
			}
			return false
		}
	}
	section := text.Key("Administration")
	return module.Module{
		Name:   "administration",
		Routes: p.routes,
		Menu: []module.MenuItem{
			{Section: section, Label: text.Key("People"), URL: "/people", Icon: "users", ID: "people", Key: "g p", Visible: can(access.ViewPeople, access.ManagePeople)},
			{Section: section, Label: text.Key("Groups"), URL: "/groups", Icon: "users-group", ID: "groups", Visible: can(access.ViewPeople, access.ManagePeople)},
			{Section: section, Label: text.Key("Organisations"), URL: "/organisations", Icon: "sitemap", ID: "organisations", Visible: can(access.ViewPeople, access.ManagePeople)},
			{Section: section, Label: text.Key("Services"), URL: "/services", Icon: "stack-2", ID: "services", Key: "g s", Visible: can(access.ViewPeople, access.ManageServices)},
			{Section: section, Label: text.Key("Roles"), URL: "/roles", Icon: "shield-check", ID: "roles", Visible: can(access.ManageRoles, access.ViewAudit)},
			{Section: section, Label: text.Key("Ticket kinds"), URL: "/kinds", Icon: "template", ID: "kinds", Visible: can(access.ManageSettings)},
			{Section: section, Label: text.Key("Background jobs"), URL: "/jobs", Icon: "server", ID: "jobs", Visible: can(access.ManageJobs)},
			{Section: section, Label: text.Key("Audit log"), URL: "/audit", Icon: "history", ID: "audit", Visible: can(access.ViewAudit)},
		},
	}
}

func (p pages) routes(mux *web.Mux) {
	for _, e := range []struct {
		name                   string
		manage                 access.Verb
		list, show, edit, save web.HandlerFunc
	}{
		{"people", access.ManagePeople, p.listPeople, p.showPerson, p.editPerson, p.savePerson},
		{"groups", access.ManagePeople, p.listGroups, p.showGroup, p.editGroup, p.saveGroup},
		{"organisations", access.ManagePeople, p.listOrganisations, p.showOrganisation, p.editOrganisation, p.saveOrganisation},
		{"services", access.ManageServices, p.listServices, p.showService, p.editService, p.saveService},
	} {
		// "/people/new" is the form of a person who is not there yet: id 0.
		mux.Handle("GET /"+e.name, e.list)
		mux.Handle("GET /"+e.name+"/{id}", e.show)
		mux.Handle("GET /"+e.name+"/new", only(e.manage, e.edit))
		mux.Handle("GET /"+e.name+"/{id}/edit", only(e.manage, e.edit))
		mux.Handle("POST /"+e.name, e.save)
		mux.Handle("POST /"+e.name+"/{id}", e.save)
	}
	mux.Handle("POST /people/{id}/roles", p.changePersonRole)
	mux.Handle("POST /people/{id}/password", p.resetPassword)
	mux.Handle("GET /services/{id}/offerings/{offering}", p.editOffering)
	mux.Handle("POST /services/{id}/offerings/{offering}", p.saveOffering)
	mux.Handle("POST /services/{id}/uses", p.changeUse)
	mux.Handle("POST /groups/{id}/members", p.changeMember)
	mux.Handle("POST /groups/{id}/roles", p.changeGroupRole)
	mux.Handle("GET /roles", p.listRoles)
	mux.Handle("GET /roles/{key}", p.showRole)
	mux.Handle("GET /roles/new", p.editRole)
	mux.Handle("GET /roles/{key}/edit", p.editRole)
	mux.Handle("POST /roles", p.saveRole)
	mux.Handle("POST /roles/{key}", p.saveRole)
	mux.Handle("POST /roles/{key}/delete", p.deleteRole)
	mux.Handle("GET /kinds", p.listKinds)
	mux.Handle("GET /kinds/{key}", p.editKind)
	mux.Handle("POST /kinds/{key}", p.saveKind)
	mux.Handle("GET /jobs", p.listJobs)
	mux.Handle("GET /jobs/{id}", p.showJob)
	mux.Handle("POST /jobs/{id}/replay", p.replayJob)
	mux.Handle("POST /jobs/{id}/discard", p.discardJob)
	mux.Handle("GET /audit", p.listAudit)
	mux.Handle("GET /choose/{what}", p.choose)
}

// choose answers the comboboxes of these pages.
// only opens a form to those who may save some record by it; which, saving asks.
func only(verb access.Verb, form web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := access.From(r.Context()).Require(verb, access.AnyKind); err != nil {
			return err
		}
		return form(w, r)
	}
}

func (p pages) choose(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.FormValue("q")
	var out []ui.Choice
	switch r.PathValue("what") {
	case "people", "groups", "organisations":
		suggest := map[string]func(context.Context, string) ([]people.Suggestion, error){
			"people": p.People.SuggestPeople, "groups": p.People.SuggestGroups, "organisations": p.People.SuggestOrganisations,
		}[r.PathValue("what")]
		found, err := suggest(ctx, q)
		if err != nil {
			return err
		}
		for _, s := range found {
			out = append(out, ui.Choice{Value: id(s.ID), Label: s.Name, Hint: s.Detail})
		}
	case "services", "offerings":
		suggest := p.Services.Suggest
		if r.PathValue("what") == "offerings" {
			suggest = p.Services.SuggestOfferings
		}
		found, err := suggest(ctx, q)
		if err != nil {
			return err
		}
		for _, s := range found {
			out = append(out, ui.Choice{Value: id(s.ID), Label: s.Name, Hint: s.Detail})
		}
	default:
		return apperr.New(apperr.NotFound, "There is nothing to choose from here.")
	}
	return web.Render(w, r, http.StatusOK, ui.ComboboxOptions(out))
}

// small helpers of all pages

func id(n int64) string { return strconv.FormatInt(n, 10) }

// pathID reads the id of the address; 0 for "new" and for none.
func pathID(r *http.Request) (int64, error) {
	s := r.PathValue("id")
	if s == "" || s == "new" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	return n, nil
}

func after(r *http.Request) (lookup.Cursor, error) { return lookup.ParseCursor(r.FormValue("after")) }

// more is the address of a list's next page.
func more(r *http.Request, next lookup.Cursor) ui.LoadMore {
	if next.String() == "" {
		return ui.LoadMore{}
	}
	return moreAt(r, next.String())
}

func moreAt(r *http.Request, cursor string) ui.LoadMore {
	q := r.URL.Query()
	q.Set("after", cursor)
	return ui.LoadMore{URL: r.URL.Path + "?" + q.Encode(), Auto: true}
}

// listing renders a list, or only its further rows.
func (p pages) listing(w http.ResponseWriter, r *http.Request, active string, m view.Listing) error {
	if r.FormValue("after") != "" && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(m.Table))
	}
	m.Action, m.Query = r.URL.Path, r.FormValue("q")
	return p.Frame.Page(w, r, module.Page{Title: m.Title, Active: active}, m.View())
}

// wrong gives the message of each wrong field, and the alert for the form.
type wrong map[string]string

func problems(ctx context.Context, err error) (wrong, ui.Alert) {
	out := wrong{}
	if err == nil {
		return out, ui.Alert{}
	}
	alert := ui.Alert{Tone: ui.Critical, Title: apperr.Message(err).In(ctx)}
	for _, f := range apperr.FieldsOf(err) {
		out[fieldName(f.Name)] = f.Message.In(ctx)
		if f.Message.In(ctx) != alert.Title {
			alert.Items = append(alert.Items, f.Message.In(ctx))
		}
	}
	if apperr.Is(err, apperr.Conflict) {
		alert.Text = text.T(ctx, "Your changes are still in the form. Saving again puts them over what is there now.")
	}
	return out, alert
}

// fieldName gives the form's name of a field that the services name by what it
// refers to.
func fieldName(field string) string {
	switch field {
	case "organisation", "parent", "owner", "business_owner", "provider", "support_group", "person", "manager":
		return field + "_id"
	}
	return field
}

// notice tells on a record's page why a small form of it did not work.
func notice(ctx context.Context, err error) ui.Alert {
	if err == nil {
		return ui.Alert{}
	}
	return ui.Alert{Tone: ui.Critical, Title: apperr.Message(err).In(ctx)}
}

// shownInPlace says whether an error of a small form belongs on the page the
// form is on.
func shownInPlace(err error) bool {
	return back(err) || apperr.Is(err, apperr.Forbidden) || apperr.Is(err, apperr.NotFound)
}

// back says whether an error belongs in the form rather than on an error page.
func back(err error) bool {
	return apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.Conflict) || apperr.Is(err, apperr.InUse)
}

func statusOf(err error) int {
	switch {
	case apperr.Is(err, apperr.Conflict):
		return http.StatusConflict
	case apperr.Is(err, apperr.Forbidden):
		return http.StatusForbidden
	case err != nil:
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

func yes(ctx context.Context, b bool) templ.Component {
	if b {
		return view.Text(text.T(ctx, "Yes"))
	}
	return nil
}

// words is a value that may be missing.
func words(s string) templ.Component {
	if s == "" {
		return nil
	}
	return view.Text(s)
}

func activeBadge(ctx context.Context, active bool) templ.Component {
	if active {
		return nil
	}
	return ui.Badge{Label: text.T(ctx, "Inactive")}
}

// picked is the present choice of a combobox.
func picked(n int64, name string) []ui.Choice {
	if n == 0 {
		return nil
	}
	return []ui.Choice{{Value: id(n), Label: name}}
}

// link leads to a record of the directory; those who may look up only a part of
// it, where this may not be, read its name.
func link(ctx context.Context, n int64, name, base string) templ.Component {
	if n == 0 || name == "" {
		return nil
	}
	var record access.Record // of no organisation: only who looks up everything may
	if base == "/organisations" {
		record.Organisation = n
	}
	if base != "/services" && !access.From(ctx).Check(access.ViewPeople, record).Allowed {
		return view.Text(name)
	}
	return ui.Link{Label: name, URL: base + "/" + id(n)}
}
