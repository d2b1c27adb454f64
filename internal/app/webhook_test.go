package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/webhook"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// chat is the far side of webhooks.
type chat struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	status int
}

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{status: http.StatusOK}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bodies = append(c.bodies, string(body))
		w.WriteHeader(c.status)
		if _, err := io.WriteString(w, "thank you"); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *chat) got() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.bodies...)
}

func (c *chat) answers(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// working runs the jobs of a system while a test lasts.
func working(t *testing.T, s *apptest.System) {
	t.Helper()
	if err := s.Core.Jobs.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Core.Jobs.Stop(s.As("system")); err != nil {
			t.Error(err)
		}
	})
}

// until waits for something that jobs do.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1500 {
		if done() {
			return
		}
		<-tick.C
	}
	t.Fatalf("it does not come to be: %s", what)
}

// periodic runs the periodic work of a name.
func periodic(t *testing.T, s *apptest.System, name string) {
	t.Helper()
	for _, m := range s.App.Modules() {
		for _, p := range m.Periodic {
			if p.Name == name {
				if err := p.Run(s.As("system")); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	}
	t.Fatalf("there is no periodic work %s", name)
}

func TestAChannelIsSetUpTriedAndWatchedOnItsPages(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		far := newChat(t)
		admin := s.SignedIn(access.RoleAdministrator)
		for _, path := range []string{"/admin/channels", "/admin/channels/new", "/admin/channels/new?kind=slack&to=room", "/admin/deliveries"} {
			expect(t, s.SignedIn(access.RoleAgent).Get(path), http.StatusForbidden)
			expect(t, admin.Get(path), http.StatusOK)
		}
		form := url.Values{"kind": {"slack"}, "personal": {"false"}, "name": {"#oncall"}, "active": {"true"}, "address": {"ftp://nowhere"}, "rate": {"60"}, "facts": {"title"}, "headers": {"X-Token: verysecret"}}
		wrong := admin.Post("/admin/channels", form)
		expect(t, wrong, http.StatusUnprocessableEntity)
		if wrong.HTML(t).Find("#f-address-error").Length() != 1 {
			t.Error("nothing is said beside the address")
		}
		form.Set("address", far.URL+"/services/verysecretpath")
		form.Set("preview", "true")
		preview := admin.Post("/admin/channels", form)
		expect(t, preview, http.StatusOK)
		if text := preview.HTML(t).Find(".s-code").First().Text(); !strings.Contains(text, "POST "+far.URL+"/•••") || !strings.Contains(text, "X-Token: •••") || strings.Contains(text, "verysecret") || !strings.Contains(text, "This is a test from Steward") {
			t.Errorf("the request is shown as %s", text)
		}
		form.Del("preview")
		made := admin.Post("/admin/channels", form)
		expect(t, made, http.StatusSeeOther)
		at := made.Header.Get("Location")
		page := admin.Get(at)
		if strings.Contains(page.Body, "verysecret") || !strings.Contains(page.Body, "X-Token: •••") {
			t.Error("the page shows a secret, or not that there is one")
		}
		tried := admin.Post(at+"/test", nil)
		expect(t, tried, http.StatusOK)
		if text := tried.HTML(t).Find("main").Text(); !strings.Contains(text, "The far side took it: 200") || !strings.Contains(text, "thank you") || strings.Contains(text, "verysecret") || len(far.got()) != 1 {
			t.Errorf("a test shows %s", text)
		}
		far.answers(http.StatusNotFound)
		if text := admin.Post(at+"/test", nil).HTML(t).Find("main").Text(); !strings.Contains(text, "It was not taken") || !strings.Contains(text, "It answered 404.") {
			t.Errorf("a test that fails shows %s", text)
		}

		// What it follows fails, stands in the log, and is sent again.
		form.Set("address", "")
		form.Set("headers", "X-Token: •••")
		form.Set("events", "arrived")
		form.Set("version", "1")
		expect(t, admin.Post(at, form), http.StatusSeeOther)
		working(t, s)
		tk := s.Ticket(access.RoleRequester, "incident", "Printer jams")
		if _, err := s.Core.Tickets.Edit(s.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.Edit{GroupID: &s.Group}); err != nil {
			t.Fatal(err)
		}
		log := func() string { return admin.Get("/admin/deliveries?state=failed").HTML(t).Find("#deliveries").Text() }
		until(t, "the failure stands in the log", func() bool { return strings.Contains(log(), tk.Number) })
		row, _ := admin.Get("/admin/deliveries?state=failed").HTML(t).Find("#deliveries a[href^='/admin/deliveries/']").First().Attr("href")
		if text := admin.Get(row).HTML(t).Find("main").Text(); !strings.Contains(text, "It was not delivered") || !strings.Contains(text, "Printer jams") || !strings.Contains(text, "thank you") || strings.Contains(text, "verysecret") {
			t.Errorf("the delivery shows %s", text)
		}
		agent := s.SignedIn(access.RoleAgent)
		until(t, "the timeline says that the room was not told", func() bool {
			return strings.Contains(agent.Get("/tickets/"+tk.Number).Body, "could not tell the room #oncall")
		})
		far.answers(http.StatusOK)
		expect(t, admin.Post(at+"/replay", nil), http.StatusSeeOther)
		until(t, "it is sent again", func() bool { return !strings.Contains(log(), tk.Number) })
		hook := admin.Post("/admin/channels", url.Values{"kind": {"json"}, "name": {"Hook"}, "active": {"true"}, "address": {far.URL}, "rate": {"60"}}).Header.Get("Location")
		keyed := admin.Post(hook+"/key?version=1", nil)
		expect(t, keyed, http.StatusOK)
		if key := keyed.HTML(t).Find(".s-code").First().Text(); !strings.HasPrefix(key, "whsec_") || strings.Contains(admin.Get(hook).Body, key) {
			t.Errorf("the key is shown as %q, or again", key)
		}
		if page := admin.Get(hook).Body; !strings.Contains(page, "Messages are signed as Standard Webhooks says") {
			t.Error("the page does not say that messages are signed")
		}
		expect(t, admin.Post(at+"/delete?version=2", nil), http.StatusSeeOther)
		expect(t, admin.Get(at), http.StatusNotFound)
		expect(t, admin.Get("/admin/deliveries"), http.StatusOK)
	})
}

