package live

import (
	"context"
	"fmt"
	"slices"
)

// maxPending is how many messages may wait for a subscriber before it has to
// start over.
const maxPending = 500

// Batch is what is new for a subscriber.
type Batch struct {
	Messages []Message
	// Resync says that events were skipped: load anew what is shown. Messages
	// then holds only what came since.
	Resync bool
	// Cursor is the place after the batch. Who got only a part of it goes on
	// from the place before.
	Cursor Cursor
}

// Subscription is one reader of some topics. Its methods are for one goroutine.
type Subscription struct {
	hub    *Hub
	topics []string
	ready  chan struct{} // holds one token while there is something to take

	// Guarded by hub.mu.
	from    Cursor // seen before subscribing; zero once the hub's place covers it
	pending []Message
	resync  bool
	last    int64             // the latest event added, which may come by several topics
	shown   map[string]string // by topic: the presence told last
}

// Subscribe begins to gather events of the topics after the given cursor, or
// from now on when that is zero. The caller must Close the subscription.
func (h *Hub) Subscribe(ctx context.Context, topics []string, from Cursor) (*Subscription, error) {
	if len(topics) == 0 || slices.ContainsFunc(topics, func(t string) bool { return !validName(t) }) {
		return nil, fmt.Errorf("live: %q are not topics", topics)
	}
	start, err := h.Cursor(ctx)
	if err != nil {
		return nil, err
	}
	s := &Subscription{hub: h, topics: slices.Compact(slices.Sorted(slices.Values(topics))), ready: make(chan struct{}, 1), from: from}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, ErrClosed
	}
	first := h.pos.IsZero()
	if first {
		h.pos = start
		h.since++
	}
	joined := h.pos // what is committed later comes by the hub
	h.subs[s] = struct{}{}
	for _, t := range s.topics {
		if h.topics[t] == nil {
			h.topics[t] = map[*Subscription]struct{}{}
		}
		h.topics[t][s] = struct{}{}
	}
	h.mu.Unlock()
	if first {
		h.look() // which also starts the polling
	}
	if !from.IsZero() {
		if err := s.catchUp(ctx, joined); err != nil {
			s.Close()
			return nil, err
		}
	}
	h.presence.introduce(s)
	return s, nil
}

// catchUp adds what happened between the subscriber's cursor and the place at
// which it joined the hub. What the hub has added meanwhile comes after that.
func (s *Subscription) catchUp(ctx context.Context, joined Cursor) error {
	r, err := s.hub.store.read(ctx, s.hub.db.Reader(), s.from, s.topics, maxCatchUp)
	if err != nil {
		return fmt.Errorf("live: catch up: %w", err)
	}
	slices.SortFunc(r.rows, inOrder)
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.resync {
		return nil
	}
	if len(r.rows) > maxCatchUp || !s.from.continues(r) {
		s.startOver()
		return nil
	}
	later := s.pending
	last := s.last
	s.pending, s.last = nil, 0
	for i := range r.rows {
		if row := &r.rows[i]; joined.saw(row.txn) {
			s.add(row)
		}
	}
	if len(later) > 0 && !s.resync {
		s.pending, s.last = append(s.pending, later...), last
	}
	return nil
}

// add puts a row into the pending messages; hub.mu is held.
func (s *Subscription) add(row *stored) {
	if s.last == row.event || s.from.saw(row.txn) {
		return
	}
	s.last = row.event
	s.push(row.msg)
}

func (s *Subscription) push(m Message) {
	if len(s.pending) >= maxPending {
		s.startOver()
		return
	}
	s.pending = append(s.pending, m)
	s.wake()
}

// present adds who is at a topic, in place of what was not taken yet; hub.mu is held.
func (s *Subscription) present(m Message) {
	if before, told := s.shown[m.Key]; told && before == string(m.Data) || !told && string(m.Data) == "[]" {
		return
	}
	if s.shown == nil {
		s.shown = map[string]string{}
	}
	s.shown[m.Key] = string(m.Data)
	s.pending = slices.DeleteFunc(s.pending, func(old Message) bool { return old.Kind == KindPresence && old.Key == m.Key })
	s.push(m)
}

// startOver gives up what the subscriber has not taken; hub.mu is held.
func (s *Subscription) startOver() {
	s.pending, s.resync, s.from, s.shown = nil, true, Cursor{}, nil
	s.wake()
}

func (s *Subscription) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Next waits for something new. It fails with ErrClosed when the hub closes,
// and with the context's error when that ends first.
func (s *Subscription) Next(ctx context.Context) (Batch, error) {
	for {
		if b, ok, err := s.take(); ok || err != nil {
			return b, err
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return Batch{}, context.Cause(ctx)
		}
	}
}

// take gives what is pending, if anything is.
func (s *Subscription) take() (b Batch, ok bool, err error) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	switch {
	case s.hub.closed:
		return Batch{}, false, ErrClosed
	case len(s.pending) == 0 && !s.resync:
		return Batch{}, false, nil
	}
	b = Batch{Messages: s.pending, Resync: s.resync, Cursor: s.place()}
	s.pending, s.resync = nil, false
	return b, true, nil
}

// place is the cursor after everything pending; hub.mu is held.
func (s *Subscription) place() Cursor {
	if s.hub.pos.covers(s.from) {
		s.from = Cursor{}
	}
	return merge(s.from, s.hub.pos)
}

// Cursor gives the place up to which the subscriber took everything; it moves
// on also when there was nothing for it. While something waits it is zero.
func (s *Subscription) Cursor() Cursor {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if len(s.pending) > 0 || s.resync {
		return Cursor{}
	}
	return s.place()
}

// Close ends the subscription.
func (s *Subscription) Close() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, s)
	for _, t := range s.topics {
		delete(h.topics[t], s)
		if len(h.topics[t]) == 0 {
			delete(h.topics, t)
		}
	}
	if len(h.subs) == 0 {
		h.pos = Cursor{} // rest; the next subscriber begins at its own time
	}
}
