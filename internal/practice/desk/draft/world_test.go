package draft_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/practice/desk/draft"
)

// world is a small desk on which drafts are shared.
type world struct {
	*coretest.World
	tickets *ticket.Service
	drafts  *draft.Service
	notices *notify.Service
	said    *heard
	index   *search.Index

	asker, ana, ben, lea, vendor, reader int64
	network, vendors                     int64
}

// heard is what open screens are told.
type heard struct {
	mu     sync.Mutex
	events []live.Event
}

// Announce implements ticket.Announcer.
func (h *heard) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

// Publish implements draft.Publisher.
func (h *heard) Publish(_ context.Context, _ *database.Tx, events ...live.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, events...)
	return nil
}

// of lists the topics on which a kind of event was told.
func (h *heard) of(kind string) (topics []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if e.Kind == kind {
			topics = append(topics, e.Topics...)
		}
	}
	return topics
}

type directory struct {
	*people.Service
	*service.Store
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, c *coretest.World) {
		kinds, err := workflow.NewRegistry(t.Context(), c.DB)
		ok(t, err)
		t.Cleanup(kinds.Close)
		files, err := blob.OpenFolder(t.TempDir())
		ok(t, err)
		w := &world{World: c, said: &heard{}, index: search.New(c.DB)}
		w.tickets = ticket.New(ticket.Deps{
			DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: w.said, Now: c.Clock.Now, Search: w.index, Blobs: files,
			ActorOf: func(ctx context.Context, person int64) (access.Actor, error) {
				p, err := c.Actors.Person(ctx, person)
				return p.Actor, err
			},
		})
		w.notices = notify.New(c.DB, w.said, c.Clock.Now)
		w.drafts = draft.NewService(c.DB, w.tickets, c.People, w.notices, w.said, c.Clock.Now)
		company := w.Organisation(people.Own, "Halden", 0)
		supplier := w.Organisation(people.Supplier, "Wireworks", 0)
		w.asker = w.Person("Mira Asker", company)
		w.ana, w.ben = w.Person("Ana Agent", company, access.RoleAgent), w.Person("Ben Agent", company, access.RoleAgent)
		w.lea = w.Person("Lea Leader", company, access.RoleTeamLead)
		w.vendor = w.Person("Vera Vendor", supplier, access.RoleSupplierAgent)
		w.reader = w.Person("Rita Reader", company, access.RoleAuditor)
		w.network = w.Group("Network", company, w.ana, w.lea)
		w.vendors = w.Group("Wireworks field", supplier, w.vendor)
		fn(t, w)
	}, workflow.Migrations, ticket.Migrations, search.Migrations, notify.Migrations, draft.Migrations)
}

func (w *world) incident(t *testing.T, title string) ticket.Ticket {
	t.Helper()
	tk, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: title, RequesterID: w.asker, GroupID: w.network, AssigneeID: w.ana})
	ok(t, err)
	w.Clock.Advance(time.Minute)
	return tk
}

// share shares a reply of Ana's.
func (w *world) share(t *testing.T, tk ticket.Ticket, cmd draft.Share) draft.Draft {
	t.Helper()
	if cmd.Kind == "" {
		cmd.Kind = draft.Reply
	}
	d, err := w.drafts.Share(w.As(w.ana), ticket.ByID(tk.ID), cmd)
	ok(t, err)
	w.Clock.Advance(time.Minute)
	return d
}

// sees lists the texts that are shared with a person on a ticket.
func (w *world) sees(t *testing.T, person int64, tk ticket.Ticket) (bodies []string) {
	t.Helper()
	now, err := w.tickets.Get(w.System(), ticket.ByID(tk.ID))
	ok(t, err)
	found, err := w.drafts.Of(w.As(person), &now)
	ok(t, err)
	for _, d := range found {
		bodies = append(bodies, d.Body)
	}
	return bodies
}

// told lists what a person is told of drafts, the newest first.
func (w *world) told(t *testing.T, person int64) (what []string) {
	t.Helper()
	page, err := w.notices.Inbox(w.As(person), notify.Query{})
	ok(t, err)
	for _, l := range page.Lines {
		for _, n := range l.Notices {
			if n.Kind == notify.Reviewed {
				what = append(what, string(n.Reason)+" "+n.Detail)
			}
		}
	}
	return what
}

func (w *world) events(t *testing.T, tk ticket.Ticket) []ticket.Event {
	t.Helper()
	events, err := w.tickets.Timeline(w.System(), &tk, 0, 0)
	ok(t, err)
	return events
}

// acts lists what was said of drafts on a timeline.
func (w *world) acts(t *testing.T, tk ticket.Ticket) (out []string) {
	t.Helper()
	for _, e := range w.events(t, tk) {
		for _, c := range e.Changes {
			if what, mine := strings.CutPrefix(c.Field, ticket.ActivityPrefix+"draft."); mine {
				out = append(out, what)
			}
		}
	}
	return out
}

func want(t *testing.T, err error, kind apperr.Kind, fields ...string) {
	t.Helper()
	if apperr.KindOf(err) != kind {
		t.Errorf("got %v, want %s", err, kind)
	}
	for i, f := range apperr.FieldsOf(err) {
		if i >= len(fields) || f.Name != fields[i] {
			t.Errorf("wrong are %v, want %v", apperr.FieldsOf(err), fields)
			return
		}
	}
}

// ok fails the test if err is one.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
