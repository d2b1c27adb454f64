// Package sms knows how long a text message may be: 160 characters of the GSM 7-bit
// alphabet, or 70 of any other, and less of each where several are put together
// (3GPP TS 23.038, 23.040).
package sms

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The room in one message, and in each part of several: septets of the GSM alphabet,
// or units of UTF-16.
const (
	RoomGSM      = 160
	RoomGSMPart  = 153
	RoomUCS2     = 70
	RoomUCS2Part = 67
)

// The basic alphabet, and what an escape before it makes of two septets.
const (
	basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	twice = "\f^{}\\[~]|€"
)

// septets is how much room a character takes in the GSM alphabet; 0 when it is not there.
func septets(r rune) int {
	switch {
	case strings.ContainsRune(basic, r):
		return 1
	case strings.ContainsRune(twice, r):
		return 2
	}
	return 0
}

// Size is how a text is sent.
type Size struct {
	GSM   bool // in the 7-bit alphabet; otherwise as UTF-16
	Units int  // septets, or units of UTF-16
	Parts int  // messages it takes; 0 for none
}

// Measure says how a text is sent. No character is torn apart between two messages.
func Measure(s string) Size {
	out := Size{GSM: true}
	for _, r := range s {
		if septets(r) == 0 {
			out.GSM = false
			break
		}
	}
	cost, room, part := septets, RoomGSM, RoomGSMPart
	if !out.GSM {
		cost, room, part = units, RoomUCS2, RoomUCS2Part
	}
	filled := 0
	for _, r := range s {
		n := cost(r)
		out.Units += n
		if filled+n > part || out.Parts == 0 {
			out.Parts++
			filled = 0
		}
		filled += n
	}
	if out.Units <= room && out.Parts > 1 {
		out.Parts = 1
	}
	return out
}

func units(r rune) int { return max(utf16.RuneLen(r), 1) }

// Plain puts what the GSM alphabet has another form of into it: quotation marks, dashes,
// letters with accents. What it has nothing for stays, and costs the text its alphabet.
func Plain(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "?") {
		if septets(r) > 0 {
			b.WriteRune(r)
			continue
		}
		if other, known := likeness[r]; known {
			b.WriteString(other)
			continue
		}
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
			continue
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			continue
		}
		base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
		if septets(base) > 0 {
			b.WriteRune(base)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

var likeness = map[rune]string{
	'‘': "'", '’': "'", '‚': "'", '“': `"`, '”': `"`, '„': `"`, '«': `"`, '»': `"`, '‹': "'", '›': "'",
	'–': "-", '—': "-", '‑': "-", '−': "-", '…': "...", '•': "-", '→': "->", '×': "x", '·': "-", '`': "'", '´': "'", '\t': " ", '\u00a0': " ", '\u202f': " ",
	'Œ': "OE", 'œ': "oe", 'Ł': "L", 'ł': "l", 'đ': "d", 'Đ': "D", 'ẞ': "SS", 'ı': "i", 'Þ': "Th", 'þ': "th", 'ð': "d", 'Ð': "D",
}

// Fit gives a text that takes at most so many messages: the beginning, as much of the
// middle as there is room for, and the end. What was left out of the middle is marked
// by "...". Beginning and end are cut only when they alone are too long.
func Fit(begin, middle, end string, parts int) string {
	parts = max(parts, 1)
	whole := begin + middle + end
	if Measure(whole).Parts <= parts {
		return whole
	}
	const gap = "..."
	runes := []rune(middle)
	// The longest beginning of the middle that fits; more never fits where less does not.
	low, high := 0, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if Measure(begin+strings.TrimRight(string(runes[:mid]), " ")+gap+end).Parts <= parts {
			low = mid
		} else {
			high = mid - 1
		}
	}
	if low > 0 {
		return begin + strings.TrimRight(string(runes[:low]), " ") + gap + end
	}
	if short := begin + end; Measure(short).Parts <= parts {
		return short
	}
	return cut(begin+end, parts)
}

// cut gives the longest beginning that takes at most so many messages.
func cut(s string, parts int) string {
	runes := []rune(s)
	low, high := 0, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if Measure(string(runes[:mid])).Parts <= parts {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return string(runes[:low])
}
