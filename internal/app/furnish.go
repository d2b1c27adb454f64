package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/desk/checklist"
	"github.com/steward-itsm/steward/internal/practice/desk/draft"
	"github.com/steward-itsm/steward/internal/practice/desk/snooze"
	"github.com/steward-itsm/steward/internal/practice/desk/timesheet"
	"github.com/steward-itsm/steward/internal/practice/majorincident"
	"github.com/steward-itsm/steward/internal/practice/measurement/tension"
)

// Furnish adds to a demo organisation what practices keep beside its tickets: a
// checklist template, lists half done, time spent, tickets set aside, drafts that
// are shared for review, agreements, a pair of figures, a major incident, what people tell one another, and mail. admin,
// lead and agent are the refs of people of the demo.
func (a *App) Furnish(ctx context.Context, source, admin, lead, agent string) error {
	c := a.core
	as := func(ref string) (context.Context, error) {
		id, err := database.One(ctx, c.DB.Reader(), database.Scalar[int64], `SELECT id FROM persons WHERE source = $1 AND source_ref = $2`, source, ref)
		if err != nil {
			return nil, err
		}
		p, err := c.Actors.Person(ctx, id)
		return access.With(ctx, p.Actor), err
	}
	asAdmin, err1 := as(admin)
	asLead, err2 := as(lead)
	asAgent, err3 := as(agent)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	if err := c.furnishHours(asAdmin); err != nil {
		return err
	}
	times := timesheet.NewService(c.DB, c.Tickets, c.Audit, c.Now)
	for _, activity := range []timesheet.Activity{
		{Name: "Analysis", Billable: true, Active: true}, {Name: "With the requester", Billable: true, Active: true}, {Name: "Travel", Active: true},
	} {
		if _, err := times.SaveActivity(asAdmin, activity); err != nil {
			return err
		}
	}
	lists := checklist.NewService(c.DB, c.Tickets, c.People, c.Audit, c.Now)
	template, err := lists.CreateTemplate(asLead, checklist.Template{
		Name: "Before it is called solved", Scope: sharing.Scope{Audience: sharing.Everyone}, Blocks: true,
		Items: []string{"Tried it together with the requester", "Wrote down what was the cause", "Looked for others who have the same"},
	})
	if err != nil {
		return err
	}
	mine, err := c.Tickets.Condition(asAgent, "assignee:me state:open", nil)
	if err != nil {
		return err
	}
	page, err := c.Tickets.List(asAgent, ticket.Query{Condition: mine, Limit: 6})
	if err != nil {
		return err
	}
	for i := range page.Tickets {
		ref := ticket.ByID(page.Tickets[i].ID)
		day := c.Now().UTC().AddDate(0, 0, -i/2).Format(time.DateOnly)
		if _, err := times.Record(asAgent, ref, timesheet.Spent{Day: day, Minutes: 15 + 25*i, Note: "Looked into it."}); err != nil {
			return err
		}
		switch i % 3 {
		case 0:
			l, err := lists.Attach(asAgent, ref, template.ID)
			if err != nil {
				return err
			}
			done := true
			if _, err := lists.ChangeItem(asAgent, ref, l.ID, l.Items[0].ID, checklist.Change{Done: &done}); err != nil {
				return err
			}
		case 1:
			cmd := snooze.SetAside{Until: c.Now().AddDate(0, 0, 2+i), Wakes: snooze.Answered, Reason: "The requester tries it on another device."}
			if _, err := a.snoozes.Set(asAgent, ref, cmd); err != nil {
				return err
			}
		case 2:
			if err := a.furnishDrafts(asLead, asAgent, ref, i > 2); err != nil {
				return err
			}
		}
	}
	if err := a.furnishPromises(asAdmin); err != nil {
		return err
	}
	if _, err := a.pairs.Add(asAdmin, tension.Pair{
		Process: metric.TimeToResolve, Partners: []tension.Partner{{Metric: metric.ReopenRate}, {Metric: metric.LostTime}}, Periods: tension.Usual.Periods,
	}); err != nil {
		return err
	}
	if err := a.furnishMajor(asLead, access.From(asAgent).ID); err != nil {
		return err
	}
	if err := a.furnishNews(asLead, asAgent); err != nil {
		return err
	}
	return a.furnishMail(asAdmin, asAgent, as)
}

