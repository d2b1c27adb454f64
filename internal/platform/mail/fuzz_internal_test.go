package mail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzReport reads what servers say about deliveries: alone, and as a message that
// is classified.
func FuzzReport(f *testing.F) {
	names, err := filepath.Glob("testdata/mails/bounce-*.eml")
	if err != nil || len(names) < 4 {
		f.Fatalf("%d bounces, %v", len(names), err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
		if _, report, found := strings.Cut(string(raw), "message/delivery-status"); found {
			f.Add(report)
		}
	}
	f.Add("Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822;b@c.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no\n\nOriginal-Recipient: rfc822; <d@e>\nStatus: 4.4.7")
	f.Add("<a@b.example>: host said: 550 5.1.1 no such user\nMessage-ID: <x@y>")
	f.Fuzz(func(t *testing.T, text string) {
		check := func(recipients []ReportRecipient) {
			if len(recipients) > 1000 {
				t.Errorf("%d recipients", len(recipients))
			}
			for _, r := range recipients {
				if all := r.Mail + r.Action + r.Status + r.Diagnostic; !utf8.ValidString(all) || strings.ContainsAny(all, "\r\n\x00") {
					t.Errorf("%q", r)
				}
			}
		}
		check(parseReport([]byte(text), nil).recipients())
		for _, raw := range []string{
			"From: MAILER-DAEMON@x.example\nReturn-Path: <>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/delivery-status\n\n" + text + "\n--b--\n",
			"From: MAILER-DAEMON@x.example\nSubject: Undelivered\n\n" + text,
		} {
			m, err := Read([]byte(raw), Limits{Size: 1 << 20, Decoded: 2 << 20})
			if err != nil {
				continue
			}
			if b := Classify(m, Own{Instance: "i"}).Bounced; b != nil {
				check(b.Recipients)
				if strings.ContainsAny(b.OriginalID, "\r\n\x00<> ") || !utf8.ValidString(b.OriginalID) {
					t.Errorf("the message that came back is %q", b.OriginalID)
				}
			}
		}
	})
}

// FuzzAddress: what counts as an address is read as itself, and can be written into a
// header and an envelope.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"a@b.example", "a+t1-x@b.example", "ünal@exämple.example", "\"a b\"@c.example", "a@[127.0.0.1]", "a@b@c", "<a@b>", "a@b.example\r\nBcc: x@y", "a@-b", "", "@", "a..b@c.example", strings.Repeat("a", 300) + "@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, a := range addresses([]string{s, "X <" + s + ">", "\"" + s + "\" <a@b.example>"}) {
			if !utf8.ValidString(a.Name+a.Mail) || strings.ContainsAny(a.Name+a.Mail, "\r\n\x00") {
				t.Errorf("%q", a)
			}
		}
		if !ValidAddress(s) {
			return
		}
		if strings.ContainsAny(s, "\r\n\x00<>,; \t") || !utf8.ValidString(s) || strings.Count(s, "@") == 0 {
			t.Errorf("%q counts as an address", s)
		}
		raw, err := Compose(Outgoing{ID: "x@y.example", From: Address{Name: s, Mail: s}, To: []Address{{Mail: s}}, Subject: s, Text: s})
		if err != nil {
			return
		}
		m, err := Read(raw, Limits{})
		if err != nil || len(m.To) != 1 || !strings.EqualFold(m.To[0].Mail, s) || len(m.Cc)+len(m.Bcc) != 0 {
			t.Errorf("%q is read as %v: %v\n%s", s, m.To, err, raw)
		}
	})
}

func FuzzTNEF(f *testing.F) {
	f.Add([]byte{0x78, 0x9f, 0x3e, 0x22, 1, 0, 1, 3, 0x90, 6, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, ok := readTNEF(data, 10, 1<<20)
		if ok && len(m.files) > 10 {
			t.Errorf("%d files", len(m.files))
		}
		if text := textOfRTF(m.rtf); !utf8.ValidString(text) {
			t.Errorf("%q", text)
		}
	})
}

func FuzzInflateRTF(f *testing.F) {
	f.Add([]byte("\x10\x00\x00\x00\xff\xff\xff\xffLZFu\x00\x00\x00\x00\x03abc\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if out := inflateRTF(data, 1000); len(out) > 1000+32 {
			t.Errorf("%d bytes", len(out))
		}
	})
}

func TestCompressedRTFIsInflated(t *testing.T) {
	t.Parallel()
	// The example of [MS-OXRTFCP] 3.1.
	data := []byte{
		0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0, 0x0a, 0, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c,
		0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
	}
	if got := string(inflateRTF(data, 1000)); got != "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n" {
		t.Errorf("got %q", got)
	}
	if got := strings.TrimSpace(textOfRTF(string(inflateRTF(data, 1000)))); got != "hello world" {
		t.Errorf("got %q", got)
	}
}

func FuzzHeader(f *testing.F) {
	f.Add("=?utf-8?B?YQ==?= =?utf-8?Q?b?= <a@b>, \"c\" <d@e>; g: h@i;", "attachment; filename*0*=utf-8''a%20; filename*1=\"b\"")
	f.Fuzz(func(t *testing.T, list, params string) {
		for _, a := range addresses([]string{list}) {
			if !utf8.ValidString(a.Name) || !utf8.ValidString(a.Mail) || strings.ContainsAny(a.Name+a.Mail, "\r\n\x00") {
				t.Errorf("%q", a)
			}
		}
		_, p := mediaType(params)
		for _, v := range p {
			if !utf8.ValidString(v) {
				t.Errorf("%q", v)
			}
		}
		parseDate(list)
		parseInvite(list)
		readBER([]byte(list), 0)
	})
}
