package mail

import (
	"context"
	"html"
	"io"
	"strings"

	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// write puts a letter into words, gives it its Message-ID and its place in the
// conversation, and stores all that: further attempts say the same.
func (s *Service) write(ctx context.Context, l *Stored, from *Sender, self identity) error {
	ctx = s.Reading(ctx, l.readerID(), l.languageOf(from))
	if l.TicketID != 0 {
		if err := s.writeAbout(ctx, l, from, self); err != nil {
			return err
		}
	}
	l.Subject = web.OneLine(l.Subject)
	l.MessageID = self.marks.messageID(l.TicketID, l.ID, from.domain())
	return s.storeWritten(ctx, l)
}

// readerID is the first person a letter is for.
func (l *Stored) readerID() int64 {
	for _, r := range l.Recipients {
		if r.PersonID != 0 {
			return r.PersonID
		}
	}
	return 0
}

func (l *Stored) languageOf(from *Sender) string {
	if l.Language != "" {
		return l.Language
	}
	return from.Language
}

// writeAbout writes a letter that belongs to a ticket.
func (s *Service) writeAbout(ctx context.Context, l *Stored, from *Sender, self identity) error {
	t, err := s.Tickets.Get(ctx, ticket.ByID(l.TicketID))
	if err != nil {
		return err
	}
	thread, earlier, err := s.conversation(ctx, s.DB.Reader(), t.ID)
	if err != nil {
		return err
	}
	topic := thread.topic
	if topic == "" {
		topic = t.Title
	}
	subject := topic
	if len(earlier) > 0 {
		subject = "Re: " + topic
	}
	switch from.NumberIn {
	case NumberFirst:
		subject = "[" + t.Number + "] " + subject
	case NumberLast:
		subject += " [" + t.Number + "]"
	case NumberNowhere:
	}
	l.Topic, l.Earlier, l.InReplyTo = topic, earlier, thread.lastID
	if l.InReplyTo == "" && len(earlier) > 0 {
		l.InReplyTo = earlier[len(earlier)-1]
	}
	l.Index = message.ThreadIndex(thread.index, self.marks.of(t.ID), l.CreatedAt)
	if l.URL == "" {
		l.URL = s.RequesterPage(t.Number)
	}
	if !fromTemplate(l.Kind) || l.Body != "" {
		return nil
	}
	said, err := s.said(ctx, &t, l)
	if err != nil {
		return err
	}
	facts, err := s.facts(ctx, &t, l)
	if err != nil {
		return err
	}
	template, err := s.templateFor(ctx, s.DB.Reader(), l.Kind, text.From(ctx).Language.String())
	if err != nil {
		return err
	}
	v := values{facts: facts, message: said, subject: subject, url: s.absolute(l.URL)}
	if l.Body, err = fill(template.Body, v); err != nil {
		return err
	}
	if l.Subject, err = fill(template.Subject, v); err != nil {
		return err
	}
	l.Subject = plainOf(l.Subject)
	return nil
}

// said is what the entries of the timeline say that a letter tells: of public
// events, which have nowhere to hold anything else.
func (s *Service) said(ctx context.Context, t *ticket.Ticket, l *Stored) (string, error) {
	since := l.Since
	if since == 0 {
		since = l.Seq
	}
	events, err := s.Tickets.PublicTimelineStretch(ctx, t, ticket.Stretch{After: since - 1, Before: l.Seq + 1})
	if err != nil {
		return "", err
	}
	var parts []string
	for _, e := range events {
		if e.Type == ticket.Created || e.Type == ticket.Rated {
			continue
		}
		if e.Message != "" {
			parts = append(parts, e.Message)
		}
		for _, a := range e.Attachments {
			l.Files = append(l.Files, a.ID)
		}
	}
	return strings.Join(parts, "\n\n"), nil
}

// facts are what variables stand for, in the reader's words.
func (s *Service) facts(ctx context.Context, t *ticket.Ticket, l *Stored) (phrase.Facts, error) {
	q := s.DB.Reader()
	def, err := s.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return phrase.Facts{}, err
	}
	persons, err := s.People.PersonNames(ctx, q, []int64{t.RequesterID, l.AuthorID})
	if err != nil {
		return phrase.Facts{}, err
	}
	groups, err := s.People.GroupNames(ctx, q, []int64{t.GroupID})
	if err != nil {
		return phrase.Facts{}, err
	}
	services, err := s.Services.Names(ctx, q, []int64{t.ServiceID})
	if err != nil {
		return phrase.Facts{}, err
	}
	organisations, err := s.People.OrganisationNames(ctx, q, []int64{t.OrganisationID})
	now := s.now()
	return phrase.Facts{
		Requester: persons[t.RequesterID].Name, TicketNumber: t.Number, TicketTitle: t.Title,
		TicketKind: text.T(ctx, either(def.RequesterLabel, def.Label)), TicketState: requesterState(ctx, t, def), TicketOpened: text.Date(ctx, t.CreatedAt),
		Agent: persons[l.AuthorID].Name, Service: services[t.ServiceID], Group: groups[t.GroupID].Name, Organisation: organisations[t.OrganisationID],
		Today: text.Date(ctx, now), Tomorrow: text.Date(ctx, now.AddDate(0, 0, 1)),
	}, err
}

func requesterState(ctx context.Context, t *ticket.Ticket, def *workflow.Definition) string {
	state, ok := def.State(t.State)
	if !ok {
		return t.State
	}
	if r, ok := state.Reason(t.WaitReason); ok && r.RequesterLabel != "" {
		return text.T(ctx, r.RequesterLabel)
	}
	return text.T(ctx, either(state.RequesterLabel, state.Label))
}

