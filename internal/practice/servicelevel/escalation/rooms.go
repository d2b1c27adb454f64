package escalation

import (
	"context"
	"fmt"
	"slices"

	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Rooms are the chats of teams, which rungs can name; the room of webhooks has them.
type Rooms interface {
	// Rooms lists them, and those that are gone if they are asked for.
	Rooms(ctx context.Context, q database.Querier, also ...int64) ([]channel.Room, error)
	// Post tells rooms in the caller's transaction.
	Post(ctx context.Context, tx *database.Tx, p channel.Post) error
}

// maxRooms bounds the rooms of a rung.
const maxRooms = 10

func (s *Service) rooms(ctx context.Context, q database.Querier, also ...int64) ([]channel.Room, error) {
	if s.d.Rooms == nil {
		return nil, nil
	}
	return s.d.Rooms.Rooms(ctx, q, also...)
}

// tellRooms tells the rooms that rungs name, each once and in its language.
func (s *Service) tellRooms(ctx context.Context, tx *database.Tx, t *ticket.Ticket, all []ripe, said *told) error {
	var to []int64
	for _, r := range all {
		for _, id := range r.rung.Channels {
			if !slices.Contains(to, id) {
				to = append(to, id)
			}
		}
	}
	if len(to) == 0 || s.d.Rooms == nil {
		return nil
	}
	found, err := s.d.Rooms.Rooms(ctx, tx, to...)
	if err != nil {
		return err
	}
	for _, r := range found {
		if slices.Contains(to, r.ID) && r.Active {
			said.Rooms = append(said.Rooms, r.Name)
		}
	}
	last := all[len(all)-1]
	return s.d.Rooms.Post(ctx, tx, channel.Post{
		Channels: to, Ticket: t.ID, Kind: channel.Escalation, Key: fmt.Sprintf("escalation:%d", last.ID),
		Text: func(ctx context.Context) string { return s.sentence(ctx, t, said) },
		Why: func(ctx context.Context) string {
			return text.T(ctx, "This room is told because the escalation ladder “%s” names it.", last.ladder.Name)
		},
	})
}
