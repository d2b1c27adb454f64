package notify_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// standingIn has what waits for others be told at once, after the save.
func (d desk) standingIn(t *testing.T) (catchUp func()) {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), d.DB)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	files, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tickets := ticket.New(ticket.Deps{
		DB: d.DB, Kinds: kinds, Directory: directory{d.People, d.Services}, Announcer: quiet{}, Now: d.Clock.Now, Search: search.New(d.DB), Blobs: files,
		ActorOf: func(ctx context.Context, person int64) (access.Actor, error) {
			p, err := d.Actors.Person(ctx, person)
			return p.Actor, err
		},
	})
	var waiting []notify.Absentees
	d.Notices.StandIn(d.People, tickets, func(_ context.Context, _ *database.Tx, a notify.Absentees) error {
		waiting = append(waiting, a)
		return nil
	})
	return func() {
		t.Helper()
		for _, a := range waiting {
			for range 2 { // a job runs at least once
				if err := d.Notices.TellInstead(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
		}
		waiting = nil
	}
}

func (d desk) away(t *testing.T, person, substitute int64, days int) people.Absence {
	t.Helper()
	return must(d.People.AddAbsence(d.As(person), person, people.AbsenceInput{
		From: d.Clock.Now(), Until: d.Clock.Now().AddDate(0, 0, days), Substitute: substitute,
	}))(t)
}

// told is what stands in an inbox, in short.
type told struct {
	Kind   notify.Kind
	Reason notify.Reason
	For    int64
}

func (d desk) hears(t *testing.T, person int64) (out []told) {
	t.Helper()
	for _, l := range d.inbox(t, person) {
		for _, n := range l.Notices {
			out = append(out, told{n.Kind, n.Reason, n.For})
		}
	}
	return out
}

func TestWhatIsWantedOfSomebodyAwayIsToldToTheirSubstitute(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		catchUp := d.standingIn(t)
		a := d.away(t, d.ana, d.lea, 5)
		tk := d.given(t, "Printer on fire", d.ana)
		must(d.Tickets.Note(d.As(d.ben), ticket.ByID(tk.ID), ticket.InternalNote{Body: "No hurry."}))(t)
		catchUp()
		if diff := cmp.Diff([]told{{notify.Assigned, notify.AsSubstitute, d.ana}}, d.hears(t, d.lea)); diff != "" {
			t.Error("the substitute:", diff)
		}
		if n := d.inbox(t, d.lea)[0].Notices[0]; !n.ForUntil.Equal(a.Until) {
			t.Errorf("until %s, want %s", n.ForUntil, a.Until)
		}
		if got := d.hears(t, d.ana); len(got) != 2 {
			t.Errorf("whoever is away keeps their own: %v", got)
		}
		must(d.Tickets.Reply(d.As(d.carla), ticket.ByID(tk.ID), ticket.PublicReply{Body: "It spreads."}))(t)
		catchUp()
		if diff := cmp.Diff(told{notify.Replied, notify.AsSubstitute, d.ana}, d.hears(t, d.lea)[0]); diff != "" {
			t.Error("an answer of the requester:", diff)
		}
		d.Clock.Advance(6 * 24 * time.Hour)
		must(d.Tickets.Reply(d.As(d.carla), ticket.ByID(tk.ID), ticket.PublicReply{Body: "It is out."}))(t)
		catchUp()
		if got := d.hears(t, d.lea); len(got) != 2 {
			t.Errorf("somebody stands in for who is back: %v", got)
		}
	})
}

func TestASubstituteWhoMayNotSeeItIsNotTold(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		catchUp := d.standingIn(t)
		if err := d.People.SetMember(d.System(), d.network, d.lea, true); err != nil {
			t.Fatal(err)
		}
		d.away(t, d.ana, d.colin, 5) // who only asks for things, of whom this is none
		tk := d.given(t, "Printer on fire", d.ana)
		catchUp()
		if got := d.hears(t, d.colin); len(got) != 0 {
			t.Errorf("told %v of %s", got, tk.Number)
		}
		if diff := cmp.Diff([]told{{notify.Assigned, notify.AsLead, d.ana}}, d.hears(t, d.lea)); diff != "" {
			t.Error("the lead:", diff)
		}
	})
}

