package escalation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/escalation"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise"
)

// written are agreements as somebody wrote them, and the one calendar they name.
type written struct {
	agreements []clock.Agreement
	hours      *calendar.Hours
}

// Book implements promise.Agreements.
func (w *written) Book(context.Context, database.Querier) ([]clock.Agreement, error) {
	return w.agreements, nil
}

// Names implements promise.Agreements and promise.Calendars.
func (w *written) Names(_ context.Context, _ database.Querier, ids []int64) (map[int64]string, error) {
	out := map[int64]string{}
	for _, id := range ids {
		if id < 100 {
			out[id] = "Gold"
		}
	}
	return out, nil
}

// Hours implements promise.Calendars.
func (w *written) Hours(_ context.Context, _ database.Querier, ids ...int64) (map[int64]*calendar.Hours, error) {
	out := map[int64]*calendar.Hours{}
	for _, id := range ids {
		out[id] = w.hours
	}
	return out, nil
}

type silent struct{}

// Announce implements ticket.Announcer.
func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

// Publish implements notify.Publisher.
func (silent) Publish(context.Context, *database.Tx, ...live.Event) error { return nil }

type directory struct {
	*people.Service
	*service.Store
}

// rooms are two chats, one of which is switched off.
type rooms struct{ posts []channel.Post }

// Rooms implements escalation.Rooms.
func (r *rooms) Rooms(context.Context, database.Querier, ...int64) ([]channel.Room, error) {
	return []channel.Room{{ID: 7, Name: "#oncall", Active: true}, {ID: 8, Name: "#off"}}, nil
}

// Post implements escalation.Rooms.
func (r *rooms) Post(_ context.Context, _ *database.Tx, p channel.Post) error {
	r.posts = append(r.posts, p)
	return nil
}

// world is a small desk whose promises escalate: response in an hour and resolution
// in eight, day and night.
type world struct {
	*coretest.World
	*written
	rooms *rooms

	tickets                     *ticket.Service
	promises                    *promise.Service
	ladders                     *escalation.Service
	notices                     *notify.Service
	asker, ana, lea, boss, olga int64
	network, second             int64
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, c *coretest.World) {
		w := &world{World: c, written: &written{}, rooms: &rooms{}}
		kinds, err := workflow.NewRegistry(t.Context(), c.DB)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(kinds.Close)
		w.tickets = ticket.New(ticket.Deps{
			DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now, Search: search.New(c.DB),
			ActorOf: func(ctx context.Context, person int64) (access.Actor, error) {
				p, err := c.Actors.Person(ctx, person)
				return p.Actor, err
			},
		})
		w.promises = promise.NewService(promise.Deps{
			DB: c.DB, Tickets: w.tickets, Kinds: kinds, Agreements: w.written, Calendars: w.written, Places: c.People, Services: c.Services, Now: c.Clock.Now,
		})
		w.notices = notify.New(c.DB, silent{}, c.Clock.Now)
		w.notices.StandIn(c.People, w.tickets, func(context.Context, *database.Tx, notify.Absentees) error {
			t.Error("an escalation leaves it to others to tell who stands in")
			return nil
		})
		w.tickets.Follow(w.promises.Follow)
		c.Services.Follow(w.promises.Recheck)
		w.ladders = escalation.NewService(escalation.Deps{
			DB: c.DB, Tickets: w.tickets, Kinds: kinds, Clocks: w.promises, Agreements: w.written, Names: c.People, Roles: c.Roles, Notices: w.notices, Actors: c.Actors,
			Reading: func(ctx context.Context, _ actors.Person) context.Context { return ctx },
			Audit:   c.Log, Jobs: jobs.New(c.DB, jobs.Options{Clock: c.Clock.Now}), Now: c.Clock.Now, Rooms: w.rooms,
		})
		w.promises.FollowKept(w.ladders.Plan)
		company := w.Organisation(people.Own, "Halden", 0)
		w.asker, w.ana = w.Person("Mira Asker", company), w.Person("Ana Agent", company, access.RoleAgent)
		w.lea, w.olga = w.Person("Lea Lead", company, access.RoleTeamLead), w.Person("Olga Owner", company, access.RoleAgent)
		w.boss = w.Person("Bo Boss", company, access.RoleAdministrator)
		w.network, w.second = w.Group("Network", company, w.ana), w.Group("Second line", company)
		if err := w.People.SetMember(w.System(), w.network, w.lea, true); err != nil {
			t.Fatal(err)
		}
		always := calendar.Calendar{Name: "Always", Zone: "UTC", Versions: []calendar.Version{{}}}
		for d := range always.Versions[0].Week {
			always.Versions[0].Week[d] = []calendar.Span{calendar.AllDay}
		}
		if w.hours, err = calendar.Compile(always); err != nil {
			t.Fatal(err)
		}
		w.agreements = []clock.Agreement{{ID: 1, Name: "Gold", Role: clock.SLA, Versions: []clock.Version{{ID: 10, Terms: clock.Terms{Calendar: 1, Targets: []clock.Target{
			{Measure: clock.Resolution, Priority: 1, Within: 2 * time.Hour}, {Measure: clock.Resolution, Within: 8 * time.Hour},
		}}}}}}
		fn(t, w)
	}, workflow.Migrations, ticket.Migrations, search.Migrations, promise.Migrations, notify.Migrations, escalation.Migrations, jobs.Migrations)
}

