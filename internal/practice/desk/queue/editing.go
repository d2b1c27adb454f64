package queue

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// editing is what the form for the fields of a list posts.
type editing struct {
	Title       string `form:"title,line"`
	Impact      int    `form:"impact"`
	Urgency     int    `form:"urgency"`
	Service     *int64 `form:"service"`
	ServiceText string `form:"service.text,line,max=200"`
	Tags        string `form:"tags,line,max=2000"`
	Version     int    `form:"version"`
}

func (q *Queue) editForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := q.d.Tickets.Get(ctx, ref(r))
	if err != nil {
		return err
	}
	if err := access.From(ctx).Check(access.Edit, t.Record()).Err(); err != nil {
		return err
	}
	form := editing{Title: t.Title, Impact: t.Impact, Urgency: t.Urgency, Tags: strings.Join(t.Tags, ", "), Version: t.Version}
	if t.ServiceID != 0 {
		form.Service = &t.ServiceID
	}
	return q.showEdit(w, r, http.StatusOK, &t, form, nil, ui.Alert{})
}

func (q *Queue) edit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var form editing
	if err := web.Form(r, &form, nil); err != nil {
		return err
	}
	before, err := q.d.Tickets.Get(ctx, ref(r))
	if err != nil {
		return err
	}
	service, err := q.chosenService(r, &form)
	var saved ticket.Ticket
	if err == nil {
		tags := strings.FieldsFunc(form.Tags, func(r rune) bool { return r == ',' })
		saved, err = q.d.Tickets.Edit(ctx, ticket.ByID(before.ID), ticket.Edit{
			Version: form.Version, Title: &form.Title, Impact: &form.Impact, Urgency: &form.Urgency, ServiceID: &service, Tags: &tags,
		})
	}
	if now, ok := apperr.Now[ticket.Ticket](err); ok {
		form.Version = now.Version
		alert := conflictAlert(ctx, text.T(ctx, "Your changes are still below. Save again to put them over theirs: “%s”.", now.Title))
		return q.showEdit(w, r, http.StatusConflict, now, form, nil, alert)
	}
	if apperr.Is(err, apperr.Invalid) {
		return q.showEdit(w, r, http.StatusUnprocessableEntity, &before, form, err, ui.Alert{})
	}
	if err != nil {
		return err
	}
	if err := q.Visited(ctx, saved.ID); err != nil {
		return err
	}
	return q.done(w, r, web.Toast{Text: text.T(ctx, "%s saved", saved.Number)})
}

// chosenService gives the id of the service in the form, finding one that was typed.
func (q *Queue) chosenService(r *http.Request, form *editing) (int64, error) {
	switch {
	case form.Service != nil && *form.Service != 0:
		return *form.Service, nil
	case form.ServiceText == "":
		return 0, nil
	}
	found, err := q.services(r.Context(), form.ServiceText)
	if err != nil {
		return 0, err
	}
	for _, s := range found {
		if filter.Fold(s.Label) == filter.Fold(form.ServiceText) || len(found) == 1 {
			id, err := strconv.ParseInt(s.Value, 10, 64)
			return id, err
		}
	}
	return 0, apperr.InvalidField(ticket.FieldService, "There is no single service called “%s”.", form.ServiceText)
}

func (q *Queue) showEdit(w http.ResponseWriter, r *http.Request, status int, t *ticket.Ticket, form editing, wrong error, alert ui.Alert) error {
	ctx := r.Context()
	def, err := q.d.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return err
	}
	m := view.Edit{
		Number: t.Number, Title: form.Title, Tags: form.Tags, Version: form.Version, Back: back(r), Problem: alert,
		Impact: levels(def.Matrix.Impact, form.Impact), Urgency: levels(def.Matrix.Urgency, form.Urgency), ServiceText: form.ServiceText,
		Errors: view.Errors{},
	}
	for _, f := range apperr.FieldsOf(wrong) {
		m.Errors[f.Name] = f.Message.In(ctx)
	}
	if t.PriorityReason != "" {
		m.PriorityNote = t.ExplainPriority(def).In(ctx)
	}
	if form.Service != nil && *form.Service != 0 {
		n, err := q.names(ctx, wanted{services: []int64{*form.Service}})
		if err != nil {
			return err
		}
		m.Service = []ui.Choice{{Value: strconv.FormatInt(*form.Service, 10), Label: n.services[*form.Service], Kind: ui.PartyService}}
	}
	return q.dialog(w, r, status, text.T(ctx, "Edit %s", t.Number), m.Form())
}

// levels are the steps of impact or urgency to choose from.
func levels(all []workflow.Level, now int) []ui.Option {
	out := make([]ui.Option, 0, len(all))
	for _, l := range all {
		out = append(out, ui.Option{Value: strconv.Itoa(l.Value), Label: l.Label, Selected: l.Value == now})
	}
	return out
}
