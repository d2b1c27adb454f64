package metric_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
)

type silent struct{}

func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

// world is a desk of three groups in two organisations, and its figures.
type world struct {
	*coretest.World
	t       *testing.T
	kinds   *workflow.Registry
	tickets *ticket.Service
	figures *metric.Service

	agent, auditor, owner, vendor, asker, admin int64
	first, second, theirs                       int64 // groups
	company, supplier                           int64
	services                                    []int64
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	coretest.Each(t, func(t *testing.T, c *coretest.World) { fn(t, open(t, c)) },
		workflow.Migrations, ticket.Migrations, search.Migrations, metric.Migrations)
}

func open(t *testing.T, c *coretest.World) *world {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), c.DB)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	w := &world{World: c, t: t, kinds: kinds}
	w.tickets = ticket.New(ticket.Deps{DB: c.DB, Kinds: kinds, Announcer: silent{}, Now: c.Clock.Now, Search: search.New(c.DB)})
	w.tickets.Follow(metric.Follow)
	w.tickets.FollowImports(metric.FollowImport)
	w.figures = metric.New(metric.Deps{DB: c.DB, Kinds: kinds, Tickets: w.tickets, People: c.People, Services: c.Services, Audit: c.Log, Now: c.Clock.Now})
	w.company = w.Organisation(people.Own, "Halden", 0)
	w.supplier = w.Organisation(people.Supplier, "Wireworks", 0)
	w.asker = w.Person("Mira", w.company)
	w.agent = w.Person("Ana", w.company, access.RoleAgent)
	w.auditor = w.Person("Aud", w.company, access.RoleAuditor)
	w.owner = w.Person("Olga", w.company, access.RoleServiceOwner)
	w.vendor = w.Person("Vera", w.supplier, access.RoleSupplierAgent)
	w.admin = w.Person("Adam", w.company, access.RoleAdministrator)
	w.first = w.tier("First line", 1, w.company, w.agent)
	w.second = w.tier("Second line", 2, w.company)
	w.theirs = w.tier("Wireworks field", 3, w.supplier, w.vendor)
	w.services = []int64{w.Service("Payroll", w.owner), w.Service("Mail", w.admin)}
	return w
}

