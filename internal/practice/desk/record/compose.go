package record

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// message is what the composer posts.
type message struct {
	Kind        string  `form:"kind"`
	Body        string  `form:"body"`
	Version     int     `form:"version"`
	Then        string  `form:"then"` // what to do besides sending: "resolve", or "hold:REASON"
	Attachments []int64 `form:"attachments"`

	problem string
	alert   ui.Alert
}

func (m *message) note() bool { return m.Kind == string(ui.ModeNote) }

// The slots of drafts. A page has one text, so there is one draft of a ticket:
// the other slot is emptied when one is filled.
const (
	slotReply = "reply"
	slotNote  = "note"
)

// composer makes the form to write with; nil, with the reason, when the reader
// writes nothing here. sent is a message that comes back because it could not be
// stored.
func (d *desk) composer(ctx context.Context, m material, sent *message) (*ui.Composer, string) {
	r, t := d.reader, &d.ticket
	if !r.comments && !r.notes {
		return nil, text.T(ctx, "You may read this ticket and not write on it.")
	}
	url := view.TicketURL(t.Number)
	c := &ui.Composer{
		Action: url + "/messages", Version: int64(t.Version), DraftURL: url + "/draft", UploadURL: view.UploadURL, PreviewURL: url + "/preview", NoNote: !r.notes,
	}
	if r.people {
		c.MentionURL = view.MentionURL
	}
	if r.inside {
		c.CannedURL = d.p.d.Canned(r.actor, t.Number)
	}
	if !r.comments {
		c.NoReply = text.T(ctx, "You may write internal notes only.")
	}
	if r.inside {
		c.ShareURL = d.p.d.Share(r.actor, t)
	}
	if name := d.names.person(t.RequesterID); name != "" {
		c.To = text.T(ctx, "To %s", name)
	}
	if sent != nil {
		c.Mode, c.Body, c.Error = ui.ComposerMode(sent.Kind), sent.Body, sent.problem
		if sent.alert.Text != "" || sent.alert.Title != "" {
			c.Extras = append(c.Extras, sent.alert)
		}
	} else {
		c.Mode, c.Body = restored(m)
	}
	if r.comments {
		c.More = d.thens(ctx, m.steps)
	}
	return c, ""
}

// restored gives the newest draft, unless it was said already: a page that is
// closed while it sends may have stored it once more.
func restored(m material) (ui.ComposerMode, string) {
	var newest ticket.Draft
	for _, d := range m.drafts {
		if (d.Slot == slotReply || d.Slot == slotNote) && !d.UpdatedAt.Before(newest.UpdatedAt) {
			newest = d
		}
	}
	said := slices.ContainsFunc(m.entries, func(e entry) bool { return newest.Body != "" && e.body == newest.Body })
	if said {
		return ui.ModeReply, ""
	}
	if newest.Slot == slotNote {
		return ui.ModeNote, newest.Body
	}
	return ui.ModeReply, newest.Body
}

// thens are the buttons that send a reply and take a step with it.
func (d *desk) thens(ctx context.Context, steps []workflow.Transition) []ui.Button {
	var out []ui.Button
	for _, tr := range steps {
		to, _ := d.def.State(tr.To)
		switch to.Category {
		case workflow.Waiting:
			for _, reason := range to.Reasons {
				if reason.OnRequester && d.ticket.WaitReason != reason.Key {
					out = append(out, ui.Button{Label: text.T(ctx, "Send and wait for the answer"), Submit: true, Name: "then", Value: tr.Key + ":" + reason.Key})
				}
			}
		case workflow.Resolved:
			out = append(out, ui.Button{Label: text.T(ctx, "Send and resolve"), Submit: true, Name: "then", Value: tr.Key})
		case workflow.New, workflow.Open, workflow.Closed, workflow.Cancelled:
		}
	}
	return out
}

