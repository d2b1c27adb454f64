package record_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/live"
)

func TestPageShowsTheTicketAndItsConversation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "Printer on floor 3 jams")
		ref := ticket.ByID(tk.ID)
		w.Clock.Advance(time.Hour)
		must(w.Reply(w.As(w.ana), ref, ticket.PublicReply{Body: "Which **tray**?"}))(t)
		must(w.Note(w.As(w.ana), ref, ticket.InternalNote{Body: ticket.Markdown("The fuser again, see " + tk.Number)}))(t)
		must(w.Edit(w.As(w.ana), ref, ticket.Edit{GroupID: &w.printing, AssigneeID: &w.ben}))(t)
		w.Clock.Advance(time.Hour)
		must(w.Transition(w.As(w.ben), ref, ticket.Step{Transition: "hold", Reason: "vendor"}))(t)

		a := w.as(t, w.ana).get(page(tk)).want(http.StatusOK)
		a.says("h1", "Printer on floor 3 jams")
		a.says(".s-record-number", tk.Number)
		a.says("#record-facts", "Awaiting vendor")
		a.says("#v-description", "It eats paper.")
		a.has(1, ".s-entry-message .s-entry-body strong")
		a.says(".s-entry-note", "The fuser again")
		a.says(".s-entry-note .s-entry-private", "Internal note")
		a.has(1, ".s-entry-note a.s-ref[title*='Printer on floor 3 jams']")
		a.says(".s-entry-change", "opened this for Carla Callerson, by phone")
		a.says(".s-timeline", "moved this from Network to Printing and assigned it to Ben Benchley")
		a.says(".s-timeline", "put this on hold: Awaiting vendor")
		a.says("#v-group", "Printing")
		a.says("#v-assignee", "Ben Benchley")
		a.says("#v-requester", "Carla Callerson")
		a.says("#record-around", "Put on hold")
		a.says("#record-around", "The role Agent allows seeing tickets.")
		a.has(1, "[data-copy='"+page(tk)+"']")
		a.says("#priority-why", "because of impact Medium and urgency Medium")
		if title := a.words("title"); !strings.Contains(title, tk.Number) {
			t.Errorf("the window is called %q", title)
		}
		if order := a.words(".s-timeline"); strings.Index(order, "opened this") > strings.Index(order, "put this on hold") {
			t.Error("the newest entry is not last")
		}
	})
}

func TestPageOfHiddenOrMissingTicketIsNotFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		w.as(t, w.colin).get(page(tk)).want(http.StatusNotFound)
		w.as(t, w.ana).get("/tickets/INC-999").want(http.StatusNotFound)
		w.as(t, 0).get(page(tk)).want(http.StatusUnauthorized)
	})
}

func TestRequesterIsSentToThePortal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		must(w.SetWatchers(w.As(w.ana), ticket.ByID(tk.ID), 0, []int64{w.colin}))(t)
		for _, person := range []int64{w.carla, w.colin} {
			a := w.as(t, person).get(page(tk)).want(http.StatusSeeOther)
			if to := a.header.Get("Location"); to != "/portal/tickets/"+tk.Number {
				t.Errorf("sent to %q", to)
			}
			// Not even a part of the page, and no action of it.
			for _, path := range []string{"", "/timeline?before=9", "/now?version=0", "/edit/title", "/values/group", "/steps/cancel", "/links/new", "/texts/1"} {
				if a := w.as(t, person).quick().get(page(tk) + path); a.status != http.StatusForbidden {
					t.Errorf("%s answers %d", path, a.status)
				}
			}
			for _, path := range []string{"/messages", "/draft", "/preview", "/edit/title", "/steps/cancel", "/take", "/watch", "/links", "/links/remove"} {
				if a := w.as(t, person).post(page(tk)+path, nil); a.status != http.StatusForbidden {
					t.Errorf("POST %s answers %d", path, a.status)
				}
			}
		}
	})
}

func TestNumberIsFoundInAnyCase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		w.as(t, w.ana).get("/tickets/" + strings.ToLower(tk.Number)).want(http.StatusOK)
	})
}

func TestTabsShowTheConversationOrTheChangesAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		must(w.Reply(w.As(w.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: "a word"}))(t)
		must(w.Edit(w.As(w.ana), ticket.ByID(tk.ID), ticket.Edit{Tags: &[]string{"vip"}}))(t)
		talk := w.as(t, w.ana).get(page(tk) + "?tab=conversation").want(http.StatusOK)
		talk.has(1, ".s-entry-message")
		talk.has(1, ".s-entry-change") // the opening
		moves := w.as(t, w.ana).get(page(tk) + "?tab=changes").want(http.StatusOK)
		moves.has(0, ".s-entry-message")
		moves.says(".s-timeline", "added the tags vip")
		moves.has(1, ".s-tab[aria-current=page]:contains('Changes')")
	})
}

func TestEarlierEntriesAreAskedForInTurn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		for i := range 95 {
			must(w.Reply(w.As(w.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: ticket.Markdown(fmt.Sprintf("message %03d", i))}))(t)
		}
		a := w.as(t, w.ana).get(page(tk)).want(http.StatusOK)
		seen := a.words(".s-timeline")
		for range 5 {
			next, more := a.Find(".s-more-row [hx-get]").Attr("hx-get")
			if !more {
				break
			}
			plain := w.as(t, w.ana).get(next).want(http.StatusOK)
			plain.says("h1", "x")
			a = w.as(t, w.ana).quick().get(next).want(http.StatusOK)
			seen = a.words("body") + seen
		}
		for i := range 95 {
			if n := strings.Count(seen, fmt.Sprintf("message %03d", i)); n != 1 {
				t.Fatalf("message %d is shown %d times", i, n)
			}
		}
		if !strings.HasPrefix(strings.TrimSpace(seen), "Ana Agentson opened this") && !strings.Contains(seen[:200], "opened this") {
			t.Errorf("it begins with %q", seen[:100])
		}
		w.as(t, w.ana).quick().get(page(tk) + "/timeline?before=x").want(http.StatusUnprocessableEntity)
	})
}

// The bound is on what a page costs however much it shows: with a full timeline,
// links, files, other tickets and references.
func TestPageAsksABoundedNumberOfQueries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "Busy")
		ref := ticket.ByID(tk.ID)
		queries := func() int {
			w.as(t, w.ana).get(page(tk)).want(http.StatusOK)
			return w.counter.Load().N()
		}
		w.as(t, w.ana).get(page(tk)).want(http.StatusOK) // the actor is loaded once
		few := queries()
		for i := range 60 {
			other := w.incident(t, fmt.Sprint("other ", i))
			must(w.Reply(w.As(w.ana), ref, ticket.PublicReply{Body: ticket.Markdown("see " + other.Number + " and [@Ben](person:" + id(w.ben) + ")")}))(t)
			if i%4 == 0 {
				must(w.Link(w.As(w.ana), ref, ticket.RelatedTo, ticket.ByID(other.ID)))(t)
				must(w.Edit(w.As(w.ana), ref, ticket.Edit{GroupID: []*int64{&w.network, &w.printing}[i/4%2], ServiceID: &w.payroll, ParentID: &other.ID}))(t)
			}
		}
		many := queries()
		t.Logf("a new ticket takes %d queries, a busy one %d", few, many)
		if many > 24 {
			t.Errorf("%d queries:\n%s", many, strings.Join(w.counter.Load().Queries(), "\n"))
		}
	})
}

func TestContextShowsWhoAsksAndWhatElseThereIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, err := w.People.Person(w.System(), w.carla)
		if err != nil {
			t.Fatal(err)
		}
		in := p.PersonInput
		in.Phone, in.Email, in.VIP, in.Location = "+47 (0)22 11", "carla@example.com", true, "Oslo, floor 3"
		must(w.People.UpdatePerson(w.System(), w.carla, p.Version, in))(t)
		open := w.incident(t, "Slow laptop")
		done := w.incident(t, "Old matter")
		must(w.Transition(w.As(w.ana), ticket.ByID(done.ID), ticket.Step{Transition: "cancel", Comment: "gone"}))(t)
		must(w.Create(w.As(w.colin), ticket.Create{Kind: "incident", Title: "Payslip missing", ServiceID: w.payroll}))(t)
		tk := must(w.Create(w.As(w.ana), ticket.Create{Kind: "incident", Title: "This one", RequesterID: w.carla, ServiceID: w.payroll}))(t)

		a := w.as(t, w.ana).get(page(tk)).want(http.StatusOK)
		a.has(1, "#record-around a[href='tel:+4702211']")
		a.has(1, "#record-around a[href='mailto:carla@example.com']")
		a.says("#record-around", "Oslo, floor 3")
		a.says("#record-facts", "VIP")
		a.says("#record-around", open.Number+" Slow laptop")
		a.says("#record-around", done.Number+" Old matter")
		a.says("#record-around", "Also open for Payroll")
		a.says("#record-around", "Payslip missing")
		if strings.Contains(a.words("#record-around"), "This one") {
			t.Error("the ticket is listed beside itself")
		}
	})
}

