package administration

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p pages) listKinds(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	t := ui.Table{ID: "kinds", Caption: text.T(ctx, "Ticket kinds"), Columns: []ui.Column{
		{Key: "name", Label: text.T(ctx, "Name"), Main: true},
		{Key: "prefix", Label: text.T(ctx, "Numbers"), Shrink: true},
		{Key: "description", Label: text.T(ctx, "Description")},
		{Key: "states", Label: text.T(ctx, "States"), Number: true},
		{Key: "version", Label: text.T(ctx, "Version"), Shrink: true},
	}}
	for _, d := range p.Kinds.All() {
		version := text.T(ctx, "built in")
		if d.Version > 0 {
			version = strconv.Itoa(d.Version)
		}
		t.Rows = append(t.Rows, ui.Row{URL: "/kinds/" + d.Key, Cells: []templ.Component{
			ui.Link{Label: d.Plural, URL: "/kinds/" + d.Key}, view.Text(d.Prefix), view.Text(d.Description), view.Text(text.Number(ctx, int64(len(d.States)))), view.Text(version),
		}})
	}
	return p.listing(w, r, "kinds", view.Listing{Title: text.T(ctx, "Ticket kinds"), Lead: text.T(ctx, "What each kind is called, how its priority is found, and when it closes by itself."), Table: t, NoSearch: true})
}

func (p pages) editKind(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	d, err := p.Kinds.Get(r.PathValue("key"))
	if err != nil {
		return err
	}
	base := d.Version
	if v := r.FormValue("version"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			return apperr.New(apperr.NotFound, "There is no such version.")
		}
		if d, err = p.Kinds.At(ctx, d.Key, n); err != nil {
			return err
		}
	}
	return p.kindEditor(w, r, d, base, nil)
}

func (p pages) kindEditor(w http.ResponseWriter, r *http.Request, d *workflow.Definition, base int, failed error) error {
	ctx := r.Context()
	bad, alert := problems(ctx, failed)
	number := func(name, label, help string, value int) ui.TextField {
		return ui.TextField{Field: ui.Field{Name: name, Label: label, Help: help, Error: bad[name]}, Value: strconv.Itoa(value), Type: "number", Min: "0"}
	}
	m := view.Editor{
		Title: d.Plural, Action: "/kinds/" + d.Key, Cancel: "/kinds", Save: text.T(ctx, "Save"), Alert: alert,
		Trail:  []ui.Crumb{{Label: text.T(ctx, "Ticket kinds"), URL: "/kinds"}, {Label: d.Plural}},
		Lead:   text.T(ctx, "A saved change makes a new version. Tickets keep their history."),
		Hidden: []ui.Hidden{{Name: "base", Value: strconv.Itoa(base)}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "description", Label: text.T(ctx, "Description"), Error: bad["description"]}, Value: d.Description},
			ui.TextField{Field: ui.Field{Name: "requester_label", Label: text.T(ctx, "What requesters call it"), Error: bad["requester_label"]}, Value: d.RequesterLabel},
			number("auto_close_days", text.T(ctx, "Close by itself, days after resolution"), text.T(ctx, "0 never closes by itself."), d.AutoCloseDays),
			number("reopen_days", text.T(ctx, "Requesters may reopen for this many days"), text.T(ctx, "0 is always."), d.ReopenDays),
			view.Boxed(text.T(ctx, "Priority from impact and urgency"), false, matrixGrid(ctx, d)),
			view.Boxed(text.T(ctx, "What states are called"), false, stateGrid(ctx, d)),
			view.Boxed(text.T(ctx, "Own fields"), false, fieldGrid(ctx, d)),
		},
	}
	if guards := p.guards(ctx, d); len(guards) > 0 {
		m.Fields = append(m.Fields, view.Boxed(text.T(ctx, "What is asked before a step"), false, ui.Values(guards...)))
	}
	versions, err := p.versions(ctx, d.Key)
	if err != nil {
		return err
	}
	m.Fields = append(m.Fields, view.Boxed(text.T(ctx, "Versions"), false, versions))
	return p.Frame.Page(w, r, module.Page{Title: d.Plural, Active: "kinds", Status: statusOf(failed)}, m.View())
}

// guards lists the steps before which practices ask for something.
func (p pages) guards(ctx context.Context, d *workflow.Definition) []ui.Value {
	if p.Guards == nil {
		return nil
	}
	var out []ui.Value
	for _, tr := range d.Transitions {
		to, _ := d.State(tr.To)
		var labels []string
		for _, label := range p.Guards(to.Category) {
			labels = append(labels, text.T(ctx, label))
		}
		if len(labels) > 0 {
			out = append(out, ui.Value{Label: text.T(ctx, tr.Label), Content: view.Text(strings.Join(labels, ", "))})
		}
	}
	return out
}

