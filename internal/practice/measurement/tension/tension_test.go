package tension_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/practice/measurement/tension"
)

func goal(v float64) *float64 { return &v }

// hasty is time to resolve beside changes of the group.
func hasty() tension.Pair {
	return tension.Pair{Process: metric.TimeToResolve, Partners: []tension.Partner{{Metric: metric.Reassignments}}, Periods: 3}
}

func TestAPairIsCheckedFieldByField(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := w.As(w.admin)
		for field, change := range map[string]func(p *tension.Pair){
			"process":  func(p *tension.Pair) { p.Process = "nothing" },
			"partners": func(p *tension.Pair) { p.Partners = append(p.Partners, p.Partners[0]) },
			"goal":     func(p *tension.Pair) { p.Goal = goal(3600) },
			"periods":  func(p *tension.Pair) { p.Periods = 9 },
			"filter":   func(p *tension.Pair) { p.Filter = "state:sleepy" },
		} {
			p := hasty()
			change(&p)
			if _, err := w.pairs.Add(ctx, p); len(apperr.FieldsOf(err)) != 1 || apperr.FieldsOf(err)[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		p := hasty()
		p.Partners = nil
		if _, err := w.pairs.Add(ctx, p); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("alone: %v", err)
		}
		p = hasty()
		p.Goal, p.Partners[0].Goal = goal(3600), goal(1)
		if _, err := w.pairs.Add(ctx, p); err != nil {
			t.Errorf("with goals for both: %v", err)
		}
	})
}

func TestWhoMayReadAndMakePairs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, err := w.pairs.Add(keyed(w.As(w.admin), "one"), hasty())
		check(t, err)
		again, err := w.pairs.Add(keyed(w.As(w.admin), "one"), hasty())
		if err != nil || again.ID != p.ID || p.OwnerID != w.admin {
			t.Errorf("the same key made %+v beside %+v: %v", again, p, err)
		}
		if _, err := w.pairs.Add(w.As(w.agent), hasty()); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("an agent makes one: %v", err)
		}
		if _, err := w.pairs.Change(w.As(w.agent), p.ID, 1, func(p *tension.Pair) { p.Periods = 1 }); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("an agent changes it: %v", err)
		}
		if err := w.pairs.Delete(w.As(w.agent), p.ID); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("an agent deletes it: %v", err)
		}
		if _, err := w.pairs.Add(w.System(), hasty()); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("the program owns one: %v", err)
		}
		for person, want := range map[int64]int{w.admin: 1, w.agent: 1, w.vendor: 0, w.asker: 0} {
			pairs, err := w.pairs.Pairs(w.As(person))
			if len(pairs) != want || (want == 0) != apperr.Is(err, apperr.Forbidden) {
				t.Errorf("%d reads %v: %v", person, pairs, err)
			}
			ids, err := w.pairs.Guard(w.As(person), []int64{p.ID})
			if err != nil || len(ids) != want {
				t.Errorf("%d may see %v: %v", person, ids, err)
			}
		}
		changed, err := w.pairs.Change(w.As(w.admin), p.ID, 1, func(p *tension.Pair) { p.Periods = 1 })
		if err != nil || changed.Version != 2 || changed.Periods != 1 {
			t.Errorf("%+v: %v", changed, err)
		}
		if _, err := w.pairs.Change(w.As(w.admin), p.ID, 1, func(p *tension.Pair) { p.Periods = 2 }); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("over a change of somebody else: %v", err)
		}
		check(t, w.pairs.Delete(w.As(w.admin), p.ID))
		if _, err := w.pairs.Pair(w.As(w.admin), p.ID); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("deleted: %v", err)
		}
	})
}

