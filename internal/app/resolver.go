package app

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// resolver turns the names in filters into ids, one query per kind of record.
type resolver struct {
	db       *database.DB
	people   *people.Service
	services *service.Store
}

// Resolve implements filter.Resolver.
func (r resolver) Resolve(ctx context.Context, names []filter.Name) ([][]int64, error) {
	byKind := map[string][]string{}
	for _, n := range names {
		byKind[n.Kind] = append(byKind[n.Kind], n.Text)
	}
	found := map[string]map[string][]int64{}
	for kind, texts := range byKind {
		ids, err := r.called(ctx, kind, texts)
		if err != nil {
			return nil, err
		}
		found[kind] = ids
	}
	out := make([][]int64, len(names))
	for i, n := range names {
		out[i] = found[n.Kind][n.Text]
	}
	return out, nil
}

func (r resolver) called(ctx context.Context, kind string, texts []string) (map[string][]int64, error) {
	q := r.db.Reader()
	switch kind {
	case ticket.RefPerson:
		return r.people.PersonsCalled(ctx, q, texts)
	case ticket.RefGroup:
		return r.people.GroupsCalled(ctx, q, texts)
	case ticket.RefOrganisation:
		return r.people.OrganisationsCalled(ctx, q, texts)
	case ticket.RefService:
		return r.services.Called(ctx, q, texts)
	case ticket.RefTicket:
		return ticket.Numbered(ctx, q, texts)
	}
	return nil, apperr.New(apperr.Internal, "Nothing resolves the names of a %s.", kind)
}

// directory answers the ticket's questions about people and services.
type directory struct {
	*people.Service
	services *service.Store
}

// SupportGroup implements ticket.Directory.
func (d directory) SupportGroup(ctx context.Context, q database.Querier, id int64) (int64, error) {
	return d.services.SupportGroup(ctx, q, id)
}
