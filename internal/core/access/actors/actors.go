// Package actors makes the actors of persons: it gathers the facts that decide
// what somebody may do, keeps them for the requests that follow, and forgets
// them as soon as anything they were made from changes, here or on another node.
//
// After a write on this node nobody ever sees an actor older than the write; for
// other nodes see platform/kept.
package actors

import (
	"context"
	"log/slog"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/kept"
)

// Person is an actor with what else every page needs to know of its reader.
type Person struct {
	Actor          access.Actor
	Email          string
	ServiceAccount bool
	Language       string // these as the person chose them; empty if they did not
	Zone           string
	Theme          string
	Density        string
	Start          string            // the page they begin with
	KeysOff        bool              // single letters do nothing
	Columns        map[string]string // of lists, by the list's key. Do not change the map.
}

// Cache loads and keeps actors.
type Cache struct {
	db           *database.DB
	roles        *roles.Store
	confidential func() []string
	kept         *kept.Cache[int64, Person]
	stop         func()
}

// Deps are what a Cache leans on.
type Deps struct {
	DB           *database.DB
	Roles        *roles.Store
	Changes      *access.Changes
	Confidential func() []string // the kinds of tickets that are confidential; nil if there are none
	Clock        func() time.Time
	Logger       *slog.Logger
}

// New makes a cache and lets it listen. Close it in the end.
func New(d Deps) *Cache {
	c := &Cache{
		db: d.DB, roles: d.Roles, confidential: d.Confidential,
		kept: kept.New[int64, Person](d.DB, kept.Options{Topic: "actors", Clock: d.Clock, Logger: d.Logger}),
	}
	c.stop = d.Changes.Subscribe(func(persons []int64) { c.kept.Drop(persons...) })
	return c
}

// Close stops listening and waits for notices that are on their way.
func (c *Cache) Close() {
	c.stop()
	c.kept.Close()
}

// Person gives the actor of an active person; Unauthenticated if there is none.
func (c *Cache) Person(ctx context.Context, id int64) (Person, error) {
	return c.kept.Get(ctx, id, c.load)
}

// ForgetAll drops every actor, for changes that nobody announces: the kinds of
// tickets were edited.
func (c *Cache) ForgetAll() { c.kept.Forget() }

func unknown() error {
	return apperr.New(apperr.Unauthenticated, "This account does not exist or is no longer active.")
}
