package dashboard

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/measurement/dashboard/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// name is what a board is called; those of the product are translated.
func name(ctx context.Context, b *Board) string {
	if b.Key != "" {
		return text.T(ctx, b.Name)
	}
	return b.Name
}

func (d *Dashboards) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	boards, err := d.List(ctx)
	if err != nil {
		return err
	}
	var groups []int64
	for _, b := range boards {
		groups = append(groups, b.GroupID)
	}
	names, err := d.d.Names.GroupNames(ctx, d.d.DB.Reader(), groups)
	if err != nil {
		return err
	}
	v := view.List{Actions: []templ.Component{
		ui.Button{Label: text.T(ctx, "Screens"), Icon: ui.IconDeviceDesktop, URL: "/dashboards/screens"},
		ui.Button{Label: text.T(ctx, "New board"), Icon: ui.IconPlus, Kind: ui.Primary, URL: "/dashboards/new"},
	}}
	for i := range boards {
		b := &boards[i]
		v.Boards = append(v.Boards, view.Listed{Name: name(ctx, b), URL: "/dashboards/" + b.ref(), Tiles: len(b.Tiles), Who: who(ctx, b, names[b.GroupID].Name)})
	}
	return d.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Dashboards"), Active: Menu}, v.View())
}

func who(ctx context.Context, b *Board, group string) string {
	switch {
	case b.Key != "":
		return text.T(ctx, "Comes with the product")
	case b.Audience == sharing.Group:
		return group
	case b.Audience == sharing.Role:
		return text.T(ctx, "Role %s", b.Role)
	case b.Audience == sharing.Everyone:
		return text.T(ctx, "Everyone")
	}
	return text.T(ctx, "Me")
}

// show is a board, or only its tiles for a page that refreshes.
func (d *Dashboards) show(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b, err := d.Board(ctx, r.PathValue("ref"))
	if err != nil {
		return err
	}
	l, err := d.lookOf(ctx, r.URL.Query())
	if err != nil {
		return err
	}
	path := "/dashboards/" + b.ref()
	v := view.Board{Title: name(ctx, &b), Refresh: ui.HX{Get: l.address(path), Trigger: d.d.Event + " from:body throttle:30s, live-resumed from:body"}}
	if l.Wrong == nil {
		answers, err := d.compute(ctx, &b, l)
		if err != nil {
			return err
		}
		v.Tiles = draw(ctx, answers, func(at int, more ...string) string {
			return l.address(path+"/tiles/"+strconv.Itoa(at+1), more...)
		})
		v.Notes = leftOut(ctx, answers)
	}
	if web.IsFragment(r) && r.Header.Get("HX-Target") != "" {
		return web.Render(w, r, http.StatusOK, view.Tiles(v.Tiles, v.Refresh))
	}
	d.around(ctx, &v, &b, l)
	return d.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Wide: true, Topics: []string{d.d.Topic}}, v.View())
}

