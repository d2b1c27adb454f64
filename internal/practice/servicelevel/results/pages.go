package results

import (
	"context"
	"fmt"
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
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// active is the entry of the navigation that these pages belong to: agreements.
const active = "agreements"

// insideMonths is how many months the page of an agreement's results lists.
const insideMonths = 12

func (s *Service) page(w http.ResponseWriter, r *http.Request, status int, title string, body web.Component) error {
	return s.d.Frame.Page(w, r, module.Page{Title: title, Active: active, Status: status}, body)
}

func trail(ctx context.Context, of *subject, more ...ui.Crumb) []ui.Crumb {
	return append([]ui.Crumb{{Label: text.T(ctx, "Agreements"), URL: "/agreements"}, {Label: of.Name, URL: agreementURL(of.ID)}}, more...)
}

// Part is what the page of an agreement says of its results.
func (s *Service) Part(ctx context.Context, agreement int64) (templ.Component, error) {
	setting, err := readSetting(ctx, s.d.DB.Reader(), agreement)
	if err != nil {
		return nil, err
	}
	of, err := s.agreement(ctx, agreement)
	if apperr.Is(err, apperr.NotFound) {
		return nil, nil //nolint:nilnil // nothing is published of agreements with groups and suppliers
	}
	if err != nil {
		return nil, err
	}
	switch {
	case setting.Active:
		return ui.Button{Label: text.T(ctx, "What customers read, month by month"), URL: resultsURL(agreement), Icon: ui.IconReportAnalytics}, nil
	case manages(access.From(ctx), &of):
		return ui.Button{Label: text.T(ctx, "Choose what is published"), URL: resultsURL(agreement) + "/settings", Icon: ui.IconReportAnalytics}, nil
	}
	return ui.Words(text.T(ctx, "Nothing is published to customers.")), nil
}

func (s *Service) listPage(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), web.PathID(r, "id")
	of, err := s.readable(ctx, id)
	if err != nil {
		return err
	}
	setting, err := s.Setting(ctx, id)
	if err != nil {
		return err
	}
	zone, err := s.zone(ctx, &of)
	if err != nil {
		return err
	}
	newest := MonthOf(s.now(), zone).Add(-1)
	oldest := max(newest.Add(1-insideMonths), MonthOf(of.Versions[0].From, zone))
	published, err := s.Published(ctx, id, oldest)
	if err != nil {
		return err
	}
	may := manages(access.From(ctx), &of)
	ids := slices.Clone(setting.Organisations)
	for _, p := range published {
		ids = append(ids, p.Organisation)
	}
	names, err := s.d.People.OrganisationNames(ctx, s.d.DB.Reader(), database.Distinct(ids))
	if err != nil {
		return err
	}
	m := view.Page{Title: text.T(ctx, "Published results"), Trail: trail(ctx, &of, ui.Crumb{Label: text.T(ctx, "Published results")}), Lead: text.T(ctx, "What customers read of what became of this agreement, a closed month at a time.")}
	if may {
		m.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "Choose what is published"), URL: resultsURL(id) + "/settings", Icon: ui.IconPencil, Key: "e"}}
	}
	m.Main = []view.Section{{ID: "months", Title: text.T(ctx, "Months"), Flush: true, Body: []templ.Component{s.monthsTable(ctx, &of, &setting, published, names, oldest, newest, may)}}}
	for _, organisation := range setting.Organisations {
		months := slices.DeleteFunc(slices.Clone(published), func(p Publication) bool { return p.Organisation != organisation })
		c := s.words(ctx).chart(ctx, "chart-"+formatID(organisation), months, setting.Goal, insideURL)
		if c.Known() {
			m.Main = append(m.Main, view.Section{ID: "course-" + formatID(organisation), Title: names[organisation], Body: []templ.Component{c}})
		}
	}
	m.Main = append(m.Main, view.Section{ID: "setting", Title: text.T(ctx, "What is published"), Body: []templ.Component{s.settingValues(ctx, &setting, names, may)}})
	return s.page(w, r, http.StatusOK, m.Title, m.View())
}

