package app_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

// byMail sets mail up, to a server that never answers, and gives what the periodic
// job does and the letters of notices there are.
func byMail(t *testing.T, s *apptest.System) (send func(), letters func() []mail.Stored) {
	t.Helper()
	admin := s.As(access.RoleAdministrator)
	if _, err := s.App.Mail().CreateSender(admin, mail.Sender{
		Name: "Desk", Address: "desk@example.org", Active: true, Account: mail.Account{Server: "127.0.0.1:1", Security: message.Plain, Auth: message.PLAIN, User: "desk", Secrets: mail.Secrets{Password: "secret"}},
	}); err != nil {
		t.Fatal(err)
	}
	var run func(ctx context.Context) error
	for _, m := range s.App.Modules() {
		for _, p := range m.Periodic {
			if p.Name == "notify.mail" {
				run = p.Run
			}
		}
	}
	return func() {
			t.Helper()
			if err := run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, func() []mail.Stored {
			t.Helper()
			found, err := s.App.Mail().Letters(admin, mail.LetterQuery{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			return slices.DeleteFunc(found, func(l mail.Stored) bool { return l.Kind != letter.Notice })
		}
}

func TestNoticesGoByMailAsTheirReaderChose(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		agent := s.SignedIn(access.RoleAgent)
		if page := agent.Get("/inbox/settings").HTML(t); page.Find("[name='mail.assigned']").Length() != 0 {
			t.Error("mail is offered before it is set up")
		}
		send, letters := byMail(t, s)
		if page := agent.Get("/inbox/settings").HTML(t); page.Find("[name='mail.assigned']").Length() != 1 || page.Find("[name='rhythm']").Length() != 1 {
			t.Error("mail is not offered")
		}
		chosen := agent.Post("/inbox/settings", url.Values{
			"shown": {"assigned", "reply", "note"}, "kinds": {"assigned", "reply", "note"}, "mail.assigned": {"now"}, "mail.reply": {"digest"}, "mail.note": {""},
		})
		expect(t, chosen, http.StatusSeeOther)
		person := s.Persons[access.RoleAgent]
		tk := s.Ticket(access.RoleRequester, "incident", "Printer *jams*")
		lead := s.As(access.RoleTeamLead)
		if _, err := s.Core.Tickets.Edit(lead, ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &person}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Core.Tickets.Reply(lead, ticket.ByID(tk.ID), ticket.PublicReply{Body: "publicword"}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Core.Tickets.Note(lead, ticket.ByID(tk.ID), ticket.InternalNote{Body: "notesecret"}); err != nil {
			t.Fatal(err)
		}
		send()
		send()
		got := letters()
		if len(got) != 1 {
			t.Fatalf("%d letters", len(got))
		}
		l := got[0]
		if l.Recipients[0].PersonID != person || !strings.Contains(l.Subject, tk.Number) || !strings.Contains(l.Body, "assigned this to you") {
			t.Errorf("%+v", l)
		}
		if !strings.Contains(l.Why, "because the ticket is assigned to you") || !strings.Contains(l.Why, "/inbox/settings#kind-assigned") {
			t.Errorf("it says why: %q", l.Why)
		}
		if strings.Contains(l.Body+l.Subject+l.Why, "notesecret") {
			t.Error("an internal note left by mail")
		}
		waiting, err := database.One(t.Context(), s.Core.DB.Reader(), database.Scalar[int], `SELECT count(*) FROM notice_mails WHERE person_id = $1`, person)
		if err != nil || waiting != 1 {
			t.Errorf("%d notices wait for the digest: %v", waiting, err)
		}
	})
}

func TestADigestLeavesOutWhatWasReadAndWhatMayNotBeSeen(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		send, letters := byMail(t, s)
		agent, person, lead := s.SignedIn(access.RoleAgent), s.Persons[access.RoleAgent], s.As(access.RoleTeamLead)
		expect(t, agent.Post("/inbox/settings", url.Values{"shown": {"assigned"}, "kinds": {"assigned"}, "mail.assigned": {"digest"}}), http.StatusSeeOther)
		give := func(title string) ticket.Ticket {
			tk := s.Ticket(access.RoleRequester, "incident", title)
			if _, err := s.Core.Tickets.Edit(lead, ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &person}); err != nil {
				t.Fatal(err)
			}
			return tk
		}
		first, second, read, gone := give("First"), give("Second"), give("Already read"), give("Gone")
		expect(t, agent.Get("/tickets/"+read.Number), http.StatusOK)
		if err := s.Core.DB.Write(t.Context(), func(tx *database.Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE notice_mails SET due_at = 1`); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `UPDATE notices SET subject_id = 1 WHERE subject_id = $1`, gone.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		send()
		got := letters()
		if len(got) != 1 || !strings.Contains(got[0].Subject, "2 things are new for you") {
			t.Fatalf("%+v", got)
		}
		for _, tk := range []ticket.Ticket{first, second} {
			if !strings.Contains(got[0].Body, "/tickets/"+tk.Number) {
				t.Errorf("the digest does not lead to %s: %s", tk.Number, got[0].Body)
			}
		}
		if strings.Contains(got[0].Body, "Already read") || strings.Contains(got[0].Body, "Gone") {
			t.Errorf("the digest tells too much: %s", got[0].Body)
		}
		send()
		if n := len(letters()); n != 1 {
			t.Errorf("%d letters for one digest", n)
		}
	})
}

func TestABoardComesByMailWithItsFigures(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		send, letters := byMail(t, s)
		s.Ticket(access.RoleRequester, "incident", "Printer jams")
		agent := s.SignedIn(access.RoleAgent)
		expect(t, agent.Post("/inbox/settings", url.Values{"shown": {"report"}, "kinds": {"report"}, "mail.report": {"now"}}), http.StatusSeeOther)
		expect(t, agent.Post("/dashboards/flow/subscription", url.Values{"cadence": {"daily"}, "hour": {"7"}}), http.StatusSeeOther)
		if err := s.Core.DB.Write(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE dashboard_subscriptions SET next_at = 1`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		runs(t, s, "dashboards.deliver")()
		send()
		got := letters()
		if len(got) != 1 {
			t.Fatalf("%d letters", len(got))
		}
		if l := got[0]; !strings.Contains(l.Body, "As it was on") || !strings.Contains(l.Body, "| ---: |") || !strings.HasPrefix(l.URL, "/received/") {
			t.Errorf("the letter is %q about %s", l.Body, l.URL)
		}
	})
}

// TestOneEventIsOneLetter has somebody want both the letters of tickets they watch and
// their notices by mail, at once and in a digest.
func TestOneEventIsOneLetter(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		send, _ := byMail(t, s)
		person, lead := s.Persons[access.RoleAgent], s.As(access.RoleTeamLead)
		if err := s.App.Mail().SetMyWish(s.As(access.RoleAgent), mail.WishAll); err != nil {
			t.Fatal(err)
		}
		var last int64
		// fresh gives the kinds of the letters to the agent since it was asked last.
		fresh := func() (out []string) {
			t.Helper()
			found, err := s.App.Mail().Letters(s.As(access.RoleAdministrator), mail.LetterQuery{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range found {
				if l.ID > last && slices.ContainsFunc(l.Recipients, func(r mail.StoredRecipient) bool { return r.PersonID == person }) {
					out = append(out, string(l.Kind))
				}
			}
			for _, l := range found {
				last = max(last, l.ID)
			}
			return out
		}
		tk := s.Ticket(access.RoleRequester, "incident", "Printer jams")
		check := func(_ ticket.Ticket, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(s.Core.Tickets.SetWatchers(lead, ticket.ByID(tk.ID), 0, []int64{person}))
		goOut := func() {
			t.Helper()
			if err := s.Core.DB.Write(t.Context(), func(tx *database.Tx) error {
				_, err := tx.Exec(t.Context(), `UPDATE notice_mails SET due_at = 1`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			send()
		}
		for _, way := range []notify.Mail{notify.MailNow, notify.MailDigest} {
			if err := s.Core.Notices.ChooseMail(s.As(access.RoleAgent), map[notify.Kind]notify.Mail{notify.Replied: way, notify.Moved: way, notify.Noted: way, notify.Assigned: way}); err != nil {
				t.Fatal(err)
			}
			fresh()
			check(s.Core.Tickets.Reply(lead, ticket.ByID(tk.ID), ticket.PublicReply{Body: "We look at it."}))
			goOut()
			if got := fresh(); !slices.Equal(got, []string{"reply"}) {
				t.Errorf("%q: an answer is told by %v", way, got)
			}
			// What happened with words is one event; the note between is another.
			check(s.Core.Tickets.Reply(lead, ticket.ByID(tk.ID), ticket.PublicReply{Body: "Once more."}))
			check(s.Core.Tickets.Note(lead, ticket.ByID(tk.ID), ticket.InternalNote{Body: "It is the cable."}))
			goOut()
			if got := fresh(); len(got) != 2 || !slices.Contains(got, "notice") || !slices.Contains(got, "reply") {
				t.Errorf("%q: an answer and a note are told by %v", way, got)
			}
		}
		check(s.Core.Tickets.Transition(lead, ticket.ByID(tk.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "New cable.", Comment: "It prints again.", CommentPublic: true}))
		goOut()
		if got := fresh(); !slices.Equal(got, []string{"resolved"}) {
			t.Errorf("a solution is told by %v", got)
		}
	})
}

func TestWhenMailComesIsCheckedBesideItsField(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		byMail(t, s)
		agent := s.SignedIn(access.RoleAgent)
		wrong := agent.Post("/inbox/settings/mail", url.Values{"rhythm": {"daily"}, "time": {"25:00"}, "weekday": {"1"}})
		expect(t, wrong, http.StatusUnprocessableEntity)
		if wrong.HTML(t).Find("#f-time-error").Length() != 1 {
			t.Error("nothing is said beside the time")
		}
		expect(t, agent.Post("/inbox/settings/mail", url.Values{"rhythm": {"weekly"}, "time": {"07:30"}, "weekday": {"5"}, "quiet_from": {"20:00"}, "quiet_to": {"07:00"}}), http.StatusSeeOther)
		page := agent.Get("/inbox/settings").HTML(t)
		if page.Find("[name='time']").AttrOr("value", "") != "07:30" || page.Find("[name='quiet_from']").AttrOr("value", "") != "20:00" {
			t.Error("what was saved is not shown")
		}
	})
}

// mailNoticesForDump fills the tables of notices that go by mail.
func mailNoticesForDump(t *testing.T, s *apptest.System) {
	t.Helper()
	agent := s.SignedIn(access.RoleAgent)
	expect(t, agent.Post("/inbox/settings/mail", url.Values{"rhythm": {"weekly"}, "time": {"07:30"}, "weekday": {"5"}}), http.StatusSeeOther)
	expect(t, agent.Post("/inbox/settings", url.Values{"shown": {"assigned"}, "kinds": {"assigned"}, "mail.assigned": {"digest"}}), http.StatusSeeOther)
	if err := s.Core.Notices.ChooseChannels(s.As(access.RoleAgent), map[notify.Kind]map[int64]notify.Mail{notify.Assigned: {7: notify.MailDigest}}); err != nil {
		t.Fatal(err)
	}
	tk, person := s.Ticket(access.RoleRequester, "incident", "By mail, later"), s.Persons[access.RoleAgent]
	if _, err := s.Core.Tickets.Edit(s.As(access.RoleTeamLead), ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &person}); err != nil {
		t.Fatal(err)
	}
}