// around is everything of a board's page but its tiles.
func (d *Dashboards) around(ctx context.Context, v *view.Board, b *Board, l look) {
	path := "/dashboards/" + b.ref()
	v.Filter = ui.FilterBar{
		Action: path, Text: l.Filter, Label: text.T(ctx, "All tiles of this board"), CompleteURL: d.d.CompleteURL, Placeholder: text.T(ctx, "Filter: service:Payroll priority:<=2"),
	}
	for key, values := range l.values() {
		if key != "q" {
			v.Filter.Keep = append(v.Filter.Keep, ui.Hidden{Name: key, Value: values[0]})
		}
	}
	if l.Wrong != nil {
		v.Filter.Error = l.Wrong.Msg.In(ctx)
		v.Empty = ui.EmptyState{Icon: ui.IconAlertTriangle, Title: text.T(ctx, "The filter cannot be read"), Text: l.Wrong.Msg.In(ctx)}
	} else {
		v.Empty = ui.EmptyState{Icon: ui.IconDashboard, Title: text.T(ctx, "This board has no tiles yet"), Text: text.T(ctx, "A tile shows one figure as a number or a chart. Add the first one.")}
	}
	for _, days := range spans {
		turned := l
		turned.Days = days
		v.Tabs = append(v.Tabs, ui.Tab{Label: text.N(ctx, days, "%d day", "%d days"), URL: turned.address(path), Active: l.Days == days || l.Days == 0 && days == usualSpan})
	}
	v.Actions = []templ.Component{
		ui.Button{Label: text.T(ctx, "Full screen"), Icon: ui.IconDeviceDesktop, Kind: ui.Quiet, URL: l.address(path + "/wall")},
		ui.Button{Label: text.T(ctx, "CSV"), Icon: ui.IconDownload, Kind: ui.Quiet, URL: l.address(path + "/csv")},
		ui.Button{Label: text.T(ctx, "Receive"), Icon: ui.IconMail, Kind: ui.Quiet, URL: path + "/subscription"},
	}
	if b.editableBy(access.From(ctx)) {
		edit := ui.Button{Label: text.T(ctx, "Arrange"), Icon: ui.IconPencil, URL: path + "/edit"}
		v.Actions = append(v.Actions, edit)
		if l.Wrong == nil {
			v.Empty.Actions = []templ.Component{edit}
		}
		return
	}
	v.Actions = append(v.Actions, ui.Button{Label: text.T(ctx, "Copy to change it"), Icon: ui.IconCopy, Post: path + "/copy"})
}

// leftOut says once for the board what its figures do not hold.
func leftOut(ctx context.Context, answers []drawn) []ui.Alert {
	seen := map[metric.LeftOutReason]bool{}
	var out []ui.Alert
	for _, a := range answers {
		for _, x := range a.result.LeftOut {
			if seen[x.Reason] || x.Reason == metric.LateRecords {
				continue
			}
			seen[x.Reason] = true
			out = append(out, ui.Alert{Text: leftOutWords(ctx, x)})
		}
	}
	return out
}

func leftOutWords(ctx context.Context, x metric.LeftOut) string {
	switch x.Reason {
	case metric.HiddenKinds:
		return text.T(ctx, "Confidential kinds of tickets that you do not see as a whole are left out.")
	case metric.HiddenTickets:
		return text.T(ctx, "The figures hold the tickets that you may see, and no others.")
	case metric.NotFolded:
		return text.T(ctx, "What was saved moments ago is still being counted.")
	case metric.LateRecords:
	}
	return text.T(ctx, "What was written down later is left out.")
}

// csv gives all numbers of a board in one table.
func (d *Dashboards) csv(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b, err := d.Board(ctx, r.PathValue("ref"))
	if err != nil {
		return err
	}
	l, err := d.lookOf(ctx, r.URL.Query())
	if err != nil {
		return err
	}
	if l.Wrong != nil {
		return apperr.InvalidField("q", "%s", l.Wrong.Msg)
	}
	answers, err := d.compute(ctx, &b, l)
	if err != nil {
		return err
	}
	rows := [][]string{{text.T(ctx, "Tile"), text.T(ctx, "Unit"), text.T(ctx, "Series"), text.T(ctx, "Of"), text.T(ctx, "Value")}}
	for i := range answers {
		rows = append(rows, answers[i].records(ctx)...)
	}
	return web.CSV(w, b.ref()+".csv", rows)
}

// records are the numbers of a tile, one a row.
func (a *drawn) records(ctx context.Context) [][]string {
	title, unit := a.title(ctx), string(a.result.Definition.Unit)
	rows := [][]string{{title, unit, "", text.T(ctx, "Whole period"), plain(a.result.Figure.OrNaN())}}
	if a.wrong != "" || a.tile.Kind == Number {
		return rows
	}
	c := a.chart(ctx, "csv", func(...string) string { return "" })
	for _, s := range c.Series {
		for i, label := range c.Labels {
			v := math.NaN()
			if i < len(s.Values) {
				v = s.Values[i]
			}
			rows = append(rows, []string{title, unit, s.Label, label, plain(v)})
		}
	}
	return rows
}

