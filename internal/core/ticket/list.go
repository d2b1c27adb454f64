package ticket

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Sort orders a list. Ties are broken by id in the same direction, so that the
// order is total and a page can go on exactly where the last one ended.
type Sort struct {
	Field      string // one of SortFields
	Descending bool
}

// sortColumns maps what can be sorted by to SQL that is never NULL.
var sortColumns = map[string]string{
	"priority": "t.priority",
	"created":  "t.created_at",
	"updated":  "t.updated_at",
	"resolved": "COALESCE(t.resolved_at, 0)",
	"title":    "t.title_folded",
	"state":    "t.state",
	"reopened": "t.reopen_count",
	"due":      "COALESCE(t.due_at, " + neverDue + ")",
}

// neverDue stands, in an order, for the instant of what is not due: after all others.
const neverDue = "253402300800000000"

// SortFields lists what a list can be sorted by.
func SortFields() []string {
	return []string{"updated", "created", "priority", "title", "state", "resolved", "reopened", "due"}
}

// ParseSort reads "-updated" or "priority"; "" is "-updated".
func ParseSort(s string) (Sort, error) {
	if s == "" {
		return Sort{Field: "updated", Descending: true}, nil
	}
	name, down := strings.CutPrefix(s, "-")
	if _, known := sortColumns[name]; !known {
		return Sort{}, apperr.InvalidField("sort", "A list can be sorted by %s; a minus sign in front turns the order.", strings.Join(SortFields(), ", "))
	}
	return Sort{Field: name, Descending: down}, nil
}

// String is the inverse of ParseSort.
func (s Sort) String() string {
	if s.Descending {
		return "-" + s.Field
	}
	return s.Field
}

// Query asks for one page of a list.
type Query struct {
	Condition filter.Condition
	Sort      Sort
	After     string // cursor of the page before; "" begins
	Until     string // cursor of the last page to look at: nothing behind it; "" has no end
	Limit     int    // 1 to 200; 0 is 50
	Verb      access.Verb
	Among     []int64 // only these tickets, at most 200; nil is all
	Texts     bool    // the long texts as well
	Open      bool    // only what is not done; a list by priority then reads an index of those alone
}

// Page is one page of a list. The tickets lack their long texts unless these
// were asked for.
type Page struct {
	Tickets []Ticket
	Next    string // cursor of the next page; "" when this is the last
}

const maxPage = 200

// List gives the tickets the actor may see among those that match.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	var args database.Args
	from, err := s.page(ctx, &q, &args)
	if err != nil {
		return Page{}, err
	}
	selected, scan := columns, scanRow
	if q.Texts {
		selected, scan = columns+textColumns, scanTicket
	}
	tickets, err := database.All(ctx, s.db.Reader(), scan, `SELECT `+selected+from+args.Arg(q.Limit+1), args.Values()...)
	if err != nil {
		return Page{}, err
	}
	var page Page
	if len(tickets) > q.Limit {
		tickets = tickets[:q.Limit]
		page.Next = cursorOf(&tickets[q.Limit-1], q.Sort).String()
	}
	page.Tickets = tickets
	return page, loadSets(ctx, s.db.Reader(), tickets)
}

