package app_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/measurement/dashboard"
)

// measureForDump fills the tables of boards and of tension pairs.
func measureForDump(t *testing.T, s *apptest.System) {
	t.Helper()
	desk := s.SignedIn(access.RoleAdministrator)
	expect(t, desk.Post("/dashboards", url.Values{"name": {"Dumped"}, "audience": {"mine"}}), http.StatusSeeOther)
	expect(t, desk.Post("/dashboards/flow/subscription", url.Values{"cadence": {"daily"}, "hour": {"7"}}), http.StatusSeeOther)
	expect(t, desk.Post("/dashboards/screens", url.Values{"name": {"Lobby"}, "boards": {"flow"}, "seconds": {"30"}, "days": {"90"}}), http.StatusOK)
	c := s.Core
	boards := dashboard.New(dashboard.Deps{
		DB: c.DB, Metrics: c.Metrics, Tickets: c.Tickets, Kinds: c.Kinds, Names: c.People, Actors: c.Actors, Roles: c.Roles, Audit: c.Audit, Notices: c.Notices,
		Clock:   func() time.Time { return c.Now().AddDate(0, 0, 2) },
		Reading: func(ctx context.Context, _ actors.Person) context.Context { return ctx },
	})
	if err := boards.Deliver(s.As("system")); err != nil {
		t.Fatal(err)
	}
	expect(t, desk.Post("/tension", url.Values{"process": {"time_to_resolve"}, "partners": {"reopen_rate"}, "periods": {"3"}}), http.StatusSeeOther)
	// An alarm takes months of figures: this one is written as its job writes it.
	err := c.DB.Write(s.As("system"), func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO tension_alarms (id, pair_id, partner, up_to, raised_at, evidence)
			SELECT $1, p.id, 'reopen_rate', $2, $2, '{"alarm":true}' FROM tension_pairs p`, tx.NextID(), database.Time(c.Now()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
