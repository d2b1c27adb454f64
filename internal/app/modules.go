package app

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/connect/servicenow"
	"github.com/steward-itsm/steward/internal/connect/webhook"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/practice/absence"
	"github.com/steward-itsm/steward/internal/practice/account"
	"github.com/steward-itsm/steward/internal/practice/administration"
	adminapi "github.com/steward-itsm/steward/internal/practice/administration/api"
	"github.com/steward-itsm/steward/internal/practice/businesshours"
	"github.com/steward-itsm/steward/internal/practice/desk/api"
	"github.com/steward-itsm/steward/internal/practice/desk/canned"
	"github.com/steward-itsm/steward/internal/practice/desk/checklist"
	"github.com/steward-itsm/steward/internal/practice/desk/draft"
	"github.com/steward-itsm/steward/internal/practice/desk/intake"
	"github.com/steward-itsm/steward/internal/practice/desk/macro"
	"github.com/steward-itsm/steward/internal/practice/desk/operations"
	"github.com/steward-itsm/steward/internal/practice/desk/queue"
	queueview "github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/practice/desk/record"
	"github.com/steward-itsm/steward/internal/practice/desk/snooze"
	"github.com/steward-itsm/steward/internal/practice/desk/suggest"
	"github.com/steward-itsm/steward/internal/practice/desk/timesheet"
	"github.com/steward-itsm/steward/internal/practice/document"
	"github.com/steward-itsm/steward/internal/practice/inbox"
	"github.com/steward-itsm/steward/internal/practice/majorincident"
	"github.com/steward-itsm/steward/internal/practice/measurement"
	"github.com/steward-itsm/steward/internal/practice/measurement/dashboard"
	"github.com/steward-itsm/steward/internal/practice/measurement/process"
	"github.com/steward-itsm/steward/internal/practice/measurement/tension"
	"github.com/steward-itsm/steward/internal/practice/portal"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/changeover"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/escalation"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/workaround"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// moduleList is everything the product does, in the order of the navigation.
