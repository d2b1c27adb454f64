package process

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/measurement/process/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// mostWays is how many ways the page lists.
const mostWays = 20

func (p *Process) asked(r *http.Request) (question, error) {
	ctx := r.Context()
	if err := require(ctx); err != nil {
		return question{}, err
	}
	return p.ask(ctx, r.FormValue("between"), r.FormValue("q"), r.FormValue("from"), r.FormValue("to"), r.FormValue("share"))
}

// address is where a question stands, with further parts.
func (q question) address(path string, more ...string) string {
	v := url.Values{"between": {string(q.Between)}, "from": {q.From.Format(time.DateOnly)}, "to": {q.To.AddDate(0, 0, -1).Format(time.DateOnly)}}
	if q.Filter != "" {
		v.Set("q", q.Filter)
	}
	if q.Share != auto {
		v.Set("share", strconv.Itoa(q.Share))
	}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return path + "?" + v.Encode()
}

func (p *Process) page(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q, err := p.asked(r)
	if err != nil {
		return err
	}
	l, err := p.read(ctx, q)
	if err != nil {
		return err
	}
	m := q.discover(l)
	names, err := p.labels(ctx, m)
	if err != nil {
		return err
	}
	v := p.frame(ctx, q, m)
	if q.Wrong == nil && len(l.traces) == 0 {
		if v.Empty, err = p.empty(ctx, q); err != nil {
			return err
		}
	}
	v.Notes = notes(ctx, q, m, l)
	v.Map = drawing(ctx, q, m, names)
	v.Steps, v.Ways = stepTable(ctx, q, m, names), wayTable(ctx, q, m, names)
	return p.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Wide: true}, v.View())
}

// frame is everything around the map.
func (p *Process) frame(ctx context.Context, q question, m Map) view.Page {
	v := view.Page{
		Title: text.T(ctx, "Process map"),
		Lead:  text.T(ctx, "The way that tickets created in the period really took, read from their timelines."),
		From:  ui.DateField{Field: ui.Field{Name: "from", Label: text.T(ctx, "Created from")}, Value: q.From.Format(time.DateOnly)},
		To:    ui.DateField{Field: ui.Field{Name: "to", Label: text.T(ctx, "to")}, Value: q.To.AddDate(0, 0, -1).Format(time.DateOnly)},
		Share: int(math.Round(m.Share * 100)), StepCSV: q.address("/process/export", "what", "steps"), WayCSV: q.address("/process/export", "what", "ways"),
	}
	if q.Share != auto {
		v.Share = q.Share
	}
	turned := q
	for _, tab := range []struct {
		between Between
		label   string
	}{{States, text.T(ctx, "Between states")}, {Groups, text.T(ctx, "Between groups")}} {
		turned.Between, turned.Share = tab.between, auto
		v.Tabs = append(v.Tabs, ui.Tab{Label: tab.label, URL: turned.address("/process"), Active: q.Between == tab.between})
	}
	keep := []ui.Hidden{{Name: "between", Value: string(q.Between)}}
	v.Keep = append(keep, ui.Hidden{Name: "q", Value: q.Filter})
	v.Filter = ui.FilterBar{
		Action: "/process", Text: q.Filter, Label: text.T(ctx, "Tickets on the map"), CompleteURL: p.d.CompleteURL, Placeholder: text.T(ctx, "Filter: service:Payroll priority:<=2"),
		Keep: append(keep, ui.Hidden{Name: "from", Value: v.From.Value}, ui.Hidden{Name: "to", Value: v.To.Value}),
	}
	if q.Wrong != nil {
		v.Filter.Error = q.Wrong.Msg.In(ctx)
	}
	return v
}

// notes say what the map does not hold.
func notes(ctx context.Context, q question, m Map, l *log) []ui.Alert {
	var out []ui.Alert
	if q.Wrong != nil {
		return []ui.Alert{{Tone: ui.Warning, Text: text.T(ctx, "The filter cannot be read, so nothing is drawn: %s", q.Wrong.Msg.In(ctx))}}
	}
	if l.more {
		out = append(out, ui.Alert{Tone: ui.Warning, Text: text.T(ctx, "There are more tickets in this period than are read at once: the map holds the newest %s. Choose a shorter period for all of its tickets.", text.Number(ctx, int64(m.Tickets)))})
	}
	if m.Tickets > 0 {
		out = append(out, ui.Alert{Text: text.T(ctx, "%s of %s tickets are on the map: those that went one of the %s most frequent of %s ways. Read at %s.",
			text.Number(ctx, int64(m.Shown)), text.Number(ctx, int64(m.Tickets)), text.Number(ctx, int64(m.OnMap)), text.Number(ctx, int64(len(m.Ways))), text.Clock(ctx, l.readAt))})
	}
	return out
}

// empty says why there is no map, and offers the period of the newest tickets.
func (p *Process) empty(ctx context.Context, q question) (ui.EmptyState, error) {
	e := ui.EmptyState{
		Icon: ui.IconRoute, Title: text.T(ctx, "No ticket was created in this period"),
		Text: text.T(ctx, "Or none that matches the filter and that you may see the work of. Choose another period."),
	}
	page, err := p.d.Tickets.List(ctx, ticket.Query{Condition: q.where, Sort: ticket.Sort{Field: "created", Descending: true}, Limit: 1, Verb: access.Export})
	if err != nil || len(page.Tickets) == 0 {
		return e, err
	}
	last := dayOf(page.Tickets[0].CreatedAt, zoneOf(ctx))
	newest := q
	newest.From, newest.To = last.AddDate(0, 0, 1-usualDays), last.AddDate(0, 0, 1)
	e.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "Show the %s days up to %s", strconv.Itoa(usualDays), text.Date(ctx, last)), URL: newest.address("/process"), Kind: ui.Primary}}
	return e, nil
}

