package results_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results"
)

const march = results.Month("2026-03")

func TestAMonthIsFrozenWhenItIsPublishedAndCountedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until(time.March, 10)
		kept, late := w.solved(w.mira, w.mail, 2), w.solved(w.mira, w.mail, 9)
		w.solved(w.sam, w.mail, 1) // of another unit
		w.until(time.March, 31)
		w.solved(w.mira, w.mail, 20) // broken in April, by the clock of Berlin
		w.publishing(nil, w.north)
		if _, err := w.results.Draft(w.As(w.admin), w.gold, w.north, "2026-04"); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("a month that has not ended: %v", err)
		}
		w.until(time.April, 4)
		d, err := w.results.Draft(w.As(w.admin), w.gold, w.north, march)
		check(t, err)
		// Three answers and one resolution were kept, one resolution broke; what broke in the evening of the 31st did so in March.
		if d.Figures.Kept != 4 || d.Figures.Broken != 2 || d.Figures.Tickets != 3 || d.Figures.Goal != 9000 || d.Zone != "Europe/Berlin" {
			t.Fatalf("%+v", d.Figures)
		}
		p, err := w.results.Publish(w.As(w.admin), w.gold, w.north, march, d.Fingerprint)
		check(t, err)
		if diff := cmp.Diff(d.Figures, p.Figures); diff != "" {
			t.Error(diff)
		}
		if _, err := w.results.Publish(w.As(w.admin), w.gold, w.north, march, ""); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("twice: %v", err)
		}
		again := func() (results.Figures, []results.Change) {
			t.Helper()
			w.Clock.Advance(7 * time.Hour)
			check(t, w.results.CheckAgain(w.System()))
			_, f, changes, err := w.results.Recounted(w.As(w.admin), p.ID)
			check(t, err)
			return f, changes
		}
		if f, changes := again(); len(changes) != 0 || !cmp.Equal(f, p.Figures) {
			t.Errorf("counted again with nothing new: %+v %+v", f, changes)
		}
		_, err = w.tickets.Transition(w.As(w.mira), ticket.ByID(kept.ID), ticket.Step{Transition: "reopen", Comment: "Still there.", CommentPublic: true})
		check(t, err)
		f, changes := again()
		if len(changes) != 1 || changes[0].Ticket != kept.ID || changes[0].Why != results.Reopened || changes[0].Is != results.NotCounted || f.Kept != 3 {
			t.Errorf("%+v %+v", f, changes)
		}
		// Another unit's now: both promises of the ticket that broke are not North's any more.
		_, err = w.tickets.Edit(w.As(w.admin), ticket.ByID(late.ID), ticket.Edit{RequesterID: &w.sam})
		check(t, err)
		f, changes = again()
		whys := map[results.Why]int{}
		for _, c := range changes {
			whys[c.Why]++
		}
		if diff := cmp.Diff(map[results.Why]int{results.Reopened: 1, results.OtherCustomer: 2}, whys); diff != "" || f.Kept != 2 || f.Broken != 1 {
			t.Errorf("%+v %s", f, diff)
		}
		shown, err := w.results.Own(w.As(w.milo), p.ID)
		check(t, err)
		if !cmp.Equal(shown.Figures, p.Figures) || shown.Recount == nil || shown.Recount.Figures.Kept != 2 {
			t.Errorf("the customer has %+v and %+v", shown.Figures, shown.Recount)
		}
		words := w.get(t, w.milo, fmt.Sprintf("/portal/service-levels/%d", p.ID), 200).words(t, "main, body")
		for _, want := range []string{
			"Closed month, published on 4 Apr 2026", "from 1 Mar 2026 to 31 Mar 2026 (Europe/Berlin)", "Published: 66.7% (4 of 6 promises kept). Counted again on", "66.7% (2 of 3 promises kept)",
			"1 promise: its ticket was opened again", "2 promises: their tickets belong to another organisation now",
		} {
			if !strings.Contains(words, want) {
				t.Errorf("%q is missing: %s", want, words)
			}
		}
	})
}