var code = regexp.MustCompile(`\b[0-9]{6}\b`)

func TestPeopleChooseToBeToldByChatAndSMS(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		far := newChat(t)
		agent, person, lead := s.SignedIn(access.RoleAgent), s.Persons[access.RoleAgent], s.As(access.RoleTeamLead)
		if page := agent.Get("/inbox/settings").HTML(t); page.Find("#ways").Length() != 0 {
			t.Error("chats are offered before there is one")
		}
		c, err := s.App.Webhooks().CreateChannel(s.As(access.RoleAdministrator), webhook.Channel{
			Name: "SMS", Kind: webhook.SMS, Active: true, Secrets: webhook.Secrets{Address: far.URL}, Body: webhook.Body{Template: `{"to":"{{number}}","text":"{{text}}"}`, Rate: 600, Facts: []webhook.Fact{webhook.FactTitle}},
		})
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("way.assigned.%d", c.ID)
		working(t, s)
		if page := agent.Get("/inbox/settings").HTML(t); page.Find("#ways").Length() != 1 || page.Find("[name='"+name+"']").Length() != 0 {
			t.Error("the telephone can be chosen before it is proved, or cannot be set up")
		}
		expect(t, agent.Post("/inbox/settings", url.Values{"shown": {"assigned"}, "kinds": {"assigned"}, name: {"now"}}), http.StatusUnprocessableEntity)
		way := fmt.Sprintf("/ways/%d", c.ID)
		bad := agent.Post(way, url.Values{"target": {"12"}})
		expect(t, bad, http.StatusUnprocessableEntity)
		if bad.HTML(t).Find(fmt.Sprintf("#target-%d-error", c.ID)).Length() != 1 {
			t.Error("nothing is said beside the number")
		}
		expect(t, agent.Post(way, url.Values{"target": {"+49 170 1234567"}}), http.StatusSeeOther)
		until(t, "the code arrives", func() bool { return len(far.got()) == 1 })
		expect(t, agent.Post(way+"/confirm", url.Values{"code": {"no"}}), http.StatusUnprocessableEntity)
		expect(t, agent.Post(way+"/confirm", url.Values{"code": {code.FindString(strings.ReplaceAll(far.got()[0], "1234567", ""))}}), http.StatusSeeOther)
		page := agent.Get("/inbox/settings").HTML(t)
		if options := page.Find("[name='" + name + "'] option"); options.Length() != 2 {
			t.Errorf("an SMS can come in %d ways", options.Length())
		}
		expect(t, agent.Post("/inbox/settings", url.Values{"shown": {"assigned", "note"}, "kinds": {"assigned", "note"}, name: {"now"}, fmt.Sprintf("way.note.%d", c.ID): {"now"}}), http.StatusSeeOther)
		tk := s.Ticket(access.RoleRequester, "incident", "Printer jams")
		if _, err := s.Core.Tickets.Edit(lead, ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &person}); err != nil {
			t.Fatal(err)
		}
		periodic(t, s, "notify.channels")
		until(t, "the message arrives", func() bool { return len(far.got()) == 2 })
		var sent struct{ To, Text string }
		if err := json.Unmarshal([]byte(far.got()[1]), &sent); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(sent.Text, tk.Number+": team lead person assigned this to you. Printer jams http://") || !strings.HasSuffix(sent.Text, "/inbox/about/"+tk.Number) || sent.To != "+491701234567" {
			t.Errorf("%+v", sent)
		}
		if _, err := s.Core.Tickets.Note(lead, ticket.ByID(tk.ID), ticket.InternalNote{Body: "notesecret"}); err != nil {
			t.Fatal(err)
		}
		periodic(t, s, "notify.channels")
		until(t, "the next arrives", func() bool { return len(far.got()) == 3 })
		if body := far.got()[2]; strings.Contains(body, "notesecret") || !strings.Contains(body, "There is an internal note") {
			t.Errorf("of a note is said %s", body)
		}
		expect(t, agent.Post(way+"/leave", nil), http.StatusSeeOther)
		left, err := database.One(t.Context(), s.Core.DB.Reader(), database.Scalar[int], `SELECT count(*) FROM notice_channels WHERE person_id = $1`, person)
		if err != nil || left != 0 {
			t.Errorf("%d choices stay: %v", left, err)
		}
		expect(t, s.SignedIn(access.RoleRequester).Get("/ways"), http.StatusOK)
	})
}

