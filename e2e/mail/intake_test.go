package mail_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/mail/mailtest"
)

// box is a mailbox that a server brings mail to.
func (w *world) box(t *testing.T, change ...func(b *mail.Box)) mail.Box {
	t.Helper()
	b := mail.Box{Address: "help@itsm.example", Protocol: mail.Delivery, Kind: "incident", GroupID: w.Group, Active: true}
	for _, c := range change {
		c(&b)
	}
	b, err := w.mail.CreateBox(w.As(access.RoleAdministrator), b)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// text writes a message as a mail program does; fields replace or add header lines.
func text(from, to, id, subject, body string, fields ...string) []byte {
	head := []string{
		"From: " + from, "To: " + to, "Message-ID: <" + id + ">", "Subject: " + subject, "Date: " + time.Now().Format(time.RFC1123Z), "MIME-Version: 1.0",
		"Content-Type: text/plain; charset=utf-8",
	}
	return []byte(strings.Join(append(head, fields...), "\r\n") + "\r\n\r\n" + strings.ReplaceAll(body, "\n", "\r\n") + "\r\n")
}

// comes brings a mail in and gives what became of it.
func (w *world) comes(t *testing.T, raw []byte) mail.Arrival {
	t.Helper()
	a, err := w.mail.ImportFile(w.As("system"), "help@itsm.example", raw)
	if err != nil {
		t.Fatal(err)
	}
	return w.became(t, a.ID)
}

func (w *world) became(t *testing.T, id int64) mail.Arrival {
	t.Helper()
	var a mail.Arrival
	wait(t, "what became of a mail", func() bool {
		var err error
		if a, err = w.mail.Arrival(w.As(access.RoleAdministrator), id); err != nil {
			t.Fatal(err)
		}
		return a.State != mail.ArrivalStored
	})
	return a
}

func codes(a mail.Arrival) []string {
	var out []string
	for _, r := range a.Trace {
		out = append(out, r.Code)
	}
	return out
}

func (w *world) count(t *testing.T) int {
	t.Helper()
	page, err := w.Core.Tickets.List(w.As("system"), ticket.Query{Condition: filter.True(), Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return len(page.Tickets)
}

func TestAConversationByMailStaysOneTicket(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.Address = "help@itsm.example" })
		w.box(t)
		w.work(t)
		const ana, ben = "Ana <requester@example.org>", "Ben Colleague <ben@x.example>"
		first := w.comes(t, text(ana, "help@itsm.example, "+ben, "a1@x.example", "Printer", "It eats paper."))
		if first.State != mail.ArrivalLanded || first.TicketID == 0 {
			t.Fatalf("%+v", first)
		}
		on := first.TicketID
		stays := func(what string, a mail.Arrival, code string) {
			t.Helper()
			if a.State != mail.ArrivalLanded || a.TicketID != on || !slices.Contains(codes(a), code) {
				t.Errorf("%s: %s on %d (%s), because of %v", what, a.State, a.TicketID, a.Reason, codes(a))
			}
		}
		// The colleague answers all before anybody has a number.
		stays("reply-all before the number", w.comes(t, text(ben, ana+", help@itsm.example", "b1@x.example", "Re: Printer", "Mine does, too.\n\n> It eats paper.", "In-Reply-To: <a1@x.example>")), "reference")
		// Ana answers her own mail.
		stays("reply to own mail", w.comes(t, text(ana, "help@itsm.example", "a2@x.example", "Re: Printer", "It is the one on floor 2.", "In-Reply-To: <a1@x.example>", "References: <a1@x.example>")), "reference")
		// A mail that we never saw is the parent of two answers: the first names a1 as well.
		stays("one that mentions an unseen mail", w.comes(t, text(ben, "help@itsm.example", "b2@x.example", "AW: Printer", "Look here.", "In-Reply-To: <unseen@x.example>", "References: <a1@x.example> <unseen@x.example>")), "reference")
		stays("a sibling by common references only", w.comes(t, text(ana, "help@itsm.example", "a3@x.example", "Something else", "I looked.", "In-Reply-To: <unseen@x.example>")), "reference")

		// The agent answers in the product; the letter goes to both.
		if _, err := w.Core.Tickets.Reply(w.As(access.RoleAgent), ticket.ByID(on), ticket.PublicReply{Body: "Close the tray."}); err != nil {
			t.Fatal(err)
		}
		var sent *message.Message
		for sent == nil || !strings.Contains(sent.Text, "Close the tray.") {
			sent, _ = w.next(t)
		}
		if sent.To[0].Mail != "requester@example.org" || len(sent.Cc) != 1 || sent.Cc[0].Mail != "ben@x.example" || !slices.Contains(sent.References, "a1@x.example") {
			t.Errorf("to %v, cc %v, references %v", sent.To, sent.Cc, sent.References)
		}
		// Answers to it: by the mark in its id, and by the address alone.
		stays("an answer to our letter", w.comes(t, text(ana, sent.ReplyTo[0].Mail, "a4@x.example", "Re: Printer", "It works!", "In-Reply-To: <"+sent.ID+">")), "mark")
		stays("an answer without any reference", w.comes(t, text(ben, sent.ReplyTo[0].Mail, "b3@x.example", "no subject", "Same here.")), "plus")

		tk, err := w.Core.Tickets.Get(w.As("system"), ticket.ByID(on))
		if err != nil {
			t.Fatal(err)
		}
		stays("the number, from somebody on the ticket", w.comes(t, text(ana, "help@itsm.example", "a5@x.example", "about "+tk.Number, "One more thing.")), "number")
		stays("a forward by somebody on the ticket", w.comes(t, text(ben, "help@itsm.example", "b4@x.example", "Fwd: "+tk.Number, "See below.\n\n-----Original Message-----\nFrom: Carl <carl@y.example>\nTo: Dora <dora@y.example>\nSubject: Tray\n\nThe tray is broken.", "References: <"+sent.ID+">")), "mark")
		// The same mail again: by file, and in another copy of it.
		again := w.comes(t, text(ana, "help@itsm.example", "a1@x.example", "Printer", "It eats paper.", "X-Copy: 1"))
		if again.State == mail.ArrivalLanded && again.TicketID != on {
			t.Errorf("imported again it became another ticket: %+v", again)
		}
		if n := w.count(t); n != 1 {
			t.Fatalf("the conversation became %d tickets", n)
		}

		// A stranger who quotes the number gets a ticket of their own.
		stranger := w.comes(t, text("Eve <eve@z.example>", "help@itsm.example", "e1@z.example", "Re: "+tk.Number, "Give me what is on it."))
		if stranger.State != mail.ArrivalLanded || stranger.TicketID == on || stranger.PossibleID != on {
			t.Errorf("%+v", stranger)
		}
		wait(t, "the link to the possible ticket", func() bool {
			other, err := w.Core.Tickets.Get(w.As("system"), ticket.ByID(stranger.TicketID))
			if err != nil {
				t.Fatal(err)
			}
			links, err := w.Core.Tickets.Links(w.As("system"), &other)
			return err == nil && len(links) == 1 && links[0].Other.ID == on
		})
		// Those who had the mail read the ticket; the stranger does not.
		wait(t, "the colleague on the ticket", func() bool {
			tk, err = w.Core.Tickets.Get(w.As("system"), ticket.ByID(on))
			return err == nil && len(tk.Watchers) == 1
		})
		events, err := w.Core.Tickets.PublicTimeline(w.As("system"), &tk, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if strings.Contains(e.Message, "> It eats paper") || strings.Contains(e.Message, "Give me") {
				t.Errorf("entry %d says %q", e.Seq, e.Message)
			}
		}
		// Agents see why; requesters see no mail.
		page := w.SignedIn(access.RoleAgent).Get("/tickets/" + tk.Number)
		if page.Status != http.StatusOK || !strings.Contains(page.Body, "the mark in") {
			t.Errorf("%d: the ticket does not say why its mails are there", page.Status)
		}
		at := fmt.Sprintf("/tickets/%s/mail/%d", tk.Number, first.ID)
		for _, path := range []string{at, at + "/raw", at + "/pictures", "/tickets/" + tk.Number + "/mail", "/tickets/" + tk.Number + "/mail?seq=1"} {
			if a := w.SignedIn(access.RoleAgent).Get(path); a.Status != http.StatusOK && a.Status != http.StatusSeeOther {
				t.Errorf("%s: %d", path, a.Status)
			}
			if a := w.SignedIn(access.RoleRequester).Get(path); a.Status < 400 {
				t.Errorf("a requester gets %d at %s", a.Status, path)
			}
		}
	})
}

