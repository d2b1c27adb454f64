package queue_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// part gives the titles in one short list.
func (a *answer) part(id string) []string {
	var out []string
	for _, s := range a.Find("#work-" + id + " .s-cell-main .s-link").EachIter() {
		out = append(out, s.Text())
	}
	return out
}

func TestMyWorkShowsEachTicketOnceWhereItIsMostPressing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Mine", with(w.network, w.agent))
		w.incident("Mine and hot", urgent, with(w.network, w.agent))
		w.incident("Old free")
		w.incident("Free, more urgent", func(c *ticket.Create) { c.Impact, c.Urgency = 2, 1 }) // burning
		w.incident("New free")
		w.incident("Hot, of a colleague", urgent, with(w.network, w.lead))
		w.incident("Hot elsewhere", urgent, with(w.desk, w.other))
		answered := w.incident("Answered", with(w.network, w.agent))
		w.do(w.tickets.Transition(w.As(w.agent), ticket.ByID(answered.ID), ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which?", CommentPublic: true}))
		w.do(w.tickets.Reply(w.As(w.asker), ticket.ByID(answered.ID), ticket.PublicReply{Body: "The grey one"}))
		opened := w.incident("Opened elsewhere", with(w.desk, w.other))
		for _, id := range []int64{opened.ID, answered.ID} {
			if err := w.queue.Visited(w.As(w.agent), id); err != nil {
				t.Fatal(err)
			}
		}
		page := w.as(t, w.agent).get("/").want(http.StatusOK)
		w.queries(t, 14)
		for id, want := range map[string][]string{
			"answered": {"Answered"},
			"mine":     {"Mine and hot", "Mine"},
			"burning":  {"Hot, of a colleague", "Free, more urgent"},
			"next":     {"Old free", "New free"},
			"recent":   {"Opened elsewhere"},
		} {
			if diff := cmp.Diff(want, page.part(id)); diff != "" {
				t.Errorf("%s: %s", id, diff)
			}
		}
		for _, all := range page.hrefs(".s-panel-head a") {
			w.as(t, w.agent).get(all).want(http.StatusOK)
		}
		w.do(w.tickets.Reply(w.As(w.agent), ticket.ByID(answered.ID), ticket.PublicReply{Body: "Thanks"}))
		if got := w.as(t, w.agent).get("/").part("answered"); len(got) != 0 {
			t.Errorf("answered by us, and still there: %v", got)
		}
	})
}

func TestMyWorkTeachesWhenThereIsNone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		page := w.as(t, w.agent).get("/").want(http.StatusOK)
		page.says(".s-empty-title", "Nothing is assigned to you")
		page.says(".s-empty-title", "Nothing waits to be taken")
		w.as(t, w.auditor).get("/").want(http.StatusOK)
		w.as(t, w.vendor).get("/").want(http.StatusOK)
	})
}

func TestMyWorkStaysTrue(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Mine", with(w.network, w.agent))
		list := w.as(t, w.agent).openList("/")
		w.incident("Hot", urgent)
		w.incident("Free")
		w.incident("Of another team", with(w.desk, 0))
		w.incident("Of a colleague", with(w.network, w.lead))
		list.ask().says(".s-pill", "2 new")
		title := "Mine, renamed"
		w.do(w.tickets.Edit(w.As(w.lead), ticket.ByNumber("INC-1"), ticket.Edit{Title: &title}))
		if diff := cmp.Diff([]string{title}, list.ask().titles()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheWayBackIsShortAndForgets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 45 {
			inc := w.incident(fmt.Sprintf("Ticket %02d", i), with(w.desk, w.other))
			if err := w.queue.Visited(w.As(w.agent), inc.ID); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"Ticket 44", "Ticket 43", "Ticket 42", "Ticket 41", "Ticket 40", "Ticket 39"}, w.as(t, w.agent).get("/").part("recent")); diff != "" {
			t.Error(diff)
		}
		if got := w.as(t, w.lead).get("/").part("recent"); len(got) > 0 {
			t.Errorf("somebody else's way back: %v", got)
		}
		var kept int
		if err := w.DB.Reader().QueryRow(t.Context(), "SELECT count(*) FROM ticket_visits").Scan(&kept); err != nil || kept > 41 {
			t.Errorf("%d visits are kept, %v", kept, err)
		}
	})
}