func TestARungPostsInARoom(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		far := newChat(t)
		c, err := s.App.Webhooks().CreateChannel(s.As(access.RoleAdministrator), webhook.Channel{
			Name: "#oncall", Kind: webhook.Teams, Active: true, Secrets: webhook.Secrets{Address: far.URL}, Body: webhook.Body{Rate: 600, Facts: []webhook.Fact{webhook.FactTitle}, Language: "de"},
		})
		if err != nil {
			t.Fatal(err)
		}
		admin := s.SignedIn(access.RoleAdministrator)
		if page := admin.Get("/escalation-ladders/new").HTML(t); page.Find("[name='c.0']").Length() != 1 {
			t.Error("a rung cannot name the room")
		}
		ladder := url.Values{"name": {"Night"}, "active": {"true"}, "rows": {"1"}, "r.0.anchor": {"percent"}, "r.0.much": {"75"}, "c.0": {"7"}}
		wrong := admin.Post("/escalation-ladders", ladder)
		expect(t, wrong, http.StatusUnprocessableEntity)
		if !strings.Contains(wrong.Body, "One of these rooms is gone.") {
			t.Error("a room that is none is not refused beside its field")
		}
		ladder.Set("c.0", fmt.Sprint(c.ID))
		expect(t, admin.Post("/escalation-ladders", ladder), http.StatusSeeOther)
		if text := admin.Get("/api/v1/escalation-ladders").Body; !strings.Contains(text, fmt.Sprintf(`"channel_ids":[%d]`, c.ID)) {
			t.Errorf("the API gives %s", text)
		}
	})
}

