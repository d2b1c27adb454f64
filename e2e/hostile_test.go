package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestAFormFromAnotherSiteIsRefused sends what a page elsewhere can make a
// signed-in browser send.
func TestAFormFromAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		password, token := i.administrator()
		n := i.start()
		desk := browser(t, n.url, adminEmail, password)
		form := url.Values{"kind": {"incident"}, "title": {"Forged"}, "body": {"Forged"}}
		for _, from := range [][]string{
			{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
			{"Origin", "https://evil.example"},
			{"Origin", "null"},
			{"Sec-Fetch-Site", "same-site"},
			{"Origin", n.url + ".evil.example"},
		} {
			for _, path := range []string{"/portal/new", "/sign-out", "/sign-in", "/profile/tokens"} {
				a := desk.mustForm(t, path, form, from...)
				if a.status != http.StatusForbidden {
					t.Errorf("%s from %v: %s", path, from, a)
				}
				if !strings.Contains(a.page(t).Text(), "another site") {
					t.Errorf("%s: nobody is told why: %s", path, a)
				}
			}
			a, err := desk.request(t.Context(), http.MethodPost, "/api/v1/tickets", strings.NewReader(`{"kind":"incident","title":"Forged"}`),
				append([]string{"Content-Type", "application/json"}, from...)...)
			if err != nil || a.status != http.StatusForbidden {
				t.Errorf("the API from %v: %s %v", from, a, err)
			}
			a.problem(t)
		}
		// A form that claims to be JSON, which a page elsewhere may send without being asked.
		a, err := desk.request(t.Context(), http.MethodPost, "/api/v1/tickets", strings.NewReader(`{"kind":"incident","title":"Forged"}`), "Content-Type", "text/plain")
		if err != nil || a.status != http.StatusUnsupportedMediaType {
			t.Errorf("JSON as plain text: %s %v", a, err)
		}
		if tickets := program(n.url, token).export(t); len(tickets) != 0 {
			t.Errorf("%d forged tickets are there", len(tickets))
		}
		if a := desk.mustForm(t, "/portal/new", form, "Origin", n.url, "Sec-Fetch-Site", "same-origin"); a.status != http.StatusSeeOther {
			t.Errorf("an honest form: %s", a)
		}
		n.calm()
	})
}

// TestAStolenCookieIsWorthNothingAfterSignOut goes on with a copy of the cookies
// after their owner has signed out.
func TestAStolenCookieIsWorthNothingAfterSignOut(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		password, _ := i.administrator()
		n := i.start()
		owner, thief := browser(t, n.url, adminEmail, password), browser(t, n.url, "", "")
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		jar.SetCookies(thief.parsed(t), owner.http.Jar.Cookies(owner.parsed(t)))
		thief.http.Jar = jar
		stolen := thief.http.Jar.Cookies(thief.parsed(t))
		if a := thief.mustGet(t, "/queue"); a.status != http.StatusOK {
			t.Fatalf("before: %s", a)
		}
		patient := &http.Client{Jar: jar, Timeout: time.Minute}
		stream, err := patient.Get(n.url + "/live?topic=queue")
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Body.Close()
		listening := make(chan error, 1)
		go func() { // an open stream ends, too
			text, err := io.ReadAll(stream.Body)
			if err == nil && !strings.Contains(string(text), "event: denied") {
				err = fmt.Errorf("it ended without a word: %s", text)
			}
			listening <- err
		}()
		if a := owner.mustForm(t, "/sign-out", nil); a.status != http.StatusSeeOther {
			t.Fatalf("signing out: %s", a)
		}
		thief.http.Jar.SetCookies(thief.parsed(t), stolen)
		if a := thief.mustGet(t, "/queue"); a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), "/sign-in") {
			t.Errorf("a page: %s", a)
		}
		thief.http.Jar.SetCookies(thief.parsed(t), stolen)
		if a := thief.mustForm(t, "/queue/views", url.Values{"name": {"x"}}); a.status != http.StatusUnauthorized {
			t.Errorf("a form: %s", a)
		}
		thief.http.Jar.SetCookies(thief.parsed(t), stolen)
		for _, path := range []string{"/tickets", "/kinds", "/tickets/export"} {
			if a := thief.must(t, http.MethodGet, path, nil); a.status != http.StatusUnauthorized {
				t.Errorf("the API: %s: %s", path, a)
			}
		}
		if err := <-listening; err != nil {
			t.Errorf("the stream: %v", err)
		}
		n.calm()
	})
}

