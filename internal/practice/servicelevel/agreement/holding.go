package agreement

import (
	"context"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
)

// Question is a ticket that might come in.
type Question struct {
	Kind         string
	Service      int64
	Organisation int64     // of the requester
	Group        int64     // that gets it
	Priority     int       // 0 is of no priority that is named
	At           time.Time // zero is now
}

// Reason says why an agreement holds for a ticket, or does not.
type Reason string

// The reasons.
const (
	Holds         Reason = "holds"
	NotBegun      Reason = "not_begun"
	HasEnded      Reason = "ended"
	OtherKind     Reason = "other_kind"
	OtherService  Reason = "other_service"
	OtherOffering Reason = "other_offering" // the customer has another offering of the service, or none
	OtherCustomer Reason = "other_customer"
	LessSpecific  Reason = "less_specific" // another one is nearer to the customer, the service or the kind
	Younger       Reason = "younger"       // another one of the same rank is older
)

// Verdict says of one agreement whether it holds.
type Verdict struct {
	Agreement Named
	Role      clock.Role
	Number    int // of the version; 0 if none is in force
	Reason    Reason
	Instead   Named          // what goes before it, if LessSpecific or Younger
	Targets   []clock.Target // for the priority, if it holds
}

// Ask says which agreements a ticket would come under, first those that hold, and of
// each other one in force why not; those of other groups and suppliers are left out.
func (s *Service) Ask(ctx context.Context, question Question) ([]Verdict, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	if question.At.IsZero() {
		question.At = s.now()
	}
	q := s.d.DB.Reader()
	agreements, err := s.Book(ctx, q)
	if err != nil {
		return nil, err
	}
	above, err := s.d.People.Lineages(ctx, q, []int64{question.Organisation})
	if err != nil {
		return nil, err
	}
	facts := clock.Facts{Kind: question.Kind, Service: question.Service, Organisation: question.Organisation, Group: question.Group, Priority: question.Priority}
	if question.Group != 0 {
		suppliers, err := s.d.People.SuppliersThen(ctx)
		if err != nil {
			return nil, err
		}
		facts.Supplier, _ = suppliers(question.Group, question.At)
	}
	book := clock.Book{Agreements: agreements, Above: func(id int64) []int64 { return above(id, question.At) }}
	if book.Offering, err = s.d.Services.OfferingThen(ctx); err != nil {
		return nil, err
	}
	return verdicts(&book, &facts, question.At), nil
}

// verdicts judges every agreement of a book.
func verdicts(book *clock.Book, f *clock.Facts, at time.Time) []Verdict {
	held := book.Holding(f, at)
	var customer *clock.Agreement
	for i := range book.Agreements {
		a := &book.Agreements[i]
		if a.Role == clock.SLA && slices.ContainsFunc(held, func(h clock.Held) bool { return h.Agreement == a.ID }) {
			customer = a
		}
	}
	above := book.Above(f.Organisation)
	var offering int64
	if book.Offering != nil {
		offering = book.Offering(f.Service, above, at)
	}
	var out, others []Verdict
	for i := range book.Agreements {
		a := &book.Agreements[i]
		v := Verdict{Agreement: Named{a.ID, a.Name}, Role: a.Role}
		if j := slices.IndexFunc(held, func(h clock.Held) bool { return h.Agreement == a.ID }); j >= 0 {
			v.Reason, v.Number, v.Targets = Holds, held[j].Version.Number, promised(&held[j].Version, f.Priority)
			out = append(out, v)
			continue
		}
		if a.Role == clock.OLA && a.Party != f.Group || a.Role == clock.UC && a.Party != f.Supplier {
			continue
		}
		v.Reason = whyNot(a, f, at, above, offering)
		if version, ok := a.At(at); ok {
			v.Number = version.Number
		}
		if v.Reason == LessSpecific && customer != nil {
			v.Instead = Named{customer.ID, customer.Name}
			mine, _ := a.At(at)
			its, _ := customer.At(at)
			if a.Party == customer.Party && mine.Rank() == its.Rank() {
				v.Reason = Younger
			}
		}
		others = append(others, v)
	}
	slices.SortStableFunc(out, func(a, b Verdict) int {
		return slices.Index(clock.Roles(), a.Role) - slices.Index(clock.Roles(), b.Role)
	})
	return append(out, others...)
}

func whyNot(a *clock.Agreement, f *clock.Facts, at time.Time, above []int64, offering int64) Reason {
	v, ok := a.At(at)
	switch {
	case !ok && !a.Ends.IsZero() && !at.Before(a.Ends):
		return HasEnded
	case !ok:
		return NotBegun
	case a.Role == clock.SLA && a.Party != 0 && !slices.Contains(above, a.Party):
		return OtherCustomer
	case len(v.Kinds) > 0 && !slices.Contains(v.Kinds, f.Kind):
		return OtherKind
	case len(v.Services) > 0 && !slices.Contains(v.Services, f.Service):
		return OtherService
	case len(v.Offerings) > 0 && !slices.Contains(v.Offerings, offering):
		return OtherOffering
	}
	return LessSpecific
}

// promised gives what a version promises for a priority, once for each measure.
func promised(v *clock.Version, priority int) []clock.Target {
	var out []clock.Target
	for _, m := range clock.Measures() {
		var states []string
		for _, t := range v.Targets {
			if t.Measure != m || slices.Contains(states, t.State) {
				continue
			}
			states = append(states, t.State)
			if target, ok := v.Promise(m, t.State, priority); ok {
				out = append(out, target)
			}
		}
	}
	return out
}
