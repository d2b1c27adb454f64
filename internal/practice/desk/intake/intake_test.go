package intake_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

func TestAgentWritesDownACallWithoutScripts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.agent)
		page := me.get("/tickets/new?kind=incident").want(http.StatusOK)
		if got := page.text("h1"); got != "New incident" {
			t.Errorf("heading %q", got)
		}
		sent := me.press(page, "create", url.Values{
			"requester.text": {"mira"}, "title": {"Payslip does not open"}, "body": {"Since **Monday**."}, "service.text": {"Payroll"},
			"assignee.text": {"ana"}, "impact": {"1"}, "urgency": {"2"}, "channel": {"walk_in"}, "tags": {"payslip, browser"},
			"watchers.text": {"Colin"},
		}, map[string]string{"screen.txt": "what the screen says"})
		made := w.get(t, sent.number())
		got := map[string]any{
			"kind": made.Kind, "title": made.Title, "description": made.Description, "requester": made.RequesterID, "opened by": made.OpenedByID,
			"service": made.ServiceID, "group": made.GroupID, "assignee": made.AssigneeID, "priority": made.Priority, "channel": made.Channel,
			"tags": made.Tags, "watchers": made.Watchers,
		}
		want := map[string]any{
			"kind": "incident", "title": "Payslip does not open", "description": "Since **Monday**.", "requester": w.caller, "opened by": w.agent,
			"service": w.payroll, "group": w.team, "assignee": w.agent, "priority": 2, "channel": "walk_in",
			"tags": []string{"browser", "payslip"}, "watchers": []int64{w.colleague},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the ticket (-want +got):\n%s", diff)
		}
		files, err := w.tickets.Attachments(w.As(w.agent), &made)
		if err != nil || len(files) != 1 || files[0].Name != "screen.txt" {
			t.Errorf("files %v, %v", files, err)
		}
	})
}

func TestFormComesBackWithEverythingTyped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.agent)
		page := me.get("/tickets/new?kind=move").want(http.StatusOK)
		typed := url.Values{
			"requester.text": {"son"}, "body": {"All of it & more"}, "service": {id(w.payroll)}, "group": {id(w.supplierTeam)}, "group.text": {"Printer field team"},
			"impact": {"1"}, "urgency": {"3"}, "channel": {"chat"}, "tags": {"a, b"}, "watchers": {id(w.colleague), id(w.caller)},
			"field.desks": {"many"}, "field.day": {"2026-03-09"}, "field.floor": {"Second"}, "field.weekend": {"true"},
		}
		for name, b := range map[string]browser{"page": me, "part": me.quick()} {
			back := b.press(page, "create", typed, map[string]string{"plan.txt": "a plan", "huge.bin": strings.Repeat("x", 2000)}).want(http.StatusUnprocessableEntity)
			for field, part := range map[string]string{
				"f-requester": "Several are found for “son”", "f-title": "Say in a few words", "f-field\\.room": "New room is needed.", "f-files": "huge.bin",
			} {
				// The file is told of alone: what else is wrong is found when it has gone.
				if got := back.text("#" + field + "-error"); got != "" && !strings.Contains(got, part) {
					t.Errorf("%s: beside %s stands %q", name, field, got)
				}
			}
			if got := back.text("#f-files-error"); !strings.Contains(got, "huge.bin") {
				t.Errorf("%s: about the file: %q", name, got)
			}
			again := b.press(back, "create", nil, nil).want(http.StatusUnprocessableEntity)
			if got := again.Find(".s-field .s-error").Length(); got != 3 {
				t.Errorf("%s: %d errors beside fields: %s", name, got, again.text(".s-error"))
			}
			fields := again.fields()
			for field, want := range typed {
				if diff := cmp.Diff(want, fields[field]); diff != "" {
					t.Errorf("%s: %s (-want +got):\n%s", name, field, diff)
				}
			}
			if got := again.text(".s-files a"); got != "plan.txt" {
				t.Errorf("%s: files %q", name, got)
			}
		}
		// What only the service finds wrong stands beside its field, too.
		wrong := me.press(page, "create", url.Values{"requester": {id(w.caller)}, "title": {"Move us"}, "field.room": {"12"}, "field.desks": {"many"}}, nil)
		if got := wrong.want(http.StatusUnprocessableEntity).text("#f-field\\.desks-error"); got != "Desks must be a number." {
			t.Errorf("beside the number: %q", got)
		}
		if got := wrong.value("field.desks"); got != "many" {
			t.Errorf("the number came back as %q", got)
		}
	})
}

