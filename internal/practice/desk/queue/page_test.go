package queue_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

func queueURL(pairs ...string) string { return "/queue?" + form(pairs...).Encode() }

func TestQueueShowsTicketsWithNamesInFewQueries(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 20 {
			w.incident(fmt.Sprintf("Cable %02d", i), func(c *ticket.Create) { c.ServiceID = w.payroll; c.Tags = []string{"vip", "floor-3"} }, with(w.network, w.agent))
		}
		page := w.as(t, w.agent).get(queueURL("cols", "number,title,state,priority,requester,group,assignee,service,organisation,updated")).want(http.StatusOK)
		w.queries(t, 8)
		if got := page.Find("tbody tr.s-row").Length(); got != 20 {
			t.Errorf("%d rows, want 20", got)
		}
		page.says("tbody tr:first-child", "Mira Askersson")
		page.says("tbody tr:first-child", "Network team")
		page.says("tbody tr:first-child", "Payroll")
		page.says("tbody tr:first-child", "floor-3")
		page.says(".s-list-count", "20 tickets")
		if got := page.Find("tbody tr:first-child").AttrOr("data-url", ""); got != "/tickets/INC-20" {
			t.Errorf("Enter leads to %q", got)
		}
		if page.Find("tbody tr:first-child [data-key=a]").AttrOr("href", "") != "/queue/tickets/INC-20/assign" {
			t.Error("the row has no key for assigning")
		}
	})
}

func TestPracticesAddColumns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.plugged = []module.Column{{Key: "steps", Label: "Steps", Cells: func(_ context.Context, ids []int64) (map[int64]string, error) {
			return map[int64]string{ids[0]: fmt.Sprintf("1 of %d", len(ids))}, nil
		}}}
		w.incident("Cable one")
		w.incident("Cable two")
		page := w.as(t, w.agent).get(queueURL("cols", "number,title,steps")).want(http.StatusOK)
		page.says("thead", "Steps")
		page.says("tbody tr:first-child", "1 of 2")
		export := w.as(t, w.agent).get("/queue/export?view=open&columns=number&columns=steps").want(http.StatusOK)
		if !strings.Contains(export.body, "1 of 2") {
			t.Errorf("the export has no text of the column: %s", export.body)
		}
	})
}

func TestFilterIsTextAndChipsAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Slow cable", urgent)
		w.incident("Quiet cable")
		page := w.as(t, w.agent).get(queueURL("view", "open", "q", `state:open priority:<=2 group:#`+itoa(w.network)))
		if diff := cmp.Diff([]string{"Slow cable"}, page.titles()); diff != "" {
			t.Error(diff)
		}
		var chips []string
		page.Find(".s-chips .s-chip").Each(func(_ int, s *goquery.Selection) {
			chips = append(chips, strings.TrimSpace(s.Contents().First().Text()))
		})
		if diff := cmp.Diff([]string{"State: Open", "Priority: ≤ High", "Group: Network team"}, chips); diff != "" {
			t.Error(diff)
		}
		removal := page.hrefs(".s-chips .s-chip-remove")[1]
		without := w.as(t, w.agent).get(removal)
		if got := without.Find("#filter").AttrOr("value", ""); got != "state:open group:#"+itoa(w.network) {
			t.Errorf("without the chip the filter is %q", got)
		}
		if diff := cmp.Diff([]string{"Quiet cable", "Slow cable"}, without.titles()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWrongFilterKeepsTheTextAndTheLastList(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Slow cable", urgent)
		w.incident("Quiet cable")
		agent := w.as(t, w.agent)
		good := agent.get(queueURL("view", "open", "q", "state:open priority:1"))
		if got := good.Find("input[name=good]").AttrOr("value", ""); got != "state:open priority:1" {
			t.Fatalf("the filter in force is sent along as %q", got)
		}
		page := agent.get(queueURL("view", "open", "good", "state:open priority:1", "q", "state:opn priority:1")).want(http.StatusOK)
		if got := page.Find("#filter").AttrOr("value", ""); got != "state:opn priority:1" {
			t.Errorf("what was typed became %q", got)
		}
		page.says("#filter-error", "Characters 7 to 9")
		page.says("#filter-error", "Did you mean")
		page.says(".s-chip-wrong", "State: opn")
		agent.get(queueURL("view", "open", "q", "state:open (priority:1")).says(".s-filter-excerpt", "state:open (priority:1")
		if diff := cmp.Diff([]string{"Slow cable"}, page.titles()); diff != "" {
			t.Error(diff)
		}
		if page.Find("#filter").AttrOr("aria-invalid", "") != "true" {
			t.Error("the field is not marked")
		}
		// A filter that can be read needs no memory: the address is cleaned.
		res := agent.get(queueURL("view", "open", "good", "state:open", "q", "priority:1")).want(http.StatusSeeOther)
		if got, _ := url.Parse(res.header.Get("Location")); got.Query().Has("good") || got.Query().Get("q") != "priority:1" {
			t.Errorf("sent to %s", got)
		}
		nowhere := agent.get(queueURL("view", "open", "q", "((", "good", "also:wrong"))
		if diff := cmp.Diff([]string{"Quiet cable", "Slow cable"}, nowhere.titles()); diff != "" {
			t.Errorf("the view's own list should be shown: %s", diff)
		}
	})
}

func TestSortAndColumnsStandInTheAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Beta", urgent)
		w.incident("Alpha")
		agent := w.as(t, w.agent)
		page := agent.get("/queue")
		byTitle := page.hrefs("th.s-col-title a")[0]
		sorted := agent.get(byTitle)
		if diff := cmp.Diff([]string{"Alpha", "Beta"}, sorted.titles()); diff != "" {
			t.Error(diff)
		}
		if got := sorted.Find("th.s-col-title").AttrOr("aria-sort", ""); got != "ascending" {
			t.Errorf("aria-sort %q", got)
		}
		if diff := cmp.Diff([]string{"Beta", "Alpha"}, agent.get(sorted.hrefs("th.s-col-title a")[0]).titles()); diff != "" {
			t.Error("pressing again does not turn the order:", diff)
		}
		res := agent.post(page.Find("#queue-columns").AttrOr("action", ""), form("columns", "kind", "columns", "created", "columns", "a,b")).want(http.StatusSeeOther)
		chosen := agent.get(res.header.Get("Location"))
		var heads []string
		chosen.Find("thead th").Each(func(_ int, s *goquery.Selection) {
			if label := strings.TrimSpace(s.Text()); label != "" {
				heads = append(heads, label)
			}
		})
		if diff := cmp.Diff([]string{"Title", "Kind", "Created", "Actions"}, heads); diff != "" {
			t.Error(diff)
		}
		agent.get("/queue?sort=colour").want(http.StatusUnprocessableEntity)
		agent.get("/queue?view=nothing").want(http.StatusNotFound)
		agent.get("/queue?after=nonsense").want(http.StatusUnprocessableEntity)
		agent.get("/queue?q=%ff%00x&cols=%00&view=open").want(http.StatusOK)
	})
}

