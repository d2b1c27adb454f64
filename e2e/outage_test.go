package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// outage is an installation on a PostgreSQL of its own, with somebody at work.
type outage struct {
	server  *databasetest.OwnServer
	node    *node
	program *client
	desk    *client
	screen  *stream
	ticket  apiTicket
}

func startOutage(t *testing.T) *outage {
	t.Helper()
	o := &outage{server: databasetest.NewServer(t)}
	i := installOn(t, o.server.URL())
	i.set("HTTP_REQUEST_TIMEOUT", "3s")
	i.set("DATABASE_TIMEOUT", "2s")
	password, token := i.administrator()
	o.node = i.start()
	o.program = program(o.node.url, token)
	o.desk = browser(t, o.node.url, adminEmail, password)
	o.ticket = o.program.open(t, "Before the outage")
	o.screen = follow(t, token, []string{"queue"}, o.node.url)
	return o
}

// told expects that programs and people are told that the database is away: in
// words, soon, and with when to come again.
func (o *outage) told(t *testing.T) {
	t.Helper()
	var wg sync.WaitGroup
	for _, ask := range []func() answer{
		func() answer { return o.program.must(t, http.MethodGet, "/tickets/"+o.ticket.Number, nil) },
		func() answer { return o.program.must(t, http.MethodPost, "/tickets", newIncident("In the outage")) },
		func() answer { return o.program.must(t, http.MethodGet, "/tickets?filter=state:open", nil) },
		func() answer {
			return o.program.must(t, http.MethodPost, "/tickets/"+o.ticket.Number+"/notes", map[string]any{"body": "In the outage"})
		},
		func() answer { return o.desk.mustGet(t, "/queue") },
		func() answer { return o.desk.mustGet(t, "/portal") },
		func() answer { return o.desk.mustGet(t, "/queue", "HX-Request", "true") },
		func() answer {
			return browser(t, o.node.url, "", "").mustForm(t, "/sign-in", map[string][]string{"email": {adminEmail}, "password": {"whatever"}})
		},
	} {
		wg.Go(func() {
			began := time.Now()
			a := ask()
			if a.status != http.StatusServiceUnavailable {
				t.Errorf("want 503, got %s", a)
				return
			}
			if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 {
				t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("the answer took %s", took)
			}
			words := ""
			if strings.Contains(a.header.Get("Content-Type"), "json") {
				words = a.problem(t).Detail
			} else {
				words = a.page(t).Text()
			}
			if !strings.Contains(words, "try again") && !strings.Contains(words, "Please try again") {
				t.Errorf("no word of what to do: %s", a)
			}
		})
	}
	wg.Wait()
	if a := o.desk.mustGet(t, "/healthz"); a.status != http.StatusOK {
		t.Errorf("the process is alive and says %s", a)
	}
}

// recovers expects that everything goes on by itself within seconds.
func (o *outage) recovers(t *testing.T, key string) {
	t.Helper()
	began := time.Now()
	if err := o.node.ready(10 * time.Second); err != nil {
		t.Fatalf("the node did not become ready again: %v\n%s", err, o.node.out)
	}
	var made apiTicket
	eventually(t, 5*time.Second, "tickets can be opened again", func() bool {
		a := o.program.must(t, http.MethodPost, "/tickets", newIncident("After the outage"), "Idempotency-Key", key)
		if a.status == http.StatusCreated {
			a.into(t, &made)
		}
		return a.status == http.StatusCreated
	})
	eventually(t, 10*time.Second, "the open screen hears of it", func() bool {
		_, ok := o.screen.has(strconv.FormatInt(made.ID, 10))
		return ok
	})
	if a := o.desk.mustGet(t, "/queue"); a.status != http.StatusOK {
		t.Errorf("the desk says %s", a)
	}
	for _, ticket := range o.program.export(t) {
		if ticket.Title == "In the outage" || len(ticket.Timeline) != 1 {
			t.Errorf("something that was refused is there: %+v", ticket)
		}
	}
	t.Logf("everything went on after %s", time.Since(began))
}

func TestTheDatabaseGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	o := startOutage(t)
	for _, end := range []struct {
		name string
		fn   func()
	}{{"stopped", o.server.Stop}, {"killed", o.server.Kill}} {
		end.fn()
		eventually(t, 10*time.Second, "the node says that it is not ready", func() bool { return !o.node.isReady(t.Context()) })
		o.told(t)
		o.server.Start()
		o.recovers(t, end.name)
	}
	// An outage that the queue did not notice is none to it; from each that it noticed it comes back.
	eventually(t, 30*time.Second, "jobs are worked again", func() bool {
		out := o.node.out.String()
		return strings.LastIndex(out, "the queue's tables can be worked again") >= strings.LastIndex(out, "the queue's tables cannot be worked")
	})
	o.node.blameless()
	o.node.stop()
}

func TestTheDatabaseHangsForAWhile(t *testing.T) {
	t.Parallel()
	o := startOutage(t)
	o.server.Freeze()
	eventually(t, 15*time.Second, "the node says that it is not ready", func() bool { return !o.node.isReady(t.Context()) })
	o.told(t)
	o.server.Thaw()
	o.recovers(t, "hung")
	o.node.blameless()
	o.node.stop()
}

// TestAStartWithoutADatabaseSaysSo names what is missing, and nothing secret.
func TestAStartWithoutADatabaseSaysSo(t *testing.T) {
	t.Parallel()
	i := installOn(t, "postgres://steward:hunter2@127.0.0.1:1/steward")
	_, err := i.try("serve")
	if err == nil {
		t.Fatal("it started")
	}
	if text := err.Error(); !strings.Contains(text, "cannot be reached") || strings.Contains(text, "hunter2") {
		t.Errorf("it says %s", text)
	}
}
