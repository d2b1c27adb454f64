package calendar

import (
	"context"
	"embed"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of calendars, and the two that every installation has.
var Migrations fs.FS = migrations

const columns = `c.id, COALESCE(c.key, ''), c.name, c.description, c.zone, c.standard, COALESCE(c.feed_hash, '') <> '', c.rules, c.created_at, c.updated_at, c.version`

func scan(r database.Row) (Record, error) {
	var c Record
	err := r.Scan(&c.ID, &c.Key, &c.Name, &c.Description, &c.Zone, &c.Standard, &c.Subscribed, &c.Rules,
		(*database.Time)(&c.CreatedAt), (*database.Time)(&c.UpdatedAt), &c.Version)
	return c, err
}

func missing() error {
	return apperr.New(apperr.NotFound, "This calendar does not exist, or you may not see it.")
}

// read gives one calendar with its versions.
func read(ctx context.Context, q database.Querier, id int64) (Record, error) {
	return readWhere(ctx, q, `c.id = $1 AND c.deleted_at IS NULL`, id)
}

func readStandard(ctx context.Context, q database.Querier) (Record, error) {
	return readWhere(ctx, q, `c.standard AND c.deleted_at IS NULL`)
}

func readKey(ctx context.Context, q database.Querier, key string) (Record, error) {
	return readWhere(ctx, q, `c.key = $1 AND c.deleted_at IS NULL`, key)
}

func readFeed(ctx context.Context, q database.Querier, hash string) (Record, error) {
	return readWhere(ctx, q, `c.feed_hash = $1 AND c.deleted_at IS NULL`, hash)
}

func readWhere(ctx context.Context, q database.Querier, where string, args ...any) (Record, error) {
	c, err := database.One(ctx, q, scan, `SELECT `+columns+` FROM calendars c WHERE `+where, args...)
	if apperr.Is(err, apperr.NotFound) {
		return c, missing()
	}
	if err != nil {
		return c, err
	}
	one := []Record{c}
	err = versions(ctx, q, one)
	return one[0], err
}

// versions fills the versions of some calendars, in one query.
func versions(ctx context.Context, q database.Querier, all []Record) error {
	ids, at := make([]int64, 0, len(all)), make(map[int64]int, len(all))
	for i := range all {
		ids, at[all[i].ID] = append(ids, all[i].ID), i
	}
	if len(ids) == 0 {
		return nil
	}
	var args database.Args
	return database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var from string
		var v Version
		if err := r.Scan(&id, &from, database.JSON{V: &v}); err != nil {
			return err
		}
		if err := v.From.UnmarshalText([]byte(from)); err != nil {
			return err
		}
		all[at[id]].Versions = append(all[at[id]].Versions, v)
		return nil
	}, `SELECT calendar_id, effective_from, document FROM calendar_versions WHERE calendar_id IN `+database.In(&args, ids)+
		` ORDER BY calendar_id, effective_from`, args.Values()...)
}

func list(ctx context.Context, q database.Querier, query Query, limit int) ([]Record, error) {
	var args database.Args
	where := "c.deleted_at IS NULL AND " + query.After.After(&args, "c.name_folded", "c.id")
	for _, word := range lookup.Typed(query.Text) {
		where += " AND c.name_folded LIKE " + args.Arg("%"+likeText(word)+"%") + ` ESCAPE '\'`
	}
	all, err := database.All(ctx, q, scan, `SELECT `+columns+` FROM calendars c WHERE `+where+` ORDER BY c.name_folded, c.id LIMIT `+args.Arg(limit), args.Values()...)
	if err != nil {
		return nil, err
	}
	return all, versions(ctx, q, all)
}

func likeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// current gives the versions of calendars, by id, to see which cached hours are stale.
func current(ctx context.Context, q database.Querier, ids []int64) (map[int64]int64, error) {
	out := make(map[int64]int64, len(ids))
	for part := range slices.Chunk(ids, 200) {
		var args database.Args
		err := database.Each(ctx, q, func(r database.Row) error {
			var id, version int64
			err := r.Scan(&id, &version)
			out[id] = version
			return err
		}, `SELECT id, version FROM calendars WHERE id IN `+database.In(&args, part), args.Values()...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// whole gives calendars with their versions, by id; deleted ones, too: what was
// promised by them goes on.
func whole(ctx context.Context, q database.Querier, ids []int64) ([]Record, error) {
	var out []Record
	for part := range slices.Chunk(ids, 200) {
		var args database.Args
		all, err := database.All(ctx, q, scan, `SELECT `+columns+` FROM calendars c WHERE c.id IN `+database.In(&args, part)+` ORDER BY c.id`, args.Values()...)
		if err == nil {
			err = versions(ctx, q, all)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, all...)
	}
	return out, nil
}

func insert(ctx context.Context, tx *database.Tx, c *Record) error {
	if _, err := tx.Exec(ctx, `INSERT INTO calendars (id, name, name_folded, description, zone, standard, rules, created_at, updated_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		c.ID, c.Name, filter.Fold(c.Name), c.Description, c.Zone, c.Standard, c.Rules, database.Time(c.CreatedAt), database.Time(c.UpdatedAt), c.Version); err != nil {
		return err
	}
	return insertVersions(ctx, tx, c)
}

func insertVersions(ctx context.Context, tx *database.Tx, c *Record) error {
	for part := range slices.Chunk(c.Versions, 50) {
		var args database.Args
		rows := make([]string, 0, len(part))
		for _, v := range part {
			from := v.From.String()
			v.From = Date{}
			rows = append(rows, database.In(&args, []any{c.ID, from, database.JSON{V: v}}))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO calendar_versions (calendar_id, effective_from, document) VALUES `+strings.Join(rows, ", "), args.Values()...); err != nil {
			return err
		}
	}
	return nil
}

// update stores a calendar over the version before; Conflict with the present one
// if somebody else was first.
func update(ctx context.Context, tx *database.Tx, c *Record) error {
	n, err := tx.Exec(ctx, `UPDATE calendars SET name = $1, name_folded = $2, description = $3, zone = $4, rules = $5, updated_at = $6, version = $7
		WHERE id = $8 AND version = $9 AND deleted_at IS NULL`,
		c.Name, filter.Fold(c.Name), c.Description, c.Zone, c.Rules, database.Time(c.UpdatedAt), c.Version, c.ID, c.Version-1)
	if err != nil {
		return err
	}
	if n == 0 {
		now, err := read(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		return stale(&now)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM calendar_versions WHERE calendar_id = $1`, c.ID); err != nil {
		return err
	}
	return insertVersions(ctx, tx, c)
}

func remove(ctx context.Context, tx *database.Tx, id int64, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE calendars SET deleted_at = $1, version = version + 1 WHERE id = $2`, database.Time(now), id)
	return err
}

func revive(ctx context.Context, tx *database.Tx, id int64) (int64, error) {
	return tx.Exec(ctx, `UPDATE calendars SET deleted_at = NULL, version = version + 1 WHERE id = $1 AND deleted_at IS NOT NULL`, id)
}

func makeStandard(ctx context.Context, tx *database.Tx, id int64, now time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE calendars SET standard = FALSE WHERE standard`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE calendars SET standard = TRUE, version = version + 1, updated_at = $1 WHERE id = $2`, database.Time(now), id)
	return err
}

// setFeed stores the hash of an address; "" takes it away.
func setFeed(ctx context.Context, tx *database.Tx, id int64, hash string, by int64) error {
	var kept any
	if hash != "" {
		kept = hash
	}
	_, err := tx.Exec(ctx, `UPDATE calendars SET feed_hash = $1, feed_by = $2 WHERE id = $3`, kept, database.ID(by), id)
	return err
}

func names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id int64) bool { return id == 0 })
	out := make(map[int64]string, len(ids))
	for part := range slices.Chunk(ids, 200) {
		var args database.Args
		err := database.Each(ctx, q, func(r database.Row) error {
			var id int64
			var name string
			err := r.Scan(&id, &name)
			out[id] = name
			return err
		}, `SELECT id, name FROM calendars WHERE id IN `+database.In(&args, part), args.Values()...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func present(ctx context.Context, q database.Querier, ids []int64) (map[int64]bool, error) {
	out := make(map[int64]bool, len(ids))
	for part := range slices.Chunk(ids, 200) {
		var args database.Args
		err := database.Each(ctx, q, func(r database.Row) error {
			var id int64
			err := r.Scan(&id)
			out[id] = true
			return err
		}, `SELECT id FROM calendars WHERE deleted_at IS NULL AND id IN `+database.In(&args, part), args.Values()...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
