package macro

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

const macroColumns = `m.id, m.title, m.about, m.steps, m.kinds, m.condition, m.next, m.owner_id, m.audience, m.group_id, m.uses, m.created_at, m.updated_at, m.version`

func scanMacro(r database.Row) (Macro, error) {
	var m Macro
	var kinds string
	err := r.Scan(&m.ID, &m.Title, &m.About, database.JSON{V: &m.Steps}, &kinds, &m.Condition, &m.Next, &m.OwnerID, &m.Audience, (*database.ID)(&m.GroupID), &m.Uses,
		(*database.Time)(&m.CreatedAt), (*database.Time)(&m.UpdatedAt), &m.Version)
	if kinds != "" {
		m.Kinds = strings.Split(strings.Trim(kinds, ","), ",")
	}
	return m, err
}

// joinKinds writes kinds so that one of them is found between commas.
func joinKinds(kinds []string) string {
	if len(kinds) == 0 {
		return ""
	}
	return "," + strings.Join(kinds, ",") + ","
}

// Query narrows a list of macros.
type Query struct {
	Text  string // words of the title, each of which it has somewhere
	After int64  // the last one of the page before
	Limit int
}

// List gives the macros that the actor has, by title.
func (s *Macros) List(ctx context.Context, q Query) ([]Macro, error) {
	if err := mayUse(ctx); err != nil {
		return nil, err
	}
	var args database.Args
	where := visible(ctx, &args) + " AND " + filter.HoldsWords("m.title_folded", q.Text, &args)
	if q.After != 0 {
		where += " AND (m.title_folded, m.id) > (SELECT a.title_folded, a.id FROM macros a WHERE a.id = " + args.Arg(q.After) + ")"
	}
	return database.All(ctx, s.d.DB.Reader(), scanMacro, `SELECT `+macroColumns+` FROM macros m WHERE `+where+
		` ORDER BY m.title_folded, m.id LIMIT `+args.Arg(q.Limit), args.Values()...)
}

// maxOffered is how many macros are looked at for a ticket.
const maxOffered = 100

// offered gives the macros for tickets of some kinds that hold the words, the
// useful first: used most by the actor, used most by all.
func (s *Macros) offered(ctx context.Context, text string, kinds ...string) ([]Macro, error) {
	var args database.Args
	me := args.Arg(access.From(ctx).ID)
	where := visible(ctx, &args) + " AND " + filter.HoldsWords("m.title_folded", text, &args)
	for _, kind := range kinds {
		where += " AND (m.kinds = '' OR m.kinds LIKE " + args.Arg("%,"+filter.EscapeLike(kind)+",%") + ` ESCAPE '\')`
	}
	return database.All(ctx, s.d.DB.Reader(), scanMacro, `SELECT `+macroColumns+` FROM macros m
		LEFT JOIN macro_uses u ON u.macro_id = m.id AND u.person_id = `+me+` WHERE `+where+`
		ORDER BY COALESCE(u.uses, 0) DESC, m.uses DESC, m.title_folded, m.id LIMIT `+args.Arg(maxOffered), args.Values()...)
}

func visible(ctx context.Context, args *database.Args) string {
	return "m.deleted_at IS NULL AND " + sharing.Visible("m", access.From(ctx), args)
}

func errNone() error {
	return apperr.New(apperr.NotFound, "This macro does not exist, or it is not shared with you.")
}

// Get gives a macro that the actor has; NotFound otherwise.
func (s *Macros) Get(ctx context.Context, id int64) (Macro, error) {
	if err := mayUse(ctx); err != nil {
		return Macro{}, err
	}
	return load(ctx, s.d.DB.Reader(), id, false)
}

func load(ctx context.Context, q database.Querier, id int64, deleted bool) (Macro, error) {
	condition := "IS NULL"
	if deleted {
		condition = "IS NOT NULL"
	}
	m, err := database.One(ctx, q, scanMacro, `SELECT `+macroColumns+` FROM macros m WHERE m.id = $1 AND m.deleted_at `+condition, id)
	if apperr.Is(err, apperr.NotFound) || err == nil && !m.SeenBy(access.From(ctx)) {
		return Macro{}, errNone()
	}
	return m, err
}

func editable(ctx context.Context, q database.Querier, id int64, deleted bool) (Macro, error) {
	if err := mayUse(ctx); err != nil {
		return Macro{}, err
	}
	m, err := load(ctx, q, id, deleted)
	if err == nil && !m.EditableBy(access.From(ctx)) {
		return m, apperr.New(apperr.Forbidden, "This macro belongs to somebody else. Copy it to have one of your own.")
	}
	return m, err
}

// Files says which files a macro shall have.
type Files struct {
	Keep []int64 // of those it has
	Add  []int64 // uploads of the actor
	Copy int64   // the macro whose files it starts with; 0 for none
}

