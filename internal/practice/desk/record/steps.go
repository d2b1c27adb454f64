package record

import (
	"context"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// stepping is what the form of a step posts.
type stepping struct {
	Version        int     `form:"version"`
	Reason         string  `form:"reason"`
	Comment        string  `form:"comment"`
	Public         bool    `form:"public"`
	ResolutionCode string  `form:"resolution_code"`
	Resolution     string  `form:"resolution"`
	Attachments    []int64 `form:"attachments"`
	From           string  `form:"from"` // "composer": the words were written there
}

// fromComposer marks a step whose words were written in the composer.
const fromComposer = "composer"

func (s *stepping) command(key string) ticket.Step {
	return ticket.Step{
		Version: s.Version, Transition: key, Reason: s.Reason, Comment: ticket.Markdown(s.Comment), CommentPublic: s.Public,
		ResolutionCode: s.ResolutionCode, Resolution: ticket.Markdown(s.Resolution), Attachments: s.Attachments,
	}
}

// asks reports whether a step wants to know something.
func asks(tr workflow.Transition, to workflow.State) bool {
	return len(tr.Requires) > 0 || to.Category == workflow.Waiting
}

// maxButtons is how many steps have a button of their own; the others are in the
// menu beside them.
const maxButtons = 2

// actions are what can be done with the ticket now: the usual steps as buttons,
// the rest in the menu.
func (d *desk) actions(ctx context.Context, steps []workflow.Transition) (buttons []templ.Component, more []ui.MenuItem) {
	keys := d.hotkeys(steps)
	for _, tr := range steps {
		to, _ := d.def.State(tr.To)
		url := d.stepURL(tr.Key)
		label := text.T(ctx, tr.Label)
		if tr.Primary && len(buttons) < maxButtons || len(steps) <= maxButtons {
			b := ui.Button{Label: label, Icon: stepIcon(to.Category), Key: keys[tr.Key]}
			if len(buttons) == 0 && tr.Primary {
				b.Kind = ui.Primary
			}
			if asks(tr, to) {
				b.URL, b.HX = url, view.DialogHX(url)
			} else {
				b.Post, b.HX = url, ui.HX{Post: url, Swap: "none"}
			}
			buttons = append(buttons, b)
			continue
		}
		item := ui.MenuItem{Label: label, Icon: stepIcon(to.Category), Key: keys[tr.Key], Danger: to.Category == workflow.Cancelled}
		if asks(tr, to) {
			item.URL, item.HX = url, view.DialogHX(url)
		} else {
			item.Post, item.HX = url, ui.HX{Post: url, Swap: "none"}
		}
		more = append(more, item)
	}
	return buttons, more
}

func (d *desk) stepURL(key string) string { return view.TicketURL(d.ticket.Number) + "/steps/" + key }

// hotkeys gives each step its key: the workflow's, or one by what it leads to.
func (d *desk) hotkeys(steps []workflow.Transition) map[string]string {
	usual := map[workflow.Category]string{
		workflow.Open: "s", workflow.Waiting: "h", workflow.Resolved: "v", workflow.Closed: "c", workflow.Cancelled: "z",
	}
	taken := map[string]bool{}
	_, plugged := d.p.d.Plugged()
	for _, a := range plugged { // one key does one thing
		taken[a.Key] = true
	}
	out := map[string]string{}
	for _, tr := range steps {
		if tr.Hotkey != "" && !taken[tr.Hotkey] {
			out[tr.Key], taken[tr.Hotkey] = tr.Hotkey, true
		}
	}
	for _, tr := range steps {
		to, _ := d.def.State(tr.To)
		if key := usual[to.Category]; out[tr.Key] == "" && key != "" && !taken[key] {
			out[tr.Key], taken[key] = key, true
		}
	}
	return out
}

func stepIcon(to workflow.Category) ui.Icon {
	switch to {
	case workflow.Open:
		return ui.IconPlayerPlay
	case workflow.Waiting:
		return ui.IconPlayerPause
	case workflow.Resolved:
		return ui.IconCheck
	case workflow.Closed:
		return ui.IconCircleDot
	case workflow.Cancelled:
		return ui.IconCircleX
	case workflow.New:
	}
	return ui.IconArrowRight
}

// stepOf gives a step that the reader can take now.
func (p *Record) stepOf(ctx context.Context, d *desk, key string) (workflow.Transition, error) {
	steps, err := p.d.Tickets.Steps(ctx, &d.ticket)
	if err != nil {
		return workflow.Transition{}, err
	}
	i := slices.IndexFunc(steps, func(tr workflow.Transition) bool { return tr.Key == key })
	if i < 0 {
		return workflow.Transition{}, apperr.New(apperr.Conflict, "This is not possible now: the ticket is “%s”.", p.stateOf(ctx, &d.ticket))
	}
	return steps[i], nil
}

func (p *Record) stepForm(w http.ResponseWriter, r *http.Request, d *desk) error {
	tr, err := p.stepOf(r.Context(), d, r.PathValue("step"))
	if err != nil {
		return err
	}
	return p.showStep(w, r, http.StatusOK, d, tr, &stepping{Version: d.ticket.Version}, nil, ui.Alert{})
}

// step takes a step of the workflow.
func (p *Record) step(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	var form stepping
	files, refused, err := p.receive(r, &form)
	if err != nil {
		return err
	}
	form.Attachments = append(form.Attachments, files...)
	tr, err := p.stepOf(ctx, d, r.PathValue("step"))
	if err != nil {
		return err
	}
	var saved ticket.Ticket
	if err = refused; err == nil {
		saved, err = p.d.Tickets.Transition(ctx, d.ref(), form.command(tr.Key))
	}
	if now, ok := apperr.Now[ticket.Ticket](err); ok {
		if d, err = p.deskOf(ctx, *now); err != nil {
			return err
		}
		form.Version = now.Version
		return p.showStep(w, r, http.StatusConflict, d, tr, &form, nil, ui.Alert{
			Tone: ui.Warning, Title: text.T(ctx, "The ticket has changed meanwhile."),
			Text: text.T(ctx, "It is now: %s. What you wrote is still below: go on if it still fits.", p.stateOf(ctx, now)),
		})
	}
	if apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.TooLarge) {
		return p.showStep(w, r, http.StatusUnprocessableEntity, d, tr, &form, err, ui.Alert{})
	}
	if err != nil {
		return err
	}
	said := web.Toast{Text: saved.Number + ": " + p.stateOf(ctx, &saved)}
	if form.From == fromComposer {
		return p.sentByDialog(w, r, d, said)
	}
	return p.done(w, r, saved.Number, said)
}

