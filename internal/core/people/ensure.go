package people

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// PersonSeed is a person as a foreign system knows them.
type PersonSeed struct {
	Ref string // their stable key there
	// ManagerRef is the key of their manager there; it counts for who is new here and
	// where it leads round in no circle.
	ManagerRef string
	PersonInput
	Preferences
}

// GroupSeed is a group as a foreign system knows it.
type GroupSeed struct {
	Ref string
	GroupInput
	Members []int64 // persons here
}

// OrganisationSeed is an organisation as a foreign system knows it.
type OrganisationSeed struct {
	Ref string
	OrganisationInput
}

// EnsurePersons makes sure that every person of a foreign system exists here,
// and gives their ids by Ref. Who is here already, by Ref or by e-mail address,
// is left as they are: what was edited here since is not overwritten. It is for
// importers and made for thousands at a time.
func (s *Service) EnsurePersons(ctx context.Context, tx *database.Tx, source string, seeds []PersonSeed) (map[string]int64, error) {
	if err := mayEnsure(ctx); err != nil {
		return nil, err
	}
	ids, err := idsByRef(ctx, tx, "persons", "source_ref", "source = $1", []any{source}, refs(seeds, func(p PersonSeed) string { return p.Ref }))
	if err != nil {
		return nil, err
	}
	var emails []string
	for _, seed := range seeds {
		if email := NormalEmail(seed.Email); ids[seed.Ref] == 0 && email != "" {
			emails = append(emails, email)
		}
	}
	byEmail, err := idsByRef(ctx, tx, "persons", "email_folded", "TRUE", nil, emails)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var fresh []Person
	for _, seed := range seeds {
		if ids[seed.Ref] != 0 {
			continue
		}
		if err := seed.check(); err != nil {
			return nil, err
		}
		email := NormalEmail(seed.Email)
		if id := byEmail[email]; email != "" && id != 0 {
			ids[seed.Ref] = id
			continue
		}
		p := Person{
			ID: tx.NextID(), PersonInput: seed.PersonInput, Preferences: seed.Preferences, Source: source, SourceRef: seed.Ref,
			CreatedAt: now, UpdatedAt: now, Version: 1,
		}
		fresh = append(fresh, p)
		ids[seed.Ref] = p.ID
		if email != "" {
			byEmail[email] = p.ID
		}
	}
	if len(fresh) == 0 {
		return ids, nil
	}
	fresh = underManagers(fresh, seeds, ids)
	if err := insertPersons(ctx, tx, fresh...); err != nil {
		return nil, err
	}
	return ids, s.logEnsured(ctx, tx, "person", source, len(fresh))
}

// EnsureGroups is EnsurePersons for groups, which are also recognised by name.
// Members are added to groups that are here already.
func (s *Service) EnsureGroups(ctx context.Context, tx *database.Tx, source string, seeds []GroupSeed) (map[string]int64, error) {
	if err := mayEnsure(ctx); err != nil {
		return nil, err
	}
	ids, err := idsByRef(ctx, tx, "groups", "source_ref", "source = $1", []any{source}, refs(seeds, func(g GroupSeed) string { return g.Ref }))
	if err != nil {
		return nil, err
	}
	byName, err := idsByRef(ctx, tx, "groups", "name_folded", "TRUE", nil,
		refs(seeds, func(g GroupSeed) string { return filter.Fold(clean(g.Name)) }))
	if err != nil {
		return nil, err
	}
	now := s.now()
	var fresh []Group
	for _, seed := range seeds {
		if ids[seed.Ref] != 0 {
			continue
		}
		if err := seed.check(); err != nil {
			return nil, err
		}
		name := filter.Fold(seed.Name)
		if id := byName[name]; id != 0 {
			ids[seed.Ref] = id
			continue
		}
		g := Group{
			ID: tx.NextID(), GroupInput: seed.GroupInput, Source: source, SourceRef: seed.Ref, CreatedAt: now, UpdatedAt: now, Version: 1,
		}
		fresh = append(fresh, g)
		ids[seed.Ref], byName[name] = g.ID, g.ID
	}
	if err := insertGroups(ctx, tx, fresh...); err != nil {
		return nil, err
	}
	added, err := addMembers(ctx, tx, seeds, ids)
	if err != nil || len(fresh) == 0 && added == 0 {
		return ids, err
	}
	s.changes.Note(tx)
	s.kept.places.Changed(tx)
	return ids, s.logEnsured(ctx, tx, "group", source, len(fresh))
}

