package agreement

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// form is what the editor posts.
type form struct {
	Do          string            `form:"do"`
	Role        string            `form:"role"`
	Name        string            `form:"name,line"`
	Party       int64             `form:"party"`
	Owner       int64             `form:"owner"`
	Description string            `form:"description"`
	From        string            `form:"from,line,max=40"`
	Ends        string            `form:"ends,line,max=40"`
	Kinds       []string          `form:"kinds"`
	Services    []int64           `form:"services"`
	Offerings   []int64           `form:"offerings"`
	Calendar    int64             `form:"calendar"`
	Reopen      string            `form:"reopen"`
	OwnPauses   string            `form:"own_pauses"` // "own" or ""
	Pauses      []string          `form:"pauses"`
	Warn        string            `form:"warn,line,max=200"`
	Rows        int               `form:"rows"`
	Cells       map[string]string `form:"t.*"` // "0.what", "0.calendar", "0.p1"
	Version     int64             `form:"version"`
}

// maxRows bounds the rows of the form.
const maxRows = MaxTargets

// row gives what stands in a row of the targets, under a name.
func (f *form) row(i int, name string) string { return f.Cells[strconv.Itoa(i)+"."+name] }

func (f *form) set(i int, name, value string) { f.Cells[strconv.Itoa(i)+"."+name] = value }

// what is the value of a row's first choice.
func what(m clock.Measure, state string) string {
	if m == clock.Step {
		return string(m) + ":" + state
	}
	return string(m)
}

// draw puts terms into the form: a row for each measure and calendar.
func (f *form) draw(ctx context.Context, t *clock.Terms) {
	f.Offerings = t.Offerings
	f.Kinds, f.Services, f.Calendar, f.Reopen, f.Pauses, f.Cells, f.Rows = t.Kinds, t.Services, t.Calendar, string(t.Reopen), t.Pauses, map[string]string{}, 0
	if t.OwnPauses {
		f.OwnPauses = "own"
	}
	warn := make([]string, 0, len(t.Warn))
	for _, percent := range t.Warn {
		warn = append(warn, strconv.Itoa(percent))
	}
	f.Warn = strings.Join(warn, ", ")
	type key struct {
		what     string
		calendar int64
	}
	rows := map[key]int{}
	add := func(k key) int {
		i, ok := rows[k]
		if !ok {
			i = f.Rows
			rows[k] = i
			f.Rows++
			f.set(i, "what", k.what)
			if k.calendar != 0 {
				f.set(i, "calendar", formatID(k.calendar))
			}
		}
		return i
	}
	for _, m := range []clock.Measure{clock.Response, clock.Resolution} { // what nearly every agreement promises
		add(key{string(m), 0})
	}
	for _, x := range t.Targets {
		f.set(add(key{what(x.Measure, x.State), x.Calendar}), "p"+strconv.Itoa(x.Priority), SpanOf(x).typed(ctx))
	}
}

// terms reads the form. Its errors name the cells: "t.0.p1".
func (f *form) terms(wrong *apperr.Problems) (clock.Terms, []string) {
	t := clock.Terms{Kinds: f.Kinds, Services: f.Services, Offerings: f.Offerings, Calendar: f.Calendar, Reopen: clock.Reopen(f.Reopen), OwnPauses: f.OwnPauses == "own", Pauses: f.Pauses}
	for _, s := range strings.FieldsFunc(f.Warn, func(r rune) bool { return r == ',' || r == ';' || r == '%' || r == ' ' }) {
		n, err := strconv.Atoi(s)
		if err != nil {
			wrong.Add("warn", "Write percents with commas between, such as 75, 100.")
			break
		}
		t.Warn = append(t.Warn, n)
	}
	var cells []string // of each target
	for i := range min(f.Rows, maxRows) {
		measure, state, _ := strings.Cut(f.row(i, "what"), ":")
		counted := number(f.row(i, "calendar")) // 0 is the agreement's
		for p := 0; p <= maxPriority; p++ {
			cell := fmt.Sprintf("t.%d.p%d", i, p)
			typed := strings.TrimSpace(f.row(i, "p"+strconv.Itoa(p)))
			if typed == "" {
				continue
			}
			span, err := ParseSpan(typed)
			if err != nil {
				wrong.Add(cell, "%s", apperr.FieldsOf(err)[0].Message)
				continue
			}
			cells = append(cells, cell)
			t.Targets = append(t.Targets, clock.Target{
				Measure: clock.Measure(measure), State: state, Priority: p, Within: span.Within, Days: span.Days, Until: span.Until, Calendar: counted,
			})
		}
	}
	return t, cells
}

