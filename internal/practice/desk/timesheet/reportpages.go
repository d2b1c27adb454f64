package timesheet

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/timesheet/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// queryOf reads what a report is asked for; the present month when nothing is.
func queryOf(r *http.Request, now time.Time) Query {
	q := Query{From: r.FormValue("from"), To: r.FormValue("to"), By: Dimension(r.FormValue("by")), Filter: strings.TrimSpace(r.FormValue("q"))}
	if q.From == "" {
		q.From = now.Format("2006-01") + "-01"
	}
	if q.To == "" {
		q.To = now.Format(time.DateOnly)
	}
	return q
}

func dimensionLabel(ctx context.Context, d Dimension) string {
	switch d {
	case ByTicket:
		return text.T(ctx, "Ticket")
	case ByGroup:
		return text.T(ctx, "Group")
	case ByService:
		return text.T(ctx, "Service")
	case ByOrganisation:
		return text.T(ctx, "Organisation")
	case ByActivity:
		return text.T(ctx, "Activity")
	case ByPerson:
	}
	return text.T(ctx, "Person")
}

func (p pages) report(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q := queryOf(r, readersNow(ctx, p.Now()))
	m := view.Report{From: q.From, To: q.To, Filter: q.Filter, What: dimensionLabel(ctx, q.By), Errors: view.Errors{}}
	for _, d := range Dimensions() {
		m.By = append(m.By, ui.Option{Value: string(d), Label: dimensionLabel(ctx, d), Selected: d == q.By})
	}
	lines, err := p.service.Report(ctx, q)
	status := http.StatusOK
	switch {
	case apperr.Is(err, apperr.Invalid):
		status = http.StatusUnprocessableEntity
		for _, f := range apperr.FieldsOf(err) {
			m.Errors[f.Name] = f.Message.In(ctx)
		}
	case err != nil:
		return err
	default:
		if err := p.fillReport(ctx, &m, q, lines); err != nil {
			return err
		}
		if access.From(ctx).Can(access.Export, access.AnyKind) {
			m.ExportURL = "/time/report.csv?" + url.Values{"from": {q.From}, "to": {q.To}, "q": {q.Filter}}.Encode()
		}
	}
	return p.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Time report"), Active: MenuID, Status: status}, m.Page())
}

func (p pages) fillReport(ctx context.Context, m *view.Report, q Query, lines []Line) error {
	named, err := p.lineNames(ctx, q.By, lines)
	if err != nil {
		return err
	}
	total, billable := 0, 0
	for _, l := range lines {
		line := view.Line{
			Label: named[l.ID].label, URL: named[l.ID].url, Length: FormatMinutes(l.Minutes), Billable: FormatMinutes(l.Billable), Entries: text.Number(ctx, int64(l.Entries)),
			Minutes: l.Minutes, Most: lines[0].Minutes,
		}
		if line.Label == "" {
			line.Label = text.T(ctx, "None")
		}
		total, billable = total+l.Minutes, billable+l.Billable
		m.Lines = append(m.Lines, line)
	}
	m.Total, m.Billable, m.Capped = FormatMinutes(total), FormatMinutes(billable), len(lines) == maxLines
	return nil
}

type lineName struct{ label, url string }

// lineNames names what a report adds up by, in one query for each two hundred
// tickets and in one for everything else.
func (p pages) lineNames(ctx context.Context, by Dimension, lines []Line) (map[int64]lineName, error) {
	out := map[int64]lineName{}
	ids := make([]int64, 0, len(lines))
	for _, l := range lines {
		ids = append(ids, l.ID)
	}
	reader := p.DB.Reader()
	plain := func(names map[int64]string, err error) (map[int64]lineName, error) {
		for id, name := range names {
			out[id] = lineName{label: name}
		}
		return out, err
	}
	switch by {
	case ByTicket:
		const most = 200
		for len(ids) > 0 {
			n := min(most, len(ids))
			tickets, err := p.Tickets.ByIDs(ctx, ids[:n])
			if err != nil {
				return nil, err
			}
			for _, t := range tickets {
				out[t.ID] = lineName{t.Number + " " + t.Title, view.TicketURL(t.Number)}
			}
			ids = ids[n:]
		}
		return out, nil
	case ByGroup:
		groups, err := p.Names.GroupNames(ctx, reader, ids)
		for id, g := range groups {
			out[id] = lineName{label: g.Name}
		}
		return out, err
	case ByService:
		return plain(p.Services.Names(ctx, reader, ids))
	case ByOrganisation:
		return plain(p.Names.OrganisationNames(ctx, reader, ids))
	case ByActivity:
		return plain(p.activityNames(ctx))
	case ByPerson:
	}
	persons, err := p.Names.PersonNames(ctx, reader, ids)
	for id, n := range persons {
		out[id] = lineName{label: n.Name}
	}
	return out, err
}