func (w *world) incident(service int64) ticket.Ticket {
	w.T.Helper()
	tk, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "Slow", RequesterID: w.asker, GroupID: w.network, AssigneeID: w.ana, ServiceID: service})
	return must(tk, err)(w.T)
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// ladder writes one.
func (w *world) ladder(name string, change func(*escalation.Ladder), rungs ...escalation.Rung) escalation.Ladder {
	w.T.Helper()
	l := escalation.Ladder{Name: name, Active: true, Body: escalation.Body{Rungs: rungs}}
	if change != nil {
		change(&l)
	}
	return must(w.ladders.Create(w.As(w.boss), l))(w.T)
}

func percent(n int, tell ...escalation.Audience) escalation.Rung {
	return escalation.Rung{Anchor: escalation.AtPercent, Percent: n, Tell: tell}
}

func after(d time.Duration, tell ...escalation.Audience) escalation.Rung {
	return escalation.Rung{Anchor: escalation.AfterDue, Span: d, Tell: tell}
}

// pass lets time pass, with clocks kept and rungs fired at its end.
func (w *world) pass(d time.Duration) {
	w.T.Helper()
	w.Clock.Advance(d)
	w.keep()
	w.fire()
}

func (w *world) keep() {
	w.T.Helper()
	if err := w.promises.Keep(w.T.Context(), time.Minute); err != nil {
		w.T.Fatal(err)
	}
}

// fire does what the jobs of all nodes do.
func (w *world) fire() {
	w.T.Helper()
	for _, id := range must(database.All(w.T.Context(), w.DB.Reader(), database.Scalar[int64], `SELECT id FROM tickets ORDER BY id`))(w.T) {
		if err := w.ladders.Fire(w.T.Context(), id); err != nil {
			w.T.Fatal(err)
		}
	}
}

// steps are the rungs of a ticket as "75 fired".
func (w *world) steps(tk ticket.Ticket) []string {
	w.T.Helper()
	fresh := must(w.tickets.Get(w.System(), ticket.ByID(tk.ID)))(w.T)
	all := must(w.ladders.Of(w.System(), &fresh))(w.T)
	ladders := must(w.ladders.List(w.As(w.boss)))(w.T)
	var out []string
	for _, e := range all {
		what := "?"
		for _, l := range ladders {
			for _, r := range l.Rungs {
				if r.ID != e.Rung {
					continue
				}
				if what = fmt.Sprint(r.Span); r.Anchor == escalation.AtPercent {
					what = fmt.Sprint(r.Percent)
				}
				if e.Round > 0 {
					what += fmt.Sprintf("#%d", e.Round)
				}
			}
		}
		said := what + " " + string(e.Status)
		switch {
		case e.Status == escalation.Planned && e.Fire.IsZero():
			said += " paused"
		case e.Status == escalation.Planned:
			said += " " + e.Fire.Format("15:04")
		case e.Reason != "":
			said += " " + string(e.Reason)
		}
		out = append(out, said)
	}
	return out
}

