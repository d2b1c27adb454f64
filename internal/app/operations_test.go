package app_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

// undoOf finds the undo button of the newest operation.
func undoOf(t *testing.T, c *apptest.Client) string {
	t.Helper()
	action, ok := c.Get("/operations").HTML(t).Find("form[action$='/undo']").First().Attr("action")
	if !ok {
		t.Fatal("nothing can be undone")
	}
	return action
}

func TestManyTicketsAreEditedAndUndone(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		agent := s.SignedIn("agent")
		a, b, solved := s.Ticket("requester", "incident", "Printer one"), s.Ticket("requester", "incident", "Printer two"), s.Ticket("requester", "incident", "Printer three")
		if _, err := s.Core.Tickets.Transition(s.As("agent"), ticket.ByID(solved.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."}); err != nil {
			t.Fatal(err)
		}
		queue := agent.Get("/queue?q=printer").HTML(t)
		if queue.Find("button[formaction='/bulk']").Length() != 1 || queue.Find("input[name=matching][value='printer']").Length() != 1 {
			t.Error("the queue's bar does not lead to the bulk edit")
		}
		ids := []string{fmt.Sprint(a.ID), fmt.Sprint(b.ID), fmt.Sprint(solved.ID)}
		page := agent.Get("/bulk?" + url.Values{"id": ids[:2], "matching": {"printer"}}.Encode())
		expect(t, page, http.StatusOK)
		if n := page.HTML(t).Find("input[name=which]").Length(); n != 2 {
			t.Errorf("%d ways to say which tickets", n)
		}
		form := url.Values{"id": ids[:2], "matching": {"printer"}, "which": {"matching"}, "back": {"/queue?filter=printer"}}
		expect(t, agent.Post("/bulk", form), http.StatusUnprocessableEntity)

		form.Set("transition", "resolve")
		form.Set("resolution_code", "solved")
		form.Set("resolution", "All printers were replaced.")
		form.Set("add_tags", "printer, Big Bang")
		form.Set("impact", "1")
		form.Set("do", "preview")
		preview := agent.Post("/bulk", form)
		expect(t, preview, http.StatusOK)
		words := preview.HTML(t).Find(".s-operation-preview").Text()
		if !strings.Contains(words, "2 tickets will change") || !strings.Contains(words, solved.Number) {
			t.Errorf("the preview says %q", words)
		}
		form.Set("do", "change")
		done := agent.Post("/bulk", form)
		expect(t, done, http.StatusSeeOther)
		shown := agent.Get(done.Header.Get("Location"))
		expect(t, shown, http.StatusOK)
		if words := shown.HTML(t).Find(".s-operation-items").Text(); !strings.Contains(words, "Not changed") {
			t.Errorf("the operation says %q", words)
		}
		now, err := s.Core.Tickets.Get(s.As("agent"), ticket.ByID(a.ID))
		if err != nil || now.State != "resolved" || len(now.Tags) != 2 || now.Impact != 1 {
			t.Errorf("changed to %+v: %v", now, err)
		}
		undo := undoOf(t, agent)
		if a := s.SignedIn("requester").Post(undo, nil); a.Status != http.StatusNotFound {
			t.Errorf("a requester's undo gets %d", a.Status)
		}
		expect(t, agent.Post(undo, nil), http.StatusSeeOther)
		if now, err = s.Core.Tickets.Get(s.As("agent"), ticket.ByID(a.ID)); err != nil || now.State != "new" || len(now.Tags) != 0 || now.Impact != a.Impact {
			t.Errorf("after the undo %+v: %v", now, err)
		}
		expect(t, s.SignedIn("requester").Get("/bulk?id="+ids[0]), http.StatusForbidden)
	})
}

