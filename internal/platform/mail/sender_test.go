package mail_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/mail/lmtp"
	"github.com/steward-itsm/steward/internal/platform/mail/mailtest"
)

func secret(text string) mail.Secret {
	return func(context.Context) (string, error) { return text, nil }
}

// took is a listener that hands on what it takes.
func took(t *testing.T) (string, <-chan lmtp.Delivery) {
	t.Helper()
	got := make(chan lmtp.Delivery, 100)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := lmtp.New(lmtp.Options{Protocol: lmtp.LMTP, Deliver: func(_ context.Context, d lmtp.Delivery) error { got <- d; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String(), got
}

func TestMessagesAreSentThroughARealServer(t *testing.T) {
	t.Parallel()
	addr, got := took(t)
	exim := mailtest.Exim(t, addr)
	raw, err := mail.Compose(mail.Outgoing{
		ID: "sent.1@itsm.example", Date: time.Date(2025, 11, 3, 9, 0, 0, 0, time.UTC), From: mail.Address{Name: "Köln Desk", Mail: "desk@itsm.example"},
		To: []mail.Address{{Mail: "anna@x.example"}}, Subject: "Grüße", Text: "one\n.\n..two\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		server mail.SMTPServer
	}{
		{"STARTTLS and PLAIN", mail.SMTPServer{Addr: exim.SMTP, TLSConfig: exim.TLS(), Auth: mail.PLAIN, User: "desk", Secret: secret(mailtest.Password)}},
		{"TLS and LOGIN", mail.SMTPServer{Addr: exim.SMTPS, Security: mail.TLS, TLSConfig: exim.TLS(), Auth: mail.LOGIN, User: "desk", Secret: secret(mailtest.Password)}},
		{"XOAUTH2", mail.SMTPServer{Addr: exim.SMTP, TLSConfig: exim.TLS(), Auth: mail.XOAUTH2, User: "desk", Secret: secret(mailtest.Token)}},
		{"STARTTLS if there is", mail.SMTPServer{Addr: exim.Bare, Security: mail.Opportunistic, TLSConfig: exim.TLS()}},
		{"nothing", mail.SMTPServer{Addr: exim.Bare, Security: mail.Plain}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := mail.NewSender(c.server)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for range 2 { // the second over the connection of the first
				if err := s.Send(t.Context(), mail.Envelope{From: "desk@itsm.example", To: []string{"anna@x.example", "bob@x.example"}}, raw); err != nil {
					t.Fatal(err)
				}
				d := next(t, got)
				m, err := mail.Read(d.Raw, mail.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				if m.Text != "one\n.\n..two\n" || m.Subject != "Grüße" || m.From[0].Name != "Köln Desk" || m.ID != "sent.1@itsm.example" || d.From != "desk@itsm.example" {
					t.Errorf("got %q %q %v from %s", m.Subject, m.Text, m.From, d.From)
				}
				if len(d.To) != 2 {
					d.To = append(d.To, next(t, got).To...) // handed on in two
				}
				if len(d.To) != 2 {
					t.Errorf("it went to %v", d.To)
				}
			}
		})
	}
}

func next(t *testing.T, got <-chan lmtp.Delivery) lmtp.Delivery {
	t.Helper()
	select {
	case d := <-got:
		return d
	case <-time.After(30 * time.Second):
		t.Fatal("nothing arrived")
		return lmtp.Delivery{}
	}
}

func TestFailuresSayWhatToDo(t *testing.T) {
	t.Parallel()
	addr, _ := took(t)
	exim := mailtest.Exim(t, addr)
	compose := func(subject string, size int) []byte {
		raw, err := mail.Compose(mail.Outgoing{
			ID: "f@itsm.example", Date: time.Now(), From: mail.Address{Mail: "desk@itsm.example"}, Subject: subject, Text: strings.Repeat("x", size),
		})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	base := mail.SMTPServer{Addr: exim.SMTP, TLSConfig: exim.TLS()}
	away, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	awayAddr := away.Addr().String()
	away.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, c := range []struct {
		name    string
		change  func(*mail.SMTPServer)
		to      []string
		raw     []byte
		kind    mail.SendKind
		stage   string
		refused int
	}{
		{"one recipient is unknown", nil, []string{"unknown@x.example", "anna@x.example"}, compose("s", 10), mail.Refused, "recipients", 1},
		{"all recipients are unknown", nil, []string{"unknown@x.example"}, compose("s", 10), mail.Permanent, "recipients", 1},
		{"the recipient is put off", nil, []string{"later@x.example"}, compose("s", 10), mail.Temporary, "recipients", 1},
		{"the message is refused", nil, []string{"anna@x.example"}, compose("SPAM", 10), mail.Permanent, "data", 0},
		{"the message is too large", nil, []string{"anna@x.example"}, compose("s", 300<<10), mail.Permanent, "data", 0},
		{"the server is away", func(s *mail.SMTPServer) { s.Addr = awayAddr }, []string{"anna@x.example"}, compose("s", 10), mail.Temporary, "connect", 0},
		{"the server says nothing", func(s *mail.SMTPServer) { s.Addr, s.Timeout = silent.Addr().String(), 300*time.Millisecond }, []string{"anna@x.example"}, compose("s", 10), mail.Temporary, "connect", 0},
		{"the certificate is not trusted", func(s *mail.SMTPServer) { s.TLSConfig = nil }, []string{"anna@x.example"}, compose("s", 10), mail.Temporary, "tls", 0},
		{"STARTTLS is missing", func(s *mail.SMTPServer) { s.Addr = exim.Bare }, []string{"anna@x.example"}, compose("s", 10), mail.Temporary, "tls", 0},
		{"the password is wrong", func(s *mail.SMTPServer) { s.Auth, s.User, s.Secret = mail.PLAIN, "desk", secret("wrong") }, []string{"anna@x.example"}, compose("s", 10), mail.Temporary, "auth", 0},
		{"the token has expired", func(s *mail.SMTPServer) { s.Auth, s.User, s.Secret = mail.XOAUTH2, "desk", secret("old") }, []string{"anna@x.example"}, compose("s", 10), mail.Temporary, "auth", 0},
		{"an address is none", nil, []string{"anna@x.example\r\nRCPT TO:<b@x.example>"}, compose("s", 10), mail.Permanent, "recipients", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := base
			if c.change != nil {
				c.change(&server)
			}
			s, err := mail.NewSender(server)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			err = s.Send(t.Context(), mail.Envelope{From: "desk@itsm.example", To: c.to}, c.raw)
			var e *mail.SendError
			if !errors.As(err, &e) || e.Kind != c.kind || e.Stage != c.stage || len(e.Refused) != c.refused {
				t.Errorf("got %v, want %s at %s", err, c.kind, c.stage)
			}
		})
	}
	for _, bad := range []mail.SMTPServer{
		{Addr: "nowhere"}, {Addr: "a:25", Security: "x"}, {Addr: "a:25", Auth: mail.PLAIN}, {Addr: "a:25", Security: mail.Plain, Auth: mail.PLAIN, Secret: secret("x")}, {Addr: "a:25", Hello: "a\r\nb"},
	} {
		if _, err := mail.NewSender(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
