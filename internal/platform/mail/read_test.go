package mail_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/markdown"
)

func read(t *testing.T, raw string) *mail.Message {
	t.Helper()
	m, err := mail.Read([]byte(raw), mail.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	return m
}

func TestBoundsAreKept(t *testing.T) {
	t.Parallel()
	const head = "From: a@x.example\nSubject: s\n"
	deep := func(n int) string {
		inner := "Content-Type: text/plain\n\nx\n"
		for i := range n {
			inner = fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s--b%d--\n", i, i, inner, i)
		}
		return head + inner
	}
	many := func(n int) string {
		return head + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", n) + "--b--\n"
	}
	for _, c := range []struct {
		name, raw string
		limits    mail.Limits
		want      mail.ErrorKind
	}{
		{"a large message", head + "\n" + strings.Repeat("x", 2000), mail.Limits{Size: 1000}, mail.TooLarge},
		{"a large header", head + "X-A: " + strings.Repeat("x", 300<<10) + "\n\nx", mail.Limits{}, mail.TooLarge},
		{"many fields", head + strings.Repeat("X-A: y\n", 50000) + "\nx", mail.Limits{}, mail.TooLarge},
		{"a header of junk alone", strings.Repeat("x", 300<<10), mail.Limits{}, mail.TooLarge},
		{"a large header of a part", head + "Content-Type: multipart/mixed; boundary=b\n\n--b\nX-A: " + strings.Repeat("x", 300<<10) + "\n\nx\n--b--", mail.Limits{}, mail.TooLarge},
		{"many parts", many(1001), mail.Limits{}, mail.TooLarge},
		{"deep parts", deep(40), mail.Limits{}, mail.TooDeep},
		{"very deep parts", deep(2000), mail.Limits{}, mail.TooDeep},
		{"much when decoded", head + "Content-Type: application/x\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(make([]byte, 3000)), mail.Limits{Decoded: 2000}, mail.TooLarge},
		{"text that grows", head + "Content-Type: text/html\n\n" + strings.Repeat("<blockquote type=cite>", 200) + strings.Repeat("a<br>", 100000), mail.Limits{Decoded: 1 << 20}, mail.TooLarge},
		{"nothing", "", mail.Limits{}, mail.NotMessage},
		{"bytes", "\x00\x01\x02\xff\xfe", mail.Limits{}, mail.NotMessage},
		{"a page", "<html><body>hello</body></html>", mail.Limits{}, mail.NotMessage},
		{"fields of something else", "HTTP/1.1 200 OK\nServer: nginx\nX-Powered-By: a\n\nx", mail.Limits{}, mail.NotMessage},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := mail.Read([]byte(c.raw), c.limits)
			var e *mail.ReadError
			if !errors.As(err, &e) || e.Kind != c.want {
				t.Errorf("got %v, want an error of the kind %s", err, c.want)
			}
		})
	}
	if m := read(t, deep(20)); strings.TrimSpace(m.Text) != "x" {
		t.Errorf("twenty levels: %q", m.Text)
	}
}

// Written bytes that unpack to much more than they are.
func TestWhatUnpacksIsBounded(t *testing.T) {
	t.Parallel()
	// A compressed RTF that claims four gigabytes and repeats itself.
	lzfu := []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 'L', 'Z', 'F', 'u', 0, 0, 0, 0}
	lzfu = append(lzfu, bytes.Repeat([]byte{0xff, 0, 0x0f, 0, 0x0f, 0, 0x0f, 0, 0x0f, 0, 0x0f, 0, 0x0f, 0, 0x0f, 0, 0x0f}, 60000)...)
	props := []byte{1, 0, 0, 0, 0x02, 0x01, 0x09, 0x10, 1, 0, 0, 0, byte(len(lzfu)), byte(len(lzfu) >> 8), byte(len(lzfu) >> 16), 0}
	props = append(props, lzfu...)
	tnef := []byte{0x78, 0x9f, 0x3e, 0x22, 1, 0, 1, 3, 0x90, 6, 0, byte(len(props)), byte(len(props) >> 8), byte(len(props) >> 16), 0}
	tnef = append(tnef, props...)
	raw := "From: a@x.example\nContent-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(tnef)
	m, err := mail.Read([]byte(raw), mail.Limits{Decoded: 3 << 20})
	var e *mail.ReadError
	if err != nil && (!errors.As(err, &e) || e.Kind != mail.TooLarge) || err == nil && len(m.Text) > 5<<20 {
		t.Errorf("got %v", err)
	}
	// HTML nested beyond what a parser takes.
	m = read(t, "From: a@x.example\nContent-Type: text/html\n\n"+strings.Repeat("<div><b>", 100000)+"words")
	if !strings.Contains(m.Text, "words") || !strings.Contains(m.HTML, "words") {
		t.Errorf("got text %.80q, HTML %.80q", m.Text, m.HTML)
	}
}

