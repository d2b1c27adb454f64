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

// newestDocs gives the tickets of the newest documents that match, newest first
// and at most so many; condition is on the document d. It is for PostgreSQL.
func newestDocs(ctx context.Context, q database.Querier, blocks []int64, query, condition string, most int) ([]int64, error) {
	for _, window := range windows {
		if window > len(blocks) {
			break
		}
		found, err := docsOf(ctx, q, "("+query+") & ("+inBlocks(blocks[:window])+")", condition, most)
		if err != nil || len(found) >= most {
			return found, err
		}
	}
	return docsOf(ctx, q, query, condition, most)
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

// docsOf sorts by what no index gives, or the server would walk through all
// documents backwards in the hope to meet a rare word soon.
func docsOf(ctx context.Context, q database.Querier, query, condition string, most int) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT d.ticket_id FROM search_docs d WHERE `+indexed+` @@ $1::tsquery AND `+condition+
		` ORDER BY d.doc_id + 0 DESC LIMIT $2`, query, most)
}