func TestTimesAreToldFromTheTimeline(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		ref := ticket.ByID(tk.ID)
		w.Clock.Advance(30 * time.Minute)
		must(w.Transition(w.As(w.ana), ref, ticket.Step{Transition: "hold", Reason: "vendor"}))(t)
		w.Clock.Advance(2 * time.Hour)
		must(w.Transition(w.As(w.ana), ref, ticket.Step{Transition: "resume"}))(t)
		must(w.Edit(w.As(w.ana), ref, ticket.Edit{GroupID: &w.printing}))(t)
		w.Clock.Advance(time.Hour + 10*time.Minute)
		a := w.as(t, w.ana).get(page(tk)).want(http.StatusOK)
		a.says("#record-around", "In this state for 1 h 10 min")
		a.says("#record-around", "With the group for 1 h 10 min")
		a.says("#record-around", "Put on hold once, 2 h in all")
		a.says("#record-around", "Reassigned once")
	})
}

func TestRatingIsShownWhenGiven(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		ref := ticket.ByID(tk.ID)
		must(w.Transition(w.As(w.ana), ref, ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Cleaned the **rollers**."}))(t)
		minutes := 20
		must(w.Rate(w.As(w.carla), ref, ticket.Rating{Score: 4, MinutesLost: &minutes, Comment: "thanks a lot"}))(t)
		a := w.as(t, w.ana).get(page(tk)).want(http.StatusOK)
		a.says("#record-around", "4 of 5")
		a.says("#record-around", "It cost 20 minutes of work.")
		a.says("#record-around", "thanks a lot")
		a.says(".s-timeline", "resolved this: Solved permanently")
		a.has(1, ".s-timeline .s-entry-message strong:contains(rollers)")
		a.says(".s-timeline", "rated the outcome 4 of 5")
	})
}

func TestOpenPageIsToldWhatChangedAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		ref := ticket.ByID(tk.ID)
		b := w.as(t, w.ana).quick()
		start := w.as(t, w.ana).get(page(tk))
		ask, _ := start.Find("#record-live").Attr("hx-get")
		b.get(ask).want(http.StatusNoContent)
		must(w.Edit(w.As(w.ben), ref, ticket.Edit{Urgency: new(int), Title: nil, Tags: &[]string{"x"}}))
		urgent := 1
		must(w.Edit(w.As(w.ben), ref, ticket.Edit{Urgency: &urgent}))(t)
		must(w.Reply(w.As(w.ben), ref, ticket.PublicReply{Body: "news"}))(t)
		a := b.get(ask).want(http.StatusOK)
		partial := func(target string) string { return "hx-partial[hx-target='" + target + "'] " }
		a.says(partial("#v-urgency:not(.s-value-editing)"), "High")
		a.has(1, partial("#v-urgency:not(.s-value-editing)")+".s-value-changed")
		a.has(0, partial("#v-group:not(.s-value-editing)")+".s-value-changed")
		a.has(1, partial("#timeline")+".s-entry-message.s-fresh")
		a.has(1, partial("#composer input[name=version]")+"input")
		a.has(0, "hx-partial[hx-target='#composer']")
		a.has(0, "textarea")
		next, _ := a.Find(partial("#record-live") + "[hx-get]").Attr("hx-get")
		b.get(next).want(http.StatusNoContent)
		if n := a.Find("hx-partial[hx-target='#timeline'] > li").Length(); n == 0 {
			t.Error("the timeline is told nothing")
		}
	})
}

