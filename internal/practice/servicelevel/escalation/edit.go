package escalation

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/escalation/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// form is what the editor posts.
type form struct {
	Do          string            `form:"do"`
	Name        string            `form:"name,line"`
	Description string            `form:"description"`
	Active      bool              `form:"active"`
	Agreements  []int64           `form:"agreements"`
	Measures    []string          `form:"measures"`
	Critical    bool              `form:"critical"`
	QuietFrom   string            `form:"quiet_from,line,max=10"`
	QuietTo     string            `form:"quiet_to,line,max=10"`
	Weekend     bool              `form:"weekend"`
	Rows        int               `form:"rows"`
	Cells       map[string]string `form:"r.*"`  // "0.anchor", "0.much"
	Tell        map[string]string `form:"to.*"` // "0.leads"
	Groups      map[string]string `form:"g.*"`
	Removed     map[string]string `form:"x.*"`
	Ticket      string            `form:"ticket,line,max=40"`
	Version     int64             `form:"version"`

	persons map[int][]int64
	rooms   map[int][]int64
}

func (f *form) cell(i int, name string) string { return f.Cells[itoa(i)+"."+name] }

func emptyForm() *form {
	return &form{Active: true, Cells: map[string]string{}, Tell: map[string]string{}, Groups: map[string]string{}, persons: map[int][]int64{}, rooms: map[int][]int64{}}
}

// draw puts a ladder into the form.
func (f *form) draw(l *Ladder) {
	f.Name, f.Description, f.Active, f.Agreements, f.Critical, f.Weekend, f.Version = l.Name, l.Description, l.Active, l.Agreements, l.Critical, l.Quiet.Weekend, l.Version
	for _, m := range l.Measures {
		f.Measures = append(f.Measures, string(m))
	}
	if l.Quiet.From != l.Quiet.To {
		f.QuietFrom, f.QuietTo = clockText(l.Quiet.From), clockText(l.Quiet.To)
	}
	f.Rows = len(l.Rungs)
	for i := range l.Rungs {
		r, at := &l.Rungs[i], itoa(i)+"."
		f.Cells[at+"id"], f.Cells[at+"anchor"], f.Cells[at+"much"] = formatID(r.ID), string(r.Anchor), spanText(r.Span)
		if r.Anchor == AtPercent {
			f.Cells[at+"much"] = itoa(r.Percent)
		}
		if r.Every > 0 {
			f.Cells[at+"every"], f.Cells[at+"times"] = spanText(r.Every), itoa(r.Times)
		}
		if r.ByClock {
			f.Cells[at+"by"] = "clock"
		}
		if r.Raise {
			f.Cells[at+"raise"] = "true"
		}
		if r.Up > 0 {
			f.Cells[at+"up"] = itoa(r.Up)
		}
		f.Cells[at+"condition"], f.Cells[at+"role"], f.Cells[at+"tag"] = r.Condition, r.Role, r.Tag
		for _, a := range r.Tell {
			f.Tell[at+string(a)] = "true"
		}
		if r.Group != 0 {
			f.Groups[itoa(i)] = formatID(r.Group)
		}
		f.persons[i], f.rooms[i] = r.Persons, r.Channels
	}
}