func TestCorrectedHoursAreAReason(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.solved(w.mira, w.mail, 9)
		w.until(time.April, 4)
		w.publishing(nil, w.north)
		p := w.publish(w.north, march)
		a, err := w.agreements.Get(w.System(), w.gold)
		check(t, err)
		a.Versions[0].Targets[2].Within = 10 * time.Hour
		// As an import of corrected terms would: what held then said ten hours.
		check(t, w.rewrite(a.Versions[0].ID, a.Versions[0].Terms))
		w.Clock.Advance(7 * time.Hour)
		_, err = w.promises.Settle(w.System())
		check(t, err)
		_, f, changes, err := w.results.Recounted(w.As(w.admin), p.ID)
		if err != nil || len(changes) != 1 || changes[0].Was != results.Broken || changes[0].Is != results.Kept || changes[0].Why != results.TermsChanged || f.Broken != 0 {
			t.Errorf("%+v %+v %v", f, changes, err)
		}
	})
}

func TestNothingOfOthersIsSeen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		north, south, light := w.solved(w.mira, w.mail, 2), w.solved(w.sam, w.mail, 9), w.solved(w.lena, w.mail, 1)
		w.until(time.April, 4)
		w.publishing(func(s *results.Setting) { s.Tickets, s.AtRisk = true, true }, w.north, w.south, w.lighthouse)
		n, s, l := w.publish(w.north, march), w.publish(w.south, march), w.publish(w.lighthouse, march)
		for who, own := range map[int64]struct {
			p      results.Publication
			number string
		}{w.mira: {n, north.Number}, w.milo: {n, north.Number}, w.sam: {s, south.Number}, w.lena: {l, light.Number}} {
			if own.p.Figures.Tickets != 1 {
				t.Errorf("counts %+v", own.p.Figures)
			}
			mine := w.get(t, who, "/portal/service-levels", 200)
			if got := mine.html(t).Find("a[href^='/portal/service-levels/']").Length(); got == 0 {
				t.Errorf("%d finds nothing of its own: %s", who, mine.body)
			}
			var list struct{ Items []results.PublishedResult }
			w.api(t, who, "GET", "/published-results", "", 200, &list)
			if len(list.Items) != 1 || list.Items[0].ID != own.p.ID {
				t.Errorf("%d lists %+v", who, list)
			}
			page := w.get(t, who, fmt.Sprintf("/portal/service-levels/%d", own.p.ID), 200)
			file := w.get(t, who, fmt.Sprintf("/portal/service-levels/%d/tickets.csv", own.p.ID), 200)
			for _, tk := range []ticket.Ticket{north, south, light} {
				if got := strings.Contains(page.body, tk.Number); got != (tk.Number == own.number) {
					t.Errorf("%d on its page: %s is %v", who, tk.Number, got)
				}
				if got := strings.Contains(file.body, tk.Number+","); got != (tk.Number == own.number) {
					t.Errorf("%d in its list: %s is %v", who, tk.Number, got)
				}
			}
			for _, other := range []results.Publication{n, s, l} {
				if strings.Contains(mine.body, fmt.Sprint(other.ID)) != (other.ID == own.p.ID) {
					t.Errorf("%d has a trace of %d", who, other.ID)
				}
				if other.ID == own.p.ID {
					continue
				}
				// A guess is answered as a number that was never given.
				for _, path := range []string{"/portal/service-levels/%d", "/portal/service-levels/%d/csv", "/portal/service-levels/%d/tickets.csv", "/api/v1/published-results/%d", "/api/v1/published-results/%d/promises"} {
					a, b := w.send(t, who, "GET", fmt.Sprintf(path, other.ID), "", ""), w.send(t, who, "GET", fmt.Sprintf(path, 4711), "", "")
					strip := func(x answer) string {
						return strings.NewReplacer(fmt.Sprint(other.ID), "", "4711", "").Replace(x.html(t).Find("main").Text())
					}
					if a.status != http.StatusNotFound || b.status != a.status || strip(a) != strip(b) {
						t.Errorf("%d at %s: %d %d", who, path, a.status, b.status)
					}
				}
				w.api(t, who, "POST", fmt.Sprintf("/published-results/%d/withdraw", other.ID), `{"reason":"x"}`, 404, nil)
			}
			// What colleagues read is not for customers at all.
			for _, path := range []string{"/agreements/%d/results", "/agreements/%d/results/settings", "/agreements/%d/results/draft?month=2026-03&organisation=1", "/api/v1/agreements/%d/publishing"} {
				if a := w.send(t, who, "GET", fmt.Sprintf(path, w.gold), "", ""); a.status != http.StatusForbidden {
					t.Errorf("%d at %s: %d", who, path, a.status)
				}
			}
			if a := w.send(t, who, "GET", fmt.Sprintf("/agreements/%d/results/%d", w.gold, own.p.ID), "", ""); a.status != http.StatusNotFound {
				t.Errorf("%d at its own inside: %d", who, a.status)
			}
		}
		// A colleague requester of a ticket reads its title, nobody else does.
		if title := "Secret matter of"; !strings.Contains(w.get(t, w.mira, fmt.Sprintf("/portal/service-levels/%d", n.ID), 200).body, title) ||
			strings.Contains(w.get(t, w.milo, fmt.Sprintf("/portal/service-levels/%d", n.ID), 200).body, title) {
			t.Error("titles are for those who asked")
		}
		if a := w.send(t, w.vera, "GET", "/portal/service-levels", "", ""); a.status != http.StatusForbidden {
			t.Errorf("a supplier: %d", a.status)
		}
		var none struct{ Items []results.PublishedResult }
		if a := w.send(t, w.vera, "GET", "/api/v1/published-results", "", ""); a.status != http.StatusForbidden {
			t.Errorf("a supplier by JSON: %d %+v", a.status, none)
		}
		// Whoever keeps one customer sees nothing of the others.
		grace := w.Person("Grace Relations", w.company)
		check(t, w.Roles.GrantToPerson(w.System(), grace, access.RoleRelationshipManager, w.lighthouse))
		var list struct{ Items []results.PublishedResult }
		if w.api(t, grace, "GET", "/published-results", "", 200, &list); len(list.Items) != 1 || list.Items[0].ID != l.ID {
			t.Errorf("a relationship manager lists %+v", list)
		}
		if body := w.get(t, grace, fmt.Sprintf("/agreements/%d/results", w.gold), 200).body; strings.Contains(body, fmt.Sprint(n.ID)) || strings.Contains(body, "South") || !strings.Contains(body, fmt.Sprint(l.ID)) {
			t.Error("a relationship manager sees other customers")
		}
		w.get(t, grace, fmt.Sprintf("/agreements/%d/results/%d", w.gold, n.ID), 404)
		w.get(t, grace, fmt.Sprintf("/agreements/%d/results/%d/csv", w.gold, n.ID), 404)
		w.api(t, w.ana, "GET", "/published-results?limit=1", "", 200, &list)
		if len(list.Items) != 1 {
			t.Errorf("an agent lists %+v", list)
		}
		// Above both units nobody reads what is published to one of them.
		boss := w.Person("Bea Boss", w.company)
		if w.api(t, boss, "GET", "/published-results", "", 200, &list); len(list.Items) != 0 {
			t.Errorf("above: %+v", list)
		}
	})
}

