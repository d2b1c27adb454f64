package people

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/words"
)

const organisationColumns = `o.id, o.kind, o.name, o.parent_id, o.description, o.active, o.source, COALESCE(o.source_ref, ''),
	o.created_at, o.updated_at, o.version`

func scanOrganisation(r database.Row) (Organisation, error) {
	var o Organisation
	err := r.Scan(&o.ID, (*string)(&o.Kind), &o.Name, (*database.ID)(&o.ParentID), &o.Description, &o.Active, &o.Source, &o.SourceRef,
		(*database.Time)(&o.CreatedAt), (*database.Time)(&o.UpdatedAt), &o.Version)
	return o, err
}

func readOrganisation(ctx context.Context, q database.Querier, id int64) (Organisation, error) {
	o, err := database.One(ctx, q, scanOrganisation, "SELECT "+organisationColumns+" FROM organisations o WHERE o.id = $1", id)
	return o, notFound(err, noOrganisation)
}

// lockTree makes changes of the tree wait for one another until the commit: two
// moves that are fine alone may make a cycle together.
func lockTree(ctx context.Context, tx *database.Tx) error {
	_, err := tx.ReserveNumbers(ctx, "organisation_tree", 1)
	return err
}

// insertOrganisations adds organisations whose parents are stored already.
func insertOrganisations(ctx context.Context, tx *database.Tx, all ...Organisation) error {
	const batch = 200
	for part := range slices.Chunk(all, batch) {
		var args, tree database.Args
		rows := make([]string, 0, len(part))
		ids := make([]int64, 0, len(part))
		words := make([]lookup.Entry, 0, len(part))
		for _, o := range part {
			rows = append(rows, values(&args, o.ID, string(o.Kind), o.Name, filter.Fold(o.Name), database.ID(o.ParentID), o.Description, o.Active,
				o.Source, nullable(o.SourceRef), database.Time(o.CreatedAt), database.Time(o.UpdatedAt), o.Version))
			ids = append(ids, o.ID)
			words = append(words, lookup.Entry{ID: o.ID, Texts: []string{o.Name}})
		}
		if _, err := tx.Exec(ctx, `INSERT INTO organisations (id, kind, name, name_folded, parent_id, description, active,
				source, source_ref, created_at, updated_at, version) VALUES `+strings.Join(rows, ", "), args.Values()...); err != nil {
			return err
		}
		in := database.In(&tree, ids)
		if _, err := tx.Exec(ctx, `INSERT INTO organisation_tree (ancestor_id, organisation_id, depth)
			SELECT o.id, o.id, 0 FROM organisations o WHERE o.id IN `+in+`
			UNION ALL
			SELECT t.ancestor_id, o.id, t.depth + 1 FROM organisations o
			JOIN organisation_tree t ON t.organisation_id = o.parent_id WHERE o.id IN `+in, tree.Values()...); err != nil {
			return err
		}
		if err := lookup.Index(ctx, tx, lookup.Organisation, words...); err != nil {
			return err
		}
	}
	return nil
}

// moveOrganisation hangs a subtree under another parent, or under none.
func moveOrganisation(ctx context.Context, tx *database.Tx, id, parent int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM organisation_tree
		WHERE organisation_id IN (SELECT d.organisation_id FROM organisation_tree d WHERE d.ancestor_id = $1)
		AND ancestor_id NOT IN (SELECT d.organisation_id FROM organisation_tree d WHERE d.ancestor_id = $1)`, id)
	if err != nil || parent == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO organisation_tree (ancestor_id, organisation_id, depth)
		SELECT up.ancestor_id, down.organisation_id, up.depth + down.depth + 1
		FROM organisation_tree up CROSS JOIN organisation_tree down
		WHERE up.organisation_id = $1 AND down.ancestor_id = $2`, parent, id)
	return err
}

// insertMove notes where an organisation hung until an instant. Of two moves in one
// microsecond the first says it.
func insertMove(ctx context.Context, tx *database.Tx, m Move) error {
	_, err := tx.Exec(ctx, `INSERT INTO organisation_moves (organisation_id, moved_at, parent_id) VALUES ($1, $2, $3) ON CONFLICT (organisation_id, moved_at) DO NOTHING`,
		m.Organisation, database.Time(m.At), database.ID(m.Parent))
	return err
}

// maxMoves bounds how many moves are read.
const maxMoves = 50_000

// readMoves gives all moves by their instants.
func readMoves(ctx context.Context, q database.Querier) ([]Move, error) {
	return database.All(ctx, q, func(r database.Row) (Move, error) {
		var m Move
		err := r.Scan(&m.Organisation, (*database.Time)(&m.At), (*database.ID)(&m.Parent))
		return m, err
	}, `SELECT m.organisation_id, m.moved_at, m.parent_id FROM organisation_moves m ORDER BY m.moved_at, m.organisation_id LIMIT $1`, maxMoves)
}

func (s *Service) updateOrganisation(ctx context.Context, tx *database.Tx, o Organisation) error {
	n, err := tx.Exec(ctx, `UPDATE organisations SET kind = $1, name = $2, name_folded = $3, parent_id = $4, description = $5, active = $6,
		updated_at = $7, version = $8 WHERE id = $9 AND version = $10`,
		string(o.Kind), o.Name, filter.Fold(o.Name), database.ID(o.ParentID), o.Description, o.Active,
		database.Time(o.UpdatedAt), o.Version, o.ID, o.Version-1)
	if err != nil {
		return err
	}
	if n == 0 {
		return overtaken(ctx, tx, o.ID, readOrganisation)
	}
	s.kept.organisations.Changed(tx, o.ID)
	return lookup.Index(ctx, tx, lookup.Organisation, lookup.Entry{ID: o.ID, Texts: []string{o.Name}})
}

// within gives the condition that a column's organisation is the given one or
// below it.
func within(args *database.Args, column string, organisation int64) string {
	return column + " IN (SELECT ot.organisation_id FROM organisation_tree ot WHERE ot.ancestor_id = " + args.Arg(organisation) + ")"
}

// overtaken answers an update that found no row of the version it had read:
// somebody else committed in between.
func overtaken[T any](ctx context.Context, q database.Querier, id int64, read func(context.Context, database.Querier, int64) (T, error)) error {
	current, err := read(ctx, q, id)
	if err != nil {
		return err
	}
	return stale(current)
}

// notFound gives a missing row its own words.
func notFound(err error, message string) error {
	if apperr.Is(err, apperr.NotFound) {
		return apperr.Wrap(err, apperr.NotFound, "%s", words.Text{Key: message})
	}
	return err
}

// values gives "($1, $2, …)" for one row.
func values(args *database.Args, row ...any) string {
	return database.In(args, row)
}

// nullable stores an empty text as NULL, for columns that are unique when set.
func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}