// ladder reads the form. Its errors name the fields of the form: "r.0.much". places
// says in which row of the form each rung stands.
func (f *form) ladder() (l Ladder, places []int, err error) {
	var wrong apperr.Problems
	l = Ladder{Name: f.Name, Description: f.Description, Active: f.Active, Body: Body{Agreements: f.Agreements, Critical: f.Critical}}
	for _, m := range f.Measures {
		l.Measures = append(l.Measures, clock.Measure(m))
	}
	if l.Quiet, err = parseQuiet(f.QuietFrom, f.QuietTo, f.Weekend); err != nil {
		for _, field := range apperr.FieldsOf(err) {
			wrong.Say(field.Name, field.Message)
		}
	}
	for i := range min(f.Rows, MaxRungs) {
		if f.Removed[itoa(i)] != "" || f.empty(i) {
			continue
		}
		r := Rung{
			ID: number(f.cell(i, "id")), Anchor: Anchor(f.cell(i, "anchor")), ByClock: f.cell(i, "by") == "clock", Condition: f.cell(i, "condition"),
			Role: f.cell(i, "role"), Persons: f.persons[i], Channels: f.rooms[i], Group: number(f.Groups[itoa(i)]), Raise: f.cell(i, "raise") != "", Tag: f.cell(i, "tag"),
		}
		for _, a := range Audiences() {
			if f.Tell[itoa(i)+"."+string(a)] != "" {
				r.Tell = append(r.Tell, a)
			}
		}
		much := f.cell(i, "much")
		if r.Anchor == AtPercent {
			r.Percent, _ = strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(much, "%"))) // what is no number is 0, and refused
		} else if r.Span, err = parseSpan(much); err != nil {
			wrong.Say("r."+itoa(i)+".much", apperr.Message(err))
		}
		if r.Every, err = parseSpan(f.cell(i, "every")); err != nil {
			wrong.Say("r."+itoa(i)+".every", apperr.Message(err))
		}
		if times := f.cell(i, "times"); times != "" {
			if r.Times, err = strconv.Atoi(times); err != nil {
				wrong.Add("r."+itoa(i)+".times", "Repeat 1 to %d times.", MaxRounds)
			}
		}
		if up := f.cell(i, "up"); up != "" {
			if r.Up, err = strconv.Atoi(up); err != nil {
				wrong.Add("r."+itoa(i)+".up", "Go up 1 to %d levels.", MaxUp)
			}
		}
		l.Rungs, places = append(l.Rungs, r), append(places, i)
	}
	return l, places, wrong.Err()
}

// empty reports whether nothing was written into a row.
func (f *form) empty(i int) bool {
	at := itoa(i)
	for _, name := range []string{"much", "every", "times", "condition", "role", "raise", "tag", "up"} {
		if f.cell(i, name) != "" {
			return false
		}
	}
	for _, a := range Audiences() {
		if f.Tell[at+"."+string(a)] != "" {
			return false
		}
	}
	return f.Groups[at] == "" && len(f.persons[i]) == 0 && len(f.rooms[i]) == 0
}

// number reads an id; what is none is 0.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// beside moves errors of rungs to the fields they were typed in.
func beside(err error, places []int) error {
	var e *apperr.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	out := *e
	out.Fields = nil
	for _, f := range e.Fields {
		if rest, ok := strings.CutPrefix(f.Name, "rungs."); ok {
			at, part, _ := strings.Cut(rest, ".")
			if i, err := strconv.Atoi(at); err == nil && i < len(places) {
				switch part {
				case "percent", "span":
					part = "much"
				}
				f.Name = "r." + itoa(places[i]) + "." + part
			}
		}
		out.Fields = append(out.Fields, f)
	}
	return &out
}

// usual are rungs that many begin with.
func usual() Ladder {
	return Ladder{Active: true, Body: Body{Quiet: Quiet{From: 20 * 60, To: 7 * 60, Weekend: true}, Rungs: []Rung{
		{Anchor: AtPercent, Percent: 75, Tell: []Audience{Assignee}},
		{Anchor: AtPercent, Percent: 90, Tell: []Audience{Assignee, Leads}},
		{Anchor: AfterDue, Tell: []Audience{Leads, ServiceOwner}, Tag: "overdue"},
		{Anchor: AfterDue, Span: 4 * time.Hour, Every: 8 * time.Hour, Times: 3, Tell: []Audience{Chain}},
	}}}
}

func (s *Service) newPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	f := emptyForm()
	if r.FormValue("standard") != "" {
		l := usual()
		l.Name = text.T(ctx, "Standard escalation")
		f.draw(&l)
	} else {
		f.Rows = 1
	}
	return s.editor(w, r, nil, f, nil, nil)
}

func (s *Service) editPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	l, err := s.Get(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	f := emptyForm()
	f.draw(&l)
	return s.editor(w, r, &l, f, nil, nil)
}