func TestSendingTwiceOpensOneTicket(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.agent).quick()
		page := me.get("/tickets/new?kind=incident&requester=" + id(w.caller))
		first := me.press(page, "create", url.Values{"title": {"Twice"}}, nil).number()
		if second := me.press(page, "create", url.Values{"title": {"Twice"}}, nil).number(); second != first {
			t.Errorf("%s and %s", first, second)
		}
		other := me.press(page, "create", url.Values{"title": {"Changed since"}}, nil).want(http.StatusUnprocessableEntity)
		if got := me.press(other, "create", nil, nil).number(); got == first {
			t.Error("what was changed could not be sent")
		}
	})
}

func TestCreateAndAddAnother(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.agent)
		page := me.get("/tickets/new?kind=request")
		to := me.press(page, "another", url.Values{"requester": {id(w.caller)}, "title": {"A second screen"}, "channel": {"chat"}}, nil).sentTo()
		next := me.get(to).want(http.StatusOK)
		if next.value("kind") != "request" || next.value("channel") != "chat" || next.value("title") != "" || next.value("requester") != "" {
			t.Errorf("the next form holds %v", next.fields())
		}
		if n := next.Find("#intake-restored").Length(); n != 0 {
			t.Error("what was sent came back as a draft")
		}
	})
}

func TestKindSwitchKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.agent).quick()
		page := me.get("/tickets/new?kind=move")
		typed := url.Values{
			"requester": {id(w.caller)}, "requester.text": {"Mira Askersson"}, "title": {"We move"}, "body": {"On Friday"}, "field.room": {"12"}, "field.weekend": {"true"},
			"tags": {"move"}, "kind": {"incident"},
		}
		incident := me.press(page, "show", typed, nil).want(http.StatusOK)
		if got := incident.header.Get("HX-Replace-Url"); got != "/tickets/new?kind=incident" {
			t.Errorf("address %q", got)
		}
		if got := incident.text("h1"); got != "New incident" {
			t.Errorf("heading %q", got)
		}
		if n := incident.Find("#f-field\\.room").Length(); n != 0 {
			t.Error("an incident asks for the room")
		}
		for name, want := range typed {
			if diff := cmp.Diff(want, incident.fields()[name]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		// A default of the other kind is not a choice.
		if got := incident.value("impact"); got != "2" {
			t.Errorf("impact %q", got)
		}
		back := me.press(incident, "show", url.Values{"kind": {"move"}}, nil).want(http.StatusOK)
		if got := back.Find("#f-field\\.room").AttrOr("value", ""); got != "12" {
			t.Errorf("the answer came back as %q", got)
		}
		made := w.get(t, me.press(incident, "create", nil, nil).number())
		if made.Kind != "incident" || len(made.Fields) != 0 {
			t.Errorf("made a %s with %v", made.Kind, made.Fields)
		}
	})
}

func TestKindThatIsGoneTakesNothingWithIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.agent)
		page := me.get("/tickets/new?kind=request")
		back := me.press(page, "create", url.Values{"kind": {"gone"}, "was": {"gone"}, "title": {"Typed"}, "requester": {id(w.caller)}}, nil).want(http.StatusUnprocessableEntity)
		if back.value("title") != "Typed" || back.value("kind") != "incident" || back.Find("#f-kind-error").Length() != 1 {
			t.Errorf("the form holds %v", back.fields())
		}
		me.post("/tickets/new/draft", url.Values{"was": {"gone"}, "title": {"Typed"}}).want(http.StatusNotFound)
	})
}

