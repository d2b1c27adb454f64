package people_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// TestInsteadIsNeverSilentlyNobody draws who is away, who stands in for whom and who
// may know, and expects of whoever is told that they may, and that somebody is told
// where anybody around may.
func TestInsteadIsNeverSilentlyNobody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const most = 8
		person := rapid.Int64Range(0, most)
		some := func(name string) []int64 {
			return slices.DeleteFunc(rapid.SliceOfNDistinct(person, 0, most, rapid.ID[int64]).Draw(t, name), func(p int64) bool { return p == 0 })
		}
		book := people.Book{}
		for _, p := range some("away") {
			away := people.Away{Person: p, Substitute: person.Draw(t, "substitute")}
			if s := person.Draw(t, "of the group"); s != 0 {
				away.ByGroup = map[int64]int64{7: s}
			}
			book[p] = away
		}
		around := people.Around{Leads: some("leads"), Members: some("members"), Owner: person.Draw(t, "owner")}
		allowed := some("may")
		may := func(p int64) bool { return slices.Contains(allowed, p) }
		who, group := rapid.Int64Range(1, most).Draw(t, "person"), rapid.SampledFrom([]int64{0, 7}).Draw(t, "group")

		chain, ok := book.Chain(who, group)
		if len(chain) > people.MaxStandIns || len(chain) != len(slices.Compact(slices.Sorted(slices.Values(chain)))) || slices.Contains(chain, who) {
			t.Fatalf("the chain %v goes round", chain)
		}
		for i, p := range chain {
			if _, away := book[p]; away != (i < len(chain)-1) && ok {
				t.Fatalf("the chain %v ends at somebody who is away, or not at the first who is there", chain)
			}
		}
		told := book.Instead(who, group, around, may)
		if _, away := book[who]; !away {
			if told != nil || len(chain) != 0 || !ok {
				t.Fatalf("%v are told although %d is there", told, who)
			}
			return
		}
		anybody := append(slices.Concat(around.Leads, around.Members), around.Owner)
		if ok {
			anybody = append(anybody, chain[len(chain)-1])
		}
		anybody = slices.DeleteFunc(anybody, func(p int64) bool { return p == 0 || p == who || !may(p) })
		if len(told) == 0 && len(anybody) > 0 {
			t.Fatalf("nobody is told, and %v could be", anybody)
		}
		for _, i := range told {
			_, away := book[i.Person]
			there := slices.ContainsFunc(anybody, func(p int64) bool { _, away := book[p]; return !away })
			if !may(i.Person) || i.Person == who || away && there {
				t.Fatalf("%+v is told; may %v, away %v", i, may(i.Person), away)
			}
			if i.As == people.AsSubstitute && (!ok || i.Person != chain[len(chain)-1]) {
				t.Fatalf("%+v does not stand in", i)
			}
		}
		if ok && may(chain[len(chain)-1]) && !slices.Equal(told, []people.Instead{{Person: chain[len(chain)-1], As: people.AsSubstitute}}) {
			t.Fatalf("told %v and not the substitute %v", told, chain)
		}
	})
}

type absent struct {
	*coretest.World
	ana, ben, cleo, lea, admin, sam int64
	network, printing               int64
}

func eachAbsent(t *testing.T, fn func(t *testing.T, w absent)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, world *coretest.World) {
		w := absent{World: world}
		company, supplier := w.Organisation(people.Own, "Company", 0), w.Organisation(people.Supplier, "Supplier", 0)
		w.ana, w.ben, w.cleo = w.Person("Ana", company, access.RoleAgent), w.Person("Ben", company, access.RoleAgent), w.Person("Cleo", company, access.RoleAgent)
		w.lea, w.admin = w.Person("Lea", company, access.RoleTeamLead), w.Person("Adam", company, access.RoleAdministrator)
		w.sam = w.Person("Sam", supplier, access.RoleSupplierAgent)
		w.network, w.printing = w.Group("Network", company, w.ana, w.ben, w.lea), w.Group("Printing", company, w.ana, w.cleo)
		if err := w.People.SetMember(w.System(), w.network, w.lea, true); err != nil {
			t.Fatal(err)
		}
		fn(t, w)
	})
}

