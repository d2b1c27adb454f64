package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// runs gives a periodic piece of work.
func runs(t *testing.T, s *apptest.System, name string) func() {
	t.Helper()
	for _, m := range s.App.Modules() {
		for _, p := range m.Periodic {
			if p.Name == name {
				return func() {
					t.Helper()
					if err := p.Run(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	t.Fatalf("nothing is called %s", name)
	return nil
}

// held is a ticket that the agent has.
func held(t *testing.T, s *apptest.System, title string) ticket.Ticket {
	t.Helper()
	tk := s.Ticket(access.RoleRequester, "incident", title)
	agent := s.Persons[access.RoleAgent]
	tk, err := s.Core.Tickets.Edit(s.As(access.RoleTeamLead), ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &agent})
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

func away(from, until time.Duration, more url.Values) url.Values {
	const layout = "2006-01-02T15:04"
	v := url.Values{"from": {time.Now().UTC().Add(from).Format(layout)}, "until": {time.Now().UTC().Add(until).Format(layout)}}
	for k := range more {
		v[k] = more[k]
	}
	return v
}

func TestSomebodyAwayIsStoodInFor(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := held(t, s, "Printer jams")
		agent, lead, admin := s.SignedIn(access.RoleAgent), s.SignedIn(access.RoleTeamLead), s.SignedIn(access.RoleAdministrator)
		me, substitute := s.Persons[access.RoleAgent], s.Persons[access.RoleTeamLead]
		mine := fmt.Sprintf("/people/%d/absences", me)

		// What is wrong stands beside its field, and what was typed stays.
		wrong := agent.Post(mine, away(time.Hour, -time.Hour, url.Values{"substitute.text": {"team lead"}, "reason": {"Surgery"}}))
		expect(t, wrong, http.StatusUnprocessableEntity)
		if page := wrong.HTML(t); page.Find("#f-until-field .s-error, #f-until-field [class*=error]").Length() == 0 || page.Find("[name='reason']").AttrOr("value", "") != "Surgery" {
			t.Error("the form does not say beside the field what is wrong, or forgets what was typed")
		}
		saved := agent.Post(mine, away(-time.Hour, 48*time.Hour, url.Values{"substitute": {fmt.Sprint(substitute)}, "reason": {"Surgery"}}))
		expect(t, saved, http.StatusSeeOther)
		one := saved.Header.Get("Location")
		page := agent.Get(one)
		if !strings.Contains(page.Body, "Printer jams") || !strings.Contains(page.Body, "Hand over to team lead person") {
			t.Errorf("%s offers nothing to hand over", one)
		}
		form := page.HTML(t).Find("form[action='/bulk']")
		if form.Find("[name='id'][checked]").Length() != 1 || form.Find("[name='assignee']").AttrOr("value", "") != fmt.Sprint(substitute) {
			t.Error("the list to hand over is not filled in")
		}
		if again := agent.Post(mine, away(0, time.Hour, nil)); again.Status != http.StatusUnprocessableEntity || !strings.Contains(again.Body, "is already away from") {
			t.Errorf("an absence overlaps: %d", again.Status)
		}
		if list := agent.Get("/profile/absence"); !strings.Contains(list.Body, "Surgery") {
			t.Error("one's own page lacks why")
		}
		for name, c := range map[string]*apptest.Client{"the lead": lead, "who manages people": admin} {
			if list := c.Get(mine); list.Status != http.StatusOK || strings.Contains(list.Body, "Surgery") {
				t.Errorf("%s: %d", name, list.Status)
			}
		}
		expect(t, s.SignedIn(access.RoleRequester).Get(mine), http.StatusNotFound)

		// On the ticket, in the choice of an assignee, in "My work".
		if page := lead.Get("/tickets/" + tk.Number); !strings.Contains(page.Body, "agent person is away until") || !strings.Contains(page.Body, "Take it") {
			t.Error("the ticket does not say that its assignee is away")
		}
		if hints := admin.Get(fmt.Sprintf("/suggest/members?group=%d&q=agent", s.Group)); !strings.Contains(hints.Body, "team lead person stands in") {
			t.Errorf("the choice does not say who is away: %s", hints.Body)
		}
		home := lead.Get("/").HTML(t)
		if !strings.Contains(home.Find("#home-standing-in").Text(), "Printer jams") {
			t.Error("my work lacks what somebody away holds")
		}
		if list := lead.Get(home.Find("#home-standing-in a[href^='/queue']").AttrOr("href", "")); !strings.Contains(list.Body, "Printer jams") {
			t.Error("the way to all of them finds nothing")
		}
		if strings.Contains(agent.Get("/").Body, "home-standing-in") {
			t.Error("whoever is away stands in for themselves")
		}

		// One press gives it to who stands in, another takes that back.
		give := admin.Post("/tickets/"+tk.Number+"/stand-in?to="+fmt.Sprint(substitute), nil)
		expect(t, give, http.StatusSeeOther)
		if now, err := s.Core.Tickets.Get(s.As("system"), ticket.ByID(tk.ID)); err != nil || now.AssigneeID != substitute {
			t.Errorf("%d has it: %v", now.AssigneeID, err)
		}
		expect(t, s.SignedIn(access.RoleRequester).Post("/tickets/"+tk.Number+"/stand-in?to="+fmt.Sprint(me), nil), http.StatusForbidden)
	})
}

func TestAbsencesAreEnteredByThePersonsOwnClock(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		me := s.Persons[access.RoleAgent]
		if _, err := s.Core.People.UpdateProfile(s.As(access.RoleAgent), people.Profile{Preferences: people.Preferences{Zone: "Asia/Tokyo"}}); err != nil {
			t.Fatal(err)
		}
		mine := fmt.Sprintf("/people/%d/absences", me)
		day := time.Now().UTC().AddDate(0, 0, 10).Format(time.DateOnly)
		admin := s.SignedIn(access.RoleAdministrator) // who is elsewhere
		if page := admin.Get(mine); !strings.Contains(page.Body, "By the clock in Asia/Tokyo.") {
			t.Error("the form does not say by which clock")
		}
		expect(t, admin.Post(mine, url.Values{"from": {day + "T09:00"}, "until": {day + "T18:00"}, "reason": {"Nobody's business"}}), http.StatusSeeOther)
		all, err := s.Core.People.Absences(s.As(access.RoleAgent), me)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		if a := all[0]; a.From.UTC().Format("2006-01-02 15:04") != day+" 00:00" || a.Reason != "" || a.EnteredBy != s.Persons[access.RoleAdministrator] {
			t.Errorf("%+v", a)
		}
		if page := admin.Get(fmt.Sprintf("/absences/%d", all[0].ID)).HTML(t); page.Find("[name='from']").AttrOr("value", "") != day+"T09:00" {
			t.Error("the form shows another clock")
		}
	})
}

func TestTurnsOfAnAbsenceAreToldOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		held(t, s, "Printer jams")
		me, substitute := s.Persons[access.RoleAgent], s.Persons[access.RoleTeamLead]
		turn := runs(t, s, "absence.turns")
		a, err := s.Core.People.AddAbsence(s.As(access.RoleAgent), me, people.AbsenceInput{From: time.Now().Add(-time.Minute), Until: time.Now().Add(time.Hour), Substitute: substitute})
		if err != nil {
			t.Fatal(err)
		}
		told := func(role string) (out []string) {
			t.Helper()
			page, err := s.Core.Notices.Inbox(s.As(role), notify.Query{})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range page.Lines {
				for _, n := range l.Notices {
					if n.Kind == notify.Absence {
						out = append(out, l.Subject.Title+": "+n.Detail)
					}
				}
			}
			return out
		}
		turn()
		turn()
		if got := told(access.RoleTeamLead); len(got) != 1 || !strings.Contains(got[0], "You stand in for agent person. They hold 1 open ticket.") {
			t.Errorf("the substitute was told %q", got)
		}
		if got := told(access.RoleAgent); len(got) != 1 || !strings.Contains(got[0], "You hold 1 open ticket. Hand over what cannot wait.") {
			t.Errorf("who is away was told %q", got)
		}
		lead := s.SignedIn(access.RoleTeamLead)
		if page := lead.Get("/inbox"); !strings.Contains(page.Body, "You get this because you stand in for agent person until") {
			t.Error("the notice does not say why")
		}
		if page := lead.Get("/profile/absence"); !strings.Contains(page.Body, "I cannot stand in") {
			t.Error("the page does not say for whom one stands in")
		}
		expect(t, lead.Post(fmt.Sprintf("/absences/%d/step-down", a.ID), nil), http.StatusSeeOther)
		if got := told(access.RoleAgent); len(got) != 2 || !strings.Contains(got[0], "no longer stands in") {
			t.Errorf("who is away was told %q", got)
		}
		after, err := s.Core.People.Absence(s.As(access.RoleAgent), a.ID)
		if err != nil || after.Substitute != 0 {
			t.Fatal(after, err)
		}
		expect(t, s.SignedIn(access.RoleAgent).Post(fmt.Sprintf("/absences/%d/end?version=%d", a.ID, after.Version), nil), http.StatusSeeOther)
		turn()
		turn()
		got := told(access.RoleAgent)
		if len(got) != 3 || !strings.HasPrefix(got[0], "While you were away: ") || !strings.Contains(got[0], "You hold 1 open ticket.") {
			t.Errorf("who is back was told %q", got)
		}
		if page := s.SignedIn(access.RoleAgent).Get(fmt.Sprintf("/absences/%d", a.ID)); !strings.Contains(page.Body, "While I was away") {
			t.Error("the page does not say what happened meanwhile")
		}
	})
}

