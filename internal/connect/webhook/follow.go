package webhook

import (
	"context"
	"fmt"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// highest is the priority at which rooms hear of a ticket.
const highest = 1

// Follow is a ticket.Follower: it tells rooms what they follow. Nothing that was written is
// looked at, only that it was.
func (s *Service) Follow(ctx context.Context, tx *database.Tx, what *ticket.Saved) error {
	events := eventsOf(what)
	if len(events) == 0 {
		return nil
	}
	rooms, err := s.following(ctx, tx)
	if err != nil || len(rooms) == 0 {
		return err
	}
	if def, err := s.Tickets.Kinds().Get(what.After.Kind); err != nil || def.Confidential {
		return err
	}
	group := ""
	for i := range rooms {
		c := &rooms[i]
		at := slices.IndexFunc(events, func(e Event) bool { return slices.Contains(c.Events, e) })
		if at < 0 || len(c.Groups) > 0 && !slices.Contains(c.Groups, what.After.GroupID) {
			continue
		}
		if c.Condition != "" {
			fits, err := s.Tickets.Matches(asSystem(ctx), tx, c.Condition, &what.After)
			if err != nil && !apperr.Is(err, apperr.Invalid) { // one that names what is gone fits nothing
				return err
			}
			if !fits {
				continue
			}
		}
		if group == "" && what.After.GroupID != 0 {
			names, err := s.People.GroupNames(ctx, tx, []int64{what.After.GroupID})
			if err != nil {
				return err
			}
			group = names[what.After.GroupID].Name
		}
		err := s.postTo(ctx, tx, &Channel{ID: c.ID, Name: c.Name, Active: true, Body: c.Body}, channel.Post{
			Ticket: what.After.ID, Kind: channel.News, Key: fmt.Sprintf("ticket:%d:%d", what.After.ID, what.After.LastSeq),
			Text: func(ctx context.Context) string { return eventText(ctx, events[at], group) },
			Why:  func(ctx context.Context) string { return followsText(ctx, len(c.Groups) > 0, group) },
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eventsOf gives what happened that a room can follow, what says most first.
func eventsOf(what *ticket.Saved) []Event {
	before, after := &what.Before, &what.After
	var out []Event
	if after.Category.Active() && before.Priority != highest && after.Priority == highest {
		out = append(out, Urgent)
	}
	if !what.Created() && before.Category != workflow.Resolved && after.Category == workflow.Resolved {
		out = append(out, Resolved)
	}
	if !what.Created() && !before.Category.Active() && after.Category.Active() {
		out = append(out, Reopened)
	}
	if after.GroupID != 0 && after.GroupID != before.GroupID && after.Category.Active() {
		out = append(out, Arrived)
	}
	if after.AssigneeID == 0 && after.Category.Active() && !what.Created() && slices.ContainsFunc(what.Events, func(e ticket.Event) bool {
		return e.Type == ticket.Replied && !e.Internal && e.Actor.Type == access.TypePerson && e.Actor.ID == after.RequesterID
	}) {
		out = append(out, Asked)
	}
	return out
}

func eventText(ctx context.Context, e Event, group string) string {
	switch e {
	case Asked:
		return text.T(ctx, "The requester wrote, and nobody has it yet")
	case Urgent:
		return text.T(ctx, "It has the highest priority now")
	case Resolved:
		return text.T(ctx, "It is resolved")
	case Reopened:
		return text.T(ctx, "It is open again")
	case Arrived:
	}
	return text.T(ctx, "It came to %s", group)
}

func followsText(ctx context.Context, chosen bool, group string) string {
	if chosen {
		return text.T(ctx, "This room is told because it follows the tickets of %s.", group)
	}
	return text.T(ctx, "This room is told because it follows tickets.")
}

// eventLabel names an event.
func eventLabel(ctx context.Context, e Event) string {
	switch e {
	case Asked:
		return text.T(ctx, "A requester writes on a ticket that nobody has")
	case Urgent:
		return text.T(ctx, "A ticket gets the highest priority")
	case Resolved:
		return text.T(ctx, "A ticket is resolved")
	case Reopened:
		return text.T(ctx, "A ticket is open again")
	case Arrived:
	}
	return text.T(ctx, "A ticket comes to a group")
}

// tells completes a sentence about what this room wrote on a timeline.
func tells(ctx context.Context, c ticket.Change) (string, bool) {
	if c.Field != ticket.ActivityPrefix+saysUntold {
		return "", false
	}
	return text.T(ctx, "could not tell the room %s", c.To), true
}
