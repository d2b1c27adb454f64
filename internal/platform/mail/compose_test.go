package mail_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/platform/mail"
)

func TestWhatIsComposedReadsBack(t *testing.T) {
	t.Parallel()
	words := rapid.SampledFrom([]string{
		"Printer", "Grüße", "日本語のとても長い件名です", "Привет", "a,b", `"quoted"`, "=?utf-8?Q?x?=", "<x>", ";", "emoji 👍🏽", "(comment)", strings.Repeat("long", 80), "a\\b", "@", ":", "عربي", ".", "=",
	})
	line := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(words, 1, 12).Draw(t, "words"), " ")
	})
	address := rapid.Custom(func(t *rapid.T) mail.Address {
		a := mail.Address{Mail: rapid.SampledFrom([]string{"anna@x.example", "b.o-b+tag@y.example", "jörg@köln.example", "x_y@z.example"}).Draw(t, "mail")}
		if rapid.Bool().Draw(t, "named") {
			a.Name = line.Draw(t, "name")
		}
		return a
	})
	rapid.Check(t, func(t *rapid.T) {
		o := mail.Outgoing{
			ID: "id.1@itsm.example", Date: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "date"), 0).UTC(), From: address.Draw(t, "from"),
			To: rapid.SliceOfN(address, 1, 5).Draw(t, "to"), Cc: rapid.SliceOfN(address, 0, 3).Draw(t, "cc"), ReplyTo: rapid.SliceOfN(address, 0, 2).Draw(t, "reply-to"),
			Subject: line.Draw(t, "subject"), Text: strings.Join(rapid.SliceOfN(line, 1, 8).Draw(t, "lines"), "\n") + "\n", InReplyTo: "parent@x.example",
			References: []string{"root@x.example", "parent@x.example"}, Instance: "i-1",
		}
		if rapid.Bool().Draw(t, "html") {
			o.HTML = `<p>Hello <img src="cid:pic@itsm.example"></p>`
			o.Files = append(o.Files, mail.File{Name: "pic.png", Type: "image/png", ContentID: "pic@itsm.example", Data: []byte("\x89PNG\r\n\x1a\nxxxx")})
		}
		for range rapid.IntRange(0, 3).Draw(t, "files") {
			o.Files = append(o.Files, mail.File{Name: rapid.SampledFrom([]string{"a.pdf", "Übersicht für alle.pdf", "名前.pdf", strings.Repeat("n", 100) + ".pdf", `q".pdf`}).Draw(t, "file"), Type: "application/pdf", Data: append([]byte("%PDF-"), rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "data")...)})
		}
		raw, err := mail.Compose(o)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := mail.Compose(o); !bytes.Equal(raw, again) {
			t.Fatal("composed twice, the bytes differ")
		}
		for l := range bytes.SplitSeq(raw, []byte("\r\n")) {
			if len(l) > 998 || bytes.ContainsAny(l, "\r\n") {
				t.Fatalf("a line of %d bytes: %.100q", len(l), l)
			}
		}
		m, err := mail.Read(raw, mail.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
		same := func(got, want []mail.Address) bool {
			if len(got) != len(want) {
				return false
			}
			for i := range got {
				if got[i].Mail != want[i].Mail || squeeze(got[i].Name) != squeeze(want[i].Name) {
					return false
				}
			}
			return true
		}
		if m.ID != o.ID || !m.Date.Equal(o.Date) || squeeze(m.Subject) != squeeze(o.Subject) || m.Text != o.Text || !same(m.From, []mail.Address{o.From}) || !same(m.To, o.To) || !same(m.Cc, o.Cc) || !same(m.ReplyTo, o.ReplyTo) {
			t.Fatalf("wrote %+v\nread %q %q\nfrom %q\nto %q\ncc %q\nreply to %q\n%s", o, m.Subject, m.Text, m.From, m.To, m.Cc, m.ReplyTo, raw)
		}
		if len(m.Attachments) != len(o.Files) || (m.HTML != "") != (o.HTML != "") || len(m.Remarks) > 0 {
			t.Fatalf("attachments %d of %d, remarks %v", len(m.Attachments), len(o.Files), m.Remarks)
		}
		for i, a := range m.Attachments {
			if !bytes.Equal(a.Data, o.Files[i].Data) || a.Name != strings.ReplaceAll(o.Files[i].Name, `"`, "-") || a.ContentID != o.Files[i].ContentID {
				t.Fatalf("file %d: %q %q of %d bytes, want %q", i, a.Name, a.ContentID, len(a.Data), o.Files[i].Name)
			}
		}
		if n := mail.Classify(m, mail.Own{Instance: "i-1"}); n.Kind != mail.Loop {
			t.Fatalf("our own message is taken for %s", n.Kind)
		}
	})
}

