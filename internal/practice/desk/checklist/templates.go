package checklist

import (
	"context"
	"errors"

	"github.com/steward-itsm/steward/internal/core/filter"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

const templateColumns = `c.id, c.name, c.items, c.owner_id, c.audience, c.group_id, c.kind, c.service_id, c.by_itself, c.filter, c.blocks, c.created_at, c.updated_at, c.version`

func scanTemplate(r database.Row) (Template, error) {
	var t Template
	err := r.Scan(&t.ID, &t.Name, database.JSON{V: &t.Items}, &t.OwnerID, &t.Audience, (*database.ID)(&t.GroupID), &t.Kind, (*database.ID)(&t.ServiceID),
		&t.ByItself, &t.Filter, &t.Blocks, (*database.Time)(&t.CreatedAt), (*database.Time)(&t.UpdatedAt), &t.Version)
	return t, err
}

// Uses reports whether somebody has templates: those who read internal notes.
func Uses(actor access.Actor) bool { return actor.Can(access.ReadNotes, access.AnyKind) }

func mayUse(ctx context.Context) error {
	switch actor := access.From(ctx); {
	case actor.Type == "":
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	case !Uses(actor):
		return apperr.New(apperr.Forbidden, "Checklists are for those who work tickets here.")
	}
	return nil
}

// maxTemplates bounds what one person has.
const maxTemplates = 200

// forTicket is Template.suits as a condition.
func forTicket(t *ticket.Ticket, args *database.Args) string {
	return "(c.kind = '' OR c.kind = " + args.Arg(t.Kind) + ") AND (c.service_id IS NULL OR c.service_id = " + args.Arg(t.ServiceID) + ")"
}

// Template gives a template that the actor has; NotFound otherwise.
func (s *Service) Template(ctx context.Context, id int64) (Template, error) {
	if err := mayUse(ctx); err != nil {
		return Template{}, err
	}
	return loadTemplate(ctx, s.db.Reader(), id, false)
}

func editableTemplate(ctx context.Context, q database.Querier, id int64, deleted bool) (Template, error) {
	if err := mayUse(ctx); err != nil {
		return Template{}, err
	}
	t, err := loadTemplate(ctx, q, id, deleted)
	if err == nil && !t.EditableBy(access.From(ctx)) {
		return t, apperr.New(apperr.Forbidden, "This template belongs to somebody else.")
	}
	return t, err
}

// checkTemplate reports all that is wrong with a template.
func (s *Service) checkTemplate(ctx context.Context, t *Template) error {
	var p apperr.Problems
	for _, f := range apperr.FieldsOf(t.check(access.From(ctx))) {
		p.Add(f.Name, "%s", f.Message)
	}
	if t.Kind != "" {
		if _, err := s.tickets.Kinds().In(ctx).Get(t.Kind); err != nil {
			p.Add("kind", "There is no such kind.")
		}
	}
	if t.Filter != "" {
		if _, err := s.tickets.Condition(ctx, t.Filter, nil); err != nil {
			wrong := new(filter.Error)
			if !errors.As(err, &wrong) {
				return err
			}
			p.Add("filter", "%s", wrong.Msg)
		}
	}
	return p.Err()
}

// CreateTemplate stores a new template of the actor. Invalid beside each field.
func (s *Service) CreateTemplate(ctx context.Context, t Template) (Template, error) {
	if err := mayUse(ctx); err != nil {
		return t, err
	}
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return t, apperr.New(apperr.Forbidden, "Only persons have templates.")
	}
	t.OwnerID = actor.ID
	if err := s.checkTemplate(ctx, &t); err != nil {
		return t, err
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		id, replayed, err := once.Do(ctx, tx, s.now(), []any{"checklist template", t}, func() (int64, error) { return s.insertTemplate(ctx, tx, &t) })
		if err == nil && replayed {
			t, err = loadTemplate(ctx, tx, id, false)
		}
		return err
	})
	return t, err
}

// DeleteTemplate takes a template away from everybody; RestoreTemplate undoes it.
// Lists that were made of it stay.
func (s *Service) DeleteTemplate(ctx context.Context, id int64) (Template, error) {
	return s.markTemplate(ctx, id, false)
}

// RestoreTemplate brings a deleted template back.
func (s *Service) RestoreTemplate(ctx context.Context, id int64) (Template, error) {
	return s.markTemplate(ctx, id, true)
}

// note writes into the audit log what happens to what others have, too.
func (s *Service) note(ctx context.Context, tx *database.Tx, verb string, before, after *Template) error {
	shared := func(t *Template) bool { return t != nil && t.Audience != sharing.Mine }
	if s.audit == nil || !shared(before) && !shared(after) {
		return nil
	}
	e := audit.Entry{Action: "checklist_template." + verb, ObjectType: "checklist_template"}
	for _, t := range []*Template{before, after} {
		if t != nil {
			e.ObjectID, e.ObjectName = audit.ID(t.ID), t.Name
		}
	}
	if before != nil {
		e.Before = documentOf(before)
	}
	if after != nil {
		e.After = documentOf(after)
	}
	return s.audit.Append(ctx, tx, e)
}
