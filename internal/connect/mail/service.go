package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"embed"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/seal"
	"github.com/steward-itsm/steward/internal/ui/text"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of mail.
var Migrations fs.FS = migrations

// The verbs of this room.
const (
	ManageMail       access.Verb = "manage_mail"
	HandleQuarantine access.Verb = "handle_quarantine"
)

// Verbs are what roles can allow.
func Verbs() []access.VerbInfo {
	return []access.VerbInfo{
		{
			Verb: ManageMail, Label: text.Key("Set up mail"), Phrase: text.Key("setting up mail"), Scopes: []access.Scope{access.ScopeAll},
			Roles: []string{access.RoleAdministrator},
		},
		{
			Verb: HandleQuarantine, Label: text.Key("Decide about mail in quarantine"), Phrase: text.Key("deciding about mail in quarantine"), Scopes: []access.Scope{access.ScopeAll},
			Roles: []string{access.RoleAdministrator, access.RoleTeamLead},
		},
	}
}

// People is what this room asks of the directory.
type People interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
	Contacts(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.Contact, error)
	EnsurePersons(ctx context.Context, tx *database.Tx, source string, seeds []people.PersonSeed) (map[string]int64, error)
}

// Services names services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Deps are what mail leans on.
type Deps struct {
	DB       *database.DB
	Tickets  *ticket.Service
	People   People
	Services Services
	Blobs    blob.Store
	Audit    *audit.Log
	Notices  Notices
	Roles    Roles
	Jobs     *jobs.Queue
	Seal     *seal.Box
	Frame    module.Frame
	Now      func() time.Time
	Log      *slog.Logger
	Node     string // this node's name, for leases
	BaseURL  string // without a slash at its end
	Hostname string // to greet servers with
	HTTPS    bool   // cookies travel over https only
	// Reading gives a context in the language and zone of a person; language is for
	// those who chose none.
	Reading func(ctx context.Context, person int64, language string) context.Context
	// RequesterPage is where whoever asked for a ticket reads it.
	RequesterPage func(number string) string
	MaxMessage    int64       // bytes of one message; 0 picks 50 MiB
	TLS           *tls.Config // nil trusts what this machine trusts
	Offer         *tls.Config // to servers that bring mail (STARTTLS); nil offers none
	Client        *http.Client
}

// Service is mail as a channel.
type Service struct {
	Deps
	send   *jobs.Kind[sending]
	land   *jobs.Kind[landing]
	settle *jobs.Kind[settling]

	writings writings

	mu      sync.Mutex
	self    *identity
	outlets map[int64]*outlet
}

// New makes the service and defines its jobs: call it before the queue starts.
func New(d Deps) *Service {
	if d.Client == nil {
		d.Client = &http.Client{Timeout: 30 * time.Second}
	}
	if d.MaxMessage == 0 {
		d.MaxMessage = 50 << 20
	}
	s := &Service{Deps: d, outlets: map[int64]*outlet{}}
	s.send = jobs.Define(d.Jobs, "mail.send", s.sendLetter, jobs.KindOptions{
		MaxAttempts: 30, Timeout: 5 * time.Minute, Backoff: jobs.Exponential(30*time.Second, 2*time.Hour),
	})
	s.land = jobs.Define(d.Jobs, "mail.land", s.landArrival, jobs.KindOptions{MaxAttempts: 10, Timeout: 5 * time.Minute})
	s.settle = jobs.Define(d.Jobs, "mail.settle", s.settleTicket, jobs.KindOptions{MaxAttempts: 10})
	d.Tickets.HoldFiles(holds)
	return s
}

// Close ends the connections that are kept to servers.
func (s *Service) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, o := range s.outlets {
		o.close()
		delete(s.outlets, id)
	}
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// identity is who this installation is among mail servers.
type identity struct {
	instance string
	marks    marks
}

// identity gives it, and makes it at first need.
func (s *Service) identity(ctx context.Context) (identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.self != nil {
		return *s.self, nil
	}
	random := make([]byte, 48)
	if _, err := rand.Read(random); err != nil {
		return identity{}, err
	}
	instance, key, err := s.ensureIdentity(ctx, hex.EncodeToString(random[:16]), hex.EncodeToString(random[16:]))
	if err != nil {
		return identity{}, err
	}
	s.self = &identity{instance: instance, marks: marks{[]byte(key)}}
	return *s.self, nil
}

func (i identity) own() message.Own { return message.Own{Instance: i.instance} }

// asSystem is a context in which the program itself is at work.
func asSystem(ctx context.Context) context.Context { return access.With(ctx, access.System()) }
