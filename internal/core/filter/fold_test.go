package filter_test

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/filter"
)

func TestFoldMakesWritingsOfOneWordEqual(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"payroll", "Payroll", "PAYROLL", "PayRoll"},
		{"cafe", "Café", "CAFE\u0301", "cafe\u0301"},
		{"strasse", "Straße", "STRASSE", "STRAẞE"},
		{"istanbul", "İstanbul", "ISTANBUL"},
		{"οδος", "ΟΔΌΣ", "οδός"},
		{"елка", "Ёлка"},
		{"שלום", "שָׁלוֹם"},
		{"مدرسة", "مَدْرَسَة"},
		{"日本語"},
		{"🔥 down", "🔥 DOWN"},
	} {
		for _, text := range same {
			if got, want := filter.Fold(text), filter.Fold(same[0]); got != want {
				t.Errorf("Fold(%q) = %q, want %q as for %q", text, got, want, same[0])
			}
		}
	}
}

func TestFoldKeepsLettersApartThatMarksMakeDifferent(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"か", "が"}, {"कि", "क"}, {"o", "ø"}, {"l", "1"}} {
		if filter.Fold(pair[0]) == filter.Fold(pair[1]) {
			t.Errorf("Fold makes %q and %q equal", pair[0], pair[1])
		}
	}
}

func TestFoldingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= 0x2FFFF; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		if once := filter.Fold(string(r)); filter.Fold(once) != once {
			t.Errorf("Fold(%U) = %+q, folded again %+q", r, once, filter.Fold(once))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if once := filter.Fold(text); filter.Fold(once) != once {
			t.Fatalf("Fold(%+q) = %+q, folded again %+q", text, once, filter.Fold(once))
		}
	})
}
