package database_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func TestAmongIsTrueForTheRowsOfASubqueryAndNeverNull(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		err := db.Write(ctx, func(tx *database.Tx) error {
			for _, n := range []note{{ID: 1, Title: "a"}, {ID: 2, Title: "b"}, {ID: 3, Title: "c"}} {
				if err := insert(ctx, tx, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for where, want := range map[string][]int64{
			db.Among("n.id", "SELECT m.id FROM notes m WHERE m.title > $1"):                      {2, 3},
			"NOT (" + db.Among("n.id", "SELECT m.id FROM notes m WHERE m.title > $1") + ")":      {1},
			"NOT (" + db.Among("n.id", "SELECT m.id FROM notes m WHERE m.title > $1||'z'") + ")": {1},
			db.Among("n.id", "SELECT m.id FROM notes m WHERE m.title = $1||'z'"):                 nil,
			"NOT (" + db.Among("n.id", "SELECT m.id FROM notes m WHERE m.title = $1||'z'") + ")": {1, 2, 3},
		} {
			got, err := database.All(ctx, db.Reader(), database.Scalar[int64], "SELECT n.id FROM notes n WHERE "+where+" ORDER BY n.id LIMIT 9", "a")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", where, diff)
			}
		}
	}, notes)
}
