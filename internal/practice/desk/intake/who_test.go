package intake_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
)

func TestUnknownCallerIsWrittenDownOnTheSpot(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.admin)
		page := me.get("/tickets/new?kind=incident").want(http.StatusOK)
		wrong := me.press(page, "person", url.Values{"person.name": {"Nia Newcomer"}, "person.email": {"nonsense"}, "title": {"Cannot sign in"}}, nil).
			want(http.StatusUnprocessableEntity)
		if got := wrong.text("#f-person-email-error"); !strings.Contains(got, "name@example.com") {
			t.Errorf("beside the address: %q", got)
		}
		if _, isOpen := wrong.Find("#intake-person").Attr("open"); !isOpen {
			t.Error("the part with the error is closed")
		}
		added := me.press(wrong, "person", url.Values{"person.email": {"nia@example.com"}, "person.organisation.text": {"Fjord"}}, nil).want(http.StatusOK)
		if added.value("requester.text") != "Nia Newcomer" || added.value("person.name") != "" || added.value("title") != "Cannot sign in" {
			t.Errorf("the form holds %v", added.fields())
		}
		made := w.get(t, me.press(added, "create", nil, nil).number())
		person, err := w.People.Person(w.As(w.agent), made.RequesterID)
		if err != nil || person.Name != "Nia Newcomer" || person.Email != "nia@example.com" || person.OrganisationID != w.customer {
			t.Errorf("the requester is %+v, %v", person.PersonInput, err)
		}
		// Creating does both at once, and does neither while something is wrong.
		untitled := me.press(me.get("/tickets/new?kind=incident"), "create", url.Values{"person.name": {"Otto Other"}}, nil).want(http.StatusUnprocessableEntity)
		if untitled.value("person.name") != "Otto Other" || untitled.value("requester") != "" {
			t.Errorf("the form holds %v", untitled.fields())
		}
		both := w.get(t, me.press(untitled, "create", url.Values{"title": {"No sound"}}, nil).number())
		if both.OrganisationID != w.company {
			t.Errorf("somebody of organisation %d", both.OrganisationID)
		}

		agent := w.as(t, w.agent)
		if n := agent.get("/tickets/new?kind=incident").Find("#intake-person").Length(); n != 0 {
			t.Error("an agent is offered to add people")
		}
		refused := agent.press(agent.get("/tickets/new?kind=incident"), "person", url.Values{"person.name": {"Mallory"}}, nil).want(http.StatusUnprocessableEntity)
		if refused.value("requester") != "" {
			t.Error("an agent added a person")
		}
	})
}

func TestOnlyThoseWhoOpenTicketsForOthersGetTheForm(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		paths := []string{"/tickets/new", "/tickets/new/around?requester=" + id(w.colleague), "/tickets/new/priority", "/tickets/new/routing?service=" + id(w.payroll)}
		for _, path := range paths {
			if to := w.as(t, w.caller).get(path).sentTo(); to != "/portal/new" {
				t.Errorf("a requester at %s is sent to %s", path, to)
			}
			w.as(t, w.caller).quick().get(path).want(http.StatusForbidden)
			w.as(t, w.supplierAgent).get(path).want(http.StatusForbidden)
			w.as(t, 0).get(path).want(http.StatusUnauthorized)
		}
		w.as(t, w.caller).post("/tickets/new", url.Values{"title": {"For somebody else"}, "requester": {id(w.colleague)}}).want(http.StatusForbidden)
		w.as(t, w.agent).get("/tickets/new?kind=nonsense").want(http.StatusNotFound)

		for _, c := range []struct {
			person int64
			want   []string
		}{
			{w.agent, []string{"New incident: n i", "New move: n m", "New request: n r"}},
			{w.manager, []string{"New incident: n i", "New move: n m", "New request: n r"}},
			{w.caller, nil},
			{w.supplierAgent, nil},
		} {
			var got []string
			for _, item := range w.module.Create {
				if item.Visible(access.From(w.As(c.person))) {
					got = append(got, item.Label+": "+item.Key)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("entries of %d (-want +got):\n%s", c.person, diff)
			}
		}
	})
}

// A relationship manager opens tickets for the people of a customer, and sees
// nobody else.
func TestNobodyIsNamedWhomTheActorMayNotLookUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.ticket(t, w.caller, "Secret payroll trouble")
		theirs := w.ticket(t, w.customerCall, "Payroll shows nothing")
		me := w.as(t, w.manager)
		path := "/tickets/new?kind=incident&title=payroll+trouble&requester=" + id(w.caller) + "&assignee=" + id(w.agent) +
			"&watchers=" + id(w.colleague) + "&watchers=" + id(w.agent) + "&service=" + id(w.payroll) + "&group=" + id(w.team)
		page := me.get(path).want(http.StatusOK)
		around := me.quick().get(strings.Replace(path, "/new?", "/new/around?", 1)).want(http.StatusOK)
		for _, a := range []*answer{page, around} {
			html, err := a.Html()
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"Askersson", "Agentson", "Colleagueson", "Workplace", "Secret"} {
				if strings.Contains(html, secret) {
					t.Errorf("%q is told", secret)
				}
			}
		}
		if n := page.Find("#f-group, #f-assignee").Length(); n != 0 {
			t.Error("who may not assign is asked for a group")
		}
		if got := page.text("#intake-routing"); got != "The group that supports Payroll will take this." {
			t.Errorf("routing %q", got)
		}
		foreign := me.press(page, "create", url.Values{"requester": {id(w.caller)}, "requester.text": {"x"}}, nil).want(http.StatusUnprocessableEntity)
		if foreign.Find(".s-alert[role=alert]").Length() != 1 {
			t.Error("nothing says why the ticket was not opened")
		}
		me.post("/tickets/new/discard", url.Values{"kind": {"incident"}})
		fresh := me.get("/tickets/new?kind=incident&requester=" + id(w.customerCall) + "&title=payroll&service=" + id(w.payroll))
		if got := fresh.text(".s-card .s-ref"); got != theirs.Number {
			t.Errorf("tickets %q", got)
		}
		made := me.press(fresh, "create", url.Values{"title": {"Still nothing"}}, nil).number()
		if found := w.get(t, made); found.GroupID != w.team || found.RequesterID != w.customerCall {
			t.Errorf("made %+v", found)
		}
	})
}
