package notify_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/live"
)

// desk is a small organisation whose tickets are followed by notices.
type desk struct {
	*coretest.World
	Tickets *ticket.Service
	Notices *notify.Service
	screens *screens

	network, printing, field int64
	ana, ben                 int64 // agents, in Network and in Printing
	lea                      int64 // team lead of Network
	carla, colin             int64 // requesters
	sam                      int64 // agent of the supplier that runs the field team
}

// screens remembers which topics were told.
type screens struct {
	mu     sync.Mutex
	topics []string
}

func (s *screens) Publish(_ context.Context, _ *database.Tx, events ...live.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		if len(e.Topics) == 0 || len(e.Topics) > live.MaxTopics {
			return fmt.Errorf("an event with %d topics is refused", len(e.Topics))
		}
		s.topics = append(s.topics, e.Topics...)
	}
	return nil
}

func (s *screens) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := s.topics
	s.topics = nil
	return told
}

type quiet struct{}

func (quiet) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

type directory struct {
	*people.Service
	*service.Store
}

func each(t *testing.T, fn func(t *testing.T, d desk)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) { fn(t, newDesk(t, w)) },
		workflow.Migrations, ticket.Migrations, search.Migrations, notify.Migrations)
}

func newDesk(t *testing.T, w *coretest.World) desk {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), w.DB)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	files, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := desk{World: w, screens: &screens{}}
	d.Tickets = ticket.New(ticket.Deps{
		DB: w.DB, Kinds: kinds, Directory: directory{w.People, w.Services}, Announcer: quiet{}, Now: w.Clock.Now, Search: search.New(w.DB), Blobs: files,
	})
	d.Notices = notify.New(w.DB, d.screens, w.Clock.Now)
	d.Tickets.Follow(d.Notices.Follow)
	company := w.Organisation(people.Own, "Harbour Group", 0)
	supplier := w.Organisation(people.Supplier, "Printworks", 0)
	d.ana, d.ben, d.lea = w.Person("Ana Silva", company, "agent"), w.Person("Ben Okafor", company, "agent"), w.Person("Lea Maas", company, "team_lead")
	d.carla, d.colin = w.Person("Carla Reyes", company, "requester"), w.Person("Colin Byrne", company, "requester")
	d.sam = w.Person("Sam Ito", supplier, "supplier_agent")
	d.network = w.Group("Network", company, d.ana, d.lea)
	d.printing = w.Group("Printing", company, d.ben, d.ana)
	d.field = w.Group("Field team", supplier, d.sam)
	return d
}

// incident is opened by Carla in the portal and lies in Network.
func (d desk) incident(t *testing.T, title string) ticket.Ticket {
	t.Helper()
	tk := must(d.Tickets.Create(d.As(d.carla), ticket.Create{Kind: "incident", Title: title}))(t)
	return must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(tk.ID), ticket.Edit{GroupID: &d.network}))(t)
}

// given is an incident that Ben gave to a person.
func (d desk) given(t *testing.T, title string, person int64) ticket.Ticket {
	t.Helper()
	tk := d.incident(t, title)
	return must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &person}))(t)
}

func (d desk) inbox(t *testing.T, person int64, only ...notify.Only) []notify.Line {
	t.Helper()
	q := notify.Query{}
	if len(only) > 0 {
		q.Only = only[0]
	}
	return must(d.Notices.Inbox(d.As(person), q))(t).Lines
}

func (d desk) unread(t *testing.T, person int64) int {
	t.Helper()
	return must(d.Notices.Unread(d.As(person)))(t).Lines
}

// must gives a value or ends the test: must(f())(t).
func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
