package agreement

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/kept"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Deps are what the room leans on.
type Deps struct {
	DB        *database.DB
	Audit     *audit.Log
	Calendars *calendar.Service
	People    *people.Service
	Services  *service.Store
	Kinds     *workflow.Registry
	Frame     module.Frame
	Clock     func() time.Time
	HTTPS     bool // cookies travel over https only
}

// Changed hears, within the transaction, that clocks which count by an agreement may
// have changed.
type Changed func(ctx context.Context, tx *database.Tx, agreement int64) error

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	d       Deps
	book    *kept.Cache[int, []clock.Agreement] // of one key
	changed []Changed
	trials  Trials
	tickets Tickets
	parts   []Part
}

// Section is something that another room adds to the page of an agreement.
type Section struct {
	ID, Title string
	Body      templ.Component
}

// Part gives what a room adds to the page of an agreement for its reader; nil for nothing.
type Part func(ctx context.Context, a *Agreement) (*Section, error)

// Show adds a part to the page of every agreement. Call it while the system is put
// together.
func (s *Service) Show(p Part) { s.parts = append(s.parts, p) }

// New makes the service, which from then on keeps calendars in use from being
// deleted. Close it in the end.
func New(d Deps) *Service {
	s := &Service{d: d, book: kept.New[int, []clock.Agreement](d.DB, kept.Options{Topic: "agreements", Clock: d.Clock})}
	d.Calendars.Uses(s.calendarUses)
	d.Calendars.Follow(s.calendarChanged)
	return s
}

// Close stops listening for changes on other nodes.
func (s *Service) Close() { s.book.Close() }

// Follow lets a room hear of agreements, and of their calendars, that change clocks.
// Call it while the system is put together.
func (s *Service) Follow(fn func(ctx context.Context, tx *database.Tx, agreement int64) error) {
	s.changed = append(s.changed, fn)
}

func (s *Service) now() time.Time { return s.d.Clock().UTC().Truncate(time.Microsecond) }

// Reads reports whether somebody may look at agreements: colleagues.
func Reads(a access.Actor) bool {
	return a.Can(access.ReadNotes, access.AnyKind) || Manages(a)
}

// Manages reports whether somebody may write agreements.
func Manages(a access.Actor) bool { return a.Can(access.ManageSettings, access.AnyKind) }

func mayRead(ctx context.Context) error {
	if Reads(access.From(ctx)) {
		return nil
	}
	return mayManage(ctx)
}

func mayManage(ctx context.Context) error {
	return access.From(ctx).Require(access.ManageSettings, access.AnyKind)
}

// Book gives every agreement with all its versions, the oldest first, for
// clock.Compute. It asks for no permission. What is read by the database's Reader
// comes from memory and is shared: leave it as it is. Within a transaction it is as
// the transaction sees it.
func (s *Service) Book(ctx context.Context, q database.Querier) ([]clock.Agreement, error) {
	load := func(ctx context.Context, _ int) ([]clock.Agreement, error) {
		found, err := all(ctx, q)
		out := make([]clock.Agreement, 0, len(found))
		for i := range found {
			out = append(out, found[i].Clock())
		}
		return out, err
	}
	if q != s.d.DB.Reader() {
		return load(ctx, 0)
	}
	return s.book.Get(ctx, 0, load)
}

// Names gives the names behind ids. It asks for no permission: whoever sees a
// promise sees the name of the agreement. Missing ids are left out.
func (s *Service) Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error) {
	book, err := s.Book(ctx, q)
	out := make(map[int64]string, len(ids))
	for i := range book {
		if slices.Contains(ids, book[i].ID) {
			out[book[i].ID] = book[i].Name
		}
	}
	return out, err
}

// Owner gives who is accountable for an agreement, 0 for nobody; NotFound if there is
// no such agreement. It asks for no permission.
func (s *Service) Owner(ctx context.Context, q database.Querier, id int64) (int64, error) {
	return owner(ctx, q, id)
}

// Owners is Owner for many; those that do not exist are left out.
func (s *Service) Owners(ctx context.Context, q database.Querier, ids []int64) (map[int64]int64, error) {
	return ownersOf(ctx, q, ids)
}

// Get gives one agreement with its versions.
func (s *Service) Get(ctx context.Context, id int64) (Agreement, error) {
	if err := mayRead(ctx); err != nil {
		return Agreement{}, err
	}
	return read(ctx, s.d.DB.Reader(), id)
}

// Query chooses agreements. Zero fields do not narrow.
type Query struct {
	Text  string // parts of the name
	Role  clock.Role
	State State
	After lookup.Cursor
	Limit int
}

