package metric

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Bounds of a query.
const (
	maxSteps      = 400
	maxDays       = 366 * 20
	defaultDays   = 30
	defaultSlices = 20
	maxSlices     = 200
)

// plan is a query understood: what to read, over which days, for whom.
type plan struct {
	q      Query
	m      *metric
	days   stretchOfDays
	steps  []stretchOfDays
	scope  scope
	places map[int64]people.GroupPlace
	zone   zoneRow // whose roll-ups answer; ID 0: none do
}

// scope is which tickets a reader's figures are over.
type scope struct {
	kinds   []string
	hidden  []string         // kinds that were asked for and are not among them
	partial bool             // only the tickets that match the condition
	match   filter.Condition // on tickets t
}

// plan checks a query and fills in its defaults.
func (s *Service) plan(ctx context.Context, q Query) (*plan, error) {
	m, err := s.metric(ctx, q.Metric)
	if err != nil {
		return nil, err
	}
	return s.planFor(ctx, m, q)
}

func (s *Service) planFor(ctx context.Context, m *metric, q Query) (*plan, error) {
	if err := access.From(ctx).Require(access.Export, access.AnyKind); err != nil {
		return nil, err
	}
	p := &plan{q: q, m: m}
	err := p.setDays(s.now())
	if err != nil {
		return nil, err
	}
	if err := s.checkCuts(p); err != nil {
		return nil, err
	}
	if p.q.Slices <= 0 {
		p.q.Slices = defaultSlices
	}
	p.q.Slices = min(p.q.Slices, maxSlices)
	if p.needsPlaces() {
		if p.places, err = s.places.GroupPlaces(ctx, s.db.Reader()); err != nil {
			return nil, err
		}
	}
	if p.scope, err = s.scope(ctx, p); err != nil {
		return nil, err
	}
	return p, s.pickZone(ctx, p)
}

// setDays turns the range into whole days of the zone, and those into steps.
func (p *plan) setDays(now time.Time) error {
	if p.q.Zone == nil {
		p.q.Zone = time.UTC
	}
	zone := p.q.Zone
	to := dayOf(now, zone) + 1
	if !p.q.To.IsZero() {
		to = dayOf(p.q.To, zone)
		if p.q.To.After(startOf(to, zone)) {
			to++ // a part of a day takes all of it
		}
	}
	from := to - defaultDays
	if !p.q.From.IsZero() {
		from = dayOf(p.q.From, zone)
	}
	switch {
	case from >= to:
		return apperr.InvalidField("from", "The first day must lie before the last.")
	case to-from > maxDays:
		return apperr.InvalidField("from", "Ask for at most twenty years at once.")
	case p.q.Period != Whole && !slices.Contains(Periods(), p.q.Period):
		return apperr.InvalidField("period", "A series has steps of a day, a week, a month or a quarter.")
	}
	p.days = stretchOfDays{from, to}
	p.q.From, p.q.To = startOf(from, zone), startOf(to, zone)
	if p.steps = p.q.Period.steps(p.days); len(p.steps) > maxSteps {
		return apperr.InvalidField("period", "This series would have more than %d steps. Choose longer ones.", maxSteps)
	}
	return nil
}

// checkCuts refuses cuts the metric does not know.
func (s *Service) checkCuts(p *plan) error {
	known := func(c Cut) bool {
		return (p.m.CanCut(c) || c == byStep && p.m.Key == "flow") && (c.Field() == "" || s.hasField(c.Field()))
	}
	if !known(p.q.Cut) {
		return apperr.InvalidField("cut", "“%s” cannot be cut by %q.", p.m.Name, p.q.Cut)
	}
	if len(p.q.Only) > 10 {
		return apperr.InvalidField("only", "Narrow a figure by at most ten conditions.")
	}
	for _, o := range p.q.Only {
		if !known(o.Cut) && !slices.Contains(allCuts, o.Cut) || o.Cut == "" {
			return apperr.InvalidField("only", "“%s” cannot be narrowed by %q.", p.m.Name, o.Cut)
		}
		if _, err := strconv.ParseInt(o.Key, 10, 64); err != nil && o.Key != "" && isNumber(o.Cut) {
			return apperr.InvalidField("only", "%q is not an id.", o.Key)
		}
	}
	return nil
}

func isNumber(c Cut) bool {
	switch c {
	case ByService, ByGroup, ByTier, ByOrganisation, BySupplier, ByPriority:
		return true
	}
	return false
}

func (s *Service) hasField(key string) bool {
	for _, d := range s.kinds.All() {
		if _, ok := d.Field(key); ok {
			return true
		}
	}
	return false
}

func (p *plan) needsPlaces() bool {
	placed := func(c Cut) bool { return c == ByTier || c == BySupplier }
	return placed(p.q.Cut) || slices.ContainsFunc(p.q.Only, func(o Only) bool { return placed(o.Cut) })
}