// TestTwoAgentsSaveAtOnce lets several save the same version: one is first, the
// others are told what is there now and lose nothing.
func TestTwoAgentsSaveAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		_, token := i.administrator()
		n := i.start()
		c := program(n.url, token)
		ticket := c.open(t, "Version 0")
		const rounds, agents = 20, 4
		for round := range rounds {
			answers := make([]answer, agents)
			var wg sync.WaitGroup
			for agent := range agents {
				wg.Go(func() {
					answers[agent] = c.must(t, http.MethodPatch, "/tickets/"+ticket.Number,
						map[string]any{"title": fmt.Sprintf("Version %d by %d", round+1, agent)}, "If-Match", strconv.Quote(strconv.Itoa(ticket.Version)))
				})
			}
			wg.Wait()
			won := -1
			for agent, a := range answers {
				if a.status == http.StatusOK {
					if won >= 0 {
						t.Errorf("round %d: %d and %d both saved version %d", round, won, agent, ticket.Version)
					}
					won = agent
					a.into(t, &ticket)
				}
			}
			if won < 0 {
				t.Fatalf("round %d: nobody could save: %v", round, answers)
			}
			for agent, a := range answers {
				if agent == won {
					continue
				}
				if a.status != http.StatusPreconditionFailed {
					t.Errorf("round %d: who came late is answered with %s", round, a)
					continue
				}
				if p := a.problem(t); p.Current == nil || p.Current.Title != ticket.Title || p.Current.Version != ticket.Version {
					t.Errorf("round %d: who came late is not told what is there now: %s", round, a)
				}
			}
		}
		c.want(t, http.StatusPreconditionRequired, http.MethodPatch, "/tickets/"+ticket.Number, map[string]any{"title": "Blindly"}).problem(t)
		saved := c.export(t)[0]
		replays(t, saved)
		if saved.Version != rounds+1 || len(saved.Timeline) != rounds+1 {
			t.Errorf("%d versions and %d entries after %d rounds", saved.Version, len(saved.Timeline), rounds)
		}
		n.calm()
	})
}

// TestHostileAddressesAreAnsweredInWords asks for what only a scanner asks for.
func TestHostileAddressesAreAnsweredInWords(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("(", 2000) + "state:open" + strings.Repeat(")", 2000)
	filters := []string{
		deep, strings.Repeat("-", 5000) + "state:open", strings.Repeat("state:open or ", 500) + "state:open", strings.Repeat("a ", 3900), `"`, `\`, ":", "::",
		"state:", ":open", "created:<0000-00-00", "created:99999999999999999999", "created:..", "priority:>1e999", "priority:NaN", "priority:-9223372036854775809",
		"requester:#99999999999999999999999", "requester:'; DROP TABLE tickets;--", "tag:" + strings.Repeat("x", 7000), "title:%", "title:_", `title:"%_\"`,
		"assignee:me or", "not not not", "(((", ")))", "state:(open", "\x00", "\xff\xfe", "state:open\r\nX: 1", "updated:>now-99999999999d", "updated:<9999999-01-01",
		strings.Repeat("número:1 ", 400), "field.x:1", "field..:1", "id:1", "#1", "INC-99999999999999999999", "-", "or", "and and",
		"\u201ca b", "title:\u201ea b c", "requester:\u00aba b", strings.Repeat("é", 4095) + " é", "a" + strings.Repeat("\u2003", 3000),
	}
	paths := []string{
		"/tickets?limit=-1", "/tickets?limit=999999999999999999999", "/tickets?limit=0", "/tickets?cursor=%00", "/tickets?cursor=" + strings.Repeat("A", 9000),
		"/tickets?cursor=eyJhIjoxfQ", "/tickets?sort=;drop", "/tickets?sort=" + strings.Repeat("a,", 3000), "/tickets?unknown=1", "/tickets?filter=a&filter=b",
		"/tickets/%00", "/tickets/-1", "/tickets/0", "/tickets/99999999999999999999", "/tickets/INC-1%0d%0aX:1", "/tickets/..%2f..%2fetc%2fpasswd", "/tickets/%ff%fe",
		"/tickets?zone=../../etc/passwd", "/tickets?zone=Local", "/tickets?fields=" + strings.Repeat("x,", 3000), "/attachments/-1/content", "/attachments/1/content",
		"/attachments/9223372036854775808", "/search?q=", "/search?q=%22", "/search?q=" + strings.Repeat("%22a%22*", 60), "/search?q=NEAR(a+b)", "/search?q=a*+OR+b:c+-d",
		"/search?q=%25%00", "/tickets/similar?title=" + strings.Repeat("a+", 240), "/tickets/export?format=exe", "/kinds/..", "/kinds/%2e%2e", "/nothing", "//tickets", "/tickets;a=b",
		"/tickets?" + strings.Repeat("a=b&", 2000),
	}
	for _, f := range filters {
		paths = append(paths, "/tickets?count=true&filter="+url.QueryEscape(f))
	}
	onEach(t, func(t *testing.T, i *installation) {
		password, token := i.administrator()
		n := i.start()
		c, desk := program(n.url, token), browser(t, n.url, adminEmail, password)
		c.open(t, "Something to find")
		const patience = 5 * time.Second
		for _, path := range paths {
			began := time.Now()
			a := c.must(t, http.MethodGet, path, nil)
			if took := time.Since(began); a.status >= 500 || took > patience {
				t.Errorf("%.200s took %s and is answered with %s", path, took, a)
			}
			if a.status >= 400 {
				a.problem(t)
			}
		}
		for _, f := range filters {
			for _, page := range []string{"/queue?q=", "/search?q=", "/queue/complete?q=", "/queue/complete?at=3&q=", "/queue/complete?at=-9999999999&q=", "/queue/changes?q=", "/queue/export?q=", "/palette?q=", "/portal/tickets?q=", "/portal/new/similar?title="} {
				began := time.Now()
				a := desk.mustGet(t, page+url.QueryEscape(f))
				if took := time.Since(began); a.status >= 500 || took > patience {
					t.Errorf("%s%.200q took %s and is answered with %s", page, f, took, a)
				}
			}
		}
		for _, path := range []string{"/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fgo.mod", "/assets/", "/tickets/%00", "/people/-1", "/people/99999999999999999999", "/queue?after=%00", "/queue?columns=" + strings.Repeat("x,", 3000), "/audit?cursor=x", "/jobs?state=x"} {
			if a := desk.mustGet(t, path); a.status >= 500 {
				t.Errorf("%s is answered with %s", path, a)
			} else if a.status >= 400 && a.status != http.StatusNotFound {
				a.page(t)
			}
		}
		// More than the headers may hold.
		if a, err := c.request(t.Context(), http.MethodGet, "/api/v1/tickets?filter="+strings.Repeat("a", 200_000), http.NoBody); err != nil || a.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("an endless address: %s: %v", a, err)
		}
		for name, body := range map[string]string{
			"deep": strings.Repeat(`{"a":`, 100_000), "lists": strings.Repeat("[", 100_000), "two": `{"kind":"incident","title":"a"}{"kind":"incident"}`, "null": "null",
			"number": `{"kind":"incident","title":"x","impact":1e400}`, "text": `{"kind":"incident","title":7}`, "nothing": "", "half": `{"kind":"inci`,
			"keys": `{` + strings.Repeat(`"a":1,`, 50_000) + `"kind":"incident"}`, "fields": `{"kind":"incident","title":"x","fields":{"` + strings.Repeat("k", 100_000) + `":"v"}}`,
			"ids": `{"kind":"incident","title":"x","requester_id":9223372036854775807}`, "watchers": `{"kind":"incident","title":"x","watchers":[-1]}`,
		} {
			a, err := c.request(t.Context(), http.MethodPost, "/api/v1/tickets", strings.NewReader(body), "Content-Type", "application/json")
			if err != nil || a.status < 400 || a.status >= 500 {
				t.Errorf("a body (%s) is answered with %s: %v", name, a, err)
			} else {
				a.problem(t)
			}
		}
		n.calm()
		c.open(t, "Still at work")
	})
}