func matrixGrid(ctx context.Context, d *workflow.Definition) templ.Component {
	g := view.Matrix{Caption: text.T(ctx, "Priority from impact and urgency"), Corner: text.T(ctx, "Impact")}
	for _, u := range d.Matrix.Urgency {
		g.Columns = append(g.Columns, text.T(ctx, "Urgency %s", strings.ToLower(u.Label)))
	}
	for i, impact := range d.Matrix.Impact {
		row := view.MatrixRow{Label: impact.Label}
		for u := range d.Matrix.Urgency {
			var options []ui.Option
			for _, priority := range d.Matrix.Priority {
				options = append(options, ui.Option{Value: strconv.Itoa(priority.Value), Label: fmt.Sprintf("%d %s", priority.Value, priority.Label), Selected: d.Matrix.Cells[i][u] == priority.Value})
			}
			name := fmt.Sprintf("cell_%d_%d", i, u)
			row.Cells = append(row.Cells, ui.Select{Field: ui.Field{Name: name, Label: text.T(ctx, "Priority for impact %s and urgency %s", impact.Label, d.Matrix.Urgency[u].Label), Hidden: true}, Options: options})
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

func stateGrid(ctx context.Context, d *workflow.Definition) templ.Component {
	g := view.Matrix{Caption: text.T(ctx, "What states are called"), Corner: text.T(ctx, "State"), Columns: []string{text.T(ctx, "For agents"), text.T(ctx, "For requesters")}}
	cell := func(name, label, value string) ui.TextField {
		return ui.TextField{Field: ui.Field{Name: name, Label: label, Hidden: true}, Value: value, MaxLength: 60}
	}
	for _, s := range d.States {
		g.Rows = append(g.Rows, view.MatrixRow{Label: s.Key, Hint: string(s.Category), Cells: []templ.Component{
			cell("state_"+s.Key, text.T(ctx, "%s for agents", s.Key), s.Label), cell("requester_"+s.Key, text.T(ctx, "%s for requesters", s.Key), s.RequesterLabel),
		}})
		for _, reason := range s.Reasons {
			key := s.Key + "." + reason.Key
			g.Rows = append(g.Rows, view.MatrixRow{Label: s.Key + ": " + reason.Key, Cells: []templ.Component{
				cell("state_"+key, text.T(ctx, "%s for agents", key), reason.Label), cell("requester_"+key, text.T(ctx, "%s for requesters", key), reason.RequesterLabel),
			}})
		}
	}
	return g
}

// spareFields is how many empty lines the form offers for new fields.
const spareFields = 2

func fieldGrid(ctx context.Context, d *workflow.Definition) templ.Component {
	g := view.Matrix{Caption: text.T(ctx, "Own fields"), Corner: text.T(ctx, "Key"), Columns: []string{
		text.T(ctx, "Label"), text.T(ctx, "Type"), text.T(ctx, "Choices, separated by commas"), text.T(ctx, "Needed"), text.T(ctx, "Requesters see it"), text.T(ctx, "No longer asked"),
	}}
	fields := append(slices.Clone(d.Fields), make([]workflow.Field, spareFields)...)
	for i, f := range fields {
		n := strconv.Itoa(i)
		row := view.MatrixRow{Label: f.Key}
		if f.Key == "" {
			row.Label = text.T(ctx, "New field")
		}
		var types []ui.Option
		for _, t := range []struct {
			t     workflow.FieldType
			label string
		}{{workflow.Text, text.T(ctx, "Text")}, {workflow.Number, text.T(ctx, "Number")}, {workflow.Bool, text.T(ctx, "Yes or no")}, {workflow.Date, text.T(ctx, "Date")}, {workflow.Choice, text.T(ctx, "Choice")}} {
			types = append(types, ui.Option{Value: string(t.t), Label: t.label, Selected: f.Type == t.t})
		}
		row.Cells = []templ.Component{
			ui.TextField{Field: ui.Field{Name: "field_label_" + n, Label: text.T(ctx, "Label of field %s", n), Hidden: true}, Value: f.Label, MaxLength: 60},
			ui.Select{Field: ui.Field{Name: "field_type_" + n, Label: text.T(ctx, "Type of field %s", n), Hidden: true}, Options: types},
			ui.TextField{Field: ui.Field{Name: "field_options_" + n, Label: text.T(ctx, "Choices of field %s", n), Hidden: true}, Value: strings.Join(f.Options, ", ")},
			ui.Check{Field: ui.Field{Name: "field_required_" + n, Label: text.T(ctx, "Field %s is needed", n), Hidden: true}, Checked: f.Required, Value: "true"},
			ui.Check{Field: ui.Field{Name: "field_visible_" + n, Label: text.T(ctx, "Requesters see field %s", n), Hidden: true}, Checked: f.RequesterVisible, Value: "true"},
			ui.Check{Field: ui.Field{Name: "field_retired_" + n, Label: text.T(ctx, "Field %s is not asked for any more", n), Hidden: true}, Checked: f.Retired, Value: "true"},
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

func (p pages) versions(ctx context.Context, kind string) (templ.Component, error) {
	list, err := p.Kinds.Versions(ctx, kind)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, v := range list {
		ids = append(ids, v.AuthorID)
	}
	names, err := p.People.PersonNames(ctx, p.DB.Reader(), ids)
	if err != nil {
		return nil, err
	}
	t := ui.Table{ID: "versions", Caption: text.T(ctx, "Versions"), Columns: []ui.Column{
		{Key: "version", Label: text.T(ctx, "Version"), Main: true}, {Key: "by", Label: text.T(ctx, "Saved by")}, {Key: "at", Label: text.T(ctx, "Saved")},
	}}
	for _, v := range list {
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{
			ui.Link{Label: text.T(ctx, "Version %d", v.Version), URL: "/kinds/" + kind + "?version=" + strconv.Itoa(v.Version), Note: text.T(ctx, "open it to go back")}, view.Text(names[v.AuthorID].Name), ui.Moment{At: v.CreatedAt},
		}})
	}
	t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{ui.Link{Label: text.T(ctx, "Built in"), URL: "/kinds/" + kind + "?version=0"}, nil, nil}})
	return t, nil
}

func (p pages) saveKind(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	current, err := p.Kinds.Get(r.PathValue("key"))
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return apperr.Wrap(err, apperr.Invalid, "The form could not be read.")
	}
	d, base, err := readKind(r, current)
	if err == nil {
		err = p.DB.Write(ctx, func(tx *database.Tx) error {
			if err := p.Kinds.Save(ctx, tx, d, base, access.From(ctx).ID, p.Now()); err != nil {
				return err
			}
			return p.Audit.Append(ctx, tx, audit.Entry{Action: "kind.update", ObjectType: "kind", ObjectID: d.Key, ObjectName: d.Plural, Before: current, After: d})
		})
	}
	if back(err) {
		return p.kindEditor(w, r, d, current.Version, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "%s saved", d.Plural)}, r.TLS != nil)
	return web.Redirect(w, r, "/kinds/"+d.Key)
}

