package mail_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/mail/lmtp"
	"github.com/steward-itsm/steward/internal/platform/mail/mailtest"
)

// listen has the product take mail until the test ends, and gives the address.
func (w *world) listen(t *testing.T, p lmtp.Protocol) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // the product takes it
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.mail.Listen(ctx, p, address) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return address
}

// caller speaks to a server line by line.
type caller struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func call(t *testing.T, address string, p lmtp.Protocol) *caller {
	t.Helper()
	c := &caller{t: t}
	wait(t, "the server", func() bool {
		var err error
		c.conn, err = net.Dial("tcp", address)
		return err == nil
	})
	t.Cleanup(func() { _ = c.conn.Close() })
	if err := c.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	c.r = bufio.NewReader(c.conn)
	c.hears("220")
	c.says(map[lmtp.Protocol]string{lmtp.LMTP: "LHLO", lmtp.SMTP: "EHLO"}[p] + " localhost\r\n")
	offers := c.hears("250")
	for _, word := range []string{"PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE "} {
		if !strings.Contains(offers, word) {
			t.Errorf("%s is not offered: %s", word, offers)
		}
	}
	if strings.Contains(offers, "STARTTLS") || strings.Contains(offers, "AUTH") {
		t.Errorf("what it cannot do is offered: %s", offers)
	}
	return c
}

func (c *caller) says(text string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// hears reads one answer and fails unless it begins so.
func (c *caller) hears(want string) string {
	c.t.Helper()
	var all strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatal(err)
		}
		all.WriteString(line)
		if len(line) > 3 && line[3] == ' ' {
			if !strings.HasPrefix(line, want) {
				c.t.Errorf("heard %q, want %s", line, want)
			}
			return all.String()
		}
	}
}

func (w *world) arrivals(t *testing.T) []mail.Arrival {
	t.Helper()
	all, err := w.mail.Arrivals(w.As(access.RoleAdministrator), mail.ArrivalQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestServersThatBringMailGetTheRightAnswers(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		for _, p := range []lmtp.Protocol{lmtp.LMTP, lmtp.SMTP} {
			w := &world{System: s, mail: s.App.Mail()}
			if p == lmtp.LMTP {
				w.box(t)
				w.work(t)
				w.mail.MaxMessage = 20_000
			}
			c := call(t, w.listen(t, p), p)
			before := len(w.arrivals(t))
			came := func(what string, n int) {
				t.Helper()
				if now := len(w.arrivals(t)); now != before+n {
					t.Errorf("%s: %d mails are here, want %d", what, now-before, n)
				}
			}
			body := func(id string) string {
				return string(text(ana, help, id+string(p)+"@x.example", "Matter "+id, "Please look."))
			}

			c.says("MAIL FROM:<requester@example.org>\r\n")
			c.hears("250")
			c.says("RCPT TO:<nobody@itsm.example>\r\n")
			c.hears("550 5.1.1")
			c.says("RCPT TO:<help+anything@itsm.example>\r\n")
			c.hears("250")
			c.says("DATA\r\n")
			c.hears("354")
			c.says(body("one") + ".\r\n")
			c.hears("250")
			came("one recipient of two", 1)

			// Everything at once, with a recipient that is refused among them.
			c.says("MAIL FROM:<requester@example.org> BODY=8BITMIME\r\nRCPT TO:<nobody@itsm.example>\r\nRCPT TO:<help@itsm.example>\r\nDATA\r\n")
			c.hears("250")
			c.hears("550 5.1.1")
			c.hears("250")
			c.hears("354")
			// A dot alone between lines that do not end as the standard has it is no end: a mail cannot hide another.
			c.says(body("two") + "Grüße\n.\nMAIL FROM:<x@x.example>\n.\r\nRCPT TO:<help@itsm.example>\r\n..dot\r\n.\r\n")
			c.hears("250")
			came("a mail that hides another", 2)

			// More than one takes, said before and found out.
			c.says("MAIL FROM:<requester@example.org> SIZE=30000\r\n")
			c.hears("552 5.3.4")
			c.says("MAIL FROM:<requester@example.org>\r\nRCPT TO:<help@itsm.example>\r\nDATA\r\n")
			c.hears("250")
			c.hears("250")
			c.hears("354")
			c.says(body("three") + strings.Repeat("A line of text.\r\n", 2000) + ".\r\n")
			c.hears("552 5.3.4")
			came("what is too large", 2)
			// Nearly so: what we add to it does not make it too large.
			c.says("MAIL FROM:<requester@example.org>\r\nRCPT TO:<help@itsm.example>\r\nDATA\r\n")
			c.hears("250")
			c.hears("250")
			c.hears("354")
			near := body("four")
			c.says(near + strings.Repeat("x", 20_000-len(near)-3) + "\r\n.\r\n")
			c.hears("250")
			came("what just fits", 3)

			// Addresses beyond ASCII, and the empty sender of bounces.
			c.says("MAIL FROM:<ünal@exämple.example> SMTPUTF8\r\nRCPT TO:<help@itsm.example>\r\nDATA\r\n")
			c.hears("250")
			c.hears("250")
			c.hears("354")
			c.says(string(text("Ünal <ünal@exämple.example>", help, "five"+string(p)+"@x.example", "Größe", "Zu groß.")) + ".\r\n")
			c.hears("250")
			c.says("MAIL FROM:<>\r\nRCPT TO:<help@itsm.example>\r\nDATA\r\n")
			c.hears("250")
			c.hears("250")
			c.hears("354")
			c.says(body("six") + ".\r\n")
			c.hears("250")
			came("an international one and one without a sender", 5)

			// A connection that breaks in the midst of a mail leaves nothing.
			other := call(t, strings.Clone(c.conn.RemoteAddr().String()), p)
			other.says("MAIL FROM:<requester@example.org>\r\nRCPT TO:<help@itsm.example>\r\nDATA\r\n")
			other.hears("250")
			other.hears("250")
			other.hears("354")
			other.says(body("seven"))
			_ = other.conn.Close()
			// The same mail again, as by a server that did not hear that we have it.
			c.says("MAIL FROM:<requester@example.org>\r\nRCPT TO:<help@itsm.example>\r\nDATA\r\n")
			c.hears("250")
			c.hears("250")
			c.hears("354")
			c.says(body("one") + ".\r\n")
			c.hears("250")
			for n := range 101 {
				if n == 0 {
					c.says("MAIL FROM:<requester@example.org>\r\n")
					c.hears("250")
				}
				c.says("RCPT TO:<help@itsm.example>\r\n")
				c.hears(map[bool]string{true: "250", false: "452"}[n < 100])
			}
			c.says("QUIT\r\n")
			c.hears("221")
			came("the same again", 6)
			found := map[string]mail.Arrival{}
			for _, a := range w.arrivals(t)[:6] {
				if a = w.became(t, a.ID); a.State != mail.ArrivalDuplicate {
					found[a.Subject] = a
				} else if a.Subject != "Matter one" {
					t.Errorf("%s is a duplicate", a.Subject)
				}
			}
			for subject, state := range map[string]mail.ArrivalState{"Matter one": "landed", "Matter two": "landed", "Matter four": "landed", "Größe": "landed", "Matter six": "landed"} {
				if a := found[subject]; a.State != state {
					t.Errorf("%s is %s: %s %v", subject, a.State, a.Reason, codes(a))
				}
			}
			if a := found["Matter six"]; a.Nature == message.Person {
				t.Error("what has no sender counts as written by a person")
			}
			if tk := w.ticketNow(t, found["Matter two"].TicketID); !strings.Contains(string(tk.Description), "Grüße") || !strings.Contains(string(tk.Description), "RCPT TO") {
				t.Errorf("%q", tk.Description)
			}
			if a := found["Größe"]; a.From != "ünal@exämple.example" {
				t.Errorf("from %s", a.From)
			}
		}
	})
}

