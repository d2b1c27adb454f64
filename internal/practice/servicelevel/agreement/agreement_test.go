package agreement

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func builtin(t *testing.T) []*workflow.Definition {
	t.Helper()
	defs, err := workflow.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return defs
}

// plain are terms that nothing is wrong with.
func plain() clock.Terms {
	return clock.Terms{Calendar: 2, Targets: []clock.Target{
		{Measure: clock.Response, Within: time.Hour},
		{Measure: clock.Resolution, Priority: 1, Within: 4 * time.Hour},
		{Measure: clock.Resolution, Days: 2, Until: 17 * 60},
	}}
}

func TestWhatIsWrongWithTermsIsSaidBesideTheField(t *testing.T) {
	t.Parallel()
	k := known{kinds: builtin(t), services: map[int64]bool{7: true}, calendars: map[int64]bool{1: true, 2: true}}
	target := func(x clock.Target) func(*clock.Terms) {
		return func(t *clock.Terms) { t.Targets[0] = x }
	}
	for name, c := range map[string]struct {
		change func(*clock.Terms)
		fields string
	}{
		"nothing is wrong":                       {func(*clock.Terms) {}, ""},
		"no target":                              {func(t *clock.Terms) { t.Targets = nil }, "targets"},
		"too many targets":                       {func(t *clock.Terms) { t.Targets = slices.Repeat(t.Targets, 40) }, "targets"},
		"no calendar":                            {func(t *clock.Terms) { t.Calendar = 0 }, "calendar"},
		"a calendar that is gone":                {func(t *clock.Terms) { t.Calendar = 9 }, "calendar"},
		"a kind nobody knows":                    {func(t *clock.Terms) { t.Kinds = []string{"wish"} }, "kinds"},
		"a kind":                                 {func(t *clock.Terms) { t.Kinds = []string{"incident"} }, ""},
		"a service nobody knows":                 {func(t *clock.Terms) { t.Services = []int64{7, 8} }, "services"},
		"reopening":                              {func(t *clock.Terms) { t.Reopen = "never" }, "reopen"},
		"restarting":                             {func(t *clock.Terms) { t.Reopen = clock.Restart }, ""},
		"warnings":                               {func(t *clock.Terms) { t.Warn = []int{50, 75, 100, 200} }, ""},
		"warnings that fall":                     {func(t *clock.Terms) { t.Warn = []int{75, 50} }, "warn"},
		"a warning twice":                        {func(t *clock.Terms) { t.Warn = []int{75, 75} }, "warn"},
		"a warning beyond all":                   {func(t *clock.Terms) { t.Warn = []int{201} }, "warn"},
		"a warning before it begins":             {func(t *clock.Terms) { t.Warn = []int{0} }, "warn"},
		"a reason of the kinds":                  {func(t *clock.Terms) { t.OwnPauses, t.Pauses = true, []string{"caller"} }, ""},
		"a reason nobody waits for":              {func(t *clock.Terms) { t.OwnPauses, t.Pauses = true, []string{"godot"} }, "pauses"},
		"a measure nobody knows":                 {target(clock.Target{Measure: "joy", Within: 1}), "targets.0.measure"},
		"no time":                                {target(clock.Target{Measure: clock.Response}), "targets.0.within"},
		"less than no time":                      {target(clock.Target{Measure: clock.Response, Within: -1}), "targets.0.within"},
		"hours and days":                         {target(clock.Target{Measure: clock.Response, Within: 1, Days: 1, Until: 600}), "targets.0.within"},
		"years":                                  {target(clock.Target{Measure: clock.Response, Within: 20_000 * time.Hour}), "targets.0.within"},
		"days without a time of day":             {target(clock.Target{Measure: clock.Response, Days: 1}), "targets.0.until"},
		"days until a time there is not":         {target(clock.Target{Measure: clock.Response, Days: 1, Until: 1441}), "targets.0.until"},
		"the same day until five":                {target(clock.Target{Measure: clock.Response, Until: 17 * 60}), ""},
		"a priority there is not":                {target(clock.Target{Measure: clock.Response, Within: 1, Priority: 9}), "targets.0.priority"},
		"less than the highest priority":         {target(clock.Target{Measure: clock.Response, Within: 1, Priority: -1}), "targets.0.priority"},
		"a promise twice":                        {func(t *clock.Terms) { t.Targets[2].Priority = 1 }, "targets.2.priority"},
		"a target's calendar that is gone":       {target(clock.Target{Measure: clock.Response, Within: 1, Calendar: 9}), "targets.0.calendar"},
		"a step":                                 {target(clock.Target{Measure: clock.Step, State: "in_progress", Within: 1}), ""},
		"a step without a state":                 {target(clock.Target{Measure: clock.Step, Within: 1}), "targets.0.state"},
		"a step nobody knows":                    {target(clock.Target{Measure: clock.Step, State: "limbo", Within: 1}), "targets.0.state"},
		"a step in which nothing is owed":        {target(clock.Target{Measure: clock.Step, State: "closed", Within: 1}), "targets.0.state"},
		"a state of something else":              {target(clock.Target{Measure: clock.Response, State: "new", Within: 1}), "targets.0.state"},
		"all that is wrong is said at one time ": {func(t *clock.Terms) { t.Calendar, t.Targets[0].Within, t.Reopen = 0, 0, "x" }, "calendar reopen targets.0.within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terms := plain()
			c.change(&terms)
			var wrong apperr.Problems
			checkTerms(&wrong, &terms, &k)
			var fields []string
			for _, f := range apperr.FieldsOf(wrong.Err()) {
				if !slices.Contains(fields, f.Name) && !(c.fields == "targets" && strings.HasPrefix(f.Name, "targets.")) {
					fields = append(fields, f.Name)
				}
			}
			if got := strings.Join(fields, " "); got != c.fields {
				t.Errorf("wrong are %q, want %q", got, c.fields)
			}
		})
	}
}

func TestTermsHaveOneForm(t *testing.T) {
	t.Parallel()
	got := Tidy(clock.Terms{
		Kinds: []string{"request", "incident", "request"}, Services: []int64{}, Calendar: 2, Reopen: clock.Continue, Pauses: []string{"caller"},
		Targets: []clock.Target{{Measure: clock.Response, Within: time.Hour, Until: 5, Calendar: 2}},
	})
	switch {
	case !slices.Equal(got.Kinds, []string{"incident", "request"}), got.Services != nil, got.Reopen != "", got.Pauses != nil:
		t.Errorf("%+v", got)
	case got.Targets[0] != clock.Target{Measure: clock.Response, Within: time.Hour}:
		t.Errorf("%+v", got.Targets[0])
	}
}
