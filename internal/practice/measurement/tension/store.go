package tension

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Guard says of pairs which the actor may see now. It is a notify.Guard of Subject.
func (t *Tension) Guard(ctx context.Context, ids []int64) ([]int64, error) {
	if !mayRead(access.From(ctx)) {
		return nil, nil
	}
	var args database.Args
	return database.All(ctx, t.d.DB.Reader(), database.Scalar[int64], `SELECT p.id FROM tension_pairs p WHERE p.deleted_at IS NULL AND p.id IN `+database.In(&args, ids), args.Values()...)
}
