package inbox

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/inbox/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind ids; people.Service does.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
}

// Deps are what the pages lean on.
type Deps struct {
	DB      *database.DB
	Notices *notify.Service
	Tickets *ticket.Service
	Names   Names
	Frame   module.Frame
	Clock   func() time.Time
	Log     *slog.Logger
	HTTPS   bool // people reach the product over https

	Post     Post     // sends letters; nil sends none
	Channels Channels // chat and SMS; nil has none
	Actors   *actors.Cache
	// Reading gives a context in which texts are in a person's language and zone.
	Reading func(ctx context.Context, p actors.Person) context.Context
	BaseURL string // the product's address, without a slash at its end
	// Enclosed gives, by the type of subject, the content of records that belongs into a
	// letter about them, in Markdown, as far as the actor may have it.
	Enclosed map[string]func(ctx context.Context, ids []int64) (map[int64]string, error)
}

// Post sends letters; the room of mail does.
type Post interface {
	Enqueue(ctx context.Context, tx *database.Tx, l letter.Letter) error
	// HasSender reports whether mail is set up, so that it can be offered.
	HasSender(ctx context.Context, q database.Querier) (bool, error)
	// ToldOf gives those of some entries of tickets of which letters of the ticket's own
	// conversation tell a person.
	ToldOf(ctx context.Context, q database.Querier, person int64, entries []letter.Entry) (map[letter.Entry]bool, error)
}

// Inbox holds the pages.
type Inbox struct{ d Deps }

// New makes the pages.
func New(d Deps) *Inbox { return &Inbox{d} }

// Module is what plugs into the running system.
func (i *Inbox) Module() module.Module {
	allow := func(prefix string) func(ctx context.Context, rest string) bool {
		return func(ctx context.Context, rest string) bool { return notify.MayFollow(access.From(ctx), prefix, rest) }
	}
	return module.Module{
		Name:   "inbox",
		Routes: i.routes,
		API:    func(h huma.API) { i.register(h) },
		Topics: []module.Topic{
			{Prefix: notify.TopicPrefix, Allow: allow(notify.TopicPrefix)},
			{Prefix: notify.TopicPrefixInside, Allow: allow(notify.TopicPrefixInside)},
		},
		Periodic: []module.Periodic{{Name: "notify.expire", Every: time.Hour, Run: i.d.Notices.Expire}, {Name: "notify.mail", Every: mailEvery, Run: i.SendMail}, {Name: "notify.channels", Every: mailEvery, Run: i.SendByChannels}},
		Actions: []module.Action{{
			Label: text.Key("Notifications about this"), Icon: string(ui.IconBell),
			URL:     func(t *ticket.Ticket) string { return view.AboutURL(t.Number) },
			Visible: func(ctx context.Context, _ *ticket.Ticket) bool { return access.From(ctx).IsPerson() },
		}},
	}
}

func (i *Inbox) routes(mux *web.Mux) {
	mux.Handle("GET "+view.URL, i.list)
	mux.Handle("GET "+view.URL+"/bell", i.bell)
	mux.Handle("GET "+view.URL+"/new", i.news)
	mux.Handle("POST "+view.URL+"/read", i.read)
	mux.Handle("POST "+view.URL+"/unread", i.unread)
	mux.Handle("GET "+view.URL+"/settings", i.settings)
	mux.Handle("POST "+view.URL+"/settings", i.saveSettings)
	mux.Handle("POST "+view.URL+"/settings/mail", i.saveMail)
	mux.Handle("GET "+view.URL+"/about/{number}", i.about)
	mux.Handle("POST "+view.URL+"/about/{number}", i.follow)
}

// Bell is the bell of a page that shows a ticket (0 for none): what waits for the
// reader, the ticket before their eyes left out. nil for those who are nobody.
func (i *Inbox) Bell(ctx context.Context, ticketID int64) (web.Component, error) {
	if !access.From(ctx).IsPerson() {
		return nil, nil
	}
	m, err := i.bellOf(ctx, ticketID)
	return m, err
}

func (i *Inbox) bellOf(ctx context.Context, ticketID int64) (view.Bell, error) {
	m := view.Bell{Here: ticketID}
	unread, err := i.d.Notices.Unread(ctx)
	if err != nil {
		return m, err
	}
	m.Count = unread.Lines
	if ticketID == 0 || !unread.Has(ticketID) {
		return m, nil
	}
	m.Count--
	if _, err := i.d.Notices.MarkRead(ctx, notify.Ticket(ticketID)); err != nil {
		// What can be read is shown also when nothing can be written, as on a full disk.
		i.d.Log.WarnContext(ctx, "notices could not be marked as read", "error", err)
	}
	return m, nil
}

// bell answers an open page that heard of news.
func (i *Inbox) bell(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Here int64 `form:"here"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	m, err := i.bellOf(r.Context(), in.Here)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, m.View())
}

// reader is how somebody reads their inbox.
type reader struct {
	audience notify.Audience
}

func readerOf(ctx context.Context) reader { return reader{notify.AudienceOf(access.From(ctx))} }

// asks reports whether the reader only asks for things: they read plain words and
// go to the portal.
func (r reader) asks() bool { return r.audience == notify.Everybody }

func (r reader) ticketURL(number string) string {
	if r.asks() {
		return "/portal/tickets/" + number
	}
	return "/tickets/" + number
}

// subjectKey is how a form names a subject: "ticket:42".
func subjectKey(s notify.Subject) string { return fmt.Sprintf("%s:%d", s.Type, s.ID) }

// Place is the list, as a page one can begin with.
func Place() module.MenuItem {
	return module.MenuItem{Label: text.Key("Notifications"), URL: view.URL, Icon: string(ui.IconBell), ID: "inbox"}
}
