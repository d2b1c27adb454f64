package api_test

import (
	"bytes"
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/people"
)

func TestTitlesAndFileNamesCannotReachIntoHeaders(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		a := d.want(d.as(d.carla, "POST", "/tickets", fields{"kind": "incident", "title": "Hello\r\nSet-Cookie: session=stolen\u2028there"}), http.StatusCreated)
		if title := a.at(t, "title"); title != "Hello Set-Cookie: session=stolen there" {
			t.Errorf("title %q", title)
		}
		if a.header.Get("Set-Cookie") != "" || a.header.Get("Location") != "/api/v1/tickets/INC-1" {
			t.Errorf("headers %v", a.header)
		}
		for _, name := range []string{
			"a\r\nSet-Cookie: x=y\r\n\r\n<script>.txt", `quote".html`, "../../etc/passwd", `C:\windows\system.ini`, "r\u202egpj.exe", "Übersicht 概要.pdf", strings.Repeat("long", 60) + ".txt", ".",
		} {
			file := d.want(d.as(d.carla, "POST", "/attachments?name="+url.QueryEscape(name), "<script>alert(1)</script>", "Content-Type", "text/html"), http.StatusCreated)
			got := d.want(d.as(d.carla, "GET", fmt.Sprint(file.at(t, "content"))[len("/api/v1"):], nil), http.StatusOK)
			kind, params, err := mime.ParseMediaType(got.header.Get("Content-Disposition"))
			if err != nil || kind != "attachment" || params["filename"] == "" || strings.ContainsAny(params["filename"], "\r\n/\\\"\u202e") {
				t.Errorf("%q is offered as %q", name, got.header.Get("Content-Disposition"))
			}
			if got.header.Get("Content-Type") != "application/octet-stream" || got.header.Get("X-Content-Type-Options") != "nosniff" ||
				!strings.HasPrefix(got.header.Get("Content-Security-Policy"), "sandbox") || got.header.Get("Set-Cookie") != "" {
				t.Errorf("%q: %v", name, got.header)
			}
		}
	})
}

func TestFormsWithOtherThanOneFileAreRefused(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		send := func(fill func(w *multipart.Writer) error) answer {
			var form bytes.Buffer
			w := multipart.NewWriter(&form)
			if err := fill(w); err != nil {
				t.Fatal(err)
			}
			_ = w.Close()
			return d.as(d.carla, "POST", "/attachments", form.String(), "Content-Type", w.FormDataContentType())
		}
		file := func(w *multipart.Writer, header string) error {
			part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {header}})
			if err == nil {
				_, err = part.Write([]byte("x"))
			}
			return err
		}
		d.want(send(func(w *multipart.Writer) error { return file(w, `form-data; name="file"; filename="a.txt"`) }), http.StatusCreated)
		d.want(send(func(w *multipart.Writer) error { return w.WriteField("comment", "no file") }), http.StatusUnprocessableEntity)
		d.want(send(func(w *multipart.Writer) error {
			_ = file(w, `form-data; name="file"; filename="a.txt"`)
			return file(w, `form-data; name="file"; filename="b.txt"`)
		}), http.StatusUnprocessableEntity)
		d.want(send(func(w *multipart.Writer) error { return file(w, "form-data; name=\"file\"; filename=\"\xff\"") }), http.StatusUnprocessableEntity)
		d.want(d.as(d.carla, "POST", "/attachments", "cut off", "Content-Type", "multipart/form-data; boundary=b"), http.StatusUnprocessableEntity)
		d.want(d.as(d.carla, "POST", "/attachments", "no boundary", "Content-Type", "multipart/form-data"), http.StatusUnsupportedMediaType)
		d.want(d.as(d.carla, "POST", "/attachments", "no name", "Content-Type", "text/plain"), http.StatusUnprocessableEntity)
		d.want(d.as(d.carla, "POST", "/attachments?name=a", "x", "Content-Type", "; nonsense ="), http.StatusUnsupportedMediaType)
		d.want(d.as(d.carla, "POST", "/attachments?name=large", strings.Repeat("x", 1<<20+1), "Content-Type", "text/plain"), http.StatusRequestEntityTooLarge)
		d.want(d.as(d.carla, "POST", "/attachments?name=huge", strings.Repeat("x", 3<<20), "Content-Type", "text/plain"), http.StatusRequestEntityTooLarge)
	})
}