func TestWhatMustNotBecomeAFollowUpDoesNot(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t)
		w.box(t, func(b *mail.Box) { b.Unknown, b.PerHour = mail.UnknownQuarantine, 6 })
		w.work(t)
		admin := w.As(access.RoleAdministrator)
		const ana = "Ana <requester@example.org>"
		first := w.comes(t, text(ana, "help@itsm.example", "a1@x.example", "Printer", "It eats paper."))
		ack, _ := w.next(t)
		for _, c := range []struct {
			name   string
			raw    []byte
			state  mail.ArrivalState
			reason string
		}{
			{"out of office", text(ana, "help@itsm.example", "o1@x.example", "Out of office", "I am away.", "In-Reply-To: <"+ack.ID+">", "Auto-Submitted: auto-replied"), mail.ArrivalIgnored, "autoreply"},
			{"a stranger", text("Eve <eve@z.example>", "help@itsm.example", "e1@z.example", "Hello", "Buy this."), mail.ArrivalQuarantined, "unknown"},
			{"spam", text(ana, "help@itsm.example", "s1@x.example", "Win", "You won.", "X-Spam-Flag: YES"), mail.ArrivalQuarantined, "spam"},
			{"not a mail", []byte("\x00\x01\x02"), mail.ArrivalQuarantined, "unreadable"},
		} {
			if a := w.comes(t, c.raw); a.State != c.state || a.Reason != c.reason {
				t.Errorf("%s: %s, %s %v", c.name, a.State, a.Reason, codes(a))
			}
		}
		bounce := "This is the mail system.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; requester@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <" + ack.ID + ">\n\n--b--"
		raw := strings.Replace(string(text("MAILER-DAEMON@mx.example.org", "help@itsm.example", "d1@mx.example.org", "Undelivered", "--b\nContent-Type: text/plain\n\n"+bounce, "Return-Path: <>", "Auto-Submitted: auto-replied")),
			"text/plain; charset=utf-8", `multipart/report; report-type=delivery-status; boundary="b"`, 1)
		if a := w.comes(t, []byte(raw)); a.State != mail.ArrivalIgnored || a.Reason != "bounce" || a.TicketID != first.TicketID {
			t.Errorf("a bounce: %s, %s, ticket %d: %v", a.State, a.Reason, a.TicketID, codes(a))
		}
		dead, err := w.mail.DeadAddresses(admin, "", 10)
		if err != nil || len(dead) != 1 || dead[0].Address != "requester@example.org" {
			t.Errorf("%v %v", dead, err)
		}
		tk, err := w.Core.Tickets.Get(w.As("system"), ticket.ByID(first.TicketID))
		if err != nil {
			t.Fatal(err)
		}
		wait(t, "the word on the ticket", func() bool {
			return strings.Contains(w.SignedIn(access.RoleAgent).Get("/tickets/"+tk.Number).Body, "was told that mail did not arrive")
		})
		if n := w.count(t); n != 1 {
			t.Errorf("%d tickets", n)
		}

		// Thank you keeps a resolved ticket resolved; anything else opens it again.
		if _, err := w.Core.Tickets.Transition(w.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "New tray."}); err != nil {
			t.Fatal(err)
		}
		if a := w.comes(t, text(ana, "help@itsm.example", "t1@x.example", "Re: Printer", "Thank you!", "In-Reply-To: <a1@x.example>")); !slices.Contains(codes(a), "thanks") || a.TicketID != tk.ID {
			t.Errorf("%s %v", a.State, codes(a))
		}
		if tk, err = w.Core.Tickets.Get(w.As("system"), ticket.ByID(tk.ID)); err != nil || tk.Category.Active() {
			t.Errorf("thank you opened it: %s %v", tk.State, err)
		}
		if a := w.comes(t, text(ana, "help@itsm.example", "t2@x.example", "Re: Printer", "It does it again.", "In-Reply-To: <a1@x.example>")); !slices.Contains(codes(a), "reopened") {
			t.Errorf("%s %s %v", a.State, a.Reason, codes(a))
		}
		if tk, err = w.Core.Tickets.Get(w.As("system"), ticket.ByID(tk.ID)); err != nil || !tk.Category.Active() {
			t.Errorf("it is still done: %s %v", tk.State, err)
		}

		// What waits is looked at, let in, dropped and blocked.
		held, err := w.mail.Arrivals(admin, mail.ArrivalQuery{State: mail.ArrivalQuarantined, Limit: 10})
		if err != nil || len(held) != 3 {
			t.Fatalf("%v %v", held, err)
		}
		c := w.SignedIn(access.RoleTeamLead)
		for _, a := range held {
			at := fmt.Sprintf("/mail/quarantine/%d", a.ID)
			if page := c.Get(at); page.Status != http.StatusOK {
				t.Errorf("%s: %d", at, page.Status)
			}
			if page := w.SignedIn(access.RoleAgent).Get(at); page.Status != http.StatusForbidden {
				t.Errorf("an agent gets %d", page.Status)
			}
			switch a.Reason {
			case "unknown":
				c.Post(at+"/release", nil)
				if now := w.became(t, a.ID); now.State != mail.ArrivalLanded || now.TicketID == tk.ID {
					t.Errorf("let in: %+v", now)
				}
			case "spam":
				c.Post(at+"/block", nil)
			default:
				c.Post(at+"/drop", nil)
			}
		}
		if a := w.comes(t, text(ana, "help@itsm.example", "t3@x.example", "Re: Printer", "Hello?", "In-Reply-To: <a1@x.example>")); a.Reason != "blocked" {
			t.Errorf("blocked: %s %s", a.State, a.Reason)
		}
		for _, path := range []string{"/mail/quarantine", "/mail/quarantine?state=all", "/mail/blocks", "/api/v1/mail/arrivals", "/api/v1/mail/blocks"} {
			if a := c.Get(path); a.Status != http.StatusOK {
				t.Errorf("%s: %d", path, a.Status)
			}
		}
	})
}

