package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/steward-itsm/steward/internal/connect/servicenow"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/config"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/platform/seal"
	"github.com/steward-itsm/steward/internal/practice/desk/queue"
	"github.com/steward-itsm/steward/internal/practice/measurement"
)

// Core is the nouns every practice shares, wired on one database. Commands that
// need no web server (import, export, token) work on it.
type Core struct {
	Now       func() time.Time
	Log       *slog.Logger
	DB        *database.DB
	Blobs     *blob.Folder
	Audit     *audit.Log
	Verbs     *access.Catalogue
	Roles     *roles.Store
	People    *people.Service
	Services  *service.Store
	Calendars *calendar.Service
	Actors    *actors.Cache
	Kinds     *workflow.Registry
	Search    *search.Index
	Tickets   *ticket.Service
	Notices   *notify.Service
	Metrics   *metric.Service
	Jobs      *jobs.Queue
	Live      *live.Hub
	Identity  *identity.Service
	Seal      *seal.Box
	closers   []func() error
}

// OpenCore opens the database, brings its schema up to date and wires the core.
// Close it in the end.
func OpenCore(ctx context.Context, cfg *config.Config, log *slog.Logger) (*Core, error) {
	return openCore(ctx, cfg, log, nil)
}

func openCore(ctx context.Context, cfg *config.Config, log *slog.Logger, observer jobs.Observer) (*Core, error) {
	c := &Core{Now: time.Now, Log: log}
	fail := func(err error) (*Core, error) {
		c.Close()
		return nil, err
	}
	var err error
	c.DB, err = database.Open(ctx, database.Options{
		URL: cfg.DatabaseURL(), MaxConns: cfg.Database.MaxConnections, Timeout: cfg.Database.Timeout, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	c.closers = append(c.closers, c.DB.Close)
	if n, err := c.DB.Migrate(ctx, Migrations()...); err != nil {
		return fail(err)
	} else if n > 0 {
		log.InfoContext(ctx, "database brought up to date", "steps", n)
	}
	if c.Blobs, err = blob.OpenFolder(cfg.FilesDir()); err != nil {
		return fail(err)
	}
	if c.Seal, err = seal.Open(cfg.SecretKey.Reveal(), cfg.DataDir); err != nil {
		return fail(err)
	}
	changes := &access.Changes{}
	c.Verbs = access.NewCatalogue(verbs()...)
	c.Audit = audit.New(c.DB, c.Now)
	c.Roles = roles.New(c.DB, c.Audit, changes, c.Verbs, c.Now)
	c.People = people.New(c.DB, c.Audit, c.Roles, changes, c.Now)
	c.Services = service.New(c.DB, c.Audit, changes, c.Now)
	c.closers = append(c.closers, func() error { c.People.Close(); c.Services.Close(); return nil })
	c.Calendars = calendar.New(c.DB, c.Audit, c.Now)
	if c.Kinds, err = workflow.NewRegistry(ctx, c.DB); err != nil {
		return fail(err)
	}
	c.closers = append(c.closers, func() error { c.Kinds.Close(); return nil })
	c.Actors = actors.New(actors.Deps{
		DB: c.DB, Roles: c.Roles, Changes: changes, Confidential: c.confidentialKinds, Clock: c.Now, Logger: log,
	})
	c.closers = append(c.closers, func() error { c.Actors.Close(); return nil })
	c.Live = live.New(c.DB, live.Options{Logger: log})
	c.closers = append(c.closers, func() error { c.Live.Close(); return nil })
	c.Identity = identity.New(identity.Deps{
		DB: c.DB, People: c.People, Roles: c.Roles, Actors: c.Actors, Audit: c.Audit, Clock: c.Now, Logger: log,
		Options: identity.Options{Lifetime: cfg.Session.Lifetime, Idle: cfg.Session.Idle, Secure: cfg.HTTPS()},
	})
	c.closers = append(c.closers, func() error { c.Identity.Close(); return nil })
	c.Search = search.New(c.DB)
	c.Tickets = ticket.New(ticket.Deps{
		DB: c.DB, Kinds: c.Kinds, Directory: directory{c.People, c.Services}, Announcer: announcer{c.Live}, Search: c.Search,
		Resolver: resolver{c.DB, c.People, c.Services}, Blobs: c.Blobs, MaxUpload: int64(cfg.HTTP.MaxUpload), Now: c.Now,
		ActorOf: c.actorOf,
	})
	c.Notices = notify.New(c.DB, c.Live, c.Now)
	c.Tickets.Follow(c.Notices.Follow)
	c.Tickets.Follow(metric.Follow)
	c.Tickets.FollowImports(metric.FollowImport)
	c.Metrics = metric.New(metric.Deps{
		DB: c.DB, Kinds: c.Kinds, Tickets: c.Tickets, People: c.People, Services: c.Services, Audit: c.Audit, Words: measurement.Words(), Now: c.Now, Logger: log,
	})
	c.Jobs = jobs.New(c.DB, jobs.Options{Logger: log, Clock: c.Now, Node: cfg.Node, Workers: cfg.Workers, Observer: observer})
	following := jobs.Define(c.Jobs, "ticket.children", func(ctx context.Context, _ *jobs.Job, f ticket.Following) error {
		return c.Tickets.FollowOn(access.With(ctx, access.System()), f)
	}, jobs.KindOptions{Long: true})
	c.Tickets.FollowLater(func(ctx context.Context, tx *database.Tx, f ticket.Following) error {
		_, err := following.Enqueue(ctx, tx, f, jobs.Key(fmt.Sprint("children:", f.Parent)))
		return err
	})
	away := jobs.Define(c.Jobs, "notify.stand_in", func(ctx context.Context, _ *jobs.Job, a notify.Absentees) error {
		return c.Notices.TellInstead(ctx, a)
	}, jobs.KindOptions{})
	c.Notices.StandIn(c.People, c.Tickets, func(ctx context.Context, tx *database.Tx, a notify.Absentees) error {
		_, err := away.Enqueue(ctx, tx, a)
		return err
	})
	return c, nil
}

// actorOf gives a person with what they may do.
func (c *Core) actorOf(ctx context.Context, person int64) (access.Actor, error) {
	p, err := c.Actors.Person(ctx, person)
	return p.Actor, err
}

func (c *Core) confidentialKinds() []string {
	var keys []string
	for _, d := range c.Kinds.All() {
		if d.Confidential {
			keys = append(keys, d.Key)
		}
	}
	return keys
}

// Close releases what OpenCore took, in reverse order.
func (c *Core) Close() {
	for i := len(c.closers) - 1; i >= 0; i-- {
		if err := c.closers[i](); err != nil {
			c.Log.Error("closing", "error", err)
		}
	}
	c.closers = nil
}

// announcer turns what happens to tickets into live events.
type announcer struct{ hub *live.Hub }

// Announce implements ticket.Announcer. What a requester can see is told on the
// ticket's own topic and on the requester's; the rest only to colleagues, so
// that not even the instant of an internal note leaves. Agents' queues hear of
// every ticket, by id: what they may see of it they fetch.
func (a announcer) Announce(ctx context.Context, tx *database.Tx, what ticket.Announcement) error {
	topics := []string{queue.Topic}
	if what.InternalOnly {
		topics = append(topics, fmt.Sprintf("desk:%d", what.TicketID))
	} else {
		topics = append(topics, fmt.Sprintf("ticket:%d", what.TicketID))
		if what.RequesterID != 0 {
			topics = append(topics, fmt.Sprintf("person:%d", what.RequesterID))
		}
	}
	return a.hub.Publish(ctx, tx, live.Event{Topics: topics, Kind: queue.Event, Key: fmt.Sprint(what.TicketID)})
}

// ImportMoved implements servicenow.Announcer.
func (a announcer) ImportMoved(ctx context.Context, tx *database.Tx, run int64) error {
	return a.hub.Publish(ctx, tx, live.Event{Topics: []string{servicenow.Topic(run)}, Kind: "import-moved", Key: fmt.Sprint(run)})
}
