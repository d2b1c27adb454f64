package service

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Called gives the services that each text names, without regard to case and accents.
func (s *Store) Called(ctx context.Context, q database.Querier, texts []string) (map[string][]int64, error) {
	if err := mayRead(ctx); err != nil {
		return map[string][]int64{}, nil //nolint:nilerr // who may not read services knows none by name
	}
	folded := make([]string, len(texts))
	for i, t := range texts {
		folded[i] = filter.Fold(clean(t))
	}
	var args database.Args
	found := map[string]int64{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var name string
		var id int64
		err := r.Scan(&name, &id)
		found[name] = id
		return err
	}, `SELECT s.name_folded, s.id FROM services s WHERE s.name_folded IN `+database.In(&args, folded)+` ORDER BY s.id LIMIT 500`, args.Values()...)
	out := make(map[string][]int64, len(texts))
	for i, t := range texts {
		if id := found[folded[i]]; id != 0 {
			out[t] = []int64{id}
		}
	}
	return out, err
}