func TestMergeSplitAndConvertByPage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		agent := s.SignedIn("agent")
		a, b := s.Ticket("requester", "incident", "Monitor flickers"), s.Ticket("requester", "incident", "Monitor flickers again")
		dialog := agent.Get("/tickets/" + a.Number + "/merge")
		expect(t, dialog, http.StatusOK)
		if dialog.HTML(t).Find("input[name=with][value='"+b.Number+"']").Length() != 1 {
			t.Error("the merge does not offer the requester's other ticket")
		}
		expect(t, agent.Get("/bulk/merge?id="+fmt.Sprint(a.ID)+"&id="+fmt.Sprint(b.ID)), http.StatusOK)
		expect(t, agent.Post("/tickets/"+a.Number+"/merge", url.Values{"direction": {"into_this"}}), http.StatusUnprocessableEntity)
		expect(t, agent.Post("/tickets/"+a.Number+"/merge", url.Values{"direction": {"into_this"}, "other.text": {a.Number}}), http.StatusUnprocessableEntity)
		expect(t, agent.Post("/tickets/"+a.Number+"/merge", url.Values{"with": {b.Number}, "direction": {"into_this"}}), http.StatusSeeOther)
		if banner := agent.Get("/tickets/" + b.Number).HTML(t).Find("main").Text(); !strings.Contains(banner, "This ticket goes on as "+a.Number) {
			t.Error("the merged ticket does not say where it goes on")
		}
		expect(t, agent.Post(undoOf(t, agent), nil), http.StatusSeeOther)

		if _, err := s.Core.Tickets.Reply(s.As("requester"), ticket.ByID(a.ID), ticket.PublicReply{Body: "And my phone is broken."}); err != nil {
			t.Fatal(err)
		}
		events, err := s.Core.Tickets.Timeline(s.As("agent"), &a, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		seq := fmt.Sprint(events[len(events)-1].Seq)
		form := agent.Get("/tickets/" + a.Number + "/split?seq=" + seq)
		expect(t, form, http.StatusOK)
		if title, _ := form.HTML(t).Find("input[name=title]").Attr("value"); title != "And my phone is broken." {
			t.Errorf("the new ticket would be called %q", title)
		}
		marked, err := s.Core.Tickets.Create(s.As("agent"), ticket.Create{Kind: "incident", Title: "Marked", RequesterID: s.Persons["requester"], Description: "## Since **this morning**\n\nIt beeps."})
		if err != nil {
			t.Fatal(err)
		}
		if got := agent.Get("/tickets/"+marked.Number+"/split?seq=1").HTML(t).Find("input[name=title]").AttrOr("value", ""); got != "Since this morning" {
			t.Errorf("the title of what is split off is offered as %q", got)
		}
		split := url.Values{"seq": {seq}, "kind": {"incident"}, "title": {""}, "requester": {fmt.Sprint(a.RequesterID)}, "description": {"My phone"}}
		expect(t, agent.Post("/tickets/"+a.Number+"/split", split), http.StatusUnprocessableEntity)
		split.Set("title", "Phone is broken")
		expect(t, agent.Post("/tickets/"+a.Number+"/split", split), http.StatusSeeOther)
		expect(t, agent.Get("/tickets/"+a.Number+"/split?seq=99"), http.StatusNotFound)

		expect(t, agent.Get("/tickets/"+a.Number+"/convert"), http.StatusOK)
		expect(t, agent.Post("/tickets/"+a.Number+"/convert", url.Values{"kind": {"incident"}}), http.StatusUnprocessableEntity)
		to := agent.Post("/tickets/"+a.Number+"/convert", url.Values{"kind": {"request"}})
		expect(t, to, http.StatusSeeOther)
		if !strings.HasPrefix(to.Header.Get("Location"), "/tickets/REQ-") {
			t.Errorf("converted to %s", to.Header.Get("Location"))
		}
		if old := agent.Get("/tickets/" + a.Number); old.Header.Get("Location") != to.Header.Get("Location") {
			t.Errorf("the old number leads to %d %s", old.Status, old.Header.Get("Location"))
		}
		requester := s.SignedIn("requester")
		for _, page := range []string{"/merge", "/split?seq=1", "/convert"} {
			if a := requester.Get("/tickets/" + b.Number + page); a.Status != http.StatusForbidden {
				t.Errorf("a requester gets %d on %s", a.Status, page)
			}
		}
	})
}

