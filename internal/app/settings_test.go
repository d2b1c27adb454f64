package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

func TestAKindIsEditedByJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		const path = "/api/v1/kinds/incident/definition"
		admin := s.SignedIn("administrator")
		read := admin.Get(path)
		var d workflow.Definition
		if err := json.Unmarshal([]byte(read.Body), &d); err != nil || read.Status != http.StatusOK {
			t.Fatalf("%d %s: %v", read.Status, read.Body, err)
		}
		put := func(c *apptest.Client, d workflow.Definition, match string) apptest.Answer {
			t.Helper()
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			return c.Do(http.MethodPut, path, strings.NewReader(string(text)), http.Header{"Content-Type": {"application/json"}, "If-Match": {match}})
		}
		d.AutoCloseDays = 9
		if a := put(admin, d, read.Header.Get("ETag")); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if now, _ := s.Core.Kinds.Get("incident"); now.AutoCloseDays != 9 || now.Version != 1 {
			t.Errorf("in force: %d days, version %d", now.AutoCloseDays, now.Version)
		}
		d.AutoCloseDays = 10
		if a := put(admin, d, `"7"`); a.Status != http.StatusPreconditionFailed && a.Status != http.StatusConflict {
			t.Errorf("from a version that is not current: %d %s", a.Status, a.Body)
		}
		d.Initial = "limbo"
		if a := put(admin, d, "*"); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a definition that strands tickets: %d %s", a.Status, a.Body)
		}
		for _, role := range []string{"agent", "requester", "auditor"} {
			if a := s.SignedIn(role).Get(path); a.Status != http.StatusForbidden {
				t.Errorf("%s reads it: %d", role, a.Status)
			}
		}
	})
}

func TestDeadJobsAreListedByJSONToThoseWhoMay(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		if a := s.SignedIn("administrator").Get("/api/v1/jobs/dead"); a.Status != http.StatusOK || !strings.Contains(a.Body, `"items":[]`) {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if a := s.SignedIn("agent").Get("/api/v1/jobs/dead"); a.Status != http.StatusForbidden {
			t.Errorf("an agent: %d", a.Status)
		}
		if a := s.SignedIn("administrator").Do(http.MethodPost, "/api/v1/jobs/12345/replay", nil, nil); a.Status != http.StatusNotFound {
			t.Errorf("a job that is not there: %d %s", a.Status, a.Body)
		}
	})
}
