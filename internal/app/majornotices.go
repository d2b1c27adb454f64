package app

import (
	"context"
	"fmt"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/practice/majorincident"
)

// As gives a context in which a person acts, as they may act now. Forbidden when
// they are gone.
func (c *Core) As(ctx context.Context, person int64) (context.Context, error) {
	p, err := c.Actors.Person(ctx, person)
	if err != nil {
		return nil, err
	}
	if !p.Actor.IsPerson() {
		return nil, apperr.New(apperr.Forbidden, "Person %d no longer works here.", person)
	}
	return access.With(ctx, p.Actor), nil
}

// maxTold bounds how many people with a role are told of one thing.
const maxTold = 200

// majorNotices puts the notices of major incidents into people's inboxes.
type majorNotices struct{ c *Core }

// Notify implements majorincident.Notifier.
func (m majorNotices) Notify(ctx context.Context, tx *database.Tx, n majorincident.Notice) error {
	persons, reason := n.Persons, notify.AsListed
	if n.Verb != "" {
		var err error
		if persons, err = m.c.Roles.PersonsWith(ctx, tx, n.Verb, maxTold); err != nil {
			return err
		}
		reason = notify.AsRole
	}
	detail := map[majorincident.NoticeKind]string{
		majorincident.NoticeProposed: "Proposed as a major incident: " + n.Summary,
		majorincident.NoticeRole:     "You have a part in the major incident: " + n.Summary,
		majorincident.NoticeDue:      "An update of the major incident is due: " + n.Summary,
	}[n.Kind]
	actor := access.From(ctx)
	by := ticket.ActorRef{Type: access.TypeSystem}
	if actor.IsPerson() && n.Kind != majorincident.NoticeDue {
		by = ticket.ActorRef{Type: access.TypePerson, ID: actor.ID}
	}
	notices := make([]notify.Notice, 0, len(persons))
	for _, p := range persons {
		notices = append(notices, notify.Notice{
			To: p, Kind: notify.Major, Reason: reason, Subject: notify.Ticket(n.TicketID), Actor: by, Internal: true, Detail: detail, Key: n.Key,
		})
	}
	return m.c.Notices.Send(ctx, tx, notices...)
}

// MajorChanged implements majorincident.Announcer: its room hears that it changed,
// and everybody when what they read may have.
func (a announcer) MajorChanged(ctx context.Context, tx *database.Tx, id int64, public bool) error {
	events := []live.Event{{Topics: []string{majorincident.Topic(id)}, Kind: majorincident.Event, Key: fmt.Sprint(id)}}
	if public {
		events = append(events, live.Event{Topics: []string{majorincident.StatusTopic}, Kind: majorincident.StatusEvent, Key: "status"})
	}
	return a.hub.Publish(ctx, tx, events...)
}