func (w *world) is(tk ticket.Ticket, want ...string) {
	w.T.Helper()
	if diff := cmp.Diff(want, w.steps(tk)); diff != "" {
		w.T.Error(diff)
	}
}

// told gives the sentences of a person's escalations, the newest first.
func (w *world) told(person int64) []string {
	w.T.Helper()
	var out []string
	for _, l := range must(w.notices.Inbox(w.As(person), notify.Query{}))(w.T).Lines {
		for _, n := range l.Notices {
			if n.Kind == notify.Escalated {
				out = append(out, n.Detail)
			}
		}
	}
	return out
}

func TestRungsFireOnceEachWhenTheirTimeComes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, percent(75, escalation.Assignee), after(0, escalation.Leads), escalation.Rung{
			Anchor: escalation.AfterDue, Span: time.Hour, Every: time.Hour, Times: 1, Tell: []escalation.Audience{escalation.Chain},
		})
		tk := w.incident(0)
		w.keep()
		w.is(tk, "75 planned 18:00", "0s planned 20:00", "1h0m0s planned 21:00", "1h0m0s#1 planned 22:00")
		w.pass(5 * time.Hour)
		if len(w.told(w.ana)) > 0 {
			t.Error("told before its time")
		}
		w.pass(time.Hour)
		w.fire()
		w.fire()
		if got := w.told(w.ana); len(got) != 1 || !strings.HasPrefix(got[0], "Resolution: 75 % used") {
			t.Errorf("the assignee was told %q", got)
		}
		if len(w.told(w.lea)) > 0 {
			t.Error("the lead was told of what is for the assignee")
		}
		w.pass(2 * time.Hour)
		w.is(tk, "75 fired", "0s fired", "1h0m0s planned 21:00", "1h0m0s#1 planned 22:00")
		for range 4 {
			w.pass(time.Hour)
		}
		w.is(tk, "75 fired", "0s fired", "1h0m0s fired", "1h0m0s#1 fired")
		if got := w.told(w.lea); len(got) != 3 {
			t.Errorf("the lead was told %q", got)
		}
	})
}

func TestRungsPostInRooms(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, escalation.Rung{Anchor: escalation.AtPercent, Percent: 75, Channels: []int64{7, 8}})
		tk := w.incident(0)
		w.keep()
		w.pass(7 * time.Hour)
		w.fire()
		if len(w.rooms.posts) != 1 {
			t.Fatalf("%d posts", len(w.rooms.posts))
		}
		p := w.rooms.posts[0]
		if !slices.Equal(p.Channels, []int64{7, 8}) || p.Ticket != tk.ID || p.Kind != channel.Escalation || p.Key == "" || !strings.HasPrefix(p.Text(t.Context()), "Resolution: 75 % used") || !strings.Contains(p.Why(t.Context()), "“Standard”") {
			t.Errorf("%+v: %q", p, p.Text(t.Context()))
		}
		if said := w.escalated(tk); !strings.Contains(said, "Posted in #oncall") || strings.Contains(said, "#off") {
			t.Errorf("the timeline says %q", said)
		}
		if len(w.told(w.ana)) != 0 {
			t.Error("somebody was told whom nothing names")
		}
	})
}

func TestRungsReachWhoStandsIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, percent(50, escalation.Assignee), percent(75, escalation.Assignee))
		away := func(person, substitute int64) {
			must(w.People.AddAbsence(w.As(person), person, people.AbsenceInput{From: w.Clock.Now(), Until: w.Clock.Now().Add(5 * time.Hour), Substitute: substitute}))(t)
		}
		away(w.ana, w.boss)
		away(w.boss, w.olga) // away, too: it goes on
		critical := must(w.Services.Create(w.System(), service.Input{Name: "Payroll", OwnerID: w.olga, Criticality: 4, MissionCritical: true, Stage: service.Live}))(t)
		tk := w.incident(critical.ID)
		w.keep()
		w.pass(4 * time.Hour)
		lines := must(w.notices.Inbox(w.As(w.olga), notify.Query{}))(t).Lines
		if len(lines) != 1 || lines[0].Notices[0].Reason != notify.AsSubstitute || lines[0].Notices[0].For != w.ana || lines[0].Notices[0].Urgent != notify.CriticalService {
			t.Errorf("the substitute's substitute was told %+v", lines)
		}
		if len(w.told(w.ana)) != 1 || len(w.told(w.boss)) != 0 {
			t.Errorf("who is away was told %q, and who stands in but is away %q", w.told(w.ana), w.told(w.boss))
		}
		if said := w.escalated(tk); !strings.Contains(said, "Olga Owner instead of Ana Agent, who is away") {
			t.Errorf("the timeline says %q", said)
		}
		w.pass(2 * time.Hour)
		if len(w.told(w.ana)) != 2 || len(w.told(w.olga)) != 1 {
			t.Error("somebody stands in for who is back")
		}
	})
}

func TestRungsGoUpTheLine(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		manager := func(person, of int64) {
			p := must(w.People.Person(w.System(), person))(t)
			p.ManagerID = of
			must(w.People.UpdatePerson(w.System(), person, p.Version, p.PersonInput))(t)
		}
		manager(w.ana, w.olga)
		manager(w.olga, w.asker) // who asks for things, and may not read what is internal
		up := func(n, levels int) escalation.Rung {
			return escalation.Rung{Anchor: escalation.AtPercent, Percent: n, Up: levels}
		}
		w.ladder("Standard", nil, up(50, 1), up(60, 2), up(75, 3))
		tk := w.incident(0)
		w.keep()
		w.pass(4 * time.Hour)
		lines := must(w.notices.Inbox(w.As(w.olga), notify.Query{}))(t).Lines
		if len(lines) != 1 || lines[0].Notices[0].Reason != notify.AsManager || lines[0].Notices[0].For != w.ana {
			t.Errorf("the manager was told %+v", lines)
		}
		if said := w.escalated(tk); !strings.Contains(said, "1 level above Ana Agent: Olga Owner") {
			t.Errorf("the timeline says %q", said)
		}
		for range 2 { // somebody who may not know, and nobody at all
			w.pass(time.Hour)
		}
		if len(w.told(w.asker)) != 0 || len(w.told(w.lea)) != 2 {
			t.Errorf("dead ends: %q and %q", w.told(w.asker), w.told(w.lea))
		}
		if said := w.escalated(tk); !strings.Contains(said, "Up the line from Ana Agent: nobody that high, so the group's leads: Lea Lead") {
			t.Errorf("the timeline says %q", said)
		}
	})
}

func TestUpTheLineEndsAtTheServicesOwner(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, escalation.Rung{Anchor: escalation.AtPercent, Percent: 50, Up: 1})
		payroll := w.Service("Payroll", w.olga)
		tk := must(w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "Slow", RequesterID: w.asker, GroupID: w.second, ServiceID: payroll}))(t)
		nowhere := must(w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "Slower", RequesterID: w.asker, GroupID: w.second}))(t)
		w.keep()
		w.pass(4 * time.Hour)
		if len(w.told(w.olga)) != 1 {
			t.Errorf("the owner was told %q", w.told(w.olga))
		}
		if said := w.escalated(tk); !strings.Contains(said, "Up the line: nobody has it, so the service's owner: Olga Owner") {
			t.Errorf("the timeline says %q", said)
		}
		if said := w.escalated(nowhere); !strings.Contains(said, "nobody has it, and there is neither a lead nor an owner") {
			t.Errorf("the timeline says %q", said)
		}
		if _, err := w.ladders.Create(w.As(w.boss), escalation.Ladder{Name: "Too high", Body: escalation.Body{Rungs: []escalation.Rung{{Anchor: escalation.AtPercent, Percent: 50, Up: 6}}}}); apperr.ByField(t.Context(), err)["rungs.0.up"] == "" {
			t.Errorf("six levels up: %v", err)
		}
	})
}

