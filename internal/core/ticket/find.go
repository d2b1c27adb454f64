package ticket

import (
	"cmp"
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Hit is one ticket a search found, with the places where it did.
type Hit struct {
	Ticket   Ticket
	Title    []search.Fragment
	Where    string            // "description", "resolution", "reply", "note"; "" when only the title matched
	Seq      int               // of the message
	Fragment []search.Fragment // of the text that matched
}

// Find searches tickets and conversations for all words; it never finds what
// the actor may not read. The best of the most recent matches come first: a hit
// in the number or title before one in a text, newer before older.
func (s *Service) Find(ctx context.Context, words []filter.Word, limit int) ([]Hit, error) {
	if len(words) == 0 {
		return nil, nil
	}
	actor := access.From(ctx)
	schema, err := s.schema(actor)
	if err != nil {
		return nil, err
	}
	found, err := s.matching(ctx, words, actor.Condition(access.ReadNotes, schema))
	if err != nil {
		return nil, err
	}
	inTitle := func(t *Ticket) int {
		n := 0
		for _, w := range words {
			if search.Contains(t.Number+" "+t.Title, w) {
				n++
			}
		}
		return n
	}
	slices.SortStableFunc(found, func(a, b Ticket) int { return cmp.Compare(inTitle(&b), inTitle(&a)) })
	tickets := found[:min(limit, len(found))]
	hits := make([]Hit, len(tickets))
	byID := map[int64]*Hit{}
	ids := make([]int64, len(tickets))
	for i, t := range tickets {
		hits[i] = Hit{Ticket: t, Title: search.Snippet(t.Title, words, 400)}
		ids[i] = t.ID
		byID[t.ID] = &hits[i]
	}
	return hits, s.locate(ctx, ids, byID, words)
}

// matching gives the most recently updated tickets that have all words. For those
// who read every note it looks at the newest messages alone, which takes no longer
// for a million tickets; who may read less has fewer tickets to look at.
func (s *Service) matching(ctx context.Context, words []filter.Word, notes filter.Condition) ([]Ticket, error) {
	if !notes.Always() {
		page, err := s.List(ctx, Query{Condition: filter.Search(s.search.TextSearch("t.id", notes), words...), Limit: maxPage})
		return page.Tickets, err
	}
	ids, err := s.search.Newest(ctx, s.db.Reader(), words)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var args database.Args
	where, err := s.visible(ctx, Query{Condition: filter.True()}, &args)
	if err != nil {
		return nil, err
	}
	return database.All(ctx, s.db.Reader(), scanRow, `SELECT `+columns+` FROM tickets t WHERE `+where+` AND t.id IN `+database.In(&args, ids)+
		` ORDER BY t.updated_at DESC, t.id DESC LIMIT `+args.Arg(maxPage), args.Values()...)
}

// maxLocated is how many characters of a text are looked through for where a hit is.
const maxLocated = 20_000

// locate finds, for each hit, the text to show: it reads those few tickets rather
// than ask the index for every document that has one of the words.
func (s *Service) locate(ctx context.Context, ids []int64, hits map[int64]*Hit, words []filter.Word) error {
	if len(ids) == 0 {
		return nil
	}
	var args database.Args
	list, most := database.In(&args, ids), args.Arg(maxLocated)
	return database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var id int64
		var seq int
		var internal bool
		var typ, body, resolution string
		if err := r.Scan(&id, &seq, &typ, &internal, &body, &resolution); err != nil {
			return err
		}
		if !internal || s.ReadsNotes(ctx, &hits[id].Ticket) {
			hits[id].take(seq, typ, body, resolution, words)
		}
		return nil
	}, `SELECT t.id, 0, '', FALSE, substr(t.description, 1, `+most+`), substr(t.resolution, 1, `+most+`) FROM tickets t WHERE t.id IN `+list+`
		UNION ALL SELECT e.ticket_id, e.seq, e.type, e.internal, substr(e.body, 1, `+most+`), '' FROM ticket_events e
		WHERE e.ticket_id IN `+list+` AND e.body <> '' AND e.type <> '`+string(Created)+`' ORDER BY 1, 2`, args.Values()...)
}

// take shows where a text of the ticket has one of the words: its description or
// resolution, or else the newest message.
func (h *Hit) take(seq int, typ, body, resolution string, words []filter.Word) {
	hasAny := func(text string) bool {
		return slices.ContainsFunc(words, func(w filter.Word) bool { return search.Contains(text, w) })
	}
	set := func(where, text string) {
		h.Where, h.Seq, h.Fragment = where, seq, search.Snippet(text, words, 220)
	}
	switch {
	case seq > 0 && (h.Where == "" || h.Seq > 0) && hasAny(body):
		set(typ, body)
	case seq == 0 && hasAny(body):
		set("description", body)
	case seq == 0 && hasAny(resolution):
		set("resolution", resolution)
	}
}

// Similar suggests open tickets that may be about the same thing as a title
// being typed, best first: those that share the rarest of its words. Only what
// the actor may see.
func (s *Service) Similar(ctx context.Context, title string, limit int) ([]Ticket, error) {
	words := significant(title)
	if len(words) == 0 {
		return nil, nil
	}
	const candidates = 400
	ids, err := s.search.Candidates(ctx, s.db.Reader(), words, candidates)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var args database.Args
	where, err := s.visible(ctx, Query{Condition: filter.True()}, &args)
	if err != nil {
		return nil, err
	}
	active := []string{string(workflow.New), string(workflow.Open), string(workflow.Waiting)}
	found, err := database.All(ctx, s.db.Reader(), scanRow, `SELECT `+columns+` FROM tickets t WHERE `+where+
		` AND t.category IN `+database.In(&args, active)+` AND t.id IN `+database.In(&args, ids)+` LIMIT `+args.Arg(candidates), args.Values()...)
	if err != nil {
		return nil, err
	}
	// A word that many of the candidates share says little.
	weight := make([]float64, len(words))
	matches := make([][]bool, len(found))
	for i := range found {
		matches[i] = make([]bool, len(words))
		for j, w := range words {
			if search.Contains(found[i].Title, w) {
				matches[i][j] = true
				weight[j]++
			}
		}
	}
	score := func(i int) float64 {
		sum := 0.0
		for j, hit := range matches[i] {
			if hit {
				sum += 1 + 4/(1+weight[j])
			}
		}
		return sum
	}
	order := make([]int, 0, len(found))
	for i := range found {
		// One shared word is a coincidence unless the title has no more.
		if n := count(matches[i]); n >= min(2, len(words)) {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(score(b), score(a)), found[b].UpdatedAt.Compare(found[a].UpdatedAt))
	})
	var out []Ticket
	for _, i := range order[:min(limit, len(order))] {
		out = append(out, found[i])
	}
	return out, nil
}

func count(hits []bool) int {
	n := 0
	for _, h := range hits {
		if h {
			n++
		}
	}
	return n
}

// significant gives the words of a title that are worth comparing.
func significant(title string) []filter.Word {
	var out []filter.Word
	for _, w := range search.Words(title, 20) {
		if len([]rune(w)) >= 3 && !slices.ContainsFunc(out, func(o filter.Word) bool { return o.Text == w }) {
			out = append(out, filter.Word{Text: w})
		}
	}
	return out
}
