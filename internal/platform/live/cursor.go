package live

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Cursor names the transactions whose events a reader has seen. The zero
// Cursor has seen none and stands for "from now on" when subscribing.
type Cursor struct {
	generation int64   // of the table; cursors of another one mean nothing
	next       int64   // everything from here on is unseen
	open       []int64 // unseen as well, although below next; ascending
}

// IsZero reports whether the cursor names no place.
func (c Cursor) IsZero() bool { return c.next == 0 }

// saw reports whether the reader has seen a transaction.
func (c Cursor) saw(txn int64) bool {
	if txn >= c.next {
		return false
	}
	_, open := slices.BinarySearch(c.open, txn)
	return !open
}

// lowestUnseen gives the first transaction the reader has not seen.
func (c Cursor) lowestUnseen() int64 {
	if len(c.open) > 0 {
		return c.open[0]
	}
	return c.next
}

// merge gives the cursor of a reader that saw what either of two saw.
func merge(a, b Cursor) Cursor {
	if a.IsZero() || a.generation != b.generation {
		return b
	}
	if b.next < a.next {
		a, b = b, a
	}
	var open []int64 // below b.next, only b.open can be unseen by both
	for _, txn := range b.open {
		if !a.saw(txn) {
			open = append(open, txn)
		}
	}
	return Cursor{b.generation, b.next, open}
}

// covers reports whether a reader at c saw all that one at other saw.
func (c Cursor) covers(other Cursor) bool {
	return c.next >= other.next && !slices.ContainsFunc(c.open, other.saw)
}

// maxOpen bounds what a cursor from outside may hold; PostgreSQL has no more
// open transactions than connections.
const maxOpen = 5000

// String gives the text form, which fits into an event id, a header and a URL:
// base 36 numbers with dots, generation, next, and next minus each open one.
func (c Cursor) String() string {
	if c.IsZero() {
		return ""
	}
	b := strconv.AppendInt(nil, c.generation, 36)
	b = strconv.AppendInt(append(b, '.'), c.next, 36)
	for _, txn := range c.open {
		b = strconv.AppendInt(append(b, '.'), c.next-txn, 36)
	}
	return string(b)
}

// ParseCursor reads the text form; Invalid for anything else. The empty text
// is the zero Cursor.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	bad := func() (Cursor, error) {
		return Cursor{}, apperr.New(apperr.Invalid, "This is not a place in the stream of events.")
	}
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > maxOpen+2 {
		return bad()
	}
	numbers := make([]int64, len(parts))
	for i, p := range parts {
		n, err := strconv.ParseInt(p, 36, 64)
		if err != nil || n < 0 || i > 0 && n == 0 {
			return bad()
		}
		numbers[i] = n
	}
	c := Cursor{generation: numbers[0], next: numbers[1]}
	for _, back := range numbers[2:] {
		txn := c.next - back
		if txn <= 0 || len(c.open) > 0 && txn <= c.open[len(c.open)-1] {
			return bad()
		}
		c.open = append(c.open, txn)
	}
	return c, nil
}

// parseSnapshot reads PostgreSQL's text of a snapshot, "xmin:xmax:xip,xip…":
// xmax is the first id that had not begun, xip are the open ones below it.
func parseSnapshot(generation int64, s string) (Cursor, error) {
	fields := strings.Split(s, ":")
	if len(fields) != 3 {
		return Cursor{}, fmt.Errorf("live: %q is not a snapshot", s)
	}
	next, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return Cursor{}, fmt.Errorf("live: %q is not a snapshot", s)
	}
	c := Cursor{generation: generation, next: next}
	if fields[2] == "" {
		return c, nil
	}
	for id := range strings.SplitSeq(fields[2], ",") {
		txn, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return Cursor{}, fmt.Errorf("live: %q is not a snapshot", s)
		}
		c.open = append(c.open, txn)
	}
	slices.Sort(c.open)
	return c, nil
}
