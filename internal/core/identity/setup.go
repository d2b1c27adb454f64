package identity

import (
	"context"
	"net/netip"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// NeedsSetup reports whether nobody may manage roles yet: the installation is
// new. It costs a query only as long as that is so.
func (s *Service) NeedsSetup(ctx context.Context) (bool, error) {
	if s.setupDone.Load() {
		return false, nil
	}
	has, err := s.roles.HasAdministrator(ctx, s.db.Reader())
	if err == nil && has {
		s.setupDone.Store(true)
	}
	return !has, err
}

// SetupCode makes the code that the first administrator must enter, so that a
// stranger who finds the page first cannot take the installation. Print it where
// only whoever runs the program sees it. It replaces the one before; "" when the
// installation has an administrator.
func (s *Service) SetupCode(ctx context.Context) (string, error) {
	needed, err := s.NeedsSetup(ctx)
	if err != nil || !needed {
		return "", err
	}
	text := code()
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO setup_code (id, hash, created_at) VALUES (1, $1, $2)
			ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at`,
			digest(normalCode(text)), database.Time(s.now()))
		return err
	})
	return text, err
}

// FirstRun is what the first administrator says.
type FirstRun struct {
	Code         string
	Organisation string // the own company's name
	Name         string
	Email        string
	Password     string
}

// CompleteSetup makes the own organisation and the first administrator, and
// signs them in. Conflict when there is one already; an error at the field for a
// wrong code.
func (s *Service) CompleteSetup(ctx context.Context, in FirstRun, from Origin) (Opened, error) {
	if err := s.checkSetup(ctx, in, from.Address); err != nil {
		return Opened{}, err
	}
	if in.Email == "" {
		return Opened{}, apperr.InvalidField("email", "You sign in with your e-mail address.")
	}
	if err := CheckPassword(in.Password, in.Name, in.Email); err != nil {
		return Opened{}, err
	}
	hash, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return Opened{}, err
	}
	system := access.With(ctx, access.System())
	var person int64
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		return s.roles.KeepingAdministrator(ctx, tx, func() error { // and one at a time
			if err := s.takeCode(ctx, tx, in.Code); err != nil {
				return err
			}
			organisation, err := s.ownOrganisation(system, tx, in.Organisation)
			if err != nil {
				return err
			}
			p, err := s.people.CreatePersonIn(system, tx, people.PersonInput{
				Name: in.Name, Email: in.Email, OrganisationID: organisation, Active: true,
			})
			if err != nil {
				return err
			}
			person = p.ID
			if err := s.roles.GrantToPersonIn(system, tx, p.ID, access.RoleAdministrator, 0); err != nil {
				return err
			}
			return s.storePassword(ctx, tx, p.ID, hash, false)
		})
	})
	if err != nil {
		return Opened{}, err
	}
	return s.Open(ctx, person, passwordMethod, from)
}

// takeCode takes the code out: whoever does so first is the one. All wait for
// one another here, so whoever comes later sees the administrator.
func (s *Service) takeCode(ctx context.Context, tx *database.Tx, given string) error {
	has, err := s.roles.HasAdministrator(ctx, tx)
	if err != nil {
		return err
	}
	if has {
		return setupDone()
	}
	n, err := tx.Exec(ctx, "DELETE FROM setup_code WHERE id = 1 AND hash = $1", digest(normalCode(given)))
	if err == nil && n == 0 { // the program was started again meanwhile
		return wrongCode()
	}
	return err
}

func setupDone() error {
	return apperr.New(apperr.Conflict, "This installation is set up already. Sign in.")
}

func wrongCode() error {
	return apperr.InvalidField("code", "This is not the code that the program printed when it started.")
}

// checkSetup compares the code. Wrong ones count like wrong passwords.
func (s *Service) checkSetup(ctx context.Context, in FirstRun, address netip.Addr) error {
	needed, err := s.NeedsSetup(ctx)
	if err != nil {
		return err
	}
	if !needed {
		return setupDone()
	}
	counts := attemptFrom(address)
	end, err := s.trying.begin(counts)
	if err != nil {
		return err
	}
	defer end()
	if err := s.mayTry(ctx, counts); err != nil {
		return err
	}
	right, err := database.One(ctx, s.db.Reader(), database.Scalar[bool],
		"SELECT EXISTS (SELECT 1 FROM setup_code WHERE id = 1 AND hash = $1)", digest(normalCode(in.Code)))
	if err != nil || right {
		return err
	}
	// Somebody else may have used the code up since the first look.
	if needed, err := s.NeedsSetup(ctx); err != nil {
		return err
	} else if !needed {
		return setupDone()
	}
	if err := s.db.Write(ctx, func(tx *database.Tx) error { return countFailure(ctx, tx, counts, s.now()) }); err != nil {
		return err
	}
	return wrongCode()
}

// ownOrganisation gives the own company, and makes it if there is none.
func (s *Service) ownOrganisation(ctx context.Context, tx *database.Tx, name string) (int64, error) {
	id, err := s.people.OwnOrganisation(ctx, tx)
	if err != nil || id != 0 {
		return id, err
	}
	o, err := s.people.CreateOrganisationIn(ctx, tx, people.OrganisationInput{Kind: people.Own, Name: name, Active: true})
	if fields := apperr.FieldsOf(err); len(fields) > 0 {
		return 0, apperr.InvalidField("organisation", "%s", fields[0].Message)
	}
	return o.ID, err
}
