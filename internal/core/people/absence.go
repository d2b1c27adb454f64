package people

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// The bounds of absences.
const (
	MaxAbsenceReason = 300
	maxAbsentGroups  = 50
	maxAbsencePast   = 31 * 24 * time.Hour      // how long after its beginning one can be entered
	maxAbsenceAhead  = 3 * 366 * 24 * time.Hour // and how long before its end
)

// Absence is a time in which somebody is away. Its end is not part of it.
type Absence struct {
	ID       int64 `json:"id"`
	PersonID int64 `json:"person_id"`
	AbsenceInput
	EnteredBy int64     `json:"entered_by,omitempty"`
	CreatedAt time.Time `json:"-"`
	UpdatedAt time.Time `json:"-"`
	Version   int64     `json:"version"`
}

// AbsenceInput is what can be said of an absence.
type AbsenceInput struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Reason is for the person alone: nobody else reads it, the audit log included.
	Reason     string          `json:"-"`
	Substitute int64           `json:"substitute,omitempty"` // 0 is nobody
	ByGroup    map[int64]int64 `json:"by_group,omitempty"`   // who stands in for tickets of a group, where it is somebody else
}

// Stage says where an instant lies: before (-1), in (0) or behind (1) the absence.
func (a *Absence) Stage(at time.Time) int {
	switch {
	case at.Before(a.From):
		return -1
	case at.Before(a.Until):
		return 0
	}
	return 1
}

// Away is an absence as others may know of it.
type Away struct {
	Absence, Person int64
	From, Until     time.Time
	Substitute      int64
	ByGroup         map[int64]int64
}

// StandIn gives who stands in for tickets of a group; 0 for nobody.
func (a *Away) StandIn(group int64) int64 {
	if s := a.ByGroup[group]; s != 0 {
		return s
	}
	return a.Substitute
}

// Book says who is away at one instant.
type Book map[int64]Away

// MaxStandIns bounds a chain of substitutes; a longer one ends at nobody.
const MaxStandIns = 10

// Chain gives who stands in for a person on tickets of a group: each for the one
// before. The last one is there. ok is false when it comes to nobody: somebody away
// has no substitute, or they stand in for one another in a circle. Of a person who is
// there it is empty.
func (b Book) Chain(person, group int64) (chain []int64, ok bool) {
	seen := map[int64]bool{person: true}
	for at := person; ; {
		away, is := b[at]
		if !is {
			return chain, true
		}
		next := away.StandIn(group)
		if next == 0 || seen[next] || len(chain) == MaxStandIns {
			return chain, false
		}
		seen[next] = true
		chain = append(chain, next)
		at = next
	}
}

// InsteadAs says what somebody is who is told in the place of a person who is away.
type InsteadAs string

// What they are.
const (
	AsSubstitute InsteadAs = "substitute"
	AsGroupLead  InsteadAs = "lead"
	AsMember     InsteadAs = "member"
	AsOwner      InsteadAs = "owner" // of the service
)

// Instead is somebody who is told in the place of a person who is away.
type Instead struct {
	Person int64
	As     InsteadAs
}

// Around are those who are left when nobody stands in: the people of the group that
// has the matter, and who answers for the service.
type Around struct {
	Leads, Members []int64
	Owner          int64
}

// Instead gives who is told in the place of a person who is away: the end of the
// chain of substitutes, if they may know; else who of the group may and is there, the
// leads before the others; else the service's owner; else those of the group who are
// away, too. It is empty only when none of them may know, or the person is there.
func (b Book) Instead(person, group int64, around Around, may func(person int64) bool) []Instead {
	if _, away := b[person]; !away {
		return nil
	}
	if chain, ok := b.Chain(person, group); ok && may(chain[len(chain)-1]) {
		return []Instead{{chain[len(chain)-1], AsSubstitute}}
	}
	choose := func(as InsteadAs, absent bool, of ...int64) (out []Instead) {
		for _, p := range of {
			_, away := b[p]
			if p != 0 && p != person && away == absent && may(p) {
				out = append(out, Instead{p, as})
			}
		}
		return out
	}
	for _, found := range []func() []Instead{
		func() []Instead { return choose(AsGroupLead, false, around.Leads...) },
		func() []Instead { return choose(AsMember, false, around.Members...) },
		func() []Instead { return choose(AsOwner, false, around.Owner) },
		func() []Instead { return choose(AsGroupLead, true, around.Leads...) },
		func() []Instead { return choose(AsMember, true, around.Members...) },
		func() []Instead { return choose(AsOwner, true, around.Owner) },
	} {
		if out := found(); len(out) > 0 {
			return out
		}
	}
	return nil
}

