package queue

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
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

// next leads from a ticket to the one that follows it in the list somebody came
// from, and from the last one back to the list.
func (q *Queue) next(w http.ResponseWriter, r *http.Request) error {
	after, err := strconv.ParseInt(r.FormValue("after"), 10, 64)
	if err != nil {
		after = 0
	}
	list, number, err := q.CameFrom(r, after)
	if err != nil {
		return err
	}
	if number != "" {
		return web.Redirect(w, r, "/tickets/"+number)
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "That was the last ticket of the list."), Tone: "info"}, q.d.HTTPS)
	return web.Redirect(w, r, cmp.Or(list, "/queue"))
}

// back leads to the list somebody came from.
func (q *Queue) back(w http.ResponseWriter, r *http.Request) error {
	list, _, err := q.CameFrom(r, 0)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, cmp.Or(list, "/queue"))
}
