package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/live"
)

// told lists the newest lines of a person, each as "kind/reason" of its notices,
// newest first.
func (d desk) told(t *testing.T, person int64) []string {
	t.Helper()
	var out []string
	for _, l := range d.inbox(t, person) {
		var said []string
		for _, n := range l.Notices {
			said = append(said, string(n.Kind)+"/"+string(n.Reason))
		}
		out = append(out, strings.Join(said, " "))
	}
	return out
}

func (d desk) wants(t *testing.T, person int64, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.told(t, person)); diff != "" {
		t.Errorf("-want +told\n%s", diff)
	}
}

func TestAssignmentTellsTheAssigneeButNotWhoTookItThemselves(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		d.given(t, "VPN", d.ana)
		d.wants(t, d.ana, "assigned/assignee")
		d.wants(t, d.ben)
		taken := d.incident(t, "Fax")
		if _, err := d.Tickets.Edit(d.As(d.lea), ticket.ByID(taken.ID), ticket.Edit{AssigneeID: &d.lea}); err != nil {
			t.Fatal(err)
		}
		d.wants(t, d.lea)
	})
}

func TestReplyTellsAssigneeRequesterAndWatchers(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		tk := d.given(t, "VPN", d.ana)
		must(d.Tickets.Watch(d.As(d.lea), ticket.ByID(tk.ID), true))(t)
		must(d.Tickets.Reply(d.As(d.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: "We look into it."}))(t)
		d.wants(t, d.carla, "reply/requester")
		d.wants(t, d.lea, "reply/watcher")
		d.wants(t, d.ana, "assigned/assignee")
		must(d.Tickets.Reply(d.As(d.carla), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Thanks."}))(t)
		d.wants(t, d.ana, "reply/assignee assigned/assignee")
		d.wants(t, d.carla, "reply/requester")
		if got := d.unread(t, d.ana); got != 1 {
			t.Errorf("two notices of one ticket are %d lines", got)
		}
	})
}

func TestATicketWithManyWatchersCanBeAnswered(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "VPN")
		company := d.Organisation(people.Customer, "Many Ltd", 0)
		var watchers []int64
		for n := range live.MaxTopics + 1 {
			watchers = append(watchers, d.Person(fmt.Sprint("Watcher ", n), company, "requester"))
		}
		must(d.Tickets.SetWatchers(d.As(d.ben), ticket.ByID(tk.ID), 0, watchers))(t)
		d.screens.take()
		must(d.Tickets.Reply(d.As(d.ben), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Try again."}))(t)
		if told := d.screens.take(); len(told) <= live.MaxTopics {
			t.Errorf("%d screens were told of %d", len(told), len(watchers))
		}
	})
}

func TestStateChangesTellWhatBecameOfATicket(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		tk := d.given(t, "VPN", d.ana)
		must(d.Tickets.Watch(d.As(d.lea), ticket.ByID(tk.ID), true))(t)
		step := ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Restarted.", Comment: "Done.", CommentPublic: true}
		must(d.Tickets.Transition(d.As(d.ana), ticket.ByID(tk.ID), step))(t)
		d.wants(t, d.carla, "state/requester")
		d.wants(t, d.lea, "state/watcher")
		if n := d.inbox(t, d.carla)[0].Notices[0]; n.Detail != "resolved" || n.Actor.ID != d.ana {
			t.Errorf("%+v", n)
		}
		d.Clock.Advance(60 * 24 * time.Hour)
		if n := must(d.Tickets.CloseResolved(d.System(), 10))(t); n != 1 {
			t.Fatalf("%d closed", n)
		}
		d.wants(t, d.carla, "state/requester") // that time passed is no news
	})
}

func TestWhatAnswersAHoldIsAReply(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		tk := d.given(t, "VPN", d.ana)
		must(d.Tickets.Transition(d.As(d.ana), ticket.ByID(tk.ID), ticket.Step{Transition: "start"}))(t)
		hold := ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which one?", CommentPublic: true}
		if _, err := d.Tickets.Transition(d.As(d.ana), ticket.ByID(tk.ID), hold); err != nil {
			t.Skipf("the built-in incident holds otherwise: %v", err)
		}
		must(d.Tickets.Reply(d.As(d.carla), ticket.ByID(tk.ID), ticket.PublicReply{Body: "That one."}))(t)
		d.wants(t, d.ana, "reply/assignee assigned/assignee")
		d.wants(t, d.carla, "state/requester state/requester")
	})
}

