package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// HandlerFunc answers a request or returns an error, of any kind of apperr,
// and then must not have written anything.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Middleware wraps a handler; it may refuse by returning an error.
type Middleware func(next HandlerFunc) HandlerFunc

// Options configures a Mux; the zero value works.
type Options struct {
	Logger         *slog.Logger
	PublicURL      *url.URL       // how people reach the product; https switches HSTS on
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	ErrorPage      ErrorPage      // how people see errors; nil shows plain text
	// Reading gives the context in which whoever asks reads about an error; nil reads English.
	Reading      func(r *http.Request, err error, json bool) context.Context
	JSONPrefixes []string      // paths that always answer problem+json; nil is "/api/"
	MaxBody      int64         // bytes a request may carry, by default; 0 is 1 MiB
	Timeout      time.Duration // how long a request may take, by default; 0 is 30 s
	MaxInFlight  int           // requests answered at once; 0 is 512
	Observe      func(Observation)
}

// Observation is what a finished request was like, for metrics.
type Observation struct {
	Method   string
	Pattern  string // the route's, "" when none matched
	Status   int
	Bytes    int64 // of the answer's body
	Duration time.Duration
	Stream   bool // an answer without end: its duration says nothing
}

// Mux routes requests by net/http's patterns. A Mux from With shares the routes
// and differs in what it puts around new ones.
type Mux struct {
	*core
	options []Option
}

type core struct {
	routes   *http.ServeMux
	patterns []string // of all routes, as they were added
	opts     Options
	headers  http.Header // on every answer, unless the route says otherwise
	forged   *http.CrossOriginProtection
	compress func(http.Handler) http.HandlerFunc
	slots    chan struct{}
}

// NewMux makes a Mux without routes.
func NewMux(o Options) (*Mux, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.PublicURL == nil {
		o.PublicURL = &url.URL{}
	}
	if o.JSONPrefixes == nil {
		o.JSONPrefixes = []string{"/api/"}
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 512
	}
	if o.Observe == nil {
		o.Observe = func(Observation) {}
	}
	forged := http.NewCrossOriginProtection()
	if o.PublicURL.Host != "" {
		if err := forged.AddTrustedOrigin(o.PublicURL.Scheme + "://" + o.PublicURL.Host); err != nil {
			return nil, fmt.Errorf("web: public URL: %w", err)
		}
	}
	compress, err := newCompressor()
	if err != nil {
		return nil, err
	}
	return &Mux{core: &core{
		routes:   http.NewServeMux(),
		opts:     o,
		headers:  securityHeaders(o.PublicURL.Scheme == "https"),
		forged:   forged,
		compress: compress,
		slots:    make(chan struct{}, o.MaxInFlight),
	}}, nil
}

// With gives a Mux that puts the options around every route added to it, before
// the route's own.
func (m *Mux) With(options ...Option) *Mux {
	return &Mux{core: m.core, options: append(append([]Option(nil), m.options...), options...)}
}

// Handle adds a route: a pattern of net/http ("GET /tickets/{number}"). A
// pattern that conflicts with another panics, as in net/http.
func (m *Mux) Handle(pattern string, h HandlerFunc, options ...Option) {
	rt := route{maxBody: m.opts.MaxBody, timeout: m.opts.Timeout}
	for _, set := range append(append([]Option(nil), m.options...), options...) {
		set(&rt)
	}
	for i := len(rt.middleware) - 1; i >= 0; i-- {
		h = rt.middleware[i](h)
	}
	m.routes.Handle(pattern, m.around(&rt, h))
	m.patterns = append(m.patterns, pattern)
}

// Patterns lists the patterns of all routes, as they were added.
func (m *Mux) Patterns() []string { return slices.Clone(m.patterns) }

// PatternOf gives the pattern of the route that answers a GET of an address; ""
// when there is none.
func (m *Mux) PatternOf(address string) string {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		return ""
	}
	_, pattern := m.routes.Handler(r)
	return pattern
}

// HandleFunc adds a route whose handler writes its own errors.
func (m *Mux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.Mount(pattern, http.HandlerFunc(h))
}

// Mount adds a plain http.Handler as a route.
func (m *Mux) Mount(pattern string, h http.Handler, options ...Option) {
	m.Handle(pattern, func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	}, options...)
}

// InFlight is how many requests are being answered now, streams and quiet
// routes aside.
func (m *Mux) InFlight() int { return len(m.slots) }

// ServeHTTP answers one request through all layers.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	c := &call{clientIP: clientIP(r, m.opts.TrustedProxies)}
	outer := r
	ctx := context.WithValue(withRequestID(r), callKey{}, c)
	r = r.WithContext(ctx)
	rec := &recorder{ResponseWriter: w}
	m.setHeaders(ctx, rec.Header())

	defer func() {
		outer.Pattern = c.pattern // for a tracer that stands outside
		m.finish(r, c, rec, time.Since(start))
	}()
	m.catch(rec, r, func() error { return m.dispatch(rec, r) })
}

// dispatch refuses forged requests and unknown addresses, and runs the route.
func (m *Mux) dispatch(w *recorder, r *http.Request) error {
	if err := m.forged.Check(r); err != nil {
		return apperr.Wrap(err, apperr.Forbidden, "This request came from another site and was refused.")
	}
	h, pattern := m.routes.Handler(r)
	if pattern != "" {
		m.routes.ServeHTTP(w, r)
		return nil
	}
	// net/http answers in plain text; only its verdict is wanted here.
	verdict := &recorder{ResponseWriter: discarding{w.Header()}}
	h.ServeHTTP(verdict, r)
	if verdict.status == http.StatusMethodNotAllowed {
		return errMethod
	}
	w.Header().Del("Allow")
	return apperr.New(apperr.NotFound, "There is no page at this address.")
}

// discarding is a ResponseWriter of which only the headers are kept.
type discarding struct{ h http.Header }

func (d discarding) Header() http.Header       { return d.h }
func (discarding) Write(b []byte) (int, error) { return len(b), nil }
func (discarding) WriteHeader(int)             {}