// settingValues says what is published.
func (s *Service) settingValues(ctx context.Context, setting *Setting, names map[int64]string, may bool) templ.Component {
	if setting.Version == 0 {
		return ui.Words(text.T(ctx, "Nothing is published to customers."))
	}
	yes := func(b bool) templ.Component {
		if b {
			return ui.Words(text.T(ctx, "Yes"))
		}
		return ui.Words(text.T(ctx, "No"))
	}
	whom := make([]string, 0, len(setting.Organisations))
	for _, id := range setting.Organisations {
		whom = append(whom, names[id])
	}
	slices.Sort(whom)
	measures := make([]string, 0, len(setting.Measures))
	for _, m := range setting.Measures {
		measures = append(measures, s.words(ctx).measure(ctx, m, ""))
	}
	if len(measures) == 0 {
		measures = []string{text.T(ctx, "All of it")}
	}
	how := text.T(ctx, "By hand")
	if setting.ByItself {
		how = text.N(ctx, setting.Days, "By itself, %d day after the month's end, from %s on", "By itself, %d days after the month's end, from %s on", monthWords(ctx, setting.Since))
	}
	goal := ui.Nothing()
	if setting.Goal != 0 {
		goal = ui.Words(goalWords(ctx, setting.Goal))
	}
	values := []ui.Value{
		{Label: text.T(ctx, "Published"), Content: yes(setting.Active)},
		{Label: text.T(ctx, "To whom"), Content: ui.Words(text.List(ctx, whom))},
		{Label: text.T(ctx, "What"), Content: ui.Words(text.List(ctx, measures))},
		{Label: text.T(ctx, "Goal"), Content: goal},
		{Label: text.T(ctx, "With the list of tickets"), Content: yes(setting.Tickets)},
		{Label: text.T(ctx, "With promises at risk"), Content: yes(setting.AtRisk)},
		{Label: text.T(ctx, "Only for contacts"), Content: yes(setting.ContactsOnly)},
		{Label: text.T(ctx, "How"), Content: ui.Words(how)},
	}
	if may {
		values = append(values, ui.Value{Label: text.T(ctx, "Contacts"), Content: ui.Words(text.Number(ctx, int64(len(setting.Contacts))))})
	}
	return ui.Values(values...)
}