func TestMentionsOfColleaguesTellButRequestersNameNobody(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "VPN")
		mention := func(id int64) ticket.Markdown {
			return ticket.Markdown(fmt.Sprintf("Look, [@Lea Maas](person:%d)!", id))
		}
		must(d.Tickets.Reply(d.As(d.carla), ticket.ByID(tk.ID), ticket.PublicReply{Body: mention(d.lea)}))(t)
		d.wants(t, d.lea)
		must(d.Tickets.Note(d.As(d.ana), ticket.ByID(tk.ID), ticket.InternalNote{Body: mention(d.lea)}))(t)
		d.wants(t, d.lea, "mentioned/mentioned")
		must(d.Tickets.Note(d.As(d.ana), ticket.ByID(tk.ID), ticket.InternalNote{Body: mention(d.ana)}))(t)
		d.wants(t, d.ana)
	})
}

func TestGroupWorkIsForThoseWhoAskedForIt(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		d.incident(t, "Quiet")
		d.wants(t, d.lea)
		if err := d.Notices.Choose(d.As(d.lea), map[notify.Kind]bool{notify.GroupWork: true}); err != nil {
			t.Fatal(err)
		}
		tk := d.incident(t, "Loud")
		d.wants(t, d.lea, "group_work/member")
		must(d.Tickets.Reply(d.As(d.carla), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Hello?"}))(t)
		d.wants(t, d.lea, "group_work/member group_work/member")
		d.wants(t, d.ana)
		must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &d.ana}))(t)
		must(d.Tickets.Reply(d.As(d.carla), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Still there?"}))(t)
		d.wants(t, d.lea, "group_work/member group_work/member") // somebody has it now
	})
}

func TestPreferencesAndMutesAreHeeded(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		off := map[notify.Kind]bool{notify.Replied: false}
		if err := d.Notices.Choose(d.As(d.carla), off); err != nil {
			t.Fatal(err)
		}
		tk := d.given(t, "VPN", d.ana)
		must(d.Tickets.Reply(d.As(d.ben), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Hello."}))(t)
		d.wants(t, d.carla)
		d.wants(t, d.ana, "reply/assignee assigned/assignee")
		if err := d.Notices.Mute(d.As(d.ana), tk.ID, true); err != nil {
			t.Fatal(err)
		}
		must(d.Tickets.Reply(d.As(d.ben), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Again."}))(t)
		d.wants(t, d.ana, "reply/assignee assigned/assignee")
		if l := d.inbox(t, d.ana)[0]; !l.Muted {
			t.Error("the line does not say that the ticket is muted")
		}
		note := ticket.Markdown(fmt.Sprintf("[@Ana Silva](person:%d)", d.ana))
		must(d.Tickets.Note(d.As(d.ben), ticket.ByID(tk.ID), ticket.InternalNote{Body: note}))(t)
		if got := d.told(t, d.ana)[0]; !strings.HasPrefix(got, "mentioned/") {
			t.Errorf("a mention does not pass the mute: %s", got)
		}
		if err := d.Notices.Choose(d.As(d.ana), map[notify.Kind]bool{"nonsense": true}); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("an unknown kind: %v", err)
		}
		if n := len(must(d.Notices.Choices(d.As(d.carla)))(t)); n != 5 {
			t.Errorf("a requester can choose among %d kinds", n)
		}
	})
}

func TestInternalNoticesReachReadersOfNotesOnly(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		tk := d.given(t, "VPN", d.ana)
		must(d.Tickets.Watch(d.As(d.carla), ticket.ByID(tk.ID), true))(t)
		must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(tk.ID), ticket.Edit{GroupID: &d.field, AssigneeID: &d.sam}))(t)
		d.wants(t, d.sam, "assigned/assignee")
		d.screens.take()
		must(d.Tickets.Note(d.As(d.ben), ticket.ByID(tk.ID), ticket.InternalNote{Body: "They must not know."}))(t)
		d.wants(t, d.sam, "assigned/assignee")
		d.wants(t, d.carla)
		if n := d.unread(t, d.carla); n != 0 {
			t.Errorf("the bell counts %d internal notices", n)
		}
		for _, topic := range d.screens.take() {
			for _, outside := range []int64{d.sam, d.carla} {
				if slices.Contains(notify.Topics(access.From(d.As(outside))), topic) {
					t.Errorf("%d hears at once that a note was written, on %s", outside, topic)
				}
			}
		}
		page := must(d.Notices.PublicInbox(d.As(d.sam), notify.Query{}))(t)
		if len(page.Lines) != 1 || len(page.Lines[0].Notices) != 1 || page.Lines[0].Unread != 1 {
			t.Errorf("%+v", page)
		}
	})
}

