package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/practice/desk/api"
)

type exportCommand struct {
	Filter string `short:"f" help:"Which tickets, in the filter language; default: all."`
	Format string `default:"json" enum:"json,csv,csv-timeline" help:"json: one document a line, with conversation and history. csv: one row a ticket. csv-timeline: one row an entry."`
	Out    string `short:"o" placeholder:"FILE" help:"Default: standard output."`
}

// Run writes tickets out in a documented form (docs/api.md).
func (c exportCommand) Run(p *program) error {
	core, err := p.core()
	if err != nil {
		return err
	}
	defer core.Close()
	out := p.out
	if c.Out != "" {
		f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
		if err != nil {
			return apperr.Wrap(err, apperr.Invalid, "The export cannot be written there.")
		}
		defer f.Close()
		out = f
	}
	w := bufio.NewWriterSize(out, 256<<10)
	exporter := api.New(api.Deps{Tickets: core.Tickets, People: core.People, Services: core.Services, DB: core.DB})
	n, err := exporter.Export(access.With(p.ctx, access.System()), w, c.Filter, api.Format(c.Format))
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(p.err, "%d tickets written\n", n)
	return nil
}
