// Package search is full-text search over tickets and their conversations:
// FTS5 on SQLite, tsvector on PostgreSQL, behind one type.
//
// Both engines are given the same words: texts are folded (case, accents) and
// cut into words here, in Go, so that a search finds the same tickets on
// either. A ticket is several documents: part 0 is the ticket itself, part n the
// message with the sequence number n, and internal ones are marked, so that
// nobody finds by search what they may not read.
package search

import (
	"context"
	"embed"
	"io/fs"
	"strings"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are this room's steps on the timeline of the schema.
var Migrations fs.FS = migrations

// Index reads and writes the full-text index.
type Index struct{ engine database.Engine }

// New gives the index of a database.
func New(db *database.DB) *Index { return &Index{engine: db.Engine()} }

// Index replaces the document (ticket, part); text without any word removes it.
func (x *Index) Index(ctx context.Context, tx *database.Tx, ticketID int64, part int, internal bool, text string) error {
	words := Words(text, maxWords)
	if len(words) == 0 {
		return x.remove(ctx, tx, ticketID, part)
	}
	id := tx.NextID()
	if x.engine == database.PostgreSQL {
		return tx.Later(ctx, `INSERT INTO search_docs (doc_id, ticket_id, part, internal, words) VALUES ($1, $2, $3, $4, $5::tsvector)
			ON CONFLICT (ticket_id, part) DO UPDATE SET internal = excluded.internal, words = excluded.words`,
			id, ticketID, part, internal, vector(words))
	}
	var doc int64
	err := tx.QueryRow(ctx, `INSERT INTO search_docs (doc_id, ticket_id, part, internal) VALUES ($1, $2, $3, $4)
		ON CONFLICT (ticket_id, part) DO UPDATE SET internal = excluded.internal RETURNING doc_id`, id, ticketID, part, internal).Scan(&doc)
	if err != nil {
		return err
	}
	if doc != id {
		if _, err := tx.Exec(ctx, `DELETE FROM search_fts WHERE rowid = $1`, doc); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO search_fts (rowid, words) VALUES ($1, $2)`, doc, strings.Join(words, " "))
	return err
}

func (x *Index) remove(ctx context.Context, tx *database.Tx, ticketID int64, part int) error {
	if x.engine == database.SQLite {
		_, err := tx.Exec(ctx, `DELETE FROM search_fts WHERE rowid IN (SELECT doc_id FROM search_docs WHERE ticket_id = $1 AND part = $2)`, ticketID, part)
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM search_docs WHERE ticket_id = $1 AND part = $2`, ticketID, part)
	return err
}

// Clear empties the index, before it is built anew.
func (x *Index) Clear(ctx context.Context, tx *database.Tx) error {
	if x.engine == database.SQLite {
		if _, err := tx.Exec(ctx, `INSERT INTO search_fts (search_fts) VALUES ('delete-all')`); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM search_docs`)
	return err
}

// TextSearch finds words in tickets for the filter language. ticket is the SQL
// of the ticket's id, and notes the condition under which internal documents of
// that ticket count; it is written once per word.
func (x *Index) TextSearch(ticket string, notes filter.Condition) filter.TextSearch {
	return textSearch{x, ticket, notes}
}

type textSearch struct {
	x      *Index
	ticket string
	notes  filter.Condition
}

// SQL finds every word somewhere in the ticket, not necessarily in one message.
func (s textSearch) SQL(args filter.Args, words []filter.Word) string {
	var tests []string
	for _, w := range words {
		q := s.x.query(w)
		if q == "" {
			continue
		}
		in := func(internal string) string {
			return s.ticket + " IN (SELECT d.ticket_id FROM " + s.x.matching(args, q) + internal + ")"
		}
		var test string
		switch {
		case s.notes.Always():
			test = in("")
		case s.notes.Never():
			test = in(" AND NOT d.internal")
		default:
			test = "(" + in(" AND NOT d.internal") + " OR (" + in(" AND d.internal") + " AND " + s.notes.SQL(args) + "))"
		}
		tests = append(tests, test)
	}
	if len(tests) == 0 {
		return "1 = 1" // nothing an index keeps: ignored, as the contract asks
	}
	return strings.Join(tests, " AND ")
}

// Match looks for every word in the title; conversations are not in memory.
func (s textSearch) Match(r filter.Record, words []filter.Word) bool {
	for _, w := range words {
		if !filter.Contains(&title, w.Text).Match(r) {
			return false
		}
	}
	return true
}

var title = filter.Field{Name: "title", Type: filter.TypeText, Required: true}

// Fields names what Match reads.
func (s textSearch) Fields() []string { return []string{"title"} }

// matching gives the FROM and WHERE of documents that match an engine's query.
func (x *Index) matching(args filter.Args, q string) string {
	if x.engine == database.PostgreSQL {
		return `search_docs d WHERE ` + indexed + ` @@ ` + args.Arg(q) + `::tsquery`
	}
	return `search_fts f JOIN search_docs d ON d.doc_id = f.rowid WHERE search_fts MATCH ` + args.Arg(q)
}

// query writes one word or phrase for the engine: single words as prefixes from
// three letters on, phrases as they are. "" when there is nothing to look for.
func (x *Index) query(w filter.Word) string {
	words := Words(w.Text, 20)
	if len(words) == 0 {
		return ""
	}
	prefix := !w.Phrase && len([]rune(words[len(words)-1])) >= minPrefix
	if x.engine == database.PostgreSQL {
		parts := make([]string, len(words))
		for i, word := range words {
			parts[i] = "'" + word + "'"
		}
		q := strings.Join(parts, " <-> ")
		if prefix {
			q += ":*"
		}
		return q
	}
	q := `"` + strings.Join(words, " ") + `"`
	if prefix {
		q += "*"
	}
	return q
}

// Candidates lists tickets whose own text (title, description) has any of the
// words, newest first: the raw material for "is this known already?".
func (x *Index) Candidates(ctx context.Context, q database.Querier, words []filter.Word, limit int) ([]int64, error) {
	query := x.any(words)
	if query == "" {
		return nil, nil
	}
	if x.engine == database.PostgreSQL {
		found := &stream{query: query}
		err := newestDocs(ctx, q, []*stream{found}, "d.part = 0", limit, func(*stream) bool { return false })
		return found.tickets, err
	}
	var args database.Args
	from := x.matching(&args, query)
	return database.All(ctx, q, database.Scalar[int64],
		`SELECT d.ticket_id FROM `+from+` AND d.part = 0 ORDER BY d.doc_id DESC LIMIT `+args.Arg(limit), args.Values()...)
}

func (x *Index) any(words []filter.Word) string {
	var parts []string
	for _, w := range words {
		if q := x.query(w); q != "" {
			parts = append(parts, q)
		}
	}
	if x.engine == database.PostgreSQL {
		return strings.Join(parts, " | ")
	}
	return strings.Join(parts, " OR ")
}
