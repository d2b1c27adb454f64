package app_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestTheDemosPreparedWorkIsSound(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		if _, err := s.Core.People.CreateGroup(s.As("system"), people.GroupInput{Name: "Network operations", OrganisationID: s.Own, Active: true}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Core.Prepare(s.As("system"), s.Persons["team_lead"]); err != nil {
				t.Fatal(err)
			}
		}
		for table, want := range map[string]int{"canned_replies": 6, "macros": 5} {
			n, err := database.One(t.Context(), s.Core.DB.Reader(), database.Scalar[int], "SELECT count(*) FROM "+table)
			if err != nil || n != want {
				t.Errorf("%s: %d, want %d %v", table, n, want, err)
			}
		}
	})
}
