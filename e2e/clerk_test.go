package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clerk is a program that keeps at its work whatever happens to the server:
// what was not acknowledged it asks for again in the same words, as a careful
// client does. It knows exactly what it was told, so that this can be compared
// with what is there.
type clerk struct {
	name    string
	client  *client
	shared  string        // a ticket that all clerks write notes on
	think   time.Duration // between one step and the next
	current *record
	step    int
	unsure  bool // the last request of this step was not answered
	done    []*record
	count   atomic.Int64 // of done, for others to look at meanwhile
	acks    int
	retries int
	wrong   []string // answers there is no excuse for
}

// record is a ticket as its only writer was told that it is.
type record struct {
	title   string
	number  string
	id      int64
	version int
	tags    []string
	state   string
	entries []string          // types, in order
	texts   []string          // of notes and replies
	files   map[string]string // hash by name
	shared  string            // the note on the shared ticket
}

func newClerk(name, token string) *clerk {
	return &clerk{name: name, client: &client{token: token, http: &http.Client{Timeout: 10 * time.Second}}}
}

// work takes step after step on a node until stop closes.
func (c *clerk) work(url string, stop <-chan struct{}) {
	c.client.url = url
	const patience = 15 * time.Millisecond
	for {
		select {
		case <-stop:
			return
		default:
		}
		wait := patience
		if c.once() {
			wait = c.think
		}
		if wait == 0 {
			continue
		}
		select {
		case <-stop:
			return
		case <-time.After(wait):
		}
	}
}

// once tries the next step, and reports whether it was acknowledged.
func (c *clerk) once() bool {
	if c.current == nil {
		c.current = &record{title: fmt.Sprintf("Ticket %d of %s", len(c.done), c.name), files: map[string]string{}}
		c.step = 0
	}
	if c.unsure {
		c.retries++
	}
	steps := c.steps()
	ok, err := steps[c.step]()
	c.unsure = err != nil
	if !ok {
		return false
	}
	c.acks++
	if c.step++; c.step == len(steps) {
		c.done = append(c.done, c.current)
		c.count.Store(int64(len(c.done)))
		c.current = nil
	}
	return true
}

// steps are the life of a ticket; each gives true when it was acknowledged, and
// an error when nobody knows.
func (c *clerk) steps() []func() (bool, error) {
	return []func() (bool, error){
		c.open, c.note, c.tag, c.start, c.attach, c.reply, c.noteOnShared, c.resolve,
	}
}

func (c *clerk) key(of string) string { return c.current.title + " " + of }

// post makes a request that has its effect once however often it is made.
func (c *clerk) post(path, of string, in any, headers ...string) (apiTicket, bool, error) {
	var t apiTicket
	a, err := c.client.call(http.MethodPost, path, in, append([]string{"Idempotency-Key", c.key(of)}, headers...)...)
	if err != nil {
		return t, false, err
	}
	return c.told(a)
}

// told reads an answer. Being asked to come again is no failure; everything else
// but success is.
func (c *clerk) told(a answer) (apiTicket, bool, error) {
	var t apiTicket
	switch {
	case a.status < 300:
		err := json.Unmarshal(a.body, &t)
		return t, err == nil, err
	case a.status == http.StatusServiceUnavailable:
		return t, false, fmt.Errorf("unavailable: %s", a)
	}
	c.wrong = append(c.wrong, fmt.Sprintf("%s, step %d: %s", c.current.title, c.step, a))
	return t, false, fmt.Errorf("refused: %s", a)
}

// saved notes what the ticket is after a step.
func (c *clerk) saved(t apiTicket, entry string) {
	r := c.current
	r.version, r.state = t.Version, t.State.Key
	r.entries = append(r.entries, entry)
}

func (c *clerk) open() (bool, error) {
	t, ok, err := c.post("/tickets", "open", newIncident(c.current.title))
	if ok {
		c.current.number, c.current.id = t.Number, t.ID
		c.saved(t, "created")
	}
	return ok, err
}

func (c *clerk) say(kind, path string) (bool, error) {
	text := "A " + kind + " on " + c.current.title
	t, ok, err := c.post("/tickets/"+c.current.number+path, kind, map[string]any{"body": text})
	if ok {
		c.current.texts = append(c.current.texts, text)
		c.saved(t, kind)
	}
	return ok, err
}

func (c *clerk) note() (bool, error)  { return c.say("note", "/notes") }
func (c *clerk) reply() (bool, error) { return c.say("reply", "/replies") }

