package filter_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	said "github.com/steward-itsm/steward/internal/platform/words"
)

// Condition.String writes conditions in the language, which makes it the
// shortest way to say what a filter was understood to mean.
func TestBindGivesTermsTheirMeaning(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	for _, tt := range []struct{ text, want string }{
		{``, ``},
		// options
		{`state:new`, `state:new`},
		{`status:"In progress"`, `state:in_progress`},
		{`state:open`, `state:in_progress,new,on_hold`},
		{`state:closed`, `state:closed`}, // the option goes before the group
		{`state:finished`, `state:closed,resolved`},
		{`state:OPEN,closed`, `state:closed,in_progress,new,on_hold`},
		{`priority:<=2`, `priority:1,2`},
		{`priority:>high`, `priority:3,4`},
		{`priority:2..3`, `priority:2,3`},
		{`priority:<1`, `-()`},
		{`priority:none`, `priority:none`},
		{`priority:any`, `priority:any`},
		{`impact:none`, `impact:none`}, // an option that is called none
		{`impact:some`, `impact:high,low`},
		{`impact:low..high`, `impact:high,low`},
		{`impact:>=low`, `impact:high,low`},
		// numbers, yes or no
		{`reopened:0,2`, `reopened:0,2`},
		{`reopened:>-1`, `reopened:>-1`},
		{`cost:12.5`, `cost:12.50`},
		{`cost:-0.05..3`, `cost:>=-0.05 cost:<=3.00`},
		{`vip:Yes`, `vip:yes`},
		{`vip:!=true`, `-vip:yes`},
		{`vip:none`, `vip:none`},
		// references
		{`assignee:me`, `assignee:#7`},
		{`owner:Ada`, `assignee:#1`},
		{`assignee:"me"`, `assignee:#9`},
		{`assignee:Smith,none`, `assignee:#2,#3 OR assignee:none`},
		{`assignee:#5,#-5`, `assignee:#-5,#5`},
		{`watcher:me,ada@example.org`, `watcher:#1,#7`},
		{`watcher:any`, `watcher:any`},
		// texts
		{`subject:"Paper Jam"`, `subject:"paper jam"`},
		{`subject:"none"`, `subject:"none"`},
		{`subject:none`, `subject:none`},
		{`subject:~Café`, `subject:~"cafe"`},
		{`tag:VIP,vip`, `tag:"vip"`},
		{`number:inc-7`, `number:"INC-7"`},
		{`field.location:Lisbon`, `field.location:"lisbon"`},
		{`FIELD.Location:Lisbon`, `field.location:"lisbon"`},
		// joined
		{`state:new state:closed`, `-()`},
		{`tag:a tag:b`, `tag:"a" tag:"b"`},
		{`tag:a tag:a`, `tag:"a"`},
		{`tag:a OR tag:b`, `tag:"a","b"`},
		{`NOT NOT vip:yes`, `vip:yes`},
		{`printer state:new "paper jam"`, `state:new printer "paper jam"`},
		{`printer OR "paper jam"`, `printer OR "paper jam"`},
		{`(priority:1 OR vip:yes) -assignee:none`, `(priority:1 OR vip:yes) assignee:any`},
	} {
		if got := bind(t, s, tt.text).String(); got != tt.want {
			t.Errorf("%s means %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestBindSaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	const quoteIt = " To search for the text itself, put it in quotation marks."
	for _, tt := range []struct{ text, marked, msg string }{
		{`x prioritty:1`, `prioritty`, "There is no field “prioritty”. Did you mean “priority”?" + quoteIt},
		{`http://x`, `http`, "There is no field “http”." + quoteIt},
		{`field.locaton:x`, `field.locaton`, "There is no field “field.locaton”. Did you mean “field.location”?" + quoteIt},
		{`state:opne`, `opne`, "State has no value “opne”. Did you mean “open”?"},
		{`state:new,whatever`, `whatever`, "State has no value “whatever”. It can be new, in_progress, on_hold, resolved, closed."},
		{`state:<new`, `<new`, "The values of State have no order. List those you want: state:a,b."},
		{`state:none`, `none`, "State is never empty."},
		{`priority:~1`, `~1`, "Priority has fixed values. Leave the ~ out."},
		{`priority:3..1`, `3..1`, "The range ends before it begins."},
		{`subject:<x`, `<x`, "Subject is text and has no order. Write subject:x or, for a part of it, subject:~x."},
		{`reopened:few`, `few`, "Reopened is a number. “few” is not one that fits."},
		{`reopened:1.5`, `1.5`, "Reopened is a whole number."},
		{`reopened:99999999999999999999`, `99999999999999999999`, "Reopened is a number. “99999999999999999999” is not one that fits."},
		{`reopened:2..1`, `2..1`, "The range ends before it begins."},
		{`reopened:~1`, `~1`, "Reopened is a number and contains nothing. Leave the ~ out."},
		{`cost:1.234`, `1.234`, "Cost has at most 2 digits after the point."},
		{`cost:1.-2`, `1.-2`, "Cost is a number. “1.-2” is not one that fits."},
		{`cost:.5`, `.5`, "Cost is a number. “.5” is not one that fits."},
		{`vip:maybe`, `maybe`, "VIP is yes or no."},
		{`vip:>no`, `>no`, "VIP is yes or no."},
		{`priority:1..9`, `1..9`, "Priority has no value “9”. It can be 1, 2, 3, 4."},
		{`impact:<some`, `<some`, "“some” stands for several values and has no place in their order."},
		{`impact:none..some`, `none..some`, "“some” stands for several values and has no place in their order."},
		{`cost:1..x`, `1..x`, "Cost is a number. “x” is not one that fits."},
		{`created:<5x`, `<5x`, "Created: “5x” is no time. Write a date such as 2026-03-18, a word such as today, or a duration such as 4h or 7d."},
		{`created:1h..x`, `1h..x`, "Created: “x” is no time. Write a date such as 2026-03-18, a word such as today, or a duration such as 4h or 7d."},
		{`(x OR -(y state:opne))`, `opne`, "State has no value “opne”. Did you mean “open”?"},
		{`assignee:bob`, `bob`, "Assigned to: nothing is called “bob”."},
		{`assignee:>ada`, `>ada`, "Assigned to takes a name without an operator."},
		{`group:me`, `me`, "Group: nothing is called “me”."},
		{`group:everybody`, `everybody`, "Group: “everybody” could be any of 501. Be more exact."},
		{`created:soon`, `soon`, "Created: “soon” is no time. Write a date such as 2026-03-18, a word such as today, or a duration such as 4h or 7d."},
		{`created:7d`, `7d`, "Say which side of 7d is meant: created:<7d or created:>7d."},
		{`created:<99999y`, `<99999y`, "Created: 99999y is too far away."},
		{`created:2026-02..2026-01`, `2026-02..2026-01`, "The range ends before it begins."},
		{`created:~2026`, `~2026`, "Created is a time and contains nothing. Leave the ~ out."},
	} {
		_, err := s.Bind(t.Context(), parse(t, tt.text), env())
		var wrong *filter.Error
		if !errors.As(err, &wrong) {
			t.Errorf("bind %q: error = %v", tt.text, err)
			continue
		}
		if marked := tt.text[wrong.Pos:wrong.End]; wrong.Msg.String() != tt.msg || marked != tt.marked {
			t.Errorf("bind %q: at %q: %s\nwant at %q: %s", tt.text, marked, wrong.Msg, tt.marked, tt.msg)
		}
	}
}

func TestFilterErrorsAreInvalidInputToEveryEdge(t *testing.T) {
	t.Parallel()
	_, err := filter.Parse(`(`)
	if apperr.KindOf(err) != apperr.Invalid || apperr.Message(err).String() != "Something is missing at the end." {
		t.Errorf("kind %q, message %q", apperr.KindOf(err), apperr.Message(err))
	}
	if diff := cmp.Diff([]apperr.Field{{Name: "filter", Message: said.Of("Something is missing at the end.")}}, apperr.FieldsOf(err)); diff != "" {
		t.Error(diff)
	}
}

func TestNamesAreResolvedInOneGo(t *testing.T) {
	t.Parallel()
	d := &directory{}
	n := parse(t, `assignee:ada,smith,me,none,#3 OR (watcher:ada -group:network)`)
	if _, err := tickets(t).Bind(t.Context(), n, filter.Env{Now: now, Me: 7, Resolve: d}); err != nil {
		t.Fatal(err)
	}
	if d.asked != 1 {
		t.Errorf("the resolver was asked %d times", d.asked)
	}
}

type failing struct{ err error }

func (f failing) Resolve(context.Context, []filter.Name) ([][]int64, error) { return nil, f.err }

func TestFailuresOfTheResolverAreNotThePersonsFault(t *testing.T) {
	t.Parallel()
	s, n := tickets(t), parse(t, `assignee:ada`)
	lost := errors.New("connection lost")
	c, err := s.Bind(t.Context(), n, filter.Env{Now: now, Resolve: failing{lost}})
	if !errors.Is(err, lost) || !c.Never() {
		t.Errorf("condition %s, error %v", c, err)
	}
	if _, err := s.Bind(t.Context(), n, filter.Env{Now: now, Resolve: failing{}}); err == nil {
		t.Error("an answer of the wrong length was accepted")
	}
	var wrong *filter.Error
	if _, err := s.Bind(t.Context(), n, filter.Env{Now: now}); !errors.As(err, &wrong) {
		t.Errorf("without a resolver: %v", err)
	}
	if _, err := s.Bind(t.Context(), parse(t, `assignee:me`), filter.Env{Now: now}); !errors.As(err, &wrong) || wrong.Msg.String() != "Here is nobody whom “me” could mean." {
		t.Errorf("without me: %v", err)
	}
}

func TestWordsNeedATextSearch(t *testing.T) {
	t.Parallel()
	s, err := filter.NewSchema(filter.Definition{Fields: []filter.Field{{Name: "a", Type: filter.TypeText}}, MatchOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Bind(t.Context(), parse(t, `a:b printer`), env())
	if err == nil || err.Error() != "Words alone cannot be searched for here. Name a field, such as a:." {
		t.Errorf("error = %v", err)
	}
	if _, err = s.Bind(t.Context(), parse(t, `b:printer`), env()); err == nil || strings.Contains(err.Error(), "quotation") {
		t.Errorf("error = %v", err)
	}
}

func TestASchemaRefusesDeclarationsThatCouldNotWork(t *testing.T) {
	t.Parallel()
	text := func(name string) filter.Field { return filter.Field{Name: name, Type: filter.TypeText, SQL: "x"} }
	for problem, d := range map[string]filter.Definition{
		`field "A" has a name`:    {Fields: []filter.Field{text("A")}},
		`has an alias "b c"`:      {Fields: []filter.Field{{Name: "a", Aliases: []string{"b c"}, Type: filter.TypeText, SQL: "x"}}},
		`two fields are called`:   {Fields: []filter.Field{text("a"), {Name: "b", Aliases: []string{"a"}, Type: filter.TypeText, SQL: "x"}}},
		`has no type`:             {Fields: []filter.Field{{Name: "a", SQL: "x"}}},
		`has no SQL`:              {Fields: []filter.Field{{Name: "a", Type: filter.TypeText}}},
		`needs Exists`:            {Fields: []filter.Field{{Name: "a", Type: filter.TypeTags, SQL: "x"}}},
		`needs {} once`:           {Fields: []filter.Field{{Name: "a", Type: filter.TypeTags, SQL: "x", Exists: "EXISTS (SELECT 1)"}}},
		`cannot be Required`:      {Fields: []filter.Field{{Name: "a", Type: filter.TypeTags, SQL: "x", Exists: "{}", Required: true}}},
		`has a scale`:             {Fields: []filter.Field{{Name: "a", Type: filter.TypeNumber, SQL: "x", Scale: 10}}},
		`has the option "x"`:      {Fields: []filter.Field{{Name: "a", Type: filter.TypeEnum, SQL: "x", Options: []filter.Option{{Key: "x"}, {Key: "x"}}}}},
		`has no option "y"`:       {Fields: []filter.Field{{Name: "a", Type: filter.TypeEnum, SQL: "x", Groups: []filter.Group{{Key: "g", Options: []string{"y"}}}}}},
		`the family "field" need`: {Families: []filter.Family{{Prefix: "field"}}},
	} {
		if _, err := filter.NewSchema(d); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("want %q, error = %v", problem, err)
		}
	}
}

func TestAFamilysWrongFieldIsAnErrorNotAnAnswer(t *testing.T) {
	t.Parallel()
	s, err := filter.NewSchema(filter.Definition{Families: []filter.Family{{
		Prefix: "field.", Lookup: func(name string) (filter.Field, bool) { return filter.Field{Name: name}, name != "field.x" },
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var wrong *filter.Error
	if _, err := s.Bind(t.Context(), parse(t, `field.y:1`), env()); err == nil || errors.As(err, &wrong) {
		t.Errorf("error = %v, want one that is not the person's", err)
	}
	if _, err := s.Bind(t.Context(), parse(t, `field.x:1`), env()); !errors.As(err, &wrong) {
		t.Errorf("error = %v, want an unknown field", err)
	}
	if _, ok := s.Field("field.y"); ok {
		t.Error("the wrong field can be used by programs")
	}
}

func TestCanonicalReplacesAliases(t *testing.T) {
	t.Parallel()
	got := filter.Format(tickets(t).Canonical(parse(t, `owner:me -(status:new OR breach:<4h) unknown:x word`)))
	if want := `assignee:me -(state:new OR due:<4h) unknown:x word`; got != want {
		t.Errorf("canonical %s, want %s", got, want)
	}
}

// FuzzBind feeds what Parse accepts to a schema: it must neither panic nor give
// SQL with text of the person's in it.
func FuzzBind(f *testing.F) {
	s := tickets(f)
	for _, text := range texts {
		f.Add(text)
	}
	f.Add(`created:<1d12h due:-99999y..99999mo cost:-.1 priority:>x state:open,"' OR 1=1 --"`)
	record := filter.MapRecord{"state": filter.Texts("new"), "created": filter.Times(now), "tag": filter.Texts("a", "b")}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := filter.Parse(text)
		if err != nil {
			return
		}
		c, err := s.Bind(t.Context(), n, env())
		if err != nil {
			var wrong *filter.Error
			if !errors.As(err, &wrong) || wrong.Pos > wrong.End || wrong.End > len(text) {
				t.Fatalf("bind %q: %#v", text, err)
			}
			return
		}
		if c.Match(record) == filter.Not(c).Match(record) {
			t.Fatalf("%q is neither matched nor not", text)
		}
		var args database.Args
		if sql := c.SQL(&args); slices.ContainsFunc(args.Values(), func(v any) bool {
			s, ok := v.(string)
			return ok && len(s) > 20 && strings.Contains(sql, s)
		}) {
			t.Fatalf("%q puts its own text into %s", text, sql)
		}
		s.Chips(n)
		s.Complete(text, len(text)/2)
	})
}
