package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/practice/majorincident"
)

// asJSON sends a JSON request to the API and reads a JSON answer.
func asJSON(t *testing.T, c *apptest.Client, method, path, body, match string) (int, map[string]any) {
	t.Helper()
	header := http.Header{"Content-Type": {"application/json"}}
	if match != "" {
		header.Set("If-Match", match)
	}
	a := c.Do(method, "/api/v1"+path, strings.NewReader(body), header)
	var out map[string]any
	if a.Body != "" {
		if err := json.Unmarshal([]byte(a.Body), &out); err != nil {
			t.Fatalf("%s %s: %s", method, path, a.Body)
		}
	}
	return a.Status, out
}

func pathOf(m map[string]any) string {
	id, _ := m["id"].(float64)
	return "/major-incidents/" + strconv.FormatInt(int64(id), 10)
}

// TestAMajorIncidentFromProposalToReview walks its whole life: an agent proposes,
// the lead commands, everybody is told, and it closes only with a review.
func TestAMajorIncidentFromProposalToReview(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := s.Ticket("requester", "incident", "Nobody can print")
		agent, lead, requester := s.SignedIn("agent"), s.SignedIn("team_lead"), s.SignedIn("requester")

		if a := agent.Get("/tickets/" + tk.Number).HTML(t); a.Find(`[href="/tickets/`+tk.Number+`/major"]`).Length() != 1 {
			t.Fatal("the ticket's page does not offer to propose")
		}
		if a := agent.Post("/tickets/"+tk.Number+"/major", url.Values{"summary": {""}}); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("without a summary: %d", a.Status)
		}
		if a := agent.Post("/tickets/"+tk.Number+"/major", url.Values{"summary": {"No printing"}, "accept": {"true"}}); a.Status != http.StatusForbidden {
			t.Errorf("an agent declares: %d", a.Status)
		}
		a := agent.Post("/tickets/"+tk.Number+"/major", url.Values{"summary": {"No printing anywhere"}, "reason": {"Every floor"}})
		room := a.Header.Get("Location")
		if a.Status != http.StatusSeeOther || !strings.HasPrefix(room, "/major-incidents/") {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if a := agent.Post("/tickets/"+tk.Number+"/major", url.Values{"summary": {"Again"}}); a.Status != http.StatusConflict {
			t.Errorf("a second proposal: %d", a.Status)
		}
		if n := majorNotices(t, s, access.RoleTeamLead); n != 1 {
			t.Errorf("the lead was told %d times", n)
		}
		if a := agent.Post(room+"/accept", nil); a.Status != http.StatusForbidden {
			t.Errorf("an agent accepts: %d", a.Status)
		}
		if a := lead.Post(room+"/accept", nil); a.Status != http.StatusSeeOther {
			t.Fatalf("accept: %d %s", a.Status, a.Body)
		}
		if got := agent.Get("/tickets/" + tk.Number).HTML(t).Find("#panel-major").Text(); !strings.Contains(got, "This is a major incident") {
			t.Errorf("the ticket's page says %q", got)
		}

		if a := lead.Post(room+"/banner", url.Values{"text": {"Printing does not work at the moment"}, "public": {"true"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("banner: %d %s", a.Status, a.Body)
		}
		for role, reads := range map[string]bool{"requester": true, "agent": true, "other": true, "supplier_agent": false} {
			got := s.SignedIn(role).Get("/portal").HTML(t).Find("#banners").Text()
			if role == "supplier_agent" {
				got = s.SignedIn(role).Get("/queue").HTML(t).Find("#banners").Text()
			}
			if strings.Contains(got, "Printing does not work at the moment") != reads {
				t.Errorf("%s reads %q above the page", role, got)
			}
		}

		child := s.Ticket("other", "incident", "My printer is dead")
		parent := tk.ID
		if _, err := s.Core.Tickets.Edit(s.As("agent"), ticket.ByID(child.ID), ticket.Edit{ParentID: &parent}); err != nil {
			t.Fatal(err)
		}
		if a := lead.Post(room+"/updates", url.Values{"body": {""}}); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("an empty update: %d", a.Status)
		}
		if a := lead.Post(room+"/updates", url.Values{"body": {"The supplier's *spool server* is down, SECRET"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("update: %d", a.Status)
		}
		if a := lead.Post(room+"/updates", url.Values{"body": {"We expect it back by noon"}, "public": {"true"}, "replies": {"true"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("public update: %d", a.Status)
		}
		status := requester.Get("/status").HTML(t).Text()
		if !strings.Contains(status, "We expect it back by noon") || strings.Contains(status, "SECRET") {
			t.Errorf("the status page says %s", status)
		}
		if a := requester.Get(room); a.Status != http.StatusNotFound {
			t.Errorf("a requester opens the room: %d", a.Status)
		}
		if a := requester.Get("/major-incidents"); a.Status != http.StatusForbidden {
			t.Errorf("a requester opens the list: %d", a.Status)
		}

		if _, err := s.Core.Tickets.Transition(s.As("agent"), ticket.ByID(tk.ID), ticket.Step{Transition: "resolve", ResolutionCode: firstCode(t, s), Resolution: "The spool server runs"}); err != nil {
			t.Fatal(err)
		}
		if got := agent.Get(room).HTML(t).Find("main").Text(); !strings.Contains(got, "The review is still to be written") {
			t.Errorf("after it was resolved the room says %s", got)
		}
		closing := ticket.Step{Transition: closingOf(t, s)}
		if _, err := s.Core.Tickets.Transition(s.As("agent"), ticket.ByID(tk.ID), closing); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("it closes without a review: %v", err)
		}
		if a := lead.Post(room+"/review", url.Values{"overview": {"It stood"}, "complete": {"true"}}); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("half a review is complete: %d", a.Status)
		}
		if a := lead.Post(room+"/actions", url.Values{"title": {"A second spool server"}, "due": {"2027-01-31"}, "owner": {strconv.FormatInt(s.Persons["agent"], 10)}}); a.Status != http.StatusSeeOther {
			t.Errorf("improvement: %d %s", a.Status, a.Body)
		}
		page := agent.Get(room).HTML(t)
		toggle, ok := page.Find(".s-major-actions form").Attr("action")
		if !ok {
			t.Fatal("the owner of an improvement cannot say that it is done")
		}
		if a := agent.Post(toggle, url.Values{"done": {"true"}}); a.Status != http.StatusSeeOther {
			t.Errorf("done: %d", a.Status)
		}
		whole := url.Values{"overview": {"It stood"}, "cause": {"A full disk"}, "findings": {"Nobody looked"}, "remedy": {"A bigger disk"}, "complete": {"true"}}
		if a := lead.Post(room+"/review", whole); a.Status != http.StatusSeeOther {
			t.Fatalf("review: %d %s", a.Status, a.Body)
		}
		if _, err := s.Core.Tickets.Transition(s.As("agent"), ticket.ByID(tk.ID), closing); err != nil {
			t.Errorf("with a review it does not close: %v", err)
		}
		words := page.Find("#happened").Text()
		for _, want := range []string{"proposed this as a major incident: Every floor", "declared this a major incident", "told everybody by banner", "told everybody: We expect it back by noon"} {
			if !strings.Contains(words, want) {
				t.Errorf("the room's timeline lacks %q: %s", want, words)
			}
		}
	})
}

// majorNotices counts what the person of a role was told of major incidents.
func majorNotices(t *testing.T, s *apptest.System, role string) (n int) {
	t.Helper()
	err := s.Core.DB.Reader().QueryRow(t.Context(), `SELECT count(*) FROM notices WHERE person_id = $1 AND kind = 'major'`, s.Persons[role]).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func firstCode(t *testing.T, s *apptest.System) string {
	t.Helper()
	def, err := s.Core.Tickets.Kinds().Get("incident")
	if err != nil {
		t.Fatal(err)
	}
	return def.Codes[0].Key
}

func closingOf(t *testing.T, s *apptest.System) string {
	t.Helper()
	def, err := s.Core.Tickets.Kinds().Get("incident")
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range def.Transitions {
		if to, _ := def.State(tr.To); to.Category == workflow.Closed && slices.Contains(tr.By, workflow.Agent) {
			return tr.Key
		}
	}
	t.Fatal("no agent closes")
	return ""
}

func TestMajorIncidentsByJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := s.Ticket("requester", "incident", "Nobody can print")
		lead, agent := s.SignedIn("team_lead"), s.SignedIn("agent")
		propose := `{"ticket":"` + tk.Number + `","summary":"No printing","people":40,"accept":true}`
		if status, _ := asJSON(t, agent, http.MethodPost, "/major-incidents", propose, ""); status != http.StatusForbidden {
			t.Errorf("an agent declares: %d", status)
		}
		if status, _ := asJSON(t, lead, http.MethodPost, "/major-incidents", `{"ticket":"`+tk.Number+`","summary":"No printing","services":[12345]}`, ""); status != http.StatusUnprocessableEntity {
			t.Errorf("a service that is not there: %d", status)
		}
		status, m := asJSON(t, lead, http.MethodPost, "/major-incidents", propose, "")
		if status != http.StatusCreated || m["state"] != "accepted" || m["cadence_minutes"] != float64(30) {
			t.Fatalf("%d %v", status, m)
		}
		at := pathOf(m)
		if status, _ := asJSON(t, lead, http.MethodPatch, at, `{"people":50}`, ""); status != http.StatusPreconditionRequired {
			t.Errorf("a change without a version: %d", status)
		}
		status, m = asJSON(t, lead, http.MethodPatch, at, `{"people":50,"public":true,"public_text":"No printing"}`, `"1"`)
		if status != http.StatusOK || m["people"] != float64(50) || m["public"] != true || m["summary"] != "No printing" {
			t.Fatalf("%d %v", status, m)
		}
		if status, _ := asJSON(t, lead, http.MethodPatch, at, `{"people":60}`, `"1"`); status != http.StatusPreconditionFailed {
			t.Errorf("a change of an older version: %d", status)
		}
		if status, _ := asJSON(t, lead, http.MethodPatch, at, `{"roles":{}}`, `"3"`); status != http.StatusUnprocessableEntity {
			t.Errorf("nobody in command: %d", status)
		}
		if status, u := asJSON(t, lead, http.MethodPost, at+"/updates", `{"body":"Soon","public":true}`, ""); status != http.StatusCreated || u["public"] != true {
			t.Errorf("%d %v", status, u)
		}
		if status, list := asJSON(t, agent, http.MethodGet, at+"/updates", "", ""); status != http.StatusOK || len(list["items"].([]any)) != 1 {
			t.Errorf("%d %v", status, list)
		}
		if status, _ := asJSON(t, lead, http.MethodPut, at+"/review", `{"overview":"x"}`, `"4"`); status != http.StatusConflict {
			t.Errorf("a review before the resolution: %d", status)
		}
		if status, list := asJSON(t, agent, http.MethodGet, "/major-incidents?state=accepted", "", ""); status != http.StatusOK || len(list["items"].([]any)) != 1 {
			t.Errorf("%d %v", status, list)
		}
		if status, _ := asJSON(t, s.SignedIn("requester"), http.MethodGet, at, "", ""); status != http.StatusNotFound {
			t.Errorf("a requester reads it: %d", status)
		}
		if status, m := asJSON(t, lead, http.MethodPost, at+"/end", `{"why":"One printer only"}`, ""); status != http.StatusOK || m["state"] != "cancelled" {
			t.Errorf("%d %v", status, m)
		}
	})
}