// List gives agreements with their versions, by name.
func (s *Service) List(ctx context.Context, q Query) (lookup.Page[Agreement], error) {
	if err := mayRead(ctx); err != nil {
		return lookup.Page[Agreement]{}, err
	}
	limit := lookup.Limit(q.Limit)
	rows, err := list(ctx, s.d.DB.Reader(), q, s.now(), limit+1)
	return lookup.PageOf(rows, limit, func(a Agreement) lookup.Cursor { return lookup.Cursor{Name: filter.Fold(a.Name), ID: a.ID} }), err
}

// Create adds an agreement, once per idempotency key. Its first version may begin in
// the past, so that an imported history gets its clocks. Invalid beside each field.
func (s *Service) Create(ctx context.Context, in Draft) (Agreement, error) {
	var made Agreement
	if err := mayManage(ctx); err != nil {
		return made, err
	}
	in = tidyDraft(in)
	err := s.d.DB.Write(ctx, func(tx *database.Tx) error {
		now := s.now()
		id, replayed, err := once.Do(ctx, tx, now, []any{"create agreement", in}, func() (int64, error) {
			var err error
			made, err = s.add(ctx, tx, in, now)
			return made.ID, err
		})
		if err == nil && replayed {
			made, err = read(ctx, tx, id)
		}
		return err
	})
	return made, err
}

func tidyDraft(in Draft) Draft {
	in.Name, in.Description, in.Terms = clean(in.Name), clean(in.Description), Tidy(in.Terms)
	in.From, in.Ends = instant(in.From), instant(in.Ends)
	return in
}

// instant is how precisely times are kept.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

func (s *Service) add(ctx context.Context, tx *database.Tx, in Draft, now time.Time) (Agreement, error) {
	made, err := s.draft(ctx, tx, in, now)
	if err != nil {
		return made, err
	}
	n, err := count(ctx, tx)
	if err != nil {
		return made, err
	}
	if n >= MaxAgreements {
		return made, apperr.InvalidField("name", "There are %d agreements, which is as many as there can be.", n)
	}
	made.ID = tx.NextID()
	made.Versions[0].ID = tx.NextID()
	if err := insert(ctx, tx, &made); err != nil {
		return made, duplicateName(err, made.Name)
	}
	s.book.Changed(tx)
	if err := s.tell(ctx, tx, made.ID); err != nil {
		return made, err
	}
	return made, s.d.Audit.Append(ctx, tx, entry("create", &made, nil, documentOf(&made, made.Versions[0])))
}

// draft makes an agreement of what was written, if nothing is wrong with it.
func (s *Service) draft(ctx context.Context, q database.Querier, in Draft, now time.Time) (Agreement, error) {
	a := Agreement{
		Name: in.Name, Role: in.Role, Party: in.Party, Description: in.Description, OwnerID: in.OwnerID, Ends: in.Ends,
		CreatedAt: now, UpdatedAt: now, Version: 1,
		Versions: []Version{{Version: clock.Version{Number: 1, From: in.From, Terms: in.Terms}, AuthorID: access.From(ctx).ID, CreatedAt: now}},
	}
	from := &a.Versions[0].From
	if from.IsZero() {
		*from = now
	}
	var wrong apperr.Problems
	checkName(&wrong, a.Name)
	checkText(&wrong, a.Description)
	checkInstant(&wrong, "from", *from)
	if !a.Ends.IsZero() {
		checkInstant(&wrong, "ends", a.Ends)
		if !a.Ends.After(*from) {
			wrong.Add("ends", "It cannot end before it begins.")
		}
	}
	if err := s.checkParty(ctx, q, &wrong, a.Role, a.Party); err != nil {
		return a, err
	}
	if err := s.checkOwner(ctx, q, &wrong, a.OwnerID); err != nil {
		return a, err
	}
	if err := s.checkReferences(ctx, q, &wrong, &in.Terms); err != nil {
		return a, err
	}
	return a, wrong.Err()
}

func checkInstant(wrong *apperr.Problems, field string, t time.Time) {
	if t.Year() < calendar.FirstYear+1 || t.Year() >= calendar.LastYear {
		wrong.Add(field, "Give a date from %d to %d.", calendar.FirstYear+1, calendar.LastYear-1)
	}
}

