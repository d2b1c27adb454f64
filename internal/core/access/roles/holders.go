package roles

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Assignment is a role as somebody holds it.
type Assignment struct {
	RoleKey          string
	RoleName         string
	GroupID          int64 // through which group; 0 if held directly
	GroupName        string
	OrganisationID   int64 // what it is bound to; 0 for the holder's own
	OrganisationName string
}

// Holder is a person or a group that holds a role directly.
type Holder struct {
	ID               int64
	Name             string
	OrganisationName string // theirs, not what the role is bound to
}

// target is one of the two tables of who holds what.
type target struct {
	table, column, object string
	name                  string // SELECT of the holder's name
}

var (
	toPerson = target{"person_roles", "person_id", "person", "SELECT name FROM persons WHERE id = $1 AND active"}
	toGroup  = target{"group_roles", "group_id", "group", "SELECT name FROM groups WHERE id = $1 AND active"}
)

// GrantToPerson gives a person a role, bound to an organisation or (0) to their own.
func (s *Store) GrantToPerson(ctx context.Context, person int64, role string, organisation int64) error {
	return s.db.Write(ctx, func(tx *database.Tx) error { return s.grant(ctx, tx, toPerson, person, role, organisation) })
}

// GrantToPersonIn is GrantToPerson within the caller's transaction.
func (s *Store) GrantToPersonIn(ctx context.Context, tx *database.Tx, person int64, role string, organisation int64) error {
	return s.grant(ctx, tx, toPerson, person, role, organisation)
}

// GrantToGroup gives a role to every member of a group.
func (s *Store) GrantToGroup(ctx context.Context, group int64, role string, organisation int64) error {
	return s.db.Write(ctx, func(tx *database.Tx) error { return s.grant(ctx, tx, toGroup, group, role, organisation) })
}

// RevokeFromPerson takes a role from a person. The last one who may manage roles
// keeps it: Conflict.
func (s *Store) RevokeFromPerson(ctx context.Context, person int64, role string, organisation int64) error {
	return s.revoke(ctx, toPerson, person, role, organisation)
}

// RevokeFromGroup takes a role from the members of a group.
func (s *Store) RevokeFromGroup(ctx context.Context, group int64, role string, organisation int64) error {
	return s.revoke(ctx, toGroup, group, role, organisation)
}

func (s *Store) grant(ctx context.Context, tx *database.Tx, to target, id int64, key string, organisation int64) error {
	if err := mayManage(ctx); err != nil {
		return err
	}
	all, err := s.Definitions(ctx, tx)
	if err != nil {
		return err
	}
	role, err := find(all, key)
	if err != nil {
		return apperr.InvalidField("role", "There is no role called %s.", key)
	}
	name, err := database.One(ctx, tx, database.Scalar[string], to.name, id)
	if apperr.Is(err, apperr.NotFound) {
		return apperr.InvalidField(to.object, "This %s does not exist or is no longer in use.", to.object)
	}
	if err != nil {
		return err
	}
	if !role.BuiltIn { // keeps the role from being deleted meanwhile
		if _, err := tx.Exec(ctx, "UPDATE roles SET version = version WHERE key = $1", key); err != nil {
			return err
		}
	}
	if organisation != 0 {
		var found bool
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM organisations WHERE id = $1 AND active)", organisation).Scan(&found); err != nil {
			return err
		}
		if !found {
			return apperr.InvalidField("organisation", "This organisation does not exist or is no longer in use.")
		}
	}
	n, err := tx.Exec(ctx, "INSERT INTO "+to.table+" ("+to.column+", role_key, organisation_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		id, key, database.ID(organisation))
	if err != nil || n == 0 {
		return err
	}
	s.note(tx, to, id)
	return s.log.Append(ctx, tx, assignmentEntry(to, "role_granted", id, name, nil, assignment(role, organisation)))
}

// revoke does nothing if the role is not held.
func (s *Store) revoke(ctx context.Context, from target, id int64, key string, organisation int64) error {
	if err := mayManage(ctx); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		return s.KeepingAdministrator(ctx, tx, func() error {
			n, err := tx.Exec(ctx, "DELETE FROM "+from.table+" WHERE "+from.column+
				" = $1 AND role_key = $2 AND COALESCE(organisation_id, 0) = $3", id, key, organisation)
			if err != nil || n == 0 {
				return err
			}
			s.note(tx, from, id)
			return s.log.Append(ctx, tx, assignmentEntry(from, "role_revoked", id, "", assignment(access.Role{Key: key}, organisation), nil))
		})
	})
}

// note tells which actors are no longer what they were.
func (s *Store) note(tx *database.Tx, t target, id int64) {
	if t.object == toPerson.object {
		s.changes.Note(tx, id)
		return
	}
	s.changes.Note(tx)
}

func assignment(role access.Role, organisation int64) any {
	return map[string]any{"role": role.Key, "organisation_id": organisation}
}

func assignmentEntry(t target, verb string, id int64, name string, before, after any) audit.Entry {
	return audit.Entry{
		Action: t.object + "." + verb, ObjectType: t.object, ObjectID: audit.ID(id), ObjectName: name, Before: before, After: after,
	}
}

