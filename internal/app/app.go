// Package app is the wiring: a configuration goes in, a running system comes
// out. It is the only place that knows every module by name (modules.go).
package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/connect/webhook"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/buildinfo"
	"github.com/steward-itsm/steward/internal/platform/config"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/platform/observe"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
	"github.com/steward-itsm/steward/internal/practice/absence"
	adminapi "github.com/steward-itsm/steward/internal/practice/administration/api"
	"github.com/steward-itsm/steward/internal/practice/businesshours"
	"github.com/steward-itsm/steward/internal/practice/desk/api"
	"github.com/steward-itsm/steward/internal/practice/desk/canned"
	"github.com/steward-itsm/steward/internal/practice/desk/checklist"
	"github.com/steward-itsm/steward/internal/practice/desk/draft"
	"github.com/steward-itsm/steward/internal/practice/desk/macro"
	"github.com/steward-itsm/steward/internal/practice/desk/operations"
	"github.com/steward-itsm/steward/internal/practice/desk/queue"
	"github.com/steward-itsm/steward/internal/practice/desk/snooze"
	"github.com/steward-itsm/steward/internal/practice/desk/timesheet"
	"github.com/steward-itsm/steward/internal/practice/inbox"
	"github.com/steward-itsm/steward/internal/practice/majorincident"
	"github.com/steward-itsm/steward/internal/practice/measurement"
	"github.com/steward-itsm/steward/internal/practice/measurement/dashboard"
	"github.com/steward-itsm/steward/internal/practice/measurement/process"
	"github.com/steward-itsm/steward/internal/practice/measurement/tension"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/escalation"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/workaround"
	"github.com/steward-itsm/steward/internal/ui/apireference"
	"github.com/steward-itsm/steward/internal/ui/assets"
	"github.com/steward-itsm/steward/internal/ui/styleguide"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// App is a running system without its listener.
type App struct {
	core       *Core
	cfg        *config.Config
	log        *slog.Logger
	metrics    *observe.Metrics
	health     *observe.Health
	mux        *web.Mux
	modules    []module.Module
	majors     *majorincident.Practice
	snoozes    *snooze.Service
	agreements *agreement.Service
	pairs      *tension.Tension
	ladders    *escalation.Service
	results    *results.Service
	drafts     *draft.Service
	plugged    plugged
	inbox      *inbox.Inbox
	server     *web.Server
	openAPI    huma.API
	mail       *mail.Service
	webhooks   *webhook.Service
}

// Open wires the whole system on a database that it brings up to date.
func Open(ctx context.Context, cfg *config.Config, log *slog.Logger) (*App, error) {
	metrics := observe.NewMetrics(buildinfo.Read().Version)
	core, err := openCore(ctx, cfg, log, newJobMetrics(metrics.Registerer()))
	if err != nil {
		return nil, err
	}
	a := &App{core: core, cfg: cfg, log: log, metrics: metrics}
	if err := a.build(); err != nil {
		core.Close()
		return nil, err
	}
	return a, nil
}

// Core gives the wired nouns, for commands and tests.
func (a *App) Core() *Core { return a.core }

// Majors gives the major incidents, for tests.
func (a *App) Majors() *majorincident.Practice { return a.majors }

// Mail gives the channel of mail, for tests.
func (a *App) Mail() *mail.Service { return a.mail }

// Webhooks gives the channels of chat and SMS, for tests.
func (a *App) Webhooks() *webhook.Service { return a.webhooks }

// Modules lists everything the product does, for tests.
func (a *App) Modules() []module.Module { return a.modules }

// Handler serves everything.
func (a *App) Handler() http.Handler { return a.mux }

// Routes lists the patterns of everything that is served, for tests.
func (a *App) Routes() []string { return a.mux.Patterns() }

// RouteOf gives the pattern of the route that answers a GET of an address, for tests.
func (a *App) RouteOf(address string) string { return a.mux.PatternOf(address) }

func (a *App) build() error {
	var err error
	a.health = observe.NewHealth(a.cfg.Monitoring.Token.Reveal(), a.draining,
		observe.DatabaseCheck(a.core.DB), observe.MigrationsCheck(a.core.DB, Migrations()...))
	a.mux, err = web.NewMux(web.Options{
		Logger: a.log, PublicURL: a.cfg.PublicURL, TrustedProxies: a.cfg.HTTP.TrustedProxies, ErrorPage: a.errorPage, Reading: a.readsProblem,
		Timeout: a.cfg.HTTP.RequestTimeout, MaxInFlight: a.cfg.HTTP.MaxInFlight, Observe: a.metrics.Request,
	})
	if err != nil {
		return err
	}
	a.metrics.Database(a.core.DB.Stats)
	a.modules = a.moduleList()
	a.plug()
	a.open()
	a.restricted()
	a.api()
	return a.schedule()
}

