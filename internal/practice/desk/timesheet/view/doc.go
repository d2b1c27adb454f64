// Package view draws time spent: the panel and the forms of a ticket's page, one's
// week, the report, and what administrators set.
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
	PanelID = "panel-time"
)

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// URL is the address of a ticket's time.
func URL(number string) string { return TicketURL(number) + "/time" }

// EntryURL is the address of one entry.
func EntryURL(number string, id int64) string {
	return URL(number) + "/" + strconv.FormatInt(id, 10)
}

// Errors are what is wrong with the fields of a form, by their names.
type Errors map[string]string

// Panel is the time on a ticket.
type Panel struct {
	Number    string
	Total     string
	Entries   []Entry
	Hidden    int // further entries
	MayRecord bool
	Since     time.Time // when the reader's timer for this ticket was started
	Elsewhere string    // the number of the ticket that the reader's timer runs for
}

// Entry is time that was recorded.
type Entry struct {
	ID                                  int64
	Length, Activity, Person, Note, Day string
	Mine                                bool
}

// Form is the form of an entry.
type Form struct {
	Number, Title string
	Entry         int64 // 0 for a new one
	Timer         bool  // ends the reader's timer
	Length, Day   string
	Activities    []ui.Option
	Person        []ui.Choice
	PersonTyped   string
	MayOthers     bool
	Note          string
	MaxNote       int
	Errors        Errors
}

// Week is the table of one's own week.
type Week struct {
	Title, Previous, Next, Monday string
	Days                          []Day
	Rows                          []WeekRow
	Total                         string
	Activities                    []ui.Option
	AddNumber                     string
	Errors                        Errors
	Problem                       string
	TimerNumber                   string
	TimerSince                    time.Time
}

// Day is a column of the week.
type Day struct {
	Key, Label, Total string
	Today             bool
}

// WeekRow is the time on a ticket with one activity.
type WeekRow struct {
	Number, Title, URL, Activity, Total string
	Cells                               []Cell
}

// Cell is one day of it.
type Cell struct {
	Name, Value, Label, Error string
}

// Report is the page of a report.
type Report struct {
	From, To, Filter string
	By               []ui.Option
	What             string // the heading of the first column
	Lines            []Line
	Total, Billable  string
	ExportURL        string // "" when the reader may not export
	Errors           Errors
	Capped           bool
}

// Line is one line of it.
type Line struct {
	Label, URL, Length, Billable, Entries string
	Minutes, Most                         int
}

// Settings is what administrators set.
type Settings struct {
	Activities []Activity
	Prompts    []Prompt
	New        Activity
	Errors     Errors
}

// Activity is one of the list.
type Activity struct {
	ID               int64
	Name             string
	Billable, Active bool
	Error            string
}

// Prompt is what a kind asks for.
type Prompt struct {
	Kind, Label string
	Options     []ui.Option
}