// read reads the posted form.
func read(r *http.Request) (*form, error) {
	f := emptyForm()
	err := web.Form(r, f, nil)
	f.persons, f.rooms = map[int][]int64{}, map[int][]int64{}
	for i := range min(f.Rows, MaxRungs) {
		for _, id := range r.Form["p."+itoa(i)] {
			if n := number(id); n != 0 && len(f.persons[i]) <= maxPersons {
				f.persons[i] = append(f.persons[i], n)
			}
		}
		for _, id := range r.Form["c."+itoa(i)] {
			if n := number(id); n != 0 && len(f.rooms[i]) <= maxRooms {
				f.rooms[i] = append(f.rooms[i], n)
			}
		}
	}
	return f, err
}

func (s *Service) createPage(w http.ResponseWriter, r *http.Request) error { return s.post(w, r, nil) }

func (s *Service) savePage(w http.ResponseWriter, r *http.Request) error {
	if err := mayManage(r.Context()); err != nil {
		return err
	}
	l, err := s.Get(r.Context(), web.PathID(r, "id"))
	if err != nil {
		return err
	}
	return s.post(w, r, &l)
}

// post does what a button of the form says; l is nil for a new ladder.
func (s *Service) post(w http.ResponseWriter, r *http.Request, l *Ladder) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	f, err := read(r)
	if err != nil {
		return s.again(w, r, l, f, err)
	}
	switch {
	case f.Do == "rung":
		f.Rows = min(f.Rows+1, MaxRungs)
		return s.editor(w, r, l, f, nil, nil)
	case f.Do == "delete" && l != nil:
		if err := s.Delete(ctx, l.ID, f.Version); err != nil {
			return s.again(w, r, l, f, err)
		}
		web.Flash(w, web.Toast{Text: text.T(ctx, "“%s” is deleted", l.Name)}, s.d.HTTPS)
		return web.Redirect(w, r, view.URL)
	}
	in, places, err := f.ladder()
	if err != nil {
		return s.again(w, r, l, f, err)
	}
	if f.Do == "preview" {
		if l != nil {
			in.ID = l.ID
		}
		p, err := s.Preview(ctx, in, refOf(f.Ticket))
		if err != nil {
			return s.again(w, r, l, f, beside(err, places))
		}
		shown, err := s.preview(ctx, &in, &p, f.Ticket)
		if err != nil {
			return err
		}
		return s.editor(w, r, l, f, shown, nil)
	}
	if l == nil {
		in, err = s.Create(ctx, in)
	} else {
		in, err = s.Change(ctx, l.ID, f.Version, in)
	}
	if err != nil {
		return s.again(w, r, l, f, beside(err, places))
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "“%s” is saved", in.Name)}, s.d.HTTPS)
	return web.Redirect(w, r, view.URL)
}

// again shows the form with what is wrong with it.
func (s *Service) again(w http.ResponseWriter, r *http.Request, l *Ladder, f *form, err error) error {
	if !apperr.Is(err, apperr.Invalid) && !apperr.Is(err, apperr.Conflict) {
		return err
	}
	if now, ok := apperr.Now[Ladder](err); ok && now != nil {
		f.Version = now.Version
	}
	return s.editor(w, r, l, f, nil, err)
}

