package demo

import (
	"context"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Source marks what the demo brought.
const Source = "demo"

// Seed is the one that Fill uses.
const Seed = 2026

// Deps are what Fill writes through.
type Deps struct {
	DB       *database.DB
	People   *people.Service
	Roles    *roles.Store
	Services *service.Store
	Tickets  *ticket.Service
	Identity *identity.Service
	Blobs    blob.Store
	// Prepare writes what Prepared gives as a person; nil leaves it out.
	Prepare func(ctx context.Context, person int64) error
}

// Report says what Fill did.
type Report struct {
	Filled        bool // false: somebody was there already, and nothing was done
	Organisations int
	People        int
	Groups        int
	Services      int
	Tickets       int
	SignIns       []SignIn // of the demo's people, also when they were there before
}

// batch is how many tickets one transaction writes: few enough that nobody who
// works meanwhile waits long, many enough to be quick.
const batch = 100

// Fill writes the demo organisation and its stories up to now into an empty
// database. It does nothing where somebody else is at home. One that was
// interrupted goes on where it stopped, with the stories it had begun to tell:
// the company's ref carries their instant.
func Fill(ctx context.Context, d Deps, now time.Time) (Report, error) {
	ctx = access.With(ctx, access.NewImporter(Source))
	org := Company(Seed)
	found, err := d.look(ctx, &org)
	if err != nil {
		return Report{}, err
	}
	switch {
	case found.complete:
		return Report{SignIns: org.SignIns}, nil
	case found.begun.IsZero() && found.strangers:
		return Report{}, nil
	case found.begun.IsZero():
		found.begun = now.UTC().Truncate(time.Minute)
	}
	x, err := d.writeCompany(ctx, &org, found.begun)
	if err != nil {
		return Report{}, err
	}
	stories := Tell(&org, Seed, found.begun)
	if err := d.writeStories(ctx, x, stories); err != nil {
		return Report{}, err
	}
	if err := d.prepare(ctx, x.people); err != nil {
		return Report{}, err
	}
	// Passwords come last: who can sign in finds everything there.
	for _, in := range org.SignIns {
		if err := d.Identity.SetPassword(ctx, x.people[in.Person], in.Password); err != nil {
			return Report{}, err
		}
	}
	return Report{
		Filled: true, Organisations: len(org.Units), People: len(org.People), Groups: len(org.Groups), Services: len(org.Services),
		Tickets: len(stories), SignIns: org.SignIns,
	}, nil
}

// standing is what is in the database.
type standing struct {
	strangers bool      // people the demo did not bring
	begun     time.Time // the instant of the stories that were begun; zero when none were
	complete  bool
}

// instant separates the company's ref from the instant of its stories.
const instant = "@"

func (d Deps) look(ctx context.Context, org *Organisation) (standing, error) {
	var s standing
	last := org.SignIns[len(org.SignIns)-1].Person
	var company string
	var person int64
	err := d.DB.Reader().QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM persons WHERE source <> $1),
		COALESCE((SELECT MIN(source_ref) FROM organisations WHERE source = $1 AND source_ref LIKE $2), ''),
		COALESCE((SELECT MIN(id) FROM persons WHERE source = $1 AND source_ref = $3), 0)`,
		Source, org.Units[0].Ref+instant+"%", last).Scan(&s.strangers, &company, &person)
	if err != nil || company == "" {
		return s, err
	}
	_, at, _ := strings.Cut(company, instant)
	if s.begun, err = time.Parse(time.RFC3339, at); err != nil || person == 0 {
		return s, err
	}
	s.complete, err = d.Identity.HasPassword(ctx, person)
	return s, err
}