func either(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func (s *Service) absolute(url string) string {
	if strings.HasPrefix(url, "/") {
		return s.BaseURL + url
	}
	return url
}

// maxFiles bounds what is sent along, in bytes; the rest is behind the link.
const maxFiles = 15 << 20

// compose makes the message of a letter that was put into words. The same letter
// gives the same message.
func (s *Service) compose(ctx context.Context, l *Stored, from *Sender, self identity) (message.Outgoing, message.Envelope, error) {
	ctx = s.Reading(ctx, l.readerID(), l.languageOf(from))
	out := message.Outgoing{
		ID: l.MessageID, Date: l.CreatedAt, From: message.Address{Name: from.Name, Mail: from.Address}, Subject: l.Subject,
		Instance: self.instance, InReplyTo: l.InReplyTo, References: l.Earlier, ThreadTopic: l.Topic, ThreadIndex: l.Index,
	}
	envelope := message.Envelope{From: from.Address}
	if l.Kind == letter.Opened {
		out.Automatic, out.Hops = message.Replied, 1
	} else if l.Kind != letter.Reply {
		out.Automatic, out.Hops = message.Generated, 1
	}
	if l.AuthorID != 0 {
		names, err := s.People.PersonNames(ctx, s.DB.Reader(), []int64{l.AuthorID})
		if err != nil {
			return out, envelope, err
		}
		if name := names[l.AuthorID].Name; name != "" {
			out.From.Name = name + " (" + from.Name + ")"
		}
	}
	if l.TicketID != 0 && from.Plus {
		marked := self.marks.plus(from.Address, l.TicketID)
		out.ReplyTo, envelope.From = []message.Address{{Name: from.Name, Mail: marked}}, marked
	}
	for _, r := range l.Recipients {
		a := message.Address{Name: r.Name, Mail: r.Address}
		if r.Copied {
			out.Cc = append(out.Cc, a)
		} else {
			out.To = append(out.To, a)
		}
		if r.State == RecipientWaiting {
			envelope.To = append(envelope.To, r.Address)
		}
	}
	files, left, err := s.filesOf(ctx, l)
	if err != nil {
		return out, envelope, err
	}
	out.Files = files
	out.Text, out.HTML = s.body(ctx, l, from, left)
	return out, envelope, nil
}

// body gives both forms of a letter's text, with what stands at its foot.
func (s *Service) body(ctx context.Context, l *Stored, from *Sender, left []string) (plain, rich string) {
	body := l.Body
	if len(left) > 0 {
		body += "\n\n" + text.T(ctx, "Too large to be sent along: %s. You find it at the address below.", phrase.Escape(text.List(ctx, left)))
	}
	url := s.absolute(l.URL)
	plain = plainOf(body)
	rich = styled(markdown.HTML(body, markdown.Context{}))
	if from.Signature != "" {
		plain += "\n\n-- \n" + plainOf(from.Signature)
		rich += `<div style="margin-top:1.5em;color:#5b6675">` + markdown.HTML(from.Signature, markdown.Context{}) + `</div>`
	}
	var foot []string
	if l.Why != "" {
		foot = append(foot, l.Why)
	}
	if url != "" && !strings.Contains(l.Body, url) {
		foot = append(foot, url)
	}
	if len(foot) > 0 {
		plain += "\n\n" + strings.Join(foot, "\n")
		rich += `<div style="margin-top:1.5em;padding-top:.5em;border-top:1px solid #d5dae1;font-size:.85em;color:#5b6675">`
		for i, line := range foot {
			if i > 0 {
				rich += "<br>"
			}
			if line == url {
				rich += `<a href="` + html.EscapeString(url) + `">` + html.EscapeString(url) + `</a>`
			} else {
				rich += html.EscapeString(line)
			}
		}
		rich += `</div>`
	}
	language := text.From(ctx).Language.String()
	return plain, `<!DOCTYPE html><html lang="` + html.EscapeString(language) + `" dir="` + text.Direction(ctx) + `"><body style="font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5">` + rich + `</body></html>`
}

// filesOf reads the files that a letter takes along, as far as there is room; left
// names the others.
func (s *Service) filesOf(ctx context.Context, l *Stored) (files []message.File, left []string, err error) {
	room := int64(maxFiles)
	for _, id := range l.Files {
		a, body, err := s.Tickets.Attachment(asSystem(ctx), id)
		if apperr.Is(err, apperr.NotFound) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if a.TicketID != l.TicketID || a.Internal { // what is internal stays, whatever a letter says
			_ = body.Close() // it was only looked at
			continue
		}
		if a.Size > room {
			_ = body.Close() // it was only looked at
			left = append(left, a.Name)
			continue
		}
		raw, err := io.ReadAll(io.LimitReader(body, a.Size))
		if closeErr := body.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return nil, nil, err
		}
		room -= a.Size
		media, _, _ := strings.Cut(a.MediaType, ";")
		files = append(files, message.File{Name: a.Name, Type: strings.TrimSpace(media), Data: raw})
	}
	return files, left, nil
}

// templateFor gives the words of a kind: what an administrator wrote in the
// language, or what the product brings.
func (s *Service) templateFor(ctx context.Context, q database.Querier, kind letter.Kind, language string) (Template, error) {
	found, err := template(ctx, q, kind, language)
	if apperr.Is(err, apperr.NotFound) {
		return builtInTemplate(ctx, kind), nil
	}
	return found, err
}
