package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Options says what to back up.
type Options struct {
	DB       *database.DB
	Blobs    blob.Store // nil when there are no files
	Product  string     // version of this program
	Skip     []string   // tables whose content can be made anew, as patterns of path.Match: the search index
	Now      time.Time
	Progress func(what string, n int64) // told after each table and at the end of the files; may be nil
}

// partSize is about how much of a table is held in memory at a time.
const partSize = 4 << 20

// Write writes an archive while the installation is in use. Files that were
// found damaged are in it as they are and are listed in the result.
func Write(ctx context.Context, w io.Writer, o Options) (*Sums, error) {
	compressed, err := zstd.NewWriter(w)
	if err != nil {
		return nil, err
	}
	b := &writer{Options: o, tar: tar.NewWriter(compressed), sums: Sums{Tables: map[string]TableSum{}}}
	if b.Progress == nil {
		b.Progress = func(string, int64) {}
	}
	err = o.DB.Snapshot(ctx, func(q database.Querier) error { return b.tables(ctx, q) })
	if err == nil && o.Blobs != nil {
		err = b.blobs(ctx)
	}
	if err == nil {
		err = b.document(sumsName, b.sums)
	}
	if err == nil {
		err = b.tar.Close()
	}
	if cerr := compressed.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	return &b.sums, nil
}

type writer struct {
	Options
	tar  *tar.Writer
	sums Sums
}

func (b *writer) tables(ctx context.Context, q database.Querier) error {
	all, err := b.DB.Tables(ctx, q)
	if err != nil {
		return err
	}
	m := Manifest{Format: formatVersion, Product: b.Product, Engine: b.DB.Engine(), Made: b.Now.UTC()}
	if m.Steps, err = b.DB.Steps(ctx, q); err != nil {
		return err
	}
	var tables []database.Table
	for _, t := range all {
		if matches(t.Name, b.Skip) {
			continue
		}
		portable, err := describe(t)
		if err != nil {
			return err
		}
		tables, m.Tables = append(tables, t), append(m.Tables, portable)
	}
	if err := b.document(manifestName, m); err != nil {
		return err
	}
	for _, t := range tables {
		if err := b.table(ctx, q, t); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		b.Progress(t.Name, b.sums.Tables[t.Name].Rows)
	}
	return nil
}

// describe gives a table in the archive's terms.
func describe(t database.Table) (Table, error) {
	out := Table{Name: t.Name}
	for _, c := range t.Columns {
		switch c.Type {
		case database.BooleanType:
			c.Type = database.IntegerType
		case database.JSONType:
			c.Type = database.TextType
		case database.IntegerType, database.RealType, database.TextType, database.BlobType:
		default:
			return out, apperr.New(apperr.Internal, "Column %s.%s has the type %s, which no backup can hold.", t.Name, c.Name, c.Type)
		}
		out.Columns = append(out.Columns, Column(c))
	}
	return out, nil
}

// selectAll reads a table in the order of its key.
func selectAll(t database.Table) string {
	columns, key := make([]string, len(t.Columns)), make([]string, len(t.Key))
	for i, c := range t.Columns {
		columns[i] = database.Quote(c.Name)
		if c.Type == database.JSONType {
			columns[i] = "CAST(" + columns[i] + " AS TEXT)"
		}
	}
	for i, name := range t.Key {
		key[i] = database.Quote(name)
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + database.Quote(t.Name)
	if len(key) > 0 {
		query += " ORDER BY " + strings.Join(key, ", ")
	}
	return query
}

// eachRow reads a table; the values are reused from row to row.
func eachRow(ctx context.Context, q database.Querier, t database.Table, fn func(values []any) error) error {
	values, dest := make([]any, len(t.Columns)), make([]any, len(t.Columns))
	for i := range values {
		dest[i] = &values[i]
	}
	return database.Each(ctx, q, func(r database.Row) error {
		if err := r.Scan(dest...); err != nil {
			return err
		}
		return fn(values)
	}, selectAll(t))
}

func (b *writer) table(ctx context.Context, q database.Querier, t database.Table) error {
	var part []byte
	var sum TableSum
	flush := func() error {
		digest := sha256.Sum256(part)
		sum.Parts = append(sum.Parts, hex.EncodeToString(digest[:]))
		err := b.member(partName(t.Name, len(sum.Parts)), int64(len(part)), bytes.NewReader(part))
		part = part[:0]
		return err
	}
	err := eachRow(ctx, q, t, func(values []any) (err error) {
		if part, err = appendRow(part, values, t.Columns); err != nil {
			return fmt.Errorf("row %d: %w", sum.Rows+1, err)
		}
		sum.Rows++
		if len(part) >= partSize {
			return flush()
		}
		return nil
	})
	if err == nil && len(part) > 0 {
		err = flush()
	}
	b.sums.Tables[t.Name] = sum
	return err
}

func (b *writer) blobs(ctx context.Context) error {
	err := b.Blobs.Walk(ctx, func(info blob.Info) error {
		content, err := b.Blobs.Get(ctx, info.Key, 0, -1)
		if apperr.Is(err, apperr.NotFound) {
			return nil // deleted since: no record referred to it
		}
		if err != nil {
			return err
		}
		defer content.Close()
		h := sha256.New()
		if err := b.member(blobFolder+info.Key, info.Size, io.TeeReader(content, h)); err != nil {
			return fmt.Errorf("file %s: %w", info.Key, err)
		}
		b.sums.Blobs.Files++
		b.sums.Blobs.Bytes += info.Size
		if sumOf(h) != info.Key {
			b.sums.Blobs.Damaged = append(b.sums.Blobs.Damaged, info.Key)
		}
		return nil
	})
	b.Progress("files", b.sums.Blobs.Files)
	return err
}

func (b *writer) document(name string, v any) error {
	doc, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return b.member(name, int64(len(doc)), bytes.NewReader(doc))
}

func (b *writer) member(name string, size int64, content io.Reader) error {
	err := b.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: b.Now, Typeflag: tar.TypeReg, Format: tar.FormatPAX})
	if err != nil {
		return err
	}
	n, err := io.Copy(b.tar, io.LimitReader(content, size))
	if err == nil && n < size {
		// A file that lost its end on the disk: the rest is filled up, and its hash tells.
		_, err = io.CopyN(b.tar, zeros{}, size-n)
	}
	return err
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func sumOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
