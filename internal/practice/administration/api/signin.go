package api

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// APIToken is an API token without its secret.
type APIToken struct {
	ID        int64     `json:"id" example:"4294967390"`
	OwnerID   int64     `json:"owner_id" doc:"The person or service account it acts as."`
	Name      string    `json:"name" example:"Weekly report"`
	Hint      string    `json:"hint" doc:"The beginning of the secret, to tell tokens apart." example:"stw_q7Xa"`
	Verbs     []string  `json:"verbs" nullable:"false" doc:"All it may do; empty is everything its owner may."`
	Kinds     []string  `json:"kinds" nullable:"false" doc:"The kinds of tickets it may touch; empty is every kind."`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	UsedAt    time.Time `json:"used_at,omitzero" doc:"To about a minute."`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
}

func tokenOf(t identity.Token) APIToken {
	out := APIToken{
		ID: t.ID, OwnerID: t.OwnerID, Name: t.Name, Hint: t.Hint, Verbs: []string{}, Kinds: append([]string{}, t.Kinds...),
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, UsedAt: t.UsedAt, RevokedAt: t.RevokedAt,
	}
	for _, v := range t.Verbs {
		out.Verbs = append(out.Verbs, string(v))
	}
	return out
}

func exampleToken() APIToken {
	return APIToken{
		ID: 4294967390, OwnerID: 4294967312, Name: "Weekly report", Hint: "stw_q7Xa", Verbs: []string{"view", "export"}, Kinds: []string{},
		CreatedAt: exampleTime, ExpiresAt: exampleTime.AddDate(0, 3, 0),
	}
}

func (a *api) registerSignIn(h huma.API) {
	register(h, openapi.Operation{
		ID: "list-tokens", Method: http.MethodGet, Path: "/tokens", Tag: tagSignIn,
		Summary: "List API tokens", Description: "Your own, or those of an account that you manage; the newest first.", Errors: []int{http.StatusNotFound},
		Answer: items(exampleToken()),
	}, a.listTokens)
	register(h, openapi.Operation{
		ID: "create-token", Method: http.MethodPost, Path: "/tokens", Tag: tagSignIn, Status: http.StatusCreated,
		Summary:     "Make an API token",
		Description: "The secret is in this answer and nowhere else, ever: not even when the request is sent again with its Idempotency-Key. Needs a session.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict},
		Request:     map[string]any{"name": "Weekly report", "verbs": []string{"view", "export"}, "expires_at": exampleTime.AddDate(0, 3, 0)},
		Answer:      NewAPIToken{APIToken: exampleToken(), Secret: "stw_q7Xa…"},
	}, a.createToken)
	register(h, openapi.Operation{
		ID: "revoke-token", Method: http.MethodDelete, Path: "/tokens/{id}", Tag: tagSignIn,
		Summary: "Revoke an API token", Description: "It stops working at once and for good. Needs a session.", Errors: []int{http.StatusNotFound},
	}, a.revokeToken)
	register(h, openapi.Operation{
		ID: "list-sessions", Method: http.MethodGet, Path: "/people/{id}/sessions", Tag: tagSignIn,
		Summary: "List where somebody is signed in", Description: "Your own sessions, or those of somebody you manage; the last used first.",
		Errors: []int{http.StatusNotFound},
		Answer: items(BrowserSession{ID: 4294967400, Method: "password", Address: "192.0.2.1", UserAgent: "Firefox", CreatedAt: exampleTime, SeenAt: exampleTime, ExpiresAt: exampleTime}),
	}, a.listSessions)
	register(h, openapi.Operation{
		ID: "end-session", Method: http.MethodDelete, Path: "/sessions/{id}", Tag: tagSignIn,
		Summary: "End a session", Description: "The browser is signed out at its next request. Needs a session.", Errors: []int{http.StatusNotFound},
	}, a.endSession)
	register(h, openapi.Operation{
		ID: "list-sign-ins", Method: http.MethodGet, Path: "/people/{id}/sign-ins", Tag: tagSignIn,
		Summary: "List somebody's sign-ins", Description: "Those that succeeded and those that were refused, the latest first.",
		Errors: []int{http.StatusNotFound},
		Answer: openapi.Page[SignIn]{Items: []SignIn{{At: exampleTime, OK: true, Method: "password", Address: "192.0.2.1", UserAgent: "Firefox"}}},
	}, a.listSignIns)
}

func (a *api) listTokens(ctx context.Context, in *struct {
	OwnerID int64 `query:"owner_id" minimum:"1" doc:"Whose; your own without."`
},
) (*all[APIToken], error) {
	owner := in.OwnerID
	if owner == 0 {
		owner = access.From(ctx).ID
	}
	list, err := a.Identity.Tokens(ctx, owner)
	return whole(list, tokenOf), err
}

