// Package coretest builds the core of a system for tests: people, roles,
// services, the audit log and the actors made of them, wired as the program
// wires them, on a database of the test's own.
package coretest

import (
	"context"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// Migrations are those of everything in a World.
func Migrations() []fs.FS {
	return []fs.FS{once.Migrations, lookup.Migrations, people.Migrations, roles.Migrations, service.Migrations, audit.Migrations}
}

// World is the core of one system.
type World struct {
	T        testing.TB
	DB       *database.DB
	Clock    *Clock
	Log      *audit.Log
	Changes  *access.Changes
	Roles    *roles.Store
	People   *people.Service
	Services *service.Store
	Actors   *actors.Cache
}

// Each runs fn with a world on SQLite and one on PostgreSQL.
func Each(t *testing.T, fn func(t *testing.T, w *World), more ...fs.FS) {
	t.Helper()
	databasetest.Each(t, func(t *testing.T, db *database.DB) { fn(t, New(t, db)) }, append(Migrations(), more...)...)
}

// New wires a world on a database that has the Migrations. Two worlds on one
// database are two nodes.
func New(t testing.TB, db *database.DB) *World {
	t.Helper()
	w := &World{T: t, DB: db, Clock: NewClock(), Changes: &access.Changes{}}
	w.Log = audit.New(db, w.Clock.Now)
	w.Roles = roles.New(db, w.Log, w.Changes, access.NewCatalogue(), w.Clock.Now)
	w.People = people.New(db, w.Log, w.Roles, w.Changes, w.Clock.Now)
	w.Services = service.New(db, w.Log, w.Changes, w.Clock.Now)
	w.Actors = actors.New(actors.Deps{DB: db, Roles: w.Roles, Changes: w.Changes, Clock: w.Clock.Now})
	t.Cleanup(w.Actors.Close)
	return w
}

// System is a context in which the program itself is at work.
func (w *World) System() context.Context { return access.With(w.T.Context(), access.System()) }

// As is a context in which a person is at work.
func (w *World) As(person int64) context.Context {
	w.T.Helper()
	p, err := w.Actors.Person(w.T.Context(), person)
	if err != nil {
		w.T.Fatalf("actor of %d: %v", person, err)
	}
	return access.With(w.T.Context(), p.Actor)
}

// Organisation adds an organisation below another one, or at the top (0).
func (w *World) Organisation(kind people.OrganisationKind, name string, parent int64) int64 {
	w.T.Helper()
	o, err := w.People.CreateOrganisation(w.System(), people.OrganisationInput{Kind: kind, Name: name, ParentID: parent, Active: true})
	return id(w, o.ID, err)
}

// Person adds an active person with roles for their own organisation.
func (w *World) Person(name string, organisation int64, roleKeys ...string) int64 {
	w.T.Helper()
	p, err := w.People.CreatePerson(w.System(), people.PersonInput{Name: name, OrganisationID: organisation, Active: true})
	for _, key := range roleKeys {
		if err == nil {
			err = w.Roles.GrantToPerson(w.System(), p.ID, key, 0)
		}
	}
	return id(w, p.ID, err)
}

// Group adds a group with members.
func (w *World) Group(name string, organisation int64, members ...int64) int64 {
	w.T.Helper()
	g, err := w.People.CreateGroup(w.System(), people.GroupInput{Name: name, OrganisationID: organisation, Active: true})
	for _, m := range members {
		if err == nil {
			err = w.People.SetMember(w.System(), g.ID, m, false)
		}
	}
	return id(w, g.ID, err)
}

// Service adds a live service with an owner.
func (w *World) Service(name string, owner int64) int64 {
	w.T.Helper()
	s, err := w.Services.Create(w.System(), service.Input{Name: name, OwnerID: owner, Criticality: 3, Stage: service.Live})
	return id(w, s.ID, err)
}

func id(w *World, id int64, err error) int64 {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
	return id
}

// Clock is a time that passes only when a test says so.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at noon of 2 March 2026, a Monday, in UTC.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance lets time pass.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
