// Package view draws drafts that are shared for review: the panel of a ticket's
// page, the forms over it, the part of "My work", and the list of them.
package view

import (
	"net/url"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/ui"
)

// Place is the element of a ticket's page that dialogs are put into; PanelID names
// the panel, whose element is "panel-" + PanelID.
const (
	Place   = "#record-dialog"
	PanelID = "drafts"
)

// ListURL is the page of everything that somebody writes or is to review.
const ListURL = "/drafts"

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// PanelURL is where the drafts of a ticket stand on its page.
func PanelURL(number string) string { return TicketURL(number) + "#panel-" + PanelID }

// URL is the address of a ticket's drafts.
func URL(number string) string { return TicketURL(number) + "/drafts" }

// OneURL is the address of one draft, or of something done to it.
func OneURL(number string, id int64, what string) string {
	u := URL(number) + "/" + strconv.FormatInt(id, 10)
	if what != "" {
		u += "/" + what
	}
	return u
}

// FileURL is the address of a file that a draft holds.
func FileURL(number string, id, file int64) string {
	return OneURL(number, id, "files/"+strconv.FormatInt(file, 10))
}

// Errors are what is wrong with the fields of a form, by their names.
type Errors map[string]string

// Panel is the drafts that are shared on a ticket.
type Panel struct {
	Number string
	Drafts []Draft
}

// Draft is one of them.
type Draft struct {
	ID         int64
	Title      string // "Draft of Anna, shared for review"
	SharedAt   time.Time
	Note       bool
	From       string // number of the merged ticket it was written on, if not on this one
	HTML       string // safe
	Files      []ui.Attachment
	Changed    string // "Changed by Ben, version 3"; "" for the first version
	ChangedAt  time.Time
	Asked      string // "Asks Lea: is the tone right?"
	State      ui.Badge
	Reviews    []Review
	Version    int
	MayReview  bool
	MayTake    bool
	MayDiscard bool
	First      bool // its buttons have the keys
}

// Review is what somebody found.
type Review struct {
	Text, Remark string
	At           time.Time
	Ready        bool
	Old          bool // of an earlier version
}

// Form asks for a text: of a new draft, or of the next version of one.
type Form struct {
	Number, Title string // of the ticket
	ID            int64  // 0 for a new one
	Kind          string // of a new one
	Note          bool
	Body          string
	Version       int
	Files         []ui.Attachment
	Reviewer      []ui.Choice
	ReviewerTyped string
	Asked         string
	MaxAsked      int
	MaxUpload     int64
	PreviewURL    string
	MentionURL    string
	Errors        Errors
	Problem       ui.Alert
	Theirs        *Theirs
}

// Theirs is what somebody else saved meanwhile.
type Theirs struct {
	By   string
	At   time.Time
	Body string
}

// Finding is the form of a review.
type Finding struct {
	Number, Title string
	ID            int64
	Draft         Draft
	Version       int
	Verdict       string
	Remark        string
	MaxRemark     int
	Errors        Errors
	Problem       ui.Alert
}

// Versions is what a draft said before.
type Versions struct {
	Number string
	ID     int64
	Texts  []Text
}

// Text is one version.
type Text struct {
	Title string
	At    time.Time
	Body  string
}

// Row is a draft in a list.
type Row struct {
	Number, Title string // of the ticket
	URL           string
	Text          string // "Draft of Anna, shared for review"
	Quote         string // the beginning of what it says, or what the reviewer is asked
	At            time.Time
	State         ui.Badge
}

// List is the page of drafts.
type List struct {
	Waiting, Mine, Private []Row
	Lasts                  string // how long a private one is kept
}

// Home is the part of "My work".
type Home struct {
	Waiting, Mine []Row
	More          int // that are not shown
}
