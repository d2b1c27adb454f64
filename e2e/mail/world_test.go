package mail_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
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

// world is the product with a real mail server behind it: what Steward sends goes
// through Exim, and comes out as sent.
type world struct {
	*apptest.System
	mail *mail.Service
	exim *mailtest.EximServer
	sent chan *message.Message
	envs chan lmtp.Delivery
	// comesBack gives what goes to addresses of this domain to the product itself.
	comesBack atomic.Value
	passed    atomic.Int64 // mails that went over Exim
}

func newWorld(t *testing.T, s *apptest.System) *world {
	t.Helper()
	w := &world{System: s, mail: s.App.Mail(), sent: make(chan *message.Message, 200), envs: make(chan lmtp.Delivery, 200)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := lmtp.New(lmtp.Options{Protocol: lmtp.LMTP, Recipient: w.mayReach, Deliver: func(ctx context.Context, d lmtp.Delivery) error {
		w.passed.Add(1)
		if domain, _ := w.comesBack.Load().(string); domain != "" && strings.HasSuffix(d.To[0], "@"+domain) {
			return w.mail.Take(ctx, d)
		}
		m, err := message.Read(d.Raw, message.Limits{})
		if err == nil {
			w.sent <- m
			w.envs <- d
		}
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-done })
	w.exim = mailtest.Exim(t, l.Addr().String())
	w.mail.TLS = w.exim.TLS()
	return w
}

// mayReach refuses the local part "gone", so that Exim sends a bounce.
func (w *world) mayReach(_ context.Context, address string) error {
	if strings.HasPrefix(address, "gone@") {
		return &lmtp.Rejection{Message: "No such user here."}
	}
	return nil
}

// work runs the product's jobs until the test ends.
func (w *world) work(t *testing.T) {
	t.Helper()
	if err := w.Core.Jobs.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = w.Core.Jobs.Stop(ctx) // what is left ends with the test
	})
}

// sender is a working sender of the desk.
func (w *world) sender(t *testing.T, change ...func(v *mail.Sender)) mail.Sender {
	t.Helper()
	v := mail.Sender{
		Name: "IT service desk", Address: "desk@itsm.example", Plus: true, Active: true,
		Account: mail.Account{Server: w.exim.SMTP, Auth: message.PLAIN, User: "desk", Secrets: mail.Secrets{Password: mailtest.Password}},
	}
	for _, c := range change {
		c(&v)
	}
	v, err := w.mail.CreateSender(w.As(access.RoleAdministrator), v)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// next is the next letter that left.
func (w *world) next(t *testing.T) (*message.Message, lmtp.Delivery) {
	t.Helper()
	select {
	case m := <-w.sent:
		return m, <-w.envs
	case <-time.After(30 * time.Second):
		found, err := w.mail.Letters(w.As(access.RoleAdministrator), mail.LetterQuery{Limit: 5})
		for _, l := range found {
			t.Logf("%s %q: %s %s", l.Kind, l.Subject, l.State, l.Error)
		}
		t.Fatal("no letter was sent", err)
		return nil, lmtp.Delivery{}
	}
}

// byMail opens a ticket of a requester as if it had come by mail.
func (w *world) byMail(t *testing.T, role, title string) ticket.Ticket {
	t.Helper()
	tk, err := w.Core.Tickets.Create(w.As(role), ticket.Create{Kind: "incident", Title: title, Description: "It does.", Channel: "email"})
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// wait looks until something is so.
func wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); !so(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s did not come", what)
		}
	}
}

func id(n int64) string { return strconv.FormatInt(n, 10) }
