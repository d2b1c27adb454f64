package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/kept"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of this package.
var Migrations fs.FS = migrations

// Provider finds out who somebody is by what they type into the sign-in form:
// the password provider of this package, or a directory. Providers are asked in
// order until one knows the login.
type Provider interface {
	// Key names the provider in the history of sign-ins.
	Key() string
	// Authenticate gives the person who proved to be the owner of a login; 0 if
	// nobody did, for whatever reason: it must not show which, neither by its
	// answer nor by the time it takes. An error is for when it could not tell.
	Authenticate(ctx context.Context, login, secret string) (person int64, err error)
}

// Options are the knobs of a Service; zero values pick the defaults.
type Options struct {
	Lifetime time.Duration // of a session; 0 picks 30 days
	Idle     time.Duration // a session that is not used for so long ends; 0 picks 7 days
	Secure   bool          // people reach the product over https
	Cost     Cost          // of a password hash; zero picks DefaultCost
}

// Deps are what a Service leans on.
type Deps struct {
	DB        *database.DB
	People    *people.Service
	Roles     *roles.Store
	Actors    *actors.Cache
	Audit     *audit.Log
	Clock     func() time.Time
	Logger    *slog.Logger
	Providers []Provider // asked before passwords
	Options   Options
}

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	db        *database.DB
	people    *people.Service
	roles     *roles.Store
	actors    *actors.Cache
	audit     *audit.Log
	clock     func() time.Time
	log       *slog.Logger
	providers []Provider
	opts      Options
	hasher    *hasher
	seen      seen
	trying    trying
	setupDone atomic.Bool
	sessions  *kept.Cache[string, sessionRow] // by digest
	tokens    *kept.Cache[string, Token]

	stop context.CancelFunc
	done sync.WaitGroup
}

// New makes a service and starts to note, now and then, which sessions and
// tokens are in use. Close it in the end.
func New(d Deps) *Service {
	if d.Options.Lifetime <= 0 {
		d.Options.Lifetime = 30 * 24 * time.Hour
	}
	if d.Options.Idle <= 0 {
		d.Options.Idle = 7 * 24 * time.Hour
	}
	if d.Options.Cost == (Cost{}) {
		d.Options.Cost = DefaultCost
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		db: d.DB, people: d.People, roles: d.Roles, actors: d.Actors, audit: d.Audit, clock: d.Clock, log: d.Logger, opts: d.Options,
		hasher:   newHasher(d.Options.Cost),
		sessions: kept.New[string, sessionRow](d.DB, kept.Options{Topic: "sessions", Clock: d.Clock, Logger: d.Logger}),
		tokens:   kept.New[string, Token](d.DB, kept.Options{Topic: "tokens", Clock: d.Clock, Logger: d.Logger}),
	}
	s.providers = append(append([]Provider(nil), d.Providers...), passwords{s})
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.done.Go(func() { s.keepNoting(ctx) })
	return s
}

// Close notes what was in use last, and stops.
func (s *Service) Close() {
	s.stop()
	s.done.Wait()
	s.sessions.Close()
	s.tokens.Close()
}

func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// newSecret gives 256 random bits as text.
func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// digest is what the database keeps of a secret. A plain hash is enough for 256
// random bits: there is nothing to guess.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// clip makes text from outside storable and short.
func clip(text string, most int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most])
	}
	return text
}

// onlySession is for what a token must never do: make other tokens, change the
// password, end sessions.
func onlySession(ctx context.Context) (access.Actor, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return actor, apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	if From(ctx).TokenID != 0 {
		return actor, apperr.New(apperr.Forbidden, "An API token cannot do this. Sign in to the browser.")
	}
	return actor, nil
}

// trusted is for what only the program itself may do.
func trusted(ctx context.Context) (access.Actor, error) {
	actor := access.From(ctx)
	if !actor.Trusted() {
		return actor, apperr.New(apperr.Forbidden, "Only the command line can do this.")
	}
	return actor, nil
}

// mayActFor asks whether the actor may hand out the means to act as another
// person: only whoever could do everything that person can. Otherwise managing
// people would be a way to any right.
func (s *Service) mayActFor(ctx context.Context, person int64) error {
	actor := access.From(ctx)
	p, err := s.people.Person(ctx, person)
	if err != nil {
		return err
	}
	if err := actor.Check(access.ManagePeople, access.Record{Requester: p.ID, Organisation: p.OrganisationID}).Err(); err != nil {
		return err
	}
	if actor.Trusted() || actor.Can(access.ManageRoles, access.AnyKind) {
		return nil
	}
	target, err := s.actors.Person(ctx, person)
	if err != nil {
		return err
	}
	for _, g := range target.Actor.Grants() {
		if g.Role != access.RoleRequester && !actor.Can(g.Verb, g.Kind) {
			return apperr.New(apperr.Forbidden, "%s may do things that you may not. Ask somebody who manages roles.", p.Name)
		}
	}
	return nil
}