// TestMergeSplitAndConvertAreSeenBefore: the preview says what moves, who reads it
// and which number goes on, and nothing has happened after it.
func TestMergeSplitAndConvertAreSeenBefore(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		agent := s.SignedIn("agent")
		goesOn, ends, child := s.Ticket("requester", "incident", "Monitor flickers"), s.Ticket("agent", "incident", "Screen is dark"), s.Ticket("requester", "incident", "Second screen")
		if _, err := s.Core.Tickets.Edit(s.As("agent"), ticket.ByID(child.ID), ticket.Edit{ParentID: &ends.ID}); err != nil {
			t.Fatal(err)
		}
		foreign, err := s.Core.Tickets.Create(s.As("agent"), ticket.Create{Kind: "incident", Title: "My screen too", RequesterID: s.Person("Carl Else", "carl@example.org", s.Own)})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(path string, form url.Values, want ...string) {
			t.Helper()
			form.Set("do", "preview")
			a := agent.Post(path, form)
			expect(t, a, http.StatusOK)
			doc := a.HTML(t)
			said := doc.Find("[role=status].s-operation-preview .s-operation-ahead").Text()
			for _, w := range want {
				if !strings.Contains(said, w) {
					t.Errorf("%s does not say %q: %q", path, w, said)
				}
			}
			if doc.Find("button[name=do][value=preview]").Length() != 1 || doc.Find("form button[type=submit]").First().AttrOr("name", "") == "do" {
				t.Error("Enter does not do what the form is for, or the preview cannot be asked for again")
			}
		}
		merge := url.Values{"with": {ends.Number, foreign.Number}, "direction": {"into_this"}}
		ask("/tickets/"+goesOn.Number+"/merge", merge, goesOn.Number+" goes on: Monitor flickers", ends.Number+" ends as “Cancelled”",
			"1 ticket below them moves below "+goesOn.Number, "may not read "+goesOn.Number+" and go on in their own ticket: Carl Else")
		ask("/tickets/"+ends.Number+"/merge", url.Values{"other.text": {goesOn.Number}, "direction": {"into_other"}}, goesOn.Number+" goes on", ends.Number+" ends")
		ask("/tickets/"+goesOn.Number+"/split", url.Values{"seq": {"1"}, "kind": {"incident"}, "title": {"Cable"}, "requester": {fmt.Sprint(goesOn.RequesterID)}, "description": {"x"}},
			"opens for requester person: Cable", goesOn.Number+" stays as it is")
		ask("/tickets/"+goesOn.Number+"/convert", url.Values{"kind": {"request"}}, "begins with REQ", "Its state will be “")
		expect(t, agent.Post("/tickets/"+goesOn.Number+"/merge", url.Values{"other.text": {goesOn.Number}, "direction": {"into_this"}, "do": {"preview"}}), http.StatusUnprocessableEntity)
		expect(t, agent.Post("/tickets/"+goesOn.Number+"/convert", url.Values{"kind": {"incident"}, "do": {"preview"}}), http.StatusUnprocessableEntity)
		expect(t, s.SignedIn("requester").Post("/tickets/"+goesOn.Number+"/merge", merge), http.StatusForbidden)
		for _, tk := range []ticket.Ticket{goesOn, ends, foreign} {
			now, err := s.Core.Tickets.Get(s.As("agent"), ticket.ByID(tk.ID))
			if err != nil || now.Version != tk.Version || now.Kind != tk.Kind {
				t.Errorf("%s was changed by a preview: %+v, %v", tk.Number, now, err)
			}
		}
		if list, _, err := s.Core.Tickets.Operations(s.As("agent"), ticket.OperationQuery{Limit: 5}); err != nil || len(list) != 0 {
			t.Errorf("a preview is listed among what was done: %+v, %v", list, err)
		}
	})
}

