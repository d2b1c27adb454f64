// Package once lets a request be sent again without harm: whatever a client asks
// for under a key of its own has its effect one time, and later requests with
// the key are told of the first one. It is the Idempotency-Key header of the IETF
// draft httpapi-idempotency-key-header.
//
// The key travels in the context and is stored in the transaction of the effect,
// so neither can exist without the other.
package once

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the table of keys.
var Migrations fs.FS = migrations

type contextKey struct{}

// use is a key in use by one request.
type use struct {
	key, part string
	replayed  *bool // shared by all parts
}

// With gives a context in which a use case has its effect once per key and
// actor, however often it is asked for. "" gives the context as it is.
func With(ctx context.Context, key string) context.Context {
	if key == "" {
		return ctx
	}
	return context.WithValue(ctx, contextKey{}, use{key: key, replayed: new(bool)})
}

// Part gives a context for one of several effects that one request has: each
// needs a key of its own.
func Part(ctx context.Context, part string) context.Context {
	u, ok := ctx.Value(contextKey{}).(use)
	if !ok {
		return ctx
	}
	u.part += "/" + part
	return context.WithValue(ctx, contextKey{}, u)
}

// Replayed reports whether an effect under the context's key was found to have
// happened before.
func Replayed(ctx context.Context) bool {
	u, ok := ctx.Value(contextKey{}).(use)
	return ok && *u.replayed
}

// Retention is how long a key is remembered.
const Retention = 48 * time.Hour

// Do runs fn unless the context's key was used before by this actor; then it
// gives the earlier result's id. Conflict if the key was used for something
// else: request is what tells requests apart, the use case's name included.
func Do(ctx context.Context, tx *database.Tx, now time.Time, request any, fn func() (int64, error)) (id int64, replayed bool, err error) {
	u, ok := ctx.Value(contextKey{}).(use)
	if !ok {
		id, err = fn()
		return id, false, err
	}
	if len(u.key) > 255 || !utf8.ValidString(u.key) || strings.ContainsRune(u.key, 0) {
		return 0, false, apperr.InvalidField("Idempotency-Key", "The idempotency key has at most 255 characters, all of them plain text.")
	}
	key := u.key + u.part
	text, err := json.Marshal(request)
	if err != nil {
		return 0, false, err
	}
	sum := sha256.Sum256(text)
	fingerprint := hex.EncodeToString(sum[:])
	actor := access.From(ctx).ID
	// Claiming first makes a concurrent twin wait for this transaction, then see its row.
	n, err := tx.Exec(ctx, `INSERT INTO idempotency_keys (actor_id, key, fingerprint, result_id, created_at) VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (actor_id, key) DO NOTHING`, actor, key, fingerprint, database.Time(now))
	if err != nil {
		return 0, false, err
	}
	if n == 0 {
		var known string
		err := tx.QueryRow(ctx, `SELECT fingerprint, result_id FROM idempotency_keys WHERE actor_id = $1 AND key = $2`, actor, key).Scan(&known, &id)
		if err != nil {
			return 0, false, err
		}
		if known != fingerprint {
			return 0, false, apperr.New(apperr.Conflict, "This idempotency key was used for a different request.")
		}
		*u.replayed = true
		return id, true, nil
	}
	if id, err = fn(); err != nil {
		return 0, false, err
	}
	_, err = tx.Exec(ctx, `UPDATE idempotency_keys SET result_id = $1 WHERE actor_id = $2 AND key = $3`, id, actor, key)
	return id, false, err
}

// Forget removes the keys that are older than the retention.
func Forget(ctx context.Context, db *database.DB, now time.Time) error {
	return db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM idempotency_keys WHERE created_at < $1`, database.Time(now.Add(-Retention)))
		return err
	})
}
