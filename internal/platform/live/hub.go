package live

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/pulse"
)

// Retention is how long events are kept for browsers that were away.
const Retention = 24 * time.Hour

const (
	defaultPoll = 700 * time.Millisecond
	// burst is the shortest time between two readings and between two notices.
	burst = 10 * time.Millisecond
	// maxRead is how many rows one reading delivers; after more everybody starts over.
	maxRead = 5000
	// maxCatchUp is how many rows a browser that was away gets; after more
	// loading the page anew is cheaper.
	maxCatchUp = 1000
)

// ErrClosed is what subscribers get when the hub ends.
var ErrClosed = errors.New("live: the hub is closed")

// Event is a change to tell open screens about.
type Event struct {
	Topics []string // whom it concerns: at least one, each up to 200 bytes
	Kind   string   // what happened, such as "ticket-changed": lower case letters, digits, - . : _
	Key    string   // which item, such as the ticket's id; may be empty
	Data   any      // at most 4 kB as JSON, and nothing that not every reader of the topics may know
}

// Message is an event as a subscriber gets it.
type Message struct {
	Kind string
	Key  string
	Data json.RawMessage
}

// The kinds this package sends itself.
const (
	KindResync   = "resync"   // events were skipped: load anew what is shown
	KindPresence = "presence" // who looks and types at the topic in Key changed
)

// Options says how a hub works. The zero value is usable.
type Options struct {
	Logger *slog.Logger
	Clock  func() time.Time
	Poll   time.Duration // how often to look without being told; 0 picks 700 ms
}

// Hub publishes events and hands them to the subscribers of one node. All
// methods are safe for concurrent use.
type Hub struct {
	db       *database.DB
	store    store
	log      *slog.Logger
	clock    func() time.Time
	poll     time.Duration
	name     string // tells this hub's notices from others'
	presence *Presence

	nudge  chan struct{} // holds one token while there may be news
	tell   *pulse.Pulse  // tells the other nodes
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex
	topics map[string]map[*Subscription]struct{}
	subs   map[*Subscription]struct{}
	pos    Cursor // what was delivered; zero while nobody is subscribed
	since  int    // counts how often pos was set anew
	closed bool
}

const busTopic = "live"

// New makes a hub. It rests until somebody publishes or subscribes.
func New(db *database.DB, o Options) *Hub {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Poll <= 0 {
		o.Poll = defaultPoll
	}
	h := &Hub{
		db: db, store: store{db.Engine()}, log: o.Logger, clock: o.Clock, poll: o.Poll,
		name:   strconv.FormatInt(rand.Int64(), 36),
		nudge:  make(chan struct{}, 1),
		topics: map[string]map[*Subscription]struct{}{}, subs: map[*Subscription]struct{}{},
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.tell = pulse.New(burst, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := db.Notify(ctx, busTopic, h.name); err != nil && ctx.Err() == nil {
			h.log.Debug("live: other nodes were not told about new events; they will find them", "error", err)
		}
	})
	h.presence = newPresence(h)
	unsubscribe := db.Subscribe(busTopic, func(notice string) {
		if notice != h.name {
			h.look()
		}
	})
	h.done.Go(func() {
		defer unsubscribe()
		h.follow()
	})
	return h
}

// Presence is who looks and types where.
func (h *Hub) Presence() *Presence { return h.presence }

// Close ends every subscription.
func (h *Hub) Close() {
	h.presence.close()
	h.mu.Lock()
	h.closed = true
	for s := range h.subs {
		s.wake()
	}
	h.mu.Unlock()
	h.cancel()
	h.done.Wait()
	h.tell.Stop()
}

