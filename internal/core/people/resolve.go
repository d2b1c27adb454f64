package people

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// maxSame bounds how many records one name can stand for.
const maxSame = 500

// PersonsCalled gives the persons that each text names, by e-mail address or by
// whole name without regard to case and accents. Persons the actor may not look
// up are not found.
func (s *Service) PersonsCalled(ctx context.Context, q database.Querier, texts []string) (map[string][]int64, error) {
	var args database.Args
	where := visiblePeople(access.From(ctx)).SQL(&args)
	folded := foldAll(texts)
	list := database.In(&args, folded)
	found, err := called(ctx, q, `SELECT p.name_folded, p.id FROM persons p WHERE `+where+` AND p.name_folded IN `+list+
		` UNION SELECT p.email_folded, p.id FROM persons p WHERE `+where+` AND p.email_folded IN `+list+` ORDER BY 1, 2 LIMIT `+args.Arg(maxSame), &args)
	return byText(texts, found), err
}

// GroupsCalled is PersonsCalled for groups.
func (s *Service) GroupsCalled(ctx context.Context, q database.Querier, texts []string) (map[string][]int64, error) {
	var args database.Args
	where := visibleGroups(access.From(ctx)).SQL(&args)
	found, err := called(ctx, q, `SELECT g.name_folded, g.id FROM groups g WHERE `+where+` AND g.name_folded IN `+database.In(&args, foldAll(texts))+
		` ORDER BY g.name_folded, g.id LIMIT `+args.Arg(maxSame), &args)
	return byText(texts, found), err
}

// OrganisationsCalled gives, for each name, the organisations of that name and
// everything below them.
func (s *Service) OrganisationsCalled(ctx context.Context, q database.Querier, texts []string) (map[string][]int64, error) {
	var args database.Args
	where := visibleOrganisations(access.From(ctx)).SQL(&args)
	found, err := called(ctx, q, `SELECT o.name_folded, x.organisation_id FROM organisations o JOIN organisation_tree x ON x.ancestor_id = o.id
		WHERE `+where+` AND o.name_folded IN `+database.In(&args, foldAll(texts))+` ORDER BY 1, 2 LIMIT `+args.Arg(maxSame), &args)
	return byText(texts, found), err
}

func foldAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = filter.Fold(clean(t))
	}
	return out
}

// called collects rows of a folded name and an id.
func called(ctx context.Context, q database.Querier, query string, args *database.Args) (map[string][]int64, error) {
	found := map[string][]int64{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var name string
		var id int64
		err := r.Scan(&name, &id)
		found[name] = append(found[name], id)
		return err
	}, query, args.Values()...)
	return found, err
}

func byText(texts []string, found map[string][]int64) map[string][]int64 {
	out := make(map[string][]int64, len(texts))
	for _, t := range texts {
		out[t] = found[filter.Fold(clean(t))]
	}
	return out
}
