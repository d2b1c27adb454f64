// Package view draws the pages of published results: for those who publish them, and
// for the customers who read them.
package view

import (
	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
)

// Section is a titled part of a page.
type Section struct {
	ID      string
	Title   string
	Lead    string
	Count   int
	Flush   bool
	Actions []templ.Component
	Body    []templ.Component
}

// Page is a page of those who publish.
type Page struct {
	Title, Lead string
	Trail       []ui.Crumb
	Badges      []templ.Component
	Actions     []templ.Component
	Alerts      []ui.Alert
	Main, Aside []Section
}

// Editor is the form of what is published.
type Editor struct {
	Title, Lead string
	Trail       []ui.Crumb
	Action      string
	Alert       ui.Alert
	Version     string
	Fields      []templ.Component
	Cancel      string
}

// Answerable is somebody who answers for something, and how to reach them.
type Answerable struct {
	Name  string // "" for nobody
	Job   string
	Email string
	Phone string
}

// Mine is the page of what is published to the reader's organisation.
type Mine struct {
	Levels []Level
	Risks  []ui.Card // promises to the reader that are at risk
}

// Level is one agreement as its customers see it.
type Level struct {
	ID       string
	Title    string
	For      string // which organisation, when there are several
	Owner    Answerable
	Promises []ui.Value
	Hours    string
	Services ui.Table
	Chart    ui.Chart
	Months   ui.Table
	Told     bool
	ToldURL  string
}

// Month is a published month as its customers see it.
type Month struct {
	Title   string
	Lead    string
	Stated  string // which month, and when it was published
	Alert   ui.Alert
	Tiles   []ui.StatTile
	Targets ui.Table
	Service ui.Table
	Tickets ui.Table
	List    bool   // the list of tickets is published
	Listed  string // said above it
	CSVURL  string
	ListURL string // of the list of tickets, as CSV
}