// TestRulesProposeByThemselves runs the product's jobs.
func TestRulesProposeByThemselves(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		admin := s.SignedIn("administrator")
		if a := s.SignedIn("agent").Post("/major-incident-rules/new", url.Values{"name": {"x"}}); a.Status != http.StatusForbidden {
			t.Errorf("an agent writes a rule: %d", a.Status)
		}
		if a := admin.Post("/major-incident-rules/new", url.Values{"name": {"Many"}, "filter": {"colour:red"}, "active": {"true"}}); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a filter that cannot be read: %d", a.Status)
		}
		if a := admin.Post("/major-incident-rules/new", url.Values{"name": {"Many are hit"}, "filter": {"printing"}, "children": {"2"}, "accepts": {"accept"}, "active": {"true"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("rule: %d %s", a.Status, a.Body)
		}
		if got := admin.Get("/major-incident-rules").HTML(t).Find("main").Text(); !strings.Contains(got, "with 2 linked tickets or more: declares it") {
			t.Errorf("the rules say %s", got)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		if err := s.Core.Jobs.Start(ctx); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Core.Jobs.Stop(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
		}()
		tk := s.Ticket("requester", "incident", "No printing anywhere")
		for range 2 {
			child := s.Ticket("other", "incident", "My own printer")
			if _, err := s.Core.Tickets.Edit(s.As("agent"), ticket.ByID(child.ID), ticket.Edit{ParentID: &tk.ID}); err != nil {
				t.Fatal(err)
			}
		}
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for deadline := time.After(time.Minute); ; {
			found, _, err := s.App.Majors().List(s.As("agent"), majorincident.Query{})
			if err != nil {
				t.Fatal(err)
			}
			if len(found) == 1 {
				if m := found[0]; m.State != majorincident.Accepted || m.Reason != "Many are hit" || m.Ticket.ID != tk.ID || m.ProposedBy != 0 {
					t.Errorf("the rule made %+v", m.Major)
				}
				return
			}
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatal("the rule proposed nothing")
			}
		}
	})
}

