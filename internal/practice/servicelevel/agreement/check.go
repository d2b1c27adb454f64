package agreement

import (
	"context"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// maxChecked is how many services a check looks at.
const maxChecked = 1000

// Named is something with its name.
type Named struct {
	ID   int64
	Name string
}

// Link is a promise that one to a customer leans on.
type Link struct {
	Agreement Named
	Role      clock.Role
	Target    clock.Target
}

// Finding says that a promise to a customer cannot be kept by those who deliver.
type Finding struct {
	SLA        Named
	Promise    clock.Target
	Links      []Link // one after the other
	Kinds      []string
	Priorities []int
	Services   []Named
	Gap        clock.Gap
	Zone       *time.Location // of the customer's calendar
}

// Overlap is another agreement that would hold for the same tickets.
type Overlap struct {
	Agreement Named
	Wins      bool // the other one holds, because it is older
}

// Report is what there is to say about an agreement besides what is wrong with it.
type Report struct {
	Findings []Finding // those that are late most often first
	Overlaps []Overlap
	Services int  // how many services were looked at
	Chains   int  // how many chains of promises
	More     bool // there are more services than are looked at
}

// Check says whether the promises that lean on an agreement, or on which it leans,
// can be kept, and which others would hold for the same tickets.
func (s *Service) Check(ctx context.Context, id int64) (Report, error) {
	if err := mayRead(ctx); err != nil {
		return Report{}, err
	}
	q := s.d.DB.Reader()
	a, err := read(ctx, q, id)
	if err != nil {
		return Report{}, err
	}
	return s.check(ctx, q, &a)
}

// Preview is Check of an agreement that is not saved. Invalid as Create.
func (s *Service) Preview(ctx context.Context, in Draft) (Agreement, Report, error) {
	if err := mayManage(ctx); err != nil {
		return Agreement{}, Report{}, err
	}
	q := s.d.DB.Reader()
	a, err := s.draft(ctx, q, tidyDraft(in), s.now())
	if err != nil {
		return a, Report{}, err
	}
	r, err := s.check(ctx, q, &a)
	return a, r, err
}

// PreviewChange is Check of an agreement as it would be. Invalid as Change.
func (s *Service) PreviewChange(ctx context.Context, id int64, change Changes) (Agreement, Report, error) {
	if err := mayManage(ctx); err != nil {
		return Agreement{}, Report{}, err
	}
	q := s.d.DB.Reader()
	before, err := read(ctx, q, id)
	if err != nil {
		return before, Report{}, err
	}
	change.From = instant(change.From)
	after, fresh, err := s.changes(ctx, q, &before, change)
	if err != nil {
		return after, Report{}, err
	}
	if fresh != nil { // what is looked at is what is being written
		after.Versions = slices.DeleteFunc(after.Versions, func(v Version) bool { return v.From.After(fresh.From) })
	}
	r, err := s.check(ctx, q, &after)
	return after, r, err
}

// check looks at an agreement among the others, as they stand when its last version
// begins, or now.
func (s *Service) check(ctx context.Context, q database.Querier, a *Agreement) (Report, error) {
	known, err := s.Book(ctx, q)
	if err != nil {
		return Report{}, err
	}
	it := a.Clock()
	book := slices.Clone(known)
	if i := slices.IndexFunc(book, func(b clock.Agreement) bool { return b.ID == a.ID }); a.ID != 0 && i >= 0 {
		book[i] = it
	} else {
		book = append(book, it)
	}
	at := s.now()
	if last := a.Versions[len(a.Versions)-1].From; last.After(at) {
		at = last
	}
	out := Report{Overlaps: overlaps(book, &it, s.now())}
	c := checker{at: at, book: book, agreement: &it}
	suppliers, err := s.d.People.SuppliersThen(ctx)
	if err != nil {
		return out, err
	}
	c.supplier = func(group int64) int64 {
		supplier, _ := suppliers(group, at)
		return supplier
	}
	if c.offerings, err = s.d.Services.OfferingNames(ctx, q, offeringsOf(book)); err != nil {
		return out, err
	}
	if c.about, err = c.covered(ctx, q, s.d.Services); err != nil {
		return out, err
	}
	for _, d := range s.d.Kinds.All() {
		k := kindOf{key: d.Key}
		for _, p := range d.Matrix.Priority {
			k.priorities = append(k.priorities, p.Value)
		}
		c.kinds = append(c.kinds, k)
	}
	if len(c.about) > maxChecked {
		out.More, c.about = true, c.about[:maxChecked]
	}
	c.collect()
	if c.hours, err = s.d.Calendars.Hours(ctx, q, c.calendars()...); err != nil {
		return out, err
	}
	out.Services, out.Chains = len(c.about), len(c.chains)
	out.Findings = c.findings()
	return out, nil
}

type kindOf struct {
	key        string
	priorities []int
}

// checker compares promises with the chains they lean on.
type checker struct {
	at        time.Time
	book      []clock.Agreement
	agreement *clock.Agreement        // what it is about
	supplier  func(group int64) int64 // whose group it is; 0 for our own
	offerings map[int64]service.OfferingName
	about     []service.Delivery
	kinds     []kindOf
	chains    []*Finding // without gaps yet; each promise with each chain once
	hours     map[int64]*calendar.Hours
}

// covered gives the services that matter: those an agreement with a customer
// covers, those a group or a supplier delivers. A supplier delivers as the provider,
// or through a group of its own that takes the tickets.
func (c *checker) covered(ctx context.Context, q database.Querier, services interface {
	Deliveries(ctx context.Context, q database.Querier, limit int, ids ...int64) ([]service.Delivery, error)
},
) ([]service.Delivery, error) {
	v, ok := c.agreement.At(c.at)
	if !ok {
		return nil, nil
	}
	named := v.Services
	if len(named) == 0 && len(v.Offerings) > 0 {
		for _, id := range v.Offerings {
			named = append(named, c.offerings[id].ServiceID)
		}
		named = sorted(named)
	}
	found, err := services.Deliveries(ctx, q, maxChecked+1, named...)
	return slices.DeleteFunc(found, func(d service.Delivery) bool {
		switch c.agreement.Role {
		case clock.OLA:
			return d.SupportGroupID != c.agreement.Party
		case clock.UC:
			return d.ProviderID != c.agreement.Party && c.supplier(d.SupportGroupID) != c.agreement.Party
		case clock.SLA:
		}
		return d.SupportGroupID == 0 && d.ProviderID == 0
	}), err
}

// collect notes which promises lean on which chains.
func (c *checker) collect() {
	for i := range c.book {
		sla := &c.book[i]
		if sla.Role != clock.SLA || c.agreement.Role == clock.SLA && sla.ID != c.agreement.ID {
			continue
		}
		v, ok := sla.At(c.at)
		if !ok {
			continue
		}
		for _, d := range c.about {
			for _, k := range c.kinds {
				for _, offering := range c.offered(&v, d.ID) {
					if v.Covers(k.key, d.ID, offering) {
						c.lean(sla, &v, &d, &k, offering)
					}
				}
			}
		}
	}
}

// offered gives the offerings of a service that a version is for; 0 is none.
func (c *checker) offered(v *clock.Version, service int64) []int64 {
	if len(v.Offerings) == 0 {
		return []int64{0}
	}
	var out []int64
	for _, id := range v.Offerings {
		if c.offerings[id].ServiceID == service {
			out = append(out, id)
		}
	}
	return out
}

func offeringsOf(book []clock.Agreement) []int64 {
	var out []int64
	for i := range book {
		for j := range book[i].Versions {
			out = append(out, book[i].Versions[j].Offerings...)
		}
	}
	return sorted(out)
}

func (c *checker) lean(sla *clock.Agreement, v *clock.Version, d *service.Delivery, k *kindOf, offering int64) {
	for _, priority := range k.priorities {
		promise, ok := v.Promise(clock.Resolution, "", priority)
		if !ok {
			continue
		}
		var links []Link
		ours := c.agreement.Role == clock.SLA
		type party struct {
			role clock.Role
			id   int64
		}
		parties := []party{{clock.OLA, d.SupportGroupID}, {clock.UC, c.supplier(d.SupportGroupID)}}
		if d.ProviderID != c.supplier(d.SupportGroupID) {
			parties = append(parties, party{clock.UC, d.ProviderID})
		}
		for _, by := range parties {
			if l, ok := c.link(by.role, by.id, k.key, d.ID, offering, priority); ok {
				links = append(links, l)
				ours = ours || l.Agreement.ID == c.agreement.ID
			}
		}
		if len(links) > 0 && ours {
			c.note(Finding{SLA: Named{sla.ID, sla.Name}, Promise: promise, Links: links}, d, k.key, priority)
		}
	}
}

// link gives what a group or a supplier promises; of several the oldest holds.
func (c *checker) link(role clock.Role, party int64, kind string, service, offering int64, priority int) (Link, bool) {
	if party == 0 {
		return Link{}, false
	}
	for i := range c.book {
		a := &c.book[i]
		if a.Role != role || a.Party != party {
			continue
		}
		v, ok := a.At(c.at)
		if !ok || !v.Covers(kind, service, offering) {
			continue
		}
		target, ok := v.Promise(clock.Resolution, "", priority)
		return Link{Named{a.ID, a.Name}, role, target}, ok
	}
	return Link{}, false
}

// note adds to what is known of a promise with its chain.
func (c *checker) note(f Finding, d *service.Delivery, kind string, priority int) {
	i := slices.IndexFunc(c.chains, func(o *Finding) bool {
		return o.SLA == f.SLA && same(o.Promise, f.Promise) && slices.EqualFunc(o.Links, f.Links, func(a, b Link) bool {
			return a.Agreement == b.Agreement && same(a.Target, b.Target)
		})
	})
	if i < 0 {
		i = len(c.chains)
		c.chains = append(c.chains, &f)
	}
	found := c.chains[i]
	if !slices.Contains(found.Kinds, kind) {
		found.Kinds = append(found.Kinds, kind)
	}
	if !slices.Contains(found.Priorities, priority) {
		found.Priorities = append(found.Priorities, priority)
		slices.Sort(found.Priorities)
	}
	if n := len(found.Services); n == 0 || !slices.Contains(found.Services, Named{d.ID, d.Name}) {
		found.Services = append(found.Services, Named{d.ID, d.Name})
	}
}

// same reports whether two targets promise the same; for which priority they were
// written does not matter.
func same(a, b clock.Target) bool {
	a.Priority, b.Priority = 0, 0
	return a == b
}

func (c *checker) calendars() []int64 {
	var out []int64
	for _, f := range c.chains {
		out = append(out, f.Promise.Calendar)
		for _, l := range f.Links {
			out = append(out, l.Target.Calendar)
		}
	}
	return out
}

func (c *checker) findings() []Finding {
	from := c.at.Truncate(time.Hour).Add(time.Hour)
	var out []Finding
	for _, f := range c.chains {
		chain := make([]clock.Link, 0, len(f.Links))
		for _, l := range f.Links {
			chain = append(chain, clock.Link{Name: l.Agreement.Name, Target: l.Target, Hours: c.hours[l.Target.Calendar]})
		}
		promise := clock.Link{Name: f.SLA.Name, Target: f.Promise, Hours: c.hours[f.Promise.Calendar]}
		gap, fine := clock.Feasible(promise, chain, from)
		if fine {
			continue
		}
		f.Gap, f.Zone = gap, promise.Hours.Zone()
		out = append(out, *f)
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return b.Gap.Share - a.Gap.Share })
	return out
}

