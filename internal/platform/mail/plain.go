package mail

import (
	"regexp"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/markdown"
)

var (
	webAddress = regexp.MustCompile("https?://[^\\s<>\"`*\\[\\]]+")
	listMark   = regexp.MustCompile(`^(\d{1,9})([.)])(\s|$)`)
)

// Markdown writes a plain text in such a way that platform/markdown shows it as it
// was typed: nothing in it becomes a heading, a list, emphasis or code.
func Markdown(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/16)
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		rest := strings.TrimLeft(line, " \t")
		for _, c := range line[:len(line)-len(rest)] {
			b.WriteString(map[bool]string{true: "\u00a0\u00a0\u00a0\u00a0", false: "\u00a0"}[c == '\t'])
		}
		rest = strings.TrimRight(rest, " \t")
		if m := listMark.FindStringSubmatch(rest); m != nil {
			b.WriteString(m[1] + `\` + m[2])
			rest = rest[len(m[1])+1:]
		}
		at := 0
		for _, m := range webAddress.FindAllStringIndex(rest, -1) {
			escape(&b, rest[at:m[0]], at == 0)
			b.WriteString(rest[m[0]:m[1]])
			at = m[1]
		}
		escape(&b, rest[at:], at == 0)
	}
	if b.Len() > markdown.MaxSource {
		return text // shown plain anyway
	}
	return b.String()
}

func escape(b *strings.Builder, s string, start bool) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\', '*', '_', '`', '[', ']', '<', '>', '#', '~', '|', '&', '!':
			b.WriteByte('\\')
		case '-', '+', '=':
			if start && i == 0 {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(s[i])
	}
}
