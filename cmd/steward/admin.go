package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/database"
)

type adminCommand struct {
	Email string `arg:"" help:"The administrator signs in with it."`
	Name  string `help:"Needed when there is nobody with this address yet."`
}

// Run is the way in when nobody can sign in any more, and for installations
// that are set up by a script. Who may run it owns the database anyway.
func (c adminCommand) Run(p *program) error {
	core, err := p.core()
	if err != nil {
		return err
	}
	defer core.Close()
	ctx := access.With(p.ctx, access.System())
	id, err := p.personByEmail(core, c.Email)
	if err != nil {
		if id, err = c.create(ctx, core); err != nil {
			return err
		}
	}
	if err := core.Roles.GrantToPerson(ctx, id, access.RoleAdministrator, 0); err != nil {
		return err
	}
	password := rand.Text()
	if err := core.Identity.SetPassword(ctx, id, password); err != nil {
		return err
	}
	fmt.Fprintf(p.err, "%s is an administrator and signs in with\n", c.Email)
	fmt.Fprintln(p.out, password)
	return nil
}

func (c adminCommand) create(ctx context.Context, core *app.Core) (int64, error) {
	var person people.Person
	err := core.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		person, err = core.People.CreatePersonIn(ctx, tx, people.PersonInput{Name: c.Name, Email: c.Email, Active: true})
		return err
	})
	return person.ID, err
}
