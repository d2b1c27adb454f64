package queue

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// moving is what moves a ticket from one lane of a board to another: the field,
// the value it shall have, and why, for a priority.
type moving struct {
	By      string `form:"by,line,max=80"`
	To      string `form:"to,line,max=4000"`
	Reason  string `form:"reason,line,max=2000"`
	Version int    `form:"version"`
}

// move does what carrying a card to another column means: a step of the workflow,
// an assignment, an edit. What is asked for besides is asked in a dialog; what is
// not allowed is refused in words.
func (q *Queue) move(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var form moving
	if err := web.Form(r, &form, nil); err != nil {
		return err
	}
	by, err := q.groupingOf(ctx, form.By)
	if err != nil {
		return err
	}
	if !by.Moves {
		return errNoMove(by)
	}
	t, err := q.d.Tickets.Get(ctx, ref(r))
	if err != nil {
		return err
	}
	switch {
	case t.Get(by.Key) == form.To:
		return q.done(w, r, web.Toast{Text: text.T(ctx, "%s is there already", t.Number), Tone: "info"})
	case by.Key == ticket.FieldState:
		return q.moveState(w, r, &t, form)
	case by.Key == ticket.FieldAssignee || by.Key == ticket.FieldGroup:
		return q.moveParty(w, r, &t, form)
	}
	return q.moveEdit(w, r, &t, by, form)
}

// moveState takes the step that leads to a state. One that wants to know
// something has its form opened.
func (q *Queue) moveState(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, form moving) error {
	ctx := r.Context()
	possible, err := q.d.Tickets.Steps(ctx, t)
	if err != nil {
		return err
	}
	def, err := q.d.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return err
	}
	leading := slices.DeleteFunc(slices.Clone(possible), func(tr workflow.Transition) bool { return tr.To != form.To })
	if len(leading) == 0 {
		return notThere(ctx, t, def, possible, form.To)
	}
	to, _ := def.State(form.To)
	if len(leading) > 1 {
		return q.showSteps(w, r, t, def, leading)
	}
	tr := leading[0]
	if asks(tr, to) {
		// Not web.Redirect: the form opens over the page that asked.
		http.Redirect(w, r, q.ticketURL(ctx, t.Number)+"/steps/"+url.PathEscape(tr.Key), http.StatusSeeOther)
		return nil
	}
	saved, err := q.d.Tickets.Transition(ctx, ticket.ByID(t.ID), ticket.Step{Version: form.Version, Transition: tr.Key})
	if err != nil {
		return stale(err)
	}
	state, _ := stateLabels(&saved, def)
	return q.moved(w, r, saved.ID, web.Toast{Text: saved.Number + ": " + text.T(ctx, state)})
}

// notThere says which ways the workflow has instead.
func notThere(ctx context.Context, t *ticket.Ticket, def *workflow.Definition, possible []workflow.Transition, to string) error {
	from, _ := def.State(t.State)
	goal, known := def.State(to)
	if !known {
		return apperr.New(apperr.Conflict, "%s", text.T(ctx, "%s is a %s, which has no such state.", t.Number, text.Within(ctx, text.T(ctx, def.Label))))
	}
	var ways []string
	for _, tr := range possible {
		s, _ := def.State(tr.To)
		if label := "“" + text.T(ctx, s.Label) + "”"; !slices.Contains(ways, label) {
			ways = append(ways, label)
		}
	}
	if len(ways) == 0 {
		return apperr.New(apperr.Conflict, "%s", text.T(ctx, "%s cannot leave “%s”: there is no step you can take now.", t.Number, text.T(ctx, from.Label)))
	}
	return apperr.New(apperr.Conflict, "%s", text.T(ctx, "%s cannot go from “%s” to “%s”. From there it can go to %s.",
		t.Number, text.T(ctx, from.Label), text.T(ctx, goal.Label), strings.Join(ways, ", ")))
}

// moveParty assigns. A person who is not of the ticket's group is asked for in
// the form for assigning, with what is wrong.
func (q *Queue) moveParty(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, form moving) error {
	ctx := r.Context()
	id, err := idOrNone(form.To)
	if err != nil {
		return err
	}
	cmd := ticket.Edit{Version: form.Version, AssigneeID: &id}
	if form.By == ticket.FieldGroup {
		cmd = ticket.Edit{Version: form.Version, GroupID: &id}
	}
	saved, err := q.d.Tickets.Edit(ctx, ticket.ByID(t.ID), cmd)
	if apperr.Is(err, apperr.Invalid) {
		asked := assignment{Group: &t.GroupID, Assignee: &id, Version: t.Version}
		n, nameErr := q.names(ctx, wanted{persons: []int64{id}, groups: []int64{t.GroupID, id}})
		if nameErr != nil {
			return nameErr
		}
		asked.AssigneeText = n.persons[id].Name
		if form.By == ticket.FieldGroup {
			asked.Group, asked.GroupText, asked.Assignee = &id, n.groups[id].Name, &t.AssigneeID
		}
		return q.assignFailed(w, r, t, asked, err)
	}
	if err != nil {
		return stale(err)
	}
	return q.moved(w, r, saved.ID, web.Toast{Text: text.T(ctx, "%s assigned", saved.Number), Undo: undoAssign(t, &saved)})
}

func idOrNone(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, apperr.InvalidField("to", "There is no such column.")
	}
	return id, nil
}

