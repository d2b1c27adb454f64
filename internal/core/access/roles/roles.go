// Package roles keeps the roles of an installation and who holds them.
//
// The built-in roles belong to the program and improve with it; an administrator
// copies one to make it their own. A role is held by a person, or by a group for
// all of its members, for the holder's own organisation or bound to another one.
// Everybody who is not a service account and does not work for a supplier is a
// requester without being told so.
package roles

import (
	"context"
	"embed"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of this package.
var Migrations fs.FS = migrations

// Store holds the use cases. The actor is taken from the context.
type Store struct {
	db      *database.DB
	log     *audit.Log
	changes *access.Changes
	verbs   *access.Catalogue
	builtIn []access.Role
	clock   func() time.Time
}

// New makes the store.
func New(db *database.DB, log *audit.Log, changes *access.Changes, verbs *access.Catalogue, clock func() time.Time) *Store {
	return &Store{db, log, changes, verbs, verbs.BuiltInRoles(), clock}
}

// Verbs gives the verbs a role can be made of.
func (s *Store) Verbs() *access.Catalogue { return s.verbs }

func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// maxRoles bounds the custom roles of an installation.
const maxRoles = 200

// All lists the built-in roles, then the custom ones by key. Definitions are no
// secret: whoever is signed in may read what a role means.
func (s *Store) All(ctx context.Context) ([]access.Role, error) {
	if access.From(ctx).Type == "" {
		return nil, apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	return s.Definitions(ctx, s.db.Reader())
}

// Get gives one role; NotFound if there is none with the key.
func (s *Store) Get(ctx context.Context, key string) (access.Role, error) {
	all, err := s.All(ctx)
	if err != nil {
		return access.Role{}, err
	}
	return find(all, key)
}

// Definitions is All for the program itself, within a transaction if need be.
func (s *Store) Definitions(ctx context.Context, q database.Querier) ([]access.Role, error) {
	custom, err := database.All(ctx, q, scanRole,
		"SELECT key, name, description, permissions, version FROM roles ORDER BY key LIMIT $1", maxRoles)
	return slices.Concat(s.builtIn, custom), err
}

func scanRole(r database.Row) (access.Role, error) {
	var role access.Role
	err := r.Scan(&role.Key, &role.Name, &role.Description, database.JSON{V: &role.Permissions}, &role.Version)
	return role, err
}

func find(all []access.Role, key string) (access.Role, error) {
	for _, role := range all {
		if role.Key == key {
			return role, nil
		}
	}
	return access.Role{}, apperr.New(apperr.NotFound, "There is no role called %s.", key)
}

func mayManage(ctx context.Context) error {
	return access.From(ctx).Require(access.ManageRoles, access.AnyKind)
}

// Create adds a custom role, once per idempotency key.
func (s *Store) Create(ctx context.Context, role access.Role) (access.Role, error) {
	if err := s.check(ctx, &role); err != nil {
		return role, err
	}
	role.BuiltIn, role.Version = false, 1
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		// A role has a key instead of an id; the key is part of the request.
		_, replayed, err := once.Do(ctx, tx, s.now(), []any{"create role", role}, func() (int64, error) { return 0, s.add(ctx, tx, role) })
		if err == nil && replayed {
			role, err = s.stored(ctx, tx, role.Key)
		}
		return err
	})
	return role, err
}

