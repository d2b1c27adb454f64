package main

import (
	"slices"
	"testing"
	"time"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	t.Parallel()
	var ten []time.Duration
	for i := range 10 {
		ten = append(ten, time.Duration(i+1)*time.Millisecond)
	}
	for _, c := range []struct {
		of      []time.Duration
		percent float64
		want    time.Duration
	}{
		{nil, 50, 0},
		{ten[:1], 99, time.Millisecond},
		{ten, 50, 5 * time.Millisecond},
		{ten, 95, 10 * time.Millisecond},
		{ten, 90, 9 * time.Millisecond},
		{ten, 0, time.Millisecond},
		{ten, 100, 10 * time.Millisecond},
	} {
		if got := percentile(c.of, c.percent); got != c.want {
			t.Errorf("p%g of %v is %v, not %v", c.percent, c.of, got, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for want, of := range map[float64][]float64{0: nil, 3: {9, 1, 3}, 2.5: {4, 1, 2, 3}} {
		if got := median(of); got != want {
			t.Errorf("the median of %v is %v, not %v", of, got, want)
		}
	}
}

func TestSummaryTakesTheMedianRoundAndEveryRequest(t *testing.T) {
	t.Parallel()
	round := func(n int, took, elapsed, cpu time.Duration) sample {
		return sample{took: slices.Repeat([]time.Duration{took}, n), elapsed: elapsed, cpu: cpu, bytes: int64(100 * n), failed: 1}
	}
	got := summarise([]sample{
		round(100, time.Millisecond, time.Second, 100*time.Millisecond),
		round(300, 2*time.Millisecond, time.Second, 300*time.Millisecond),
		round(10, time.Second, time.Second, 10*time.Millisecond), // somebody else had the machine
	})
	want := figures{
		Rate: 100, P50: 2 * time.Millisecond, P95: 2 * time.Millisecond, P99: time.Second,
		CPU: time.Millisecond, Requests: 410, Failed: 3, Bytes: 100,
	}
	if got != want {
		t.Errorf("%+v\n%+v", got, want)
	}
}

func TestStatOfAProcessWithAnyName(t *testing.T) {
	t.Parallel()
	line := "42 (a) b (c) S 7 1 1 0 -1 4194304 1 2 3 4 100 50 20 10 20 0 1 0 500 1000000 3 18446744073709551615"
	p, err := parseStat(line)
	if err != nil || p.pid != 42 || p.parent != 7 || p.cpu != 1800*time.Millisecond || p.resident == 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := parseStat("nothing"); err == nil {
		t.Error("nonsense was read")
	}
}

func TestLimitsBindTheirVariables(t *testing.T) {
	t.Parallel()
	text, names := bind(`INSERT INTO t VALUES (:id, 'BARE-' || :id, :now, '[{"f":"kind"}]', :group)`)
	if text != `INSERT INTO t VALUES ($1, 'BARE-' || $1, $2, '[{"f":"kind"}]', $3)` || !slices.Equal(names, []string{"id", "now", "group"}) {
		t.Errorf("%s %v", text, names)
	}
	known := (&world{services: []int64{1}, groups: []int64{2}, incidents: 1, ids: []int64{3}}).variables(newRand(), 1)
	for op, l := range limits {
		for _, statement := range l.statements {
			_, names := bind(statement)
			for _, name := range names {
				if _, ok := known[name]; !ok && name != "id" && name != "seq" {
					t.Errorf("the limit of %s has a variable %q that nobody sets", op, name)
				}
			}
		}
	}
}

func TestPgbenchIsRead(t *testing.T) {
	t.Parallel()
	rate, err := rateOf("latency average = 0.5 ms\ninitial connection time = 3 ms\ntps = 1234.5 (without initial connection time)\n")
	if err != nil || rate != 1234.5 {
		t.Errorf("%v, %v", rate, err)
	}
	var s sample
	if err := readLatencies(&s, []byte("0 1 250 0 1700000000 1\n1 1 350 0 1700000000 2\n")); err != nil || !slices.Equal(s.took, []time.Duration{250 * time.Microsecond, 350 * time.Microsecond}) {
		t.Errorf("%v, %v", s.took, err)
	}
}

func TestAVerdictSaysByHowMuch(t *testing.T) {
	t.Parallel()
	var d document
	d.verdict("rate", 0.5, 0.25, true, "%.2f")
	d.verdict("growth", 1.5, 3, false, "%.1f")
	d.verdict("memory", 200, 150, false, "%.0f")
	want := "| rate | 0.50 | 0.25 | **missed**, 50 % of the way |\n| growth | 1.5 | 3.0 | **missed**, 50 % of the way |\n| memory | 200 | 150 | met |\n"
	if got := d.String(); got != want {
		t.Error(got)
	}
}
