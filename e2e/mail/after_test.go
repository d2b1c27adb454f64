package mail_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

func (w *world) ticketNow(t *testing.T, id int64) ticket.Ticket {
	t.Helper()
	tk, err := w.Core.Tickets.Get(w.As("system"), ticket.ByID(id))
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

func (w *world) step(t *testing.T, id int64, s ticket.Step) {
	t.Helper()
	if _, err := w.Core.Tickets.Transition(w.As(access.RoleAgent), ticket.ByID(id), s); err != nil {
		t.Fatal(err)
	}
}

var solved = ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "New tray."}

func TestAnswersToWhatWasMergedOrDoneGoWhereSomebodyReadsThem(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.Address = help })
		w.box(t)
		w.work(t)
		answer := func(id, words, to string, more ...string) mail.Arrival {
			t.Helper()
			return w.comes(t, text(ana, help, id, "Re: Printer", words, append(more, "In-Reply-To: <"+to+">")...))
		}
		// Merged, and that again: the answer is where it goes on.
		one := w.fresh(t, "the first", w.comes(t, text(ana, help, "a1@x.example", "Printer", "It eats paper.")))
		two := w.fresh(t, "another", w.comes(t, text(ana, help, "a2@x.example", "The printer again", "It still eats paper.")))
		three := w.fresh(t, "a third", w.comes(t, text(ben, help, "a3@x.example", "Paper jam", "All day.")))
		for _, m := range [][2]ticket.Ticket{{one, two}, {two, three}} {
			if _, err := w.Core.Tickets.Merge(w.As(access.RoleAgent), ticket.ByID(m[1].ID), []ticket.Ref{ticket.ByID(m[0].ID)}); err != nil {
				t.Fatal(err)
			}
		}
		on(t, "an answer to a merged one", answer("a4@x.example", "Now it is blue.", "a1@x.example"), three.ID, "merged")
		on(t, "its number in the subject", w.comes(t, text(ben, help, "a5@x.example", "About "+two.Number, "Mine, too.")), three.ID, "")

		// Resolved: thanks keep it so, in any language; all else opens it again.
		w.step(t, three.ID, solved)
		for n, thanks := range []string{
			"Thank you!", "Vielen Dank, funktioniert wieder.\n\nMit freundlichen Grüßen\nAna", "Merci beaucoup !", "¡Muchas gracias!", "Grazie mille", "Bedankt!", "Obrigada!", "Dziękuję bardzo",
			"Tack så mycket!", "Большое спасибо!", "ありがとうございました。", "谢谢！", "감사합니다", "Teşekkürler", "Děkuji", "Kiitos!",
		} {
			a := answer(fmt.Sprintf("t%d@x.example", n), thanks+"\n\n> New tray.", "a4@x.example")
			on(t, thanks, a, three.ID, "thanks")
		}
		if now := w.ticketNow(t, three.ID); now.Category.Active() {
			t.Fatalf("thanks opened it: %s", now.State)
		}
		on(t, "thanks with a but", answer("b1@x.example", "Danke, aber es geht immer noch nicht.", "a4@x.example"), three.ID, "reopened")
		isOpen := func() bool { return w.ticketNow(t, three.ID).Category.Active() }
		wait(t, "the ticket is open", isOpen) // it was not she who asked for this one
		w.step(t, three.ID, solved)
		on(t, "thanks with a question", answer("b2@x.example", "Thank you! Could you look at the other one?", "a4@x.example"), three.ID, "reopened")
		wait(t, "the ticket is open", isOpen)
		// Closed, but not for long.
		w.step(t, three.ID, solved)
		w.step(t, three.ID, ticket.Step{Transition: "close"})
		on(t, "soon after it was closed", answer("b3@x.example", "It is back.", "a4@x.example"), three.ID, "reopened")

		wait(t, "the ticket is open", isOpen)
		w.step(t, three.ID, solved)
		if a := w.comes(t, text(ben, help, "b8@x.example", "Re: Paper jam", "It jams.", "In-Reply-To: <a3@x.example>")); !slices.Contains(codes(a), "reopened") || !isOpen() {
			t.Errorf("an answer of who asked: %v", codes(a)) // in one step with the message
		}

		// Too late: another ticket, linked, in which the conversation goes on.
		w.step(t, three.ID, solved)
		w.step(t, three.ID, ticket.Step{Transition: "close"})
		long := time.Now().AddDate(0, 0, -40)
		err := w.Core.DB.Write(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE tickets SET resolved_at = $1, closed_at = $1 WHERE id = $2`, database.Time(long), three.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		late := answer("b4@x.example", "It is back again.", "a4@x.example", "References: <a1@x.example> <a4@x.example>")
		later := w.fresh(t, "long after it was closed", late)
		if later.ID == three.ID || late.PossibleID != three.ID || !slices.Contains(codes(late), "closed") {
			t.Fatalf("%+v", late)
		}
		wait(t, "the link", func() bool {
			links, err := w.Core.Tickets.Links(w.As("system"), &later)
			return err == nil && len(links) == 1 && links[0].Other.ID == three.ID
		})
		on(t, "her answer to her own mail", answer("b5@x.example", "And green.", "b4@x.example", "References: <a1@x.example> <a4@x.example> <b4@x.example>"), later.ID, "reference")
		on(t, "another one to the old mail", answer("b6@x.example", "Are you there?", "a4@x.example"), later.ID, "goes_on")
		if a := w.comes(t, text("Carl <carl@x.example>", help, "b7@x.example", "Re: Printer", "I have this, too.", "In-Reply-To: <a4@x.example>")); a.TicketID == later.ID || a.TicketID == three.ID {
			t.Errorf("somebody else is on %d", a.TicketID)
		}
		if now := w.ticketNow(t, three.ID); now.Category.Active() {
			t.Errorf("what was closed long ago is %s", now.State)
		}
	})
}

func TestMailingListsAndFloodsAreNoConversation(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.Address = help })
		w.box(t, func(b *mail.Box) { b.PerHour = 5 })
		w.work(t)
		admin := w.As(access.RoleAdministrator)
		list := w.comes(t, text("Lists <l@x.example>", help, "l1@x.example", "[announce] News", "There is news.", "List-Id: Announce <announce.x.example>", "Precedence: list"))
		w.fresh(t, "a mailing list", list)
		// Somebody uses the mailbox itself: we would only answer ourselves.
		w.fresh(t, "our own mailbox as its author", w.comes(t, text("Desk <"+help+">", help, "own@x.example", "A reminder", "Look at the printer.")))
		if found, err := w.mail.Letters(admin, mail.LetterQuery{Limit: 10}); err != nil || len(found) != 0 {
			t.Errorf("a list got an answer: %v %v", found, err)
		}
		// One sender: the rest waits to be looked at, and nothing more is answered.
		landed, held := 0, mail.Arrival{}
		for n := range 8 {
			a := w.comes(t, text("Cron <cron@x.example>", help, fmt.Sprintf("f%d@x.example", n), fmt.Sprint("Failure ", n), "It failed."))
			if a.State == mail.ArrivalLanded {
				landed++
			} else if held = a; a.State != mail.ArrivalQuarantined || a.Reason != "rate" || !slices.Contains(codes(a), "rate") {
				t.Errorf("%s %s %v", a.State, a.Reason, codes(a))
			}
		}
		if landed != 5 {
			t.Errorf("%d landed", landed)
		}
		if found, err := w.mail.Letters(admin, mail.LetterQuery{Limit: 50}); err != nil || len(found) != 5 {
			t.Errorf("%d answers to a flood: %v", len(found), err)
		}
		lead := w.SignedIn(access.RoleTeamLead)
		if page := lead.Get("/mail/quarantine"); !strings.Contains(page.Body, "Too many") || !strings.Contains(page.Body, "cron@x.example") {
			t.Errorf("%d: the quarantine does not show it", page.Status)
		}
		if page := lead.Get("/mail/quarantine/" + id(held.ID)); !strings.Contains(page.Body, "5 mails within an hour") {
			t.Errorf("%d: it does not say why", page.Status)
		}
		if a := lead.Post("/mail/quarantine/"+id(held.ID)+"/release", nil); a.Status != http.StatusSeeOther {
			t.Errorf("%d", a.Status)
		}
		w.fresh(t, "let in", w.became(t, held.ID))
		// One ticket, from many.
		first := w.fresh(t, "the first", w.comes(t, text(ana, help, "p0@x.example", "Printer", "It eats paper.")))
		over := 0
		for n := range 62 {
			a := w.comes(t, text(fmt.Sprintf("P%d <p%d@x.example>", n, n), help, fmt.Sprintf("q%d@x.example", n), "Re: Printer", fmt.Sprint("Mine, too: ", n), "In-Reply-To: <p0@x.example>"))
			if a.State == mail.ArrivalQuarantined && a.Reason == "rate" && slices.Contains(codes(a), "rate_ticket") {
				over++
			} else {
				on(t, "one of many", a, first.ID, "reference")
			}
		}
		if over != 3 {
			t.Errorf("%d of 63 mails within an hour are held back; a ticket takes 60", over)
		}
	})
}

func TestABounceOfEximIsNotedAndTheAddressGetsNoMore(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.Address = help })
		w.box(t)
		w.work(t)
		w.comesBack.Store("itsm.example")
		admin := w.As(access.RoleAdministrator)
		a := w.comes(t, text(ana, help+", Gone <gone@x.example>", "a1@x.example", "Printer", "It eats paper."))
		tk := w.fresh(t, "the first", a)
		if _, err := w.Core.Tickets.Reply(w.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Close the tray."}); err != nil {
			t.Fatal(err)
		}
		w.letter(t, "Close the tray.") // to her; the other comes back
		var back mail.Arrival
		wait(t, "the bounce", func() bool {
			all, err := w.mail.Arrivals(admin, mail.ArrivalQuery{State: mail.ArrivalIgnored, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range all {
				back = x
			}
			return len(all) == 1
		})
		if back.Reason != "bounce" || back.TicketID != tk.ID || back.Nature != message.Bounce {
			t.Errorf("%+v", back)
		}
		dead, err := w.mail.DeadAddresses(admin, "", 10)
		if err != nil || len(dead) != 1 || dead[0].Address != "gone@x.example" || !strings.Contains(dead[0].Reason, "No such user here") {
			t.Errorf("%+v %v", dead, err)
		}
		wait(t, "the word on the ticket", func() bool {
			return strings.Contains(w.SignedIn(access.RoleAgent).Get("/tickets/"+tk.Number).Body, "was told that mail did not arrive")
		})
		if _, err := w.Core.Tickets.Reply(w.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.PublicReply{Body: "And the door."}); err != nil {
			t.Fatal(err)
		}
		w.letter(t, "And the door.")
		found, err := w.mail.Letters(admin, mail.LetterQuery{Limit: 1})
		if err != nil || len(found) != 1 {
			t.Fatalf("%v %v", found, err)
		}
		states := map[string]mail.RecipientState{}
		for _, r := range found[0].Recipients {
			states[r.Address] = r.State
		}
		if states["gone@x.example"] != mail.RecipientSkipped {
			t.Errorf("%v", states)
		}
		if n := w.count(t); n != 1 {
			t.Errorf("%d tickets", n)
		}
	})
}

// Two service desks, each of which has the other in copy, and answers to what comes.
func TestTwoServiceDesksDoNotWriteToOneAnotherForEver(t *testing.T) {
	t.Parallel()
	engines := []database.Engine{database.SQLite, database.PostgreSQL}
	var mine, theirs *world
	desk := func(engine database.Engine, domain string) *world {
		w := newWorld(t, apptest.New(t, engine))
		w.sender(t, func(v *mail.Sender) { v.Address = "help@" + domain })
		w.box(t, func(b *mail.Box) { b.Address = "help@" + domain })
		w.work(t)
		return w
	}
	mine, theirs = desk(engines[0], "mine.example"), desk(engines[1], "theirs.example")
	// What each sends is brought to the other, or back to itself.
	ctx, stop := context.WithCancel(t.Context())
	var carrying sync.WaitGroup
	t.Cleanup(func() { stop(); carrying.Wait() })
	for _, w := range []*world{mine, theirs} {
		carrying.Go(func() {
			for {
				select {
				case <-w.sent:
					d := <-w.envs
					for domain, to := range map[string]*world{"@mine.example": mine, "@theirs.example": theirs} {
						if slices.ContainsFunc(d.To, func(a string) bool { return strings.HasSuffix(a, domain) }) {
							if err := to.mail.Take(context.WithoutCancel(ctx), d); err != nil {
								t.Error(err)
							}
						}
					}
				case <-ctx.Done():
					return
				}
			}
		})
	}
	raw := text(ana, "help@mine.example, help@theirs.example", "a1@x.example", "Printer", "It eats paper.")
	for _, w := range []*world{mine, theirs} {
		box := "help@" + map[*world]string{mine: "mine", theirs: "theirs"}[w] + ".example"
		tk := w.fresh(t, "the first at "+box, w.comesTo(t, box, raw))
		// Somebody writes as the other desk does, without any mark of a program.
		w.fresh(t, "a mail in the name of a desk", w.comesTo(t, box, text("Desk <help@theirs.example>", box, "d1@theirs.example", "Your ticket 4711", "We have your mail.")))
		if _, err := w.Core.Tickets.Reply(w.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Close the tray."}); err != nil {
			t.Fatal(err)
		}
		if err := w.Core.DB.Write(t.Context(), func(tx *database.Tx) error {
			return w.mail.Enqueue(w.As("system"), tx, letter.Letter{
				Kind: letter.Notice, Subject: "News", Body: "To both.", Why: "A test.", Key: "n", To: []letter.Recipient{{Mail: "help@mine.example"}, {Mail: "help@theirs.example"}},
			})
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range []*world{mine, theirs} {
		w.step(t, w.first(t).ID, solved)
	}
	for _, w := range []*world{mine, theirs} {
		admin := w.As(access.RoleAdministrator)
		quiet := func() bool {
			for _, state := range []mail.LetterState{mail.LetterWaiting} {
				if found, err := w.mail.Letters(admin, mail.LetterQuery{State: state, Limit: 1}); err != nil || len(found) > 0 {
					return false
				}
			}
			stored, err := w.mail.Arrivals(admin, mail.ArrivalQuery{State: mail.ArrivalStored, Limit: 1})
			return err == nil && len(stored) == 0
		}
		wait(t, "quiet", quiet)
	}
	for _, w := range []*world{mine, theirs} {
		if n := w.passed.Load(); n > 16 {
			t.Errorf("%d mails were written", n)
		}
		if n := w.count(t); n > 4 {
			t.Errorf("%d tickets", n)
		}
	}
}

// first is the oldest ticket.
func (w *world) first(t *testing.T) ticket.Ticket {
	t.Helper()
	id, err := database.One(t.Context(), w.Core.DB.Reader(), database.Scalar[int64], `SELECT min(id) FROM tickets`)
	if err != nil {
		t.Fatal(err)
	}
	return w.ticketNow(t, id)
}
