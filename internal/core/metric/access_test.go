package metric_test

import (
	"math/rand/v2"
	"testing"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// TestFiguresAreOverTheTicketsOneMaySee counts, for everybody, the facts of just
// those tickets that the ticket service itself lets them see and export, and for
// what is inside work those whose notes they read.
func TestFiguresAreOverTheTicketsOneMaySee(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		r := rand.New(rand.NewPCG(21, 4))
		begin := w.Clock.Now().AddDate(0, 0, -130)
		var all []ticket.History
		for n := range 90 {
			all = append(all, w.history(r, n, begin))
		}
		w.take(all...)
		w.fold()
		seen := map[string]int64{}
		for name, person := range map[string]int64{"agent": w.agent, "auditor": w.auditor, "owner": w.owner, "vendor": w.vendor, "admin": w.admin} {
			ctx := w.As(person)
			outside, inside := metric.Life{}, metric.Life{}
			q := ticket.Query{Condition: filter.True(), Verb: access.Export, Limit: 200}
			page, err := w.tickets.List(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for i := range page.Tickets {
				life := w.life(page.Tickets[i].ID)
				outside.Facts, outside.Stretches = append(outside.Facts, life.Facts...), append(outside.Stretches, life.Stretches...)
				if w.tickets.ReadsNotes(ctx, &page.Tickets[i]) {
					inside.Facts, inside.Stretches = append(inside.Facts, life.Facts...), append(inside.Stretches, life.Stretches...)
				}
			}
			over := metric.Query{From: begin}
			got := func(key metric.Key, cut metric.Cut) int64 {
				over.Metric, over.Cut = key, cut
				return w.compute(ctx, over).Count
			}
			for what, pair := range map[string][2]int64{
				"opened":             {got(metric.VolumeIn, ""), count(outside, metric.Opened)},
				"opened by service":  {got(metric.VolumeIn, metric.ByService), count(outside, metric.Opened)},
				"opened by group":    {got(metric.VolumeIn, metric.ByGroup), count(inside, metric.Opened)},
				"resolved":           {got(metric.TimeToResolve, ""), count(outside, metric.Resolved)},
				"backlog":            {got(metric.Backlog, ""), stillOpen(outside)},
				"age":                {got(metric.BacklogAge, ""), stillOpen(outside)},
				"held":               {got(metric.TimeWithHolder, ""), count(inside, metric.Held)},
				"first contact":      {got(metric.FirstContact, ""), count(inside, metric.Resolved)},
				"touched, by office": {got(metric.AfterHours, ""), count(inside, metric.Touched)},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s, %s: %d, of the tickets they see %d", name, what, pair[0], pair[1])
				}
			}
			seen[name] = count(outside, metric.Opened)
			w.behindIsVisible(t, person, over)
		}
		if seen["agent"] != 90 || seen["owner"] == 0 || seen["owner"] >= 90 || seen["vendor"] == 0 || seen["vendor"] >= 90 {
			t.Errorf("the test tells nothing: %v", seen)
		}
		if _, err := w.figures.Compute(w.As(w.asker), metric.Query{Metric: metric.VolumeIn}); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("a requester gets figures: %v", err)
		}
	})
}