// inside reports whether the answer tells of work that only those see who read
// internal notes.
func (p *plan) inside() bool {
	return p.m.inside || isInside(p.q.Cut) || slices.ContainsFunc(p.q.Only, func(o Only) bool { return isInside(o.Cut) })
}

// scope finds out which tickets the figures are over: all of the kinds of which
// the reader may see every ticket, or, where there is none, those they may see.
func (s *Service) scope(ctx context.Context, p *plan) (scope, error) {
	actor := access.From(ctx)
	verbs := []access.Verb{access.View, access.Export}
	if p.inside() {
		verbs = append(verbs, access.ReadNotes)
	}
	asked := s.askedKinds(p)
	var sc scope
	for _, kind := range asked {
		// A record of nobody and nothing is within reach of ScopeAll alone.
		if whole := !slices.ContainsFunc(verbs, func(v access.Verb) bool { return !actor.Check(v, access.Record{Kind: kind}).Allowed }); whole {
			sc.kinds = append(sc.kinds, kind)
		} else {
			sc.hidden = append(sc.hidden, kind)
		}
	}
	sc.match = filter.True()
	if len(sc.kinds) == 0 && len(asked) > 0 {
		sc.kinds, sc.hidden, sc.partial = asked, nil, true
		schema, err := s.tickets.Schema(ctx)
		if err != nil {
			return sc, err
		}
		for _, v := range verbs {
			sc.match = filter.And(sc.match, actor.Condition(v, schema))
		}
	}
	if strings.TrimSpace(p.q.Filter) == "" {
		p.q.Filter = ""
		return sc, nil
	}
	chosen, err := s.tickets.Condition(ctx, p.q.Filter, p.q.Zone)
	sc.match = filter.And(sc.match, chosen)
	return sc, err
}

func (s *Service) askedKinds(p *plan) []string {
	var keys []string
	for _, d := range s.kinds.All() {
		if !slices.ContainsFunc(p.q.Only, func(o Only) bool { return o.Cut == ByKind && o.Key != d.Key }) {
			keys = append(keys, d.Key)
		}
	}
	return keys
}

// pickZone decides whether roll-ups answer the query, and has the days of a zone
// summed that a reader of roll-ups asks for the first time.
func (s *Service) pickZone(ctx context.Context, p *plan) error {
	if !p.summed() {
		return nil
	}
	list, err := zones(ctx, s.db.Reader())
	if err != nil {
		return err
	}
	name := p.q.Zone.String()
	i := slices.IndexFunc(list, func(z zoneRow) bool { return z.Name == name })
	if i >= 0 {
		if list[i].Ready {
			p.zone = list[i]
		}
		return nil
	}
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return nil //nolint:nilerr // a zone without a name has no roll-ups
	}
	if err := s.ensureZone(ctx, name); err != nil {
		s.log.WarnContext(ctx, "the days of a time zone will not be summed", "zone", name, "error", err)
	}
	return nil
}

// summed reports whether roll-ups hold what the query asks for.
func (p *plan) summed() bool {
	if !p.scope.match.Always() || p.scope.partial || !p.q.RecordedBy.IsZero() || p.m.spread == spreadAge {
		return false
	}
	dim, ok := p.dimension()
	if !ok {
		return false
	}
	if p.m.spread != "" && (!hasSpread(dim) || p.q.Cut != "" && p.q.Period != Whole) {
		return false
	}
	return true
}

// dimension gives the dimension of roll-ups that answers the query; false when
// it takes more than one.
func (p *plan) dimension() (string, bool) {
	dim := dimensionOf(p.q.Cut)
	if p.m.inner != "" {
		dim = p.m.inner
	}
	for _, o := range p.q.Only {
		if o.Cut == ByKind {
			continue // every roll-up is by kind
		}
		only := dimensionOf(o.Cut)
		if dim != dimWhole && dim != only {
			return "", false
		}
		dim = only
	}
	return dim, dim != noDimension
}

const noDimension = "none"

// dimensionOf gives the dimension that holds a cut's slots.
func dimensionOf(c Cut) string {
	switch c {
	case "", ByKind:
		return dimWhole
	case ByTier, BySupplier:
		return string(ByGroup)
	case BySubject:
		return dimSubject
	}
	if c.Field() != "" {
		return noDimension
	}
	return string(c)
}

// slotOf turns what is stored into the key of a slice.
func (p *plan) slotOf(key string) string {
	switch p.q.Cut {
	case ByTier, BySupplier:
		group, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			return ""
		}
		place := p.places[group]
		if p.q.Cut == ByTier {
			return id(int64(place.Tier))
		}
		return id(place.OrganisationID)
	}
	return key
}

