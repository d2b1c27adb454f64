// Package view draws the form in which agents write down new tickets, and the
// parts of it that follow from what is typed.
package view

import (
	"net/url"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
)

// The addresses of the form and its parts.
const (
	NewURL      = "/tickets/new"
	DraftURL    = NewURL + "/draft"
	DiscardURL  = NewURL + "/discard"
	AroundURL   = NewURL + "/around"
	PriorityURL = NewURL + "/priority"
	RoutingURL  = NewURL + "/routing"
	PreviewURL  = NewURL + "/preview"
	FilesURL    = "/attachments" // takes files ahead of any form
)

// URL is the address of the form for a kind of ticket.
func URL(kind string) string { return NewURL + "?" + url.Values{"kind": {kind}}.Encode() }

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// What the buttons of the form ask for, as the field "do". The number of a ticket
// follows DoAdd after a colon.
const (
	DoCreate  = "create"
	DoAnother = "another" // create, and begin the next one
	DoShow    = "show"    // the form of another kind
	DoPerson  = "person"  // write down the caller
	DoAdd     = "add"
)

// How what was typed is added to another ticket, as the field "as".
const (
	AsNote  = "note"
	AsReply = "reply"
)

// Errors are what is wrong, by field.
type Errors map[string]string

// Form is the whole page.
type Form struct {
	Heading  string
	Kind     string
	Kinds    []ui.Option
	Once     string
	Fresh    bool      // just opened, to begin with who is asking
	Restored time.Time // when the draft that is shown was last saved; zero for none
	Problem  ui.Alert  // what no field shows
	Errors   Errors

	Requester Pick
	Person    *Person // nil for those who cannot write down people

	Title     string
	Body      string
	Files     []ui.Attachment
	FileLimit int64
	Custom    []ui.AnswerField
	Kept      []ui.Hidden // answers to the questions of other kinds

	Service  Pick
	Routing  Routing
	Impact   []ui.Option
	Urgency  []ui.Option
	Priority Priority
	Channels []ui.Option
	Tags     string
	Watchers Pick

	Around Around
}

// Pick is what was chosen in a field that searches, and what was typed without
// choosing.
type Pick struct {
	Chosen []ui.Choice
	Text   string
}

// Person is a caller who is not known yet.
type Person struct {
	Open               bool
	Name, Email, Phone string
	Organisation       Pick
}

// Routing is who will work on the ticket.
type Routing struct {
	Assigns  bool // the actor may say so; else the service's group takes it
	Group    Pick
	Routed   string // id of the suggested group
	Why      string // where the suggestion comes from
	Assignee Pick
	Errors   Errors
}

// Priority is what follows from impact and urgency.
type Priority struct {
	Level int
	Label string
	Why   string
}

// Around is what stands beside the form: who is calling, and what may be the same.
type Around struct {
	Caller  *Caller
	Own     []Item // the caller's open tickets
	OwnMore bool
	Similar []Item
	As      string // how what was typed is added
	Notes   bool   // the actor writes notes
	Replies bool   // the actor writes replies
}

// Caller is who is asking.
type Caller struct {
	Name, URL, Organisation string
	JobTitle, Location      string
	Email, Phone            string
	VIP                     bool
}

// Item is an open ticket that may be about the same.
type Item struct {
	Number, Title string
	State         ui.StateBadge
	Note          string // who asked, who works on it
	At            time.Time
	Adds          bool // the actor may add to it
}

func (i Item) card(label string) ui.Card {
	c := ui.Card{Title: i.Title, URL: TicketURL(i.Number), Ref: i.Number, Badges: []templ.Component{i.State}, Note: i.Note, At: i.At}
	if i.Adds {
		c.Actions = []templ.Component{ui.Button{Label: label, Icon: ui.IconArrowMerge, Small: true, Submit: true, NoCheck: true, Name: "do", Value: DoAdd + ":" + i.Number}}
	}
	return c
}

func cards(items []Item, label string) []ui.Card {
	out := make([]ui.Card, len(items))
	for n, i := range items {
		out[n] = i.card(label)
	}
	return out
}