// overlaps gives the agreements that stand beside one at the same rank, of which
// only the older one holds (see clock.Book).
func overlaps(book []clock.Agreement, it *clock.Agreement, now time.Time) []Overlap {
	var out []Overlap
	older := true
	for i := range book {
		other := &book[i]
		if other.ID == it.ID {
			older = false
			continue
		}
		if other.Role == it.Role && other.Party == it.Party && collide(other, it, now) {
			out = append(out, Overlap{Named{other.ID, other.Name}, older})
		}
	}
	return out
}

// collide reports whether two agreements of a party would both hold for some ticket
// at some time from an instant on.
func collide(a, b *clock.Agreement, now time.Time) bool {
	for i := range a.Versions {
		for j := range b.Versions {
			v, w := &a.Versions[i], &b.Versions[j]
			fromV, toV := reach(a, i)
			fromW, toW := reach(b, j)
			start, end := latest(fromV, fromW, now), earliest(toV, toW)
			if (end.IsZero() || start.Before(end)) && rivals(a.Role, &v.Terms, &w.Terms) {
				return true
			}
		}
	}
	return false
}

// reach is from when until when tickets come under a version; zero is for ever.
func reach(a *clock.Agreement, i int) (from, to time.Time) {
	from, to = a.Versions[i].From, a.Ends
	if i+1 < len(a.Versions) {
		to = earliest(to, a.Versions[i+1].From)
	}
	return from, to
}

func latest(all ...time.Time) time.Time {
	return slices.MaxFunc(all, time.Time.Compare)
}

// earliest leaves out what is zero.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// rivals reports whether terms cover some ticket together at the same rank: of
// those with a customer, the one that names offerings, services, or kinds, goes first.
func rivals(role clock.Role, v, w *clock.Terms) bool {
	if role == clock.SLA && v.Rank() != w.Rank() {
		return false
	}
	return meet(v.Services, w.Services) && meet(v.Kinds, w.Kinds) && meet(v.Offerings, w.Offerings)
}

// meet reports whether lists, of which an empty one is everything, have something
// in common.
func meet[T comparable](a, b []T) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}
