package jobs

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrations makes the queue's tables.
var Migrations fs.FS = func() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}()

// store is the queue's SQL. Lists go to the engine as one JSON argument, so
// that each statement's text is fixed and prepared once. The two engines differ
// in how such a list becomes rows (rows, among) and in skipLocked.
//
// The share of jobs in a state changes by the second, so PostgreSQL's
// statistics about it are always wrong. Where jobs are named by their ids, other
// conditions are therefore written as expressions that no index knows
// (node + 0, state || ”).
type store struct {
	engine database.Engine
	// skipLocked lets nodes pass by the rows another is just claiming.
	// SQLite has one writer: nothing is ever locked there.
	skipLocked string
}

func newStore(engine database.Engine) store {
	if engine == database.PostgreSQL {
		return store{engine, " FOR UPDATE SKIP LOCKED"}
	}
	return store{engine, ""}
}

// rows gives a FROM item that reads the JSON array of objects in argument n as
// rows named r. Columns are "name type", in PostgreSQL's types.
func (s store) rows(n int, columns ...string) string {
	if s.engine == database.PostgreSQL {
		return fmt.Sprintf("json_to_recordset($%d::json) AS r(%s)", n, strings.Join(columns, ", "))
	}
	for i, c := range columns {
		name, _, _ := strings.Cut(c, " ")
		columns[i] = fmt.Sprintf("value->>'%s' AS %s", name, name)
	}
	return fmt.Sprintf("(SELECT %s FROM json_each($%d)) AS r", strings.Join(columns, ", "), n)
}

// among gives the right side of the condition that a column's value is among
// those of a query. PostgreSQL expects few elements in an array
// and so goes by the primary key; from IN it may make a join over all jobs.
func (s store) among(query string) string {
	if s.engine == database.PostgreSQL {
		return " = ANY (ARRAY(" + query + "))"
	}
	return " IN (" + query + ")"
}

// ids is the query for the column id of the list in argument n.
func (s store) ids(n int) string { return "SELECT r.id FROM " + s.rows(n, "id bigint") }

// list makes the JSON argument for rows.
func list[T any](items []T) (string, error) {
	b, err := json.Marshal(items)
	return string(b), err
}

// idRow is a row of a list of ids.
type idRow struct {
	ID int64 `json:"id"`
}

func idRows(ids []int64) []idRow {
	rows := make([]idRow, len(ids))
	for i, id := range ids {
		rows[i].ID = id
	}
	return rows
}

// newJob is a job on its way into the table.
type newJob struct {
	N         int     `json:"n"`
	Kind      string  `json:"kind"`
	Payload   string  `json:"payload"`
	Key       *string `json:"order_key"`
	Unique    *string `json:"unique_key"`
	Priority  int64   `json:"priority"`
	State     State   `json:"state"`
	CreatedAt int64   `json:"created_at"`
	RunAt     int64   `json:"run_at"`
}

// insert adds jobs in their order and gives the ids of those added; a unique
// job that is already there is left out.
func (s store) insert(ctx context.Context, tx *database.Tx, batch []newJob) ([]int64, error) {
	arg, err := list(batch)
	if err != nil {
		return nil, err
	}
	// WHERE TRUE: without it SQLite would read ON CONFLICT as a join's condition.
	return database.All(ctx, tx, database.Scalar[int64], `INSERT INTO jobs
			(kind, payload, order_key, unique_key, priority, state, attempts, created_at, run_at)
		SELECT r.kind, r.payload, r.order_key, r.unique_key, r.priority, r.state, 0, r.created_at, r.run_at
		FROM `+s.rows(1, "n bigint", "kind text", "payload text", "order_key text", "unique_key text", "priority bigint",
		"state text", "created_at bigint", "run_at bigint")+`
		WHERE TRUE ORDER BY r.n
		ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL AND state IN ('held', 'scheduled', 'ready', 'running')
		DO NOTHING
		RETURNING id`, arg)
}

// unfinished gives the id of the unfinished unique job, or 0.
func (s store) unfinished(ctx context.Context, q database.Querier, kind, unique string) (int64, error) {
	id, err := database.One(ctx, q, database.Scalar[int64], `SELECT id FROM jobs
		WHERE kind = $1 AND unique_key = $2 AND state IN ('held', 'scheduled', 'ready', 'running')`, kind, unique)
	if apperr.Is(err, apperr.NotFound) {
		return 0, nil
	}
	return id, err
}

// ending is a job on its way out of a run.
type ending struct {
	ID         int64   `json:"id"`
	State      State   `json:"state"`
	RunAt      *int64  `json:"run_at"`
	FinishedAt *int64  `json:"finished_at"`
	Uncount    int     `json:"uncount"`
	Attempt    int     `json:"attempt"`
	Message    *string `json:"message"`
}

// end records how runs of this node ended. Jobs that another node has taken
// over meanwhile stay as they are.
func (s store) end(ctx context.Context, tx *database.Tx, node int64, name string, now time.Time, done []ending, others []ending) error {
	if len(done) > 0 {
		arg, err := list(done)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE jobs SET state = 'done', node = NULL, finished_at = $2
			WHERE id`+s.among(s.ids(1))+` AND node + 0 = $3 AND state || '' = 'running'`,
			arg, database.Time(now), node); err != nil {
			return err
		}
	}
	if len(others) == 0 {
		return nil
	}
	arg, err := list(others)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO job_errors (job_id, attempt, at, node, message)
		SELECT jobs.id, r.attempt, $2, $3, r.message
		FROM `+s.rows(1, "id bigint", "attempt bigint", "message text")+` JOIN jobs ON jobs.id = r.id
		WHERE r.message IS NOT NULL AND jobs.node + 0 = $4 AND jobs.state || '' = 'running'`,
		arg, database.Time(now), name, node); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE jobs SET state = r.state, run_at = COALESCE(r.run_at, jobs.run_at),
			finished_at = r.finished_at, attempts = jobs.attempts - r.uncount, node = NULL
		FROM `+s.rows(1, "id bigint", "state text", "run_at bigint", "finished_at bigint", "uncount bigint")+`
		WHERE jobs.id = r.id AND jobs.node + 0 = $2 AND jobs.state || '' = 'running'`, arg, node)
	return err
}

// completeOne ends a job inside its handler's transaction.
func (s store) completeOne(ctx context.Context, tx *database.Tx, id, node int64, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE jobs SET state = 'done', node = NULL, finished_at = $1
		WHERE id = $2 AND node = $3 AND state = 'running'`, database.Time(now), id, node)
	if err == nil && n == 0 {
		return apperr.New(apperr.Conflict, "The job was taken over by another node.")
	}
	return err
}

