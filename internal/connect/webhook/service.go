package webhook

import (
	"context"
	"crypto/tls"
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/kept"
	"github.com/steward-itsm/steward/internal/platform/outbound"
	"github.com/steward-itsm/steward/internal/platform/seal"
	"github.com/steward-itsm/steward/internal/ui/text"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of webhooks.
var Migrations fs.FS = migrations

// ManageChannels is the verb of this room: to set channels up and to look at what they sent.
const ManageChannels access.Verb = "manage_channels"

// Verbs are what roles can allow.
func Verbs() []access.VerbInfo {
	return []access.VerbInfo{{
		Verb: ManageChannels, Label: text.Key("Set up chat and SMS"), Phrase: text.Key("setting up chat and SMS"), Scopes: []access.Scope{access.ScopeAll},
		Roles: []string{access.RoleAdministrator},
	}}
}

// People names groups and persons.
type People interface {
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
}

// Services names services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Notices forgets what was to go by a channel that reaches somebody no more.
type Notices interface {
	LeaveChannel(ctx context.Context, tx *database.Tx, channel, person int64) error
}

// Deps are what webhooks lean on.
type Deps struct {
	DB       *database.DB
	Tickets  *ticket.Service
	People   People
	Services Services
	Notices  Notices
	Actors   *actors.Cache
	Audit    *audit.Log
	Jobs     *jobs.Queue
	Seal     *seal.Box
	Frame    module.Frame
	Now      func() time.Time
	Log      *slog.Logger
	Node     string // this node's name, for the log of attempts
	BaseURL  string // without a slash at its end
	HTTPS    bool   // cookies travel over https only
	// Reading gives a context in the language and zone of a person (0 for none);
	// language is for those who chose none.
	Reading func(ctx context.Context, person int64, language string) context.Context
	Policy  outbound.Policy
	Timeout time.Duration // of one request; 0 picks outbound.DefaultTimeout
	TLS     *tls.Config   // nil trusts what this machine trusts
}

// Service is webhooks as channels.
type Service struct {
	Deps
	client *outbound.Client
	send   *jobs.Kind[sending]
	rules  *kept.Cache[int, []Channel]
}

// New makes the service and defines its job: call it before the queue starts.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Deps: d, client: outbound.New(outbound.Options{Policy: d.Policy, TLS: d.TLS, Timeout: d.Timeout})}
	s.rules = kept.New[int, []Channel](d.DB, kept.Options{Topic: "webhook-rules", Clock: d.Now, Logger: d.Log})
	// What the far side says decides about retries (queue.go); the queue's own are for what
	// fails here.
	s.send = jobs.Define(d.Jobs, "webhook.send", s.sendMessage, jobs.KindOptions{MaxAttempts: 20, Timeout: 2 * time.Minute})
	return s
}

// Close ends connections that are kept.
func (s *Service) Close() {
	s.client.Close()
	s.rules.Close()
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// mayManage fails unless the actor sets up channels.
func mayManage(ctx context.Context) error {
	return access.From(ctx).Require(ManageChannels, access.AnyKind)
}

// asSystem is a context in which the program itself is at work.
func asSystem(ctx context.Context) context.Context { return access.With(ctx, access.System()) }