// TestMergeSplitAndConvertByJSONAreTriedFirst: a dry run tells what would happen and
// does nothing, and is refused where the operation would be.
func TestMergeSplitAndConvertByJSONAreTriedFirst(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		a, b := s.Ticket("requester", "incident", "Monitor flickers"), s.Ticket("requester", "incident", "Screen is dark")
		path := "/tickets/" + a.Number
		call := func(role string, want int) asked { return asked{t, s.SignedIn(role), want} }
		ahead := func(path string, body object, want string) {
			t.Helper()
			body["dry_run"] = true
			out := call("agent", http.StatusOK).to("POST", path, body, "")
			if out["operation"] != nil || out["number"] != nil || !strings.Contains(fmt.Sprint(out["ahead"]), want) {
				t.Errorf("%s: %v", path, out)
			}
		}
		ahead(path+"/merge", object{"tickets": []string{b.Number}}, b.Number+" ends as")
		ahead(path+"/split", object{"seq": 1, "kind": "incident", "title": "Cable"}, "opens for requester person: Cable")
		ahead(path+"/convert", object{"kind": "request"}, "begins with REQ")
		call("agent", http.StatusUnprocessableEntity).to("POST", path+"/merge", object{"tickets": []string{a.Number}, "dry_run": true}, "")
		call("agent", http.StatusUnprocessableEntity).to("POST", path+"/split", object{"seq": 1, "kind": "incident", "title": "", "dry_run": true}, "title")
		call("agent", http.StatusUnprocessableEntity).to("POST", path+"/convert", object{"kind": "nothing", "dry_run": true}, "kind")
		call("agent", http.StatusNotFound).to("POST", path+"/split", object{"seq": 99, "kind": "incident", "title": "Cable", "dry_run": true}, "")
		call("requester", http.StatusForbidden).to("POST", path+"/merge", object{"tickets": []string{b.Number}, "dry_run": true}, "")
		for _, before := range []ticket.Ticket{a, b} {
			now, err := s.Core.Tickets.Get(s.As("agent"), ticket.ByID(before.ID))
			if err != nil || now.Version != before.Version || now.Kind != before.Kind {
				t.Errorf("a dry run changed %+v, %v", now, err)
			}
		}
		if made := call("agent", http.StatusCreated).to("POST", path+"/split", object{"seq": 1, "kind": "incident", "title": "Cable"}, ""); made["number"] == nil || made["operation"] == nil {
			t.Errorf("%v", made)
		}
	})
}

// TestALargeBulkEditIsAJob changes more tickets than one transaction takes, and
// takes them back.
func TestALargeBulkEditIsAJob(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		ctx := s.As("agent")
		var cmds []ticket.Create
		for i := range ticket.MaxAtOnce + 20 {
			cmds = append(cmds, ticket.Create{Kind: "incident", Title: fmt.Sprintf("Flood %d", i), RequesterID: s.Persons["requester"], Tags: []string{"flood"}})
		}
		for _, made := range s.Core.Tickets.CreateMany(ctx, cmds, true) {
			if made.Err != nil {
				t.Fatal(made.Err)
			}
		}
		if err := s.Core.Jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		agent := s.SignedIn("agent")
		readsGerman(t, agent)
		done := agent.Post("/bulk", url.Values{"which": {"matching"}, "matching": {"tag:flood"}, "urgency": {"1"}, "do": {"change"}})
		expect(t, done, http.StatusSeeOther)
		if !strings.HasPrefix(done.Header.Get("Location"), "/operations/") {
			t.Fatalf("it leads to %s", done.Header.Get("Location"))
		}
		wait := func(want ticket.OperationState) {
			t.Helper()
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for range 3000 {
				list, _, err := s.Core.Tickets.Operations(ctx, ticket.OperationQuery{Limit: 1})
				if err != nil {
					t.Fatal(err)
				}
				if list[0].State == want {
					return
				}
				<-tick.C
			}
			t.Fatalf("it never was %s", want)
		}
		wait(ticket.Done)
		expect(t, agent.Post(undoOf(t, agent), nil), http.StatusSeeOther)
		wait(ticket.Taken)
		list, _, err := s.Core.Tickets.Operations(ctx, ticket.OperationQuery{})
		if err != nil || list[0].Counts[ticket.OutcomeUndone] != len(cmds) {
			t.Errorf("undone %+v, %v", list, err)
		}
		told := func(want int) []notify.Stored {
			t.Helper()
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			var all []notify.Stored
			for range 500 {
				page, err := s.Core.Notices.Inbox(ctx, notify.Query{})
				if err != nil {
					t.Fatal(err)
				}
				all = nil
				for _, l := range page.Lines {
					if l.Subject.Type == "operation" {
						all = append(all, l.Notices...)
					}
				}
				if len(all) == want {
					return all
				}
				<-tick.C
			}
			t.Fatalf("told %+v, want %d", all, want)
			return nil
		}
		said := told(2)
		if said[1].Detail != fmt.Sprintf("%d Tickets sind so, wie Sie es wollten.", len(cmds)) || said[0].Detail != fmt.Sprintf("%d Tickets sind wie zuvor.", len(cmds)) || said[0].Subject.URL != done.Header.Get("Location") {
			t.Errorf("told %+v", said)
		}
		if err := s.Core.Jobs.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

// TestATicketNamedTwiceIsChangedOnce, by whichever of its numbers, and a number
// that nobody has is told once.
func TestATicketNamedTwiceIsChangedOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		agent, tk := s.SignedIn("agent"), s.Ticket("requester", "incident", "No sound")
		named := []string{tk.Number, strings.ToLower(tk.Number), "INC-999999", "inc-999999", tk.Number}
		var dry, done struct {
			Tickets   []struct{ Number string }
			Unknown   []string
			Operation struct{ Counts map[string]int }
		}
		expect(t, api(t, agent, http.MethodPost, "/tickets/bulk-edit", object{"tickets": named, "urgency": 1, "dry_run": true}, &dry), http.StatusOK)
		if len(dry.Tickets) != 1 || len(dry.Unknown) != 1 {
			t.Errorf("the rehearsal names %+v and %v", dry.Tickets, dry.Unknown)
		}
		expect(t, api(t, agent, http.MethodPost, "/tickets/bulk-edit", object{"tickets": named, "urgency": 1, "message": "Once."}, &done), http.StatusOK)
		if len(done.Unknown) != 1 {
			t.Errorf("unknown: %v", done.Unknown)
		}
		list, _, err := s.Core.Tickets.Operations(s.As("agent"), ticket.OperationQuery{Limit: 1})
		if err != nil || len(list) != 1 || list[0].Counts[ticket.OutcomeChanged] != 1 {
			t.Errorf("the operation: %+v, %v", list, err)
		}
		events, err := s.Core.Tickets.Timeline(s.As("agent"), &tk, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		notes := 0
		for _, e := range events {
			if e.Body == "Once." {
				notes++
			}
		}
		if notes != 1 {
			t.Errorf("the message was written %d times", notes)
		}
	})
}

