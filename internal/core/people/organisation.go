package people

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// OrganisationKind says what an organisation is to us.
type OrganisationKind string

// The kinds of organisation.
const (
	Own      OrganisationKind = "own"
	Unit     OrganisationKind = "unit" // a part of the organisation above it
	Customer OrganisationKind = "customer"
	Supplier OrganisationKind = "supplier"
)

// OrganisationKinds lists the kinds in the order people see them.
func OrganisationKinds() []OrganisationKind {
	return []OrganisationKind{Own, Unit, Customer, Supplier}
}

const noOrganisation = "This organisation does not exist, or you may not see it."

// maxDepth bounds the tree, so that a page can show the way up.
const maxDepth = 20

// Organisation is a company or a part of one.
type Organisation struct {
	ID int64 `json:"id"`
	OrganisationInput
	Source    string    `json:"source,omitempty"`
	SourceRef string    `json:"source_ref,omitempty"`
	CreatedAt time.Time `json:"-"`
	UpdatedAt time.Time `json:"-"`
	Version   int64     `json:"version"`
}

// OrganisationInput is what can be edited.
type OrganisationInput struct {
	Kind        OrganisationKind `json:"kind"`
	Name        string           `json:"name"`
	ParentID    int64            `json:"parent_id,omitempty"`
	Description string           `json:"description,omitempty"`
	Active      bool             `json:"active"`
}

// check cleans the input and reports what is wrong with it by itself.
func (in *OrganisationInput) check() error {
	in.Name, in.Description = clean(in.Name), clean(in.Description)
	var wrong apperr.Problems
	checkName(&wrong, in.Name)
	checkLength(&wrong, "description", in.Description, 2000)
	switch in.Kind {
	case Own, Customer, Supplier:
	case Unit:
		if in.ParentID == 0 {
			wrong.Add("parent", "A unit is part of another organisation: choose which.")
		}
	default:
		wrong.Add("kind", "Choose what this organisation is.")
	}
	return wrong.Err()
}

// record is what access rules look at.
func (o Organisation) record() access.Record { return access.Record{Organisation: o.ID} }

var organisationSchema = schema(map[string]string{access.FieldOrganisation: "o.id"})

// visibleOrganisations is the rule of who sees which organisation in lists:
// whoever may look people up there, and everybody their own.
func visibleOrganisations(a access.Actor) filter.Condition {
	return filter.Or(
		a.Condition(access.ViewPeople, organisationSchema),
		a.Condition(access.ManagePeople, organisationSchema),
		filter.In(organisationSchema.MustField(access.FieldOrganisation), filter.IDs(a.OrganisationID)...),
	)
}

// Organisation gives one organisation; NotFound if the actor may not see it.
func (s *Service) Organisation(ctx context.Context, id int64) (Organisation, error) {
	var args database.Args
	o, err := database.One(ctx, s.db.Reader(), scanOrganisation,
		"SELECT "+organisationColumns+" FROM organisations o WHERE o.id = "+args.Arg(id)+
			" AND "+visibleOrganisations(access.From(ctx)).SQL(&args), args.Values()...)
	return o, notFound(err, noOrganisation)
}

// OrganisationQuery chooses organisations. Zero fields do not narrow.
type OrganisationQuery struct {
	Text     string // beginnings of words of the name
	Kind     OrganisationKind
	Within   int64 // this organisation and all below it
	Children bool  // only those directly below Within; with Within 0 the roots
	Active   bool  // only active ones
	After    lookup.Cursor
	Limit    int
}

// Organisations lists what the actor may see, by name.
func (s *Service) Organisations(ctx context.Context, q OrganisationQuery) (lookup.Page[Organisation], error) {
	var args database.Args
	where := visibleOrganisations(access.From(ctx)).SQL(&args) +
		" AND " + q.After.After(&args, "o.name_folded", "o.id") +
		" AND " + lookup.Where(&args, lookup.Organisation, "o.id", q.Text)
	switch {
	case q.Children && q.Within == 0:
		where += " AND o.parent_id IS NULL"
	case q.Children:
		where += " AND o.parent_id = " + args.Arg(q.Within)
	case q.Within != 0:
		where += " AND " + within(&args, "o.id", q.Within)
	}
	if q.Kind != "" {
		where += " AND o.kind = " + args.Arg(string(q.Kind))
	}
	if q.Active {
		where += " AND o.active"
	}
	limit := lookup.Limit(q.Limit)
	rows, err := database.All(ctx, s.db.Reader(), scanOrganisation, "SELECT "+organisationColumns+" FROM organisations o WHERE "+where+
		" ORDER BY o.name_folded, o.id LIMIT "+args.Arg(limit+1), args.Values()...)
	return lookup.PageOf(rows, limit, func(o Organisation) lookup.Cursor {
		return lookup.Cursor{Name: filter.Fold(o.Name), ID: o.ID}
	}), err
}

// Lineage gives the organisation's ancestors from the top, itself last.
func (s *Service) Lineage(ctx context.Context, id int64) ([]Organisation, error) {
	if _, err := s.Organisation(ctx, id); err != nil {
		return nil, err
	}
	var args database.Args
	return database.All(ctx, s.db.Reader(), scanOrganisation, "SELECT "+organisationColumns+
		" FROM organisation_tree t JOIN organisations o ON o.id = t.ancestor_id WHERE t.organisation_id = "+args.Arg(id)+
		" AND "+visibleOrganisations(access.From(ctx)).SQL(&args)+" ORDER BY t.depth DESC LIMIT "+args.Arg(maxDepth+1), args.Values()...)
}

