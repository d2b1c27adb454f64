package portal

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/portal/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// talkPage is how many entries of a conversation are read at once.
const talkPage = 100

// load gives a ticket that concerns the reader. Every other one, whatever the
// reader's roles, is answered as if its number had never been given.
func (p *Portal) load(ctx context.Context, ref ticket.Ref) (ticket.Ticket, error) {
	t, err := p.Tickets.Get(ctx, ref)
	if err == nil && !concerns(&t, access.From(ctx).ID) {
		err = apperr.New(apperr.NotFound, "There is no such ticket, or you may not see it.")
	}
	return t, err
}

// saying is what the reader has typed into a ticket's page and what is wrong
// with it; the zero value is a page that was just opened.
type saying struct {
	Body        string  `form:"body"`
	Comment     string  `form:"comment"`
	Score       int     `form:"score"`
	Minutes     string  `form:"minutes_lost"` // "" says nothing, which is not zero
	Attachments []int64 `form:"attachments"`

	step  string // which form it was
	wrong error
}

// The forms of a ticket's page.
const (
	stepReply   = "reply"
	stepReopen  = "reopen"
	stepConfirm = "confirm"
	stepCancel  = "cancel"
	stepRate    = "rating"
)

func (p *Portal) ticket(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.load(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	before, _ := strconv.Atoi(r.FormValue("before")) // anything else begins at the end
	if before > 0 && web.IsFragment(r) {
		m, err := p.conversation(ctx, &t, before)
		if err != nil {
			return err
		}
		return web.Render(w, r, http.StatusOK, view.Earlier(m))
	}
	m, err := p.page(ctx, &t, before, saying{})
	if err != nil {
		return err
	}
	m.Sent = r.FormValue("sent") != "" && t.RequesterID == access.From(ctx).ID
	return p.show(w, r, http.StatusOK, &t, m)
}

func (p *Portal) show(w http.ResponseWriter, r *http.Request, status int, t *ticket.Ticket, m view.Ticket) error {
	return p.Frame.Page(w, r, module.Page{
		Title: t.Number + " " + t.Title, Active: activeTickets, Topics: []string{ticketTopic(t.ID)}, Status: status,
	}, view.TicketPage(m))
}

// ticketNow answers an open page that heard of a change. A ticket that has
// moved on offers other things to do, so then the whole of it is given.
func (p *Portal) ticketNow(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.load(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	m, err := p.page(ctx, &t, 0, saying{})
	if err != nil {
		return err
	}
	if r.FormValue("state") != m.Key {
		w.Header().Set("HX-Retarget", "#portal-ticket")
		w.Header().Set("HX-Reswap", "outerHTML")
		return web.Render(w, r, http.StatusOK, view.TicketBody(m))
	}
	return web.Render(w, r, http.StatusOK, view.TicketNow(m))
}

// conversation reads a stretch of what was said.
func (p *Portal) conversation(ctx context.Context, t *ticket.Ticket, before int) (view.Ticket, error) {
	m := view.Ticket{Number: t.Number, Title: t.Title}
	def, err := p.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return m, err
	}
	events, err := p.Tickets.PublicTimeline(ctx, t, before, talkPage)
	if err != nil {
		return m, err
	}
	writers := make([]int64, 0, len(events))
	for _, e := range events {
		if e.Actor.Type == access.TypePerson {
			writers = append(writers, e.Actor.ID)
		}
	}
	c, err := p.castOf(ctx, []ticket.Ticket{*t}, append(writers, t.RequesterID)...)
	if err != nil {
		return m, err
	}
	m.Who = c.who(ctx, t)
	m.Earlier = beforeOf(events, before, t.LastSeq, talkPage)
	m.Steps = journey(def, t, startOfWork(def, events))
	for i := range events {
		m.Talk = append(m.Talk, p.said(ctx, c, def, t, &events[i])...)
	}
	if err := p.withSources(ctx, t, events, before, &m); err != nil {
		return m, err
	}
	if t.RequesterID != access.From(ctx).ID {
		m.AskedBy = firstName(c.persons[t.RequesterID].Name)
	}
	return m, nil
}

// said makes entries of one event: what was written, and the step that was taken.
func (p *Portal) said(ctx context.Context, c cast, def *workflow.Definition, t *ticket.Ticket, e *ticket.PublicEvent) []view.Say {
	name, role, own := c.author(ctx, e.Actor, t)
	entry := view.Say{Seq: e.Seq, At: e.At, Author: name, Role: role, Own: own}
	var out []view.Say
	spoke := e.Message != "" || len(e.Attachments) > 0
	words := ""
	if e.State != "" && (e.Type != ticket.Created || !spoke) {
		words = stateWords(def, e.State, e.WaitReason)
	}
	if spoke {
		spoken := entry
		spoken.Files = filesOf(e.Attachments)
		if e.Message != "" {
			spoken.Body = templ.Raw(markdown.HTML(e.Message, markdown.Context{})) // it links nothing: names stay words
		}
		out = append(out, spoken)
	}
	switch {
	case e.Type == ticket.Merged:
		entry.Author, entry.Step, entry.Icon = "", mergedWords(ctx), ui.IconArrowsJoin
	case e.Type == ticket.Rated:
		entry.Step, entry.Icon = text.T(ctx, "rated how it went"), ui.IconStar
	case words != "":
		// Who took the step matters less than what it means.
		entry.Author, entry.Step, entry.Icon = "", words, stepIcon(def, e.State)
	default:
		return out
	}
	return append(out, entry)
}

// page reads everything a ticket's page shows.
func (p *Portal) page(ctx context.Context, t *ticket.Ticket, before int, s saying) (view.Ticket, error) {
	m, err := p.conversation(ctx, t, before)
	if err != nil {
		return m, err
	}
	def, err := p.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return m, err
	}
	m.State, m.Key, m.Category = stateWords(def, t.State, t.WaitReason), t.State+"."+t.WaitReason, ui.Category(t.Category)
	m.Asked, m.Live = t.CreatedAt, eventChanged
	actor := access.From(ctx)
	m.Reply = t.Category.Active() && actor.Check(access.Comment, t.Record()).Allowed
	if t.RequesterID == actor.ID {
		if err := p.choices(ctx, &m, t, def); err != nil {
			return m, err
		}
	}
	m.Again = !m.Reply && !m.Reopen
	if err := p.goesOn(ctx, t, &m); err != nil {
		return m, err
	}
	names, err := p.Services.Names(ctx, p.DB.Reader(), []int64{t.ServiceID})
	if err != nil {
		return m, err
	}
	m.Service = names[t.ServiceID]
	for _, f := range def.Fields {
		if v := t.Fields[f.Key]; f.RequesterVisible && v != "" {
			m.Details = append(m.Details, view.Detail{Label: f.Label, Value: v})
		}
	}
	return m, p.typed(ctx, &m, t, s)
}

