package imap_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/mail/imap"
	"github.com/steward-itsm/steward/internal/platform/mail/mailtest"
)

func secret(text string) mail.Secret {
	return func(context.Context) (string, error) { return text, nil }
}

// deliver brings messages to a mailbox.
func deliver(t *testing.T, d *mailtest.DovecotServer, to string, messages ...string) {
	t.Helper()
	conn, err := net.Dial("tcp", d.LMTP)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	for _, raw := range messages {
		if err := c.Mail("anna@x.example", nil); err != nil {
			t.Fatal(err)
		}
		if err := c.Rcpt(to, nil); err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(strings.ReplaceAll(raw, "\n", "\r\n"))); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func message(n int) string {
	return fmt.Sprintf("From: anna@x.example\nSubject: message %d\nMessage-ID: <%d@x.example>\n\nText %d\n", n, n, n)
}

type watching struct {
	got     chan imap.Fetched
	changed chan error
}

// watch starts watching until the test ends, or stop is called.
func watch(t *testing.T, o imap.Options, from imap.Position, handle imap.Handler) (w watching, stop func()) {
	t.Helper()
	w = watching{make(chan imap.Fetched, 100), make(chan error, 100)}
	o.Changed = func(err error) { w.changed <- err }
	o.Retry = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- imap.Watch(ctx, o, from, func(ctx context.Context, m imap.Fetched) (imap.Action, error) {
			action := imap.Action{}
			var err error
			if handle != nil {
				action, err = handle(ctx, m)
			}
			w.got <- m
			return action, err
		})
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("watch: %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("watching does not end")
		}
	}
	t.Cleanup(stop)
	return w, stop
}

func (w watching) next(t *testing.T) imap.Fetched {
	t.Helper()
	select {
	case m := <-w.got:
		return m
	case <-time.After(30 * time.Second):
		t.Fatal("no message came")
		return imap.Fetched{}
	}
}

