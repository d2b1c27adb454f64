// Package view draws checklists: the panel of a ticket's page, the forms over it,
// and the pages of templates.
package view

import (
	"net/url"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/ui"
)

// Place is the element of a ticket's page that dialogs are put into, and PanelID
// the one that holds the panel.
const (
	Place   = "#record-dialog"
	PanelID = "panel-checklists"
)

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// URL is the address of a ticket's lists.
func URL(number string) string { return TicketURL(number) + "/checklists" }

// ListURL is the address of something done to one list.
func ListURL(number string, list int64, what string) string {
	return URL(number) + "/" + strconv.FormatInt(list, 10) + what
}

// ItemURL is the address of something done to one item.
func ItemURL(number string, list, item int64, what string) string {
	return ListURL(number, list, "/items/"+strconv.FormatInt(item, 10)+what)
}

// TemplateURL is the address of a template; 0 of a new one.
func TemplateURL(id int64) string {
	if id == 0 {
		return "/checklists/new"
	}
	return "/checklists/" + strconv.FormatInt(id, 10)
}

// Errors are what is wrong with the fields of a form, by their names.
type Errors map[string]string

// Panel is the lists of a ticket.
type Panel struct {
	Number    string
	Lists     []List
	MayChange bool
}

// List is one of them.
type List struct {
	ID        int64
	Name      string
	Done, All int
	Blocks    bool
	Items     []Item
	Typed     string // what was typed for a new item and could not be added
	Error     string
}

// Item is one of a list.
type Item struct {
	ID       int64
	Text     string
	Done     bool
	Assignee string
	DoneBy   string
	DoneAt   time.Time
}

// Choose asks for a new list: of a template, or with a name.
type Choose struct {
	Number, Title string
	Templates     []Offer
	Name          string
	MaxName       int
	Errors        Errors
}

// Offer is a template that suits the ticket.
type Offer struct {
	ID     int64
	Name   string
	Items  int
	Blocks bool
}

// Edit is the form of an item, or, without an item, of a list's name.
type Edit struct {
	Number   string
	List     int64
	Item     int64
	Text     string
	Assignee []ui.Choice
	Typed    string
	Max      int
	Errors   Errors
}

// Row is a template in the list of them.
type Row struct {
	ID                            int64
	Name, Audience, Owner, Suited string
	Items                         int
	ByItself, Blocks, Editable    bool
	UpdatedAt                     time.Time
}

// Templates is the page of templates.
type Templates struct {
	Rows    []Row
	MoreURL string
}

// Form is the form of a template.
type Form struct {
	ID                  int64
	Name, Items, Filter string
	Audience            string
	Groups, Kinds       []ui.Option
	Service             []ui.Choice
	ServiceTyped        string
	ByItself, Blocks    bool
	MayShare, ReadOnly  bool
	Version             int64
	Guarded             []string // the steps that ask for open items, as "Incident: Resolve"
	MaxName             int
	Errors              Errors
}