// choices are what whoever asked for the ticket can do about it now.
func (p *Portal) choices(ctx context.Context, m *view.Ticket, t *ticket.Ticket, def *workflow.Definition) error {
	m.Answer = t.WaitsForRequester(def)
	for _, to := range []struct {
		category workflow.Category
		may      *bool
	}{{workflow.Closed, &m.Confirm}, {workflow.Open, &m.Reopen}, {workflow.Cancelled, &m.Cancel}} {
		step, err := p.stepTo(ctx, t, def, to.category)
		if err != nil {
			return err
		}
		*to.may = step != ""
	}
	m.Reopen = m.Reopen && !t.Category.Active()
	m.Rate = t.Category == workflow.Resolved || t.Category == workflow.Closed
	if !m.Rate {
		return nil
	}
	given, rated, err := p.Tickets.RatingOf(ctx, t)
	if err != nil || !rated || t.Rating == 0 {
		return err
	}
	m.Rating = view.Rating{Given: true, Score: given.Score, Comment: given.Comment}
	if given.MinutesLost != nil {
		m.Rating.Minutes = strconv.Itoa(*given.MinutesLost)
	}
	return nil
}

// stepTo names the requester's step from a ticket's state to one of a category;
// "" when there is none now.
func (p *Portal) stepTo(ctx context.Context, t *ticket.Ticket, def *workflow.Definition, to workflow.Category) (string, error) {
	steps, err := p.Tickets.Steps(ctx, t)
	if err != nil {
		return "", err
	}
	for _, tr := range steps {
		// Somebody who is an agent too takes only a requester's steps here.
		if s, _ := def.State(tr.To); s.Category == to && tr.AllowsAny([]workflow.Party{workflow.Requester}) {
			return tr.Key, nil
		}
	}
	return "", nil
}

// typed puts what the reader has typed back into the page: from the form that
// was refused, or from a draft.
func (p *Portal) typed(ctx context.Context, m *view.Ticket, t *ticket.Ticket, s saying) error {
	switch s.step {
	case "", stepConfirm:
		drafts, err := p.Tickets.Drafts(ctx, t.ID)
		if err != nil {
			return err
		}
		for _, d := range drafts {
			if d.Slot == stepReply {
				m.Body = d.Body
			}
		}
	case stepReply, stepReopen:
		m.Body = s.Body
		files, err := p.Tickets.Uploads(ctx, s.Attachments)
		if err != nil {
			return err
		}
		m.Files = filesOf(files)
	case stepCancel:
		m.CancelBody, m.CancelOpen = s.Comment, true
	case stepRate:
		m.Rating.Score, m.Rating.Minutes, m.Rating.Comment, m.Rating.Open = s.Score, s.Minutes, s.Comment, true
	}
	blameTicket(ctx, m, s)
	return nil
}

// blameTicket puts each complaint beside its field.
func blameTicket(ctx context.Context, m *view.Ticket, s saying) {
	if s.wrong == nil {
		return
	}
	beside := map[string]*string{
		"body": &m.BodyError, "comment": &m.BodyError, "files": &m.FilesError, "attachments": &m.FilesError,
		"score": &m.Rating.ScoreError, "minutes_lost": &m.Rating.MinutesError,
	}
	switch s.step {
	case stepCancel:
		beside["comment"] = &m.CancelError
	case stepRate:
		beside["comment"] = &m.Rating.CommentError
	}
	placed := 0
	fields := apperr.FieldsOf(s.wrong)
	for _, f := range fields {
		if place, ok := beside[f.Name]; ok {
			*place = cmp.Or(*place, f.Message.In(ctx))
			placed++
		}
	}
	if placed == 0 {
		m.Problem = apperr.Message(s.wrong).In(ctx)
	}
}
