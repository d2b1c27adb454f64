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
)

// clockDocument is a clock as the API gives it.
type clockDocument struct {
	Role    string `json:"role"`
	PartyID int64  `json:"party_id"`
	Measure string `json:"measure"`
	State   string `json:"state"`
	Cycle   int    `json:"cycle"`
	Stage   string `json:"stage"`
}

// byJSON speaks to the API.
type byJSON struct {
	t *testing.T
	c *apptest.Client
}

func (j byJSON) do(method, path, body string, want int, into any) {
	j.t.Helper()
	a := j.c.Do(method, "/api/v1"+path, strings.NewReader(body), http.Header{"Content-Type": {"application/json"}, "If-Match": {"*"}})
	if a.Status != want {
		j.t.Fatalf("%s %s: %d, want %d: %s", method, path, a.Status, want, a.Body)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(a.Body), into); err != nil {
			j.t.Fatal(err, a.Body)
		}
	}
}

// clocks gives a ticket's clocks as "sla workaround 1 running".
func (j byJSON) clocks(number string) map[string]string {
	j.t.Helper()
	var page struct{ Items []clockDocument }
	j.do("GET", "/tickets/"+number+"/clocks", "", 200, &page)
	out := map[string]string{}
	for _, c := range page.Items {
		out[strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Role, c.Measure, c.State))+fmt.Sprintf(" %d", c.Cycle)] = c.Stage
	}
	return out
}

// promiseEverything writes agreements with a customer, our group and the supplier.
func promiseEverything(t *testing.T, s *apptest.System) {
	t.Helper()
	admin := byJSON{t, s.SignedIn(access.RoleAdministrator)}
	write := func(name, role string, party int64, targets string) {
		t.Helper()
		with := ""
		if party != 0 {
			with = fmt.Sprintf(`"party_id":%d,`, party)
		}
		admin.do("POST", "/agreements", `{"name":"`+name+`","role":"`+role+`",`+with+`"from":"2020-01-01T00:00:00Z","terms":{"calendar_id":2,"targets":[`+targets+`]}}`, 201, nil)
	}
	const resolution = `{"measure":"resolution","within":"8h"}`
	write("Gold", "sla", 0, `{"measure":"response","within":"1h"},{"measure":"update","within":"2h"},{"measure":"workaround","within":"3h"},{"measure":"step","state":"in_progress","within":"4h"},`+resolution)
	write("Desk", "ola", s.Group, `{"measure":"response","within":"30m"},{"measure":"resolution","within":"3h"}`)
	write("Field", "uc", s.Vendor, resolution)
}

func TestEveryPromiseRunsOnATicketByJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		promiseEverything(t, s)
		agent := byJSON{t, s.SignedIn(access.RoleAgent)}
		var tk struct{ Number string }
		agent.do("POST", "/tickets", fmt.Sprintf(`{"kind":"incident","title":"Printer","requester_id":%d,"group_id":%d,"service_id":%d}`, s.Persons[access.RoleRequester], s.Group, s.Service), 201, &tk)
		expectClocks := func(what string, want map[string]string) {
			t.Helper()
			got := agent.clocks(tk.Number)
			for key, stage := range want {
				if got[key] != stage {
					t.Errorf("%s: %s is %q, want %q, of %v", what, key, got[key], stage, got)
				}
			}
		}
		open := "running"
		expectClocks("new", map[string]string{"sla response 1": open, "sla update 1": open, "sla workaround 1": open, "sla resolution 1": open, "ola response 1": open, "ola resolution 1": open, "sla step in_progress 1": ""})
		agent.do("POST", "/tickets/"+tk.Number+"/replies", `{"body":"On it."}`, 201, nil)
		expectClocks("answered", map[string]string{"sla response 1": "completed", "sla update 1": "completed", "sla update 2": open, "ola response 1": "completed", "sla workaround 1": open})
		agent.do("POST", "/tickets/"+tk.Number+"/transitions", `{"transition":"start"}`, 200, nil)
		expectClocks("in progress", map[string]string{"sla step in_progress 1": open})

		// A workaround ends its clock, and taken back it was none.
		var given struct{ ID int64 }
		agent.do("POST", "/tickets/"+tk.Number+"/workarounds", `{"body":" "}`, 422, nil)
		agent.do("POST", "/tickets/"+tk.Number+"/workarounds", `{"body":"Use the other printer."}`, 201, &given)
		expectClocks("worked around", map[string]string{"sla workaround 1": "completed", "sla resolution 1": open})
		agent.do("DELETE", fmt.Sprintf("/tickets/%s/workarounds/%d", tk.Number, given.ID), "", 200, nil)
		agent.do("DELETE", fmt.Sprintf("/tickets/%s/workarounds/%d", tk.Number, given.ID), "", 200, nil)
		expectClocks("taken back", map[string]string{"sla workaround 1": open})
		agent.do("POST", "/tickets/"+tk.Number+"/workarounds", `{"body":"Use the printer upstairs.","public":true}`, 201, nil)
		expectClocks("told", map[string]string{"sla workaround 1": "completed", "sla update 2": "completed", "sla update 3": open})
		var all struct {
			Items []struct {
				Body        string
				Public      bool
				WithdrawnAt string `json:"withdrawn_at"`
			}
		}
		if agent.do("GET", "/tickets/"+tk.Number+"/workarounds", "", 200, &all); len(all.Items) != 2 || !all.Items[0].Public || all.Items[0].WithdrawnAt != "" || all.Items[1].WithdrawnAt == "" {
			t.Errorf("%+v", all)
		}
		for _, role := range []string{access.RoleRequester, access.RoleSupplierAgent} {
			c := s.SignedIn(role)
			if a := c.Do("GET", "/api/v1/tickets/"+tk.Number+"/workarounds", nil, nil); a.Status != 403 && a.Status != 404 {
				t.Errorf("%s reads workarounds: %d", role, a.Status)
			}
			if a := c.Get("/tickets/" + tk.Number); strings.Contains(a.Body, "other printer") {
				t.Errorf("%s reads the workaround for colleagues", role)
			}
		}

		// The supplier's clock runs beside the customer's.
		agent.do("PATCH", "/tickets/"+tk.Number, fmt.Sprintf(`{"group_id":%d}`, s.Theirs), 200, nil)
		expectClocks("with the supplier", map[string]string{"uc resolution 1": open, "sla resolution 1": open, "ola resolution 1": "paused"})
		agent.do("POST", "/tickets/"+tk.Number+"/transitions", `{"transition":"resolve","resolution_code":"solved","resolution":"Done."}`, 200, nil)
		expectClocks("resolved", map[string]string{"uc resolution 1": "completed", "sla resolution 1": "completed", "sla step in_progress 1": "completed"})
		agent.do("POST", "/tickets/"+tk.Number+"/workarounds", `{"body":"Too late."}`, 409, nil)
	})
}

func TestAWorkaroundIsGivenOnTheTicketsPage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := s.Ticket(access.RoleRequester, "incident", "Printer")
		agent := s.SignedIn(access.RoleAgent)
		address := "/tickets/" + tk.Number + "/workaround"
		if n := agent.Get("/tickets/" + tk.Number).HTML(t).Find("a[href='" + address + "'], [hx-get='" + address + "']").Length(); n == 0 {
			t.Error("the page has no way to it")
		}
		expect(t, agent.Get(address), http.StatusOK)
		wrong := agent.Post(address, url.Values{"who": {"requester"}, "body": {""}})
		if expect(t, wrong, http.StatusUnprocessableEntity); wrong.HTML(t).Find(".s-field-wrong").Length() == 0 {
			t.Error("nothing stands beside the field")
		}
		expect(t, agent.Post(address, url.Values{"who": {"requester"}, "body": {"Use the *other* printer."}}), http.StatusSeeOther)
		page := agent.Get("/tickets/" + tk.Number)
		if !strings.Contains(page.Body, "gave a workaround") || !strings.Contains(page.HTML(t).Find("#panel-workaround").Text(), "Use the other printer.") {
			t.Errorf("the panel says %q", page.HTML(t).Find("#panel-workaround").Text())
		}
		if a := s.SignedIn(access.RoleRequester).Get("/portal/tickets/" + tk.Number); !strings.Contains(a.Body, "<em>other</em> printer") || strings.Contains(a.Body, "gave a workaround") {
			t.Error("the requester reads it as a reply")
		}
		back, ok := page.HTML(t).Find("#panel-workaround form").Attr("action")
		if !ok {
			t.Fatal("it cannot be taken back")
		}
		expect(t, agent.Post(back, nil), http.StatusSeeOther)
		page = agent.Get("/tickets/" + tk.Number)
		if !strings.Contains(page.Body, "took a workaround back") || strings.Contains(page.HTML(t).Find("#panel-workaround").Text(), "other") {
			t.Error("it still stands")
		}
		expect(t, s.SignedIn(access.RoleRequester).Post(address, url.Values{"body": {"Mine"}}), http.StatusForbidden)
	})
}

