package administration

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p pages) listRoles(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, err := p.Roles.All(ctx)
	if err != nil {
		return err
	}
	counts, err := p.Roles.Counts(ctx)
	if err != nil {
		return err
	}
	t := ui.Table{ID: "roles", Caption: text.T(ctx, "Roles"), Columns: []ui.Column{
		{Key: "name", Label: text.T(ctx, "Name"), Main: true},
		{Key: "description", Label: text.T(ctx, "Description")},
		{Key: "holders", Label: text.T(ctx, "Held by"), Number: true},
		{Key: "kind", Label: text.T(ctx, "Kind"), Shrink: true},
	}}
	for _, role := range all {
		kind := ui.Badge{Label: text.T(ctx, "Own")}
		if role.BuiltIn {
			kind = ui.Badge{Label: text.T(ctx, "Built in")}
		}
		t.Rows = append(t.Rows, ui.Row{URL: "/roles/" + role.Key, Cells: []templ.Component{
			ui.Link{Label: text.Label(ctx, "role", role.Name), URL: "/roles/" + role.Key}, view.Text(text.Label(ctx, "role", role.Description)), view.Text(text.Number(ctx, int64(counts[role.Key]))), kind,
		}})
	}
	m := view.Listing{Title: text.T(ctx, "Roles"), Lead: text.T(ctx, "A role allows things to be done, on records within a scope. Everything else is denied."), Table: t, NoSearch: true, NewLabel: text.T(ctx, "Add a role")}
	if access.From(ctx).Can(access.ManageRoles, access.AnyKind) {
		m.NewURL = "/roles/new"
	}
	return p.listing(w, r, "roles", m)
}

func (p pages) showRole(w http.ResponseWriter, r *http.Request) error {
	return p.rolePage(w, r, nil)
}

func (p pages) rolePage(w http.ResponseWriter, r *http.Request, failed error) error {
	ctx := r.Context()
	role, err := p.Roles.Get(ctx, r.PathValue("key"))
	if err != nil {
		return err
	}
	persons, err := p.Roles.HoldingPersons(ctx, role.Key, lookup.Cursor{}, 100)
	if err != nil {
		return err
	}
	groups, err := p.Roles.HoldingGroups(ctx, role.Key, lookup.Cursor{}, 100)
	if err != nil {
		return err
	}
	m := view.Record{Alert: notice(ctx, failed), Title: text.Label(ctx, "role", role.Name), Lead: text.Label(ctx, "role", role.Description), Trail: []ui.Crumb{{Label: text.T(ctx, "Roles"), URL: "/roles"}, {Label: text.Label(ctx, "role", role.Name)}}}
	if role.BuiltIn {
		m.Badges = append(m.Badges, ui.Badge{Label: text.T(ctx, "Built in")})
	}
	if access.From(ctx).Can(access.ManageRoles, access.AnyKind) {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Copy into a new role"), URL: "/roles/new?from=" + role.Key, Icon: ui.IconCopy})
		if !role.BuiltIn {
			m.Actions = append(m.Actions,
				ui.Button{Label: text.T(ctx, "Edit"), URL: "/roles/" + role.Key + "/edit", Icon: ui.IconPencil, Key: "e"},
				view.Inline{
					Bare: true, Action: "/roles/" + role.Key + "/delete", Hidden: []ui.Hidden{{Name: "version", Value: id(role.Version)}},
					Button: ui.Button{Label: text.T(ctx, "Delete"), Submit: true, Icon: ui.IconTrash},
				})
		}
	}
	for _, kind := range kindsOf(role) {
		m.Sections = append(m.Sections, view.Section{Title: p.kindTitle(ctx, kind), Flush: true, Body: p.permissionMatrix(ctx, role, kind, false)})
	}
	t := ui.Table{ID: "holders", Caption: text.T(ctx, "Held by"), Columns: []ui.Column{{Key: "name", Label: text.T(ctx, "Name"), Main: true}, {Key: "organisation", Label: text.T(ctx, "Organisation")}}, Empty: ui.EmptyState{Title: text.T(ctx, "Nobody holds this role")}}
	for _, h := range groups.Items {
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{ui.Link{Label: h.Name, URL: "/groups/" + id(h.ID), Note: text.T(ctx, "group")}, view.Text(h.OrganisationName)}})
	}
	for _, h := range persons.Items {
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{ui.Link{Label: h.Name, URL: "/people/" + id(h.ID)}, view.Text(h.OrganisationName)}})
	}
	m.Sections = append(m.Sections, view.Section{Title: text.T(ctx, "Held by"), Flush: true, Body: t})
	return p.Frame.Page(w, r, module.Page{Title: text.Label(ctx, "role", role.Name), Active: "roles", Status: statusOf(failed)}, m.View())
}

// kindsOf lists the kinds a role's permissions name, "every kind" first; a role
// without any shows that it allows nothing.
func kindsOf(role access.Role) []string {
	var kinds []string
	for _, perm := range role.Permissions {
		if !slices.Contains(kinds, perm.Kind) {
			kinds = append(kinds, perm.Kind)
		}
	}
	if len(kinds) == 0 {
		return []string{access.AnyKind}
	}
	slices.Sort(kinds) // "*" sorts before any key
	return kinds
}

func (p pages) kindTitle(ctx context.Context, kind string) string {
	if kind == access.AnyKind {
		return text.T(ctx, "Every kind of ticket, and the product itself")
	}
	if d, err := p.Kinds.Get(kind); err == nil {
		return text.T(ctx, "Only %s", d.Plural)
	}
	return kind
}