func (in *AbsenceInput) check(person int64, now time.Time) error {
	in.From, in.Until, in.Reason = in.From.UTC().Truncate(time.Microsecond), in.Until.UTC().Truncate(time.Microsecond), clean(in.Reason)
	maps.DeleteFunc(in.ByGroup, func(_, substitute int64) bool { return substitute == 0 })
	var wrong apperr.Problems
	switch {
	case in.From.IsZero():
		wrong.Add("from", "Say from when.")
	case in.From.Before(now.Add(-maxAbsencePast)):
		wrong.Add("from", "An absence can be entered until a month after it began.")
	}
	switch {
	case in.Until.IsZero():
		wrong.Add("until", "Say until when.")
	case !in.From.IsZero() && !in.From.Before(in.Until):
		wrong.Add("until", "The end comes before the beginning.")
	case !now.Before(in.Until):
		wrong.Add("until", "This is over already.")
	case in.Until.After(now.Add(maxAbsenceAhead)):
		wrong.Add("until", "An absence ends at most three years from now.")
	}
	checkLength(&wrong, "reason", in.Reason, MaxAbsenceReason)
	if in.Substitute == person {
		wrong.Add("substitute", "Somebody else has to stand in.")
	}
	if len(in.ByGroup) > maxAbsentGroups {
		wrong.Add("by_group", "Name substitutes for at most %d groups.", maxAbsentGroups)
	}
	for _, group := range slices.Sorted(maps.Keys(in.ByGroup)) {
		if in.ByGroup[group] == person {
			wrong.Add(ByGroupField(group), "Somebody else has to stand in.")
		}
	}
	return wrong.Err()
}

// ByGroupField names the field of who stands in for a group's tickets.
func ByGroupField(group int64) string { return "by_group." + strconv.FormatInt(group, 10) }

const noAbsence = "This absence does not exist, or you may not see it."

// MayEnterAbsences says whether the actor may enter absences of a person: their own,
// of those they manage, and of the members of groups they lead.
func (s *Service) MayEnterAbsences(ctx context.Context, person int64) (bool, error) {
	p, err := readPerson(ctx, s.db.Reader(), person)
	if err != nil {
		return false, err
	}
	return mayEnter(ctx, s.db.Reader(), &p)
}

func mayEnter(ctx context.Context, q database.Querier, p *Person) (bool, error) {
	actor := access.From(ctx)
	if actor.IsPerson() && actor.ID == p.ID || actor.Check(access.ManagePeople, p.record()).Allowed {
		return true, nil
	}
	if !actor.IsPerson() {
		return false, nil
	}
	return leads(ctx, q, actor.ID, p.ID)
}

// enterable reads a person whose absences the actor may enter.
func (s *Service) enterable(ctx context.Context, q database.Querier, person int64) (Person, error) {
	p, err := readPerson(ctx, q, person)
	if err != nil {
		return p, err
	}
	may, err := mayEnter(ctx, q, &p)
	if err != nil || may {
		return p, err
	}
	if err := mayLookUp(ctx, p); err != nil {
		return p, err
	}
	return p, apperr.New(apperr.Forbidden, "Only %s, those who lead a group of theirs and those who manage people enter when they are away.", p.Name)
}

