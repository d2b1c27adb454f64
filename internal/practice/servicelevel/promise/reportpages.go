package promise

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// ReportID is the entry of the navigation, reportURL its address.
const (
	ReportID  = "service-levels"
	reportURL = "/service-levels"
)

// asked is what the form of a report says.
type asked struct {
	from, to, by, role, only string
}

// address is a page of the report with the same question.
func (a asked) address(path string, more url.Values) string {
	v := url.Values{"from": {a.from}, "to": {a.to}, "by": {a.by}, "role": {a.role}}
	for key, value := range more {
		v[key] = value
	}
	return path + "?" + v.Encode()
}

// read gives the question; the present month when nothing is asked.
func (p pages) read(r *http.Request) (asked, ReportQuery, error) {
	ctx := r.Context()
	zone := text.From(ctx).Location
	now := p.s.now().In(zone)
	a := asked{r.FormValue("from"), r.FormValue("to"), r.FormValue("by"), r.FormValue("role"), r.FormValue("only")}
	if a.from == "" {
		a.from = now.Format("2006-01") + "-01"
	}
	if a.to == "" {
		a.to = now.Format(time.DateOnly)
	}
	if a.by == "" {
		a.by = string(ByAgreement)
	}
	q := ReportQuery{By: Dimension(a.by), Role: clock.Role(a.role), Only: Only(a.only)}
	var wrong apperr.Problems
	day := func(field, value string) time.Time {
		t, err := time.ParseInLocation(time.DateOnly, value, zone)
		if err != nil || t.Year() < 1970 || t.Year() > 9000 {
			wrong.Add(field, "Write a date such as 2026-11-21.")
		}
		return t
	}
	q.From = day("from", a.from)
	q.To = day("to", a.to).AddDate(0, 0, 1)
	return a, q, wrong.Err()
}

// report is the page of attainment.
func (p pages) report(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, q, err := p.read(r)
	var lines []Line
	var next string
	if q.After = r.FormValue("after"); err == nil {
		lines, next, err = p.s.Report(ctx, q)
	}
	status, errors := http.StatusOK, map[string]string{}
	if apperr.Is(err, apperr.Invalid) {
		status = http.StatusUnprocessableEntity
		for _, f := range apperr.FieldsOf(err) {
			errors[f.Name] = f.Message.In(ctx)
		}
	} else if err != nil {
		return err
	}
	m := p.form(ctx, a, errors)
	m.Title, m.Lead = text.T(ctx, "Service levels"), text.T(ctx, "What became of promises that ended in the period, and of those broken in it that are still open.")
	if r.FormValue("as") == "csv" && status == http.StatusOK {
		if err := access.From(ctx).Require(access.Export, access.AnyKind); err != nil {
			return err
		}
		return p.writeReport(ctx, w, q, lines, next)
	}
	named, err := p.s.slotNames(ctx, q.By, lines)
	if err != nil {
		return err
	}
	if access.From(ctx).Can(access.Export, access.AnyKind) {
		m.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "Export as CSV"), URL: a.address(reportURL, url.Values{"as": {"csv"}}), Icon: ui.IconDownload, Download: true}}
	}
	m.Table = ui.Table{ID: "attainment", Caption: m.Title, Columns: []ui.Column{
		{Key: "of", Label: dimensionLabel(ctx, q.By), Main: true},
		{Key: "measure", Label: text.T(ctx, "Promise")},
		{Key: "attained", Label: text.T(ctx, "Attained"), Number: true},
		{Key: "kept", Label: text.T(ctx, "Kept"), Number: true},
		{Key: "near", Label: text.T(ctx, "Near misses"), Number: true},
		{Key: "broken", Label: text.T(ctx, "Broken"), Number: true},
		{Key: "late", Label: text.T(ctx, "Paused just before"), Number: true},
	}, Empty: ui.EmptyState{Icon: ui.IconClock, Title: text.T(ctx, "No promise ended in this period"), Text: text.T(ctx, "Choose another period, or write agreements: a ticket that comes under one gets its clocks at once.")}}
	for _, l := range lines {
		of := func(only Only) string {
			return a.address(reportURL+"/behind", url.Values{"of": {strconv.FormatInt(l.ID, 10)}, "measure": {string(l.Measure)}, "only": {string(only)}})
		}
		number := func(n int, only Only) templ.Component {
			if n == 0 {
				return ui.Words(text.Number(ctx, 0))
			}
			return ui.Link{Label: text.Number(ctx, int64(n)), URL: of(only)}
		}
		behind := of("")
		m.Table.Rows = append(m.Table.Rows, ui.Row{URL: behind, Cells: []templ.Component{
			ui.Link{Label: named[l.ID], URL: behind},
			ui.Words(measureWords(ctx, l.Measure) + " · " + roleLabel(ctx, l.Role)), ui.Words(text.Decimal(ctx, 100*l.Attainment(), 1) + " %"),
			number(l.Kept, OnlyKept), number(l.Near, OnlyNear), number(l.Broken, OnlyBroken), number(l.LatePauses, OnlyLate),
		}})
	}
	if next != "" {
		m.Table.More = ui.LoadMore{URL: a.address(reportURL, url.Values{"after": {next}}), Auto: true}
	}
	if q.After != "" && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(m.Table))
	}
	return p.frame.Page(w, r, module.Page{Title: m.Title, Active: ReportID, Status: status, Wide: true}, m.View())
}

