package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

// follow opens a stream as the person of a role and gives the keys of its events.
func follow(t *testing.T, s *apptest.System, role string, topics ...string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/live?topic="+strings.Join(topics, "&topic="), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(s.SignedIn(role).Cookie())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	keys := make(chan string, 100)
	go func() {
		defer close(keys)
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			text, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			var data struct{ Key string }
			if json.Unmarshal([]byte(text), &data) == nil && data.Key != "" {
				keys <- data.Key
			}
		}
	}()
	return keys
}

func TestAnInternalNoteIsNotHeardByTheRequester(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		inc := s.Ticket("requester", "incident", "The lamp flickers")
		topic := fmt.Sprintf("ticket:%d", inc.ID)
		theirs := follow(t, s, "requester", topic, fmt.Sprintf("person:%d", s.Persons["requester"]))
		ours := follow(t, s, "agent", topic, fmt.Sprintf("desk:%d", inc.ID))
		if _, err := s.Core.Tickets.Note(s.As("agent"), ticket.ByID(inc.ID), ticket.InternalNote{Body: "again?"}); err != nil {
			t.Fatal(err)
		}
		if got := <-ours; got != fmt.Sprint(inc.ID) {
			t.Errorf("the agent heard of %q", got)
		}
		// What comes last shows that nothing came before it.
		last := s.Ticket("requester", "incident", "Another lamp")
		if got := <-theirs; got != fmt.Sprint(last.ID) {
			t.Errorf("the requester heard of %q", got)
		}
	})
}

func TestStreamsOfOtherPeoplesTicketsAreRefused(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		inc := s.Ticket("requester", "incident", "The lamp flickers")
		for _, topic := range []string{fmt.Sprintf("ticket:%d", inc.ID), fmt.Sprintf("desk:%d", inc.ID), "queue", "import:1", fmt.Sprintf("person:%d", s.Persons["requester"]), "nothing:1"} {
			if a := s.SignedIn("other").Get("/live?topic=" + topic); a.Status == http.StatusOK {
				t.Errorf("a stranger follows %s", topic)
			}
		}
	})
}
