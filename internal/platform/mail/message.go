package mail

import (
	"fmt"
	"strings"
	"time"
)

// Limits bounds what Read takes on. A field that is zero takes its default.
type Limits struct {
	Size    int // bytes of the whole message; 50 MB
	Header  int // bytes of one header; 256 kB
	Parts   int // parts of all levels, and files in a winmail.dat; 1,000
	Depth   int // multiparts within one another; 30
	Decoded int // bytes of all texts and attachments when decoded; 100 MB
}

// withDefaults fills what is zero.
func (l Limits) withDefaults() Limits {
	set := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	set(&l.Size, 50<<20)
	set(&l.Header, 256<<10)
	set(&l.Parts, 1000)
	set(&l.Depth, 30)
	set(&l.Decoded, 100<<20)
	return l
}

// ErrorKind says why a message was not read.
type ErrorKind string

// Why a message was not read.
const (
	TooLarge   ErrorKind = "too_large"     // over a bound of size or number
	TooDeep    ErrorKind = "too_deep"      // parts within parts beyond the bound
	NotMessage ErrorKind = "not_a_message" // no header that a message could have
)

// ReadError is the one error of Read.
type ReadError struct {
	Kind   ErrorKind
	Detail string // a sentence in plain words
}

// Error implements error.
func (e *ReadError) Error() string { return "mail: " + e.Detail }

func readError(kind ErrorKind, format string, args ...any) *ReadError {
	return &ReadError{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

// Address is one mailbox. Mail is "" where only a name was given.
type Address struct {
	Name string `json:"name,omitempty"`
	Mail string `json:"mail,omitempty"` // local@domain as it was written
}

// Key is the address for comparing: without regard to case.
func (a Address) Key() string { return strings.ToLower(a.Mail) }

// Field is one header field, unfolded, with its words decoded.
type Field struct {
	Name  string // as it was written
	Value string
	raw   string // unfolded, not decoded
}

// Header is the fields of a message in their order.
type Header []Field

// Get gives the first value of a field, "" if there is none.
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether a field is there, even if it is empty.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// Values gives all values of a field.
func (h Header) Values(name string) []string {
	var out []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			out = append(out, f.Value)
		}
	}
	return out
}

func (h Header) raw(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.raw
		}
	}
	return ""
}

func (h Header) raws(name string) []string {
	var out []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			out = append(out, f.raw)
		}
	}
	return out
}

// Remark is something found out about a message: Code is stable, Text says it in
// plain English, Value is the word in the message it is about.
type Remark struct {
	Code  string `json:"code"`
	Text  string `json:"text"`
	Value string `json:"value,omitempty"`
}

// Role says what an attachment is for.
type Role string

// What an attachment is for.
const (
	RoleFile      Role = ""          // a file that was sent along
	RoleInline    Role = "inline"    // a picture that the HTML body shows, by its ContentID
	RoleMessage   Role = "message"   // another message: a forward, the original of a bounce
	RoleSignature Role = "signature" // a signature over the message (S/MIME, PGP)
	RoleEncrypted Role = "encrypted" // what only the holder of a key can read
	RoleInvite    Role = "invite"    // an invitation (iCalendar)
	RoleReport    Role = "report"    // the part of a report that is for programs
)

// Attachment is a file of a message.
type Attachment struct {
	Name      string // safe as a file name: no path, no control characters, never ""
	Type      string // media type by what the bytes are, not only by what was claimed
	Declared  string // media type that was claimed
	ContentID string // without angle brackets
	Role      Role
	Data      []byte
}

// Invite is what an invitation says (RFC 5546). Start and End are in the zone that
// was named, if that zone is known; AllDay ones have the date at midnight UTC.
type Invite struct {
	Method    string // REQUEST, CANCEL, REPLY, ...
	UID       string
	Summary   string
	Location  string
	Organizer Address
	Start     time.Time
	End       time.Time
	AllDay    bool
}

// Message is a message that was read. Ids have no angle brackets.
type Message struct {
	Header Header

	ID         string   // Message-ID; "" if there is none
	InReplyTo  []string // ids
	References []string // ids, oldest first

	From        []Address
	Sender      Address
	ReplyTo     []Address
	To, Cc, Bcc []Address
	DeliveredTo []string // addresses the message was delivered to: Delivered-To, X-Original-To, Envelope-To, in the order of the header
	ReturnPath  string   // "<>" for the empty one, "" if there is none

	Date    time.Time // zero if there is none that can be read
	Subject string    // one line

	Text     string   // what was written, as plain text with \n line ends; see Markdown
	FromHTML bool     // Text was made of the HTML, for want of a plain text
	HTML     string   // sanitised, "" if there is none; see Show
	Remote   []string // addresses of the pictures that HTML does not load: Remote[n] belongs to the marker n

	Attachments []Attachment
	Invites     []Invite
	Report      *Report // delivery status, of a bounce (RFC 3464)

	Signed    string // "S/MIME" or "PGP"; it is not verified
	Encrypted string // "S/MIME" or "PGP"

	Remarks []Remark // what was odd, and how it was read
}

func (m *Message) remark(code, text, value string) {
	for _, r := range m.Remarks {
		if r.Code == code {
			return
		}
	}
	m.Remarks = append(m.Remarks, Remark{Code: code, Text: text, Value: value})
}

// Author is whom an answer is for: the first address of From, else the Sender's,
// else the first of Reply-To.
func (m *Message) Author() Address {
	for _, a := range m.From {
		if a.Mail != "" {
			return a
		}
	}
	if m.Sender.Mail != "" {
		return m.Sender
	}
	for _, a := range m.ReplyTo {
		if a.Mail != "" {
			return a
		}
	}
	return Address{}
}

// Recipients are To, Cc and Bcc, each address once.
func (m *Message) Recipients() []Address {
	var out []Address
	seen := map[string]bool{}
	for _, list := range [][]Address{m.To, m.Cc, m.Bcc} {
		for _, a := range list {
			if a.Mail != "" && !seen[a.Key()] {
				seen[a.Key()] = true
				out = append(out, a)
			}
		}
	}
	return out
}
