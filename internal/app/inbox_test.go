package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// talkedAbout is a ticket of the requester, given to the agent, with words that
// only some may read.
func talkedAbout(t *testing.T, s *apptest.System) ticket.Ticket {
	t.Helper()
	tk := s.Ticket(access.RoleRequester, "incident", "Printer jams")
	agent := s.Persons[access.RoleAgent]
	must := func(_ ticket.Ticket, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	lead := s.As(access.RoleTeamLead)
	must(s.Core.Tickets.Edit(lead, ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &agent}))
	must(s.Core.Tickets.Watch(s.As(access.RoleRequester), ticket.ByID(tk.ID), true))
	must(s.Core.Tickets.Reply(lead, ticket.ByID(tk.ID), ticket.PublicReply{Body: "publicword"}))
	must(s.Core.Tickets.Note(lead, ticket.ByID(tk.ID), ticket.InternalNote{Body: ticket.Markdown(fmt.Sprintf("notesecret [@Somebody](person:%d)", agent))}))
	return tk
}

func bellOf(t *testing.T, a apptest.Answer) string {
	t.Helper()
	return strings.TrimSpace(a.HTML(t).Find("#bell .s-bell-count").Text())
}

func TestTheBellLeadsToTheInboxAndReadingEmptiesIt(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := talkedAbout(t, s)
		c := s.SignedIn(access.RoleAgent)
		if got := bellOf(t, c.Get("/queue")); got != "1" {
			t.Fatalf("the bell says %q", got)
		}
		inbox := c.Get("/inbox").HTML(t)
		line := inbox.Find(".s-notice-unread")
		if line.Length() != 1 || !strings.Contains(line.Text(), "team lead person mentioned you") || !strings.Contains(line.Text(), "and 2 more") || !strings.Contains(line.Text(), "Printer jams") {
			t.Errorf("the inbox says %q", line.Text())
		}
		if !strings.Contains(line.Find("details").Text(), "because somebody named you") {
			t.Errorf("it does not say why: %q", line.Find("details").Text())
		}
		mark := line.Find("form.s-button-form").Last().AttrOr("action", "")
		read := c.Post(mark, nil)
		if read.Status != http.StatusSeeOther || bellOf(t, c.Get("/queue")) != "" {
			t.Errorf("marking as read: %d, the bell says %q", read.Status, bellOf(t, c.Get("/queue")))
		}
		if a := c.Post("/inbox/unread", url.Values{"subject": {fmt.Sprintf("ticket:%d", tk.ID)}}); a.Status != http.StatusSeeOther || bellOf(t, c.Get("/queue")) != "1" {
			t.Errorf("taking it back: %d", a.Status)
		}
		if got := bellOf(t, c.Get("/tickets/"+tk.Number)); got != "" {
			t.Errorf("on the ticket's own page the bell says %q", got)
		}
		if got := bellOf(t, c.Get("/queue")); got != "" {
			t.Errorf("after reading the ticket the bell says %q", got)
		}
		for path, status := range map[string]int{
			"/inbox?only=unread": 200, "/inbox?only=nonsense": 422, "/inbox?before=x": 422, "/inbox/settings": 200, "/inbox/about/" + tk.Number: 200,
			"/inbox/about/INC-4711": 404, "/inbox/bell": 200, "/inbox/new?since=1": 200,
		} {
			if a := c.Get(path); a.Status != status {
				t.Errorf("%s answers %d", path, a.Status)
			}
		}
	})
}

func TestReadingAllCanBeUndone(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		talkedAbout(t, s)
		c := s.SignedIn(access.RoleAgent)
		done := c.Post("/inbox/read", nil)
		if done.Status != http.StatusSeeOther || bellOf(t, c.Get("/queue")) != "" {
			t.Fatalf("%d", done.Status)
		}
		a := c.Do(http.MethodGet, "/inbox", nil, http.Header{"Cookie": {strings.Split(done.Header.Get("Set-Cookie"), ";")[0]}})
		undo := a.HTML(t).Find("#toasts form").AttrOr("action", "")
		if !strings.HasPrefix(undo, "/inbox/unread?") {
			t.Fatalf("nothing undoes it: %q in %s", undo, a.HTML(t).Find("#toasts").Text())
		}
		if a := c.Post(undo, nil); a.Status != http.StatusSeeOther || bellOf(t, c.Get("/queue")) != "1" {
			t.Errorf("undoing answers %d", a.Status)
		}
	})
}

