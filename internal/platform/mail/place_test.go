package mail_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/mail"
)

const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// alternatives is a message with a plain text, HTML and pictures a, b and c.
func alternatives(t *testing.T, plain, html string) *mail.Message {
	t.Helper()
	var b strings.Builder
	b.WriteString("From: a@x.example\nTo: h@x.example\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=rel\n\n")
	b.WriteString("--rel\nContent-Type: multipart/alternative; boundary=alt\n\n--alt\nContent-Type: text/plain; charset=utf-8\n\n" + plain + "\n--alt\nContent-Type: text/html; charset=utf-8\n\n" + html + "\n--alt--\n")
	for _, id := range []string{"a", "b", "c"} {
		fmt.Fprintf(&b, "--rel\nContent-Type: image/png; name=%s.png\nContent-ID: <%s>\nContent-Transfer-Encoding: base64\n\n%s\n", id, id, dot)
	}
	b.WriteString("--rel--\n")
	m, err := mail.Read([]byte(strings.ReplaceAll(b.String(), "\n", "\r\n")), mail.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// shownIn writes the pictures into the text: {a} where one stands, {a?} at the end
// where its place is not found.
func shownIn(m *mail.Message) string {
	out, late, shift := m.Text, "", 0
	for _, p := range mail.Place(m) {
		if p.From < 0 {
			late += "{" + p.ContentID + "?}"
			continue
		}
		mark := "{" + p.ContentID + "}"
		out = out[:p.From+shift] + mark + out[p.To+shift:]
		shift += len(mark) - (p.To - p.From)
	}
	return strings.TrimSpace(out) + late
}

func TestPicturesAreFoundInTheText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ plain, html, want string }{
		"as Outlook marks them": {
			"See [cid:a]\nand\n[cid:b]", `<p>See <img src="cid:a"></p><p>and</p><img src="cid:b">`, "See {a}\nand\n{b}",
		},
		"as Gmail marks them": {
			"First\n[image: image.png]\nSecond\n[image: image.png]", `<div>First</div><img src="cid:a" alt="image.png"><div>Second</div><img src="cid:b" alt="image.png">`, "First\n{a}\nSecond\n{b}",
		},
		"by the words before them": {
			"It was *red* before.\nThen green,\nand now blue.", `<p>It was <b>red</b> before.</p><img src="cid:a"><p>Then green, and<br>now blue.</p><img src="cid:b">`, "It was *red* before.{a}\nThen green,\nand now blue.{b}",
		},
		"before all words": {"Look.", `<img src="cid:a"><p>Look.</p>`, "{a}Look."},
		"in a row":         {"Look:\nthere", `<p>Look:</p><img src="cid:a"><img src="cid:b"><p>there</p>`, "Look:{a}{b}\nthere"},
		"behind a link": {
			"Go to our page <https://x.example/abc>\nBye", `<p>Go to <a href="https://x.example/abc">our page</a></p><img src="cid:a"><p>Bye</p>`, "Go to our page <https://x.example/abc>{a}\nBye",
		},
		"in a quote": {
			"Yes.\n\n> Is it this?\n> Thanks", `<p>Yes.</p><blockquote type="cite"><p>Is it this?</p><img src="cid:a"><p>Thanks</p></blockquote>`, "Yes.\n\n> Is it this?{a}\n> Thanks",
		},
		"the same words twice": {
			"Step\nStep", `<p>Step</p><img src="cid:a"><p>Step</p><img src="cid:b">`, "Step{a}\nStep{b}",
		},
		"of a text that says something else": {"Your program shows no HTML.", `<p>Bonjour à tous</p><img src="cid:a">`, "Your program shows no HTML.{a?}"},
		"brackets of people":                 {"Press [OK] or [image: x", `<p>Press [OK] or [image: x</p><img src="cid:a">`, "Press [OK] or [image: x{a}"},
		"none":                               {"Hello", `<p>Hello</p>`, "Hello"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := shownIn(alternatives(t, c.plain, c.html)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPlacesOfManyPicturesAreFoundInTime(t *testing.T) {
	t.Parallel()
	var html strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&html, `<p>Step %d of them, as before</p><img src="cid:a" width="10" height="20">`, i)
	}
	m := &mail.Message{HTML: strings.ReplaceAll(html.String(), "src=\"cid:a\"", `data-cid="a"`), Text: strings.Repeat("Step of them, as before\n[image: x]\n", 20_000)}
	if got := len(mail.Place(m)); got != 300 {
		t.Errorf("%d pictures", got)
	}
}