// furnishNews has the lead and the agent hand work to each other and ask each
// other, so that both find something in their inboxes.
func (a *App) furnishNews(asLead, asAgent context.Context) error {
	lead, agent := access.From(asLead), access.From(asAgent)
	names, err := a.core.People.PersonNames(asLead, a.core.DB.Reader(), []int64{lead.ID, agent.ID})
	if err != nil {
		return err
	}
	at := func(person int64) string { return fmt.Sprintf("[@%s](person:%d)", names[person].Name, person) }
	for _, w := range []struct {
		by     context.Context
		filter string
		to     access.Actor
		given  bool // the tickets are given to them
		notes  []string
	}{
		{asLead, "assignee:none state:open kind:incident", agent, true, []string{"%s, could you take this one? It has waited since this morning.", "%s, please see first whether it is the same as yesterday."}},
		{asAgent, "assignee:none state:open kind:request", lead, true, []string{"%s, this needs a decision of yours before we order anything."}},
		{asAgent, "assignee:me state:open", lead, false, []string{"%s, who at the supplier knows this best?"}},
	} {
		condition, err := a.core.Tickets.Condition(w.by, w.filter, nil)
		if err != nil {
			return err
		}
		page, err := a.core.Tickets.List(w.by, ticket.Query{Condition: condition, Limit: len(w.notes)})
		if err != nil {
			return err
		}
		for i := range page.Tickets {
			ref := ticket.ByID(page.Tickets[i].ID)
			if groups := w.to.Groups(); w.given && len(groups) > 0 {
				if _, err := a.core.Tickets.Edit(w.by, ref, ticket.Edit{GroupID: &groups[0], AssigneeID: &w.to.ID}); err != nil {
					return err
				}
			}
			if _, err := a.core.Tickets.Note(w.by, ref, ticket.InternalNote{Body: ticket.Markdown(fmt.Sprintf(w.notes[i], at(w.to.ID)))}); err != nil {
				return err
			}
		}
	}
	return nil
}

// furnishDrafts has the lead ask the agent to review a reply, or, own, the agent
// be asked for a change of theirs.
func (a *App) furnishDrafts(asLead, asAgent context.Context, ref ticket.Ref, own bool) error {
	if !own {
		_, err := a.drafts.Share(asLead, ref, draft.Share{
			Kind: draft.Reply, ReviewerID: access.From(asAgent).ID, Asked: "You know the device. Is this complete?",
			Body: "Thank you for your patience. We found the cause:\n\n1. The **driver** was replaced on Friday.\n2. The old one stays installed until the next restart.\n\n" +
				"Please restart once, then try again. If it is still there, answer here and we come by.",
		})
		return err
	}
	d, err := a.drafts.Share(asAgent, ref, draft.Share{Kind: draft.Reply, Body: "This is solved, please check."})
	if err != nil {
		return err
	}
	_, err = a.drafts.Review(asLead, ref, d.ID, draft.Finding{Verdict: draft.Change, Remark: "Say what you did, so that they can tell whether it helps."})
	return err
}

// furnishHours gives the office its zone and holidays, and the operations desk
// hours of its own.
func (c *Core) furnishHours(asAdmin context.Context) error {
	const zone = "Europe/Amsterdam"
	office, err := c.Calendars.Standard(asAdmin, c.DB.Reader())
	if err != nil {
		return err
	}
	year := c.Now().Year()
	christmas := calendar.Holiday{Name: "Between the years", From: date.Of(year, time.December, 27), To: date.Of(year, time.December, 31), Yearly: true}
	_, err = c.Calendars.Change(asAdmin, office.ID, office.Version, func(o *calendar.Calendar) error {
		v := &o.Versions[0]
		o.Zone, o.Description = zone, "Monday to Friday, as in the agreement with the works council."
		v.Week, err = calendar.ParseWeek("Mon-Thu 8-12, 12:30-17; Fri 8-12, 12:30-15:30")
		v.Regions, v.Holidays = []calendar.Observed{{Code: "NL"}}, []calendar.Holiday{christmas}
		v.Openings = []calendar.Opening{{Name: "Stocktaking", Date: date.Of(year, time.December, 28), Spans: []calendar.Span{{From: 9 * 60, To: 13 * 60}}}}
		return err
	})
	if err != nil {
		return err
	}
	week, err := calendar.ParseWeek("Mon-Fri 6-22; Sat 8-18")
	if err != nil {
		return err
	}
	_, err = c.Calendars.Create(asAdmin, calendar.Calendar{
		Name: "Terminal operations", Description: "While ships are loaded.", Zone: zone, Versions: []calendar.Version{{Week: week}},
	})
	return err
}

// furnishMajor makes the most urgent open incident a major one, with a banner for
// everybody, people in its roles and a first word.
func (a *App) furnishMajor(asLead context.Context, agent int64) error {
	urgent, err := a.core.Tickets.Condition(asLead, "kind:incident state:open priority:1 parent:none", nil)
	if err != nil {
		return err
	}
	page, err := a.core.Tickets.List(asLead, ticket.Query{Condition: urgent, Limit: 1})
	if err != nil || len(page.Tickets) == 0 {
		return err
	}
	tk := &page.Tickets[0]
	m, err := a.majors.Propose(asLead, ticket.ByID(tk.ID), majorincident.Proposal{
		Summary: tk.Title, Reason: "A critical service, and several people have called", Accept: true, Cadence: time.Hour,
	})
	if err != nil {
		return err
	}
	roles := map[majorincident.Role]int64{majorincident.Commander: access.From(asLead).ID, majorincident.Communicator: agent}
	if _, err := a.majors.Cast(asLead, m.ID, 0, roles); err != nil {
		return err
	}
	if _, err := a.majors.Publish(asLead, m.ID, 0, true, "Known and being worked on: "+tk.Title); err != nil {
		return err
	}
	_, err = a.majors.Tell(asLead, m.ID, majorincident.Telling{Public: true, Body: "We know of it and are working on it together with the supplier. We write again within the hour."})
	return err
}