func TestChannelsByAPI(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		far := newChat(t)
		admin, agent := s.SignedIn(access.RoleAdministrator), s.SignedIn(access.RoleAgent)
		call := func(c *apptest.Client, method, path string, body any, header http.Header) apptest.Answer {
			t.Helper()
			raw, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			if header == nil {
				header = http.Header{}
			}
			header.Set("Content-Type", "application/json")
			return c.Do(method, "/api/v1"+path, strings.NewReader(string(raw)), header)
		}
		input := map[string]any{"name": "hook", "kind": "json", "address": far.URL + "/verysecretpath", "headers": []map[string]string{{"name": "X-Token", "value": "verysecret"}}, "facts": []string{"title"}, "events": []string{"arrived"}}
		expect(t, call(agent, http.MethodPost, "/channels", input, nil), http.StatusForbidden)
		expect(t, call(agent, http.MethodGet, "/channels", nil, nil), http.StatusForbidden)
		made := call(admin, http.MethodPost, "/channels", input, http.Header{"Idempotency-Key": {"one"}})
		expect(t, made, http.StatusCreated)
		again := call(admin, http.MethodPost, "/channels", input, http.Header{"Idempotency-Key": {"one"}})
		expect(t, again, http.StatusCreated)
		var d webhook.ChannelDocument
		if err := json.Unmarshal([]byte(made.Body), &d); err != nil || d.Version != 1 || strings.Contains(made.Body+again.Body, "verysecret\"") {
			t.Errorf("%s %v", made.Body, err)
		}
		one := fmt.Sprintf("/channels/%d", d.ID)
		shown := call(admin, http.MethodPost, fmt.Sprintf("/channels/preview?channel=%d", d.ID), map[string]any{"name": "hook", "kind": "json", "headers": []map[string]string{{"name": "X-Token"}}}, nil)
		expect(t, shown, http.StatusOK)
		if !strings.Contains(shown.Body, "X-Token: •••") {
			t.Error(shown.Body)
		}
		tried := call(admin, http.MethodPost, one+"/test", map[string]any{}, nil)
		expect(t, tried, http.StatusOK)
		var result webhook.ChannelTest
		if err := json.Unmarshal([]byte(tried.Body), &result); err != nil || !result.OK || result.Status != 200 || !strings.Contains(result.Answer, "thank you") {
			t.Errorf("%s %v", tried.Body, err)
		}
		expect(t, call(admin, http.MethodPut, one, map[string]any{"name": "hook 2", "kind": "json"}, nil), http.StatusPreconditionRequired)
		input["name"] = "hook 2"
		delete(input, "address")
		changed := call(admin, http.MethodPut, one, input, http.Header{"If-Match": {made.Header.Get("ETag")}})
		expect(t, changed, http.StatusOK)
		far.answers(http.StatusBadRequest)
		working(t, s)
		tk := s.Ticket(access.RoleRequester, "incident", "Printer jams")
		if _, err := s.Core.Tickets.Edit(s.As(access.RoleAgent), ticket.ByID(tk.ID), ticket.Edit{GroupID: &s.Group}); err != nil {
			t.Fatal(err)
		}
		var list struct {
			Items []webhook.Delivery `json:"items"`
		}
		until(t, "the delivery failed", func() bool {
			a := call(admin, http.MethodGet, "/deliveries?state=failed", nil, nil)
			expect(t, a, http.StatusOK)
			if err := json.Unmarshal([]byte(a.Body), &list); err != nil {
				t.Fatal(err)
			}
			return len(list.Items) == 1
		})
		delivery := fmt.Sprintf("/deliveries/%d", list.Items[0].ID)
		read := call(admin, http.MethodGet, delivery, nil, nil)
		expect(t, read, http.StatusOK)
		if !strings.Contains(read.Body, "It answered 400.") || strings.Contains(read.Body, "verysecret\"") || list.Items[0].WebhookID == "" {
			t.Error(read.Body)
		}
		far.answers(http.StatusOK)
		expect(t, call(admin, http.MethodPost, one+"/replay", nil, nil), http.StatusOK)
		until(t, "it is sent", func() bool {
			return strings.Contains(call(admin, http.MethodGet, delivery, nil, nil).Body, `"state":"sent"`)
		})
		expect(t, call(admin, http.MethodPost, delivery+"/drop", nil, nil), http.StatusConflict)
		expect(t, call(admin, http.MethodPost, delivery+"/replay", nil, nil), http.StatusConflict)
		expect(t, call(agent, http.MethodGet, "/deliveries", nil, nil), http.StatusForbidden)

		// Somebody's own.
		sms := call(admin, http.MethodPost, "/channels", map[string]any{"name": "SMS", "kind": "sms", "address": far.URL, "template": `{"to":"{{number}}","text":"{{text}}"}`}, nil)
		expect(t, sms, http.StatusCreated)
		if err := json.Unmarshal([]byte(sms.Body), &d); err != nil {
			t.Fatal(err)
		}
		mine := fmt.Sprintf("/my-channels/%d", d.ID)
		expect(t, call(agent, http.MethodPut, mine, map[string]any{"target": "nowhere"}, nil), http.StatusUnprocessableEntity)
		before := len(far.got())
		expect(t, call(agent, http.MethodPut, mine, map[string]any{"target": "+491701234567"}, nil), http.StatusNoContent)
		until(t, "the code arrives", func() bool { return len(far.got()) > before })
		expect(t, call(agent, http.MethodPost, mine+"/confirm", map[string]any{"code": code.FindString(strings.ReplaceAll(far.got()[before], "1234567", ""))}, nil), http.StatusNoContent)
		if a := call(agent, http.MethodGet, "/my-channels", nil, nil); !strings.Contains(a.Body, `"state":"confirmed"`) || strings.Contains(a.Body, "1234567") {
			t.Error(a.Body)
		}
		chosen := call(agent, http.MethodPatch, "/notifications/settings", map[string]any{"kinds": []map[string]any{{"kind": "assigned", "wanted": true, "channels": []map[string]any{{"channel_id": d.ID, "how": "now"}}}}}, nil)
		expect(t, chosen, http.StatusOK)
		if !strings.Contains(chosen.Body, fmt.Sprintf(`"channels":[{"channel_id":%d,"how":"now"}]`, d.ID)) {
			t.Error(chosen.Body)
		}
		expect(t, call(agent, http.MethodPatch, "/notifications/settings", map[string]any{"kinds": []map[string]any{{"kind": "assigned", "wanted": true, "channels": []map[string]any{{"channel_id": d.ID, "how": "digest"}}}}}, nil), http.StatusUnprocessableEntity)
		expect(t, call(agent, http.MethodDelete, mine, nil, nil), http.StatusNoContent)
		expect(t, call(admin, http.MethodDelete, one, nil, http.Header{"If-Match": {changed.Header.Get("ETag")}}), http.StatusNoContent)
		expect(t, call(admin, http.MethodGet, one, nil, nil), http.StatusNotFound)
	})
}

