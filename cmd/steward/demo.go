package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/demo"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

type demoCommand struct{}

// Run fills an empty installation with a demo organisation.
func (demoCommand) Run(p *program) error {
	l, err := p.configuration()
	if err != nil {
		return err
	}
	a, err := app.Open(p.ctx, &l.Config, p.logger(&l.Config))
	if err != nil {
		return err
	}
	defer a.Close()
	return p.fillDemo(a)
}

// fillDemo writes the demo organisation, unless it is there already, and prints
// its sign-ins.
func (p *program) fillDemo(a *app.App) error {
	core := a.Core()
	start := p.now()
	r, err := demo.Fill(p.ctx, demo.Deps{
		DB: core.DB, People: core.People, Roles: core.Roles, Services: core.Services, Tickets: core.Tickets, Identity: core.Identity, Blobs: core.Blobs,
		Prepare: core.Prepare,
	}, start)
	if err != nil {
		return err
	}
	if !r.Filled && len(r.SignIns) == 0 {
		return apperr.New(apperr.Conflict, "This installation is in use: a demo goes into an empty one only.")
	}
	if r.Filled {
		refs := map[string]string{}
		for _, in := range r.SignIns {
			refs[in.Role] = in.Person
		}
		if err := a.Furnish(p.ctx, demo.Source, refs["Administrator"], refs["Team lead"], refs["Agent"]); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "The demo organisation has %d people in %d organisations, %d groups, %d services and %d tickets (filled in %s).\n",
			r.People, r.Organisations, r.Groups, r.Services, r.Tickets, p.now().Sub(start).Round(100*time.Millisecond))
	}
	return tellSignIns(p.out, r.SignIns)
}

func tellSignIns(out io.Writer, list []demo.SignIn) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\nSIGN IN AS\tE-MAIL\tPASSWORD\t")
	for _, s := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Role, s.Email, s.Password, s.Name)
	}
	fmt.Fprintln(w)
	return w.Flush()
}
