package module

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// Said names a message of a timeline: the entry Seq of a ticket.
type Said struct {
	Ticket int64
	Seq    int
}

// Written is how a message was written that came through a practice, such as a mail:
// what is new in it, what it quotes, its signature, and its pictures where they
// stand. Whoever shows it asks for Body first: a text that was changed since is
// shown as it is now.
type Written struct {
	Body   ticket.Markdown // what the timeline got of it
	Pieces []Piece
	Lesser []string // SHA-256 of files that say nothing: tracking pixels, logos
	URL    string   // the page that tells where it came from and why it is here
}

// PieceKind says what a stretch of a message is.
type PieceKind string

// What a stretch of a message is.
const (
	PieceSaid      PieceKind = "said"      // new: what the timeline holds
	PieceQuoted    PieceKind = "quoted"    // of an earlier message
	PieceSignature PieceKind = "signature" // who wrote, or on what device
)

// Piece is a stretch of a message.
type Piece struct {
	Kind   PieceKind
	Who    string  // whom a quote is of, where it says so
	Blocks []Block // in order
}

// Block is a text, or a picture.
type Block struct {
	Text    string // Markdown of what is said; plain text of quotes and signatures
	Picture *Picture
}

// Picture is one that stands in a message. Its bytes are those of a file of the
// message; Name says what it was called, for one that was not kept.
type Picture struct {
	SHA256        string
	Name          string
	Alt           string // what its writer said of it; "" for nothing
	Width, Height int    // in which it is shown; 0 when unknown
}

// Writer tells how messages were written, in a fixed number of queries; those that did
// not come through it are left out. It is asked only for a reader who reads the notes
// of these tickets.
type Writer func(ctx context.Context, messages []Said) (map[Said]Written, error)