// permissionMatrix shows verbs against scopes; edit makes check boxes of it.
func (p pages) permissionMatrix(ctx context.Context, role access.Role, kind string, edit bool) templ.Component {
	m := view.Matrix{Caption: text.T(ctx, "Permissions"), Corner: text.T(ctx, "May")}
	scopes := access.AllScopes()
	for _, s := range scopes {
		m.Columns = append(m.Columns, text.Label(ctx, "permission", s.Label()))
	}
	for _, info := range p.Roles.Verbs().Verbs() {
		if kind != access.AnyKind && !info.Tickets {
			continue
		}
		row := view.MatrixRow{Label: text.Label(ctx, "permission", info.Label)}
		for _, s := range scopes {
			perm := access.Permission{Verb: info.Verb, Kind: kind, Scope: s}
			has := slices.Contains(role.Permissions, perm)
			switch {
			case !slices.Contains(info.Scopes, s):
				row.Cells = append(row.Cells, nil)
			case edit:
				row.Cells = append(row.Cells, ui.Check{Field: ui.Field{Name: "permission", ID: "p-" + string(info.Verb) + "-" + kindID(kind) + "-" + string(s), Label: text.Label(ctx, "permission", info.Label) + ": " + text.Label(ctx, "permission", s.Label()), Hidden: true}, Value: encodePermission(perm), Checked: has})
			case has:
				row.Cells = append(row.Cells, ui.IconCheck)
			default:
				row.Cells = append(row.Cells, nil)
			}
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

func kindID(kind string) string {
	if kind == access.AnyKind {
		return "any"
	}
	return kind
}

func encodePermission(p access.Permission) string {
	return string(p.Verb) + "|" + p.Kind + "|" + string(p.Scope)
}

type roleEditForm struct {
	Key         string   `form:"key"`
	Name        string   `form:"name"`
	Description string   `form:"description"`
	Permissions []string `form:"permission"`
	Version     int64    `form:"version"`
}

func (f roleEditForm) role() access.Role {
	role := access.Role{Key: f.Key, Name: f.Name, Description: f.Description, Version: f.Version}
	for _, text := range f.Permissions {
		parts := strings.SplitN(text, "|", 3)
		if len(parts) == 3 {
			role.Permissions = append(role.Permissions, access.Permission{Verb: access.Verb(parts[0]), Kind: parts[1], Scope: access.Scope(parts[2])})
		}
	}
	return role
}

func (p pages) editRole(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.ManageRoles, access.AnyKind); err != nil {
		return err
	}
	key := r.PathValue("key")
	from := key
	if key == "" {
		from = r.FormValue("from")
	}
	var role access.Role
	if from != "" {
		var err error
		if role, err = p.Roles.Get(ctx, from); err != nil {
			return err
		}
		if key == "" {
			role.Key, role.Name, role.Version, role.BuiltIn = "", text.T(ctx, "Copy of %s", role.Name), 0, false
		}
	}
	return p.roleEditor(w, r, key == "", role, nil)
}

func (p pages) roleEditor(w http.ResponseWriter, r *http.Request, fresh bool, role access.Role, failed error) error {
	ctx := r.Context()
	bad, alert := problems(ctx, failed)
	m := view.Editor{
		Title: role.Name, Action: "/roles/" + role.Key, Cancel: "/roles/" + role.Key, Save: text.T(ctx, "Save"), Alert: alert,
		Trail:  []ui.Crumb{{Label: text.T(ctx, "Roles"), URL: "/roles"}, {Label: role.Name}},
		Hidden: []ui.Hidden{{Name: "version", Value: id(role.Version)}},
	}
	if fresh {
		m.Title, m.Action, m.Cancel, m.Save = text.T(ctx, "Add a role"), "/roles", "/roles", text.T(ctx, "Add the role")
		m.Fields = append(m.Fields, ui.TextField{Field: ui.Field{Name: "key", Label: text.T(ctx, "Key"), Required: true, Error: bad["key"], Help: text.T(ctx, "A stable name for files and the API: lower-case letters and underscores.")}, Value: role.Key, Mono: true})
	}
	m.Fields = append(m.Fields,
		ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Required: true, Error: bad["name"]}, Value: role.Name},
		ui.TextArea{Field: ui.Field{Name: "description", Label: text.T(ctx, "Description"), Error: bad["description"]}, Value: role.Description},
		view.Boxed(text.T(ctx, "Every kind of ticket, and the product itself"), false, p.permissionMatrix(ctx, role, access.AnyKind, true)),
	)
	for _, d := range p.Kinds.All() {
		folded := !slices.Contains(kindsOf(role), d.Key)
		m.Fields = append(m.Fields, view.Boxed(text.T(ctx, "Only %s", d.Plural), folded, p.permissionMatrix(ctx, role, d.Key, true)))
	}
	return p.Frame.Page(w, r, module.Page{Title: m.Title, Active: "roles", Status: statusOf(failed)}, m.View())
}

func (p pages) saveRole(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	key := r.PathValue("key")
	var f roleEditForm
	err := web.Form(r, &f, nil)
	role := f.role()
	saved := role
	if err == nil && key == "" {
		saved, err = p.Roles.Create(ctx, role)
	} else if err == nil {
		role.Key = key
		saved, err = p.Roles.Update(ctx, role)
	}
	if back(err) {
		if now, getErr := p.Roles.Get(ctx, key); key != "" && getErr == nil {
			role.Version = now.Version
		}
		return p.roleEditor(w, r, key == "", role, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/roles/"+saved.Key)
}

func (p pages) deleteRole(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Version int64 `form:"version"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	if f.Version == 0 {
		return apperr.InvalidField("version", "Say which version of the role to delete.")
	}
	err := p.Roles.Delete(r.Context(), r.PathValue("key"), f.Version)
	if back(err) {
		return p.rolePage(w, r, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/roles")
}
