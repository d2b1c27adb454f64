package identity

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Origin is where a sign-in comes from.
type Origin struct {
	Address   netip.Addr
	UserAgent string
	Device    string // what an earlier sign-in left in the browser, see Opened
}

// Opened is a session that has just begun. Token and Device are secrets for the
// browser's cookies and for nobody else.
type Opened struct {
	Token      string
	Device     string // tells this browser from a stranger's at the next sign-in
	Expires    time.Time
	PersonID   int64
	MustChange bool // the password was set by somebody else
}

// maxSecret bounds what is hashed at all.
const maxSecret = 1024

// SignIn opens a session for the owner of a login. Unauthenticated, always in
// the same words, if the login or the secret is wrong; TooMany after too many of
// those.
func (s *Service) SignIn(ctx context.Context, login, secret string, from Origin) (Opened, error) {
	login = strings.TrimSpace(clip(login, 254))
	if len(secret) > maxSecret {
		secret = secret[:maxSecret]
	}
	owner, device, err := s.recognise(ctx, login, from.Device)
	if err != nil {
		return Opened{}, err
	}
	counts := attempt(login, from.Address, device)
	end, err := s.trying.begin(counts)
	if err != nil {
		return Opened{}, err
	}
	defer end()
	if err := s.mayTry(ctx, counts); err != nil {
		return Opened{}, err
	}
	for _, p := range s.providers {
		person, err := p.Authenticate(ctx, login, secret)
		if err != nil {
			return Opened{}, err
		}
		if person != 0 {
			from.Device = device
			return s.open(ctx, person, p.Key(), from, counts)
		}
	}
	if err := s.recordFailure(ctx, owner, from, counts); err != nil {
		return Opened{}, err
	}
	return Opened{}, apperr.New(apperr.Unauthenticated, "The e-mail address or the password is not right.")
}

// Open opens a session for a person who proved elsewhere who they are, such as
// by single sign-on. The method names it in the history of sign-ins.
func (s *Service) Open(ctx context.Context, person int64, method string, from Origin) (Opened, error) {
	from.Device = ""
	return s.open(ctx, person, method, from, nil)
}

// recognise finds whose login it is, 0 for nobody's, and drops a device that is
// not theirs. The same queries run in every case.
func (s *Service) recognise(ctx context.Context, login, device string) (owner int64, known string, err error) {
	var theirs bool
	err = s.db.Reader().QueryRow(ctx, `SELECT COALESCE(MAX(p.id), 0),
			EXISTS (SELECT 1 FROM devices d JOIN persons q ON q.id = d.person_id WHERE d.hash = $2 AND q.email_folded = $1)
		FROM persons p WHERE p.email_folded = $1`, people.NormalEmail(login), digest(device)).Scan(&owner, &theirs)
	if err != nil || !theirs {
		return owner, "", err
	}
	return owner, device, nil
}

func (s *Service) open(ctx context.Context, person int64, method string, from Origin, counts []counted) (Opened, error) {
	known, err := s.actors.Person(ctx, person)
	if err != nil {
		return Opened{}, err
	}
	if known.ServiceAccount {
		return Opened{}, apperr.New(apperr.Forbidden, "A service account works with API tokens and cannot sign in.")
	}
	now := s.now()
	o := Opened{Token: newSecret(), Device: from.Device, Expires: now.Add(s.opts.Lifetime), PersonID: person}
	if o.Device == "" {
		o.Device = newSecret()
	}
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		err := tx.QueryRow(ctx, "SELECT must_change FROM passwords WHERE person_id = $1", person).Scan(&o.MustChange)
		if err != nil && !apperr.Is(err, apperr.NotFound) {
			return err
		}
		if len(counts) > 0 {
			if err := forgive(ctx, tx, counts); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO devices (hash, person_id, used_at) VALUES ($1, $2, $3)
			ON CONFLICT (hash) DO UPDATE SET used_at = excluded.used_at`, digest(o.Device), person, database.Time(now)); err != nil {
			return err
		}
		if err := s.insertSession(ctx, tx, o, method, from, now); err != nil {
			return err
		}
		return insertSignIn(ctx, tx, person, true, method, from, now)
	})
	return o, err
}

func (s *Service) recordFailure(ctx context.Context, owner int64, from Origin, counts []counted) error {
	now := s.now()
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if err := countFailure(ctx, tx, counts, now); err != nil {
			return err
		}
		return insertSignIn(ctx, tx, owner, false, passwordMethod, from, now)
	})
}

func insertSignIn(ctx context.Context, tx *database.Tx, person int64, ok bool, method string, from Origin, now time.Time) error {
	_, err := tx.Exec(ctx, "INSERT INTO sign_ins (id, person_id, at, ok, method, address, user_agent) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		tx.NextID(), database.ID(person), database.Time(now), ok, method, addressText(from.Address), clip(from.UserAgent, 300))
	return err
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

const passwordMethod = "password"

// passwords is the provider of this package's own passwords.
type passwords struct{ s *Service }

// Key implements Provider.
func (passwords) Key() string { return passwordMethod }

// Authenticate implements Provider.
func (p passwords) Authenticate(ctx context.Context, login, secret string) (int64, error) {
	release, err := p.s.hasher.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	var person int64
	var hash string
	err = p.s.db.Reader().QueryRow(ctx, `SELECT pw.person_id, pw.hash FROM passwords pw JOIN persons p ON p.id = pw.person_id
		WHERE p.email_folded = $1 AND p.active AND NOT p.service_account`, people.NormalEmail(login)).Scan(&person, &hash)
	if err != nil && !apperr.Is(err, apperr.NotFound) {
		return 0, err
	}
	ok, stale := p.s.hasher.verify(hash, secret)
	if !ok {
		return 0, nil
	}
	if stale {
		return person, p.rehash(ctx, person, hash, secret)
	}
	return person, nil
}

// rehash keeps the password at today's cost, unless it was changed meanwhile.
func (p passwords) rehash(ctx context.Context, person int64, old, secret string) error {
	fresh := compute(p.s.hasher.cost, secret)
	return p.s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE passwords SET hash = $1 WHERE person_id = $2 AND hash = $3", fresh, person, old)
		return err
	})
}