func (s *Service) checkParty(ctx context.Context, q database.Querier, wrong *apperr.Problems, role clock.Role, party int64) error {
	switch role {
	case clock.OLA:
		return s.checkGroup(ctx, q, wrong, party)
	case clock.UC, clock.SLA:
	default:
		wrong.Add("role", "Choose between whom this is agreed.")
		return nil
	}
	if party == 0 {
		if role == clock.UC {
			wrong.Add("party", "Choose the supplier.")
		}
		return nil
	}
	found, err := s.d.People.OrganisationStandings(ctx, q, []int64{party})
	if err != nil {
		return err
	}
	switch o, ok := found[party]; {
	case !ok || !o.Active:
		wrong.Add("party", "This organisation does not exist or is no longer in use.")
	case role == clock.UC && o.Kind != people.Supplier:
		wrong.Add("party", "%s is no supplier: an underpinning contract is with one.", o.Name)
	case role == clock.SLA && o.Kind == people.Supplier:
		wrong.Add("party", "%s is a supplier: what it promises is an underpinning contract.", o.Name)
	}
	return nil
}

func (s *Service) checkGroup(ctx context.Context, q database.Querier, wrong *apperr.Problems, party int64) error {
	if party == 0 {
		wrong.Add("party", "Choose the group.")
		return nil
	}
	groups, err := s.d.People.GroupNames(ctx, q, []int64{party})
	if err != nil {
		return err
	}
	g, ok := groups[party]
	if !ok || !g.Active {
		wrong.Add("party", "This group does not exist or is no longer in use.")
		return nil
	}
	suppliers, err := s.d.People.SuppliersThen(ctx)
	if err != nil {
		return err
	}
	if supplier, _ := suppliers(party, s.now()); supplier != 0 {
		wrong.Add("party", "%s is at home with a supplier: what it promises is an underpinning contract.", g.Name)
	}
	return nil
}

func (s *Service) checkOwner(ctx context.Context, q database.Querier, wrong *apperr.Problems, owner int64) error {
	if owner == 0 {
		return nil
	}
	found, err := s.d.People.PersonNames(ctx, q, []int64{owner})
	if err == nil && !found[owner].Active {
		wrong.Add("owner", "This person does not exist or is no longer active.")
	}
	return err
}

// checkReferences checks terms against what they refer to.
func (s *Service) checkReferences(ctx context.Context, q database.Querier, wrong *apperr.Problems, t *clock.Terms) error {
	calendars := []int64{t.Calendar}
	for _, x := range t.Targets {
		calendars = append(calendars, x.Calendar)
	}
	k := known{kinds: s.d.Kinds.All(), services: map[int64]bool{}}
	var err error
	if k.calendars, err = s.d.Calendars.Present(ctx, q, sorted(calendars)); err != nil {
		return err
	}
	if len(t.Services) > 0 && len(t.Services) <= MaxServices {
		names, err := s.d.Services.Names(ctx, q, t.Services)
		if err != nil {
			return err
		}
		for id := range names {
			k.services[id] = true
		}
	}
	if len(t.Offerings) <= MaxServices {
		if k.offerings, err = s.d.Services.OfferingNames(ctx, q, t.Offerings); err != nil {
			return err
		}
	}
	checkTerms(wrong, t, &k)
	return nil
}

// Change changes an agreement that was read at a version; Conflict with the present
// one (*Agreement) if somebody else was first. Other terms are a new version, which
// begins now or later; it takes the place of one that was to begin at the same
// instant. Terms that hold then anyway make none.
func (s *Service) Change(ctx context.Context, id, version int64, change Changes) (Agreement, error) {
	if err := mayManage(ctx); err != nil {
		return Agreement{}, err
	}
	change.From = instant(change.From)
	var after Agreement
	err := s.d.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := read(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return stale(&before)
		}
		after, err = s.apply(ctx, tx, &before, change)
		return err
	})
	return after, err
}

// End lets an agreement end for new tickets, now (zero) or later.
func (s *Service) End(ctx context.Context, id, version int64, at time.Time) (Agreement, error) {
	if at.IsZero() {
		at = s.now()
	}
	return s.Change(ctx, id, version, Changes{Ends: &at})
}

func (s *Service) apply(ctx context.Context, tx *database.Tx, before *Agreement, change Changes) (Agreement, error) {
	after, fresh, err := s.changes(ctx, tx, before, change)
	if err != nil {
		return after, err
	}
	return s.store(ctx, tx, before, after, fresh)
}

