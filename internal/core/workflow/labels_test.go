package workflow_test

import (
	"context"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func TestLabelsAreReadInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		shipped, err := workflow.Builtin()
		if err != nil {
			t.Fatal(err)
		}
		own := *shipped[0]
		own.Key, own.Prefix, own.Label = "own", "OWN", "Our own"
		own.Translations = map[string]map[string]string{"de": {"Our own": "Unsere", "In progress": "Dran"}}
		kinds, err := workflow.NewRegistry(t.Context(), db, &own)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(kinds.Close)
		german := workflow.WithWords(context.Background(), workflow.Words{Language: "de", Translate: strings.ToUpper})
		for key, want := range map[string][2]string{"incident": {"INCIDENT", "IN PROGRESS"}, "own": {"Unsere", "Dran"}} {
			d, err := kinds.In(german).Get(key)
			if err != nil {
				t.Fatal(err)
			}
			state, _ := d.State("in_progress")
			if d.Label != want[0] || state.Label != want[1] || d.Matrix.Priority[0].Label != strings.ToUpper(d.Matrix.Priority[0].Label) {
				t.Errorf("%s is read as %q with the state %q", key, d.Label, state.Label)
			}
			again, _ := kinds.In(german).Get(key)
			plain, _ := kinds.In(context.Background()).Get(key)
			raw, _ := kinds.Get(key)
			if again != d || plain != raw || raw.Label == d.Label {
				t.Errorf("%s: read anew each time, or the original is changed to %q", key, raw.Label)
			}
			if d.Initial != raw.Initial || len(d.Transitions) != len(raw.Transitions) || d.Transitions[0].To != raw.Transitions[0].To {
				t.Errorf("%s has other rules in another language", key)
			}
		}
		if n := len(kinds.In(german).All()); n != len(kinds.All()) {
			t.Errorf("%d kinds", n)
		}
		if _, err := kinds.In(german).Get("nothing"); err == nil {
			t.Error("an unknown kind is known")
		}
	}, workflow.Migrations)
}
