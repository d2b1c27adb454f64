package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/mail/lmtp"
	"github.com/steward-itsm/steward/internal/platform/mail/mailtest"
)

// wire stands between a node and a mail server. What is armed happens once, when
// words pass by.
type wire struct {
	t     *testing.T
	addr  string
	armed atomic.Pointer[trap]
}

// trap waits for words. Those that make something spring do not arrive; others do.
type trap struct {
	words  string
	server bool   // said by whom the wire leads to
	spring func() // nil only tells
	sprung chan struct{}
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, addr: l.Addr().String()}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { w.join(c, target) })
		}
	})
	return w
}

func (w *wire) join(c net.Conn, target string) {
	defer c.Close()
	s, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer s.Close()
	var both sync.WaitGroup
	both.Go(func() { w.pass(s, c, true) })
	w.pass(c, s, false)
	both.Wait()
}

// pass hands bytes on until one side ends; it may have said all, and still listen.
func (w *wire) pass(from, to net.Conn, server bool) {
	end := func() { _, _ = from.Close(), to.Close() }
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if trap := w.armed.Load(); trap != nil && trap.server == server && bytes.Contains(buffer[:n], []byte(trap.words)) && w.armed.CompareAndSwap(trap, nil) {
			if trap.spring != nil {
				trap.spring()
				close(trap.sprung)
				end()
				return
			}
			close(trap.sprung)
		}
		if _, problem := to.Write(buffer[:n]); problem != nil {
			end()
			return
		}
		if errors.Is(err, io.EOF) {
			_ = to.(*net.TCPConn).CloseWrite() // it may be gone
			return
		}
		if err != nil {
			end()
			return
		}
	}
}

// arm sets a trap; the test goes on when it has sprung.
func (w *wire) arm(server bool, words string, spring func()) (sprung func()) {
	trap := &trap{words, server, spring, make(chan struct{})}
	w.armed.Store(trap)
	return func() {
		w.t.Helper()
		select {
		case <-trap.sprung:
		case <-time.After(time.Minute):
			w.t.Fatalf("nobody said %q", words)
		}
	}
}

// mailRoom is an installation with mail servers around it.
type mailRoom struct {
	*installation
	db      *database.DB
	token   string
	dovecot *mailtest.DovecotServer
	imap    *wire
	smtp    *wire
	flood   *smtp.Client
	matters int // conversations that were begun by mail

	mu   sync.Mutex
	left map[string]int // letters that arrived, by Message-ID
}

const helpDesk = "help@itsm.example"