func TestListsOfPublishedMonthsGoOnWhereTheyEnded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until(time.July, 2)
		w.publishing(nil, w.north, w.south)
		want := 0
		for month := results.Month("2026-01"); month <= "2026-06"; month = month.Add(1) {
			w.publish(w.north, month)
			w.publish(w.south, month)
			want += 2
		}
		for who, want := range map[int64]int{w.ana: want, w.mira: want / 2} {
			var seen []int64
			for cursor := ""; ; {
				var page struct {
					Items []results.PublishedResult
					Next  string `json:"next_cursor"`
				}
				path := "/published-results?limit=4"
				if cursor != "" {
					path += "&cursor=" + cursor
				}
				w.api(t, who, "GET", path, "", 200, &page)
				for _, p := range page.Items {
					seen = append(seen, p.ID)
				}
				if cursor = page.Next; cursor == "" {
					break
				}
			}
			slices.Sort(seen)
			if len(slices.Compact(seen)) != want {
				t.Errorf("%d sees %d, want %d", who, len(seen), want)
			}
		}
		for _, wrong := range []string{"4711", "2026-03", "2026-03.x", "soon.1", "2026-03.-1"} {
			w.api(t, w.mira, "GET", "/published-results?cursor="+wrong, "", 422, nil)
		}
		w.get(t, w.mira, "/portal/service-levels", 200)
		if n := w.counter.N(); n > 12 {
			t.Errorf("the page of customers costs %d queries: %v", n, w.counter.Queries())
		}
		w.get(t, w.ana, fmt.Sprintf("/agreements/%d/results", w.gold), 200)
		if n := w.counter.N(); n > 10 {
			t.Errorf("the page of colleagues costs %d queries: %v", n, w.counter.Queries())
		}
	})
}

