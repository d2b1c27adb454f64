package canned

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

const replyColumns = `c.id, c.title, c.folder, c.body, c.purpose, c.kinds, c.language, c.owner_id, c.audience, c.group_id, c.uses, c.created_at, c.updated_at, c.version`

func scanReply(r database.Row) (Reply, error) {
	var v Reply
	var kinds string
	err := r.Scan(&v.ID, &v.Title, &v.Folder, &v.Body, &v.Purpose, &kinds, &v.Language, &v.OwnerID, &v.Audience, (*database.ID)(&v.GroupID), &v.Uses,
		(*database.Time)(&v.CreatedAt), (*database.Time)(&v.UpdatedAt), &v.Version)
	v.Kinds = splitKinds(kinds)
	return v, err
}

// Query narrows a list of canned replies.
type Query struct {
	Text  string // words, each of which the reply has somewhere
	After int64  // the last one of the page before
	Limit int
}

// List gives the replies that the actor has, by title.
func (c *Canned) List(ctx context.Context, q Query) ([]Reply, error) {
	if err := mayUse(ctx); err != nil {
		return nil, err
	}
	var args database.Args
	where := visible(ctx, &args) + " AND " + filter.HoldsWords("c.words", q.Text, &args)
	if q.After != 0 {
		where += " AND (c.title_folded, c.id) > (SELECT a.title_folded, a.id FROM canned_replies a WHERE a.id = " + args.Arg(q.After) + ")"
	}
	return database.All(ctx, c.d.DB.Reader(), scanReply, `SELECT `+replyColumns+` FROM canned_replies c WHERE `+where+
		` ORDER BY c.title_folded, c.id LIMIT `+args.Arg(q.Limit), args.Values()...)
}

// offered gives the replies for a ticket that hold the words, the useful first:
// in the requester's language, used most by the actor, used most by all.
func (c *Canned) offered(ctx context.Context, purpose Purpose, kind, language, text string, limit int) ([]Reply, error) {
	var args database.Args
	me := args.Arg(access.From(ctx).ID)
	where := visible(ctx, &args) + " AND " + filter.HoldsWords("c.words", text, &args)
	if purpose == ForReply {
		where += " AND c.purpose = 'reply'"
	}
	where += " AND (c.kinds = '' OR c.kinds LIKE " + args.Arg("%,"+filter.EscapeLike(kind)+",%") + ` ESCAPE '\')`
	return database.All(ctx, c.d.DB.Reader(), scanReply, `SELECT `+replyColumns+` FROM canned_replies c
		LEFT JOIN canned_uses u ON u.reply_id = c.id AND u.person_id = `+me+` WHERE `+where+`
		ORDER BY CASE WHEN c.language <> '' AND c.language = `+args.Arg(language)+` THEN 0 ELSE 1 END, COALESCE(u.uses, 0) DESC, c.uses DESC, c.title_folded, c.id LIMIT `+
		args.Arg(limit), args.Values()...)
}

func visible(ctx context.Context, args *database.Args) string {
	return "c.deleted_at IS NULL AND " + sharing.Visible("c", access.From(ctx), args)
}

func errNone() error {
	return apperr.New(apperr.NotFound, "This canned reply does not exist, or it is not shared with you.")
}

func mayUse(ctx context.Context) error {
	switch actor := access.From(ctx); {
	case actor.Type == "":
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	case !Uses(actor):
		return apperr.New(apperr.Forbidden, "Canned replies are for those who work tickets here.")
	}
	return nil
}

// Get gives a reply that the actor has; NotFound otherwise.
func (c *Canned) Get(ctx context.Context, id int64) (Reply, error) {
	if err := mayUse(ctx); err != nil {
		return Reply{}, err
	}
	return load(ctx, c.d.DB.Reader(), id, false)
}

