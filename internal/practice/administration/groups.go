package administration

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func tier(n int) string {
	if n == 0 {
		return ""
	}
	return "L" + id(int64(n))
}

func (p pages) listGroups(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	at, err := after(r)
	if err != nil {
		return err
	}
	page, err := p.People.Groups(ctx, people.GroupQuery{Text: r.FormValue("q"), After: at})
	if err != nil {
		return err
	}
	var orgs []int64
	for _, g := range page.Items {
		orgs = append(orgs, g.OrganisationID)
	}
	names, err := p.People.OrganisationNames(ctx, p.DB.Reader(), orgs)
	if err != nil {
		return err
	}
	t := ui.Table{
		ID: "groups", Caption: text.T(ctx, "Groups"), More: more(r, page.Next),
		Columns: []ui.Column{
			{Key: "name", Label: text.T(ctx, "Name"), Main: true},
			{Key: "tier", Label: text.T(ctx, "Tier"), Shrink: true},
			{Key: "organisation", Label: text.T(ctx, "At home in")},
			{Key: "email", Label: text.T(ctx, "E-mail")},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconUsersGroup, Title: text.T(ctx, "No groups"), Text: text.T(ctx, "A group is a team that tickets are assigned to, in-house or a supplier's.")},
	}
	for _, g := range page.Items {
		t.Rows = append(t.Rows, ui.Row{ID: "group-" + id(g.ID), URL: "/groups/" + id(g.ID), Muted: !g.Active, Cells: []templ.Component{
			ui.Link{Label: g.Name, URL: "/groups/" + id(g.ID)},
			view.Text(tier(g.Tier)), link(ctx, g.OrganisationID, names[g.OrganisationID], "/organisations"),
			view.Text(g.Email), activeBadge(ctx, g.Active),
		}})
	}
	m := view.Listing{Title: text.T(ctx, "Groups"), Lead: text.T(ctx, "Teams that tickets are assigned to: our own, and our suppliers'."), Table: t, NewLabel: text.T(ctx, "Add a group")}
	if access.From(ctx).Can(access.ManagePeople, access.AnyKind) {
		m.NewURL = "/groups/new"
	}
	return p.listing(w, r, "groups", m)
}

func (p pages) showGroup(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	return p.groupPage(w, r, n, nil)
}