func TestWhatNobodyRanForBecomesOneMessage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, percent(50, escalation.Assignee), percent(75, escalation.Assignee), percent(90, escalation.Assignee, escalation.Leads), after(4*time.Hour, escalation.Chain))
		tk := w.incident(0)
		w.keep()
		w.pass(9 * time.Hour)
		w.is(tk, "50 skipped overtaken", "75 skipped overtaken", "90 fired", "4h0m0s planned 00:00")
		for _, person := range []int64{w.ana, w.lea} {
			got := w.told(person)
			if len(got) != 1 || !strings.Contains(got[0], "90 % used") || !strings.Contains(got[0], "Missed before: Resolution: 50 % used and Resolution: 75 % used") {
				t.Errorf("told %q", got)
			}
		}
	})
}

func TestAPauseHoldsRungsBackAndAnEndTakesThemAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, percent(75, escalation.Assignee), after(0, escalation.Leads))
		tk := w.incident(0)
		w.keep()
		must(w.tickets.Transition(w.System(), ticket.ByID(tk.ID), ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which screen?", CommentPublic: true}))(t)
		w.keep()
		w.is(tk, "75 planned paused", "0s planned paused")
		w.pass(24 * time.Hour)
		must(w.tickets.Transition(w.System(), ticket.ByID(tk.ID), ticket.Step{Transition: "resume"}))(t)
		w.keep()
		w.is(tk, "75 planned 18:00", "0s planned 20:00")
		// Somebody resolves it at the last moment: nobody has computed its clocks since.
		w.Clock.Advance(6 * time.Hour)
		must(w.tickets.Transition(w.System(), ticket.ByID(tk.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Restarted."}))(t)
		w.fire()
		w.is(tk)
		w.pass(24 * time.Hour)
		if got := append(w.told(w.ana), w.told(w.lea)...); len(got) > 0 {
			t.Errorf("a resolved ticket was escalated: %q", got)
		}
	})
}

func TestAnotherPriorityMovesWhatHasNotFired(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, percent(50, escalation.Assignee), percent(75, escalation.Assignee), after(0, escalation.Leads))
		tk := w.incident(0)
		w.keep()
		w.pass(4 * time.Hour)
		w.is(tk, "50 fired", "75 planned 18:00", "0s planned 20:00")
		one := 1
		must(w.tickets.Edit(w.System(), ticket.ByID(tk.ID), ticket.Edit{Priority: &one, PriorityReason: "Everybody stands still"}))(t)
		w.pass(0)
		w.is(tk, "50 fired", "75 fired", "0s fired")
		if got := w.told(w.lea); len(got) != 1 {
			t.Errorf("the lead was told %q", got)
		}
	})
}

func TestANewLadderDoesNotTellOfWhatIsOver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(0)
		w.pass(7 * time.Hour)
		w.ladder("Standard", nil, percent(50, escalation.Assignee), percent(75, escalation.Assignee), after(0, escalation.Leads))
		w.pass(0)
		w.is(tk, "50 skipped before_ladder", "75 skipped before_ladder", "0s planned 20:00")
		if got := w.told(w.ana); len(got) > 0 {
			t.Errorf("told %q", got)
		}
	})
}

