package app_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

// mailForDump fills the tables of mail. What only a mail server can make happen is
// written as it would.
func mailForDump(t *testing.T, s *apptest.System) {
	t.Helper()
	admin, m := s.As(access.RoleAdministrator), s.App.Mail()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sender, err := m.CreateSender(admin, mail.Sender{
		Name: "Desk", Address: "desk@example.org", Active: true, Plus: true, Language: "de",
		Account: mail.Account{Server: "127.0.0.1:1", Security: message.Plain, Auth: message.PLAIN, User: "desk", Secrets: mail.Secrets{Password: "a password of a dump"}},
	})
	check(err)
	tried, err := m.TrySender(admin, sender.ID, "ana@example.org")
	check(err)
	if tried.OK {
		t.Error("nobody listens there, and the letter was sent")
	}
	_, err = m.SaveTemplate(admin, mail.Template{Kind: letter.Reply, Language: "de", Subject: "{{subject}}", Body: "Hallo,\n\n{{message}}"}, 0)
	check(err)
	check(m.SetMyWish(s.As(access.RoleAgent), mail.WishAll))
	tk, err := s.Core.Tickets.Create(s.As(access.RoleRequester), ticket.Create{Kind: "incident", Title: "By mail", Channel: "email"})
	check(err)
	_, err = m.CreateBox(admin, mail.Box{Address: "help@example.org", Protocol: mail.Delivery, Kind: "incident", Active: true, SenderID: sender.ID})
	check(err)
	_, err = m.ImportFile(admin, "help@example.org", []byte("From: ana@example.org\r\nTo: help@example.org\r\nMessage-ID: <b@example.org>\r\nSubject: Help\r\n\r\nIt broke.\r\n"))
	check(err)
	check(m.SetBlock(admin, "@spam.example", true))
	at := database.Time(s.Core.Now())
	check(s.Core.DB.Write(t.Context(), func(tx *database.Tx) error {
		for _, statement := range []struct {
			query string
			args  []any
		}{
			{`INSERT INTO mail_ids (message_id, ticket_id, relation, at) VALUES ($1, $2, 'received', $3)`, []any{"a@example.org", tk.ID, at}},
			{
				`INSERT INTO mail_threads (ticket_id, topic, thread_index, sender_id, last_id, updated_at) VALUES ($1, 'By mail', '', $2, $3, $4)`,
				[]any{tk.ID, sender.ID, "a@example.org", at},
			},
			{`INSERT INTO mail_participants (ticket_id, person_id, since) VALUES ($1, $2, $3)`, []any{tk.ID, s.Persons[access.RoleRequester], at}},
			{`INSERT INTO mail_dead_addresses (address, reason, since) VALUES ('gone@example.org', '5.1.1', $1)`, []any{at}},
		} {
			if _, err := tx.Exec(t.Context(), statement.query, statement.args...); err != nil {
				return err
			}
		}
		return nil
	}))
}
