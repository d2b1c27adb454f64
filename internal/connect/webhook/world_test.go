package webhook

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/platform/outbound"
	"github.com/steward-itsm/steward/internal/platform/seal"
)

type silent struct{}

// Announce implements ticket.Announcer.
func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

// Publish implements notify.Publisher.
func (silent) Publish(context.Context, *database.Tx, ...live.Event) error { return nil }

type directory struct {
	*people.Service
	*service.Store
}

// world is a small desk that tells rooms and persons.
type world struct {
	*coretest.World
	*Service
	notices             *notify.Service
	asker, ana, lea     int64
	sam                 int64 // agent of a supplier
	network, field      int64
	printing            int64
	company, contractor int64
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, c *coretest.World) {
		w := &world{World: c}
		w.company, w.contractor = w.Organisation(people.Own, "Halden", 0), w.Organisation(people.Supplier, "Fieldwork", 0)
		w.asker, w.ana, w.lea = w.Person("Mira Asker", w.company, access.RoleRequester), w.Person("Ana Agent", w.company, access.RoleAgent), w.Person("Lea Lead", w.company, access.RoleTeamLead)
		w.sam = w.Person("Sam Supplier", w.contractor, access.RoleSupplierAgent)
		w.network, w.field = w.Group("Network", w.company, w.ana, w.lea), w.Group("Field team", w.contractor, w.sam)
		w.printing = w.World.Service("Printing", w.lea)
		w.Service = node(t, c, c.DB, jobs.New(c.DB, jobs.Options{Clock: c.Clock.Now}), "one", "127.0.0.0/8")
		w.notices = w.Notices.(*notify.Service)
		fn(t, w)
	}, workflow.Migrations, ticket.Migrations, search.Migrations, notify.Migrations, jobs.Migrations, Migrations)
}

// node wires the service as a node has it.
func node(t *testing.T, c *coretest.World, db *database.DB, q *jobs.Queue, name string, allow ...string) *Service {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	tickets := ticket.New(ticket.Deps{DB: db, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now, Search: search.New(db)})
	notices := notify.New(db, silent{}, c.Clock.Now)
	tickets.Follow(notices.Follow)
	box, err := seal.New([]byte("a key for tests alone"))
	if err != nil {
		t.Fatal(err)
	}
	var policy outbound.Policy
	for _, a := range allow {
		policy.Allow = append(policy.Allow, netip.MustParsePrefix(a))
	}
	s := New(Deps{
		DB: db, Tickets: tickets, People: c.People, Services: c.Services, Notices: notices, Actors: c.Actors, Audit: c.Log, Jobs: q, Seal: box, Now: c.Clock.Now, Node: name,
		BaseURL: "https://desk.example.org", Reading: func(ctx context.Context, _ int64, _ string) context.Context { return ctx }, Policy: policy, Timeout: time.Second,
	})
	tickets.Follow(s.Follow)
	t.Cleanup(s.Close)
	return s
}

// asked is a request as the far side had it.
type asked struct {
	Method, Path, Query string
	Header              http.Header
	Body                string
}

// far is the other end of a webhook.
type far struct {
	*httptest.Server
	mu     sync.Mutex
	had    []asked
	answer func(n int, w http.ResponseWriter, r *http.Request) // n counts from 1
}

func farSide(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *far {
	t.Helper()
	f := &far{answer: answer}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		f.mu.Lock()
		f.had = append(f.had, asked{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Clone(), string(body)})
		n := len(f.had)
		f.mu.Unlock()
		if f.answer != nil {
			f.answer(n, w, r)
		}
	}))
	t.Cleanup(func() { f.CloseClientConnections(); f.Close() })
	return f
}

func (f *far) requests() []asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]asked{}, f.had...)
}

// room adds a channel that leads to a room.
func (w *world) room(name, address string, change ...func(c *Channel)) Channel {
	w.T.Helper()
	c := Channel{Name: name, Kind: Slack, Active: true, Secrets: Secrets{Address: address}, Body: Body{Rate: 600, Facts: []Fact{FactTitle, FactService}}}
	for _, fn := range change {
		fn(&c)
	}
	c, err := w.CreateChannel(w.System(), c)
	if err != nil {
		w.T.Fatal(err)
	}
	return c
}

// post writes a message to a room and gives its id.
func (w *world) post(c Channel, ticketID int64, words string) int64 {
	w.T.Helper()
	err := w.World.DB.Write(w.System(), func(tx *database.Tx) error {
		return w.Post(w.System(), tx, channel.Post{
			Channels: []int64{c.ID}, Ticket: ticketID, Kind: channel.Escalation, Text: func(context.Context) string { return words }, Why: func(context.Context) string { return "Because of a test." },
		})
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return w.newest(c).ID
}

func (w *world) newest(c Channel) Stored {
	w.T.Helper()
	all, err := w.Messages(w.System(), MessageQuery{Channel: c.ID, Limit: 1})
	if err != nil || len(all) != 1 {
		w.T.Fatalf("%d messages, %v", len(all), err)
	}
	return all[0]
}

// run makes one look at a message, as its job does; it reports whether the job is to
// come again.
func (w *world) run(id int64) (again bool) {
	w.T.Helper()
	err := w.sendMessage(w.T.Context(), nil, sending{id})
	if err != nil && !strings.HasPrefix(err.Error(), "again in") {
		w.T.Fatal(err)
	}
	return err != nil
}

// deliver runs a message until its job is done, or for so long.
func (w *world) deliver(id int64, most time.Duration) Stored {
	w.T.Helper()
	for spent := time.Duration(0); w.run(id) && spent < most; spent += 30 * time.Second {
		w.Clock.Advance(30 * time.Second)
	}
	m, _ := w.get(id)
	return m
}

func (w *world) get(id int64) (Stored, []Attempt) {
	w.T.Helper()
	m, attempts, err := w.Message(w.System(), id)
	if err != nil {
		w.T.Fatal(err)
	}
	return m, attempts
}

func (w *world) incident(title string) ticket.Ticket {
	w.T.Helper()
	t, err := w.Tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: title, RequesterID: w.asker, GroupID: w.network, AssigneeID: w.ana, ServiceID: w.printing})
	if err != nil {
		w.T.Fatal(err)
	}
	return t
}

// nobodyListens is an address that refuses connections.
func nobodyListens(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String() + "/hook"
}

var errStopped = errors.New("the node stops")
