package measurement

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/practice/measurement/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// checkMost bounds the timelines that are read while somebody waits.
const checkMost = 20_000

// asked is a query as an address gives it, with what is wrong with it.
type asked struct {
	query metric.Query
	raw   url.Values
	wrong map[string]string
}

func read(ctx context.Context, key metric.Key, v url.Values) asked {
	zone := text.From(ctx).Location
	if zone == nil {
		zone = time.UTC
	}
	if len(v) == 0 {
		v = url.Values{"period": {string(metric.Day)}}
	}
	q, err := metric.ParseValues(key, v, zone)
	a := asked{query: q, raw: v, wrong: map[string]string{}}
	a.blame(ctx, err)
	return a
}

// blame notes the fields an error speaks of; false for an error of another sort.
func (a *asked) blame(ctx context.Context, err error) bool {
	if bad := new(filter.Error); asFilter(err, &bad) {
		a.wrong["filter"] = bad.Error()
		return true
	}
	for _, f := range apperr.FieldsOf(err) {
		a.wrong[f.Name] = f.Message.In(ctx)
	}
	return apperr.Is(err, apperr.Invalid) && len(apperr.FieldsOf(err)) > 0
}

func (p *Practice) show(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	d, err := p.d.Metrics.Definition(ctx, metric.Key(r.PathValue("key")))
	if err != nil {
		return err
	}
	a := read(ctx, d.Key, r.URL.Query())
	m := view.Metric{Title: text.T(ctx, d.Name), Lead: text.T(ctx, d.Meaning), Trail: []ui.Crumb{{Label: text.T(ctx, "Metrics"), URL: Base}, {Label: text.T(ctx, d.Name)}}}
	if len(a.wrong) == 0 {
		result, err := p.d.Metrics.Compute(ctx, a.query)
		if err != nil && !a.blame(ctx, err) {
			return err
		}
		if err == nil {
			p.fill(ctx, &m, &result)
			a.query = result.Query
			if r.FormValue("check") != "" {
				m.Checked = p.checked(ctx, &result)
			}
		}
	}
	m.Form = p.ask(ctx, &d, a)
	if m.History, err = p.history(ctx, &d); err != nil {
		return err
	}
	if p.d.Metrics.MayManage(ctx) {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Edit"), URL: address(d.Key) + "/edit", Icon: ui.IconPencil, Key: "e"})
	}
	status := http.StatusOK
	if len(a.wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return p.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, d.Name), Active: "metrics", Wide: true, Status: status}, m.View())
}

// with gives the address of a page about the query.
func with(key metric.Key, below string, q metric.Query) string {
	return address(key) + below + "?" + q.Values().Encode()
}

// fill shows a result.
func (p *Practice) fill(ctx context.Context, m *view.Metric, r *metric.Result) {
	d := &r.Definition
	m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Figures as CSV"), URL: with(d.Key, "/figures.csv", r.Query), Icon: ui.IconDownload})
	m.Tiles = p.tiles(ctx, r)
	for _, l := range r.LeftOut {
		if l.Reason != metric.LateRecords {
			m.Alerts = append(m.Alerts, ui.Alert{Title: p.leftOut(ctx, l), Tone: ui.Info})
		}
	}
	if len(r.Points) > 0 {
		m.Bars, m.TrendIs = bars(ctx, r), text.T(ctx, "%s over time; the table below says the same.", text.T(ctx, d.Name))
		m.Trend = p.trend(ctx, r)
	}
	if r.Query.Cut != "" {
		m.CutTitle = text.T(ctx, "By %s", p.cutWord(ctx, r.Query.Cut))
		m.Slices = p.slices(ctx, r)
	}
	m.Ages = agesTable(ctx, r)
	m.Explain = p.explain(ctx, r)
}

