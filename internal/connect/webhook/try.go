package webhook

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// ChannelTest is what came of trying a channel. Request and answer are without secrets.
type ChannelTest struct {
	OK      bool   `json:"ok" doc:"The far side took it."`
	Status  int    `json:"status,omitempty" doc:"HTTP status of the answer." example:"200"`
	Error   string `json:"error,omitempty" doc:"Why there is no answer, or what is wrong with it."`
	Request string `json:"request" doc:"As it was sent, with ••• for secrets."`
	Answer  string `json:"answer,omitempty" doc:"The first 4000 bytes of what the far side said."`
	Took    int64  `json:"took_ms,omitempty" doc:"Milliseconds until the answer was there."`
}

// Try sends a test through a channel at once, not by the queue: whoever set it up waits
// for what the far side says. to is where, of a personal channel.
func (s *Service) Try(ctx context.Context, id int64, to string) (ChannelTest, error) {
	if err := mayManage(ctx); err != nil {
		return ChannelTest{}, err
	}
	c, err := s.live(ctx, s.DB.Reader(), id)
	if err != nil {
		return ChannelTest{}, err
	}
	whole, shown := "", ""
	if c.Personal {
		if whole, shown, err = c.target(to); err != nil {
			return ChannelTest{}, err
		}
	}
	var number int64
	err = s.DB.Write(ctx, func(tx *database.Tx) error {
		number = tx.NextID()
		return s.Audit.Append(ctx, tx, audit.Entry{Action: "webhook_channel.test", ObjectType: "webhook_channel", ObjectID: audit.ID(c.ID), ObjectName: c.Name, After: map[string]any{"to": shown}})
	})
	if err != nil {
		return ChannelTest{}, err
	}
	words, at := s.sample(ctx, &c, number), s.now()
	r, err := c.build(words, whole, at)
	if err != nil {
		return ChannelTest{}, apperr.Wrap(err, apperr.Invalid, "The request cannot be made: %s", err.Error())
	}
	out := ChannelTest{Request: c.shownRequest(words, shown, at)}
	a, err := s.client.Do(ctx, r.Method, r.URL, r.Header, r.Body)
	if ctx.Err() != nil {
		return ChannelTest{}, ctx.Err()
	}
	o := judge(a, err, at)
	out.OK, out.Status, out.Took = o.state == StateSent, a.Status, a.Took.Milliseconds()
	if err == nil {
		out.Answer = s.shownAnswer(&c, a, whole)
	}
	if !out.OK {
		out.Error = reasonText(ctx, c.cleanReason(o.reason, whole))
	}
	return out, nil
}

// Preview gives the request of a sample, with ••• for secrets, as a channel with a change
// would send it; id 0 is a new one. Invalid beside each field.
func (s *Service) Preview(ctx context.Context, id int64, change func(c *Channel)) (string, error) {
	if err := mayManage(ctx); err != nil {
		return "", err
	}
	var c Channel
	if id != 0 {
		before, err := s.live(ctx, s.DB.Reader(), id)
		if err != nil {
			return "", err
		}
		c = before
		c.Secrets = Secrets{}
		change(&c)
		c.Kind, c.Personal = before.Kind, before.Personal
		c.keep(before.Secrets)
	} else {
		change(&c)
	}
	c.tidy()
	if err := c.check(); err != nil {
		return "", err
	}
	to := ""
	switch c.Reach {
	case ByNumber:
		to = "+491701234567"
	case ByMember:
		to = "@ana"
	case ByAddress:
		to = "https://" + c.Hosts[0] + "/" + dots
	}
	return c.shownRequest(s.sample(ctx, &c, 4294967800), to, s.now()), nil
}

// sample is a message that tells of nothing.
func (s *Service) sample(ctx context.Context, c *Channel, id int64) *said {
	if !c.Personal {
		ctx = s.Reading(ctx, 0, c.Language)
	}
	l := line{Line: channel.Line{
		Number: "INC-1042", Title: text.T(ctx, "The printer eats paper"), Text: text.T(ctx, "This is a test from Steward"), URL: s.BaseURL + "/tickets/INC-1042", About: s.BaseURL + "/inbox/about/INC-1042",
		Why: text.T(ctx, "This came because an administrator tries the channel %s.", c.Name),
	}}
	for _, f := range c.Facts {
		switch f {
		case FactService:
			l.Facts = append(l.Facts, fact{f, text.T(ctx, "Service"), text.T(ctx, "Printing")})
		case FactPriority:
			l.Facts = append(l.Facts, fact{f, text.T(ctx, "Priority"), text.T(ctx, "High")})
		case FactState:
			l.Facts = append(l.Facts, fact{f, text.T(ctx, "State"), text.T(ctx, "In progress")})
		case FactGroup:
			l.Facts = append(l.Facts, fact{f, text.T(ctx, "Group"), text.T(ctx, "Service desk")})
		case FactTitle:
		}
	}
	words := &said{ID: id, Kind: channel.Test, Lines: []line{l}, URL: s.BaseURL}
	if c.Personal {
		words.Change = text.T(ctx, "Choose what you are told: %s", s.BaseURL+"/inbox/settings")
	} else {
		words.Change = text.T(ctx, "An administrator changes what this room is told: %s", s.BaseURL+adminURL)
	}
	return words
}
