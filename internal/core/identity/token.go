package identity

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// TokenPrefix begins every API token, so that scanners of source code know one
// when they see it.
const TokenPrefix = "stw_"

// Token is an API token as lists show it: without the secret.
type Token struct {
	ID        int64
	OwnerID   int64 // who it acts as: a person or a service account
	Name      string
	Hint      string        // the secret's beginning, to tell tokens apart
	Verbs     []access.Verb // all it may do; empty is everything the owner may
	Kinds     []string      // all it may touch; empty is every kind
	CreatedAt time.Time
	ExpiresAt time.Time // zero never
	UsedAt    time.Time // to about a minute; zero not yet
	RevokedAt time.Time // zero still good
}

// TokenInput is what a token is made of.
type TokenInput struct {
	OwnerID int64 // 0 is oneself
	Name    string
	Verbs   []access.Verb
	Kinds   []string
	Expires time.Time // zero never
}

// maxTokens is how many tokens that are still good an owner may have.
const maxTokens = 100

func (s *Service) checkToken(in *TokenInput, now time.Time) error {
	in.Name = strings.TrimSpace(clip(in.Name, 200))
	var wrong apperr.Problems
	if n := utf8.RuneCountInString(in.Name); n == 0 || n > 100 {
		wrong.Add("name", "Say in up to 100 characters what the token is for.")
	}
	if !in.Expires.IsZero() && !in.Expires.After(now) {
		wrong.Add("expires", "This is in the past.")
	}
	for _, v := range in.Verbs {
		info, known := s.roles.Verbs().Info(v)
		switch {
		case !known:
			wrong.Add("verbs", "There is no permission called %q.", v)
		case len(in.Kinds) > 0 && !info.Tickets:
			wrong.Add("verbs", "%s is not about tickets: it does not go with a choice of kinds.", info.Label)
		}
	}
	for _, k := range in.Kinds {
		if k == "" || k == access.AnyKind || len(k) > 60 {
			wrong.Add("kinds", "Leave the list empty for every kind.")
		}
	}
	return wrong.Err()
}

// CreateToken makes a token and gives its secret, which nobody can see again:
// not even under the idempotency key it was made with, which is a Conflict. For
// another owner it asks for the right to act as them.
func (s *Service) CreateToken(ctx context.Context, in TokenInput) (t Token, secret string, err error) {
	actor := access.From(ctx)
	if !actor.Trusted() {
		if actor, err = onlySession(ctx); err != nil {
			return t, "", err
		}
	}
	if in.OwnerID == 0 {
		in.OwnerID = actor.ID
	}
	if in.OwnerID != actor.ID || actor.Trusted() {
		if err := s.mayActFor(ctx, in.OwnerID); err != nil {
			return t, "", err
		}
	}
	if _, err := s.actors.Person(ctx, in.OwnerID); err != nil {
		return t, "", apperr.InvalidField("owner", "This account is no longer active.")
	}
	now := s.now()
	if err := s.checkToken(&in, now); err != nil {
		return t, "", err
	}
	secret = TokenPrefix + newSecret()
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		t = Token{
			ID: tx.NextID(), OwnerID: in.OwnerID, Name: in.Name, Hint: secret[:len(TokenPrefix)+4], Verbs: in.Verbs, Kinds: in.Kinds,
			CreatedAt: now, ExpiresAt: in.Expires.UTC().Truncate(time.Microsecond),
		}
		if in.Expires.IsZero() {
			t.ExpiresAt = time.Time{}
		}
		var count int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM api_tokens WHERE owner_id = $1 AND revoked_at IS NULL
			AND (expires_at IS NULL OR expires_at > $2)`, t.OwnerID, database.Time(now)).Scan(&count); err != nil {
			return err
		}
		if count >= maxTokens {
			return apperr.New(apperr.Invalid, "An account may have %d tokens. Revoke one that is not needed.", maxTokens)
		}
		_, replayed, err := once.Do(ctx, tx, now, []any{"create token", in}, func() (int64, error) {
			_, err := tx.Exec(ctx, `INSERT INTO api_tokens (id, owner_id, name, hash, hint, verbs, kinds, created_at, expires_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, t.ID, t.OwnerID, t.Name, digest(secret), t.Hint,
				database.JSON{V: t.Verbs}, database.JSON{V: t.Kinds}, database.Time(t.CreatedAt), database.Time(t.ExpiresAt))
			if err != nil {
				return 0, err
			}
			return t.ID, s.audit.Append(ctx, tx, tokenEntry("token.create", nil, t))
		})
		if err == nil && replayed {
			return apperr.New(apperr.Conflict, "This token was made before, and its secret was shown then. Revoke it and make another one.")
		}
		return err
	})
	if err != nil {
		return t, "", err
	}
	return t, secret, nil
}

