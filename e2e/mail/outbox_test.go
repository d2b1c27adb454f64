package mail_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

func TestAnswersReachWhoWroteByMailAndNotesNever(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t)
		w.work(t)
		tk := w.byMail(t, access.RoleRequester, "Printer eats paper")
		ack, env := w.next(t)
		if ack.Subject != "Printer eats paper" || ack.To[0].Mail != "requester@example.org" || !strings.Contains(ack.Text, tk.Number) || ack.HTML == "" {
			t.Errorf("the acknowledgement is %q to %v: %s", ack.Subject, ack.To, ack.Text)
		}
		if message.Classify(ack, message.Own{}).Kind != message.AutoReply || !strings.HasPrefix(env.From, "desk+t") {
			t.Errorf("it is a %v from %s", message.Classify(ack, message.Own{}).Kind, env.From)
		}
		agent := w.As(access.RoleAgent)
		if _, err := w.Core.Tickets.Note(agent, ticket.ByID(tk.ID), ticket.InternalNote{Body: "SECRET thought"}); err != nil {
			t.Fatal(err)
		}
		file, err := w.Core.Tickets.Upload(agent, "how.txt", strings.NewReader("close the tray"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Core.Tickets.Reply(agent, ticket.ByID(tk.ID), ticket.PublicReply{Body: "Please *close* the tray.", Attachments: []int64{file.ID}}); err != nil {
			t.Fatal(err)
		}
		reply, _ := w.next(t)
		if reply.Subject != "Re: Printer eats paper" || !strings.Contains(reply.Text, "Please close the tray.") || !strings.Contains(reply.HTML, "<em>close</em>") {
			t.Errorf("%q: %s\n%s", reply.Subject, reply.Text, reply.HTML)
		}
		if strings.Contains(reply.Text+reply.HTML+ack.Text, "SECRET") {
			t.Error("an internal note left the house")
		}
		if len(reply.Attachments) != 1 || string(reply.Attachments[0].Data) != "close the tray" {
			t.Errorf("files: %v", reply.Attachments)
		}
		if reply.InReplyTo[0] != ack.ID || reply.References[0] != ack.ID || reply.Header.Get("Thread-Topic") != "Printer eats paper" || reply.Header.Get("Thread-Index") == "" {
			t.Errorf("in reply to %v, %v; topic %q", reply.InReplyTo, reply.References, reply.Header.Get("Thread-Topic"))
		}
		if reply.From[0].Name != "agent person (IT service desk)" || reply.ReplyTo[0].Mail == reply.From[0].Mail {
			t.Errorf("from %v, answers to %v", reply.From, reply.ReplyTo)
		}
		if message.Classify(reply, message.Own{}).Kind != message.Person {
			t.Error("what a person wrote looks like a program's")
		}
		// Resolving tells how.
		now, err := w.Core.Tickets.Get(agent, ticket.ByID(tk.ID))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Core.Tickets.Transition(agent, ticket.ByID(tk.ID), ticket.Step{Version: now.Version, Transition: "resolve", ResolutionCode: "solved", Resolution: "A new tray."}); err != nil {
			t.Fatal(err, apperr.FieldsOf(err))
		}
		resolved, _ := w.next(t)
		if !strings.Contains(resolved.Text, "A new tray.") || len(resolved.References) != 2 {
			t.Errorf("%v: %s", resolved.References, resolved.Text)
		}
	})
}

func TestWhoDidNotWriteByMailGetsNoneUnlessTheyWantIt(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t)
		ctx := w.As(access.RoleAdministrator)
		w.Ticket(access.RoleRequester, "incident", "By the portal")
		if found, err := w.mail.Letters(ctx, mail.LetterQuery{Limit: 10}); err != nil || len(found) != 0 {
			t.Fatalf("%v %v", found, err)
		}
		if a := w.SignedIn(access.RoleRequester).Post(mail.PreferencesURL, map[string][]string{"wish": {"all"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		w.Ticket(access.RoleRequester, "incident", "By the portal again")
		if found, err := w.mail.Letters(ctx, mail.LetterQuery{Limit: 10}); err != nil || len(found) != 1 || found[0].Kind != letter.Opened {
			t.Fatalf("%v %v", found, err)
		}
		if err := w.mail.SetMyWish(w.As(access.RoleRequester), mail.WishNone); err != nil {
			t.Fatal(err)
		}
		w.byMail(t, access.RoleRequester, "By mail, but none is wanted")
		if found, err := w.mail.Letters(ctx, mail.LetterQuery{Limit: 10}); err != nil || len(found) != 1 {
			t.Fatalf("%v %v", found, err)
		}
	})
}

