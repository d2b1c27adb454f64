package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

type mailCommand struct {
	Import mailImportCommand `cmd:"" help:"Bring in mails that lie in files (.eml), as if they had just come. The server makes tickets of them; what is here already is left out."`
}

type mailImportCommand struct {
	To    string   `required:"" placeholder:"ADDRESS" help:"Address of the mailbox they are for."`
	Files []string `arg:"" name:"file" help:"Files, and folders of files."`
}

// Run imports mails. It may be stopped and run again at any time.
func (c mailImportCommand) Run(p *program) error {
	loaded, err := p.configuration()
	if err != nil {
		return err
	}
	a, err := app.Open(p.ctx, &loaded.Config, p.logger(&loaded.Config))
	if err != nil {
		return err
	}
	defer a.Close()
	ctx := access.With(p.ctx, access.System())
	stored, known := 0, 0
	one := func(path string) error {
		f, err := os.Open(path)
		if err != nil {
			return apperr.Wrap(err, apperr.NotFound, "The mail %s cannot be opened.", path)
		}
		raw, err := io.ReadAll(io.LimitReader(f, int64(loaded.Config.Mail.MaxSize)+1))
		if err = errors.Join(err, f.Close()); err != nil {
			return apperr.Wrap(err, apperr.Invalid, "The mail %s cannot be read.", path)
		}
		if int64(len(raw)) > int64(loaded.Config.Mail.MaxSize) {
			return apperr.New(apperr.TooLarge, "The mail %s is too large.", path)
		}
		arrived, err := a.Mail().ImportFile(ctx, c.To, raw)
		if err != nil {
			return err
		}
		if arrived.State == mail.ArrivalDuplicate {
			known++
		} else {
			stored++
		}
		return nil
	}
	for _, name := range c.Files {
		err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return apperr.Wrap(err, apperr.NotFound, "The mail %s cannot be opened.", path)
			}
			if d.IsDir() {
				return p.ctx.Err()
			}
			return one(path)
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(p.out, "%d mails brought in, %d were here already\n", stored, known)
	return nil
}
