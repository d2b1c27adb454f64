// Package service keeps the services: what tickets are about, what agreements
// promise, and what assets, suppliers and costs hang on.
//
// A service has an owner, who answers for it, and a business owner, who pays for
// it; a provider, in-house or a supplier; and a group that takes its tickets
// first. Services may be parts of others.
package service

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/kept"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the table of services.
var Migrations fs.FS = migrations

// Stage is where a service stands in its life: ITIL's pipeline, catalogue and
// retired services, with the notice period as a stage of its own.
type Stage string

// The stages.
const (
	Planned  Stage = "planned"
	Live     Stage = "live"
	Retiring Stage = "retiring" // still used, not offered to anybody new
	Retired  Stage = "retired"
)

// Stages lists the stages in the order of a service's life.
func Stages() []Stage { return []Stage{Planned, Live, Retiring, Retired} }

// InUse reports whether tickets can be opened about a service of the stage.
func (s Stage) InUse() bool { return s == Live || s == Retiring }

// Service is one service.
type Service struct {
	ID int64 `json:"id"`
	Input
	Source    string    `json:"source,omitempty"`
	SourceRef string    `json:"source_ref,omitempty"`
	CreatedAt time.Time `json:"-"`
	UpdatedAt time.Time `json:"-"`
	Version   int64     `json:"version"`
}

// Input is what can be edited.
type Input struct {
	Name            string `json:"name"`
	Description     string `json:"description,omitempty"`
	OwnerID         int64  `json:"owner_id,omitempty"`          // a person
	BusinessOwnerID int64  `json:"business_owner_id,omitempty"` // a person
	Criticality     int    `json:"criticality"`                 // 1, the highest, to 4
	MissionCritical bool   `json:"mission_critical,omitempty"`  // the business stops without it
	Stage           Stage  `json:"stage"`
	ProviderID      int64  `json:"provider_id,omitempty"`      // an organisation
	SupportGroupID  int64  `json:"support_group_id,omitempty"` // takes its tickets first
	ParentID        int64  `json:"parent_id,omitempty"`        // the service it is a part of
}

// The lowest and the default criticality; 1 is the highest.
const (
	LowestCriticality  = 4
	DefaultCriticality = 3
)

// maxDepth bounds how deep services may be parts of one another.
const maxDepth = 10

const missing = "This service does not exist, or you may not see it."

// Store holds the use cases. The actor is taken from the context.
type Store struct {
	db      *database.DB
	log     *audit.Log
	changes *access.Changes
	clock   func() time.Time
	names   *kept.Cache[int64, string]
	uses    *kept.Cache[struct{}, uses]
	follow  []func(ctx context.Context, tx *database.Tx) error
}

// New makes the store. Close it in the end.
func New(db *database.DB, log *audit.Log, changes *access.Changes, clock func() time.Time) *Store {
	return &Store{
		db: db, log: log, changes: changes, clock: clock,
		names: kept.New[int64, string](db, kept.Options{Topic: "service-names", Clock: clock}),
		uses:  kept.New[struct{}, uses](db, kept.Options{Topic: "service-offerings", Clock: clock}),
	}
}

// Close stops listening for changes of names on other nodes.
func (s *Store) Close() {
	s.names.Close()
	s.uses.Close()
}

func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

func (in *Input) check() error {
	in.Name, in.Description = clean(in.Name), clean(in.Description)
	var wrong apperr.Problems
	switch n := utf8.RuneCountInString(in.Name); {
	case n == 0:
		wrong.Add("name", "Give a name.")
	case n > 200 || strings.ContainsAny(in.Name, "\r\n\t"):
		wrong.Add("name", "A name is a single line of at most 200 characters.")
	}
	if utf8.RuneCountInString(in.Description) > 5000 {
		wrong.Add("description", "Use at most 5000 characters.")
	}
	if in.Criticality < 1 || in.Criticality > LowestCriticality {
		wrong.Add("criticality", "Criticality goes from 1, the highest, to %d.", LowestCriticality)
	}
	switch in.Stage {
	case Planned, Live, Retiring, Retired:
	default:
		wrong.Add("stage", "Choose where the service stands in its life.")
	}
	return wrong.Err()
}

func clean(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", ""))
}

// record is what access rules look at.
func (s Service) record() access.Record {
	return access.Record{Service: s.ID, Organisation: s.ProviderID}
}