// behind is the page of the promises that one line adds up.
func (p pages) behind(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, q, err := p.read(r)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.FormValue("of"), 10, 64)
	if err != nil {
		return apperr.New(apperr.NotFound, "There is no such line.")
	}
	measure := clock.Measure(r.FormValue("measure"))
	q.After = r.FormValue("after")
	outcomes, next, err := p.s.Behind(ctx, q, id, measure)
	if err != nil {
		return err
	}
	ids := make([]int64, 0, len(outcomes))
	for _, o := range outcomes {
		ids = append(ids, o.TicketID)
	}
	tickets, err := p.s.d.Tickets.ByIDs(ctx, database.Distinct(ids))
	if err != nil {
		return err
	}
	numbers, titles := map[int64]string{}, map[int64]string{}
	for _, t := range tickets {
		numbers[t.ID], titles[t.ID] = t.Number, t.Title
	}
	named, err := p.s.slotNames(ctx, q.By, []Line{{ID: id}})
	if err != nil {
		return err
	}
	m := p.form(ctx, a, nil)
	m.Hidden = []ui.Hidden{{Name: "of", Value: strconv.FormatInt(id, 10)}, {Name: "measure", Value: string(measure)}, {Name: "only", Value: a.only}}
	m.Action = reportURL + "/behind"
	m.Trail = []ui.Crumb{{Label: text.T(ctx, "Service levels"), URL: a.address(reportURL, nil)}}
	m.Title, m.Lead = named[id]+" · "+measureWords(ctx, measure), text.T(ctx, "Every promise behind the line, the newest first.")
	switch q.Only {
	case OnlyKept:
		m.Lead = text.T(ctx, "The promises behind the line that were kept, the newest first.")
	case OnlyNear:
		m.Lead = text.T(ctx, "Promises that were kept with nine tenths of the time used or more, the newest first.")
	case OnlyBroken:
		m.Lead = text.T(ctx, "The promises behind the line that were broken, the newest first.")
	case OnlyLate:
		m.Lead = text.T(ctx, "Promises that were paused when nine tenths of the time were used, the newest first.")
	}
	m.Table = ui.Table{ID: "outcomes", Caption: m.Title, Columns: []ui.Column{
		{Key: "ticket", Label: text.T(ctx, "Ticket"), Main: true},
		{Key: "ended", Label: text.T(ctx, "Ended or broken")},
		{Key: "outcome", Label: text.T(ctx, "Outcome")},
		{Key: "used", Label: text.T(ctx, "Used"), Number: true},
		{Key: "target", Label: text.T(ctx, "Target"), Number: true},
	}}
	for _, o := range outcomes {
		badge := ui.Badge{Label: text.T(ctx, "kept"), Tone: ui.Success}
		if o.Broken {
			badge = ui.Badge{Label: text.T(ctx, "broken"), Tone: ui.Critical}
		}
		m.Table.Rows = append(m.Table.Rows, ui.Row{URL: view.URL(numbers[o.TicketID]), Cells: []templ.Component{
			ui.Link{Label: numbers[o.TicketID] + " " + titles[o.TicketID], URL: view.URL(numbers[o.TicketID])}, ui.Moment{At: o.Ended}, badge, ui.Words(length(ctx, o.Used)), ui.Words(length(ctx, o.Whole)),
		}})
	}
	if next != "" {
		more := url.Values{"of": {strconv.FormatInt(id, 10)}, "measure": {string(measure)}, "only": {a.only}, "after": {next}}
		m.Table.More = ui.LoadMore{URL: a.address(reportURL+"/behind", more), Auto: true}
	}
	if q.After != "" && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(m.Table))
	}
	return p.frame.Page(w, r, module.Page{Title: m.Title, Active: ReportID, Wide: true}, m.View())
}

