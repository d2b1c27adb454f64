// Package requestid names one piece of work, so that a person who quotes the
// name from an error page leads straight to its log lines. The name travels in
// the context: from the request that brought it, through every layer, into the
// jobs that follow.
package requestid

import (
	"context"
	"crypto/rand"
)

// Header carries the name over HTTP, in both directions.
const Header = "X-Request-Id"

// maxLength bounds what is taken over from a client: it ends up in every log line.
const maxLength = 64

type key struct{}

// New makes a name: 26 letters and digits, unique for all practical purposes.
func New() string { return rand.Text() }

// Valid reports whether a name from outside may be used as it is: 8 to 64
// letters, digits, '-', '_' or '.', so it cannot forge a log line or a header.
func Valid(id string) bool {
	if len(id) < 8 || len(id) > maxLength {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// With gives a context whose work carries the name.
func With(ctx context.Context, id string) context.Context { return context.WithValue(ctx, key{}, id) }

// From gives the name of the work, or "".
func From(ctx context.Context) string {
	id, _ := ctx.Value(key{}).(string)
	return id
}
