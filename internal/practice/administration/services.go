package administration

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func stageLabel(ctx context.Context, s service.Stage) string {
	switch s {
	case service.Planned:
		return text.T(ctx, "Planned")
	case service.Live:
		return text.T(ctx, "Live")
	case service.Retiring:
		return text.T(ctx, "Retiring")
	case service.Retired:
		return text.T(ctx, "Retired")
	}
	return string(s)
}

// serviceNames are the names behind the references of some services.
type serviceNames struct {
	persons, groups, organisations, services map[int64]string
	gone                                     map[int64]bool // persons who are no longer active
}

// owner names who answers for a service, or flags that nobody does.
func (n serviceNames) owner(ctx context.Context, s *service.Input) templ.Component {
	switch {
	case s.OwnerID != 0 && n.gone[s.OwnerID] && s.Stage != service.Retired:
		return ui.Badge{Label: text.T(ctx, "%s is no longer active", n.persons[s.OwnerID]), Tone: ui.Warning, Icon: ui.IconAlertTriangle}
	case s.OwnerID == 0 && s.Stage != service.Retired:
		return ui.Badge{Label: text.T(ctx, "Nobody"), Tone: ui.Warning, Icon: ui.IconAlertTriangle}
	}
	return link(ctx, s.OwnerID, n.persons[s.OwnerID], "/people")
}

func (p pages) namesOf(ctx context.Context, list ...service.Input) (serviceNames, error) {
	var persons, groups, orgs, services []int64
	for _, s := range list {
		persons = append(persons, s.OwnerID, s.BusinessOwnerID)
		groups = append(groups, s.SupportGroupID)
		orgs = append(orgs, s.ProviderID)
		services = append(services, s.ParentID)
	}
	q := p.DB.Reader()
	out := serviceNames{persons: map[int64]string{}, groups: map[int64]string{}, gone: map[int64]bool{}}
	foundPersons, err := p.People.PersonNames(ctx, q, persons)
	if err != nil {
		return out, err
	}
	for n, v := range foundPersons {
		out.persons[n], out.gone[n] = v.Name, !v.Active
	}
	foundGroups, err := p.People.GroupNames(ctx, q, groups)
	if err != nil {
		return out, err
	}
	for n, v := range foundGroups {
		out.groups[n] = v.Name
	}
	if out.organisations, err = p.People.OrganisationNames(ctx, q, orgs); err != nil {
		return out, err
	}
	out.services, err = p.Services.Names(ctx, q, services)
	return out, err
}