// tag changes a field. There is no key for that: who is unsure reads first.
func (c *clerk) tag() (bool, error) {
	r := c.current
	tags := []string{"crash", "step-" + strconv.Itoa(len(c.done)%7)}
	var a answer
	var err error
	if c.unsure {
		a, err = c.client.call(http.MethodGet, "/tickets/"+r.number, nil)
		if err != nil {
			return false, err
		}
		t, ok, err := c.told(a)
		if !ok {
			return false, err
		}
		if slices.Equal(t.Tags, tags) {
			r.tags = tags
			c.saved(t, "change")
			return true, nil
		}
		if t.Version != r.version || len(t.Tags) > 0 {
			c.wrong = append(c.wrong, fmt.Sprintf("%s was left half changed: %s", r.title, a))
		}
	}
	a, err = c.client.call(http.MethodPatch, "/tickets/"+r.number, map[string]any{"tags": tags}, "If-Match", strconv.Quote(strconv.Itoa(r.version)))
	if err != nil {
		return false, err
	}
	t, ok, err := c.told(a)
	if ok {
		r.tags = tags
		c.saved(t, "change")
	}
	return ok, err
}

func (c *clerk) move(in map[string]any) (bool, error) {
	name := in["transition"].(string)
	// The version is the one before the step also when it is asked for again.
	t, ok, err := c.post("/tickets/"+c.current.number+"/transitions", name, in, "If-Match", strconv.Quote(strconv.Itoa(c.current.version)))
	if ok {
		c.saved(t, "transition")
	}
	return ok, err
}

func (c *clerk) start() (bool, error) { return c.move(map[string]any{"transition": "start"}) }

func (c *clerk) resolve() (bool, error) {
	return c.move(map[string]any{"transition": "resolve", "resolution_code": "solved", "resolution": "It works again."})
}

// attach uploads a file that differs from all others in its bytes.
func (c *clerk) attach() (bool, error) {
	r := c.current
	name := "proof of " + r.title + ".txt"
	content := strings.Repeat(r.title+"\n", 200)
	a, err := c.client.request(context.Background(), http.MethodPost, "/api/v1/tickets/"+r.number+"/attachments?name="+strings.ReplaceAll(name, " ", "%20"),
		strings.NewReader(content), "Idempotency-Key", c.key("file"), "Content-Type", "application/octet-stream")
	if err != nil {
		return false, err
	}
	if _, ok, err := c.told(a); !ok {
		return false, err
	}
	sum := sha256.Sum256([]byte(content))
	r.files[name] = hex.EncodeToString(sum[:])
	r.entries = append(r.entries, "attach")
	return true, nil
}

func (c *clerk) noteOnShared() (bool, error) {
	if c.shared == "" {
		return true, nil
	}
	text := "Seen by " + c.current.title
	_, ok, err := c.post("/tickets/"+c.shared+"/notes", "shared", map[string]any{"body": text})
	if ok {
		c.current.shared = text
	}
	return ok, err
}

// crew is some clerks at the same desk.
type crew []*clerk

// hire makes clerks and the ticket they all write on.
func hire(t *testing.T, url, token string, n int) crew {
	t.Helper()
	shared := program(url, token).open(t, "Everybody's ticket")
	var out crew
	for i := range n {
		c := newClerk(fmt.Sprintf("clerk %d", i), token)
		c.shared = shared.Number
		out = append(out, c)
	}
	return out
}

// during lets the crew work on a node while fn runs.
func (all crew) during(url string, fn func()) {
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for _, c := range all {
		wg.Go(func() { c.work(url, stop) })
	}
	fn()
	close(stop)
	wg.Wait()
}

// finish lets every clerk end the ticket it is at; then nothing is unknown.
func (all crew) finish(t *testing.T, url string) {
	t.Helper()
	var wg sync.WaitGroup
	for _, c := range all {
		c.client.url = url
		wg.Go(func() {
			for tries := 0; c.current != nil && tries < 500; tries++ {
				if !c.once() {
					pause(10 * time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
	for _, c := range all {
		for _, w := range c.wrong {
			t.Error(w)
		}
		if c.current != nil {
			t.Errorf("%s cannot finish %q at step %d", c.name, c.current.title, c.step)
		}
	}
}

func (all crew) sum(of func(c *clerk) int) int {
	n := 0
	for _, c := range all {
		n += of(c)
	}
	return n
}

func (all crew) String() string {
	return fmt.Sprintf("%d tickets by %d acknowledged requests, %d of them asked for again",
		all.sum(func(c *clerk) int { return len(c.done) }), all.sum(func(c *clerk) int { return c.acks }), all.sum(func(c *clerk) int { return c.retries }))
}
