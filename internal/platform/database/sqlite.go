package database

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// openSQLite opens one writer and a pool of readers. One writer, because
// SQLite has one anyway and waiting in Go is fairer than waiting in its lock;
// synchronous FULL, because an acknowledged write must survive a power cut.
func (db *DB) openSQLite(ctx context.Context, o Options) error {
	path := SQLitePath(o.URL)
	if path == "" {
		return apperr.New(apperr.Invalid, "The database setting is empty.")
	}
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return apperr.Wrap(err, apperr.Unavailable, "The folder of the database cannot be made.")
		}
	}
	// SQLite would make it readable for everybody; it holds what everybody wrote.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
		_ = f.Close() // nothing was written
	} else if !errors.Is(err, fs.ErrExist) {
		return apperr.Wrap(err, apperr.Unavailable, "The file of the database cannot be made.")
	}
	pragmas := "_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=case_sensitive_like(1)" +
		"&_pragma=temp_store(2)&_pragma=mmap_size(0)"
	name := "file:" + (&url.URL{Path: path}).EscapedPath()
	writing, err := newPreparing(name + "?_txlock=immediate&" + pragmas +
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-8000)&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return translate(err)
	}
	db.writer = sql.OpenDB(writing)
	db.writer.SetMaxOpenConns(1)
	db.writer.SetMaxIdleConns(1)
	db.schema = db.writer
	if err := db.writer.PingContext(ctx); err != nil {
		return translate(err)
	}
	reading, err := newPreparing(name + "?" + pragmas + "&_pragma=query_only(1)&_pragma=cache_size(-2000)")
	if err != nil {
		return translate(err)
	}
	db.reader = sql.OpenDB(reading)
	readers := min(o.MaxConns, 8)
	db.reader.SetMaxOpenConns(readers)
	db.reader.SetMaxIdleConns(readers)
	return translate(db.reader.PingContext(ctx))
}

// SQLitePath gives the file behind a database setting: "sqlite:PATH",
// "sqlite://PATH", "file:PATH" or a bare path.
func SQLitePath(setting string) string {
	for _, prefix := range []string{"sqlite://", "sqlite:", "file:"} {
		if rest, ok := strings.CutPrefix(setting, prefix); ok {
			return rest
		}
	}
	return setting
}
