package queue

import (
	"encoding/csv"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
)

func TestCellsThatWouldBeFormulasBecomeText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                  "",
		"Printer":           "Printer",
		"=1+1":              "'=1+1",
		"+49 30 1234":       "'+49 30 1234",
		"-2+3":              "'-2+3",
		"-17.5":             "-17.5",
		"+17":               "+17",
		" -17":              "' -17",
		"@now":              "'@now",
		"|cmd":              "'|cmd",
		"＝1+1":              "'＝1+1",
		"  =1+1":            "'  =1+1",
		"\t=1+1":            "'\t=1+1",
		"\u200b=1+1":        "'\u200b=1+1",
		"\r=1+1":            "'=1+1",
		"a\r\nb":            "a\nb",
		"\nx":               "'\nx",
		"2 < 3, \"quoted\"": "2 < 3, \"quoted\"",
	} {
		if got := web.CSVCell(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestNoCellIsEverAFormula(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.StringOf(rapid.RuneFrom([]rune("=+-@|%\t\r\n \"',;a1.＝\u200b"))).Draw(t, "text")
		var b strings.Builder
		w := csv.NewWriter(&b)
		if err := w.Write([]string{web.CSVCell(in), "end"}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		records, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(records) > 1 {
			t.Fatalf("%q is read back as %q, %v", in, records, err)
		}
		if in == "" || len(records) == 0 {
			return
		}
		cell := strings.TrimLeft(records[0][0], " \t\n\u200b")
		if cell != "" && strings.ContainsAny(cell[:1], "=@|%") {
			t.Errorf("%q is written as %q", in, records[0][0])
		}
	})
}

func TestPlaceIsItsAddress(t *testing.T) {
	t.Parallel()
	text := rapid.StringOf(rapid.RuneFrom([]rune(`ab:"&=%+#? é,<`)))
	rapid.Check(t, func(t *rapid.T) {
		p := place{View: text.Draw(t, "view"), Good: text.Draw(t, "good"), Sort: text.Draw(t, "sort"), Columns: text.Draw(t, "columns"), After: text.Draw(t, "after")}
		if rapid.Bool().Draw(t, "filtered") {
			f := text.Draw(t, "filter")
			p.Filter = &f
		}
		values := func(p place) url.Values {
			u, err := url.Parse(p.url("/queue"))
			if err != nil {
				t.Fatal(err)
			}
			return u.Query()
		}
		read := placeOf(values(p))
		if diff := cmp.Diff(read, placeOf(values(read))); diff != "" {
			t.Error(diff)
		}
		if (read.Filter == nil) != (p.Filter == nil) {
			t.Error("an empty filter and none are not the same")
		}
	})
}

func TestExcerptShowsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		at       filter.Span
		want     excerpt
		describe string
	}{
		{"state:opn x", filter.Span{Pos: 6, End: 9}, excerpt{"state:", "opn", " x", 7, 9}, "a word"},
		{"ä:ö", filter.Span{Pos: 3, End: 5}, excerpt{"ä:", "ö", "", 3, 3}, "letters of two bytes"},
		{"((", filter.Span{Pos: 2, End: 2}, excerpt{"((", "", "", 3, 3}, "the end"},
		{"a", filter.Span{Pos: 7, End: 3}, excerpt{"a", "", "", 2, 2}, "outside of the text"},
	} {
		if diff := cmp.Diff(c.want, excerptOf(c.text, c.at)); diff != "" {
			t.Errorf("%s: %s", c.describe, diff)
		}
	}
}

func TestCaretIsCountedAsBrowsersDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("aä😀 \":"))).Draw(t, "text")
		at := byteOffset(s, rapid.IntRange(-1, 40).Draw(t, "caret"))
		if at < 0 || at > len(s) || !utf8.ValidString(s[:at]) {
			t.Fatalf("%q is cut at %d", s, at)
		}
		if start := wordStart(s, at); start < 0 || start > at || !utf8.ValidString(s[start:at]) {
			t.Fatalf("the word before %d in %q starts at %d", at, s, start)
		}
	})
}

func TestTallyStopsWhereNobodyReadsOn(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "999+"} {
		if got := (tally{n: n}).String(); got != want {
			t.Errorf("%d is shown as %s, want %s", n, got, want)
		}
	}
}

func TestChosenColumnsKeepTheirOrderAndTheTitle(t *testing.T) {
	t.Parallel()
	all := []view.Column{{Key: "number"}, {Key: "title"}, {Key: "state"}, {Key: "field.room"}}
	for keys, want := range map[string]string{
		"":                      "number,title,state",
		"field.room,number":     "number,title,field.room",
		"gone":                  "title",
		"title, state, state":   "title,state",
		"number,title,state,,,": "number,title,state",
	} {
		if got := joinColumns(chosen(all, splitColumns(keys))); got != want {
			t.Errorf("%q gives %q, want %q", keys, got, want)
		}
	}
}

func TestRuleOnWhoEditsAView(t *testing.T) {
	t.Parallel()
	const me, group = 7, 11
	actor := func(verbs ...access.Verb) access.Actor {
		var grants []access.Grant
		for _, v := range verbs {
			grants = append(grants, access.Grant{Permission: access.Permission{Verb: v, Kind: access.AnyKind, Scope: access.ScopeAll}})
		}
		return access.NewPerson(me, "Me", 1, access.Facts{Grants: grants, Groups: []int64{group}})
	}
	for name, c := range map[string]struct {
		view       savedView
		actor      access.Actor
		sees, edit bool
	}{
		"own":                     {savedView{ID: 1, OwnerID: me, Audience: sharing.Mine}, actor(), true, true},
		"another's own":           {savedView{ID: 1, OwnerID: 8, Audience: sharing.Mine}, actor(access.ManageViews), false, false},
		"everyone's":              {savedView{ID: 1, OwnerID: 8, Audience: sharing.Everyone}, actor(), true, false},
		"everyone's, may share":   {savedView{ID: 1, OwnerID: 8, Audience: sharing.Everyone}, actor(access.ManageViews), true, true},
		"my group's, may share":   {savedView{ID: 1, OwnerID: 8, Audience: sharing.Group, GroupID: group}, actor(access.ManageViews), true, true},
		"another's, may share":    {savedView{ID: 1, OwnerID: 8, Audience: sharing.Group, GroupID: 12}, actor(access.ManageViews), false, false},
		"own, of a group I left":  {savedView{ID: 1, OwnerID: me, Audience: sharing.Group, GroupID: 12}, actor(), true, true},
		"built in":                {savedView{Key: "open", Audience: sharing.Everyone}, actor(access.ManageViews), true, false},
		"own, the program itself": {savedView{ID: 1, Audience: sharing.Mine}, access.System(), false, false},
	} {
		if got := c.view.scope().SeenBy(c.actor); got != c.sees {
			t.Errorf("%s: seen %t", name, got)
		}
		if got := c.view.editableBy(c.actor); got != c.edit {
			t.Errorf("%s: editable %t", name, got)
		}
	}
}
