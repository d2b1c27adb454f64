package intake

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/intake/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Deps are what the form leans on.
type Deps struct {
	DB        *database.DB
	Tickets   *ticket.Service
	People    *people.Service
	Services  *service.Store
	Frame     module.Frame
	MaxUpload int64 // bytes of one file; 0 picks 100 MiB, as ticket.Service does
	HTTPS     bool  // cookies travel over https only
}

// Intake serves the form.
type Intake struct{ d Deps }

// New makes the form.
func New(d Deps) *Intake {
	if d.MaxUpload == 0 {
		d.MaxUpload = 100 << 20
	}
	return &Intake{d}
}

// Module is what the rest of the house sees: the pages, and for each kind an
// entry of the "New" button.
func (i *Intake) Module() module.Module {
	m := module.Module{Name: "desk/intake", Routes: i.routes}
	taken := map[string]bool{}
	for _, def := range i.d.Tickets.Kinds().All() {
		m.Create = append(m.Create, module.MenuItem{
			Label: heading(def), URL: view.URL(def.Key), Icon: def.Icon, Key: keyFor(def, taken), ID: "new-" + def.Key,
			Visible: func(actor access.Actor) bool { return takesIn(actor, def) },
		})
	}
	return m
}

// heading is a key of the message catalogue. Those of the built-in kinds are
// written out, so that they can be translated.
func heading(def *workflow.Definition) string {
	switch def.Label {
	case "Incident":
		return text.Key("New incident")
	case "Request":
		return text.Key("New request")
	}
	return "New " + text.Within(context.Background(), def.Label)
}

// title is the heading of a kind's form in the language of its reader, who has a
// name of their own for a kind that did not come with the product.
func (i *Intake) title(ctx context.Context, key string) (string, error) {
	def, err := i.d.Tickets.Kinds().Get(key)
	if err != nil {
		return "", err
	}
	if h := heading(def); text.T(ctx, h) != h {
		return text.T(ctx, h), nil
	}
	own, err := i.d.Tickets.Kinds().In(ctx).Get(key)
	if err != nil {
		return "", err
	}
	if own.Label == def.Label {
		return heading(def), nil
	}
	return text.T(ctx, "New ticket: %s", own.Label), nil
}

// keyFor gives the keys that open a kind's form, n and the first letter of its
// label that no other kind has; none when all are taken.
func keyFor(def *workflow.Definition, taken map[string]bool) string {
	for _, r := range strings.ToLower(def.Label) {
		if letter := string(r); unicode.IsLetter(r) && !taken[letter] {
			taken[letter] = true
			return "n " + letter
		}
	}
	return ""
}

// takesIn reports whether somebody opens tickets of a kind for others: the form
// is theirs.
func takesIn(actor access.Actor, def *workflow.Definition) bool {
	if !actor.Can(access.Create, def.Key) {
		return false
	}
	for _, g := range actor.Grants() {
		named := g.Kind == def.Key || g.Kind == access.AnyKind && !(g.Scope == access.ScopeAll && def.Confidential)
		if g.Verb == access.Create && g.Scope != access.ScopeOwn && named {
			return true
		}
	}
	return actor.Trusted()
}

// kinds are those that the actor takes in, by label.
func (i *Intake) kinds(ctx context.Context) []*workflow.Definition {
	var out []*workflow.Definition
	for _, def := range i.d.Tickets.Kinds().In(ctx).All() {
		if takesIn(access.From(ctx), def) {
			out = append(out, def)
		}
	}
	return out
}

// kind gives one of the kinds that the actor takes in; the first for "".
func (i *Intake) kind(ctx context.Context, key string) (*workflow.Definition, error) {
	for _, def := range i.kinds(ctx) {
		if key == "" || def.Key == key {
			return def, nil
		}
	}
	return nil, apperr.New(apperr.NotFound, "There is no such kind of ticket, or you may not open it.")
}

// textForm is room for a million characters, each of three bytes when encoded.
const textForm = 8 << 20

func (i *Intake) routes(mux *web.Mux) {
	mux = mux.With(web.Use(i.onlyDesk), web.MaxBody(textForm))
	// Without scripts the form itself brings several files.
	files := []web.Option{web.MaxBody(4*i.d.MaxUpload + textForm), web.Timeout(15 * time.Minute)}

	mux.Handle("GET "+view.NewURL, i.open)
	mux.Handle("POST "+view.NewURL, i.submit, files...)
	mux.Handle("POST "+view.DraftURL, i.keepDraft)
	mux.Handle("POST "+view.DiscardURL, i.discardDraft)
	mux.Handle("GET "+view.AroundURL, i.showAround)
	mux.Handle("GET "+view.PriorityURL, i.showPriority)
	mux.Handle("GET "+view.RoutingURL, i.showRouting)
	mux.Handle("POST "+view.PreviewURL, i.preview, files...)
}

// onlyDesk lets those through who open tickets for others, and shows the portal's
// form to the rest.
func (i *Intake) onlyDesk(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		actor := access.From(r.Context())
		switch {
		case !actor.IsPerson():
			return apperr.New(apperr.Unauthenticated, "Please sign in first.")
		case len(i.kinds(r.Context())) > 0:
			return next(w, r)
		case r.Method == http.MethodGet && !web.IsFragment(r) && actor.Can(access.Create, access.AnyKind):
			return web.Redirect(w, r, "/portal/new")
		}
		return apperr.New(apperr.Forbidden, "You may not open tickets for others.")
	}
}
