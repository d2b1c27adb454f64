package portal

import (
	"context"
	"net/http"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/portal/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// The handlers of a ticket page's forms. Each reads its form, asks the ticket
// service for one thing, and answers with the page as it is then.

func (p *Portal) reply(w http.ResponseWriter, r *http.Request) error {
	return p.say(w, r, stepReply, func(ctx context.Context, t *ticket.Ticket, s saying) error {
		_, err := p.Tickets.Reply(ctx, ticket.ByID(t.ID), ticket.PublicReply{Body: ticket.Markdown(s.Body), Attachments: s.Attachments})
		return err
	})
}

func (p *Portal) confirm(w http.ResponseWriter, r *http.Request) error {
	return p.say(w, r, stepConfirm, func(ctx context.Context, t *ticket.Ticket, _ saying) error {
		return p.take(ctx, t, workflow.Closed, ticket.Step{})
	})
}

func (p *Portal) reopen(w http.ResponseWriter, r *http.Request) error {
	return p.say(w, r, stepReopen, func(ctx context.Context, t *ticket.Ticket, s saying) error {
		return p.take(ctx, t, workflow.Open, ticket.Step{Comment: ticket.Markdown(s.Body), Attachments: s.Attachments})
	})
}

func (p *Portal) cancel(w http.ResponseWriter, r *http.Request) error {
	return p.say(w, r, stepCancel, func(ctx context.Context, t *ticket.Ticket, s saying) error {
		return p.take(ctx, t, workflow.Cancelled, ticket.Step{Comment: ticket.Markdown(s.Comment)})
	})
}

func (p *Portal) rate(w http.ResponseWriter, r *http.Request) error {
	return p.say(w, r, stepRate, func(ctx context.Context, t *ticket.Ticket, s saying) error {
		rating := ticket.Rating{Score: s.Score, Comment: s.Comment}
		if s.Minutes != "" {
			n, err := strconv.Atoi(s.Minutes)
			if err != nil {
				return apperr.InvalidField("minutes_lost", "%s", text.T(ctx, "Give whole minutes, or nothing."))
			}
			rating.MinutesLost = &n
		}
		_, err := p.Tickets.Rate(ctx, ticket.ByID(t.ID), rating)
		return err
	})
}

// take takes the requester's step to a category of states. What a requester
// writes with it is always public.
func (p *Portal) take(ctx context.Context, t *ticket.Ticket, to workflow.Category, step ticket.Step) error {
	def, err := p.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return err
	}
	if step.Transition, err = p.stepTo(ctx, t, def, to); err != nil {
		return err
	}
	if step.Transition == "" {
		return apperr.New(apperr.Conflict, "%s", text.T(ctx, "This has changed in the meantime. Here is how it stands now."))
	}
	step.CommentPublic = true
	_, err = p.Tickets.Transition(ctx, ticket.ByID(t.ID), step)
	return err
}

// say runs one form of a ticket's page.
func (p *Portal) say(w http.ResponseWriter, r *http.Request, step string, do func(ctx context.Context, t *ticket.Ticket, s saying) error) error {
	ctx := r.Context()
	ref := ticket.ByNumber(r.PathValue("number"))
	t, err := p.load(ctx, ref) // before anything is read: a stranger's files are not taken
	if err != nil {
		return err
	}
	s := saying{step: step}
	files, err := p.receive(r, &s)
	s.Attachments = append(s.Attachments, files...)
	if err == nil {
		err = do(ctx, &t, s)
	}
	status := http.StatusOK
	switch apperr.KindOf(err) {
	case "":
		if step == stepReply || step == stepReopen {
			if err := p.Tickets.SaveDraft(ctx, t.ID, stepReply, ""); err != nil {
				return err
			}
		}
		if !web.IsFragment(r) {
			return web.Redirect(w, r, view.TicketURL(t.Number))
		}
		s = saying{}
	case apperr.Invalid:
		s.wrong, status = err, http.StatusUnprocessableEntity
	case apperr.Conflict:
		s.wrong, status = err, http.StatusConflict
	default:
		return err
	}
	if t, err = p.load(ctx, ref); err != nil {
		return err
	}
	m, err := p.page(ctx, &t, 0, s)
	if err != nil {
		return err
	}
	if web.IsFragment(r) {
		return web.Render(w, r, status, view.TicketBody(m))
	}
	return p.show(w, r, status, &t, m)
}

// keepReplyDraft keeps what is being typed on a ticket's page.
func (p *Portal) keepReplyDraft(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.load(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	var s saying
	if err := web.Form(r, &s, nil); err != nil {
		return err
	}
	if err := p.Tickets.SaveDraft(ctx, t.ID, stepReply, s.Body); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
