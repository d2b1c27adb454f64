package ticket

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// WithIdempotencyKey gives a context in which a use case has its effect once per
// key and actor; see once.With.
func WithIdempotencyKey(ctx context.Context, key string) context.Context { return once.With(ctx, key) }

// PartOfIdempotencyKey gives a context for one of several effects that one
// request has; see once.Part.
func PartOfIdempotencyKey(ctx context.Context, part string) context.Context {
	return once.Part(ctx, part)
}

// Replayed reports whether an effect under the context's key was found to have
// happened before.
func Replayed(ctx context.Context) bool { return once.Replayed(ctx) }

// IdempotencyRetention is how long a key is remembered.
const IdempotencyRetention = once.Retention

// onceOn is once.Do for a save of a ticket; saved is what fn saves, or the ticket as
// it is now if fn had its effect before.
func (s *Service) onceOn(ctx context.Context, tx *database.Tx, request any, saved *Ticket, fn func() error) error {
	id, replayed, err := once.Do(ctx, tx, s.now(), request, func() (int64, error) {
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
	return once.Forget(ctx, s.db, s.now())
}
