package app_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// TestAgreementsByJSON writes, tries, changes and ends an agreement through HTTP.
func TestAgreementsByJSON(t *testing.T) {
	t.Parallel()
	s := apptest.New(t, database.SQLite)
	admin, agent, requester := s.SignedIn(access.RoleAdministrator), s.SignedIn(access.RoleAgent), s.SignedIn(access.RoleRequester)
	do := func(c *apptest.Client, method, path, body string, want int, headers ...string) apptest.Answer {
		t.Helper()
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		a := c.Do(method, "/api/v1"+path, strings.NewReader(body), h)
		if a.Status != want {
			t.Fatalf("%s %s: %d, want %d: %s", method, path, a.Status, want, a.Body)
		}
		return a
	}
	const gold = `{"name":"Gold","role":"sla","from":"2020-01-01T00:00:00Z","terms":{"calendar_id":2,"warn":[75],"targets":[{"measure":"resolution","priority":1,"within":"4h"},{"measure":"resolution","within":"2 business days until 17:00"}]}}`
	do(agent, "POST", "/agreements", gold, 403)
	do(requester, "GET", "/agreements", "", 403)
	if a := do(admin, "POST", "/agreements/preview", gold, 200); !strings.Contains(a.Body, `"feasible":true`) {
		t.Errorf("%s", a.Body)
	}
	made := do(admin, "POST", "/agreements", gold, 201, "Idempotency-Key", "one")
	again := do(admin, "POST", "/agreements", gold, 201, "Idempotency-Key", "one")
	var doc struct {
		ID       int64 `json:"id"`
		Version  int   `json:"version"`
		Versions []struct {
			Number int    `json:"number"`
			From   string `json:"from"`
		} `json:"versions"`
	}
	read := func(a apptest.Answer) {
		t.Helper()
		if err := json.Unmarshal([]byte(a.Body), &doc); err != nil {
			t.Fatal(err)
		}
	}
	read(again)
	second := doc.ID
	if read(made); doc.ID != second || len(doc.Versions) != 1 || doc.Versions[0].From != "2020-01-01T00:00:00Z" {
		t.Fatalf("%s\n%s", made.Body, again.Body)
	}
	path := "/agreements/" + strconv.FormatInt(doc.ID, 10)
	wrong := do(admin, "POST", "/agreements", `{"name":"Odd","role":"uc","terms":{"calendar_id":99,"targets":[{"measure":"response","within":"1d 4h"}]}}`, 422)
	if !strings.Contains(wrong.Body, "terms.targets.0.within") && !strings.Contains(wrong.Body, "/terms/targets/0/within") {
		t.Errorf("%s", wrong.Body)
	}
	wrong = do(admin, "POST", "/agreements", `{"name":"Odd","role":"uc","terms":{"calendar_id":99,"targets":[{"measure":"response","within":"1h"}]}}`, 422)
	if !strings.Contains(wrong.Body, "party_id") || !strings.Contains(wrong.Body, "calendar_id") {
		t.Errorf("%s", wrong.Body)
	}
	do(admin, "PATCH", path, `{"name":"Silver"}`, 428)
	etag := `"1"`
	changed := do(admin, "PATCH", path, `{"name":"Silver","terms":{"calendar_id":2,"pauses":["caller"],"targets":[{"measure":"resolution","within":"8h"}]}}`, 200, "If-Match", etag)
	if read(changed); len(doc.Versions) != 2 || !strings.Contains(changed.Body, `"pauses":["caller"]`) {
		t.Errorf("%s", changed.Body)
	}
	do(admin, "PATCH", path, `{"name":"Bronze"}`, 412, "If-Match", etag)
	if a := do(agent, "GET", path, "", 200); !strings.Contains(a.Body, `"Silver"`) {
		t.Errorf("%s", a.Body)
	}
	if a := do(agent, "GET", "/agreements?role=sla&state=in_force", "", 200); !strings.Contains(a.Body, `"Silver"`) {
		t.Errorf("%s", a.Body)
	}
	if a := do(agent, "GET", "/agreements/holding?kind=incident&priority=1", "", 200); !strings.Contains(a.Body, `"holds":true`) || !strings.Contains(a.Body, `"within":"8h"`) {
		t.Errorf("%s", a.Body)
	}
	do(agent, "GET", path+"/feasibility", "", 200)
	planned := do(admin, "PATCH", path, `{"from":"2150-01-01T00:00:00Z","terms":{"calendar_id":2,"targets":[{"measure":"resolution","within":"6h"}]}}`, 200, "If-Match", `"2"`)
	if read(planned); len(doc.Versions) != 3 {
		t.Errorf("%s", planned.Body)
	}
	do(admin, "DELETE", path+"/versions/1", "", 409, "If-Match", `"3"`)
	if read(do(admin, "DELETE", path+"/versions/3", "", 200, "If-Match", `"3"`)); len(doc.Versions) != 2 {
		t.Errorf("%+v", doc)
	}
	do(admin, "PATCH", path, `{"ends":"2019-01-01T00:00:00Z"}`, 422, "If-Match", `"4"`)
	if a := do(admin, "PATCH", path, `{"ends":"2149-01-01T00:00:00Z"}`, 200, "If-Match", `"4"`); !strings.Contains(a.Body, `"ends":"2149`) {
		t.Errorf("%s", a.Body)
	}
}