// days is an absence from some days on to others, whole hours from now.
func (w absent) days(from, until int) people.AbsenceInput {
	now := w.Clock.Now()
	return people.AbsenceInput{From: now.AddDate(0, 0, from), Until: now.AddDate(0, 0, until), Substitute: w.ben}
}

func (w absent) add(t *testing.T, by, person int64, in people.AbsenceInput) people.Absence {
	t.Helper()
	a, err := w.People.AddAbsence(w.As(by), person, in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnAbsenceSaysWhatIsWrongBesideItsField(t *testing.T) {
	eachAbsent(t, func(t *testing.T, w absent) {
		w.add(t, w.ana, w.ana, w.days(10, 20))
		for name, c := range map[string]struct {
			in   people.AbsenceInput
			want map[string]string
		}{
			"nothing":                 {people.AbsenceInput{}, map[string]string{"from": "Say from when.", "until": "Say until when."}},
			"over already":            {w.days(-3, 0), map[string]string{"until": "This is over already."}},
			"the wrong way round":     {w.days(3, 2), map[string]string{"until": "The end comes before the beginning."}},
			"long ago":                {w.days(-40, 2), map[string]string{"from": "An absence can be entered until a month after it began."}},
			"too far":                 {w.days(1, 2000), map[string]string{"until": "An absence ends at most three years from now."}},
			"one's own substitute":    {people.AbsenceInput{From: w.Clock.Now(), Until: w.Clock.Now().AddDate(0, 0, 1), Substitute: w.ana}, map[string]string{"substitute": "Somebody else has to stand in."}},
			"nobody of that id":       {people.AbsenceInput{From: w.Clock.Now(), Until: w.Clock.Now().AddDate(0, 0, 1), Substitute: 12}, map[string]string{"substitute": "This person does not exist or cannot stand in."}},
			"overlapping at the end":  {w.days(19, 25), map[string]string{"from": "Ana is already away from 2026-03-12 12:00 to 2026-03-22 12:00."}},
			"overlapping all of it":   {w.days(1, 25), map[string]string{"from": "Ana is already away from 2026-03-12 12:00 to 2026-03-22 12:00."}},
			"a group that is another": {people.AbsenceInput{From: w.Clock.Now(), Until: w.Clock.Now().AddDate(0, 0, 1), ByGroup: map[int64]int64{99: w.ben}}, map[string]string{"by_group.99": "Ana is not in this group."}},
		} {
			_, err := w.People.AddAbsence(w.As(w.ana), w.ana, c.in)
			if diff := cmp.Diff(c.want, apperr.ByField(t.Context(), err)); diff != "" {
				t.Errorf("%s: %v %s", name, err, diff)
			}
		}
		w.add(t, w.ana, w.ana, w.days(20, 21)) // the end is not part of it
		w.add(t, w.ana, w.ana, w.days(9, 10))
		w.add(t, w.ben, w.ben, people.AbsenceInput{From: w.Clock.Now(), Until: w.Clock.Now().AddDate(0, 0, 30)}) // of somebody else
	})
}

func TestWhoEntersAbsencesAndWhoReadsWhy(t *testing.T) {
	eachAbsent(t, func(t *testing.T, w absent) {
		in := w.days(0, 5)
		in.Reason = "Surgery"
		a := w.add(t, w.ana, w.ana, in)
		for name, c := range map[string]struct {
			reader int64
			want   apperr.Kind
			reason string
		}{
			"herself":                     {w.ana, "", "Surgery"},
			"who manages people":          {w.admin, "", ""},
			"who leads a group of hers":   {w.lea, "", ""},
			"a colleague":                 {w.ben, apperr.Forbidden, ""},
			"who may not look her up":     {w.sam, apperr.NotFound, ""},
			"a colleague in another team": {w.cleo, apperr.Forbidden, ""},
		} {
			list, err := w.People.Absences(w.As(c.reader), w.ana)
			if apperr.KindOf(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
			if c.want == "" && (len(list) != 1 || list[0].Reason != c.reason) {
				t.Errorf("%s reads %+v", name, list)
			}
			if c.want == "" {
				continue
			}
			if _, err := w.People.AddAbsence(w.As(c.reader), w.ana, w.days(30, 31)); apperr.KindOf(err) != c.want {
				t.Errorf("%s enters one: %v", name, err)
			}
		}
		changed, err := w.People.ChangeAbsence(w.As(w.lea), a.ID, a.Version, w.days(0, 6))
		if err != nil || changed.Reason != "" {
			t.Fatalf("%+v %v", changed, err)
		}
		if mine, err := w.People.Absence(w.As(w.ana), a.ID); err != nil || mine.Reason != "Surgery" || mine.Version != 2 {
			t.Errorf("%+v %v", mine, err)
		}
		if _, err := w.People.ChangeAbsence(w.As(w.ana), a.ID, 1, w.days(0, 7)); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("a version that is gone: %v", err)
		}
		page, _, err := w.Log.List(w.As(w.admin), audit.Query{ObjectType: "person", Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, e := range page {
			if strings.HasPrefix(e.Action, "absence.") {
				found++
			}
			if strings.Contains(e.Before+e.After, "Surgery") {
				t.Errorf("the audit log says why: %s", e.After)
			}
		}
		if found < 2 {
			t.Errorf("%d entries of the audit log", found)
		}
	})
}

func TestSubstitutesAreFollowedWhileTheyAreAwayThemselves(t *testing.T) {
	eachAbsent(t, func(t *testing.T, w absent) {
		in := w.days(0, 10)
		in.ByGroup = map[int64]int64{w.printing: w.cleo}
		w.add(t, w.ana, w.ana, in)
		second := w.add(t, w.lea, w.ben, people.AbsenceInput{From: w.Clock.Now().Add(time.Hour), Until: w.Clock.Now().AddDate(0, 0, 3), Substitute: w.lea})
		chain := func(group int64) []int64 {
			t.Helper()
			book, err := w.People.AwayNow(t.Context(), w.ana)
			if err != nil {
				t.Fatal(err)
			}
			c, ok := book.Chain(w.ana, group)
			if !ok {
				t.Fatalf("dead end after %v", c)
			}
			return c
		}
		type cover struct {
			person int64
			except bool
			groups []int64
		}
		covers := func(person int64) (out []cover) {
			t.Helper()
			all, err := w.People.AwayFor(w.As(person))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				out = append(out, cover{c.Person, c.Except, c.Groups})
			}
			return out
		}
		show := cmp.AllowUnexported(cover{})
		if diff := cmp.Diff([]int64{w.ben}, chain(w.network)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]cover{{w.ana, true, []int64{w.printing}}}, covers(w.ben), show); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]cover{{w.ana, false, []int64{w.printing}}}, covers(w.cleo), show); diff != "" {
			t.Error(diff)
		}
		w.Clock.Advance(2 * time.Hour)
		if diff := cmp.Diff([]int64{w.ben, w.lea}, chain(w.network)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int64{w.cleo}, chain(w.printing)); diff != "" {
			t.Error(diff)
		}
		if got := covers(w.ben); len(got) != 0 {
			t.Errorf("somebody away stands in: %v", got)
		}
		if diff := cmp.Diff([]cover{{w.ben, true, nil}, {w.ana, true, []int64{w.printing}}}, covers(w.lea), show); diff != "" {
			t.Error(diff)
		}
		if _, err := w.People.EndAbsence(w.As(w.ben), second.ID, second.Version); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{w.ben}, chain(w.network)); diff != "" {
			t.Error("after an early end:", diff)
		}
	})
}