// moveEdit sets a priority, a service or a field of the kind.
func (q *Queue) moveEdit(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, by grouping, form moving) error {
	ctx := r.Context()
	cmd := ticket.Edit{Version: form.Version}
	switch {
	case by.Key == ticket.FieldPriority && form.To == "":
		cmd.PriorityByMatrix = true // undoes a move
	case by.Key == ticket.FieldPriority:
		level, err := strconv.Atoi(form.To)
		if err != nil {
			return apperr.InvalidField("to", "There is no such column.")
		}
		cmd.Priority, cmd.PriorityReason = &level, form.Reason
	case by.Key == ticket.FieldService:
		id, err := idOrNone(form.To)
		if err != nil {
			return err
		}
		cmd.ServiceID = &id
	default:
		cmd.Fields = map[string]string{strings.TrimPrefix(by.Key, ticket.CustomPrefix): form.To}
	}
	saved, err := q.d.Tickets.Edit(ctx, ticket.ByID(t.ID), cmd)
	if apperr.Is(err, apperr.Invalid) {
		return q.showMove(w, r, http.StatusUnprocessableEntity, t, by, form, err)
	}
	if err != nil {
		return stale(err)
	}
	back := moving{By: by.Key, To: t.Get(by.Key), Reason: t.PriorityReason}
	if by.Key == ticket.FieldPriority && t.PriorityReason == "" {
		back.To = ""
	}
	return q.moved(w, r, saved.ID, web.Toast{Text: text.T(ctx, "%s moved", saved.Number), Undo: back.url(&saved)})
}

// url is where to post to in order to move a ticket.
func (m moving) url(t *ticket.Ticket) string {
	values := url.Values{"by": {m.By}, "to": {m.To}, "version": {strconv.Itoa(t.Version)}}
	if m.Reason != "" {
		values.Set("reason", m.Reason)
	}
	return "/queue/tickets/" + t.Number + "/move?" + values.Encode()
}

// stale says in the words of a board that somebody was quicker.
func stale(err error) error {
	if now, ok := apperr.Now[ticket.Ticket](err); ok && now != nil {
		return apperr.Wrap(err, apperr.Conflict, "Somebody else changed %s meanwhile. Look at it again before you move it.", now.Number)
	}
	return err
}

// moved answers a move that is done.
func (q *Queue) moved(w http.ResponseWriter, r *http.Request, id int64, t web.Toast) error {
	if err := q.Visited(r.Context(), id); err != nil {
		return err
	}
	return q.done(w, r, t)
}

// moveForm asks where a card shall go: the same question that the list asks for
// the field, where it has one.
func (q *Queue) moveForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by, err := q.groupingOf(ctx, r.FormValue("by"))
	if err != nil {
		return err
	}
	switch {
	case !by.Moves:
		return errNoMove(by)
	case by.Key == ticket.FieldState:
		return q.steps(w, r)
	case by.Key == ticket.FieldAssignee || by.Key == ticket.FieldGroup:
		return q.assignForm(w, r)
	case by.Key == ticket.FieldService:
		return q.editForm(w, r)
	}
	t, err := q.d.Tickets.Get(ctx, ref(r))
	if err != nil {
		return err
	}
	if err := access.From(ctx).Check(access.Edit, t.Record()).Err(); err != nil {
		return err
	}
	return q.showMove(w, r, http.StatusOK, &t, by, moving{By: by.Key, To: t.Get(by.Key), Version: t.Version, Reason: t.PriorityReason}, nil)
}

func (q *Queue) showMove(w http.ResponseWriter, r *http.Request, status int, t *ticket.Ticket, by grouping, form moving, wrong error) error {
	ctx := r.Context()
	def, err := q.d.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return err
	}
	m := view.Move{Number: t.Number, Title: t.Title, By: by.Key, Version: form.Version, Back: back(r), Question: by.Label, Reason: form.Reason, Errors: view.Errors{}}
	if by.Key == ticket.FieldPriority {
		m.AsksReason = true
		for _, l := range def.Matrix.Priority {
			m.Choices = append(m.Choices, choice(strconv.Itoa(l.Value), text.T(ctx, l.Label), form.To))
		}
	} else {
		f, ok := def.Field(strings.TrimPrefix(by.Key, ticket.CustomPrefix))
		if !ok {
			return apperr.New(apperr.Conflict, "%s", text.T(ctx, "%s is a %s, which has no field “%s”.", t.Number, text.Within(ctx, text.T(ctx, def.Label)), by.Label))
		}
		for _, value := range options(f) {
			m.Choices = append(m.Choices, choice(value, q.laneOf(ctx, by.Key, value).label, form.To))
		}
		if len(m.Choices) == 0 {
			m.Text = &form.To
		}
	}
	for _, f := range apperr.FieldsOf(wrong) {
		switch f.Name {
		case ticket.FieldPriorityReason:
			if form.Reason != "" || r.PostForm.Has("reason") { // only who was asked can have left it out
				m.Errors["reason"] = f.Message.In(ctx)
			}
		case by.Key, ticket.FieldPriority:
			m.Errors["to"] = f.Message.In(ctx)
		default:
			m.Problem = ui.Alert{Tone: ui.Critical, Title: text.T(ctx, "This could not be saved yet."), Items: append(m.Problem.Items, f.Message.In(ctx))}
		}
	}
	return q.dialog(w, r, status, text.T(ctx, "Move %s", t.Number), m.Form())
}

func choice(value, label, now string) ui.Option {
	return ui.Option{Value: value, Label: label, Selected: value == now}
}
