// Package people keeps who the others talk about: organisations, groups and
// persons.
//
// Organisations form a tree: the own company and its units, customers,
// suppliers, each with units of their own. Whose unit something is follows from
// the nearest organisation above it that is not a unit. Groups do the work; each
// has a support tier and a home organisation, so that an in-house team and a
// supplier's team differ in nothing but where they are at home. Persons belong
// to one organisation and to any number of groups.
//
// Nobody is deleted: tickets and logs refer to them. What is no longer in use is
// made inactive.
package people

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/words"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of this package.
var Migrations fs.FS = migrations

// Roles is what this package must know about roles, which it does not keep.
type Roles interface {
	// GroupGivesRoles reports whether the members of a group get a role from it.
	GroupGivesRoles(ctx context.Context, q database.Querier, group int64) (bool, error)
	// KeepingAdministrator runs a change that may take rights away and refuses it
	// if it leaves nobody who could give them back.
	KeepingAdministrator(ctx context.Context, tx *database.Tx, change func() error) error
}

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	db      *database.DB
	log     *audit.Log
	roles   Roles
	changes *access.Changes
	clock   func() time.Time
	kept    nameCaches
	moved   []Moved
}

// New makes the service. Close it in the end.
func New(db *database.DB, log *audit.Log, roles Roles, changes *access.Changes, clock func() time.Time) *Service {
	return &Service{db: db, log: log, roles: roles, changes: changes, clock: clock, kept: newNameCaches(db, clock)}
}

// Moved hears, within the transaction, that from an instant on groups belong to another
// supplier, or may.
type Moved func(ctx context.Context, tx *database.Tx, from time.Time) error

// FollowMoves lets a room hear of groups that belong to another supplier. Call it while
// the system is put together.
func (s *Service) FollowMoves(f Moved) { s.moved = append(s.moved, f) }

// tellMoved drops what is kept of where groups stand, and tells who follows.
func (s *Service) tellMoved(ctx context.Context, tx *database.Tx, from time.Time) error {
	s.kept.places.Changed(tx)
	for _, f := range s.moved {
		if err := f(ctx, tx, from); err != nil {
			return err
		}
	}
	return nil
}

// now is the instant as it is stored.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// schema maps the fields of access rules to columns.
func schema(fields map[string]string) *filter.Schema {
	var d filter.Definition
	for name, column := range fields {
		d.Fields = append(d.Fields, filter.Field{Name: name, Type: filter.TypeRef, SQL: column})
	}
	made, err := filter.NewSchema(d)
	if err != nil {
		panic(err) // a mistake in the package's own declarations
	}
	return made
}

// onceOnly makes a thing once per idempotency key; a second time it reads what
// was made the first time.
func onceOnly[T any](ctx context.Context, tx *database.Tx, s *Service, what string, request any, made *T,
	read func(context.Context, database.Querier, int64) (T, error), create func() (int64, error),
) error {
	id, replayed, err := once.Do(ctx, tx, s.now(), []any{"create " + what, request}, create)
	if err == nil && replayed {
		*made, err = read(ctx, tx, id)
	}
	return err
}

// mayManage asks whether the actor may change something in the directory.
// Whoever may not even see it is not told that it exists.
func mayManage(ctx context.Context, record access.Record, missing string) error {
	actor := access.From(ctx)
	decision := actor.Check(access.ManagePeople, record)
	if decision.Allowed || actor.Type == "" || actor.Check(access.ViewPeople, record).Allowed {
		return decision.Err()
	}
	return apperr.New(apperr.NotFound, "%s", words.Text{Key: missing})
}

// clean trims a line of text and makes it storable on both engines.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.TrimSpace(strings.ReplaceAll(text, "\x00", ""))
}

// checkLength notes a text that is too long.
func checkLength(wrong *apperr.Problems, field, text string, most int) {
	if utf8.RuneCountInString(text) > most {
		wrong.Add(field, "Use at most %d characters.", most)
	}
}

// checkName notes a name that is empty, too long or has line breaks in it.
func checkName(wrong *apperr.Problems, name string) {
	switch {
	case name == "":
		wrong.Add("name", "Give a name.")
	case strings.ContainsAny(name, "\r\n\t"):
		wrong.Add("name", "A name is a single line.")
	default:
		checkLength(wrong, "name", name, 200)
	}
}

// stale answers a save that lost against another one with what is stored now.
func stale(current any) error {
	return apperr.Stale(current, "Somebody else saved this in the meantime. Look at their version and save again.")
}

// duplicateName turns a broken unique name into an answer beside the field.
func duplicateName(err error, format string, args ...any) error {
	if isDuplicate(err) {
		return apperr.InvalidField("name", format, args...)
	}
	return err
}

// isDuplicate tells a broken unique key from the other conflicts, which say
// what they are in conflict with or have no cause.
func isDuplicate(err error) bool {
	var e *apperr.Error
	return errors.As(err, &e) && e.Kind == apperr.Conflict && e.Detail == nil && e.Err != nil
}
