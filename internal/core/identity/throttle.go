package identity

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// What is counted within failureWindow of the first failure. An address may be
// a whole office's.
const (
	failureWindow      = 15 * time.Minute
	maxAccountFailures = 10
	maxAddressFailures = 50
)

// counted is one thing that failures are counted for.
type counted struct {
	key  string
	most int64
}

// attempt says what a sign-in counts for. A device that has signed in to the
// account before is counted by itself; all others share the account's count.
// Logins are hashed: people type passwords into that field.
func attempt(login string, address netip.Addr, device string) []counted {
	account := counted{"account:" + digest(people.NormalEmail(login)), maxAccountFailures}
	if device != "" {
		account.key = "device:" + digest(device)
	}
	return append([]counted{account}, attemptFrom(address)...)
}

// attemptFrom counts an address alone; whoever has an IPv6 network of 64 bits
// has all of its addresses.
func attemptFrom(address netip.Addr) []counted {
	if !address.IsValid() {
		return nil
	}
	key := address.String()
	if address.Is6() && !address.Is4In6() {
		if network, err := address.Prefix(64); err == nil {
			key = network.String()
		}
	}
	return []counted{{"address:" + key, maxAddressFailures}}
}

// mayTry refuses with TooMany when one of the counts is full.
func (s *Service) mayTry(ctx context.Context, counts []counted) error {
	if len(counts) == 0 {
		return nil
	}
	keys := make([]string, 0, len(counts))
	for _, c := range counts {
		keys = append(keys, c.key)
	}
	now := s.now()
	var args database.Args
	full := time.Time{}
	err := database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var key string
		var count int64
		var since time.Time
		if err := r.Scan(&key, &count, (*database.Time)(&since)); err != nil {
			return err
		}
		for _, c := range counts {
			if c.key == key && count >= c.most && since.Add(failureWindow).After(full) {
				full = since.Add(failureWindow)
			}
		}
		return nil
	}, "SELECT counted, count, since FROM sign_in_failures WHERE counted IN "+database.In(&args, keys)+
		" AND since > "+args.Arg(database.Time(now.Add(-failureWindow))), args.Values()...)
	if err != nil {
		return err
	}
	if full.IsZero() {
		return nil
	}
	minutes := int(full.Sub(now)/time.Minute) + 1
	return apperr.New(apperr.TooMany, "Too many attempts. Please try again in %d minutes.", min(minutes, int(failureWindow/time.Minute)))
}

// countFailure adds one to every count, or begins anew where the window is over.
func countFailure(ctx context.Context, tx *database.Tx, counts []counted, now time.Time) error {
	for _, c := range counts { // one to three
		if _, err := tx.Exec(ctx, `INSERT INTO sign_in_failures (counted, count, since) VALUES ($1, 1, $2)
			ON CONFLICT (counted) DO UPDATE SET
				count = CASE WHEN sign_in_failures.since > $3 THEN sign_in_failures.count + 1 ELSE 1 END,
				since = CASE WHEN sign_in_failures.since > $3 THEN sign_in_failures.since ELSE excluded.since END`,
			c.key, database.Time(now), database.Time(now.Add(-failureWindow))); err != nil {
			return err
		}
	}
	return nil
}

// forgive clears the account's or device's count after a sign-in. The address
// keeps its own: otherwise whoever has an account here could guess at others
// without end, signing in to their own in between.
func forgive(ctx context.Context, tx *database.Tx, counts []counted) error {
	_, err := tx.Exec(ctx, "DELETE FROM sign_in_failures WHERE counted = $1", counts[0].key)
	return err
}

// trying bounds the sign-ins that are under way at once: failures are only
// counted when they are over, and a thousand guesses at once must not all come
// in before the first count.
type trying struct {
	mu    sync.Mutex
	under map[string]int
}

const (
	maxTryingAccount = 2 // somebody may click twice
	maxTryingAddress = 20
)

// begin refuses with TooMany; end must be called when the attempt is over.
func (t *trying) begin(counts []counted) (end func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.under == nil {
		t.under = map[string]int{}
	}
	for i, c := range counts {
		most := maxTryingAddress
		if i == 0 {
			most = maxTryingAccount
		}
		if t.under[c.key] >= most {
			return nil, apperr.New(apperr.TooMany, "Too many attempts at once. Please try again in a moment.")
		}
	}
	for _, c := range counts {
		t.under[c.key]++
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, c := range counts {
			if t.under[c.key]--; t.under[c.key] == 0 {
				delete(t.under, c.key)
			}
		}
	}, nil
}
