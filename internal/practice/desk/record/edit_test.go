package record_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// form is what the form of a value posts when nothing in it is touched.
func form(a *answer, selector string) url.Values {
	a.t.Helper()
	v := url.Values{}
	f := a.Find(selector)
	if f.Length() != 1 {
		a.t.Fatalf("%d forms %s in %s", f.Length(), selector, a.body)
	}
	f.Find("input[name], textarea[name], select[name]").Each(func(_ int, s *goquery.Selection) {
		name, _ := s.Attr("name")
		switch {
		case s.Is("textarea"):
			v.Add(name, s.Text())
		case s.Is("select"):
			value, _ := s.Find("option[selected]").Attr("value")
			v.Add(name, value)
		case s.Is("[type=checkbox], [type=radio]") && !s.Is("[checked]"):
		default:
			value, _ := s.Attr("value")
			v.Add(name, value)
		}
	})
	return v
}

// open gives the form of a value as somebody sees it.
func (b browser) open(tk ticket.Ticket, field string) url.Values {
	b.t.Helper()
	return form(b.get(page(tk)+"/edit/"+field).want(http.StatusOK), "form[action='"+page(tk)+"/edit/"+field+"']")
}

func TestEveryValueIsEditedWhereItStands(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		parent := w.incident(t, "The cause")
		for _, c := range []struct {
			field string
			fill  url.Values
			check func(tk ticket.Ticket) bool
			shown string
		}{
			{"title", url.Values{"value": {" New\ntitle "}}, func(tk ticket.Ticket) bool { return tk.Title == "New title" }, "New title"},
			{"description", url.Values{"value": {"two\r\nlines"}}, func(tk ticket.Ticket) bool { return tk.Description == "two\nlines" }, "lines"},
			{"impact", url.Values{"value": {"1"}}, func(tk ticket.Ticket) bool { return tk.Impact == 1 && tk.Priority == 2 }, "High"},
			{"urgency", url.Values{"value": {"3"}}, func(tk ticket.Ticket) bool { return tk.Urgency == 3 }, "Low"},
			{"priority", url.Values{"value": {"1"}, "reason": {"the director waits"}}, func(tk ticket.Ticket) bool { return tk.Priority == 1 && tk.PriorityReason == "the director waits" }, "Critical"},
			{"service", url.Values{"value": {id(w.payroll)}, "value.text": {"Payroll"}}, func(tk ticket.Ticket) bool { return tk.ServiceID == w.payroll }, "Payroll"},
			{"requester", url.Values{"value": {id(w.colin)}, "value.text": {"Colin Colleagueson"}}, func(tk ticket.Ticket) bool { return tk.RequesterID == w.colin }, "Colin Colleagueson"},
			{"group", url.Values{"value": {id(w.printing)}, "value.text": {"Printing"}}, func(tk ticket.Ticket) bool { return tk.GroupID == w.printing }, "Printing"},
			{"assignee", url.Values{"value": {id(w.lea)}, "value.text": {"Lea Leaderson"}}, func(tk ticket.Ticket) bool { return tk.AssigneeID == w.lea }, "Lea Leaderson"},
			{"tags", url.Values{"value": {"VIP, month end,"}}, func(tk ticket.Ticket) bool { return slices.Equal(tk.Tags, []string{"month-end", "vip"}) }, "month-end"},
			{"parent", url.Values{"value": {parent.Number}, "value.text": {parent.Number + " The cause"}}, func(tk ticket.Ticket) bool { return tk.ParentID == parent.ID }, "The cause"},
			{"watchers", url.Values{"value": {id(w.ben), id(w.lea)}, "value.text": {""}}, func(tk ticket.Ticket) bool { return len(tk.Watchers) == 2 }, "Ben Benchley"},
		} {
			for _, quick := range []bool{false, true} {
				tk := w.incident(t, "Old title")
				b := w.as(t, w.ana)
				b.htmx = quick
				in := b.open(tk, c.field)
				for name, values := range c.fill {
					in[name] = values
				}
				a := b.post(page(tk)+"/edit/"+c.field, in)
				if quick {
					a.want(http.StatusOK)
					a.says("#v-"+c.field, c.shown)
					a.has(0, "form")
					if !strings.Contains(a.header.Get("HX-Trigger"), "ticket-changed") {
						t.Errorf("%s: the page is not told to ask for the rest: %s", c.field, a.header.Get("HX-Trigger"))
					}
				} else {
					a.follow(b).want(http.StatusOK).says("#v-"+c.field, c.shown)
				}
				if now := w.now(t, tk); !c.check(now) {
					t.Errorf("%s (htmx %v) is %+v", c.field, quick, now)
				}
			}
		}
	})
}

