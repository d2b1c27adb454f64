package app_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
)

func TestTheStartPageLeadsToWhatANewInstallationLacks(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		open := func(role string) []string {
			var links []string
			for _, a := range s.SignedIn(role).Get("/").HTML(t).Find(".s-first-steps a").EachIter() {
				links = append(links, a.AttrOr("href", ""))
			}
			return links
		}
		if got := open("administrator"); len(got) != 1 || got[0] != "/tickets/new" {
			t.Errorf("all is there but a ticket, and the page leads to %q", got)
		}
		if got := open("agent"); len(got) != 0 {
			t.Errorf("an agent, who cannot set anything up, is led to %q", got)
		}
		s.Ticket("requester", "incident", "The first one")
		if got := open("administrator"); len(got) != 0 {
			t.Errorf("all is there, and the page still leads to %q", got)
		}
	})
}
