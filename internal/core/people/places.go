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