func load(ctx context.Context, q database.Querier, id int64, deleted bool) (Reply, error) {
	condition := "IS NULL"
	if deleted {
		condition = "IS NOT NULL"
	}
	r, err := database.One(ctx, q, scanReply, `SELECT `+replyColumns+` FROM canned_replies c WHERE c.id = $1 AND c.deleted_at `+condition, id)
	if apperr.Is(err, apperr.NotFound) || err == nil && !r.SeenBy(access.From(ctx)) {
		return Reply{}, errNone()
	}
	return r, err
}

func editable(ctx context.Context, q database.Querier, id int64, deleted bool) (Reply, error) {
	if err := mayUse(ctx); err != nil {
		return Reply{}, err
	}
	r, err := load(ctx, q, id, deleted)
	if err == nil && !r.EditableBy(access.From(ctx)) {
		return r, apperr.New(apperr.Forbidden, "This canned reply belongs to somebody else. Copy it to have one of your own.")
	}
	return r, err
}

// Files says which files a reply shall have.
type Files struct {
	Keep []int64 // of those it has
	Add  []int64 // uploads of the actor
	Copy int64   // the reply whose files it starts with; 0 for none
}

// Create stores a new reply of the actor. Invalid beside each field.
func (c *Canned) Create(ctx context.Context, r Reply, files Files) (Reply, error) {
	if err := mayUse(ctx); err != nil {
		return r, err
	}
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return r, apperr.New(apperr.Forbidden, "Only persons have canned replies.")
	}
	r.OwnerID = actor.ID
	if err := r.check(actor, c.d.Tickets.Kinds().In(ctx).All()); err != nil {
		return r, err
	}
	err := c.d.DB.Write(ctx, func(tx *database.Tx) error {
		id, replayed, err := once.Do(ctx, tx, c.d.Clock(), []any{"canned reply", r.Title, r.Folder, r.Body, r.Purpose, r.Kinds, r.Scope, files}, func() (int64, error) {
			return c.insert(ctx, tx, &r, files)
		})
		if err == nil && replayed {
			r, err = load(ctx, tx, id, false)
		}
		return err
	})
	return r, err
}

func (c *Canned) insert(ctx context.Context, tx *database.Tx, r *Reply, files Files) (int64, error) {
	own, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM canned_replies WHERE owner_id = $1 AND deleted_at IS NULL`, r.OwnerID)
	if err != nil {
		return 0, err
	}
	if own >= maxReplies {
		return 0, apperr.InvalidField("title", "You have %d canned replies, which is as many as there can be. Delete one first.", own)
	}
	r.ID, r.Version = tx.NextID(), 1
	r.CreatedAt = c.now()
	r.UpdatedAt = r.CreatedAt
	if _, err := tx.Exec(ctx, `INSERT INTO canned_replies (id, title, title_folded, folder, body, words, purpose, kinds, language, owner_id, audience, group_id, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		r.ID, r.Title, filter.Fold(r.Title), r.Folder, r.Body, r.words(), string(r.Purpose), joinKinds(r.Kinds), r.Language, r.OwnerID, string(r.Audience),
		database.ID(r.GroupID), database.Time(r.CreatedAt), database.Time(r.UpdatedAt), r.Version); err != nil {
		return 0, err
	}
	if files.Copy != 0 {
		if _, err := load(ctx, tx, files.Copy, false); err != nil {
			return 0, err
		}
		if err := c.d.Tickets.CopyKept(ctx, tx, files.Copy, r.ID); err != nil {
			return 0, err
		}
	}
	if len(files.Add) > 0 {
		if err := c.d.Tickets.Keep(ctx, tx, r.ID, nil, files.Add); err != nil {
			return 0, err
		}
	}
	return r.ID, c.note(ctx, tx, "create", Reply{}, *r)
}