func TestAnAgreementIsTriedOnThePast(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		promiseEverything(t, s)
		admin := s.SignedIn(access.RoleAdministrator)
		done := s.Ticket(access.RoleRequester, "incident", "Printer one")
		s.Ticket(access.RoleRequester, "incident", "Printer two")
		s.Ticket(access.RoleRequester, "request", "A request")
		if _, err := s.Core.Tickets.Transition(s.As(access.RoleAgent), ticket.ByID(done.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."}); err != nil {
			t.Fatal(err)
		}
		const terms = `"terms":{"calendar_id":2,"kinds":["incident"],"targets":[{"measure":"resolution","priority":1,"within":"1h"},{"measure":"resolution","within":"2h"}]}`
		var report struct {
			Looked  int `json:"looked_at"`
			Found   int
			Covered int
			Targets []struct{ Kept, Open int }
		}
		api := byJSON{t, admin}
		api.do("POST", "/agreements/simulate", `{"name":"Printers","role":"sla","party_id":`+fmt.Sprint(s.Own)+`,`+terms+`}`, 200, &report)
		if report.Looked != 2 || report.Found != 2 || report.Covered != 2 || len(report.Targets) == 0 {
			t.Errorf("%+v", report)
		}
		api.do("POST", "/agreements/simulate", `{"name":"","role":"sla",`+terms+`}`, 422, nil)
		byJSON{t, s.SignedIn(access.RoleAgent)}.do("POST", "/agreements/simulate", `{"name":"Printers","role":"sla",`+terms+`}`, 403, nil)

		// On the page it stands above the form, which keeps what was typed.
		form := url.Values{"do": {"try"}, "role": {"sla"}, "name": {"Printers"}, "calendar": {"2"}, "rows": {"1"}, "t.0.what": {"resolution"}, "t.0.p0": {"2h"}, "description": {"Typed words"}}
		page := admin.Post("/agreements", form)
		expect(t, page, http.StatusOK)
		if words := page.HTML(t).Find("#preview").Text(); !strings.Contains(words, "Looked at 3 tickets") || !strings.Contains(words, "Nothing is saved yet") {
			t.Errorf("the trial says %q", words)
		}
		if page.HTML(t).Find("textarea[name=description]").Text() != "Typed words" {
			t.Error("what was typed is lost")
		}
		form.Set("t.0.p0", "soon")
		expect(t, admin.Post("/agreements", form), http.StatusUnprocessableEntity)
	})
}

func TestAnAgreementIsChangedOnlyWithAReasonAndLeavesATrace(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		promiseEverything(t, s)
		admin, lead := byJSON{t, s.SignedIn(access.RoleAdministrator)}, s.SignedIn(access.RoleTeamLead)
		tk := s.Ticket(access.RoleRequester, "incident", "Printer")
		var made struct{ ID int64 }
		admin.do("POST", "/agreements", `{"name":"Platinum","role":"sla","from":"2020-01-01T00:00:00Z","terms":{"calendar_id":2,"targets":[{"measure":"resolution","within":"2h"}]}}`, 201, &made)
		var others struct{ ID int64 }
		admin.do("POST", "/agreements", fmt.Sprintf(`{"name":"Of others","role":"ola","party_id":%d,"from":"2020-01-01T00:00:00Z","terms":{"calendar_id":2,"targets":[{"measure":"resolution","within":"2h"}]}}`, s.Group), 201, &others)
		targetOf := func() int64 {
			t.Helper()
			var page struct {
				Items []struct {
					Role, Measure string
					Target        int64
					AgreementID   int64 `json:"agreement_id"`
				}
			}
			admin.do("GET", "/tickets/"+tk.Number+"/clocks", "", 200, &page)
			for _, c := range page.Items {
				if c.Role == "sla" && c.Measure == "resolution" {
					return c.Target
				}
			}
			t.Fatalf("%+v", page)
			return 0
		}
		if got := targetOf(); got != 8*3600 {
			t.Fatalf("at first %d", got)
		}
		path := "/tickets/" + tk.Number + "/agreement"
		body := func(id int64, reason string) string {
			return fmt.Sprintf(`{"agreement_id":%d,"reason":%q}`, id, reason)
		}
		byJSON{t, s.SignedIn(access.RoleAgent)}.do("POST", path, body(made.ID, "Please"), 403, nil)
		byJSON{t, s.SignedIn(access.RoleRequester)}.do("POST", path, body(made.ID, "Please"), 403, nil)
		admin.do("POST", path, body(made.ID, "  "), 422, nil)
		admin.do("POST", path, body(999, "Please"), 422, nil)
		admin.do("POST", path, body(made.ID, "They pay for it since Monday."), 200, nil)
		if got := targetOf(); got != 2*3600 {
			t.Errorf("then %d", got)
		}
		page := lead.Get("/tickets/" + tk.Number)
		if !strings.Contains(page.Body, "put this under the agreement “Platinum”, version 1: They pay for it since Monday.") {
			t.Error("the timeline does not say so")
		}
		if log := s.SignedIn(access.RoleAdministrator).Get("/audit"); !strings.Contains(log.Body, tk.Number) {
			t.Error("the audit log does not say so")
		}

		// By the page, back to what the rules say.
		form := lead.Get(path)
		expect(t, form, http.StatusOK)
		if n := form.HTML(t).Find("input[name=agreement]").Length(); n < 3 {
			t.Errorf("%d choices", n)
		}
		wrong := lead.Post(path, url.Values{"agreement": {"sla:0:0"}, "reason": {""}})
		if expect(t, wrong, http.StatusUnprocessableEntity); wrong.HTML(t).Find(".s-field-wrong").Length() == 0 {
			t.Error("nothing stands beside the field")
		}
		expect(t, lead.Post(path, url.Values{"agreement": {"sla:0:0"}, "reason": {"A mistake."}}), http.StatusSeeOther)
		if got := targetOf(); got != 8*3600 {
			t.Errorf("by the rules %d", got)
		}
		expect(t, s.SignedIn(access.RoleAgent).Get(path), http.StatusForbidden)
	})
}

