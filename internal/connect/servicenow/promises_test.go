package servicenow

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise"
)

// promised are agreements over an imported history, counted by office hours in Lisbon.
type promised struct {
	book  []clock.Agreement
	hours *calendar.Hours
}

// Book implements promise.Agreements.
func (p *promised) Book(context.Context, database.Querier) ([]clock.Agreement, error) {
	return p.book, nil
}

// Names implements promise.Agreements and promise.Calendars.
func (p *promised) Names(context.Context, database.Querier, []int64) (map[int64]string, error) {
	return nil, nil
}

// Hours implements promise.Calendars.
func (p *promised) Hours(_ context.Context, _ database.Querier, ids ...int64) (map[int64]*calendar.Hours, error) {
	out := map[int64]*calendar.Hours{}
	for _, id := range ids {
		out[id] = p.hours
	}
	return out, nil
}

func officeHours(t *testing.T) *calendar.Hours {
	t.Helper()
	span, err := calendar.ParseSpan("08:00-18:00")
	if err != nil {
		t.Fatal(err)
	}
	c := calendar.Calendar{Name: "Office", Zone: "Europe/Lisbon", Versions: []calendar.Version{{}}}
	for day := time.Monday; day <= time.Friday; day++ {
		c.Versions[0].Week[day] = []calendar.Span{span}
	}
	h, err := calendar.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// afterwards is when the history is looked at.
var afterwards = time.Date(2017, 3, 1, 12, 0, 0, 0, time.UTC)

// promisesOver imports the excerpt under agreements with every customer and with
// every group, and keeps the clocks.
func promisesOver(t *testing.T, im *Importer, log []byte) (*promise.Service, *promised) {
	t.Helper()
	target := func(m clock.Measure, d time.Duration) clock.Target { return clock.Target{Measure: m, Within: d} }
	p := &promised{hours: officeHours(t), book: []clock.Agreement{{ID: 1, Role: clock.SLA, Versions: []clock.Version{{ID: 10, Number: 1, Terms: clock.Terms{
		Calendar: 1, Reopen: clock.Continue, Targets: []clock.Target{
			target(clock.Response, 2*time.Hour), target(clock.Resolution, 40*time.Hour),
			{Measure: clock.Resolution, Priority: 2, Within: 16 * time.Hour},
			{Measure: clock.Resolution, Priority: 4, Days: 10, Until: 17 * 60},
			{Measure: clock.Step, State: "in_progress", Within: 8 * time.Hour},
		},
	}}}}}}
	people := im.Directory.(*people.Service)
	s := promise.NewService(promise.Deps{
		DB: im.DB, Tickets: im.Tickets, Kinds: im.Tickets.Kinds(), Agreements: p, Calendars: p, Places: people, Services: im.Services.(*service.Store),
		Now: func() time.Time { return afterwards },
	})
	im.Tickets.FollowImports(s.FollowImport)
	if _, err := im.Run(t.Context(), bytes.NewReader(log), Options{}); err != nil {
		t.Fatal(err)
	}
	groups, err := database.All(t.Context(), im.DB.Reader(), database.Scalar[int64], "SELECT DISTINCT group_id FROM tickets WHERE group_id IS NOT NULL ORDER BY 1")
	if err != nil || len(groups) < 5 {
		t.Fatalf("%d groups: %v", len(groups), err)
	}
	for _, g := range groups {
		p.book = append(p.book, clock.Agreement{ID: 1000 + g, Role: clock.OLA, Party: g, Versions: []clock.Version{{ID: 10000 + g, Number: 1, Terms: clock.Terms{
			Calendar: 1, Reopen: clock.Restart, OwnPauses: true, Pauses: []string{"caller"}, Targets: []clock.Target{target(clock.Response, 4*time.Hour), target(clock.Resolution, 20*time.Hour)},
		}}}})
	}
	if err := promise.StartSweep(t.Context(), im.DB); err != nil {
		t.Fatal(err)
	}
	if err := s.Keep(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	return s, p
}

// keptClocks are the rows of the table, with names that are the same everywhere.
func keptClocks(t *testing.T, im *Importer) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := database.Each(t.Context(), im.DB.Reader(), func(r database.Row) error {
		var ref, role, group, measure, state, stage, why string
		var cycle int
		var started, ended, due, broken, likely, ticketDue database.Time
		var used, whole int64
		var late bool
		err := r.Scan(&ref, &role, &group, &measure, &state, &cycle, &stage, &started, &ended, &due, &broken, &used, &whole, &late, &likely, &why, &ticketDue)
		out[fmt.Sprintf("%s %s %s %s %s %d", ref, role, group, measure, state, cycle)] = fmt.Sprint(stage, instantOf(started), instantOf(ended), instantOf(due), instantOf(broken), used, whole, late, instantOf(likely), why, instantOf(ticketDue))
		return err
	}, `SELECT t.source_ref, c.role, COALESCE(g.name, ''), c.measure, c.state, c.cycle, c.stage, c.started_at, c.ended_at, c.due_at, c.breached_at, c.used, c.whole, c.late_pause,
		c.likely_at, c.likely_why, t.due_at FROM ticket_clocks c JOIN tickets t ON t.id = c.ticket_id LEFT JOIN groups g ON g.id = c.party_id`)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func instantOf(t database.Time) string {
	return " " + time.Time(t).UTC().Format("2006-01-02T15:04:05.000000") + " "
}

// TestEveryClockOfAHistoryIsExplainedAndRecomputed keeps the clocks of real incidents,
// computes each anew from its timeline, throws away what is kept and rebuilds it, and
// expects the same to the microsecond, on both engines and from one to the other.
func TestEveryClockOfAHistoryIsExplainedAndRecomputed(t *testing.T) {
	t.Parallel()
	log := unzip(t, "testdata/incident-log-excerpt.csv.gz")
	var mu sync.Mutex
	var engines []map[string]string
	t.Run("engines", func(t *testing.T) {
		each(t, func(t *testing.T, im *Importer) {
			_, p := promisesOver(t, im, log)
			kept := keptClocks(t, im)
			if len(kept) < 500 {
				t.Fatalf("only %d clocks", len(kept))
			}
			recomputed(t, im, p, kept)
			if err := im.DB.Write(t.Context(), func(tx *database.Tx) error {
				for _, statement := range []string{"DELETE FROM ticket_clocks", "DELETE FROM clock_typical", "UPDATE clock_state SET learned_at = NULL", "UPDATE tickets SET due_at = NULL"} {
					if _, err := tx.Exec(t.Context(), statement); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			again := promise.NewService(promise.Deps{
				DB: im.DB, Tickets: im.Tickets, Kinds: im.Tickets.Kinds(), Agreements: p, Calendars: p, Places: im.Directory.(*people.Service), Services: im.Services.(*service.Store), Now: func() time.Time { return afterwards },
			})
			if err := promise.StartSweep(t.Context(), im.DB); err != nil {
				t.Fatal(err)
			}
			if err := again.Keep(t.Context(), time.Minute); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(kept, keptClocks(t, im)); diff != "" {
				t.Errorf("rebuilt it is another: %s", diff)
			}
			mu.Lock()
			defer mu.Unlock()
			engines = append(engines, kept)
		})
	})
	if len(engines) != 2 {
		t.Fatalf("%d engines", len(engines))
	}
	if diff := cmp.Diff(engines[0], engines[1]); diff != "" {
		t.Errorf("the engines differ: %s", diff)
	}
}

// history reads the courses of all tickets, by what they are called in the file.
func history(t *testing.T, im *Importer) map[string]clock.Course {
	t.Helper()
	refs := map[int64]string{}
	var ids []int64
	err := database.Each(t.Context(), im.DB.Reader(), func(r database.Row) error {
		var id int64
		var ref string
		err := r.Scan(&id, &ref)
		refs[id], ids = ref, append(ids, id)
		return err
	}, "SELECT id, source_ref FROM tickets ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	timelines, err := ticket.Timelines(t.Context(), im.DB.Reader(), ids)
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := im.Tickets.Kinds().Then(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rules := clock.Rules{Kind: kinds, Supplier: func(int64, time.Time) (int64, time.Time) { return 0, time.Time{} }}
	out := map[string]clock.Course{}
	for id, events := range timelines {
		if out[refs[id]], err = clock.Read(events, rules); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// recomputed computes every clock from its timeline, compares it with what is kept,
// and expects its explanation to be whole.
func recomputed(t *testing.T, im *Importer, p *promised, kept map[string]string) {
	t.Helper()
	hours := func(int64) *calendar.Hours { return p.hours }
	book := clock.Book{Agreements: p.book, Hours: hours, Above: func(id int64) []int64 { return []int64{id} }}
	names, err := im.Directory.(*people.Service).GroupNames(access.With(t.Context(), access.System()), im.DB.Reader(), partiesOf(p.book))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for ref, course := range history(t, im) {
		for _, c := range clock.Compute(course, book, afterwards) {
			found++
			key := fmt.Sprintf("%s %s %s %s %s %d", ref, c.Role, names[c.Party].Name, c.Measure, c.State, c.Cycle)
			say := fmt.Sprint(c.Stage, instantOf(database.Time(c.Started)), instantOf(database.Time(c.Ended)), instantOf(database.Time(c.Due)), instantOf(database.Time(c.Breached)), c.Used.Microseconds(), c.Whole().Microseconds())
			if got := kept[key]; len(got) < len(say) || got[:len(say)] != say {
				t.Errorf("%s is kept as %q, and computed %q", key, got, say)
			}
			pieces, more := clock.Pieces(&c, hours, 1_000_000)
			at, used := c.Started, time.Duration(0)
			for _, piece := range pieces {
				if !piece.From.Equal(at) {
					t.Errorf("%s has a gap at %s", key, at)
				}
				at, used = piece.To, used+piece.Used
			}
			end := c.Ended
			if end.IsZero() {
				end = afterwards
			}
			if more || used != c.Used || len(pieces) > 0 && !at.Equal(end) {
				t.Errorf("%s: its intervals add up to %s until %s, and it used %s until %s", key, used, at, c.Used, end)
			}
		}
	}
	if found != len(kept) {
		t.Errorf("%d clocks are computed, %d kept", found, len(kept))
	}
}

func partiesOf(book []clock.Agreement) []int64 {
	var out []int64
	for _, a := range book {
		if a.Role == clock.OLA {
			out = append(out, a.Party)
		}
	}
	return out
}

// TestHowWellBreachesOfAHistoryWereForeseen learns from the incidents that ended
// first, foresees the others at some shares of their target, and logs how often it
// was right: how good that is depends on the history.
func TestHowWellBreachesOfAHistoryWereForeseen(t *testing.T) {
	t.Parallel()
	log := unzip(t, "testdata/incident-log-excerpt.csv.gz")
	each(t, func(t *testing.T, im *Importer) {
		_, p := promisesOver(t, im, log)
		hours := func(int64) *calendar.Hours { return p.hours }
		book := clock.Book{Agreements: p.book[:1], Hours: hours, Above: func(id int64) []int64 { return []int64{id} }}
		type ended struct {
			course clock.Course
			clock  clock.Clock
		}
		var all []ended
		for _, course := range history(t, im) {
			for _, c := range clock.Compute(course, book, afterwards) {
				if c.Measure == clock.Resolution && c.Stage == clock.Completed {
					all = append(all, ended{course, c})
				}
			}
		}
		slices.SortFunc(all, func(a, b ended) int { return b.clock.Ended.Compare(a.clock.Ended) })
		half := len(all) / 2
		typical := clock.Typical{}
		for _, e := range all[half:] { // the earlier half, the latest of it first
			typical.Learn(e.course, &e.clock, hours)
		}
		typical.Ready()
		for _, share := range []int{10, 25, 50, 75} {
			var right, wrong, missed, calm int
			for _, e := range all[:half] {
				at, ok := instantOfShare(&e.clock, share, p.hours)
				if !ok {
					continue // it ended before
				}
				clocks := clock.Compute(e.course, book, at)
				i := slices.IndexFunc(clocks, func(c clock.Clock) bool { return c.Key == e.clock.Key })
				if i < 0 || !clocks[i].Stage.Open() {
					continue
				}
				short := e.course
				for len(short.Moments) > 0 && short.Moments[len(short.Moments)-1].At.After(at) {
					short.Moments = short.Moments[:len(short.Moments)-1]
				}
				foreseen := slices.ContainsFunc(clock.Foresee(short, &clocks[i], clocks, hours, typical), func(x clock.Prospect) bool { return !x.At.After(at) })
				switch broken := !e.clock.Breached.IsZero(); {
				case foreseen && broken:
					right++
				case foreseen:
					wrong++
				case broken:
					missed++
				default:
					calm++
				}
			}
			t.Logf("at %d %% of the target: of %d open promises %d broke; foreseen %d, precision %.2f, recall %.2f", share, right+wrong+missed+calm, right+missed, right+wrong,
				ratio(right, right+wrong), ratio(right, right+missed))
			if right+wrong+missed+calm == 0 {
				t.Errorf("nothing was open at %d %%", share)
			}
		}
	})
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// instantOfShare is when a clock had used a share of its target.
func instantOfShare(c *clock.Clock, percent int, h *calendar.Hours) (time.Time, bool) {
	want := c.Target.Within * time.Duration(percent) / 100
	for _, is := range c.Intervals {
		if is.Used < want || want == 0 {
			want -= is.Used
			continue
		}
		return h.Due(is.From, want)
	}
	return time.Time{}, false
}
