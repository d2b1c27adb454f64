package metric

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// grid holds the cells of an answer: of each step, by slot.
type grid []map[string]*cell

func newGrid(steps int) grid {
	g := make(grid, steps)
	for i := range g {
		g[i] = map[string]*cell{}
	}
	return g
}

func (g grid) at(step int, slot string) *cell {
	c := g[step][slot]
	if c == nil {
		c = newCell()
		g[step][slot] = c
	}
	return c
}

// load reads the cells of a query.
func (s *Service) load(ctx context.Context, p *plan) (grid, error) {
	g := newGrid(len(p.steps))
	switch {
	case p.m.Stock && p.zone.ID == 0:
		return g, s.loadStretches(ctx, p, g)
	case p.zone.ID == 0:
		return g, s.loadFacts(ctx, p, g)
	case p.m.Stock:
		return g, s.loadStock(ctx, p, g)
	}
	if err := s.loadSums(ctx, p, p.q.Period.cover(p.days), func(day int64, slot string, w What, t Tally) {
		g.at(p.stepOf(day), slot).tally(w).add(t)
	}); err != nil {
		return g, err
	}
	if p.m.spread == "" {
		return g, nil
	}
	return g, s.loadSpreads(ctx, p, g)
}

// dayColumn is the day of a roll-up, or the first day of all where there is only
// one step, so that the database adds up more.
func (p *plan) dayColumn(args *database.Args) string {
	if len(p.steps) == 1 {
		return "CAST(" + args.Arg(p.days.from) + " AS BIGINT)"
	}
	return "day"
}

func (p *plan) rollupSlot() string {
	if p.q.Cut == ByKind {
		return "kind"
	}
	if dim, _ := p.dimension(); p.q.Cut == "" && p.m.inner == "" && dim != dimWhole {
		return "''" // narrowed to slots, which count as one
	}
	return "slot"
}

// loadSums reads sums of facts from the roll-ups.
func (s *Service) loadSums(ctx context.Context, p *plan, runs []sums, each func(day int64, slot string, w What, t Tally)) error {
	dim, _ := p.dimension()
	whats := make([]string, len(p.m.whats))
	for i, w := range p.m.whats {
		whats[i] = string(w)
	}
	var args database.Args
	var parts []string
	for _, run := range runs {
		day, slot := p.dayColumn(&args), p.rollupSlot()
		parts = append(parts, `SELECT `+day+` AS d, what, `+slot+` AS s, CAST(SUM(n) AS BIGINT), CAST(SUM(value) AS BIGINT), CAST(SUM(net) AS BIGINT),
			CAST(SUM(net_n) AS BIGINT), CAST(SUM(moves) AS BIGINT), CAST(SUM(touches) AS BIGINT), CAST(SUM(bounced) AS BIGINT),
			CAST(SUM(contact) AS BIGINT), CAST(SUM(line) AS BIGINT), CAST(SUM(line_n) AS BIGINT), CAST(SUM(late) AS BIGINT)
			FROM metric_days WHERE zone_id = `+args.Arg(p.zone.ID)+` AND dim = `+args.Arg(dim)+` AND what IN `+database.In(&args, whats)+
			` AND span = `+args.Arg(run.span)+` AND day >= `+args.Arg(run.from)+` AND day < `+args.Arg(run.to)+
			` AND kind IN `+database.In(&args, p.scope.kinds)+p.onlySlots(&args)+` GROUP BY 1, 2, 3`)
	}
	return database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var day int64
		var slot string
		var w What
		var t Tally
		err := r.Scan(&day, &w, &slot, &t.N, &t.Value, &t.Net, &t.NetN, &t.Moves, &t.Touches, &t.Bounced, &t.Contact, &t.Line, &t.LineN, &t.Late)
		if err == nil {
			each(day, p.slotOf(slot), w, t)
		}
		return err
	}, strings.Join(parts, " UNION ALL "), args.Values()...)
}

