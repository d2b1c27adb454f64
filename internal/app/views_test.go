package app_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
)

func TestViewsAreKeptByJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		call := func(c *apptest.Client, method, path, body string, header http.Header) (a apptest.Answer, v struct {
			ID      int64
			Name    string
			Version int
			Items   []struct{ Name string }
		},
		) {
			t.Helper()
			if header == nil {
				header = http.Header{}
			}
			header.Set("Content-Type", "application/json")
			a = c.Do(method, "/api/v1"+path, strings.NewReader(body), header)
			if a.Body != "" {
				if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
					t.Fatalf("%s: %v", a.Body, err)
				}
			}
			return a, v
		}
		lead, agent := s.SignedIn("team_lead"), s.SignedIn("agent")
		key := http.Header{"Idempotency-Key": {"a"}}
		made, view := call(lead, http.MethodPost, "/views", `{"name":"Printers","filter":"state:open printer","audience":"everyone"}`, key)
		if made.Status != http.StatusCreated || made.Header.Get("ETag") != `"1"` {
			t.Fatalf("%d %s", made.Status, made.Body)
		}
		if again, same := call(lead, http.MethodPost, "/views", `{"name":"Printers","filter":"state:open printer","audience":"everyone"}`, key); same.ID != view.ID || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("asked again: %d is not %d", same.ID, view.ID)
		}
		path := "/views/" + strconv.FormatInt(view.ID, 10)
		for name, c := range map[string]struct {
			client *apptest.Client
			method string
			path   string
			body   string
			match  string
			want   int
		}{
			"a filter that cannot be read":   {lead, http.MethodPost, "/views", `{"name":"x","filter":"colour:blue"}`, "", http.StatusUnprocessableEntity},
			"sharing without permission":     {agent, http.MethodPost, "/views", `{"name":"x","filter":"","audience":"everyone"}`, "", http.StatusUnprocessableEntity},
			"a requester":                    {s.SignedIn("requester"), http.MethodGet, "/views", "", "", http.StatusForbidden},
			"nobody":                         {s.SignedIn(""), http.MethodGet, "/views", "", "", http.StatusUnauthorized},
			"a change without a version":     {lead, http.MethodPut, path, `{"name":"y","filter":""}`, "", http.StatusPreconditionRequired},
			"a change of an older version":   {lead, http.MethodPut, path, `{"name":"y","filter":""}`, `"7"`, http.StatusPreconditionFailed},
			"somebody else's change":         {agent, http.MethodPut, path, `{"name":"y","filter":""}`, `"1"`, http.StatusForbidden},
			"deleting what is not one's own": {agent, http.MethodDelete, path, "", "", http.StatusForbidden},
		} {
			header := http.Header{}
			if c.match != "" {
				header.Set("If-Match", c.match)
			}
			if a, _ := call(c.client, c.method, c.path, c.body, header); a.Status != c.want {
				t.Errorf("%s: %d %s, want %d", name, a.Status, a.Body, c.want)
			}
		}
		if a, v := call(lead, http.MethodPut, path, `{"name":"All printers","filter":"printer","audience":"everyone"}`, http.Header{"If-Match": {`"1"`}}); a.Status != http.StatusOK || v.Version != 2 {
			t.Errorf("changing: %d %s", a.Status, a.Body)
		}
		if _, list := call(agent, http.MethodGet, "/views", "", nil); len(list.Items) != 1 || list.Items[0].Name != "All printers" {
			t.Errorf("the agent's list: %+v", list.Items)
		}
		if a, _ := call(lead, http.MethodDelete, path, "", nil); a.Status != http.StatusNoContent {
			t.Errorf("deleting: %d %s", a.Status, a.Body)
		}
	})
}
