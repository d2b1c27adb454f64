package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/observe"
	"github.com/steward-itsm/steward/internal/platform/requestid"
	"github.com/steward-itsm/steward/internal/platform/web"
)

func TestLogLinesNameTheirRequest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := observe.NewLogger(&out, slog.LevelInfo, "json").With("node", "a")
	ctx := requestid.With(t.Context(), "request-1")
	log.InfoContext(ctx, "hello")
	log.DebugContext(ctx, "not this")
	var doc map[string]any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err, out.String())
	}
	if doc["request_id"] != "request-1" || doc["node"] != "a" || doc["msg"] != "hello" {
		t.Errorf("%v", doc)
	}
	out.Reset()
	observe.NewLogger(&out, slog.LevelInfo, "text").Info("hello")
	if !strings.Contains(out.String(), "msg=hello") || strings.Contains(out.String(), "request_id") {
		t.Errorf("%s", out.String())
	}
}

func get(t *testing.T, h http.Handler, path, token string) (int, string) {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func newMux(t *testing.T, o web.Options) *web.Mux {
	t.Helper()
	m, err := web.NewMux(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMetricsCountByRouteAndAreGuarded(t *testing.T) {
	t.Parallel()
	metrics := observe.NewMetrics("1.2.3")
	m := newMux(t, web.Options{Observe: metrics.Request})
	metrics.InFlight(m.InFlight)
	db := databasetest.Open(t, database.SQLite)
	metrics.Database(db.Stats)
	m.Handle("GET /tickets/{number}", func(w http.ResponseWriter, _ *http.Request) error { return web.JSON(w, 200, "x") })
	m.Handle("GET /metrics", metrics.Guarded("secret"))
	m.Handle("GET /closed", metrics.Guarded(""))
	for _, path := range []string{"/tickets/1", "/tickets/2", "/nowhere"} {
		get(t, m, path, "")
	}
	for _, c := range []struct {
		path, token string
		status      int
	}{{"/metrics", "", 401}, {"/metrics", "wrong", 401}, {"/closed", "", 404}} {
		if status, _ := get(t, m, c.path, c.token); status != c.status {
			t.Errorf("%s with %q: %d", c.path, c.token, status)
		}
	}
	status, body := get(t, m, "/metrics", "secret")
	for _, line := range []string{
		`steward_http_requests_total{route="GET /tickets/{number}",status="200"} 2`,
		`steward_http_requests_total{route="none",status="404"} 1`,
		`steward_http_request_duration_seconds_count{route="GET /tickets/{number}"} 2`,
		`steward_build_info{version="1.2.3"} 1`,
		`steward_database_connections_max{pool="writer"} 1`,
		`steward_http_in_flight 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(body, line) {
			t.Errorf("%d: %s is missing", status, line)
		}
	}
}

func TestReadinessFollowsChecksAndDraining(t *testing.T) {
	t.Parallel()
	failing, draining := false, false
	check := observe.Check{Name: "part", Run: func(context.Context) (string, error) {
		if failing {
			return "", apperr.Wrap(errors.New("password=x"), apperr.Unavailable, "The part is away.")
		}
		return "fine", nil
	}}
	ask := func(token string) (int, string) {
		h := observe.NewHealth("secret", func() bool { return draining }, check)
		m := newMux(t, web.Options{})
		m.Handle("GET /healthz", h.Live)
		m.Handle("GET /readyz", h.Ready)
		if status, body := get(t, m, "/healthz", ""); status != 200 || body != "ok\n" {
			t.Errorf("healthz: %d %s", status, body)
		}
		return get(t, m, "/readyz", token)
	}
	if status, body := ask(""); status != 200 || strings.TrimSpace(body) != `{"status":"ready"}` {
		t.Errorf("%d %s", status, body)
	}
	if status, body := ask("secret"); status != 200 || !strings.Contains(body, `"detail":"fine"`) {
		t.Errorf("%d %s", status, body)
	}
	failing = true
	if status, body := ask(""); status != 503 || strings.Contains(body, "part") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := ask("secret"); status != 503 || !strings.Contains(body, "The part is away.") || strings.Contains(body, "password") {
		t.Errorf("%d %s", status, body)
	}
	failing, draining = false, true
	if status, body := ask(""); status != 503 || !strings.Contains(body, "draining") {
		t.Errorf("%d %s", status, body)
	}
}

func TestAskingOftenRunsTheChecksOnce(t *testing.T) {
	t.Parallel()
	runs := 0
	h := observe.NewHealth("", nil, observe.Check{Name: "x", Run: func(context.Context) (string, error) { runs++; return "", nil }})
	m := newMux(t, web.Options{})
	m.Handle("GET /readyz", h.Ready)
	for range 20 {
		get(t, m, "/readyz", "")
	}
	if runs > 3 {
		t.Errorf("%d runs", runs)
	}
}

func TestDatabaseChecks(t *testing.T) {
	t.Parallel()
	old := fstest.MapFS{"9001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE a (id BIGINT NOT NULL PRIMARY KEY\n);\n")}}
	more := fstest.MapFS{"9002_b.sql": {Data: []byte("-- +goose Up\nCREATE TABLE b (id BIGINT NOT NULL PRIMARY KEY\n);\n")}}
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if detail, err := observe.DatabaseCheck(db).Run(t.Context()); err != nil || detail != string(db.Engine()) {
			t.Errorf("%s %v", detail, err)
		}
		check := observe.MigrationsCheck(db, old, more)
		if _, err := check.Run(t.Context()); !apperr.Is(err, apperr.Unavailable) {
			t.Errorf("a pending migration: %v", err)
		}
		if _, err := db.Migrate(t.Context(), old, more); err != nil {
			t.Fatal(err)
		}
		if _, err := check.Run(t.Context()); err != nil {
			t.Error(err)
		}
	}, old)
}

func TestInsideShowsEverythingOnItsOwnAddress(t *testing.T) {
	t.Parallel()
	h := observe.Inside(observe.NewMetrics("x"), observe.NewHealth("", nil, observe.Check{Name: "c", Run: func(context.Context) (string, error) { return "fine", nil }}))
	for path, want := range map[string]string{"/metrics": "go_goroutines", "/readyz": "fine", "/healthz": "ok", "/debug/pprof/": "goroutine"} {
		if status, body := get(t, h, path, ""); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestTracesReachTheCollectorNamedByRoute(t *testing.T) {
	t.Parallel()
	bodies := make(chan []byte, 4)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- body
	}))
	defer collector.Close()
	tracing, err := observe.NewTracing(t.Context(), observe.TracingOptions{Endpoint: collector.URL, Ratio: 1, Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	m := newMux(t, web.Options{Logger: observe.NewLogger(&logged, slog.LevelInfo, "json")})
	m.Handle("GET /tickets/{number}", func(w http.ResponseWriter, _ *http.Request) error { return web.JSON(w, 200, "x") })
	m.Handle("GET /wall/{token}", func(w http.ResponseWriter, _ *http.Request) error { return web.JSON(w, 200, "x") })
	for path, want := range map[string]int{"/tickets/INC-4711": 200, "/wall/secret-of-a-screen": 200, "/wall/secret-of-a-screen/mistyped": 404} {
		if status, _ := get(t, tracing.Handler(m), path, ""); status != want {
			t.Fatalf("%s: %d", path, status)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := tracing.Close(ctx); err != nil {
		t.Fatal(err)
	}
	body := <-bodies
	for _, want := range []string{"GET /tickets/{number}", "GET /wall/{token}", "/tickets/INC-4711", "steward"} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("no %s in %q", want, body)
		}
	}
	if bytes.Contains(body, []byte("secret-of-a-screen")) {
		t.Errorf("the secret of a path left with a trace: %q", body)
	}
	if !strings.Contains(logged.String(), "trace_id") {
		t.Errorf("the log does not name the trace: %s", logged.String())
	}
}

func TestTracingIsOffUnlessChosen(t *testing.T) {
	t.Parallel()
	tracing, err := observe.NewTracing(t.Context(), observe.TracingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m := newMux(t, web.Options{})
	if tracing.Handler(m) != http.Handler(m) {
		t.Error("a layer was added")
	}
	if err := tracing.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
