package markdown_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/markdown"
)

func TestBlocksSayWhatThePageSays(t *testing.T) {
	t.Parallel()
	source := "# Heading\n\nOne **bold** `code`\nnext [link](https://x.example)\n\n> quoted\n\n- a\n- b\n  1. c\n\n```\nx = 1\ny\n```\n\n| h | i |\n|---|---|\n| 1 | 2 |\n\n<b>no html</b>\n\n---\n"
	want := []markdown.Block{
		{Heading: true, Spans: []markdown.Span{{Text: "Heading"}}},
		{Spans: []markdown.Span{{Text: "One "}, {Text: "bold", Bold: true}, {Text: " "}, {Text: "code", Code: true}, {Text: "\n"}, {Text: "next "}, {Text: "link", URL: "https://x.example"}}},
		{Quote: 1, Spans: []markdown.Span{{Text: "quoted"}}},
		{Indent: 1, Mark: "•", Spans: []markdown.Span{{Text: "a"}}},
		{Indent: 1, Mark: "•", Spans: []markdown.Span{{Text: "b"}}},
		{Indent: 2, Mark: "1.", Spans: []markdown.Span{{Text: "c"}}},
		{Code: true, Spans: []markdown.Span{{Text: "x = 1\ny", Code: true}}},
		{Row: true, Spans: []markdown.Span{{Text: "h", Bold: true}, {Text: "  |  "}, {Text: "i", Bold: true}}},
		{Row: true, Spans: []markdown.Span{{Text: "1"}, {Text: "  |  "}, {Text: "2"}}},
		{Spans: []markdown.Span{{Text: "<b>"}, {Text: "no html"}, {Text: "</b>"}}},
		{Rule: true},
	}
	if diff := cmp.Diff(want, markdown.Blocks(source)); diff != "" {
		t.Error(diff)
	}
	long := strings.Repeat("*", markdown.MaxSource+1)
	if got := markdown.Blocks(long); len(got) != 1 || got[0].Spans[0].Text != long {
		t.Error("a text that is too long stays as it is")
	}
	if got := markdown.Blocks(strings.Repeat("> ", 5000) + "deep"); len(got) != 1 {
		t.Errorf("%d blocks of a text that is too deep", len(got))
	}
}

func TestBlocksShowEscapesAsTheyRead(t *testing.T) {
	t.Parallel()
	blocks := markdown.Blocks("A \\*starred\\* \\[x\\] &amp; `\\*code\\*`")
	var got strings.Builder
	for _, s := range blocks[0].Spans {
		got.WriteString(s.Text)
	}
	if got.String() != `A *starred* [x] & \*code\*` {
		t.Errorf("got %q", got.String())
	}
}

func TestWordsAreATextWithoutItsMarks(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"We **know** it, see [here](https://example.org).\n\n- one\n- *two*": "We know it, see here. • one • two",
		"# Head\n\n> quoted\n\n`code`":                                       "Head quoted code",
		"2 * 3 * 4":                                                          "2 * 3 * 4",
		" \n":                                                                "",
	} {
		if got := markdown.Words(source); got != want {
			t.Errorf("%q gives %q, want %q", source, got, want)
		}
	}
}
