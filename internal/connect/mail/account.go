package mail

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

// Account is how to reach a mail server and to sign in there.
type Account struct {
	Server   string // host:port
	Security message.Security
	Auth     message.AuthMethod
	User     string
	TokenURL string // for XOAUTH2: where access tokens come from
	ClientID string
	Scope    string

	Secrets Secrets // as they are, in memory only
}

// Secrets are what is sealed in the database.
type Secrets struct {
	Password     string `json:"p,omitempty"`
	ClientSecret string `json:"s,omitempty"`
	RefreshToken string `json:"r,omitempty"`
}

// maxSetting bounds each text of an account, in bytes.
const maxSetting = 500

// check reports what is wrong with an account, by field. auths are the methods
// that make sense.
func (a *Account) check(p *apperr.Problems, auths ...message.AuthMethod) {
	for _, s := range []*string{&a.Server, &a.User, &a.TokenURL, &a.ClientID, &a.Scope} {
		*s = strings.TrimSpace(*s)
	}
	if host, port, err := net.SplitHostPort(a.Server); err != nil || host == "" || port == "" {
		p.Add("server", "Give the server with its port, such as mail.example.org:587.")
	}
	if !slices.Contains([]message.Security{message.StartTLS, message.TLS, message.Opportunistic, message.Plain}, a.Security) {
		p.Add("security", "Choose how the connection is protected.")
	}
	if !slices.Contains(auths, a.Auth) {
		p.Add("auth", "Choose how to sign in.")
	}
	for field, value := range map[string]string{
		"server": a.Server, "user": a.User, "token_url": a.TokenURL, "client_id": a.ClientID, "scope": a.Scope,
		"password": a.Secrets.Password, "client_secret": a.Secrets.ClientSecret,
	} {
		if len(value) > maxSetting {
			p.Add(field, "This is too long.")
		}
	}
	if len(a.Secrets.RefreshToken) > 10_000 {
		p.Add("refresh_token", "This is too long.")
	}
	if a.Auth == message.NoAuth {
		a.User, a.Secrets = "", Secrets{}
		return
	}
	if a.User == "" {
		p.Add("user", "Say as whom to sign in.")
	}
	if a.Security == message.Plain && !local(a.Server) {
		p.Add("security", "A password is not sent over an unprotected connection to another machine.")
	}
	if a.Auth != message.XOAUTH2 {
		if a.Secrets.Password == "" {
			p.Add("password", "Give the password.")
		}
		a.Secrets.ClientSecret, a.Secrets.RefreshToken, a.TokenURL, a.ClientID, a.Scope = "", "", "", "", ""
		return
	}
	a.Secrets.Password = ""
	if u, err := url.Parse(a.TokenURL); err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && local(u.Host)) {
		p.Add("token_url", "Give the address that hands out tokens, beginning with https.")
	}
	if a.ClientID == "" {
		p.Add("client_id", "Give the id under which Steward is registered there.")
	}
	if a.Secrets.ClientSecret == "" && a.Secrets.RefreshToken == "" {
		p.Add("client_secret", "Give the client's secret, or a refresh token.")
	}
}

// local reports whether an address is on this machine.
func local(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// keep takes over the secrets that a change left out.
func (a *Account) keep(before Secrets) {
	if a.Secrets.Password == "" {
		a.Secrets.Password = before.Password
	}
	if a.Secrets.ClientSecret == "" {
		a.Secrets.ClientSecret = before.ClientSecret
	}
	if a.Secrets.RefreshToken == "" {
		a.Secrets.RefreshToken = before.RefreshToken
	}
}

// secret gives what signs in: the password, or an access token that is valid now.
func (a Account) secret(client *http.Client, now func() time.Time, kept tokenKeeper) message.Secret {
	if a.Auth != message.XOAUTH2 {
		return func(context.Context) (string, error) { return a.Secrets.Password, nil }
	}
	t := &tokens{a: a, client: client, now: now, kept: kept}
	return t.get
}

// tokens fetches access tokens (RFC 6749, 4.4 and 6) and keeps the newest.
type tokens struct {
	a      Account
	client *http.Client
	now    func() time.Time
	kept   tokenKeeper

	mu     sync.Mutex
	token  string
	until  time.Time
	unkept string // a refresh token that could not be kept yet
}

// get gives a token. Unauthenticated when the issuer refuses: then no later try will
// do, until somebody signs in anew. Unavailable when it cannot be asked.
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.keep(ctx, t.unkept); err != nil {
		return "", err
	}
	const early = time.Minute // before it ends
	if t.token != "" && t.now().Before(t.until.Add(-early)) && !message.IsAfresh(ctx) {
		return t.token, nil
	}
	form := url.Values{"client_id": {t.a.ClientID}, "grant_type": {"client_credentials"}}
	refresh := t.a.Secrets.RefreshToken
	if refresh != "" {
		newest, err := t.kept.newest(ctx)
		if err != nil {
			return "", err
		}
		if newest != "" {
			refresh = newest
		}
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", refresh)
	}
	if t.a.Secrets.ClientSecret != "" {
		form.Set("client_secret", t.a.Secrets.ClientSecret)
	}
	if t.a.Scope != "" {
		form.Set("scope", t.a.Scope)
	}
	got, err := t.ask(ctx, form)
	if err != nil {
		t.token = ""
		return "", err
	}
	if got.ExpiresIn <= 0 {
		got.ExpiresIn = 300
	}
	t.token, t.until = got.AccessToken, t.now().Add(time.Duration(got.ExpiresIn)*time.Second)
	if got.RefreshToken != "" && got.RefreshToken != refresh {
		return t.token, t.keep(ctx, got.RefreshToken)
	}
	return t.token, nil
}

// keep keeps a refresh token, with the next call if it cannot be done now.
func (t *tokens) keep(ctx context.Context, refresh string) error {
	if t.unkept = refresh; refresh == "" {
		return nil
	}
	err := t.kept.keep(ctx, refresh)
	if err == nil {
		t.unkept = ""
	}
	return err
}

// issued is an issuer's answer.
type issued struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int64  `json:"expires_in"`
	Error        string `json:"error"`
	Description  string `json:"error_description"`
}

func (t *tokens) ask(ctx context.Context, form url.Values) (issued, error) {
	var got issued
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.a.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return got, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, err := t.client.Do(req)
	if err != nil {
		return got, apperr.Wrap(err, apperr.Unavailable, "The server that hands out tokens cannot be reached.")
	}
	defer res.Body.Close()
	err = json.NewDecoder(http.MaxBytesReader(nil, res.Body, 1<<20)).Decode(&got)
	if err == nil && got.AccessToken != "" {
		return got, nil
	}
	kind := apperr.Unavailable
	if got.Error != "" && (res.StatusCode == http.StatusBadRequest || res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden) {
		kind = apperr.Unauthenticated
	}
	return got, apperr.Wrap(err, kind, "The server that hands out tokens gave none: %s", strings.TrimSpace(res.Status+" "+got.Error+" "+got.Description))
}
