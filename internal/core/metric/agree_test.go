package metric_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

// numbers is what must be the same however a figure was computed.
func numbers(r metric.Result) metric.Result {
	return metric.Result{Figure: r.Figure, Points: r.Points, Slices: r.Slices, Ages: r.Ages}
}

var sameNumbers = cmp.Options{cmpopts.EquateApprox(1e-9, 0), cmpopts.EquateEmpty()}

// TestRollUpsAndFactsEqualTheTimelines folds random timelines in two goes, some
// of them growing in between, and asks for every metric in every way it can be
// asked for: from the roll-ups, from the facts, and from the timelines.
func TestRollUpsAndFactsEqualTheTimelines(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		r := rand.New(rand.NewPCG(7, 11))
		begin := w.Clock.Now().AddDate(0, 0, -130)
		var whole, beginnings []ticket.History
		for n := range 160 {
			h := w.history(r, n, begin)
			whole = append(whole, h)
			h.Events = append([]ticket.Event(nil), h.Events[:1+r.IntN(len(h.Events))]...)
			beginnings = append(beginnings, h)
		}
		w.take(beginnings[:120]...)
		w.fold()
		early := w.Clock.Now()
		ctx := w.As(w.admin)
		berlin := zone(t, "Europe/Berlin")
		w.compute(ctx, metric.Query{Metric: metric.VolumeIn, Zone: berlin}) // from now on, its days are summed
		w.Clock.Advance(time.Hour)
		w.take(whole...)
		w.fold()

		base := metric.Query{From: begin.AddDate(0, 0, 9), To: w.Clock.Now().AddDate(0, 0, 1)}
		definitions, err := w.figures.Catalogue(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range definitions {
			for _, q := range ways(base, d, berlin) {
				compare(t, w, q, d, early)
			}
		}
	})
}

// ways are the questions about one metric.
func ways(base metric.Query, d metric.Definition, berlin *time.Location) []metric.Query {
	base.Metric = d.Key
	monthly, weekly, daily := base, base, base
	monthly.Period = metric.Month
	weekly.Period, weekly.Zone = metric.Week, berlin
	daily.Period, daily.From = metric.Day, base.To.AddDate(0, 0, -40)
	out := []metric.Query{base, monthly, weekly, daily}
	for i, cut := range d.Cuts {
		q := base
		q.Cut = cut
		out = append(out, q)
		if i%3 == 0 {
			q.Period, q.Zone = metric.Month, berlin
			out = append(out, q)
		}
		if i == 0 {
			q.Slices = 1
			out = append(out, q)
		}
	}
	only := base
	only.Only = []metric.Only{{Cut: metric.ByKind, Key: "incident"}, {Cut: metric.ByPriority, Key: "2"}}
	return append(out, only)
}

func compare(t *testing.T, w *world, q metric.Query, d metric.Definition, early time.Time) {
	t.Helper()
	ctx := w.As(w.admin)
	name := string(q.Metric) + " by " + string(q.Cut) + " each " + string(q.Period)
	check, err := w.figures.Check(ctx, q, 0)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	got := w.compute(ctx, q)
	if diff := cmp.Diff(numbers(check), numbers(got), sameNumbers); diff != "" {
		t.Errorf("%s, from %s (-timelines +computed):\n%s", name, got.Basis, diff)
	}
	if d.Key != metric.BacklogAge && q.Cut == "" && d.Key != metric.RecurringMinor && d.Key != metric.Concentration && len(q.Only) == 0 && got.Basis != metric.FromRollups {
		t.Errorf("%s was read from %s", name, got.Basis)
	}
	q.RecordedBy = w.Clock.Now()
	facts := w.compute(ctx, q)
	if diff := cmp.Diff(numbers(check), numbers(facts), sameNumbers); diff != "" || facts.Basis != metric.FromFacts {
		t.Errorf("%s, from %s (-timelines +facts):\n%s", name, facts.Basis, diff)
	}
	q.RecordedBy = early
	if check, err = w.figures.Check(ctx, q, 0); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if diff := cmp.Diff(numbers(check), numbers(w.compute(ctx, q)), sameNumbers); diff != "" {
		t.Errorf("%s as recorded by then (-timelines +facts):\n%s", name, diff)
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestLateRecordsDoNotMoveWhatWasRecorded asks the same before and after an
// import of old tickets.
func TestLateRecordsDoNotMoveWhatWasRecorded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		r := rand.New(rand.NewPCG(3, 5))
		begin := w.Clock.Now().AddDate(0, 0, -130)
		var all []ticket.History
		for n := range 60 {
			all = append(all, w.history(r, n, begin))
		}
		w.take(all[:30]...)
		w.fold()
		ctx := w.As(w.admin)
		definitions, err := w.figures.Catalogue(ctx)
		if err != nil {
			t.Fatal(err)
		}
		asked := w.Clock.Now()
		q := metric.Query{From: begin, To: asked.AddDate(0, 0, -1), Period: metric.Month}
		before := map[metric.Key]metric.Result{}
		for _, d := range definitions {
			q.Metric = d.Key
			before[d.Key] = w.compute(ctx, q)
		}
		w.Clock.Advance(24 * time.Hour)
		w.take(all...)
		w.fold()
		for _, d := range definitions {
			q.Metric, q.RecordedBy = d.Key, asked
			if diff := cmp.Diff(numbers(before[d.Key]), numbers(w.compute(ctx, q)), sameNumbers); diff != "" {
				t.Errorf("%s (-then +as recorded by then):\n%s", d.Key, diff)
			}
		}
	})
}

// TestRebuildGivesTheSame throws everything away and builds it anew.
func TestRebuildGivesTheSame(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		r := rand.New(rand.NewPCG(1, 2))
		begin := w.Clock.Now().AddDate(0, 0, -130)
		var all []ticket.History
		for n := range 150 {
			all = append(all, w.history(r, n, begin))
		}
		w.take(all...)
		w.fold()
		ctx := w.As(w.admin)
		q := metric.Query{Metric: metric.TimeToResolve, From: begin, Period: metric.Month}
		before := w.compute(ctx, q)
		if err := w.figures.Rebuild(ctx); err != nil {
			t.Fatal(err)
		}
		if empty := w.compute(ctx, q); empty.Known || len(empty.LeftOut) == 0 {
			t.Errorf("while it is rebuilt: %+v", empty.LeftOut)
		}
		w.fold()
		w.fold() // nothing is counted twice
		after := w.compute(ctx, q)
		if diff := cmp.Diff(numbers(before), numbers(after), sameNumbers); diff != "" || before.Count == 0 {
			t.Errorf("%d resolutions (-before +after):\n%s", before.Count, diff)
		}
		if err := w.figures.Rebuild(w.As(w.agent)); err == nil {
			t.Error("an agent may rebuild figures")
		}
	})
}
