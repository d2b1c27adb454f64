package filter_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func TestAColumnHoldsEveryWordThatWasTyped(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		for typed, want := range map[string]bool{
			"": true, " \x00 ": true, "100%": true, "PASSWÖRT reset": true, "a_b": true, `c:\d`: true,
			"1_0": false, "a%b": false, "reset nobody": false, `\`: true, "\xff": true,
		} {
			var args database.Args
			text := args.Arg(filter.Fold(`Reset a Passwört: 100% a_b c:\d`))
			query := "SELECT count(*) FROM (SELECT CAST(" + text + " AS TEXT) AS words) x WHERE " + filter.HoldsWords("x.words", typed, &args)
			n, err := database.One(t.Context(), db.Reader(), database.Scalar[int], query, args.Values()...)
			if err != nil || (n == 1) != want {
				t.Errorf("%q: %d, %v", typed, n, err)
			}
		}
	})
}
