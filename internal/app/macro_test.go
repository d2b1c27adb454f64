package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/desk/macro"
)

type macroShown struct {
	ID      int64
	Title   string
	Uses    int
	Version int
	Steps   []object
}

type macroRun struct {
	OperationID int64 `json:"operation_id"`
	Effects     []struct {
		Ticket, Outcome, Reason string
		Replies, Notes          bool
		Changes                 []struct{ Field, From, To string }
	}
}

// holding is a macro that waits for the requester, with most kinds of steps.
func holding(s *apptest.System) object {
	return object{
		"title": "Ask for a photo", "about": "A broken device", "audience": "everyone", "kinds": []string{"incident"}, "condition": "state:open", "next": "list",
		"steps": []object{
			{"do": "assign", "assignee": "me", "group_id": s.Group},
			{"do": "tag", "add": []string{"Needs Photo"}},
			{"do": "set", "field": "urgency", "value": "3"},
			{"do": "note", "text": "Phone: {{requester.phone|none}}, {{ticket.priority}}"},
			{"do": "transition", "transition": "hold", "reason": "caller", "text": "Hello {{requester.first_name|there}}, please send a photo."},
			{"do": "watch"},
		},
	}
}

func TestMacrosByJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		lead, agent := s.SignedIn("team_lead"), s.SignedIn("agent")
		var made, same macroShown
		if a := api(t, lead, http.MethodPost, "/macros", holding(s), &made, "Idempotency-Key", "m"); a.Status != http.StatusCreated {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if api(t, lead, http.MethodPost, "/macros", holding(s), &same, "Idempotency-Key", "m"); same.ID != made.ID {
			t.Errorf("asked again: %d is not %d", same.ID, made.ID)
		}
		path := fmt.Sprintf("/macros/%d", made.ID)
		with := func(steps ...object) object { return object{"title": "x", "steps": steps} }
		for name, c := range map[string]struct {
			client *apptest.Client
			method string
			path   string
			body   object
			want   int
		}{
			"no steps":                          {agent, http.MethodPost, "/macros", with(), 422},
			"an unknown field":                  {agent, http.MethodPost, "/macros", with(object{"do": "set", "field": "colour", "value": "blue"}), 422},
			"an unknown level":                  {agent, http.MethodPost, "/macros", with(object{"do": "set", "field": "impact", "value": "99"}), 422},
			"a priority without a reason":       {agent, http.MethodPost, "/macros", with(object{"do": "set", "field": "priority", "value": "1"}), 422},
			"a service that is not there":       {agent, http.MethodPost, "/macros", with(object{"do": "set", "field": "service", "value": "7"}), 422},
			"a group that is not there":         {agent, http.MethodPost, "/macros", with(object{"do": "assign", "group_id": 7}), 422},
			"nobody to assign to":               {agent, http.MethodPost, "/macros", with(object{"do": "assign"}), 422},
			"a step nobody knows":               {agent, http.MethodPost, "/macros", with(object{"do": "transition", "transition": "explode"}), 422},
			"a hold without a reason":           {agent, http.MethodPost, "/macros", with(object{"do": "transition", "transition": "hold", "text": "x"}), 422},
			"a hold on the requester, silent":   {agent, http.MethodPost, "/macros", with(object{"do": "transition", "transition": "hold", "reason": "caller"}), 422},
			"a resolution without words":        {agent, http.MethodPost, "/macros", with(object{"do": "transition", "transition": "resolve", "resolution_code": "solved"}), 422},
			"an internal variable in a reply":   {agent, http.MethodPost, "/macros", with(object{"do": "reply", "text": "{{requester.phone}}"}), 422},
			"an internal one in a resolution":   {agent, http.MethodPost, "/macros", with(object{"do": "transition", "transition": "resolve", "resolution_code": "solved", "text": "{{ticket.tags}}"}), 422},
			"two replies":                       {agent, http.MethodPost, "/macros", with(object{"do": "reply", "text": "a"}, object{"do": "reply", "text": "b"}), 422},
			"a condition that cannot be read":   {agent, http.MethodPost, "/macros", object{"title": "x", "steps": []object{{"do": "watch"}}, "condition": "colour:blue"}, 422},
			"sharing without permission":        {agent, http.MethodPost, "/macros", object{"title": "x", "steps": []object{{"do": "watch"}}, "audience": "everyone"}, 422},
			"a requester":                       {s.SignedIn("requester"), http.MethodGet, "/macros", nil, 403},
			"a supplier's agent":                {s.SignedIn("supplier_agent"), http.MethodGet, path, nil, 403},
			"a supplier's agent who runs it":    {s.SignedIn("supplier_agent"), http.MethodPost, path + "/run", object{"tickets": []string{"INC-1"}}, 403},
			"nobody":                            {s.SignedIn(""), http.MethodGet, "/macros", nil, 401},
			"a change without a version":        {lead, http.MethodPut, path, holding(s), 428},
			"somebody else's deletion":          {agent, http.MethodDelete, path, nil, 403},
			"a ticket that is not there":        {agent, http.MethodPost, path + "/preview", object{"tickets": []string{"INC-9999"}}, 404},
			"the export, for a supplier":        {s.SignedIn("supplier_agent"), http.MethodGet, "/macros-export", nil, 403},
			"the import of an unknown group":    {lead, http.MethodPost, "/macros-import", object{"format": "steward-macros", "macros": []object{{"title": "x", "steps": []object{{"do": "assign", "group": "Nobody's"}}}}}, 422},
			"the import of something different": {lead, http.MethodPost, "/macros-import", object{"format": "x", "macros": []object{}}, 422},
		} {
			if a := api(t, c.client, c.method, c.path, c.body, nil); a.Status != c.want {
				t.Errorf("%s: %d %s, want %d", name, a.Status, a.Body, c.want)
			}
		}

		broken, request := s.Ticket("requester", "incident", "Broken screen"), s.Ticket("requester", "request", "A new screen")
		both := object{"tickets": []string{broken.Number, request.Number}}
		var preview struct {
			Items []struct {
				Ticket, Outcome, Reason string
				Changes                 []struct{ Field, To string }
			}
		}
		if a := api(t, agent, http.MethodPost, path+"/preview", both, &preview); len(preview.Items) != 2 || preview.Items[0].Outcome != "changed" || preview.Items[1].Outcome != "failed" {
			t.Fatalf("the preview: %d %s", a.Status, a.Body)
		}
		if now, err := s.Core.Tickets.Get(s.As("agent"), ticket.ByID(broken.ID)); err != nil || now.Version != broken.Version {
			t.Errorf("a preview changed the ticket: %+v %v", now, err)
		}
		var run macroRun
		if a := api(t, agent, http.MethodPost, path+"/run", both, &run, "Idempotency-Key", "r"); len(run.Effects) != 2 || !run.Effects[0].Replies || run.Effects[1].Reason == "" {
			t.Fatalf("the run: %d %s", a.Status, a.Body)
		}
		if a := api(t, agent, http.MethodPost, path+"/run", both, nil, "Idempotency-Key", "r"); a.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("run again under its key: %d %s", a.Status, a.Body)
		}
		// What was said is what happened, and nothing that only follows from it.
		said := map[string]string{}
		for _, c := range preview.Items[0].Changes {
			if c.Field == "assigned_at" {
				t.Error("the preview speaks of what nobody sees")
			}
			said[c.Field] = c.To
		}
		for _, c := range run.Effects[0].Changes {
			if said[c.Field] != c.To {
				t.Errorf("%s became %q, the preview said %q", c.Field, c.To, said[c.Field])
			}
			delete(said, c.Field)
		}
		if len(said) > 0 {
			t.Errorf("the preview said more than happened: %v", said)
		}
		now, err := s.Core.Tickets.Get(s.As("agent"), ticket.ByID(broken.ID))
		if err != nil || now.AssigneeID != s.Persons["agent"] || now.State != "on_hold" || strings.Join(now.Tags, " ") != "needs-photo" || now.Urgency != 3 || len(now.Watchers) != 1 {
			t.Fatalf("after the run: %+v %v", now, err)
		}
		seen := words(t, s, "requester", &now)
		if !strings.Contains(seen, "Hello requester, please send a photo.") || strings.Contains(seen, "Phone:") {
			t.Errorf("the requester reads %q", seen)
		}
		if all := words(t, s, "agent", &now); !strings.Contains(all, "Phone: none, ") {
			t.Errorf("the agent reads %q", all)
		}
		if a := api(t, s.SignedIn("supplier_agent"), http.MethodPost, fmt.Sprintf("/macro-runs/%d/undo", run.OperationID), nil, nil); a.Status != http.StatusForbidden {
			t.Errorf("a supplier undoes it: %d", a.Status)
		}
		if a := api(t, agent, http.MethodPost, fmt.Sprintf("/macro-runs/%d/undo", run.OperationID), nil, nil); a.Status != http.StatusNoContent {
			t.Fatalf("undo: %d %s", a.Status, a.Body)
		}
		if now, _ = s.Core.Tickets.Get(s.As("agent"), ticket.ByID(broken.ID)); now.AssigneeID != broken.AssigneeID || now.State != broken.State || len(now.Tags) != 0 || now.Urgency != broken.Urgency {
			t.Errorf("after the undo: %+v", now)
		}
		// From here to there and back.
		a := api(t, lead, http.MethodGet, "/macros-export", nil, nil)
		if !strings.Contains(a.Body, `"group":"First line"`) || strings.Contains(a.Body, fmt.Sprint(s.Group)) {
			t.Errorf("exported: %s", a.Body)
		}
		imported := lead.Do(http.MethodPost, "/api/v1/macros-import", strings.NewReader(a.Body), http.Header{"Content-Type": {"application/json"}})
		if imported.Status != http.StatusCreated || !strings.Contains(imported.Body, fmt.Sprintf(`"group_id":%d`, s.Group)) {
			t.Errorf("imported: %d %s", imported.Status, imported.Body)
		}
	})
}

