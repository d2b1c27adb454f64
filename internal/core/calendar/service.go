package calendar

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/core/calendar/ical"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Record is a calendar as it is kept.
type Record struct {
	Calendar
	Key        string // of the calendars that every installation has: AlwaysKey, OfficeKey
	Standard   bool   // what is taken where nobody chose one; its zone is the organisation's
	Subscribed bool   // there is an address for calendar programs
	Rules      string // edition of the time zone rules when it was last saved
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Version    int64
}

// The keys of the calendars that every installation has.
const (
	AlwaysKey = "always" // never closes, and cannot be changed
	OfficeKey = "office"
)

// Fixed reports whether a calendar cannot be changed or deleted.
func (c *Record) Fixed() bool { return c.Key == AlwaysKey }

// Use is something that counts by a calendar.
type Use struct {
	Label string // "Service level Gold"
	URL   string
}

// Asked finds out who uses a calendar. It gives at most some, for people to read.
type Asked func(ctx context.Context, q database.Querier, calendar int64) ([]Use, error)

// Changed hears, within the transaction, that answers of a calendar may have changed.
type Changed func(ctx context.Context, tx *database.Tx, calendar int64) error

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	db      *database.DB
	log     *audit.Log
	clock   func() time.Time
	asked   []Asked
	changed []Changed

	mu    sync.Mutex
	cache map[int64]cached
}

type cached struct {
	version int64
	hours   *Hours
}

// New makes the service.
func New(db *database.DB, log *audit.Log, clock func() time.Time) *Service {
	return &Service{db: db, log: log, clock: clock, cache: map[int64]cached{}}
}

// Uses lets a room tell who of it uses a calendar: one in use cannot be deleted.
// Call it while the system is put together.
func (s *Service) Uses(ask Asked) { s.asked = append(s.asked, ask) }

// Follow lets a room hear of calendars whose answers may have changed. Call it
// while the system is put together.
func (s *Service) Follow(f Changed) { s.changed = append(s.changed, f) }

func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// Reads reports whether somebody may look at calendars: colleagues.
func Reads(a access.Actor) bool {
	return a.Can(access.ReadNotes, access.AnyKind) || a.Can(access.ManageSettings, access.AnyKind)
}

// Manages reports whether somebody may change calendars.
func Manages(a access.Actor) bool { return a.Can(access.ManageSettings, access.AnyKind) }

func mayRead(ctx context.Context) error {
	if Reads(access.From(ctx)) {
		return nil
	}
	return access.From(ctx).Require(access.ManageSettings, access.AnyKind)
}

func mayManage(ctx context.Context) error {
	return access.From(ctx).Require(access.ManageSettings, access.AnyKind)
}

func stale(now *Record) error {
	return apperr.Stale(now, "Somebody else saved this calendar in the meantime. Look at their version and save again.")
}

func duplicateName(err error, name string) error {
	var e *apperr.Error
	if errors.As(err, &e) && e.Kind == apperr.Conflict && e.Detail == nil { // with a detail it is a stale version
		return apperr.InvalidField("name", "There is already a calendar called %s.", name)
	}
	return err
}

// Get gives one calendar with its versions.
func (s *Service) Get(ctx context.Context, id int64) (Record, error) {
	if err := mayRead(ctx); err != nil {
		return Record{}, err
	}
	return read(ctx, s.db.Reader(), id)
}

// Query chooses calendars.
type Query struct {
	Text  string // parts of the name
	After lookup.Cursor
	Limit int
}

// List gives calendars with their versions, by name.
func (s *Service) List(ctx context.Context, q Query) (lookup.Page[Record], error) {
	if err := mayRead(ctx); err != nil {
		return lookup.Page[Record]{}, err
	}
	limit := lookup.Limit(q.Limit)
	rows, err := list(ctx, s.db.Reader(), q, limit+1)
	return lookup.PageOf(rows, limit, func(c Record) lookup.Cursor { return lookup.Cursor{Name: filter.Fold(c.Name), ID: c.ID} }), err
}

// Names gives the names behind ids, in one query for a page. It asks for no
// permission: whoever sees a promise sees by which calendar it counts.
func (s *Service) Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error) {
	return names(ctx, q, ids)
}

