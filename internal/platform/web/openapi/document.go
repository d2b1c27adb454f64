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

// serveDocument serves the description. It is written at the first request:
// until then modules add to it.
func serveDocument(mux *web.Mux, doc *huma.OpenAPI) {
	finished := sync.OnceFunc(func() { finish(doc) })
	serve := func(name, contentType string, write func() ([]byte, error)) {
		written := sync.OnceValues(func() ([]byte, error) {
			finished()
			return write()
		})
		mux.Handle("GET "+Prefix+"/"+name, func(w http.ResponseWriter, r *http.Request) error {
			text, err := written()
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
	serve("openapi.json", "application/openapi+json", func() ([]byte, error) { return json.Marshal(doc) })
	serve("openapi.yaml", "application/yaml", doc.YAML)
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
