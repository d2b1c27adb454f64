package live

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrations makes the tables of events.
var Migrations fs.FS = func() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}()

// store is the SQL of events. It differs by engine in what orders commits
// (see the package comment) and in how a JSON argument becomes rows.
type store struct{ engine database.Engine }

// stored is one event in one topic.
type stored struct {
	txn   int64
	event int64
	topic string
	msg   Message
}

// draft is a row on its way into the table.
type draft struct {
	Event int64  `json:"event"`
	Topic string `json:"topic"`
	Kind  string `json:"kind"`
	Item  string `json:"item"`
	Data  string `json:"data"`
}

func (s store) insert(ctx context.Context, tx *database.Tx, rows []draft, now time.Time) error {
	arg, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	if s.engine == database.PostgreSQL {
		return tx.Later(ctx, `INSERT INTO live_events (txn, event, topic, kind, item, data, at)
			SELECT pg_current_xact_id()::text::bigint, r.event, r.topic, r.kind, r.item, r.data, $2
			FROM json_to_recordset($1::json) AS r(event bigint, topic text, kind text, item text, data text)`,
			string(arg), database.Time(now))
	}
	// There is one writer, so what comes after the highest number so far is in
	// the order of commits. The row that holds it is never pruned.
	_, err = tx.Exec(ctx, `INSERT INTO live_events (txn, event, topic, kind, item, data, at)
		SELECT (SELECT COALESCE(max(txn), 0) + 1 FROM live_events),
			value->>'event', value->>'topic', value->>'kind', value->>'item', value->>'data', $2
		FROM json_each($1)`, string(arg), database.Time(now))
	return err
}

// reading is what one statement saw.
type reading struct {
	head    Cursor   // the statement's own snapshot
	horizon int64    // rows up to this txn may be pruned
	rows    []stored // in no order; at most the limit and one more
	foreign bool     // there are rows that the snapshot cannot have seen
}

// dialect holds what the engines say differently in read.
type dialect struct {
	head   string // this statement's snapshot, in PostgreSQL's text form
	open   string // is among the JSON list of numbers in $3
	topics string // is among the JSON list of texts in $5
}

var (
	postgres = dialect{
		head:   "pg_current_snapshot()::text",
		open:   "= ANY (ARRAY(SELECT v::bigint FROM json_array_elements_text($3::json) v))",
		topics: "= ANY (ARRAY(SELECT json_array_elements_text($5::json)))",
	}
	sqlite = dialect{
		head:   "(SELECT (COALESCE(max(txn), 0) + 1) || ':' || (COALESCE(max(txn), 0) + 1) || ':' FROM live_events)",
		open:   "IN (SELECT value FROM json_each($3))",
		topics: "IN (SELECT value FROM json_each($5))",
	}
)

// read gives the events a reader at from has not seen, of the given topics or,
// when that is nil, of all. Snapshot and rows come from one statement, so that
// they belong together. There is no ORDER BY: a reader that gets more than
// limit starts over anyway, and the engine need not sort what nobody reads.
func (s store) read(ctx context.Context, q database.Querier, from Cursor, topics []string, limit int) (reading, error) {
	d := sqlite
	if s.engine == database.PostgreSQL {
		d = postgres
	}
	open, err := json.Marshal(append([]int64{}, from.open...))
	if err != nil {
		return reading{}, err
	}
	args := []any{from.lowestUnseen(), from.next, string(open), limit + 1}
	inTopics := ""
	if topics != nil {
		list, err := json.Marshal(topics)
		if err != nil {
			return reading{}, err
		}
		args = append(args, string(list))
		inTopics = " AND topic " + d.topics
	}
	const columns = "SELECT txn, event, topic, kind, item, data FROM live_events"
	query := `SELECT ` + d.head + `, s.generation, s.horizon, COALESCE(e.txn, 0), COALESCE(e.event, 0),
			COALESCE(e.topic, ''), COALESCE(e.kind, ''), COALESCE(e.item, ''), COALESCE(e.data, '')
		FROM live_state s LEFT JOIN (
			SELECT n.txn, n.event, n.topic, n.kind, n.item, n.data FROM (
				` + columns + ` WHERE txn >= $2` + inTopics + `
				UNION ALL
				` + columns + ` WHERE txn >= $1 AND txn < $2 AND txn ` + d.open + inTopics + `) n
			LIMIT $4) e ON TRUE
		WHERE s.id = 1`
	var out reading
	err = database.Each(ctx, q, func(r database.Row) error {
		var snapshot string
		var generation int64
		var row stored
		var data string
		if err := r.Scan(&snapshot, &generation, &out.horizon, &row.txn, &row.event, &row.topic, &row.msg.Kind, &row.msg.Key, &data); err != nil {
			return err
		}
		if out.head.IsZero() {
			var err error
			if out.head, err = parseSnapshot(generation, snapshot); err != nil {
				return err
			}
		}
		switch {
		case row.event == 0: // no news
		case out.head.saw(row.txn):
			row.msg.Data = json.RawMessage(data)
			out.rows = append(out.rows, row)
		default:
			// Left from before a restore into a server that counts anew.
			out.foreign = true
		}
		return nil
	}, query, args...)
	if err == nil && out.head.IsZero() {
		err = errors.New("live: the row of live_state is missing")
	}
	if out.horizon >= out.head.next {
		out.horizon = 0 // this, too
	}
	return out, err
}

// now gives the present cursor.
func (s store) now(ctx context.Context, q database.Querier) (Cursor, error) {
	r, err := s.read(ctx, q, Cursor{next: afterAll}, nil, 0)
	return r.head, err
}

// afterAll is a txn above all others: a reader there gets the state but no rows.
const afterAll = 1<<63 - 1

// pruneSome deletes the oldest rows that are older than before, at most limit
// of them, and says how many it deleted. The newest stays: SQLite's head is
// read from it.
func (s store) pruneSome(ctx context.Context, tx *database.Tx, before time.Time, limit int) (int, error) {
	pruned, err := database.All(ctx, tx, database.Scalar[int64], `DELETE FROM live_events
		WHERE (txn, event, topic) IN (SELECT txn, event, topic FROM live_events ORDER BY txn, event, topic LIMIT $2)
			AND at < $1 AND txn < (SELECT max(txn) FROM live_events)
		RETURNING txn`, database.Time(before), limit)
	if err != nil || len(pruned) == 0 {
		return 0, err
	}
	// The horizon never falls, but for rows of another server's counting.
	state, err := s.read(ctx, tx, Cursor{next: afterAll}, nil, 0)
	if err != nil {
		return 0, err
	}
	horizon := state.horizon
	for _, txn := range pruned {
		if state.head.saw(txn) {
			horizon = max(horizon, txn)
		}
	}
	_, err = tx.Exec(ctx, "UPDATE live_state SET horizon = $1 WHERE id = 1", horizon)
	return len(pruned), err
}

// Reset forgets all events and makes every cursor void. Whoever restores a
// backup calls it: the transactions after the backup happened for the readers,
// but not for the database.
func Reset(ctx context.Context, tx *database.Tx) error {
	if _, err := tx.Exec(ctx, "DELETE FROM live_events"); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE live_state SET generation = $1, horizon = 0 WHERE id = 1", rand.Int64N(1<<53))
	return err
}