func (p *Practice) tiles(ctx context.Context, r *metric.Result) []ui.StatTile {
	d := &r.Definition
	main := ui.StatTile{Label: text.T(ctx, d.Name), Value: figure(ctx, d.Unit, r.Figure), URL: with(d.Key, "/tickets", r.Query), How: text.T(ctx, d.Formula)}
	if d.Target != nil {
		main.Target = text.T(ctx, "target %s", Format(ctx, d.Unit, *d.Target))
		if r.Known && d.Meets(r.Value) {
			main.Change, main.Tone = text.T(ctx, "Reached"), ui.Success
		} else if r.Known {
			main.Change, main.Tone = text.T(ctx, "Missed"), ui.Critical
		}
	}
	tiles := []ui.StatTile{main}
	if d.Spread && r.Known {
		tiles = append(tiles,
			ui.StatTile{Label: text.T(ctx, "90 % took at most"), Value: Format(ctx, d.Unit, r.P90)},
			ui.StatTile{Label: text.T(ctx, "Mean"), Value: Format(ctx, d.Unit, r.Mean)})
	}
	if d.Unit != metric.Tickets {
		tiles = append(tiles, ui.StatTile{Label: text.T(ctx, "Computed from"), Value: text.Number(ctx, r.Count)})
	}
	return tiles
}

// bars draws the points, the highest a thousand high.
func bars(ctx context.Context, r *metric.Result) []view.Bar {
	highest := 0.0
	for _, pt := range r.Points {
		if pt.Known {
			highest = max(highest, math.Abs(pt.Value))
		}
	}
	out := make([]view.Bar, len(r.Points))
	for i, pt := range r.Points {
		out[i] = view.Bar{Label: days(ctx, pt.From, pt.To) + ": " + figure(ctx, r.Definition.Unit, pt.Figure), Known: pt.Known, Partial: pt.Partial}
		if highest > 0 {
			out[i].Height = int(1000 * pt.Value / highest)
		}
	}
	return out
}

func (p *Practice) trend(ctx context.Context, r *metric.Result) ui.Table {
	d := &r.Definition
	t := ui.Table{ID: "points", Caption: text.T(ctx, "Trend"), Columns: append([]ui.Column{{Key: "days", Label: text.T(ctx, "Period"), Main: true}}, figureColumns(ctx, d)...)}
	for _, pt := range slices.Backward(r.Points) {
		q := r.Query
		q.From, q.To, q.Period, q.Cut = pt.From, pt.To, metric.Whole, ""
		label := days(ctx, pt.From, pt.To)
		if pt.Partial {
			label = text.T(ctx, "%s, not over yet", label)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: append([]templ.Component{ui.Link{Label: label, URL: with(d.Key, "/tickets", q)}}, figureCells(ctx, d, pt.Figure)...)})
	}
	return t
}

func figureColumns(ctx context.Context, d *metric.Definition) []ui.Column {
	out := []ui.Column{{Key: "value", Label: text.T(ctx, d.Name), Number: true}}
	if d.Spread {
		out = append(out, ui.Column{Key: "p90", Label: text.T(ctx, "90 % took at most"), Number: true})
	}
	if d.Unit != metric.Tickets {
		out = append(out, ui.Column{Key: "count", Label: text.T(ctx, "Computed from"), Number: true})
	}
	return out
}

func figureCells(ctx context.Context, d *metric.Definition, f metric.Figure) []templ.Component {
	out := []templ.Component{view.Text(figure(ctx, d.Unit, f))}
	if d.Spread {
		high := f
		high.Value = f.P90
		out = append(out, view.Text(figure(ctx, d.Unit, high)))
	}
	if d.Unit != metric.Tickets {
		out = append(out, view.Text(text.Number(ctx, f.Count)))
	}
	return out
}

func (p *Practice) slices(ctx context.Context, r *metric.Result) ui.Table {
	d := &r.Definition
	t := ui.Table{
		ID: "slices", Caption: p.cutWord(ctx, r.Query.Cut), Columns: append([]ui.Column{{Key: "slice", Label: p.cutWord(ctx, r.Query.Cut), Main: true}}, figureColumns(ctx, d)...),
		Empty: ui.EmptyState{Icon: ui.IconReportAnalytics, Title: text.T(ctx, "Nothing happened in this period"), Text: text.T(ctx, "Choose more days, or narrow it less.")},
	}
	for _, s := range r.Slices {
		q := r.Query
		q.Only = append(slices.Clone(q.Only), metric.Only{Cut: q.Cut, Key: s.Key})
		q.Cut, q.Period = "", metric.Whole
		var label templ.Component = ui.Link{Label: sliceName(ctx, s), URL: with(d.Key, "/tickets", q)}
		if s.Rest {
			label = view.Text(sliceName(ctx, s))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: append([]templ.Component{label}, figureCells(ctx, d, s.Figure)...)})
	}
	return t
}

