package filter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/filter"
)

func TestCompletionSuggestsWhatCouldStandAtTheCursor(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	for _, tt := range []struct {
		text  string   // the cursor is at |
		after []string // the text with each suggestion taken; "…" ends a list that goes on
		field string
	}{
		{`sta|`, []string{`state:`}, ""},
		{`STATU|`, []string{`state:`}, ""},       // an alias
		{`assigned|`, []string{`assignee:`}, ""}, // a label
		{`field.l|`, []string{`field.location:`}, ""},
		{`loc|`, []string{`field.location:`}, ""},
		{`x (-sta|`, []string{`x (-state:`}, ""},
		{`sta|xx:open`, []string{`state:open`}, ""},
		{`|`, []string{`number:`, `state:`, `priority:`, "…"}, ""},
		{`zzz|`, nil, ""},
		{`"sta|`, nil, ""}, // a phrase
		{`state:o|`, []string{`state:on_hold`, `state:open`}, "state"},
		{`state:new,o|`, []string{`state:new,on_hold`, `state:new,open`}, "state"},
		{`status:"in p|`, []string{`status:in_progress`}, "state"},
		{`status:"in p|" x`, []string{`status:in_progress x`}, "state"},
		{`state:n|ew,closed vip:yes`, []string{`state:new,closed vip:yes`}, "state"},
		{`priority:<=|`, []string{`priority:<=1`, `priority:<=2`, `priority:<=3`, `priority:<=4`}, "priority"},
		{`priority:1..h|`, []string{`priority:1..2`}, "priority"},
		{`priority:!=crit|`, []string{`priority:!=1`}, "priority"},
		{`priority:n|`, []string{`priority:none`}, "priority"},
		{`vip:|`, []string{`vip:yes`, `vip:no`, `vip:none`, `vip:any`}, "vip"},
		{`assignee:|`, []string{`assignee:me`, `assignee:none`, `assignee:any`}, "assignee"},
		{`assignee:"m|`, nil, "assignee"},
		{`group:net|`, nil, "group"},
		{`created:to|`, []string{`created:today`, `created:tomorrow`}, "created"},
		{`created:<to|`, []string{`created:<today`, `created:<tomorrow`}, "created"},
		{`created:week|`, []string{`created:this-week`, `created:last-week`, `created:next-week`}, "created"},
		{`unknown:x|`, nil, ""},
		{`(state:new) vi|`, []string{`(state:new) vip:`}, ""},
		{`subject:~"a" sta|`, []string{`subject:~"a" state:`}, ""},
	} {
		cursor := strings.IndexByte(tt.text, '|')
		text := tt.text[:cursor] + tt.text[cursor+1:]
		c := s.Complete(text, cursor)
		var after []string
		for _, suggestion := range c.Suggestions {
			after = append(after, text[:c.Replace.Pos]+suggestion.Text+text[c.Replace.End:])
			if suggestion.Label == "" {
				t.Errorf("%s: the suggestion %s has no label", tt.text, suggestion.Text)
			}
		}
		if i := slices.Index(tt.after, "…"); i >= 0 && i <= len(after) {
			after = append(after[:i], "…")
		}
		if diff := cmp.Diff(tt.after, after); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
		field := ""
		if c.Field != nil {
			field = c.Field.Name
		}
		if field != tt.field {
			t.Errorf("%s: completes a value of %q, want %q", tt.text, field, tt.field)
		}
	}
}

func TestCompletionTellsWhatWasTypedOfAName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{`assignee:ada,smi`: "smi", `assignee:"Ada Love`: "Ada Love", `watcher:`: ""} {
		c := tickets(t).Complete(text, len(text))
		if c.Field == nil || c.Field.Ref != "person" || c.Typed != want {
			t.Errorf("%s: typed %q of %v", text, c.Typed, c.Field)
		}
	}
}

func TestCompletionSurvivesAnyCursor(t *testing.T) {
	t.Parallel()
	s, text := tickets(t), `-état:"é" ((((::..,,<<>>!! "" "`
	for cursor := -1; cursor <= len(text)+1; cursor++ {
		if c := s.Complete(text, cursor); c.Replace.Pos > c.Replace.End || c.Replace.End > len(text) {
			t.Errorf("cursor %d: replaces %v", cursor, c.Replace)
		}
	}
}

func TestChipsShowLabelsAndLeadToTheFilterWithoutThem(t *testing.T) {
	t.Parallel()
	got := tickets(t).Chips(parse(t, `status:open priority:<=2,4 -owner:me due:1h..4h subject:~jam (a OR b) "paper jam" what:ever --vip:yes`))
	rest := []string{`status:open`, `priority:<=2,4`, `-owner:me`, `due:1h..4h`, `subject:~jam`, `(a OR b)`, `"paper jam"`, `what:ever`, `--vip:yes`}
	without := func(i int) string { return strings.Join(slices.Delete(slices.Clone(rest), i, i+1), " ") }
	want := []filter.Chip{
		{Text: `status:open`, Field: "state", Label: "State", Value: "Open", Without: without(0)},
		{Text: `priority:<=2,4`, Field: "priority", Label: "Priority", Value: "≤ High, Low", Without: without(1)},
		{Text: `-owner:me`, Field: "assignee", Label: "Assigned to", Value: "me", Negated: true, Without: without(2)},
		{Text: `due:1h..4h`, Field: "due", Label: "Due", Value: "1h to 4h", Without: without(3)},
		{Text: `subject:~jam`, Field: "subject", Label: "Subject", Value: "contains jam", Without: without(4)},
		{Text: `a OR b`, Value: "a OR b", Without: without(5)},
		{Text: `"paper jam"`, Value: "paper jam", Without: without(6)},
		{Text: `what:ever`, Field: "what", Label: "what", Value: "ever", Without: without(7)},
		{Text: `--vip:yes`, Field: "vip", Label: "VIP", Value: "yes", Without: without(8)},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(filter.Chip{})); diff != "" {
		t.Errorf("chips (-want +got):\n%s", diff)
	}
	if chips := tickets(t).Chips(parse(t, "")); len(chips) != 0 {
		t.Errorf("an empty filter has the chips %v", chips)
	}
}
