package metric

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// The dimensions of roll-ups: the cuts that facts have a slot for, the whole,
// and two of the roll-ups' own.
const (
	dimWhole   = ""
	dimStep    = "step"    // of Stayed and Held: from which to which
	dimSubject = "subject" // of Opened, minor incidents alone: service and category
	dimPerson  = "person"  // of Touched: who it was; no figure names them
)

// slot is a place in a dimension.
type slot struct{ dim, key string }

// slots gives the places a fact is summed at.
func slots(f *Fact) []slot {
	out := []slot{
		{dimWhole, ""},
		{string(ByService), id(f.Service)},
		{string(ByGroup), id(f.Group)},
		{string(ByOrganisation), id(f.Organisation)},
		{string(ByPriority), strconv.Itoa(f.Priority)},
		{string(ByChannel), f.Channel},
		{string(ByCategory), f.Category},
	}
	switch f.What {
	case Opened:
		out = append(out, slot{dimStep, step("", f.State)})
		if f.minor() {
			out = append(out, slot{dimSubject, f.subject()})
		}
	case Stayed:
		out = append(out, slot{string(ByState), f.State}, slot{dimStep, step(f.State, f.Next)})
	case Held:
		out = append(out, slot{dimStep, step(id(f.Group), f.Next)})
	case Touched:
		out = append(out, slot{dimPerson, id(f.Person)})
	case Answered, Resolved, Cancelled, Reopened, Moved, Rated:
	}
	return out
}

// hasSpread reports whether histograms are kept by a dimension: where it has few
// slots. Percentiles of the others are computed from the facts.
func hasSpread(dim string) bool {
	switch dim {
	case dimWhole, dimStep, string(ByPriority), string(ByChannel), string(ByState):
		return true
	}
	return false
}

const stepMark = " > "

func step(from, to string) string { return from + stepMark + to }

// minorFrom is the priority from which an incident is minor.
const minorFrom = 3

// minorKind is the kind that incidents are.
const minorKind = "incident"

// minor reports whether a fact is of a minor incident.
func (a About) minor() bool { return a.Kind == minorKind && a.Priority >= minorFrom }

// subject names what a minor incident is about.
func (a About) subject() string { return id(a.Service) + "|" + a.Category }

// dayKey and bucketKey are the keys of the two tables of roll-ups.
type dayKey struct {
	zone int64
	dim  string
	what What
	span int
	day  int64
	kind string
	slot string
}

type bucketKey struct {
	dayKey // what is empty
	spread Spread
	bucket int
}

// sumsOfFacts are roll-ups to be added to those that are stored.
type sumsOfFacts struct {
	days    map[dayKey]*Tally
	buckets map[bucketKey]int64
}

func newSums() *sumsOfFacts {
	return &sumsOfFacts{days: map[dayKey]*Tally{}, buckets: map[bucketKey]int64{}}
}

// add sums a fact by the days of a zone.
func (s *sumsOfFacts) add(f *Fact, zone int64, at *time.Location) {
	day := dayOf(f.At, at)
	late := f.What == Touched && afterHours(f.At, at)
	for _, sl := range slots(f) {
		for _, span := range []struct {
			span int
			day  int64
		}{{spanDay, day}, {spanMonth, Month.floor(day)}} {
			k := dayKey{zone: zone, dim: sl.dim, what: f.What, span: span.span, day: span.day, kind: f.Kind, slot: sl.key}
			t := s.days[k]
			if t == nil {
				t = &Tally{}
				s.days[k] = t
			}
			t.count(f, late)
			if !hasSpread(sl.dim) {
				continue
			}
			k.what = ""
			for _, sp := range spreads(f.What) {
				s.buckets[bucketKey{k, sp, bucketOf(sp.of(f))}] += int64(f.Weight)
			}
		}
	}
}

func (k dayKey) compare(o dayKey) int {
	return cmp.Or(cmp.Compare(k.zone, o.zone), strings.Compare(k.dim, o.dim), cmp.Compare(k.what, o.what), cmp.Compare(k.span, o.span),
		cmp.Compare(k.day, o.day), strings.Compare(k.kind, o.kind), strings.Compare(k.slot, o.slot))
}

// store adds the sums to the tables, in the order of the keys.
func (s *sumsOfFacts) store(ctx context.Context, tx *database.Tx) error {
	var rows [][]any
	keys := make([]dayKey, 0, len(s.days))
	for k := range s.days {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, dayKey.compare)
	for _, k := range keys {
		t := s.days[k]
		rows = append(rows, []any{
			k.zone, k.dim, string(k.what), k.span, k.day, k.kind, k.slot,
			t.N, t.Value, t.Net, t.NetN, t.Moves, t.Touches, t.Bounced, t.Contact, t.Line, t.LineN, t.Late,
		})
	}
	if err := insertRows(ctx, tx, `INSERT INTO metric_days (zone_id, dim, what, span, day, kind, slot,
		n, value, net, net_n, moves, touches, bounced, contact, line, line_n, late)`, `ON CONFLICT (zone_id, dim, what, span, day, kind, slot) DO UPDATE SET
		n = metric_days.n + excluded.n, value = metric_days.value + excluded.value, net = metric_days.net + excluded.net,
		net_n = metric_days.net_n + excluded.net_n, moves = metric_days.moves + excluded.moves, touches = metric_days.touches + excluded.touches,
		bounced = metric_days.bounced + excluded.bounced, contact = metric_days.contact + excluded.contact,
		line = metric_days.line + excluded.line, line_n = metric_days.line_n + excluded.line_n, late = metric_days.late + excluded.late`, rows); err != nil {
		return err
	}
	return s.storeBuckets(ctx, tx)
}

func (s *sumsOfFacts) storeBuckets(ctx context.Context, tx *database.Tx) error {
	keys := make([]bucketKey, 0, len(s.buckets))
	for k := range s.buckets {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b bucketKey) int {
		return cmp.Or(cmp.Compare(a.spread, b.spread), a.compare(b.dayKey), cmp.Compare(a.bucket, b.bucket))
	})
	var rows [][]any
	for _, k := range keys {
		rows = append(rows, []any{k.zone, k.dim, string(k.spread), k.span, k.day, k.kind, k.slot, k.bucket, s.buckets[k]})
	}
	return insertRows(ctx, tx, `INSERT INTO metric_spreads (zone_id, dim, spread, span, day, kind, slot, bucket, n)`,
		`ON CONFLICT (zone_id, dim, spread, span, day, kind, slot, bucket) DO UPDATE SET n = metric_spreads.n + excluded.n`, rows)
}

// insertRows writes rows many at a time, in few shapes, so that a statement's
// text is prepared once.
func insertRows(ctx context.Context, tx *database.Tx, insert, conflict string, rows [][]any) error {
	for len(rows) > 0 {
		n := 64
		for n > len(rows) {
			n /= 4
		}
		var args database.Args
		var b strings.Builder
		b.WriteString(insert)
		b.WriteString(" VALUES ")
		for i, row := range rows[:n] {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteByte('(')
			for j, v := range row {
				if j > 0 {
					b.WriteString(", ")
				}
				b.WriteString(args.Arg(v))
			}
			b.WriteByte(')')
		}
		b.WriteByte(' ')
		b.WriteString(conflict)
		if _, err := tx.Exec(ctx, b.String(), args.Values()...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
