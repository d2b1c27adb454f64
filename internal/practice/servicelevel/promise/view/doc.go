// Package view draws service-level clocks: the bars of a ticket's page and the page
// that explains each of them.
package view

import (
	"net/url"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
)

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// URL is the address of a ticket's clocks.
func URL(number string) string { return TicketURL(number) + "/clocks" }

// Bar is one clock at a glance.
type Bar struct {
	What    string // "Resolution"
	With    string // whose promise: "Gold · Example Ltd"
	Percent int    // of the target used
	Left    string // "2 h 10 min left"
	Says    string // "paused: waits for the requester"
	Due     time.Time
	Tone    ui.Tone
	Done    bool
	// Budget says who used the customer's time, when others promised a part of it.
	Budget []Share
	Of     string   // "Of the 8 h promised to the customer"
	Likely []string // why it is likely to break
}

// Filled is how much of the bar is drawn full.
func (b Bar) Filled() int { return max(0, min(100, b.Percent)) }

// Panel is the clocks of a ticket's page.
type Panel struct {
	Number string
	Open   []Bar
	Done   []Bar
}

// Share is a party's part of a budget.
type Share struct {
	Name    string
	Used    string
	Percent int
	Own     string // "4 h of 4 h promised", of those with a promise of their own
	Tone    ui.Tone
}

// Foreseen is the page of promises that are likely to break.
type Foreseen struct {
	Trail       []ui.Crumb
	Title, Lead string
	Rule        string
	Table       ui.Table
}

// Explained is one clock with all it did.
type Explained struct {
	Bar    Bar
	Facts  []Fact
	Shares []Share
	Pieces ui.Table
	Note   string // when there are earlier ones
}

// Fact is a line of what is known of a clock.
type Fact struct{ Label, Value string }

// Page explains all clocks of a ticket.
type Page struct {
	Number, Title string
	Lead          string
	Clocks        []Explained
	Empty         ui.EmptyState
}

// Report is a report with the form above it.
type Report struct {
	Trail       []ui.Crumb
	Title, Lead string
	Action      string
	Hidden      []ui.Hidden
	Actions     []templ.Component
	From, To    ui.DateField
	By, Role    ui.Select
	Table       ui.Table
}
