package inbox

import (
	"context"
	"net/http"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/inbox/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (i *Inbox) settings(w http.ResponseWriter, r *http.Request) error {
	return i.showSettings(w, r, nil, nil)
}

// showSettings is the page of settings; typed is what failed to be saved of when mail
// comes, nil shows what is kept.
func (i *Inbox) showSettings(w http.ResponseWriter, r *http.Request, typed *mailForm, failed error) error {
	ctx := r.Context()
	choices, err := i.d.Notices.Choices(ctx)
	if err != nil {
		return err
	}
	mail, err := i.offersMail(ctx)
	if err != nil {
		return err
	}
	ways, some, err := i.offered(ctx)
	if err != nil {
		return err
	}
	m := view.Settings{Plain: readerOf(ctx).asks(), OffersWays: some}
	for _, c := range choices {
		said := kindTexts[c.Kind]
		about := said.about
		if m.Plain && said.plain != "" {
			about = said.plain
		}
		choice := view.Choice{Kind: string(c.Kind), Label: text.T(ctx, said.label), About: text.T(ctx, about), On: c.On}
		if mail {
			way := mailSelect(ctx, &c, choice.Label)
			choice.Ways = append(choice.Ways, way)
		}
		for _, w := range ways {
			choice.Ways = append(choice.Ways, waySelect(ctx, &c, choice.Label, w))
		}
		m.Kinds = append(m.Kinds, choice)
	}
	if mail || len(ways) > 0 {
		if typed == nil {
			plan, err := i.d.Notices.PlanOf(ctx)
			if err != nil {
				return err
			}
			kept := formOf(plan)
			typed = &kept
		}
		plan := mailFields(ctx, typed, failed, len(ways) > 0)
		m.Mail = &plan
	}
	status := http.StatusOK
	if failed != nil {
		status = http.StatusUnprocessableEntity
	}
	return i.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Notification settings"), Status: status}, m.View())
}

func (i *Inbox) saveSettings(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Shown []string          `form:"shown"`  // the kinds the form asked about
		Kinds []string          `form:"kinds"`  // those that are ticked
		Mail  map[string]string `form:"mail.*"` // how each comes by mail, where that is offered
		Ways  map[string]string `form:"way.*"`  // and by channels: "assigned.4294967802"
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	ctx := r.Context()
	wanted := map[notify.Kind]bool{}
	for _, k := range in.Shown {
		wanted[notify.Kind(k)] = false
	}
	for _, k := range in.Kinds {
		wanted[notify.Kind(k)] = true
	}
	if err := i.d.Notices.Choose(ctx, wanted); err != nil {
		return err
	}
	how := map[notify.Kind]notify.Mail{}
	for k, way := range in.Mail {
		how[notify.Kind(k)] = notify.Mail(way)
	}
	if err := i.d.Notices.ChooseMail(ctx, how); err != nil {
		return err
	}
	if err := i.chooseWays(ctx, in.Ways); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "Your notification settings are saved.")}, i.d.HTTPS)
	return web.Redirect(w, r, view.URL+"/settings")
}

// about says how the reader stands to a ticket, and lets them change it.
func (i *Inbox) about(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := i.d.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	m, err := i.aboutOf(ctx, &t)
	if err != nil {
		return err
	}
	if web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, m.Dialog())
	}
	return i.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Notifications about %s", t.Number)}, m.Page())
}

func (i *Inbox) aboutOf(ctx context.Context, t *ticket.Ticket) (view.About, error) {
	actor, who := access.From(ctx), readerOf(ctx)
	m := view.About{Number: t.Number, Title: t.Title, BackURL: who.ticketURL(t.Number), Plain: who.asks()}
	if !actor.IsPerson() {
		return m, apperr.New(apperr.Forbidden, "Only persons have notifications.")
	}
	for _, id := range t.Watchers {
		m.Watched = m.Watched || id == actor.ID
	}
	for _, standing := range []struct {
		is  bool
		why notify.Reason
	}{
		{t.AssigneeID == actor.ID, notify.AsAssignee},
		{t.RequesterID == actor.ID, notify.AsRequester},
		{t.OpenedByID == actor.ID, notify.AsOpener},
		{m.Watched, notify.AsWatcher},
	} {
		if standing.is {
			m.Why = append(m.Why, whyText(ctx, standing.why, m.Plain))
		}
	}
	var err error
	m.Muted, err = i.d.Notices.Muted(ctx, t.ID)
	return m, err
}

// follow watches or mutes a ticket, or ends that.
func (i *Inbox) follow(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Watch string `form:"watch,line"`
		Mute  string `form:"mute,line"`
		Back  string `form:"back,line"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	ctx := r.Context()
	t, err := i.d.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	said, undo := "", ""
	switch {
	case in.Watch != "":
		on := in.Watch == "true"
		if t, err = i.d.Tickets.Watch(ctx, ticket.ByID(t.ID), on); err != nil {
			return err
		}
		said, undo = text.T(ctx, "You watch %s", t.Number), "watch=false"
		if !on {
			said, undo = text.T(ctx, "You no longer watch %s", t.Number), "watch=true"
		}
	case in.Mute != "":
		on := in.Mute == "true"
		if err := i.d.Notices.Mute(ctx, t.ID, on); err != nil {
			return err
		}
		said, undo = text.T(ctx, "%s is muted", t.Number), "mute=false"
		if !on {
			said, undo = text.T(ctx, "%s is no longer muted", t.Number), "mute=true"
		}
	default:
		return apperr.InvalidField("watch", "Say whether to watch or to mute.")
	}
	toast := web.Toast{Text: said, Undo: view.AboutURL(t.Number) + "?" + undo}
	if web.IsHTMX(r) {
		web.ShowToast(w, toast)
		web.Trigger(w, "dialog-close", nil)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	web.Flash(w, toast, i.d.HTTPS)
	return web.Redirect(w, r, web.LocalPath(in.Back, view.URL))
}