func TestALetterIsRefusedOncePerRecipientAndCanBeSentAgain(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t)
		w.work(t)
		admin := w.As(access.RoleAdministrator)
		tk := w.Ticket(access.RoleRequester, "incident", "Broken")
		nobody := w.Person("Nobody There", "unknown@x.example", w.Own)
		err := w.Core.DB.Write(admin, func(tx *database.Tx) error {
			l := letter.Letter{
				Kind: letter.Notice, Ticket: tk.ID, Subject: "News", Body: "Something happened.", Why: "You watch it.", Key: "ticket:1:1",
				To: []letter.Recipient{{Person: w.Persons["other"]}}, Cc: []letter.Recipient{{Person: nobody}},
			}
			if err := w.mail.Enqueue(admin, tx, l); err != nil {
				return err
			}
			return w.mail.Enqueue(admin, tx, l) // of one cause there is one
		})
		if err != nil {
			t.Fatal(err)
		}
		m, _ := w.next(t)
		if !strings.Contains(m.Text, "You watch it.") || len(m.Cc) != 1 {
			t.Errorf("%v %s", m.Cc, m.Text)
		}
		var l mail.Stored
		wait(t, "the outcome", func() bool {
			found, err := w.mail.Letters(admin, mail.LetterQuery{Limit: 10})
			if err != nil || len(found) != 1 {
				t.Fatalf("%v %v", found, err)
			}
			l = found[0]
			return l.State == mail.LetterFailed
		})
		if l.Recipients[0].State != mail.RecipientSent || l.Recipients[1].State != mail.RecipientRefused || l.Recipients[1].Error == "" {
			t.Errorf("%+v", l.Recipients)
		}
		wait(t, "what the timeline says", func() bool {
			return strings.Contains(w.SignedIn(access.RoleAgent).Get("/tickets/"+tk.Number).Body, "could not deliver mail to unknown@x.example")
		})
		page := w.SignedIn(access.RoleAdministrator).Get("/admin/mail/outbox/" + id(l.ID))
		if page.Status != http.StatusOK || !strings.Contains(page.Body, "unknown@x.example") {
			t.Errorf("%d", page.Status)
		}
		if again, err := w.mail.SendAgain(admin, l.ID); err != nil || again.State != mail.LetterWaiting || again.Recipients[0].State != mail.RecipientSent {
			t.Errorf("%+v %v", again, err)
		}
		wait(t, "the second outcome", func() bool {
			l, err = w.mail.Letter(admin, l.ID)
			return err == nil && l.State == mail.LetterFailed
		})
		select {
		case m := <-w.sent:
			t.Errorf("who had the letter got it again: %v", m.To)
		default:
		}
	})
}

