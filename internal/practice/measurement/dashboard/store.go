package dashboard

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

const boardColumns = `b.id, b.name, b.owner_id, b.audience, b.group_id, b.role, b.tiles, b.created_at, b.updated_at, b.version`

func scanBoard(r database.Row) (Board, error) {
	var b Board
	err := r.Scan(&b.ID, &b.Name, &b.OwnerID, &b.Audience, (*database.ID)(&b.GroupID), &b.Role, database.JSON{V: &b.Tiles},
		(*database.Time)(&b.CreatedAt), (*database.Time)(&b.UpdatedAt), &b.Version)
	return b, err
}

// maxListed bounds the list of boards.
const maxListed = 200

// List gives the boards the actor has: the built-in ones, then the stored ones by name.
func (d *Dashboards) List(ctx context.Context) ([]Board, error) {
	if err := require(ctx); err != nil {
		return nil, err
	}
	var args database.Args
	where := sharing.VisibleByRole("b", access.From(ctx), &args)
	stored, err := database.All(ctx, d.d.DB.Reader(), scanBoard, `SELECT `+boardColumns+` FROM dashboards b WHERE b.deleted_at IS NULL AND `+where+
		` ORDER BY b.name, b.id LIMIT `+args.Arg(maxListed), args.Values()...)
	return append(BuiltIn(), stored...), err
}

// Board gives a board the actor has.
func (d *Dashboards) Board(ctx context.Context, ref string) (Board, error) {
	if err := require(ctx); err != nil {
		return Board{}, err
	}
	built := BuiltIn()
	if i := slices.IndexFunc(built, func(b Board) bool { return b.Key == ref }); i >= 0 {
		return built[i], nil
	}
	return d.load(ctx, d.d.DB.Reader(), ref)
}

func (d *Dashboards) load(ctx context.Context, q database.Querier, ref string) (Board, error) {
	b, err := database.One(ctx, q, scanBoard, `SELECT `+boardColumns+` FROM dashboards b WHERE b.id = $1 AND b.deleted_at IS NULL`, idOf(ref))
	if apperr.Is(err, apperr.NotFound) || err == nil && !b.scope().SeenBy(access.From(ctx)) {
		return Board{}, errNoBoard()
	}
	return b, err
}

func errNoBoard() error {
	return apperr.New(apperr.NotFound, "This board does not exist, or it is not shared with you.")
}

// Add stores a new board of the actor's.
func (d *Dashboards) Add(ctx context.Context, b Board) (Board, error) {
	if err := require(ctx); err != nil {
		return b, err
	}
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return b, apperr.New(apperr.Forbidden, "Only persons have boards.")
	}
	if err := d.checkWhole(ctx, &b); err != nil {
		return b, err
	}
	err := d.d.DB.Write(ctx, func(tx *database.Tx) error {
		id, _, err := once.Do(ctx, tx, d.d.Clock(), []any{"dashboard", b.Name, b.Audience, b.GroupID, b.Role, b.Tiles}, func() (int64, error) {
			return d.insert(ctx, tx, &b)
		})
		if err == nil && id != b.ID {
			b, err = d.load(ctx, tx, (&Board{ID: id}).ref())
		}
		return err
	})
	return b, err
}

func (d *Dashboards) insert(ctx context.Context, tx *database.Tx, b *Board) (int64, error) {
	actor := access.From(ctx)
	own, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM dashboards WHERE owner_id = $1 AND deleted_at IS NULL`, actor.ID)
	if err != nil {
		return 0, err
	}
	if own >= maxBoards {
		return 0, apperr.InvalidField("name", "You have %d boards, which is as many as there can be. Delete one first.", own)
	}
	b.ID, b.Key, b.OwnerID, b.Version = tx.NextID(), "", actor.ID, 1
	b.CreatedAt = d.d.Clock().UTC()
	b.UpdatedAt = b.CreatedAt
	_, err = tx.Exec(ctx, `INSERT INTO dashboards (id, name, owner_id, audience, group_id, role, tiles, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		b.ID, b.Name, b.OwnerID, string(b.Audience), database.ID(b.GroupID), b.Role, database.JSON{V: tilesOf(b)}, database.Time(b.CreatedAt), database.Time(b.UpdatedAt), b.Version)
	if err == nil && b.Audience != sharing.Mine {
		err = d.audited(ctx, tx, "dashboard.share", b, nil, shared(b))
	}
	return b.ID, err
}

func tilesOf(b *Board) []Tile {
	if b.Tiles == nil {
		return []Tile{}
	}
	return b.Tiles
}

// shared is what the audit log keeps of a board: with whom it is shared.
func shared(b *Board) any {
	return map[string]any{"name": b.Name, "audience": b.Audience, "group_id": b.GroupID, "role": b.Role, "tiles": len(b.Tiles)}
}

func (d *Dashboards) audited(ctx context.Context, tx *database.Tx, action string, b *Board, before, after any) error {
	return d.d.Audit.Append(ctx, tx, audit.Entry{Action: action, ObjectType: "dashboard", ObjectID: audit.ID(b.ID), ObjectName: b.Name, Before: before, After: after})
}

