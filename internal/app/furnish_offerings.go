package app

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
)

// furnishOfferings offers the service that one of some tickets is about at two levels:
// that ticket's customer has the better one, for which more is promised.
func (a *App) furnishOfferings(asAdmin context.Context, tickets []ticket.Ticket, calendar int64, begin time.Time) error {
	c := a.core
	var about ticket.Ticket
	for _, t := range tickets {
		if t.ServiceID != 0 && t.OrganisationID != 0 {
			about = t
			break
		}
	}
	if about.ID == 0 {
		return nil
	}
	var premium service.Offering
	for _, o := range []struct {
		name, description string
		organisation      int64
	}{
		{"Standard", "Office hours, for everybody.", 0},
		{"Premium", "An answer within 20 minutes.", about.OrganisationID},
	} {
		made, err := c.Services.AddOffering(asAdmin, about.ServiceID, service.OfferingInput{Name: o.name, Description: o.description, Active: true})
		if err != nil {
			return err
		}
		if _, err := c.Services.Give(asAdmin, service.Use{ServiceID: about.ServiceID, OrganisationID: o.organisation, OfferingID: made.ID, Since: begin}); err != nil {
			return err
		}
		premium = made
	}
	_, err := a.agreements.Create(asAdmin, agreement.Draft{
		Name: "Premium", Role: clock.SLA, Description: "What customers with the better offering are promised.", From: begin,
		Terms: clock.Terms{Calendar: calendar, Offerings: []int64{premium.ID}, Warn: []int{75, 90}, Targets: []clock.Target{
			{Measure: clock.Response, Within: 20 * time.Minute}, {Measure: clock.Resolution, Priority: 1, Within: 2 * time.Hour}, {Measure: clock.Resolution, Within: 12 * time.Hour},
		}},
	})
	return err
}
