package queue

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// listCookie says which list somebody opened last: where "back to the list" and
// "the next ticket" lead from a ticket's page.
const listCookie = "list"

// remember notes the list that is being opened.
func (q *Queue) remember(w http.ResponseWriter, p place) {
	const most = 2000 // a longer address has no room in a cookie
	at := p.top().url("/queue")
	if len(at) > most {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: listCookie, Value: url.QueryEscape(at), Path: "/", HttpOnly: true, Secure: q.d.HTTPS, SameSite: http.SameSiteLaxMode,
	})
}

// CameFrom gives the list somebody came from, and the ticket that follows one of
// its tickets: the next row, or the first one when it is not among the first page
// of rows. Both are "" when there is no such list or nothing else in it.
func (q *Queue) CameFrom(r *http.Request, after int64) (listURL, next string, err error) {
	c, err := r.Cookie(listCookie)
	if err != nil {
		return "", "", nil //nolint:nilerr // without the cookie there is no list
	}
	at, err := url.QueryUnescape(c.Value)
	if err != nil {
		return "", "", nil //nolint:nilerr // somebody changed their own cookie
	}
	listURL = web.LocalPath(at, "")
	from, err := url.Parse(listURL)
	if err != nil || from.Path != "/queue" {
		return "", "", nil //nolint:nilerr // as above
	}
	l, err := q.open(r.Context(), placeOf(from.Query()))
	if err != nil || l.empty {
		return listURL, "", nil //nolint:nilerr // a view that is gone has no next ticket
	}
	page, err := q.d.Tickets.List(r.Context(), ticket.Query{Condition: l.where, Sort: l.sort, Limit: pageSize})
	if err != nil {
		return listURL, "", err
	}
	here := slices.IndexFunc(page.Tickets, func(t ticket.Ticket) bool { return t.ID == after })
	if here+1 < len(page.Tickets) {
		return listURL, page.Tickets[here+1].Number, nil
	}
	return listURL, "", nil
}
