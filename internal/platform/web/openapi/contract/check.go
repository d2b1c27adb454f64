package contract

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Request is one valid request of an operation.
type Request struct {
	Path   map[string]string // the values of the path's parameters
	Query  map[string]string
	Header map[string]string
	Body   any    // of JSON
	Raw    []byte // of anything else, sent with Header's Content-Type
	Status int    // wanted; 0 is whatever success is described
}

// Options say how to reach the API and what to send.
type Options struct {
	URL       string // of the server with the API's prefix
	Client    *http.Client
	Authorize func(r *http.Request)
	// Requests makes fresh valid requests of an operation, by its id: all that
	// they refer to exists when it returns.
	Requests map[string]func(t testing.TB) []Request
}

// Check asks every operation of the served description. It gives up on the first
// operation only if the description cannot be read.
func Check(t *testing.T, o Options) {
	t.Helper()
	d := read(t, o.Client, o.URL+"/openapi.json")
	known := map[string]bool{}
	for _, op := range d.operations() {
		known[op.ID] = true
		t.Run(op.ID, func(t *testing.T) {
			op.described(t)
			op.examples(t)
			requests, ok := o.Requests[op.ID]
			if !ok {
				t.Fatalf("%s %s has no valid request to be tested with", op.Method, op.Path)
			}
			c := checker{t: t, o: o, op: op}
			for _, r := range requests(t) {
				c.valid(r)
			}
			c.withoutOptional(requests)
			c.invalid(requests(t)[0])
		})
	}
	for _, id := range slices.Sorted(maps.Keys(o.Requests)) {
		if !known[id] {
			t.Errorf("there are requests for %s, which is not described", id)
		}
	}
}

// described asks for the words a reader needs.
func (op *operation) described(t testing.TB) {
	t.Helper()
	for _, name := range []string{"summary", "description", "tags"} {
		if op.raw[name] == nil {
			t.Errorf("%s has no %s", op.ID, name)
		}
	}
}

type checker struct {
	t  *testing.T
	o  Options
	op operation
}

func (c *checker) valid(r Request) {
	c.t.Helper()
	status, header, body := c.send(r, true)
	if status/100 != 2 || r.Status != 0 && status != r.Status {
		c.t.Errorf("%s: the valid request %s was answered with %d: %.500s", c.op.ID, show(r), status, body)
		return
	}
	if err := c.op.check(status, header, body); err != nil {
		c.t.Errorf("%s: %d: %v", c.op.ID, status, err)
	}
}

// withoutOptional leaves out what may be left out, one at a time. What the
// answer is is not known, but it must be described.
func (c *checker) withoutOptional(requests func(t testing.TB) []Request) {
	schema, _ := c.op.bodySchema()
	if schema == nil {
		return
	}
	required := names(schema["required"])
	seed := object(requests(c.t)[0].Body)
	for name := range seed {
		if slices.Contains(required, name) {
			continue
		}
		r := requests(c.t)[0]
		body := object(r.Body)
		delete(body, name)
		r.Body = body
		c.answered(r, "without "+name, 0)
	}
}

// answered sends a request and wants a described answer, of the status unless it
// is 0.
func (c *checker) answered(r Request, what string, want int) []byte {
	c.t.Helper()
	status, header, body := c.send(r, true)
	c.judge(status, header, body, r, what, want)
	return body
}

func (c *checker) judge(status int, header http.Header, body []byte, r Request, what string, want int) {
	c.t.Helper()
	if want != 0 && status != want {
		c.t.Errorf("%s: %s: %d instead of %d for %s: %.300s", c.op.ID, what, status, want, show(r), body)
		return
	}
	if status/100 == 5 {
		c.t.Errorf("%s: %s: %d for %s: %.300s", c.op.ID, what, status, show(r), body)
	}
	if err := c.op.check(status, header, body); err != nil {
		c.t.Errorf("%s: %s: %d: %v", c.op.ID, what, status, err)
	}
	if status >= 400 && header.Get("Content-Type") != "application/problem+json" {
		c.t.Errorf("%s: %s: an error of the type %s", c.op.ID, what, header.Get("Content-Type"))
	}
}

func (c *checker) send(r Request, authorized bool) (int, http.Header, []byte) {
	c.t.Helper()
	path := c.op.Path
	for name, value := range r.Path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	query := url.Values{}
	for name, value := range r.Query {
		query.Set(name, value)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	text := r.Raw
	if r.Body != nil {
		var err error
		if text, err = json.Marshal(r.Body); err != nil {
			c.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(c.t.Context(), c.op.Method, c.o.URL+path, bytes.NewReader(text))
	if err != nil {
		c.t.Fatal(err)
	}
	if _, media := c.op.bodySchema(); media != "" && len(text) > 0 {
		req.Header.Set("Content-Type", media)
	}
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	if authorized {
		c.o.Authorize(req)
	}
	resp, err := c.o.Client.Do(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", c.op.Method, path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", c.op.Method, path, err)
	}
	return resp.StatusCode, resp.Header, body
}

func show(r Request) string {
	text, _ := json.Marshal(map[string]any{"path": r.Path, "query": r.Query, "header": r.Header, "body": r.Body})
	if len(text) > 400 {
		text = append(text[:400], "…"...)
	}
	return string(text)
}

// object gives a copy of a JSON object, however it was written in Go.
func object(v any) map[string]any {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var m map[string]any
	if json.Unmarshal(text, &m) != nil {
		return nil
	}
	return m
}

func names(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		if name, ok := item.(string); ok {
			out = append(out, name)
		}
	}
	return out
}
