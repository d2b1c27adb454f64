package portal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

func TestRequesterAsksAnswersConfirmsAndRates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.asker)
		form := me.get("/portal/new?ask=Payslip+does+not+open").want(http.StatusOK)
		if got, _ := form.Find("input[name=title]").Attr("value"); got != "Payslip does not open" {
			t.Errorf("the text was not carried over: %q", got)
		}
		form.says("form", "Something is broken")
		form.says("select[name=service]", "Payroll")

		sent := me.send("/portal/new", url.Values{
			"kind": {"incident"}, "title": {"Payslip does not open"}, "body": {"Since Monday."}, "once": {"abc"},
			"service": {fmt.Sprint(w.payroll)},
		}, map[string]string{"screen.txt": "error 5"}).redirect(me).want(http.StatusOK)
		sent.says("main", "Your number is INC-1")
		sent.says("main", "Somebody will read it next")
		sent.says("#portal-talk", "Since Monday.")
		sent.says(".s-stepper [aria-current]", "Received")
		file, _ := sent.Find("#portal-talk .s-file a").Attr("href")
		if got := me.get(file).want(http.StatusOK); got.body != "error 5" {
			t.Errorf("the file came back as %q", got.body)
		}

		w.step(t, "INC-1", ticket.Step{Transition: "start"})
		w.step(t, "INC-1", ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which month?", CommentPublic: true})
		home := me.get("/portal").want(http.StatusOK)
		home.says("#waiting", "Payslip does not open")
		if n := home.Find("#waiting .s-card-tone a[href='/portal/tickets/INC-1#composer']").Length(); n != 1 {
			t.Errorf("%d ways to answer", n)
		}
		page := me.get("/portal/tickets/INC-1").want(http.StatusOK)
		page.says("#portal-now", "We are waiting for your answer")
		page.says("#portal-who", "Ana is looking after it.")
		page.says("#portal-talk", "Which month?")

		page = me.send("/portal/tickets/INC-1/reply", url.Values{"body": {"February"}}, map[string]string{"b.txt": "b"}).redirect(me)
		page.says(".s-stepper [aria-current]", "Being worked on")
		page.says("#portal-talk", "February")

		w.resolve(t, "INC-1")
		me.get("/portal").says("#solved", "It works now")
		page = me.post("/portal/tickets/INC-1/reopen", url.Values{"body": {"Still blank"}}).redirect(me)
		page.says(".s-stepper [aria-current]", "Being worked on")
		w.resolve(t, "INC-1")
		page = me.post("/portal/tickets/INC-1/confirm", nil).redirect(me)
		page.says(".s-state", "Closed")
		me.get("/portal").says("#done", "Rate how it went")
		page = me.post("/portal/tickets/INC-1/rating", url.Values{"score": {"4"}, "minutes_lost": {"30"}, "comment": {"Quick"}}).redirect(me)
		page.says("#rating", "4 of 5")
		if got, _ := page.Find("input[name=minutes_lost]").Attr("value"); got != "30" {
			t.Errorf("minutes lost came back as %q", got)
		}
		if n := me.get("/portal").Find("#solved, #done").Length(); n != 0 {
			t.Error("what was rated is asked for again")
		}
	})
}

func TestSendingTwiceOpensOneTicket(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.asker)
		form := url.Values{"kind": {"request"}, "title": {"A headset"}, "once": {"k1"}}
		first := me.post("/portal/new", form).want(http.StatusSeeOther).header.Get("Location")
		if again := me.post("/portal/new", form).want(http.StatusSeeOther).header.Get("Location"); again != first {
			t.Errorf("%s and then %s", first, again)
		}
		form.Set("title", "Two headsets")
		other := me.post("/portal/new", form).want(http.StatusUnprocessableEntity)
		other.says("form", "You have already sent this")
		once, _ := other.Find("input[name=once]").Attr("value")
		form.Set("once", once)
		if second := me.post("/portal/new", form).want(http.StatusSeeOther).header.Get("Location"); second == first {
			t.Error("a second, different request was swallowed")
		}
	})
}