// send stores a message, and takes the step that goes with it.
func (p *Record) send(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	var in message
	files, refused, err := p.receive(r, &in)
	if err != nil {
		return err
	}
	in.Attachments = append(in.Attachments, files...)
	if in.Kind != string(ui.ModeNote) {
		in.Kind = string(ui.ModeReply)
	}
	if refused != nil {
		in.problem = apperr.Message(refused).In(ctx)
		return p.composeAgain(w, r, http.StatusUnprocessableEntity, d, &in)
	}
	if left := phrase.Unfilled(in.Body); len(left) > 0 && !in.note() {
		in.problem = text.T(ctx, "Fill this in first, or take it out: %s", "{{"+strings.Join(left, "}}, {{")+"}}")
		return p.composeAgain(w, r, http.StatusUnprocessableEntity, d, &in)
	}
	if in.Then != "" && !in.note() {
		return p.sendAnd(w, r, d, &in)
	}
	if in.note() {
		_, err = p.d.Tickets.Note(ctx, d.ref(), ticket.InternalNote{Body: ticket.Markdown(in.Body), Attachments: in.Attachments})
	} else {
		_, err = p.d.Tickets.Reply(ctx, d.ref(), ticket.PublicReply{Body: ticket.Markdown(in.Body), Attachments: in.Attachments})
	}
	if apperr.Is(err, apperr.Invalid) {
		in.problem = apperr.Message(err).In(ctx)
		return p.composeAgain(w, r, http.StatusUnprocessableEntity, d, &in)
	}
	if err != nil {
		return err
	}
	return p.sent(w, r, d, in.Kind)
}

// sendAnd takes a step whose words are the message. What the step asks besides is
// asked in its dialog, with the words in their place; until then nothing is sent.
func (p *Record) sendAnd(w http.ResponseWriter, r *http.Request, d *desk, in *message) error {
	key, reason, _ := strings.Cut(in.Then, ":")
	tr, err := p.stepOf(r.Context(), d, key)
	if err != nil {
		return err
	}
	form := &stepping{Version: in.Version, Reason: reason, Comment: in.Body, Public: true, Attachments: in.Attachments, From: fromComposer}
	to, _ := d.def.State(tr.To)
	if to.Category == workflow.Resolved {
		// What the requester reads last is how it was resolved.
		form.Comment, form.Resolution = "", in.Body
		return p.showStep(w, r, http.StatusOK, d, tr, form, nil, ui.Alert{})
	}
	if strings.TrimSpace(in.Body) == "" {
		in.problem = text.T(r.Context(), "Write what you want to know.")
		return p.composeAgain(w, r, http.StatusUnprocessableEntity, d, in)
	}
	saved, err := p.d.Tickets.Transition(r.Context(), d.ref(), form.command(tr.Key))
	if now, ok := apperr.Now[ticket.Ticket](err); ok {
		in.Version = now.Version
		in.alert = ui.Alert{
			Tone: ui.Warning, Title: text.T(r.Context(), "The ticket has changed meanwhile."),
			Text: text.T(r.Context(), "It is now: %s. Your text is kept. Send it again if it still fits.", p.stateOf(r.Context(), now)),
		}
		if d, err = p.deskOf(r.Context(), *now); err != nil {
			return err
		}
		return p.composeAgain(w, r, http.StatusConflict, d, in)
	}
	if apperr.Is(err, apperr.Invalid) {
		return p.showStep(w, r, http.StatusUnprocessableEntity, d, tr, form, err, ui.Alert{})
	}
	if err != nil {
		return err
	}
	if d, err = p.deskOf(r.Context(), saved); err != nil {
		return err
	}
	return p.sent(w, r, d, in.Kind)
}

// sent forgets the draft and shows an empty composer for the same readers; the
// page asks by itself for what was added.
func (p *Record) sent(w http.ResponseWriter, r *http.Request, d *desk, kind string) error {
	if err := p.forgetDrafts(r.Context(), d); err != nil {
		return err
	}
	d.types(false)
	if !web.IsHTMX(r) {
		return web.Redirect(w, r, view.TicketURL(d.ticket.Number)+"#composer")
	}
	web.Trigger(w, view.ChangedEvent, nil)
	return p.showComposer(w, r, http.StatusOK, d, &message{Kind: kind})
}

// sentByDialog closes the dialog that the words went through, and empties the
// composer they were written in.
func (p *Record) sentByDialog(w http.ResponseWriter, r *http.Request, d *desk, said web.Toast) error {
	ctx := r.Context()
	fresh, err := p.open(ctx, d.ref())
	if apperr.Is(err, apperr.NotFound) || !web.IsHTMX(r) || err == nil && !fresh.reader.works {
		return p.done(w, r, d.ticket.Number, said)
	}
	if err != nil {
		return err
	}
	if err := p.forgetDrafts(ctx, fresh); err != nil {
		return err
	}
	fresh.types(false)
	c, err := p.emptyComposer(ctx, fresh, nil)
	if err != nil || c == nil {
		return err
	}
	web.ShowToast(w, said)
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, view.EmptiedEvent, nil)
	web.Trigger(w, view.ChangedEvent, nil)
	return web.Render(w, r, http.StatusOK, view.Recomposed(*c))
}

