// Package apperr is the one error type of the product. A kind says what went
// wrong in terms every edge understands (a status, a page, an exit code), a
// message says it in words that are safe to show, and the wrapped cause keeps
// what only the log may see.
package apperr

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/words"
)

// Kind classifies an error. The edge maps it to an HTTP status; nothing else does.
type Kind string

// The kinds an edge must know.
const (
	Internal        Kind = "internal"
	Invalid         Kind = "invalid"          // the input is wrong; Fields says where
	Unauthenticated Kind = "unauthenticated"  // nobody is signed in, or the credentials are wrong
	Forbidden       Kind = "forbidden"        // signed in, but not allowed
	NotFound        Kind = "not_found"        // absent, or not visible to this reader
	Conflict        Kind = "conflict"         // somebody else was first: stale version, duplicate key
	InUse           Kind = "in_use"           // cannot go while others refer to it
	TooLarge        Kind = "too_large"        // over a size limit
	TooMany         Kind = "too_many"         // over a rate limit
	Unavailable     Kind = "unavailable"      // a part we depend on is away; worth a retry
	Precondition    Kind = "precondition"     // If-Match was required and missing
	Unsupported     Kind = "unsupported_type" // the media type is not accepted
)

// Field is one wrong input: Name is the form's or JSON document's field name,
// Message a sentence for the person who typed it.
type Field struct {
	Name    string
	Message words.Text
}

// Error carries a kind, a safe message and the cause.
type Error struct {
	Kind    Kind
	Message words.Text // shown to the user; a sentence
	Fields  []Field    // for Invalid
	Detail  any        // for Conflict: what the other side holds now
	Err     error      // the cause; logged, never shown
}

// Error renders the message with its fields and cause, for the log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	b.WriteString(": ")
	b.WriteString(e.Message.String())
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Name, f.Message)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind with a message that is safe to show. The format of
// it and of every message here is a literal, which the catalogues translate.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: words.Of(format, args...)}
}

// Wrap makes an error of a kind around a cause.
func Wrap(err error, kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: words.Of(format, args...), Err: err}
}

// Stale makes a Conflict that carries what the other side holds now.
func Stale(now any, format string, args ...any) *Error {
	return &Error{Kind: Conflict, Message: words.Of(format, args...), Detail: now}
}

// InvalidField is the common case of one wrong field.
func InvalidField(name, format string, args ...any) *Error {
	msg := words.Of(format, args...)
	return &Error{Kind: Invalid, Message: msg, Fields: []Field{{Name: name, Message: msg}}}
}

// KindOf gives the kind of the first *Error in the chain, Internal for any
// other error, and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Message gives the text that may be shown to a person: the first *Error's
// message, or a neutral sentence.
func Message(err error) words.Text {
	var e *Error
	if errors.As(err, &e) && !e.Message.Empty() {
		return e.Message
	}
	return words.Of("Something went wrong on our side.")
}

// FieldsOf gives the wrong fields of an Invalid error, or nil.
func FieldsOf(err error) []Field {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}

// ByField gives what is wrong with each field of an Invalid error in the words of
// the context's reader, the first message where there are several; never nil.
func ByField(ctx context.Context, err error) map[string]string {
	out := map[string]string{}
	for _, f := range FieldsOf(err) {
		if out[f.Name] == "" {
			out[f.Name] = f.Message.In(ctx)
		}
	}
	return out
}

// Now gives the record that a Conflict carries: what the other side holds now.
func Now[T any](err error) (*T, bool) {
	var e *Error
	if !errors.As(err, &e) || e.Kind != Conflict {
		return nil, false
	}
	now, ok := e.Detail.(*T)
	return now, ok
}

// Retold gives a Conflict with the record that it carries in other words, such as
// an API's; every other error as it is.
func Retold[T any](err error, words func(now *T) any) error {
	now, ok := Now[T](err)
	if !ok {
		return err
	}
	return &Error{Kind: Conflict, Message: Message(err), Detail: words(now), Err: err}
}

// Problems collects wrong fields, so that a form answers with all of them at once.
type Problems struct{ fields []Field }

// Add notes one wrong field.
func (p *Problems) Add(name, format string, args ...any) {
	p.fields = append(p.fields, Field{Name: name, Message: words.Of(format, args...)})
}

// Say notes one wrong field with a text that was made elsewhere.
func (p *Problems) Say(name string, text words.Text) {
	p.fields = append(p.fields, Field{Name: name, Message: text})
}

// Err gives nil when nothing was noted.
func (p *Problems) Err() error {
	if len(p.fields) == 0 {
		return nil
	}
	msg := p.fields[0].Message
	if len(p.fields) > 1 {
		msg = words.Of("%d fields need attention.", len(p.fields))
	}
	return &Error{Kind: Invalid, Message: msg, Fields: p.fields}
}