func TestQuietHoursHoldBackAndMissionCriticalLaddersIgnoreThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", func(l *escalation.Ladder) { l.Quiet = escalation.Quiet{From: 17 * 60, To: 7 * 60} }, percent(75, escalation.Assignee))
		w.ladder("Critical", func(l *escalation.Ladder) { l.Critical = true }, percent(50, escalation.ServiceOwner))
		payroll := w.Service("Payroll", w.olga)
		common, critical := w.incident(0), w.incident(payroll)
		w.keep()
		w.is(critical, "75 planned 07:00")
		s := must(w.Services.Get(w.As(w.boss), payroll))(t)
		s.MissionCritical = true
		must(w.Services.Update(w.As(w.boss), s.ID, s.Version, s.Input))(t)
		w.keep()
		w.is(common, "75 planned 07:00")
		w.is(critical, "50 planned 16:00")
		w.pass(6*time.Hour + 30*time.Minute)
		w.is(common, "75 planned 07:00")
		w.is(critical, "50 fired")
		if got := w.told(w.olga); len(got) != 1 {
			t.Errorf("the owner was told %q", got)
		}
		w.pass(12*time.Hour + 30*time.Minute)
		w.is(common, "75 fired")
	})
}

func TestARungHandsTheTicketOnAndSaysSo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, escalation.Rung{
			Anchor: escalation.BeforeDue, Span: 2 * time.Hour, Group: w.second, Raise: true, Tag: "late", Persons: []int64{w.boss}, Role: access.RoleTeamLead, Tell: []escalation.Audience{escalation.Requester},
		})
		tk := w.incident(0)
		w.keep()
		before := must(w.tickets.Get(w.System(), ticket.ByID(tk.ID)))(t)
		w.pass(6 * time.Hour)
		now := must(w.tickets.Get(w.System(), ticket.ByID(tk.ID)))(t)
		if now.GroupID != w.second || now.Priority != before.Priority-1 || !cmp.Equal(now.Tags, []string{"late"}) {
			t.Errorf("group %d, priority %d, tags %v", now.GroupID, now.Priority, now.Tags)
		}
		for _, person := range []int64{w.boss, w.lea, w.asker} {
			if got := w.told(person); len(got) != 1 {
				t.Errorf("%d was told %q", person, got)
			}
		}
		public := must(w.notices.PublicInbox(w.As(w.asker), notify.Query{}))(t)
		if len(public.Lines) != 1 {
			t.Errorf("the requester reads %v", public.Lines)
		}
		words := w.escalated(tk)
		for _, part := range []string{"escalated this (Standard)", "2 h of business time before it is due", "Given to Second line", "Marked “late”", "Mira Asker"} {
			if !strings.Contains(words, part) {
				t.Errorf("the timeline says %q, without %q", words, part)
			}
		}
	})
}

func TestAConditionKeepsARungFromFiring(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rung := percent(75, escalation.Assignee)
		rung.Condition = "priority:1"
		w.ladder("Standard", nil, rung)
		tk := w.incident(0)
		w.keep()
		w.pass(7 * time.Hour)
		w.is(tk, "75 skipped not_matching")
	})
}

func TestNodesThatFireAtOnceFireOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, percent(75, escalation.Assignee))
		tk := w.incident(0)
		w.keep()
		w.Clock.Advance(6 * time.Hour)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := w.ladders.Fire(t.Context(), tk.ID); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := w.told(w.ana); len(got) != 1 {
			t.Errorf("told %q", got)
		}
		said := 0
		for _, e := range must(w.timeline(tk))(t) {
			if e.Type == ticket.Acted {
				said++
			}
		}
		if said != 1 {
			t.Errorf("the timeline says it %d times", said)
		}
	})
}

func TestOnlyDueTicketsAreHandedToTheQueueEachOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, percent(75, escalation.Assignee))
		w.incident(0)
		w.incident(0)
		w.keep()
		count := func() int {
			return must(database.One(t.Context(), w.DB.Reader(), database.Scalar[int], `SELECT count(*) FROM jobs WHERE kind = 'escalation.fire'`))(t)
		}
		sweep := func() {
			if err := w.ladders.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if sweep(); count() != 0 {
			t.Error("nothing is due")
		}
		w.Clock.Advance(6 * time.Hour)
		sweep()
		sweep()
		if n := count(); n != 2 {
			t.Errorf("%d jobs for two tickets", n)
		}
	})
}