// Create stores a new macro of the actor. Invalid beside each field.
func (s *Macros) Create(ctx context.Context, m Macro, files Files) (Macro, error) {
	if err := mayUse(ctx); err != nil {
		return m, err
	}
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return m, apperr.New(apperr.Forbidden, "Only persons have macros.")
	}
	m.OwnerID = actor.ID
	if err := s.check(ctx, &m); err != nil {
		return m, err
	}
	err := s.d.DB.Write(ctx, func(tx *database.Tx) error {
		id, replayed, err := once.Do(ctx, tx, s.d.Clock(), []any{"macro", m.Title, m.About, m.Steps, m.Kinds, m.Condition, m.Next, m.Scope, files}, func() (int64, error) {
			return s.insert(ctx, tx, &m, files)
		})
		if err == nil && replayed {
			m, err = load(ctx, tx, id, false)
		}
		return err
	})
	return m, err
}

// createAll stores new macros of the actor, all or none.
func (s *Macros) createAll(ctx context.Context, all []Macro) ([]Macro, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return nil, apperr.New(apperr.Forbidden, "Only persons have macros.")
	}
	err := s.d.DB.Write(ctx, func(tx *database.Tx) error {
		_, _, err := once.Do(ctx, tx, s.d.Clock(), []any{"import macros", all}, func() (int64, error) {
			for i := range all {
				all[i].OwnerID = actor.ID
				if _, err := s.insert(ctx, tx, &all[i], Files{}); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
		return err
	})
	return all, err
}

func (s *Macros) insert(ctx context.Context, tx *database.Tx, m *Macro, files Files) (int64, error) {
	own, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM macros WHERE owner_id = $1 AND deleted_at IS NULL`, m.OwnerID)
	if err != nil {
		return 0, err
	}
	if own >= maxMacros {
		return 0, apperr.InvalidField("title", "You have %d macros, which is as many as there can be. Delete one first.", own)
	}
	m.ID, m.Version = tx.NextID(), 1
	m.CreatedAt = s.now()
	m.UpdatedAt = m.CreatedAt
	if _, err := tx.Exec(ctx, `INSERT INTO macros (id, title, title_folded, about, steps, kinds, condition, next, owner_id, audience, group_id, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		m.ID, m.Title, filter.Fold(m.Title), m.About, database.JSON{V: &m.Steps}, joinKinds(m.Kinds), m.Condition, string(m.Next), m.OwnerID, string(m.Audience),
		database.ID(m.GroupID), database.Time(m.CreatedAt), database.Time(m.UpdatedAt), m.Version); err != nil {
		return 0, err
	}
	if files.Copy != 0 {
		if _, err := load(ctx, tx, files.Copy, false); err != nil {
			return 0, err
		}
		if err := s.d.Tickets.CopyKept(ctx, tx, files.Copy, m.ID); err != nil {
			return 0, err
		}
	}
	if len(files.Add) > 0 {
		if err := s.d.Tickets.Keep(ctx, tx, m.ID, nil, files.Add); err != nil {
			return 0, err
		}
	}
	return m.ID, s.note(ctx, tx, "create", Macro{}, *m)
}

// Change applies change to a macro the actor may edit. version is the one that was
// read; 0 does not check. Conflict carries the macro as it is now (*Macro).
func (s *Macros) Change(ctx context.Context, id, version int64, files *Files, change func(m *Macro)) (Macro, error) {
	var m Macro
	err := s.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		if m, err = editable(ctx, tx, id, false); err != nil {
			return err
		}
		before := m
		if version != 0 && version != m.Version {
			return apperr.Stale(&before, "Somebody else changed this macro meanwhile.")
		}
		change(&m)
		m.OwnerID = before.OwnerID
		if err := s.check(ctx, &m); err != nil {
			return err
		}
		m.UpdatedAt, m.Version = s.now(), before.Version+1
		n, err := tx.Exec(ctx, `UPDATE macros SET title = $1, title_folded = $2, about = $3, steps = $4, kinds = $5, condition = $6, next = $7,
			audience = $8, group_id = $9, updated_at = $10, version = $11 WHERE id = $12 AND version = $13`,
			m.Title, filter.Fold(m.Title), m.About, database.JSON{V: &m.Steps}, joinKinds(m.Kinds), m.Condition, string(m.Next), string(m.Audience),
			database.ID(m.GroupID), database.Time(m.UpdatedAt), m.Version, m.ID, before.Version)
		if err != nil {
			return err
		}
		if n == 0 {
			return apperr.New(apperr.Conflict, "Somebody else changed this macro at the same moment. Please try again.")
		}
		if files != nil {
			if err := s.d.Tickets.Keep(ctx, tx, m.ID, files.Keep, files.Add); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, "update", before, m)
	})
	return m, err
}

