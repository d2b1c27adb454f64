package identity

import (
	"context"
	"crypto/rand"
	"net/netip"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// HasPassword reports whether a person can sign in with a password.
func (s *Service) HasPassword(ctx context.Context, person int64) (bool, error) {
	if err := s.mayReadHistory(ctx, person); err != nil {
		return false, err
	}
	return database.One(ctx, s.db.Reader(), database.Scalar[bool], "SELECT EXISTS (SELECT 1 FROM passwords WHERE person_id = $1)", person)
}

// ChangePassword changes one's own password, for which the present one must be
// given, and ends every session but this one. Wrong guesses count like those at
// the sign-in form.
func (s *Service) ChangePassword(ctx context.Context, present, password string, address netip.Addr) error {
	actor, err := onlySession(ctx)
	if err != nil {
		return err
	}
	person, err := s.actors.Person(ctx, actor.ID)
	if err != nil {
		return err
	}
	if err := CheckPassword(password, actor.Name, person.Email); err != nil {
		return err
	}
	if present == password {
		return apperr.InvalidField("password", "This is the password you have now. Choose another one.")
	}
	counts := append([]counted{{"change:" + digest(person.Email), maxAccountFailures}}, attemptFrom(address)...)
	end, err := s.trying.begin(counts)
	if err != nil {
		return err
	}
	defer end()
	if err := s.mayTry(ctx, counts); err != nil {
		return err
	}
	known, err := passwords{s}.Authenticate(ctx, person.Email, present)
	if err != nil {
		return err
	}
	if known != actor.ID {
		err := s.db.Write(ctx, func(tx *database.Tx) error { return countFailure(ctx, tx, counts, s.now()) })
		if err != nil {
			return err
		}
		return apperr.InvalidField("present", "This is not your present password.")
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if err := s.storePassword(ctx, tx, actor.ID, hash, false); err != nil {
			return err
		}
		return s.deleteSessions(ctx, tx, actor.ID, From(ctx).SessionID)
	})
}

// ResetPassword gives a person a password that is good for one sign-in, after
// which they must choose their own, and ends their sessions. It is shown once,
// to whoever asked for it.
func (s *Service) ResetPassword(ctx context.Context, person int64) (password string, err error) {
	if _, err := onlySession(ctx); err != nil {
		return "", err
	}
	if err := s.mayActFor(ctx, person); err != nil {
		return "", err
	}
	p, err := s.people.Person(ctx, person)
	if err != nil {
		return "", err
	}
	switch {
	case p.ServiceAccount:
		return "", apperr.New(apperr.Invalid, "A service account works with API tokens and has no password.")
	case !p.Active:
		return "", apperr.New(apperr.Invalid, "%s is no longer active.", p.Name)
	case p.Email == "":
		return "", apperr.New(apperr.Invalid, "%s needs an e-mail address to sign in with.", p.Name)
	}
	password = code()
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		if err := s.storePassword(ctx, tx, person, hash, true); err != nil {
			return err
		}
		if err := s.deleteSessions(ctx, tx, person, 0); err != nil {
			return err
		}
		return s.audit.Append(ctx, tx, s.personEntry(ctx, "person.password_reset", person))
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// SetPassword sets a person's password without more ado, for the command line
// and for demonstrations: it asks that the program itself is at work.
func (s *Service) SetPassword(ctx context.Context, person int64, password string) error {
	if _, err := trusted(ctx); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if err := s.storePassword(ctx, tx, person, hash, false); err != nil {
			return err
		}
		if err := s.deleteSessions(ctx, tx, person, 0); err != nil {
			return err
		}
		return s.audit.Append(ctx, tx, s.personEntry(ctx, "person.password_set", person))
	})
}

func (s *Service) storePassword(ctx context.Context, tx *database.Tx, person int64, hash string, mustChange bool) error {
	s.sessions.Changed(tx) // they say whether it must be changed
	_, err := tx.Exec(ctx, `INSERT INTO passwords (person_id, hash, changed_at, must_change) VALUES ($1, $2, $3, $4)
		ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at, must_change = excluded.must_change`,
		person, hash, database.Time(s.now()), mustChange)
	return err
}

// codeLetters are Crockford's: none is taken for another.
const codeLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// code gives 80 random bits in letters that can be read out: four groups of four.
func code() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	var text strings.Builder
	for i, v := range b {
		if i > 0 && i%4 == 0 {
			text.WriteByte('-')
		}
		text.WriteByte(codeLetters[v%32]) // 256 is a multiple of 32: no letter comes up more often
	}
	return text.String()
}

// normalCode forgives what is mistyped when a code is read from a screen.
func normalCode(text string) string {
	return strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(text)))
}
