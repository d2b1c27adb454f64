package administration

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// auditFilter is what the log's page asks for; its address tells it all.
type auditFilter struct {
	Type   string `form:"type,line"`
	ID     string `form:"id,line"`
	Person int64  `form:"person_id"`
	From   string `form:"from,line"`
	To     string `form:"to,line"`
	After  int64  `form:"after"`
	Verify bool   `form:"verify"`
}

// query turns days in the reader's zone into instants; the last day counts whole.
func (f auditFilter) query(zone *time.Location) (audit.Query, error) {
	q := audit.Query{Before: f.After, ObjectType: f.Type, ObjectID: f.ID, ActorID: f.Person}
	var wrong apperr.Problems
	day := func(name, value string, plus int) time.Time {
		if value == "" {
			return time.Time{}
		}
		at, err := web.ParseTime(value, zone)
		if err != nil {
			wrong.Add(name, "This is not a day.")
			return time.Time{}
		}
		return at.In(zone).AddDate(0, 0, plus)
	}
	q.From, q.To = day("from", f.From, 0), day("to", f.To, 1)
	return q, wrong.Err()
}

func (p pages) listAudit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f auditFilter
	if err := web.Values(r.URL.Query(), &f, nil); err != nil {
		return err
	}
	q, err := f.query(text.From(ctx).Location)
	if err != nil {
		return err
	}
	records, next, err := p.Audit.List(ctx, q)
	if err != nil {
		return err
	}
	t := ui.Table{ID: "audit", Caption: text.T(ctx, "Audit log"), Columns: []ui.Column{
		{Key: "what", Label: text.T(ctx, "What"), Main: true},
		{Key: "object", Label: text.T(ctx, "On")},
		{Key: "who", Label: text.T(ctx, "Who")},
		{Key: "from", Label: text.T(ctx, "From"), Shrink: true},
		{Key: "at", Label: text.T(ctx, "When"), Shrink: true},
		{Key: "change", Label: text.T(ctx, "Before and after")},
	}, Empty: ui.EmptyState{Icon: ui.IconHistory, Title: text.T(ctx, "Nothing found"), Text: text.T(ctx, "Whatever an administrator changes is written down here.")}}
	for _, rec := range records {
		t.Rows = append(t.Rows, ui.Row{ID: "audit-" + id(rec.Seq), Cells: []templ.Component{
			view.Text(actionLabel(ctx, rec.Action)), view.Text(either(rec.ObjectName, rec.ObjectID)), view.Text(rec.ActorName), view.Text(rec.Address),
			ui.Moment{At: rec.At},
			auditChanges(ctx, rec),
		}})
	}
	if next != 0 {
		t.More = moreAt(r, id(next))
	}
	m := view.Listing{
		Title: text.T(ctx, "Audit log"), Table: t, NoSearch: f.Verify, SearchHidden: true,
		Lead: text.T(ctx, "Everything an administrator changed. Each entry carries the hash of the one before, so that a change to the log itself shows."),
	}
	if m.Filters, err = p.auditFilters(ctx, f); err != nil {
		return err
	}
	if f.Verify && !web.IsFragment(r) {
		if m.Alert, err = p.verifyAudit(ctx); err != nil {
			return err
		}
	} else {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Verify the chain"), URL: "/audit?verify=true", Icon: ui.IconShieldCheck})
	}
	return p.listing(w, r, "audit", m)
}

func (p pages) verifyAudit(ctx context.Context) (ui.Alert, error) {
	report, err := p.Audit.Verify(ctx)
	if err != nil {
		return ui.Alert{}, err
	}
	if !report.OK() {
		return ui.Alert{Tone: ui.Critical, Title: text.T(ctx, "The chain is broken after entry %d.", report.Checked), Text: report.Problem}, nil
	}
	return ui.Alert{
		Tone: ui.Success, Title: text.N(ctx, int(report.Checked), "The chain of %d entry is whole.", "The chain of %d entries is whole."),
		Text: text.T(ctx, "It ends with %s. Note that elsewhere to notice a log that was written anew.", cut(report.Hash, 16)),
	}, nil
}