func (w *world) tier(name string, tier int, organisation int64, members ...int64) int64 {
	w.t.Helper()
	g, err := w.People.CreateGroup(w.System(), people.GroupInput{Name: name, Tier: tier, OrganisationID: organisation, Active: true})
	for _, m := range members {
		if err == nil {
			err = w.People.SetMember(w.System(), g.ID, m, false)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return g.ID
}

// fold brings the facts up to date.
func (w *world) fold() {
	w.t.Helper()
	if err := w.figures.Run(w.System(), time.Hour); err != nil {
		w.t.Fatal(err)
	}
}

// take imports histories.
func (w *world) take(histories ...ticket.History) []ticket.ImportResult {
	w.t.Helper()
	var out []ticket.ImportResult
	err := w.DB.Write(w.System(), func(tx *database.Tx) (err error) {
		out, err = w.tickets.Import(access.With(w.t.Context(), access.NewImporter("test")), tx, histories)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) compute(ctx context.Context, q metric.Query) metric.Result {
	w.t.Helper()
	r, err := w.figures.Compute(ctx, q)
	if err != nil {
		w.t.Fatalf("%s by %q: %v", q.Metric, q.Cut, err)
	}
	return r
}

// teller writes a random timeline, event by event.
type teller struct {
	w      *world
	r      *rand.Rand
	now    ticket.Ticket
	at     time.Time
	events []ticket.Event
}

func (s *teller) event(typ ticket.EventType, by int64, sets map[string]string) {
	actor := ticket.ActorRef{Type: access.TypePerson, ID: by}
	if by == 0 {
		actor = ticket.ActorRef{Type: access.TypeImporter}
	}
	e := ticket.Event{At: s.at, Type: typ, Actor: actor}
	for _, field := range []string{
		ticket.FieldKind, ticket.FieldTitle, ticket.FieldState, ticket.FieldWaitReason, ticket.FieldImpact, ticket.FieldUrgency, ticket.FieldPriority,
		ticket.FieldRequester, ticket.FieldOrganisation, ticket.FieldService, ticket.FieldGroup, ticket.FieldChannel, ticket.FieldRating,
		ticket.FieldMinutesLost, ticket.CustomPrefix + "category",
	} {
		to, asked := sets[field]
		from := s.now.Get(field)
		if !asked || from == to {
			continue
		}
		if err := s.now.Set(field, to); err != nil {
			s.w.t.Fatal(err)
		}
		e.Changes = append(e.Changes, ticket.Change{Field: field, From: from, To: to})
	}
	s.events = append(s.events, e)
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func text(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// history makes up the life of a ticket.
func (w *world) history(r *rand.Rand, n int, begin time.Time) ticket.History {
	s := &teller{w: w, r: r, at: begin.Add(time.Duration(r.IntN(100*24*3600)) * time.Second)}
	kind := pick(r, "incident", "incident", "request")
	initial := "new"
	s.event(ticket.Created, pick(r, w.asker, w.agent), map[string]string{
		ticket.FieldKind: kind, ticket.FieldTitle: fmt.Sprint("Ticket ", n), ticket.FieldState: initial,
		ticket.FieldImpact: "2", ticket.FieldUrgency: "2", ticket.FieldPriority: fmt.Sprint(1 + r.IntN(4)), ticket.FieldRequester: text(w.asker),
		ticket.FieldOrganisation: text(w.company), ticket.FieldService: text(pick(r, append(w.services, 0)...)), ticket.FieldChannel: pick(r, "phone", "portal"),
		ticket.FieldGroup: text(pick(r, w.first, 0)), ticket.CustomPrefix + "category": pick(r, "", "a", "b"),
	})
	for range r.IntN(14) {
		if r.IntN(6) > 0 {
			s.at = s.at.Add(time.Duration(r.IntN(200_000)) * time.Second)
		}
		s.happen()
	}
	return ticket.History{Kind: kind, Source: "test", SourceRef: fmt.Sprint(n), Events: s.events}
}

func (s *teller) happen() {
	w, by := s.w, pick(s.r, s.w.agent, s.w.vendor, s.w.asker, 0)
	sets := map[string]string{}
	typ := ticket.Imported
	switch s.r.IntN(9) {
	case 0, 1:
		sets[ticket.FieldGroup] = text(pick(s.r, w.first, w.second, w.theirs))
	case 2:
		sets[ticket.FieldState], sets[ticket.FieldWaitReason] = "on_hold", pick(s.r, "caller", "vendor")
	case 3:
		sets[ticket.FieldState], sets[ticket.FieldWaitReason] = "in_progress", ""
	case 4, 5:
		sets[ticket.FieldState], sets[ticket.FieldWaitReason] = pick(s.r, "resolved", "resolved", "closed", "cancelled"), ""
		if s.r.IntN(3) == 0 {
			sets[ticket.FieldGroup] = text(w.second)
		}
	case 6:
		typ = ticket.Replied
	case 7:
		sets[ticket.FieldPriority], sets[ticket.FieldService] = fmt.Sprint(1+s.r.IntN(4)), text(pick(s.r, w.services...))
	case 8:
		if s.now.Category == workflow.Resolved || s.now.State == "resolved" {
			typ, by = ticket.Rated, w.asker
			sets[ticket.FieldRating] = fmt.Sprint(1 + s.r.IntN(5))
			if s.r.IntN(2) == 0 {
				sets[ticket.FieldMinutesLost] = fmt.Sprint(s.r.IntN(100))
			}
		}
	}
	s.event(typ, by, sets)
}
