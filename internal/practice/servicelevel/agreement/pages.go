package agreement

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// MenuID is the entry of the navigation.
const MenuID = "agreements"

func (s *Service) routes(mux *web.Mux) {
	const one = URL + "/{id}"
	mux.Handle("GET "+URL, s.listPage)
	mux.Handle("GET "+URL+"/new", s.newPage)
	mux.Handle("POST "+URL, s.createPage)
	mux.Handle("GET "+URL+"/holding", s.askPage)
	mux.Handle("POST "+URL+"/length", s.checkLength)
	mux.Handle("GET "+one, s.showPage)
	mux.Handle("GET "+one+"/edit", s.editPage)
	mux.Handle("POST "+one, s.savePage)
	mux.Handle("POST "+one+"/end", s.endPage)
	mux.Handle("POST "+one+"/versions/{number}/withdraw", s.withdrawPage)
}

func (s *Service) page(w http.ResponseWriter, r *http.Request, status int, title string, body web.Component) error {
	return s.d.Frame.Page(w, r, module.Page{Title: title, Active: MenuID, Status: status}, body)
}

func (s *Service) listPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	after, err := lookup.ParseCursor(r.FormValue("after"))
	if err != nil {
		return err
	}
	q := Query{Text: r.FormValue("q"), Role: clock.Role(r.FormValue("role")), State: State(r.FormValue("state")), After: after}
	if !slices.Contains(clock.Roles(), q.Role) {
		q.Role = ""
	}
	if !slices.Contains(States(), q.State) {
		q.State = ""
	}
	page, err := s.List(ctx, q)
	if err != nil {
		return err
	}
	table, err := s.table(ctx, page.Items)
	if err != nil {
		return err
	}
	if next := page.Next.String(); next != "" {
		at := r.URL.Query()
		at.Set("after", next)
		table.More = ui.LoadMore{URL: URL + "?" + at.Encode(), Auto: true}
	}
	if r.FormValue("after") != "" && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(table))
	}
	m := view.List{Action: URL, Role: string(q.Role), Query: q.Text, Table: table}
	for _, role := range append([]clock.Role{""}, clock.Roles()...) {
		label := text.T(ctx, "All")
		if role != "" {
			label = roleLabel(ctx, role)
		}
		at := url.Values{"role": {string(role)}, "q": {q.Text}, "state": {string(q.State)}}
		m.Roles = append(m.Roles, ui.Tab{Label: label, URL: URL + "?" + at.Encode(), Active: role == q.Role})
	}
	m.States = []ui.Option{{Label: text.T(ctx, "All states")}}
	for _, state := range States() {
		m.States = append(m.States, ui.Option{Value: string(state), Label: stateLabel(ctx, state), Selected: state == q.State})
	}
	manages := Manages(access.From(ctx))
	if len(page.Items) == 0 && q == (Query{}) {
		m.First = &view.FirstSteps{}
		if manages {
			m.First.StandardURL, m.First.NewURL = URL+"/new?standard=1", URL+"/new"
		}
	} else {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "What would hold?"), URL: URL + "/holding", Icon: ui.IconHelpCircle})
		if manages {
			m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "New agreement"), URL: newURL(q.Role), Kind: ui.Primary, Icon: ui.IconPlus, Key: "n"})
		}
	}
	return s.page(w, r, http.StatusOK, text.T(ctx, "Agreements"), m.View())
}

func newURL(role clock.Role) string {
	if role == "" {
		return URL + "/new"
	}
	return URL + "/new?role=" + string(role)
}

func (s *Service) table(ctx context.Context, all []Agreement) (ui.Table, error) {
	t := ui.Table{
		ID: "agreements", Caption: text.T(ctx, "Agreements"),
		Columns: []ui.Column{
			{Key: "name", Label: text.T(ctx, "Name"), Main: true},
			{Key: "party", Label: text.T(ctx, "With whom")},
			{Key: "resolution", Label: text.T(ctx, "Resolution")},
			{Key: "owner", Label: text.T(ctx, "Accountable")},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconHeartHandshake, Title: text.T(ctx, "No such agreement"), Text: text.T(ctx, "Take another tab, another state or fewer words.")},
	}
	some := make([]*Agreement, 0, len(all))
	for i := range all {
		some = append(some, &all[i])
	}
	names, err := s.wordsFor(ctx, some...)
	if err != nil {
		return t, err
	}
	for _, a := range some {
		v := a.At(s.now())
		resolution := ui.Nothing()
		if span := tightest(&v.Terms); span != (Span{}) {
			resolution = ui.Words(span.Words(ctx))
		}
		owner := ui.Nothing()
		if a.OwnerID != 0 {
			owner = ui.Party{Name: names.by[a.OwnerID]}
		}
		t.Rows = append(t.Rows, ui.Row{ID: "agreement-" + formatID(a.ID), URL: address(a.ID), Muted: a.State(s.now()) == Ended, Cells: []templ.Component{
			ui.Link{Label: a.Name, URL: address(a.ID)}, ui.Words(text.T(ctx, "%s (%s)", names.party(ctx, a), roleShort(a.Role))), resolution, owner, stateBadge(ctx, a.State(s.now())),
		}})
	}
	return t, nil
}

