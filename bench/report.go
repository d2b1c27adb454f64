package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// The targets, as ratios within one run or as plain numbers.
const (
	targetWritePostgres = 0.5 // of the bare transaction's rate, at 8 clients
	targetWriteSQLite   = 0.6
	targetRead          = 0.3
	targetGrowth        = 1.5 // p95 at a million tickets over p95 at ten thousand
	targetMemory        = 200 << 20
	targetCold          = 250_000 // bytes
	targetWarm          = 20_000
	targetPeerCPU       = 100 // times less of it for a request
)

// short writes a duration with two or three figures.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return "-"
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", d.Seconds()*1000)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// perSecond writes a rate: a decimal where whole numbers would hide the half.
func perSecond(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// document is RESULTS.md being written.
type document struct{ strings.Builder }

func (d *document) line(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *document) table(columns ...string) {
	d.line("\n| %s |", strings.Join(columns, " | "))
	d.line("|%s", strings.Repeat(" --- |", len(columns)))
}

func (d *document) row(cells ...string) { d.line("| %s |", strings.Join(cells, " | ")) }

// write writes what a run found out, with the remarks that people have made on it.
func (r *results) write(o *options, c *cache) error {
	var d document
	d.line("# How fast Steward is\n")
	d.line("Written by `make bench`; `bench/remarks.md` is the part that people write. Ratios are within one run, in which the contenders")
	d.line("take turns; absolute figures say as much about the machine as about the program.\n")
	r.conditions(&d, o, c)
	o.besideConditions(&d)
	r.verdicts(&d, o)
	if remarks, err := os.ReadFile("bench/remarks.md"); err == nil {
		d.WriteString("\n" + strings.TrimSpace(string(remarks)) + "\n")
	}
	r.besideTables(&d, o)
	r.tables(&d, o)
	r.footprint(&d)
	return os.WriteFile(o.out, []byte(d.String()), 0o644)
}

func (r *results) conditions(d *document, o *options, c *cache) {
	d.line("## Conditions\n")
	d.line("- %s, %s, %d processors (%s), %s memory; clients, servers and databases share them; load average at the end %s",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), modelName(), totalMemory(), loadAverage())
	d.line("- Steward %s; Go %s; SQLite inside the program: WAL, synchronous FULL", version(o.binary), runtime.Version())
	if c.cluster != nil {
		text, err := c.cluster.query("postgres", "SHOW server_version")
		if err == nil {
			d.line("- PostgreSQL %s: %s, else its defaults (fsync and synchronous_commit on)", text, strings.Join(settings, ", "))
		}
	}
	d.line("- %d rounds of %s for each measurement after one to warm up; the rate is the median of the rounds, percentiles are of all requests", o.rounds, o.length)
	d.line("- Data sets: %s; on average more than 6 entries a ticket over %d years, one in %d still open, %d people, %d services", sizeNames(o), years, openShare, personCount, serviceCount)
	d.line("- Pages are asked for as a browser does (compressed, with a session), the API with a token. The limit is the same rows in the same")
	d.line("  tables with the same indexes: one transaction of two statements for a write, the page's main query for a read; no text")
	d.line("  index, no permissions, nobody told. pgbench with prepared statements on PostgreSQL; on SQLite a loop with the same driver.")
}

func sizeNames(o *options) string {
	var names []string
	for _, s := range o.sizes {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ") + " tickets"
}

func version(binary string) string {
	out, err := exec.Command(binary, "version").Output()
	if err != nil {
		return "of this tree"
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return strings.TrimPrefix(first, "steward ")
}

// field gives the value of the first line of a file of the kernel's that begins so.
func field(path, prefix string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(strings.TrimLeft(rest, " \t:"))
		}
	}
	return "unknown"
}

func modelName() string   { return field("/proc/cpuinfo", "model name") }
func totalMemory() string { return field("/proc/meminfo", "MemTotal:") }

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// verdict is one target and how it was met.
func (d *document) verdict(name string, target, got float64, least bool, format string) {
	met := got >= target
	if !least {
		met = got <= target
	}
	word := "met"
	if !met {
		word = fmt.Sprintf("**missed**, %.0f %% of the way", 100*min(ratio(got, target), ratio(target, got)))
	}
	d.row(name, fmt.Sprintf(format, target), fmt.Sprintf(format, got), word)
}

