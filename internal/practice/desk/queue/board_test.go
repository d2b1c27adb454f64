package queue_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// columns are the names of a board's columns with the titles of their cards.
func (a *answer) board() map[string][]string {
	out := map[string][]string{}
	a.Find(".s-lane").Each(func(_ int, lane *goquery.Selection) {
		name := strings.Join(strings.Fields(lane.Find(".s-lane-name .s-link").Text()), " ")
		if party := lane.Find(".s-lane-name .s-party-name"); party.Length() > 0 {
			name = party.Text()
		}
		out[name] = nil
		lane.Find(".s-tile-title").Each(func(_ int, s *goquery.Selection) { out[name] = append(out[name], s.Text()) })
	})
	return out
}

func boardURL(by string, more ...string) string {
	return queueURL(append([]string{"layout", "board", "by", by}, more...)...)
}

func TestBoardShowsTheListInColumns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("New one", urgent)
		taken := w.incident("Taken", with(w.network, w.agent), func(c *ticket.Create) { c.ServiceID = w.payroll })
		w.do(w.tickets.Transition(w.System(), ticket.ByID(taken.ID), ticket.Step{Transition: "start"}))
		agent := w.as(t, w.agent)

		page := agent.get(boardURL("state")).want(http.StatusOK)
		w.queries(t, 7)
		if diff := cmp.Diff(map[string][]string{"New": {"New one"}, "In progress": {"Taken"}, "On hold": nil, "Resolved": nil}, page.board()); diff != "" {
			t.Error(diff)
		}
		page.says("#"+page.Find(".s-lane").First().AttrOr("id", "")+"-tally", "1")
		page.says(".s-layouts [aria-current]", "Board")

		byPerson := agent.get(boardURL("assignee")).board()
		if diff := cmp.Diff(map[string][]string{"Unassigned": {"New one"}, "Ana Agentson": {"Taken"}}, byPerson); diff != "" {
			t.Error(diff)
		}
		byService := agent.get(boardURL("service")).board()
		if diff := cmp.Diff(map[string][]string{"None": {"New one"}, "Payroll": {"Taken"}}, byService); diff != "" {
			t.Error(diff)
		}
		byPriority := agent.get(boardURL("priority")).want(http.StatusOK)
		if got := byPriority.board()["Critical"]; !slices.Equal(got, []string{"New one"}) {
			t.Errorf("critical: %v", got)
		}
		list := agent.get(byPriority.hrefs(".s-lane-name a")[0]).want(http.StatusOK)
		if diff := cmp.Diff([]string{"New one"}, list.titles()); diff != "" {
			t.Error("a column as a list:", diff)
		}
		agent.get(boardURL("nonsense")).want(http.StatusUnprocessableEntity)
	})
}

func TestAColumnGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 25 {
			w.incident(fmt.Sprintf("Cable %02d", i))
		}
		agent := w.as(t, w.agent)
		page := agent.get(boardURL("state")).want(http.StatusOK)
		page.says("#"+page.Find(".s-lane").First().AttrOr("id", "")+"-tally", "25")
		if got := len(page.board()["New"]); got != 20 {
			t.Fatalf("%d cards, want 20", got)
		}
		more := page.hrefs(".s-lane .s-load-more")
		if len(more) != 1 {
			t.Fatalf("%d columns go on, want 1", len(more))
		}
		rest := agent.quick().get(more[0]).want(http.StatusOK)
		var titles []string
		rest.Find(".s-tile-title").Each(func(_ int, s *goquery.Selection) { titles = append(titles, s.Text()) })
		if diff := cmp.Diff([]string{"Cable 04", "Cable 03", "Cable 02", "Cable 01", "Cable 00"}, titles); diff != "" {
			t.Error(diff)
		}
		if rest.Find("html .s-side, .s-load-more").Length() > 0 {
			t.Error("more than the rest of the column came")
		}
		agent.get(more[0]).want(http.StatusOK).says(".s-lane", "Cable 00") // without scripts
	})
}

func TestGroupedListHasHeadingsAndItsOwnEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 22 {
			w.incident(fmt.Sprintf("Cable %02d", i))
		}
		w.incident("Burning", urgent)
		agent := w.as(t, w.agent)
		page := agent.get(queueURL("by", "priority")).want(http.StatusOK)
		w.queries(t, 7)
		page.says(".s-group-row:first-child", "Critical 1")
		if got := page.Find("tbody.s-group, tbody[data-lane]").Length(); got != 2 {
			t.Errorf("%d groups, want those that hold something", got)
		}
		more := page.hrefs("tbody .s-load-more")
		if len(more) != 1 {
			t.Fatalf("%d groups go on, want 1", len(more))
		}
		if diff := cmp.Diff([]string{"Cable 01", "Cable 00"}, agent.quick().get(more[0]).want(http.StatusOK).rowTitles()); diff != "" {
			t.Error(diff)
		}
	})
}

