// Package letter is what the product tells somebody by mail: a type, so that
// rooms which have something to tell need not know who sends it and how. The
// sending room is given to them as a small interface of their own:
//
//	type Post interface {
//		Enqueue(ctx context.Context, tx *database.Tx, l letter.Letter) error
//	}
//
// A letter is written in the transaction of its cause and sent by a job.
package letter

// Recipient is whom a letter is for. Of a Person the address and the name are
// looked up; Mail is for somebody who has no record here.
type Recipient struct {
	Person int64
	Mail   string
	Name   string
}

// Kind says what a letter is, for lists and filters; rooms add their own.
type Kind string

// The kinds that are known everywhere.
const (
	Opened   Kind = "opened"   // a request arrived
	Reply    Kind = "reply"    // a public message
	Moved    Kind = "state"    // a ticket took a step that its requester should know of
	Notice   Kind = "notice"   // something of the inbox
	Escalate Kind = "escalate" // somebody is needed now
	Test     Kind = "test"     // an administrator tries the settings
)

// Letter is one message. Nothing internal belongs into it unless every recipient
// reads internal notes: who enqueues it has checked that.
type Letter struct {
	To, Cc  []Recipient
	Kind    Kind
	Subject string // one line, in the language of who reads it
	Body    string // Markdown; plain text and HTML are made of it
	// Why says at the foot of the letter why somebody got it, in a sentence.
	Why string
	// URL is where the matter lives: a path of ours, or a whole address; "" for nowhere.
	URL string

	// Ticket puts the letter into the ticket's conversation: its answers find back.
	// Seq is the entry of the timeline it tells of. 0 is none.
	Ticket int64
	Seq    int
	Files  []int64 // attachments of that ticket that go along

	// Key names the cause: a person gets at most one letter per Key. A letter about
	// an entry of a timeline has the key of its notice, "ticket:ID:SEQ", so that
	// nobody is told twice. "" allows any number.
	Key    string
	Sender int64 // of the mail settings; 0 picks by the ticket's group, else the default
}

// Entry is an entry of a ticket's timeline, as what a letter tells of.
type Entry struct {
	Ticket int64
	Seq    int
}