func TestSecretsAreKeptAndNeverShown(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		admin := s.As(access.RoleAdministrator)
		c := s.SignedIn(access.RoleAdministrator)
		form := map[string][]string{
			"name": {"Desk"}, "address": {"desk@itsm.example"}, "server": {"mail.example:587"}, "security": {"starttls"}, "auth": {"plain"}, "user": {"desk"},
			"password": {"hunter2-secret"}, "active": {"true"}, "dkim_domain": {"itsm.example"}, "dkim_selector": {"s1"},
		}
		a := c.Post("/admin/mail/senders", form)
		if a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		at := a.Header.Get("Location")
		page := c.Get(at)
		if page.Status != http.StatusOK || strings.Contains(page.Body, "hunter2") || !strings.Contains(page.Body, "s1._domainkey.itsm.example") {
			t.Errorf("%d", page.Status)
		}
		found, err := s.App.Mail().Senders(admin)
		if err != nil || len(found) != 1 || found[0].Secrets.Password != "hunter2-secret" || !found[0].Default {
			t.Fatalf("%+v %v", found, err)
		}
		form["version"], form["password"], form["name"], form["default"] = []string{"1"}, []string{""}, []string{"New name"}, []string{"true"}
		if a := c.Post(at, form); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		found, err = s.App.Mail().Senders(admin)
		if err != nil || found[0].Secrets.Password != "hunter2-secret" || found[0].Name != "New name" || found[0].DKIMKey == "" {
			t.Errorf("%+v %v", found, err)
		}
		if api := c.Get("/api/v1/mail/senders"); api.Status != http.StatusOK || strings.Contains(api.Body, "hunter2") || strings.Contains(api.Body, "PRIVATE KEY") || !strings.Contains(api.Body, `"has_password":true`) {
			t.Errorf("%d %s", api.Status, api.Body)
		}
		log, _, err := s.Core.Audit.List(admin, audit.Query{Limit: 20})
		if err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		for _, e := range log {
			said.WriteString(e.Action + string(e.Before) + string(e.After))
		}
		if !strings.Contains(said.String(), "mail_sender.update") || strings.Contains(said.String(), "hunter2") || strings.Contains(said.String(), "PRIVATE KEY") {
			t.Errorf("%s", said.String())
		}
		for _, path := range []string{"/admin/mail/senders", "/admin/mail/outbox", "/admin/mail/templates", at, "/api/v1/mail/senders", "/api/v1/mail/letters", "/api/v1/mail/templates"} {
			if a := s.SignedIn(access.RoleAgent).Get(path); a.Status != http.StatusForbidden {
				t.Errorf("an agent gets %d at %s", a.Status, path)
			}
			if a := c.Get(path); a.Status != http.StatusOK {
				t.Errorf("an administrator gets %d at %s", a.Status, path)
			}
		}
	})
}

func TestTemplatesAreWrittenPreviewedAndTakenBack(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		w := newWorld(t, s)
		w.sender(t, func(v *mail.Sender) { v.NumberIn, v.Signature = mail.NumberLast, "Your **desk**" })
		w.work(t)
		c := w.SignedIn(access.RoleAdministrator)
		for body, status := range map[string]int{
			"no place for the answer": http.StatusUnprocessableEntity, "{{message}} {{no.such}}": http.StatusUnprocessableEntity, "{{message}} {{assignee.name}}": http.StatusUnprocessableEntity,
			"Dear {{requester.first_name}},\n\n{{message}}\n\n{{service}}Yours, {{agent.name}}": http.StatusSeeOther,
		} {
			a := c.Post("/admin/mail/templates/reply/en", map[string][]string{"subject": {"About {{ticket.title}}"}, "body": {body}, "version": {"0"}})
			if a.Status != status {
				t.Errorf("%q: %d", body, a.Status)
			}
		}
		if a := c.Post("/admin/mail/templates/reply/en", map[string][]string{"subject": {"x"}, "body": {"Hello {{requester.name}}: {{message}}"}, "version": {"1"}, "preview": {"true"}}); !strings.Contains(a.Body, "Hello Ana Novak") {
			t.Errorf("%d no preview", a.Status)
		}
		if a := c.Get("/admin/mail/templates/opened/de"); !strings.Contains(a.Body, "Guten Tag") {
			t.Errorf("%d: the German template is not German", a.Status)
		}
		tk := w.byMail(t, access.RoleRequester, "A *starred* title")
		if m, _ := w.next(t); m.Subject != "A *starred* title ["+tk.Number+"]" || !strings.Contains(m.Text, "\n-- \nYour desk") {
			t.Errorf("%q %s", m.Subject, m.Text)
		}
		if _, err := w.Core.Tickets.Reply(w.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Done."}); err != nil {
			t.Fatal(err)
		}
		if m, _ := w.next(t); m.Subject != "About A *starred* title" || !strings.HasPrefix(m.Text, "Dear requester,\n\nDone.\n\nYours, agent person") {
			t.Errorf("%q %s", m.Subject, m.Text)
		}
		if a := c.Post("/admin/mail/templates/reply/en/reset", nil); a.Status != http.StatusSeeOther {
			t.Errorf("%d", a.Status)
		}
	})
}