func TestScrollingNeitherRepeatsNorLosesWhileTicketsChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		all := map[string]bool{}
		for i := range 120 {
			inc := w.incident(fmt.Sprintf("Ticket %03d", i))
			all[inc.Title] = true
		}
		agent := w.as(t, w.agent).quick()
		seen := map[string]int{}
		next := queueURL("view", "open", "sort", "created")
		for n := 0; next != ""; n++ {
			page := agent.get(next).want(http.StatusOK)
			if n > 0 {
				if page.Find("thead, main, form").Length() > 0 {
					t.Fatal("more than rows came back")
				}
				// A row alone is no HTML: a browser reads it inside a table.
				page = rowsOf(t, page)
			}
			for _, title := range page.titles() {
				seen[title]++
			}
			more := page.hrefs(".s-load-more")
			next = ""
			if len(more) == 1 {
				next = more[0]
			}
			// The world goes on: changes to what was shown and what was not, and something new.
			for _, number := range []string{"INC-1", "INC-60", "INC-119"} {
				title := "Renamed " + number
				w.do(w.tickets.Edit(w.As(w.agent), ticket.ByNumber(number), ticket.Edit{Title: &title}))
				all[title] = true
			}
		}
		for title, n := range seen {
			if n > 1 && !strings.HasPrefix(title, "Renamed") {
				t.Errorf("%s was shown %d times", title, n)
			}
		}
		if total := len(seen); total != 120 {
			t.Errorf("%d different rows were shown, want 120", total)
		}
	})
}

// rowsOf reads rows as a browser does that puts them into a table.
func rowsOf(t *testing.T, a *answer) *answer {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader("<table><tbody>" + a.body + "</tbody></table>"))
	if err != nil {
		t.Fatal(err)
	}
	return &answer{t: t, status: a.status, header: a.header, body: a.body, Document: doc}
}

func TestBuiltInViewsHoldWhatTheySay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Mine", with(w.network, w.agent))
		w.incident("Free")
		w.incident("Elsewhere", with(w.desk, 0))
		w.incident("Hot", urgent, with(w.desk, w.other))
		waiting := w.incident("Asked", with(w.network, w.lead))
		w.do(w.tickets.Transition(w.As(w.lead), ticket.ByID(waiting.ID), ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which?", CommentPublic: true}))
		done := w.incident("Done", with(w.network, w.lead))
		w.do(w.tickets.Transition(w.As(w.lead), ticket.ByID(done.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Fixed."}))
		agent := w.as(t, w.agent)
		for view, want := range map[string][]string{
			"mine":     {"Mine"},
			"team":     {"Free"},
			"open":     {"Asked", "Elsewhere", "Free", "Hot", "Mine"},
			"high":     {"Hot"},
			"today":    {"Asked", "Done", "Elsewhere", "Free", "Hot", "Mine"},
			"caller":   {"Asked"},
			"resolved": {"Done"},
		} {
			got := agent.get("/queue?view=" + view).want(http.StatusOK).titles()
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", view, diff)
			}
		}
		if w.as(t, w.auditor).get("/queue").Find(`.s-side-item[href="/queue?view=team"]`).Length() > 0 {
			t.Error("somebody without a group has a team's view")
		}
	})
}

func TestCountsComeInOneQueryAndSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 60 {
			w.incident(fmt.Sprintf("Cable %d", i), with(w.network, w.agent))
		}
		agent := w.as(t, w.agent)
		for _, f := range []string{"priority:3 group:\"Network team\"", "assignee:\"Ana Agentson\"", "requester:\"Mira Askersson\""} {
			agent.post("/queue/views", form("name", f, "filter", f, "audience", "mine")).want(http.StatusSeeOther)
		}
		page := agent.get("/queue")
		page.says(".s-list-count", "50+ tickets")
		counts := page.Find("#views").AttrOr("hx-get", "")
		answer := agent.quick().get(counts).want(http.StatusOK)
		// Views, one question for each name, and one for all numbers: the list's size among them.
		w.queries(t, 6)
		answer.says(`a[href="/queue?view=open"] .s-side-count`, "60")
		answer.says(`a[href="/queue?view=high"] .s-side-count`, "0")
		answer.says(`hx-partial`, "60 tickets")
		if answer.Find(".s-side-item[aria-current]").Length() != 1 {
			t.Error("the view that is shown is not marked")
		}
	})
}

