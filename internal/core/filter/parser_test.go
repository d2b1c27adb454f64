package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/filter"
)

func parse(t testing.TB, text string) filter.Node {
	t.Helper()
	n, err := filter.Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return n
}

func TestParseReadsTheLanguageAndFormatPrintsItCanonically(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, canonical string }{
		{"", ""},
		{"  \t\n ", ""},
		{`service:"Payroll" state:open priority:<=2 breach:<4h assignee:me`, ""},
		{`-tag:vip`, ""},
		{`(group:"Network" OR assignee:none) created:<7d printer "paper jam"`, ""},
		{`priority:1,2`, ""},
		{`created:2026-01-01..2026-02-01`, ""},
		{`field.location:"Lisbon"`, ""},
		{`NOT state:closed`, `-state:closed`},
		{`NOT NOT state:closed`, `--state:closed`},
		{`- state:closed`, `state:closed`}, // a minus on its own is punctuation
		{`VPN - cannot connect -`, `VPN cannot connect`},
		{`priority:!=1,2`, `-priority:1,2`},
		{`-priority:!=1`, `--priority:1`},
		{`priority:=1`, `priority:1`},
		{`due:<-1d`, ``},
		{`n:-5..-1`, ``},
		{`created:2026-01-01..`, `created:>=2026-01-01`},
		{`created:..2026-01-01`, `created:<=2026-01-01`},
		{`created:"2026-01-01 10:00".."2026-01-02 10:00"`, ``},
		{`created:2026-01-01T10:00:00+01:00`, ``},
		{`subject:~paper,~"paper jam"`, ``},
		{`a AND b`, `a b`},
		{`a OR b c`, `a OR (b c)`},
		{`(a OR b) OR c`, `a OR b OR c`},
		{`a (b (c))`, `a b c`},
		{`((a))`, `a`},
		{`-(a b)`, ``},
		{`-(a OR b)`, ``},
		{`NOT(a)`, `-a`},
		{`or and not`, ``}, // operators are written in capitals
		{`"OR"`, ``},
		{`10:30 3,4 <x C++ a=b`, ``},
		{`State:Open`, `state:Open`},
		{`Größe:1`, `größe:1`},
		{`“paper jam” service:„Payroll”`, `"paper jam" service:"Payroll"`},
		{`"say \"hi\" to C:\temp \\x"`, `"say \"hi\" to C:\\temp \\x"`},
		{`"it’s “so”"`, ``},
		{`printer"paper jam"lamp`, `printer "paper jam" lamp`},
		{`field:"a,b",c`, ``},
		{`field:a.`, ``},
		{`version:a...b`, ``},
		{`مرحبا 日本語 🔥`, ``},
	} {
		n, err := filter.Parse(tt.text)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.text, err)
			continue
		}
		want := tt.canonical
		if want == "" {
			want = strings.TrimSpace(tt.text)
		}
		got := filter.Format(n)
		if got != want {
			t.Errorf("Format(Parse(%q)) = %q, want %q", tt.text, got, want)
		}
		if again := parse(t, got); !filter.Equal(n, again) {
			t.Errorf("Parse(%q) differs from Parse(%q)", got, tt.text)
		}
	}
}

