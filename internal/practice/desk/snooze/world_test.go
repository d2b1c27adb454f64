package snooze_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/practice/desk/snooze"
)

// world is a small desk on which tickets are set aside.
type world struct {
	*coretest.World
	*node

	asker, ana, ben, lea, vendor int64
	network, printing, vendors   int64
}

// node is one process of it.
type node struct {
	tickets *ticket.Service
	snoozes *snooze.Service
	queue   *jobs.Queue
	said    *announcements
}

type announcements struct {
	mu  sync.Mutex
	all []ticket.Announcement
}

// Announce implements ticket.Announcer.
func (a *announcements) Announce(_ context.Context, _ *database.Tx, said ticket.Announcement) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, said)
	return nil
}

func (a *announcements) last() ticket.Announcement {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all[len(a.all)-1]
}

type directory struct {
	*people.Service
	*service.Store
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, c *coretest.World) {
		w := &world{World: c}
		w.node = newNode(t, c)
		company := w.Organisation(people.Own, "Halden", 0)
		supplier := w.Organisation(people.Supplier, "Wireworks", 0)
		w.asker = w.Person("Mira Asker", company)
		w.ana, w.ben = w.Person("Ana Agent", company, access.RoleAgent), w.Person("Ben Agent", company, access.RoleAgent)
		w.lea = w.Person("Lea Leader", company, access.RoleTeamLead)
		w.vendor = w.Person("Vera Vendor", supplier, access.RoleSupplierAgent)
		w.network = w.Group("Network", company, w.ana, w.lea)
		w.printing = w.Group("Printing", company, w.ben)
		w.vendors = w.Group("Wireworks field", supplier, w.vendor)
		fn(t, w)
	}, workflow.Migrations, ticket.Migrations, search.Migrations, jobs.Migrations, snooze.Migrations)
}

func newNode(t *testing.T, c *coretest.World) *node {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), c.DB)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	n := &node{said: &announcements{}}
	n.tickets = ticket.New(ticket.Deps{
		DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: n.said, Now: c.Clock.Now, Search: search.New(c.DB),
	})
	n.queue = jobs.New(c.DB, jobs.Options{Clock: c.Clock.Now, Poll: 20 * time.Millisecond})
	n.snoozes = snooze.NewService(c.DB, n.tickets, c.People, n.queue, c.Clock.Now)
	n.tickets.Follow(n.snoozes.Follow)
	n.tickets.Extend(snooze.Attributes(n.snoozes)...)
	return n
}

func (w *world) incident(t *testing.T, title string) ticket.Ticket {
	t.Helper()
	tk, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: title, RequesterID: w.asker, GroupID: w.network, AssigneeID: w.ana})
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	return tk
}

func (w *world) set(t *testing.T, person int64, tk ticket.Ticket, cmd snooze.SetAside) snooze.Snooze {
	t.Helper()
	z, err := w.snoozes.Set(w.As(person), ticket.ByID(tk.ID), cmd)
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	return z
}

// in is an instant so long from now.
func (w *world) in(d time.Duration) time.Time { return w.Clock.Now().Add(d) }

// finds counts the tickets of a filter for a person.
func (w *world) finds(t *testing.T, person int64, filter string) int {
	t.Helper()
	ctx := w.As(person)
	c, err := w.tickets.Condition(ctx, filter, nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := w.tickets.List(ctx, ticket.Query{Condition: c})
	if err != nil {
		t.Fatal(err)
	}
	return len(page.Tickets)
}

// open is what a person has set aside, or has back, of a ticket.
func (w *world) open(t *testing.T, person int64, tk ticket.Ticket) []snooze.Snooze {
	t.Helper()
	got, err := w.snoozes.Of(w.As(person), &tk)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (w *world) get(t *testing.T, tk ticket.Ticket) ticket.Ticket {
	t.Helper()
	now, err := w.tickets.Get(w.System(), ticket.ByID(tk.ID))
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// acts lists what practices wrote on a timeline.
func (w *world) acts(t *testing.T, tk ticket.Ticket) []string {
	t.Helper()
	events, err := w.tickets.Timeline(w.System(), &tk, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		if e.Type == ticket.Acted {
			out = append(out, e.Changes[0].Field)
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
