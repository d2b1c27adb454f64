package queue

import (
	"context"
	"net/http"
	"slices"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// steps lists what can be done with a ticket's state now. A step that needs
// nothing more is one press; the others lead to their form.
func (q *Queue) steps(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := q.d.Tickets.Get(ctx, ref(r))
	if err != nil {
		return err
	}
	possible, err := q.d.Tickets.Steps(ctx, &t)
	if err != nil {
		return err
	}
	def, err := q.d.Tickets.Kinds().Get(t.Kind)
	if err != nil {
		return err
	}
	m := view.Steps{Number: t.Number, Title: t.Title, Version: t.Version, Back: back(r)}
	m.State, _ = stateLabels(&t, def)
	m.Category = string(t.Category)
	for _, tr := range possible {
		to, _ := def.State(tr.To)
		m.Steps = append(m.Steps, view.Step{Key: tr.Key, Label: tr.Label, To: to.Label, Category: string(to.Category), Asks: asks(tr, to), Primary: tr.Primary})
	}
	return q.dialog(w, r, http.StatusOK, text.T(ctx, "Change state of %s", t.Number), m.Form())
}

// asks reports whether a step wants to know something.
func asks(tr workflow.Transition, to workflow.State) bool {
	return len(tr.Requires) > 0 || to.Category == workflow.Waiting
}

// stepping is what the form of a step posts.
type stepping struct {
	Reason         string `form:"reason"`
	Comment        string `form:"comment"`
	Public         bool   `form:"public"`
	ResolutionCode string `form:"resolution_code"`
	Resolution     string `form:"resolution"`
	Version        int    `form:"version"`
}

func (q *Queue) stepForm(w http.ResponseWriter, r *http.Request) error {
	t, err := q.d.Tickets.Get(r.Context(), ref(r))
	if err != nil {
		return err
	}
	return q.showStep(w, r, http.StatusOK, &t, stepping{Version: t.Version}, nil, ui.Alert{})
}

func (q *Queue) step(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var form stepping
	if err := web.Form(r, &form, nil); err != nil {
		return err
	}
	before, err := q.d.Tickets.Get(ctx, ref(r))
	if err != nil {
		return err
	}
	saved, err := q.d.Tickets.Transition(ctx, ticket.ByID(before.ID), ticket.Step{
		Version: form.Version, Transition: r.PathValue("step"), Reason: form.Reason, Comment: ticket.Markdown(form.Comment), CommentPublic: form.Public,
		ResolutionCode: form.ResolutionCode, Resolution: ticket.Markdown(form.Resolution),
	})
	if now, ok := conflictOf(err); ok {
		form.Version = now.Version
		return q.showStep(w, r, http.StatusConflict, now, form, nil, conflictAlert(ctx, q.standsAt(ctx, now)))
	}
	if apperr.Is(err, apperr.Invalid) {
		return q.showStep(w, r, http.StatusUnprocessableEntity, &before, form, err, ui.Alert{})
	}
	if err != nil {
		return err
	}
	if err := q.Visited(ctx, saved.ID); err != nil {
		return err
	}
	return q.done(w, r, web.Toast{Text: saved.Number + ": " + q.stateOf(&saved)})
}

func (q *Queue) stateOf(t *ticket.Ticket) string {
	def, err := q.d.Tickets.Kinds().Get(t.Kind)
	if err != nil {
		return t.State
	}
	label, _ := stateLabels(t, def)
	return label
}

func (q *Queue) standsAt(ctx context.Context, t *ticket.Ticket) string {
	return text.T(ctx, "Now its state is %s. What you wrote is still below.", q.stateOf(t))
}

// showStep shows a step's form. A step that is no longer possible says so.
func (q *Queue) showStep(w http.ResponseWriter, r *http.Request, status int, t *ticket.Ticket, form stepping, wrong error, alert ui.Alert) error {
	ctx := r.Context()
	possible, err := q.d.Tickets.Steps(ctx, t)
	if err != nil {
		return err
	}
	def, err := q.d.Tickets.Kinds().Get(t.Kind)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(possible, func(tr workflow.Transition) bool { return tr.Key == r.PathValue("step") })
	if i < 0 {
		return apperr.New(apperr.Conflict, "This step is not possible now: the ticket is %s.", q.stateOf(t))
	}
	tr := possible[i]
	to, _ := def.State(tr.To)
	m := view.StepForm{
		Number: t.Number, Key: tr.Key, Label: tr.Label, Version: form.Version, Back: back(r), Problem: alert, Errors: view.Errors{},
		Comment: form.Comment, Public: form.Public, Resolution: form.Resolution,
		AsksComment: tr.Needs("comment") || to.Category == workflow.Waiting, NeedsComment: tr.Needs("comment"), AsksResolution: tr.Needs(ticket.FieldResolution),
	}
	for _, f := range apperr.FieldsOf(wrong) {
		m.Errors[f.Name] = f.Message
	}
	m.Other = otherProblems(apperr.FieldsOf(wrong))
	if to.Category == workflow.Waiting {
		for _, reason := range to.Reasons {
			m.Reasons = append(m.Reasons, ui.Option{Value: reason.Key, Label: reason.Label, Selected: reason.Key == form.Reason})
		}
	}
	if tr.Needs(ticket.FieldResolutionCode) {
		for _, code := range def.Codes {
			m.Codes = append(m.Codes, ui.Option{Value: code.Key, Label: code.Label, Selected: code.Key == form.ResolutionCode})
		}
	}
	return q.dialog(w, r, status, tr.Label+" "+t.Number, m.Form())
}

// otherProblems are those with fields that the form does not have: a step may
// need a service or a group first.
func otherProblems(fields []apperr.Field) []string {
	var out []string
	for _, f := range fields {
		switch f.Name {
		case "comment", "reason", ticket.FieldResolution, ticket.FieldResolutionCode:
		default:
			out = append(out, f.Name+": "+f.Message)
		}
	}
	return out
}