func subject(t *testing.T, m imap.Fetched) string {
	t.Helper()
	read, err := mail.Read(m.Raw, mail.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return read.Subject
}

func options(d *mailtest.DovecotServer, user string) imap.Options {
	return imap.Options{Addr: d.IMAP, TLSConfig: d.TLS(), Auth: mail.PLAIN, User: user, Secret: secret(mailtest.Password)}
}

func TestMessagesComeAsTheyArrive(t *testing.T) {
	t.Parallel()
	d := mailtest.Dovecot(t)
	for _, c := range []struct {
		name   string
		change func(*imap.Options)
	}{
		{"starttls", func(*imap.Options) {}},
		{"tls", func(o *imap.Options) { o.Addr, o.Security = d.IMAPS, mail.TLS }},
		{"plain", func(o *imap.Options) { o.Security = mail.Plain }},
		{"polling", func(o *imap.Options) { o.NoIdle, o.Poll = true, 50*time.Millisecond }},
		{"short-idles", func(o *imap.Options) { o.Idle = 100 * time.Millisecond }},
		{"oauth", func(o *imap.Options) {
			o.Auth, o.User, o.Secret = mail.XOAUTH2, "oauth@itsm.example", secret(mailtest.Token)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := options(d, c.name+"@itsm.example")
			c.change(&o)
			deliver(t, d, o.User, message(1), message(2))
			w, stop := watch(t, o, imap.Position{}, nil)
			for n := 1; n <= 2; n++ {
				if m := w.next(t); subject(t, m) != fmt.Sprintf("message %d", n) || m.UID == 0 || m.UIDValidity == 0 || m.Received.IsZero() {
					t.Errorf("got %d: %+v", n, m.Position)
				}
			}
			deliver(t, d, o.User, message(3))
			last := w.next(t)
			if got := subject(t, last); got != "message 3" {
				t.Errorf("got %s", got)
			}
			stop()
			// From where one was, nothing comes again.
			deliver(t, d, o.User, message(4))
			w, _ = watch(t, o, last.Position, nil)
			if got := subject(t, w.next(t)); got != "message 4" {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestHandledMessagesAreMovedMarkedOrDeleted(t *testing.T) {
	t.Parallel()
	d := mailtest.Dovecot(t)
	o := options(d, "desk@itsm.example")
	deliver(t, d, o.User, message(1), message(2), message(3), message(4))
	actions := map[string]imap.Action{"message 1": {Move: "Done", Seen: true}, "message 2": {Delete: true}, "message 3": {Seen: true}, "message 4": {Move: "Done"}}
	w, _ := watch(t, o, imap.Position{}, func(_ context.Context, m imap.Fetched) (imap.Action, error) { return actions[subject(t, m)], nil })
	for range 4 {
		w.next(t)
	}
	deliver(t, d, o.User, message(5)) // when it comes, the others are done with
	w.next(t)
	info, err := imap.Check(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if info.Messages != 2 || !info.Idle || !info.Move {
		t.Errorf("in the inbox: %+v", info)
	}
	o.Mailbox = "Done"
	if info, err = imap.Check(t.Context(), o); err != nil || info.Messages != 2 {
		t.Errorf("moved: %+v, %v", info, err)
	}
}

func TestLargeMessagesAreToldByTheirHeader(t *testing.T) {
	t.Parallel()
	d := mailtest.Dovecot(t)
	o := options(d, "desk@itsm.example")
	o.MaxSize = 10_000
	deliver(t, d, o.User, message(1)+strings.Repeat("a line of text\n", 2000), message(2))
	w, _ := watch(t, o, imap.Position{}, nil)
	if m := w.next(t); !m.TooLarge || m.Size < 30_000 || len(m.Raw) > 5000 || subject(t, m) != "message 1" {
		t.Errorf("got %d bytes of %d, too large: %v", len(m.Raw), m.Size, m.TooLarge)
	}
	if m := w.next(t); m.TooLarge || subject(t, m) != "message 2" {
		t.Errorf("got %+v", m.Position)
	}
}

func TestWhatCouldNotBeHandledComesAgain(t *testing.T) {
	t.Parallel()
	d := mailtest.Dovecot(t)
	o := options(d, "desk@itsm.example")
	deliver(t, d, o.User, message(1), message(2))
	tries := 0
	w, _ := watch(t, o, imap.Position{}, func(context.Context, imap.Fetched) (imap.Action, error) {
		if tries++; tries <= 2 {
			return imap.Action{}, errors.New("the database is away")
		}
		return imap.Action{Delete: true}, nil
	})
	for _, want := range []string{"message 1", "message 1", "message 1", "message 2"} {
		if got := subject(t, w.next(t)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// told waits for the first thing that was told for which ok holds.
func (w watching) told(t *testing.T, what string, ok func(error) bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case err := <-w.changed:
			if ok(err) {
				return
			}
		case <-deadline:
			t.Fatalf("nobody was told: %s", what)
		}
	}
}

// in waits until a mailbox holds so many messages.
func in(t *testing.T, d *mailtest.DovecotServer, user, mailbox string, want, unseen int) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		all, fresh := d.Count(t, user, mailbox)
		if all == want && fresh == unseen {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d messages in %s, %d of them unseen; want %d and %d", all, mailbox, fresh, want, unseen)
		}
	}
}

// A program that ended between handling and marking finds out at its next start.
func TestWhatWasNotMarkedIsMarkedLater(t *testing.T) {
	t.Parallel()
	d := mailtest.Dovecot(t)
	for name, after := range map[string]struct {
		action              imap.Action
		inbox, unseen, done int
	}{
		"moved": {imap.Action{Move: "Done"}, 1, 1, 3}, "deleted": {imap.Action{Delete: true}, 1, 1, 0}, "seen": {imap.Action{Seen: true}, 4, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(d, name+"@itsm.example")
			deliver(t, d, o.User, message(1), message(2), message(3), message(4))
			info, err := imap.Check(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			marked := make(chan imap.Position, 10)
			o.Again = after.action
			o.Marked = func(_ context.Context, at imap.Position) error { marked <- at; return nil }
			o.MaxSize = 10_000
			// The first was done with; the next two were only stored.
			w, stop := watch(t, o, imap.Position{UIDValidity: info.UIDValidity, UID: 3, Marked: 1}, func(context.Context, imap.Fetched) (imap.Action, error) { return after.action, nil })
			if m := w.next(t); subject(t, m) != "message 4" || m.Marked != 3 {
				t.Errorf("got %+v", m.Position)
			}
			if at := <-marked; at.Marked != 4 || at.UID != 4 {
				t.Errorf("told of %+v", at)
			}
			stop()
			in(t, d, o.User, "INBOX", after.inbox, after.unseen)
			if after.done > 0 {
				in(t, d, o.User, "Done", after.done, after.done)
			}
		})
	}
}

func TestAServerThatWillNotMarkStopsNothing(t *testing.T) {
	t.Parallel()
	d := mailtest.Dovecot(t)
	o := options(d, "desk@itsm.example")
	o.Again = imap.Action{Move: "not/a/name"}
	deliver(t, d, o.User, message(1), message(2))
	w, stop := watch(t, o, imap.Position{}, func(context.Context, imap.Fetched) (imap.Action, error) { return o.Again, nil })
	first, second := w.next(t), w.next(t)
	if subject(t, first) != "message 1" || subject(t, second) != "message 2" || second.Marked != 0 {
		t.Errorf("got %+v and %+v", first.Position, second.Position)
	}
	w.told(t, "that messages cannot be marked", func(err error) bool { return err != nil && strings.Contains(err.Error(), "could not be marked") })
	stop()
	// When it will, what was left is marked.
	o.Again = imap.Action{Move: "Done"}
	_, _ = watch(t, o, second.Position, nil)
	in(t, d, o.User, "Done", 2, 2)
}

func TestATokenThatWasTakenBackIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	for _, mechanism := range []string{"xoauth2", "oauthbearer"} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			d := mailtest.DovecotWith(t, mailtest.DovecotOptions{Mechanism: mechanism})
			o := options(d, "oauth@itsm.example")
			afresh := 0
			o.Auth, o.Secret = mail.XOAUTH2, func(ctx context.Context) (string, error) {
				if mail.IsAfresh(ctx) {
					afresh++
					return mailtest.Token, nil
				}
				return "taken back", nil
			}
			if info, err := imap.Check(t.Context(), o); err != nil || afresh != 1 {
				t.Errorf("%+v, %v; asked %d times for another token", info, err, afresh)
			}
			o.Secret = secret("taken back")
			if _, err := imap.Check(t.Context(), o); !errors.Is(err, imap.ErrSignIn) {
				t.Errorf("got %v, want that the sign-in was refused", err)
			}
		})
	}
}

func TestALostConnectionIsMadeAnew(t *testing.T) {
	t.Parallel()
	d := mailtest.Dovecot(t)
	o := options(d, "desk@itsm.example")
	deliver(t, d, o.User, message(1))
	w, _ := watch(t, o, imap.Position{}, nil)
	w.next(t)
	d.Kick(t)
	deadline := time.After(30 * time.Second)
	for lost := false; !lost; {
		select {
		case err := <-w.changed:
			lost = err != nil
		case <-deadline:
			t.Fatal("nobody was told that the mailbox was lost")
		}
	}
	deliver(t, d, o.User, message(2))
	if got := subject(t, w.next(t)); got != "message 2" {
		t.Errorf("got %s", got)
	}
}

func TestAMailboxNumberedAnewIsReadFromItsStart(t *testing.T) {
	t.Parallel()
	d := mailtest.Dovecot(t)
	o := options(d, "desk@itsm.example")
	deliver(t, d, o.User, message(1))
	w, _ := watch(t, o, imap.Position{UIDValidity: 7, UID: 1000}, nil)
	if m := w.next(t); !m.Restart || subject(t, m) != "message 1" || m.UIDValidity == 7 {
		t.Errorf("got %+v, restart %v", m.Position, m.Restart)
	}
}

func TestWrongSettingsAreTold(t *testing.T) {
	t.Parallel()
	d := mailtest.Dovecot(t)
	for _, c := range []struct {
		name   string
		change func(*imap.Options)
		want   string
	}{
		{"wrong password", func(o *imap.Options) { o.Secret = secret("wrong") }, "sign in"},
		{"wrong token", func(o *imap.Options) { o.Auth, o.Secret = mail.XOAUTH2, secret("old") }, "sign in"},
		{"no such mailbox", func(o *imap.Options) { o.Mailbox = "Nowhere" }, "open the mailbox"},
		{"a certificate nobody trusts", func(o *imap.Options) { o.TLSConfig = nil }, "connect"},
		{"no TLS where it was asked for", func(o *imap.Options) { o.Security, o.Timeout = mail.TLS, 2*time.Second }, "connect"},
		{"a password in the clear", func(o *imap.Options) { o.Security, o.Addr = mail.Plain, "imap.example:143" }, "not protected"},
		{"no address", func(o *imap.Options) { o.Addr = "x" }, "host:port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := options(d, "desk@itsm.example")
			c.change(&o)
			if _, err := imap.Check(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
