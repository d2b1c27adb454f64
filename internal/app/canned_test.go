package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

// api makes a request by JSON and reads the answer into out.
func api(t *testing.T, c *apptest.Client, method, path string, body any, out any, header ...string) apptest.Answer {
	t.Helper()
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	if body == nil {
		text = ""
	}
	a := c.Do(method, "/api/v1"+path, strings.NewReader(text), h)
	if out != nil && a.Status < 300 {
		if err := json.Unmarshal([]byte(a.Body), out); err != nil {
			t.Fatalf("%s: %v", a.Body, err)
		}
	}
	return a
}

type cannedReply struct {
	ID      int64
	Title   string
	Uses    int
	Version int
	Files   []struct{ ID int64 }
}

type object = map[string]any

func TestCannedRepliesByJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		lead, agent := s.SignedIn("team_lead"), s.SignedIn("agent")
		file := upload(t, lead, "how-to.txt", "Press the red button.")
		reply := object{
			"title": "Password reset", "folder": " Accounts / Passwords ", "body": "Hello {{requester.first_name|there}}, about {{ticket.number}}: {{service}}.", "audience": "everyone",
			"attachments": []int64{file},
		}
		var made, same cannedReply
		if a := api(t, lead, http.MethodPost, "/canned-replies", reply, &made, "Idempotency-Key", "k"); a.Status != http.StatusCreated || a.Header.Get("ETag") != `"1"` || len(made.Files) != 1 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if a := api(t, lead, http.MethodPost, "/canned-replies", reply, &same, "Idempotency-Key", "k"); same.ID != made.ID || a.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("asked again: %d %s", a.Status, a.Body)
		}
		path := fmt.Sprintf("/canned-replies/%d", made.ID)
		for name, c := range map[string]struct {
			client *apptest.Client
			method string
			path   string
			body   object
			match  string
			want   int
		}{
			"a variable that does not exist": {agent, http.MethodPost, "/canned-replies", object{"title": "x", "body": "{{shoe}}"}, "", 422},
			"an internal one for requesters": {agent, http.MethodPost, "/canned-replies", object{"title": "x", "body": "{{ticket.priority}}"}, "", 422},
			"sharing without permission":     {agent, http.MethodPost, "/canned-replies", object{"title": "x", "body": "y", "audience": "everyone"}, "", 422},
			"somebody else's file":           {agent, http.MethodPost, "/canned-replies", object{"title": "x", "body": "y", "attachments": []int64{file}}, "", 422},
			"an unknown kind":                {agent, http.MethodPost, "/canned-replies", object{"title": "x", "body": "y", "kinds": []string{"party"}}, "", 422},
			"an unknown language":            {agent, http.MethodPost, "/canned-replies", object{"title": "x", "body": "y", "language": "klingonese!"}, "", 422},
			"a requester":                    {s.SignedIn("requester"), http.MethodGet, "/canned-replies", nil, "", 403},
			"a requester who knows it":       {s.SignedIn("requester"), http.MethodGet, path, nil, "", 403},
			"a supplier's agent":             {s.SignedIn("supplier_agent"), http.MethodGet, path, nil, "", 403},
			"nobody":                         {s.SignedIn(""), http.MethodGet, "/canned-replies", nil, "", 401},
			"a change without a version":     {lead, http.MethodPut, path, object{"title": "x", "body": "y"}, "", 428},
			"a change of an older version":   {lead, http.MethodPut, path, object{"title": "x", "body": "y"}, `"7"`, 412},
			"somebody else's change":         {agent, http.MethodPut, path, object{"title": "x", "body": "y"}, `"1"`, 403},
			"somebody else's deletion":       {agent, http.MethodDelete, path, nil, "", 403},
		} {
			header := []string{}
			if c.match != "" {
				header = []string{"If-Match", c.match}
			}
			if a := api(t, c.client, c.method, c.path, c.body, nil, header...); a.Status != c.want {
				t.Errorf("%s: %d %s, want %d", name, a.Status, a.Body, c.want)
			}
		}
		// What is somebody's own is nobody else's.
		var own cannedReply
		api(t, agent, http.MethodPost, "/canned-replies", object{"title": "My own", "body": "Hm"}, &own)
		if a := api(t, lead, http.MethodGet, fmt.Sprintf("/canned-replies/%d", own.ID), nil, nil); a.Status != http.StatusNotFound {
			t.Errorf("somebody else's own reply: %d", a.Status)
		}
		var list struct {
			Items      []cannedReply
			NextCursor string `json:"next_cursor"`
		}
		if api(t, agent, http.MethodGet, "/canned-replies?limit=1", nil, &list); len(list.Items) != 1 || list.Items[0].ID != own.ID || list.NextCursor == "" {
			t.Errorf("the first page: %+v", list)
		}
		if api(t, agent, http.MethodGet, "/canned-replies?limit=1&cursor="+list.NextCursor, nil, &list); len(list.Items) != 1 || list.Items[0].ID != made.ID {
			t.Errorf("the second page: %+v", list)
		}
		if api(t, agent, http.MethodGet, "/canned-replies?q=pass+BUTTON", nil, &list); len(list.Items) != 0 {
			t.Errorf("words that no reply has all of: %+v", list)
		}
		if api(t, agent, http.MethodGet, "/canned-replies?q=PASS+accounts", nil, &list); len(list.Items) != 1 {
			t.Errorf("found by title and folder: %+v", list)
		}

		about := s.Ticket("requester", "incident", "Cannot sign in [@x](person:1)")
		var said struct {
			Text        string
			Missing     []string
			Attachments []int64
		}
		if a := api(t, agent, http.MethodPost, path+"/use", object{"ticket": about.Number}, &said); said.Text != "Hello requester, about "+about.Number+": Printing." || len(said.Attachments) != 1 {
			t.Fatalf("used: %d %s", a.Status, a.Body)
		}
		if _, err := s.Core.Tickets.Reply(s.As("agent"), ticket.ByID(about.ID), ticket.PublicReply{Body: ticket.Markdown(said.Text), Attachments: said.Attachments}); err != nil {
			t.Fatal(err)
		}
		if api(t, lead, http.MethodGet, path, nil, &same); same.Uses != 1 || same.Version != 1 {
			t.Errorf("after one use: %+v", same)
		}
		// A file that is given up stays where it was sent.
		if a := api(t, lead, http.MethodPut, path, object{"title": "Password reset", "body": "Hello"}, &same, "If-Match", `"1"`); a.Status != http.StatusOK || len(same.Files) != 0 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if _, err := s.Core.Tickets.SweepUploads(s.As("system")); err != nil {
			t.Fatal(err)
		}
		if _, body, err := s.Core.Tickets.Attachment(s.As("agent"), said.Attachments[0]); err != nil {
			t.Error(err)
		} else {
			body.Close()
		}
		if a := api(t, lead, http.MethodDelete, path, nil, nil); a.Status != http.StatusNoContent {
			t.Errorf("deleting: %d %s", a.Status, a.Body)
		}
		if a := api(t, agent, http.MethodGet, path, nil, nil); a.Status != http.StatusNotFound {
			t.Errorf("deleted and there: %d", a.Status)
		}
		if report, err := s.Core.Audit.Verify(s.As("administrator")); err != nil || report.Problem != "" || report.Entries == 0 {
			t.Errorf("%+v %v", report, err)
		}
	})
}

