package live_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/live"
)

func everyone(*http.Request, string) bool { return true }

func serve(t testing.TB, handler http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ReadTimeout = 50 * time.Millisecond // as real servers have; a stream outlives it
	srv.Config.WriteTimeout = 50 * time.Millisecond
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

// sse is one received event; a heartbeat has no name.
type sse struct {
	Name, ID, Data string
}

// browser reads a stream as an EventSource does.
type browser struct {
	t      testing.TB
	resp   *http.Response
	events chan sse
	cancel context.CancelFunc
}

func connect(t testing.TB, srv *httptest.Server, lastID string, query string) *browser {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/live?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, resp: resp, events: make(chan sse, 1000), cancel: cancel}
	t.Cleanup(b.close)
	if resp.StatusCode == http.StatusOK {
		go b.read()
	}
	return b
}

func (b *browser) close() {
	b.cancel()
	_ = b.resp.Body.Close()
}

func (b *browser) read() {
	defer close(b.events)
	lines := bufio.NewScanner(b.resp.Body)
	var e sse
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			e.Name = value
		case "id":
			e.ID = value
		case "data":
			e.Data = value
		case "":
			if lines.Text() == "" {
				b.events <- e
				e = sse{}
			}
		}
	}
}

func (b *browser) next() sse {
	b.t.Helper()
	select {
	case e, open := <-b.events:
		if !open {
			b.t.Fatal("the stream ended")
		}
		return e
	case <-time.After(patience):
		b.t.Fatal("nothing came")
		panic("unreachable")
	}
}

// ended waits for the end of the stream and gives what came before.
func (b *browser) ended() (rest []sse) {
	b.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case e, open := <-b.events:
			if !open {
				return rest
			}
			rest = append(rest, e)
		case <-deadline:
			b.t.Fatal("the stream did not end")
		}
	}
}

func TestStreamCarriesEventsAndResumesWhereItBroke(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHub(t, db)
		srv := serve(t, live.Handler(h, everyone, live.HandlerOptions{}))
		rendered := place(t, h)
		publish(t, db, h, changed("0", "ticket:1"))
		b := connect(t, srv, "", "topic=ticket:1&topic=queue&since="+url.QueryEscape(rendered.String()))
		for name, want := range map[string]string{
			"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no", "Cache-Control": "no-cache, no-transform",
		} {
			if got := b.resp.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		b.next() // the greeting
		first := b.next()
		if first.Name != "changed" || first.Data != `{"key":"0","data":null}` || first.ID == "" {
			t.Errorf("got %+v", first)
		}
		// Events of one batch: only the last moves the browser's place.
		publish(t, db, h, changed("1", "ticket:1"), changed("2", "queue"))
		one, two := b.next(), b.next()
		if one.ID != "" || two.ID == "" {
			t.Errorf("ids %q and %q; a break between them would lose the second", one.ID, two.ID)
		}
		b.close()
		publish(t, db, h, changed("3", "queue"), changed("x", "other"))
		b = connect(t, srv, first.ID, "topic=ticket:1&topic=queue&since="+url.QueryEscape(rendered.String()))
		b.next()
		var got []string
		for range 3 {
			var v struct{ Key string }
			if err := json.Unmarshal([]byte(b.next().Data), &v); err != nil {
				t.Fatal(err)
			}
			got = append(got, v.Key)
		}
		if diff := cmp.Diff([]string{"1", "2", "3"}, got); diff != "" {
			t.Error(diff)
		}
	}, live.Migrations)
}

func TestGreetingAndHeartbeatCarryThePlace(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.SQLite, live.Migrations)
	h := newHub(t, db)
	srv := serve(t, live.Handler(h, everyone, live.HandlerOptions{Heartbeat: 20 * time.Millisecond}))
	quiet := connect(t, srv, "", "topic=quiet")
	greeting := quiet.next()
	if greeting.Name != "" || greeting.ID == "" {
		t.Fatalf("greeted by %+v", greeting)
	}
	publish(t, db, h, changed("1", "loud"))
	eventually(t, "the place moves on by heartbeats", func() bool { e := quiet.next(); return e.Name == "" && e.ID != "" && e.ID != greeting.ID })
	lost := connect(t, srv, "not a place", "topic=quiet")
	lost.next()
	if e := lost.next(); e.Name != live.KindResync {
		t.Errorf("an unreadable place gave %+v", e)
	}
}

