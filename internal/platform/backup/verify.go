package backup

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
)

// Archive is an archive that was read whole and found sound.
type Archive struct {
	Manifest Manifest
	Sums     Sums
	source   io.ReadSeeker
}

// maxDocument bounds manifest and sums, which are read into memory.
const maxDocument = 256 << 20

// Verify reads an archive to its end and compares everything with its sums.
// Invalid says in words what is wrong with it.
func Verify(ctx context.Context, source io.ReadSeeker) (*Archive, error) {
	a := &Archive{source: source}
	found := Sums{Tables: map[string]TableSum{}}
	complete := false
	err := a.each(ctx, func(name string, content io.Reader) error { return broken(a.take(name, content, &found, &complete)) })
	if err != nil {
		return nil, err
	}
	if !complete {
		return nil, apperr.New(apperr.Invalid, "This backup is not complete: its end is missing.")
	}
	return a, a.compare(found)
}

// take verifies one entry.
func (a *Archive) take(name string, content io.Reader, found *Sums, complete *bool) error {
	if a.Manifest.Format == 0 && name != manifestName {
		return errors.New("it does not begin with " + manifestName)
	}
	switch {
	case name == manifestName:
		if err := document(content, &a.Manifest); err != nil {
			return err
		}
		if a.Manifest.Format != formatVersion {
			return apperr.New(apperr.Conflict, "This backup has the format %d, which this program does not know. Run a newer Steward.", a.Manifest.Format)
		}
		for _, t := range a.Manifest.Tables {
			found.Tables[t.Name] = TableSum{}
		}
		return nil
	case name == sumsName:
		*complete = true
		return document(content, &a.Sums)
	case strings.HasPrefix(name, blobFolder):
		return verifyBlob(strings.TrimPrefix(name, blobFolder), content, &found.Blobs)
	default:
		return verifyPart(name, content, found.Tables)
	}
}

// compare says where an archive differs from its sums.
func (a *Archive) compare(found Sums) error {
	for _, t := range a.Manifest.Tables {
		want, got := a.Sums.Tables[t.Name], found.Tables[t.Name]
		if want.Rows != got.Rows || !slices.Equal(want.Parts, got.Parts) {
			return apperr.New(apperr.Invalid, "This backup is damaged: table %s is not what was written.", t.Name)
		}
	}
	if len(found.Tables) != len(a.Manifest.Tables) {
		return apperr.New(apperr.Invalid, "This backup is damaged: it holds tables that were not written.")
	}
	want, got := a.Sums.Blobs, found.Blobs
	if want.Files != got.Files || want.Bytes != got.Bytes || !slices.Equal(want.Damaged, got.Damaged) {
		return apperr.New(apperr.Invalid, "This backup is damaged: its files are not what was written.")
	}
	return nil
}

func verifyBlob(key string, content io.Reader, sum *BlobSum) error {
	if !blob.ValidKey(key) {
		return errors.New("a file has no valid name")
	}
	h := sha256.New()
	n, err := io.Copy(h, content)
	if err != nil {
		return err
	}
	sum.Files++
	sum.Bytes += n
	if sumOf(h) != key {
		sum.Damaged = append(sum.Damaged, key)
	}
	return nil
}

func verifyPart(name string, content io.Reader, tables map[string]TableSum) error {
	table, _, _ := strings.Cut(strings.TrimPrefix(name, "tables/"), "/")
	sum, known := tables[table]
	if !known || name != partName(table, len(sum.Parts)+1) {
		return errors.New("it holds " + name + ", which does not belong there")
	}
	h := sha256.New()
	err := eachLine(io.TeeReader(content, h), func([]byte) error {
		sum.Rows++
		return nil
	})
	sum.Parts = append(sum.Parts, sumOf(h))
	tables[table] = sum
	return err
}

// each reads the archive from its beginning, entry by entry.
func (a *Archive) each(ctx context.Context, fn func(name string, content io.Reader) error) error {
	if _, err := a.source.Seek(0, io.SeekStart); err != nil {
		return apperr.Wrap(err, apperr.Invalid, "The backup cannot be read: it must be a file.")
	}
	plain, err := zstd.NewReader(a.source)
	if err != nil {
		return broken(err)
	}
	defer plain.Close()
	entries := tar.NewReader(plain)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken(err)
		}
		if err := fn(entry.Name, entries); err != nil {
			return err
		}
	}
}

// broken explains an archive that cannot be read; errors that already have
// words for a person pass through.
func broken(err error) error {
	var known *apperr.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return apperr.Wrap(err, apperr.Invalid, "This backup is not complete: its end is missing.")
	}
	return apperr.Wrap(err, apperr.Invalid, "This is no backup of Steward, or it is damaged: %v.", err)
}

func document(content io.Reader, v any) error {
	return json.NewDecoder(io.LimitReader(content, maxDocument)).Decode(v)
}

// eachLine hands out lines of any length without their line ends.
func eachLine(r io.Reader, fn func(line []byte) error) error {
	buffered := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := buffered.ReadBytes('\n')
		if len(line) > 0 {
			if ferr := fn(line); ferr != nil {
				return ferr
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
