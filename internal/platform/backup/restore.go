package backup

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Target says where to restore to.
type Target struct {
	DB         *database.DB
	Blobs      blob.Store
	Migrations []fs.FS
	Force      bool                            // also into a database that holds something: it is deleted
	Rebuild    func(ctx context.Context) error // makes anew what was skipped: the search index; may be nil
	Progress   func(what string, n int64)      // told after each table and at the end of the files; may be nil
}

// Restore builds an installation from an archive and proves that it holds what
// the archive holds. Conflict when the database is in use, or not empty and
// Force is not set. After an error the database refuses to serve until a
// restore has ended well; nothing is touched before the archive, whole, was
// found sound (see Verify).
func (a *Archive) Restore(ctx context.Context, t Target) error {
	if t.Progress == nil {
		t.Progress = func(string, int64) {}
	}
	if t.Rebuild == nil {
		t.Rebuild = func(context.Context) error { return nil }
	}
	if err := t.check(ctx); err != nil {
		return err
	}
	if err := a.restoreBlobs(ctx, t); err != nil {
		return err
	}
	if err := t.DB.BeginRestore(ctx, a.Manifest.Steps, t.Migrations...); err != nil {
		return err
	}
	if err := t.DB.Load(ctx, func(tx *database.Tx) error { return a.load(ctx, tx, t) }); err != nil {
		return err
	}
	return t.DB.FinishRestore(ctx, func() error { return t.Rebuild(ctx) }, t.Migrations...)
}

func (t *Target) check(ctx context.Context) error {
	used, err := t.DB.InUse(ctx)
	if err != nil {
		return err
	}
	if used {
		return apperr.New(apperr.Conflict, "Steward is running on this database. Stop every node first.")
	}
	empty, err := t.DB.Empty(ctx)
	if err != nil {
		return err
	}
	if !empty && !t.Force {
		return apperr.New(apperr.Conflict, "The database is not empty. A restore deletes everything that is in it now; if that is what you want, say --force.")
	}
	return nil
}

// restoreBlobs comes first: a record must never refer to a file that is not
// there yet.
func (a *Archive) restoreBlobs(ctx context.Context, t Target) error {
	var n int64
	err := a.each(ctx, func(name string, content io.Reader) error {
		key, ok := strings.CutPrefix(name, blobFolder)
		if !ok || slices.Contains(a.Sums.Blobs.Damaged, key) {
			return nil
		}
		if t.Blobs == nil {
			return apperr.New(apperr.Invalid, "The backup holds files, and there is no place for them.")
		}
		info, err := t.Blobs.Put(ctx, content, math.MaxInt64)
		if err != nil {
			return err
		}
		if info.Key != key {
			return apperr.New(apperr.Invalid, "The backup changed while it was read: file %s.", key)
		}
		n++
		return nil
	})
	t.Progress("files", n)
	return err
}

