package assets_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/steward-itsm/steward/internal/ui/assets"
)

var built = fstest.MapFS{
	"manifest.json":  {Data: []byte(`{"app.js":"app-1A2B.js"}`)},
	".gitkeep":       {},
	"app-1A2B.js":    {Data: []byte("plain")},
	"app-1A2B.js.br": {Data: []byte("brotli")},
	"app-1A2B.js.gz": {Data: []byte("gzip")},
}

func TestBundlesAreSentInTheBestEncodingTheBrowserKnows(t *testing.T) {
	t.Parallel()
	set := assets.Load(built)
	for accept, want := range map[string]struct{ encoding, body string }{
		"gzip, deflate, br":   {"br", "brotli"},
		"gzip":                {"gzip", "gzip"},
		"br;q=0, gzip;q=0.5":  {"gzip", "gzip"},
		"":                    {"", "plain"},
		"identity, br;q=zero": {"", "plain"},
	} {
		r := httptest.NewRequest(http.MethodGet, set.URL("app.js"), nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		set.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Encoding"); w.Code != http.StatusOK || got != want.encoding || w.Body.String() != want.body {
			t.Errorf("%q: got %d %q %q, want %q %q", accept, w.Code, got, w.Body, want.encoding, want.body)
		}
		if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%q: Cache-Control %q", accept, got)
		}
		if got := w.Header().Get("Content-Type"); got != "text/javascript; charset=utf-8" {
			t.Errorf("%q: Content-Type %q", accept, got)
		}
	}
}

func TestOnlyWhatAPageMayNameIsServed(t *testing.T) {
	t.Parallel()
	set := assets.Load(built)
	for _, path := range []string{"manifest.json", ".gitkeep", "app-1A2B.js.br", "../assets.go", "nothing.js", ""} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = assets.Prefix + path
		set.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%q: got %d, want 404", path, w.Code)
		}
	}
	w := httptest.NewRecorder()
	set.ServeHTTP(w, httptest.NewRequest(http.MethodPost, set.URL("app.js"), nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d, want 405", w.Code)
	}
}

func TestABinaryWithoutBundlesSaysSo(t *testing.T) {
	t.Parallel()
	set := assets.Load(fstest.MapFS{})
	if set.URL("app.js") != "" || set.Missing() == "" {
		t.Errorf("got URL %q and reason %q, want none and one", set.URL("app.js"), set.Missing())
	}
	if reason := assets.Load(built).Missing(); reason != "" {
		t.Errorf("a complete set misses something: %s", reason)
	}
}