func (p pages) listServices(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	at, err := after(r)
	if err != nil {
		return err
	}
	unowned := r.FormValue("owner") == "none"
	page, err := p.Services.List(ctx, service.Query{Text: r.FormValue("q"), Stage: service.Stage(r.FormValue("stage")), Unowned: unowned, After: at})
	if err != nil {
		return err
	}
	var inputs []service.Input
	for _, s := range page.Items {
		inputs = append(inputs, s.Input)
	}
	names, err := p.namesOf(ctx, inputs...)
	if err != nil {
		return err
	}
	t := ui.Table{
		ID: "services", Caption: text.T(ctx, "Services"), More: more(r, page.Next),
		Columns: []ui.Column{
			{Key: "name", Label: text.T(ctx, "Name"), Main: true},
			{Key: "owner", Label: text.T(ctx, "Owner")},
			{Key: "group", Label: text.T(ctx, "Support group")},
			{Key: "provider", Label: text.T(ctx, "Provider")},
			{Key: "criticality", Label: text.T(ctx, "Criticality"), Number: true},
			{Key: "stage", Label: text.T(ctx, "Stage"), Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconStack2, Title: text.T(ctx, "No services"), Text: text.T(ctx, "A service is what tickets are about: what people use, not the machines behind it.")},
	}
	for _, s := range page.Items {
		t.Rows = append(t.Rows, ui.Row{ID: "service-" + id(s.ID), URL: "/services/" + id(s.ID), Muted: s.Stage == service.Retired, Cells: []templ.Component{
			ui.Link{Label: s.Name, URL: "/services/" + id(s.ID)},
			names.owner(ctx, &s.Input), link(ctx, s.SupportGroupID, names.groups[s.SupportGroupID], "/groups"),
			link(ctx, s.ProviderID, names.organisations[s.ProviderID], "/organisations"), view.Text(id(int64(s.Criticality))),
			ui.Badge{Label: stageLabel(ctx, s.Stage)},
		}})
	}
	stages := []ui.Option{{Value: "", Label: text.T(ctx, "All stages")}}
	for _, s := range service.Stages() {
		stages = append(stages, ui.Option{Value: string(s), Label: stageLabel(ctx, s), Selected: r.FormValue("stage") == string(s)})
	}
	m := view.Listing{
		Title: text.T(ctx, "Services"), Lead: text.T(ctx, "What we answer for, who owns it, and who helps when it breaks."), Table: t, NewLabel: text.T(ctx, "Add a service"),
		Filters: []templ.Component{
			ui.Select{Field: ui.Field{Name: "stage", Label: text.T(ctx, "Stage"), Hidden: true}, Options: stages, SubmitNow: true},
			ui.Select{Field: ui.Field{Name: "owner", Label: text.T(ctx, "Owner"), Hidden: true}, SubmitNow: true, Options: []ui.Option{
				{Value: "", Label: text.T(ctx, "Any owner"), Selected: !unowned}, {Value: "none", Label: text.T(ctx, "Nobody answers for them"), Selected: unowned},
			}},
		},
	}
	if access.From(ctx).Can(access.ManageServices, access.AnyKind) {
		m.NewURL = "/services/new"
		n, err := p.Services.Unowned(ctx)
		if err != nil {
			return err
		}
		if n > 0 && !unowned {
			m.Alert = ui.Alert{
				Tone: ui.Warning, Title: text.N(ctx, n, "Nobody answers for %d service", "Nobody answers for %d services"),
				Text:    text.T(ctx, "A service without an owner has nobody to turn to when a promise breaks, and its customers are told so."),
				Actions: []templ.Component{ui.Button{Label: text.T(ctx, "Show them"), URL: "/services?owner=none", Small: true}},
			}
		}
	}
	return p.listing(w, r, "services", m)
}

func (p pages) showService(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	return p.servicePage(w, r, n, useForm{}, nil)
}

func (p pages) servicePage(w http.ResponseWriter, r *http.Request, n int64, f useForm, failed error) error {
	ctx := r.Context()
	s, err := p.Services.Get(ctx, n)
	if err != nil {
		return err
	}
	names, err := p.namesOf(ctx, s.Input)
	if err != nil {
		return err
	}
	parts, err := p.Services.List(ctx, service.Query{Parent: n, Limit: 100})
	if err != nil {
		return err
	}
	m := view.Record{Title: s.Name, Lead: s.Description, Badges: []templ.Component{ui.Badge{Label: stageLabel(ctx, s.Stage)}}, Trail: []ui.Crumb{{Label: text.T(ctx, "Services"), URL: "/services"}, {Label: s.Name}}}
	if s.MissionCritical {
		m.Badges = append(m.Badges, ui.Badge{Label: text.T(ctx, "Mission critical"), Tone: ui.Critical})
	}
	if access.From(ctx).Can(access.ManageServices, access.AnyKind) {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Edit"), URL: "/services/" + id(n) + "/edit", Icon: ui.IconPencil, Key: "e"})
	}
	t := ui.Table{ID: "parts", Caption: text.T(ctx, "Parts"), Columns: []ui.Column{{Key: "name", Label: text.T(ctx, "Name"), Main: true}, {Key: "stage", Label: text.T(ctx, "Stage"), Shrink: true}}, Empty: ui.EmptyState{Title: text.T(ctx, "No parts")}}
	for _, part := range parts.Items {
		t.Rows = append(t.Rows, ui.Row{URL: "/services/" + id(part.ID), Cells: []templ.Component{ui.Link{Label: part.Name, URL: "/services/" + id(part.ID)}, ui.Badge{Label: stageLabel(ctx, part.Stage)}}})
	}
	m.Sections = []view.Section{
		{Title: text.T(ctx, "About"), Body: ui.Values(
			ui.Value{Label: text.T(ctx, "Owner"), Content: names.owner(ctx, &s.Input)},
			ui.Value{Label: text.T(ctx, "Business owner"), Content: link(ctx, s.BusinessOwnerID, names.persons[s.BusinessOwnerID], "/people")},
			ui.Value{Label: text.T(ctx, "Support group"), Content: link(ctx, s.SupportGroupID, names.groups[s.SupportGroupID], "/groups")},
			ui.Value{Label: text.T(ctx, "Provider"), Content: link(ctx, s.ProviderID, names.organisations[s.ProviderID], "/organisations")},
			ui.Value{Label: text.T(ctx, "Criticality"), Content: view.Text(id(int64(s.Criticality)))},
			ui.Value{Label: text.T(ctx, "Part of"), Content: link(ctx, s.ParentID, names.services[s.ParentID], "/services")},
		)},
		{Title: text.T(ctx, "Parts"), Count: len(parts.Items), Flush: true, Body: t},
	}
	levels, err := p.offeringSections(ctx, &s, f, failed)
	if err != nil {
		return err
	}
	m.Alert = notice(ctx, failed)
	m.Sections = append(m.Sections, levels...)
	m.Aside = []view.Section{{Title: text.T(ctx, "Tickets"), Body: ui.Link{Label: text.T(ctx, "Open tickets about it"), URL: "/queue?q=" + urlQuery(`state:open service:"`+s.Name+`"`)}}}
	return p.Frame.Page(w, r, module.Page{Title: s.Name, Active: "services", Status: statusOf(failed)}, m.View())
}

type serviceForm struct {
	Name            string `form:"name"`
	Description     string `form:"description"`
	OwnerID         int64  `form:"owner_id"`
	BusinessOwnerID int64  `form:"business_owner_id"`
	Criticality     int    `form:"criticality"`
	MissionCritical bool   `form:"mission_critical"`
	Stage           string `form:"stage"`
	ProviderID      int64  `form:"provider_id"`
	SupportGroupID  int64  `form:"support_group_id"`
	ParentID        int64  `form:"parent_id"`
	Version         int64  `form:"version"`
}

func (f serviceForm) input() service.Input {
	return service.Input{
		Name: f.Name, Description: f.Description, OwnerID: f.OwnerID, BusinessOwnerID: f.BusinessOwnerID, Criticality: f.Criticality,
		MissionCritical: f.MissionCritical, Stage: service.Stage(f.Stage), ProviderID: f.ProviderID, SupportGroupID: f.SupportGroupID, ParentID: f.ParentID,
	}
}

func (p pages) editService(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	f := serviceForm{Criticality: service.DefaultCriticality, Stage: string(service.Live)}
	if n != 0 {
		s, err := p.Services.Get(r.Context(), n)
		if err != nil {
			return err
		}
		f = serviceForm{
			Name: s.Name, Description: s.Description, OwnerID: s.OwnerID, BusinessOwnerID: s.BusinessOwnerID, Criticality: s.Criticality,
			MissionCritical: s.MissionCritical, Stage: string(s.Stage), ProviderID: s.ProviderID, SupportGroupID: s.SupportGroupID, ParentID: s.ParentID, Version: s.Version,
		}
	}
	return p.serviceEditor(w, r, n, f, nil)
}

func (p pages) serviceEditor(w http.ResponseWriter, r *http.Request, n int64, f serviceForm, failed error) error {
	ctx := r.Context()
	bad, alert := problems(ctx, failed)
	names, err := p.namesOf(ctx, f.input())
	if err != nil {
		return err
	}
	var levels, stages []ui.Option
	for i, label := range []string{text.T(ctx, "1: the highest"), "2", "3", text.T(ctx, "4: the lowest")} {
		levels = append(levels, ui.Option{Value: id(int64(i + 1)), Label: label, Selected: f.Criticality == i+1})
	}
	for _, s := range service.Stages() {
		stages = append(stages, ui.Option{Value: string(s), Label: stageLabel(ctx, s), Selected: f.Stage == string(s)})
	}
	choose := func(name, label, what string, n int64, chosen string) ui.Combobox {
		return ui.Combobox{Field: ui.Field{Name: name, Label: label, Error: bad[name]}, URL: "/choose/" + what, Chosen: picked(n, chosen)}
	}
	m := view.Editor{
		Title: text.T(ctx, "Add a service"), Action: "/services", Cancel: "/services", Save: text.T(ctx, "Add the service"), Alert: alert,
		Trail:  []ui.Crumb{{Label: text.T(ctx, "Services"), URL: "/services"}, {Label: text.T(ctx, "Add a service")}},
		Hidden: []ui.Hidden{{Name: "version", Value: id(f.Version)}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Required: true, Error: bad["name"]}, Value: f.Name, Autofocus: n == 0},
			ui.TextArea{Field: ui.Field{Name: "description", Label: text.T(ctx, "Description"), Error: bad["description"]}, Value: f.Description},
			choose("owner_id", text.T(ctx, "Owner"), "people", f.OwnerID, names.persons[f.OwnerID]),
			choose("business_owner_id", text.T(ctx, "Business owner"), "people", f.BusinessOwnerID, names.persons[f.BusinessOwnerID]),
			choose("support_group_id", text.T(ctx, "Support group: takes its tickets first"), "groups", f.SupportGroupID, names.groups[f.SupportGroupID]),
			choose("provider_id", text.T(ctx, "Provider"), "organisations", f.ProviderID, names.organisations[f.ProviderID]),
			choose("parent_id", text.T(ctx, "Part of"), "services", f.ParentID, names.services[f.ParentID]),
			ui.Select{Field: ui.Field{Name: "criticality", Label: text.T(ctx, "Criticality"), Error: bad["criticality"]}, Options: levels},
			ui.Select{Field: ui.Field{Name: "stage", Label: text.T(ctx, "Stage"), Error: bad["stage"]}, Options: stages},
			ui.Check{Field: ui.Field{Name: "mission_critical", Label: text.T(ctx, "Mission critical"), Help: text.T(ctx, "The business stops without it.")}, Checked: f.MissionCritical, Value: "true"},
		},
	}
	if n != 0 {
		at := "/services/" + id(n)
		m.Title, m.Action, m.Cancel, m.Save = f.Name, at, at, text.T(ctx, "Save")
		m.Trail = []ui.Crumb{{Label: text.T(ctx, "Services"), URL: "/services"}, {Label: f.Name, URL: at}, {Label: text.T(ctx, "Edit")}}
	}
	return p.Frame.Page(w, r, module.Page{Title: m.Title, Active: "services", Status: statusOf(failed)}, m.View())
}

func (p pages) saveService(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	var f serviceForm
	err = web.Form(r, &f, nil)
	var saved service.Service
	if err == nil && n == 0 {
		saved, err = p.Services.Create(r.Context(), f.input())
	} else if err == nil {
		saved, err = p.Services.Update(r.Context(), n, f.Version, f.input())
	}
	if back(err) {
		if now, getErr := p.Services.Get(r.Context(), n); n != 0 && getErr == nil {
			f.Version = now.Version
		}
		return p.serviceEditor(w, r, n, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/services/"+id(saved.ID))
}
