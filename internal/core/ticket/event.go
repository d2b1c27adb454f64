package ticket

import (
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
)

// EventType says what kind of entry an event is.
type EventType string

// The types of entries. A change of fields can ride on any of them.
const (
	Created      EventType = "created"    // the first entry; its changes set every initial value
	Replied      EventType = "reply"      // a public message
	Noted        EventType = "note"       // an internal note
	Changed      EventType = "change"     // fields edited
	Transitioned EventType = "transition" // a step of the workflow
	Linked       EventType = "link"       // a link made
	Unlinked     EventType = "unlink"     // a link removed
	Attached     EventType = "attach"     // files added without a message
	Rated        EventType = "rating"     // the requester's verdict
	Synced       EventType = "sync"       // followed its parent
	Imported     EventType = "import"     // a saved state taken over from another system
	Acted        EventType = "activity"   // something a practice did beside the ticket's fields
	Merged       EventType = "merge"      // went into another ticket, or took one in
	Split        EventType = "split"      // a new ticket was made of one of its messages, or it is that ticket
	Converted    EventType = "convert"    // became a ticket of another kind
	Undone       EventType = "undo"       // what an operation wrote was given back; Operation names it
)

// ActorRef says who did something: a person, or a part of the product.
type ActorRef struct {
	Type access.ActorType
	ID   int64 // person; 0 for rules, timers and importers
}

// Change is one field's before and after, as Ticket.Get writes them.
type Change struct {
	Field string `json:"f"`
	From  string `json:"a,omitempty"`
	To    string `json:"b,omitempty"`
}

// Event is one entry of a timeline, with everything an agent may see.
type Event struct {
	TicketID    int64
	Seq         int       // 1, 2, 3, … within the ticket
	At          time.Time // when it happened
	RecordedAt  time.Time // when we wrote it down; later than At for imports
	Actor       ActorRef
	Type        EventType
	Internal    bool // never leaves for a requester or a supplier
	Changes     []Change
	Body        string // Markdown: the message, the note, the description, the reason
	Attachments []Attachment
	Operation   int64 // the operation it is part of, or takes back; 0 for none
}

// Change finds the change of a field.
func (e *Event) Change(field string) (Change, bool) {
	for _, c := range e.Changes {
		if c.Field == field {
			return c, true
		}
	}
	return Change{}, false
}

// PublicEvent is what may leave the organisation: a message, a change of
// state, a rating. It has no internal text because it has nowhere to hold it.
type PublicEvent struct {
	TicketID    int64
	Seq         int
	At          time.Time
	Actor       ActorRef
	Type        EventType
	Message     string
	State       string // the state it moved to; "" when it did not
	WaitReason  string
	Rating      int
	Attachments []Attachment
}

// Public gives the part of an event that may leave; false when nothing may.
func (e *Event) Public() (PublicEvent, bool) {
	if e.Internal {
		return PublicEvent{}, false
	}
	p := PublicEvent{TicketID: e.TicketID, Seq: e.Seq, At: e.At, Actor: e.Actor, Type: e.Type}
	for _, a := range e.Attachments {
		if !a.Internal {
			p.Attachments = append(p.Attachments, a)
		}
	}
	if c, ok := e.Change(FieldState); ok {
		p.State = c.To
	}
	if c, ok := e.Change(FieldWaitReason); ok {
		p.WaitReason = c.To
	}
	switch e.Type {
	case Created, Replied, Rated:
		p.Message = e.Body
		return p, true
	case Transitioned, Synced, Imported, Merged, Converted, Undone:
		// The text of a transition is written for the requester only when it
		// resolves; other reasons are messages of their own.
		if c, ok := e.Change(FieldResolution); ok {
			p.Message = c.To
		}
		return p, p.State != "" || len(p.Attachments) > 0
	default:
		return p, len(p.Attachments) > 0
	}
}

// Attachment is a file of a ticket; its bytes are in the blob store under SHA256.
type Attachment struct {
	ID         int64
	TicketID   int64
	Seq        int
	Internal   bool
	Name       string
	MediaType  string
	Size       int64
	SHA256     string
	UploaderID int64
	CreatedAt  time.Time
}