// TestRemindersComeOnce lets two nodes look at the same moment.
func TestRemindersComeOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := s.Ticket("requester", "incident", "No printing anywhere")
		lead := s.As("team_lead")
		m, err := s.App.Majors().Propose(lead, ticket.ByID(tk.ID), majorincident.Proposal{Summary: "No printing", Accept: true, Cadence: majorincident.MinCadence})
		if err != nil {
			t.Fatal(err)
		}
		count := func() int { return majorNotices(t, s, access.RoleTeamLead) }
		system := s.As("system")
		if err := s.App.Majors().Remind(system); err != nil || count() != 0 {
			t.Fatalf("reminded before it is due: %d, %v", count(), err)
		}
		if err := s.App.Majors().RemindAt(system, m.NextUpdate.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 2)
		for range 2 {
			go func() { done <- s.App.Majors().RemindAt(system, m.NextUpdate.Add(time.Hour)) }()
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if count() != 1 {
			t.Errorf("told %d times, want once", count())
		}
		if _, err := s.App.Majors().Tell(lead, m.ID, majorincident.Telling{Body: "No news"}); err != nil {
			t.Fatal(err)
		}
		if err := s.App.Majors().RemindAt(system, m.NextUpdate.Add(2*time.Hour)); err != nil || count() != 2 {
			t.Errorf("after an update told %d times, want twice; %v", count(), err)
		}
	})
}

