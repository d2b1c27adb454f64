package ticket

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Reply adds a public message. The requester's reply ends a hold that waits for
// them. A reply that names no version never conflicts with other saves.
func (s *Service) Reply(ctx context.Context, ref Ref, cmd PublicReply) (Ticket, error) {
	if err := checkMessage(string(cmd.Body), cmd.Attachments); err != nil {
		return Ticket{}, err
	}
	var saved Ticket
	err := s.write(ctx, func(tx *database.Tx) error {
		saved = Ticket{}
		return s.onceOn(ctx, tx, []any{fmt.Sprintf("%T", cmd), ref, cmd}, &saved, func() (err error) {
			saved, err = s.replyIn(ctx, tx, ref, cmd)
			return err
		})
	})
	return saved, err
}

func (c *change) reply(ctx context.Context, cmd PublicReply) error {
	if err := c.may(access.Comment); err != nil {
		return err
	}
	c.attach(c.event(Replied, false, string(cmd.Body)), cmd.Attachments)
	if c.actor.ID == c.before.RequesterID && c.before.WaitsForRequester(c.def) {
		return c.endHold(ctx)
	}
	return nil
}

// Note adds an internal note.
func (s *Service) Note(ctx context.Context, ref Ref, cmd InternalNote) (Ticket, error) {
	if err := checkMessage(string(cmd.Body), cmd.Attachments); err != nil {
		return Ticket{}, err
	}
	return s.converse(ctx, ref, cmd.Version, cmd, func(c *change) error { return c.addNote(ctx, cmd) })
}

func (c *change) addNote(ctx context.Context, cmd InternalNote) error {
	if err := c.may(access.Note); err != nil {
		return err
	}
	e := c.event(Noted, true, string(cmd.Body))
	c.attach(e, cmd.Attachments)
	return c.watchMentioned(ctx, e, string(cmd.Body))
}

// converse saves what fn does to a ticket, once per idempotency key.
func (s *Service) converse(ctx context.Context, ref Ref, version int, cmd any, fn func(c *change) error) (Ticket, error) {
	var saved Ticket
	err := s.write(ctx, func(tx *database.Tx) error {
		saved = Ticket{}
		return s.onceOn(ctx, tx, []any{fmt.Sprintf("%T", cmd), ref, cmd}, &saved, func() (err error) {
			saved, err = s.converseIn(ctx, tx, ref, version, fn)
			return err
		})
	})
	return saved, err
}

func (s *Service) converseIn(ctx context.Context, tx *database.Tx, ref Ref, version int, fn func(c *change) error) (Ticket, error) {
	c, err := s.begin(ctx, tx, ref, version)
	if err != nil {
		return Ticket{}, err
	}
	if err := fn(c); err != nil {
		return Ticket{}, err
	}
	return c.save(ctx)
}

func checkMessage(body string, files []int64) error {
	var p apperr.Problems
	if strings.TrimSpace(body) == "" && len(files) == 0 {
		p.Add("body", "Write something, or attach a file.")
	}
	checkText(&p, "body", body)
	return p.Err()
}

// watchMentioned makes the persons that a text mentions watchers, if they
// exist: whoever is spoken of should hear the answer.
func (c *change) watchMentioned(ctx context.Context, event int, body string) error {
	mentioned := Mentions(body)
	if len(mentioned) == 0 {
		return nil
	}
	watchers := slices.Clone(c.ticket.Watchers)
	for _, id := range mentioned {
		if slices.Contains(watchers, id) || len(watchers) >= MaxWatchers {
			continue
		}
		if _, err := c.s.directory.OrganisationOf(ctx, c.tx, id); err != nil {
			if apperr.Is(err, apperr.Invalid) {
				continue // a mention of nobody is just text
			}
			return err
		}
		watchers = append(watchers, id)
	}
	slices.Sort(watchers)
	return c.set(event, FieldWatchers, joinIDs(watchers))
}
