package view

import (
	"context"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Addresses of the pages.
const (
	BulkURL = "/bulk"
	ListURL = "/operations"
	// MergeChosenURL leads from rows of a list to the form of a merge.
	MergeChosenURL = "/bulk/merge"
)

// Place is where dialogs of a page appear.
const Place = "#record-dialog"

// OneURL is the page of an operation.
func OneURL(id int64) string { return ListURL + "/" + strconv.FormatInt(id, 10) }

// UndoURL takes an operation back.
func UndoURL(id int64) string { return OneURL(id) + "/undo" }

// TicketURL is the page of a ticket.
func TicketURL(number string) string { return "/tickets/" + number }

// MergeURL answers the form that merges a ticket with others.
func MergeURL(number string) string { return TicketURL(number) + "/merge" }

// SplitURL answers the form for a ticket out of a message.
func SplitURL(number string) string { return TicketURL(number) + "/split" }

// ConvertURL answers the form that changes a ticket's kind.
func ConvertURL(number string) string { return TicketURL(number) + "/convert" }

// Errors are what is wrong with the fields of a form, by their names.
type Errors map[string]string

// Bulk is the form that changes many tickets.
type Bulk struct {
	IDs      []int64
	Matching string
	Back     string
	Which    []ui.Option // the chosen ones, or all that match
	Count    int         // of the chosen

	Group, Assignee, Service, Parent, Link         []ui.Choice
	GroupText, AssigneeText, ServiceText, LinkText string
	ParentText                                     string
	Clear                                          []ui.Option // what is emptied
	Impact, Urgency, Watch, LinkTypes              []ui.Option
	AddTags, RemoveTags                            string
	Steps, Reasons, Codes                          []ui.Option
	Resolution, Message                            string
	Public                                         []ui.Option

	Errors  Errors
	Problem ui.Alert
	Preview *Preview
}

// Preview says what would happen.
type Preview struct {
	Of      int // tickets in all
	Looked  int // that were rehearsed
	Changed int
	Same    int
	Failed  []Refused
	More    int // refused ones that are not shown
}

// Ahead says in sentences what a merge, a split or a change of kind would do; empty
// while nobody has asked.
type Ahead []string

// Refused is a ticket that would not be changed, and why.
type Refused struct{ Number, Title, Why string }

// List is the page of operations.
type List struct {
	Everybody bool
	MayAll    bool
	Items     []Operation
	More      string
}

// Operation is one of them.
type Operation struct {
	ID       int64
	Name     string
	State    string
	Tone     ui.Tone
	By       string
	At       time.Time
	Until    time.Time // when it can no longer be undone
	UndoneAt time.Time
	UndoneBy string
	Counts   []string
	Done, Of int // of one under way; Of is 0 otherwise
	MayUndo  bool
}

// One is the page of one operation.
type One struct {
	Operation
	Items []Item
	More  string
}

// Item is what it did to a ticket.
type Item struct {
	Number, Title, Outcome string
	Tone                   ui.Tone
	Followed               bool
	Words                  []string
}

// Merge is the form that merges a ticket with others.
type Merge struct {
	Number, Title string
	Direction     []ui.Option
	Candidates    []ui.Option
	Other         []ui.Choice
	OtherText     string
	Errors        Errors
	Ahead         Ahead
	Problem       ui.Alert
}

// Split is the form for a ticket out of a message.
type Split struct {
	Number, Seq   string
	Internal      bool
	Kinds         []ui.Option
	TicketTitle   string
	Description   string
	Requester     []ui.Choice
	RequesterText string
	Service       []ui.Choice
	ServiceText   string
	Files         []ui.Option
	Errors        Errors
	Ahead         Ahead
	Problem       ui.Alert
}

// Convert is the form that changes a ticket's kind.
type Convert struct {
	Number, Title string
	Version       int
	Kinds         []ui.Option
	Needs         []Need
	Lost          []string // fields that only the old kind has
	Errors        Errors
	Ahead         Ahead
	Problem       ui.Alert
}

// Need is a field that a kind must have and the ticket lacks.
type Need struct {
	Kind string
	Name string
	ui.AnswerField
}

func goesOnActions(ctx context.Context, number, undo string) []templ.Component {
	var out []templ.Component
	if number != "" {
		out = append(out, ui.Button{Label: text.T(ctx, "Open %s", number), Small: true, URL: TicketURL(number)})
	}
	if undo != "" {
		out = append(out, ui.Button{Label: text.T(ctx, "Undo the merge"), Icon: ui.IconArrowBackUp, Small: true, Kind: ui.Quiet, Post: undo})
	}
	return out
}