func (p pages) groupPage(w http.ResponseWriter, r *http.Request, n int64, failed error) error {
	ctx := r.Context()
	g, err := p.People.Group(ctx, n)
	if err != nil {
		return err
	}
	members, err := p.People.Members(ctx, n)
	if err != nil {
		return err
	}
	names, err := p.People.OrganisationNames(ctx, p.DB.Reader(), []int64{g.OrganisationID})
	if err != nil {
		return err
	}
	may := access.From(ctx).Check(access.ManagePeople, access.Record{Group: n, Organisation: g.OrganisationID}).Allowed
	action := "/groups/" + id(n) + "/members"
	t := ui.Table{ID: "members", Caption: text.T(ctx, "Members"), Columns: []ui.Column{
		{Key: "name", Label: text.T(ctx, "Name"), Main: true}, {Key: "lead", Label: text.T(ctx, "Leads"), Shrink: true}, {Key: "action", Label: text.T(ctx, "Action"), Hidden: true, Shrink: true},
	}, Empty: ui.EmptyState{Icon: ui.IconUsers, Title: text.T(ctx, "No members yet"), Text: text.T(ctx, "Tickets of this group wait for somebody to take them.")}}
	for _, member := range members {
		var remove templ.Component
		if may {
			remove = view.Inline{Bare: true, Action: action, Hidden: []ui.Hidden{{Name: "person_id", Value: id(member.PersonID)}, {Name: "remove", Value: "true"}}, Button: ui.Button{Label: text.T(ctx, "Remove"), Submit: true, Small: true}}
		}
		t.Rows = append(t.Rows, ui.Row{Muted: !member.Active, Cells: []templ.Component{ui.Party{Name: member.Name, URL: "/people/" + id(member.PersonID)}, yes(ctx, member.Lead), remove}})
	}
	m := view.Record{Alert: notice(ctx, failed), Title: g.Name, Lead: g.Description, Trail: []ui.Crumb{{Label: text.T(ctx, "Groups"), URL: "/groups"}, {Label: g.Name}}}
	if b := activeBadge(ctx, g.Active); b != nil {
		m.Badges = append(m.Badges, b)
	}
	body := templ.Component(t)
	if may {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Edit"), URL: "/groups/" + id(n) + "/edit", Icon: ui.IconPencil, Key: "e"})
		body = view.Stack(t, view.Inline{Action: action, Button: ui.Button{Label: text.T(ctx, "Add member"), Submit: true}, Fields: []templ.Component{
			ui.Combobox{Field: ui.Field{Name: "person_id", Label: text.T(ctx, "Person")}, URL: "/choose/people"},
			ui.Check{Field: ui.Field{Name: "lead", Label: text.T(ctx, "Leads the group")}, Value: "true"},
		}})
	}
	m.Sections = append(m.Sections, view.Section{Title: text.T(ctx, "Members"), Count: len(members), Flush: true, Body: body})
	since := ui.Nothing()
	if !g.HomeSince.IsZero() {
		since = ui.Moment{At: g.HomeSince}
	}
	m.Aside = append(m.Aside, view.Section{Title: text.T(ctx, "About"), Body: ui.Values(
		ui.Value{Label: text.T(ctx, "Support tier"), Content: words(tier(g.Tier))},
		ui.Value{Label: text.T(ctx, "At home in"), Content: link(ctx, g.OrganisationID, names[g.OrganisationID], "/organisations")},
		ui.Value{Label: text.T(ctx, "There since"), Content: since},
		ui.Value{Label: text.T(ctx, "E-mail"), Content: words(g.Email)},
		ui.Value{Label: text.T(ctx, "Open tickets"), Content: ui.Link{Label: text.T(ctx, "Show them"), URL: "/queue?q=" + urlQuery(`state:open group:"`+g.Name+`"`)}},
	)})
	if access.From(ctx).Can(access.ManageRoles, access.AnyKind) || access.From(ctx).Can(access.ViewAudit, access.AnyKind) {
		given, err := p.Roles.GivenBy(ctx, n)
		if err != nil {
			return err
		}
		for i := range given {
			given[i].GroupID, given[i].GroupName = 0, "" // seen from the group itself
		}
		roles, err := p.assignments(ctx, given, "/groups/"+id(n)+"/roles")
		if err != nil {
			return err
		}
		m.Sections = append(m.Sections, view.Section{Title: text.T(ctx, "Roles every member gets"), Flush: true, Body: roles})
	}
	return p.Frame.Page(w, r, module.Page{Title: g.Name, Active: "groups", Status: statusOf(failed)}, m.View())
}

