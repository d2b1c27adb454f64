// Package view draws a ticket's page and the intake from view models. It knows no
// ticket service and no permission: what may be seen and done has been decided.
package view

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
)

// ChangedEvent tells an open page that its ticket has changed: sent by the live
// stream, and with the answer of every action taken on the page itself.
const ChangedEvent = "ticket-changed"

// EmptiedEvent tells an open page that what its composer held went on in another
// way: nothing of it is a draft any more.
const EmptiedEvent = "composer-emptied"

// Places of the page that answers are put into.
const (
	TimelineID  = "timeline"
	DialogPlace = "record-dialog"
	liveID      = "record-live"
	headID      = "record-head"
	sideID      = "record-side"
	valuesID    = "record-values"
	linksID     = "record-links"
	filesID     = "record-files"
	aroundID    = "record-around"
	composerID  = "composer"
)

// The addresses of the pages.
const (
	UploadURL  = "/attachments"
	queueURL   = "/queue"
	PeopleURL  = "/suggest/people"
	GroupsURL  = "/suggest/groups"
	MembersURL = "/suggest/members"
	ServiceAsk = "/suggest/services"
	MentionURL = "/suggest/mentions"
)

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// OthersURL completes tickets other than one.
func OthersURL(number string) string { return "/suggest/tickets?not=" + url.QueryEscape(number) }

// PersonURL is the address of a person's page.
func PersonURL(id int64) string { return "/people/" + strconv.FormatInt(id, 10) }

// ServiceURL is the address of a service's page.
func ServiceURL(id int64) string { return "/services/" + strconv.FormatInt(id, 10) }

// FileURL is the address of an attachment.
func FileURL(id int64) string { return UploadURL + "/" + strconv.FormatInt(id, 10) }

// TextURL is the address of one text of a ticket in full: a sequence number, or
// "description".
func TextURL(number, which string) string { return TicketURL(number) + "/texts/" + which }

// OperationURL is the address of an act that changed many tickets.
func OperationURL(id int64) string { return "/operations/" + strconv.FormatInt(id, 10) }

// EarlierURL is the address of the part of a timeline before a sequence number.
func EarlierURL(number, tab string, before int) string {
	return TicketURL(number) + "/timeline?" + url.Values{"tab": {tab}, "before": {strconv.Itoa(before)}}.Encode()
}

// QueueURL is the address of the list that a filter gives.
func QueueURL(filter string) string { return queueURL + "?" + url.Values{"q": {filter}}.Encode() }

// ValueID is the id of a value's element.
func ValueID(field string) string { return "v-" + strings.ReplaceAll(field, ".", "-") }

// Errors are what is wrong with the fields of a form, by their names.
type Errors map[string]string

// Page is a ticket's page.
type Page struct {
	Number      string
	Version     int
	LastSeq     int
	Tab         string
	Head        Head
	Description Description
	Tabs        []ui.Tab
	Timeline    ui.Timeline
	Composer    *ui.Composer // nil when the reader writes nothing
	Silent      string       // why not
	Side        Side
	Presence    *ui.Presence // nil when the reader may not know
	Banners     []Plugged    // what practices say above everything
}

// Plugged is a part that a practice brings. Its element is there even when it
// shows nothing, so that it can appear while the page is open.
type Plugged struct {
	ID      string
	Content templ.Component // nil is nothing
}

func (p Plugged) id() string { return "panel-" + p.ID }

func (m Page) url(part string) string { return TicketURL(m.Number) + part }

// Head is the top of the page.
type Head struct {
	Number   string
	Kind     string
	KindIcon ui.Icon
	Title    Title
	State    ui.StateBadge
	Priority ui.PriorityBadge
	Why      string // where the priority comes from
	WhyEdit  string // address of the form that overrules it; "" when the reader may not
	VIP      bool   // the requester
	Lead     []Fact
	Actions  []templ.Component
	More     []ui.MenuItem
	Watching bool
	Watchers int
	Waits    string // what is expected of whom: a call to act
	NextURL  string // leads to the ticket that follows in the list; "" beside a list
}

// Fact is a few words under the title, some with an instant.
type Fact struct {
	Text string
	At   time.Time
}

// Title is the title as it is shown and edited.
type Title struct {
	Number  string
	Text    string
	CanEdit bool
	Changed bool
}

// Description is what the ticket is about, as it is shown and edited.
type Description struct {
	Number  string
	Body    templ.Component // nil when there is none
	Files   []ui.Attachment // that came with the opening
	Author  ui.Party
	CanEdit bool
	Changed bool
}

// Side is the context of the ticket.
type Side struct {
	Number    string
	Values    []ui.Value
	Take      *ui.Button // "assign to me"
	Requester Requester
	Service   Tickets
	Links     Links
	Files     []ui.Attachment
	Lesser    []ui.Attachment // pictures of signatures, and such as nobody sees
	Rating    *Rating
	Times     []ui.Value // since when it is as it is, and how often it moved
	Why       []string   // by which right the reader sees it
	Plugged   []Plugged
}

// Requester is who asks, and what else they asked.
type Requester struct {
	Party    ui.Party
	VIP      bool
	Inactive bool
	Contact  []ui.Value
	Tickets  Tickets
}

// Tickets is a short list of tickets beside the one of the page.
type Tickets struct {
	Title string
	Items []Item
	More  string // address of the whole list
	Empty string
	Known bool // the list was asked for
}

// Item is one ticket of a short list.
type Item struct {
	Number string
	Title  string
	State  ui.StateBadge
	At     time.Time
	Note   string
}

func (i Item) url() string { return TicketURL(i.Number) }

// Links are the tickets that this one has to do with.
type Links struct {
	Number string
	Groups []LinkGroup
	CanAdd bool
}

// LinkGroup is the tickets that are the same to this one.
type LinkGroup struct {
	Label string
	Items []Link
}

// Link is one of them.
type Link struct {
	Item
	Type  string // as it is removed
	Fixed bool   // it goes only with what made it
}

// Rating is the requester's verdict.
type Rating struct {
	Score   int
	Minutes string
	Comment templ.Component
	At      time.Time
}

// Prose is a text people wrote, already safe.
type Prose struct {
	HTML    string
	MoreURL string // the whole of a text that is shown in part
	Bytes   int64  // of the whole
}

// Changes is what an open page is told when its ticket has changed.
type Changes struct {
	Page
	Fresh ui.Timeline // entries since
}
