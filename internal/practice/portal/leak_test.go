package portal_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

// secretWorld is a ticket with everything on it that must not be seen, beside
// one of somebody else.
func secretWorld(t *testing.T, w *world) (internalFile int64) {
	t.Helper()
	mine := w.ask(t, w.asker, "Badge does not open the door")
	other, err := w.tickets.Create(w.As(w.colleague), ticket.Create{Kind: "incident", Title: "Badge othersecret", Description: "othersecret"})
	if err != nil {
		t.Fatal(err)
	}
	up, err := w.tickets.Upload(w.As(w.lead), "notesecret.txt", strings.NewReader("filesecret"))
	if err != nil {
		t.Fatal(err)
	}
	// The lead writes only inside; the agent writes to the requester too.
	if _, err := w.tickets.Note(w.As(w.lead), ticket.ByID(mine.ID), ticket.InternalNote{Body: "Badge notesecret", Attachments: []int64{up.ID}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.tickets.Note(w.As(w.agent), ticket.ByID(mine.ID), ticket.InternalNote{
		Body: ticket.Markdown(fmt.Sprintf("notesecret [@Lea Leaderson](person:%d)", w.lead)),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.tickets.Link(w.As(w.agent), ticket.ByID(mine.ID), ticket.RelatedTo, ticket.ByID(other.ID)); err != nil {
		t.Fatal(err)
	}
	tags, group, priority := []string{"tagsecret"}, w.otherTeam, 1
	if _, err := w.tickets.Edit(w.As(w.agent), ticket.ByID(mine.ID), ticket.Edit{Tags: &tags, GroupID: &group, Priority: &priority, PriorityReason: "prioritysecret"}); err != nil {
		t.Fatal(err)
	}
	group = w.team
	if _, err := w.tickets.Edit(w.As(w.agent), ticket.ByID(mine.ID), ticket.Edit{GroupID: &group, AssigneeID: &w.agent}); err != nil {
		t.Fatal(err)
	}
	w.step(t, mine.Number, ticket.Step{Transition: "hold", Reason: "vendor", Comment: "holdsecret"})
	return up.ID
}

func TestNothingInternalReachesARequester(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		file := secretWorld(t, w)
		addresses := []string{
			"/portal", "/portal/new", "/portal/new?ask=badge+door", "/portal/new/similar?title=badge+notesecret+othersecret",
			"/portal/tickets", "/portal/tickets?show=done", "/portal/tickets?show=followed", "/portal/tickets?q=badge", "/portal/tickets?q=notesecret",
			"/portal/tickets?q=Leaderson", "/portal/tickets/INC-1", "/portal/tickets/INC-1?before=50", "/portal/tickets/INC-1/now?state=x",
			"/portal/tickets/INC-2", fmt.Sprintf("/portal/files/%d", file),
		}
		for _, me := range []browser{w.as(t, w.asker), w.as(t, w.asker).quick()} {
			for _, path := range addresses {
				body := me.get(path).body
				// Their own search words come back to them.
				said := strings.NewReplacer("q=notesecret", "", "“notesecret”", "", `value="notesecret"`, "", "“Leaderson”", "", `value="Leaderson"`, "").Replace(body)
				for _, secret := range []string{"notesecret", "othersecret", "filesecret", "tagsecret", "prioritysecret", "holdsecret", "Leaderson", "Lea ", "Colleagueson", "Agentson", "Network team"} {
					if strings.Contains(said, secret) {
						t.Errorf("%s (htmx %v) tells %q", path, me.htmx, secret)
					}
				}
			}
		}
		w.as(t, w.asker).get("/portal/tickets?q=notesecret").says("main", "Nothing found")
		w.as(t, w.asker).get("/portal/tickets/INC-1").says("#portal-who", "Ana from Workplace team is looking after it.")
		w.as(t, w.asker).get(fmt.Sprintf("/portal/files/%d", file)).want(http.StatusNotFound)
		// Not even to those who read notes elsewhere.
		w.as(t, w.lead).get(fmt.Sprintf("/portal/files/%d", file)).want(http.StatusNotFound)
	})
}

func TestAGuessedNumberAnswersLikeOneThatDoesNotExist(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.ask(t, w.colleague, "Salary letter")
		up, err := w.tickets.Upload(w.As(w.colleague), "letter.txt", strings.NewReader("letter"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.tickets.Reply(w.As(w.colleague), ticket.ByNumber("INC-1"), ticket.PublicReply{Attachments: []int64{up.ID}}); err != nil {
			t.Fatal(err)
		}
		loose, err := w.tickets.Upload(w.As(w.colleague), "loose.txt", strings.NewReader("loose"))
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"body": {"x"}, "comment": {"x"}, "score": {"1"}, "kind": {"reply"}}
		for _, who := range []int64{w.asker, w.agent} { // an agent works at the desk, not here
			me := w.as(t, who)
			same := func(method, real, never string) {
				t.Helper()
				var got [2]string
				for i, path := range []string{real, never} {
					var body io.Reader
					if method == http.MethodPost {
						body = bytes.NewBufferString(form.Encode())
					}
					a := me.do(method, path, "application/x-www-form-urlencoded", body).want(http.StatusNotFound)
					got[i], _, _ = strings.Cut(a.body, "Request ")
				}
				if got[0] != got[1] {
					t.Errorf("%s %s answers\n%s\nand %s\n%s", method, real, got[0], never, got[1])
				}
			}
			same(http.MethodGet, "/portal/tickets/INC-1", "/portal/tickets/INC-999")
			same(http.MethodGet, "/portal/tickets/INC-1/now", "/portal/tickets/INC-999/now")
			for _, step := range []string{"reply", "confirm", "reopen", "cancel", "rating", "draft"} {
				same(http.MethodPost, "/portal/tickets/INC-1/"+step, "/portal/tickets/INC-999/"+step)
			}
			if who == w.agent {
				continue // may see the ticket's files at the desk, but not here
			}
			same(http.MethodGet, fmt.Sprintf("/portal/files/%d", up.ID), "/portal/files/1")
			same(http.MethodGet, fmt.Sprintf("/portal/files/%d", loose.ID), "/portal/files/nonsense")
		}
		w.as(t, w.agent).get(fmt.Sprintf("/portal/files/%d", up.ID)).want(http.StatusNotFound)
	})
}

func TestSomebodyElsesUploadCannotBeSent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.ask(t, w.asker, "Badge")
		loose, err := w.tickets.Upload(w.As(w.colleague), "private.txt", strings.NewReader("private"))
		if err != nil {
			t.Fatal(err)
		}
		me := w.as(t, w.asker)
		refused := me.post("/portal/tickets/INC-1/reply", url.Values{"body": {"mine"}, "attachments": {fmt.Sprint(loose.ID)}}).want(http.StatusUnprocessableEntity)
		if strings.Contains(refused.body, "private.txt") {
			t.Error("its name is told")
		}
		refused.says("#composer textarea", "mine")
	})
}

func TestStrangersAreTurnedAway(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for _, path := range []string{"/portal", "/portal/new", "/portal/tickets", "/portal/tickets/INC-1", "/portal/files/1"} {
			w.as(t, 0).get(path).want(http.StatusUnauthorized)
		}
		supplier := w.Person("Sam Supplierson", w.Organisation("supplier", "Vendor", 0), access.RoleSupplierAgent)
		w.as(t, supplier).get("/portal").want(http.StatusOK)
		w.as(t, supplier).post("/portal/new", url.Values{"kind": {"incident"}, "title": {"x"}}).want(http.StatusForbidden)
	})
}
