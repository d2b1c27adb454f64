package administration

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p pages) listPeople(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	at, err := after(r)
	if err != nil {
		return err
	}
	page, err := p.People.People(ctx, people.PersonQuery{Text: r.FormValue("q"), Inactive: r.FormValue("show") == "inactive", Active: r.FormValue("show") == "", After: at})
	if err != nil {
		return err
	}
	var orgs []int64
	for _, person := range page.Items {
		orgs = append(orgs, person.OrganisationID)
	}
	names, err := p.People.OrganisationNames(ctx, p.DB.Reader(), orgs)
	if err != nil {
		return err
	}
	t := ui.Table{
		ID: "people", Caption: text.T(ctx, "People"), More: more(r, page.Next),
		Columns: []ui.Column{
			{Key: "name", Label: text.T(ctx, "Name"), Main: true},
			{Key: "email", Label: text.T(ctx, "E-mail")},
			{Key: "title", Label: text.T(ctx, "Job title")},
			{Key: "organisation", Label: text.T(ctx, "Organisation")},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconUsers, Title: text.T(ctx, "Nobody found"), Text: text.T(ctx, "Try fewer letters, or add the person.")},
	}
	for _, person := range page.Items {
		t.Rows = append(t.Rows, ui.Row{ID: "person-" + id(person.ID), URL: "/people/" + id(person.ID), Muted: !person.Active, Cells: []templ.Component{
			ui.Party{Name: person.Name, URL: "/people/" + id(person.ID)},
			view.Text(person.Email), view.Text(person.JobTitle),
			link(ctx, person.OrganisationID, names[person.OrganisationID], "/organisations"), activeBadge(ctx, person.Active),
		}})
	}
	m := view.Listing{Title: text.T(ctx, "People"), Table: t, NewLabel: text.T(ctx, "Add a person"), Filters: []templ.Component{
		ui.Select{Field: ui.Field{Name: "show", Label: text.T(ctx, "Show"), Hidden: true}, SubmitNow: true, Options: []ui.Option{
			{Value: "", Label: text.T(ctx, "Active")}, {Value: "inactive", Label: text.T(ctx, "Inactive"), Selected: r.FormValue("show") == "inactive"},
		}},
	}}
	if access.From(ctx).Can(access.ManagePeople, access.AnyKind) {
		m.NewURL = "/people/new"
	}
	return p.listing(w, r, "people", m)
}

func (p pages) showPerson(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	return p.personPage(w, r, n, nil)
}

func (p pages) personPage(w http.ResponseWriter, r *http.Request, n int64, failed error) error {
	ctx := r.Context()
	person, err := p.People.Person(ctx, n)
	if err != nil {
		return err
	}
	orgs, err := p.People.OrganisationNames(ctx, p.DB.Reader(), []int64{person.OrganisationID})
	if err != nil {
		return err
	}
	managers, err := p.People.PersonNames(ctx, p.DB.Reader(), []int64{person.ManagerID})
	if err != nil {
		return err
	}
	tickets, err := p.History.TicketsOf(ctx, n, 30)
	if err != nil {
		return err
	}
	actor := access.From(ctx)
	away, err := p.People.AwayNow(ctx, n)
	if err != nil {
		return err
	}
	mayEnter, err := p.People.MayEnterAbsences(ctx, n)
	if err != nil {
		return err
	}
	m := view.Record{Alert: notice(ctx, failed), Title: person.Name, Lead: person.JobTitle, Trail: []ui.Crumb{{Label: text.T(ctx, "People"), URL: "/people"}, {Label: person.Name}}}
	if person.VIP {
		m.Badges = append(m.Badges, ui.Badge{Label: text.T(ctx, "VIP"), Tone: ui.Warning})
	}
	if b := activeBadge(ctx, person.Active); b != nil {
		m.Badges = append(m.Badges, b)
	}
	if is, ok := away[n]; ok {
		m.Badges = append(m.Badges, ui.Badge{Label: text.T(ctx, "Away until %s", text.DateTime(ctx, is.Until)), Tone: ui.Warning})
	}
	if mayEnter && !person.ServiceAccount {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Absences"), URL: "/people/" + id(n) + "/absences", Icon: ui.IconCalendarOff})
	}
	if actor.Can(access.ManagePeople, access.AnyKind) {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Edit"), URL: "/people/" + id(n) + "/edit", Icon: ui.IconPencil, Key: "e"})
	}
	m.Aside = append(m.Aside, view.Section{Title: text.T(ctx, "Contact"), Body: ui.Values(
		ui.Value{Label: text.T(ctx, "E-mail"), Content: words(person.Email)},
		ui.Value{Label: text.T(ctx, "Phone"), Content: words(person.Phone)},
		ui.Value{Label: text.T(ctx, "Organisation"), Content: link(ctx, person.OrganisationID, orgs[person.OrganisationID], "/organisations")},
		ui.Value{Label: text.T(ctx, "Manager"), Content: link(ctx, person.ManagerID, managers[person.ManagerID].Name, "/people")},
		ui.Value{Label: text.T(ctx, "Location"), Content: words(person.Location)},
		ui.Value{Label: text.T(ctx, "Time zone"), Content: words(person.Zone)},
	)})
	m.Sections = append(m.Sections, view.Section{Title: text.T(ctx, "Tickets"), Flush: true, Body: ticketTable(ctx, tickets)})
	if err := p.personAccess(ctx, person, &m); err != nil {
		return err
	}
	return p.Frame.Page(w, r, module.Page{Title: person.Name, Active: "people", Status: statusOf(failed)}, m.View())
}

