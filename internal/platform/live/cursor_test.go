package live

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// drawCursor makes a cursor over transactions 1 to 60.
func drawCursor(t *rapid.T, name string) Cursor {
	next := rapid.Int64Range(1, 60).Draw(t, name+" next")
	var open []int64
	for txn := int64(1); txn < next; txn++ {
		if rapid.IntRange(0, 5).Draw(t, name+" open") == 0 {
			open = append(open, txn)
		}
	}
	return Cursor{generation: 7, next: next, open: open}
}

func TestCursorTextIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawCursor(t, "c")
		want.generation = rapid.Int64Range(0, 1<<53).Draw(t, "generation")
		shift := rapid.Int64Range(0, 1<<50).Draw(t, "shift")
		want.next += shift
		for i := range want.open {
			want.open[i] += shift
		}
		got, err := ParseCursor(want.String())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Cursor{})); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestMergedCursorSawWhatEitherSaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawCursor(t, "a"), drawCursor(t, "b")
		m := merge(a, b)
		covers := true
		for txn := int64(1); txn < 70; txn++ {
			if want := a.saw(txn) || b.saw(txn); m.saw(txn) != want {
				t.Fatalf("merge of %s and %s saw %d: %t", a, b, txn, !want)
			}
			covers = covers && (a.saw(txn) || !b.saw(txn))
		}
		// covers may only err to the safe side.
		if a.covers(b) && !covers {
			t.Fatalf("%s does not cover %s", a, b)
		}
		if !m.covers(a) || !m.covers(b) {
			t.Fatalf("%s does not cover its parts %s and %s", m, a, b)
		}
		for txn := int64(1); txn < m.lowestUnseen(); txn++ {
			if !m.saw(txn) {
				t.Fatalf("%s: %d is unseen", m, txn)
			}
		}
	})
}

func TestReadingContinuesUnlessSomethingUnseenMayBePruned(t *testing.T) {
	t.Parallel()
	head := Cursor{generation: 1, next: 100, open: []int64{40}}
	for _, c := range []struct {
		name    string
		cursor  Cursor
		horizon int64
		want    bool
	}{
		{"nothing pruned", Cursor{1, 30, nil}, 0, true},
		{"pruned what was seen", Cursor{1, 60, nil}, 59, true},
		{"pruned what was not begun", Cursor{1, 60, nil}, 60, false},
		{"pruned what was open", Cursor{1, 60, []int64{50}}, 55, false},
		{"open then and now", Cursor{1, 60, []int64{40}}, 55, true},
		{"another generation", Cursor{2, 60, nil}, 0, false},
		{"the future", Cursor{1, 101, nil}, 0, false},
	} {
		if got := c.cursor.continues(reading{head: head, horizon: c.horizon}); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestZeroCursorIsEmptyText(t *testing.T) {
	t.Parallel()
	if s := (Cursor{}).String(); s != "" {
		t.Errorf("got %q", s)
	}
	if c, err := ParseCursor(""); err != nil || !c.IsZero() {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestSnapshotTextIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Cursor{
		"10:10:":        {3, 10, nil},
		"10:20:10,14,9": {3, 20, []int64{9, 10, 14}},
	} {
		got, err := parseSnapshot(3, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Cursor{})); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{"", "1:2", "1:x:", "1:2:y", "1:2:3:4"} {
		if _, err := parseSnapshot(0, text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func FuzzCursorFromOutside(f *testing.F) {
	for _, s := range []string{"", "0.1", "3.a.1.2", "7.zz.5.4.1", "..", "-1.5", "1.5.9", "1.0", "1.5.1.3", "zzzzzzzzzzzzzzzzzzzz.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCursor(s)
		if err != nil {
			if !apperr.Is(err, apperr.Invalid) {
				t.Fatalf("%v", err)
			}
			return
		}
		if !slices.IsSorted(c.open) || len(c.open) > 0 && (c.open[0] <= 0 || c.open[len(c.open)-1] >= c.next) {
			t.Fatalf("%q gave %+v", s, c)
		}
		again, err := ParseCursor(c.String())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, again, cmp.AllowUnexported(Cursor{})); diff != "" {
			t.Fatal(diff)
		}
	})
}
