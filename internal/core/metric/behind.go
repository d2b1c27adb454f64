package metric

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// maxBehind bounds a page of tickets behind a figure.
const maxBehind = 200

// place is where a page of the tickets behind a figure ended.
type place struct {
	At     int64 `json:"a"`
	Ticket int64 `json:"t"`
	Seq    int   `json:"s"`
	Part   int   `json:"p"`
}

func (p place) String() string {
	text, _ := json.Marshal(p) // a struct of numbers always marshals
	return base64.RawURLEncoding.EncodeToString(text)
}

func placeOf(cursor string) (place, error) {
	var p place
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return p, apperr.InvalidField("cursor", "This page marker belongs to another list. Start from the beginning.")
	}
	return p, nil
}

// Tickets gives the tickets behind a figure, newest first: of a count all that
// were counted, of a rate or share those of the numerator, of a median or mean
// all whose values it is of. Query.Cut and Period do not matter; Only chooses
// what one slice holds, From and To what one point does. A ticket comes as often
// as it counts: of a rating that was replaced, only with the one that counts.
func (s *Service) Tickets(ctx context.Context, q Query, after string, limit int) (TicketPage, error) {
	q.Cut, q.Period = "", Whole
	p, err := s.plan(ctx, q)
	if err != nil {
		return TicketPage{}, err
	}
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, maxBehind)
	var from *place
	if after != "" {
		at, err := placeOf(after)
		if err != nil {
			return TicketPage{}, err
		}
		from = &at
	}
	if p.m.Stock {
		return s.openThen(ctx, p, from, limit)
	}
	keep, err := s.numerator(ctx, p)
	if err != nil {
		return TicketPage{}, err
	}
	return s.factsBehind(ctx, p, keep, from, limit)
}

// kept narrows facts to a numerator that SQL alone cannot name.
type kept struct {
	slots []string           // nil is all
	match func(f *Fact) bool // nil is all
}

func (s *Service) numerator(ctx context.Context, p *plan) (kept, error) {
	switch p.m.Key {
	case AfterHours:
		return kept{match: func(f *Fact) bool { return afterHours(f.At, p.q.Zone) }}, nil
	case RecurringMinor, Concentration:
		g, err := s.load(ctx, p)
		if err != nil {
			return kept{}, err
		}
		total := assemble(p, g).total
		if p.m.Key == Concentration {
			return kept{slots: append([]string{}, busiest(total)...)}, nil
		}
		slots := slices.DeleteFunc(slices.Sorted(maps.Keys(total.inner)), func(key string) bool { return total.inner[key].of(Opened).N < total.recurring() })
		return kept{slots: append([]string{}, slots...)}, nil
	}
	return kept{}, nil
}

var qualifiedFactColumns = "f." + strings.ReplaceAll(strings.Join(strings.Fields(factColumns), " "), ", ", ", f.")

// maxLooked bounds the facts looked at for a page whose numerator SQL cannot name.
const maxLooked = 20_000

// factsBehind reads pages of facts until one page of those that are kept is full.
func (s *Service) factsBehind(ctx context.Context, p *plan, keep kept, from *place, limit int) (TicketPage, error) {
	var page TicketPage
	batch := limit + 1
	if keep.match != nil {
		batch = 2000
	}
	for looked := 0; looked < maxLooked; looked += batch {
		facts, err := s.factPage(ctx, p, keep, from, batch)
		if err != nil {
			return page, err
		}
		for i := range facts {
			f := &facts[i]
			if keep.match != nil && !keep.match(f) {
				from = placeOfFact(f)
				continue
			}
			if len(page.Items) == limit {
				page.Next = from.String()
				return page, nil
			}
			from = placeOfFact(f)
			page.Items = append(page.Items, TicketValue{TicketID: f.TicketID, At: f.At, Value: p.m.behind.value(f)})
		}
		if len(facts) < batch {
			return page, nil
		}
	}
	page.Next = from.String()
	return page, nil
}

func placeOfFact(f *Fact) *place {
	return &place{At: f.At.UnixMicro(), Ticket: f.TicketID, Seq: f.Seq, Part: f.Part}
}

func (s *Service) factPage(ctx context.Context, p *plan, keep kept, from *place, limit int) ([]Fact, error) {
	var args database.Args
	where := p.factTime(&args, p.m.behind.whats, p.q.From, p.q.To) + " AND " + p.where(&args)
	if p.m.behind.where != "" {
		where += " AND " + p.m.behind.where
	}
	if p.m.behind.takes {
		where += " AND f.weight > 0 AND NOT EXISTS (SELECT 1 FROM metric_facts b WHERE b.ticket_id = f.ticket_id AND b.seq > f.seq AND b.what = f.what AND b.at = f.at AND b.weight < 0"
		if !p.q.RecordedBy.IsZero() {
			where += " AND b.recorded_at <= " + args.Arg(database.Time(p.q.RecordedBy))
		}
		where += ")"
	}
	if keep.slots != nil {
		where += " AND " + p.slotColumn() + " IN " + database.In(&args, keep.slots)
	}
	if from != nil {
		where += " AND (f.at, f.ticket_id, f.seq, f.part) < (" + args.Arg(from.At) + ", " + args.Arg(from.Ticket) + ", " + args.Arg(from.Seq) + ", " + args.Arg(from.Part) + ")"
	}
	return database.All(ctx, s.db.Reader(), scanFact, `SELECT `+qualifiedFactColumns+` FROM `+p.from("metric_facts")+` WHERE `+where+
		` ORDER BY f.at DESC, f.ticket_id DESC, f.seq DESC, f.part DESC LIMIT `+args.Arg(limit), args.Values()...)
}

// openThen gives the tickets of the backlog at the end of the range, those that
// came last first.
func (s *Service) openThen(ctx context.Context, p *plan, from *place, limit int) (TicketPage, error) {
	end, now := p.q.To, s.now()
	var args database.Args
	where := `f.began < ` + args.Arg(database.Time(end)) + ` AND (f.ended IS NULL OR f.ended >= ` + args.Arg(database.Time(end)) + p.lateEnds(&args) + `) AND ` + p.where(&args)
	if !p.q.RecordedBy.IsZero() {
		where += ` AND f.began_recorded <= ` + args.Arg(database.Time(p.q.RecordedBy))
	}
	if from != nil {
		where += " AND (f.since, f.ticket_id) < (" + args.Arg(from.At) + ", " + args.Arg(from.Ticket) + ")"
	}
	if end.After(now) {
		end = now
	}
	items, err := database.All(ctx, s.db.Reader(), func(r database.Row) (TicketValue, error) {
		v := TicketValue{Value: 1}
		err := r.Scan(&v.TicketID, (*database.Time)(&v.At))
		if p.m.spread == spreadAge {
			v.Value = float64(max(0, end.Sub(v.At)/time.Second))
		}
		return v, err
	}, `SELECT f.ticket_id, f.since FROM `+p.from("metric_stretches")+` WHERE `+where+` ORDER BY f.since DESC, f.ticket_id DESC LIMIT `+args.Arg(limit+1), args.Values()...)
	page := TicketPage{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		last := page.Items[limit-1]
		page.Next = place{At: last.At.UnixMicro(), Ticket: last.TicketID}.String()
	}
	return page, err
}
