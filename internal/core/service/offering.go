package service

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// MaxOfferings is how many offerings a service has at most.
const MaxOfferings = 50

// Offering is a level at which a service is offered, such as standard and premium: what
// is promised, and later what it costs, depends on which of them a customer has.
type Offering struct {
	ID        int64 `json:"id"`
	ServiceID int64 `json:"service_id"`
	OfferingInput
	CreatedAt time.Time `json:"-"`
	UpdatedAt time.Time `json:"-"`
	Version   int64     `json:"version"`
}

// OfferingInput is what can be edited of an offering.
type OfferingInput struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Active      bool   `json:"active"` // customers can still be given it
}

// Use says which offering of a service an organisation, and everything below it, has
// from an instant on.
type Use struct {
	ID             int64     `json:"id"`
	ServiceID      int64     `json:"service_id"`
	OrganisationID int64     `json:"organisation_id,omitempty"` // 0 is everybody who has none of their own
	OfferingID     int64     `json:"offering_id,omitempty"`     // 0 is none any more
	Since          time.Time `json:"since"`
}

const noOffering = "This offering does not exist."

func (in *OfferingInput) check() error {
	in.Name, in.Description = clean(in.Name), clean(in.Description)
	var wrong apperr.Problems
	switch n := utf8.RuneCountInString(in.Name); {
	case n == 0:
		wrong.Add("name", "Give a name.")
	case n > 200 || strings.ContainsAny(in.Name, "\r\n\t"):
		wrong.Add("name", "A name is a single line of at most 200 characters.")
	}
	if utf8.RuneCountInString(in.Description) > 5000 {
		wrong.Add("description", "Use at most 5000 characters.")
	}
	return wrong.Err()
}

// Offerings gives the offerings of a service by name, those in use first.
func (s *Store) Offerings(ctx context.Context, service int64) ([]Offering, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	return readOfferings(ctx, s.db.Reader(), service)
}

// Offering gives one offering.
func (s *Store) Offering(ctx context.Context, id int64) (Offering, error) {
	if err := mayRead(ctx); err != nil {
		return Offering{}, err
	}
	return readOffering(ctx, s.db.Reader(), id)
}

// OfferingNames gives, by id, offerings with the names of their services. Like names it
// asks for no permission. Missing ids and 0 are left out.
func (s *Store) OfferingNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]OfferingName, error) {
	return readOfferingNames(ctx, q, ids)
}

// OfferingName is what a page shows of an offering.
type OfferingName struct {
	Name      string
	ServiceID int64
	Service   string
	Active    bool
}

// SuggestOfferings completes the name of an offering or of its service, of those that
// customers can be given.
func (s *Store) SuggestOfferings(ctx context.Context, text string) ([]Suggestion, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	return suggestOfferings(ctx, s.db.Reader(), text)
}

// manageable reads a service that the actor may change.
func manageable(ctx context.Context, tx *database.Tx, id int64) (Service, error) {
	it, err := read(ctx, tx, id)
	if err != nil {
		return it, err
	}
	return it, access.From(ctx).Check(access.ManageServices, it.record()).Err()
}

// AddOffering adds an offering to a service, once per idempotency key.
func (s *Store) AddOffering(ctx context.Context, service int64, in OfferingInput) (Offering, error) {
	var made Offering
	if err := in.check(); err != nil {
		return made, err
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		it, err := manageable(ctx, tx, service)
		if err != nil {
			return err
		}
		now := s.now()
		id, replayed, err := once.Do(ctx, tx, now, []any{"add offering", service, in}, func() (int64, error) {
			others, err := readOfferings(ctx, tx, service)
			if err != nil {
				return 0, err
			}
			if len(others) >= MaxOfferings {
				return 0, apperr.InvalidField("name", "A service has at most %d offerings.", MaxOfferings)
			}
			made = Offering{ID: tx.NextID(), ServiceID: service, OfferingInput: in, CreatedAt: now, UpdatedAt: now, Version: 1}
			if err := insertOffering(ctx, tx, made); err != nil {
				return 0, duplicateOffering(err, in.Name)
			}
			return made.ID, s.log.Append(ctx, tx, entry("service.offering_add", it, nil, made))
		})
		if err == nil && replayed {
			made, err = readOffering(ctx, tx, id)
		}
		return err
	})
	return made, err
}

// UpdateOffering saves an offering that was read at a version; Conflict with the present
// one if somebody else was first.
func (s *Store) UpdateOffering(ctx context.Context, id, version int64, in OfferingInput) (Offering, error) {
	var after Offering
	if err := in.check(); err != nil {
		return after, err
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := readOffering(ctx, tx, id)
		if err != nil {
			return err
		}
		it, err := manageable(ctx, tx, before.ServiceID)
		if err != nil {
			return err
		}
		if before.Version != version {
			return apperr.Stale(before, "Somebody else saved this offering in the meantime. Look at their version and save again.")
		}
		after = before
		after.OfferingInput, after.UpdatedAt, after.Version = in, s.now(), version+1
		if err := updateOffering(ctx, tx, after); err != nil {
			return duplicateOffering(err, in.Name)
		}
		return s.log.Append(ctx, tx, entry("service.offering_update", it, before, after))
	})
	return after, err
}