// mayRead is for everybody who can open a ticket about a service, and those who
// look after them. A supplier's agent sees a service's name on the tickets about
// it, and no list.
func mayRead(ctx context.Context) error {
	actor := access.From(ctx)
	for _, verb := range []access.Verb{access.Create, access.ViewPeople, access.ManageServices} {
		if actor.Can(verb, access.AnyKind) {
			return nil
		}
	}
	return actor.Require(access.ManageServices, access.AnyKind)
}

// Get gives one service.
func (s *Store) Get(ctx context.Context, id int64) (Service, error) {
	if err := mayRead(ctx); err != nil {
		return Service{}, err
	}
	return read(ctx, s.db.Reader(), id)
}

// Query chooses services. Zero fields do not narrow.
type Query struct {
	Text     string // beginnings of words of the name
	Stage    Stage
	InUse    bool  // only those tickets can be opened about
	Owner    int64 // owner or business owner
	Unowned  bool  // only those, not retired, for which nobody active answers
	Provider int64
	Parent   int64
	After    lookup.Cursor
	Limit    int
}

// List gives services by name.
func (s *Store) List(ctx context.Context, q Query) (lookup.Page[Service], error) {
	if err := mayRead(ctx); err != nil {
		return lookup.Page[Service]{}, err
	}
	limit := lookup.Limit(q.Limit)
	rows, err := list(ctx, s.db.Reader(), q, limit+1)
	return lookup.PageOf(rows, limit, func(s Service) lookup.Cursor {
		return lookup.Cursor{Name: filter.Fold(s.Name), ID: s.ID}
	}), err
}

// Suggestion is an entry of a list that opens while somebody types.
type Suggestion struct {
	ID     int64
	Name   string
	Detail string // the service it is a part of
}

// Suggest completes the name of a service that is in use.
func (s *Store) Suggest(ctx context.Context, text string) ([]Suggestion, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	return suggest(ctx, s.db.Reader(), text)
}

// Names gives the names behind ids, those that are not kept in one query. It asks
// for no permission: whoever sees a record sees the names on it.
func (s *Store) Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error) {
	return kept.ByID(ctx, s.names, q, ids, "SELECT s.id, s.name FROM services s WHERE s.id IN ", func(r database.Row) (id int64, name string, err error) {
		err = r.Scan(&id, &name)
		return id, name, err
	})
}

// Unowned counts the services, not retired, for which nobody active answers.
func (s *Store) Unowned(ctx context.Context) (int, error) {
	if err := mayRead(ctx); err != nil {
		return 0, err
	}
	return database.One(ctx, s.db.Reader(), database.Scalar[int], "SELECT COUNT(*) FROM services s WHERE "+unowned)
}

// Owned says who answers for a service.
type Owned struct {
	ID      int64
	Name    string
	Stage   Stage
	OwnerID int64 // of an active person; 0 for nobody
}

// Owners says who answers for services, by name. Like names it asks for no permission.
func (s *Store) Owners(ctx context.Context, q database.Querier, ids []int64) ([]Owned, error) {
	return owners(ctx, q, ids)
}

// Delivery says who delivers a service.
type Delivery struct {
	ID             int64
	Name           string
	SupportGroupID int64
	ProviderID     int64 // an organisation
}

// Deliveries says who delivers services in use, by name: those of ids, or without
// any all of them, at most limit. It asks for no permission: it is for rules.
func (s *Store) Deliveries(ctx context.Context, q database.Querier, limit int, ids ...int64) ([]Delivery, error) {
	return deliveries(ctx, q, limit, ids)
}

// SupportGroup gives the active group that takes tickets of a service first, 0
// for none; Invalid if there is no such service in use.
func (s *Store) SupportGroup(ctx context.Context, q database.Querier, id int64) (int64, error) {
	var stage Stage
	var group int64
	err := q.QueryRow(ctx, `SELECT s.stage, g.id FROM services s LEFT JOIN groups g ON g.id = s.support_group_id AND g.active
		WHERE s.id = $1`, id).Scan((*string)(&stage), (*database.ID)(&group))
	if apperr.Is(err, apperr.NotFound) || err == nil && !stage.InUse() {
		return 0, apperr.InvalidField("service", "This service does not exist or is not in use.")
	}
	return group, err
}