// tickets lists what is behind a place, a step or a way.
func (p *Process) tickets(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q, err := p.asked(r)
	if err != nil {
		return err
	}
	part := partOf(r.URL.Query())
	l, err := p.read(ctx, q)
	if err != nil {
		return err
	}
	after, err := afterOf(r.FormValue("after"))
	if err != nil {
		return err
	}
	ids, next := part.behind(l, after, pageSize)
	found, err := p.d.Tickets.ByIDs(ctx, ids)
	if err != nil {
		return err
	}
	more := ""
	if next != 0 {
		more = q.address("/process/tickets", append(part.pairs(), "after", strconv.FormatInt(next, 10))...)
	}
	table := p.ticketTable(ctx, found, more)
	if after != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(table))
	}
	names, err := p.labels(ctx, part.places(q.Between))
	if err != nil {
		return err
	}
	v := view.Behind{
		Title: part.title(ctx, names), Back: q.address("/process"), Table: table,
		Lead: text.T(ctx, "%s tickets created from %s to %s.", text.Number(ctx, int64(part.count(l))), text.Date(ctx, q.From), text.Date(ctx, q.To.AddDate(0, 0, -1))),
	}
	return p.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Wide: true}, v.View())
}

const pageSize = 50

func afterOf(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 {
		return 0, apperr.InvalidField("after", "This page marker belongs to another list. Start from the beginning.")
	}
	return id, nil
}

func (p *Process) ticketTable(ctx context.Context, tickets []ticket.Ticket, more string) ui.Table {
	t := ui.Table{
		Caption: text.T(ctx, "Tickets"), More: ui.LoadMore{URL: more, Auto: true},
		Columns: []ui.Column{
			{Key: "number", Label: text.T(ctx, "Number"), Shrink: true},
			{Key: "title", Label: text.T(ctx, "Title"), Main: true},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
			{Key: "created", Label: text.T(ctx, "Created"), Shrink: true},
			{Key: "resolved", Label: text.T(ctx, "Resolved"), Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconTicket, Title: text.T(ctx, "No ticket is behind this any more")},
	}
	actor, kinds := access.From(ctx), p.d.Tickets.Kinds().In(ctx).All()
	for i := range tickets {
		k := &tickets[i]
		address := p.d.TicketURL(actor, k.Number)
		var resolved templ.Component = ui.Nothing()
		if !k.ResolvedAt.IsZero() {
			resolved = ui.Moment{At: k.ResolvedAt}
		}
		t.Rows = append(t.Rows, ui.Row{Label: k.Number, URL: address, Cells: []templ.Component{
			ui.Link{Label: k.Number, URL: address, Mono: true},
			ui.Link{Label: k.Title, URL: address},
			ui.StateBadge{Label: stateLabel(ctx, placeOf(ticket.CourseStep{State: k.State, Wait: k.WaitReason}, States), kinds), Category: ui.Category(k.Category)},
			ui.Moment{At: k.CreatedAt},
			resolved,
		}})
	}
	return t
}

// export gives the steps or the ways as CSV, all of them, with plain seconds.
func (p *Process) export(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q, err := p.asked(r)
	if err != nil {
		return err
	}
	if q.Wrong != nil {
		return apperr.InvalidField("q", "%s", q.Wrong.Msg)
	}
	l, err := p.read(ctx, q)
	if err != nil {
		return err
	}
	m := q.discover(l)
	names, err := p.labels(ctx, m)
	if err != nil {
		return err
	}
	if r.FormValue("what") == "ways" {
		return web.CSV(w, "ways.csv", wayRecords(ctx, m, names))
	}
	return web.CSV(w, "steps.csv", stepRecords(ctx, m, names))
}

func stepRecords(ctx context.Context, m Map, names labels) [][]string {
	rows := [][]string{{text.T(ctx, "From"), text.T(ctx, "To"), text.T(ctx, "Times"), text.T(ctx, "Tickets"), text.T(ctx, "Median (s)"), text.T(ctx, "90% within (s)")}}
	for _, s := range m.Steps {
		from, to := ends(ctx, s.From, s.To, names)
		rows = append(rows, []string{from, to, strconv.Itoa(s.Count), strconv.Itoa(s.Tickets), plain(s.Median, s.Known), plain(s.P90, s.Known)})
	}
	return rows
}

func wayRecords(ctx context.Context, m Map, names labels) [][]string {
	rows := [][]string{{text.T(ctx, "Way"), text.T(ctx, "Tickets"), text.T(ctx, "Share"), text.T(ctx, "Median (s)")}}
	for _, w := range m.Ways {
		rows = append(rows, []string{names.way(w), strconv.Itoa(w.Count), fmt.Sprintf("%.4f", share(w.Count, m.Tickets)), plain(w.Median, w.Known)})
	}
	return rows
}

func plain(d time.Duration, known bool) string {
	if !known {
		return ""
	}
	return strconv.FormatInt(int64(d/time.Second), 10)
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
