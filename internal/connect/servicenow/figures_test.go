package servicenow

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
)

// TestFiguresAgreeWithTheRawFile imports real incidents and sets the figures of
// core/metric against ones that are computed here, row by row, from the file
// alone. STEWARD_REAL_LOG names another file of the same form, gzipped.
func TestFiguresAgreeWithTheRawFile(t *testing.T) {
	t.Parallel()
	path := "testdata/incident-log-excerpt.csv.gz"
	if other := os.Getenv("STEWARD_REAL_LOG"); other != "" {
		path = other
	}
	log := unzip(t, path)
	raw := readRaw(t, log)
	each(t, func(t *testing.T, im *Importer) {
		im.Tickets.FollowImports(metric.FollowImport)
		if _, err := im.Run(t.Context(), bytes.NewReader(log), Options{}); err != nil {
			t.Fatal(err)
		}
		figures := metric.New(metric.Deps{
			DB: im.DB, Kinds: im.Tickets.Kinds(), Tickets: im.Tickets, People: im.Directory.(*people.Service), Services: im.Services.(*service.Store),
			Audit: audit.New(im.DB, time.Now), Now: time.Now,
		})
		ctx := access.With(t.Context(), access.System())
		if err := figures.Run(ctx, time.Hour); err != nil {
			t.Fatal(err)
		}
		for month := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC); month.Year() < 2018; month = month.AddDate(0, 1, 0) {
			compareMonth(ctx, t, figures, raw, stretch{month, month.AddDate(0, 1, 0)})
		}
		all := stretch{time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)}
		compareMonth(ctx, t, figures, raw, all)
		comparePriorities(ctx, t, figures, raw, all)
		compareGroups(ctx, t, figures, raw, all)
	})
}

// stretch is from an instant up to and excluding another.
type stretch struct{ from, to time.Time }

func (s stretch) has(at time.Time) bool { return !at.Before(s.from) && at.Before(s.to) }

