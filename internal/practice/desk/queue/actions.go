package queue

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// ref is the ticket an address names.
func ref(r *http.Request) ticket.Ref { return ticket.ByNumber(r.PathValue("number")) }

// take assigns a ticket to whoever asks.
func (q *Queue) take(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	me := access.From(ctx).ID
	if !access.From(ctx).IsPerson() {
		return apperr.New(apperr.Forbidden, "Only a person can take a ticket.")
	}
	before, err := q.d.Tickets.Get(ctx, ref(r))
	if err != nil {
		return err
	}
	t, err := q.d.Tickets.Edit(ctx, ticket.ByID(before.ID), ticket.Edit{AssigneeID: &me})
	if err != nil {
		return err
	}
	if err := q.Visited(ctx, t.ID); err != nil {
		return err
	}
	return q.done(w, r, web.Toast{Text: text.T(ctx, "%s is yours now", t.Number), Undo: undoAssign(&before, &t)})
}

// undoAssign is where to post to in order to have the assignment as it was.
func undoAssign(before, now *ticket.Ticket) string {
	values := url.Values{}
	values.Set("group", strconv.FormatInt(before.GroupID, 10))
	values.Set("assignee", strconv.FormatInt(before.AssigneeID, 10))
	values.Set("version", strconv.Itoa(now.Version))
	return "/queue/tickets/" + now.Number + "/assign?" + values.Encode()
}

// assignment is what the form for assigning posts: ids that were chosen from a
// list, or, without scripts, names as typed.
type assignment struct {
	Group        *int64 `form:"group"`
	GroupText    string `form:"group.text,line,max=200"`
	Assignee     *int64 `form:"assignee"`
	AssigneeText string `form:"assignee.text,line,max=200"`
	Version      int    `form:"version"`
}

func (q *Queue) assignForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := q.d.Tickets.Get(ctx, ref(r))
	if err != nil {
		return err
	}
	if err := access.From(ctx).Check(access.Assign, t.Record()).Err(); err != nil {
		return err
	}
	m, err := q.assignModel(ctx, &t)
	if err != nil {
		return err
	}
	return q.showAssign(w, r, http.StatusOK, m)
}

func (q *Queue) showAssign(w http.ResponseWriter, r *http.Request, status int, m view.Assign) error {
	m.Back = back(r)
	return q.dialog(w, r, status, text.T(r.Context(), "Assign %s", m.Number), m.Form())
}

// assignModel shows who has a ticket now.
func (q *Queue) assignModel(ctx context.Context, t *ticket.Ticket) (view.Assign, error) {
	n, err := q.names(ctx, wanted{groups: []int64{t.GroupID}, persons: []int64{t.AssigneeID}})
	m := view.Assign{Number: t.Number, Title: t.Title, Version: t.Version}
	if t.GroupID != 0 {
		m.Group = []ui.Choice{{Value: strconv.FormatInt(t.GroupID, 10), Label: n.groups[t.GroupID].Name, Kind: ui.PartyGroup}}
	}
	if t.AssigneeID != 0 {
		m.Assignee = []ui.Choice{{Value: strconv.FormatInt(t.AssigneeID, 10), Label: n.persons[t.AssigneeID].Name}}
	}
	return m, err
}

func (q *Queue) assign(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var form assignment
	err := web.Form(r, &form, nil)
	if err != nil {
		return err
	}
	before, err := q.d.Tickets.Get(ctx, ref(r))
	if err != nil {
		return err
	}
	var t ticket.Ticket
	group, assignee, err := q.chosenParties(ctx, &form)
	if err == nil {
		t, err = q.d.Tickets.Edit(ctx, ticket.ByID(before.ID), ticket.Edit{Version: form.Version, GroupID: &group, AssigneeID: &assignee})
	}
	if err != nil {
		return q.assignFailed(w, r, &before, form, err)
	}
	if err := q.Visited(ctx, t.ID); err != nil {
		return err
	}
	return q.done(w, r, web.Toast{Text: text.T(ctx, "%s assigned", t.Number), Undo: undoAssign(&before, &t)})
}

// chosenParties gives the ids in the form, finding those that were typed.
func (q *Queue) chosenParties(ctx context.Context, form *assignment) (group, assignee int64, err error) {
	group, err = pick(ctx, "group", form.Group, form.GroupText, q.d.Directory.SuggestGroups)
	if err != nil {
		return 0, 0, err
	}
	assignee, err = pick(ctx, "assignee", form.Assignee, form.AssigneeText, q.assignees(group))
	return group, assignee, err
}

