package mail

import (
	"context"
	"errors"
	"strings"

	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Tried is what came of trying settings.
type Tried struct {
	OK       bool   `json:"ok"`
	Message  string `json:"message,omitempty" doc:"What the server said, or why it could not be reached."`
	Messages int    `json:"messages,omitempty" doc:"Of a mailbox: how many lie there."`
}

// TrySender sends a letter through a sender at once, not by the outbox: whoever set
// it up waits for what the server says.
func (s *Service) TrySender(ctx context.Context, id int64, to string) (Tried, error) {
	from, err := s.Sender(ctx, id)
	if err != nil {
		return Tried{}, err
	}
	to = strings.TrimSpace(to)
	if !message.ValidAddress(to) {
		return Tried{}, apperr.InvalidField("to", "This is not a mail address.")
	}
	self, err := s.identity(ctx)
	if err != nil {
		return Tried{}, err
	}
	var number int64
	err = s.DB.Write(ctx, func(tx *database.Tx) error {
		number = tx.NextID()
		return s.Audit.Append(ctx, tx, audit.Entry{
			Action: "mail_sender.test", ObjectType: "mail_sender", ObjectID: audit.ID(from.ID), ObjectName: from.Address, After: map[string]any{"to": to},
		})
	})
	if err != nil {
		return Tried{}, err
	}
	l := Stored{
		ID: number, Kind: letter.Test, CreatedAt: s.now(), Subject: text.T(ctx, "Test from %s", from.Name), MessageID: self.marks.messageID(0, number, from.domain()),
		Body: text.T(ctx, "This letter says that mail from Steward arrives."), Recipients: []StoredRecipient{{Address: to, State: RecipientWaiting}},
	}
	out, envelope, err := s.compose(ctx, &l, &from, self)
	if err != nil {
		return Tried{}, err
	}
	raw, err := message.Compose(out)
	if err != nil {
		return Tried{}, err
	}
	o, err := s.newOutlet(&from) // connections of its own, which end with the test
	if err != nil {
		return Tried{Message: apperr.Message(err).In(ctx)}, nil
	}
	defer o.close()
	if o.signer != nil {
		if raw, err = o.signer.Sign(raw); err != nil {
			return Tried{Message: err.Error()}, nil
		}
	}
	err = o.sender.Send(ctx, envelope, raw)
	var failed *message.SendError
	if errors.As(err, &failed) {
		words := sayOf(failed)
		for _, r := range failed.Refused {
			words = sayCode(r.Code, r.Message)
		}
		return Tried{Message: words}, nil
	}
	return Tried{OK: err == nil}, err
}

// AllTemplates lists what letters of each kind say in each language.
func (s *Service) AllTemplates(ctx context.Context) ([]Template, error) {
	own, err := s.Templates(ctx)
	if err != nil {
		return nil, err
	}
	var out []Template
	for _, b := range builtIns() {
		for _, l := range text.Languages() {
			out = append(out, s.templateIn(ctx, own, b.kind, l))
		}
	}
	return out, nil
}

func (s *Service) templateIn(ctx context.Context, own []Template, kind letter.Kind, l text.Language) Template {
	for _, t := range own {
		if t.Kind == kind && t.Language == l.Tag.String() {
			return t
		}
	}
	return builtInTemplate(s.Reading(ctx, 0, l.Tag.String()), kind)
}

// sample is a ticket to try templates on.
func (s *Service) sample(ctx context.Context) values {
	now := s.now()
	return values{
		facts: phrase.Facts{
			Requester: "Ana Novak", TicketNumber: "INC-1042", TicketTitle: text.T(ctx, "The printer eats paper"), TicketKind: text.T(ctx, "Problem"), TicketState: text.T(ctx, "In progress"),
			TicketOpened: text.Date(ctx, now), Agent: "Ben Benchley", Service: text.T(ctx, "Printing"), Group: text.T(ctx, "Service desk"), Organisation: "Example Ltd",
			Today: text.Date(ctx, now), Tomorrow: text.Date(ctx, now.AddDate(0, 0, 1)),
		},
		message: text.T(ctx, "We found the **cause**: the tray was not closed."), subject: "Re: " + text.T(ctx, "The printer eats paper"), url: s.BaseURL + s.RequesterPage("INC-1042"),
	}
}

// Preview is a template as it reads on a sample ticket.
type Preview struct{ Subject, Plain, HTML string }

// PreviewTemplate fills a template for whoever writes it; Invalid as SaveTemplate.
func (s *Service) PreviewTemplate(ctx context.Context, t Template) (Preview, error) {
	if err := mayManage(ctx); err != nil {
		return Preview{}, err
	}
	if err := t.check(); err != nil {
		return Preview{}, err
	}
	ctx = s.Reading(ctx, 0, t.Language)
	v := s.sample(ctx)
	subject, err := fill(t.Subject, v)
	if err != nil {
		return Preview{}, err
	}
	body, err := fill(t.Body, v)
	if err != nil {
		return Preview{}, err
	}
	plain, rich := s.body(ctx, &Stored{Body: body, URL: v.url}, &Sender{}, nil)
	return Preview{Subject: plainOf(subject), Plain: plain, HTML: rich}, nil
}
