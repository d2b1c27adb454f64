package portal

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/portal/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// What the lists hold, in the filter language. They are the reader's own by
// name, so that a role that sees everything shows no more here.
const (
	mine      = "requester:me"
	mineOpen  = "requester:me state:open"
	mineDone  = "requester:me state:done"
	followed  = "watcher:me -requester:me"
	following = followed + " state:open"
	concerned = "(requester:me OR watcher:me)"
	// Solved and waiting for a word, or closed of late without one.
	unrated = "requester:me resolved:any rating:none (closed:none OR closed:<14d)"
)

const (
	homeOpen     = 10 // tickets shown; there are seldom more
	homeSolved   = 5
	homeFollowed = 5
	homeRead     = 100 // open ones read, to find those that wait for an answer
)

// newest orders lists by when a ticket was asked. By its last change, a list
// would tell of notes that the reader must not know of.
var newest = ticket.Sort{Field: "created", Descending: true}

// tickets reads a list by its filter.
func (p *Portal) tickets(ctx context.Context, condition, after string, limit int) (ticket.Page, error) {
	c, err := p.Tickets.Condition(ctx, condition, text.From(ctx).Location)
	if err != nil {
		return ticket.Page{}, err
	}
	return p.Tickets.List(ctx, ticket.Query{Condition: c, Sort: newest, After: after, Limit: limit})
}

func (p *Portal) home(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	m, err := p.homeLists(ctx)
	if err != nil {
		return err
	}
	if web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, view.HomeLists(m))
	}
	draft, err := p.draft(ctx)
	if err != nil {
		return err
	}
	m.Draft = draft != nil
	return p.Frame.Page(w, r, module.Page{
		Title: text.T(ctx, "What do you need?"), Active: activeHome, Topics: []string{personTopic(access.From(ctx).ID)},
	}, view.HomePage(m))
}

func (p *Portal) homeLists(ctx context.Context) (view.Home, error) {
	m := view.Home{Live: eventChanged}
	open, err := p.tickets(ctx, mineOpen, "", homeRead)
	if err != nil {
		return m, err
	}
	solved, err := p.tickets(ctx, unrated, "", homeSolved)
	if err != nil {
		return m, err
	}
	watched, err := p.tickets(ctx, following, "", homeFollowed)
	if err != nil {
		return m, err
	}
	all := append(append(append([]ticket.Ticket(nil), open.Tickets...), solved.Tickets...), watched.Tickets...)
	merged, next, err := p.Tickets.GoingOn(ctx)
	if err != nil {
		return m, err
	}
	c, err := p.castOf(ctx, append(all, targets(next)...))
	if err != nil {
		return m, err
	}
	c.next = next
	items, err := p.items(ctx, c, byAge(open.Tickets, merged))
	if err != nil {
		return m, err
	}
	for _, it := range items {
		switch {
		case it.Answer:
			m.Answer = append(m.Answer, it)
		case len(m.Open) < homeOpen:
			m.Open = append(m.Open, it)
		default:
			m.OpenMore = true
		}
	}
	m.OpenMore = m.OpenMore || open.Next != ""
	if items, err = p.items(ctx, c, solved.Tickets); err != nil {
		return m, err
	}
	for _, it := range items {
		if it.Confirm {
			m.Solved = append(m.Solved, it)
		} else {
			m.Done = append(m.Done, it)
		}
	}
	m.Followed, err = p.items(ctx, c, watched.Tickets)
	m.FollowAll = watched.Next != ""
	return m, err
}

// listPage is how many tickets a page of a list shows.
const listPage = 25

func (p *Portal) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var form struct {
		Show  string `form:"show"`
		Query string `form:"q,line,max=200"`
		After string `form:"after"`
	}
	if err := web.Form(r, &form, nil); err != nil {
		return err
	}
	m := view.List{Show: form.Show, Query: form.Query, First: form.After == ""}
	condition := mineOpen
	switch {
	case form.Query != "":
		m.Show = view.ShowAll
		condition = concerned + " " + plainWords(form.Query)
	case form.Show == view.ShowDone:
		condition = mineDone
	case form.Show == view.ShowFollowed:
		condition = followed
	default:
		m.Show = view.ShowOpen
	}
	page, err := p.tickets(ctx, condition, form.After, listPage)
	if err != nil {
		return err
	}
	var next map[int64]ticket.Continuation
	if m.Show == view.ShowOpen && form.After == "" {
		var merged []ticket.Ticket
		if merged, next, err = p.Tickets.GoingOn(ctx); err == nil {
			page.Tickets = byAge(page.Tickets, merged)
		}
	} else if next, err = p.Tickets.Continuations(ctx, page.Tickets); m.Show == view.ShowDone {
		page.Tickets = slices.DeleteFunc(page.Tickets, func(t ticket.Ticket) bool { // it is among the open ones
			c, merged := next[t.ID]
			return merged && c.Ticket.Category.Active()
		})
	}
	if err != nil {
		return err
	}
	c, err := p.castOf(ctx, append(targets(next), page.Tickets...))
	if err != nil {
		return err
	}
	c.next = next
	if m.Items, err = p.items(ctx, c, page.Tickets); err != nil {
		return err
	}
	m.Next = page.Next
	if form.After != "" && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, view.ListItems(m))
	}
	return p.Frame.Page(w, r, module.Page{Title: text.T(ctx, "My tickets"), Active: activeTickets}, view.ListPage(m))
}

// plainWords makes search words of what somebody typed who knows no filter
// language: nothing in it has a meaning of its own.
func plainWords(typed string) string {
	const most = 12
	return strings.Join(search.Words(typed, most), " ")
}