// Change applies change to a reply the actor may edit. version is the one that was
// read; 0 does not check. Conflict carries the reply as it is now (*Reply).
func (c *Canned) Change(ctx context.Context, id, version int64, files *Files, change func(r *Reply)) (Reply, error) {
	var r Reply
	err := c.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		if r, err = editable(ctx, tx, id, false); err != nil {
			return err
		}
		before := r
		if version != 0 && version != r.Version {
			return apperr.Stale(&before, "Somebody else changed this canned reply meanwhile.")
		}
		change(&r)
		r.OwnerID = before.OwnerID
		if err := r.check(access.From(ctx), c.d.Tickets.Kinds().In(ctx).All()); err != nil {
			return err
		}
		r.UpdatedAt, r.Version = c.now(), before.Version+1
		n, err := tx.Exec(ctx, `UPDATE canned_replies SET title = $1, title_folded = $2, folder = $3, body = $4, words = $5, purpose = $6, kinds = $7, language = $8,
			audience = $9, group_id = $10, updated_at = $11, version = $12 WHERE id = $13 AND version = $14`,
			r.Title, filter.Fold(r.Title), r.Folder, r.Body, r.words(), string(r.Purpose), joinKinds(r.Kinds), r.Language, string(r.Audience),
			database.ID(r.GroupID), database.Time(r.UpdatedAt), r.Version, r.ID, before.Version)
		if err != nil {
			return err
		}
		if n == 0 {
			return apperr.New(apperr.Conflict, "Somebody else changed this canned reply at the same moment. Please try again.")
		}
		if files != nil {
			if err := c.d.Tickets.Keep(ctx, tx, r.ID, files.Keep, files.Add); err != nil {
				return err
			}
		}
		return c.note(ctx, tx, "update", before, r)
	})
	return r, err
}

// Delete takes a reply away from everybody; Restore undoes it.
func (c *Canned) Delete(ctx context.Context, id int64) (Reply, error) {
	return c.mark(ctx, id, false, "delete", `UPDATE canned_replies SET deleted_at = $1 WHERE id = $2`)
}

// Restore brings a deleted reply back.
func (c *Canned) Restore(ctx context.Context, id int64) (Reply, error) {
	return c.mark(ctx, id, true, "restore", `UPDATE canned_replies SET deleted_at = NULL WHERE id = $2 AND deleted_at <= $1`)
}

func (c *Canned) mark(ctx context.Context, id int64, deleted bool, verb, statement string) (Reply, error) {
	var r Reply
	err := c.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		if r, err = editable(ctx, tx, id, deleted); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, statement, database.Time(c.now()), id); err != nil {
			return err
		}
		return c.note(ctx, tx, verb, r, r)
	})
	return r, err
}

// note writes into the audit log what happens to what others have, too.
func (c *Canned) note(ctx context.Context, tx *database.Tx, verb string, before, after Reply) error {
	if c.d.Audit == nil || after.Audience == sharing.Mine && (before.ID == 0 || before.Audience == sharing.Mine) {
		return nil
	}
	e := audit.Entry{Action: "canned_reply." + verb, ObjectType: "canned_reply", ObjectID: audit.ID(after.ID), ObjectName: after.Title}
	if before.ID != 0 {
		e.Before = documentOf(before)
	}
	if verb != "delete" {
		e.After = documentOf(after)
	}
	return c.d.Audit.Append(ctx, tx, e)
}

// use counts that the actor put a reply into a message, and makes uploads of its files.
func (c *Canned) use(ctx context.Context, r *Reply) ([]ticket.Attachment, error) {
	var files []ticket.Attachment
	err := c.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		if files, err = c.d.Tickets.TakeKept(ctx, tx, r.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO canned_uses (person_id, reply_id, uses, last_used_at) VALUES ($1, $2, 1, $3)
			ON CONFLICT (person_id, reply_id) DO UPDATE SET uses = canned_uses.uses + 1, last_used_at = excluded.last_used_at`,
			access.From(ctx).ID, r.ID, database.Time(c.now())); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE canned_replies SET uses = uses + 1 WHERE id = $1`, r.ID)
		return err
	})
	return files, err
}