// personAccess adds groups, roles and sign-ins, for those who may see them.
func (p pages) personAccess(ctx context.Context, person people.Person, m *view.Record) error {
	n, actor := person.ID, access.From(ctx)
	memberships, err := p.People.MembershipsOf(ctx, n)
	if err != nil {
		return err
	}
	groups := ui.Table{
		ID: "memberships", Caption: text.T(ctx, "Groups"), Columns: []ui.Column{{Key: "group", Label: text.T(ctx, "Group"), Main: true}, {Key: "lead", Label: text.T(ctx, "Leads")}},
		Empty: ui.EmptyState{Title: text.T(ctx, "In no group")},
	}
	for _, g := range memberships {
		groups.Rows = append(groups.Rows, ui.Row{Cells: []templ.Component{ui.Link{Label: g.Group.Name, URL: "/groups/" + id(g.Group.ID)}, yes(ctx, g.Lead)}})
	}
	m.Aside = append(m.Aside, view.Section{Title: text.T(ctx, "Groups"), Flush: true, Body: groups})
	manages := actor.Check(access.ManagePeople, access.Record{Requester: n, Organisation: person.OrganisationID}).Allowed
	if manages {
		m.Aside = append(m.Aside, signInHelp(ctx, person))
	}
	if actor.Can(access.ManageRoles, access.AnyKind) || actor.Can(access.ViewAudit, access.AnyKind) || actor.ID == n {
		if err := p.personRoles(ctx, n, m); err != nil {
			return err
		}
	}
	if !manages && !actor.Can(access.ViewAudit, access.AnyKind) && actor.ID != n {
		return nil
	}
	return p.personSignIns(ctx, n, m)
}

// signInHelp is what those who look after people can do for somebody who cannot
// sign in, or for a program that is to.
func signInHelp(ctx context.Context, person people.Person) view.Section {
	at := "/people/" + id(person.ID)
	if person.ServiceAccount {
		return view.Section{Title: text.T(ctx, "Sign-in"), Body: view.Stack(
			view.Text(text.T(ctx, "A service account uses the API with tokens.")),
			ui.Button{Label: text.T(ctx, "API tokens"), URL: at + "/tokens", Icon: ui.IconKey, Small: true},
		)}
	}
	return view.Section{Title: text.T(ctx, "Sign-in"), Body: view.Stack(
		view.Text(text.T(ctx, "Make a first password, or a new one if it was forgotten. All sessions of the person end.")),
		ui.Buttons(
			ui.Button{Label: text.T(ctx, "Make a password"), Post: at + "/password", Small: true},
			ui.Button{Label: text.T(ctx, "API tokens"), URL: at + "/tokens", Kind: ui.Quiet, Small: true, Icon: ui.IconKey},
		),
	)}
}

