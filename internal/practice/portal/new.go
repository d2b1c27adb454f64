package portal

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/portal/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// asked is what the form sends, and what a draft of it keeps.
type asked struct {
	Kind        string            `form:"kind" json:"kind,omitempty"`
	Title       string            `form:"title,line" json:"title,omitempty"`
	Body        string            `form:"body" json:"body,omitempty"`
	Service     int64             `form:"service" json:"service,omitempty"`
	Fields      map[string]string `form:"field.*" json:"fields,omitempty"`
	Attachments []int64           `form:"attachments" json:"attachments,omitempty"`
	Once        string            `form:"once" json:"-"`
}

func (a asked) empty() bool {
	for _, v := range a.Fields {
		if v != "" {
			return false
		}
	}
	return a.Title == "" && a.Body == "" && len(a.Attachments) == 0
}

// draftSlot is where the form's draft is kept.
const draftSlot = "new:portal"

// draft gives what the reader began to write, nil for nothing.
func (p *Portal) draft(ctx context.Context) (*asked, error) {
	drafts, err := p.Tickets.Drafts(ctx, 0)
	if err != nil {
		return nil, err
	}
	for _, d := range drafts {
		var a asked
		if d.Slot == draftSlot && json.Unmarshal([]byte(d.Body), &a) == nil && !a.empty() {
			return &a, nil
		}
	}
	return nil, nil //nolint:nilnil // no draft is not an error
}

func (p *Portal) keepDraft(w http.ResponseWriter, r *http.Request) error {
	var a asked
	if err := web.Form(r, &a, nil); err != nil {
		return err
	}
	body := ""
	if !a.empty() {
		raw, err := json.Marshal(a)
		if err != nil {
			return err
		}
		body = string(raw)
	}
	if err := p.Tickets.SaveDraft(r.Context(), 0, draftSlot, body); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, view.DraftSaved())
}

func (p *Portal) discardDraft(w http.ResponseWriter, r *http.Request) error {
	if err := p.Tickets.SaveDraft(r.Context(), 0, draftSlot, ""); err != nil {
		return err
	}
	return web.Redirect(w, r, view.NewURL)
}

// kinds are the kinds of ticket a requester can open here: those that are named
// in their words.
func (p *Portal) kinds(ctx context.Context) []*workflow.Definition {
	actor := access.From(ctx)
	return slices.DeleteFunc(slices.Clone(p.Tickets.Kinds().In(ctx).All()), func(d *workflow.Definition) bool {
		return d.RequesterLabel == "" || !actor.Can(access.Create, d.Key)
	})
}

func (p *Portal) newForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var q struct {
		Ask  string `form:"ask"`
		Kind string `form:"kind"`
	}
	if err := web.Form(r, &q, nil); err != nil {
		return err
	}
	a, restored := asked{Kind: q.Kind}, false
	if a.Title, a.Body = carried(q.Ask); q.Ask == "" {
		kept, err := p.draft(ctx)
		if err != nil {
			return err
		}
		if kept != nil {
			a, restored = *kept, true
		}
	}
	m, err := p.form(ctx, a, nil)
	if err != nil {
		return err
	}
	m.Restored = restored
	if m.Similar, err = p.suggestions(ctx, a.Title); err != nil {
		return err
	}
	return p.newPage(w, r, http.StatusOK, m)
}

func (p *Portal) newPage(w http.ResponseWriter, r *http.Request, status int, m view.New) error {
	return p.Frame.Page(w, r, module.Page{Title: text.T(r.Context(), "Ask for help"), Active: activeHome, Status: status}, view.NewPage(m))
}

// form fills the form with what was typed and what is wrong with it.
func (p *Portal) form(ctx context.Context, a asked, wrong error) (view.New, error) {
	m := view.New{Kind: a.Kind, Title: a.Title, Body: a.Body, Once: cmp.Or(a.Once, rand.Text()), FileLimit: p.MaxUpload}
	for _, d := range p.kinds(ctx) {
		m.Kinds = append(m.Kinds, ui.Option{Value: d.Key, Label: d.RequesterLabel, Selected: d.Key == a.Kind})
		fields := questions(d)
		m.AnyFields = m.AnyFields || len(fields) > 0
		if d.Key == a.Kind {
			for _, f := range fields {
				m.Fields = append(m.Fields, fieldOf(f, a.Fields[f.Key]))
			}
		}
	}
	offered, err := p.Services.List(ctx, service.Query{InUse: true, Limit: 200})
	if err != nil {
		return m, err
	}
	for _, s := range offered.Items {
		m.Services = append(m.Services, ui.Option{Value: strconv.FormatInt(s.ID, 10), Label: s.Name, Selected: s.ID == a.Service})
	}
	files, err := p.Tickets.Uploads(ctx, a.Attachments)
	if err != nil {
		return m, err
	}
	m.Files = filesOf(files)
	blame(ctx, &m, wrong)
	return m, nil
}

// questions are the kind's own fields that a requester answers.
func questions(d *workflow.Definition) []workflow.Field {
	return slices.DeleteFunc(slices.Clone(d.Fields), func(f workflow.Field) bool { return f.Retired || !f.RequesterVisible && !f.Required })
}

