package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// base names a value as it was read: when it is still the same, a save of it is
// in nobody's way, whatever else was changed meanwhile.
func base(t *ticket.Ticket, key string) string {
	read := t.Get(key)
	if key == ticket.FieldPriority {
		read += "\x00" + t.PriorityReason
	}
	sum := sha256.Sum256([]byte(read))
	return hex.EncodeToString(sum[:8])
}

// value answers a value as it stands: also what "cancel" asks for.
func (p *Record) value(w http.ResponseWriter, r *http.Request, d *desk) error {
	v, err := d.find(r.PathValue("field"))
	if err != nil {
		return err
	}
	if !web.IsFragment(r) {
		return web.Redirect(w, r, view.TicketURL(d.ticket.Number)+"#"+view.ValueID(v.key))
	}
	return p.showOne(w, r, d, &v)
}

// showOne answers the place of one value.
func (p *Record) showOne(w http.ResponseWriter, r *http.Request, d *desk, v *value) error {
	ctx := r.Context()
	var n wanted
	n.ticket(d.reader, &d.ticket)
	var files []ticket.Attachment
	var err error
	if v.key == ticket.FieldDescription {
		n.text(d.ticket.Description)
		n.numbers = markdown.Numbers(maxReferences, d.ticket.Description)
		if files, err = p.d.Tickets.Attachments(ctx, &d.ticket); err != nil {
			return err
		}
		if err = d.readWritten(ctx, nil, files); err != nil {
			return err
		}
	}
	if d.names, err = p.resolve(ctx, n); err != nil {
		return err
	}
	switch v.key {
	case ticket.FieldTitle:
		return web.Render(w, r, http.StatusOK, d.title(false).View())
	case ticket.FieldDescription:
		return web.Render(w, r, http.StatusOK, d.description(ctx, files, false).View())
	}
	return web.Render(w, r, http.StatusOK, d.showValue(ctx, v, false))
}

// editForm answers the form of a value, in its place or on a page of its own.
func (p *Record) editForm(w http.ResponseWriter, r *http.Request, d *desk) error {
	v, err := d.find(r.PathValue("field"))
	if err != nil {
		return err
	}
	if !v.edits {
		return apperr.New(apperr.Forbidden, "You may not change this.")
	}
	in := &editing{Version: d.ticket.Version, Base: base(&d.ticket, v.key), Value: d.ticket.Get(v.key), Reason: d.ticket.PriorityReason}
	if v.key == ticket.FieldParent { // a ticket is chosen by its number
		in.Value = ""
		parents, err := p.d.Tickets.ByIDs(r.Context(), []int64{d.ticket.ParentID})
		if err != nil {
			return err
		}
		for _, parent := range parents {
			in.Value = parent.Number
		}
	}
	for _, id := range d.ticket.Watchers {
		in.All = append(in.All, formatID(id))
	}
	return p.showForm(w, r, http.StatusOK, d, &v, in, nil)
}

func (p *Record) showForm(w http.ResponseWriter, r *http.Request, status int, d *desk, v *value, in *editing, wrong error) error {
	ctx := r.Context()
	in.wrong = problems(ctx, wrong)
	var n wanted
	n.ticket(d.reader, &d.ticket)
	n.posted(d.reader, v.key, in)
	var err error
	if d.names, err = p.resolve(ctx, n); err != nil {
		return err
	}
	if len(in.wrong) > 0 && in.wrong["value"] == "" && in.wrong[v.key] == "" && v.key != ticket.FieldPriority {
		in.wrong["value"] = apperr.Message(wrong).In(ctx) // a field of another name, or none: it is about this one all the same
	}
	m := view.Editing{
		Number: d.ticket.Number, Field: v.key, Label: text.T(ctx, v.label), Version: in.Version, Base: in.Base,
		Control: v.control(ctx, in), Heading: v.key == ticket.FieldTitle || v.key == ticket.FieldDescription,
	}
	if web.IsFragment(r) {
		if v.key == ticket.FieldTitle {
			m.Title = d.ticket.Title
		}
		return web.Render(w, r, status, m.View())
	}
	return p.frame(w, r, status, d.ticket.Number+" · "+m.Label, m.Page())
}

