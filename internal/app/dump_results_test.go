package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// publishForDump fills the tables of published results: with what is promised now, as
// if it had been kept last month.
func publishForDump(t *testing.T, s *apptest.System) {
	t.Helper()
	s.Periodic("clocks.keep")
	now := time.Now().UTC()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	if err := s.Core.DB.Write(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE ticket_clocks SET stage = 'completed', breached_at = NULL, ended_at = $1 WHERE role = 'sla'`, database.Time(first.AddDate(0, 0, -10)))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	admin := byJSON{t, s.SignedIn(access.RoleAdministrator)}
	var page struct{ Items []struct{ ID int64 } }
	admin.do("GET", "/agreements?role=sla", "", 200, &page)
	of := fmt.Sprintf("/agreements/%d", page.Items[0].ID)
	admin.do("PUT", of+"/publishing", fmt.Sprintf(`{"active":true,"organisation_ids":[%d],"measures":["response"],"goal":0.9,"tickets":true,"at_risk":true,"contacts_only":false,"contact_ids":[%d],"days":3,"since":%q}`,
		s.Own, s.Persons["requester"], now.Format("2006-01")), 200, nil)
	var published struct{ ID int64 }
	month := first.AddDate(0, -1, 0).Format("2006-01")
	admin.do("POST", of+"/results", fmt.Sprintf(`{"organisation_id":%d,"month":%q}`, s.Own, month), 201, &published)
	admin.do("POST", fmt.Sprintf("/published-results/%d/withdraw", published.ID), `{"reason":"The hours were wrong."}`, 200, nil)
	admin.do("POST", of+"/results", fmt.Sprintf(`{"organisation_id":%d,"month":%q}`, s.Own, month), 201, nil)
}
