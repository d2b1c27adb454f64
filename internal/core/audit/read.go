package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Query chooses records of the log. Zero fields do not narrow.
type Query struct {
	ActorID    int64
	Action     string
	ObjectType string
	ObjectID   string
	From, To   time.Time // including From, excluding To
	Before     int64     // only records with a smaller Seq: the cursor of the page before
	Limit      int       // 1 to 500; 0 is 50
}

const maxPage = 500

// List gives the newest records first. Next is the cursor of the following
// page, 0 if there is none. It asks for the verb ViewAudit.
func (l *Log) List(ctx context.Context, q Query) (records []Record, next int64, err error) {
	if err := access.From(ctx).Require(access.ViewAudit, access.AnyKind); err != nil {
		return nil, 0, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, maxPage)
	var args database.Args
	where := "TRUE"
	and := func(set bool, column, op string, v any) {
		if set {
			where += " AND " + column + op + args.Arg(v)
		}
	}
	and(q.ActorID != 0, "actor_id", " = ", q.ActorID)
	and(q.Action != "", "action", " = ", q.Action)
	and(q.ObjectType != "", "object_type", " = ", q.ObjectType)
	and(q.ObjectID != "", "object_id", " = ", q.ObjectID)
	and(!q.From.IsZero(), "at", " >= ", database.Time(q.From))
	and(!q.To.IsZero(), "at", " < ", database.Time(q.To))
	and(q.Before != 0, "seq", " < ", q.Before)
	records, err = database.All(ctx, l.db.Reader(), scanRecord,
		"SELECT "+columns+" FROM audit_log WHERE "+where+" ORDER BY seq DESC LIMIT "+args.Arg(limit+1), args.Values()...)
	if err != nil {
		return nil, 0, err
	}
	if len(records) > limit {
		records = records[:limit]
		next = records[limit-1].Seq
	}
	return records, next, nil
}

const columns = `seq, at, actor_type, actor_id, actor_name, address, action,
	object_type, object_id, object_name, before, after, previous, hash`

func scanRecord(row database.Row) (Record, error) {
	var r Record
	err := row.Scan(&r.Seq, (*database.Time)(&r.At), (*string)(&r.ActorType), (*database.ID)(&r.ActorID), &r.ActorName, &r.Address,
		&r.Action, &r.ObjectType, &r.ObjectID, &r.ObjectName, &r.Before, &r.After, &r.Previous, &r.Hash)
	return r, err
}

// Report is what Verify found.
type Report struct {
	Entries int64  // how many entries the log says it has
	Checked int64  // how many of them fit the chain
	Hash    string // of the last entry: note it elsewhere to notice a rewritten log
	Problem string // what does not fit, at entry Checked+1; empty if all is well
}

// OK reports whether the whole chain fits.
func (r Report) OK() bool { return r.Problem == "" }

// verifyBatch is how many entries Verify reads at a time.
const verifyBatch = 1000

// Verify computes the chain anew, in memory that does not grow with it. It asks
// for the verb ViewAudit.
func (l *Log) Verify(ctx context.Context) (Report, error) {
	if err := access.From(ctx).Require(access.ViewAudit, access.AnyKind); err != nil {
		return Report{}, err
	}
	// The end is read first: what is appended meanwhile is left for next time.
	var report Report
	if err := l.db.Reader().QueryRow(ctx, "SELECT seq, hash FROM audit_tail WHERE id = 1").
		Scan(&report.Entries, &report.Hash); err != nil {
		return Report{}, err
	}
	previous := ""
	for report.Checked < report.Entries {
		batch, err := database.All(ctx, l.db.Reader(), scanRecord,
			"SELECT "+columns+" FROM audit_log WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
			report.Checked, report.Entries, verifyBatch)
		if err != nil {
			return Report{}, err
		}
		if len(batch) == 0 {
			report.Problem = "The entries from here to the end are missing."
			return report, nil
		}
		for _, r := range batch {
			switch {
			case r.Seq != report.Checked+1:
				report.Problem = "An entry is missing."
			case r.Previous != previous:
				report.Problem = "The entry does not follow the one before it."
			case r.Hash != r.digest():
				report.Problem = "The entry was changed."
			}
			if report.Problem != "" {
				return report, nil
			}
			previous = r.Hash
			report.Checked++
		}
	}
	if previous != report.Hash {
		report.Problem = "The end of the chain is not the one that was noted."
		return report, nil
	}
	var beyond int64
	if err := l.db.Reader().QueryRow(ctx, "SELECT COUNT(*) FROM audit_log WHERE seq < 1").Scan(&beyond); err != nil {
		return Report{}, err
	}
	if beyond > 0 {
		report.Problem = "There are entries outside the chain."
	}
	return report, nil
}

// Change is one field of a record that is not what it was. The values are JSON;
// empty means that there was or is none.
type Change struct {
	Field         string
	Before, After string
}

// Changes lists the fields that differ between Before and After, sorted by name.
func (r Record) Changes() []Change {
	before, after := fields(r.Before), fields(r.After)
	names := map[string]struct{}{}
	for name := range before {
		names[name] = struct{}{}
	}
	for name := range after {
		names[name] = struct{}{}
	}
	var changes []Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !bytes.Equal(before[name], after[name]) {
			changes = append(changes, Change{Field: name, Before: string(before[name]), After: string(after[name])})
		}
	}
	return changes
}

// fields takes a JSON object apart; a document of another shape is one field.
func fields(document string) map[string]json.RawMessage {
	if document == "" {
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(document), &object); err != nil {
		return map[string]json.RawMessage{"": json.RawMessage(document)}
	}
	return object
}
