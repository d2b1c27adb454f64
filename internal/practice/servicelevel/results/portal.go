package results

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// concerned are the tickets that the portal shows somebody.
const concerned = "(requester:me OR watcher:me)"

// titles gives the titles of those of some tickets that the reader may open: at the
// desk those they see, in the portal those they asked for or follow.
func (s *Service) titles(ctx context.Context, ids []int64, inside bool) (map[int64]string, error) {
	out := map[int64]string{}
	if len(ids) == 0 {
		return out, nil
	}
	if !inside {
		condition, err := s.d.Tickets.Condition(ctx, concerned, nil)
		if err != nil {
			return nil, err
		}
		if ids, err = s.d.Tickets.IDs(ctx, ticket.Query{Condition: condition, Among: ids, Limit: len(ids)}); err != nil {
			return nil, err
		}
	}
	found, err := s.d.Tickets.ByIDs(ctx, ids)
	for i := range found {
		out[found[i].ID] = found[i].Title
	}
	return out, err
}

// day says a day where a publication's months begin.
func day(ctx context.Context, p *Publication, at time.Time) string {
	reader := text.From(ctx)
	if zone, err := time.LoadLocation(p.Zone); err == nil {
		reader.Location = zone
	}
	return text.Date(text.With(ctx, reader), at)
}

// month is a published month as its customers see it.
func (s *Service) month(ctx context.Context, p *Publication) (view.Month, error) {
	w := s.words(ctx)
	m := view.Month{
		Title: text.T(ctx, "%s: %s", p.Figures.Agreement, monthWords(ctx, p.Month)), Targets: w.targetTable(ctx, &p.Figures),
		Stated: text.T(ctx, "Closed month, published on %s. It counts promises that were kept or broken from %s to %s (%s).",
			text.Date(ctx, p.PublishedAt), day(ctx, p, p.From), day(ctx, p, p.To.Add(-time.Microsecond)), p.Zone),
	}
	m.Tiles = []ui.StatTile{
		keptTile(ctx, &p.Figures),
		{Label: text.T(ctx, "Promises"), Value: text.Number(ctx, int64(p.Figures.Kept+p.Figures.Broken))},
		{Label: text.T(ctx, "Tickets"), Value: text.Number(ctx, int64(p.Figures.Tickets))},
	}
	if p.Recount != nil {
		now := &p.Recount.Figures
		m.Alert = ui.Alert{
			Tone: ui.Info, Title: text.T(ctx, "Some promises count differently by now"),
			Text: text.T(ctx, "Published: %s (%s of %s promises kept). Counted again on %s: %s (%s of %s promises kept). The reasons:",
				attained(ctx, p.Figures.Kept, p.Figures.Broken), text.Number(ctx, int64(p.Figures.Kept)), text.Number(ctx, int64(p.Figures.Kept+p.Figures.Broken)), text.Date(ctx, p.CheckedAt),
				attained(ctx, now.Kept, now.Broken), text.Number(ctx, int64(now.Kept)), text.Number(ctx, int64(now.Kept+now.Broken))),
		}
		for _, r := range p.Recount.Reasons {
			m.Alert.Items = append(m.Alert.Items, r.words(ctx))
		}
	}
	var err error
	m.Service, err = s.serviceTable(ctx, p.Figures.Services)
	return m, err
}

// keptTile is the share that was kept, beside what is aimed at.
func keptTile(ctx context.Context, f *Figures) ui.StatTile {
	t := ui.StatTile{Label: text.T(ctx, "Kept"), Value: attained(ctx, f.Kept, f.Broken)}
	part, ok := f.Attained()
	if f.Goal == 0 || !ok {
		return t
	}
	if t.Change, t.Tone = text.T(ctx, "Goal: %s", goalWords(ctx, f.Goal)), ui.Success; part < float64(f.Goal)/whole {
		t.Tone = ui.Warning
	}
	return t
}

