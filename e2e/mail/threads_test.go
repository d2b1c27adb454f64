package mail_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

const (
	ana   = "Ana <requester@example.org>"
	ben   = "Ben Colleague <ben@x.example>"
	help  = "help@itsm.example"
	other = "print@itsm.example"
)

// comesTo brings a mail to one of several mailboxes and gives what became of it.
func (w *world) comesTo(t *testing.T, box string, raw []byte) mail.Arrival {
	t.Helper()
	a, err := w.mail.ImportFile(w.As("system"), box, raw)
	if err != nil {
		t.Fatal(err)
	}
	return w.became(t, a.ID)
}

// on fails unless a mail landed on a ticket for a reason.
func on(t *testing.T, what string, a mail.Arrival, ticketID int64, code string) {
	t.Helper()
	if a.State != mail.ArrivalLanded || a.TicketID != ticketID || code != "" && !slices.Contains(codes(a), code) {
		t.Errorf("%s: %s on %d (%s), because of %v; want %d by %q", what, a.State, a.TicketID, a.Reason, codes(a), ticketID, code)
	}
}

// fresh fails unless a mail opened a ticket, and gives it.
func (w *world) fresh(t *testing.T, what string, a mail.Arrival) ticket.Ticket {
	t.Helper()
	if a.State != mail.ArrivalLanded || !slices.Contains(codes(a), "new") && !slices.Contains(codes(a), "number_of_others") && !slices.Contains(codes(a), "closed") {
		t.Fatalf("%s: %s on %d (%s), because of %v", what, a.State, a.TicketID, a.Reason, codes(a))
	}
	tk, err := w.Core.Tickets.Get(w.As("system"), ticket.ByID(a.TicketID))
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// letter waits for a letter that holds some words.
func (w *world) letter(t *testing.T, words string) *message.Message {
	t.Helper()
	for {
		if m, _ := w.next(t); strings.Contains(m.Text, words) {
			return m
		}
	}
}

func TestOutlookKeepsAConversationTogetherWithoutReferences(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.Address, v.Plus = help, false }) // a mailbox that takes no plus
		w.box(t)
		w.work(t)
		begun := message.ThreadIndex("", "ana's own", time.Now())
		a := w.comes(t, text(ana, help, "o1@x.example", "Printer", "It eats paper.", "Thread-Topic: Printer", "Thread-Index: "+begun))
		tk := w.fresh(t, "the first", a)
		on(t, "her next one", w.comes(t, text(ana, help, "o2@x.example", "AW: Printer", "More.", "Thread-Index: "+message.ThreadIndex(begun, "2", time.Now()))), tk.ID, "thread")
		on(t, "with another subject", w.comes(t, text(ben, help, "o3@x.example", "Papierstau", "Mine, too.", "Thread-Index: "+message.ThreadIndex(begun, "3", time.Now()))), tk.ID, "thread")

		// A letter of ours begins where hers left off, and Outlook answers it by the index alone.
		if _, err := w.Core.Tickets.Reply(w.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Close the tray."}); err != nil {
			t.Fatal(err)
		}
		sent := w.letter(t, "Close the tray.")
		index := sent.Header.Get("Thread-Index")
		answer := message.ThreadIndex(index, "4", time.Now())
		on(t, "an answer to our letter", w.comes(t, text(ana, help, "o4@x.example", "AW: Printer", "It works.", "Thread-Index: "+answer)), tk.ID, "thread")

		// A ticket that did not come by mail begins a conversation of ours.
		portal := w.byMail(t, access.RoleRequester, "The beamer is dark")
		if _, err := w.Core.Tickets.Reply(w.As(access.RoleAgent), ticket.ByID(portal.ID), ticket.PublicReply{Body: "Which room?"}); err != nil {
			t.Fatal(err)
		}
		index = w.letter(t, "Which room?").Header.Get("Thread-Index")
		on(t, "an answer to a conversation that we began", w.comes(t, text(ana, help, "o5@x.example", "AW: The beamer is dark", "Room 7.", "Thread-Index: "+message.ThreadIndex(index, "5", time.Now()))), portal.ID, "thread")

		// What is none, or of another conversation, brings nobody onto a ticket.
		raw, err := base64.StdEncoding.DecodeString(begun)
		if err != nil {
			t.Fatal(err)
		}
		raw[21]++
		for n, bad := range []string{"", "!", begun[:20], base64.StdEncoding.EncodeToString(raw), base64.StdEncoding.EncodeToString(make([]byte, 22))} {
			w.fresh(t, "the index "+bad, w.comes(t, text("Eve <eve@z.example>", help, fmt.Sprintf("e%d@z.example", n), fmt.Sprintf("Matter %d", n), "Hello.", "Thread-Index: "+bad)))
		}
	})
}