// TestWhoDoesNotFinishAskingIsCutOff opens connections that never get to the
// point. Others do not notice.
func TestWhoDoesNotFinishAskingIsCutOff(t *testing.T) {
	t.Parallel()
	i := install(t, engines()[0])
	i.set("HTTP_REQUEST_TIMEOUT", "2s")
	_, token := i.administrator()
	n := i.start()
	address := strings.TrimPrefix(n.url, "http://")
	began := time.Now()
	const many = 300
	var wg sync.WaitGroup
	longest := make([]time.Duration, many)
	for at := range many {
		opening := "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
		if at%3 == 0 {
			opening = "POST /api/v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
		}
		if at%3 == 1 {
			opening = ""
		}
		wg.Go(func() {
			conn, err := net.DialTimeout("tcp", address, 5*time.Second)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // a TCP connection takes deadlines
			if _, err := conn.Write([]byte(opening)); err != nil {
				t.Error(err)
				return
			}
			stop := make(chan struct{})
			defer close(stop)
			go func() { // a byte now and then
				drip := time.NewTicker(500 * time.Millisecond)
				defer drip.Stop()
				for {
					select {
					case <-stop:
						return
					case <-drip.C:
						if _, err := conn.Write([]byte("a")); err != nil {
							return
						}
					}
				}
			}()
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, errTimeout(err)) {
				t.Errorf("a connection that began with %.40q is still open after a minute", opening)
			}
			longest[at] = time.Since(began)
		})
	}
	c := program(n.url, token)
	for round := range 5 {
		began := time.Now()
		c.open(t, fmt.Sprintf("Meanwhile %d", round))
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("others wait for %s", took)
		}
		pause(200 * time.Millisecond)
	}
	wg.Wait()
	var most time.Duration
	for _, took := range longest {
		most = max(most, took)
	}
	if most > 30*time.Second {
		t.Errorf("the most patient connection was held for %s", most)
	}
	n.calm()
	t.Logf("all %d were cut off within %s", many, most)
}

// errTimeout gives err itself if it is a timeout, and something else if not.
func errTimeout(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return err
	}
	return io.EOF
}
