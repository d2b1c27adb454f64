package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
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
	theDemoHasMail(t, s)
}

// theDemoHasMail looks for what the guide of mail tells of.
func theDemoHasMail(t *testing.T, s *apptest.System) {
	t.Helper()
	system, m := s.As("system"), s.App.Mail()
	arrived, err := m.Arrivals(system, mail.ArrivalQuery{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	became := map[string]int{}
	for _, a := range arrived {
		became[strings.TrimSpace(string(a.State)+" "+a.Reason)]++
	}
	want := map[string]int{"landed": 3, "ignored autoreply": 1, "ignored bounce": 1, "quarantined spam": 1, "quarantined unknown": 1, "quarantined blocked": 1}
	if diff := cmp.Diff(want, became); diff != "" {
		t.Errorf("what became of the demo's mail:\n%s", diff)
	}
	letters, err := m.Letters(system, mail.LetterQuery{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	states := map[mail.LetterState]int{}
	for _, l := range letters {
		states[l.State]++
	}
	if states[mail.LetterFailed] != 1 || states[mail.LetterSent] < 4 || states[mail.LetterWaiting] != 0 {
		t.Errorf("the outbox of the demo: %v", states)
	}
	if dead, err := m.DeadAddresses(system, "", 10); err != nil || len(dead) != 1 {
		t.Errorf("dead addresses: %v, %v", dead, err)
	}
}
