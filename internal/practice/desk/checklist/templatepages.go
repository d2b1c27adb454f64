package checklist

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/checklist/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// pageSize is how many rows come at a time.
const pageSize = 50

func (p pages) page(w http.ResponseWriter, r *http.Request, status int, title string, body web.Component) error {
	return p.Frame.Page(w, r, module.Page{Title: title, Active: MenuID, Status: status}, body)
}

func (p pages) listTemplates(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	after, _ := strconv.ParseInt(r.FormValue("after"), 10, 64) // anything else is the beginning
	found, err := p.service.Templates(ctx, after, pageSize+1)
	if err != nil {
		return err
	}
	var m view.Templates
	if len(found) > pageSize {
		found = found[:pageSize]
		m.MoreURL = "/checklists?after=" + strconv.FormatInt(found[pageSize-1].ID, 10)
	}
	if m.Rows, err = p.rows(ctx, found); err != nil {
		return err
	}
	if after != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(m.Table(ctx)))
	}
	return p.page(w, r, http.StatusOK, text.T(ctx, "Checklist templates"), m.Page())
}

func (p pages) rows(ctx context.Context, found []Template) ([]view.Row, error) {
	actor := access.From(ctx)
	var persons, groups, services []int64
	for i := range found {
		persons, groups, services = append(persons, found[i].OwnerID), append(groups, found[i].GroupID), append(services, found[i].ServiceID)
	}
	names, err := p.Names.PersonNames(ctx, p.DB.Reader(), persons)
	if err != nil {
		return nil, err
	}
	teams, err := p.Names.GroupNames(ctx, p.DB.Reader(), groups)
	if err != nil {
		return nil, err
	}
	about, err := p.Services.Names(ctx, p.DB.Reader(), services)
	if err != nil {
		return nil, err
	}
	out := make([]view.Row, 0, len(found))
	for i := range found {
		t := &found[i]
		row := view.Row{ID: t.ID, Name: t.Name, Items: len(t.Items), ByItself: t.ByItself, Blocks: t.Blocks, UpdatedAt: t.UpdatedAt, Suited: p.suited(ctx, t, about[t.ServiceID])}
		switch t.Audience {
		case sharing.Everyone:
			row.Audience = text.T(ctx, "Everyone")
		case sharing.Group:
			row.Audience = teams[t.GroupID].Name
		case sharing.Mine:
			row.Audience = text.T(ctx, "Only me")
		}
		if t.OwnerID != actor.ID {
			row.Owner = names[t.OwnerID].Name
		}
		out = append(out, row)
	}
	return out, nil
}

// suited says which tickets a template is for.
func (p pages) suited(ctx context.Context, t *Template, service string) string {
	kind := ""
	if def, err := p.Tickets.Kinds().In(ctx).Get(t.Kind); t.Kind != "" && err == nil {
		kind = text.T(ctx, def.Label)
	}
	switch {
	case kind != "" && service != "":
		return text.T(ctx, "%s about %s", kind, service)
	case service != "":
		return service
	case kind != "":
		return kind
	}
	return text.T(ctx, "Every ticket")
}

// templateForm is what the form of a template posts.
type templateForm struct {
	Name         string `form:"name,line"`
	Items        string `form:"items"`
	Kind         string `form:"kind,line"`
	Service      int64  `form:"service"`
	ServiceTyped string `form:"service.text,line,max=200"`
	Audience     string `form:"audience"`
	Group        int64  `form:"group"`
	ByItself     bool   `form:"by_itself"`
	Filter       string `form:"filter,line,max=4096"`
	Blocks       bool   `form:"blocks"`
	Version      int64  `form:"version"`
}

func (f *templateForm) apply(t *Template) {
	t.Name, t.Items, t.Kind, t.ServiceID = f.Name, strings.Split(f.Items, "\n"), f.Kind, f.Service
	t.Audience, t.GroupID = sharing.Audience(f.Audience), f.Group
	t.ByItself, t.Filter, t.Blocks = f.ByItself, f.Filter, f.Blocks
}

func formOf(t *Template) templateForm {
	return templateForm{
		Name: t.Name, Items: strings.Join(t.Items, "\n"), Kind: t.Kind, Service: t.ServiceID, Audience: string(t.Audience), Group: t.GroupID,
		ByItself: t.ByItself, Filter: t.Filter, Blocks: t.Blocks, Version: t.Version,
	}
}

func (p pages) newTemplate(w http.ResponseWriter, r *http.Request) error {
	if err := mayUse(r.Context()); err != nil {
		return err
	}
	return p.showForm(w, r, 0, templateForm{Audience: string(sharing.Mine)}, false, nil)
}

func (p pages) showTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := p.service.Template(r.Context(), web.PathID(r, "id"))
	if err != nil {
		return err
	}
	return p.showForm(w, r, t.ID, formOf(&t), !t.EditableBy(access.From(r.Context())), nil)
}