func TestKindsOwnFieldsAreEditedByTheirTypes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := must(w.Create(w.As(w.ana), ticket.Create{Kind: "visit", Title: "x", RequesterID: w.carla, Fields: map[string]string{"room": "Blue"}}))(t)
		b := w.as(t, w.ana).quick()
		for field, c := range map[string]struct{ control, value, shown string }{
			"field.room": {"select", "Green", "Green"}, "field.seats": {"input[type=number]", "12", "12"}, "field.day": {"input[type=date]", "2026-03-09", "2026-03-09"},
			"field.tea": {"select", "true", "Yes"}, "field.wishes": {"input[type=text]", "milk", "milk"},
		} {
			a := b.get(page(tk) + "/edit/" + field).want(http.StatusOK)
			a.has(1, c.control+"[name=value]")
			in := b.open(tk, field)
			in.Set("value", c.value)
			b.post(page(tk)+"/edit/"+field, in).want(http.StatusOK).says(".s-value", c.shown)
		}
		in := b.open(tk, "field.room")
		in.Set("value", "")
		wrong := b.post(page(tk)+"/edit/field.room", in).want(http.StatusUnprocessableEntity)
		wrong.says(".s-error", "Room is needed.")
		in = b.open(tk, "field.seats")
		in.Set("value", "many")
		wrong = b.post(page(tk)+"/edit/field.seats", in).want(http.StatusUnprocessableEntity)
		wrong.says(".s-error", "must be a number")
		if got := wrong.value("input[name=value]"); got != "many" {
			t.Errorf("what was typed became %q", got)
		}
	})
}

func TestWrongValueComesBackWithItsErrorAndWhatWasTyped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "Old")
		for _, c := range []struct {
			field, control, typed, error string
			fill                         url.Values
		}{
			{"title", "input[name=value]", "", "Say in a few words", url.Values{"value": {" "}}},
			{"title", "input[name=value]", strings.Repeat("é", 251), "Keep the title under", url.Values{"value": {strings.Repeat("é", 251)}}},
			{"description", "textarea[name=value]", strings.Repeat("x", 1_000_001), "too long", url.Values{"value": {strings.Repeat("x", 1_000_001)}}},
			{"priority", "input[name=reason]", "", "Say why the priority differs", url.Values{"value": {"1"}, "reason": {""}}},
			{"requester", "input[name='value.text']", "Zorro", "Nothing is called “Zorro”", url.Values{"value": {""}, "value.text": {"Zorro"}}},
			{"requester", "input[name='value.text']", "", "Say for whom this is", url.Values{"value": {""}, "value.text": {""}}},
			{"group", "input[name='value.text']", "Print", "Several are called “Print”", url.Values{"value": {id(w.network)}, "value.text": {"Print"}}},
			{"assignee", "input[name='value.text']", "Ben", "Nothing is called “Ben”", url.Values{"value": {""}, "value.text": {"Ben"}}},
			{"parent", "input[name='value.text']", "INC-4711", "no such ticket", url.Values{"value": {""}, "value.text": {"INC-4711"}}},
			{"parent", "input[name='value.text']", tk.Number, "its own ancestor", url.Values{"value": {""}, "value.text": {tk.Number}}},
			{"watchers", "input[name='value.text']", "Nobody", "Nothing is called “Nobody”", url.Values{"value": {id(w.ben)}, "value.text": {"Nobody"}}},
			{"tags", "input[name=value]", strings.Repeat("x", 60), "A tag has at most", url.Values{"value": {strings.Repeat("x", 60)}}},
		} {
			for _, quick := range []bool{false, true} {
				b := w.as(t, w.ana)
				b.htmx = quick
				in := b.open(tk, c.field)
				for name, values := range c.fill {
					in[name] = values
				}
				a := b.post(page(tk)+"/edit/"+c.field, in).want(http.StatusUnprocessableEntity)
				a.says(".s-error", c.error)
				if got := a.value(c.control); got != c.typed {
					t.Errorf("%s: what was typed came back as %.40q", c.field, got)
				}
				a.has(1, "[name='base']")
			}
		}
		if now := w.now(t, tk); now.Version != tk.Version {
			t.Errorf("something wrong was saved: %+v", now)
		}
	})
}

