package openapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/platform/web"
)

// documentOf writes the description when it is first asked for: until then
// modules add to it.
func documentOf(doc *huma.OpenAPI) func() ([]byte, error) {
	return sync.OnceValues(func() ([]byte, error) {
		finish(doc)
		return json.Marshal(doc)
	})
}

// Document gives the description as JSON, for a page that shows it. All
// operations must be registered.
func Document(api huma.API) ([]byte, error) {
	a, ok := api.Adapter().(*adapter)
	if !ok {
		panic("openapi: this API was not made by New")
	}
	return a.document()
}

func serveDocument(mux *web.Mux, api huma.API) {
	serve := func(name, contentType string, write func() ([]byte, error)) {
		mux.Handle("GET "+Prefix+"/"+name, func(w http.ResponseWriter, r *http.Request) error {
			text, err := write()
			if err != nil {
				return err
			}
			sum := sha256.Sum256(text)
			if web.NotModified(w, r, `"`+hex.EncodeToString(sum[:8])+`"`) {
				return nil
			}
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write(text) // a reader that went away is no error of ours
			return nil
		}, web.Quiet())
	}
	asJSON := func() ([]byte, error) { return Document(api) }
	serve("openapi.json", "application/openapi+json", asJSON)
	serve("openapi.yaml", "application/yaml", sync.OnceValues(func() ([]byte, error) {
		if _, err := asJSON(); err != nil {
			return nil, err
		}
		return api.OpenAPI().YAML()
	}))
}

// finish tidies what huma left: its own error types, which nothing answers with,
// and answers described as complete, although a later version may add to them.
func finish(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	sent := map[string]bool{}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for _, media := range op.RequestBody.Content {
				collect(media.Schema, schemas, sent)
			}
		}
	}
	for name, s := range schemas {
		if closed, ok := s.AdditionalProperties.(bool); ok && !closed && !sent[name] {
			s.AdditionalProperties = nil
		}
	}
}

// collect notes the names of all schemas that a schema is made of.
func collect(s *huma.Schema, schemas map[string]*huma.Schema, names map[string]bool) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
		if !names[name] {
			names[name] = true
			collect(schemas[name], schemas, names)
		}
	}
	collect(s.Items, schemas, names)
	for _, p := range s.Properties {
		collect(p, schemas, names)
	}
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		collect(more, schemas, names)
	}
	for _, list := range [][]*huma.Schema{s.AnyOf, s.OneOf, s.AllOf} {
		for _, part := range list {
			collect(part, schemas, names)
		}
	}
}
