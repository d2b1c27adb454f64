package filter_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/filter"
)

func TestTermsAreTheChipsOfAFilter(t *testing.T) {
	t.Parallel()
	var got []string
	for _, n := range filter.Terms(parse(t, `state:open (a OR b) -tag:vip "paper jam"`)) {
		got = append(got, filter.Format(n))
	}
	if diff := cmp.Diff([]string{`state:open`, `a OR b`, `-tag:vip`, `"paper jam"`}, got); diff != "" {
		t.Errorf("terms (-want +got):\n%s", diff)
	}
	if n := len(filter.Terms(parse(t, ""))); n != 0 {
		t.Errorf("an empty filter has %d terms", n)
	}
}

func TestTermsAreAddedRemovedAndReplacedByField(t *testing.T) {
	t.Parallel()
	open := filter.Term("state", "open")
	edit := func(f func(n, term filter.Node) filter.Node) func(filter.Node) filter.Node {
		return func(n filter.Node) filter.Node { return f(n, open) }
	}
	add := edit(filter.Add)
	replace := edit(func(n, term filter.Node) filter.Node { return filter.Replace(n, "state", term) })
	remove := func(n filter.Node) filter.Node { return filter.Remove(n, "state") }
	second := func(n filter.Node) filter.Node { return filter.RemoveAt(n, 1) }
	for _, tt := range []struct {
		text string
		edit func(filter.Node) filter.Node
		want string
	}{
		{``, add, `state:open`},
		{`state:open`, add, `state:open`},
		{`printer`, add, `printer state:open`},
		{`a OR b`, add, `(a OR b) state:open`},
		{`state:new x -state:closed`, replace, `state:open x`},
		{`x -state:closed y state:new`, replace, `x state:open y`},
		{`x`, replace, `x state:open`},
		{`state:new`, replace, `state:open`},
		{`(state:new OR x) y`, replace, `(state:new OR x) y state:open`},
		{`state:new x -state:closed`, remove, `x`},
		{`state:new`, remove, ``},
		{`a OR b`, remove, `a OR b`},
		{`a b c`, second, `a c`},
		{`a`, second, `a`},
		{`a (b OR c)`, func(n filter.Node) filter.Node { return filter.RemoveAt(n, 0) }, `b OR c`},
	} {
		n := parse(t, tt.text)
		if got := filter.Format(tt.edit(n)); got != tt.want {
			t.Errorf("%q became %q, want %q", tt.text, got, tt.want)
		}
		if filter.Format(n) != tt.text {
			t.Errorf("the filter %q itself was changed to %q", tt.text, filter.Format(n))
		}
	}
}
