package sms_test

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/platform/sms"
)

func TestHowLongAMessageIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		text string
		want sms.Size
	}{
		{"nothing", "", sms.Size{GSM: true}},
		{"a word", "Hello", sms.Size{GSM: true, Units: 5, Parts: 1}},
		{"as much as fits", strings.Repeat("a", 160), sms.Size{GSM: true, Units: 160, Parts: 1}},
		{"one more", strings.Repeat("a", 161), sms.Size{GSM: true, Units: 161, Parts: 2}},
		{"two full parts", strings.Repeat("a", 306), sms.Size{GSM: true, Units: 306, Parts: 2}},
		{"and one more", strings.Repeat("a", 307), sms.Size{GSM: true, Units: 307, Parts: 3}},
		{"German is in the alphabet", "Übergröße", sms.Size{GSM: true, Units: 9, Parts: 1}},
		{"the euro takes two", strings.Repeat("€", 80), sms.Size{GSM: true, Units: 160, Parts: 1}},
		{"an escape is not torn from its character", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 151) + "b", sms.Size{GSM: true, Units: 306, Parts: 3}},
		{"another alphabet", strings.Repeat("ж", 70), sms.Size{Units: 70, Parts: 1}},
		{"one more of it", strings.Repeat("ж", 71), sms.Size{Units: 71, Parts: 2}},
		{"beyond the first plane", strings.Repeat("🖨", 35), sms.Size{Units: 70, Parts: 1}},
		{"a pair is not torn apart", strings.Repeat("ж", 66) + "🖨" + strings.Repeat("ж", 66), sms.Size{Units: 134, Parts: 3}},
	} {
		if got := sms.Measure(test.text); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestPlainKeepsATextInTheAlphabet(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"“Drucker” – kaputt…": `"Drucker" - kaputt...`, "Škoda, Łódź, œuvre": "Skoda, Lodz, oeuvre", "Größe 5 €": "Größe 5 €", "a\u00a0b\tc": "a b c", "zero\u200bwidth": "zerowidth", "Принтер": "Принтер",
	} {
		if got := sms.Plain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestFitCutsTheMiddleFirst(t *testing.T) {
	t.Parallel()
	got := sms.Fit("INC-1042: ", strings.Repeat("The printer eats paper. ", 20), " https://desk.example.org/x", 1)
	if !strings.HasPrefix(got, "INC-1042: The printer") || !strings.HasSuffix(got, "... https://desk.example.org/x") || sms.Measure(got).Units < 150 {
		t.Errorf("%q", got)
	}
	if got := sms.Fit("INC-1042: ", "short", " https://desk.example.org/x", 1); got != "INC-1042: short https://desk.example.org/x" {
		t.Errorf("%q", got)
	}
}

// characters come from both alphabets, and from beyond the first plane.
func characters() *rapid.Generator[string] {
	return rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("abc ÄÖß€[]{}|\\^~\n@Δ")), rapid.RuneFrom([]rune("abc")), rapid.RuneFrom([]rune("жи“”🖨\u200b👩‍🔧é")), rapid.Rune()))
}

func TestWhatFitsFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		parts := rapid.IntRange(1, 4).Draw(rt, "parts")
		begin, middle, end := characters().Draw(rt, "begin"), strings.Repeat(characters().Draw(rt, "middle"), rapid.IntRange(1, 40).Draw(rt, "times")), characters().Draw(rt, "end")
		got := sms.Fit(begin, middle, end, parts)
		size := sms.Measure(got)
		if size.Parts > parts {
			rt.Fatalf("%d parts of %d: %q", size.Parts, parts, got)
		}
		if !utf8.ValidString(got) {
			rt.Fatalf("torn apart: %q", got)
		}
		if sms.Measure(begin+end).Parts <= parts && (!strings.HasPrefix(got, begin) || !strings.HasSuffix(got, end)) {
			rt.Fatalf("the beginning or the end was cut without need: %q", got)
		}
	})
}

func TestMeasureAgreesWithThePartsAPhoneWouldGet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := strings.Repeat(characters().Draw(rt, "text"), rapid.IntRange(1, 30).Draw(rt, "times"))
		size := sms.Measure(s)
		if plain := sms.Measure(sms.Plain(s)); size.GSM && plain != size {
			rt.Fatalf("plain changes what was plain: %+v, %+v", size, plain)
		}
		if !size.GSM {
			if want := len(utf16.Encode([]rune(s))); size.Units != want {
				rt.Fatalf("%d units, want %d", size.Units, want)
			}
		}
		room, part := sms.RoomGSM, sms.RoomGSMPart
		if !size.GSM {
			room, part = sms.RoomUCS2, sms.RoomUCS2Part
		}
		switch {
		case size.Units == 0 && size.Parts != 0, size.Units > 0 && size.Units <= room && size.Parts != 1:
			rt.Fatalf("%+v", size)
		case size.Units > room && (size.Parts < (size.Units+part-1)/part || size.Parts > size.Units/(part-1)+1):
			rt.Fatalf("%+v", size)
		}
	})
}