// loadSpreads reads histograms from the roll-ups.
func (s *Service) loadSpreads(ctx context.Context, p *plan, g grid) error {
	dim, _ := p.dimension()
	var args database.Args
	var parts []string
	for _, run := range p.q.Period.cover(p.days) {
		day, slot := p.dayColumn(&args), p.rollupSlot()
		parts = append(parts, `SELECT `+day+` AS d, `+slot+` AS s, bucket, CAST(SUM(n) AS BIGINT) FROM metric_spreads WHERE zone_id = `+args.Arg(p.zone.ID)+
			` AND dim = `+args.Arg(dim)+` AND spread = `+args.Arg(string(p.m.spread))+` AND span = `+args.Arg(run.span)+
			` AND day >= `+args.Arg(run.from)+` AND day < `+args.Arg(run.to)+` AND kind IN `+database.In(&args, p.scope.kinds)+p.onlySlots(&args)+` GROUP BY 1, 2, 3`)
	}
	return database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var day, n int64
		var slot string
		var bucket int
		err := r.Scan(&day, &slot, &bucket, &n)
		if err == nil && n != 0 {
			g.at(p.stepOf(day), p.slotOf(slot)).spread.count(bucket, n)
		}
		return err
	}, strings.Join(parts, " UNION ALL "), args.Values()...)
}

// beginning is a day before any ticket's.
const beginning = -100_000

// loadStock adds the flow of all days up to each step.
func (s *Service) loadStock(ctx context.Context, p *plan, g grid) error {
	flow := func(w What, t Tally) int64 {
		if w == Resolved || w == Cancelled {
			return -t.N
		}
		return t.N
	}
	levels := map[string]int64{}
	before := *p
	before.steps = []stretchOfDays{{beginning, p.days.from}}
	before.days = before.steps[0]
	err := s.loadSums(ctx, &before, Month.cover(before.days), func(_ int64, slot string, w What, t Tally) { levels[slot] += flow(w, t) })
	if err != nil {
		return err
	}
	changes := make([]map[string]int64, len(p.steps))
	err = s.loadSums(ctx, p, p.q.Period.cover(p.days), func(day int64, slot string, w What, t Tally) {
		i := p.stepOf(day)
		if changes[i] == nil {
			changes[i] = map[string]int64{}
		}
		changes[i][slot] += flow(w, t)
	})
	for i := range p.steps {
		for slot, n := range changes[i] {
			levels[slot] += n
		}
		for slot, n := range levels {
			if n != 0 {
				g.at(i, slot).stock = n
			}
		}
	}
	return err
}

// loadFacts reads facts one by one.
func (s *Service) loadFacts(ctx context.Context, p *plan, g grid) error {
	var args database.Args
	query := `SELECT f.what, f.at, f.weight, f.value, f.net, f.moves, f.touches, f.bounced, f.contact, f.line, ` + p.slotColumn() +
		` FROM ` + p.from("metric_facts") + ` WHERE ` + p.factTime(&args, p.m.whats, p.q.From, p.q.To) + ` AND ` + p.where(&args)
	return database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var f Fact
		var bounced, contact int64
		var slot string
		err := r.Scan(&f.What, (*database.Time)(&f.At), &f.Weight, &f.Value, &f.Net, &f.Moves, &f.Touches, &bounced, &contact, &f.Line, &slot)
		f.Bounced, f.FirstContact = bounced != 0, contact != 0
		if err == nil {
			p.count(g, &f, p.slotOf(slot))
		}
		return err
	}, query, args.Values()...)
}

// factTime gives the conditions on facts that speak of time.
func (p *plan) factTime(args *database.Args, whats []What, from, to time.Time) string {
	names := make([]string, len(whats))
	for i, w := range whats {
		names[i] = string(w)
	}
	where := "f.what IN " + database.In(args, names) + " AND f.at >= " + args.Arg(database.Time(from)) + " AND f.at < " + args.Arg(database.Time(to))
	if !p.q.RecordedBy.IsZero() {
		where += " AND f.recorded_at <= " + args.Arg(database.Time(p.q.RecordedBy))
	}
	return where
}

// count puts a fact into its cell.
func (p *plan) count(g grid, f *Fact, slot string) {
	c := g.at(p.stepOf(dayOf(f.At, p.q.Zone)), slot)
	c.tally(f.What).count(f, f.What == Touched && afterHours(f.At, p.q.Zone))
	if p.m.spread != "" && f.What == p.m.spread.what() {
		c.spread.values = append(c.spread.values, p.m.spread.of(f))
	}
}

// ends gives the instants at which the steps end. A stock is taken there: what
// happens at the very instant belongs to the next step.
func (p *plan) ends() []time.Time {
	out := make([]time.Time, len(p.steps))
	for i, st := range p.steps {
		out[i] = startOf(st.to, p.q.Zone)
	}
	return out
}