// Publish writes events in the caller's transaction; they reach the screens
// once it commits.
func (h *Hub) Publish(ctx context.Context, tx *database.Tx, events ...Event) error {
	var rows []draft
	for _, e := range events {
		data, err := e.check()
		if err != nil {
			return err
		}
		id := tx.NextID()
		for _, topic := range e.Topics {
			rows = append(rows, draft{Event: id, Topic: topic, Kind: e.Kind, Item: e.Key, Data: data})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := h.store.insert(ctx, tx, rows, h.clock()); err != nil {
		return fmt.Errorf("live: publish: %w", err)
	}
	tx.AfterCommit(func() {
		h.look()
		h.tell.Beat()
	})
	return nil
}

// MaxTopics is how many topics one event has, and one screen follows.
const MaxTopics = 50

const (
	maxName = 200
	maxData = 4 << 10
)

// check refuses what would not fit on the wire, and gives the data as JSON.
func (e Event) check() (data string, err error) {
	text, err := json.Marshal(e.Data)
	if err != nil {
		return "", fmt.Errorf("live: data of %s: %w", e.Kind, err)
	}
	ok := e.Kind != "" && len(e.Kind) <= maxName && e.Kind != KindResync && e.Kind != KindPresence &&
		strings.Trim(e.Kind, "abcdefghijklmnopqrstuvwxyz0123456789-.:_") == "" &&
		(e.Key == "" || validName(e.Key)) && len(text) <= maxData &&
		len(e.Topics) > 0 && len(e.Topics) <= MaxTopics && !slices.ContainsFunc(e.Topics, func(t string) bool { return !validName(t) })
	if !ok {
		return "", fmt.Errorf("live: event %q about %q for %q with %d bytes of data is not fit to publish", e.Kind, e.Key, e.Topics, len(text))
	}
	return string(text), nil
}

// validName reports whether a topic or key is short, printable text.
func validName(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' })
}

// Cursor gives a place before all events that are not yet committed. A page
// takes it before it reads its data and subscribes from it: then no change
// falls between the two.
func (h *Hub) Cursor(ctx context.Context) (Cursor, error) {
	h.mu.Lock()
	pos := h.pos
	h.mu.Unlock()
	if !pos.IsZero() {
		return pos, nil
	}
	now, err := h.store.now(ctx, h.db.Reader())
	if err != nil {
		return Cursor{}, fmt.Errorf("live: cursor: %w", err)
	}
	return now, nil
}

// Prune deletes the events that are older than Retention; to be called now and then.
func (h *Hub) Prune(ctx context.Context) error {
	const chunk = 2000
	before := h.clock().Add(-Retention)
	for {
		var deleted int
		err := h.db.Write(ctx, func(tx *database.Tx) (err error) {
			deleted, err = h.store.pruneSome(ctx, tx, before, chunk)
			return err
		})
		if err != nil {
			return fmt.Errorf("live: prune: %w", err)
		}
		if deleted == 0 {
			return nil
		}
	}
}

// look makes the hub read soon.
func (h *Hub) look() {
	select {
	case h.nudge <- struct{}{}:
	default:
	}
}

// follow delivers what is new until the hub closes. While nobody is subscribed
// it neither reads nor polls.
func (h *Hub) follow() {
	timer := time.NewTimer(h.poll)
	defer timer.Stop()
	failing := false
	for {
		var tick <-chan time.Time
		if h.following() {
			timer.Reset(h.poll)
			tick = timer.C
		}
		select {
		case <-h.nudge:
		case <-tick:
		case <-h.ctx.Done():
			return
		}
		if !h.following() {
			continue
		}
		err := h.advance(h.ctx)
		if err != nil && h.ctx.Err() == nil && !failing {
			h.log.Error("live: events cannot be read; trying again", "error", err)
		}
		failing = err != nil
		pause := time.NewTimer(burst)
		select {
		case <-pause.C:
		case <-h.ctx.Done():
			pause.Stop()
			return
		}
	}
}

func (h *Hub) following() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.pos.IsZero()
}

// advance reads once and delivers.
func (h *Hub) advance(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	h.mu.Lock()
	from, since := h.pos, h.since
	h.mu.Unlock()
	if from.IsZero() {
		return nil
	}
	r, err := h.store.read(ctx, h.db.Reader(), from, nil, maxRead)
	if err != nil {
		return err
	}
	if r.foreign {
		h.log.Warn("live: the events of a restored database are dropped")
		return h.db.Write(ctx, func(tx *database.Tx) error { return Reset(ctx, tx) })
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pos.IsZero() || h.since != since {
		return nil // meanwhile the last subscriber left, and perhaps another came
	}
	h.pos = r.head
	if len(r.rows) > maxRead || !from.continues(r) {
		for s := range h.subs {
			s.startOver()
		}
		return nil
	}
	slices.SortFunc(r.rows, inOrder)
	for i := range r.rows {
		row := &r.rows[i]
		for s := range h.topics[row.topic] {
			s.add(row)
		}
	}
	return nil
}

// continues reports whether a reading goes on where the cursor stands: in the
// same generation, not in its future, and with no row pruned that the cursor
// did not see. A transaction that is open to this day cannot have left one, so
// that one which stays open for days makes nobody start over.
func (c Cursor) continues(r reading) bool {
	return c.generation == r.head.generation && c.next <= r.head.next && c.next > r.horizon &&
		!slices.ContainsFunc(c.open, func(txn int64) bool { return txn <= r.horizon && r.head.saw(txn) })
}

func inOrder(a, b stored) int {
	return cmp.Or(cmp.Compare(a.txn, b.txn), cmp.Compare(a.event, b.event))
}
