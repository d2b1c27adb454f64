package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// logBuffer collects what a Mux logs, one JSON document a line.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []map[string]any
	for line := range strings.Lines(l.b.String()) {
		var doc map[string]any
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if doc["msg"] == message {
			out = append(out, doc)
		}
	}
	return out
}

func (l *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func newMux(t *testing.T, o web.Options) *web.Mux {
	t.Helper()
	m, err := web.NewMux(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func answer(m http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	return w
}

type text string

func (s text) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, string(s))
	return err
}

func errorPage(_ http.Header, _ *http.Request, p *web.Problem, fragment bool) web.Component {
	return text(fmt.Sprintf("<h1>%d %s</h1><p>%s</p>fragment=%v", p.Status, p.Detail, p.RequestID, fragment))
}

func TestKindsBecomeStatuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
	}{
		{errors.New("secret detail"), 500},
		{fmt.Errorf("wrapped: %w", apperr.New(apperr.NotFound, "gone")), 404},
		{apperr.New(apperr.Internal, "x"), 500},
		{apperr.InvalidField("title", "Needed."), 422},
		{apperr.New(apperr.Unauthenticated, "x"), 401},
		{apperr.New(apperr.Forbidden, "x"), 403},
		{apperr.New(apperr.Conflict, "x"), 409},
		{apperr.New(apperr.InUse, "x"), 409},
		{apperr.New(apperr.TooLarge, "x"), 413},
		{apperr.New(apperr.TooMany, "x"), 429},
		{apperr.New(apperr.Unavailable, "x"), 503},
		{apperr.New(apperr.Precondition, "x"), 428},
		{apperr.New(apperr.Unsupported, "x"), 415},
		{&http.MaxBytesError{Limit: 1 << 20}, 413},
	} {
		var log logBuffer
		m := newMux(t, web.Options{Logger: log.logger(), ErrorPage: errorPage})
		m.Handle("GET /{$}", func(http.ResponseWriter, *http.Request) error { return c.err })
		w := answer(m, httptest.NewRequest("GET", "/", nil))
		if w.Code != c.status {
			t.Errorf("%v: status %d, want %d", c.err, w.Code, c.status)
		}
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("the answer shows internals: %s", w.Body)
		}
		want := 0
		if c.status == 500 || c.status == 503 {
			want = 1
		}
		if got := log.lines(t, "request failed"); len(got) != want {
			t.Errorf("%v: logged %d times, want %d", c.err, len(got), want)
		}
	}
}

