package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// HandlerOptions says how streams are served. The zero value is usable.
type HandlerOptions struct {
	// Session names whom a request belongs to, for bounding its streams; ""
	// or a nil function bounds by the client's address.
	Session func(r *http.Request) string
	// Person gives who is signed in, for presence; nil turns presence off.
	Person func(r *http.Request) (Person, bool)
	// MaxPerSession is how many streams one session may have open; 0 picks 24.
	MaxPerSession int
	Heartbeat     time.Duration // comments that keep proxies from closing; 0 picks 20 s
	Recheck       time.Duration // how often to ask authorise again; 0 picks 30 s
}

// Handler serves topics as server-sent events:
//
//	GET /live?topic=ticket:42&topic=queue[&since=CURSOR][&present=ticket:42]
//
// Each event's name is its kind, its data {"key":…,"data":…}, its id a cursor.
// A reconnecting browser sends the id back (Last-Event-ID) and gets what it
// missed; since is the same for a page that was just rendered, see Hub.Cursor.
// The event resync says that something is missing: load anew. present counts
// the signed-in person as looking at that topic while the stream lasts.
//
// authorise is asked for every topic before the stream begins, again and again
// while it lasts, and must look the session up each time: when it refuses, the
// event denied is sent and the stream ends.
func Handler(h *Hub, authorise func(r *http.Request, topic string) bool, o HandlerOptions) http.Handler {
	if o.MaxPerSession <= 0 {
		o.MaxPerSession = 24
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = 20 * time.Second
	}
	if o.Recheck <= 0 {
		o.Recheck = 30 * time.Second
	}
	return &handler{hub: h, authorise: authorise, opts: o, open: map[string]int{}}
}

type handler struct {
	hub       *Hub
	authorise func(r *http.Request, topic string) bool
	opts      HandlerOptions

	mu   sync.Mutex
	open map[string]int // streams by session
}

// request is what a browser asks for.
type request struct {
	topics  []string
	present string
	since   Cursor
	lost    bool // it names a place that cannot be read
}

func parse(r *http.Request) (request, error) {
	q := r.URL.Query()
	in := request{topics: q["topic"], present: q.Get("present")}
	if len(in.topics) == 0 || len(in.topics) > MaxTopics {
		return in, fmt.Errorf("name between 1 and %d topics", MaxTopics)
	}
	for _, t := range in.topics {
		if !validName(t) {
			return in, errors.New("a topic is short text")
		}
	}
	if in.present != "" && !validName(in.present) {
		return in, errors.New("a topic is short text")
	}
	place := r.Header.Get("Last-Event-ID")
	if place == "" {
		place = q.Get("since")
	}
	var err error
	if in.since, err = ParseCursor(place); err != nil {
		in.lost = true
	}
	return in, nil
}

// allowed asks about every topic of the request.
func (h *handler) allowed(r *http.Request, in request) bool {
	for _, t := range in.topics {
		if !h.authorise(r, t) {
			return false
		}
	}
	return in.present == "" || h.authorise(r, in.present)
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "Only GET is possible here.", http.StatusMethodNotAllowed)
		return
	}
	in, err := parse(r)
	if err != nil {
		http.Error(w, "The request is not complete: "+err.Error()+".", http.StatusBadRequest)
		return
	}
	if !h.allowed(r, in) {
		http.Error(w, "You may not follow this.", http.StatusForbidden)
		return
	}
	release, ok := h.admit(r)
	if !ok {
		w.Header().Set("Retry-After", "60")
		http.Error(w, "Too many live pages are open in this session.", http.StatusTooManyRequests)
		return
	}
	defer release()
	sub, err := h.hub.Subscribe(r.Context(), in.topics, in.since)
	if err != nil {
		if r.Context().Err() == nil && !errors.Is(err, ErrClosed) {
			h.hub.log.Error("live: a stream could not begin", "error", err)
		}
		w.Header().Set("Retry-After", "2")
		http.Error(w, "Live updates are not possible right now.", http.StatusServiceUnavailable)
		return
	}
	defer sub.Close()
	if h.opts.Person != nil && in.present != "" {
		if who, ok := h.opts.Person(r); ok {
			defer h.hub.presence.Join(in.present, who)()
		}
	}
	h.stream(newStream(w), r, in, sub)
}