func TestParseBuildsTheTree(t *testing.T) {
	t.Parallel()
	got := parse(t, `(a OR -b:"x",<2) c:1..2`)
	at := func(pos, end int) filter.Span { return filter.Span{Pos: pos, End: end} }
	want := &filter.AndNode{Span: at(1, 23), Nodes: []filter.Node{
		&filter.OrNode{Span: at(1, 15), Nodes: []filter.Node{
			&filter.WordNode{Span: at(1, 2), Operand: filter.Operand{Text: "a"}},
			&filter.NotNode{Span: at(6, 15), Node: &filter.TermNode{Span: at(7, 15), Field: "b", Values: []filter.ValueNode{
				{Span: at(9, 12), Low: filter.Operand{Text: "x", Quoted: true}},
				{Span: at(13, 15), Op: filter.OpLess, Low: filter.Operand{Text: "2"}},
			}}},
		}},
		&filter.TermNode{Span: at(17, 23), Field: "c", Values: []filter.ValueNode{
			{Span: at(19, 23), Op: filter.OpRange, Low: filter.Operand{Text: "1"}, High: filter.Operand{Text: "2"}},
		}},
	}}
	if diff := cmp.Diff(filter.Node(want), got); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		pos  int
		msg  string
	}{
		{`printer "paper jam`, 8, "The quotation mark is not closed."},
		{`service:"Payroll`, 8, "The quotation mark is not closed."},
		{`(a b`, 0, "The bracket is not closed."},
		{`a )`, 2, "This bracket closes nothing."},
		{`()`, 1, "Something is missing before this bracket."},
		{`a OR`, 4, "Something is missing at the end."},
		{`OR a`, 0, "OR stands between two conditions. Put it in quotation marks to search for the word."},
		{`a AND OR b`, 6, "OR stands between two conditions. Put it in quotation marks to search for the word."},
		{`NOT`, 3, "Something is missing at the end."},
		{`--`, 2, "Something is missing at the end."},
		{`state: open`, 0, "A value is missing after state:. To search for the text itself, put it in quotation marks."},
		{`x priority:<=`, 2, "A value is missing after priority:<=."},
		{`priority:1,,2`, 0, "A value is missing after priority:1,. To search for the text itself, put it in quotation marks."},
		{`priority:1,!=2`, 11, "Write != once, before the first value: it holds for the whole list."},
		{`priority:<<1`, 10, "A value cannot begin with <. Put it in quotation marks if you mean the character itself."},
		{`created:..`, 8, "A range needs at least one end."},
		{`created:1..2..3`, 8, "A range has two ends. Put the value in quotation marks if the dots belong to it."},
		{`subject:~a..b`, 8, "A range takes no operator. Put the value in quotation marks if the dots belong to it."},
		{`service:Pay"roll"`, 11, "A space is missing here, or quotation marks around the whole value."},
		{`""`, 0, "There is nothing between the quotation marks."},
		{"a\x00b", 1, "The filter contains a character that cannot be searched for."},
		{"a\xffb", 0, "The filter contains bytes that are not text."},
		{strings.Repeat("x", filter.MaxLength+1), filter.MaxLength, "The filter is too long: it may have 4096 characters."},
		{strings.Repeat("-", filter.MaxDepth) + "x", 0, "The filter is nested too deeply: at most 32 levels."},
		{"f:1" + strings.Repeat(",2", filter.MaxTerms), 0, "The filter has too many terms: at most 200 words and values."},
		{strings.Repeat("(", 2000) + "a", 1999, "The bracket is not closed."},
		{`x (-)`, 4, "Something is missing before this bracket."}, // a minus on its own is nothing
	} {
		n, err := filter.Parse(tt.text)
		var syntax *filter.Error
		if !errors.As(err, &syntax) {
			t.Errorf("Parse(%.40q) = %v, %v; want an error", tt.text, n, err)
			continue
		}
		if syntax.Msg.String() != tt.msg || syntax.Pos != tt.pos {
			t.Errorf("Parse(%.40q) error at %d: %s\nwant at %d: %s", tt.text, syntax.Pos, syntax.Msg, tt.pos, tt.msg)
		}
	}
}

func TestFormatQuotesWhatAProgramPutIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		node filter.Node
		want string
	}{
		{filter.Term("service", "Payroll & HR"), `service:"Payroll & HR"`},
		{filter.Term("tag", "vip", "a,b", "", `"`), `tag:vip,"a,b","","\""`},
		{&filter.WordNode{Operand: filter.Operand{Text: "-x"}}, `"-x"`},
		{&filter.WordNode{Operand: filter.Operand{Text: "OR"}}, `"OR"`},
		{&filter.WordNode{Operand: filter.Operand{Text: "a b"}}, `"a b"`},
		{&filter.WordNode{Operand: filter.Operand{Text: "http://x"}}, `"http://x"`},
	} {
		if got := filter.Format(tt.node); got != tt.want {
			t.Errorf("Format = %s, want %s", got, tt.want)
		}
		parse(t, tt.want)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`service:"Payroll" state:open priority:<=2 breach:<4h assignee:me`,
		`(group:"Network" OR assignee:none) created:<7d printer "paper jam" -tag:vip`,
		`NOT state:!=closed,2..3 AND x:"a\"b\\".. OR -(a - b)`, `“x” field.y:~z --a`, `a...b:..c.`, "İ:1 ǅ:2",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := filter.Parse(text)
		if err != nil {
			var syntax *filter.Error
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > syntax.End || syntax.End > len(text) || syntax.Msg.Empty() {
				t.Fatalf("Parse(%q) error = %#v", text, err)
			}
			return
		}
		canonical := filter.Format(n)
		if len(canonical) > filter.MaxLength {
			return
		}
		again, err := filter.Parse(canonical)
		if err != nil {
			t.Fatalf("Parse(%q), canonical of %q: %v", canonical, text, err)
		}
		if !filter.Equal(n, again) {
			t.Fatalf("Parse(%q) and its canonical text %q differ", text, canonical)
		}
		if twice := filter.Format(again); twice != canonical {
			t.Fatalf("Format prints %q, then %q", canonical, twice)
		}
	})
}
