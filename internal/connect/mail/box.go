package mail

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

// Protocol is how mail of a mailbox reaches us.
type Protocol string

// The protocols.
const (
	IMAP     Protocol = "imap"     // we fetch it
	Delivery Protocol = "delivery" // a server brings it (LMTP, SMTP), or it is imported from files
)

// After is what becomes of a mail at its server when it is here.
type After string

// What becomes of it.
const (
	AfterSeen   After = "seen"
	AfterMove   After = "move"
	AfterDelete After = "delete"
)

// Unknown is what becomes of mail from strangers.
type Unknown string

// What becomes of it.
const (
	UnknownAccept     Unknown = "accept" // they become contacts
	UnknownQuarantine Unknown = "quarantine"
)

// Box is a mailbox whose mail becomes tickets.
type Box struct {
	ID       int64
	Name     string
	Address  string
	Protocol Protocol
	Account
	Folder         string
	After          After
	MoveTo         string
	Kind           string // of new tickets
	ServiceID      int64
	GroupID        int64
	SenderID       int64 // from which answers come
	OrganisationID int64 // of strangers who become contacts
	Unknown        Unknown
	PerHour        int // mails of one sender
	Active         bool

	Validity, UID uint32 // how far it was read
	Marked        uint32 // how far what was read is marked at the server
	Holder        string // the node that reads it
	Beat          int64
	Problem       string // why it is not reached
	ProblemSince  time.Time
	ReachedAt     time.Time
	CreatedAt     time.Time
	UpdatedAt     time.Time
	Version       int64
}

// defaultPerHour is how many mails an hour one sender may write.
const defaultPerHour = 30

func (b *Box) check(kinds []string) error {
	var p apperr.Problems
	b.Name, b.Address = strings.Join(strings.Fields(b.Name), " "), strings.TrimSpace(b.Address)
	b.Folder, b.MoveTo = strings.TrimSpace(b.Folder), strings.TrimSpace(b.MoveTo)
	if b.Name == "" {
		b.Name = b.Address
	}
	if utf8.RuneCountInString(b.Name) > maxName {
		p.Add("name", "Keep the name under %d characters.", maxName)
	}
	if !message.ValidAddress(b.Address) {
		p.Add("address", "This is not a mail address.")
	}
	if !slices.Contains(kinds, b.Kind) {
		p.Add("kind", "Choose what kind of ticket its mail becomes.")
	}
	if b.PerHour == 0 {
		b.PerHour = defaultPerHour
	}
	if b.PerHour < 1 || b.PerHour > 10_000 {
		p.Add("per_hour", "Give a number from 1 to 10000.")
	}
	if b.Unknown == "" {
		b.Unknown = UnknownAccept
	}
	if b.Unknown != UnknownAccept && b.Unknown != UnknownQuarantine {
		p.Add("unknown", "Choose what becomes of mail from strangers.")
	}
	switch b.Protocol {
	case Delivery:
		b.Account, b.Folder, b.MoveTo, b.After = Account{}, "", "", AfterSeen
	case IMAP:
		b.Account.check(&p, message.PLAIN, message.XOAUTH2)
		if b.Folder == "" {
			b.Folder = "INBOX"
		}
		if b.After == "" {
			b.After = AfterSeen
		}
		if !slices.Contains([]After{AfterSeen, AfterMove, AfterDelete}, b.After) {
			p.Add("after", "Choose what becomes of a mail that was read.")
		}
		if b.After == AfterMove && (b.MoveTo == "" || b.MoveTo == b.Folder) {
			p.Add("move_to", "Name the folder to move it to.")
		}
		if len(b.Folder) > maxSetting || len(b.MoveTo) > maxSetting {
			p.Add("folder", "This is too long.")
		}
	default:
		p.Add("protocol", "Choose how its mail gets here.")
	}
	return p.Err()
}