// assignees finds those who can have a ticket of a group; without a group,
// anybody the actor may look up.
func (q *Queue) assignees(group int64) func(context.Context, string) ([]people.Suggestion, error) {
	if group == 0 {
		return q.d.Directory.SuggestPeople
	}
	return func(ctx context.Context, typed string) ([]people.Suggestion, error) {
		return q.d.Directory.SuggestMembers(ctx, group, typed)
	}
}

// pick gives the id that was chosen, or the one thing that what was typed names.
func pick(ctx context.Context, field string, id *int64, typed string, find func(context.Context, string) ([]people.Suggestion, error)) (int64, error) {
	switch {
	case id != nil && *id != 0:
		return *id, nil
	case typed == "":
		return 0, nil
	}
	found, err := find(ctx, typed)
	if err != nil && !apperr.Is(err, apperr.NotFound) { // a group nobody can see has no members
		return 0, err
	}
	var exact []int64
	for _, s := range found {
		if filter.Fold(s.Name) == filter.Fold(typed) || filter.Fold(s.Detail) == filter.Fold(typed) {
			exact = append(exact, s.ID)
		}
	}
	switch {
	case len(exact) == 1:
		return exact[0], nil
	case len(found) == 1:
		return found[0].ID, nil
	case len(found) == 0:
		return 0, apperr.InvalidField(field, "Nothing is called “%s” here.", typed)
	}
	return 0, apperr.InvalidField(field, "“%s” could be several. Write more of the name.", typed)
}

// assignFailed shows the form again with what was typed, and why.
func (q *Queue) assignFailed(w http.ResponseWriter, r *http.Request, before *ticket.Ticket, form assignment, err error) error {
	ctx := r.Context()
	m, modelErr := q.assignModel(ctx, before)
	if modelErr != nil {
		return modelErr
	}
	m.GroupText, m.AssigneeText = form.GroupText, form.AssigneeText
	m.Group = keepChoice(form.Group, form.GroupText, m.Group, ui.PartyGroup)
	m.Assignee = keepChoice(form.Assignee, form.AssigneeText, m.Assignee, ui.PartyPerson)
	if now, ok := apperr.Now[ticket.Ticket](err); ok {
		m.Version = now.Version
		current, modelErr := q.assignModel(ctx, now)
		if modelErr != nil {
			return modelErr
		}
		m.Problem = conflictAlert(ctx, text.T(ctx, "Now it is with %s. Assign it anyway, or close this.", holder(ctx, current)))
		return q.showAssign(w, r, http.StatusConflict, m)
	}
	if !apperr.Is(err, apperr.Invalid) {
		return err
	}
	m.GroupError, m.AssigneeError = fieldError(ctx, err, ticket.FieldGroup), fieldError(ctx, err, ticket.FieldAssignee)
	if m.GroupError == "" && m.AssigneeError == "" {
		m.AssigneeError = apperr.Message(err).In(ctx)
	}
	return q.showAssign(w, r, http.StatusUnprocessableEntity, m)
}

// keepChoice is what a field shows again: what was chosen or typed in it.
func keepChoice(id *int64, typed string, before []ui.Choice, kind ui.PartyKind) []ui.Choice {
	if id == nil || *id == 0 {
		return nil
	}
	value := strconv.FormatInt(*id, 10)
	if len(before) == 1 && before[0].Value == value {
		return before
	}
	return []ui.Choice{{Value: value, Label: typed, Kind: kind}}
}

// holder says who has a ticket.
func holder(ctx context.Context, m view.Assign) string {
	var names []string
	for _, choices := range [][]ui.Choice{m.Assignee, m.Group} {
		for _, c := range choices {
			names = append(names, c.Label)
		}
	}
	if len(names) == 0 {
		return text.T(ctx, "nobody")
	}
	return strings.Join(names, ", ")
}

func conflictAlert(ctx context.Context, what string) ui.Alert {
	return ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "Somebody else saved this ticket meanwhile."), Text: what}
}

// fieldError is what is wrong with a field.
func fieldError(ctx context.Context, err error, name string) string {
	for _, f := range apperr.FieldsOf(err) {
		if f.Name == name {
			return f.Message.In(ctx)
		}
	}
	return ""
}