// rowTitles are the titles of loose rows, which a document keeps only as links.
func (a *answer) rowTitles() []string {
	var out []string
	a.Find(".s-subject .s-link").Each(func(_ int, s *goquery.Selection) { out = append(out, s.Text()) })
	return out
}

func moveURL(number string) string { return "/queue/tickets/" + number + "/move" }

func TestMovingACardTakesTheStepThatLeadsThere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Cable")
		agent := w.as(t, w.agent)
		now := func() ticket.Ticket {
			got, err := w.tickets.Get(w.System(), ticket.ByID(inc.ID))
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		agent.quick().post(moveURL(inc.Number), form("by", "state", "to", "in_progress", "version", "1")).want(http.StatusNoContent)
		if got := now().State; got != "in_progress" {
			t.Fatalf("the ticket is %s", got)
		}
		// What is asked for is asked in the step's own form.
		asks := agent.quick().post(moveURL(inc.Number), form("by", "state", "to", "on_hold")).want(http.StatusSeeOther)
		if got := asks.header.Get("Location"); !strings.HasPrefix(got, "/tickets/"+inc.Number+"/steps/") {
			t.Errorf("sent to %q", got)
		}
		refused := agent.quick().post(moveURL(inc.Number), form("by", "state", "to", "new")).want(http.StatusConflict)
		refused.says("body", "cannot go from “In progress” to “New”")
		refused.says("body", "“On hold”")
		if got := now().State; got != "in_progress" {
			t.Errorf("a refused move left the ticket %s", got)
		}
		stale := agent.quick().post(moveURL(inc.Number), form("by", "service", "to", itoa(w.payroll), "version", "1")).want(http.StatusConflict)
		stale.says("body", "Somebody else changed "+inc.Number)
		w.as(t, w.auditor).quick().post(moveURL(inc.Number), form("by", "state", "to", "resolved")).want(http.StatusConflict)
		w.as(t, w.vendor).quick().post(moveURL(inc.Number), form("by", "state", "to", "resolved")).want(http.StatusNotFound)
	})
}

func TestMovingACardAssignsAndEdits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Cable")
		agent := w.as(t, w.agent).quick()
		now := func() ticket.Ticket {
			got, err := w.tickets.Get(w.System(), ticket.ByID(inc.ID))
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		done := agent.post(moveURL(inc.Number), form("by", "assignee", "to", itoa(w.agent))).want(http.StatusNoContent)
		if now().AssigneeID != w.agent || !strings.Contains(done.header.Get("HX-Trigger"), "/assign?") {
			t.Errorf("assigned to %d, with %s", now().AssigneeID, done.header.Get("HX-Trigger"))
		}
		// Somebody who is not of the group: the form for assigning says so.
		wrong := agent.post(moveURL(inc.Number), form("by", "assignee", "to", itoa(w.other))).want(http.StatusUnprocessableEntity)
		if got := wrong.Find("input[name='assignee.text']").AttrOr("value", ""); got != "Olaf Othersson" {
			t.Errorf("the form has lost who was meant: %q", got)
		}
		agent.post(moveURL(inc.Number), form("by", "group", "to", itoa(w.desk))).want(http.StatusNoContent)
		if got := now(); got.GroupID != w.desk || got.AssigneeID != 0 {
			t.Errorf("group %d, assignee %d", got.GroupID, got.AssigneeID)
		}
		agent.post(moveURL(inc.Number), form("by", "service", "to", itoa(w.payroll))).want(http.StatusNoContent)
		if now().ServiceID != w.payroll {
			t.Error("the service was not set")
		}
		// A priority that the matrix does not give wants a reason.
		why := agent.post(moveURL(inc.Number), form("by", "priority", "to", "1")).want(http.StatusUnprocessableEntity)
		if why.Find("select[name=to] option[selected]").AttrOr("value", "") != "1" || why.Find(".s-field-wrong").Length() != 0 {
			t.Error("a question that was not asked yet is answered wrongly")
		}
		agent.post(moveURL(inc.Number), form("by", "priority", "to", "1", "reason", "")).want(http.StatusUnprocessableEntity).says(".s-field-wrong", "Say why")
		set := agent.post(moveURL(inc.Number), form("by", "priority", "to", "1", "reason", "The harbour stands still")).want(http.StatusNoContent)
		if now().Priority != 1 || now().PriorityReason != "The harbour stands still" {
			t.Errorf("priority %d because %q", now().Priority, now().PriorityReason)
		}
		undo := set.header.Get("HX-Trigger")
		undo, _, _ = strings.Cut(undo[strings.Index(undo, "/queue/tickets/"):], `"`)
		agent.post(strings.ReplaceAll(undo, `\u0026`, "&"), url.Values{}).want(http.StatusNoContent)
		if now().PriorityReason != "" {
			t.Error("undo did not go back to the matrix")
		}
		agent.post(moveURL(inc.Number), form("by", "kind", "to", "request")).want(http.StatusConflict)
	})
}