func TestWithoutScriptsWhatIsTypedIntoAComboboxCounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		b := w.as(t, w.ana)
		in := b.open(tk, "group")
		if in.Get("value") != id(w.network) || in.Get("value.text") != "Network" {
			t.Fatalf("the form holds %v", in)
		}
		in.Set("value.text", "printing") // only what is typed changes
		b.post(page(tk)+"/edit/group", in).want(http.StatusSeeOther)
		if now := w.now(t, tk); now.GroupID != w.printing {
			t.Errorf("the group is %d", now.GroupID)
		}
		in = b.open(tk, "group")
		in.Set("value.text", "")
		b.post(page(tk)+"/edit/group", in).want(http.StatusSeeOther)
		if now := w.now(t, tk); now.GroupID != 0 {
			t.Errorf("the emptied group is %d", now.GroupID)
		}
	})
}

func TestChangesOfOtherValuesAreInNobodysWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "Old")
		b := w.as(t, w.ana).quick()
		in := b.open(tk, "title")
		urgent := 1
		must(w.Edit(w.As(w.ben), ticket.ByID(tk.ID), ticket.Edit{Urgency: &urgent}))(t)
		must(w.Reply(w.As(w.ben), ticket.ByID(tk.ID), ticket.PublicReply{Body: "meanwhile"}))(t)
		in.Set("value", "Ana's")
		b.post(page(tk)+"/edit/title", in).want(http.StatusOK).says("h1", "Ana's")
		if now := w.now(t, tk); now.Title != "Ana's" || now.Urgency != 1 {
			t.Errorf("title %q, urgency %d", now.Title, now.Urgency)
		}
	})
}

func TestTwoTextsOfOneValueAreBothShownAndCanBeMerged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, field := range []string{"title", "description"} {
			for _, quick := range []bool{false, true} {
				tk := w.incident(t, "Old")
				b := w.as(t, w.ana)
				b.htmx = quick
				in := b.open(tk, field)
				body := ticket.Markdown("Ben's <b>words</b>")
				title := string(body)
				must(w.Edit(w.As(w.ben), ticket.ByID(tk.ID), ticket.Edit{Title: &title, Description: &body}))(t)
				in.Set("value", "Ana's words")
				a := b.post(page(tk)+"/edit/"+field, in).want(http.StatusConflict)
				a.says("[data-theirs]", "Ben's <b>words</b>")
				if mine := a.value("[name=value]"); mine != "Ana's words" {
					t.Errorf("mine is %q", mine)
				}
				a.says("[role=alert]", "Ben Benchley changed this while you were writing")
				a.has(1, "a:contains('Keep theirs')")
				// Merged by hand and sent again, it is saved over the version that was shown.
				merged := form(a, "form[action$='/edit/"+field+"']")
				merged.Set("value", "Ben's and Ana's words")
				again := b.post(page(tk)+"/edit/"+field, merged)
				if quick {
					again.want(http.StatusOK)
				} else {
					again.want(http.StatusSeeOther)
				}
				if now := w.now(t, tk); now.Get(field) != "Ben's and Ana's words" {
					t.Errorf("%s is %q", field, now.Get(field))
				}
			}
		}
	})
}

func TestConflictThatIsOvertakenAgainIsShownAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "Old")
		b := w.as(t, w.ana).quick()
		in := b.open(tk, "title")
		for _, theirs := range []string{"first", "second"} {
			must(w.Edit(w.As(w.ben), ticket.ByID(tk.ID), ticket.Edit{Title: &theirs}))(t)
			in.Set("value", "mine")
			a := b.post(page(tk)+"/edit/title", in).want(http.StatusConflict)
			a.says("[data-theirs]", theirs)
			in = form(a, "form[action$='/edit/title']")
		}
		b.post(page(tk)+"/edit/title", in).want(http.StatusOK)
	})
}

