package app_test

import (
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
)

// agreeForDump fills the tables of agreements.
func agreeForDump(t *testing.T, s *apptest.System) {
	t.Helper()
	c := s.Core
	agreements := agreement.New(agreement.Deps{DB: c.DB, Audit: c.Audit, Calendars: c.Calendars, People: c.People, Services: c.Services, Kinds: c.Kinds, Clock: c.Now})
	defer agreements.Close()
	unit, err := c.People.CreateOrganisation(s.As("system"), people.OrganisationInput{Kind: people.Unit, Name: "Moved", ParentID: s.Own, Active: true})
	if err != nil {
		t.Fatal(err)
	}
	unit.ParentID, unit.Kind = s.Vendor, people.Supplier
	if _, err := c.People.UpdateOrganisation(s.As("system"), unit.ID, unit.Version, unit.OrganisationInput); err != nil {
		t.Fatal(err)
	}
	group, err := c.People.CreateGroup(s.As("system"), people.GroupInput{Name: "Moved", OrganisationID: s.Own, Active: true})
	if err != nil {
		t.Fatal(err)
	}
	group.OrganisationID = s.Vendor
	if _, err := c.People.UpdateGroup(s.As("system"), group.ID, group.Version, group.GroupInput); err != nil {
		t.Fatal(err)
	}
	premium, err := c.Services.AddOffering(s.As("system"), s.Service, service.OfferingInput{Name: "Premium", Active: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Services.Give(s.As("system"), service.Use{ServiceID: s.Service, OfferingID: premium.ID}); err != nil {
		t.Fatal(err)
	}
	_, err = agreements.Create(s.As("system"), agreement.Draft{Name: "Gold", Role: clock.SLA, Terms: clock.Terms{
		Calendar: 2, Targets: []clock.Target{{Measure: clock.Response, Within: time.Hour}, {Measure: clock.Resolution, Days: 2, Until: 17 * 60}},
	}})
	if err != nil {
		t.Fatal(err)
	}
}