// CreateOrganisation adds an organisation to the tree, once per idempotency key.
func (s *Service) CreateOrganisation(ctx context.Context, in OrganisationInput) (Organisation, error) {
	var o Organisation
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		return onceOnly(ctx, tx, s, "organisation", in, &o, readOrganisation, func() (id int64, err error) {
			o, err = s.CreateOrganisationIn(ctx, tx, in)
			return o.ID, err
		})
	})
	return o, err
}

// CreateOrganisationIn is CreateOrganisation within the caller's transaction.
func (s *Service) CreateOrganisationIn(ctx context.Context, tx *database.Tx, in OrganisationInput) (Organisation, error) {
	if err := in.check(); err != nil {
		return Organisation{}, err
	}
	// Who manages only a part of the tree may add below it, not beside it.
	if err := access.From(ctx).Check(access.ManagePeople, access.Record{Organisation: in.ParentID}).Err(); err != nil {
		return Organisation{}, err
	}
	now := s.now()
	o := Organisation{ID: tx.NextID(), OrganisationInput: in, CreatedAt: now, UpdatedAt: now, Version: 1}
	return o, s.addOrganisation(ctx, tx, o)
}

// OwnOrganisation gives the id of the own company, of the first by name if there
// are several; 0 when there is none.
func (s *Service) OwnOrganisation(ctx context.Context, q database.Querier) (int64, error) {
	found, err := database.All(ctx, q, database.Scalar[int64],
		"SELECT id FROM organisations WHERE kind = $1 ORDER BY name_folded, id LIMIT 1", string(Own))
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0], nil
}

func (s *Service) addOrganisation(ctx context.Context, tx *database.Tx, o Organisation) error {
	if err := lockTree(ctx, tx); err != nil {
		return err
	}
	if err := checkParent(ctx, tx, o); err != nil {
		return err
	}
	if err := insertOrganisations(ctx, tx, o); err != nil {
		return duplicateName(err, "There is already an organisation called %s here.", o.Name)
	}
	s.changes.Note(tx)
	return s.log.Append(ctx, tx, organisationEntry("organisation.create", nil, &o))
}

// UpdateOrganisation saves an organisation that was read at a version; Conflict
// with the present one if somebody else was first. Moving it takes everything
// below it along.
func (s *Service) UpdateOrganisation(ctx context.Context, id, version int64, in OrganisationInput) (Organisation, error) {
	var o Organisation
	if err := in.check(); err != nil {
		return o, err
	}
	actor := access.From(ctx)
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		if err := lockTree(ctx, tx); err != nil {
			return err
		}
		before, err := readOrganisation(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := mayManage(ctx, before.record(), noOrganisation); err != nil {
			return err
		}
		if before.Version != version {
			return stale(before)
		}
		o = before
		o.OrganisationInput, o.UpdatedAt, o.Version = in, s.now(), before.Version+1
		if o.ParentID != before.ParentID {
			if err := actor.Check(access.ManagePeople, access.Record{Organisation: o.ParentID}).Err(); err != nil {
				return err
			}
			if err := checkParent(ctx, tx, o); err != nil {
				return err
			}
			if err := moveOrganisation(ctx, tx, o.ID, o.ParentID); err != nil {
				return err
			}
			if err := insertMove(ctx, tx, Move{o.ID, before.ParentID, o.UpdatedAt}); err != nil {
				return err
			}
		}
		if o.Kind != before.Kind {
			if err := insertKind(ctx, tx, kindUntil{o.ID, before.Kind, o.UpdatedAt}); err != nil {
				return err
			}
		}
		if o.ParentID != before.ParentID || o.Kind != before.Kind {
			home, err := hasGroups(ctx, tx, o.ID)
			if err != nil {
				return err
			}
			if home {
				if err := s.tellMoved(ctx, tx, o.UpdatedAt); err != nil {
					return err
				}
			}
		}
		if err := s.updateOrganisation(ctx, tx, o); err != nil {
			return duplicateName(err, "There is already an organisation called %s here.", in.Name)
		}
		s.changes.Note(tx)
		return s.log.Append(ctx, tx, organisationEntry("organisation.update", &before, &o))
	})
	return o, err
}

func organisationEntry(action string, before, after *Organisation) audit.Entry {
	e := audit.Entry{Action: action, ObjectType: "organisation", ObjectID: audit.ID(after.ID), ObjectName: after.Name, After: after}
	if before != nil {
		e.Before = before
	}
	return e
}

// checkParent refuses a parent that is missing, below the organisation itself,
// or too deep.
func checkParent(ctx context.Context, tx *database.Tx, o Organisation) error {
	if o.ParentID == 0 {
		return nil
	}
	up, err := database.All(ctx, tx, database.Scalar[int64],
		"SELECT ancestor_id FROM organisation_tree WHERE organisation_id = $1 ORDER BY depth LIMIT $2", o.ParentID, maxDepth+1)
	if err != nil {
		return err
	}
	if len(up) == 0 {
		return apperr.InvalidField("parent", "This organisation does not exist.")
	}
	for _, ancestor := range up {
		if ancestor == o.ID {
			return apperr.InvalidField("parent", "An organisation cannot be part of itself or of something below it.")
		}
	}
	var below int
	if err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(depth), 0) FROM organisation_tree WHERE ancestor_id = $1", o.ID).Scan(&below); err != nil {
		return err
	}
	if len(up)+below >= maxDepth {
		return apperr.InvalidField("parent", "The tree may have %d levels.", maxDepth)
	}
	return nil
}
