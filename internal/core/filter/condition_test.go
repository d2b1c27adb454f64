package filter_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestSQLIsTightAndFriendlyToIndexes(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	const watchers = `EXISTS (SELECT 1 FROM watchers w WHERE w.ticket = t.id AND w.person `
	for _, tt := range []struct {
		text, sql string
		args      []any
	}{
		{``, `TRUE`, nil},
		{`priority:<1`, `FALSE`, nil},
		{`state:new`, `t.state = $1`, []any{"new"}},
		{`state:new,closed`, `t.state IN ($1, $2)`, []any{"closed", "new"}},
		{`priority:<=2`, `t.priority IN ($1, $2)`, []any{int64(1), int64(2)}},
		{`-state:new`, `t.state <> $1`, []any{"new"}},
		{`-priority:1`, `(t.priority IS NULL OR t.priority <> $1)`, []any{int64(1)}},
		{`-priority:1,2`, `(t.priority IS NULL OR t.priority NOT IN ($1, $2))`, []any{int64(1), int64(2)}},
		{`vip:yes`, `t.vip = TRUE`, nil},
		{`-vip:yes`, `(t.vip IS NULL OR t.vip <> TRUE)`, nil},
		{`assignee:none`, `t.assignee IS NULL`, nil},
		{`assignee:any`, `t.assignee IS NOT NULL`, nil},
		{`assignee:me,none`, `(t.assignee = $1 OR t.assignee IS NULL)`, []any{int64(7)}},
		{`cost:1..2`, `(t.cost >= $1 AND t.cost <= $2)`, []any{int64(100), int64(200)}},
		{`-cost:1..2`, `(t.cost IS NULL OR (t.cost < $1 OR t.cost > $2))`, []any{int64(100), int64(200)}},
		{
			`created:today`, `(t.created >= $1 AND t.created < $2)`,
			[]any{time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(2026, 3, 19, 0, 0, 0, 0, time.UTC).UnixMicro()},
		},
		{`-reopened:>1`, `t.reopened <= $1`, []any{int64(1)}},
		{`subject:Café`, `t.subject_folded = $1`, []any{"cafe"}},
		{`subject:~100%_\`, `t.subject_folded LIKE $1 ESCAPE '\'`, []any{`%100\%\_\\%`}},
		{`-subject:~x`, `(t.subject_folded IS NULL OR t.subject_folded NOT LIKE $1 ESCAPE '\')`, []any{`%x%`}},
		{`watcher:me`, watchers + `= $1)`, []any{int64(7)}},
		{`-watcher:me,ada`, `NOT ` + watchers + `IN ($1, $2))`, []any{int64(1), int64(7)}},
		{`watcher:any`, watchers + `IS NOT NULL)`, nil},
		{`watcher:none`, `NOT ` + watchers + `IS NOT NULL)`, nil},
		{`state:new (priority:1 OR vip:yes)`, `(t.state = $1 AND (t.priority = $2 OR t.vip = TRUE))`, []any{"new", int64(1)}},
		{`-(state:new vip:yes)`, `(t.state <> $1 OR (t.vip IS NULL OR t.vip <> TRUE))`, []any{"new"}},
		{`-(state:new OR vip:none)`, `(t.state <> $1 AND t.vip IS NOT NULL)`, []any{"new"}},
		{`-jam`, `NOT COALESCE((t.number LIKE $1 ESCAPE '\' OR t.subject_folded LIKE $2 ESCAPE '\'), FALSE)`, []any{"%JAM%", "%jam%"}},
	} {
		var args database.Args
		sql := bind(t, s, tt.text).SQL(&args)
		if sql != tt.sql {
			t.Errorf("%s compiles to %s\nwant %s", tt.text, sql, tt.sql)
		}
		if diff := cmp.Diff(tt.args, args.Values()); diff != "" {
			t.Errorf("%s: arguments (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestConstructorsSimplify(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	assignee, group, tag := s.MustField("assignee"), s.MustField("group"), s.MustField("tag")
	mine, ours := filter.Eq(assignee, filter.Int(1)), filter.In(group, filter.IDs(4, 5)...)
	tagged := func(tags ...string) filter.Condition { return filter.In(tag, filter.Texts(tags...)...) }
	for _, tt := range []struct {
		got  filter.Condition
		want string
	}{
		{filter.And(), ``},
		{filter.Or(), `-()`},
		{filter.And(filter.True(), mine), `assignee:#1`},
		{filter.And(mine, filter.False()), `-()`},
		{filter.Or(filter.False(), mine), `assignee:#1`},
		{filter.Or(mine, filter.True()), ``},
		{filter.Not(filter.True()), `-()`},
		{filter.Not(filter.Condition{}), ``},
		{filter.Not(filter.Not(mine)), `assignee:#1`},
		{filter.In(group), `-()`},
		{filter.In(group, filter.IDs(3, 1, 3, 0)...), `group:#1,#3`},
		{filter.Or(mine, ours, mine), `assignee:#1 OR group:#4,#5`},
		{filter.Or(mine, filter.Or(ours, filter.Eq(assignee, filter.Int(2)))), `assignee:#1,#2 OR group:#4,#5`},
		{filter.And(mine, filter.And(ours, filter.Eq(group, filter.Int(4)))), `assignee:#1 group:#4`},
		{filter.And(mine, filter.Eq(assignee, filter.Int(2))), `-()`},
		{filter.And(tagged("a"), tagged("b"), tagged("a")), `tag:"a" tag:"b"`},
		{filter.Or(tagged("a"), tagged("b")), `tag:"a","b"`},
		{filter.And(filter.Not(mine), filter.Not(mine)), `-assignee:#1`},
		{filter.IsNull(s.MustField("state")), `-()`},
		{filter.Eq(tag, filter.Text("a\x00")), `-()`},
		{filter.Contains(tag, "\xff"), `-()`},
		{filter.Search(filter.ContainsWords(tag)), ``},
	} {
		if tt.got.String() != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
}

func TestEqualConditionsAreTheSameTree(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	if a, b := bind(t, s, `tag:VIP,new state:open`), bind(t, s, `tag:new,vip status:open`); !a.Equal(b) || a.Equal(filter.Not(b)) {
		t.Errorf("%s and %s", a, b)
	}
}

func TestTheZeroConditionMatchesNothing(t *testing.T) {
	t.Parallel()
	var c filter.Condition
	if c.Match(filter.MapRecord{}) || !c.Never() || c.Always() || c.SQL(nil) != "FALSE" || len(c.Fields()) != 0 {
		t.Error("the zero condition allows something")
	}
}

func TestFieldsNamesWhatAConditionLooksAt(t *testing.T) {
	t.Parallel()
	got := bind(t, tickets(t), `-owner:none (tag:x OR -created:today) subject:~x jam field.location:x tag:y`).Fields()
	want := []string{"assignee", "created", "field.location", "number", "subject", "tag"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestMatchReadsRecordsAsTheyAre(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	r := filter.MapRecord{
		"number": filter.Texts("INC-1042"), "state": filter.Texts("on_hold"), "priority": filter.IDs(2), "created": filter.Times(now.AddDate(0, 0, -3)),
		"assignee": filter.IDs(7), "watcher": filter.IDs(1, 2), "tag": filter.Texts("VIP", "Café"), "subject": filter.Texts("Printer in the CAFÉ has a paper jam"),
		"due": filter.Times(now.Add(-time.Hour)), "vip": {filter.Bool(true)}, "cost": {filter.Int(1250)},
	}
	for text, want := range map[string]bool{
		`state:open priority:<=2 breach:<4h assignee:me`: true,
		`state:closed`: false,
		`-tag:vip`:     false,
		`tag:cafe`:     true,
		`(group:"Network" OR assignee:none) created:<7d`: false,
		`(group:"Network" OR assignee:me) created:<7d`:   true,
		`printer "paper jam"`:                            true,
		`printer "jam paper"`:                            false,
		`cafe`:                                           true,
		`inc-1042`:                                       true,
		`number:Inc-1042`:                                true,
		`created:>7d`:                                    false,
		`created:2026-03-15`:                             true,
		`-group:network`:                                 true,
		`group:any`:                                      false,
		`watcher:smith -watcher:me`:                      true,
		`field.location:"Lisbon"`:                        false,
		`-field.location:"Lisbon"`:                       true,
		`cost:12.50 vip:yes`:                             true,
		`due:<0h`:                                        true,
		`tag:vip tag:cafe`:                               true,
		`NOT (tag:vip OR state:closed)`:                  false,
	} {
		if got := bind(t, s, text).Match(r); got != want {
			t.Errorf("%s matches: %v, want %v", text, got, want)
		}
	}
}

func TestTestsOfTheWrongTypeStopTheProgram(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	matchOnly, err := filter.NewSchema(filter.Definition{Fields: []filter.Field{{Name: "a", Type: filter.TypeText}}, MatchOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, build := range map[string]func(){
		"text as id":             func() { filter.Eq(s.MustField("assignee"), filter.Text("ada")) },
		"id as key":              func() { filter.Eq(s.MustField("state"), filter.Int(1)) },
		"no value":               func() { filter.Eq(s.MustField("state"), filter.Value{}) },
		"order of ids":           func() { filter.Compare(s.MustField("assignee"), filter.OpLess, filter.Int(1)) },
		"order of states":        func() { filter.Compare(s.MustField("state"), filter.OpLess, filter.Text("new")) },
		"range in Compare":       func() { filter.Compare(s.MustField("cost"), filter.OpRange, filter.Int(1)) },
		"part of an option":      func() { filter.Contains(s.MustField("state"), "n") },
		"unknown field":          func() { s.MustField("nothing") },
		"SQL of a field without": func() { filter.Eq(matchOnly.MustField("a"), filter.Text("x")).SQL(&database.Args{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			build()
		}()
	}
}

func TestJoinsObeyLogic(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	rapid.Check(t, func(rt *rapid.T) {
		a, b, r := condition(rt, t, s, 2), condition(rt, t, s, 2), ticket(rt)
		inA, inB := a.Match(r), b.Match(r)
		for _, law := range []struct {
			c    filter.Condition
			want bool
		}{
			{filter.And(a, b), inA && inB},
			{filter.Or(a, b), inA || inB},
			{filter.Not(a), !inA},
			{filter.And(a, filter.Not(a)), false},
			{filter.Or(a, filter.Not(a)), true},
		} {
			if law.c.Match(r) != law.want {
				rt.Fatalf("a = %s\nb = %s\n%s matches: %v", a, b, law.c, !law.want)
			}
		}
	})
}

func TestConditionsReadBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	rapid.Check(t, func(rt *rapid.T) {
		c := condition(rt, t, s, 3)
		if c.Never() {
			return // the language has no words for it
		}
		n, err := filter.Parse(c.String())
		if err != nil {
			rt.Fatalf("%s: %v", c, err)
		}
		again, err := s.Bind(t.Context(), n, env())
		if err != nil {
			rt.Fatalf("%s: %v", c, err)
		}
		r := ticket(rt)
		if again.Match(r) != c.Match(r) || !slices.Equal(again.Fields(), c.Fields()) {
			rt.Fatalf("%s\nread back %s", c, again)
		}
	})
}

func BenchmarkFilter(b *testing.B) {
	s := tickets(b)
	text := `state:open priority:<=2 breach:<4h assignee:me,none -tag:vip (group:"Network" OR watcher:me) printer`
	r := filter.MapRecord{
		"number": filter.Texts("INC-1042"), "state": filter.Texts("on_hold"), "priority": filter.IDs(2), "assignee": filter.IDs(7),
		"watcher": filter.IDs(1, 7), "due": filter.Times(now), "subject": filter.Texts("Printer on the 3rd floor has a paper jam"),
	}
	c := bind(b, s, text)
	if !c.Match(r) {
		b.Fatal("the benchmark's record does not match")
	}
	b.Run("Parse", func(b *testing.B) {
		for b.Loop() {
			parse(b, text)
		}
	})
	n := parse(b, text)
	b.Run("Bind", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Bind(b.Context(), n, env()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Match", func(b *testing.B) {
		for b.Loop() {
			c.Match(r)
		}
	})
	b.Run("SQL", func(b *testing.B) {
		for b.Loop() {
			c.SQL(&database.Args{})
		}
	})
}

func ExampleSchema_Bind() {
	schema, err := filter.NewSchema(filter.Definition{Fields: []filter.Field{
		{
			Name: "priority", Type: filter.TypeEnum, SQL: "t.priority", Ordered: true, ByRank: true,
			Options: []filter.Option{{Key: "1", Rank: 1}, {Key: "2", Rank: 2}, {Key: "3", Rank: 3}},
		},
		{Name: "assignee", Type: filter.TypeRef, SQL: "t.assignee_id", Ref: "person", Self: true},
	}})
	if err != nil {
		panic(err)
	}
	node, err := filter.Parse(`priority:<=2 -assignee:me`)
	if err != nil {
		panic(err)
	}
	condition, err := schema.Bind(context.Background(), node, filter.Env{Me: 7})
	if err != nil {
		panic(err)
	}
	var args database.Args
	fmt.Println(condition.SQL(&args))
	fmt.Println(args.Values())
	fmt.Println(condition.Match(filter.MapRecord{"priority": filter.IDs(1), "assignee": filter.IDs(8)}))
	// Output:
	// (t.priority IN ($1, $2) AND (t.assignee_id IS NULL OR t.assignee_id <> $3))
	// [1 2 7]
	// true
}