func fieldOf(f workflow.Field, value string) view.Field {
	return view.Field{
		Name: ticket.CustomPrefix + f.Key, Label: f.Label, Help: f.Help, Value: value,
		Required: f.Required, Type: string(f.Type), Options: f.Options,
	}
}

// blame puts each complaint beside its field, and the rest above the form.
func blame(ctx context.Context, m *view.New, wrong error) {
	if wrong == nil {
		return
	}
	beside := map[string]*string{
		"kind": &m.KindError, ticket.FieldTitle: &m.TitleError, ticket.FieldDescription: &m.BodyError, "body": &m.BodyError,
		ticket.FieldService: &m.ServiceError, "attachments": &m.FilesError, "files": &m.FilesError,
	}
	for i := range m.Fields {
		beside[m.Fields[i].Name] = &m.Fields[i].Error
	}
	m.Problem = apperr.Message(wrong).In(ctx)
	for _, f := range apperr.FieldsOf(wrong) {
		if place, ok := beside[f.Name]; ok {
			*place = f.Message.In(ctx)
			continue
		}
		m.Problems = append(m.Problems, f.Message.In(ctx))
	}
	if len(apperr.FieldsOf(wrong)) == 1 && len(m.Problems) == 0 {
		m.Problem = "" // said beside its field
	}
}

// create sends the form.
func (p *Portal) create(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var a asked
	files, err := p.receive(r, &a)
	a.Attachments = append(a.Attachments, files...)
	var t ticket.Ticket
	if err == nil {
		err = p.offered(ctx, a.Kind)
	}
	if err == nil {
		t, err = p.Tickets.Create(ticket.WithIdempotencyKey(ctx, a.Once), ticket.Create{
			Kind: a.Kind, Title: a.Title, Description: ticket.Markdown(a.Body), ServiceID: a.Service,
			Channel: "portal", Fields: a.Fields, Attachments: a.Attachments,
		})
	}
	switch {
	case err == nil:
		if err := p.Tickets.SaveDraft(ctx, 0, draftSlot, ""); err != nil {
			return err
		}
		return web.Redirect(w, r, view.TicketURL(t.Number)+"?sent=1")
	case apperr.Is(err, apperr.Conflict):
		// The form was sent before and was changed since: it may go again under a new name.
		a.Once = ""
	case !apperr.Is(err, apperr.Invalid):
		return err
	}
	m, formErr := p.form(ctx, a, err)
	if formErr != nil {
		return formErr
	}
	if apperr.Is(err, apperr.Conflict) {
		m.Problem = text.T(ctx, "You have already sent this, with other words. Send it again if you want to ask a second time.")
	}
	if web.IsFragment(r) {
		return web.Render(w, r, http.StatusUnprocessableEntity, view.NewForm(m))
	}
	return p.newPage(w, r, http.StatusUnprocessableEntity, m)
}

// offered refuses a kind that is not asked for here.
func (p *Portal) offered(ctx context.Context, kind string) error {
	for _, d := range p.kinds(ctx) {
		if d.Key == kind {
			return nil
		}
	}
	return apperr.InvalidField("kind", "%s", text.T(ctx, "Choose what it is."))
}

// kindFields are the further questions of the kind that was just chosen.
func (p *Portal) kindFields(w http.ResponseWriter, r *http.Request) error {
	var a asked
	if err := web.Form(r, &a, nil); err != nil {
		return err
	}
	m := view.New{}
	for _, d := range p.kinds(r.Context()) {
		if d.Key != a.Kind {
			continue
		}
		for _, f := range questions(d) {
			m.Fields = append(m.Fields, fieldOf(f, a.Fields[f.Key]))
		}
	}
	return web.Render(w, r, http.StatusOK, view.NewFields(m))
}

// maxSuggested is how many tickets are suggested while somebody types.
const maxSuggested = 3

func (p *Portal) similar(w http.ResponseWriter, r *http.Request) error {
	var form struct {
		Title string `form:"title,line,max=250"`
	}
	if err := web.Form(r, &form, nil); err != nil {
		return err
	}
	items, err := p.suggestions(r.Context(), form.Title)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, view.Similar(items))
}

// suggestions are open tickets of the reader that may be about what they type.
func (p *Portal) suggestions(ctx context.Context, title string) ([]view.Item, error) {
	const candidates = 50 // somebody who sees everything must still find their own
	found, err := p.Tickets.Similar(ctx, title, candidates)
	if err != nil {
		return nil, err
	}
	// Candidates come without their watchers.
	own := make([]int64, 0, len(found))
	for i := range found {
		own = append(own, found[i].ID)
	}
	tickets, err := p.Tickets.ByIDs(ctx, own)
	if err != nil {
		return nil, err
	}
	tickets = slices.DeleteFunc(tickets, func(t ticket.Ticket) bool { return !concerns(&t, access.From(ctx).ID) })
	tickets = tickets[:min(len(tickets), maxSuggested)]
	c, err := p.castOf(ctx, tickets)
	if err != nil {
		return nil, err
	}
	return p.items(ctx, c, tickets)
}