func TestWhoElseLooksAndTypesIsShownToColleagues(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := must(w.Create(w.As(w.ana), ticket.Create{Kind: "incident", Title: "x", RequesterID: w.carla, GroupID: w.supplierTeam}))(t)
		topic := "desk:" + id(tk.ID)
		leave := w.hub.Presence().Join(topic, live.Person{ID: w.ben, Name: "Ben Benchley"})
		defer leave()
		defer w.hub.Presence().Join(topic, live.Person{ID: w.ana, Name: "Ana Agentson"})()
		a := w.as(t, w.ana).get(page(tk)).want(http.StatusOK)
		a.says("#presence", "also looking: Ben Benchley")
		if strings.Contains(a.words("#presence"), "Ana") {
			t.Error("the reader is shown to themselves")
		}
		a.has(1, "#presence[data-topic='"+topic+"'][data-self='"+id(w.ana)+"']")
		w.as(t, w.ben).post(page(tk)+"/draft", map[string][]string{"kind": {"note"}, "body": {"hm"}}).want(http.StatusNoContent)
		w.as(t, w.ana).get(page(tk)).want(http.StatusOK).says("#presence", "Ben Benchley is typing")

		outside := w.as(t, w.sam).get(page(tk)).want(http.StatusOK)
		outside.has(0, "#presence")
		if live, _ := outside.Find("#live").Attr("hx-sse:connect"); strings.Contains(live, "desk") {
			t.Errorf("the supplier follows %s", live)
		}
	})
}

func TestTopicsAreForThoseWhoMaySee(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := must(w.Create(w.As(w.ana), ticket.Create{Kind: "incident", Title: "x", RequesterID: w.carla, GroupID: w.supplierTeam}))(t)
		allow := map[string]func(person int64, rest string) bool{}
		for _, topic := range w.record.Module().Topics {
			allow[topic.Prefix] = func(person int64, rest string) bool {
				ctx := access.With(t.Context(), access.Actor{})
				if person != 0 {
					ctx = w.As(person)
				}
				return topic.Allow(ctx, rest)
			}
		}
		for person, want := range map[int64][2]bool{w.ana: {true, true}, w.sam: {true, false}, w.carla: {true, false}, w.colin: {false, false}, w.audrey: {true, true}, 0: {false, false}} {
			if got := [2]bool{allow["ticket"](person, id(tk.ID)), allow["desk"](person, id(tk.ID))}; got != want {
				t.Errorf("%d may follow the ticket and its readers: %v, want %v", person, got, want)
			}
		}
		for _, rest := range []string{"", "x", "1", "-5"} {
			if allow["ticket"](w.ana, rest) {
				t.Errorf("ticket:%s may be followed", rest)
			}
		}
	})
}

func TestPageThatWasAwayForLongGetsEveryEntryOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		ask, _ := w.as(t, w.ana).get(page(tk)).Find("#record-live").Attr("hx-get")
		for i := range 60 {
			must(w.Reply(w.As(w.ben), ticket.ByID(tk.ID), ticket.PublicReply{Body: ticket.Markdown(fmt.Sprintf("message %03d", i))}))(t)
		}
		a := w.as(t, w.ana).quick().get(ask).want(http.StatusOK)
		seen := a.words("hx-partial[hx-target='#timeline']")
		for i := range 60 {
			if n := strings.Count(seen, fmt.Sprintf("message %03d", i)); n != 1 {
				t.Fatalf("message %d is told %d times", i, n)
			}
		}
	})
}

func TestWhoHasSentNoLongerTypes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		w.as(t, w.ben).quick().post(page(tk)+"/draft", map[string][]string{"kind": {"note"}, "body": {"do"}}).want(http.StatusNoContent)
		w.as(t, w.ben).quick().post(page(tk)+"/messages", map[string][]string{"kind": {"note"}, "body": {"done"}}).want(http.StatusOK)
		if a := w.as(t, w.ana).get(page(tk)).want(http.StatusOK); strings.Contains(a.words("#presence"), "typing") {
			t.Error(a.words("#presence"))
		}
	})
}
