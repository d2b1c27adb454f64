package ticket

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// History is a ticket as another system remembers it: events with their own
// instants, oldest first, whose changes build the ticket from nothing.
type History struct {
	Kind      string
	Source    string // name of the system: "servicenow"
	SourceRef string // its number there
	Number    string // keep this number if nobody has it; "" gives the next one
	Events    []Event
	// ID is the ticket's own, from Tx.NextID, for histories that speak of each
	// other as parents and links; 0 gives one.
	ID int64
	// MinutesLost belongs to the rating, if there is one.
	MinutesLost *int
}

// Outcome says what an import did with a history.
type Outcome string

// The outcomes of importing a history.
const (
	ImportCreated  Outcome = "created"
	ImportKnown    Outcome = "known"    // here already, with nothing new in the history
	ImportExtended Outcome = "extended" // here already; the history's later events were added
	ImportDiverged Outcome = "diverged" // here already and worked on since: left as it is
)

// ImportResult is one history's ticket and what was done with it.
type ImportResult struct {
	ID      int64
	Number  string
	Outcome Outcome
}

// Import stores histories in the importer's transaction. Importing twice
// changes nothing; importing a later export of the same histories adds what
// came since. Nothing is announced: importers refresh open screens once at the end.
func (s *Service) Import(ctx context.Context, tx *database.Tx, histories []History) ([]ImportResult, error) {
	if !access.From(ctx).Trusted() {
		return nil, apperr.New(apperr.Forbidden, "Only importers may write histories.")
	}
	known, err := s.knownRefs(ctx, tx, histories)
	if err != nil {
		return nil, err
	}
	out := make([]ImportResult, len(histories))
	for i, h := range histories {
		if k, ok := known[h.Source+"\x00"+h.SourceRef]; ok {
			out[i] = ImportResult{ID: k.ID, Number: k.Number, Outcome: ImportKnown}
			if len(h.Events) > k.LastSeq {
				out[i], err = s.extend(ctx, tx, k.ID, h)
			}
		} else {
			out[i], err = s.importOne(ctx, tx, h)
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", h.Source, h.SourceRef, err)
		}
	}
	return out, storeLinks(ctx, tx, histories)
}

// extend adds the events of a history that came after those imported before,
// unless somebody has worked on the ticket here.
func (s *Service) extend(ctx context.Context, tx *database.Tx, id int64, h History) (ImportResult, error) {
	t, err := load(ctx, tx, ByID(id))
	if err != nil {
		return ImportResult{}, err
	}
	result := ImportResult{ID: t.ID, Number: t.Number, Outcome: ImportKnown}
	stored, err := loadEvents(ctx, tx, id, 0, t.LastSeq, true)
	if err != nil {
		return result, err
	}
	for i, e := range stored {
		if i >= len(h.Events) || e.Type != h.Events[i].Type || !e.At.Equal(micro(h.Events[i].At)) {
			result.Outcome = ImportDiverged
			return result, nil
		}
	}
	def, err := s.kinds.Get(t.Kind)
	if err != nil {
		return result, err
	}
	before := cloneTicket(t)
	recorded := micro(s.now())
	for i := len(stored); i < len(h.Events); i++ {
		e := &h.Events[i]
		e.TicketID, e.Seq, e.RecordedAt, e.At = id, i+1, recorded, micro(e.At)
		e.loseMinutes(h.MinutesLost)
		if err := t.Apply(*e, def); err != nil {
			return result, err
		}
		if err := s.storeImported(ctx, tx, e, h.MinutesLost); err != nil {
			return result, err
		}
	}
	t.Version++
	if err := update(ctx, tx, &t, &before); err != nil {
		return result, err
	}
	if err := s.tellImported(ctx, tx, t.ID); err != nil {
		return result, err
	}
	result.Outcome = ImportExtended
	return result, s.search.Index(ctx, tx, t.ID, 0, false, ticketText(&t))
}

func (s *Service) storeImported(ctx context.Context, tx *database.Tx, e *Event, minutesLost *int) error {
	if err := insertEvent(ctx, tx, e); err != nil {
		return err
	}
	if err := storeParts(ctx, tx, e, minutesLost); err != nil {
		return err
	}
	if e.Type == Created || e.Body == "" {
		return nil
	}
	return s.search.Index(ctx, tx, e.TicketID, e.Seq, e.Internal, e.Body)
}