func (p pages) personRoles(ctx context.Context, n int64, m *view.Record) error {
	held, err := p.Roles.HeldBy(ctx, n)
	if err != nil {
		return err
	}
	body, err := p.assignments(ctx, held, "/people/"+id(n)+"/roles")
	if err != nil {
		return err
	}
	m.Sections = append(m.Sections, view.Section{Title: text.T(ctx, "Roles"), Flush: true, Body: body})
	return nil
}

func (p pages) personSignIns(ctx context.Context, n int64, m *view.Record) error {
	signIns, err := p.History.SignInsOf(ctx, n, 20)
	if err != nil {
		return err
	}
	t := ui.Table{ID: "sign-ins", Caption: text.T(ctx, "Sign-ins"), Columns: []ui.Column{
		{Key: "at", Label: text.T(ctx, "When"), Main: true, Shrink: true}, {Key: "result", Label: text.T(ctx, "Result")}, {Key: "from", Label: text.T(ctx, "From")}, {Key: "device", Label: text.T(ctx, "Device")},
	}, Empty: ui.EmptyState{Title: text.T(ctx, "Never signed in")}}
	for _, s := range signIns {
		result := ui.Badge{Label: text.T(ctx, "Signed in"), Tone: ui.Success}
		if !s.Success {
			result = ui.Badge{Label: text.T(ctx, "Refused"), Tone: ui.Critical}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{ui.Moment{At: s.At}, result, view.Text(s.Address), view.Text(s.Device)}})
	}
	m.Sections = append(m.Sections, view.Section{Title: text.T(ctx, "Sign-ins"), Flush: true, Body: t})
	return nil
}