// load fills the tables, in one transaction, and reads them back.
func (a *Archive) load(ctx context.Context, tx *database.Tx, t Target) error {
	tables, err := a.targets(ctx, tx)
	if err != nil {
		return err
	}
	for _, l := range tables {
		// Migrations may have put rows there; the archive has them as they were last.
		if _, err := tx.Exec(ctx, "DELETE FROM "+database.Quote(l.table.Name)); err != nil {
			return fmt.Errorf("empty %s: %w", l.table.Name, err)
		}
	}
	err = a.each(ctx, func(name string, content io.Reader) error {
		rest, ok := strings.CutPrefix(name, "tables/")
		if !ok {
			return nil
		}
		table, _, _ := strings.Cut(rest, "/")
		l := tables[table]
		if l == nil {
			return fmt.Errorf("%s does not belong there", name)
		}
		if err := l.part(ctx, content); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range a.Manifest.Tables {
		l := tables[m.Name]
		if err := l.finish(ctx, a.Sums.Tables[m.Name].Rows); err != nil {
			return fmt.Errorf("table %s: %w", m.Name, err)
		}
		t.Progress(m.Name, l.rows)
	}
	return nil
}

// targets pairs the archive's tables with the database's.
func (a *Archive) targets(ctx context.Context, tx *database.Tx) (map[string]*loader, error) {
	existing, err := tx.DB().Tables(ctx, tx)
	if err != nil {
		return nil, err
	}
	byName := map[string]database.Table{}
	for _, t := range existing {
		byName[t.Name] = t
	}
	out := map[string]*loader{}
	for _, t := range a.Manifest.Tables {
		target, ok := byName[t.Name]
		if !ok {
			return nil, apperr.New(apperr.Conflict, "The backup has a table %s that this program does not know.", t.Name)
		}
		types := map[string]database.ColumnType{}
		for _, c := range target.Columns {
			types[c.Name] = c.Type
		}
		target.Columns = nil
		for _, c := range t.Columns {
			kind, ok := types[c.Name]
			if !ok {
				return nil, apperr.New(apperr.Conflict, "The backup has a column %s.%s that this program does not know.", t.Name, c.Name)
			}
			target.Columns = append(target.Columns, database.Column{Name: c.Name, Type: kind})
		}
		out[t.Name] = newLoader(tx, target)
	}
	return out, nil
}

// loader fills one table.
type loader struct {
	tx      *database.Tx
	table   database.Table
	insert  string // up to the values
	batch   int    // rows of a full statement
	full    string // a full statement
	pending []any
	rows    int64
	digest  digest // of the rows put in
}

// Both engines bound the placeholders of a statement (SQLite 32766, PostgreSQL
// 65535), and beyond some hundred rows a statement gets no faster.
const (
	maxPlaceholders = 30_000
	maxBatch        = 200
	maxPending      = 4 << 20 // bytes, so that wide rows do not pile up
)

func newLoader(tx *database.Tx, t database.Table) *loader {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = database.Quote(c.Name)
	}
	l := &loader{tx: tx, table: t}
	l.insert = "INSERT INTO " + database.Quote(t.Name) + " (" + strings.Join(names, ", ") + ") VALUES "
	l.batch = max(1, min(maxBatch, maxPlaceholders/max(1, len(t.Columns))))
	l.full = l.statement(l.batch)
	return l
}

func (l *loader) statement(rows int) string {
	var b strings.Builder
	b.WriteString(l.insert)
	n := 0
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for j := range l.table.Columns {
			if j > 0 {
				b.WriteString(", ")
			}
			n++
			fmt.Fprintf(&b, "$%d", n)
		}
		b.WriteByte(')')
	}
	return b.String()
}

// part loads one part of the table.
func (l *loader) part(ctx context.Context, content io.Reader) error {
	bytes := 0
	err := eachLine(content, func(line []byte) error {
		values, err := decodeRow(line, l.table.Columns)
		if err != nil {
			return fmt.Errorf("row %d: %w", l.rows+1, err)
		}
		if err := l.digest.add(values, l.table.Columns); err != nil {
			return err
		}
		l.pending = append(l.pending, values...)
		l.rows++
		bytes += len(line)
		if len(l.pending) == l.batch*len(l.table.Columns) || bytes > maxPending {
			bytes = 0
			return l.flush(ctx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return l.flush(ctx)
}

func (l *loader) flush(ctx context.Context) error {
	rows := len(l.pending) / len(l.table.Columns)
	if rows == 0 {
		return nil
	}
	statement := l.full
	if rows != l.batch {
		statement = l.statement(rows)
	}
	_, err := l.tx.Exec(ctx, statement, l.pending...)
	clear(l.pending)
	l.pending = l.pending[:0]
	if err != nil {
		return fmt.Errorf("rows %d to %d: %w", l.rows-int64(rows)+1, l.rows, err)
	}
	return nil
}

// finish reads the table back and compares it with what was put in.
func (l *loader) finish(ctx context.Context, want int64) error {
	var stored digest
	var n int64
	err := eachRow(ctx, l.tx, l.table, func(values []any) error {
		n++
		return stored.add(values, l.table.Columns)
	})
	if err != nil {
		return err
	}
	if n != want || l.rows != want {
		return apperr.New(apperr.Internal, "%d rows were written, %d arrived, %d should be there.", l.rows, n, want)
	}
	if stored != l.digest {
		return apperr.New(apperr.Internal, "What the database holds is not what the backup holds.")
	}
	return nil
}

// digest is a sum over the hashes of rows: equal for equal rows in any order,
// because the engines do not sort text alike.
type digest [4]uint64

func (d *digest) add(values []any, columns []database.Column) error {
	row, err := comparableRow(values, columns)
	if err != nil {
		return err
	}
	h := sha256.Sum256(row)
	for i := range d {
		d[i] += binary.LittleEndian.Uint64(h[8*i:])
	}
	return nil
}