// knownRefs gives what is stored of the histories that were imported before.
func (s *Service) knownRefs(ctx context.Context, tx *database.Tx, histories []History) (map[string]Ticket, error) {
	known := map[string]Ticket{}
	bySource := map[string][]string{}
	for _, h := range histories {
		bySource[h.Source] = append(bySource[h.Source], h.SourceRef)
	}
	for source, refs := range bySource {
		var args database.Args
		query := `SELECT id, number, last_seq, source_ref FROM tickets WHERE source = ` + args.Arg(source) + ` AND source_ref IN ` + database.In(&args, refs)
		err := database.Each(ctx, tx, func(r database.Row) error {
			var t Ticket
			err := r.Scan(&t.ID, &t.Number, &t.LastSeq, &t.SourceRef)
			known[source+"\x00"+t.SourceRef] = t
			return err
		}, query, args.Values()...)
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

func (s *Service) importOne(ctx context.Context, tx *database.Tx, h History) (ImportResult, error) {
	def, err := s.kinds.Get(h.Kind)
	if err != nil {
		return ImportResult{}, err
	}
	if len(h.Events) == 0 {
		return ImportResult{}, apperr.New(apperr.Invalid, "A history needs at least one event.")
	}
	t := Ticket{ID: h.ID, Number: h.Number}
	if t.ID == 0 {
		t.ID = tx.NextID()
	}
	recorded := micro(s.now())
	last := time.Time{}
	for i := range h.Events {
		e := &h.Events[i]
		e.TicketID, e.Seq, e.RecordedAt = t.ID, i+1, recorded
		e.At = micro(e.At)
		e.loseMinutes(h.MinutesLost)
		if e.At.Before(last) {
			return ImportResult{}, apperr.New(apperr.Invalid, "The events of a history must be in order of time.")
		}
		last = e.At
		if err := t.Apply(*e, def); err != nil {
			return ImportResult{}, err
		}
	}
	t.Source, t.SourceRef, t.Version = h.Source, h.SourceRef, 1
	if t.Kind != h.Kind || t.State == "" || t.Title == "" {
		return ImportResult{}, apperr.New(apperr.Invalid, "A history's first event must set kind, title and state.")
	}
	if t.Number == "" {
		if t.Number, err = number(ctx, tx, def); err != nil {
			return ImportResult{}, err
		}
	}
	if err := insert(ctx, tx, &t); err != nil {
		return ImportResult{}, err
	}
	for i := range h.Events {
		if err := s.storeImported(ctx, tx, &h.Events[i], h.MinutesLost); err != nil {
			return ImportResult{}, err
		}
	}
	if err := s.tellImported(ctx, tx, t.ID); err != nil {
		return ImportResult{}, err
	}
	result := ImportResult{ID: t.ID, Number: t.Number, Outcome: ImportCreated}
	return result, s.search.Index(ctx, tx, t.ID, 0, false, ticketText(&t))
}

// Reindex builds the full-text index anew from the tickets and their events,
// in batches, so that it can run while people work.
func (s *Service) Reindex(ctx context.Context, clear func(ctx context.Context, tx *database.Tx) error) error {
	if err := s.db.Write(ctx, func(tx *database.Tx) error { return clear(ctx, tx) }); err != nil {
		return err
	}
	const batch = 200
	for after := int64(0); ; {
		tickets, err := database.All(ctx, s.db.Reader(), scanTicket,
			`SELECT `+columns+textColumns+` FROM tickets t WHERE t.id > $1 ORDER BY t.id LIMIT $2`, after, batch)
		if err != nil || len(tickets) == 0 {
			return err
		}
		first, last := tickets[0].ID, tickets[len(tickets)-1].ID
		err = s.db.Write(ctx, func(tx *database.Tx) error {
			ids := make([]int64, len(tickets))
			for i := range tickets {
				ids[i] = tickets[i].ID
			}
			former, err := formerNumbers(ctx, tx, ids)
			if err != nil {
				return err
			}
			for i := range tickets {
				if err := s.search.Index(ctx, tx, tickets[i].ID, 0, false, ticketText(&tickets[i], former[tickets[i].ID]...)); err != nil {
					return err
				}
			}
			events, err := database.All(ctx, tx, scanEvent, `SELECT `+eventColumns+` FROM ticket_events e
				WHERE e.ticket_id >= $1 AND e.ticket_id <= $2 AND e.body <> '' AND e.type <> $3 ORDER BY e.ticket_id, e.seq`, first, last, string(Created))
			if err != nil {
				return err
			}
			for i := range events {
				if err := s.search.Index(ctx, tx, events[i].TicketID, events[i].Seq, events[i].Internal, events[i].Body); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = last
	}
}