// Tokens lists the tokens of an account, the newest first: one's own, or those
// of somebody whose history one may read.
func (s *Service) Tokens(ctx context.Context, owner int64) ([]Token, error) {
	if err := s.mayReadHistory(ctx, owner); err != nil {
		return nil, err
	}
	return database.All(ctx, s.db.Reader(), scanToken, "SELECT "+tokenColumns+` FROM api_tokens WHERE owner_id = $1
		ORDER BY created_at DESC, id DESC LIMIT $2`, owner, 2*maxTokens)
}

// RevokeToken makes a token of one's own, or of a person one manages, useless
// at once and for good.
func (s *Service) RevokeToken(ctx context.Context, id int64) error {
	actor := access.From(ctx)
	if !actor.Trusted() {
		var err error
		if actor, err = onlySession(ctx); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		t, err := database.One(ctx, tx, scanToken, "SELECT "+tokenColumns+" FROM api_tokens WHERE id = $1", id)
		if apperr.Is(err, apperr.NotFound) {
			return apperr.New(apperr.NotFound, "This token does not exist.")
		}
		if err != nil {
			return err
		}
		if t.OwnerID != actor.ID {
			if err := s.mayEndSessions(ctx, t.OwnerID); err != nil {
				return err
			}
		}
		if !t.RevokedAt.IsZero() {
			return nil
		}
		before := t
		t.RevokedAt = s.now()
		s.tokens.Changed(tx)
		if _, err := tx.Exec(ctx, "UPDATE api_tokens SET revoked_at = $1 WHERE id = $2", database.Time(t.RevokedAt), id); err != nil {
			return err
		}
		return s.audit.Append(ctx, tx, tokenEntry("token.revoke", &before, t))
	})
}

func tokenEntry(action string, before *Token, after Token) audit.Entry {
	document := func(t Token) any {
		return map[string]any{
			"owner_id": t.OwnerID, "hint": t.Hint, "verbs": t.Verbs, "kinds": t.Kinds, "expires_at": instant(t.ExpiresAt), "revoked_at": instant(t.RevokedAt),
		}
	}
	e := audit.Entry{Action: action, ObjectType: "token", ObjectID: audit.ID(after.ID), ObjectName: after.Name, After: document(after)}
	if before != nil {
		e.Before = document(*before)
	}
	return e
}

// instant writes a time for the audit log; nil for none.
func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

const tokenColumns = "id, owner_id, name, hint, verbs, kinds, created_at, expires_at, used_at, revoked_at"

func scanToken(r database.Row) (Token, error) {
	var t Token
	err := r.Scan(&t.ID, &t.OwnerID, &t.Name, &t.Hint, database.JSON{V: &t.Verbs}, database.JSON{V: &t.Kinds},
		(*database.Time)(&t.CreatedAt), (*database.Time)(&t.ExpiresAt), (*database.Time)(&t.UsedAt), (*database.Time)(&t.RevokedAt))
	return t, err
}

// token finds the token behind a secret. ok is false for one that
// is unknown, revoked or expired.
func (s *Service) token(ctx context.Context, secret string) (t Token, ok bool, err error) {
	if !strings.HasPrefix(secret, TokenPrefix) {
		return t, false, nil
	}
	t, err = s.tokens.Get(ctx, digest(secret), func(ctx context.Context, hash string) (Token, error) {
		return database.One(ctx, s.db.Reader(), scanToken, "SELECT "+tokenColumns+" FROM api_tokens WHERE hash = $1", hash)
	})
	if apperr.Is(err, apperr.NotFound) {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	now := s.now()
	if !t.RevokedAt.IsZero() || !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
		return t, false, nil
	}
	if now.Sub(t.UsedAt) >= seenAfter {
		s.seen.token(t.ID)
	}
	return t, true, nil
}
