package main

import (
	"fmt"

	"github.com/steward-itsm/steward/internal/app"
)

type migrateCommand struct {
	Status bool `help:"Only say where the database stands."`
}

// Run brings the database up to date.
func (c migrateCommand) Run(p *program) error {
	l, err := p.configuration()
	if err != nil {
		return err
	}
	db, err := p.database(&l.Config, "steward migrate")
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // everything was committed
	if !c.Status {
		steps, err := db.Migrate(p.ctx, app.Migrations()...)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.out, "%d steps taken\n", steps)
	}
	st, err := db.Status(p.ctx, app.Migrations()...)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "the database is at version %d of %d, %d steps are pending\n", st.Current, st.Latest, st.Pending)
	return nil
}
