package app_test

import (
	"context"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/demo"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// TestTheDemoTellsItsPeopleSomething: whoever signs in as an agent or as a lead
// finds mentions, work that was given to them and a major incident.
func TestTheDemoTellsItsPeopleSomething(t *testing.T) {
	t.Parallel()
	s := apptest.Empty(t, database.SQLite)
	c := s.Core
	r, err := demo.Fill(t.Context(), demo.Deps{
		DB: c.DB, People: c.People, Roles: c.Roles, Services: c.Services, Tickets: c.Tickets, Identity: c.Identity, Blobs: c.Blobs, Prepare: c.Prepare,
	}, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	refs := map[string]string{}
	for _, in := range r.SignIns {
		refs[in.Role] = in.Person
	}
	if err := s.App.Furnish(t.Context(), demo.Source, refs["Administrator"], refs["Team lead"], refs["Agent"]); err != nil {
		t.Fatal(err)
	}
	for role, want := range map[string][]notify.Kind{
		"Agent":     {notify.Mentioned, notify.Assigned, notify.Major},
		"Team lead": {notify.Mentioned, notify.Assigned},
	} {
		id, err := database.One(t.Context(), c.DB.Reader(), database.Scalar[int64], `SELECT id FROM persons WHERE source = $1 AND source_ref = $2`, demo.Source, refs[role])
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.Actors.Person(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		inbox, err := c.Notices.Inbox(access.With(t.Context(), p.Actor), notify.Query{})
		if err != nil {
			t.Fatal(err)
		}
		told := map[notify.Kind]int{}
		for _, l := range inbox.Lines {
			for _, n := range l.Notices {
				told[n.Kind]++
			}
		}
		for _, kind := range want {
			if told[kind] == 0 {
				t.Errorf("the %s has no notice of %s: %v", role, kind, told)
			}
		}
	}
}