// hideReason keeps why somebody is away from everybody else.
func hideReason(ctx context.Context, all []Absence) []Absence {
	actor := access.From(ctx)
	for i := range all {
		if !actor.IsPerson() || actor.ID != all[i].PersonID {
			all[i].Reason = ""
		}
	}
	return all
}

// Absences gives the absences of a person, the latest first, at most 1000. Only those
// who may enter them see the list; when somebody is back, everybody who meets them on a
// ticket may know (AwayAt).
func (s *Service) Absences(ctx context.Context, person int64) ([]Absence, error) {
	if _, err := s.enterable(ctx, s.db.Reader(), person); err != nil {
		return nil, err
	}
	all, err := readAbsences(ctx, s.db.Reader(), "a.person_id = $1", person)
	return hideReason(ctx, all), err
}

// Absence gives one absence to those who may enter it, and to whom it names as
// substitute; NotFound to others.
func (s *Service) Absence(ctx context.Context, id int64) (Absence, error) {
	return s.absence(ctx, s.db.Reader(), id)
}

func (s *Service) absence(ctx context.Context, q database.Querier, id int64) (Absence, error) {
	found, err := readAbsences(ctx, q, "a.id = $1", id)
	if err != nil {
		return Absence{}, err
	}
	if len(found) == 0 {
		return Absence{}, apperr.New(apperr.NotFound, noAbsence)
	}
	p, err := readPerson(ctx, q, found[0].PersonID)
	if err != nil {
		return Absence{}, err
	}
	actor := access.From(ctx)
	may, err := mayEnter(ctx, q, &p)
	if err != nil {
		return Absence{}, err
	}
	if !may && (!actor.IsPerson() || !found[0].names(actor.ID)) {
		return Absence{}, apperr.New(apperr.NotFound, noAbsence)
	}
	return hideReason(ctx, found)[0], nil
}

// VisibleAbsences gives those of some absences that the actor may know of: their own,
// those they may enter, and those in which they stand in.
func (s *Service) VisibleAbsences(ctx context.Context, ids []int64) ([]int64, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() || len(ids) == 0 {
		return nil, nil
	}
	out, err := visibleAbsences(ctx, s.db.Reader(), actor, ids)
	if err != nil {
		return nil, err
	}
	covers, err := s.AwayFor(ctx)
	for _, c := range covers { // who stands in for a substitute is named nowhere
		if slices.Contains(ids, c.Absence) && !slices.Contains(out, c.Absence) {
			out = append(out, c.Absence)
		}
	}
	return out, err
}

// AddAbsence enters that a person is away. Invalid beside each field, also for what
// overlaps with another absence of theirs.
func (s *Service) AddAbsence(ctx context.Context, person int64, in AbsenceInput) (Absence, error) {
	now := s.now()
	if err := in.check(person, now); err != nil {
		return Absence{}, err
	}
	actor := access.From(ctx)
	a := Absence{PersonID: person, AbsenceInput: in, CreatedAt: now, UpdatedAt: now, Version: 1}
	if actor.IsPerson() {
		a.EnteredBy = actor.ID
	}
	if a.EnteredBy != person {
		a.Reason = "" // why is for the person alone to say
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		return onceOnly(ctx, tx, s, "absence", struct {
			Person int64
			AbsenceInput
		}{person, in}, &a, s.absence, func() (int64, error) {
			p, err := s.enterable(ctx, tx, person)
			if err != nil {
				return 0, err
			}
			a.ID = tx.NextID()
			if err := s.checkAbsence(ctx, tx, &p, &a); err != nil {
				return 0, err
			}
			if err := insertAbsence(ctx, tx, &a); err != nil {
				return 0, err
			}
			return a.ID, s.log.Append(ctx, tx, absenceEntry("absence.create", &p, nil, &a))
		})
	})
	return a, err
}

