package identity

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// Where people are sent.
const (
	SignInPath   = "/sign-in"
	SignOutPath  = "/sign-out"
	SetupPath    = "/setup"
	PasswordPath = "/profile/password" // where a password that somebody else set is changed
)

type contextKey struct{}

// From gives the session or token the request came with; zero without one.
func From(ctx context.Context) Current {
	c, _ := ctx.Value(contextKey{}).(Current)
	return c
}

// With notes the session or token the work in this context came with.
func With(ctx context.Context, c Current) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// SessionCookie is the name of the session's cookie. Over https the prefix makes
// browsers refuse one that another host or a page without https tries to set.
func (s *Service) SessionCookie() string { return s.cookieName("session") }

func (s *Service) deviceCookie() string { return s.cookieName("device") }

func (s *Service) cookieName(name string) string {
	if s.opts.Secure {
		return "__Host-" + name
	}
	return name
}

// SetCookies hands a session to the browser.
func (s *Service) SetCookies(w http.ResponseWriter, o Opened) {
	http.SetCookie(w, s.cookie(s.SessionCookie(), o.Token, int(o.Expires.Sub(s.now()).Seconds())))
	http.SetCookie(w, s.cookie(s.deviceCookie(), o.Device, int(keepHistory.Seconds())))
}

// ClearCookies takes the session out of the browser. The device stays known.
func (s *Service) ClearCookies(w http.ResponseWriter) {
	http.SetCookie(w, s.cookie(s.SessionCookie(), "", -1))
}

func (s *Service) cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: s.opts.Secure, SameSite: http.SameSiteLaxMode,
	}
}

// OriginOf tells where a request comes from.
func (s *Service) OriginOf(r *http.Request) Origin {
	return Origin{Address: web.ClientIP(r.Context()), UserAgent: r.UserAgent(), Device: cookieValue(r, s.deviceCookie())}
}

// TokenOf gives the session's token that a request brought, for SignOut.
func (s *Service) TokenOf(r *http.Request) string { return cookieValue(r, s.SessionCookie()) }

func cookieValue(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// Authenticate puts the actor of the request into its context: the owner of the
// API token in the Authorization header, or whoever is signed in. Without either
// nobody is at work, which handlers and services decide about. A token that is
// not good is refused with Unauthenticated.
func (s *Service) Authenticate(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx := audit.WithAddress(r.Context(), addressText(web.ClientIP(r.Context())))
		actor, current, err := s.identify(ctx, r)
		if err != nil {
			return err
		}
		if actor.Type == "" && cookieValue(r, s.SessionCookie()) != "" {
			s.ClearCookies(w)
		}
		if actor.IsPerson() {
			web.Note(ctx, slog.Int64("person", actor.ID))
			ctx = With(access.With(ctx, actor), current)
		}
		return next(w, r.WithContext(ctx))
	}
}

// identify takes at most one query, as long as the actor is kept.
func (s *Service) identify(ctx context.Context, r *http.Request) (access.Actor, Current, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return s.byToken(ctx, strings.TrimSpace(secret))
	}
	cookie := cookieValue(r, s.SessionCookie())
	if cookie == "" {
		return access.Actor{}, Current{}, nil
	}
	person, current, ok, err := s.session(ctx, cookie)
	if err != nil || !ok {
		return access.Actor{}, Current{}, err
	}
	known, err := s.actors.Person(ctx, person)
	if apperr.Is(err, apperr.Unauthenticated) || err == nil && known.ServiceAccount {
		return access.Actor{}, Current{}, nil // they left: the session is worth nothing
	}
	return known.Actor, current, err
}

func (s *Service) byToken(ctx context.Context, secret string) (access.Actor, Current, error) {
	t, ok, err := s.token(ctx, secret)
	if err != nil {
		return access.Actor{}, Current{}, err
	}
	if !ok {
		return access.Actor{}, Current{}, apperr.New(apperr.Unauthenticated, "This API token is not valid, or no longer.")
	}
	known, err := s.actors.Person(ctx, t.OwnerID)
	if err != nil {
		return access.Actor{}, Current{}, err
	}
	return known.Actor.Limited(access.Limit{Verbs: t.Verbs, Kinds: t.Kinds}), Current{TokenID: t.ID}, nil
}

// Require sends whoever is not signed in to the sign-in page and back, and
// whoever must choose a password to do that first. It belongs inside
// Authenticate, around pages.
func (s *Service) Require(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx := r.Context()
		if access.From(ctx).IsPerson() {
			if From(ctx).MustChange && r.URL.Path != PasswordPath && r.URL.Path != SignOutPath {
				return web.Redirect(w, r, PasswordPath)
			}
			return next(w, r)
		}
		needed, err := s.NeedsSetup(ctx)
		if err != nil {
			return err
		}
		if needed {
			return web.Redirect(w, r, SetupPath)
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead || web.IsFragment(r) {
			// What was typed stays on the page; it can be sent again after signing in elsewhere.
			return apperr.New(apperr.Unauthenticated, "You are not signed in any more. Sign in in another tab, then try again.")
		}
		to := SignInPath
		if r.URL.Path != "/" {
			to += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
		}
		return web.Redirect(w, r, to)
	}
}
