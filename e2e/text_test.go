package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// difficult are texts that programs are known to spoil.
var difficult = map[string]string{
	"Hebrew":         "המדפסת בקומה 3 לא עובדת",
	"Arabic":         "الطابعة لا تعمل ﷽",
	"both ways":      "Error in \u2067המדפסת\u2069 on floor 3",
	"families":       "👨‍👩‍👧‍👦 👩🏽‍💻 🏴󠁧󠁢󠁳󠁣󠁴󠁿 1️⃣",
	"combining":      "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢ e\u0301 vs \u00e9",
	"beyond the BMP": "𝒮𝓉𝑒𝓌𝒶𝓇𝒹 𐍈 𠜎",
	"cases":          "ß ẞ İ ı ŉ ﬀ Σ ς σ",
	"Chinese":        "三楼的打印机卡纸了",
	"Thai":           "เครื่องพิมพ์ชั้นสามกระดาษติด",
	"markup":         `<script>alert(1)</script> "quoted" & 'so' <img src=x onerror=alert(1)>`,
	"templates":      "{{7*7}} ${7*7} <%= 7*7 %> #{7*7} %s %d %n",
	"SQL":            `'; DROP TABLE tickets; -- \' OR 1=1 $1 ? :x`,
	"formula":        `=HYPERLINK("http://evil.example";"click")`,
}

// TestEveryTextComesBackAsItWasWritten takes texts through both engines and
// every way out: the record, the export, the pages, the search.
func TestEveryTextComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		password, token := i.administrator()
		n := i.start()
		c, desk := program(n.url, token), browser(t, n.url, adminEmail, password)
		numbers := map[string]string{}
		for name, text := range difficult {
			made := c.want(t, http.StatusCreated, http.MethodPost, "/tickets", map[string]any{"kind": "incident", "title": text, "description": text})
			var ticket apiTicket
			made.into(t, &ticket)
			c.want(t, http.StatusCreated, http.MethodPost, "/tickets/"+ticket.Number+"/notes", map[string]any{"body": text})
			c.want(t, http.StatusOK, http.MethodGet, "/tickets/"+ticket.Number, nil).into(t, &ticket)
			if ticket.Title != text || ticket.Description != text {
				t.Errorf("%s: %q came back as %q and %q", name, text, ticket.Title, ticket.Description)
			}
			numbers[ticket.Number] = text
			page := desk.mustGet(t, "/tickets/"+ticket.Number)
			if page.status != http.StatusOK {
				t.Errorf("%s: the ticket's page says %s", name, page)
			}
			if doc := page.page(t); !strings.Contains(doc.Find("h1").Text()+doc.Find("title").Text(), text) || doc.Find("script:contains('alert(1)'), img[onerror]").Length() > 0 {
				t.Errorf("%s: the page spoils the title: %q", name, doc.Find("h1").Text())
			}
			a := c.must(t, http.MethodGet, "/tickets?filter="+url.QueryEscape("title:"+strconv.Quote(text)), nil)
			if a.status >= http.StatusInternalServerError {
				t.Errorf("%s: a filter with the text: %s", name, a)
			}
			a = c.must(t, http.MethodGet, "/search?q="+url.QueryEscape(text), nil)
			if a.status >= http.StatusInternalServerError {
				t.Errorf("%s: a search for the text: %s", name, a)
			}
			for _, path := range []string{"/search?q=", "/queue?q=", "/palette?q=", "/queue?filter="} {
				if a := desk.mustGet(t, path+url.QueryEscape(text)); a.status >= http.StatusInternalServerError {
					t.Errorf("%s: %s: %s", name, path, a)
				}
			}
		}
		for _, ticket := range c.export(t) {
			if ticket.Title != numbers[ticket.Number] || ticket.Timeline[1].Message != ticket.Title {
				t.Errorf("the export has %q for %q", ticket.Title, numbers[ticket.Number])
			}
			replays(t, ticket)
		}
		for word, name := range map[string]string{"המדפסת": "Hebrew", "الطابعة": "Arabic", "ประเทศ": ""} {
			var hits struct {
				Items []struct{ Ticket apiTicket }
			}
			c.want(t, http.StatusOK, http.MethodGet, "/search?q="+url.QueryEscape(word), nil).into(t, &hits)
			found := slices.ContainsFunc(hits.Items, func(h struct{ Ticket apiTicket }) bool { return h.Ticket.Title == difficult[name] })
			if found != (name != "") {
				t.Errorf("the search for %s found %d tickets", word, len(hits.Items))
			}
		}
		n.calm()
	})
}

