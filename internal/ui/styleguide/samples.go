package styleguide

import (
	"fmt"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/apireference"
	"github.com/steward-itsm/steward/internal/ui/assets"
)

var samplePeople = []ui.Choice{
	{Value: "1", Label: "Ana Novak", Hint: "Finance, Ljubljana"},
	{Value: "2", Label: "Ben Okafor", Hint: "Service desk"},
	{Value: "3", Label: "Carla Jiménez", Hint: "Network operations"},
	{Value: "4", Label: "Service desk", Hint: "14 people", Kind: ui.PartyGroup},
	{Value: "5", Label: "Payroll", Hint: "Owner: Dora Weiss", Kind: ui.PartyService},
}

type sampleTicket struct {
	ref, title, requester, assignee, service, state string
	category                                        ui.Category
	priority                                        int
	due                                             time.Duration
	muted, unread                                   bool
}

var sampleTickets = []sampleTicket{
	{"INC-1042", "Payroll export stops at employee 4,812", "Ana Novak", "Ben Okafor", "Payroll", "In progress", ui.CategoryOpen, 1, 38 * time.Minute, false, true},
	{"INC-1041", "Cannot print from the finance floor", "Luka Horvat", "", "Printing", "New", ui.CategoryNew, 3, 5 * time.Hour, false, true},
	{"REQ-0873", "Laptop for a new colleague starting on 1 December", "Mina Farouk", "Carla Jiménez", "Workplace", "Waiting for approval", ui.CategoryWaiting, 4, 50 * time.Hour, false, false},
	{"INC-1036", "VPN drops every ten minutes when working from home", "Jonas Brandt", "Carla Jiménez", "Remote access", "Waiting for supplier", ui.CategoryWaiting, 2, -12 * time.Minute, false, false},
	{"INC-1029", "Shared calendar shows yesterday's meetings", "Ewa Zielińska", "Ben Okafor", "Email and calendar", "Resolved", ui.CategoryResolved, 3, 0, false, false},
	{"REQ-0850", "Access to the quarterly reporting folder", "Tomás Silva", "Ben Okafor", "File shares", "Closed", ui.CategoryClosed, 5, 0, true, false},
	{"INC-1017", "Screen flickers after docking", "Priya Raman", "Ben Okafor", "Workplace", "Cancelled", ui.CategoryCancelled, 4, 0, true, false},
}

func sampleTable(now time.Time) ui.Table {
	t := ui.Table{
		ID: "tickets", Caption: "Tickets", SelectName: "id",
		Columns: []ui.Column{
			{Key: "ref", Label: "Number", Shrink: true, SortURL: "?sort=ref"},
			{Key: "title", Label: "Title", Main: true},
			{Key: "state", Label: "State", Shrink: true, SortURL: "?sort=state"},
			{Key: "priority", Label: "Priority", Shrink: true, SortURL: "?sort=-priority", Sort: ui.Ascending},
			{Key: "requester", Label: "Requester", Shrink: true},
			{Key: "assignee", Label: "Assignee", Shrink: true},
			{Key: "service", Label: "Service", Shrink: true},
			{Key: "due", Label: "Due", Shrink: true, SortURL: "?sort=due"},
		},
		Choices: []ui.ColumnChoice{
			{Key: "state", Label: "State", Visible: true},
			{Key: "priority", Label: "Priority", Visible: true},
			{Key: "organisation", Label: "Organisation"},
			{Key: "updated", Label: "Updated"},
		},
		ChoiceURL: Prefix + "/nothing",
		More:      ui.LoadMore{URL: Prefix + "/rows"},
	}
	for i, s := range sampleTickets {
		var due templ.Component = ui.Nothing()
		if s.due != 0 {
			due = ui.Moment{At: now.Add(s.due), Due: true}
		}
		t.Rows = append(t.Rows, ui.Row{
			ID: fmt.Sprintf("ticket-%d", i), Value: s.ref, Label: s.ref, URL: Prefix + "/record",
			Unread: s.unread, Muted: s.muted,
			Cells: []templ.Component{
				ui.Link{Label: s.ref, URL: Prefix + "/record", Mono: true},
				ui.Link{Label: s.title, URL: Prefix + "/record"},
				ui.StateBadge{Label: s.state, Category: s.category, Plain: true},
				ui.PriorityBadge{Level: s.priority},
				ui.Party{Name: s.requester},
				ui.Party{Name: s.assignee},
				ui.Words(s.service),
				due,
			},
		})
	}
	return t
}

