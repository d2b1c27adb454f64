package mail_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/mail/mailtest"
)

// harmless fails if a page has anything that acts and is not the product's own.
func harmless(t *testing.T, what string, page apptest.Answer) {
	t.Helper()
	if page.Status != http.StatusOK {
		t.Errorf("%s: %d", what, page.Status)
		return
	}
	main := page.HTML(t).Find("main")
	for _, bad := range []string{
		"script", "iframe:not([sandbox])", "object", "embed", "base", "meta", "link", "style", "[style]", "svg [onload]", "form[action^='http']", "a[href^='javascript:']", "a[href^='data:']", "a[href^='vbscript:']",
		"img[src^='http']", "img[src^='//']", "img[src^='data:image/svg']", "img[src^='cid:']", "[background]", "[srcset]", "video", "audio",
	} {
		if found := main.Find(bad); found.Length() > 0 {
			html, _ := goquery.OuterHtml(found.First())
			t.Errorf("%s: %s is there: %.200s", what, bad, html)
		}
	}
	main.Find("*").Each(func(_ int, e *goquery.Selection) {
		for _, a := range e.Nodes[0].Attr {
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s: %s has %s", what, e.Nodes[0].Data, a.Key)
			}
		}
	})
}

// TestHardMailsGoThroughTheProduct brings every mail of the collection: TNEF, invites,
// signed, encrypted, in broken charsets, forwarded, bounced. None is refused by what
// comes after reading it, and every page that shows one is harmless.
func TestHardMailsGoThroughTheProduct(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.box(t, func(b *mail.Box) { b.PerHour = 1000 })
		w.work(t)
		names, err := filepath.Glob("../../internal/platform/mail/testdata/mails/*.eml")
		if err != nil || len(names) < 50 {
			t.Fatalf("%d mails, %v", len(names), err)
		}
		agent, lead := w.SignedIn(access.RoleAgent), w.SignedIn(access.RoleTeamLead)
		landed := 0
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			name = filepath.Base(name)
			a := w.comes(t, raw)
			switch {
			case a.Reason == "refused" || a.State == mail.ArrivalDuplicate:
				t.Errorf("%s: %s %s %v", name, a.State, a.Reason, a.Trace)
			case a.State == mail.ArrivalLanded:
				landed++
				tk := w.ticketNow(t, a.TicketID)
				if tk.Title == "" || !utf8.ValidString(tk.Title+string(tk.Description)) {
					t.Errorf("%s: %q", name, tk.Title)
				}
				harmless(t, name, agent.Get("/tickets/"+tk.Number))
				harmless(t, name+" as it came", agent.Get(fmt.Sprintf("/tickets/%s/mail/%d", tk.Number, a.ID)))
			case a.State == mail.ArrivalQuarantined:
				harmless(t, name+" in quarantine", lead.Get("/mail/quarantine/"+id(a.ID)))
			}
		}
		if landed < 30 {
			t.Errorf("%d of %d landed", landed, len(names))
		}
	})
}