// TestTheBellOfThoseOutsideCountsWhatTheirInboxShows: what is internal, or about
// something else than a ticket, is in neither.
func TestTheBellOfThoseOutsideCountsWhatTheirInboxShows(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "VPN")
		must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(tk.ID), ticket.Edit{GroupID: &d.field, AssigneeID: &d.sam}))(t)
		d.Notices.GuardSubjects("dashboard", func(_ context.Context, ids []int64) ([]int64, error) { return ids, nil })
		other := d.incident(t, "Printer")
		must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(other.ID), ticket.Edit{GroupID: &d.field}))(t)
		err := d.DB.Write(t.Context(), func(tx *database.Tx) error {
			return d.Notices.Send(t.Context(), tx,
				notify.Notice{To: d.sam, Kind: notify.Report, Subject: notify.Subject{Type: "dashboard", ID: 7, Title: "Weekly figures", URL: "/dashboards/7"}},
				notify.Notice{To: d.sam, Kind: notify.Major, Subject: notify.Ticket(other.ID), Internal: true},
			)
		})
		if err != nil {
			t.Fatal(err)
		}
		shown := must(d.Notices.PublicInbox(d.As(d.sam), notify.Query{}))(t)
		if n := d.unread(t, d.sam); n != len(shown.Lines) || n != 1 {
			t.Errorf("the bell counts %d, the inbox shows %d", n, len(shown.Lines))
		}
	})
}

func TestWhatSomebodyMayNoLongerSeeVanishes(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "VPN")
		must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(tk.ID), ticket.Edit{GroupID: &d.field, AssigneeID: &d.sam}))(t)
		d.wants(t, d.sam, "assigned/assignee")
		unread := must(d.Notices.Unread(d.As(d.sam)))(t)
		if unread.Lines != 1 || !unread.Has(tk.ID) {
			t.Errorf("%+v", unread)
		}
		nobody := int64(0)
		must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(tk.ID), ticket.Edit{GroupID: &d.network, AssigneeID: &nobody}))(t)
		d.wants(t, d.sam)
		if n := d.unread(t, d.sam); n != 0 {
			t.Errorf("the bell counts %d", n)
		}
	})
}

func TestReadingAndUndoingIt(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		first, second := d.given(t, "VPN", d.ana), d.given(t, "Fax", d.ana)
		if n := d.unread(t, d.ana); n != 2 {
			t.Fatalf("%d lines", n)
		}
		d.screens.take()
		must(d.Notices.MarkRead(d.As(d.ana), notify.Ticket(first.ID)))(t)
		if n := d.unread(t, d.ana); n != 1 || len(d.screens.take()) != 1 {
			t.Errorf("%d lines after reading one", n)
		}
		d.Clock.Advance(time.Minute)
		all := must(d.Notices.MarkRead(d.As(d.ana)))(t)
		if n := d.unread(t, d.ana); n != 0 || all.Count != 1 || len(d.inbox(t, d.ana, notify.OnlyUnread)) != 0 {
			t.Errorf("%d lines after reading all, %+v", n, all)
		}
		if err := d.Notices.MarkUnread(d.As(d.ben), all.At); err != nil {
			t.Fatal(err)
		}
		if err := d.Notices.MarkUnread(d.As(d.ana), all.At); err != nil {
			t.Fatal(err)
		}
		lines := d.inbox(t, d.ana, notify.OnlyUnread)
		if len(lines) != 1 || lines[0].Number != second.Number || lines[0].Subject.Title != "Fax" {
			t.Errorf("undoing brought back %+v", lines)
		}
		if err := d.Notices.MarkUnread(d.As(d.ana), time.Time{}, notify.Ticket(first.ID)); err != nil || d.unread(t, d.ana) != 2 {
			t.Errorf("marking one unread: %v, %d", err, d.unread(t, d.ana))
		}
	})
}

func TestInboxGoesOnWhereAPageEnded(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		for i := range 5 {
			d.given(t, fmt.Sprint("Ticket ", i), d.ana)
		}
		var titles []string
		q := notify.Query{Limit: 2}
		for range 3 {
			p := must(d.Notices.Inbox(d.As(d.ana), q))(t)
			for _, l := range p.Lines {
				titles = append(titles, l.Subject.Title)
			}
			q.Before = p.Next
		}
		if diff := cmp.Diff([]string{"Ticket 4", "Ticket 3", "Ticket 2", "Ticket 1", "Ticket 0"}, titles); diff != "" || q.Before != 0 {
			t.Error(diff, q.Before)
		}
		if got := d.inbox(t, d.ana, notify.OnlyWatching); len(got) != 0 {
			t.Errorf("watched: %d", len(got))
		}
		if got := d.inbox(t, d.ana, notify.OnlyAssigned); len(got) != 5 {
			t.Errorf("assigned: %d", len(got))
		}
		if _, err := d.Notices.Inbox(d.As(d.ana), notify.Query{Only: "x"}); !apperr.Is(err, apperr.Invalid) {
			t.Error(err)
		}
	})
}