// serviceTable is what became of the promises service by service, with who answers
// for each.
func (s *Service) serviceTable(ctx context.Context, lines []ServiceLine) (ui.Table, error) {
	t := ui.Table{ID: "by-service", Caption: text.T(ctx, "Service by service"), Columns: []ui.Column{
		{Key: "service", Label: text.T(ctx, "Service"), Main: true},
		{Key: "owner", Label: text.T(ctx, "Who answers for it")},
		{Key: "attained", Label: text.T(ctx, "Attained"), Number: true},
		{Key: "kept", Label: text.T(ctx, "Kept"), Number: true},
		{Key: "broken", Label: text.T(ctx, "Broken"), Number: true},
	}}
	ids := make([]int64, 0, len(lines))
	for _, l := range lines {
		ids = append(ids, l.Service)
	}
	owned, err := s.d.Services.Owners(ctx, s.d.DB.Reader(), database.Distinct(ids))
	if err != nil {
		return t, err
	}
	named, err := s.answerables(ctx, []Shown{{Services: owned}})
	if err != nil {
		return t, err
	}
	for _, l := range lines {
		name, who := text.T(ctx, "Without a service"), ui.Nothing()
		for _, o := range owned {
			if o.ID == l.Service {
				if name, who = o.Name, ui.Words(named[o.OwnerID].Name); named[o.OwnerID].Name == "" {
					who = view.Answerable{}
				}
			}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{
			ui.Words(name), who, ui.Words(attained(ctx, l.Kept, l.Broken)), ui.Words(text.Number(ctx, int64(l.Kept))), ui.Words(text.Number(ctx, int64(l.Broken))),
		}})
	}
	return t, nil
}

func answerable(p people.Answerable) view.Answerable {
	return view.Answerable{Name: p.Name, Job: p.JobTitle, Email: p.Email, Phone: p.Phone}
}

// minePage is what is published to the reader's organisation.
func (s *Service) minePage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, err := s.Mine(ctx)
	if err != nil {
		return err
	}
	m := view.Mine{}
	named, err := s.answerables(ctx, all)
	if err != nil {
		return err
	}
	var organisations, calendars, risky []int64
	for i := range all {
		organisations, calendars = append(organisations, all[i].Organisation), append(calendars, all[i].Terms.Calendar)
		if all[i].Setting.AtRisk {
			risky = append(risky, all[i].Agreement)
		}
	}
	names, err := s.d.People.OrganisationNames(ctx, s.d.DB.Reader(), database.Distinct(organisations))
	if err != nil {
		return err
	}
	hours, err := s.d.Calendars.Names(ctx, s.d.DB.Reader(), database.Distinct(calendars))
	if err != nil {
		return err
	}
	for i := range all {
		x := &all[i]
		m.Levels = append(m.Levels, s.level(ctx, x, named, names[x.Organisation], hours[x.Terms.Calendar]))
	}
	if m.Risks, err = s.risks(ctx, database.Distinct(risky)); err != nil {
		return err
	}
	return s.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Service levels"), Active: MenuID}, m.View())
}

// risks are the reader's own tickets that may take longer than promised.
func (s *Service) risks(ctx context.Context, agreements []int64) ([]ui.Card, error) {
	if len(agreements) == 0 {
		return nil, nil
	}
	found, err := s.d.Promises.AtRisk(ctx, access.From(ctx).ID, agreements)
	if err != nil {
		return nil, err
	}
	w := s.words(ctx)
	var out []ui.Card
	for _, x := range found {
		c := ui.Card{Title: x.Title, URL: "/portal/tickets/" + url.PathEscape(x.Number), Ref: x.Number, Tone: ui.Warning, Note: text.T(ctx, "%s: may come later than promised", w.measure(ctx, x.Measure, x.State))}
		if x.Broken {
			c.Note = text.T(ctx, "%s: later than promised", w.measure(ctx, x.Measure, x.State))
		} else if !x.Due.IsZero() {
			c.Note = text.T(ctx, "%s: promised for %s, may come later", w.measure(ctx, x.Measure, x.State), text.DateTime(ctx, x.Due))
		}
		out = append(out, c)
	}
	return out, nil
}