func TestAConversationAcrossMailboxesStaysOne(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.Address = help })
		w.box(t)
		w.box(t, func(b *mail.Box) { b.Address = other })
		w.work(t)
		raw := text(ana, help+", "+other+", "+ben, "c1@x.example", "Printer", "It eats paper.")
		tk := w.fresh(t, "the first", w.comesTo(t, help, raw))
		if a := w.comesTo(t, other, append([]byte("Received: from another way\r\n"), raw...)); a.State != mail.ArrivalDuplicate {
			t.Errorf("its copy in the other mailbox is %s on %d", a.State, a.TicketID)
		}
		on(t, "an answer to the other mailbox", w.comesTo(t, other, text(ben, ana+", "+other, "c2@x.example", "WG: Printer", "Mine, too.", "In-Reply-To: <c1@x.example>")), tk.ID, "reference")
		if _, err := w.Core.Tickets.Reply(w.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Close the tray."}); err != nil {
			t.Fatal(err)
		}
		sent := w.letter(t, "Close the tray.")
		on(t, "an answer to our letter in the other mailbox", w.comesTo(t, other, text(ana, other, "c3@x.example", "Re: Printer", "It works.", "In-Reply-To: <"+sent.ID+">")), tk.ID, "mark")
		if n := w.count(t); n != 1 {
			t.Errorf("%d tickets", n)
		}
		// The answer is there before what it answers: the first mailbox was not read for a while.
		late := w.fresh(t, "an early answer", w.comesTo(t, other, text(ben, other, "d2@x.example", "AW: Beamer", "Mine, too.", "In-Reply-To: <d1@x.example>")))
		on(t, "what it answers", w.comesTo(t, help, text(ana, help, "d1@x.example", "Beamer", "It is dark.")), late.ID, "reference")
	})
}

func TestSubjectsAreReadAsPeopleAndProgramsWriteThem(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.Address = help })
		w.box(t)
		w.work(t)
		for n, c := range []struct{ subject, title string }{
			{"AW: WG: Drucker", "Drucker"},
			{"Antw: RE[2]: Drucker", "Drucker"},
			{"=?utf-8?B?UmXvvJog5omT5Y2w5py6?=", "打印机"},
			{"Re: RÉ: SV: VS: Odp: Drucker", "Drucker"},
			{"Réf: Drucker", "Drucker"},
			{"回复: 打印机", "打印机"},
			{"Regal: Drucker", "Regal: Drucker"},
			{"", "It eats paper."},
			{"TR : Imprimante", "Imprimante"},
			{"RES: ENC: Impressora", "Impressora"},
			{"YNT: İLT: Yazıcı", "Yazıcı"},
			{"R: drive is full", "R: drive is full"},
			{"PD: Drukarka", "Drukarka"},
			{"Ответ: Принтер", "Принтер"},
		} {
			tk := w.fresh(t, c.subject, w.comes(t, text("Somebody <s@x.example>", help, fmt.Sprintf("s%d@x.example", n), c.subject, "It eats paper.")))
			if tk.Title != c.title {
				t.Errorf("%q became %q, want %q", c.subject, tk.Title, c.title)
			}
		}
		first := w.fresh(t, "the first", w.comes(t, text(ana, help+", "+ben, "n1@x.example", "Printer", "It eats paper.")))
		foreign := w.Ticket("other", "incident", "Of somebody else")
		// A vendor writes its own number in front, and leaves out all references.
		on(t, "a vendor's number beside ours", w.comes(t, text(ben, help, "n2@x.example", "[CAS-4711] RE: Printer "+first.Number, "We look.")), first.ID, "number")
		on(t, "a number of others that the vendor counts with, too", w.comes(t, text(ben, help, "n3@x.example", foreign.Number+": Printer ["+first.Number+"]", "We look.")), first.ID, "number")
		on(t, "a vendor's number alone, with a reference", w.comes(t, text(ben, help, "n4@x.example", "CAS-4711 updated", "We look.", "References: <n1@x.example>")), first.ID, "reference")
		a := w.comes(t, text(ben, help, "n5@x.example", "CAS-4711 updated", "Which was it?"))
		if tk := w.fresh(t, "a vendor's number alone", a); tk.ID == first.ID || a.PossibleID != 0 {
			t.Errorf("%+v", a)
		}
		// Our number from a stranger: a ticket of their own, and agents see what it may belong to.
		a = w.comes(t, text("Eve <eve@z.example>", help, "e1@z.example", "WG: ["+first.Number+"]", "What is on it?"))
		if tk := w.fresh(t, "a stranger", a); tk.ID == first.ID || a.PossibleID != first.ID {
			t.Errorf("%+v", a)
		}
		// A German forward to us, with the whole conversation quoted: by somebody on it, and by a stranger.
		quoted := "FYI\n\n-----Ursprüngliche Nachricht-----\nVon: Ana <requester@example.org>\nGesendet: Montag, 2. März 2026 10:00\nAn: help@itsm.example\nBetreff: Printer " + first.Number + "\n\nIt eats paper."
		on(t, "a forward by somebody on it", w.comes(t, text(ben, help, "n6@x.example", "WG: Printer "+first.Number, quoted)), first.ID, "number")
		if a := w.comes(t, text("Eve <eve@z.example>", help, "e2@z.example", "WG: Printer", quoted)); a.TicketID == first.ID {
			t.Errorf("a stranger's forward is on the ticket: %v", codes(a))
		}
	})
}

// Devices write no Message-ID, and the same words each time.
func TestTheSameWordsWithoutAnIdAreAnotherMail(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.box(t)
		w.work(t)
		alert := func(received string) []byte {
			return []byte("Received: from ups.example by mx.example; " + received + "\r\nFrom: ups@x.example\r\nTo: help@itsm.example\r\nSubject: On battery\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\nOn battery.\r\n")
		}
		first := w.comes(t, alert("Mon, 2 Mar 2026 10:00:01 +0000"))
		w.fresh(t, "the first alert", first)
		second := w.comes(t, alert("Tue, 3 Mar 2026 10:00:01 +0000"))
		w.fresh(t, "the second alert", second)
		if again := w.comes(t, alert("Mon, 2 Mar 2026 10:00:01 +0000")); again.State != mail.ArrivalDuplicate {
			t.Errorf("the very same mail again is %s", again.State)
		}
	})
}