func TestStreamEndsWhenTheRightIsGoneAndWhenTheNodeStops(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.SQLite, live.Migrations)
	h := live.New(db, live.Options{})
	var revoked atomic.Bool
	srv := serve(t, live.Handler(h, func(r *http.Request, topic string) bool {
		return topic != "secret" && !(revoked.Load() && r.URL.Query().Get("who") == "ana")
	}, live.HandlerOptions{Recheck: 10 * time.Millisecond}))
	if b := connect(t, srv, "", "topic=a&topic=secret"); b.resp.StatusCode != http.StatusForbidden {
		t.Errorf("status %d, want 403", b.resp.StatusCode)
	}
	if b := connect(t, srv, "", "topic=a&present=secret"); b.resp.StatusCode != http.StatusForbidden {
		t.Errorf("status %d, want 403", b.resp.StatusCode)
	}
	for _, query := range []string{"", "topic=", "topic=a%0Ab", "topic=" + strings.Repeat("x", 300)} {
		if b := connect(t, srv, "", query); b.resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: status %d, want 400", query, b.resp.StatusCode)
		}
	}
	ana, ben := connect(t, srv, "", "topic=a&who=ana"), connect(t, srv, "", "topic=a&who=ben")
	ana.next()
	ben.next()
	revoked.Store(true)
	rest := ana.ended()
	if len(rest) == 0 || rest[len(rest)-1].Name != "denied" {
		t.Errorf("the last words were %+v", rest)
	}
	publish(t, db, h, changed("1", "a"))
	if e := ben.next(); e.Name != "changed" {
		t.Errorf("got %+v", e)
	}
	h.Close()
	ben.ended()
	if b := connect(t, srv, "", "topic=a"); b.resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", b.resp.StatusCode)
	}
}

func TestStreamsOfASessionAreBounded(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.SQLite, live.Migrations)
	h := newHub(t, db)
	srv := serve(t, live.Handler(h, everyone, live.HandlerOptions{
		MaxPerSession: 2, Session: func(r *http.Request) string { return r.URL.Query().Get("session") },
	}))
	status := func(session string) (*browser, int) {
		b := connect(t, srv, "", "topic=a&session="+session)
		return b, b.resp.StatusCode
	}
	first, _ := status("s")
	status("s")
	if _, code := status("s"); code != http.StatusTooManyRequests {
		t.Errorf("the third stream got %d", code)
	}
	if _, code := status("other"); code != http.StatusOK {
		t.Errorf("another session got %d", code)
	}
	first.close()
	eventually(t, "the place is free again", func() bool { _, code := status("s"); return code == http.StatusOK })
}

// zipped is what a compressing middleware does to a response.
type zipped struct {
	http.ResponseWriter
	z *gzip.Writer
}

func (z zipped) Write(p []byte) (int, error) { return z.z.Write(p) }
func (z zipped) Unwrap() http.ResponseWriter { return z.ResponseWriter }
func (z zipped) FlushError() error {
	if err := z.z.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(z.ResponseWriter).Flush()
}

func TestStreamIsNotHeldBackByCompression(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, database.SQLite, live.Migrations)
	h := newHub(t, db)
	inner := live.Handler(h, everyone, live.HandlerOptions{})
	srv := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		inner.ServeHTTP(zipped{w, z}, r)
	}))
	b := connect(t, srv, "", "topic=a")
	b.next()
	publish(t, db, h, changed("1", "a"))
	if e := b.next(); e.Name != "changed" {
		t.Errorf("got %+v", e)
	}
}