// words is what the person of a role reads in a ticket's conversation.
func words(t *testing.T, s *apptest.System, role string, tk *ticket.Ticket) string {
	t.Helper()
	var said []string
	if role == "requester" {
		events, err := s.Core.Tickets.PublicTimeline(s.As(role), tk, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			said = append(said, e.Message)
		}
		return strings.Join(said, "\n")
	}
	events, err := s.Core.Tickets.Timeline(s.As(role), tk, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		said = append(said, e.Body)
	}
	return strings.Join(said, "\n")
}

func TestAMacroRunsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		lead, agent := s.SignedIn("team_lead"), s.SignedIn("agent")
		var m macroShown
		api(t, lead, http.MethodPost, "/macros", object{
			"title": "Close", "audience": "everyone", "steps": []object{{"do": "tag", "add": []string{"late"}}, {"do": "note", "text": "About {{assignee.name}}"}},
		}, &m)
		about := s.Ticket("requester", "incident", "Nobody has it")
		run := fmt.Sprintf("/tickets/%s/macros/%d", about.Number, m.ID)
		if page := agent.Get(run); page.Status != http.StatusOK || !strings.Contains(page.Body, "assignee.name") || page.HTML(t).Find(`form[action="`+run+`"] button[type=submit]`).Length() != 0 {
			t.Errorf("a preview of what is refused: %d", page.Status)
		}
		if a := agent.Post(run, nil); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%d", a.Status)
		}
		if now, _ := s.Core.Tickets.Get(s.As("agent"), ticket.ByID(about.ID)); now.Version != about.Version {
			t.Errorf("half of it was done: %+v", now)
		}
	})
}