// ChangeAbsence saves an absence that is not over and was read at a version; Conflict
// with the present one if somebody else was first.
func (s *Service) ChangeAbsence(ctx context.Context, id, version int64, in AbsenceInput) (Absence, error) {
	now := s.now()
	return s.changeAbsence(ctx, id, version, "absence.update", func(tx *database.Tx, p *Person, a *Absence) error {
		if access.From(ctx).ID != p.ID {
			in.Reason = a.Reason
		}
		if err := in.check(p.ID, now); err != nil {
			return err
		}
		a.AbsenceInput = in
		return s.checkAbsence(ctx, tx, p, a)
	})
}

// EndAbsence ends an absence now. One that has not begun is taken back: it never was.
func (s *Service) EndAbsence(ctx context.Context, id, version int64) (Absence, error) {
	now := s.now()
	return s.changeAbsence(ctx, id, version, "absence.end", func(_ *database.Tx, _ *Person, a *Absence) error {
		if a.Stage(now) < 0 {
			a.From = now
		}
		a.Until = now
		return nil
	})
}

// changeAbsence changes an absence that is not over; one without any time is deleted.
func (s *Service) changeAbsence(ctx context.Context, id, version int64, action string, change func(tx *database.Tx, p *Person, a *Absence) error) (Absence, error) {
	var a Absence
	now := s.now()
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := s.absence(ctx, tx, id)
		if err != nil {
			return err
		}
		p, err := s.enterable(ctx, tx, before.PersonID)
		if err != nil {
			return err
		}
		if before.Version != version {
			return stale(&before)
		}
		if before.Stage(now) > 0 {
			return apperr.New(apperr.Conflict, "This absence is over.")
		}
		if before.Reason, err = reasonOf(ctx, tx, id); err != nil { // whoever changes it may not read why
			return err
		}
		a = before
		a.ByGroup = maps.Clone(before.ByGroup)
		if err := change(tx, &p, &a); err != nil {
			return err
		}
		a.UpdatedAt, a.Version = now, before.Version+1
		if !a.From.Before(a.Until) {
			err = deleteAbsence(ctx, tx, id)
		} else {
			err = updateAbsence(ctx, tx, &a)
		}
		if err != nil {
			return err
		}
		return s.log.Append(ctx, tx, absenceEntry(action, &p, &before, &a))
	})
	return hideReason(ctx, []Absence{a})[0], err
}

// overlapLayout says a time where the reader is not known; by the person's own clock.
const overlapLayout = "2006-01-02 15:04"

// checkAbsence checks an absence against the others of the person, and its substitutes.
func (s *Service) checkAbsence(ctx context.Context, tx *database.Tx, p *Person, a *Absence) error {
	if err := lockPerson(ctx, tx, p.ID); err != nil { // two at a time must see one another
		return err
	}
	others, err := readAbsences(ctx, tx, "a.person_id = $1 AND a.id <> $2 AND a.from_at < $3 AND a.until_at > $4", p.ID, a.ID, database.Time(a.Until), database.Time(a.From))
	if err != nil {
		return err
	}
	var wrong apperr.Problems
	if len(others) > 0 {
		o, zone := &others[len(others)-1], zoneOf(p)
		wrong.Add("from", "%s is already away from %s to %s.", p.Name, o.From.In(zone).Format(overlapLayout), o.Until.In(zone).Format(overlapLayout))
	}
	fields := map[string]int64{"substitute": a.Substitute}
	groups, err := groupsOf(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	for group, substitute := range a.ByGroup {
		if !slices.Contains(groups, group) {
			wrong.Add(ByGroupField(group), "%s is not in this group.", p.Name)
			continue
		}
		fields[ByGroupField(group)] = substitute
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if fields[field] == 0 {
			continue
		}
		may, err := mayStandIn(ctx, tx, fields[field], p.ID)
		if err != nil {
			return err
		}
		if !may {
			wrong.Add(field, "This person does not exist or cannot stand in.")
		}
	}
	return wrong.Err()
}

// StepDown has the actor no longer stand in where an absence names them.
func (s *Service) StepDown(ctx context.Context, id int64) (Absence, error) {
	actor := access.From(ctx)
	var a Absence
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		found, err := readAbsences(ctx, tx, "a.id = $1", id)
		if err != nil {
			return err
		}
		if len(found) == 0 || !actor.IsPerson() || !found[0].names(actor.ID) || found[0].Stage(s.now()) > 0 {
			return apperr.New(apperr.NotFound, noAbsence)
		}
		p, err := readPerson(ctx, tx, found[0].PersonID)
		if err != nil {
			return err
		}
		before := found[0]
		a = before
		a.ByGroup = maps.Clone(before.ByGroup)
		if a.Substitute == actor.ID {
			a.Substitute = 0
		}
		maps.DeleteFunc(a.ByGroup, func(_, substitute int64) bool { return substitute == actor.ID })
		a.UpdatedAt, a.Version = s.now(), before.Version+1
		if err := updateAbsence(ctx, tx, &a); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, absenceEntry("absence.step_down", &p, &before, &a))
	})
	return hideReason(ctx, []Absence{a})[0], err
}