func upload(t *testing.T, c *apptest.Client, name, content string) int64 {
	t.Helper()
	a := c.Do(http.MethodPost, "/api/v1/attachments?name="+name, strings.NewReader(content), http.Header{"Content-Type": {"application/octet-stream"}})
	var out struct{ ID int64 }
	if err := json.Unmarshal([]byte(a.Body), &out); err != nil || a.Status != http.StatusCreated {
		t.Fatalf("%d %s %v", a.Status, a.Body, err)
	}
	return out.ID
}

func TestCannedRepliesOnTheirPages(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		lead, agent := s.SignedIn("team_lead"), s.SignedIn("agent")
		form := url.Values{"title": {"Broken printer"}, "body": {"Hello {{requester.email}}"}, "purpose": {"reply"}, "audience": {"everyone"}, "kinds": {"incident"}}
		wrong := lead.Post("/canned", form)
		if page := wrong.HTML(t); wrong.Status != http.StatusUnprocessableEntity || page.Find("#f-body-error").Length() != 1 || page.Find("#f-title").AttrOr("value", "") != "Broken printer" {
			t.Errorf("%d: %s", wrong.Status, page.Find(".s-error").Text())
		}
		form.Set("body", "Hello {{requester.first_name|there}},\n\nis it {{service|the printer}}? {{organisation}}")
		if a := lead.Post("/canned", form); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		note := url.Values{"title": {"Call them"}, "body": {"Call {{requester.phone|nobody}}"}, "purpose": {"note"}, "audience": {"everyone"}}
		if a := lead.Post("/canned", note); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		about := s.Ticket("requester", "incident", "Paper jam")
		base := "/tickets/" + about.Number + "/canned"
		options := func(c *apptest.Client, query string) (titles, urls []string) {
			t.Helper()
			a := c.Get(base + "/complete?" + query)
			if a.Status != http.StatusOK {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			doc := a.HTML(t)
			for _, n := range doc.Find("[data-insert-from]").EachIter() {
				titles, urls = append(titles, strings.Fields(n.Text())[0]), append(urls, n.AttrOr("data-insert-from", ""))
			}
			return titles, urls
		}
		titles, urls := options(agent, "kind=reply&q=")
		if strings.Join(titles, " ") != "Broken" {
			t.Fatalf("offered for a reply: %q", titles)
		}
		if titles, _ := options(agent, "kind=note"); strings.Join(titles, " ") != "Broken Call" {
			t.Errorf("offered for a note: %q", titles)
		}
		if titles, _ := options(agent, "kind=reply&q=100%25"); len(titles) != 0 {
			t.Errorf("a sign of LIKE finds %q", titles)
		}
		inserted := agent.Do(http.MethodPost, urls[0], strings.NewReader("kind=reply"), http.Header{"HX-Request": {"true"}, "Content-Type": {"application/x-www-form-urlencoded"}})
		if got := inserted.HTML(t).Find("[data-text]").AttrOr("data-text", ""); got != "Hello requester,\n\nis it Printing? Northwind" {
			t.Errorf("inserted %q: %s", got, inserted.Body)
		}
		_, urls = options(agent, "kind=note&q=call")
		if a := agent.Post(urls[0], url.Values{"kind": {"reply"}}); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a text for notes went into a reply: %d", a.Status)
		}
		// Without scripts it is added to the draft.
		if a := agent.Post(urls[0], url.Values{"kind": {"note"}}); a.Status != http.StatusSeeOther {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if got := agent.Get("/tickets/" + about.Number).HTML(t).Find("#composer-body").Text(); !strings.Contains(got, "Call nobody") {
			t.Errorf("the draft says %q", got)
		}
		// What is used more comes first.
		if titles, _ := options(agent, "kind=note"); strings.Join(titles, " ") != "Broken Call" {
			t.Errorf("equally useful: %q", titles)
		}
		agent.Post(urls[0], url.Values{"kind": {"note"}})
		if titles, _ := options(agent, "kind=note"); strings.Join(titles, " ") != "Call Broken" {
			t.Errorf("the useful first: %q", titles)
		}
		for _, role := range []string{"requester", "supplier_agent"} {
			c := s.SignedIn(role)
			for _, path := range []string{"/canned", "/canned/new", base, base + "/complete?kind=note"} {
				if a := c.Get(path); a.Status == http.StatusOK || strings.Contains(a.Body, "Broken printer") {
					t.Errorf("%s on %s: %d", role, path, a.Status)
				}
			}
		}
		list := agent.Get("/canned").HTML(t)
		if list.Find(".s-row").Length() != 2 || list.Find(`form[action$="/delete"]`).Length() != 0 {
			t.Errorf("the agent's list: %s", list.Find("table").Text())
		}
		copied := agent.Get("/canned/new?copy=" + strings.TrimPrefix(urls[0], base+"/"))
		if got := copied.HTML(t).Find("#f-title").AttrOr("value", ""); got != "Copy of Call them" {
			t.Errorf("a copy: %q", got)
		}
		edit := "/canned/" + strings.TrimPrefix(urls[0], base+"/")
		if a := agent.Get(edit); a.Status != http.StatusForbidden {
			t.Errorf("somebody else's form: %d", a.Status)
		}
		note.Set("version", "9")
		if a := lead.Post(edit, note); a.Status != http.StatusConflict || !strings.Contains(a.Body, "Call them") {
			t.Errorf("an old version: %d", a.Status)
		}
		lead.Post(edit+"/delete", nil)
		if a := lead.Get(edit); a.Status != http.StatusNotFound {
			t.Errorf("deleted: %d", a.Status)
		}
		lead.Post(edit+"/restore", nil)
		if a := lead.Get(edit); a.Status != http.StatusOK {
			t.Errorf("restored: %d", a.Status)
		}
	})
}

func TestAReplyWithAVariableLeftInItIsNotSent(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		about, agent := s.Ticket("requester", "incident", "Paper jam"), s.SignedIn("agent")
		a := agent.Post("/tickets/"+about.Number+"/messages", url.Values{"kind": {"reply"}, "body": {"It is {{service}} again"}})
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.HTML(t).Find("#composer-body").Text(), "{{service}} again") {
			t.Errorf("%d", a.Status)
		}
		if a := agent.Post("/tickets/"+about.Number+"/messages", url.Values{"kind": {"reply"}, "body": {"In Jinja, write {{ user }}"}}); a.Status != http.StatusSeeOther {
			t.Errorf("other braces: %d", a.Status)
		}
	})
}