// Present gives the calendars of some ids that can be chosen: those that exist and
// are not deleted. It asks for no permission: it is for rules.
func (s *Service) Present(ctx context.Context, q database.Querier, ids []int64) (map[int64]bool, error) {
	return present(ctx, q, ids)
}

// Standard gives the calendar that is taken where nobody chose one. It asks for no
// permission. Its zone is the organisation's.
func (s *Service) Standard(ctx context.Context, q database.Querier) (Record, error) {
	return readStandard(ctx, q)
}

// maxCached bounds how many calendars are kept compiled.
const maxCached = 500

// Hours gives the compiled hours of calendars by id, from memory where the stored
// version is the same; NotFound if one never was. Deleted calendars still answer:
// what was promised by them goes on. It asks for no permission.
func (s *Service) Hours(ctx context.Context, q database.Querier, ids ...int64) (map[int64]*Hours, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	now, err := current(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]*Hours, len(ids))
	var stale []int64
	s.mu.Lock()
	for _, id := range ids {
		if have, ok := s.cache[id]; ok && have.version == now[id] {
			out[id] = have.hours
		} else {
			stale = append(stale, id)
		}
	}
	s.mu.Unlock()
	if len(stale) == 0 {
		return out, nil
	}
	found, err := whole(ctx, q, stale)
	if err != nil {
		return nil, err
	}
	if len(found) < len(stale) {
		return nil, missing()
	}
	for i := range found {
		h, err := Compile(found[i].Calendar)
		if err != nil {
			return nil, fmt.Errorf("calendar %d as it is stored: %w", found[i].ID, err)
		}
		out[found[i].ID] = h
		s.mu.Lock()
		if len(s.cache) >= maxCached {
			clear(s.cache)
		}
		s.cache[found[i].ID] = cached{found[i].Version, h}
		s.mu.Unlock()
	}
	return out, nil
}

// document is a calendar as the audit log keeps it.
type document struct {
	Calendar
	Standard bool `json:"standard,omitempty"`
}

func entry(action string, c *Record, before, after *Record) audit.Entry {
	e := audit.Entry{Action: "calendar." + action, ObjectType: "calendar", ObjectID: audit.ID(c.ID), ObjectName: c.Name}
	if before != nil {
		e.Before = document{before.Calendar, before.Standard}
	}
	if after != nil {
		e.After = document{after.Calendar, after.Standard}
	}
	return e
}

// Create adds a calendar, once per idempotency key. Invalid beside each field.
func (s *Service) Create(ctx context.Context, in Calendar) (Record, error) {
	var made Record
	if err := mayManage(ctx); err != nil {
		return made, err
	}
	in.Tidy()
	if err := in.Check(); err != nil {
		return made, err
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		now := s.now()
		id, replayed, err := once.Do(ctx, tx, now, []any{"create calendar", in}, func() (int64, error) {
			made = Record{Calendar: in, Rules: ZoneRules(), CreatedAt: now, UpdatedAt: now, Version: 1}
			made.ID = tx.NextID()
			if err := insert(ctx, tx, &made); err != nil {
				return 0, duplicateName(err, made.Name)
			}
			return made.ID, s.log.Append(ctx, tx, entry("create", &made, nil, &made))
		})
		if err == nil && replayed {
			made, err = read(ctx, tx, id)
		}
		return err
	})
	return made, err
}

// Change saves a calendar that was read at a version; Conflict with the present
// one if somebody else was first.
func (s *Service) Change(ctx context.Context, id, version int64, change func(*Calendar) error) (Record, error) {
	if err := mayManage(ctx); err != nil {
		return Record{}, err
	}
	var after Record
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := read(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return stale(&before)
		}
		after, err = s.save(ctx, tx, before, change)
		return err
	})
	return after, err
}

