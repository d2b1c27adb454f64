package intake_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDraftSurvivesAndIsCleared(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.agent)
		draft := url.Values{
			"was": {"incident"}, "kind": {"incident"}, "requester": {id(w.caller)}, "title": {"Half a tit"}, "body": {"Half a"}, "impact": {"1"}, "urgency": {"1"},
			"tags": {"x"}, "watchers": {id(w.colleague)},
		}
		me.post("/tickets/new/draft", draft).want(http.StatusNoContent)
		page := me.get("/tickets/new?kind=incident&requester=" + id(w.colleague) + "&service=" + id(w.payroll)).want(http.StatusOK)
		if n := page.Find("#intake-restored").Length(); n != 1 {
			t.Fatal("nothing says that this is a draft")
		}
		for name, want := range draft {
			if diff := cmp.Diff(want, page.fields()[name]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		if got := page.value("service"); got != id(w.payroll) {
			t.Errorf("the address brought the service %q", got)
		}
		// Each kind has its own, and a colleague has another.
		if n := me.get("/tickets/new?kind=request").Find("#intake-restored").Length(); n != 0 {
			t.Error("a request shows the incident's draft")
		}
		if got := w.as(t, w.admin).get("/tickets/new?kind=incident").value("title"); got != "" {
			t.Errorf("a colleague sees %q", got)
		}
		me.press(page, "create", nil, nil).number()
		if got := me.get("/tickets/new?kind=incident"); got.Find("#intake-restored").Length() != 0 || got.value("title") != "" {
			t.Error("the draft is still there")
		}
		me.post("/tickets/new/draft", draft)
		if to := me.post("/tickets/new/discard", url.Values{"kind": {"incident"}}).sentTo(); to != "/tickets/new?kind=incident" {
			t.Errorf("sent to %s", to)
		}
		if got := me.get("/tickets/new?kind=incident").value("title"); got != "" {
			t.Error("the draft was not thrown away")
		}
	})
}

func TestSwitchingKindLosesNoDraft(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.agent).quick()
		me.post("/tickets/new/draft", url.Values{"was": {"request"}, "title": {"An older request"}}).want(http.StatusNoContent)
		incident := me.get("/tickets/new?kind=incident")
		me.press(incident, "show", url.Values{"title": {"Just typed"}, "kind": {"request"}}, nil).want(http.StatusOK)
		titles := []string{
			me.get("/tickets/new?kind=request").value("title"),
			me.get("/tickets/new?kind=incident").value("title"),
		}
		if diff := cmp.Diff([]string{"Just typed", "An older request"}, titles); diff != "" {
			t.Errorf("drafts (-want +got):\n%s", diff)
		}
		// An empty form shows what the other kind had.
		me.post("/tickets/new/discard", url.Values{"kind": {"incident"}})
		shown := me.press(me.get("/tickets/new?kind=incident"), "show", url.Values{"kind": {"request"}}, nil)
		if got := shown.value("title"); got != "Just typed" {
			t.Errorf("shown %q", got)
		}
	})
}
