package app_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
)

func TestATokenForIncidentsSetsNothingUp(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		token := func(kinds ...string) http.Header {
			t.Helper()
			_, secret, err := s.Core.Identity.CreateToken(s.As("system"), identity.TokenInput{OwnerID: s.Persons[access.RoleAdministrator], Name: "For " + strings.Join(kinds, " "), Kinds: kinds})
			if err != nil {
				t.Fatal(err)
			}
			return http.Header{"Authorization": {"Bearer " + secret}}
		}
		whole, narrow := token(), token("incident")
		c := s.SignedIn("")
		for _, path := range []string{"/mail/senders", "/mail/mailboxes", "/channels", "/people/" + strconv.FormatInt(s.Persons["other"], 10), "/audit"} {
			if a := c.Do(http.MethodGet, "/api/v1"+path, nil, whole); a.Status != http.StatusOK {
				t.Errorf("%s with the whole token: %d %s", path, a.Status, a.Body)
			}
			if a := c.Do(http.MethodGet, "/api/v1"+path, nil, narrow); a.Status != http.StatusForbidden && a.Status != http.StatusNotFound {
				t.Errorf("%s with a token for incidents: %d %s", path, a.Status, a.Body)
			}
		}
		if a := c.Do(http.MethodGet, "/api/v1/tickets", nil, narrow); a.Status != http.StatusOK {
			t.Errorf("tickets: %d %s", a.Status, a.Body)
		}
	})
}
