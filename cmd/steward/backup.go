package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/backup"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/buildinfo"
	"github.com/steward-itsm/steward/internal/platform/database"
)

type backupCommand struct {
	File  string `arg:"" optional:"" help:"The archive to write, or - for standard output. Default: steward-DATE-TIME.tar.zst here."`
	Check bool   `default:"true" negatable:"" help:"Read the archive again and verify it (default). Not for standard output."`
}

// Run writes an archive.
func (c backupCommand) Run(p *program) error {
	l, err := p.configuration()
	if err != nil {
		return err
	}
	db, err := p.existing(&l.Config, "steward backup")
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // it was only read from
	blobs, err := blob.OpenFolder(l.Config.FilesDir())
	if err != nil {
		return err
	}
	options := backup.Options{DB: db, Blobs: blobs, Product: buildinfo.Read().String(), Skip: app.DerivedTables(), Now: p.now()}
	if c.File == "-" {
		return p.backupTo(p.out, options)
	}
	if c.File == "" {
		c.File = p.now().Format("steward-20060102-150405.tar.zst")
	}
	return p.backupFile(c.File, c.Check, options)
}

func (p *program) backupTo(w io.Writer, o backup.Options) error {
	out := bufio.NewWriterSize(w, 256<<10)
	sums, err := backup.Write(p.ctx, out, o)
	if err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return p.report(sums)
}

// backupFile writes under another name first: a file with the name asked for is
// a whole backup, or it is not there.
func (p *program) backupFile(path string, check bool, o backup.Options) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return apperr.New(apperr.Conflict, "%s is already there. Choose another name.", path)
	}
	temp, err := os.OpenFile(path+".partial", os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600) // holds everything anybody ever wrote
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, temp.Close(), os.Remove(temp.Name()))
		}
	}()
	out := bufio.NewWriterSize(temp, 256<<10)
	sums, err := backup.Write(p.ctx, out, o)
	if err != nil {
		return err
	}
	if err := errors.Join(out.Flush(), temp.Sync()); err != nil {
		return err
	}
	if check {
		if _, err := backup.Verify(p.ctx, temp); err != nil {
			return err
		}
	}
	if err := publish(temp, path); err != nil {
		return err
	}
	fmt.Fprintln(p.err, "written to", path)
	return p.report(sums)
}

// publish gives a whole file its name, so that it survives a power cut.
func publish(temp *os.File, path string) error {
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// report says on stderr what is in the archive; damaged files fail the command,
// so that somebody looks.
func (p *program) report(sums *backup.Sums) error {
	fmt.Fprintf(p.err, "%d rows in %d tables, %d files with %d bytes\n", sums.Rows(), len(sums.Tables), sums.Blobs.Files, sums.Blobs.Bytes)
	if n := len(sums.Blobs.Damaged); n > 0 {
		return apperr.New(apperr.Internal, "The backup is complete, but %d files are damaged on the disk and cannot be restored from it: %v", n, sums.Blobs.Damaged)
	}
	return nil
}

type restoreCommand struct {
	File  string `arg:"" type:"existingfile" help:"The archive to restore."`
	Check bool   `help:"Only verify the archive; touch nothing."`
	Force bool   `help:"Also into a database that is not empty: EVERYTHING in it is deleted first."`
}

// Run restores an archive.
func (c restoreCommand) Run(p *program) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	archive, err := backup.Verify(p.ctx, file)
	if err != nil {
		return err
	}
	m := archive.Manifest
	fmt.Fprintf(p.err, "%s is sound: made %s by %s, %d rows in %d tables, %d files\n", c.File,
		m.Made.Format("2006-01-02 15:04:05 MST"), m.Product, archive.Sums.Rows(), len(m.Tables), archive.Sums.Blobs.Files)
	if c.Check {
		return nil
	}
	l, err := p.configuration()
	if err != nil {
		return err
	}
	db, err := p.database(&l.Config, "steward restore")
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // everything was committed
	blobs, err := blob.OpenFolder(l.Config.FilesDir())
	if err != nil {
		return err
	}
	if err := archive.Restore(p.ctx, p.target(db, blobs, c.Force)); err != nil {
		return err
	}
	fmt.Fprintln(p.err, "restored, and found equal to the archive")
	return nil
}

func (p *program) target(db *database.DB, blobs blob.Store, force bool) backup.Target {
	return backup.Target{
		DB: db, Blobs: blobs, Migrations: app.Migrations(), Force: force,
		Rebuild: func(ctx context.Context) error { return app.Rebuild(ctx, db) },
		Progress: func(what string, n int64) {
			if n > 0 {
				fmt.Fprintf(p.err, "  %-24s %d\n", what, n)
			}
		},
	}
}