// store writes a changed agreement, with its new version if there is one.
func (s *Service) store(ctx context.Context, tx *database.Tx, before *Agreement, after Agreement, fresh *Version) (Agreement, error) {
	after.UpdatedAt, after.Version = s.now(), before.Version+1
	if err := update(ctx, tx, &after); err != nil {
		return *before, duplicateName(err, after.Name)
	}
	old, now := before.At(after.UpdatedAt), after.At(after.UpdatedAt)
	if fresh != nil {
		fresh.ID = tx.NextID()
		after.Versions[slices.IndexFunc(after.Versions, func(v Version) bool { return v.Number == fresh.Number })].ID = fresh.ID
		old, now = before.At(fresh.From), *fresh
		if replaced := slices.IndexFunc(before.Versions, func(v Version) bool { return v.From.Equal(fresh.From) }); replaced >= 0 {
			if err := deleteVersion(ctx, tx, before.Versions[replaced].ID, after.UpdatedAt); err != nil {
				return *before, err
			}
		}
		if err := insertVersion(ctx, tx, after.ID, *fresh); err != nil {
			return *before, err
		}
	}
	s.book.Changed(tx)
	if fresh != nil || !after.Ends.Equal(before.Ends) {
		if err := s.tell(ctx, tx, after.ID); err != nil {
			return *before, err
		}
	}
	return after, s.d.Audit.Append(ctx, tx, entry("update", &after, documentOf(before, old), documentOf(&after, now)))
}

// changes applies changes, if nothing is wrong with them. fresh is the version that
// was written, if one was.
func (s *Service) changes(ctx context.Context, q database.Querier, before *Agreement, change Changes) (after Agreement, fresh *Version, err error) {
	now := s.now()
	after = *before
	after.Versions = slices.Clone(before.Versions)
	var wrong apperr.Problems
	if change.Name != nil {
		after.Name = clean(*change.Name)
		checkName(&wrong, after.Name)
	}
	if change.Description != nil {
		after.Description = clean(*change.Description)
		checkText(&wrong, after.Description)
	}
	if change.OwnerID != nil && *change.OwnerID != before.OwnerID {
		after.OwnerID = *change.OwnerID
		if err := s.checkOwner(ctx, q, &wrong, after.OwnerID); err != nil {
			return after, nil, err
		}
	}
	ended := before.State(now) == Ended
	if change.Ends != nil {
		after.Ends = instant(*change.Ends)
	}
	if !after.Ends.Equal(before.Ends) {
		switch {
		case ended:
			wrong.Add("ends", "This agreement has ended. Write a new one.")
		case after.Ends.IsZero():
		case after.Ends.Before(now):
			wrong.Add("ends", "It ends now or later: tickets came under it until now.")
		default:
			checkInstant(&wrong, "ends", after.Ends)
		}
	}
	if change.Terms != nil {
		terms := Tidy(*change.Terms)
		from, found := begin(&wrong, before, change.From, now)
		if reflect.DeepEqual(terms, found.Terms) {
			return after, nil, wrong.Err()
		}
		if !after.Ends.IsZero() && !from.Before(after.Ends) && !ended {
			wrong.Add("from", "The agreement ends before.")
		}
		if ended {
			wrong.Add("targets", "This agreement has ended. Write a new one.")
		}
		if err := s.checkReferences(ctx, q, &wrong, &terms); err != nil {
			return after, nil, err
		}
		fresh = &Version{Version: clock.Version{From: from, Terms: terms}, AuthorID: access.From(ctx).ID, CreatedAt: now}
		after.Versions = place(&wrong, after.Versions, fresh)
	}
	return after, fresh, wrong.Err()
}

// begin says when new terms begin, and which version they follow or replace.
func begin(wrong *apperr.Problems, a *Agreement, from, now time.Time) (time.Time, Version) {
	if from.IsZero() {
		from = now
		for _, v := range a.Versions { // two changes in one microsecond
			if v.From.Equal(from) {
				from = from.Add(time.Microsecond)
			}
		}
		return from, a.At(from)
	}
	if from.Before(now) {
		wrong.Add("from", "Tickets came under what held until now. A change holds from now on, or later.")
	}
	checkInstant(wrong, "from", from)
	return from, a.At(from)
}

// place puts a version among others; it takes the number of the one it replaces.
func place(wrong *apperr.Problems, versions []Version, fresh *Version) []Version {
	for _, v := range versions {
		fresh.Number = max(fresh.Number, v.Number)
	}
	fresh.Number++
	for i, v := range versions {
		if v.From.Equal(fresh.From) {
			fresh.Number = v.Number
			versions = slices.Delete(versions, i, i+1)
			break
		}
	}
	if len(versions) >= MaxVersions {
		wrong.Add("targets", "An agreement has at most %d versions. End it and write a new one.", MaxVersions)
	}
	versions = append(versions, *fresh)
	slices.SortFunc(versions, func(a, b Version) int { return a.From.Compare(b.From) })
	return versions
}

