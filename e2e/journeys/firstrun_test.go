package journeys_test

import (
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// firstRun begins with an empty installation, and ends with a ticket that the
// first teammate works on.
func firstRun(t *testing.T, b browser) {
	s := apptest.Empty(t, database.SQLite)
	code, err := s.Core.Identity.SetupCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := b.open(t, s.URL, "administrator", desktop)
	p.excuse("status of 422")

	p.goTo("/")
	p.arrives("/setup")
	p.lookAtAll(b, "setup")
	p.fill("Setup code", "AAAA-BBBB-CCCC-DDDD")
	p.fill("Your organisation", "Northwind")
	p.fill("Your name", "Ada Lovelace")
	p.fill("Your e-mail", "ada@example.org")
	p.fill("Password", "four words in a row")
	p.press("Create the administrator")
	p.until(`document.querySelector(".s-error, .s-alert")`)
	if got := p.holds("Your name"); got != "Ada Lovelace" {
		t.Errorf("after a wrong code the name is %q", got)
	}
	p.excuse("status of 403")
	p.fill("Setup code", strings.ToLower(code))
	p.fill("Password", "four words in a row")
	p.press("Create the administrator")
	p.reads("My work")
	p.lookAtAll(b, "first-work")

	p.reads("First steps")
	p.press("Add the first group")
	p.fill("Name", "First line")
	p.find("At home in", "north", "Northwind")
	p.press("Add the group")
	group := p.arrives(`/groups/\d+$`)

	p.press("My work")
	p.press("Add the first teammate")
	p.fill("Name", "Grace Hopper")
	p.fill("E-mail", "grace@example.org")
	p.find("Organisation", "north", "Northwind")
	p.press("Add the person")
	p.reads("grace@example.org")
	p.choose("Role", "Agent")
	p.press("Give the role")
	p.reads("Take away")
	p.press("Make a password")
	p.reads("It is shown only now")
	first := value[string](p, `document.querySelector("main code").innerText.trim()`)

	p.goTo(group)
	p.find("Person", "grace", "Grace Hopper")
	p.press("Add member")
	p.reads("Members", "Grace Hopper")

	p.press("My work")
	p.press("Add the first service")
	p.fill("Name", "Payroll")
	p.find("Owner", "ada", "Ada Lovelace")
	p.find("Support group", "first", "First line")
	p.press("Add the service")
	p.reads("Payroll", "First line")

	p.press("My work")
	p.press("Open the first ticket")
	p.find("Requester", "ada", "Ada Lovelace")
	p.fill("Title", "Payslips are empty")
	p.find("Service", "payr", "Payroll")
	p.press("Create")
	ticket := p.arrives(`/tickets/INC-\d+$`)
	p.reads("Payslips are empty", "First line") // its service's support group

	p.press("My work")
	p.reads("Next to take")
	p.readsNo("First steps")

	teammate(t, b, s, first, ticket)
}

// teammate signs in with the password that the administrator was shown, chooses
// another, and finds the ticket.
func teammate(t *testing.T, b browser, s *apptest.System, first, ticket string) {
	p := b.open(t, s.URL, "teammate", desktop)
	p.goTo(ticket)
	p.arrives("/sign-in")
	p.fill("E-mail", "grace@example.org")
	p.fill("Password", first)
	p.press("Sign in")
	p.reads("Choose a password")
	p.lookAtAll(b, "choose-password")
	p.fill("Present password", first)
	p.fill("New password", "another four words")
	p.press("Change password")
	p.until(`!document.querySelector("input[type=password]")`)
	p.settle()
	p.goTo("/profile/password")
	p.lookAtAll(b, "change-password")
	p.goTo("/")
	p.reads("Next to take", "Payslips are empty")
	p.press("Payslips are empty")
	p.arrives(`/tickets/INC-\d+$`)
	p.reads("Ada Lovelace")
}