func (r *results) verdicts(d *document, o *options) {
	d.line("\n## Targets")
	d.table("what", "target", "measured", "verdict")
	for _, s := range o.sizes {
		for _, engine := range o.engines {
			writing := targetWritePostgres
			if engine == "sqlite" {
				writing = targetWriteSQLite
			}
			for _, t := range []struct {
				name   string
				target float64
			}{{opCreate, writing}, {opComment, writing}, {opRead, targetRead}} {
				f, ok := r.find(s.name, t.name, "steward-"+engine, 8)
				bare, limited := r.find(s.name, t.name, "limit-"+engine, 8)
				if ok && limited {
					d.verdict(fmt.Sprintf("%s over the bare rate, %s, %s, 8 clients", t.name, engine, s.name), t.target, ratio(f.Rate, bare.Rate), true, "%.2f")
				}
			}
		}
	}
	r.growth(d, o)
	r.besideVerdicts(d, o)
	for _, m := range r.memories {
		if m.size == o.sizes[len(o.sizes)-1].name {
			d.verdict(fmt.Sprintf("memory after the load, %s, %s (MB)", m.engine, m.size), targetMemory>>20, float64(m.bytes>>20), false, "%.0f")
		}
	}
	var cold, warm int64
	for _, w := range r.weights {
		cold, warm = max(cold, w.cold), max(warm, w.warm)
	}
	if cold > 0 {
		d.verdict("heaviest page, cold (kB over the wire)", targetCold/1000, float64(cold)/1000, false, "%.0f")
		d.verdict("heaviest page, warm (kB over the wire)", targetWarm/1000, float64(warm)/1000, false, "%.0f")
	}
}

// growth compares a million tickets with ten thousand.
func (r *results) growth(d *document, o *options) {
	for _, engine := range o.engines {
		for _, op := range operations {
			if !op.grows {
				continue
			}
			small, ok := r.find("10k", op.name, "steward-"+engine, 1)
			big, has := r.find("1m", op.name, "steward-"+engine, 1)
			if ok && has {
				d.verdict(fmt.Sprintf("p95 of the %s at 1m over 10k, %s, 1 client", op.what, engine), targetGrowth, ratio(big.P95.Seconds(), small.P95.Seconds()), false, "%.1f")
			}
		}
	}
}

func (r *results) tables(d *document, o *options) {
	for _, s := range o.sizes {
		for _, n := range o.clients {
			d.line("\n## %s tickets, %d clients", s.name, n)
			d.table("operation", "contender", "per second", "of the limit", "p50", "p95", "p99", "processor time, server", "database", "failed")
			for _, op := range operations {
				r.rows(d, s.name, op, n)
			}
		}
	}
}

func (r *results) rows(d *document, size string, op operation, clients int) {
	what := op.what
	for _, m := range r.measured {
		if m.size != size || m.operation != op.name || m.clients != clients {
			continue
		}
		f := m.figures
		share := ""
		if engine, own := strings.CutPrefix(m.contender, "steward-"); own {
			if bare, ok := r.find(size, op.name, "limit-"+engine, clients); ok {
				share = fmt.Sprintf("%.2f", ratio(f.Rate, bare.Rate))
			}
		}
		d.row(what, m.contender, perSecond(f.Rate), share, short(f.P50), short(f.P95), short(f.P99), short(f.CPU), short(f.DBCPU), fmt.Sprint(f.Failed))
		what = ""
	}
}

func (r *results) footprint(d *document) {
	d.line("\n## Memory and page weight\n")
	for _, m := range r.memories {
		d.line("- resident after the load, %s, %s tickets: %d MB", m.engine, m.size, m.bytes>>20)
	}
	d.table("page", "tickets", "cold", "files", "warm")
	seen := []string{}
	for _, w := range r.weights {
		if key := w.size + w.page; !slices.Contains(seen, key) {
			seen = append(seen, key)
			d.row(w.page, w.size, fmt.Sprintf("%.1f kB", float64(w.cold)/1000), fmt.Sprint(w.files), fmt.Sprintf("%.1f kB", float64(w.warm)/1000))
		}
	}
}