func TestMonthsArePublishedByThemselvesOnceAndCaughtUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.solved(w.mira, w.mail, 2)
		w.until(time.April, 4)
		w.publishing(func(s *results.Setting) { s.ByItself, s.Days, s.Since = true, 5, march }, w.north, w.lighthouse)
		months := func() (out []string) {
			t.Helper()
			found, err := w.results.Published(w.System(), w.gold, "")
			check(t, err)
			for _, p := range found {
				name := map[int64]string{w.north: "north", w.lighthouse: "light"}[p.Organisation]
				if p.Withdrawn() {
					name += " withdrawn"
				}
				out = append(out, string(p.Month)+" "+name)
			}
			slices.Sort(out)
			return out
		}
		check(t, w.results.PublishDue(w.System()))
		if got := months(); len(got) != 0 {
			t.Errorf("before the fifth day: %v", got)
		}
		w.until(time.April, 7)
		nodes := []*results.Service{w.results, w.nodes(), w.nodes()}
		var all sync.WaitGroup
		for _, node := range nodes {
			all.Go(func() {
				if err := node.PublishDue(w.System()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if diff := cmp.Diff([]string{"2026-03 light", "2026-03 north"}, months()); diff != "" {
			t.Error(diff)
		}
		found, err := w.results.Published(w.System(), w.gold, "")
		check(t, err)
		i := slices.IndexFunc(found, func(p results.Publication) bool { return p.Organisation == w.north })
		if found[i].PublishedBy != 0 || found[i].Figures.Kept != 2 {
			t.Errorf("%+v", found[i])
		}
		_, err = w.results.Withdraw(w.As(w.admin), found[i].ID, "The hours were wrong.")
		check(t, err)
		// Down until July; what was withdrawn stays so.
		w.until(time.July, 20)
		for range 2 {
			check(t, w.results.PublishDue(w.System()))
		}
		if diff := cmp.Diff([]string{"2026-03 light", "2026-03 north withdrawn", "2026-04 light", "2026-04 north", "2026-05 light", "2026-05 north", "2026-06 light", "2026-06 north"}, months()); diff != "" {
			t.Error(diff)
		}
		again := w.publish(w.north, march)
		if again.Number != 2 {
			t.Errorf("published again as %d", again.Number)
		}
	})
}

func TestAWithdrawnMonthIsGoneForCustomersWithItsReason(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.solved(w.mira, w.mail, 2)
		w.until(time.April, 4)
		w.publishing(nil, w.north)
		p := w.publish(w.north, march)
		inside := fmt.Sprintf("/agreements/%d/results/%d", w.gold, p.ID)
		w.post(t, w.ana, inside+"/withdraw", url.Values{"reason": {"No."}}, 403)
		wrong := w.post(t, w.admin, inside+"/withdraw", url.Values{"reason": {" "}}, 422)
		if wrong.html(t).Find("#f-reason-error").Length() != 1 {
			t.Error("nothing stands beside the field")
		}
		w.post(t, w.admin, inside+"/withdraw", url.Values{"reason": {"The hours of March were wrong."}}, 303)
		w.post(t, w.admin, inside+"/withdraw", url.Values{"reason": {"Again."}}, 409)
		w.get(t, w.mira, fmt.Sprintf("/portal/service-levels/%d", p.ID), 404)
		w.api(t, w.mira, "GET", fmt.Sprintf("/published-results/%d", p.ID), "", 404, nil)
		if words := w.get(t, w.mira, "/portal/service-levels", 200).words(t, "body"); !strings.Contains(words, "Withdrawn on 4 Apr 2026: The hours of March were wrong.") {
			t.Errorf("the customer reads %s", words)
		}
		log, _, err := w.Log.List(w.As(w.admin), audit.Query{})
		check(t, err)
		var actions []string
		for _, r := range log {
			if strings.HasPrefix(r.Action, "results.") {
				actions = append(actions, r.Action)
			}
		}
		if diff := cmp.Diff([]string{"results.withdraw", "results.publish", "results.configure"}, actions); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhoIsAccountablePublishesAndNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.solved(w.mira, w.mail, 2)
		w.until(time.April, 4)
		settings := fmt.Sprintf("/agreements/%d/results/settings", w.gold)
		w.get(t, w.ana, settings, 403)
		form := url.Values{
			"active": {"true"}, "organisations": {fmt.Sprint(w.north)}, "goal": {"95,5"}, "how": {"itself"}, "days": {"3"}, "since": {"2026-05"}, "version": {"0"}, "measures": {"resolution"},
			"contacts": {fmt.Sprint(w.mira)},
		}
		w.post(t, w.ana, settings, form, 403)
		w.post(t, w.olga, settings, form, 303)
		s, err := w.results.Setting(w.As(w.olga), w.gold)
		check(t, err)
		if s.Goal != 9550 || s.Days != 3 || s.Since != "2026-05" || len(s.Measures) != 1 || !slices.Equal(s.Contacts, []int64{w.mira}) {
			t.Errorf("%+v", s)
		}
		w.post(t, w.olga, settings, form, 409) // somebody was quicker
		draft := fmt.Sprintf("/agreements/%d/results/draft?month=2026-03&organisation=%d", w.gold, w.north)
		w.get(t, w.ana, draft, 403)
		page := w.get(t, w.olga, draft, 200)
		if words := page.words(t, "#draft"); !strings.Contains(words, "A draft: nothing of it is published yet") || strings.Contains(words, "First answer") {
			t.Errorf("the draft: %s", words)
		}
		seen, _ := page.html(t).Find("input[name=seen]").Attr("value")
		publish := url.Values{"organisation": {fmt.Sprint(w.north)}, "month": {"2026-03"}, "seen": {seen}}
		w.post(t, w.ana, fmt.Sprintf("/agreements/%d/results", w.gold), publish, 403)
		stale := url.Values{"organisation": {fmt.Sprint(w.north)}, "month": {"2026-03"}, "seen": {"another"}}
		if words := w.post(t, w.olga, fmt.Sprintf("/agreements/%d/results", w.gold), stale, 409).words(t, "body"); !strings.Contains(words, "have changed since you looked") {
			t.Error(words)
		}
		at := w.post(t, w.olga, fmt.Sprintf("/agreements/%d/results", w.gold), publish, 303).location
		if words := w.get(t, w.ana, at, 200).words(t, "body"); !strings.Contains(words, "Olga Owner") || strings.Contains(words, "Withdraw") {
			t.Errorf("a colleague reads %s", words)
		}
		file := w.get(t, w.ana, at+"/csv", 200)
		if !strings.HasPrefix(file.body, "month,published_at,measure") || !strings.Contains(file.body, "2026-03,") || strings.Contains(file.body, "response") {
			t.Error(file.body)
		}
	})
}