func TestWrongFormComesBackWithWhatWasTyped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for _, me := range []browser{w.as(t, w.asker), w.as(t, w.asker).quick()} {
			bad := me.send("/portal/new", url.Values{"title": {" "}, "body": {"All of it"}, "once": {"x"}}, map[string]string{"a.txt": "aaa"}).
				want(http.StatusUnprocessableEntity)
			bad.says("#f-kind-field .s-error", "Choose what it is")
			bad.says("textarea[name=body]", "All of it")
			bad.says(".s-files", "a.txt")
			token, _ := bad.Find("input[name=attachments]").Attr("value")
			bad = me.post("/portal/new", url.Values{"kind": {"incident"}, "title": {""}, "body": {"All of it"}, "attachments": {token}}).
				want(http.StatusUnprocessableEntity)
			bad.says("#f-title-field .s-error", "Say in a few words")
			bad.says(".s-files", "a.txt")
			if whole := bad.Find("nav").Length() > 0; whole == me.htmx {
				t.Errorf("htmx %v got the whole page: %v", me.htmx, whole)
			}
			big := me.send("/portal/new", url.Values{"kind": {"incident"}, "title": {"Big"}, "body": {"kept"}}, map[string]string{"big.txt": strings.Repeat("x", 2000)}).
				want(http.StatusUnprocessableEntity)
			big.says("#f-files-field .s-error", "big.txt")
			big.says("textarea[name=body]", "kept")
		}
	})
}

func TestDraftSurvivesUntilItIsSent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.asker)
		me.post("/portal/new/draft", url.Values{"kind": {"request"}, "title": {"New chair"}, "body": {"Mine squeaks"}}).says("body", "Draft saved")
		me.get("/portal").says("main", "have not sent it yet")
		form := me.get("/portal/new")
		form.says("textarea[name=body]", "Mine squeaks")
		form.says("#portal-restored", "what you started writing")
		if got := form.Find("input[value=request][checked]").Length(); got != 1 {
			t.Error("the choice is lost")
		}
		if n := w.as(t, w.colleague).get("/portal/new").Find("#portal-restored").Length(); n != 0 {
			t.Error("somebody else's draft")
		}
		me.post("/portal/new", url.Values{"kind": {"request"}, "title": {"New chair"}, "once": {"d"}}).want(http.StatusSeeOther)
		if n := me.get("/portal/new").Find("#portal-restored").Length(); n != 0 {
			t.Error("what was sent is still a draft")
		}
		me.post("/portal/tickets/REQ-1/draft", url.Values{"body": {"One more"}, "kind": {"reply"}}).want(http.StatusNoContent)
		me.get("/portal/tickets/REQ-1").says("#composer textarea", "One more")
		me.post("/portal/tickets/REQ-1/reply", url.Values{"body": {"One more thing"}}).redirect(me)
		if got := me.get("/portal/tickets/REQ-1").words("#composer textarea"); got != "" {
			t.Errorf("after sending the box says %q", got)
		}
	})
}

func TestFormsOfATicketKeepTheirTextWhenRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.asker).quick()
		w.ask(t, w.asker, "Slow laptop")
		me.post("/portal/tickets/INC-1/reply", url.Values{"body": {" "}}).want(http.StatusUnprocessableEntity).says("#composer .s-error", "Write something")
		bad := me.post("/portal/tickets/INC-1/cancel", url.Values{"comment": {""}}).want(http.StatusUnprocessableEntity)
		bad.says("#cancel .s-error", "Say why")
		if _, open := bad.Find("#cancel").Attr("open"); !open {
			t.Error("the error is folded away")
		}
		me.post("/portal/tickets/INC-1/confirm", nil).want(http.StatusConflict).says("#portal-answers", "changed in the meantime")
		w.resolve(t, "INC-1")
		me.post("/portal/tickets/INC-1/reopen", url.Values{"body": {""}}).want(http.StatusUnprocessableEntity).says("#composer .s-error", "Say why")
		bad = me.post("/portal/tickets/INC-1/rating", url.Values{"minutes_lost": {"-5"}, "comment": {"hm"}}).want(http.StatusUnprocessableEntity)
		bad.says("#rating", "Choose one to five")
		bad.says("#rating", "Give the time lost in minutes")
		bad.says("#rating-comment", "hm")
		me.post("/portal/tickets/INC-1/rating", url.Values{"score": {"5"}, "minutes_lost": {"a while"}}).want(http.StatusUnprocessableEntity).says("#rating", "Give whole minutes")
		w.as(t, w.asker).post("/portal/tickets/INC-1/confirm", nil).want(http.StatusSeeOther)
		w.Clock.Advance(60 * 24 * time.Hour)
		late := me.get("/portal/tickets/INC-1")
		if late.Find("#composer").Length() != 0 {
			t.Error("a reopening is offered that would be refused")
		}
		late.says("#portal-answers", "Ask about something new")
	})
}

