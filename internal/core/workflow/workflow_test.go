package workflow

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func incident(t testing.TB) *Definition {
	t.Helper()
	defs, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range defs {
		if d.Key == "incident" {
			return d
		}
	}
	t.Fatal("no incident")
	return nil
}

func TestIncidentsLiveAsTheFieldKnowsThem(t *testing.T) {
	t.Parallel()
	d := incident(t)
	var got []string
	for _, s := range d.States {
		for _, tr := range d.From(s.Key, Agent, Requester, System) {
			got = append(got, s.Key+" "+tr.Key+" "+tr.To)
		}
	}
	want := []string{
		"new start in_progress", "new hold on_hold", "new resolve resolved", "new cancel cancelled",
		"in_progress hold on_hold", "in_progress resolve resolved", "in_progress cancel cancelled",
		"on_hold hold on_hold", "on_hold resume in_progress", "on_hold resolve resolved", "on_hold cancel cancelled",
		"resolved close closed", "resolved reopen in_progress", "closed reopen in_progress",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	hold, _ := d.State("on_hold")
	if hold.ClockFor("caller") != Pause || hold.ClockFor("vendor") != Run {
		t.Error("waiting for the caller pauses the clock, waiting for a vendor does not")
	}
}

func TestPriorityFollowsTheMatrix(t *testing.T) {
	t.Parallel()
	m := incident(t).Matrix
	// ServiceNow's default lookup, which is the field's.
	want := map[[2]int]int{{1, 1}: 1, {1, 2}: 2, {1, 3}: 3, {2, 1}: 2, {2, 2}: 3, {2, 3}: 4, {3, 1}: 3, {3, 2}: 4, {3, 3}: 5}
	for in, p := range want {
		if got, ok := m.Lookup(in[0], in[1]); !ok || got != p {
			t.Errorf("impact %d, urgency %d: %d %v, want %d", in[0], in[1], got, ok, p)
		}
	}
	for _, in := range [][2]int{{0, 1}, {1, 0}, {4, 1}, {-1, -1}} {
		if _, ok := m.Lookup(in[0], in[1]); ok {
			t.Errorf("the matrix knows %v", in)
		}
	}
}

func TestDefinitionsThatWouldStrandTicketsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(d *Definition)
		says  string
	}{
		"initial state missing":   {func(d *Definition) { d.Initial = "limbo" }, "initial state"},
		"state nobody reaches":    {func(d *Definition) { d.States = append(d.States, State{Key: "limbo", Category: Open, Clock: Run}) }, "No transition leads"},
		"transition to nowhere":   {func(d *Definition) { d.Transitions[0].To = "limbo" }, "unknown state"},
		"transition by nobody":    {func(d *Definition) { d.Transitions[0].By = nil }, "by nobody"},
		"waiting without reason":  {func(d *Definition) { d.States[2].Reasons = nil }, "needs at least one reason"},
		"matrix short of a row":   {func(d *Definition) { d.Matrix.Cells = d.Matrix.Cells[:2] }, "one row per impact"},
		"matrix short of a cell":  {func(d *Definition) { d.Matrix.Cells = [][]int{{1, 2}, {1, 2, 3}, {1, 2, 3}} }, "one cell per urgency"},
		"matrix of no priority":   {func(d *Definition) { d.Matrix.Cells = [][]int{{9, 2, 3}, {1, 2, 3}, {1, 2, 3}} }, "unknown priority"},
		"two fields of a key":     {func(d *Definition) { d.Fields = []Field{{Key: "a", Type: Text}, {Key: "a", Type: Text}} }, "used twice"},
		"field of no type":        {func(d *Definition) { d.Fields = []Field{{Key: "a", Type: "tensor"}} }, "unknown type"},
		"needed, but not asked":   {func(d *Definition) { d.Fields = []Field{{Key: "a", Type: Text, Required: true, Retired: true}} }, "no longer asked"},
		"key that could be SQL":   {func(d *Definition) { d.Fields = []Field{{Key: "a' OR 1=1", Type: Text}} }, "not usable"},
		"prefix in small letters": {func(d *Definition) { d.Prefix = "inc" }, "capital"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := *incident(t)
			c.spoil(&d)
			err := d.Validate()
			if !apperr.Is(err, apperr.Invalid) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want a word of %q", err, c.says)
			}
		})
	}
}

