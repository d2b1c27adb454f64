// Package observe lets an operator see what a running node does: structured
// logs whose lines name the request they belong to, metrics for Prometheus,
// traces for OpenTelemetry, and answers to "are you alive" and "may I send you
// work".
//
// Nothing here is global: app makes one of each and hands it on. What looks
// inside is closed unless the operator opened it, by a token on the main
// address or by a separate address.
package observe

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/steward-itsm/steward/internal/platform/requestid"
)

// NewLogger writes messages from level on as lines of "text" or as "json"
// documents. Messages logged with a context carry its request id, and its trace
// when there is one.
func NewLogger(w io.Writer, level slog.Leveler, format string) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(contextual{slog.NewJSONHandler(w, o)})
	}
	return slog.New(contextual{slog.NewTextHandler(w, o)})
}

// contextual adds to each message what its context knows.
type contextual struct{ slog.Handler }

func (h contextual) Handle(ctx context.Context, r slog.Record) error {
	if id := requestid.From(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h contextual) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextual{h.Handler.WithAttrs(attrs)}
}

func (h contextual) WithGroup(name string) slog.Handler {
	return contextual{h.Handler.WithGroup(name)}
}

// authorised reports whether a request carries the operator's bearer token. An
// empty token authorises nobody.
func authorised(r *http.Request, token string) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return false
	}
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
