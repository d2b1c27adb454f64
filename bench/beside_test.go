package main

import (
	"strings"
	"testing"
	"time"
)

func measuredBeside() *results {
	const op = opRead
	of := func(contender string, clients int, rate float64, cpu, db time.Duration) measurement {
		return measurement{"100k", op, contender, clients, figures{Rate: rate, CPU: cpu, DBCPU: db}}
	}
	return &results{measured: []measurement{
		of("steward-sqlite", 1, 4000, 200*time.Microsecond, 0),
		of("steward-postgres", 1, 2000, 200*time.Microsecond, 200*time.Microsecond),
		of("redmine", 1, 20, 30*time.Millisecond, 10*time.Millisecond),
		of("steward-sqlite", 8, 800, 200*time.Microsecond, 0),
		of("redmine", 8, 20, 30*time.Millisecond, 10*time.Millisecond),
	}}
}

func TestPeersAreComparedByRateAndByAllTheProcessorTime(t *testing.T) {
	t.Parallel()
	got := measuredBeside().compare("postgres", "redmine")
	if len(got) != 1 || got[0].rate != 100 || got[0].cpu != 100 || got[0].clients != 1 {
		t.Errorf("%+v", got)
	}
	if none := measuredBeside().compare("sqlite", "request-tracker"); len(none) != 0 {
		t.Errorf("a peer that was not measured was compared: %+v", none)
	}
}

func TestTheVerdictIsThatOfTheOperationThatIsLeastAhead(t *testing.T) {
	t.Parallel()
	lowest, met := least(measuredBeside().compare("sqlite", "redmine"), 50, func(c compared) float64 { return c.rate })
	if lowest.clients != 8 || lowest.rate != 40 || met != 1 {
		t.Errorf("%+v, %d met", lowest, met)
	}
}

func TestTheReportSaysWhichPeersWereNotMeasured(t *testing.T) {
	t.Parallel()
	var d document
	(&options{}).besideConditions(&d)
	for _, name := range peerNames() {
		if !strings.Contains(d.String(), "- "+name+" was not measured: ") {
			t.Errorf("nothing is said of %s: %s", name, d.String())
		}
	}
}

func TestSharedOperationsAreTheProducts(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, o := range operations {
		known[o.name] = true
	}
	for name := range shared {
		if !known[name] {
			t.Errorf("Steward is not measured at %s", name)
		}
	}
}

func TestRatesBelowTenKeepADecimal(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64]string{0.52: "0.5", 9.94: "9.9", 37.4: "37"} {
		if got := perSecond(rate); got != want {
			t.Errorf("%g is written %s, not %s", rate, got, want)
		}
	}
}

func TestRunsNameTheirClients(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-clients", "1,16", "-peers", "none"})
	if err != nil || len(o.clients) != 2 || o.clients[1] != 16 || len(o.asked()) != 0 {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := parse([]string{"-clients", "0"}); err == nil {
		t.Error("nobody is a client")
	}
}