// names reports whether an absence names somebody as substitute.
func (a *Absence) names(person int64) bool {
	return a.Substitute == person || slices.Contains(slices.Collect(maps.Values(a.ByGroup)), person)
}

func (a *Absence) away() Away {
	return Away{Absence: a.ID, Person: a.PersonID, From: a.From, Until: a.Until, Substitute: a.Substitute, ByGroup: a.ByGroup}
}

// StandingIn gives the absences that are not over and name the actor as substitute,
// the first to begin first.
func (s *Service) StandingIn(ctx context.Context) ([]Away, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return nil, nil
	}
	found, err := readAbsences(ctx, s.db.Reader(), `a.ended_at IS NULL AND a.until_at > $1
		AND (a.substitute_id = $2 OR a.id IN (SELECT g.absence_id FROM absence_groups g WHERE g.substitute_id = $2))`, database.Time(s.now()), actor.ID)
	out := make([]Away, 0, len(found))
	for _, a := range slices.Backward(found) {
		out = append(out, a.away())
	}
	return out, err
}

// AwayAt says which of some persons are away at an instant, and which of those who
// stand in for them, and so on: what Chain needs. It asks for no permission: whoever
// meets somebody on a record may know that they are away, but not why.
func (s *Service) AwayAt(ctx context.Context, q database.Querier, at time.Time, persons []int64) (Book, error) {
	book, asked := Book{}, map[int64]bool{0: true}
	for range MaxStandIns + 1 { // a query for each step of the chain, which hardly ever has two
		var ask []int64
		for _, p := range persons {
			if !asked[p] {
				asked[p] = true
				ask = append(ask, p)
			}
		}
		if len(ask) == 0 {
			break
		}
		persons = nil
		for part := range slices.Chunk(ask, refsBatch) {
			var args database.Args
			where := "a.from_at <= " + args.Arg(database.Time(at)) + " AND a.until_at > " + args.Arg(database.Time(at)) + " AND a.person_id IN " + database.In(&args, part)
			found, err := readAbsences(ctx, q, where, args.Values()...)
			if err != nil {
				return nil, err
			}
			for i := range found {
				a := found[i].away()
				book[a.Person] = a
				persons = append(persons, a.Substitute)
				persons = slices.AppendSeq(persons, maps.Values(a.ByGroup))
			}
		}
	}
	return book, nil
}

// AwayNow is AwayAt for the present.
func (s *Service) AwayNow(ctx context.Context, persons ...int64) (Book, error) {
	return s.AwayAt(ctx, s.db.Reader(), s.now(), persons)
}

// Cover is somebody who is away now, and whose tickets are for a substitute to look after.
type Cover struct {
	Away
	// Groups are the groups whose tickets it is about, or, with Except, those whose
	// tickets are for somebody else.
	Groups []int64
	Except bool
}