func TestTwoChoicesOfOneValueAreBothShown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		b := w.as(t, w.ana).quick()
		in := b.open(tk, "group")
		must(w.Edit(w.As(w.ben), ticket.ByID(tk.ID), ticket.Edit{GroupID: &w.supplierTeam}))(t)
		in["value"], in["value.text"] = []string{id(w.printing)}, []string{"Printing"}
		a := b.post(page(tk)+"/edit/group", in).want(http.StatusConflict)
		a.says(".s-conflict", "Printworks field team")
		a.says(".s-conflict", "Printing")
		a.says(".s-conflict", "Ben Benchley changed Group meanwhile")
		b.post(page(tk)+"/edit/group", form(a, ".s-conflict form")).want(http.StatusOK).says("#v-group", "Printing")

		in = b.open(tk, "priority")
		two := 2
		must(w.Edit(w.As(w.ben), ticket.ByID(tk.ID), ticket.Edit{Priority: &two, PriorityReason: "Ben's reason"}))(t)
		in["value"], in["reason"] = []string{"1"}, []string{"Ana's reason"}
		a = b.post(page(tk)+"/edit/priority", in).want(http.StatusConflict)
		a.says(".s-conflict", "High (Ben's reason)")
		a.says(".s-conflict", "Critical (Ana's reason)")
		b.post(page(tk)+"/edit/priority", form(a, ".s-conflict form")).want(http.StatusOK)
		if now := w.now(t, tk); now.PriorityReason != "Ana's reason" {
			t.Errorf("the reason is %q", now.PriorityReason)
		}

		in = b.open(tk, "watchers")
		must(w.SetWatchers(w.As(w.ben), ticket.ByID(tk.ID), 0, []int64{w.lea}))(t)
		in["value"] = []string{id(w.ben)}
		a = b.post(page(tk)+"/edit/watchers", in).want(http.StatusConflict)
		a.says(".s-conflict", "Lea Leaderson")
		a.says(".s-conflict", "Ben Benchley")
	})
}

func TestPriorityFollowsTheMatrixAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		one := 1
		must(w.Edit(w.As(w.ana), ticket.ByID(tk.ID), ticket.Edit{Priority: &one, PriorityReason: "hm"}))(t)
		b := w.as(t, w.ana).quick()
		a := b.get(page(tk) + "/edit/priority").want(http.StatusOK)
		a.says(".s-help", "Set by hand to 1 - Critical")
		in := form(a, "form")
		in.Set("mode", "matrix")
		b.post(page(tk)+"/edit/priority", in).want(http.StatusOK).says("#v-priority", "Moderate")
		w.as(t, w.ana).get(page(tk)).says(".s-timeline", "let the priority follow the matrix again")
	})
}

func TestCancelGivesTheValueBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "Old")
		for _, field := range []string{"title", "description", "group", "tags", "watchers", "parent"} {
			a := w.as(t, w.ana).quick().get(page(tk) + "/values/" + field).want(http.StatusOK)
			a.has(1, "#v-"+field)
			a.has(0, "form")
			plain := w.as(t, w.ana).get(page(tk) + "/values/" + field).want(http.StatusSeeOther)
			if to := plain.header.Get("Location"); !strings.HasPrefix(to, page(tk)) {
				t.Errorf("without scripts it leads to %q", to)
			}
		}
		w.as(t, w.ana).get(page(tk) + "/values/nonsense").want(http.StatusNotFound)
		w.as(t, w.ana).get(page(tk) + "/edit/field.nonsense").want(http.StatusNotFound)
	})
}

func TestWhoMayNotEditIsOfferedNoPencilAndRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		a := w.as(t, w.audrey).get(page(tk)).want(http.StatusOK)
		a.has(0, ".s-value-edit")
		a.has(0, "textarea")
		a.has(0, "#record-actions a, #record-take button")
		w.as(t, w.audrey).get(page(tk) + "/edit/title").want(http.StatusForbidden)
		w.as(t, w.audrey).post(page(tk)+"/edit/title", url.Values{"value": {"mine"}}).want(http.StatusForbidden)
		w.as(t, w.audrey).post(page(tk)+"/take", nil).want(http.StatusForbidden)
		w.as(t, w.audrey).post(page(tk)+"/messages", url.Values{"body": {"x"}}).want(http.StatusForbidden)
		if now := w.now(t, tk); now.Version != tk.Version {
			t.Error("something was saved")
		}
	})
}

func TestWhoGivesATicketAwayIsLedOutOfIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := must(w.Create(w.As(w.ana), ticket.Create{Kind: "incident", Title: "x", RequesterID: w.carla, GroupID: w.supplierTeam}))(t)
		b := w.as(t, w.sam).quick()
		in := b.open(tk, "group")
		in["value"], in["value.text"] = []string{""}, []string{""}
		a := b.post(page(tk)+"/edit/group", in)
		if to := a.header.Get("HX-Redirect"); to != "/queue" {
			t.Errorf("status %d, led to %q", a.status, to)
		}
	})
}