func TestFileIsReadInParts(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		path := fmt.Sprintf("/attachments/%d/content", d.upload(d.carla, "a.txt", "0123456789"))
		part := d.want(d.as(d.carla, "GET", path, nil, "Range", "bytes=3-5"), http.StatusPartialContent)
		if string(part.body) != "345" {
			t.Errorf("part %q", part.body)
		}
		tag := part.header.Get("ETag")
		d.want(d.as(d.carla, "GET", path, nil, "If-None-Match", tag), http.StatusNotModified)
		beyond := d.want(d.as(d.carla, "GET", path, nil, "Range", "bytes=30-"), http.StatusRequestedRangeNotSatisfiable)
		if beyond.header.Get("Content-Type") != "application/problem+json" || beyond.at(t, "status") != 416.0 {
			t.Errorf("%v %s", beyond.header, beyond)
		}
	})
}

func TestHugeInputsAreRefusedAndLargeOnesKept(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		create := func(more fields) answer {
			body := fields{"kind": "incident", "title": "x"}
			for name, value := range more {
				body[name] = value
			}
			return d.as(d.ana, "POST", "/tickets", body)
		}
		million := strings.Repeat("é", 1_000_000)
		kept := d.want(create(fields{"description": million}), http.StatusCreated)
		if kept.at(t, "description") != million {
			t.Error("a million characters did not come back whole")
		}
		d.want(create(fields{"description": million + "é"}), http.StatusUnprocessableEntity)
		d.want(create(fields{"description": strings.Repeat("x", 17<<20)}), http.StatusRequestEntityTooLarge)
		tags := make([]string, 100_000)
		for i := range tags {
			tags[i] = fmt.Sprint("t", i)
		}
		d.want(create(fields{"tags": tags}), http.StatusUnprocessableEntity)
		many := make([]fields, 101)
		for i := range many {
			many[i] = fields{"kind": "incident", "title": "x"}
		}
		d.want(d.as(d.ana, "POST", "/tickets/bulk", fields{"tickets": many}), http.StatusUnprocessableEntity)
		d.want(d.as(d.ana, "GET", "/tickets?filter="+strings.Repeat("a", 20_000), nil), http.StatusUnprocessableEntity)
		d.want(d.as(d.ana, "GET", "/tickets?cursor="+strings.Repeat("a", 3000), nil), http.StatusUnprocessableEntity)
		d.want(create(fields{"title": "\u202eright-to-left 😀 👨‍👩‍👧"}), http.StatusCreated)
		d.want(create(fields{"title": "a\u0000b"}), http.StatusUnprocessableEntity)
		d.want(create(fields{"fields": fields{"__proto__": "x"}}), http.StatusUnprocessableEntity)
		d.want(create(fields{"fields": fields{"room": fields{"a": 1}}}), http.StatusUnprocessableEntity)
		d.want(d.as(d.ana, "POST", "/tickets", `{"kind":"incident","title":"x","kind":"request"}`), http.StatusUnprocessableEntity)
	})
}