func plain(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// tileAt gives a tile of a board by its place in an address, from 1.
func tileAt(b *Board, place string) (int, error) {
	n, err := strconv.Atoi(place)
	if err != nil || n < 1 || n > len(b.Tiles) {
		return 0, errNoTile()
	}
	return n - 1, nil
}

// explain says how a tile's figure is computed and lists the tickets behind it,
// or behind one of its points: from, until and key narrow it.
func (d *Dashboards) explain(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b, err := d.Board(ctx, r.PathValue("ref"))
	if err != nil {
		return err
	}
	l, err := d.lookOf(ctx, r.URL.Query())
	if err != nil {
		return err
	}
	at, err := tileAt(&b, r.PathValue("n"))
	if err != nil {
		return err
	}
	if l.Wrong != nil {
		return apperr.InvalidField("q", "%s", l.Wrong.Msg)
	}
	one := b
	one.Tiles = b.Tiles[at : at+1]
	answers, err := d.compute(ctx, &one, l)
	if err != nil {
		return err
	}
	a := &answers[0]
	a.at = at
	if a.wrong != "" {
		return apperr.New(apperr.Invalid, "%s", a.wrong)
	}
	path := "/dashboards/" + b.ref() + "/tiles/" + strconv.Itoa(at+1)
	open := func(more ...string) string { return l.address(path, more...) }
	if r.FormValue("format") == "csv" {
		return web.CSV(w, "tile.csv", a.chart(ctx, "csv", func(...string) string { return "" }).Records())
	}
	q, narrowed, kept, err := a.behind(ctx, r)
	if err != nil {
		return err
	}
	found, err := d.d.Metrics.Tickets(ctx, q, r.FormValue("after"), pageSize)
	if err != nil {
		return err
	}
	more := ""
	if found.Next != "" {
		more = open(append(kept, "after", found.Next)...)
	}
	table, err := d.ticketTable(ctx, a.result.Definition.Unit, found, more)
	if err != nil {
		return err
	}
	if r.FormValue("after") != "" && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(table))
	}
	v := a.explained(ctx, open)
	v.Back, v.Board, v.Tickets, v.Narrowed = l.address("/dashboards/"+b.ref()), name(ctx, &b), table, narrowed
	return d.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Wide: true}, v.View())
}

const pageSize = 50

// behind narrows a tile's question to the point that was chosen.
func (a *drawn) behind(ctx context.Context, r *http.Request) (q metric.Query, words string, kept []string, err error) {
	q = a.result.Query
	q.Period, q.Cut = metric.Whole, ""
	zone := zoneOf(ctx)
	if from, until := r.FormValue("from"), r.FormValue("until"); from != "" && until != "" {
		first, err := time.ParseInLocation(time.DateOnly, from, zone)
		if err != nil {
			return q, "", nil, apperr.InvalidField("from", "A day is written 2026-11-21.")
		}
		last, err := time.ParseInLocation(time.DateOnly, until, zone)
		if err != nil {
			return q, "", nil, apperr.InvalidField("until", "A day is written 2026-11-21.")
		}
		q.From, q.To = first, last.AddDate(0, 0, 1)
		kept = append(kept, "from", from, "until", until)
		words = text.T(ctx, "The tickets are those from %s to %s.", text.Date(ctx, first), text.Date(ctx, last))
	}
	if r.Form.Has("key") && a.tile.Cut != "" {
		key := r.FormValue("key")
		q.Only = append(q.Only, metric.Only{Cut: a.tile.Cut, Key: key})
		kept = append(kept, "key", key)
		label := key
		for _, s := range a.result.Slices {
			if !s.Rest && s.Key == key {
				label = sliceLabel(ctx, s)
			}
		}
		words += " " + text.T(ctx, "%s: %s.", cutLabel(ctx, a.tile.Cut), label)
	}
	return q, words, kept, nil
}

