package agreement

import (
	"context"
	"embed"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/kept"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of agreements.
var Migrations fs.FS = migrations

const columns = `a.id, a.name, a.role, a.organisation_id, a.group_id, a.description, a.owner_id, a.ends_at, a.created_at, a.updated_at, a.version`

func scan(r database.Row) (Agreement, error) {
	var a Agreement
	var organisation, group int64
	err := r.Scan(&a.ID, &a.Name, (*string)(&a.Role), (*database.ID)(&organisation), (*database.ID)(&group), &a.Description, (*database.ID)(&a.OwnerID),
		(*database.Time)(&a.Ends), (*database.Time)(&a.CreatedAt), (*database.Time)(&a.UpdatedAt), &a.Version)
	if a.Party = organisation; a.Role == clock.OLA {
		a.Party = group
	}
	return a, err
}

// columnsOf are the columns that hold the party.
func (a *Agreement) columnsOf() (organisation, group database.ID) {
	if a.Role == clock.OLA {
		return 0, database.ID(a.Party)
	}
	return database.ID(a.Party), 0
}

func missing() error {
	return apperr.New(apperr.NotFound, "This agreement does not exist, or you may not see it.")
}

func read(ctx context.Context, q database.Querier, id int64) (Agreement, error) {
	a, err := database.One(ctx, q, scan, `SELECT `+columns+` FROM agreements a WHERE a.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		return a, missing()
	}
	if err != nil {
		return a, err
	}
	one := []Agreement{a}
	err = versions(ctx, q, one)
	return one[0], err
}

func owner(ctx context.Context, q database.Querier, id int64) (int64, error) {
	found, err := database.One(ctx, q, database.Scalar[database.ID], `SELECT a.owner_id FROM agreements a WHERE a.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		err = missing()
	}
	return int64(found), err
}

func ownersOf(ctx context.Context, q database.Querier, ids []int64) (map[int64]int64, error) {
	return kept.Read(ctx, q, ids, `SELECT a.id, a.owner_id FROM agreements a WHERE a.id IN `, func(r database.Row) (id int64, owner int64, err error) {
		err = r.Scan(&id, (*database.ID)(&owner))
		return id, owner, err
	})
}

// all gives every agreement, the oldest first, in as many queries as there are
// hundreds of them.
func all(ctx context.Context, q database.Querier) ([]Agreement, error) {
	found, err := database.All(ctx, q, scan, `SELECT `+columns+` FROM agreements a ORDER BY a.created_at, a.id LIMIT $1`, MaxAgreements+1)
	if err != nil {
		return nil, err
	}
	return found, versions(ctx, q, found)
}

// versions fills the versions of agreements.
func versions(ctx context.Context, q database.Querier, agreements []Agreement) error {
	ids, at := make([]int64, 0, len(agreements)), make(map[int64]int, len(agreements))
	for i := range agreements {
		ids, at[agreements[i].ID] = append(ids, agreements[i].ID), i
	}
	for part := range slices.Chunk(ids, 500) {
		var args database.Args
		err := database.Each(ctx, q, func(r database.Row) error {
			var id int64
			var v Version
			err := r.Scan(&id, &v.ID, &v.Number, (*database.Time)(&v.From), database.JSON{V: &v.Terms}, &v.AuthorID, (*database.Time)(&v.CreatedAt))
			agreements[at[id]].Versions = append(agreements[at[id]].Versions, v)
			return err
		}, `SELECT v.agreement_id, v.id, v.number, v.valid_from, v.terms, v.author_id, v.created_at FROM agreement_versions v WHERE v.agreement_id IN `+
			database.In(&args, part)+` ORDER BY v.agreement_id, v.valid_from`, args.Values()...)
		if err != nil {
			return err
		}
	}
	return nil
}

func list(ctx context.Context, q database.Querier, query Query, now time.Time, limit int) ([]Agreement, error) {
	var args database.Args
	where := query.After.After(&args, "a.name_folded", "a.id")
	for _, word := range lookup.Typed(query.Text) {
		where += " AND a.name_folded LIKE " + args.Arg("%"+likeText(word)+"%") + ` ESCAPE '\'`
	}
	if query.Role != "" {
		where += " AND a.role = " + args.Arg(string(query.Role))
	}
	at := func() string { return args.Arg(database.Time(now)) }
	if query.State == Ended {
		where += " AND a.ends_at <= " + at()
	} else if query.State != "" {
		begun := "EXISTS (SELECT 1 FROM agreement_versions v WHERE v.agreement_id = a.id AND v.valid_from <= " + at() + ")"
		if query.State == Planned {
			begun = "NOT " + begun
		}
		where += " AND (a.ends_at IS NULL OR a.ends_at > " + at() + ") AND " + begun
	}
	found, err := database.All(ctx, q, scan, `SELECT `+columns+` FROM agreements a WHERE `+where+` ORDER BY a.name_folded, a.id LIMIT `+args.Arg(limit), args.Values()...)
	if err != nil {
		return nil, err
	}
	return found, versions(ctx, q, found)
}

func likeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

func count(ctx context.Context, q database.Querier) (int, error) {
	return database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM agreements`)
}

func insert(ctx context.Context, tx *database.Tx, a *Agreement) error {
	organisation, group := a.columnsOf()
	if _, err := tx.Exec(ctx, `INSERT INTO agreements (id, name, name_folded, role, organisation_id, group_id, description, owner_id, ends_at, created_at, updated_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		a.ID, a.Name, filter.Fold(a.Name), string(a.Role), organisation, group, a.Description, database.ID(a.OwnerID), database.Time(a.Ends),
		database.Time(a.CreatedAt), database.Time(a.UpdatedAt), a.Version); err != nil {
		return err
	}
	return insertVersion(ctx, tx, a.ID, a.Versions[0])
}

func insertVersion(ctx context.Context, tx *database.Tx, agreement int64, v Version) error {
	_, err := tx.Exec(ctx, `INSERT INTO agreement_versions (id, agreement_id, number, valid_from, terms, author_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		v.ID, agreement, v.Number, database.Time(v.From), database.JSON{V: v.Terms}, v.AuthorID, database.Time(v.CreatedAt))
	return err
}

// deleteVersion takes a version away that has not begun.
func deleteVersion(ctx context.Context, tx *database.Tx, id int64, now time.Time) error {
	n, err := tx.Exec(ctx, `DELETE FROM agreement_versions WHERE id = $1 AND valid_from > $2`, id, database.Time(now))
	if err == nil && n == 0 {
		return frozen()
	}
	return err
}

// update stores what is not in versions, over the version before; Conflict with the
// present one if somebody else was first.
func update(ctx context.Context, tx *database.Tx, a *Agreement) error {
	n, err := tx.Exec(ctx, `UPDATE agreements SET name = $1, name_folded = $2, description = $3, owner_id = $4, ends_at = $5, updated_at = $6, version = $7
		WHERE id = $8 AND version = $9`,
		a.Name, filter.Fold(a.Name), a.Description, database.ID(a.OwnerID), database.Time(a.Ends), database.Time(a.UpdatedAt), a.Version, a.ID, a.Version-1)
	if err != nil || n > 0 {
		return err
	}
	now, err := read(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	return stale(&now)
}
