package record

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind the ids of a whole page, each in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Directory looks people and groups up, as far as the actor may.
type Directory interface {
	SuggestPeople(ctx context.Context, text string) ([]people.Suggestion, error)
	SuggestMembers(ctx context.Context, group int64, text string) ([]people.Suggestion, error)
	SuggestGroups(ctx context.Context, text string) ([]people.Suggestion, error)
	Person(ctx context.Context, id int64) (people.Person, error)
}

// Services names and finds services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
	Suggest(ctx context.Context, text string) ([]service.Suggestion, error)
}

// Presence knows who looks at a topic and who types there; live.Presence does.
type Presence interface {
	List(topic string) []live.Present
	Typing(topic string, who live.Person, on bool)
}

// Deps are what the pages lean on.
type Deps struct {
	DB        *database.DB
	Tickets   *ticket.Service
	Verbs     *access.Catalogue // for "why may I see this"; nil is the built-in one
	Names     Names
	Directory Directory
	Services  Services
	Presence  Presence // nil: nobody is seen looking
	Frame     module.Frame
	Clock     func() time.Time
	MaxUpload int64 // bytes of one file; 0 picks 100 MiB, as ticket.Service does
	HTTPS     bool  // cookies travel over https only
	// Canned is where a ticket's composer asks for canned replies; nil, or "" for
	// the actor, offers none.
	Canned func(actor access.Actor, number string) string
	// Share is where a ticket's composer shares what is being written, for review;
	// nil, or "" for the actor, shares nothing.
	Share func(actor access.Actor, t *ticket.Ticket) string
	// Visited notes that the actor has opened a ticket, for lists of what was
	// seen last; nil notes nothing.
	Visited func(ctx context.Context, ticketID int64) error
	// Plugged gives what practices plug into the page; nil plugs nothing.
	Plugged func() (panels []module.Panel, actions []module.Action)
	// Tell says what a practice wrote on the timeline; nil says nothing.
	Tell func(ctx context.Context, c ticket.Change) string
	// Written tells how messages were written that came through a practice; nil
	// tells of none.
	Written module.Writer
}

// Record serves the pages.
type Record struct{ d Deps }

// New makes the pages.
func New(d Deps) *Record {
	if d.MaxUpload == 0 {
		d.MaxUpload = 100 << 20
	}
	if d.Verbs == nil {
		d.Verbs = access.NewCatalogue()
	}
	if d.Visited == nil {
		d.Visited = func(context.Context, int64) error { return nil }
	}
	if d.Tell == nil {
		d.Tell = func(context.Context, ticket.Change) string { return "" }
	}
	if d.Written == nil {
		d.Written = func(context.Context, []module.Said) (map[module.Said]module.Written, error) { return nil, nil }
	}
	if d.Plugged == nil {
		d.Plugged = func() ([]module.Panel, []module.Action) { return nil, nil }
	}
	if d.Share == nil {
		d.Share = func(access.Actor, *ticket.Ticket) string { return "" }
	}
	if d.Canned == nil {
		d.Canned = func(access.Actor, string) string { return "" }
	}
	return &Record{d}
}

// Module gives everything these pages add to the running system.
func (p *Record) Module() module.Module {
	return module.Module{
		Name:   "desk/record",
		Routes: p.routes,
		Topics: []module.Topic{
			{Prefix: "ticket", Allow: p.follows(func(context.Context, *ticket.Ticket) bool { return true })},
			{Prefix: "desk", Allow: p.follows(isColleague)},
		},
	}
}

// The live topics of a ticket.
func topicOf(t *ticket.Ticket) string    { return "ticket:" + formatID(t.ID) }
func presenceOf(t *ticket.Ticket) string { return "desk:" + formatID(t.ID) }

// follows lets those hear of a ticket who may see it and whom also allows.
func (p *Record) follows(also func(context.Context, *ticket.Ticket) bool) func(ctx context.Context, rest string) bool {
	return func(ctx context.Context, rest string) bool {
		id, err := strconv.ParseInt(rest, 10, 64)
		if err != nil {
			return false
		}
		t, err := p.d.Tickets.Get(ctx, ticket.ByID(id))
		return err == nil && also(ctx, &t)
	}
}

// text forms may hold a million characters, each of three bytes when encoded.
const textForm = 8 << 20