// mayRead is for who holds what: those who give roles, audit, or manage people.
func mayRead(ctx context.Context) error {
	actor := access.From(ctx)
	if actor.Can(access.ManageRoles, access.AnyKind) || actor.Can(access.ViewAudit, access.AnyKind) {
		return nil
	}
	return actor.Require(access.ManageRoles, access.AnyKind)
}

// HeldBy lists the roles of a person, directly and through groups. Everybody may
// ask for their own.
func (s *Store) HeldBy(ctx context.Context, person int64) ([]Assignment, error) {
	if actor := access.From(ctx); !actor.IsPerson() || actor.ID != person {
		if err := mayRead(ctx); err != nil {
			return nil, err
		}
	}
	return s.assignments(ctx, s.db.Reader(), person)
}

// GivenBy lists the roles that a group gives its members.
func (s *Store) GivenBy(ctx context.Context, group int64) ([]Assignment, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	q := s.db.Reader()
	found, err := database.All(ctx, q, scanAssignment, `SELECT gr.role_key, 0, '', gr.organisation_id, COALESCE(o.name, '')
		FROM group_roles gr LEFT JOIN organisations o ON o.id = gr.organisation_id
		WHERE gr.group_id = $1 ORDER BY gr.role_key, o.name, o.id LIMIT $2`, group, maxHolders)
	return s.named(ctx, q, found, err)
}

// assignments reads without asking for permission.
func (s *Store) assignments(ctx context.Context, q database.Querier, person int64) ([]Assignment, error) {
	found, err := database.All(ctx, q, scanAssignment, `SELECT pr.role_key, 0, '', pr.organisation_id, COALESCE(o.name, '')
		FROM person_roles pr LEFT JOIN organisations o ON o.id = pr.organisation_id WHERE pr.person_id = $1
		UNION ALL
		SELECT gr.role_key, g.id, g.name, gr.organisation_id, COALESCE(o.name, '')
		FROM group_members gm JOIN groups g ON g.id = gm.group_id AND g.active JOIN group_roles gr ON gr.group_id = g.id
		LEFT JOIN organisations o ON o.id = gr.organisation_id WHERE gm.person_id = $1
		ORDER BY 1, 2, 4 LIMIT $2`, person, maxHolders)
	return s.named(ctx, q, found, err)
}

// named fills in the roles' names and drops assignments of roles that are gone.
func (s *Store) named(ctx context.Context, q database.Querier, found []Assignment, err error) ([]Assignment, error) {
	if err != nil || len(found) == 0 {
		return nil, err
	}
	all, err := s.Definitions(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]Assignment, 0, len(found))
	for _, a := range found {
		if role, err := find(all, a.RoleKey); err == nil {
			a.RoleName = role.Name
			out = append(out, a)
		}
	}
	return out, nil
}

func scanAssignment(r database.Row) (Assignment, error) {
	var a Assignment
	err := r.Scan(&a.RoleKey, &a.GroupID, &a.GroupName, (*database.ID)(&a.OrganisationID), &a.OrganisationName)
	return a, err
}

// maxHolders bounds lists of assignments.
const maxHolders = 1000

// HoldingPersons lists the persons who hold a role directly, by name.
func (s *Store) HoldingPersons(ctx context.Context, key string, after lookup.Cursor, limit int) (lookup.Page[Holder], error) {
	return s.holders(ctx, "persons", toPerson, key, after, limit)
}

// HoldingGroups lists the groups that give a role to their members, by name.
func (s *Store) HoldingGroups(ctx context.Context, key string, after lookup.Cursor, limit int) (lookup.Page[Holder], error) {
	return s.holders(ctx, "groups", toGroup, key, after, limit)
}

func (s *Store) holders(ctx context.Context, table string, of target, key string, after lookup.Cursor, limit int) (lookup.Page[Holder], error) {
	if err := mayRead(ctx); err != nil {
		return lookup.Page[Holder]{}, err
	}
	limit = lookup.Limit(limit)
	var args database.Args
	rows, err := database.All(ctx, s.db.Reader(), func(r database.Row) (h Holder, err error) {
		err = r.Scan(&h.ID, &h.Name, &h.OrganisationName)
		return h, err
	}, "SELECT h.id, h.name, COALESCE(o.name, '') FROM "+table+" h LEFT JOIN organisations o ON o.id = h.organisation_id WHERE h.id IN (SELECT "+
		of.column+" FROM "+of.table+" WHERE role_key = "+args.Arg(key)+") AND "+after.After(&args, "h.name_folded", "h.id")+
		" ORDER BY h.name_folded, h.id LIMIT "+args.Arg(limit+1), args.Values()...)
	return lookup.PageOf(rows, limit, func(h Holder) lookup.Cursor {
		return lookup.Cursor{Name: filter.Fold(h.Name), ID: h.ID}
	}), err
}

// Counts gives how many persons and groups hold each role directly, by key.
func (s *Store) Counts(ctx context.Context) (map[string]int, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	counts := map[string]int{}
	err := database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var key string
		var n int
		err := r.Scan(&key, &n)
		counts[key] = n
		return err
	}, `SELECT role_key, COUNT(*) FROM (SELECT role_key FROM person_roles UNION ALL SELECT role_key FROM group_roles) held
		GROUP BY role_key`)
	return counts, err
}

