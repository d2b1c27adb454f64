package people

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// GroupPlace is where a group stands: its support tier and its home organisation.
type GroupPlace struct {
	Tier           int // 1 to 3; 0 for none
	OrganisationID int64
}

// GroupPlaces gives every group's place, for figures that are cut by tier and
// supplier. It asks for no permission: it names nobody.
func (s *Service) GroupPlaces(ctx context.Context, q database.Querier) (map[int64]GroupPlace, error) {
	places := map[int64]GroupPlace{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var p GroupPlace
		err := r.Scan(&id, &p.Tier, (*database.ID)(&p.OrganisationID))
		places[id] = p
		return err
	}, `SELECT g.id, g.tier, g.organisation_id FROM groups g`)
	return places, err
}

// Suppliers gives the supplier that each group belongs to: the nearest organisation
// above the group's that is no unit, if that is a supplier. Groups of one's own are
// left out. It asks for no permission: it names nobody.
func (s *Service) Suppliers(ctx context.Context, q database.Querier) (map[int64]int64, error) {
	suppliers, seen := map[int64]int64{}, map[int64]bool{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var group, organisation int64
		var kind OrganisationKind
		err := r.Scan(&group, &organisation, &kind)
		if !seen[group] && kind == Supplier {
			suppliers[group] = organisation
		}
		seen[group] = true
		return err
	}, `SELECT g.id, o.id, o.kind FROM groups g JOIN organisation_tree t ON t.organisation_id = g.organisation_id
		JOIN organisations o ON o.id = t.ancestor_id WHERE o.kind <> 'unit' ORDER BY g.id, t.depth`)
	return suppliers, err
}

// Above gives organisations and those above each, the nearest first. It asks for no
// permission.
func (s *Service) Above(ctx context.Context, q database.Querier, ids []int64) (map[int64][]int64, error) {
	out := make(map[int64][]int64, len(ids))
	for part := range slices.Chunk(ids, refsBatch) {
		var args database.Args
		err := database.Each(ctx, q, func(r database.Row) error {
			var id, above int64
			err := r.Scan(&id, &above)
			out[id] = append(out[id], above)
			return err
		}, `SELECT t.organisation_id, t.ancestor_id FROM organisation_tree t WHERE t.organisation_id IN `+database.In(&args, part)+` ORDER BY t.organisation_id, t.depth`, args.Values()...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
