package queue

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

const viewColumns = `v.id, v.name, v.filter, v.sort, v.columns, v.layout, v.group_by, v.work_limit, v.owner_id, v.audience, v.group_id, v.position, v.created_at, v.updated_at, v.version`

func scanView(r database.Row) (savedView, error) {
	var v savedView
	err := r.Scan(&v.ID, &v.Name, &v.Filter, &v.Sort, &v.Columns, &v.Layout, &v.By, &v.WorkLimit, &v.OwnerID, &v.Audience, (*database.ID)(&v.GroupID), &v.Position,
		(*database.Time)(&v.CreatedAt), (*database.Time)(&v.UpdatedAt), &v.Version)
	return v, err
}

// maxListedViews bounds a side list.
const maxListedViews = 100

// listViews gives the saved views of the actor's side list, in its order.
func (q *Queue) listViews(ctx context.Context) ([]savedView, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return nil, nil
	}
	var args database.Args
	where := sharing.Visible("v", actor, &args)
	return database.All(ctx, q.d.DB.Reader(), scanView, `SELECT `+viewColumns+` FROM views v WHERE v.deleted_at IS NULL AND `+where+
		` ORDER BY v.position, v.id LIMIT `+args.Arg(maxListedViews), args.Values()...)
}

func loadView(ctx context.Context, db database.Querier, id int64) (savedView, error) {
	v, err := database.One(ctx, db, scanView, `SELECT `+viewColumns+` FROM views v WHERE v.id = $1 AND v.deleted_at IS NULL`, id)
	if apperr.Is(err, apperr.NotFound) {
		return v, errNoView()
	}
	return v, err
}

func errNoView() error {
	return apperr.New(apperr.NotFound, "This view does not exist, or it is not shared with you.")
}

// editable loads a view that the actor may change.
func editable(ctx context.Context, db database.Querier, id int64) (savedView, error) {
	actor := access.From(ctx)
	v, err := loadView(ctx, db, id)
	switch {
	case err != nil:
		return v, err
	case !v.scope().SeenBy(actor):
		return savedView{}, errNoView()
	case !v.editableBy(actor):
		return v, apperr.New(apperr.Forbidden, "This view belongs to somebody else. Save it under a name of your own.")
	}
	return v, nil
}

// addView stores a new view at the end of its part of the side list.
func (q *Queue) addView(ctx context.Context, v savedView) (savedView, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return v, apperr.New(apperr.Forbidden, "Only persons have views.")
	}
	if err := v.check(actor); err != nil {
		return v, err
	}
	err := q.d.DB.Write(ctx, func(tx *database.Tx) error {
		id, _, err := once.Do(ctx, tx, q.d.Clock(), []any{"view", v.Name, v.Filter, v.Sort, v.Columns, v.Layout, v.By, v.WorkLimit, v.Audience, v.GroupID}, func() (int64, error) {
			return q.insertView(ctx, tx, &v)
		})
		if err == nil && id != v.ID {
			v, err = loadView(ctx, tx, id) // the same request came before
		}
		return err
	})
	return v, err
}

// insertView stores a checked view and gives its id.
func (q *Queue) insertView(ctx context.Context, tx *database.Tx, v *savedView) (int64, error) {
	actor := access.From(ctx)
	own, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM views WHERE owner_id = $1 AND deleted_at IS NULL`, actor.ID)
	if err != nil {
		return 0, err
	}
	if own >= maxViews {
		return 0, apperr.InvalidField("name", "You have %d views, which is as many as there can be. Delete one first.", own)
	}
	v.Position, err = database.One(ctx, tx, database.Scalar[int64], `SELECT COALESCE(max(position), 0) + 1 FROM views`)
	if err != nil {
		return 0, err
	}
	if v.Layout == "" {
		v.Layout = asList
	}
	v.ID, v.OwnerID, v.Version = tx.NextID(), actor.ID, 1
	v.CreatedAt = q.d.Clock().UTC()
	v.UpdatedAt = v.CreatedAt
	_, err = tx.Exec(ctx, `INSERT INTO views (id, name, filter, sort, columns, layout, group_by, work_limit, owner_id, audience, group_id, position,
		created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		v.ID, v.Name, v.Filter, v.Sort, v.Columns, string(v.Layout), v.By, v.WorkLimit, v.OwnerID, string(v.Audience), database.ID(v.GroupID), v.Position,
		database.Time(v.CreatedAt), database.Time(v.UpdatedAt), v.Version)
	return v.ID, err
}