// TestWhatIsSetAsideIsListedOfTicketsOneSees: whoever sees their group's tickets
// alone set one aside that has gone elsewhere since.
func TestWhatIsSetAsideIsListedOfTicketsOneSees(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		var permissions []access.Permission
		for _, verb := range []access.Verb{access.View, access.Edit, access.ReadNotes, access.Note} {
			permissions = append(permissions, access.Permission{Verb: verb, Kind: access.AnyKind, Scope: access.ScopeGroup})
		}
		ctx := s.As("system")
		if _, err := s.Core.Roles.Create(ctx, access.Role{Key: "group_worker", Name: "Works for a group", Permissions: permissions}); err != nil {
			t.Fatal(err)
		}
		s.Persons["group_worker"] = s.Person("Gus Group", "gus@example.org", s.Own)
		if err := errors.Join(s.Core.Roles.GrantToPerson(ctx, s.Persons["group_worker"], "group_worker", 0), s.Core.People.SetMember(ctx, s.Theirs, s.Persons["group_worker"], false)); err != nil {
			t.Fatal(err)
		}
		gus := s.SignedIn("group_worker")
		var tickets []ticket.Ticket
		for _, title := range []string{"Stays theirs", "Goes back"} {
			tk := s.Ticket("requester", "incident", title)
			if _, err := s.Core.Tickets.Edit(s.As("agent"), ticket.ByID(tk.ID), ticket.Edit{GroupID: &s.Theirs}); err != nil {
				t.Fatal(err)
			}
			expect(t, api(t, gus, http.MethodPost, "/tickets/"+tk.Number+"/set-aside", object{"until": time.Now().UTC().AddDate(0, 0, 3).Format(time.RFC3339)}, nil), http.StatusCreated)
			tickets = append(tickets, tk)
		}
		listed := func() []int64 {
			t.Helper()
			var got struct {
				Items []struct {
					TicketID int64 `json:"ticket_id"`
				}
			}
			expect(t, api(t, gus, http.MethodGet, "/set-aside", nil, &got), http.StatusOK)
			var ids []int64
			for _, i := range got.Items {
				ids = append(ids, i.TicketID)
			}
			slices.Sort(ids)
			return ids
		}
		if got := listed(); !slices.Equal(got, []int64{tickets[0].ID, tickets[1].ID}) {
			t.Fatalf("set aside: %v", got)
		}
		if _, err := s.Core.Tickets.Edit(s.As("agent"), ticket.ByID(tickets[1].ID), ticket.Edit{GroupID: &s.Group}); err != nil {
			t.Fatal(err)
		}
		if got := listed(); !slices.Equal(got, []int64{tickets[0].ID}) {
			t.Errorf("with one that its reader lost: %v", got)
		}
	})
}