func (p pages) auditFilters(ctx context.Context, f auditFilter) ([]templ.Component, error) {
	names, err := p.People.PersonNames(ctx, p.DB.Reader(), []int64{f.Person})
	if err != nil {
		return nil, err
	}
	types := []ui.Option{{Value: "", Label: text.T(ctx, "Everything")}}
	for _, o := range []struct{ key, label string }{
		{"person", text.T(ctx, "People")},
		{"group", text.T(ctx, "Groups")},
		{"organisation", text.T(ctx, "Organisations")},
		{"service", text.T(ctx, "Services")},
		{"role", text.T(ctx, "Roles")},
		{"token", text.T(ctx, "API tokens")},
		{"kind", text.T(ctx, "Ticket kinds")},
		{"job", text.T(ctx, "Background jobs")},
		{"import", text.T(ctx, "Imports")},
	} {
		types = append(types, ui.Option{Value: o.key, Label: o.label, Selected: f.Type == o.key})
	}
	return []templ.Component{
		ui.Select{Field: ui.Field{Name: "type", Label: text.T(ctx, "On")}, Options: types},
		ui.Combobox{Field: ui.Field{Name: "person_id", Label: text.T(ctx, "Who")}, URL: "/choose/people", Chosen: picked(f.Person, names[f.Person].Name)},
		ui.DateField{Field: ui.Field{Name: "from", Label: text.T(ctx, "From day")}, Value: f.From},
		ui.DateField{Field: ui.Field{Name: "to", Label: text.T(ctx, "To day")}, Value: f.To},
	}, nil
}

// auditChanges lists what differs field by field, folded away when it is long.
func auditChanges(ctx context.Context, rec audit.Record) templ.Component {
	var changes []view.Change
	for _, c := range rec.Changes() {
		before, after := auditValue(c.Before), auditValue(c.After)
		if c.Field == "permissions" {
			before, after = permissionChanges(c.Before, c.After)
		}
		if c.Field == "version" || before == after {
			continue
		}
		changes = append(changes, view.Change{Field: strings.ReplaceAll(c.Field, "_", " "), Before: cut(before, 2000), After: cut(after, 2000)})
	}
	const few = 3
	switch {
	case len(changes) == 0:
		return nil
	case len(changes) <= few:
		return view.Changes(changes)
	}
	return view.Details(text.N(ctx, len(changes), "%d field", "%d fields"), view.Changes(changes))
}

// auditValue writes a JSON value for people; what is empty or off is nothing.
func auditValue(document string) string {
	var text string
	switch {
	case document == "null" || document == "0" || document == "false" || document == "[]":
		return ""
	case json.Unmarshal([]byte(document), &text) == nil:
		return text
	}
	return document
}

// permissionChanges lists the permissions that a role lost and got.
func permissionChanges(before, after string) (lost, got string) {
	read := func(document string) (all []string) {
		var permissions []access.Permission
		if json.Unmarshal([]byte(document), &permissions) != nil {
			return nil
		}
		for _, p := range permissions {
			all = append(all, string(p.Verb)+" "+p.Kind+" "+string(p.Scope))
		}
		return all
	}
	was, is := read(before), read(after)
	without := func(list, other []string) string {
		rest := slices.DeleteFunc(slices.Clone(list), func(p string) bool { return slices.Contains(other, p) })
		return strings.Join(rest, ", ")
	}
	return without(was, is), without(is, was)
}

// actionLabel says in words what was done.
func actionLabel(ctx context.Context, action string) string {
	if label, ok := actionLabels[action]; ok {
		return text.T(ctx, label)
	}
	return action
}

var actionLabels = map[string]string{
	"person.create":         text.Key("Person added"),
	"person.update":         text.Key("Person changed"),
	"person.import":         text.Key("People imported"),
	"person.password_reset": text.Key("Password given"),
	"person.password_set":   text.Key("Password set on the command line"),
	"person.session_ended":  text.Key("Session ended"),
	"person.sessions_ended": text.Key("All sessions ended"),
	"person.role_granted":   text.Key("Role given"),
	"person.role_revoked":   text.Key("Role taken away"),
	"group.create":          text.Key("Group added"),
	"group.update":          text.Key("Group changed"),
	"group.import":          text.Key("Groups imported"),
	"group.member":          text.Key("Member added or changed"),
	"group.member_removed":  text.Key("Member taken out"),
	"group.role_granted":    text.Key("Role given to a group"),
	"group.role_revoked":    text.Key("Role taken from a group"),
	"organisation.create":   text.Key("Organisation added"),
	"organisation.update":   text.Key("Organisation changed"),
	"organisation.import":   text.Key("Organisations imported"),
	"service.create":        text.Key("Service added"),
	"service.update":        text.Key("Service changed"),
	"service.import":        text.Key("Services imported"),
	"role.create":           text.Key("Role added"),
	"role.update":           text.Key("Role changed"),
	"role.delete":           text.Key("Role deleted"),
	"token.create":          text.Key("API token made"),
	"token.revoke":          text.Key("API token revoked"),
	"kind.update":           text.Key("Ticket kind changed"),
	"import.start":          text.Key("Import started"),
	"job.replay":            text.Key("Job run again"),
	"job.discard":           text.Key("Job given up"),
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
