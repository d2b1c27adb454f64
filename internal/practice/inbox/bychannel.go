package inbox

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/inbox/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Channels are the ways to a person by chat and SMS; the room of webhooks has them.
type Channels interface {
	// Offered lists those by which the actor can be told.
	Offered(ctx context.Context) ([]channel.Way, error)
	// Enqueue hands a message over in the caller's transaction.
	Enqueue(ctx context.Context, tx *database.Tx, m channel.Message) error
}

// offered lists the channels by which the reader can be told; ready are those that were
// proved to reach them.
func (i *Inbox) offered(ctx context.Context) (ready []channel.Way, some bool, err error) {
	if i.d.Channels == nil || !access.From(ctx).IsPerson() {
		return nil, false, nil
	}
	all, err := i.d.Channels.Offered(ctx)
	for _, w := range all {
		if w.Active {
			ready = append(ready, w)
		}
	}
	return ready, len(all) > 0, err
}

// hows are when something can come by a channel: an SMS comes at once or not at all.
func hows(w channel.Way) []notify.Mail {
	if w.Phone {
		return []notify.Mail{notify.MailNever, notify.MailNow}
	}
	return notify.Mails()
}

// waySelect is how a kind of notice comes by a channel.
func waySelect(ctx context.Context, c *notify.Choice, label string, w channel.Way) ui.Select {
	key := string(c.Kind) + "." + strconv.FormatInt(w.ID, 10)
	s := ui.Select{Field: ui.Field{Name: "way." + key, ID: "way-" + strings.ReplaceAll(key, ".", "-"), Label: text.T(ctx, "By %s: %s", w.Name, label), Hidden: true}}
	for _, how := range hows(w) {
		words := map[notify.Mail]string{
			notify.MailNever: text.T(ctx, "Not by %s", w.Name), notify.MailNow: text.T(ctx, "%s at once", w.Name), notify.MailDigest: text.T(ctx, "%s, in the digest", w.Name),
		}[how]
		s.Options = append(s.Options, ui.Option{Value: string(how), Label: words, Selected: c.Channels[w.ID] == how})
	}
	return s
}

// chooseWays keeps how kinds come by channels that reach the actor. keys are
// "assigned.4294967802". Invalid for a channel that does not reach them.
func (i *Inbox) chooseWays(ctx context.Context, typed map[string]string) error {
	if len(typed) == 0 {
		return nil
	}
	ready, _, err := i.offered(ctx)
	if err != nil {
		return err
	}
	how := map[notify.Kind]map[int64]notify.Mail{}
	for key, value := range typed {
		kind, number, _ := strings.Cut(key, ".")
		way, fits := channel.Way{}, false
		for _, w := range ready {
			if strconv.FormatInt(w.ID, 10) == number {
				way = w
			}
		}
		for _, h := range hows(way) {
			fits = fits || string(h) == value
		}
		if way.ID == 0 || !fits {
			return apperr.InvalidField("channels", "This does not come to you in that way.")
		}
		if how[notify.Kind(kind)] == nil {
			how[notify.Kind(kind)] = map[int64]notify.Mail{}
		}
		how[notify.Kind(kind)][way.ID] = notify.Mail(value)
	}
	return i.d.Notices.ChooseChannels(ctx, how)
}

// SendByChannels hands over what is due by chat and SMS: one message for each person and
// channel, of all that is to be told to them now. What they may not see any more, or have
// read, is left out.
func (i *Inbox) SendByChannels(ctx context.Context) error {
	if i.d.Channels == nil {
		return nil
	}
	due, err := i.d.Notices.DueByChannel(ctx, mostMailed)
	if err != nil {
		return err
	}
	var failed []error
	for _, v := range due {
		if err := i.sendBy(ctx, v); err != nil && !apperr.Is(err, apperr.Conflict) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func (i *Inbox) sendBy(ctx context.Context, v notify.Sending) error {
	p, err := i.d.Actors.Person(ctx, v.Person)
	if apperr.Is(err, apperr.NotFound) || err == nil && !p.Actor.IsPerson() {
		ids, err := i.d.Notices.WaitingFor(ctx, v)
		if err != nil || len(ids) == 0 {
			return err
		}
		return i.d.DB.Write(ctx, func(tx *database.Tx) error { return i.d.Notices.SentBy(ctx, tx, v.Channel, ids) })
	}
	if err != nil {
		return err
	}
	as := i.d.Reading(access.With(ctx, p.Actor), p)
	found, ids, err := i.d.Notices.ForChannel(as, v.Channel)
	if err != nil || len(ids) == 0 {
		return err
	}
	lines, err := i.worded(as, found)
	if err != nil {
		return err
	}
	return i.d.DB.Write(ctx, func(tx *database.Tx) error {
		if err := i.d.Notices.SentBy(ctx, tx, v.Channel, ids); err != nil || len(lines) == 0 {
			return err
		}
		return i.d.Channels.Enqueue(as, tx, i.message(as, v, lines))
	})
}

// message is what lines say, in the words of their reader.
func (i *Inbox) message(ctx context.Context, v notify.Sending, lines []view.Line) channel.Message {
	m := channel.Message{
		Channel: v.Channel, Person: v.Person, Kind: channel.Notice, URL: i.d.BaseURL + view.URL,
		Change: text.T(ctx, "Choose what you are told: %s", i.d.BaseURL+view.URL+"/settings"),
	}
	for _, l := range lines {
		out := channel.Line{Number: l.Ref, Title: l.Title, Text: l.Text, Short: l.Text, Why: strings.TrimSpace(l.Why + " " + l.Urgent), URL: i.d.BaseURL + l.URL, Internal: l.Internal}
		if typ, number, _ := strings.Cut(l.Subject, ":"); typ == notify.TicketSubject {
			out.Ticket, _ = strconv.ParseInt(number, 10, 64) // what this room wrote itself
		}
		if l.AboutURL != "" {
			out.About = i.d.BaseURL + l.AboutURL
		}
		if l.Internal {
			out.Short = shortText(ctx, notify.Kind(l.Kind))
		}
		if l.More > 0 {
			out.Text += " (" + text.N(ctx, l.More, "and %d more", "and %d more") + ")"
		}
		m.Lines = append(m.Lines, out)
	}
	return m
}

// shortText is what an SMS says of something internal: that it happened.
func shortText(ctx context.Context, k notify.Kind) string {
	switch k {
	case notify.Escalated:
		return text.T(ctx, "Time runs out or has, and it is your turn")
	case notify.Noted:
		return text.T(ctx, "There is an internal note")
	case notify.Mentioned:
		return text.T(ctx, "You were mentioned")
	}
	return text.T(ctx, kindTexts[k].label)
}