func openMailRoom(t *testing.T, i *installation) *mailRoom {
	t.Helper()
	r := &mailRoom{installation: i, dovecot: mailtest.Dovecot(t), left: map[string]int{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sink, err := lmtp.New(lmtp.Options{Protocol: lmtp.LMTP, Deliver: func(_ context.Context, d lmtp.Delivery) error {
		m, err := message.Read(d.Raw, message.Limits{})
		if err == nil {
			r.mu.Lock()
			r.left[m.ID]++
			r.mu.Unlock()
		}
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- sink.Serve(l) }()
	t.Cleanup(func() { sink.Close(); <-served })
	exim := mailtest.Exim(t, l.Addr().String())
	r.imap, r.smtp = newWire(t, r.dovecot.IMAP), newWire(t, exim.SMTP)
	conn, err := net.Dial("tcp", r.dovecot.LMTP)
	if err != nil {
		t.Fatal(err)
	}
	r.flood = smtp.NewClientLMTP(conn)
	t.Cleanup(func() { _ = r.flood.Close() })
	_, r.token = i.administrator()
	return r
}

// furnish adds the sender and the mailbox.
func (r *mailRoom) furnish(n *node, after string) {
	r.t.Helper()
	admin := program(n.url, r.token)
	admin.want(r.t, http.StatusCreated, http.MethodPost, "/mail/senders", map[string]any{
		"name": "Service desk", "address": helpDesk, "plus": true, "active": true, "server": r.smtp.addr, "security": "none", "auth": "plain", "user": "desk", "password": mailtest.Password,
	})
	admin.want(r.t, http.StatusCreated, http.MethodPost, "/mail/mailboxes", map[string]any{
		"address": helpDesk, "protocol": "imap", "server": r.imap.addr, "security": "none", "auth": "plain", "user": helpDesk, "password": mailtest.Password,
		"after": after, "move_to": map[string]string{"move": "Done"}[after], "kind": "incident", "per_hour": 10000,
	})
}

func aMail(to, id, subject string, fields ...string) []byte {
	head := []string{
		"From: Writer <" + strings.Split(id, ".")[0] + "@x.example>", "To: " + to, "Message-ID: <" + id + "@x.example>", "Subject: " + subject, "Date: " + time.Now().Format(time.RFC1123Z),
	}
	return []byte(strings.Join(append(head, fields...), "\r\n") + "\r\n\r\nWords of " + id + "\r\n")
}

// comes has conversations begin by mail: a first one and an answer to it, of each.
func (r *mailRoom) comes(matters int) {
	r.t.Helper()
	for range matters {
		r.matters++
		id := fmt.Sprintf("w%d", r.matters)
		for _, raw := range [][]byte{aMail(helpDesk, id+".first", "Matter "+id), aMail(helpDesk, id+".second", "Re: Matter "+id, "In-Reply-To: <"+id+".first@x.example>")} {
			if err := r.flood.Mail("writer@x.example", nil); err != nil {
				r.t.Fatal(err)
			}
			if err := r.flood.Rcpt(helpDesk, nil); err != nil {
				r.t.Fatal(err)
			}
			w, err := r.flood.Data()
			if err != nil {
				r.t.Fatal(err)
			}
			if _, err := w.Write(raw); err != nil {
				r.t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

func (r *mailRoom) count(query string) int {
	r.t.Helper()
	n, err := database.One(r.t.Context(), r.db.Reader(), database.Scalar[int], query)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// holding runs fn while no node can store a mail.
func (r *mailRoom) holding(fn func()) {
	r.t.Helper()
	err := r.db.Write(r.t.Context(), func(tx *database.Tx) error {
		if r.engine == database.PostgreSQL { // SQLite's one writer is this one
			if _, err := tx.Exec(r.t.Context(), "LOCK TABLE mail_arrivals IN EXCLUSIVE MODE"); err != nil {
				return err
			}
		}
		fn()
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *mailRoom) arrived() (letters, copies int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.left {
		letters++
		copies += n
	}
	return letters, copies
}

// settled waits until all mail is in and all letters are out, and looks at what became
// of them.
func (r *mailRoom) settled(least, most int) {
	r.t.Helper()
	mails := 2 * r.matters
	eventually(r.t, 2*time.Minute, "every mail is on its ticket", func() bool {
		return r.count(`SELECT count(*) FROM mail_arrivals WHERE state = 'landed'`) >= mails && r.count(`SELECT count(*) FROM mail_arrivals WHERE state = 'stored'`) == 0
	})
	if n := r.count(`SELECT count(*) FROM mail_arrivals`); n != mails {
		r.t.Errorf("%d mails are stored, of %d", n, mails)
	}
	for what, query := range map[string]string{
		"tickets":              `SELECT count(*) FROM tickets`,
		"matters":              `SELECT count(DISTINCT title) FROM tickets`,
		"tickets with answers": `SELECT count(DISTINCT ticket_id) FROM ticket_events WHERE type = 'reply'`,
		"answers":              `SELECT count(*) FROM ticket_events WHERE type = 'reply'`,
		"letters":              `SELECT count(*) FROM mail_letters`,
	} {
		if n := r.count(query); n != r.matters {
			r.t.Errorf("%d %s for %d matters", n, what, r.matters)
		}
	}
	eventually(r.t, 2*time.Minute, "every letter is sent", func() bool { return r.count(`SELECT count(*) FROM mail_letters WHERE state = 'sent'`) == r.matters })
	eventually(r.t, time.Minute, "every letter arrives", func() bool { letters, _ := r.arrived(); return letters >= r.matters })
	// At least once: what a server took just before the node ended comes again, under the same id.
	if letters, copies := r.arrived(); letters != r.matters || copies < letters+least || copies > letters+most {
		r.t.Errorf("%d letters arrived %d times for %d matters", letters, copies, r.matters)
	}
}

// TestNoMailIsLostWhenANodeIsKilled kills the one node of SQLite and both nodes of
// PostgreSQL at each step of a mail's way, and at random: every mail is on its ticket
// once, is marked at its server, and every letter arrives.
func TestNoMailIsLostWhenANodeIsKilled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		r := openMailRoom(t, i)
		nodes := map[string]*node{}
		begin := func(name string) *node {
			i.set("NODE", name)
			nodes[name] = i.start()
			return nodes[name]
		}
		first := begin("a")
		after, single, times := "seen", i.engine == database.SQLite, 2
		r.db = i.database(t)
		if !single {
			after, times = "move", 1
			begin("b")
		}
		r.furnish(first, after)
		holder := func() string {
			name, err := database.One(t.Context(), r.db.Reader(), database.Scalar[string], `SELECT holder FROM mail_boxes`)
			if err != nil {
				t.Fatal(err)
			}
			return name
		}
		eventually(t, time.Minute, "somebody reads the mailbox", func() bool { return holder() != "" })
		reader := holder()
		again := func() { begin(reader) }
		kill := func() { nodes[reader].kill() }

		r.comes(20)
		for range times { // between fetching and storing
			eventually(t, time.Minute, "mail comes in", func() bool { return r.count(`SELECT count(*) FROM mail_arrivals`) == 2*r.matters })
			r.holding(func() {
				fetched := r.imap.arm(true, "BODY[]", nil)
				r.comes(5)
				fetched()
				pause(50 * time.Millisecond)
				kill()
			})
			again()
		}
		for range times { // between storing and marking
			marking := r.imap.arm(false, map[string]string{"seen": " UID STORE ", "move": " UID MOVE "}[after], kill)
			r.comes(5)
			marking()
			again()
		}
		for range times { // between the server's word that it has the letter and keeping that
			said := r.smtp.arm(true, "250 OK id=", func() {
				for _, n := range nodes { // whichever sends it
					n.kill()
				}
			})
			r.comes(5)
			said()
			again()
			if !single {
				begin(map[string]string{"a": "b", "b": "a"}[reader])
			}
		}
		for round := range 2 * times { // at any moment
			r.comes(20)
			pause(time.Duration(50+130*round) * time.Millisecond)
			kill()
			again()
		}
		if !single { // the other node goes on alone
			kill()
			r.comes(20)
			eventually(t, time.Minute, "the other node reads the mailbox", func() bool { return holder() != reader })
		}
		const atOnce = 8 // letters that a node sends, or was just told of
		r.settled(times, atOnce*(3*times+1))
		box, unseen := "INBOX", 0
		if after == "move" {
			eventually(t, time.Minute, "the mailbox is empty", func() bool { all, _ := r.dovecot.Count(t, helpDesk, "INBOX"); return all == 0 })
			box, unseen = "Done", 2*r.matters
		}
		eventually(t, time.Minute, "every mail is marked", func() bool {
			all, fresh := r.dovecot.Count(t, helpDesk, box)
			return all == 2*r.matters && fresh == unseen
		})
		t.Logf("%d matters; letters %v", r.matters, func() []int { letters, copies := r.arrived(); return []int{letters, copies} }())
	})
}

// TestAServerBringsAMailAgainWhenTheNodeIsKilled kills a node to which Exim brings
// mail, before and after it stored one: Exim tries again, and there is one ticket.
func TestAServerBringsAMailAgainWhenTheNodeIsKilled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		free := func() string {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			return l.Addr().String()
		}
		address := free()
		i.set("MAIL_LMTP", address)
		door := newWire(t, address)
		exim := mailtest.Exim(t, door.addr)
		_, token := i.administrator()
		n := i.start()
		r := &mailRoom{installation: i, token: token, db: i.database(t)}
		program(n.url, token).want(t, http.StatusCreated, http.MethodPost, "/mail/mailboxes", map[string]any{"address": helpDesk, "protocol": "delivery", "kind": "incident"})
		sender, err := message.NewSender(message.SMTPServer{Addr: exim.Bare, Security: message.Plain})
		if err != nil {
			t.Fatal(err)
		}
		defer sender.Close()
		sent := 0
		send := func() {
			t.Helper()
			sent++
			if err := sender.Send(t.Context(), message.Envelope{From: "writer@x.example", To: []string{helpDesk}}, aMail(helpDesk, fmt.Sprintf("w%d.first", sent), fmt.Sprint("Matter ", sent))); err != nil {
				t.Fatal(err)
			}
		}
		// Each time the trap is set before anything can be said.
		heard := door.arm(true, "OK: queued", nil)
		send()
		heard()
		r.holding(func() { // it has the mail, and cannot store it
			brought := door.arm(false, "Words of w2", nil)
			send()
			brought()
			heard = door.arm(true, "OK: queued", nil)
			pause(50 * time.Millisecond)
			n.kill()
		})
		n = i.start()
		heard()
		said := door.arm(true, "OK: queued", n.kill) // it is stored, and Exim does not hear so
		send()
		said()
		heard = door.arm(true, "OK: queued", nil)
		n = i.start()
		heard()
		heard = door.arm(true, "OK: queued", nil)
		send()
		heard()
		eventually(t, time.Minute, "a ticket of each", func() bool { return r.count(`SELECT count(*) FROM mail_arrivals WHERE state = 'landed'`) == sent })
		if arrivals, copies, tickets := r.count(`SELECT count(*) FROM mail_arrivals`), r.count(`SELECT count(*) FROM mail_arrivals WHERE state = 'duplicate'`), r.count(`SELECT count(*) FROM tickets`); arrivals != sent+1 || copies != 1 || tickets != sent {
			t.Errorf("%d mails, of which %d came again, and %d tickets; sent were %d", arrivals, copies, tickets, sent)
		}
		n.stop()
		n.calm()
	})
}