// Create adds a service, once per idempotency key.
func (s *Store) Create(ctx context.Context, in Input) (Service, error) {
	var made Service
	if err := in.check(); err != nil {
		return made, err
	}
	if err := access.From(ctx).Check(access.ManageServices, access.Record{Organisation: in.ProviderID}).Err(); err != nil {
		return made, err
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		now := s.now()
		id, replayed, err := once.Do(ctx, tx, now, []any{"create service", in}, func() (int64, error) {
			made = Service{ID: tx.NextID(), Input: in, CreatedAt: now, UpdatedAt: now, Version: 1}
			return made.ID, s.add(ctx, tx, made)
		})
		if err == nil && replayed {
			made, err = read(ctx, tx, id)
		}
		return err
	})
	return made, err
}

func (s *Store) add(ctx context.Context, tx *database.Tx, made Service) error {
	if err := checkReferences(ctx, tx, Service{}, made); err != nil {
		return err
	}
	if err := insert(ctx, tx, made); err != nil {
		return duplicateName(err, made.Name)
	}
	s.changes.Note(tx, made.OwnerID, made.BusinessOwnerID)
	return s.log.Append(ctx, tx, entry("service.create", made, nil, made))
}

// Update saves a service that was read at a version; Conflict with the present
// one if somebody else was first.
func (s *Store) Update(ctx context.Context, id, version int64, in Input) (Service, error) {
	var after Service
	if err := in.check(); err != nil {
		return after, err
	}
	actor := access.From(ctx)
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := read(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := actor.Check(access.ManageServices, before.record()).Err(); err != nil {
			return err
		}
		if before.Version != version {
			return stale(before)
		}
		after = before
		after.Input, after.UpdatedAt, after.Version = in, s.now(), before.Version+1
		if err := actor.Check(access.ManageServices, after.record()).Err(); err != nil {
			return err
		}
		if err := checkReferences(ctx, tx, before, after); err != nil {
			return err
		}
		s.names.Changed(tx, after.ID)
		if err := update(ctx, tx, after); err != nil {
			return duplicateName(err, in.Name)
		}
		if before.MissionCritical != after.MissionCritical {
			if err := s.tellRules(ctx, tx); err != nil {
				return err
			}
		}
		s.changes.Note(tx, before.OwnerID, before.BusinessOwnerID, after.OwnerID, after.BusinessOwnerID)
		return s.log.Append(ctx, tx, entry("service.update", after, before, after))
	})
	return after, err
}

// Seed is a service as a foreign system knows it.
type Seed struct {
	Ref string // its stable key there
	Input
}

// Ensure makes sure that every service of a foreign system exists here, and
// gives their ids by Ref. What is here already, by Ref or by name, is left as it
// is. It is for importers.
func (s *Store) Ensure(ctx context.Context, tx *database.Tx, source string, seeds []Seed) (map[string]int64, error) {
	if err := access.From(ctx).Check(access.ManageServices, access.Record{}).Err(); err != nil {
		return nil, err
	}
	byRef, byName, err := known(ctx, tx, source, seeds)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var fresh []Service
	for _, seed := range seeds {
		if byRef[seed.Ref] != 0 {
			continue
		}
		if err := seed.check(); err != nil {
			return nil, err
		}
		name := filter.Fold(seed.Name)
		if byName[name] == 0 {
			made := Service{
				ID: tx.NextID(), Input: seed.Input, Source: source, SourceRef: seed.Ref, CreatedAt: now, UpdatedAt: now, Version: 1,
			}
			fresh = append(fresh, made)
			byName[name] = made.ID
		}
		byRef[seed.Ref] = byName[name]
	}
	if len(fresh) == 0 {
		return byRef, nil
	}
	if err := insert(ctx, tx, fresh...); err != nil {
		return nil, err
	}
	s.changes.Note(tx)
	return byRef, s.log.Append(ctx, tx, audit.Entry{
		Action: "service.import", ObjectType: "service", ObjectName: source,
		After: map[string]any{"source": source, "created": len(fresh)},
	})
}

func entry(action string, s Service, before, after any) audit.Entry {
	return audit.Entry{Action: action, ObjectType: "service", ObjectID: audit.ID(s.ID), ObjectName: s.Name, Before: before, After: after}
}

func stale(current Service) error {
	return apperr.Stale(current, "Somebody else saved this service in the meantime. Look at their version and save again.")
}

func duplicateName(err error, name string) error {
	var e *apperr.Error
	if errors.As(err, &e) && e.Kind == apperr.Conflict && e.Detail == nil { // with a detail it is a stale version
		return apperr.InvalidField("name", "There is already a service called %s.", name)
	}
	return err
}