// explained says what a figure is.
func (a *drawn) explained(ctx context.Context, open func(more ...string) string) view.Explained {
	def, r := a.result.Definition, &a.result
	unit := ui.UnitOf(string(def.Unit))
	v := view.Explained{
		Title: a.title(ctx), Value: unit.Words(ctx, r.Figure.OrNaN()), Meaning: text.T(ctx, def.Meaning), Formula: text.T(ctx, def.Formula),
		Period: text.T(ctx, "%s to %s", text.Date(ctx, r.Query.From), text.Date(ctx, r.Query.To.AddDate(0, 0, -1))),
	}
	for _, x := range def.Excluded {
		v.Excluded = append(v.Excluded, text.T(ctx, x))
	}
	for _, x := range r.LeftOut {
		v.LeftOut = append(v.LeftOut, leftOutWords(ctx, x))
	}
	fact := func(label, value string) {
		v.Facts = append(v.Facts, ui.Value{ID: "fact-" + strconv.Itoa(len(v.Facts)), Label: label, Content: ui.Words(value)})
	}
	fact(text.T(ctx, "Computed from"), text.Number(ctx, r.Count))
	if r.Denominator != 0 && r.Denominator != 1 && r.Known {
		fact(text.T(ctx, "In numbers"), text.T(ctx, "%s ÷ %s", text.Decimal(ctx, r.Numerator, 0), text.Decimal(ctx, r.Denominator, 0)))
	}
	if def.Spread && r.Known {
		fact(text.T(ctx, "90% within"), unit.Words(ctx, r.P90))
		fact(text.T(ctx, "Mean"), unit.Words(ctx, r.Mean))
	}
	if def.Target != nil {
		fact(text.T(ctx, "Aim"), targetWords(ctx, &def))
	}
	if r.Query.Filter != "" {
		fact(text.T(ctx, "Filter"), r.Query.Filter)
	}
	fact(text.T(ctx, "Computed"), text.DateTime(ctx, r.ComputedAt))
	if a.tile.Kind != Number {
		v.Chart = a.chart(ctx, "tile-chart", open)
	} else if len(r.Points) > 1 {
		line := *a
		line.tile.Kind = Kind(ui.ChartLine)
		v.Chart = line.chart(ctx, "tile-chart", open)
	}
	return v
}

// ticketTable lists the tickets behind a figure with what each added to it.
func (d *Dashboards) ticketTable(ctx context.Context, unit metric.Unit, page metric.TicketPage, more string) (ui.Table, error) {
	t := ui.Table{
		ID: "tickets", Caption: text.T(ctx, "Tickets"), More: ui.LoadMore{URL: more, Auto: true},
		Columns: []ui.Column{
			{Key: "number", Label: text.T(ctx, "Number"), Shrink: true},
			{Key: "title", Label: text.T(ctx, "Title"), Main: true},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
			{Key: "at", Label: text.T(ctx, "Counts since"), Shrink: true},
			{Key: "value", Label: text.T(ctx, "Adds"), Number: true, Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconTicket, Title: text.T(ctx, "No ticket is behind this figure")},
	}
	ids := make([]int64, 0, len(page.Items))
	for _, x := range page.Items {
		ids = append(ids, x.TicketID)
	}
	found, err := d.d.Tickets.ByIDs(ctx, ids)
	if err != nil {
		return t, err
	}
	byID := make(map[int64]*ticket.Ticket, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	actor := access.From(ctx)
	for _, x := range page.Items {
		k := byID[x.TicketID]
		if k == nil {
			continue
		}
		address := d.d.TicketURL(actor, k.Number)
		t.Rows = append(t.Rows, ui.Row{Label: k.Number, URL: address, Cells: []templ.Component{
			ui.Link{Label: k.Number, URL: address, Mono: true},
			ui.Link{Label: k.Title, URL: address},
			ui.StateBadge{Label: d.stateLabel(k), Category: ui.Category(k.Category)},
			ui.Moment{At: x.At},
			ui.Words(ui.UnitOf(string(unit)).Words(ctx, x.Value)),
		}})
	}
	return t, nil
}

func (d *Dashboards) stateLabel(k *ticket.Ticket) string {
	if def, err := d.d.Tickets.Kinds().Get(k.Kind); err == nil {
		if s, ok := def.State(k.State); ok {
			return s.Label
		}
	}
	return k.State
}
