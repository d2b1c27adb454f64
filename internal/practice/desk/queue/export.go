package queue

import (
	"context"
	"encoding/csv"
	"mime"
	"net/http"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// exportTime is how long one export may take: about a million tickets.
const exportTime = 15 * time.Minute

// exportOptions asks which columns an export holds, and how it is written.
func (q *Queue) exportOptions(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.Export, access.AnyKind); err != nil {
		return err
	}
	l, err := q.open(ctx, placeOf(r.URL.Query()))
	if err != nil {
		return err
	}
	m := view.Export{
		Action: "/queue/export", Name: viewName(ctx, &l.view),
		Keep: []ui.Hidden{{Name: paramView, Value: l.place.View}, {Name: paramFilter, Value: l.filter}, {Name: paramSort, Value: l.sort.String()}},
	}
	shown := map[string]bool{}
	for _, c := range l.columns {
		shown[c.Key] = true
	}
	for _, c := range l.all {
		m.Columns = append(m.Columns, ui.Option{Value: c.Key, Label: c.Label, Selected: shown[c.Key]})
	}
	return q.dialog(w, r, http.StatusOK, text.T(ctx, "Export tickets"), m.Form())
}

// export streams a list, or the selected rows of it, as CSV.
func (q *Queue) export(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.Export, access.AnyKind); err != nil {
		return err
	}
	var form struct {
		IDs     []int64  `form:"id"`
		Columns []string `form:"columns"`
		BOM     bool     `form:"bom"`
	}
	if err := web.Form(r, &form, nil); err != nil {
		return err
	}
	l, err := q.open(ctx, placeOf(r.URL.Query()))
	if err != nil {
		return err
	}
	if l.wrong != nil {
		return l.wrong
	}
	if len(form.Columns) > 0 {
		l.columns = chosen(l.all, form.Columns)
	}
	out := &csvWriter{q: q, w: w, l: l, zone: zone(ctx), bom: form.BOM, name: "tickets-" + q.d.Clock().In(zone(ctx)).Format(time.DateOnly) + ".csv"}
	write := func(page []ticket.Ticket) error { return out.write(ctx, page) }
	if len(form.IDs) > 0 {
		return q.walkSelected(ctx, form.IDs, write)
	}
	return q.d.Tickets.Walk(ctx, l.where, access.Export, l.sort, write)
}

// walkSelected is Walk for tickets that were chosen one by one.
func (q *Queue) walkSelected(ctx context.Context, ids []int64, fn func([]ticket.Ticket) error) error {
	const most = 200
	if len(ids) > most {
		return apperr.InvalidField("id", "At most %d rows can be selected. Export the whole list instead.", most)
	}
	page, err := q.d.Tickets.List(ctx, ticket.Query{Condition: filter.True(), Verb: access.Export, Among: ids, Limit: most})
	if err != nil {
		return err
	}
	return fn(page.Tickets)
}

// csvWriter writes pages of tickets as they come: the answer begins with the
// first one, so that what goes wrong before is still an error page.
type csvWriter struct {
	q     *Queue
	w     http.ResponseWriter
	l     *list
	zone  *time.Location
	bom   bool
	name  string
	csv   *csv.Writer
	cells []string
}

func (c *csvWriter) write(ctx context.Context, page []ticket.Ticket) error {
	var ids wanted
	ids.of(page, c.l.columns)
	n, err := c.q.names(ctx, ids)
	if err != nil {
		return err
	}
	if c.csv == nil {
		if err := c.begin(); err != nil {
			return err
		}
	}
	for i := range page {
		row := c.q.facts(ctx, &page[i], n)
		for j, column := range c.l.columns {
			c.cells[j] = web.CSVCell(csvValue(column.Key, &row, c.zone))
		}
		if err := c.csv.Write(c.cells); err != nil {
			return gone(err)
		}
	}
	c.csv.Flush()
	return gone(c.csv.Error())
}

// begin writes the headers and the names of the columns.
func (c *csvWriter) begin() error {
	h := c.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": c.name}))
	h.Set("Cache-Control", "no-store")
	if c.bom {
		// Excel takes a file without this mark for the local code page.
		if _, err := c.w.Write([]byte("\uFEFF")); err != nil {
			return gone(err)
		}
	}
	c.csv = csv.NewWriter(c.w)
	c.csv.UseCRLF = true // RFC 4180
	c.cells = make([]string, len(c.l.columns))
	for i, column := range c.l.columns {
		c.cells[i] = web.CSVCell(column.Label)
		if isTimeColumn(column.Key) {
			c.cells[i] += " (" + c.zone.String() + ")"
		}
	}
	return gone(c.csv.Write(c.cells))
}

// gone says that nobody reads the answer any more.
func gone(err error) error {
	if err == nil {
		return nil
	}
	return apperr.Wrap(err, apperr.Unavailable, "The download was broken off.")
}