func sampleValue(title string) ui.Value {
	return ui.Value{ID: "value-title", Label: "Title", Content: ui.Words(title), EditURL: Prefix + "/value/edit", Key: "e"}
}

func sampleValueForm(title, problem string) ui.InPlaceForm {
	return ui.InPlaceForm{
		ID: "value-title", Label: "Title", Action: Prefix + "/value", CancelURL: Prefix + "/value", Version: 3,
		Control: ui.TextField{
			Field: ui.Field{Name: "title", Label: "Title", Hidden: true, Required: true, Error: problem}, Value: title,
		},
	}
}

func sampleTimeline(now time.Time) ui.Timeline {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	ana, ben := ui.Party{Name: "Ana Novak"}, ui.Party{Name: "Ben Okafor"}
	return ui.Timeline{
		Earlier: ui.LoadMore{URL: Prefix + "/record"},
		Entries: []ui.Entry{
			{
				ID: "e1", Kind: ui.EntryMessage, Author: ana, Role: "Requester", At: ago(3 * time.Hour), Via: "by email",
				Body: templ.Raw("<p>Hello, the payroll export stops at employee 4,812 with <code>E-17</code>. Salaries must be at the bank by 16:00 today.</p><p>The log is attached.</p>"),
				Attachments: []ui.Attachment{
					{Name: "export.log", URL: "#", Bytes: 18_400}, {Name: "screenshot.png", URL: "#", Bytes: 214_000},
				},
				Actions: []ui.MenuItem{{Label: "Copy link", Icon: ui.IconLink, Copies: Prefix + "/record#e1"}, {Label: "Quote", Icon: ui.IconQuote, URL: "#e1"}},
			},
			{ID: "e2", Kind: ui.EntryChange, Author: ben, At: ago(170 * time.Minute), Changes: []ui.FieldChange{{Field: "Assignee", To: "Ben Okafor"}, {Field: "State", From: "New", To: "In progress"}}},
			{ID: "e3", Kind: ui.EntryChange, Author: ui.Party{Name: "Rule"}, At: ago(169 * time.Minute), Changes: []ui.FieldChange{{Field: "Priority", From: "Moderate", To: "Critical"}}, Why: "payroll in the last week of a month"},
			{
				ID: "e4", Kind: ui.EntryNote, Author: ben, At: ago(2 * time.Hour),
				Body: templ.Raw("<p>Same pattern as the problem in October. The supplier's batch job holds a lock until 13:00. <a href=\"#e1\">Carla</a>, can you check the job calendar?</p>"),
			},
			{ID: "e5", Kind: ui.EntrySystem, Text: "Resolution is due in one hour", Icon: ui.IconClock, At: ago(40 * time.Minute)},
			{
				ID: "e6", Kind: ui.EntryMessage, Author: ben, Own: true, At: ago(12 * time.Minute), To: "to Ana Novak, cc payroll@example.org", Via: "in the desk", Fresh: true,
				Body: templ.Raw("<p>Hello Ana,</p><p>we found the lock and removed it. The export has started again and will be complete at about 14:30.</p>"),
			},
			{ID: "e7", Kind: ui.EntryMessage, Author: ana, Role: "Requester", At: ago(4 * time.Minute), Via: "by email", Body: sampleLetter()},
		},
	}
}

// sampleLetter is an answer between the lines of what it answers.
func sampleLetter() ui.Letter {
	said := func(html string) []templ.Component { return []templ.Component{templ.Raw(html)} }
	return ui.Letter{Parts: []ui.LetterPart{
		{Kind: ui.LetterQuote, Peek: "The export has started again and will be complete at about 14:30.", Body: []templ.Component{ui.Quote("> The export has started again and will be complete at about 14:30.")}},
		{Body: []templ.Component{templ.Raw("<p>It is, and this is what the bank says:</p>"), ui.Picture{URL: assets.URL("icon.svg"), Alt: "The bank's answer: 4,812 payments taken", Width: 64, Height: 64}}},
		{Kind: ui.LetterSignature, Body: []templ.Component{ui.Quote("-- \nAna Novak\nPayroll")}},
		{Kind: ui.LetterQuote, Who: "Ben Okafor", Body: []templ.Component{ui.Quote("On Monday Ben Okafor wrote:\n> Hello Ana,\n> we found the lock.\n>> The log is attached.")}},
		{Body: said("<p>Thanks!</p>")},
	}, More: ui.Link{Label: "Show all of it (12 kB)", URL: "#e7"}}
}