// behindIsVisible walks the tickets behind a figure and finds as many as counted,
// all of which the person sees.
func (w *world) behindIsVisible(t *testing.T, person int64, q metric.Query) {
	t.Helper()
	ctx := w.As(person)
	for _, key := range []metric.Key{metric.VolumeIn, metric.Backlog, metric.TimeInState, metric.AfterHours} {
		q.Metric, q.Cut = key, ""
		n, after := 0, ""
		for {
			page, err := w.figures.Tickets(ctx, q, after, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Items {
				if _, err := w.tickets.Get(ctx, ticket.ByID(v.TicketID)); err != nil {
					t.Errorf("%s lists a ticket that its reader does not see: %v", key, err)
				}
			}
			n += len(page.Items)
			if after = page.Next; after == "" {
				break
			}
		}
		if r := w.compute(ctx, q); int64(n) != int64(r.Numerator) && !r.Definition.Spread || r.Definition.Spread && int64(n) != r.Count {
			t.Errorf("%s: %d tickets behind %+v", key, n, r.Figure)
		}
	}
}

// life folds a ticket's timeline.
func (w *world) life(id int64) metric.Life {
	w.t.Helper()
	timelines, err := ticket.Timelines(w.t.Context(), w.DB.Reader(), []int64{id})
	if err != nil {
		w.t.Fatal(err)
	}
	tiers := map[int64]int{w.first: 1, w.second: 2, w.theirs: 3}
	life, err := metric.Fold(timelines[id], metric.Rules{
		Kind: func(key string) *workflow.Definition {
			def, err := w.kinds.Get(key)
			if err != nil {
				w.t.Fatal(err)
			}
			return def
		},
		Tier: func(g int64) int { return tiers[g] },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return life
}

func count(l metric.Life, what metric.What) (n int64) {
	for _, f := range l.Facts {
		if f.What == what {
			n += int64(f.Weight)
		}
	}
	return n
}

func stillOpen(l metric.Life) (n int64) {
	for _, s := range l.Stretches {
		if s.Ended.IsZero() {
			n++
		}
	}
	return n
}

// TestWhatIsAskedForWronglyIsSaid names the part of a query that makes no sense.
func TestWhatIsAskedForWronglyIsSaid(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		now := w.Clock.Now()
		for field, q := range map[string]metric.Query{
			"from":   {Metric: metric.Backlog, From: now, To: now.AddDate(0, 0, -1)},
			"period": {Metric: metric.Backlog, From: now.AddDate(-10, 0, 0), To: now, Period: metric.Day},
			"cut":    {Metric: metric.Concentration, Cut: metric.ByGroup},
			"only":   {Metric: metric.Backlog, Only: []metric.Only{{Cut: metric.ByGroup, Key: "x'; DROP TABLE"}}},
		} {
			_, err := w.figures.Compute(w.As(w.admin), q)
			if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := w.figures.Compute(w.As(w.admin), metric.Query{Metric: "no_such"}); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("an unknown metric: %v", err)
		}
		if _, err := w.figures.Compute(w.As(w.admin), metric.Query{Metric: metric.Backlog, Cut: "field.x'y"}); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("an unknown field: %v", err)
		}
	})
}

// TestOneWrongQuestionLeavesTheOthersTheirAnswers asks for three figures at once.
func TestOneWrongQuestionLeavesTheOthersTheirAnswers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		answers, err := w.figures.ComputeAll(w.As(w.admin), []metric.Query{
			{Metric: metric.VolumeIn}, {Metric: metric.Backlog, Cut: "field.gone"}, {Metric: "no_such"}, {Metric: metric.Backlog},
		})
		if err != nil || len(answers) != 4 {
			t.Fatalf("%d answers, %v", len(answers), err)
		}
		if answers[0].Err != nil || answers[3].Err != nil || answers[3].Definition.Key != metric.Backlog {
			t.Errorf("what makes sense is not answered: %v, %v", answers[0].Err, answers[3].Err)
		}
		if !apperr.Is(answers[1].Err, apperr.Invalid) || !apperr.Is(answers[2].Err, apperr.NotFound) {
			t.Errorf("the wrong ones say %v and %v", answers[1].Err, answers[2].Err)
		}
		if _, err := w.figures.ComputeAll(w.As(w.asker), []metric.Query{{Metric: metric.Backlog}}); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("a requester gets figures: %v", err)
		}
	})
}

