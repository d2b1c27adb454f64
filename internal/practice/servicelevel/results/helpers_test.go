package results_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
)

// agreementFor is an agreement with one customer, with the terms of another.
func agreementFor(a agreement.Agreement, name string, party int64) agreement.Draft {
	return agreement.Draft{Name: name, Role: clock.SLA, Party: party, From: a.Versions[0].From, Terms: a.Versions[0].Terms}
}

func versionOf(t *testing.T, w *world, id int64) int64 {
	t.Helper()
	s, err := w.results.Setting(w.System(), id)
	check(t, err)
	return s.Version
}

// rewrite changes what a version said, which the product never does, and has all
// clocks computed anew.
func (w *world) rewrite(version int64, terms clock.Terms) error {
	if err := w.DB.Write(w.System(), func(tx *database.Tx) error {
		if _, err := tx.Exec(w.System(), `UPDATE agreement_versions SET terms = $1 WHERE id = $2`, database.JSON{V: terms}, version); err != nil {
			return err
		}
		return w.promises.Changed(w.System(), tx, 0)
	}); err != nil {
		return err
	}
	// The book of agreements is kept in memory: a harmless change forgets it.
	a, err := w.agreements.Get(w.System(), w.gold)
	if err != nil {
		return err
	}
	words := "Corrected."
	_, err = w.agreements.Change(w.System(), a.ID, a.Version, agreement.Changes{Description: &words})
	return err
}