func TestCancelledTicketSaysSo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.asker)
		w.ask(t, w.asker, "New badge")
		page := me.post("/portal/tickets/INC-1/cancel", url.Values{"comment": {"Found the old one"}}).redirect(me)
		page.says(".s-step-stopped", "Cancelled")
		page.says("#portal-talk", "Found the old one")
		me.get("/portal/tickets?show=done").says(".s-cards", "New badge")
	})
}

func TestSuggestsOwnOpenTicketsWhileTyping(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.ask(t, w.asker, "Printer on floor 3 jams")
		w.ask(t, w.colleague, "Printer on floor 3 is out of toner")
		for _, who := range []int64{w.asker, w.lead} { // the lead sees everything elsewhere
			got := w.as(t, who).quick().get("/portal/new/similar?title=printer+floor+3").want(http.StatusOK)
			if strings.Contains(got.body, "toner") {
				t.Error("somebody else's ticket is suggested")
			}
			if n := got.Find(".s-card").Length(); (n == 1) != (who == w.asker) {
				t.Errorf("%d suggestions", n)
			}
		}
	})
}

func TestListsGoOnByKeysetAndSearchFindsOwnTickets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.asker)
		for i := range 30 {
			w.ask(t, w.asker, fmt.Sprintf("Thing a%d", i))
			w.Clock.Advance(time.Minute)
		}
		w.ask(t, w.colleague, "Thing of a colleague")
		first := me.get("/portal/tickets").want(http.StatusOK)
		if n := first.Find(".s-card").Length(); n != 25 {
			t.Fatalf("%d on the first page", n)
		}
		more, _ := first.Find(".s-load-more").Attr("href")
		rest := me.quick().get(more).want(http.StatusOK)
		if n := rest.Find(".s-card").Length(); n != 5 || rest.Find("nav").Length() != 0 {
			t.Errorf("%d on the second page", n)
		}
		me.get(more).says("main", "Back to the newest")

		found := me.get("/portal/tickets?q=" + url.QueryEscape(`thing: "a17" (`)).want(http.StatusOK)
		if n := found.Find(".s-card").Length(); n != 1 {
			t.Errorf("found %d", n)
		}
		me.get("/portal/tickets?q=inc-3").says(".s-cards", "Thing a2")
		me.get("/portal/tickets?q=colleague").says("main", "Nothing found")
		me.get("/portal/tickets?q=" + url.QueryEscape("!!")).want(http.StatusOK)
		me.get("/portal/tickets?after=nonsense").want(http.StatusUnprocessableEntity)
		w.as(t, w.lead).get("/portal/tickets").says("main", "Nothing is open")
	})
}

func TestFollowersReadAndWriteButDecideNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.ask(t, w.asker, "Beamer in room 5")
		if _, err := w.tickets.SetWatchers(w.As(w.agent), ticket.ByNumber("INC-1"), 0, []int64{w.colleague}); err != nil {
			t.Fatal(err)
		}
		them := w.as(t, w.colleague)
		them.get("/portal").says("#followed", "Beamer in room 5")
		them.get("/portal/tickets?show=followed").says(".s-cards", "Beamer")
		page := them.post("/portal/tickets/INC-1/reply", url.Values{"body": {"Same here"}}).redirect(them)
		page.says("#portal-talk", "Same here")
		page.says("#portal-answers", "Asked byMira")
		w.as(t, w.asker).get("/portal/tickets/INC-1").says("#portal-talk", "Colin")
		w.resolve(t, "INC-1")
		page = them.get("/portal/tickets/INC-1")
		for _, s := range []string{"#confirm", "#composer", "#rating", "#cancel"} {
			if page.Find(s).Length() != 0 {
				t.Errorf("a follower is offered %s", s)
			}
		}
		for _, step := range []string{"confirm", "reopen", "cancel"} {
			them.post("/portal/tickets/INC-1/"+step, url.Values{"body": {"x"}, "comment": {"x"}}).want(http.StatusConflict)
		}
		them.post("/portal/tickets/INC-1/rating", url.Values{"score": {"1"}}).want(http.StatusForbidden)
	})
}