func TestPriorityAndGroupFollowWithTheirReason(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.agent).quick()
		high := me.get("/tickets/new/priority?was=incident&impact=1&urgency=1").want(http.StatusOK)
		if got := high.text("#intake-priority"); got != "PriorityCriticalFollows from impact “High” and urgency “High”." {
			t.Errorf("priority %q", got)
		}
		route := func(more string) *answer {
			return me.get("/tickets/new/routing?was=incident" + more).want(http.StatusOK)
		}
		suggested := route("&service=" + id(w.payroll))
		if got := suggested.Find("[name=group]").AttrOr("value", ""); got != id(w.team) {
			t.Errorf("group %q", got)
		}
		if got := suggested.text("#f-group-help"); got != "Suggested, because this group supports Payroll." {
			t.Errorf("reason %q", got)
		}
		// A suggestion gives way to another one, a choice does not.
		routed := "&routed=" + id(w.team)
		moved := route("&service=" + id(w.printing) + "&group=" + id(w.team) + routed)
		if got := moved.Find("[name=group]").AttrOr("value", ""); got != id(w.supplierTeam) {
			t.Errorf("the suggestion stayed %q", got)
		}
		kept := route("&service=" + id(w.payroll) + "&group=" + id(w.supplierTeam) + routed)
		if got := kept.Find("[name=group]").AttrOr("value", ""); got != id(w.supplierTeam) {
			t.Errorf("the choice became %q", got)
		}
		if got := kept.text("#f-group-help"); got != "Another group supports Payroll." {
			t.Errorf("reason %q", got)
		}
		none := route("&group=" + id(w.team) + routed)
		if n := none.Find("[name=group]").Length(); n != 0 {
			t.Error("without a service the suggestion stays")
		}
	})
}

func TestCallerAndSimilarTicketsStandBesideTheForm(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		own := w.ticket(t, w.caller, "Mouse is broken")
		similar := w.ticket(t, w.colleague, "Printer shows a paper jam")
		solved := w.ticket(t, w.caller, "Printer shows nothing")
		if _, err := w.tickets.Transition(w.As(w.agent), ticket.ByID(solved.ID), ticket.Step{
			Transition: "resolve", ResolutionCode: "solved", Resolution: "It was off.",
		}); err != nil {
			t.Fatal(err)
		}
		me := w.as(t, w.agent).quick()
		around := me.get("/tickets/new/around?was=incident&requester=" + id(w.caller) + "&title=" + url.QueryEscape("printer paper jam again")).want(http.StatusOK)
		if got := around.text("#intake-around .s-party-name"); got != "Mira Askersson" {
			t.Errorf("caller %q", got)
		}
		var numbers []string
		for _, e := range around.Find(".s-card .s-ref").EachIter() {
			numbers = append(numbers, e.Text())
		}
		if diff := cmp.Diff([]string{own.Number, similar.Number}, numbers); diff != "" {
			t.Errorf("tickets (-want +got):\n%s", diff)
		}
		if got := around.text(".s-cards[aria-label='Similar open tickets'] .s-card-foot"); !strings.Contains(got, "Colin Colleagueson asked") {
			t.Errorf("the other one's note is %q", got)
		}
		if n := around.Find("button[name=do][value='add:" + own.Number + "'][formnovalidate]").Length(); n != 1 {
			t.Errorf("%d buttons to add", n)
		}
		if got := me.get("/tickets/new/around?was=incident").want(http.StatusOK).text(".s-empty-title"); got != "Who and what" {
			t.Errorf("in the beginning stands %q", got)
		}
	})
}

func TestWhatWasTypedIsAddedToAnotherTicket(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		other := w.ticket(t, w.colleague, "Printer shows a paper jam")
		me := w.as(t, w.agent)
		page := me.get("/tickets/new?kind=incident&requester=" + id(w.caller))
		typed := url.Values{"title": {"Printer jams again"}, "body": {"On floor 2"}}
		me.post("/tickets/new/draft", url.Values{"was": {"incident"}, "title": {"Printer jams again"}}).want(http.StatusNoContent)

		noted := me.press(page, "add:"+other.Number, typed, map[string]string{"jam.txt": "a picture"}).number()
		if noted != other.Number {
			t.Fatalf("sent to %s", noted)
		}
		if n := me.get("/tickets/new?kind=incident").Find("#intake-restored").Length(); n != 0 {
			t.Error("what was added is a draft still")
		}
		replied := me.quick().press(me.get("/tickets/new?kind=incident&requester="+id(w.caller)), "add:"+other.Number,
			url.Values{"title": {"Also on floor 3"}, "as": {"reply"}}, nil).number()
		if replied != other.Number {
			t.Fatalf("sent to %s", replied)
		}
		said := w.said(t, other.Number)
		if len(said) != 2 {
			t.Fatalf("said %v", said)
		}
		if !said[0].Internal || said[0].Body != "Mira Askersson called:\n\nPrinter jams again\n\nOn floor 2" {
			t.Errorf("the note: internal %v, %q", said[0].Internal, said[0].Body)
		}
		// The requester of that ticket need not know who else has called.
		if said[1].Internal || said[1].Body != "Also on floor 3" {
			t.Errorf("the reply: internal %v, %q", said[1].Internal, said[1].Body)
		}
		found := w.get(t, other.Number)
		files, err := w.tickets.Attachments(w.As(w.agent), &found)
		if err != nil || len(files) != 1 || !files[0].Internal {
			t.Errorf("files %v, %v", files, err)
		}

		empty := me.press(page, "add:"+other.Number, nil, nil).want(http.StatusUnprocessableEntity)
		if got := empty.text("#f-title-error"); got != "Write down what is to be added to "+other.Number+"." {
			t.Errorf("nothing to add: %q", got)
		}
		missing := me.press(page, "add:INC-999", typed, nil).want(http.StatusUnprocessableEntity)
		if missing.value("title") != "Printer jams again" || missing.Find(".s-alert[role=alert]").Length() != 1 {
			t.Error("a ticket that is gone took what was typed with it")
		}
	})
}

