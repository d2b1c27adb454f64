package checklist

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Templates gives the templates that the actor has after a certain one (0 begins),
// oldest first.
func (s *Service) Templates(ctx context.Context, after int64, limit int) ([]Template, error) {
	if err := mayUse(ctx); err != nil {
		return nil, err
	}
	var args database.Args
	where := "c.deleted_at IS NULL AND " + sharing.Visible("c", access.From(ctx), &args) + " AND c.id > " + args.Arg(after)
	return database.All(ctx, s.db.Reader(), scanTemplate, `SELECT `+templateColumns+` FROM checklist_templates c WHERE `+where+` ORDER BY c.id LIMIT `+args.Arg(limit), args.Values()...)
}

// suiting gives the templates that the actor can put on a ticket.
func (s *Service) suiting(ctx context.Context, t *ticket.Ticket) ([]Template, error) {
	var args database.Args
	where := "c.deleted_at IS NULL AND " + sharing.Visible("c", access.From(ctx), &args) + " AND " + forTicket(t, &args)
	return database.All(ctx, s.db.Reader(), scanTemplate, `SELECT `+templateColumns+` FROM checklist_templates c WHERE `+where+` ORDER BY c.name, c.id LIMIT `+args.Arg(maxTemplates), args.Values()...)
}

// comingByThemselves gives the templates for a new ticket: everybody's, and those
// of the group that has it.
func comingByThemselves(ctx context.Context, q database.Querier, t *ticket.Ticket) ([]Template, error) {
	var args database.Args
	where := "c.deleted_at IS NULL AND c.by_itself AND (c.audience = 'everyone' OR c.audience = 'group' AND c.group_id = " + args.Arg(t.GroupID) + ") AND " + forTicket(t, &args)
	return database.All(ctx, q, scanTemplate, `SELECT `+templateColumns+` FROM checklist_templates c WHERE `+where+` ORDER BY c.id LIMIT `+args.Arg(MaxLists), args.Values()...)
}

func loadTemplate(ctx context.Context, q database.Querier, id int64, deleted bool) (Template, error) {
	condition := "IS NULL"
	if deleted {
		condition = "IS NOT NULL"
	}
	t, err := database.One(ctx, q, scanTemplate, `SELECT `+templateColumns+` FROM checklist_templates c WHERE c.id = $1 AND c.deleted_at `+condition, id)
	if apperr.Is(err, apperr.NotFound) || err == nil && !t.SeenBy(access.From(ctx)) {
		return Template{}, apperr.New(apperr.NotFound, "This template does not exist, or it is not shared with you.")
	}
	return t, err
}

func (s *Service) insertTemplate(ctx context.Context, tx *database.Tx, t *Template) (int64, error) {
	own, err := database.One(ctx, tx, database.Scalar[int], `SELECT COUNT(*) FROM checklist_templates WHERE owner_id = $1 AND deleted_at IS NULL`, t.OwnerID)
	if err != nil {
		return 0, err
	}
	if own >= maxTemplates {
		return 0, apperr.InvalidField("name", "You have %d templates, which is as many as there can be. Delete one first.", own)
	}
	t.ID, t.Version, t.CreatedAt = tx.NextID(), 1, s.now()
	t.UpdatedAt = t.CreatedAt
	if _, err := tx.Exec(ctx, `INSERT INTO checklist_templates (id, name, items, owner_id, audience, group_id, kind, service_id, by_itself, filter, blocks, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		t.ID, t.Name, database.JSON{V: t.Items}, t.OwnerID, string(t.Audience), database.ID(t.GroupID), t.Kind, database.ID(t.ServiceID), t.ByItself, t.Filter, t.Blocks,
		database.Time(t.CreatedAt), database.Time(t.UpdatedAt), t.Version); err != nil {
		return 0, err
	}
	return t.ID, s.note(ctx, tx, "create", nil, t)
}

// ChangeTemplate applies change to a template the actor may edit. version is the
// one that was read; 0 does not check. Conflict carries it as it is now (*Template).
func (s *Service) ChangeTemplate(ctx context.Context, id, version int64, change func(t *Template)) (Template, error) {
	var t Template
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		var err error
		if t, err = editableTemplate(ctx, tx, id, false); err != nil {
			return err
		}
		before := t
		if version != 0 && version != t.Version {
			return apperr.Stale(&before, "Somebody else changed this template meanwhile.")
		}
		change(&t)
		t.OwnerID = before.OwnerID
		if err := s.checkTemplate(ctx, &t); err != nil {
			return err
		}
		t.UpdatedAt, t.Version = s.now(), before.Version+1
		n, err := tx.Exec(ctx, `UPDATE checklist_templates SET name = $1, items = $2, audience = $3, group_id = $4, kind = $5, service_id = $6, by_itself = $7, filter = $8,
			blocks = $9, updated_at = $10, version = $11 WHERE id = $12 AND version = $13`,
			t.Name, database.JSON{V: t.Items}, string(t.Audience), database.ID(t.GroupID), t.Kind, database.ID(t.ServiceID), t.ByItself, t.Filter, t.Blocks,
			database.Time(t.UpdatedAt), t.Version, t.ID, before.Version)
		if err == nil && n == 0 {
			err = apperr.New(apperr.Conflict, "Somebody else changed this template at the same moment. Please try again.")
		}
		if err != nil {
			return err
		}
		return s.note(ctx, tx, "update", &before, &t)
	})
	return t, err
}

func (s *Service) markTemplate(ctx context.Context, id int64, restore bool) (Template, error) {
	var t Template
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		var err error
		if t, err = editableTemplate(ctx, tx, id, restore); err != nil {
			return err
		}
		at, verb := database.Time(s.now()), "delete"
		before, after := &t, (*Template)(nil)
		if restore {
			at, verb = database.Time{}, "restore"
			before, after = nil, &t
		}
		if _, err := tx.Exec(ctx, `UPDATE checklist_templates SET deleted_at = $1 WHERE id = $2`, at, id); err != nil {
			return err
		}
		return s.note(ctx, tx, verb, before, after)
	})
	return t, err
}