// changeView applies change to a view the actor may edit. version is the one that
// was read; 0 does not check. Conflict carries the view as it is now.
func (q *Queue) changeView(ctx context.Context, id, version int64, change func(v *savedView)) (savedView, error) {
	var v savedView
	err := q.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		if v, err = editable(ctx, tx, id); err != nil {
			return err
		}
		if version != 0 && version != v.Version {
			current := v
			return apperr.Stale(&current, "Somebody else changed this view meanwhile.")
		}
		read := v.Version
		change(&v)
		if err := v.check(access.From(ctx)); err != nil {
			return err
		}
		v.UpdatedAt, v.Version = q.d.Clock().UTC(), read+1
		n, err := tx.Exec(ctx, `UPDATE views SET name = $1, filter = $2, sort = $3, columns = $4, layout = $5, group_by = $6, work_limit = $7, audience = $8,
			group_id = $9, updated_at = $10, version = $11 WHERE id = $12 AND version = $13`,
			v.Name, v.Filter, v.Sort, v.Columns, string(v.Layout), v.By, v.WorkLimit, string(v.Audience), database.ID(v.GroupID), database.Time(v.UpdatedAt), v.Version, v.ID, read)
		if err == nil && n == 0 {
			err = apperr.New(apperr.Conflict, "Somebody else changed this view at the same moment. Please try again.")
		}
		return err
	})
	return v, err
}

// removeView takes a view out of every side list; bringBack undoes it.
func (q *Queue) removeView(ctx context.Context, id int64) (savedView, error) {
	var v savedView
	err := q.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		if v, err = editable(ctx, tx, id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE views SET deleted_at = $1 WHERE id = $2`, database.Time(q.d.Clock()), id)
		return err
	})
	return v, err
}

func (q *Queue) bringBack(ctx context.Context, id int64) (savedView, error) {
	actor := access.From(ctx)
	var v savedView
	err := q.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		v, err = database.One(ctx, tx, scanView, `SELECT `+viewColumns+` FROM views v WHERE v.id = $1 AND v.deleted_at IS NOT NULL`, id)
		if apperr.Is(err, apperr.NotFound) || err == nil && !v.editableBy(actor) {
			return errNoView()
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE views SET deleted_at = NULL WHERE id = $1`, id)
		return err
	})
	return v, err
}

// shiftView changes places with the next view of the same part of the side list
// that the actor may edit as well.
func (q *Queue) shiftView(ctx context.Context, id int64, down bool) error {
	return q.d.DB.Write(ctx, func(tx *database.Tx) error {
		v, err := editable(ctx, tx, id)
		if err != nil {
			return err
		}
		var args database.Args
		same := `v.audience = ` + args.Arg(string(v.Audience)) + ` AND COALESCE(v.group_id, 0) = ` + args.Arg(v.GroupID)
		if v.Audience == sharing.Mine {
			same += ` AND v.owner_id = ` + args.Arg(v.OwnerID)
		}
		siblings, err := database.All(ctx, tx, scanView, `SELECT `+viewColumns+` FROM views v WHERE v.deleted_at IS NULL AND `+same+
			` ORDER BY v.position, v.id LIMIT `+args.Arg(maxListedViews), args.Values()...)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(siblings, func(s savedView) bool { return s.ID == id })
		other := at - 1
		if down {
			other = at + 1
		}
		if at < 0 || other < 0 || other >= len(siblings) {
			return nil // at the end already
		}
		for _, move := range [...][2]int64{{siblings[at].ID, siblings[other].Position}, {siblings[other].ID, siblings[at].Position}} {
			if _, err := tx.Exec(ctx, `UPDATE views SET position = $1 WHERE id = $2`, move[1], move[0]); err != nil {
				return err
			}
		}
		return nil
	})
}