func (s *Service) save(ctx context.Context, tx *database.Tx, before Record, change func(*Calendar) error) (Record, error) {
	if before.Fixed() {
		return before, apperr.New(apperr.Conflict, "%s never closes: it cannot be changed. Add a calendar of your own.", before.Name)
	}
	after := before
	after.Versions = slices.Clone(before.Versions)
	if err := change(&after.Calendar); err != nil {
		return before, err
	}
	after.ID = before.ID
	after.Tidy()
	if err := after.Check(); err != nil {
		return before, err
	}
	after.Rules, after.UpdatedAt, after.Version = ZoneRules(), s.now(), before.Version+1
	if err := update(ctx, tx, &after); err != nil {
		return before, duplicateName(err, after.Name)
	}
	for _, tell := range s.changed {
		if err := tell(ctx, tx, after.ID); err != nil {
			return before, err
		}
	}
	return after, s.log.Append(ctx, tx, entry("update", &after, &before, &after))
}

// UsedBy gives some of what uses a calendar.
func (s *Service) UsedBy(ctx context.Context, q database.Querier, id int64) ([]Use, error) {
	var out []Use
	for _, ask := range s.asked {
		found, err := ask(ctx, q, id)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// Delete takes a calendar away; it can be restored. InUse, and by what, while
// something counts by it; the standard and the one that never closes stay.
func (s *Service) Delete(ctx context.Context, id int64) (Record, error) {
	if err := mayManage(ctx); err != nil {
		return Record{}, err
	}
	var c Record
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		var err error
		if c, err = read(ctx, tx, id); err != nil {
			return err
		}
		switch {
		case c.Fixed():
			return apperr.New(apperr.InUse, "%s is part of every installation.", c.Name)
		case c.Standard:
			return apperr.New(apperr.InUse, "%s is the standard calendar. Make another one the standard first.", c.Name)
		}
		uses, err := s.UsedBy(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			labels := make([]string, 0, len(uses))
			for _, u := range uses {
				labels = append(labels, u.Label)
			}
			inUse := apperr.New(apperr.InUse, "This calendar is in use: %s.", strings.Join(labels, ", "))
			inUse.Detail = uses
			return inUse
		}
		if err := remove(ctx, tx, id, s.now()); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, entry("delete", &c, &c, nil))
	})
	return c, err
}

// Restore brings a deleted calendar back.
func (s *Service) Restore(ctx context.Context, id int64) (Record, error) {
	if err := mayManage(ctx); err != nil {
		return Record{}, err
	}
	var c Record
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		n, err := revive(ctx, tx, id)
		if apperr.Is(err, apperr.Conflict) {
			return apperr.New(apperr.Conflict, "There is another calendar of this name by now. Rename it first.")
		}
		if err != nil {
			return err
		}
		if c, err = read(ctx, tx, id); err != nil || n == 0 {
			return err
		}
		return s.log.Append(ctx, tx, entry("restore", &c, nil, &c))
	})
	return c, err
}

// MakeStandard makes a calendar the one that is taken where nobody chose.
func (s *Service) MakeStandard(ctx context.Context, id int64) (Record, error) {
	if err := mayManage(ctx); err != nil {
		return Record{}, err
	}
	var c Record
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		// One at a time, so that there is always exactly one.
		if _, err := tx.ReserveNumbers(ctx, "calendar_standard", 1); err != nil {
			return err
		}
		before, err := read(ctx, tx, id)
		if err != nil || before.Standard {
			c = before
			return err
		}
		if err := makeStandard(ctx, tx, id, s.now()); err != nil {
			return err
		}
		if c, err = read(ctx, tx, id); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, entry("standard", &c, &before, &c))
	})
	return c, err
}

// AdoptZone gives the office hours of a new installation the zone of whoever set
// it up. Nothing happens once somebody saved them, or for a zone that is not known.
func (s *Service) AdoptZone(ctx context.Context, zone string) error {
	if _, err := LoadZone(zone); err != nil {
		return nil //nolint:nilerr // what the browser says is a hint, and the zone can be set later
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := readKey(ctx, tx, OfficeKey)
		if apperr.Is(err, apperr.NotFound) || err == nil && (before.Version != 1 || before.Zone == zone) {
			return nil
		}
		if err == nil {
			_, err = s.save(ctx, tx, before, func(c *Calendar) error { c.Zone = zone; return nil })
		}
		return err
	})
}

// Imported is what a file would add to a version of a calendar.
type Imported struct {
	Name     string
	Holidays []Holiday // not there yet
	Openings []Opening
	Known    int      // there already
	Past     int      // over
	Left     []string // what was left out, with the reason; the first some
	Missed   int      // how many those are in all
}

