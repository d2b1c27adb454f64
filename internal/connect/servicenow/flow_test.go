package servicenow

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/practice/measurement/process"
)

// TestTheMapAgreesWithACountOfTheRawFile counts the steps between states in the
// file itself, knowing nothing of timelines, and compares.
func TestTheMapAgreesWithACountOfTheRawFile(t *testing.T) {
	t.Parallel()
	open := func() io.Reader {
		f, err := os.Open("testdata/excerpt.csv.gz")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	want := countRaw(t, open())
	each(t, func(t *testing.T, im *Importer) {
		if _, err := im.Run(t.Context(), open(), Options{}); err != nil {
			t.Fatal(err)
		}
		category := process.Categories(im.Tickets.Kinds().All())
		var traces []process.Trace
		more, err := im.Tickets.Courses(access.With(t.Context(), access.System()), ticket.CourseQuery{
			Condition: filter.True(), From: time.Unix(0, 0), To: time.Now(),
		}, func(c ticket.Course) error {
			traces = append(traces, process.TraceOf(c, process.States, category))
			return nil
		})
		if err != nil || more || len(traces) != 53 {
			t.Fatalf("%d traces, more %v, %v", len(traces), more, err)
		}
		got := map[[2]string]int{}
		for _, s := range process.Discover(traces, process.States, 1).Steps {
			if s.From != "" && s.To != "" {
				got[[2]string{s.From, s.To}] = s.Count
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// countRaw counts moves between the states of the file, in the words of ours. An
// incident is new from when it was opened; a state that was left in the minute it
// was entered was not seen by anybody.
func countRaw(t *testing.T, r io.Reader) map[[2]string]int {
	t.Helper()
	ours := map[string]string{
		"New": "new", "Active": "in_progress", "Resolved": "resolved", "Closed": "closed", "Awaiting User Info": "on_hold/caller",
		"Awaiting Vendor": "on_hold/vendor", "Awaiting Problem": "on_hold/problem", "Awaiting Evidence": "on_hold/evidence",
	}
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	type save struct {
		at    time.Time
		n     int
		state string
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	saves := map[string][]save{}
	for _, row := range rows[1:] {
		at, err := time.Parse("2/1/2006 15:04", row[column["sys_updated_at"]])
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(row[column["sys_mod_count"]])
		if err != nil {
			t.Fatal(err)
		}
		state, known := ours[row[column["incident_state"]]]
		if !known {
			t.Fatalf("the state %q", row[column["incident_state"]])
		}
		number := row[column["number"]]
		if opened, err := time.Parse("2/1/2006 15:04", row[column["opened_at"]]); err == nil && len(saves[number]) == 0 {
			saves[number] = append(saves[number], save{opened, -1, "new"})
		}
		saves[number] = append(saves[number], save{at, n, state})
	}
	counts := map[[2]string]int{}
	for _, list := range saves {
		slices.SortStableFunc(list, func(a, b save) int {
			if c := a.at.Compare(b.at); c != 0 {
				return c
			}
			return a.n - b.n
		})
		before := ""
		for i, s := range list {
			if i+1 < len(list) && list[i+1].at.Equal(s.at) || s.state == before {
				continue
			}
			if before != "" {
				counts[[2]string{before, s.state}]++
			}
			before = s.state
		}
	}
	return counts
}