func TestThoseWithoutADeskAreSentToThePortal(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Slow cable")
		asker := w.as(t, w.asker)
		for _, path := range []string{"/", "/queue", "/queue?view=open", "/queue/views", "/queue/export?view=open", "/queue/tickets/" + inc.Number + "/assign"} {
			res := asker.get(path).want(http.StatusSeeOther)
			if got := res.header.Get("Location"); got != "/portal" {
				t.Errorf("%s leads to %s", path, got)
			}
		}
		for _, path := range []string{"/queue", "/queue/counts", "/queue/changes?rows=1.1", "/queue/complete?q=a", "/queue/tickets/" + inc.Number + "/steps"} {
			asker.quick().get(path).want(http.StatusForbidden).hides("Network team", "Slow cable")
		}
		asker.post("/queue/tickets/"+inc.Number+"/take", nil).want(http.StatusForbidden)
		w.as(t, 0).get("/queue").want(http.StatusUnauthorized)
		w.as(t, 0).get("/search?q=cable").want(http.StatusUnauthorized)
		w.as(t, 0).quick().get("/palette?q=cable").want(http.StatusUnauthorized)
	})
}

func TestSupplierSeesOnlyWhatWasHandedOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		theirs := w.incident("Their antenna", with(w.vendors, 0))
		inside := w.incident("Our secret antenna")
		w.do(w.tickets.Note(w.As(w.agent), ticket.ByID(theirs.ID), ticket.InternalNote{Body: "Hushhush antenna"}))
		vendor := w.as(t, w.vendor)
		for _, path := range []string{
			"/queue?view=open", "/queue?view=open&q=antenna", "/queue/export?view=open", "/search?q=antenna", "/palette?q=antenna", "/",
			"/queue/changes?view=open&rows=" + itoa(inside.ID) + ".0," + itoa(theirs.ID) + ".0",
		} {
			page := vendor.get(path).want(http.StatusOK)
			page.hides("Our secret", inside.Number, "Hushhush")
		}
		if diff := cmp.Diff([]string{"Their antenna"}, vendor.get("/queue?view=open").titles()); diff != "" {
			t.Error(diff)
		}
		vendor.quick().get("/queue/counts?view=open").says(`a[href="/queue?view=open"] .s-side-count`, "1")
		vendor.get("/search?q=hushhush").want(http.StatusOK).says(".s-empty-title", "Nothing found")
		vendor.get("/search?q="+inside.Number).want(http.StatusOK).says(".s-empty-title", "Nothing found")
		for _, path := range []string{
			"/queue/complete?q=assignee:a&at=10", "/palette?q=agentson", "/search?q=agentson", "/queue/complete?q=service:pay&at=11",
		} {
			vendor.quick().get(path).want(http.StatusOK).hides("Agentson", "Askersson", "Payroll")
		}
		vendor.quick().get("/queue/complete?q=group:n&at=7").want(http.StatusOK).hides("Network team")
		vendor.get("/queue/tickets/" + inside.Number + "/assign").want(http.StatusNotFound)
		vendor.post("/queue/tickets/"+inside.Number+"/take", nil).want(http.StatusNotFound)
		if _, err := w.tickets.Get(w.As(w.vendor), ticket.ByID(inside.ID)); !is(err, "not_found") {
			t.Error(err)
		}
	})
}

func TestAuditorSeesAndCannotAct(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Slow cable")
		auditor := w.as(t, w.auditor)
		page := auditor.get("/queue").want(http.StatusOK)
		if page.Find(".s-row-actions button, .s-row-actions a").Length() > 0 {
			t.Error("the auditor is offered actions")
		}
		auditor.get("/queue/tickets/" + inc.Number + "/edit").want(http.StatusForbidden)
		auditor.post("/queue/tickets/"+inc.Number+"/take", nil).want(http.StatusForbidden)
		if !access.From(w.As(w.auditor)).Can(access.Export, access.AnyKind) {
			t.Fatal("the auditor's role has changed")
		}
		auditor.get("/queue/export").want(http.StatusOK)
	})
}