func TestTwoNodesReadOneMailboxWithoutADuplicate(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		dovecot := mailtest.Dovecot(t)
		w.mail.TLS = dovecot.TLS()
		w.box(t, func(b *mail.Box) {
			b.Protocol, b.After = mail.IMAP, mail.AfterSeen
			b.Account = mail.Account{Server: dovecot.IMAP, Auth: message.PLAIN, User: "help@itsm.example", Secrets: mail.Secrets{Password: mailtest.Password}}
		})
		w.work(t)
		w.mail.Node = "first"
		deps := w.mail.Deps // another node: the same under a name of its own
		deps.Node, deps.Jobs = "second", jobs.New(w.Core.DB, jobs.Options{})
		second := mail.New(deps)
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{}, 2)
		for _, node := range []*mail.Service{w.mail, second} {
			go func() {
				node.Watch(ctx, mail.Pace{Look: 20 * time.Millisecond, Lease: 100 * time.Millisecond})
				done <- struct{}{}
			}()
		}
		t.Cleanup(func() { stop(); <-done; <-done })
		sender, err := message.NewSender(message.SMTPServer{Addr: mailtest.Exim(t, dovecot.LMTP).Bare, Security: message.Plain})
		if err != nil {
			t.Fatal(err)
		}
		defer sender.Close()
		for i := range 5 {
			raw := text("Ana <requester@example.org>", "help@itsm.example", fmt.Sprintf("m%d@x.example", i), fmt.Sprintf("Matter %d", i), "Please look.")
			if err := sender.Send(t.Context(), message.Envelope{From: "requester@example.org", To: []string{"help@itsm.example"}}, raw); err != nil {
				t.Fatal(err)
			}
			if i == 2 {
				dovecot.Kick(t)
			}
		}
		wait(t, "five tickets", func() bool { return w.count(t) == 5 })
		all, err := w.mail.Arrivals(w.As(access.RoleAdministrator), mail.ArrivalQuery{Limit: 50})
		if err != nil || len(all) != 5 {
			t.Errorf("%d mails are stored: %v", len(all), err)
		}
	})
}
