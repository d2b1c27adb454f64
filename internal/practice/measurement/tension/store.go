package tension

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
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

func (t *Tension) pairs(ctx context.Context) ([]Pair, error) {
	return database.All(ctx, t.d.DB.Reader(), scanPair, `SELECT `+pairColumns+` FROM tension_pairs p WHERE p.deleted_at IS NULL ORDER BY p.id LIMIT $1`, maxPairs)
}

func load(ctx context.Context, q database.Querier, id int64) (Pair, error) {
	p, err := database.One(ctx, q, scanPair, `SELECT `+pairColumns+` FROM tension_pairs p WHERE p.id = $1 AND p.deleted_at IS NULL`, id)
	if apperr.Is(err, apperr.NotFound) {
		return p, apperr.New(apperr.NotFound, "There is no such pair.")
	}
	return p, err
}

func (t *Tension) insert(ctx context.Context, tx *database.Tx, p *Pair) (int64, error) {
	n, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM tension_pairs WHERE deleted_at IS NULL`)
	if err != nil {
		return 0, err
	}
	if n >= maxPairs {
		return 0, apperr.InvalidField("process", "There are %d pairs, which is as many as there can be. Delete one first.", n)
	}
	p.ID, p.Version, p.CreatedAt = tx.NextID(), 1, t.d.Clock().UTC()
	p.UpdatedAt = p.CreatedAt
	_, err = tx.Exec(ctx, `INSERT INTO tension_pairs (id, process, goal, partners, filter, periods, owner_id, created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.ID, string(p.Process), p.Goal, database.JSON{V: p.Partners}, p.Filter, p.Periods, p.OwnerID, database.Time(p.CreatedAt), database.Time(p.UpdatedAt), p.Version)
	if err != nil {
		return 0, err
	}
	return p.ID, t.audited(ctx, tx, "tension.create", nil, p)
}

// Change replaces what a pair is made of. version is the one that was read; 0
// does not check. Conflict carries the pair as it is now.
func (t *Tension) Change(ctx context.Context, id, version int64, change func(p *Pair)) (Pair, error) {
	current, err := t.Pair(ctx, id)
	if err != nil {
		return current, err
	}
	change(&current)
	if err := t.mayChange(ctx, &current); err != nil {
		return current, err
	}
	var p Pair
	err = t.d.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := load(ctx, tx, id)
		if err != nil {
			return err
		}
		if version != 0 && version != before.Version {
			return apperr.Stale(&before, "Somebody else changed this pair meanwhile.")
		}
		p = before
		change(&p)
		p.UpdatedAt, p.Version = t.d.Clock().UTC(), before.Version+1
		n, err := tx.Exec(ctx, `UPDATE tension_pairs SET process = $1, goal = $2, partners = $3, filter = $4, periods = $5, updated_at = $6, version = $7 WHERE id = $8 AND version = $9`,
			string(p.Process), p.Goal, database.JSON{V: p.Partners}, p.Filter, p.Periods, database.Time(p.UpdatedAt), p.Version, id, before.Version)
		if err == nil && n == 0 {
			err = apperr.New(apperr.Conflict, "Somebody else changed this pair at the same moment. Please try again.")
		}
		if err != nil {
			return err
		}
		if err := endAlarms(ctx, tx, &before, &p); err != nil {
			return err
		}
		return t.audited(ctx, tx, "tension.update", &before, &p)
	})
	return p, err
}

// endAlarms ends the alarms that nobody would end: those of partners that a pair no
// longer has, and all of one that is about something else now.
func endAlarms(ctx context.Context, tx *database.Tx, before, now *Pair) error {
	var args database.Args
	gone := ""
	if now.Process == before.Process && now.Filter == before.Filter {
		keys := make([]string, len(now.Partners))
		for i, p := range now.Partners {
			keys[i] = string(p.Metric)
		}
		gone = ` AND partner NOT IN ` + database.In(&args, keys)
	}
	_, err := tx.Exec(ctx, `UPDATE tension_alarms SET ended_at = `+args.Arg(database.Time(now.UpdatedAt))+` WHERE ended_at IS NULL AND pair_id = `+args.Arg(now.ID)+gone, args.Values()...)
	return err
}

// Delete takes a pair away; its alarms stay on record.
func (t *Tension) Delete(ctx context.Context, id int64) error {
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	return t.d.DB.Write(ctx, func(tx *database.Tx) error {
		p, err := load(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE tension_pairs SET deleted_at = $1 WHERE id = $2`, database.Time(t.d.Clock()), id); err != nil {
			return err
		}
		if err := endAll(ctx, tx, id, t.d.Clock()); err != nil {
			return err
		}
		return t.audited(ctx, tx, "tension.delete", &p, nil)
	})
}
