package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
)

func TestPageThatFailsHalfWayIsAnErrorPage(t *testing.T) {
	t.Parallel()
	m := newMux(t, web.Options{ErrorPage: errorPage})
	m.Handle("GET /{$}", func(w http.ResponseWriter, r *http.Request) error {
		web.ShowToast(w, web.Toast{Text: "Saved"})
		return web.Render(w, r, 200, broken{})
	})
	w := answer(m, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "half") || w.Header().Get("HX-Trigger") != "" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
}

type broken struct{}

func (broken) Render(_ context.Context, w io.Writer) error {
	_, _ = io.WriteString(w, "half a page")
	return errors.New("boom")
}

func TestEntityTags(t *testing.T) {
	t.Parallel()
	tag := web.VersionTag(12)
	for header, want := range map[string]bool{`"12"`: true, `W/"12"`: true, `"11", "12"`: true, "*": true, `"1"`: false, "": false} {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("If-None-Match", header)
		if got := web.NotModified(w, r, tag); got != want || (got && w.Code != 304) {
			t.Errorf("If-None-Match %s: %v, %d", header, got, w.Code)
		}
	}
	for _, c := range []struct {
		header  string
		version int64
		kind    apperr.Kind
	}{
		{`"12"`, 12, ""},
		{`W/"12"`, 12, ""},
		{"*", 0, ""},
		{"", 0, apperr.Precondition},
		{`"12", "13"`, 0, apperr.Invalid},
		{`12`, 0, apperr.Invalid},
		{`"abc"`, 0, apperr.Invalid},
	} {
		r := httptest.NewRequest("PATCH", "/", nil)
		if c.header != "" {
			r.Header.Set("If-Match", c.header)
		}
		v, err := web.IfMatch(r, true)
		if v != c.version || apperr.KindOf(err) != c.kind {
			t.Errorf("If-Match %s: %d, %v", c.header, v, err)
		}
	}
	if v, err := web.IfMatch(httptest.NewRequest("PATCH", "/", nil), false); v != 0 || err != nil {
		t.Errorf("optional: %d, %v", v, err)
	}
}

func TestStaleVersionIsPreconditionFailedWhenOneWasNamed(t *testing.T) {
	t.Parallel()
	stale := apperr.New(apperr.Conflict, "Somebody else saved first.")
	stale.Detail = map[string]int{"version": 13}
	r := httptest.NewRequest("PATCH", "/", nil)
	if p := web.NewProblem(r.Context(), r, stale); p.Status != 409 || p.Current == nil {
		t.Errorf("%+v", p)
	}
	r.Header.Set("If-Match", `"12"`)
	if p := web.NewProblem(r.Context(), r, stale); p.Status != 412 {
		t.Errorf("%+v", p)
	}
	if p := web.NewProblem(r.Context(), r, apperr.New(apperr.Conflict, "This already exists.")); p.Status != 409 {
		t.Errorf("a duplicate is not a stale version: %+v", p)
	}
}

func TestToastsTravelInHeaderOrCookie(t *testing.T) {
	t.Parallel()
	toast := web.Toast{Text: "Gespräch \U0001F600 gespeichert", Undo: "/undo/1"}
	w := httptest.NewRecorder()
	web.Trigger(w, "tickets-changed", nil)
	web.ShowToast(w, toast)
	header := w.Header().Get("HX-Trigger")
	for _, c := range []byte(header) {
		if c >= 0x80 || c < 0x20 {
			t.Fatalf("not fit for a header: %q", header)
		}
	}
	var events struct {
		Toast   web.Toast        `json:"steward:toast"`
		Changed *json.RawMessage `json:"tickets-changed"`
	}
	if err := json.Unmarshal([]byte(header), &events); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(toast, events.Toast); diff != "" || !strings.Contains(header, `"tickets-changed":null`) {
		t.Error(diff, header)
	}

	web.Flash(w, toast, true)
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(w.Result().Cookies()[0])
	next := httptest.NewRecorder()
	got, ok := web.TakeFlash(next, r)
	if diff := cmp.Diff(toast, got); !ok || diff != "" {
		t.Error(ok, diff)
	}
	if c := next.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("the cookie stays: %v", c)
	}
	r = httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: "flash", Value: "nonsense"})
	if _, ok := web.TakeFlash(httptest.NewRecorder(), r); ok {
		t.Error("nonsense became a toast")
	}
}

func TestRedirectMovesThePageForHTMX(t *testing.T) {
	t.Parallel()
	r, w := httptest.NewRequest("POST", "/", nil), httptest.NewRecorder()
	if err := web.Redirect(w, r, "/tickets/1"); err != nil || w.Code != 303 || w.Header().Get("Location") != "/tickets/1" {
		t.Errorf("%d %v %v", w.Code, w.Header(), err)
	}
	r.Header.Set("HX-Request", "true")
	w = httptest.NewRecorder()
	if err := web.Redirect(w, r, "/tickets/1"); err != nil || w.Header().Get("HX-Redirect") != "/tickets/1" {
		t.Errorf("%d %v %v", w.Code, w.Header(), err)
	}
}