func TestNothingThatRunsIsLeftInHTML(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<svg/onload=alert(1)>`, `<a href="javascript:alert(1)">x</a>`, `<a href="data:text/html,<script>">x</a>`,
		`<iframe srcdoc="<script>">`, `<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
		`<div style="position:fixed">x</div>`, `<form action=//evil><input></form>`, `<base href=//evil>`, `<link rel=stylesheet href=//evil>`, `<meta http-equiv=refresh content=0>`,
		`<style>@import url(//evil)</style>`, `<table background="//evil/a.png"><tr><td>x`, `<video poster="//evil/p.png"><source src="//evil/v"></video>`, `<img src="//evil/p.png" srcset="//evil/q.png 2x">`,
		`<p onclick=x() id=y class=z data-x=1>t</p>`, `<img src="cid:x" src="javascript:alert(1)">`, `<img alt='"><script>alert(1)</script>' src="http://evil/x">`,
		`<img src="data:image/svg+xml;base64,PHN2Zz4=">`, `<!--[if mso]><script>x</script><![endif]-->`, `<template><script>x</script></template>`, `<a href="vbscript:x">y</a>`, `<a href=" java&#10;script:alert(1)">y</a>`,
	} {
		m := read(t, "From: a@x.example\nContent-Type: text/html; charset=utf-8\n\n<p>Hi</p>"+source)
		lower := strings.ToLower(m.HTML + mail.Show(m.HTML, mail.Showing{Quote: "q", Table: "t"}))
		for _, bad := range []string{"<script", "<img src", " src=", "srcset", " on", "javascript", "vbscript", "<iframe", "<form", "<input", "style", "<svg", "<link", "<meta", "<base", "//evil", "data:", " id=", "poster"} {
			if strings.Contains(lower, bad) && !strings.Contains(lower, "&lt;script") && !strings.Contains(bad, "on") {
				t.Errorf("%s left %q: %s", source, bad, m.HTML)
			}
		}
		if strings.Contains(lower, " onerror=") || strings.Contains(lower, " onload=") || strings.Contains(lower, " onclick=") {
			t.Errorf("%s left a handler: %s", source, m.HTML)
		}
	}
}