func TestWhatIsWrongStandsBesideItsField(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, c := range map[string]struct {
			change func(s *results.Setting)
			field  string
		}{
			"nobody":       {func(s *results.Setting) { s.Organisations = nil }, "organisations"},
			"a supplier":   {func(s *results.Setting) { s.Organisations = []int64{w.wireworks} }, "organisations"},
			"no such":      {func(s *results.Setting) { s.Organisations = []int64{4711} }, "organisations"},
			"a goal":       {func(s *results.Setting) { s.Goal = 10001 }, "goal"},
			"a measure":    {func(s *results.Setting) { s.Measures = append(s.Measures, "speed") }, "measures"},
			"days":         {func(s *results.Setting) { s.ByItself, s.Days, s.Since = true, 99, march }, "days"},
			"a month":      {func(s *results.Setting) { s.ByItself, s.Since = true, "soon" }, "since"},
			"a stranger":   {func(s *results.Setting) { s.Contacts = []int64{w.lena} }, "contacts"},
			"nobody known": {func(s *results.Setting) { s.Contacts = []int64{4711} }, "contacts"},
		} {
			s := results.Setting{Agreement: w.gold, Active: true, Organisations: []int64{w.north}}
			c.change(&s)
			_, err := w.results.Configure(w.As(w.admin), s)
			if fields := apperr.FieldsOf(err); !apperr.Is(err, apperr.Invalid) || len(fields) != 1 || fields[0].Name != c.field {
				t.Errorf("%s: %v %v", name, err, fields)
			}
		}
		var set results.PublishingSetting
		path := fmt.Sprintf("/agreements/%d/publishing", w.gold)
		w.api(t, w.admin, "PUT", path, fmt.Sprintf(`{"active":true,"organisation_ids":[%d],"measures":[],"goal":0.955,"tickets":true,"at_risk":false,"contacts_only":false,"contact_ids":[],"days":5,"since":"2026-03"}`, w.lighthouse), 200, &set)
		if set.Goal != 0.955 || set.Days == nil || *set.Days != 5 || set.Version != 1 {
			t.Errorf("%+v", set)
		}
		w.api(t, w.admin, "PUT", path, `{"active":true,"organisation_ids":[4711],"measures":[],"tickets":true,"at_risk":false,"contacts_only":false,"contact_ids":[]}`, 422, nil)
		w.api(t, w.ana, "PUT", path, fmt.Sprintf(`{"active":false,"organisation_ids":[%d],"measures":[],"tickets":true,"at_risk":false,"contacts_only":false,"contact_ids":[]}`, w.north), 403, nil)
	})
}