// preview says what a ladder would have done.
func (s *Service) preview(ctx context.Context, l *Ladder, p *Preview, only string) (*view.Preview, error) {
	n, err := s.namesOf(ctx, l)
	if err != nil {
		return nil, err
	}
	out := &view.Preview{
		Title: text.T(ctx, "What would have fired since %s", text.DateTime(ctx, p.From)),
		Lead:  text.T(ctx, "%s firings on %s of %s tickets that were looked at. Conditions of rungs are not looked at.", text.Number(ctx, int64(p.Fired)), text.Number(ctx, int64(p.Reached)), text.Number(ctx, int64(p.Tickets))),
		Table: ui.Table{
			ID: "preview-list", Caption: text.T(ctx, "The newest of them"),
			Columns: []ui.Column{
				{Key: "ticket", Label: text.T(ctx, "Ticket"), Main: true},
				{Key: "at", Label: text.T(ctx, "At"), Shrink: true},
				{Key: "rung", Label: text.T(ctx, "When")},
				{Key: "does", Label: text.T(ctx, "What it does")},
			},
			Empty: ui.EmptyState{Icon: ui.IconStairsUp, Title: text.T(ctx, "Nothing would have fired")},
		},
	}
	if p.More {
		out.Lead += " " + text.T(ctx, "There are more tickets than are looked at: these are the newest.")
	}
	if only != "" {
		out.Title = text.T(ctx, "What would have fired on %s", only)
	}
	for i, count := range p.ByRung {
		out.ByRung = append(out.ByRung, view.Count{Rung: l.Rungs[i].when(ctx, 0), N: text.Number(ctx, int64(count))})
	}
	for _, item := range p.Items {
		r := &l.Rungs[item.Rung]
		what := text.T(ctx, "%s: %s", measureLabel(ctx, item.Clock.Measure, item.Clock.State), r.when(ctx, item.Round))
		out.Table.Rows = append(out.Table.Rows, ui.Row{Cells: []templ.Component{
			ui.Link{Label: item.Number + " " + item.Title, URL: view.TicketURL(item.Number)}, ui.Moment{At: item.At}, ui.Words(what), ui.Words(r.does(ctx, n)),
		}})
	}
	return out, nil
}

// editor shows the form; l is nil for a new ladder.
func (s *Service) editor(w http.ResponseWriter, r *http.Request, l *Ladder, f *form, preview *view.Preview, failed error) error {
	ctx := r.Context()
	wrong := apperr.ByField(ctx, failed)
	m := view.Editor{
		Title: text.T(ctx, "New ladder"), Action: view.URL, Cancel: view.URL, Preview: preview, RungsError: wrong["rungs"], More: f.Rows < MaxRungs,
		Lead:   text.T(ctx, "Rungs fire for what comes from now on: a new ladder does not tell of what is overdue already."),
		Trail:  []ui.Crumb{{Label: text.T(ctx, "Escalation ladders"), URL: view.URL}, {Label: text.T(ctx, "New ladder")}},
		Hidden: []ui.Hidden{{Name: "version", Value: formatID(f.Version)}, {Name: "rows", Value: itoa(f.Rows)}},
		Try:    ui.TextField{Field: ui.Field{Name: "ticket", Label: text.T(ctx, "Only one ticket"), Error: wrong["ticket"], Help: text.T(ctx, "Its number. Empty looks at all tickets of the last 30 days.")}, Value: f.Ticket},
	}
	if l != nil {
		m.Title, m.Action, m.Delete = l.Name, address(l.ID), "delete"
		m.Trail[1].Label = l.Name
	}
	if failed != nil {
		m.Alert = ui.Alert{Tone: ui.Critical, Title: apperr.Message(failed).In(ctx)}
		if apperr.Is(failed, apperr.Conflict) {
			m.Alert.Text = text.T(ctx, "Your changes are still in the form. Saving again puts them over what is there now.")
		}
	}
	shown := Ladder{Body: Body{Agreements: f.Agreements}}
	for i := range min(f.Rows, MaxRungs) {
		shown.Rungs = append(shown.Rungs, Rung{Group: number(f.Groups[itoa(i)]), Persons: f.persons[i]})
	}
	n, err := s.namesOf(ctx, &shown)
	if err != nil {
		return err
	}
	agreements, err := s.d.Agreements.Book(ctx, s.d.DB.Reader())
	if err != nil {
		return err
	}
	roles, err := s.d.Roles.Definitions(ctx, s.d.DB.Reader())
	if err != nil {
		return err
	}
	rooms, err := s.rooms(ctx, s.d.DB.Reader())
	if err != nil {
		return err
	}
	m.About = aboutFields(ctx, f, agreements, wrong)
	for i := range min(f.Rows, MaxRungs) {
		m.Rungs = append(m.Rungs, rungFields(ctx, f, i, n, roles, rooms, wrong))
	}
	status := http.StatusOK
	switch {
	case apperr.Is(failed, apperr.Conflict):
		status = http.StatusConflict
	case failed != nil:
		status = http.StatusUnprocessableEntity
	}
	return s.d.Frame.Page(w, r, module.Page{Title: m.Title, Active: MenuID, Status: status}, m.View())
}

