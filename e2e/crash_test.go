package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// ledger is what clients were told was saved.
type ledger struct {
	mu      sync.Mutex
	tickets map[string]string // idempotency key -> number
	notes   map[string]int    // text of a note -> times it was acknowledged
	asked   int
}

// TestNothingAcknowledgedIsLostWhenTheProcessIsKilled kills a node again and
// again while clients create tickets and write notes, and then compares what
// they were told with what is there: everything acknowledged exists, and
// nothing that was asked for once exists twice.
func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	rounds := 100
	if n, err := strconv.Atoi(os.Getenv("STEWARD_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	if testing.Short() {
		rounds = 5
	}
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			i := install(t, engine)
			i.run("demo")
			token := lastLine(i.run("token", "create", "--email", demoAgent, "--name", "crash test"))
			l := &ledger{tickets: map[string]string{}, notes: map[string]int{}}
			random := rand.New(rand.NewPCG(1, uint64(rounds)))
			for round := range rounds {
				n := i.start()
				var wg sync.WaitGroup
				stop := make(chan struct{})
				for client := range 4 {
					wg.Go(func() { l.load(n.url, token, fmt.Sprintf("%s-%d-%d", engine, round, client), stop) })
				}
				timer := time.NewTimer(time.Duration(20+random.IntN(250)) * time.Millisecond)
				<-timer.C
				n.kill()
				close(stop)
				wg.Wait()
			}
			n := i.start()
			l.compare(t, n.url, token)
			t.Logf("%d kills; %d asked for, %d tickets and %d notes acknowledged", rounds, l.asked, len(l.tickets), len(l.notes))
		})
	}
}

// load creates tickets and notes until the node is gone. A request without an
// answer is asked again under the same key by the next round's comparison only:
// its outcome is unknown, and both are right.
func (l *ledger) load(url, token, name string, stop <-chan struct{}) {
	client := &http.Client{Timeout: 5 * time.Second}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		key := fmt.Sprintf("%s-%d", name, i)
		l.mu.Lock()
		l.asked++
		l.mu.Unlock()
		var made struct{ Number string }
		if call(client, http.MethodPost, url+"/api/v1/tickets", token, key, map[string]string{"kind": "incident", "title": "Crash " + key, "channel": "api"}, &made) != nil {
			return
		}
		l.mu.Lock()
		l.tickets[key] = made.Number
		l.mu.Unlock()
		if call(client, http.MethodPost, url+"/api/v1/tickets/"+made.Number+"/notes", token, key+"-note", map[string]string{"body": "Note " + key}, nil) != nil {
			return
		}
		l.mu.Lock()
		l.notes["Note "+key]++
		l.mu.Unlock()
	}
}

func (l *ledger) compare(t *testing.T, url, token string) {
	t.Helper()
	client := &http.Client{Timeout: 20 * time.Second}
	for key, number := range l.tickets {
		var got struct{ Title string }
		if err := call(client, http.MethodGet, url+"/api/v1/tickets/"+number, token, "", nil, &got); err != nil || got.Title != "Crash "+key {
			t.Errorf("%s was acknowledged as %s and is now %q: %v", key, number, got.Title, err)
		}
		// Asking again under the same key must give the same ticket.
		var again struct{ Number string }
		err := call(client, http.MethodPost, url+"/api/v1/tickets", token, key, map[string]string{"kind": "incident", "title": "Crash " + key, "channel": "api"}, &again)
		if err != nil || again.Number != number {
			t.Errorf("%s was %s and is %s when asked again: %v", key, number, again.Number, err)
		}
		var events struct {
			Items []struct {
				Type string
				Body string
			}
		}
		if err := call(client, http.MethodGet, url+"/api/v1/tickets/"+number+"/timeline", token, "", nil, &events); err != nil {
			t.Errorf("timeline of %s: %v", number, err)
			continue
		}
		notes := 0
		for _, e := range events.Items {
			if e.Body == "Note "+key {
				notes++
			}
		}
		if want := l.notes["Note "+key]; notes < want || notes > 1 {
			t.Errorf("%s has the note %d times, acknowledged %d times", number, notes, want)
		}
	}
}

// call makes one API request; an error is anything but a success.
func call(client *http.Client, method, url, token, key string, in, out any) error {
	var body io.Reader = http.NoBody
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 10<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

func lastLine(text string) string {
	lines := strings.Fields(text)
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}
