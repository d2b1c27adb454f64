package database_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func TestTablesAreDescribedFromTheSchema(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		got, err := db.Tables(t.Context(), db.Reader())
		if err != nil {
			t.Fatal(err)
		}
		boolean, json := database.BooleanType, database.JSONType
		if db.Engine() == database.SQLite {
			boolean, json = database.IntegerType, database.TextType
		}
		want := []database.Table{
			{Name: "notes", Key: []string{"id"}, Columns: []database.Column{
				{Name: "id", Type: database.IntegerType},
				{Name: "title", Type: database.TextType},
				{Name: "parent", Type: database.IntegerType},
				{Name: "at", Type: database.IntegerType},
				{Name: "done", Type: boolean},
				{Name: "extra", Type: json},
				{Name: "weight", Type: database.RealType},
				{Name: "raw", Type: database.BlobType},
			}},
			{Name: "sequences", Key: []string{"name"}, Columns: []database.Column{
				{Name: "name", Type: database.TextType},
				{Name: "next_value", Type: database.IntegerType},
			}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		steps, err := db.Steps(t.Context(), db.Reader())
		if diff := cmp.Diff([]int64{1, 9001}, steps); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}, notes)
}

func TestSnapshotDoesNotSeeWhatIsWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		count := func(q database.Querier) int {
			n, err := database.One(ctx, q, database.Scalar[int], "SELECT count(*) FROM notes")
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		err := db.Snapshot(ctx, func(q database.Querier) error {
			err := db.Write(ctx, func(tx *database.Tx) error { return insert(ctx, tx, note{ID: 1, Title: "a"}) })
			if n := count(q); n != 0 {
				t.Errorf("the snapshot sees %d rows", n)
			}
			return err
		})
		if n := count(db.Reader()); err != nil || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
	}, notes)
}