func TestContactsAreToldOnceWithTheReason(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.solved(w.mira, w.mail, 2)
		w.until(time.April, 4)
		w.publishing(func(s *results.Setting) { s.Contacts = []int64{w.mira, w.lena} }, w.north, w.lighthouse)
		w.post(t, w.milo, fmt.Sprintf("/portal/service-levels/agreements/%d/told?told=true", w.gold), url.Values{}, 303)
		w.post(t, w.sam, fmt.Sprintf("/portal/service-levels/agreements/%d/told?told=true", w.gold), url.Values{}, 404)
		p := w.publish(w.north, march)
		inbox := func(person int64) []string {
			t.Helper()
			page, err := w.notices.PublicInbox(w.As(person), notify.Query{})
			check(t, err)
			unread, err := w.notices.Unread(w.As(person))
			check(t, err)
			var out []string
			for _, l := range page.Lines {
				if l.Subject.Type == results.Subject {
					out = append(out, fmt.Sprint(l.Title, " ", l.Notices[0].Reason, " ", l.Subject.URL, " ", unread.Lines > 0))
				}
			}
			return out
		}
		at := fmt.Sprintf(" /portal/service-levels/%d true", p.ID)
		for person, want := range map[int64][]string{
			w.mira: {"Gold: service levels of Mar 2026 listed" + at}, w.milo: {"Gold: service levels of Mar 2026 subscriber" + at}, w.lena: nil, w.sam: nil,
		} {
			if diff := cmp.Diff(want, inbox(person)); diff != "" {
				t.Errorf("%d: %s", person, diff)
			}
		}
		w.post(t, w.milo, fmt.Sprintf("/portal/service-levels/agreements/%d/told?told=false", w.gold), url.Values{}, 303)
		w.until(time.May, 4)
		w.publish(w.north, "2026-04")
		if got := inbox(w.milo); len(got) != 1 {
			t.Errorf("told no more, and has %v", got)
		}
		_, err := w.results.Withdraw(w.As(w.admin), p.ID, "Wrong.")
		check(t, err)
		if got := inbox(w.milo); len(got) != 0 {
			t.Errorf("of what was withdrawn: %v", got)
		}
		// Of what is no longer published to them nobody has a line.
		w.publishing(nil, w.lighthouse)
		if got := inbox(w.mira); len(got) != 0 {
			t.Errorf("of what is published to others: %v", got)
		}
	})
}

