// Package channel is what the product tells a person, or the room of a team, by chat or
// SMS: types, so that rooms which have something to tell need not know who sends it and
// how. The sending room is given to them as small interfaces of their own.
//
// A message is written in the transaction of its cause and sent by a job. What is
// internal on a ticket has no place in these types: neither the text of a note nor that of an
// answer.
package channel

import "context"

// Kind says what a message is.
type Kind string

// The kinds.
const (
	Notice     Kind = "notice"     // of somebody's inbox
	Escalation Kind = "escalation" // a rung fired
	News       Kind = "news"       // what a room follows happened
	Code       Kind = "code"       // proves that it reaches whom it is for
	Test       Kind = "test"       // an administrator tries the settings
)

// Line is one thing that is told.
type Line struct {
	Ticket int64  `json:"ticket,omitempty"` // it is left out when its reader may not see the ticket any more
	Number string `json:"number,omitempty"`
	Title  string `json:"title,omitempty"`
	Text   string `json:"text"`            // what happened, in the words of its reader
	Short  string `json:"short,omitempty"` // the same without anything internal, for an SMS
	Why    string `json:"why,omitempty"`
	URL    string `json:"url,omitempty"`   // whole address
	About  string `json:"about,omitempty"` // where it says why, and how to hear less
	// Internal lines are for those who read internal notes when it is sent.
	Internal bool `json:"internal,omitempty"`
}

// Message is what one person is told.
type Message struct {
	Channel, Person int64
	Kind            Kind
	Lines           []Line
	Change          string // a sentence with the address where to choose what one is told
	URL             string // where one finds all of it
	Key             string // names the cause: a person gets one message per channel and key; "" allows any number
}

// Post is what rooms are told about a ticket. What may be said of the ticket itself is
// a setting of each room, and is read when the post is sent.
type Post struct {
	Channels []int64
	Ticket   int64
	Kind     Kind
	// Text says what happened, and Why why a room is told, in the language of the
	// context, which is the room's.
	Text, Why func(ctx context.Context) string
	Key       string // a room gets one post per key
}

// Way is a channel as somebody can be told by it.
type Way struct {
	ID     int64
	Name   string
	Phone  bool // by SMS: at once or not at all
	Active bool // what is sent arrives: the person has proved it
}

// Room is a channel that leads to a team.
type Room struct {
	ID     int64
	Name   string
	Active bool
}