func TestSubstitutesInACircleLeaveItToTheGroup(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		catchUp := d.standingIn(t)
		d.away(t, d.ana, d.ben, 5)
		d.away(t, d.ben, d.ana, 5)
		tk := d.incident(t, "Printer on fire")
		must(d.Tickets.Edit(d.As(d.lea), ticket.ByID(tk.ID), ticket.Edit{GroupID: &d.printing, AssigneeID: &d.ana}))(t)
		catchUp()
		// Of Printing only Ben is left, who is away himself: better than nobody.
		if diff := cmp.Diff([]told{{notify.Assigned, notify.AsMember, d.ana}}, d.hears(t, d.ben)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMailWaitsForWhoIsAway(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		if err := d.Notices.ChooseMail(d.As(d.ana), map[notify.Kind]notify.Mail{notify.Assigned: notify.MailNow}); err != nil {
			t.Fatal(err)
		}
		if err := d.Notices.SavePlan(d.As(d.ana), notify.Plan{Rhythm: notify.Daily, QuietFrom: 11 * 60, QuietTo: 13 * 60, Urgent: true}); err != nil {
			t.Fatal(err)
		}
		d.away(t, d.ana, d.lea, 1)
		d.given(t, "Printer on fire", d.ana)
		due := func() []int64 { t.Helper(); return must(d.Notices.DueByMail(t.Context(), 10))(t) }
		d.Clock.Advance(2 * time.Hour)
		if got := due(); len(got) != 0 {
			t.Error("mail goes to somebody who is away")
		}
		d.Clock.Advance(22*time.Hour - time.Minute)
		if got := due(); len(got) != 0 {
			t.Error("mail goes before the end")
		}
		d.Clock.Advance(time.Minute)
		turns := must(d.People.Turns(t.Context(), 10))(t)
		if err := d.DB.Write(t.Context(), func(tx *database.Tx) error {
			if _, err := d.People.Taken(t.Context(), tx, &turns[0]); err != nil {
				return err
			}
			return d.Notices.Back(t.Context(), tx, d.ana)
		}); err != nil {
			t.Fatal(err)
		}
		if got := due(); len(got) != 0 {
			t.Error("mail goes in the quiet hours of who is back")
		}
		d.Clock.Advance(time.Hour)
		if diff := cmp.Diff([]int64{d.ana}, due()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatCannotWaitPassesQuietHours(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		for _, person := range []int64{d.ana, d.lea} {
			if err := d.Notices.ChooseMail(d.As(person), map[notify.Kind]notify.Mail{notify.Escalated: notify.MailDigest, notify.Major: notify.MailNow}); err != nil {
				t.Fatal(err)
			}
			plan := notify.Plan{Rhythm: notify.Daily, Minute: 8 * 60, QuietFrom: 11 * 60, QuietTo: 13 * 60, Urgent: person == d.ana}
			if err := d.Notices.SavePlan(d.As(person), plan); err != nil {
				t.Fatal(err)
			}
		}
		tk := d.incident(t, "Printer on fire")
		send := func(kind notify.Kind, urgent notify.Urgency) {
			t.Helper()
			if err := d.DB.Write(t.Context(), func(tx *database.Tx) error {
				var all []notify.Notice
				for _, person := range []int64{d.ana, d.lea} {
					all = append(all, notify.Notice{To: person, Kind: kind, Reason: notify.AsLead, Subject: notify.Ticket(tk.ID), Urgent: urgent})
				}
				return d.Notices.Send(t.Context(), tx, all...)
			}); err != nil {
				t.Fatal(err)
			}
		}
		send(notify.Escalated, "")
		if got := must(d.Notices.DueByMail(t.Context(), 10))(t); len(got) != 0 {
			t.Errorf("what can wait does not: %v", got)
		}
		send(notify.Escalated, notify.CriticalService)
		if diff := cmp.Diff([]int64{d.ana}, must(d.Notices.DueByMail(t.Context(), 10))(t)); diff != "" {
			t.Error("a mission-critical service:", diff)
		}
		lines, _, err := d.Notices.ForMail(d.As(d.ana))
		if err != nil || len(lines) != 1 || len(lines[0].Notices) != 1 || lines[0].Notices[0].Urgent != notify.CriticalService {
			t.Errorf("%+v %v", lines, err)
		}
		send(notify.Major, "")
		lines, _, err = d.Notices.ForMail(d.As(d.ana))
		if err != nil || len(lines[0].Notices) != 2 || lines[0].Notices[0].Urgent != notify.MajorIncident {
			t.Errorf("a major incident: %+v %v", lines, err)
		}
		d.Clock.Advance(time.Hour)
		if got := must(d.Notices.DueByMail(t.Context(), 10))(t); len(got) != 2 {
			t.Errorf("who wants quiet hours to hold is told when they end: %v", got)
		}
	})
}