func TestMacrosOnTheirPages(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		lead, agent := s.SignedIn("team_lead"), s.SignedIn("agent")
		// A form grows by its steps, and loses nothing.
		form := url.Values{"title": {"Over to us"}, "next": {"next"}, "audience": {"everyone"}, "edit": {"add"}, "new": {"assign"}}
		if a := lead.Post("/macros", form); a.Status != http.StatusOK || a.HTML(t).Find(`input[name="step.0.do"]`).AttrOr("value", "") != "assign" {
			t.Fatalf("%d", a.Status)
		}
		form.Set("step.0.do", "assign")
		form.Set("step.0.group.text", "First line")
		form.Set("step.0.assignee", "me")
		form.Set("new", "set/service")
		form.Set("step.1.do", "reply")
		form.Set("step.1.text", "Hello {{requester.first_name}}")
		if doc := lead.Post("/macros", form).HTML(t); doc.Find(".s-macro-step").Length() != 3 || doc.Find(`textarea[name="step.1.text"]`).Text() != "Hello {{requester.first_name}}" {
			t.Errorf("a third step: %d", doc.Find(".s-macro-step").Length())
		}
		form.Set("edit", "up:1")
		if doc := lead.Post("/macros", form).HTML(t); doc.Find(`input[name="step.0.do"]`).AttrOr("value", "") != "reply" {
			t.Error("the reply did not move up")
		}
		form.Del("edit")
		form.Set("step.1.text", "{{requester.shoe}}")
		if a := lead.Post("/macros", form); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.HTML(t).Find(".s-macro-step .s-error").Text(), "requester.shoe") {
			t.Errorf("%d", a.Status)
		}
		form.Set("step.1.text", "Hello {{requester.first_name}}, it is with {{agent.name}}.")
		if a := lead.Post("/macros", form); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.HTML(t).Find(".s-error").Text())
		}
		first, second, third := s.Ticket("requester", "incident", "One"), s.Ticket("requester", "incident", "Two"), s.Ticket("requester", "incident", "Three")
		page := agent.Get("/tickets/" + first.Number).HTML(t)
		if page.Find(`[data-key="b"]`).Length() != 1 {
			t.Errorf("keys: %v", page.Find("[data-key]").Map(func(_ int, g *goquery.Selection) string {
				return g.AttrOr("data-key", "") + g.AttrOr("data-key-label", "")
			}))
		}
		choose := agent.Get("/tickets/" + first.Number + "/macros").HTML(t)
		link := choose.Find(".s-macro-choice").AttrOr("href", "")
		preview := agent.Get(link).HTML(t)
		if got := preview.Find("dd").Text() + preview.Find("pre").Text(); !strings.Contains(got, "First line") || !strings.Contains(got, "agent person") || !strings.Contains(got, "Hello requester, it is with agent person.") {
			t.Errorf("the preview says %q", got)
		}
		post := url.Values{"version": {fmt.Sprint(first.Version)}}
		if _, err := s.Core.Tickets.Watch(s.As("team_lead"), ticket.ByID(first.ID), true); err != nil {
			t.Fatal(err)
		}
		if a := agent.Post(link, post); a.Status != http.StatusConflict {
			t.Errorf("run on what was not seen: %d", a.Status)
		}
		// Next comes the ticket that follows in the list one came from.
		list := agent.Do(http.MethodGet, "/queue?view=open&sort=created", nil, nil)
		agent.Do(http.MethodGet, "/", nil, nil)
		a := agent.Do(http.MethodPost, link, strings.NewReader(""), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Cookie": {cookieOf(list, "list")}})
		if got := a.Header.Get("Location"); got != "/tickets/"+second.Number {
			t.Errorf("after %s follows %s: %d", first.Number, got, a.Status)
		}
		// Many at once, as one operation.
		ids := url.Values{"id": {fmt.Sprint(second.ID), fmt.Sprint(third.ID)}, "back": {"/queue?view=open"}}
		choices := agent.Post("/macros/bulk", ids).HTML(t)
		ids.Set("macro", choices.Find("button[name=macro]").AttrOr("value", ""))
		doc := agent.Post("/macros/bulk", ids).HTML(t)
		if doc.Find("#macro-bulk .s-row").Length() != 2 || !strings.Contains(doc.Find("#macro-bulk").Text(), "First line") {
			t.Errorf("the preview of many: %s", doc.Find("#macro-bulk").Text())
		}
		done := agent.Post("/macro-runs", ids)
		if done.Status != http.StatusSeeOther || done.Header.Get("Location") != "/queue?view=open" {
			t.Errorf("%d %s", done.Status, done.Header.Get("Location"))
		}
		ops, _, err := s.Core.Tickets.Operations(s.As("agent"), ticket.OperationQuery{})
		if err != nil || len(ops) != 2 || ops[0].Counts[ticket.OutcomeChanged] != 2 {
			t.Fatalf("%+v %v", ops, err)
		}
		ran := fmt.Sprintf("/macro-runs/%d", ops[0].ID)
		if a := agent.Get(ran); a.Status != http.StatusOK || a.HTML(t).Find("#macro-ran .s-row").Length() != 2 {
			t.Errorf("%d", a.Status)
		}
		if a := agent.Post(ran+"/undo", nil); a.Status != http.StatusSeeOther {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if now, _ := s.Core.Tickets.Get(s.As("agent"), ticket.ByID(third.ID)); now.AssigneeID != third.AssigneeID {
			t.Errorf("%+v", now)
		}
		// Tried out, copied, deleted, and back.
		id := ids.Get("macro")
		if a := agent.Get("/macros/" + id + "/try?ticket=" + strings.ToLower(first.Number)); a.Status != http.StatusOK || !strings.Contains(a.Body, "Hello requester") {
			t.Errorf("%d", a.Status)
		}
		if a := agent.Get("/macros/" + id + "/try?ticket=INC-999"); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%d", a.Status)
		}
		if got := agent.Get("/macros/new?copy=" + id).HTML(t); got.Find("#f-title").AttrOr("value", "") != "Copy of Over to us" || got.Find(".s-macro-step").Length() != 2 {
			t.Error("a copy lacks something")
		}
		lead.Post("/macros/"+id+"/delete", nil)
		if a := agent.Get(link); a.Status != http.StatusNotFound {
			t.Errorf("deleted: %d", a.Status)
		}
		lead.Post("/macros/"+id+"/restore", nil)
		if a := agent.Get(link); a.Status != http.StatusOK {
			t.Errorf("restored: %d", a.Status)
		}
		for _, role := range []string{"requester", "supplier_agent"} {
			c := s.SignedIn(role)
			for _, path := range []string{"/macros", "/macros/new", "/macros/" + id + "/try", "/tickets/" + first.Number + "/macros", link, ran} {
				if a := c.Get(path); a.Status == http.StatusOK || strings.Contains(a.Body, "Over to us") {
					t.Errorf("%s on %s: %d", role, path, a.Status)
				}
			}
			if a := c.Post("/macros/bulk", ids); a.Status == http.StatusOK {
				t.Errorf("%s in bulk: %d", role, a.Status)
			}
		}
	})
}