// tightest is the resolution that is promised soonest, of those in hours if there
// are any.
func tightest(t *clock.Terms) Span {
	var out Span
	for _, x := range t.Targets {
		span := SpanOf(x)
		switch {
		case x.Measure != clock.Resolution:
		case out == Span{}, span.Within > 0 && (out.Within == 0 || span.Within < out.Within), out.Within == 0 && span.Within == 0 && span.Days < out.Days:
			out = span
		}
	}
	return out
}

func (s *Service) showPage(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, web.PathID(r, "id"), "", nil)
}

// show is an agreement's page, with what went wrong on it.
func (s *Service) show(w http.ResponseWriter, r *http.Request, id int64, typedEnd string, failed error) error {
	ctx := r.Context()
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	names, err := s.wordsFor(ctx, &a)
	if err != nil {
		return err
	}
	report, err := s.Check(ctx, id)
	if err != nil {
		return err
	}
	now := s.now()
	state, current := a.State(now), a.At(now)
	manages := Manages(access.From(ctx))
	m := view.Record{
		Title: a.Name, Lead: a.Description, Badges: []templ.Component{ui.Badge{Label: roleShort(a.Role)}, stateBadge(ctx, state)},
		Trail: []ui.Crumb{{Label: text.T(ctx, "Agreements"), URL: URL}, {Label: a.Name}},
	}
	if failed != nil {
		m.Alert = ui.Alert{Tone: ui.Critical, Title: apperr.Message(failed).In(ctx)}
	}
	if manages {
		m.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "Change"), URL: address(id) + "/edit", Icon: ui.IconPencil, Key: "e"}}
	}
	services, err := s.owners(ctx, current.Services)
	if err != nil {
		return err
	}
	m.Main = []view.Section{
		{ID: "terms", Title: text.T(ctx, "What is promised"), Body: []templ.Component{view.Lines(names.lines(ctx, &current.Terms))}},
		{ID: "services", Title: text.T(ctx, "Services and who answers for them"), Count: len(current.Services), Flush: len(current.Services) > 0, Body: []templ.Component{services}},
		{ID: "feasibility", Title: text.T(ctx, "Can it be kept?"), Body: []templ.Component{names.report(ctx, &report)}},
		{ID: "versions", Title: text.T(ctx, "Versions"), Count: len(a.Versions), Body: []templ.Component{view.Versions(s.versionList(ctx, &a, names, manages))}},
	}
	ends := templ.Component(ui.Words(text.T(ctx, "Never")))
	if !a.Ends.IsZero() {
		ends = ui.Moment{At: a.Ends}
	}
	owner := ui.Nothing()
	if a.OwnerID != 0 {
		owner = ui.Party{Name: names.by[a.OwnerID]}
	}
	for _, part := range s.parts {
		section, err := part(ctx, &a)
		if err != nil {
			return err
		}
		if section != nil {
			m.Main = append(m.Main, view.Section{ID: section.ID, Title: section.Title, Body: []templ.Component{section.Body}})
		}
	}
	m.Aside = []view.Section{{Title: text.T(ctx, "About"), Body: []templ.Component{ui.Values(
		ui.Value{Label: text.T(ctx, "With whom"), Content: ui.Words(names.party(ctx, &a))},
		ui.Value{Label: text.T(ctx, "Accountable"), Content: owner},
		ui.Value{Label: text.T(ctx, "Begins"), Content: ui.Moment{At: a.Versions[0].From}},
		ui.Value{Label: text.T(ctx, "Ends"), Content: ends},
	)}}}
	if manages && state != Ended {
		m.Aside = append(m.Aside, view.Section{Title: text.T(ctx, "End"), Lead: text.T(ctx, "From then on no new ticket comes under it. Tickets under way keep their clocks."), Body: []templ.Component{view.EndForm{
			Action: address(id) + "/end", Version: formatID(a.Version),
			Field: ui.DateField{Field: ui.Field{Name: "ends", Label: text.T(ctx, "Ends; empty is now"), Error: apperr.ByField(ctx, failed)["ends"]}, Time: true, Value: typedEnd},
		}}})
	}
	return s.page(w, r, statusOf(failed), a.Name, m.View())
}