// maxPriority bounds what is read of a form; which priorities there are the kinds say.
const maxPriority = 20

// beside moves errors of targets to the cells they were typed in.
func beside(err error, cells []string) error {
	var e *apperr.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	out := *e
	out.Fields = nil
	for _, f := range e.Fields {
		if rest, ok := strings.CutPrefix(f.Name, "targets."); ok {
			number, part, _ := strings.Cut(rest, ".")
			if i, err := strconv.Atoi(number); err == nil && i < len(cells) {
				f.Name = cells[i]
				row, _, _ := cutLast(cells[i])
				switch part {
				case "measure", "state":
					f.Name = row + ".what"
				case "calendar":
					f.Name = row + ".calendar"
				}
			}
		}
		out.Fields = append(out.Fields, f)
	}
	return &out
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// local is how the browser writes a date with a time.
const local = "2006-01-02T15:04"

// readInstant reads a date, or a date and a time, in the reader's zone; nothing is zero.
func readInstant(ctx context.Context, field, typed string) (time.Time, error) {
	if typed = strings.TrimSpace(typed); typed == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{local, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, typed, text.From(ctx).Location); err == nil {
			return t, nil
		}
	}
	return time.Time{}, apperr.InvalidField(field, "Give a date, such as 2026-11-21.")
}

func (s *Service) newPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	f := form{Role: r.FormValue("role")}
	if !slices.Contains(clock.Roles(), clock.Role(f.Role)) {
		f.Role = string(clock.SLA)
	}
	var terms clock.Terms
	if r.FormValue("standard") != "" {
		f.Name, terms = text.T(ctx, "Standard service level"), usual()
	}
	standard, err := s.d.Calendars.Standard(ctx, s.d.DB.Reader())
	if err != nil {
		return err
	}
	terms.Calendar = standard.ID
	f.draw(ctx, &terms)
	if len(terms.Targets) == 0 {
		f.Warn = "75, 100"
	}
	return s.editor(w, r, nil, &f, nil, nil)
}

// usual are promises that many begin with: P1 1 h / 4 h, and so on.
func usual() clock.Terms {
	const hour = time.Hour
	t := clock.Terms{Warn: []int{75, 100}}
	for _, x := range []struct {
		priority             int
		response, resolution time.Duration
	}{{1, hour, 4 * hour}, {2, 2 * hour, 8 * hour}, {3, 4 * hour, 24 * hour}, {0, 8 * hour, 40 * hour}} {
		t.Targets = append(t.Targets,
			clock.Target{Measure: clock.Response, Priority: x.priority, Within: x.response},
			clock.Target{Measure: clock.Resolution, Priority: x.priority, Within: x.resolution})
	}
	return t
}

func (s *Service) editPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	a, err := s.Get(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	f := form{Role: string(a.Role), Name: a.Name, Party: a.Party, Owner: a.OwnerID, Description: a.Description, Version: a.Version}
	if !a.Ends.IsZero() {
		f.Ends = a.Ends.In(text.From(ctx).Location).Format(local)
	}
	v := a.At(s.now())
	f.draw(ctx, &v.Terms)
	return s.editor(w, r, &a, &f, nil, nil)
}

// read reads the posted form.
func (s *Service) read(r *http.Request) (*form, error) {
	var f form
	err := web.Form(r, &f, nil)
	if f.Cells == nil {
		f.Cells = map[string]string{}
	}
	return &f, err
}

