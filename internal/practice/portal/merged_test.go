package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// TestAMergedTicketGoesOnInThePortal follows two people whose tickets became one:
// each reads the answers, and nothing that the other wrote.
func TestAMergedTicketGoesOnInThePortal(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		target := w.ask(t, w.asker, "Door is locked targetsecret")
		source := w.ask(t, w.colleague, "Door is stuck sourcesecret")
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		merged, err := w.tickets.Merge(w.As(w.agent), ticket.ByID(target.ID), []ticket.Ref{ticket.ByID(source.ID)})
		check(err)
		theirs, mine := w.as(t, w.colleague), w.as(t, w.asker)

		page := theirs.get("/portal/tickets/" + source.Number).want(http.StatusOK)
		page.says("#portal-now", "This goes on as "+target.Number)
		theirs.get("/portal/tickets/" + target.Number).want(http.StatusNotFound)
		theirs.post("/portal/tickets/"+source.Number+"/reply", url.Values{"body": {"replysecret of the colleague"}}).redirect(theirs).says("#portal-talk", "replysecret")
		_, err = w.tickets.Reply(w.As(w.asker), ticket.ByID(target.ID), ticket.PublicReply{Body: "askersecret"})
		check(err)
		_, err = w.tickets.Reply(w.As(w.agent), ticket.ByID(target.ID), ticket.PublicReply{Body: "The locksmith is on the way."})
		check(err)
		w.resolve(t, target.Number)

		page = theirs.get("/portal/tickets/" + source.Number).want(http.StatusOK)
		page.says("#portal-talk", "The locksmith is on the way.")
		page.says(".s-state", "Solved")
		for _, secret := range []string{"askersecret", "targetsecret"} {
			if strings.Contains(page.body, secret) {
				t.Errorf("the colleague reads %q", secret)
			}
		}
		page = mine.get("/portal/tickets/" + target.Number).want(http.StatusOK)
		page.says("#portal-talk", "The locksmith is on the way.")
		for _, secret := range []string{"replysecret", "sourcesecret", source.Number} {
			if strings.Contains(page.body, secret) {
				t.Errorf("the asker reads %q", secret)
			}
		}

		_, err = w.tickets.Undo(w.As(w.agent), merged.ID)
		check(err)
		page = theirs.get("/portal/tickets/" + source.Number).want(http.StatusOK)
		page.says(".s-state", "Received")
		if page.Find("#portal-now .s-alert").Length() != 0 {
			t.Error("it still says that it goes on elsewhere")
		}
	})
}

// TestOwnMergedTicketsAreReadAsOne merges two tickets of one person.
func TestOwnMergedTicketsAreReadAsOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		target, source := w.ask(t, w.asker, "Door is locked"), w.ask(t, w.asker, "Door is stuck")
		if _, err := w.tickets.Reply(w.As(w.asker), ticket.ByID(source.ID), ticket.PublicReply{Body: "It is the blue one."}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tickets.Merge(w.As(w.agent), ticket.ByID(target.ID), []ticket.Ref{ticket.ByID(source.ID)}); err != nil {
			t.Fatal(err)
		}
		me := w.as(t, w.asker)
		me.get("/portal/tickets/"+target.Number).want(http.StatusOK).says("#portal-talk", "It is the blue one.")
		page := me.get("/portal/tickets/" + source.Number).want(http.StatusOK)
		if page.Find("#portal-now a[href='/portal/tickets/"+target.Number+"']").Length() != 1 {
			t.Error("no way to the ticket in which it goes on")
		}
	})
}

// TestAMergedTicketStaysAmongTheOpenOnesWhileItGoesOn, for somebody who may see the
// other one and for somebody who may not.
func TestAMergedTicketStaysAmongTheOpenOnesWhileItGoesOn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		last, target := w.ask(t, w.asker, "No door opens targetsecret"), w.ask(t, w.asker, "Door is locked")
		theirs, own := w.ask(t, w.colleague, "Door is stuck"), w.ask(t, w.asker, "The blue door")
		merge := func(into ticket.Ticket, sources ...ticket.Ticket) {
			t.Helper()
			for _, s := range sources {
				if _, err := w.tickets.Merge(w.As(w.agent), ticket.ByID(into.ID), []ticket.Ref{ticket.ByID(s.ID)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		merge(target, theirs, own)
		merge(last, target) // a chain: it is followed to its end
		for person, source := range map[int64]ticket.Ticket{w.colleague: theirs, w.asker: own} {
			me := w.as(t, person)
			for _, path := range []string{"/portal", "/portal/tickets"} {
				page := me.get(path).want(http.StatusOK)
				page.says("main", source.Title)
				page.says("main", "Goes on as "+last.Number)
				if person == w.colleague && strings.Contains(page.body, "targetsecret") {
					t.Errorf("%s tells the title of a ticket that its reader may not see", path)
				}
			}
			if text := me.get("/portal/tickets?show=done").want(http.StatusOK).Find("main").Text(); strings.Contains(text, source.Title) {
				t.Error("it is among the done ones")
			}
		}
		w.resolve(t, last.Number)
		me := w.as(t, w.colleague)
		if text := me.get("/portal/tickets").want(http.StatusOK).Find("main").Text(); strings.Contains(text, theirs.Title) {
			t.Error("it is open though it goes on in one that is solved")
		}
		me.get("/portal/tickets?show=done").want(http.StatusOK).says("main", "Goes on as "+last.Number)
	})
}