func basic() mail.Outgoing {
	return mail.Outgoing{ID: "id@itsm.example", Date: time.Unix(1762164900, 0).UTC(), From: mail.Address{Mail: "desk@itsm.example"}, To: []mail.Address{{Mail: "a@x.example"}}, Subject: "s", Text: "t"}
}

func TestNothingBreaksOutOfTheHeader(t *testing.T) {
	t.Parallel()
	const evil = "x\r\nBcc: victim@y.example"
	for name, change := range map[string]func(*mail.Outgoing){
		"Subject": func(o *mail.Outgoing) { o.Subject = evil }, "Thread-Topic": func(o *mail.Outgoing) { o.ThreadTopic = evil }, "Thread-Index": func(o *mail.Outgoing) { o.ThreadIndex = evil },
		"From": func(o *mail.Outgoing) { o.From.Name = evil }, "To": func(o *mail.Outgoing) { o.To[0].Mail = evil + "@x" }, "Cc": func(o *mail.Outgoing) { o.Cc = []mail.Address{{Mail: "a@x>, <b@y"}} },
		"Reply-To": func(o *mail.Outgoing) { o.ReplyTo = []mail.Address{{Name: "a\nb", Mail: "a@x.example"}} }, "Message-ID": func(o *mail.Outgoing) { o.ID = "a> \r\nX: <b" }, mail.LoopHeader: func(o *mail.Outgoing) { o.Instance = evil },
		"List-Unsubscribe": func(o *mail.Outgoing) { o.ListUnsubscribe = "https://x.example/\r\nX: y" }, "Content-Type": func(o *mail.Outgoing) { o.Files = []mail.File{{Type: "text/plain\r\nX: y"}} },
		"Content-Disposition": func(o *mail.Outgoing) { o.Files = []mail.File{{Name: evil}} }, "Content-ID": func(o *mail.Outgoing) { o.Files = []mail.File{{ContentID: "a> b"}} }, "Auto-Submitted": func(o *mail.Outgoing) { o.Automatic = "x" },
		"Date": func(o *mail.Outgoing) { o.Date = time.Time{} },
	} {
		o := basic()
		change(&o)
		raw, err := mail.Compose(o)
		var e *mail.ComposeError
		if !errors.As(err, &e) || e.Field != name {
			t.Errorf("%s: got %v\n%s", name, err, raw)
		}
	}
	// Ids of strangers that cannot be written are left out.
	o := basic()
	o.InReplyTo, o.References = "a b", []string{"ok@x", "x\r\ny", "ü@x"}
	raw, err := mail.Compose(o)
	if err != nil || bytes.Contains(raw, []byte("In-Reply-To")) || !bytes.Contains(raw, []byte("References: <ok@x>\r\n")) {
		t.Errorf("%v\n%s", err, raw)
	}
}

func TestLongConversationsKeepTheirFirstAndLastReferences(t *testing.T) {
	t.Parallel()
	o := basic()
	for i := range 100 {
		o.References = append(o.References, strings.Repeat("r", i+1)+"@x.example")
	}
	o.InReplyTo = "parent@x.example"
	raw, err := mail.Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	m := read(t, string(raw))
	if n := len(m.References); n != 20 || m.References[0] != "r@x.example" || m.References[n-1] != "parent@x.example" || m.References[n-2] != strings.Repeat("r", 100)+"@x.example" {
		t.Errorf("%d references: %v", n, m.References)
	}
}