// edit saves one value.
func (p *Record) edit(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	v, err := d.find(r.PathValue("field"))
	if err != nil {
		return err
	}
	if !v.edits {
		return apperr.New(apperr.Forbidden, "You may not change this.")
	}
	var in editing
	if err := web.Form(r, &in, text.From(ctx).Location); err != nil {
		return err
	}
	if !v.lines {
		in.Value = web.OneLine(in.Value)
	}
	save, err := p.saver(ctx, d, &v, &in)
	var saved ticket.Ticket
	if err == nil {
		saved, err = saveOver(in.Version, save, func(now *ticket.Ticket) bool { return base(now, v.key) == in.Base })
	}
	if now, ok := apperr.Now[ticket.Ticket](err); ok {
		return p.showConflict(w, r, &v, &in, now)
	}
	if apperr.Is(err, apperr.Invalid) {
		return p.showForm(w, r, http.StatusUnprocessableEntity, d, &v, &in, err)
	}
	if err != nil {
		return err
	}
	if !web.IsHTMX(r) {
		return web.Redirect(w, r, view.TicketURL(saved.Number)+"#"+view.ValueID(v.key))
	}
	after, err := p.deskOf(ctx, saved)
	if err != nil {
		return err
	}
	web.Trigger(w, view.ChangedEvent, nil)
	if !after.reader.works { // it was given away
		return web.Redirect(w, r, "/queue")
	}
	if v, err = after.find(v.key); err != nil {
		return err
	}
	return p.showOne(w, r, after, &v)
}

// save stores what was posted as a change of a version.
type save func(version int) (ticket.Ticket, error)

// saver reads what was posted for a value.
func (p *Record) saver(ctx context.Context, d *desk, v *value, in *editing) (save, error) {
	if v.key == ticket.FieldWatchers {
		persons, err := p.pickPersons(ctx, in.All, in.Text, v.key)
		return func(version int) (ticket.Ticket, error) {
			return p.d.Tickets.SetWatchers(ctx, d.ref(), version, persons)
		}, err
	}
	var cmd ticket.Edit
	if err := v.change(ctx, in, &cmd); err != nil {
		return nil, err
	}
	return func(version int) (ticket.Ticket, error) {
		cmd.Version = version
		return p.d.Tickets.Edit(ctx, d.ref(), cmd)
	}, nil
}

// saveOver saves, and saves again over changes that do not touch what was edited.
func saveOver(version int, save save, untouched func(now *ticket.Ticket) bool) (ticket.Ticket, error) {
	const tries = 10
	var saved ticket.Ticket
	var err error
	for range tries {
		saved, err = save(version)
		now, stale := apperr.Now[ticket.Ticket](err)
		if !stale || now.Version == version || !untouched(now) {
			return saved, err
		}
		version = now.Version
	}
	return saved, err
}