// Written forgets what the actor was writing on a ticket, because it went on in
// another way, and gives what empties the composer of an open page, which is to
// hear view.EmptiedEvent besides; nil where they have none.
func (p *Record) Written(ctx context.Context, number string) (web.Component, error) {
	d, err := p.open(ctx, ticket.ByNumber(number))
	if err != nil {
		return nil, err
	}
	if err := p.forgetDrafts(ctx, d); err != nil {
		return nil, err
	}
	d.types(false)
	c, err := p.emptyComposer(ctx, d, nil)
	if err != nil || c == nil {
		return nil, err
	}
	return view.Recomposed(*c), nil
}

// Receive reads the form of a composer, which may bring files, and gives their
// ids; refused is what is wrong with one of them.
func (p *Record) Receive(r *http.Request, dst any) (files []int64, refused, err error) {
	return p.receive(r, dst)
}

func (p *Record) forgetDrafts(ctx context.Context, d *desk) error {
	for _, slot := range []string{slotReply, slotNote} {
		if err := p.d.Tickets.SaveDraft(ctx, d.ticket.ID, slot, ""); err != nil {
			return err
		}
	}
	return nil
}

// composeAgain shows the message again with what is wrong and everything typed.
func (p *Record) composeAgain(w http.ResponseWriter, r *http.Request, status int, d *desk, in *message) error {
	return p.showComposer(w, r, status, d, in)
}

func (p *Record) showComposer(w http.ResponseWriter, r *http.Request, status int, d *desk, in *message) error {
	fresh, err := p.open(r.Context(), d.ref())
	if err != nil {
		return err
	}
	c, err := p.emptyComposer(r.Context(), fresh, in)
	if err != nil {
		return err
	}
	if c == nil { // the message was the last thing its author could say here
		return p.done(w, r, fresh.ticket.Number, web.Toast{})
	}
	if web.IsFragment(r) {
		return web.Render(w, r, status, c)
	}
	return p.frame(w, r, status, fresh.ticket.Number, view.ComposerPage(fresh.ticket.Number, *c))
}

// emptyComposer is a composer without a draft: with a message that comes back,
// or empty. nil when the reader writes nothing here any more.
func (p *Record) emptyComposer(ctx context.Context, d *desk, in *message) (*ui.Composer, error) {
	var m material
	var err error
	if d.names, err = p.resolve(ctx, wanted{persons: []int64{d.ticket.RequesterID}}); err != nil {
		return nil, err
	}
	if m.steps, err = p.d.Tickets.Steps(ctx, &d.ticket); err != nil {
		return nil, err
	}
	c, _ := d.composer(ctx, m, in)
	if c == nil || in == nil || len(in.Attachments) == 0 {
		return c, nil
	}
	files, err := p.d.Tickets.Uploads(ctx, in.Attachments)
	c.Files = loose(files)
	return c, err
}

// drafting is what the composer saves while somebody types.
type drafting struct {
	Kind string `form:"kind"`
	Body string `form:"body,raw"`
}

// keepDraft saves what is being written.
func (p *Record) keepDraft(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	var in drafting
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	slot, other := slotReply, slotNote
	if in.Kind == string(ui.ModeNote) {
		slot, other = slotNote, slotReply
	}
	if err := p.d.Tickets.SaveDraft(ctx, d.ticket.ID, slot, in.Body); err != nil {
		return err
	}
	if err := p.d.Tickets.SaveDraft(ctx, d.ticket.ID, other, ""); err != nil {
		return err
	}
	d.types(in.Body != "")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// preview shows a text as it will look.
func (p *Record) preview(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	var in message
	if _, _, err := p.receive(r, &in); err != nil {
		return err
	}
	var n wanted
	n.text(in.Body)
	n.numbers = markdown.Numbers(maxReferences, in.Body)
	var err error
	if d.names, err = p.resolve(ctx, n); err != nil {
		return err
	}
	shown := d.prose(ctx, in.Body, "")
	if shown == nil {
		shown = ui.Nothing()
	}
	return web.Render(w, r, http.StatusOK, shown)
}
