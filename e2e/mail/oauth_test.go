package mail_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/mail/mailtest"
)

// issuer hands out tokens as strict ones do: a refresh token is good for one use, and
// one that comes again ends everything.
type issuer struct {
	url string

	mu      sync.Mutex
	n       int
	asked   int
	refresh string
	access  map[string]bool
	give    string // what the next access token is; "" makes one
	reused  bool
	closed  bool
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{access: map[string]bool{}, refresh: "refresh-0"}
	server := httptest.NewServer(http.HandlerFunc(i.token))
	t.Cleanup(server.Close)
	i.url = server.URL + "/token"
	return i
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	w.Header().Set("Content-Type", "application/json")
	old := r.FormValue("refresh_token") != i.refresh
	i.reused = i.reused || old && !i.closed
	if i.closed || old || r.FormValue("client_id") != "steward" || r.FormValue("client_secret") != "its secret" || r.FormValue("grant_type") != "refresh_token" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"error":"invalid_grant","error_description":"The consent was taken back."}`)
		return
	}
	i.n++
	access := fmt.Sprint("access-", i.n)
	if i.give != "" {
		access, i.give = i.give, mailtest.Token
	}
	i.refresh, i.access[access] = fmt.Sprint("refresh-", i.n), true
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": access, "refresh_token": i.refresh, "expires_in": 3600})
}

// whose is what Dovecot asks.
func (i *issuer) whose(token string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.access[token] {
		return help
	}
	return ""
}

func (i *issuer) with(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f()
}

func (i *issuer) account(server string) mail.Account {
	return mail.Account{
		Server: server, Auth: message.XOAUTH2, User: help, TokenURL: i.url, ClientID: "steward", Scope: "mail",
		Secrets: mail.Secrets{ClientSecret: "its secret", RefreshToken: "refresh-0"},
	}
}

// watch reads the mailboxes as another node until the test ends.
func (w *world) watch(t *testing.T, s *mail.Service) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		s.Watch(ctx, mail.Pace{Look: 20 * time.Millisecond, Lease: 200 * time.Millisecond})
		close(done)
	}()
	t.Cleanup(func() { stop(); <-done })
}

// post brings mails to Dovecot by Exim.
func (w *world) post(t *testing.T, bare string, raws ...[]byte) {
	t.Helper()
	sender, err := message.NewSender(message.SMTPServer{Addr: bare, Security: message.Plain})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	for _, raw := range raws {
		if err := sender.Send(t.Context(), message.Envelope{From: "requester@example.org", To: []string{help}}, raw); err != nil {
			t.Fatal(err)
		}
	}
}

// alarms are what somebody was told about things that do not work.
func (w *world) alarms(t *testing.T, role string) []notify.Stored {
	t.Helper()
	page, err := w.Core.Notices.Inbox(w.As(role), notify.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var out []notify.Stored
	for _, l := range page.Lines {
		for _, n := range l.Notices {
			if n.Kind == notify.Alarm {
				out = append(out, n)
			}
		}
	}
	return out
}

func TestAMailboxIsReadByTokensThatEndAreTakenBackAndRefused(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		i := newIssuer(t)
		mechanism := map[database.Engine]string{database.SQLite: "oauthbearer", database.PostgreSQL: "xoauth2"}[s.Core.DB.Engine()]
		dovecot := mailtest.DovecotWith(t, mailtest.DovecotOptions{Whose: i.whose, Mechanism: mechanism})
		exim := mailtest.Exim(t, dovecot.LMTP)
		w.mail.TLS = dovecot.TLS()
		b := w.box(t, func(b *mail.Box) { b.Protocol, b.After, b.Account = mail.IMAP, mail.AfterSeen, i.account(dovecot.IMAP) })
		w.work(t)
		w.mail.Node = "first"
		deps := w.mail.Deps
		deps.Node, deps.Jobs = "second", jobs.New(w.Core.DB, jobs.Options{})
		w.watch(t, w.mail)
		w.watch(t, mail.New(deps))
		admin := w.As(access.RoleAdministrator)
		n := 0
		comes := func(why string) {
			t.Helper()
			n++
			w.post(t, exim.Bare, text(ana, help, fmt.Sprintf("m%d@x.example", n), fmt.Sprintf("Matter %d", n), "Please look."))
			wait(t, "mail "+why, func() bool { return w.count(t) == n })
		}
		comes("with the first token")
		for round := range 2 {
			i.with(func() { clear(i.access) }) // all tokens that are out are taken back
			dovecot.Kick(t)
			comes(fmt.Sprint("after tokens were taken back, ", round))
		}
		if fresh, err := w.mail.Box(admin, b.ID); err != nil || fresh.Problem != "" || fresh.Secrets.RefreshToken == "refresh-0" {
			t.Errorf("%q, %v; the refresh token is %q", fresh.Problem, err, fresh.Secrets.RefreshToken)
		}
		i.with(func() {
			if i.reused {
				t.Error("an old refresh token was used again")
			}
		})
		if len(w.alarms(t, access.RoleAdministrator)) != 0 {
			t.Error("somebody is told that a mailbox is not reached that is")
		}

		// The consent is taken back: it is said where people look, and nothing storms.
		asked := 0
		i.with(func() { clear(i.access); i.closed = true; asked = i.asked })
		dovecot.Kick(t)
		wait(t, "the state of the mailbox", func() bool {
			now, err := w.mail.Box(admin, b.ID)
			return err == nil && strings.Contains(now.Problem, "invalid_grant")
		})
		wait(t, "the alarm", func() bool { return len(w.alarms(t, access.RoleAdministrator)) == 1 })
		w.post(t, exim.Bare, text(ana, help, "late@x.example", "Meanwhile", "Please look."))
		c := w.SignedIn(access.RoleAdministrator)
		at := "/admin/mail/mailboxes/" + id(b.ID)
		if page := c.Get(at); !strings.Contains(page.Body, "This mailbox is not reached") || !strings.Contains(page.Body, "The consent was taken back.") {
			t.Errorf("%d: the page does not say so", page.Status)
		}
		if page := c.Get("/inbox"); !strings.Contains(page.Body, "does not let us in any more") || !strings.Contains(page.Body, at) {
			t.Errorf("%d: the inbox does not say so", page.Status)
		}
		if told := w.alarms(t, access.RoleAgent); len(told) != 0 {
			t.Errorf("an agent is told %v", told)
		}
		wait(t, "another try", func() bool {
			again := false
			i.with(func() { again = i.asked >= asked+2 })
			return again
		})
		i.with(func() {
			if i.asked > asked+8 { // waits are doubled, from a second on; a node that takes over begins anew
				t.Errorf("the issuer was asked %d times", i.asked-asked)
			}
		})
		if told := w.alarms(t, access.RoleAdministrator); len(told) != 1 {
			t.Errorf("told %d times of one thing", len(told))
		}
		// Somebody signs in anew, and what came meanwhile is read.
		i.with(func() { i.closed, i.refresh = false, "signed in anew" })
		if _, err := w.mail.ChangeBox(admin, b.ID, 0, func(b *mail.Box) { b.Secrets.RefreshToken = "signed in anew" }); err != nil {
			t.Fatal(err)
		}
		n++
		wait(t, "what came meanwhile", func() bool { return w.count(t) == n })
		wait(t, "the state of the mailbox", func() bool {
			now, err := w.mail.Box(admin, b.ID)
			return err == nil && now.Problem == "" && now.ProblemSince.IsZero()
		})
	})
}

func TestASenderSignsInByTokens(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		i := newIssuer(t)
		i.give = "taken back before it was used"
		from := w.sender(t, func(v *mail.Sender) { v.Account = i.account(w.exim.SMTP) })
		w.work(t)
		admin := w.As(access.RoleAdministrator)
		notice := func(key string) {
			t.Helper()
			err := w.Core.DB.Write(admin, func(tx *database.Tx) error {
				return w.mail.Enqueue(admin, tx, letter.Letter{
					Kind: letter.Notice, Subject: "News", Body: "Something happened: " + key, Why: "You watch it.", Key: key, To: []letter.Recipient{{Person: w.Persons["other"]}},
				})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		notice("one")
		w.letter(t, "Something happened: one")
		if i.asked != 2 {
			t.Errorf("the issuer was asked %d times; want another token after the first was refused", i.asked)
		}
		// A test of the settings uses up a refresh token, too.
		if tried, err := w.mail.TrySender(admin, from.ID, "admin@x.example"); err != nil || !tried.OK {
			t.Errorf("%+v %v", tried, err)
		}
		w.letter(t, "mail from Steward arrives")
		if now, err := w.mail.Sender(admin, from.ID); err != nil || now.Secrets.RefreshToken != i.refresh || i.reused {
			t.Errorf("%v: the newest refresh token is not kept, or an old one was used again: %v", err, i.reused)
		}
		// Refused: the letter waits, and those who set up mail are told once.
		i.with(func() { i.closed = true })
		if _, err := w.mail.ChangeSender(admin, from.ID, 0, func(v *mail.Sender) { v.Name = "Another name" }); err != nil { // its connections end
			t.Fatal(err)
		}
		notice("two")
		notice("three")
		wait(t, "the alarm", func() bool { return len(w.alarms(t, access.RoleAdministrator)) == 1 })
		wait(t, "that both letters wait", func() bool {
			found, err := w.mail.Letters(admin, mail.LetterQuery{State: mail.LetterWaiting, Limit: 10})
			return err == nil && len(found) == 2 && strings.Contains(found[0].Error, "invalid_grant") && strings.Contains(found[1].Error, "invalid_grant")
		})
		if told := w.alarms(t, access.RoleAdministrator); len(told) != 1 || !strings.Contains(told[0].Detail, "Letters wait") {
			t.Errorf("%+v", told)
		}
	})
}
