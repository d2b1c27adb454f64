package queue_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// openList is a page that is open: what its script knows.
type openList struct {
	b     browser
	url   string
	since string
	rows  []string
	until string
}

func (b browser) openList(path string) openList {
	b.t.Helper()
	page := b.get(path).want(http.StatusOK)
	l := openList{b: b.quick()}
	part := page.Find("[data-live-list]")
	l.url, l.since = part.AttrOr("data-live-list", ""), part.AttrOr("data-live-since", "")
	for _, row := range page.Find("tr[data-version]").EachIter() {
		l.rows = append(l.rows, strings.TrimPrefix(row.AttrOr("id", ""), "ticket-")+"."+row.AttrOr("data-version", ""))
	}
	if more := page.hrefs(".s-load-more"); len(more) == 1 {
		next, err := url.Parse(more[0])
		if err != nil {
			b.t.Fatal(err)
		}
		l.until = next.Query().Get("after")
	}
	return l
}

// ask is what the script does after a message of the live stream.
func (l openList) ask() *answer {
	l.b.t.Helper()
	u, err := url.Parse(l.url)
	if err != nil {
		l.b.t.Fatal(err)
	}
	values := u.Query()
	for name, value := range map[string]string{"rows": strings.Join(l.rows, ","), "until": l.until, "since": l.since, "top": "/queue?view=open"} {
		values.Set(name, value)
	}
	u.RawQuery = values.Encode()
	return l.b.get(u.String()).want(http.StatusOK)
}

func TestOpenListLearnsWhatChangedAndNothingElse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 30 {
			w.incident(fmt.Sprintf("Ticket %02d", i))
		}
		list := w.as(t, w.agent).openList("/queue?view=open")
		quiet := list.ask()
		w.queries(t, 5)
		if got := quiet.Find("tr").Length(); got != 0 || quiet.words(".s-pill") != "" {
			t.Errorf("nothing happened, and %d rows came: %s", got, quiet.words(".s-pill"))
		}
		title := "A better title"
		w.do(w.tickets.Edit(w.As(w.agent), ticket.ByNumber("INC-7"), ticket.Edit{Title: &title}))
		w.do(w.tickets.Transition(w.As(w.agent), ticket.ByNumber("INC-9"), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."}))
		for i := range 4 {
			w.incident(fmt.Sprintf("New %d", i))
		}
		news := list.ask()
		w.queries(t, 10)
		titles := news.titles()
		slices.Sort(titles)
		if diff := cmp.Diff([]string{"A better title", "Ticket 08"}, titles); diff != "" {
			t.Error(diff)
		}
		news.says(".s-pill", "4 new")
		news.says("tr:has(.s-subject:contains('Ticket 08'))", "Left this list")
		if strings.Contains(news.words("tr:has(.s-subject:contains('A better title'))"), "Left this list") {
			t.Error("a ticket that only changed is said to have left")
		}
		if got := news.Find(".s-pill").AttrOr("href", ""); got != "/queue?view=open" {
			t.Errorf("the pill leads to %q", got)
		}
	})
}

func TestNewMeansNewInThePartThatIsShown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 60 {
			w.incident(fmt.Sprintf("Urgent %02d", i), urgent)
		}
		list := w.as(t, w.agent).openList("/queue?view=open&sort=priority")
		if list.until == "" {
			t.Fatal("the list has no end")
		}
		w.incident("Behind the end")
		if got := list.ask().words(".s-pill"); got != "" {
			t.Errorf("a ticket behind the last row is announced: %s", got)
		}
		whole := list
		whole.until = ""
		whole.ask().says(".s-pill", "1 new")
	})
}

func TestRowThatMayNotBeSeenAnyMoreIsBlanked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Their antenna", with(w.vendors, 0))
		list := w.as(t, w.vendor).openList("/queue?view=open")
		title := "Now a secret"
		w.do(w.tickets.Edit(w.As(w.agent), ticket.ByID(inc.ID), ticket.Edit{Title: &title, GroupID: &w.network}))
		answer := list.ask()
		answer.hides("secret", "Network team")
		answer.says("#ticket-"+itoa(inc.ID)+".s-row-gone", "no longer see")
		if answer.words(".s-pill") != "" {
			t.Error("what was withdrawn counts as new")
		}
	})
}

func TestNonsenseAboutRowsIsPassedOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Slow cable")
		agent := w.as(t, w.agent).quick()
		agent.get("/queue/changes?rows=,a.b,1,-5.x,99999999999999999999&since=yesterday&top=//evil.example").want(http.StatusOK).hides("evil.example")
		agent.get("/queue/changes?rows=1.1&until=nonsense").want(http.StatusUnprocessableEntity)
		agent.get("/queue/changes?q=%28%28").want(http.StatusOK)
	})
}
