package phrase

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// MaxFallback is how long what stands in for a missing value may be, in characters.
const MaxFallback = 200

// maxVariables is how many a text may hold: far more than anybody writes, few
// enough that filling one is nothing.
const maxVariables = 500

// Public is a text that requesters and suppliers may read.
type Public struct{ body body[Facts] }

// Internal is a text for those who read internal notes.
type Internal struct{ body body[InternalFacts] }

// ParsePublic reads a text for requesters. Invalid, on the field body, for a
// variable that does not exist or is internal, and for braces that do not close.
func ParsePublic(text string) (Public, error) {
	b, err := parse(text, publicVariables())
	return Public{b}, err
}

// ParseInternal reads a text for our own people; every variable may stand in it.
func ParseInternal(text string) (Internal, error) {
	b, err := parse(text, internalVariables())
	return Internal{b}, err
}

// Fill puts the values in. Variables without a value and without a fallback stay
// as they were written, and are named in missing, each once.
func (t Public) Fill(f Facts) (text string, missing []string) { return t.body.fill(f) }

// Fill is Public.Fill for an internal text.
func (t Internal) Fill(f InternalFacts) (text string, missing []string) { return t.body.fill(f) }

// Unfilled names the variables that still stand in a text, each once: it should
// not be sent like this. Braces that are no variable of ours are just text.
func Unfilled(text string) []string {
	known := internalVariables()
	var out []string
	for rest := text; ; {
		at := opening(rest)
		if at < 0 {
			return out
		}
		rest = rest[at+2:]
		end := strings.Index(rest, "}}")
		if end < 0 {
			return out
		}
		name, _, _ := strings.Cut(rest[:end], "|")
		name = strings.TrimSpace(name)
		if find(known, name) != nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
}

// body is a text in parts: words, and variables between them.
type body[F any] []part[F]

type part[F any] struct {
	words       string
	variable    *variable[F] // nil for words
	fallback    string
	hasFallback bool
}

// opening finds the next braces that open a variable; -1 when there are none.
func opening(text string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], "{{")
		if i < 0 {
			return -1
		}
		if i += from; i == 0 || text[i-1] != '\\' {
			return i
		}
		from = i + 2
	}
}

func parse[F any](text string, known []variable[F]) (body[F], error) {
	var out body[F]
	var p apperr.Problems
	rest, variables := text, 0
	for {
		at := opening(rest)
		if at < 0 {
			return append(out, part[F]{words: plain(rest)}), p.Err()
		}
		out = append(out, part[F]{words: plain(rest[:at])})
		rest = rest[at+2:]
		end := strings.Index(rest, "}}")
		if end < 0 || strings.ContainsAny(rest[:end], "{\n") {
			p.Add("body", "“%s” opens a variable that nothing closes. Write {{requester.name}}, or \\{{ for plain braces.", cut("{{"+rest))
			return out, p.Err()
		}
		if variables++; variables > maxVariables {
			p.Add("body", "A text has at most %d variables.", maxVariables)
			return out, p.Err()
		}
		inside := rest[:end]
		rest = rest[end+2:]
		v, wrong := read(inside, known)
		if wrong != "" {
			p.Add("body", "%s", wrong)
			continue
		}
		out = append(out, v)
	}
}

// read gives the variable that stands between braces, or what is wrong with it.
func read[F any](inside string, known []variable[F]) (part[F], string) {
	name, fallback, has := strings.Cut(inside, "|")
	name, fallback = strings.TrimSpace(name), strings.TrimSpace(fallback)
	v := find(known, name)
	switch {
	case v != nil && utf8.RuneCountInString(fallback) > MaxFallback:
		return part[F]{}, "What stands in for {{" + name + "}} is too long."
	case v != nil:
		return part[F]{variable: v, fallback: fallback, hasFallback: has}, ""
	case find(onlyInternal(), name) != nil:
		return part[F]{}, "{{" + name + "}} is for internal notes: it cannot stand in what a requester reads."
	}
	return part[F]{}, "There is no variable “" + cut(name) + "”."
}

func find[F any](known []variable[F], name string) *variable[F] {
	i := slices.IndexFunc(known, func(v variable[F]) bool { return v.name == name })
	if i < 0 {
		return nil
	}
	return &known[i]
}

// plain takes the backslashes of braces that were kept out of it.
func plain(words string) string { return strings.ReplaceAll(words, `\{{`, "{{") }

// cut keeps a message short.
func cut(s string) string {
	const most = 30
	s, _, _ = strings.Cut(s, "\n")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

func (b body[F]) fill(f F) (text string, missing []string) {
	var out strings.Builder
	for _, p := range b {
		if p.variable == nil {
			out.WriteString(p.words)
			continue
		}
		value := Escape(p.variable.value(f))
		switch {
		case value != "":
			out.WriteString(value)
		case p.hasFallback:
			out.WriteString(p.fallback)
		default:
			out.WriteString("{{" + p.variable.name + "}}")
			if !slices.Contains(missing, p.variable.name) {
				missing = append(missing, p.variable.name)
			}
		}
	}
	return out.String(), missing
}

// Escape makes one line of plain Markdown of a value, in which nothing is markup.
func Escape(value string) string {
	value = strings.Join(strings.Fields(value), " ")
	var out strings.Builder
	var before rune
	for i, r := range value {
		switch {
		case strings.ContainsRune("\\`*_[]<>~#|&{}", r), before == ']' && r == '(', i == 0 && beginsBlock(value):
			out.WriteByte('\\')
		}
		out.WriteRune(r)
		before = r
	}
	return out.String()
}

// beginsBlock reports whether a line would be an item of a list or a rule.
func beginsBlock(line string) bool {
	return strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "+ ") || strings.HasPrefix(line, "--") || strings.HasPrefix(line, "=")
}