func TestWhatARuleSendsSaysSo(t *testing.T) {
	t.Parallel()
	o := basic()
	o.Automatic, o.ListUnsubscribe, o.Instance, o.Hops = mail.Replied, "https://itsm.example/u/1", "other", 2
	raw, err := mail.Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	m := read(t, string(raw))
	for name, want := range map[string]string{"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All", "List-Unsubscribe": "<https://itsm.example/u/1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if n := mail.Classify(m, mail.Own{Instance: "i-1"}); n.Kind != mail.AutoReply || n.Hops != 2 {
		t.Errorf("read as %s after %d hops", n.Kind, n.Hops)
	}
	if n := mail.Classify(m, mail.Own{Instance: "i-1", MaxHops: 2}); n.Kind != mail.Loop {
		t.Errorf("after too many hops it is %s", n.Kind)
	}
}

func TestThreadIndexIsOutlooks(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 11, 3, 10, 15, 0, 0, time.UTC)
	root := mail.ThreadIndex("", "INC-1042", at)
	bytes1, err := base64.StdEncoding.DecodeString(root)
	if err != nil || len(bytes1) != 22 || bytes1[0] != 1 {
		t.Fatalf("%v: %x", err, bytes1)
	}
	// The first six bytes are those of the FILETIME.
	var ticks uint64
	for _, b := range bytes1[:6] {
		ticks = ticks<<8 | uint64(b)
	}
	began := time.Unix(int64(ticks<<16/10_000_000)-11644473600, 0)
	if d := at.Sub(began); d < 0 || d > time.Second {
		t.Errorf("it says %s", began.UTC())
	}
	child := mail.ThreadIndex(root, "x", at.Add(time.Hour))
	bytes2, err := base64.StdEncoding.DecodeString(child)
	if err != nil || len(bytes2) != 27 || !bytes.Equal(bytes1, bytes2[:22]) {
		t.Fatalf("%v: %x", err, bytes2)
	}
	delta := uint64(bytes2[22])<<24 | uint64(bytes2[23])<<16 | uint64(bytes2[24])<<8 | uint64(bytes2[25])
	if got := time.Duration(delta<<18) * 100; delta>>31 != 0 || (got-time.Hour).Abs() > time.Second {
		t.Errorf("the answer came after %s", got)
	}
	late, err := base64.StdEncoding.DecodeString(mail.ThreadIndex(child, "x", at.AddDate(3, 0, 0)))
	if err != nil || len(late) != 32 || late[27]&0x80 == 0 {
		t.Errorf("after three years: %v %x", err, late)
	}
	for _, broken := range []string{"x", "AAAA", root[:20], child[:8]} {
		if got := mail.ThreadIndex(broken, "INC-1042", at); got != root {
			t.Errorf("%q gives %q", broken, got)
		}
	}
}

func TestSignaturesVerify(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := mail.Compose(basic())
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	ed, edErr := x509.MarshalPKCS8PrivateKey(edKey)
	rs, rsErr := x509.MarshalPKCS8PrivateKey(rsaKey)
	for name, key := range map[string][]byte{
		"ed25519": encode("PRIVATE KEY", ed, edErr), "rsa": encode("PRIVATE KEY", rs, rsErr), "rsa, PKCS #1": encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil),
	} {
		s, err := mail.NewSigner("itsm.example", "steward", key)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := s.Sign(raw)
		if err != nil {
			t.Fatal(err)
		}
		verify := func(message []byte) error {
			found, err := dkim.VerifyWithOptions(bytes.NewReader(message), &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
				where, text, err := s.Record()
				if domain != where {
					t.Errorf("%s: asked at %s, published at %s", name, domain, where)
				}
				return []string{text}, err
			}})
			if err != nil || len(found) != 1 {
				t.Fatalf("%s: %v %v", name, found, err)
			}
			return found[0].Err
		}
		if err := verify(signed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := verify(bytes.Replace(signed, []byte("Subject: s"), []byte("Subject: t"), 1)); err == nil {
			t.Errorf("%s: a changed message passes", name)
		}
	}
	for _, bad := range []struct{ domain, key string }{{"itsm.example", "x"}, {"a b", string(encode("PRIVATE KEY", ed, edErr))}} {
		if _, err := mail.NewSigner(bad.domain, "s", []byte(bad.key)); err == nil {
			t.Errorf("%q was taken", bad.domain)
		}
	}
}
