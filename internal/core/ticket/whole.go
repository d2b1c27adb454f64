package ticket

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// What an export needs of many tickets at once: never a query per ticket, and
// never more in memory than one timeline and one stretch of rows.

// stretchOfRows is how many rows are read at a time.
const stretchOfRows = 1000

// EachTimeline hands the whole timeline of each of some tickets to fn, oldest
// event first, in the order of the tickets' ids. The tickets are ones that the
// actor may see, as List gives them; internal events are left out where the actor
// may not read notes.
func (s *Service) EachTimeline(ctx context.Context, tickets []Ticket, fn func(t *Ticket, events []Event) error) error {
	byID := make(map[int64]*Ticket, len(tickets))
	var ids, notes []int64
	for i := range tickets {
		t := &tickets[i]
		byID[t.ID] = t
		ids = append(ids, t.ID)
		if s.ReadsNotes(ctx, t) {
			notes = append(notes, t.ID)
		}
	}
	files, err := s.allAttachments(ctx, ids, notes)
	if err != nil {
		return err
	}
	var timeline []Event
	last := Event{}
	for {
		events, err := s.rowsOfTimelines(ctx, ids, notes, last)
		if err != nil {
			return err
		}
		for _, e := range events {
			if len(timeline) > 0 && timeline[0].TicketID != e.TicketID {
				if err := fn(byID[timeline[0].TicketID], timeline); err != nil {
					return err
				}
				timeline = nil
			}
			e.Attachments = files[attachedTo{e.TicketID, e.Seq}]
			timeline = append(timeline, e)
		}
		if len(events) < stretchOfRows {
			break
		}
		last = events[len(events)-1]
	}
	if len(timeline) == 0 {
		return nil
	}
	return fn(byID[timeline[0].TicketID], timeline)
}

func (s *Service) rowsOfTimelines(ctx context.Context, ids, notes []int64, after Event) ([]Event, error) {
	var args database.Args
	return database.All(ctx, s.db.Reader(), scanEvent, `SELECT `+eventColumns+` FROM ticket_events e
		WHERE e.ticket_id IN `+database.In(&args, ids)+` AND (NOT e.internal OR e.ticket_id IN `+database.In(&args, notes)+`)
		AND (e.ticket_id, e.seq) > (`+args.Arg(after.TicketID)+`, `+args.Arg(after.Seq)+`)
		ORDER BY e.ticket_id, e.seq LIMIT `+args.Arg(stretchOfRows), args.Values()...)
}

type attachedTo struct {
	ticket int64
	seq    int
}

func (s *Service) allAttachments(ctx context.Context, ids, notes []int64) (map[attachedTo][]Attachment, error) {
	out := map[attachedTo][]Attachment{}
	last := int64(0)
	for {
		var args database.Args
		rows, err := database.All(ctx, s.db.Reader(), scanAttachment, `SELECT `+attachmentColumns+` FROM ticket_attachments a
			WHERE a.ticket_id IN `+database.In(&args, ids)+` AND (NOT a.internal OR a.ticket_id IN `+database.In(&args, notes)+`)
			AND a.id > `+args.Arg(last)+` ORDER BY a.id LIMIT `+args.Arg(stretchOfRows), args.Values()...)
		if err != nil {
			return nil, err
		}
		for _, a := range rows {
			to := attachedTo{a.TicketID, a.Seq}
			out[to] = append(out[to], a)
		}
		if len(rows) < stretchOfRows {
			return out, nil
		}
		last = rows[len(rows)-1].ID
	}
}

// HeldLinks gives the links that each of some tickets holds (those that others
// hold are theirs), by the ticket's id, as far as the actor may see the other
// end. Parents are not among them.
func (s *Service) HeldLinks(ctx context.Context, tickets []Ticket) (map[int64][]Link, error) {
	out := map[int64][]Link{}
	var ids []int64
	for i := range tickets {
		ids = append(ids, tickets[i].ID)
	}
	type row struct {
		from int64
		link Link
	}
	last := row{}
	for {
		var args database.Args
		where, err := s.visible(ctx, Query{Condition: filter.True(), Verb: access.View}, &args)
		if err != nil {
			return nil, err
		}
		rows, err := database.All(ctx, s.db.Reader(), func(r database.Row) (row, error) {
			var l row
			err := r.Scan(append([]any{&l.from, &l.link.Type}, l.link.Other.destinations()...)...)
			return l, err
		}, `SELECT l.from_id, l.type, `+columns+` FROM ticket_links l JOIN tickets t ON t.id = l.to_id
			WHERE l.from_id IN `+database.In(&args, ids)+` AND `+where+`
			AND (l.from_id, l.to_id, l.type) > (`+args.Arg(last.from)+`, `+args.Arg(last.link.Other.ID)+`, `+args.Arg(string(last.link.Type))+`)
			ORDER BY l.from_id, l.to_id, l.type LIMIT `+args.Arg(stretchOfRows), args.Values()...)
		if err != nil {
			return nil, err
		}
		for _, l := range rows {
			out[l.from] = append(out[l.from], l.link)
		}
		if len(rows) < stretchOfRows {
			return out, nil
		}
		last = rows[len(rows)-1]
	}
}

// Ratings gives the verdicts on some tickets by the ticket's id.
func (s *Service) Ratings(ctx context.Context, tickets []Ticket) (map[int64]StoredRating, error) {
	out := map[int64]StoredRating{}
	var ids []int64
	for i := range tickets {
		if tickets[i].Rating != 0 {
			ids = append(ids, tickets[i].ID)
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	var args database.Args
	err := database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var id int64
		var rating StoredRating
		err := r.Scan(&id, &rating.PersonID, &rating.Score, &rating.MinutesLost, &rating.Comment, (*database.Time)(&rating.At))
		out[id] = rating
		return err
	}, `SELECT r.ticket_id, r.person_id, r.score, r.minutes_lost, r.comment, r.created_at FROM ticket_ratings r
		WHERE r.ticket_id IN `+database.In(&args, ids)+` LIMIT `+args.Arg(len(ids)), args.Values()...)
	return out, err
}
