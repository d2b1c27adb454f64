package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// Paging is the part of an input that asks for one page of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items to give at most."`
	Cursor string `query:"cursor" maxLength:"4000" doc:"Where to go on: next_cursor of the page before. Everything else must stay as it was."`
}

// After gives the id that a cursor stands for, in lists that go on behind an id; 0
// on the first page. Invalid for a cursor that is none.
func (p Paging) After() (int64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(p.Cursor, 10, 64)
	if err != nil || id <= 0 {
		return 0, ForeignCursor()
	}
	return id, nil
}

// ForeignCursor refuses a cursor that no page of this list gave.
func ForeignCursor() error {
	return apperr.InvalidField("cursor", "This page marker belongs to another list. Start from the beginning.")
}

// Page is one page of a list.
type Page[T any] struct {
	Items      []T    `json:"items" nullable:"false" doc:"The items, in order."`
	NextCursor string `json:"next_cursor,omitempty" doc:"The cursor of the next page; missing on the last one."`
}

// Listed is the answer of an operation that lists.
type Listed[T any] struct {
	Link string `header:"Link" doc:"The next page's address with rel=next (RFC 8288)."`
	Body Page[T]
}

// List gives the answer for one page; next is "" on the last one.
func List[T any](ctx context.Context, items []T, next string) *Listed[T] {
	if items == nil {
		items = []T{}
	}
	return &Listed[T]{Link: NextLink(ctx, next), Body: Page[T]{Items: items, NextCursor: next}}
}

// NextLink gives the Link header for the page at a cursor: the request's own
// address with another cursor. "" gives "".
func NextLink(ctx context.Context, cursor string) string {
	if cursor == "" {
		return ""
	}
	u := url.URL{Path: Request(ctx).URL.Path}
	query := Request(ctx).URL.Query()
	query.Set("cursor", cursor)
	u.RawQuery = query.Encode()
	return "<" + u.String() + `>; rel="next"`
}

// Held is the part of an input that says which version the client holds already.
type Held struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"200" doc:"The ETag of what you hold; answered with 304 if it is still current."`
}

// Fresh sets the answer's ETag and reports whether the client holds this version
// already. It is then answered, and the handler returns nothing.
func Fresh(ctx context.Context, version int) bool {
	c := callOf(ctx)
	c.done = web.NotModified(c.w, c.r, web.VersionTag(int64(version)))
	return c.done
}

// ETag is the entity tag of a record's version.
func ETag(version int) string { return web.VersionTag(int64(version)) }

// Changing is the part of an input that names the version to change. Where a
// later save would undo somebody else's, it is required: 428 without, 412 when
// it is not the current one.
type Changing struct {
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of what you read, or * for whatever is there now." example:"\"7\""`
}

// Version gives the version that If-Match names; 0 is "*".
func (Changing) Version(ctx context.Context) (int, error) {
	version, err := web.IfMatch(Request(ctx), true)
	return int(version), err
}

// Adding is the part of an input that adds to a record, which no other save can
// spoil; If-Match is taken when it is given.
type Adding struct {
	IfMatch string `header:"If-Match" maxLength:"200" doc:"Optional: the ETag that the record must still have."`
}

// Version gives the version that If-Match names; 0 without one.
func (Adding) Version(ctx context.Context) (int, error) {
	version, err := web.IfMatch(Request(ctx), false)
	return int(version), err
}

// Once is the part of an input that lets a request be sent again without harm.
type Once struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own, such as a UUID. Sent again with the same key within 48 hours, the request has its effect once and the answer tells of the first one (Idempotency-Replayed: true). The same key for another request is a conflict." example:"0b3f6c1e-5a0f-4f6e-9f0e-3f1f4f3e2d11"`
}

// Replayed marks the answer as one to a request that came before.
func Replayed(ctx context.Context) { Header(ctx).Set(replayedHeader, "true") }

// Field is a property of a JSON merge patch (RFC 7396): absent leaves the value,
// null clears it.
type Field[T any] struct {
	Set   bool // it was there
	Null  bool // and was null
	Value T
}

// UnmarshalJSON notes that the property was there.
func (f *Field[T]) UnmarshalJSON(doc []byte) error {
	f.Set = true
	if f.Null = bytes.Equal(bytes.TrimSpace(doc), []byte("null")); f.Null {
		return nil
	}
	return json.Unmarshal(doc, &f.Value)
}

// Pointer gives nil for an absent property, and the zero value for null.
func (f *Field[T]) Pointer() *T {
	if !f.Set {
		return nil
	}
	return &f.Value
}

// Schema describes the property: its value, or null.
func (Field[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), true, "")
	s.Nullable = true
	return &s
}

var problemType = reflect.TypeFor[web.Problem]()