func (a *App) draining() bool { return a.server != nil && a.server.Draining() }

// open are the routes that ask nobody who they are.
func (a *App) open() {
	a.mux.Handle("GET /healthz", a.health.Live, web.Quiet())
	a.mux.Handle("GET /readyz", a.health.Ready, web.Quiet())
	a.mux.Handle("GET /metrics", a.metrics.Guarded(a.cfg.Monitoring.Token.Reveal()), web.Quiet())
	a.mux.Mount("GET /assets/", assets.Handler(), web.Quiet())
}

// restricted are the pages of all modules, for whoever is signed in, and the
// few that lead there.
func (a *App) restricted() {
	known := a.mux.With(web.Use(a.core.Identity.Authenticate, a.reading))
	signedIn := known.With(web.Use(a.core.Identity.Require))
	for _, m := range a.modules {
		switch {
		case m.Routes == nil:
		case m.Open:
			m.Routes(known)
		default:
			m.Routes(signedIn)
		}
	}
	signedIn.Mount("GET /live", live.Handler(a.core.Live, a.mayFollow, live.HandlerOptions{
		Session: func(r *http.Request) string { return a.core.Identity.TokenOf(r) },
		Person: func(r *http.Request) (live.Person, bool) {
			actor := access.From(r.Context())
			// Who only asked for something is not told who looks at it, nor the other way round.
			return live.Person{ID: actor.ID, Name: actor.Name}, actor.IsPerson() && actor.Can(access.ReadNotes, access.AnyKind)
		},
	}), web.Stream())
	signedIn.Mount("GET /styleguide/", styleguide.Handler(a.core.Now))
	signedIn.Handle("GET /api/docs", a.apiReference)
	signedIn.Handle("GET /", func(http.ResponseWriter, *http.Request) error {
		return apperr.New(apperr.NotFound, "There is no page at this address.")
	})
}

// mayFollow decides about a live topic: "ticket:42" by the ticket, "person:7" by
// being that person, everything else by the module that declared the prefix. The
// session is looked up each time, so that signing out ends the stream.
func (a *App) mayFollow(r *http.Request, topic string) bool {
	var ctx context.Context
	// A context of its own: the stream's is as old as its beginning, and belongs
	// to its line in the access log.
	err := a.core.Identity.Authenticate(func(_ http.ResponseWriter, r *http.Request) error {
		ctx = r.Context()
		return nil
	})(discard{http.Header{}}, r.WithContext(context.Background()))
	if err != nil || ctx == nil || !access.From(ctx).IsPerson() {
		return false
	}
	prefix, rest, _ := strings.Cut(topic, ":")
	switch prefix {
	case "ticket":
		id, err := strconv.ParseInt(rest, 10, 64)
		if err != nil {
			return false
		}
		_, err = a.core.Tickets.Get(ctx, ticket.ByID(id))
		return err == nil
	case "person":
		return rest == strconv.FormatInt(access.From(ctx).ID, 10)
	}
	for _, m := range a.modules {
		for _, t := range m.Topics {
			if t.Prefix == prefix {
				return t.Allow(ctx, rest)
			}
		}
	}
	return false
}

// discard takes the cookies that a lookup outside a request would set.
type discard struct{ h http.Header }

func (d discard) Header() http.Header       { return d.h }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func (a *App) api() {
	limiter := web.NewLimiter(a.cfg.HTTP.APIRate, time.Minute, a.core.Now)
	h := openapi.New(a.mux, openapi.Options{
		Title: "Steward", Version: buildinfo.Read().Version,
		Description:  "Everything the pages do, by JSON. See the guide to the API for authentication, paging, errors and filters.",
		Authenticate: a.authenticateAPI, Limiter: limiter, Cookie: a.core.Identity.SessionCookie(),
		Tags: slices.Concat(
			api.Tags(), queue.Tags(), snooze.Tags(), canned.Tags(), macro.Tags(), operations.Tags(), adminapi.Tags(), adminapi.SettingsTags(),
			inbox.Tags(), absence.Tags(),
			checklist.Tags(),
			agreement.Tags(), escalation.Tags(),
			timesheet.Tags(),
			draft.Tags(),
			process.Tags(), dashboard.Tags(), tension.Tags(),
			majorincident.Tags(),
			businesshours.Tags(),
			measurement.Tags(),
			promise.Tags(), results.Tags(),
			workaround.Tags(),
			mail.Tags(),
			webhook.Tags(),
		),
		Caller: func(ctx context.Context) string {
			if c := identity.From(ctx); c.TokenID != 0 {
				return "token:" + strconv.FormatInt(c.TokenID, 10)
			}
			if actor := access.From(ctx); actor.IsPerson() {
				return "person:" + strconv.FormatInt(actor.ID, 10)
			}
			return ""
		},
	})
	for _, m := range a.modules {
		if m.API != nil {
			m.API(h)
		}
	}
	a.openAPI = h
}