// webhooksForDump fills the tables of channels by webhook.
func webhooksForDump(t *testing.T, s *apptest.System) {
	t.Helper()
	far := newChat(t)
	channels := s.App.Webhooks()
	if _, err := channels.CreateChannel(s.As(access.RoleAdministrator), webhook.Channel{
		Name: "#oncall", Kind: webhook.Slack, Active: true, Secrets: webhook.Secrets{Address: far.URL + "/hook"}, Body: webhook.Body{Events: []webhook.Event{webhook.Arrived}, Facts: webhook.Facts()},
	}); err != nil {
		t.Fatal(err)
	}
	sms, err := channels.CreateChannel(s.As(access.RoleAdministrator), webhook.Channel{
		Name: "SMS", Kind: webhook.SMS, Active: true, Secrets: webhook.Secrets{Address: far.URL, Headers: []webhook.Header{{Name: "X-Key", Value: "k"}}}, Body: webhook.Body{Template: `{"to":"{{number}}","text":"{{text}}"}`},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := channels.SetTarget(s.As(access.RoleAgent), sms.ID, "+491701234567"); err != nil {
		t.Fatal(err)
	}
	messages, err := channels.Messages(s.As(access.RoleAdministrator), webhook.MessageQuery{Channel: sms.ID})
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if err := s.Core.DB.Write(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO webhook_attempts (id, message_id, number, node, began_at, ended_at, status, request, answer, error) VALUES ($1, $2, 1, 'one', $3, NULL, 0, 'POST', '', '')`,
			tx.NextID(), messages[0].ID, database.Time(time.Now()))
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