// AwayFor gives who is away now and comes to the actor in the end, the first to be back
// first.
func (s *Service) AwayFor(ctx context.Context) ([]Cover, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return nil, nil
	}
	book, err := s.coveredBy(ctx, actor.ID)
	if err != nil {
		return nil, err
	}
	var named []int64
	for _, away := range book { // any of a chain can tell groups apart
		named = slices.AppendSeq(named, maps.Keys(away.ByGroup))
	}
	slices.Sort(named)
	named = slices.Compact(named)
	mine := func(person, group int64) bool {
		chain, ok := book.Chain(person, group)
		return ok && len(chain) > 0 && chain[len(chain)-1] == actor.ID
	}
	var out []Cover
	for person, away := range book {
		c := Cover{Away: away, Except: mine(person, 0)}
		for _, group := range named {
			if mine(person, group) != c.Except {
				c.Groups = append(c.Groups, group)
			}
		}
		if person != actor.ID && (c.Except || len(c.Groups) > 0) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b Cover) int { return cmp.Or(a.Until.Compare(b.Until), cmp.Compare(a.Person, b.Person)) })
	return out, nil
}

// coveredBy reads the absences in effect that lead to a person, step by step.
func (s *Service) coveredBy(ctx context.Context, person int64) (Book, error) {
	now, book, asked, ask := s.now(), Book{}, map[int64]bool{}, []int64{person}
	for range MaxStandIns + 1 {
		ask = slices.DeleteFunc(ask, func(p int64) bool { return asked[p] })
		if len(ask) == 0 {
			break
		}
		var args database.Args
		named := database.In(&args, ask[:min(len(ask), refsBatch)])
		at := args.Arg(database.Time(now))
		found, err := readAbsences(ctx, s.db.Reader(), `a.ended_at IS NULL AND a.from_at <= `+at+` AND a.until_at > `+at+`
			AND (a.substitute_id IN `+named+` OR a.id IN (SELECT g.absence_id FROM absence_groups g WHERE g.substitute_id IN `+named+`) OR a.person_id IN `+named+`)`, args.Values()...)
		if err != nil {
			return nil, err
		}
		for _, p := range ask {
			asked[p] = true
		}
		ask = nil
		for i := range found {
			away := found[i].away()
			book[away.Person] = away
			ask = append(ask, away.Person)
		}
	}
	return book, nil
}

// AroundGroup gives whom Book.Instead falls back to: the active people of a group, or
// without one those of the person's own groups, and a service's owner.
func (s *Service) AroundGroup(ctx context.Context, q database.Querier, person, group, service int64) (Around, error) {
	return readAround(ctx, q, person, group, service)
}

// GroupsOf gives the groups that a person is in. Like names it asks for no permission.
func (s *Service) GroupsOf(ctx context.Context, person int64) ([]int64, error) {
	return groupsOf(ctx, s.db.Reader(), person)
}

// Turn is a beginning or an end of an absence that was reached and of which nobody was
// told yet.
type Turn struct {
	Absence
	Ended bool
}

// Turns gives the beginnings and ends that were reached, the first first.
func (s *Service) Turns(ctx context.Context, most int) ([]Turn, error) {
	now := s.now()
	found, err := readAbsences(ctx, s.db.Reader(), `a.ended_at IS NULL AND a.from_at <= $1 AND (a.told_at IS NULL OR a.until_at <= $1)`, database.Time(now))
	var out []Turn
	for _, a := range slices.Backward(found) {
		if len(out) < most {
			out = append(out, Turn{a, a.Stage(now) > 0})
		}
	}
	return out, err
}

// Taken notes, in the transaction that tells of it, that a turn is done with. False
// when another node was first: then nothing must be told.
func (s *Service) Taken(ctx context.Context, tx *database.Tx, t *Turn) (bool, error) {
	return takeTurn(ctx, tx, t, s.now())
}

func zoneOf(p *Person) *time.Location {
	if zone, err := time.LoadLocation(p.Zone); err == nil && p.Zone != "" {
		return zone
	}
	return time.UTC
}

func absenceEntry(action string, p *Person, before, after *Absence) audit.Entry {
	e := audit.Entry{Action: action, ObjectType: "person", ObjectID: audit.ID(p.ID), ObjectName: p.Name, After: after}
	if before != nil {
		e.Before = before
	}
	return e
}
