package database

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Severity says how bad a Finding is.
type Severity string

// The severities.
const (
	Fine Severity = "ok"
	Warn Severity = "warning"
	Fail Severity = "failure"
)

// Finding is one thing a check-up found, in words for an administrator.
type Finding struct {
	Name     string
	Severity Severity
	Detail   string
}

// Diagnose checks the server and its settings against what this product relies
// on. now is this machine's clock; thorough also reads the whole file on SQLite.
func (db *DB) Diagnose(ctx context.Context, now func() time.Time, thorough bool) ([]Finding, error) {
	if db.engine == PostgreSQL {
		return db.diagnosePostgres(ctx, now)
	}
	return db.diagnoseSQLite(ctx, thorough)
}

func (db *DB) diagnoseSQLite(ctx context.Context, thorough bool) ([]Finding, error) {
	version, err := One(ctx, db.Reader(), Scalar[string], "SELECT sqlite_version()")
	if err != nil {
		return nil, err
	}
	out := []Finding{{"database", Fine, "SQLite " + version + " in " + SQLitePath(db.url)}}
	mode, err := One(ctx, db.Reader(), Scalar[string], "PRAGMA journal_mode")
	if err != nil {
		return nil, err
	}
	if mode != "wal" {
		out = append(out, Finding{"journal", Fail, "The journal mode is " + mode + " and not wal: is the file on a network file system?"})
	}
	if !thorough {
		return out, nil
	}
	// The pragma names up to 100 defects; one is enough to know.
	verdict, err := One(ctx, db.Reader(), Scalar[string], "PRAGMA integrity_check(1)")
	if err != nil {
		return nil, err
	}
	if verdict != "ok" {
		return append(out, Finding{"integrity", Fail, "The file is damaged: " + verdict}), nil
	}
	dangling, err := All(ctx, db.Reader(), Scalar[string], `SELECT DISTINCT "table" FROM pragma_foreign_key_check LIMIT 1`)
	if err != nil {
		return nil, err
	}
	if len(dangling) > 0 {
		return append(out, Finding{"integrity", Fail, "Table " + dangling[0] + " refers to rows that are not there."}), nil
	}
	return append(out, Finding{"integrity", Fine, "every page and every reference is sound"}), nil
}

func (db *DB) diagnosePostgres(ctx context.Context, now func() time.Time) ([]Finding, error) {
	var name, version, encoding, fsync, pages, commit, limit string
	var server Time
	var used int
	before := now()
	err := db.Reader().QueryRow(ctx, `SELECT current_database(), current_setting('server_version'), current_setting('server_encoding'),
		current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'), current_setting('max_connections'),
		(extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
		(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')`).
		Scan(&name, &version, &encoding, &fsync, &pages, &commit, &limit, &server, &used)
	if err != nil {
		return nil, err
	}
	out := []Finding{{"database", Fine, "PostgreSQL " + version + ", database " + name}}
	wrong := func(name string, s Severity, detail string) { out = append(out, Finding{name, s, detail}) }
	if encoding != "UTF8" {
		wrong("encoding", Fail, "The database is encoded as "+encoding+" and must be UTF8.")
	}
	if fsync != "on" {
		wrong("fsync", Fail, "fsync is off: what was saved may be lost when the machine stops.")
	}
	if pages != "on" {
		wrong("full_page_writes", Fail, "full_page_writes is off: the database may be damaged when the machine stops.")
	}
	if commit == "off" {
		wrong("synchronous_commit", Fail, "synchronous_commit is off: the latest saves may be lost when the server stops.")
	}
	if most, err := strconv.Atoi(limit); err == nil && most-used < db.writer.Stats().MaxOpenConnections {
		wrong("connections", Warn, fmt.Sprintf("%d of the server's %d connections are taken; this node may want %d.", used, most, db.writer.Stats().MaxOpenConnections))
	}
	return append(out, clockFinding(time.Time(server).Sub(before.Add(now().Sub(before)/2)))), nil
}

// clockFinding judges how far the server's clock is ahead of ours. Several nodes
// agree on due times only as well as their clocks do.
func clockFinding(ahead time.Duration) Finding {
	off := ahead.Abs().Round(time.Millisecond)
	switch {
	case off > time.Minute:
		return Finding{"clock", Fail, fmt.Sprintf("This machine and the database server differ by %s. Switch on time synchronisation.", off)}
	case off > 2*time.Second:
		return Finding{"clock", Warn, fmt.Sprintf("This machine and the database server differ by %s.", off)}
	}
	return Finding{"clock", Fine, fmt.Sprintf("differs from the database server's by %s", off)}
}
