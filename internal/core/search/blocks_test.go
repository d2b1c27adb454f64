package search_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// Documents lie in 100 blocks of 50: every one says "common", one in 50 says
// "some", and the oldest alone says "rare".
func TestTheNewestDocumentsAreFoundAcrossBlocks(t *testing.T) {
	t.Parallel()
	const blocks, each = 100, 50
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		x := search.New(db)
		if err := db.Write(t.Context(), func(tx *database.Tx) error {
			for n := range blocks * each {
				words := "common"
				if n%each == 7 {
					words += " some"
				}
				if n == 0 {
					words += " rare"
				}
				if err := x.Index(t.Context(), tx, int64(n+1), 0, false, words); err != nil {
					return err
				}
			}
			if db.Engine() == database.SQLite {
				return nil
			}
			// Where the ids of a long time would have put them.
			_, err := tx.Exec(t.Context(), `UPDATE search_docs SET doc_id = ((ticket_id - 1) / $1 + 1) * 8192 + ticket_id`, each)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		newest := func(words ...string) []int64 {
			t.Helper()
			var asked []filter.Word
			for _, w := range words {
				asked = append(asked, filter.Word{Text: w})
			}
			found, err := x.Newest(t.Context(), db.Reader(), asked)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		common := newest("common")
		if len(common) != 1000 || common[0] != blocks*each || !slices.IsSortedFunc(common, func(a, b int64) int { return int(b - a) }) {
			t.Errorf("of what all have, %d were found, the first is %v", len(common), common[:1])
		}
		some := newest("some")
		if len(some) != blocks || some[0] != (blocks-1)*each+8 || some[blocks-1] != 8 {
			t.Errorf("of what one in fifty has, %d were found: %v", len(some), some)
		}
		for _, words := range [][]string{{"rare"}, {"rar"}, {"common", "rare"}, {"rare", "com"}} {
			if diff := cmp.Diff([]int64{1}, newest(words...)); diff != "" {
				t.Errorf("%q: %s", words, diff)
			}
		}
		if diff := cmp.Diff(some, newest("som", "common")); diff != "" {
			t.Errorf("a rare and a common word: %s", diff)
		}
		if found := newest("nothing"); len(found) > 0 {
			t.Errorf("nobody wrote this: %v", found)
		}
	}, search.Migrations)
}
