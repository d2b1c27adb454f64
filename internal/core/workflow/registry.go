package workflow

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed builtin/*.toml
var builtin embed.FS

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are this room's steps on the timeline of the schema.
var Migrations fs.FS = migrations

// Builtin reads the definitions that ship with the product.
func Builtin() ([]*Definition, error) {
	files, err := fs.Glob(builtin, "builtin/*.toml")
	if err != nil {
		return nil, err
	}
	var out []*Definition
	for _, name := range files {
		text, err := builtin.ReadFile(name)
		if err != nil {
			return nil, err
		}
		d, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// Parse reads a definition from TOML; unknown keys are errors, so that a typing
// mistake cannot pass as a default.
func Parse(text []byte) (*Definition, error) {
	dec := toml.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	d := &Definition{}
	if err := dec.Decode(d); err != nil {
		return nil, apperr.Wrap(err, apperr.Invalid, "The definition cannot be read: %v.", err)
	}
	return d, d.Validate()
}

// Registry gives the definitions in force: the built-in ones, those that
// practices bring, and the edited versions kept in the database. Reading is a
// pointer load; an edit on any node reaches all within a second.
type Registry struct {
	db      *database.DB
	shipped []*Definition
	current atomic.Pointer[map[string]*Definition]
	changes atomic.Uint64
	history atomic.Pointer[history]
	follow  []func(ctx context.Context, tx *database.Tx) error
	stop    func()
	read    readings
}

const topic = "workflow"

// NewRegistry loads the definitions. extra are those that practices ship.
func NewRegistry(ctx context.Context, db *database.DB, extra ...*Definition) (*Registry, error) {
	shipped, err := Builtin()
	if err != nil {
		return nil, err
	}
	for _, d := range extra {
		if err := d.Validate(); err != nil {
			return nil, fmt.Errorf("kind %s: %w", d.Key, err)
		}
	}
	r := &Registry{db: db, shipped: append(shipped, extra...)}
	if err := r.Reload(ctx); err != nil {
		return nil, err
	}
	r.stop = db.Subscribe(topic, func(string) {
		// A failed reload keeps the old definitions, which stay valid; the next notice tries again.
		_ = r.Reload(context.Background())
	})
	return r, nil
}

// Follow lets a room hear, within the transaction, that a kind was edited. Call it while
// the system is put together.
func (r *Registry) Follow(f func(ctx context.Context, tx *database.Tx) error) {
	r.follow = append(r.follow, f)
}

// Close stops following edits.
func (r *Registry) Close() { r.stop() }

// Reload reads the edited definitions anew.
func (r *Registry) Reload(ctx context.Context) error {
	defs := make(map[string]*Definition, len(r.shipped))
	for _, d := range r.shipped {
		defs[d.Key] = d
	}
	edited, err := database.All(ctx, r.db.Reader(), scanDefinition,
		`SELECT v.definition, v.version FROM kind_versions v
		 WHERE v.version = (SELECT max(w.version) FROM kind_versions w WHERE w.kind = v.kind)
		 ORDER BY v.kind LIMIT 1000`)
	if err != nil {
		return err
	}
	for _, d := range edited {
		defs[d.Key] = d
	}
	r.current.Store(&defs)
	r.changes.Add(1)
	return nil
}

func scanDefinition(row database.Row) (*Definition, error) {
	d := &Definition{}
	var version int
	err := row.Scan(database.JSON{V: d}, &version)
	d.Version = version
	return d, err
}

// Get gives a kind's definition; NotFound for an unknown kind.
func (r *Registry) Get(kind string) (*Definition, error) {
	if d, ok := (*r.current.Load())[kind]; ok {
		return d, nil
	}
	return nil, apperr.New(apperr.NotFound, "There is no kind of ticket called %q.", kind)
}

// Changes counts how often the definitions changed, for what is made of them and
// kept: read it before them.
func (r *Registry) Changes() uint64 { return r.changes.Load() }

// All gives every definition, by label.
func (r *Registry) All() []*Definition {
	var defs []*Definition
	for _, d := range *r.current.Load() {
		defs = append(defs, d)
	}
	return Sorted(defs)
}

// Save stores an edited definition as the next version of its kind. base is
// the version the editor started from: Conflict when it is no longer the
// newest. The caller has checked the permission and writes the audit entry.
func (r *Registry) Save(ctx context.Context, tx *database.Tx, d *Definition, base int, author int64, now time.Time) error {
	if err := d.Validate(); err != nil {
		return err
	}
	current, err := r.Get(d.Key)
	if err != nil {
		return err
	}
	if current.Prefix != d.Prefix || current.Key != d.Key {
		return apperr.InvalidField("prefix", "The key and the prefix of a kind cannot change: numbers were given out.")
	}
	// A state that tickets may be in must not vanish from under them.
	for _, s := range current.States {
		if _, kept := d.State(s.Key); !kept {
			return apperr.InvalidField("state", "The state %q cannot be removed while tickets may be in it.", s.Key)
		}
	}
	newest, err := database.One(ctx, tx, database.Scalar[int],
		"SELECT COALESCE(max(version), 0) FROM kind_versions WHERE kind = $1", d.Key)
	if err != nil {
		return err
	}
	if newest != base {
		return apperr.Stale(current, "Somebody else changed this kind meanwhile.")
	}
	d.Version = newest + 1
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO kind_versions (kind, version, definition, author_id, created_at) VALUES ($1, $2, $3, $4, $5)`,
		d.Key, d.Version, string(text), database.ID(author), database.Time(now))
	if err != nil {
		return err
	}
	for _, f := range r.follow {
		if err := f(ctx, tx); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() {
		ctx := context.WithoutCancel(ctx)
		_ = r.Reload(ctx)                  // this node sees its own write at once; others by the notice
		_ = r.db.Notify(ctx, topic, d.Key) // a lost notice is made good by the next reconnect
	})
	return nil
}

// VersionInfo is one edited version of a kind.
type VersionInfo struct {
	Version   int
	AuthorID  int64
	CreatedAt time.Time
}

// Versions lists the edited versions of a kind, newest first, at most 100.
func (r *Registry) Versions(ctx context.Context, kind string) ([]VersionInfo, error) {
	return database.All(ctx, r.db.Reader(), func(row database.Row) (VersionInfo, error) {
		var v VersionInfo
		err := row.Scan(&v.Version, (*database.ID)(&v.AuthorID), (*database.Time)(&v.CreatedAt))
		return v, err
	}, `SELECT version, author_id, created_at FROM kind_versions WHERE kind = $1 ORDER BY version DESC LIMIT 100`, kind)
}

// At gives a kind as it was in a version; 0 is the built-in one.
func (r *Registry) At(ctx context.Context, kind string, version int) (*Definition, error) {
	if version == 0 {
		for _, d := range r.shipped {
			if d.Key == kind {
				copied := *d
				return &copied, nil
			}
		}
		return nil, apperr.New(apperr.NotFound, "There is no built-in kind %q.", kind)
	}
	return database.One(ctx, r.db.Reader(), scanDefinition, `SELECT definition, version FROM kind_versions WHERE kind = $1 AND version = $2`, kind, version)
}
