package measurement

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/measurement/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// counted is a ticket behind a figure, with what it added.
type counted struct {
	metric.TicketValue
	ticket.Ticket
}

// page gives a page of the tickets behind a figure. A ticket that the reader may
// not see (it changed hands this moment) is left out.
func (p *Practice) page(ctx context.Context, q metric.Query, after string, limit int) ([]counted, string, error) {
	page, err := p.d.Metrics.Tickets(ctx, q, after, limit)
	if err != nil {
		return nil, "", err
	}
	ids := make([]int64, len(page.Items))
	for i, v := range page.Items {
		ids[i] = v.TicketID
	}
	found, err := p.d.Tickets.ByIDs(ctx, ids)
	if err != nil {
		return nil, "", err
	}
	byID := make(map[int64]ticket.Ticket, len(found))
	for i := range found {
		byID[found[i].ID] = found[i]
	}
	out := make([]counted, 0, len(page.Items))
	for _, v := range page.Items {
		if t, ok := byID[v.TicketID]; ok {
			out = append(out, counted{v, t})
		}
	}
	return out, page.Next, nil
}

func (p *Practice) behind(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	d, err := p.d.Metrics.Definition(ctx, metric.Key(r.PathValue("key")))
	if err != nil {
		return err
	}
	zone := text.From(ctx).Location
	q, err := metric.ParseValues(d.Key, r.URL.Query(), zone)
	if err != nil {
		return err
	}
	q.Zone = orUTC(q.Zone)
	items, next, err := p.page(ctx, q, r.FormValue("after"), 50)
	if err != nil {
		return err
	}
	t := p.behindTable(ctx, &d, items)
	if next != "" {
		more := q.Values()
		more.Set("after", next)
		t.More = ui.LoadMore{URL: address(d.Key) + "/tickets?" + more.Encode()}
	}
	if r.FormValue("after") != "" && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(t))
	}
	m := view.Behind{
		Title: text.T(ctx, "Tickets behind “%s”", text.T(ctx, d.Name)), Lead: text.T(ctx, "Newest first; a ticket is listed as often as it counts."), Table: t,
		Trail:   []ui.Crumb{{Label: text.T(ctx, "Metrics"), URL: Base}, {Label: text.T(ctx, d.Name), URL: with(d.Key, "", q)}, {Label: text.T(ctx, "Tickets")}},
		Actions: []templ.Component{ui.Button{Label: text.T(ctx, "Tickets as CSV"), URL: with(d.Key, "/tickets.csv", q), Icon: ui.IconDownload}},
	}
	return p.d.Frame.Page(w, r, module.Page{Title: m.Title, Active: "metrics", Wide: true}, m.View())
}

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}

func (p *Practice) behindTable(ctx context.Context, d *metric.Definition, items []counted) ui.Table {
	t := ui.Table{
		ID: "tickets", Caption: text.T(ctx, "Tickets"),
		Columns: []ui.Column{
			{Key: "number", Label: text.T(ctx, "Number"), Shrink: true},
			{Key: "title", Label: text.T(ctx, "Title"), Main: true},
			{Key: "at", Label: text.T(ctx, "When")},
			{Key: "value", Label: text.T(ctx, d.Name), Number: true},
			{Key: "state", Label: text.T(ctx, "State today"), Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconReportAnalytics, Title: text.T(ctx, "No tickets"), Text: text.T(ctx, "Nothing in this period counts towards the figure.")},
	}
	for _, c := range items {
		url := "/tickets/" + c.Number
		t.Rows = append(t.Rows, ui.Row{URL: url, Cells: []templ.Component{
			ui.Link{Label: c.Number, URL: url, Mono: true},
			ui.Link{Label: c.Title, URL: url},
			ui.Moment{At: c.At, Full: true},
			view.Text(Format(ctx, valueUnit(d), c.Value)), view.Text(p.stateWord(ctx, &c.Ticket)),
		}})
	}
	return t
}

// valueUnit is the unit of what one ticket adds: of a share, one.
func valueUnit(d *metric.Definition) metric.Unit {
	if d.Unit == metric.Share || d.Unit == metric.Times {
		return metric.Tickets
	}
	return d.Unit
}

func (p *Practice) stateWord(ctx context.Context, t *ticket.Ticket) string {
	if def, err := p.d.Kinds.Get(t.Kind); err == nil {
		if s, ok := def.State(t.State); ok {
			return text.T(ctx, s.Label)
		}
	}
	return t.State
}

// maxRows bounds a file of tickets.
const maxRows = 100_000

// behindFile writes the tickets behind a figure as a sheet. Once it has begun, a
// failure can only end it early; the last line then says so.
func (p *Practice) behindFile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	key := metric.Key(r.PathValue("key"))
	q, err := metric.ParseValues(key, r.URL.Query(), orUTC(text.From(ctx).Location))
	if err != nil {
		return err
	}
	items, next, err := p.page(ctx, q, "", 200)
	if err != nil {
		return err
	}
	web.File(w, string(key)+"-tickets.csv", "text/csv; charset=utf-8")
	out := csv.NewWriter(w)
	if err := out.Write([]string{"number", "title", "kind", "at", "value", "state"}); err != nil {
		return err
	}
	for rows := 0; ; rows += len(items) {
		for _, c := range items {
			if err := out.Write([]string{c.Number, web.CSVCell(c.Title), c.Kind, c.At.UTC().Format(time.RFC3339), plain(c.Value), c.State}); err != nil {
				return err
			}
		}
		if next == "" || rows > maxRows {
			break
		}
		if items, next, err = p.page(ctx, q, next, 200); err != nil {
			_ = out.Write([]string{text.T(ctx, "The list breaks off here: %s", apperr.Message(err).In(ctx))})
			break
		}
	}
	out.Flush()
	return out.Error()
}

// figuresFile writes a figure with its series and its slices as a sheet.
func (p *Practice) figuresFile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q, err := metric.ParseValues(metric.Key(r.PathValue("key")), r.URL.Query(), orUTC(text.From(ctx).Location))
	if err != nil {
		return err
	}
	result, err := p.d.Metrics.Compute(ctx, q)
	if err != nil {
		return err
	}
	web.File(w, string(q.Metric)+".csv", "text/csv; charset=utf-8")
	out := csv.NewWriter(w)
	row := func(slice, key string, from, to time.Time, f metric.Figure) error {
		value, p90 := "", ""
		if f.Known {
			value = plain(f.Value)
			if result.Definition.Spread {
				p90 = plain(f.P90)
			}
		}
		return out.Write([]string{
			string(q.Metric), string(result.Definition.Unit), web.CSVCell(slice), web.CSVCell(key), from.Format(time.RFC3339), to.Format(time.RFC3339), value, p90,
			plain(f.Numerator), plain(f.Denominator), strconv.FormatInt(f.Count, 10),
		})
	}
	err = out.Write([]string{"metric", "unit", "slice", "slice_key", "from", "to", "value", "p90", "numerator", "denominator", "count"})
	write := func(slice, key string, f metric.Figure, points []metric.Point) {
		if err == nil {
			err = row(slice, key, result.Query.From, result.Query.To, f)
		}
		for _, pt := range points {
			if err == nil {
				err = row(slice, key, pt.From, pt.To, pt.Figure)
			}
		}
	}
	write("", "", result.Figure, result.Points)
	for _, s := range result.Slices {
		write(sliceName(ctx, s), s.Key, s.Figure, s.Points)
	}
	out.Flush()
	if err != nil {
		return err
	}
	return out.Error()
}