func TestEximBringsMailToTheProduct(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.Address = help })
		w.box(t, func(b *mail.Box) { b.PerHour = 3 })
		w.work(t)
		exim := mailtest.Exim(t, w.listen(t, lmtp.LMTP))
		var raws [][]byte
		for n := range 5 {
			raws = append(raws, text(ana, help, fmt.Sprintf("m%d@x.example", n), fmt.Sprint("Matter ", n), "Please look. Grüße"))
		}
		w.post(t, exim.Bare, raws...)
		wait(t, "all of them", func() bool { return len(w.arrivals(t)) == 5 })
		landed, held := 0, 0
		for _, a := range w.arrivals(t) {
			switch a = w.became(t, a.ID); {
			case a.State == mail.ArrivalLanded:
				landed++
			case a.State == mail.ArrivalQuarantined && a.Reason == "rate":
				held++
			default:
				t.Errorf("%s %s", a.State, a.Reason)
			}
		}
		if landed != 3 || held != 2 { // too many are kept, and not sent back
			t.Errorf("%d landed, %d are held", landed, held)
		}
		// Our letter is answered by way of a server that brings mail.
		tk := w.first(t)
		if _, err := w.Core.Tickets.Reply(w.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Close the tray."}); err != nil {
			t.Fatal(err)
		}
		sent := w.letter(t, "Close the tray.")
		other, err := message.NewSender(message.SMTPServer{Addr: exim.Bare, Security: message.Plain})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		// In Bcc: the envelope alone has the mark.
		raw := text("Ben <other@example.org>", "somebody@x.example", "b1@x.example", "no subject", "It works.")
		if err := other.Send(t.Context(), message.Envelope{From: "other@example.org", To: []string{sent.ReplyTo[0].Mail}}, raw); err != nil {
			t.Fatal(err)
		}
		wait(t, "the answer", func() bool { return len(w.arrivals(t)) == 6 })
		on(t, "an answer by the envelope alone", w.became(t, w.arrivals(t)[0].ID), tk.ID, "plus")
	})
}

func TestServersBringMailEncrypted(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := &world{System: s, mail: s.App.Mail()}
		w.box(t)
		w.work(t)
		known := httptest.NewUnstartedServer(nil)
		known.StartTLS()
		t.Cleanup(known.Close)
		w.mail.Offer = &tls.Config{Certificates: known.TLS.Certificates, MinVersion: tls.VersionTLS12}
		address := w.listen(t, lmtp.SMTP)
		var c *smtp.Client
		wait(t, "the server", func() bool {
			var err error
			c, err = smtp.Dial(address)
			return err == nil
		})
		trusted := x509.NewCertPool()
		trusted.AddCert(known.Certificate())
		if err := c.StartTLS(&tls.Config{RootCAs: trusted, ServerName: "example.com", MinVersion: tls.VersionTLS12}); err != nil {
			t.Fatal(err)
		}
		if err := c.Mail("requester@example.org"); err != nil {
			t.Fatal(err)
		}
		if err := c.Rcpt("help@itsm.example"); err != nil {
			t.Fatal(err)
		}
		body, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := body.Write(text(ana, help, "secret@x.example", "Over a foreign network", "Please look.")); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(body.Close(), c.Quit()); err != nil {
			t.Fatal(err)
		}
		if all := w.arrivals(t); len(all) != 1 || all[0].Subject != "Over a foreign network" {
			t.Errorf("%+v", all)
		}
	})
}