func TestNothingInternalReachesARequestersOrSuppliersInbox(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := talkedAbout(t, s)
		supplier := s.Persons[access.RoleSupplierAgent]
		handed := s.Ticket(access.RoleRequester, "incident", "Toner leaks")
		if _, err := s.Core.Tickets.Edit(s.As(access.RoleTeamLead), ticket.ByID(handed.ID), ticket.Edit{GroupID: &s.Theirs, AssigneeID: &supplier}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Core.Tickets.Note(s.As(access.RoleTeamLead), ticket.ByID(handed.ID), ticket.InternalNote{Body: "notesecret"}); err != nil {
			t.Fatal(err)
		}
		for role, want := range map[string]string{access.RoleRequester: "team replied", access.RoleSupplierAgent: "assigned this to you"} {
			c := s.SignedIn(role)
			inbox := c.Get("/inbox")
			if lines := inbox.HTML(t).Find(".s-notice"); lines.Length() != 1 || !strings.Contains(lines.Text(), want) {
				t.Errorf("%s reads %d lines: %q", role, lines.Length(), lines.Text())
			}
			if got := bellOf(t, inbox); got != "1" {
				t.Errorf("the bell of the %s says %q", role, got)
			}
			for _, path := range []string{
				"/inbox", "/inbox?only=unread", "/inbox?only=mentions", "/inbox/bell", "/inbox/new?since=1", "/inbox/settings", "/inbox/about/" + tk.Number,
				"/api/v1/notifications", "/api/v1/notifications/unread", "/api/v1/notifications/settings",
			} {
				body := c.Get(path).Body
				for _, secret := range []string{"notesecret", "internal note", "mentioned you", "Internal notes", `"note"`} {
					if strings.Contains(body, secret) {
						t.Errorf("%s reads %q on %s", role, secret, path)
					}
				}
			}
			if role == access.RoleRequester && strings.Contains(inbox.HTML(t).Find("main").Text(), "lead person") {
				t.Error("a requester reads an agent's whole name")
			}
		}
		// Who may no longer see a ticket, or never could, has nothing of it.
		if _, err := s.Core.Tickets.Edit(s.As(access.RoleTeamLead), ticket.ByID(handed.ID), ticket.Edit{GroupID: &s.Group, AssigneeID: new(int64)}); err != nil {
			t.Fatal(err)
		}
		for _, role := range []string{access.RoleSupplierAgent, "other"} {
			c := s.SignedIn(role)
			for _, path := range []string{"/inbox", "/inbox/bell", "/api/v1/notifications", "/inbox/about/" + handed.Number} {
				if body := c.Get(path).Body; strings.Contains(body, "Toner leaks") || strings.Contains(body, "s-bell-count") {
					t.Errorf("%s still reads of the ticket on %s", role, path)
				}
			}
			if a := c.Post("/inbox/about/"+handed.Number, url.Values{"mute": {"true"}}); a.Status != http.StatusNotFound {
				t.Errorf("%s mutes a hidden ticket: %d", role, a.Status)
			}
		}
	})
}

func TestNotificationSettingsAndMutesByPageAndAPI(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := talkedAbout(t, s)
		c := s.SignedIn(access.RoleAgent)
		form := c.Get("/inbox/settings").HTML(t)
		if n := form.Find(`input[name=kinds]`).Length(); n < 10 || form.Find("#kind-group_work[checked]").Length() != 0 || form.Find("#kind-reply[checked]").Length() != 1 {
			t.Errorf("%d kinds", n)
		}
		if a := c.Post("/inbox/settings", url.Values{"shown": {"reply", "group_work"}, "kinds": {"group_work"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("saving: %d", a.Status)
		}
		if form = c.Get("/inbox/settings").HTML(t); form.Find("#kind-group_work[checked]").Length() != 1 || form.Find("#kind-reply[checked]").Length() != 0 {
			t.Error("the choice is not kept")
		}
		if a := c.Post("/inbox/settings", url.Values{"shown": {"nonsense"}}); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("nonsense: %d", a.Status)
		}
		api := func(method, path, body string) apptest.Answer {
			return c.Do(method, "/api/v1"+path, strings.NewReader(body), http.Header{"Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-origin"}})
		}
		if a := api(http.MethodPatch, "/notifications/settings", `{"kinds":[{"kind":"reply","wanted":true}]}`); a.Status != http.StatusOK || !strings.Contains(a.Body, `{"kind":"reply","wanted":true,"mail":"never"}`) {
			t.Errorf("by API: %d %s", a.Status, a.Body)
		}
		if a := api(http.MethodPut, "/tickets/"+tk.Number+"/mute", ""); a.Status != http.StatusNoContent {
			t.Errorf("muting: %d %s", a.Status, a.Body)
		}
		var list struct {
			Items []struct {
				Ticket, Kind, Reason string
				Unread, Count        int
				Muted                bool
			}
		}
		if a := api(http.MethodGet, "/notifications?only=mentions", ""); json.Unmarshal([]byte(a.Body), &list) != nil || len(list.Items) != 1 || list.Items[0].Ticket != tk.Number || !list.Items[0].Muted {
			t.Errorf("%s", a.Body)
		}
		if a := api(http.MethodPost, "/notifications/read", `{}`); a.Status != http.StatusOK || !strings.Contains(a.Body, `"unread":0`) {
			t.Errorf("reading: %d %s", a.Status, a.Body)
		}
		if a := api(http.MethodDelete, "/tickets/"+tk.Number+"/mute", ""); a.Status != http.StatusNoContent {
			t.Errorf("unmuting: %d %s", a.Status, a.Body)
		}
		about := c.Get("/inbox/about/" + tk.Number).HTML(t)
		if !strings.Contains(about.Find("main").Text(), "assigned to you") {
			t.Errorf("about the ticket: %q", about.Find("main").Text())
		}
		if a := c.Post("/inbox/about/"+tk.Number+"?watch=true&back=/inbox", nil); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/inbox" {
			t.Errorf("watching: %d", a.Status)
		}
		if a := c.Post("/inbox/about/"+tk.Number, nil); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("neither: %d", a.Status)
		}
	})
}

func TestTheInboxAsksAFixedNumberOfQuestions(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		agent := s.Persons[access.RoleAgent]
		for i := range 12 {
			tk := s.Ticket(access.RoleRequester, "incident", fmt.Sprint("Printer ", i))
			if _, err := s.Core.Tickets.Edit(s.As(access.RoleTeamLead), ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &agent}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, queries := database.WithCounter(s.As(access.RoleAgent))
		if unread, err := s.Core.Notices.Unread(ctx); err != nil || unread.Lines != 12 || queries.N() != 1 {
			t.Errorf("%+v %v by %d queries", unread, err, queries.N())
		}
	})
}
