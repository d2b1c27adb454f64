package actors

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// maxFacts bounds each list of facts.
const maxFacts = 20_000

// load gathers an actor in a fixed number of queries.
func (c *Cache) load(ctx context.Context, id int64) (Person, error) {
	q := c.db.Reader()
	var p Person
	var name string
	var organisation, supplier int64
	// The supplier the person works for is the nearest one above them.
	err := q.QueryRow(ctx, `SELECT p.name, p.email, p.organisation_id, p.service_account, p.language, p.zone, p.theme, p.density, p.start_page, p.keys_off, p.list_columns,
			(SELECT o.id FROM organisation_tree t JOIN organisations o ON o.id = t.ancestor_id
			WHERE t.organisation_id = p.organisation_id AND o.kind = 'supplier' ORDER BY t.depth LIMIT 1)
		FROM persons p WHERE p.id = $1 AND p.active`, id).
		Scan(&name, &p.Email, (*database.ID)(&organisation), &p.ServiceAccount, &p.Language, &p.Zone, &p.Theme, &p.Density, &p.Start, &p.KeysOff, database.JSON{V: &p.Columns},
			(*database.ID)(&supplier))
	if apperr.Is(err, apperr.NotFound) {
		return p, unknown()
	}
	if err != nil {
		return p, err
	}
	facts := access.Facts{Verbs: c.roles.Verbs()}
	if c.confidential != nil {
		facts.Confidential = c.confidential()
	}
	facts.Grants, err = c.roles.Grants(ctx, q, id, !p.ServiceAccount && supplier == 0)
	if err != nil {
		return p, err
	}
	facts.Groups, err = database.All(ctx, q, database.Scalar[int64], `SELECT g.id FROM group_members gm JOIN groups g ON g.id = gm.group_id
		WHERE gm.person_id = $1 AND g.active ORDER BY g.id LIMIT $2`, id, maxFacts)
	if err != nil {
		return p, err
	}
	facts.Services, err = database.All(ctx, q, database.Scalar[int64],
		"SELECT id FROM services WHERE owner_id = $1 OR business_owner_id = $1 ORDER BY id LIMIT $2", id, maxFacts)
	if err != nil {
		return p, err
	}
	if facts.Subtrees, err = subtrees(ctx, q, facts.Grants, organisation); err != nil {
		return p, err
	}
	if facts.SupplierGroups, err = supplierGroups(ctx, q, facts.Grants, supplier); err != nil {
		return p, err
	}
	p.Actor = access.NewPerson(id, name, organisation, facts)
	return p, nil
}

// roots gives the organisations that grants of a scope are bound to, with the
// person's own in place of 0.
func roots(grants []access.Grant, scope access.Scope, own int64) []int64 {
	var ids []int64
	for _, g := range grants {
		if g.Scope != scope {
			continue
		}
		id := g.Organisation
		if id == 0 {
			id = own
		}
		if id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func subtrees(ctx context.Context, q database.Querier, grants []access.Grant, own int64) (map[int64][]int64, error) {
	ids := roots(grants, access.ScopeOrganisation, own)
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // nothing to look up is an answer
	}
	var args database.Args
	return collect(ctx, q, own, "SELECT t.ancestor_id, t.organisation_id FROM organisation_tree t WHERE t.ancestor_id IN "+
		database.In(&args, ids)+" ORDER BY t.ancestor_id, t.organisation_id LIMIT "+args.Arg(maxFacts), args.Values()...)
}

// supplierGroups gives nothing for organisations that are no suppliers: a grant
// bound to the own company by mistake must not open its groups.
func supplierGroups(ctx context.Context, q database.Querier, grants []access.Grant, own int64) (map[int64][]int64, error) {
	ids := roots(grants, access.ScopeSupplier, own)
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // nothing to look up is an answer
	}
	var args database.Args
	return collect(ctx, q, own, `SELECT t.ancestor_id, g.id FROM organisation_tree t
		JOIN organisations o ON o.id = t.ancestor_id AND o.kind = 'supplier'
		JOIN groups g ON g.organisation_id = t.organisation_id AND g.active
		WHERE t.ancestor_id IN `+database.In(&args, ids)+" ORDER BY t.ancestor_id, g.id LIMIT "+args.Arg(maxFacts), args.Values()...)
}

// collect gathers pairs into lists; the person's own organisation stands under
// 0 as well.
func collect(ctx context.Context, q database.Querier, own int64, query string, args ...any) (map[int64][]int64, error) {
	lists := map[int64][]int64{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var key, id int64
		err := r.Scan(&key, &id)
		lists[key] = append(lists[key], id)
		return err
	}, query, args...)
	if own != 0 {
		lists[0] = lists[own]
	}
	return lists, err
}
