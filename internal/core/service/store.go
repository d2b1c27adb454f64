package service

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

const columns = `s.id, s.name, s.description, s.owner_id, s.business_owner_id, s.criticality, s.mission_critical, s.stage, s.provider_id,
	s.support_group_id, s.parent_id, s.source, COALESCE(s.source_ref, ''), s.created_at, s.updated_at, s.version`

func scan(r database.Row) (Service, error) {
	var s Service
	err := r.Scan(&s.ID, &s.Name, &s.Description, (*database.ID)(&s.OwnerID), (*database.ID)(&s.BusinessOwnerID), &s.Criticality,
		&s.MissionCritical, (*string)(&s.Stage), (*database.ID)(&s.ProviderID), (*database.ID)(&s.SupportGroupID),
		(*database.ID)(&s.ParentID), &s.Source, &s.SourceRef, (*database.Time)(&s.CreatedAt), (*database.Time)(&s.UpdatedAt), &s.Version)
	return s, err
}

func read(ctx context.Context, q database.Querier, id int64) (Service, error) {
	s, err := database.One(ctx, q, scan, "SELECT "+columns+" FROM services s WHERE s.id = $1", id)
	if apperr.Is(err, apperr.NotFound) {
		return s, apperr.Wrap(err, apperr.NotFound, missing)
	}
	return s, err
}

func list(ctx context.Context, db database.Querier, q Query, limit int) ([]Service, error) {
	var args database.Args
	where := q.After.After(&args, "s.name_folded", "s.id") + " AND " + lookup.Where(&args, lookup.Service, "s.id", q.Text)
	if q.Stage != "" {
		where += " AND s.stage = " + args.Arg(string(q.Stage))
	}
	if q.InUse {
		where += " AND s.stage IN (" + args.Arg(string(Live)) + ", " + args.Arg(string(Retiring)) + ")"
	}
	if q.Owner != 0 {
		owner := args.Arg(q.Owner)
		where += " AND (s.owner_id = " + owner + " OR s.business_owner_id = " + owner + ")"
	}
	if q.Unowned {
		where += " AND " + unowned
	}
	if q.Provider != 0 {
		where += " AND s.provider_id = " + args.Arg(q.Provider)
	}
	if q.Parent != 0 {
		where += " AND s.parent_id = " + args.Arg(q.Parent)
	}
	return database.All(ctx, db, scan, "SELECT "+columns+" FROM services s WHERE "+where+
		" ORDER BY s.name_folded, s.id LIMIT "+args.Arg(limit), args.Values()...)
}

// unowned holds for services, not retired, for which nobody active answers.
const unowned = `s.stage <> 'retired' AND NOT EXISTS (SELECT 1 FROM persons o WHERE o.id = s.owner_id AND o.active)`