// loadStretches takes the stock at the end of each step from the stretches.
func (s *Service) loadStretches(ctx context.Context, p *plan, g grid) error {
	ends, now := p.ends(), s.now()
	var args database.Args
	query := `SELECT f.since, f.began, f.ended, f.ended_recorded, ` + p.slotColumn() + ` FROM ` + p.from("metric_stretches") +
		` WHERE f.began < ` + args.Arg(database.Time(ends[len(ends)-1])) + ` AND (f.ended IS NULL OR f.ended >= ` + args.Arg(database.Time(ends[0])) + p.lateEnds(&args) + `) AND ` + p.where(&args)
	if !p.q.RecordedBy.IsZero() {
		query += ` AND f.began_recorded <= ` + args.Arg(database.Time(p.q.RecordedBy))
	}
	return database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var st Stretch
		var slot string
		err := r.Scan((*database.Time)(&st.Since), (*database.Time)(&st.Began), (*database.Time)(&st.Ended), (*database.Time)(&st.EndedRecorded), &slot)
		if err == nil {
			p.takeStock(g, ends, now, &st, p.slotOf(slot))
		}
		return err
	}, query, args.Values()...)
}

// lateEnds lets a stretch count as open whose end was not yet written down.
func (p *plan) lateEnds(args *database.Args) string {
	if p.q.RecordedBy.IsZero() {
		return ""
	}
	return " OR f.ended_recorded > " + args.Arg(database.Time(p.q.RecordedBy))
}

// takeStock counts a stretch at the instants that lie in it. Ages are counted up
// to now where the instant lies ahead.
func (p *plan) takeStock(g grid, ends []time.Time, now time.Time, st *Stretch, slot string) {
	ended := st.Ended
	if !p.q.RecordedBy.IsZero() && st.EndedRecorded.After(p.q.RecordedBy) {
		ended = time.Time{}
	}
	for i, at := range ends {
		if !st.Began.Before(at) || !ended.IsZero() && ended.Before(at) {
			continue
		}
		c := g.at(i, slot)
		c.stock++
		if p.m.spread == spreadAge {
			if at.After(now) {
				at = now
			}
			c.spread.values = append(c.spread.values, max(0, int64(at.Sub(st.Since)/time.Second)))
		}
	}
}

// wanted is a histogram whose percentiles are to be looked up, with the days and
// the slot its facts lie in.
type wanted struct {
	spread *spread
	days   stretchOfDays
	slot   string
	cut    bool     // only facts of the slot
	not    []string // or of none of these
}

// lookUp finds the exact percentiles of histograms: the bucket is known, so only
// its facts are read.
func (s *Service) lookUp(ctx context.Context, p *plan, list []wanted) error {
	var asked []lookup
	for _, w := range list {
		if w.spread.size() == 0 {
			continue
		}
		for _, share := range []float64{0.5, 0.9} {
			bucket, place := w.spread.find(share)
			to := &w.spread.median
			if share == 0.9 {
				to = &w.spread.p90
			}
			*to = bounds[bucket]
			asked = append(asked, lookup{wanted: w, bucket: bucket, place: place, to: to})
		}
	}
	for part := range slices.Chunk(asked, 100) { // a statement has room for some hundred parts
		if err := s.lookUpPart(ctx, p, part); err != nil {
			return err
		}
	}
	return nil
}

// lookup asks for the value at a place of a bucket.
type lookup struct {
	wanted
	bucket int
	place  int64
	to     *int64
}

func (s *Service) lookUpPart(ctx context.Context, p *plan, part []lookup) error {
	column, value := "f.bucket", "f.value"
	if p.m.spread == SpreadNet {
		column, value = "f.bucket_net", "f.net"
	}
	var args database.Args
	var parts []string
	for i, l := range part {
		where := p.factTime(&args, []What{p.m.spread.what()}, startOf(l.days.from, p.q.Zone), startOf(l.days.to, p.q.Zone)) +
			" AND " + column + " >= 0 AND " + column + " = " + args.Arg(l.bucket) + " AND " + p.where(&args)
		switch {
		case l.not != nil:
			where += " AND " + p.slotColumn() + " NOT IN " + database.In(&args, l.not)
		case l.cut:
			where += " AND " + p.slotColumn() + " = " + args.Arg(l.slot)
		}
		parts = append(parts, `SELECT k, v FROM (SELECT CAST(`+args.Arg(i)+` AS BIGINT) AS k, `+value+` AS v FROM `+p.from("metric_facts")+` WHERE `+where+
			` ORDER BY 2 LIMIT 1 OFFSET `+args.Arg(l.place-1)+`) part`)
	}
	return database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var k int
		var v int64
		err := r.Scan(&k, &v)
		if err == nil {
			*part[k].to = v
		}
		return err
	}, strings.Join(parts, " UNION ALL "), args.Values()...)
}