// Grants gives the grants of a person, of whom it must be known whether they are
// a requester without being told so.
func (s *Store) Grants(ctx context.Context, q database.Querier, person int64, requester bool) ([]access.Grant, error) {
	held, err := s.assignments(ctx, q, person)
	if err != nil {
		return nil, err
	}
	all, err := s.Definitions(ctx, q)
	if err != nil {
		return nil, err
	}
	var grants []access.Grant
	if requester {
		role, err := find(all, access.RoleRequester)
		if err != nil {
			return nil, err
		}
		grants = role.Bind(0, "", "")
	}
	for _, a := range held {
		role, err := find(all, a.RoleKey)
		if err != nil {
			return nil, err
		}
		grants = append(grants, role.Bind(a.OrganisationID, a.OrganisationName, a.GroupName)...)
	}
	return grants, nil
}

// GroupGivesRoles reports whether the members of a group get a role from it.
func (s *Store) GroupGivesRoles(ctx context.Context, q database.Querier, group int64) (bool, error) {
	return database.One(ctx, q, database.Scalar[bool], "SELECT EXISTS (SELECT 1 FROM group_roles WHERE group_id = $1)", group)
}

// HasAdministrator reports whether some active person may manage roles.
func (s *Store) HasAdministrator(ctx context.Context, q database.Querier) (bool, error) {
	all, err := s.Definitions(ctx, q)
	if err != nil {
		return false, err
	}
	var keys []string
	for _, role := range all {
		for _, p := range role.Permissions {
			if p.Verb == access.ManageRoles {
				keys = append(keys, role.Key)
				break
			}
		}
	}
	var args database.Args
	in := database.In(&args, keys)
	return database.One(ctx, q, database.Scalar[bool], `SELECT EXISTS (
			SELECT 1 FROM person_roles pr JOIN persons p ON p.id = pr.person_id
			WHERE pr.role_key IN `+in+` AND p.active AND NOT p.service_account)
		OR EXISTS (
			SELECT 1 FROM group_roles gr JOIN groups g ON g.id = gr.group_id JOIN group_members gm ON gm.group_id = g.id
			JOIN persons p ON p.id = gm.person_id
			WHERE gr.role_key IN `+in+` AND g.active AND p.active AND NOT p.service_account)`, args.Values()...)
}

// PersonsWith gives the active persons who may do a verb everywhere, through a
// role of their own or of a group of theirs; at most limit. It asks for no
// permission: it is for telling them something.
func (s *Store) PersonsWith(ctx context.Context, q database.Querier, verb access.Verb, limit int) ([]int64, error) {
	all, err := s.Definitions(ctx, q)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, role := range all {
		if slices.Contains(role.Permissions, access.Permission{Verb: verb, Kind: access.AnyKind, Scope: access.ScopeAll}) {
			keys = append(keys, role.Key)
		}
	}
	var args database.Args
	in := database.In(&args, keys)
	return database.All(ctx, q, database.Scalar[int64], `SELECT p.id FROM persons p WHERE p.active AND NOT p.service_account AND p.id IN (
		SELECT pr.person_id FROM person_roles pr WHERE pr.role_key IN `+in+`
		UNION SELECT gm.person_id FROM group_roles gr JOIN groups g ON g.id = gr.group_id JOIN group_members gm ON gm.group_id = g.id
			WHERE gr.role_key IN `+in+` AND g.active) ORDER BY p.id LIMIT `+args.Arg(limit), args.Values()...)
}

// PersonsHolding gives the active persons who have a role, of their own or through a
// group of theirs; at most limit. It asks for no permission, as PersonsWith.
func (s *Store) PersonsHolding(ctx context.Context, q database.Querier, key string, limit int) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT p.id FROM persons p WHERE p.active AND NOT p.service_account AND p.id IN (
		SELECT pr.person_id FROM person_roles pr WHERE pr.role_key = $1
		UNION SELECT gm.person_id FROM group_roles gr JOIN groups g ON g.id = gr.group_id JOIN group_members gm ON gm.group_id = g.id
			WHERE gr.role_key = $1 AND g.active) ORDER BY p.id LIMIT $2`, key, limit)
}

// KeepingAdministrator runs a change that may take rights away and refuses it,
// with Conflict, if it leaves nobody who could give them back. Such changes wait
// for one another: two administrators may not dismiss each other at once.
func (s *Store) KeepingAdministrator(ctx context.Context, tx *database.Tx, change func() error) error {
	if _, err := tx.ReserveNumbers(ctx, "administrators", 1); err != nil {
		return err
	}
	before, err := s.HasAdministrator(ctx, tx)
	if err != nil {
		return err
	}
	if err := change(); err != nil || !before {
		return err
	}
	after, err := s.HasAdministrator(ctx, tx)
	if err == nil && !after {
		return apperr.New(apperr.Conflict, "This would leave nobody who may manage roles. Give that role to somebody else first.")
	}
	return err
}
