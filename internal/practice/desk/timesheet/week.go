package timesheet

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/timesheet/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const daysOfWeek = 7

// monday gives the Monday of the week that an address names, or of the present one.
func monday(week string, now time.Time) time.Time {
	at, err := time.Parse(time.DateOnly, week)
	if err != nil || at.Year() < 2000 || at.Year() > 9000 {
		y, m, d := now.Date()
		at = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return at.AddDate(0, 0, -(int(at.Weekday())+6)%daysOfWeek)
}

// rowKey is a row of the week's table.
type rowKey struct{ ticket, activity int64 }

// cellName is the name of the field of a cell, and readCell its inverse.
func cellName(c Cell) string { return fmt.Sprintf("c.%d.%d.%s", c.Ticket, c.Activity, c.Day) }

func readCell(name string) (Cell, bool) {
	parts := strings.Split(name, ".")
	if len(parts) != 4 || parts[0] != "c" {
		return Cell{}, false
	}
	t, err1 := strconv.ParseInt(parts[1], 10, 64)
	a, err2 := strconv.ParseInt(parts[2], 10, 64)
	return Cell{t, a, parts[3]}, cmp.Or(err1, err2) == nil
}

func (p pages) week(w http.ResponseWriter, r *http.Request) error {
	return p.showWeek(w, r, weekForm{Week: r.FormValue("week"), Row: r.FormValue("row")}, nil)
}

// weekForm is what came with the page's form.
type weekForm struct {
	Week     string            `form:"week,line,max=20"`
	Row      string            `form:"row,line,max=60"` // "TICKET.ACTIVITY": a row without entries yet
	Add      string            `form:"add,line,max=40"`
	Activity int64             `form:"activity"`
	Cells    map[string]string `form:"c.*"`
}

// mayUse fails for those who record no time.
func mayUse(ctx context.Context) error {
	switch actor := access.From(ctx); {
	case actor.Type == "":
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	case !actor.IsPerson() || !Uses(actor):
		return apperr.New(apperr.Forbidden, "Time is for those who work tickets here.")
	}
	return nil
}

// showWeek answers the table; wrong are the messages beside fields and cells.
func (p pages) showWeek(w http.ResponseWriter, r *http.Request, f weekForm, wrong map[string]string) error {
	ctx := r.Context()
	if err := mayUse(ctx); err != nil {
		return err
	}
	now := readersNow(ctx, p.Now())
	first := monday(f.Week, now)
	last := first.AddDate(0, 0, daysOfWeek-1)
	entries, err := between(ctx, p.DB.Reader(), access.From(ctx).ID, first.Format(time.DateOnly), last.Format(time.DateOnly))
	if err != nil {
		return err
	}
	week := func(by int) string { return "/time?week=" + first.AddDate(0, 0, by).Format(time.DateOnly) }
	m := view.Week{
		Monday: first.Format(time.DateOnly), Previous: week(-daysOfWeek), Next: week(daysOfWeek), AddNumber: f.Add, Errors: view.Errors{"add": wrong["add"]},
		Title: text.T(ctx, "%s to %s", dayLabel(ctx, first.Format(time.DateOnly)), dayLabel(ctx, last.Format(time.DateOnly))),
	}
	if len(wrong) > 0 && wrong["add"] == "" {
		m.Problem = text.T(ctx, "Some times could not be saved yet; they are marked.")
	}
	if m.Activities, err = p.options(ctx, f.Activity); err != nil {
		return err
	}
	sums := map[Cell]int{}
	for _, e := range entries {
		sums[Cell{e.TicketID, e.ActivityID, e.Day}] += e.Minutes
	}
	if err := p.fillWeek(ctx, &m, first, now, sums, f, wrong); err != nil {
		return err
	}
	timer, is, err := p.service.Running(ctx)
	if err != nil {
		return err
	}
	if is {
		m.TimerSince = timer.StartedAt
		if m.TimerNumber, err = p.number(ctx, timer.TicketID); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if len(wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return p.Frame.Page(w, r, module.Page{Title: text.T(ctx, "My week"), Active: MenuID, Wide: true, Status: status}, m.Page())
}

// fillWeek makes the rows and sums of the table.
func (p pages) fillWeek(ctx context.Context, m *view.Week, first, now time.Time, sums map[Cell]int, f weekForm, wrong map[string]string) error {
	rows := weekRows(sums, f)
	var ids []int64
	for _, k := range rows {
		ids = append(ids, k.ticket)
	}
	tickets, err := p.Tickets.ByIDs(ctx, ids)
	if err != nil {
		return err
	}
	names, err := p.activityNames(ctx)
	if err != nil {
		return err
	}
	total, byDay := 0, map[string]int{}
	for _, k := range rows {
		at := slices.IndexFunc(tickets, func(t ticket.Ticket) bool { return t.ID == k.ticket })
		if at < 0 {
			continue // no longer to be seen
		}
		t := &tickets[at]
		row := view.WeekRow{Number: t.Number, Title: t.Title, URL: view.TicketURL(t.Number), Activity: names[k.activity]}
		sum := 0
		for n := range daysOfWeek {
			c := Cell{k.ticket, k.activity, first.AddDate(0, 0, n).Format(time.DateOnly)}
			name := cellName(c)
			cell := view.Cell{Name: name, Label: text.T(ctx, "%s, %s, %s", t.Number, row.Activity, dayLabel(ctx, c.Day)), Error: wrong[name]}
			if sums[c] > 0 {
				cell.Value = FormatMinutes(sums[c])
			}
			if typed, given := f.Cells[strings.TrimPrefix(name, "c.")]; given {
				cell.Value = typed
			}
			sum += sums[c]
			byDay[c.Day] += sums[c]
			row.Cells = append(row.Cells, cell)
		}
		total += sum
		row.Total = orNothing(sum)
		m.Rows = append(m.Rows, row)
	}
	for n := range daysOfWeek {
		at := first.AddDate(0, 0, n)
		key := at.Format(time.DateOnly)
		m.Days = append(m.Days, view.Day{Key: key, Label: dayLabel(ctx, key), Total: orNothing(byDay[key]), Today: key == now.Format(time.DateOnly)})
	}
	m.Total = orNothing(total)
	return nil
}

func orNothing(minutes int) string {
	if minutes == 0 {
		return ""
	}
	return FormatMinutes(minutes)
}

// weekRows lists the rows that have time, and those that are to be filled in.
func weekRows(sums map[Cell]int, f weekForm) []rowKey {
	var rows []rowKey
	add := func(k rowKey) {
		if k.ticket != 0 && !slices.Contains(rows, k) {
			rows = append(rows, k)
		}
	}
	for c := range sums {
		add(rowKey{c.Ticket, c.Activity})
	}
	for name := range f.Cells {
		if c, ok := readCell("c." + name); ok {
			add(rowKey{c.Ticket, c.Activity})
		}
	}
	slices.SortFunc(rows, func(a, b rowKey) int {
		return cmp.Or(cmp.Compare(a.ticket, b.ticket), cmp.Compare(a.activity, b.activity))
	})
	if c, ok := readCell("c." + f.Row + ".x"); ok {
		add(rowKey{c.Ticket, c.Activity})
	}
	return rows
}

// maxCells bounds what one save of a week changes.
const maxCells = 2000

func (p pages) saveWeek(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayUse(ctx); err != nil {
		return err
	}
	var f weekForm
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	if len(f.Cells) > maxCells {
		return apperr.New(apperr.TooLarge, "A week has at most %d cells.", maxCells)
	}
	wrong, err := p.saveCells(ctx, f)
	if err != nil {
		return err
	}
	to := "/time?week=" + monday(f.Week, readersNow(ctx, p.Now())).Format(time.DateOnly)
	if f.Add != "" {
		t, err := p.Tickets.Get(ctx, ticket.ByNumber(strings.ToUpper(f.Add)))
		switch {
		case apperr.Is(err, apperr.NotFound) || err == nil && !mayRecord(ctx, &t):
			wrong["add"] = text.T(ctx, "There is no ticket of this number that you work on.")
		case err != nil:
			return err
		default:
			to += fmt.Sprintf("&row=%d.%d", t.ID, f.Activity)
		}
	}
	if len(wrong) > 0 {
		return p.showWeek(w, r, f, wrong)
	}
	if f.Add == "" {
		web.Flash(w, web.Toast{Text: text.T(ctx, "The week is saved")}, p.HTTPS)
	}
	return web.Redirect(w, r, to)
}

// saveCells saves the cells that differ from what is there, and gives what is wrong
// with the others by the names of their fields.
func (p pages) saveCells(ctx context.Context, f weekForm) (map[string]string, error) {
	first := monday(f.Week, readersNow(ctx, p.Now()))
	entries, err := between(ctx, p.DB.Reader(), access.From(ctx).ID, first.Format(time.DateOnly), first.AddDate(0, 0, daysOfWeek-1).Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	sums := map[Cell]int{}
	for _, e := range entries {
		sums[Cell{e.TicketID, e.ActivityID, e.Day}] += e.Minutes
	}
	wrong := map[string]string{}
	for name, typed := range f.Cells {
		c, ok := readCell("c." + name)
		if !ok {
			continue
		}
		minutes := 0
		if strings.TrimSpace(typed) != "" && strings.TrimSpace(typed) != "0" {
			if minutes, err = ParseMinutes(typed); err != nil {
				wrong["c."+name] = apperr.Message(err).In(ctx)
				continue
			}
		}
		if minutes == sums[c] {
			continue
		}
		err := p.service.SetCell(ctx, c, minutes)
		if apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.Forbidden) || apperr.Is(err, apperr.NotFound) {
			wrong["c."+name] = apperr.Message(err).In(ctx)
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return wrong, nil
}