// cookieOf gives a cookie that an answer sets, as a request sends it.
func cookieOf(a apptest.Answer, name string) string {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == name {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

// TestOfferingMacrosAsksAFixedNumberOfQuestions, however many of them have a
// condition on what a practice knows of the ticket.
func TestOfferingMacrosAsksAFixedNumberOfQuestions(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		lead, tk := s.SignedIn("team_lead"), s.Ticket("requester", "incident", "No sound")
		macros := macro.New(macro.Deps{DB: s.Core.DB, Tickets: s.Core.Tickets})
		made := 0
		asks := func(n int) int {
			t.Helper()
			for ; made < n; made++ {
				body := object{"title": fmt.Sprint("Watch ", made), "audience": "everyone", "condition": "-checklist:open", "steps": []object{{"do": "watch"}}}
				if a := api(t, lead, http.MethodPost, "/macros", body, nil); a.Status != http.StatusCreated {
					t.Fatalf("%d %s", a.Status, a.Body)
				}
			}
			ctx, queries := database.WithCounter(s.As("agent"))
			if fit, err := macros.For(ctx, &tk, ""); err != nil || len(fit) != n {
				t.Fatalf("%d of %d fit, %v", len(fit), n, err)
			}
			return queries.N()
		}
		if one, many := asks(1), asks(6); one != many {
			t.Errorf("one macro costs %d queries, six cost %d", one, many)
		}
	})
}
