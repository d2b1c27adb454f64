// Package lookup finds named things while somebody types: persons by any word
// of their name or e-mail address, groups, organisations and services by theirs.
//
// Every thing's words stand folded in one table, in byte order, so that the
// beginning of a word is an index range on both engines. What may be seen is not
// this package's business: it gives a condition to stand beside the reader's.
package lookup

import (
	"context"
	"embed"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the table of words.
var Migrations fs.FS = migrations

// Kind keeps apart what is looked up.
type Kind string

// The kinds.
const (
	Person       Kind = "person"
	Group        Kind = "group"
	Organisation Kind = "organisation"
	Service      Kind = "service"
)

const (
	maxWords     = 40 // kept of one thing
	maxTyped     = 6  // looked at of what somebody types
	maxWordRunes = 60
)

// Words gives the folded words of texts, each once: every part between spaces as
// it is, and cut at punctuation, so that "O'Brien-Smith" is found by "brien" and
// by "o'br". Of an e-mail address the domain is not cut.
func Words(texts ...string) []string {
	var words []string
	add := func(w string) {
		w = cut(w)
		if w != "" && len(words) < maxWords && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	for _, text := range texts {
		for part := range strings.FieldsSeq(filter.Fold(text)) {
			part = strings.TrimFunc(part, isPunctuation)
			add(part)
			name, domain, _ := strings.Cut(part, "@")
			for piece := range strings.FieldsFuncSeq(name, isPunctuation) {
				add(piece)
			}
			add(domain)
		}
	}
	return words
}

// Typed gives the beginnings of words in what somebody typed.
func Typed(text string) []string {
	var words []string
	for part := range strings.FieldsSeq(filter.Fold(text)) {
		if part = cut(strings.TrimLeftFunc(part, isPunctuation)); part != "" && len(words) < maxTyped {
			words = append(words, part)
		}
	}
	return words
}

func isPunctuation(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

// cut keeps a word's beginning, and only what both engines can store.
func cut(word string) string {
	word = strings.ReplaceAll(strings.ToValidUTF8(word, ""), "\x00", "")
	if utf8.RuneCountInString(word) > maxWordRunes {
		word = string([]rune(word)[:maxWordRunes])
	}
	return word
}

// Where gives the condition that every word of the text begins a word of the
// thing whose id stands in the column. A text without words holds for all.
func Where(args *database.Args, kind Kind, column, text string) string {
	var b strings.Builder
	b.WriteString("TRUE")
	for _, word := range Typed(text) {
		b.WriteString(" AND " + column + " IN (SELECT lw.id FROM lookup_words lw WHERE lw.kind = " + args.Arg(string(kind)) +
			" AND lw.word >= " + args.Arg(word) + " AND lw.word < " + args.Arg(word+string(utf8.MaxRune)) + ")")
	}
	return b.String()
}

// Entry is one thing with the texts it is found by.
type Entry struct {
	ID    int64
	Texts []string
}

// Index replaces the words of things.
func Index(ctx context.Context, tx *database.Tx, kind Kind, entries ...Entry) error {
	const batch = 100
	for part := range slices.Chunk(entries, batch) {
		var args database.Args
		ids := make([]int64, 0, len(part))
		for _, e := range part {
			ids = append(ids, e.ID)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM lookup_words WHERE kind = "+args.Arg(string(kind))+" AND id IN "+database.In(&args, ids),
			args.Values()...); err != nil {
			return err
		}
		if err := insert(ctx, tx, kind, part); err != nil {
			return err
		}
	}
	return nil
}

func insert(ctx context.Context, tx *database.Tx, kind Kind, entries []Entry) error {
	var args database.Args
	var b strings.Builder
	kindArg := args.Arg(string(kind))
	for _, e := range entries {
		id := args.Arg(e.ID)
		for _, word := range Words(e.Texts...) {
			if b.Len() > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(" + kindArg + ", " + args.Arg(word) + ", " + id + ")")
		}
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, "INSERT INTO lookup_words (kind, word, id) VALUES "+b.String()+" ON CONFLICT DO NOTHING", args.Values()...)
	return err
}

// Cursor is a place in a list that is ordered by folded name, then id.
type Cursor struct {
	Name string
	ID   int64
}

// String writes the cursor for an address; the zero cursor is empty.
func (c Cursor) String() string {
	if c == (Cursor{}) {
		return ""
	}
	text, err := json.Marshal([]any{c.Name, c.ID})
	if err != nil {
		return "" // a string and a number always marshal
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// ParseCursor reads what String wrote; Invalid for anything else.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	var c Cursor
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(text, &[]any{&c.Name, &c.ID})
	}
	if err != nil || c.ID == 0 {
		return Cursor{}, apperr.InvalidField("cursor", "This place in the list cannot be read. Start from the beginning.")
	}
	return c, nil
}

// After gives the condition for what follows the cursor; TRUE for the zero one.
func (c Cursor) After(args *database.Args, name, id string) string {
	if c == (Cursor{}) {
		return "TRUE"
	}
	return "(" + name + ", " + id + ") > (" + args.Arg(c.Name) + ", " + args.Arg(c.ID) + ")"
}

// Limit brings a page's size into bounds: 50 if it is not set, 200 at most.
func Limit(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, 200)
}

// Page is a part of a list with the cursor of what follows; the zero cursor at
// the end.
type Page[T any] struct {
	Items []T
	Next  Cursor
}

// PageOf makes a page of one row more than the limit, if there are more.
func PageOf[T any](rows []T, limit int, place func(T) Cursor) Page[T] {
	if len(rows) <= limit {
		return Page[T]{Items: rows}
	}
	return Page[T]{Items: rows[:limit], Next: place(rows[limit-1])}
}
