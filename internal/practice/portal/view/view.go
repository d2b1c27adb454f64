// Package view holds the requester's pages as view models and templates. It
// speaks the requester's language only: no model here has a place for an
// internal note, a priority or a code.
package view

import (
	"net/url"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
)

// The addresses of the pages.
const (
	HomeURL    = "/portal"
	NewURL     = "/portal/new"
	TicketsURL = "/portal/tickets"
	FilesURL   = "/portal/files"
)

// TicketURL is the address of one ticket's page.
func TicketURL(number string) string { return TicketsURL + "/" + url.PathEscape(number) }

// Item is a ticket in a list.
type Item struct {
	Number   string
	Title    string
	State    string // in the requester's words
	Category ui.Category
	Note     string    // who has it
	At       time.Time // when it was asked
	Answer   bool      // waits for the reader's answer
	Confirm  bool      // solved, and the reader can say whether it works
	Reopen   bool
	Rate     bool // closed, and the reader has not said how it went
}

func (i Item) badge() ui.StateBadge { return ui.StateBadge{Label: i.State, Category: i.Category} }

// Home is the first page.
type Home struct {
	Draft     bool   // something was begun and not sent
	Live      string // the event that says that a list has changed
	Answer    []Item // waiting for the reader's answer
	Solved    []Item // to confirm
	Done      []Item // to rate
	Open      []Item
	OpenMore  bool
	Followed  []Item
	FollowAll bool // there are more
}

// New is the form.
type New struct {
	Kinds     []ui.Option
	Kind      string
	KindError string

	Title      string
	TitleError string
	Body       string
	BodyError  string

	Services     []ui.Option
	ServiceError string

	Fields    []Field // further questions of the chosen kind
	AnyFields bool    // some kind has further questions

	Files      []File
	FilesError string
	FileLimit  int64

	Similar  []Item
	Restored bool   // the text is a draft
	Once     string // names this form, so that sending it twice opens one ticket
	Problem  string // wrong with the form as a whole
	Problems []string
}

// Field is a further question of a kind.
type Field struct {
	Name     string // of the form field
	Label    string
	Help     string
	Error    string
	Value    string
	Required bool
	Type     string // text, number, bool, date, choice
	Options  []string
}

// File is an attachment, or an upload that waits to be sent.
type File struct {
	ID    string
	Name  string
	Bytes int64
	Image bool
	Loose bool // not sent yet
}

func (f File) attachment() ui.Attachment {
	a := ui.Attachment{Name: f.Name, URL: FilesURL + "/" + f.ID, Bytes: f.Bytes, Image: f.Image}
	if f.Loose {
		a.Token, a.RemoveURL = f.ID, FilesURL+"/"+f.ID
	}
	return a
}

func attachments(files []File) []ui.Attachment {
	out := make([]ui.Attachment, len(files))
	for i, f := range files {
		out[i] = f.attachment()
	}
	return out
}

// The lists of tickets.
const (
	ShowOpen     = "open"
	ShowDone     = "done"
	ShowFollowed = "followed"
	ShowAll      = "all" // what a search looks through
)

// List is a page of tickets.
type List struct {
	Show  string // one of the lists
	Query string
	Items []Item
	Next  string // cursor of what follows
	First bool   // the page begins at the beginning
}

// Say is one entry of the conversation.
type Say struct {
	Seq    int
	At     time.Time
	Author string // "" for the product
	Role   string
	Own    bool
	Body   templ.Component // a message, safe to show; nil for a plain step
	Step   string          // a step in words: "Solved"
	Icon   ui.Icon
	Files  []File
	From   string // what tells it from entries of this ticket, when it is another's
}

// GoesOn is the ticket in which a merged one goes on.
type GoesOn struct {
	Number string
	Open   bool // the reader may see it
}

// Ticket is one ticket's page.
type Ticket struct {
	Number string
	Title  string
	State  string // in words, and its key, by which a stale page is known
	Key    string

	Category ui.Category
	Steps    []ui.Step
	Who      string // who has it, in a sentence
	Sent     bool   // it has just been sent
	GoesOn   GoesOn // without a number it is not merged
	Answer   bool   // waits for the reader's answer
	Live     string // the event that says that the ticket has changed

	Service string
	Asked   time.Time
	AskedBy string // when the reader only follows
	Details []Detail

	Talk    []Say
	Earlier int // sequence number before which there is more; 0 for none

	Reply      bool // may write
	Body       string
	BodyError  string
	Files      []File
	FilesError string

	Confirm     bool // may say that it works
	Reopen      bool // may say that it does not
	Cancel      bool
	CancelOpen  bool
	CancelBody  string
	CancelError string
	Again       bool // nothing can be done here any more: ask anew

	Rate    bool
	Rating  Rating
	Problem string
}

// Detail is a further answer the requester gave.
type Detail struct{ Label, Value string }

// Rating is the verdict on the outcome, given or being given.
type Rating struct {
	Score        int
	ScoreError   string
	Minutes      string
	MinutesError string
	Comment      string
	CommentError string
	Given        bool
	Open         bool // the form is shown
}

func (t Ticket) url(part string) string { return TicketURL(t.Number) + part }

// hx posts a form of the page and puts the page anew in place of itself.
func (t Ticket) hx(part string) ui.HX {
	return ui.HX{Post: t.url(part), Target: "#portal-ticket", Swap: "outerHTML"}
}