func agesTable(ctx context.Context, r *metric.Result) ui.Table {
	t := ui.Table{ID: "by-age", Caption: text.T(ctx, "By age"), Columns: []ui.Column{{Key: "age", Label: text.T(ctx, "Age"), Main: true}, {Key: "count", Label: text.T(ctx, "Tickets"), Number: true}}}
	for _, b := range r.Ages {
		label := text.T(ctx, "%s and older", text.Duration(ctx, b.From))
		if b.To != 0 {
			label = text.T(ctx, "%s to %s", text.Duration(ctx, b.From), text.Duration(ctx, b.To))
		}
		if b.From == 0 {
			label = text.T(ctx, "Up to %s", text.Duration(ctx, b.To))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{view.Text(label), view.Text(text.Number(ctx, b.Count))}})
	}
	return t
}

// ask is the form over a figure.
func (p *Practice) ask(ctx context.Context, d *metric.Definition, a asked) templ.Component {
	q := a.query
	shown := q.Values()
	value := func(name string) string {
		if a.wrong[name] != "" || shown.Get(name) == "" {
			return a.raw.Get(name)
		}
		return shown.Get(name)
	}
	var steps, cuts []ui.Option
	for _, period := range append([]metric.Period{metric.Whole}, metric.Periods()...) {
		steps = append(steps, ui.Option{Value: string(period), Label: periodWord(ctx, period), Selected: period == q.Period})
	}
	for _, c := range p.cuts(d) {
		cuts = append(cuts, ui.Option{Value: string(c), Label: p.cutWord(ctx, c), Selected: c == q.Cut})
	}
	m := view.Ask{Action: address(d.Key), Fields: []templ.Component{
		ui.DateField{Field: ui.Field{Name: "from", Label: text.T(ctx, "From"), Error: a.wrong["from"]}, Value: value("from")},
		ui.DateField{Field: ui.Field{Name: "to", Label: text.T(ctx, "To"), Error: a.wrong["to"]}, Value: value("to")},
		ui.Select{Field: ui.Field{Name: "period", Label: text.T(ctx, "Trend by"), Error: a.wrong["period"]}, Options: steps},
		ui.Select{Field: ui.Field{Name: "cut", Label: text.T(ctx, "Cut by"), Error: a.wrong["cut"]}, Options: cuts, Placeholder: text.T(ctx, "Nothing")},
		ui.TextField{Field: ui.Field{Name: "filter", Label: text.T(ctx, "Only tickets that match today"), Error: a.wrong["filter"]}, Value: value("filter"), Placeholder: `service:"Payroll" priority:<=2`, Mono: true},
		ui.DateField{Field: ui.Field{Name: "recorded_by", Label: text.T(ctx, "As recorded by"), Error: a.wrong["recorded_by"]}, Value: recorded(q, a), Time: true},
	}}
	for _, o := range q.Only {
		m.Hidden = append(m.Hidden, ui.Hidden{Name: "only", Value: string(o.Cut) + ":" + o.Key})
	}
	return m
}

func recorded(q metric.Query, a asked) string {
	if q.RecordedBy.IsZero() {
		return a.raw.Get("recorded_by")
	}
	return q.RecordedBy.In(q.Zone).Format("2006-01-02T15:04")
}

// cuts lists what a metric can be cut by, custom fields last.
func (p *Practice) cuts(d *metric.Definition) []metric.Cut {
	out := slices.Clone(d.Cuts)
	if !slices.Contains(d.Cuts, metric.ByCategory) {
		return out
	}
	for _, k := range p.d.Kinds.All() {
		for _, f := range k.Fields {
			if c := metric.FieldCut(f.Key); f.Key != "category" && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}
