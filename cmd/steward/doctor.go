package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/config"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/assets"
)

type doctorCommand struct {
	Thorough bool `help:"Also read everything: every page of an SQLite file, every attachment."`
}

// Run checks the installation; it fails when a check did.
func (c doctorCommand) Run(p *program) error {
	l, err := p.configuration()
	if err != nil {
		return err
	}
	findings := []database.Finding{configurationFinding(l), bundlesFinding(assets.Missing())}
	findings = append(findings, folderFindings(l.Config.DataDir)...)
	findings = append(findings, p.databaseFindings(&l.Config, c.Thorough)...)
	if c.Thorough {
		findings = append(findings, p.attachmentsFinding(&l.Config))
	}
	failed := 0
	for _, f := range findings {
		fmt.Fprintf(p.out, "%-8s %-18s %s\n", f.Severity, f.Name, f.Detail)
		if f.Severity == database.Fail {
			failed++
		}
	}
	if failed > 0 {
		return apperr.New(apperr.Internal, "%d of %d checks failed.", failed, len(findings))
	}
	return nil
}

func configurationFinding(l *config.Loaded) database.Finding {
	if l.File == "" {
		return database.Finding{Name: "configuration", Severity: database.Fine, Detail: "no file; defaults and environment"}
	}
	return database.Finding{Name: "configuration", Severity: database.Fine, Detail: l.File}
}

func bundlesFinding(missing string) database.Finding {
	if missing != "" {
		return database.Finding{Name: "bundles", Severity: database.Fail, Detail: "Pages have no style: " + missing}
	}
	return database.Finding{Name: "bundles", Severity: database.Fine, Detail: "built in"}
}

const (
	littleSpace   = 2 << 30
	tooLittle     = 200 << 20
	bytesPerMB    = 1 << 20
	probeFileName = ".doctor-*"
)

// folderFindings checks that the data folder can be written to and has room.
func folderFindings(dir string) []database.Finding {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	if err := probe(abs); err != nil {
		return []database.Finding{{Name: "data folder", Severity: database.Fail, Detail: fmt.Sprintf("%s cannot be written to: %v", abs, err)}}
	}
	out := []database.Finding{{Name: "data folder", Severity: database.Fine, Detail: abs}}
	var st syscall.Statfs_t
	if err := syscall.Statfs(abs, &st); err != nil {
		return append(out, database.Finding{Name: "disk", Severity: database.Warn, Detail: err.Error()})
	}
	free := st.Bavail * uint64(st.Bsize) //nolint:gosec,unconvert // a block size is positive; its type differs between systems
	f := database.Finding{Name: "disk", Severity: database.Fine, Detail: fmt.Sprintf("%d MB free", free/bytesPerMB)}
	switch {
	case free < tooLittle:
		f.Severity = database.Fail
	case free < littleSpace:
		f.Severity = database.Warn
	}
	return append(out, f)
}

// probe writes a file and has it reach the disk.
func probe(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, probeFileName)
	if err != nil {
		return err
	}
	_, werr := f.WriteString("doctor")
	return errors.Join(werr, f.Sync(), f.Close(), os.Remove(f.Name()))
}

func (p *program) databaseFindings(c *config.Config, thorough bool) []database.Finding {
	fail := func(name string, err error) database.Finding {
		detail := apperr.Message(err).String()
		var known *apperr.Error
		if !errors.As(err, &known) {
			detail = err.Error()
		} else if known.Err != nil {
			detail += " (" + known.Err.Error() + ")"
		}
		return database.Finding{Name: name, Severity: database.Fail, Detail: detail}
	}
	db, err := p.existing(c, "steward doctor")
	if apperr.Is(err, apperr.NotFound) {
		return []database.Finding{{Name: "database", Severity: database.Warn, Detail: apperr.Message(err).String() + " The server makes it when it starts."}}
	}
	if err != nil {
		return []database.Finding{fail("database", err)}
	}
	defer db.Close() //nolint:errcheck // it was only read from
	out, err := db.Diagnose(p.ctx, p.now, thorough)
	if err != nil {
		return []database.Finding{fail("database", err)}
	}
	st, err := db.Status(p.ctx, app.Migrations()...)
	switch {
	case err != nil:
		return append(out, fail("migrations", err))
	case st.Pending > 0:
		return append(out, database.Finding{
			Name: "migrations", Severity: database.Warn,
			Detail: fmt.Sprintf("%d steps are pending; the server takes them when it starts", st.Pending),
		})
	}
	return append(out, database.Finding{Name: "migrations", Severity: database.Fine, Detail: fmt.Sprintf("at version %d, nothing pending", st.Current)})
}

func (p *program) attachmentsFinding(c *config.Config) database.Finding {
	f := database.Finding{Name: "attachments", Severity: database.Fine}
	store, err := blob.OpenFolder(c.FilesDir())
	if err == nil {
		var files, bytes int64
		var damaged []string
		err = store.Walk(p.ctx, func(info blob.Info) error {
			files, bytes = files+1, bytes+info.Size
			sound, err := blob.Sound(p.ctx, store, info.Key)
			if err == nil && !sound {
				damaged = append(damaged, info.Key)
			}
			return err
		})
		f.Detail = fmt.Sprintf("%d files with %d MB, all sound", files, bytes/bytesPerMB)
		if len(damaged) > 0 {
			f.Severity, f.Detail = database.Fail, fmt.Sprintf("%d of %d files are damaged: %v", len(damaged), files, damaged)
		}
	}
	if err != nil {
		f.Severity, f.Detail = database.Fail, err.Error()
	}
	return f
}