func (s *Service) createPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	f, err := s.read(r)
	if err != nil {
		return s.again(w, r, nil, f, err)
	}
	if f.Do == "row" {
		f.Rows++
		return s.editor(w, r, nil, f, nil, nil)
	}
	var wrong apperr.Problems
	terms, cells := f.terms(&wrong)
	from, err := readInstant(ctx, "from", f.From)
	noteFields(&wrong, err)
	ends, err := readInstant(ctx, "ends", f.Ends)
	noteFields(&wrong, err)
	in := Draft{Name: f.Name, Role: clock.Role(f.Role), Party: f.Party, Description: f.Description, OwnerID: f.Owner, From: from, Ends: ends, Terms: terms}
	if err := wrong.Err(); err != nil {
		return s.again(w, r, nil, f, err)
	}
	if f.Do == "preview" {
		a, report, err := s.Preview(ctx, in)
		if err != nil {
			return s.again(w, r, nil, f, beside(err, cells))
		}
		return s.editor(w, r, nil, f, s.preview(ctx, &a, &report), nil)
	}
	if f.Do == "try" {
		t, err := s.Simulate(ctx, in, usualDays)
		if err != nil {
			return s.again(w, r, nil, f, beside(err, cells))
		}
		return s.editor(w, r, nil, f, s.tried(ctx, &t), nil)
	}
	a, err := s.Create(ctx, in)
	if err != nil {
		return s.again(w, r, nil, f, beside(err, cells))
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "“%s” is saved", a.Name)}, s.d.HTTPS)
	return web.Redirect(w, r, address(a.ID))
}

func noteFields(wrong *apperr.Problems, err error) {
	for _, f := range apperr.FieldsOf(err) {
		wrong.Add(f.Name, "%s", f.Message)
	}
}

// again shows the form with what is wrong with it.
func (s *Service) again(w http.ResponseWriter, r *http.Request, a *Agreement, f *form, err error) error {
	if !back(err) {
		return err
	}
	var e *apperr.Error
	if errors.As(err, &e) {
		if now, ok := e.Detail.(*Agreement); ok {
			f.Version = now.Version
		}
	}
	return s.editor(w, r, a, f, nil, err)
}

func (s *Service) savePage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	a, err := s.Get(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	f, err := s.read(r)
	if err != nil {
		return s.again(w, r, &a, f, err)
	}
	f.Role = string(a.Role)
	if f.Do == "row" {
		f.Rows++
		return s.editor(w, r, &a, f, nil, nil)
	}
	var wrong apperr.Problems
	terms, cells := f.terms(&wrong)
	from, err := readInstant(ctx, "from", f.From)
	noteFields(&wrong, err)
	ends, err := readInstant(ctx, "ends", f.Ends)
	noteFields(&wrong, err)
	if err := wrong.Err(); err != nil {
		return s.again(w, r, &a, f, err)
	}
	change := Changes{Name: &f.Name, Description: &f.Description, OwnerID: &f.Owner, Terms: &terms, From: from}
	if f.Ends != shownInstant(ctx, a.Ends) { // the form knows minutes: what was not touched stays
		change.Ends = &ends
	}
	if f.Do == "preview" {
		after, report, err := s.PreviewChange(ctx, a.ID, change)
		if err != nil {
			return s.again(w, r, &a, f, beside(err, cells))
		}
		return s.editor(w, r, &a, f, s.preview(ctx, &after, &report), nil)
	}
	if f.Do == "try" {
		t, err := s.SimulateChange(ctx, a.ID, change, usualDays)
		if err != nil {
			return s.again(w, r, &a, f, beside(err, cells))
		}
		return s.editor(w, r, &a, f, s.tried(ctx, &t), nil)
	}
	if _, err := s.Change(ctx, a.ID, f.Version, change); err != nil {
		return s.again(w, r, &a, f, beside(err, cells))
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "“%s” is saved", f.Name)}, s.d.HTTPS)
	return web.Redirect(w, r, address(a.ID))
}

func shownInstant(ctx context.Context, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(text.From(ctx).Location).Format(local)
}

// preview says what there is to say about an agreement before it is saved.
func (s *Service) preview(ctx context.Context, a *Agreement, report *Report) templ.Component {
	w := &words{kinds: s.d.Kinds.In(ctx).All()}
	v := w.report(ctx, report)
	return view.Preview(v)
}