func TestOnlyNamedContactsReadWhatIsForContacts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until(time.April, 4)
		w.publishing(func(s *results.Setting) { s.ContactsOnly, s.Contacts = true, []int64{w.mira} }, w.north)
		p := w.publish(w.north, march)
		w.get(t, w.mira, fmt.Sprintf("/portal/service-levels/%d", p.ID), 200)
		w.get(t, w.milo, fmt.Sprintf("/portal/service-levels/%d", p.ID), 404)
		if words := w.get(t, w.milo, "/portal/service-levels", 200).words(t, "body"); !strings.Contains(words, "Nothing is published for your organisation") {
			t.Error(words)
		}
		w.post(t, w.milo, fmt.Sprintf("/portal/service-levels/agreements/%d/told?told=true", w.gold), url.Values{}, 404)
		// The list of tickets is not published, and neither are promises at risk.
		w.get(t, w.mira, fmt.Sprintf("/portal/service-levels/%d/tickets.csv", p.ID), 404)
		w.api(t, w.mira, "GET", fmt.Sprintf("/published-results/%d/promises", p.ID), "", 403, nil)
	})
}

func TestCustomersReadWhoAnswersAndWhatIsPromised(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o, err := w.People.Person(w.System(), w.olga)
		check(t, err)
		o.Email, o.Phone = "olga@example.org", "+49 30 1234"
		_, err = w.People.UpdatePerson(w.System(), w.olga, o.Version, o.PersonInput)
		check(t, err)
		w.solved(w.mira, w.mail, 2)
		w.solved(w.mira, w.orphan, 2)
		w.until(time.April, 4)
		w.publishing(func(s *results.Setting) { s.AtRisk = true }, w.company)
		w.publish(w.company, march)
		late, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "Late one", RequesterID: w.mira, GroupID: w.network})
		check(t, err)
		w.Clock.Advance(48 * time.Hour)
		check(t, w.promises.Keep(w.System(), time.Minute))
		page := w.get(t, w.mira, "/portal/service-levels", 200)
		words := page.words(t, "body")
		for _, want := range []string{
			"Gold", "Olga Owner", "olga@example.org", "First answer", "within 1 h", "Critical: within 4 h · Everything else: within 8 h", "Times count in the hours of the calendar “Always”",
			"FaxNobody is named yet", "MailOlga Owner", "Goal: 90%", "Late one", late.Number, "later than promised",
		} {
			if !strings.Contains(words, want) {
				t.Errorf("%q is missing: %s", want, words)
			}
		}
		if page.html(t).Find("svg .s-chart-target, .s-chart-target").Length() == 0 {
			t.Error("the chart has no line for the goal")
		}
		if words := w.get(t, w.milo, "/portal/service-levels", 200).words(t, "body"); strings.Contains(words, "Late one") {
			t.Error("somebody reads of another's ticket")
		}
		w.publishing(nil, w.company)
		if words := w.get(t, w.mira, "/portal/service-levels", 200).words(t, "body"); strings.Contains(words, "Late one") {
			t.Error("promises at risk are shown though they are not published")
		}
		w.publishing(func(s *results.Setting) { s.Active = false }, w.company)
		if words := w.get(t, w.mira, "/portal/service-levels", 200).words(t, "body"); strings.Contains(words, "Gold") {
			t.Error("what is turned off is shown")
		}
	})
}

func TestUnitsOfACustomerAreAnAudienceAndOthersAreNot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, err := w.agreements.Get(w.System(), w.gold)
		check(t, err)
		in := agreementFor(a, "Lighthouse only", w.lighthouse)
		made, err := w.agreements.Create(w.System(), in)
		check(t, err)
		unit := w.Organisation(people.Unit, "Tower", w.lighthouse)
		for organisation, ok := range map[int64]bool{w.lighthouse: true, unit: true, w.north: false} {
			_, err := w.results.Configure(w.As(w.admin), results.Setting{Agreement: made.ID, Active: true, Organisations: []int64{organisation}, Version: versionOf(t, w, made.ID)})
			if (err == nil) != ok {
				t.Errorf("%d: %v", organisation, err)
			}
		}
	})
}