func ticketTable(ctx context.Context, tickets []TicketLine) templ.Component {
	t := ui.Table{ID: "tickets", Caption: text.T(ctx, "Tickets"), Columns: []ui.Column{
		{Key: "title", Label: text.T(ctx, "Title"), Main: true},
		{Key: "number", Label: text.T(ctx, "Number"), Shrink: true},
		{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
		{Key: "updated", Label: text.T(ctx, "Updated"), Shrink: true},
	}, Empty: ui.EmptyState{Icon: ui.IconTicket, Title: text.T(ctx, "No tickets")}}
	for _, l := range tickets {
		t.Rows = append(t.Rows, ui.Row{URL: "/tickets/" + l.Number, Cells: []templ.Component{
			ui.Link{Label: l.Title, URL: "/tickets/" + l.Number},
			ui.Link{Label: l.Number, URL: "/tickets/" + l.Number, Mono: true},
			ui.StateBadge{Label: l.State, Category: ui.Category(l.Category)},
			ui.Moment{At: l.UpdatedAt},
		}})
	}
	return t
}

type personForm struct {
	Name           string `form:"name"`
	Email          string `form:"email"`
	Phone          string `form:"phone"`
	JobTitle       string `form:"job_title"`
	OrganisationID int64  `form:"organisation_id"`
	ManagerID      int64  `form:"manager_id"`
	Location       string `form:"location"`
	VIP            bool   `form:"vip"`
	Active         bool   `form:"active"`
	ServiceAccount bool   `form:"service_account"`
	Version        int64  `form:"version"`
}

func (f personForm) input() people.PersonInput {
	return people.PersonInput{
		Name: f.Name, Email: f.Email, Phone: f.Phone, JobTitle: f.JobTitle, OrganisationID: f.OrganisationID,
		Location: f.Location, VIP: f.VIP, Active: f.Active, ServiceAccount: f.ServiceAccount, ManagerID: f.ManagerID,
	}
}

func (p pages) editPerson(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	f := personForm{Active: true}
	if n != 0 {
		person, err := p.People.Person(r.Context(), n)
		if err != nil {
			return err
		}
		f = personForm{
			Name: person.Name, Email: person.Email, Phone: person.Phone, JobTitle: person.JobTitle, OrganisationID: person.OrganisationID,
			Location: person.Location, VIP: person.VIP, Active: person.Active, ServiceAccount: person.ServiceAccount, Version: person.Version, ManagerID: person.ManagerID,
		}
	}
	return p.personEditor(w, r, n, f, nil)
}

func (p pages) personEditor(w http.ResponseWriter, r *http.Request, n int64, f personForm, failed error) error {
	ctx := r.Context()
	bad, alert := problems(ctx, failed)
	names, err := p.People.OrganisationNames(ctx, p.DB.Reader(), []int64{f.OrganisationID})
	if err != nil {
		return err
	}
	managers, err := p.People.PersonNames(ctx, p.DB.Reader(), []int64{f.ManagerID})
	if err != nil {
		return err
	}
	m := view.Editor{
		Title: text.T(ctx, "Add a person"), Action: "/people", Cancel: "/people", Save: text.T(ctx, "Add the person"), Alert: alert,
		Trail:  []ui.Crumb{{Label: text.T(ctx, "People"), URL: "/people"}, {Label: text.T(ctx, "Add a person")}},
		Hidden: []ui.Hidden{{Name: "version", Value: id(f.Version)}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Required: true, Error: bad["name"]}, Value: f.Name, Autofocus: n == 0},
			ui.TextField{Field: ui.Field{Name: "email", Label: text.T(ctx, "E-mail"), Error: bad["email"], Help: text.T(ctx, "People sign in with it.")}, Value: f.Email, Type: "email"},
			ui.Combobox{Field: ui.Field{Name: "organisation_id", Label: text.T(ctx, "Organisation"), Error: bad["organisation_id"]}, URL: "/choose/organisations", Chosen: picked(f.OrganisationID, names[f.OrganisationID])},
			ui.Combobox{Field: ui.Field{Name: "manager_id", Label: text.T(ctx, "Manager"), Error: bad["manager_id"], Help: text.T(ctx, "Who is told when something goes up the line.")}, URL: "/choose/people", Chosen: picked(f.ManagerID, managers[f.ManagerID].Name)},
			ui.TextField{Field: ui.Field{Name: "job_title", Label: text.T(ctx, "Job title"), Error: bad["job_title"]}, Value: f.JobTitle},
			ui.TextField{Field: ui.Field{Name: "phone", Label: text.T(ctx, "Phone"), Error: bad["phone"]}, Value: f.Phone, Type: "tel"},
			ui.TextField{Field: ui.Field{Name: "location", Label: text.T(ctx, "Location"), Error: bad["location"]}, Value: f.Location},
			ui.Check{Field: ui.Field{Name: "vip", Label: text.T(ctx, "VIP"), Help: text.T(ctx, "Shown to agents on every ticket of this person.")}, Checked: f.VIP, Value: "true"},
			ui.Check{Field: ui.Field{Name: "service_account", Label: text.T(ctx, "Service account"), Help: text.T(ctx, "A program: it has API tokens, but no password.")}, Checked: f.ServiceAccount, Value: "true"},
			ui.Check{Field: ui.Field{Name: "active", Label: text.T(ctx, "Active"), Help: text.T(ctx, "Inactive people cannot sign in and cannot be chosen.")}, Checked: f.Active, Value: "true"},
		},
	}
	if n != 0 {
		at := "/people/" + id(n)
		m.Title, m.Action, m.Cancel, m.Save = f.Name, at, at, text.T(ctx, "Save")
		m.Trail = []ui.Crumb{{Label: text.T(ctx, "People"), URL: "/people"}, {Label: f.Name, URL: at}, {Label: text.T(ctx, "Edit")}}
	}
	return p.Frame.Page(w, r, module.Page{Title: m.Title, Active: "people", Status: statusOf(failed)}, m.View())
}

