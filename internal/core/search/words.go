package search

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/filter"
)

// Limits that keep a hostile text from filling the index: words past them are
// not found, the text itself is untouched.
const (
	maxWords    = 20_000 // per document
	maxWordSize = 64     // bytes
	minPrefix   = 3      // letters from which a word is searched as a prefix
)

// Words folds a text and cuts it into words: runs of letters and digits. In
// scripts that write without spaces each character is a word of its own.
func Words(text string, most int) []string {
	var words []string
	folded := filter.Fold(text)
	start := -1
	flush := func(end int) {
		if start >= 0 && len(words) < most {
			words = append(words, clip(folded[start:end]))
		}
		start = -1
	}
	for i, r := range folded {
		switch {
		case len(words) >= most:
			return words
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
			flush(i)
			if unicode.IsLetter(r) {
				words = append(words, string(r))
			}
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r):
			if start < 0 {
				start = i
			}
		default:
			flush(i)
		}
	}
	flush(len(folded))
	return words
}

func clip(word string) string {
	if len(word) <= maxWordSize {
		return word
	}
	end := maxWordSize
	for end > 0 && !utf8.RuneStart(word[end]) {
		end--
	}
	return word[:end]
}

// vector writes words as a tsvector literal. PostgreSQL counts positions up to
// 16383 and keeps 255 of a word.
func vector(words []string) string {
	const maxPosition, maxKept = 16383, 255
	positions := map[string][]int{}
	for i, w := range words {
		if p := positions[w]; i < maxPosition && len(p) < maxKept || len(p) == 0 {
			positions[w] = append(p, min(i+1, maxPosition))
		}
	}
	distinct := make([]string, 0, len(positions))
	for w := range positions {
		distinct = append(distinct, w)
	}
	slices.Sort(distinct)
	var b strings.Builder
	for _, w := range distinct {
		fmt.Fprintf(&b, "'%s':", w) // words hold letters and digits only: nothing to escape
		for i, p := range positions[w] {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprint(&b, p)
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// Contains reports whether a text has a word, under the same rules as the index.
func Contains(text string, w filter.Word) bool {
	wanted := Words(w.Text, 20)
	if len(wanted) == 0 {
		return true
	}
	have := Words(text, maxWords)
	last := wanted[len(wanted)-1]
	prefix := !w.Phrase && utf8.RuneCountInString(last) >= minPrefix
	for i := 0; i+len(wanted) <= len(have); i++ {
		n := len(wanted) - 1
		if !slices.Equal(have[i:i+n], wanted[:n]) {
			continue
		}
		if have[i+n] == last || prefix && strings.HasPrefix(have[i+n], last) {
			return true
		}
	}
	return false
}

// Fragment is a piece of a text; Hit ones are what was searched for.
type Fragment struct {
	Text string
	Hit  bool
}

// Snippet cuts about size characters around the first hit out of a text, with
// every hit marked. Without a hit it is the beginning of the text.
func Snippet(text string, words []filter.Word, size int) []Fragment {
	spans := hits(text, words)
	begin := 0
	if len(spans) > 0 {
		begin = max(0, spans[0][0]-size/3)
	}
	for begin > 0 && begin < len(text) && !unicode.IsSpace(rune(text[begin-1])) {
		begin--
	}
	end := min(len(text), begin+size)
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	for begin > 0 && begin < len(text) && !utf8.RuneStart(text[begin]) {
		begin--
	}
	var out []Fragment
	if begin > 0 {
		out = append(out, Fragment{Text: "…"})
	}
	at := begin
	for _, s := range spans {
		if s[0] < at || s[1] > end {
			continue
		}
		if s[0] > at {
			out = append(out, Fragment{Text: oneLine(text[at:s[0]])})
		}
		out = append(out, Fragment{Text: text[s[0]:s[1]], Hit: true})
		at = s[1]
	}
	if at < end {
		out = append(out, Fragment{Text: oneLine(text[at:end])})
	}
	if end < len(text) {
		out = append(out, Fragment{Text: "…"})
	}
	return out
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}

// hits gives the byte ranges of a text whose words begin with a searched one.
func hits(text string, words []filter.Word) [][2]int {
	var wanted []string
	exact := map[string]bool{}
	for _, w := range words {
		for _, part := range Words(w.Text, 20) {
			wanted = append(wanted, part)
			exact[part] = w.Phrase || utf8.RuneCountInString(part) < minPrefix
		}
	}
	var spans [][2]int
	start := -1
	check := func(end int) {
		if start < 0 {
			return
		}
		word := filter.Fold(text[start:end])
		for _, w := range wanted {
			if word == w || !exact[w] && strings.HasPrefix(word, w) {
				spans = append(spans, [2]int{start, end})
				break
			}
		}
		start = -1
	}
	for i, r := range text {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		single := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
		if !letter || single {
			check(i)
		}
		if letter && start < 0 {
			start = i
		}
		if single && letter {
			check(i + utf8.RuneLen(r))
		}
	}
	check(len(text))
	return spans
}
