package queue

import (
	"net/http"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// steps lists what can be done with a ticket's state now. A step that needs
// nothing more is one press; the others lead to their form. Both belong to the
// ticket's page, which answers them here as it does there.
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
	def, err := q.d.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return err
	}
	return q.showSteps(w, r, &t, def, possible)
}

// showSteps lets one of several steps be chosen.
func (q *Queue) showSteps(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, def *workflow.Definition, possible []workflow.Transition) error {
	ctx := r.Context()
	m := view.Steps{Title: t.Title, Version: t.Version, URL: q.ticketURL(ctx, t.Number) + "/steps/"}
	m.State, _ = stateLabels(t, def)
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
