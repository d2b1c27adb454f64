package people

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/kept"
)

// Contact is how to reach a person.
type Contact struct {
	ID       int64
	Email    string
	Phone    string
	Location string
	Language string // a BCP 47 tag; "" is not said
}

// Contacts says how to reach those of some people whom the actor may look up, in
// one query for a page.
func (s *Service) Contacts(ctx context.Context, q database.Querier, ids []int64) (map[int64]Contact, error) {
	actor := access.From(ctx)
	type reached struct {
		Contact
		organisation int64
	}
	found, err := kept.Read(ctx, q, ids, "SELECT p.id, p.organisation_id, p.email, p.phone, p.location, p.language FROM persons p WHERE p.id IN ",
		func(r database.Row) (id int64, c reached, err error) {
			err = r.Scan(&c.ID, (*database.ID)(&c.organisation), &c.Email, &c.Phone, &c.Location, &c.Language)
			return c.ID, c, err
		})
	out := make(map[int64]Contact, len(found))
	for id, c := range found {
		if id == actor.ID || actor.Check(access.ViewPeople, access.Record{Requester: id, Organisation: c.organisation}).Allowed {
			out[id] = c.Contact
		}
	}
	return out, err
}

// Answerable is somebody who answers for something towards those who use it, and how
// to reach them.
type Answerable struct {
	ID       int64
	Name     string
	JobTitle string
	Email    string
	Phone    string
}

// Answerables gives the active ones of some people with how to reach them, in one
// query for a page. It asks for no permission: call it only for those who answer for
// what the reader sees.
func (s *Service) Answerables(ctx context.Context, q database.Querier, ids []int64) (map[int64]Answerable, error) {
	return kept.Read(ctx, q, ids, "SELECT p.id, p.name, p.job_title, p.email, p.phone FROM persons p WHERE p.active AND p.id IN ",
		func(r database.Row) (id int64, a Answerable, err error) {
			err = r.Scan(&a.ID, &a.Name, &a.JobTitle, &a.Email, &a.Phone)
			return a.ID, a, err
		})
}
