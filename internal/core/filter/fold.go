package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold makes texts comparable: "Café" and "CAFE" fold to the same. It folds
// case, takes accents off Latin, Greek and Cyrillic letters and vowel points off
// Hebrew and Arabic ones, and leaves marks that make another letter (Japanese,
// Indic) alone. Folding twice changes nothing.
//
// Engines disagree on lower() and LIKE beyond ASCII, so every column that a text
// field compares with holds what Fold returned when the row was written.
func Fold(text string) string {
	if folded, ok := foldASCII(text); ok {
		return folded
	}
	// Folding case can set marks free (İ) and taking marks off can bare a
	// letter that has a case (ᾳ), hence marks go before and after. ToLower is
	// for Cherokee, which cases.Fold turns to the other case whichever it has.
	folded := strings.Map(dropAccent, norm.NFD.String(text))
	folded = strings.Map(unicode.ToLower, cases.Fold().String(folded))
	return norm.NFC.String(strings.Map(dropAccent, norm.NFD.String(folded)))
}

func dropAccent(r rune) rune {
	if r > unicode.MaxLatin1 && unicode.Is(accents, r) {
		return -1
	}
	return r
}

func foldASCII(text string) (folded string, ok bool) {
	upper := false
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf {
			return "", false
		}
		upper = upper || 'A' <= c && c <= 'Z'
	}
	if !upper {
		return text, true
	}
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b), true
}

// accents are the marks that a reader of their script may leave out.
var accents = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0300, Hi: 0x036F, Stride: 1}, // combining diacritical marks
		{Lo: 0x0591, Hi: 0x05BD, Stride: 1}, // Hebrew accents and points
		{Lo: 0x05BF, Hi: 0x05BF, Stride: 1},
		{Lo: 0x05C1, Hi: 0x05C2, Stride: 1},
		{Lo: 0x05C4, Hi: 0x05C5, Stride: 1},
		{Lo: 0x05C7, Hi: 0x05C7, Stride: 1},
		{Lo: 0x064B, Hi: 0x065F, Stride: 1}, // Arabic vowel signs
		{Lo: 0x0670, Hi: 0x0670, Stride: 1},
		{Lo: 0x1AB0, Hi: 0x1ABD, Stride: 1}, // combining diacritical marks extended
		{Lo: 0x1DC0, Hi: 0x1DFF, Stride: 1}, // and their supplement
		{Lo: 0xFE20, Hi: 0xFE2F, Stride: 1}, // combining half marks
	},
}
