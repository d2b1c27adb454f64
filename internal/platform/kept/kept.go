// Package kept keeps what is read again and again and seldom changes - names, roles
// of persons, tokens - in the memory of a node, and forgets it when it changes, here
// or on another node.
//
// After a write on this node nobody sees what was before it. Other nodes learn of it
// within milliseconds, and within MaxAge if the notice is lost.
package kept

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// MaxAge is how long a value is kept at most.
const MaxAge = time.Minute

// DefaultMost is how many values a cache keeps without Options.Most.
const DefaultMost = 20_000

// Options say how a cache works; the zero value of each is usable but Topic's.
type Options struct {
	Topic  string // of the notices between nodes; one for each cache of a database
	Most   int    // how many values are kept; who comes after makes room by clearing all
	Clock  func() time.Time
	Logger *slog.Logger
}

// Cache keeps values by their keys. It may be used by many at once.
type Cache[K comparable, V any] struct {
	db      *database.DB
	o       Options
	stop    func()
	sending sync.WaitGroup

	mu      sync.RWMutex
	changes uint64 // counts what was forgotten, so that a load that overlaps is not kept
	values  map[K]entry[V]
}

type entry[V any] struct {
	value  V
	loaded time.Time
}

// New makes an empty cache and lets it listen. Close it in the end.
func New[K comparable, V any](db *database.DB, o Options) *Cache[K, V] {
	if o.Most <= 0 {
		o.Most = DefaultMost
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Cache[K, V]{db: db, o: o, values: map[K]entry[V]{}}
	c.stop = db.Subscribe(o.Topic, func(payload string) {
		var keys []K
		if json.Unmarshal([]byte(payload), &keys) != nil {
			keys = nil // notices may have been missed: all of them
		}
		c.Forget(keys...)
	})
	return c
}

// Close stops listening and waits for notices that are on their way.
func (c *Cache[K, V]) Close() {
	c.stop()
	c.sending.Wait()
}

// Get gives the value of a key, from memory or by load, whose errors it passes on.
func (c *Cache[K, V]) Get(ctx context.Context, key K, load func(context.Context, K) (V, error)) (V, error) {
	now := c.o.Clock()
	c.mu.RLock()
	e, found := c.values[key]
	changes := c.changes
	c.mu.RUnlock()
	if found && e.fresh(now) {
		return e.value, nil
	}
	v, err := load(ctx, key)
	if err != nil {
		return v, err
	}
	c.keep(changes, now, map[K]V{key: v})
	return v, nil
}

// Many gives the values of keys; load is asked once for those that are not in
// memory, and what it does not know is missing from the answer.
func (c *Cache[K, V]) Many(ctx context.Context, keys []K, load func(context.Context, []K) (map[K]V, error)) (map[K]V, error) {
	now := c.o.Clock()
	out := make(map[K]V, len(keys))
	var missing []K
	c.mu.RLock()
	changes := c.changes
	for _, k := range keys {
		if e, found := c.values[k]; found && e.fresh(now) {
			out[k] = e.value
		} else {
			missing = append(missing, k)
		}
	}
	c.mu.RUnlock()
	if len(missing) == 0 {
		return out, nil
	}
	loaded, err := load(ctx, missing)
	if err != nil {
		return nil, err
	}
	c.keep(changes, now, loaded)
	for k, v := range loaded {
		out[k] = v
	}
	return out, nil
}

func (e entry[V]) fresh(now time.Time) bool {
	return now.Sub(e.loaded) < MaxAge && !now.Before(e.loaded)
}

// keep takes what was read, unless something was forgotten meanwhile: then it may
// be from before that.
func (c *Cache[K, V]) keep(changes uint64, now time.Time, values map[K]V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes != changes {
		return
	}
	if len(c.values)+len(values) > c.o.Most {
		clear(c.values)
	}
	for k, v := range values {
		if len(c.values) == c.o.Most {
			return
		}
		c.values[k] = entry[V]{v, now}
	}
}

// Forget drops some values on this node; without keys, all.
func (c *Cache[K, V]) Forget(keys ...K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	if len(keys) == 0 {
		clear(c.values)
		return
	}
	for _, k := range keys {
		delete(c.values, k)
	}
}

// Committer is the part of a transaction that Changed needs.
type Committer interface{ AfterCommit(fn func()) }

// Changed makes every node forget some values - without keys, all - as soon as the
// transaction is durable, and this one before the writer gets its answer. A nil
// *Cache keeps nothing that could be wrong.
func (c *Cache[K, V]) Changed(tx Committer, keys ...K) {
	if c == nil {
		return
	}
	tx.AfterCommit(func() { c.Drop(keys...) })
}

// Drop is Forget on every node; it does not wait for the others.
func (c *Cache[K, V]) Drop(keys ...K) {
	c.Forget(keys...)
	if c.db.Engine() == database.SQLite {
		return // there are no others
	}
	payload, err := json.Marshal(keys)
	if err != nil || len(payload) > database.MaxNotice {
		payload = nil
	}
	c.sending.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := c.db.Notify(ctx, c.o.Topic, string(payload)); err != nil {
			c.o.Logger.Warn("other nodes were not told of a change; they notice within a minute", "of", c.o.Topic, "error", err)
		}
	})
}
