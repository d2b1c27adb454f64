package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Record is a stored job as people see it.
type Record struct {
	ID         int64
	Kind       string
	State      State
	Payload    json.RawMessage
	Key        string
	Unique     string
	Priority   Priority
	Attempts   int
	Node       int64 // which node holds it; 0 is none
	EnqueuedAt time.Time
	RunAt      time.Time
	StartedAt  time.Time // of the latest attempt; zero before the first
	FinishedAt time.Time // zero while unfinished
	LastError  string    // of the latest failed attempt; internals, for administrators only
}

// Failure is one failed attempt.
type Failure struct {
	Attempt int
	At      time.Time
	Node    string
	Message string
}

// DeadQuery selects dead letters.
type DeadQuery struct {
	Kind   string // "" is every kind
	Before int64  // only ids below; 0 starts with the newest
	Limit  int    // 0 picks 50, at most 500
}

const recordColumns = `j.id, j.kind, j.state, j.payload, j.order_key, j.unique_key, j.priority, j.attempts, j.node,
	j.created_at, j.run_at, j.started_at, j.finished_at,
	COALESCE((SELECT e.message FROM job_errors e WHERE e.job_id = j.id ORDER BY e.id DESC LIMIT 1), '')`

func scanRecord(r database.Row) (Record, error) {
	var v Record
	var payload string
	var key, unique *string
	err := r.Scan(&v.ID, &v.Kind, &v.State, &payload, &key, &unique, &v.Priority, &v.Attempts, (*database.ID)(&v.Node),
		(*database.Time)(&v.EnqueuedAt), (*database.Time)(&v.RunAt), (*database.Time)(&v.StartedAt),
		(*database.Time)(&v.FinishedAt), &v.LastError)
	v.Payload = json.RawMessage(payload)
	if key != nil {
		v.Key = *key
	}
	if unique != nil {
		v.Unique = *unique
	}
	return v, err
}

// Dead lists dead letters, the newest job first. The next page is
// DeadQuery.Before the last id of this one.
func (q *Queue) Dead(ctx context.Context, query DeadQuery) ([]Record, error) {
	if query.Limit <= 0 {
		query.Limit = 50
	}
	var a database.Args
	where := "j.state = 'dead'"
	if query.Kind != "" {
		where += " AND j.kind = " + a.Arg(query.Kind)
	}
	if query.Before != 0 {
		where += " AND j.id < " + a.Arg(query.Before)
	}
	records, err := database.All(ctx, q.db.Reader(), scanRecord,
		"SELECT "+recordColumns+" FROM jobs j WHERE "+where+" ORDER BY j.id DESC LIMIT "+a.Arg(min(query.Limit, 500)), a.Values()...)
	if err != nil {
		return nil, fmt.Errorf("jobs: list dead letters: %w", err)
	}
	return records, nil
}

// Pending reports whether a job like this one will run, or runs: of its kind and with
// its payload. It reads all that wait: ask about few.
func (q *Queue) Pending(ctx context.Context, like Record) (bool, error) {
	n, err := database.One(ctx, q.db.Reader(), database.Scalar[int],
		`SELECT count(*) FROM (SELECT 1 FROM jobs j WHERE j.kind = $1 AND j.payload = $2 AND j.state IN ('held', 'scheduled', 'ready', 'running') LIMIT 1) x`, like.Kind, string(like.Payload))
	if err != nil {
		return false, fmt.Errorf("jobs: look for jobs like %d: %w", like.ID, err)
	}
	return n > 0, nil
}

// Get gives a job in any state with its failures, the oldest first; NotFound
// when it never was or is pruned.
func (q *Queue) Get(ctx context.Context, id int64) (Record, []Failure, error) {
	record, err := database.One(ctx, q.db.Reader(), scanRecord, "SELECT "+recordColumns+" FROM jobs j WHERE j.id = $1", id)
	if apperr.Is(err, apperr.NotFound) {
		return Record{}, nil, apperr.Wrap(err, apperr.NotFound, "There is no job %d.", id)
	}
	if err != nil {
		return Record{}, nil, fmt.Errorf("jobs: get %d: %w", id, err)
	}
	failures, err := database.All(ctx, q.db.Reader(), func(r database.Row) (Failure, error) {
		var f Failure
		err := r.Scan(&f.Attempt, (*database.Time)(&f.At), &f.Node, &f.Message)
		return f, err
	}, "SELECT attempt, at, node, message FROM job_errors WHERE job_id = $1 ORDER BY id LIMIT 1000", id)
	if err != nil {
		return Record{}, nil, fmt.Errorf("jobs: failures of %d: %w", id, err)
	}
	return record, failures, nil
}

