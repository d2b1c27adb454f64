package observe

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// TracingOptions says where traces go.
type TracingOptions struct {
	Endpoint string  // OTLP over HTTP, "http://localhost:4318"; "" sends none
	Ratio    float64 // share of the requests that nobody decided about before
	Version  string
	Node     string
}

// Tracing makes spans, or does nothing at next to no cost.
type Tracing struct {
	provider trace.TracerProvider
	sdk      *sdktrace.TracerProvider // nil when off
}

// NewTracing prepares the exporter; it does not wait for the collector.
func NewTracing(ctx context.Context, o TracingOptions) (*Tracing, error) {
	if o.Endpoint == "" {
		return &Tracing{provider: noop.NewTracerProvider()}, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(o.Endpoint))
	if err != nil {
		return nil, apperr.Wrap(err, apperr.Invalid, "The address for traces cannot be used.")
	}
	sdk := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Ratio))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "steward"),
			attribute.String("service.version", o.Version),
			attribute.String("service.instance.id", o.Node),
		)),
	)
	return &Tracing{provider: sdk, sdk: sdk}, nil
}

// Tracer makes spans for one part of the program, named by its import path.
func (t *Tracing) Tracer(name string) trace.Tracer { return t.provider.Tracer(name) }

// Handler puts a span around every request, named by its route, as part of the
// caller's trace if it sent one.
func (t *Tracing) Handler(next http.Handler) http.Handler {
	if t.sdk == nil {
		return next
	}
	return otelhttp.NewHandler(withPath(next), "http",
		// Paths hold secrets, and which do is known only with the route; see withPath.
		otelhttp.WithSpanOptions(trace.WithAttributes(pathKey.String(""))),
		otelhttp.WithTracerProvider(t.provider),
		otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
			if r.Pattern != "" {
				return r.Pattern
			}
			return r.Method
		}),
	)
}

const pathKey = attribute.Key("url.path")

// withPath gives the span its path once the route is known. What a route calls
// {token} is a secret, and a path that no route knows may be one mistyped: of those
// the span has no path.
func withPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if r.Pattern != "" && r.Pattern != "/" && !strings.Contains(r.Pattern, "{token}") {
				trace.SpanFromContext(r.Context()).SetAttributes(pathKey.String(r.URL.Path))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// Close sends what is left.
func (t *Tracing) Close(ctx context.Context) error {
	if t.sdk == nil {
		return nil
	}
	return t.sdk.Shutdown(ctx)
}