func duplicateOffering(err error, name string) error {
	if apperr.Is(err, apperr.Conflict) {
		return apperr.InvalidField("name", "This service already has an offering called %s.", name)
	}
	return err
}

// Uses gives who has which offering of a service, with what was before, the newest
// first, at most 500. It is for colleagues: it names customers.
func (s *Store) Uses(ctx context.Context, service int64) ([]Use, error) {
	if a := access.From(ctx); !a.Can(access.ReadNotes, access.AnyKind) {
		if err := a.Require(access.ManageServices, access.AnyKind); err != nil {
			return nil, err
		}
	}
	return readUses(ctx, s.db.Reader(), service)
}

// Give says that an organisation has an offering of a service from an instant on; zero
// is now. What was said of that organisation from the same instant on is replaced.
// Tickets that came in before stay with what was promised them then.
func (s *Store) Give(ctx context.Context, use Use) (Use, error) {
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		it, err := manageable(ctx, tx, use.ServiceID)
		if err != nil {
			return err
		}
		if use.Since.IsZero() {
			use.Since = s.now()
		}
		use.Since = use.Since.UTC().Truncate(time.Microsecond)
		if err := checkUse(ctx, tx, &use); err != nil {
			return err
		}
		before, err := sameUse(ctx, tx, use)
		if err != nil {
			return err
		}
		use.ID = tx.NextID()
		if before.ID != 0 {
			if err := deleteUse(ctx, tx, before.ID); err != nil {
				return err
			}
		}
		if err := insertUse(ctx, tx, use); err != nil {
			return err
		}
		var was any
		if before.ID != 0 {
			was = before
		}
		return s.usesChanged(ctx, tx, entry("service.offering_give", it, was, use))
	})
	return use, err
}

// TakeBack removes what was said of a use, as if it had not been.
func (s *Store) TakeBack(ctx context.Context, service, id int64) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		it, err := manageable(ctx, tx, service)
		if err != nil {
			return err
		}
		use, err := readUse(ctx, tx, service, id)
		if err != nil {
			return err
		}
		if err := deleteUse(ctx, tx, id); err != nil {
			return err
		}
		return s.usesChanged(ctx, tx, entry("service.offering_take_back", it, use, nil))
	})
}

func (s *Store) usesChanged(ctx context.Context, tx *database.Tx, e audit.Entry) error {
	s.uses.Changed(tx)
	if err := s.tellRules(ctx, tx); err != nil {
		return err
	}
	return s.log.Append(ctx, tx, e)
}

// tellRules tells who follows what rules read of services.
func (s *Store) tellRules(ctx context.Context, tx *database.Tx) error {
	for _, f := range s.follow {
		if err := f(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// Follow lets a room hear, within the transaction, of what rules read of services: that
// customers have other offerings, or that the business stops without a service, or no
// longer. Call it while the system is put together.
func (s *Store) Follow(f func(ctx context.Context, tx *database.Tx) error) {
	s.follow = append(s.follow, f)
}

// maxUses bounds how many uses are looked at by rules.
const maxUses = 100_000

// OfferingThen gives a function that says which offering of a service holds for an
// organisation at an instant: of the nearest of those given, the organisation itself
// first, that has one, or else what everybody has; 0 for none. It asks for no
// permission: it is for rules.
func (s *Store) OfferingThen(ctx context.Context) (func(service int64, above []int64, at time.Time) int64, error) {
	u, err := s.uses.Get(ctx, struct{}{}, func(ctx context.Context, _ struct{}) (uses, error) {
		all, err := allUses(ctx, s.db.Reader(), maxUses)
		u := uses{}
		for _, use := range all { // by their instants
			key := used{use.ServiceID, use.OrganisationID}
			u[key] = append(u[key], use)
		}
		return u, err
	})
	return u.then, err
}

// uses are what organisations have of services, by their instants.
type uses map[used][]Use

type used struct{ service, organisation int64 }

func (u uses) then(service int64, above []int64, at time.Time) int64 {
	if len(u) == 0 {
		return 0
	}
	for _, organisation := range append(slices.Clone(above), 0) {
		all := u[used{service, organisation}]
		for i := len(all) - 1; i >= 0; i-- {
			if all[i].Since.After(at) {
				continue
			}
			if all[i].OfferingID != 0 {
				return all[i].OfferingID
			}
			break
		}
	}
	return 0
}