func (p *Record) routes(mux *web.Mux) {
	// A form may bring several files; each is bounded by itself.
	files := []web.Option{web.MaxBody(4*p.d.MaxUpload + textForm), web.Timeout(15 * time.Minute)}
	long := web.MaxBody(textForm)

	mux.Handle("GET /attachments/{id}", p.download, web.Timeout(time.Hour))
	mux.Handle("POST /attachments", p.upload, files...)
	mux.Handle("DELETE /attachments/{id}", p.discard)

	const one = "/tickets/{number}"
	mux.Handle("GET "+one, p.with(p.page))
	mux.Handle("GET "+one+"/timeline", p.with(p.earlier))
	mux.Handle("GET "+one+"/texts/{seq}", p.with(p.wholeText))
	mux.Handle("GET "+one+"/now", p.with(p.now))

	mux.Handle("POST "+one+"/messages", p.with(p.send), files...)
	mux.Handle("POST "+one+"/draft", p.with(p.keepDraft), long)
	mux.Handle("POST "+one+"/preview", p.with(p.preview), files...)

	mux.Handle("GET "+one+"/values/{field}", p.with(p.value))
	mux.Handle("GET "+one+"/edit/{field}", p.with(p.editForm))
	mux.Handle("POST "+one+"/edit/{field}", p.with(p.edit), long)

	mux.Handle("GET "+one+"/steps/{step}", p.with(p.stepForm))
	mux.Handle("POST "+one+"/steps/{step}", p.with(p.step), files...)
	mux.Handle("POST "+one+"/take", p.with(p.take))
	mux.Handle("POST "+one+"/watch", p.with(p.watch))

	mux.Handle("GET "+one+"/links/new", p.with(p.linkForm))
	mux.Handle("POST "+one+"/links", p.with(p.link))
	mux.Handle("POST "+one+"/links/remove", p.with(p.unlink))
}

// handler answers a request about a ticket that its reader works on.
type handler func(w http.ResponseWriter, r *http.Request, d *desk) error

// with loads the ticket and lets those through who work on it. Whoever is only
// its requester is shown the portal's page of it.
func (p *Record) with(next handler) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx := r.Context()
		if !access.From(ctx).IsPerson() {
			return apperr.New(apperr.Unauthenticated, "Please sign in first.")
		}
		d, err := p.open(ctx, ticket.ByNumber(r.PathValue("number")))
		if err != nil {
			return err
		}
		if !d.reader.works {
			if r.Method == http.MethodGet && !web.IsFragment(r) {
				return web.Redirect(w, r, "/portal/tickets/"+d.ticket.Number)
			}
			return apperr.New(apperr.Forbidden, "You follow this ticket in your portal.")
		}
		// A number from before the ticket became one of another kind leads on.
		if asked := r.PathValue("number"); r.Method == http.MethodGet && !web.IsFragment(r) && r.URL.Path == view.TicketURL(asked) && !strings.EqualFold(asked, d.ticket.Number) {
			return web.Redirect(w, r, view.TicketURL(d.ticket.Number))
		}
		return withoutDetail(next(w, r, d))
	}
}

// withoutDetail keeps what a conflict carries for our own pages from leaving in
// an answer to a program: it holds the whole ticket.
func withoutDetail(err error) error {
	if now, ok := apperr.Now[ticket.Ticket](err); ok && now != nil {
		return apperr.Wrap(err, apperr.Conflict, "%s", apperr.Message(err))
	}
	return err
}

// page answers with a page around a body.
func (p *Record) frame(w http.ResponseWriter, r *http.Request, status int, title string, body web.Component) error {
	return p.d.Frame.Page(w, r, module.Page{Title: title, Status: status}, body)
}

// done answers an action on a ticket: the open page asks what has changed, or,
// without scripts, is shown again.
func (p *Record) done(w http.ResponseWriter, r *http.Request, number string, toast web.Toast) error {
	if !web.IsHTMX(r) {
		if toast.Text != "" {
			web.Flash(w, toast, p.d.HTTPS)
		}
		return web.Redirect(w, r, view.TicketURL(number))
	}
	if toast.Text != "" {
		web.ShowToast(w, toast)
	}
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, view.ChangedEvent, nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// dialog answers a form: over the page when a script asked for it, as a page of
// its own otherwise. Both post to the same address.
func (p *Record) dialog(w http.ResponseWriter, r *http.Request, status int, number string, m view.Dialog) error {
	m.BackURL = view.TicketURL(number)
	if web.IsFragment(r) {
		return web.Render(w, r, status, m.View())
	}
	return p.frame(w, r, status, m.Title, m.Page())
}

func formatID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// parseID reads an id from a form or path; 0 for anything else.
func parseID(s string) int64 {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// problems are the wrong fields of an error by name.
func problems(ctx context.Context, err error) view.Errors { return apperr.ByField(ctx, err) }

// alertOf says what is wrong with a form as a whole: what no field of it shows.
func alertOf(ctx context.Context, err error, shown ...string) ui.Alert {
	var items []string
	for _, f := range apperr.FieldsOf(err) {
		known := false
		for _, name := range shown {
			known = known || name == f.Name
		}
		if !known {
			items = append(items, f.Message.In(ctx))
		}
	}
	if len(items) == 0 {
		return ui.Alert{}
	}
	return ui.Alert{Tone: ui.Critical, Title: text.T(ctx, "This could not be saved yet."), Items: items}
}