// Adding a practice is one line here.
func (a *App) moduleList() []module.Module {
	c, f := a.core, frame{a}
	var page ticketPage
	desk := queue.New(queue.Deps{
		DB: c.DB, Tickets: c.Tickets, Frame: f, Names: c.People, Directory: c.People, Services: c.Services, Menu: a.menuFor, FirstSteps: (&firstSteps{core: c}).of, Clock: c.Now, HTTPS: a.cfg.HTTPS(),
		Plugged: func() []module.Column { return a.plugged.columns }, Columns: ownColumns{c}, Marks: a.plugged.mark,
		Aside:  queue.Aside{Awake: snooze.Awake, Asleep: snooze.Asleep, Back: snooze.Back},
		Bulk:   a.bulkBar,
		Home:   a.plugged.atHome,
		Beside: page.beside, Live: a.stream,
	})
	tickets := api.New(api.Deps{Tickets: c.Tickets, People: c.People, Services: c.Services, DB: c.DB, MaxUpload: int64(a.cfg.HTTP.MaxUpload)})
	answers := canned.New(canned.Deps{
		DB: c.DB, Tickets: c.Tickets, Names: c.People, Services: c.Services, Audit: c.Audit, Frame: f, Clock: c.Now,
		MaxUpload: int64(a.cfg.HTTP.MaxUpload), HTTPS: a.cfg.HTTPS(),
	})
	macros := macro.New(macro.Deps{
		DB: c.DB, Tickets: c.Tickets, Names: c.People, Services: c.Services, Resolver: resolver{c.DB, c.People, c.Services}, Facts: answers.Facts,
		List: desk.CameFrom, Audit: c.Audit, Frame: f, Clock: c.Now, MaxUpload: int64(a.cfg.HTTP.MaxUpload), HTTPS: a.cfg.HTTPS(),
	})
	imports := servicenow.NewRuns(
		&servicenow.Importer{DB: c.DB, Tickets: c.Tickets, Directory: c.People, Services: c.Services, Now: c.Now},
		c.Blobs, c.Audit, announcer{c.Live}, servicenow.Telling{Notices: c.Notices, Actors: c.Actors, Reading: a.readingAs}, c.Jobs)
	a.mail = mail.New(a.mailDeps(f))
	c.Notices.GuardSubjects(mail.BoxSubject, a.mail.GuardBoxes)
	c.Notices.GuardSubjects(mail.SenderSubject, a.mail.GuardSenders)
	c.closers = append(c.closers, func() error { a.mail.Close(); return nil })
	a.webhooks = webhook.New(a.webhookDeps(f))
	c.closers = append(c.closers, func() error { a.webhooks.Close(); return nil })
	enclosed := map[string]func(ctx context.Context, ids []int64) (map[int64]string, error){}
	a.inbox = inbox.New(inbox.Deps{
		Enclosed: enclosed,
		DB:       c.DB, Notices: c.Notices, Tickets: c.Tickets, Names: c.People, Frame: f, Clock: c.Now, Log: a.log, HTTPS: a.cfg.HTTPS(), Post: a.mail, Channels: a.webhooks, Actors: c.Actors, Reading: a.readingAs,
		BaseURL: strings.TrimSuffix(a.cfg.PublicURL.String(), "/"),
	})
	a.majors = majorincident.New(majorincident.Deps{
		DB: c.DB, Tickets: c.Tickets, Directory: c.People, Names: c.People, Services: c.Services, Announcer: announcer{c.Live}, Notifier: majorNotices{c},
		Audit: c.Audit, Jobs: c.Jobs, As: c.As, Frame: f, Now: c.Now,
	})
	boards := dashboard.New(dashboard.Deps{
		DB: c.DB, Metrics: c.Metrics, Tickets: c.Tickets, Kinds: c.Kinds, Names: c.People, Actors: c.Actors, Roles: c.Roles, Audit: c.Audit, Notices: c.Notices, Frame: f, Clock: c.Now,
		TicketURL: queue.TicketPage, CompleteURL: "/queue/complete", Reading: a.readingAs, BaseURL: strings.TrimSuffix(a.cfg.PublicURL.String(), "/"),
		Topic: queue.Topic, Event: queue.Event, HTTPS: a.cfg.HTTPS(),
	})
	c.Notices.GuardSubjects(dashboard.Subject, boards.Guard)
	enclosed[dashboard.Subject] = boards.Letters
	a.pairs = tension.New(tension.Deps{
		DB: c.DB, Metrics: c.Metrics, Tickets: c.Tickets, Names: c.People, Actors: c.Actors, Audit: c.Audit, Notices: c.Notices, Frame: f, Clock: c.Now,
		Reading: a.readingAs, HTTPS: a.cfg.HTTPS(),
	})
	c.Notices.GuardSubjects(tension.Subject, a.pairs.Guard)
	a.agreements = agreement.New(agreement.Deps{
		DB: c.DB, Audit: c.Audit, Calendars: c.Calendars, People: c.People, Services: c.Services, Kinds: c.Kinds, Frame: f, Clock: c.Now, HTTPS: a.cfg.HTTPS(),
	})
	c.closers = append(c.closers, func() error { a.agreements.Close(); return nil })
	hours := businesshours.New(businesshours.Deps{
		DB: c.DB, Calendars: c.Calendars, Frame: f, Now: c.Now, BaseURL: strings.TrimSuffix(a.cfg.PublicURL.String(), "/"), HTTPS: a.cfg.HTTPS(),
	})
	promises := promise.NewService(promise.Deps{
		DB: c.DB, Tickets: c.Tickets, Kinds: c.Kinds, Agreements: a.agreements, Calendars: c.Calendars, Places: c.People, Services: c.Services, Now: c.Now, Logger: c.Log,
	})
	a.agreements.Follow(promises.Changed)
	a.agreements.TryWith(promises, c.Tickets)
	c.Calendars.Follow(promises.Changed)
	c.People.FollowMoves(promises.Moved)
	c.Kinds.Follow(promises.Recheck)
	c.Services.Follow(promises.Recheck)
	c.Tickets.FollowImports(promises.FollowImport)
	a.ladders = escalation.NewService(escalation.Deps{
		DB: c.DB, Tickets: c.Tickets, Kinds: c.Kinds, Clocks: promises, Agreements: a.agreements, Names: c.People, Roles: c.Roles, Notices: c.Notices, Majors: a.majors, Rooms: a.webhooks, Actors: c.Actors,
		Reading: a.readingAs, Audit: c.Audit, Jobs: c.Jobs, Frame: f, Now: c.Now, Logger: c.Log, HTTPS: a.cfg.HTTPS(),
	})
	promises.FollowKept(a.ladders.Plan)
	away := absence.New(absence.Deps{
		DB: c.DB, People: c.People, Tickets: c.Tickets, Notices: c.Notices, Actors: c.Actors, Reading: a.readingAs, Frame: f, Now: c.Now, BulkURL: operations.BulkURL, HTTPS: a.cfg.HTTPS(),
	})
	c.Notices.GuardSubjects(absence.Subject, away.Guard)
	a.results = results.New(results.Deps{
		DB: c.DB, Agreements: a.agreements, Promises: promises, Calendars: c.Calendars, People: c.People, Services: c.Services, Tickets: c.Tickets, Kinds: c.Kinds,
		Audit: c.Audit, Notices: c.Notices, Actors: c.Actors, Reading: a.readingAs, Frame: f, Now: c.Now, Logger: c.Log, HTTPS: a.cfg.HTTPS(),
	})
	c.closers = append(c.closers, func() error { a.results.Close(); return nil })
	c.Notices.GuardSubjects(results.Subject, a.results.Guard)
	a.agreements.Show(func(ctx context.Context, of *agreement.Agreement) (*agreement.Section, error) {
		part, err := a.results.Part(ctx, of.ID)
		if err != nil || part == nil {
			return nil, err
		}
		return &agreement.Section{ID: "results", Title: text.T(ctx, "Published results"), Body: part}, nil
	})
	a.snoozes = snooze.NewService(c.DB, c.Tickets, c.People, c.Jobs, c.Now)
	a.drafts = draft.NewService(c.DB, c.Tickets, c.People, c.Notices, c.Live, c.Now)
	return []module.Module{
		desk.Module(),
		a.majors.Module(),
		boards.Module(),
		boards.Screens(),
		measurement.New(measurement.Deps{DB: c.DB, Metrics: c.Metrics, Tickets: c.Tickets, Kinds: c.Kinds, Names: c.People, Frame: f}).Module(),
		a.pairs.Module(),
		a.agreements.Module(),
		promise.New(promises, f),
		changeover.New(changeover.NewService(c.DB, c.Tickets, a.agreements, c.People, c.Services, c.Audit, c.Now), f, a.cfg.HTTPS()),
		workaround.New(workaround.Deps{DB: c.DB, Tickets: c.Tickets, Names: c.People, Frame: f, Now: c.Now, HTTPS: a.cfg.HTTPS()}),
		a.ladders.Module(),
		process.New(process.Deps{
			DB: c.DB, Tickets: c.Tickets, Names: c.People, Frame: f, Clock: c.Now, TicketURL: queue.TicketPage, CompleteURL: "/queue/complete",
		}).Module(),
		page.is(record.New(record.Deps{
			DB: c.DB, Tickets: c.Tickets, Verbs: c.Verbs, Names: c.People, Directory: c.People, Services: c.Services, Presence: c.Live.Presence(),
			Frame: f, Clock: c.Now, MaxUpload: int64(a.cfg.HTTP.MaxUpload), HTTPS: a.cfg.HTTPS(), Visited: a.visited(desk),
			Plugged: func() ([]module.Panel, []module.Action) { return a.plugged.panels, a.plugged.actions },
			Tell:    a.plugged.tell,
			Written: a.plugged.writing,
			Canned:  cannedFor,
			Share:   draft.ShareURL,
		})).Module(),
		answers.Module(),
		macros.Module(),
		intake.New(intake.Deps{
			DB: c.DB, Tickets: c.Tickets, People: c.People, Services: c.Services, Frame: f, MaxUpload: int64(a.cfg.HTTP.MaxUpload), HTTPS: a.cfg.HTTPS(),
		}).Module(),
		checklist.New(checklist.Deps{
			DB: c.DB, Tickets: c.Tickets, Names: c.People, Directory: c.People, Services: c.Services, Audit: c.Audit, Frame: f, Now: c.Now, HTTPS: a.cfg.HTTPS(),
		}),
		timesheet.New(timesheet.Deps{
			DB: c.DB, Tickets: c.Tickets, Names: c.People, Services: c.Services, Directory: c.People, Audit: c.Audit, Frame: f, Now: c.Now, HTTPS: a.cfg.HTTPS(),
		}),
		draft.New(draft.Deps{
			DB: c.DB, Tickets: c.Tickets, Names: c.People, Frame: f, HTTPS: a.cfg.HTTPS(), Written: page.written, Receive: page.receive,
		}, a.drafts),
		snooze.New(snooze.Deps{DB: c.DB, Tickets: c.Tickets, Names: c.People, Frame: f, Now: c.Now, HTTPS: a.cfg.HTTPS()}, a.snoozes),
		operations.New(operations.Deps{
			DB: c.DB, Tickets: c.Tickets, Names: c.People, Directory: c.People, Services: c.Services, Jobs: c.Jobs, As: c.As, Recent: desk.Recent, Frame: f, HTTPS: a.cfg.HTTPS(),
			Notices: c.Notices, Now: c.Now, Reading: func(ctx context.Context, person int64) (context.Context, error) {
				p, err := c.Actors.Person(ctx, person)
				return a.readingAs(access.With(ctx, p.Actor), p), err
			},
		}).Module(),
		suggest.New(suggest.Deps{Directory: c.People, Services: c.Services, Tickets: c.Tickets, Away: away.Notes}).Module(),
		{Name: "desk/api", API: func(h huma.API) { tickets.Register(h) }},
		portal.New(portal.Deps{DB: c.DB, Tickets: c.Tickets, Names: c.People, Services: c.Services, Frame: f, Now: c.Now, MaxUpload: int64(a.cfg.HTTP.MaxUpload)}).Module(),
		a.results.Module(),
		a.inbox.Module(),
		away.Module(),
		account.New(account.Deps{
			DB: c.DB, Identity: c.Identity, People: c.People, Roles: c.Roles, Kinds: c.Kinds, Frame: f, Now: c.Now, HTTPS: a.cfg.HTTPS(), Places: a.placesFor, Start: a.startFor, Zone: c.Calendars.AdoptZone,
		}),
		administration.New(administration.Deps{
			DB: c.DB, People: c.People, Services: c.Services, Roles: c.Roles, Audit: c.Audit, Kinds: c.Kinds, Jobs: c.Jobs,
			History: history{c}, Guards: c.Tickets.GuardsOf, Frame: f, Now: c.Now,
		}),
		{Name: "administration/api", API: func(h huma.API) {
			adminapi.Register(h, adminapi.Deps{People: c.People, Services: c.Services, Roles: c.Roles, Identity: c.Identity, Audit: c.Audit})
			adminapi.RegisterSettings(h, adminapi.Settings{DB: c.DB, Kinds: c.Kinds, Jobs: c.Jobs, Audit: c.Audit, Now: c.Now})
		}},
		hours.Module(),
		hours.Feeds(),
		document.New(document.Deps{DB: c.DB, Tickets: c.Tickets, Names: c.People, Services: c.Services, Now: c.Now}),
		imports.Module(c.People, f),
		a.mail.Module(),
		a.webhooks.Module(),
	}
}