func apiSample(time.Time) templ.Component {
	id := apireference.Property{Name: "number", Place: "path", Type: "string", Required: true, Description: "The ticket's number: INC-1042"}
	ticket := []apireference.Property{
		{Name: "number", Type: "string", Required: true},
		{Name: "requester", Type: "Person", Required: true},
		{Name: "name", Type: "string", Required: true, Depth: 1},
		{Name: "email", Type: "string (email)", Depth: 1},
		{Name: "state", Type: "string", Limits: "one of: new, open, waiting, resolved", Description: "Where the ticket is in its life"},
	}
	return apireference.Reference{
		Title: "Steward API", Version: "1.0", Description: "Everything the pages can do.", SourceURL: "#",
		Groups: []apireference.Group{{
			Name: "Tickets", Description: "The record of all work.",
			Operations: []apireference.Operation{
				{
					ID: "get-ticket", Method: "GET", Path: "/api/v1/tickets/{number}", Summary: "Read a ticket",
					Parameters: []apireference.Property{id},
					Answers: []apireference.Answer{
						{Status: "200", Description: "The ticket", Type: "application/json", Body: ticket},
						{Status: "404", Description: "There is no such ticket, or the token may not see it"},
					},
					Command: `curl -H "Authorization: Bearer $TOKEN" 'https://desk.example.org/api/v1/tickets/INC-1042'`,
				},
				{
					ID: "delete-ticket", Method: "DELETE", Path: "/api/v1/tickets/{number}", Summary: "Delete a ticket",
					Deprecated: true, Parameters: []apireference.Property{id}, BodyType: "application/json", Body: ticket[4:],
					Description: "Close it instead: what was said to a requester should stay on record.",
					Answers:     []apireference.Answer{{Status: "204", Description: "Deleted"}},
					Command:     `curl -X DELETE -H "Authorization: Bearer $TOKEN" 'https://desk.example.org/api/v1/tickets/INC-1042'`,
				},
			},
		}},
	}
}

// sampleViews choose between lists; one cannot be shown.
var sampleViews = ui.SideList{ID: "sample-views", Label: "Sample views", Groups: []ui.SideGroup{
	{Items: []ui.SideItem{
		{Label: "My open work", URL: "#mine", Icon: ui.IconUserCheck, Count: "12", Active: true},
		{Label: "All open", URL: "#open", Icon: ui.IconInbox, Count: "999+"},
		{Label: "High priority", URL: "#high", Icon: ui.IconFlame},
	}},
	{Label: "Network operations", Items: []ui.SideItem{{Label: "Switches", URL: "#switches", Icon: ui.IconListDetails, Wrong: "There is no field colour"}}},
}, Foot: []ui.SideItem{{Label: "Manage views", URL: "#manage", Icon: ui.IconSettings}}}

// sampleHits are what a search for "payroll" found.
func sampleHits(now time.Time) []ui.Hit {
	return []ui.Hit{
		{
			Icon: ui.IconAlertTriangle, Title: []ui.Piece{{Text: "Payroll", Hit: true}, {Text: " export stops at employee 4,812"}}, URL: "#hit-1",
			Meta: []templ.Component{ui.Link{Label: "INC-1042", URL: "#hit-1", Mono: true}, ui.StateBadge{Label: "In progress", Category: ui.CategoryOpen, Plain: true}, ui.Moment{At: now.Add(-40 * time.Minute)}},
		},
		{
			Icon: ui.IconShoppingBag, Title: []ui.Piece{{Text: "Access to the quarterly reporting folder"}}, URL: "#hit-2", Where: "Internal note",
			Text: []ui.Piece{{Text: "… the same rights as "}, {Text: "payroll", Hit: true}, {Text: " has, without the archive …"}},
			Meta: []templ.Component{ui.Link{Label: "REQ-0850", URL: "#hit-2", Mono: true}, ui.StateBadge{Label: "Closed", Category: ui.CategoryClosed, Plain: true}},
		},
	}
}
