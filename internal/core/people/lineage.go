package people

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// Move says that an organisation hung below another one until an instant.
type Move struct {
	Organisation int64
	Parent       int64 // before; 0 for none
	At           time.Time
}

// Lineages gives a function that says what is above some organisations, the nearest
// first and each itself included, as the tree was at an instant: an organisation that
// moved later hung where it was before. It asks for no permission.
func (s *Service) Lineages(ctx context.Context, q database.Querier, ids []int64) (func(organisation int64, at time.Time) []int64, error) {
	moves, err := readMoves(ctx, q)
	if err != nil {
		return nil, err
	}
	asked := slices.Clone(ids)
	for _, m := range moves {
		asked = append(asked, m.Organisation, m.Parent)
	}
	slices.Sort(asked)
	asked = slices.DeleteFunc(slices.Compact(asked), func(id int64) bool { return id == 0 })
	above, err := s.Above(ctx, q, asked)
	if err != nil {
		return nil, err
	}
	return lineage(above, moves), nil
}

// lineage climbs the tree as it was. moves are ordered by their instants.
func lineage(above map[int64][]int64, moves []Move) func(int64, time.Time) []int64 {
	if len(moves) == 0 {
		return func(id int64, _ time.Time) []int64 { return above[id] }
	}
	parents := map[int64]int64{}
	for line := range maps.Values(above) {
		for i := range line[:max(len(line)-1, 0)] {
			parents[line[i]] = line[i+1]
		}
	}
	return func(id int64, at time.Time) []int64 {
		if id == 0 {
			return nil
		}
		out := []int64{id}
		for len(out) <= maxDepth {
			up := parents[id]
			if i := slices.IndexFunc(moves, func(m Move) bool { return m.Organisation == id && m.At.After(at) }); i >= 0 {
				up = moves[i].Parent
			}
			if up == 0 {
				break
			}
			id = up
			out = append(out, id)
		}
		return out
	}
}
