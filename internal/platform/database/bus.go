package database

import (
	"context"
	"strings"
	"sync"
	"time"
)

// bus carries short notices between the nodes that share a database: in the
// process on SQLite, by LISTEN/NOTIFY on PostgreSQL. Notices are hints: they
// may be lost while a connection is down, so whoever relies on one also looks
// by itself (Reconnected tells when it came back). A command that writes to a
// SQLite file beside the node that serves it sends none; the node sees that
// something was written, and tells its subscribers to look.
type bus struct {
	mu     sync.Mutex
	closed bool
	subs   map[*subscriber]struct{}
	cancel context.CancelFunc

	watching sync.WaitGroup // SQLite: who looks at the file ends before it is closed
}

type subscriber struct {
	topic string
	fn    func(payload string)
}

// busChannel is the one PostgreSQL channel; the topic travels in the payload.
const busChannel = "steward"

// MaxNotice is the longest payload of a notice in bytes (PostgreSQL allows 8000).
const MaxNotice = 7500

// Reconnected is the payload every subscriber gets after the bus was away, or
// another process wrote to a SQLite file, so that it can look for what it missed.
const Reconnected = "\x00reconnected"

// Notify tells every subscriber of the topic on every node, this one included.
// Call it after the commit (Tx.AfterCommit): inside a transaction PostgreSQL
// would make commits wait for one another.
func (db *DB) Notify(ctx context.Context, topic, payload string) error {
	if db.engine == SQLite {
		db.bus.deliver(topic, payload)
		return nil
	}
	return notifyPostgres(ctx, db.side, busChannel, topic+"\n"+payload)
}

// Subscribe calls fn for every notice on the topic until stop is called. fn
// runs on the bus's goroutine and must return quickly.
func (db *DB) Subscribe(topic string, fn func(payload string)) (stop func()) {
	s := &subscriber{topic, fn}
	b := &db.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[*subscriber]struct{}{}
	}
	b.subs[s] = struct{}{}
	if b.cancel == nil && !b.closed {
		ctx, cancel := context.WithCancel(context.Background())
		b.cancel = cancel
		if db.engine == PostgreSQL {
			go db.keepListening(ctx)
		} else {
			b.watching.Go(func() { db.watchFile(ctx) })
		}
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, s)
	}
}

func (db *DB) keepListening(ctx context.Context) {
	const retry = 500 * time.Millisecond
	for ctx.Err() == nil {
		err := db.listen(ctx, busChannel,
			func() { db.bus.deliver("", Reconnected) },
			func(payload string) {
				topic, rest, _ := strings.Cut(payload, "\n")
				db.bus.deliver(topic, rest)
			})
		if ctx.Err() != nil {
			return
		}
		db.log.Warn("notices from other nodes are interrupted; reconnecting", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
}

// deliver calls the topic's subscribers; an empty topic means all of them.
func (b *bus) deliver(topic, payload string) {
	b.mu.Lock()
	var fns []func(string)
	for s := range b.subs {
		if topic == "" || s.topic == topic {
			fns = append(fns, s.fn)
		}
	}
	b.mu.Unlock()
	for _, fn := range fns {
		fn(payload)
	}
}

func (b *bus) close() {
	b.mu.Lock()
	b.closed = true
	if b.cancel != nil {
		b.cancel()
	}
	b.mu.Unlock()
	b.watching.Wait()
}

// How often a node looks whether another process wrote to its SQLite file, and how
// long it rests after it saw that one did: an import writes without a pause.
const lookAtFile, restAfterWrite = 100 * time.Millisecond, time.Second

// watchFile tells every subscriber when another process wrote to the file.
func (db *DB) watchFile(ctx context.Context) {
	seen, known := int64(0), false
	for pause := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = lookAtFile
		version, err := db.foreignWrites(ctx)
		if err != nil {
			continue // whoever works with the file says what is wrong with it
		}
		if known && version != seen {
			db.bus.deliver("", Reconnected)
			pause = restAfterWrite
		}
		seen, known = version, true
	}
}
