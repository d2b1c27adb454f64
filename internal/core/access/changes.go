package access

import "sync"

// Changes tells whoever keeps actors that something they were made from is no
// longer true: a role, a membership, an organisation, the owner of a service.
// The zero value is ready; a nil *Changes tells nobody.
type Changes struct {
	mu   sync.Mutex
	next int
	subs map[int]func(persons []int64)
}

// Committer is the part of a transaction that Changes needs.
type Committer interface{ AfterCommit(fn func()) }

// Note tells the subscribers as soon as the transaction is durable, before the
// writer gets its answer. Without persons, everybody may be concerned.
func (c *Changes) Note(tx Committer, persons ...int64) {
	if c == nil {
		return
	}
	tx.AfterCommit(func() {
		c.mu.Lock()
		subs := make([]func([]int64), 0, len(c.subs))
		for _, fn := range c.subs {
			subs = append(subs, fn)
		}
		c.mu.Unlock()
		for _, fn := range subs {
			fn(persons)
		}
	})
}

// Subscribe calls fn on every change until stop is called. It must return quickly.
func (c *Changes) Subscribe(fn func(persons []int64)) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subs == nil {
		c.subs = map[int]func([]int64){}
	}
	id := c.next
	c.next++
	c.subs[id] = fn
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.subs, id)
	}
}