// bulkBar is what can be done with selected rows of the queue.
func (a *App) bulkBar(ctx context.Context) []templ.Component {
	var out []templ.Component
	for _, b := range a.plugged.bulk {
		if b.Visible == nil || b.Visible(access.From(ctx)) {
			out = append(out, ui.Button{Label: text.T(ctx, b.Label), Icon: ui.Icon(b.Icon), Key: b.Key, Small: true, Submit: true, Action: b.URL})
		}
	}
	return append(out, runMacro(ctx)...)
}

// runMacro is the queue's button that runs a macro on the selected rows.
func runMacro(ctx context.Context) []templ.Component {
	if !macro.Uses(access.From(ctx)) {
		return nil
	}
	return []templ.Component{queueview.RunMacro(macro.BulkURL)}
}

// cannedFor is where a ticket's composer asks for canned replies.
func cannedFor(actor access.Actor, number string) string {
	if !canned.Uses(actor) {
		return ""
	}
	return canned.ComposerURL(number)
}

// visited lets the queue remember which tickets were opened. What can be read is
// shown also when nothing can be written, as on a full disk.
func (a *App) visited(desk *queue.Queue) func(ctx context.Context, ticketID int64) error {
	return func(ctx context.Context, ticketID int64) error {
		if err := desk.Visited(ctx, ticketID); err != nil {
			a.log.WarnContext(ctx, "a visit could not be noted", "error", err)
		}
		return nil
	}
}

// menuFor gives the palette what the actor could find in the menus.
func (a *App) menuFor(ctx context.Context) (pages, create []module.MenuItem) {
	actor := access.From(ctx)
	hidden := func(i module.MenuItem) bool { return i.Visible != nil && !i.Visible(actor) }
	for _, m := range a.modules {
		pages = append(pages, slices.DeleteFunc(slices.Clone(m.Menu), hidden)...)
		create = append(create, slices.DeleteFunc(slices.Clone(m.Create), hidden)...)
	}
	return pages, create
}
