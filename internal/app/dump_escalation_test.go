package app_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// escalateForDump fills the tables of ladders and of what their rungs did.
func escalateForDump(t *testing.T, s *apptest.System) {
	t.Helper()
	expect(t, s.SignedIn(access.RoleAdministrator).Post("/escalation-ladders", url.Values{
		"name": {"Standard"}, "active": {"true"}, "quiet_from": {"20:00"}, "quiet_to": {"07:00"}, "rows": {"1"}, "r.0.anchor": {"percent"}, "r.0.much": {"75"}, "to.0.assignee": {"true"},
	}), http.StatusSeeOther)
	tk, err := s.Core.Tickets.Create(s.As("system"), ticket.Create{Kind: "incident", Title: "Promised", RequesterID: s.Persons["requester"]})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Core.DB.Write(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO escalations (id, ticket_id, role, party_id, measure, state, cycle, rung_id, round, ladder_id, status, reason, at, fire_at, ended_at)
			SELECT $1, $2, 'sla', 0, 'resolution', '', 1, 1, 0, l.id, 'planned', '', $3, $3, NULL FROM escalation_ladders l`, tx.NextID(), tk.ID, database.Time(time.Now()))
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