// level is one agreement as its customers see it.
func (s *Service) level(ctx context.Context, x *Shown, named map[int64]people.Answerable, organisation, hours string) view.Level {
	w := s.words(ctx)
	l := view.Level{
		ID: "agreement-" + formatID(x.Agreement) + "-" + formatID(x.Organisation), Title: x.Name, For: text.T(ctx, "With %s", organisation), Owner: answerable(named[x.OwnerID]),
		Promises: w.promises(ctx, &x.Terms.Terms, x.Setting.Measures), Told: x.Told, ToldURL: view.MineURL + "/agreements/" + formatID(x.Agreement) + "/told",
		Chart: w.chart(ctx, "chart-"+formatID(x.Agreement)+"-"+formatID(x.Organisation), x.Months, x.Setting.Goal, func(p *Publication) string { return publicURL(p.ID) }),
	}
	if hours != "" {
		l.Hours = text.T(ctx, "Times count in the hours of the calendar “%s”.", hours)
	}
	l.Services = ui.Table{ID: "services-" + formatID(x.Agreement) + "-" + formatID(x.Organisation), Caption: text.T(ctx, "Your services"), Columns: []ui.Column{
		{Key: "service", Label: text.T(ctx, "Service"), Main: true}, {Key: "owner", Label: text.T(ctx, "Who answers for it")},
	}}
	for _, o := range x.Services {
		l.Services.Rows = append(l.Services.Rows, ui.Row{Cells: []templ.Component{ui.Words(o.Name), answerable(named[o.OwnerID])}})
	}
	l.Months = ui.Table{ID: "months-" + formatID(x.Agreement) + "-" + formatID(x.Organisation), Caption: text.T(ctx, "Months"), Columns: []ui.Column{
		{Key: "month", Label: text.T(ctx, "Month"), Main: true},
		{Key: "attained", Label: text.T(ctx, "Kept"), Number: true},
		{Key: "promises", Label: text.T(ctx, "Promises"), Number: true},
		{Key: "when", Label: text.T(ctx, "Published")},
	}}
	for i := range x.Months {
		p := &x.Months[i]
		row := ui.Row{URL: publicURL(p.ID), Cells: []templ.Component{
			ui.Link{Label: monthWords(ctx, p.Month), URL: publicURL(p.ID)},
			ui.Words(attained(ctx, p.Figures.Kept, p.Figures.Broken)), ui.Words(text.Number(ctx, int64(p.Figures.Kept+p.Figures.Broken))), ui.Words(text.Date(ctx, p.PublishedAt)),
		}}
		switch {
		case p.Withdrawn():
			row = ui.Row{Muted: true, Cells: []templ.Component{
				ui.Words(monthWords(ctx, p.Month)), ui.Nothing(), ui.Nothing(), ui.Words(text.T(ctx, "Withdrawn on %s: %s", text.Date(ctx, p.WithdrawnAt), p.WithdrawnWhy)),
			}}
		case p.Recount != nil:
			row.Cells[1] = ui.Words(text.T(ctx, "%s; counted again %s", attained(ctx, p.Figures.Kept, p.Figures.Broken), attained(ctx, p.Recount.Figures.Kept, p.Recount.Figures.Broken)))
		}
		l.Months.Rows = append(l.Months.Rows, row)
	}
	return l
}

// promises says in plain words what is promised of the measures that are published.
func (w words) promises(ctx context.Context, t *clock.Terms, measures []clock.Measure) []ui.Value {
	var out []ui.Value
	for _, m := range clock.Measures() {
		if len(measures) > 0 && !slices.Contains(measures, m) {
			continue
		}
		var states []string
		for _, target := range t.Targets {
			if target.Measure == m && !slices.Contains(states, target.State) {
				states = append(states, target.State)
			}
		}
		for _, state := range states {
			var lines []string
			var all []clock.Target
			for _, target := range t.Targets {
				if target.Measure == m && target.State == state {
					all = append(all, target)
				}
			}
			slices.SortFunc(all, func(a, b clock.Target) int { return cmp.Compare(uint(a.Priority-1), uint(b.Priority-1)) }) // 0 is the last
			for _, target := range all {
				words := text.T(ctx, "within %s", within(ctx, target))
				if len(all) > 1 || target.Priority != 0 {
					words = text.T(ctx, "%s: %s", w.priority(ctx, target.Priority), words)
				}
				lines = append(lines, words)
			}
			out = append(out, ui.Value{Label: w.measure(ctx, m, state), Content: ui.Words(strings.Join(lines, " · "))})
		}
	}
	return out
}

func (s *Service) tellPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	told := r.FormValue("told") == "true"
	if err := s.Subscribe(ctx, web.PathID(r, "id"), told); err != nil {
		return err
	}
	toast := web.Toast{Text: text.T(ctx, "You are told of new results no more")}
	if told {
		toast.Text = text.T(ctx, "You are told when new results are published")
	}
	web.Flash(w, toast, s.d.HTTPS)
	return web.Redirect(w, r, view.MineURL)
}