func (p pages) showForm(w http.ResponseWriter, r *http.Request, id int64, f templateForm, readOnly bool, wrong error) error {
	ctx := r.Context()
	actor := access.From(ctx)
	m := view.Form{
		ID: id, Name: f.Name, Items: f.Items, Filter: f.Filter, Audience: f.Audience, ByItself: f.ByItself, Blocks: f.Blocks, Version: f.Version,
		MayShare: sharing.May(actor) || readOnly, ReadOnly: readOnly, MaxName: MaxName, Errors: errorsOf(ctx, wrong), ServiceTyped: f.ServiceTyped, Guarded: p.guarded(ctx),
	}
	m.Kinds = []ui.Option{{Value: "", Label: text.T(ctx, "Every kind"), Selected: f.Kind == ""}}
	for _, def := range workflow.Sorted(p.Tickets.Kinds().In(ctx).All()) {
		m.Kinds = append(m.Kinds, ui.Option{Value: def.Key, Label: text.T(ctx, def.Label), Selected: def.Key == f.Kind})
	}
	if f.Service != 0 {
		names, err := p.Services.Names(ctx, p.DB.Reader(), []int64{f.Service})
		if err != nil {
			return err
		}
		m.Service = []ui.Choice{{Value: strconv.FormatInt(f.Service, 10), Label: names[f.Service]}}
	}
	groups := slices.Clone(actor.Groups())
	if f.Group != 0 && !slices.Contains(groups, f.Group) {
		groups = append(groups, f.Group)
	}
	names, err := p.Names.GroupNames(ctx, p.DB.Reader(), groups)
	if err != nil {
		return err
	}
	for _, g := range groups {
		m.Groups = append(m.Groups, ui.Option{Value: strconv.FormatInt(g, 10), Label: names[g].Name, Selected: g == f.Group})
	}
	status, title := http.StatusOK, text.T(ctx, "New template")
	if id != 0 {
		title = f.Name
	}
	switch {
	case apperr.Is(wrong, apperr.Conflict):
		status = http.StatusConflict
		m.Errors["name"] = text.T(ctx, "%s Save again to put your version over theirs.", apperr.Message(wrong).In(ctx))
	case wrong != nil:
		status = http.StatusUnprocessableEntity
	}
	return p.page(w, r, status, title, m.Page())
}

// guarded names the steps before which open items are asked for.
func (p pages) guarded(ctx context.Context) []string {
	var out []string
	for _, def := range workflow.Sorted(p.Tickets.Kinds().In(ctx).All()) {
		for _, tr := range def.Transitions {
			if to, _ := def.State(tr.To); to.Category == workflow.Resolved {
				out = append(out, text.T(ctx, def.Label)+": "+text.T(ctx, tr.Label))
			}
		}
	}
	return out
}

// service is which was chosen or, without scripts, the only one called as was typed.
func (p pages) resolve(ctx context.Context, f *templateForm) error {
	if f.Service != 0 || f.ServiceTyped == "" {
		return nil
	}
	found, err := p.Services.Suggest(ctx, f.ServiceTyped)
	if err != nil {
		return err
	}
	for _, s := range found {
		if len(found) == 1 || strings.EqualFold(s.Name, f.ServiceTyped) {
			f.Service, f.ServiceTyped = s.ID, ""
			return nil
		}
	}
	return apperr.InvalidField("service", "No service is called “%s”.", f.ServiceTyped)
}

func (p pages) createTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f templateForm
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	err := p.resolve(ctx, &f)
	if err == nil {
		var t Template
		f.apply(&t)
		_, err = p.service.CreateTemplate(ctx, t)
	}
	return p.savedTemplate(w, r, 0, f, err)
}

func (p pages) updateTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f templateForm
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	err := p.resolve(ctx, &f)
	if err == nil {
		_, err = p.service.ChangeTemplate(ctx, web.PathID(r, "id"), f.Version, f.apply)
	}
	return p.savedTemplate(w, r, web.PathID(r, "id"), f, err)
}

func (p pages) savedTemplate(w http.ResponseWriter, r *http.Request, id int64, f templateForm, err error) error {
	if apperr.Is(err, apperr.Conflict) || apperr.Is(err, apperr.Invalid) {
		if now, ok := apperr.Now[Template](err); ok {
			f.Version = now.Version
		}
		return p.showForm(w, r, id, f, false, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "The template “%s” is saved", f.Name)}, p.HTTPS)
	return web.Redirect(w, r, "/checklists")
}

func (p pages) deleteTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := p.service.DeleteTemplate(r.Context(), web.PathID(r, "id"))
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "The template “%s” is deleted", t.Name), Undo: view.TemplateURL(t.ID) + "/restore"}, p.HTTPS)
	return web.Redirect(w, r, "/checklists")
}

func (p pages) restoreTemplate(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.service.RestoreTemplate(r.Context(), web.PathID(r, "id")); err != nil {
		return err
	}
	return web.Redirect(w, r, "/checklists")
}
