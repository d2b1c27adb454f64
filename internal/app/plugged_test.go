package app_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// TestNoTwoPlacesShareAKey holds for the whole menu and for what can be done with
// a ticket, whoever brings them.
func TestNoTwoPlacesShareAKey(t *testing.T) {
	t.Parallel()
	s := apptest.New(t, database.SQLite)
	places, actions := map[string]string{"g b": "the bell"}, map[string]string{}
	for _, m := range s.App.Modules() {
		for _, item := range m.Menu {
			if before, taken := places[item.Key]; taken && item.Key != "" {
				t.Errorf("%s leads to %s and to %s", item.Key, before, item.Label)
			}
			places[item.Key] = item.Label
		}
		for _, a := range m.Actions {
			if before, taken := actions[a.Key]; taken && a.Key != "" {
				t.Errorf("%s does %s and %s", a.Key, before, a.Label)
			}
			actions[a.Key] = a.Label
		}
	}
}