func addMembers(ctx context.Context, tx *database.Tx, seeds []GroupSeed, ids map[string]int64) (added int64, err error) {
	type pair struct{ group, person int64 }
	var pairs []pair
	for _, seed := range seeds {
		for _, person := range seed.Members {
			pairs = append(pairs, pair{ids[seed.Ref], person})
		}
	}
	const batch = 1000
	for part := range slices.Chunk(pairs, batch) {
		var args database.Args
		rows := make([]string, 0, len(part))
		for _, p := range part {
			rows = append(rows, values(&args, p.group, p.person, false))
		}
		n, err := tx.Exec(ctx, "INSERT INTO group_members (group_id, person_id, lead) VALUES "+strings.Join(rows, ", ")+
			" ON CONFLICT DO NOTHING", args.Values()...)
		if err != nil {
			return added, err
		}
		added += n
	}
	return added, nil
}

// EnsureOrganisations is EnsurePersons for organisations, whose parents are here
// already.
func (s *Service) EnsureOrganisations(ctx context.Context, tx *database.Tx, source string, seeds []OrganisationSeed) (map[string]int64, error) {
	if err := mayEnsure(ctx); err != nil {
		return nil, err
	}
	if err := lockTree(ctx, tx); err != nil {
		return nil, err
	}
	ids, err := idsByRef(ctx, tx, "organisations", "source_ref", "source = $1", []any{source},
		refs(seeds, func(o OrganisationSeed) string { return o.Ref }))
	if err != nil {
		return nil, err
	}
	now := s.now()
	var fresh []Organisation
	for _, seed := range seeds {
		if ids[seed.Ref] != 0 {
			continue
		}
		if err := seed.check(); err != nil {
			return nil, err
		}
		o := Organisation{
			ID: tx.NextID(), OrganisationInput: seed.OrganisationInput, Source: source, SourceRef: seed.Ref,
			CreatedAt: now, UpdatedAt: now, Version: 1,
		}
		ids[seed.Ref] = o.ID
		fresh = append(fresh, o)
	}
	if len(fresh) == 0 {
		return ids, nil
	}
	if err := insertOrganisations(ctx, tx, fresh...); err != nil {
		return nil, duplicateName(err, "Two organisations from %s have the same name in the same place.", source)
	}
	s.changes.Note(tx)
	return ids, s.logEnsured(ctx, tx, "organisation", source, len(fresh))
}

// mayEnsure asks for ManagePeople without limit, as what is imported may belong
// to any organisation, and for ManageRoles, as a group may give its members roles.
func mayEnsure(ctx context.Context) error {
	actor := access.From(ctx)
	return cmp.Or(actor.Check(access.ManagePeople, access.Record{}).Err(), actor.Require(access.ManageRoles, access.AnyKind))
}

func (s *Service) logEnsured(ctx context.Context, tx *database.Tx, object, source string, count int) error {
	return s.log.Append(ctx, tx, audit.Entry{
		Action: object + ".import", ObjectType: object, ObjectName: source,
		After: map[string]any{"source": source, "created": count},
	})
}

func refs[T any](seeds []T, ref func(T) string) []string {
	out := make([]string, 0, len(seeds))
	for _, seed := range seeds {
		out = append(out, ref(seed))
	}
	return out
}

// refsBatch is how many keys one query asks for.
const refsBatch = 500

// idsByRef gives the ids of the rows of a table that have one of the keys in a
// column and fulfil the condition, by key.
func idsByRef(ctx context.Context, q database.Querier, table, column, condition string, conditionArgs []any, keys []string) (map[string]int64, error) {
	type found struct {
		key string
		id  int64
	}
	out := make(map[string]int64, len(keys))
	for part := range slices.Chunk(keys, refsBatch) {
		var args database.Args
		for _, a := range conditionArgs {
			args.Arg(a)
		}
		rows, err := database.All(ctx, q, func(r database.Row) (f found, err error) {
			err = r.Scan(&f.key, &f.id)
			return f, err
		}, "SELECT "+column+", id FROM "+table+" WHERE "+condition+" AND "+column+" IN "+database.In(&args, part), args.Values()...)
		if err != nil {
			return nil, err
		}
		for _, f := range rows {
			out[f.key] = f.id
		}
	}
	return out, nil
}