// TestAnAlarmBeginsAndEnds: fifteen weeks in which tickets are resolved ever sooner
// and handed on ever more often raise one alarm, of which the owner is told once. It
// ends with the tension, and with the pair's being about something else.
func TestAnAlarmBeginsAndEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, err := w.pairs.Add(w.As(w.admin), hasty())
		check(t, err)
		other := hasty()
		other.Process, other.Partners = metric.Reassignments, []tension.Partner{{Metric: metric.ReopenRate}}
		_, err = w.pairs.Add(w.As(w.admin), other)
		check(t, err)
		for i := range 9 {
			w.week(t, 60-3*i, i)
		}
		w.tried(t)
		if told := w.told(t); len(told) != 0 {
			t.Fatalf("told of what noise may do as well: %+v", told)
		}
		for i := 9; i < 16; i++ {
			w.week(t, 60-3*i, i)
		}
		w.tried(t)
		w.tried(t)
		told := w.told(t)
		if len(told) != 1 || told[0].Subject.URL != path(p.ID) || !strings.Contains(told[0].Detail, "improves while") {
			t.Fatalf("told %+v", told)
		}
		alarming := func(want string) {
			t.Helper()
			if got := strings.TrimSpace(w.do(t, w.agent, "/tension", nil, http.StatusOK).Find(`#pair-list a[href="` + path(p.ID) + `"]`).Closest("tr").Find(".s-badge").Text()); got != want {
				t.Errorf("the list says %q, want %q", got, want)
			}
		}
		alarming("Alarm")
		page := w.do(t, w.agent, path(p.ID), nil, http.StatusOK)
		if page.Find(".s-alert").Length() != 1 || page.Find("#alarm-list tbody tr").Length() != 1 {
			t.Errorf("the page does not tell of the alarm: %s", page.Find("main").Text())
		}

		// A partner that is taken out takes its alarm along.
		_, err = w.pairs.Change(w.As(w.admin), p.ID, 0, func(p *tension.Pair) { p.Partners = []tension.Partner{{Metric: metric.ReopenRate}} })
		check(t, err)
		alarming("Quiet")
		_, err = w.pairs.Change(w.As(w.admin), p.ID, 0, func(p *tension.Pair) { p.Partners = hasty().Partners })
		check(t, err)
		w.week(t, 12, 16)
		w.tried(t)
		alarming("Alarm")
		if n := len(w.told(t)); n != 2 {
			t.Errorf("told %d times of two alarms", n)
		}

		for range 6 { // the desk takes its time again
			w.week(t, 160, 0)
		}
		w.tried(t)
		alarming("Quiet")
		if ended := w.do(t, w.admin, path(p.ID), nil, http.StatusOK).Find("#alarm-list tbody tr time").Length(); ended != 4 {
			t.Errorf("%d instants stand in the list of two alarms that ended", ended)
		}
	})
}

func TestAPairThatCannotBeLookedAtDoesNotAlarm(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, err := w.pairs.Add(w.As(w.admin), hasty())
		check(t, err)
		for i := range 16 {
			w.week(t, 60-3*i, i)
		}
		w.tried(t)
		badge := func() string {
			return strings.TrimSpace(w.do(t, w.agent, "/tension", nil, http.StatusOK).Find("#pair-list .s-badge").Text())
		}
		if got := badge(); got != "Alarm" {
			t.Fatalf("%q", got)
		}
		check(t, w.Roles.GrantToPerson(w.System(), w.agent, "administrator", 0))
		check(t, w.Roles.RevokeFromPerson(w.System(), w.admin, "administrator", 0))
		w.Actors.ForgetAll()
		w.tried(t)
		if got := badge(); got != "Quiet" {
			t.Errorf("of an owner who may not read figures any more: %q", got)
		}
		if n := len(w.told(t)); n != 0 {
			t.Errorf("who may not read pairs reads %d notices of them", n)
		}
		w.do(t, w.admin, path(p.ID), nil, http.StatusForbidden)
	})
}

