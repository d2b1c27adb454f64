// Package actors makes the actors of persons: it gathers the facts that decide
// what somebody may do, keeps them for the requests that follow, and forgets
// them as soon as anything they were made from changes, here or on another node.
//
// After a write on this node nobody ever sees an actor older than the write.
// Other nodes learn of it within milliseconds, and within MaxAge if the notice
// is lost.
package actors

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
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

// MaxAge is how long an actor is kept at most.
const MaxAge = time.Minute

// maxKept bounds the memory of a node; who comes after makes room by clearing it.
const maxKept = 20_000

const topic = "actors"

// Cache loads and keeps actors.
type Cache struct {
	db           *database.DB
	roles        *roles.Store
	confidential func() []string
	clock        func() time.Time
	log          *slog.Logger
	stop         []func()
	sending      sync.WaitGroup

	mu      sync.Mutex
	changes uint64 // counts what was forgotten, so that a load that overlaps is not kept
	kept    map[int64]entry
}

type entry struct {
	person Person
	loaded time.Time
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
	c := &Cache{db: d.DB, roles: d.Roles, confidential: d.Confidential, clock: d.Clock, log: d.Logger, kept: map[int64]entry{}}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.stop = []func(){
		d.Changes.Subscribe(func(persons []int64) {
			c.forget(persons)
			c.tellOthers(persons)
		}),
		d.DB.Subscribe(topic, func(payload string) { c.forget(parse(payload)) }),
	}
	return c
}

// Close stops listening and waits for notices that are on their way.
func (c *Cache) Close() {
	for _, stop := range c.stop {
		stop()
	}
	c.sending.Wait()
}

// Person gives the actor of an active person; Unauthenticated if there is none.
func (c *Cache) Person(ctx context.Context, id int64) (Person, error) {
	now := c.clock()
	c.mu.Lock()
	e, found := c.kept[id]
	changes := c.changes
	c.mu.Unlock()
	if found && now.Sub(e.loaded) < MaxAge && !now.Before(e.loaded) {
		return e.person, nil
	}
	p, err := c.load(ctx, id)
	if err != nil {
		return Person{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes == changes {
		if len(c.kept) >= maxKept {
			clear(c.kept)
		}
		c.kept[id] = entry{p, now}
	}
	return p, nil
}

// ForgetAll drops every actor, for changes that nobody announces: the kinds of
// tickets were edited.
func (c *Cache) ForgetAll() { c.forget(nil) }

// forget drops some persons; none means all.
func (c *Cache) forget(persons []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	if len(persons) == 0 {
		clear(c.kept)
		return
	}
	for _, id := range persons {
		delete(c.kept, id)
	}
}

// tellOthers does not wait: the writer has its answer already.
func (c *Cache) tellOthers(persons []int64) {
	if c.db.Engine() == database.SQLite {
		return // there are no others
	}
	c.sending.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := c.db.Notify(ctx, topic, format(persons)); err != nil {
			c.log.Warn("other nodes were not told that rights changed; they notice within a minute", "error", err)
		}
	})
}

// format writes ids for a notice; empty means everybody.
func format(persons []int64) string {
	var b strings.Builder
	for _, id := range persons {
		if b.Len() > database.MaxNotice-20 {
			return ""
		}
		b.WriteString(strconv.FormatInt(id, 10))
		b.WriteByte(' ')
	}
	return b.String()
}

// parse reads what format wrote; anything else means everybody.
func parse(payload string) []int64 {
	var persons []int64
	for word := range strings.FieldsSeq(payload) {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil
		}
		persons = append(persons, id)
	}
	return persons
}

func unknown() error {
	return apperr.New(apperr.Unauthenticated, "This account does not exist or is no longer active.")
}
