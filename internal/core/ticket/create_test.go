package ticket_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func TestNewTicketTakesDefaultsAndIsRouted(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		got := must(d.Create(d.as(d.carla), ticket.Create{
			Kind: "incident", Title: "  Payslip\nis\tempty ", Description: "Since *Monday*.", ServiceID: d.payroll, Tags: []string{"Month End", "month end", ""},
		}))(t)
		now := d.world.Clock.Now()
		want := ticket.Ticket{
			Kind: "incident", Number: "INC-1", Title: "Payslip is empty", Description: "Since *Monday*.", State: "new", Category: workflow.New,
			Impact: 2, Urgency: 2, Priority: 3, RequesterID: d.carla, OpenedByID: d.carla, ServiceID: d.payroll, GroupID: d.network,
			Channel: "portal", CreatedAt: now, UpdatedAt: now, AssignedAt: now, Version: 1, LastSeq: 1, Tags: []string{"month-end"},
		}
		ignore := cmpopts.IgnoreFields(ticket.Ticket{}, "ID", "OrganisationID")
		if diff := cmp.Diff(want, got, ignore, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("created (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(got, d.get(t, got), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("stored differs from returned:\n%s", diff)
		}
		if got.OrganisationID == 0 {
			t.Error("the requester's organisation was not noted")
		}
		if said := d.said.last(); !said.Created || said.Version != 1 || said.RequesterID != d.carla || said.InternalOnly {
			t.Errorf("announced %+v", said)
		}
	})
}

func TestNumbersCountPerKindWithoutGapsForFailures(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		agent := d.as(d.ana)
		if _, err := d.Create(agent, ticket.Create{Kind: "incident"}); err == nil {
			t.Fatal("a ticket without a title was created")
		}
		var numbers []string
		for _, kind := range []string{"incident", "request", "incident"} {
			numbers = append(numbers, must(d.Create(agent, ticket.Create{Kind: kind, Title: "x"}))(t).Number)
		}
		if diff := cmp.Diff([]string{"INC-1", "REQ-1", "INC-2"}, numbers); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEveryWrongFieldOfANewTicketIsNamedAtOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		_, err := d.Create(d.as(d.ana), ticket.Create{
			Kind: "incident", Title: strings.Repeat("é", ticket.MaxTitle+1), Description: "a\x00b", Impact: 9, Channel: "pigeon",
			Tags: []string{strings.Repeat("x", ticket.MaxTagLength+1)}, Fields: map[string]string{"nonsense": "1"},
		})
		wantKind(t, err, apperr.Invalid, "title", "description", "impact", "channel", "tags", "field.nonsense")
		_, err = d.Create(d.as(d.ana), ticket.Create{Kind: "teapot", Title: "x"})
		wantKind(t, err, apperr.Invalid, "kind")
	})
}

func TestNewTicketRefusesUnknownReferences(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		base := ticket.Create{Kind: "incident", Title: "x"}
		for field, spoil := range map[string]func(c *ticket.Create){
			"requester": func(c *ticket.Create) { c.RequesterID = 1 },
			"watchers":  func(c *ticket.Create) { c.Watchers = []int64{1} },
			"service":   func(c *ticket.Create) { c.ServiceID = 1 },
			"group":     func(c *ticket.Create) { c.GroupID = 1 },
			"assignee":  func(c *ticket.Create) { c.GroupID, c.AssigneeID = d.network, d.ben },
			"parent":    func(c *ticket.Create) { c.ParentID = 1 },
		} {
			cmd := base
			spoil(&cmd)
			_, err := d.Create(d.as(d.ana), cmd)
			wantKind(t, err, apperr.Invalid, field)
		}
	})
}

func TestOnlyWhoMayAssignSaysWhoWorksOnANewTicket(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		_, err := d.Create(d.as(d.carla), ticket.Create{Kind: "incident", Title: "x", GroupID: d.printing})
		wantKind(t, err, apperr.Forbidden)
		_, err = d.Create(d.as(d.carla), ticket.Create{Kind: "incident", Title: "x", RequesterID: d.colin})
		wantKind(t, err, apperr.Forbidden)
		if tk := must(d.Create(d.as(d.ana), ticket.Create{Kind: "incident", Title: "x", GroupID: d.printing, AssigneeID: d.ben}))(t); tk.AssigneeID != d.ben {
			t.Errorf("assigned to %d", tk.AssigneeID)
		}
	})
}

func TestParentThatCannotBeSeenIsLikeOneThatIsNotThere(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		hidden := d.incident(t, "Somebody else's")
		_, err := d.Create(d.as(d.colin), ticket.Create{Kind: "incident", Title: "x", ParentID: hidden.ID})
		wantKind(t, err, apperr.Invalid, "parent")
		_, missing := d.Create(d.as(d.colin), ticket.Create{Kind: "incident", Title: "x", ParentID: 1})
		if err.Error() != missing.Error() {
			t.Errorf("hidden: %v, missing: %v", err, missing)
		}
	})
}

func TestKindsFieldsAreTypedAndCanBeRequired(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		agent := d.as(d.ana)
		_, err := d.Create(agent, ticket.Create{Kind: "visit", Title: "x", Fields: map[string]string{"seats": "many", "day": "tomorrow"}})
		wantKind(t, err, apperr.Invalid, "field.room", "field.seats", "field.day")
		tk := must(d.Create(agent, ticket.Create{Kind: "visit", Title: "x", Fields: map[string]string{"room": "Blue", "seats": "012.50", "day": "2026-03-04", "tea": "yes"}}))(t)
		want := map[string]string{"room": "Blue", "seats": "12.5", "day": "2026-03-04", "tea": "true"}
		if diff := cmp.Diff(want, d.get(t, tk).Fields); diff != "" {
			t.Error(diff)
		}
		_, err = d.Edit(agent, ticket.ByID(tk.ID), ticket.Edit{Fields: map[string]string{"room": ""}})
		wantKind(t, err, apperr.Invalid, "field.room")
		tk = must(d.Edit(agent, ticket.ByID(tk.ID), ticket.Edit{Fields: map[string]string{"seats": ""}}))(t)
		if _, kept := d.get(t, tk).Fields["seats"]; kept {
			t.Error("an emptied field is still there")
		}
	}, visitKind())
}

// visitKind is a kind with fields of every type.
func visitKind() *workflow.Definition {
	kinds, err := workflow.Builtin()
	if err != nil {
		panic(err)
	}
	var d workflow.Definition
	for _, k := range kinds {
		if k.Key == "request" {
			d = *k
		}
	}
	d.Key, d.Prefix, d.Label, d.Plural = "visit", "VIS", "Visit", "Visits"
	d.Fields = []workflow.Field{
		{Key: "room", Label: "Room", Type: workflow.Choice, Options: []string{"Blue", "Green"}, Required: true},
		{Key: "seats", Label: "Seats", Type: workflow.Number},
		{Key: "day", Label: "Day", Type: workflow.Date},
		{Key: "tea", Label: "Tea", Type: workflow.Bool},
		{Key: "wishes", Label: "Wishes", Type: workflow.Text},
	}
	return &d
}
