package lookup_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

var things = fstest.MapFS{"9012_things.sql": {Data: []byte(`-- +goose Up
CREATE TABLE things (
    id   BIGINT NOT NULL PRIMARY KEY,
    name TEXT   COLLATE "C" NOT NULL
);
-- +goose Down
DROP TABLE things;
`)}}

func TestWordsAreWholePartsAndTheirPieces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"Anna-Lena O'Brien":        {"anna-lena", "anna", "lena", "o'brien", "o", "brien"},
		"(Müller)":                 {"muller"},
		"j.doe@mail.example.com":   {"j.doe@mail.example.com", "j", "doe", "mail.example.com"},
		" - \x00 ":                 nil,
		"张伟 王":                     {"张伟", "王"},
		"a\x00b":                   {"ab", "a", "b"},
		strings.Repeat("x", 70):    {strings.Repeat("x", 60)},
		strings.Repeat("same ", 9): {"same"},
	} {
		if diff := cmp.Diff(want, lookup.Words(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestEveryTypedWordMustBeginAWord(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		names := map[int64]string{1: "Anna Schmidt anna.schmidt@example.com", 2: "Ann Smith", 3: "Bernd Anders", 4: "Élodie \U0001F600zoé"}
		err := db.Write(ctx, func(tx *database.Tx) error {
			for id, name := range names {
				if _, err := tx.Exec(ctx, "INSERT INTO things (id, name) VALUES ($1, $2)", id, name); err != nil {
					return err
				}
				if err := lookup.Index(ctx, tx, lookup.Person, lookup.Entry{ID: id, Texts: []string{"before"}}); err != nil {
					return err
				}
				if err := lookup.Index(ctx, tx, lookup.Person, lookup.Entry{ID: id, Texts: []string{name}}); err != nil {
					return err
				}
			}
			return lookup.Index(ctx, tx, lookup.Group, lookup.Entry{ID: 1, Texts: []string{"Network"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		for typed, want := range map[string][]int64{
			"an":              {1, 2, 3},
			"AN Sm":           {2},
			"anna.sch":        {1},
			"example.c":       {1},
			"before":          nil,
			"network":         nil,
			"%":               {1, 2, 3, 4},
			"":                {1, 2, 3, 4},
			"elo zoe":         {4},
			"a\x00n":          {1, 2, 3},
			"a b c d e f g h": nil,
		} {
			var args database.Args
			where := lookup.Where(&args, lookup.Person, "t.id", typed)
			got, err := database.All(ctx, db.Reader(), database.Scalar[int64],
				"SELECT t.id FROM things t WHERE "+where+" ORDER BY t.id LIMIT 10", args.Values()...)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%q: %v %s", typed, err, diff)
			}
		}
	}, lookup.Migrations, things)
}

func TestPagesMeetWithoutGapOrOverlap(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		want := []int64{3, 5, 4, 1, 2}
		err := db.Write(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO things (id, name) VALUES (1, 'c'), (2, 'd'), (3, 'B'), (4, 'b'), (5, 'a')")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for cursor := ""; ; {
			place, err := lookup.ParseCursor(cursor)
			if err != nil {
				t.Fatal(err)
			}
			var args database.Args
			rows, err := database.All(ctx, db.Reader(), func(r database.Row) (c lookup.Cursor, err error) {
				err = r.Scan(&c.Name, &c.ID)
				return c, err
			}, "SELECT t.name, t.id FROM things t WHERE "+place.After(&args, "t.name", "t.id")+" ORDER BY t.name, t.id LIMIT 3", args.Values()...)
			if err != nil {
				t.Fatal(err)
			}
			page := lookup.PageOf(rows, 2, func(c lookup.Cursor) lookup.Cursor { return c })
			for _, row := range page.Items {
				got = append(got, row.ID)
			}
			if cursor = page.Next.String(); cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}, things)
}

func TestForgedCursorIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"x", "W10", "WyJhIl0", "e30"} {
		if _, err := lookup.ParseCursor(s); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("%q: %v", s, err)
		}
	}
}