func (p pages) savePerson(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	var f personForm
	err = web.Form(r, &f, nil)
	var saved people.Person
	if err == nil && n == 0 {
		saved, err = p.People.CreatePerson(r.Context(), f.input())
	} else if err == nil {
		saved, err = p.People.UpdatePerson(r.Context(), n, f.Version, f.input())
	}
	if back(err) {
		if now, getErr := p.People.Person(r.Context(), n); n != 0 && getErr == nil {
			f.Version = now.Version // saving again is a decision the person has been told about
		}
		return p.personEditor(w, r, n, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/people/"+id(saved.ID))
}

func (p pages) resetPassword(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	n, err := pathID(r)
	if err != nil {
		return err
	}
	password, err := p.History.ResetPassword(ctx, n)
	if shownInPlace(err) {
		return p.personPage(w, r, n, err)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	m := view.Record{Title: text.T(ctx, "A new password"), Sections: []view.Section{{
		Title: text.T(ctx, "Give this password to the person"), Body: view.Stack(view.Preformatted(password),
			view.Text(text.T(ctx, "It is shown only now, and must be changed at the first sign-in.")), ui.Button{Label: text.T(ctx, "Back to the person"), URL: "/people/" + id(n)}),
	}}}
	return p.Frame.Page(w, r, module.Page{Title: m.Title, Active: "people"}, m.View())
}

type roleForm struct {
	Role           string `form:"role"`
	OrganisationID int64  `form:"organisation_id"`
	Revoke         bool   `form:"revoke"`
}

func (p pages) changePersonRole(w http.ResponseWriter, r *http.Request) error {
	return p.changeRole(w, r, "/people/", p.personPage, p.Roles.GrantToPerson, p.Roles.RevokeFromPerson)
}

func (p pages) changeGroupRole(w http.ResponseWriter, r *http.Request) error {
	return p.changeRole(w, r, "/groups/", p.groupPage, p.Roles.GrantToGroup, p.Roles.RevokeFromGroup)
}

// recordPage shows a record again with what went wrong in one of its forms.
type recordPage func(w http.ResponseWriter, r *http.Request, n int64, failed error) error

func (p pages) changeRole(w http.ResponseWriter, r *http.Request, base string, again recordPage,
	grant, revoke func(ctx context.Context, id int64, role string, organisation int64) error,
) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	var f roleForm
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	change := grant
	if f.Revoke {
		change = revoke
	}
	err = change(r.Context(), n, f.Role, f.OrganisationID)
	if shownInPlace(err) {
		return again(w, r, n, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, base+id(n))
}

// assignments lists roles that are held, with the form to give another.
func (p pages) assignments(ctx context.Context, held []roles.Assignment, action string) (templ.Component, error) {
	actor := access.From(ctx)
	may := actor.Can(access.ManageRoles, access.AnyKind)
	reads := may || actor.Can(access.ViewAudit, access.AnyKind)
	t := ui.Table{ID: "roles", Caption: text.T(ctx, "Roles"), Columns: []ui.Column{
		{Key: "role", Label: text.T(ctx, "Role"), Main: true}, {Key: "through", Label: text.T(ctx, "Through")}, {Key: "for", Label: text.T(ctx, "For")}, {Key: "action", Label: text.T(ctx, "Action"), Hidden: true, Shrink: true},
	}, Empty: ui.EmptyState{Title: text.T(ctx, "No roles"), Text: text.T(ctx, "Everybody who signs in can ask for help.")}}
	for _, a := range held {
		var action1 templ.Component
		if may && a.GroupID == 0 {
			action1 = view.Inline{
				Bare: true, Action: action, Hidden: []ui.Hidden{{Name: "role", Value: a.RoleKey}, {Name: "organisation_id", Value: id(a.OrganisationID)}, {Name: "revoke", Value: "true"}},
				Button: ui.Button{Label: text.T(ctx, "Take away"), Submit: true, Small: true},
			}
		}
		role := view.Text(text.Label(ctx, "role", a.RoleName))
		if reads {
			role = ui.Link{Label: text.Label(ctx, "role", a.RoleName), URL: "/roles/" + a.RoleKey}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{role, view.Text(a.GroupName), view.Text(a.OrganisationName), action1}})
	}
	if !may {
		return t, nil
	}
	all, err := p.Roles.All(ctx)
	if err != nil {
		return nil, err
	}
	var options []ui.Option
	for _, role := range all {
		options = append(options, ui.Option{Value: role.Key, Label: text.Label(ctx, "role", role.Name)})
	}
	return view.Stack(t, view.Inline{Action: action, Button: ui.Button{Label: text.T(ctx, "Give the role"), Submit: true}, Fields: []templ.Component{
		ui.Select{Field: ui.Field{Name: "role", Label: text.T(ctx, "Role")}, Options: options},
		ui.Combobox{Field: ui.Field{Name: "organisation_id", Label: text.T(ctx, "Only for an organisation")}, URL: "/choose/organisations"},
	}}), nil
}
