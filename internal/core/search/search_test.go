package search_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func TestTextsAreCutIntoFoldedWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"Zoë's PRINTER, 3rd floor": {"zoe", "s", "printer", "3rd", "floor"},
		"INC-1042/a@b.c":           {"inc", "1042", "a", "b", "c"},
		"打印机 printer":              {"打", "印", "机", "printer"},
		"":                         nil,
		"!!! — ???":                nil,
		"שלום עולם":                {"שלום", "עולם"},
	} {
		if diff := cmp.Diff(want, search.Words(in, 100)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
	if n := len(search.Words(strings.Repeat("a b ", 1000), 10)); n != 10 {
		t.Errorf("%d words of at most 10", n)
	}
}

// index puts texts into an index as tickets 1, 2, 3, …
func index(t *testing.T, db *database.DB, texts ...string) *search.Index {
	t.Helper()
	x := search.New(db)
	err := db.Write(t.Context(), func(tx *database.Tx) error {
		for i, text := range texts {
			if err := x.Index(t.Context(), tx, int64(i+1), 0, false, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestBothEnginesFindTheSame(t *testing.T) {
	t.Parallel()
	texts := []string{
		"Printer on floor 3 jams", "The printing service is slow", "Zoë cannot sign in", "paper jam in the printer",
		"打印机坏了", "1e5 2-3 a' b\" c:d & | ! <-> *", "the THE the",
	}
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		x := index(t, db, texts...)
		for _, c := range []struct {
			word filter.Word
			want []int64
		}{
			{filter.Word{Text: "printer"}, []int64{4, 1}},
			{filter.Word{Text: "prin"}, []int64{4, 2, 1}},
			{filter.Word{Text: "zoe"}, []int64{3}},
			{filter.Word{Text: "ZOË"}, []int64{3}},
			{filter.Word{Text: "paper jam", Phrase: true}, []int64{4}},
			{filter.Word{Text: "jam paper", Phrase: true}, nil},
			{filter.Word{Text: "印机", Phrase: true}, []int64{5}},
			{filter.Word{Text: "1e5"}, []int64{6}},
			{filter.Word{Text: "a"}, []int64{6}}, // short words are not prefixes
			{filter.Word{Text: "'; DROP TABLE x --"}, nil},
			{filter.Word{Text: "***"}, nil},
		} {
			got, err := x.Candidates(t.Context(), db.Reader(), []filter.Word{c.word}, 100)
			if err != nil {
				t.Errorf("%v: %v", c.word, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%v: %s", c.word, diff)
			}
		}
	}, search.Migrations)
}

func TestATextThatChangesOrGoesIsForgotten(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		x := index(t, db, "old words", "other words")
		again := func(text string) {
			t.Helper()
			if err := db.Write(t.Context(), func(tx *database.Tx) error { return x.Index(t.Context(), tx, 1, 0, false, text) }); err != nil {
				t.Fatal(err)
			}
		}
		find := func(word string) int {
			t.Helper()
			got, err := x.Candidates(t.Context(), db.Reader(), []filter.Word{{Text: word}}, 100)
			if err != nil {
				t.Fatal(err)
			}
			return len(got)
		}
		again("new words")
		if find("old") != 0 || find("new") != 1 || find("words") != 2 {
			t.Errorf("after a change: old %d, new %d, words %d", find("old"), find("new"), find("words"))
		}
		again("")
		if find("words") != 1 {
			t.Errorf("after it went: words %d", find("words"))
		}
		if err := db.Write(t.Context(), func(tx *database.Tx) error { return x.Clear(t.Context(), tx) }); err != nil {
			t.Fatal(err)
		}
		if find("words") != 0 {
			t.Error("something is left after clearing")
		}
	}, search.Migrations)
}

func TestHugeTextsAreTaken(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		var b strings.Builder
		for i := range 200_000 {
			b.WriteString("word")
			b.WriteByte(byte('a' + i%26))
			b.WriteByte(' ')
		}
		index(t, db, b.String(), strings.Repeat("x", 1_000_000), strings.Repeat("é\u0301", 300_000))
	}, search.Migrations)
}

func TestAnyTextCanBeIndexedAndSearched(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		x := search.New(db)
		rapid.Check(t, func(rt *rapid.T) {
			text := strings.ToValidUTF8(strings.ReplaceAll(rapid.String().Draw(rt, "text"), "\x00", ""), "")
			err := db.Write(t.Context(), func(tx *database.Tx) error { return x.Index(t.Context(), tx, 1, 0, false, text) })
			if err != nil {
				rt.Fatalf("%q: %v", text, err)
			}
			for _, w := range search.Words(text, 3) {
				got, err := x.Candidates(t.Context(), db.Reader(), []filter.Word{{Text: w, Phrase: true}}, 10)
				if err != nil || len(got) != 1 {
					rt.Fatalf("%q is not found by its word %q: %v", text, w, err)
				}
				if !search.Contains(text, filter.Word{Text: w, Phrase: true}) {
					rt.Fatalf("Contains does not find %q in %q", w, text)
				}
			}
		})
	}, search.Migrations)
}

func TestSnippetsShowTheTextAroundTheFirstHit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("filler ", 60) + "the Printer, printing" + strings.Repeat(" tail", 60)
	var hits []string
	for _, f := range search.Snippet(long, []filter.Word{{Text: "print"}}, 120) {
		if f.Hit {
			hits = append(hits, f.Text)
		}
	}
	if diff := cmp.Diff([]string{"Printer", "printing"}, hits); diff != "" {
		t.Error(diff)
	}
}

func FuzzSnippet(f *testing.F) {
	f.Add("Zoë prints 打印机", "prin", 20)
	f.Fuzz(func(t *testing.T, text, word string, size int) {
		if size < 0 || size > 1000 || !utf8.ValidString(text) {
			return
		}
		for _, piece := range search.Snippet(text, []filter.Word{{Text: word}}, size) {
			if !utf8.ValidString(piece.Text) {
				t.Errorf("%q is cut inside a letter: %q", text, piece.Text)
			}
		}
	})
}
