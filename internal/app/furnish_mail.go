package app

import (
	"context"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/demo"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

// furnishMail lets mails come to the desk of a demo, and lets it answer some of them.
// Nothing leaves: letters count as sent, and in the end the sender is switched off.
func (a *App) furnishMail(asAdmin, asAgent context.Context, as func(ref string) (context.Context, error)) error {
	m := a.mail
	from, err := m.CreateSender(asAdmin, mail.Sender{
		Name: "IT service desk", Address: demo.DeskAddress, Default: true, Plus: true, Active: true, Signature: "Your IT service desk",
		Account: mail.Account{Server: "mail.harbourline.example:587", Security: message.StartTLS, Auth: message.NoAuth},
	})
	if err != nil {
		return err
	}
	groups := append(access.From(asAgent).Groups(), 0)
	box, err := m.CreateBox(asAdmin, mail.Box{GroupID: groups[0], Address: demo.DeskAddress, Protocol: mail.Delivery, Kind: "incident", Unknown: mail.UnknownQuarantine, Active: true, SenderID: from.ID})
	if err != nil {
		return err
	}
	for _, pattern := range demo.BlockedSenders() {
		if err := m.SetBlock(asAdmin, pattern, true); err != nil {
			return err
		}
	}
	var parts demo.MailParts
	for _, one := range demo.Mails() {
		parts.At = a.core.Now().Add(-one.Ago)
		if one.From != "" {
			author, err := as(one.From)
			if err != nil {
				return err
			}
			who := access.From(author).ID
			found, err := a.core.People.Contacts(asAdmin, a.core.DB.Reader(), []int64{who})
			if err != nil {
				return err
			}
			parts.Name, parts.Address = access.From(author).Name, found[who].Email
		}
		raw, err := one.Raw(parts)
		if err != nil {
			return err
		}
		arrived, err := a.mailCame(asAdmin, box.ID, raw, parts.At)
		if err != nil {
			return err
		}
		if one.Answer == "" {
			continue
		}
		if _, err := a.core.Tickets.Reply(asAgent, ticket.ByID(arrived.TicketID), ticket.PublicReply{Body: ticket.Markdown(one.Answer)}); err != nil {
			return err
		}
		parts.LetterAt = parts.At.Add(10 * time.Minute)
		if err := a.countSent(asAdmin, &parts); err != nil {
			return err
		}
	}
	_, err = m.ChangeSender(asAdmin, from.ID, from.Version, func(v *mail.Sender) { v.Active = false })
	return err
}

// mailCame brings one mail in, and looks at it at once.
func (a *App) mailCame(ctx context.Context, box int64, raw string, at time.Time) (mail.Arrival, error) {
	id, err := a.mail.Store(ctx, mail.Incoming{Box: box, Raw: []byte(strings.ReplaceAll(raw, "\n", "\r\n")), Received: at})
	if err != nil {
		return mail.Arrival{}, err
	}
	return a.mail.LandNow(ctx, id)
}

// countSent lets the letters that wait count as sent, and notes the last answer.
func (a *App) countSent(ctx context.Context, parts *demo.MailParts) error {
	sent, err := a.mail.CountSent(ctx)
	for _, l := range sent {
		if l.Kind == letter.Reply && len(l.Recipients) > 0 {
			parts.Letter, parts.LetterTo = l.MessageID, l.Recipients[0].Address
		}
	}
	return err
}