// Withdraw takes a version away that has not begun.
func (s *Service) Withdraw(ctx context.Context, id, version int64, number int) (Agreement, error) {
	if err := mayManage(ctx); err != nil {
		return Agreement{}, err
	}
	var after Agreement
	err := s.d.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := read(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return stale(&before)
		}
		i := slices.IndexFunc(before.Versions, func(v Version) bool { return v.Number == number })
		switch {
		case i < 0:
			return apperr.New(apperr.NotFound, "This agreement has no such version.")
		case !before.Versions[i].From.After(s.now()):
			return frozen()
		case len(before.Versions) == 1:
			return apperr.New(apperr.Conflict, "This is the only version. Let the agreement end instead.")
		}
		gone := before.Versions[i]
		if err := deleteVersion(ctx, tx, gone.ID, s.now()); err != nil {
			return err
		}
		after = before
		after.Versions = slices.Delete(slices.Clone(before.Versions), i, i+1)
		after.UpdatedAt, after.Version = s.now(), before.Version+1
		if err := update(ctx, tx, &after); err != nil {
			return err
		}
		s.book.Changed(tx)
		if err := s.tell(ctx, tx, id); err != nil {
			return err
		}
		return s.d.Audit.Append(ctx, tx, entry("withdraw_version", &after, documentOf(&before, gone), documentOf(&after, after.At(gone.From))))
	})
	return after, err
}

func (s *Service) tell(ctx context.Context, tx *database.Tx, agreement int64) error {
	for _, tell := range s.changed {
		if err := tell(ctx, tx, agreement); err != nil {
			return err
		}
	}
	return nil
}

// calendarChanged hears of calendars whose answers may have changed.
func (s *Service) calendarChanged(ctx context.Context, tx *database.Tx, id int64) error {
	book, err := s.Book(ctx, tx)
	if err != nil {
		return err
	}
	for i := range book {
		if slices.ContainsFunc(book[i].Versions, func(v clock.Version) bool { return uses(&v.Terms, id) }) {
			if err := s.tell(ctx, tx, book[i].ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// calendarUses says which agreements count, or will count, by a calendar.
func (s *Service) calendarUses(ctx context.Context, q database.Querier, id int64) ([]calendar.Use, error) {
	const most = 5 // are named
	found, err := all(ctx, q)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var out []calendar.Use
	for i := range found {
		a := &found[i]
		if a.State(now) == Ended || len(out) == most {
			continue
		}
		current := a.At(now).From
		if slices.ContainsFunc(a.Versions, func(v Version) bool { return !v.From.Before(current) && uses(&v.Terms, id) }) {
			out = append(out, calendar.Use{Label: text.T(ctx, "the agreement %s", a.Name), URL: address(a.ID)})
		}
	}
	return out, nil
}

func frozen() error {
	return apperr.New(apperr.Conflict, "Tickets may have come under this version: it stays as it is.")
}

func stale(now *Agreement) error {
	return apperr.Stale(now, "Somebody else saved this agreement in the meantime. Look at their version and save again.")
}

func duplicateName(err error, name string) error {
	var e *apperr.Error
	if errors.As(err, &e) && e.Kind == apperr.Conflict && e.Detail == nil { // with a detail it is a stale version
		return apperr.InvalidField("name", "There is already an agreement called %s.", name)
	}
	return err
}

// document is an agreement as the audit log keeps it, with one of its versions.
type document struct {
	Name        string      `json:"name"`
	Role        clock.Role  `json:"role"`
	Party       int64       `json:"party,omitempty"`
	Description string      `json:"description,omitempty"`
	OwnerID     int64       `json:"owner_id,omitempty"`
	Ends        *time.Time  `json:"ends,omitempty"`
	Number      int         `json:"number"`
	From        time.Time   `json:"from"`
	Terms       clock.Terms `json:"terms"`
}

func documentOf(a *Agreement, v Version) *document {
	d := &document{Name: a.Name, Role: a.Role, Party: a.Party, Description: a.Description, OwnerID: a.OwnerID, Number: v.Number, From: v.From, Terms: v.Terms}
	if !a.Ends.IsZero() {
		d.Ends = &a.Ends
	}
	return d
}

func entry(action string, a *Agreement, before, after *document) audit.Entry {
	e := audit.Entry{Action: "agreement." + action, ObjectType: "agreement", ObjectID: audit.ID(a.ID), ObjectName: a.Name}
	if before != nil {
		e.Before = before
	}
	if after != nil {
		e.After = after
	}
	return e
}
