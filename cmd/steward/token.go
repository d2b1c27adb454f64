package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

type tokenCommand struct {
	Create tokenCreateCommand `cmd:"" help:"Make an API token and print it: it is shown only this once."`
	List   tokenListCommand   `cmd:"" help:"List a person's tokens."`
	Revoke tokenRevokeCommand `cmd:"" help:"Revoke a token by its id."`
}

type tokenCreateCommand struct {
	Email string        `required:"" help:"Whom the token acts as."`
	Name  string        `required:"" help:"What it is for."`
	Verbs []string      `help:"All it may do, such as view,create; default: everything its owner may."`
	Kinds []string      `help:"All kinds of tickets it may touch; default: every kind."`
	For   time.Duration `help:"How long it is good, such as 2160h; default: until revoked."`
}

// Run makes a token.
func (c tokenCreateCommand) Run(p *program) error {
	core, err := p.core()
	if err != nil {
		return err
	}
	defer core.Close()
	owner, err := p.personByEmail(core, c.Email)
	if err != nil {
		return err
	}
	for _, kind := range c.Kinds {
		if _, err := core.Kinds.Get(kind); err != nil {
			return err
		}
	}
	in := identity.TokenInput{OwnerID: owner, Name: c.Name, Kinds: c.Kinds}
	for _, v := range c.Verbs {
		in.Verbs = append(in.Verbs, access.Verb(v))
	}
	if c.For > 0 {
		in.Expires = p.now().Add(c.For)
	}
	t, secret, err := core.Identity.CreateToken(access.With(p.ctx, access.System()), in)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.err, "token %d; it is shown only this once:\n", t.ID)
	fmt.Fprintln(p.out, secret)
	return nil
}

type tokenListCommand struct {
	Email string `required:"" help:"Whose tokens."`
}

// Run lists tokens.
func (c tokenListCommand) Run(p *program) error {
	core, err := p.core()
	if err != nil {
		return err
	}
	defer core.Close()
	owner, err := p.personByEmail(core, c.Email)
	if err != nil {
		return err
	}
	tokens, err := core.Identity.Tokens(access.With(p.ctx, access.System()), owner)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tNAME\tTOKEN\tCREATED\tUSED\tEXPIRES\tREVOKED")
	for _, t := range tokens {
		fmt.Fprintf(w, "%d\t%s\t%s…\t%s\t%s\t%s\t%s\n", t.ID, t.Name, t.Hint, day(t.CreatedAt), day(t.UsedAt), day(t.ExpiresAt), day(t.RevokedAt))
	}
	return w.Flush()
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}

type tokenRevokeCommand struct {
	ID int64 `arg:"" help:"The token's id."`
}

// Run revokes a token.
func (c tokenRevokeCommand) Run(p *program) error {
	core, err := p.core()
	if err != nil {
		return err
	}
	defer core.Close()
	if err := core.Identity.RevokeToken(access.With(p.ctx, access.System()), c.ID); err != nil {
		return err
	}
	fmt.Fprintf(p.err, "token %d is worth nothing any more\n", c.ID)
	return nil
}

func (p *program) personByEmail(core *app.Core, email string) (int64, error) {
	ctx := access.With(p.ctx, access.System())
	found, err := core.People.PersonsCalled(ctx, core.DB.Reader(), []string{email})
	if err != nil {
		return 0, err
	}
	if ids := found[email]; len(ids) == 1 && strings.Contains(email, "@") {
		return ids[0], nil
	}
	return 0, apperr.New(apperr.NotFound, "There is no person with the e-mail address %q.", email)
}