// checkLength answers a cell that was left, with what is wrong with it.
func (s *Service) checkLength(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	var f struct {
		Row      int               `form:"row"`
		Priority int               `form:"priority"`
		Label    string            `form:"label,line,max=200"`
		Cells    map[string]string `form:"t.*"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	typed := f.Cells[fmt.Sprintf("%d.p%d", f.Row, f.Priority)]
	wrong := map[string]string{}
	if strings.TrimSpace(typed) != "" {
		if _, err := ParseSpan(typed); err != nil {
			wrong[cellName(f.Row, f.Priority)] = apperr.FieldsOf(err)[0].Message.In(ctx)
		}
	}
	return web.Render(w, r, http.StatusOK, cell(f.Row, f.Priority, f.Label, typed, wrong))
}

func cellName(row, priority int) string { return fmt.Sprintf("t.%d.p%d", row, priority) }

// cell is one length of time, which is checked as it is left.
func cell(row, priority int, label, typed string, wrong map[string]string) ui.TextField {
	name := cellName(row, priority)
	id := fmt.Sprintf("t-%d-p%d", row, priority)
	return ui.TextField{
		Field: ui.Field{Name: name, ID: id, Label: label, Error: wrong[name], HX: ui.HX{
			Post: URL + "/length", Trigger: "change", Target: "#" + id + "-field", Swap: "outerHTML",
			Values: map[string]string{"row": strconv.Itoa(row), "priority": strconv.Itoa(priority), "label": label},
		}},
		Value: typed, MaxLength: 80, Autocomplete: "off",
	}
}

// editor shows the form; a is nil for a new agreement.
func (s *Service) editor(w http.ResponseWriter, r *http.Request, a *Agreement, f *form, report templ.Component, failed error) error {
	ctx := r.Context()
	role := clock.Role(f.Role)
	names, err := s.wordsFor(ctx, &Agreement{Role: role, Party: f.Party, OwnerID: f.Owner, Versions: []Version{{Version: clock.Version{Terms: clock.Terms{Services: f.Services, Offerings: f.Offerings}}}}})
	if err != nil {
		return err
	}
	calendars, err := s.d.Calendars.List(ctx, calendar.Query{Limit: lookup.Limit(200)})
	if err != nil {
		return err
	}
	wrong := apperr.ByField(ctx, failed)
	m := view.Editor{
		Title: text.T(ctx, "New agreement"), Action: URL, Cancel: URL, Save: text.T(ctx, "Save the agreement"), Try: tryLabel(ctx), Report: report,
		Trail:  []ui.Crumb{{Label: text.T(ctx, "Agreements"), URL: URL}, {Label: text.T(ctx, "New agreement")}},
		Hidden: []ui.Hidden{{Name: "version", Value: formatID(f.Version)}, {Name: "rows", Value: strconv.Itoa(f.Rows)}, {Name: "role", Value: f.Role}},
	}
	if failed != nil {
		m.Alert = ui.Alert{Tone: ui.Critical, Title: apperr.Message(failed).In(ctx)}
		if apperr.Is(failed, apperr.Conflict) {
			m.Alert.Text = text.T(ctx, "Your changes are still in the form. Saving again puts them over what is there now.")
		}
	}
	if a != nil {
		m.Title, m.Action, m.Cancel, m.Save = text.T(ctx, "Change “%s”", a.Name), address(a.ID), address(a.ID), text.T(ctx, "Save")
		m.Lead = text.T(ctx, "Other promises make a new version. Tickets that came in before keep theirs.")
		m.Trail = []ui.Crumb{{Label: text.T(ctx, "Agreements"), URL: URL}, {Label: a.Name, URL: address(a.ID)}, {Label: text.T(ctx, "Change")}}
	} else {
		for _, role := range clock.Roles() {
			m.Roles = append(m.Roles, ui.Tab{Label: roleLabel(ctx, role), URL: newURL(role), Active: string(role) == f.Role})
		}
	}
	m.Sections = []view.Section{
		s.whoSection(ctx, a, f, names, wrong),
		{ID: "promises", Title: text.T(ctx, "What is promised"), Body: []templ.Component{grid(ctx, f, names, calendars.Items, wrong)}},
		s.whereSection(ctx, f, names, wrong),
		s.clockSection(ctx, f, names, calendars.Items, wrong),
	}
	return s.page(w, r, statusOf(failed), m.Title, m.View())
}

func (s *Service) whoSection(ctx context.Context, a *Agreement, f *form, names *words, wrong map[string]string) view.Section {
	body := []templ.Component{
		ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Required: true, Error: wrong["name"]}, Value: f.Name, MaxLength: maxName, Autofocus: a == nil},
	}
	if a == nil {
		field := ui.Field{Name: "party", Error: wrong["party"]}
		from, chosen := "organisations", names.organisations[f.Party]
		switch clock.Role(f.Role) {
		case clock.OLA:
			field.Label, field.Required, from, chosen = text.T(ctx, "Group"), true, "groups", names.groups[f.Party]
		case clock.UC:
			field.Label, field.Required = text.T(ctx, "Supplier"), true
		default:
			field.Label, field.Help = text.T(ctx, "Customer"), text.T(ctx, "A customer, or a part of one's own organisation. Empty is every customer.")
		}
		body = append(body, ui.Combobox{Field: field, URL: "/choose/" + from, Chosen: chosenOne(f.Party, chosen)})
	} else {
		body = append(body, ui.Values(ui.Value{Label: text.T(ctx, "With whom"), Content: ui.Words(names.party(ctx, a))}))
	}
	begin := ui.DateField{Field: ui.Field{Name: "from", Label: text.T(ctx, "Holds from; empty is now"), Error: wrong["from"], Help: text.T(ctx, "A date in the past gives clocks to tickets that came in since then.")}, Time: true, Value: f.From}
	if a != nil {
		begin.Label, begin.Help = text.T(ctx, "Changed promises hold from; empty is now"), text.T(ctx, "Until then what was promised before holds for new tickets.")
	}
	body = append(body,
		ui.Combobox{Field: ui.Field{Name: "owner", Label: text.T(ctx, "Accountable"), Error: wrong["owner"], Help: text.T(ctx, "Who answers for it.")}, URL: "/choose/people", Chosen: chosenOne(f.Owner, names.by[f.Owner])},
		begin,
		ui.DateField{Field: ui.Field{Name: "ends", Label: text.T(ctx, "Ends; empty is never"), Error: wrong["ends"]}, Time: true, Value: f.Ends},
		ui.TextArea{Field: ui.Field{Name: "description", Label: text.T(ctx, "Description"), Error: wrong["description"]}, Value: f.Description, Rows: 2},
	)
	return view.Section{Title: roleLabel(ctx, clock.Role(f.Role)), Body: body}
}

func (s *Service) whereSection(ctx context.Context, f *form, names *words, wrong map[string]string) view.Section {
	kinds := ui.Checks{Field: ui.Field{Name: "kinds", Label: text.T(ctx, "Kinds of tickets; none is all"), Error: wrong["kinds"]}, Inline: true}
	for _, d := range names.kinds {
		kinds.Options = append(kinds.Options, ui.Option{Value: d.Key, Label: d.Label, Selected: slices.Contains(f.Kinds, d.Key)})
	}
	services := ui.Combobox{Field: ui.Field{Name: "services", Label: text.T(ctx, "Services; none is all"), Error: wrong["services"]}, URL: "/choose/services", Multiple: true}
	for _, id := range f.Services {
		services.Chosen = append(services.Chosen, ui.Choice{Value: formatID(id), Label: names.services[id]})
	}
	offerings := ui.Combobox{
		Field: ui.Field{Name: "offerings", Label: text.T(ctx, "Offerings; none is all"), Error: wrong["offerings"], Help: text.T(ctx, "Levels of services, such as premium. It then holds only for customers who have one of them.")},
		URL:   "/choose/offerings", Multiple: true,
	}
	for _, id := range f.Offerings {
		offerings.Chosen = append(offerings.Chosen, ui.Choice{Value: formatID(id), Label: names.offering(ctx, id)})
	}
	return view.Section{Title: text.T(ctx, "For which tickets"), Body: []templ.Component{services, offerings, kinds}}
}

func (s *Service) clockSection(ctx context.Context, f *form, names *words, calendars []calendar.Record, wrong map[string]string) view.Section {
	pauses := ui.Checks{Field: ui.Field{Name: "pauses", Label: text.T(ctx, "Reasons that pause the clocks, if the agreement says so itself"), Error: wrong["pauses"]}}
	var seen []string
	for _, d := range names.kinds {
		for _, state := range d.States {
			for _, reason := range state.Reasons {
				if !slices.Contains(seen, reason.Key) {
					seen = append(seen, reason.Key)
					pauses.Options = append(pauses.Options, ui.Option{Value: reason.Key, Label: reason.Label, Selected: slices.Contains(f.Pauses, reason.Key)})
				}
			}
		}
	}
	return view.Section{Title: text.T(ctx, "How the clocks run"), Body: []templ.Component{
		ui.Select{Field: ui.Field{Name: "calendar", Label: text.T(ctx, "Counted by"), Required: true, Error: wrong["calendar"], Help: text.T(ctx, "The calendar whose hours count.")}, Options: calendarOptions(calendars, f.Calendar)},
		ui.TextField{Field: ui.Field{Name: "warn", Label: text.T(ctx, "Warn at, in percent"), Error: wrong["warn"], Help: text.T(ctx, "Of the promised time, with commas between: 75, 100.")}, Value: f.Warn},
		ui.Radios{Field: ui.Field{Name: "own_pauses", Label: text.T(ctx, "What pauses the clocks")}, Options: []ui.Option{
			{Value: "", Label: text.T(ctx, "What the workflow says"), Selected: f.OwnPauses == ""},
			{Value: "own", Label: text.T(ctx, "Only the reasons below"), Selected: f.OwnPauses == "own"},
		}},
		pauses,
		ui.Radios{Field: ui.Field{Name: "reopen", Label: text.T(ctx, "When a ticket is reopened"), Error: wrong["reopen"]}, Options: []ui.Option{
			{Value: "", Label: text.T(ctx, "The clock goes on with what was used"), Selected: f.Reopen != string(clock.Restart)},
			{Value: string(clock.Restart), Label: text.T(ctx, "The clock begins again"), Selected: f.Reopen == string(clock.Restart)},
		}},
	}}
}

func calendarOptions(calendars []calendar.Record, chosen int64) []ui.Option {
	out := make([]ui.Option, 0, len(calendars))
	for i := range calendars {
		out = append(out, ui.Option{Value: formatID(calendars[i].ID), Label: calendars[i].Name, Selected: calendars[i].ID == chosen})
	}
	return out
}

// grid is the targets as a table: measure by priority.
func grid(ctx context.Context, f *form, names *words, calendars []calendar.Record, wrong map[string]string) view.Grid {
	g := view.Grid{Error: wrong["targets"], Help: text.T(ctx, "Write 8h, 30m or 1h 30m of business time, or 2 business days until 17:00. What is empty is not promised.")}
	lowest := lowestPriority(names.kinds)
	priorities := make([]int, 0, lowest+1)
	for p := 1; p <= lowest; p++ {
		priorities = append(priorities, p)
	}
	for _, p := range append(priorities, 0) {
		g.Priorities = append(g.Priorities, names.priority(ctx, p))
	}
	for i := range min(max(f.Rows, 1), maxRows) {
		chosen := f.row(i, "what")
		row := view.GridRow{
			What:     ui.Select{Field: ui.Field{Name: fmt.Sprintf("t.%d.what", i), ID: fmt.Sprintf("t-%d-what", i), Label: text.T(ctx, "What is promised, row %d", i+1), Error: wrong[fmt.Sprintf("t.%d.what", i)]}, Options: whatOptions(ctx, names, chosen)},
			Calendar: ui.Select{Field: ui.Field{Name: fmt.Sprintf("t.%d.calendar", i), ID: fmt.Sprintf("t-%d-calendar", i), Label: text.T(ctx, "Counted by, row %d", i+1), Error: wrong[fmt.Sprintf("t.%d.calendar", i)]}, Placeholder: text.T(ctx, "As all"), Options: calendarOptions(calendars, number(f.row(i, "calendar")))},
		}
		for _, p := range append(priorities, 0) {
			label := text.T(ctx, "%s, row %d", names.priority(ctx, p), i+1)
			row.Cells = append(row.Cells, cell(i, p, label, f.row(i, "p"+strconv.Itoa(p)), wrong))
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// number reads an id; what is none is 0.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func whatOptions(ctx context.Context, names *words, chosen string) []ui.Option {
	var out []ui.Option
	for _, m := range clock.Measures() {
		if m != clock.Step {
			out = append(out, ui.Option{Value: string(m), Label: names.measure(ctx, m, ""), Selected: string(m) == chosen})
		}
	}
	var seen []string
	for _, d := range names.kinds {
		for _, state := range d.States {
			if state.Category.Active() && !slices.Contains(seen, state.Key) {
				seen = append(seen, state.Key)
				value := what(clock.Step, state.Key)
				out = append(out, ui.Option{Value: value, Label: names.measure(ctx, clock.Step, state.Key), Selected: value == chosen, Group: text.T(ctx, "Time in a state")})
			}
		}
	}
	return out
}
