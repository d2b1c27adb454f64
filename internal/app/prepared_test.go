package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
)

// prepare lets agents write down what they use often.
func prepare(t *testing.T, s *apptest.System) {
	t.Helper()
	lead := s.SignedIn("team_lead")
	var reply cannedReply
	a := api(t, lead, http.MethodPost, "/canned-replies", object{
		"title": "Thanks", "body": "Thank you, {{requester.first_name|there}}!", "audience": "everyone", "attachments": []int64{upload(t, lead, "how-to.txt", "Press it.")},
	}, &reply)
	if a.Status != http.StatusCreated {
		t.Fatal(a.Body)
	}
	about := s.Ticket("requester", "incident", "A question")
	if a := api(t, lead, http.MethodPost, fmt.Sprintf("/canned-replies/%d/use", reply.ID), object{"ticket": about.Number}, nil); a.Status != http.StatusOK {
		t.Fatal(a.Body)
	}
	var m macroShown
	if a := api(t, lead, http.MethodPost, "/macros", holding(s), &m); a.Status != http.StatusCreated {
		t.Fatal(a.Body)
	}
	if a := api(t, lead, http.MethodPost, fmt.Sprintf("/macros/%d/run", m.ID), object{"tickets": []string{about.Number}}, nil); a.Status != http.StatusOK {
		t.Fatal(a.Body)
	}
}
