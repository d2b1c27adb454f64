package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// client talks to a node as a program with an API token does, or, with a cookie
// jar, as a browser without scripts.
type client struct {
	url   string
	token string
	http  *http.Client
}

func program(url, token string) *client {
	return &client{url: url, token: token, http: &http.Client{Timeout: 30 * time.Second}}
}

// browser gives a client that is signed in by the form.
func browser(t *testing.T, url, email, password string) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{url: url, http: &http.Client{
		Timeout: 30 * time.Second, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if email == "" {
		return c
	}
	a := c.mustForm(t, "/sign-in", map[string][]string{"email": {email}, "password": {password}})
	if a.status != http.StatusSeeOther || len(jar.Cookies(c.parsed(t))) == 0 {
		t.Fatalf("signing in was answered with %s", a)
	}
	return c
}

func (c *client) parsed(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(c.url)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// answer is what a node said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string {
	return fmt.Sprintf("%d %s", a.status, a.body[:min(len(a.body), 2000)])
}

// into decodes the JSON body.
func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v in %s", err, a)
	}
}

// problem reads the body as problem+json and expects that it is one, in words
// for people and without anything of the inside.
func (a answer) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("the refusal is %q: %s", got, a)
		return p
	}
	a.into(t, &p)
	if p.Status != a.status || p.Detail == "" || p.RequestID == "" {
		t.Errorf("not a whole problem: %s", a)
	}
	noInternals(t, p.Detail)
	return p
}

// page reads the body as a page and expects that it speaks to people.
func (a answer) page(t *testing.T) *goquery.Document {
	t.Helper()
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "text/html") {
		t.Errorf("the page is %q: %s", got, a)
	}
	doc, err := a.document()
	if err != nil {
		t.Fatal(err)
	}
	noInternals(t, doc.Find("body").Text())
	return doc
}

// document parses the body as HTML.
func (a answer) document() (*goquery.Document, error) {
	return goquery.NewDocumentFromReader(bytes.NewReader(a.body))
}

func noInternals(t *testing.T, text string) {
	t.Helper()
	for _, inside := range []string{"SQLSTATE", "sqlite", "pgx", "goroutine", "panic", "dial tcp", "ECONN", "no such table", "INSERT INTO", "SELECT ", "postgres"} {
		if strings.Contains(text, inside) {
			t.Errorf("%q is shown to people: %s", inside, text)
		}
	}
}

type problem struct {
	Type      string
	Status    int
	Detail    string
	RequestID string `json:"request_id"`
	Errors    []struct{ Name, Message string }
	Current   *apiTicket
}

// request makes any request; headers come in pairs.
func (c *client) request(ctx context.Context, method, path string, body io.Reader, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return answer{}, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, text}, err
}

// call makes an API request; in is sent as JSON unless nil.
func (c *client) call(method, path string, in any, headers ...string) (answer, error) {
	var body io.Reader = http.NoBody
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(text)
		media := "application/json"
		if method == http.MethodPatch {
			media = "application/merge-patch+json"
		}
		headers = append([]string{"Content-Type", media}, headers...)
	}
	return c.request(context.Background(), method, "/api/v1"+path, body, headers...)
}

// must makes an API request that has to be answered, with whatever.
func (c *client) must(t *testing.T, method, path string, in any, headers ...string) answer {
	t.Helper()
	a, err := c.call(method, path, in, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// want makes an API request that has to be answered with the status.
func (c *client) want(t *testing.T, status int, method, path string, in any, headers ...string) answer {
	t.Helper()
	a := c.must(t, method, path, in, headers...)
	if a.status != status {
		t.Fatalf("%s %s: want %d, got %s", method, path, status, a)
	}
	return a
}

// mustGet reads a page.
func (c *client) mustGet(t *testing.T, path string, headers ...string) answer {
	t.Helper()
	a, err := c.request(t.Context(), http.MethodGet, path, http.NoBody, headers...)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return a
}

// mustForm sends a form.
func (c *client) mustForm(t *testing.T, path string, form url.Values, headers ...string) answer {
	t.Helper()
	headers = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)
	a, err := c.request(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()), headers...)
	if err != nil {
		t.Fatalf("POST %s: %v", path, err)
	}
	return a
}

// apiTicket is what these tests look at of a ticket.
type apiTicket struct {
	ID          int64
	Number      string
	Title       string
	Description string
	State       struct{ Key string }
	Priority    struct{ Value int }
	Tags        []string
	Assignee    *struct{ ID int64 }
	Version     int
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Timeline    []apiEntry
}

// apiEntry is what these tests look at of an entry of a timeline.
type apiEntry struct {
	Seq         int
	At          time.Time
	Type        string
	Message     string
	Changes     []struct{ Field, From, To string }
	Attachments []struct {
		ID           int64
		Name, SHA256 string
	}
}

// newIncident is the least there can be.
func newIncident(title string) map[string]any {
	return map[string]any{"kind": "incident", "title": title}
}

// open makes a ticket.
func (c *client) open(t *testing.T, title string) apiTicket {
	t.Helper()
	var made apiTicket
	c.want(t, http.StatusCreated, http.MethodPost, "/tickets", newIncident(title)).into(t, &made)
	return made
}

// export reads every ticket with its whole timeline; after an hour of work they are many.
func (c *client) export(t *testing.T) []apiTicket {
	t.Helper()
	patient := &client{url: c.url, token: c.token, http: &http.Client{Timeout: 10 * time.Minute}}
	a := patient.want(t, http.StatusOK, http.MethodGet, "/tickets/export?format=json", nil)
	var out []apiTicket
	for d := json.NewDecoder(bytes.NewReader(a.body)); d.More(); {
		var one apiTicket
		if err := d.Decode(&one); err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
	return out
}
