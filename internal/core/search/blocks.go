package search

import (
	"context"
	"fmt"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// PostgreSQL's GIN index knows no order: of a word that half a million documents
// have, it hands over all of them before the newest can be told. So documents are
// cut into blocks by their ids, which grow with time, and the index holds the block
// of each document as one more word. "This word in one of the newest blocks" then
// costs what those blocks hold.

// blockBits is how many bits of a document's id say where in its block it is.
const blockBits = 13

// indexed is what PostgreSQL's index is of, to the letter (migration 0098). A
// word of a text is letters and digits: "@" is no part of any.
const indexed = `(d.words || array_to_tsvector(ARRAY['@' || (d.doc_id >> 13)::text]))`

// windows are how many of the newest blocks are looked at, one after the other,
// until there are enough documents; after them come all.
var windows = []int{1, 4, 16, 64, 256}

// newestBlocks lists the blocks there are, the newest first.
func newestBlocks(ctx context.Context, q database.Querier) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], fmt.Sprintf(`WITH RECURSIVE blocks (block, n) AS (
			SELECT max(doc_id) >> %[1]d, 1 FROM search_docs
			UNION ALL
			SELECT (SELECT max(doc_id) >> %[1]d FROM search_docs WHERE doc_id < blocks.block << %[1]d), n + 1 FROM blocks WHERE block IS NOT NULL AND n < %[2]d
		) SELECT block FROM blocks WHERE block IS NOT NULL`, blockBits, windows[len(windows)-1]))
}

// stream is a question for the newest documents that match, and its answer.
type stream struct {
	query   string
	tickets []int64 // of the documents, the newest first
}

// newestDocs answers questions with at most so many documents each; condition is on
// the document d. done says which question needs no (further) answer. It is for
// PostgreSQL.
func newestDocs(ctx context.Context, q database.Querier, streams []*stream, condition string, most int, done func(*stream) bool) error {
	blocks, err := newestBlocks(ctx, q)
	if err != nil {
		return err
	}
	ask := func(within string) error {
		var open []*stream
		for _, s := range streams {
			if len(s.tickets) < most && !done(s) {
				s.tickets = nil
				open = append(open, s)
			}
		}
		if len(open) == 0 {
			return nil
		}
		var args database.Args
		parts := make([]string, len(open))
		for i, s := range open {
			query := s.query
			if within != "" {
				query = "(" + query + ") & (" + within + ")"
			}
			// Sorted by what no index gives, or the server would walk through all
			// documents backwards in the hope to meet a rare word soon.
			parts[i] = fmt.Sprintf(`SELECT s%[1]d.n, s%[1]d.doc_id, s%[1]d.ticket_id FROM (SELECT %[1]d AS n, d.doc_id, d.ticket_id FROM search_docs d WHERE %[2]s @@ %[3]s::tsquery AND %[4]s ORDER BY d.doc_id + 0 DESC LIMIT %[5]s) s%[1]d`,
				i, indexed, args.Arg(query), condition, args.Arg(most))
		}
		return database.Each(ctx, q, func(r database.Row) error {
			var n int
			var doc, ticket int64
			err := r.Scan(&n, &doc, &ticket)
			open[n].tickets = append(open[n].tickets, ticket)
			return err
		}, strings.Join(parts, " UNION ALL ")+" ORDER BY 1, 2 DESC", args.Values()...)
	}
	for _, window := range windows {
		if window >= len(blocks) {
			break
		}
		if err := ask(inBlocks(blocks[:window])); err != nil {
			return err
		}
	}
	return ask("")
}

func inBlocks(blocks []int64) string {
	var b strings.Builder
	for i, block := range blocks {
		if i > 0 {
			b.WriteByte('|')
		}
		fmt.Fprintf(&b, "'@%d'", block)
	}
	return b.String()
}
