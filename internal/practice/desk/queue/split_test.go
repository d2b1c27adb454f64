package queue_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// sides are the titles of the list at the side.
func (a *answer) sides() []string {
	var out []string
	a.Find(".s-tile-title").Each(func(_ int, s *goquery.Selection) { out = append(out, s.Text()) })
	return out
}

func TestSplitShowsATicketBesideTheList(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.incident("Old cable", urgent, with(w.network, w.agent))
		w.incident("New cable")
		agent := w.as(t, w.agent)
		page := agent.get(queueURL("layout", "split")).want(http.StatusOK)
		w.queries(t, 7)
		if diff := cmp.Diff([]string{"New cable", "Old cable"}, page.sides()); diff != "" {
			t.Error(diff)
		}
		page.says("#beside", "Page of New cable")
		page.says(".s-tile[aria-current]", "New cable")
		if page.Find("#record-dialog").Length() != 0 {
			t.Error("the place of dialogs is the ticket page's")
		}
		other := page.Find(".s-tile").Eq(1).AttrOr("data-beside", "")
		if got, _ := url.Parse(other); got.Query().Get("open") != first.Number || got.Query().Get("layout") != "split" {
			t.Fatalf("the second row leads to %q", other)
		}
		whole := agent.get(other + "&tab=changes").want(http.StatusOK) // a reload, a link
		whole.says("#beside", "Page of Old cable changes")
		whole.says(".s-tile[aria-current]", "Old cable")

		part := agent.quick().get(other).want(http.StatusOK)
		if part.Find(".s-tile, .s-side").Length() > 0 {
			t.Error("more than the ticket came")
		}
		part.says(".s-split-page", "Page of Old cable")
		stream, _ := url.Parse(part.Find("#live").AttrOr("hx-sse:connect", ""))
		if diff := cmp.Diff([]string{"queue", "ticket:" + itoa(first.ID)}, stream.Query()["topic"]); diff != "" {
			t.Error("the stream:", diff)
		}
	})
}

func TestSplitSaysWhatCannotBeShown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		hidden := w.incident("Secret cable", with(w.network, w.agent))
		w.incident("Handed over", with(w.vendors, 0))
		vendor := w.as(t, w.vendor)
		for _, number := range []string{hidden.Number, "INC-99999"} {
			page := vendor.get(queueURL("layout", "split", "open", number)).want(http.StatusOK)
			page.says("#beside", "This ticket cannot be shown")
			page.hides("Secret cable")
			if page.Find("h1").Length() != 1 || page.Find("#record-dialog").Length() != 1 {
				t.Error("without a ticket the list has the title and the place of dialogs")
			}
			vendor.quick().get(queueURL("layout", "split", "open", number)).want(http.StatusOK).hides("Secret cable")
		}
		empty := vendor.get(queueURL("layout", "split", "q", "title:~zebra")).want(http.StatusOK)
		empty.says("main", "No ticket fits this filter")
	})
}

func TestSplitGoesOnAndHearsOfChanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var last ticket.Ticket
		for i := range 53 {
			last = w.incident(fmt.Sprintf("Cable %02d", i))
		}
		agent := w.as(t, w.agent)
		page := agent.get(queueURL("layout", "split")).want(http.StatusOK)
		more := page.hrefs(".s-split-list .s-load-more")
		if len(page.sides()) != 50 || len(more) != 1 {
			t.Fatalf("%d rows and %d ways on", len(page.sides()), len(more))
		}
		if diff := cmp.Diff([]string{"Cable 02", "Cable 01", "Cable 00"}, agent.quick().get(more[0]).want(http.StatusOK).sides()); diff != "" {
			t.Error(diff)
		}
		w.do(w.tickets.Transition(w.System(), ticket.ByID(last.ID), ticket.Step{Transition: "start"}))
		ask := page.Find("[data-live-list]").AttrOr("data-live-list", "") + "&rows=" + itoa(last.ID) + ".1"
		told := agent.quick().get(ask).want(http.StatusOK)
		told.says("#ticket-"+itoa(last.ID), "In progress")
		if !strings.Contains(told.Find("#ticket-"+itoa(last.ID)).AttrOr("data-beside", ""), "open="+last.Number) {
			t.Error("the row has lost its way to the ticket")
		}
	})
}
