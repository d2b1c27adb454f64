package filter

import (
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/words"
)

// Error is what is wrong with a filter's text, in words for the person who
// typed it. Parse and Schema.Bind return it as it is. To every edge it is also
// an apperr.Invalid on the field "filter".
type Error struct {
	Span
	// Msg is a sentence that can stand beside the field.
	Msg words.Text
}

func (e *Error) Error() string { return e.Msg.String() }

// Unwrap gives the error as edges know it.
func (e *Error) Unwrap() error {
	return &apperr.Error{Kind: apperr.Invalid, Message: e.Msg, Fields: []apperr.Field{{Name: "filter", Message: e.Msg}}}
}

// Span is a part of a filter's text as byte offsets: [Pos, End). It is zero in
// nodes that a program built.
type Span struct{ Pos, End int }

// Where returns the span itself; it lets every node and error answer alike.
func (s Span) Where() Span { return s }

func errorAt(at Span, format string, args ...any) *Error {
	return &Error{Span: at, Msg: words.Of(format, args...)}
}