// groupsOf lists the groups that a tier or a supplier stands for.
func (p *plan) groupsOf(o Only) []int64 {
	want, _ := strconv.ParseInt(o.Key, 10, 64)
	groups := []int64{}
	if want == 0 {
		groups = append(groups, 0)
	}
	for g, place := range p.places {
		if o.Cut == ByTier && int64(place.Tier) == want || o.Cut == BySupplier && place.OrganisationID == want {
			groups = append(groups, g)
		}
	}
	slices.Sort(groups)
	return groups
}

// stepOf gives the step of the series a day belongs to.
func (p *plan) stepOf(day int64) int {
	i, found := slices.BinarySearchFunc(p.steps, day, func(s stretchOfDays, d int64) int {
		switch {
		case s.from > d:
			return 1
		case s.from < d:
			return -1
		}
		return 0
	})
	if !found {
		i--
	}
	return i
}

// columnOf gives the SQL of a cut's key on facts f or stretches f, as text.
func columnOf(c Cut) string {
	number := func(column string) string {
		return "CASE WHEN f." + column + " = 0 THEN '' ELSE CAST(f." + column + " AS TEXT) END"
	}
	switch c {
	case ByService:
		return number("service_id")
	case ByGroup, ByTier, BySupplier:
		return number("group_id")
	case ByOrganisation:
		return number("organisation_id")
	case ByPriority:
		return "CAST(f.priority AS TEXT)"
	case ByKind:
		return "f.kind"
	case ByChannel:
		return "f.channel"
	case ByCategory:
		return "f.category"
	case ByState:
		return "f.state"
	case BySubject:
		return number("service_id") + " || '|' || f.category"
	}
	if key := c.Field(); key != "" {
		return "COALESCE(t.fields->>'" + key + "', '')" // the key is one of a kind's fields, checked to be a plain name
	}
	return "''"
}

// slotColumn gives the SQL of what the query divides by.
func (p *plan) slotColumn() string {
	switch {
	case p.m.inner == dimSubject:
		return columnOf(BySubject)
	case p.m.inner == dimPerson:
		return "CASE WHEN f.person_id = 0 THEN '' ELSE CAST(f.person_id AS TEXT) END"
	case p.q.Cut == byStep && p.m.spread == SpreadHeld:
		return columnOf(ByGroup) + " || '" + stepMark + "' || f.next"
	case p.q.Cut == byStep:
		// An opened ticket comes from nowhere into its first state.
		return "CASE WHEN f.what = 'opened' THEN '' ELSE f.state END || '" + stepMark + "' || CASE WHEN f.what = 'opened' THEN f.state ELSE f.next END"
	}
	return columnOf(p.q.Cut)
}

// from gives the table with what the query's conditions need.
func (p *plan) from(table string) string {
	custom := p.q.Cut.Field() != "" || slices.ContainsFunc(p.q.Only, func(o Only) bool { return o.Cut.Field() != "" })
	if custom || !p.scope.match.Always() {
		return table + " f JOIN tickets t ON t.id = f.ticket_id"
	}
	return table + " f"
}

// where gives the conditions on facts or stretches that do not speak of time.
func (p *plan) where(args *database.Args) string {
	where := "f.kind IN " + database.In(args, p.scope.kinds)
	for _, o := range p.q.Only {
		where += " AND " + p.only(args, o)
	}
	if !p.scope.match.Always() {
		where += " AND " + p.scope.match.SQL(args)
	}
	if p.m.inner == dimSubject {
		where += " AND f.kind = " + args.Arg(minorKind) + " AND f.priority >= " + args.Arg(minorFrom)
	}
	return where
}

func (p *plan) only(args *database.Args, o Only) string {
	number := func(column string) string {
		n, _ := strconv.ParseInt(o.Key, 10, 64)
		return "f." + column + " = " + args.Arg(n)
	}
	switch o.Cut {
	case ByService:
		return number("service_id")
	case ByGroup:
		return number("group_id")
	case ByOrganisation:
		return number("organisation_id")
	case ByPriority:
		return number("priority")
	case ByTier, BySupplier:
		return "f.group_id IN " + database.In(args, p.groupsOf(o))
	}
	return columnOf(o.Cut) + " = " + args.Arg(o.Key)
}

// onlySlots gives the condition on roll-ups for what the query is narrowed to.
func (p *plan) onlySlots(args *database.Args) string {
	where := ""
	for _, o := range p.q.Only {
		switch o.Cut {
		case ByKind:
		case ByTier, BySupplier:
			var keys []string
			for _, g := range p.groupsOf(o) {
				keys = append(keys, id(g))
			}
			where += " AND slot IN " + database.In(args, keys)
		default:
			where += " AND slot = " + args.Arg(o.Key)
		}
	}
	return where
}