func TestSameRequestTwiceAtOnceOpensOneTicket(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for _, c := range []struct {
			path string
			body fields
		}{
			{"/tickets", fields{"kind": "incident", "title": "once"}},
			{"/tickets/INC-1/replies", fields{"body": "once"}},
			{"/tickets/INC-1/transitions", fields{"transition": "start"}},
			{"/tickets/INC-1/links", fields{"type": "related", "other": "INC-1"}},
		} {
			var answers [4]answer
			var wg sync.WaitGroup
			token := d.token(d.ana)
			for i := range answers {
				wg.Go(func() {
					answers[i] = d.ask("POST", c.path, c.body, "Authorization", "Bearer "+token, "Idempotency-Key", "k"+c.path, "If-Match", "*")
				})
			}
			wg.Wait()
			first := 0
			for _, a := range answers {
				if a.status != answers[0].status || string(a.body) != string(answers[0].body) && a.status < 300 {
					t.Errorf("%s: %s, and %s", c.path, answers[0], a)
				}
				if a.status < 300 && a.header.Get("Idempotency-Replayed") == "" {
					first++
				}
			}
			if answers[0].status < 300 && first != 1 {
				t.Errorf("%s: %d of 4 say that they were the first", c.path, first)
			}
		}
		if n := len(d.as(d.ana, "GET", "/tickets", nil).list(t, "items")); n != 1 {
			t.Errorf("%d tickets", n)
		}
		other := d.as(d.ana, "POST", "/tickets", fields{"kind": "incident", "title": "another"}, "Idempotency-Key", "k/tickets")
		d.want(other, http.StatusConflict)
		d.want(d.as(d.ben, "POST", "/tickets", fields{"kind": "incident", "title": "another"}, "Idempotency-Key", "k/tickets"), http.StatusCreated)
		// An upload with its ticket: both effects once.
		for range 2 {
			d.want(d.as(d.ana, "POST", "/tickets/INC-1/attachments?name=a.txt", "a", "Content-Type", "text/plain", "Idempotency-Key", "file"), http.StatusCreated)
		}
		if n := len(d.as(d.ana, "GET", "/tickets/INC-1/timeline?types=attach", nil).list(t, "items")); n != 1 {
			t.Errorf("%d files were added", n)
		}
	})
}

func TestSessionCookiesWorkUntilSignOutAndOnlyFromThisSite(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		const password = "correct zebra battery"
		p, err := d.People.CreatePerson(d.System(), people.PersonInput{Name: "Dora", Email: "dora@example.com", OrganisationID: d.company, Active: true})
		if err == nil {
			err = d.id.SetPassword(d.System(), p.ID, password)
		}
		if err == nil {
			err = d.Roles.GrantToPerson(d.System(), p.ID, "agent", 0)
		}
		if err != nil {
			t.Fatal(err)
		}
		opened, err := d.id.SignIn(t.Context(), "dora@example.com", password, identity.Origin{Address: netip.MustParseAddr("192.0.2.1")})
		if err != nil {
			t.Fatal(err)
		}
		cookie := d.id.SessionCookie() + "="
		body := fields{"kind": "incident", "title": "x"}
		d.want(d.ask("POST", "/tickets", body, "Cookie", cookie+opened.Token), http.StatusCreated)
		for _, forged := range []string{"", "1", opened.Token + "x", opened.Token[:len(opened.Token)-1], strings.ToUpper(opened.Token), strings.Repeat("a", 8000), "\"; DROP TABLE sessions"} {
			d.want(d.ask("GET", "/tickets", nil, "Cookie", cookie+forged), http.StatusUnauthorized)
		}
		for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "same-site"}} {
			d.want(d.ask("POST", "/tickets", body, append(from, "Cookie", cookie+opened.Token)...), http.StatusForbidden)
		}
		// A token beside the cookie decides, and a wrong one is not made good by it.
		d.want(d.ask("GET", "/tickets", nil, "Cookie", cookie+opened.Token, "Authorization", "Bearer stw_wrong"), http.StatusUnauthorized)
		if err := d.id.SignOut(t.Context(), opened.Token); err != nil {
			t.Fatal(err)
		}
		d.want(d.ask("GET", "/tickets", nil, "Cookie", cookie+opened.Token), http.StatusUnauthorized)
		for _, header := range []string{"Bearer ", "Basic YTpi", "Bearer stw_" + strings.Repeat("a", 100), "Bearer \xff", "nonsense"} {
			d.want(d.ask("GET", "/tickets", nil, "Authorization", header), http.StatusUnauthorized)
		}
	})
}
