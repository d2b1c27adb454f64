// Package assets serves what the browser needs: the bundles that
// internal/ui/build writes into dist/, embedded in the binary.
//
// A bundle's name carries the hash of its content, so it may be cached for
// ever; pages ask URL for the present name. Each file is stored compressed
// (brotli, gzip) beside the plain one and sent as it lies. A binary built
// without bundles still works: pages are plain HTML, and Missing tells the
// operator what to run.
package assets

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Prefix is where Handler expects to be mounted.
const Prefix = "/assets/"

//go:embed all:dist
var embedded embed.FS

var bundled = sync.OnceValue(func() *Set {
	dist, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic(fmt.Sprintf("assets: %v", err)) // "dist" is a constant: only a typo gets here
	}
	return Load(dist)
})

// URL returns the address of a bundle by its plain name ("app.js"), or "" when
// there is no such bundle; a page then leaves the element out.
func URL(name string) string { return bundled().URL(name) }

// Missing says in words why pages have no style, or "" when the bundles are there.
func Missing() string { return bundled().Missing() }

// Handler serves the embedded bundles under Prefix.
func Handler() http.Handler { return bundled() }

// Set is one folder of bundles with its manifest.
type Set struct {
	files fs.FS
	names map[string]string // plain name to hashed name
	err   error
}

// Load reads a folder that internal/ui/build wrote. It never fails: a set
// without manifest has no bundles and says so in Missing.
func Load(files fs.FS) *Set {
	s := &Set{files: files}
	raw, err := fs.ReadFile(files, "manifest.json")
	if err != nil {
		s.err = err
		return s
	}
	s.err = json.Unmarshal(raw, &s.names)
	return s
}

// URL is the address of a bundle by its plain name, or "".
func (s *Set) URL(name string) string {
	hashed, ok := s.names[name]
	if !ok {
		return ""
	}
	return Prefix + hashed
}

// Missing says why there are no bundles, or "".
func (s *Set) Missing() string {
	if s.err == nil {
		return ""
	}
	return "built without style and scripts; run: npm ci && go run ./internal/ui/build"
}

// variants are the stored encodings, best first.
var variants = []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// ServeHTTP answers GET and HEAD for one bundle, in the best encoding both
// sides know.
func (s *Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, Prefix)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if !ok || !s.served(name) {
		if reason := s.Missing(); reason != "" {
			http.Error(w, reason, http.StatusNotFound)
			return
		}
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept-Encoding")
	for _, v := range variants {
		if !accepts(r.Header.Get("Accept-Encoding"), v.encoding) {
			continue
		}
		if body, err := fs.ReadFile(s.files, name+v.suffix); err == nil {
			h.Set("Content-Encoding", v.encoding)
			write(w, r, body)
			return
		}
	}
	body, err := fs.ReadFile(s.files, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	write(w, r, body)
}

// served refuses the manifest, the placeholder and the stored encodings: only
// what a page may name is public.
func (s *Set) served(name string) bool {
	if !fs.ValidPath(name) || path.Base(name) == "manifest.json" || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	switch path.Ext(name) {
	case ".js", ".css", ".svg", ".png", ".ico", ".woff2", ".map":
		info, err := fs.Stat(s.files, name)
		return err == nil && !info.IsDir()
	}
	return false
}

func write(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	// A reader that went away is not an error worth a log line.
	_, _ = w.Write(body)
}

// contentType does not ask the machine's MIME table for what matters: a wrong
// entry there would stop scripts from running under nosniff.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".map":
		return "application/json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// accepts reads an Accept-Encoding header for one encoding; "gzip;q=0" refuses it.
func accepts(header, encoding string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		q, found := strings.CutPrefix(strings.TrimSpace(params), "q=")
		if !found {
			return true
		}
		weight, err := strconv.ParseFloat(q, 64)
		return err == nil && weight > 0
	}
	return false
}