// majorForDump lets everything happen that a major incident can hold.
func majorForDump(t *testing.T, s *apptest.System) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	lead, majors := s.As(access.RoleTeamLead), s.App.Majors()
	_, err := majors.SaveRule(s.As(access.RoleAdministrator), majorincident.Rule{Name: "The highest", Filter: "priority:1"})
	check(err)
	tk := s.Ticket(access.RoleRequester, "incident", "No printing anywhere")
	m, err := majors.Propose(lead, ticket.ByID(tk.ID), majorincident.Proposal{Summary: "No printing", Accept: true})
	check(err)
	_, err = majors.Tell(lead, m.ID, majorincident.Telling{Body: "Soon.", Public: true})
	check(err)
	_, err = majors.AddAction(lead, m.ID, majorincident.Improvement{Title: "A second server", OwnerID: s.Persons[access.RoleAgent]})
	check(err)
}

// TestAPublicUpdateReachesEveryLinkedTicket, also where there are more than one
// look at them takes.
func TestAPublicUpdateReachesEveryLinkedTicket(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		const many = 501
		lead := s.As("team_lead")
		tk := s.Ticket("requester", "incident", "No printing anywhere")
		if _, err := s.Core.Tickets.Operate(lead, ticket.Act{Kind: ticket.BulkEdit, Wish: "children"}, func(ctx context.Context, b *ticket.Batch) error {
			for range many {
				if _, err := b.Create(ctx, ticket.Create{Kind: "incident", Title: "My own printer", RequesterID: s.Persons["other"], ParentID: tk.ID}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		majors := s.App.Majors()
		m, err := majors.Propose(lead, ticket.ByID(tk.ID), majorincident.Proposal{Summary: "No printing", Accept: true})
		if err == nil {
			_, err = majors.Tell(lead, m.ID, majorincident.Telling{Public: true, Replies: true, Body: "A new printer comes at noon."})
		}
		if err == nil {
			err = s.Core.Jobs.Start(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Core.Jobs.Stop(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		}()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for deadline := time.After(time.Minute); ; {
			told, err := majors.Updates(lead, m.ID)
			if err != nil || len(told) != 1 {
				t.Fatalf("%+v, %v", told, err)
			}
			if told[0].Replied == many {
				return
			}
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatalf("it reached %d of %d", told[0].Replied, many)
			}
		}
	})
}