// readKind puts the form's values over a copy of the present definition.
func readKind(r *http.Request, current *workflow.Definition) (*workflow.Definition, int, error) {
	var p apperr.Problems
	d := *current
	get := func(name string) string { return web.OneLine(r.PostFormValue(name)) }
	count := func(name string, into *int) {
		n, err := strconv.Atoi(get(name))
		if err != nil || n < 0 || n > 3650 {
			p.Add(name, "Give a number of days.")
			return
		}
		*into = n
	}
	base, err := strconv.Atoi(get("base"))
	if err != nil {
		p.Add("base", "The form is incomplete.")
	}
	d.Description, d.RequesterLabel = get("description"), get("requester_label")
	count("auto_close_days", &d.AutoCloseDays)
	count("reopen_days", &d.ReopenDays)
	d.Matrix.Cells = nil
	for i := range d.Matrix.Impact {
		var row []int
		for u := range d.Matrix.Urgency {
			n, err := strconv.Atoi(get(fmt.Sprintf("cell_%d_%d", i, u)))
			if err != nil {
				n = current.Matrix.Cells[i][u]
			}
			row = append(row, n)
		}
		d.Matrix.Cells = append(d.Matrix.Cells, row)
	}
	d.States = slices.Clone(current.States)
	for i := range d.States {
		s := &d.States[i]
		s.Label, s.RequesterLabel = label(get("state_"+s.Key), s.Label), label(get("requester_"+s.Key), s.RequesterLabel)
		s.Reasons = slices.Clone(s.Reasons)
		for j := range s.Reasons {
			reason := &s.Reasons[j]
			key := s.Key + "." + reason.Key
			reason.Label, reason.RequesterLabel = label(get("state_"+key), reason.Label), label(get("requester_"+key), reason.RequesterLabel)
		}
	}
	d.Fields = readFields(r, current, get)
	return &d, base, p.Err()
}

func label(given, before string) string {
	if given == "" {
		return before
	}
	return given
}

// readFields keeps the present fields in order and adds those of the spare
// lines that were given a label; a field whose label was emptied goes.
func readFields(r *http.Request, current *workflow.Definition, get func(string) string) []workflow.Field {
	var out []workflow.Field
	for i := range len(current.Fields) + spareFields {
		n := strconv.Itoa(i)
		if _, sent := r.PostForm["field_label_"+n]; !sent && i < len(current.Fields) {
			out = append(out, current.Fields[i])
			continue
		}
		name := get("field_label_" + n)
		if name == "" {
			continue
		}
		f := workflow.Field{Key: fieldKey(name)}
		if i < len(current.Fields) {
			f = current.Fields[i]
		}
		f.Label, f.Type = name, workflow.FieldType(get("field_type_"+n))
		f.Required, f.RequesterVisible, f.Retired = get("field_required_"+n) == "true", get("field_visible_"+n) == "true", get("field_retired_"+n) == "true"
		f.Options = nil
		for option := range strings.SplitSeq(get("field_options_"+n), ",") {
			if option = strings.TrimSpace(option); option != "" {
				f.Options = append(f.Options, option)
			}
		}
		out = append(out, f)
	}
	return out
}

// fieldKey makes a key of a label: "Asset tag" is asset_tag.
func fieldKey(name string) string {
	key := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, name), "_0123456789")
	if len(key) > 40 {
		key = key[:40]
	}
	return key
}