func TestProgramsGetProblemJSONAndPeopleGetPages(t *testing.T) {
	t.Parallel()
	m := newMux(t, web.Options{ErrorPage: errorPage})
	fail := func(http.ResponseWriter, *http.Request) error {
		var p apperr.Problems
		p.Add("caller", "Who is it?")
		p.Add("lines.0.text", "Say something.")
		return p.Err()
	}
	m.Handle("POST /api/v1/tickets", fail)
	m.Handle("POST /tickets", fail)

	r := httptest.NewRequest("POST", "/api/v1/tickets", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Request-Id", "from-the-proxy-1")
	w := answer(m, r)
	var got web.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := web.Problem{
		Type: "urn:steward:problem:invalid", Title: "Unprocessable Entity", Status: 422, Detail: "2 fields need attention.",
		Instance: "/api/v1/tickets", RequestID: "from-the-proxy-1",
		Errors: []web.ProblemField{
			{Name: "caller", Pointer: "#/caller", Message: "Who is it?"},
			{Name: "lines.0.text", Pointer: "#/lines/0/text", Message: "Say something."},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("content type %q", ct)
	}

	for _, c := range []struct {
		header map[string]string
		want   string
	}{
		{map[string]string{"Accept": "text/html,*/*"}, "fragment=false"},
		{map[string]string{"HX-Request": "true", "HX-Request-Type": "partial"}, "fragment=true"},
		{map[string]string{"HX-Request": "true", "HX-Request-Type": "full"}, "fragment=false"},
		{map[string]string{"Accept": "application/json"}, `"status":422`},
	} {
		r := httptest.NewRequest("POST", "/tickets", nil)
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		if w := answer(m, r); w.Code != 422 || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%v: %d %s", c.header, w.Code, w.Body)
		}
	}
}

func TestRecordOfAConflictIsShownByAPIsOnly(t *testing.T) {
	t.Parallel()
	m := newMux(t, web.Options{ErrorPage: errorPage})
	stale := func(http.ResponseWriter, *http.Request) error {
		return apperr.Stale(map[string]string{"note": "secret"}, "Somebody was first.")
	}
	m.Handle("POST /api/v1/tickets", stale)
	m.Handle("POST /tickets", stale)
	for path, want := range map[string]bool{"/api/v1/tickets": true, "/tickets": false} {
		r := httptest.NewRequest("POST", path, nil)
		r.Header.Set("Accept", "application/json")
		w := answer(m, r)
		if w.Header().Get("Content-Type") != web.ProblemType || strings.Contains(w.Body.String(), "secret") != want {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
}

func TestErrorPageLogAndHeaderNameTheSameRequest(t *testing.T) {
	t.Parallel()
	var log logBuffer
	m := newMux(t, web.Options{Logger: log.logger(), ErrorPage: errorPage})
	m.Handle("GET /{$}", func(http.ResponseWriter, *http.Request) error { return errors.New("boom") })
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Request-Id", "forged\nline")
	w := answer(m, r)
	id := w.Header().Get("X-Request-Id")
	if len(id) < 20 || strings.ContainsAny(id, "\n ") || !strings.Contains(w.Body.String(), id) {
		t.Errorf("header %q, page %s", id, w.Body)
	}
}

func TestUnknownAddressesAndMethodsGetOurErrors(t *testing.T) {
	t.Parallel()
	var seen []web.Observation
	m := newMux(t, web.Options{ErrorPage: errorPage, Observe: func(o web.Observation) { seen = append(seen, o) }})
	m.Handle("GET /tickets/{number}", func(http.ResponseWriter, *http.Request) error { return nil })
	if w := answer(m, httptest.NewRequest("GET", "/nowhere", nil)); w.Code != 404 || !strings.Contains(w.Body.String(), "no page") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w := answer(m, httptest.NewRequest("DELETE", "/tickets/1", nil))
	if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" || !strings.Contains(w.Body.String(), "405") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	answer(m, httptest.NewRequest("GET", "/tickets/1", nil))
	var patterns []string
	for _, o := range seen {
		patterns = append(patterns, fmt.Sprintf("%s %q %d", o.Method, o.Pattern, o.Status))
	}
	want := []string{`GET "" 404`, `DELETE "" 405`, `GET "GET /tickets/{number}" 200`}
	if diff := cmp.Diff(want, patterns); diff != "" {
		t.Error(diff)
	}
}

func TestPanicIsAnsweredAndLoggedWithItsStack(t *testing.T) {
	t.Parallel()
	var log logBuffer
	m := newMux(t, web.Options{Logger: log.logger(), ErrorPage: errorPage})
	m.Handle("GET /{$}", func(http.ResponseWriter, *http.Request) error { panic("at the disco") })
	w := answer(m, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "disco") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	lines := log.lines(t, "request failed")
	if len(lines) != 1 || !strings.Contains(fmt.Sprint(lines[0]["stack"]), "mux_test.go") {
		t.Errorf("log: %v", lines)
	}
}

func TestErrorAfterTheAnswerBeganCutsTheConnection(t *testing.T) {
	t.Parallel()
	m := newMux(t, web.Options{ErrorPage: errorPage})
	m.Handle("GET /{$}", func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, strings.Repeat("half of it ", 1000))
		return errors.New("the other half is lost")
	})
	srv := httptest.NewServer(m)
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		return // cut before the headers
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("half an answer arrived as if it were whole")
	}
}

func TestForgedFormsAreRefused(t *testing.T) {
	t.Parallel()
	public, _ := url.Parse("https://desk.example.org")
	m := newMux(t, web.Options{ErrorPage: errorPage, PublicURL: public})
	m.Handle("POST /{$}", func(http.ResponseWriter, *http.Request) error { return nil })
	for _, c := range []struct {
		header, value string
		status        int
	}{
		{"Sec-Fetch-Site", "cross-site", 403},
		{"Sec-Fetch-Site", "same-site", 403},
		{"Sec-Fetch-Site", "same-origin", 200},
		{"Origin", "https://evil.example", 403},
		{"Origin", "https://desk.example.org", 200},
		{"X-None", "", 200}, // a program: browsers always send one of the two
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set(c.header, c.value)
		if w := answer(m, r); w.Code != c.status {
			t.Errorf("%s: %s: %d, want %d", c.header, c.value, w.Code, c.status)
		}
	}
}

func TestSecurityHeadersAreOnEveryAnswer(t *testing.T) {
	t.Parallel()
	public, _ := url.Parse("https://desk.example.org")
	m := newMux(t, web.Options{PublicURL: public})
	m.Handle("GET /{$}", func(http.ResponseWriter, *http.Request) error { return nil })
	m.Handle("GET /own", func(http.ResponseWriter, *http.Request) error { return nil }, web.CSP("default-src 'none'"))
	for path, csp := range map[string]string{"/": web.DefaultCSP, "/own": "default-src 'none'", "/nowhere": web.DefaultCSP} {
		h := answer(m, httptest.NewRequest("GET", path, nil)).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": csp, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=63072000",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	plain := newMux(t, web.Options{})
	if h := answer(plain, httptest.NewRequest("GET", "/", nil)).Header(); h.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without https")
	}
}

func TestClientAddressIsTakenFromTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"203.0.113.5:1000", "", "203.0.113.5"},
		{"203.0.113.5:1000", "1.2.3.4", "203.0.113.5"},
		{"10.0.0.1:1000", "1.2.3.4", "1.2.3.4"},
		{"10.0.0.1:1000", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"},
		{"10.0.0.1:1000", "6.6.6.6, nonsense", "10.0.0.1"},
		{"10.0.0.1:1000", "1.2.3.4:5555", "1.2.3.4"},
		{"[fd00::1]:1000", "[2001:db8::1]:443", "2001:db8::1"},
		{"[::ffff:10.0.0.1]:1000", "2001:db8::1", "2001:db8::1"},
		{"10.0.0.1:1000", "10.0.0.2", "10.0.0.2"},
	} {
		m := newMux(t, web.Options{TrustedProxies: trusted})
		var got netip.Addr
		m.Handle("GET /{$}", func(_ http.ResponseWriter, r *http.Request) error {
			got = web.ClientIP(r.Context())
			return nil
		})
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		answer(m, r)
		if got.String() != c.want {
			t.Errorf("%s for %q: got %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestAccessLogHasWhatHelpsAndNoQuery(t *testing.T) {
	t.Parallel()
	var log logBuffer
	m := newMux(t, web.Options{Logger: log.logger()})
	m.Handle("GET /tickets/{number}", func(w http.ResponseWriter, r *http.Request) error {
		web.Note(r.Context(), slog.Int64("person", 7))
		return web.JSON(w, 200, "ok")
	})
	m.Handle("GET /healthz", func(http.ResponseWriter, *http.Request) error { return nil }, web.Quiet())
	answer(m, httptest.NewRequest("GET", "/tickets/9?token=secret", nil))
	answer(m, httptest.NewRequest("GET", "/healthz", nil))
	lines := log.lines(t, "request")
	if len(lines) != 2 {
		t.Fatalf("%d lines", len(lines))
	}
	for key, want := range map[string]any{
		"path": "/tickets/9", "route": "GET /tickets/{number}", "status": 200.0, "bytes": 5.0,
		"client": "192.0.2.1", "person": 7.0, "level": "INFO",
	} {
		if lines[0][key] != want {
			t.Errorf("%s is %v, want %v", key, lines[0][key], want)
		}
	}
	if lines[1]["level"] != "DEBUG" {
		t.Errorf("a quiet route was logged at %v", lines[1]["level"])
	}
	if strings.Contains(log.b.String(), "secret") {
		t.Error("the log holds the query")
	}
}

func TestNoLogHoldsASecretOfThePath(t *testing.T) {
	t.Parallel()
	var log logBuffer
	m := newMux(t, web.Options{Logger: log.logger()})
	m.Handle("GET /wall/{token}/{board}", func(_ http.ResponseWriter, r *http.Request) error {
		if r.PathValue("board") == "broken" {
			return errors.New("it broke")
		}
		return nil
	})
	answer(m, httptest.NewRequest("GET", "/wall/s3cret/flow", nil))
	answer(m, httptest.NewRequest("GET", "/wall/s3cret/broken", nil))
	if got := log.lines(t, "request")[0]["path"]; got != "/wall/{token}/flow" {
		t.Errorf("the path is logged as %v", got)
	}
	if len(log.lines(t, "request failed")) != 1 || strings.Contains(log.b.String(), "s3cret") {
		t.Errorf("the log holds the secret: %s", log.b.String())
	}
}

func TestMiddlewareRunsFromTheOutsideIn(t *testing.T) {
	t.Parallel()
	var order []string
	step := func(name string) web.Middleware {
		return func(next web.HandlerFunc) web.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) error {
				order = append(order, name)
				return next(w, r)
			}
		}
	}
	m := newMux(t, web.Options{})
	a := m.With(web.Use(step("one"), step("two")))
	a.With(web.Use(step("three"))).Handle("GET /deep", func(http.ResponseWriter, *http.Request) error { return nil }, web.Use(step("four")))
	a.Handle("GET /flat", func(http.ResponseWriter, *http.Request) error { return nil })
	answer(m, httptest.NewRequest("GET", "/deep", nil))
	answer(m, httptest.NewRequest("GET", "/flat", nil))
	if diff := cmp.Diff([]string{"one", "two", "three", "four", "one", "two"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestTooManyRequestsAtOnceAreTurnedAway(t *testing.T) {
	t.Parallel()
	m := newMux(t, web.Options{MaxInFlight: 1})
	inside, leave := make(chan struct{}), make(chan struct{})
	m.Handle("GET /slow", func(http.ResponseWriter, *http.Request) error {
		close(inside)
		<-leave
		return nil
	})
	ok := func(http.ResponseWriter, *http.Request) error { return nil }
	m.Handle("GET /page", ok)
	m.Handle("GET /healthz", ok, web.Quiet())
	m.Handle("GET /live", ok, web.Stream())
	var wg sync.WaitGroup
	wg.Go(func() { answer(m, httptest.NewRequest("GET", "/slow", nil)) })
	<-inside
	w := answer(m, httptest.NewRequest("GET", "/page", nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	for _, path := range []string{"/healthz", "/live"} {
		if w := answer(m, httptest.NewRequest("GET", path, nil)); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	close(leave)
	wg.Wait()
	if w := answer(m, httptest.NewRequest("GET", "/page", nil)); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

func TestSlowHandlerGetsADeadlineAndAReadableAnswer(t *testing.T) {
	t.Parallel()
	m := newMux(t, web.Options{ErrorPage: errorPage})
	m.Handle("GET /{$}", func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	}, web.Timeout(5*time.Millisecond))
	if w := answer(m, httptest.NewRequest("GET", "/", nil)); w.Code != 503 || !strings.Contains(w.Body.String(), "too long") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestClientThatLeftIsNotOurError(t *testing.T) {
	t.Parallel()
	var log logBuffer
	m := newMux(t, web.Options{Logger: log.logger()})
	m.Handle("GET /{$}", func(_ http.ResponseWriter, r *http.Request) error { return r.Context().Err() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	answer(m, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if got := log.lines(t, "request failed"); len(got) != 0 {
		t.Errorf("logged %v", got)
	}
	if got := log.lines(t, "request"); len(got) != 1 || got[0]["status"] != 499.0 {
		t.Errorf("access log %v", got)
	}
}

func TestBigBodiesAreRefusedUnreadWithAnAnswerThatArrives(t *testing.T) {
	t.Parallel()
	m := newMux(t, web.Options{ErrorPage: errorPage})
	var read int64
	m.Handle("POST /form", func(_ http.ResponseWriter, r *http.Request) error {
		n, err := io.Copy(io.Discard, r.Body)
		read += n
		return err
	})
	srv := httptest.NewServer(m)
	defer srv.Close()
	const size = 100 << 20
	for _, chunked := range []bool{false, true} {
		// A client that, like a browser, sends everything before it listens.
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		length := fmt.Sprintf("Content-Length: %d", size)
		if chunked {
			length = "Transfer-Encoding: chunked"
		}
		fmt.Fprintf(conn, "POST /form HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", length)
		block := bytes.Repeat([]byte("x"), 1<<20)
		for range size >> 20 {
			if chunked {
				fmt.Fprintf(conn, "%x\r\n%s\r\n", len(block), block)
				continue
			}
			if _, err := conn.Write(block); err != nil {
				t.Fatalf("chunked %v: the connection was cut while sending: %v", chunked, err)
			}
		}
		if chunked {
			fmt.Fprint(conn, "0\r\n\r\n")
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("chunked %v: no answer: %v", chunked, err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 413 || !strings.Contains(string(body), "at most 1 MB") {
			t.Errorf("chunked %v: %d %s %v", chunked, res.StatusCode, body, err)
		}
		_ = conn.Close()
	}
	if read > 2<<20 {
		t.Errorf("the handler was given %d bytes", read)
	}
}

func TestCompressionSkipsStreamsAndWhatIsCompressed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("steward ", 1000)
	m := newMux(t, web.Options{})
	send := func(contentType string) web.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", contentType)
			_, err := io.WriteString(w, long)
			return err
		}
	}
	m.Handle("GET /page", send("text/html"))
	m.Handle("GET /png", send("image/png"))
	m.Handle("GET /sse", send("text/event-stream"), web.Stream())
	m.Handle("GET /ready", func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Encoding", "br")
		return send("text/css")(w, r)
	})
	for path, want := range map[string]string{"/page": "gzip", "/png": "", "/sse": "", "/ready": "br"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		if got := answer(m, r).Header().Get("Content-Encoding"); got != want {
			t.Errorf("%s: encoding %q, want %q", path, got, want)
		}
	}
}

func TestRoutesAreListedAndFound(t *testing.T) {
	t.Parallel()
	mux, err := web.NewMux(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(http.ResponseWriter, *http.Request) error { return nil }
	mux.Handle("GET /tickets/{number}", nothing)
	mux.With(web.Quiet()).Handle("POST /tickets", nothing)
	if diff := cmp.Diff([]string{"GET /tickets/{number}", "POST /tickets"}, mux.Patterns()); diff != "" {
		t.Error(diff)
	}
	if got := mux.PatternOf("/tickets/INC-1?tab=all"); got != "GET /tickets/{number}" {
		t.Errorf("%q", got)
	}
	if got := mux.PatternOf("/nowhere"); got != "" {
		t.Errorf("%q", got)
	}
}