func TestRedirectsStayOnThisServer(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"/tickets?q=1": "/tickets?q=1", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", "": "/", "/a\r\nb": "/",
	} {
		if got := web.LocalPath(to, "/"); got != want {
			t.Errorf("%q: %q", to, got)
		}
	}
}

func TestFilesFromOutsideNeverRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, claimed, contentType, disposition string }{
		{"a.png", "image/png", "image/png", `inline; filename=a.png`},
		{"a.html", "text/html", "application/octet-stream", `attachment; filename=a.html`},
		{"a.svg", "image/svg+xml", "application/octet-stream", `attachment; filename=a.svg`},
		{"log.txt", "text/plain", "text/plain; charset=utf-8", `inline; filename=log.txt`},
		{"x\r\nSet-Cookie: a=b", "nonsense//", "application/octet-stream", `attachment; filename="x Set-Cookie: a=b"`},
		{"r\u00e9sum\u00e9.pdf", "application/pdf", "application/octet-stream", `attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf`},
	} {
		w := httptest.NewRecorder()
		web.File(w, c.name, c.claimed)
		h := w.Header()
		if h.Get("Content-Type") != c.contentType || h.Get("Content-Disposition") != c.disposition || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%q: %v", c.name, h)
		}
	}
	long := web.FileName(strings.Repeat("\u00e9", 300) + ".pdf")
	if len(long) > 200 || !strings.HasSuffix(long, ".pdf") || !web.Storable(long) {
		t.Errorf("%q", long)
	}
	for _, name := range []string{"", "..", "/", "\x00"} {
		if got := web.FileName(name); got != "file" {
			t.Errorf("%q became %q", name, got)
		}
	}
}

func TestLimiterAllowsBurstsAndRefills(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	l := web.NewLimiter(3, time.Minute, func() time.Time { return now })
	for i := range 3 {
		if d := l.Take("a", 1); !d.Allowed || d.Remaining != 2-i {
			t.Errorf("take %d: %+v", i, d)
		}
	}
	d := l.Take("a", 1)
	if d.Allowed || d.RetryAfter != 20*time.Second || d.Reset != time.Minute {
		t.Errorf("%+v", d)
	}
	if !l.Take("b", 1).Allowed {
		t.Error("another key pays for the first")
	}
	now = now.Add(20 * time.Second)
	if !l.Take("a", 1).Allowed || l.Take("a", 1).Allowed {
		t.Error("one token should have come back")
	}
	now = now.Add(-time.Hour)
	if l.Take("a", 1).Allowed {
		t.Error("a clock set back gave a token")
	}
	now = now.Add(20 * time.Second)
	if !l.Take("a", 1).Allowed {
		t.Error("a clock set back locked the key out")
	}
	l.Forget("b")
	if d := l.Take("b", 1); d.Remaining != 2 {
		t.Errorf("after Forget: %+v", d)
	}
}

func TestLimiterMemoryIsBounded(t *testing.T) {
	t.Parallel()
	l := web.NewLimiter(1, time.Hour, nil)
	l.Take("first", 1)
	for i := range 50_000 {
		l.Take(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String(), 1)
	}
	if n := l.Keys(); n != 50_000 {
		t.Errorf("%d keys are remembered", n)
	}
}

func TestLimitedRouteTellsWhereTheClientStands(t *testing.T) {
	t.Parallel()
	m := newMux(t, web.Options{})
	l := web.NewLimiter(1, time.Minute, nil)
	m.Handle("GET /api/x", func(w http.ResponseWriter, _ *http.Request) error { return web.JSON(w, 200, 1) }, web.Use(web.Limit(l, web.ByClient)))
	first := answer(m, httptest.NewRequest("GET", "/api/x", nil))
	if first.Code != 200 || first.Header().Get("RateLimit-Limit") != "1" || first.Header().Get("RateLimit-Remaining") != "0" {
		t.Errorf("%d %v", first.Code, first.Header())
	}
	second := answer(m, httptest.NewRequest("GET", "/api/x", nil))
	if second.Code != 429 || second.Header().Get("Retry-After") != "60" {
		t.Errorf("%d %v", second.Code, second.Header())
	}
}

func TestNeighboursInOneIPv6NetworkShareALimit(t *testing.T) {
	t.Parallel()
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:2")
	if web.ClientKey(a) != web.ClientKey(b) || web.ClientKey(a) == web.ClientKey(netip.MustParseAddr("2001:db8:0:1::1")) {
		t.Error("keys", web.ClientKey(a), web.ClientKey(b))
	}
}