// IDs gives only the ids of what List would give, without a cursor: for asking
// which tickets of an open list still belong to it, and what is new in it.
func (s *Service) IDs(ctx context.Context, q Query) ([]int64, error) {
	var args database.Args
	from, err := s.page(ctx, &q, &args)
	if err != nil {
		return nil, err
	}
	return database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT t.id`+from+args.Arg(q.Limit), args.Values()...)
}

// page checks a query, fills in its defaults and writes it from FROM to LIMIT.
func (s *Service) page(ctx context.Context, q *Query, args *database.Args) (string, error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, maxPage)
	if q.Sort.Field == "" {
		q.Sort = Sort{Field: "updated", Descending: true}
	}
	column, known := sortColumns[q.Sort.Field]
	if !known {
		return "", apperr.InvalidField("sort", "A list cannot be sorted by %q.", q.Sort.Field)
	}
	where, err := s.visible(ctx, *q, args)
	if err != nil {
		return "", err
	}
	after, until, direction := " > ", " <= ", " ASC"
	if q.Sort.Descending {
		after, until, direction = " < ", " >= ", " DESC"
	}
	for _, end := range []struct{ cursor, compare string }{{q.After, after}, {q.Until, until}} {
		if end.cursor == "" {
			continue
		}
		at, err := parseCursor(end.cursor, q.Sort)
		if err != nil {
			return "", err
		}
		where += " AND (" + column + ", t.id)" + end.compare + "(" + args.Arg(at.value()) + ", " + args.Arg(at.ID) + ")"
	}
	if q.Open {
		where += openOnly
	}
	if q.Among != nil {
		where += " AND t.id IN " + database.In(args, q.Among[:min(len(q.Among), maxPage)])
	}
	return ` FROM tickets t WHERE ` + where + ` ORDER BY ` + column + direction + `, t.id` + direction + ` LIMIT `, nil
}

// openOnly is written as the index of open tickets has it, or no engine would use it.
const openOnly = ` AND t.category IN ('new', 'open', 'waiting')`

// visible gives the WHERE clause of what matches and may be seen.
func (s *Service) visible(ctx context.Context, q Query, args *database.Args) (string, error) {
	actor := access.From(ctx)
	schema, err := s.schema(actor)
	if err != nil {
		return "", err
	}
	verb := q.Verb
	if verb == "" {
		verb = access.View
	}
	return filter.And(actor.Condition(access.View, schema), actor.Condition(verb, schema), q.Condition).SQL(args), nil
}

// Where gives the condition on tickets, with the alias t, of what matches a query
// and may be seen, for practices whose tables hang on tickets.
func (s *Service) Where(ctx context.Context, c filter.Condition, verb access.Verb, args *database.Args) (string, error) {
	return s.visible(ctx, Query{Condition: c, Verb: verb}, args)
}

// Count counts what List would give, up to most; more tells that there are more.
func (s *Service) Count(ctx context.Context, c filter.Condition, most int) (n int, more bool, err error) {
	var args database.Args
	where, err := s.visible(ctx, Query{Condition: c}, &args)
	if err != nil {
		return 0, false, err
	}
	n, err = database.One(ctx, s.db.Reader(), database.Scalar[int],
		`SELECT count(*) FROM (SELECT 1 FROM tickets t WHERE `+where+` LIMIT `+args.Arg(most+1)+`) counted`, args.Values()...)
	return min(n, most), n > most, err
}

// Counts counts several conditions in one query, each up to most (a result of
// most+1 means "more").
func (s *Service) Counts(ctx context.Context, conditions []filter.Condition, most int) ([]int, error) {
	if len(conditions) == 0 {
		return nil, nil
	}
	var args database.Args
	var parts []string
	for _, c := range conditions {
		where, err := s.visible(ctx, Query{Condition: c}, &args)
		if err != nil {
			return nil, err
		}
		parts = append(parts, `(SELECT count(*) FROM (SELECT 1 FROM tickets t WHERE `+where+` LIMIT `+args.Arg(most+1)+`) counted)`)
	}
	counts := make([]int, len(conditions))
	dest := make([]any, len(conditions))
	for i := range counts {
		dest[i] = &counts[i]
	}
	err := s.db.Reader().QueryRow(ctx, `SELECT `+strings.Join(parts, ", "), args.Values()...).Scan(dest...)
	return counts, err
}

// Walk hands every ticket that matches and that the actor may do verb on to fn,
// page by page in order of creation, so that an export needs no more memory for
// a million tickets than for ten.
func (s *Service) Walk(ctx context.Context, c filter.Condition, verb access.Verb, sort Sort, fn func([]Ticket) error) error {
	q := Query{Condition: c, Verb: verb, Sort: sort, Limit: maxPage}
	for {
		page, err := s.List(ctx, q)
		if err != nil {
			return err
		}
		if err := fn(page.Tickets); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		q.After = page.Next
	}
}

// ByIDs gives the visible ones of some tickets, in the order asked.
func (s *Service) ByIDs(ctx context.Context, ids []int64) ([]Ticket, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > maxPage {
		ids = ids[:maxPage]
	}
	var args database.Args
	where, err := s.visible(ctx, Query{Condition: filter.True()}, &args)
	if err != nil {
		return nil, err
	}
	found, err := database.All(ctx, s.db.Reader(), scanRow,
		`SELECT `+columns+` FROM tickets t WHERE `+where+` AND t.id IN `+database.In(&args, ids)+` LIMIT `+args.Arg(maxPage), args.Values()...)
	if err != nil {
		return nil, err
	}
	place := make(map[int64]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(found, func(a, b Ticket) int { return place[a.ID] - place[b.ID] })
	return found, loadSets(ctx, s.db.Reader(), found)
}

// cursor is where a page ended: the sort it belongs to, the last ticket's value
// in the sorted column, and its id.
type cursor struct {
	Sort string `json:"s"`
	Text string `json:"t,omitempty"`
	Int  int64  `json:"n,omitempty"`
	ID   int64  `json:"i"`
}

func (c cursor) value() any {
	switch strings.TrimPrefix(c.Sort, "-") {
	case "title", "state":
		return c.Text
	}
	return c.Int
}

func cursorOf(t *Ticket, sort Sort) cursor {
	c := cursor{Sort: sort.String(), ID: t.ID}
	switch sort.Field {
	case "priority":
		c.Int = int64(t.Priority)
	case "created":
		c.Int = t.CreatedAt.UnixMicro()
	case "updated":
		c.Int = t.UpdatedAt.UnixMicro()
	case "resolved":
		if !t.ResolvedAt.IsZero() {
			c.Int = t.ResolvedAt.UnixMicro()
		}
	case "reopened":
		c.Int = int64(t.ReopenCount)
	case "due":
		c.Int, _ = strconv.ParseInt(neverDue, 10, 64)
		if !t.DueAt.IsZero() {
			c.Int = t.DueAt.UnixMicro()
		}
	case "title":
		c.Text = filter.Fold(t.Title)
	case "state":
		c.Text = t.State
	}
	return c
}

// String writes a cursor for an address.
func (c cursor) String() string {
	text, _ := json.Marshal(c) // a struct of strings and numbers always marshals
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseCursor(s string, sort Sort) (cursor, error) {
	var c cursor
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil || c.Sort != sort.String() {
		return c, apperr.InvalidField("cursor", "This page marker belongs to another list. Start from the beginning.")
	}
	return c, nil
}

// Numbered gives the ids behind numbers, for filters such as parent:INC-7. It
// tells nothing about a ticket but that the number is in use, and the list it
// serves checks access by itself.
func Numbered(ctx context.Context, q database.Querier, numbers []string) (map[string][]int64, error) {
	var args database.Args
	upper := make([]string, len(numbers))
	for i, n := range numbers {
		upper[i] = strings.ToUpper(strings.TrimSpace(n))
	}
	found := map[string]int64{}
	in := database.In(&args, upper)
	err := database.Each(ctx, q, func(r database.Row) error {
		var number string
		var id int64
		err := r.Scan(&number, &id)
		found[number] = id
		return err
	}, `SELECT number, id FROM tickets WHERE number IN `+in+`
		UNION ALL SELECT number, ticket_id FROM ticket_numbers WHERE number IN `+in+` ORDER BY 2 LIMIT 500`, args.Values()...)
	out := make(map[string][]int64, len(numbers))
	for i, n := range numbers {
		if id := found[upper[i]]; id != 0 {
			out[n] = []int64{id}
		}
	}
	return out, err
}
