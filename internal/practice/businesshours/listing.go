package businesshours

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/businesshours/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p *Practice) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	after, err := lookup.ParseCursor(r.FormValue("after"))
	if err != nil {
		return err
	}
	page, err := p.Calendars.List(ctx, calendar.Query{Text: r.FormValue("q"), After: after})
	if err != nil {
		return err
	}
	m := view.List{Query: r.FormValue("q"), Table: p.table(ctx, page.Items), MayAdd: calendar.Manages(access.From(ctx))}
	if next := page.Next.String(); next != "" {
		q := r.URL.Query()
		q.Set("after", next)
		m.Table.More = ui.LoadMore{URL: view.ListURL + "?" + q.Encode(), Auto: true}
	}
	if r.FormValue("after") != "" && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(m.Table))
	}
	return p.page(w, r, http.StatusOK, text.T(ctx, "Business hours"), m.View())
}

func (p *Practice) table(ctx context.Context, all []calendar.Record) ui.Table {
	t := ui.Table{
		ID: "calendars", Caption: text.T(ctx, "Business hours"),
		Columns: []ui.Column{
			{Key: "name", Label: text.T(ctx, "Name"), Main: true},
			{Key: "hours", Label: text.T(ctx, "Hours")},
			{Key: "zone", Label: text.T(ctx, "Time zone")},
			{Key: "holidays", Label: text.T(ctx, "Holidays of")},
			{Key: "now", Label: text.T(ctx, "Now"), Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconCalendarTime, Title: text.T(ctx, "No calendar found"), Text: text.T(ctx, "A calendar says when somebody works; promises count by it.")},
	}
	for i := range all {
		c := &all[i]
		url := view.URL(c.ID)
		row := ui.Row{ID: "calendar-" + formatID(c.ID), URL: url}
		name := templ.Component(ui.Link{Label: c.Name, URL: url})
		if c.Standard {
			name = view.Together(name, ui.Badge{Label: text.T(ctx, "Standard")})
		}
		row.Cells = []templ.Component{name, nil, ui.Words(c.Zone), nil, nil}
		if h, err := calendar.Compile(c.Calendar); err == nil {
			_, v := c.At(date.At(p.Now().In(h.Zone())))
			row.Cells[1], row.Cells[3], row.Cells[4] = ui.Words(weekWords(ctx, v.Week)), ui.Words(regionsOf(ctx, &v)), openBadge(ctx, h, p.Now())
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func regionsOf(ctx context.Context, v *calendar.Version) string {
	names := make([]string, 0, len(v.Regions))
	for _, r := range v.Regions {
		names = append(names, regionName(ctx, r.Code))
	}
	return text.List(ctx, names)
}

func openBadge(ctx context.Context, h *calendar.Hours, now time.Time) templ.Component {
	if h.IsOpen(now) {
		return ui.Badge{Label: text.T(ctx, "Open"), Tone: ui.Success}
	}
	return ui.Badge{Label: text.T(ctx, "Closed")}
}