// Replay makes dead letters run again with all their attempts, in the caller's
// transaction. A keyed one goes before the younger jobs of its key. It returns
// how many there were; those that are not dead, or whose Unique job is queued
// again already, are left as they are.
func (q *Queue) Replay(ctx context.Context, tx *database.Tx, ids ...int64) (int, error) {
	arg, err := list(idRows(ids))
	if err != nil {
		return 0, err
	}
	now := q.now()
	replayed, err := database.All(ctx, tx, func(r database.Row) (newJob, error) {
		var j newJob
		err := r.Scan(&j.State, &j.Key)
		return j, err
	}, `UPDATE jobs SET state = CASE WHEN order_key IS NULL THEN 'ready' ELSE 'held' END, attempts = 0, run_at = $2, finished_at = NULL
		WHERE id`+q.store.among(q.store.ids(1))+` AND state || '' = 'dead' AND NOT EXISTS (
			SELECT 1 FROM jobs u WHERE u.kind = jobs.kind AND u.unique_key = jobs.unique_key
				AND u.state IN ('held', 'scheduled', 'ready', 'running'))
		RETURNING state, order_key`, arg, database.Time(now))
	if err != nil {
		return 0, fmt.Errorf("jobs: replay: %w", err)
	}
	if len(replayed) > 0 {
		q.wakeAfter(tx, replayed)
	}
	return len(replayed), nil
}

// Discard gives dead letters up, in the caller's transaction; it returns how
// many of the ids were dead.
func (q *Queue) Discard(ctx context.Context, tx *database.Tx, ids ...int64) (int, error) {
	arg, err := list(idRows(ids))
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, `UPDATE jobs SET state = 'discarded', finished_at = $2
		WHERE id`+q.store.among(q.store.ids(1))+` AND state || '' = 'dead'`, arg, database.Time(q.now()))
	if err != nil {
		return 0, fmt.Errorf("jobs: discard: %w", err)
	}
	return int(n), nil
}

// Stat counts the jobs of one kind in one state.
type Stat struct {
	Kind   string
	State  State
	Jobs   int
	Oldest time.Time // the earliest run_at among them: how far the queue is behind
}

// Stats counts the jobs that are not ended, and the dead ones, by kind and state.
func (q *Queue) Stats(ctx context.Context) ([]Stat, error) {
	// One SELECT per state, so that each reads only its partial index and none
	// the many that are done.
	count := func(state State) string {
		return "SELECT kind, '" + string(state) + "' AS state, count(*), min(run_at) FROM jobs WHERE state = '" + string(state) + "' GROUP BY kind"
	}
	stats, err := database.All(ctx, q.db.Reader(), func(r database.Row) (Stat, error) {
		var s Stat
		err := r.Scan(&s.Kind, &s.State, &s.Jobs, (*database.Time)(&s.Oldest))
		return s, err
	}, count(Dead)+" UNION ALL "+count(Held)+" UNION ALL "+count(Ready)+" UNION ALL "+count(Running)+" UNION ALL "+count(Scheduled)+
		" ORDER BY 1, 2 LIMIT 10000")
	if err != nil {
		return nil, fmt.Errorf("jobs: stats: %w", err)
	}
	return stats, nil
}

// prune deletes what ended long ago, in small transactions so that others get
// their turn at SQLite's writer.
func (q *Queue) prune(ctx context.Context, _ *Job, _ struct{}) error {
	const chunk = 1000
	now := q.now()
	for _, old := range []struct {
		not    string // the states of the index but for these
		before time.Time
	}{
		{"'dead'", now.Add(-q.opts.KeepDone)},
		{"'done', 'discarded'", now.Add(-q.opts.KeepDead)},
	} {
		for deleted := int64(chunk); deleted == chunk; {
			err := q.db.Write(ctx, func(tx *database.Tx) (err error) {
				// The list of states is the index's own: SQLite uses a partial
				// index only where it reads the index's condition word for word.
				deleted, err = tx.Exec(ctx, `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs
					WHERE state IN ('done', 'dead', 'discarded') AND state NOT IN (`+old.not+`) AND finished_at < $1
					ORDER BY finished_at LIMIT $2)`, database.Time(old.before), chunk)
				return err
			})
			if err != nil {
				return fmt.Errorf("prune: %w", err)
			}
		}
	}
	const forgotten = 24 * time.Hour
	return q.db.Write(ctx, func(tx *database.Tx) error { return q.store.forgetNodes(ctx, tx, now.Add(-forgotten)) })
}