// promote gives the turn to the oldest held job of each key that has none. It
// fails with Conflict when another node does the same for another job of the
// key at the same time (see jobs_turn); a later try sees that one.
func (s store) promote(ctx context.Context, tx *database.Tx, keys []string, now time.Time) error {
	type row struct {
		Key string `json:"k"`
	}
	items := make([]row, len(keys))
	for i, k := range keys {
		items[i].Key = k
	}
	arg, err := list(items)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE jobs SET state = CASE WHEN run_at <= $2 THEN 'ready' ELSE 'scheduled' END
		WHERE state || '' = 'held' AND id`+s.among(`
			SELECT (SELECT h.id FROM jobs h WHERE h.order_key = r.k AND h.state = 'held' ORDER BY h.id LIMIT 1)
			FROM `+s.rows(1, "k text")+`
			WHERE NOT EXISTS (SELECT 1 FROM jobs a WHERE a.order_key = r.k AND a.state IN ('scheduled', 'ready', 'running'))`),
		arg, database.Time(now))
	return err
}

// strandedKeys finds keys whose held jobs nobody is going to give a turn. It
// steps from key to key in the index, however many jobs a key holds.
func (s store) strandedKeys(ctx context.Context, q database.Querier) ([]string, error) {
	return database.All(ctx, q, database.Scalar[string], `WITH RECURSIVE keys (k) AS (
			SELECT (SELECT min(order_key) FROM jobs WHERE state = 'held')
			UNION ALL
			SELECT (SELECT min(order_key) FROM jobs WHERE state = 'held' AND order_key > keys.k) FROM keys WHERE keys.k IS NOT NULL)
		SELECT k FROM keys WHERE k IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM jobs a WHERE a.order_key = keys.k AND a.state IN ('scheduled', 'ready', 'running'))
		LIMIT 1000`)
}

// releaseDue makes scheduled jobs ready whose time has come, and gives the time
// of the next; the zero time when there is none.
func (s store) releaseDue(ctx context.Context, tx *database.Tx, now time.Time) (next time.Time, err error) {
	if _, err := tx.Exec(ctx, `WITH picked AS MATERIALIZED (
			SELECT id FROM jobs WHERE state = 'scheduled' AND run_at <= $1 ORDER BY run_at LIMIT 1000`+s.skipLocked+`)
		UPDATE jobs SET state = 'ready' WHERE id IN (SELECT id FROM picked)`, database.Time(now)); err != nil {
		return time.Time{}, err
	}
	err = tx.QueryRow(ctx, "SELECT min(run_at) FROM jobs WHERE state = 'scheduled'").Scan((*database.Time)(&next))
	return next, err
}

// look reads what a node wants to know when nobody told it anything: whether
// there is a ready job of its kinds, and when the next scheduled one is due.
func (s store) look(ctx context.Context, q database.Querier, kinds []string) (ready bool, next time.Time, err error) {
	var a database.Args
	err = q.QueryRow(ctx, `SELECT (SELECT id FROM jobs WHERE state = 'ready' AND kind IN `+database.In(&a, kinds)+` ORDER BY priority, id LIMIT 1) IS NOT NULL,
		(SELECT min(run_at) FROM jobs WHERE state = 'scheduled')`, a.Values()...).Scan(&ready, (*database.Time)(&next))
	return ready, next, err
}

// claimed is a job that a node has just taken.
type claimed struct {
	job      Job
	payload  []byte
	priority int64
}

func scanClaimed(r database.Row) (claimed, error) {
	var c claimed
	var key *string
	err := r.Scan(&c.job.ID, &c.job.Kind, &c.payload, &key, &c.job.Attempt, &c.priority,
		(*database.Time)(&c.job.EnqueuedAt), (*database.Time)(&c.job.RunAt))
	if key != nil {
		c.job.Key = *key
	}
	return c, err
}

// claim takes up to n ready jobs of the given kinds for a node, in no order.
// MATERIALIZED: PostgreSQL might otherwise run the SELECT twice and take more.
func (s store) claim(ctx context.Context, tx *database.Tx, node int64, kinds []string, n int, now time.Time) ([]claimed, error) {
	var a database.Args
	nodeArg, nowArg, limit := a.Arg(node), a.Arg(database.Time(now)), a.Arg(n)
	return database.All(ctx, tx, scanClaimed, `WITH picked AS MATERIALIZED (
			SELECT id FROM jobs WHERE state = 'ready' AND kind IN `+database.In(&a, kinds)+`
			ORDER BY priority, id LIMIT `+limit+s.skipLocked+`)
		UPDATE jobs SET state = 'running', node = `+nodeArg+`, attempts = attempts + 1, started_at = `+nowArg+`
		WHERE id IN (SELECT id FROM picked)
		RETURNING id, kind, payload, order_key, attempts, priority, created_at, run_at`, a.Values()...)
}
