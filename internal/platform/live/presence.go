package live

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/pulse"
)

const (
	presenceTopic = "live.presence"
	// presenceLife is how long a node that fell silent still counts.
	presenceLife = 30 * time.Second
	// typingLife is how long one sign of typing lasts.
	typingLife = 6 * time.Second
	// presenceBurst is the shortest time between two notices about presence.
	presenceBurst = 50 * time.Millisecond
)

// Person is who is present.
type Person struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Present is a person at a topic.
type Present struct {
	Person
	Typing bool `json:"typing"`
}

// Presence knows who looks at which topic, over all nodes: at once on this
// node, a moment later on the others, and half a minute after a node died.
type Presence struct {
	hub  *Hub
	send *pulse.Pulse

	mu     sync.Mutex                  // taken after hub.mu where both are held
	topics map[string]map[string]*seat // by topic, then by seat
	seats  int                         // counter that names this node's seats
	outbox []sign
	wake   chan struct{}
}

// seat is one person's place at a topic: an open stream, or a sign of typing.
type seat struct {
	person  Person
	own     bool // held by a stream of this node
	typing  bool
	expires time.Time // zero for own seats
}

// sign is what nodes tell each other about a seat.
type sign struct {
	Act    string `json:"a"` // join, leave, type, hello
	Topic  string `json:"t,omitempty"`
	Seat   string `json:"s,omitempty"`
	Person Person `json:"p,omitzero"`
}

func newPresence(h *Hub) *Presence {
	p := &Presence{hub: h, topics: map[string]map[string]*seat{}, wake: make(chan struct{}, 1)}
	p.send = pulse.New(presenceBurst, p.flush)
	unsubscribe := h.db.Subscribe(presenceTopic, p.hear)
	h.done.Go(func() {
		defer unsubscribe()
		p.fade()
	})
	p.say(sign{Act: "hello"}) // the others say who is with them
	return p
}

// Join notes that a person looks at a topic, until leave is called.
func (p *Presence) Join(topic string, who Person) (leave func()) {
	p.mu.Lock()
	p.seats++
	name := p.hub.name + "/" + strconv.Itoa(p.seats)
	p.put(topic, name, seat{person: who, own: true})
	p.mu.Unlock()
	p.say(sign{Act: "join", Topic: topic, Seat: name, Person: who})
	p.show(topic)
	return sync.OnceFunc(func() {
		p.mu.Lock()
		p.remove(topic, name)
		p.mu.Unlock()
		p.say(sign{Act: "leave", Topic: topic, Seat: name})
		p.show(topic)
	})
}

// Typing notes that a person types at a topic. It lasts some seconds: call it
// again while they go on, or with false when they stopped.
func (p *Presence) Typing(topic string, who Person, on bool) {
	s := sign{Act: "type", Topic: topic, Seat: typingSeat(who), Person: who}
	if !on {
		s.Act = "leave"
	}
	p.mu.Lock()
	p.apply(s)
	p.mu.Unlock()
	p.say(s)
	p.show(topic)
}

// typingSeat is the same on every node, so that a sign through another node
// prolongs or ends it.
func typingSeat(who Person) string { return "typing/" + strconv.FormatInt(who.ID, 10) }

// List gives who is at a topic, by name; a person with several screens once.
func (p *Presence) List(topic string) []Present {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.hub.clock()
	byID := map[int64]Present{}
	for _, s := range p.topics[topic] {
		if s.own || s.expires.After(now) {
			byID[s.person.ID] = Present{s.person, s.typing || byID[s.person.ID].Typing}
		}
	}
	out := make([]Present, 0, len(byID))
	for _, v := range byID {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b Present) int { return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}

// put and remove change a seat; p.mu is held.
func (p *Presence) put(topic, name string, s seat) {
	if p.topics[topic] == nil {
		p.topics[topic] = map[string]*seat{}
	}
	p.topics[topic][name] = &s
	p.rouse()
}

func (p *Presence) remove(topic, name string) {
	delete(p.topics[topic], name)
	if len(p.topics[topic]) == 0 {
		delete(p.topics, topic)
	}
}

// apply does what a sign says; p.mu is held.
func (p *Presence) apply(s sign) {
	now := p.hub.clock()
	switch s.Act {
	case "join":
		p.put(s.Topic, s.Seat, seat{person: s.Person, expires: now.Add(presenceLife)})
	case "type":
		p.put(s.Topic, s.Seat, seat{person: s.Person, typing: true, expires: now.Add(typingLife)})
	case "leave":
		p.remove(s.Topic, s.Seat)
	case "hello":
		p.repeat()
	}
}

// repeat tells the others about this node's seats; p.mu is held.
func (p *Presence) repeat() {
	for topic, seats := range p.topics {
		for name, s := range seats {
			if s.own {
				p.outbox = append(p.outbox, sign{Act: "join", Topic: topic, Seat: name, Person: s.person})
			}
		}
	}
	if len(p.outbox) > 0 {
		p.send.Beat()
	}
}

func (p *Presence) say(s sign) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outbox = append(p.outbox, s)
	p.send.Beat()
}