// TestOnlyTheRatingThatCountsIsBehindAFigure has a requester change their mind.
func TestOnlyTheRatingThatCountsIsBehindAFigure(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		at := w.Clock.Now().AddDate(0, 0, -9)
		s := &teller{w: w, at: at}
		s.event(ticket.Created, w.asker, map[string]string{
			ticket.FieldKind: "incident", ticket.FieldTitle: "Printer", ticket.FieldState: "new", ticket.FieldImpact: "2", ticket.FieldUrgency: "2", ticket.FieldPriority: "3",
		})
		for day, sets := range []map[string]string{
			{ticket.FieldState: "resolved"},
			{ticket.FieldRating: "1", ticket.FieldMinutesLost: "90"},
			{ticket.FieldRating: "5", ticket.FieldMinutesLost: "10"},
		} {
			s.at = at.AddDate(0, 0, day+1)
			typ := ticket.Imported
			if day > 0 {
				typ = ticket.Rated
			}
			s.event(typ, w.asker, sets)
		}
		w.take(ticket.History{Kind: "incident", Source: "test", SourceRef: "1", Events: s.events})
		w.fold()
		for key, want := range map[metric.Key]float64{metric.Satisfaction: 5, metric.ResponseRate: 1, metric.LostTime: 600} {
			page, err := w.figures.Tickets(w.As(w.admin), metric.Query{Metric: key}, "", 10)
			if err != nil || len(page.Items) != 1 || page.Items[0].Value != want {
				t.Errorf("behind %s: %+v, %v", key, page.Items, err)
			}
		}
		early := metric.Query{Metric: metric.Satisfaction, From: at, To: at.AddDate(0, 0, 2)}
		if page, err := w.figures.Tickets(w.As(w.admin), early, "", 10); err != nil || len(page.Items) != 0 {
			t.Errorf("before the second verdict: %+v, %v", page.Items, err)
		}
	})
}

// TestTargetsAreVersionedAndAudited sets a target twice.
func TestTargetsAreVersionedAndAudited(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		five, three := 0.05, 0.03
		ctx := w.As(w.admin)
		set := func(c metric.Change) error {
			_, err := w.figures.Set(ctx, metric.ReopenRate, c)
			return err
		}
		if err := set(metric.Change{Target: &five, Direction: metric.Down, OwnerID: w.owner, Note: "First guess"}); err != nil {
			t.Fatal(err)
		}
		later := w.Clock.Now().AddDate(0, 1, 0)
		if err := set(metric.Change{Version: 1, Target: &three, Direction: metric.Down, EffectiveFrom: later}); err != nil {
			t.Fatal(err)
		}
		if err := set(metric.Change{Version: 1, Direction: metric.Up}); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("an outdated change: %v", err)
		}
		six := 6.0
		err := set(metric.Change{Version: 2, Target: &six, Direction: "sideways", OwnerID: 99, EffectiveFrom: w.Clock.Now()})
		if n := len(apperr.FieldsOf(err)); n != 4 {
			t.Errorf("%d fields are wrong: %v", n, err)
		}
		d, err := w.figures.Definition(ctx, metric.ReopenRate)
		if err != nil || d.Version != 1 || *d.Target != five || d.OwnerID != w.owner {
			t.Errorf("now %+v, %v", d, err)
		}
		w.Clock.Advance(later.Sub(w.Clock.Now()))
		list, err := w.figures.Catalogue(ctx)
		for _, d := range list {
			if d.Key == metric.ReopenRate && (d.Version != 2 || *d.Target != three) {
				t.Errorf("then %+v, %v", d, err)
			}
		}
		if _, err := w.figures.Set(w.As(w.agent), metric.ReopenRate, metric.Change{Version: 2, Direction: metric.Up}); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("an agent sets targets: %v", err)
		}
		n := 0
		if err := w.DB.Reader().QueryRow(t.Context(), `SELECT count(*) FROM audit_log WHERE action = 'metric.update'`).Scan(&n); err != nil || n != 2 {
			t.Errorf("%d audit entries, %v", n, err)
		}
	})
}