// monthsTable lists months with what was published of each.
func (s *Service) monthsTable(ctx context.Context, of *subject, setting *Setting, published []Publication, names map[int64]string, oldest, newest Month, may bool) ui.Table {
	t := ui.Table{ID: "publications", Caption: text.T(ctx, "Months"), Columns: []ui.Column{
		{Key: "month", Label: text.T(ctx, "Month"), Main: true},
		{Key: "customer", Label: text.T(ctx, "Customer")},
		{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
		{Key: "attained", Label: text.T(ctx, "Attained"), Number: true},
		{Key: "when", Label: text.T(ctx, "Published")},
		{Key: "again", Label: text.T(ctx, "Counted again"), Number: true},
	}, Empty: ui.EmptyState{Icon: ui.IconReportAnalytics, Title: text.T(ctx, "No month has ended yet"), Text: text.T(ctx, "A month is published once it is over. Choose first what is published, and to whom.")}}
	for month := newest; month >= oldest; month = month.Add(-1) {
		for _, organisation := range setting.Organisations {
			standing := false
			for i := range published {
				p := &published[i]
				if p.Month != month || p.Organisation != organisation {
					continue
				}
				standing = standing || !p.Withdrawn()
				t.Rows = append(t.Rows, s.publicationRow(ctx, p, names[organisation]))
			}
			if standing || setting.ByItself && month < setting.Since {
				continue
			}
			row := ui.Row{Cells: []templ.Component{ui.Words(monthWords(ctx, month)), ui.Words(names[organisation]), ui.Badge{Label: text.T(ctx, "Not published")}, ui.Nothing(), ui.Nothing(), ui.Nothing()}}
			if may && setting.Active {
				row.URL = resultsURL(of.ID) + "/draft?" + url.Values{"month": {string(month)}, "organisation": {formatID(organisation)}}.Encode()
				row.Cells[0], row.Cells[4] = ui.Link{Label: monthWords(ctx, month), URL: row.URL}, ui.Link{Label: text.T(ctx, "Look at the draft"), URL: row.URL}
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func (s *Service) publicationRow(ctx context.Context, p *Publication, customer string) ui.Row {
	state := ui.Badge{Label: text.T(ctx, "Published"), Tone: ui.Success, Icon: ui.IconCheck}
	when := ui.Moment{At: p.PublishedAt}
	if p.Withdrawn() {
		state, when = ui.Badge{Label: text.T(ctx, "Withdrawn"), Tone: ui.Warning}, ui.Moment{At: p.WithdrawnAt}
	}
	again := ui.Nothing()
	if p.Recount != nil {
		again = ui.Words(attained(ctx, p.Recount.Figures.Kept, p.Recount.Figures.Broken))
	}
	return ui.Row{URL: insideURL(p), Muted: p.Withdrawn(), Cells: []templ.Component{
		ui.Link{Label: monthWords(ctx, p.Month), URL: insideURL(p)}, ui.Words(customer), state, ui.Words(attained(ctx, p.Figures.Kept, p.Figures.Broken)), when, again,
	}}
}

// settingForm is what the form of what is published posts.
type settingForm struct {
	Active        bool     `form:"active"`
	Organisations []int64  `form:"organisations"`
	Measures      []string `form:"measures"`
	Goal          string   `form:"goal,line,max=20"`
	Tickets       bool     `form:"tickets"`
	AtRisk        bool     `form:"at_risk"`
	ContactsOnly  bool     `form:"contacts_only"`
	Contacts      []int64  `form:"contacts"`
	How           string   `form:"how,line,max=20"`
	Days          string   `form:"days,line,max=10"`
	Since         string   `form:"since,line,max=10"`
	Version       int64    `form:"version"`
}

// byItself is the choice that publishes without anybody.
const byItself = "itself"

func formOf(in *Setting, since Month) settingForm {
	f := settingForm{
		Active: in.Active, Organisations: in.Organisations, Goal: typedGoal(in.Goal), Tickets: in.Tickets, AtRisk: in.AtRisk, ContactsOnly: in.ContactsOnly, Contacts: in.Contacts,
		Days: strconv.Itoa(in.Days), Since: string(in.Since), Version: in.Version,
	}
	for _, m := range in.Measures {
		f.Measures = append(f.Measures, string(m))
	}
	if in.ByItself {
		f.How = byItself
	}
	if f.Since == "" {
		f.Since = string(since)
	}
	if in.Version == 0 {
		f.Days = "5"
	}
	return f
}

// setting reads the form; what is no number is reported.
func (f *settingForm) setting(agreement int64) (Setting, error) {
	in := Setting{
		Agreement: agreement, Active: f.Active, Organisations: f.Organisations, Tickets: f.Tickets, AtRisk: f.AtRisk, ContactsOnly: f.ContactsOnly, Contacts: f.Contacts,
		ByItself: f.How == byItself, Since: Month(strings.TrimSpace(f.Since)), Version: f.Version,
	}
	for _, m := range f.Measures {
		in.Measures = append(in.Measures, clock.Measure(m))
	}
	var wrong apperr.Problems
	var ok bool
	if in.Goal, ok = parseGoal(f.Goal); !ok {
		wrong.Add("goal", "Give a percentage from 0 to 100, such as 95.")
	}
	if in.ByItself {
		days, err := strconv.Atoi(strings.TrimSpace(f.Days))
		if err != nil {
			wrong.Add("days", "Give a number of days from 0 to %d.", MaxDays)
		}
		in.Days = days
	}
	return in, wrong.Err()
}

func (s *Service) settingPage(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), web.PathID(r, "id")
	of, err := s.managed(ctx, id)
	if err != nil {
		return err
	}
	setting, err := s.Setting(ctx, id)
	if err != nil {
		return err
	}
	if setting.Version == 0 && of.Party != 0 {
		setting.Organisations = []int64{of.Party}
	}
	f := formOf(&setting, MonthOf(s.now(), time.UTC).Add(-1))
	return s.editor(w, r, &of, &f, nil)
}

// managed gives an agreement to those who publish its results.
func (s *Service) managed(ctx context.Context, id int64) (subject, error) {
	of, err := s.readable(ctx, id)
	if err == nil {
		err = mustManage(ctx, &of)
	}
	return of, err
}

func (s *Service) editor(w http.ResponseWriter, r *http.Request, of *subject, f *settingForm, failed error) error {
	ctx := r.Context()
	q := s.d.DB.Reader()
	organisations, err := s.d.People.OrganisationNames(ctx, q, f.Organisations)
	if err != nil {
		return err
	}
	people, err := s.d.People.PersonNames(ctx, q, f.Contacts)
	if err != nil {
		return err
	}
	wrong := apperr.ByField(ctx, failed)
	var whom, contacts []ui.Choice
	for _, id := range f.Organisations {
		whom = append(whom, ui.Choice{Value: formatID(id), Label: organisations[id]})
	}
	for _, id := range f.Contacts {
		contacts = append(contacts, ui.Choice{Value: formatID(id), Label: people[id].Name})
	}
	help := text.T(ctx, "Each gets figures of its own tickets and those of its units, and only its members read them.")
	if of.Party != 0 {
		help = text.T(ctx, "The customer of the agreement, or units of it. Each gets figures of its own tickets and those of its units, and only its members read them.")
	}
	var measures []ui.Option
	promised := map[clock.Measure]bool{}
	for _, v := range of.Versions {
		for _, t := range v.Targets {
			promised[t.Measure] = true
		}
	}
	for _, m := range clock.Measures() {
		if promised[m] {
			measures = append(measures, ui.Option{Value: string(m), Label: s.words(ctx).measure(ctx, m, ""), Selected: slices.Contains(f.Measures, string(m))})
		}
	}
	check := func(name, label, help string, checked bool) ui.Check {
		return ui.Check{Field: ui.Field{Name: name, Label: label, Help: help}, Checked: checked, Value: "true"}
	}
	m := view.Editor{
		Title: text.T(ctx, "What is published"), Lead: text.T(ctx, "Near misses, notes and who worked on a ticket are never published."), Action: resultsURL(of.ID) + "/settings", Cancel: resultsURL(of.ID), Version: formatID(f.Version),
		Trail: trail(ctx, of, ui.Crumb{Label: text.T(ctx, "Published results"), URL: resultsURL(of.ID)}, ui.Crumb{Label: text.T(ctx, "What is published")}),
		Fields: []templ.Component{
			check("active", text.T(ctx, "Publish results of this agreement"), text.T(ctx, "Turned off, customers see nothing of it; what was published is kept."), f.Active),
			ui.Combobox{Field: ui.Field{Name: "organisations", Label: text.T(ctx, "To whom"), Help: help, Error: wrong["organisations"]}, URL: "/choose/organisations", Multiple: true, Chosen: whom},
			ui.Checks{Field: ui.Field{Name: "measures", Label: text.T(ctx, "What"), Help: text.T(ctx, "Nothing chosen is all of it."), Error: wrong["measures"]}, Options: measures},
			ui.TextField{Field: ui.Field{Name: "goal", Label: text.T(ctx, "Goal, in percent"), Help: text.T(ctx, "Drawn as a line across the months. Empty is none."), Error: wrong["goal"]}, Value: f.Goal, Placeholder: "95"},
			check("tickets", text.T(ctx, "With the list of the customer's own tickets"), text.T(ctx, "Their numbers and what became of each promise; titles only of those that the reader follows anyway. Confidential ones are never listed."), f.Tickets),
			check("at_risk", text.T(ctx, "With promises that are at risk now"), text.T(ctx, "Requesters see which of their own tickets may take longer than promised."), f.AtRisk),
			ui.Combobox{Field: ui.Field{Name: "contacts", Label: text.T(ctx, "Contacts"), Help: text.T(ctx, "People at the customer who are told when results are published."), Error: wrong["contacts"]}, URL: "/choose/people", Multiple: true, Chosen: contacts},
			check("contacts_only", text.T(ctx, "Only for these contacts"), text.T(ctx, "Otherwise every member of the organisation reads it."), f.ContactsOnly),
			ui.Radios{Field: ui.Field{Name: "how", Label: text.T(ctx, "How")}, Options: []ui.Option{
				{Value: "", Label: text.T(ctx, "By hand, after a look at the draft"), Selected: f.How != byItself},
				{Value: byItself, Label: text.T(ctx, "By itself, some days after the month's end"), Selected: f.How == byItself},
			}},
			ui.TextField{Field: ui.Field{Name: "days", Label: text.T(ctx, "Days after the month's end"), Error: wrong["days"]}, Value: f.Days},
			ui.TextField{Field: ui.Field{Name: "since", Label: text.T(ctx, "From which month on"), Help: text.T(ctx, "Such as 2026-03. Months that were missed are published afterwards, at most %s.", strconv.Itoa(caughtUp)), Error: wrong["since"]}, Value: f.Since},
		},
	}
	if failed != nil && len(wrong) == 0 {
		m.Alert = ui.Alert{Tone: ui.Critical, Title: apperr.Message(failed).In(ctx)}
	}
	return s.page(w, r, statusOf(failed), m.Title, m.View())
}

// back says whether an error belongs on the page rather than on an error page.
func back(err error) bool {
	return apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.Conflict)
}

func statusOf(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case apperr.Is(err, apperr.Conflict):
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

func (s *Service) saveSetting(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), web.PathID(r, "id")
	of, err := s.managed(ctx, id)
	if err != nil {
		return err
	}
	var f settingForm
	err = web.Form(r, &f, nil)
	if err == nil {
		var in Setting
		if in, err = f.setting(id); err == nil {
			_, err = s.Configure(ctx, in)
		}
	}
	if back(err) {
		if now, readErr := readSetting(ctx, s.d.DB.Reader(), id); readErr == nil && apperr.Is(err, apperr.Conflict) {
			f.Version = now.Version
		}
		return s.editor(w, r, &of, &f, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "Saved")}, s.d.HTTPS)
	return web.Redirect(w, r, resultsURL(id))
}

func (s *Service) draftPage(w http.ResponseWriter, r *http.Request) error {
	organisation, _ := strconv.ParseInt(r.FormValue("organisation"), 10, 64) // what is none has no draft
	return s.showDraft(w, r, web.PathID(r, "id"), organisation, Month(r.FormValue("month")), nil)
}

func (s *Service) showDraft(w http.ResponseWriter, r *http.Request, id, organisation int64, month Month, failed error) error {
	ctx := r.Context()
	of, err := s.managed(ctx, id)
	if err != nil {
		return err
	}
	d, err := s.Draft(ctx, id, organisation, month)
	if err != nil {
		return err
	}
	names, err := s.d.People.OrganisationNames(ctx, s.d.DB.Reader(), []int64{organisation})
	if err != nil {
		return err
	}
	p := &Publication{Agreement: id, Organisation: organisation, Month: month, Zone: d.Zone, From: d.From, To: d.To, Figures: d.Figures}
	body, err := s.month(ctx, p)
	if err != nil {
		return err
	}
	body.Stated = text.T(ctx, "A draft: nothing of it is published yet. It counts promises that were kept or broken from %s to %s (%s).", day(ctx, p, d.From), day(ctx, p, d.To.Add(-time.Microsecond)), d.Zone)
	tickets, err := s.decisionTable(ctx, d.Decided[:min(len(d.Decided), draftRows)], true)
	if err != nil {
		return err
	}
	m := view.Page{
		Title: text.T(ctx, "Draft: %s", monthWords(ctx, month)), Lead: names[organisation],
		Trail: trail(ctx, &of, ui.Crumb{Label: text.T(ctx, "Published results"), URL: resultsURL(id)}, ui.Crumb{Label: monthWords(ctx, month)}),
		Actions: []templ.Component{view.Confirm{Action: resultsURL(id), Hidden: []ui.Hidden{
			{Name: "organisation", Value: formatID(organisation)}, {Name: "month", Value: string(month)}, {Name: "seen", Value: d.Fingerprint},
		}}},
		Main: []view.Section{
			{ID: "draft", Title: text.T(ctx, "What the customer will read"), Body: []templ.Component{body}},
			{ID: "tickets", Title: text.T(ctx, "Promises behind it"), Count: len(d.Decided), Flush: true, Body: []templ.Component{tickets}},
		},
	}
	if failed != nil {
		m.Alerts = append(m.Alerts, ui.Alert{Tone: ui.Critical, Title: apperr.Message(failed).In(ctx)})
	}
	return s.page(w, r, statusOf(failed), m.Title, m.View())
}

// draftRows is how many promises a draft lists.
const draftRows = 200

func (s *Service) publishPage(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), web.PathID(r, "id")
	var f struct {
		Organisation int64  `form:"organisation"`
		Month        string `form:"month,line,max=10"`
		Seen         string `form:"seen,line,max=100"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	p, err := s.Publish(ctx, id, f.Organisation, Month(f.Month), f.Seen)
	if apperr.Is(err, apperr.Conflict) {
		return s.showDraft(w, r, id, f.Organisation, Month(f.Month), err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "%s is published", monthWords(ctx, p.Month))}, s.d.HTTPS)
	return web.Redirect(w, r, insideURL(&p))
}

func (s *Service) publicationPage(w http.ResponseWriter, r *http.Request) error {
	return s.showPublication(w, r, "", nil)
}

func (s *Service) showPublication(w http.ResponseWriter, r *http.Request, reason string, failed error) error {
	ctx := r.Context()
	p, now, changes, err := s.Recounted(ctx, web.PathID(r, "publication"))
	if err != nil {
		return err
	}
	if p.Agreement != web.PathID(r, "id") {
		return missing()
	}
	of, err := s.agreement(ctx, p.Agreement)
	if err != nil {
		return err
	}
	if p.Recount = nil; len(changes) > 0 {
		p.Recount, p.CheckedAt = &Recount{Figures: now, Reasons: reasonsOf(changes)}, s.now()
	}
	after, err := position(r)
	if err != nil {
		return err
	}
	list, next, err := s.Promises(ctx, &p, after, listRows)
	if err != nil {
		return err
	}
	tickets, err := s.decisionTable(ctx, list, true)
	if err != nil {
		return err
	}
	if next != 0 {
		tickets.More = ui.LoadMore{URL: insideURL(&p) + "?after=" + strconv.Itoa(next), Auto: true}
	}
	if after > 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(tickets))
	}
	q := s.d.DB.Reader()
	names, err := s.d.People.OrganisationNames(ctx, q, []int64{p.Organisation})
	if err != nil {
		return err
	}
	people, err := s.d.People.PersonNames(ctx, q, database.Distinct([]int64{p.PublishedBy, p.WithdrawnBy}))
	if err != nil {
		return err
	}
	body, err := s.month(ctx, &p)
	if err != nil {
		return err
	}
	by := func(person int64) templ.Component {
		if person == 0 {
			return ui.Words(text.T(ctx, "By itself"))
		}
		return ui.Party{Name: people[person].Name}
	}
	m := view.Page{
		Title: monthWords(ctx, p.Month), Lead: names[p.Organisation], Badges: []templ.Component{ui.Badge{Label: text.T(ctx, "Published"), Tone: ui.Success, Icon: ui.IconCheck}},
		Trail: trail(ctx, &of, ui.Crumb{Label: text.T(ctx, "Published results"), URL: resultsURL(of.ID)}, ui.Crumb{Label: monthWords(ctx, p.Month)}),
		Main:  []view.Section{{ID: "published", Title: text.T(ctx, "What the customer reads"), Body: []templ.Component{body}}},
		Aside: []view.Section{{ID: "about", Title: text.T(ctx, "About"), Body: []templ.Component{ui.Values(
			ui.Value{Label: text.T(ctx, "Published"), Content: ui.Moment{At: p.PublishedAt}}, ui.Value{Label: text.T(ctx, "By whom"), Content: by(p.PublishedBy)},
		)}}},
	}
	if access.From(ctx).Can(access.Export, access.AnyKind) {
		m.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "Export as CSV"), URL: insideURL(&p) + "/csv", Icon: ui.IconDownload, Download: true}}
	}
	if len(changes) > 0 {
		m.Main = append(m.Main, view.Section{
			ID: "changes", Title: text.T(ctx, "What counts differently now"), Count: len(changes), Flush: true, Body: []templ.Component{s.changesTable(ctx, changes)},
		})
	}
	m.Main = append(m.Main, view.Section{ID: "tickets", Title: text.T(ctx, "Promises behind it"), Count: p.Figures.Kept + p.Figures.Broken, Flush: true, Body: []templ.Component{tickets}})
	switch {
	case p.Withdrawn():
		m.Badges = []templ.Component{ui.Badge{Label: text.T(ctx, "Withdrawn"), Tone: ui.Warning}}
		m.Alerts = append(m.Alerts, ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "This was withdrawn on %s", text.DateTime(ctx, p.WithdrawnAt)), Text: p.WithdrawnWhy})
		m.Aside = append(m.Aside, view.Section{ID: "withdrawn", Title: text.T(ctx, "Withdrawn"), Body: []templ.Component{ui.Values(
			ui.Value{Label: text.T(ctx, "When"), Content: ui.Moment{At: p.WithdrawnAt}}, ui.Value{Label: text.T(ctx, "By whom"), Content: by(p.WithdrawnBy)},
		)}})
	case manages(access.From(ctx), &of):
		m.Aside = append(m.Aside, view.Section{ID: "withdraw-it", Title: text.T(ctx, "Withdraw"), Lead: text.T(ctx, "Customers no longer see these figures. The month can be published again, as it is counted then."), Body: []templ.Component{view.Withdrawal{
			Action: insideURL(&p) + "/withdraw",
			Reason: ui.TextArea{Field: ui.Field{Name: "reason", Label: text.T(ctx, "Why"), Help: text.T(ctx, "Customers read this."), Required: true, Error: apperr.ByField(ctx, failed)["reason"]}, Value: reason},
		}}})
	}
	if apperr.Is(failed, apperr.Conflict) {
		m.Alerts = append(m.Alerts, ui.Alert{Tone: ui.Critical, Title: apperr.Message(failed).In(ctx)})
	}
	return s.page(w, r, statusOf(failed), m.Title, m.View())
}

// listRows is how many promises a page lists.
const listRows = 50

// position reads where a list goes on.
func position(r *http.Request) (int, error) {
	typed := r.FormValue("after")
	if typed == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(typed)
	if err != nil || n < 0 {
		return 0, apperr.InvalidField("after", "This page marker belongs to another list. Start from the beginning.")
	}
	return n, nil
}

func (s *Service) changesTable(ctx context.Context, changes []Change) ui.Table {
	t := ui.Table{ID: "changed", Caption: text.T(ctx, "What counts differently now"), Columns: []ui.Column{
		{Key: "ticket", Label: text.T(ctx, "Ticket"), Main: true},
		{Key: "promise", Label: text.T(ctx, "Promise")},
		{Key: "was", Label: text.T(ctx, "As published"), Shrink: true},
		{Key: "is", Label: text.T(ctx, "Now"), Shrink: true},
		{Key: "why", Label: text.T(ctx, "Why")},
	}}
	for i := range changes[:min(len(changes), draftRows)] {
		c := &changes[i]
		t.Rows = append(t.Rows, ui.Row{URL: "/tickets/" + url.PathEscape(c.Number), Cells: []templ.Component{
			ui.Link{Label: c.Number, URL: "/tickets/" + url.PathEscape(c.Number)}, ui.Words(s.words(ctx).measure(ctx, c.Measure, c.State)), outcomeBadge(ctx, c.Was), outcomeBadge(ctx, c.Is), ui.Words(whyWords(ctx, c.Why)),
		}})
	}
	return t
}

// whyWords says why one promise counts differently.
func whyWords(ctx context.Context, why Why) string {
	switch why {
	case OtherCustomer:
		return text.T(ctx, "The ticket belongs to another organisation now")
	case OtherAgreement:
		return text.T(ctx, "The ticket was put under another agreement")
	case Reopened:
		return text.T(ctx, "The ticket was opened again")
	case Cancelled:
		return text.T(ctx, "The ticket was cancelled")
	case OtherPriority:
		return text.T(ctx, "The ticket has another priority now")
	case TermsChanged:
		return text.T(ctx, "Hours or terms were corrected")
	case TicketChanged:
	}
	return text.T(ctx, "The ticket was changed afterwards")
}

// decisionTable lists promises; titles and links stand on those of tickets that the
// reader may see.
func (s *Service) decisionTable(ctx context.Context, list []clock.Decision, inside bool) (ui.Table, error) {
	t := ui.Table{ID: "promises", Caption: text.T(ctx, "Promises"), Columns: []ui.Column{
		{Key: "ticket", Label: text.T(ctx, "Ticket"), Main: true},
		{Key: "promise", Label: text.T(ctx, "Promise"), Shrink: true},
		{Key: "outcome", Label: text.T(ctx, "Outcome"), Shrink: true},
		{Key: "when", Label: text.T(ctx, "When")},
		{Key: "used", Label: text.T(ctx, "Used"), Number: true},
	}, Empty: ui.EmptyState{Icon: ui.IconClock, Title: text.T(ctx, "There is nothing to list")}}
	ids := make([]int64, 0, len(list))
	for i := range list {
		ids = append(ids, list[i].Ticket)
	}
	seen, err := s.titles(ctx, database.Distinct(ids), inside)
	if err != nil {
		return t, err
	}
	w := s.words(ctx)
	for i := range list {
		d := &list[i]
		row := ui.Row{}
		ticket := templ.Component(ui.Words(d.Number))
		if title, ok := seen[d.Ticket]; ok {
			row.URL = "/portal/tickets/" + url.PathEscape(d.Number)
			if inside {
				row.URL = "/tickets/" + url.PathEscape(d.Number) + "/clocks"
			}
			ticket = ui.Link{Label: fmt.Sprintf("%s %s", d.Number, title), URL: row.URL}
		}
		row.Cells = []templ.Component{
			ticket, ui.Words(w.measure(ctx, d.Measure, d.State)), outcomeBadge(ctx, outcomeOf(d)), ui.Moment{At: d.At}, ui.Words(text.T(ctx, "%s of %s", length(ctx, d.Used), length(ctx, d.Whole))),
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func (s *Service) withdrawPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f struct {
		Reason string `form:"reason"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	p, err := s.Withdraw(ctx, web.PathID(r, "publication"), f.Reason)
	if back(err) {
		return s.showPublication(w, r, f.Reason, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "%s is withdrawn", monthWords(ctx, p.Month))}, s.d.HTTPS)
	return web.Redirect(w, r, resultsURL(p.Agreement))
}
