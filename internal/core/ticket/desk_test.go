package ticket_test

import (
	"context"
	"sync"
	"testing"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// desk is a small organisation at work: the company's own teams Network and
// Printing, a supplier's team, a service that Network supports, and people in
// every role.
type desk struct {
	*ticket.Service
	world *coretest.World
	said  *announcements

	network, printing, supplierTeam int64
	payroll                         int64

	ana, ben                 int64 // agents, in Network and in Printing
	carla, colin             int64 // requesters of the company
	sam                      int64 // agent of the supplier
	audrey, rita, oscar, lea int64 // auditor, relationship manager, owner of payroll, team lead of Network
}

// announcements remembers what was announced.
type announcements struct {
	mu  sync.Mutex
	all []ticket.Announcement
}

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

type realDirectory struct {
	*people.Service
	*service.Store
}

// eachDesk runs fn with a desk on SQLite and one on PostgreSQL.
func eachDesk(t *testing.T, fn func(t *testing.T, d desk), kinds ...*workflow.Definition) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) { fn(t, newDesk(t, w, kinds...)) },
		workflow.Migrations, ticket.Migrations, search.Migrations)
}

// sqliteDesk is a desk for properties that try much and need one engine only.
func sqliteDesk(t *testing.T) desk {
	t.Helper()
	migrations := append(coretest.Migrations(), workflow.Migrations, ticket.Migrations, search.Migrations)
	return newDesk(t, coretest.New(t, databasetest.Open(t, database.SQLite, migrations...)))
}

func newDesk(t *testing.T, w *coretest.World, extra ...*workflow.Definition) desk {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), w.DB, extra...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	files, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := desk{world: w, said: &announcements{}}
	d.Service = ticket.New(ticket.Deps{
		DB: w.DB, Kinds: kinds, Directory: realDirectory{w.People, w.Services}, Announcer: d.said, Now: w.Clock.Now,
		Search: search.New(w.DB), Blobs: files, MaxUpload: 1 << 20,
		ActorOf: func(ctx context.Context, person int64) (access.Actor, error) {
			p, err := w.Actors.Person(ctx, person)
			return p.Actor, err
		},
	})
	company := w.Organisation(people.Own, "Harbour Group", 0)
	supplier := w.Organisation(people.Supplier, "Printworks", 0)
	d.ana, d.ben = w.Person("Ana Silva", company, "agent"), w.Person("Ben Okafor", company, "agent")
	d.carla, d.colin = w.Person("Carla Reyes", company, "requester"), w.Person("Colin Byrne", company, "requester")
	d.sam = w.Person("Sam Ito", supplier, "supplier_agent")
	d.audrey, d.rita = w.Person("Audrey Lind", company, "auditor"), w.Person("Rita Moss", company, "relationship_manager")
	d.oscar, d.lea = w.Person("Oscar Dahl", company, "service_owner"), w.Person("Lea Maas", company, "team_lead")
	d.network = w.Group("Network", company, d.ana, d.lea)
	d.printing = w.Group("Printing", company, d.ben, d.ana)
	d.supplierTeam = w.Group("Printworks field team", supplier, d.sam)
	payroll, err := w.Services.Create(w.System(), service.Input{
		Name: "Payroll", OwnerID: d.oscar, Criticality: 2, Stage: service.Live, SupportGroupID: d.network,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.payroll = payroll.ID
	return d
}

// as is a context in which one of the desk's people is at work.
func (d desk) as(person int64) context.Context { return d.world.As(person) }

// incident opens one for Carla, in Network.
func (d desk) incident(t *testing.T, title string) ticket.Ticket {
	t.Helper()
	return must(d.Create(d.as(d.ana), ticket.Create{Kind: "incident", Title: title, RequesterID: d.carla, GroupID: d.network, Channel: "phone"}))(t)
}

func (d desk) step(t *testing.T, person int64, tk ticket.Ticket, step ticket.Step) ticket.Ticket {
	t.Helper()
	return must(d.Transition(d.as(person), ticket.ByID(tk.ID), step))(t)
}

func (d desk) resolve(t *testing.T, tk ticket.Ticket) ticket.Ticket {
	t.Helper()
	return d.step(t, d.ana, tk, ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Restarted the spooler."})
}

func (d desk) get(t *testing.T, tk ticket.Ticket) ticket.Ticket {
	t.Helper()
	return must(d.Get(d.world.System(), ticket.ByID(tk.ID)))(t)
}

func (d desk) timeline(t *testing.T, tk ticket.Ticket) []ticket.Event {
	t.Helper()
	return must(d.Timeline(d.world.System(), &tk, 0, 0))(t)
}

func (d desk) definition(t *testing.T, kind string) *workflow.Definition {
	t.Helper()
	return must(d.Kinds().Get(kind))(t)
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

// wantKind fails unless err is of the kind and, for Invalid, names the fields.
func wantKind(t *testing.T, err error, kind apperr.Kind, fields ...string) {
	t.Helper()
	if apperr.KindOf(err) != kind {
		t.Errorf("got %v, want an error of the kind %q", err, kind)
		return
	}
	named := map[string]bool{}
	for _, f := range apperr.FieldsOf(err) {
		named[f.Name] = true
	}
	for _, f := range fields {
		if !named[f] {
			t.Errorf("the error %v does not name the field %q", err, f)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// withEffect is the desk's service with the effect "brew" that a practice brings.
func withEffect(t *testing.T, d desk, kind *workflow.Definition, effect ticket.Effect) *ticket.Service {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), d.world.DB, kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	return ticket.New(ticket.Deps{
		DB: d.world.DB, Kinds: kinds, Directory: realDirectory{d.world.People, d.world.Services}, Announcer: d.said, Now: d.world.Clock.Now,
		Search: search.New(d.world.DB), Effects: map[string]ticket.Effect{"brew": effect},
	})
}
