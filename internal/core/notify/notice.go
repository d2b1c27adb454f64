package notify

import (
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

// Kind says what a notice tells. People turn kinds on and off.
type Kind string

// The kinds of notices.
const (
	Opened    Kind = "opened"     // a ticket was opened for me, or I was made its watcher
	Mentioned Kind = "mentioned"  // somebody named me in a message or note
	Assigned  Kind = "assigned"   // a ticket was given to me
	GroupWork Kind = "group_work" // my group has a ticket, or an answer, that nobody has taken
	Replied   Kind = "reply"      // a public message
	Noted     Kind = "note"       // an internal note
	Reviewed  Kind = "review"     // a draft waits for my review, or mine was reviewed or sent
	Moved     Kind = "state"      // a ticket took a step of its workflow
	Finished  Kind = "operation"  // what I started in the background is done
	Due       Kind = "reminder"   // something I asked to be reminded of
	Report    Kind = "report"     // a report or dashboard came by schedule
	Major     Kind = "major"      // a major incident was proposed, declared, or wants something of me
	Alarm     Kind = "alarm"      // a number crossed the line that was set for it
	Escalated Kind = "escalation" // a promise on a ticket is at risk or broken, and it is my turn
	Absence   Kind = "absence"    // somebody I stand in for is away, or I was and am back
	Published Kind = "published"  // something was published to my organisation; all of it is public
)

// Audience says whom a kind can concern at all.
type Audience int

// The audiences, each a part of the one before.
const (
	Everybody Audience = iota // also those who only ask for things
	Workers                   // who work on tickets, as suppliers' agents do
	Insiders                  // who read internal notes
)

// AudienceOf gives the narrowest audience that an actor belongs to.
func AudienceOf(a access.Actor) Audience {
	switch {
	case a.Can(access.ReadNotes, access.AnyKind):
		return Insiders
	case a.Can(access.Edit, access.AnyKind), a.Can(access.Assign, access.AnyKind):
		return Workers
	}
	return Everybody
}

// Info describes a kind.
type Info struct {
	Kind   Kind
	Wanted bool // by those who chose nothing
	For    Audience
}

var kinds = []Info{
	{Kind: Mentioned, Wanted: true, For: Workers},
	{Kind: Assigned, Wanted: true, For: Workers},
	{Kind: GroupWork, For: Workers},
	{Kind: Opened, Wanted: true},
	{Kind: Replied, Wanted: true},
	{Kind: Noted, Wanted: true, For: Insiders},
	{Kind: Reviewed, Wanted: true, For: Insiders},
	{Kind: Moved, Wanted: true},
	{Kind: Escalated, Wanted: true},
	{Kind: Published, Wanted: true},
	{Kind: Due, Wanted: true, For: Workers},
	{Kind: Finished, Wanted: true, For: Workers},
	{Kind: Report, Wanted: true, For: Workers},
	{Kind: Major, Wanted: true, For: Workers},
	{Kind: Alarm, Wanted: true, For: Insiders},
	{Kind: Absence, Wanted: true, For: Insiders},
}

// Kinds lists all kinds, in the order of a page of preferences.
func Kinds() []Info { return kinds }

func infoOf(k Kind) (Info, bool) {
	for _, i := range kinds {
		if i.Kind == k {
			return i, true
		}
	}
	return Info{}, false
}

// Reason says why a notice reached somebody: what they are to its subject.
type Reason string

// The reasons.
const (
	AsMentioned  Reason = "mentioned"
	AsAssignee   Reason = "assignee"
	AsRequester  Reason = "requester"
	AsOpener     Reason = "opener"
	AsWatcher    Reason = "watcher"
	AsMember     Reason = "member"     // of the group that has it
	AsStarter    Reason = "starter"    // they started it, or asked for it
	AsListed     Reason = "listed"     // they are on its list of recipients
	AsReviewer   Reason = "reviewer"   // they were asked to look at it
	AsAuthor     Reason = "author"     // they wrote it
	AsRole       Reason = "role"       // a role of theirs makes it their business
	AsLead       Reason = "lead"       // they lead the group that has it
	AsOwner      Reason = "owner"      // they answer for the service it is about
	AsManager    Reason = "manager"    // somebody below them has it
	AsSubscriber Reason = "subscriber" // they asked to be told of everything of its sort
	// They stand in for somebody who is away. Of other reasons with a For it is why they
	// are told when nobody stands in.
	AsSubstitute Reason = "substitute"
)

// Urgency is what makes a notice pass the quiet hours of those who let it.
type Urgency string

// The urgencies. The zero value waits.
const (
	CriticalService Urgency = "critical" // the business stops without the service
	MajorIncident   Urgency = "major"
)

// TicketSubject is the type of a Subject that is a ticket.
const TicketSubject = "ticket"

// Subject is the record a notice is about. Notices with the same Type and ID are
// one line in the inbox.
type Subject struct {
	Type  string // TicketSubject, or a word of the sending room's own: "dashboard"
	ID    int64
	Title string // what the line says; of a ticket it is the ticket's own, as it is when shown
	URL   string // where the line leads, a path of ours; of a ticket it is known
}

// Ticket is a ticket as a subject.
func Ticket(id int64) Subject { return Subject{Type: TicketSubject, ID: id} }

// Notice is what is to be told to one person.
type Notice struct {
	To       int64
	Kind     Kind
	Reason   Reason
	Subject  Subject
	Actor    ticket.ActorRef // who did it; nobody is told of their own acts. Zero is the program
	Internal bool            // only for readers of the ticket's internal notes
	Seq      int             // the event of the ticket's timeline it tells of; 0 for none
	Detail   string          // of Moved the state's key; else a sentence of at most 300 characters
	At       time.Time       // zero is now
	// Key names the cause: a person gets one notice per Key. "" allows any number.
	Key string
	// For is who is away, where the notice is told to To instead, until ForUntil. Of
	// AsManager it is whose manager To is.
	For      int64
	ForUntil time.Time
	Urgent   Urgency // of Major it is known
	Routed   bool    // the sender has told those who stand in already
}

// asks reports whether a notice wants something of its recipient, so that somebody must
// be told instead while they are away. Those of escalations route theirs themselves.
func (n *Notice) asks() bool {
	if n.Routed || n.For != 0 || n.Subject.Type != TicketSubject {
		return false
	}
	switch n.Kind {
	case Mentioned, Assigned, Escalated, Major:
		return true
	case Reviewed:
		return n.Reason == AsReviewer
	case Replied:
		return n.Reason == AsAssignee
	}
	return false
}

// Stored is a notice as its recipient reads it.
type Stored struct {
	ID int64
	Notice
	ReadAt time.Time // zero while unread
}

// Unread reports whether the recipient has not read it.
func (s *Stored) Unread() bool { return s.ReadAt.IsZero() }

// PublicNotice is what may be shown to a requester or a supplier: it tells of a
// public event of a ticket, or of something that was published, and has nowhere to
// put anything else.
type PublicNotice struct {
	ID     int64
	Kind   Kind
	Reason Reason
	Actor  ticket.ActorRef
	State  string // of Moved: the state's key
	Seq    int
	At     time.Time
	ReadAt time.Time // zero while unread

	For      int64 // who is away and whose turn it would be
	ForUntil time.Time
	Urgent   Urgency
}

// Public gives the part of a notice that may leave; false when nothing may.
func (s *Stored) Public() (PublicNotice, bool) {
	if s.Internal || s.Kind == Noted || s.Subject.Type != TicketSubject && s.Kind != Published {
		return PublicNotice{}, false
	}
	p := PublicNotice{ID: s.ID, Kind: s.Kind, Reason: s.Reason, Actor: s.Actor, Seq: s.Seq, At: s.At, ReadAt: s.ReadAt, For: s.For, ForUntil: s.ForUntil, Urgent: s.Urgent}
	if s.Kind == Moved {
		p.State = s.Detail
	}
	return p, true
}
