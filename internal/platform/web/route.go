package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Option changes how a route is served.
type Option func(*route)

type route struct {
	maxBody    int64
	timeout    time.Duration
	csp        string
	stream     bool
	quiet      bool
	middleware []Middleware
}

// MaxBody bounds the request's body; more is answered with TooLarge.
func MaxBody(bytes int64) Option { return func(r *route) { r.maxBody = bytes } }

// Timeout bounds how long the route may take, the body's way in included.
func Timeout(d time.Duration) Option { return func(r *route) { r.timeout = d } }

// CSP replaces the content security policy, for the one page that needs it.
func CSP(policy string) Option { return func(r *route) { r.csp = policy } }

// Stream is for answers without end, such as server-sent events: no deadline,
// no compression, no place in the in-flight limit. The handler must return when
// ShutdownSignal closes.
func Stream() Option {
	return func(r *route) { r.stream, r.timeout = true, 0 }
}

// Quiet is for health checks and assets: logged at debug level only, and
// answered even when the in-flight limit is reached.
func Quiet() Option { return func(r *route) { r.quiet = true } }

// Use puts middleware around the handler, the first outermost.
func Use(m ...Middleware) Option {
	return func(r *route) { r.middleware = append(slices.Clip(r.middleware), m...) }
}

// around puts the layers of a route around its handler.
func (m *Mux) around(rt *route, h HandlerFunc) http.Handler {
	var inner http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		m.catch(rec, r, func() error { return m.run(rt, h, rec, r) })
	})
	if !rt.stream {
		inner = m.compress(inner)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := callOf(r.Context()); c != nil {
			c.pattern, c.quiet, c.stream, c.body = r.Pattern, rt.quiet, rt.stream, r.Body
		}
		if rt.csp != "" {
			w.Header().Set("Content-Security-Policy", rt.csp)
		}
		inner.ServeHTTP(w, r)
	})
}

// run applies a route's limits and calls the handler.
func (m *Mux) run(rt *route, h HandlerFunc, w *recorder, r *http.Request) error {
	if !rt.stream && !rt.quiet {
		select {
		case m.slots <- struct{}{}:
			defer func() { <-m.slots }()
		default:
			return apperr.New(apperr.Unavailable, "The server has too much to do right now. Please try again in a moment.")
		}
	}
	control := http.NewResponseController(w)
	if rt.timeout > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), rt.timeout)
		defer cancel()
		r = r.WithContext(ctx)
		// A few seconds more than the handler has, so that a late answer can still be
		// a readable one. Writers that know no deadline (tests) are fine without.
		end := time.Now().Add(rt.timeout + writeGrace)
		_ = control.SetReadDeadline(end)
		_ = control.SetWriteDeadline(end)
	} else {
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Time{})
	}
	if r.ContentLength > rt.maxBody {
		return &http.MaxBytesError{Limit: rt.maxBody}
	}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(w, r.Body, rt.maxBody)
	}
	err := h(w, r)
	if errors.Is(r.Context().Err(), context.DeadlineExceeded) && (apperr.Is(err, apperr.Internal) || apperr.Is(err, apperr.Unavailable)) {
		return apperr.Wrap(err, apperr.Unavailable, "This took too long and was stopped. Please try again.")
	}
	return err
}

// writeGrace is how long after its deadline a route's answer may still be written.
const writeGrace = 10 * time.Second
