package changeover

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Change is the permission to change the agreements of tickets.
const Change access.Verb = "change_agreement"

// Verbs are what roles can allow.
func Verbs() []access.VerbInfo {
	return []access.VerbInfo{{
		Verb: Change, Label: text.Key("Change the agreement"), Phrase: text.Key("changing the agreement of"), Tickets: true, Scopes: access.AllScopes(),
		Roles: []string{access.RoleTeamLead, access.RoleAdministrator},
	}}
}

// maxReason is how long a reason may be.
const maxReason = 500

// Agreements are what is promised.
type Agreements interface {
	Book(ctx context.Context, q database.Querier) ([]clock.Agreement, error)
}

// Places say where groups and organisations stand.
type Places interface {
	SuppliersThen(ctx context.Context) (func(group int64, at time.Time) (supplier int64, until time.Time), error)
	Above(ctx context.Context, q database.Querier, ids []int64) (map[int64][]int64, error)
}

// Services say which offerings of services customers had.
type Services interface {
	OfferingThen(ctx context.Context) (func(service int64, above []int64, at time.Time) int64, error)
}

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	db         *database.DB
	tickets    *ticket.Service
	agreements Agreements
	places     Places
	services   Services
	audit      *audit.Log
	now        func() time.Time
}

// NewService makes the service.
func NewService(db *database.DB, tickets *ticket.Service, agreements Agreements, places Places, services Services, log *audit.Log, now func() time.Time) *Service {
	return &Service{db, tickets, agreements, places, services, log, now}
}

// Choice is an agreement that a ticket can be put under, in the version in force.
type Choice struct {
	Role      clock.Role
	Party     int64 // the group or supplier; 0 for the customer
	Agreement int64
	Version   int64
	Name      string
	Number    int
	Rules     bool // the rules say so for a new ticket
}

// Choices lists what a ticket can be put under: agreements with its customer, its
// group and its supplier.
func (s *Service) Choices(ctx context.Context, t *ticket.Ticket) ([]Choice, error) {
	if !May(ctx, t) {
		return nil, apperr.New(apperr.Forbidden, "You may not change the agreement of this ticket.")
	}
	return s.choices(ctx, s.db.Reader(), t)
}

// May reports whether the reader may change the agreements of a ticket.
func May(ctx context.Context, t *ticket.Ticket) bool {
	actor, record := access.From(ctx), t.Record()
	return actor.Check(access.ReadNotes, record).Allowed && actor.Check(Change, record).Allowed
}

func (s *Service) choices(ctx context.Context, q database.Querier, t *ticket.Ticket) ([]Choice, error) {
	book, err := s.agreements.Book(ctx, q)
	if err != nil {
		return nil, err
	}
	above, err := s.places.Above(ctx, q, []int64{t.OrganisationID})
	if err != nil {
		return nil, err
	}
	suppliers, err := s.places.SuppliersThen(ctx)
	if err != nil {
		return nil, err
	}
	supplier, _ := suppliers(t.GroupID, s.now())
	facts := clock.Facts{Kind: t.Kind, Service: t.ServiceID, Organisation: t.OrganisationID, Group: t.GroupID, Supplier: supplier, Priority: t.Priority}
	in := clock.Book{Agreements: book, Above: func(id int64) []int64 { return above[id] }}
	if in.Offering, err = s.services.OfferingThen(ctx); err != nil {
		return nil, err
	}
	holding := in.Holding(&facts, s.now())
	var out []Choice
	for i := range book {
		a := &book[i]
		v, ok := a.At(s.now())
		if !ok {
			continue
		}
		c := Choice{Role: a.Role, Party: a.Party, Agreement: a.ID, Version: v.ID, Name: a.Name, Number: v.Number}
		switch a.Role {
		case clock.SLA:
			ok = a.Party == 0 || slices.Contains(above[t.OrganisationID], a.Party)
			c.Party = 0
		case clock.OLA:
			ok = a.Party == t.GroupID
		case clock.UC:
			ok = a.Party == facts.Supplier
		}
		c.Rules = slices.ContainsFunc(holding, func(h clock.Held) bool { return h.Agreement == a.ID })
		if ok {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Choice) int {
		return slices.Index(clock.Roles(), a.Role) - slices.Index(clock.Roles(), b.Role)
	})
	return out, nil
}

// Order says under what to put a ticket.
type Order struct {
	Role      clock.Role
	Party     int64
	Agreement int64 // 0 goes back to what the rules say
	Reason    string
}

// Put puts a ticket under an agreement in the version in force, or back under what
// the rules say. NotFound or Forbidden as for every save; Invalid for an agreement
// that is not among the Choices, and without a reason.
func (s *Service) Put(ctx context.Context, ref ticket.Ref, order Order) (clock.ChangeOver, error) {
	var over clock.ChangeOver
	order.Reason = strings.TrimSpace(order.Reason)
	_, err := s.tickets.Act(ctx, ref, Change, func(a *ticket.Acting) error {
		t := a.Ticket()
		var wrong apperr.Problems
		if n := utf8.RuneCountInString(order.Reason); n == 0 || n > maxReason {
			wrong.Add("reason", "Say why, in at most %d characters.", maxReason)
		}
		over = clock.ChangeOver{Role: order.Role, Party: order.Party, Reason: order.Reason}
		if order.Agreement != 0 {
			choices, err := s.choices(ctx, a.Tx(), &t)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(choices, func(c Choice) bool { return c.Agreement == order.Agreement })
			if i < 0 {
				wrong.Add("agreement", "This agreement is not with the customer, the group or the supplier of this ticket, or is not in force.")
			} else {
				c := choices[i]
				over.Role, over.Party, over.Agreement, over.Version, over.Name, over.Number = c.Role, c.Party, c.Agreement, c.Version, c.Name, c.Number
			}
		} else if !slices.Contains(clock.Roles(), order.Role) {
			wrong.Add("agreement", "Choose an agreement, or what the rules say.")
		}
		if err := wrong.Err(); err != nil {
			return err
		}
		said, err := json.Marshal(over)
		if err != nil {
			return err
		}
		a.Say(clock.ChangeOverActivity, "", string(said))
		return s.audit.Append(ctx, a.Tx(), audit.Entry{Action: "ticket.change_agreement", ObjectType: "ticket", ObjectID: audit.ID(t.ID), ObjectName: t.Number, After: over})
	})
	return over, err
}
