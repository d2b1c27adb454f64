package mail_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/mail"
)

var update = flag.Bool("update", false, "write what was read to the golden files, for people to review")

// reading is what people review of a message that was read.
type reading struct {
	ID          string         `json:"id,omitempty"`
	InReplyTo   []string       `json:"in_reply_to,omitempty"`
	References  []string       `json:"references,omitempty"`
	From        []mail.Address `json:"from,omitempty"`
	Sender      *mail.Address  `json:"sender,omitempty"`
	ReplyTo     []mail.Address `json:"reply_to,omitempty"`
	To          []mail.Address `json:"to,omitempty"`
	Cc          []mail.Address `json:"cc,omitempty"`
	DeliveredTo []string       `json:"delivered_to,omitempty"`
	ReturnPath  string         `json:"return_path,omitempty"`
	Date        string         `json:"date,omitempty"`
	Subject     string         `json:"subject"`
	Parts       []part         `json:"parts,omitempty"`
	Forward     string         `json:"forward,omitempty"`
	OnlyThanks  bool           `json:"only_thanks,omitempty"`
	FromHTML    bool           `json:"from_html,omitempty"`
	HTML        string         `json:"html,omitempty"`
	Remote      []string       `json:"remote,omitempty"`
	Attachments []file         `json:"attachments,omitempty"`
	Invites     []string       `json:"invites,omitempty"`
	Signed      string         `json:"signed,omitempty"`
	Encrypted   string         `json:"encrypted,omitempty"`
	Remarks     []string       `json:"remarks,omitempty"`
	Kind        mail.Kind      `json:"kind"`
	Reasons     []string       `json:"reasons"`
	Bounced     *mail.Bounced  `json:"bounced,omitempty"`
	ListID      string         `json:"list,omitempty"`
	Spam        bool           `json:"spam,omitempty"`
}

type part struct {
	Kind mail.PartKind `json:"kind"`
	From string        `json:"from,omitempty"`
	Text []string      `json:"text"`
}

type file struct {
	Name   string    `json:"name"`
	Type   string    `json:"type"`
	CID    string    `json:"cid,omitempty"`
	Role   mail.Role `json:"role,omitempty"`
	Size   int       `json:"size"`
	SHA256 string    `json:"sha256"`
}

func describe(m *mail.Message) reading {
	parts := mail.Split(m.Text)
	nature := mail.Classify(m, mail.Own{Instance: "i-123"})
	out := reading{
		ID: m.ID, InReplyTo: m.InReplyTo, References: m.References, From: m.From, ReplyTo: m.ReplyTo, To: m.To, Cc: m.Cc, DeliveredTo: m.DeliveredTo,
		ReturnPath: m.ReturnPath, Subject: m.Subject, FromHTML: m.FromHTML, HTML: m.HTML, Remote: m.Remote, Signed: m.Signed, Encrypted: m.Encrypted,
		OnlyThanks: mail.OnlyThanks(parts.New()), Kind: nature.Kind, Bounced: nature.Bounced, ListID: nature.ListID, Spam: nature.Spam,
	}
	if m.Sender != (mail.Address{}) {
		out.Sender = &m.Sender
	}
	if !m.Date.IsZero() {
		out.Date = m.Date.Format(time.RFC3339)
	}
	for _, p := range parts {
		out.Parts = append(out.Parts, part{p.Kind, p.From.Mail, strings.SplitAfter(p.Text, "\n")})
	}
	if yes, why := mail.IsForward(m, parts); yes {
		out.Forward = why.Text + " " + why.Value
	}
	for _, a := range m.Attachments {
		sum := sha256.Sum256(a.Data)
		out.Attachments = append(out.Attachments, file{a.Name, a.Type, a.ContentID, a.Role, len(a.Data), hex.EncodeToString(sum[:6])})
	}
	for _, i := range m.Invites {
		out.Invites = append(out.Invites, i.String())
	}
	for _, r := range m.Remarks {
		out.Remarks = append(out.Remarks, r.Code+": "+r.Value)
	}
	for _, r := range nature.Reasons {
		out.Reasons = append(out.Reasons, r.Code+": "+r.Text+" "+r.Value)
	}
	return out
}

func mails(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/mails/*.eml")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d mails were found: %v", len(names), err)
	}
	return names
}

func TestHardMailsAreReadAsReviewed(t *testing.T) {
	t.Parallel()
	for _, name := range mails(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".eml"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			m, err := mail.Read(raw, mail.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(describe(m)); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(name, ".eml") + ".json"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("read otherwise than reviewed (run with -update and look):\n%s", diff)
			}
		})
	}
}