// flush sends what was said since the last time, in notices of allowed size.
func (p *Presence) flush(ctx context.Context) {
	p.mu.Lock()
	out := p.outbox
	p.outbox = nil
	p.mu.Unlock()
	var b strings.Builder
	notify := func() {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := p.hub.db.Notify(ctx, presenceTopic, p.hub.name+b.String()); err != nil && ctx.Err() == nil {
			p.hub.log.Debug("live: presence was not told to other nodes", "error", err)
		}
		b.Reset()
	}
	for _, s := range out {
		line, err := json.Marshal(s)
		if err != nil {
			continue // a sign holds only text and numbers
		}
		if b.Len()+len(line)+len(p.hub.name)+100 > database.MaxNotice {
			notify()
		}
		b.WriteByte('\n')
		b.Write(line)
	}
	if b.Len() > 0 {
		notify()
	}
}

// hear takes a notice: the sender's name and one sign per line.
func (p *Presence) hear(notice string) {
	if notice == database.Reconnected {
		p.mu.Lock()
		p.repeat()
		p.mu.Unlock()
		p.say(sign{Act: "hello"})
		return
	}
	from, lines, _ := strings.Cut(notice, "\n")
	if from == p.hub.name {
		return
	}
	changed := map[string]struct{}{}
	p.mu.Lock()
	for line := range strings.SplitSeq(lines, "\n") {
		var s sign
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			continue // of a newer version
		}
		p.apply(s)
		if s.Topic != "" {
			changed[s.Topic] = struct{}{}
		}
	}
	p.mu.Unlock()
	for topic := range changed {
		p.show(topic)
	}
}

// fade removes seats whose time is over, and renews this node's on the others.
// While nobody is present it sleeps.
func (p *Presence) fade() {
	const renewal = presenceLife / 3
	renew := p.hub.clock().Add(renewal)
	for {
		p.mu.Lock()
		now := p.hub.clock()
		var next time.Time
		changed := map[string]struct{}{}
		for topic, seats := range p.topics {
			for name, s := range seats {
				switch {
				case s.own:
				case s.expires.After(now):
					next = earliest(next, s.expires)
					continue
				default:
					p.remove(topic, name)
					changed[topic] = struct{}{}
				}
			}
		}
		if len(p.topics) > 0 {
			if !now.Before(renew) {
				p.repeat()
				renew = now.Add(renewal)
			}
			next = earliest(next, renew)
		}
		p.mu.Unlock()
		for topic := range changed {
			p.show(topic)
		}
		var tick <-chan time.Time
		if !next.IsZero() {
			tick = time.After(max(next.Sub(p.hub.clock()), 10*time.Millisecond))
		}
		select {
		case <-p.wake:
		case <-tick:
		case <-p.hub.ctx.Done():
			return
		}
	}
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func (p *Presence) rouse() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// show tells this node's subscribers of a topic who is there now.
func (p *Presence) show(topic string) {
	p.hub.mu.Lock() // before reading the list: the later list is also told later
	defer p.hub.mu.Unlock()
	if len(p.hub.topics[topic]) == 0 {
		return
	}
	m := p.message(topic)
	for s := range p.hub.topics[topic] {
		s.present(m)
	}
}

func (p *Presence) message(topic string) Message {
	data, err := json.Marshal(p.List(topic))
	if err != nil {
		data = []byte("[]") // names and numbers always marshal
	}
	return Message{Kind: KindPresence, Key: topic, Data: data}
}

// introduce tells a new subscriber who is there.
func (p *Presence) introduce(s *Subscription) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	for _, topic := range s.topics {
		s.present(p.message(topic))
	}
}

// close takes leave of the other nodes.
func (p *Presence) close() {
	p.mu.Lock()
	for topic, seats := range p.topics {
		for name, s := range seats {
			if s.own {
				p.outbox = append(p.outbox, sign{Act: "leave", Topic: topic, Seat: name})
			}
		}
	}
	p.mu.Unlock()
	p.send.Stop()
	p.flush(context.Background())
}