// TestTextThatNobodyCanStoreIsRefused sends what is no text.
func TestTextThatNobodyCanStoreIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		password, token := i.administrator()
		n := i.start()
		c, desk := program(n.url, token), browser(t, n.url, adminEmail, password)
		for name, title := range map[string]string{"a NUL": "a\x00b", "half of UTF-8": "a\xc3", "an overlong slash": "\xc0\xaf", "a surrogate": "\xed\xa0\x80"} {
			raw := `{"kind":"incident","title":"x","description":"` + strings.ReplaceAll(title, "\x00", `\u0000`) + `"}`
			a, err := c.request(t.Context(), http.MethodPost, "/api/v1/tickets", strings.NewReader(raw), "Content-Type", "application/json")
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case a.status >= 400 && a.status < 500:
				a.problem(t)
			case a.status != http.StatusCreated || !strings.Contains(string(a.body), "\ufffd"): // what could not be read is marked as such
				t.Errorf("%s: %s", name, a)
			}
			form := desk.mustForm(t, "/portal/new", url.Values{"kind": {"incident"}, "title": {title}, "body": {title}})
			if form.status != http.StatusUnprocessableEntity {
				t.Errorf("%s by form: %s", name, form)
			}
			form.page(t)
			if a := desk.mustGet(t, "/queue?q="+url.QueryEscape(title)); a.status >= 500 {
				t.Errorf("%s in a query: %s", name, a)
			}
		}
		n.calm()
	})
}

// TestNothingThatIsWrittenBecomesAHeader puts line ends where texts get into
// headers, and reads the answers byte by byte.
func TestNothingThatIsWrittenBecomesAHeader(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		password, token := i.administrator()
		n := i.start()
		c := program(n.url, token)
		const evil = "a\r\nSet-Cookie: session=stolen\r\nX-Evil: 1\r\n\r\n<script>"
		clean := func(what string, h http.Header) {
			t.Helper()
			if h.Get("X-Evil") != "" || strings.Contains(fmt.Sprint(h["Set-Cookie"]), "stolen") {
				t.Errorf("%s: a header was injected: %v", what, h)
			}
		}
		made := c.want(t, http.StatusCreated, http.MethodPost, "/tickets", newIncident(evil))
		var ticket apiTicket
		made.into(t, &ticket)
		if strings.ContainsAny(ticket.Title, "\r\n") {
			t.Errorf("the title has line ends: %q", ticket.Title)
		}
		clean("title", made.header)
		for name, file := range map[string]string{
			"line ends": evil + ".txt", "quotes": `a"; filename="evil.html`, "folders": `..\..\..//etc/passwd`, "a page": "evil.html",
			"Hebrew": "חשבונית.pdf", "the wrong way": "invoice\u202efdp.exe", "long": strings.Repeat("ü", 240) + ".png",
		} {
			a, err := c.request(t.Context(), http.MethodPost, "/api/v1/tickets/"+ticket.Number+"/attachments?name="+url.QueryEscape(file),
				strings.NewReader("<script>alert(1)</script>"), "Content-Type", "text/html")
			if err != nil {
				t.Fatal(err)
			}
			clean(name, a.header)
			if a.status != http.StatusCreated {
				a.problem(t)
				continue
			}
			var stored struct {
				ID   int64
				Name string
			}
			a.into(t, &stored)
			down := c.want(t, http.StatusOK, http.MethodGet, "/attachments/"+strconv.FormatInt(stored.ID, 10)+"/content", nil)
			clean(name, down.header)
			disposition, params, err := mime.ParseMediaType(down.header.Get("Content-Disposition"))
			if err != nil || disposition != "attachment" || params["filename"] == "evil.html" && file != "evil.html" || strings.ContainsAny(params["filename"], "\r\n/\\\u202e") {
				t.Errorf("%s: downloads as %q (%v)", name, down.header.Get("Content-Disposition"), err)
			}
			if media := down.header.Get("Content-Type"); strings.Contains(media, "html") {
				t.Errorf("%s: a browser would run %s", name, media)
			}
		}

		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="a%0d%0aX-Evil: 1.txt"`}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		a, err := c.request(t.Context(), http.MethodPost, "/api/v1/attachments", &body, "Content-Type", form.FormDataContentType())
		if err != nil || a.status >= 500 {
			t.Errorf("a form with a hostile file name: %s: %v", a, err)
		}
		clean("form", a.header)

		desk := browser(t, n.url, "", "")
		for _, next := range []string{evil, "//evil.example", `/\evil.example`, "https://evil.example/", "/\t/evil.example", "javascript:alert(1)"} {
			a := desk.mustForm(t, "/sign-in", url.Values{"email": {adminEmail}, "password": {password}, "next": {next}})
			clean("next", a.header)
			if to := a.header.Get("Location"); !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, "evil") && strings.HasPrefix(to, `/\`) {
				t.Errorf("signing in leads from %q to %q", next, to)
			}
		}

		for _, id := range []string{"ok-id", "a b", strings.Repeat("x", 5000), "a\tb", "é", `"><script>`} {
			raw := rawRequest(t, n.url, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: "+id+"\r\nConnection: close\r\n\r\n")
			clean("request id", raw.Header)
			if got := raw.Header.Get("X-Request-Id"); got == "" || got != id && len(got) > 200 || id != "ok-id" && got == id {
				t.Errorf("the request id %.20q was taken as %.20q", id, got)
			}
		}
		n.calm()
	})
}

// rawRequest sends bytes as they are and reads one answer.
func rawRequest(t *testing.T, base, text string) *http.Response {
	t.Helper()
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(base, "http://"), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second)) // a TCP connection takes deadlines
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	defer resp.Body.Close()
	return resp
}