// admit counts the stream in; false when the session has too many.
func (h *handler) admit(r *http.Request) (release func(), ok bool) {
	session := ""
	if h.opts.Session != nil {
		session = h.opts.Session(r)
	}
	if session == "" {
		session = "address " + r.RemoteAddr[:max(strings.LastIndexByte(r.RemoteAddr, ':'), 0)]
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[session] >= h.opts.MaxPerSession {
		return nil, false
	}
	h.open[session]++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.open[session]--; h.open[session] == 0 {
			delete(h.open, session)
		}
	}, true
}

// stream writes until the browser leaves, the hub closes, or the right is gone.
func (h *handler) stream(out *stream, r *http.Request, in request, sub *Subscription) {
	out.begin(sub.Cursor())
	if in.lost {
		out.event(KindResync, []byte("{}"))
	}
	if out.flush() != nil {
		return
	}
	beat, recheck := time.NewTicker(h.opts.Heartbeat), time.NewTicker(h.opts.Recheck)
	defer beat.Stop()
	defer recheck.Stop()
	for {
		select {
		case <-sub.ready:
			b, ok, err := sub.take()
			if err != nil {
				return // the hub closed; the browser connects again elsewhere
			}
			if ok {
				out.batch(b)
			}
		case <-r.Context().Done():
			return
		case <-beat.C:
			out.heartbeat(sub.Cursor())
		case <-recheck.C:
			if h.allowed(r, in) {
				continue
			}
			out.event("denied", []byte("{}"))
			_ = out.flush() // it ends either way
			return
		}
		if out.flush() != nil {
			return
		}
	}
}

// stream is the wire format of server-sent events.
type stream struct {
	w   http.ResponseWriter
	rc  *http.ResponseController
	buf []byte
}

// writeTimeout is how long a browser may leave its connection full.
const writeTimeout = 15 * time.Second

func newStream(w http.ResponseWriter) *stream {
	s := &stream{w: w, rc: http.NewResponseController(w)}
	// A server's read timeout would end the stream; not every writer has one.
	_ = s.rc.SetReadDeadline(time.Time{})
	header := w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-cache, no-transform") // no-transform: proxies must not compress, which would buffer
	header.Set("X-Accel-Buffering", "no")                 // nginx
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	return s
}

// begin tells the browser where the stream stands, so that it comes back there
// also before the first event, and how soon to come back: not all at once when
// a node stops.
func (s *stream) begin(at Cursor) {
	s.buf = fmt.Appendf(s.buf, "retry: %d\n", 500+rand.IntN(1500))
	s.id(at)
	s.buf = append(s.buf, '\n')
}

func (s *stream) id(at Cursor) {
	if !at.IsZero() {
		s.buf = append(append(append(s.buf, "id: "...), at.String()...), '\n')
	}
}

// open writes all but the empty line that ends an event.
func (s *stream) open(kind string, data []byte) {
	s.buf = append(append(append(s.buf, "event: "...), kind...), '\n')
	s.buf = append(append(append(s.buf, "data: "...), data...), '\n') // JSON has no line ends
}

func (s *stream) event(kind string, data []byte) {
	s.open(kind, data)
	s.buf = append(s.buf, '\n')
}

// batch writes messages of which only the last carries the cursor: a browser
// that loses the connection among them comes back to before the first.
func (s *stream) batch(b Batch) {
	if b.Resync {
		s.open(KindResync, []byte("{}"))
		if len(b.Messages) == 0 {
			s.id(b.Cursor)
		}
		s.buf = append(s.buf, '\n')
	}
	for i, m := range b.Messages {
		data, err := json.Marshal(struct {
			Key  string          `json:"key"`
			Data json.RawMessage `json:"data"`
		}{m.Key, m.Data})
		if err != nil {
			continue // the table holds only JSON
		}
		s.open(m.Kind, data)
		if i == len(b.Messages)-1 {
			s.id(b.Cursor)
		}
		s.buf = append(s.buf, '\n')
	}
}

// heartbeat writes a comment, and the cursor without an event: the browser
// keeps it, and comes back there however long nothing concerned it.
func (s *stream) heartbeat(at Cursor) {
	s.buf = append(s.buf, ": still here\n"...)
	s.id(at)
	s.buf = append(s.buf, '\n')
}

func (s *stream) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer has one
	_, err := s.w.Write(s.buf)
	s.buf = s.buf[:0]
	if err != nil {
		return err
	}
	return s.rc.Flush()
}
