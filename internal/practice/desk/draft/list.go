package draft

import (
	"context"
	"net/http"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/draft/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// list is the page of everything the reader writes, shares or is to review.
func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if !Uses(access.From(ctx)) {
		return apperr.New(apperr.Forbidden, "Only those who work on tickets have drafts of them.")
	}
	found, err := p.service.Mine(ctx)
	if err != nil {
		return err
	}
	m := view.List{Waiting: rows(ctx, &found, found.Waiting), Mine: rows(ctx, &found, found.Mine)}
	m.Lasts = text.N(ctx, int(ticket.DraftLasts.Hours()/24), "What you do not go on with is kept for %d day.", "What you do not go on with is kept for %d days.")
	for _, d := range found.Private {
		t := found.Tickets[d.TicketID]
		row := view.Row{Number: t.Number, Title: t.Title, URL: view.TicketURL(t.Number) + "#composer", Text: text.T(ctx, "Reply, last typed"), Quote: quote(d.Body), At: d.UpdatedAt}
		if d.Slot == string(Note) {
			row.Text = text.T(ctx, "Internal note, last typed")
		}
		m.Private = append(m.Private, row)
	}
	return p.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Drafts"), Active: MenuID}, m.Page())
}

// rows are drafts in a list; each leads to its ticket, where it is shown.
func rows(ctx context.Context, l *List, of []Draft) []view.Row {
	var out []view.Row
	for i := range of {
		d := &of[i]
		t := l.Tickets[d.TicketID]
		row := view.Row{Number: t.Number, Title: t.Title, URL: view.PanelURL(l.ShownOn(d).Number), Text: titleOf(ctx, d), Quote: d.Asked, At: d.SharedAt, State: badgeOf(ctx, d)}
		if row.Quote == "" {
			row.Quote = quote(d.Body)
		}
		out = append(out, row)
	}
	return out
}

// quoted is how much of a text a list shows.
const quoted = 160

func quote(body string) string {
	r := []rune(strings.Join(strings.Fields(body), " "))
	if len(r) > quoted {
		return string(r[:quoted]) + "…"
	}
	return string(r)
}

// atHome is how many drafts "My work" shows.
const atHome = 5

// home is the part of "My work": what waits for the reader's review, or, where
// nothing does, what they shared.
func (p pages) home(ctx context.Context) (web.Component, error) {
	if !Uses(access.From(ctx)) {
		return nil, nil
	}
	found, err := p.service.Concerning(ctx)
	if err != nil {
		return nil, err
	}
	var m view.Home
	shown := found.Waiting
	if len(shown) == 0 {
		shown = found.Mine
	}
	m.More = max(0, len(shown)-atHome)
	if len(found.Waiting) > 0 {
		m.Waiting = rows(ctx, &found, shown[:min(len(shown), atHome)])
	} else {
		m.Mine = rows(ctx, &found, shown[:min(len(shown), atHome)])
	}
	return m.View(), nil
}

// homeNow is that part as it is now.
func (p pages) homeNow(w http.ResponseWriter, r *http.Request) error {
	if !web.IsFragment(r) {
		return web.Redirect(w, r, view.ListURL)
	}
	part, err := p.home(r.Context())
	if err != nil {
		return err
	}
	if part == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return web.Render(w, r, http.StatusOK, part)
}