func aboutFields(ctx context.Context, f *form, agreements []clock.Agreement, wrong map[string]string) []templ.Component {
	chosen := ui.Checks{Field: ui.Field{Name: "agreements", Label: text.T(ctx, "Agreements; none is every one without a ladder of its own"), Error: wrong["agreements"]}, Inline: true}
	for i := range agreements {
		a := &agreements[i]
		chosen.Options = append(chosen.Options, ui.Option{Value: formatID(a.ID), Label: a.Name, Selected: slices.Contains(f.Agreements, a.ID)})
	}
	measures := ui.Checks{Field: ui.Field{Name: "measures", Label: text.T(ctx, "Promises; none is all"), Error: wrong["measures"]}, Inline: true}
	for _, m := range clock.Measures() {
		measures.Options = append(measures.Options, ui.Option{Value: string(m), Label: measureLabel(ctx, m, ""), Selected: slices.Contains(f.Measures, string(m))})
	}
	return []templ.Component{
		ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Required: true, Error: wrong["name"]}, Value: f.Name, MaxLength: maxName},
		ui.TextArea{Field: ui.Field{Name: "description", Label: text.T(ctx, "Description"), Error: wrong["description"]}, Value: f.Description, Rows: 2},
		ui.Check{Field: ui.Field{Name: "active", Label: text.T(ctx, "In force")}, Checked: f.Active, Value: "true"},
		chosen, measures,
		ui.Check{Field: ui.Field{Name: "critical", Label: text.T(ctx, "Only for mission-critical services"), Help: text.T(ctx, "Those that the business stops without. For them it goes before every other ladder.")}, Checked: f.Critical, Value: "true"},
		ui.TextField{Field: ui.Field{Name: "quiet_from", Label: text.T(ctx, "Quiet from"), Error: wrong["quiet_from"], Help: text.T(ctx, "What would fire in quiet hours is held back until they end. Times are those of the agreement's calendar. Empty is never quiet, as for mission-critical services.")}, Value: f.QuietFrom, Placeholder: "20:00"},
		ui.TextField{Field: ui.Field{Name: "quiet_to", Label: text.T(ctx, "Quiet until"), Error: wrong["quiet_to"]}, Value: f.QuietTo, Placeholder: "07:00"},
		ui.Check{Field: ui.Field{Name: "weekend", Label: text.T(ctx, "Saturday and Sunday are quiet, too")}, Checked: f.Weekend, Value: "true"},
	}
}