func TestThePreviewFindsWhatFired(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.ladder("Standard", nil, percent(75, escalation.Assignee), after(0, escalation.Leads))
		tk := w.incident(0)
		w.pass(6 * time.Hour)
		w.incident(0)
		w.pass(3 * time.Hour)
		p := must(w.ladders.Preview(w.As(w.boss), l, ticket.Ref{}))(t)
		if p.Tickets != 2 || p.Reached != 1 || !cmp.Equal(p.ByRung, []int{1, 1}) {
			t.Errorf("%+v", p)
		}
		one := must(w.ladders.Preview(w.As(w.boss), l, ticket.ByNumber(tk.Number)))(t)
		if len(one.Items) != 2 || one.Items[1].At.Format("15:04") != "18:00" {
			t.Errorf("%+v", one.Items)
		}
	})
}

func TestPlansCostFewQueriesHoweverManyTickets(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ladder("Standard", nil, percent(75, escalation.Assignee), after(0, escalation.Leads))
		plan := func() int {
			ctx, counter := database.WithCounter(t.Context())
			if err := w.promises.Keep(ctx, time.Minute); err != nil {
				t.Fatal(err)
			}
			return counter.N()
		}
		plan()
		w.incident(0)
		few := plan()
		for range 5 {
			w.incident(0)
		}
		if many := plan(); many > few+10 { // the due time of each ticket is written by itself
			t.Errorf("%d queries for one ticket, %d for five", few, many)
		}
	})
}

func TestLaddersAreCheckedAndOnlyAdministratorsWriteThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bad := escalation.Ladder{Body: escalation.Body{Agreements: []int64{200}, Rungs: []escalation.Rung{
			{Anchor: escalation.AtPercent},
			{Anchor: escalation.BeforeDue, Role: "nobody", Group: 1, Condition: "priority:"},
			{Anchor: "never", Tag: "a b"},
			{Anchor: escalation.AfterDue, Every: time.Minute, Times: 3, Persons: []int64{1}},
		}}}
		_, err := w.ladders.Create(w.As(w.boss), bad)
		var got []string
		for _, f := range apperr.FieldsOf(err) {
			got = append(got, f.Name)
		}
		want := []string{
			"name", "rungs.0.percent", "rungs.0.tell", "rungs.1.span", "rungs.2.anchor", "rungs.2.tag", "rungs.3.every", "agreements", "rungs.1.group", "rungs.1.role", "rungs.3.persons",
		}
		for _, name := range want {
			if !strings.Contains(strings.Join(got, " ")+" ", name+" ") {
				t.Errorf("nothing is said beside %s: %v", name, got)
			}
		}
		if _, err := w.ladders.Create(w.As(w.ana), escalation.Ladder{}); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("an agent wrote a ladder: %v", err)
		}
		if _, err := w.ladders.List(w.As(w.asker)); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("a requester read the ladders: %v", err)
		}
		l := w.ladder("Standard", nil, percent(75, escalation.Assignee))
		if _, err := w.ladders.Create(w.As(w.boss), escalation.Ladder{Name: "standard", Body: l.Body}); len(apperr.FieldsOf(err)) != 1 {
			t.Errorf("two ladders of one name: %v", err)
		}
		must(w.ladders.Change(w.As(w.boss), l.ID, l.Version, l))(t)
		if _, err := w.ladders.Change(w.As(w.boss), l.ID, l.Version, l); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("an old version was saved: %v", err)
		}
		if err := w.ladders.Delete(w.As(w.boss), l.ID, l.Version+1); err != nil {
			t.Error(err)
		}
	})
}

// escalated is what the timeline says last of a firing.
func (w *world) escalated(tk ticket.Ticket) (words string) {
	w.T.Helper()
	for _, e := range must(w.timeline(tk))(w.T) {
		for _, c := range e.Changes {
			if said, ok := w.ladders.Module().Tells(w.System(), c); ok {
				words = said
			}
		}
	}
	return words
}

func (w *world) timeline(tk ticket.Ticket) ([]ticket.Event, error) {
	found, err := ticket.Timelines(w.T.Context(), w.DB.Reader(), []int64{tk.ID})
	return found[tk.ID], err
}
