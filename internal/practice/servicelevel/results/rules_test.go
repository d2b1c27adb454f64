package results_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results"
)

func TestMonthsFollowOneAnotherWithoutAGap(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Asia/Beirut"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		month := results.Month("2009-01")
		_, end := month.Bounds(zone)
		for range 12 * 20 {
			month = month.Add(1)
			from, to := month.Bounds(zone)
			if !from.Equal(end) || !to.After(from) || results.MonthOf(from, zone) != month || results.MonthOf(to.Add(-time.Microsecond), zone) != month {
				t.Fatalf("%s in %s: from %s to %s", month, name, from, to)
			}
			end = to
		}
	}
	for _, wrong := range []string{"", "2026", "2026-13", "2026-3", "soon", "99999-01"} {
		if _, ok := results.ParseMonth(wrong); ok {
			t.Errorf("%q is a month", wrong)
		}
	}
}

// invented are decisions of some tickets, each promise once.
func invented(r *rand.Rand) []clock.Decision {
	var out []clock.Decision
	for ticket := range int64(r.IntN(40)) {
		for _, m := range []clock.Measure{clock.Response, clock.Resolution} {
			if r.IntN(4) == 0 {
				continue
			}
			out = append(out, clock.Decision{Ticket: ticket, Measure: m, Cycle: 1, Priority: r.IntN(4), Service: int64(r.IntN(3)), Broken: r.IntN(3) == 0, Version: 1, Whole: time.Hour})
		}
	}
	return out
}

func promised(int64) *clock.Terms {
	return &clock.Terms{Targets: []clock.Target{{Measure: clock.Response, Within: time.Hour}, {Measure: clock.Resolution, Priority: 1, Within: time.Hour}, {Measure: clock.Resolution, Within: 2 * time.Hour}}}
}

func TestFiguresAddUpWhateverTheOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := invented(r)
		f := results.Add(all, promised)
		kept, broken, byService := 0, 0, 0
		for _, l := range f.Lines {
			kept, broken = kept+l.Kept, broken+l.Broken
		}
		for _, s := range f.Services {
			byService += s.Kept + s.Broken
		}
		if kept != f.Kept || broken != f.Broken || kept+broken != len(all) || byService != len(all) {
			t.Fatalf("seed %d: %+v of %d", seed, f, len(all))
		}
		mixed := slices.Clone(all)
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if diff := cmp.Diff(f, results.Add(mixed, promised)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		if changes := results.Compare(all, mixed, promised); len(changes) != 0 {
			t.Fatalf("seed %d: the same counts differently: %+v", seed, changes)
		}
	}
}

func TestChangesExplainTheWholeDifference(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		was := invented(r)
		var now []clock.Decision
		for _, d := range was {
			switch r.IntN(6) {
			case 0: // gone
			case 1:
				d.Broken = !d.Broken
				now = append(now, d)
			default:
				now = append(now, d)
			}
		}
		for i := range r.IntN(3) {
			now = append(now, clock.Decision{Ticket: int64(1000 + i), Measure: clock.Response, Cycle: 1, Version: 1, Broken: i == 0})
		}
		before, after := results.Add(was, promised), results.Add(now, promised)
		kept, broken := before.Kept, before.Broken
		count := func(o results.Outcome, by int) {
			switch o {
			case results.Kept:
				kept += by
			case results.Broken:
				broken += by
			case results.NotCounted:
			}
		}
		for _, c := range results.Compare(was, now, promised) {
			count(c.Was, -1)
			count(c.Is, 1)
		}
		if kept != after.Kept || broken != after.Broken {
			t.Fatalf("seed %d: %d kept and %d broken, want %d and %d", seed, kept, broken, after.Kept, after.Broken)
		}
	}
}
