package draft

import (
	"context"
	"embed"
	"encoding/json"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of shared drafts.
var Migrations fs.FS = migrations

// The names come with the drafts, so that a ticket's page asks once.
const selected = `SELECT d.id, d.ticket_id, d.kind, d.author_id, a.name, NOT a.active, d.body, d.files, d.version, d.editor_id, e.name, d.edited_at, d.shared_at,
	d.reviewer_id, COALESCE(r.name, ''), d.asked, d.waits, d.reviews, d.outcome
	FROM shared_drafts d JOIN persons a ON a.id = d.author_id JOIN persons e ON e.id = d.editor_id LEFT JOIN persons r ON r.id = d.reviewer_id`

func scan(r database.Row) (Draft, error) {
	var d Draft
	var reviews string
	err := r.Scan(&d.ID, &d.TicketID, &d.Kind, &d.AuthorID, &d.Author, &d.Left, &d.Body, &d.Files, &d.Version, &d.EditorID, &d.Editor,
		(*database.Time)(&d.EditedAt), (*database.Time)(&d.SharedAt), (*database.ID)(&d.ReviewerID), &d.Reviewer, &d.Asked, &d.Waits, &reviews, &d.Outcome)
	if err == nil {
		err = json.Unmarshal([]byte(reviews), &d.Reviews)
	}
	return d, err
}

// within are the tickets that go on in one, and itself.
const within = `WITH RECURSIVE home (id) AS (SELECT CAST($1 AS BIGINT) UNION SELECT t.id FROM tickets t JOIN home h ON t.merged_into_id = h.id) `

// openOn gives the drafts of a ticket and of those that go on in it, oldest first.
func openOn(ctx context.Context, q database.Querier, ticketID int64) ([]Draft, error) {
	return database.All(ctx, q, scan, within+selected+` WHERE d.ended_at IS NULL AND d.ticket_id IN (SELECT id FROM home) ORDER BY d.id LIMIT $2`,
		ticketID, 5*MaxOnTicket)
}

// load gives one draft that is shown on a ticket; ended ones too, if asked for.
func load(ctx context.Context, q database.Querier, ticketID, id int64, ended bool) (Draft, error) {
	d, err := database.One(ctx, q, scan, within+selected+` WHERE d.id = $2 AND (d.ended_at IS NULL OR $3) AND d.ticket_id IN (SELECT id FROM home)`,
		ticketID, id, ended)
	if apperr.Is(err, apperr.NotFound) {
		return d, errNone()
	}
	return d, err
}

func errNone() error {
	return apperr.New(apperr.NotFound, "This draft is not there any more. Somebody may have sent it, or taken it back.")
}

// concerning gives what a person shared and what waits for their review, newest first.
func concerning(ctx context.Context, q database.Querier, person int64) ([]Draft, error) {
	return database.All(ctx, q, scan, selected+` WHERE d.ended_at IS NULL AND (d.author_id = $1 OR (d.waits AND d.reviewer_id = $1)) ORDER BY d.id DESC LIMIT $2`,
		person, 2*MaxOfPerson)
}

// counts tells how many drafts are open on a ticket and of a person.
func counts(ctx context.Context, q database.Querier, ticketID, person int64) (onTicket, ofPerson int, err error) {
	err = q.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM shared_drafts WHERE ended_at IS NULL AND ticket_id = $1),
		(SELECT COUNT(*) FROM shared_drafts WHERE ended_at IS NULL AND author_id = $2)`, ticketID, person).Scan(&onTicket, &ofPerson)
	return onTicket, ofPerson, err
}

func insert(ctx context.Context, tx *database.Tx, d *Draft) error {
	_, err := tx.Exec(ctx, `INSERT INTO shared_drafts (id, ticket_id, kind, author_id, body, files, version, editor_id, edited_at, shared_at,
		reviewer_id, asked, waits, reviews, ended_at, ended_by, outcome)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '[]', NULL, NULL, '')`,
		d.ID, d.TicketID, string(d.Kind), d.AuthorID, d.Body, d.Files, d.Version, d.EditorID, database.Time(d.EditedAt), database.Time(d.SharedAt),
		database.ID(d.ReviewerID), d.Asked, d.Waits)
	return err
}

// update stores a draft that has not ended; errNone when it has.
func update(ctx context.Context, tx *database.Tx, d *Draft) error {
	reviews, err := json.Marshal(d.Reviews)
	if err != nil {
		return err
	}
	if d.Reviews == nil {
		reviews = []byte("[]")
	}
	n, err := tx.Exec(ctx, `UPDATE shared_drafts SET body = $1, files = $2, version = $3, editor_id = $4, edited_at = $5, reviewer_id = $6, asked = $7, waits = $8, reviews = $9
		WHERE id = $10 AND ended_at IS NULL`,
		d.Body, d.Files, d.Version, d.EditorID, database.Time(d.EditedAt), database.ID(d.ReviewerID), d.Asked, d.Waits, string(reviews), d.ID)
	if err == nil && n == 0 {
		return errNone()
	}
	return err
}

// keepText keeps what a draft says, before it is changed.
func keepText(ctx context.Context, tx *database.Tx, d *Draft) error {
	if _, err := tx.Exec(ctx, `INSERT INTO shared_draft_texts (draft_id, version, editor_id, edited_at, body) VALUES ($1, $2, $3, $4, $5)`,
		d.ID, d.Version, d.EditorID, database.Time(d.EditedAt), d.Body); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM shared_draft_texts WHERE draft_id = $1 AND version <= $2`, d.ID, d.Version-maxTexts)
	return err
}

