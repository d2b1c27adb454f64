// Package module is the socket a practice plugs into: what it brings (tables,
// pages, API operations, menu entries, live topics, periodic work; panels,
// actions, columns and filter fields of tickets) and what
// surrounds its pages. Adding a practice is one folder and one line in
// internal/app; nothing else in the house knows its name.
package module

import (
	"context"
	"io/fs"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// Module is everything a practice adds to the running system. Every part may be empty.
type Module struct {
	Name       string
	Migrations []fs.FS
	Routes     func(mux *web.Mux)
	Open       bool // the pages are for people who are not signed in, too
	API        func(api huma.API)
	Menu       []MenuItem
	Create     []MenuItem // entries of the "New" button
	Topics     []Topic
	Periodic   []Periodic

	// What the practice plugs into tickets and into the desk's pages.
	Follow     ticket.Follower
	Guards     []ticket.Guard
	Attributes []ticket.Attribute
	Panels     []Panel
	Actions    []Action
	Columns    []Column
	Bulk       []BulkAction
	// Home is a part that the practice adds to "My work" of those it concerns, above
	// the lists; nil shows nothing. It keeps itself fresh.
	Home func(ctx context.Context) (web.Component, error)
	// Marks gives few words that stand beside a ticket's title in every list, such
	// as why it came back, in one query for a page; tickets without one are left out.
	Marks func(ctx context.Context, ids []int64) (map[int64]string, error)
	// Tells completes "Ana …" for what the practice wrote on a timeline, such as
	// "ticked off “Collect the badge”"; false for what another wrote.
	Tells func(ctx context.Context, c ticket.Change) (string, bool)
	// Written tells how messages that came through the practice were written.
	Written Writer
}

// Place is where a panel stands on a ticket's page.
type Place int

// The places, from the top of the page.
const (
	PlaceSide   Place = iota // beside the conversation, below the ticket's own values
	PlaceBanner              // across the page, above everything: for what nobody may miss
)

// Panel is a part that a practice adds to a ticket's page.
type Panel struct {
	ID    string // of its element: "checklists"; small letters and dashes
	Place Place
	// Show gives the content for the reader; nil shows nothing. It is asked again
	// whenever the ticket changes while its page is open.
	Show func(ctx context.Context, t *ticket.Ticket) (web.Component, error)
}

// Action is something a practice lets people do with a ticket, in the menu of its page.
type Action struct {
	Label   string // key of the message catalogue
	Icon    string
	Key     string // single key
	URL     func(t *ticket.Ticket) string
	Post    bool // URL does it at once; otherwise it answers a dialog, or a page without scripts
	File    bool // URL answers a file, which the browser takes by itself
	Danger  bool
	Visible func(ctx context.Context, t *ticket.Ticket) bool // nil shows it to all who see the ticket
	// Message puts it into the menu of each message of the timeline instead; the
	// message's number is added to URL as "seq".
	Message bool
}

// BulkAction is something a practice lets people do with the rows they selected in
// a list of tickets: the bar's button leads to URL with the fields "id" of the rows
// and "matching", the filter of the list.
type BulkAction struct {
	Label   string // key of the message catalogue
	Icon    string
	Key     string // single key
	URL     string
	Visible func(actor access.Actor) bool
}

// Column is a column that a practice adds to lists of tickets.
type Column struct {
	Key    string // unique among all columns: "checklist"
	Label  string // key of the message catalogue
	Number bool
	// Cells gives the texts of a page of tickets in one query, for a reader who
	// sees these tickets; those without one are left out.
	Cells func(ctx context.Context, ids []int64) (map[int64]string, error)
}

// MenuItem is an entry of the navigation. Labels are keys of the message catalogue.
type MenuItem struct {
	Section string // group in the navigation, such as "Desk"; sections and items keep their order
	Label   string
	URL     string
	Icon    string
	Key     string                        // single key that goes there, if any
	ID      string                        // what Page.Active names
	Visible func(actor access.Actor) bool // nil shows it to everybody who is signed in
}

// Topic says who may follow live topics of a prefix, such as "ticket" in "ticket:42".
type Topic struct {
	Prefix string
	Allow  func(ctx context.Context, rest string) bool
}

// Periodic is work that is due now and again, once across all nodes.
type Periodic struct {
	Name  string
	Every time.Duration
	Run   func(ctx context.Context) error
}

// Page describes a page to the frame around it.
type Page struct {
	Title   string
	Active  string   // ID of the menu entry to mark
	Wide    bool     // use the full width: queues, boards
	Topics  []string // live topics the page follows
	Present string   // topic at which the reader counts as looking, while the page is open
	Bundles []string // further scripts: "board.js"
	Search  string   // text to show in the search box
	Status  int      // 0 is 200
}

// Frame renders a page's body inside the product's layout, for the actor of
// the request: navigation, search, "New", user menu, live connection.
type Frame interface {
	Page(w http.ResponseWriter, r *http.Request, p Page, body web.Component) error
}
