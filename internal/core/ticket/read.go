package ticket

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Stretch asks for a part of a timeline: the newest events between two
// sequence numbers, both excluded. Zero fields do not narrow.
type Stretch struct {
	After  int
	Before int
	Limit  int         // 1 to 1000; 0 is 1000
	Types  []EventType // only these
}

// maxStretch bounds how much of a timeline a reader gets at once.
const maxStretch = 1000

func (p Stretch) bounded() Stretch {
	if p.Limit <= 0 || p.Limit > maxStretch {
		p.Limit = maxStretch
	}
	return p
}

// Timeline gives the newest limit events before a sequence number (0: from the
// end), oldest first; without internal ones for those who may not read them.
func (s *Service) Timeline(ctx context.Context, t *Ticket, before, limit int) ([]Event, error) {
	return s.TimelineStretch(ctx, t, Stretch{Before: before, Limit: limit})
}

// TimelineStretch gives the events of a stretch, oldest first; without internal
// ones for those who may not read them.
func (s *Service) TimelineStretch(ctx context.Context, t *Ticket, part Stretch) ([]Event, error) {
	if !access.From(ctx).Check(access.View, t.Record()).Allowed {
		return nil, notFound()
	}
	return loadStretch(ctx, s.db.Reader(), t.ID, part.bounded(), s.ReadsNotes(ctx, t))
}

// PublicTimeline is Timeline for requesters and suppliers: a type that cannot
// hold an internal text.
func (s *Service) PublicTimeline(ctx context.Context, t *Ticket, before, limit int) ([]PublicEvent, error) {
	return s.PublicTimelineStretch(ctx, t, Stretch{Before: before, Limit: limit})
}

// PublicTimelineStretch is TimelineStretch for requesters and suppliers. It may
// give fewer events than the limit although there are earlier ones: go on from
// the first event's number.
func (s *Service) PublicTimelineStretch(ctx context.Context, t *Ticket, part Stretch) ([]PublicEvent, error) {
	if !access.From(ctx).Check(access.View, t.Record()).Allowed {
		return nil, notFound()
	}
	events, err := loadStretch(ctx, s.db.Reader(), t.ID, part.bounded(), false)
	if err != nil {
		return nil, err
	}
	out := make([]PublicEvent, 0, len(events))
	for i := range events {
		if p, ok := events[i].Public(); ok {
			out = append(out, p)
		}
	}
	return out, nil
}

// maxFiles bounds a ticket's list of files.
const maxFiles = 200

// Attachments lists the files of a ticket that the actor may read, newest first,
// at most 200.
func (s *Service) Attachments(ctx context.Context, t *Ticket) ([]Attachment, error) {
	if !access.From(ctx).Check(access.View, t.Record()).Allowed {
		return nil, notFound()
	}
	query := `SELECT ` + attachmentColumns + ` FROM ticket_attachments a WHERE a.ticket_id = $1`
	if !s.ReadsNotes(ctx, t) {
		query += ` AND NOT a.internal`
	}
	return database.All(ctx, s.db.Reader(), scanAttachment, query+` ORDER BY a.seq DESC, a.id DESC LIMIT $2`, t.ID, maxFiles)
}

// maxMoves bounds what Moves reads; a ticket with more has other problems.
const maxMoves = 5000

// moving are the fields whose changes Moves keeps.
var moving = []string{FieldKind, FieldState, FieldWaitReason, FieldGroup, FieldAssignee}

// Moves gives the events in which the ticket changed its state or its holder,
// oldest first, with these changes only and without texts: what Intervals, Holds,
// Reassignments and Reopenings are computed from. Internal moves (from group to
// group) are given only to those who read notes.
func (s *Service) Moves(ctx context.Context, t *Ticket) ([]Event, error) {
	if !access.From(ctx).Check(access.View, t.Record()).Allowed {
		return nil, notFound()
	}
	var args database.Args
	query := `SELECT e.ticket_id, e.seq, e.at, e.recorded_at, e.actor_type, e.actor_id, e.type, e.internal, e.changes, '' AS body, e.operation_id
		FROM ticket_events e WHERE e.ticket_id = ` + args.Arg(t.ID) + ` AND e.changes <> '[]'`
	if !s.ReadsNotes(ctx, t) {
		query += ` AND NOT e.internal`
	}
	events, err := database.All(ctx, s.db.Reader(), scanEvent, query+` ORDER BY e.seq LIMIT `+args.Arg(maxMoves), args.Values()...)
	if err != nil {
		return nil, err
	}
	for i := range events {
		events[i].Changes = slices.DeleteFunc(events[i].Changes, func(c Change) bool { return !slices.Contains(moving, c.Field) })
	}
	return slices.DeleteFunc(events, func(e Event) bool { return len(e.Changes) == 0 }), nil
}

// ByNumbers gives the visible ones of the tickets with some numbers ("INC-7"), in
// no particular order.
func (s *Service) ByNumbers(ctx context.Context, numbers []string) ([]Ticket, error) {
	found, err := s.Referred(ctx, numbers)
	byID := map[int64]Ticket{} // one may have been asked for by two numbers
	for _, t := range found {
		byID[t.ID] = t
	}
	return slices.Collect(maps.Values(byID)), err
}

// Referred gives the visible ones of the tickets with some numbers by the number
// that was asked for, in capital letters: what a text refers to. A number that a
// ticket had as one of another kind finds it, too.
func (s *Service) Referred(ctx context.Context, numbers []string) (map[string]Ticket, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	upper := make([]string, 0, min(len(numbers), maxPage))
	for _, n := range numbers[:min(len(numbers), maxPage)] {
		upper = append(upper, strings.ToUpper(n))
	}
	var args database.Args
	where, err := s.visible(ctx, Query{Condition: filter.True()}, &args)
	if err != nil {
		return nil, err
	}
	in := database.In(&args, upper)
	out := map[string]Ticket{}
	return out, database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var asked string
		var t Ticket
		err := r.Scan(append([]any{&asked}, t.destinations()...)...)
		out[asked] = t
		return err
	}, `WITH asked (number, id) AS (SELECT a.number, a.id FROM tickets a WHERE a.number IN `+in+`
			UNION ALL SELECT n.number, n.ticket_id FROM ticket_numbers n WHERE n.number IN `+in+`)
		SELECT asked.number, `+columns+` FROM asked JOIN tickets t ON t.id = asked.id WHERE `+where+` LIMIT `+args.Arg(maxPage), args.Values()...)
}