// monthPage is one published month.
func (s *Service) monthPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p, err := s.Own(ctx, web.PathID(r, "publication"))
	if err != nil {
		return err
	}
	setting, err := readSetting(ctx, s.d.DB.Reader(), p.Agreement)
	if err != nil {
		return err
	}
	m, err := s.month(ctx, &p)
	if err != nil {
		return err
	}
	names, err := s.d.People.OrganisationNames(ctx, s.d.DB.Reader(), []int64{p.Organisation})
	if err != nil {
		return err
	}
	m.Lead, m.CSVURL = text.T(ctx, "With %s", names[p.Organisation]), publicURL(p.ID)+"/csv"
	if setting.Tickets {
		after, err := position(r)
		if err != nil {
			return err
		}
		list, next, err := s.listed(ctx, &p, after, listRows)
		if err != nil {
			return err
		}
		m.List, m.ListURL = true, publicURL(p.ID)+"/tickets.csv"
		m.Listed = text.T(ctx, "Every promise on a ticket of your organisation. Titles stand only where you asked for the ticket or follow it.")
		if m.Tickets, err = s.decisionTable(ctx, list, false); err != nil {
			return err
		}
		if next != 0 {
			m.Tickets.More = ui.LoadMore{URL: publicURL(p.ID) + "?after=" + strconv.Itoa(next)}
		}
		if after > 0 && web.IsFragment(r) {
			return web.Render(w, r, http.StatusOK, ui.Rows(m.Tickets))
		}
	}
	return s.d.Frame.Page(w, r, module.Page{Title: m.Title, Active: MenuID}, m.View())
}

// records are the figures of a month for programs.
func records(p *Publication) [][]string {
	rows := [][]string{{"month", "published_at", "measure", "state", "priority", "attained", "kept", "broken", "goal", "recounted_kept", "recounted_broken"}}
	at := p.PublishedAt.UTC().Format(time.RFC3339)
	for _, l := range p.Figures.Lines {
		part, _ := share(l.Kept, l.Broken)
		row := []string{
			string(p.Month), at, string(l.Measure), l.State, strconv.Itoa(l.Priority), strconv.FormatFloat(part, 'f', 4, 64), strconv.Itoa(l.Kept), strconv.Itoa(l.Broken),
			strconv.FormatFloat(float64(p.Figures.Goal)/whole, 'f', 4, 64), "", "",
		}
		if p.Recount != nil {
			row[9], row[10] = "0", "0"
			for _, n := range p.Recount.Figures.Lines {
				if n.Measure == l.Measure && n.State == l.State && n.Priority == l.Priority {
					row[9], row[10] = strconv.Itoa(n.Kept), strconv.Itoa(n.Broken)
				}
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// exportInside is a published month for programs, to colleagues who may export.
func (s *Service) exportInside(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p, _, err := s.inside(ctx, web.PathID(r, "publication"))
	if err != nil {
		return err
	}
	if p.Agreement != web.PathID(r, "id") {
		return missing()
	}
	if err := access.From(ctx).Require(access.Export, access.AnyKind); err != nil {
		return err
	}
	return web.CSV(w, "service-levels-"+string(p.Month)+".csv", records(&p))
}

func (s *Service) exportOwn(w http.ResponseWriter, r *http.Request) error {
	p, err := s.Own(r.Context(), web.PathID(r, "publication"))
	if err != nil {
		return err
	}
	return web.CSV(w, "service-levels-"+string(p.Month)+".csv", records(&p))
}

// exportTickets is the list of a month's tickets for programs, if it is published.
func (s *Service) exportTickets(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p, err := s.Own(ctx, web.PathID(r, "publication"))
	if err != nil {
		return err
	}
	setting, err := readSetting(ctx, s.d.DB.Reader(), p.Agreement)
	if err != nil {
		return err
	}
	if !setting.Tickets {
		return missing()
	}
	rows := [][]string{{"ticket", "measure", "state", "outcome", "decided_at", "used_seconds", "target_seconds"}}
	for after := 0; ; {
		list, next, err := s.listed(ctx, &p, after, 1000)
		if err != nil {
			return err
		}
		for i := range list {
			d := &list[i]
			rows = append(rows, []string{
				d.Number, string(d.Measure), d.State, string(outcomeOf(d)), d.At.UTC().Format(time.RFC3339), strconv.FormatInt(int64(d.Used/time.Second), 10), strconv.FormatInt(int64(d.Whole/time.Second), 10),
			})
		}
		if after = next; after == 0 {
			break
		}
	}
	return web.CSV(w, "service-levels-"+string(p.Month)+"-tickets.csv", rows)
}
