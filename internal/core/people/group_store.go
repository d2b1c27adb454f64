package people

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/database"
)

const groupColumns = `g.id, g.name, g.tier, g.organisation_id, g.email, g.description, g.active, g.source, COALESCE(g.source_ref, ''),
	g.created_at, g.updated_at, g.version, (SELECT max(h.until) FROM group_homes h WHERE h.group_id = g.id)`

func scanGroup(r database.Row) (Group, error) {
	var g Group
	err := r.Scan(&g.ID, &g.Name, &g.Tier, (*database.ID)(&g.OrganisationID), &g.Email, &g.Description, &g.Active, &g.Source, &g.SourceRef,
		(*database.Time)(&g.CreatedAt), (*database.Time)(&g.UpdatedAt), &g.Version, (*database.Time)(&g.HomeSince))
	return g, err
}

// withLead scans a row that ends with one more column than a group has.
type withLead struct {
	database.Row
	lead *bool
}

func (r withLead) Scan(dest ...any) error { return r.Row.Scan(append(dest, r.lead)...) }

func scanMember(r database.Row) (Member, error) {
	var m Member
	err := r.Scan(&m.PersonID, &m.Name, &m.Lead, &m.Active)
	return m, err
}

func readGroup(ctx context.Context, q database.Querier, id int64) (Group, error) {
	g, err := database.One(ctx, q, scanGroup, "SELECT "+groupColumns+" FROM groups g WHERE g.id = $1", id)
	return g, notFound(err, noGroup)
}

func insertGroups(ctx context.Context, tx *database.Tx, all ...Group) error {
	const batch = 200
	for part := range slices.Chunk(all, batch) {
		var args database.Args
		rows := make([]string, 0, len(part))
		for _, g := range part {
			rows = append(rows, values(&args, g.ID, g.Name, filter.Fold(g.Name), g.Tier, database.ID(g.OrganisationID), g.Email, g.Description,
				g.Active, g.Source, nullable(g.SourceRef), database.Time(g.CreatedAt), database.Time(g.UpdatedAt), g.Version))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO groups (id, name, name_folded, tier, organisation_id, email, description, active,
				source, source_ref, created_at, updated_at, version) VALUES `+strings.Join(rows, ", "), args.Values()...); err != nil {
			return err
		}
		if err := lookup.Index(ctx, tx, lookup.Group, groupWords(part)...); err != nil {
			return err
		}
	}
	return nil
}

func groupWords(all []Group) []lookup.Entry {
	entries := make([]lookup.Entry, 0, len(all))
	for _, g := range all {
		entries = append(entries, lookup.Entry{ID: g.ID, Texts: []string{g.Name}})
	}
	return entries
}

func (s *Service) updateGroup(ctx context.Context, tx *database.Tx, g Group) error {
	n, err := tx.Exec(ctx, `UPDATE groups SET name = $1, name_folded = $2, tier = $3, organisation_id = $4, email = $5, description = $6,
		active = $7, source = $8, source_ref = $9, updated_at = $10, version = $11 WHERE id = $12 AND version = $13`,
		g.Name, filter.Fold(g.Name), g.Tier, database.ID(g.OrganisationID), g.Email, g.Description,
		g.Active, g.Source, nullable(g.SourceRef), database.Time(g.UpdatedAt), g.Version, g.ID, g.Version-1)
	if err != nil {
		return err
	}
	if n == 0 {
		return overtaken(ctx, tx, g.ID, readGroup)
	}
	s.kept.groups.Changed(tx, g.ID)
	return lookup.Index(ctx, tx, lookup.Group, groupWords([]Group{g})...)
}

// readMember gives a membership as a Member, or nil if there is none.
func readMember(ctx context.Context, q database.Querier, group, person int64) (any, error) {
	found, err := database.All(ctx, q, scanMember, `SELECT p.id, p.name, gm.lead, p.active
		FROM group_members gm JOIN persons p ON p.id = gm.person_id WHERE gm.group_id = $1 AND gm.person_id = $2`, group, person)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// writeMember sets whether a person leads a group; nil takes them out of it.
func writeMember(ctx context.Context, tx *database.Tx, group, person int64, lead *bool) error {
	if lead == nil {
		_, err := tx.Exec(ctx, "DELETE FROM group_members WHERE group_id = $1 AND person_id = $2", group, person)
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO group_members (group_id, person_id, lead) VALUES ($1, $2, $3)
		ON CONFLICT (group_id, person_id) DO UPDATE SET lead = excluded.lead`, group, person, *lead)
	return err
}