// export writes the entries of a report, one a line.
func (p pages) export(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.Export, access.AnyKind); err != nil {
		return err
	}
	q := queryOf(r, readersNow(ctx, p.Now()))
	if err := q.check(); err != nil {
		return err
	}
	activities, err := p.activityNames(ctx)
	if err != nil {
		return err
	}
	var out *csv.Writer
	err = p.service.Export(ctx, q, func(rows []Row) error {
		if out == nil { // nothing is sent before the first page is there
			web.File(w, "time-"+q.From+"-"+q.To+".csv", "text/csv; charset=utf-8")
			out = csv.NewWriter(w)
			if err := out.Write([]string{"day", "ticket", "title", "person", "group", "service", "organisation", "activity", "billable", "minutes", "note"}); err != nil {
				return err
			}
		}
		if err := p.writeRows(ctx, out, rows, activities); err != nil {
			return err
		}
		out.Flush()
		return out.Error()
	})
	return err
}

func (p pages) writeRows(ctx context.Context, out *csv.Writer, rows []Row, activities map[int64]string) error {
	var persons, groups, services, customers []int64
	for i := range rows {
		persons, groups = append(persons, rows[i].PersonID), append(groups, rows[i].GroupID)
		services, customers = append(services, rows[i].ServiceID), append(customers, rows[i].CustomerID)
	}
	reader := p.DB.Reader()
	people, err := p.Names.PersonNames(ctx, reader, persons)
	if err != nil {
		return err
	}
	teams, err := p.Names.GroupNames(ctx, reader, groups)
	if err != nil {
		return err
	}
	about, err := p.Services.Names(ctx, reader, services)
	if err != nil {
		return err
	}
	organisations, err := p.Names.OrganisationNames(ctx, reader, customers)
	if err != nil {
		return err
	}
	for i := range rows {
		x := &rows[i]
		line := []string{
			x.Day, x.Number, x.Title, people[x.PersonID].Name, teams[x.GroupID].Name, about[x.ServiceID], organisations[x.CustomerID], activities[x.ActivityID],
			strconv.FormatBool(x.Billable), strconv.Itoa(x.Minutes), x.Note,
		}
		for n := range line {
			line[n] = web.CSVCell(line[n])
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	return nil
}

func (p pages) settings(w http.ResponseWriter, r *http.Request) error {
	return p.showSettings(w, r, Activity{Billable: true}, nil)
}

func (p pages) showSettings(w http.ResponseWriter, r *http.Request, typed Activity, wrong error) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	all, err := p.service.Activities(ctx)
	if err != nil {
		return err
	}
	asking, err := p.service.Prompts(ctx)
	if err != nil {
		return err
	}
	m := view.Settings{New: view.Activity{Billable: true, Active: true}}
	message := ""
	for _, f := range apperr.FieldsOf(wrong) {
		message = f.Message.In(ctx)
	}
	if typed.ID == 0 {
		m.New.Name, m.New.Error = typed.Name, message
	}
	for _, a := range all {
		v := view.Activity{ID: a.ID, Name: a.Name, Billable: a.Billable, Active: a.Active}
		if a.ID == typed.ID {
			v.Name, v.Error = typed.Name, message
		}
		m.Activities = append(m.Activities, v)
	}
	for _, def := range workflow.Sorted(p.Tickets.Kinds().All()) {
		prompt := view.Prompt{Kind: def.Key, Label: text.T(ctx, def.Label)}
		for _, o := range []struct {
			value Prompt
			label string
		}{{Off, text.T(ctx, "Not asked for")}, {Offered, text.T(ctx, "Offered")}, {Required, text.T(ctx, "Required")}} {
			prompt.Options = append(prompt.Options, ui.Option{Value: string(o.value), Label: o.label, Selected: asking[def.Key] == o.value})
		}
		m.Prompts = append(m.Prompts, prompt)
	}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	return p.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Time recording"), Active: SettingsID, Status: status}, m.Page())
}

func (p pages) saveActivity(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name     string `form:"name,line"`
		Billable bool   `form:"billable"`
		Active   bool   `form:"active"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	a := Activity{Name: in.Name, Billable: in.Billable, Active: in.Active}
	if id := r.PathValue("id"); id != "" {
		var err error
		if a.ID, err = strconv.ParseInt(id, 10, 64); err != nil || a.ID <= 0 {
			return apperr.New(apperr.NotFound, "This activity does not exist.")
		}
	}
	_, err := p.service.SaveActivity(r.Context(), a)
	if apperr.Is(err, apperr.Invalid) {
		return p.showSettings(w, r, a, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "The activity “%s” is saved", a.Name)}, p.HTTPS)
	return web.Redirect(w, r, "/time/settings")
}

func (p pages) savePrompts(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Prompts map[string]string `form:"prompt.*"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	for kind, prompt := range in.Prompts {
		if err := p.service.SetPrompt(r.Context(), kind, Prompt(prompt)); err != nil {
			return err
		}
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "Saved")}, p.HTTPS)
	return web.Redirect(w, r, "/time/settings")
}

// numbered gives the ticket that an address of the API names.
func numbered(s string) ticket.Ref {
	if id, err := strconv.ParseInt(s, 10, 64); err == nil && id > 0 {
		return ticket.ByID(id)
	}
	return ticket.ByNumber(s)
}