// As says what the events of a file are.
type As string

// What events can be.
const (
	AsHolidays As = "holidays" // dates that are closed; what covers part of a day is left out
	AsOpenings As = "openings" // dates with special hours
)

// importYears is how many years ahead recurrences are listed.
const importYears = 5

// Import reads an iCalendar file and says what it would add to the version of a
// calendar that begins on a date. It saves nothing. Invalid for what is no
// calendar file, or too much of one.
func (s *Service) Import(ctx context.Context, id int64, from Date, data []byte, as As) (Imported, error) {
	var out Imported
	if err := mayManage(ctx); err != nil {
		return out, err
	}
	c, err := read(ctx, s.db.Reader(), id)
	if err != nil {
		return out, err
	}
	i := slices.IndexFunc(c.Versions, func(v Version) bool { return v.From == from })
	if i < 0 {
		return out, apperr.New(apperr.NotFound, "This calendar has no version from this date.")
	}
	zone, err := LoadZone(c.Zone)
	if err != nil {
		return out, err
	}
	today := date.At(s.now().In(zone))
	const patience = 10 * time.Second
	reading, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	feed, err := ical.Parse(reading, data, ical.Options{
		Zone: zone, From: date.Of(today.Year, time.January, 1), To: date.Of(today.Year+importYears, time.December, 31),
	})
	var refused *ical.Refused
	switch {
	case errors.As(err, &refused):
		return out, apperr.InvalidField("file", "%s", refused.Reason)
	case err != nil && ctx.Err() == nil && reading.Err() != nil:
		return out, apperr.InvalidField("file", "The file takes too long to read.")
	case err != nil:
		return out, err
	}
	return Merge(&c.Versions[i], feed, as), nil
}

// Merge says what the events of a file would add to a version.
func Merge(v *Version, feed ical.Feed, as As) Imported {
	out := Imported{Name: feed.Name, Past: feed.Past, Left: slices.Clone(feed.Skipped), Missed: feed.Missed}
	leave := func(e ical.Event, why string) {
		if out.Missed++; len(out.Left) < 20 {
			out.Left = append(out.Left, e.Name+": "+why)
		}
	}
	opened := map[Date]int{}
	for _, e := range feed.Events {
		switch {
		case as == AsHolidays && !e.WholeDays():
			leave(e, "it covers only a part of the day")
		case as == AsHolidays:
			h := Holiday{Name: e.Name, From: e.From, To: e.To, Yearly: e.Yearly, UID: e.UID}
			if h.To == h.From {
				h.To = Date{}
			}
			same := func(o Holiday) bool { return o.covers(h) }
			switch {
			case h.Days() > maxStretch || h.Yearly && h.Days() > 200 || !known(h.From) || !known(h.last()):
				leave(e, "it is too long for a holiday")
			case slices.ContainsFunc(v.Holidays, same) || slices.ContainsFunc(out.Holidays, same):
				out.Known++
			default:
				out.Holidays = append(out.Holidays, h)
			}
		case e.Yearly || e.From != e.To:
			leave(e, "a special opening has one date")
		case slices.ContainsFunc(v.Openings, func(o Opening) bool { return o.Date == e.From }):
			out.Known++
		default:
			span := AllDay
			if !e.WholeDays() {
				span = Span{e.Start, e.End}
			}
			if i, ok := opened[e.From]; ok {
				out.Openings[i].Spans = append(out.Openings[i].Spans, span)
				continue
			}
			opened[e.From] = len(out.Openings)
			out.Openings = append(out.Openings, Opening{Name: e.Name, Date: e.From, Spans: []Span{span}, UID: e.UID})
		}
	}
	return out
}

// covers reports whether a holiday says all that another one says.
func (h Holiday) covers(o Holiday) bool {
	if h.UID != "" && h.UID == o.UID && h.From == o.From && h.last() == o.last() && h.Yearly == o.Yearly {
		return true
	}
	if !h.Yearly {
		return !o.Yearly && !o.From.Before(h.From) && !h.last().Before(o.last())
	}
	same := h.From.Month == o.From.Month && h.From.Day == o.From.Day && h.Days() >= o.Days()
	return same && h.From.Year <= o.From.Year
}

