package people

import (
	"context"
	"math"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// readPlaces reads where groups stand and stood, in a fixed number of queries.
func (s *Service) readPlaces(ctx context.Context, q database.Querier) (*places, error) {
	p := &places{homes: map[int64]int64{}, parents: map[int64]int64{}, kinds: map[int64]OrganisationKind{}}
	var asked []int64
	err := database.Each(ctx, q, func(r database.Row) error {
		var group, home int64
		err := r.Scan(&group, &home)
		p.homes[group] = home
		asked = append(asked, home)
		return err
	}, `SELECT g.id, g.organisation_id FROM groups g WHERE g.organisation_id IS NOT NULL ORDER BY g.id`)
	if err != nil {
		return nil, err
	}
	if p.moves, err = readMoves(ctx, q); err != nil {
		return nil, err
	}
	if p.were, err = readKinds(ctx, q); err != nil {
		return nil, err
	}
	if p.tenures, err = readTenures(ctx, q); err != nil {
		return nil, err
	}
	for _, m := range p.moves {
		asked = append(asked, m.Organisation, m.Parent)
	}
	for _, t := range p.tenures {
		asked = append(asked, t.Organisation)
	}
	above, err := s.Above(ctx, q, database.Distinct(asked))
	if err != nil {
		return nil, err
	}
	for _, line := range above {
		for i, id := range line {
			p.parents[id] = 0
			if i+1 < len(line) {
				p.parents[id] = line[i+1]
			}
		}
	}
	var all []int64
	for id := range p.parents {
		all = append(all, id)
	}
	kinds, err := s.OrganisationStandings(ctx, q, all)
	for id, o := range kinds {
		p.kinds[id] = o.Kind
	}
	return p, err
}

func readKinds(ctx context.Context, q database.Querier) ([]kindUntil, error) {
	return database.All(ctx, q, func(r database.Row) (kindUntil, error) {
		var k kindUntil
		err := r.Scan(&k.Organisation, &k.Kind, (*database.Time)(&k.Until))
		return k, err
	}, `SELECT k.organisation_id, k.kind, k.until FROM organisation_kinds k ORDER BY k.until, k.organisation_id LIMIT $1`, maxMoves)
}

func readTenures(ctx context.Context, q database.Querier) ([]tenure, error) {
	return database.All(ctx, q, func(r database.Row) (tenure, error) {
		var t tenure
		err := r.Scan(&t.Group, (*database.ID)(&t.Organisation), (*database.Time)(&t.Until))
		return t, err
	}, `SELECT h.group_id, h.organisation_id, h.until FROM group_homes h ORDER BY h.until, h.group_id LIMIT $1`, maxMoves)
}

// insertKind notes what an organisation was until an instant. Of two changes in one
// microsecond the first says it.
func insertKind(ctx context.Context, tx *database.Tx, k kindUntil) error {
	_, err := tx.Exec(ctx, `INSERT INTO organisation_kinds (organisation_id, until, kind) VALUES ($1, $2, $3) ON CONFLICT (organisation_id, until) DO NOTHING`,
		k.Organisation, database.Time(k.Until), string(k.Kind))
	return err
}

// hasGroups reports whether a group is at home in an organisation or below it.
func hasGroups(ctx context.Context, tx *database.Tx, organisation int64) (bool, error) {
	n, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM (SELECT 1 FROM groups g
		JOIN organisation_tree t ON t.organisation_id = g.organisation_id WHERE t.ancestor_id = $1 LIMIT 1) found`, organisation)
	return n > 0, err
}

// moveHome writes that a group is at home where it is now since an instant, and was in
// another organisation before; what was said of the time after that instant is void.
func moveHome(ctx context.Context, tx *database.Tx, before tenure) error {
	if err := forgetHomes(ctx, tx, before.Group, before.Until); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO group_homes (group_id, until, organisation_id) VALUES ($1, $2, $3)`,
		before.Group, database.Time(before.Until), database.ID(before.Organisation))
	return err
}

// forgetHomes drops where a group was at home until an instant and later; all of it for
// a zero time.
func forgetHomes(ctx context.Context, tx *database.Tx, group int64, from time.Time) error {
	if from.IsZero() {
		from = time.UnixMicro(math.MinInt64)
	}
	_, err := tx.Exec(ctx, `DELETE FROM group_homes WHERE group_id = $1 AND until >= $2`, group, database.Time(from))
	return err
}

// homesOf gives where a group was at home before, by the instants until which.
func homesOf(ctx context.Context, q database.Querier, group int64) ([]tenure, error) {
	return database.All(ctx, q, func(r database.Row) (tenure, error) {
		t := tenure{Group: group}
		err := r.Scan((*database.ID)(&t.Organisation), (*database.Time)(&t.Until))
		return t, err
	}, `SELECT h.organisation_id, h.until FROM group_homes h WHERE h.group_id = $1 ORDER BY h.until LIMIT $2`, group, maxMoves)
}