func unzip(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// rawDone is one resolution, as the rows tell it.
type rawDone struct {
	at       time.Time
	took     float64 // seconds since it was opened or reopened
	waited   float64 // of those
	moves    int
	bounced  bool
	priority string
	group    string
}

// rawLife is what the rows of one incident tell.
type rawLife struct {
	opened   time.Time
	done     []rawDone
	reopened []time.Time
	open     []stretch // when work was owed; no end while it is
	vendor   []rawDone // stays with the vendor: at is the end
}

// readRaw reads the file by columns, without anything of the importer.
func readRaw(t *testing.T, log []byte) []rawLife {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(log)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range records[0] {
		column[name] = i
	}
	var lives []rawLife
	for begin := 1; begin < len(records); {
		end := begin
		for end < len(records) && records[end][0] == records[begin][0] {
			end++
		}
		rows := make([]map[string]string, 0, end-begin)
		for _, r := range records[begin:end] {
			row := map[string]string{}
			for name, i := range column {
				row[name] = strings.Join(strings.Fields(r[i]), " ")
			}
			rows = append(rows, row)
		}
		lives = append(lives, rawLifeOf(t, rows))
		begin = end
	}
	return lives
}

func rawTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse("2/1/2006 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func rawLifeOf(t *testing.T, rows []map[string]string) rawLife {
	t.Helper()
	slices.SortStableFunc(rows, func(a, b map[string]string) int {
		return rawTime(t, a["sys_updated_at"]).Compare(rawTime(t, b["sys_updated_at"]))
	})
	opened := rawTime(t, rows[0]["sys_updated_at"])
	if o := rows[0]["opened_at"]; o != "?" && rawTime(t, o).Before(opened) {
		opened = rawTime(t, o)
	}
	l := rawLife{opened: opened, open: []stretch{{from: opened}}}
	state, owed, group, before := "New", true, "", []string(nil)
	clock, waitingSince, vendorSince := opened, time.Time{}, time.Time{}
	waited, moves, bounced := 0.0, 0, false
	for _, row := range rows {
		at := rawTime(t, row["sys_updated_at"])
		if row["incident_state"] != "-100" {
			if row["incident_state"] == "Awaiting Vendor" && state != "Awaiting Vendor" {
				vendorSince = at
			}
			if state == "Awaiting Vendor" && row["incident_state"] != state {
				l.vendor = append(l.vendor, rawDone{at: at, took: at.Sub(vendorSince).Seconds()})
			}
			state = row["incident_state"]
		}
		if group != row["assignment_group"] {
			if group != "" {
				moves++
			}
			group = row["assignment_group"]
			bounced = bounced || slices.Contains(before, group)
			before = append(before, group)
		}
		waits := strings.HasPrefix(state, "Awaiting ")
		if !waits && !waitingSince.IsZero() {
			waited += at.Sub(waitingSince).Seconds()
			waitingSince = time.Time{}
		}
		nowOwed := state != "Resolved" && state != "Closed"
		switch {
		case owed && !nowOwed:
			l.done = append(l.done, rawDone{at, at.Sub(clock).Seconds(), waited, moves, bounced, row["priority"][:1], group})
			l.open[len(l.open)-1].to = at
		case !owed && nowOwed:
			l.reopened = append(l.reopened, at)
			l.open = append(l.open, stretch{from: at})
			clock, waited = at, 0
		}
		if waits && waitingSince.IsZero() {
			waitingSince = at
		}
		owed = nowOwed
	}
	return l
}

func rawMedian(list []float64, share float64) float64 {
	slices.Sort(list)
	return list[int(math.Ceil(share*float64(len(list))))-1]
}

func compareMonth(ctx context.Context, t *testing.T, figures *metric.Service, raw []rawLife, in stretch) {
	t.Helper()
	var opened, reopened, backlog, moves, bounced float64
	var took, net, vendor, age []float64
	for _, l := range raw {
		if in.has(l.opened) {
			opened++
		}
		for _, at := range l.reopened {
			if in.has(at) {
				reopened++
			}
		}
		for _, d := range l.done {
			if !in.has(d.at) {
				continue
			}
			took, net, moves = append(took, d.took), append(net, d.took-d.waited), moves+float64(d.moves)
			if d.bounced {
				bounced++
			}
		}
		for _, v := range l.vendor {
			if in.has(v.at) {
				vendor = append(vendor, v.took)
			}
		}
		for _, o := range l.open {
			if o.from.Before(in.to) && (o.to.IsZero() || !o.to.Before(in.to)) {
				backlog++
				age = append(age, in.to.Sub(o.from).Seconds())
			}
		}
	}
	done := float64(len(took))
	want := map[metric.Key]float64{metric.VolumeIn: opened, metric.VolumeOut: done, metric.NetFlow: opened + reopened - done, metric.Backlog: backlog}
	if done > 0 {
		want[metric.TimeToResolve], want[metric.TimeToResolveNet] = rawMedian(took, 0.5), rawMedian(net, 0.5)
		want[metric.ReopenRate], want[metric.Reassignments], want[metric.PingPong] = reopened/done, moves/done, bounced/done
	}
	if len(age) > 0 {
		want[metric.BacklogAge] = rawMedian(age, 0.5)
	}
	for key, v := range want {
		expect(ctx, t, figures, metric.Query{Metric: key, From: in.from, To: in.to}, v)
	}
	if len(vendor) > 0 {
		q := metric.Query{Metric: metric.TimeInState, From: in.from, To: in.to, Only: []metric.Only{{Cut: metric.ByState, Key: "on_hold:vendor"}}}
		expect(ctx, t, figures, q, rawMedian(vendor, 0.5))
	}
}

func expect(ctx context.Context, t *testing.T, figures *metric.Service, q metric.Query, want float64) {
	t.Helper()
	got, err := figures.Compute(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Known || math.Abs(got.Value-want) > 1e-9 {
		t.Errorf("%s %v from %s: %v, the file says %v", q.Metric, q.Only, q.From.Format("2006-01"), got.Value, want)
	}
}

// comparePriorities cuts the 90th percentile of the time to resolve by priority.
func comparePriorities(ctx context.Context, t *testing.T, figures *metric.Service, raw []rawLife, in stretch) {
	t.Helper()
	took := map[string][]float64{}
	for _, l := range raw {
		for _, d := range l.done {
			took[d.priority] = append(took[d.priority], d.took)
		}
	}
	got, err := figures.Compute(ctx, metric.Query{Metric: metric.TimeToResolve, From: in.from, To: in.to, Cut: metric.ByPriority})
	if err != nil || len(got.Slices) != len(took) {
		t.Fatalf("%d priorities, want %d; %v", len(got.Slices), len(took), err)
	}
	for _, s := range got.Slices {
		if want := rawMedian(took[s.Key], 0.9); s.P90 != want || s.Count != int64(len(took[s.Key])) {
			t.Errorf("priority %s: %v over %d, the file says %v over %d", s.Key, s.P90, s.Count, want, len(took[s.Key]))
		}
	}
}

// compareGroups cuts the resolutions by the group that had the incident then.
func compareGroups(ctx context.Context, t *testing.T, figures *metric.Service, raw []rawLife, in stretch) {
	t.Helper()
	want := map[string]int64{}
	for _, l := range raw {
		for _, d := range l.done {
			name := d.group
			if name == "?" {
				name = groupName(Unknown)
			}
			want[name]++
		}
	}
	got, err := figures.Compute(ctx, metric.Query{Metric: metric.VolumeOut, From: in.from, To: in.to, Cut: metric.ByGroup, Slices: 200})
	if err != nil || len(got.Slices) != len(want) {
		t.Fatalf("%d groups, want %d; %v", len(got.Slices), len(want), err)
	}
	for _, s := range got.Slices {
		if s.Count != want[s.Label] {
			t.Errorf("%s: %d, the file says %d", s.Label, s.Count, want[s.Label])
		}
	}
}
