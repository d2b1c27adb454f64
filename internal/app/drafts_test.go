package app_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

// secret stands in drafts, and must not be found where they are not.
const secretDraft = "Quartz-and-xylophone"

func TestDraftsOnPages(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := s.Ticket("requester", "incident", "The printer hums")
		agent, lead := s.SignedIn("agent"), s.SignedIn("team_lead")
		page := "/tickets/" + tk.Number
		has := func(a apptest.Answer, n int, selector string) {
			t.Helper()
			if got := a.HTML(t).Find(selector).Length(); got != n {
				t.Errorf("%d of %s, want %d:\n%s", got, selector, n, a.Body)
			}
		}
		has(agent.Get(page), 1, "#composer [formaction='"+page+"/drafts/new'][data-key='u d']")
		has(agent.Get(page), 0, ".s-shared")
		has(agent.Post(page+"/drafts/new", url.Values{"kind": {"note"}, "body": {"As typed"}}), 1, "form[action='"+page+"/drafts'] input[name=kind][value=note]")

		wrong := agent.Post(page+"/drafts", url.Values{"kind": {"reply"}, "body": {secretDraft}, "reviewer": {strconv.FormatInt(s.Persons["requester"], 10)}})
		if wrong.Status != http.StatusUnprocessableEntity || wrong.HTML(t).Find("textarea[name=body]").Text() != secretDraft {
			t.Errorf("%d %s", wrong.Status, wrong.Body)
		}
		if a := agent.Post(page+"/draft", url.Values{"kind": {"reply"}, "body": {secretDraft}}); a.Status != http.StatusNoContent {
			t.Fatal(a.Status)
		}
		has(agent.Get("/drafts"), 1, ".s-drafts-list a[href='"+page+"#composer']")
		share := url.Values{"kind": {"reply"}, "body": {secretDraft + " **bold**"}, "reviewer": {strconv.FormatInt(s.Persons["team_lead"], 10)}, "asked": {"Is it right?"}}
		if a := agent.Post(page+"/drafts", share); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		now := agent.Get(page)
		has(now, 1, ".s-record > #panel-drafts .s-shared .s-shared-text strong")
		has(now, 0, ".s-shared [href$='/review']") // one's own
		if typed := now.HTML(t).Find("#composer textarea[name=body]").Text(); typed != "" {
			t.Errorf("what was shared is typed still: %q", typed)
		}
		has(agent.Get("/drafts"), 0, ".s-drafts-list a[href$='#composer']")
		has(lead.Get("/"), 1, "#home-drafts .s-drafts-list a[href='"+page+"#panel-drafts']")
		theirs := lead.Get(page)
		has(theirs, 1, ".s-shared .s-badge.s-tone-accent")
		link, _ := theirs.HTML(t).Find(".s-shared [href$='/review']").Attr("href")
		one := strings.TrimSuffix(link, "/review")
		has(lead.Post(link, url.Values{"version": {"1"}, "verdict": {"change"}}), 1, ".s-field-wrong textarea[name=remark]")
		if a := lead.Post(link, url.Values{"version": {"1"}, "verdict": {"ready"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		has(lead.Get("/"), 0, "#home-drafts .s-drafts-list li")
		if a := lead.Post(one, url.Values{"version": {"1"}, "body": {"Theirs"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		clash := agent.Post(one, url.Values{"version": {"1"}, "body": {"Mine"}})
		if doc := clash.HTML(t); clash.Status != http.StatusConflict || doc.Find(".s-shared-theirs pre").Text() != "Theirs" || doc.Find("textarea[name=body]").Text() != "Mine" {
			t.Errorf("%d %s", clash.Status, clash.Body)
		}
		has(clash, 1, "input[name=version][value='2']")
		has(lead.Get(one+"/versions"), 1, "pre:contains('"+secretDraft+"')")
		if a := lead.Post(one+"/send?version=1", nil); a.Status != http.StatusSeeOther {
			t.Fatal(a.Status)
		}
		has(lead.Get(page), 1, ".s-shared") // it was changed meanwhile: not sent
		if a := lead.Post(one+"/send?version=2", nil); a.Status != http.StatusSeeOther {
			t.Fatal(a.Status)
		}
		sent := lead.Get(page)
		has(sent, 0, ".s-shared")
		if said := sent.HTML(t).Find(".s-timeline").Text(); !strings.Contains(said, "drafted by agent person") {
			t.Errorf("the timeline says %s", said)
		}
	})
}

func TestDraftsByJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := s.Ticket("requester", "incident", "The printer hums")
		agent, lead := s.SignedIn("agent"), s.SignedIn("team_lead")
		type shared struct {
			ID      int64
			Version int
			Body    string
			Waiting bool
			Files   int
			Reviews []struct{ Verdict string }
		}
		base := "/tickets/" + tk.Number + "/drafts"
		must := func(a apptest.Answer, status int) {
			t.Helper()
			if a.Status != status {
				t.Fatalf("%d, want %d: %s", a.Status, status, a.Body)
			}
		}
		must(api(t, agent, http.MethodPut, base+"/own/reply", object{"body": "Half a sen"}, nil), http.StatusNoContent)
		var of struct {
			Shared []shared
			Own    []struct{ Body string }
		}
		must(api(t, agent, http.MethodGet, base, nil, &of), http.StatusOK)
		if len(of.Own) != 1 || of.Own[0].Body != "Half a sen" || len(of.Shared) != 0 {
			t.Errorf("%+v", of)
		}
		if must(api(t, lead, http.MethodGet, base, nil, &of), http.StatusOK); len(of.Own) != 0 {
			t.Errorf("the lead reads %+v", of)
		}
		file := upload(t, agent, "plan.txt", "A plan.")
		var d, again shared
		wish := object{"kind": "reply", "body": "Half a sen", "reviewer_id": s.Persons["team_lead"], "attachments": []int64{file}}
		must(api(t, agent, http.MethodPost, base, wish, &d, "Idempotency-Key", "k"), http.StatusCreated)
		must(api(t, agent, http.MethodPost, base, wish, &again, "Idempotency-Key", "k"), http.StatusCreated)
		if d.ID != again.ID || !d.Waiting || d.Files != 1 {
			t.Errorf("%+v, then %+v", d, again)
		}
		of.Own = nil
		if must(api(t, agent, http.MethodGet, base, nil, &of), http.StatusOK); len(of.Own) != 0 || len(of.Shared) != 1 {
			t.Errorf("%+v", of)
		}
		one := base + "/" + strconv.FormatInt(d.ID, 10)
		must(api(t, lead, http.MethodPut, one, object{"version": 1, "body": "A sentence."}, &d), http.StatusOK)
		clash := api(t, agent, http.MethodPut, one, object{"version": 1, "body": "Another."}, nil)
		must(clash, http.StatusConflict)
		if !strings.Contains(clash.Header.Get("Content-Type"), "application/problem+json") || strings.Contains(clash.Body, "requester_id") {
			t.Errorf("%s", clash.Body)
		}
		must(api(t, agent, http.MethodPost, one+"/review", object{"version": 2, "verdict": "ready"}, nil), http.StatusForbidden)
		must(api(t, lead, http.MethodPost, one+"/review", object{"version": 2, "verdict": "change"}, nil), http.StatusUnprocessableEntity)
		must(api(t, lead, http.MethodPost, one+"/review", object{"version": 2, "verdict": "ready"}, &d), http.StatusOK)
		if d.Waiting || len(d.Reviews) != 1 {
			t.Errorf("%+v", d)
		}
		var mine struct{ Waiting, Shared []shared }
		must(api(t, agent, http.MethodGet, "/drafts", nil, &mine), http.StatusOK)
		if len(mine.Shared) != 1 || len(mine.Waiting) != 0 {
			t.Errorf("%+v", mine)
		}
		must(api(t, lead, http.MethodPost, one+"/send", object{"version": 2}, nil), http.StatusOK)
		must(api(t, lead, http.MethodPost, one+"/send", object{"version": 2}, nil), http.StatusNotFound)
		must(api(t, agent, http.MethodPost, base, object{"kind": "note", "body": "A thought"}, &d), http.StatusCreated)
		one = base + "/" + strconv.FormatInt(d.ID, 10)
		must(api(t, lead, http.MethodPost, one+"/take-back", nil, nil), http.StatusForbidden)
		must(api(t, agent, http.MethodPost, one+"/take-back", nil, nil), http.StatusNoContent)
		must(api(t, agent, http.MethodPost, base, object{"kind": "note", "body": "Another thought"}, &d), http.StatusCreated)
		must(api(t, agent, http.MethodDelete, base+"/"+strconv.FormatInt(d.ID, 10), nil, nil), http.StatusNoContent)
		if must(api(t, agent, http.MethodGet, base, nil, &of), http.StatusOK); len(of.Shared) != 0 {
			t.Errorf("%+v", of)
		}
	})
}

// TestNobodyOutsideLearnsOfADraft reads all that outsiders can ask for.
func TestNobodyOutsideLearnsOfADraft(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := s.Ticket("requester", "incident", "The printer hums")
		if _, err := s.Core.Tickets.Edit(s.As("system"), ticket.ByID(tk.ID), ticket.Edit{GroupID: &s.Theirs, AssigneeID: new(s.Persons["supplier_agent"])}); err != nil {
			t.Fatal(err)
		}
		agent := s.SignedIn("agent")
		page, base := "/tickets/"+tk.Number, "/api/v1/tickets/"+tk.Number
		var d struct{ ID int64 }
		if a := api(t, agent, http.MethodPost, page+"/drafts", object{"kind": "reply", "body": secretDraft, "asked": secretDraft}, &d); a.Status != http.StatusCreated {
			t.Fatal(a.Body)
		}
		if a := api(t, agent, http.MethodPut, page+"/drafts/own/note", object{"body": secretDraft}, nil); a.Status != http.StatusNoContent {
			t.Fatal(a.Body)
		}
		one := page + "/drafts/" + strconv.FormatInt(d.ID, 10)
		for _, role := range []string{"requester", "other", "supplier_agent", "auditor"} {
			c := s.SignedIn(role)
			for _, path := range []string{
				page, page + "/now", page + "/timeline?before=99", page + "/drafts", one, one + "/review", one + "/versions", "/portal/tickets/" + tk.Number, "/inbox", "/", "/drafts", "/drafts/mine",
				"/search?q=xylophone", "/queue?q=xylophone", "/queue/export?format=csv", "/queue/export?format=json", page + "/pdf", page + "/pdf?internal=true", base, base + "/timeline", base + "/events",
				base + "/drafts", "/api/v1/drafts", "/api/v1/notifications", "/api/v1/search?q=xylophone",
			} {
				if a := c.Get(path); strings.Contains(a.Body, secretDraft) || a.Status >= 500 {
					t.Errorf("%s reads it at %s: %d", role, path, a.Status)
				}
			}
			if a := c.Get(page); a.HTML(t).Find(".s-shared, [formaction$='/drafts/new']").Length() != 0 {
				t.Errorf("%s is offered drafts", role)
			}
			for _, path := range []string{page + "/drafts/new", page + "/drafts", one, one + "/send", one + "/take-back", one + "/discard", one + "/restore", one + "/review"} {
				if a := c.Post(path, url.Values{"kind": {"reply"}, "body": {"Mine"}, "verdict": {"ready"}}); a.Status < 400 {
					t.Errorf("%s may post to %s: %d", role, path, a.Status)
				}
			}
		}
	})
}