func TestHostileMailsDoNoHarm(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.Address = help })
		w.box(t)
		w.work(t)
		agent, lead := w.SignedIn(access.RoleAgent), w.SignedIn(access.RoleTeamLead)
		n := 0
		parts := func(kind string, parts ...string) []byte {
			n++
			return []byte(fmt.Sprintf("From: %s\r\nTo: %s\r\nMessage-ID: <h%d@x.example>\r\nSubject: Hostile %d\r\nMIME-Version: 1.0\r\nContent-Type: %s\r\n\r\n", ana, help, n, n, kind) + strings.Join(parts, ""))
		}

		// Bombs of structure wait in quarantine.
		deep := "Content-Type: text/plain\r\n\r\nx\r\n"
		for i := range 60 {
			deep = fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%s--b%d--\r\n", i, i, deep, i)
		}
		for what, raw := range map[string][]byte{
			"nested deeply":  parts("multipart/mixed; boundary=top", "--top\r\n"+deep+"--top--\r\n"),
			"many parts":     parts("multipart/mixed; boundary=top", strings.Repeat("--top\r\n\r\nx\r\n", 5000), "--top--\r\n"),
			"a large header": parts("text/plain; x=" + strings.Repeat("y", 400<<10)),
		} {
			a := w.comes(t, raw)
			if a.State != mail.ArrivalQuarantined || a.Reason != "unreadable" {
				t.Errorf("%s: %s %s %v", what, a.State, a.Reason, codes(a))
			}
			harmless(t, what, lead.Get("/mail/quarantine/"+id(a.ID)))
		}

		// An archive is a file: nobody looks into it.
		var bomb bytes.Buffer
		z := zip.NewWriter(&bomb)
		for i := range 3 {
			f, err := z.Create(fmt.Sprintf("../../%d.txt", i))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(make([]byte, 30<<20)); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		a := w.comes(t, parts("multipart/mixed; boundary=b", "--b\r\n\r\nSee there.\r\n--b\r\nContent-Type: application/zip; name=\"../../bomb.zip\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"+
			base64.StdEncoding.EncodeToString(bomb.Bytes())+"\r\n--b--\r\n"))
		files := w.files(t, w.fresh(t, "an archive", a).ID)
		if len(files) != 1 || files[0].Size != int64(bomb.Len()) || files[0].Name != "bomb.zip" {
			t.Errorf("%+v", files)
		}

		// More pictures in line than a message takes.
		var html, pictures strings.Builder
		html.WriteString("--b\r\nContent-Type: text/html\r\n\r\n<p>Look:</p>")
		for i := range 60 {
			fmt.Fprintf(&html, `<img src="cid:p%d@x">`, i)
			fmt.Fprintf(&pictures, "--b\r\nContent-Type: image/gif; name=p%d.gif\r\nContent-ID: <p%d@x>\r\n\r\nGIF89a%04d\r\n", i, i, i)
		}
		a = w.comes(t, parts("multipart/related; boundary=b", html.String()+"\r\n"+pictures.String()+"--b--\r\n"))
		tk := w.fresh(t, "many pictures", a)
		if files := w.files(t, tk.ID); len(files) > ticket.MaxAttachments {
			t.Errorf("%d files", len(files))
		}
		harmless(t, "many pictures", agent.Get("/tickets/"+tk.Number))
		harmless(t, "many pictures as they came", agent.Get(fmt.Sprintf("/tickets/%s/mail/%d", tk.Number, a.ID)))

		// What acts in HTML.
		a = w.comes(t, parts("text/html; charset=utf-8", `<p>Hi</p><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a><iframe src="//evil.example"></iframe><form action="http://evil.example"><input></form>
<base href="http://evil.example"><style>*{display:none}</style><svg onload=alert(1)><div style="position:fixed">y</div><math><mtext><img src=x onerror=alert(1)></mtext></math><img src="http://evil.example/track.gif">`))
		tk = w.fresh(t, "what acts", a)
		harmless(t, "what acts", agent.Get("/tickets/"+tk.Number))
		harmless(t, "what acts as it came", agent.Get(fmt.Sprintf("/tickets/%s/mail/%d", tk.Number, a.ID)))

		// Words that want to be fields or markup, in subjects and names.
		for i, c := range []struct{ from, subject string }{
			{"=?utf-8?Q?Eve=0D=0ABcc:_victim=40z.example?= <eve@z.example>", "=?utf-8?Q?Printer=0D=0ABcc:_victim=40z.example=0D=0A=0D=0AOther_text?="},
			{`"<script>alert(1)</script>" <script@z.example>`, "<img src=x onerror=alert(1)>"},
			{`"Eve, <help@itsm.example>" <comma@z.example>`, "{{message}} {{requester.name}} %s %d"},
			{"=?utf-8?B?4oCuZ3BqLmV4ZQ==?= <bidi@z.example>", "\u202etxt.exe"},
			{`"a\"b"@z.example`, strings.Repeat("Long ", 500)},
		} {
			a := w.comes(t, []byte("From: "+c.from+"\r\nTo: "+help+"\r\nMessage-ID: <s"+fmt.Sprint(i)+"@z.example>\r\nSubject: "+c.subject+"\r\n\r\nPlease look.\r\n"))
			if a.State != mail.ArrivalLanded {
				if a.Reason != "no_author" {
					t.Errorf("%q: %s %s", c.from, a.State, a.Reason)
				}
				harmless(t, c.from, lead.Get("/mail/quarantine/"+id(a.ID)))
				continue
			}
			tk := w.ticketNow(t, a.TicketID)
			if strings.ContainsAny(tk.Title, "\r\n") {
				t.Errorf("%q", tk.Title)
			}
			harmless(t, c.from, agent.Get("/tickets/"+tk.Number))
			if _, err := w.Core.Tickets.Reply(w.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.PublicReply{Body: ticket.Markdown(fmt.Sprint("Answer ", i))}); err != nil {
				t.Fatal(err)
			}
			var sent *message.Message
			for sent == nil || !strings.Contains(sent.Text, fmt.Sprint("Answer ", i)) {
				m, env := w.next(t)
				if m.To[0].Mail == "requester@example.org" {
					continue // of the mails before
				}
				if len(env.To) != 1 || env.To[0] != a.From {
					t.Errorf("%q: to %v", c.from, env.To)
				}
				if m.Header.Has("Bcc") || len(m.Cc) != 0 || strings.ContainsAny(m.Subject, "\r\n") || len(m.To) != 1 {
					t.Errorf("%q: to %v, cc %v, subject %q", c.from, m.To, m.Cc, m.Subject)
				}
				sent = m
			}
		}
		// Addresses that are none have no author.
		for i, from := range []string{"", "<>", "nobody", "a@b@c", "x <y", strings.Repeat("a", 400) + "@z.example", "undisclosed-recipients:;", "a@-", "\"\" <@z.example>"} {
			a := w.comes(t, []byte("From: "+from+"\r\nTo: "+help+"\r\nMessage-ID: <n"+fmt.Sprint(i)+"@z.example>\r\nSubject: Hello "+fmt.Sprint(i)+"\r\n\r\nPlease look.\r\n"))
			if a.State == mail.ArrivalLanded && !message.ValidAddress(a.From) || a.Reason == "refused" {
				t.Errorf("%q: %s %s from %q", from, a.State, a.Reason, a.From)
			}
		}
	})
}