func TestUnknownKeysInAFileAreErrors(t *testing.T) {
	t.Parallel()
	if _, err := Parse([]byte("key = \"x\"\nprefx = \"X\"\n")); !apperr.Is(err, apperr.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestFieldValuesHaveOneForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field Field
		in    string
		want  string
		wrong bool
	}{
		{Field{Type: Number}, " 007.50 ", "7.5", false},
		{Field{Type: Number}, "1e400", "", true},
		{Field{Type: Number}, "NaN", "", true},
		{Field{Type: Number}, "seven", "", true},
		{Field{Type: Bool}, "Yes", "true", false},
		{Field{Type: Bool}, "perhaps", "", true},
		{Field{Type: Date}, "2026-02-29", "", true},
		{Field{Type: Date}, "2024-02-29", "2024-02-29", false},
		{Field{Type: Choice, Options: []string{"red", "blue"}}, "blue", "blue", false},
		{Field{Type: Choice, Options: []string{"red", "blue"}}, "green", "", true},
		{Field{Type: Choice}, "anything", "anything", false},
		{Field{Type: Text}, "a\x00b", "", true},
		{Field{Type: Text}, strings.Repeat("é", 4001), "", true},
		{Field{Type: Text}, "  ", "", false},
	} {
		got, err := c.field.Canonical(c.in)
		if (err != nil) != c.wrong || got != c.want {
			t.Errorf("%s %q: %q, %v", c.field.Type, c.in, got, err)
		}
	}
}

func TestCanonicalIsItsOwnForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := Field{Type: rapid.SampledFrom([]FieldType{Text, Number, Bool, Date, Choice}).Draw(t, "type")}
		once, err := f.Canonical(rapid.String().Draw(t, "value"))
		if err != nil {
			return
		}
		if twice, err := f.Canonical(once); err != nil || twice != once {
			t.Errorf("%q became %q: %v", once, twice, err)
		}
	})
}

func TestAnEditedKindIsInForceOnEveryNodeAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			db := databasetest.Open(t, engine, Migrations)
			here, err := NewRegistry(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			defer here.Close()
			save := func(base int, days int) error {
				d := *incident(t)
				d.AutoCloseDays = days
				return db.Write(t.Context(), func(tx *database.Tx) error {
					return here.Save(t.Context(), tx, &d, base, 7, time.Unix(1, 0))
				})
			}
			if err := save(0, 9); err != nil {
				t.Fatal(err)
			}
			if d, _ := here.Get("incident"); d.AutoCloseDays != 9 || d.Version != 1 {
				t.Errorf("in force are %d days of version %d", d.AutoCloseDays, d.Version)
			}
			if err := save(0, 10); !apperr.Is(err, apperr.Conflict) {
				t.Errorf("an edit of the version before: %v", err)
			}
			there, err := NewRegistry(t.Context(), db) // another node, started later
			if err != nil {
				t.Fatal(err)
			}
			defer there.Close()
			if d, _ := there.Get("incident"); d.AutoCloseDays != 9 {
				t.Errorf("another node has %d days", d.AutoCloseDays)
			}
			old, err := here.At(t.Context(), "incident", 0)
			if err != nil || old.AutoCloseDays != incident(t).AutoCloseDays {
				t.Errorf("the built-in one: %v", err)
			}
			versions, err := here.Versions(t.Context(), "incident")
			if err != nil || len(versions) != 1 || versions[0].AuthorID != 7 {
				t.Errorf("versions %+v, %v", versions, err)
			}
			gone := *incident(t)
			gone.States = gone.States[:len(gone.States)-1]
			gone.Transitions = gone.Transitions[:len(gone.Transitions)-1]
			err = db.Write(t.Context(), func(tx *database.Tx) error {
				return here.Save(t.Context(), tx, &gone, 1, 7, time.Unix(2, 0))
			})
			if !apperr.Is(err, apperr.Invalid) {
				t.Errorf("a state was taken from under its tickets: %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"builtin/incident.toml", "builtin/request.toml"} {
		text, err := builtin.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if d, err := Parse(text); err == nil && d.Validate() != nil {
			t.Error("Parse gave a definition that Validate refuses")
		}
	})
}
