package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/connect/servicenow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

type importCommand struct {
	ServicenowLog importServicenowCommand `cmd:"" name:"servicenow-log" help:"Bring in a log of ServiceNow incidents: CSV, one line per saved state, plain or gzip."`
}

type importServicenowCommand struct {
	File   string `arg:"" help:"The log, or - for standard input."`
	Zone   string `default:"UTC" help:"Time zone of the times in the file, such as Europe/Lisbon."`
	Report string `placeholder:"FILE" help:"Write the whole report as JSON."`
}

// Run imports a log. It may be stopped and run again at any time.
func (c importServicenowCommand) Run(p *program) error {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return apperr.New(apperr.Invalid, "There is no time zone %q.", c.Zone)
	}
	core, err := p.core()
	if err != nil {
		return err
	}
	defer core.Close()
	var in io.Reader = os.Stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return apperr.Wrap(err, apperr.NotFound, "The log cannot be opened.")
		}
		defer f.Close()
		in = f
	}
	plain, err := servicenow.Plain(in)
	if err != nil {
		return err
	}
	importer := &servicenow.Importer{DB: core.DB, Tickets: core.Tickets, Directory: core.People, Services: core.Services, Now: core.Now}
	start, told := p.now(), time.Time{}
	report, err := importer.Run(p.ctx, plain, servicenow.Options{Zone: zone, Progress: func(r *servicenow.Report) {
		if now := p.now(); now.Sub(told) > time.Second {
			told = now
			fmt.Fprintf(p.err, "%d incidents, %d saved states read\n", r.Incidents, r.Lines)
		}
	}})
	if report != nil {
		p.tellImport(report, p.now().Sub(start))
	}
	if err != nil {
		return err
	}
	if c.Report == "" {
		return nil
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.Report, append(text, '\n'), 0o600)
}

func (p *program) tellImport(r *servicenow.Report, took time.Duration) {
	fmt.Fprintf(p.out, "read %d saved states of %d incidents in %s\n", r.Lines, r.Incidents, took.Round(10*time.Millisecond))
	fmt.Fprintf(p.out, "created %d, added to %d, known already %d, left alone because they were worked on here %d\n", r.Created, r.Extended, r.Known, r.Diverged)
	fmt.Fprintf(p.out, "broken lines %d, oddities put right %d\n", r.Skipped, r.Mended)
	for _, c := range []struct {
		what string
		pair servicenow.Pair
	}{{"reassignments", r.Counted.Reassignments}, {"reopenings", r.Counted.Reopenings}, {"vendor holds", r.Counted.VendorHolds}} {
		fmt.Fprintf(p.out, "%-14s source %6d, timeline %6d; %d incidents agree, %d differ\n", c.what, c.pair.Source, c.pair.Timeline, c.pair.Equal, c.pair.Differ)
	}
	const most = 20
	for i, f := range append(r.Broken, r.Oddities...) {
		if i == most {
			fmt.Fprintf(p.out, "  … and more; --report FILE writes all\n")
			break
		}
		fmt.Fprintf(p.out, "  line %d %s: %s\n", f.Line, f.Number, f.Text)
	}
	for i, m := range r.Mismatches {
		if i == most {
			fmt.Fprintf(p.out, "  … and %d more that differ; --report FILE writes all\n", r.Mismatched-most)
			break
		}
		fmt.Fprintf(p.out, "  %s: %s counted %d, timeline %d: %s\n", m.Number, m.What, m.Source, m.Timeline, m.Why)
	}
}

// core opens the wired nouns without a server.
func (p *program) core() (*app.Core, error) {
	l, err := p.configuration()
	if err != nil {
		return nil, err
	}
	return app.OpenCore(p.ctx, &l.Config, p.logger(&l.Config))
}