// TokenInput is what a token is made of.
type TokenInput struct {
	OwnerID   int64     `json:"owner_id,omitempty" minimum:"1" doc:"Whom it acts as; yourself without."`
	Name      string    `json:"name" minLength:"1" maxLength:"100" doc:"What it is for."`
	Verbs     []string  `json:"verbs,omitempty" maxItems:"100" doc:"Of GET /verbs; none allows everything the owner may."`
	Kinds     []string  `json:"kinds,omitempty" maxItems:"100" doc:"Keys of kinds of tickets; none allows every kind."`
	ExpiresAt time.Time `json:"expires_at,omitzero" doc:"Without it, the token is good until it is revoked."`
}

// NewAPIToken is a token with its secret.
type NewAPIToken struct {
	APIToken
	Secret string `json:"secret" doc:"Send it as Authorization: Bearer." example:"stw_q7Xa…"`
}

func (a *api) createToken(ctx context.Context, in *struct {
	openapi.Once
	Body TokenInput
},
) (*struct {
	Location string `header:"Location" doc:"The path of the token."`
	Body     NewAPIToken
}, error,
) {
	keyed, _ := idempotent(ctx, in.Once)
	input := identity.TokenInput{OwnerID: in.Body.OwnerID, Name: in.Body.Name, Kinds: in.Body.Kinds, Expires: in.Body.ExpiresAt}
	for _, v := range in.Body.Verbs {
		input.Verbs = append(input.Verbs, access.Verb(v))
	}
	t, secret, err := a.Identity.CreateToken(keyed, input)
	if err != nil {
		return nil, err
	}
	openapi.Header(ctx).Set("Cache-Control", "no-store")
	return &struct {
		Location string `header:"Location" doc:"The path of the token."`
		Body     NewAPIToken
	}{location("tokens", t.ID), NewAPIToken{tokenOf(t), secret}}, nil
}

func (a *api) revokeToken(ctx context.Context, in *ByID) (*nothing, error) {
	return nil, a.Identity.RevokeToken(ctx, in.ID)
}

// BrowserSession is one browser in which somebody is signed in.
type BrowserSession struct {
	ID        int64     `json:"id" example:"4294967400"`
	Method    string    `json:"method" example:"password"`
	Address   string    `json:"address,omitempty" example:"192.0.2.1"`
	UserAgent string    `json:"user_agent,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"To about a minute."`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current" doc:"The request came with this one."`
}

func (a *api) listSessions(ctx context.Context, in *ByID) (*all[BrowserSession], error) {
	list, err := a.Identity.Sessions(ctx, in.ID)
	current := identity.From(ctx).SessionID
	return whole(list, func(s identity.Session) BrowserSession {
		return BrowserSession{
			ID: s.ID, Method: s.Method, Address: s.Address, UserAgent: s.UserAgent, CreatedAt: s.CreatedAt, SeenAt: s.SeenAt, ExpiresAt: s.ExpiresAt,
			Current: s.ID == current,
		}
	}), err
}

func (a *api) endSession(ctx context.Context, in *ByID) (*nothing, error) {
	return nil, a.Identity.EndSession(ctx, in.ID)
}

// SignIn is one attempt to sign in.
type SignIn struct {
	At        time.Time `json:"at"`
	OK        bool      `json:"ok" doc:"False for one that was refused."`
	Method    string    `json:"method" example:"password"`
	Address   string    `json:"address,omitempty" example:"192.0.2.1"`
	UserAgent string    `json:"user_agent,omitempty"`
}

func (a *api) listSignIns(ctx context.Context, in *struct {
	ByID
	openapi.Paging
},
) (*openapi.Listed[SignIn], error) {
	before, err := parseHistory(in.Cursor)
	if err != nil {
		return nil, err
	}
	records, next, err := a.Identity.History(ctx, in.ID, before, in.Limit)
	if err != nil {
		return nil, err
	}
	list := make([]SignIn, 0, len(records))
	for _, r := range records {
		list = append(list, SignIn{r.At, r.OK, r.Method, r.Address, r.UserAgent})
	}
	return openapi.List(ctx, list, historyCursor(next)), nil
}

func historyCursor(c identity.HistoryCursor) string {
	if c.ID == 0 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d", c.At.UnixMicro(), c.ID))
}

func parseHistory(text string) (identity.HistoryCursor, error) {
	if text == "" {
		return identity.HistoryCursor{}, nil
	}
	var micros, id int64
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		_, err = fmt.Sscanf(string(raw), "%d %d", &micros, &id)
	}
	if err != nil || id <= 0 {
		return identity.HistoryCursor{}, apperr.InvalidField("cursor", "This place in the list cannot be read. Start from the beginning.")
	}
	return identity.HistoryCursor{At: time.UnixMicro(micros).UTC(), ID: id}, nil
}