func rungFields(ctx context.Context, f *form, i int, n names, roles []access.Role, rooms []channel.Room, wrong map[string]string) view.Rung {
	field := func(name, label string) ui.Field {
		return ui.Field{Name: "r." + itoa(i) + "." + name, ID: "r-" + itoa(i) + "-" + name, Label: label, Error: wrong["r."+itoa(i)+"."+name]}
	}
	input := func(name, label, help string) ui.TextField {
		out := ui.TextField{Field: field(name, label), Value: f.cell(i, name)}
		out.Help = help
		return out
	}
	out := view.Rung{
		Number: i, ID: f.cell(i, "id"), Title: text.T(ctx, "Rung %d", i+1),
		Remove: ui.Check{Field: ui.Field{Name: "x." + itoa(i), ID: "x-" + itoa(i), Label: text.T(ctx, "Remove this rung")}, Value: "true", Checked: f.Removed[itoa(i)] != ""},
	}
	anchor := ui.Select{Field: field("anchor", text.T(ctx, "When"))}
	for _, a := range Anchors() {
		label := map[Anchor]string{
			AtPercent: text.T(ctx, "Percent of the time used"), BeforeDue: text.T(ctx, "Before it is due"), AfterDue: text.T(ctx, "After it is due"),
		}[a]
		anchor.Options = append(anchor.Options, ui.Option{Value: string(a), Label: label, Selected: f.cell(i, "anchor") == string(a)})
	}
	by := ui.Select{Field: field("by", text.T(ctx, "Counted in")), Options: []ui.Option{
		{Value: "", Label: text.T(ctx, "business time")}, {Value: "clock", Label: text.T(ctx, "time by the clock"), Selected: f.cell(i, "by") == "clock"},
	}}
	out.Fields = []templ.Component{
		anchor, input("much", text.T(ctx, "How much"), text.T(ctx, "A percent such as 75, or a time such as 30m or 2h.")), by,
		input("every", text.T(ctx, "After it is due: again every"), text.T(ctx, "Such as 4h; empty is once.")),
		input("times", text.T(ctx, "So many times more"), ""),
	}
	tell := ui.Checks{Field: ui.Field{Name: "to." + itoa(i), ID: "to-" + itoa(i), Label: text.T(ctx, "Tells"), Error: wrong["r."+itoa(i)+".tell"]}}
	group := number(f.Groups[itoa(i)])
	groups := ui.Combobox{Field: ui.Field{Name: "g." + itoa(i), ID: "g-" + itoa(i), Label: text.T(ctx, "Gives it to the group"), Error: wrong["r."+itoa(i)+".group"]}, URL: "/choose/groups"}
	if group != 0 {
		groups.Chosen = []ui.Choice{{Value: formatID(group), Label: n.groups[group]}}
	}
	persons := ui.Combobox{Field: ui.Field{Name: "p." + itoa(i), ID: "p-" + itoa(i), Label: text.T(ctx, "Tells these people"), Error: wrong["r."+itoa(i)+".persons"]}, URL: "/choose/people", Multiple: true}
	for _, p := range f.persons[i] {
		persons.Chosen = append(persons.Chosen, ui.Choice{Value: formatID(p), Label: n.persons[p]})
	}
	role := ui.Select{Field: field("role", text.T(ctx, "Tells everybody with the role")), Placeholder: text.T(ctx, "None")}
	for _, r := range roles {
		role.Options = append(role.Options, ui.Option{Value: r.Key, Label: text.Label(ctx, "role", r.Name), Selected: f.cell(i, "role") == r.Key})
	}
	up := ui.Select{Field: field("up", text.T(ctx, "Tells the manager of the assignee")), Placeholder: text.T(ctx, "No")}
	up.Help = text.T(ctx, "Where nobody stands that high, the group's leads are told, and without any the service's owner.")
	for n := 1; n <= MaxUp; n++ {
		up.Options = append(up.Options, ui.Option{Value: itoa(n), Label: text.N(ctx, n, "%d level up", "%d levels up"), Selected: f.cell(i, "up") == itoa(n)})
	}
	checks := view.Tell{Legend: tell}
	for _, a := range Audiences() {
		checks.Options = append(checks.Options, ui.Check{
			Field: ui.Field{Name: "to." + itoa(i) + "." + string(a), ID: "to-" + itoa(i) + "-" + string(a), Label: audienceLabel(ctx, a)}, Value: "true", Checked: f.Tell[itoa(i)+"."+string(a)] != "",
		})
	}
	raise := ui.Check{Field: field("raise", text.T(ctx, "Raises the priority by one")), Value: "true", Checked: f.cell(i, "raise") != ""}
	condition := input("condition", text.T(ctx, "Only tickets that match"), text.T(ctx, "In the language of lists, such as priority:<=2. Empty is every ticket."))
	condition.Mono = true
	out.Does = []templ.Component{
		checks, up, role, persons, groups, input("tag", text.T(ctx, "Marks it with the tag"), ""), condition, raise,
	}
	if len(rooms) > 0 {
		posts := ui.Checks{Field: ui.Field{Name: "c." + itoa(i), ID: "c-" + itoa(i), Label: text.T(ctx, "Posts in these rooms"), Error: wrong["r."+itoa(i)+".channels"]}, Inline: true}
		for _, r := range rooms {
			posts.Options = append(posts.Options, ui.Option{Value: formatID(r.ID), Label: r.Name, Selected: slices.Contains(f.rooms[i], r.ID)})
		}
		out.Does = slices.Insert(out.Does, 1, templ.Component(posts))
	}
	return out
}
