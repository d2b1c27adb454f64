package majorincident

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/majorincident/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Deps are what the practice leans on.
type Deps struct {
	DB        *database.DB
	Tickets   *ticket.Service
	Directory Directory
	Names     Names
	Services  Services
	Announcer Announcer
	Notifier  Notifier
	Audit     *audit.Log
	Jobs      *jobs.Queue
	// As gives a context in which a person acts, for what is sent in their name.
	As    func(ctx context.Context, person int64) (context.Context, error)
	Frame module.Frame
	Now   func() time.Time
}

// Practice is the practice as the rest of the house sees it.
type Practice struct {
	*Service
	pages pages
}

// New makes the practice.
func New(d Deps) *Practice {
	s := &Service{db: d.DB, tickets: d.Tickets, directory: d.Directory, services: d.Services, announce: d.Announcer, notify: d.Notifier, log: d.Audit, clock: d.Now}
	replying := jobs.Define(d.Jobs, "major-incident.reply", func(ctx context.Context, _ *jobs.Job, update int64) error {
		return s.reply(ctx, update, d.As)
	}, jobs.KindOptions{Long: true}) // a thousand linked tickets take longer than a minute
	judging := jobs.Define(d.Jobs, "major-incident.judge", func(ctx context.Context, _ *jobs.Job, id int64) error {
		return s.judge(access.With(ctx, access.System()), id)
	}, jobs.KindOptions{})
	s.told = func(ctx context.Context, tx *database.Tx, update int64) error {
		_, err := replying.Enqueue(ctx, tx, update)
		return err
	}
	s.judged = func(ctx context.Context, tx *database.Tx, id int64) error {
		_, err := judging.Enqueue(ctx, tx, id, jobs.Key(fmt.Sprint("major:", id)))
		return err
	}
	return &Practice{s, pages{s, d.Names, d.Frame}}
}

// Module gives everything the practice adds to the running system.
func (p *Practice) Module() module.Module {
	colleague := func(a access.Actor) bool { return a.Can(access.ReadNotes, access.AnyKind) }
	return module.Module{
		Name:   "majorincident",
		Routes: p.pages.routes,
		API:    func(h huma.API) { p.register(h) },
		Menu: []module.MenuItem{
			{Section: text.Key("Desk"), Label: text.Key("Major incidents"), URL: view.ListURL, Icon: "flame", ID: menuID, Key: "g i", Visible: colleague},
		},
		Topics: []module.Topic{
			{Prefix: "major", Allow: p.mayFollow},
			{Prefix: StatusTopic, Allow: func(ctx context.Context, _ string) bool { return MayReadStatus(access.From(ctx)) }},
		},
		Periodic: []module.Periodic{{Name: "major-incident.remind", Every: 20 * time.Second, Run: p.Remind}},
		Follow:   p.followTicket,
		Guards: []ticket.Guard{{
			Label: text.Key("The review of a major incident is complete"), To: workflow.Closed, Check: p.guardClosing,
		}},
		Panels: []module.Panel{{ID: "major", Place: module.PlaceBanner, Show: p.panel}},
		Actions: []module.Action{{
			Label: text.Key("Propose as a major incident"), Icon: "flame", Visible: p.mayPropose,
			URL: func(t *ticket.Ticket) string { return "/tickets/" + t.Number + "/major" },
		}},
		Tells: tells,
	}
}

func (p *Practice) mayFollow(ctx context.Context, rest string) bool {
	id, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		return false
	}
	_, _, err = p.Get(ctx, id)
	return err == nil
}

func (p *Practice) mayPropose(ctx context.Context, t *ticket.Ticket) bool {
	return candidate(t) == nil && p.mayRead(ctx, t) && access.From(ctx).Check(access.Edit, t.Record()).Allowed
}

// panel says on the ticket's page that it is a major incident.
func (p *Practice) panel(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	m, err := p.Of(ctx, t)
	if err != nil || m.ID == 0 {
		return nil, err
	}
	out := view.Panel{Title: text.T(ctx, "Proposed as a major incident"), Tone: ui.Warning, Text: m.Reason, URL: roomURL(m.ID)}
	switch {
	case m.State == Accepted && m.NextUpdate.IsZero():
		out.Title, out.Tone, out.Text = text.T(ctx, "This is a major incident"), ui.Critical, m.Summary
	case m.State == Accepted:
		out.Title, out.Tone = text.T(ctx, "This is a major incident"), ui.Critical
		out.Text = text.T(ctx, "The next update is due %s.", text.Relative(ctx, m.NextUpdate))
	case m.State == Resolved && m.Review.Complete():
		out.Title, out.Tone, out.Text = text.T(ctx, "This was a major incident"), ui.Info, text.T(ctx, "Its review is complete.")
	case m.State == Resolved:
		out.Title, out.Tone, out.Text = text.T(ctx, "This was a major incident"), ui.Info, text.T(ctx, "Its review is still to be written; until then it cannot be closed.")
	}
	return out, nil
}

// BannersFor gives what stands above every page, in the reader's words.
func (s *Service) BannersFor(ctx context.Context) ([]ui.Alert, error) {
	all, err := s.Banners(ctx)
	if err != nil {
		return nil, err
	}
	var out []ui.Alert
	for _, a := range all {
		alert := ui.Alert{ID: "banner-" + formatID(a.ID), Tone: ui.Critical, Title: a.Words, Actions: nil}
		if !a.Resolved.IsZero() {
			alert.Tone, alert.Text = ui.Success, text.T(ctx, "Solved. If it still does not work for you, tell us.")
		}
		alert.Actions = append(alert.Actions, ui.Button{Label: text.T(ctx, "What is known"), URL: view.StatusURL, Small: true})
		out = append(out, alert)
	}
	return out, nil
}