// Add puts what a file adds into the version of a calendar that begins on a date.
func (s *Service) Add(ctx context.Context, id, version int64, from Date, what Imported) (Record, error) {
	return s.Change(ctx, id, version, func(c *Calendar) error {
		i := slices.IndexFunc(c.Versions, func(v Version) bool { return v.From == from })
		if i < 0 {
			return apperr.New(apperr.NotFound, "This calendar has no version from this date.")
		}
		v := &c.Versions[i]
		v.Holidays = append(slices.Clone(v.Holidays), what.Holidays...)
		v.Openings = append(slices.Clone(v.Openings), what.Openings...)
		return nil
	})
}

// Feed says what a feed is made of.
type Feed string

// The contents of feeds.
const (
	FeedAll      Feed = "all"
	FeedHolidays Feed = "holidays"
	FeedHours    Feed = "hours"
)

// Export writes a calendar as iCalendar: its holidays and special openings, and
// when it is open, from some weeks ago to some time over a year ahead.
func (s *Service) Export(ctx context.Context, id int64, what Feed) ([]byte, error) {
	c, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.export(&c, what)
}

func (s *Service) export(c *Record, what Feed) ([]byte, error) {
	h, err := Compile(c.Calendar)
	if err != nil {
		return nil, err
	}
	const back, ahead = 31, 400
	first := date.At(s.now().In(h.Zone())).Add(-back)
	stamp := c.UpdatedAt
	if stamp.IsZero() || stamp.Year() < FirstYear+1 {
		stamp = time.Date(first.Year, first.Month, first.Day, 0, 0, 0, 0, time.UTC)
	}
	out := ical.Outgoing{Name: c.Name, Description: c.Description, Zone: c.Zone, Stamp: stamp}
	for _, d := range h.Days(first, back+ahead) {
		uid := fmt.Sprintf("%d-%s@calendars.steward", c.ID, d.Date)
		switch {
		case d.Reason == OnHoliday && what != FeedHours:
			out.Entries = append(out.Entries, ical.Entry{UID: "holiday-" + uid, Name: d.Name, From: d.Date, To: d.Date})
		case d.Reason == SpecialOpening && what == FeedHolidays:
			out.Entries = append(out.Entries, ical.Entry{UID: "special-" + uid, Name: d.Name, From: d.Date, To: d.Date})
		}
		if what == FeedHolidays {
			continue
		}
		name := c.Name
		if d.Reason == SpecialOpening {
			name += ": " + d.Name
		}
		for i, o := range d.Hours {
			out.Entries = append(out.Entries, ical.Entry{UID: fmt.Sprintf("open-%d-%s", i+1, uid), Name: name, Start: o.Start, End: o.End, Busy: true})
		}
	}
	var b bytes.Buffer
	err = ical.Write(&b, out)
	return b.Bytes(), err
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Subscribe makes the secret part of an address at which calendar programs, which
// cannot sign in, read a calendar; the address before is void. Only its hash is
// kept, so it is shown once.
func (s *Service) Subscribe(ctx context.Context, id int64) (string, error) {
	if err := mayManage(ctx); err != nil {
		return "", err
	}
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	token := base64.RawURLEncoding.EncodeToString(raw)
	return token, s.subscribe(ctx, id, hashOf(token), "subscribe")
}

// Unsubscribe makes the address void.
func (s *Service) Unsubscribe(ctx context.Context, id int64) error {
	if err := mayManage(ctx); err != nil {
		return err
	}
	return s.subscribe(ctx, id, "", "unsubscribe")
}

func (s *Service) subscribe(ctx context.Context, id int64, hash, action string) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		c, err := read(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := setFeed(ctx, tx, id, hash, access.From(ctx).ID); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, entry(action, &c, nil, nil))
	})
}

// Subscription writes the calendar of an address, to whoever has it; NotFound for
// all others alike.
func (s *Service) Subscription(ctx context.Context, token string, what Feed) ([]byte, error) {
	c, err := readFeed(ctx, s.db.Reader(), hashOf(token))
	if apperr.Is(err, apperr.NotFound) {
		return nil, apperr.New(apperr.NotFound, "This address shows nothing. It may have been revoked.")
	}
	if err != nil {
		return nil, err
	}
	return s.export(&c, what)
}
