package queue

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	foundTickets = 30
	foundPeople  = 8
	maxSearch    = 300 // characters that are looked at
)

// search finds tickets by everything that was written on them, and people. A
// ticket's number goes straight to it.
func (q *Queue) search(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if access.From(ctx).Type == "" {
		return access.From(ctx).Require(access.View, access.AnyKind)
	}
	typed := web.Typed(r, "q", maxSearch)
	if number, ok := numberOf(typed); ok {
		t, err := q.d.Tickets.Get(ctx, ticket.ByNumber(number))
		if err == nil {
			return web.Redirect(w, r, q.ticketURL(ctx, t.Number))
		}
		if !apperr.Is(err, apperr.NotFound) {
			return err
		}
	}
	m := view.Search{Text: typed}
	if words := searchWords(typed); len(words) > 0 {
		if err := q.find(ctx, &m, words); err != nil {
			return err
		}
	}
	return q.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Search"), Wide: true, Search: typed}, m.Page())
}

var ticketNumber = regexp.MustCompile(`^[A-Za-z]{1,8}-[0-9]{1,18}$`)

// numberOf reads "inc-1042".
func numberOf(typed string) (string, bool) {
	return strings.ToUpper(typed), ticketNumber.MatchString(typed)
}

// searchWords reads what was typed: words, and phrases in quotation marks. What
// only looks like a filter, such as "error: 42", is searched for as words.
func searchWords(typed string) []filter.Word {
	node, err := filter.Parse(typed)
	if err == nil {
		var words []filter.Word
		for _, term := range filter.Terms(node) {
			word, ok := term.(*filter.WordNode)
			if !ok {
				words = nil
				break
			}
			words = append(words, filter.Word{Text: word.Text, Phrase: word.Quoted})
		}
		if len(words) > 0 {
			return searchable(words)
		}
	}
	var words []filter.Word
	for _, text := range strings.Fields(typed) {
		words = append(words, filter.Word{Text: text})
	}
	return searchable(words)
}

// searchable leaves out what holds no letter and no digit, and what is too much.
func searchable(words []filter.Word) []filter.Word {
	const most = 20
	words = slices.DeleteFunc(words, func(w filter.Word) bool { return len(search.Words(w.Text, 1)) == 0 })
	return words[:min(len(words), most)]
}

// find fills the page with what was found.
func (q *Queue) find(ctx context.Context, m *view.Search, words []filter.Word) error {
	hits, err := q.d.Tickets.Find(ctx, words, foundTickets+1)
	if err != nil {
		return err
	}
	if len(hits) > foundTickets {
		hits = hits[:foundTickets]
		m.More = true
	}
	desk := WorksTickets(access.From(ctx))
	if desk {
		m.QueueURL = place{View: defaultView}.filtered(joinWords(words)).url("/queue")
	}
	for i := range hits {
		m.Tickets = append(m.Tickets, q.hit(ctx, &hits[i], desk))
	}
	m.People, err = q.foundPeople(ctx, m.Text, foundPeople)
	return err
}

// joinWords writes words as a filter that means the same.
func joinWords(words []filter.Word) string {
	parts := make([]string, 0, len(words))
	for _, w := range words {
		text := filter.Quote(w.Text)
		if w.Phrase && !strings.HasPrefix(text, `"`) {
			text = `"` + text + `"`
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

// hit shows one ticket. Those without a desk read the requester's words for its
// state and no word that is for agents.
func (q *Queue) hit(ctx context.Context, h *ticket.Hit, desk bool) ui.Hit {
	t := &h.Ticket
	hit := ui.Hit{
		Title: pieces(h.Title), URL: q.ticketURL(ctx, t.Number), Text: pieces(h.Fragment), Where: whereFound(ctx, h.Where),
		Meta: []templ.Component{ui.Link{Label: t.Number, URL: q.ticketURL(ctx, t.Number), Mono: true}},
	}
	if h.Seq > 0 {
		hit.URL += "#e" + strconv.Itoa(h.Seq)
	}
	if def, err := q.d.Tickets.Kinds().In(ctx).Get(t.Kind); err == nil {
		hit.Icon = ui.Icon(def.Icon)
		label, wait := stateLabels(t, def)
		if !desk {
			label, wait = requesterState(t, def), ""
		}
		hit.Meta = append(hit.Meta, ui.StateBadge{Label: label, Category: ui.Category(t.Category), Plain: true})
		if wait != "" {
			hit.Meta = append(hit.Meta, ui.Words(wait))
		}
		if desk {
			hit.Meta = append(hit.Meta, ui.PriorityBadge{Level: t.Priority, Label: workflowPriority(def, t.Priority)})
		}
	}
	hit.Meta = append(hit.Meta, ui.Moment{At: t.UpdatedAt})
	return hit
}

func pieces(fragments []search.Fragment) []ui.Piece {
	out := make([]ui.Piece, 0, len(fragments))
	for _, f := range fragments {
		out = append(out, ui.Piece{Text: f.Text, Hit: f.Hit})
	}
	return out
}

// whereFound says in words which text a hit is from.
func whereFound(ctx context.Context, where string) string {
	switch ticket.EventType(where) {
	case ticket.Replied:
		return text.T(ctx, "Reply")
	case ticket.Noted:
		return text.T(ctx, "Internal note")
	case ticket.Transitioned, ticket.Synced, ticket.Imported:
		return text.T(ctx, "Change of state")
	}
	switch where {
	case "description":
		return text.T(ctx, "Description")
	case "resolution":
		return text.T(ctx, "Resolution")
	}
	return ""
}

// foundPeople finds people for those who may look them up; nobody else gets any.
func (q *Queue) foundPeople(ctx context.Context, typed string, most int) ([]view.Person, error) {
	if !access.From(ctx).Can(access.ViewPeople, access.AnyKind) {
		return nil, nil
	}
	found, err := q.d.Directory.SuggestPeople(ctx, typed)
	if err != nil {
		return nil, err
	}
	out := make([]view.Person, 0, len(found))
	for _, p := range found[:min(most, len(found))] {
		out = append(out, q.person(p))
	}
	return out, nil
}

func (q *Queue) person(p people.Suggestion) view.Person {
	return view.Person{Name: p.Name, Detail: p.Detail, URL: q.d.Links.Person(p.ID)}
}
