package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/platform/requestid"
)

// call is what the layers of one request tell each other.
type call struct {
	clientIP netip.Addr
	pattern  string        // of the matched route
	quiet    bool          // the route's
	stream   bool          // the route's
	body     io.ReadCloser // before any limit
	noted    []slog.Attr
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// Note adds an attribute to the request's line in the access log: who it was,
// for example. Call it from the goroutine that handles the request.
func Note(ctx context.Context, a slog.Attr) {
	if c := callOf(ctx); c != nil {
		c.noted = append(c.noted, a)
	}
}

// ClientIP gives the address the request came from, seen through the trusted
// proxies; the zero Addr when there is none.
func ClientIP(ctx context.Context) netip.Addr {
	if c := callOf(ctx); c != nil {
		return c.clientIP
	}
	return netip.Addr{}
}

// withRequestID takes the name a proxy gave the request, if it is harmless.
func withRequestID(r *http.Request) context.Context {
	id := r.Header.Get(requestid.Header)
	if !requestid.Valid(id) {
		id = requestid.New()
	}
	return requestid.With(r.Context(), id)
}

// finish writes the access log's line and tells the metrics.
func (m *Mux) finish(r *http.Request, c *call, w *recorder, took time.Duration) {
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	m.opts.Observe(Observation{Method: r.Method, Pattern: c.pattern, Status: status, Bytes: w.bytes, Duration: took, Stream: c.stream})
	level := slog.LevelInfo
	if c.quiet {
		level = slog.LevelDebug
	}
	if !m.opts.Logger.Enabled(r.Context(), level) {
		return
	}
	// The path without its query: a query may hold what a log must not.
	attrs := append([]slog.Attr{
		slog.String("method", r.Method),
		slog.String("path", loggedPath(c.pattern, r.URL.Path)),
		slog.String("route", c.pattern),
		slog.Int("status", status),
		slog.Int64("bytes", w.bytes),
		slog.Duration("took", took),
		slog.String("client", c.clientIP.String()),
	}, c.noted...)
	m.opts.Logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// loggedPath is a path as a log may hold it: what a route calls {token} is a
// secret.
func loggedPath(pattern, path string) string {
	_, shape, _ := strings.Cut(pattern, " ")
	if !strings.Contains(shape, "{token}") {
		return path
	}
	segments := strings.Split(path, "/")
	for i, s := range strings.Split(shape, "/") {
		if s == "{token}" && i < len(segments) {
			segments[i] = s
		}
	}
	return strings.Join(segments, "/")
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int // 0 until the answer begins
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 { // 1xx are only announcements
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Flush lets libraries that ask for http.Flusher stream; an answer that can not
// be flushed is delivered at its end.
func (w *recorder) Flush() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
