package jobs

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// register adds a node.
func (s store) register(ctx context.Context, tx *database.Tx, node int64, name string, now time.Time) error {
	_, err := tx.Exec(ctx, "INSERT INTO job_nodes (id, name, beat, seen_at) VALUES ($1, $2, 1, $3)", node, name, database.Time(now))
	return err
}

// unregister removes a node that holds nothing.
func (s store) unregister(ctx context.Context, tx *database.Tx, node int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM job_nodes WHERE id = $1
		AND NOT EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND node = $1)`, node)
	return err
}

// beat shows the others that a node lives; false when they have given it up.
// In a transaction it also keeps them from doing so until the commit.
func (s store) beat(ctx context.Context, q database.Querier, node int64, now time.Time) (alive bool, err error) {
	n, err := q.Exec(ctx, "UPDATE job_nodes SET beat = beat + 1, seen_at = $1 WHERE id = $2", database.Time(now), node)
	return n == 1, err
}

// holder is another node that holds jobs.
type holder struct {
	node int64
	beat int64 // 0 when the node is not registered
	name string
}

// holders lists the nodes other than this one that hold jobs, stepping from
// node to node in the index of running jobs.
func (s store) holders(ctx context.Context, q database.Querier, self int64) ([]holder, error) {
	return database.All(ctx, q, func(r database.Row) (holder, error) {
		var h holder
		err := r.Scan(&h.node, &h.beat, &h.name)
		return h, err
	}, `WITH RECURSIVE held (node) AS (
			SELECT (SELECT min(node) FROM jobs WHERE state = 'running')
			UNION ALL
			SELECT (SELECT min(node) FROM jobs WHERE state = 'running' AND node > held.node) FROM held WHERE held.node IS NOT NULL)
		SELECT held.node, COALESCE(n.beat, 0), COALESCE(n.name, 'unknown')
		FROM held LEFT JOIN job_nodes n ON n.id = held.node
		WHERE held.node IS NOT NULL AND held.node <> $1 LIMIT 1000`, self)
}

// takeOver makes the jobs of a dead node ready again and gives the keys among
// them; nothing when the node turns out to have moved on from h.beat.
func (s store) takeOver(ctx context.Context, tx *database.Tx, h holder, now time.Time) (jobs int64, err error) {
	n, err := tx.Exec(ctx, "DELETE FROM job_nodes WHERE id = $1 AND beat = $2", h.node, h.beat)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		// Either it beats again, or another node was faster, or it was never
		// registered: only then are its jobs anybody's.
		if h.beat != 0 {
			return 0, nil
		}
		_, err := database.One(ctx, tx, database.Scalar[int64], "SELECT id FROM job_nodes WHERE id = $1", h.node)
		if !apperr.Is(err, apperr.NotFound) {
			return 0, err
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO job_errors (job_id, attempt, at, node, message)
		SELECT id, attempts, $1, $2, 'The node stopped while the job ran.' FROM jobs WHERE state = 'running' AND node = $3`,
		database.Time(now), h.name, h.node); err != nil {
		return 0, err
	}
	return tx.Exec(ctx, "UPDATE jobs SET state = 'ready', node = NULL WHERE state = 'running' AND node = $1", h.node)
}

// disown makes the jobs ready again that a node holds but does not know of.
func (s store) disown(ctx context.Context, tx *database.Tx, node int64, known []int64) error {
	arg, err := list(idRows(known))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE jobs SET state = 'ready', node = NULL, attempts = attempts - 1
		WHERE state = 'running' AND node = $2 AND id NOT IN (`+s.ids(1)+`)`, arg, node)
	return err
}

// forgetNodes removes nodes that were not seen since before and hold nothing.
func (s store) forgetNodes(ctx context.Context, tx *database.Tx, before time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM job_nodes WHERE seen_at < $1
		AND NOT EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND node = job_nodes.id)`, database.Time(before))
	return err
}

// firedSlots gives the slot each schedule fired last.
func (s store) firedSlots(ctx context.Context, q database.Querier) (map[string]time.Time, error) {
	type fired struct {
		name string
		slot time.Time
	}
	all, err := database.All(ctx, q, func(r database.Row) (fired, error) {
		var f fired
		err := r.Scan(&f.name, (*database.Time)(&f.slot))
		return f, err
	}, "SELECT name, slot FROM job_schedules ORDER BY name LIMIT 10000")
	out := make(map[string]time.Time, len(all))
	for _, f := range all {
		out[f.name] = f.slot
	}
	return out, err
}

// takeSlot moves a schedule from one fired slot to the next; false when
// another node did it first. A schedule that never fired has a zero from.
func (s store) takeSlot(ctx context.Context, tx *database.Tx, name string, from, to time.Time) (bool, error) {
	if from.IsZero() {
		n, err := tx.Exec(ctx, "INSERT INTO job_schedules (name, slot) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, database.Time(to))
		return n == 1, err
	}
	n, err := tx.Exec(ctx, "UPDATE job_schedules SET slot = $1 WHERE name = $2 AND slot = $3", database.Time(to), name, database.Time(from))
	return n == 1, err
}
