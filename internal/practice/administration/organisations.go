package administration

import (
	"context"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func urlQuery(s string) string { return url.QueryEscape(s) }

func kindLabel(ctx context.Context, k people.OrganisationKind) string {
	switch k {
	case people.Own:
		return text.T(ctx, "Our own")
	case people.Unit:
		return text.T(ctx, "Unit")
	case people.Customer:
		return text.T(ctx, "Customer")
	case people.Supplier:
		return text.T(ctx, "Supplier")
	}
	return string(k)
}

func (p pages) organisationTable(ctx context.Context, list []people.Organisation) ui.Table {
	t := ui.Table{
		ID: "organisations", Caption: text.T(ctx, "Organisations"),
		Columns: []ui.Column{{Key: "name", Label: text.T(ctx, "Name"), Main: true}, {Key: "kind", Label: text.T(ctx, "Kind"), Shrink: true}, {Key: "state", Label: text.T(ctx, "State"), Shrink: true}},
		Empty:   ui.EmptyState{Icon: ui.IconSitemap, Title: text.T(ctx, "No organisations"), Text: text.T(ctx, "Begin with your own company; suppliers and customers stand beside it.")},
	}
	for _, o := range list {
		t.Rows = append(t.Rows, ui.Row{ID: "organisation-" + id(o.ID), URL: "/organisations/" + id(o.ID), Muted: !o.Active, Cells: []templ.Component{
			ui.Link{Label: o.Name, URL: "/organisations/" + id(o.ID)}, ui.Badge{Label: kindLabel(ctx, o.Kind)}, activeBadge(ctx, o.Active),
		}})
	}
	return t
}

func (p pages) listOrganisations(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	at, err := after(r)
	if err != nil {
		return err
	}
	q := people.OrganisationQuery{Text: r.FormValue("q"), Kind: people.OrganisationKind(r.FormValue("kind")), After: at}
	q.Children = q.Text == "" && q.Kind == "" // without a search the page shows the roots of the tree
	page, err := p.People.Organisations(ctx, q)
	if err != nil {
		return err
	}
	t := p.organisationTable(ctx, page.Items)
	t.More = more(r, page.Next)
	kinds := []ui.Option{{Value: "", Label: text.T(ctx, "All kinds")}}
	for _, k := range people.OrganisationKinds() {
		kinds = append(kinds, ui.Option{Value: string(k), Label: kindLabel(ctx, k), Selected: q.Kind == k})
	}
	m := view.Listing{
		Title: text.T(ctx, "Organisations"), Lead: text.T(ctx, "Our own company and its units, customers, and suppliers."), Table: t, NewLabel: text.T(ctx, "Add an organisation"),
		Filters: []templ.Component{ui.Select{Field: ui.Field{Name: "kind", Label: text.T(ctx, "Kind"), Hidden: true}, Options: kinds, SubmitNow: true}},
	}
	if access.From(ctx).Can(access.ManagePeople, access.AnyKind) {
		m.NewURL = "/organisations/new"
	}
	return p.listing(w, r, "organisations", m)
}

func (p pages) showOrganisation(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	n, err := pathID(r)
	if err != nil {
		return err
	}
	o, err := p.People.Organisation(ctx, n)
	if err != nil {
		return err
	}
	above, err := p.People.Lineage(ctx, n)
	if err != nil {
		return err
	}
	children, err := p.People.Organisations(ctx, people.OrganisationQuery{Within: n, Children: true, Limit: 200})
	if err != nil {
		return err
	}
	groups, err := p.People.Groups(ctx, people.GroupQuery{Within: n, Limit: 100})
	if err != nil {
		return err
	}
	m := view.Record{Title: o.Name, Lead: o.Description, Badges: []templ.Component{ui.Badge{Label: kindLabel(ctx, o.Kind)}}, Trail: []ui.Crumb{{Label: text.T(ctx, "Organisations"), URL: "/organisations"}}}
	for _, a := range above {
		if a.ID != n {
			m.Trail = append(m.Trail, ui.Crumb{Label: a.Name, URL: "/organisations/" + id(a.ID)})
		}
	}
	m.Trail = append(m.Trail, ui.Crumb{Label: o.Name})
	if access.From(ctx).Can(access.ManagePeople, access.AnyKind) {
		m.Actions = append(m.Actions,
			ui.Button{Label: text.T(ctx, "Add a part"), URL: "/organisations/new?parent=" + id(n), Icon: ui.IconPlus},
			ui.Button{Label: text.T(ctx, "Edit"), URL: "/organisations/" + id(n) + "/edit", Icon: ui.IconPencil, Key: "e"})
	}
	parts := p.organisationTable(ctx, children.Items)
	parts.Empty = ui.EmptyState{Title: text.T(ctx, "No parts")}
	teams := ui.Table{ID: "groups", Caption: text.T(ctx, "Groups"), Columns: []ui.Column{{Key: "name", Label: text.T(ctx, "Name"), Main: true}, {Key: "tier", Label: text.T(ctx, "Tier"), Shrink: true}}, Empty: ui.EmptyState{Title: text.T(ctx, "No groups are at home here")}}
	for _, g := range groups.Items {
		teams.Rows = append(teams.Rows, ui.Row{URL: "/groups/" + id(g.ID), Cells: []templ.Component{ui.Link{Label: g.Name, URL: "/groups/" + id(g.ID)}, view.Text(tier(g.Tier))}})
	}
	m.Sections = []view.Section{{Title: text.T(ctx, "Parts"), Count: len(children.Items), Flush: true, Body: parts}}
	m.Aside = []view.Section{
		{Title: text.T(ctx, "Groups"), Count: len(groups.Items), Flush: true, Body: teams},
		{Title: text.T(ctx, "Tickets"), Body: ui.Link{Label: text.T(ctx, "Open tickets of its people"), URL: "/queue?q=" + urlQuery(`state:open organisation:"`+o.Name+`"`)}},
	}
	return p.Frame.Page(w, r, module.Page{Title: o.Name, Active: "organisations"}, m.View())
}

type organisationForm struct {
	Kind        string `form:"kind"`
	Name        string `form:"name"`
	ParentID    int64  `form:"parent_id"`
	Description string `form:"description"`
	Active      bool   `form:"active"`
	Version     int64  `form:"version"`
}

func (f organisationForm) input() people.OrganisationInput {
	return people.OrganisationInput{Kind: people.OrganisationKind(f.Kind), Name: f.Name, ParentID: f.ParentID, Description: f.Description, Active: f.Active}
}

func (p pages) editOrganisation(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	f := organisationForm{Active: true, Kind: string(people.Unit)}
	if n == 0 {
		var parent struct {
			ID int64 `form:"parent"`
		}
		if err := web.Values(r.URL.Query(), &parent, nil); err != nil {
			return err
		}
		f.ParentID = parent.ID
	} else {
		o, err := p.People.Organisation(r.Context(), n)
		if err != nil {
			return err
		}
		f = organisationForm{Kind: string(o.Kind), Name: o.Name, ParentID: o.ParentID, Description: o.Description, Active: o.Active, Version: o.Version}
	}
	return p.organisationEditor(w, r, n, f, nil)
}

func (p pages) organisationEditor(w http.ResponseWriter, r *http.Request, n int64, f organisationForm, failed error) error {
	ctx := r.Context()
	bad, alert := problems(ctx, failed)
	names, err := p.People.OrganisationNames(ctx, p.DB.Reader(), []int64{f.ParentID})
	if err != nil {
		return err
	}
	var kinds []ui.Option
	for _, k := range people.OrganisationKinds() {
		kinds = append(kinds, ui.Option{Value: string(k), Label: kindLabel(ctx, k), Selected: f.Kind == string(k)})
	}
	m := view.Editor{
		Title: text.T(ctx, "Add an organisation"), Action: "/organisations", Cancel: "/organisations", Save: text.T(ctx, "Add the organisation"), Alert: alert,
		Trail:  []ui.Crumb{{Label: text.T(ctx, "Organisations"), URL: "/organisations"}, {Label: text.T(ctx, "Add an organisation")}},
		Hidden: []ui.Hidden{{Name: "version", Value: id(f.Version)}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Required: true, Error: bad["name"]}, Value: f.Name, Autofocus: n == 0},
			ui.Select{Field: ui.Field{Name: "kind", Label: text.T(ctx, "Kind"), Error: bad["kind"]}, Options: kinds},
			ui.Combobox{Field: ui.Field{Name: "parent_id", Label: text.T(ctx, "Part of"), Error: bad["parent_id"]}, URL: "/choose/organisations", Chosen: picked(f.ParentID, names[f.ParentID])},
			ui.TextArea{Field: ui.Field{Name: "description", Label: text.T(ctx, "Description"), Error: bad["description"]}, Value: f.Description},
			ui.Check{Field: ui.Field{Name: "active", Label: text.T(ctx, "Active")}, Checked: f.Active, Value: "true"},
		},
	}
	if n != 0 {
		at := "/organisations/" + id(n)
		m.Title, m.Action, m.Cancel, m.Save = f.Name, at, at, text.T(ctx, "Save")
		m.Trail = []ui.Crumb{{Label: text.T(ctx, "Organisations"), URL: "/organisations"}, {Label: f.Name, URL: at}, {Label: text.T(ctx, "Edit")}}
	}
	return p.Frame.Page(w, r, module.Page{Title: m.Title, Active: "organisations", Status: statusOf(failed)}, m.View())
}

func (p pages) saveOrganisation(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	var f organisationForm
	err = web.Form(r, &f, nil)
	var saved people.Organisation
	if err == nil && n == 0 {
		saved, err = p.People.CreateOrganisation(r.Context(), f.input())
	} else if err == nil {
		saved, err = p.People.UpdateOrganisation(r.Context(), n, f.Version, f.input())
	}
	if back(err) {
		if now, getErr := p.People.Organisation(r.Context(), n); n != 0 && getErr == nil {
			f.Version = now.Version
		}
		return p.organisationEditor(w, r, n, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/organisations/"+id(saved.ID))
}