func TestAbsencesByAPI(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		agent, lead := s.SignedIn(access.RoleAgent), s.SignedIn(access.RoleTeamLead)
		me, substitute := s.Persons[access.RoleAgent], s.Persons[access.RoleTeamLead]
		now := time.Now().UTC().Truncate(time.Second)
		call := func(c *apptest.Client, method, path, match string, body any, into any) int {
			t.Helper()
			raw, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			header := http.Header{"Content-Type": {"application/json"}, "Origin": {s.URL}}
			if match != "" {
				header.Set("If-Match", match)
			}
			answer := c.Do(method, "/api/v1"+path, strings.NewReader(string(raw)), header)
			if into != nil && answer.Status < 300 {
				if err := json.Unmarshal([]byte(answer.Body), into); err != nil {
					t.Fatal(err)
				}
			}
			if answer.Status >= 500 {
				t.Errorf("%s %s: %s", method, path, answer.Body)
			}
			return answer.Status
		}
		var made struct {
			ID           int64  `json:"id"`
			Version      int64  `json:"version"`
			Reason       string `json:"reason"`
			SubstituteID int64  `json:"substitute_id"`
			EnteredBy    int64  `json:"entered_by"`
		}
		body := map[string]any{"from": now.Add(-time.Hour), "until": now.Add(time.Hour), "substitute_id": substitute, "reason": "Surgery", "by_group": []any{map[string]any{"group_id": s.Group, "substitute_id": s.Persons[access.RoleAdministrator]}}}
		at := fmt.Sprintf("/people/%d/absences", me)
		if status := call(agent, http.MethodPost, at, "", body, &made); status != http.StatusCreated || made.Reason != "Surgery" || made.EnteredBy != me {
			t.Fatalf("%d %+v", status, made)
		}
		if status := call(agent, http.MethodPost, at, "", body, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("an overlap: %d", status)
		}
		if status := call(s.SignedIn(access.RoleAuditor), http.MethodPost, at, "", body, nil); status != http.StatusForbidden {
			t.Errorf("a colleague enters it: %d", status)
		}
		var read struct {
			Reason string `json:"reason"`
		}
		one := fmt.Sprintf("/absences/%d", made.ID)
		if status := call(lead, http.MethodGet, one, "", nil, &read); status != http.StatusOK || read.Reason != "" {
			t.Errorf("the lead reads why: %d %q", status, read.Reason)
		}
		var is struct {
			Away     bool  `json:"away"`
			StandsIn int64 `json:"stands_in"`
		}
		if status := call(s.SignedIn(access.RoleAuditor), http.MethodGet, fmt.Sprintf("/people/%d/away", me), "", nil, &is); status != http.StatusOK || !is.Away || is.StandsIn != substitute {
			t.Errorf("%d %+v", status, is)
		}
		var covers struct {
			Items []struct {
				PersonID int64   `json:"person_id"`
				Groups   []int64 `json:"groups"`
				Except   bool    `json:"except"`
				Filter   string  `json:"filter"`
			} `json:"items"`
		}
		if status := call(lead, http.MethodGet, "/me/standing-in", "", nil, &covers); status != http.StatusOK || len(covers.Items) != 1 || !covers.Items[0].Except || len(covers.Items[0].Groups) != 1 {
			t.Errorf("%d %+v", status, covers)
		}
		tk := held(t, s, "Printer jams") // of the group: the administrator's to look after
		for role, want := range map[string]bool{access.RoleTeamLead: false, access.RoleAdministrator: true} {
			if has := strings.Contains(s.SignedIn(role).Get("/").HTML(t).Find("#home-standing-in").Text(), tk.Title); has != want {
				t.Errorf("%s sees it: %v", role, has)
			}
		}
		if status := call(agent, http.MethodPut, one, "", body, nil); status != http.StatusPreconditionRequired {
			t.Errorf("without a version: %d", status)
		}
		delete(body, "by_group")
		made.Reason = ""
		if status := call(lead, http.MethodPut, one, `"1"`, body, &made); status != http.StatusOK || made.Version != 2 || made.Reason != "" {
			t.Errorf("%d %+v", status, made)
		}
		if status := call(agent, http.MethodPut, one, `"1"`, body, nil); status != http.StatusConflict && status != http.StatusPreconditionFailed {
			t.Errorf("an old version: %d", status)
		}
		if status := call(lead, http.MethodPost, one+"/step-down", "", nil, nil); status != http.StatusNoContent {
			t.Errorf("stepping down: %d", status)
		}
		if status := call(agent, http.MethodPost, one+"/end", "*", nil, nil); status != http.StatusNoContent {
			t.Errorf("ending: %d", status)
		}
		if status := call(agent, http.MethodGet, fmt.Sprintf("/people/%d/away", me), "", nil, &is); status != http.StatusOK || is.Away {
			t.Errorf("%d %+v", status, is)
		}
	})
}

// TestAwayCostsNoQueryForEachTicket bounds what a list of what somebody away holds costs.
func TestAwayCostsNoQueryForEachTicket(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		if _, err := s.Core.People.AddAbsence(s.As(access.RoleAgent), s.Persons[access.RoleAgent], people.AbsenceInput{
			From: time.Now().Add(-time.Minute), Until: time.Now().Add(time.Hour), Substitute: s.Persons[access.RoleTeamLead],
		}); err != nil {
			t.Fatal(err)
		}
		var home func(ctx context.Context) error
		for _, m := range s.App.Modules() {
			if m.Name == "absence" {
				home = func(ctx context.Context) error { _, err := m.Home(ctx); return err }
			}
		}
		count := func() int {
			t.Helper()
			ctx, counter := database.WithCounter(s.As(access.RoleTeamLead))
			if err := home(ctx); err != nil {
				t.Fatal(err)
			}
			return counter.N()
		}
		held(t, s, "One")
		count() // names are kept from now on
		few := count()
		for range 5 {
			held(t, s, "More")
		}
		if many := count(); many > few || many > 8 {
			t.Errorf("%d queries for one ticket, %d for six", few, many)
		}
	})
}
