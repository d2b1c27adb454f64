package openapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// Prefix is where the API lives. A breaking change needs another one.
const Prefix = "/api/v1"

// Options configures the API; the zero value has no callers and no limits.
type Options struct {
	Title       string // "Steward"
	Version     string // of the program
	Description string // Markdown, for the document's first page

	// Authenticate puts who is calling into the request's context and refuses
	// wrong credentials.
	Authenticate web.Middleware
	// Caller names who is calling, such as "token:17"; it is given the context
	// that Authenticate made. "" is nobody, who is refused. Without Caller
	// everybody is let in.
	Caller func(ctx context.Context) string
	// Limiter bounds the requests of each caller; nil does not.
	Limiter *web.Limiter
	// Cookie is the name of the session's cookie, for the description.
	Cookie string
	// Tags are the groups that operations are shown in, in order.
	Tags []Tag
}

// Tag is a group of operations.
type Tag struct{ Name, Description string }

// New makes the API on a Mux and serves its description at
// /api/v1/openapi.json and .yaml. Modules add operations with Register, all
// before the first request.
func New(mux *web.Mux, o Options) huma.API {
	if o.Title == "" {
		o.Title = "Steward"
	}
	doc := &huma.OpenAPI{
		OpenAPI:    "3.1.0",
		Info:       &huma.Info{Title: o.Title, Version: o.Version, Description: o.Description},
		Servers:    []*huma.Server{{URL: Prefix}},
		Components: components(o),
		Security:   []map[string][]string{{bearerScheme: {}}},
	}
	if o.Cookie != "" {
		doc.Security = append(doc.Security, map[string][]string{sessionScheme: {}})
	}
	for _, t := range o.Tags {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: t.Name, Description: t.Description})
	}
	format := huma.Format{Marshal: marshal, Unmarshal: json.Unmarshal}
	api := huma.NewAPI(huma.Config{
		OpenAPI:                      doc,
		Formats:                      map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{catch},
	}, &adapter{mux: mux, guarded: mux.With(web.Use(admit(o))), document: documentOf(doc)})
	serveDocument(mux, api)
	return api
}

// marshal writes text as it is: answers are JSON by their type, never HTML.
func marshal(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// admit finds out who is calling, refuses nobody, and counts the request. Who
// fails to say who they are is counted by address, so that credentials cannot be
// tried at will.
func admit(o Options) web.Middleware {
	if o.Authenticate == nil {
		o.Authenticate = func(next web.HandlerFunc) web.HandlerFunc { return next }
	}
	if o.Caller == nil {
		o.Caller = func(context.Context) string { return "anybody" }
	}
	return func(next web.HandlerFunc) web.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) error {
			passed := false
			err := o.Authenticate(func(w http.ResponseWriter, r *http.Request) error {
				caller := o.Caller(r.Context())
				if caller == "" {
					return apperr.New(apperr.Unauthenticated, "Send an API token: Authorization: Bearer …")
				}
				passed = true
				if err := count(o.Limiter, w, caller); err != nil {
					return err
				}
				return next(w, r)
			})(w, r)
			if err != nil && !passed {
				if tooMany := count(o.Limiter, w, web.ByClient(r)); tooMany != nil {
					return tooMany
				}
			}
			if apperr.Is(err, apperr.Unauthenticated) {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			return err
		}
	}
}

func count(l *web.Limiter, w http.ResponseWriter, key string) error {
	if l == nil {
		return nil
	}
	d := l.Take(key, 1)
	d.SetHeaders(w.Header())
	if !d.Allowed {
		return apperr.New(apperr.TooMany, "That was too often. Retry-After says when the next request is welcome.")
	}
	return nil
}