func (s *Store) add(ctx context.Context, tx *database.Tx, role access.Role) error {
	all, err := s.Definitions(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := find(all, role.Key); err == nil {
		return apperr.InvalidField("key", "There is already a role with this key.")
	}
	if len(all) >= maxRoles {
		return apperr.New(apperr.Invalid, "An installation may have %d roles.", maxRoles)
	}
	now := database.Time(s.now())
	if _, err := tx.Exec(ctx, `INSERT INTO roles (key, name, description, permissions, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		role.Key, role.Name, role.Description, database.JSON{V: role.Permissions}, now, now, role.Version); err != nil {
		return err
	}
	return s.log.Append(ctx, tx, entry("role.create", role, nil, document(role)))
}

// Update saves a custom role that was read at role.Version; Conflict with the
// present one if somebody else was first.
func (s *Store) Update(ctx context.Context, role access.Role) (access.Role, error) {
	if err := s.check(ctx, &role); err != nil {
		return role, err
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := s.custom(ctx, tx, role.Key, role.Version)
		if err != nil {
			return err
		}
		role.BuiltIn, role.Version = false, before.Version+1
		return s.KeepingAdministrator(ctx, tx, func() error {
			n, err := tx.Exec(ctx, `UPDATE roles SET name = $1, description = $2, permissions = $3, updated_at = $4, version = $5
				WHERE key = $6 AND version = $7`, role.Name, role.Description, database.JSON{V: role.Permissions},
				database.Time(s.now()), role.Version, role.Key, before.Version)
			if err != nil {
				return err
			}
			if n == 0 {
				return s.overtaken(ctx, tx, role.Key)
			}
			s.changes.Note(tx)
			return s.log.Append(ctx, tx, entry("role.update", role, document(before), document(role)))
		})
	})
	return role, err
}

// Delete removes a custom role that was read at a version; InUse while somebody
// holds it.
func (s *Store) Delete(ctx context.Context, key string, version int64) error {
	if err := mayManage(ctx); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		role, err := s.custom(ctx, tx, key, version)
		if err != nil {
			return err
		}
		// Deleting first: whoever is being given the role right now waits or fails.
		n, err := tx.Exec(ctx, "DELETE FROM roles WHERE key = $1 AND version = $2", key, version)
		if err != nil {
			return err
		}
		if n == 0 {
			return s.overtaken(ctx, tx, key)
		}
		var holders int
		if err := tx.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM person_roles WHERE role_key = $1)
			+ (SELECT COUNT(*) FROM group_roles WHERE role_key = $1)`, key).Scan(&holders); err != nil {
			return err
		}
		if holders > 0 {
			return apperr.New(apperr.InUse, "%d people or groups hold this role. Take it from them first.", holders)
		}
		return s.log.Append(ctx, tx, entry("role.delete", role, document(role), nil))
	})
}

// check cleans a role and reports what is wrong with it.
func (s *Store) check(ctx context.Context, role *access.Role) error {
	if err := mayManage(ctx); err != nil {
		return err
	}
	role.Name, role.Description = clean(role.Name), clean(role.Description)
	role.Permissions = slices.Compact(slices.SortedFunc(slices.Values(role.Permissions), comparePermissions))
	return role.Validate(s.verbs)
}

func comparePermissions(a, b access.Permission) int {
	return strings.Compare(string(a.Verb)+"\x00"+a.Kind+"\x00"+string(a.Scope), string(b.Verb)+"\x00"+b.Kind+"\x00"+string(b.Scope))
}

func clean(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", ""))
}

// custom reads a custom role that must still be at a version.
func (s *Store) custom(ctx context.Context, tx *database.Tx, key string, version int64) (access.Role, error) {
	for _, role := range s.builtIn {
		if role.Key == key {
			return role, apperr.New(apperr.Invalid, "Built-in roles cannot be changed. Copy the role and change the copy.")
		}
	}
	role, err := s.stored(ctx, tx, key)
	if err == nil && role.Version != version {
		return role, stale(role)
	}
	return role, err
}

func (s *Store) stored(ctx context.Context, tx *database.Tx, key string) (access.Role, error) {
	role, err := database.One(ctx, tx, scanRole, "SELECT key, name, description, permissions, version FROM roles WHERE key = $1", key)
	if apperr.Is(err, apperr.NotFound) {
		return role, apperr.New(apperr.NotFound, "There is no role called %s.", key)
	}
	return role, err
}

func (s *Store) overtaken(ctx context.Context, tx *database.Tx, key string) error {
	role, err := s.stored(ctx, tx, key)
	if err != nil {
		return err
	}
	return stale(role)
}

func stale(current access.Role) error {
	return apperr.Stale(current, "Somebody else saved this role in the meantime. Look at their version and save again.")
}

func entry(action string, role access.Role, before, after any) audit.Entry {
	return audit.Entry{Action: action, ObjectType: "role", ObjectID: role.Key, ObjectName: role.Name, Before: before, After: after}
}

// document is a role as the audit log shows it.
func document(role access.Role) any {
	return map[string]any{
		"name": role.Name, "description": role.Description, "permissions": role.Permissions, "version": role.Version,
	}
}