// authenticateAPI is Authenticate, but whoever must choose a password first has
// to do so on the page for it.
func (a *App) authenticateAPI(next web.HandlerFunc) web.HandlerFunc {
	return a.core.Identity.Authenticate(func(w http.ResponseWriter, r *http.Request) error {
		if identity.From(r.Context()).MustChange {
			return apperr.New(apperr.Forbidden, "Choose a password of your own first, on the page %s.", identity.PasswordPath)
		}
		return next(w, r)
	})
}

// apiReference renders the description of the API as a page.
func (a *App) apiReference(w http.ResponseWriter, r *http.Request) error {
	raw, err := openapi.Document(a.openAPI)
	if err != nil {
		return err
	}
	reference, err := apireference.Parse(raw, strings.TrimSuffix(a.cfg.PublicURL.String(), "/")+openapi.Prefix)
	if err != nil {
		return err
	}
	return frame{a}.Page(w, r, module.Page{Title: text.T(r.Context(), "API"), Active: "api", Wide: true}, reference)
}

// schedule plans the periodic work of all modules and of the core.
func (a *App) schedule() error {
	type nothing struct{}
	periodic := a.housekeeping()
	for _, m := range a.modules {
		periodic = append(periodic, m.Periodic...)
	}
	for _, p := range periodic {
		kind := jobs.Define(a.core.Jobs, p.Name, func(ctx context.Context, _ *jobs.Job, _ nothing) error {
			return p.Run(access.With(ctx, access.System()))
		}, jobs.KindOptions{MaxAttempts: 3, Timeout: 10 * time.Minute})
		kind.Schedule(p.Name, jobs.Every(p.Every), nothing{})
	}
	return nil
}

func (a *App) housekeeping() []module.Periodic {
	c := a.core
	return []module.Periodic{
		{Name: "ticket.close-resolved", Every: 10 * time.Minute, Run: func(ctx context.Context) error {
			_, err := c.Tickets.CloseResolved(ctx, 500)
			return err
		}},
		{Name: "ticket.sweep-uploads", Every: time.Hour, Run: func(ctx context.Context) error {
			_, err := c.Tickets.SweepUploads(ctx)
			return err
		}},
		{Name: "ticket.forget-idempotency-keys", Every: time.Hour, Run: c.Tickets.ForgetIdempotencyKeys},
		{Name: "identity.purge", Every: time.Hour, Run: c.Identity.Purge},
		{Name: "live.prune", Every: time.Hour, Run: c.Live.Prune},
	}
}

// Run serves until ctx ends, then lets what is running finish.
// wrap puts something around every request (tracing); nil puts nothing.
func (a *App) Run(ctx context.Context, wrap func(http.Handler) http.Handler, ready func(address string)) error {
	var handler http.Handler = a.mux
	if wrap != nil {
		handler = wrap(handler)
	}
	a.server = web.NewServer(web.ServerOptions{
		Address: a.cfg.Listen, Handler: handler, Logger: a.log, CertFile: a.cfg.HTTP.TLSCert, KeyFile: a.cfg.HTTP.TLSKey,
		DrainDelay: a.cfg.HTTP.DrainDelay, DrainTimeout: a.cfg.HTTP.DrainTimeout,
	})
	address, err := a.server.Listen(ctx)
	if err != nil {
		return err
	}
	if err := a.core.Jobs.Start(ctx); err != nil {
		return err
	}
	stopMail := a.receiveMail(ctx)
	defer stopMail()
	stopInside, err := a.serveInside(ctx)
	if err != nil {
		return err
	}
	defer stopInside()
	if ready != nil {
		ready(address.String())
	}
	// Streams would keep the server from draining: the hub ends them first.
	context.AfterFunc(ctx, a.core.Live.Close)
	err = a.server.Run(ctx)
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.HTTP.DrainTimeout+time.Second)
	defer cancel()
	return errors.Join(err, a.core.Jobs.Stop(stopCtx))
}

// serveInside serves metrics, health with details and profiles on an address of
// their own, if there is one.
func (a *App) serveInside(ctx context.Context) (stop func(), err error) {
	if a.cfg.Monitoring.Listen == "" {
		return func() {}, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", a.cfg.Monitoring.Listen)
	if err != nil {
		return nil, apperr.Wrap(err, apperr.Unavailable, "The address for monitoring cannot be listened on.")
	}
	s := &http.Server{Handler: observe.Inside(a.metrics, a.health), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := s.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("monitoring has ended", "error", err)
		}
	}()
	return func() { _ = s.Close() }, nil // nobody waits for a scrape
}

// Close releases everything.
func (a *App) Close() { a.core.Close() }