// Text is what a draft said in an earlier version.
type Text struct {
	Version int
	Editor  string // name
	At      time.Time
	Body    string
}

func textsOf(ctx context.Context, q database.Querier, id int64) ([]Text, error) {
	return database.All(ctx, q, func(r database.Row) (Text, error) {
		var t Text
		err := r.Scan(&t.Version, &t.Editor, (*database.Time)(&t.At), &t.Body)
		return t, err
	}, `SELECT x.version, p.name, x.edited_at, x.body FROM shared_draft_texts x JOIN persons p ON p.id = x.editor_id
		WHERE x.draft_id = $1 ORDER BY x.version DESC LIMIT $2`, id, maxTexts)
}

// end ends a draft: whoever gets no error has ended it.
func end(ctx context.Context, tx *database.Tx, id int64, how Outcome, by int64, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE shared_drafts SET ended_at = $1, ended_by = $2, outcome = $3, waits = $4 WHERE id = $5 AND ended_at IS NULL`,
		database.Time(now), database.ID(by), string(how), false, id)
	if err == nil && n == 0 {
		return errNone()
	}
	return err
}

// restore lets a discarded draft go on.
func restore(ctx context.Context, tx *database.Tx, id int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE shared_drafts SET ended_at = NULL, ended_by = NULL, outcome = '', waits = reviewer_id IS NOT NULL WHERE id = $1 AND outcome = $2`,
		id, string(Discarded))
	return n > 0, err
}

// expire ends what nobody went on with, and overdue gives what ended long ago.
func expire(ctx context.Context, tx *database.Tx, before, now time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `UPDATE shared_drafts SET ended_at = $1, outcome = $2, waits = $3 WHERE id IN (
		SELECT d.id FROM shared_drafts d WHERE d.ended_at IS NULL AND d.edited_at < $4 ORDER BY d.edited_at LIMIT $5)`,
		database.Time(now), string(Expired), false, database.Time(before), limit)
}

func overdue(ctx context.Context, q database.Querier, before time.Time, limit int) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT id FROM shared_drafts WHERE ended_at < $1 ORDER BY ended_at LIMIT $2`, database.Time(before), limit)
}

// remove deletes drafts with everything of theirs but their files.
func remove(ctx context.Context, tx *database.Tx, ids []int64) error {
	for _, query := range []string{`DELETE FROM shared_draft_texts WHERE draft_id IN `, `DELETE FROM shared_drafts WHERE id IN `} {
		var args database.Args
		if _, err := tx.Exec(ctx, query+database.In(&args, ids), args.Values()...); err != nil {
			return err
		}
	}
	return nil
}