func TestPicturesAreShownWhenAsked(t *testing.T) {
	t.Parallel()
	m := read(t, "From: a@x.example\nContent-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n"+
		`<p>1 <img src="cid:a&b@x" alt="A"> 2 <img src="https://t.example/p.png?a=1&b=2" width=30> 3 <img src="cid:missing"></p>`+
		"\n--b\nContent-Type: image/gif\nContent-ID: <a&b@x>\n\nGIF89a\x01\x00\x01\x00\x00\xff\x00,\n--b--\n")
	if got := mail.Show(m.HTML, mail.Showing{}); strings.Contains(got, "<img") || !strings.Contains(got, ">A</span>") {
		t.Errorf("with nothing to put in: %s", got)
	}
	got := mail.Show(m.HTML, mail.Showing{Inline: func(id string, _, _ int) mail.Shown {
		if id != "a&b@x" {
			t.Errorf("asked for %q", id)
		}
		return mail.Shown{URL: "/files/7", Width: 40, Height: 30}
	}, Remote: func(n int) string { return m.Remote[n] }})
	for _, want := range []string{
		`<img src="/files/7" alt="A" loading="lazy" decoding="async" referrerpolicy="no-referrer" width="40" height="30"/>`,
		`<img src="https://t.example/p.png?a=1&amp;b=2" alt="" loading`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	if strings.Count(got, "src=") != 2 {
		t.Errorf("got %s", got)
	}
}

func TestQuotesAreFoldedAndTablesStayInTheirPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ html, want string }{
		"a quote and the line before it": {
			`<p>Yes.</p><div class="moz-cite-prefix">Ana wrote:</div><br><blockquote type="cite"><p>No?</p><blockquote type="cite">Deep</blockquote></blockquote><p>Bye</p>`,
			`<p>Yes.</p><details class="s-letter-fold"><summary>Q</summary><div class="mail-quote">Ana wrote:</div><br/><blockquote class="mail-quote"><p>No?</p><blockquote class="mail-quote">Deep</blockquote></blockquote></details><p>Bye</p>`,
		},
		"an answer between the lines": {
			`<blockquote type="cite">A?</blockquote><p>a</p><blockquote type="cite">B?</blockquote><p>b</p>`,
			`<details class="s-letter-fold"><summary>Q</summary><blockquote class="mail-quote">A?</blockquote></details><p>a</p><details class="s-letter-fold"><summary>Q</summary><blockquote class="mail-quote">B?</blockquote></details><p>b</p>`,
		},
		"nothing but a quote": {`<blockquote type="cite">All of it</blockquote>`, `<blockquote class="mail-quote">All of it</blockquote>`},
		"tables within tables": {
			`<table><tr><td><table border="1"><tr><td>x</td></tr></table></td></tr></table>`,
			`<div class="mail-table" tabindex="0" role="group" aria-label="T"><table><tbody><tr><td><table border="1"><tbody><tr><td>x</td></tr></tbody></table></td></tr></tbody></table></div>`,
		},
		"a link that names another place": {
			`<a href="https://evil.example/x">https://www.bank.example</a> <a href="https://www.x.example/a">x.example/a</a> <a href="https://x.example">here</a>`,
			`<a href="https://evil.example/x" rel="nofollow noreferrer noopener" target="_blank">https://www.bank.example</a><span class="mail-absent">→ evil.example</span> ` +
				`<a href="https://www.x.example/a" rel="nofollow noreferrer noopener" target="_blank">x.example/a</a> <a href="https://x.example" rel="nofollow noreferrer noopener" target="_blank">here</a>`,
		},
		"a pixel": {`<p>x<img src="https://t.example/p.gif" width="1" height="1" alt="p"></p>`, `<p>x</p>`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := read(t, "From: a@x.example\nContent-Type: text/html\n\n"+c.html+"\n")
			if got := mail.Show(m.HTML, mail.Showing{Quote: "Q", Table: "T"}); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestMarkdownShowsTextAsItWasTyped(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"# no heading\n\n* no list\n- none\n+ none\n1. none\n2) none", "a_b_c and *stars* and **more**", "`code` ~~gone~~ <b>tag</b> &amp; &copy;", "[a](http://x.example) ![i](x.png)",
		"    indented\n\ttabbed", "> quoted\nnot quoted", "line\n===\nline\n---", "a | b\n--|--\n1 | 2", `C:\new\*.txt`, "https://x.example/a_b_c?d=*e*&f=1 and [x]", "[@Ana](person:7)", "```\nfence\n```", "***", "http://x.example/<script>", "https://x.example/~a~b and ~c~",
	} {
		html := markdown.HTML(mail.Markdown(text), markdown.Context{})
		m := read(t, "From: a@x.example\nContent-Type: text/html; charset=utf-8\n\n"+html)
		squeeze := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u00a0", " ")), " ") }
		if got := squeeze(m.Text); got != squeeze(text) {
			t.Errorf("%q is shown as %q\n%s", text, got, html)
		}
		for _, tag := range []string{"<h", "<li", "<em", "<strong", "<code", "<table", "<blockquote", "<hr", "<img", "<del"} {
			if strings.Contains(html, tag) {
				t.Errorf("%q became %s: %s", text, tag, html)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range mails(f) {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("From: a@b\nContent-Type: multipart/mixed; boundary=\"\n\n--\n\n----"))
	limits := mail.Limits{Size: 1 << 20, Decoded: 2 << 20}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := mail.Read(raw, limits)
		if err != nil {
			var e *mail.ReadError
			if !errors.As(err, &e) {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		total := len(m.Text) + len(m.HTML)
		for _, a := range m.Attachments {
			total += len(a.Data)
			if a.Name == "" || strings.ContainsAny(a.Name, "/\\\x00\n") || !utf8.ValidString(a.Name) {
				t.Errorf("attachment is called %q", a.Name)
			}
		}
		if total > 4<<20 {
			t.Errorf("%d bytes came of %d", total, len(raw))
		}
		for _, s := range []string{m.Text, m.HTML, m.Subject, m.Author().Name, m.Author().Mail} {
			if !utf8.ValidString(s) {
				t.Errorf("not UTF-8: %q", s)
			}
		}
		if strings.ContainsAny(m.Subject, "\r\n\x00") || strings.ContainsAny(m.Text, "\r\x00") {
			t.Errorf("control characters: %q %q", m.Subject, m.Text)
		}
		if strings.Contains(strings.ToLower(m.HTML), "<script") {
			t.Errorf("script: %s", m.HTML)
		}
		parts := mail.Split(m.Text)
		again := ""
		for _, p := range parts {
			again += p.Text
		}
		if again != m.Text {
			t.Errorf("Split lost something of %q: %q", m.Text, again)
		}
		mail.Classify(m, mail.Own{Instance: "i"})
		mail.IsForward(m, parts)
		mail.OnlyThanks(parts.New())
	})
}
