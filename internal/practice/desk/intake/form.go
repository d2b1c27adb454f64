package intake

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/intake/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// open shows the form, with what was begun before or what the address brings.
func (i *Intake) open(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var a asked
	if err := web.Form(r, &a, nil); err != nil {
		return err
	}
	def, err := i.kind(ctx, a.Kind)
	if err != nil {
		return err
	}
	a.Kind = def.Key
	drafts, err := i.drafts(ctx)
	if err != nil {
		return err
	}
	var restored time.Time
	if d, begun := drafts[def.Key]; begun {
		d.bring(&a)
		a, restored = d.asked, d.at
	}
	if err := i.route(ctx, &a); err != nil {
		return err
	}
	return i.show(w, r, a, shown{restored: restored})
}

// keepDraft stores what is in the form while it is filled in.
func (i *Intake) keepDraft(w http.ResponseWriter, r *http.Request) error {
	var a asked
	if err := web.Form(r, &a, nil); err != nil {
		return err
	}
	// The radio may be on its way to another kind; the draft is this form's.
	def, err := i.kind(r.Context(), cmp.Or(a.Was, a.Kind))
	if err != nil {
		return err
	}
	if err := i.keep(r.Context(), def.Key, a); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// discardDraft begins anew.
func (i *Intake) discardDraft(w http.ResponseWriter, r *http.Request) error {
	var a asked
	if err := web.Form(r, &a, nil); err != nil {
		return err
	}
	def, err := i.kind(r.Context(), a.Kind)
	if err != nil {
		return err
	}
	if err := i.forget(r.Context(), def.Key); err != nil {
		return err
	}
	return web.Redirect(w, r, view.URL(def.Key))
}

// shown is why the form is shown.
type shown struct {
	wrong    error     // what is wrong with it
	restored time.Time // when the draft in it was saved
}

// show answers with the form: the page, or the part of it that a script asked for.
func (i *Intake) show(w http.ResponseWriter, r *http.Request, a asked, why shown) error {
	m, err := i.form(r.Context(), a, why.wrong)
	if err != nil {
		return err
	}
	m.Restored = why.restored
	status := http.StatusOK
	if why.wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	if web.IsFragment(r) {
		return web.Render(w, r, status, view.Fragment(m))
	}
	m.Fresh = why.wrong == nil && len(m.Requester.Chosen) == 0
	return i.d.Frame.Page(w, r, module.Page{Title: m.Heading, Status: status}, view.Page(m))
}

// form fills the form with what was typed and what is wrong with it.
func (i *Intake) form(ctx context.Context, a asked, wrong error) (view.Form, error) {
	def, err := i.kind(ctx, a.Kind)
	if err != nil {
		return view.Form{}, err
	}
	follows := priority(ctx, def, &a) // and makes impact and urgency levels of this kind
	title, err := i.title(ctx, def.Key)
	if err != nil {
		return view.Form{}, err
	}
	m := view.Form{
		Heading: title, Kind: def.Key, Once: cmp.Or(a.Once, rand.Text()), Errors: view.Errors{},
		Title: a.Title, Body: a.Body, Tags: a.Tags, FileLimit: i.d.MaxUpload, Priority: follows,
		Impact: levels(ctx, def.Matrix.Impact, a.Impact), Urgency: levels(ctx, def.Matrix.Urgency, a.Urgency), Channels: channels(ctx, a.Channel),
	}
	for _, k := range i.kinds(ctx) {
		m.Kinds = append(m.Kinds, ui.Option{Value: k.Key, Label: text.T(ctx, k.Label), Selected: k.Key == def.Key})
	}
	questions(ctx, &m, def, a.Fields)
	files, err := i.d.Tickets.Uploads(ctx, a.Attachments)
	if err != nil {
		return m, err
	}
	for _, f := range files {
		m.Files = append(m.Files, loose(f))
	}
	caller, err := i.people(ctx, &m, &a)
	if err != nil {
		return m, err
	}
	if m.Service, err = i.serviceOf(ctx, &a); err != nil {
		return m, err
	}
	if m.Routing, err = i.routing(ctx, def, &a, m.Service, m.Routing.Assignee); err != nil {
		return m, err
	}
	if m.Around, err = i.around(ctx, &a, caller); err != nil {
		return m, err
	}
	blame(ctx, &m, wrong)
	return m, nil
}

// people names everybody in the form, as far as the actor may look them up.
func (i *Intake) people(ctx context.Context, m *view.Form, a *asked) (*people.Person, error) {
	caller, err := i.callerOf(ctx, a)
	if err != nil {
		return nil, err
	}
	m.Requester = view.Pick{Text: a.RequesterText}
	if caller != nil {
		m.Requester.Chosen = []ui.Choice{{Value: formatID(caller.ID), Label: caller.Name}}
	}
	known, err := i.d.People.SuggestKnown(ctx, append(slices.Clone(a.Watchers), nonZero(a.Assignee)...))
	if err != nil {
		return nil, err
	}
	m.Watchers, m.Routing.Assignee = view.Pick{Text: a.WatchersText}, view.Pick{Text: a.AssigneeText}
	for _, p := range known {
		chosen := ui.Choice{Value: formatID(p.ID), Label: p.Name, Hint: p.Detail}
		if slices.Contains(a.Watchers, p.ID) {
			m.Watchers.Chosen = append(m.Watchers.Chosen, chosen)
		}
		if p.ID == a.Assignee {
			m.Routing.Assignee.Chosen = []ui.Choice{chosen}
		}
	}
	if !mayAddPeople(ctx) {
		return caller, nil
	}
	m.Person = &view.Person{
		Open: a.typed(), Name: a.PersonName, Email: a.PersonEmail, Phone: a.PersonPhone,
		Organisation: view.Pick{Text: a.OrganisationText},
	}
	if a.Organisation != 0 {
		o, err := i.d.People.Organisation(ctx, a.Organisation)
		switch {
		case err == nil:
			m.Person.Organisation.Chosen = []ui.Choice{{Value: formatID(o.ID), Label: o.Name, Kind: ui.PartyOrg}}
		case !apperr.Is(err, apperr.NotFound):
			return caller, err
		}
	}
	return caller, nil
}

// callerOf gives the requester, nil while it is not known who that is.
func (i *Intake) callerOf(ctx context.Context, a *asked) (*people.Person, error) {
	if a.Requester == 0 {
		return nil, nil //nolint:nilnil // nobody yet is no error
	}
	p, err := i.d.People.Person(ctx, a.Requester)
	if apperr.Is(err, apperr.NotFound) {
		return nil, nil //nolint:nilnil // told of when the ticket is opened
	}
	return &p, err
}

func (i *Intake) serviceOf(ctx context.Context, a *asked) (view.Pick, error) {
	p := view.Pick{Text: a.ServiceText}
	if a.Service == 0 {
		return p, nil
	}
	s, err := i.d.Services.Get(ctx, a.Service)
	switch {
	case apperr.Is(err, apperr.NotFound):
		return p, nil
	case err == nil:
		p.Chosen = []ui.Choice{{Value: formatID(s.ID), Label: s.Name, Kind: ui.PartyService}}
	}
	return p, err
}

// questions are the kind's own fields. Answers to those of other kinds wait in
// hidden fields, so that going back to the other kind brings them back.
func questions(ctx context.Context, m *view.Form, def *workflow.Definition, answers map[string]string) {
	for _, f := range def.Fields {
		if f.Retired && answers[f.Key] == "" {
			continue
		}
		m.Custom = append(m.Custom, ui.AnswerField{
			Field: ui.Field{Name: ticket.CustomPrefix + f.Key, Label: text.T(ctx, f.Label), Help: text.T(ctx, f.Help), Required: f.Required},
			Type:  ui.AnswerType(f.Type), Value: answers[f.Key], Options: f.Options,
		})
	}
	for key, v := range answers {
		if _, asked := def.Field(key); !asked && v != "" {
			m.Kept = append(m.Kept, ui.Hidden{Name: ticket.CustomPrefix + key, Value: v})
		}
	}
	slices.SortFunc(m.Kept, func(x, y ui.Hidden) int { return strings.Compare(x.Name, y.Name) })
}

func levels(ctx context.Context, all []workflow.Level, chosen int) []ui.Option {
	out := make([]ui.Option, 0, len(all))
	for _, l := range all {
		out = append(out, ui.Option{Value: strconv.Itoa(l.Value), Label: text.T(ctx, l.Label), Selected: l.Value == chosen})
	}
	return out
}

// channels are the ways in which something reaches an agent.
func channels(ctx context.Context, chosen string) []ui.Option {
	out := []ui.Option{
		{Value: "phone", Label: text.T(ctx, "Phone")},
		{Value: "walk_in", Label: text.T(ctx, "In person")},
		{Value: "email", Label: text.T(ctx, "E-mail")},
		{Value: "chat", Label: text.T(ctx, "Chat")},
	}
	for n := range out {
		out[n].Selected = out[n].Value == chosen
	}
	return out
}

// blame puts each complaint beside its field, and the rest above the form.
func blame(ctx context.Context, m *view.Form, wrong error) {
	if wrong == nil {
		return
	}
	shown := []string{
		"kind", "requester", "title", "body", "attachments", "service", "channel", "group", "assignee", "impact", "urgency", "tags", "watchers",
		"person.name", "person.email", "person.phone", "person.organisation",
	}
	alias := map[string]string{ticket.FieldDescription: "body", "files": "attachments"}
	m.Problem = ui.Alert{Tone: ui.Critical, Title: apperr.Message(wrong).In(ctx)}
	if apperr.Is(wrong, apperr.Conflict) {
		m.Problem.Title = text.T(ctx, "This was sent already, with other words. Send it again to open a second ticket.")
	}
	for _, f := range apperr.FieldsOf(wrong) {
		name := cmp.Or(alias[f.Name], f.Name)
		custom := slices.IndexFunc(m.Custom, func(c ui.AnswerField) bool { return c.Name == name })
		switch {
		case custom >= 0:
			m.Custom[custom].Error = f.Message.In(ctx)
		case slices.Contains(shown, name):
			m.Errors[name] = cmp.Or(m.Errors[name], f.Message.In(ctx))
		default:
			m.Problem.Items = append(m.Problem.Items, f.Message.In(ctx))
		}
	}
	m.Routing.Errors = m.Errors
	if m.Person != nil {
		for name := range m.Errors {
			m.Person.Open = m.Person.Open || strings.HasPrefix(name, "person.")
		}
	}
	if len(apperr.FieldsOf(wrong)) == 1 && len(m.Problem.Items) == 0 {
		m.Problem = ui.Alert{} // said beside its field
	}
}

func formatID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func nonZero(ids ...int64) []int64 {
	return slices.DeleteFunc(ids, func(id int64) bool { return id == 0 })
}
