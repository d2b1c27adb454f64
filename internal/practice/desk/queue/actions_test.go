package queue_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

func (w *world) now(t *testing.T, number string) ticket.Ticket {
	t.Helper()
	got, err := w.tickets.Get(w.System(), ticket.ByNumber(number))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTakingARowCanBeUndone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Slow cable", with(w.network, w.lead))
		agent := w.as(t, w.agent)
		res := agent.quick().post("/queue/tickets/"+inc.Number+"/take", nil).want(http.StatusNoContent)
		if got := w.now(t, inc.Number).AssigneeID; got != w.agent {
			t.Fatalf("assigned to %d", got)
		}
		trigger := res.header.Get("HX-Trigger")
		for _, part := range []string{"steward:toast", "desk-changed", "dialog-close"} {
			if !strings.Contains(trigger, part) {
				t.Errorf("%s does not raise %s", trigger, part)
			}
		}
		_, undo, _ := strings.Cut(trigger, `"undo":"`)
		undo, _, _ = strings.Cut(undo, `"`)
		agent.quick().post(strings.ReplaceAll(undo, `\u0026`, "&"), nil).want(http.StatusNoContent)
		if got := w.now(t, inc.Number).AssigneeID; got != w.lead {
			t.Errorf("after undo it is assigned to %d, want %d", got, w.lead)
		}
	})
}

func TestTakingWorksWithoutScriptsAndComesBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Slow cable")
		agent := w.as(t, w.agent)
		page := agent.get("/queue?view=open")
		button := page.Find("#ticket-" + itoa(inc.ID) + " button[data-key=t]")
		if button.AttrOr("formmethod", "") != "post" || page.Find("form#rows "+"button[data-key=t]").Length() != 1 {
			t.Error("the button has no form to post by itself")
		}
		agent.referer = "/queue?view=open&sort=title"
		res := agent.post(button.AttrOr("formaction", ""), nil).want(http.StatusSeeOther)
		if got := res.header.Get("Location"); got != "/queue?view=open&sort=title" {
			t.Errorf("back to %q", got)
		}
		w.as(t, w.other).quick().post("/queue/tickets/"+inc.Number+"/take", nil).want(http.StatusUnprocessableEntity)
	})
}

func TestAssigningByNameAndByChoice(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Slow cable")
		path := "/queue/tickets/" + inc.Number + "/assign"
		agent := w.as(t, w.agent)
		dialog := agent.quick().get(path).want(http.StatusOK)
		if dialog.Find("dialog[data-open-now] form[hx-post]").Length() != 1 || dialog.Find("main").Length() != 0 {
			t.Error("htmx does not get a dialog")
		}
		if agent.get(path).Find("main form[method=post]").Length() != 1 {
			t.Error("without scripts there is no page")
		}
		agent.post(path, form("group.text", "service desk", "assignee.text", "olaf", "version", "1", "back", "/queue?view=mine")).want(http.StatusSeeOther)
		if got := w.now(t, inc.Number); got.GroupID != w.desk || got.AssigneeID != w.other {
			t.Fatalf("assigned to %d, %d", got.GroupID, got.AssigneeID)
		}
		wrong := agent.quick().post(path, form("group", itoa(w.network), "group.text", "Network team", "assignee", itoa(w.other), "assignee.text", "Olaf Othersson")).want(http.StatusUnprocessableEntity)
		wrong.says("#f-assignee-error", "not an active member")
		if wrong.Find("input[name=assignee]").AttrOr("value", "") != itoa(w.other) || wrong.Find("input[name=group]").AttrOr("value", "") != itoa(w.network) {
			t.Error("what was chosen is lost")
		}
		agent.quick().post(path, form("group.text", "no such team")).want(http.StatusUnprocessableEntity).says("#f-group-error", "Nothing is called")

		stale := agent.quick().post(path, form("group", itoa(w.network), "group.text", "Network team", "version", "1")).want(http.StatusConflict)
		stale.says(".s-alert", "Olaf Othersson, Service desk")
		if got := stale.Find("input[name=version]").AttrOr("value", ""); got != "2" {
			t.Errorf("the version to save over is %s", got)
		}
		agent.post(path, form("group.text", "", "assignee.text", "", "back", "https://evil.example/")).want(http.StatusSeeOther)
		if got := w.now(t, inc.Number); got.GroupID != 0 || got.AssigneeID != 0 {
			t.Error("emptying both fields does not unassign")
		}
		agent.post(path, form("back", "//evil.example/")).want(http.StatusSeeOther).hides("evil")
	})
}

func TestStepsFromAListBelongToTheTicketsPage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Slow cable")
		agent := w.as(t, w.agent)
		steps := agent.quick().get("/queue/tickets/" + inc.Number + "/steps").want(http.StatusOK)
		steps.says(".s-move", "Start work")
		base := "/tickets/" + inc.Number + "/steps"
		if steps.Find(`form[action="`+base+`/start"]`).Length() != 1 || steps.Find(`a[href="`+base+`/resolve"]`).Length() != 1 {
			t.Error("a step that needs nothing is a button, one that asks is a link")
		}
		if agent.get("/queue/tickets/"+inc.Number+"/steps").Find("main .s-move").Length() == 0 {
			t.Error("without scripts there is no page")
		}
	})
}

func TestEditingFromAList(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		inc := w.incident("Slow cable", func(c *ticket.Create) { c.ServiceID = w.payroll; c.Tags = []string{"vip"} })
		path := "/queue/tickets/" + inc.Number + "/edit"
		agent := w.as(t, w.agent)
		page := agent.quick().get(path).want(http.StatusOK)
		if page.Find("input[name=title]").AttrOr("value", "") != "Slow cable" || page.Find("input[name='service.text']").AttrOr("value", "") != "Payroll" {
			t.Error("the form does not hold what is there")
		}
		agent.quick().post(path, form("title", "", "impact", "1", "urgency", "1", "version", "1")).want(http.StatusUnprocessableEntity).says("#f-title-error", "few words")
		agent.quick().post(path, form("title", "Cut cable", "impact", "1", "urgency", "1", "service.text", "payroll", "tags", "vip, floor 3", "version", "1")).want(http.StatusNoContent)
		got := w.now(t, inc.Number)
		if got.Title != "Cut cable" || got.Priority != 1 || got.ServiceID != w.payroll || strings.Join(got.Tags, " ") != "floor-3 vip" {
			t.Errorf("saved as %+v", got)
		}
		stale := agent.quick().post(path, form("title", "My cable", "impact", "1", "urgency", "1", "version", "1")).want(http.StatusConflict)
		stale.says(".s-alert", "Cut cable")
		if stale.Find("input[name=title]").AttrOr("value", "") != "My cable" {
			t.Error("what was typed is lost")
		}
	})
}