// owners lists the services that an agreement names with who answers for each.
func (s *Service) owners(ctx context.Context, services []int64) (templ.Component, error) {
	if len(services) == 0 {
		return ui.Button{Label: text.T(ctx, "It holds for all services"), URL: "/services", Icon: ui.IconStack2}, nil
	}
	q := s.d.DB.Reader()
	found, err := s.d.Services.Owners(ctx, q, services)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(found))
	for _, o := range found {
		ids = append(ids, o.OwnerID)
	}
	people, err := s.d.People.Answerables(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	t := ui.Table{ID: "owners", Caption: text.T(ctx, "Services and who answers for them"), Columns: []ui.Column{
		{Key: "service", Label: text.T(ctx, "Service"), Main: true}, {Key: "owner", Label: text.T(ctx, "Accountable owner")}, {Key: "reach", Label: text.T(ctx, "How to reach them")},
	}}
	for _, o := range found {
		row := ui.Row{URL: "/services/" + formatID(o.ID), Cells: []templ.Component{ui.Link{Label: o.Name, URL: "/services/" + formatID(o.ID)}}}
		if p, ok := people[o.OwnerID]; ok {
			row.Cells = append(row.Cells, ui.Party{Name: p.Name}, ui.Words(cmp.Or(p.Email, p.Phone)))
		} else {
			row.Cells = append(row.Cells, ui.Badge{Label: text.T(ctx, "Nobody"), Tone: ui.Warning, Icon: ui.IconAlertTriangle}, ui.Nothing())
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func (s *Service) versionList(ctx context.Context, a *Agreement, names *words, manages bool) []view.Version {
	now := s.now()
	current := a.At(now).Number
	var out []view.Version
	for i := len(a.Versions) - 1; i >= 0; i-- {
		v := &a.Versions[i]
		line := view.Version{
			Title: text.T(ctx, "Version %d, from %s", v.Number, text.DateTime(ctx, v.From)),
			Wrote: text.T(ctx, "Written by %s on %s", names.by[v.AuthorID], text.DateTime(ctx, v.CreatedAt)),
		}
		switch {
		case v.From.After(now):
			line.Badge, line.Open = ui.Badge{Label: text.T(ctx, "Planned"), Tone: ui.Info}, true
			if manages && len(a.Versions) > 1 {
				line.Actions = []templ.Component{withdrawForm(ctx, a, v.Number)}
			}
		case v.Number == current:
			line.Badge = ui.Badge{Label: text.T(ctx, "Now"), Tone: ui.Success}
		}
		if i == 0 {
			line.Lines = names.lines(ctx, &v.Terms)
		} else {
			line.Lines, line.Open = names.diff(ctx, &a.Versions[i-1].Terms, &v.Terms), true
		}
		out = append(out, line)
	}
	return out
}

func withdrawForm(ctx context.Context, a *Agreement, number int) templ.Component {
	return ui.Button{
		Label: text.T(ctx, "Withdraw this version"), Small: true, Icon: ui.IconTrash,
		Post: fmt.Sprintf("%s/versions/%d/withdraw?version=%d", address(a.ID), number, a.Version),
	}
}

func (s *Service) endPage(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), web.PathID(r, "id")
	var f struct {
		Ends    string `form:"ends,line,max=40"`
		Version int64  `form:"version"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	at, err := readInstant(ctx, "ends", f.Ends)
	if err == nil {
		_, err = s.End(ctx, id, f.Version, at)
	}
	if back(err) {
		return s.show(w, r, id, f.Ends, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "Saved")}, s.d.HTTPS)
	return web.Redirect(w, r, address(id))
}

func (s *Service) withdrawPage(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), web.PathID(r, "id")
	version, err := strconv.ParseInt(r.FormValue("version"), 10, 64)
	if err != nil {
		return apperr.New(apperr.Invalid, "The version of the agreement is missing.")
	}
	_, err = s.Withdraw(ctx, id, version, int(web.PathID(r, "number")))
	if back(err) {
		return s.show(w, r, id, "", err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "The version is withdrawn")}, s.d.HTTPS)
	return web.Redirect(w, r, address(id))
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

func (s *Service) askPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayRead(ctx); err != nil {
		return err
	}
	q := Question{Kind: r.FormValue("kind"), Service: number(r.FormValue("service")), Organisation: number(r.FormValue("organisation")), Group: number(r.FormValue("group")), Priority: int(number(r.FormValue("priority")))}
	names, err := s.wordsFor(ctx)
	if err != nil {
		return err
	}
	reader := s.d.DB.Reader()
	services, err := s.d.Services.Names(ctx, reader, []int64{q.Service})
	if err != nil {
		return err
	}
	organisations, err := s.d.People.OrganisationNames(ctx, reader, []int64{q.Organisation})
	if err != nil {
		return err
	}
	groups, err := s.d.People.GroupNames(ctx, reader, []int64{q.Group})
	if err != nil {
		return err
	}
	var kinds, priorities []ui.Option
	for _, d := range names.kinds {
		kinds = append(kinds, ui.Option{Value: d.Key, Label: d.Label, Selected: d.Key == q.Kind})
	}
	for p := 1; p <= lowestPriority(names.kinds); p++ {
		priorities = append(priorities, ui.Option{Value: strconv.Itoa(p), Label: names.priority(ctx, p), Selected: p == q.Priority})
	}
	choose := func(name, label, what string, id int64, chosen string) ui.Combobox {
		return ui.Combobox{Field: ui.Field{Name: name, Label: label}, URL: "/choose/" + what, Chosen: chosenOne(id, chosen)}
	}
	m := view.Ask{
		Action: URL + "/holding", Asked: q.Kind != "", Trail: []ui.Crumb{{Label: text.T(ctx, "Agreements"), URL: URL}, {Label: text.T(ctx, "What would hold?")}},
		Fields: []templ.Component{
			ui.Select{Field: ui.Field{Name: "kind", Label: text.T(ctx, "Kind"), Required: true}, Options: kinds},
			ui.Select{Field: ui.Field{Name: "priority", Label: text.T(ctx, "Priority")}, Options: priorities, Placeholder: text.T(ctx, "Any")},
			choose("service", text.T(ctx, "Service"), "services", q.Service, services[q.Service]),
			choose("organisation", text.T(ctx, "Customer"), "organisations", q.Organisation, organisations[q.Organisation]),
			choose("group", text.T(ctx, "Group"), "groups", q.Group, groups[q.Group].Name),
		},
		Table: ui.Table{
			ID: "verdicts", Caption: text.T(ctx, "What would hold?"),
			Columns: []ui.Column{
				{Key: "agreement", Label: text.T(ctx, "Agreement"), Main: true},
				{Key: "role", Label: text.T(ctx, "Role"), Shrink: true},
				{Key: "why", Label: text.T(ctx, "Why")},
				{Key: "promises", Label: text.T(ctx, "Promises")},
			},
			Empty: ui.EmptyState{Icon: ui.IconHeartHandshake, Title: text.T(ctx, "Nothing is promised for such a ticket")},
		},
	}
	if m.Asked {
		found, err := s.Ask(ctx, q)
		if err != nil {
			return err
		}
		for _, v := range found {
			var promises []string
			for _, t := range v.Targets {
				promises = append(promises, text.T(ctx, "%s: %s", names.measure(ctx, t.Measure, t.State), SpanOf(t).Words(ctx)))
			}
			m.Table.Rows = append(m.Table.Rows, ui.Row{Muted: v.Reason != Holds, Cells: []templ.Component{
				ui.Link{Label: v.Agreement.Name, URL: address(v.Agreement.ID)}, ui.Words(roleShort(v.Role)), ui.Words(v.why(ctx)), ui.Words(text.List(ctx, promises)),
			}})
		}
	}
	return s.page(w, r, http.StatusOK, text.T(ctx, "What would hold?"), m.View())
}

func chosenOne(id int64, name string) []ui.Choice {
	if id == 0 {
		return nil
	}
	return []ui.Choice{{Value: formatID(id), Label: name}}
}