func owners(ctx context.Context, q database.Querier, ids []int64) ([]Owned, error) {
	var out []Owned
	for part := range slices.Chunk(ids, batch) {
		var args database.Args
		found, err := database.All(ctx, q, func(r database.Row) (o Owned, err error) {
			err = r.Scan(&o.ID, &o.Name, (*string)(&o.Stage), (*database.ID)(&o.OwnerID))
			return o, err
		}, "SELECT s.id, s.name, s.stage, p.id FROM services s LEFT JOIN persons p ON p.id = s.owner_id AND p.active WHERE s.id IN "+
			database.In(&args, part)+" ORDER BY s.name_folded, s.id", args.Values()...)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func deliveries(ctx context.Context, q database.Querier, limit int, ids []int64) ([]Delivery, error) {
	var args database.Args
	where := "s.stage IN (" + args.Arg(string(Live)) + ", " + args.Arg(string(Retiring)) + ")"
	if len(ids) > 0 {
		where += " AND s.id IN " + database.In(&args, ids)
	}
	return database.All(ctx, q, func(r database.Row) (d Delivery, err error) {
		err = r.Scan(&d.ID, &d.Name, (*database.ID)(&d.SupportGroupID), (*database.ID)(&d.ProviderID))
		return d, err
	}, "SELECT s.id, s.name, s.support_group_id, s.provider_id FROM services s WHERE "+where+" ORDER BY s.name_folded, s.id LIMIT "+args.Arg(limit), args.Values()...)
}

const maxSuggestions = 10

func suggest(ctx context.Context, q database.Querier, text string) ([]Suggestion, error) {
	var args database.Args
	where := "s.stage IN (" + args.Arg(string(Live)) + ", " + args.Arg(string(Retiring)) + ") AND " +
		lookup.Where(&args, lookup.Service, "s.id", text)
	return database.All(ctx, q, func(r database.Row) (s Suggestion, err error) {
		err = r.Scan(&s.ID, &s.Name, &s.Detail)
		return s, err
	}, `SELECT s.id, s.name, COALESCE(parent.name, '') FROM services s LEFT JOIN services parent ON parent.id = s.parent_id
		WHERE `+where+" ORDER BY s.name_folded, s.id LIMIT "+args.Arg(maxSuggestions), args.Values()...)
}

// batch is how many rows or ids one statement takes.
const batch = 200

func insert(ctx context.Context, tx *database.Tx, all ...Service) error {
	for part := range slices.Chunk(all, batch) {
		var args database.Args
		rows := make([]string, 0, len(part))
		words := make([]lookup.Entry, 0, len(part))
		for _, s := range part {
			var ref any
			if s.SourceRef != "" {
				ref = s.SourceRef
			}
			rows = append(rows, database.In(&args, []any{
				s.ID, s.Name, filter.Fold(s.Name), s.Description, database.ID(s.OwnerID), database.ID(s.BusinessOwnerID), s.Criticality,
				s.MissionCritical, string(s.Stage), database.ID(s.ProviderID), database.ID(s.SupportGroupID), database.ID(s.ParentID),
				s.Source, ref, database.Time(s.CreatedAt), database.Time(s.UpdatedAt), s.Version,
			}))
			words = append(words, lookup.Entry{ID: s.ID, Texts: []string{s.Name}})
		}
		if _, err := tx.Exec(ctx, `INSERT INTO services (id, name, name_folded, description, owner_id, business_owner_id, criticality,
				mission_critical, stage, provider_id, support_group_id, parent_id, source, source_ref, created_at, updated_at, version)
			VALUES `+strings.Join(rows, ", "), args.Values()...); err != nil {
			return err
		}
		if err := lookup.Index(ctx, tx, lookup.Service, words...); err != nil {
			return err
		}
	}
	return nil
}

func update(ctx context.Context, tx *database.Tx, s Service) error {
	n, err := tx.Exec(ctx, `UPDATE services SET name = $1, name_folded = $2, description = $3, owner_id = $4, business_owner_id = $5,
		criticality = $6, mission_critical = $7, stage = $8, provider_id = $9, support_group_id = $10, parent_id = $11,
		updated_at = $12, version = $13 WHERE id = $14 AND version = $15`,
		s.Name, filter.Fold(s.Name), s.Description, database.ID(s.OwnerID), database.ID(s.BusinessOwnerID),
		s.Criticality, s.MissionCritical, string(s.Stage), database.ID(s.ProviderID), database.ID(s.SupportGroupID), database.ID(s.ParentID),
		database.Time(s.UpdatedAt), s.Version, s.ID, s.Version-1)
	if err != nil {
		return err
	}
	if n == 0 { // somebody else committed since it was read
		current, err := read(ctx, tx, s.ID)
		if err != nil {
			return err
		}
		return stale(current)
	}
	return lookup.Index(ctx, tx, lookup.Service, lookup.Entry{ID: s.ID, Texts: []string{s.Name}})
}

// checkReferences reports, field by field, what a service newly refers to that is
// missing, no longer in use, or makes it a part of itself.
func checkReferences(ctx context.Context, tx *database.Tx, before, after Service) error {
	var wrong apperr.Problems
	var owner, businessOwner, provider, group bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM persons WHERE id = $1 AND active),
			EXISTS (SELECT 1 FROM persons WHERE id = $2 AND active),
			EXISTS (SELECT 1 FROM organisations WHERE id = $3 AND active),
			EXISTS (SELECT 1 FROM groups WHERE id = $4 AND active)`,
		after.OwnerID, after.BusinessOwnerID, after.ProviderID, after.SupportGroupID).Scan(&owner, &businessOwner, &provider, &group); err != nil {
		return err
	}
	for _, ref := range []struct {
		field, problem string
		before, after  int64
		found          bool
	}{
		{"owner", "This person does not exist or is no longer active.", before.OwnerID, after.OwnerID, owner},
		{"business_owner", "This person does not exist or is no longer active.", before.BusinessOwnerID, after.BusinessOwnerID, businessOwner},
		{"provider", "This organisation does not exist or is no longer in use.", before.ProviderID, after.ProviderID, provider},
		{"support_group", "This group does not exist or is no longer in use.", before.SupportGroupID, after.SupportGroupID, group},
	} {
		if ref.after != 0 && ref.after != ref.before && !ref.found {
			wrong.Say(ref.field, words.Text{Key: ref.problem})
		}
	}
	if after.ParentID != 0 && after.ParentID != before.ParentID {
		if err := checkParent(ctx, tx, after, &wrong); err != nil {
			return err
		}
	}
	return wrong.Err()
}

func checkParent(ctx context.Context, tx *database.Tx, s Service, wrong *apperr.Problems) error {
	// Changes of parents wait for one another: two that are fine alone may make
	// a cycle together.
	if _, err := tx.ReserveNumbers(ctx, "service_tree", 1); err != nil {
		return err
	}
	up, err := database.All(ctx, tx, database.Scalar[int64], `WITH RECURSIVE up (id, parent_id, depth) AS (
			SELECT id, parent_id, 1 FROM services WHERE id = $1
			UNION ALL
			SELECT s.id, s.parent_id, up.depth + 1 FROM services s JOIN up ON s.id = up.parent_id WHERE up.depth <= $2
		) SELECT id FROM up ORDER BY depth LIMIT $3`, s.ParentID, maxDepth, maxDepth+1)
	switch {
	case err != nil:
		return err
	case len(up) == 0:
		wrong.Add("parent", "This service does not exist.")
	case slices.Contains(up, s.ID):
		wrong.Add("parent", "A service cannot be a part of itself.")
	case len(up) >= maxDepth:
		wrong.Add("parent", "Services may be parts of one another %d levels deep.", maxDepth)
	}
	return nil
}

// known gives the ids of services that are here already.
func known(ctx context.Context, q database.Querier, source string, seeds []Seed) (byRef, byName map[string]int64, err error) {
	byRef, byName = map[string]int64{}, map[string]int64{}
	for part := range slices.Chunk(seeds, batch) {
		refs, folded := make([]string, 0, len(part)), make([]string, 0, len(part))
		for _, seed := range part {
			refs, folded = append(refs, seed.Ref), append(folded, filter.Fold(clean(seed.Name)))
		}
		var args database.Args
		err := database.Each(ctx, q, func(r database.Row) error {
			var id int64
			var rowSource, ref, name string
			if err := r.Scan(&id, &rowSource, &ref, &name); err != nil {
				return err
			}
			byName[name] = id
			if rowSource == source && ref != "" {
				byRef[ref] = id
			}
			return nil
		}, "SELECT id, source, COALESCE(source_ref, ''), name_folded FROM services WHERE source = "+args.Arg(source)+
			" AND source_ref IN "+database.In(&args, refs)+" OR name_folded IN "+database.In(&args, folded), args.Values()...)
		if err != nil {
			return nil, nil, err
		}
	}
	return byRef, byName, nil
}
