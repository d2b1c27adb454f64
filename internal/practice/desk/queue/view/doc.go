// Package view draws the desk's lists from plain view models. It knows no
// ticket service and no permission: what may be shown and done has been decided.
package view

import (
	"strconv"
	"time"
)

// Keys of the standard columns. Custom fields are "field.KEY".
const (
	ColumnNumber       = "number"
	ColumnTitle        = "title"
	ColumnState        = "state"
	ColumnPriority     = "priority"
	ColumnRequester    = "requester"
	ColumnGroup        = "group"
	ColumnAssignee     = "assignee"
	ColumnService      = "service"
	ColumnOrganisation = "organisation"
	ColumnKind         = "kind"
	ColumnTags         = "tags"
	ColumnUpdated      = "updated"
	ColumnCreated      = "created"
	ColumnResolved     = "resolved"
)

// Column is one thing a list can show of each ticket.
type Column struct {
	Key     string
	Label   string // in the reader's language
	Sort    string // what ticket lists call this order; "" cannot be sorted by
	Number  bool
	Plugged bool // a practice gives its texts
}

// Ticket is one row.
type Ticket struct {
	ID      int64
	Version int
	Number  string
	URL     string
	Title   string
	Tags    []string
	Marks   []string // what practices say beside the title

	KindLabel, KindIcon   string
	StateLabel, WaitLabel string
	Category              string
	Priority              int
	PriorityLabel         string
	PriorityWhy           string

	Requester, Group, Assignee, Service, Organisation string
	ServiceURL                                        string
	VIP                                               bool // the requester

	CreatedAt, UpdatedAt, ResolvedAt, UnansweredSince time.Time
	Fields                                            map[string]string // by column key

	Done bool // no work is owed
	Mine bool // assigned to the reader
	Left bool // shown still, but no longer in the list

	Lane, LaneLabel string // of a board: the column it belongs to
	MayShift        bool   // may be moved to another

	Beside string // of a split list: address with the ticket beside it
	Shown  bool   // it is there now

	MayAssign, MayEdit, MayMove, MayReply bool
}

// RowID is the id of a ticket's row.
func RowID(id int64) string { return "ticket-" + strconv.FormatInt(id, 10) }
