// Package view draws escalation ladders: their list, the form of one, what one would
// have done, and what a ticket has before it.
package view

import (
	"net/url"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
)

// URL is where the ladders are.
const URL = "/escalation-ladders"

// TicketURL is where the escalations of a ticket are explained.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) + "/escalations" }

// List is the page with all ladders.
type List struct {
	Actions []templ.Component
	Table   ui.Table
}

// Rung is one rung of the form.
type Rung struct {
	Number int
	ID     string
	Title  string
	Fields []templ.Component // when
	Does   []templ.Component // what
	Remove ui.Check
	Error  string
}

// Editor is the form of a ladder.
type Editor struct {
	Title, Lead string
	Trail       []ui.Crumb
	Action      string
	Alert       ui.Alert
	Hidden      []ui.Hidden
	About       []templ.Component
	Rungs       []Rung
	RungsError  string
	More        bool // another rung fits
	Preview     *Preview
	Try         ui.TextField // the one ticket of a preview
	Cancel      string
	Delete      string // "" for a new one
}

// Preview is what a ladder would have done.
type Preview struct {
	Title, Lead string
	ByRung      []Count
	Table       ui.Table
}

// Count is how often one rung would have fired.
type Count struct {
	Rung string
	N    string
}

// Panel is what a ticket has before it.
type Panel struct {
	Number string
	Next   []Line
	Last   []Line
}

// Line is a rung on a ticket.
type Line struct {
	What, Does string
	At         time.Time
	Says       string
	Held       bool // by quiet hours
}

// Page explains the escalations of a ticket.
type Page struct {
	Number, Title, Lead string
	Table               ui.Table
}

// Tell is whom a rung tells, as boxes to tick.
type Tell struct {
	Legend  ui.Checks // its label and error
	Options []ui.Check
}