func TestPairsOnPages(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.do(t, w.vendor, "/tension", nil, http.StatusForbidden)
		if page := w.do(t, w.agent, "/tension", nil, http.StatusOK); page.Find("#proposals form").Length() != 0 || page.Find("#proposals li").Length() == 0 {
			t.Error("an agent is offered to watch a pair, or is not shown which are known")
		}
		if n := w.do(t, w.admin, "/tension", nil, http.StatusOK).Find("#proposals form").Length(); n != len(tension.Proposals()) {
			t.Errorf("%d proposals", n)
		}
		w.do(t, w.agent, "/tension/new", nil, http.StatusForbidden)
		w.do(t, w.agent, "/tension", url.Values{"process": {"time_to_resolve"}, "partners": {"reassignments"}, "periods": {"3"}}, http.StatusForbidden)
		wrong := w.do(t, w.admin, "/tension", url.Values{"process": {"time_to_resolve"}, "partners": {"time_to_resolve"}, "filter": {"state:sleepy"}, "periods": {"4"}}, http.StatusUnprocessableEntity)
		if wrong.Find(".s-field-wrong").Length() != 2 || wrong.Find("input[name=filter]").AttrOr("value", "") != "state:sleepy" || wrong.Find("input[name=periods]").AttrOr("value", "") != "4" {
			t.Errorf("%s", wrong.Find("form").Text())
		}
		w.do(t, w.admin, "/tension", url.Values{"process": {"time_to_resolve"}, "partners": {"reassignments", "reopen_rate"}, "periods": {"3"}}, http.StatusSeeOther)
		pairs, err := w.pairs.Pairs(w.As(w.agent))
		if err != nil || len(pairs) != 1 {
			t.Fatal(pairs, err)
		}
		edit := path(pairs[0].ID) + "/edit"
		form := url.Values{"process": {"time_to_resolve"}, "partners": {"reassignments", "reopen_rate"}, "periods": {"2"}, "version": {"1"}, "goal.time_to_resolve": {"4"}, "goal.reassignments": {"1.5"}}
		if wrong := w.do(t, w.admin, path(pairs[0].ID), form, http.StatusUnprocessableEntity); !strings.Contains(wrong.Find(".s-field-wrong").Text(), "for the whole pair") {
			t.Errorf("two goals of three: %s", wrong.Find("form").Text())
		}
		form.Set("goal.reopen_rate", "7")
		w.do(t, w.admin, path(pairs[0].ID), form, http.StatusSeeOther)
		w.do(t, w.admin, path(pairs[0].ID), form, http.StatusConflict)
		saved, err := w.pairs.Pair(w.As(w.agent), pairs[0].ID)
		check(t, err)
		if *saved.Goal != 4*3600 || *saved.Partners[0].Goal != 1.5 || *saved.Partners[1].Goal != 0.07 {
			t.Errorf("goals in hours and percent became %v %+v", *saved.Goal, saved.Partners)
		}
		again := w.do(t, w.admin, edit, nil, http.StatusOK)
		for name, want := range map[string]string{"goal.time_to_resolve": "4", "goal.reassignments": "1.5", "goal.reopen_rate": "7"} {
			if got := again.Find(`input[name="`+name+`"]`).AttrOr("value", ""); got != want {
				t.Errorf("%s is shown as %q", name, got)
			}
		}
		w.do(t, w.agent, path(pairs[0].ID), nil, http.StatusOK)
		one := w.counter.N() // three figures of 26 weeks
		for range 5 {
			_, err := w.pairs.Add(w.As(w.admin), hasty())
			check(t, err)
		}
		w.do(t, w.agent, "/tension", nil, http.StatusOK)
		if n := w.counter.N(); n > 6 {
			t.Errorf("the list of six pairs takes %d queries", n)
		}
		if one > 24 {
			t.Errorf("a pair takes %d queries", one)
		}
		w.do(t, w.agent, path(pairs[0].ID)+"/delete", url.Values{}, http.StatusForbidden)
		w.do(t, w.admin, path(pairs[0].ID)+"/delete", url.Values{}, http.StatusSeeOther)
		w.do(t, w.admin, path(pairs[0].ID), nil, http.StatusNotFound)
	})
}
