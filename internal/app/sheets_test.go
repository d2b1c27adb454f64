package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
)

// asked is one call of the API and what it must come to.
type asked struct {
	t    *testing.T
	c    *apptest.Client
	want int
}

// to makes the call; what fails must be a problem that names the field it is about.
func (a asked) to(method, path string, body any, field string, header ...string) map[string]any {
	a.t.Helper()
	got := api(a.t, a.c, method, path, body, nil, header...)
	out := map[string]any{}
	if got.Body != "" {
		if err := json.Unmarshal([]byte(got.Body), &out); err != nil {
			a.t.Fatalf("%s %s: %s", method, path, got.Body)
		}
	}
	if got.Status != a.want {
		a.t.Fatalf("%s %s: %d, want %d: %s", method, path, got.Status, a.want, got.Body)
	}
	if got.Status >= 400 {
		if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/problem+json") || out["status"] != float64(a.want) || !strings.Contains(got.Body, field) {
			a.t.Errorf("%s %s answers %s %s, which does not name %q", method, path, kind, got.Body, field)
		}
	}
	return out
}

func items(doc map[string]any) []any {
	all, _ := doc["items"].([]any)
	return all
}

func one(t *testing.T, doc map[string]any) map[string]any {
	t.Helper()
	all := items(doc)
	if len(all) != 1 {
		t.Fatalf("not one: %v", doc)
	}
	only, _ := all[0].(map[string]any)
	return only
}

func numbered(format string, id any) string {
	n, _ := id.(float64)
	return fmt.Sprintf(format, int64(n))
}

func TestTimeSheetsByJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := s.Ticket("requester", "incident", "Nobody can print")
		call := func(role string, want int) asked { return asked{t, s.SignedIn(role), want} }
		path := "/tickets/" + tk.Number + "/time"

		travel := call("administrator", http.StatusCreated).to("POST", "/time-activities", object{"name": "Travel", "billable": true}, "")
		call("agent", http.StatusForbidden).to("POST", "/time-activities", object{"name": "Lunch"}, "")
		call("administrator", http.StatusUnprocessableEntity).to("POST", "/time-activities", object{"name": ""}, "name")
		if n := len(items(call("agent", http.StatusOK).to("GET", "/time-activities", nil, ""))); n != 1 {
			t.Errorf("%d activities", n)
		}
		call("requester", http.StatusForbidden).to("GET", "/time-activities", nil, "")

		entry := call("agent", http.StatusCreated).to("POST", path, object{"length": "1 h 20", "activity_id": travel["id"], "day": "2026-03-02", "note": "Drove there."}, "", "Idempotency-Key", "one")
		again := call("agent", http.StatusCreated).to("POST", path, object{"length": "1 h 20", "activity_id": travel["id"], "day": "2026-03-02", "note": "Drove there."}, "", "Idempotency-Key", "one")
		if entry["minutes"] != float64(80) || entry["billable"] != true || again["id"] != entry["id"] {
			t.Errorf("%v, and under the same key %v", entry, again)
		}
		for field, body := range map[string]object{
			"length":      {"length": "a while"},
			"day":         {"length": "20", "day": "yesterday"},
			"activity_id": {"length": "20", "activity_id": 12345},
			"person_id":   {"length": "20", "person_id": s.Persons["requester"]},
			"note":        {"length": "20", "note": strings.Repeat("x", 501)},
		} {
			if field == "person_id" {
				call("agent", http.StatusForbidden).to("POST", path, body, "")
				continue
			}
			call("agent", http.StatusUnprocessableEntity).to("POST", path, body, strings.TrimSuffix(field, "_id"))
		}
		call("requester", http.StatusForbidden).to("POST", path, object{"length": "20"}, "")
		call("other", http.StatusNotFound).to("GET", path, nil, "")
		call("", http.StatusUnauthorized).to("GET", path, nil, "")
		call("agent", http.StatusNotFound).to("GET", "/tickets/INC-9999/time", nil, "")

		if got := one(t, call("agent", http.StatusOK).to("GET", path, nil, "")); got["id"] != entry["id"] {
			t.Errorf("%v", got)
		}
		at := numbered(path+"/%d", entry["id"])
		call("supplier_agent", http.StatusNotFound).to("PUT", at, object{"length": "5"}, "")
		corrected := call("agent", http.StatusOK).to("PUT", at, object{"length": "45", "day": "2026-03-03"}, "")
		if corrected["minutes"] != float64(45) || corrected["corrects_id"] != entry["id"] || corrected["activity_id"] != travel["id"] {
			t.Errorf("%v", corrected)
		}
		call("agent", http.StatusConflict).to("PUT", at, object{"length": "50"}, "")
		call("agent", http.StatusUnprocessableEntity).to("PUT", numbered(path+"/%d", corrected["id"]), object{"length": "0"}, "length")

		line := one(t, call("team_lead", http.StatusOK).to("GET", "/time-report?from=2026-03-01&to=2026-03-31&by=person", nil, ""))
		if line["minutes"] != float64(45) || line["billable_minutes"] != float64(45) || line["entries"] != float64(1) {
			t.Errorf("the report says %v", line)
		}
		call("requester", http.StatusForbidden).to("GET", "/time-report?from=2026-03-01&to=2026-03-31", nil, "")
		call("team_lead", http.StatusUnprocessableEntity).to("GET", "/time-report?from=2026-03-01&to=soon", nil, "to")
		call("team_lead", http.StatusUnprocessableEntity).to("GET", "/time-report?from=2026-03-01", nil, "to")
		call("team_lead", http.StatusUnprocessableEntity).to("GET", "/time-report?from=2026-03-01&to=2026-03-31&filter=state:sleepy", nil, "filter")

		call("agent", http.StatusNoContent).to("DELETE", numbered(path+"/%d", corrected["id"]), nil, "")
		if n := len(items(call("agent", http.StatusOK).to("GET", path, nil, ""))); n != 0 {
			t.Errorf("%d entries are left", n)
		}

		call("agent", http.StatusNotFound).to("GET", "/timer", nil, "")
		call("requester", http.StatusForbidden).to("POST", "/tickets/"+tk.Number+"/timer", nil, "")
		timer := call("agent", http.StatusCreated).to("POST", "/tickets/"+tk.Number+"/timer", nil, "")
		if began, err := time.Parse(time.RFC3339, fmt.Sprint(timer["started_at"])); err != nil || timer["ticket_id"] != float64(tk.ID) || time.Since(began) > time.Hour {
			t.Errorf("%v %v", timer, err)
		}
		call("agent", http.StatusNoContent).to("DELETE", "/timer?discard=true", nil, "")
		call("agent", http.StatusNotFound).to("DELETE", "/timer", nil, "")
	})
}

func TestChecklistsByJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		tk := s.Ticket("requester", "incident", "Nobody can print")
		call := func(role string, want int) asked { return asked{t, s.SignedIn(role), want} }
		path := "/tickets/" + tk.Number + "/checklists"

		leaver := object{"name": "Leaver", "items": []string{"Collect the badge", "Close the account"}, "audience": "everyone", "blocks": true}
		call("agent", http.StatusUnprocessableEntity).to("POST", "/checklist-templates", leaver, "audience") // may not share
		call("requester", http.StatusForbidden).to("GET", "/checklist-templates", nil, "")
		template := call("team_lead", http.StatusCreated).to("POST", "/checklist-templates", leaver, "", "Idempotency-Key", "one")
		if again := call("team_lead", http.StatusCreated).to("POST", "/checklist-templates", leaver, "", "Idempotency-Key", "one"); again["id"] != template["id"] {
			t.Errorf("the same key made %v beside %v", again, template)
		}
		call("team_lead", http.StatusUnprocessableEntity).to("POST", "/checklist-templates", object{"name": "Nothing", "items": []string{}}, "items")
		call("team_lead", http.StatusUnprocessableEntity).to("POST", "/checklist-templates", object{"name": "Odd", "items": []string{"One"}, "audience": "everyone", "by_itself": true, "filter": "state:sleepy"}, "filter")
		call("agent", http.StatusUnprocessableEntity).to("POST", "/checklist-templates", object{"name": "Mine", "items": []string{"One"}, "blocks": true}, "audience")
		if got := one(t, call("agent", http.StatusOK).to("GET", "/checklist-templates", nil, "")); got["name"] != "Leaver" || got["blocks"] != true {
			t.Errorf("%v", got)
		}
		at := numbered("/checklist-templates/%d", template["id"])
		call("team_lead", http.StatusPreconditionRequired).to("PUT", at, leaver, "")
		leaver["items"] = []string{"Collect the badge", "Close the account", "Say goodbye"}
		call("team_lead", http.StatusOK).to("PUT", at, leaver, "", "If-Match", `"1"`)
		call("team_lead", http.StatusPreconditionFailed).to("PUT", at, leaver, "", "If-Match", `"1"`)

		made := call("agent", http.StatusCreated).to("POST", path, object{"template_id": template["id"]}, "")
		work, _ := made["items"].([]any)
		if made["name"] != "Leaver" || len(work) != 3 || made["done"] != float64(0) {
			t.Fatalf("%v", made)
		}
		own := call("agent", http.StatusCreated).to("POST", path, object{"name": "Before we call"}, "")
		call("agent", http.StatusUnprocessableEntity).to("POST", path, object{"name": ""}, "name")
		call("agent", http.StatusNotFound).to("POST", path, object{"template_id": 12345}, "")
		call("requester", http.StatusForbidden).to("GET", path, nil, "")
		call("requester", http.StatusForbidden).to("POST", path, object{"name": "Mine"}, "")
		call("other", http.StatusNotFound).to("GET", path, nil, "")
		call("", http.StatusUnauthorized).to("GET", path, nil, "")

		list := numbered(path+"/%d", own["id"])
		item := call("agent", http.StatusCreated).to("POST", list+"/items", object{"text": "Serial number"}, "")
		call("agent", http.StatusUnprocessableEntity).to("POST", list+"/items", object{"text": strings.Repeat("x", 301)}, "text")
		call("agent", http.StatusNotFound).to("POST", path+"/12345/items", object{"text": "Lost"}, "")
		ticked := numbered(list+"/items/%d", item["id"])
		done := call("agent", http.StatusOK).to("PATCH", ticked, object{"done": true, "text": "The serial number", "assignee_id": s.Persons["agent"]}, "")
		if done["text"] != "The serial number" || done["done_by"] != float64(s.Persons["agent"]) || done["assignee_id"] != float64(s.Persons["agent"]) {
			t.Errorf("%v", done)
		}
		if open := call("agent", http.StatusOK).to("PATCH", ticked, object{"done": false, "assignee_id": nil}, ""); open["done_at"] != nil || open["assignee_id"] != nil {
			t.Errorf("%v", open)
		}
		call("agent", http.StatusUnprocessableEntity).to("PATCH", ticked, object{"place": 0}, "place")
		call("requester", http.StatusForbidden).to("PATCH", ticked, object{"done": true}, "")
		call("agent", http.StatusNoContent).to("DELETE", ticked, nil, "")
		call("agent", http.StatusNotFound).to("PATCH", ticked, object{"done": true}, "")
		call("agent", http.StatusNoContent).to("PUT", list, object{"name": "Before we ring"}, "")
		call("agent", http.StatusNoContent).to("DELETE", list, nil, "")
		call("agent", http.StatusForbidden).to("DELETE", numbered(path+"/%d", made["id"]), nil, "")
		call("team_lead", http.StatusNoContent).to("DELETE", numbered(path+"/%d", made["id"]), nil, "")
		if n := len(items(call("agent", http.StatusOK).to("GET", path, nil, ""))); n != 0 {
			t.Errorf("%d lists are left", n)
		}
		call("agent", http.StatusForbidden).to("DELETE", at, nil, "")
		call("team_lead", http.StatusNoContent).to("DELETE", at, nil, "")
		if n := len(items(call("agent", http.StatusOK).to("GET", "/checklist-templates", nil, ""))); n != 0 {
			t.Errorf("%d templates are left", n)
		}
	})
}