// form is the form above a report.
func (p pages) form(ctx context.Context, a asked, errors map[string]string) view.Report {
	m := view.Report{
		Action: reportURL,
		From:   ui.DateField{Field: ui.Field{Name: "from", Label: text.T(ctx, "From"), Error: errors["from"]}, Value: a.from},
		To:     ui.DateField{Field: ui.Field{Name: "to", Label: text.T(ctx, "to"), Error: errors["to"]}, Value: a.to},
		By:     ui.Select{Field: ui.Field{Name: "by", Label: text.T(ctx, "Cut by"), Error: errors["by"]}},
		Role:   ui.Select{Field: ui.Field{Name: "role", Label: text.T(ctx, "Agreements"), Error: errors["role"]}, Options: []ui.Option{{Label: text.T(ctx, "All of them"), Selected: a.role == ""}}},
	}
	for _, d := range Dimensions() {
		m.By.Options = append(m.By.Options, ui.Option{Value: string(d), Label: dimensionLabel(ctx, d), Selected: string(d) == a.by})
	}
	for _, r := range clock.Roles() {
		m.Role.Options = append(m.Role.Options, ui.Option{Value: string(r), Label: roleLabel(ctx, r), Selected: string(r) == a.role})
	}
	return m
}

func dimensionLabel(ctx context.Context, d Dimension) string {
	switch d {
	case ByService:
		return text.T(ctx, "Service")
	case ByGroup:
		return text.T(ctx, "Group")
	case ByCustomer:
		return text.T(ctx, "Customer")
	case BySupplier:
		return text.T(ctx, "Supplier")
	case ByAgreement:
	}
	return text.T(ctx, "Agreement")
}

// measureWords names a measure where no single clock is meant.
func measureWords(ctx context.Context, m clock.Measure) string {
	if m == clock.Step {
		return text.T(ctx, "Time in a state")
	}
	return measureLabel(ctx, &clock.Clock{Key: clock.Key{Measure: m}}, func(s string) string { return s })
}

// slotNames names what a report is cut by, in one query.
func (s *Service) slotNames(ctx context.Context, by Dimension, lines []Line) (map[int64]string, error) {
	ids := make([]int64, 0, len(lines))
	for _, l := range lines {
		ids = append(ids, l.ID)
	}
	ids = database.Distinct(ids)
	q, d := s.d.DB.Reader(), s.d
	var found map[int64]string
	var err error
	switch by {
	case ByService:
		found, err = d.Services.Names(ctx, q, ids)
	case ByGroup:
		found = map[int64]string{}
		groups, failed := d.Places.GroupNames(ctx, q, ids)
		for id, g := range groups {
			found[id] = g.Name
		}
		err = failed
	case ByCustomer, BySupplier:
		found, err = d.Places.OrganisationNames(ctx, q, ids)
	case ByAgreement:
		found, err = d.Agreements.Names(ctx, q, ids)
	}
	out := map[int64]string{0: text.T(ctx, "None")}
	for id, name := range found {
		out[id] = name
	}
	return out, err
}

// writeReport writes the lines of a report as CSV, page after page; its columns are
// for programs and the same in every language.
func (p pages) writeReport(ctx context.Context, w http.ResponseWriter, q ReportQuery, lines []Line, next string) error {
	web.File(w, "service-levels.csv", "text/csv; charset=utf-8")
	out := csv.NewWriter(w)
	if err := out.Write([]string{string(q.By) + "_id", string(q.By), "role", "measure", "attained", "kept", "near_misses", "broken", "paused_just_before"}); err != nil {
		return err
	}
	for {
		named, err := p.s.slotNames(ctx, q.By, lines)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := out.Write([]string{
				strconv.FormatInt(l.ID, 10), web.CSVCell(named[l.ID]), string(l.Role), string(l.Measure), strconv.FormatFloat(l.Attainment(), 'f', 4, 64),
				strconv.Itoa(l.Kept), strconv.Itoa(l.Near), strconv.Itoa(l.Broken), strconv.Itoa(l.LatePauses),
			}); err != nil {
				return err
			}
		}
		if q.After = next; next == "" {
			break
		}
		if lines, next, err = p.s.Report(ctx, q); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