func TestMoveAsksWithoutScripts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Cable")
		agent := w.as(t, w.agent)
		for by, says := range map[string]string{"state": "Change state of", "assignee": "Assign", "group": "Assign", "service": "Edit", "priority": "Move"} {
			page := agent.get(boardURL(by)).want(http.StatusOK)
			move := page.hrefs(`.s-tile a[data-key="m"]`)
			if len(move) != 1 {
				t.Fatalf("by %s: %d ways to move a card", by, len(move))
			}
			agent.get(move[0]).want(http.StatusOK).says("h1", says)
		}
		auditor := w.as(t, w.auditor).get(boardURL("state")).want(http.StatusOK)
		if auditor.Find(".s-tile").Length() != 1 || auditor.Find(`.s-tile [data-key="m"], .s-tile-moves`).Length() > 0 {
			t.Error("somebody who may not move cards is offered to")
		}
		if got := agent.post(moveURL(inc.Number), form("by", "state", "to", "resolved", "back", boardURL("state"))).status; got != http.StatusSeeOther {
			t.Errorf("without scripts a step that asks answers %d", got)
		}
	})
}

func TestViewKeepsItsLayoutAndLimits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("One")
		w.incident("Two")
		agent := w.as(t, w.agent)
		bad := agent.post("/queue/views", form("name", "Flow", "filter", "state:open", "audience", "mine", "layout", "board", "by", "state", "work_limit", "new:many")).want(http.StatusUnprocessableEntity)
		bad.says("#f-work_limit-field", "is no limit")
		view := agent.save("name", "Flow", "filter", "state:open", "audience", "mine", "layout", "board", "by", "state", "work_limit", "new:1 on_hold:4")
		page := agent.get(view).want(http.StatusOK)
		page.says(".s-lane:first-child .s-tally-over", "2 / 1")
		if page.Find(".s-tally-over").Length() != 1 || page.Find(`form[action*="/list"]`).Length() != 0 {
			t.Error("only the full column is marked, and nothing has changed")
		}
		list := agent.get(view + "&layout=list").want(http.StatusOK)
		if list.Find("table").Length() != 1 || list.Find(`form[action*="/list"]`).Length() != 1 {
			t.Error("the address chooses the layout, which can be saved")
		}
		agent.post(list.Find(`form[action*="/list"]`).AttrOr("action", ""), nil).want(http.StatusSeeOther)
		if agent.get(view).Find(".s-board").Length() != 0 {
			t.Error("the view is still a board")
		}
	})
}

func TestAnOpenBoardHearsOfItsCards(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Cable")
		agent := w.as(t, w.agent)
		page := agent.get(boardURL("state"))
		card := page.Find(".s-tile")
		ask := page.Find("[data-live-list]").AttrOr("data-live-list", "") + "&rows=" + itoa(inc.ID) + "." + card.AttrOr("data-version", "") +
			"&since=" + page.Find("[data-live-list]").AttrOr("data-live-since", "") + "&lane=new&until=&lane=in_progress&until="
		quiet := agent.quick().get(ask).want(http.StatusOK)
		if quiet.Find(".s-tile").Length() != 0 {
			t.Error("nothing has changed")
		}
		w.do(w.tickets.Transition(w.System(), ticket.ByID(inc.ID), ticket.Step{Transition: "start"}))
		fresh := w.incident("Another")
		told := agent.quick().get(ask).want(http.StatusOK)
		w.queries(t, 9)
		if got := told.Find("#ticket-"+itoa(inc.ID)).AttrOr("data-value", ""); got != "in_progress" {
			t.Errorf("the card belongs to %q", got)
		}
		told.says("#ticket-"+itoa(inc.ID), "Now: In progress")
		if got := told.Find("[data-new]").AttrOr("data-new", ""); got != itoa(fresh.ID) {
			t.Errorf("new: %q", got)
		}
		counts := agent.quick().get(page.Find("#views").AttrOr("hx-get", "")).want(http.StatusOK)
		if !strings.Contains(counts.body, page.Find(".s-lane").First().AttrOr("id", "")+"-tally") {
			t.Error("the counts of the columns did not come along")
		}
	})
}

func TestABoardTellsOnlyWhatItsReaderMaySee(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Secret cable", with(w.network, w.agent))
		mine := w.incident("Handed over", with(w.vendors, 0))
		page := w.as(t, w.vendor).get(boardURL("assignee")).want(http.StatusOK)
		page.hides("Secret cable", "Agentson")
		if diff := cmp.Diff([]string{"Handed over"}, page.board()["Unassigned"]); diff != "" {
			t.Error(diff)
		}
		if page.Find("#ticket-"+itoa(mine.ID)).Length() != 1 {
			t.Error("what was handed over is not there")
		}
		w.as(t, w.vendor).get(boardURL("group")).want(http.StatusOK).hides("Network team", "Service desk")
	})
}