func TestAReportOfServiceLevelsIsExported(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		promiseEverything(t, s)
		s.Ticket(access.RoleRequester, "incident", "Printer")
		lead := s.SignedIn(access.RoleTeamLead)
		page := lead.Get("/service-levels")
		if expect(t, page, http.StatusOK); page.HTML(t).Find("a[href*='as=csv']").Length() != 1 {
			t.Error("the page has no way to the export")
		}
		file := lead.Get("/service-levels?as=csv&by=service")
		if expect(t, file, http.StatusOK); !strings.HasPrefix(file.Body, "service_id,service,role,measure,attained") || !strings.Contains(file.Header.Get("Content-Disposition"), "service-levels.csv") {
			t.Errorf("%s %v", file.Body, file.Header)
		}
		expect(t, lead.Get("/service-levels/behind?of=1&measure=resolution&only=near"), http.StatusOK)
		expect(t, s.SignedIn(access.RoleRequester).Get("/service-levels?as=csv"), http.StatusForbidden)
	})
}

func TestReportsAreReadByJSONByThoseWhoReadTheirPages(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		promiseEverything(t, s)
		tk := s.Ticket(access.RoleRequester, "incident", "Printer")
		agent := byJSON{t, s.SignedIn(access.RoleAgent)}
		agent.do("PATCH", "/tickets/"+tk.Number, fmt.Sprintf(`{"group_id":%d}`, s.Group), 200, nil)
		agent.do("POST", "/tickets/"+tk.Number+"/replies", `{"body":"On it."}`, 201, nil)
		s.Periodic("clocks.keep")
		const period = "?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
		var lines struct {
			Items []struct {
				ID            int64
				Name, Measure string
				Attained      float64
				Kept          int
			}
			NextCursor string `json:"next_cursor"`
		}
		for by, name := range map[string]string{"agreement": "Gold", "service": "Printing", "group": "First line", "customer": "Northwind"} {
			agent.do("GET", "/service-levels"+period+"&role=sla&limit=1&by="+by, "", 200, &lines)
			if len(lines.Items) != 1 || lines.Items[0].Name != name || lines.Items[0].Kept != 1 || lines.Items[0].Attained != 1 || lines.NextCursor == "" {
				t.Errorf("by %s: %+v", by, lines)
			}
		}
		agent.do("GET", "/service-levels"+period+"&role=sla", "", 200, &lines)
		var behind struct {
			Items []struct{ Number, Title, Outcome string }
		}
		at := fmt.Sprintf("/service-levels/promises%s&id=%d&measure=%s", period, lines.Items[0].ID, lines.Items[0].Measure)
		if agent.do("GET", at, "", 200, &behind); len(behind.Items) != 1 || behind.Items[0].Number != tk.Number || behind.Items[0].Outcome != "kept" {
			t.Errorf("behind the line: %+v", behind)
		}
		if agent.do("GET", at+"&only=broken", "", 200, &behind); len(behind.Items) != 0 {
			t.Errorf("broken: %+v", behind)
		}
		for _, wrong := range []string{"?from=2026-02-01T00:00:00Z", period + "&by=colour", period + "&cursor=x", "?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z"} {
			a := s.SignedIn(access.RoleAgent).Get("/api/v1/service-levels" + wrong)
			if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Header.Get("Content-Type"), "problem+json") {
				t.Errorf("%s: %d %s", wrong, a.Status, a.Body)
			}
		}
		for _, role := range []string{access.RoleRequester, access.RoleSupplierAgent} {
			for _, path := range []string{"/service-levels" + period, at} {
				if a := s.SignedIn(role).Get("/api/v1" + path); a.Status != http.StatusForbidden {
					t.Errorf("%s reads %s: %d", role, path, a.Status)
				}
			}
		}
	})
}