// Change applies change to a board the actor may edit. version is the one that
// was read; 0 does not check. Conflict carries the board as it is now.
func (d *Dashboards) Change(ctx context.Context, ref string, version int64, change func(b *Board) error) (Board, error) {
	var b Board
	err := d.d.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := d.editable(ctx, tx, ref)
		if err != nil {
			return err
		}
		b = before
		b.Tiles = slices.Clone(before.Tiles)
		if version != 0 && version != b.Version {
			return apperr.Stale(&before, "Somebody else changed this board meanwhile.")
		}
		if err := change(&b); err != nil {
			return err
		}
		if err := b.check(access.From(ctx)); err != nil {
			return err
		}
		b.UpdatedAt, b.Version = d.d.Clock().UTC(), before.Version+1
		n, err := tx.Exec(ctx, `UPDATE dashboards SET name = $1, audience = $2, group_id = $3, role = $4, tiles = $5, updated_at = $6, version = $7
			WHERE id = $8 AND version = $9`,
			b.Name, string(b.Audience), database.ID(b.GroupID), b.Role, database.JSON{V: tilesOf(&b)}, database.Time(b.UpdatedAt), b.Version, b.ID, before.Version)
		if err == nil && n == 0 {
			err = apperr.New(apperr.Conflict, "Somebody else changed this board at the same moment. Please try again.")
		}
		if err == nil && (b.Audience != sharing.Mine || before.Audience != sharing.Mine) {
			err = d.audited(ctx, tx, "dashboard.update", &b, shared(&before), shared(&b))
		}
		return err
	})
	return b, err
}

func (d *Dashboards) editable(ctx context.Context, q database.Querier, ref string) (Board, error) {
	if err := require(ctx); err != nil {
		return Board{}, err
	}
	if slices.ContainsFunc(BuiltIn(), func(b Board) bool { return b.Key == ref }) {
		return Board{}, apperr.New(apperr.Forbidden, "This board comes with the product. Copy it, then change the copy.")
	}
	b, err := d.load(ctx, q, ref)
	if err == nil && !b.editableBy(access.From(ctx)) {
		err = apperr.New(apperr.Forbidden, "This board belongs to somebody else. Copy it, then change the copy.")
	}
	return b, err
}

// Delete takes a board away from everybody; Restore undoes it.
func (d *Dashboards) Delete(ctx context.Context, ref string) (Board, error) {
	var b Board
	err := d.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		if b, err = d.editable(ctx, tx, ref); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `UPDATE dashboards SET deleted_at = $1 WHERE id = $2`, database.Time(d.d.Clock()), b.ID); err != nil || b.Audience == sharing.Mine {
			return err
		}
		return d.audited(ctx, tx, "dashboard.delete", &b, shared(&b), nil)
	})
	return b, err
}

// Restore brings a deleted board back.
func (d *Dashboards) Restore(ctx context.Context, ref string) (Board, error) {
	var b Board
	err := d.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		b, err = database.One(ctx, tx, scanBoard, `SELECT `+boardColumns+` FROM dashboards b WHERE b.id = $1 AND b.deleted_at IS NOT NULL`, idOf(ref))
		if apperr.Is(err, apperr.NotFound) || err == nil && !b.editableBy(access.From(ctx)) {
			return errNoBoard()
		}
		if err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `UPDATE dashboards SET deleted_at = NULL WHERE id = $1`, b.ID); err != nil || b.Audience == sharing.Mine {
			return err
		}
		return d.audited(ctx, tx, "dashboard.share", &b, nil, shared(&b))
	})
	return b, err
}

// checkWhole checks a board and each of its tiles.
func (d *Dashboards) checkWhole(ctx context.Context, b *Board) error {
	if err := b.check(access.From(ctx)); err != nil {
		return err
	}
	catalogue, err := d.catalogue(ctx)
	if err != nil {
		return err
	}
	for i := range b.Tiles {
		if err := d.checkOne(ctx, &b.Tiles[i], catalogue); err != nil {
			return err
		}
	}
	return nil
}

// Guard says of boards that were received which the actor may see now: their own,
// of boards they still have. It is a notify.Guard of Subject.
func (d *Dashboards) Guard(ctx context.Context, ids []int64) ([]int64, error) {
	actor := access.From(ctx)
	if !mayRead(actor) {
		return nil, nil
	}
	var args database.Args
	where := `s.person_id = ` + args.Arg(actor.ID) + ` AND s.id IN ` + database.In(&args, ids)
	has := `s.board IN (SELECT 'd' || CAST(b.id AS TEXT) FROM dashboards b WHERE b.deleted_at IS NULL AND ` + sharing.VisibleByRole("b", actor, &args) + `)`
	var keys []string
	for _, b := range BuiltIn() {
		keys = append(keys, b.Key)
	}
	return database.All(ctx, d.d.DB.Reader(), database.Scalar[int64], `SELECT s.id FROM dashboard_snapshots s
		WHERE `+where+` AND (s.board IN `+database.In(&args, keys)+` OR `+has+`)`, args.Values()...)
}