// showStep shows what a step asks.
func (p *Record) showStep(w http.ResponseWriter, r *http.Request, status int, d *desk, tr workflow.Transition, form *stepping, wrong error, alert ui.Alert) error {
	ctx := r.Context()
	to, _ := d.def.State(tr.To)
	m := view.Step{
		Number: d.ticket.Number, Key: tr.Key, Label: text.T(ctx, tr.Label), Version: form.Version, Problem: alert, Errors: problems(ctx, wrong),
		Comment: form.Comment, Public: form.Public, Resolution: form.Resolution,
		AsksComment: to.Category != workflow.Resolved, NeedsComment: tr.Needs("comment"), AsksResolution: tr.Needs(ticket.FieldResolution),
		CanChoose: d.reader.notes && d.reader.comments, PublicOnly: !d.reader.notes, From: form.From,
	}
	if wrong != nil && alert.Title == "" {
		m.Problem = alertOf(ctx, wrong, "comment", "reason", ticket.FieldResolution, ticket.FieldResolutionCode)
		if apperr.Is(wrong, apperr.TooLarge) {
			m.Problem = ui.Alert{Tone: ui.Critical, Text: apperr.Message(wrong).In(ctx)}
		}
	}
	if to.Category == workflow.Waiting {
		for _, reason := range to.Reasons {
			o := ui.Option{Value: reason.Key, Label: text.T(ctx, reason.Label), Selected: reason.Key == form.Reason}
			if reason.OnRequester {
				o.Help = text.T(ctx, "Write to the requester what you need; their answer goes on with the work.")
			}
			m.Reasons = append(m.Reasons, o)
		}
	}
	if tr.Needs(ticket.FieldResolutionCode) {
		for _, code := range d.def.Codes {
			m.Codes = append(m.Codes, ui.Option{Value: code.Key, Label: text.T(ctx, code.Label), Selected: code.Key == form.ResolutionCode})
		}
	}
	if len(form.Attachments) > 0 {
		files, err := p.d.Tickets.Uploads(ctx, form.Attachments)
		if err != nil {
			return err
		}
		m.Files = loose(files)
	}
	// A form that was posted from the composer opens over the page and leaves the
	// composer as it is.
	if web.IsHTMX(r) {
		w.Header().Set("HX-Retarget", "#"+view.DialogPlace)
		w.Header().Set("HX-Reswap", "innerHTML")
	}
	return p.dialog(w, r, status, d.ticket.Number, view.Dialog{Title: m.Label + " " + d.ticket.Number, Form: m.Form()})
}

// takeButton assigns the ticket to its reader.
func (d *desk) takeButton(ctx context.Context) *ui.Button {
	r, t := d.reader, &d.ticket
	if !r.assigns || t.AssigneeID == r.actor.ID || !t.Category.Active() {
		return nil
	}
	url := view.TicketURL(t.Number) + "/take"
	return &ui.Button{Label: text.T(ctx, "Assign to me"), Icon: ui.IconUserCheck, Small: true, Post: url, HX: ui.HX{Post: url, Swap: "none"}, Key: "t"}
}

// take assigns the ticket to the actor: within its group when they are a member,
// else by moving it to one of their own groups.
func (p *Record) take(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	me := d.reader.actor
	cmd := ticket.Edit{AssigneeID: &me.ID}
	if groups := me.Groups(); d.ticket.GroupID != 0 && !me.InGroup(d.ticket.GroupID) && len(groups) == 1 {
		cmd.GroupID = &groups[0]
	}
	saved, err := p.d.Tickets.Edit(ctx, d.ref(), cmd)
	if apperr.Is(err, apperr.Invalid) && !me.InGroup(d.ticket.GroupID) {
		return apperr.New(apperr.Invalid, "You are not a member of the group that has this ticket. Move it to one of your groups first.")
	}
	if err != nil {
		return err
	}
	return p.done(w, r, saved.Number, web.Toast{Text: text.T(ctx, "%s is yours", saved.Number)})
}

// watch makes the actor a watcher, or ends that.
func (p *Record) watch(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	var in struct {
		On bool `form:"on"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	saved, err := p.d.Tickets.Watch(ctx, d.ref(), in.On)
	if err != nil {
		return err
	}
	said := text.T(ctx, "You watch %s", saved.Number)
	if !in.On {
		said = text.T(ctx, "You no longer watch %s", saved.Number)
	}
	return p.done(w, r, saved.Number, web.Toast{Text: said})
}
