package openapi

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/steward-itsm/steward/internal/platform/web"
)

// adapter serves huma's operations through the Mux.
type adapter struct {
	mux     *web.Mux
	guarded *web.Mux // mux with what stands before every operation

	document func() ([]byte, error) // the description, once it is complete
}

// ServeHTTP is what huma's interface asks for; requests come through the Mux.
func (a *adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Handle adds one operation.
func (a *adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	options, _ := op.Metadata[routeOptions].([]web.Option)
	op.MaxBodyBytes = -1 // the route bounds the body
	a.guarded.Handle(op.Method+" "+Prefix+op.Path, func(w http.ResponseWriter, r *http.Request) error {
		if err := checkAddress(r); err != nil {
			return err
		}
		if takesJSON(op) {
			if err := takeJSON(r); err != nil {
				return err
			}
		}
		c := &call{mux: a.mux, w: w}
		c.r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		handler(exchange{humago.NewContext(op, c.r, w), c})
		return c.err
	}, options...)
}

// call is one request on its way through huma.
type call struct {
	mux  *web.Mux
	w    http.ResponseWriter
	r    *http.Request
	done bool  // answered already, or by err: huma has nothing to add
	err  error // for the Mux to answer
}

func (c *call) fail(err error) { c.done, c.err = true, err }

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		panic("openapi: this context is not one of an operation")
	}
	return c
}

// Request gives the request that an operation answers, for a body that is
// streamed.
func Request(ctx context.Context) *http.Request { return callOf(ctx).r }

// Header gives the headers of the answer, for what is not in every answer of an
// operation.
func Header(ctx context.Context) http.Header { return callOf(ctx).w.Header() }

// Problem describes an error within an answer that is not itself one: of one
// item of many.
func Problem(ctx context.Context, err error) *web.Problem {
	c := callOf(ctx)
	return c.mux.Problem(c.r, err)
}

// Stream gives an answer that fn writes itself, headers included. An error
// before its first byte is answered like any other; a later one cuts the
// connection, so that nobody takes a part for the whole. However long the route
// may take, a reader who takes nothing for a minute is cut off.
func Stream(fn func(w http.ResponseWriter, r *http.Request) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		c := callOf(ctx.Context())
		c.err = fn(pacedWriter{c.w, http.NewResponseController(c.w)}, c.r)
	}}
}

// patience is how long a reader of a stream may take for one piece of it.
const patience = time.Minute

type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (w pacedWriter) Write(b []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(patience)) // a writer that knows none (tests) does without
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// exchange is huma's view of a request. Once the request is done it lets nothing
// of huma's own answer through.
type exchange struct {
	inner
	call *call
}

// inner is huma.Context under a name that is not also one of its methods.
type inner huma.Context

// Unwrap leads humago to its own context.
func (x exchange) Unwrap() huma.Context { return x.inner }

// Header hides Accept: there is one format, and whoever asks for another gets it too.
func (x exchange) Header(name string) string {
	if http.CanonicalHeaderKey(name) == "Accept" {
		return ""
	}
	return x.inner.Header(name)
}

// SetReadDeadline does nothing: the route has a deadline, and huma's shorter one
// would end requests whose body has long arrived.
func (exchange) SetReadDeadline(time.Time) error { return nil }

// SetStatus begins the answer.
func (x exchange) SetStatus(code int) {
	if !x.call.done {
		x.inner.SetStatus(code)
	}
}

// SetHeader sets a header of the answer.
func (x exchange) SetHeader(name, value string) {
	if !x.call.done {
		x.inner.SetHeader(name, value)
	}
}

// AppendHeader adds a header to the answer.
func (x exchange) AppendHeader(name, value string) {
	if !x.call.done {
		x.inner.AppendHeader(name, value)
	}
}

// BodyWriter takes the answer's body.
func (x exchange) BodyWriter() io.Writer {
	if x.call.done {
		return io.Discard
	}
	return x.inner.BodyWriter()
}