func TestAnAbsenceEndsEarlyOrWasNever(t *testing.T) {
	eachAbsent(t, func(t *testing.T, w absent) {
		later := w.add(t, w.ana, w.ana, w.days(5, 6))
		if _, err := w.People.EndAbsence(w.As(w.ana), later.ID, later.Version); err != nil {
			t.Fatal(err)
		}
		if _, err := w.People.Absence(w.As(w.ana), later.ID); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("one that never began is still there: %v", err)
		}
		now := w.add(t, w.ana, w.ana, w.days(0, 6))
		w.Clock.Advance(time.Hour)
		if _, err := w.People.EndAbsence(w.As(w.ana), now.ID, now.Version); err != nil {
			t.Fatal(err)
		}
		if book, err := w.People.AwayNow(t.Context(), w.ana); err != nil || len(book) != 0 {
			t.Errorf("%v %v", book, err)
		}
		if _, err := w.People.ChangeAbsence(w.As(w.ana), now.ID, now.Version+1, w.days(0, 9)); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("what is over was changed: %v", err)
		}
		w.add(t, w.ana, w.ana, w.days(0, 2))
	})
}

func TestASubstituteStepsDown(t *testing.T) {
	eachAbsent(t, func(t *testing.T, w absent) {
		in := w.days(0, 10)
		in.ByGroup = map[int64]int64{w.printing: w.cleo}
		a := w.add(t, w.ana, w.ana, in)
		if standing, err := w.People.StandingIn(w.As(w.cleo)); err != nil || len(standing) != 1 || standing[0].Person != w.ana {
			t.Errorf("%+v %v", standing, err)
		}
		if _, err := w.People.StepDown(w.As(w.lea), a.ID); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("somebody else steps down: %v", err)
		}
		if _, err := w.People.EndAbsence(w.As(w.ben), a.ID, a.Version); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("a substitute ends it: %v", err)
		}
		for person, want := range map[int64]int{w.ana: 1, w.ben: 1, w.cleo: 1, w.lea: 1, w.admin: 1, w.sam: 0} {
			if seen, err := w.People.VisibleAbsences(w.As(person), []int64{a.ID, 12}); err != nil || len(seen) != want {
				t.Errorf("%d may know of %v: %v", person, seen, err)
			}
		}
		if _, err := w.People.StepDown(w.As(w.ben), a.ID); err != nil {
			t.Fatal(err)
		}
		book, err := w.People.AwayNow(t.Context(), w.ana)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := book.Chain(w.ana, w.network); ok {
			t.Error("somebody still stands in")
		}
		around, err := w.People.AroundGroup(t.Context(), w.DB.Reader(), w.ana, w.network, 0)
		if err != nil {
			t.Fatal(err)
		}
		told := book.Instead(w.ana, w.network, around, func(int64) bool { return true })
		if diff := cmp.Diff([]people.Instead{{Person: w.lea, As: people.AsGroupLead}}, told); diff != "" {
			t.Error("a dead end is not the lead's:", diff)
		}
	})
}

func (w absent) take(turn *people.Turn, out *[]bool) error {
	return w.DB.Write(w.T.Context(), func(tx *database.Tx) error {
		first, err := w.People.Taken(w.T.Context(), tx, turn)
		*out = append(*out, first)
		return err
	})
}

func TestEachTurnIsTakenOnce(t *testing.T) {
	eachAbsent(t, func(t *testing.T, w absent) {
		w.add(t, w.ana, w.ana, w.days(1, 2))
		take := func() (out []bool) {
			t.Helper()
			turns, err := w.People.Turns(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			for i := range turns {
				for range 2 {
					if err := w.take(&turns[i], &out); err != nil {
						t.Fatal(err)
					}
				}
			}
			return out
		}
		if got := take(); got != nil {
			t.Errorf("before: %v", got)
		}
		w.Clock.Advance(25 * time.Hour)
		if diff := cmp.Diff([]bool{true, false}, take()); diff != "" {
			t.Error("beginning:", diff)
		}
		w.Clock.Advance(25 * time.Hour)
		if diff := cmp.Diff([]bool{true, false}, take()); diff != "" {
			t.Error("end:", diff)
		}
		if got := take(); got != nil {
			t.Errorf("after: %v", got)
		}
	})
}
