package lmtp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/steward-itsm/steward/internal/platform/mail/lmtp"
)

func listen(t *testing.T, o lmtp.Options) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := lmtp.New(o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String()
}

func client(t *testing.T, p lmtp.Protocol, addr string) *smtp.Client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if p == lmtp.LMTP {
		return smtp.NewClientLMTP(conn)
	}
	return smtp.NewClient(conn)
}

func send(c *smtp.Client, to, raw string) error {
	if err := c.Mail("anna@x.example", nil); err != nil {
		return err
	}
	if err := c.Rcpt(to, nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(raw)); err != nil {
		return err
	}
	return w.Close()
}

func code(err error) int {
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestAMessageIsAcknowledgedOnlyWhenItIsStored(t *testing.T) {
	t.Parallel()
	for _, p := range []lmtp.Protocol{lmtp.LMTP, lmtp.SMTP} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			var result error
			panics := false
			got := make(chan lmtp.Delivery, 10)
			addr := listen(t, lmtp.Options{
				Protocol: p, MaxSize: 5000, Deliver: func(_ context.Context, d lmtp.Delivery) error {
					if panics {
						panic("oh")
					}
					got <- d
					return result
				},
				Recipient: func(_ context.Context, to string) error {
					switch to {
					case "nobody@itsm.example":
						return &lmtp.Rejection{Message: "no such\r\nmailbox"}
					case "later@itsm.example":
						return errors.New("the database is away")
					}
					return nil
				},
			})
			c := client(t, p, addr)
			if err := send(c, "desk@itsm.example", "Subject: x\r\n\r\n.dot\r\n"); err != nil {
				t.Fatal(err)
			}
			if d := <-got; d.From != "anna@x.example" || len(d.To) != 1 || d.To[0] != "desk@itsm.example" || string(d.Raw) != "Subject: x\r\n\r\n.dot\r\n" || d.Peer == "" {
				t.Errorf("got %+v", d)
			}
			for _, step := range []struct {
				name   string
				result error
				panics bool
				to     string
				raw    string
				want   int
			}{
				{"the store is away", errors.New("away"), false, "desk@itsm.example", "x", 451},
				{"it will never do", &lmtp.Rejection{Message: "no"}, false, "desk@itsm.example", "x", 550},
				{"the callback panics", nil, true, "desk@itsm.example", "x", 451},
				{"an unknown recipient", nil, false, "nobody@itsm.example", "x", 550},
				{"a recipient put off", nil, false, "later@itsm.example", "x", 451},
				{"a message too large", nil, false, "desk@itsm.example", strings.Repeat("x\r\n", 3000), 552},
				{"all is well again", nil, false, "desk@itsm.example", "x", 0},
			} {
				result, panics = step.result, step.panics
				err := send(c, step.to, step.raw)
				if code(err) != step.want || step.want == 0 && err != nil {
					t.Errorf("%s: got %v, want %d", step.name, err, step.want)
				}
				if err := c.Reset(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	addr := listen(t, lmtp.Options{Protocol: lmtp.SMTP, Conns: 1, Deliver: func(context.Context, lmtp.Delivery) error { return nil }})
	first := client(t, lmtp.SMTP, addr)
	if err := first.Hello("localhost"); err != nil {
		t.Fatal(err)
	}
	if err := client(t, lmtp.SMTP, addr).Hello("localhost"); code(err) != 421 {
		t.Errorf("a second connection: %v", err)
	}
	if err := first.Quit(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		if client(t, lmtp.SMTP, addr).Hello("localhost") == nil {
			return
		}
		<-tick.C
	}
	t.Error("a place that was left is not given to another")
}

func TestSilentClientsAreLetGo(t *testing.T) {
	t.Parallel()
	addr := listen(t, lmtp.Options{Protocol: lmtp.SMTP, Timeout: 100 * time.Millisecond, Deliver: func(context.Context, lmtp.Delivery) error { return nil }})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1000)
	for {
		if _, err := conn.Read(buffer); err != nil {
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				t.Error("the connection stays")
			}
			return
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	deliver := func(context.Context, lmtp.Delivery) error { return nil }
	for _, o := range []lmtp.Options{{Protocol: lmtp.LMTP}, {Deliver: deliver}, {Protocol: "x", Deliver: deliver, TLS: &tls.Config{MinVersion: tls.VersionTLS12}}} {
		if _, err := lmtp.New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
