package workaround

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/workaround/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

type pages struct {
	Deps
	service *Service
}

// asked is what the form posts.
type asked struct {
	Body string `form:"body"`
	Who  string `form:"who,line,max=20"` // "requester" or "colleagues"
}

// toRequester is the choice that makes a workaround public.
const toRequester = "requester"

// ticket gives the ticket of the address, if the reader may record a workaround on it.
func (p pages) ticket(r *http.Request) (ticket.Ticket, error) {
	ctx := r.Context()
	t, err := p.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err == nil && !mayGive(ctx, &t) {
		err = apperr.New(apperr.Forbidden, "Only those who work on this ticket give workarounds.")
	}
	return t, err
}

func (p pages) form(w http.ResponseWriter, r *http.Request) error {
	t, err := p.ticket(r)
	if err != nil {
		return err
	}
	return p.show(w, r, &t, asked{Who: toRequester}, nil)
}

func (p pages) show(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, a asked, wrong error) error {
	ctx := r.Context()
	m := view.Form{Number: t.Number, Title: t.Title, Body: a.Body, Errors: apperr.ByField(ctx, wrong)}
	replies := access.From(ctx).Check(access.Comment, t.Record()).Allowed
	m.Who = []ui.Option{
		{Value: toRequester, Label: text.T(ctx, "The requester"), Help: text.T(ctx, "As a reply."), Selected: a.Who == toRequester && replies, Disabled: !replies},
		{Value: "colleagues", Label: text.T(ctx, "Only colleagues"), Help: text.T(ctx, "As an internal note."), Selected: a.Who != toRequester || !replies},
	}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
		if apperr.Is(wrong, apperr.Conflict) {
			status, m.Problem = http.StatusConflict, apperr.Message(wrong).In(ctx)
		}
	}
	if web.IsFragment(r) {
		return web.Render(w, r, status, m.Dialog())
	}
	return p.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Give a workaround"), Active: "queue", Status: status}, m.Page())
}

func (p pages) give(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.ticket(r)
	if err != nil {
		return err
	}
	var a asked
	if err := web.Form(r, &a, nil); err != nil {
		return err
	}
	given, err := p.service.Give(ctx, ticket.ByID(t.ID), a.Body, a.Who == toRequester)
	if apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.Conflict) {
		return p.show(w, r, &t, a, err)
	}
	if err != nil {
		return err
	}
	return p.done(w, r, t.Number, web.Toast{Text: text.T(ctx, "A workaround is given on %s", t.Number), Undo: view.WithdrawURL(t.Number, given.ID)})
}

func (p pages) withdraw(w http.ResponseWriter, r *http.Request) error {
	number := r.PathValue("number")
	if _, err := p.service.Withdraw(r.Context(), ticket.ByNumber(number), web.PathID(r, "id")); err != nil {
		return err
	}
	return p.done(w, r, number, web.Toast{Text: text.T(r.Context(), "The workaround on %s is taken back", number)})
}

// done answers an action: the open page asks what has changed, or, without
// scripts, is shown again.
func (p pages) done(w http.ResponseWriter, r *http.Request, number string, toast web.Toast) error {
	if !web.IsHTMX(r) {
		web.Flash(w, toast, p.HTTPS)
		return web.Redirect(w, r, view.TicketURL(number))
	}
	web.ShowToast(w, toast)
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, "ticket-changed", nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// panel shows the workaround that stands on a ticket's page.
func (p pages) panel(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	all, err := p.service.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	for i := range all {
		w := &all[i]
		if !w.Stands() {
			continue
		}
		by, err := p.Names.PersonNames(ctx, p.DB.Reader(), []int64{w.GivenBy})
		if err != nil {
			return nil, err
		}
		m := view.Standing{HTML: markdown.HTML(w.Body, markdown.Context{}), By: by[w.GivenBy].Name, At: w.GivenAt, Told: text.T(ctx, "only colleagues know")}
		if w.Public {
			m.Told = text.T(ctx, "the requester was told")
		}
		if mayGive(ctx, t) {
			url := view.WithdrawURL(t.Number, w.ID)
			m.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "Take back"), Small: true, Kind: ui.Quiet, Post: url, HX: ui.HX{Post: url, Swap: "none"}}}
		}
		return m.View(), nil
	}
	return nil, nil
}
