package kept

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// batch is how many ids one query asks for.
const batch = 500

// ByID gives what stands behind ids, those that are not kept in one query, whose
// text goes on with the list of them. Missing ids and 0 are left out. q is the
// database's Reader; within a transaction everything is read from it, and kept is
// nothing.
func ByID[T any](ctx context.Context, c *Cache[int64, T], q database.Querier, ids []int64, query string,
	scan func(database.Row) (int64, T, error),
) (map[int64]T, error) {
	if q != c.db.Reader() {
		return Read(ctx, q, ids, query, scan)
	}
	return c.Many(ctx, database.Distinct(ids), func(ctx context.Context, missing []int64) (map[int64]T, error) {
		return Read(ctx, q, missing, query, scan)
	})
}

// Read is ByID of what is not kept at all.
func Read[T any](ctx context.Context, q database.Querier, ids []int64, query string, scan func(database.Row) (int64, T, error)) (map[int64]T, error) {
	ids = database.Distinct(ids)
	out := make(map[int64]T, len(ids))
	for part := range slices.Chunk(ids, batch) {
		var args database.Args
		err := database.Each(ctx, q, func(r database.Row) error {
			id, v, err := scan(r)
			out[id] = v
			return err
		}, query+database.In(&args, part), args.Values()...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