func TestOpenPageFollowsWhatHappens(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.asker).quick()
		made := w.ask(t, w.asker, "Beamer in room 5")
		page := w.as(t, w.asker).get("/portal/tickets/INC-1")
		if !strings.Contains(page.body, fmt.Sprintf("ticket:%d", made.ID)) {
			t.Error("the page does not follow its ticket")
		}
		address, _ := page.Find("[hx-trigger*='ticket-changed']").Attr("hx-get")
		still := me.get(address).want(http.StatusOK)
		if still.Find("#portal-answers").Length() != 0 || still.Find("#portal-now").Length() != 1 {
			t.Error("a page that did not move on is replaced whole")
		}
		w.resolve(t, "INC-1")
		moved := me.get(address).want(http.StatusOK)
		if moved.header.Get("HX-Retarget") != "#portal-ticket" || moved.Find("#confirm").Length() != 1 {
			t.Errorf("a page that moved on: %v", moved.header)
		}
		lists := me.get("/portal")
		if lists.Find("#portal-lists").Length() != 1 || lists.Find("nav").Length() != 0 {
			t.Error("the first page's lists are not given by themselves")
		}
	})
}

func TestNoPageSpeaksOfItil(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.asker)
		w.ask(t, w.asker, "Beamer in room 5")
		w.ask(t, w.asker, "Screen flickers")
		w.step(t, "INC-1", ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which?", CommentPublic: true})
		w.resolve(t, "INC-2")
		for _, path := range []string{"/portal", "/portal/new", "/portal/tickets", "/portal/tickets?show=done", "/portal/tickets/INC-1", "/portal/tickets/INC-2"} {
			page := me.get(path).want(http.StatusOK)
			page.Find("#client-text").Remove() // texts of scripts for all pages
			said := strings.ToLower(page.words("main"))
			for _, word := range []string{"incident", "service request", "problem", "change request", "priority", "impact", "urgency", "assign", "resolve", "queue", "category", "in_progress", "on_hold", "caller", "requester", "escalat", "sla"} {
				if strings.Contains(said, word) {
					t.Errorf("%s says %q: %s", path, word, said)
				}
			}
		}
	})
}

func TestEveryFieldHasALabelAndEveryIDIsUsedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.asker)
		w.ask(t, w.asker, "Beamer in room 5")
		w.ask(t, w.asker, "Screen flickers")
		w.resolve(t, "INC-2")
		for _, path := range []string{"/portal", "/portal/new?ask=beamer+room", "/portal/tickets", "/portal/tickets/INC-1", "/portal/tickets/INC-2"} {
			page := me.get(path).want(http.StatusOK)
			seen := map[string]bool{}
			page.Find("main [id]").Each(func(_ int, s *goquery.Selection) {
				id, _ := s.Attr("id")
				if seen[id] {
					t.Errorf("%s: id %s is used twice", path, id)
				}
				seen[id] = true
			})
			page.Find("main input:not([type=hidden]), main textarea, main select").Each(func(_ int, s *goquery.Selection) {
				id, _ := s.Attr("id")
				_, named := s.Attr("aria-label")
				if !named && s.Closest("label").Length() == 0 && page.Find(fmt.Sprintf("label[for='%s']", id)).Length() == 0 {
					html, _ := goquery.OuterHtml(s)
					t.Errorf("%s: no label for %s", path, html)
				}
			})
			if n := page.Find("main h1").Length(); n != 1 {
				t.Errorf("%s has %d headings", path, n)
			}
		}
	})
}

func TestPagesAskTheDatabaseABoundedNumberOfTimes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.asker)
		for i := range 12 {
			made := w.ask(t, w.asker, fmt.Sprintf("Printer %d jams", i))
			if i%3 == 0 {
				w.resolve(t, made.Number)
			}
			if _, err := w.tickets.Reply(w.As(w.agent), ticket.ByID(made.ID), ticket.PublicReply{Body: "We look."}); err != nil {
				t.Fatal(err)
			}
		}
		for path, most := range map[string]int{
			"/portal":                                9,
			"/portal/new?ask=printer+jams":           8,
			"/portal/tickets":                        4,
			"/portal/tickets?q=jams":                 4,
			"/portal/tickets/INC-1":                  9,
			"/portal/tickets/INC-2":                  9,
			"/portal/new/similar?title=printer+jams": 6,
		} {
			me.get(path).want(http.StatusOK)
			if c := w.counter.Load(); c.N() > most {
				t.Errorf("%s: %d queries, at most %d:\n%s", path, c.N(), most, strings.Join(c.Queries(), "\n"))
			}
		}
	})
}