func (p pages) changeMember(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	var f struct {
		PersonID int64 `form:"person_id"`
		Lead     bool  `form:"lead"`
		Remove   bool  `form:"remove"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	if f.Remove {
		err = p.People.RemoveMember(r.Context(), n, f.PersonID)
	} else {
		err = p.People.SetMember(r.Context(), n, f.PersonID, f.Lead)
	}
	if shownInPlace(err) {
		return p.groupPage(w, r, n, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/groups/"+id(n))
}

type groupForm struct {
	Name           string `form:"name"`
	Tier           int    `form:"tier"`
	OrganisationID int64  `form:"organisation_id"`
	Email          string `form:"email"`
	Description    string `form:"description"`
	Active         bool   `form:"active"`
	Version        int64  `form:"version"`
	HomeSince      string `form:"home_since"`
	HomeShown      string `form:"home_shown"` // what HomeSince was when the form was opened
	HomeAlways     bool   `form:"home_always"`
}

// localTime is how a browser writes a day and a time.
const localTime = "2006-01-02T15:04"

// since reads since when the group is at home where it is; nil is as the house decides.
func (f groupForm) since(ctx context.Context) (*time.Time, error) {
	if f.HomeAlways || f.HomeSince == "" && f.HomeShown != "" {
		return &time.Time{}, nil
	}
	if f.HomeSince == f.HomeShown {
		return nil, nil //nolint:nilnil // nothing was said, and that is no error
	}
	at, err := web.ParseTime(f.HomeSince, text.From(ctx).Location)
	if err != nil {
		return nil, apperr.InvalidField("home_since", "Give a date and a time.")
	}
	return &at, nil
}

func (f groupForm) input() people.GroupInput {
	return people.GroupInput{Name: f.Name, Tier: f.Tier, OrganisationID: f.OrganisationID, Email: f.Email, Description: f.Description, Active: f.Active}
}

func (p pages) editGroup(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	f := groupForm{Active: true}
	if n != 0 {
		g, err := p.People.Group(r.Context(), n)
		if err != nil {
			return err
		}
		f = groupForm{Name: g.Name, Tier: g.Tier, OrganisationID: g.OrganisationID, Email: g.Email, Description: g.Description, Active: g.Active, Version: g.Version}
		if !g.HomeSince.IsZero() {
			f.HomeSince = g.HomeSince.In(text.From(r.Context()).Location).Format(localTime)
			f.HomeShown = f.HomeSince
		}
	}
	return p.groupEditor(w, r, n, f, nil)
}

func (p pages) groupEditor(w http.ResponseWriter, r *http.Request, n int64, f groupForm, failed error) error {
	ctx := r.Context()
	bad, alert := problems(ctx, failed)
	names, err := p.People.OrganisationNames(ctx, p.DB.Reader(), []int64{f.OrganisationID})
	if err != nil {
		return err
	}
	var tiers []ui.Option
	for i, label := range []string{text.T(ctx, "None"), text.T(ctx, "L1: first line"), text.T(ctx, "L2: second line"), text.T(ctx, "L3: specialists")} {
		tiers = append(tiers, ui.Option{Value: id(int64(i)), Label: label, Selected: i == f.Tier})
	}
	m := view.Editor{
		Title: text.T(ctx, "Add a group"), Action: "/groups", Cancel: "/groups", Save: text.T(ctx, "Add the group"), Alert: alert,
		Trail:  []ui.Crumb{{Label: text.T(ctx, "Groups"), URL: "/groups"}, {Label: text.T(ctx, "Add a group")}},
		Hidden: []ui.Hidden{{Name: "version", Value: id(f.Version)}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Required: true, Error: bad["name"]}, Value: f.Name, Autofocus: n == 0},
			ui.Select{Field: ui.Field{Name: "tier", Label: text.T(ctx, "Support tier"), Error: bad["tier"]}, Options: tiers},
			ui.Combobox{Field: ui.Field{Name: "organisation_id", Label: text.T(ctx, "At home in"), Error: bad["organisation_id"], Help: text.T(ctx, "Our own organisation, or the supplier the team works for.")}, URL: "/choose/organisations", Chosen: picked(f.OrganisationID, names[f.OrganisationID])},
			ui.TextField{Field: ui.Field{Name: "email", Label: text.T(ctx, "E-mail"), Error: bad["email"]}, Value: f.Email, Type: "email"},
			ui.TextArea{Field: ui.Field{Name: "description", Label: text.T(ctx, "Description"), Error: bad["description"]}, Value: f.Description},
			ui.Check{Field: ui.Field{Name: "active", Label: text.T(ctx, "Active")}, Checked: f.Active, Value: "true"},
		},
	}
	if n != 0 {
		m.Hidden = append(m.Hidden, ui.Hidden{Name: "home_shown", Value: f.HomeShown})
		m.Fields = slices.Insert(m.Fields, 3,
			templ.Component(ui.DateField{Field: ui.Field{Name: "home_since", Label: text.T(ctx, "There since"), Error: bad["home_since"], Help: text.T(ctx, "What was measured before stays with the home it had then. A new home counts from now on unless you say otherwise.")}, Value: f.HomeSince, Time: true}),
			templ.Component(ui.Check{Field: ui.Field{Name: "home_always", Label: text.T(ctx, "It was always at home there: this corrects a mistake")}, Checked: f.HomeAlways, Value: "true"}),
		)
		at := "/groups/" + id(n)
		m.Title, m.Action, m.Cancel, m.Save = f.Name, at, at, text.T(ctx, "Save")
		m.Trail = []ui.Crumb{{Label: text.T(ctx, "Groups"), URL: "/groups"}, {Label: f.Name, URL: at}, {Label: text.T(ctx, "Edit")}}
	}
	return p.Frame.Page(w, r, module.Page{Title: m.Title, Active: "groups", Status: statusOf(failed)}, m.View())
}

func (p pages) saveGroup(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	var f groupForm
	err = web.Form(r, &f, nil)
	var saved people.Group
	if err == nil && n == 0 {
		saved, err = p.People.CreateGroup(r.Context(), f.input())
	} else if err == nil {
		in := f.input()
		if in.Since, err = f.since(r.Context()); err == nil {
			saved, err = p.People.UpdateGroup(r.Context(), n, f.Version, in)
		}
	}
	if back(err) {
		if now, getErr := p.People.Group(r.Context(), n); n != 0 && getErr == nil {
			f.Version = now.Version
		}
		return p.groupEditor(w, r, n, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/groups/"+id(saved.ID))
}