func TestOtherRoomsSendTheirsOnceAndGuardThem(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		report := notify.Notice{
			To: d.ana, Kind: notify.Report, Reason: notify.AsListed, Key: "dashboard:7:2026-03-02",
			Subject: notify.Subject{Type: "dashboard", ID: 7, Title: "Weekly figures", URL: "/dashboards/7"},
		}
		send := func() error {
			return d.DB.Write(t.Context(), func(tx *database.Tx) error { return d.Notices.Send(t.Context(), tx, report) })
		}
		if err := send(); err == nil {
			t.Error("something was told about which nobody says who may see it")
		}
		d.Notices.GuardSubjects("dashboard", func(_ context.Context, ids []int64) ([]int64, error) { return ids, nil })
		var nodes sync.WaitGroup
		for range 4 {
			nodes.Go(func() {
				if err := send(); err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
		d.wants(t, d.ana, "report/listed")
		undone := errors.New("undone")
		report.Key = "other"
		err := d.DB.Write(t.Context(), func(tx *database.Tx) error {
			if err := d.Notices.Send(t.Context(), tx, report); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Error(err)
		}
		d.wants(t, d.ana, "report/listed")
		d.Notices.GuardSubjects("dashboard", func(_ context.Context, ids []int64) ([]int64, error) { return nil, nil })
		d.wants(t, d.ana)
		if n := d.unread(t, d.ana); n != 0 {
			t.Errorf("the bell counts %d", n)
		}
		withdrawn := notify.New(d.DB, d.screens, d.Clock.Now) // a version of the product that has no such room
		if n := must(withdrawn.Unread(d.As(d.ana)))(t).Lines; n != 0 {
			t.Errorf("%d lines are shown that nobody guards", n)
		}
		report.Subject.URL = "https://elsewhere.example"
		if err := send(); err == nil {
			t.Error("a notice leads out of the product")
		}
	})
}

func TestNoticesExpireAndAreBounded(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		tk := d.given(t, "VPN", d.ana)
		err := d.DB.Write(t.Context(), func(tx *database.Tx) error {
			var many []notify.Notice
			for range notify.Kept + 50 {
				many = append(many, notify.Notice{To: d.ana, Kind: notify.Due, Reason: notify.AsStarter, Subject: notify.Ticket(tk.ID)})
			}
			return d.Notices.Send(t.Context(), tx, many...)
		})
		if err != nil {
			t.Fatal(err)
		}
		kept := func() int {
			return must(database.One(t.Context(), d.DB.Reader(), database.Scalar[int], `SELECT count(*) FROM notices WHERE person_id = $1`, d.ana))(t)
		}
		for _, step := range []struct {
			after time.Duration
			read  bool
			want  int
		}{{0, false, notify.Kept}, {0, true, notify.Kept}, {notify.ReadLasts + time.Hour, false, 0}} {
			d.Clock.Advance(step.after)
			if step.read {
				must(d.Notices.MarkRead(d.As(d.ana)))(t)
			}
			if err := d.Notices.Expire(d.System()); err != nil {
				t.Fatal(err)
			}
			if n := kept(); n != step.want {
				t.Errorf("%d notices are kept, want %d", n, step.want)
			}
		}
	})
}

func TestBellCostsOneQueryAndNobodyIsToldAnything(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		for i := range 3 {
			d.given(t, fmt.Sprint(i), d.ana)
		}
		ctx, queries := database.WithCounter(d.As(d.ana))
		if n := must(d.Notices.Unread(ctx))(t).Lines; n != 3 || queries.N() != 1 {
			t.Errorf("%d lines by %d queries: %v", n, queries.N(), queries.Queries())
		}
		if n := must(d.Notices.Unread(t.Context()))(t).Lines; n != 0 {
			t.Errorf("nobody has %d", n)
		}
		for _, err := range []error{d.Notices.Mute(t.Context(), 1, true), d.Notices.Choose(t.Context(), nil)} {
			if !apperr.Is(err, apperr.Forbidden) {
				t.Error(err)
			}
		}
		if !notify.MayFollow(access.From(d.As(d.ana)), "notices", fmt.Sprint(d.ana)) || notify.MayFollow(access.From(d.As(d.ana)), "notices", fmt.Sprint(d.ben)) {
			t.Error("the topics are not one's own")
		}
	})
}
