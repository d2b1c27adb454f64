package app

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/escalation"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results"
)

// furnishPromises writes an agreement with every customer, one with the group that
// has most to do, and one with a supplier. They hold for the whole history, so that
// its tickets have clocks.
func (a *App) furnishPromises(asAdmin context.Context) error {
	c := a.core
	office, err := c.Calendars.Standard(asAdmin, c.DB.Reader())
	if err != nil {
		return err
	}
	within := func(m clock.Measure, priority int, d time.Duration) clock.Target {
		return clock.Target{Measure: m, Priority: priority, Within: d}
	}
	begin := c.Now().AddDate(-10, 0, 0)
	answers, err := c.Roles.PersonsHolding(asAdmin, c.DB.Reader(), access.RoleRelationshipManager, 1)
	if err != nil {
		return err
	}
	var owner int64
	if len(answers) > 0 {
		owner = answers[0]
	}
	var first int64
	write := func(name string, role clock.Role, party int64, about string, targets ...clock.Target) error {
		made, err := a.agreements.Create(asAdmin, agreement.Draft{
			Name: name, Role: role, Party: party, Description: about, OwnerID: owner, From: begin, Terms: clock.Terms{Calendar: office.ID, Warn: []int{75, 90}, Targets: targets},
		})
		if first == 0 {
			first = made.ID
		}
		return err
	}
	if err := write("Everyday work", clock.SLA, 0, "What every customer is promised.",
		within(clock.Response, 1, 30*time.Minute), within(clock.Response, 0, 4*time.Hour),
		within(clock.Resolution, 1, 4*time.Hour), within(clock.Resolution, 2, 8*time.Hour), within(clock.Resolution, 3, 24*time.Hour),
		clock.Target{Measure: clock.Resolution, Days: 10, Until: 17 * 60}); err != nil {
		return err
	}
	if err := a.furnishResults(asAdmin, first); err != nil {
		return err
	}
	if err := a.furnishLadders(asAdmin); err != nil {
		return err
	}
	suppliers, err := c.People.SuppliersThen(asAdmin)
	if err != nil {
		return err
	}
	supplier := func(group int64) int64 {
		s, _ := suppliers(group, c.Now())
		return s
	}
	page, err := c.Tickets.List(asAdmin, ticket.Query{Condition: filter.True(), Sort: ticket.Sort{Field: "priority"}, Limit: 100})
	if err != nil {
		return err
	}
	if err := a.furnishOfferings(asAdmin, page.Tickets, office.ID, begin); err != nil {
		return err
	}
	var ours, theirs int64
	for _, t := range page.Tickets {
		if s := supplier(t.GroupID); s != 0 && theirs == 0 {
			theirs = s
		} else if s == 0 && t.GroupID != 0 && ours == 0 {
			ours = t.GroupID
		}
	}
	if ours != 0 {
		names, err := c.People.GroupNames(asAdmin, c.DB.Reader(), []int64{ours})
		if err != nil {
			return err
		}
		if err := write("Work of "+names[ours].Name, clock.OLA, ours, "What the group promises the service desk.", within(clock.Response, 0, time.Hour), within(clock.Resolution, 0, 6*time.Hour)); err != nil {
			return err
		}
	}
	if theirs == 0 {
		groups, err := c.People.GroupPlaces(asAdmin, c.DB.Reader())
		if err != nil {
			return err
		}
		for group := range groups {
			theirs = max(theirs, supplier(group))
		}
	}
	if theirs == 0 {
		return nil
	}
	names, err := c.People.OrganisationNames(asAdmin, c.DB.Reader(), []int64{theirs})
	if err != nil {
		return err
	}
	return write("Support by "+names[theirs], clock.UC, theirs, "What the contract says.", within(clock.Response, 0, 2*time.Hour), within(clock.Resolution, 0, 8*time.Hour))
}

// furnishResults publishes what became of an agreement to the company and to every
// customer. The months of the history are published by the job that would have done
// it then, so that starting does not wait for it.
func (a *App) furnishResults(asAdmin context.Context, of int64) error {
	setting := results.Setting{
		Agreement: of, Active: true, Goal: 9000, Tickets: true, AtRisk: true, ByItself: true, Days: 1, Since: results.MonthOf(a.core.Now(), time.UTC).Add(-3),
	}
	for _, kind := range []people.OrganisationKind{people.Own, people.Customer} {
		page, err := a.core.People.Organisations(asAdmin, people.OrganisationQuery{Kind: kind, Children: true, Active: true, Limit: 5})
		if err != nil {
			return err
		}
		for _, o := range page.Items {
			setting.Organisations = append(setting.Organisations, o.ID)
		}
	}
	if len(setting.Organisations) == 0 {
		return nil
	}
	_, err := a.results.Configure(asAdmin, setting)
	return err
}

// furnishLadders writes the usual ladder, and one for services that the business
// stops without, which knows no quiet hours.
func (a *App) furnishLadders(asAdmin context.Context) error {
	percent := func(n int, tell ...escalation.Audience) escalation.Rung {
		return escalation.Rung{Anchor: escalation.AtPercent, Percent: n, Tell: tell}
	}
	for _, l := range []escalation.Ladder{
		{
			Name: "Everyday escalation", Description: "Who hears of it when time runs out.", Active: true, Body: escalation.Body{
				Quiet: escalation.Quiet{From: 20 * 60, To: 7 * 60, Weekend: true}, Rungs: []escalation.Rung{
					percent(75, escalation.Assignee), percent(90, escalation.Assignee, escalation.Leads),
					{Anchor: escalation.AfterDue, Tell: []escalation.Audience{escalation.Leads, escalation.ServiceOwner}, Tag: "overdue"},
					{Anchor: escalation.AfterDue, Span: 4 * time.Hour, Every: 8 * time.Hour, Times: 3, Tell: []escalation.Audience{escalation.Chain}},
				},
			},
		},
		{
			Name: "Mission-critical escalation", Description: "For services that the business stops without, day and night.", Active: true, Body: escalation.Body{
				Critical: true, Rungs: []escalation.Rung{
					percent(50, escalation.Assignee, escalation.Leads), percent(80, escalation.Chain),
					{Anchor: escalation.AfterDue, Tell: []escalation.Audience{escalation.Chain}, Role: access.RoleServiceOwner, Raise: true},
					{Anchor: escalation.AfterDue, Span: time.Hour, Every: time.Hour, Times: 8, ByClock: true, Tell: []escalation.Audience{escalation.Chain}},
				},
			},
		},
	} {
		if _, err := a.ladders.Create(asAdmin, l); err != nil {
			return err
		}
	}
	return nil
}