// Delete takes a macro away from everybody; Restore undoes it.
func (s *Macros) Delete(ctx context.Context, id int64) (Macro, error) {
	return s.mark(ctx, id, false, "delete", `UPDATE macros SET deleted_at = $1 WHERE id = $2`)
}

// Restore brings a deleted macro back.
func (s *Macros) Restore(ctx context.Context, id int64) (Macro, error) {
	return s.mark(ctx, id, true, "restore", `UPDATE macros SET deleted_at = NULL WHERE id = $2 AND deleted_at <= $1`)
}

func (s *Macros) mark(ctx context.Context, id int64, deleted bool, verb, statement string) (Macro, error) {
	var m Macro
	err := s.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		if m, err = editable(ctx, tx, id, deleted); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, statement, database.Time(s.now()), id); err != nil {
			return err
		}
		return s.note(ctx, tx, verb, m, m)
	})
	return m, err
}

// note writes into the audit log what happens to what others have, too.
func (s *Macros) note(ctx context.Context, tx *database.Tx, verb string, before, after Macro) error {
	if s.d.Audit == nil || after.Audience == sharing.Mine && (before.ID == 0 || before.Audience == sharing.Mine) {
		return nil
	}
	e := audit.Entry{Action: "macro." + verb, ObjectType: "macro", ObjectID: audit.ID(after.ID), ObjectName: after.Title}
	if before.ID != 0 {
		e.Before = documentOf(before)
	}
	if verb != "delete" {
		e.After = documentOf(after)
	}
	return s.d.Audit.Append(ctx, tx, e)
}

// count notes that the actor ran a macro on some tickets.
func (s *Macros) count(ctx context.Context, tx *database.Tx, m *Macro, tickets int) error {
	if _, err := tx.Exec(ctx, `INSERT INTO macro_uses (person_id, macro_id, uses, last_used_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (person_id, macro_id) DO UPDATE SET uses = macro_uses.uses + excluded.uses, last_used_at = excluded.last_used_at`,
		access.From(ctx).ID, m.ID, tickets, database.Time(s.now())); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE macros SET uses = uses + $1 WHERE id = $2`, tickets, m.ID)
	return err
}

// check is Macro.check, and whether what the macro names is there.
func (s *Macros) check(ctx context.Context, m *Macro) error {
	var p apperr.Problems
	add := func(err error) {
		for _, f := range apperr.FieldsOf(err) {
			p.Add(f.Name, "%s", f.Message)
		}
	}
	if err := m.check(access.From(ctx), s.d.Tickets.Kinds().All()); apperr.Is(err, apperr.Invalid) {
		add(err)
	} else if err != nil {
		return err
	}
	if _, err := s.d.Tickets.Condition(ctx, m.Condition, zone(ctx)); err != nil {
		wrong := new(filter.Error)
		if !errors.As(err, &wrong) {
			return err
		}
		p.Add("condition", "%s", wrong.Msg)
	}
	n, err := s.named(ctx, m)
	if err != nil {
		return err
	}
	for i := range m.Steps {
		step := &m.Steps[i]
		if step.GroupID != 0 && !n.groups[step.GroupID].Active {
			p.Add(stepField(i, "group"), "This group does not exist or is no longer in use.")
		}
		if step.AssigneeID != 0 && !n.persons[step.AssigneeID].Active {
			p.Add(stepField(i, "assignee_id"), "This person does not exist or is no longer active.")
		}
		if id := step.serviceID(); id != 0 && n.services[id] == "" {
			p.Add(stepField(i, "value"), "There is no such service.")
		}
	}
	return p.Err()
}

// names are those of all that some macros speak of.
type names struct {
	persons  map[int64]people.PersonName
	groups   map[int64]people.GroupName
	services map[int64]string
}

func (s *MacroStep) serviceID() int64 {
	if s.Do != SetField || s.Field != ticket.FieldService {
		return 0
	}
	id, _ := strconv.ParseInt(s.Value, 10, 64) // what is no number names no service
	return id
}

// named gives the names of what macros speak of, in at most three queries.
func (s *Macros) named(ctx context.Context, macros ...*Macro) (names, error) {
	var n names
	var persons, groups, services []int64
	for _, m := range macros {
		persons, groups = append(persons, m.OwnerID), append(groups, m.GroupID)
		for i := range m.Steps {
			persons, groups, services = append(persons, m.Steps[i].AssigneeID), append(groups, m.Steps[i].GroupID), append(services, m.Steps[i].serviceID())
		}
	}
	var err error
	q := s.d.DB.Reader()
	if n.persons, err = s.d.Names.PersonNames(ctx, q, persons); err != nil {
		return n, err
	}
	if n.groups, err = s.d.Names.GroupNames(ctx, q, groups); err != nil {
		return n, err
	}
	n.services, err = s.d.Services.Names(ctx, q, services)
	return n, err
}