// files are those of a ticket.
func (w *world) files(t *testing.T, id int64) []ticket.Attachment {
	t.Helper()
	tk := w.ticketNow(t, id)
	events, err := w.Core.Tickets.Timeline(w.As("system"), &tk, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var out []ticket.Attachment
	for _, e := range events {
		out = append(out, e.Attachments...)
	}
	return out
}

// Of what is too large the header is fetched; what a mailbox holds besides is read.
func TestALargeMailInAMailboxIsSeenAndHoldsNothingUp(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		dovecot := mailtest.Dovecot(t)
		w.mail.TLS, w.mail.MaxMessage = dovecot.TLS(), 50_000
		w.box(t, func(b *mail.Box) {
			b.Protocol, b.After = mail.IMAP, mail.AfterDelete
			b.Account = mail.Account{Server: dovecot.IMAP, Auth: message.PLAIN, User: help, Secrets: mail.Secrets{Password: mailtest.Password}}
		})
		w.work(t)
		large := text(ana, help, "large@x.example", "A large one", strings.Repeat("A line of text.\n", 5000))
		w.post(t, mailtest.Exim(t, dovecot.LMTP).Bare, large, text(ana, help, "small@x.example", "A small one", "Please look."))
		w.watch(t, w.mail)
		wait(t, "both", func() bool { return len(w.arrivals(t)) == 2 })
		for _, a := range w.arrivals(t) {
			a = w.became(t, a.ID)
			if a.Subject == "A small one" {
				w.fresh(t, "the small one", a)
			} else if a.State != mail.ArrivalQuarantined || a.Reason != "too_large" || a.Whole || a.Size < 70_000 {
				t.Errorf("%+v", a)
			}
		}
		// It is not deleted where it is: nobody else has it.
		wait(t, "that the small one alone is deleted", func() bool { all, _ := dovecot.Count(t, help, "INBOX"); return all == 1 })
		if page := w.SignedIn(access.RoleTeamLead).Get("/mail/quarantine"); !strings.Contains(page.Body, "A large one") || !strings.Contains(page.Body, "Too large") {
			t.Errorf("%d: it is not shown", page.Status)
		}
	})
}

// A node may end at each attempt to look at one mail: in the end people see it.
func TestWhatNoJobLooksAfterIsShownToPeople(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.Address = help })
		w.box(t)
		admin := w.As(access.RoleAdministrator)
		a, err := w.mail.ImportFile(w.As("system"), help, text(ana, help, "k1@x.example", "It kills", "Please look."))
		if err != nil {
			t.Fatal(err)
		}
		w.byMail(t, access.RoleRequester, "Another matter") // whose letter does the same
		die := func() {
			t.Helper()
			err := w.Core.DB.Write(t.Context(), func(tx *database.Tx) error {
				_, err := tx.Exec(t.Context(), `UPDATE jobs SET state = 'dead', attempts = 30, finished_at = run_at WHERE kind IN ('mail.land', 'mail.send') AND state <> 'done'`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		die()
		if err := w.mail.Strand(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a = w.became(t, a.ID); a.State != mail.ArrivalQuarantined || a.Reason != "refused" {
			t.Errorf("%s %s", a.State, a.Reason)
		}
		letters, err := w.mail.Letters(admin, mail.LetterQuery{State: mail.LetterFailed, Limit: 10})
		if err != nil || len(letters) != 1 || letters[0].Error == "" {
			t.Fatalf("%+v %v", letters, err)
		}
		if page := w.SignedIn(access.RoleTeamLead).Get("/mail/quarantine/" + id(a.ID)); !strings.Contains(page.Body, "ended at every attempt") {
			t.Errorf("%d: it does not say why", page.Status)
		}
		// Both are tried again, and what is on its way is left alone.
		if _, err := w.mail.Release(admin, a.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.mail.SendAgain(admin, letters[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := w.mail.Strand(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.work(t)
		w.fresh(t, "let out", w.became(t, a.ID))
		wait(t, "the letter", func() bool {
			l, err := w.mail.Letter(admin, letters[0].ID)
			return err == nil && l.State == mail.LetterSent
		})
	})
}
