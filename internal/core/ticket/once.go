package ticket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

type onceKey struct{}

// keyUse is a key in use by one request.
type keyUse struct {
	key, part string
	replayed  *bool // shared by all parts
}

// WithIdempotencyKey gives a context in which a use case has its effect once per
// key and actor, however often it is asked for. The key is the one of the
// Idempotency-Key header (IETF draft httpapi-idempotency-key-header); "" gives
// the context as it is.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	if key == "" {
		return ctx
	}
	return context.WithValue(ctx, onceKey{}, keyUse{key: key, replayed: new(bool)})
}

// PartOfIdempotencyKey gives a context for one of several effects that one
// request has: each needs a key of its own.
func PartOfIdempotencyKey(ctx context.Context, part string) context.Context {
	use, ok := ctx.Value(onceKey{}).(keyUse)
	if !ok {
		return ctx
	}
	use.part += "/" + part
	return context.WithValue(ctx, onceKey{}, use)
}

// Replayed reports whether an effect under the context's key was found to have
// happened before.
func Replayed(ctx context.Context) bool {
	use, ok := ctx.Value(onceKey{}).(keyUse)
	return ok && *use.replayed
}

// IdempotencyRetention is how long a key is remembered.
const IdempotencyRetention = 48 * time.Hour

// once runs fn unless the context's key was used before by this actor; then it
// gives the earlier result's id. The key is stored in the same transaction as
// the effect, so neither can exist without the other.
func once(ctx context.Context, tx *database.Tx, now time.Time, request any, fn func() (int64, error)) (id int64, replayed bool, err error) {
	use, ok := ctx.Value(onceKey{}).(keyUse)
	if !ok {
		id, err = fn()
		return id, false, err
	}
	if len(use.key) > 255 || !utf8.ValidString(use.key) || strings.ContainsRune(use.key, 0) {
		return 0, false, apperr.InvalidField("Idempotency-Key", "The idempotency key has at most 255 characters, all of them plain text.")
	}
	key := use.key + use.part
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
		*use.replayed = true
		return id, true, nil
	}
	if id, err = fn(); err != nil {
		return 0, false, err
	}
	_, err = tx.Exec(ctx, `UPDATE idempotency_keys SET result_id = $1 WHERE actor_id = $2 AND key = $3`, id, actor, key)
	return id, false, err
}

// onceOn is once for a save of a ticket; saved is what fn saves, or the ticket as
// it is now if fn had its effect before.
func (s *Service) onceOn(ctx context.Context, tx *database.Tx, request any, saved *Ticket, fn func() error) error {
	id, replayed, err := once(ctx, tx, s.now(), request, func() (int64, error) {
		err := fn()
		return saved.ID, err
	})
	if err == nil && replayed {
		*saved, err = s.visibleTicket(ctx, tx, id)
	}
	return err
}

// ForgetIdempotencyKeys removes the keys that are older than the retention.
func (s *Service) ForgetIdempotencyKeys(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM idempotency_keys WHERE created_at < $1`, database.Time(s.now().Add(-IdempotencyRetention)))
		return err
	})
}