// showConflict shows both versions of a value that two people changed.
func (p *Record) showConflict(w http.ResponseWriter, r *http.Request, v *value, in *editing, now *ticket.Ticket) error {
	ctx := r.Context()
	d, err := p.deskOf(ctx, *now)
	if err != nil {
		return err
	}
	who, err := d.whoChanged(ctx, v.key)
	if err != nil {
		return err
	}
	var n wanted
	n.ticket(d.reader, &d.ticket)
	n.posted(d.reader, v.key, in)
	n.persons = append(n.persons, who.actor.ID)
	if d.names, err = p.resolve(ctx, n); err != nil {
		return err
	}
	by := ui.Party{}
	if who.seq > 0 {
		by = d.author(ctx, who.actor)
	}
	var choice templ.Component
	if v.merges {
		choice = view.Conflict{
			Number: d.ticket.Number, Field: v.key, Label: text.T(ctx, v.label), By: by, At: who.at, Mine: in.Value, Theirs: d.ticket.Get(v.key),
			Lines: v.lines, Version: d.ticket.Version, Base: base(&d.ticket, v.key),
		}.View()
	} else {
		choice = ui.Conflict{
			ID: view.ValueID(v.key), Label: text.T(ctx, v.label), By: by, At: who.at, Version: int64(d.ticket.Version),
			Mine: d.wordsOf(ctx, v.key, in), Theirs: d.wordsOf(ctx, v.key, &editing{Value: d.ticket.Get(v.key), Reason: d.ticket.PriorityReason}),
			Action: view.TicketURL(d.ticket.Number) + "/edit/" + v.key, Discard: view.TicketURL(d.ticket.Number) + "/values/" + v.key,
			Fields: in.hidden(base(&d.ticket, v.key)),
		}
	}
	if web.IsFragment(r) {
		return web.Render(w, r, http.StatusConflict, choice)
	}
	return p.frame(w, r, http.StatusConflict, d.ticket.Number, view.ConflictPage(d.ticket.Number, text.T(ctx, v.label), choice))
}

// hidden is what was posted, to be posted again over what is there now.
func (in *editing) hidden(base string) []ui.Hidden {
	out := []ui.Hidden{{Name: "base", Value: base}, {Name: "reason", Value: in.Reason}, {Name: "mode", Value: in.Mode}}
	if in.Text != nil {
		out = append(out, ui.Hidden{Name: "value.text", Value: *in.Text})
	}
	for _, one := range in.All {
		out = append(out, ui.Hidden{Name: "value", Value: one})
	}
	return out
}

// whoChanged finds the last event that changed a field.
func (d *desk) whoChanged(ctx context.Context, key string) (entry, error) {
	const lately = 60
	entries, _, err := d.read(ctx, ticket.Stretch{Limit: lately})
	if err != nil {
		return entry{}, err
	}
	for _, e := range slices.Backward(entries) {
		if _, ok := e.change(key); ok {
			return e, nil
		}
	}
	return entry{at: d.ticket.UpdatedAt, actor: ticket.ActorRef{Type: access.TypeSystem}}, nil
}

// wordsOf says a value that is not a text in words.
func (d *desk) wordsOf(ctx context.Context, key string, in *editing) string {
	id := parseID(in.Value)
	m := d.def.Matrix
	switch key {
	case ticket.FieldGroup:
		return named(ctx, d.names.group(id))
	case ticket.FieldAssignee, ticket.FieldRequester:
		return named(ctx, d.names.person(id))
	case ticket.FieldService:
		return named(ctx, d.names.service(id))
	case ticket.FieldParent:
		if in.Value == "" {
			return text.T(ctx, "no parent")
		}
		if p, known := d.names.numbers[in.Value]; known {
			return p.Number + " " + p.Title
		}
		return d.other(ctx, id)
	case ticket.FieldImpact:
		return levelNumber(ctx, m.Impact, in.Value)
	case ticket.FieldUrgency:
		return levelNumber(ctx, m.Urgency, in.Value)
	case ticket.FieldPriority:
		if in.Mode == "matrix" {
			return text.T(ctx, "as the matrix has it")
		}
		words := levelNumber(ctx, m.Priority, in.Value)
		if in.Reason != "" {
			words += " (" + in.Reason + ")"
		}
		return words
	case ticket.FieldWatchers:
		ids := in.All
		if len(ids) == 0 {
			ids = difference(in.Value, "")
		}
		names := make([]string, 0, len(ids))
		for _, one := range ids {
			names = append(names, named(ctx, d.names.person(parseID(one))))
		}
		return text.List(ctx, names)
	}
	return in.Value
}
