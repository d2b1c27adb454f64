package search

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// mostDocs is how many documents of a word are looked at, the newest first. A
// word that more have is common: listing all of them takes the longer the more
// there are, and nobody reads that far.
const mostDocs = 1000

// Newest lists tickets that have every word somewhere, those whose documents are
// the newest first. It looks at the newest thousand documents of the rarest word,
// and takes a common word as it stands, not as the beginning of others; so it
// costs about the same however many tickets there are. Internal documents count:
// it is for readers of every note.
func (x *Index) Newest(ctx context.Context, q database.Querier, words []filter.Word) ([]int64, error) {
	terms := x.terms(words)
	if len(terms) == 0 {
		return nil, nil
	}
	if err := x.list(ctx, q, terms); err != nil {
		return nil, err
	}
	rarest := slices.MinFunc(terms, func(a, b *term) int { return len(a.docs) - len(b.docs) })
	found := rarest.tickets()
	var others []*term
	for _, t := range terms {
		switch {
		case t == rarest:
		case t.common():
			others = append(others, t)
		default:
			have := t.tickets()
			slices.Sort(have)
			found = slices.DeleteFunc(found, func(id int64) bool { _, ok := slices.BinarySearch(have, id); return !ok })
		}
	}
	if x.engine == database.PostgreSQL || len(others) == 0 {
		return x.having(ctx, q, found, others)
	}
	together, err := x.together(ctx, q, terms)
	if err != nil {
		return nil, err
	}
	// SQLite takes long to say whether one document has a word that many have, so
	// words that stand in different messages are found in the newest tickets alone.
	apart, err := x.having(ctx, q, found[:min(len(found), mostApart)], others)
	for _, id := range apart {
		if !slices.Contains(together, id) {
			together = append(together, id)
		}
	}
	return together, err
}

// mostApart is in how many tickets SQLite looks for common words that do not stand
// in one message.
const mostApart = 100

// together lists the tickets of the newest documents that have every term.
func (x *Index) together(ctx context.Context, q database.Querier, terms []*term) ([]int64, error) {
	queries := make([]string, len(terms))
	for i, t := range terms {
		queries[i] = t.query
	}
	all := &term{query: strings.Join(queries, " AND ")}
	all.prefix = all.query
	err := x.list(ctx, q, []*term{all})
	return all.tickets(), err
}

// term is one word and what was found of it.
type term struct {
	query  string // for the engine, as it was asked
	prefix string // the same as the beginning of a word
	begins bool   // docs are those of the beginning
	docs   []int64
}

func (t *term) common() bool { return len(t.docs) >= mostDocs }