func TestPreviewIsHarmless(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		shown := w.as(t, w.agent).quick().post("/tickets/new/preview", url.Values{"body": {"**bold** <script>alert(1)</script>"}}).want(http.StatusOK)
		if shown.text("strong") != "bold" || shown.Find("script").Length() != 0 {
			t.Errorf("shown %q", shown.Text())
		}
	})
}

func TestQueriesOfTheFormAreBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for range 8 {
			w.ticket(t, w.caller, "Printer shows a paper jam")
			w.ticket(t, w.colleague, "Printer shows a paper jam too")
		}
		me := w.as(t, w.agent)
		query := "&title=" + url.QueryEscape("printer paper jam") + "&requester=" + id(w.caller) + "&service=" + id(w.payroll) + "&assignee=" + id(w.agent) +
			"&watchers=" + id(w.colleague) + "&watchers=" + id(w.caller)
		for path, most := range map[string]int{
			"/tickets/new?kind=incident":                      1,  // the draft
			"/tickets/new?kind=incident" + query:              14, // and all that is named in it
			"/tickets/new/around?was=incident" + query:        9,
			"/tickets/new/priority?was=incident&impact=1":     0,
			"/tickets/new/routing?was=incident" + query:       4,
			"/tickets/new?kind=request&title=Nothing+like+it": 3,
		} {
			page := me.get(path).want(http.StatusOK)
			if n := w.counter.Load().N(); n > most {
				t.Errorf("%s: %d queries, want at most %d:\n%s", path, n, most, strings.Join(w.counter.Load().Queries(), "\n"))
			}
			if strings.HasSuffix(path, query) && !strings.Contains(path, "routing") {
				if n := page.Find(".s-card").Length(); n != 10 {
					t.Errorf("%s: %d tickets", path, n)
				}
			}
		}
	})
}

func TestTicketIsOpenedForWhomeverTheNameMeans(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		double := []int64{w.Person("Kim Larsson", w.company), w.Person("Kim Larsson", w.customer)}
		me := w.as(t, w.agent)
		page := me.get("/tickets/new?kind=incident")
		for name, want := range map[string]string{
			"Nobody of this name": "Nothing is found for “Nobody of this name”.",
			"Kim Larsson":         "Several are found for “Kim Larsson”: Kim Larsson (Halden), Kim Larsson (Fjord Foods). Write more of the name.",
			"":                    "Say who is asking.",
		} {
			got := me.press(page, "create", url.Values{"requester.text": {name}, "title": {"Noise"}}, nil).want(http.StatusUnprocessableEntity).text("#f-requester-error")
			if got != want && got != strings.Replace(want, "Kim Larsson (Halden), Kim Larsson (Fjord Foods)", "Kim Larsson (Fjord Foods), Kim Larsson (Halden)", 1) {
				t.Errorf("%q: %q", name, got)
			}
		}
		made := w.get(t, me.press(page, "create", url.Values{"requester": {id(double[1])}, "requester.text": {"Kim Larsson"}, "title": {"Noise"}}, nil).number())
		if !slices.Contains(double[1:], made.RequesterID) {
			t.Errorf("opened for %d", made.RequesterID)
		}
	})
}
