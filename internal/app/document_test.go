package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/document"
)

// documents makes them as the program does.
func documents(s *apptest.System) document.Deps {
	c := s.Core
	return document.Deps{DB: c.DB, Tickets: c.Tickets, Names: c.People, Services: c.Services, Now: c.Now}
}

func TestPublicDocumentHoldsNothingInternal(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		inc := s.Ticket("requester", "incident", "No sound")
		agent, at := s.As("agent"), ticket.ByID(inc.ID)
		must := func(_ ticket.Ticket, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(s.Core.Tickets.Note(agent, at, ticket.InternalNote{Body: "a secret note"}))
		must(s.Core.Tickets.Reply(agent, at, ticket.PublicReply{Body: "a kind word"}))
		must(s.Core.Tickets.Edit(agent, at, ticket.Edit{Tags: &[]string{"secret-tag"}}))
		for _, role := range []string{"agent", "requester"} {
			p, err := documents(s).PublicOf(s.As(role), at)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, e := range p.Entries {
				said = append(said, e.Text)
			}
			for _, f := range p.Facts {
				said = append(said, f.Value)
			}
			if all := strings.Join(said, "\n"); strings.Contains(all, "secret") || !strings.Contains(all, "a kind word") {
				t.Errorf("the %s's public document says %q", role, all)
			}
		}
		i, err := documents(s).InternalOf(agent, at)
		if err != nil || !slices.ContainsFunc(i.Entries, func(e document.InternalEntry) bool { return e.Note && e.Text == "a secret note" }) {
			t.Errorf("the internal document: %+v, %v", i.Entries, err)
		}
	})
}

func TestDocumentsAreGivenToThoseWhoMayReadThem(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		inc := s.Ticket("requester", "incident", "No sound 没有声音")
		desk, portal := "/tickets/"+inc.Number+"/document/", "/portal/tickets/"+inc.Number+"/document"
		for _, c := range []struct {
			role, path string
			want       int
		}{
			{"agent", desk + "public", http.StatusOK},
			{"agent", desk + "internal", http.StatusOK},
			{"agent", desk + "other", http.StatusNotFound},
			{"agent", portal, http.StatusNotFound},
			{"requester", portal, http.StatusOK},
			{"requester", desk + "internal", http.StatusForbidden},
			{"other", portal, http.StatusNotFound},
			{"other", desk + "public", http.StatusNotFound},
			{"supplier_agent", desk + "internal", http.StatusNotFound},
			{"agent", "/api/v1/tickets/" + inc.Number + "/document?version=internal", http.StatusOK},
			{"requester", "/api/v1/tickets/" + inc.Number + "/document?version=internal", http.StatusForbidden},
			{"requester", "/api/v1/tickets/" + inc.Number + "/document", http.StatusOK},
		} {
			a := s.SignedIn(c.role).Get(c.path)
			if a.Status != c.want || c.want == http.StatusOK && !strings.HasPrefix(a.Body, "%PDF-") {
				t.Errorf("%s of %s: %d %.60q", c.path, c.role, a.Status, a.Body)
			}
			if a.Status == http.StatusOK && !strings.Contains(a.Header.Get("Content-Disposition"), inc.Number) {
				t.Errorf("%s is called %q", c.path, a.Header.Get("Content-Disposition"))
			}
		}
	})
}

// TestADocumentNamesThingsAsTheyWereCalled: a ticket that became one of another
// kind keeps the names of the states and fields it had before.
func TestADocumentNamesThingsAsTheyWereCalled(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		c := s.Core
		incident, err := c.Kinds.Get("incident")
		if err != nil {
			t.Fatal(err)
		}
		edited := *incident
		edited.Fields = append(slices.Clone(incident.Fields), workflow.Field{Key: "cause", Label: "Root of the evil", Type: workflow.Text})
		edited.States = slices.Clone(incident.States)
		hold := slices.IndexFunc(edited.States, func(st workflow.State) bool { return st.Category == workflow.Waiting })
		edited.States[hold].Label = "Parked by us"
		if err := c.DB.Write(t.Context(), func(tx *database.Tx) error {
			return c.Kinds.Save(t.Context(), tx, &edited, incident.Version, 0, c.Now())
		}); err != nil {
			t.Fatal(err)
		}
		agent := s.As("agent")
		inc := s.Ticket("requester", "incident", "No sound")
		at := ticket.ByID(inc.ID)
		if _, err := c.Tickets.Edit(agent, at, ticket.Edit{Fields: map[string]string{"cause": "A mouse"}}); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"start", "hold", "resume"} {
			step := ticket.Step{Transition: key}
			if key == "hold" {
				step.Reason = "vendor"
			}
			if _, err := c.Tickets.Transition(agent, at, step); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Tickets.Convert(agent, at, ticket.Conversion{Kind: "request"}); err != nil {
			t.Fatal(err)
		}
		i, err := documents(s).InternalOf(agent, at)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range i.Entries {
			all = append(all, e.Changes...)
		}
		said := strings.Join(all, "\n")
		for _, want := range []string{"Root of the evil: – → A mouse", "→ Parked by us", "Kind: Incident → Request", "Number: " + inc.Number + " → "} {
			if !strings.Contains(said, want) {
				t.Errorf("the document does not say %q:\n%s", want, said)
			}
		}
		p, err := documents(s).PublicOf(s.As("requester"), at)
		if err != nil || slices.ContainsFunc(p.Entries, func(e document.PublicEntry) bool {
			return e.Step == "" && e.Text == "" && len(e.Files) == 0 && e.At.After(inc.CreatedAt)
		}) {
			t.Errorf("the public document has entries without a word: %+v, %v", p.Entries, err)
		}
	})
}