// tickets gives the tickets of the documents, each once.
func (t *term) tickets() []int64 {
	seen := make(map[int64]bool, len(t.docs))
	var out []int64
	for _, id := range t.docs {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func (x *Index) terms(words []filter.Word) []*term {
	var terms []*term
	for _, w := range words {
		prefix := x.query(w)
		w.Phrase = true
		if exact := x.query(w); exact != "" {
			terms = append(terms, &term{query: exact, prefix: prefix})
		}
	}
	return terms
}

// list fills in the tickets of each term's newest documents: as it stands, and as
// a beginning unless it is common as it stands.
func (x *Index) list(ctx context.Context, q database.Querier, terms []*term) error {
	if x.engine == database.SQLite {
		return listSQLite(ctx, q, terms)
	}
	var streams []*stream
	words, beginnings := make([]*stream, len(terms)), make([]*stream, len(terms))
	word := map[*stream]*stream{} // that a beginning is of
	for i, t := range terms {
		words[i] = &stream{query: t.query}
		streams = append(streams, words[i])
		if t.prefix != t.query {
			beginnings[i] = &stream{query: t.prefix}
			word[beginnings[i]] = words[i]
			streams = append(streams, beginnings[i])
		}
	}
	beginsCommonly := func(s *stream) bool { return word[s] != nil && len(word[s].tickets) >= mostDocs }
	if err := newestDocs(ctx, q, streams, "TRUE", mostDocs, beginsCommonly); err != nil {
		return err
	}
	for i, t := range terms {
		t.docs = words[i].tickets
		if b := beginnings[i]; b != nil && !t.common() {
			t.query, t.docs, t.begins = t.prefix, b.tickets, true // has those of the word itself, too
		}
	}
	return nil
}

// listSQLite is list in one query.
func listSQLite(ctx context.Context, q database.Querier, terms []*term) error {
	var args database.Args
	var with, parts []string
	take := func(i int, kind string) {
		parts = append(parts, fmt.Sprintf(`SELECT %d AS term, %t AS beginning, d.ticket_id, d.doc_id FROM %s%d n JOIN search_docs d ON d.doc_id = n.id`,
			i, kind == "beginning", kind, i))
	}
	newest := func(query, condition string) string {
		return fmt.Sprintf(`SELECT f.rowid AS id FROM search_fts f WHERE %s AND search_fts MATCH %s ORDER BY f.rowid DESC LIMIT %d`, condition, args.Arg(query), mostDocs)
	}
	for i, t := range terms {
		with = append(with, fmt.Sprintf("word%d AS MATERIALIZED (%s)", i, newest(t.query, "TRUE")))
		take(i, "word")
		if t.prefix != t.query {
			rare := fmt.Sprintf("(SELECT count(*) FROM word%d) < %d", i, mostDocs)
			with = append(with, fmt.Sprintf("beginning%d AS MATERIALIZED (%s)", i, newest(t.prefix, rare)))
			take(i, "beginning")
		}
	}
	return database.Each(ctx, q, func(r database.Row) error {
		var i int
		var beginning bool
		var ticket, doc int64
		err := r.Scan(&i, &beginning, &ticket, &doc)
		if t := terms[i]; beginning && !t.begins {
			t.query, t.begins, t.docs = t.prefix, true, nil // has those of the word itself, too
		}
		terms[i].docs = append(terms[i].docs, ticket)
		return err
	}, "WITH "+strings.Join(with, ", ")+" "+strings.Join(parts, " UNION ALL ")+" ORDER BY 1, 2, 4 DESC", args.Values()...)
}

// having keeps the tickets that have each of some common terms as well.
func (x *Index) having(ctx context.Context, q database.Querier, tickets []int64, terms []*term) ([]int64, error) {
	if len(tickets) == 0 || len(terms) == 0 {
		return tickets, nil
	}
	var args database.Args
	list := database.In(&args, tickets)
	parts := make([]string, len(terms))
	for i, t := range terms {
		var matches string
		switch {
		case x.engine == database.PostgreSQL: // the bare words: document by document of these tickets, not by the index of all
			matches = `search_docs d WHERE d.words @@ ` + args.Arg(t.query) + `::tsquery`
		case t.begins: // every start of a prefix gathers all that follows: once, then
			matches = `search_docs d WHERE d.doc_id IN (SELECT f.rowid FROM search_fts f WHERE search_fts MATCH ` + args.Arg(t.query) + `)`
		default: // CROSS JOIN: document by document, not word by word
			matches = `search_docs d CROSS JOIN search_fts f ON f.rowid = d.doc_id WHERE search_fts MATCH ` + args.Arg(t.query)
		}
		parts[i] = fmt.Sprintf(`SELECT DISTINCT %d AS term, d.ticket_id FROM %s AND d.ticket_id IN %s`, i, matches, list)
	}
	times := map[int64]int{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var i int
		var ticket int64
		err := r.Scan(&i, &ticket)
		times[ticket]++
		return err
	}, strings.Join(parts, " UNION ALL "), args.Values()...)
	return slices.DeleteFunc(tickets, func(id int64) bool { return times[id] < len(terms) }), err
}
