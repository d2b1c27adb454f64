package app

import (
	"context"
	"encoding/json"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/demo"
	"github.com/steward-itsm/steward/internal/practice/desk/canned"
	"github.com/steward-itsm/steward/internal/practice/desk/macro"
)

// Prepare writes the demo's canned replies and macros as a person who may share
// them. Done again, it does nothing.
func (c *Core) Prepare(ctx context.Context, person int64) error {
	replies, exchange, err := demo.Prepared()
	if err != nil {
		return err
	}
	who, err := c.Actors.Person(ctx, person)
	if err != nil {
		return err
	}
	ctx = once.With(access.With(ctx, who.Actor), "demo")
	var inputs []canned.CannedReplyInput
	if err := json.Unmarshal(replies, &inputs); err != nil {
		return err
	}
	answers := canned.New(canned.Deps{DB: c.DB, Tickets: c.Tickets, Names: c.People, Services: c.Services, Clock: c.Now})
	for _, in := range inputs {
		r := in.Reply()
		r.Audience = sharing.Everyone
		if _, err := answers.Create(once.Part(ctx, r.Title), r, canned.Files{}); err != nil {
			return err
		}
	}
	var all macro.Exchange
	if err := json.Unmarshal(exchange, &all); err != nil {
		return err
	}
	macros := macro.New(macro.Deps{
		DB: c.DB, Tickets: c.Tickets, Names: c.People, Services: c.Services, Resolver: resolver{c.DB, c.People, c.Services}, Facts: answers.Facts, Clock: c.Now,
	})
	_, err = macros.Import(once.Part(ctx, "macros"), all)
	return err
}
